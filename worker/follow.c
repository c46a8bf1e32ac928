#include "worker/follow.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/text.h"
#include "worker/batch_internal.h"
#include "worker/cosign.h"
#include "worker/move.h"
#include "worker/restore_history.h"
#include "worker/roll_names.h"

enum { ARENA_BYTES = 64 * 1024 * 1024 };

/* What is kept of one history until the commit. */
struct followed {
    struct store_history history;
    bool has_grown;
    int64_t deadline_ms;
};

struct follow {
    struct batch_runner *runner;
    const struct order_place *place;
    const struct order_batch *batch;
    const Comity__V1__LogEntry *entry;
    struct arena *arena; /* of the entry */
    struct store_txn *txn;
    struct followed followed[BATCH_HISTORIES_MAX];
    struct move_outcome moved; /* of an entry with a step of a move */
    int64_t moved_deadline_ms;
    char what[EXPORT_REASON_MAX]; /* of one history */
    char *reason;
    bool differs; /* this worker has decided it, and came to something else */
};

/* Reasons. */

/* What this worker cannot do, or its store does not hold, is no word on the entry. That it does not know the level is one: where most do not,
 * whoever has the entry is alone with it. */
static bool is_decision(const struct follow *follow, int code)
{
    switch (code) {
    case ERR_CONFIG:
    case ERR_BUSY:
    case ERR_MEMORY:
    case ERR_STORE:
    case ERR_STORE_FULL:
    case ERR_DISK_FULL:
    case ERR_STORE_VERSION:
    case ERR_FILE:
    case ERR_FILE_MODE:
    case ERR_INTERNAL:
        return false;
    default:
        return follow->txn == NULL || store_error(follow->txn) == 0;
    }
}

static int differ(struct follow *follow, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

static int differ(struct follow *follow, int code, const char *format, ...)
{
    va_list arguments;
    int size = snprintf(follow->reason, FOLLOW_REASON_MAX, "Entry %" PRIu64 " of the log: ", follow->batch->number);

    va_start(arguments, format);
    vsnprintf(follow->reason + size, FOLLOW_REASON_MAX - (size_t) size, format, arguments);
    va_end(arguments);
    follow->differs = is_decision(follow, code);
    return code;
}

static int store_failed(struct follow *follow, int code)
{
    if (code == 0)
        return 0;
    differ(follow, code, "it cannot be kept: %s", error_sentence(code));
    follow->differs = false;
    return code;
}

/* What was said of one history, by core/replay. */
static int told(struct follow *follow, int code)
{
    return code == 0 ? 0 : differ(follow, code, "%s", follow->what);
}

/* The entry by itself. */

/* Another one is due: of this one nothing is decided. */
static int place_check(struct follow *follow)
{
    uint64_t due = follow->runner->latest.number + 1;
    int code = 0;

    if (follow->batch->number > due)
        code = differ(follow, ERR_RANGE, "entry %" PRIu64 " has to come before it.", due);
#ifndef COMITY_CONTROL_FOLLOW_TWICE
    if (follow->batch->number < due)
        code = differ(follow, ERR_RANGE, "it was applied before, the next is entry %" PRIu64 ".", due);
#endif
    follow->differs = false;
    return code;
}

static int entry_read(struct follow *follow)
{
    struct refusal refusal = {0};
    ProtobufCMessage *message;
    int code = message_unpack(&comity__v1__log_entry__descriptor, follow->batch->body, ENTRY_MAX_BYTES, follow->arena,
                              &refusal, &message);

    if (code != 0)
        return differ(follow, code, "it cannot be read (%s %s).", error_name(code), refusal.field);
    follow->entry = (const Comity__V1__LogEntry *) message;
    return 0;
}

/* It is what the log says that it is. */
static bool is_the_logs(const struct follow *follow)
{
    const Comity__V1__LogEntry *entry = follow->entry;
    const struct order_batch *batch = follow->batch;

    return entry->number == batch->number && follow->place->number == batch->number &&
           entry->time_ms == batch->time_ms && entry->level == batch->level &&
           follow->place->level == batch->level &&
           bytes_equal(BYTES(entry->batch.data, entry->batch.len), BYTES(batch->id, BATCH_ID_SIZE));
}

static int entry_check(struct follow *follow)
{
    const Comity__V1__LogEntry *entry = follow->entry;

    if (entry->level > FORMAT_LEVEL)
        return differ(follow, ERR_VERSION,
                      "it was decided by format level %" PRIu32 ", and this worker knows %d: install the version that the "
                      "leader has.",
                      entry->level, FORMAT_LEVEL);
    if (entry->level == 0 || !is_the_logs(follow))
        return differ(follow, ERR_CORRUPT, "what it says of itself (number %" PRIu64 ") is not what the log says of it.",
                      entry->number);
    if (entry->time_ms < follow->runner->latest.time_ms)
        return differ(follow, ERR_CORRUPT, "its time lies before that of the entry before it.");
    if (entry->level < follow->runner->latest.level)
        return differ(follow, ERR_CORRUPT, "its format level is lower than that of the entry before it.");
    if (entry->n_histories > BATCH_HISTORIES_MAX)
        return differ(follow, ERR_MALFORMED, "it has more histories than a batch.");
    return 0;
}

static int piece_check(struct follow *follow, size_t index)
{
    const Comity__V1__LogHistory *piece = follow->entry->histories[index];

    if (piece->history.len != HISTORY_ID_SIZE || (piece->n_events == 0 && piece->n_refusals == 0 && piece->n_cosignatures == 0) ||
        (piece->n_events == 0 && piece->checkpoint.len != 0))
        return differ(follow, ERR_MALFORMED, "what it says of a history is malformed.");
    for (size_t i = 0; i < index; i++)
        if (memcmp(follow->entry->histories[i]->history.data, piece->history.data, HISTORY_ID_SIZE) == 0)
            return differ(follow, ERR_MALFORMED, "it has a history twice.");
    return 0;
}

/* One history. */

/* A batch holds all of what it brought, if only until the end of the same batch. */
static bool is_whole(const Comity__V1__ExportEvent *event)
{
    for (size_t i = 0; event->record != NULL && i < event->record->n_parts; i++)
        if (event->record->parts[i]->is_withheld || event->record->parts[i]->is_purged)
            return false;
    return true;
}

static int event_take(struct follow *follow, struct restore_history *history, const Comity__V1__ExportEvent *event)
{
    int code;

    if (replay_is_idle(&history->replay))
        arena_reset(history->replay.arena);
    code = restore_history_event(history, event);
    if (code != 0)
        return code;
    if (!is_whole(event))
        return restore_history_refuse(history, ERR_MALFORMED, "a part of it is withheld");
    if (history->replay.time_ms != follow->entry->time_ms)
        return restore_history_refuse(history, ERR_CORRUPT, "it is of another time than its entry");
    if (history->replay.level != follow->entry->level)
        return restore_history_refuse(history, ERR_CORRUPT, "it is of another format level than its entry");
    return 0;
}

static int events_take(struct follow *follow, struct restore_history *history, const Comity__V1__LogHistory *piece)
{
    int code = 0;

    for (size_t i = 0; code == 0 && i < piece->n_events; i++)
        code = event_take(follow, history, piece->events[i]);
    if (code == 0 && piece->n_events > 0)
        code = restore_history_pause(history, BYTES(piece->checkpoint.data, piece->checkpoint.len));
    if (code == 0 && memcmp(history->replay.log_key, follow->runner->options.log_key->public_key, KEY_SIZE) != 0)
        return restore_history_refuse(history, ERR_CONFIG,
                                      "its history names another log key than this worker has: all workers of a group have "
                                      "the same, so give it the file of the others under log_key");
    return code;
}

static int refusals_take(struct follow *follow, struct restore_history *history, const Comity__V1__LogHistory *piece)
{
    int64_t time_ms = follow->entry->time_ms;
    int code = 0;

    for (size_t i = 0; code == 0 && i < piece->n_refusals; i++) {
        int64_t until_ms = piece->refusals[i]->valid_until_ms;

        code = restore_history_refusal(history, piece->refusals[i]);
        if (code == 0 && (until_ms < time_ms || until_ms > time_ms + VALIDITY_MAX_MS))
            code = restore_history_refuse(history, ERR_CORRUPT,
                                          "a refusal after it holds for longer than a command is valid, or its time is over");
    }
    return code;
}

/* By the history as it is after the entry's events. What is kept already makes no entry. */
static int cosignature_take(struct follow *follow, struct restore_history *history, const Comity__V1__Cosignature *message)
{
    int code = cosign_follow(follow->txn, &history->history, message, follow->arena);
    char sentence[FOLLOW_REASON_MAX / 4];

    if (code == 0)
        return 0;
    snprintf(sentence, sizeof(sentence), "a cosignature after it: %s", error_sentence(code));
    if (code != ERR_MEMORY && store_error(follow->txn) == 0)
        code = ERR_CORRUPT;
    return restore_history_refuse(history, code, sentence);
}

static int cosignatures_take(struct follow *follow, struct restore_history *history, const Comity__V1__LogHistory *piece)
{
    int code = 0;

    for (size_t i = 0; code == 0 && i < piece->n_cosignatures; i++)
        code = cosignature_take(follow, history, piece->cosignatures[i]);
    return code;
}

/* What the runner has in mind of it later on. */
static int piece_finish(struct follow *follow, const struct store_history *history, bool has_grown,
                        struct followed *ret_followed)
{
    struct view view = store_view(follow->txn, history);
    int code = batch_know(follow->runner, history);

    *ret_followed = (struct followed){.history = *history, .has_grown = has_grown};
    return code == 0 ? machine_next_deadline(&view, &ret_followed->deadline_ms) : code;
}

static int piece_take(struct follow *follow, size_t index)
{
    const Comity__V1__LogHistory *piece = follow->entry->histories[index];
    struct restore_history history = {
        .txn = follow->txn,
        .reason = follow->what,
        .replay = {.arena = follow->runner->scratch, .now_ms = follow->entry->time_ms},
    };
    int code = piece_check(follow, index);

    if (code != 0)
        return code;
    arena_reset(follow->runner->scratch);
    code = restore_history_resume(&history, piece->history.data, piece->n_events);
    if (code == 0)
        code = events_take(follow, &history, piece);
    if (code == 0)
        code = refusals_take(follow, &history, piece);
    if (code == 0)
        code = cosignatures_take(follow, &history, piece);
    restore_history_release(&history);
    if (code != 0)
        return told(follow, code);
    return store_failed(follow, piece_finish(follow, &history.history, piece->n_events > 0, &follow->followed[index]));
}

/* A step of a move comes to what it came to with the leader, or to nothing. */
static int move_take(struct follow *follow)
{
    struct move_site site = {
        .txn = follow->txn,
        .log_key = follow->runner->options.log_key,
        .now_ms = follow->entry->time_ms,
        .level = follow->entry->level,
        .arena = follow->arena,
        .reason = follow->what,
    };
    int code;

    if (follow->entry->n_histories > 0)
        return differ(follow, ERR_MALFORMED, "beside a step of a move it has something else.");
    follow->what[0] = '\0';
    code = move_step(&site, follow->entry->move, &follow->moved);
    if (code == 0 && !follow->moved.is_changed)
        return differ(follow, ERR_CORRUPT, "its step of a move changes nothing here.");
    if (code == 0)
        code = batch_moving(follow->runner, follow->txn, &follow->moved, &follow->moved_deadline_ms);
    if (code == 0 || follow->what[0] != '\0')
        return told(follow, code);
    return differ(follow, code, "its step of a move cannot be taken: %s", error_sentence(code));
}

/* All of it. */

static int pieces_take(struct follow *follow)
{
    struct store_entry latest = batch_entry_row(follow->batch, follow->place);
    int code = store_failed(follow, store_refusals_purge(follow->txn, latest.time_ms, BATCH_PURGE_AT_ONCE));

    for (size_t i = 0; code == 0 && i < follow->entry->n_histories; i++)
        code = piece_take(follow, i);
    if (code == 0 && follow->entry->move != NULL)
        code = move_take(follow);
    if (code == 0)
        code = store_failed(follow, store_entry_put(follow->txn, &latest));
    if (code == 0)
        code = store_failed(follow, store_commit(&follow->txn));
    if (code == 0)
        follow->runner->latest = latest;
    return code;
}

static int attempt(struct follow *follow)
{
    int code = store_failed(follow, store_begin_write(follow->runner->options.store, &follow->txn));

    if (code == 0)
        code = pieces_take(follow);
    store_abort(&follow->txn);
    return code;
}

static int entry_take(struct follow *follow)
{
    int code = place_check(follow);

    if (code == 0)
        code = entry_read(follow);
    if (code == 0)
        code = entry_check(follow);
    if (code != 0)
        return code;
    do {
        code = attempt(follow);
    } while (code == ERR_STORE_FULL && store_grow(follow->runner->options.store) == 0);
    return code;
}

static void runner_go_on(struct follow *follow, struct batch_result *ret_result)
{
    struct batch_runner *runner = follow->runner;

    *ret_result = (struct batch_result){.news_count = 0};
    for (size_t i = 0; i < follow->entry->n_histories; i++) {
        const struct followed *followed = &follow->followed[i];
        struct batch_news *news = &ret_result->news[ret_result->news_count];

        runner->known[followed->history.number].deadline_ms = followed->deadline_ms;
        if (!followed->has_grown)
            continue;
        roll_names_forget(runner->names, followed->history.id);
        memcpy(news->history, followed->history.id, HISTORY_ID_SIZE);
        news->head = followed->history.head;
        ret_result->news_count++;
    }
    if (follow->entry->move != NULL)
        batch_moved(runner, &follow->moved, follow->moved_deadline_ms, ret_result);
    if (runner->last_ms < follow->entry->time_ms)
        runner->last_ms = follow->entry->time_ms;
    runner->failed_count = 0;
    ret_result->next_deadline_ms = batch_next_deadline(runner);
}

int follow_apply(struct batch_runner *runner, const struct order_entry *entry, struct batch_result *ret_result, bool *ret_differs,
                 char reason[FOLLOW_REASON_MAX])
{
    struct follow *follow = calloc(1, sizeof(*follow));
    int code = ERR_MEMORY;

    *ret_differs = false;
    if (follow != NULL)
        follow->arena = arena_new(ARENA_BYTES);
    if (follow != NULL && follow->arena != NULL) {
        follow->runner = runner;
        follow->place = &entry->place;
        follow->batch = &entry->batch;
        follow->reason = reason;
        code = entry_take(follow);
        *ret_differs = code != 0 && follow->differs;
        if (code == 0)
            runner_go_on(follow, ret_result);
        arena_destroy(&follow->arena);
    } else {
        snprintf(reason, FOLLOW_REASON_MAX, "%s", error_sentence(ERR_MEMORY));
    }
    free(follow);
    return code;
}
