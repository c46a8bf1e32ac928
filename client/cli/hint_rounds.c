/* Refusals about rounds, ballots and lists, in words of their own. */
#include <inttypes.h>

#include "client/cli/hint_row.h"
#include "client/cli/names.h"
#include "client/cli/output.h"

/* Until when the notice of a round runs: the refusal says it. */
static bool tell_notice(struct cli *cli, const Comity__V1__Command *command)
{
    (void) command;
    return TELL(cli, "Wait until then: what would have closed the round before closes it then.",
                "The rule's time of notice runs until %s.", shown_time(cli, (int64_t) cli->failure.latest));
}

static bool tell_closing_time(struct cli *cli, const Comity__V1__Command *command)
{
    (void) command;
    return TELL(cli, "--closes TIME, at that time or later",
                "The rule asks for notice: the round cannot close before %s.",
                shown_time(cli, (int64_t) cli->failure.latest));
}

/* The list of the rule by which the round was to open; NULL: it has another roll, or cannot be had. */
static const char *list_of_rule(struct cli *cli, const Comity__V1__Command *command)
{
    const Comity__V1__RuleVersion *rule = (const Comity__V1__RuleVersion *) hint_find(
        cli, COMITY__V1__LIST_KIND__LIST_KIND_RULES, command->open_round->rule);

    return rule != NULL && rule->rule != NULL && rule->rule->roll == COMITY__V1__ROLL_KIND__ROLL_KIND_LIST
               ? shown_string(cli, rule->rule->list)
               : NULL;
}

static bool tell_no_list(struct cli *cli, const Comity__V1__Command *command)
{
    const char *list = list_of_rule(cli, command);

    return list != NULL &&
           TELL(cli, phrase(cli, "comity list set %s --constituency CONSTITUENCY --member MEMBER", list),
                "The rule asks the members of the list %s, and nobody has set one of that name.", list);
}

static bool tell_nobody(struct cli *cli, const Comity__V1__Command *command)
{
    const char *list = list_of_rule(cli, command);

    if (list != NULL)
        return TELL(cli, phrase(cli, "comity list show %s", list),
                    "The list %s has nobody, or nobody of somebody whom the rule asks for: not set, or recused.",
                    list);
    return TELL(cli, "comity body show BODY; comity seat assign BODY SEAT MEMBER; members check in with comity checkin",
                "Somebody whom the rule asks for has nobody to answer: seats are vacant, recused, or nobody of them is "
                "there.");
}

#define OPTIONS_NEXT N_("comity rule show RULE says what it asks for; --option LABEL[=TEXT], once for each")

/* What a rule names and the history has not. */
#define NO_SUCH_SCOPE N_("A scope of the rule names a constituency, a side or a site that there is not.")
#define NO_SUCH_WEIGHT N_("A weight of the rule is of a constituency, a side or a site that there is not.")
#define SUBJECTS_NEXT N_("comity constituency list shows constituencies and sides; comity site list shows sites.")

const struct hint HINTS_ROUNDS[] = {
    {ERR_NOT_FOUND, "adopt_rule.rule.stages[].who", N_("An ESCALATE stage of the rule names a body that there is not."),
     N_("comity body list"), NULL},
    {ERR_SCOPE, "adopt_rule.rule.tests[].scope.of", NO_SUCH_SCOPE, SUBJECTS_NEXT, NULL},
    {ERR_SCOPE, "adopt_rule.rule.stages[].rule.tests[].scope.of", NO_SUCH_SCOPE, SUBJECTS_NEXT, NULL},
    {ERR_SCOPE, "adopt_rule.rule.weights[].name", NO_SUCH_WEIGHT, SUBJECTS_NEXT, NULL},
    {ERR_SCOPE, "adopt_rule.rule.stages[].rule.weights[].name", NO_SUCH_WEIGHT, SUBJECTS_NEXT, NULL},
    {ERR_NOTICE, "close_round.round", NULL, NULL, tell_notice},
    {ERR_NOTICE, "open_round.closes_ms", NULL, NULL, tell_closing_time},
    {ERR_MISSING, "open_round.options", N_("The rule asks for options, two or more, and states none itself."),
     OPTIONS_NEXT, NULL},
    {ERR_RANGE, "open_round.options", N_("The rule states the options itself, or asks for none."),
     N_("Leave --option out."), NULL},
    {ERR_DUPLICATE, "open_round.options[].label", N_("Two options have the same label."), OPTIONS_NEXT, NULL},
    {ERR_NAME, "open_round.options[].label",
     N_("An option's label is a name: 1 to 40 letters a to z, digits and hyphens, starting with a letter."),
     N_("--option LABEL=TEXT says in words what it is."), NULL},
    {ERR_MISSING, "open_round.options.is_default",
     N_("The rule needs an option by which things stay as they are."), N_("--default LABEL"), NULL},
    {ERR_DUPLICATE, "open_round.options[].is_default", N_("One option alone can be the default one."),
     N_("--default LABEL"), NULL},
    {ERR_RULE, "open_round.options[].is_default",
     N_("The rule has no default option, or the default one was given a majority that it needs over itself."),
     N_("Leave --default out, or --majority of that option."), NULL},
    {ERR_NOT_FOUND, "open_round.options[].majority", N_("The rule has no majority of that name."),
     N_("comity rule show RULE lists its majorities."), NULL},
    {ERR_RANGE, "open_round.tie_order", N_("This rule does not break ties by a stated order."),
     N_("Leave --tie-order out."), NULL},
    {ERR_MISSING, "open_round.tie_order", N_("The order that breaks ties has to name every option, each once."),
     N_("--tie-order a,b,c"), NULL},
    {ERR_NOT_FOUND, "open_round.rule", NULL, NULL, tell_no_list},
    {ERR_SCOPE, "open_round.rule", NULL, NULL, tell_nobody},
    {ERR_DUPLICATE, "cast_ballot.ranks", N_("This rule takes no two options of the same rank."),
     N_("Put one option behind the other: \"a > b > c\"."), NULL},
    {ERR_DUTY, "cast_ballot.interests", N_("The rule asks which interest the proposal would harm."),
     N_("Give the same command with --interest NUMBER; comity contribution list ITEM shows them."), NULL},
    {ERR_DUTY, "cast_ballot.interests[]", N_("This contribution is no interest."),
     N_("comity contribution list ITEM shows the interests."), NULL},
    {ERR_STATE, "cast_ballot.interests[]", N_("This interest was withdrawn."),
     N_("comity contribution list ITEM shows the interests."), NULL},
    {ERR_RANGE, "cast_ballot.interests[]", N_("This interest is of another item."),
     N_("comity contribution list ITEM shows the interests."), NULL},
    {ERR_DUTY, "cast_ballot.alternative", N_("The rule asks for another way."),
     N_("Give the same command with --alternative \"...\""), NULL},
    {ERR_EXISTS, "acknowledge_round.round", N_("It is on record already that you know of this round."),
     N_("comity round show ROUND"), NULL},
    {ERR_CLOSED, "acknowledge_round.round", N_("This round has closed."), N_("comity outcome ROUND"), NULL},
    {ERR_FORBIDDEN, "set_list.members[]", N_("A constituency lists its own members alone."),
     N_("comity member list shows who is in which."), NULL},
    {ERR_NOT_FOUND, "set_list.constituency", N_("There is no such constituency."), N_("comity constituency list"),
     NULL},
    {ERR_EPOCH, "set_list.name", N_("The list was set anew since the restore."), N_("comity list show NAME"), NULL},
    {ERR_LIMIT, "set_list.members", N_("A list has 10,000 members at most, of all constituencies together."),
     N_("comity list show NAME"), NULL},
    {0, NULL, NULL, NULL, NULL},
};
