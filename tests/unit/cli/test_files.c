/* What the client writes and reads: files, JSON, places, invitations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/stat.h>

#include "client/cli/invitation.h"
#include "client/cli/json_file.h"
#include "core/error.h"
#include "tests/unit/cli/scratch.h"

static int set_up(void **state)
{
    struct scratch *scratch = calloc(1, sizeof(*scratch));

    scratch_init(scratch);
    *state = scratch;
    return 0;
}

static int tear_down(void **state)
{
    scratch_release(*state);
    free(*state);
    return 0;
}

static void test_file_is_whole_or_not_there(void **state)
{
    struct scratch *scratch = *state;
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    char why[FILE_REASON_MAX] = "";
    struct bytes content;
    struct stat found;
    const char *path = scratch_path(scratch, "f");

    assert_int_equal(file_write(path, BYTES("one", 3), 0600, false, why), 0);
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
    assert_int_equal(file_write(path, BYTES("two", 3), 0600, false, why), ERR_EXISTS);
    assert_int_equal(file_read(path, 10, arena, &content, why), 0);
    assert_true(bytes_equal(content, BYTES("one", 3)));
    assert_int_equal(file_write(path, BYTES("three", 5), 0644, true, why), 0);
    assert_int_equal(file_read(path, 5, arena, &content, why), 0);
    assert_true(bytes_equal(content, BYTES("three", 5)));
    assert_int_equal(file_read(path, 4, arena, &content, why), ERR_TOO_LARGE);
    assert_int_equal(file_read(scratch_path(scratch, "none"), 4, arena, &content, why), ERR_FILE);
    assert_int_equal(file_read(scratch->path, 4, arena, &content, why), ERR_FILE);
    assert_int_equal(file_write(scratch_path(scratch, "no/such/dir"), BYTES("x", 1), 0600, true, why),
                     ERR_FILE);
    /* No temporary file is left. */
    char command[100];
    snprintf(command, sizeof(command), "test \"$(ls %s)\" = f", scratch->path);
    assert_int_equal(system(command), 0);
    arena_destroy(&arena);
}

static void test_larger_than_a_block(void **state)
{
    enum { SIZE = 3 * 1024 * 1024 + 17 };
    struct scratch *scratch = *state;
    struct arena *arena = arena_new(64 * 1024 * 1024);
    uint8_t *large = malloc(SIZE);
    char why[FILE_REASON_MAX];
    struct bytes content;

    for (size_t i = 0; i < SIZE; i++)
        large[i] = (uint8_t) (i * 7);
    assert_int_equal(file_write(scratch_path(scratch, "large"), BYTES(large, SIZE), 0600, false, why), 0);
    assert_int_equal(file_read(scratch->at, SIZE, arena, &content, why), 0);
    assert_true(bytes_equal(content, BYTES(large, SIZE)));
    assert_int_equal(file_read(scratch->at, SIZE - 1, arena, &content, why), ERR_TOO_LARGE);
    free(large);
    arena_destroy(&arena);
}

static void test_json_strictly(void **state)
{
    static const struct {
        const char *text;
        bool is_read;
    } ROWS[] = {
        {"{\"a\": 1}", true},
        {" {\"a\": 1} \n", true},
        {"{\"a\": 1} x", false},
        {"{\"a\": 1}{}", false},
        {"{\"a\": 1", false},
        {"", false},

        {"{\"a\": \"\xff\"}", false},
        {"7", true},
        {"[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]", false},
    };

    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        struct json_object *value = json_read(BYTES(ROWS[i].text, strlen(ROWS[i].text)));
        if ((value != NULL) != ROWS[i].is_read)
            fail_msg("`%s`", ROWS[i].text);
        json_object_put(value);
    }
}

static void test_json_members(void **state)
{
    static const char TEXT[] = "{\"t\": \"ab\", \"n\": 5, \"k\": \"0a0b\", \"z\": \"a\\u0000b\"}";
    static const char *const NAMES[] = {"t", "n", "k", "z"};
    struct json_object *value = json_read(BYTES(TEXT, strlen(TEXT)));
    const char *text;
    int64_t number;
    uint8_t key[2];

    (void) state;
    assert_int_equal(json_get_text(value, "t", 2, &text), 0);
    assert_string_equal(text, "ab");
    assert_int_equal(json_get_text(value, "t", 1, &text), ERR_MALFORMED);
    assert_int_equal(json_get_text(value, "n", 9, &text), ERR_MALFORMED);
    assert_int_equal(json_get_text(value, "z", 9, &text), ERR_MALFORMED);
    assert_int_equal(json_get_text(value, "q", 9, &text), ERR_MISSING);
    assert_int_equal(json_get_number(value, "n", &number), 0);
    assert_int_equal(number, 5);
    assert_int_equal(json_get_number(value, "t", &number), ERR_MALFORMED);
    assert_int_equal(json_get_key(value, "k", key, 2), 0);
    assert_int_equal(key[1], 0x0b);
    assert_int_equal(json_get_key(value, "t", key, 2), ERR_MALFORMED);
    assert_true(json_has_only(value, NAMES, 4));
    assert_false(json_has_only(value, NAMES, 3));
    json_object_put(value);
}

static struct place sample_place(void)
{
    struct place place = {.broker_count = 2};

    memset(place.group_key, 3, KEY_SIZE);
    for (size_t i = 0; i < 2; i++) {
        snprintf(place.brokers[i].endpoint, ENDPOINT_MAX, "tcp://192.0.2.%zu:7411", i);
        memset(place.brokers[i].key, (int) (4 + i), KEY_SIZE);
    }
    return place;
}

static void test_place(void **state)
{
    struct place place = sample_place(), back;
    struct json_object *value = place_to_json(&place);

    (void) state;
    assert_int_equal(place_from_json(value, &back), 0);
    assert_memory_equal(&place, &back, sizeof(place));
    json_object_object_add(value, "extra", json_object_new_int(1));
    assert_int_equal(place_from_json(value, &back), ERR_UNKNOWN_FIELD);
    json_object_object_del(value, "extra");
    json_object_object_add(value, "brokers", json_object_new_array());
    assert_int_equal(place_from_json(value, &back), ERR_RANGE);
    json_object_object_del(value, "brokers");
    assert_int_equal(place_from_json(value, &back), ERR_MISSING);
    assert_int_equal(place_from_json(NULL, &back), ERR_MALFORMED);
    json_object_put(value);
}

/* It comes from outside and goes into configurations: what is no endpoint does not get in. */
static void test_place_with_a_hostile_endpoint(void **state)
{
    static const char *const ENDPOINTS[] = {
        "tcp://x:1\n[log]\nkey = 00", "tcp://x ;y:1", "tcp://x:99999", "tcp://*:1", "ipc:///tmp/x", "",
    };

    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(ENDPOINTS); i++) {
        struct place place = sample_place(), back = {.broker_count = 7};
        snprintf(place.brokers[1].endpoint, ENDPOINT_MAX, "%s", ENDPOINTS[i]);
        struct json_object *value = place_to_json(&place);
        assert_int_not_equal(place_from_json(value, &back), 0);
        assert_int_equal(back.broker_count, 7);
        json_object_put(value);
    }
}

static struct invitation sample_invitation(void)
{
    struct invitation invitation = {.place = sample_place(), .expires_ms = 1893456000000, .log_key_count = 1};

    snprintf(invitation.partnership, sizeof(invitation.partnership), "Lakeside \"Health\"");
    snprintf(invitation.short_name, sizeof(invitation.short_name), "lakeside");
    snprintf(invitation.name, sizeof(invitation.name), "Fay Lind");
    memset(invitation.history, 5, HISTORY_ID_SIZE);
    memset(invitation.seed, 6, SEED_SIZE);
    memset(invitation.log_keys[0], 7, KEY_SIZE);
    return invitation;
}

static void test_invitation(void **state)
{
    struct scratch *scratch = *state;
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    struct invitation invitation = sample_invitation(), back;
    char reason[INVITATION_REASON_MAX] = "";
    struct stat found;

    memset(&back, 0, sizeof(back));
    assert_int_equal(invitation_write(scratch_path(scratch, "i"), &invitation, reason), 0);
    assert_int_equal(stat(scratch->at, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
    assert_int_equal(invitation_read(scratch->at, arena, &back, reason), 0);
    assert_memory_equal(&invitation, &back, sizeof(invitation));
    assert_int_equal(invitation_write(scratch->at, &invitation, reason), ERR_EXISTS);
    arena_destroy(&arena);
}

/* Each member left out, or of another type, is a refusal with the file's name. */
static void test_invitation_damaged(void **state)
{
    struct scratch *scratch = *state;
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    struct invitation invitation = sample_invitation(), back;
    char reason[INVITATION_REASON_MAX] = "";
    struct bytes content;

    assert_int_equal(invitation_write(scratch_path(scratch, "i"), &invitation, reason), 0);
    assert_int_equal(file_read(scratch->at, 65536, arena, &content, reason), 0);
    struct json_object *value = json_read(content);
    assert_non_null(value);
    json_object_object_foreach(value, name, member)
    {
        struct json_object *copy = NULL;
        (void) member;
        for (int kind = 0; kind < 2; kind++) {
            assert_int_equal(json_object_deep_copy(value, &copy, NULL), 0);
            if (kind == 0)
                json_object_object_del(copy, name);
            else
                json_object_object_add(copy, name, json_object_new_boolean(true));
            scratch_write(scratch, "damaged", json_object_to_json_string(copy));
            assert_int_equal(invitation_read(scratch->at, arena, &back, reason), ERR_MALFORMED);
            assert_non_null(strstr(reason, "damaged"));
            json_object_put(copy);
            copy = NULL;
        }
    }
    json_object_object_add(value, "comity_invitation", json_object_new_int(2));
    scratch_write(scratch, "newer", json_object_to_json_string(value));
    assert_int_equal(invitation_read(scratch->at, arena, &back, reason), ERR_VERSION);
    json_object_put(value);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_file_is_whole_or_not_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_larger_than_a_block, set_up, tear_down),
        cmocka_unit_test(test_json_strictly),
        cmocka_unit_test(test_json_members),
        cmocka_unit_test(test_place),
        cmocka_unit_test(test_place_with_a_hostile_endpoint),
        cmocka_unit_test_setup_teardown(test_invitation, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_invitation_damaged, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
