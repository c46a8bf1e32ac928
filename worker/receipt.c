#include "worker/receipt.h"

#include "core/error.h"

/* A note at a size that the tree of the present epoch had. */
static int checkpoint_sign_at(struct store_txn *txn, const struct store_history *history, uint32_t epoch,
                              uint64_t size, const struct signing_key *log_key,
                              char buffer[CHECKPOINT_MAX_BYTES], size_t *ret_size)
{
    struct tree_nodes nodes = store_nodes(txn, history);
    struct checkpoint checkpoint = {.size = size};
    int code = tree_root(&nodes, size, checkpoint.root);

    if (code != 0)
        return code;
    checkpoint_origin(history->id, epoch, checkpoint.origin);
    *ret_size = checkpoint_sign(&checkpoint, log_key, buffer);
    return 0;
}

int checkpoint_make(struct store_txn *txn, const struct store_history *history, uint32_t epoch, uint64_t size,
                    const struct signing_key *log_key, char buffer[CHECKPOINT_MAX_BYTES], size_t *ret_size)
{
    struct bytes note;
    int code;

    if (size > history->head || epoch > history->epoch)
        return ERR_RANGE;
    if (epoch == history->epoch)
        return checkpoint_sign_at(txn, history, epoch, size, log_key, buffer, ret_size);
    code = store_checkpoint_get(txn, history, epoch, size, &note);
    if (code != 0)
        return code;
    if (note.size == 0 || note.size > CHECKPOINT_MAX_BYTES)
        return ERR_CORRUPT;
    memcpy(buffer, note.data, note.size);
    *ret_size = note.size;
    return 0;
}

int hashes_to_fields(struct arena *arena, const uint8_t (*hashes)[HASH_SIZE], size_t count,
                     ProtobufCBinaryData **ret_fields, size_t *ret_count)
{
    ProtobufCBinaryData *fields = arena_alloc(arena, (count + 1) * sizeof(*fields));
    uint8_t *copy = arena_copy(arena, hashes, count * HASH_SIZE);

    if (fields == NULL || (copy == NULL && count > 0))
        return ERR_MEMORY;
    for (size_t i = 0; i < count; i++)
        fields[i] = (ProtobufCBinaryData){.len = HASH_SIZE, .data = copy + i * HASH_SIZE};
    *ret_fields = fields;
    *ret_count = count;
    return 0;
}

static int proof_fill(struct store_txn *txn, const struct store_history *history,
                      const struct store_command *command, struct arena *arena, Comity__V1__Receipt *receipt)
{
    struct tree_nodes nodes = store_nodes(txn, history);
    uint8_t proof[PROOF_MAX][HASH_SIZE];
    size_t count;
    int code = tree_inclusion_proof(&nodes, command->sequence - 1, command->tree_size, proof, &count);

    if (code != 0)
        return code;
    return hashes_to_fields(arena, proof, count, &receipt->proof, &receipt->n_proof);
}

static int field_copy(struct arena *arena, struct bytes bytes, ProtobufCBinaryData *ret_field)
{
    uint8_t *copy = arena_copy(arena, bytes.data, bytes.size);

    if (copy == NULL)
        return ERR_MEMORY;
    *ret_field = (ProtobufCBinaryData){.len = bytes.size, .data = copy};
    return 0;
}

int receipt_build(struct store_txn *txn, const struct store_history *history,
                  const uint8_t id[COMMAND_ID_SIZE], const struct store_command *command,
                  struct bytes checkpoint, struct arena *arena, Comity__V1__Receipt **ret_receipt)
{
    Comity__V1__Receipt *receipt = arena_alloc(arena, sizeof(*receipt));
    int code;

    if (receipt == NULL)
        return ERR_MEMORY;
    if (command->sequence == 0)
        return ERR_NOT_FOUND;
    comity__v1__receipt__init(receipt);
    receipt->first_sequence = command->sequence;
    receipt->events = command->events;
    code = store_event_get_bare(txn, history, command->sequence, arena, &receipt->event);
    if (code == 0)
        code = proof_fill(txn, history, command, arena, receipt);
    if (code == 0)
        code = field_copy(arena, BYTES(id, COMMAND_ID_SIZE), &receipt->command_id);
    if (code == 0)
        code = field_copy(arena, BYTES(history->id, HISTORY_ID_SIZE), &receipt->history);
    if (code == 0)
        code = field_copy(arena, checkpoint, &receipt->checkpoint);
    if (code == 0)
        *ret_receipt = receipt;
    return code;
}

int receipt_make(struct store_txn *txn, const struct store_history *history,
                 const uint8_t id[COMMAND_ID_SIZE], const struct signing_key *log_key, struct arena *arena,
                 struct bytes *ret_receipt)
{
    struct store_command command;
    Comity__V1__Receipt *receipt;
    char note[CHECKPOINT_MAX_BYTES];
    size_t note_size;
    int code = store_command_get(txn, history, id, &command);

    if (code == 0 && command.sequence == 0)
        code = ERR_NOT_FOUND;
    if (code == 0)
        code = checkpoint_make(txn, history, command.epoch, command.tree_size, log_key, note, &note_size);
    if (code == 0)
        code = receipt_build(txn, history, id, &command, BYTES(note, note_size), arena, &receipt);
    return code == 0 ? message_pack(&receipt->base, arena, ret_receipt) : code;
}
