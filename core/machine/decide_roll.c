/* Who belongs: invitations, members, keys. And what such commands concern. */
#include "core/machine/co_chairs.h"

#define INVITATION_MAX_MS ((int64_t) 90 * 24 * 3600 * 1000)
enum {
    INVITATIONS_BACK_MAX = 8, /* of one member, that are open: a redeemed one's event names the others */
    EPOCH_FIRST = 1,          /* before any restore */
};

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

/* ERR_INVITATION where it cannot be redeemed. */
static int check_open(struct decide *d, const Comity__V1__Invitation *invitation)
{
    bool is_open;
    int code = state_invitation_is_open(d->view, d->arena, invitation, d->context->time_ms, &is_open);

    return code != 0 || is_open ? code : ERR_INVITATION;
}

struct ways_back {
    uint32_t member;
    ProtobufCBinaryData except;
    struct found_keys keys;
};

static int way_back_visit(void *context, const ProtobufCMessage *row, struct bytes at)
{
    const Comity__V1__Invitation *invitation = (const Comity__V1__Invitation *) row;
    struct ways_back *ways = context;
    int code = 0;

    (void) at;
    if (invitation->recovers == ways->member && !binary_equal(invitation->key, ways->except)) {
        code = check_open(ways->keys.d, invitation);
        if (code == 0)
            code = found_keys_add(&ways->keys, invitation->key);
        else if (code == ERR_INVITATION)
            code = 0;
    }
    arena_reset(ways->keys.row);
    return code;
}

int invitations_back(struct decide *d, uint32_t member, ProtobufCBinaryData except, ProtobufCBinaryData **ret_keys,
                     size_t *ret_count)
{
    struct ways_back ways = {.member = member, .except = except, .keys = {.d = d}};

    if (found_keys_read(&ways.keys, TABLE_INVITATION, way_back_visit, &ways) != 0)
        return d->code;
    *ret_keys = ways.keys.keys;
    *ret_count = ways.keys.count;
    return 0;
}

/* No other invitation has the key, of another constituency neither; nor too many let the same member back. */
static int check_invitation_is_new(struct decide *d, const Comity__V1__Invite *invite)
{
    struct row_key at = row_key_bytes(TABLE_INVITATION, invite->key.data);
    ProtobufCBinaryData *others;
    size_t count = 0;
    bool exists;

    if (decide_check_key_is_new(d, d->of_constituency, invite->key, "invite.key") != 0 ||
        decide_exists(d, &at, &exists) != 0)
        return d->code;
    if (exists)
        return decide_refuse(d, ERR_EXISTS, "invite.key");
    if (invite->member != 0 &&
        invitations_back(d, invite->member, (ProtobufCBinaryData){0, NULL}, &others, &count) != 0)
        return d->code;
    return count < INVITATIONS_BACK_MAX ? 0
                                        : decide_refuse_limit(d, ERR_LIMIT, "invite.member", INVITATIONS_BACK_MAX);
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
    if (check_invitation_is_new(d, invite) != 0)
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

    if (!invitation || decide_check_key_is_new(d, invitation->constituency, d->body->key, "key") != 0)
        return d->code;
    if (invitation->recovers != 0) /* who comes back by it has this key, and no other */
        return key_recover(d, invitation->recovers, d->body->key, invitation->key);
    return join(d, invitation);
}

/* No key of a member. A restore can have lost what brought it, and whoever has that can send it again at any time: so that a
 * revocation that comes first is good, a co-chair bars the key from the own constituency. Not what is on record there as
 * another sort of key, and would go on being good. */
static int concern_lost_key(struct decide *d)
{
    bool taken = true;

    concern_own_constituency(d);
    if (decide_key_is_taken(d, d->of_constituency, d->body->revoke_key->key, &taken) != 0)
        return d->code;
    return taken ? decide_refuse(d, ERR_NOT_FOUND, "revoke_key.key") : 0;
}

/* NULL: there is none, or d->code is set. */
static void *seek_revoked(struct decide *d, enum table table)
{
    ProtobufCMessage *row = NULL;
    int code = state_get_by_key(d->view, d->arena, table, d->body->revoke_key->key.data, &row);

    if (code != 0 && code != ERR_NOT_FOUND)
        decide_fail(d, code);
    return code == 0 ? row : NULL;
}

/* A member's, or an invitation's. One that is both is, to who invited by it, the invitation's: nobody keeps an invitation from
 * being withdrawn by taking its key into another constituency; nor a lost key from being barred by inviting with it. */
int concern_key(struct decide *d)
{
    Comity__V1__Key *key = seek_revoked(d, TABLE_KEY);
    Comity__V1__Invitation *invitation = d->code == 0 ? seek_revoked(d, TABLE_INVITATION) : NULL;
    const Comity__V1__Member *member = key && d->code == 0 ? decide_get(d, TABLE_MEMBER, key->member, 0) : NULL;
    bool is_own = invitation && invitation->constituency == d->actor->constituency;

    if (d->code != 0)
        return d->code;
    if (key && !is_own) {
        d->key = key;
        d->of_member = member->number;
        d->of_constituency = member->constituency;
        return 0;
    }
    if (!is_own && d->epoch > EPOCH_FIRST && member_has_office(d->actor, COMITY__V1__OFFICE__OFFICE_CO_CHAIR))
        return concern_lost_key(d);
    if (!invitation)
        return decide_refuse(d, ERR_NOT_FOUND, "revoke_key.key");
    d->invitation = invitation;
    d->of_constituency = invitation->constituency;
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
    bool is_over = false;

    if (d->invitation)
        is_over = d->invitation->member != 0 || d->invitation->revoked != 0;
    else if (d->key)
        is_over = d->key->revoked != 0;
    else if (decide_key_is_barred(d, d->of_constituency, d->body->revoke_key->key, &is_over) != 0)
        return d->code;
    if (is_over)
        return decide_refuse(d, ERR_STATE, "revoke_key.key");
    return d->key ? check_last_co_chair(d) : 0;
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
    revoked->constituency = d->key || d->invitation ? 0 : d->of_constituency;
    event->key_revoked = revoked;
    return d->leaving != 0 ? stages_left(d, &revoked->stages, &revoked->n_stages) : 0;
}
