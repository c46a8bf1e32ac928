/* What becomes of keys: of members, of recovery, and of witnesses. */
#include "core/machine/apply.h"

/* The outcome is to say so: a round that is open, with the member on its roll. */
static void note_in_round(struct apply *a, uint32_t number, uint32_t member, bool is_replaced)
{
    const Comity__V1__Ballot *ballot = apply_seek(a, TABLE_BALLOT, number, member);
    Comity__V1__Round *round = apply_seek(a, TABLE_ROLL, number, member) ? apply_get(a, TABLE_ROUND, number, 0) : NULL;
    Comity__V1__KeyLoss loss = COMITY__V1__KEY_LOSS__INIT;

    if (!round)
        return;
    loss.member = member;
    loss.sequence = a->event->sequence;
    loss.revoked_ms = a->event->time_ms;
    loss.ballot = ballot ? ballot->sequence : 0;
    loss.is_replaced = is_replaced;
    round->lost_keys = apply_append(a, round->lost_keys, round->n_lost_keys, &loss);
    round->n_lost_keys += a->code == 0;
    apply_put(a, TABLE_ROUND, number, 0, &round->base);
}

static void note_in_rounds(struct apply *a, uint32_t member, bool is_replaced)
{
    size_t count;
    uint32_t *numbers = apply_seconds_of_all(a, TABLE_SESSION_ROUND, &count);

    for (size_t i = 0; i < count; i++)
        note_in_round(a, numbers[i], member, is_replaced);
}

static void revoke(struct apply *a, ProtobufCBinaryData bytes)
{
    Comity__V1__Key *key = apply_get_by_key(a, TABLE_KEY, bytes);

    if (!key)
        return;
    key->revoked = a->event->sequence;
    APPLY_PUT_KEYED(a, TABLE_KEY, key);
}

static void withdraw(struct apply *a, ProtobufCBinaryData bytes)
{
    Comity__V1__Invitation *invitation = apply_get_by_key(a, TABLE_INVITATION, bytes);

    if (!invitation)
        return;
    invitation->revoked = a->event->sequence;
    APPLY_PUT_KEYED(a, TABLE_INVITATION, invitation);
}

static void bar(struct apply *a, uint32_t constituency, ProtobufCBinaryData key)
{
    if (key.len != KEY_SIZE)
        apply_fail(a, ERR_INTERNAL);
    else
        apply_put_number(a, row_key_hashed(TABLE_BARRED_KEY, constituency, key.data), 1);
}

void apply_key_revoked(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__KeyRevoked *revoked = open->key_revoked;

    if (revoked->constituency != 0) {
        bar(a, revoked->constituency, revoked->key);
        return;
    }
    if (revoked->member != 0) {
        revoke(a, revoked->key);
        note_in_rounds(a, revoked->member, false);
        for (size_t i = 0; i < revoked->n_stages; i++)
            apply_stage_left(a, revoked->stages[i]);
        return;
    }
    withdraw(a, revoked->key);
}

void apply_key_added(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__KeyAdded *added = open->key_added;
    Comity__V1__Invitation *invitation;

    if (!added->key) {
        apply_fail(a, ERR_INTERNAL);
        return;
    }
    for (size_t i = 0; i < added->n_revoked; i++)
        revoke(a, added->revoked[i]);
    for (size_t i = 0; i < added->n_withdrawn; i++)
        withdraw(a, added->withdrawn[i]);
    APPLY_PUT_KEYED(a, TABLE_KEY, added->key);
    if (added->n_revoked > 0)
        note_in_rounds(a, added->key->member, true);
    if (added->invitation.len == 0)
        return;
    invitation = apply_get_by_key(a, TABLE_INVITATION, added->invitation);
    if (!invitation)
        return;
    invitation->member = added->key->member;
    APPLY_PUT_KEYED(a, TABLE_INVITATION, invitation);
}

void apply_recovery_key(struct apply *a, ProtobufCBinaryData key, uint32_t constituency)
{
    if (key.len != 0 && key.len != KEY_SIZE)
        apply_fail(a, ERR_INTERNAL);
    else if (key.len > 0)
        apply_put_number(a, row_key_bytes(TABLE_RECOVERY_KEY, key.data), constituency);
}

void apply_recovery_key_set(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__RecoveryKeySet *set = open->recovery_key_set;
    Comity__V1__Constituency *constituency = apply_get(a, TABLE_CONSTITUENCY, set->constituency, 0);

    if (!constituency)
        return;
    constituency->recovery_key = set->key;
    apply_recovery_key(a, set->key, constituency->number);
    apply_put(a, TABLE_CONSTITUENCY, constituency->number, 0, &constituency->base);
}

void apply_witness_appointed(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__Witness *witness = open->witness_appointed->witness;

    if (!witness || witness->key.len != KEY_SIZE) {
        apply_fail(a, ERR_INTERNAL);
        return;
    }
    apply_create(a, TABLE_WITNESS, witness->number, &witness->base);
    apply_name(a, TABLE_WITNESS, witness->name, witness->number);
    apply_put_number(a, row_key_hashed(TABLE_WITNESS_KEY, witness->constituency, witness->key.data), witness->number);
}

void apply_witness_dismissed(struct apply *a, const Comity__V1__Event *open)
{
    Comity__V1__Witness *witness = apply_get(a, TABLE_WITNESS, open->witness_dismissed->witness, 0);

    if (!witness)
        return;
    witness->dismissed = a->event->sequence;
    apply_put(a, TABLE_WITNESS, witness->number, 0, &witness->base);
}
