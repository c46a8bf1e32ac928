/* Closing early: docs/rules.md R-48 against every way in which those who have not answered can go on; and
 * R-49. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "test_rule_support.h"

enum { TURNS = 4000, OPEN_MAX = 3 };

static uint64_t random_state;

static unsigned below(unsigned limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned) (random_state % limit);
}

#define ONE_OF(list) (list)[below(ARRAY_COUNT(list))]

/* One test, in the words of test_rule_support.h. */
static int test_write(char *text, size_t size, char form)
{
    static const char *const SCOPES[] = {"whole",        "whole",     "whole",         "each",   "each",
                                         "each-side",    "side:east", "each-site",     "each#1", "each#>1/2",
                                         "each-side#2w", "whole!1",   "constituency:a"};
    static const char *const STANCES[] = {"AV", "AV", "AV", "A", "CB", "B", "C", "SX", "answered"};
    static const char *const CHOICES[] = {"choices=1", "choices=2,3", "leading", "leading", "answered"};
    static const char *const SCORES[] = {"score=1", "score=2", "answered"};
    static const char *const BASES[] = {"eligible", "answered", "cast", "cast"};
    static const char *const VALUES[] = {"1/2", "1/2", "1/3", "2/3", "1/1", "0/1", "3/4"};
    static const char *const BLOC[] = {"seats=nn", "seats=fn", "seats=ax", "seats=xf"};
    bool is_above = below(3) > 0;
    const char *scope = ONE_OF(SCOPES);
    const char *base = ONE_OF(BASES);
    const char *count = form == 'c' ? ONE_OF(CHOICES) : form == 's' ? ONE_OF(SCORES) : ONE_OF(STANCES);
    const char *weighting = below(3) ? "" : "weight";
    char value[16];

    if (form == 'a' && below(4) == 0)
        base = "AVCB";
    if (form == 'c' && below(4) == 0)
        base = "choices=1,2";
    if (below(4) == 0 && strcmp(scope, "whole") == 0)
        weighting = "parity";
    if (form == 'a' && below(4) == 0 && (strcmp(scope, "whole") == 0 || strcmp(scope, "each-side") == 0)) {
        weighting = ONE_OF(BLOC);
        count = below(3) ? "AV" : "CB";
    }
    snprintf(value, sizeof(value), "%s", ONE_OF(VALUES));
    if (below(3) == 0 && strcmp(weighting, "parity") != 0) {
        base = "none";
        snprintf(value, sizeof(value), "%u", below(4));
    }
    const char *bound = is_above ? (below(2) ? ">=" : ">") : below(2) ? "<=" : "<";
    return snprintf(text, size, "%c %s %s %s %s of %s%s %s; ", "SSSSQO"[below(6)], scope, count, bound, value,
                    base, below(4) ? "" : " empty", weighting);
}

static void rule_write(char *text, size_t size, char form)
{
    static const char *const SETTINGS[] = {"", "", "consent", "notified"};
    static const char *const FORMS[] = {"choice=3", "choice=3; order"};
    size_t used = 0;
    for (unsigned tests = 1 + below(3); tests > 0; tests--)
        used += (size_t) test_write(text + used, size - used, form);
    snprintf(text + used, size - used, "once; present-answered; weights=side:east:2,side:west:3; %s",
             form == 'c'   ? ONE_OF(FORMS)
             : form == 's' ? "score=0-2"
                           : ONE_OF(SETTINGS));
}

static void roll_write(char *text, size_t size, char form)
{
    static const char *const NAMES[] = {"b(east)", "a(west)", "c(west)+1", "n*"};
    static const char *const ANSWERS[] = {"A", "A", "A", "V", "S", "X", "C", "C", "B", "R"};
    unsigned open = below(OPEN_MAX) + 1;
    size_t used = 0;
    text[0] = '\0';
    for (size_t party = 0; party < 2 + below(3) && party < ARRAY_COUNT(NAMES); party++) {
        used += (size_t) snprintf(text + used, size - used, "%s%s", party ? " | " : "", NAMES[party]);
        for (unsigned i = below(5); i > 0; i--) {
            bool is_open = open > 0 && below(3) == 0;
            open -= is_open;
            used += (size_t) snprintf(text + used, size - used, " ");
            if (is_open)
                used += (size_t) snprintf(text + used, size - used, "-");
            else if (form != 'a' && below(6))
                used +=
                    (size_t) snprintf(text + used, size - used, "=%u", form == 'c' ? 1 + below(3) : below(3));
            else
                used +=
                    (size_t) snprintf(text + used, size - used, "%s", form == 'a' ? ONE_OF(ANSWERS) : "X");
            used += (size_t) snprintf(text + used, size - used, "@%u%s%s%s", 1 + below(3),
                                      below(2) ? "%n" : "%s", below(2) ? "!1" : "", below(2) ? "~" : "");
        }
    }
}

/* What a member can go on to do, by number; false: there is no such. */
static bool line_become(const struct scene *scene, struct roll_line *line, unsigned which)
{
    const Comity__V1__Rule *rule = scene->rule;
    static const struct ballot_answer NONE;

    line->has_answered = which >= 2;
    line->given = NONE;
    if (which == 0)
        return true;
    if (which == 1) {
        line->is_notified = true; /* acknowledges it, and says nothing */
        return true;
    }
    which -= 2;
    line->sequence = 5000 + line->member;
    if (which < rule->n_scale) {
        line->given.answer = rule->scale[which]->answer;
        return true;
    }
    which -= (unsigned) rule->n_scale;
    line->given.choice = which + 1;
    if (rule->form == COMITY__V1__FORM__FORM_CHOICE)
        return which < 3;
    line->given.choice = 0;
    line->given.has_score = true;
    line->given.score = which;
    return rule->form == COMITY__V1__FORM__FORM_SCORE && which < 3;
}

/* Outcome and what is chosen, as a number. */
static uint64_t come_to(const struct scene *scene, struct arena *arena)
{
    Comity__V1__Outcome *outcome = NULL;
    struct rule_input input = scene_input(scene, false);
    arena_reset(arena);
    assert_int_equal(rule_count(&input, arena, &outcome), 0);
    uint64_t sum = (uint64_t) outcome->kind;
    for (size_t i = 0; i < outcome->n_chosen; i++)
        sum = 100 * sum + outcome->chosen[i];
    return sum;
}

/* Does every way to go on from line @index come to @expected? */
static bool always(const struct scene *scene, struct arena *arena, size_t index, uint64_t expected)
{
    if (index == scene->line_count)
        return come_to(scene, arena) == expected;
    struct roll_line *line = &scene->lines[index];
    struct roll_line before = *line;
    bool same = true;
    if (before.has_answered || before.is_recused)
        return always(scene, arena, index + 1, expected);
    for (unsigned which = 0; same && line_become(scene, line, which); which++) {
        same = always(scene, arena, index + 1, expected);
        *line = before;
    }
    *line = before;
    return same;
}

/* Nobody that is found to be settled can come out otherwise; and what cannot come out otherwise is found,
 * nearly always. */
static void what_is_settled_cannot_change(void **state)
{
    const char *given = getenv("COMITY_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : 48;
    size_t settled = 0, found = 0, open = 0, refused = 0;
    struct arena *arena = scene_need(arena_new(ARENA_LIMIT_DEFAULT), "memory");
    (void) state;

    random_state = seed * UINT64_C(0x9E3779B97F4A7C15) | 1;
    print_message("seed %llu\n", (unsigned long long) seed);
    for (int turn = 0; turn < TURNS; turn++) {
        struct scene scene;
        char rule[512], roll[512], form = "aaacs"[below(5)];
        bool is_found;
        rule_write(rule, sizeof(rule), form);
        roll_write(roll, sizeof(roll), form);
        scene_init(&scene, rule, roll);
        struct rule_input input = scene_input(&scene, false);
        int code = rule_check(scene.rule, "rule", NULL);
        if (!code)
            code = rule_is_settled(&input, scene.arena, &is_found);
        assert_true(code == 0 || code == ERR_SCOPE || code == ERR_RULE || code == ERR_MISSING);
        if (code) {
            refused++;
        } else {
            bool is_settled = always(&scene, arena, 0, come_to(&scene, arena));
            if (is_found && !is_settled)
                fail_msg("it is not settled\n  %s\n  %s", rule, roll);
            if (is_settled && !is_found && getenv("COMITY_SHOW"))
                print_message("not found\n  %s\n  %s\n", rule, roll);
            settled += is_settled;
            found += is_found;
            open += !is_settled;
        }
        scene_release(&scene);
    }
    print_message("%zu settled, of which %zu are found; %zu open; %zu no rules or rolls\n", settled, found,
                  open, refused);
    assert_true(settled > TURNS / 20 && open > TURNS / 20);
    assert_true(found <= settled && 100 * found >= 90 * settled);
    arena_destroy(&arena);
}

/* What it says by itself, and where it does not try. */
static void small_rounds_are_settled_or_not(void **state)
{
    static const struct {
        const char *rule, *roll;
        bool is_settled;
    } ROUNDS[] = {
        {"S whole AV > 1/2 of eligible", "labour 3A 2-", true},
        {"S whole AV > 1/2 of eligible", "labour 2A 3-", false},
        {"S whole AV > 1/2 of eligible", "labour 3X 2-", false}, /* NO_DECISION or REJECTED */
        {"S whole AV > 1/2 of eligible", "labour 3C 2-", true},
        {"S whole AV > 1/2 of eligible", "labour 2A 2C 1X 1-", false},
        {"S whole AV > 1/2 of cast", "labour 3A 2-", true},
        {"S whole AV > 1/2 of cast", "labour 3A 3-", false}, /* a tie */
        {"S each AV > 1/2 of eligible", "labour 3A | management 2C 1-", true},
        {"S each AV > 1/2 of eligible", "labour 3A | management 1C 2-", false},
        {"S whole AV > 1/2 of eligible weight", "labour 1A@6 5-@1", true},
        {"S whole AV > 1/2 of eligible parity", "labour 3A | management 1-", false},
        {"S whole AV >= 1/2 of eligible parity", "labour 3A | management 1-", true},
        {"S whole AV > 1/2 of eligible seats=nn", "labour 3A 2- | management 1-", true},
        {"S whole AV > 1/2 of eligible seats=nn", "labour 2A 2- | management 1-", false},
        {"S each-side#1 AV > 1/2 of eligible", "labour 2A | management 3-", true},
        {"S whole leading > 0; choice=3", "labour 3=1 1=2 1-", true},
        {"S whole leading > 0; choice=3", "labour 3=1 1=2 2-", false},
        {"S whole leading > 0; choice=3; order", "labour 3=1 1=2 2-", true},
        {"S whole leading > 0; choice=3; order", "labour 3=2 1=1 2-", false},
        {"S whole choices=1 > 1/2 of eligible; choice=3; order", "labour 2=2 2=3 3=1 1-", true},
        {"S whole choices=1 > 1/2 of eligible; choice=3", "labour 2=2 2=3 3=1 1-", false},
        {"S whole score=5 > 1/2 of eligible; score=0-9", "labour 3=5 2-", true},
        /* R-25: an objection that can still come, and one that cannot */
        {"O whole B <= 0; S whole AV > 1/2 of eligible", "labour 3A 2-", false},
        {"O whole B <= 0; S whole AV > 1/2 of eligible", "labour 3A 1B 2-", true},
        {"O whole B <= 2; S whole AV > 1/2 of eligible", "labour 3A 2-", true},
        {"S whole AV > 1/2 of eligible; consent", "labour 3A 2-", true},
        {"S whole AV > 1/2 of eligible; notified", "labour 2A 3-~", false},
        /* Presence can change until the close. */
        {"Q whole present > 1/2 of eligible; S whole AV > 0", "labour 3A 1-", false},
        {"Q whole present > 1/2 of eligible; S whole AV > 0; at-open", "labour 3A 1-", true},
        {"Q whole present > 1/2 of eligible; S whole AV > 0; present-answered", "labour 3A 1-", true},
        /* A neutral member's answer settles nothing. */
        {"S whole AV > 1/2 of cast", "labour 1A 1C | chair* 1-", true},
        {"S whole leading > 0; choice=3", "labour 1=1 1=2 | chair* 1-", true},
        {"ranking", "labour 1X 1-", false},
        {"ranking", "labour 2X", true},
    };
    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(ROUNDS); i++) {
        struct scene scene;
        bool is_settled;
        scene_init(&scene, ROUNDS[i].rule, ROUNDS[i].roll);
        assert_int_equal(rule_check(scene.rule, "rule", NULL), 0);
        struct rule_input input = scene_input(&scene, true);
        assert_int_equal(rule_is_settled(&input, scene.arena, &is_settled), 0);
        if (is_settled != ROUNDS[i].is_settled)
            fail_msg("%s with %s: %d", ROUNDS[i].rule, ROUNDS[i].roll, is_settled);
        scene_release(&scene);
    }
}

/* R-49: a round that is to close has a quorum, or the QUORUM tests say what is missing. */
static void a_missing_quorum_is_found_at_the_close(void **state)
{
    struct scene scene;
    Comity__V1__Outcome *outcome = NULL;
    (void) state;

    scene_init(&scene, "S whole AV > 0; Q whole answered >= 1/2 of eligible; Q each#1 present >= 1",
               "labour 1A 2_ | management 1_");
    struct rule_input input = scene_input(&scene, true);
    assert_int_equal(rule_quorum_at_close(&input, scene.arena, &outcome), 0);
    assert_non_null(outcome);
    assert_int_equal(outcome->kind, COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NO_QUORUM);
    assert_int_equal(outcome->n_tests, 3);
    assert_string_equal(rule_explain_test(outcome->tests[0], scene.arena),
                        "whole: 1 of 4 answered, at least 1/2 needed: short by 1");
    assert_int_equal(outcome->n_quantifiers, 1);
    assert_true(outcome->quantifiers[0]->holds);
    assert_int_equal(outcome->n_tallies, 0);
    assert_int_equal(outcome->rule_hash.len, HASH_SIZE);

    scene.lines[1].has_answered = true;
    scene.lines[1].given.answer = 4;
    assert_int_equal(rule_quorum_at_close(&input, scene.arena, &outcome), 0);
    assert_null(outcome);
    scene_release(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_rounds_are_settled_or_not),
        cmocka_unit_test(what_is_settled_cannot_change),
        cmocka_unit_test(a_missing_quorum_is_found_at_the_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
