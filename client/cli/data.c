/* Verbs about what one side asks another for, about facts, and about straw polls. */
#include <inttypes.h>

#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/solving_text.h"
#include "client/cli/verbs.h"

static Comity__V1__Confidentiality whose(const struct cli *cli)
{
    return cli_has(cli, "body-only") ? COMITY__V1__CONFIDENTIALITY__CONFIDENTIALITY_BODY
                                     : COMITY__V1__CONFIDENTIALITY__CONFIDENTIALITY_ALL;
}

int data_ask_run(struct cli *cli)
{
    Comity__V1__RequestData body = COMITY__V1__REQUEST_DATA__INIT;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "ITEM", &body.item);

    body.confidentiality = whose(cli);
    body.constituency = arena_string(cli->arena, cli_argument(cli, "CONSTITUENCY"));
    if (code == 0 && body.constituency == NULL)
        code = ERR_MEMORY;
    if (code == 0)
        code = words_argument(cli, "QUESTION", &body.text);
    if (code == 0)
        code = time_option(cli, "due", &body.due_ms);
    if (code == 0)
        code = give(cli, COMITY__V1__COMMAND__BODY_REQUEST_DATA, &body, &event);
    if (code == 0) {
        uint32_t number = event->data_requested->request->number;
        cli_put_number(cli, "number", number);
        say(cli, "Request %" PRIu32 " is put to %s, who answer it: comity data answer %" PRIu32, number,
            shown_string(cli, body.constituency), number);
    }
    return code;
}

int data_answer_run(struct cli *cli)
{
    Comity__V1__AnswerData body = COMITY__V1__ANSWER_DATA__INIT;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "REQUEST", &body.request);

    if (code == 0)
        code = desk_given_text(cli, &body.text);
    if (code == 0)
        code = give(cli, COMITY__V1__COMMAND__BODY_ANSWER_DATA, &body, &event);
    if (code == 0)
        say(cli, "Request %" PRIu32 " is answered.", body.request);
    return code;
}

int data_refuse_run(struct cli *cli)
{
    Comity__V1__RefuseData body = COMITY__V1__REFUSE_DATA__INIT;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "REQUEST", &body.request);

    if (code == 0)
        code = words_option(cli, "reason", &body.reason);
    if (code == 0)
        code = give(cli, COMITY__V1__COMMAND__BODY_REFUSE_DATA, &body, &event);
    if (code == 0)
        say(cli, "Request %" PRIu32 " is refused, with your reason.", body.request);
    return code;
}

static void print_requests(struct cli *cli, const struct rows *rows, const char *if_empty)
{
    static const char *const TITLES[] = {N_("request"), N_("of"),    N_("state"), N_("due"),
                                         N_("for"),     N_("asked"), N_("answer")};
    struct sheet sheet;

    sheet_init(&sheet, cli, ARRAY_COUNT(TITLES), TITLES);
    for (size_t i = 0; i < rows->count; i++) {
        const Comity__V1__DataRequest *row = (const Comity__V1__DataRequest *) rows->list[i];
        const char *cells[] = {arena_printf(cli->arena, "%" PRIu32, row->number),
                               name_of_constituency(cli, row->constituency),
                               word_of_request(row->state),
                               row->due_ms == 0 ? "" : shown_time(cli, row->due_ms),
                               row->confined_to == 0 ? _("all") : name_of_body(cli, row->confined_to),
                               desk_shown(cli, row->text),
                               row->answer == NULL ? "" : desk_shown(cli, row->answer)};
        sheet_row(&sheet, cells);
    }
    if (rows->count > 0 || if_empty != NULL)
        sheet_print(&sheet, if_empty);
}

int data_list_run(struct cli *cli)
{
    struct rows rows;
    uint32_t item = 0;
    int code = cli_argument(cli, "ITEM") == NULL ? 0 : number_argument(cli, "ITEM", &item);

    if (code == 0)
        code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_DATA_REQUESTS, item, &rows);
    if (code != 0)
        return code;
    cli_put(cli, "data_requests", desk_json_rows(cli, &rows));
    print_requests(cli, &rows, N_("Nothing was asked for."));
    return 0;
}

/* Facts. */

int fact_state_run(struct cli *cli)
{
    Comity__V1__StateFact body = COMITY__V1__STATE_FACT__INIT;
    const Comity__V1__Event *event;
    const char *request = cli_option(cli, "request");
    uint64_t number = 0;
    int code = number_argument(cli, "ITEM", &body.item);

    body.confidentiality = whose(cli);
    if (code == 0)
        code = words_argument(cli, "TEXT", &body.text);
    if (code == 0 && request != NULL)
        code = cli_number(cli, "--request", request, 1, UINT32_MAX, &number);
    body.request = (uint32_t) number;
    if (code == 0)
        code = give(cli, COMITY__V1__COMMAND__BODY_STATE_FACT, &body, &event);
    if (code == 0) {
        cli_put_number(cli, "number", event->fact_stated->fact->number);
        say(cli,
            "Fact %" PRIu32 " is stated. Each side says whether it is so: comity fact agree %" PRIu32
            ", or comity fact dispute %" PRIu32 " --reason TEXT",
            event->fact_stated->fact->number, event->fact_stated->fact->number,
            event->fact_stated->fact->number);
    }
    return code;
}

static int judge(struct cli *cli, Comity__V1__FactPosition position)
{
    Comity__V1__JudgeFact body = COMITY__V1__JUDGE_FACT__INIT;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "FACT", &body.fact);

    body.position = position;
    if (code == 0)
        code = words_option(cli, "reason", &body.reason);
    if (code == 0)
        code = give(cli, COMITY__V1__COMMAND__BODY_JUDGE_FACT, &body, &event);
    if (code == 0)
        say(cli, "Fact %" PRIu32 " is %s by %s.", body.fact, word_of_position(position),
            name_of_constituency(cli, event->fact_judged->judgement->constituency));
    return code;
}

int fact_agree_run(struct cli *cli)
{
    return judge(cli, COMITY__V1__FACT_POSITION__FACT_POSITION_AGREED);
}

int fact_dispute_run(struct cli *cli)
{
    return judge(cli, COMITY__V1__FACT_POSITION__FACT_POSITION_DISPUTED);
}

int fact_withdraw_run(struct cli *cli)
{
    Comity__V1__WithdrawFact body = COMITY__V1__WITHDRAW_FACT__INIT;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "FACT", &body.fact);

    if (code == 0)
        code = give(cli, COMITY__V1__COMMAND__BODY_WITHDRAW_FACT, &body, &event);
    if (code == 0)
        say(cli, "Fact %" PRIu32 " is withdrawn. What it said stays in the record, marked so.", body.fact);
    return code;
}

static void print_facts(struct cli *cli, const struct rows *rows, const char *if_empty)
{
    static const char *const TITLES[] = {N_("fact"), N_("for"), N_("state"), N_("text")};
    struct sheet sheet;

    sheet_init(&sheet, cli, ARRAY_COUNT(TITLES), TITLES);
    for (size_t i = 0; i < rows->count; i++) {
        const Comity__V1__Fact *row = (const Comity__V1__Fact *) rows->list[i];
        const char *cells[] = {arena_printf(cli->arena, "%" PRIu32, row->number),
                               row->confined_to == 0 ? _("all") : name_of_body(cli, row->confined_to),
                               row->withdrawn_ms != 0 ? _("withdrawn") : shown_judgements(cli, row),
                               desk_shown(cli, row->text)};
        sheet_row(&sheet, cells);
    }
    if (rows->count > 0 || if_empty != NULL)
        sheet_print(&sheet, if_empty);
}

int fact_list_run(struct cli *cli)
{
    struct rows rows;
    uint32_t item = 0;
    int code = cli_argument(cli, "ITEM") == NULL ? 0 : number_argument(cli, "ITEM", &item);

    if (code == 0)
        code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_FACTS, item, &rows);
    if (code != 0)
        return code;
    cli_put(cli, "facts", desk_json_rows(cli, &rows));
    print_facts(cli, &rows, N_("No facts are stated."));
    return 0;
}

int say_data(struct cli *cli, uint32_t item)
{
    struct rows requests, facts;
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_DATA_REQUESTS, item, &requests);

    if (code == 0)
        code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_FACTS, item, &facts);
    if (code != 0)
        return code;
    cli_put(cli, "data_requests", desk_json_rows(cli, &requests));
    cli_put(cli, "facts", desk_json_rows(cli, &facts));
    if (requests.count > 0)
        say(cli, "\nAsked for:");
    print_requests(cli, &requests, NULL);
    if (facts.count > 0)
        say(cli, "\nFacts:");
    print_facts(cli, &facts, NULL);
    return 0;
}

/* Straw polls. */

int straw_open_run(struct cli *cli)
{
    Comity__V1__OpenStrawPoll body = COMITY__V1__OPEN_STRAW_POLL__INIT;
    const Comity__V1__Event *event;
    size_t count = option_count(&cli->arguments, "choice");
    int code = number_argument(cli, "ITEM", &body.item);

    body.choices = arena_alloc(cli->arena, (count + 1) * sizeof(*body.choices));
    if (body.choices == NULL)
        return ERR_MEMORY;
    if (code == 0)
        code = desk_line(cli, "QUESTION", cli_argument(cli, "QUESTION"), &body.question);
    for (; code == 0 && body.n_choices < count; body.n_choices++) {
        Comity__V1__StrawChoice *choice = arena_alloc(cli->arena, sizeof(*choice));
        if (choice == NULL)
            return ERR_MEMORY;
        comity__v1__straw_choice__init(choice);
        code =
            desk_line(cli, "--choice", option_at(&cli->arguments, "choice", body.n_choices), &choice->text);
        body.choices[body.n_choices] = choice;
    }
    if (code == 0)
        code = give(cli, COMITY__V1__COMMAND__BODY_OPEN_STRAW_POLL, &body, &event);
    if (code == 0) {
        uint32_t number = event->straw_poll_opened->poll->number;
        cli_put_number(cli, "number", number);
        say(cli,
            "Straw poll %" PRIu32
            " is open. Every answer is on record under its name, and counts for nothing: comity "
            "straw answer %" PRIu32 " CHOICE",
            number, number);
    }
    return code;
}

int straw_answer_run(struct cli *cli)
{
    Comity__V1__AnswerStrawPoll body = COMITY__V1__ANSWER_STRAW_POLL__INIT;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "POLL", &body.poll);

    if (code == 0)
        code = number_argument(cli, "CHOICE", &body.choice);
    if (code == 0)
        code = give(cli, COMITY__V1__COMMAND__BODY_ANSWER_STRAW_POLL, &body, &event);
    if (code == 0)
        say(cli, "Your answer is on record under your name. It counts for nothing, and you can change it.");
    return code;
}

int straw_close_run(struct cli *cli)
{
    Comity__V1__CloseStrawPoll body = COMITY__V1__CLOSE_STRAW_POLL__INIT;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "POLL", &body.poll);

    if (code == 0)
        code = give(cli, COMITY__V1__COMMAND__BODY_CLOSE_STRAW_POLL, &body, &event);
    if (code == 0)
        say(cli, "Straw poll %" PRIu32 " is closed: comity straw show %" PRIu32, body.poll, body.poll);
    return code;
}

int straw_show_run(struct cli *cli)
{
    const ProtobufCMessage *row;
    struct rows answers;
    uint32_t number;
    int code = number_argument(cli, "POLL", &number);

    if (code == 0)
        code = desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_STRAW_POLLS, number, &row);
    if (code == 0)
        code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_STRAW_ANSWERS, number, &answers);
    if (code != 0)
        return code;
    const Comity__V1__StrawPoll *poll = (const Comity__V1__StrawPoll *) row;
    cli_put(cli, "straw_poll", desk_json(cli, row));
    cli_put(cli, "straw_answers", desk_json_rows(cli, &answers));
    say(cli, "Straw poll %" PRIu32 " on item %" PRIu32 ", %s: %s", number, poll->item,
        poll->closed_ms == 0 ? P_("poll", "open") : P_("poll", "closed"), desk_shown(cli, poll->question));
    for (size_t i = 0; i < poll->n_choices; i++) {
        uint64_t count = 0;
        for (size_t j = 0; j < answers.count; j++)
            count += ((const Comity__V1__StrawAnswer *) answers.list[j])->choice == i + 1;
        say(cli, "  %zu. %s: %s", i + 1, desk_shown(cli, poll->choices[i]->text),
            counted(cli, count, "%" PRIu64 " answer", "%" PRIu64 " answers"));
    }
    return 0;
}
