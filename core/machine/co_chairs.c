#include "core/machine/co_chairs.h"

static bool is_new_founder(const Comity__V1__Command *body, ProtobufCBinaryData key)
{
    const Comity__V1__NewConstituency *constituency = body->admit_constituency->constituency;

    for (size_t i = 0; i < constituency->n_founders; i++)
        if (binary_equal(constituency->founders[i]->key, key))
            return true;
    return false;
}

/* Whose it is nobody knows before the command is carried out. */
static bool command_brings(const Comity__V1__Command *body, ProtobufCBinaryData key)
{
    switch (body->body_case) {
    case COMITY__V1__COMMAND__BODY_ADMIT_CONSTITUENCY:
        return is_new_founder(body, key);
    case COMITY__V1__COMMAND__BODY_SET_RECOVERY_KEY:
        return binary_equal(body->set_recovery_key->key, key);
    default:
        return false;
    }
}

static int add_cosigner(struct decide *d, struct co_chairs *signed_by, size_t i)
{
    Comity__V1__Member *member;
    int code = state_member_of_key(d->view, d->arena, d->body->cosigners[i].data, &member);

    if (code == ERR_KEY_UNKNOWN && command_brings(d->body, d->body->cosigners[i]))
        return 0;
    if (code == ERR_KEY_UNKNOWN || code == ERR_KEY_REVOKED)
        return decide_refuse(d, code, "cosigners[%zu]", i);
    if (code != 0)
        return decide_fail(d, code);
    if (!member_has_office(member, COMITY__V1__OFFICE__OFFICE_CO_CHAIR))
        return decide_refuse(d, ERR_FORBIDDEN, "cosigners[%zu]", i);
    for (size_t k = 0; k < signed_by->count; k++)
        if (signed_by->members[k] == member->number) /* by another of their keys */
            return decide_refuse(d, ERR_DUPLICATE, "cosigners[%zu]", i);
    signed_by->members[signed_by->count] = member->number;
    signed_by->constituencies[signed_by->count++] = member->constituency;
    return 0;
}

int co_chairs_signed(struct decide *d, struct co_chairs *ret_signed)
{
    *ret_signed = (struct co_chairs){{d->actor->number}, {d->actor->constituency}, 1};
    if (!member_has_office(d->actor, COMITY__V1__OFFICE__OFFICE_CO_CHAIR))
        return decide_refuse(d, ERR_FORBIDDEN, "key");
    if (d->body->n_cosigners > COSIGNERS_MAX)
        return decide_refuse_limit(d, ERR_RANGE, "cosigners", COSIGNERS_MAX);
    for (size_t i = 0; i < d->body->n_cosigners; i++)
        if (add_cosigner(d, ret_signed, i) != 0)
            return d->code;
    return 0;
}

struct count {
    struct decide *d;
    struct arena *scratch;
    ProtobufCBinaryData except;
    uint32_t constituency;
    uint32_t *members;
    size_t count, room;
};

static int count_add(struct count *count, uint32_t member)
{
    for (size_t i = 0; i < count->count; i++)
        if (count->members[i] == member)
            return 0;
    count->members =
        arena_room(count->d->arena, count->members, count->count, &count->room, sizeof(*count->members));
    if (!count->members)
        return ERR_MEMORY;
    count->members[count->count++] = member;
    return 0;
}

static int count_visit(void *context, const ProtobufCMessage *row, struct bytes at)
{
    const Comity__V1__Key *key = (const Comity__V1__Key *) row;
    struct count *count = context;
    const Comity__V1__Member *member;
    ProtobufCMessage *of;
    int code = 0;

    (void) at;
    if (key->revoked == 0 && !binary_equal(key->key, count->except)) {
        code = state_get(count->d->view, count->scratch, TABLE_MEMBER, key->member, 0, &of);
        if (code != 0)
            return code == ERR_NOT_FOUND ? ERR_CORRUPT : code;
        member = (const Comity__V1__Member *) of;
        if (member->constituency == count->constituency &&
            member_has_office(member, COMITY__V1__OFFICE__OFFICE_CO_CHAIR))
            code = count_add(count, member->number);
    }
    arena_reset(count->scratch);
    return code;
}

int co_chairs_count(struct decide *d, uint32_t constituency, ProtobufCBinaryData except, size_t *ret_count)
{
    struct row_key all = row_key_all(TABLE_KEY);
    struct count count = {.d = d,
                          .scratch = arena_new(ARENA_LIMIT_DEFAULT),
                          .except = except,
                          .constituency = constituency};
    int code;

    if (!count.scratch)
        return decide_fail(d, ERR_MEMORY);
    code = row_each(d->view, count.scratch, TABLE_KEY, &all, count_visit, &count);
    arena_destroy(&count.scratch);
    *ret_count = count.count;
    return code == 0 ? 0 : decide_fail(d, code);
}

int co_chairs_needed(struct decide *d, const Comity__V1__Constituency *of, size_t *ret_needed)
{
    const Comity__V1__CharterVersion *held = NULL;
    size_t asked = 1, there;

    if (decide_charter_in_force(d, &held) != 0)
        return d->code;
    for (size_t i = 0; held && i < held->charter->n_co_chairs; i++)
        if (strcmp(held->charter->co_chairs[i]->constituency, of->name) == 0)
            asked = held->charter->co_chairs[i]->count;
    if (asked > 1) {
        if (co_chairs_count(d, of->number, (ProtobufCBinaryData){0, NULL}, &there) != 0)
            return d->code;
        asked = there < asked ? there : asked;
    }
    *ret_needed = asked > 0 ? asked : 1;
    return 0;
}

int co_chairs_suffice(struct decide *d, const struct co_chairs *signed_by, const Comity__V1__Constituency *of)
{
    size_t needed, have = 0;
    const char *field;

    if (co_chairs_needed(d, of, &needed) != 0)
        return d->code;
    for (size_t i = 0; i < signed_by->count; i++)
        have += signed_by->constituencies[i] == of->number;
    if (have >= needed)
        return 0;
    field = arena_printf(d->arena, "cosigners.%s", of->name);
    return decide_refuse_limit(d, ERR_COSIGNERS, field ? field : "cosigners", needed);
}
