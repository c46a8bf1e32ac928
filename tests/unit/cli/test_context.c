/* Contexts: kept, learnt from, chosen, and refused when damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "client/cli/context.h"
#include "core/error.h"
#include "core/keyfile.h"
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

static struct context sample(const char *name)
{
    struct context context = {.has_history = true, .seen = 7, .pin_count = 2};

    snprintf(context.name, sizeof(context.name), "%s", name);
    snprintf(context.title, sizeof(context.title),
             "Lakeside; the # \"Partnership\" \xe2\x80\x94 caf\xc3\xa9");
    snprintf(context.signing_key, sizeof(context.signing_key), "keys/signing.key");
    snprintf(context.connection_key, sizeof(context.connection_key), "keys/connection.key");
    context.place.broker_count = 2;
    for (size_t i = 0; i < 2; i++) {
        snprintf(context.place.brokers[i].endpoint, ENDPOINT_MAX, "tcp://192.0.2.%zu:7411", i + 1);
        memset(context.place.brokers[i].key, (int) (16 + i), KEY_SIZE);
        memset(context.pins[i], (int) (32 + i), KEY_SIZE);
    }
    snprintf(context.data, sizeof(context.data), "/var/lib/comity local");
    memset(context.place.group_key, 1, KEY_SIZE);
    memset(context.history, 2, HISTORY_ID_SIZE);
    return context;
}

static void save(struct scratch *scratch, const struct context *context)
{
    char reason[CONTEXT_REASON_MAX] = "";

    if (context_save(scratch->path, context, false, reason) != 0)
        fail_msg("%s", reason);
}

static void test_saved_and_loaded(void **state)
{
    struct scratch *scratch = *state;
    struct context context = sample("lakeside"), loaded;
    char reason[CONTEXT_REASON_MAX] = "";
    struct stat found;

    save(scratch, &context);
    if (context_load(scratch->path, "lakeside", &loaded, reason) != 0)
        fail_msg("%s", reason);
    /* A title may lose what an ini file cannot hold, and nothing else may differ. */
    assert_non_null(strstr(loaded.title, "caf\xc3\xa9"));
    memcpy(loaded.title, context.title, sizeof(loaded.title));
    assert_string_equal(loaded.name, context.name);
    assert_string_equal(loaded.signing_key, context.signing_key);
    assert_string_equal(loaded.connection_key, context.connection_key);
    assert_string_equal(loaded.founding_token, "");
    assert_string_equal(loaded.data, context.data);
    assert_true(loaded.has_history);
    assert_memory_equal(loaded.history, context.history, HISTORY_ID_SIZE);
    assert_memory_equal(loaded.place.group_key, context.place.group_key, KEY_SIZE);
    assert_int_equal(loaded.place.broker_count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(loaded.place.brokers[i].endpoint, context.place.brokers[i].endpoint);
        assert_memory_equal(loaded.place.brokers[i].key, context.place.brokers[i].key, KEY_SIZE);
        assert_memory_equal(loaded.pins[i], context.pins[i], KEY_SIZE);
    }
    assert_int_equal(loaded.pin_count, 2);
    assert_int_equal(loaded.seen, 7);
    assert_int_equal(stat(scratch_path(scratch, "contexts/lakeside.ini"), &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
    assert_int_equal(context_save(scratch->path, &context, false, reason), ERR_EXISTS);
}

/* Two contexts with one key would take each other's leave to read. */
static void test_made_with_a_key_of_its_own(void **state)
{
    struct scratch *scratch = *state;
    struct context one = sample("one"), two = sample("two"), loaded;
    char reason[CONTEXT_REASON_MAX] = "";
    struct connection_key first, second;
    struct stat found;

    assert_int_equal(context_make(scratch->path, &one, reason), 0);
    assert_int_equal(context_make(scratch->path, &two, reason), 0);
    assert_string_not_equal(one.connection_key, two.connection_key);
    assert_int_equal(connection_key_load(scratch_path(scratch, "keys/connection-one.key"), &first), 0);
    assert_int_equal(connection_key_load(scratch_path(scratch, "keys/connection-two.key"), &second), 0);
    assert_memory_not_equal(first.public_key, second.public_key, KEY_SIZE);
    assert_int_equal(stat(scratch_path(scratch, "keys/connection-two.key"), &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
    assert_int_equal(context_load(scratch->path, "two", &loaded, reason), 0);
    assert_string_equal(loaded.connection_key, two.connection_key);
    /* It does not take another's place. */
    assert_int_equal(context_make(scratch->path, &one, reason), ERR_EXISTS);
}

static void test_operators_context(void **state)
{
    struct scratch *scratch = *state;
    struct context context = sample("local"), loaded;
    char reason[CONTEXT_REASON_MAX];

    context.has_history = false;
    context.pin_count = 0;
    context.title[0] = context.signing_key[0] = '\0';
    snprintf(context.founding_token, sizeof(context.founding_token), "f00d");
    save(scratch, &context);
    assert_int_equal(context_load(scratch->path, "local", &loaded, reason), 0);
    assert_false(loaded.has_history);
    assert_int_equal(loaded.pin_count, 0);
    assert_string_equal(loaded.founding_token, "f00d");
    assert_string_equal(loaded.signing_key, "");
}

/* A hostile title cannot add keys to the file. */
static void test_title_of_several_lines(void **state)
{
    struct scratch *scratch = *state;
    struct context context = sample("lakeside"), loaded;
    char reason[CONTEXT_REASON_MAX];

    snprintf(context.title, sizeof(context.title),
             "x\nfounding_token = stolen\n[broker evil]\nendpoint = tcp://evil:1");
    save(scratch, &context);
    assert_int_equal(context_load(scratch->path, "lakeside", &loaded, reason), 0);
    assert_string_equal(loaded.founding_token, "");
    assert_int_equal(loaded.place.broker_count, 2);
}

/* Nor can a path or an endpoint; and none is kept that would be cut where it is read. */
static void test_values_that_are_not_plain(void **state)
{
    struct scratch *scratch = *state;
    char reason[CONTEXT_REASON_MAX];

    for (int i = 0; i < 5; i++) {
        struct context context = sample("lakeside"), loaded;
        const char *bad = i % 2 == 0 ? "keys ;/x" : "k\n[broker evil]\nendpoint = tcp://evil:1";
        snprintf(i < 2   ? context.signing_key
                 : i < 4 ? context.connection_key
                         : context.place.brokers[1].endpoint,
                 i < 4 ? PATH_BYTES : ENDPOINT_MAX, "%s", bad);
        memset(reason, 0, sizeof(reason));
        assert_int_equal(context_save(scratch->path, &context, false, reason),
                         i < 4 ? ERR_CONFIG : ERR_ADDRESS);
        assert_non_null(strstr(reason, i < 4 ? "cannot be kept" : "cannot be used"));
        assert_null(strchr(reason, '\n'));
        assert_int_equal(context_load(scratch->path, "lakeside", &loaded, reason), ERR_NOT_FOUND);
    }
}

static void test_current(void **state)
{
    struct scratch *scratch = *state;
    struct context one = sample("one"), two = sample("two");
    char name[NAME_MAX_BYTES + 1], reason[CONTEXT_REASON_MAX] = "";

    assert_int_equal(context_choose(scratch->path, NULL, name, reason), ERR_CONFIG);
    assert_true(strlen(reason) > 0);
    save(scratch, &one);
    save(scratch, &two);
    assert_int_equal(context_choose(scratch->path, NULL, name, reason), 0);
    assert_string_equal(name, "one");
    assert_int_equal(context_set_current(scratch->path, "two", reason), 0);
    assert_int_equal(context_choose(scratch->path, NULL, name, reason), 0);
    assert_string_equal(name, "two");
    assert_int_equal(context_choose(scratch->path, "one", name, reason), 0);
    assert_string_equal(name, "one");
    assert_int_equal(context_set_current(scratch->path, "three", reason), ERR_NOT_FOUND);
    assert_int_equal(context_choose(scratch->path, "../evil", name, reason), ERR_CONFIG);
    assert_int_equal(context_load(scratch->path, "../contexts/one", &one, reason), ERR_NOT_FOUND);
    assert_int_equal(context_remove(scratch->path, "two"), 0);
    assert_int_equal(context_choose(scratch->path, NULL, name, reason), ERR_CONFIG);
    scratch_write(scratch, "current", "../../etc/passwd\n");
    assert_int_equal(context_choose(scratch->path, NULL, name, reason), ERR_CONFIG);
}

static void test_names(void **state)
{
    struct scratch *scratch = *state;
    struct context b = sample("b"), a = sample("a"), found;
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    const char *const *names;
    size_t count;
    char reason[CONTEXT_REASON_MAX], name[NAME_MAX_BYTES + 1];

    assert_int_equal(context_names(scratch->path, arena, &names, &count, reason), 0);
    assert_int_equal(count, 0);
    memset(b.history, 9, HISTORY_ID_SIZE);
    save(scratch, &b);
    save(scratch, &a);
    scratch_write(scratch, "contexts/not a name.ini", "");
    scratch_write(scratch, "contexts/note.txt", "");
    assert_int_equal(context_names(scratch->path, arena, &names, &count, reason), 0);
    assert_int_equal(count, 2);
    assert_string_equal(names[0], "a");
    assert_string_equal(names[1], "b");
    assert_int_equal(context_of_history(scratch->path, b.history, arena, &found), 0);
    assert_string_equal(found.name, "b");
    memset(b.history, 8, HISTORY_ID_SIZE);
    assert_int_equal(context_of_history(scratch->path, b.history, arena, &found), ERR_NOT_FOUND);
    context_free_name(scratch->path, "a", name);
    assert_string_equal(name, "a-2");
    context_free_name(scratch->path, "c", name);
    assert_string_equal(name, "c");
    arena_destroy(&arena);
}

static void test_learning_never_goes_back(void **state)
{
    struct scratch *scratch = *state;
    struct context context = sample("lakeside"), loaded;
    char reason[CONTEXT_REASON_MAX];
    uint8_t pins[2][KEY_SIZE];

    save(scratch, &context);
    memset(pins[0], 33, KEY_SIZE);
    memset(pins[1], 77, KEY_SIZE);
    assert_int_equal(
        context_learn(scratch->path, "lakeside", 1, 40, (const uint8_t(*)[KEY_SIZE]) pins, 2, reason), 0);
    assert_int_equal(context_learn(scratch->path, "lakeside", 1, 3, NULL, 0, reason), 0);
    assert_int_equal(context_load(scratch->path, "lakeside", &loaded, reason), 0);
    assert_int_equal(loaded.seen, 40);
    assert_int_equal(loaded.pin_count, 3);
    assert_memory_equal(loaded.pins[2], pins[1], KEY_SIZE);
}

/* A restore takes the record back: once an epoch, what was seen before counts no longer. */
static void test_a_new_epoch(void **state)
{
    struct scratch *scratch = *state;
    struct context context = sample("lakeside"), loaded;
    char reason[CONTEXT_REASON_MAX];

    save(scratch, &context);
    assert_int_equal(context_learn(scratch->path, "lakeside", 1, 40, NULL, 0, reason), 0);
    assert_int_equal(context_learn(scratch->path, "lakeside", 1790000000, 31, NULL, 0, reason), 0);
    assert_int_equal(context_load(scratch->path, "lakeside", &loaded, reason), 0);
    assert_int_equal(loaded.seen, 31);
    assert_int_equal(loaded.epoch, 1790000000);
    /* A run that still has the time before in mind. */
    assert_int_equal(context_learn(scratch->path, "lakeside", 1, 60, NULL, 0, reason), 0);
    assert_int_equal(context_learn(scratch->path, "lakeside", 1790000000, 35, NULL, 0, reason), 0);
    assert_int_equal(context_load(scratch->path, "lakeside", &loaded, reason), 0);
    assert_int_equal(loaded.seen, 35);
    assert_int_equal(loaded.epoch, 1790000000);
}

/* Runs beside one another: every one's word counts, whoever writes last. */
static void test_learning_beside_one_another(void **state)
{
    enum { RUNS = 8 };
    struct scratch *scratch = *state;
    struct context context = sample("lakeside"), loaded;
    char reason[CONTEXT_REASON_MAX];
    pid_t runs[RUNS];

    save(scratch, &context);
    for (int i = 0; i < RUNS; i++) {
        runs[i] = fork();
        if (runs[i] == 0) {
            uint8_t pin[1][KEY_SIZE];
            memset(pin, 100 + i, KEY_SIZE);
            _exit(context_learn(scratch->path, "lakeside", 1, (uint64_t) (100 + i),
                                (const uint8_t(*)[KEY_SIZE]) pin, 1, reason) != 0);
        }
    }
    for (int i = 0; i < RUNS; i++) {
        int status;
        waitpid(runs[i], &status, 0);
        assert_int_equal(status, 0);
    }
    assert_int_equal(context_load(scratch->path, "lakeside", &loaded, reason), 0);
    assert_int_equal(loaded.seen, 100 + RUNS - 1);
    assert_int_equal(loaded.pin_count, 2 + RUNS);
}

#define HEX "0000000000000000000000000000000000000000000000000000000000000001"
#define HEAD "[context]\ngroup_key = " HEX "\nconnection_key = k\n"

/* Whoever writes waits for whoever reads and writes. */
static void test_saving_waits_its_turn(void **state)
{
    struct scratch *scratch = *state;
    struct context context = sample("lakeside"), other = sample("other");
    char reason[CONTEXT_REASON_MAX];
    int status = -1;

    save(scratch, &context);
    int lock = open(scratch_path(scratch, "lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(flock(lock, LOCK_EX), 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(lock);
        _exit(context_save(scratch->path, &context, true, reason) == 0 &&
                      context_make(scratch->path, &other, reason) == 0 &&
                      context_change_key(scratch->path, "other", "keys/next.key", reason) == 0
                  ? 0
                  : 1);
    }
    usleep(100 * 1000);
    assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
    close(lock);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(context_load(scratch->path, "other", &context, reason), 0);
    assert_string_equal(context.signing_key, "keys/next.key");
}

static void test_damaged(void **state)
{
    static const struct {
        const char *text, *said;
    } ROWS[] = {
        {HEAD, "no broker"},
        {HEAD "[broker b1]\nendpoint = tcp://x:1\nkey = 12\n", "line"},
        {HEAD "[broker b1]\nendpoint = tcp://x:1\nkey = " HEX "\nport = 1\n", "port"},
        {"[context]\nconnection_key = k\n[broker b1]\nendpoint = tcp://x:1\nkey = " HEX "\n", "group_key"},
        {HEAD "seen = -1\n[broker b1]\nendpoint = tcp://x:1\nkey = " HEX "\n", "seen"},
        {"nonsense", "line"},
    };
    struct scratch *scratch = *state;
    struct context context = sample("good"), loaded;

    save(scratch, &context);
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        char reason[CONTEXT_REASON_MAX] = "";
        scratch_write(scratch, "contexts/bad.ini", ROWS[i].text);
        assert_int_equal(context_load(scratch->path, "bad", &loaded, reason), ERR_CONFIG);
        if (strstr(reason, ROWS[i].said) == NULL)
            fail_msg("`%s` does not say `%s`", reason, ROWS[i].said);
    }
}

static void test_home(void **state)
{
    struct scratch *scratch = *state;
    char home[HOME_MAX], reason[CONTEXT_REASON_MAX] = "";
    struct stat found;

    setenv("COMITY_HOME", scratch_path(scratch, "a/b"), 1);
    assert_int_equal(home_find(NULL, home, reason), 0);
    assert_string_equal(home, scratch_path(scratch, "a/b"));
    assert_int_equal(stat(home, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0700);
    assert_int_equal(home_find(scratch_path(scratch, "given"), home, reason), 0);
    assert_string_equal(home, scratch_path(scratch, "given"));
    unsetenv("COMITY_HOME");
    setenv("XDG_CONFIG_HOME", scratch->path, 1);
    assert_int_equal(home_find(NULL, home, reason), 0);
    assert_string_equal(home, scratch_path(scratch, "comity"));
    unsetenv("XDG_CONFIG_HOME");
    setenv("HOME", scratch->path, 1);
    assert_int_equal(home_find(NULL, home, reason), 0);
    assert_string_equal(home, scratch_path(scratch, ".config/comity"));
    unsetenv("HOME");
    assert_int_equal(home_find(NULL, home, reason), ERR_CONFIG);
    scratch_write(scratch, "file", "");
    assert_int_equal(home_find(scratch_path(scratch, "file"), home, reason), ERR_FILE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_saved_and_loaded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_made_with_a_key_of_its_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_operators_context, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_title_of_several_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_values_that_are_not_plain, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_current, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_learning_never_goes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_new_epoch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_learning_beside_one_another, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_saving_waits_its_turn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_damaged, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_home, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
