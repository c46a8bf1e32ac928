/* Verbs about one item and its way: from phase to phase, held, referred, set aside, withdrawn. */
#include <inttypes.h>

#include "client/cli/finality.h"
#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/solving_text.h"
#include "client/cli/verbs.h"

static int item_row(struct cli *cli, uint32_t *ret_number, const Comity__V1__Item **ret_item)
{
    const ProtobufCMessage *row;
    int code = number_argument(cli, "ITEM", ret_number);

    if (code == 0)
        code = desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_ITEMS, *ret_number, &row);
    if (code == 0)
        *ret_item = (const Comity__V1__Item *) row;
    return code;
}

static int phase_argument(struct cli *cli, phase_t *ret_phase)
{
    const char *typed = cli_argument(cli, "PHASE");

    *ret_phase = phase_by_name(typed);
    if (*ret_phase >= PHASE(ISSUE) && *ret_phase <= PHASE(PROPOSAL))
        return 0;
    return cli_fail(
        cli, ERR_USAGE, *ret_phase == PHASE(TEST) ? "comity round open PROPOSAL --rule RULE" : NULL,
        "An item is not moved to `%s`: there are issue, story, data, interests, options, standards, "
        "evaluation and proposal.",
        shown_string(cli, typed));
}

static void say_next(struct cli *cli, uint32_t number, phase_t phase)
{
    if (phase_is_over(phase))
        say(cli, "Nothing further is done on it here.");
    else
        say(cli, "It can be moved to %s: comity item move %" PRIu32 " PHASE", shown_moves(cli, phase),
            number);
}

static int say_proposals(struct cli *cli, uint32_t item)
{
    struct rows rows;
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_PROPOSALS, item, &rows);

    if (code != 0)
        return code;
    cli_put(cli, "proposals", desk_json_rows(cli, &rows));
    if (rows.count > 0)
        say(cli, "%s", "");
    for (size_t i = 0; i < rows.count; i++) {
        const Comity__V1__Proposal *row = (const Comity__V1__Proposal *) rows.list[i];
        say(cli, "Proposal %" PRIu32 ": %s: comity proposal show %" PRIu32, row->number,
            desk_shown(cli, row->title), row->number);
    }
    return 0;
}

static void put_moves(struct cli *cli, phase_t phase)
{
    struct json_object *moves = json_object_new_array();

    for (phase_t to = PHASE(ISSUE); to <= PHASE(PROPOSAL); to++)
        if (phase_allows(phase, to))
            json_object_array_add(moves, json_object_new_string(phase_name(to)));
    cli_put(cli, "moves", moves);
}

int item_show_run(struct cli *cli)
{
    const Comity__V1__Item *item;
    uint32_t number;
    int code = item_row(cli, &number, &item);

    if (code != 0)
        return code;
    phase_t phase = item_phase(item);
    cli_put(cli, "item", desk_json(cli, &item->base));
    put_moves(cli, phase);
    say(cli, "Item %" PRIu32 " of session %" PRIu32 ": %s", number, item->session,
        desk_shown(cli, item->title));
    say(cli, "In phase %s since %s.", phase_name(phase), shown_time(cli, item->phase_since_ms));
    if (item->reason != NULL && item->reason->size > 0)
        say(cli, "Why: %s", desk_shown(cli, item->reason));
    if (item->until_ms != 0)
        say(cli, "It is to be taken up again %s.", shown_time(cli, item->until_ms));
    if (item->hold != NULL)
        say(cli, "Held there by %s, of %s, since %s: %s", name_of_member(cli, item->hold->member),
            shown_string(cli, item->hold->side), shown_time(cli, item->hold->since_ms),
            desk_shown(cli, item->hold->reason));
    else
        say_next(cli, number, phase);
    code = say_contributions(cli, number);
    if (code == 0)
        code = say_data(cli, number);
    if (code == 0)
        code = say_proposals(cli, number);
    return code == 0 ? finality_say_beside(cli) : code;
}

int item_move_run(struct cli *cli)
{
    Comity__V1__MovePhase body = COMITY__V1__MOVE_PHASE__INIT;
    const Comity__V1__Event *event;
    const Comity__V1__Item *item;
    const char *session = cli_option(cli, "session");
    uint64_t number = 0;
    int code = phase_argument(cli, &body.phase);

    if (code == 0 && session != NULL)
        code = cli_number(cli, "--session", session, 1, UINT32_MAX, &number);
    if (code == 0)
        code = item_row(cli, &body.item, &item);
    if (code != 0)
        return code;
    body.session = (uint32_t) number;
    body.from = item_phase(item);
    code = give(cli, COMITY__V1__COMMAND__BODY_MOVE_PHASE, &body, &event);
    if (code == 0) {
        say(cli, "Item %" PRIu32 " is in phase %s now (it was in %s).", body.item, phase_name(body.phase),
            phase_name(body.from));
        if (event->phase_moved->session != item->session)
            say(cli, "It goes on in session %" PRIu32 ".", event->phase_moved->session);
    }
    return code;
}

int item_hold_run(struct cli *cli)
{
    Comity__V1__HoldPhase body = COMITY__V1__HOLD_PHASE__INIT;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "ITEM", &body.item);

    if (code == 0)
        code = words_option(cli, "reason", &body.reason);
    if (code == 0)
        code = give(cli, COMITY__V1__COMMAND__BODY_HOLD_PHASE, &body, &event);
    if (code == 0)
        say(cli,
            "Item %" PRIu32 " is held for %s: it stays where it is until a facilitator of that side says "
            "comity item release %" PRIu32,
            body.item, shown_string(cli, event->phase_held->hold->side), body.item);
    return code;
}

int item_release_run(struct cli *cli)
{
    Comity__V1__ReleasePhase body = COMITY__V1__RELEASE_PHASE__INIT;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "ITEM", &body.item);

    if (code == 0)
        code = give(cli, COMITY__V1__COMMAND__BODY_RELEASE_PHASE, &body, &event);
    if (code == 0)
        say(cli, "Item %" PRIu32 " is held no longer.", body.item);
    return code;
}

int item_bargaining_run(struct cli *cli)
{
    Comity__V1__FlagBargaining body = COMITY__V1__FLAG_BARGAINING__INIT;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "ITEM", &body.item);

    if (code == 0)
        code = words_option(cli, "reason", &body.reason);
    if (code == 0)
        code = give(cli, COMITY__V1__COMMAND__BODY_FLAG_BARGAINING, &body, &event);
    if (code == 0)
        say(cli,
            "Item %" PRIu32
            " is referred to bargaining: its open rounds are closed without a count, and nothing "
            "further is done on it here.",
            body.item);
    return code;
}

static int set_aside(struct cli *cli, phase_t phase, const char *sentence)
{
    Comity__V1__SetAsideItem body = COMITY__V1__SET_ASIDE_ITEM__INIT;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "ITEM", &body.item);

    body.phase = phase;
    if (code == 0)
        code = words_option(cli, "reason", &body.reason);
    if (code == 0 && phase == PHASE(DEFERRED))
        code = time_option(cli, "until", &body.until_ms);
    if (code == 0)
        code = give(cli, COMITY__V1__COMMAND__BODY_SET_ASIDE_ITEM, &body, &event);
    if (code == 0)
        say(cli,
            "Item %" PRIu32 " is %s. It is taken up again by comity item move %" PRIu32
            " PHASE, in a later session with --session",
            body.item, sentence, body.item);
    return code;
}

int item_defer_run(struct cli *cli)
{
    return set_aside(cli, PHASE(DEFERRED), _("put off"));
}

int item_table_run(struct cli *cli)
{
    return set_aside(cli, PHASE(TABLED), _("laid aside"));
}

int item_withdraw_run(struct cli *cli)
{
    Comity__V1__WithdrawItem body = COMITY__V1__WITHDRAW_ITEM__INIT;
    const Comity__V1__Event *event;
    const char *leave = cli_option(cli, "leave");
    uint64_t number = 0;
    int code = number_argument(cli, "ITEM", &body.item);

    if (code == 0 && leave != NULL)
        code = cli_number(cli, "--leave", leave, 1, UINT32_MAX, &number);
    if (code == 0)
        code = words_option(cli, "reason", &body.reason);
    if (code != 0)
        return code;
    body.leave = (uint32_t) number;
    code = give(cli, COMITY__V1__COMMAND__BODY_WITHDRAW_ITEM, &body, &event);
    if (code == 0)
        say(cli, "Item %" PRIu32 " is withdrawn.", body.item);
    return code;
}
