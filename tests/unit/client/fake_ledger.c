#include "fake_ledger.h"

#include <sodium.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/event.h"
#include "core/note.h"
#include "core/tree.h"

enum { PARTS_MAX = 40, FILLING = 5 /* other events, so that proofs are not empty */ };

struct lie_row {
    const char *name;
    unsigned step;
};

static const struct lie_row LIES[LIE_COUNT] = {
    [LIE_NONE] = {"none", 0},
    [LIE_COMMAND_ID] = {"command id", 1},
    [LIE_HISTORY] = {"history", 1},
    [LIE_NO_EVENT] = {"no event", 2},
    [LIE_HEADER_MAGIC] = {"header magic", 2},
    [LIE_HEADER_HISTORY] = {"header history", 2},
    [LIE_SEQUENCE] = {"sequence", 2},
    [LIE_NO_EVENTS] = {"no events", 2},
    [LIE_COMMAND_PART] = {"command part", 3},
    [LIE_NO_COMMAND_PART] = {"no command part", 3},
    [LIE_OPEN_PART] = {"open part", 3},
    [LIE_NO_OPEN_PART] = {"no open part", 3},
    [LIE_TEXT_PART] = {"text part", 3},
    [LIE_PART_KIND] = {"part kind", 3},
    [LIE_COMMITMENT] = {"commitment", 4},
    [LIE_AUDIENCE] = {"audience", 4},
    [LIE_ROUND] = {"round", 4},
    [LIE_TEXT_LEFT_OUT] = {"text left out", 4},
    [LIE_NOT_IN_TREE] = {"not in tree", 5},
    [LIE_PROOF] = {"proof", 5},
    [LIE_PROOF_SHORT] = {"proof short", 5},
    [LIE_CHECKPOINT_TEXT] = {"checkpoint text", 5},
    [LIE_ORIGIN_HISTORY] = {"origin history", 6},
    [LIE_ORIGIN_EPOCH] = {"origin epoch", 6},
    [LIE_LOG_KEY] = {"log key", 6},
    [LIE_SIGNATURE] = {"signature", 6},
};

unsigned lie_step(enum lie lie)
{
    return LIES[lie].step;
}

const char *lie_name(enum lie lie)
{
    return LIES[lie].name;
}

/* ---- The tree ---- */

static int node_get(void *self, unsigned level, uint64_t index, uint8_t ret_hash[HASH_SIZE])
{
    struct ledger *ledger = self;
    if (level >= LEDGER_LEVELS || index >= LEDGER_EVENTS_MAX)
        return ERR_RANGE;
    memcpy(ret_hash, ledger->nodes[level][index], HASH_SIZE);
    return 0;
}

static int node_put(void *self, unsigned level, uint64_t index, const uint8_t hash[HASH_SIZE])
{
    struct ledger *ledger = self;
    if (level >= LEDGER_LEVELS || index >= LEDGER_EVENTS_MAX)
        return ERR_RANGE;
    memcpy(ledger->nodes[level][index], hash, HASH_SIZE);
    return 0;
}

static void append(struct ledger *ledger, const uint8_t leaf[HASH_SIZE])
{
    const struct tree_nodes nodes = {ledger, node_get, node_put};
    if (tree_append(&nodes, ledger->head, leaf) != 0)
        abort();
    ledger->head++;
}

static void append_random(struct ledger *ledger)
{
    uint8_t leaf[HASH_SIZE];
    randombytes_buf(leaf, sizeof(leaf));
    append(ledger, leaf);
}

struct ledger *ledger_new(const uint8_t history[HISTORY_ID_SIZE])
{
    struct ledger *ledger = calloc(1, sizeof(*ledger));
    if (ledger == NULL || key_init() != 0)
        abort();
    memcpy(ledger->history, history, HISTORY_ID_SIZE);
    ledger->epoch = 1;
    ledger->time_ms = 1700000000000;
    signing_key_generate(&ledger->log_key);
    return ledger;
}

void ledger_grow(struct ledger *ledger, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        append_random(ledger);
}

/* Complete nodes beyond the size are written anew by what is appended. */
void ledger_cut(struct ledger *ledger, uint64_t at)
{
    ledger->head = at;
}

void ledger_fork(struct ledger *ledger, uint64_t at)
{
    uint64_t size = ledger->head;
    ledger_cut(ledger, at - 1);
    ledger_grow(ledger, size - at + 1);
}

struct bytes ledger_checkpoint(struct ledger *ledger, uint64_t size, struct arena *arena)
{
    const struct tree_nodes nodes = {ledger, node_get, node_put};
    struct checkpoint checkpoint = {.size = size};
    char note[CHECKPOINT_MAX_BYTES];
    checkpoint_origin(ledger->history, ledger->epoch, checkpoint.origin);
    if (tree_root(&nodes, size, checkpoint.root) != 0)
        abort();
    size_t note_size = checkpoint_sign(&checkpoint, &ledger->log_key, note);
    return arena_bytes(arena, BYTES(note, note_size));
}

int ledger_proof(struct ledger *ledger, uint64_t from, uint64_t size, uint8_t ret_proof[64][HASH_SIZE],
                 size_t *ret_count)
{
    const struct tree_nodes nodes = {ledger, node_get, node_put};
    return tree_consistency_proof(&nodes, from, size, ret_proof, ret_count);
}

void ledger_destroy(struct ledger **ledger)
{
    free(*ledger);
    *ledger = NULL;
}

/* ---- Parts ---- */

struct record {
    struct ledger *ledger;
    const struct command *command;
    enum lie lie;
    struct arena *arena;
    struct event_part parts[PARTS_MAX];
    size_t count;
    struct event_header header;
    uint8_t leaf[EVENT_HEADER_SIZE];
};

static void *take(struct arena *arena, size_t size)
{
    void *memory = arena_alloc(arena, size);
    if (memory == NULL)
        abort();
    return memory;
}

static struct event_part *part_add(struct record *record, uint8_t kind, struct bytes content)
{
    struct event_part *part = &record->parts[record->count++];
    *part =
        (struct event_part){.kind = kind, .audience = COMITY__V1__AUDIENCE__AUDIENCE_ALL, .content = content};
    randombytes_buf(part->salt, sizeof(part->salt));
    event_part_hash(part);
    return part;
}

static struct bytes open_content(struct record *record)
{
    Comity__V1__Event event = COMITY__V1__EVENT__INIT;
    Comity__V1__SessionOpened opened = COMITY__V1__SESSION_OPENED__INIT;
    event.actor = 1;
    event.actor_key = record->command->body->key;
    event.command_id = (ProtobufCBinaryData){COMMAND_ID_SIZE, (uint8_t *) record->command->id};
    event.kind_case = COMITY__V1__EVENT__KIND_SESSION_OPENED;
    event.session_opened = &opened;
    struct bytes packed;
    if (message_pack(&event.base, record->arena, &packed) != 0)
        abort();
    return packed;
}

static void parts_make(struct record *record)
{
    struct bytes command = record->command->signed_command;
    if (record->lie == LIE_COMMAND_PART)
        command = BYTES("another command", 15);
    if (record->lie != LIE_NO_OPEN_PART)
        part_add(record, COMITY__V1__PART_KIND__PART_KIND_OPEN, open_content(record));
    if (record->lie != LIE_NO_COMMAND_PART)
        part_add(record, COMITY__V1__PART_KIND__PART_KIND_COMMAND, command);
    if (record->lie == LIE_PART_KIND)
        part_add(record, COMITY__V1__PART_KIND__PART_KIND_UNSPECIFIED, BYTES("?", 1));
    for (size_t i = 0; i < record->command->text_count; i++) {
        const struct command_text *text = &record->command->texts[i];
        struct event_part *part = part_add(record, COMITY__V1__PART_KIND__PART_KIND_TEXT, text->content);
        memcpy(part->salt, text->salt, SALT_SIZE);
        event_part_hash(part);
    }
    if (record->lie == LIE_TEXT_PART)
        part_add(record, COMITY__V1__PART_KIND__PART_KIND_TEXT, BYTES("never signed", 12));
}

static void header_make(struct record *record)
{
    struct ledger *ledger = record->ledger;
    struct event_header *header = &record->header;
    *header = (struct event_header){.level = FORMAT_LEVEL,
                                    .epoch = ledger->epoch,
                                    .sequence = ledger->head + 1,
                                    .time_ms = ledger->time_ms++};
    memcpy(header->history, ledger->history, HISTORY_ID_SIZE);
    event_commitment(record->parts, record->count, header->commitment);
    if (record->lie == LIE_COMMITMENT)
        header->commitment[5] ^= 1;
    if (record->lie == LIE_HEADER_HISTORY)
        header->history[5] ^= 1;
    event_header_write(header, record->leaf);
    if (record->lie == LIE_HEADER_MAGIC)
        record->leaf[0] = 'X';
    uint8_t leaf[HASH_SIZE];
    tree_leaf_hash(BYTES(record->leaf, EVENT_HEADER_SIZE), leaf);
    if (record->lie == LIE_NOT_IN_TREE)
        leaf[5] ^= 1;
    append(ledger, leaf);
}

/* ---- The receipt ---- */

static ProtobufCBinaryData binary(struct arena *arena, struct bytes bytes)
{
    uint8_t *data = take(arena, bytes.size + 1);
    if (bytes.size > 0)
        memcpy(data, bytes.data, bytes.size);
    return (ProtobufCBinaryData){bytes.size, data};
}

static Comity__V1__Part *part_show(struct record *record, const struct event_part *part)
{
    Comity__V1__Part *shown = take(record->arena, sizeof(*shown));
    comity__v1__part__init(shown);
    shown->kind = (Comity__V1__PartKind) part->kind;
    shown->audience = (Comity__V1__Audience) part->audience;
    shown->round = part->round;
    shown->salt = binary(record->arena, BYTES(part->salt, SALT_SIZE));
    shown->hash = binary(record->arena, BYTES(part->hash, HASH_SIZE));
    bool is_open = part->kind == COMITY__V1__PART_KIND__PART_KIND_OPEN;
    if (is_open)
        shown->content = binary(record->arena, part->content);
    if (is_open && record->lie == LIE_OPEN_PART)
        shown->content.data[1] ^= 1;
    bool is_command = part->kind == COMITY__V1__PART_KIND__PART_KIND_COMMAND;
    if (is_command && record->lie == LIE_AUDIENCE)
        shown->audience = COMITY__V1__AUDIENCE__AUDIENCE_VOTER_UNTIL_CLOSE;
    if (is_command && record->lie == LIE_ROUND)
        shown->round++;
    return shown;
}

static Comity__V1__EventRecord *event_show(struct record *record)
{
    Comity__V1__EventRecord *event = take(record->arena, sizeof(*event));
    comity__v1__event_record__init(event);
    event->header = binary(record->arena, BYTES(record->leaf, EVENT_HEADER_SIZE));
    event->parts = take(record->arena, PARTS_MAX * sizeof(*event->parts));
    for (size_t i = 0; i < record->count; i++) {
        bool is_text = record->parts[i].kind == COMITY__V1__PART_KIND__PART_KIND_TEXT;
        if (!is_text || record->lie != LIE_TEXT_LEFT_OUT)
            event->parts[event->n_parts++] = part_show(record, &record->parts[i]);
    }
    return event;
}

static void proof_show(struct record *record, Comity__V1__Receipt *receipt)
{
    const struct tree_nodes nodes = {record->ledger, node_get, node_put};
    uint8_t proof[PROOF_MAX][HASH_SIZE];
    size_t count;
    if (tree_inclusion_proof(&nodes, record->header.sequence - 1, record->ledger->head, proof, &count) != 0)
        abort();
    receipt->proof = take(record->arena, PROOF_MAX * sizeof(*receipt->proof));
    for (size_t i = 0; i < count; i++)
        receipt->proof[i] = binary(record->arena, BYTES(proof[i], HASH_SIZE));
    receipt->n_proof = record->lie == LIE_PROOF_SHORT ? count - 1 : count;
    if (record->lie == LIE_PROOF)
        receipt->proof[0].data[0] ^= 1;
}

static ProtobufCBinaryData checkpoint_show(struct record *record)
{
    struct ledger *ledger = record->ledger;
    const struct tree_nodes nodes = {ledger, node_get, node_put};
    struct checkpoint checkpoint = {.size = ledger->head};
    struct signing_key key = ledger->log_key;
    uint8_t history[HISTORY_ID_SIZE];
    char note[CHECKPOINT_MAX_BYTES];
    memcpy(history, record->header.history, HISTORY_ID_SIZE);
    if (record->lie == LIE_ORIGIN_HISTORY)
        history[5] ^= 1;
    checkpoint_origin(history, record->lie == LIE_ORIGIN_EPOCH ? ledger->epoch + 1 : ledger->epoch,
                      checkpoint.origin);
    if (tree_root(&nodes, ledger->head, checkpoint.root) != 0)
        abort();
    if (record->lie == LIE_LOG_KEY)
        signing_key_generate(&key);
    size_t size = checkpoint_sign(&checkpoint, &key, note);
    if (record->lie == LIE_SIGNATURE) /* a digit of base64 well before the end */
        note[size - 20] = note[size - 20] == 'A' ? 'B' : 'A';
    if (record->lie == LIE_CHECKPOINT_TEXT)
        note[0] = '\n';
    return binary(record->arena, BYTES(note, size));
}

struct bytes ledger_record(struct ledger *ledger, const struct command *command, enum lie lie,
                           struct arena *arena)
{
    struct record record = {.ledger = ledger, .command = command, .lie = lie, .arena = arena};
    for (int i = 0; i < FILLING; i++)
        append_random(ledger);
    parts_make(&record);
    header_make(&record);
    append_random(ledger);
    Comity__V1__Receipt receipt = COMITY__V1__RECEIPT__INIT;
    receipt.command_id = binary(arena, BYTES(command->id, COMMAND_ID_SIZE));
    receipt.history = binary(arena, BYTES(command->history, HISTORY_ID_SIZE));
    receipt.first_sequence = record.header.sequence;
    receipt.events = lie == LIE_NO_EVENTS ? 0 : 1;
    if (lie == LIE_COMMAND_ID)
        receipt.command_id.data[0] ^= 1;
    if (lie == LIE_HISTORY)
        receipt.history.data[0] ^= 1;
    if (lie == LIE_SEQUENCE)
        receipt.first_sequence++;
    if (lie != LIE_NO_EVENT)
        receipt.event = event_show(&record);
    proof_show(&record, &receipt);
    receipt.checkpoint = checkpoint_show(&record);
    struct bytes packed;
    if (message_pack(&receipt.base, arena, &packed) != 0)
        abort();
    return packed;
}
