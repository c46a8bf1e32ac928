#include "client/lib/receipt.h"

#include "client/lib/draft.h"
#include "core/error.h"
#include "core/message.h"
#include "core/note.h"
#include "core/tree.h"

enum { RECEIPT_MAX_BYTES = 512 * 1024, RECEIPT_ARENA_BYTES = 8 * 1024 * 1024 };

int receipt_claim_make(const struct command *command, struct arena *arena, struct receipt_claim *ret_claim)
{
    struct receipt_claim claim = {.epoch = command->body->epoch, .text_count = command->text_count};
    memcpy(claim.id, command->id, sizeof(claim.id));
    memcpy(claim.history, command->history, sizeof(claim.history));
    claim.signed_command = arena_bytes(arena, command->signed_command);
    claim.text_hashes = arena_alloc(arena, (command->text_count + 1) * HASH_SIZE);
    if (claim.signed_command.data == NULL || claim.text_hashes == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < command->text_count; i++)
        memcpy(claim.text_hashes[i], command->texts[i].hash, HASH_SIZE);
    *ret_claim = claim;
    return 0;
}

static struct bytes view(ProtobufCBinaryData data)
{
    return BYTES(data.data, data.len);
}

static int command_check(const struct receipt_claim *claim, const Comity__V1__Receipt *receipt)
{
    bool holds = bytes_equal(view(receipt->command_id), BYTES(claim->id, COMMAND_ID_SIZE)) &&
                 bytes_equal(view(receipt->history), BYTES(claim->history, HISTORY_ID_SIZE));
    return holds ? 0 : ERR_RECEIPT;
}

static int header_check(const struct receipt_claim *claim, const Comity__V1__Receipt *receipt,
                        struct event_header *ret_header)
{
    struct event_header header;
    if (receipt->event == NULL || event_header_read(view(receipt->event->header), &header) != 0)
        return ERR_RECEIPT;
    if (memcmp(header.history, claim->history, HISTORY_ID_SIZE) != 0 || header.sequence == 0 ||
        header.sequence != receipt->first_sequence || receipt->events == 0 || header.epoch < claim->epoch)
        return ERR_RECEIPT;
    *ret_header = header;
    return 0;
}

static bool is_claimed_text(const struct receipt_claim *claim, ProtobufCBinaryData hash)
{
    for (size_t i = 0; i < claim->text_count; i++)
        if (bytes_equal(view(hash), BYTES(claim->text_hashes[i], HASH_SIZE)))
            return true;
    return false;
}

/* The hash that the part must have, from what the client knows itself: of its command, and of what is shown.
 */
static int part_check(const struct receipt_claim *claim, const Comity__V1__Part *part)
{
    if (part->kind == COMITY__V1__PART_KIND__PART_KIND_TEXT)
        return is_claimed_text(claim, part->hash) ? 0 : ERR_RECEIPT;
    if (part->salt.len != SALT_SIZE)
        return ERR_RECEIPT;
    bool is_command = part->kind == COMITY__V1__PART_KIND__PART_KIND_COMMAND;
    struct event_part expected = {.kind = (uint8_t) part->kind,
                                  .content = is_command ? claim->signed_command : view(part->content)};
    memcpy(expected.salt, part->salt.data, SALT_SIZE);
    event_part_hash(&expected);
    return bytes_equal(view(part->hash), BYTES(expected.hash, HASH_SIZE)) ? 0 : ERR_RECEIPT;
}

/* One open part, which is shown; one command part; texts that were signed; nothing else. */
static int parts_check(const struct receipt_claim *claim, const Comity__V1__EventRecord *event)
{
    size_t kinds[4] = {0};
    for (size_t i = 0; i < event->n_parts; i++) {
        const Comity__V1__Part *part = event->parts[i];
        if (part->kind < COMITY__V1__PART_KIND__PART_KIND_OPEN ||
            part->kind > COMITY__V1__PART_KIND__PART_KIND_TEXT || part_check(claim, part) != 0)
            return ERR_RECEIPT;
        kinds[part->kind]++;
    }
    bool holds = kinds[COMITY__V1__PART_KIND__PART_KIND_OPEN] == 1 &&
                 kinds[COMITY__V1__PART_KIND__PART_KIND_COMMAND] == 1 &&
                 kinds[COMITY__V1__PART_KIND__PART_KIND_TEXT] <= claim->text_count;
    return holds ? 0 : ERR_RECEIPT;
}

static int commitment_check(const Comity__V1__EventRecord *event, const struct event_header *header)
{
    struct event_part parts[EVENT_PARTS_MAX] = {0};
    if (event->n_parts > EVENT_PARTS_MAX)
        return ERR_RECEIPT;
    for (size_t i = 0; i < event->n_parts; i++) {
        const Comity__V1__Part *part = event->parts[i];
        if ((uint32_t) part->audience > UINT8_MAX)
            return ERR_RECEIPT;
        parts[i].kind = (uint8_t) part->kind;
        parts[i].audience = (uint8_t) part->audience;
        parts[i].round = part->round;
        memcpy(parts[i].hash, part->hash.data, HASH_SIZE);
    }
    uint8_t commitment[HASH_SIZE];
    event_commitment(parts, event->n_parts, commitment);
    return memcmp(commitment, header->commitment, HASH_SIZE) == 0 ? 0 : ERR_RECEIPT;
}

/* The signed note's text: all before the empty line. */
static struct bytes note_text(struct bytes note)
{
    for (size_t i = 1; i < note.size; i++)
        if (note.data[i - 1] == '\n' && note.data[i] == '\n')
            return BYTES(note.data, i);
    return BYTES(NULL, 0);
}

static int proof_check(const Comity__V1__Receipt *receipt, uint64_t sequence)
{
    struct checkpoint checkpoint;
    struct bytes proof[PROOF_MAX];
    if (receipt->n_proof > PROOF_MAX ||
        checkpoint_read(note_text(view(receipt->checkpoint)), &checkpoint) != 0)
        return ERR_RECEIPT;
    for (size_t i = 0; i < receipt->n_proof; i++)
        proof[i] = view(receipt->proof[i]);
    uint8_t leaf[HASH_SIZE];
    tree_leaf_hash(view(receipt->event->header), leaf);
    return tree_inclusion_check(sequence - 1, checkpoint.size, leaf, proof, receipt->n_proof,
                                BYTES(checkpoint.root, HASH_SIZE)) == 0
               ? 0
               : ERR_RECEIPT;
}

/* Was this very note found to be signed by this key just before? */
static bool is_remembered(const struct receipt_memory *memory, struct bytes note, const uint8_t *log_key)
{
    return memory != NULL && memory->size > 0 && bytes_equal(BYTES(memory->note, memory->size), note) &&
           memcmp(memory->log_key, log_key, KEY_SIZE) == 0;
}

static void remember(struct receipt_memory *memory, struct bytes note, const uint8_t *log_key)
{
    if (memory == NULL || note.size > sizeof memory->note)
        return;
    memcpy(memory->note, note.data, note.size);
    memory->size = note.size;
    memcpy(memory->log_key, log_key, KEY_SIZE);
}

static int checkpoint_check(const Comity__V1__Receipt *receipt, const struct event_header *header,
                            const uint8_t (*log_keys)[KEY_SIZE], size_t key_count,
                            struct receipt_memory *memory)
{
    struct bytes note = view(receipt->checkpoint);
    char origin[ORIGIN_MAX_BYTES + 1];
    checkpoint_origin(header->history, header->epoch, origin);
    for (size_t i = 0; i < key_count; i++) {
        struct checkpoint checkpoint;
        int code = is_remembered(memory, note, log_keys[i]) ? checkpoint_read(note_text(note), &checkpoint)
                                                            : checkpoint_open(note, log_keys[i], &checkpoint);
        if (code != 0)
            continue;
        remember(memory, note, log_keys[i]);
        return strcmp(checkpoint.origin, origin) == 0 ? 0 : ERR_RECEIPT;
    }
    return ERR_RECEIPT;
}

int receipt_fits(const struct receipt_claim *claim, const Comity__V1__Receipt *receipt, struct event_header *ret_header,
                 enum receipt_step *ret_step)
{
    struct event_header header = {0};
    enum receipt_step step = RECEIPT_STEP_COMMAND;
    int code = command_check(claim, receipt);
    if (code == 0) {
        step = RECEIPT_STEP_HEADER;
        code = header_check(claim, receipt, &header);
    }
    if (code == 0) {
        step = RECEIPT_STEP_PARTS;
        code = parts_check(claim, receipt->event);
    }
    if (code == 0) {
        step = RECEIPT_STEP_COMMITMENT;
        code = commitment_check(receipt->event, &header);
    }
    if (code == 0) {
        step = RECEIPT_STEP_PROOF;
        code = proof_check(receipt, header.sequence);
    }
    if (code != 0)
        *ret_step = step;
    else
        *ret_header = header;
    return code;
}

int receipt_verify(const struct receipt_claim *claim, const Comity__V1__Receipt *receipt,
                   const uint8_t (*log_keys)[KEY_SIZE], size_t key_count, struct receipt_memory *memory,
                   struct event_header *ret_header, enum receipt_step *ret_step)
{
    struct event_header header;
    int code = receipt_fits(claim, receipt, &header, ret_step);
    if (code != 0)
        return code;
    code = checkpoint_check(receipt, &header, log_keys, key_count, memory);
    if (code != 0)
        *ret_step = RECEIPT_STEP_CHECKPOINT;
    else
        *ret_header = header;
    return code;
}

static int receipt_check_packed(const struct comity_draft *draft, struct bytes packed,
                                const struct comity_pin *pins, size_t pin_count, struct arena *arena,
                                enum receipt_step *ret_step)
{
    struct receipt_claim claim;
    struct event_header header;
    ProtobufCMessage *message = NULL;
    uint8_t(*keys)[KEY_SIZE] = arena_alloc(arena, (pin_count + 1) * KEY_SIZE);
    int code = keys == NULL ? ERR_MEMORY : receipt_claim_make(&draft->command, arena, &claim);
    if (code != 0)
        return code;
    size_t key_count = 0;
    for (size_t i = 0; i < pin_count; i++)
        if (memcmp(pins[i].history, claim.history, HISTORY_ID_SIZE) == 0)
            memcpy(keys[key_count++], pins[i].log_key, KEY_SIZE);
    *ret_step = RECEIPT_STEP_COMMAND;
    code = message_unpack(&comity__v1__receipt__descriptor, packed, RECEIPT_MAX_BYTES, arena, NULL, &message);
    if (code != 0)
        return code == ERR_MEMORY ? code : ERR_RECEIPT;
    return receipt_verify(&claim, (const Comity__V1__Receipt *) message, (const uint8_t(*)[KEY_SIZE]) keys,
                          key_count, NULL, &header, ret_step);
}

int comity_receipt_check(const struct comity_draft *draft, const uint8_t *receipt, size_t size,
                         const struct comity_pin *pins, size_t pin_count, unsigned *ret_step)
{
    enum receipt_step step = RECEIPT_STEP_COMMAND;
    struct arena *arena = arena_new(RECEIPT_ARENA_BYTES);
    if (arena == NULL)
        return ERR_MEMORY;
    int code = receipt_check_packed(draft, BYTES(receipt, size), pins, pin_count, arena, &step);
    arena_destroy(&arena);
    if (code == ERR_RECEIPT && ret_step != NULL)
        *ret_step = step;
    return code;
}
