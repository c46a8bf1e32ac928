/* Who may: one row a right. */
#include "core/machine/co_chairs.h"
#include "core/rule/rule.h"
#include "core/words.h"

/* The text's founders have all signed it, and nobody else has. */
static int check_founders(struct decide *d)
{
    const Comity__V1__Found *found = d->body->found;
    bool is_founder[1 + COSIGNERS_MAX] = {false};
    size_t signers = 1 + d->body->n_cosigners;
    size_t i, j, k;

    if (signers > ARRAY_COUNT(is_founder))
        return decide_refuse_limit(d, ERR_RANGE, "cosigners", COSIGNERS_MAX);
    for (i = 0; i < found->n_constituencies; i++) {
        const Comity__V1__NewConstituency *constituency = found->constituencies[i];

        for (j = 0; j < constituency->n_founders; j++) {
            ProtobufCBinaryData key = constituency->founders[j]->key;
            bool has_signed = binary_equal(d->body->key, key);

            is_founder[0] |= has_signed;
            for (k = 1; k < signers && !has_signed; k++) {
                has_signed = binary_equal(d->body->cosigners[k - 1], key);
                is_founder[k] |= has_signed;
            }
            if (!has_signed)
                return decide_refuse(d, ERR_COSIGNERS, "found.constituencies[%zu].founders[%zu].key", i, j);
        }
    }
    if (!is_founder[0])
        return decide_refuse(d, ERR_FORBIDDEN, "key");
    for (k = 1; k < signers; k++)
        if (!is_founder[k])
            return decide_refuse(d, ERR_KEY_UNKNOWN, "cosigners[%zu]", k - 1);
    return 0;
}

struct parties_there {
    const Comity__V1__Constituency *list[CONSTITUENCIES_MAX];
    size_t count;
};

static int party_visit(void *context, const ProtobufCMessage *row, struct bytes key)
{
    const Comity__V1__Constituency *constituency = (const Comity__V1__Constituency *) row;
    struct parties_there *parties = context;

    (void) key;
    if (constituency->standing == COMITY__V1__STANDING__STANDING_PARTY && parties->count < CONSTITUENCIES_MAX)
        parties->list[parties->count++] = constituency;
    return 0;
}

/* Of every PARTY, and of the signer's own constituency, as many as the charter asks for. */
static int check_each_party(struct decide *d)
{
    struct row_key all = row_key_all(TABLE_CONSTITUENCY);
    const Comity__V1__Constituency *own;
    struct parties_there parties = {.count = 0};
    struct co_chairs signed_by;
    int code;

    if (co_chairs_signed(d, &signed_by) != 0)
        return d->code;
    code = row_each(d->view, d->arena, TABLE_CONSTITUENCY, &all, party_visit, &parties);
    if (code != 0)
        return decide_fail(d, code);
    for (size_t i = 0; i < parties.count; i++)
        if (co_chairs_suffice(d, &signed_by, parties.list[i]) != 0)
            return d->code;
    own = decide_get(d, TABLE_CONSTITUENCY, d->actor->constituency, 0);
    return own ? co_chairs_suffice(d, &signed_by, own) : d->code;
}

static bool is_own_co_chair(const struct decide *d)
{
    return d->of_constituency == d->actor->constituency &&
           member_has_office(d->actor, COMITY__V1__OFFICE__OFFICE_CO_CHAIR);
}

/* As many co-chairs of the constituency as the charter asks for, and nobody of another. Where one is enough nobody
 * lends it a weight. @others: cosigners who sign for something else. */
static int check_co_chairs(struct decide *d, size_t others)
{
    const Comity__V1__Constituency *own;
    struct co_chairs signed_by;
    size_t needed;

    if (!is_own_co_chair(d))
        return decide_refuse(d, ERR_FORBIDDEN, "key");
    own = decide_get(d, TABLE_CONSTITUENCY, d->of_constituency, 0);
    if (!own || co_chairs_needed(d, own, &needed) != 0)
        return d->code;
    if (needed == 1 && d->body->n_cosigners > others)
        return decide_refuse_limit(d, ERR_RANGE, "cosigners", others);
    if (co_chairs_signed(d, &signed_by) != 0 || co_chairs_suffice(d, &signed_by, own) != 0)
        return d->code;
    for (size_t i = 0; i < signed_by.count; i++)
        if (signed_by.constituencies[i] != d->of_constituency)
            return decide_refuse(d, ERR_FORBIDDEN, "cosigners");
    return 0;
}

static int check_own_co_chair(struct decide *d)
{
    return check_co_chairs(d, 0);
}

static int check_self_or_co_chair(struct decide *d)
{
    if (d->of_member != d->actor->number)
        return check_own_co_chair(d);
    return d->body->n_cosigners == 0 ? 0 : decide_refuse_limit(d, ERR_RANGE, "cosigners", 0);
}

static int check_invited(struct decide *d)
{
    if (d->body->n_cosigners != 1 || !binary_equal(d->body->cosigners[0], d->body->redeem->invitation))
        return decide_refuse(d, ERR_COSIGNERS, "cosigners");
    return 0;
}

static int check_any_facilitator(struct decide *d)
{
    if (!member_has_office(d->actor, COMITY__V1__OFFICE__OFFICE_FACILITATOR))
        return decide_refuse(d, ERR_FORBIDDEN, "key");
    return 0;
}

/* A session can name those who facilitate it: the others of the office do not then. */
bool facilitates(const struct decide *d)
{
    size_t i;

    if (!member_has_office(d->actor, COMITY__V1__OFFICE__OFFICE_FACILITATOR))
        return false;
    if (!d->session || d->session->n_facilitators == 0)
        return true;
    for (i = 0; i < d->session->n_facilitators; i++)
        if (d->session->facilitators[i] == d->actor->number)
            return true;
    return false;
}

bool keeps_record(const struct decide *d)
{
    uint32_t named = d->session ? d->session->recorder : 0;

    return facilitates(d) || named == d->actor->number ||
           (named == 0 && member_has_office(d->actor, COMITY__V1__OFFICE__OFFICE_RECORDER));
}

/* One of the office who is not named is told so. */
static int check_facilitator(struct decide *d)
{
    if (facilitates(d))
        return 0;
    return check_any_facilitator(d) != 0 ? d->code : decide_refuse(d, ERR_FORBIDDEN, "session.facilitators");
}

static int check_keep_record(struct decide *d)
{
    return keeps_record(d) ? 0 : decide_refuse(d, ERR_FORBIDDEN, "key");
}

static int check_call_caucus(struct decide *d)
{
    const Comity__V1__Constituency *own = decide_get(d, TABLE_CONSTITUENCY, d->actor->constituency, 0);
    bool may = member_has_office(d->actor, COMITY__V1__OFFICE__OFFICE_CO_CHAIR);

    if (!own || (!may && decide_has_seat(d, d->actor->number, &may) != 0))
        return d->code;
    may = may && own->standing == COMITY__V1__STANDING__STANDING_PARTY;
    return may ? 0 : decide_refuse(d, ERR_FORBIDDEN, "key");
}

static int check_in_sidebar(struct decide *d)
{
    size_t i;

    for (i = 0; i < d->sidebar->n_members; i++)
        if (d->sidebar->members[i] == d->actor->number)
            return 0;
    return decide_refuse(d, ERR_FORBIDDEN, "key");
}

/* A seat of one's own, or one that one has for the session. */
static int check_seat(struct decide *d)
{
    bool holds;

    if (decide_has_seat(d, d->actor->number, &holds) != 0)
        return d->code;
    return holds ? 0 : decide_refuse(d, ERR_FORBIDDEN, "key");
}

static int check_body_or_facilitator(struct decide *d)
{
    return member_has_office(d->actor, COMITY__V1__OFFICE__OFFICE_FACILITATOR) ? 0 : check_seat(d);
}

static int check_body_or_office(struct decide *d)
{
    return d->actor->n_offices > 0 ? 0 : check_seat(d);
}

static int check_on_roll(struct decide *d)
{
    struct row_key key = row_key(TABLE_ROLL, d->round->number, d->actor->number);
    bool exists;

    if (decide_exists(d, &key, &exists) != 0)
        return d->code;
    return exists ? 0 : decide_refuse(d, ERR_NOT_ON_ROLL, "key");
}

/* One member of another constituency than the signer's has signed as well. */
static int check_witness(struct decide *d)
{
    Comity__V1__Member *witness;
    int code;

    if (d->body->n_cosigners != 1)
        return decide_refuse(d, ERR_COSIGNERS, "cosigners");
    code = state_member_of_key(d->view, d->arena, d->body->cosigners[0].data, &witness);
    if (code == ERR_KEY_UNKNOWN || code == ERR_KEY_REVOKED)
        return decide_refuse(d, code, "cosigners[0]");
    if (code != 0)
        return decide_fail(d, code);
    if (witness->constituency == d->actor->constituency)
        return decide_refuse(d, ERR_COSIGNERS, "cosigners[0]");
    d->witness = witness->number;
    return 0;
}

static int check_recorder_countersigned(struct decide *d)
{
    if (!member_has_office(d->actor, COMITY__V1__OFFICE__OFFICE_RECORDER))
        return decide_refuse(d, ERR_FORBIDDEN, "key");
    return check_witness(d);
}

/* Problem solving. */

static int check_party_co_chair(struct decide *d)
{
    const Comity__V1__Constituency *own = decide_get(d, TABLE_CONSTITUENCY, d->actor->constituency, 0);

    if (!own)
        return d->code;
    if (own->standing != COMITY__V1__STANDING__STANDING_PARTY ||
        !member_has_office(d->actor, COMITY__V1__OFFICE__OFFICE_CO_CHAIR))
        return decide_refuse(d, ERR_FORBIDDEN, "key");
    return 0;
}

static int check_author(struct decide *d)
{
    return d->of_member == d->actor->number ? 0 : decide_refuse(d, ERR_FORBIDDEN, "key");
}

static int check_author_or_facilitator(struct decide *d)
{
    return d->of_member == d->actor->number ? 0 : check_facilitator(d);
}

static int check_asked(struct decide *d)
{
    if (is_own_co_chair(d))
        return 0;
    if (d->of_constituency != d->actor->constituency)
        return decide_refuse(d, ERR_FORBIDDEN, "key");
    return check_seat(d);
}

static int check_body_or_record(struct decide *d)
{
    return keeps_record(d) ? 0 : check_seat(d);
}

static int check_owner_or_record(struct decide *d)
{
    size_t i;

    for (i = 0; i < d->action->n_owners; i++)
        if (d->action->owners[i] == d->actor->number)
            return 0;
    return check_keep_record(d);
}

static int check_reopen(struct decide *d)
{
    const Comity__V1__Terms *terms = d->decision->terms;
    bool holds = false;

    switch (terms ? terms->reopen_by : COMITY__V1__REOPEN_BY__REOPEN_BY_CO_CHAIR) {
    case COMITY__V1__REOPEN_BY__REOPEN_BY_SEAT:
        if (decide_holds_seat(d, d->of_body, d->actor->number, &holds) != 0)
            return d->code;
        return holds ? 0 : check_party_co_chair(d);
    case COMITY__V1__REOPEN_BY__REOPEN_BY_FACILITATOR:
        return check_facilitator(d);
    case COMITY__V1__REOPEN_BY__REOPEN_BY_NOBODY:
        return decide_refuse(d, ERR_FORBIDDEN, "key");
    default:
        return check_party_co_chair(d);
    }
}

static int check_mandated(struct decide *d)
{
    if (d->mandate->body != 0)
        return check_seat(d);
    return d->mandate->member == d->actor->number ? 0 : decide_refuse(d, ERR_FORBIDDEN, "key");
}

/* Rules and stages. */

static int check_record_countersigned(struct decide *d)
{
    return check_keep_record(d) == 0 ? check_witness(d) : d->code;
}

static int check_asked_at_stage(struct decide *d)
{
    for (size_t i = 0; i < d->stage->n_asked; i++)
        if (d->stage->asked[i] == d->actor->number)
            return 0;
    return decide_refuse(d, ERR_FORBIDDEN, "key");
}

/* Keys and witnesses. */

/* The new key has signed, and nobody else has: nobody is given a key that is somebody else's. */
static int check_new_key(struct decide *d, ProtobufCBinaryData key)
{
    if (d->body->n_cosigners != 1 || !binary_equal(d->body->cosigners[0], key))
        return decide_refuse(d, ERR_COSIGNERS, "cosigners");
    return 0;
}

static int check_member_new_key(struct decide *d)
{
    return check_new_key(d, d->body->add_key->key);
}

static int check_co_chair_new_key(struct decide *d)
{
    ProtobufCBinaryData key = d->body->set_recovery_key->key;

    if (!is_own_co_chair(d))
        return decide_refuse(d, ERR_FORBIDDEN, "key");
    return command_is_signed_by(d->body, key) ? check_co_chairs(d, 1) : decide_refuse(d, ERR_COSIGNERS, "cosigners");
}

/* A member's key is told that it may not; one that is nobody's, that it is. */
static int check_recovery_key(struct decide *d)
{
    Comity__V1__Member *member;
    uint32_t constituency = 0;
    int code = state_constituency_of_recovery(d->view, d->arena, d->body->key.data, &constituency);

    if (code == ERR_KEY_UNKNOWN) {
        code = state_member_of_key(d->view, d->arena, d->body->key.data, &member);
        code = code == 0 ? ERR_FORBIDDEN : code;
    }
    if (code == ERR_FORBIDDEN || code == ERR_KEY_UNKNOWN || code == ERR_KEY_REVOKED)
        return decide_refuse(d, code, "key");
    if (code != 0)
        return decide_fail(d, code);
    if (constituency != d->of_constituency)
        return decide_refuse(d, ERR_FORBIDDEN, "key");
    return check_new_key(d, d->body->recover_co_chair->key);
}

enum {
    COSIGNED = 1,    /* the check looks at who else has signed: with the other rights nobody else does */
    OF_OUTSIDER = 2, /* the signer is no member, or not yet */
};

static const struct right_row {
    enum right right;
    const char *name;
    int (*check)(struct decide *d);
    unsigned flags;
} RIGHTS[] = {
    {MAY_FOUNDERS, N_("all founders of the text, together"), check_founders, COSIGNED | OF_OUTSIDER},
    {MAY_EACH_PARTY, N_("co-chairs, one of every PARTY at least"), check_each_party, COSIGNED},
    {MAY_OWN_CO_CHAIR, N_("co-chair of the constituency"), check_own_co_chair, COSIGNED},
    {MAY_SELF_OR_CO_CHAIR, N_("the member, or a co-chair of the same constituency"), check_self_or_co_chair,
     COSIGNED},
    {MAY_INVITED, N_("a new key, with an open invitation's"), check_invited, COSIGNED | OF_OUTSIDER},
    {MAY_FACILITATOR, N_("facilitator"), check_facilitator, 0},
    {MAY_BODY, N_("holder of a seat of the body"), check_seat, 0},
    {MAY_BODY_OR_FACILITATOR, N_("holder of a seat of the body, or facilitator"), check_body_or_facilitator, 0},
    {MAY_BODY_OR_OFFICE, N_("holder of a seat of the body, or of an office"), check_body_or_office, 0},
    {MAY_ON_ROLL, N_("member of the round's roll"), check_on_roll, 0},
    {MAY_RECORDER_COUNTERSIGNED, N_("recorder, with a member of another constituency"),
     check_recorder_countersigned, COSIGNED},
    /* Sessions. */
    {MAY_ANY_FACILITATOR, N_("any facilitator"), check_any_facilitator, 0},
    {MAY_KEEP_RECORD, N_("facilitator or recorder"), check_keep_record, 0},
    {MAY_CALL_CAUCUS, N_("co-chair, or holder of a seat of the body, of a PARTY"), check_call_caucus, 0},
    {MAY_IN_SIDEBAR, N_("one of the sidebar's persons"), check_in_sidebar, 0},
    /* Problem solving. */
    {MAY_PARTY_CO_CHAIR, N_("co-chair of a PARTY"), check_party_co_chair, 0},
    {MAY_AUTHOR, N_("the member who made it"), check_author, 0},
    {MAY_AUTHOR_OR_FACILITATOR, N_("the member who made it, or facilitator"), check_author_or_facilitator, 0},
    {MAY_ASKED, N_("of the constituency that is asked: a co-chair, or a holder of a seat of the body"),
     check_asked, 0},
    /* Decisions and minutes. */
    {MAY_BODY_OR_RECORD, N_("holder of a seat of the body, facilitator or recorder"), check_body_or_record, 0},
    {MAY_OWNER_OR_RECORD, N_("owner of the action, facilitator or recorder"), check_owner_or_record, 0},
    {MAY_REOPEN, N_("whom the decision's terms name; else a co-chair of a PARTY"), check_reopen, 0},
    {MAY_MANDATED, N_("the member, or a holder of a seat of the body, who has the mandate"), check_mandated, 0},
    /* Rules and stages. */
    {MAY_RECORD_COUNTERSIGNED, N_("facilitator or recorder, with a member of another constituency"),
     check_record_countersigned, COSIGNED},
    {MAY_ASKED_AT_STAGE, N_("one of those whom the stage asks"), check_asked_at_stage, 0},
    /* Keys and witnesses. */
    {MAY_MEMBER_NEW_KEY, N_("a member, with the new key"), check_member_new_key, COSIGNED},
    {MAY_CO_CHAIR_NEW_KEY, N_("co-chair of the constituency, with its new recovery key"), check_co_chair_new_key,
     COSIGNED},
    {MAY_RECOVERY_KEY, N_("the constituency's recovery key, with the new key"), check_recovery_key, COSIGNED | OF_OUTSIDER},
};

static const struct right_row *right_find(enum right right)
{
    for (size_t i = 0; i < ARRAY_COUNT(RIGHTS); i++)
        if (RIGHTS[i].right == right)
            return &RIGHTS[i];
    return NULL;
}

const char *right_name(enum right right)
{
    const struct right_row *row = right_find(right);

    return row ? row->name : N_("nobody");
}

bool right_is_cosigned(enum right right)
{
    const struct right_row *row = right_find(right);

    return row && row->flags & COSIGNED;
}

bool right_is_of_outsider(enum right right)
{
    const struct right_row *row = right_find(right);

    return row && row->flags & OF_OUTSIDER;
}

int right_check(struct decide *d, enum right right)
{
    const struct right_row *row = right_find(right);

    return row ? row->check(d) : decide_fail(d, ERR_INTERNAL);
}
