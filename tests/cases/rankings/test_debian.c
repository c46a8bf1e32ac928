/* General Resolutions of the Debian project against what its secretary published: matrix, quorum, majorities,
 * defeats, Schwartz set, winner. docs/rules.md R-52 */
#include "published.h"

#include "core/rule/ranking.h"

enum { BALLOTS_MAX = 10000 };

/* What the secretary's output says. */
struct published {
    size_t options;
    uint64_t matrix[OPTIONS_MAX][OPTIONS_MAX];
    unsigned long quorum; /* more than so many, rounded down: numbers of ballots are whole */
    struct {
        bool has_majority, drops;
        bool is_more_than;
        unsigned long ratio, over, under;
    } majorities[OPTIONS_MAX];
    bool reached[OPTIONS_MAX];
    uint64_t defeats[OPTIONS_MAX][OPTIONS_MAX]; /* by how many; 0: none is listed */
    size_t schwartz[OPTIONS_MAX], schwartz_count;
    size_t winners[OPTIONS_MAX], winner_count;
};

/* "Option 3            149    77         180" */
static void matrix_row(struct published *published, size_t row, const char *numbers)
{
    for (size_t column = 0; column < published->options; column++) {
        char *end = NULL;
        if (column == row)
            continue;
        published->matrix[row][column] = strtoull(numbers, &end, 10);
        if (end == numbers)
            fail_msg("row %zu of the matrix is short", row + 1);
        numbers = end;
    }
}

/* "Option 1 passes Majority.               3.756 (293/78) > 3", or "Dropping Option 3 because of Majority.
 * ..." */
static void majority_read(struct published *published, size_t option, const char *line)
{
    const char *fraction = strrchr(line, '(');
    char sign[4];
    unsigned long over = 0, under = 0, ratio = 0;

    if (!fraction || sscanf(fraction, "(%lu/%lu) %3s %lu", &over, &under, sign, &ratio) != 4)
        fail_msg("no majority: %s", line);
    published->majorities[option].has_majority = true;
    published->majorities[option].drops = sign[0] == '<';
    published->majorities[option].is_more_than = strcmp(sign, ">") == 0 || strcmp(sign, "<=") == 0;
    published->majorities[option].over = over;
    published->majorities[option].under = under;
    published->majorities[option].ratio = ratio;
}

/* The matrix is headed by the numbers of its columns. */
static size_t numbers_count(const char *line)
{
    size_t count = 0;
    for (char *end = NULL; strtoul(line, &end, 10) == count + 1; line = end)
        count++;
    return count;
}

static void result_line(struct published *published, const char *line, const char **part)
{
    size_t option = 0, other = 0;
    double quorum;
    unsigned long over;
    int at = 0;

    if (published->options == 0 && strcmp(*part, "matrix") == 0)
        published->options = numbers_count(line);
    else if (strstr(line, "tally[row x]"))
        *part = "matrix";
    else if (strstr(line, "Looking at row"))
        *part = "tests";
    else if (strstr(line, "The Schwartz Set contains"))
        *part = "schwartz";
    else if (strstr(line, "The winners are"))
        *part = "winners";
    else if (sscanf(line, " Option %zu defeats Option %zu by %n", &option, &other, &at) == 2) {
        const char *margin = strchr(line, '=');
        published->defeats[option - 1][other - 1] = strtoull(margin ? margin + 1 : line + at, NULL, 10);
        assert_true(published->defeats[option - 1][other - 1] > 0);
    } else if (sscanf(line, "Option %zu Reached quorum: %lu > %lf", &option, &over, &quorum) == 3) {
        published->quorum = (unsigned long) quorum;
        published->reached[option - 1] = true;
    } else if (strstr(line, "Majority.") && (sscanf(line, "Option %zu", &option) == 1 ||
                                             sscanf(line, "Dropping Option %zu", &option) == 1))
        majority_read(published, option - 1, line);
    else if (sscanf(line, " Option %zu%n", &option, &at) == 1 && option >= 1 && option <= OPTIONS_MAX) {
        if (strcmp(*part, "matrix") == 0)
            matrix_row(published, option - 1, line + at);
        else if (strcmp(*part, "schwartz") == 0)
            published->schwartz[published->schwartz_count++] = option;
        else if (strcmp(*part, "winners") == 0)
            published->winners[published->winner_count++] = option;
    }
}

static void expected_read(const char *stem, struct published *published)
{
    char line[LINE_SIZE];
    const char *part = "options";
    FILE *file = published_open(stem, "_expected.txt");

    memset(published, 0, sizeof(*published));
    while (fgets(line, sizeof(line), file))
        result_line(published, line, &part);
    fclose(file);
    assert_true(published->options >= 2);
}

/* "V: 1-2": a character an option. */
static size_t ballots_read(const char *stem, size_t options, uint32_t (*ranks)[OPTIONS_MAX],
                           struct ranked_ballots *ballots)
{
    char line[LINE_SIZE];
    size_t count = 0;
    FILE *file = published_open(stem, "_ballots.txt");

    while (fgets(line, sizeof(line), file)) {
        if (strncmp(line, "V: ", 3) != 0)
            continue;
        assert_true(count < BALLOTS_MAX);
        memset(ranks[count], 0, sizeof(ranks[count]));
        for (size_t i = 0; i < options && line[3 + i] > ' '; i++)
            ranks[count][i] = line[3 + i] == '-' ? 0 : (uint32_t) (line[3 + i] - '0');
        ballots[count] = (struct ranked_ballots){.ranks = ranks[count], .count = 1};
        count++;
    }
    fclose(file);
    return count;
}

/* The rule as the secretary applied it: each option its majority over the last one, and the quorum. */
static void rule_make(const struct published *published, Comity__V1__Ranking *ranking,
                      struct round_option *options, Comity__V1__Majority *majorities,
                      Comity__V1__Majority **pointers, Comity__V1__OptionQuorum *quorum)
{
    static char names[OPTIONS_MAX][24];

    comity__v1__ranking__init(ranking);
    comity__v1__option_quorum__init(quorum);
    ranking->method = COMITY__V1__RANKING_METHOD__RANKING_METHOD_SCHULZE;
    ranking->majorities = pointers;
    quorum->of = COMITY__V1__BASE_KIND__BASE_KIND_NONE;
    quorum->bound = COMITY__V1__BOUND__BOUND_MORE_THAN;
    quorum->numerator = published->quorum;
    quorum->denominator = 1;
    ranking->quorum = published->quorum > 0 ? quorum : NULL;
    for (size_t i = 0; i < published->options; i++) {
        snprintf(names[i], sizeof(names[i]), "m%zu", i + 1);
        options[i] = (struct round_option){
            .label = names[i], .majority = "", .is_default = i + 1 == published->options};
        if (!published->majorities[i].has_majority)
            continue;
        Comity__V1__Majority *majority = &majorities[ranking->n_majorities];
        comity__v1__majority__init(majority);
        majority->name = names[i];
        majority->bound = published->majorities[i].is_more_than ? COMITY__V1__BOUND__BOUND_MORE_THAN
                                                                : COMITY__V1__BOUND__BOUND_AT_LEAST;
        majority->numerator = published->majorities[i].ratio;
        majority->denominator = 1;
        pointers[ranking->n_majorities++] = majority;
        options[i].majority = names[i];
    }
}

static uint64_t options_out(const Comity__V1__RankingResult *result)
{
    uint64_t out = 0;

    for (size_t i = 0; i < result->n_against_default; i++) {
        if (result->against_default[i]->lacks_quorum || result->against_default[i]->lacks_majority)
            out |= UINT64_C(1) << (result->against_default[i]->option - 1);
    }
    return out;
}

/* Every defeat that is listed, by how many, and no other. The output of 2004 lists those of options that
 * dropped out as well. */
static void defeats_check(const struct published *published, const Comity__V1__RankingResult *result)
{
    uint64_t out = options_out(result);
    bool lists_all = false;

    for (size_t a = 0; a < published->options; a++)
        for (size_t b = 0; b < published->options; b++)
            lists_all = lists_all || (published->defeats[a][b] > 0 && (out >> a & 1 || out >> b & 1));
    for (size_t a = 0; a < published->options; a++)
        for (size_t b = 0; b < published->options; b++) {
            uint64_t over = result->pairs[a * published->options + b];
            uint64_t under = result->pairs[b * published->options + a];
            bool is_in = lists_all || !(out >> a & 1 || out >> b & 1);
            assert_int_equal(published->defeats[a][b], is_in && over > under ? over - under : 0);
        }
}

static void outcome_check(const struct published *published, const Comity__V1__Outcome *outcome)
{
    const Comity__V1__RankingResult *result = outcome->ranking;

    for (size_t a = 0; a < published->options; a++)
        for (size_t b = 0; b < published->options; b++)
            assert_int_equal(result->pairs[a * published->options + b], published->matrix[a][b]);
    assert_int_equal(result->n_against_default, published->options - 1);
    for (size_t i = 0; i + 1 < published->options; i++) {
        assert_int_equal(result->against_default[i]->option, i + 1);
        assert_int_equal(result->against_default[i]->over_default, published->majorities[i].over);
        assert_int_equal(result->against_default[i]->under_default, published->majorities[i].under);
        assert_int_equal(result->against_default[i]->lacks_quorum, !published->reached[i]);
        assert_int_equal(result->against_default[i]->lacks_majority, published->majorities[i].drops);
    }
    defeats_check(published, result);
    assert_int_equal(result->n_schwartz, published->schwartz_count);
    for (size_t i = 0; i < result->n_schwartz; i++)
        assert_int_equal(result->schwartz[i], published->schwartz[i]);
    assert_int_equal(outcome->n_chosen, published->winner_count);
    for (size_t i = 0; i < outcome->n_chosen; i++)
        assert_int_equal(outcome->chosen[i], published->winners[i]);
}

static void resolution_check(const char *stem)
{
    static uint32_t ranks[BALLOTS_MAX][OPTIONS_MAX];
    static struct ranked_ballots ballots[BALLOTS_MAX];
    static struct published published;
    struct round_option options[OPTIONS_MAX];
    Comity__V1__Majority majorities[OPTIONS_MAX], *pointers[OPTIONS_MAX];
    Comity__V1__OptionQuorum quorum;
    Comity__V1__Ranking ranking;
    Comity__V1__Outcome outcome;
    enum ranking_verdict verdict;
    CLEANUP(arena_destroy) struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);

    print_message("%s\n", stem);
    expected_read(stem, &published);
    rule_make(&published, &ranking, options, majorities, pointers, &quorum);
    struct ranking_input input = {
        .ranking = &ranking, .options = options, .option_count = published.options, .ballots = ballots};
    input.ballot_count = ballots_read(stem, published.options, ranks, ballots);
    comity__v1__outcome__init(&outcome);
    assert_int_equal(ranking_run(&input, arena, &outcome, &verdict), 0);
    outcome_check(&published, &outcome);
    bool is_default = published.winners[0] == published.options;
    assert_int_equal(verdict, is_default ? RANKING_DEFAULT_WINS : RANKING_CHOSEN);

    /* A control: one ballot more, and the matrix is another. */
    ballots[0].count++;
    comity__v1__outcome__init(&outcome);
    assert_int_equal(ranking_run(&input, arena, &outcome, &verdict), 0);
    bool differs = false;
    for (size_t i = 0; i < published.options * published.options; i++)
        differs = differs ||
                  outcome.ranking->pairs[i] != published.matrix[i / published.options][i % published.options];
    assert_true(differs);
}

static void resolutions_come_out_as_published(void **state)
{
    (void) state;
    print_message("%zu resolutions\n", published_each("debian", "_expected.txt", resolution_check));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resolutions_come_out_as_published),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
