/* What is there at the start: is it etcd as we know it, is it this group's log, does it go on from what this worker has? */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"
#include "worker/log/log_etcd_internal.h"

enum { STATUS_MS = 1000, ETCD_MAJOR = 3 };

int log_etcd_unfit(const struct etcd_result *result, char reason[LOG_REASON_MAX])
{
    if (result->is_untrusted)
        snprintf(reason, LOG_REASON_MAX,
                 "etcd's member and this worker do not take one another's certificate. %.280s. Look at [log] ca and certificate, and at "
                 "the member's own: who signed it, until when it is valid, for which address.",
                 result->reason);
    else if (result->is_foreign)
        snprintf(reason, LOG_REASON_MAX,
                 "This is no etcd of the versions that this worker knows, %d.4 to %d.6. %.280s. Install one of these there, or name "
                 "other members under [log] endpoint.",
                 ETCD_MAJOR, ETCD_MAJOR, result->reason);
    return result->is_untrusted ? ERR_CONFIG : result->is_foreign ? ERR_VERSION : 0;
}

/* A member of another major version is refused, before it is asked anything that it might take for something else. Where none
 * answers, and one of them would have to be mended: log->unfit, and ret_unfit says why. */
static int members_check(struct log_etcd *log, struct asking *asking, bool *ret_is_answered, char ret_unfit[LOG_REASON_MAX],
                         char reason[LOG_REASON_MAX])
{
    *ret_is_answered = false;
    log->unfit = 0;
    for (size_t i = 0; i < log->options.etcd.endpoint_count; i++) {
        Etcdserverpb__StatusResponse *status = NULL;
        arena_reset(asking->arena);
        struct etcd_result result = etcd_status(asking->etcd, i, STATUS_MS, asking->arena, &status);
        if (!log->unfit)
            log->unfit = log_etcd_unfit(&result, ret_unfit);
        if (result.fate != ETCD_ANSWERED)
            continue;
        *ret_is_answered = true;
        unsigned long major = strtoul(status->version, NULL, 10);
        if (major == ETCD_MAJOR)
            continue;
        snprintf(reason, LOG_REASON_MAX,
                 "etcd at %s is of version %lu; this worker knows versions %d.4 to %d.6: install one of these there, or name "
                 "other members under [log] endpoint.",
                 log->options.etcd.endpoints[i], major, ETCD_MAJOR, ETCD_MAJOR);
        return ERR_VERSION;
    }
    if (*ret_is_answered)
        log->unfit = 0;
    return 0;
}

static struct etcd_result look(struct log_etcd *log, struct asking *asking, bool *ret_is_read)
{
    arena_reset(asking->arena);
    return log_etcd_ask(log, asking, calls_barrier(&log->calls, asking->arena), CALL_MS, ret_is_read);
}

/* @cluster: whose answer said that there is none. */
static struct etcd_result begin(struct log_etcd *log, struct asking *asking, uint64_t cluster,
                                bool *ret_is_read)
{
    struct log_meta meta = {.cluster = cluster, .base = log->options.applied};
    memcpy(meta.group, log->options.group, GROUP_ID_SIZE);
    arena_reset(asking->arena);
    return log_etcd_ask(log, asking, calls_begin(&log->calls, &meta, asking->arena), CALL_MS, ret_is_read);
}

/* Is it this group's log, in the cluster in which it was begun? */
static int meta_check(const struct log_etcd *log, const struct calls_answer *answer,
                      char reason[LOG_REASON_MAX])
{
    if (!answer->has_meta && !answer->has_head) {
        snprintf(reason, LOG_REASON_MAX,
                 "etcd holds no log of this group. If it is another cluster than the group's, correct [log] endpoint. If it never "
                 "held one, let the first worker begin it (comity-worker begin). If etcd's data were lost: docs/operations.md, \"When "
                 "most of etcd is lost\".");
        return ERR_CONFIG;
    }
    if (answer->has_meta && answer->meta.cluster != answer->cluster) {
        snprintf(reason, LOG_REASON_MAX,
                 "The log was begun in another etcd cluster (%016" PRIx64 ", this one is %016" PRIx64
                 "): correct [log] endpoint; or etcd was restored from a copy, which may lack what was acknowledged since: begin "
                 "the log anew (docs/operations.md, \"When most of etcd is lost\").",
                 answer->meta.cluster, answer->cluster);
        return ERR_CONFIG;
    }
    if (answer->has_meta && answer->has_head &&
        memcmp(answer->meta.group, log->options.group, GROUP_ID_SIZE) == 0)
        return 0;
    snprintf(reason, LOG_REASON_MAX, "What etcd holds under this group's name is damaged.");
    return ERR_CORRUPT;
}

/* Does this worker know what is in it? */
static int level_check(uint32_t level, const struct calls_answer *answer, char reason[LOG_REASON_MAX])
{
    if (answer->head.level <= level)
        return 0;
    snprintf(reason, LOG_REASON_MAX,
             "The log of this group is at format level %" PRIu32
             ", and this worker knows levels up to %" PRIu32
             ": install the version of Comity that the other workers have.",
             answer->head.level, level);
    return ERR_VERSION;
}

/* Does it go on from what this worker has applied? */
static int place_check(const struct order_place *applied, const struct calls_answer *answer,
                       char reason[LOG_REASON_MAX])
{
    if (answer->head.number < applied->number) {
        snprintf(reason, LOG_REASON_MAX,
                 "The log in etcd ends with entry %" PRIu64 ", this store has applied entry %" PRIu64
                 ": etcd has lost entries, or the store is another group's.",
                 answer->head.number, applied->number);
        return ERR_CORRUPT;
    }
    if (answer->head.number == applied->number && !place_equal(&answer->head, applied)) {
        snprintf(reason, LOG_REASON_MAX,
                 "Entry %" PRIu64 " in etcd is another than the one that this store has applied.",
                 applied->number);
        return ERR_CORRUPT;
    }
    if (answer->meta.base.number == applied->number && !place_equal(&answer->meta.base, applied)) {
        snprintf(reason, LOG_REASON_MAX,
                 "The log in etcd was begun from another store than this one: this one needs a copy of another worker's.");
        return ERR_CORRUPT;
    }
    if (applied->number < answer->meta.base.number) {
        snprintf(reason, LOG_REASON_MAX,
                 "The log in etcd begins behind entry %" PRIu64 ", this store ends with entry %" PRIu64
                 ": it needs a copy of another worker's.",
                 answer->meta.base.number, applied->number);
        return ERR_BEHIND;
    }
    return 0;
}

/* What comes next, where there is something: is it there, does it go on from here? Where nobody answers it is seen later on. */
static int next_check(struct log_etcd *log, struct asking *asking, char reason[LOG_REASON_MAX])
{
    const struct order_place *applied = &log->options.applied;
    const struct term_step step = {.call = TERM_POLL};
    const struct calls_more more = {.taken = applied->number, .page = 1};
    struct sealed_header header;
    bool is_read;
    arena_reset(asking->arena);
    log_etcd_ask(log, asking, calls_step(&log->calls, &step, &more, asking->arena), CALL_MS, &is_read);
    if (!is_read || asking->answer.entry_count == 0)
        return 0;
    const struct calls_entry *next = &asking->answer.entries[0];
    if (next->number != applied->number + 1) {
        snprintf(reason, LOG_REASON_MAX,
                 "The log in etcd holds entries from %" PRIu64 " on, this store ends with entry %" PRIu64
                 ": it needs a copy of another worker's.",
                 next->number, applied->number);
        return ERR_BEHIND;
    }
    if (sealed_read(next->value, &header) != 0 || sealed_goes_on(&header, applied))
        return 0; /* what does not open is told by who opens it */
    snprintf(reason, LOG_REASON_MAX,
             "Entry %" PRIu64 " in etcd goes on from another entry %" PRIu64
             " than this store has applied: it needs a copy of another worker's.",
             next->number, applied->number);
    return ERR_CORRUPT;
}

/* Have most others decided otherwise what this worker has applied? It is not even to lead for a moment. */
static int dispute_check(struct log_etcd *log, struct asking *asking, char reason[LOG_REASON_MAX])
{
    bool is_read, is_lost;
    arena_reset(asking->arena);
    log_etcd_ask(log, asking, calls_seats(&log->calls, asking->arena), CALL_MS, &is_read);
    if (!is_read)
        return 0; /* it is looked at again with the first seat */
    log_etcd_dispute(log, log->options.applied.number, &asking->answer, &is_lost, reason);
    return is_lost ? ERR_CORRUPT : 0;
}

int log_etcd_open(struct log_etcd *log, struct asking *asking, char reason[LOG_REASON_MAX])
{
    const struct calls_answer *answer = &asking->answer;
    char unfit[LOG_REASON_MAX];
    bool is_read, is_begun = false, is_answered;
    int code = members_check(log, asking, &is_answered, unfit, reason);
    if (code)
        return code;
    struct etcd_result result = look(log, asking, &is_read);
    if (is_read && !answer->has_meta && !answer->has_head && log->options.begins) {
        result = begin(log, asking, answer->cluster, &is_read);
        is_begun = is_read && answer->is_done;
    }
    if (!is_read) {
        if (!is_answered && !log->unfit) /* that member was too slow before */
            log->unfit = log_etcd_unfit(&result, unfit);
        snprintf(reason, LOG_REASON_MAX, "%s", log->unfit ? unfit : result.reason);
        return ERR_UNREACHABLE;
    }
    log->found.is_missing = !answer->has_meta && !answer->has_head;
    code = meta_check(log, answer, reason);
    if (code == 0)
        log->found = (struct log_found){.base = answer->meta.base, .head = answer->head, .is_begun = is_begun};
    if (code == 0)
        code = level_check(log->options.level, answer, reason);
    if (code == 0)
        code = place_check(&log->options.applied, answer, reason);
    uint64_t cluster = answer->cluster;
    bool is_behind = answer->head.number > log->options.applied.number;
    if (code == 0 && is_behind)
        code = next_check(log, asking, reason);
    if (code == 0 && log->options.applied.number > 0)
        code = dispute_check(log, asking, reason);
    if (code)
        return code;
    pthread_mutex_lock(&log->mutex);
    log->calls.cluster = cluster;
    log->is_opened = true;
    pthread_cond_broadcast(&log->changed);
    pthread_mutex_unlock(&log->mutex);
    return 0;
}
