/* Each numbered rule of docs/rules.md is cited by the code that carries it out and by a test, and nothing
 * cites a rule that there is not. */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "test_rule_support.h"

enum { RULES_MAX = 200 };

/* Numbers that were never given. */
static const unsigned long NONE[] = {59, 93, 94};

/* Note every R-n in a file; @before: what has to stand right before it. */
static void citations_read(const char *path, const char *before, bool cited[RULES_MAX])
{
    char line[4096];
    FILE *file = scene_need(fopen(path, "r"), path);
    while (fgets(line, sizeof(line), file)) {
        for (char *at = line; (at = strstr(at, "R-")) != NULL; at += 2) {
            size_t length = strlen(before);
            bool is_word = at == line || !isalnum((unsigned char) at[-1]);
            if (!isdigit((unsigned char) at[2]) || !is_word)
                continue;
            if ((size_t) (at - line) < length || strncmp(at - length, before, length) != 0)
                continue;
            unsigned long number = strtoul(at + 2, NULL, 10);
            scene_require(number < RULES_MAX, path);
            cited[number] = true;
        }
    }
    fclose(file);
}

static size_t folder_read(const char *pattern, bool cited[RULES_MAX])
{
    char whole[512];
    glob_t found;
    snprintf(whole, sizeof(whole), "%s/%s", SOURCE_DIR, pattern);
    scene_require(glob(whole, 0, NULL, &found) == 0, whole);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        if (!strstr(found.gl_pathv[i], "test_rule_docs"))
            citations_read(found.gl_pathv[i], "", cited);
    }
    size_t count = found.gl_pathc;
    globfree(&found);
    return count;
}

static void rules_are_carried_out_and_tested(void **state)
{
    bool defined[RULES_MAX] = {false}, code[RULES_MAX] = {false}, tests[RULES_MAX] = {false};
    unsigned long last = 0;
    (void) state;

    citations_read(SOURCE_DIR "/docs/rules.md", "**", defined);
    assert_true(folder_read("core/rule/*.c", code) > 5);
    assert_true(folder_read("core/machine/*.c", code) > 30);
    assert_true(folder_read("client/rules/*.[ch]", code) > 5);
    assert_true(folder_read("tests/unit/core/test_rule_*.c", tests) > 3);
    assert_true(folder_read("tests/unit/core/test_machine_*.c", tests) > 15);
    assert_true(folder_read("tests/unit/rules/test_*.c", tests) > 1);
    for (unsigned long number = 0; number < RULES_MAX; number++) {
        if (defined[number])
            last = number;
        if (defined[number] && !code[number])
            fail_msg("R-%lu is not cited in core/rule, core/machine or client/rules", number);
        if (defined[number] && !tests[number])
            fail_msg("R-%lu is not cited by a test", number);
        if (!defined[number] && (code[number] || tests[number]))
            fail_msg("R-%lu is cited and is not in docs/rules.md", number);
    }
    for (size_t i = 0; i < ARRAY_COUNT(NONE); i++) {
        assert_false(defined[NONE[i]]);
        defined[NONE[i]] = true;
    }
    for (unsigned long number = 1; number <= last; number++)
        if (!defined[number])
            fail_msg("R-%lu is missing in docs/rules.md", number);
    print_message("%lu rules\n", last);
    assert_true(last >= 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_are_carried_out_and_tested),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
