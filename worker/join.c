#include "worker/join.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "worker/clock.h"
#include "worker/group_log.h"
#include "worker/join_internal.h"
#include "worker/log/finding.h"

enum { SEAT_MS = 20 * 1000, LOOK_MS = 50, PATIENCE_MS = 60 * 1000 };

int joining_fail(struct joining *joining, int code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(joining->reason, JOIN_REASON_MAX, format, arguments);
    va_end(arguments);
    return code;
}

void joining_pause(int64_t wait_ms)
{
    usleep((useconds_t) wait_ms * 1000);
}

void joining_show(struct joining *joining, const char *what, uint64_t done, uint64_t total)
{
    const struct join_options *options = joining->options;
    joining->shown = (struct joining_shown){what, done, total};
    if (options->progress)
        options->progress(options->context, what, done, total);
}

static int found_fail(struct joining *joining, int code, const char *found)
{
    finding_say(FINDING_JOINING, code, found, joining->reason, JOIN_REASON_MAX);
    return code;
}

/* The seat. */

int joining_look(struct joining *joining)
{
    struct order_log_etcd_status status;
    order_log_etcd_status(joining->log, &status);
    return status.fault ? found_fail(joining, status.fault, status.reason) : 0;
}

static int seat_wait(struct joining *joining)
{
    int64_t until_ms = clock_steady_ms() + SEAT_MS;
    struct order_log_etcd_status status;
    for (;;) {
        order_log_etcd_status(joining->log, &status);
        if (status.fault || status.has_seat)
            return joining_look(joining);
        if (status.unfit)
            return found_fail(joining, status.unfit, status.reason);
        if (clock_steady_ms() >= until_ms)
            return found_fail(joining, ERR_UNREACHABLE, status.reason);
        joining_show(joining, "Taking a seat in the log", 0, 0);
        joining_pause(LOOK_MS);
    }
}

static int log_options(struct joining *joining, const struct order_place *place,
                       struct order_log_etcd_options *ret_options)
{
    int code = group_log_options(&joining->options->settings->log, &joining->options->settings->group_key,
                                 ret_options, joining->reason);
    if (code == 0)
        ret_options->applied = *place;
    return code;
}

int joining_find(struct joining *joining, const struct order_place *place, struct log_found *ret_found)
{
    struct order_log_etcd_options options;
    char why[LOG_REASON_MAX] = "";
    int code = log_options(joining, place, &options);
    if (code)
        return code;
    code = order_log_etcd_look(&options, ret_found, why);
    return code ? found_fail(joining, code, why) : 0;
}

int joining_seat(struct joining *joining, const struct order_place *place)
{
    struct order_log_etcd_options options;
    char why[LOG_REASON_MAX] = "";
    int code = log_options(joining, place, &options);
    if (code)
        return code;
    options.only_follows = true;
    code = order_log_etcd_new(&options, &joining->log, why);
    if (code)
        return found_fail(joining, code, why);
    return seat_wait(joining);
}

void joining_stand_up(struct joining *joining)
{
    if (joining->log)
        joining->log->ops->destroy(&joining->log);
}

/* Taking it in. */

static void show_events(void *context, const struct export_totals *totals)
{
    joining_show(context, "Taking in events", totals->events, 0);
}

static void show_checked(void *context, const struct export_totals *totals)
{
    struct joining *joining = context;
    joining_show(joining, "Checking KiB of the file", totals->bytes / 1024, joining->file_size / 1024);
}

static struct restore_options restore_options(struct joining *joining)
{
    const struct worker_settings *settings = joining->options->settings;
    return (struct restore_options){
        .directory = settings->data,
        .map_limit_bytes = settings->map_limit_bytes,
        .group = settings->group,
        .log_key = &settings->log_key,
        .time_ms = clock_unix_ms(),
        .progress = show_events,
        .context = joining,
    };
}

int joining_read_place(struct joining *joining, const char *path, struct store_entry *ret_place)
{
    struct restore_options options = restore_options(joining);
    return export_read_place(&options, path, ret_place, joining->reason);
}

int joining_take(struct joining *joining, const char *path, const struct store_entry *place,
                 struct export_totals *ret_totals)
{
    struct restore_options options = restore_options(joining);
    options.joins = place;
    return restore_read_file(&options, path, ret_totals, joining->reason);
}

/* A file may have been altered, or cut off, on its way here. */
static int file_check(struct joining *joining, const char *path, struct store_entry *ret_place)
{
    static const char WHAT_TO_DO[] = " Carry another export here.";
    struct restore_options options = restore_options(joining);
    struct stat status;
    bool is_there = stat(path, &status) == 0;
    if (is_there && !S_ISREG(status.st_mode))
        return joining_fail(joining, ERR_FILE,
                            "%.300s is no regular file: it is read twice, to be checked first. Put the export into one.", path);
    joining->file_size = is_there ? (uint64_t) status.st_size : 0;
    options.progress = show_checked;
    int code = export_read_whole(&options, path, ret_place, joining->reason);
    if (code == ERR_MALFORMED || code == ERR_CORRUPT || code == ERR_SIGNATURE || code == ERR_TOO_LARGE) {
        size_t length = strlen(joining->reason);
        snprintf(joining->reason + length, JOIN_REASON_MAX - length, "%s", WHAT_TO_DO);
    }
    return code;
}

/* The seat holds back what the log drops: it is taken for a file that is whole, and before that is taken in,
 * which lasts longer than to read it. */
static int join_file(struct joining *joining, struct join_totals *totals)
{
    const char *path = joining->options->file;
    struct store_entry entry;
    int code = file_check(joining, path, &entry);
    if (code)
        return code;
    struct order_place place = group_log_behind(&entry);
    code = joining_seat(joining, &place);
    if (code == 0)
        code = joining_take(joining, path, &entry, &totals->taken);
    totals->size = totals->taken.bytes;
    return code;
}

/* All of it. */

static int check(struct joining *joining)
{
    static const char *const FILES[] = {"data.mdb", "keys"};
    const char *data = joining->options->settings->data;
    char path[JOIN_PATH_MAX];
    struct order_log_etcd_options options;
    for (size_t i = 0; i < ARRAY_COUNT(FILES); i++)
        if (snprintf(path, sizeof(path), "%s/%s", data, FILES[i]) >= (int) sizeof(path) ||
            access(path, F_OK) == 0)
            return joining_fail(
                joining, ERR_EXISTS,
                "The data directory %.300s holds a store: a worker joins without one. Move it away first.",
                data);
    return group_log_options(&joining->options->settings->log, &joining->options->settings->group_key,
                             &options, joining->reason);
}

int join(const struct join_options *options, struct join_totals *ret_totals, char reason[JOIN_REASON_MAX])
{
    struct joining joining = {
        .options = options,
        .reason = reason,
        .patience_ms = options->patience_ms ? options->patience_ms : PATIENCE_MS,
    };
    *ret_totals = (struct join_totals){.size = 0};
    int code = check(&joining);
    if (code == 0)
        code = options->file ? join_file(&joining, ret_totals) : joining_fetch(&joining, ret_totals);
    joining_stand_up(&joining);
    return code;
}
