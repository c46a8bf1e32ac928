#include "core/daemon/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "core/text.h"

enum { LINE_MAX_BYTES = 2048, PROGRAM_MAX_BYTES = 48 };

static const char *const LEVELS[] = {"debug", "info", "warning", "error"};

/* Written before threads start, but for the level. */
static char program_name[PROGRAM_MAX_BYTES] = "comity";
static atomic_int least_level = LOG_INFO;

void log_init(const char *program, enum log_level least)
{
    log_value(program, program_name, sizeof(program_name));
    log_set_level(least);
}

void log_set_level(enum log_level least)
{
    atomic_store(&least_level, (int) least);
}

/* The start of the line, as far as the caller's own part. Returns its length. */
static size_t write_start(char *line, size_t size, enum log_level level, const char *event)
{
    struct timespec now;
    struct tm civil;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &civil);
    size_t length = strftime(line, size, "%Y-%m-%dT%H:%M:%S", &civil);
    int more = snprintf(line + length, size - length, ".%03dZ level=%s program=%s event=%s",
                        (int) (now.tv_nsec / 1000000), LEVELS[level], program_name, event);
    return length + (more < 0 ? 0 : (size_t) more);
}

/* What reached the line without log_value still cannot break it in two or move a terminal's cursor. */
static void disarm(char *line, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char) line[i];
        if (c < 0x20 || c == 0x7F)
            line[i] = '?';
    }
}

void log_event(enum log_level level, const char *event, const char *format, ...)
{
    if ((int) level < atomic_load(&least_level))
        return;
    int saved_errno = errno;
    char line[LINE_MAX_BYTES];
    const size_t room = sizeof(line) - 1; /* the newline is always there, also on a cut line */
    size_t length = write_start(line, room, level, event);
    if (length < room && format[0] != '\0') {
        line[length++] = ' ';
        va_list arguments;
        va_start(arguments, format);
        int more = vsnprintf(line + length, room - length, format, arguments);
        va_end(arguments);
        length += more < 0 ? 0 : (size_t) more;
    }
    if (length >= room)
        length = room - 1;
    disarm(line, length);
    line[length++] = '\n';
    ssize_t written;
    do
        written = write(STDERR_FILENO, line, length);
    while (written < 0 && errno == EINTR);
    errno = saved_errno;
}

static bool is_plain(unsigned char c)
{
    return c > 0x20 && c != '"' && c != '\\' && c != '=' && c != 0x7F;
}

const char *log_value(const char *text, char *buffer, size_t size)
{
    if (size == 0)
        return buffer;
    if (!text)
        text = "";
    bool needs_quotes = text[0] == '\0';
    for (const char *at = text; *at != '\0' && !needs_quotes; at++)
        needs_quotes = !is_plain((unsigned char) *at);
    if (!needs_quotes) {
        text_escape(BYTES(text, strlen(text)), false, buffer, size);
        return buffer;
    }
    if (size < 3) {
        buffer[0] = '\0';
        return buffer;
    }
    size_t written = 0;
    buffer[written++] = '"';
    for (const char *at = text; *at != '\0';) {
        /* Quotes and backslashes are this function's; everything between them is text_escape's, which
         * needs whole runs so as not to take a multi-byte character apart. */
        size_t run = strcspn(at, "\"\\");
        if (run == 0) {
            if (written + 4 > size)
                break;
            buffer[written++] = '\\';
            buffer[written++] = *at++;
            continue;
        }
        size_t whole = text_escape(BYTES(at, run), false, buffer + written, size - written - 1);
        size_t shown = strlen(buffer + written);
        written += shown;
        if (shown < whole)
            break;
        at += run;
    }
    buffer[written++] = '"';
    buffer[written] = '\0';
    return buffer;
}
