#include "client/cli/outcome_text.h"

#include <inttypes.h>

#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/rule_text.h"
#include "client/rules/difference.h"
#include "core/rule/ranking.h"

/* "night", as the round or the rule calls it. */
static const char *option_text(struct cli *cli, const Comity__V1__Round *round, uint32_t option)
{
    const char *label = option_label(round, option);

    return label != NULL ? shown_string(cli, label) : phrase(cli, "option %" PRIu32, option);
}

/* "2 agree", or with what they weigh. */
static const char *joined(struct cli *cli, const char *so_far, uint64_t ballots, uint64_t weight,
                          const char *word)
{
    const char *one = weight == 0 ? arena_printf(cli->arena, "%" PRIu64 " %s", ballots, word)
                                  : phrase(cli, "%" PRIu64 " %s (weight %" PRIu64 ")", ballots, word, weight);

    if (ballots == 0)
        return so_far;
    return arena_printf(cli->arena, "%s%s%s", so_far, *so_far == '\0' ? "" : ", ", one);
}

static const char *tally_answers(struct cli *cli, const Comity__V1__Round *round,
                                 const Comity__V1__Tally *tally)
{
    const char *text = "";

    for (size_t i = 0; i < tally->n_answers; i++)
        text = joined(cli, text, tally->answers[i]->ballots, tally->answers[i]->weight,
                      rule_answer_label(cli, round->rule, tally->answers[i]->answer));
    for (size_t i = 0; i < tally->n_choices; i++)
        text = joined(cli, text, tally->choices[i]->ballots, tally->choices[i]->weight,
                      option_text(cli, round, tally->choices[i]->choice));
    for (size_t i = 0; i < tally->n_scores; i++)
        text = joined(cli, text, tally->scores[i]->ballots, tally->scores[i]->weight,
                      phrase(cli, "gave %" PRIu32, tally->scores[i]->score));
    if (*text == '\0' && tally->answered > 0)
        return counted(cli, tally->answered, "%" PRIu64 " ballot", "%" PRIu64 " ballots");
    return *text == '\0' ? _("no answers") : text;
}

static const char *tally_line(struct cli *cli, const Comity__V1__Round *round, const Comity__V1__Tally *tally)
{
    const char *of = tally->constituency[0] == '\0' ? _("all") : shown_string(cli, tally->constituency);
    const char *line = phrase(
        cli,
        "%s: %s (%" PRIu64 " on the roll, %" PRIu64 " present, %" PRIu64 " answered, %" PRIu64 " silent)", of,
        tally_answers(cli, round, tally), tally->eligible, tally->present, tally->answered, tally->silent);

    return tally->weight == 0 ? line : phrase(cli, "%s; weight of the roll: %" PRIu64, line, tally->weight);
}

struct told outcome_tallies(struct cli *cli, const Comity__V1__Round *round,
                            const Comity__V1__Outcome *outcome)
{
    struct told lines = {NULL, 0};

    for (size_t i = 0; i < outcome->n_tallies; i++)
        told_add(cli, &lines, tally_line(cli, round, outcome->tallies[i]));
    return lines;
}

/* "night and day"; NULL of an outcome without options. */
static const char *outcome_chosen(struct cli *cli, const Comity__V1__Round *round,
                                  const Comity__V1__Outcome *outcome)
{
    const char **names = arena_alloc(cli->arena, (outcome->n_chosen + 1) * sizeof(*names));

    if (outcome->n_chosen == 0 || names == NULL)
        return NULL;
    for (size_t i = 0; i < outcome->n_chosen; i++)
        names[i] = option_text(cli, round, outcome->chosen[i]);
    return shown_list(cli, names, outcome->n_chosen);
}

/* How a bloc stands, whose seats the line of its test counts: "  labour: 2 of its own are for, 1 against". */
static const char *bloc_line(struct cli *cli, const Comity__V1__BlocResult *bloc)
{
    return phrase(cli, "  %s: %" PRIu64 " of its own for, %" PRIu64 " against",
                  shown_string(cli, bloc->constituency), bloc->for_, bloc->against);
}

/* "  test sites: 2 of 3 sites hold, at least 2 needed: holds" */
static const char *quantifier_line(struct cli *cli, const Comity__V1__QuantifierResult *result)
{
    const char *line = rule_explain_quantifier_in(result, language_words, cli->arena);

    return line == NULL
               ? NULL
               : phrase(cli, "  test %s: %s", shown_string(cli, result->test), shown_string(cli, line));
}

static void put_quantifier(struct cli *cli, struct told *lines, const Comity__V1__Outcome *outcome,
                           const char *test)
{
    for (size_t i = 0; i < outcome->n_quantifiers; i++)
        if (strcmp(outcome->quantifiers[i]->test, test) == 0)
            told_add(cli, lines, quantifier_line(cli, outcome->quantifiers[i]));
}

/* The order that was stated, or an earlier stage. */
static const char *ties_line(struct cli *cli, const Comity__V1__Outcome *outcome)
{
    if (outcome->n_ties == 0)
        return NULL;
    return ties_state_order(outcome->ties, outcome->n_ties) ? phrase(cli, "A tie was broken by the order that was stated.")
                     : phrase(cli, "A tie was broken by an earlier stage of the count.");
}

static const char *chosen_line(struct cli *cli, const Comity__V1__Round *round,
                               const Comity__V1__Outcome *outcome)
{
    const char *chosen = outcome_chosen(cli, round, outcome);

    if (chosen == NULL)
        return NULL;
    return outcome->kind == COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_TIE ? phrase(cli, "Tied: %s", chosen)
                                                                       : phrase(cli, "Chosen: %s", chosen);
}

/* Which options a test is about, for its line has their numbers: "  option 1 is day, option 3 is night". */
static const char *labels_line(struct cli *cli, const Comity__V1__Round *round,
                               const Comity__V1__TestResult *test)
{
    const char *text = NULL;

    for (size_t i = 0; i < test->n_choices + test->n_base_choices; i++) {
        uint32_t option = i < test->n_choices ? test->choices[i] : test->base_choices[i - test->n_choices];
        const char *label = option_label(round, option);
        if (label == NULL)
            continue;
        const char *one = phrase(cli, "option %" PRIu32 " is %s", option, shown_string(cli, label));
        text = arena_printf(cli->arena, "%s%s", text == NULL ? "  " : arena_printf(cli->arena, "%s, ", text),
                            one);
    }
    return text;
}

struct told outcome_tests(struct cli *cli, const Comity__V1__Round *round, const Comity__V1__Outcome *outcome)
{
    struct told lines = {NULL, 0};

    for (size_t i = 0; i < outcome->n_tests; i++) {
        const Comity__V1__TestResult *test = outcome->tests[i];
        bool is_last = i + 1 == outcome->n_tests || strcmp(outcome->tests[i + 1]->test, test->test) != 0;
        told_add(cli, &lines, outcome_test(cli, test));
        for (size_t j = 0; j < test->n_blocs; j++)
            told_add(cli, &lines, bloc_line(cli, test->blocs[j]));
        if (is_last)
            put_quantifier(cli, &lines, outcome, test->test);
        told_add(cli, &lines, labels_line(cli, round, test));
    }
    told_add(cli, &lines, chosen_line(cli, round, outcome));
    told_add(cli, &lines, ties_line(cli, outcome));
    return lines;
}

/* The count of a ranking, stage by stage or pair by pair. */
static void put_ranking(struct cli *cli, struct told *lines, const Comity__V1__Round *round,
                        const Comity__V1__Outcome *outcome)
{
    struct round_option options[OPTIONS_MAX];
    struct ranking_lines ranking = {0};

    if (outcome->ranking == NULL || round->n_options > OPTIONS_MAX)
        return;
    for (size_t i = 0; i < round->n_options; i++)
        options[i] = (struct round_option){.label = round->options[i]->label,
                                           .majority = round->options[i]->majority,
                                           .is_default = round->options[i]->is_default};
    if (rule_explain_ranking(outcome, options, round->n_options, language_words, cli->arena, &ranking) != 0)
        return;
    for (size_t i = 0; i < ranking.count; i++)
        told_add(cli, lines, shown_string(cli, ranking.lines[i]));
}

struct told outcome_working(struct cli *cli, const Comity__V1__Round *round,
                            const Comity__V1__Outcome *outcome)
{
    struct told lines = outcome_tests(cli, round, outcome);

    put_ranking(cli, &lines, round, outcome);
    return lines;
}

struct told outcome_causes(struct cli *cli, const Comity__V1__Round *round)
{
    static const char *const CAUSES[] = {
        [COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_FACILITATOR] = N_("A facilitator closed it, %s."),
        [COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_TIME] = N_("It closed at its time, %s."),
        [COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_ALL_ANSWERED] =
            N_("It closed since everybody had answered, %s."),
        [COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_NOTHING_CAN_CHANGE] =
            N_("It closed since no answer could change any more what it comes to, %s."),
        [COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_REFERRED] = N_("It closed since its item was referred, %s."),
    };
    struct told lines = {NULL, 0};
    bool is_known = (size_t) round->cause < ARRAY_COUNT(CAUSES) && CAUSES[round->cause] != NULL;

    if (round->extended_ms != 0)
        told_add(cli, &lines,
                 phrase(cli, "There was no quorum %s, and the rule gave it more time, once.",
                        shown_time(cli, round->extended_ms)));
    if (is_known)
        told_add(cli, &lines, phrase(cli, CAUSES[round->cause], shown_time(cli, round->closed_ms)));
    return lines;
}

static bool counts(const Comity__V1__Outcome *outcome, uint64_t ballot)
{
    for (size_t i = 0; outcome != NULL && i < outcome->n_ballots; i++)
        if (outcome->ballots[i] == ballot)
            return true;
    return outcome == NULL;
}

struct told outcome_lost_keys(struct cli *cli, const Comity__V1__Round *round, outcome_name_fn *name)
{
    struct told lines = {NULL, 0};

    for (size_t i = 0; i < round->n_lost_keys; i++) {
        const Comity__V1__KeyLoss *loss = round->lost_keys[i];
        const char *what =
            loss->ballot == 0 ? phrase(cli, "No ballot had been signed with it.")
            : counts(round->outcome, loss->ballot)
                ? phrase(cli, "The ballot that it had signed, number %" PRIu64 " of the record, counts.",
                         loss->ballot)
                : phrase(cli,
                         "The ballot that it had signed, number %" PRIu64 " of the record, was replaced.",
                         loss->ballot);
        const char *when = shown_time(cli, loss->revoked_ms), *who = name(cli, loss->member);
        told_add(cli, &lines,
                 loss->is_replaced
                     ? phrase(cli, "The key of %s was replaced %s by a new one, while the round was open. %s", who, when, what)
                     : phrase(cli, "The key of %s was revoked %s, while the round was open. %s", who, when, what));
    }
    return lines;
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
