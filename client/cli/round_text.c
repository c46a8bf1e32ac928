#include "client/cli/round_text.h"

#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/standing_rules.h"
#include "core/charter.h"

void round_say_notice(struct cli *cli, const Comity__V1__Round *round)
{
    bool is_open = round->state == COMITY__V1__ROUND_STATE__ROUND_STATE_OPEN;

    if (is_open && round->rule != NULL && round->rule->close != NULL && round->rule->close->nothing_can_change)
        say(cli, "It closes as soon as no answer can change what it comes to.");
    if (!is_open && round->cause == COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_NOTHING_CAN_CHANGE)
        say(cli, "It closed when no answer could change what it came to.");
    if (is_open && round->earliest_ms > time_now_ms())
        say(cli, "Its time of notice runs: it does not close before %s.", shown_time(cli, round->earliest_ms));
    if (round->extended_ms != 0)
        say(cli, "There was no quorum at %s, and the rule gave it more time, until %s.",
            shown_time(cli, round->extended_ms), shown_time(cli, round->closes_ms));
}

void say_function(struct cli *cli, const Comity__V1__Round *round)
{
    bool is_advice = share_is_advice(round->share);

    cli_put(cli, "is_advice", json_object_new_boolean(is_advice));
    if (round->function[0] != '\0')
        say(cli, "Under the vital function %s (%s).", shown_string(cli, round->function),
            share_word(round->share));
    if (is_advice)
        say(cli, "What comes out is advice, and decides nothing.");
    for (size_t i = 0; i < round->n_standings; i++) {
        const char *name = name_of_constituency(cli, round->standings[i]->constituency);
        if (round->standings[i]->standing == COMITY__V1__STANDING__STANDING_PARTY)
            say(cli, "  %s is counted in it.", name);
        else
            say(cli, "  %s is heard in it, and not counted.", name);
    }
}

int say_recusals(struct cli *cli, const Comity__V1__Round *round)
{
    struct json_object *array = json_object_new_array();
    struct rows rows = {0};
    int code = round->n_recused == 0
                   ? 0
                   : desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_RECUSALS, round->proposal, &rows);

    for (size_t i = 0; code == 0 && i < rows.count; i++) {
        const Comity__V1__Recusal *row = (const Comity__V1__Recusal *) rows.list[i];
        for (size_t k = 0; k < round->n_recused; k++) {
            if (round->recused[k] != row->member)
                continue;
            json_object_array_add(array, desk_json(cli, &row->base));
            say(cli, "Recused: %s: %s", name_of_member(cli, row->member), desk_shown(cli, row->reason));
        }
    }
    cli_put(cli, "recusals", array);
    return code;
}
