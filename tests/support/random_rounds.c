/* Lists, and who says that a round is known. */
#include "tests/support/random_bodies.h"

#include "core/machine/row.h"

enum { PART_MOST = 7 };

bool random_set_list(struct random_commands *r)
{
    Comity__V1__SetList *list = r->body->set_list;
    const struct person *signer = random_member(r, CO_CHAIR, ANYBODY);
    uint32_t last = random_last_number(r, TABLE_MEMBER);
    bool is_weighted = random_chance(r, 10);

    if (!signer)
        return false;
    const Comity__V1__Constituency *own = random_row(r, TABLE_CONSTITUENCY, signer->constituency, 0);
    list->name = random_name(r, "electors", random_below(r, RANDOM_LISTS));
    list->constituency = own->name;
    list->members = random_alloc(r, (last + 1) * sizeof(*list->members));
    list->weights = random_alloc(r, (last + 1) * sizeof(*list->weights));
    for (uint32_t number = 1; number <= last && list->n_members < PART_MOST; number++) {
        const Comity__V1__Member *member = random_row(r, TABLE_MEMBER, number, 0);
        if (member->constituency != signer->constituency || random_chance(r, 60))
            continue;
        list->weights[list->n_members] = 1 + random_below(r, 3);
        list->members[list->n_members++] = number;
    }
    list->n_weights = is_weighted ? list->n_members : 0;
    if (is_weighted && own->standing == COMITY__V1__STANDING__STANDING_PARTY)
        return random_sign_jointly(r);
    list->n_weights = 0;
    random_sign(r, signer);
    return true;
}

bool random_acknowledge_round(struct random_commands *r)
{
    const Comity__V1__Round *round = random_open_round_found(r);
    const struct person *voter = round ? random_voter(r, round) : NULL;

    if (!voter || random_chance(r, 30))
        return false;
    r->body->acknowledge_round->round = round->number;
    random_sign(r, voter);
    return true;
}
