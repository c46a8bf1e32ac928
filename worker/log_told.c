#include "worker/log_told.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/daemon/log.h"

/* A start takes 5 s where a seat, or a clock, has to be seen to stand still. */
enum { INTRODUCED_MS = 10 * 1000, WHY_MAX = LOG_REASON_MAX + 256 };
enum { SHOWN_WHY = 2 * WHY_MAX, SHOWN_REASON = 2 * LOG_REASON_MAX, SHOWN_NAMES = 2 * LOG_MEMBERS_TEXT };

void log_told_init(struct log_told *told, int64_t now_ms)
{
    *told = (struct log_told){.since_ms = now_ms, .begun_ms = now_ms};
}

static void look_for_answers(struct log_told *told, const struct order_log_etcd_status *status,
                             int64_t silent_ms, int64_t now_ms)
{
    char shown[SHOWN_REASON];
    int64_t last_ms = status->answered_ms > told->since_ms ? status->answered_ms : told->since_ms;
    bool is_silent = now_ms - last_ms > silent_ms;
    if (is_silent == told->is_silent)
        return;
    told->is_silent = is_silent;
    if (is_silent) {
        told->since_ms = last_ms;
        log_event(LOG_WARNING, "etcd_silent", "for_ms=%" PRId64 " reason=%s", now_ms - last_ms,
                  log_value(status->reason, shown, sizeof(shown)));
    } else {
        log_event(LOG_INFO, "etcd_answers", "after_ms=%" PRId64, now_ms - told->since_ms);
        told->since_ms = last_ms;
    }
}

static enum log_room room_of(const struct order_log_etcd_status *status)
{
    return status->is_out_of_space ? ROOM_NONE
           : status->is_full       ? ROOM_FULL
           : status->is_filling    ? ROOM_FILLING
                                   : ROOM_ENOUGH;
}

static void look_for_room(struct log_told *told, const struct order_log_etcd_status *status,
                          uint64_t quota_bytes)
{
    static const struct {
        enum log_level level;
        const char *event;
    } EVENTS[] = {
        [ROOM_ENOUGH] = {LOG_INFO, "etcd_has_room"},
        [ROOM_FILLING] = {LOG_WARNING, "etcd_filling"},
        [ROOM_FULL] = {LOG_ERROR, "etcd_full"},
        [ROOM_NONE] = {LOG_ERROR, "etcd_out_of_space"},
    };
    enum log_room room = room_of(status);
    if (room == told->room)
        return;
    told->room = room;
    log_event(EVENTS[room].level, EVENTS[room].event, "used_bytes=%" PRIu64 " quota_bytes=%" PRIu64,
              status->used_bytes, quota_bytes);
}

static void look_for_upkeep(struct log_told *told, const struct order_log_etcd_status *status)
{
    const struct log_members *members = &status->members;
    char shown[SHOWN_NAMES];
    if (members->rooms != told->rooms)
        log_event(members->room_unreached[0] ? LOG_WARNING : LOG_INFO, "made_room",
                  "used_bytes=%" PRIu64 " members=%zu not_reached=%s", status->used_bytes, members->count,
                  log_value(members->room_unreached, shown, sizeof(shown)));
    told->rooms = members->rooms;
    if (strcmp(members->not_forgotten, told->not_forgotten) != 0 && members->not_forgotten[0])
        log_event(LOG_WARNING, "not_forgotten", "number=%" PRIu64 " member=%s", members->forget,
                  log_value(members->not_forgotten, shown, sizeof(shown)));
    memcpy(told->not_forgotten, members->not_forgotten, sizeof(told->not_forgotten));
    if (members->forgotten > told->forgotten)
        log_event(LOG_INFO, "forgotten", "number=%" PRIu64 " members=%zu", members->forgotten,
                  members->count);
    told->forgotten = members->forgotten; /* less: a member has come that has to do it yet */
}

static bool names_take(char told[LOG_MEMBERS_TEXT], const char *names)
{
    bool is_new = strcmp(told, names) != 0;
    memcpy(told, names, LOG_MEMBERS_TEXT);
    return is_new;
}

static void look_for_members(struct log_told *told, const struct log_members *members)
{
    char unreached[SHOWN_NAMES], unnamed[SHOWN_NAMES], strays[SHOWN_NAMES];
    bool is_new = names_take(told->unreached, members->unreached);
    is_new |= names_take(told->unnamed, members->unnamed);
    is_new |= names_take(told->strays, members->strays);
    bool is_good = !members->unreached[0] && !members->unnamed[0] && !members->strays[0];
    if (is_new)
        log_event(is_good ? LOG_INFO : LOG_WARNING, "etcd_members",
                  "members=%zu not_reached=%s without_endpoint=%s endpoints_of_none=%s", members->count,
                  log_value(members->unreached, unreached, sizeof(unreached)),
                  log_value(members->unnamed, unnamed, sizeof(unnamed)),
                  log_value(members->strays, strays, sizeof(strays)));
}

/* What it waits for, and what to do. */
static void why_waits(const struct order_log_etcd_status *status, char ret_why[WHY_MAX])
{
    const char *reason = status->waits_reason[0] ? status->waits_reason : status->reason;
    switch (status->waiting) {
    case LOG_WAITS_SEAT:
        snprintf(ret_why, WHY_MAX,
                 "Another process has the seat of this worker's name, which is taken over once it has stood still for 5 s. If that one runs, "
                 "give each its own ([log] name), or stop the other.");
        break;
    case LOG_WAITS_CLOCK:
        snprintf(ret_why, WHY_MAX,
                 "The clock of %s was not heard yet, nor that it stands still for 5 s: look whether it runs, and whether both reach most of "
                 "etcd's members.",
                 status->waits_for[0] ? status->waits_for : "the others");
        break;
    case LOG_WAITS_ETCD:
    case LOG_INTRODUCED:
        snprintf(ret_why, WHY_MAX,
                 "The seats cannot be read or put: look whether most of etcd's members run, and whether this worker reaches them. %s",
                 reason);
        break;
    }
}

/* Before it is introduced it does not lead: where that takes long, somebody has to look. */
static void look_for_introduction(struct log_told *told, const struct order_log_etcd_status *status, int64_t now_ms)
{
    char why[WHY_MAX], shown[SHOWN_WHY];
    bool is_introduced = status->waiting == LOG_INTRODUCED, is_late = now_ms - told->begun_ms > INTRODUCED_MS;
    if (is_introduced && told->waits) {
        told->waits = false;
        log_event(LOG_INFO, "introduced", "after_ms=%" PRId64, now_ms - told->begun_ms);
    } else if (!is_introduced && !told->waits && is_late && status->fault == 0) {
        told->waits = true;
        why_waits(status, why);
        log_event(LOG_WARNING, "not_introduced", "for_ms=%" PRId64 " reason=%s", now_ms - told->begun_ms, log_value(why, shown, sizeof(shown)));
    }
    if (status->unread_seat[0] && strcmp(told->unread_seat, status->unread_seat) != 0)
        log_event(LOG_WARNING, "seat_unread",
                  "name=%s advice=\"It is no seat of a worker that is known here, and is left out: comity-worker leave drops it where it is a "
                  "name; else somebody else writes under this group's keys.\"",
                  log_value(status->unread_seat, shown, sizeof(shown)));
    memcpy(told->unread_seat, status->unread_seat, sizeof(told->unread_seat));
}

void log_told_look(struct log_told *told, const struct order_log_etcd_status *status, uint64_t quota_bytes,
                   int64_t silent_ms, int64_t now_ms)
{
    look_for_answers(told, status, silent_ms, now_ms);
    look_for_room(told, status, quota_bytes);
    look_for_members(told, &status->members);
    look_for_upkeep(told, status);
    look_for_introduction(told, status, now_ms);
}
