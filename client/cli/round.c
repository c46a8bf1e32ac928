/* Verbs about rounds. */
#include <inttypes.h>

#include "client/cli/ballot_text.h"
#include "client/cli/desk.h"
#include "client/cli/finality.h"
#include "client/cli/names.h"
#include "client/cli/outcome_text.h"
#include "client/cli/output.h"
#include "client/cli/round_options.h"
#include "client/cli/round_text.h"
#include "client/cli/rule_text.h"
#include "client/cli/stage_text.h"
#include "client/cli/verbs.h"
#include "core/charter.h"

static int read_closes(struct cli *cli, int64_t *ret_closes_ms)
{
    const char *closes = cli_option(cli, "closes");

    if (closes != NULL && time_read(closes, time_now_ms(), ret_closes_ms) != 0)
        return cli_fail(cli, ERR_USAGE, "--closes \"2026-11-30 17:00\", or --closes +3d",
                        "--closes `%s` is no time that can be understood.", shown_string(cli, closes));
    return 0;
}

/* The version that a stage of its ladder is of, which need not be the latest. */
static int rule_of_open_stage(struct cli *cli, uint32_t stage, const Comity__V1__RuleVersion **ret_rule)
{
    const ProtobufCMessage *row;
    int code = desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_STAGES, stage, &row);

    if (code == 0)
        code = desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_RULES,
                        ((const Comity__V1__StageRun *) row)->rule_number, &row);
    if (code != 0)
        return code;
    *ret_rule = (const Comity__V1__RuleVersion *) row;
    if ((*ret_rule)->rule == NULL)
        return cli_fail(cli, ERR_MALFORMED, NULL, "The worker's answer has a rule without its text.");
    return 0;
}

/* The rule that was typed; else the one that the proposal has, by its first round or by its vital function.
 */
static int find_round_rule(struct cli *cli, const Comity__V1__Proposal *proposal,
                           const Comity__V1__RuleVersion **ret_rule)
{
    const char *typed = cli_option(cli, "rule");
    const ProtobufCMessage *row;
    struct rows charters;

    if (typed == NULL && proposal->stage != 0)
        return rule_of_open_stage(cli, proposal->stage, ret_rule);
    if (typed != NULL || proposal->rule[0] != '\0')
        return find_rule(cli, typed != NULL ? typed : proposal->rule, ret_rule);
    int code = desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_ITEMS, proposal->item, &row);
    if (code == 0)
        code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_CHARTERS, 0, &charters);
    if (code != 0)
        return code;
    const Comity__V1__VitalFunction *function =
        charters.count == 0
            ? NULL
            : charter_function(
                  ((const Comity__V1__CharterVersion *) charters.list[charters.count - 1])->charter,
                  ((const Comity__V1__Item *) row)->function);
    if (function == NULL || function->rule[0] == '\0')
        return cli_fail(cli, ERR_USAGE, "comity rule list",
                        "Say by which rule: --rule RULE. The charter names none for this item.");
    return find_rule(cli, function->rule, ret_rule);
}

int round_open_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__OpenRound body = COMITY__V1__OPEN_ROUND__INIT;
    const Comity__V1__RuleVersion *rule;
    const Comity__V1__Event *event;
    const ProtobufCMessage *row;
    int code = number_argument(cli, "PROPOSAL", &body.proposal);

    if (code == 0)
        code = read_closes(cli, &body.closes_ms);
    if (code == 0)
        code = desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_PROPOSALS, body.proposal, &row);
    if (code == 0)
        code = find_round_rule(cli, (const Comity__V1__Proposal *) row, &rule);
    if (code != 0)
        return code;
    const Comity__V1__Proposal *proposal = (const Comity__V1__Proposal *) row;
    if (proposal->n_versions == 0)
        return cli_fail(cli, ERR_MALFORMED, NULL, "The worker's answer has a proposal without a text.");
    const Comity__V1__ProposalVersion *version = proposal->versions[proposal->n_versions - 1];
    body.text_hash = version->text->hash;
    body.rule = rule->number;
    code = round_options_read(cli, rule->rule, &body);
    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_OPEN_ROUND);
    command.open_round = &body;
    code = desk_submit(cli, &command, &event);
    if (code == 0) {
        const Comity__V1__Round *round = event->round_opened->round;
        cli_put_number(cli, "number", round->number);
        say(cli,
            "Round %" PRIu32 " is open: %s, version %" PRIu32 ", by rule %s. On the roll: %s. It closes %s.\n"
            "Each of them: comity vote %" PRIu32 " ANSWER",
            round->number, desk_shown(cli, proposal->title), version->version,
            shown_string(cli, rule->rule->name),
            counted(cli, round->eligible, "%" PRIu64 " member", "%" PRIu64 " members"),
            rule_closing(cli, round->rule, round->closes_ms), round->number);
        round_say_question(cli, round);
        round_say_notice(cli, round);
    }
    return code;
}

int round_acknowledge_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__AcknowledgeRound body = COMITY__V1__ACKNOWLEDGE_ROUND__INIT;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "ROUND", &body.round);

    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_ACKNOWLEDGE_ROUND);
    command.acknowledge_round = &body;
    code = desk_submit(cli, &command, &event);
    if (code == 0)
        say(cli, "It is on record that you know of round %" PRIu32 ".", body.round);
    return code;
}

/* What is adopted as advice decides nothing: who closes it is to know. */
static void tell_advice(struct cli *cli, uint32_t number)
{
    struct failure before = cli->failure;
    const ProtobufCMessage *row;
    bool is_advice = desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_ROUNDS, number, &row) == 0 &&
                     share_is_advice(((const Comity__V1__Round *) row)->share);

    cli->failure = before;
    cli_put(cli, "is_advice", json_object_new_boolean(is_advice));
    if (is_advice)
        say(cli, "It is advice: nothing is decided by it.");
}

/* Which stage the outcome has led to, and what to do next. */
static void tell_stage_entered(struct cli *cli, uint32_t number)
{
    struct failure before = cli->failure;
    const ProtobufCMessage *row;

    if (desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_ROUNDS, number, &row) == 0)
        say_ladder_of(cli, ((const Comity__V1__Round *) row)->proposal);
    cli->failure = before;
}

int round_close_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__CloseRound body = COMITY__V1__CLOSE_ROUND__INIT;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "ROUND", &body.round);

    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_CLOSE_ROUND);
    command.close_round = &body;
    code = desk_submit(cli, &command, &event);
    if (code == 0) {
        Comity__V1__OutcomeKind kind = event->round_closed->outcome->kind;
        cli_put_text(cli, "outcome", outcome_name(kind));
        say(cli, "Round %" PRIu32 " is closed: %s. %s The working: comity outcome %" PRIu32, body.round,
            painted(cli, outcome_color(kind), outcome_word(kind)), _(outcome_sentence(event->round_closed->outcome)), body.round);
        tell_advice(cli, body.round);
        tell_stage_entered(cli, body.round);
    }
    return code;
}

static const char *round_state(const Comity__V1__Round *round)
{
    if (round->state == COMITY__V1__ROUND_STATE__ROUND_STATE_OPEN)
        return P_("round", "open");
    if (round->declaration != NULL)
        return outcome_word(round->declaration->outcome);
    return round->outcome == NULL ? P_("round", "closed") : outcome_word(round->outcome->kind);
}

static bool asks_notice(const Comity__V1__Round *round)
{
    return round->rule != NULL && round->rule->silence == COMITY__V1__SILENCE__SILENCE_CONSENT_IF_NOTIFIED;
}

static bool has_weights(const struct rows *roll)
{
    for (size_t i = 0; i < roll->count; i++)
        if (((const Comity__V1__RollEntry *) roll->list[i])->weight > 1)
            return true;
    return false;
}

static void print_roll(struct cli *cli, const Comity__V1__Round *round, const struct rows *roll)
{
    static const char *const TITLES[] = {N_("member"),   N_("name"),       N_("constituency"),
                                         N_("seat"),     N_("stands for"), N_("there when it opened"),
                                         N_("answered"), N_("state"),      N_("weight"),
                                         N_("knows of it")};
    /* The last two only where the rule looks at them. */
    size_t columns = asks_notice(round) ? ARRAY_COUNT(TITLES) : has_weights(roll) ? ARRAY_COUNT(TITLES) - 1
                                                                                   : ARRAY_COUNT(TITLES) - 2;
    const char *not_yet = round->closed_ms != 0 ? _("no") : _("not yet");
    struct sheet sheet;

    sheet_init(&sheet, cli, columns, TITLES);
    for (size_t i = 0; i < roll->count; i++) {
        const Comity__V1__RollEntry *entry = (const Comity__V1__RollEntry *) roll->list[i];
        const char *cells[] = {arena_printf(cli->arena, "%" PRIu32, entry->member),
                               name_of_member(cli, entry->member),
                               name_of_constituency(cli, entry->constituency),
                               entry->seat == 0 ? "" : arena_printf(cli->arena, "%" PRIu32, entry->seat),
                               entry->stands_for == 0 ? "" : name_of_member(cli, entry->stands_for),
                               entry->present_at_open ? _("yes") : _("no"),
                               entry->has_answered ? _("yes") : not_yet,
                               state_of_member(cli, entry->member),
                               arena_printf(cli->arena, "%" PRIu64, entry->weight == 0 ? 1 : entry->weight),
                               entry->has_acknowledged || entry->present_at_open ? _("yes") : not_yet};
        sheet_row(&sheet, cells);
    }
    sheet_print(&sheet, "Nobody is on the roll.");
}

int round_show_run(struct cli *cli)
{
    const ProtobufCMessage *row;
    struct rows roll;
    uint32_t number;
    int code = number_argument(cli, "ROUND", &number);

    if (code == 0)
        code = desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_ROUNDS, number, &row);
    if (code == 0)
        code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_ROLL, number, &roll);
    if (code != 0)
        return code;
    const Comity__V1__Round *round = (const Comity__V1__Round *) row;
    cli_put(cli, "round", desk_json(cli, row));
    struct json_object *lines = desk_json_rows(cli, &roll);
    json_add_key_state(cli, lines, "member");
    cli_put(cli, "roll", lines);
    say(cli, "Round %" PRIu32 " (%s) on proposal %" PRIu32 ", version %" PRIu32 "; its round number %" PRIu32,
        round->number, round_state(round), round->proposal, round->version, round->round_of);
    say_function(cli, round);
    const char *opened = shown_time(cli, round->opened_ms), *by = name_of_member(cli, round->opened_by);
    if (round->closed_ms != 0)
        say(cli, "Opened %s by %s; closed %s", opened, by, shown_time(cli, round->closed_ms));
    else
        say(cli, "Opened %s by %s; closes %s", opened, by, rule_closing(cli, round->rule, round->closes_ms));
    round_say_notice(cli, round);
    if (round->resume_ms != 0 && round->state == COMITY__V1__ROUND_STATE__ROUND_STATE_OPEN)
        say(cli, "The record was restored from a backup: it does not close by itself before %s.",
            shown_time(cli, round->resume_ms));
    say(cli, "%" PRIu32 " of %" PRIu32 " have answered.\n", round->answered, round->eligible);
    round_say_question(cli, round);
    if (round->rule != NULL)
        rule_say(cli, round->rule);
    say(cli, "%s", "");
    print_roll(cli, round, &roll);
    code = say_recusals(cli, round);
    if (round->closed_ms == 0 && round->rule != NULL &&
        round->rule->visibility == COMITY__V1__VISIBILITY__VISIBILITY_UNTIL_CLOSE)
        say(cli, "\nEvery member sees who has answered. How, and why, is hidden until the round closes.");
    return code == 0 ? finality_say(cli) : code;
}

int round_list_run(struct cli *cli)
{
    static const char *const TITLES[] = {N_("no."),  N_("proposal"), N_("version"),
                                         N_("rule"), N_("answered"), N_("state")};
    struct json_object *array;
    struct rows rows;
    struct sheet sheet;
    uint32_t proposal = 0;
    int code = cli_argument(cli, "PROPOSAL") == NULL ? 0 : number_argument(cli, "PROPOSAL", &proposal);

    if (code == 0)
        code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_ROUNDS, proposal, &rows);
    if (code != 0)
        return code;
    cli_put(cli, "rounds", array = desk_json_rows(cli, &rows));
    sheet_init(&sheet, cli, ARRAY_COUNT(TITLES), TITLES);
    for (size_t i = 0; i < rows.count; i++) {
        const Comity__V1__Round *round = (const Comity__V1__Round *) rows.list[i];
        const char *state = round_state(round);
        if (round->closed_ms != 0) /* before, answers come that do not change its row */
            code = finality_state(cli, rows.list[i], json_object_array_get_idx(array, i), &state);
        if (code != 0)
            return code;
        const char *cells[] = {arena_printf(cli->arena, "%" PRIu32, round->number),
                               arena_printf(cli->arena, "%" PRIu32, round->proposal),
                               arena_printf(cli->arena, "%" PRIu32, round->version),
                               round->rule == NULL ? "?" : shown_string(cli, round->rule->name),
                               phrase(cli, "%" PRIu32 " of %" PRIu32, round->answered, round->eligible),
                               state};
        sheet_row(&sheet, cells);
        if (round->outcome != NULL)
            sheet_color(&sheet, 5, outcome_color(round->outcome->kind));
    }
    sheet_print(&sheet, "There are no rounds.");
    return 0;
}
