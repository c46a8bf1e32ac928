/* What comes out: times, outside text, messages as JSON and back, texts by hash. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/cli/hint.h"
#include "client/cli/json_file.h"
#include "client/cli/message_json.h"
#include "client/cli/output.h"
#include "client/cli/prose.h"
#include "client/rules/template.h"
#include "core/rule/rule.h"
#include "core/text.h"

#define NOW ((int64_t) 1700000000000)

static const struct {
    const char *text;
    int64_t time_ms; /* -1: refused */
} TIMES[] = {
    {"+90s", NOW + 90000},
    {"+2h", NOW + 7200000},
    {"+3d", NOW + 3 * (int64_t) 86400000},
    {"+0m", NOW},
    {"2026-11-30 17:00", 1796058000000},
    {"2026-11-30T17:00", 1796058000000},
    {"2026-11-30T17:00:30Z", 1796058030000},
    {"2026-11-30", 1795996800000},
    {"2026-02-30", -1},
    {"2026-02-28 25:00", -1},
    {"tomorrow", -1},
    {"", -1},
    {"+", -1},
    {"+2", -1},
    {"+2w", -1},
    {"+-2h", -1},
    {"+9999999999999h", -1},
    {"2026-11-30 17:00 x", -1},
};

static void test_times(void **state)
{
    (void) state;
    setenv("TZ", "UTC", 1);
    tzset();
    for (size_t i = 0; i < ARRAY_COUNT(TIMES); i++) {
        int64_t time_ms = 0;
        int code = time_read(TIMES[i].text, NOW, &time_ms);
        if ((code != 0) != (TIMES[i].time_ms < 0) || (code == 0 && time_ms != TIMES[i].time_ms))
            fail_msg("`%s`: %d, %lld", TIMES[i].text, code, (long long) time_ms);
    }
}

/* A local time is the machine's, and an hour that its clocks leave out is refused. */
static void test_local_times(void **state)
{
    int64_t time_ms;

    (void) state;
    setenv("TZ", "America/Chicago", 1);
    tzset();
    if (strcmp(tzname[0], "CST") != 0)
        skip(); /* no time zone data on this machine */
    assert_int_equal(time_read("2026-07-01 12:00", NOW, &time_ms), 0);
    assert_int_equal(time_ms, 1782925200000);
    assert_int_equal(time_read("2026-07-01T12:00Z", NOW, &time_ms), 0);
    assert_int_equal(time_ms, 1782907200000);
    assert_int_equal(time_read("2026-03-08 02:30", NOW, &time_ms), ERR_RANGE);
    setenv("TZ", "UTC", 1);
    tzset();
}

static void test_outside_text(void **state)
{
    struct cli cli = {.arena = arena_new(ARENA_LIMIT_DEFAULT)};

    (void) state;
    assert_string_equal(shown_string(&cli, "a\033[31mb"), "a\\x1b[31mb");
    assert_string_equal(shown_string(&cli, NULL), "");
    assert_string_equal(shown_lines(&cli, BYTES("a\n\033b\n", 5), "> "), "> a\n> \\x1bb");
    assert_string_equal(shown_lines(&cli, BYTES("", 0), "> "), "> ");
    const char *names[] = {"a", "b", "c"};
    assert_string_equal(shown_list(&cli, names, 3), "a, b and c");
    assert_string_equal(shown_list(&cli, names, 1), "a");
    assert_string_equal(shown_list(&cli, names, 0), "nobody");
    assert_string_equal(counted(&cli, 1, "%" PRIu64 " ballot", "%" PRIu64 " ballots"), "1 ballot");
    assert_string_equal(counted(&cli, 0, "%" PRIu64 " ballot", "%" PRIu64 " ballots"), "0 ballots");
    arena_destroy(&cli.arena);
}

static void test_prose_that_is_no_good(void **state)
{
    static const struct {
        enum prose_kind kind;
        const char *text, *said; /* NULL: it is good */
    } ROWS[] = {
        {PROSE_LINE, "Ada Okafor", NULL},
        {PROSE_LINE, "\u9673 \u00c4", NULL},
        {PROSE_LINE, "", "blanks"},
        {PROSE_LINE, " \t", "blanks"},
        {PROSE_LINE, "\u3000\u00a0\u200b", "blanks"},
        {PROSE_LINE, "a\nb", "one line"},
        {PROSE_LINE,
         "a\xc2\x85"
         "b",
         "one line"},
        {PROSE_LINE, "a\177", "one line"},
        {PROSE_LINE, "\xff", "UTF-8"},
        {PROSE_TEXT, "a\n\tb\n", NULL},
        {PROSE_TEXT, "\n", "blanks"},
        {PROSE_REASON, "", NULL},
        {PROSE_REASON, " ", "blanks"},
    };
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    char *longer = calloc(1, REASON_MAX_BYTES + 1);

    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        const char *said = prose_fault(ROWS[i].kind, BYTES(ROWS[i].text, strlen(ROWS[i].text)), arena);
        if ((said == NULL) != (ROWS[i].said == NULL) || (said != NULL && strstr(said, ROWS[i].said) == NULL))
            fail_msg("row %zu: %s", i, said);
    }
    memset(longer, 'x', REASON_MAX_BYTES + 1);
    assert_string_equal(prose_fault(PROSE_REASON, BYTES(longer, REASON_MAX_BYTES + 1), arena),
                        "has 4097 bytes: at most 4096 are allowed.");
    assert_null(prose_fault(PROSE_REASON, BYTES(longer, REASON_MAX_BYTES), arena));
    free(longer);
    arena_destroy(&arena);
}

static void test_fields_without_their_indices(void **state)
{
    char field[FIELD_PATH_MAX];

    (void) state;
    hint_field("create_body.seats[3].constituency", field);
    assert_string_equal(field, "create_body.seats[].constituency");
    hint_field("cosigners[12]", field);
    assert_string_equal(field, "cosigners[]");
    hint_field("", field);
    assert_string_equal(field, "");
    hint_field("a[", field);
    assert_string_equal(field, "a[");
}

static void test_time_zones(void **state)
{
    (void) state;
    assert_true(time_zone_exists("UTC"));
    assert_false(time_zone_exists("../../etc/passwd"));
    assert_false(time_zone_exists("over the sea"));
    if (access("/usr/share/zoneinfo", F_OK) != 0)
        skip();
    assert_false(time_zone_exists("America/Chikago"));
    assert_false(time_zone_exists("America"));
}

/* Every shipped rule goes to JSON and comes back as the same bytes. */
static void test_rules_there_and_back(void **state)
{
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    char path[JSON_PATH_MAX];

    (void) state;
    for (unsigned i = 0; rule_template_at(i) != NULL; i++) {
        Comity__V1__Rule *rule = rule_template_rule(rule_template_at(i), arena);
        struct json_object *value = message_to_json(&rule->base, NULL, NULL);
        ProtobufCMessage *back;
        struct bytes before, after;
        assert_int_equal(message_from_json(value, &comity__v1__rule__descriptor, arena, path, &back), 0);
        assert_int_equal(message_pack(&rule->base, arena, &before), 0);
        assert_int_equal(message_pack(back, arena, &after), 0);
        assert_true(bytes_equal(before, after));
        json_object_put(value);
    }
    arena_destroy(&arena);
}

static const struct {
    const char *text;
    int code;
    const char *path;
} RULES[] = {
    {"{\"name\": \"x\", \"rounds\": 3}", 0, ""},
    {"{\"name\": \"x\", \"close\": null}", 0, ""},
    {"{\"form\": \"stance\"}", 0, ""},
    {"{\"nome\": \"x\"}", ERR_UNKNOWN_FIELD, "nome"},
    {"{\"rounds\": -1}", ERR_RANGE, "rounds"},
    {"{\"rounds\": 4294967296}", ERR_RANGE, "rounds"},
    {"{\"rounds\": 1.5}", ERR_MALFORMED, "rounds"},
    {"{\"rounds\": \"3\"}", ERR_MALFORMED, "rounds"},
    {"{\"form\": \"STANZA\"}", ERR_ENUM, "form"},
    {"{\"form\": 1}", ERR_MALFORMED, "form"},
    {"{\"tests\": {}}", ERR_MALFORMED, "tests"},
    {"{\"tests\": [{\"bound\": \"AT_BEST\"}]}", ERR_ENUM, "tests.bound"},
    {"{\"close\": {\"at_time\": 1}}", ERR_MALFORMED, "close.at_time"},
    {"[]", ERR_MALFORMED, ""},
};

static void test_rules_that_are_none(void **state)
{
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);

    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(RULES); i++) {
        struct json_object *value = json_read(BYTES(RULES[i].text, strlen(RULES[i].text)));
        char path[JSON_PATH_MAX];
        ProtobufCMessage *rule;
        assert_non_null(value);
        int code = message_from_json(value, &comity__v1__rule__descriptor, arena, path, &rule);
        if (code != RULES[i].code || strcmp(path, RULES[i].path) != 0)
            fail_msg("%s: %d at `%s`", RULES[i].text, code, path);
        json_object_put(value);
    }
    arena_destroy(&arena);
}

static const char *one_prose(void *context, const Comity__V1__TextRef *reference)
{
    return reference->size == 5 ? context : NULL;
}

static void test_rows_as_json(void **state)
{
    Comity__V1__Body body = COMITY__V1__BODY__INIT;
    Comity__V1__TextRef title = COMITY__V1__TEXT_REF__INIT;
    uint8_t hash[2] = {0xab, 0x01};

    (void) state;
    body.number = 4000000000u;
    body.name = (char *) "council";
    title.size = 5;
    title.hash = (ProtobufCBinaryData){2, hash};
    body.title = &title;
    struct json_object *value = message_to_json(&body.base, one_prose, (char *) "hello");
    assert_string_equal(
        json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN),
        "{\"number\":4000000000,\"name\":\"council\",\"title\":{\"hash\":\"ab01\",\"size\":5,\"text\":"
        "\"hello\"},\"seats\":0,\"changed\":0}");
    json_object_put(value);
    title.size = 6;
    value = message_to_json(&body.base, one_prose, NULL);
    assert_non_null(strstr(json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN), "\"text\":null"));
    json_object_put(value);
    assert_string_equal(enum_short_name(&comity__v1__outcome_kind__descriptor, 7), "NOT_YET");
    assert_string_equal(enum_short_name(&comity__v1__outcome_kind__descriptor, 77), "?");
    assert_string_equal(enum_short_name(&comity__v1__stance__descriptor, 3), "STAND_ASIDE");
}

/* Of an event only the member that is there, and numbers of 64 bits to the last digit. */
static void test_events_as_json(void **state)
{
    Comity__V1__Event event = COMITY__V1__EVENT__INIT;
    Comity__V1__BallotCast cast = COMITY__V1__BALLOT_CAST__INIT;

    (void) state;
    cast.replaces = UINT64_MAX;
    event.kind_case = COMITY__V1__EVENT__KIND_BALLOT_CAST;
    event.ballot_cast = &cast;
    struct json_object *value = message_to_json(&event.base, NULL, NULL);
    assert_string_equal(
        json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN),
        "{\"actor\":0,\"actor_key\":\"\",\"command_id\":\"\",\"session\":0,\"undoes\":0,\"ballot_cast\":{\"round\":0,\"member\":0,"
        "\"replaces\":18446744073709551615,\"settles\":false}}");
    json_object_put(value);
}

/* A text under another's hash is not shown. */
static void test_texts_by_hash(void **state)
{
    enum { TEXTS = 500 };
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    struct prose *prose = prose_new(arena);
    static uint8_t salts[TEXTS][SALT_SIZE], hashes[TEXTS][HASH_SIZE];
    static char contents[TEXTS][16];
    static Comity__V1__TextShown shown[TEXTS], *list[TEXTS];

    (void) state;
    for (size_t i = 0; i < TEXTS; i++) {
        snprintf(contents[i], sizeof(contents[i]), "text %zu", i);
        memset(salts[i], (int) i, SALT_SIZE);
        struct bytes content = BYTES(contents[i], strlen(contents[i]));
        text_hash(salts[i], content, hashes[i]);
        if (i == 7)
            hashes[i][0] ^= 1;
        comity__v1__text_shown__init(&shown[i]);
        shown[i].hash = (ProtobufCBinaryData){HASH_SIZE, hashes[i]};
        shown[i].salt = (ProtobufCBinaryData){SALT_SIZE, salts[i]};
        shown[i].content = (ProtobufCBinaryData){content.size, (uint8_t *) contents[i]};
        list[i] = &shown[i];
    }
    assert_int_equal(prose_add(prose, list, TEXTS), 0);
    assert_int_equal(prose_add(prose, list, TEXTS), 0);
    for (size_t i = 0; i < TEXTS; i++) {
        const char *text = prose_of_hash(prose, BYTES(hashes[i], HASH_SIZE));
        if (i == 7)
            assert_null(text);
        else
            assert_string_equal(text, contents[i]);
    }
    assert_null(prose_find(prose, NULL));
    assert_null(prose_of_hash(prose, BYTES(hashes[0], 31)));
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_local_times),
        cmocka_unit_test(test_outside_text),
        cmocka_unit_test(test_prose_that_is_no_good),
        cmocka_unit_test(test_fields_without_their_indices),
        cmocka_unit_test(test_time_zones),
        cmocka_unit_test(test_rules_there_and_back),
        cmocka_unit_test(test_rules_that_are_none),
        cmocka_unit_test(test_rows_as_json),
        cmocka_unit_test(test_events_as_json),
        cmocka_unit_test(test_texts_by_hash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
