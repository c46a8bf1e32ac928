/* Keys that change: a further device, one key in place of another, and recovery. docs/trust.md, "Keys" */
#include "core/machine/decide.h"

enum { KEYS_MAX = 8 }; /* of one member, that are valid */

int found_keys_add(struct found_keys *list, ProtobufCBinaryData key)
{
    uint8_t *copy = arena_copy(list->d->arena, key.data, key.len);

    list->keys = arena_room(list->d->arena, list->keys, list->count, &list->room, sizeof(*list->keys));
    if (!list->keys || !copy)
        return ERR_MEMORY;
    list->keys[list->count++] = (ProtobufCBinaryData){key.len, copy};
    return 0;
}

int found_keys_read(struct found_keys *list, enum table table, row_fn *visit, void *context)
{
    struct row_key all = row_key_all(table);
    int code;

    list->row = arena_new(ARENA_LIMIT_DEFAULT);
    code = list->row ? row_each(list->d->view, list->row, table, &all, visit, context) : ERR_MEMORY;
    arena_destroy(&list->row);
    return code == 0 ? 0 : decide_fail(list->d, code);
}

struct own_keys {
    uint32_t member;
    struct found_keys keys;
};

static int own_key_visit(void *context, const ProtobufCMessage *row, struct bytes at)
{
    const Comity__V1__Key *key = (const Comity__V1__Key *) row;
    struct own_keys *own = context;
    int code = 0;

    (void) at;
    if (key->member == own->member && key->revoked == 0)
        code = found_keys_add(&own->keys, key->key);
    arena_reset(own->keys.row);
    return code;
}

int member_valid_keys(struct decide *d, uint32_t member, ProtobufCBinaryData **ret_keys, size_t *ret_count)
{
    struct own_keys own = {.member = member, .keys = {.d = d}};

    if (found_keys_read(&own.keys, TABLE_KEY, own_key_visit, &own) != 0)
        return d->code;
    *ret_keys = own.keys.keys;
    *ret_count = own.keys.count;
    return 0;
}

Comity__V1__KeyAdded *key_add(struct decide *d, uint32_t member, ProtobufCBinaryData key,
                              ProtobufCBinaryData *revoked, size_t n_revoked)
{
    Comity__V1__KeyAdded *added = decide_new(d, &comity__v1__key_added__descriptor);
    Comity__V1__Event *event;

    d->actor_number = member;
    event = decide_event(d, COMITY__V1__EVENT__KIND_KEY_ADDED);
    if (!added || !event)
        return NULL;
    added->key = decide_new(d, &comity__v1__key__descriptor);
    if (!added->key)
        return NULL;
    added->key->key = key;
    added->key->member = member;
    added->key->added = d->context->next_sequence;
    added->revoked = revoked;
    added->n_revoked = n_revoked;
    event->key_added = added;
    return added;
}

int key_recover(struct decide *d, uint32_t member, ProtobufCBinaryData key, ProtobufCBinaryData by)
{
    ProtobufCBinaryData *others, *invitations;
    Comity__V1__KeyAdded *added;
    size_t count, n_invitations;

    if (member_valid_keys(d, member, &others, &count) != 0 ||
        invitations_back(d, member, by, &invitations, &n_invitations) != 0)
        return d->code;
    added = key_add(d, member, key, others, count);
    if (!added)
        return d->code;
    added->invitation = by;
    added->withdrawn = invitations;
    added->n_withdrawn = n_invitations;
    return 0;
}

/* It is the signer's own, and still good. */
static int check_replaced(struct decide *d, ProtobufCBinaryData replaced)
{
    ProtobufCMessage *row = NULL;
    const Comity__V1__Key *key;
    int code = state_get_by_key(d->view, d->arena, TABLE_KEY, replaced.data, &row);

    if (code == ERR_NOT_FOUND)
        return decide_refuse(d, code, "add_key.replaces");
    if (code != 0)
        return decide_fail(d, code);
    key = (const Comity__V1__Key *) row;
    if (key->member != d->actor->number)
        return decide_refuse(d, ERR_FORBIDDEN, "add_key.replaces");
    return key->revoked == 0 ? 0 : decide_refuse(d, ERR_STATE, "add_key.replaces");
}

int decide_add_key(struct decide *d)
{
    Comity__V1__AddKey *add = d->body->add_key;
    size_t replaced = add->replaces.len > 0 ? 1 : 0;
    ProtobufCBinaryData *keys;
    size_t count;

    if (decide_check_key_is_new(d, d->actor->constituency, add->key, "add_key.key") != 0 ||
        (replaced && check_replaced(d, add->replaces) != 0) ||
        member_valid_keys(d, d->actor->number, &keys, &count) != 0)
        return d->code;
    if (count - replaced >= KEYS_MAX)
        return decide_refuse_limit(d, ERR_LIMIT, "add_key.key", KEYS_MAX);
    key_add(d, d->actor->number, add->key, &add->replaces, replaced);
    return d->code;
}

int concern_recovered(struct decide *d)
{
    const Comity__V1__Member *member =
        decide_find(d, TABLE_MEMBER, d->body->recover_co_chair->member, 0, "recover_co_chair.member");

    if (!member)
        return d->code;
    d->of_member = member->number;
    d->of_constituency = member->constituency;
    return 0;
}

int decide_recover_co_chair(struct decide *d)
{
    const Comity__V1__Member *member = decide_get(d, TABLE_MEMBER, d->of_member, 0);
    ProtobufCBinaryData key = d->body->recover_co_chair->key;

    if (!member)
        return d->code;
    if (!member_has_office(member, COMITY__V1__OFFICE__OFFICE_CO_CHAIR))
        return decide_refuse(d, ERR_FORBIDDEN, "recover_co_chair.member");
    if (decide_check_key_is_new(d, d->of_constituency, key, "recover_co_chair.key") != 0)
        return d->code;
    return key_recover(d, member->number, key, (ProtobufCBinaryData){0, NULL});
}

int decide_set_recovery_key(struct decide *d)
{
    Comity__V1__RecoveryKeySet *set;
    Comity__V1__Event *event;

    if (decide_check_key_is_new(d, d->of_constituency, d->body->set_recovery_key->key, "set_recovery_key.key") != 0)
        return d->code;
    set = decide_new(d, &comity__v1__recovery_key_set__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_RECOVERY_KEY_SET);
    if (!set || !event)
        return d->code;
    set->constituency = d->of_constituency;
    set->key = d->body->set_recovery_key->key;
    event->recovery_key_set = set;
    return 0;
}
