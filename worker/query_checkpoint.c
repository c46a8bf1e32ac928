/* A checkpoint at any size up to the head, with the proof that it extends an earlier one, and what witnesses have
 * cosigned. */
#include "core/error.h"
#include "worker/cosign.h"
#include "worker/query_page.h"
#include "worker/receipt.h"

int query_add_checkpoint(struct query_run *run, uint64_t size)
{
    char *note = arena_alloc(run->arena, CHECKPOINT_MAX_BYTES);
    if (!note)
        return ERR_MEMORY;
    size_t note_size;
    int code = checkpoint_make(run->txn, &run->history, run->history.epoch, size, run->context->log_key, note,
                               &note_size);
    if (code == 0)
        run->answer->checkpoint = (ProtobufCBinaryData){.data = (uint8_t *) note, .len = note_size};
    return code;
}

static int add_proof(struct query_run *run, uint64_t from, uint64_t size)
{
    struct tree_nodes nodes = store_nodes(run->txn, &run->history);
    uint8_t proof[PROOF_MAX][HASH_SIZE];
    size_t count;
    int code = tree_consistency_proof(&nodes, from, size, proof, &count);
    if (code)
        return code;
    return hashes_to_fields(run->arena, proof, count, &run->answer->proof, &run->answer->n_proof);
}

int query_checkpoint(struct query_run *run)
{
    const Comity__V1__GetCheckpoint *wanted = run->query->checkpoint;
    uint64_t head = run->history.head;
    uint64_t size = wanted->size ? wanted->size : head;
    if (size > head)
        return refuse_limit(run->refusal, ERR_RANGE, "query.checkpoint.size", head);
    if (wanted->from > size)
        return refuse_limit(run->refusal, ERR_RANGE, "query.checkpoint.from", size);
    int code = query_add_checkpoint(run, size);
    if (code == 0 && wanted->from > 0)
        code = add_proof(run, wanted->from, size);
    if (code == 0)
        code = cosignatures_read(run->txn, &run->history, head, run->arena, &run->answer->cosignatures,
                                 &run->answer->n_cosignatures);
    return code;
}
