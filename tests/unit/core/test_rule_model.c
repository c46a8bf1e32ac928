/* Random small rules and ballots, counted twice: by core/rule, and by a plain model that was written from
 * docs/rules.md alone. The model walks members one at a time, compares fractions by adding up, and finds
 * "short by" by trying. Rules: R-11 to R-32. COMITY_SEED sets another seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "test_rule_support.h"

enum {
    TURNS = 100000,
    PARTIES_MAX = 4,
    MEMBERS_MAX = 20,
    TESTS_MAX = 4,
    LINES_MAX = TESTS_MAX * PARTIES_MAX
};

struct model_test {
    char class_; /* Q S O */
    bool each;
    const char *counted; /* "present", "answered", or stance letters */
    const char *bound;
    int numerator, denominator;
    const char *base; /* a word, or stance letters */
    bool holds_when_empty;
    char counted_letters[8], base_letters[8];
};

struct model_member {
    char letter; /* a stance, - or R */
    bool present;
    int party;
};

struct model {
    struct model_test tests[TESTS_MAX];
    int test_count;
    bool consent;
    const char *present; /* "", "at-open", "ever", "present-answered" */
    struct model_member members[MEMBERS_MAX];
    int member_count;
    bool neutral[PARTIES_MAX];
    int party_count;
    bool rounds_remain;
};

/* Parties by their index; their names fall as it rises, so that order by name is the other way round. */
static const char *const PARTY_NAMES[PARTIES_MAX] = {"works", "union", "staff", "plant"};

/* A line of working as the model sees it. */
struct model_line {
    int test, party; /* party -1: whole */
    int count, base, eligible, silent, short_by, over_by;
    bool is_empty, holds;
};

static bool is_vote(char letter)
{
    return letter != '-' && letter != 'R';
}

/* What a member says where stances are asked for; 0: nothing. */
static char voice(const struct model *model, const struct model_member *member)
{
    if (is_vote(member->letter))
        return member->letter;
    return member->letter == '-' && model->consent ? 'A' : '\0';
}

static bool is_here(const struct model *model, const struct model_member *member)
{
    if (strcmp(model->present, "present-answered") == 0)
        return is_vote(member->letter);
    return member->present;
}

static bool asks_stances(const char *what)
{
    return what[0] >= 'A' && what[0] <= 'Z';
}

static bool says_one_of(const struct model *model, const struct model_member *member, const char *letters)
{
    char said = voice(model, member);
    return said != '\0' && strchr(letters, said) != NULL;
}

static bool is_counted(const struct model *model, const struct model_member *member,
                       const struct model_test *test)
{
    if (asks_stances(test->counted))
        return says_one_of(model, member, test->counted);
    return strcmp(test->counted, "present") == 0 ? is_here(model, member) : is_vote(member->letter);
}

static bool is_in_base(const struct model *model, const struct model_member *member,
                       const struct model_test *test)
{
    /* Somebody who consents by silence is treated as one who was there and said A. */
    bool speaks_by_silence = member->letter == '-' && model->consent && asks_stances(test->counted);

    if (strcmp(test->base, "eligible") == 0)
        return true;
    if (strcmp(test->base, "present") == 0)
        return is_here(model, member) || speaks_by_silence;
    if (strcmp(test->base, "answered") == 0)
        return is_vote(member->letter) || speaks_by_silence;
    if (strcmp(test->base, "cast") == 0)
        return (is_vote(member->letter) && member->letter != 'X') || speaks_by_silence;
    if (strcmp(test->base, "none") == 0)
        return false;
    return says_one_of(model, member, test->base);
}

/* Does @count stand to the threshold as the bound says? By adding up, numerator and denominator times. */
static bool compares(const struct model_test *test, int count, int base)
{
    long left = 0, right = 0;
    if (strcmp(test->base, "none") == 0) {
        left = count;
        right = test->numerator;
    } else {
        for (int i = 0; i < test->denominator; i++)
            left += count;
        for (int i = 0; i < test->numerator; i++)
            right += base;
    }
    if (strcmp(test->bound, ">=") == 0)
        return !(left < right);
    if (strcmp(test->bound, ">") == 0)
        return right < left;
    if (strcmp(test->bound, "<=") == 0)
        return !(right < left);
    return left < right;
}

/* Members that tests look at: of one party, or of all. */
static bool is_looked_at(const struct model *model, const struct model_member *member, int party)
{
    if (member->letter == 'R' || model->neutral[member->party])
        return false;
    return party < 0 || member->party == party;
}

static struct model_line line_make(const struct model *model, int index, int party)
{
    const struct model_test *test = &model->tests[index];
    struct model_line line = {.test = index, .party = party};

    for (int i = 0; i < model->member_count; i++) {
        const struct model_member *member = &model->members[i];
        if (!is_looked_at(model, member, party))
            continue;
        line.eligible++;
        line.count += is_counted(model, member, test);
        line.base += is_in_base(model, member, test);
        if (model->consent && member->letter == '-' &&
            (asks_stances(test->counted) || asks_stances(test->base)))
            line.silent++;
    }
    line.is_empty = line.base == 0 && strcmp(test->base, "none") != 0;
    line.holds = line.is_empty ? test->holds_when_empty : compares(test, line.count, line.base);
    if (line.holds || line.is_empty)
        return line;
    if (test->bound[0] == '>') {
        do
            line.short_by++;
        while (!compares(test, line.count + line.short_by, line.base));
    } else {
        do
            line.over_by++;
        while (!compares(test, line.count - line.over_by, line.base));
    }
    return line;
}

static bool has_seat(const struct model *model, int party)
{
    for (int i = 0; i < model->member_count; i++) {
        if (model->members[i].party == party)
            return true;
    }
    return false;
}

/* All lines in the order in which they are shown; -1: an EACH with nobody. */
static int lines_make(const struct model *model, struct model_line lines[LINES_MAX])
{
    int count = 0;
    for (int index = 0; index < model->test_count; index++) {
        int before = count;
        if (!model->tests[index].each)
            lines[count++] = line_make(model, index, -1);
        for (int party = PARTIES_MAX - 1; model->tests[index].each && party >= 0; party--) {
            if (party < model->party_count && !model->neutral[party] && has_seat(model, party))
                lines[count++] = line_make(model, index, party);
        }
        if (count == before)
            return -1;
    }
    return count;
}

static int voices(const struct model *model, int party, const char *letters)
{
    int count = 0;
    for (int i = 0; i < model->member_count; i++) {
        if (is_looked_at(model, &model->members[i], party) && says_one_of(model, &model->members[i], letters))
            count++;
    }
    return count;
}

/* Which test fails, of a class; how many of them. */
static int failing(const struct model *model, const struct model_line *lines, int line_count, char class_,
                   int *ret_last)
{
    int count = 0;
    for (int index = 0; index < model->test_count; index++) {
        bool fails = false;
        for (int i = 0; i < line_count; i++)
            fails = fails || (lines[i].test == index && !lines[i].holds);
        if (fails && model->tests[index].class_ == class_) {
            count++;
            *ret_last = index;
        }
    }
    return count;
}

static bool is_deadlock(const struct model *model, const struct model_line *lines, int line_count)
{
    for (int i = 0; i < line_count; i++) {
        for (int k = 0; k < line_count; k++) {
            if (lines[i].test == lines[k].test && lines[i].party >= 0 && lines[i].holds && !lines[k].holds &&
                model->tests[lines[i].test].class_ == 'S' &&
                voices(model, lines[k].party, "CB") > voices(model, lines[k].party, "AV"))
                return true;
        }
    }
    return false;
}

static const char *outcome_of(const struct model *model, const struct model_line *lines, int line_count)
{
    int last = 0;
    if (failing(model, lines, line_count, 'Q', &last))
        return "NO_QUORUM";
    if (failing(model, lines, line_count, 'O', &last))
        return "BLOCKED";
    if (voices(model, -1, "AVCB") == 0)
        return "NO_DECISION";
    int fails = failing(model, lines, line_count, 'S', &last);
    if (fails == 0)
        return "ADOPTED";
    if (is_deadlock(model, lines, line_count))
        return "DEADLOCK";
    const struct model_test *test = &model->tests[last];
    bool is_half = strcmp(test->base, "none") != 0 && test->numerator + test->numerator == test->denominator;
    if (fails == 1 && !test->each && is_half && voices(model, -1, "AV") > 0 &&
        voices(model, -1, "AV") == voices(model, -1, "CB"))
        return "TIE";
    return model->rounds_remain ? "NOT_YET" : "REJECTED";
}

/* Making them up. */

static uint64_t random_state;

static int random_below(int below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (int) (random_state % (uint64_t) below);
}

static void random_letters(char letters[8])
{
    size_t count = 0;
    while (count == 0) {
        for (const char *letter = STANCE_LETTERS + 1; *letter; letter++) {
            if (random_below(3) == 0)
                letters[count++] = *letter;
        }
    }
    letters[count] = '\0';
}

static void random_test(struct model_test *test)
{
    static const char *const SETS[] = {"AV", "A", "CB", "B", "C", "present", "present", "answered"};
    static const char *const BASES[] = {"none", "eligible", "present", "answered", "cast", "AVCB"};
    static const char *const BOUNDS[] = {">=", ">", "<=", "<"};

    test->class_ = "QOSSSS"[random_below(6)];
    test->each = random_below(2) == 0;
    test->bound = BOUNDS[random_below(3) ? random_below(2) : random_below(4)];
    test->holds_when_empty = random_below(4) == 0;
    random_letters(test->counted_letters);
    random_letters(test->base_letters);
    test->counted = random_below(4) ? SETS[random_below(8)] : test->counted_letters;
    test->base = random_below(4) ? BASES[random_below(6)] : test->base_letters;
    do {
        bool has_base = strcmp(test->base, "none") != 0;
        test->denominator = has_base ? 1 + random_below(random_below(2) ? 3 : 8) : 1;
        test->numerator = has_base ? random_below(test->denominator + 1) : random_below(5);
        if (has_base && random_below(3) == 0) {
            test->denominator = 2 << random_below(2);
            test->numerator = test->denominator / 2;
        }
        /* Until it is one that can hold (R-7). */
    } while ((test->bound[0] == '<' && test->bound[1] == '\0' && test->numerator == 0) ||
             (strcmp(test->bound, ">") == 0 && strcmp(test->base, "none") != 0 &&
              test->numerator == test->denominator));
}

static void random_model(struct model *model)
{
    static const char *const PRESENT[] = {"", "at-open", "ever", "present-answered"};
    *model = (struct model){.consent = random_below(3) == 0,
                            .present = PRESENT[random_below(4)],
                            .rounds_remain = random_below(2) == 0,
                            .test_count = 1 + random_below(TESTS_MAX),
                            .party_count = random_below(20) ? 1 + random_below(PARTIES_MAX) : 0};
    for (int i = 0; i < model->test_count; i++)
        random_test(&model->tests[i]);
    if (model->tests[0].class_ == 'Q')
        model->tests[0].class_ = 'S'; /* something is asked (R-5) */

    const char *mood = random_below(2) ? "AAAVCB-" : random_below(2) ? "AAC" : "AVSXCB--R";
    for (int party = 0; party < model->party_count; party++) {
        model->neutral[party] = random_below(5) == 0;
        const char *own = random_below(4) ? mood : random_below(2) ? "CCBA" : "XS-";
        for (int i = random_below(8) ? 1 + random_below(5) : 0; i > 0; i--) {
            model->members[model->member_count++] =
                (struct model_member){.letter = own[random_below((int) strlen(own))],
                                      .present = random_below(4) != 0,
                                      .party = party};
        }
    }
}

/* The same as the texts that test_rule_support.h reads, which also say what failed. */
static void model_write(const struct model *model, char *rule, char *roll, size_t size)
{
    size_t used = 0;
    for (int i = 0; i < model->test_count; i++) {
        const struct model_test *test = &model->tests[i];
        used += (size_t) snprintf(rule + used, size - used, "%c %s %s %s %d/%d of %s%s; ", test->class_,
                                  test->each ? "each" : "whole", test->counted, test->bound, test->numerator,
                                  test->denominator, test->base, test->holds_when_empty ? " empty" : "");
    }
    snprintf(rule + used, size - used, "%s%s", model->present, model->consent ? "; consent" : "");

    used = 0;
    roll[0] = '\0';
    for (int party = 0; party < model->party_count; party++) {
        used += (size_t) snprintf(roll + used, size - used, "%s%s%s", party ? " | " : "", PARTY_NAMES[party],
                                  model->neutral[party] ? "*" : "");
        for (int i = 0; i < model->member_count; i++) {
            const struct model_member *member = &model->members[i];
            char letter = member->letter == '-' ? (member->present ? '-' : '_')
                          : member->present     ? member->letter
                                                : (char) tolower((unsigned char) member->letter);
            if (member->party == party)
                used += (size_t) snprintf(roll + used, size - used, " 1%c", letter);
        }
    }
}

/* Comparing. */

#define SAME(a, b, what)                                                                                     \
    do {                                                                                                     \
        if ((long) (a) != (long) (b))                                                                        \
            fail_msg("%s: %ld, the model says %ld\n  %s\n  %s", what, (long) (a), (long) (b), rule, roll);   \
    } while (0)

static void lines_compare(const struct model *model, const struct model_line *lines, int line_count,
                          const Comity__V1__Outcome *outcome, const char *rule, const char *roll)
{
    SAME(outcome->n_tests, line_count, "lines");
    for (int i = 0; i < line_count; i++) {
        const Comity__V1__TestResult *result = outcome->tests[i];
        char name[16];
        snprintf(name, sizeof(name), "t%d", lines[i].test);
        assert_string_equal(result->test, name);
        assert_string_equal(result->subject, lines[i].party < 0 ? "" : PARTY_NAMES[lines[i].party]);
        SAME(result->count, lines[i].count, "count");
        SAME(result->base_size, lines[i].base, "base");
        SAME(result->eligible, lines[i].eligible, "eligible");
        SAME(result->silent, lines[i].silent, "silent");
        SAME(result->base_is_empty, lines[i].is_empty, "empty");
        SAME(result->holds, lines[i].holds, "holds");
        SAME(result->short_by, lines[i].short_by, "short by");
        SAME(result->over_by, lines[i].over_by, "over by");
        SAME(result->numerator, model->tests[lines[i].test].numerator, "numerator");
    }
}

/* The tally of one party, or of everybody, neutral members too. */
static void tally_compare(const struct model *model, const Comity__V1__Tally *tally, int party,
                          const char *rule, const char *roll)
{
    int eligible = 0, present = 0, answered = 0, recused = 0, silent = 0, stances[8] = {0};
    for (int i = 0; i < model->member_count; i++) {
        const struct model_member *member = &model->members[i];
        if (party >= 0 && member->party != party)
            continue;
        if (member->letter == 'R') {
            recused++;
            continue;
        }
        eligible++;
        present += is_here(model, member);
        answered += is_vote(member->letter);
        silent += !is_vote(member->letter);
        if (is_vote(member->letter))
            stances[strchr(STANCE_LETTERS, member->letter) - STANCE_LETTERS]++;
    }
    assert_string_equal(tally->constituency, party < 0 ? "" : PARTY_NAMES[party]);
    SAME(tally->eligible, eligible, "eligible of a tally");
    SAME(tally->present, present, "present");
    SAME(tally->answered, answered, "answered");
    SAME(tally->recused, recused, "recused");
    SAME(tally->silent, silent, "silent of a tally");
    for (size_t i = 0; i < tally->n_stances; i++)
        SAME(tally->stances[i]->ballots, stances[tally->stances[i]->stance], "ballots of a stance");
}

static void tallies_compare(const struct model *model, const Comity__V1__Outcome *outcome, const char *rule,
                            const char *roll)
{
    size_t at = 0;
    tally_compare(model, outcome->tallies[at++], -1, rule, roll);
    for (int party = PARTIES_MAX - 1; party >= 0; party--) {
        if (party < model->party_count && has_seat(model, party))
            tally_compare(model, outcome->tallies[at++], party, rule, roll);
    }
    SAME(outcome->n_tallies, at, "tallies");
    int ballots = 0;
    for (int i = 0; i < model->member_count; i++)
        ballots += is_vote(model->members[i].letter);
    SAME(outcome->n_ballots, ballots, "ballots");
}

static int opening_of(const struct model *model, const struct model_line *lines, int line_count)
{
    if (line_count < 0)
        return ERR_SCOPE;
    if (strcmp(model->present, "present-answered") == 0)
        return 0;
    for (int i = 0; i < line_count; i++) {
        const struct model_test *test = &model->tests[lines[i].test];
        if (test->class_ == 'Q' && strcmp(test->counted, "present") == 0 && !lines[i].holds &&
            (strcmp(test->base, "none") == 0 || strcmp(test->base, "eligible") == 0))
            return ERR_QUORUM;
    }
    return 0;
}

/* How often each outcome came, so that none is left out unseen. */
static size_t seen[COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REJECTED + 1];
static size_t scope_errors, quorum_refusals;

static void model_compare(const struct model *model)
{
    char rule[512], roll[512];
    struct scene scene;
    struct refusal refusal = {0};
    struct model_line lines[LINES_MAX];
    Comity__V1__Outcome *outcome = NULL;

    model_write(model, rule, roll, sizeof(rule));
    scene_init(&scene, rule, roll);
    if (rule_check(scene.rule, "r", &refusal))
        fail_msg("refused at %s with %s\n  %s", refusal.field, error_name(refusal.code), rule);
    int line_count = lines_make(model, lines);
    struct rule_input input = scene_input(&scene, model->rounds_remain);
    int code = rule_quorum_at_opening(&input, scene.arena);
    SAME(code, opening_of(model, lines, line_count), "opening");
    quorum_refusals += code == ERR_QUORUM;

    code = rule_count(&input, scene.arena, &outcome);
    SAME(code, line_count < 0 ? ERR_SCOPE : 0, "code");
    if (code) {
        scope_errors++;
    } else {
        lines_compare(model, lines, line_count, outcome, rule, roll);
        tallies_compare(model, outcome, rule, roll);
        const char *expected = outcome_of(model, lines, line_count);
        if (strcmp(outcome_name(outcome->kind), expected) != 0)
            fail_msg("%s, the model says %s\n  %s\n  %s", outcome_name(outcome->kind), expected, rule, roll);
        seen[outcome->kind]++;
    }
    scene_release(&scene);
}

static void the_model_agrees(void **state)
{
    const char *given = getenv("COMITY_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : 1926;
    (void) state;

    random_state = seed * UINT64_C(0x9E3779B97F4A7C15) | 1;
    print_message("seed %llu\n", (unsigned long long) seed);
    for (int turn = 0; turn < TURNS; turn++) {
        struct model model;
        random_model(&model);
        model_compare(&model);
    }
    print_message("%d rounds: %zu SCOPE, %zu not opened", TURNS, scope_errors, quorum_refusals);
    for (size_t kind = 1; kind < ARRAY_COUNT(seen); kind++)
        print_message(", %zu %s", seen[kind], outcome_name((Comity__V1__OutcomeKind) kind));
    print_message("\n");
    assert_true(scope_errors > 100 && quorum_refusals > 100);
    for (size_t kind = 1; kind < ARRAY_COUNT(seen); kind++)
        assert_true(seen[kind] > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_model_agrees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
