/* The canonical form: docs/rules.md R-88. Random rules of every form are written, read, and written again.
 * COMITY_SEED sets another seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "client/rules/rule_file.h"
#include "core/error.h"

enum { TURNS = 10000, OPTIONS = 4 };

#define NEW(die, type, lower) ((Comity__V1__##type *) message_new(die, &comity__v1__##lower##__descriptor))

struct die {
    uint64_t state;
    struct arena *arena;
};

/* xorshift64*, Vigna 2014 */
static unsigned roll(struct die *die, unsigned below)
{
    die->state ^= die->state >> 12;
    die->state ^= die->state << 25;
    die->state ^= die->state >> 27;
    return (unsigned) ((die->state * UINT64_C(0x2545F4914F6CDD1D)) >> 33) % below;
}

static bool coin(struct die *die)
{
    return roll(die, 2) == 1;
}

static void *message_new(struct die *die, const ProtobufCMessageDescriptor *type)
{
    ProtobufCMessage *message = arena_alloc(die->arena, type->sizeof_message);
    assert_non_null(message);
    protobuf_c_message_init(type, message);
    return message;
}

static uint64_t number(struct die *die)
{
    static const uint64_t SOME[] = {1, 2, 3, 10, 9999, UINT64_C(1000000000000)};
    return SOME[roll(die, ARRAY_COUNT(SOME))];
}

static char *name(struct die *die, const char *stem, unsigned at)
{
    static const char *const WORDS[] = {"no", "yes", "null", "on", "a1", "x-y", "true", "option"};
    return arena_printf(die->arena, "%s%s-%u", coin(die) ? stem : WORDS[roll(die, ARRAY_COUNT(WORDS))],
                        coin(die) ? "-b" : "", at);
}

static int64_t duration(struct die *die)
{
    static const int64_t SOME[] = {60000, 90000, 60001, 3600000, 86400000, 86400000LL * 366, 1, 1500};
    return SOME[roll(die, ARRAY_COUNT(SOME))];
}

/* A set of values 1 to @most, in any order. */
static size_t some(struct die *die, unsigned most, void *ret_list)
{
    uint32_t *list = arena_alloc(die->arena, (most + 1) * sizeof(*list));
    size_t count = 1 + roll(die, most);
    for (unsigned i = 0; i < most; i++) {
        unsigned at = roll(die, i + 1);
        list[i] = list[at];
        list[at] = i + 1;
    }
    memcpy(ret_list, &list, sizeof(list));
    return count;
}

static void threshold(struct die *die, bool is_fraction, Comity__V1__Bound bound, uint64_t *numerator,
                      uint64_t *denominator)
{
    uint64_t whole = number(die), part = number(die);
    bool is_strict = bound == COMITY__V1__BOUND__BOUND_MORE_THAN;
    *denominator = is_fraction ? whole + 1 : 1;
    *numerator = is_fraction ? part % (whole + 1) + !is_strict : part % 9999;
    if (bound == COMITY__V1__BOUND__BOUND_LESS_THAN && *numerator == 0)
        *numerator = 1;
}

static Comity__V1__Scope *scope(struct die *die)
{
    Comity__V1__Scope *scope = NEW(die, Scope, scope);
    scope->kind = (Comity__V1__ScopeKind) (1 + roll(die, 7));
    bool is_named = scope->kind >= COMITY__V1__SCOPE_KIND__SCOPE_KIND_CONSTITUENCY &&
                    scope->kind <= COMITY__V1__SCOPE_KIND__SCOPE_KIND_SITE;
    bool is_each = scope->kind > COMITY__V1__SCOPE_KIND__SCOPE_KIND_SITE;
    if (is_named)
        scope->of = name(die, "north", roll(die, 3));
    if (coin(die))
        scope->office = (Comity__V1__Office) (1 + roll(die, 6));
    if (!is_each || coin(die))
        return scope;
    scope->quantifier = NEW(die, Quantifier, quantifier);
    scope->quantifier->kind = (Comity__V1__QuantifierKind) roll(die, 4);
    bool is_share = scope->quantifier->kind == COMITY__V1__QUANTIFIER_KIND__QUANTIFIER_KIND_SHARE;
    if (is_share || scope->quantifier->kind == COMITY__V1__QUANTIFIER_KIND__QUANTIFIER_KIND_COUNT) {
        scope->quantifier->bound = (Comity__V1__Bound) roll(die, 3);
        scope->quantifier->numerator = 1;
        scope->quantifier->denominator = is_share ? 1 + number(die) : 0;
        scope->quantifier->by_weight = coin(die);
    }
    return scope;
}

static Comity__V1__Test *test(struct die *die, Comity__V1__Form form, unsigned at)
{
    Comity__V1__Test *test = NEW(die, Test, test);
    bool is_stance = form == COMITY__V1__FORM__FORM_STANCE, is_choice = form == COMITY__V1__FORM__FORM_CHOICE;
    test->name = name(die, "test", at);
    test->class_ =
        at == 0 ? COMITY__V1__TEST_CLASS__TEST_CLASS_SUPPORT : (Comity__V1__TestClass) (1 + roll(die, 3));
    test->scope = scope(die);
    test->count = NEW(die, Count, count);
    test->against = NEW(die, Base, base);
    switch (roll(die, 3)) {
    case 0:
        test->count->kind = coin(die) ? COMITY__V1__COUNT_KIND__COUNT_KIND_PRESENT
                                      : COMITY__V1__COUNT_KIND__COUNT_KIND_ANSWERED;
        break;
    default:
        test->count->kind = is_stance   ? COMITY__V1__COUNT_KIND__COUNT_KIND_STANCES
                            : is_choice ? (coin(die) ? COMITY__V1__COUNT_KIND__COUNT_KIND_LEADING
                                                     : COMITY__V1__COUNT_KIND__COUNT_KIND_CHOICES)
                            : form == COMITY__V1__FORM__FORM_SCORE
                                ? COMITY__V1__COUNT_KIND__COUNT_KIND_SCORE_AT_LEAST
                                : COMITY__V1__COUNT_KIND__COUNT_KIND_ANSWERED;
    }
    if (test->count->kind == COMITY__V1__COUNT_KIND__COUNT_KIND_STANCES)
        test->count->n_stances = some(die, 6, &test->count->stances);
    if (test->count->kind == COMITY__V1__COUNT_KIND__COUNT_KIND_CHOICES)
        test->count->n_choices = some(die, OPTIONS, &test->count->choices);
    if (test->count->kind == COMITY__V1__COUNT_KIND__COUNT_KIND_SCORE_AT_LEAST)
        test->count->score = 1 + roll(die, 5);
    test->against->kind = (Comity__V1__BaseKind) (1 + roll(die, is_stance ? 6 : 5));
    if (is_choice && roll(die, 3) == 0)
        test->against->kind = COMITY__V1__BASE_KIND__BASE_KIND_CHOICES;
    if (test->against->kind == COMITY__V1__BASE_KIND__BASE_KIND_STANCES)
        test->against->n_stances = some(die, 6, &test->against->stances);
    if (test->against->kind == COMITY__V1__BASE_KIND__BASE_KIND_CHOICES)
        test->against->n_choices = some(die, OPTIONS, &test->against->choices);
    test->bound = (Comity__V1__Bound) (1 + roll(die, 4));
    threshold(die, test->against->kind != COMITY__V1__BASE_KIND__BASE_KIND_NONE, test->bound,
              &test->numerator, &test->denominator);
    test->holds_when_empty = coin(die);
    test->weighting = (Comity__V1__Weighting) roll(die, 5);
    if (test->weighting == COMITY__V1__WEIGHTING__WEIGHTING_SEATS) {
        test->bloc = NEW(die, Bloc, bloc);
        test->bloc->tied = (Comity__V1__BlocCast) (1 + roll(die, 4));
        test->bloc->absent = (Comity__V1__BlocCast) (1 + roll(die, 4));
    }
    return test;
}

#define LIST(die, message, field, count_)                                                                    \
    ((message)->n_##field = (count_),                                                                        \
     (message)->field = arena_alloc((die)->arena, ((message)->n_##field + 1) * sizeof(*(message)->field)))

/* What a rule and the rounds of a stage have in common. */
#define FILL(die, rule, form_)                                                                               \
    do {                                                                                                     \
        LIST(die, rule, tests, roll(die, 4) + 1);                                                            \
        for (unsigned i = 0; i < (rule)->n_tests; i++)                                                       \
            (rule)->tests[i] = test(die, form_, i);                                                          \
        (rule)->silence = (Comity__V1__Silence) roll(die, (form_) == COMITY__V1__FORM__FORM_STANCE ? 4 : 2); \
        (rule)->present = (Comity__V1__Present) roll(die, 5);                                                \
        (rule)->visibility = (Comity__V1__Visibility) roll(die, 3);                                          \
        (rule)->change = (Comity__V1__Change) roll(die, 3);                                                  \
        (rule)->no_quorum = (Comity__V1__NoQuorum) roll(die, 3);                                             \
        if ((rule)->no_quorum == COMITY__V1__NO_QUORUM__NO_QUORUM_EXTEND)                                    \
            (rule)->extend_ms = duration(die);                                                               \
        if (coin(die))                                                                                       \
            (rule)->notice_ms = duration(die);                                                               \
        if (coin(die) || (rule)->no_quorum == COMITY__V1__NO_QUORUM__NO_QUORUM_EXTEND) {                     \
            (rule)->close = NEW(die, Close, close);                                                          \
            (rule)->close->at_time = coin(die) || (rule)->extend_ms != 0;                                    \
            (rule)->close->all_answered = coin(die);                                                         \
        }                                                                                                    \
    } while (0)

static void options(struct die *die, Comity__V1__Rule *rule)
{
    LIST(die, rule, options, OPTIONS);
    for (unsigned i = 0; i < OPTIONS; i++) {
        rule->options[i] = NEW(die, Option, option);
        rule->options[i]->number = i + 1;
        rule->options[i]->label = name(die, "way", i);
    }
    if (coin(die))
        rule->n_ties = some(die, 2, &rule->ties);
}

static void ranking(struct die *die, Comity__V1__Rule *rule)
{
    Comity__V1__Ranking *ranking = rule->ranking = NEW(die, Ranking, ranking);
    ranking->method = (Comity__V1__RankingMethod) (1 + roll(die, 4));
    if (ranking->method > COMITY__V1__RANKING_METHOD__RANKING_METHOD_INSTANT_RUNOFF)
        ranking->seats = 1 + roll(die, 3);
    if (ranking->method != COMITY__V1__RANKING_METHOD__RANKING_METHOD_SCHULZE || coin(die))
        return;
    rule->options[OPTIONS - 1]->is_default = true;
    ranking->needs_default = coin(die);
    if (coin(die)) {
        ranking->quorum = NEW(die, OptionQuorum, option_quorum);
        ranking->quorum->of =
            coin(die) ? COMITY__V1__BASE_KIND__BASE_KIND_NONE : COMITY__V1__BASE_KIND__BASE_KIND_ELIGIBLE;
        ranking->quorum->bound =
            coin(die) ? COMITY__V1__BOUND__BOUND_AT_LEAST : COMITY__V1__BOUND__BOUND_MORE_THAN;
        ranking->quorum->numerator = 1;
        ranking->quorum->denominator =
            ranking->quorum->of == COMITY__V1__BASE_KIND__BASE_KIND_NONE ? 1 : 1 + number(die);
    }
    LIST(die, ranking, majorities, 1 + roll(die, 2));
    for (unsigned i = 0; i < ranking->n_majorities; i++) {
        Comity__V1__Majority *majority = ranking->majorities[i] = NEW(die, Majority, majority);
        majority->name = name(die, "super", i);
        majority->bound = coin(die) ? COMITY__V1__BOUND__BOUND_AT_LEAST : COMITY__V1__BOUND__BOUND_MORE_THAN;
        majority->numerator = number(die);
        majority->denominator = number(die);
    }
    rule->options[0]->majority = ranking->majorities[0]->name;
}

static void scale(struct die *die, Comity__V1__Rule *rule)
{
    bool is_stance = rule->form == COMITY__V1__FORM__FORM_STANCE;
    LIST(die, rule, scale, is_stance ? 6 + roll(die, 3) : roll(die, 2));
    for (unsigned i = 0; i < rule->n_scale; i++) {
        rule->scale[i] = NEW(die, ScaleEntry, scale_entry);
        rule->scale[i]->answer = is_stance ? 1000 - 7 * i : 1;
        rule->scale[i]->label = name(die, "answer", i);
        rule->scale[i]->stance =
            is_stance ? (Comity__V1__Stance) (1 + i % 6) : COMITY__V1__STANCE__STANCE_ABSTAIN;
    }
    LIST(die, rule, duties, roll(die, 3));
    for (unsigned i = 0; i < rule->n_duties; i++) {
        rule->duties[i] = NEW(die, Duty, duty);
        rule->duties[i]->kind = (Comity__V1__DutyKind) (1 + i);
        if (rule->form == COMITY__V1__FORM__FORM_CHOICE)
            rule->duties[i]->choice = 1 + roll(die, OPTIONS);
        else
            rule->duties[i]->stance =
                is_stance ? COMITY__V1__STANCE__STANCE_BLOCK : COMITY__V1__STANCE__STANCE_ABSTAIN;
    }
}

static Comity__V1__Stage *stage(struct die *die, Comity__V1__Form form, unsigned at)
{
    Comity__V1__Stage *stage = NEW(die, Stage, stage);
    stage->kind = (Comity__V1__StageKind) (1 + roll(die, 9));
    stage->name = name(die, "stage", at);
    stage->n_on = some(die, 6, &stage->on);
    bool has_people = stage->kind >= COMITY__V1__STAGE_KIND__STAGE_KIND_SECONDING &&
                      stage->kind <= COMITY__V1__STAGE_KIND__STAGE_KIND_SIGN_OFF;
    if (has_people)
        stage->within_ms = duration(die);
    if (has_people && coin(die))
        stage->otherwise = COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_TABLED;
    if (coin(die)) {
        LIST(die, stage, map, 2);
        for (unsigned i = 0; i < 2; i++) {
            stage->map[i] = NEW(die, StageOutcome, stage_outcome);
            stage->map[i]->from = i == 1 ? COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_UNSPECIFIED
                                         : COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED;
            stage->map[i]->to = COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_STRIKE;
        }
    }
    stage->count = roll(die, 3);
    stage->by_other = coin(die);
    stage->each_party = coin(die);
    stage->office = (Comity__V1__Office) roll(die, 7);
    stage->counts_as = (Comity__V1__Stance) roll(die, 6);
    if (coin(die))
        stage->who = name(die, "arbitrator", 0);
    stage->outcome = (Comity__V1__OutcomeKind) roll(die, 14);
    if (stage->kind != COMITY__V1__STAGE_KIND__STAGE_KIND_ROUNDS)
        return stage;
    stage->rule = NEW(die, StageRule, stage_rule);
    if (roll(die, 4) == 0)
        return stage;
    FILL(die, stage->rule, form);
    stage->rule->rounds = roll(die, 4);
    return stage;
}

static Comity__V1__Rule *random_rule(struct die *die)
{
    Comity__V1__Rule *rule = NEW(die, Rule, rule);
    rule->name = name(die, "rule", 0);
    rule->form = coin(die) ? COMITY__V1__FORM__FORM_STANCE : (Comity__V1__Form) (1 + roll(die, 4));
    rule->roll = (Comity__V1__RollKind) (1 + roll(die, 3));
    rule->frozen = (Comity__V1__Frozen) (1 + roll(die, 2));
    rule->rounds = 1 + roll(die, 100);
    if (rule->roll == COMITY__V1__ROLL_KIND__ROLL_KIND_LIST)
        rule->list = name(die, "list", 0);
    if (rule->form == COMITY__V1__FORM__FORM_CHOICE || rule->form == COMITY__V1__FORM__FORM_RANKING)
        options(die, rule);
    if (rule->form == COMITY__V1__FORM__FORM_RANKING)
        ranking(die, rule);
    if (rule->form == COMITY__V1__FORM__FORM_SCORE) {
        rule->scores = NEW(die, Scores, scores);
        rule->scores->least = roll(die, 2);
        rule->scores->most = 2 + roll(die, 998);
    }
    scale(die, rule);
    FILL(die, rule, rule->form);
    LIST(die, rule, weights, roll(die, 3));
    for (unsigned i = 0; i < rule->n_weights; i++) {
        rule->weights[i] = NEW(die, SubjectWeight, subject_weight);
        rule->weights[i]->kind = (Comity__V1__ScopeKind) (2 + roll(die, 3));
        rule->weights[i]->name = name(die, "north", i);
        rule->weights[i]->weight = number(die);
    }
    LIST(die, rule, stages, roll(die, 4));
    for (unsigned i = 0; i < rule->n_stages; i++)
        rule->stages[i] = stage(die, rule->form, i);
    return rule;
}

/* Written, read and written again; the checksum is the rule's. */
static void there_and_back(const Comity__V1__Rule *rule, struct arena *arena)
{
    struct rule_faults faults = {.arena = arena, .words = words_in_english};
    uint8_t before[HASH_SIZE], after[HASH_SIZE];
    struct bytes text, again;
    struct rule_file file;

    assert_int_equal(rule_file_write(rule, arena, &text), 0);
    int code = rule_file_read(text, &faults, &file);
    if (code != 0)
        fail_msg("%.*s\n  comes to %s, %u: %s", (int) text.size, (const char *) text.data, error_name(code),
                 faults.list[0].line, faults.list[0].text);
    assert_int_equal(rule_hash(rule, arena, before), 0);
    assert_int_equal(rule_hash(file.rule, arena, after), 0);
    if (memcmp(before, after, HASH_SIZE) != 0)
        fail_msg("%.*s\n  is another rule", (int) text.size, (const char *) text.data);
    assert_int_equal(rule_file_write(file.rule, arena, &again), 0);
    assert_true(bytes_equal(text, again));
}

static void random_rules_there_and_back(void **state)
{
    const char *seed = getenv("COMITY_SEED");
    struct die die = {.state = seed == NULL ? 20261129 : strtoull(seed, NULL, 10) | 1,
                      .arena = arena_new(ARENA_LIMIT_DEFAULT)};
    unsigned sound = 0, turns = 0;
    (void) state;

    for (; sound < TURNS && turns < 100 * TURNS; turns++) {
        struct refusal refusal = {0};
        const Comity__V1__Rule *rule = random_rule(&die);
        bool is_sound = rule_check(rule, "rule", &refusal) == 0;
        if (is_sound || turns < TURNS) /* what is not sound is written as well, as long as it has the right form */
            there_and_back(rule, die.arena);
        sound += is_sound;
        arena_reset(die.arena);
    }
    print_message("%u rules, %u of them sound\n", turns, sound);
    assert_int_equal(sound, TURNS);
    arena_destroy(&die.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_rules_there_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
