/* Lists, and who knows of a round. */
#include "core/machine/apply.h"

void apply_list_set(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__RollList *list = open->list_set->list;
    uint32_t last;

    if (!list || list->number == 0 || list->name[0] == '\0') {
        apply_fail(a, ERR_INTERNAL);
        return;
    }
    last = apply_get_number(a, row_key_counter(TABLE_ROLL_LIST));
    apply_put(a, TABLE_ROLL_LIST, list->number, list->constituency, &list->base);
    if (list->number <= last)
        return;
    apply_put_number(a, row_key_counter(TABLE_ROLL_LIST), list->number);
    apply_name(a, TABLE_ROLL_LIST, list->name, list->number);
}

void apply_round_acknowledged(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__RoundAcknowledged *acknowledged = open->round_acknowledged;

    struct row_key key = row_key(TABLE_ACKNOWLEDGED, acknowledged->round, acknowledged->member);
    uint8_t sequence[8];

    put_u64(sequence, a->event->sequence);
    if (apply_get(a, TABLE_ROUND, acknowledged->round, 0))
        apply_fail(a, view_put(a->view, row_key_view(&key), BYTES(sequence, sizeof(sequence))));
}
