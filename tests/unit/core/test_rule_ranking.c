/* Rankings: which ballots count, Schulze's method, and what holds for every method. docs/rules.md,
 * */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "test_ranking_support.h"

static void winners_are_as_expected(void **state)
{
    static const struct ranking_row ROWS[] = {
        {"R-52 the one who beats all", 3, "schulze", "3abc 2bca", "+a"},
        {"R-52 no ballots: all tie", 2, "schulze", "", "?ab"},
        {"R-52 the strongest path decides a cycle: c>a is the weakest", 3, "schulze", "4abc 3bca 2cab", "+a"},
        {"R-52 equal cycle", 3, "schulze", "1abc 1bca 1cab", "?abc"},
        {"R-52 of equal defeats the weaker has more against it: b>c", 3, "schulze", "3abc 3bca 3cab 1a=cb",
         "+c"},
        {"Schulze 2011, example 1: e", 5, "schulze",
         "5acbed 5adecb 8bedac 3cabed 7caebd 2cbade 7dceba 8ebadc", "+e"},
        {"R-50 unranked are below ranked", 3, "schulze", "2c 1ab", "+c"},
        {"R-50 unranked are equal among themselves", 3, "schulze", "1a", "+a"},
        {"R-50 equal ranks prefer neither", 3, "schulze", "5a=b 1b", "+b"},
        {"R-50 who ranks nothing prefers nothing", 2, "schulze", "9 1b", "+b"},
        {"R-52 quorum: more than 3", 2, "schulze default=b quorum>3", "3a", "=b"},
        {"R-52 quorum: at least 3", 2, "schulze default=b quorum>=3", "3a", "+a"},
        {"R-52 quorum of the eligible, who are 9", 2, "schulze default=b quorum>=1/3", "3a", "+a"},
        {"R-52 quorum of the eligible, one short", 2, "schulze default=b quorum>=1/3", "2a", "=b"},
        {"R-52 majority: at least 3 to 1", 2, "schulze default=b a>=3", "3a 1b", "+a"},
        {"R-52 majority: more than 3 to 1", 2, "schulze default=b a>3", "3a 1b", "=b"},
        {"R-52 majority: 3 to 2, as a fraction", 2, "schulze default=b a>=3/2", "3a 2b", "+a"},
        {"R-52 majority: nobody is against", 2, "schulze default=b a>3", "1a", "+a"},
        {"R-52 no majority asked for: it has to beat the default by itself", 2, "schulze default=b", "1a 2b",
         "=b"},
        {"R-52 who drops out no longer beats others", 3, "schulze default=c a>3", "3abc 2bca", "+b"},
        {"R-52 a level default", 2, "schulze default=b", "1a 1b", "?ab"},
        {"R-56 level, the order prefers the default", 2, "schulze default=b ties=S order=ba", "1a 1b", "=b"},
        {"R-56 level, as numbered", 2, "schulze default=b ties=S", "1a 1b", "+a"},
        {"R-56 a cycle, by the stated order", 3, "schulze ties=S order=cab", "1abc 1bca 1cab", "+c"},
        {"R-56 earlier stages say nothing in SCHULZE", 3, "schulze ties=E", "1abc 1bca 1cab", "?abc"},
        {"withdrawn", 3, "schulze out=a", "3abc 2bca", "+b"},
        {"withdrawn default", 2, "schulze default=b out=b quorum>5", "3ab", "+a"},
    };
    (void) state;
    ranking_check(ROWS, ARRAY_COUNT(ROWS));
}

static void what_cannot_be_counted_is_refused(void **state)
{
    static struct ranking_scene scene;
    (void) state;

    for (unsigned method = 2; method <= 4; method++) {
        ranking_init(&scene, 3, "irv", "1a=b");
        scene.ranking.method = (Comity__V1__RankingMethod) method;
        assert_int_equal(ranking_go(&scene), ERR_DUPLICATE); /* */
        ranking_release(&scene);
    }
    ranking_init(&scene, 3, "schulze", "1a=b");
    assert_int_equal(ranking_go(&scene), 0);
    ranking_release(&scene);
    ranking_init(&scene, 3, "meek", "999999999a 1b");
    assert_int_equal(ranking_go(&scene), 0); /* */
    scene.ballots[1].count = 2;
    assert_int_equal(ranking_go(&scene), ERR_RANGE);
    scene.ballots[1].count = UINT64_MAX;
    assert_int_equal(ranking_go(&scene), ERR_RANGE);
    ranking_release(&scene);
    ranking_init(&scene, 3, "schulze default=c", "1a");
    scene.options[0].majority = "no-such";
    assert_int_equal(ranking_go(&scene), ERR_RULE);
    scene.options[0].majority = "";
    scene.input.option_count = 0;
    assert_int_equal(ranking_go(&scene), ERR_RULE);
    scene.input.option_count = OPTIONS_MAX + 1;
    assert_int_equal(ranking_go(&scene), ERR_RULE);
    scene.input.option_count = 3;
    scene.ranking.seats = OPTIONS_MAX;
    assert_int_equal(ranking_go(&scene), ERR_RULE);
    scene.ranking.seats = 0;
    scene.ranking.method = (Comity__V1__RankingMethod) 5;
    assert_int_equal(ranking_go(&scene), ERR_RULE);
    ranking_release(&scene);
}

/* A generator of the tests' own: the same numbers everywhere from one seed. */
static uint64_t draw(uint64_t *seed, uint64_t below)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (*seed >> 33) % below;
}

static uint64_t seed_get(void)
{
    const char *given = getenv("COMITY_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : 20240229;
    print_message("COMITY_SEED=%llu\n", (unsigned long long) seed);
    return seed;
}

/* Ballots in which some rank alike and some leave options out; without shared ranks where @is_strict. */
static void ballots_draw(struct ranking_scene *scene, uint64_t *seed, bool is_strict)
{
    size_t options = scene->input.option_count;
    scene->input.ballot_count = 1 + draw(seed, 20);
    for (size_t i = 0; i < scene->input.ballot_count; i++) {
        uint32_t *ranks = scene->ranks[i];
        for (size_t at = 0; at < options; at++)
            ranks[at] = is_strict ? (uint32_t) at + 1 : (uint32_t) draw(seed, options + 1);
        for (size_t at = options; is_strict && at > 1; at--) {
            size_t other = draw(seed, at);
            uint32_t swap = ranks[at - 1];
            ranks[at - 1] = ranks[other];
            ranks[other] = swap;
        }
        for (size_t at = 0; is_strict && at < options; at++)
            ranks[at] = draw(seed, 4) == 0 ? 0 : ranks[at];
        scene->ballots[i] = (struct ranked_ballots){.ranks = ranks, .count = 1 + draw(seed, 4)};
    }
}

/* The letter of the constitution: the Schwartz set, the weakest defeats within it dropped, until there are
 * none. */
static uint64_t naive_winners(const uint64_t *pairs, size_t n, uint64_t in)
{
    bool defeats[8][8] = {{false}};
    for (size_t a = 0; a < n; a++)
        for (size_t b = 0; b < n; b++)
            defeats[a][b] = (in >> a & 1) && (in >> b & 1) && pairs[a * n + b] > pairs[b * n + a];
    for (;;) {
        bool reach[8][8];
        memcpy(reach, defeats, sizeof(reach));
        for (size_t round = 0; round < n; round++)
            for (size_t a = 0; a < n; a++)
                for (size_t b = 0; b < n; b++)
                    for (size_t c = 0; c < n; c++)
                        reach[a][c] = reach[a][c] || (reach[a][b] && defeats[b][c]);
        uint64_t set = in;
        for (size_t a = 0; a < n; a++)
            for (size_t b = 0; b < n; b++) {
                if (reach[b][a] && !reach[a][b])
                    set &= ~(UINT64_C(1) << a);
            }
        uint64_t least_for = UINT64_MAX, most_against = 0;
        for (size_t a = 0; a < n; a++)
            for (size_t b = 0; b < n; b++) {
                if (!defeats[a][b] || !(set >> a & 1) || !(set >> b & 1))
                    continue;
                uint64_t over = pairs[a * n + b], under = pairs[b * n + a];
                if (over < least_for || (over == least_for && under > most_against)) {
                    least_for = over;
                    most_against = under;
                }
            }
        if (least_for == UINT64_MAX)
            return set;
        for (size_t a = 0; a < n; a++)
            for (size_t b = 0; b < n; b++) {
                bool is_within = (set >> a & 1) && (set >> b & 1);
                if (is_within && pairs[a * n + b] == least_for && pairs[b * n + a] == most_against)
                    defeats[a][b] = false;
            }
    }
}

static void paths_come_to_what_the_constitution_says(void **state)
{
    uint64_t seed = seed_get();
    size_t several = 0, cycles = 0;
    (void) state;

    for (size_t run = 0; run < 20000; run++) {
        static struct ranking_scene scene;
        ranking_init(&scene, 2 + draw(&seed, 5), "schulze", "");
        ballots_draw(&scene, &seed, false);
        assert_int_equal(ranking_go(&scene), 0);
        size_t options = scene.input.option_count;
        const Comity__V1__RankingResult *result = scene.outcome.ranking;
        uint64_t expected = naive_winners(result->pairs, options, (UINT64_C(1) << options) - 1), found = 0;
        for (size_t i = 0; i < result->n_schwartz; i++)
            found |= UINT64_C(1) << (result->schwartz[i] - 1);
        if (found != expected)
            fail_msg("run %zu: %llx, not %llx", run, (unsigned long long) found,
                     (unsigned long long) expected);
        several += result->n_schwartz > 1;
        bool beats_all = false;
        for (size_t a = 0; a < options; a++) {
            bool beats = true;
            for (size_t b = 0; b < options; b++)
                beats = beats && (a == b || result->pairs[a * options + b] > result->pairs[b * options + a]);
            beats_all = beats_all || beats;
        }
        cycles += !beats_all && result->n_schwartz == 1;
        ranking_release(&scene);
    }
    print_message("%zu ties, %zu winners by paths\n", several, cycles);
    assert_true(several > 100 && cycles > 100);
}

static struct bytes outcome_pack(struct ranking_scene *scene)
{
    struct bytes packed = {0};
    if (ranking_go(scene) != 0 || message_pack(&scene->outcome.base, scene->arena, &packed) != 0)
        fail_msg("it does not count");
    return packed;
}

/* shuffled, and with one of several ballots given by itself. */
static void order_of_ballots_says_nothing(void **state)
{
    static const char *const SETTINGS[] = {"schulze default=b quorum>2 a>1 ties=S",
                                           "schulze",
                                           "irv ties=ES",
                                           "irv",
                                           "scottish seats=2 ties=ES",
                                           "scottish seats=3",
                                           "meek seats=2 ties=ES",
                                           "meek seats=3 ties=E",
                                           "meek seats=1"};
    uint64_t seed = seed_get();
    (void) state;

    for (size_t run = 0; run < 3000; run++) {
        static struct ranking_scene scene;
        const char *settings = SETTINGS[run % ARRAY_COUNT(SETTINGS)];
        ranking_init(&scene, 3 + draw(&seed, 4), settings, "");
        ballots_draw(&scene, &seed, strncmp(settings, "schulze", 7) != 0);
        struct bytes before = outcome_pack(&scene);
        for (size_t i = scene.input.ballot_count; i > 1; i--) {
            size_t other = draw(&seed, i);
            struct ranked_ballots swap = scene.ballots[i - 1];
            scene.ballots[i - 1] = scene.ballots[other];
            scene.ballots[other] = swap;
        }
        for (size_t i = 0, count = scene.input.ballot_count; i < count; i++) {
            if (scene.ballots[i].count < 2)
                continue;
            scene.ballots[i].count--;
            scene.ballots[scene.input.ballot_count++] = (struct ranked_ballots){scene.ballots[i].ranks, 1};
        }
        assert_true(bytes_equal(before, outcome_pack(&scene)));
        ranking_release(&scene);
    }
}

/* of a round, what members of a PARTY ranked who are not recused, each as one. */
static void ballots_of_a_round_are_those_of_parties(void **state)
{
    static const uint32_t AB[] = {1, 2}, BA[] = {2, 1}, NONE[] = {0, 0}, B_ALONE[] = {0, 9};
    static const struct roll_constituency CONSTITUENCIES[] = {
        {.number = 7, .name = "labour", .side = "", .is_party = true},
        {.number = 3, .name = "chair", .side = "", .is_party = false}};
    static const struct round_option OPTIONS[] = {{"a", "", false}, {"b", "", true}};
    struct roll_line lines[] = {
        {.member = 1,
         .constituency = 7,
         .has_answered = true,
         .given = {.ranks = AB, .rank_count = 2},
         .weight = 1},
        {.member = 2,
         .constituency = 7,
         .has_answered = true,
         .given = {.ranks = BA, .rank_count = 2},
         .weight = 1000},
        {.member = 3, .constituency = 7, .has_answered = true, .given = {.ranks = AB, .rank_count = 2}},
        {.member = 4, .constituency = 3, .has_answered = true, .given = {.ranks = BA, .rank_count = 2}},
        {.member = 5,
         .constituency = 7,
         .is_recused = true,
         .has_answered = true,
         .given = {.ranks = BA, .rank_count = 2}},
        {.member = 6, .constituency = 7, .has_answered = true, .given = {.ranks = NONE, .rank_count = 2}},
        {.member = 7, .constituency = 7, .has_answered = true, .given = {.answer = 4}},
        {.member = 8, .constituency = 7},
        {.member = 9, .constituency = 7, .has_answered = true, .given = {.ranks = B_ALONE, .rank_count = 2}},
    };
    CLEANUP(arena_destroy) struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    Comity__V1__Ranking ranking = COMITY__V1__RANKING__INIT;
    Comity__V1__Rule rule = COMITY__V1__RULE__INIT;
    Comity__V1__ScaleEntry abstain = COMITY__V1__SCALE_ENTRY__INIT, *scale[] = {&abstain};
    Comity__V1__Outcome *outcome;
    (void) state;

    ranking.method = COMITY__V1__RANKING_METHOD__RANKING_METHOD_SCHULZE;
    rule.form = COMITY__V1__FORM__FORM_RANKING;
    rule.ranking = &ranking;
    abstain.answer = 4;
    abstain.stance = COMITY__V1__STANCE__STANCE_ABSTAIN;
    rule.scale = scale;
    rule.n_scale = 1;
    struct rule_input input = {.rule = &rule,
                               .lines = lines,
                               .line_count = ARRAY_COUNT(lines),
                               .constituencies = CONSTITUENCIES,
                               .constituency_count = ARRAY_COUNT(CONSTITUENCIES),
                               .options = OPTIONS,
                               .option_count = ARRAY_COUNT(OPTIONS)};
    assert_int_equal(rule_count(&input, arena, &outcome), 0);
    assert_int_equal(outcome->ranking->pairs[1], 2); /* 1 and 3 */
    assert_int_equal(outcome->ranking->pairs[2], 2); /* 2, and 9 who ranks b alone */
    assert_int_equal(outcome->kind, COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_TIE);
    assert_int_equal(outcome->n_chosen, 2);
    lines[3].constituency = 7; /* a control: heard, and now counted */
    assert_int_equal(rule_count(&input, arena, &outcome), 0);
    assert_int_equal(outcome->ranking->pairs[2], 3);
    assert_int_equal(outcome->kind, COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REJECTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(winners_are_as_expected),
        cmocka_unit_test(what_cannot_be_counted_is_refused),
        cmocka_unit_test(paths_come_to_what_the_constitution_says),
        cmocka_unit_test(order_of_ballots_says_nothing),
        cmocka_unit_test(ballots_of_a_round_are_those_of_parties),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
