/* Counting: what opens, what is shown, and what must not matter. docs/rules.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

#include "core/frame.h"
#include "core/wire.h"
#include "test_rule_support.h"

/* */
static void rounds_open_with_a_quorum(void **state)
{
    static const struct {
        const char *rule;
        const char *roll;
        int code;
    } ROWS[] = {
        {"S whole A >= 1", "labour 3_", 0},
        {"S whole A >= 1; Q whole present >= 2/3 of eligible", "labour 2- 1_", 0},
        {"S whole A >= 1; Q whole present >= 2/3 of eligible", "labour 1- 2_", ERR_QUORUM},
        {"S whole A >= 1; Q whole present >= 2/3 of eligible", "labour 2- 1_ 9R", 0},
        {"S whole A >= 1; Q whole present >= 2", "labour 1- | chair* 1-", ERR_QUORUM},
        {"S whole A >= 1; Q each present >= 1", "labour 3- | management 1_", ERR_QUORUM},
        {"S whole A >= 1; Q each present >= 1", "labour 3- | management 1- 1_", 0},
        /* What nobody can have done yet is not asked. */
        {"S whole A >= 1; Q whole answered >= 1", "labour 3-", 0},
        {"S whole A >= 1; Q whole A >= 1", "labour 3-", 0},
        {"S whole A >= 1; Q whole present >= 1 of answered", "labour 3-", 0},
        {"S whole A >= 1; Q whole present >= 1; present-answered", "labour 3-", 0},
        /* Only QUORUM tests are. */
        {"S whole present >= 2", "labour 1- 1_", 0},
        {"O whole present >= 2", "labour 1- 1_", 0},
        /* An EACH of any class needs somebody to range over. */
        {"S each A >= 1", "chair* 3-", ERR_SCOPE},
        {"S each A >= 1; Q whole present >= 9", "chair* 3-", ERR_SCOPE},
        {"S each A >= 1; present-answered", "labour | chair* 3-", ERR_SCOPE},
        {"O each A >= 1", "", ERR_SCOPE},
        {"S whole A >= 1; Q whole present >= 0 of eligible", "", ERR_QUORUM},
    };
    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        struct scene scene;
        Comity__V1__Outcome *outcome = NULL;
        scene_init(&scene, ROWS[i].rule, ROWS[i].roll);
        assert_int_equal(rule_check(scene.rule, "rule", NULL), 0);
        struct rule_input input = scene_input(&scene, true);
        int code = rule_quorum_at_opening(&input, scene.arena);
        if (code != ROWS[i].code)
            fail_msg("%s with %s: %d", ROWS[i].rule, ROWS[i].roll, code);
        /* What would not count must not open, and the other way round. */
        assert_int_equal(rule_count(&input, scene.arena, &outcome), code == ERR_SCOPE ? ERR_SCOPE : 0);
        assert_true((outcome == NULL) == (code == ERR_SCOPE));
        scene_release(&scene);
    }
}

static uint64_t ballots_of(const Comity__V1__Tally *tally, uint32_t answer)
{
    for (size_t i = 0; i < tally->n_answers; i++) {
        if (tally->answers[i]->answer == answer)
            return tally->answers[i]->ballots;
    }
    return UINT64_MAX;
}

/* tallies, the ballots' sequences, the hash; R-11 for raw answers beside stances. */
static void the_working_is_shown(void **state)
{
    struct scene scene;
    Comity__V1__Outcome *outcome = NULL;
    uint8_t hash[HASH_SIZE];
    (void) state;

    scene_init(&scene, "@five-point-poll; consent", "west 2A 1X 1R | east 1C 1b 2_ 1- | north* 1A");
    scene.lines[0].given.answer = 2; /* "for", where the others say "strongly-for" */
    struct rule_input input = scene_input(&scene, true);
    assert_int_equal(rule_count(&input, scene.arena, &outcome), 0);

    assert_int_equal(outcome->n_tallies, 4);
    static const struct {
        const char *name;
        uint64_t eligible, present, answered, recused, silent, answers[5], stances[6];
    } TALLIES[] = {
        {"", 9, 6, 6, 1, 3, {2, 1, 1, 1, 1}, {3, 0, 0, 1, 1, 1}},
        {"east", 5, 2, 2, 0, 3, {0, 0, 0, 1, 1}, {0, 0, 0, 0, 1, 1}},
        {"north", 1, 1, 1, 0, 0, {1, 0, 0, 0, 0}, {1, 0, 0, 0, 0, 0}},
        {"west", 3, 3, 3, 1, 0, {1, 1, 1, 0, 0}, {2, 0, 0, 1, 0, 0}},
    };
    for (size_t i = 0; i < 4; i++) {
        const Comity__V1__Tally *tally = outcome->tallies[i];
        assert_string_equal(tally->constituency, TALLIES[i].name);
        assert_int_equal(tally->eligible, TALLIES[i].eligible);
        assert_int_equal(tally->present, TALLIES[i].present);
        assert_int_equal(tally->answered, TALLIES[i].answered);
        assert_int_equal(tally->recused, TALLIES[i].recused);
        assert_int_equal(tally->silent, TALLIES[i].silent);
        assert_int_equal(tally->n_answers, 5);
        assert_int_equal(tally->n_stances, 6);
        for (uint32_t k = 0; k < 5; k++)
            assert_int_equal(ballots_of(tally, k + 1), TALLIES[i].answers[k]);
        for (size_t k = 0; k < 6; k++) {
            assert_int_equal(tally->stances[k]->stance, k + 1);
            assert_int_equal(tally->stances[k]->ballots, TALLIES[i].stances[k]);
        }
    }
    assert_int_equal(outcome->n_ballots, 6);
    for (size_t i = 1; i < outcome->n_ballots; i++)
        assert_true(outcome->ballots[i - 1] < outcome->ballots[i]);
    assert_int_equal(outcome->rule_hash.len, HASH_SIZE);
    assert_int_equal(rule_hash(scene.rule, scene.arena, hash), 0);
    assert_memory_equal(outcome->rule_hash.data, hash, HASH_SIZE);
    assert_int_equal(outcome->tests[0]->eligible, 8);
    assert_int_equal(outcome->tests[0]->silent, 3);
    assert_int_equal(outcome->tests[0]->n_base_stances, 4);
    scene_release(&scene);
}

/* a ballot by somebody recused is neither counted nor listed. */
static void a_recused_ballot_is_not_counted(void **state)
{
    struct scene scene;
    Comity__V1__Outcome *outcome = NULL;
    (void) state;

    scene_init(&scene, "O whole B <= 0; S whole A >= 1", "labour 1A 1B");
    scene.lines[1].is_recused = true;
    struct rule_input input = scene_input(&scene, true);
    assert_int_equal(rule_count(&input, scene.arena, &outcome), 0);
    assert_string_equal(outcome_name(outcome->kind), "ADOPTED");
    assert_int_equal(outcome->n_ballots, 1);
    assert_int_equal(outcome->ballots[0], scene.lines[0].sequence);
    assert_int_equal(outcome->tallies[0]->recused, 1);
    scene_release(&scene);
}

/* the order in which members and constituencies are given changes no byte of an outcome. */
static void order_changes_nothing(void **state)
{
    struct scene scene;
    struct bytes first = {0};
    (void) state;

    scene_init(&scene, "@consensus", "zeta 2A 1c | alpha 2V 1S | mid* 2B 1X | omega 1A 1R 2_");
    for (size_t turn = 0; turn < 50; turn++) {
        struct rule_input input = scene_input(&scene, true);
        Comity__V1__Outcome *outcome = NULL;
        struct bytes packed;
        assert_int_equal(rule_count(&input, scene.arena, &outcome), 0);
        assert_int_equal(message_pack(&outcome->base, scene.arena, &packed), 0);
        if (turn == 0)
            first = packed;
        assert_true(bytes_equal(first, packed));

        size_t a = (turn * 7) % scene.line_count, b = (turn * 5 + 3) % scene.line_count;
        struct roll_line line = scene.lines[a];
        scene.lines[a] = scene.lines[b];
        scene.lines[b] = line;
        struct roll_constituency constituency = scene.constituencies[turn % 4];
        scene.constituencies[turn % 4] = scene.constituencies[(turn + 1) % 4];
        scene.constituencies[(turn + 1) % 4] = constituency;
    }
    scene_release(&scene);
}

static int by_value(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *) a, right = *(const uint64_t *) b;
    return (left > right) - (left < right);
}

/* sequences of any size come out ascending, none lost, none twice: those of ballots entered together
 * are one. */
static void sequences_ascend(void **state)
{
    (void) state;
    for (unsigned bits = 1; bits <= 64; bits++) {
        struct scene scene;
        Comity__V1__Outcome *outcome = NULL;
        uint64_t expected[30], next = 0x9E3779B97F4A7C15;
        scene_init(&scene, "S whole A >= 1", "labour 30A");
        for (size_t i = 0; i < 30; i++) {
            next = next * 6364136223846793005 + 1442695040888963407;
            scene.lines[i].sequence = expected[i] = next >> (64 - bits);
        }
        qsort(expected, 30, sizeof(expected[0]), by_value);
        size_t count = 0;
        for (size_t i = 0; i < 30; i++)
            if (count == 0 || expected[count - 1] != expected[i])
                expected[count++] = expected[i];
        struct rule_input input = scene_input(&scene, true);
        assert_int_equal(rule_count(&input, scene.arena, &outcome), 0);
        assert_int_equal(outcome->n_ballots, count);
        assert_memory_equal(outcome->ballots, expected, count * sizeof(expected[0]));
        scene_release(&scene);
    }
}

/* What the machine never hands over is an error, not a crash, and so is an arena without room. */
static void bad_input_is_an_error(void **state)
{
    struct scene scene;
    Comity__V1__Outcome *outcome = NULL;
    (void) state;

    scene_init(&scene, "@consensus", "labour 2A | management 2A");
    struct rule_input input = scene_input(&scene, true);
    scene.lines[1].given.answer = 7;
    assert_int_equal(rule_count(&input, scene.arena, &outcome), ERR_INTERNAL);
    scene.lines[1].given.answer = 100000;
    assert_int_equal(rule_count(&input, scene.arena, &outcome), ERR_INTERNAL);
    scene.lines[1].given.answer = 1;
    scene.lines[1].constituency = 5;
    assert_int_equal(rule_count(&input, scene.arena, &outcome), ERR_INTERNAL);
    scene.lines[1].constituency = scene.lines[0].constituency;

    size_t limit = 0;
    int code = ERR_MEMORY;
    for (; code == ERR_MEMORY; limit += 64) {
        struct arena *arena = scene_need(arena_new(limit), "memory");
        code = rule_count(&input, arena, &outcome);
        assert_true((outcome == NULL) == (code == ERR_MEMORY));
        arena_destroy(&arena);
    }
    assert_int_equal(code, 0);
    assert_true(limit > 1024);
    scene_release(&scene);
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000000000 + now.tv_nsec;
}

/* A full roll over many constituencies, sides and sites, by a rule of each sort. The figures are printed; the
 * counts are what is asserted. */
enum { TURNS = 20, PARTIES = 50, SITES = 40 };

struct full_roll {
    char names[PARTIES][16], site_names[SITES][16];
    struct roll_constituency constituencies[PARTIES];
    struct roll_site sites[SITES];
    struct roll_line lines[ROLL_MAX];
};

static void full_roll_init(struct full_roll *roll)
{
    for (uint32_t i = 0; i < PARTIES; i++) {
        snprintf(roll->names[i], sizeof(roll->names[i]), "party-%02u", (unsigned) i);
        roll->constituencies[i] = (struct roll_constituency){.number = i + 1,
                                                             .name = roll->names[i],
                                                             .side = i % 2 ? "east" : "west",
                                                             .is_party = true,
                                                             .vacant = i};
    }
    for (uint32_t i = 0; i < SITES; i++) {
        snprintf(roll->site_names[i], sizeof(roll->site_names[i]), "site-%02u", (unsigned) i);
        roll->sites[i] = (struct roll_site){.number = SITES - i, .name = roll->site_names[i]};
    }
    for (uint32_t i = 0; i < ROLL_MAX; i++) {
        roll->lines[i] = (struct roll_line){.member = i,
                                            .constituency = i % PARTIES + 1,
                                            .site = i % SITES + 1,
                                            .weight = WEIGHT_MAX - i,
                                            .is_present = true,
                                            .has_answered = true,
                                            .given.answer = i % 10 == 0 ? 2 : 1,
                                            .sequence = 1 + (uint64_t) i * 7919 % ROLL_MAX};
    }
}

static void a_full_roll_is_counted(void **state)
{
    static struct full_roll roll;
    static const struct {
        const char *title, *rule;
        size_t lines;
    } RULES[] = {
        {"consensus", "@consensus", 2 * PARTIES + 3},
        {"every weighting",
         "S each-site#>1/2 AV > 1/2 of cast; S each AV > 1/2 of eligible weight; S each-side AV > 1/2 of "
         "cast; S whole AV > 1/2 of "
         "cast parity; S whole AV > 1/2 of cast seats=nn; Q whole present > 1/2 of eligible weight",
         SITES + PARTIES + 2 + 3},
    };
    struct arena *arena = scene_need(arena_new(ARENA_LIMIT_DEFAULT), "memory"),
                 *rules = scene_need(arena_new(ARENA_LIMIT_DEFAULT), "memory");
    (void) state;

    full_roll_init(&roll);
    for (size_t row = 0; row < ARRAY_COUNT(RULES); row++) {
        struct rule_input input = {.rule = rule_parse(rules, RULES[row].rule),
                                   .lines = roll.lines,
                                   .line_count = ROLL_MAX,
                                   .constituencies = roll.constituencies,
                                   .constituency_count = PARTIES,
                                   .sites = roll.sites,
                                   .site_count = SITES};
        int64_t best = INT64_MAX;
        for (int turn = 0; turn < TURNS; turn++) {
            Comity__V1__Outcome *outcome = NULL;
            arena_reset(arena);
            int64_t start = now_ns();
            assert_int_equal(rule_count(&input, arena, &outcome), 0);
            int64_t taken = now_ns() - start;
            best = taken < best ? taken : best;
            assert_string_equal(outcome_name(outcome->kind), "ADOPTED");
            assert_int_equal(outcome->n_tests, RULES[row].lines);
            assert_int_equal(outcome->tallies[0]->stances[0]->ballots, 9000);
            assert_int_equal(outcome->tallies[0]->stances[1]->ballots, 1000);
            for (size_t i = 0; i < ROLL_MAX; i++)
                assert_true(outcome->ballots[i] == i + 1);
        }
        print_message("bench rule_count, %s: %d ballots, %d constituencies, %zu lines of working: %.3f ms "
                      "(best of %d)\n",
                      RULES[row].title, ROLL_MAX, PARTIES, RULES[row].lines, (double) best / 1e6, TURNS);
    }
    arena_destroy(&rules);
    arena_destroy(&arena);
}

/* an outcome fits a frame. Of 64 sites 32 tests are looked at one by one; of 65 they are too many. */
static void lines_are_not_without_end(void **state)
{
    enum { TESTS = 32, MOST = OUTCOME_LINES_MAX / TESTS };
    static char names[MOST + 1][16], rule[TESTS * 32];
    struct roll_site sites[MOST + 1];
    struct roll_line lines[MOST + 1] = {{0}};
    struct scene scene;
    (void) state;

    for (size_t i = 0; i < TESTS; i++)
        strcat(rule, "S each-site AV >= 1; ");
    for (uint32_t i = 0; i <= MOST; i++) {
        snprintf(names[i], sizeof(names[i]), "site-%u", (unsigned) i);
        sites[i] = (struct roll_site){.number = i + 1, .name = names[i]};
        lines[i] = (struct roll_line){.member = i + 1, .constituency = 900, .site = i + 1};
    }
    scene_init(&scene, rule, "labour");
    assert_int_equal(rule_check(scene.rule, "rule", NULL), 0);
    for (size_t more = 0; more < 2; more++) {
        Comity__V1__Outcome *outcome = NULL;
        struct rule_input input = scene_input(&scene, true);
        input.lines = lines;
        input.sites = sites;
        input.line_count = input.site_count = MOST + more;
        assert_int_equal(rule_quorum_at_opening(&input, scene.arena), more ? ERR_SCOPE : 0);
        assert_int_equal(rule_count(&input, scene.arena, &outcome), more ? ERR_SCOPE : 0);
        if (!more)
            assert_int_equal(outcome->n_tests, OUTCOME_LINES_MAX);
    }
    scene_release(&scene);
}

/* what tests say of themselves takes room as well. 32 tests with sets of 64 options fit for some sites, and no
 * round opens that has too many of them. */
static void an_outcome_fits_a_frame(void **state)
{
    enum { TESTS = 32, PLACES = 64 };
    static const char LONG[] = "a-name-that-is-as-long-as-a-name-can-be";
    static char names[PLACES][48], test_names[TESTS][48], rule[TESTS * 64];
    static struct roll_site sites[PLACES];
    static struct roll_line lines[PLACES];
    static const struct round_option options[OPTIONS_MAX];
    static uint32_t all[OPTIONS_MAX];
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    size_t most = 0;
    struct scene scene;
    (void) state;

    strcpy(rule, "choice=64; ");
    for (size_t i = 0; i < TESTS; i++)
        strcat(rule, "S each-site choices=1 >= 1/2 of choices=1 weight; ");
    for (uint32_t i = 0; i < OPTIONS_MAX; i++)
        all[i] = i + 1;
    scene_init(&scene, rule, "labour");
    for (size_t i = 0; i < TESTS; i++) {
        Comity__V1__Test *test = scene.rule->tests[i];
        snprintf(test_names[i], sizeof(test_names[i]), "%.37s-%c%c", LONG, (char) ('a' + i / 26), (char) ('a' + i % 26));
        test->name = test_names[i];
        test->count->choices = test->against->choices = all;
        test->count->n_choices = test->against->n_choices = OPTIONS_MAX;
    }
    assert_int_equal(rule_check(scene.rule, "rule", NULL), 0);
    for (uint32_t i = 0; i < PLACES; i++) {
        snprintf(names[i], sizeof(names[i]), "%.37s-%c%c", LONG, (char) ('a' + i / 26), (char) ('a' + i % 26));
        sites[i] = (struct roll_site){.number = i + 1, .name = names[i]};
        lines[i] = (struct roll_line){.member = i + 1, .constituency = 900, .site = i + 1, .weight = WEIGHT_MAX,
                                      .has_answered = true, .given = {.choice = 1}, .sequence = i + 1};
    }
    for (size_t count = 1; count <= PLACES; count++) {
        struct refusal refusal;
        Comity__V1__Outcome *outcome = NULL;
        struct bytes packed;
        struct rule_input input = scene_input(&scene, true);
        input.lines = lines;
        input.sites = sites;
        input.line_count = input.site_count = count;
        input.options = options;
        input.option_count = OPTIONS_MAX;
        arena_reset(arena);
        int code = rule_quorum_at_opening(&input, arena);
        assert_int_equal(rule_count(&input, arena, &outcome), code);
        if (code == ERR_SCOPE)
            break;
        assert_int_equal(code, 0);
        assert_int_equal(message_pack(&outcome->base, arena, &packed), 0);
        assert_true(packed.size < FRAME_BODY_MAX_BYTES - RULE_MAX_BYTES);
        assert_int_equal(wire_check(&comity__v1__outcome__descriptor, packed, &refusal), 0);
        most = count;
    }
    assert_true(most >= PLACES / 3 && most < PLACES);
    arena_destroy(&arena);
    scene_release(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rounds_open_with_a_quorum),
        cmocka_unit_test(the_working_is_shown),
        cmocka_unit_test(a_recused_ballot_is_not_counted),
        cmocka_unit_test(order_changes_nothing),
        cmocka_unit_test(sequences_ascend),
        cmocka_unit_test(bad_input_is_an_error),
        cmocka_unit_test(a_full_roll_is_counted),
        cmocka_unit_test(lines_are_not_without_end),
        cmocka_unit_test(an_outcome_fits_a_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
