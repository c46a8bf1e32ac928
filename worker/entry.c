#include "worker/entry.h"

#include <stdlib.h>

#include "core/error.h"
#include "worker/batch.h"

/* Bounds of what a message takes beside the contents of its fields: tags, lengths, and fields of known size. */
enum {
    ENTRY_BYTES = 64,
    HISTORY_BYTES = 64 + CHECKPOINT_MAX_BYTES,
    EVENT_BYTES = 64 + EVENT_HEADER_SIZE,
    PART_BYTES = 32 + SALT_SIZE + HASH_SIZE,
    MOVE_BYTES = 16,
    ARENA_BYTES = 32 * 1024 * 1024,
};

/* Of one history. */
struct piece {
    Comity__V1__LogHistory message;
    size_t event_room, refusal_room, cosignature_room;
    bool has_room; /* its own bytes were counted */
};

struct entry {
    struct arena *arena;
    size_t bytes; /* a bound of what is in it */
    struct piece pieces[BATCH_HISTORIES_MAX];
    Comity__V1__LogHistory *named[BATCH_HISTORIES_MAX];
    size_t named_count;
    const Comity__V1__MoveStep *move;
};

struct entry *entry_new(void)
{
    struct entry *entry = calloc(1, sizeof(*entry));

    if (entry == NULL)
        return NULL;
    entry->arena = arena_new(ARENA_BYTES);
    if (entry->arena == NULL)
        entry_destroy(&entry);
    else
        entry_begin(entry);
    return entry;
}

void entry_destroy(struct entry **entry)
{
    if (*entry == NULL)
        return;
    arena_destroy(&(*entry)->arena);
    free(*entry);
    *entry = NULL;
}

void entry_begin(struct entry *entry)
{
    arena_reset(entry->arena);
    entry->bytes = ENTRY_BYTES;
    entry->named_count = 0;
    entry->move = NULL;
    for (size_t i = 0; i < ARRAY_COUNT(entry->pieces); i++) {
        entry->pieces[i] = (struct piece){.event_room = 0};
        comity__v1__log_history__init(&entry->pieces[i].message);
    }
}

/* Room. */

size_t entry_events_bytes(const struct machine_events *events, const struct command *command)
{
    size_t bytes = 0;

    for (size_t i = 0; i < events->count; i++)
        bytes += EVENT_BYTES + PART_BYTES + protobuf_c_message_get_packed_size(&events->list[i].open->base);
    if (command == NULL)
        return bytes;
    bytes += PART_BYTES + command->signed_command.size;
    for (size_t i = 0; i < command->text_count; i++)
        bytes += PART_BYTES + command->texts[i].content.size;
    return bytes;
}

int entry_take_room(struct entry *entry, size_t history, size_t bytes)
{
    size_t needed = bytes + HISTORY_BYTES;

    if (needed > ENTRY_MAX_BYTES - ENTRY_BYTES)
        return ERR_TOO_LARGE;
    if (history >= ARRAY_COUNT(entry->pieces))
        return ERR_BUSY;
    if (entry->pieces[history].has_room)
        needed = bytes;
    if (needed > ENTRY_MAX_BYTES - entry->bytes)
        return ERR_BUSY;
    entry->pieces[history].has_room = true;
    entry->bytes += needed;
    return 0;
}

/* Adding. */

static ProtobufCBinaryData field_of(const uint8_t *data, size_t size)
{
    return (ProtobufCBinaryData){.len = size, .data = (uint8_t *) (uintptr_t) data};
}

static Comity__V1__Part *part_make(struct arena *arena, const struct event_part *part)
{
    Comity__V1__Part *message = arena_alloc(arena, sizeof(*message));

    if (message == NULL)
        return NULL;
    comity__v1__part__init(message);
    message->kind = (Comity__V1__PartKind) part->kind;
    message->audience = (Comity__V1__Audience) part->audience;
    message->round = part->round;
    message->salt = field_of(part->salt, SALT_SIZE);
    message->hash = field_of(part->hash, HASH_SIZE);
    message->content = field_of(part->content.data, part->content.size);
    return message;
}

/* An event and its record, in one piece of memory. */
struct event_message {
    Comity__V1__ExportEvent event;
    Comity__V1__EventRecord record;
    uint8_t header[EVENT_HEADER_SIZE];
};

static Comity__V1__ExportEvent *event_make(struct arena *arena, const struct event_header *header,
                                           const struct event_part *parts, size_t part_count)
{
    struct event_message *made = arena_alloc(arena, sizeof(*made));
    struct event_part *copies = arena_copy(arena, parts, part_count * sizeof(*parts));
    Comity__V1__Part **list = arena_alloc(arena, part_count * sizeof(*list));

    if (made == NULL || copies == NULL || list == NULL)
        return NULL;
    comity__v1__export_event__init(&made->event);
    comity__v1__event_record__init(&made->record);
    event_header_write(header, made->header);
    copies[0].content = arena_bytes(arena, parts[0].content);
    for (size_t i = 0; i < part_count; i++)
        list[i] = part_make(arena, &copies[i]);
    made->record.header = field_of(made->header, EVENT_HEADER_SIZE);
    made->record.parts = list;
    made->record.n_parts = part_count;
    made->event.record = &made->record;
    return &made->event;
}

int entry_add_event(struct entry *entry, size_t history, const struct event_header *header,
                    const struct event_part *parts, size_t part_count)
{
    struct piece *piece = &entry->pieces[history];
    Comity__V1__ExportEvent *event = event_make(entry->arena, header, parts, part_count);

    piece->message.events = arena_room(entry->arena, piece->message.events, piece->message.n_events,
                                       &piece->event_room, sizeof(event));
    if (arena_is_exhausted(entry->arena))
        return ERR_MEMORY;
    piece->message.events[piece->message.n_events++] = event;
    return 0;
}

void entry_refusal_fill(const uint8_t id[COMMAND_ID_SIZE], const struct store_command *refused,
                        Comity__V1__ExportRefusal *record, Comity__V1__Refusal *refusal)
{
    comity__v1__export_refusal__init(record);
    comity__v1__refusal__init(refusal);
    refusal->code = refused->refusal.code;
    refusal->field = (char *) (uintptr_t) refused->refusal.field;
    refusal->latest = refused->refusal.latest;
    refusal->limit = refused->refusal.limit;
    record->command_id = field_of(id, COMMAND_ID_SIZE);
    record->valid_until_ms = refused->valid_until_ms;
    record->refusal = refusal;
}

static int add_refusal(struct entry *entry, size_t history, const uint8_t id[COMMAND_ID_SIZE],
                       const struct store_command *row)
{
    struct piece *piece = &entry->pieces[history];
    Comity__V1__ExportRefusal *record = arena_alloc(entry->arena, sizeof(*record));
    Comity__V1__Refusal *refusal = arena_alloc(entry->arena, sizeof(*refusal));

    piece->message.refusals = arena_room(entry->arena, piece->message.refusals, piece->message.n_refusals,
                                         &piece->refusal_room, sizeof(record));
    if (arena_is_exhausted(entry->arena))
        return ERR_MEMORY;
    entry_refusal_fill(id, row, record, refusal);
    piece->message.refusals[piece->message.n_refusals++] = record;
    return 0;
}

int entry_add_row(struct entry *entry, size_t history, const uint8_t id[COMMAND_ID_SIZE],
                  const struct store_command *row)
{
    Comity__V1__LogHistory *message = &entry->pieces[history].message;
    Comity__V1__ExportEvent *event;

    if (row->sequence == 0)
        return add_refusal(entry, history, id, row);
    /* The last event is the tree's. */
    event = message->events[message->n_events - 1 - (row->tree_size - row->sequence)];
    event->receipt_size = row->tree_size;
    event->receipt_epoch = row->epoch;
    return 0;
}

int entry_add_cosignature(struct entry *entry, size_t history, Comity__V1__Cosignature *cosignature)
{
    struct piece *piece = &entry->pieces[history];
    Comity__V1__LogHistory *message = &piece->message;

    message->cosignatures = arena_room(entry->arena, message->cosignatures, message->n_cosignatures,
                                       &piece->cosignature_room, sizeof(cosignature));
    if (arena_is_exhausted(entry->arena))
        return ERR_MEMORY;
    message->cosignatures[message->n_cosignatures++] = cosignature;
    return 0;
}

bool entry_has_events(const struct entry *entry, size_t history)
{
    return entry->pieces[history].message.n_events > 0;
}

void entry_name(struct entry *entry, size_t history, const uint8_t id[HISTORY_ID_SIZE], struct bytes checkpoint)
{
    Comity__V1__LogHistory *message = &entry->pieces[history].message;

    if (message->n_events == 0 && message->n_refusals == 0 && message->n_cosignatures == 0)
        return;
    message->history = field_of(id, HISTORY_ID_SIZE);
    message->checkpoint = field_of(checkpoint.data, checkpoint.size);
    entry->named[entry->named_count++] = message;
}

int entry_set_move(struct entry *entry, const Comity__V1__MoveStep *step)
{
    size_t bytes = MOVE_BYTES + protobuf_c_message_get_packed_size(&step->base);

    if (bytes > ENTRY_MAX_BYTES - entry->bytes)
        return ERR_TOO_LARGE;
    entry->bytes += bytes;
    entry->move = step;
    return 0;
}

int entry_pack(struct entry *entry, struct order_batch *batch)
{
    Comity__V1__LogEntry message = COMITY__V1__LOG_ENTRY__INIT;
    struct bytes body;
    int code;

    message.batch = field_of(batch->id, BATCH_ID_SIZE);
    message.number = batch->number;
    message.time_ms = batch->time_ms;
    message.level = batch->level;
    message.histories = entry->named;
    message.n_histories = entry->named_count;
    message.move = (Comity__V1__MoveStep *) (uintptr_t) entry->move;
    code = message_pack(&message.base, entry->arena, &body);
    if (code == 0 && (body.size > ENTRY_MAX_BYTES || body.size > entry->bytes))
        code = ERR_INTERNAL;
    if (code == 0)
        batch->body = body;
    return code;
}
