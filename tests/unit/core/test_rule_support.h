/* Rules and rolls from short texts, so that a table of cases can be read.
 *
 * A rule: tests and settings, with ; between them.
 *   test     CLASS SCOPE COUNT BOUND VALUE [of BASE] [empty]     "S each AV >= 2/3 of AVCB"
 *            CLASS Q, S, O; SCOPE whole, each; COUNT and BASE a set of stance letters or a word; empty: holds
 * when empty setting  consent, at-open, ever, present-answered
 *   @name    the shipped template of that name, to start with
 * Stances: A agree, V agree with a reservation, S stand aside, X abstain, C concern, B block.
 *
 * A roll: constituencies with | between them, a * after the name of a neutral one: "labour 3A 1C 1R | chair*
 * X". Answers by stance letter; - silent; R recused. A small letter, or _ for -, was not present. */
#ifndef COMITY_TEST_RULE_SUPPORT_H
#define COMITY_TEST_RULE_SUPPORT_H

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/rule/rule.h"

static const char STANCE_LETTERS[] = "?AVSXCB";

struct scene {
    struct arena *arena;
    Comity__V1__Rule *rule;
    struct roll_line *lines;
    size_t line_count;
    struct roll_constituency *constituencies;
    size_t constituency_count;
};

/* A broken table is a bug of the test. */
static inline void *scene_need(void *pointer, const char *what)
{
    if (!pointer) {
        fprintf(stderr, "test table: %s\n", what);
        abort();
    }
    return pointer;
}

static inline void scene_require(bool holds, const char *what)
{
    if (!holds)
        scene_need(NULL, what);
}

static inline Comity__V1__Stance stance_of_letter(char letter)
{
    const char *found = letter ? strchr(STANCE_LETTERS + 1, letter) : NULL;
    return found ? (Comity__V1__Stance) (found - STANCE_LETTERS) : COMITY__V1__STANCE__STANCE_UNSPECIFIED;
}

/* The value of an enum by the end of its name: "AT_LEAST". */
static inline int value_of(const ProtobufCEnumDescriptor *type, const char *prefix, const char *name)
{
    char whole[96];
    snprintf(whole, sizeof(whole), "%s_%s", prefix, name);
    const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value_by_name(type, whole);
    scene_require(found != NULL, whole);
    return found->value;
}

static inline size_t stances_parse(struct arena *arena, const char *letters, Comity__V1__Stance **ret_stances)
{
    size_t count = strlen(letters);
    *ret_stances = scene_need(arena_alloc(arena, (count + 1) * sizeof(**ret_stances)), "memory");
    for (size_t i = 0; i < count; i++)
        (*ret_stances)[i] = stance_of_letter(letters[i]);
    return count;
}

/* "present" -> "PRESENT" */
static inline char *upper(struct arena *arena, const char *word)
{
    char *copy = scene_need(arena_string(arena, word), "memory");
    for (char *c = copy; *c; c++)
        *c = *c == '-' ? '_' : (char) toupper((unsigned char) *c);
    return copy;
}

static inline Comity__V1__Count *count_parse(struct arena *arena, const char *word)
{
    Comity__V1__Count *count = scene_need(arena_alloc(arena, sizeof(*count)), "memory");
    comity__v1__count__init(count);
    if (islower((unsigned char) word[0])) {
        count->kind = (Comity__V1__CountKind) value_of(&comity__v1__count_kind__descriptor, "COUNT_KIND",
                                                       upper(arena, word));
        return count;
    }
    count->kind = COMITY__V1__COUNT_KIND__COUNT_KIND_STANCES;
    count->n_stances = stances_parse(arena, word, &count->stances);
    return count;
}

static inline Comity__V1__Base *base_parse(struct arena *arena, const char *word)
{
    Comity__V1__Base *base = scene_need(arena_alloc(arena, sizeof(*base)), "memory");
    comity__v1__base__init(base);
    if (islower((unsigned char) word[0])) {
        base->kind = (Comity__V1__BaseKind) value_of(&comity__v1__base_kind__descriptor, "BASE_KIND",
                                                     upper(arena, word));
        return base;
    }
    base->kind = COMITY__V1__BASE_KIND__BASE_KIND_STANCES;
    base->n_stances = stances_parse(arena, word, &base->stances);
    return base;
}

static inline Comity__V1__Bound bound_parse(const char *sign)
{
    static const struct {
        const char *sign;
        Comity__V1__Bound bound;
    } SIGNS[] = {
        {">=", COMITY__V1__BOUND__BOUND_AT_LEAST},
        {">", COMITY__V1__BOUND__BOUND_MORE_THAN},
        {"<=", COMITY__V1__BOUND__BOUND_AT_MOST},
        {"<", COMITY__V1__BOUND__BOUND_LESS_THAN},
    };
    for (size_t i = 0; i < ARRAY_COUNT(SIGNS); i++) {
        if (strcmp(SIGNS[i].sign, sign) == 0)
            return SIGNS[i].bound;
    }
    scene_require(false, sign);
    return COMITY__V1__BOUND__BOUND_UNSPECIFIED;
}

static inline Comity__V1__Test *test_parse(struct arena *arena, const char *text, size_t number)
{
    char class_[8], scope[8], count[16], sign[4], base[16] = "none", tail[8] = "";
    unsigned long long numerator = 0, denominator = 1;
    int at = 0;
    int found = sscanf(text, " %7s %7s %15s %3s %llu%n", class_, scope, count, sign, &numerator, &at);
    scene_require(found == 5, text);
    if (text[at] == '/')
        scene_require(sscanf(text + at, "/%llu", &denominator) == 1, text);
    const char *of = strstr(text + at, " of ");
    if (of)
        sscanf(of, " of %15s %7s", base, tail);

    Comity__V1__Test *test = scene_need(arena_alloc(arena, sizeof(*test)), "memory");
    comity__v1__test__init(test);
    test->name = arena_printf(arena, "t%zu", number);
    test->class_ = class_[0] == 'Q'   ? COMITY__V1__TEST_CLASS__TEST_CLASS_QUORUM
                   : class_[0] == 'O' ? COMITY__V1__TEST_CLASS__TEST_CLASS_OBJECTION
                                      : COMITY__V1__TEST_CLASS__TEST_CLASS_SUPPORT;
    test->scope = scene_need(arena_alloc(arena, sizeof(*test->scope)), "memory");
    comity__v1__scope__init(test->scope);
    test->scope->kind = strcmp(scope, "each") == 0 ? COMITY__V1__SCOPE_KIND__SCOPE_KIND_EACH_CONSTITUENCY
                                                   : COMITY__V1__SCOPE_KIND__SCOPE_KIND_WHOLE;
    test->count = count_parse(arena, count);
    test->against = base_parse(arena, base);
    test->bound = bound_parse(sign);
    test->numerator = numerator;
    test->denominator = denominator;
    test->holds_when_empty = strcmp(tail, "empty") == 0;
    return test;
}

/* A scale of the six stances, answers 1 to 6 in their order. */
static inline void scale_add(struct arena *arena, Comity__V1__Rule *rule)
{
    static const char *const LABELS[] = {"agree", "reserved", "stand-aside", "abstain", "concern", "block"};
    rule->n_scale = ARRAY_COUNT(LABELS);
    rule->scale = scene_need(arena_alloc(arena, rule->n_scale * sizeof(*rule->scale)), "memory");
    for (size_t i = 0; i < rule->n_scale; i++) {
        rule->scale[i] = scene_need(arena_alloc(arena, sizeof(**rule->scale)), "memory");
        comity__v1__scale_entry__init(rule->scale[i]);
        rule->scale[i]->answer = (uint32_t) i + 1;
        rule->scale[i]->label = arena_string(arena, LABELS[i]);
        rule->scale[i]->stance = (Comity__V1__Stance) (i + 1);
    }
}

static inline bool setting_parse(Comity__V1__Rule *rule, const char *word)
{
    if (strcmp(word, "consent") == 0)
        rule->silence = COMITY__V1__SILENCE__SILENCE_CONSENT;
    else if (strcmp(word, "at-open") == 0)
        rule->present = COMITY__V1__PRESENT__PRESENT_AT_OPEN;
    else if (strcmp(word, "ever") == 0)
        rule->present = COMITY__V1__PRESENT__PRESENT_EVER;
    else if (strcmp(word, "present-answered") == 0)
        rule->present = COMITY__V1__PRESENT__PRESENT_ANSWERED;
    else
        return false;
    return true;
}

/* A copy of a template, with room for more tests. */
static inline Comity__V1__Rule *template_copy(struct arena *arena, const char *name)
{
    const struct rule_template *template = rule_template_find(name);
    ProtobufCMessage *copy = NULL;
    scene_require(template != NULL, name);
    if (message_copy(&template->rule->base, arena, &copy))
        scene_require(false, "memory");
    Comity__V1__Rule *rule = (Comity__V1__Rule *) copy;
    Comity__V1__Test **tests = scene_need(arena_alloc(arena, 33 * sizeof(*tests)), "memory");
    if (rule->n_tests > 0)
        memcpy(tests, rule->tests, rule->n_tests * sizeof(*tests));
    rule->tests = tests;
    return rule;
}

static inline Comity__V1__Rule *rule_parse(struct arena *arena, const char *text)
{
    Comity__V1__Rule *rule = scene_need(arena_alloc(arena, sizeof(*rule)), "memory");
    comity__v1__rule__init(rule);
    rule->name = arena_string(arena, "rule-of-the-case");
    rule->form = COMITY__V1__FORM__FORM_STANCE;
    rule->roll = COMITY__V1__ROLL_KIND__ROLL_KIND_SEATS;
    rule->frozen = COMITY__V1__FROZEN__FROZEN_ROUND;
    rule->rounds = 2;
    rule->tests = scene_need(arena_alloc(arena, 33 * sizeof(*rule->tests)), "memory");
    scale_add(arena, rule);

    char *rest = NULL;
    char *copy = scene_need(arena_string(arena, text), "memory");
    for (char *part = strtok_r(copy, ";", &rest); part; part = strtok_r(NULL, ";", &rest)) {
        part += strspn(part, " ");
        if (*part == '@')
            rule = template_copy(arena, part + 1);
        else if (*part != '\0' && !setting_parse(rule, part)) {
            rule->tests[rule->n_tests] = test_parse(arena, part, rule->n_tests);
            rule->n_tests++;
        }
    }
    return rule;
}

/* The first answer of the scale that stands for a stance; 0: none. */
static inline uint32_t answer_of(const Comity__V1__Rule *rule, Comity__V1__Stance stance)
{
    for (size_t i = 0; i < rule->n_scale; i++) {
        if (rule->scale[i]->stance == stance)
            return rule->scale[i]->answer;
    }
    return 0;
}

/* One member, by its letter. */
static inline void member_add(struct scene *scene, char letter, uint32_t constituency)
{
    struct roll_line *line = &scene->lines[scene->line_count];
    char upper_letter = letter == '_' ? '-' : (char) toupper((unsigned char) letter);
    *line = (struct roll_line){
        .member = (uint32_t) scene->line_count + 1,
        .constituency = constituency,
        .is_recused = upper_letter == 'R',
        .is_present = letter == upper_letter,
        .has_answered = stance_of_letter(upper_letter) != COMITY__V1__STANCE__STANCE_UNSPECIFIED,
        .given.answer = answer_of(scene->rule, stance_of_letter(upper_letter)),
    };
    if (line->has_answered)
        line->sequence = 1000 - scene->line_count; /* so that the order of arrival is not the roll's */
    else if (upper_letter != 'R' && upper_letter != '-')
        scene_require(false, "a letter of the roll");
    scene->line_count++;
}

static inline void roll_parse(struct scene *scene, const char *text)
{
    scene->lines = scene_need(arena_alloc(scene->arena, 1000 * sizeof(*scene->lines)), "memory");
    scene->constituencies =
        scene_need(arena_alloc(scene->arena, CONSTITUENCIES_MAX * sizeof(*scene->constituencies)), "memory");
    scene->line_count = scene->constituency_count = 0;

    char *rest = NULL;
    char *copy = scene_need(arena_string(scene->arena, text), "memory");
    for (char *part = strtok_r(copy, "|", &rest); part; part = strtok_r(NULL, "|", &rest)) {
        char *inner = NULL;
        char *name = scene_need(strtok_r(part, " ", &inner), text);
        size_t last = strlen(name) - 1;
        /* Numbers that fall while names come as they come: neither order is the other. */
        uint32_t number = 900 - (uint32_t) scene->constituency_count;
        scene->constituencies[scene->constituency_count++] = (struct roll_constituency){
            .number = number, .name = name, .side = "", .is_party = name[last] != '*'};
        if (name[last] == '*')
            name[last] = '\0';
        for (char *group = strtok_r(NULL, " ", &inner); group; group = strtok_r(NULL, " ", &inner)) {
            char *letter = NULL;
            unsigned long count = strtoul(group, &letter, 10);
            for (unsigned long i = 0; i < (letter == group ? 1 : count); i++)
                member_add(scene, *letter, number);
        }
    }
}

static inline void scene_init(struct scene *scene, const char *rule, const char *roll)
{
    *scene = (struct scene){.arena = scene_need(arena_new(ARENA_LIMIT_DEFAULT), "memory")};
    scene->rule = rule_parse(scene->arena, rule);
    roll_parse(scene, roll);
}

static inline void scene_release(struct scene *scene)
{
    arena_destroy(&scene->arena);
}

static const struct round_option SCENE_OPTIONS[] = {{"left", "", false}, {"middle", "", false}, {"right", "", false}};

static inline struct rule_input scene_input(const struct scene *scene, bool rounds_remain)
{
    return (struct rule_input){
        .rule = scene->rule,
        .lines = scene->lines,
        .line_count = scene->line_count,
        .constituencies = scene->constituencies,
        .constituency_count = scene->constituency_count,
        .options = SCENE_OPTIONS,
        .option_count = ARRAY_COUNT(SCENE_OPTIONS),
        .rounds_remain = rounds_remain,
    };
}

#endif
