/* Rounds and ballots. */
#include "core/machine/apply.h"
#include "core/machine/ballot.h"

/* When a round that could close by itself now does: after a restore it waits, and for its time of notice. */
static int64_t first_close_ms(const struct apply *a, const Comity__V1__Round *round)
{
    int64_t at_ms = a->event->time_ms;

    at_ms = round->resume_ms > at_ms ? round->resume_ms : at_ms;
    return round->earliest_ms > at_ms ? round->earliest_ms : at_ms;
}

static void add_open_rounds(struct apply *a, uint32_t session, int change)
{
    struct row_key key = row_key(TABLE_OPEN_ROUNDS, session, 0);
    uint32_t open = apply_get_number(a, key);

    apply_put_number(a, key, (uint32_t) ((int64_t) open + change));
}

/* What was asked may be purged, with its options, where no decision came of it. Those that the rule states itself are
 * names alone. */
static void erasable_of_round(struct apply *a, const Comity__V1__Round *round, uint32_t item)
{
    apply_erasable(a, round->session, item, round->question);
    for (size_t i = 0; i < round->n_options; i++)
        apply_erasable(a, round->session, item, round->options[i]->text);
}

void apply_round_opened(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__RoundOpened *opened = open->round_opened;
    const Comity__V1__Round *round = opened->round;
    Comity__V1__Proposal *proposal;
    size_t i;

    if (!round || !round->rule)
        apply_fail(a, ERR_INTERNAL);
    proposal = a->code == 0 ? apply_get(a, TABLE_PROPOSAL, round->proposal, 0) : NULL;
    if (!proposal)
        return;
    apply_create(a, TABLE_ROUND, round->number, &round->base);
    for (i = 0; i < opened->n_roll; i++)
        apply_put(a, TABLE_ROLL, round->number, opened->roll[i]->member, &opened->roll[i]->base);
    proposal->rounds++;
    proposal->rule = round->rule->name;
    proposal->open_round = round->number;
    proposal->last_round = round->number;
    apply_put(a, TABLE_PROPOSAL, proposal->number, 0, &proposal->base);
    if (round->stage != 0)
        apply_stage_round(a, round->stage);
    apply_put_number(a, row_key(TABLE_ROUND_OF_PROPOSAL, round->proposal, round->number), 1);
    apply_item_tested(a, proposal->item, round->number);
    erasable_of_round(a, round, proposal->item);
    add_open_rounds(a, round->session, 1);
    apply_put_number(a, row_key(TABLE_SESSION_ROUND, round->session, round->number), 1);
    if (round->closes_ms != 0)
        apply_put_deadline(a, round->closes_ms, DEADLINE_TIME, round->number, 0);
}

static void put_ballot(struct apply *a, const Comity__V1__BallotCast *cast, const Comity__V1__Rule *rule,
                       const Comity__V1__CastBallot *command)
{
    Comity__V1__Ballot ballot = COMITY__V1__BALLOT__INIT;
    struct ballot said = ballot_of_cast(command);

    ballot_write(&said, rule, &ballot);
    ballot.round = cast->round;
    ballot.member = cast->member;
    ballot.sequence = a->event->sequence;
    ballot.cast_ms = a->event->time_ms;
    ballot.replaces = cast->replaces;
    ballot.epoch = a->event->command->epoch;
    ballot.named = command->replaces;
    apply_put(a, TABLE_BALLOT, cast->round, cast->member, &ballot.base);
}

static bool all_have_answered(const Comity__V1__Round *round, uint32_t answered)
{
    return answered == round->eligible && round->rule->close && round->rule->close->all_answered;
}

void apply_answered(struct apply *a, const Comity__V1__Round *round, uint32_t more)
{
    uint32_t answered = round->answered + more;

    apply_put_number(a, row_key(TABLE_ANSWERED, round->number, 0), answered);
    if (more > 0 && all_have_answered(round, answered))
        apply_put_deadline(a, first_close_ms(a, round), DEADLINE_ALL_ANSWERED, round->number, 0);
}

void apply_settled(struct apply *a, const Comity__V1__Round *round)
{
    apply_put_deadline(a, first_close_ms(a, round), DEADLINE_SETTLED, round->number, 0);
}

/* It may have been settled, and waits: now it is not. */
static void apply_unsettled(struct apply *a, const Comity__V1__Round *round)
{
    apply_drop(a, row_key_deadline(first_close_ms(a, round), DEADLINE_SETTLED, round->number, 0));
}

void apply_answer_lost(struct apply *a, const Comity__V1__Round *round)
{
    /* It is due at once but after a restore and before the time of notice is over, where it waits. */
    if (all_have_answered(round, round->answered))
        apply_delete(a, row_key_deadline(first_close_ms(a, round), DEADLINE_ALL_ANSWERED, round->number, 0));
    apply_unsettled(a, round);
    apply_put_number(a, row_key(TABLE_ANSWERED, round->number, 0), round->answered - 1);
}

/* The answer is in the command alone: the open part of the event says only who answered. */
void apply_ballot_cast(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__BallotCast *cast = open->ballot_cast;
    const Comity__V1__Command *command = a->event->command;
    const Comity__V1__Round *round = apply_get(a, TABLE_ROUND, cast->round, 0);

    if (!round)
        return;
    if (!command || command->body_case != COMITY__V1__COMMAND__BODY_CAST_BALLOT || !round->rule) {
        apply_fail(a, ERR_INTERNAL);
        return;
    }
    put_ballot(a, cast, round->rule, command->cast_ballot);
    apply_erasable(a, round->session, 0, command->cast_ballot->reason);
    apply_erasable(a, round->session, 0, command->cast_ballot->alternative);
    if (cast->replaces == 0)
        apply_answered(a, round, 1);
    if (cast->settles)
        apply_settled(a, round);
}

/* All deadlines that the round can have: at its time, when all had answered, and when nothing could change. */
static void delete_deadlines(struct apply *a, const Comity__V1__Round *round)
{
    struct row_key key = row_key_deadline(round->closes_ms, DEADLINE_TIME, round->number, 0);
    struct deadline left;
    int code = 0;

    if (round->closes_ms != 0 && round->held_ms == 0)
        apply_delete(a, key);
    while (a->code == 0 && code == 0) {
        code = deadline_find(a->view, TABLE_ROUND, round->number, first_close_ms(a, round), &left);
        if (code == 0)
            apply_delete(a, row_key_deadline(left.due_ms, left.kind, left.number, 0));
        else if (code != ERR_NOT_FOUND)
            apply_fail(a, code);
    }
}

/* It goes on for want of a quorum. In a caucus its time does not run. */
void apply_round_extended(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__RoundExtended *extended = open->round_extended;
    Comity__V1__Round *round = apply_get(a, TABLE_ROUND, extended->round, 0);

    if (!round)
        return;
    delete_deadlines(a, round);
    round->closes_ms = extended->closes_ms;
    round->extended_ms = a->event->time_ms;
    if (round->held_ms != 0)
        round->held_ms = a->event->time_ms;
    else
        apply_put_deadline(a, round->closes_ms, DEADLINE_TIME, round->number, 0);
    apply_put(a, TABLE_ROUND, round->number, 0, &round->base);
}

void apply_round_closed(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__RoundClosed *closed = open->round_closed;
    Comity__V1__Round *round = apply_get(a, TABLE_ROUND, closed->round, 0);
    Comity__V1__Proposal *proposal = round ? apply_get(a, TABLE_PROPOSAL, round->proposal, 0) : NULL;

    if (!proposal)
        return;
    round->state = COMITY__V1__ROUND_STATE__ROUND_STATE_CLOSED;
    round->closed_ms = a->event->time_ms;
    round->cause = closed->cause;
    round->outcome = closed->outcome;
    delete_deadlines(a, round);
    round->held_ms = 0;
    apply_put(a, TABLE_ROUND, round->number, 0, &round->base);
    proposal->open_round = 0;
    if (closed->is_final && closed->outcome)
        proposal->outcome = closed->outcome->kind;
    apply_put(a, TABLE_PROPOSAL, proposal->number, 0, &proposal->base);
    apply_delete(a, row_key(TABLE_OPEN_OF_ITEM, proposal->item, round->number));
    add_open_rounds(a, round->session, -1);
    apply_delete(a, row_key(TABLE_SESSION_ROUND, round->session, round->number));
}
