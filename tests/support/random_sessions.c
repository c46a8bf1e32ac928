/* Sessions, proposals, rounds and ballots. */
#include "tests/support/random_bodies.h"

#include "core/machine/phase.h"
#include "core/machine/row.h"

#define SECOND_MS ((int64_t) 1000)
#define HOUR_MS ((int64_t) 3600 * 1000)

/* A facilitator, who signs. */
bool random_sign_as_facilitator(struct random_commands *r)
{
    const struct person *person = random_member(r, FACILITATOR, ANYBODY);

    if (person)
        random_sign(r, person);
    return person != NULL;
}

/* A recent session in this state. */
const Comity__V1__Session *random_session(struct random_commands *r, Comity__V1__SessionState state)
{
    for (size_t tries = 0; tries < 10; tries++) {
        const Comity__V1__Session *session = random_row(r, TABLE_SESSION, random_recent(r, TABLE_SESSION), 0);

        if (session && session->state == state)
            return session;
    }
    return NULL;
}

#define CONVENED COMITY__V1__SESSION_STATE__SESSION_STATE_CONVENED
#define OPEN COMITY__V1__SESSION_STATE__SESSION_STATE_OPEN

bool random_convene_session(struct random_commands *r)
{
    r->body->convene_session->body = random_recent(r, TABLE_BODY);
    r->body->convene_session->title = random_text(r);
    r->body->convene_session->starts_ms = r->time_ms + HOUR_MS;
    return r->body->convene_session->body != 0 && random_sign_as_facilitator(r);
}

bool random_open_session(struct random_commands *r)
{
    const Comity__V1__Session *session = random_session(r, CONVENED);

    r->body->open_session->session = session ? session->number : 0;
    return session && random_sign_as_facilitator(r);
}

bool random_close_session(struct random_commands *r)
{
    const Comity__V1__Session *session = random_session(r, OPEN);

    if (!session || random_last_number(r, TABLE_SESSION) - session->number < 3)
        return false;
    r->body->close_session->session = session->number;
    return random_sign_as_facilitator(r);
}

/* Somebody with a seat of the body. */
const struct person *random_seat_holder(struct random_commands *r, uint32_t number)
{
    const Comity__V1__Body *body = random_row(r, TABLE_BODY, number, 0);

    for (size_t tries = 0; body && tries < 8; tries++) {
        const Comity__V1__Seat *seat = random_row(r, TABLE_SEAT, number, 1 + random_below(r, body->seats));
        const struct person *holder = seat && seat->holder ? random_person_of(r, seat->holder) : NULL;

        if (holder && !holder->is_revoked)
            return holder;
    }
    return NULL;
}

/* Signed by somebody with a seat, now and then by a facilitator. */
bool random_sign_as_holder(struct random_commands *r, uint32_t body)
{
    const struct person *person = random_seat_holder(r, body);

    if (!person || random_chance(r, 10))
        return random_sign_as_facilitator(r);
    random_sign(r, person);
    return true;
}

bool random_check_in(struct random_commands *r)
{
    const Comity__V1__Session *session = random_session(r, OPEN);

    if (!session)
        return false;
    r->body->check_in->session = session->number;
    r->body->check_in->site = 1 + random_below(r, random_last_number(r, TABLE_SITE));
    return random_sign_as_holder(r, session->body);
}

bool random_add_item(struct random_commands *r)
{
    const Comity__V1__Session *session = random_session(r, random_chance(r, 50) ? CONVENED : OPEN);

    if (!session)
        return false;
    r->body->add_item->session = session->number;
    r->body->add_item->title = random_text(r);
    r->body->add_item->function = random_function(r, session->body);
    if (random_chance(r, 30))
        r->body->add_item->phase = (phase_t) (1 + random_below(r, PHASE(PROPOSAL)));
    return random_sign_as_holder(r, session->body);
}

bool random_make_proposal(struct random_commands *r)
{
    const Comity__V1__Item *item = random_row(r, TABLE_ITEM, random_recent(r, TABLE_ITEM), 0);
    const Comity__V1__Session *session = item ? random_row(r, TABLE_SESSION, item->session, 0) : NULL;

    if (!session || (session->state != CONVENED && session->state != OPEN) ||
        !phase_takes_proposals(item->phase))
        return false;
    r->body->make_proposal->item = item->number;
    r->body->make_proposal->title = random_text(r);
    r->body->make_proposal->text = random_text(r);
    r->body->make_proposal->terms = random_terms(r, session->body);
    return random_sign_as_holder(r, session->body);
}

/* A recent proposal that is open to change, with its session. */
static const Comity__V1__Proposal *proposal_find(struct random_commands *r,
                                                 const Comity__V1__Session **ret_session)
{
    for (size_t tries = 0; tries < 10; tries++) {
        const Comity__V1__Proposal *proposal =
            random_row(r, TABLE_PROPOSAL, random_recent(r, TABLE_PROPOSAL), 0);

        if (!proposal || proposal->decision != 0 || proposal->open_round != 0 || proposal->declared != 0 ||
            proposal->outcome != 0)
            continue;
        const Comity__V1__Item *item = random_row(r, TABLE_ITEM, proposal->item, 0);
        *ret_session = random_row(r, TABLE_SESSION, item->session, 0);
        if ((*ret_session)->state == OPEN && phase_takes_proposals(item->phase) && !item->hold)
            return proposal;
    }
    return NULL;
}

bool random_revise_proposal(struct random_commands *r)
{
    const Comity__V1__Session *session;
    const Comity__V1__Proposal *proposal = proposal_find(r, &session);

    if (!proposal || proposal->n_versions >= 100 || (proposal->stage != 0 && random_chance(r, 90)))
        return false;
    r->body->revise_proposal->proposal = proposal->number;
    r->body->revise_proposal->base_hash = proposal->versions[proposal->n_versions - 1]->text->hash;
    r->body->revise_proposal->text = random_text(r);
    r->body->revise_proposal->terms = random_terms(r, session->body);
    return random_sign_as_holder(r, session->body);
}

static bool rule_is_for(const Comity__V1__RuleVersion *version, uint32_t body)
{
    bool is_for = false;

    for (size_t i = 0; i < version->n_bodies; i++)
        is_for |= version->bodies[i] == body;
    return is_for;
}

/* The rule that the proposal's first round had; before it, any. */
static const char *rule_draw(struct random_commands *r, const Comity__V1__Proposal *proposal)
{
    return proposal->rule[0] != '\0' ? proposal->rule : random_name(r, "rule", random_below(r, RULE_NAMES));
}

/* The version by which the proposal's next round is held; NULL: none can be opened. */
static const Comity__V1__RuleVersion *version_find(struct random_commands *r, const Comity__V1__Proposal *proposal)
{
    const Comity__V1__StageRun *run = proposal->stage != 0 ? random_row(r, TABLE_STAGE, proposal->stage, 0) : NULL;
    ProtobufCMessage *row = NULL;

    if (run && run->kind != COMITY__V1__STAGE_KIND__STAGE_KIND_ROUNDS)
        return NULL;
    if (run)
        return random_row(r, TABLE_RULE, run->rule_number, 0);
    if (state_get_by_name(r->view, r->arena, TABLE_RULE, rule_draw(r, proposal), &row) != 0 ||
        proposal->rounds >= ((const Comity__V1__RuleVersion *) row)->rule->rounds)
        return NULL;
    return (const Comity__V1__RuleVersion *) row;
}

bool random_open_round(struct random_commands *r)
{
    const Comity__V1__Session *session;
    const Comity__V1__Proposal *proposal = proposal_find(r, &session);
    const Comity__V1__RuleVersion *version = proposal ? version_find(r, proposal) : NULL;
    Comity__V1__OpenRound *open = r->body->open_round;

    if (!version)
        return false;
    const char *agreed = random_rule_of_item(r, random_row(r, TABLE_ITEM, proposal->item, 0), session->body);
    if (!rule_is_for(version, session->body) || !agreed ||
        (agreed[0] != '\0' && strcmp(agreed, version->rule->name) != 0))
        return false;
    open->proposal = proposal->number;
    open->text_hash = proposal->versions[proposal->n_versions - 1]->text->hash;
    open->rule = version->number;
    if (version->rule->close->at_time)
        open->closes_ms = r->time_ms + version->rule->notice_ms + SECOND_MS + (int64_t) random_below(r, 600 * 1000);
    random_open_options(r, version->rule);
    return random_sign_as_facilitator(r);
}

const Comity__V1__Round *random_open_round_found(struct random_commands *r)
{
    for (size_t tries = 0; tries < 10; tries++) {
        const Comity__V1__Round *round = random_row(r, TABLE_ROUND, random_recent(r, TABLE_ROUND), 0);

        if (round && round->state == COMITY__V1__ROUND_STATE__ROUND_STATE_OPEN &&
            (round->closes_ms == 0 || round->closes_ms > r->time_ms))
            return round;
    }
    return NULL;
}

/* The nth of a round's roll. */
struct nth {
    uint32_t left;
    uint32_t member;
};

static int nth_visit(void *context, const ProtobufCMessage *row, struct bytes key)
{
    struct nth *nth = context;

    (void) key;
    nth->member = ((const Comity__V1__RollEntry *) row)->member;
    return nth->left-- == 0 ? 1 : 0;
}

const struct person *random_voter(struct random_commands *r, const Comity__V1__Round *round)
{
    struct row_key roll = row_key_first(TABLE_ROLL, round->number);
    struct nth nth = {random_below(r, round->eligible), 0};

    if (row_each(r->view, r->arena, TABLE_ROLL, &roll, nth_visit, &nth) != 0)
        random_need(NULL, "a roll cannot be read");
    const struct person *voter = random_person_of(r, nth.member);
    return voter && !voter->is_revoked ? voter : NULL;
}

bool random_cast_ballot(struct random_commands *r)
{
    const Comity__V1__Round *round = random_open_round_found(r);
    const struct person *voter = round ? random_voter(r, round) : NULL;
    Comity__V1__CastBallot *cast = r->body->cast_ballot;
    struct random_answer said;

    if (!voter)
        return false;
    const Comity__V1__Ballot *latest = random_row(r, TABLE_BALLOT, round->number, voter->member);
    if (latest && (round->rule->change == COMITY__V1__CHANGE__CHANGE_ONCE || random_chance(r, 70)))
        return false;
    random_sign(r, voter);
    cast->round = round->number;
    cast->text_hash = round->text_hash;
    random_answer(r, round, &said);
    RANDOM_SAY(cast, said);
    cast->replaces = latest ? latest->sequence : 0;
    if (random_chance(r, cast->answer >= 5 ? 95 : 20))
        cast->reason = random_text(r);
    else if (round->rule->visibility == COMITY__V1__VISIBILITY__VISIBILITY_UNTIL_CLOSE)
        cast->reason = random_empty_text(r);
    if (round->rule->visibility == COMITY__V1__VISIBILITY__VISIBILITY_UNTIL_CLOSE)
        cast->alternative = random_chance(r, 50) ? random_text(r) : random_empty_text(r);
    return true;
}

/* A ballot that a recorder could enter for somebody on the roll; NULL where that one has to answer in person.
 */
static Comity__V1__EnteredBallot *entered_ballot(struct random_commands *r, const Comity__V1__Round *round)
{
    const struct person *voter = random_voter(r, round);

    if (!voter || random_row(r, TABLE_DISPUTED, round->number, voter->member))
        return NULL;
    const Comity__V1__Ballot *latest = random_row(r, TABLE_BALLOT, round->number, voter->member);
    if (latest && round->rule->change == COMITY__V1__CHANGE__CHANGE_ONCE)
        return NULL;
    Comity__V1__EnteredBallot *entered = random_alloc(r, sizeof(*entered));
    comity__v1__entered_ballot__init(entered);
    struct random_answer said;
    random_answer(r, round, &said);
    entered->member = voter->member;
    RANDOM_SAY(entered, said);
    entered->replaces = latest ? latest->sequence : 0;
    entered->medium = random_chance(r, 50) ? COMITY__V1__BALLOT_MEDIUM__BALLOT_MEDIUM_PAPER
                                           : COMITY__V1__BALLOT_MEDIUM__BALLOT_MEDIUM_PHONE;
    return entered;
}

bool random_enter_ballots(struct random_commands *r)
{
    const Comity__V1__Round *round = random_open_round_found(r);
    const struct person *recorder = random_member(r, RECORDER, ANYBODY);
    const struct person *witness = random_member(r, 0, ANYBODY);
    Comity__V1__EnterBallots *enter = r->body->enter_ballots;

    if (!round || !recorder || !witness || witness->constituency == recorder->constituency)
        return false;
    enter->ballots = random_alloc(r, 2 * sizeof(*enter->ballots));
    for (size_t i = 0; i < 2; i++) {
        Comity__V1__EnteredBallot *entered = entered_ballot(r, round);

        if (!entered || (i > 0 && enter->ballots[0]->member == entered->member))
            break;
        entered->reason = random_text(r);
        if (round->rule->visibility == COMITY__V1__VISIBILITY__VISIBILITY_UNTIL_CLOSE)
            entered->alternative = random_empty_text(r);
        enter->ballots[enter->n_ballots++] = entered;
    }
    enter->round = round->number;
    enter->text_hash = round->text_hash;
    random_sign(r, recorder);
    random_cosign(r, witness);
    return enter->n_ballots > 0;
}

/* A ballot of a round that somebody else entered, whose voter signs. */
static const Comity__V1__Ballot *sign_as_entered(struct random_commands *r, bool may_be_confirmed)
{
    const Comity__V1__Round *round = random_row(r, TABLE_ROUND, random_recent(r, TABLE_ROUND), 0);
    const struct person *voter = round ? random_voter(r, round) : NULL;
    const Comity__V1__Ballot *ballot =
        voter ? random_row(r, TABLE_BALLOT, round->number, voter->member) : NULL;

    if (!ballot ||
        (ballot->standing != COMITY__V1__BALLOT_STANDING__BALLOT_STANDING_ENTERED &&
         (!may_be_confirmed || ballot->standing != COMITY__V1__BALLOT_STANDING__BALLOT_STANDING_CONFIRMED)))
        return NULL;
    random_sign(r, voter);
    return ballot;
}

bool random_confirm_ballot(struct random_commands *r)
{
    const Comity__V1__Ballot *ballot = sign_as_entered(r, false);

    if (!ballot)
        return false;
    r->body->confirm_ballot->round = ballot->round;
    r->body->confirm_ballot->ballot = ballot->sequence;
    return true;
}

bool random_dispute_ballot(struct random_commands *r)
{
    const Comity__V1__Ballot *ballot = sign_as_entered(r, true);

    if (!ballot)
        return false;
    r->body->dispute_ballot->round = ballot->round;
    r->body->dispute_ballot->ballot = ballot->sequence;
    r->body->dispute_ballot->reason = random_text(r);
    return true;
}

bool random_close_round(struct random_commands *r)
{
    const Comity__V1__Round *round = random_open_round_found(r);

    if (!round || (round->answered * 2 < round->eligible && random_chance(r, 70)))
        return false;
    r->body->close_round->round = round->number;
    return random_sign_as_facilitator(r);
}
