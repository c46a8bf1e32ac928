/* Logs: one line an event, whatever the values hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/daemon/log.h"

/* Standard error goes to a file while a test logs. */
struct capture {
    int saved;
    int fd;
    char text[8192];
};

static void capture_start(struct capture *capture)
{
    char path[] = "/tmp/comity-log-XXXXXX";
    capture->fd = mkstemp(path);
    assert_true(capture->fd >= 0);
    unlink(path);
    capture->saved = dup(STDERR_FILENO);
    dup2(capture->fd, STDERR_FILENO);
}

static void capture_end(struct capture *capture)
{
    dup2(capture->saved, STDERR_FILENO);
    close(capture->saved);
    ssize_t size = pread(capture->fd, capture->text, sizeof(capture->text) - 1, 0);
    assert_true(size >= 0);
    capture->text[size] = '\0';
    close(capture->fd);
}

static void test_values_are_escaped(void **state)
{
    (void) state;
    static const struct {
        const char *value;
        const char *shown;
    } CASES[] = {
        {"plain", "plain"},
        {"tcp://127.0.0.1:7400", "tcp://127.0.0.1:7400"},
        {"", "\"\""},
        {"two words", "\"two words\""},
        {"a=b", "\"a=b\""},
        {"say \"yes\"", "\"say \\\"yes\\\"\""},
        {"back\\slash", "\"back\\\\slash\""},
        {"line\nlevel=error", "\"line\\x0alevel=error\""},
        {"\x1B[31m", "\"\\x1b[31m\""},
        {"\xE2\x80\xAE"
         "flip",
         "\\u{202e}flip"},
        {"\xFF", "\\xff"},
        {"\xC3\xA9t\xC3\xA9", "\xC3\xA9t\xC3\xA9"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(CASES); i++) {
        char buffer[128];
        assert_string_equal(log_value(CASES[i].value, buffer, sizeof(buffer)), CASES[i].shown);
    }
    char buffer[8];
    assert_string_equal(log_value(NULL, buffer, sizeof(buffer)), "\"\"");
}

/* A value is cut to the buffer, closed and terminated, at every size. */
static void test_values_are_cut(void **state)
{
    (void) state;
    static const char VALUE[] = "a \"b\"\n\\c d e f";
    for (size_t size = 1; size < 40; size++) {
        char buffer[48];
        memset(buffer, '#', sizeof(buffer));
        log_value(VALUE, buffer, size);
        size_t length = strlen(buffer);
        assert_true(length < size);
        assert_int_equal(buffer[size], '#');
        if (size >= 3) {
            assert_int_equal(buffer[0], '"');
            assert_int_equal(buffer[length - 1], '"');
        }
    }
}

static void test_one_line_an_event(void **state)
{
    (void) state;
    struct capture capture;
    capture_start(&capture);
    log_init("test program", LOG_INFO);
    log_event(LOG_DEBUG, "hidden", "a=1");
    log_event(LOG_WARNING, "seen", "count=%d", 3);
    log_event(LOG_INFO, "bare", "%s", "");
    log_event(LOG_ERROR, "forged", "value=%s", "x\n2026 level=info\tend");
    log_set_level(LOG_DEBUG);
    log_event(LOG_DEBUG, "shown", "a=2");
    log_set_level(LOG_ERROR);
    log_event(LOG_WARNING, "hidden", "a=3");
    capture_end(&capture);

    static const char *const ENDS[] = {
        "Z level=warning program=\"test program\" event=seen count=3",
        "Z level=info program=\"test program\" event=bare ",
        "Z level=error program=\"test program\" event=forged value=x?2026 level=info?end",
        "Z level=debug program=\"test program\" event=shown a=2",
    };
    char *line = capture.text;
    for (size_t i = 0; i < ARRAY_COUNT(ENDS); i++) {
        char *end = strchr(line, '\n');
        assert_non_null(end);
        *end = '\0';
        int year, month, day, hour, minute, second, thousandth;
        assert_int_equal(sscanf(line, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ", &year, &month, &day, &hour, &minute,
                                &second, &thousandth),
                         7);
        assert_string_equal(line + strlen("2026-11-22T10:00:00.123"), ENDS[i]);
        line = end + 1;
    }
    assert_string_equal(line, "");
}

static void test_long_line_is_cut_and_ends(void **state)
{
    (void) state;
    struct capture capture;
    char value[4000];
    memset(value, 'v', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    capture_start(&capture);
    log_init("test", LOG_INFO);
    log_event(LOG_INFO, "long", "value=%s", value);
    capture_end(&capture);
    size_t length = strlen(capture.text);
    assert_true(length > 1900 && length <= 2048);
    assert_ptr_equal(strchr(capture.text, '\n'), capture.text + length - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_are_escaped),
        cmocka_unit_test(test_values_are_cut),
        cmocka_unit_test(test_one_line_an_event),
        cmocka_unit_test(test_long_line_is_cut_and_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
