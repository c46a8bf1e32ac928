/* Counting a file of ballots that rank options, without a server. docs/rules.md */
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "client/cli/file.h"
#include "client/cli/message_json.h"
#include "client/cli/output.h"
#include "client/cli/verbs.h"
#include "client/rules/blt.h"

static const struct method {
    const char *name;
    const char *title;
    Comity__V1__RankingMethod method;
    bool has_seats; /* more than one can be elected */
} METHODS[] = {
    {"scottish", N_("single transferable vote, as in Scottish local elections"),
     COMITY__V1__RANKING_METHOD__RANKING_METHOD_STV_SCOTTISH, true},
    {"meek", N_("single transferable vote, by Meek's method"),
     COMITY__V1__RANKING_METHOD__RANKING_METHOD_STV_MEEK, true},
    {"irv", N_("instant run-off"), COMITY__V1__RANKING_METHOD__RANKING_METHOD_INSTANT_RUNOFF, false},
    {"schulze", N_("Schulze's method"), COMITY__V1__RANKING_METHOD__RANKING_METHOD_SCHULZE, false},
};

struct counting {
    struct cli *cli;
    const char *path;
    struct blt blt;
    const struct method *method;
    uint32_t seats;
    struct round_option options[OPTIONS_MAX];
    Comity__V1__Outcome outcome;
    enum ranking_verdict verdict;
};

static int method_read(struct counting *counting)
{
    const char *name = cli_option(counting->cli, "method");

    for (size_t i = 0; i < ARRAY_COUNT(METHODS); i++) {
        if (strcasecmp(METHODS[i].name, name) == 0)
            counting->method = &METHODS[i];
    }
    if (counting->method == NULL)
        return cli_fail(counting->cli, ERR_USAGE, "--method scottish, meek, irv or schulze",
                        "There is no method `%s`.", shown_string(counting->cli, name));
    return 0;
}

static int file_take(struct counting *counting)
{
    struct cli *cli = counting->cli;
    struct rule_faults faults = {.arena = cli->arena, .words = language_words};
    struct bytes content;
    char why[FILE_REASON_MAX];
    const char *path = strcmp(counting->path, "-") == 0 ? "/dev/stdin" : counting->path;
    int code = file_read(path, FILE_MAX_BYTES, cli->arena, &content, why);

    if (code != 0) {
        cli_fail(cli, code, NULL, "%s", why);
        return cli_unusable(cli, code);
    }
    code = blt_read(content, &faults, &counting->blt);
    if (code == 0)
        return 0;
    const struct rule_fault *fault = &faults.list[0];
    const char *where = shown_string(cli, counting->path);
    if (fault->line > 0)
        where = phrase(cli, "%s, line %u, column %u", where, fault->line, fault->column);
    cli_fail(cli, code,
             N_("The first line has the number of options and that of seats; then a line for ballots that "
                "are alike: how "
                "many, the numbers of the options from the best, 0; then a line 0; then each option's name "
                "in quotes."),
             "%s: %s", where, fault->text);
    return code == ERR_MEMORY ? code : cli_unusable(cli, code);
}

static int seats_read(struct counting *counting)
{
    const char *typed = cli_option(counting->cli, "seats");
    uint64_t seats = counting->blt.seats;
    int code = typed == NULL ? 0 : cli_number(counting->cli, "--seats", typed, 1, OPTIONS_MAX - 1, &seats);

    if (code != 0)
        return code;
    if (typed != NULL && seats != 1 && !counting->method->has_seats)
        return cli_fail(counting->cli, ERR_USAGE, "--method scottish or --method meek",
                        "The method %s chooses one option.", counting->method->name);
    counting->seats = counting->method->has_seats ? (uint32_t) seats : 1;
    return 0;
}

/* "3,1,2" of --tie: of options that tie the first one gives way. */
static int tie_read(struct counting *counting)
{
    struct cli *cli = counting->cli;
    const char *typed = cli_option(cli, "tie");
    size_t options = counting->blt.option_count, count = 0;
    uint32_t *order = arena_alloc(cli->arena, options * sizeof(*order));
    char *rest = NULL, *copy = typed == NULL ? NULL : arena_string(cli->arena, typed);
    uint64_t seen = 0, number = 0;

    if (typed == NULL)
        return 0;
    if (order == NULL || copy == NULL)
        return ERR_MEMORY;
    for (char *part = strtok_r(copy, ", ", &rest); part != NULL; part = strtok_r(NULL, ", ", &rest)) {
        int code = cli_number(cli, "--tie", part, 1, options, &number);
        if (code != 0)
            return code;
        if (seen & UINT64_C(1) << (number - 1))
            return cli_fail(cli, ERR_USAGE, NULL, "--tie names option %" PRIu64 " twice.", number);
        seen |= UINT64_C(1) << (number - 1);
        order[options - ++count] = (uint32_t) number;
    }
    if (count != options)
        return cli_fail(cli, ERR_USAGE, NULL, "--tie names every option once: there are %zu.", options);
    counting->blt.tie_order = order;
    return 0;
}

/* By earlier stages, then by the order of the file where it states one. */
static int count_all(struct counting *counting)
{
    static const Comity__V1__TieBreak TIES[] = {COMITY__V1__TIE_BREAK__TIE_BREAK_EARLIER_STAGES,
                                                COMITY__V1__TIE_BREAK__TIE_BREAK_STATED_ORDER};
    const struct blt *blt = &counting->blt;
    Comity__V1__Ranking ranking = COMITY__V1__RANKING__INIT;
    struct ranking_input input = {
        .ranking = &ranking,
        .options = counting->options,
        .option_count = blt->option_count,
        .withdrawn = blt->withdrawn,
        .ballots = blt->ballots,
        .ballot_count = blt->ballot_count,
        .ties = TIES,
        .tie_count = blt->tie_order == NULL ? 1 : 2,
        .tie_order = blt->tie_order,
    };

    ranking.method = counting->method->method;
    ranking.seats = counting->seats;
    for (size_t i = 0; i < blt->option_count; i++)
        counting->options[i] = (struct round_option){.label = blt->names[i], .majority = ""};
    comity__v1__outcome__init(&counting->outcome);
    int code = ranking_run(&input, counting->cli->arena, &counting->outcome, &counting->verdict);
    if (code == ERR_DUPLICATE) {
        cli_fail(counting->cli, code, "--method schulze",
                 "%s has ballots that rank options alike, which only Schulze's method takes.",
                 shown_string(counting->cli, counting->path));
        return cli_unusable(counting->cli, code);
    }
    counting->outcome.kind = counting->verdict == RANKING_TIED
                                 ? COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_TIE
                                 : COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED;
    return code;
}

static uint64_t ballots_of(const struct blt *blt)
{
    uint64_t total = blt->empty;
    for (size_t i = 0; i < blt->ballot_count; i++)
        total += blt->ballots[i].count;
    return total;
}

static void put_labels(struct counting *counting)
{
    struct json_object *options = json_object_new_array(), *chosen = json_object_new_array();

    for (size_t i = 0; i < counting->blt.option_count; i++)
        json_object_array_add(options, json_object_new_string(counting->blt.names[i]));
    for (size_t i = 0; i < counting->outcome.n_chosen; i++)
        json_object_array_add(chosen,
                              json_object_new_string(counting->blt.names[counting->outcome.chosen[i] - 1]));
    cli_put(counting->cli, "options", options);
    cli_put(counting->cli, "chosen", chosen);
}

static int say_working(struct counting *counting)
{
    struct cli *cli = counting->cli;
    struct json_object *working = json_object_new_array();
    struct ranking_lines lines = {0};
    int code = rule_explain_ranking(&counting->outcome, counting->options, counting->blt.option_count,
                                    language_words, cli->arena, &lines);

    for (size_t i = 0; i < lines.count; i++) {
        json_object_array_add(working, json_object_new_string(lines.lines[i]));
        say(cli, "%s", shown_string(cli, lines.lines[i]));
    }
    cli_put(cli, "working", working);
    return code;
}

static void say_result(struct counting *counting)
{
    struct cli *cli = counting->cli;
    const Comity__V1__Outcome *outcome = &counting->outcome;
    const char **names = arena_alloc(cli->arena, (outcome->n_chosen + 1) * sizeof(*names));

    for (size_t i = 0; names != NULL && i < outcome->n_chosen; i++)
        names[i] = shown_string(cli, counting->blt.names[outcome->chosen[i] - 1]);
    const char *list = names == NULL ? "?" : shown_list(cli, names, outcome->n_chosen);
    if (counting->verdict == RANKING_TIED)
        say(cli, "A tie: %s. --tie, or a line [tie ...] in the file, says who gives way.", list);
    else
        say(cli, "Chosen: %s.", list);
}

int count_run(struct cli *cli)
{
    struct counting counting = {.cli = cli, .path = cli_argument(cli, "FILE")};
    int code = method_read(&counting);

    if (code == 0)
        code = file_take(&counting);
    if (code == 0)
        code = seats_read(&counting);
    if (code == 0)
        code = tie_read(&counting);
    if (code == 0)
        code = count_all(&counting);
    if (code != 0)
        return code;
    const struct blt *blt = &counting.blt;
    cli_put_text(cli, "title", blt->title);
    cli_put_text(cli, "method", counting.method->name);
    cli_put_number(cli, "seats", counting.seats);
    cli_put_number(cli, "ballots", ballots_of(blt));
    put_labels(&counting);
    cli_put(cli, "outcome", message_to_json(&counting.outcome.base, NULL, NULL));
    say(cli, "%s: %s, %s",
        blt->title[0] == '\0' ? shown_string(cli, counting.path) : shown_string(cli, blt->title),
        counted(cli, ballots_of(blt), "%" PRIu64 " ballot", "%" PRIu64 " ballots"),
        _(counting.method->title));
    code = say_working(&counting);
    if (code == 0)
        say_result(&counting);
    return code;
}
