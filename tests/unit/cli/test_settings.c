/* Settings: the flag goes before the environment, that before the context, that before the file, that before
 * the preset; each with where it came from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "client/cli/cli.h"
#include "tests/unit/cli/scratch.h"

static const char CONTEXT[] =
    "[context]\ngroup_key = 1111111111111111111111111111111111111111111111111111111111111111\n"
    "connection_key = keys/c.key\n%s[broker b1]\nendpoint = tcp://127.0.0.1:1\n"
    "key = 2222222222222222222222222222222222222222222222222222222222222222\n";

static void clear_environment(void)
{
    unsetenv("COMITY_HOME");
    unsetenv("COMITY_CONTEXT");
    unsetenv("COMITY_TIMEOUT");
    unsetenv("COMITY_ACCESSIBLE");
    unsetenv("NO_COLOR");
}

static void put_file(const char *home, const char *name, const char *text)
{
    char path[PATH_BYTES], why[FILE_REASON_MAX];

    assert_int_equal(path_join(path, home, name), 0);
    assert_int_equal(file_write(path, BYTES(text, strlen(text)), 0600, true, why), 0);
}

static void put_context(const char *home, const char *name, const char *settings)
{
    char path[PATH_BYTES], why[FILE_REASON_MAX], file[128], text[1024];

    assert_int_equal(path_join(path, home, "contexts"), 0);
    assert_int_equal(directory_make(path, why), 0);
    snprintf(file, sizeof(file), "contexts/%s.ini", name);
    snprintf(text, sizeof(text), CONTEXT, settings);
    put_file(home, file, text);
}

static void find(struct arena *arena, const char *home, const char *const *words,
                 struct settings *ret_settings)
{
    static char storage[16][PATH_BYTES];
    char *argv[17] = {storage[0], storage[1], storage[2], storage[3]}, reason[ARGUMENTS_REASON_MAX];
    struct arguments arguments;
    int argc = 4;

    snprintf(storage[0], PATH_BYTES, "comity");
    snprintf(storage[1], PATH_BYTES, "whoami");
    snprintf(storage[2], PATH_BYTES, "--home");
    snprintf(storage[3], PATH_BYTES, "%s", home);
    for (; *words != NULL; words++, argc++) {
        snprintf(storage[argc], PATH_BYTES, "%s", *words);
        argv[argc] = storage[argc];
    }
    assert_int_equal(arguments_parse(argc, argv, &arguments, reason), 0);
    settings_find(&arguments, arena, ret_settings);
}

#define FIND(arena, home, settings, ...)                                                                     \
    find(arena, home, (const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL}, settings)

static void need(const struct settings *settings, enum setting_id id, const char *value, enum origin origin)
{
    const struct setting *setting = &settings->list[id];

    assert_int_equal(settings->fault, 0);
    assert_string_equal(setting->value, value);
    assert_int_equal(setting->origin, origin);
}

/* Laid one over another, from the preset to the flag. */
static void test_precedence(void **state)
{
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    struct scratch scratch;
    const char *home = scratch.path;
    struct settings settings;

    scratch_init(&scratch);
    (void) state;
    clear_environment();
    FIND(arena, home, &settings);
    need(&settings, SETTING_TIMEOUT, "15", ORIGIN_PRESET);
    need(&settings, SETTING_COLOR, "auto", ORIGIN_PRESET);
    need(&settings, SETTING_ACCESSIBLE, "no", ORIGIN_PRESET);
    need(&settings, SETTING_HOME, home, ORIGIN_FLAG);
    assert_null(settings.list[SETTING_CONTEXT].value);

    put_file(home, "config.ini", "[settings]\ntimeout = 20\ncolor = always\naccessible = yes\n");
    FIND(arena, home, &settings);
    need(&settings, SETTING_TIMEOUT, "20", ORIGIN_FILE);
    need(&settings, SETTING_COLOR, "always", ORIGIN_FILE);
    need(&settings, SETTING_ACCESSIBLE, "yes", ORIGIN_FILE);
    assert_int_equal(settings_timeout_ms(&settings), 20000);
    assert_int_equal(settings_color(&settings), COLOR_ALWAYS);
    assert_true(settings_accessible(&settings));
    assert_non_null(strstr(settings.list[SETTING_TIMEOUT].where, "config.ini"));

    put_context(home, "lakeside", "[settings]\ntimeout = 30\naccessible = no\n");
    put_context(home, "other", "");
    put_file(home, "current", "lakeside\n");
    FIND(arena, home, &settings);
    need(&settings, SETTING_CONTEXT, "lakeside", ORIGIN_FILE);
    need(&settings, SETTING_TIMEOUT, "30", ORIGIN_CONTEXT);
    need(&settings, SETTING_ACCESSIBLE, "no", ORIGIN_CONTEXT);
    need(&settings, SETTING_COLOR, "always", ORIGIN_FILE);
    assert_non_null(strstr(settings.list[SETTING_TIMEOUT].where, "contexts/lakeside.ini"));
    FIND(arena, home, &settings, "--context", "other");
    need(&settings, SETTING_TIMEOUT, "20", ORIGIN_FILE);

    setenv("COMITY_TIMEOUT", "40", 1);
    setenv("COMITY_ACCESSIBLE", "1", 1);
    setenv("NO_COLOR", "whatever", 1);
    setenv("COMITY_CONTEXT", "other", 1);
    FIND(arena, home, &settings);
    need(&settings, SETTING_CONTEXT, "other", ORIGIN_ENVIRONMENT);
    need(&settings, SETTING_TIMEOUT, "40", ORIGIN_ENVIRONMENT);
    need(&settings, SETTING_ACCESSIBLE, "yes", ORIGIN_ENVIRONMENT);
    need(&settings, SETTING_COLOR, "never", ORIGIN_ENVIRONMENT);
    setenv("NO_COLOR", "", 1);
    FIND(arena, home, &settings);
    need(&settings, SETTING_COLOR, "always", ORIGIN_FILE);
    setenv("NO_COLOR", "1", 1);
    setenv("COMITY_ACCESSIBLE", "0", 1);

    FIND(arena, home, &settings, "--timeout", "50", "--color", "auto", "--accessible", "--context",
         "lakeside");
    need(&settings, SETTING_CONTEXT, "lakeside", ORIGIN_FLAG);
    need(&settings, SETTING_TIMEOUT, "50", ORIGIN_FLAG);
    need(&settings, SETTING_COLOR, "auto", ORIGIN_FLAG);
    need(&settings, SETTING_ACCESSIBLE, "yes", ORIGIN_FLAG);
    clear_environment();
    scratch_release(&scratch);
    arena_destroy(&arena);
}

static const struct {
    const char *option, *value; /* a flag, or NULL: */
    const char *variable;
    int code;
    const char *said;
} FAULTS[] = {
    {"--timeout", "0", NULL, ERR_USAGE,
     "timeout cannot be `0`, as --timeout has it. It is a number from 1 to 3600."},
    {"--timeout", "3601", NULL, ERR_USAGE, "3600"},
    {"--timeout", "-5", NULL, ERR_USAGE, "`-5`"},
    {"--timeout", "9x", NULL, ERR_USAGE, "`9x`"},
    {"--color", "red", NULL, ERR_USAGE, "It is one of never|auto|always."},
    {"--color", "never|auto", NULL, ERR_USAGE, "It is one of"},
    {NULL, "soon", "COMITY_TIMEOUT", ERR_CONFIG, "as $COMITY_TIMEOUT has it"},
    {NULL, "\033[2Jx", "COMITY_ACCESSIBLE", ERR_CONFIG, "`\\x1b[2Jx`"},
};

static void test_what_is_no_good(void **state)
{
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    struct scratch scratch;
    const char *home = scratch.path;
    struct settings settings;

    (void) state;
    scratch_init(&scratch);
    clear_environment();
    for (size_t i = 0; i < ARRAY_COUNT(FAULTS); i++) {
        if (FAULTS[i].variable != NULL)
            setenv(FAULTS[i].variable, FAULTS[i].value, 1);
        if (FAULTS[i].option != NULL)
            FIND(arena, home, &settings, FAULTS[i].option, FAULTS[i].value);
        else
            FIND(arena, home, &settings);
        clear_environment();
        assert_int_equal(settings.fault, FAULTS[i].code);
        if (strstr(settings.reason, FAULTS[i].said) == NULL)
            fail_msg("row %zu: %s", i, settings.reason);
    }
    put_file(home, "config.ini", "[settings]\ntimout = 3\n");
    FIND(arena, home, &settings);
    assert_int_equal(settings.fault, ERR_CONFIG);
    assert_non_null(strstr(settings.reason, "has no key timout"));
    scratch_release(&scratch);
    arena_destroy(&arena);
}

/* What a context keeps is still there after the run has learnt something. */
static void test_a_context_keeps_its_settings(void **state)
{
    char reason[CONTEXT_REASON_MAX];
    struct scratch scratch;
    const char *home = scratch.path;
    struct context context;
    struct kept_settings kept = {0};

    (void) state;
    scratch_init(&scratch);
    put_context(home, "lakeside", "");
    assert_int_equal(context_change_setting(home, "lakeside", SETTING_TIMEOUT, "60", reason), 0);
    assert_int_equal(context_learn(home, "lakeside", 1, 7, NULL, 0, reason), 0);
    assert_int_equal(context_load(home, "lakeside", &context, reason), 0);
    assert_string_equal(context.settings.values[SETTING_TIMEOUT], "60");
    assert_int_equal(context_change_setting(home, "lakeside", SETTING_TIMEOUT, "", reason), 0);
    assert_int_equal(context_load(home, "lakeside", &context, reason), 0);
    assert_string_equal(context.settings.values[SETTING_TIMEOUT], "");
    assert_int_equal(context.seen, 7);

    snprintf(kept.values[SETTING_COLOR], SETTING_VALUE_MAX, "never");
    assert_int_equal(kept_settings_write(home, &kept, reason), 0);
    memset(&kept, 0, sizeof(kept));
    assert_int_equal(kept_settings_read(home, &kept, reason), 0);
    assert_string_equal(kept.values[SETTING_COLOR], "never");
    assert_string_equal(kept.values[SETTING_TIMEOUT], "");
    scratch_release(&scratch);
}

static void test_unknown_contexts(void **state)
{
    char reason[CONTEXT_REASON_MAX];
    struct scratch scratch;
    const char *home = scratch.path;
    struct context context;

    (void) state;
    scratch_init(&scratch);
    assert_int_equal(context_load(home, "nosuch", &context, reason), ERR_NOT_FOUND);
    assert_string_equal(reason, "There is no context `nosuch`. This machine has none yet.");
    put_context(home, "lakeside", "");
    put_context(home, "harbor", "");
    assert_int_equal(context_load(home, "nosuch", &context, reason), ERR_NOT_FOUND);
    assert_string_equal(reason, "There is no context `nosuch`. There are: harbor, lakeside.");
    scratch_release(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_precedence),
        cmocka_unit_test(test_what_is_no_good),
        cmocka_unit_test(test_a_context_keeps_its_settings),
        cmocka_unit_test(test_unknown_contexts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
