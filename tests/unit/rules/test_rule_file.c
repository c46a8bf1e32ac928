/* Rules from files, and what is wrong with them: docs/rules.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "client/rules/rule_file.h"
#include "client/rules/rule_key.h"
#include "core/error.h"

/* A rule to begin with. What a row says stands in place of one of its lines. */
#define HEAD                                                                                                 \
    "name: r\nform: STANCE\nscale:\n  - 1 yes: AGREE\n  - 2 no: CONCERN\nroll: SEATS\nfrozen: "              \
    "ROUND\nrounds: 3\n"
#define TESTS                                                                                                \
    "tests:\n  - name: a\n    class: SUPPORT\n    scope: WHOLE\n    count: [AGREE, RESERVED]\n    "          \
    "more_than: 1/2\n    of: CAST\n"

static const struct {
    const char *text;
    int code;
    unsigned line, column;
    const char *part; /* of the sentence */
} BAD[] = {
    /* YAML */
    {"", ERR_MALFORMED, 1, 1, "nothing in this file"},
    {"# a comment\n", ERR_MALFORMED, 1, 1, "nothing in this file"},
    {"a: [b\n", ERR_MALFORMED, 2, 1, "never closed"},
    {"a: \"b\n", ERR_MALFORMED, 1, 5, "quotation mark"},
    {"a: \"b\nc: d\n", ERR_MALFORMED, 1, 4, "quotation mark"},
    {"a:\n  - b: [c\n    d: 0\n  - b: e\n", ERR_MALFORMED, 4, 6, "Put `]` behind"},
    {"[partnership]\nname = lakeside\n", ERR_MALFORMED, 2, 1, "begins with keys"},
    {"a: b\nc d\n", ERR_MALFORMED, 2, 1, "no colon with a blank"},
    {"a:\n  - b: c\n d: e\n", ERR_MALFORMED, 3, 2, "same column"},
    {"\ta: b\n", ERR_MALFORMED, 1, 1, "tab"},
    {"a: b: c\n", ERR_MALFORMED, 1, 5, "two colons"},
    {"a: 1\n b: 2\n", ERR_MALFORMED, 2, 2, "indented"},
    {"name: r\na: 1\n\n\tb: 2\nc: 3\n", ERR_MALFORMED, 4, 2, "indented"},
    {"a: &x 1\n", ERR_UNSUPPORTED, 1, 7, "repeat"},
    {"a: 1\nb: *x\n", ERR_UNSUPPORTED, 2, 5, "repeat"},
    {"a: !!str 1\n", ERR_UNSUPPORTED, 1, 10, "type"},
    {"<<: {a: b}\n", ERR_UNSUPPORTED, 1, 1, "Write the keys out"},
    {"%YAML 1.1\n---\na: 1\n", ERR_UNSUPPORTED, 2, 1, "Leave it out"},
    {"name: r\n---\nname: s\n", ERR_UNSUPPORTED, 2, 1, "second document"},
    {"? [a]\n: b\n", ERR_UNSUPPORTED, 1, 3, "A key has to be a word"},
    {"name: r\nname: s\n", ERR_DUPLICATE, 2, 1, "the first is in line 1"},
    {"[[[[[[[[[[[[[[[[[", ERR_TOO_LARGE, 1, 17, "16 deep"},
    {"name: \"\\0\"\n", ERR_UTF8, 1, 8, "not allowed"},
    {"name: \xff\n", ERR_UTF8, 0, 0, "UTF-8"},
    {"- a\n- b\n", ERR_MALFORMED, 1, 1, "begins with keys"},
    {"just words\n", ERR_MALFORMED, 1, 1, "begins with keys"},
    /* Keys and words */
    {HEAD "tets:\n  - 1\n" TESTS, ERR_UNKNOWN_FIELD, 9, 1, "Did you mean `tests`?"},
    {HEAD "zzz: 1\n" TESTS, ERR_UNKNOWN_FIELD, 9, 1, "There is no key `zzz` here. There are: name,"},
    {HEAD "silence:\n" TESTS, ERR_MISSING, 9, 1, "nothing behind `silence`"},
    {"form: STANZA\n", ERR_ENUM, 1, 7, "Did you mean `STANCE`?"},
    {"form: [STANCE]\n", ERR_MALFORMED, 1, 7, "one word"},
    {"form: UNSPECIFIED\n", ERR_ENUM, 1, 7, "It can be: STANCE, CHOICE, RANKING, SCORE."},
    /* Numbers */
    {"rounds: 010\n", ERR_MALFORMED, 1, 9, "begins with a 0"},
    {"rounds: 0x10\n", ERR_MALFORMED, 1, 9, "whole number"},
    {"rounds: 1_0\n", ERR_MALFORMED, 1, 9, "whole number"},
    {"rounds: 1e3\n", ERR_MALFORMED, 1, 9, "whole number"},
    {"rounds: -1\n", ERR_MALFORMED, 1, 9, "whole number"},
    {"rounds: +1\n", ERR_MALFORMED, 1, 9, "whole number"},
    {"rounds: 1.5\n", ERR_MALFORMED, 1, 9, "write 2/3, not 0.66"},
    {"rounds: 1,000\n", ERR_MALFORMED, 1, 9, "1000, not 1,000"},
    {"rounds: 4294967296\n", ERR_RANGE, 1, 9, "at most 4294967295"},
    {"rounds: 99999999999999999999999\n", ERR_RANGE, 1, 9, "too large"},
    {"rounds: 2026-11-29\n", ERR_MALFORMED, 1, 9, "whole number"},
    /* Thresholds */
    {"tests:\n  - at_least: 0.66\n    of: CAST\n", ERR_MALFORMED, 2, 15, "write 2/3, not 0.66"},
    {"tests:\n  - at_least: 66%\n    of: CAST\n", ERR_MALFORMED, 2, 15, "60/100"},
    {"tests:\n  - at_least: 2/3\n", ERR_MALFORMED, 2, 15, "`2/3` of what?"},
    {"tests:\n  - at_least: 1\n    of: CAST\n", ERR_MALFORMED, 2, 15, "1/1 for all of them"},
    {"tests:\n  - at_least: 2/0\n    of: CAST\n", ERR_RULE, 2, 15, "divides by 0"},
    {"tests:\n  - at_least: 2/03\n    of: CAST\n", ERR_MALFORMED, 2, 15, "no fraction"},
    {"tests:\n  - at_least: 2 / 3\n    of: CAST\n", ERR_MALFORMED, 2, 15, "no fraction"},
    {"tests:\n  - at_least: /3\n    of: CAST\n", ERR_MALFORMED, 2, 15, "no fraction"},
    {"tests:\n  - at_least: 1/2\n    at_most: 1/3\n    of: CAST\n", ERR_DUPLICATE, 3, 14, "two thresholds"},
    {"tests:\n  - at_least: 2/3 of everyone\n    of: CAST\n", ERR_MALFORMED, 2, 15, "of: ELIGIBLE"},
    {"tests:\n  - at_least: two thirds\n    of: CAST\n", ERR_MALFORMED, 2, 15, "in digits, as 2/3"},
    {"tests:\n  - of: TOTAL\n", ERR_ENUM, 2, 9, "`TOTAL`"},
    {"tests:\n  - of: everyone\n", ERR_ENUM, 2, 9, "ELIGIBLE, PRESENT, ANSWERED, CAST, AGREE"},
    {"tests:\n  - of: eligable\n", ERR_ENUM, 2, 9, "Did you mean `ELIGIBLE`?"},
    {"tests:\n  - count: LEADNG\n", ERR_ENUM, 2, 12, "Did you mean `LEADING`?"},
    {"stages:\n  - map:\n      - OTHERS: TABLED\n", ERR_ENUM, 3, 9, "ELSE, NO_QUORUM"},
    {"weights:\n  - SITE a: 1000000000001\n", ERR_RANGE, 2, 13, "at most 1000000000000"},
    {"tests:\n  - of: {options: [a]}\n", ERR_OPTION, 2, 20, "none of the rule's options"},
    {"options: [bach, chopin]\ntests:\n  - count: {options: [bech]}\n", ERR_OPTION, 3, 23,
     "Did you mean `bach`?"},
    {"options: [\"b\\ech\", chopin]\ntests:\n  - count: {options: [bach]}\n", ERR_OPTION, 3, 23,
     "Did you mean `b\\x1bch`?"},
    {"tests:\n  - count: {optins: [a]}\n", ERR_UNKNOWN_FIELD, 2, 12, "Did you mean `options`?"},
    {"tests:\n  - count: [AGREE, no]\n", ERR_ENUM, 2, 20, "`no`"},
    {"tests:\n  - count: {score_at_least: 7.5}\n", ERR_MALFORMED, 2, 29, "decimal"},
    {"tests:\n  - scope: SITE\n", ERR_MISSING, 2, 12, "needs a name behind it"},
    {"tests:\n  - scope: EACH_PLANT\n", ERR_ENUM, 2, 12, "EACH_SITE"},
    {"tests:\n  - holds_in: MOST\n", ERR_MALFORMED, 2, 15, "more_than: 1/2"},
    {"tests:\n  - holds_in:\n      at_most: 1/2\n", ERR_UNKNOWN_FIELD, 3, 7,
     "There are: at_least, more_than"},
    {"tests:\n  - holds_when_empty: maybe\n", ERR_MALFORMED, 2, 23, "neither yes nor no"},
    {"tests: quorum\n", ERR_MALFORMED, 1, 8, "`tests` is a list"},
    {"tests:\n  - quorum\n", ERR_MALFORMED, 2, 5, "block of keys"},
    /* Lines of their own */
    {"scale:\n  yes: AGREE\n", ERR_MALFORMED, 2, 3, "`scale` is a list"},
    {"scale:\n  - yes: AGREE\n", ERR_MALFORMED, 2, 5, "`1 yes: AGREE`"},
    {"scale:\n  - 01 yes: AGREE\n", ERR_MALFORMED, 2, 5, "`1 yes: AGREE`"},
    {"scale:\n  - 1 yes: FOR\n", ERR_ENUM, 2, 12, "It can be: AGREE,"},
    {"scale:\n  - {1 yes: AGREE, 2 no: CONCERN}\n", ERR_MALFORMED, 2, 5, "one colon"},
    {"duties:\n  - BLOCK: REASONS\n", ERR_ENUM, 2, 12, "Did you mean `REASON`?"},
    {"duties:\n  - option bach: REASON\n", ERR_OPTION, 2, 5, "none of the rule's options"},
    {"weights:\n  - north: 12\n", ERR_MALFORMED, 2, 5, "`SITE north: 120`"},
    {"stages:\n  - map:\n      - ADOPTED: PASSED\n", ERR_ENUM, 3, 18, "ADOPTED"},
    {"stages:\n  - within: 14 days\n", ERR_MALFORMED, 2, 13, "14d for days"},
    {"stages:\n  - within: 0d\n", ERR_MALFORMED, 2, 13, "length of time"},
    {"stages:\n  - within: 1.5h\n", ERR_MALFORMED, 2, 13, "length of time"},
    {"stages:\n  - within: 9999999999999999d\n", ERR_RANGE, 2, 13, "too long"},
    {"close: [WHEN_DONE]\n", ERR_ENUM, 1, 9, "ALL_ANSWERED"},
    {"close: [AT_TIME, AT_TIME]\n", ERR_DUPLICATE, 1, 18, "twice"},
    {"scores: 0-10\n", ERR_MALFORMED, 1, 9, "0 to 10"},
    {"scores: 0 to 10.5\n", ERR_MALFORMED, 1, 9, "0 to 10"},
    {"ranking:\n  majorities:\n    - more_than: 3\n", ERR_MALFORMED, 3, 18, "3/1"},
    {"ranking: SCHULZE\n", ERR_MALFORMED, 1, 10, "block of keys"},
    /* What rule_check refuses, in its place */
    {TESTS, ERR_NAME, 1, 1, "a-z"},
    {"name: Two Thirds\n" TESTS, ERR_NAME, 1, 7, "`two-thirds`"},
    {"name: r\n" TESTS, ERR_MISSING, 1, 1, "`form: STANCE`"},
    {HEAD, ERR_MISSING, 1, 1, "whatever is put would be adopted"},
    {HEAD "tests:\n  - name: a\n", ERR_MISSING, 10, 5, "`class` is missing"},
    {HEAD "tests:\n  - name: a\n    class: SUPPORT\n", ERR_MISSING, 10, 5, "`scope` is missing"},
    {HEAD "tests:\n  - name: a\n    class: SUPPORT\n    scope: WHOLE\n    count: ANSWERED\n", ERR_MISSING, 10,
     5, "no threshold"},
    {HEAD TESTS "  - name: b\n    class: SUPPORT\n    scope: WHOLE\n    count: [AGREE]\n    at_least: 3/2\n  "
                "  of: CAST\n",
     ERR_RULE, 20, 15, "can never be met"},
    {HEAD TESTS "  - name: a\n    class: SUPPORT\n", ERR_DUPLICATE, 16, 11, "Two tests have this name"},
    {HEAD TESTS "  - name: b\n    class: SUPPORT\n    scope: WHOLE\n    count: [BLOCK]\n    at_least: 1/2\n  "
                "  of: CAST\n",
     ERR_RULE, 19, 12, "No answer of the scale"},
    {HEAD TESTS "close: [NOTHING_CAN_CHANGE]\n", ERR_RULE, 16, 9, "nothing can change"},
    {HEAD TESTS "list: pool\n", ERR_RULE, 16, 7, "`roll: LIST`"},
    {HEAD TESTS "scores: 0 to 5\n", ERR_RULE, 16, 9, "`form: SCORE`"},
    {HEAD TESTS "ties: [STATED_ORDER]\n", ERR_RULE, 16, 7, "Leave `ties` out"},
    {HEAD TESTS "no_quorum: EXTEND\nextend: 3d\n", ERR_RULE, 16, 12, "AT_TIME"},
    {HEAD TESTS "no_quorum: EXTEND\nclose: [AT_TIME]\n", ERR_MISSING, 1, 1, "`extend: 72h`"},
    {HEAD TESTS "  - name: b\n    class: QUORUM\n    scope: WHOLE\n    count: [AGREE]\n    at_least: 1\n"
                "visibility: UNTIL_CLOSE\nno_quorum: EXTEND\nextend: 3d\nclose: [AT_TIME]\n",
     ERR_RULE, 19, 12, "how anybody answered"},
    {HEAD TESTS "    weighting: SEATS\n", ERR_MISSING, 10, 5, "`bloc`"},
    {HEAD TESTS "    weighting: SEATS\n    bloc:\n      absent: NOTHING\n", ERR_MISSING, 18, 7, "`tied: ABSTAIN`"},
    {HEAD TESTS "stages:\n  - name: a\n    kind: STATUS_QUO\n    on: [NOT_YET]\n", ERR_RULE, 19, 10, "NOT_YET leads to"},
    {HEAD TESTS "    holds_in: ALL\n", ERR_RULE, 16, 15, "EACH_CONSTITUENCY"},
    {HEAD TESTS "stages:\n  - name: a\n    kind: CONFER\n    on: [REJECTED]\n    count: 1\n", ERR_MISSING, 17,
     5, "`within: 14d`"},
    {HEAD TESTS "stages:\n  - name: a\n    kind: STATUS_QUO\n    on: [BLOCKED]\n", ERR_RULE, 19, 9,
     "never reached"},
    {HEAD TESTS "stages:\n  - name: a\n    kind: STATUS_QUO\n    on: [REJECTED]\n    within: 3d\n", ERR_RULE,
     20, 13, "`within` goes with"},
    {HEAD "visibility: SECRET\n" TESTS, ERR_UNSUPPORTED, 9, 13, "UNTIL_CLOSE"},
    {"name: r\nform: STANCE\nscale:\n  - 1 a: ABSTAIN\nroll: SEATS\nfrozen: ROUND\nrounds: 3\n" TESTS,
     ERR_RULE, 4, 3, "takes a side"},
    {"name: r\nform: STANCE\nscale:\n  - 1 yes: AGREE\nroll: SEATS\nfrozen: ROUND\n" TESTS, ERR_RANGE, 1, 1,
     "`rounds: 10`"},
    {"name: r\nform: STANCE\nscale:\n  - 1 yes: AGREE\nroll: SEATS\nfrozen: ROUND\nrounds: 101\n" TESTS,
     ERR_RANGE, 7, 9, "1 to 100"},
};

static void wrong_files_say_where_and_why(void **state)
{
    unsigned failed = 0;
    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(BAD); i++) {
        struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
        struct rule_faults faults = {.arena = arena, .words = words_in_english};
        struct rule_file file;
        int code = rule_file_read(BYTES(BAD[i].text, strlen(BAD[i].text)), &faults, &file);
        if (code == 0)
            code = rule_file_check(&file, &faults);
        const struct rule_fault *fault = &faults.list[0];
        if (code != BAD[i].code || faults.count == 0 || fault->code != code || fault->line != BAD[i].line ||
            fault->column != BAD[i].column || strstr(fault->text, BAD[i].part) == NULL)
            failed++, print_error("%s\n  comes to %s, %zu faults, the first %u:%u: %s\n", BAD[i].text,
                                  error_name(code), faults.count, fault->line, fault->column,
                                  faults.count == 0 ? "" : fault->text);
        arena_destroy(&arena);
    }
    assert_int_equal(failed, 0);
}

/* All that is wrong is said at once, by line, and no more than there is room for. */
static void several_faults_are_said_at_once(void **state)
{
    static const char TEXT[] = "tests: x\nrounds: 1.5\nforms: STANCE\nsilence: LOUD\nname: r\n";
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    struct rule_faults faults = {.arena = arena, .words = words_in_english};
    struct rule_file file;
    char many[1024] = "";
    (void) state;

    assert_int_equal(rule_file_read(BYTES(TEXT, sizeof(TEXT) - 1), &faults, &file), ERR_MALFORMED);
    assert_int_equal(faults.count, 4);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(faults.list[i].line, i + 1);
    for (unsigned i = 0; i < 40; i++)
        snprintf(many + strlen(many), sizeof(many) - strlen(many), "key%u: 1\n", i);
    faults.count = 0;
    assert_int_equal(rule_file_read(BYTES(many, strlen(many)), &faults, &file), ERR_UNKNOWN_FIELD);
    assert_int_equal(faults.count, RULE_FAULTS_MAX);
    arena_destroy(&arena);
}

static void large_files_are_refused(void **state)
{
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    struct rule_faults faults = {.arena = arena, .words = words_in_english};
    struct rule_file file;
    char *text = arena_alloc(arena, YAML_MAX_BYTES + 2);
    (void) state;

    memset(text, '#', YAML_MAX_BYTES + 1);
    memcpy(text, "name: r\n", 8);
    assert_int_equal(rule_file_read(BYTES(text, YAML_MAX_BYTES + 1), &faults, &file), ERR_TOO_LARGE);
    assert_int_equal(faults.count, 1);
    faults.count = 0;
    assert_int_equal(rule_file_read(BYTES(text, YAML_MAX_BYTES), &faults, &file), 0);
    assert_string_equal(file.rule->name, "r");
    arena_destroy(&arena);
}

/* What looks like something else to other programs is what it says: no, on, octal numbers, dates. */
static void words_are_words(void **state)
{
    static const char TEXT[] = "name: no\n"
                               "form: stance\n"
                               "no_quorum: end\n"
                               "change: until-close\n"
                               "scale: [1 yes: agree, 2 no: concern, 3 null: abstain, 4 true: block]\n"
                               "stages:\n"
                               "  - name: on\n"
                               "    on: rejected\n"
                               "    by_other: TRUE\n"
                               "    each_party: No\n"
                               "    within: 90m\n";
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    struct rule_faults faults = {.arena = arena, .words = words_in_english};
    struct rule_file file;
    (void) state;

    int code = rule_file_read(BYTES(TEXT, sizeof(TEXT) - 1), &faults, &file);
    if (code != 0)
        fail_msg("%u: %s", faults.list[0].line, faults.list[0].text);
    assert_string_equal(file.rule->name, "no");
    assert_int_equal(file.rule->form, COMITY__V1__FORM__FORM_STANCE);
    assert_int_equal(file.rule->change, COMITY__V1__CHANGE__CHANGE_UNTIL_CLOSE);
    assert_int_equal(file.rule->n_scale, 4);
    assert_string_equal(file.rule->scale[1]->label, "no");
    assert_string_equal(file.rule->scale[2]->label, "null");
    assert_string_equal(file.rule->scale[3]->label, "true");
    assert_string_equal(file.rule->stages[0]->name, "on");
    assert_int_equal(file.rule->stages[0]->n_on, 1);
    assert_true(file.rule->stages[0]->by_other);
    assert_false(file.rule->stages[0]->each_party);
    assert_int_equal(file.rule->stages[0]->within_ms, 90 * 60000);
    arena_destroy(&arena);
}

/* No field of the contract is without a key: those of Scope, Count, Base, and of lists of lines have forms of
 * their own. */
static void every_field_has_a_key(void **state)
{
    static const ProtobufCMessageDescriptor *const TYPES[] = {
        &comity__v1__rule__descriptor,     &comity__v1__stage_rule__descriptor,
        &comity__v1__test__descriptor,     &comity__v1__bloc__descriptor,
        &comity__v1__option__descriptor,   &comity__v1__ranking__descriptor,
        &comity__v1__majority__descriptor, &comity__v1__option_quorum__descriptor,
        &comity__v1__stage__descriptor,    &comity__v1__quantifier__descriptor,
    };
    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(TYPES); i++) {
        const struct rule_keys *keys = rule_keys_of(TYPES[i]);
        assert_non_null(keys);
        for (unsigned k = 0; k < TYPES[i]->n_fields; k++) {
            const char *field = TYPES[i]->fields[k].name;
            bool has_key = strcmp(field, "numerator") == 0 || strcmp(field, "denominator") == 0 ||
                           (TYPES[i] == &comity__v1__option__descriptor && strcmp(field, "number") == 0) ||
                           (TYPES[i] == &comity__v1__quantifier__descriptor && strcmp(field, "kind") == 0);
            for (size_t j = 0; j < keys->count; j++)
                has_key = has_key || strcmp(keys->list[j].field, field) == 0;
            if (!has_key)
                fail_msg("%s.%s has no key", TYPES[i]->short_name, field);
        }
    }
}

/* The examples of docs/rules.md, "Writing a rule": each is sound, comes back from its canonical form, and
 * together they have every key that there is. */
static void the_page_shows_every_key(void **state)
{
    static const char BEGIN[] = "```yaml\n", END[] = "```\n";
    struct arena *arena = arena_new((size_t) 16 * ARENA_LIMIT_DEFAULT);
    FILE *file = fopen(SOURCE_DIR "/docs/rules.md", "r");
    char *page = arena_alloc(arena, 1 << 20);
    const char *shown = "";
    unsigned count = 0;
    (void) state;

    assert_non_null(file);
    assert_true(fread(page, 1, (1 << 20) - 1, file) > 0);
    fclose(file);
    for (const char *at = page; (at = strstr(at, BEGIN)) != NULL; count++) {
        struct rule_faults faults = {.arena = arena, .words = words_in_english};
        struct rule_file rule, again;
        struct bytes text, same;
        const char *begin = at + sizeof(BEGIN) - 1, *end = strstr(begin, END);
        assert_non_null(end);
        int code = rule_file_read(BYTES(begin, (size_t) (end - begin)), &faults, &rule);
        if (code == 0)
            code = rule_file_check(&rule, &faults);
        if (code != 0)
            fail_msg("example %u, line %u: %s", count + 1, faults.list[0].line, faults.list[0].text);
        assert_int_equal(rule_file_write(rule.rule, arena, &text), 0);
        assert_int_equal(rule_file_read(text, &faults, &again), 0);
        assert_int_equal(rule_file_write(again.rule, arena, &same), 0);
        assert_true(bytes_equal(text, same));
        shown = arena_printf(arena, "%s%.*s", shown, (int) text.size, (const char *) text.data);
        at = end;
    }
    assert_true(count >= 4);
    static const ProtobufCMessageDescriptor *const TYPES[] = {
        &comity__v1__rule__descriptor,       &comity__v1__test__descriptor,
        &comity__v1__bloc__descriptor,       &comity__v1__option__descriptor,
        &comity__v1__ranking__descriptor,    &comity__v1__stage__descriptor,
        &comity__v1__majority__descriptor,   &comity__v1__option_quorum__descriptor,
        &comity__v1__quantifier__descriptor,
    };
    for (size_t i = 0; i < ARRAY_COUNT(TYPES); i++)
        for (size_t k = 0; k < rule_keys_of(TYPES[i])->count; k++) {
            char key[64];
            snprintf(key, sizeof(key), " %s:", rule_keys_of(TYPES[i])->list[k].key);
            if (strstr(shown, key) == NULL && strncmp(shown, key + 1, strlen(key) - 1) != 0) {
                key[0] = '\n';
                if (strstr(shown, key) == NULL)
                    fail_msg("no example has the key%s", key);
            }
        }
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_files_say_where_and_why), cmocka_unit_test(several_faults_are_said_at_once),
        cmocka_unit_test(large_files_are_refused),       cmocka_unit_test(words_are_words),
        cmocka_unit_test(every_field_has_a_key),         cmocka_unit_test(the_page_shows_every_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
