/* What the worker's log tells of etcd: once, when it has changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/daemon/log.h"
#include "worker/log_told.h"

enum { QUOTA = 1000, SILENT_MS = 3000, START_MS = 100000 };

/* Standard error goes to a file. */
struct scene {
    struct log_told told;
    struct order_log_etcd_status status;
    int64_t now_ms;
    int saved, fd;
    off_t read;
    char text[2048];
};

static int set_up(void **state)
{
    char path[] = "/tmp/comity-told-XXXXXX";
    struct scene *scene = calloc(1, sizeof(*scene));
    assert_non_null(scene);
    scene->fd = mkstemp(path);
    assert_true(scene->fd >= 0);
    unlink(path);
    scene->now_ms = START_MS;
    scene->status.waiting = LOG_INTRODUCED;
    log_told_init(&scene->told, scene->now_ms);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    close(scene->fd);
    free(scene);
    return 0;
}

/* What was told of the status as it is now, from its event on; "": nothing. */
static const char *told(struct scene *scene)
{
    int saved = dup(STDERR_FILENO);
    dup2(scene->fd, STDERR_FILENO);
    log_told_look(&scene->told, &scene->status, QUOTA, SILENT_MS, scene->now_ms);
    dup2(saved, STDERR_FILENO);
    close(saved);
    ssize_t size = pread(scene->fd, scene->text, sizeof(scene->text) - 1, scene->read);
    assert_true(size >= 0);
    scene->text[size] = '\0';
    scene->read += size;
    char *end = strchr(scene->text, '\n'), *event = strstr(scene->text, "event=");
    if (!event)
        return "";
    assert_ptr_equal(end, scene->text + size - 1); /* one line */
    *end = '\0';
    return event;
}

static void silence(void **state)
{
    struct scene *scene = *state;
    strcpy(scene->status.reason, "https://north:1: nobody listens");
    scene->now_ms += SILENT_MS;
    assert_string_equal(told(scene), ""); /* it has had no time to answer yet */
    scene->now_ms += 1;
    assert_string_equal(told(scene),
                        "event=etcd_silent for_ms=3001 reason=\"https://north:1: nobody listens\"");
    scene->now_ms += 5000;
    assert_string_equal(told(scene), "");
    scene->status.answered_ms = scene->now_ms;
    assert_string_equal(told(scene), "event=etcd_answers after_ms=8001");
    scene->now_ms += SILENT_MS;
    assert_string_equal(told(scene), "");
    scene->now_ms += 1;
    assert_string_equal(told(scene),
                        "event=etcd_silent for_ms=3001 reason=\"https://north:1: nobody listens\"");
}

static void room(void **state)
{
    struct scene *scene = *state;
    assert_string_equal(told(scene), "");
    scene->status.used_bytes = 600;
    scene->status.is_filling = true;
    assert_string_equal(told(scene), "event=etcd_filling used_bytes=600 quota_bytes=1000");
    scene->status.used_bytes = 650;
    assert_string_equal(told(scene), "");
    scene->status.is_full = true;
    assert_string_equal(told(scene), "event=etcd_full used_bytes=650 quota_bytes=1000");
    scene->status.is_out_of_space = true;
    assert_string_equal(told(scene), "event=etcd_out_of_space used_bytes=650 quota_bytes=1000");
    scene->status.is_out_of_space = scene->status.is_full = scene->status.is_filling = false;
    scene->status.used_bytes = 10;
    assert_string_equal(told(scene), "event=etcd_has_room used_bytes=10 quota_bytes=1000");
    scene->status.members.rooms = 1;
    scene->status.members.count = 3;
    assert_string_equal(told(scene), "event=made_room used_bytes=10 members=3 not_reached=\"\"");
    assert_string_equal(told(scene), "");
    scene->status.members.rooms = 2;
    strcpy(scene->status.members.room_unreached, "east");
    assert_string_equal(told(scene), "event=made_room used_bytes=10 members=3 not_reached=east");
    assert_string_equal(told(scene), "");
}

static void forgetting(void **state)
{
    struct scene *scene = *state;
    struct log_members *members = &scene->status.members;
    members->count = 3;
    members->forget = 9;
    strcpy(members->not_forgotten, "south, east");
    assert_string_equal(told(scene), "event=not_forgotten number=9 member=\"south, east\"");
    assert_string_equal(told(scene), "");
    strcpy(members->not_forgotten, "east");
    assert_string_equal(told(scene), "event=not_forgotten number=9 member=east");
    members->not_forgotten[0] = '\0';
    members->forgotten = 9;
    assert_string_equal(told(scene), "event=forgotten number=9 members=3");
    assert_string_equal(told(scene), "");
    members->forgotten = 0; /* one has come */
    members->count = 4;
    assert_string_equal(told(scene), "");
    members->forgotten = 9;
    assert_string_equal(told(scene), "event=forgotten number=9 members=4");
}

static void members_that_differ(void **state)
{
    struct scene *scene = *state;
    struct log_members *members = &scene->status.members;
    members->count = 4;
    assert_string_equal(told(scene), "");
    strcpy(members->unnamed, "west");
    assert_string_equal(
        told(scene),
        "event=etcd_members members=4 not_reached=\"\" without_endpoint=west endpoints_of_none=\"\"");
    strcpy(members->unreached, "west");
    strcpy(members->strays, "https://old:1");
    assert_string_equal(told(scene), "event=etcd_members members=4 not_reached=west without_endpoint=west "
                                     "endpoints_of_none=https://old:1");
    assert_string_equal(told(scene), "");
    members->unnamed[0] = members->unreached[0] = members->strays[0] = '\0';
    assert_string_equal(
        told(scene),
        "event=etcd_members members=4 not_reached=\"\" without_endpoint=\"\" endpoints_of_none=\"\"");
    assert_string_equal(told(scene), "");
}

static void introduction(void **state)
{
    struct scene *scene = *state;
    scene->status.waiting = LOG_WAITS_ETCD;
    strcpy(scene->status.waits_reason, "what etcd holds is not this group's log");
    scene->now_ms += 10000;
    scene->status.answered_ms = scene->now_ms;
    assert_string_equal(told(scene), "");
    scene->now_ms += 1;
    const char *event = told(scene);
    assert_non_null(strstr(event, "event=not_introduced for_ms=10001 reason=\"The seats cannot be read"));
    assert_non_null(strstr(event, "what etcd holds is not this group's log\""));
    assert_string_equal(told(scene), "");
    scene->status.waiting = LOG_INTRODUCED;
    assert_string_equal(told(scene), "event=introduced after_ms=10001");
    assert_string_equal(told(scene), "");
    strcpy(scene->status.unread_seat, "A?b");
    assert_non_null(strstr(told(scene), "event=seat_unread name=A?b advice="));
    assert_string_equal(told(scene), "");
}

/* Each with what to do. */
static void what_it_waits_for(void **state)
{
    struct scene *scene = *state;
    scene->now_ms += 10001;
    scene->status.answered_ms = scene->now_ms;
    scene->status.fault = -1;
    scene->status.waiting = LOG_WAITS_SEAT;
    assert_string_equal(told(scene), ""); /* it ends, and says why */
    scene->status.fault = 0;
    assert_non_null(strstr(told(scene), "Another process has the seat of this worker's name"));
    log_told_init(&scene->told, START_MS);
    scene->status.waiting = LOG_WAITS_CLOCK;
    strcpy(scene->status.waits_for, "north");
    assert_non_null(strstr(told(scene), "The clock of north was not heard yet"));
    log_told_init(&scene->told, START_MS);
    scene->status.waiting = LOG_INTRODUCED;
    assert_string_equal(told(scene), "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(silence), TEST(room), TEST(forgetting),
                                       TEST(members_that_differ), TEST(introduction), TEST(what_it_waits_for)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
