/* Replies of a batch: receipts that prove, refusals that say why. Made before the commit, given out after it.
 */
#include "core/error.h"
#include "worker/batch_internal.h"

/* A packed Reply{refusal{code ERR_MEMORY}}: for when there is no memory to pack another. */
static const uint8_t NO_MEMORY_REPLY[] = {0x12, 0x03, 0x08, 0xc7, 0x01};

static int refusal_pack(const struct refusal *refusal, struct arena *arena, struct bytes *ret_reply)
{
    Comity__V1__Reply reply = COMITY__V1__REPLY__INIT;
    Comity__V1__Refusal message = COMITY__V1__REFUSAL__INIT;

    message.code = refusal->code;
    message.field = (char *) (uintptr_t) refusal->field;
    message.latest = refusal->latest;
    message.limit = refusal->limit;
    reply.kind_case = COMITY__V1__REPLY__KIND_REFUSAL;
    reply.refusal = &message;
    return message_pack(&reply.base, arena, ret_reply);
}

static void refusal_reply(const struct refusal *refusal, struct arena *arena, struct bytes *ret_reply)
{
    if (refusal_pack(refusal, arena, ret_reply) != 0)
        *ret_reply = BYTES(NO_MEMORY_REPLY, sizeof(NO_MEMORY_REPLY));
}

void batch_refuse_all(struct batch_item *items, size_t count, int code)
{
    struct refusal refusal = {.code = code};

    for (size_t i = 0; i < count; i++) {
        refusal_reply(&refusal, items[i].arena, &items[i].reply);
        items[i].code = code;
        items[i].sequence = 0;
    }
}

/* The note at the batch's end is signed once a history; those of earlier batches, for commands that come
 * again, one by one. */
static int note_find(struct batch_runner *runner, struct touched *touched, const struct store_command *row,
                     char buffer[CHECKPOINT_MAX_BYTES], struct bytes *ret_note)
{
    bool is_head = row->epoch == touched->history.epoch && row->tree_size == touched->history.head;
    char *note = is_head ? touched->note : buffer;
    size_t size = is_head ? touched->note_size : 0;
    int code = 0;

    if (size == 0)
        code = checkpoint_make(runner->txn, &touched->history, row->epoch, row->tree_size,
                               runner->options.log_key, note, &size);
    if (code != 0)
        return code;
    if (is_head)
        touched->note_size = size;
    *ret_note = BYTES(note, size);
    return 0;
}

int batch_note(struct batch_runner *runner, struct touched *touched, struct bytes *ret_note)
{
    struct store_command at_head = {.tree_size = touched->history.head, .epoch = touched->history.epoch};

    return note_find(runner, touched, &at_head, touched->note, ret_note);
}

static int receipt_reply(struct batch_runner *runner, const struct plan *plan, const struct batch_item *item,
                         struct bytes *ret_reply)
{
    Comity__V1__Reply reply = COMITY__V1__REPLY__INIT;
    struct touched *touched = &runner->touched[plan->touched];
    char buffer[CHECKPOINT_MAX_BYTES];
    struct bytes note;
    int code = note_find(runner, touched, &plan->row, buffer, &note);

    if (code == 0)
        code = receipt_build(runner->txn, &touched->history, item->command->id, &plan->row, note, item->arena,
                             &reply.receipt);
    if (code != 0)
        return code;
    reply.kind_case = COMITY__V1__REPLY__KIND_RECEIPT;
    return message_pack(&reply.base, item->arena, ret_reply);
}

static int reply_make(struct batch_runner *runner, const struct batch_item *items, size_t item,
                      struct bytes *ret_reply)
{
    const struct plan *plan = &runner->plans[item];
    int code;

    if (plan->row.sequence == 0) {
        refusal_reply(&plan->row.refusal, items[item].arena, ret_reply);
        return 0;
    }
    code = receipt_reply(runner, plan, &items[item], ret_reply);
    if (code == 0)
        return 0;
    /* What was done before is none of the others' business. */
    return plan->kind == PLAN_KNOWN ? batch_fail_item(runner, item, code)
                                    : batch_fail(runner, items[item].command, item, code);
}

static int twin_reply(struct batch_runner *runner, const struct batch_item *items, size_t item,
                      struct bytes *ret_reply)
{
    struct bytes copy = arena_bytes(items[item].arena, runner->plans[runner->plans[item].twin].reply);

    if (copy.data == NULL)
        return batch_fail_item(runner, item, ERR_MEMORY);
    *ret_reply = copy;
    return 0;
}

int batch_replies_make(struct batch_runner *runner, struct batch_item *items, size_t count)
{
    int code = 0;

    for (size_t i = 0; code == 0 && i < count; i++) {
        struct plan *plan = &runner->plans[i];

        code = plan->kind == PLAN_TWIN ? twin_reply(runner, items, i, &plan->reply)
                                       : reply_make(runner, items, i, &plan->reply);
    }
    return code;
}
