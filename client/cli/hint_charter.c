/* Refusals in words: the charter, alternates. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/cli/hint.h"
#include "client/cli/hint_row.h"
#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/standing_rules.h"

static const Comity__V1__CharterVersion *charter_in_force(struct cli *cli)
{
    const Comity__V1__CharterVersion *held = NULL;

    return standing_rules_in_force(cli, &held) == 0 ? held : NULL;
}

/* Function @i of the charter that the command brings, by the failure's field; NULL: it names none. */
static const Comity__V1__VitalFunction *function_at_fault(struct cli *cli, const Comity__V1__Command *command)
{
    const Comity__V1__Charter *charter = command->adopt_charter->charter;
    const char *bracket = strchr(cli->failure.field, '[');
    size_t at = bracket == NULL ? SIZE_MAX : (size_t) strtoul(bracket + 1, NULL, 10);

    return at < charter->n_functions ? charter->functions[at] : NULL;
}

static const char *part_at_fault(struct cli *cli, const Comity__V1__VitalFunction *function)
{
    return function == NULL ? _("The amendment")
                            : phrase(cli, "The function %s", shown_string(cli, function->name));
}

bool tell_no_such_body(struct cli *cli, const Comity__V1__Command *command)
{
    const Comity__V1__VitalFunction *function = function_at_fault(cli, command);

    return TELL(cli, "comity body list", "%s names the body %s, which there is not.",
                part_at_fault(cli, function),
                shown_string(cli, function == NULL ? command->adopt_charter->charter->amendment_body
                                                   : function->body));
}

bool tell_no_such_rule(struct cli *cli, const Comity__V1__Command *command)
{
    const Comity__V1__VitalFunction *function = function_at_fault(cli, command);
    const Comity__V1__Charter *charter = command->adopt_charter->charter;
    const char *body = shown_string(cli, function == NULL ? charter->amendment_body : function->body);
    const char *rule = shown_string(cli, function == NULL ? charter->amendment_rule : function->rule);

    return TELL(cli, phrase(cli, "comity rule adopt TEMPLATE --body %s; comity rule list", body),
                cli->failure.code == ERR_NOT_FOUND
                    ? N_("%s names the rule %s, which is not adopted (body %s).")
                    : N_("%s names the rule %s, by which the body %s does not decide."),
                part_at_fault(cli, function), rule, body);
}

bool tell_amendment(struct cli *cli, const Comity__V1__Command *command)
{
    const Comity__V1__CharterVersion *held = charter_in_force(cli);

    if (held == NULL || held->charter->amendment_body[0] == '\0')
        return false;
    const char *body = shown_string(cli, held->charter->amendment_body);
    return TELL(
        cli,
        "Let it decide on the text of the new charter, then give --decision NUMBER, as in comity decisions.",
        command->adopt_charter->decision == 0
            ? N_("The charter in force is amended by a decision of %s by rule %s, and none was named.")
            : N_("The charter in force is amended by a decision of %s by rule %s: this one is another's."),
        body, shown_string(cli, held->charter->amendment_rule));
}

bool tell_no_function(struct cli *cli, const Comity__V1__Command *command)
{
    const Comity__V1__CharterVersion *held = charter_in_force(cli);
    const char *function = shown_string(cli, command->add_item->function);

    if (held == NULL)
        return TELL(cli, "Leave --function out, or adopt a charter: comity charter sample",
                    "There is no charter yet, and so no vital function %s.", function);
    const char **names = arena_alloc(cli->arena, (held->charter->n_functions + 1) * sizeof(*names));
    for (size_t i = 0; names != NULL && i < held->charter->n_functions; i++)
        names[i] = shown_string(cli, held->charter->functions[i]->name);
    return names != NULL &&
           TELL(cli, "comity charter show", "The charter has no vital function %s. It has: %s.", function,
                held->charter->n_functions == 0 ? _("none")
                                                : shown_list(cli, names, held->charter->n_functions));
}

/* Which body decides on the item's function, and where; or that none does any more. */
bool tell_not_for_body(struct cli *cli, const Comity__V1__Command *command)
{
    const Comity__V1__CharterVersion *held = charter_in_force(cli);
    const ProtobufCMessage *row;

    if (desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_PROPOSALS, command->open_round->proposal, &row) != 0 ||
        desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_ITEMS, ((const Comity__V1__Proposal *) row)->item,
                 &row) != 0)
        return false;
    const char *name = ((const Comity__V1__Item *) row)->function;
    for (size_t i = 0; held != NULL && i < held->charter->n_functions; i++) {
        const Comity__V1__VitalFunction *function = held->charter->functions[i];
        if (strcmp(function->name, name) != 0)
            continue;
        if (function->body[0] == '\0')
            return TELL(cli, "comity charter show", "%s is shared as inform: no body decides on it.",
                        shown_string(cli, name));
        return TELL(cli,
                    phrase(cli, "Put it to %s: comity session convene %s TITLE",
                           shown_string(cli, function->body), shown_string(cli, function->body)),
                    "On %s the body %s decides, by the charter, and this session is another body's.",
                    shown_string(cli, name), shown_string(cli, function->body));
    }
    return TELL(cli, "comity charter show", "The charter in force has no vital function %s any more.",
                shown_string(cli, name));
}

bool tell_rule_of_function(struct cli *cli, const Comity__V1__Command *command)
{
    const Comity__V1__RuleVersion *rule;
    char number[24];

    snprintf(number, sizeof(number), "%" PRIu64, cli->failure.latest);
    if (find_rule(cli, number, &rule) != 0)
        return false;
    return TELL(cli,
                phrase(cli, "comity round open %" PRIu32 " --rule %s", command->open_round->proposal,
                       shown_string(cli, rule->rule->name)),
                "The charter has this decided by the rule %s.", shown_string(cli, rule->rule->name));
}

bool tell_no_mandate(struct cli *cli, const Comity__V1__Command *command)
{
    const ProtobufCMessage *row;
    const char *body = "BODY";

    if (desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_SESSIONS, command->hand_over->session, &row) == 0)
        body = name_of_body(cli, ((const Comity__V1__Session *) row)->body);
    return TELL(cli,
                phrase(cli,
                       "comity body show %s lists who may; a co-chair of the seat's constituency names them: "
                       "comity seat alternates %s %" PRIu32 " --member WHO",
                       body, body, command->hand_over->seat),
                "%s is not named to stand in for the holder of seat %" PRIu32 ".",
                name_of_member(cli, command->hand_over->member), command->hand_over->seat);
}

/* Of hand_over and take_back: a round is open, or the session is over. */
bool tell_between_rounds(struct cli *cli, const Comity__V1__Command *command)
{
    bool is_back = command->body_case == COMITY__V1__COMMAND__BODY_TAKE_BACK;
    uint32_t session = is_back ? command->take_back->session : command->hand_over->session;
    struct rows rows;

    if (desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_ROUNDS, 0, &rows) != 0)
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        const Comity__V1__Round *round = (const Comity__V1__Round *) rows.list[i];
        if (round->session == session && round->state == COMITY__V1__ROUND_STATE__ROUND_STATE_OPEN)
            return TELL(
                cli, phrase(cli, "comity round show %" PRIu32 "; once it has closed, again", round->number),
                "Round %" PRIu32 " is open, and its roll is frozen: a seat changes hands between rounds.",
                round->number);
    }
    return TELL(cli, "comity session list", "The session is closed.");
}

/* Who moves an item and holds it: under NEUTRAL one of no side, under ROTATE the first of those whom the
 * session names. */
static bool tell_whose_move(struct cli *cli, const Comity__V1__Command *command)
{
    const Comity__V1__CharterVersion *held = charter_in_force(cli);
    uint32_t turn = (uint32_t) cli->failure.latest, session = 0;
    const Comity__V1__Item *item = hint_item(cli, command);

    if (command->body_case == COMITY__V1__COMMAND__BODY_MOVE_PHASE)
        session = command->move_phase->session;
    if (session == 0)
        session = item == NULL ? 0 : item->session;
    if (held == NULL || session == 0)
        return false;
    if (held->charter->facilitation == COMITY__V1__FACILITATION__FACILITATION_NEUTRAL)
        return TELL(cli, "comity member list and comity constituency list say who that is; let them do it.",
                    "By the charter an item is moved, and held, by a facilitator who is of no side.");
    if (turn == 0)
        return TELL(
            cli,
            phrase(cli, "comity session facilitators %" PRIu32 " --member MEMBER --member MEMBER", session),
            "By the charter the facilitators take turns, and session %" PRIu32 " names none of them.",
            session);
    return TELL(
        cli,
        phrase(cli, "Let them do it; or pass the turn on: comity session facilitators %" PRIu32 " --next",
               session),
        "By the charter the facilitators take turns, and it is the turn of %s.", name_of_member(cli, turn));
}

static bool tell_no_class(struct cli *cli, const Comity__V1__Command *command)
{
    const Comity__V1__CharterVersion *held = charter_in_force(cli);
    const char **names;

    if (held == NULL)
        return false;
    names = arena_alloc(cli->arena, (held->charter->n_retention + 1) * sizeof(*names));
    for (size_t i = 0; names != NULL && i < held->charter->n_retention; i++)
        names[i] = shown_string(cli, held->charter->retention[i]->name);
    return names != NULL && TELL(cli, "comity charter show says how long each is kept.",
                                 "The charter has no retention class %s. It has: %s.",
                                 shown_string(cli, command->set_retention->class_),
                                 shown_list(cli, names, held->charter->n_retention));
}

static bool tell_not_delegated(struct cli *cli, const Comity__V1__Command *command)
{
    const Comity__V1__CharterVersion *held = charter_in_force(cli);
    const size_t all = held == NULL ? 0 : held->charter->n_functions;
    const char **names = arena_alloc(cli->arena, (all + 1) * sizeof(*names));
    size_t count = 0;

    for (size_t i = 0; names != NULL && i < all; i++)
        if (held->charter->functions[i]->share == COMITY__V1__SHARE__SHARE_DELEGATED)
            names[count++] = shown_string(cli, held->charter->functions[i]->name);
    return names != NULL &&
           TELL(cli, "comity charter show", "The charter delegates no function %s. It delegates: %s.",
                shown_string(cli, command->give_mandate->function),
                count == 0 ? _("none") : shown_list(cli, names, count));
}

const struct hint HINTS_CHARTER[] = {
    {ERR_CHARTER, "move_phase.item", NULL, NULL, tell_whose_move},
    {ERR_CHARTER, "hold_phase.item", NULL, NULL, tell_whose_move},
    {ERR_CHARTER, "set_aside_item.item", NULL, NULL, tell_whose_move},
    {ERR_CHARTER, "withdraw_item.item", NULL, NULL, tell_whose_move},
    {ERR_CHARTER, "draft_minutes.by_silence",
     N_("By the charter silence does not approve minutes: each party says its word."),
     N_("Leave --by-silence out."), NULL},
    {ERR_CHARTER, "set_retention.class", NULL, NULL, tell_no_class},
    {ERR_CHARTER, "set_retention.keep_until_ms",
     N_("The charter says for how long texts of a class are kept."), N_("Leave --until out."), NULL},
    {ERR_RECORD, "end_sidebar.summary", N_("As far as was agreed, nothing is kept of sidebars."),
     N_("End it without --summary. A charter can have it otherwise: comity charter show"), NULL},
    {ERR_NOT_FOUND, "give_mandate.function", NULL, NULL, tell_not_delegated},
    {ERR_CHARTER, "give_mandate.function", NULL, NULL, tell_not_delegated},
    {0, NULL, NULL, NULL, NULL},
};
