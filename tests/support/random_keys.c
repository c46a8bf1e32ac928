/* Keys that change, recovery, witnesses; and that as many co-chairs sign as the charter asks for. */
#include "tests/support/random_bodies.h"

#include "core/machine/row.h"

bool random_add_key(struct random_commands *r)
{
    const struct person *person = random_member(r, 0, ANYBODY);
    struct person *made;

    if (!person || !random_has_room(r, 12))
        return false;
    random_sign(r, person);
    if (random_chance(r, 60))
        r->body->add_key->replaces = random_key(r, random_chance(r, 70) ? person : random_person_of(r, person->member));
    made = random_person_new(r);
    if (r->barred_count > 0 && random_chance(r, 20))
        made->key = r->barred[--r->barred_count].key;
    r->body->add_key->key = random_key(r, made);
    random_cosign(r, made);
    return true;
}

/* Of revoke_key: a key that nobody has, as after a restore. */
bool random_bar_key(struct random_commands *r)
{
    const Comity__V1__Partnership *partnership = random_row(r, TABLE_PARTNERSHIP, 0, 0);
    const struct person *signer = random_member(r, CO_CHAIR, ANYBODY);
    struct person *barred;

    if (!signer || r->barred_count == BARRED_MAX || (r->was_valid && partnership->epoch == 1))
        return false;
    barred = &r->barred[r->barred_count++];
    random_key_make(r, barred);
    random_sign(r, signer);
    r->body->revoke_key->key = random_key(r, barred);
    return true;
}

/* Whom one of the latest invitations is to let back; NULL: nobody was found. */
static const struct person *invited_back(struct random_commands *r)
{
    for (size_t tries = 0; tries < 16; tries++) {
        const struct person *once = random_invitation(r);
        const Comity__V1__Invitation *invitation;
        ProtobufCMessage *row = NULL;

        if (!once || state_get_by_key(r->view, r->arena, TABLE_INVITATION, once->key.public_key, &row) != 0)
            continue;
        invitation = (const Comity__V1__Invitation *) row;
        if (invitation->recovers != 0 && invitation->member == 0 && invitation->revoked == 0)
            return random_person_of(r, invitation->recovers);
    }
    return NULL;
}

/* Of invite: somebody who is a member already. */
bool random_invite_back(struct random_commands *r)
{
    Comity__V1__Invite *invite = r->body->invite;
    const struct person *again = random_chance(r, 60) ? invited_back(r) : NULL;
    const struct person *whose = again ? again : random_member(r, 0, ANYBODY);
    const struct person *signer = whose ? random_member(r, CO_CHAIR, whose->constituency) : NULL;

    if (!signer || whose->offices & (1u << FACILITATOR | 1u << RECORDER))
        return false;
    random_sign(r, signer);
    invite->key = random_key(r, random_invitation_new(r));
    invite->member = whose->member;
    invite->expires_ms = r->time_ms + 1000 + (int64_t) random_below(r, 3600 * 1000);
    return true;
}

static struct person *recovery_new(struct random_commands *r)
{
    struct person *person = &r->recovery[r->recovery_count++ % RECOVERY_MAX];

    random_key_make(r, person);
    return person;
}

bool random_set_recovery_key(struct random_commands *r)
{
    const struct person *signer = random_member(r, CO_CHAIR, ANYBODY);
    const struct person *made;

    if (!signer)
        return false;
    made = recovery_new(r);
    random_sign(r, signer);
    r->body->set_recovery_key->key = random_key(r, made);
    random_cosign(r, made);
    return true;
}

static const struct person *recovery_of(struct random_commands *r, uint32_t constituency)
{
    const Comity__V1__Constituency *row = random_row(r, TABLE_CONSTITUENCY, constituency, 0);

    for (size_t i = 0; row && row->recovery_key.len == KEY_SIZE && i < RECOVERY_MAX; i++)
        if (memcmp(r->recovery[i].key.public_key, row->recovery_key.data, KEY_SIZE) == 0)
            return &r->recovery[i];
    return NULL;
}

bool random_recover_co_chair(struct random_commands *r)
{
    const struct person *whose = random_member(r, CO_CHAIR, ANYBODY);
    const struct person *recovery = whose ? recovery_of(r, whose->constituency) : NULL;
    struct person *made;

    if (!recovery || !random_has_room(r, 12))
        return false;
    r->body->recover_co_chair->member = whose->member;
    random_sign(r, recovery);
    made = random_person_new(r);
    r->body->recover_co_chair->key = random_key(r, made);
    random_cosign(r, made);
    return true;
}

bool random_appoint_witness(struct random_commands *r)
{
    const struct person *signer = random_member(r, CO_CHAIR, ANYBODY);
    const Comity__V1__Witness *known = random_row(r, TABLE_WITNESS, random_recent(r, TABLE_WITNESS), 0);
    struct person made;

    if (!signer)
        return false;
    random_key_make(r, &made);
    random_sign(r, signer);
    r->body->appoint_witness->name = random_name(r, "witness", random_below(r, 400));
    r->body->appoint_witness->key = random_key(r, &made);
    if (known && random_chance(r, 30)) /* one that is, or was, of somebody */
        memcpy(r->body->appoint_witness->key.data, known->key.data, KEY_SIZE);
    return true;
}

bool random_dismiss_witness(struct random_commands *r)
{
    const Comity__V1__Witness *witness = random_row(r, TABLE_WITNESS, random_recent(r, TABLE_WITNESS), 0);
    const struct person *signer = witness ? random_member(r, CO_CHAIR, witness->constituency) : NULL;

    if (!signer || (r->was_valid && witness->dismissed != 0))
        return false;
    random_sign(r, signer);
    r->body->dismiss_witness->witness = witness->number;
    return true;
}

/* Two co-chairs of somebody, while there are two of everybody. */
void random_ask_co_chairs(struct random_commands *r, Comity__V1__Charter *charter)
{
    const Comity__V1__Constituency *constituency =
        random_row(r, TABLE_CONSTITUENCY, 1 + random_below(r, random_last_number(r, TABLE_CONSTITUENCY)), 0);
    Comity__V1__CoChairsNeeded *needed = random_alloc(r, sizeof(*needed));

    comity__v1__co_chairs_needed__init(needed);
    needed->constituency = constituency->name;
    needed->count = 2 + random_below(r, 2);
    charter->co_chairs = random_alloc(r, sizeof(*charter->co_chairs));
    charter->co_chairs[charter->n_co_chairs++] = needed;
}

static bool has_signed(const struct random_commands *r, const struct person *person)
{
    for (size_t i = 0; i <= r->body->n_cosigners; i++) {
        ProtobufCBinaryData key = i == 0 ? r->body->key : r->body->cosigners[i - 1];

        for (size_t k = 0; k < r->person_count; k++)
            if (r->people[k].member == person->member && memcmp(r->people[k].key.public_key, key.data, KEY_SIZE) == 0)
                return true;
    }
    return false;
}

/* All co-chairs of the constituency who have not. */
static void cosign_all(struct random_commands *r, uint32_t constituency, uint32_t limit)
{
    for (size_t i = 0; i < r->person_count && limit > 0; i++) {
        const struct person *person = &r->people[i];

        if (person->member == 0 || person->is_revoked || person->constituency != constituency ||
            !(person->offices & 1u << CO_CHAIR) || has_signed(r, person))
            continue;
        random_cosign(r, person);
        limit--;
    }
}

static const struct person *signer_of(struct random_commands *r)
{
    for (size_t i = 0; i < r->person_count; i++)
        if (memcmp(r->people[i].key.public_key, r->body->key.data, KEY_SIZE) == 0)
            return &r->people[i];
    return NULL;
}

static enum right right_of(const Comity__V1__Command *command)
{
    for (unsigned i = 0; command_row_at(i); i++)
        if (command_row_at(i)->body == command->body_case)
            return command_row_at(i)->right;
    return MAY_FOUNDERS;
}

void random_sign_together(struct random_commands *r)
{
    const Comity__V1__CharterVersion *version =
        random_row(r, TABLE_CHARTER, random_last_number(r, TABLE_CHARTER), 0);
    const struct person *signer = signer_of(r);
    enum right right = right_of(r->body);
    bool is_joint = right == MAY_EACH_PARTY || (r->body->body_case == COMITY__V1__COMMAND__BODY_INVITE &&
                                                r->body->n_cosigners > 0);
    bool is_own = right == MAY_OWN_CO_CHAIR || right == MAY_SELF_OR_CO_CHAIR || right == MAY_CO_CHAIR_NEW_KEY;

    if (!version || version->charter->n_co_chairs == 0 || !signer || !(is_joint || is_own))
        return;
    if (right == MAY_SELF_OR_CO_CHAIR && !(signer->offices & 1u << CO_CHAIR))
        return;
    for (uint32_t number = 1; number <= random_last_number(r, TABLE_CONSTITUENCY); number++) {
        const Comity__V1__Constituency *row = random_row(r, TABLE_CONSTITUENCY, number, 0);
        const Comity__V1__CoChairsNeeded *needed = version->charter->co_chairs[0];
        bool is_party = row->standing == COMITY__V1__STANDING__STANDING_PARTY;

        if (strcmp(row->name, needed->constituency) == 0 &&
            (number == signer->constituency || (is_joint && is_party)))
            cosign_all(r, number, needed->count - 1);
    }
}
