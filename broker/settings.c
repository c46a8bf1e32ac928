#include "broker/settings.h"

#include <net/if.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/daemon/process.h"
#include "core/endpoint.h"
#include "core/error.h"
#include "core/text.h"

#define MINUTE_MS INT64_C(60000)

enum { RATE_MOST = 100000000 };

static const struct config_key KEYS[] = {
    {"broker", "front", CONFIG_TEXT, "tcp://127.0.0.1:7411", 1, ENDPOINT_MAX - 1,
     .summary =
         "Where clients connect: tcp://ADDRESS:PORT; an interface or * for the address, * for a free port."},
    {"broker", "back", CONFIG_TEXT, "tcp://127.0.0.1:7412", 1, ENDPOINT_MAX - 1,
     .summary = "Where workers connect, in the same form."},
    {"broker", "key_file", CONFIG_TEXT, "/var/lib/comity-broker/broker.key", 1, 1000,
     .summary = "The broker's connection key; made at the first start where there is none. Nobody else may "
                "read it."},
    {"broker", "ready_file", CONFIG_TEXT, "", 0, 1000,
     .summary =
         "Written once it serves: lines `front ENDPOINT`, `back ENDPOINT` and `key PUBLIC`. Empty: none."},
    {"broker", "operator", CONFIG_KEY, "", .is_list = true, .is_reloadable = true,
     .summary = "Connection key (public half) of somebody who may ask for the broker's STATUS."},
    {"broker", "log_level", CONFIG_TEXT, "info", 1, 7, .is_reloadable = true,
     .summary = "What is logged: debug, info, warning or error."},
    {"broker", "connections", CONFIG_INTEGER, "10000", 1, 60000, .is_reloadable = true,
     .summary = "Connections of clients at one time; further ones are answered that the broker is busy."},
    {"broker", "address_percent", CONFIG_INTEGER, "25", 1, 100, .is_reloadable = true,
     .summary =
         "How many of these may come from one address (of IPv6: one /64), in per cent. This machine's own "
         "are not counted. 100: all, for a front behind a proxy."},
    {"broker", "buffer_mib", CONFIG_INTEGER, "64", 8, 16384, .is_reloadable = true,
     .summary =
         "Memory for what is on its way, in MiB, of each of four kinds: requests without an answer, "
         "unfinished "
         "messages of clients, what workers and what clients have not taken yet. Above it: BUSY, or a cut."},
    {"broker", "clients", CONFIG_INTEGER, "10000", 1, 60000, .is_reloadable = true,
     .summary = "Clients that are remembered at one time; requests of further ones are answered BUSY."},
    {"broker", "pending", CONFIG_INTEGER, "8192", 1, PENDING_LIMIT_MAX, .is_reloadable = true,
     .summary = "Requests that wait for a worker's answer, in all; further ones are answered BUSY."},
    {"broker", "client_pending", CONFIG_INTEGER, "1024", 1, PENDING_LIMIT_MAX, .is_reloadable = true,
     .summary = "The same for one client."},
    {"broker", "worker_window", CONFIG_INTEGER, "4096", 1, PENDING_LIMIT_MAX, .is_reloadable = true,
     .summary = "Requests that one worker gets at once, at most; a worker may ask for fewer."},
    {"broker", "subscriptions", CONFIG_INTEGER, "65536", 1, 1000000, .is_reloadable = true,
     .summary = "Subscriptions to news, in all."},
    {"broker", "client_subscriptions", CONFIG_INTEGER, "256", 1, NEWS_CLIENT_MAX, .is_reloadable = true,
     .summary = "The same for one client."},
    {"broker", "budget_ms", CONFIG_INTEGER, "120000", 100, 60 * MINUTE_MS, .is_reloadable = true,
     .summary = "Longest time, in milliseconds, that a request may wait for its answer."},
    {"broker", "heartbeat_ms", CONFIG_INTEGER, "1000", 10, MINUTE_MS, .is_reloadable = true,
     .summary = "How often workers send a heartbeat, in milliseconds."},
    {"broker", "heartbeats", CONFIG_INTEGER, "5", 2, 100, .is_reloadable = true,
     .summary = "How many of them in a row may be missing before a worker counts as lost."},
    {"broker", "client_silence_ms", CONFIG_INTEGER, "30000", 100, 60 * MINUTE_MS, .is_reloadable = true,
     .summary = "After this time without a word, in milliseconds, a client is cut off and forgotten."},
    {"broker", "news_ms", CONFIG_INTEGER, "5", 0, 1000, .is_reloadable = true,
     .summary = "How long news of one history are gathered into one, in milliseconds."},
    {"broker", "stop_ms", CONFIG_INTEGER, "2000", 0, MINUTE_MS, .is_reloadable = true,
     .summary = "How long an orderly end waits for answers that are still to come, in milliseconds."},
    {"broker", "io_threads", CONFIG_INTEGER, "1", 1, 16,
     .summary = "Threads that encrypt and decrypt; one serves about 50,000 requests a second."},
    {"rates", "strangers_per_minute", CONFIG_INTEGER, "3000", 0, RATE_MOST, .is_reloadable = true,
     .summary = "Frames that one connection key may send in a minute, in the long run, as long as no worker has said that it "
                "knows it; one of more than 4 KiB counts once more for each. 0: no limit, here and below. What comes sooner is "
                "answered BUSY; who does not heed that is cut."},
    {"rates", "strangers_at_once", CONFIG_INTEGER, "512", 1, RATE_MOST, .is_reloadable = true,
     .summary = "How many it may have saved up, and send at once."},
    {"rates", "clients_per_minute", CONFIG_INTEGER, "60000", 0, RATE_MOST, .is_reloadable = true,
     .summary = "The same of a key that a worker knows: it has leave to read, or had a command recorded."},
    {"rates", "clients_at_once", CONFIG_INTEGER, "8000", 1, RATE_MOST, .is_reloadable = true, .summary = "And at once."},
    {"rates", "address_frames_per_minute", CONFIG_INTEGER, "12000", 0, RATE_MOST, .is_reloadable = true,
     .summary = "The same of all keys of one address (of IPv6: one /64) that no worker knows, together. This machine's own are "
                "not counted."},
    {"rates", "address_frames_at_once", CONFIG_INTEGER, "2000", 1, RATE_MOST, .is_reloadable = true, .summary = "And at once."},
    {"rates", "address_per_minute", CONFIG_INTEGER, "1200", 0, RATE_MOST, .is_reloadable = true,
     .summary = "Connections that one address (of IPv6: one /64) may open in a minute; further ones are cut. This machine's own "
                "are not counted. 0 for a front behind a proxy."},
    {"rates", "address_at_once", CONFIG_INTEGER, "256", 1, RATE_MOST, .is_reloadable = true, .summary = "And at once."},
    {"worker", "key", CONFIG_KEY, NULL, .is_named = true, .is_reloadable = true,
     .summary = "The worker's connection key (public half): the only thing by which it is known."},
    {"worker", "group", CONFIG_TEXT, "", 2 * GROUP_ID_SIZE, 2 * GROUP_ID_SIZE, .is_named = true,
     .is_list = true, .is_reloadable = true,
     .summary = "Id of a group that it may serve, 32 hexadecimal digits. None: any group; then it is the "
                "only worker."},
};

void settings_print_sample(void (*print)(const char *line, void *context), void *context)
{
    config_print_sample(KEYS, ARRAY_COUNT(KEYS), print, context);
}

static int64_t integer(const struct settings *settings, const char *key)
{
    return config_integer(settings->config, "broker", NULL, key);
}

static const char *text(const struct settings *settings, const char *key)
{
    return config_text(settings->config, "broker", NULL, key);
}

static int take_log_level(struct settings *settings, char *reason)
{
    static const char *const LEVELS[] = {"debug", "info", "warning", "error"};
    for (size_t i = 0; i < ARRAY_COUNT(LEVELS); i++) {
        if (strcmp(LEVELS[i], text(settings, "log_level")) == 0) {
            settings->log_level = (enum log_level) i;
            return 0;
        }
    }
    snprintf(reason, CONFIG_REASON_MAX, "log_level is to be debug, info, warning or error, and is not");
    return ERR_CONFIG;
}

static int take_endpoints(struct settings *settings, char *reason)
{
    struct endpoint endpoints[2];
    for (enum side side = SIDE_FRONT; side <= SIDE_BACK; side++) {
        const char *endpoint = text(settings, side_name(side)), *form;
        if (endpoint_parse(endpoint, ENDPOINT_LISTEN, &endpoints[side], &form) != 0) {
            snprintf(reason, CONFIG_REASON_MAX, "%s is to be %s, and is not", side_name(side), form);
            return ERR_CONFIG;
        }
        settings->endpoint[side] = endpoint;
    }
    if (endpoint_collides(&endpoints[SIDE_FRONT], &endpoints[SIDE_BACK])) {
        snprintf(reason, CONFIG_REASON_MAX, "front and back have the same address: give each its own port");
        return ERR_CONFIG;
    }
    return 0;
}

static void take_numbers(struct settings *settings)
{
    settings->io_threads = (int) integer(settings, "io_threads");
    settings->news_ms = integer(settings, "news_ms");
    settings->stop_ms = integer(settings, "stop_ms");
    settings->admission.connection_limit = (uint32_t) integer(settings, "connections");
    settings->admission.address_percent = (uint32_t) integer(settings, "address_percent");
    settings->buffer_bytes = (uint64_t) integer(settings, "buffer_mib") * 1024 * 1024;
    settings->limits = (struct router_limits){
        .pending = (uint32_t) integer(settings, "pending"),
        .client_pending = (uint32_t) integer(settings, "client_pending"),
        .pending_bytes = settings->buffer_bytes,
        .share_bytes = settings->buffer_bytes / 8,
        .worker_window = (uint32_t) integer(settings, "worker_window"),
        .clients = (uint32_t) integer(settings, "clients"),
        .subscriptions = (uint32_t) integer(settings, "subscriptions"),
        .client_subscriptions = (uint32_t) integer(settings, "client_subscriptions"),
        .budget_most_ms = (uint32_t) integer(settings, "budget_ms"),
        .worker_silence_ms = integer(settings, "heartbeat_ms") * integer(settings, "heartbeats"),
        .client_silence_ms = integer(settings, "client_silence_ms"),
    };
}

static struct rate_limit rate(const struct settings *settings, const char *per_minute, const char *at_once)
{
    return (struct rate_limit){(unsigned) config_integer(settings->config, "rates", NULL, per_minute),
                               (unsigned) config_integer(settings->config, "rates", NULL, at_once)};
}

static void take_rates(struct settings *settings)
{
    settings->arrivals = rate(settings, "address_per_minute", "address_at_once");
    settings->limits.rates[RATE_STRANGER] = rate(settings, "strangers_per_minute", "strangers_at_once");
    settings->limits.rates[RATE_ADDRESS] = rate(settings, "address_frames_per_minute", "address_frames_at_once");
    settings->limits.rates[RATE_CLIENT] = rate(settings, "clients_per_minute", "clients_at_once");
}

static int take_operators(struct settings *settings, char *reason)
{
    struct admission *admission = &settings->admission;
    size_t count = config_count(settings->config, "broker", NULL, "operator");
    if (count > ADMISSION_OPERATORS_MAX) {
        snprintf(reason, CONFIG_REASON_MAX, "operator: %zu keys are given, and at most %d are allowed: take some out",
                 count, ADMISSION_OPERATORS_MAX);
        return ERR_CONFIG;
    }
    admission->operators = calloc(count + 1, sizeof(*admission->operators));
    if (!admission->operators)
        return ERR_MEMORY;
    for (size_t i = 0; i < count; i++) {
        const char *key = config_at(settings->config, "broker", NULL, "operator", i);
        if (hex_decode(key, admission->operators[admission->operator_count], KEY_SIZE) != 0) { /* empty */
            snprintf(reason, CONFIG_REASON_MAX,
                     "operator: no key stands there: give a connection key (public half), 64 hexadecimal digits, or take the line out");
            return ERR_CONFIG;
        }
        admission->operator_count++;
    }
    return 0;
}

static int take_worker(struct settings *settings, const char *name, char *reason)
{
    struct admission *admission = &settings->admission;
    struct admission_worker *worker = &admission->workers[admission->worker_count];
    size_t count = config_count(settings->config, "worker", name, "group");
    snprintf(worker->name, sizeof(worker->name), "%s", name);
    if (!config_key32(settings->config, "worker", name, "key", worker->key)) {
        snprintf(reason, CONFIG_REASON_MAX,
                 "the key of [worker %s] is empty: give the public half of its connection key", name);
        return ERR_CONFIG;
    }
    if (sodium_is_zero(worker->key, KEY_SIZE)) {
        snprintf(reason, CONFIG_REASON_MAX,
                 "the key of [worker %s] is the sample's, all zeros: put the worker's own there, as "
                 "`comity-worker keys` prints it",
                 name);
        return ERR_CONFIG;
    }
    const struct admission_worker *twin = admission_worker(admission, worker->key);
    if (twin) {
        snprintf(reason, CONFIG_REASON_MAX,
                 "[worker %s] and [worker %s] have the same key: each needs its own", twin->name, name);
        return ERR_CONFIG;
    }
    worker->groups = calloc(count + 1, sizeof(*worker->groups));
    if (!worker->groups)
        return ERR_MEMORY;
    admission->worker_count++; /* from here on admission_release frees it */
    for (size_t i = 0; i < count; i++) {
        const char *group = config_at(settings->config, "worker", name, "group", i);
        if (hex_decode(group, worker->groups[worker->group_count], GROUP_ID_SIZE) != 0) {
            snprintf(reason, CONFIG_REASON_MAX, "a group of [worker %s] is not 32 hexadecimal digits", name);
            return ERR_CONFIG;
        }
        worker->group_count++;
    }
    return 0;
}

/* Where there are several workers, none may serve just any group: it could take over another's. */
static int check_groups(const struct admission *admission, char *reason)
{
    for (size_t i = 0; i < admission->worker_count && admission->worker_count > 1; i++) {
        if (admission->workers[i].group_count > 0)
            continue;
        snprintf(
            reason, CONFIG_REASON_MAX,
            "section [worker %s] lacks group, which each needs where there are several workers: give the "
            "ids of the groups that it may serve, as `comity-worker keys` prints them",
            admission->workers[i].name);
        return ERR_CONFIG;
    }
    return 0;
}

static int take_workers(struct settings *settings, char *reason)
{
    size_t count = config_section_count(settings->config, "worker");
    if (count > ADMISSION_WORKERS_MAX) {
        snprintf(reason, CONFIG_REASON_MAX, "%zu sections [worker NAME] are given, and at most %d are allowed: take some out",
                 count, ADMISSION_WORKERS_MAX);
        return ERR_CONFIG;
    }
    settings->admission.workers = calloc(count + 1, sizeof(*settings->admission.workers));
    if (!settings->admission.workers)
        return ERR_MEMORY;
    int error = 0;
    for (size_t i = 0; i < count && error == 0; i++)
        error = take_worker(settings, config_section_at(settings->config, "worker", i), reason);
    return error == 0 ? check_groups(&settings->admission, reason) : error;
}

/* Put the path before a sentence that has none. */
static void name_file(const char *path, char *reason)
{
    char sentence[CONFIG_REASON_MAX];
    snprintf(sentence, sizeof(sentence), "%s", reason);
    snprintf(reason, CONFIG_REASON_MAX, "%.200s: %.280s", path, sentence);
}

int settings_read(const char *path, struct settings **ret_settings, char reason[CONFIG_REASON_MAX])
{
    struct settings *settings = calloc(1, sizeof(*settings));
    snprintf(reason, CONFIG_REASON_MAX, "there is not enough memory to read it");
    if (!settings)
        return ERR_MEMORY;
    int error = config_read(path, KEYS, ARRAY_COUNT(KEYS), &settings->config, reason);
    if (error == 0) {
        take_numbers(settings);
        take_rates(settings);
        settings->key_file = text(settings, "key_file");
        settings->ready_file = text(settings, "ready_file");
        error = take_log_level(settings, reason);
        if (error == 0)
            error = take_endpoints(settings, reason);
        if (error == 0)
            error = take_operators(settings, reason);
        if (error == 0)
            error = take_workers(settings, reason);
        if (error != 0)
            name_file(path, reason);
    }
    if (error != 0) {
        settings_destroy(&settings);
        return error;
    }
    *ret_settings = settings;
    return 0;
}

int settings_check(const struct settings *settings, char reason[CONFIG_REASON_MAX])
{
    static const char *const FILES[] = {"key_file", "ready_file"};
    for (enum side side = SIDE_FRONT; side <= SIDE_BACK; side++) {
        struct endpoint endpoint;
        const char *form;
        if (endpoint_parse(settings->endpoint[side], ENDPOINT_LISTEN, &endpoint, &form) == 0 &&
            !endpoint.is_address && !endpoint.is_any && if_nametoindex(endpoint.host) == 0) {
            snprintf(reason, CONFIG_REASON_MAX,
                     "%s: this machine has no interface %s now: bring it up, or give an address (a host's "
                     "name is none)",
                     side_name(side), endpoint.host);
            return ERR_ADDRESS;
        }
    }
    for (size_t i = 0; i < ARRAY_COUNT(FILES); i++) {
        const char *path = text(settings, FILES[i]);
        if (path[0] != '\0' && !process_has_folder(path)) {
            snprintf(reason, CONFIG_REASON_MAX, "%s %.300s: there is no such folder: make it", FILES[i],
                     path);
            return ERR_CONFIG;
        }
    }
    return 0;
}

void settings_destroy(struct settings **settings)
{
    if (!settings || !*settings)
        return;
    admission_release(&(*settings)->admission);
    config_destroy(&(*settings)->config);
    free(*settings);
    *settings = NULL;
}

void settings_fixed_differences(const struct settings *old, const struct settings *fresh,
                                char names[SETTINGS_NAMES_MAX])
{
    size_t size = 0;
    names[0] = '\0';
    for (size_t i = 0; i < ARRAY_COUNT(KEYS); i++) {
        const struct config_key *key = &KEYS[i];
        if (key->is_reloadable || key->is_named || strcmp(text(old, key->name), text(fresh, key->name)) == 0)
            continue;
        int written =
            snprintf(names + size, SETTINGS_NAMES_MAX - size, "%s%s", size > 0 ? "," : "", key->name);
        size += (size_t) written < SETTINGS_NAMES_MAX - size ? (size_t) written : 0;
    }
}
