/* Witnesses: each of one constituency, which appoints and dismisses it. docs/trust.md, "Witnesses" */
#include "core/machine/decide.h"

enum { WITNESSES_MAX = 8 }; /* of one constituency, that stand */

struct standing {
    uint32_t constituency;
    size_t count;
};

static int standing_visit(void *context, const ProtobufCMessage *row, struct bytes key)
{
    const Comity__V1__Witness *witness = (const Comity__V1__Witness *) row;
    struct standing *standing = context;

    (void) key;
    standing->count += witness->constituency == standing->constituency && witness->dismissed == 0;
    return 0;
}

static int check_room(struct decide *d)
{
    struct row_key all = row_key_all(TABLE_WITNESS);
    struct standing standing = {.constituency = d->of_constituency};
    int code = row_each(d->view, d->arena, TABLE_WITNESS, &all, standing_visit, &standing);

    if (code != 0)
        return decide_fail(d, code);
    return standing.count < WITNESSES_MAX
               ? 0
               : decide_refuse_limit(d, ERR_LIMIT, "appoint_witness.name", WITNESSES_MAX);
}

static int check_name(struct decide *d, const char *name)
{
    struct row_key key = row_key_name(TABLE_WITNESS, name);
    bool exists;

    if (decide_exists(d, &key, &exists) != 0)
        return d->code;
    return exists ? decide_refuse(d, ERR_EXISTS, "appoint_witness.name") : 0;
}

int decide_appoint_witness(struct decide *d)
{
    const Comity__V1__AppointWitness *appoint = d->body->appoint_witness;
    Comity__V1__WitnessAppointed *appointed;
    Comity__V1__Witness *witness;
    Comity__V1__Event *event;
    uint32_t number;

    if (check_name(d, appoint->name) != 0 ||
        decide_check_key_is_new(d, d->of_constituency, appoint->key, "appoint_witness.key") != 0 || check_room(d) != 0 ||
        decide_next_number(d, TABLE_WITNESS, &number) != 0)
        return d->code;
    appointed = decide_new(d, &comity__v1__witness_appointed__descriptor);
    witness = decide_new(d, &comity__v1__witness__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_WITNESS_APPOINTED);
    if (!appointed || !witness || !event)
        return d->code;
    witness->number = number;
    witness->name = appoint->name;
    witness->constituency = d->of_constituency;
    witness->key = appoint->key;
    witness->appointed = d->context->next_sequence;
    appointed->witness = witness;
    event->witness_appointed = appointed;
    return 0;
}

int concern_witness(struct decide *d)
{
    d->watcher = decide_find(d, TABLE_WITNESS, d->body->dismiss_witness->witness, 0, "dismiss_witness.witness");
    if (!d->watcher)
        return d->code;
    d->of_constituency = d->watcher->constituency;
    return 0;
}

int decide_dismiss_witness(struct decide *d)
{
    Comity__V1__WitnessDismissed *dismissed;
    Comity__V1__Event *event;

    if (d->watcher->dismissed != 0)
        return decide_refuse(d, ERR_STATE, "dismiss_witness.witness");
    dismissed = decide_new(d, &comity__v1__witness_dismissed__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_WITNESS_DISMISSED);
    if (!dismissed || !event)
        return d->code;
    dismissed->witness = d->watcher->number;
    event->witness_dismissed = dismissed;
    return 0;
}
