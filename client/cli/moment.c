/* Instants as people write and read them: the part of output.h about time. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "client/cli/output.h"
#include "core/text.h"

int64_t time_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

const char *shown_time(struct cli *cli, int64_t time_ms)
{
    time_t seconds = (time_t) (time_ms / 1000);
    struct tm fields;
    char text[64];

    if (time_ms == 0 || localtime_r(&seconds, &fields) == NULL ||
        strftime(text, sizeof(text), "%Y-%m-%d %H:%M %Z", &fields) == 0)
        return "-";
    return arena_string(cli->arena, text);
}

static int read_span(const char *text, int64_t now_ms, int64_t *ret_time_ms)
{
    static const struct {
        char unit;
        int64_t ms;
    } UNITS[] = {{'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', 86400000}};
    char *end;
    long count = strtol(text, &end, 10);

    if (!isdigit((unsigned char) *text) || count < 0 || count > 1000000 || *end == '\0' || end[1] != '\0')
        return ERR_RANGE;
    for (size_t i = 0; i < ARRAY_COUNT(UNITS); i++) {
        if (UNITS[i].unit != *end)
            continue;
        *ret_time_ms = now_ms + count * UNITS[i].ms;
        return 0;
    }
    return ERR_RANGE;
}

int time_read(const char *text, int64_t now_ms, int64_t *ret_time_ms)
{
    static const struct {
        const char *format;
        bool is_utc;
    } FORMATS[] = {
        {"%Y-%m-%dT%H:%M:%SZ", true}, {"%Y-%m-%dT%H:%MZ", true},    {"%Y-%m-%dT%H:%M:%S", false},
        {"%Y-%m-%dT%H:%M", false},    {"%Y-%m-%d %H:%M:%S", false}, {"%Y-%m-%d %H:%M", false},
        {"%Y-%m-%d", false},
    };

    if (*text == '+')
        return read_span(text + 1, now_ms, ret_time_ms);
    for (size_t i = 0; i < ARRAY_COUNT(FORMATS); i++) {
        struct tm fields = {.tm_isdst = -1};
        const char *end = strptime(text, FORMATS[i].format, &fields);
        if (end == NULL || *end != '\0')
            continue;
        struct tm wanted = fields;
        time_t seconds = FORMATS[i].is_utc ? timegm(&fields) : mktime(&fields);
        /* 30 February, or an hour that a change of clocks leaves out, is another day or hour now. */
        if (seconds == -1 || fields.tm_mday != wanted.tm_mday || fields.tm_hour != wanted.tm_hour)
            return ERR_RANGE;
        *ret_time_ms = (int64_t) seconds * 1000;
        return 0;
    }
    return ERR_RANGE;
}

bool time_zone_exists(const char *zone)
{
    static const char ZONES[] = "/usr/share/zoneinfo";
    char path[sizeof(ZONES) + 80];
    struct stat found;

    if (!time_zone_is_valid(zone))
        return false;
    if (stat(ZONES, &found) != 0)
        return true;
    snprintf(path, sizeof(path), "%s/%s", ZONES, zone);
    return stat(path, &found) == 0 && S_ISREG(found.st_mode);
}
