/* What asks for no log of its own: whether the files can be used, and leaving it. */
#include <stdio.h>
#include <unistd.h>

#include <sodium.h>

#include "core/error.h"
#include "core/text.h"
#include "worker/clock.h"
#include "worker/log/certificate.h"
#include "worker/log/log_etcd_internal.h"

enum { LEAVE_MS = 2000, LOOK_MS = 250, LEAVE_ARENA_BYTES = 4 * 1024 * 1024 };

int order_log_etcd_check(const struct order_log_etcd_options *options, char reason[LOG_REASON_MAX])
{
    struct etcd *etcd = NULL;
    int64_t ends_ms;
    int code = etcd_new(&options->etcd, &etcd, reason);
    etcd_destroy(&etcd);
    if (code == 0 && !certificate_is_good(options->etcd.ca_file, options->etcd.cert_file, options->etcd.key_file,
                                          clock_unix_ms(), &ends_ms, reason))
        code = ERR_CONFIG;
    return code;
}

/* Leaving. */

struct leaving {
    struct asking asking;
    struct calls calls;
    const char *worker;
    char *reason;
};

static int ask(struct leaving *leaving, const Etcdserverpb__TxnRequest *request,
               Etcdserverpb__TxnResponse **ret_response)
{
    struct etcd_result result = {.fate = ETCD_REFUSED};
    if (request)
        result = etcd_txn(leaving->asking.etcd, request, LEAVE_MS, leaving->asking.arena, ret_response);
    snprintf(leaving->reason, LOG_REASON_MAX, "%s", result.reason);
    int unfit = log_etcd_unfit(&result, leaving->reason);
    return result.fate == ETCD_ANSWERED ? 0 : unfit ? unfit : ERR_UNREACHABLE;
}

/* When it was put last, or its worker beat last, where that leads; 0: there is none, or it was left in order,
 * or what is there is no seat: it may go at once. */
static int seat_look(struct leaving *leaving, int64_t *ret_changed)
{
    Etcdserverpb__TxnResponse *response;
    struct calls_answer *answer = &leaving->asking.answer;
    *ret_changed = 0;
    arena_reset(leaving->asking.arena);
    int code = ask(leaving, calls_seats(&leaving->calls, leaving->asking.arena), &response);
    if (code || calls_read(&leaving->calls, response, answer) != 0)
        return code;
    for (size_t i = 0; i < answer->seat_count; i++)
        if (strcmp(answer->seats[i].name, leaving->worker) == 0 &&
            !sodium_is_zero(answer->seats[i].seat.nonce, LOG_NONCE_SIZE))
            *ret_changed = answer->seats[i].changed;
    int64_t beat = calls_namesake_beat(&leaving->calls, answer);
    if (*ret_changed != 0 && beat > *ret_changed)
        *ret_changed = beat;
    return 0;
}

/* Who runs puts it every 2 s, and would put it again, unseen by whoever has dropped it. */
static int still_wait(struct leaving *leaving)
{
    int64_t first, changed, until_ms = clock_steady_ms() + CLOCKS_STILL_MS;
    int code = seat_look(leaving, &first);
    for (changed = first; code == 0 && changed != 0 && changed <= first && clock_steady_ms() < until_ms;) {
        usleep(LOOK_MS * 1000);
        code = seat_look(leaving, &changed);
    }
    if (code || changed <= first) /* less: it led, and was deposed */
        return code;
    snprintf(leaving->reason, LOG_REASON_MAX,
             "The worker %s runs: it would take its seat again at once. Stop it first, and see that it is "
             "not started anew; then leave again. Nothing was changed.",
             leaving->worker);
    return ERR_CONFIG;
}

static int seat_drop(struct leaving *leaving)
{
    Etcdserverpb__TxnResponse *response;
    arena_reset(leaving->asking.arena);
    int code = ask(leaving, calls_leave(&leaving->calls, leaving->worker, leaving->asking.arena), &response);
    if (code)
        return code;
    bool is_dropped =
        response->n_responses == 1 &&
        response->responses[0]->response_case == ETCDSERVERPB__RESPONSE_OP__RESPONSE_RESPONSE_DELETE_RANGE &&
        response->responses[0]->response_delete_range->deleted > 0;
    return is_dropped ? 0 : ERR_NOT_FOUND;
}

/* Who has a seat, as it was read last: "north, south", as far as there is room; empty: nobody. */
static void seats_name(const struct calls_answer *answer, char names[LOG_REASON_MAX])
{
    static const char MORE[] = ", ...";
    size_t size = 0;
    names[0] = '\0';
    for (size_t i = 0; i < answer->seat_count; i++) {
        const char *comma = i == 0 ? "" : ", ", *name = answer->seats[i].name;
        if (size + strlen(comma) + strlen(name) + sizeof(MORE) > LOG_REASON_MAX) {
            snprintf(names + size, LOG_REASON_MAX - size, "%s", MORE);
            return;
        }
        size += (size_t) snprintf(names + size, LOG_REASON_MAX - size, "%s%s", comma, name);
    }
}

int order_log_etcd_leave(const struct order_log_etcd_options *options, const char *worker,
                         char reason[LOG_REASON_MAX])
{
    struct leaving leaving = {.worker = worker, .reason = reason};
    reason[0] = '\0';
    if (!name_is_valid(worker))
        return ERR_NAME;
    calls_init(&leaving.calls, options->group, worker, (const uint8_t[LOG_NONCE_SIZE]){0}, 1);
    leaving.asking.arena = arena_new(LEAVE_ARENA_BYTES);
    int code = leaving.asking.arena ? etcd_new(&options->etcd, &leaving.asking.etcd, reason) : ERR_MEMORY;
    if (code == 0)
        code = still_wait(&leaving);
    if (code == 0)
        code = seat_drop(&leaving);
    if (code == ERR_NOT_FOUND)
        seats_name(&leaving.asking.answer, reason);
    etcd_destroy(&leaving.asking.etcd);
    arena_destroy(&leaving.asking.arena);
    return code;
}
