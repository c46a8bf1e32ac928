#include "worker/group_log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/error.h"
#include "core/event.h"
#include "core/text.h"
#include "worker/leftovers.h"
#include "worker/log/finding.h"

__attribute__((format(printf, 3, 4))) static int fail(char reason[GROUP_LOG_REASON_MAX], int code,
                                                      const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, GROUP_LOG_REASON_MAX, format, arguments);
    va_end(arguments);
    return code;
}

int group_log_options(const struct log_settings *log, const struct connection_key *group_key,
                      struct order_log_etcd_options *ret_options, char reason[GROUP_LOG_REASON_MAX])
{
    if (log->kind != LOG_ETCD)
        return fail(reason, ERR_CONFIG,
                    "[log] kind is local: there is no log that several workers share. Give [log] kind = "
                    "etcd, and what goes "
                    "with it.");
    *ret_options = (struct order_log_etcd_options){
        .etcd = {.endpoint_count = log->endpoint_count,
                 .ca_file = log->ca,
                 .cert_file = log->certificate,
                 .key_file = log->key},
        .group_secret = group_key->secret,
        .worker = log->name,
        .level = FORMAT_LEVEL,
        .quota_bytes = log->quota_bytes,
    };
    for (size_t i = 0; i < log->endpoint_count; i++)
        ret_options->etcd.endpoints[i] = log->endpoints[i];
    group_id(group_key->public_key, ret_options->group);
    return 0;
}

int group_log_check(const struct worker_settings *settings, char reason[GROUP_LOG_REASON_MAX])
{
    struct order_log_etcd_options options;
    if (settings->log.kind != LOG_ETCD)
        return 0;
    int code = group_log_options(&settings->log, &settings->group_key, &options, reason);
    return code ? code : order_log_etcd_check(&options, reason);
}

/* The place. */

int group_log_place(struct store *store, struct store_entry *ret_place)
{
    struct store_txn *txn;
    int code = store_begin_read(store, &txn);
    if (code)
        return code;
    *ret_place = (struct store_entry){.number = 0};
    code = store_entry_get(txn, ret_place);
    store_abort(&txn);
    return code == ERR_NOT_FOUND ? 0 : code;
}

struct order_place group_log_behind(const struct store_entry *entry)
{
    struct order_place place = {.number = entry->number, .total = entry->total, .level = entry->level};
    memcpy(place.hash, entry->hash, HASH_SIZE);
    return place;
}

static int look_for_newest(void *context, const struct store_history *history)
{
    int64_t *newest_ms = context;
    *newest_ms = history->time_ms > *newest_ms ? history->time_ms : *newest_ms;
    return 0;
}

int group_log_newest_ms(struct store *store, int64_t *ret_newest_ms)
{
    struct store_entry place;
    struct store_txn *txn;
    int code = group_log_place(store, &place);
    int64_t newest_ms = code ? 0 : place.time_ms;
    if (code == 0)
        code = store_begin_read(store, &txn);
    if (code)
        return code;
    code = store_history_each(txn, look_for_newest, &newest_ms);
    store_abort(&txn);
    if (code == 0)
        *ret_newest_ms = newest_ms;
    return code;
}

int group_log_first_place(struct store *store, const uint8_t group[GROUP_ID_SIZE],
                          struct store_entry *ret_place)
{
    uint8_t seed[GROUP_ID_SIZE + HASH_SIZE];
    struct store_txn *txn;
    int code = store_begin_read(store, &txn);
    if (code)
        return code;
    *ret_place = (struct store_entry){.number = 1};
    memcpy(seed, group, GROUP_ID_SIZE);
    code = store_level(txn, &ret_place->level);
    if (code == 0)
        code = store_history_each(txn, look_for_newest, &ret_place->time_ms);
    if (code == 0)
        code = store_hash(txn, ret_place->time_ms, seed + GROUP_ID_SIZE);
    store_abort(&txn);
    if (code == 0)
        tagged_hash(TAG_LOG_BEGIN, BYTES(seed, sizeof(seed)), ret_place->hash);
    return code;
}

static int place_keep(struct store *store, const struct store_entry *place)
{
    struct store_txn *txn;
    int code = store_begin_write(store, &txn);
    if (code)
        return code;
    code = store_entry_put(txn, place);
    if (code == 0)
        return store_commit(&txn);
    store_abort(&txn);
    return code;
}

/* Beginning. */

struct beginning {
    bool is_empty;     /* there was no store before */
    bool has_place;    /* the store was in a log */
    bool all_compared; /* as group_log_begin's */
};

/* A store that was in a log goes back in time where another one has more, or had it and is lost: then a new epoch has to say so. Which
 * of these it is cannot be known here. */
static int refuse_to_begin_anew(const struct store_entry *place, char reason[GROUP_LOG_REASON_MAX])
{
    return fail(reason, ERR_CONFIG,
                "etcd holds no log of this group, and this store was in one, up to entry %" PRIu64
                ". If it is another cluster than the group's, correct [log] endpoint. If etcd's data are lost, look at the store "
                "of every worker of the group (comity-worker place): another one may have more. If all are there and none has more than "
                "this one, nothing that was acknowledged is missing in it: begin --all-stores-compared. If one is lost, something may "
                "be, and members have to be told: take an export of the store that has most, restore it into an empty data "
                "directory, which opens a new epoch, and begin with that. docs/operations.md, \"When most of etcd is lost\".",
                place->number);
}

/* A store that has no place, where there is a log: only who has just begun it, and failed before the place was kept, goes on behind it.
 * Anybody else's place comes with a copy, however much his store is like the one from which it was begun. */
static bool is_anothers(const struct log_found *found, int code, const struct store_entry *place)
{
    return code == ERR_CORRUPT || code == ERR_BEHIND ||
           (code == 0 && !found->is_begun && found->head.number > place->number);
}

static int refuse_to_begin_again(const struct worker_settings *settings, const struct log_found *found, bool is_empty,
                                 char reason[GROUP_LOG_REASON_MAX])
{
    char group[2 * GROUP_ID_SIZE + 1];
    hex_encode(BYTES(settings->group, GROUP_ID_SIZE), group);
    return fail(reason, ERR_CONFIG,
                "The group's log is there already, up to entry %" PRIu64
                ", and it was begun once for all workers: %stake a copy of another worker's: comity-worker join. Only where nobody is to "
                "go on with that log: etcdctl del --prefix comity/%s/, then begin again.",
                found->head.number, is_empty ? "" : "move the data directory away, and ", group);
}

static int log_begin(const struct worker_settings *settings, const struct beginning *beginning, struct group_log_begun *begun,
                     char reason[GROUP_LOG_REASON_MAX])
{
    char why[LOG_REASON_MAX] = "", group[2 * GROUP_ID_SIZE + 1];
    bool begins = !beginning->has_place || beginning->all_compared;
    struct order_log_etcd_options options;
    struct log_found found;
    int code = group_log_options(&settings->log, &settings->group_key, &options, reason);
    if (code)
        return code;
    options.applied = group_log_behind(&begun->place);
    options.begins = begins;
    code = order_log_etcd_look(&options, &found, why);
    if (found.is_missing && !begins)
        return refuse_to_begin_anew(&begun->place, reason);
    if (!beginning->has_place && is_anothers(&found, code, &begun->place))
        return refuse_to_begin_again(settings, &found, beginning->is_empty, reason);
    if (code == 0) {
        begun->is_begun = found.is_begun;
        begun->head = found.head.number;
        return 0;
    }
    hex_encode(BYTES(settings->group, GROUP_ID_SIZE), group);
    if (code == ERR_CORRUPT || code == ERR_BEHIND)
        return fail(reason, code,
                    "%s There is a log already, and it does not go on from this store: move the data "
                    "directory away and "
                    "`comity-worker join`. Only where nobody is to go on with that log: etcdctl del --prefix "
                    "comity/%s/, then "
                    "begin again.",
                    why, group);
    finding_say(FINDING_BEGINNING, code, why, reason, GROUP_LOG_REASON_MAX);
    return code;
}

static int begin_behind(struct store *store, const struct worker_settings *settings, struct beginning *beginning,
                        struct group_log_begun *ret_begun, char reason[GROUP_LOG_REASON_MAX])
{
    int code = group_log_place(store, &ret_begun->place);
    beginning->has_place = code == 0 && ret_begun->place.number > 0;
    if (code == 0 && !beginning->has_place)
        code = group_log_first_place(store, settings->group, &ret_begun->place);
    if (code)
        return fail(reason, code, "The store cannot be read: %s", error_sentence(code));
    code = log_begin(settings, beginning, ret_begun, reason);
    if (code || beginning->has_place)
        return code;
    code = place_keep(store, &ret_begun->place);
    return code ? fail(reason, code,
                       "The log was begun, and the store cannot be written: %s Then begin again.",
                       error_sentence(code))
                : 0;
}

int group_log_begin(const struct worker_settings *settings, bool all_compared,
                    struct group_log_begun *ret_begun, char reason[GROUP_LOG_REASON_MAX])
{
    struct store_options options = {
        .directory = settings->data,
        .map_limit_bytes = settings->map_limit_bytes,
        .group = settings->group,
    };
    struct order_log_etcd_options log_options;
    struct store *store = NULL;
    *ret_begun = (struct group_log_begun){.head = 0};
    int code = group_log_options(&settings->log, &settings->group_key, &log_options, reason);
    if (code)
        return code;
    _Static_assert((int) GROUP_LOG_REASON_MAX >= (int) LEFTOVERS_REASON_MAX &&
                       (int) GROUP_LOG_REASON_MAX >= (int) STORE_REASON_MAX,
                   "reasons");
    struct beginning beginning = {.is_empty = !leftover_is_store(settings->data), .all_compared = all_compared};
    code = leftovers_check(settings->data, reason);
    if (code == 0)
        code = store_open(&options, &store, reason);
    if (code)
        return code;
    code = begin_behind(store, settings, &beginning, ret_begun, reason);
    store_close(&store);
    if (code && beginning.is_empty)
        leftover_remove(settings->data); /* the empty store that was made just now */
    return code;
}

/* Leaving. */

int group_log_leave(const struct worker_settings *settings, const char *name,
                    char reason[GROUP_LOG_REASON_MAX])
{
    struct order_log_etcd_options options;
    char why[LOG_REASON_MAX] = "";
    int code = group_log_options(&settings->log, &settings->group_key, &options, reason);
    if (code)
        return code;
    code = order_log_etcd_leave(&options, name, why);
    if (code == ERR_NOT_FOUND)
        return why[0] == '\0'
                   ? fail(reason, code, "No worker of the name %.40s has a part in the log, and no other has.", name)
                   : fail(reason, code, "No worker of the name %.40s has a part in the log. Give the name of one that has: %s.", name, why);
    if (code)
        finding_say(FINDING_LEAVING, code, why, reason, GROUP_LOG_REASON_MAX);
    return code;
}
