/* What a restore changes. */
#include <stdlib.h>

#include "core/machine/apply.h"

/* The numbers of the rounds that are open. */
struct open_rounds {
    struct arena *scratch;
    uint32_t *numbers;
    size_t count, room;
};

static int open_rounds_visit(void *context, const ProtobufCMessage *row, struct bytes key)
{
    const Comity__V1__Round *round = (const Comity__V1__Round *) row;
    struct open_rounds *open = context;
    uint32_t *larger;

    (void) key;
    if (round->state == COMITY__V1__ROUND_STATE__ROUND_STATE_OPEN && open->count == open->room) {
        open->room = open->room == 0 ? 64 : 2 * open->room;
        larger = realloc(open->numbers, open->room * sizeof(*larger));
        if (!larger)
            return ERR_MEMORY;
        open->numbers = larger;
    }
    if (round->state == COMITY__V1__ROUND_STATE__ROUND_STATE_OPEN)
        open->numbers[open->count++] = round->number;
    arena_reset(open->scratch);
    return 0;
}

/* It does not close by itself before @resume_ms: at its time, or because all have answered, which an earlier
 * restore may have put off already. */
static void hold_round(struct apply *a, uint32_t number, int64_t resume_ms)
{
    Comity__V1__Round *round = apply_get(a, TABLE_ROUND, number, 0);
    struct deadline due;
    int code = 0;

    if (!round)
        return;
    round->resume_ms = resume_ms;
    while (a->code == 0 && (code = deadline_find(a->view, TABLE_ROUND, number, resume_ms - 1, &due)) == 0) {
        apply_delete(a, row_key_deadline(due.due_ms, due.kind, number, 0));
        apply_put_deadline(a, resume_ms, due.kind, number, 0);
    }
    if (code != 0 && code != ERR_NOT_FOUND)
        apply_fail(a, code);
    if (round->closes_ms != 0 && round->closes_ms < resume_ms)
        round->closes_ms = resume_ms;
    apply_put(a, TABLE_ROUND, number, 0, &round->base);
}

/* Members whose ballots a restore lost have yet to hear of it: what is open waits for them. */
static void hold_rounds(struct apply *a, int64_t resume_ms)
{
    struct row_key all = row_key_all(TABLE_ROUND);
    struct open_rounds open = {.scratch = arena_new(ARENA_LIMIT_DEFAULT)};
    size_t i;

    if (!open.scratch)
        apply_fail(a, ERR_MEMORY);
    else
        apply_fail(a, row_each(a->view, open.scratch, TABLE_ROUND, &all, open_rounds_visit, &open));
    for (i = 0; i < open.count && a->code == 0; i++)
        hold_round(a, open.numbers[i], resume_ms);
    free(open.numbers);
    arena_destroy(&open.scratch);
}

void apply_epoch_opened(struct apply *a, const Comity__V1__Event *open)
{
    Comity__V1__Epoch *epoch = open->epoch_opened->epoch;
    Comity__V1__Partnership *partnership = apply_get(a, TABLE_PARTNERSHIP, 0, 0);
    Comity__V1__Epoch **epochs;

    if (!epoch)
        apply_fail(a, ERR_INTERNAL);
    if (a->code != 0)
        return;
    epochs = arena_alloc(a->arena, (partnership->n_epochs + 1) * sizeof(*epochs));
    if (!epochs) {
        apply_fail(a, ERR_MEMORY);
        return;
    }
    if (partnership->n_epochs > 0)
        memcpy(epochs, partnership->epochs, partnership->n_epochs * sizeof(*epochs));
    epochs[partnership->n_epochs++] = epoch;
    partnership->epochs = epochs;
    partnership->epoch = epoch->number;
    hold_rounds(a, epoch->resume_ms);
    apply_hold_stages(a, epoch->resume_ms);
    apply_put(a, TABLE_PARTNERSHIP, 0, 0, &partnership->base);
}
