/* A checkpoint at any size up to the head, with the proof that it extends an earlier one, and what witnesses have
 * cosigned. */
#include "core/error.h"
#include "core/machine/state.h"
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

/* Whoever keeps a checkpoint of an earlier epoch is to know how far the restores in between went back; a witness, no more
 * than that. */
static int add_epochs(struct query_run *run)
{
    ProtobufCMessage *row;
    int code = state_get(&run->view, run->arena, TABLE_PARTNERSHIP, 0, 0, &row);
    if (code)
        return code;
    const Comity__V1__Partnership *partnership = (const Comity__V1__Partnership *) row;
    Comity__V1__Epoch *epochs = arena_alloc(run->arena, partnership->n_epochs * sizeof(*epochs));
    Comity__V1__Epoch **list = arena_alloc(run->arena, partnership->n_epochs * sizeof(*list));
    if (!epochs || !list)
        return ERR_MEMORY;
    for (size_t i = 0; i < partnership->n_epochs; i++) {
        list[i] = &epochs[i];
        comity__v1__epoch__init(list[i]);
        list[i]->number = partnership->epochs[i]->number;
        list[i]->restored_to = partnership->epochs[i]->restored_to;
    }
    run->answer->epochs = list;
    run->answer->n_epochs = partnership->n_epochs;
    return 0;
}

int query_checkpoint(struct query_run *run)
{
    const Comity__V1__GetCheckpoint *wanted = run->query->checkpoint;
    uint64_t head = run->history.head;
    uint64_t size = wanted->size ? wanted->size : head;
    /* Others may have more: what this store has says nothing of the record's end. */
    if ((size > head || wanted->from > head) && !run->is_fresh)
        return refuse(run->refusal, run->late,
                      size > head ? "query.checkpoint.size" : "query.checkpoint.from");
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
    if (code == 0 && run->history.epoch > 1)
        code = add_epochs(run);
    return code;
}
