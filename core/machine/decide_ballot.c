/* One ballot in one round. */
#include "core/machine/decide.h"
#include "core/rule/rule.h"

int ballot_check_round(struct decide *d, ProtobufCBinaryData text_hash, const char *command)
{
    const Comity__V1__Round *round = d->round;
    bool is_due = round->closes_ms != 0 && round->held_ms == 0 && round->closes_ms <= d->context->time_ms;

    if (round->state != COMITY__V1__ROUND_STATE__ROUND_STATE_OPEN || is_due)
        return decide_refuse(d, ERR_CLOSED, "%s.round", command);
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
    ProtobufCMessage *row = NULL;
    uint64_t latest = 0;
    int code = state_get(d->view, d->arena, TABLE_BALLOT, cast->round, d->actor->number, &row);

    if (code != 0 && code != ERR_NOT_FOUND)
        return decide_fail(d, code);
    if (code == 0)
        latest = ((const Comity__V1__Ballot *) row)->sequence;
    if (latest != 0 && d->round->rule->change == COMITY__V1__CHANGE__CHANGE_ONCE)
        return decide_refuse_latest(d, ERR_ONCE, "cast_ballot.round", latest);
    *ret_replaced = latest;
    if (!comes_after(d, cast, (const Comity__V1__Ballot *) row))
        return decide_refuse_latest(d, ERR_STALE, "cast_ballot.replaces", latest);
    return 0;
}

static bool is_hidden(const Comity__V1__Round *round)
{
    return round->rule->visibility == COMITY__V1__VISIBILITY__VISIBILITY_UNTIL_CLOSE;
}

/* A hidden ballot always comes with a reason, if only an empty one: the number of an event's parts would else
 * tell who had one to give. */
int ballot_check_reason(struct decide *d, uint32_t answer, const Comity__V1__TextRef *reason, const char *at)
{
    const struct ballot_answer given = {.answer = answer};
    bool is_given = reason && reason->size > 0;

    if (!is_given && rule_duties(d->round->rule, &given) & 1U << COMITY__V1__DUTY_KIND__DUTY_KIND_REASON)
        return decide_refuse(d, ERR_REASON, "%s.reason", at);
    if (!reason && is_hidden(d->round))
        return decide_refuse(d, ERR_MISSING, "%s.reason", at);
    return 0;
}

int ballot_check_answer(struct decide *d, uint32_t answer, const char *at)
{
    if (rule_stance(d->round->rule, answer) == COMITY__V1__STANCE__STANCE_UNSPECIFIED)
        return decide_refuse(d, ERR_ANSWER, "%s.answer", at);
    return 0;
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
    uint64_t replaced = 0;

    if (ballot_check_round(d, cast->text_hash, "cast_ballot") != 0 ||
        ballot_check_answer(d, cast->answer, "cast_ballot") != 0 || check_replaced(d, cast, &replaced) != 0 ||
        ballot_check_reason(d, cast->answer, cast->reason, "cast_ballot") != 0)
        return d->code;
    ballot = decide_new(d, &comity__v1__ballot_cast__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_BALLOT_CAST);
    if (!ballot || !event)
        return d->code;
    ballot->round = cast->round;
    ballot->member = d->actor->number;
    ballot->replaces = replaced;
    event->ballot_cast = ballot;
    ballot_hide(d);
    return 0;
}
