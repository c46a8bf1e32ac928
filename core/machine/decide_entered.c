/* Ballots that came on paper or by telephone: entered by a recorder, and what their voters say of them. */
#include <stdio.h>

#include "core/machine/decide.h"

enum { AT_MAX = 48 };

/* Is @member on the roll, and has he or she disputed none in this round? */
static int check_voter(struct decide *d, uint32_t member, const char *at)
{
    struct row_key roll = row_key(TABLE_ROLL, d->round->number, member);
    struct row_key disputed = row_key(TABLE_DISPUTED, d->round->number, member);
    bool is_on_roll, has_disputed;
    char field[FIELD_PATH_MAX];

    snprintf(field, sizeof(field), "%s.member", at);
    if (decide_check_number(d, TABLE_MEMBER, member, field) != 0 ||
        decide_exists(d, &roll, &is_on_roll) != 0 || decide_exists(d, &disputed, &has_disputed) != 0)
        return d->code;
    if (!is_on_roll)
        return decide_refuse(d, ERR_NOT_ON_ROLL, "%s", field);
    return has_disputed ? decide_refuse(d, ERR_STATE, "%s", field) : 0;
}

/* The ballot that counts so far, as one of another epoch than the latest can hardly know it, has to be named.
 */
static int check_replaced(struct decide *d, const Comity__V1__EnteredBallot *entered, const char *at)
{
    const Comity__V1__Ballot *ballot = decide_seek(d, TABLE_BALLOT, d->round->number, entered->member);
    uint64_t latest = ballot ? ballot->sequence : 0;
    char field[FIELD_PATH_MAX];

    if (d->code != 0)
        return d->code;
    snprintf(field, sizeof(field), "%s.replaces", at);
    if (d->since && (latest > d->since->restored_to || entered->replaces > d->since->restored_to))
        return decide_refuse_latest(d, ERR_EPOCH, field, d->epoch);
    if (entered->replaces != latest)
        return decide_refuse_latest(d, ERR_STALE, field, latest);
    if (latest != 0 && d->round->rule->change == COMITY__V1__CHANGE__CHANGE_ONCE)
        return decide_refuse_latest(d, ERR_ONCE, field, latest);
    return 0;
}

static int enter_one(struct decide *d, size_t i, Comity__V1__BallotEntry **ret_entry)
{
    const Comity__V1__EnteredBallot *entered = d->body->enter_ballots->ballots[i];
    struct ballot ballot = ballot_of_entered(entered);
    Comity__V1__BallotEntry *entry;
    char at[AT_MAX];

    snprintf(at, sizeof(at), "enter_ballots.ballots[%zu]", i);
    if (check_voter(d, entered->member, at) != 0 || ballot_check_answer(d, &ballot, at) != 0 ||
        check_replaced(d, entered, at) != 0 || ballot_check_duties(d, &ballot, at) != 0)
        return d->code;
    entry = decide_new(d, &comity__v1__ballot_entry__descriptor);
    if (!entry)
        return d->code;
    entry->member = entered->member;
    entry->replaces = entered->replaces;
    entry->medium = entered->medium;
    *ret_entry = entry;
    return 0;
}

static int entered_settle(struct decide *d, const Comity__V1__EnterBallots *enter,
                          protobuf_c_boolean *ret_settles)
{
    struct ballot *ballots = decide_alloc(d, enter->n_ballots, sizeof(*ballots));
    uint32_t *members = decide_alloc(d, enter->n_ballots, sizeof(*members));

    if (!ballots || !members)
        return d->code;
    for (size_t i = 0; i < enter->n_ballots; i++) {
        ballots[i] = ballot_of_entered(enter->ballots[i]);
        members[i] = enter->ballots[i]->member;
    }
    return ballots_settle(d, ballots, members, enter->n_ballots, ret_settles);
}

int decide_enter_ballots(struct decide *d)
{
    const Comity__V1__EnterBallots *enter = d->body->enter_ballots;
    Comity__V1__BallotsEntered *ballots;
    Comity__V1__Event *event;
    size_t i;

    if (ballot_check_round(d, enter->text_hash, "enter_ballots") != 0)
        return d->code;
    ballots = decide_new(d, &comity__v1__ballots_entered__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_BALLOTS_ENTERED);
    if (!ballots || !event)
        return d->code;
    ballots->ballots = decide_alloc(d, enter->n_ballots, sizeof(*ballots->ballots));
    if (!ballots->ballots)
        return d->code;
    for (i = 0; i < enter->n_ballots; i++)
        if (enter_one(d, i, &ballots->ballots[ballots->n_ballots++]) != 0)
            return d->code;
    if (entered_settle(d, enter, &ballots->settles) != 0)
        return d->code;
    ballots->round = d->round->number;
    ballots->countersigned_by = d->witness;
    event->ballots_entered = ballots;
    ballot_hide(d);
    return 0;
}

/* The actor's own ballot, which others entered, and about which nothing that @may_be_confirmed forbids was
 * said. */
static int find_own(struct decide *d, uint64_t sequence, bool may_be_confirmed, const char *field)
{
    const Comity__V1__Ballot *ballot;
    ProtobufCMessage *row = NULL;
    int code = state_get(d->view, d->arena, TABLE_BALLOT, d->round->number, d->actor->number, &row);

    if (code == ERR_NOT_FOUND)
        return decide_refuse_latest(d, ERR_STALE, field, 0);
    if (code != 0)
        return decide_fail(d, code);
    ballot = (const Comity__V1__Ballot *) row;
    if (d->since && (ballot->sequence > d->since->restored_to || sequence > d->since->restored_to))
        return decide_refuse_latest(d, ERR_EPOCH, field, d->epoch);
    if (ballot->sequence != sequence)
        return decide_refuse_latest(d, ERR_STALE, field, ballot->sequence);
    if (ballot->standing == COMITY__V1__BALLOT_STANDING__BALLOT_STANDING_ENTERED ||
        (may_be_confirmed && ballot->standing == COMITY__V1__BALLOT_STANDING__BALLOT_STANDING_CONFIRMED))
        return 0;
    return decide_refuse(d, ERR_STATE, "%s", field);
}

int decide_confirm_ballot(struct decide *d)
{
    const Comity__V1__ConfirmBallot *confirm = d->body->confirm_ballot;
    Comity__V1__BallotConfirmed *confirmed;
    Comity__V1__Event *event;

    if (find_own(d, confirm->ballot, false, "confirm_ballot.ballot") != 0)
        return d->code;
    confirmed = decide_new(d, &comity__v1__ballot_confirmed__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_BALLOT_CONFIRMED);
    if (!confirmed || !event)
        return d->code;
    confirmed->round = confirm->round;
    confirmed->member = d->actor->number;
    confirmed->ballot = confirm->ballot;
    event->ballot_confirmed = confirmed;
    return 0;
}

int decide_dispute_ballot(struct decide *d)
{
    const Comity__V1__DisputeBallot *dispute = d->body->dispute_ballot;
    bool is_open = d->round->state == COMITY__V1__ROUND_STATE__ROUND_STATE_OPEN;
    Comity__V1__BallotDisputed *disputed;
    Comity__V1__Event *event;

    if (find_own(d, dispute->ballot, true, "dispute_ballot.ballot") != 0)
        return d->code;
    disputed = decide_new(d, &comity__v1__ballot_disputed__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_BALLOT_DISPUTED);
    if (!disputed || !event)
        return d->code;
    if (is_open && ballots_settle(d, NULL, &d->actor->number, 1, &disputed->settles) != 0)
        return d->code;
    disputed->round = dispute->round;
    disputed->member = d->actor->number;
    disputed->ballot = dispute->ballot;
    disputed->is_set_aside = is_open;
    event->ballot_disputed = disputed;
    ballot_hide(d);
    return 0;
}
