/* What a restore changes. */
#include "core/machine/apply.h"

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
    size_t count;
    uint32_t *rounds = apply_seconds_of_all(a, TABLE_SESSION_ROUND, &count);

    for (size_t i = 0; i < count && a->code == 0; i++)
        hold_round(a, rounds[i], resume_ms);
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
