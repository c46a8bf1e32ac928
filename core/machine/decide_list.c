/* Lists of those who may answer, and who knows of a round. docs/rules.md */
#include <stdio.h>

#include "core/machine/solving.h"

int concern_list(struct decide *d)
{
    return solving_find_constituency(d, d->body->set_list->constituency, "set_list.constituency",
                                     &d->of_constituency);
}

/* With weights a co-chair of every PARTY signs: of another constituency its own does as well. */
static int check_own(struct decide *d)
{
    const Comity__V1__Constituency *own = decide_get(d, TABLE_CONSTITUENCY, d->of_constituency, 0);

    if (!own)
        return d->code;
    if (own->standing != COMITY__V1__STANDING__STANDING_PARTY &&
        d->actor->constituency != d->of_constituency)
        return decide_refuse(d, ERR_FORBIDDEN, "key");
    return 0;
}

static int check_members(struct decide *d, const Comity__V1__SetList *set)
{
    char field[FIELD_PATH_MAX];

    if (set->n_weights != 0 && set->n_weights != set->n_members)
        return decide_refuse_limit(d, ERR_RANGE, "set_list.weights", set->n_members);
    for (size_t i = 0; i < set->n_members; i++) {
        const Comity__V1__Member *member;
        snprintf(field, sizeof(field), "set_list.members[%zu]", i);
        member = decide_find(d, TABLE_MEMBER, set->members[i], 0, field);
        if (!member)
            return d->code;
        if (member->constituency != d->of_constituency)
            return decide_refuse(d, ERR_FORBIDDEN, "%s", field);
    }
    return 0;
}

struct others {
    uint32_t constituency;
    size_t members;
};

static int others_visit(void *context, const ProtobufCMessage *row, struct bytes key)
{
    const Comity__V1__RollList *part = (const Comity__V1__RollList *) row;
    struct others *others = context;

    (void) key;
    if (part->constituency != others->constituency)
        others->members += part->n_members;
    return 0;
}

/* All parts together are a roll. */
static int check_size(struct decide *d, uint32_t list, size_t members)
{
    struct row_key parts = row_key_first(TABLE_ROLL_LIST, list);
    struct others others = {.constituency = d->of_constituency};
    int code = row_each(d->view, d->arena, TABLE_ROLL_LIST, &parts, others_visit, &others);

    if (code != 0)
        return decide_fail(d, code);
    if (others.members + members > ROLL_MAX)
        return decide_refuse_limit(d, ERR_LIMIT, "set_list.members", ROLL_MAX);
    return 0;
}

/* The list's number, of a new one the next. One that was signed before a restore does not undo what was set since. */
static int find_list(struct decide *d, const Comity__V1__SetList *set, uint32_t *ret_number)
{
    struct row_key name = row_key_name(TABLE_ROLL_LIST, set->name);
    const Comity__V1__RollList *part;
    int code = row_number(d->view, &name, ret_number);

    if (code != 0)
        return decide_fail(d, code);
    if (*ret_number == 0)
        return decide_next_number(d, TABLE_ROLL_LIST, ret_number);
    part = decide_seek(d, TABLE_ROLL_LIST, *ret_number, d->of_constituency);
    if (d->code != 0)
        return d->code;
    if (part && d->since && part->epoch > d->body->epoch)
        return decide_refuse_latest(d, ERR_EPOCH, "set_list.name", d->epoch);
    return check_size(d, *ret_number, set->n_members);
}

int decide_set_list(struct decide *d)
{
    const Comity__V1__SetList *set = d->body->set_list;
    Comity__V1__RollList *list;
    Comity__V1__Event *event;
    Comity__V1__ListSet *is_set;
    uint32_t number;

    if (check_own(d) != 0 || check_members(d, set) != 0 || find_list(d, set, &number) != 0)
        return d->code;
    is_set = decide_new(d, &comity__v1__list_set__descriptor);
    list = decide_new(d, &comity__v1__roll_list__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_LIST_SET);
    if (!is_set || !list || !event)
        return d->code;
    list->number = number;
    list->name = set->name;
    list->constituency = d->of_constituency;
    list->n_members = set->n_members;
    list->members = set->members;
    list->n_weights = list_is_weighted(set) ? set->n_weights : 0;
    list->weights = set->weights;
    list->epoch = d->body->epoch;
    list->set_ms = d->context->time_ms;
    is_set->list = list;
    event->list_set = is_set;
    return 0;
}

int decide_acknowledge_round(struct decide *d)
{
    struct row_key key = row_key(TABLE_ACKNOWLEDGED, d->round->number, d->actor->number);
    Comity__V1__RoundAcknowledged *acknowledged;
    Comity__V1__Event *event;
    bool exists;

    if (round_check_open(d, "acknowledge_round.round") != 0 || decide_exists(d, &key, &exists) != 0)
        return d->code;
    if (exists)
        return decide_refuse(d, ERR_EXISTS, "acknowledge_round.round");
    acknowledged = decide_new(d, &comity__v1__round_acknowledged__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_ROUND_ACKNOWLEDGED);
    if (!acknowledged || !event)
        return d->code;
    acknowledged->round = d->round->number;
    acknowledged->member = d->actor->number;
    event->round_acknowledged = acknowledged;
    return 0;
}
