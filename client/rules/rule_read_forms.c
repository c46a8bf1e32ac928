/* Tests: what they are about, in the forms of their own. docs/rules.md R-86 */
#include <string.h>
#include <strings.h>

#include "client/rules/rule_read.h"
#include "core/error.h"

#define SCOPE_OF(word) COMITY__V1__SCOPE_KIND__SCOPE_KIND_##word

/* "SITE north" */
static const struct {
    const char *word;
    Comity__V1__ScopeKind kind;
} NAMED[] = {
    {"CONSTITUENCY", SCOPE_OF(CONSTITUENCY)},
    {"SIDE", SCOPE_OF(SIDE)},
    {"SITE", SCOPE_OF(SITE)},
};

const char *named_scope_word(Comity__V1__ScopeKind kind)
{
    for (size_t i = 0; i < ARRAY_COUNT(NAMED); i++)
        if (NAMED[i].kind == kind)
            return NAMED[i].word;
    return NULL;
}

/* A fraction where there is a base, a whole number where there is none. */
static bool has_base(const struct yaml_node *map)
{
    const struct yaml_node *of = yaml_member(map, "of");

    return of != NULL && !(of->kind == YAML_TEXT && strcasecmp(of->text, "NONE") == 0);
}

static int check_value(struct rule_reading *reading, const struct rule_spot *spot, bool is_fraction,
                       bool wants_fraction)
{
    const char *shown = spot->node->kind == YAML_TEXT ? fault_shown(reading->faults, spot->node->text) : "";

    if (is_fraction == wants_fraction)
        return 0;
    if (is_fraction)
        return SPOT_FAULT(reading, spot, ERR_MALFORMED,
                          N_("`%s` of what? Add a line `of: CAST`, or of whatever else it is a part. A "
                             "number of people, as 3, stands "
                             "without `of`."),
                          shown);
    return SPOT_FAULT(reading, spot, ERR_MALFORMED,
                      N_("`%s` can be read in two ways here. Where something is measured against others "
                         "write a fraction, with 1/1 for all "
                         "of them; for a number of people leave out `of`."),
                      shown);
}

static int set_once(struct rule_reading *reading, const struct rule_spot *spot, const struct yaml_node *map)
{
    static const char *const BOUNDS[] = {"at_least", "more_than", "at_most", "less_than", "value"};

    for (size_t i = 0; i < ARRAY_COUNT(BOUNDS); i++) {
        const struct yaml_node *other = yaml_member(map, BOUNDS[i]);
        if (other != NULL && other != spot->node && other->key->line < spot->node->key->line)
            return SPOT_FAULT(reading, spot, ERR_DUPLICATE,
                              N_("There are two thresholds, `%s` and `%s`. Keep one, and make a test of its "
                                 "own of the other."),
                              BOUNDS[i], spot->key);
    }
    return 0;
}

static Comity__V1__Base *base_none(struct rule_reading *reading)
{
    Comity__V1__Base *base = message_new(reading, &comity__v1__base__descriptor);

    if (base != NULL)
        base->kind = COMITY__V1__BASE_KIND__BASE_KIND_NONE;
    return base;
}

void read_bound(struct rule_reading *reading, const struct rule_spot *spot, ProtobufCMessage *message,
                const struct yaml_node *map)
{
    uint64_t numerator = 0, denominator = 0;
    int bound = 0;

    if (strcmp(spot->key, "value") != 0)
        enum_value_find(&comity__v1__bound__descriptor, spot->key, &bound);
    if (set_once(reading, spot, map) != 0 || spot_value(reading, spot, &numerator, &denominator) != 0)
        return;
    const bool is_fraction = denominator != 0;
    const char *parent =
        arena_printf(reading->arena, "%.*s", (int) (strlen(spot->path) - strlen("bound")), spot->path);
    rule_mark(reading, arena_printf(reading->arena, "%snumerator", parent == NULL ? "" : parent), spot->node);
    rule_mark(reading, arena_printf(reading->arena, "%sdenominator", parent == NULL ? "" : parent),
              spot->node);
    if (message->descriptor == &comity__v1__test__descriptor) {
        Comity__V1__Test *test = (Comity__V1__Test *) message;
        check_value(reading, spot, is_fraction, has_base(map));
        test->bound = (Comity__V1__Bound) bound;
        test->numerator = numerator;
        test->denominator = is_fraction ? denominator : 1;
        if (yaml_member(map, "of") == NULL)
            test->against = base_none(reading);
    } else if (message->descriptor == &comity__v1__option_quorum__descriptor) {
        Comity__V1__OptionQuorum *quorum = (Comity__V1__OptionQuorum *) message;
        check_value(reading, spot, is_fraction, has_base(map));
        quorum->bound = (Comity__V1__Bound) bound;
        quorum->numerator = numerator;
        quorum->denominator = is_fraction ? denominator : 1;
        if (!has_base(map))
            quorum->of = COMITY__V1__BASE_KIND__BASE_KIND_NONE;
    } else if (message->descriptor == &comity__v1__majority__descriptor) {
        Comity__V1__Majority *majority = (Comity__V1__Majority *) message;
        if (!is_fraction)
            SPOT_FAULT(reading, spot, ERR_MALFORMED,
                       N_("A majority is a fraction: write 3/1 for three times as many, 1/1 for as many."));
        majority->bound = (Comity__V1__Bound) bound;
        majority->numerator = numerator;
        majority->denominator = denominator;
    } else {
        Comity__V1__Quantifier *quantifier = (Comity__V1__Quantifier *) message;
        quantifier->kind = is_fraction ? COMITY__V1__QUANTIFIER_KIND__QUANTIFIER_KIND_SHARE
                                       : COMITY__V1__QUANTIFIER_KIND__QUANTIFIER_KIND_COUNT;
        quantifier->bound = (Comity__V1__Bound) bound;
        quantifier->numerator = numerator;
        quantifier->denominator = denominator;
    }
}

static Comity__V1__Scope *scope_of(struct rule_reading *reading, Comity__V1__Test *test)
{
    if (test->scope == NULL)
        test->scope = message_new(reading, &comity__v1__scope__descriptor);
    return test->scope;
}

bool named_read(struct rule_reading *reading, const char *text, Comity__V1__ScopeKind *ret_kind,
                char **ret_name)
{
    const char *blank = strchr(text, ' ');

    for (size_t i = 0; blank != NULL && i < ARRAY_COUNT(NAMED); i++) {
        if (strlen(NAMED[i].word) != (size_t) (blank - text) ||
            strncasecmp(text, NAMED[i].word, strlen(NAMED[i].word)) != 0)
            continue;
        *ret_kind = NAMED[i].kind;
        *ret_name = arena_string(reading->arena, blank + strspn(blank, " "));
        return *ret_name != NULL;
    }
    return false;
}

void read_scope(struct rule_reading *reading, const struct rule_spot *spot, Comity__V1__Test *test)
{
    static const char *const WORDS[] = {
        "WHOLE", "EACH_CONSTITUENCY", "EACH_SIDE", "EACH_SITE", "CONSTITUENCY", "SIDE", "SITE"};
    Comity__V1__Scope *scope = scope_of(reading, test);
    const char *text;
    int kind = 0;

    if (scope == NULL || spot_word(reading, spot, &text) != 0)
        return;
    if (named_read(reading, text, &scope->kind, &scope->of))
        return;
    bool is_word = enum_value_find(&comity__v1__scope_kind__descriptor, text, &kind) && kind != 0;
    if (is_word && named_scope_word((Comity__V1__ScopeKind) kind) == NULL) {
        scope->kind = (Comity__V1__ScopeKind) kind;
        return;
    }
    SPOT_FAULT(reading, spot, is_word ? ERR_MISSING : ERR_ENUM,
               is_word ? N_("`%s` needs a name behind it, with a blank between them, as `SITE north`.%s")
                       : N_("`%s` is nothing that `scope` can be. %sIt can be: WHOLE, EACH_CONSTITUENCY, "
                            "EACH_SIDE, EACH_SITE, or one of "
                            "them by name, as `CONSTITUENCY labour`, `SIDE unions`, `SITE north`."),
               fault_shown(reading->faults, text),
               is_word ? "" : did_you_mean(reading, text, WORDS, ARRAY_COUNT(WORDS)));
}

void read_holds_in(struct rule_reading *reading, const struct rule_spot *spot, Comity__V1__Test *test)
{
    Comity__V1__Scope *scope = scope_of(reading, test);
    Comity__V1__Quantifier *quantifier = message_new(reading, &comity__v1__quantifier__descriptor);
    const char *path = path_of(reading, spot->path, "quantifier");

    if (scope == NULL || quantifier == NULL)
        return;
    scope->quantifier = quantifier;
    rule_mark(reading, path, spot->node);
    if (spot->node->kind == YAML_MAP) {
        read_keys(reading, spot->node, path, &quantifier->base);
        return;
    }
    if (spot->node->kind == YAML_TEXT && strcasecmp(spot->node->text, "ALL") == 0) {
        quantifier->kind = COMITY__V1__QUANTIFIER_KIND__QUANTIFIER_KIND_ALL;
        return;
    }
    SPOT_FAULT(reading, spot, ERR_MALFORMED,
               N_("`holds_in` says how many of them the test has to hold in: ALL, or a line `at_least: 2` or "
                  "`more_than: 1/2` below it, "
                  "indented."));
}

void read_office(struct rule_reading *reading, const struct rule_spot *spot, Comity__V1__Test *test)
{
    Comity__V1__Scope *scope = scope_of(reading, test);
    int value = 0;

    rule_mark(reading, path_of(reading, spot->path, "office"), spot->node);
    if (scope != NULL && spot_enum(reading, spot, &comity__v1__office__descriptor, &value) == 0)
        scope->office = (Comity__V1__Office) value;
}

/* An option by its label, or by its number where each round states its own. */
int choice_read(struct rule_reading *reading, const struct rule_spot *spot, const char *text,
                uint32_t *ret_choice)
{
    const char *labels[OPTIONS_MAX];
    uint64_t number;
    size_t count = 0;

    if (text[0] >= '0' && text[0] <= '9') {
        struct yaml_node node = *spot->node;
        node.text = text;
        struct rule_spot one = {&node, spot->key, spot->path};
        int code = spot_number(reading, &one, UINT32_MAX, &number);
        if (code == 0)
            *ret_choice = (uint32_t) number;
        return code;
    }
    for (size_t i = 0; i < reading->option_count; i++) {
        if (strcmp(reading->options[i]->label, text) == 0) {
            *ret_choice = (uint32_t) i + 1;
            return 0;
        }
        if (count < OPTIONS_MAX)
            labels[count++] = reading->options[i]->label;
    }
    return SPOT_FAULT(reading, spot, ERR_OPTION,
                      N_("`%s` is none of the rule's options. %sWrite one as it stands in `options`, or its "
                         "number where each round states "
                         "its own."),
                      fault_shown(reading->faults, text), did_you_mean(reading, text, labels, count));
}

static void read_choices(struct rule_reading *reading, const struct rule_spot *spot, uint32_t **ret_choices,
                         size_t *ret_count)
{
    const bool is_list = spot->node->kind == YAML_LIST;
    const struct yaml_node *node = is_list ? spot->node->first : spot->node;
    uint32_t *choices = list_room(reading, is_list ? spot->node->count : 1, sizeof(*choices));
    size_t count = 0;

    for (; choices != NULL && node != NULL; node = is_list ? node->next : NULL) {
        struct rule_spot one = {node, spot->key, path_at(reading, spot->path, count)};
        const char *text;
        rule_mark(reading, one.path, node);
        if (spot_word(reading, &one, &text) == 0 && choice_read(reading, &one, text, &choices[count]) == 0)
            count++;
    }
    *ret_choices = choices;
    *ret_count = count;
}

/* A block with one key, and that one of @words. NULL, with a fault, where it is anything else. */
static const struct yaml_node *only_member(struct rule_reading *reading, const struct rule_spot *spot,
                                           const char *const *words, size_t count)
{
    const struct yaml_node *member = spot->node->first;

    for (size_t i = 0; spot->node->count == 1 && i < count; i++)
        if (strcmp(member->key->text, words[i]) == 0)
            return member;
    const char *typed = member == NULL ? "" : member->key->text;
    SPOT_FAULT(reading, spot, ERR_UNKNOWN_FIELD,
               N_("Below `%s` there has to be one line, and it begins with %s%s%s. %s"), spot->key, words[0],
               count > 1 ? ", " : "", count > 1 ? words[1] : "", did_you_mean(reading, typed, words, count));
    return NULL;
}

void read_count(struct rule_reading *reading, const struct rule_spot *spot, Comity__V1__Test *test)
{
    static const char *const WORDS[] = {"options", "score_at_least"};
    static const char *const ALSO[] = {"PRESENT", "ANSWERED", "LEADING", NULL};
    Comity__V1__Count *count = message_new(reading, &comity__v1__count__descriptor);
    uint64_t score;
    int kind = 0;

    test->count = count;
    if (count == NULL)
        return;
    if (spot->node->kind == YAML_MAP) {
        const struct yaml_node *member = only_member(reading, spot, WORDS, ARRAY_COUNT(WORDS));
        if (member == NULL)
            return;
        bool is_choices = strcmp(member->key->text, WORDS[0]) == 0;
        struct rule_spot one = {member, member->key->text,
                                path_of(reading, spot->path, is_choices ? "choices" : "score")};
        rule_mark(reading, one.path, member);
        count->kind = is_choices ? COMITY__V1__COUNT_KIND__COUNT_KIND_CHOICES
                                 : COMITY__V1__COUNT_KIND__COUNT_KIND_SCORE_AT_LEAST;
        if (is_choices)
            read_choices(reading, &one, &count->choices, &count->n_choices);
        else if (spot_number(reading, &one, UINT32_MAX, &score) == 0)
            count->score = (uint32_t) score;
        return;
    }
    bool is_word = spot->node->kind == YAML_TEXT &&
                   enum_value_find(&comity__v1__count_kind__descriptor, spot->node->text, &kind);
    if (is_word && (kind == COMITY__V1__COUNT_KIND__COUNT_KIND_PRESENT ||
                    kind == COMITY__V1__COUNT_KIND__COUNT_KIND_ANSWERED ||
                    kind == COMITY__V1__COUNT_KIND__COUNT_KIND_LEADING)) {
        count->kind = (Comity__V1__CountKind) kind;
        return;
    }
    count->kind = COMITY__V1__COUNT_KIND__COUNT_KIND_STANCES;
    struct rule_spot stances = {spot->node, spot->key, path_of(reading, spot->path, "stances")};
    spot_enums(reading, &stances, &comity__v1__stance__descriptor, ALSO, &count->stances, &count->n_stances);
}

void read_of(struct rule_reading *reading, const struct rule_spot *spot, Comity__V1__Test *test)
{
    static const char *const WORDS[] = {"options"};
    static const char *const ALSO[] = {"ELIGIBLE", "PRESENT", "ANSWERED", "CAST", NULL};
    Comity__V1__Base *base = message_new(reading, &comity__v1__base__descriptor);
    int kind = 0;

    test->against = base;
    if (base == NULL)
        return;
    if (spot->node->kind == YAML_MAP) {
        const struct yaml_node *member = only_member(reading, spot, WORDS, ARRAY_COUNT(WORDS));
        if (member == NULL)
            return;
        struct rule_spot one = {member, WORDS[0], path_of(reading, spot->path, "choices")};
        base->kind = COMITY__V1__BASE_KIND__BASE_KIND_CHOICES;
        read_choices(reading, &one, &base->choices, &base->n_choices);
        return;
    }
    bool is_word = spot->node->kind == YAML_TEXT &&
                   enum_value_find(&comity__v1__base_kind__descriptor, spot->node->text, &kind);
    if (is_word && kind >= COMITY__V1__BASE_KIND__BASE_KIND_NONE &&
        kind <= COMITY__V1__BASE_KIND__BASE_KIND_CAST) {
        base->kind = (Comity__V1__BaseKind) kind;
        return;
    }
    base->kind = COMITY__V1__BASE_KIND__BASE_KIND_STANCES;
    struct rule_spot stances = {spot->node, spot->key, path_of(reading, spot->path, "stances")};
    spot_enums(reading, &stances, &comity__v1__stance__descriptor, ALSO, &base->stances, &base->n_stances);
}
