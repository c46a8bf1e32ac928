#include "client/cli/simulation.h"

#include <inttypes.h>
#include <strings.h>

#include "client/cli/ballot_text.h"
#include "client/cli/columns.h"
#include "client/cli/hint.h"
#include "client/cli/output.h"
#include "client/cli/rule_text.h"
#include "core/text.h"

enum column {
    COLUMN_MEMBER,
    COLUMN_CONSTITUENCY,
    COLUMN_SIDE,
    COLUMN_SITE,
    COLUMN_STANDING,
    COLUMN_WEIGHT,
    COLUMN_OFFICE,
    COLUMN_PRESENT,
    COLUMN_RECUSED,
    COLUMN_NOTIFIED,
    COLUMN_ANSWER,
    COLUMN_CHOICE,
    COLUMN_RANKS,
    COLUMN_SCORE,
    COLUMNS
};
static const char *const COLUMN_NAMES[COLUMNS] = {"member", "constituency", "side",    "site",    "standing",
                                                  "weight", "office",       "present", "recused", "notified",
                                                  "answer", "choice",       "ranks",   "score"};

enum option_column { OPTION_LABEL, OPTION_MAJORITY, OPTION_DEFAULT, OPTION_COLUMNS };
static const char *const OPTION_NAMES[OPTION_COLUMNS] = {"option", "majority", "default"};

struct table {
    struct csv csv;
    int place_of[COLUMNS]; /* where the column stands in the file; -1: nowhere */
};

struct making {
    struct cli *cli;
    const Comity__V1__Rule *rule;
    struct table table;
    struct roll_line *lines;
    struct roll_constituency *constituencies;
    size_t constituency_count;
    struct roll_site *sites;
    size_t site_count;
    struct round_option *options;
    size_t option_count;
    Comity__V1__Round *round; /* as it would have been: its rule and its options */
    size_t faults, ballots;
};

static int read_table(struct cli *cli, const char *path, const char *const *names, size_t count,
                      size_t needed, struct table *table)
{
    char why[FILE_REASON_MAX];
    const char *all = shown_list(cli, names, count);
    int code = csv_read(path, cli->arena, &table->csv, why);

    if (code != 0) {
        cli_fail(cli, code, code == ERR_MALFORMED ? "comity help rule simulate says what the columns hold" : NULL,
                 "%s", why);
        return cli_unusable(cli, code);
    }
    code = columns_find(cli, &table->csv, names, count, phrase(cli, "There are: %s", all), table->place_of);
    if (code != 0)
        return code;
    for (size_t i = 0; i < needed; i++)
        if (table->place_of[i] < 0)
            return cli_fail(cli, ERR_USAGE, phrase(cli, "There are: %s", all),
                            "The first row has to name the column %s.", names[i]);
    return 0;
}

static const char *cell(const struct table *table, size_t row, size_t column)
{
    return columns_cell(&table->csv, row, table->place_of[column]);
}

static int wrong_cell(struct making *making, const char *column, const char *text, const char *right)
{
    return cli_fail(making->cli, ERR_USAGE, NULL, "`%s` in the column %s: %s",
                    shown_string(making->cli, text), column, right);
}

static int read_truth(struct making *making, const char *text, const char *column, bool by_itself,
                      bool *ret_value)
{
    bool is_yes = strcasecmp(text, "yes") == 0 || strcmp(text, "1") == 0;

    *ret_value = text[0] == '\0' ? by_itself : is_yes;
    if (text[0] == '\0' || is_yes || strcasecmp(text, "no") == 0 || strcmp(text, "0") == 0)
        return 0;
    return wrong_cell(making, column, text, _("it is yes or no."));
}

static int read_flag(struct making *making, size_t row, enum column column, bool by_itself, bool *ret_value)
{
    return read_truth(making, cell(&making->table, row, column), COLUMN_NAMES[column], by_itself, ret_value);
}

static int read_number(struct making *making, const char *text, enum column column, uint64_t least,
                       uint64_t most, uint64_t *ret_number)
{
    return cli_number(making->cli, COLUMN_NAMES[column], text, least, most, ret_number);
}

/* "co-chair facilitator" */
static int read_offices(struct making *making, size_t row, uint32_t *ret_offices)
{
    char *rest = NULL, *copy = arena_string(making->cli->arena, cell(&making->table, row, COLUMN_OFFICE));

    for (char *word = copy == NULL ? NULL : strtok_r(copy, " ;,", &rest); word != NULL;
         word = strtok_r(NULL, " ;,", &rest)) {
        int office;
        if (!enum_value_find(&comity__v1__office__descriptor, word, &office) || office == 0)
            return wrong_cell(
                making, COLUMN_NAMES[COLUMN_OFFICE], word,
                _("it is one of co-chair, facilitator, recorder, adviser, observer and integration."));
        *ret_offices |= 1U << office;
    }
    return copy == NULL ? ERR_MEMORY : 0;
}

static int read_name(struct making *making, size_t row, enum column column, const char **ret_name)
{
    *ret_name = cell(&making->table, row, column);
    if (name_is_valid(*ret_name) || ((*ret_name)[0] == '\0' && column != COLUMN_CONSTITUENCY))
        return 0;
    return wrong_cell(making, COLUMN_NAMES[column], *ret_name, language_error(ERR_NAME));
}

/* The constituency of a row: the first row of one says its side and its standing, and the others say no
 * other. */
static int find_constituency(struct making *making, size_t row, uint32_t *ret_number)
{
    const char *name, *side, *standing = cell(&making->table, row, COLUMN_STANDING);
    bool is_neutral = strcasecmp(standing, "neutral") == 0;
    int code = read_name(making, row, COLUMN_CONSTITUENCY, &name);

    if (code == 0)
        code = read_name(making, row, COLUMN_SIDE, &side);
    if (code == 0 && standing[0] != '\0' && !is_neutral && strcasecmp(standing, "party") != 0)
        code = wrong_cell(making, COLUMN_NAMES[COLUMN_STANDING], standing, _("it is party or neutral."));
    if (code != 0)
        return code;
    for (size_t i = 0; i < making->constituency_count; i++) {
        struct roll_constituency *known = &making->constituencies[i];
        if (strcmp(known->name, name) != 0)
            continue;
        if (strcmp(known->side, side) != 0 || known->is_party == is_neutral)
            return cli_fail(making->cli, ERR_USAGE, NULL,
                            "The constituency %s has another side or standing in another row.", name);
        *ret_number = known->number;
        return 0;
    }
    if (making->constituency_count == CONSTITUENCIES_MAX)
        return cli_fail(making->cli, ERR_USAGE, NULL, "There are at most %d constituencies.",
                        CONSTITUENCIES_MAX);
    *ret_number = (uint32_t) making->constituency_count + 1;
    making->constituencies[making->constituency_count++] = (struct roll_constituency){
        .number = *ret_number, .name = name, .side = side, .is_party = !is_neutral};
    return 0;
}

static int find_site(struct making *making, size_t row, uint32_t *ret_number)
{
    const char *name;
    int code = read_name(making, row, COLUMN_SITE, &name);

    if (code != 0 || name[0] == '\0')
        return code;
    for (size_t i = 0; i < making->site_count; i++)
        if (strcmp(making->sites[i].name, name) == 0)
            *ret_number = making->sites[i].number;
    if (*ret_number == 0) {
        *ret_number = (uint32_t) making->site_count + 1;
        making->sites[making->site_count++] = (struct roll_site){*ret_number, name};
    }
    return 0;
}

/* What the ballot says, in whichever column it says it. */
static int read_answer(struct making *making, size_t row, struct roll_line *line)
{
    const char *answer = cell(&making->table, row, COLUMN_ANSWER),
               *choice = cell(&making->table, row, COLUMN_CHOICE);
    const char *ranks = cell(&making->table, row, COLUMN_RANKS),
               *score = cell(&making->table, row, COLUMN_SCORE), *field;
    uint64_t number;
    int code = 0;

    line->has_answered = answer[0] != '\0' || choice[0] != '\0' || ranks[0] != '\0' || score[0] != '\0';
    if (answer[0] != '\0')
        code = rule_read_answer(making->cli, making->rule, answer, &line->given.answer);
    if (code == 0 && making->option_count == 0 && (choice[0] != '\0' || ranks[0] != '\0'))
        code = cli_fail(making->cli, ERR_USAGE, NULL, "Ballots of this rule choose no options.");
    if (code == 0 && choice[0] != '\0')
        code = ballot_read_choice(making->cli, making->round, choice, &line->given);
    if (code == 0 && ranks[0] != '\0')
        code = ballot_read_ranking(making->cli, making->round, ranks, &line->given);
    if (code == 0 && score[0] != '\0')
        code = read_number(making, score, COLUMN_SCORE, 0, UINT32_MAX, &number);
    if (code != 0 || !line->has_answered)
        return code;
    line->given.has_score = score[0] != '\0';
    line->given.score = line->given.has_score ? (uint32_t) number : 0;
    line->sequence = ++making->ballots;
    code = rule_check_answer(making->rule, making->option_count, &line->given, &field);
    return code == 0 ? 0
                     : cli_fail(making->cli, ERR_USAGE, NULL, "That is no ballot of this rule (%s): %s",
                                field, language_error(code));
}

static int read_line(struct making *making, size_t row, struct roll_line *line)
{
    const char *member = cell(&making->table, row, COLUMN_MEMBER),
               *weight = cell(&making->table, row, COLUMN_WEIGHT);
    int code =
        member[0] != '\0' ? 0 : wrong_cell(making, COLUMN_NAMES[COLUMN_MEMBER], member, _("every row has a member."));

    *line = (struct roll_line){.member = (uint32_t) row + 1};
    for (size_t other = 0; code == 0 && other < row; other++)
        if (strcmp(cell(&making->table, other, COLUMN_MEMBER), member) == 0)
            code = cli_fail(making->cli, ERR_USAGE, NULL, "There is another row for this member.");
    if (code == 0)
        code = find_constituency(making, row, &line->constituency);
    if (code == 0)
        code = find_site(making, row, &line->site);
    if (code == 0 && weight[0] != '\0')
        code = read_number(making, weight, COLUMN_WEIGHT, 1, WEIGHT_MAX, &line->weight);
    if (code == 0)
        code = read_offices(making, row, &line->offices);
    if (code == 0)
        code = read_flag(making, row, COLUMN_PRESENT, true, &line->is_present);
    if (code == 0)
        code = read_flag(making, row, COLUMN_RECUSED, false, &line->is_recused);
    if (code == 0)
        code = read_flag(making, row, COLUMN_NOTIFIED, false, &line->is_notified);
    return code == 0 ? read_answer(making, row, line) : code;
}

/* Such options as a round could state: else a sentence that says why not. */
static int check_stated(struct making *making, const char *path)
{
    struct cli *cli = making->cli;
    struct refusal refusal = {0};
    int code =
        rule_check_options(making->rule, making->options, making->option_count, "open_round", &refusal);

    if (code == 0)
        return 0;
    cli_fail(cli, code, NULL, "%s", language_error(code));
    snprintf(cli->failure.field, sizeof(cli->failure.field), "%s", refusal.field);
    hint_tell(cli, NULL);
    const char *why = arena_string(cli->arena, cli->failure.what);
    return cli_fail(cli, ERR_USAGE, NULL, "%s: %s", shown_string(cli, path), why == NULL ? "?" : why);
}

static int read_option(struct making *making, const struct table *table, size_t row)
{
    struct round_option *option = &making->options[making->option_count++];
    const char *label = cell(table, row, OPTION_LABEL);

    *option = (struct round_option){.label = label, .majority = cell(table, row, OPTION_MAJORITY)};
    if (!name_is_valid(label))
        return cli_fail(making->cli, ERR_USAGE, NULL, "Row %zu of the options: %s", row + 2,
                        language_error(ERR_NAME));
    return read_truth(making, cell(table, row, OPTION_DEFAULT), OPTION_NAMES[OPTION_DEFAULT], false,
                      &option->is_default);
}

static int read_stated(struct making *making, const char *path)
{
    struct table table;
    int code = read_table(making->cli, path, OPTION_NAMES, OPTION_COLUMNS, 1, &table);

    if (code == 0 && table.csv.count > OPTIONS_MAX)
        code = cli_fail(making->cli, ERR_USAGE, NULL, "There are at most %d options.", OPTIONS_MAX);
    for (size_t row = 0; code == 0 && row < table.csv.count; row++)
        code = read_option(making, &table, row);
    return code == 0 ? check_stated(making, path) : code;
}

/* Those of the rule, or of the file. */
static int read_options(struct making *making, const char *path)
{
    const Comity__V1__Rule *rule = making->rule;
    bool has_options = rule_has_options(rule);

    making->options = arena_alloc(making->cli->arena, (OPTIONS_MAX + 1) * sizeof(*making->options));
    if (making->options == NULL)
        return ERR_MEMORY;
    if (path != NULL && rule->n_options > 0)
        return cli_fail(making->cli, ERR_USAGE, "Leave --options out", "The rule states its options itself.");
    if (path != NULL && !has_options)
        return cli_fail(making->cli, ERR_USAGE, "Leave --options out",
                        "Ballots of this rule choose no options.");
    if (path == NULL && has_options && rule->n_options == 0)
        return cli_fail(making->cli, ERR_USAGE, NULL,
                        "The rule states no options: give them in a file, with --options FILE.");
    for (size_t i = 0; i < rule->n_options && i < OPTIONS_MAX; i++)
        making->options[making->option_count++] = (struct round_option){
            rule->options[i]->label, rule->options[i]->majority, rule->options[i]->is_default};
    return path == NULL ? 0 : read_stated(making, path);
}

static int make_round(struct making *making)
{
    struct arena *arena = making->cli->arena;
    Comity__V1__Round *round = arena_alloc(arena, sizeof(*round));

    if (round == NULL)
        return ERR_MEMORY;
    comity__v1__round__init(round);
    round->rule = (Comity__V1__Rule *) making->rule;
    round->options = arena_alloc(arena, (making->option_count + 1) * sizeof(*round->options));
    for (size_t i = 0; round->options != NULL && i < making->option_count; i++) {
        Comity__V1__RoundOption *option = arena_alloc(arena, sizeof(*option));
        if (option == NULL)
            return ERR_MEMORY;
        comity__v1__round_option__init(option);
        option->number = (uint32_t) i + 1;
        option->label = (char *) making->options[i].label;
        option->majority = (char *) making->options[i].majority;
        option->is_default = making->options[i].is_default;
        round->options[round->n_options++] = option;
    }
    making->round = round;
    return round->options == NULL ? ERR_MEMORY : 0;
}

static int read_lines(struct making *making)
{
    struct cli *cli = making->cli;
    const size_t count = making->table.csv.count;

    making->lines = arena_alloc(cli->arena, (count + 1) * sizeof(*making->lines));
    making->sites = arena_alloc(cli->arena, (count + 1) * sizeof(*making->sites));
    making->constituencies = arena_alloc(cli->arena, CONSTITUENCIES_MAX * sizeof(*making->constituencies));
    if (making->lines == NULL || making->sites == NULL || making->constituencies == NULL)
        return ERR_MEMORY;
    for (size_t row = 0; row < count; row++) {
        int code = read_line(making, row, &making->lines[row]);
        if (code == ERR_MEMORY)
            return code;
        if (code == 0)
            continue;
        cli_fault(cli, "Row %zu (%s): %s", row + 2,
                  shown_string(cli, cell(&making->table, row, COLUMN_MEMBER)), cli->failure.what);
        memset(&cli->failure, 0, sizeof(cli->failure));
        making->faults++;
    }
    if (making->faults > 0)
        return cli_fail(cli, ERR_USAGE, "comity help rule simulate says what the columns hold",
                        "%zu of %zu rows cannot be counted.", making->faults, count);
    return count > 0 ? 0
                     : cli_fail(cli, ERR_USAGE, NULL,
                                "The table has no row but the first: one a member is needed.");
}

int simulation_read(struct cli *cli, const Comity__V1__Rule *rule, const char *ballots, const char *options,
                    struct simulation *ret_simulation)
{
    struct making *making = arena_alloc(cli->arena, sizeof(*making));

    if (making == NULL)
        return ERR_MEMORY;
    *making = (struct making){.cli = cli, .rule = rule};
    int code = read_table(cli, ballots, COLUMN_NAMES, COLUMNS, 2, &making->table);
    if (code == 0)
        code = read_options(making, options);
    if (code == 0)
        code = make_round(making);
    if (code == 0)
        code = read_lines(making);
    if (code != 0)
        return code;
    *ret_simulation = (struct simulation){
        .input = {.rule = rule,
                  .lines = making->lines,
                  .line_count = making->table.csv.count,
                  .constituencies = making->constituencies,
                  .constituency_count = making->constituency_count,
                  .sites = making->sites,
                  .site_count = making->site_count,
                  .options = making->options,
                  .option_count = making->option_count},
        .round = making->round,
        .ballots = making->ballots,
    };
    return 0;
}
