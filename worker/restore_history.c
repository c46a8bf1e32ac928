#include "worker/restore_history.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include <sodium.h>

#include "core/daemon/export_stream.h"
#include "core/error.h"
#include "core/note.h"
#include "core/text.h"

/* How much longer than by its own clock the worker that wrote a refusal may have kept it: clocks differ. */
#define CLOCKS_DIFFER_MS ((int64_t) 24 * 3600 * 1000)

/* One event on its way in. */
struct incoming {
    const Comity__V1__ExportEvent *event;
    const Comity__V1__EventRecord *record;
    const Comity__V1__Event *open;
    struct event_header header;
    struct event_part *parts;
    size_t part_count;
};

static int wrong(struct restore_history *h, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int wrong(struct restore_history *h, int code, const char *format, ...)
{
    char hex[2 * HISTORY_ID_SIZE + 1];
    char what[EXPORT_REASON_MAX / 2];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    hex_encode(BYTES(h->history.id, HISTORY_ID_SIZE), hex);
    snprintf(h->reason, EXPORT_REASON_MAX, "History %s, event %" PRIu64 ": %s.", hex, h->history.head + 1,
             what);
    return code;
}

static struct bytes view_of(ProtobufCBinaryData field)
{
    return BYTES(field.data, field.len);
}

int restore_history_begin(struct restore_history *h, const Comity__V1__ExportHistory *begin)
{
    struct store_history found;
    int code;

    if (begin->history.len != HISTORY_ID_SIZE || begin->head == 0) {
        snprintf(h->reason, EXPORT_REASON_MAX,
                 "The file is damaged: it announces a history without an id or events.");
        return ERR_MALFORMED;
    }
    memcpy(h->history.id, begin->history.data, HISTORY_ID_SIZE);
    h->head = begin->head;
    h->epoch = begin->epoch;
    code = store_history_get(h->txn, h->history.id, &found);
    if (code == 0)
        return wrong(h, ERR_CORRUPT, "the history is in the file twice");
    return code == ERR_HISTORY ? 0 : wrong(h, code, "%s", error_sentence(code));
}

bool restore_history_is_idle(const struct restore_history *h)
{
    return h->expected_next == h->expected.count;
}

/* What the stream says, checked for itself. */

static int parts_take(struct restore_history *h, struct incoming *in)
{
    const Comity__V1__EventRecord *record = in->record;

    in->part_count = record->n_parts;
    in->parts = arena_alloc(h->arena, (in->part_count + 1) * sizeof(*in->parts));
    if (in->parts == NULL)
        return wrong(h, ERR_MEMORY, "not enough memory");
    for (size_t i = 0; i < in->part_count; i++) {
        const Comity__V1__Part *part = record->parts[i];

        bool is_erased = part->is_withheld && part->is_purged &&
                         part->kind == COMITY__V1__PART_KIND__PART_KIND_TEXT && part->content.len == 0;

        if (part->is_withheld && !is_erased)
            return wrong(h, ERR_MALFORMED, "a part of it is withheld: only a whole export can be restored");
        in->parts[i].is_erased = is_erased;
        if ((part->salt.len != SALT_SIZE && !is_erased) || part->hash.len != HASH_SIZE ||
            part->kind > UINT8_MAX || part->audience > UINT8_MAX)
            return wrong(h, ERR_MALFORMED, "a part of it is malformed");
        in->parts[i].kind = (uint8_t) part->kind;
        in->parts[i].audience = (uint8_t) part->audience;
        in->parts[i].round = part->round;
        in->parts[i].content = view_of(part->content);
        if (!is_erased)
            memcpy(in->parts[i].salt, part->salt.data, SALT_SIZE);
        memcpy(in->parts[i].hash, part->hash.data, HASH_SIZE);
    }
    return 0;
}

static int header_check(struct restore_history *h, const struct incoming *in)
{
    bool is_epoch = in->open->kind_case == COMITY__V1__EVENT__KIND_EPOCH_OPENED;
    uint32_t epoch = h->history.number == 0 ? 1 : h->history.epoch;

    /* Whether it is the number that has to come, the machine says. */
    if (is_epoch && h->history.number != 0 && in->open->epoch_opened->epoch != NULL)
        epoch = in->open->epoch_opened->epoch->number;
    if (memcmp(in->header.history, h->history.id, HISTORY_ID_SIZE) != 0)
        return wrong(h, ERR_CORRUPT, "it belongs to another history");
    if (in->header.sequence != h->history.head + 1 || in->header.sequence > h->head)
        return wrong(h, ERR_CORRUPT, "another event stands in its place (%" PRIu64 ")", in->header.sequence);
    if (in->header.epoch != epoch)
        return wrong(h, ERR_CORRUPT, "it is of epoch %" PRIu32 " where %" PRIu32 " is due", in->header.epoch,
                     epoch);
    if (is_epoch && h->receipt_size != 0)
        return wrong(h, ERR_CORRUPT, "a new epoch begins before the receipts of the last one are proven");
    if (in->header.time_ms < h->history.time_ms)
        return wrong(h, ERR_CORRUPT, "its time lies before that of the event before it");
    return 0;
}

static int incoming_read(struct restore_history *h, const Comity__V1__ExportEvent *event, struct incoming *in)
{
    ProtobufCMessage *open;
    int code;

    in->event = event;
    in->record = event->record;
    if (in->record == NULL)
        return wrong(h, ERR_MALFORMED, "it has no record");
    code = event_record_check(in->record, &in->header);
    if (code == ERR_VERSION)
        return wrong(h, code, "it is of a format level that this worker does not know: it knows %d",
                     FORMAT_LEVEL);
    if (code != 0)
        return wrong(h, code, "it does not fit its commitment (%s)", error_name(code));
    code = parts_take(h, in);
    if (code != 0)
        return code;
    if (in->parts[0].kind != COMITY__V1__PART_KIND__PART_KIND_OPEN)
        return wrong(h, ERR_MALFORMED, "it has no open part");
    code = message_unpack(&comity__v1__event__descriptor, in->parts[0].content, EXPORT_RECORD_MAX_BYTES,
                          h->arena, NULL, &open);
    if (code != 0)
        return wrong(h, code, "its open part cannot be read (%s)", error_name(code));
    in->open = (const Comity__V1__Event *) open;
    return header_check(h, in);
}

/* What the machine says. */

static bool has_command(const struct incoming *in)
{
    return in->part_count > 1 && in->parts[1].kind == COMITY__V1__PART_KIND__PART_KIND_COMMAND;
}

static int texts_take(struct restore_history *h, const struct incoming *in)
{
    size_t count = in->part_count - 2;
    Comity__V1__Text **texts = arena_alloc(h->arena, (count + 1) * sizeof(*texts));
    struct refusal refusal = {0};

    for (size_t i = 0; texts != NULL && i < count; i++) {
        const struct event_part *part = &in->parts[2 + i];

        texts[i] = NULL;
        if (part->is_erased)
            continue;
        texts[i] = arena_alloc(h->arena, sizeof(**texts));
        if (texts[i] == NULL)
            break;
        comity__v1__text__init(texts[i]);
        texts[i]->salt = (ProtobufCBinaryData){SALT_SIZE, (uint8_t *) (uintptr_t) part->salt};
        texts[i]->content =
            (ProtobufCBinaryData){part->content.size, (uint8_t *) (uintptr_t) part->content.data};
    }
    if (arena_is_exhausted(h->arena))
        return wrong(h, ERR_MEMORY, "not enough memory");
    if (command_take_texts(&h->command, texts, count, h->arena, &refusal) != 0)
        return wrong(h, refusal.code, "its texts are not those of its command (%s)",
                     error_name(refusal.code));
    for (size_t i = 0; i < count; i++)
        if (in->parts[2 + i].is_erased &&
            memcmp(in->parts[2 + i].hash, h->command.texts[i].hash, HASH_SIZE) != 0)
            return wrong(h, ERR_TEXT, "its texts are not those of its command (%s)", error_name(ERR_TEXT));
    return 0;
}

static int command_read(struct restore_history *h, const struct incoming *in)
{
    struct refusal refusal = {0};
    struct store_command row;
    int code = command_open(in->parts[1].content, h->arena, &refusal, &h->command);

    if (code != 0)
        return wrong(h, code, "its command cannot be read (%s %s)", error_name(code), refusal.field);
    code = texts_take(h, in);
    if (code != 0)
        return code;
    code = command_check_signatures(&h->command, &refusal);
    if (code != 0)
        return wrong(h, code, "a signature of its command does not fit");
    if (memcmp(h->command.history, h->history.id, HISTORY_ID_SIZE) != 0)
        return wrong(h, ERR_CORRUPT, "its command is for another history");
    if (h->history.number != 0 &&
        store_command_get(h->txn, &h->history, h->command.id, &row) != ERR_NOT_FOUND)
        return wrong(h, ERR_CORRUPT, "its command came before");
    return 0;
}

/* The log key that the event puts on record, or that was on record before. */
static const uint8_t *log_key_of(const struct restore_history *h, const struct incoming *in)
{
    const Comity__V1__PartnershipFounded *founded;
    ProtobufCBinaryData key = {0};

    switch (in->open->kind_case) {
    case COMITY__V1__EVENT__KIND_EPOCH_OPENED:
        if (in->open->epoch_opened->epoch != NULL)
            key = in->open->epoch_opened->epoch->log_key;
        break;
    case COMITY__V1__EVENT__KIND_PARTNERSHIP_FOUNDED:
        founded = in->open->partnership_founded;
        if (founded->partnership != NULL && founded->partnership->n_epochs == 1)
            key = founded->partnership->epochs[0]->log_key;
        break;
    default:
        return h->log_key;
    }
    return key.len == KEY_SIZE ? key.data : NULL;
}

/* In the order in which the batch did it: what was due comes before any command. A new epoch was opened by a
 * restore, which carries out nothing else. */
static int expect(struct restore_history *h, const struct incoming *in)
{
    struct view view = store_view(h->txn, &h->history);
    struct machine_context context = {
        .time_ms = in->header.time_ms,
        .next_sequence = in->header.sequence,
        .log_key = log_key_of(h, in),
    };
    struct refusal refusal = {0};
    int code = 0;

    h->expected.count = 0;
    h->expected_next = 0;
    if (context.log_key == NULL)
        return wrong(h, ERR_MALFORMED, "it names no log key");
    if (h->history.number != 0 && in->open->kind_case == COMITY__V1__EVENT__KIND_EPOCH_OPENED)
        code = machine_open_epoch(&view, &context, h->arena, &h->expected);
    else if (h->history.number != 0)
        code = machine_due(&view, &context, h->arena, &h->expected);
    if (code != 0 || h->expected.count > 0)
        return code == 0 ? 0 : wrong(h, code, "it cannot be decided again (%s)", error_name(code));
    if (!has_command(in))
        return wrong(h, ERR_CORRUPT, "nothing caused it: no command, and no deadline that was due");
    code = command_read(h, in);
    if (code != 0)
        return code;
    code = machine_decide(&view, &h->command, &context, h->arena, &h->expected, &refusal);
    if (code != 0)
        return wrong(h, ERR_CORRUPT, "decided again, its command is refused (%s %s)", error_name(code),
                     refusal.field);
    return 0;
}

static int parts_compare(struct restore_history *h, const struct incoming *in,
                         const struct machine_event *expected)
{
    struct bytes open;
    size_t count = expected->command != NULL ? 2 + h->command.text_count : 1;
    int code = message_pack(&expected->open->base, h->arena, &open);

    if (code != 0)
        return wrong(h, code, "not enough memory");
    if (!bytes_equal(open, in->parts[0].content) || in->part_count != count ||
        in->parts[0].audience != COMITY__V1__AUDIENCE__AUDIENCE_ALL || in->parts[0].round != 0)
        return wrong(h, ERR_CORRUPT, "decided again, it comes out differently");
    for (size_t i = 1; i < count; i++) {
        int kind = i == 1 ? COMITY__V1__PART_KIND__PART_KIND_COMMAND : COMITY__V1__PART_KIND__PART_KIND_TEXT;

        if (in->parts[i].kind != kind || in->parts[i].audience != expected->audience ||
            in->parts[i].round != expected->round)
            return wrong(h, ERR_CORRUPT, "decided again, a part of it is for another audience");
    }
    return 0;
}

/* Into the store. */

static int history_ready(struct restore_history *h, const struct incoming *in)
{
    uint8_t id[HISTORY_ID_SIZE];

    if (h->history.number != 0)
        return in->header.epoch == h->history.epoch
                   ? 0
                   : store_history_set_epoch(h->txn, &h->history, in->header.epoch);
    memcpy(id, h->history.id, HISTORY_ID_SIZE);
    return store_history_create(h->txn, id, &h->history);
}

static int command_keep(struct restore_history *h, const struct incoming *in)
{
    struct store_command row = {
        .sequence = in->header.sequence,
        .events = (uint32_t) h->expected.count,
        .tree_size = in->event->receipt_size,
        .epoch = in->event->receipt_epoch,
    };

    h->commands++;
    return store_command_put(h->txn, &h->history, h->command.id, &row);
}

/* Receipts of one batch prove against one tree: sizes follow one another and cover the command's events. */
static int receipt_check(struct restore_history *h, const struct incoming *in,
                         const struct machine_event *expected)
{
    uint64_t size = in->event->receipt_size;
    uint64_t last = in->header.sequence + h->expected.count - 1;

    if (expected->command == NULL)
        return size == 0 ? 0 : wrong(h, ERR_MALFORMED, "it has a receipt and no command");
    if (size < last || size > h->head || in->event->receipt_epoch != in->header.epoch ||
        (h->receipt_size != 0 && size != h->receipt_size))
        return wrong(h, ERR_CORRUPT, "its receipt has a tree of %" PRIu64 ", which does not fit", size);
    h->receipt_size = size;
    return 0;
}

/* Texts that are not in the stream, for a purge that comes later in it. */
static int missing_count(struct restore_history *h, const struct incoming *in)
{
    bool is_erased = false;

    for (size_t i = 2; i < in->part_count; i++) {
        if (!in->parts[i].is_erased)
            continue;
        int code = store_text_is_erased(h->txn, &h->history, in->parts[i].hash, &is_erased);
        if (code != 0)
            return code;
        h->missing += !is_erased;
    }
    return 0;
}

static int texts_erase(struct restore_history *h, const Comity__V1__Event *open)
{
    bool was_there = false;
    int code = 0;

    if (open->kind_case != COMITY__V1__EVENT__KIND_TEXTS_PURGED)
        return 0;
    for (size_t i = 0; i < open->texts_purged->n_hashes && code == 0; i++) {
        code = store_text_erase(h->txn, &h->history, open->texts_purged->hashes[i].data, &was_there);
        if (code == 0 && !was_there && h->missing > 0)
            h->missing--;
    }
    return code;
}

static int event_keep(struct restore_history *h, const struct incoming *in, struct machine_event *expected)
{
    const uint8_t *log_key = log_key_of(h, in);
    struct view view;
    int code = history_ready(h, in);

    expected->sequence = in->header.sequence;
    expected->time_ms = in->header.time_ms;
    if (code == 0)
        code = missing_count(h, in);
    if (code == 0)
        code = store_event_append(h->txn, &h->history, &in->header, in->parts, in->part_count);
    if (code == 0)
        code = texts_erase(h, expected->open);
    if (code == 0 && expected->command != NULL)
        code = command_keep(h, in);
    if (code == 0) {
        view = store_view(h->txn, &h->history);
        code = machine_apply(&view, expected, h->arena);
    }
    if (code == 0)
        code = store_error(h->txn);
    memmove(h->log_key, log_key, KEY_SIZE);
    return code == 0 ? 0 : wrong(h, code, "it cannot be kept: %s", error_sentence(code));
}

int restore_history_event(struct restore_history *h, const Comity__V1__ExportEvent *event)
{
    struct incoming in = {0};
    struct machine_event *expected;
    int code;

    if (h->receipt_size != 0 && h->receipt_size == h->history.head)
        return wrong(h, ERR_MALFORMED, "the checkpoint before it is missing");
    code = incoming_read(h, event, &in);
    if (code == 0 && restore_history_is_idle(h))
        code = expect(h, &in);
    if (code != 0)
        return code;
    expected = &h->expected.list[h->expected_next];
    code = parts_compare(h, &in, expected);
    if (code == 0)
        code = receipt_check(h, &in, expected);
    if (code == 0)
        code = event_keep(h, &in, expected);
    h->expected_next++;
    return code;
}

/* Is it signed by the key on record, for this tree as it was built here? */
static int note_check(struct restore_history *h, struct bytes note)
{
    struct tree_nodes nodes = store_nodes(h->txn, &h->history);
    struct checkpoint checkpoint;
    char origin[ORIGIN_MAX_BYTES + 1];
    uint8_t root[HASH_SIZE];
    int code = checkpoint_open(note, h->log_key, &checkpoint);

    if (code != 0 || note.size > CHECKPOINT_MAX_BYTES)
        return wrong(h, code != 0 ? code : ERR_TOO_LARGE,
                     "the checkpoint before it is not signed by the log key on record");
    code = tree_root(&nodes, h->history.head, root);
    if (code != 0)
        return wrong(h, code, "%s", error_sentence(code));
    checkpoint_origin(h->history.id, h->history.epoch, origin);
    if (checkpoint.size != h->history.head || strcmp(checkpoint.origin, origin) != 0 ||
        memcmp(checkpoint.root, root, HASH_SIZE) != 0)
        return wrong(h, ERR_RECEIPT, "the checkpoint before it is of another tree than these events make");
    return 0;
}

int restore_history_checkpoint(struct restore_history *h, const Comity__V1__ExportCheckpoint *checkpoint)
{
    int code;

    if (h->receipt_size == 0 || h->receipt_size != h->history.head || checkpoint->size != h->history.head ||
        checkpoint->epoch != h->history.epoch)
        return wrong(h, ERR_MALFORMED, "a checkpoint stands before it that no receipt needs");
    code = note_check(h, view_of(checkpoint->note));
    if (code != 0)
        return code;
    h->receipt_size = 0;
    code = store_checkpoint_put(h->txn, &h->history, checkpoint->epoch, checkpoint->size,
                                view_of(checkpoint->note));
    return code == 0 ? 0 : wrong(h, code, "%s", error_sentence(code));
}

static int refusal_check(struct restore_history *h, const Comity__V1__ExportRefusal *record)
{
    int64_t now_ms = h->now_ms > h->history.time_ms ? h->now_ms : h->history.time_ms;

    if (h->history.head != h->head || !restore_history_is_idle(h) || h->receipt_size != 0)
        return wrong(h, ERR_MALFORMED, "a refusal stands before it, among the events");
    if (record->command_id.len != COMMAND_ID_SIZE || record->refusal == NULL || record->valid_until_ms < 0 ||
        strlen(record->refusal->field) >= FIELD_PATH_MAX)
        return wrong(h, ERR_MALFORMED, "a refusal before it is malformed");
    if (!store_keeps_refusal(record->refusal->code))
        return wrong(h, ERR_MALFORMED, "a refusal before it has a code that is not kept (%s)",
                     error_name(record->refusal->code));
    /* Not the newest event's time alone: a refusal is no event, and may have come long after it. */
    if (record->valid_until_ms - VALIDITY_MAX_MS - CLOCKS_DIFFER_MS > now_ms)
        return wrong(
            h, ERR_CORRUPT,
            "a refusal before it holds for longer than a command is valid, unless this machine's clock "
            "is behind");
    return 0;
}

/* Only the id is known of the command: it cannot be decided again, nor can its signer be looked for on the
 * roll. */
int restore_history_refusal(struct restore_history *h, const Comity__V1__ExportRefusal *record)
{
    struct store_command row = {.valid_until_ms = record->valid_until_ms};
    struct store_command known;
    int code = refusal_check(h, record);

    if (code != 0)
        return code;
    row.refusal.code = record->refusal->code;
    row.refusal.latest = record->refusal->latest;
    row.refusal.limit = record->refusal->limit;
    snprintf(row.refusal.field, sizeof(row.refusal.field), "%s", record->refusal->field);
    code = store_command_get(h->txn, &h->history, record->command_id.data, &known);
    if (code == 0)
        return wrong(h, ERR_CORRUPT, "a refusal before it is of a command that has its answer already");
    if (code == ERR_NOT_FOUND)
        code = store_command_put(h->txn, &h->history, record->command_id.data, &row);
    return code == 0 ? 0 : wrong(h, code, "%s", error_sentence(code));
}

int restore_history_end(struct restore_history *h, const Comity__V1__ExportHistoryEnd *end)
{
    if (h->history.head != h->head || end->events != h->head)
        return wrong(h, ERR_MALFORMED, "the history ends before it, of %" PRIu64 " announced events",
                     h->head);
    if (!restore_history_is_idle(h))
        return wrong(h, ERR_CORRUPT, "the event before it was to cause a further one");
    if (h->receipt_size != 0)
        return wrong(h, ERR_MALFORMED, "the checkpoint before it is missing");
    if (h->missing != 0)
        return wrong(h, ERR_TEXT, "texts are missing that nobody purged (%zu)", h->missing);
    if (h->history.epoch != h->epoch)
        return wrong(h, ERR_CORRUPT,
                     "the history ends before it in epoch %" PRIu32 ", not in %" PRIu32 " as announced",
                     h->history.epoch, h->epoch);
    return note_check(h, view_of(end->checkpoint));
}

int restore_history_open_epoch(struct store_txn *txn, struct store_history *history, int64_t time_ms,
                               const struct signing_key *log_key, struct arena *arena)
{
    struct view view = store_view(txn, history);
    struct machine_context context = {
        .time_ms = time_ms > history->time_ms ? time_ms : history->time_ms,
        .next_sequence = history->head + 1,
        .log_key = log_key->public_key,
    };
    struct machine_events events = {.count = 0};
    struct event_part part = {.kind = COMITY__V1__PART_KIND__PART_KIND_OPEN,
                              .audience = COMITY__V1__AUDIENCE__AUDIENCE_ALL};
    struct event_header header = {.level = FORMAT_LEVEL};
    int code = machine_open_epoch(&view, &context, arena, &events);

    if (code == 0 && events.count != 1)
        code = ERR_INTERNAL;
    if (code == 0)
        code = message_pack(&events.list[0].open->base, arena, &part.content);
    if (code == 0)
        code = store_history_set_epoch(txn, history, events.list[0].open->epoch_opened->epoch->number);
    if (code != 0)
        return code;
    randombytes_buf(part.salt, sizeof(part.salt));
    event_part_hash(&part);
    memcpy(header.history, history->id, HISTORY_ID_SIZE);
    header.epoch = history->epoch;
    header.sequence = context.next_sequence;
    header.time_ms = context.time_ms;
    event_commitment(&part, 1, header.commitment);
    events.list[0].sequence = header.sequence;
    events.list[0].time_ms = header.time_ms;
    code = store_event_append(txn, history, &header, &part, 1);
    return code == 0 ? machine_apply(&view, &events.list[0], arena) : code;
}
