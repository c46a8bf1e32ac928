/* Who is asked, and what became of it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/error.h"
#include "worker/log/etcd_internal.h"

/* gRPC's statuses, as far as etcd gives them. */
enum {
    STATUS_INVALID_ARGUMENT = 3,
    STATUS_PERMISSION_DENIED = 7,
    STATUS_RESOURCE_EXHAUSTED = 8,
    STATUS_OUT_OF_RANGE = 11,
    STATUS_UNIMPLEMENTED = 12,
    STATUS_UNAUTHENTICATED = 16,
};

/* What leaves no doubt that a call was not executed: etcd checks these before it writes anything. Everything
 * else that is not success does: "database space exceeded" too was said to calls that had been executed. */
static const struct refusal_row {
    uint32_t status;
    const char *says; /* a part of the message; "": any */
} REFUSALS[] = {
    {STATUS_INVALID_ARGUMENT, ""},
    {ETCD_STATUS_NOT_FOUND, ""},
    {STATUS_PERMISSION_DENIED, ""},
    {STATUS_RESOURCE_EXHAUSTED, "too many requests"},
    {STATUS_RESOURCE_EXHAUSTED, "received message larger than max"},
    {ETCD_STATUS_EXISTS, ""},
    {STATUS_OUT_OF_RANGE, ""},
    {STATUS_UNIMPLEMENTED, ""},
    {STATUS_UNAUTHENTICATED, ""},
};

static bool is_refusal(const struct grpc_outcome *outcome)
{
    for (size_t i = 0; i < ARRAY_COUNT(REFUSALS); i++)
        if (outcome->status == REFUSALS[i].status && strstr(outcome->reason, REFUSALS[i].says) != NULL)
            return true;
    return false;
}

struct etcd_result etcd_result_of(enum etcd_fate fate, const char *endpoint, const char *reason)
{
    struct etcd_result result = {.fate = fate};
    snprintf(result.reason, sizeof(result.reason), "%s: %s", endpoint, reason);
    return result;
}

struct etcd_result etcd_judge(const char *endpoint, const struct grpc_outcome *outcome)
{
    struct etcd_result result = {.fate = ETCD_ANSWERED};
    if (outcome->error == 0 && outcome->status == 0)
        return result;
    if (outcome->error != 0) {
        result = etcd_result_of(outcome->has_left ? ETCD_UNKNOWN : ETCD_REFUSED, endpoint, outcome->reason);
        result.is_untrusted = outcome->is_untrusted;
        result.is_foreign = outcome->is_foreign;
        return result;
    }
    result = etcd_result_of(is_refusal(outcome) ? ETCD_REFUSED : ETCD_UNKNOWN, endpoint, outcome->reason);
    result.status = outcome->status;
    result.is_out_of_space = outcome->status == STATUS_RESOURCE_EXHAUSTED &&
                             strstr(outcome->reason, "database space exceeded") != NULL;
    result.is_compacted =
        outcome->status == STATUS_OUT_OF_RANGE && strstr(outcome->reason, "compacted") != NULL;
    return result;
}

bool etcd_endpoint_is_valid(const char *endpoint)
{
    return grpc_endpoint_is_valid(endpoint);
}

static int file_take(const char *path, const char **ret_copy, char reason[ETCD_REASON_MAX])
{
    if (path == NULL || access(path, R_OK) != 0) {
        snprintf(reason, ETCD_REASON_MAX, "%.300s: cannot be read: %s", path == NULL ? "" : path,
                 path == NULL ? "no file was named" : strerror(errno));
        return ERR_CONFIG;
    }
    *ret_copy = strdup(path);
    return *ret_copy == NULL ? ERR_MEMORY : 0;
}

static int endpoint_take(struct etcd_endpoints *endpoints, const char *name, char reason[ETCD_REASON_MAX])
{
    size_t at = endpoints->count;
    int code = grpc_channel_new(&endpoints->options, name, &endpoints->channels[at]);

    if (code == ERR_CONFIG)
        snprintf(reason, ETCD_REASON_MAX, "%.300s: is no endpoint of etcd's: write https://HOST:PORT", name);
    if (code != 0)
        return code;
    endpoints->count++;
    endpoints->names[at] = strdup(name);
    return endpoints->names[at] == NULL ? ERR_MEMORY : 0;
}

int etcd_endpoints_init(struct etcd_endpoints *endpoints, const struct etcd_options *options,
                        size_t answer_max, char reason[ETCD_REASON_MAX])
{
    int code = 0;

    reason[0] = '\0';
    endpoints->options.connect_ms = ETCD_CONNECT_MS;
    endpoints->options.answer_max = answer_max;
    endpoints->options.stop = options->stop;
    if (options->endpoint_count == 0 || options->endpoint_count > ETCD_ENDPOINTS_MAX) {
        snprintf(reason, ETCD_REASON_MAX, "%zu endpoints of etcd's: name 1 to %d", options->endpoint_count,
                 ETCD_ENDPOINTS_MAX);
        code = ERR_CONFIG;
    }
    if (code == 0)
        code = file_take(options->ca_file, &endpoints->options.ca_file, reason);
    if (code == 0)
        code = file_take(options->cert_file, &endpoints->options.cert_file, reason);
    if (code == 0)
        code = file_take(options->key_file, &endpoints->options.key_file, reason);
    for (size_t i = 0; code == 0 && i < options->endpoint_count; i++)
        code = endpoint_take(endpoints, options->endpoints[i], reason);
    if (code != 0 && reason[0] == '\0')
        snprintf(reason, ETCD_REASON_MAX, "%s", error_sentence(code));
    return code;
}

void etcd_endpoints_release(struct etcd_endpoints *endpoints)
{
    for (size_t i = 0; i < endpoints->count; i++) {
        grpc_channel_destroy(&endpoints->channels[i]);
        free(endpoints->names[i]);
    }
    free((char *) endpoints->options.ca_file);
    free((char *) endpoints->options.cert_file);
    free((char *) endpoints->options.key_file);
}
