#include "client/cli/outcome_text.h"

#include <inttypes.h>

#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/rule_text.h"

const char *outcome_tally(struct cli *cli, const Comity__V1__Rule *rule, const Comity__V1__Tally *tally)
{
    const char *answers = "";

    for (size_t i = 0; i < tally->n_answers; i++) {
        if (tally->answers[i]->ballots == 0)
            continue;
        answers =
            arena_printf(cli->arena, "%s%s%" PRIu64 " %s", answers, *answers == '\0' ? "" : ", ",
                         tally->answers[i]->ballots, rule_answer_label(cli, rule, tally->answers[i]->answer));
    }
    return phrase(cli,
                  "%s: %s (%" PRIu64 " on the roll, %" PRIu64 " present, %" PRIu64 " answered, %" PRIu64
                  " silent)",
                  tally->constituency[0] == '\0' ? _("all") : shown_string(cli, tally->constituency),
                  *answers == '\0' ? _("no answers") : answers, tally->eligible, tally->present,
                  tally->answered, tally->silent);
}

const char *outcome_test(struct cli *cli, const Comity__V1__TestResult *test)
{
    const char *line = rule_explain_test_in(test, language_words, cli->arena);

    return line == NULL ? NULL : shown_string(cli, line);
}

static const char *standing_text(Comity__V1__BallotStanding standing)
{
    switch (standing) {
    case COMITY__V1__BALLOT_STANDING__BALLOT_STANDING_CONFIRMED:
        return _("confirmed by the voter");
    case COMITY__V1__BALLOT_STANDING__BALLOT_STANDING_DISPUTED:
        return _("disputed by the voter after the close");
    default:
        return _("the voter has not said whether it is right");
    }
}

static const char *way_of(const Comity__V1__Ballot *ballot)
{
    return ballot->medium == COMITY__V1__BALLOT_MEDIUM__BALLOT_MEDIUM_PHONE ? _("by phone") : _("on paper");
}

const char *outcome_entered(struct cli *cli, const Comity__V1__Ballot *ballot)
{
    if (ballot->entered_by == 0)
        return NULL;
    return phrase(cli, "The ballot of %s came %s, entered by %s with %s: %s.",
                  name_of_member(cli, ballot->member), way_of(ballot),
                  name_of_member(cli, ballot->entered_by), name_of_member(cli, ballot->countersigned_by),
                  standing_text(ballot->standing));
}

const char *outcome_disputed(struct cli *cli, const Comity__V1__Ballot *ballot)
{
    if (ballot->entered_by == 0)
        return NULL;
    return phrase(
        cli,
        "A ballot of %s came %s, entered by %s with %s, and was set aside, for the voter disputed it: %s",
        name_of_member(cli, ballot->member), way_of(ballot), name_of_member(cli, ballot->entered_by),
        name_of_member(cli, ballot->countersigned_by), desk_shown(cli, ballot->dispute));
}

const char *outcome_counted(struct cli *cli, const Comity__V1__Outcome *outcome)
{
    const uint64_t answered = outcome->n_tallies == 0 ? 0 : outcome->tallies[0]->answered;

    return phrase(cli, "Counted from %s, by their numbers in the record.",
                  counted(cli, answered, "%" PRIu64 " ballot", "%" PRIu64 " ballots"));
}

enum color outcome_color(Comity__V1__OutcomeKind kind)
{
    switch (kind) {
    case COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED:
        return COLOR_GOOD;
    case COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_BLOCKED:
    case COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REJECTED:
        return COLOR_BAD;
    default:
        return COLOR_CAREFUL;
    }
}
