/* One ballot in one round. */
#include <stdio.h>

#include "core/machine/roll.h"
#include "core/machine/solving.h"

int round_check_open(struct decide *d, const char *field)
{
    const Comity__V1__Round *round = d->round;
    bool is_due = round->closes_ms != 0 && round->held_ms == 0 && round->closes_ms <= d->context->time_ms;

    if (round->state != COMITY__V1__ROUND_STATE__ROUND_STATE_OPEN || is_due)
        return decide_refuse(d, ERR_CLOSED, "%s", field);
    return 0;
}

int ballot_check_round(struct decide *d, ProtobufCBinaryData text_hash, const char *command)
{
    const Comity__V1__Round *round = d->round;
    char field[FIELD_PATH_MAX];

    snprintf(field, sizeof(field), "%s.round", command);
    if (round_check_open(d, field) != 0)
        return d->code;
    if (binary_equal(round->text_hash, text_hash))
        return 0;
    decide_refuse(d, ERR_STALE, "%s.text_hash", command);
    if (d->refusal)
        d->refusal->latest = round->version;
    return d->code;
}

/* Does the ballot come after @latest, which counts so far (NULL: none)?
 *
 * One of an earlier epoch names what it replaces in the numbers of then. What the backup had is still called
 * so. What came in after the restore has a new number: there the voter's own order decides, by the epoch in
 * which each was signed and by what each names, so that of ballots that are sent again the last one stands,
 * in whatever order they come, and a new one before all of them. */
static bool comes_after(const struct decide *d, const Comity__V1__CastBallot *cast,
                        const Comity__V1__Ballot *latest)
{
    if (!d->since)
        return cast->replaces == (latest ? latest->sequence : 0);
    if (!latest)
        return true;
    if (latest->sequence <= d->since->restored_to)
        return cast->replaces == latest->sequence || cast->replaces > d->since->restored_to;
    return latest->epoch < d->body->epoch ||
           (latest->epoch == d->body->epoch && latest->named < cast->replaces);
}

/* Against the ballot that counts so far, if there is one: *ret_replaced gets its sequence, or 0. */
static int check_replaced(struct decide *d, const Comity__V1__CastBallot *cast, uint64_t *ret_replaced)
{
    const Comity__V1__Ballot *ballot = decide_seek(d, TABLE_BALLOT, cast->round, d->actor->number);
    uint64_t latest = ballot ? ballot->sequence : 0;

    if (d->code != 0)
        return d->code;
    if (latest != 0 && d->round->rule->change == COMITY__V1__CHANGE__CHANGE_ONCE)
        return decide_refuse_latest(d, ERR_ONCE, "cast_ballot.round", latest);
    *ret_replaced = latest;
    if (!comes_after(d, cast, ballot))
        return decide_refuse_latest(d, ERR_STALE, "cast_ballot.replaces", latest);
    return 0;
}

static bool is_hidden(const Comity__V1__Round *round)
{
    return round->rule->visibility == COMITY__V1__VISIBILITY__VISIBILITY_UNTIL_CLOSE;
}

static bool is_given(const Comity__V1__TextRef *text)
{
    return text && text->size > 0;
}

/* They are interests, of the item that the proposal is on, and not withdrawn. docs/rules.md R-84 */
static int check_interests(struct decide *d, const struct ballot *ballot, const char *at)
{
    const Comity__V1__Proposal *proposal;
    const Comity__V1__Contribution *interest;
    char field[FIELD_PATH_MAX];

    if (ballot->interest_count == 0)
        return 0;
    proposal = decide_get(d, TABLE_PROPOSAL, d->round->proposal, 0);
    d->item = proposal ? decide_get(d, TABLE_ITEM, proposal->item, 0) : NULL;
    for (size_t i = 0; d->item && i < ballot->interest_count; i++) {
        snprintf(field, sizeof(field), "%s.interests[%zu]", at, i);
        interest = solving_find_contribution(d, ballot->interests[i], SOLVING_STANDS | SOLVING_PROPOSED, field);
        if (!interest)
            return d->code;
        if (interest->kind != COMITY__V1__CONTRIBUTION_KIND__CONTRIBUTION_KIND_INTEREST &&
            interest->kind != COMITY__V1__CONTRIBUTION_KIND__CONTRIBUTION_KIND_SHARED_INTEREST)
            return decide_refuse(d, ERR_DUTY, "%s", field);
    }
    return d->code;
}

/* What the rule asks for with it. A hidden ballot always comes with both texts, if only with empty ones: the number
 * of an event's parts would else tell who had something to say. docs/rules.md. */
static int check_duties(struct decide *d, const struct ballot *ballot, const char *at)
{
    unsigned duties = rule_duties(d->round->rule, &ballot->given);

    if (duties & 1U << COMITY__V1__DUTY_KIND__DUTY_KIND_REASON && !is_given(ballot->reason))
        return decide_refuse(d, ERR_REASON, "%s.reason", at);
    if (duties & 1U << COMITY__V1__DUTY_KIND__DUTY_KIND_INTEREST && ballot->interest_count == 0)
        return decide_refuse(d, ERR_DUTY, "%s.interests", at);
    if (duties & 1U << COMITY__V1__DUTY_KIND__DUTY_KIND_ALTERNATIVE && !is_given(ballot->alternative))
        return decide_refuse(d, ERR_DUTY, "%s.alternative", at);
    if (!ballot->reason && is_hidden(d->round))
        return decide_refuse(d, ERR_MISSING, "%s.reason", at);
    if (!ballot->alternative && is_hidden(d->round))
        return decide_refuse(d, ERR_MISSING, "%s.alternative", at);
    return 0;
}

int ballot_check_duties(struct decide *d, const struct ballot *ballot, const char *at)
{
    if (d->context->lacks_answers)
        return 0;
    return check_duties(d, ballot, at) != 0 ? d->code : check_interests(d, ballot, at);
}

/* docs/rules.md R-83 */
int ballot_check_answer(struct decide *d, const struct ballot *ballot, const char *at)
{
    const char *field;
    int code = rule_check_answer(d->round->rule, d->round->n_options, &ballot->given, &field);

    if (code == ERR_ANSWER || code == ERR_OPTION || code == ERR_DUPLICATE)
        return decide_refuse(d, code, "%s.%s", at, field);
    return code == 0 ? 0 : decide_fail(d, code);
}

/* @ballot: NULL where what was said counts no longer. */
static void line_answer(struct decide *d, struct roll *roll, uint32_t member, const struct ballot *ballot)
{
    for (size_t i = 0; i < roll->count; i++)
        if (roll->lines[i].member == member) {
            roll->lines[i].has_answered = ballot != NULL;
            roll->lines[i].given = ballot ? ballot->given : (struct ballot_answer){0};
            roll->lines[i].sequence = d->context->next_sequence;
        }
}

int ballots_settle(struct decide *d, const struct ballot *ballots, const uint32_t *members, size_t count,
                   protobuf_c_boolean *ret_settles)
{
    const Comity__V1__Rule *rule = d->round->rule;
    struct rule_input input;
    bool is_settled = false;
    struct roll roll;
    int code;

    *ret_settles = false;
    if (!rule->close || !rule->close->nothing_can_change)
        return 0;
    if (roll_of_round(d, &roll) != 0)
        return d->code;
    for (size_t i = 0; i < count; i++)
        line_answer(d, &roll, members[i], ballots ? &ballots[i] : NULL);
    input = roll_input(&roll, d->round);
    code = rule_is_settled(&input, d->arena, &is_settled);
    *ret_settles = is_settled;
    return code == 0 ? 0 : decide_fail(d, code);
}

void ballot_hide(struct decide *d)
{
    if (!is_hidden(d->round))
        return;
    d->events.list[0].audience = COMITY__V1__AUDIENCE__AUDIENCE_VOTER_UNTIL_CLOSE;
    d->events.list[0].round = d->round->number;
}

int decide_cast_ballot(struct decide *d)
{
    const Comity__V1__CastBallot *cast = d->body->cast_ballot;
    Comity__V1__BallotCast *ballot;
    Comity__V1__Event *event;
    struct ballot given = ballot_of_cast(cast);
    uint64_t replaced = 0;

    if (ballot_check_round(d, cast->text_hash, "cast_ballot") != 0 ||
        ballot_check_answer(d, &given, "cast_ballot") != 0 || check_replaced(d, cast, &replaced) != 0 ||
        ballot_check_duties(d, &given, "cast_ballot") != 0)
        return d->code;
    ballot = decide_new(d, &comity__v1__ballot_cast__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_BALLOT_CAST);
    if (!ballot || !event || ballots_settle(d, &given, &d->actor->number, 1, &ballot->settles) != 0)
        return d->code;
    ballot->round = cast->round;
    ballot->member = d->actor->number;
    ballot->replaces = replaced;
    event->ballot_cast = ballot;
    ballot_hide(d);
    return 0;
}
