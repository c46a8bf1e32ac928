/* Which rules are refused, with what, and where: docs/rules.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "test_rule_assign.h"

/* The rule that bad ones differ from. Two tests, six answers; then a duty and a close. */
#define GOOD "S each AV >= 2/3 of AVCB; Q whole present >= 1/2 of eligible"
#define GOOD_TOO "duties*2 duties[0].stance=6 duties[0].kind=1 close=new"

#define EXTENDS "close.at_time=1 no_quorum=2 extend_ms=60000 "

static const struct check_row ROWS[] = {
    {"", 0, ""},
    /* */
    {"name=", ERR_NAME, "name"},
    {"name=NULL", ERR_NAME, "name"},
    {"name=Upper", ERR_NAME, "name"},
    {"name=9lives", ERR_NAME, "name"},
    {"name=a2345678901234567890123456789012345678901", ERR_NAME, "name"},
    {"name=a234567890123456789012345678901234567890", 0, ""},
    {"rounds=0", ERR_RANGE, "rounds"},
    {"rounds=1", 0, ""},
    {"rounds=100", 0, ""},
    {"rounds=101", ERR_RANGE, "rounds"},
    {"tests*33", ERR_RANGE, "tests"},
    {"scale*33", ERR_RANGE, "scale"},
    {"duties*17", ERR_RANGE, "duties"},
    {"scale[2].answer=0", ERR_RANGE, "scale[2].answer"},
    {"scale[2].answer=1000", 0, ""},
    {"scale[2].answer=1001", ERR_RANGE, "scale[2].answer"},
    {"scale[2].label=", ERR_NAME, "scale[2].label"},
    {"scale[2].label=no_good", ERR_NAME, "scale[2].label"},
    {"tests[1].name=", ERR_NAME, "tests[1].name"},
    {"tests[1].name=NULL", ERR_NAME, "tests[1].name"},
    {"tests[1].denominator=1000000000000", 0, ""},
    {"tests[1].denominator=1000000000001", ERR_RANGE, "tests[1].denominator"},
    {"tests[1].against.kind=1 tests[1].numerator=1000000000001 tests[1].denominator=1", ERR_RANGE,
     "tests[1].numerator"},
    /* what has to be said */
    {"form=0", ERR_MISSING, "form"},
    {"roll=0", ERR_MISSING, "roll"},
    {"frozen=0", ERR_MISSING, "frozen"},
    {"tests[1].class=0", ERR_MISSING, "tests[1].class"},
    {"tests[1].scope=", ERR_MISSING, "tests[1].scope"},
    {"tests[1].scope.kind=0", ERR_MISSING, "tests[1].scope.kind"},
    {"tests[1].count=", ERR_MISSING, "tests[1].count"},
    {"tests[1].count.kind=0", ERR_MISSING, "tests[1].count.kind"},
    {"tests[0].count.stances=1,0", ERR_MISSING, "tests[0].count.stances[1]"},
    {"tests[1].against=", ERR_MISSING, "tests[1].against"},
    {"tests[1].against.kind=0", ERR_MISSING, "tests[1].against.kind"},
    {"tests[1].bound=0", ERR_MISSING, "tests[1].bound"},
    {"scale*0", ERR_MISSING, "scale"},
    {"scale[2].stance=0", ERR_MISSING, "scale[2].stance"},
    {"duties*1 duties[0].stance=0", ERR_MISSING, "duties[0].stance"},
    {"duties*1 duties[0].kind=0", ERR_MISSING, "duties[0].kind"},
    {"tests[1]=", ERR_MISSING, "tests[1]"},
    {"scale[2]=", ERR_MISSING, "scale[2]"},
    {"duties[0]=", ERR_MISSING, "duties[0]"},
    /* what need not */
    {"silence=0 present=0 visibility=0 change=0 no_quorum=0 close=", 0, ""},
    {"tests[1].weighting=0 tests[0].scope.quantifier=new", 0, ""},
    {"silence=1 present=2 visibility=1 change=1 no_quorum=1 tests[1].weighting=1", 0, ""},
    {"silence=2 present=1 visibility=2 change=2 close.at_time=1 close.all_answered=1", 0, ""},
    {"present=3", 0, ""},
    {"present=4", 0, ""},
    {"duties*0", 0, ""},
    {"tests[0].scope.of=NULL", 0, ""},
    {"tests[0].scope.quantifier=new tests[0].scope.quantifier.kind=1", 0, ""},
    /* what is not built; the enums are walked below */
    {"visibility=3", ERR_UNSUPPORTED, "visibility"},
    /* */
    {"tests[1].name=t0", ERR_DUPLICATE, "tests[1].name"},
    {"scale[5].answer=1", ERR_DUPLICATE, "scale[5].answer"},
    {"scale[5].label=agree", ERR_DUPLICATE, "scale[5].label"},
    {"scale[5].stance=1", 0, ""},
    {"tests[0].count.stances=1,2,1", ERR_DUPLICATE, "tests[0].count.stances[2]"},
    {"tests[0].against.stances=2,2", ERR_DUPLICATE, "tests[0].against.stances[1]"},
    {"tests[0].count.stances=1,2,3,4,5,6,1", ERR_DUPLICATE, "tests[0].count.stances[6]"},
    {"duties*2", ERR_DUPLICATE, "duties[1]"},
    /* */
    {"tests*0", ERR_MISSING, "tests"},
    {"tests[0].class=1", ERR_MISSING, "tests"},
    {"tests[0].class=3", 0, ""},
    {"scale*1 scale[0].stance=4", ERR_RULE, "scale"},
    {"scale*1 scale[0].stance=3", ERR_RULE, "scale"},
    {"scale*1 scale[0].stance=4 silence=2", 0, ""},
    /* */
    {"tests[1].denominator=0", ERR_RULE, "tests[1].denominator"},
    {"tests[1].numerator=0 tests[1].denominator=0", ERR_RULE, "tests[1].denominator"},
    {"tests[1].numerator=3", ERR_RULE, "tests[1].numerator"},
    {"tests[1].numerator=2", 0, ""},
    {"tests[1].numerator=0", 0, ""},
    {"tests[1].against.kind=1", ERR_RULE, "tests[1].denominator"},
    {"tests[1].against.kind=1 tests[1].denominator=0", ERR_RULE, "tests[1].denominator"},
    {"tests[1].against.kind=1 tests[1].denominator=1", 0, ""},
    {"tests[1].against.kind=1 tests[1].denominator=1 tests[1].numerator=7", 0, ""},
    /* thresholds */
    {"tests[1].bound=2 tests[1].numerator=2", ERR_RULE, "tests[1].numerator"},
    {"tests[1].bound=2 tests[1].numerator=1", 0, ""},
    {"tests[1].bound=4 tests[1].numerator=0", ERR_RULE, "tests[1].numerator"},
    {"tests[1].bound=3 tests[1].numerator=0", 0, ""},
    {"tests[1].against.kind=1 tests[1].denominator=1 tests[1].bound=4 tests[1].numerator=0", ERR_RULE,
     "tests[1].numerator"},
    {"tests[1].against.kind=1 tests[1].denominator=1 tests[1].numerator=10000", 0, ""},
    {"tests[1].against.kind=1 tests[1].denominator=1 tests[1].numerator=10001", ERR_RULE,
     "tests[1].numerator"},
    {"tests[1].against.kind=1 tests[1].denominator=1 tests[1].bound=2 tests[1].numerator=9999", 0, ""},
    {"tests[1].against.kind=1 tests[1].denominator=1 tests[1].bound=2 tests[1].numerator=10000", ERR_RULE,
     "tests[1].numerator"},
    {"tests[1].against.kind=1 tests[1].denominator=1 tests[1].bound=3 tests[1].numerator=10001", 0, ""},
    /* stances that nobody can have */
    {"scale*1 scale[0].stance=5", ERR_RULE, "tests[0].count.stances"},
    {"scale*1 scale[0].stance=5 silence=2", 0, ""},
    {"scale*1 scale[0].stance=5 silence=2 tests[0].count.stances=2", ERR_RULE, "tests[0].count.stances"},
    {"scale*1 scale[0].stance=5 tests[0].bound=3", 0, ""},
    {"scale*1 scale[0].stance=5 tests[0].numerator=0", 0, ""},
    {"scale*1 tests[0].against.stances=5,6", ERR_RULE, "tests[0].against.stances"},
    {"scale*1 tests[0].against.stances=5,6 tests[0].holds_when_empty=1", 0, ""},
    {"scale*1 tests[0].against.stances=6,1", 0, ""},
    {"scale*1 scale[0].stance=5 tests[0].class=1 tests[1].class=2", ERR_RULE, "tests[0].count.stances"},
    /* */
    {"tests[1].scope.of=labour", ERR_RULE, "tests[1].scope.of"},
    {"tests[0].scope.of=labour", ERR_RULE, "tests[0].scope.of"},
    {"tests[1].scope.quantifier=new", ERR_RULE, "tests[1].scope.quantifier"},
    {"tests[0].scope.quantifier=new tests[0].scope.quantifier.numerator=2", ERR_RULE,
     "tests[0].scope.quantifier.numerator"},
    {"tests[0].scope.quantifier=new tests[0].scope.quantifier.denominator=2", ERR_RULE,
     "tests[0].scope.quantifier.denominator"},
    {"tests[1].count.stances=1", ERR_RULE, "tests[1].count.stances"},
    {"tests[1].against.stances=1", ERR_RULE, "tests[1].against.stances"},
    {"tests[0].count.stances=", ERR_RULE, "tests[0].count.stances"},
    {"tests[0].against.stances=", ERR_RULE, "tests[0].against.stances"},
    /* R-9, and case 19 of practice */
    {"close.nothing_can_change=1", ERR_RULE, "close.nothing_can_change"},
    {"change=1 close.nothing_can_change=1", ERR_RULE, "close.nothing_can_change"},
    {"change=2 visibility=2 close.nothing_can_change=1", ERR_RULE, "close.nothing_can_change"},
    {"change=2 close.nothing_can_change=1", 0, ""},
    {"change=2 visibility=1 close.nothing_can_change=1", 0, ""},
    /* whether a hidden round goes on tells nothing of the answers */
    {EXTENDS "tests[1].count.kind=1 tests[1].count.stances=1", 0, ""},
    {EXTENDS "visibility=1 tests[1].count.kind=1 tests[1].count.stances=1", 0, ""},
    {EXTENDS "visibility=2", 0, ""},
    {EXTENDS "visibility=2 tests[1].count.kind=3", 0, ""},
    {EXTENDS "visibility=2 tests[1].against.kind=3", 0, ""},
    {EXTENDS "visibility=2 tests[1].count.kind=1 tests[1].count.stances=1", ERR_RULE, "tests[1].count"},
    {EXTENDS "visibility=2 tests[1].class=2 tests[1].count.kind=1 tests[1].count.stances=1", 0, ""},
    {EXTENDS "visibility=2 tests[1].against.kind=5", ERR_RULE, "tests[1].against"},
    {EXTENDS "visibility=2 tests[1].against.kind=6 tests[1].against.stances=1", ERR_RULE, "tests[1].against"},
    {EXTENDS "visibility=2 tests[1].count.kind=3 tests[1].weighting=4 tests[1].bloc=new tests[1].bloc.tied=1 "
             "tests[1].bloc.absent=1",
     ERR_RULE, "tests[1].count"},
};

static void row_check(const struct check_row *row)
{
    struct scene scene;

    scene_init(&scene, GOOD, "labour 1A");
    assign_all(scene.arena, scene.rule, GOOD_TOO);
    scene.rule->n_duties = 1;
    assign_check(&scene, row);
    scene_release(&scene);
}

static void bad_rules_are_refused(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++)
        row_check(&ROWS[i]);
    print_message("%zu rules\n", ARRAY_COUNT(ROWS));
}

/* every value of every enum, built or not, and one that the contract does not have. */
static void every_value_is_built_or_refused(void **state)
{
    static const struct {
        const char *field;
        const ProtobufCEnumDescriptor *type;
        const char *built; /* values; 0 where it may be left out */
    } FIELDS[] = {
        {"form", &comity__v1__form__descriptor, "1234"},
        {"roll", &comity__v1__roll_kind__descriptor, "123"},
        {"frozen", &comity__v1__frozen__descriptor, "12"},
        {"silence", &comity__v1__silence__descriptor, "0123"},
        {"present", &comity__v1__present__descriptor, "01234"},
        {"visibility", &comity__v1__visibility__descriptor, "012"},
        {"change", &comity__v1__change__descriptor, "012"},
        {"no_quorum", &comity__v1__no_quorum__descriptor, "012"},
        {"tests[0].class", &comity__v1__test_class__descriptor, "123"},
        {"tests[0].scope.kind", &comity__v1__scope_kind__descriptor, "1234567"},
        {"tests[0].weighting", &comity__v1__weighting__descriptor, "01234"},
        {"tests[0].bound", &comity__v1__bound__descriptor, "1234"},
        {"tests[1].scope.quantifier.kind", &comity__v1__quantifier_kind__descriptor, "0123"},
        {"tests[1].count.kind", &comity__v1__count_kind__descriptor, "123456"},
        {"tests[1].against.kind", &comity__v1__base_kind__descriptor, "1234567"},
        {"scale[0].stance", &comity__v1__stance__descriptor, "123456"},
        {"duties[0].stance", &comity__v1__stance__descriptor, "123456"},
        {"duties[0].kind", &comity__v1__duty_kind__descriptor, "123"},
    };
    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(FIELDS); i++) {
        for (int value = -1; value < 40; value++) {
            struct scene scene;
            struct refusal refusal = {0};
            char change[FIELD_PATH_MAX], field[FIELD_PATH_MAX];
            bool is_defined = protobuf_c_enum_descriptor_get_value(FIELDS[i].type, value) != NULL;
            bool is_built = value >= 0 && value < 10 && strchr(FIELDS[i].built, '0' + value) != NULL;

            scene_init(&scene, "S whole AV >= 1; Q each present >= 1; S whole A >= 1", "labour 1A");
            assign_all(scene.arena, scene.rule, "duties*1 duties[0].stance=1 duties[0].kind=1");
            assign_all(scene.arena, scene.rule, "tests[1].scope.quantifier=new");
            snprintf(change, sizeof(change), "%s=%u", FIELDS[i].field, (unsigned) value);
            snprintf(field, sizeof(field), "r.%s", FIELDS[i].field);
            assign(scene.arena, &scene.rule->base, change);
            int code = rule_check(scene.rule, "r", &refusal);
            /* A built value may want, or not suit, what this rule says besides: that is no matter of the
             * value. */
            bool is_here = strcmp(refusal.field, field) == 0;
            bool wants_more = (code == ERR_MISSING || code == ERR_RANGE) && !is_here;
            bool as_expected =
                !is_defined ? code == ERR_ENUM && is_here
                : is_built  ? code == 0 || code == ERR_RULE || wants_more
                            : code == (value == 0 ? ERR_MISSING : ERR_UNSUPPORTED) && is_here;
            if (!as_expected)
                fail_msg("%s: %s at %s", change, code ? error_name(code) : "no refusal", refusal.field);
            scene_release(&scene);
        }
    }
}

/* 16 KiB packed, and not a byte more. */
static void large_rules_are_refused(void **state)
{
    struct scene scene;
    struct refusal refusal = {0};
    (void) state;

    scene_init(&scene, GOOD, "labour 1A");
    assert_int_equal(rule_check(scene.rule, "r", &refusal), 0);
    /* No field can grow so far by itself: names, tests, answers and duties are bounded. What could is what
     * the software does not know. */
    ProtobufCMessageUnknownField unknown = {.tag = 1000, .wire_type = PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED};
    size_t overhead = comity__v1__rule__get_packed_size(scene.rule) + 2;
    unknown.len = RULE_MAX_BYTES - overhead;
    unknown.data = scene_need(arena_alloc(scene.arena, RULE_MAX_BYTES), "memory");
    scene.rule->base.n_unknown_fields = 1;
    scene.rule->base.unknown_fields = &unknown;
    assert_int_equal(comity__v1__rule__get_packed_size(scene.rule), RULE_MAX_BYTES);
    assert_int_equal(rule_check(scene.rule, "r", &refusal), 0);
    unknown.len++;
    assert_int_equal(rule_check(scene.rule, "r", &refusal), ERR_TOO_LARGE);
    assert_string_equal(refusal.field, "r");
    assert_int_equal(rule_check(NULL, "r", &refusal), ERR_MISSING);
    assert_string_equal(refusal.field, "r");
    scene_release(&scene);
}

/* A small generator of its own: the same numbers on every machine. */
static uint64_t random_state;

static uint64_t random_next(uint64_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % below;
}

/* Something near what is allowed: mostly in range, sometimes far out. */
static void field_scramble(struct arena *arena, ProtobufCMessage *message,
                           const ProtobufCFieldDescriptor *field, unsigned depth);

static ProtobufCMessage *message_scramble(struct arena *arena, const ProtobufCMessageDescriptor *type,
                                          unsigned depth)
{
    ProtobufCMessage *message = message_new(arena, type);
    for (unsigned i = 0; i < type->n_fields; i++)
        field_scramble(arena, message, &type->fields[i], depth);
    return message;
}

static uint64_t number_scramble(void)
{
    static const uint64_t EDGES[] = {0, 1, 2, 3, 10000, 10001, 1000000000000, 1000000000001, UINT64_MAX};
    return random_next(8) ? random_next(8) : EDGES[random_next(ARRAY_COUNT(EDGES))];
}

static void field_scramble(struct arena *arena, ProtobufCMessage *message,
                           const ProtobufCFieldDescriptor *field, unsigned depth)
{
    static const char *const NAMES[] = {"", "a", "b", "c", "d", "Bad", "-"};
    const ProtobufCMessageDescriptor *type = field->descriptor;
    void *place = place_of(message, field);

    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        size_t count = random_next(4);
        *count_of(message, field) = count;
        if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
            ProtobufCMessage **list = scene_need(arena_alloc(arena, 4 * sizeof(*list)), "memory");
            for (size_t i = 0; i < count; i++)
                list[i] = message_scramble(arena, type, depth + 1);
            *(ProtobufCMessage ***) place = list;
        } else {
            uint32_t *list = scene_need(arena_alloc(arena, 4 * sizeof(*list)), "memory");
            for (size_t i = 0; i < count; i++)
                list[i] = (uint32_t) number_scramble();
            *(uint32_t **) place = list;
        }
    } else if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        *(ProtobufCMessage **) place = random_next(6) ? message_scramble(arena, type, depth + 1) : NULL;
    } else if (field->type == PROTOBUF_C_TYPE_STRING) {
        *(char **) place = arena_string(arena, NAMES[random_next(ARRAY_COUNT(NAMES))]);
    } else if (field->type == PROTOBUF_C_TYPE_BOOL) {
        *(protobuf_c_boolean *) place = random_next(4) == 0;
    } else if (field->type == PROTOBUF_C_TYPE_UINT64) {
        *(uint64_t *) place = number_scramble();
    } else {
        *(uint32_t *) place = (uint32_t) number_scramble();
    }
}

/* A message somewhere below @message. */
static ProtobufCMessage *message_below(ProtobufCMessage *message)
{
    while (random_next(4)) {
        const ProtobufCFieldDescriptor *field =
            &message->descriptor->fields[random_next(message->descriptor->n_fields)];
        if (field->type != PROTOBUF_C_TYPE_MESSAGE)
            return message;
        ProtobufCMessage *next = *(ProtobufCMessage **) place_of(message, field);
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            size_t count = *count_of(message, field);
            next = count ? (*(ProtobufCMessage ***) place_of(message, field))[random_next(count)] : NULL;
        }
        if (!next)
            return message;
        message = next;
    }
    return message;
}

/* An answer in the form that the rule asks for, of three options. */
static void line_answer(const struct scene *scene, struct roll_line *line)
{
    static const uint32_t RANKS[3] = {2, 0, 1};
    const Comity__V1__Rule *rule = scene->rule;
    const char *field;

    line->given = (struct ballot_answer){0};
    if (rule->n_scale > 0 && (rule->form == COMITY__V1__FORM__FORM_STANCE || random_next(3) == 0))
        line->given.answer = rule->scale[random_next(rule->n_scale)]->answer;
    else if (rule->form == COMITY__V1__FORM__FORM_CHOICE)
        line->given.choice = 1 + (uint32_t) random_next(3);
    else if (rule->form == COMITY__V1__FORM__FORM_RANKING)
        line->given.ranks = RANKS, line->given.rank_count = 3;
    else
        line->given.has_score = true, line->given.score = rule->scores->most;
    assert_int_equal(rule_check_answer(rule, 3, &line->given, &field), 0);
}

/* Whatever unpacks is answered, and what is taken can be counted, explained and said to be the same again. */
static void any_message_is_answered(void **state)
{
    enum { TURNS = 100000 };
    size_t taken = 0;
    struct arena *arena = scene_need(arena_new(ARENA_LIMIT_DEFAULT), "memory");
    (void) state;

    random_state = 20170907;
    for (size_t turn = 0; turn < TURNS; turn++) {
        struct refusal refusal = {0};
        struct scene scene = {.arena = arena};
        arena_reset(arena);
        if (turn % 4 == 0) {
            scene.rule = (Comity__V1__Rule *) message_scramble(arena, &comity__v1__rule__descriptor, 0);
        } else {
            scene.rule = rule_parse(arena, turn % 4 == 1   ? GOOD
                                           : turn % 4 == 2 ? "O each CB < 3; S whole A > 1/2 of cast; consent"
                                                           : "@consensus");
            for (uint64_t changes = 1 + random_next(3); changes > 0; changes--) {
                ProtobufCMessage *message = message_below(&scene.rule->base);
                const ProtobufCMessageDescriptor *type = message->descriptor;
                field_scramble(arena, message, &type->fields[random_next(type->n_fields)], 0);
            }
        }
        int code = rule_check(scene.rule, "r", &refusal);
        assert_int_equal(code, refusal.code);
        assert_true(code <= 0);
        if (code) {
            assert_true(refusal.field[0] == 'r' && (refusal.field[1] == '.' || refusal.field[1] == '\0'));
            continue;
        }
        taken++;
        roll_parse(&scene, "west 1- 1_ 1R | east 2- | north* 1-");
        for (size_t i = 0; i < scene.line_count; i++) {
            scene.lines[i].has_answered = random_next(2) == 0;
            if (scene.lines[i].has_answered)
                line_answer(&scene, &scene.lines[i]);
        }
        struct rule_input input = scene_input(&scene, random_next(2) == 0);
        Comity__V1__Outcome *outcome = NULL;
        code = rule_count(&input, arena, &outcome);
        assert_true(code == 0 || code == ERR_SCOPE);
        if (code)
            continue;
        assert_true(outcome->kind >= COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NO_QUORUM &&
                    outcome->kind <= COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REJECTED);
        for (size_t i = 0; i < outcome->n_tests; i++)
            assert_non_null(rule_explain_test(outcome->tests[i], arena));
    }
    print_message("%d messages from seed 20170907, %zu of them rules\n", TURNS, taken);
    assert_true(taken > TURNS / 20 && taken < TURNS);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_rules_are_refused),
        cmocka_unit_test(every_value_is_built_or_refused),
        cmocka_unit_test(large_rules_are_refused),
        cmocka_unit_test(any_message_is_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
