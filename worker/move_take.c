/* Taking a history in: the export stream of it alone, out of the pieces that came, in one transaction. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"
#include "worker/cosign.h"
#include "worker/move.h"
#include "worker/restore_history.h"

enum { ARENA_BYTES = 128 * 1024 * 1024 };

struct intake {
    struct move_site *site;
    const struct store_move *move;
    const Comity__V1__MoveNote *note;
    struct arena *pieces; /* of the piece in hand */
    struct bytes piece;
    size_t next;
    int store_code; /* why a piece could not be read; 0: none so */
    struct stream_source source;
    struct restore_history history;
};

static ssize_t piece_read(void *context, uint8_t *data, size_t size)
{
    struct intake *intake = context;

    if (intake->piece.size == 0 && intake->next < intake->move->pieces.size / HASH_SIZE) {
        arena_reset(intake->pieces);
        intake->store_code =
            store_move_piece(intake->site->txn, intake->move, intake->next++, intake->pieces, &intake->piece);
        if (intake->store_code != 0) {
            errno = EIO;
            return -1;
        }
    }
    if (size > intake->piece.size)
        size = intake->piece.size;
    if (size > 0)
        memcpy(data, intake->piece.data, size);
    intake->piece.data += size;
    intake->piece.size -= size;
    return (ssize_t) size;
}

static int wrong(struct intake *intake, int code, const char *sentence)
{
    snprintf(intake->site->reason, EXPORT_REASON_MAX, "What came is not the history that is to be moved: %s.", sentence);
    return code;
}

static int record_take(struct intake *intake, Comity__V1__ExportRecord **ret_record)
{
    struct arena *arena = intake->history.replay.arena;
    int code;

    if (replay_is_idle(&intake->history.replay))
        arena_reset(arena);
    code = source_take(&intake->source, arena, ret_record);
    if (code == ERR_FILE)
        return intake->store_code;
    if (code != 0)
        snprintf(intake->site->reason, EXPORT_REASON_MAX, "What came is no export: at byte %" PRIu64 " (%s).",
                 intake->source.bytes, error_name(code));
    return code == ERR_NOT_FOUND ? ERR_MALFORMED : code;
}

static int header_take(struct intake *intake)
{
    const Comity__V1__ExportHeader *header;
    Comity__V1__ExportRecord *record;
    int code = record_take(intake, &record);

    if (code != 0)
        return code;
    header = record->header;
    if (record->kind_case != COMITY__V1__EXPORT_RECORD__KIND_HEADER || header->histories != 1)
        return wrong(intake, ERR_MALFORMED, "it does not begin as an export of one history");
    if (header->format != EXPORT_FORMAT)
        return wrong(intake, ERR_VERSION, "it is of a format that this worker does not know");
    if (!bytes_equal(BYTES(header->group.data, header->group.len),
                     BYTES(intake->note->from.data, intake->note->from.len)) ||
        !bytes_equal(BYTES(header->log_key.data, header->log_key.len), BYTES(intake->site->log_key->public_key, KEY_SIZE)))
        return wrong(intake, ERR_CONFIG, "it is of another group, or has another log key");
    return 0;
}

/* It has to end where it was frozen: the same note, for the same key signs the same. */
static int history_finish(struct intake *intake, const Comity__V1__ExportHistoryEnd *end)
{
    int code = restore_history_end(&intake->history, end);

    if (code != 0)
        return code;
    if (memcmp(intake->history.replay.log_key, intake->site->log_key->public_key, KEY_SIZE) != 0)
        return wrong(intake, ERR_SIGNATURE, "the history has another log key on record");
#ifndef COMITY_CONTROL_TAKES_ANY_HEAD
    if (!bytes_equal(BYTES(end->checkpoint.data, end->checkpoint.len),
                     BYTES(intake->note->checkpoint.data, intake->note->checkpoint.len)))
        return wrong(intake, ERR_RECEIPT, "it does not end where it was frozen");
#endif
    return cosignatures_restore(intake->site->txn, &intake->history.history, end->cosignatures, end->n_cosignatures,
                                intake->history.replay.arena);
}

/* One of a higher level than its new group agrees on could not be followed by a worker that does not know that level, and what
 * comes next there would be of a lower one. */
static int event_take(struct intake *intake, const Comity__V1__ExportEvent *event)
{
    int code = restore_history_event(&intake->history, event);

#ifndef COMITY_CONTROL_TAKES_ANY_LEVEL
    if (code == 0 && intake->history.replay.level > intake->site->level) {
        snprintf(intake->site->reason, EXPORT_REASON_MAX,
                 "The history has events of format level %" PRIu32 ", and the workers of this group agree on level %" PRIu32
                 ": install the version that the old group has on every worker of this one, and move it then.",
                 intake->history.replay.level, intake->site->level);
        code = ERR_VERSION;
    }
#endif
    return code;
}

static int history_record(struct intake *intake, const Comity__V1__ExportRecord *record, bool *ret_is_over)
{
    switch (record->kind_case) {
    case COMITY__V1__EXPORT_RECORD__KIND_EVENT:
        return event_take(intake, record->event);
    case COMITY__V1__EXPORT_RECORD__KIND_CHECKPOINT:
        return restore_history_checkpoint(&intake->history, record->checkpoint);
    case COMITY__V1__EXPORT_RECORD__KIND_REFUSAL:
        return restore_history_refusal(&intake->history, record->refusal);
    case COMITY__V1__EXPORT_RECORD__KIND_HISTORY_END:
        *ret_is_over = true;
        return history_finish(intake, record->history_end);
    default:
        return wrong(intake, ERR_MALFORMED, "its records are not in order");
    }
}

static int history_take(struct intake *intake)
{
    Comity__V1__ExportRecord *record;
    bool is_over = false;
    int code = record_take(intake, &record);

    if (code != 0)
        return code;
    if (record->kind_case != COMITY__V1__EXPORT_RECORD__KIND_HISTORY ||
        !bytes_equal(BYTES(record->history->history.data, record->history->history.len),
                     BYTES(intake->note->history.data, intake->note->history.len)))
        return wrong(intake, ERR_MALFORMED, "it is another history");
    code = restore_history_begin(&intake->history, record->history);
    while (code == 0 && !is_over) {
        code = record_take(intake, &record);
        if (code == 0)
            code = history_record(intake, record, &is_over);
    }
    return code;
}

/* By which the refusals stand as well. */
static int end_take(struct intake *intake)
{
    const Comity__V1__ExportEnd *end;
    Comity__V1__ExportRecord *record;
    int code = record_take(intake, &record);

    if (code != 0)
        return code;
    end = record->end;
    if (record->kind_case != COMITY__V1__EXPORT_RECORD__KIND_END || end->histories != 1 ||
        end->events != intake->history.history.head || end->signature.len != SIGNATURE_SIZE ||
        !bytes_equal(BYTES(end->digest.data, end->digest.len), BYTES(intake->source.digest_before, HASH_SIZE)) ||
        source_at_end(&intake->source) != 0)
        return wrong(intake, ERR_CORRUPT, "its end does not fit what came before it");
    if (signature_check(intake->site->log_key->public_key, TAG_EXPORT, BYTES(end->digest.data, end->digest.len),
                        end->signature.data) != 0)
        return wrong(intake, ERR_SIGNATURE, "it is not signed by the log key");
    return 0;
}

static int take_in(struct intake *intake, struct store_history *ret_history)
{
    int code = header_take(intake);

    if (code == 0)
        code = history_take(intake);
    if (code == 0)
        code = end_take(intake);
    restore_history_release(&intake->history);
    if (code == 0)
        *ret_history = intake->history.history;
    return code;
}

int move_take_in(struct move_site *site, const struct store_move *move, const Comity__V1__MoveNote *note,
                 struct store_history *ret_history)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct intake *intake = calloc(1, sizeof(*intake));
    int code = ERR_MEMORY;

    if (intake != NULL) {
        intake->site = site;
        intake->move = move;
        intake->note = note;
        intake->pieces = arena_new(ARENA_LIMIT_DEFAULT);
        intake->history = (struct restore_history){
            .txn = site->txn, .reason = site->reason, .replay = {.arena = arena, .now_ms = site->now_ms}};
        source_init_from(&intake->source, piece_read, intake);
        if (arena != NULL && intake->pieces != NULL)
            code = take_in(intake, ret_history);
        arena_destroy(&intake->pieces);
    }
    free(intake);
    arena_destroy(&arena);
    return code;
}
