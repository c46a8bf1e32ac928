/* Rules and rolls from short texts, so that a table of cases can be read.
 *
 * A rule: tests and settings, with ; between them.
 *   test     CLASS SCOPE COUNT BOUND VALUE [of BASE] [empty] [WEIGHTING]     "S each AV >= 2/3 of AVCB"
 *            CLASS Q, S, O; COUNT and BASE a set of stance letters, a word, choices=1,2 or score=3; empty:
 * holds when empty SCOPE    KIND[!OFFICE][#QUANTIFIER]      "each-site#>1/2w", "side:workers!1" KIND whole,
 * each, each-side, each-site, constituency:NAME, side:NAME, site:NAME; OFFICE its number; QUANTIFIER
 * [>]N[/D][w]: so many, such a share, w by weight WEIGHTING weight, parity, seats=TA: what a tied and an
 * absent bloc casts: n nothing, f for, a against, x abstains setting  consent, notified, at-open, ever,
 * present-answered, choice=OPTIONS, score=LEAST-MOST, order (breaks ties), ranking, once (cast once; closes
 * when nothing can change), weights=KIND:NAME:WEIGHT,...
 *   @name    the shipped template of that name, to start with
 * Stances: A agree, V agree with a reservation, S stand aside, X abstain, C concern, B block.
 *
 * A roll: constituencies with | between them: NAME[*][(SIDE)][+VACANT], with a * after a neutral one, and its
 * members: "labour 3A 1C 1R | chair* X". [HOW MANY]ANSWER[@WEIGHT][%SITE][!OFFICE][~]: a stance's letter, =N
 * for a choice or a score, - silent, R recused; a small letter, or _ for -, was not present; ~ was notified.
 */
#ifndef COMITY_TEST_RULE_SUPPORT_H
#define COMITY_TEST_RULE_SUPPORT_H

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/rules/template.h"
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
    struct roll_site sites[8];
    size_t site_count;
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

/* "choices=1,2" */
static inline size_t numbers_parse(struct arena *arena, const char *word, uint32_t **ret_numbers)
{
    char *at = scene_need(strchr(word, '='), word);
    size_t count = 0;
    *ret_numbers = scene_need(arena_alloc(arena, 64 * sizeof(**ret_numbers)), "memory");
    do
        (*ret_numbers)[count++] = (uint32_t) strtoul(at + 1, &at, 10);
    while (*at == ',');
    return count;
}

static inline Comity__V1__Count *count_parse(struct arena *arena, const char *word)
{
    Comity__V1__Count *count = scene_need(arena_alloc(arena, sizeof(*count)), "memory");
    comity__v1__count__init(count);
    if (strncmp(word, "choices=", 8) == 0) {
        count->kind = COMITY__V1__COUNT_KIND__COUNT_KIND_CHOICES;
        count->n_choices = numbers_parse(arena, word, &count->choices);
        return count;
    }
    if (strncmp(word, "score=", 6) == 0) {
        count->kind = COMITY__V1__COUNT_KIND__COUNT_KIND_SCORE_AT_LEAST;
        count->score = (uint32_t) strtoul(word + 6, NULL, 10);
        return count;
    }
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
    if (strncmp(word, "choices=", 8) == 0) {
        base->kind = COMITY__V1__BASE_KIND__BASE_KIND_CHOICES;
        base->n_choices = numbers_parse(arena, word, &base->choices);
        return base;
    }
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

static const struct {
    const char *word;
    Comity__V1__ScopeKind kind;
} SCENE_SCOPES[] = {
    {"each-side", COMITY__V1__SCOPE_KIND__SCOPE_KIND_EACH_SIDE},
    {"each-site", COMITY__V1__SCOPE_KIND__SCOPE_KIND_EACH_SITE},
    {"each", COMITY__V1__SCOPE_KIND__SCOPE_KIND_EACH_CONSTITUENCY},
    {"constituency:", COMITY__V1__SCOPE_KIND__SCOPE_KIND_CONSTITUENCY},
    {"side:", COMITY__V1__SCOPE_KIND__SCOPE_KIND_SIDE},
    {"site:", COMITY__V1__SCOPE_KIND__SCOPE_KIND_SITE},
    {"whole", COMITY__V1__SCOPE_KIND__SCOPE_KIND_WHOLE},
};

/* ">1/2w" */
static inline Comity__V1__Quantifier *quantifier_parse(struct arena *arena, const char *text)
{
    Comity__V1__Quantifier *quantifier = scene_need(arena_alloc(arena, sizeof(*quantifier)), "memory");
    char *rest;
    comity__v1__quantifier__init(quantifier);
    quantifier->kind = COMITY__V1__QUANTIFIER_KIND__QUANTIFIER_KIND_COUNT;
    if (*text == '>')
        quantifier->bound = COMITY__V1__BOUND__BOUND_MORE_THAN;
    quantifier->numerator = strtoull(text + (*text == '>'), &rest, 10);
    if (*rest == '/') {
        quantifier->kind = COMITY__V1__QUANTIFIER_KIND__QUANTIFIER_KIND_SHARE;
        quantifier->denominator = strtoull(rest + 1, &rest, 10);
    }
    quantifier->by_weight = *rest == 'w';
    return quantifier;
}

static inline Comity__V1__Scope *scope_parse(struct arena *arena, const char *text)
{
    Comity__V1__Scope *scope = scene_need(arena_alloc(arena, sizeof(*scope)), "memory");
    size_t kind = 0;
    comity__v1__scope__init(scope);
    while (kind < ARRAY_COUNT(SCENE_SCOPES) &&
           strncmp(text, SCENE_SCOPES[kind].word, strlen(SCENE_SCOPES[kind].word)) != 0)
        kind++;
    scene_require(kind < ARRAY_COUNT(SCENE_SCOPES), text);
    scope->kind = SCENE_SCOPES[kind].kind;
    text += strlen(SCENE_SCOPES[kind].word);
    size_t name = strcspn(text, "!#");
    if (name > 0)
        scope->of = arena_printf(arena, "%.*s", (int) name, text);
    if (text[name] == '!')
        scope->office = (Comity__V1__Office) strtoul(text + name + 1, NULL, 10);
    const char *quantifier = strchr(text, '#');
    if (quantifier)
        scope->quantifier = quantifier_parse(arena, quantifier + 1);
    return scope;
}

static inline void weighting_parse(struct arena *arena, Comity__V1__Test *test, const char *text)
{
    static const char CASTS[] = "?nfax";
    const char *seats = strstr(text, "seats=");
    if (strstr(text, "weight"))
        test->weighting = COMITY__V1__WEIGHTING__WEIGHTING_WEIGHT;
    if (strstr(text, "parity"))
        test->weighting = COMITY__V1__WEIGHTING__WEIGHTING_PARITY;
    if (!seats)
        return;
    test->weighting = COMITY__V1__WEIGHTING__WEIGHTING_SEATS;
    test->bloc = scene_need(arena_alloc(arena, sizeof(*test->bloc)), "memory");
    comity__v1__bloc__init(test->bloc);
    test->bloc->tied = (Comity__V1__BlocCast) ((char *) scene_need(strchr(CASTS, seats[6]), text) - CASTS);
    test->bloc->absent = (Comity__V1__BlocCast) ((char *) scene_need(strchr(CASTS, seats[7]), text) - CASTS);
}

static inline Comity__V1__Test *test_parse(struct arena *arena, const char *text, size_t number)
{
    char class_[8], scope[64], count[32], sign[4], base[32] = "none";
    unsigned long long numerator = 0, denominator = 1;
    int at = 0;
    int found = sscanf(text, " %7s %63s %31s %3s %llu%n", class_, scope, count, sign, &numerator, &at);
    scene_require(found == 5, text);
    if (text[at] == '/')
        scene_require(sscanf(text + at, "/%llu", &denominator) == 1, text);
    const char *of = strstr(text + at, " of ");
    if (of)
        sscanf(of, " of %31s", base);

    Comity__V1__Test *test = scene_need(arena_alloc(arena, sizeof(*test)), "memory");
    comity__v1__test__init(test);
    test->name = arena_printf(arena, "t%zu", number);
    test->class_ = class_[0] == 'Q'   ? COMITY__V1__TEST_CLASS__TEST_CLASS_QUORUM
                   : class_[0] == 'O' ? COMITY__V1__TEST_CLASS__TEST_CLASS_OBJECTION
                                      : COMITY__V1__TEST_CLASS__TEST_CLASS_SUPPORT;
    test->scope = scope_parse(arena, scope);
    test->count = count_parse(arena, count);
    test->against = base_parse(arena, base);
    test->bound = bound_parse(sign);
    test->numerator = numerator;
    test->denominator = denominator;
    test->holds_when_empty = strstr(text + at, " empty") != NULL;
    weighting_parse(arena, test, text + at);
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

/* Another form: the scale keeps its abstention. */
static inline void form_set(struct arena *arena, Comity__V1__Rule *rule, Comity__V1__Form form,
                            size_t options)
{
    rule->form = form;
    rule->scale[0] = rule->scale[COMITY__V1__STANCE__STANCE_ABSTAIN - 1];
    rule->n_scale = 1;
    rule->options = scene_need(arena_alloc(arena, (options + 1) * sizeof(*rule->options)), "memory");
    for (size_t i = 0; i < options; i++) {
        rule->options[i] = scene_need(arena_alloc(arena, sizeof(**rule->options)), "memory");
        comity__v1__option__init(rule->options[i]);
        rule->options[i]->number = (uint32_t) i + 1;
        rule->options[i]->label = arena_printf(arena, "option-%zu", i + 1);
    }
    rule->n_options = options;
}

/* "weights=site:north:3,side:workers:2" */
static inline void weights_parse(struct arena *arena, Comity__V1__Rule *rule, const char *text)
{
    char kind[16], name[41];
    unsigned long long weight;
    int length = 0;

    rule->weights = scene_need(arena_alloc(arena, 16 * sizeof(*rule->weights)), "memory");
    while (sscanf(text, "%15[a-z]:%40[^:]:%llu%n", kind, name, &weight, &length) == 3) {
        Comity__V1__SubjectWeight *one = scene_need(arena_alloc(arena, sizeof(*one)), "memory");
        comity__v1__subject_weight__init(one);
        one->kind = (Comity__V1__ScopeKind) value_of(&comity__v1__scope_kind__descriptor, "SCOPE_KIND",
                                                     upper(arena, kind));
        one->name = arena_string(arena, name);
        one->weight = weight;
        rule->weights[rule->n_weights++] = one;
        text += length + (text[length] == ',');
    }
}

static inline void once_set(struct arena *arena, Comity__V1__Rule *rule)
{
    rule->change = COMITY__V1__CHANGE__CHANGE_ONCE;
    rule->close = scene_need(arena_alloc(arena, sizeof(*rule->close)), "memory");
    comity__v1__close__init(rule->close);
    rule->close->nothing_can_change = true;
}

static inline void order_set(struct arena *arena, Comity__V1__Rule *rule)
{
    rule->ties = scene_need(arena_alloc(arena, sizeof(*rule->ties)), "memory");
    rule->ties[rule->n_ties++] = COMITY__V1__TIE_BREAK__TIE_BREAK_STATED_ORDER;
}

static inline void ranking_set(struct arena *arena, Comity__V1__Rule *rule)
{
    form_set(arena, rule, COMITY__V1__FORM__FORM_RANKING, 0);
    rule->ranking = scene_need(arena_alloc(arena, sizeof(*rule->ranking)), "memory");
    comity__v1__ranking__init(rule->ranking);
    rule->ranking->method = COMITY__V1__RANKING_METHOD__RANKING_METHOD_SCHULZE;
}

static inline void scores_set(struct arena *arena, Comity__V1__Rule *rule, const char *text)
{
    form_set(arena, rule, COMITY__V1__FORM__FORM_SCORE, 0);
    rule->scores = scene_need(arena_alloc(arena, sizeof(*rule->scores)), "memory");
    comity__v1__scores__init(rule->scores);
    scene_require(sscanf(text, "%" SCNu32 "-%" SCNu32, &rule->scores->least, &rule->scores->most) == 2, text);
}

static inline bool setting_parse(struct arena *arena, Comity__V1__Rule *rule, const char *word)
{
    if (strcmp(word, "consent") == 0)
        rule->silence = COMITY__V1__SILENCE__SILENCE_CONSENT;
    else if (strcmp(word, "notified") == 0)
        rule->silence = COMITY__V1__SILENCE__SILENCE_CONSENT_IF_NOTIFIED;
    else if (strcmp(word, "at-open") == 0)
        rule->present = COMITY__V1__PRESENT__PRESENT_AT_OPEN;
    else if (strcmp(word, "ever") == 0)
        rule->present = COMITY__V1__PRESENT__PRESENT_EVER;
    else if (strcmp(word, "present-answered") == 0)
        rule->present = COMITY__V1__PRESENT__PRESENT_ANSWERED;
    else if (strncmp(word, "choice=", 7) == 0)
        form_set(arena, rule, COMITY__V1__FORM__FORM_CHOICE, strtoul(word + 7, NULL, 10));
    else if (strncmp(word, "score=", 6) == 0)
        scores_set(arena, rule, word + 6);
    else if (strcmp(word, "ranking") == 0)
        ranking_set(arena, rule);
    else if (strcmp(word, "order") == 0)
        order_set(arena, rule);
    else if (strcmp(word, "once") == 0)
        once_set(arena, rule);
    else if (strncmp(word, "weights=", 8) == 0)
        weights_parse(arena, rule, word + 8);
    else
        return false;
    return true;
}

/* A copy of a template, with room for more tests. */
static inline Comity__V1__Rule *template_copy(struct arena *arena, const char *name)
{
    const struct rule_template *template = rule_template_find(name);
    scene_require(template != NULL, name);
    Comity__V1__Rule *rule = scene_need(rule_template_rule(template, arena), name);
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
        else if (*part != '\0' && !setting_parse(arena, rule, part)) {
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

/* The number of a site, which is made when it is first named. */
static inline uint32_t site_of(struct scene *scene, const char *name, size_t length)
{
    for (size_t i = 0; i < scene->site_count; i++) {
        if (strlen(scene->sites[i].name) == length && strncmp(scene->sites[i].name, name, length) == 0)
            return scene->sites[i].number;
    }
    scene_require(scene->site_count < ARRAY_COUNT(scene->sites), name);
    scene->sites[scene->site_count] =
        (struct roll_site){.number = 90 - (uint32_t) scene->site_count,
                           .name = arena_printf(scene->arena, "%.*s", (int) length, name)};
    return scene->sites[scene->site_count++].number;
}

/* What stands behind the answer: "@WEIGHT%SITE!OFFICE~" */
static inline void line_parse(struct scene *scene, struct roll_line *line, const char *text)
{
    while (*text) {
        char *rest = NULL;
        char sign = *text++;
        if (sign == '@')
            line->weight = strtoull(text, &rest, 10);
        else if (sign == '!')
            line->offices |= 1U << strtoul(text, &rest, 10);
        else if (sign == '%')
            line->site = site_of(scene, text, strcspn(text, "@!~"));
        else
            scene_require(sign == '~', text);
        line->is_notified = line->is_notified || sign == '~';
        text = rest ? rest : sign == '%' ? text + strcspn(text, "@!~") : text;
    }
}

/* "=3": a choice or a score. */
static inline const char *value_parse(const struct scene *scene, struct roll_line *line, const char *text)
{
    char *rest;
    uint32_t value = (uint32_t) strtoul(text + 1, &rest, 10);
    line->has_answered = true;
    line->is_present = true;
    if (scene->rule->form == COMITY__V1__FORM__FORM_CHOICE) {
        line->given.choice = value;
    } else {
        line->given.has_score = true;
        line->given.score = value;
    }
    return rest;
}

/* One member, by its text. */
static inline void member_add(struct scene *scene, const char *text, uint32_t constituency)
{
    struct roll_line *line = &scene->lines[scene->line_count];
    char letter = *text == '_' ? '-' : (char) toupper((unsigned char) *text);
    *line = (struct roll_line){
        .member = (uint32_t) scene->line_count + 1,
        .constituency = constituency,
        .is_recused = letter == 'R',
        .is_present = letter == *text,
        .has_answered = stance_of_letter(letter) != COMITY__V1__STANCE__STANCE_UNSPECIFIED,
        .given.answer = answer_of(scene->rule, stance_of_letter(letter)),
    };
    text = *text == '=' ? value_parse(scene, line, text) : text + 1;
    line_parse(scene, line, text);
    if (line->has_answered)
        line->sequence = 1000 - scene->line_count; /* so that the order of arrival is not the roll's */
    else if (letter != 'R' && letter != '-')
        scene_require(false, "a letter of the roll");
    scene->line_count++;
}

/* "labour*(workers)+2" */
static inline void constituency_add(struct scene *scene, char *text)
{
    /* Numbers that fall while names come as they come: neither order is the other. */
    struct roll_constituency *added = &scene->constituencies[scene->constituency_count];
    size_t length = strcspn(text, "*(+");
    char *side = strchr(text, '('), *vacant = strchr(text, '+');

    *added = (struct roll_constituency){.number = 900 - (uint32_t) scene->constituency_count++,
                                        .side = side ? side + 1 : "",
                                        .is_party = text[length] != '*',
                                        .vacant = vacant ? (uint32_t) strtoul(vacant + 1, NULL, 10) : 0};
    if (side)
        side[strcspn(side, ")")] = '\0';
    text[length] = '\0';
    added->name = text;
}

static inline void roll_parse(struct scene *scene, const char *text)
{
    scene->lines = scene_need(arena_alloc(scene->arena, 1000 * sizeof(*scene->lines)), "memory");
    scene->constituencies =
        scene_need(arena_alloc(scene->arena, CONSTITUENCIES_MAX * sizeof(*scene->constituencies)), "memory");
    scene->line_count = scene->constituency_count = scene->site_count = 0;

    char *rest = NULL;
    char *copy = scene_need(arena_string(scene->arena, text), "memory");
    for (char *part = strtok_r(copy, "|", &rest); part; part = strtok_r(NULL, "|", &rest)) {
        char *inner = NULL;
        char *name = scene_need(strtok_r(part, " ", &inner), text);
        constituency_add(scene, name);
        uint32_t number = scene->constituencies[scene->constituency_count - 1].number;
        for (char *group = strtok_r(NULL, " ", &inner); group; group = strtok_r(NULL, " ", &inner)) {
            char *letter = NULL;
            unsigned long count = strtoul(group, &letter, 10);
            for (unsigned long i = 0; i < (letter == group ? 1 : count); i++)
                member_add(scene, letter, number);
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

static const struct round_option SCENE_OPTIONS[] = {
    {"option-1", "", false}, {"option-2", "", false}, {"option-3", "", false}};

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
        .sites = scene->sites,
        .site_count = scene->site_count,
        .rounds_remain = rounds_remain,
    };
}

#endif
