/* Progress: nothing within the first second, then as the style has it, and what was drawn is gone at the end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/daemon/progress.h"

static int64_t clock_ms;

static int64_t now_ms(void)
{
    return clock_ms;
}

static struct progress begin(enum progress_style style, char **text, size_t *size)
{
    struct progress progress;

    progress_init(&progress, style, open_memstream(text, size));
    progress.now_ms = now_ms;
    clock_ms = 5000;
    return progress;
}

/* Tick by tick, 100 ms each. */
static void pass(struct progress *progress, int64_t end_ms)
{
    for (; clock_ms <= end_ms; clock_ms += 100)
        progress_tick(progress);
}

static void need(struct progress *progress, const char *expected, char **text)
{
    fflush(progress->file);
    assert_string_equal(*text, expected);
    fclose(progress->file);
    free(*text);
}

static void test_what_is_quick_is_not_told(void **state)
{
    static const enum progress_style STYLES[] = {PROGRESS_REDRAWN, PROGRESS_LINES};
    char *text;
    size_t size;

    (void) state;
    for (size_t i = 0; i < 2; i++) {
        struct progress progress = begin(STYLES[i], &text, &size);
        progress_begin(&progress, "Waiting");
        pass(&progress, 5999);
        progress_end(&progress);
        pass(&progress, 60000);
        need(&progress, "", &text);
    }
}

static void test_lines(void **state)
{
    char *text;
    size_t size;
    struct progress progress = begin(PROGRESS_LINES, &text, &size);

    (void) state;
    progress_begin(&progress, "Reading");
    progress_count(&progress, 3, 0);
    pass(&progress, 15999);
    progress_count(&progress, 7, 9);
    pass(&progress, 16000);
    progress_end(&progress);
    need(&progress, "Reading: 3 (1 s)\nReading: 7 of 9 (11 s)\n", &text);
}

static void test_one_line_is_drawn_anew(void **state)
{
    char *text;
    size_t size;
    struct progress progress = begin(PROGRESS_REDRAWN, &text, &size);

    (void) state;
    progress_begin(&progress, "Waiting");
    pass(&progress, 6200);
    progress_end(&progress);
    need(&progress, "Waiting (1 s)\r\033[KWaiting (1 s)\r\033[K", &text);
}

/* What is begun inside is part of what is under way, and does not end it. */
static void test_inner_ones(void **state)
{
    char *text;
    size_t size;
    struct progress progress = begin(PROGRESS_LINES, &text, &size);

    (void) state;
    progress_begin(&progress, "Copying");
    progress_begin(&progress, "Waiting");
    pass(&progress, 6000);
    progress_end(&progress);
    progress_count(&progress, 5, 0);
    pass(&progress, 16000);
    progress_end(&progress);
    need(&progress, "Copying (1 s)\nCopying: 5 (11 s)\n", &text);
}

static void test_nobody_watches(void **state)
{
    char *text;
    size_t size;
    struct progress progress = begin(PROGRESS_NONE, &text, &size);

    (void) state;
    progress_begin(&progress, "Copying");
    pass(&progress, 60000);
    progress_end(&progress);
    need(&progress, "", &text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_quick_is_not_told),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_one_line_is_drawn_anew),
        cmocka_unit_test(test_inner_ones),
        cmocka_unit_test(test_nobody_watches),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
