/* Making a store from an export stream: beside the data directory's place first, and moved there when all of
 * it held. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/daemon/export_stream.h"
#include "core/directory.h"
#include "core/error.h"
#include "worker/clock.h"
#include "worker/cosign.h"
#include "worker/export.h"
#include "worker/leftovers.h"
#include "worker/move.h"
#include "worker/restore_history.h"

enum { ARENA_BYTES = 128 * 1024 * 1024, RECORDS_A_COMMIT = 2048, PATH_MAX_BYTES = 4096 };

struct restore {
    const struct restore_options *options;
    char *reason;
    char directory[PATH_MAX_BYTES]; /* where it is made */
    int lock_descriptor;            /* of the data directory; -1: not held */
    struct store *store;
    struct store_txn *txn;
    unsigned records; /* in the open transaction */
    struct arena *arena;
    struct export_totals totals;
    uint32_t histories;        /* announced */
    uint8_t log_key[KEY_SIZE]; /* of the header */
    struct stream_source source;
    const char *unreadable; /* the file, where it cannot be opened; NULL: it could */
    int open_errno;
    struct restore_history history;
};

static int explain(struct restore *restore, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int explain(struct restore *restore, int code, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(restore->reason, EXPORT_REASON_MAX, format, arguments);
    va_end(arguments);
    return code;
}

static int explain_store(struct restore *restore, int code)
{
    return code == 0 ? 0 : explain(restore, code, "The store cannot be written: %s", error_sentence(code));
}

/* Transactions: one for many records. */

static void progress_tell(struct restore *restore)
{
    restore->records = 0;
    if (restore->options->progress != NULL)
        restore->options->progress(restore->options->context, &restore->totals);
}

static int commit(struct restore *restore)
{
    int code = restore->txn != NULL ? store_commit(&restore->txn) : 0;

    progress_tell(restore);
    return explain_store(restore, code);
}

static int transaction_ready(struct restore *restore)
{
    int code = 0;

    if (restore->records++ >= RECORDS_A_COMMIT)
        code = commit(restore);
    if (code == 0 && restore->txn == NULL)
        code = explain_store(restore, store_begin_write(restore->store, &restore->txn));
    restore->history.txn = restore->txn;
    return code;
}

/* Records. */

static int record_take(struct restore *restore, Comity__V1__ExportRecord **ret_record)
{
    int code;

    if (replay_is_idle(&restore->history.replay))
        arena_reset(restore->arena);
    code = source_take(&restore->source, restore->arena, ret_record);
    restore->totals.bytes = restore->source.bytes;
    switch (code) {
    case 0:
        return 0;
    case ERR_NOT_FOUND:
        return explain(restore, ERR_MALFORMED,
                       "The file ends after %" PRIu64 " events, before its end record: it was cut off.",
                       restore->totals.events);
    case ERR_FILE:
        return explain(restore, code, "The file cannot be read: %s.", strerror(errno));
    default:
        return explain(restore, code,
                       "The file is damaged or no export: what stands at byte %" PRIu64 " is no record (%s).",
                       restore->source.bytes, error_name(code));
    }
}

static int unexpected(struct restore *restore)
{
    return explain(restore, ERR_MALFORMED,
                   "The file is damaged: its records are not in order at byte %" PRIu64 ".",
                   restore->source.bytes);
}

/* Where a history went, or is on its way: as the group said it under its log key. */
static int move_keep(struct restore *restore, const Comity__V1__SignedMove *signed_move)
{
    static const enum store_move_kind KINDS[] = {
        [COMITY__V1__MOVE_STAGE__MOVE_STAGE_FROZEN] = STORE_FROZEN,
        [COMITY__V1__MOVE_STAGE__MOVE_STAGE_MOVED] = STORE_MOVED,
        [COMITY__V1__MOVE_STAGE__MOVE_STAGE_GIVEN_UP] = STORE_GIVEN_UP,
    };
    struct store_move move = {0}, before;
    Comity__V1__MoveNote *note;
    int code = move_open(signed_move, restore->log_key, restore->arena, &note);

    if (code == 0 && (note->stage >= ARRAY_COUNT(KINDS) || KINDS[note->stage] == 0))
        code = ERR_MALFORMED;
    if (code != 0)
        return explain(restore, code, "The file is damaged: what it says of a history that moves does not hold (%s).",
                       error_name(code));
    move.kind = KINDS[note->stage];
    code = transaction_ready(restore);
    if (code == 0)
        code = message_pack(&signed_move->base, restore->arena, &move.note);
    if (code != 0)
        return code;
    code = store_move_get(restore->txn, note->history.data, restore->arena, &before);
    if (code == 0 && move.kind == STORE_GIVEN_UP) /* it was to come back to where it went from */
        move.went = store_move_went(&before);
    if (code == 0 || code == ERR_NOT_FOUND)
        code = store_move_put(restore->txn, note->history.data, &move);
    return explain_store(restore, code);
}

/* The record after the header or a history; before the first history there may be moves. */
static int record_next(struct restore *restore, Comity__V1__ExportRecord **ret_record)
{
    int code = record_take(restore, ret_record);

    while (code == 0 && restore->totals.histories == 0 && (*ret_record)->kind_case == COMITY__V1__EXPORT_RECORD__KIND_MOVE) {
        code = move_keep(restore, (*ret_record)->move);
        if (code == 0)
            code = record_take(restore, ret_record);
    }
    return code;
}

static int header_check(struct restore *restore, const Comity__V1__ExportHeader *header)
{
    if (header->format != EXPORT_FORMAT)
        return explain(restore, ERR_VERSION,
                       "The file is of export format %" PRIu32 ", this worker reads %d.", header->format,
                       EXPORT_FORMAT);
    if (header->group.len == 0)
        return explain(restore, ERR_CONFIG,
                       "The file is a member's copy, in which parts may be withheld: only a worker's export can be restored.");
    if (!bytes_equal(BYTES(header->group.data, header->group.len),
                     BYTES(restore->options->group, GROUP_ID_SIZE)))
        return explain(
            restore, ERR_CONFIG,
            "The file is of another group: restore it with the group key of the worker that wrote it.");
    if (header->log_key.len != KEY_SIZE)
        return explain(restore, ERR_MALFORMED, "The file is damaged: its header has no log key.");
    return 0;
}

static int place_take(struct restore *restore, const Comity__V1__ExportPlace *place)
{
    struct store_entry *entry = &restore->totals.place;

    *entry = (struct store_entry){.number = 0};
    if (place == NULL)
        return 0;
    if (place->number == 0 || place->level == 0 || place->hash.len != HASH_SIZE || place->batch.len != BATCH_ID_SIZE)
        return explain(restore, ERR_MALFORMED, "The file is damaged: its header states no proper place in the log.");
    entry->number = place->number;
    entry->total = place->total;
    entry->time_ms = place->time_ms;
    entry->level = place->level;
    memcpy(entry->hash, place->hash.data, HASH_SIZE);
    memcpy(entry->batch, place->batch.data, BATCH_ID_SIZE);
    return 0;
}

static int header_take(struct restore *restore)
{
    const Comity__V1__ExportHeader *header;
    Comity__V1__ExportRecord *record;
    int code = record_take(restore, &record);

    if (code != 0)
        return code;
    if (record->kind_case != COMITY__V1__EXPORT_RECORD__KIND_HEADER)
        return explain(restore, ERR_MALFORMED, "The file is no export of comity.");
    header = record->header;
    code = header_check(restore, header);
    if (code == 0)
        code = place_take(restore, header->place);
    if (code != 0)
        return code;
    memcpy(restore->log_key, header->log_key.data, KEY_SIZE);
    restore->histories = header->histories;
    return 0;
}

/* Who joins goes on under the same log key, from a place that was asked for entries before. */
static int joining_check(struct restore *restore)
{
    const struct store_entry *joins = restore->options->joins, *place = &restore->totals.place;

    if (joins == NULL)
        return 0;
    if (place->number == 0)
        return explain(restore, ERR_NOT_FOUND,
                       "The file states no place in a log: it is of a worker that has no part in one, or of one history alone.");
    if (memcmp(restore->log_key, restore->options->log_key->public_key, KEY_SIZE) != 0)
        return explain(restore, ERR_CONFIG,
                       "The file is signed with another log key than log_key: all workers of a group have the same.");
    if (joins->number != place->number || joins->total != place->total || memcmp(joins->hash, place->hash, HASH_SIZE) != 0)
        return explain(restore, ERR_CORRUPT, "The file states another place in the log than was said before.");
    return 0;
}

static int history_finish(struct restore *restore, const Comity__V1__ExportHistoryEnd *end)
{
    int code = restore_history_end(&restore->history, end);

    if (code != 0)
        return code;
    if (memcmp(restore->history.replay.log_key, restore->log_key, KEY_SIZE) != 0)
        return explain(restore, ERR_SIGNATURE,
                       "The file is signed with another log key than its history has on record.");
    code = cosignatures_restore(restore->txn, &restore->history.history, end->cosignatures,
                                end->n_cosignatures, restore->arena);
    if (code != 0)
        return explain(restore, code, "What witnesses have cosigned cannot be restored: %s",
                       error_sentence(code));
    restore->totals.histories++;
    return 0;
}

static int history_record(struct restore *restore, const Comity__V1__ExportRecord *record, bool *ret_is_over)
{
    int code = transaction_ready(restore);

    if (code != 0)
        return code;
    switch (record->kind_case) {
    case COMITY__V1__EXPORT_RECORD__KIND_EVENT:
        restore->totals.events++;
        code = restore_history_event(&restore->history, record->event);
        break;
    case COMITY__V1__EXPORT_RECORD__KIND_CHECKPOINT:
        code = restore_history_checkpoint(&restore->history, record->checkpoint);
        break;
    case COMITY__V1__EXPORT_RECORD__KIND_REFUSAL:
        code = restore_history_refusal(&restore->history, record->refusal);
        break;
    case COMITY__V1__EXPORT_RECORD__KIND_HISTORY_END:
        *ret_is_over = true;
        code = history_finish(restore, record->history_end);
        break;
    default:
        code = unexpected(restore);
    }
    return code;
}

static int history_take(struct restore *restore)
{
    Comity__V1__ExportRecord *record;
    bool is_over = false;
    int code;

    restore->history = (struct restore_history){
        .reason = restore->reason,
        .replay = {.arena = restore->arena, .now_ms = restore->options->time_ms}};
    code = record_next(restore, &record);
    if (code == 0 && record->kind_case != COMITY__V1__EXPORT_RECORD__KIND_HISTORY)
        code = unexpected(restore);
    if (code == 0)
        code = transaction_ready(restore);
    if (code == 0)
        code = restore_history_begin(&restore->history, record->history);
    while (code == 0 && !is_over) {
        code = record_take(restore, &record);
        if (code == 0)
            code = history_record(restore, record, &is_over);
    }
    restore->totals.commands += restore->history.replay.commands;
    restore_history_release(&restore->history);
    return code;
}

static int end_check(struct restore *restore, const Comity__V1__ExportEnd *end)
{
    if (end->histories != restore->totals.histories || end->events != restore->totals.events)
        return explain(restore, ERR_MALFORMED,
                       "The file is damaged: its end record counts other histories or events.");
    if (!bytes_equal(BYTES(end->digest.data, end->digest.len),
                     BYTES(restore->source.digest_before, HASH_SIZE)))
        return explain(restore, ERR_CORRUPT,
                       "The file was altered: it does not have the digest that it states.");
    if (end->signature.len != SIGNATURE_SIZE ||
        signature_check(restore->log_key, TAG_EXPORT, BYTES(end->digest.data, end->digest.len),
                        end->signature.data) != 0)
        return explain(restore, ERR_SIGNATURE, "The file is not signed by its log key.");
    if (source_at_end(&restore->source) != 0)
        return explain(restore, ERR_MALFORMED, "The file goes on after its end record.");
    return 0;
}

static int end_take(struct restore *restore)
{
    Comity__V1__ExportRecord *record;
    int code = record_next(restore, &record);

    if (code != 0)
        return code;
    if (record->kind_case != COMITY__V1__EXPORT_RECORD__KIND_END)
        return unexpected(restore);
    return end_check(restore, record->end);
}

static int stream_take(struct restore *restore)
{
    int code = header_take(restore);

    if (code == 0)
        code = joining_check(restore);
    for (uint32_t i = 0; code == 0 && i < restore->histories; i++)
        code = history_take(restore);
    if (code == 0)
        code = end_take(restore);
    return code == 0 ? commit(restore) : code;
}

/* A new epoch in each history. */

struct opening {
    struct restore *restore;
    struct store_history *list;
    size_t count;
};

static int opening_add(void *context, const struct store_history *history)
{
    struct opening *opening = context;
    struct store_history *larger;
    int code = move_gate(opening->restore->txn, history->id, true, opening->restore->arena, NULL);

    /* One that is frozen goes on where it goes, as it is: no epoch. */
    if (code != 0)
        return code == ERR_MOVING ? 0 : code;
    larger = realloc(opening->list, (opening->count + 1) * sizeof(*larger));

    if (larger == NULL)
        return ERR_MEMORY;
    larger[opening->count++] = *history;
    opening->list = larger;
    return 0;
}

/* The new epochs are stamped for good. */
static int clock_check(struct restore *restore, const struct opening *opening)
{
    const struct restore_options *options = restore->options;
    char why[CLOCK_REASON_MAX];
    int64_t newest_ms = 0;
    int code;

    for (size_t i = 0; i < opening->count; i++)
        newest_ms = opening->list[i].time_ms > newest_ms ? opening->list[i].time_ms : newest_ms;
    code =
        options->accepts_clock ? 0 : clock_judge(options->time_ms, newest_ms, options->clock_ahead_days, why);
    return code == 0 ? 0 : explain(restore, code, "%s", why);
}

static int epochs_stamp(struct restore *restore, struct opening *opening)
{
    int code = 0;

    for (size_t i = 0; code == 0 && i < opening->count; i++) {
        arena_reset(restore->arena);
        code = restore_history_open_epoch(restore->txn, &opening->list[i], restore->options->time_ms,
                                          restore->options->log_key, restore->arena);
    }
    return code == 0 ? 0 : explain(restore, code, "A new epoch cannot be opened: %s", error_sentence(code));
}

static int epochs_open(struct restore *restore)
{
    struct opening opening = {.restore = restore};
    int code = transaction_ready(restore);

    if (code != 0)
        return code;
    code = explain_store(restore, store_history_each(restore->txn, opening_add, &opening));
    if (code == 0)
        code = clock_check(restore, &opening);
    if (code == 0)
        code = epochs_stamp(restore, &opening);
    free(opening.list);
    return code == 0 ? commit(restore) : code;
}

/* Whoever joins goes on where the stream was made. */
static int place_keep(struct restore *restore)
{
    int code = transaction_ready(restore);

    if (code == 0)
        code = explain_store(restore, store_entry_put(restore->txn, &restore->totals.place));
    return code == 0 ? commit(restore) : code;
}

/* The directory. */

static int store_make(struct restore *restore)
{
    struct store_options options = {
        .directory = restore->directory,
        .map_limit_bytes = restore->options->map_limit_bytes,
        .group = restore->options->group,
    };
    int code = store_open(&options, &restore->store, restore->reason);

    /* Nobody else uses it: the map may have its last size at once. */
    while (code == 0 && store_grow(restore->store) == 0)
        continue;
    return code;
}

static int file_wrong(struct restore *restore, const char *path)
{
    int code = errno == EEXIST ? ERR_EXISTS : errno == ENOSPC || errno == EDQUOT ? ERR_DISK_FULL : ERR_FILE;

    return explain(restore, code, "%.300s: %s.", path, strerror(errno));
}

/* Ours alone, and without what others left that were killed: only the marks stay until there is ours. */
static int directory_take(struct restore *restore)
{
    const char *target = restore->options->directory;
    int code = leftovers_lock(target, &restore->lock_descriptor);

    if (code == ERR_STORE_IN_USE)
        return explain(restore, code, "Another restore is at work in %.300s: let it finish.", target);
    if (code != 0)
        return file_wrong(restore, target);
    leftovers_empty(target);
    return 0;
}

static int directory_make(struct restore *restore)
{
    const char *target = restore->options->directory;
    char path[PATH_MAX_BYTES];
    int code;

    if (mkdir(target, 0700) != 0 && errno != EEXIST)
        return file_wrong(restore, target);
    code = directory_take(restore);
    if (code != 0)
        return code;
    if (snprintf(path, sizeof(path), "%s/data.mdb", target) >= (int) sizeof(path) ||
        snprintf(restore->directory, sizeof(restore->directory), "%s/restoring-XXXXXX", target) >=
            (int) sizeof(restore->directory))
        return explain(restore, ERR_FILE, "The path of the data directory is too long.");
    if (access(path, F_OK) == 0)
        return explain(restore, ERR_EXISTS,
                       "The data directory %.300s holds a store: restore into an empty one, or move that one "
                       "away first.",
                       target);
    snprintf(path, sizeof(path), "%s/keys", target);
    if (access(path, F_OK) == 0)
        return explain(
            restore, ERR_EXISTS,
            "The data directory %.300s holds the keys of a store that was moved away: move the file "
            "`keys` to where its data.mdb is, or remove it if there is none.",
            target);
    if (mkdtemp(restore->directory) == NULL) {
        restore->directory[0] = '\0';
        return file_wrong(restore, target);
    }
    leftovers_remove(target, restore->directory);
    return 0;
}

/* After a failure the emptied directory stays as a mark: a worker that is started now is to say that the
 * restore has not been done, not to serve an empty store in its place. The next restore takes it away. */
static void directory_remove(struct restore *restore, bool has_failed)
{
    if (restore->directory[0] != '\0' && has_failed)
        leftover_empty(restore->directory);
    else if (restore->directory[0] != '\0')
        leftover_remove(restore->directory);
    if (restore->lock_descriptor >= 0)
        close(restore->lock_descriptor);
}

/* A link, so that what came to be there meanwhile is not overwritten. */
static int file_place(struct restore *restore, const char *name)
{
    char from[PATH_MAX_BYTES + 16];
    char to[PATH_MAX_BYTES + 16];
    int code = 0;

    snprintf(from, sizeof(from), "%s/%s", restore->directory, name);
    snprintf(to, sizeof(to), "%s/%s", restore->options->directory, name);
    if (link(from, to) != 0)
        return file_wrong(restore, to);
    if (directory_sync_of(to) != 0) {
        code = file_wrong(restore, to);
        unlink(to);
    }
    return code;
}

/* The keys first: a store without them cannot be opened. A lock that a lost store has left has the mark of its last
 * commit, which is not this one's. */
static int directory_place(struct restore *restore)
{
    char keys[PATH_MAX_BYTES + 16];
    char lock[PATH_MAX_BYTES + 16];
    int code;

    snprintf(lock, sizeof(lock), "%s/writer.lock", restore->options->directory);
    if (unlink(lock) != 0 && errno != ENOENT)
        return file_wrong(restore, lock);
    code = file_place(restore, "keys");
    if (code != 0)
        return code;
    code = file_place(restore, "data.mdb");
    snprintf(keys, sizeof(keys), "%s/keys", restore->options->directory);
    if (code != 0)
        unlink(keys);
    return code;
}

static int restore_all(struct restore *restore)
{
    int code = directory_make(restore);

    if (code == 0 && restore->unreadable != NULL)
        code = explain(restore, ERR_FILE, "%.300s cannot be read: %s.", restore->unreadable,
                       strerror(restore->open_errno));
    if (code == 0)
        code = store_make(restore);
    if (code == 0)
        code = stream_take(restore);
    if (code == 0)
        code = restore->options->joins != NULL ? place_keep(restore) : epochs_open(restore);
    store_abort(&restore->txn);
    store_close(&restore->store);
    if (code == 0)
        code = directory_place(restore);
    directory_remove(restore, code != 0 && code != ERR_EXISTS);
    return code;
}

/* @unreadable: NULL, or the file that could not be opened, for the reason in errno. */
static int restore_from(const struct restore_options *options, int descriptor, const char *unreadable,
                        struct export_totals *ret_totals, char reason[EXPORT_REASON_MAX])
{
    int open_errno = errno;
    struct restore *restore = calloc(1, sizeof(*restore));
    int code = ERR_MEMORY;

    if (restore != NULL)
        restore->arena = arena_new(ARENA_BYTES);
    if (restore == NULL || restore->arena == NULL) {
        snprintf(reason, EXPORT_REASON_MAX, "%s", error_sentence(ERR_MEMORY));
    } else {
        restore->options = options;
        restore->lock_descriptor = -1;
        restore->reason = reason;
        restore->unreadable = unreadable;
        restore->open_errno = open_errno;
        source_init(&restore->source, descriptor);
        code = restore_all(restore);
        if (code == 0)
            *ret_totals = restore->totals;
        arena_destroy(&restore->arena);
    }
    free(restore);
    return code;
}

int restore_read(const struct restore_options *options, int descriptor, struct export_totals *ret_totals,
                 char reason[EXPORT_REASON_MAX])
{
    return restore_from(options, descriptor, NULL, ret_totals, reason);
}

int restore_read_file(const struct restore_options *options, const char *path,
                      struct export_totals *ret_totals, char reason[EXPORT_REASON_MAX])
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    int code = restore_from(options, descriptor, descriptor < 0 ? path : NULL, ret_totals, reason);

    if (descriptor >= 0)
        close(descriptor);
    return code;
}

/* What can be said of a file before anything is made of it. */

static int place_look(struct restore *restore)
{
    int code = header_take(restore);

    return code == 0 ? joining_check(restore) : code;
}

static void record_count(struct restore *restore, const Comity__V1__ExportRecord *record)
{
    restore->totals.events += record->kind_case == COMITY__V1__EXPORT_RECORD__KIND_EVENT;
    restore->totals.histories += record->kind_case == COMITY__V1__EXPORT_RECORD__KIND_HISTORY_END;
    if (++restore->records >= RECORDS_A_COMMIT)
        progress_tell(restore);
}

/* And to its end: it is as whoever has the log key wrote it. */
static int whole_look(struct restore *restore)
{
    Comity__V1__ExportRecord *record;
    int code = place_look(restore);

    if (code != 0)
        return code;
    do {
        code = record_take(restore, &record);
        if (code == 0)
            record_count(restore, record);
    } while (code == 0 && record->kind_case != COMITY__V1__EXPORT_RECORD__KIND_END);
    return code == 0 ? end_check(restore, record->end) : code;
}

static int file_look(const struct restore_options *options, const char *path, int (*look)(struct restore *),
                     struct store_entry *ret_place, char reason[EXPORT_REASON_MAX])
{
    struct restore *restore = calloc(1, sizeof(*restore));
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    int code = ERR_MEMORY;

    if (restore != NULL)
        restore->arena = arena_new(ARENA_BYTES);
    if (restore == NULL || restore->arena == NULL) {
        snprintf(reason, EXPORT_REASON_MAX, "%s", error_sentence(ERR_MEMORY));
    } else {
        struct restore_options joining = *options;
        joining.joins = &restore->totals.place;
        restore->options = &joining;
        restore->reason = reason;
        source_init(&restore->source, descriptor);
        code = descriptor < 0
                   ? explain(restore, ERR_FILE, "%.300s cannot be read: %s.", path, strerror(errno))
                   : look(restore);
        if (code == 0)
            *ret_place = restore->totals.place;
        arena_destroy(&restore->arena);
    }
    if (descriptor >= 0)
        close(descriptor);
    free(restore);
    return code;
}

int export_read_place(const struct restore_options *options, const char *path, struct store_entry *ret_place,
                      char reason[EXPORT_REASON_MAX])
{
    return file_look(options, path, place_look, ret_place, reason);
}

int export_read_whole(const struct restore_options *options, const char *path, struct store_entry *ret_place,
                      char reason[EXPORT_REASON_MAX])
{
    return file_look(options, path, whole_look, ret_place, reason);
}
