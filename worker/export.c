/* Writing the export stream. Events do not change once they are there, so that each stretch is read in a
 * transaction of its own. The refusals are those of a moment that may lie after the last event's: they hold
 * for an earlier state as well. */
#include "worker/export.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/directory.h"
#include "core/error.h"
#include "core/machine/state.h"
#include "core/text.h"
#include "core/daemon/export_stream.h"
#include "worker/cosign.h"
#include "worker/entry.h"
#include "worker/receipt.h"

enum { EVENTS_A_STRETCH = 256, ARENA_BYTES = 64 * 1024 * 1024, PATH_MAX_BYTES = 4096 };

struct export
{
    const struct export_options *options;
    struct export_totals totals;
    struct store_history *histories;
    size_t history_count;
    struct store_txn *one; /* for all of it; NULL: each step has its own */
    struct arena *arena;
    char *reason;
    struct stream_sink sink;
    /* Of the history in hand: the checkpoint that the receipts so far need next. */
    uint64_t receipt_size;
    uint32_t receipt_epoch;
};

static int explain(struct export *export, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int explain(struct export *export, int code, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(export->reason, EXPORT_REASON_MAX, format, arguments);
    va_end(arguments);
    return code;
}

/* A step failed that has no better sentence. */
static int explain_code(struct export *export, int code)
{
    if (code == 0)
        return 0;
    if (export->sink.code != 0)
        return explain(export, code, "The export cannot be written: %s.",
                       strerror(export->sink.error_number));
    return explain(export, code, "The store cannot be exported: %s", error_sentence(code));
}

static ProtobufCBinaryData field_of(const uint8_t *data, size_t size)
{
    return (ProtobufCBinaryData){.len = size, .data = (uint8_t *) (uintptr_t) data};
}

static void progress(struct export *export)
{
    export->totals.bytes = export->sink.bytes;
    if (export->options->progress != NULL)
        export->options->progress(export->options->context, &export->totals);
}

/* Transactions. */

static int reading_begin(struct export *export, struct store_txn **ret_txn)
{
    *ret_txn = export->one;
    return export->one != NULL ? 0 : store_begin_read(export->options->store, ret_txn);
}

static void reading_end(struct export *export, struct store_txn **txn)
{
    if (export->one == NULL)
        store_abort(txn);
    *txn = NULL;
}

/* Only a store with a place pays for it: one transaction keeps the pages that it sees from being used again. */
static int place_find(struct export *export, struct store_txn **txn)
{
    int code = store_entry_get(*txn, &export->totals.place);

#ifndef COMITY_CONTROL_EXPORT_IN_STEPS
    if (code == 0) {
        export->one = *txn;
        *txn = NULL;
    }
#endif
    return code == ERR_NOT_FOUND ? 0 : code;
}

/* Which histories. */

static int history_add(void *context, const struct store_history *history)
{
    struct export *export = context;
    struct store_history *larger;

    if (export->options->history != NULL &&
        memcmp(history->id, export->options->history, HISTORY_ID_SIZE) != 0)
        return 0;
    larger = realloc(export->histories, (export->history_count + 1) * sizeof(*larger));
    if (larger == NULL)
        return ERR_MEMORY;
    larger[export->history_count] = *history;
    export->histories = larger;
    export->history_count++;
    return 0;
}

static int log_key_check(struct export *export, struct store_txn *txn, const struct store_history *history)
{
    struct view view = store_view(txn, history);
    char hex[2 * HISTORY_ID_SIZE + 1];
    uint8_t key[KEY_SIZE];
    int code = state_log_key(&view, export->arena, key);

    if (code != 0 || memcmp(key, export->options->log_key->public_key, KEY_SIZE) == 0)
        return code;
    hex_encode(BYTES(history->id, HISTORY_ID_SIZE), hex);
    return explain(
        export, ERR_CONFIG,
        "History %s is signed with another log key than the one given: export it with the key file that "
        "its worker uses.",
        hex);
}

static int histories_find(struct export *export)
{
    struct store_txn *txn;
    int code = store_begin_read(export->options->store, &txn);

    if (code != 0)
        return explain_code(export, code);
    code = explain_code(export, store_history_each(txn, history_add, export));
    if (code == 0 && export->options->history != NULL && export->history_count == 0)
        code = explain(export, ERR_HISTORY, "The store has no such history.");
    for (size_t i = 0; code == 0 && i < export->history_count; i++) {
        arena_reset(export->arena);
        code = log_key_check(export, txn, &export->histories[i]);
        if (code != 0 && code != ERR_CONFIG)
            code = explain_code(export, code);
    }
    if (code == 0)
        code = explain_code(export, place_find(export, &txn));
    store_abort(&txn);
    return code;
}

/* Records. */

static int put(struct export *export, Comity__V1__ExportRecord__KindCase kind, void *message)
{
    Comity__V1__ExportRecord record = COMITY__V1__EXPORT_RECORD__INIT;

    record.kind_case = kind;
    /* Every member of the oneof is a pointer. */
    record.header = message;
    return sink_put(&export->sink, &record, export->arena);
}

static int group_read(struct export *export, struct bytes *ret_group)
{
    struct store_txn *txn;
    int code = reading_begin(export, &txn);

    if (code != 0)
        return code;
    code = store_meta_get(txn, "group", export->arena, ret_group);
    reading_end(export, &txn);
    return code;
}

/* Who joins needs every history. */
static Comity__V1__ExportPlace *place_fill(const struct export *export, Comity__V1__ExportPlace *place)
{
    const struct store_entry *entry = &export->totals.place;

    if (entry->number == 0 || export->options->history != NULL)
        return NULL;
    comity__v1__export_place__init(place);
    place->number = entry->number;
    place->total = entry->total;
    place->hash = field_of(entry->hash, HASH_SIZE);
    place->time_ms = entry->time_ms;
    place->level = entry->level;
    place->batch = field_of(entry->batch, BATCH_ID_SIZE);
    return place;
}

static int header_put(struct export *export)
{
    Comity__V1__ExportHeader header = COMITY__V1__EXPORT_HEADER__INIT;
    Comity__V1__ExportPlace place;
    struct bytes group = {0};
    int code;

    arena_reset(export->arena);
    code = group_read(export, &group);
    if (code != 0)
        return code;
    header.format = EXPORT_FORMAT;
    header.software = arena_string(export->arena, "comity " COMITY_VERSION);
    header.group = field_of(group.data, group.size);
    header.log_key = field_of(export->options->log_key->public_key, KEY_SIZE);
    header.made_ms = export->options->time_ms;
    header.histories = (uint32_t) export->history_count;
    header.place = place_fill(export, &place);
    if (header.software == NULL)
        return ERR_MEMORY;
    return put(export, COMITY__V1__EXPORT_RECORD__KIND_HEADER, &header);
}

/* The command that an event came of, by the id in its open part; only its first event has a command part. */
static int command_find(struct export *export, struct store_txn *txn, const struct store_history *history,
                        const Comity__V1__EventRecord *record, struct store_command *ret_command)
{
    const Comity__V1__Part *open = record->parts[0];
    const Comity__V1__Event *event;
    ProtobufCMessage *message;
    int code = message_unpack_trusted(&comity__v1__event__descriptor,
                                      BYTES(open->content.data, open->content.len), export->arena, &message);

    if (code != 0)
        return code;
    event = (const Comity__V1__Event *) message;
    if (event->command_id.len != COMMAND_ID_SIZE)
        return ERR_CORRUPT;
    code = store_command_get(txn, history, event->command_id.data, ret_command);
    if (code == ERR_NOT_FOUND || (code == 0 && ret_command->sequence == 0))
        return ERR_CORRUPT;
    return code;
}

static bool has_command(const Comity__V1__EventRecord *record)
{
    return record->n_parts > 1 && record->parts[1]->kind == COMITY__V1__PART_KIND__PART_KIND_COMMAND;
}

static int checkpoint_put(struct export *export, struct store_txn *txn, const struct store_history *history)
{
    Comity__V1__ExportCheckpoint checkpoint = COMITY__V1__EXPORT_CHECKPOINT__INIT;
    char note[CHECKPOINT_MAX_BYTES];
    size_t size;
    int code = checkpoint_make(txn, history, export->receipt_epoch, export->receipt_size,
                               export->options->log_key, note, &size);

    if (code != 0)
        return code == ERR_NOT_FOUND ? ERR_CORRUPT : code;
    checkpoint.epoch = export->receipt_epoch;
    checkpoint.size = export->receipt_size;
    checkpoint.note = field_of((const uint8_t *) note, size);
    export->receipt_size = 0;
    return put(export, COMITY__V1__EXPORT_RECORD__KIND_CHECKPOINT, &checkpoint);
}

static int event_put(struct export *export, struct store_txn *txn, const struct store_history *history,
                     uint64_t sequence)
{
    Comity__V1__ExportEvent event = COMITY__V1__EXPORT_EVENT__INIT;
    struct store_command command = {0};
    int code;

    arena_reset(export->arena);
    code = store_event_get(txn, history, sequence, export->arena, &event.record);
    if (code == 0 && event.record->n_parts == 0)
        code = ERR_CORRUPT;
    if (code == 0 && has_command(event.record)) {
        code = command_find(export, txn, history, event.record, &command);
        event.receipt_size = export->receipt_size = command.tree_size;
        event.receipt_epoch = export->receipt_epoch = command.epoch;
        export->totals.commands++;
    }
    if (code == 0)
        code = put(export, COMITY__V1__EXPORT_RECORD__KIND_EVENT, &event);
    if (code == 0 && sequence == export->receipt_size)
        code = checkpoint_put(export, txn, history);
    export->totals.events++;
    return code;
}

static int stretch_put(struct export *export, const struct store_history *history, uint64_t from, uint64_t to)
{
    struct store_txn *txn;
    int code = reading_begin(export, &txn);

    if (code != 0)
        return code;
    for (uint64_t sequence = from; code == 0 && sequence <= to; sequence++)
        code = event_put(export, txn, history, sequence);
    reading_end(export, &txn);
    return code;
}

static int history_begin_put(struct export *export, const struct store_history *history)
{
    Comity__V1__ExportHistory begin = COMITY__V1__EXPORT_HISTORY__INIT;

    arena_reset(export->arena);
    begin.history = field_of(history->id, HISTORY_ID_SIZE);
    begin.head = history->head;
    begin.epoch = history->epoch;
    return put(export, COMITY__V1__EXPORT_RECORD__KIND_HISTORY, &begin);
}

static int refusal_put(void *context, const uint8_t id[COMMAND_ID_SIZE], const struct store_command *refused)
{
    struct export *export = context;
    Comity__V1__ExportRefusal record;
    Comity__V1__Refusal refusal;

    arena_reset(export->arena);
    entry_refusal_fill(id, refused, &record, &refusal);
    return put(export, COMITY__V1__EXPORT_RECORD__KIND_REFUSAL, &record);
}

static int refusals_put(struct export *export, const struct store_history *history)
{
    struct store_txn *txn;
    int code = reading_begin(export, &txn);

    if (code != 0)
        return code;
    code = store_refusals_each(txn, history, refusal_put, export);
    reading_end(export, &txn);
    return code;
}

static int history_end_put(struct export *export, const struct store_history *history)
{
    Comity__V1__ExportHistoryEnd end = COMITY__V1__EXPORT_HISTORY_END__INIT;
    char note[CHECKPOINT_MAX_BYTES];
    struct store_txn *txn;
    size_t size;
    int code = reading_begin(export, &txn);

    if (code != 0)
        return code;
    arena_reset(export->arena);
    code =
        checkpoint_make(txn, history, history->epoch, history->head, export->options->log_key, note, &size);
    if (code == 0)
        code = cosignatures_read(txn, history, history->head, export->arena, &end.cosignatures,
                                 &end.n_cosignatures);
    reading_end(export, &txn);
    if (code != 0)
        return code;
    end.events = history->head;
    end.checkpoint = field_of((const uint8_t *) note, size);
    return put(export, COMITY__V1__EXPORT_RECORD__KIND_HISTORY_END, &end);
}

static bool is_to_end(const struct export *export)
{
    return (export->options->stops != NULL && atomic_load(export->options->stops)) ||
           (export->one != NULL && store_is_waited_for(export->options->store));
}

static int history_put(struct export *export, const struct store_history *history)
{
    int code = history_begin_put(export, history);

    export->receipt_size = 0;
    for (uint64_t from = 1; code == 0 && from <= history->head; from += EVENTS_A_STRETCH) {
        uint64_t to = history->head - from < EVENTS_A_STRETCH ? history->head : from + EVENTS_A_STRETCH - 1;

        code = stretch_put(export, history, from, to);
        progress(export);
        if (code == 0 && is_to_end(export))
            code = ERR_BUSY;
    }
    if (code == 0)
        code = refusals_put(export, history);
    if (code == 0)
        code = history_end_put(export, history);
    export->totals.histories++;
    return code;
}

static int end_put(struct export *export)
{
    Comity__V1__ExportEnd end = COMITY__V1__EXPORT_END__INIT;
    uint8_t digest[HASH_SIZE];
    uint8_t signature[SIGNATURE_SIZE];

    arena_reset(export->arena);
    sink_digest(&export->sink, digest);
    signature_make(export->options->log_key, TAG_EXPORT, BYTES(digest, sizeof(digest)), signature);
    end.histories = export->totals.histories;
    end.events = export->totals.events;
    end.digest = field_of(digest, sizeof(digest));
    end.signature = field_of(signature, sizeof(signature));
    return put(export, COMITY__V1__EXPORT_RECORD__KIND_END, &end);
}

/* Where histories went: who restores this is to know. What is on its way in is given anew after a restore; a worker that
 * joined out of the stream would lack it. */
static int move_note_put(struct export *export, struct bytes note)
{
    ProtobufCMessage *message;

    arena_reset(export->arena);
    int code = message_unpack_trusted(&comity__v1__signed_move__descriptor, note, export->arena, &message);
    return code == 0 ? put(export, COMITY__V1__EXPORT_RECORD__KIND_MOVE, message) : code;
}

static int move_put(void *context, const uint8_t history[HISTORY_ID_SIZE], const struct store_move *move)
{
    struct export *export = context;
    int code = 0;

    (void) history;
    if (move->kind == STORE_TAKING && export->one != NULL)
        return ERR_BUSY;
    if (move->went.size > 0)
        code = move_note_put(export, move->went);
    return code == 0 && move->kind != STORE_TAKING ? move_note_put(export, move->note) : code;
}

static int moves_put(struct export *export)
{
    struct store_txn *txn;
    int code;

    if (export->options->history != NULL)
        return 0;
    code = reading_begin(export, &txn);
    if (code != 0)
        return code;
    code = store_moves_each(txn, move_put, export);
    reading_end(export, &txn);
    return code;
}

static int stream_put(struct export *export)
{
    int code = header_put(export);

    if (code == 0)
        code = moves_put(export);
    for (size_t i = 0; code == 0 && i < export->history_count; i++)
        code = history_put(export, &export->histories[i]);
    if (code == 0)
        code = end_put(export);
    if (code == 0)
        code = sink_flush(&export->sink);
    return explain_code(export, code);
}

int export_write(const struct export_options *options, int descriptor, struct export_totals *ret_totals,
                 char reason[EXPORT_REASON_MAX])
{
    struct export *export = calloc(1, sizeof(*export));
    int code;

    if (export != NULL)
        export->arena = arena_new(ARENA_BYTES);
    if (export == NULL || export->arena == NULL) {
        free(export);
        snprintf(reason, EXPORT_REASON_MAX, "%s", error_sentence(ERR_MEMORY));
        return ERR_MEMORY;
    }
    export->options = options;
    export->reason = reason;
    sink_init(&export->sink, descriptor);
    export->sink.cipher = options->cipher;
    export->sink.context = options->context;
    code = histories_find(export);
    if (code == 0)
        code = stream_put(export);
    progress(export);
    if (code == 0)
        *ret_totals = export->totals;
    store_abort(&export->one);
    arena_destroy(&export->arena);
    free(export->histories);
    free(export);
    return code;
}

/* Files. */

static int file_explain(char reason[EXPORT_REASON_MAX], const char *path)
{
    int code = errno == ENOSPC || errno == EDQUOT ? ERR_DISK_FULL : errno == EEXIST ? ERR_EXISTS : ERR_FILE;

    snprintf(reason, EXPORT_REASON_MAX, "%s cannot be written: %s.", path, strerror(errno));
    return code;
}

int export_write_file(const struct export_options *options, const char *path,
                      struct export_totals *ret_totals, char reason[EXPORT_REASON_MAX])
{
    char temporary[PATH_MAX_BYTES];
    int descriptor;
    int code;

    if (snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path) >= (int) sizeof(temporary)) {
        snprintf(reason, EXPORT_REASON_MAX, "The path of the export is too long.");
        return ERR_FILE;
    }
    if (access(path, F_OK) == 0) {
        snprintf(reason, EXPORT_REASON_MAX, "%s exists: name another file, or remove that one first.", path);
        return ERR_EXISTS;
    }
    descriptor = mkostemp(temporary, O_CLOEXEC); /* mode 0600 */
    if (descriptor < 0)
        return file_explain(reason, path);
    code = export_write(options, descriptor, ret_totals, reason);
    if (code == 0 && fsync(descriptor) != 0)
        code = file_explain(reason, path);
    close(descriptor);
    if (code == 0 && (link(temporary, path) != 0 || directory_sync_of(path) != 0))
        code = file_explain(reason, path);
    unlink(temporary);
    return code;
}
