/* Ballots that were entered for others, confirmed and disputed. */
#include "core/machine/apply.h"
#include "core/machine/ballot.h"

static void put_entered(struct apply *a, const Comity__V1__BallotsEntered *entered, size_t i,
                        const Comity__V1__Round *round, const Comity__V1__EnteredBallot *given)
{
    const Comity__V1__BallotEntry *entry = entered->ballots[i];
    Comity__V1__Ballot ballot = COMITY__V1__BALLOT__INIT;
    struct ballot said = ballot_of_entered(given);

    ballot_write(&said, round->rule, &ballot);
    ballot.round = entered->round;
    ballot.member = entry->member;
    ballot.sequence = a->event->sequence;
    ballot.cast_ms = a->event->time_ms;
    ballot.replaces = entry->replaces;
    ballot.epoch = a->event->command->epoch;
    ballot.named = given->replaces;
    ballot.medium = entry->medium;
    ballot.standing = COMITY__V1__BALLOT_STANDING__BALLOT_STANDING_ENTERED;
    ballot.entered_by = a->event->open->actor;
    ballot.countersigned_by = entered->countersigned_by;
    apply_put(a, TABLE_BALLOT, ballot.round, ballot.member, &ballot.base);
}

void apply_ballots_entered(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__BallotsEntered *entered = open->ballots_entered;
    const Comity__V1__Command *command = a->event->command;
    const Comity__V1__Round *round = apply_get(a, TABLE_ROUND, entered->round, 0);
    uint32_t more = 0;
    size_t i;

    if (!round)
        return;
    if (!command || command->body_case != COMITY__V1__COMMAND__BODY_ENTER_BALLOTS || !round->rule ||
        command->enter_ballots->n_ballots != entered->n_ballots) {
        apply_fail(a, ERR_INTERNAL);
        return;
    }
    for (i = 0; i < entered->n_ballots; i++) {
        put_entered(a, entered, i, round, command->enter_ballots->ballots[i]);
        apply_erasable(a, round->session, 0, command->enter_ballots->ballots[i]->reason);
        apply_erasable(a, round->session, 0, command->enter_ballots->ballots[i]->alternative);
        more += entered->ballots[i]->replaces == 0;
    }
    apply_answered(a, round, more);
    if (entered->settles)
        apply_settled(a, round);
}

void apply_ballot_confirmed(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__BallotConfirmed *confirmed = open->ballot_confirmed;
    Comity__V1__Ballot *ballot = apply_get(a, TABLE_BALLOT, confirmed->round, confirmed->member);

    if (!ballot)
        return;
    ballot->standing = COMITY__V1__BALLOT_STANDING__BALLOT_STANDING_CONFIRMED;
    apply_put(a, TABLE_BALLOT, ballot->round, ballot->member, &ballot->base);
}

/* The reason is in the command alone, which may be hidden until the close. */
void apply_ballot_disputed(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__BallotDisputed *disputed = open->ballot_disputed;
    const Comity__V1__Command *command = a->event->command;
    const Comity__V1__Round *round = apply_get(a, TABLE_ROUND, disputed->round, 0);
    Comity__V1__Ballot *ballot = round ? apply_get(a, TABLE_BALLOT, disputed->round, disputed->member) : NULL;

    if (!ballot)
        return;
    if (!command || command->body_case != COMITY__V1__COMMAND__BODY_DISPUTE_BALLOT || !round->rule ||
        (disputed->is_set_aside && round->answered == 0)) {
        apply_fail(a, ERR_INTERNAL);
        return;
    }
    ballot->standing = COMITY__V1__BALLOT_STANDING__BALLOT_STANDING_DISPUTED;
    ballot->dispute = command->dispute_ballot->reason;
    apply_erasable(a, round->session, 0, command->dispute_ballot->reason);
    if (!disputed->is_set_aside) {
        apply_put(a, TABLE_BALLOT, ballot->round, ballot->member, &ballot->base);
        return;
    }
    apply_put(a, TABLE_DISPUTED, ballot->round, ballot->member, &ballot->base);
    apply_delete(a, row_key(TABLE_BALLOT, ballot->round, ballot->member));
    apply_answer_lost(a, round);
    if (disputed->settles)
        apply_settled(a, round);
}
