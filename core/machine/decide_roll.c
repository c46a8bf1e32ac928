/* Who belongs: invitations, members, keys. And what such commands concern. */
#include "core/machine/co_chairs.h"

#define INVITATION_MAX_MS ((int64_t) 90 * 24 * 3600 * 1000)

int concern_own_constituency(struct decide *d)
{
    d->of_constituency = d->actor->constituency;
    return 0;
}

bool list_is_weighted(const Comity__V1__SetList *list)
{
    for (size_t i = 0; i < list->n_weights; i++)
        if (list->weights[i] != 1)
            return true;
    return false;
}

/* Offices that serve all parties: no side may fill one alone, nor give its key to another. */
static bool has_joint_office(const Comity__V1__Office *offices, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (offices[i] == COMITY__V1__OFFICE__OFFICE_FACILITATOR ||
            offices[i] == COMITY__V1__OFFICE__OFFICE_RECORDER)
            return true;
    return false;
}

static bool invite_is_joint(struct decide *d, const Comity__V1__Invite *invite)
{
    const Comity__V1__Member *member = invite->member ? decide_seek(d, TABLE_MEMBER, invite->member, 0) : NULL;

    return member ? has_joint_office(member->offices, member->n_offices)
                  : has_joint_office(invite->offices, invite->n_offices);
}

int command_right(struct decide *d, enum right *ret_right)
{
    bool is_joint;

    switch (d->body->body_case) {
    case COMITY__V1__COMMAND__BODY_SET_LIST: /* ballots that weigh more than others are everybody's concern */
        is_joint = list_is_weighted(d->body->set_list);
        break;
    case COMITY__V1__COMMAND__BODY_INVITE:
        is_joint = invite_is_joint(d, d->body->invite);
        break;
    default:
        is_joint = false;
    }
    *ret_right = is_joint ? MAY_EACH_PARTY : command_rule_find(d->body->body_case)->row.right;
    return d->code;
}

/* A new member's constituency is the signer's; who is one already has to be of it. */
int concern_invited(struct decide *d)
{
    const Comity__V1__Member *member;

    concern_own_constituency(d);
    if (d->body->invite->member == 0)
        return 0;
    member = decide_find(d, TABLE_MEMBER, d->body->invite->member, 0, "invite.member");
    if (!member)
        return d->code;
    return member->constituency == d->of_constituency ? 0 : decide_refuse(d, ERR_FORBIDDEN, "invite.member");
}

int decide_invite(struct decide *d)
{
    const Comity__V1__Invite *invite = d->body->invite;
    int64_t now_ms = d->context->time_ms;
    Comity__V1__MemberInvited *invited;
    Comity__V1__Invitation *invitation;
    Comity__V1__Event *event;

    if (invite->expires_ms <= now_ms || invite->expires_ms > now_ms + INVITATION_MAX_MS)
        return decide_refuse(d, ERR_RANGE, "invite.expires_ms");
    if (decide_check_key_is_new(d, invite->key, "invite.key") != 0)
        return d->code;
    invited = decide_new(d, &comity__v1__member_invited__descriptor);
    invitation = decide_new(d, &comity__v1__invitation__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_MEMBER_INVITED);
    if (!invited || !invitation || !event)
        return d->code;
    invitation->key = invite->key;
    invitation->constituency = d->actor->constituency;
    invitation->name = invite->name;
    invitation->n_offices = invite->n_offices;
    invitation->offices = invite->offices;
    invitation->expires_ms = invite->expires_ms;
    invitation->invited_by = d->actor->number;
    invitation->signer = d->body->key;
    invitation->recovers = invite->member;
    invited->invitation = invitation;
    event->member_invited = invited;
    return 0;
}

/* Is it unused, in time, not withdrawn, and the key that signed it still good? Whoever stole a co-chair's key
 * must not come back by what it invited before it was revoked. ERR_INVITATION if not. */
static int check_open(struct decide *d, const Comity__V1__Invitation *invitation)
{
    ProtobufCMessage *row = NULL;
    int code;

    if (invitation->member != 0 || invitation->revoked != 0 || invitation->expires_ms <= d->context->time_ms)
        return ERR_INVITATION;
    code = state_get_by_key(d->view, d->arena, TABLE_KEY, invitation->signer.data, &row);
    if (code != 0)
        return code == ERR_NOT_FOUND ? ERR_CORRUPT : code;
    return ((const Comity__V1__Key *) row)->revoked == 0 ? 0 : ERR_INVITATION;
}

static Comity__V1__Invitation *invitation_find(struct decide *d, ProtobufCBinaryData key)
{
    ProtobufCMessage *row = NULL;
    int code = state_get_by_key(d->view, d->arena, TABLE_INVITATION, key.data, &row);

    if (code == 0)
        code = check_open(d, (const Comity__V1__Invitation *) row);
    if (code == ERR_NOT_FOUND || code == ERR_INVITATION)
        decide_refuse(d, ERR_INVITATION, "redeem.invitation");
    else if (code != 0)
        decide_fail(d, code);
    return code == 0 ? (Comity__V1__Invitation *) row : NULL;
}

/* Who comes back by it has this key, and no other. */
static int recover_by_invitation(struct decide *d, const Comity__V1__Invitation *invitation)
{
    Comity__V1__KeyAdded *added = NULL;
    ProtobufCBinaryData *others;
    size_t count;

    if (member_valid_keys(d, invitation->recovers, &others, &count) == 0)
        added = key_add(d, invitation->recovers, d->body->key, others, count);
    if (added)
        added->invitation = invitation->key;
    return d->code;
}

static int join(struct decide *d, const Comity__V1__Invitation *invitation)
{
    Comity__V1__InvitationRedeemed *redeemed;
    Comity__V1__Event *event;
    uint32_t number;

    if (decide_next_number(d, TABLE_MEMBER, &number) != 0)
        return d->code;
    d->actor_number = number;
    redeemed = decide_new(d, &comity__v1__invitation_redeemed__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_INVITATION_REDEEMED);
    if (!redeemed || !event)
        return d->code;
    redeemed->member = decide_new(d, &comity__v1__member__descriptor);
    redeemed->key = decide_new(d, &comity__v1__key__descriptor);
    if (!redeemed->member || !redeemed->key)
        return d->code;
    redeemed->invitation = invitation->key;
    redeemed->member->number = number;
    redeemed->member->constituency = invitation->constituency;
    redeemed->member->name = invitation->name;
    redeemed->member->n_offices = invitation->n_offices;
    redeemed->member->offices = invitation->offices;
    redeemed->member->since_ms = d->context->time_ms;
    redeemed->key->key = d->body->key;
    redeemed->key->member = number;
    redeemed->key->added = d->context->next_sequence;
    event->invitation_redeemed = redeemed;
    return 0;
}

int decide_redeem(struct decide *d)
{
    const Comity__V1__Invitation *invitation = invitation_find(d, d->body->redeem->invitation);

    if (!invitation || decide_check_key_is_new(d, d->body->key, "key") != 0)
        return d->code;
    return invitation->recovers != 0 ? recover_by_invitation(d, invitation) : join(d, invitation);
}

/* The key is no member's: an invitation's, perhaps. */
static int concern_invitation(struct decide *d)
{
    ProtobufCMessage *row = NULL;
    int code = state_get_by_key(d->view, d->arena, TABLE_INVITATION, d->body->revoke_key->key.data, &row);

    if (code == ERR_NOT_FOUND)
        return decide_refuse(d, code, "revoke_key.key");
    if (code != 0)
        return decide_fail(d, code);
    d->invitation = (Comity__V1__Invitation *) row;
    d->of_constituency = d->invitation->constituency;
    return 0;
}

int concern_key(struct decide *d)
{
    ProtobufCMessage *row = NULL;
    Comity__V1__Member *member;
    int code = state_get_by_key(d->view, d->arena, TABLE_KEY, d->body->revoke_key->key.data, &row);

    if (code == ERR_NOT_FOUND)
        return concern_invitation(d);
    if (code != 0)
        return decide_fail(d, code);
    d->key = (Comity__V1__Key *) row;
    member = decide_get(d, TABLE_MEMBER, d->key->member, 0);
    if (!member)
        return d->code;
    d->of_member = member->number;
    d->of_constituency = member->constituency;
    return 0;
}

/* A constituency without a co-chair could never again change its own roll: but for its recovery key. */
static int check_last_co_chair(struct decide *d)
{
    const Comity__V1__Member *member = decide_get(d, TABLE_MEMBER, d->of_member, 0);
    const Comity__V1__Constituency *own = decide_get(d, TABLE_CONSTITUENCY, d->of_constituency, 0);
    size_t others = 0;

    if (!member || !own)
        return d->code;
    if (!member_has_office(member, COMITY__V1__OFFICE__OFFICE_CO_CHAIR) || own->recovery_key.len > 0)
        return 0;
    if (co_chairs_count(d, d->of_constituency, d->key->key, &others) != 0)
        return d->code;
    return others > 0 ? 0 : decide_refuse(d, ERR_LAST_CO_CHAIR, "revoke_key.key");
}

static int check_revocable(struct decide *d)
{
    bool is_over =
        d->invitation ? d->invitation->member != 0 || d->invitation->revoked != 0 : d->key->revoked != 0;

    if (is_over)
        return decide_refuse(d, ERR_STATE, "revoke_key.key");
    return d->invitation ? 0 : check_last_co_chair(d);
}

/* Who has another key has not left: no stage of a ladder waits for them in vain. */
static int check_leaving(struct decide *d)
{
    ProtobufCBinaryData *keys;
    size_t count;

    if (member_valid_keys(d, d->of_member, &keys, &count) != 0)
        return d->code;
    d->leaving = count == 1 ? d->of_member : 0;
    return 0;
}

int decide_revoke_key(struct decide *d)
{
    Comity__V1__KeyRevoked *revoked;
    Comity__V1__Event *event;

    if (check_revocable(d) != 0 || (d->key && check_leaving(d) != 0))
        return d->code;
    revoked = decide_new(d, &comity__v1__key_revoked__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_KEY_REVOKED);
    if (!revoked || !event)
        return d->code;
    revoked->key = d->body->revoke_key->key;
    revoked->member = d->of_member;
    event->key_revoked = revoked;
    return d->leaving != 0 ? stages_left(d, &revoked->stages, &revoked->n_stages) : 0;
}
