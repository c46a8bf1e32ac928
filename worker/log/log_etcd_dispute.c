/* Entries that come out differently: this worker's word on one, and the others'. */
#include <inttypes.h>
#include <stdio.h>

#include "core/error.h"
#include "core/text.h"
#include "worker/clock.h"
#include "worker/log/log_etcd_internal.h"
#include "worker/log/waiting.h"

enum { NAMES_MAX_BYTES = 200 };

/* Of those who refuse it, as many as there is room for. */
static void names_of(const struct dispute *dispute, const struct dispute_seat *seats, const char *const *names, size_t count,
                     char ret_names[NAMES_MAX_BYTES])
{
    size_t used = 0;
    ret_names[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        if (!dispute_is_refuser(dispute, &seats[i]) || used + strlen(names[i]) + 3 > NAMES_MAX_BYTES)
            continue;
        int size = snprintf(ret_names + used, NAMES_MAX_BYTES - used, "%s%s", used ? ", " : "", names[i]);
        used += (size_t) size;
    }
}

struct dispute log_etcd_dispute(struct log_etcd *log, uint64_t applied, const struct calls_answer *answer, bool *ret_is_lost,
                                char reason[LOG_REASON_MAX])
{
    struct dispute_seat others[CALLS_SEATS_MAX] = {{0}};
    const char *names[CALLS_SEATS_MAX];
    char refusers[NAMES_MAX_BYTES];
    size_t count = 0;
    for (size_t i = 0; i < answer->seat_count; i++) {
        const struct calls_seat *seat = &answer->seats[i];
        if (strcmp(seat->name, log->name) == 0)
            continue;
        others[count] = (struct dispute_seat){.applied = seat->seat.place.number, .refused = seat->seat.refused};
        names[count++] = seat->name;
    }
    struct dispute dispute = dispute_find(applied, others, count);
    *ret_is_lost = dispute_is_lost(&log->dispute_wait, &dispute, clock_steady_ms());
    if (!*ret_is_lost)
        return dispute;
    names_of(&dispute, others, names, count, refusers);
    snprintf(reason, LOG_REASON_MAX,
             "Entry %" PRIu64 ", which this worker has applied, comes out differently at more workers than have it: %s. Nothing is "
             "recorded until it is known who is wrong: compare what comity-worker --version says at each site.",
             dispute.number, refusers);
    return dispute;
}

void order_log_etcd_refuse(struct order_log *order_log, uint64_t number, int most_ms)
{
    struct log_etcd *log = log_etcd_of(order_log);
    int64_t until_ms = clock_steady_ms() + most_ms;
    char reason[LOG_REASON_MAX];
    snprintf(reason, sizeof(reason), "Entry %" PRIu64 " of the log comes out differently here.", number);
    pthread_mutex_lock(&log->mutex);
    log->refused = number;
    log->is_refusal_told = false;
    log_etcd_fail(log, ERR_CORRUPT, reason);
    while (!log->is_refusal_told && !log->is_stopping && clock_steady_ms() < until_ms)
        waiting_until(&log->changed, &log->mutex, until_ms);
    pthread_mutex_unlock(&log->mutex);
}

void order_log_etcd_damaged(struct order_log *order_log, const char *reason)
{
    struct log_etcd *log = log_etcd_of(order_log);
    pthread_mutex_lock(&log->mutex);
    if (log->status.fault == 0)
        log_etcd_fail(log, ERR_CORRUPT, reason);
    pthread_mutex_unlock(&log->mutex);
}
