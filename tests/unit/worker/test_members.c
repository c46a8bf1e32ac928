/* Who etcd's members are: by etcd's list and by whoever answered at each endpoint, from tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "worker/log/members.h"

enum { ROOM = 20 };

/* What etcd's list says of one. */
struct told {
    uint64_t id;
    const char *name, *url;
};

struct listing {
    Etcdserverpb__Member members[ROOM], *list[ROOM];
    char *urls[ROOM];
    Etcdserverpb__MemberListResponse response;
};

static const Etcdserverpb__MemberListResponse *listed(const struct told *told, size_t count,
                                                      struct listing *ret)
{
    etcdserverpb__member_list_response__init(&ret->response);
    ret->response.members = ret->list;
    for (size_t i = 0; i < count && told[i].id != 0; i++) {
        etcdserverpb__member__init(&ret->members[i]);
        ret->members[i].id = told[i].id;
        ret->members[i].name = (char *) (told[i].name ? told[i].name : "");
        ret->urls[i] = (char *) told[i].url;
        ret->members[i].clienturls = &ret->urls[i];
        ret->members[i].n_clienturls = told[i].url != NULL;
        ret->list[ret->response.n_members++] = &ret->members[i];
    }
    return &ret->response;
}

static const struct etcd_options OPTIONS = {
    .endpoints = {"https://north:1", "https://south:1", "https://east:1"},
    .endpoint_count = 3,
};

/* Endpoints answer as these; 0: nobody does. */
static void take(struct members *members, const uint64_t ids[3], const struct told *told, size_t count)
{
    struct members_seen seen = {.list = NULL};
    struct listing listing;
    for (size_t i = 0; i < 3; i++)
        seen.endpoints[i] = (struct member_seen){
            .answers = ids[i] != 0, .id = ids[i], .used_bytes = 10 * ids[i], .leads = ids[i] == 2};
    if (told)
        seen.list = listed(told, count, &listing);
    members_take(members, &seen);
}

static void assert_differ(const struct members *members, const char *unnamed, const char *strays)
{
    char is_unnamed[LOG_MEMBERS_TEXT], are_strays[LOG_MEMBERS_TEXT];
    members_differ(members, is_unnamed, are_strays);
    assert_string_equal(is_unnamed, unnamed);
    assert_string_equal(are_strays, strays);
}

static bool is_silent(const struct member *member, uint64_t unused)
{
    (void) unused;
    return !member->answers;
}

static const struct {
    const char *what;
    uint64_t ids[3];
    struct told told[4];
    const char *unnamed, *strays, *silent;
} CASES[] = {
    {"all are there",
     {1, 2, 3},
     {{1, "n", "https://a:1"}, {2, "s", "https://b:1"}, {3, "e", "https://c:1"}},
     "",
     "",
     ""},
    {"one was added",
     {1, 2, 3},
     {{1, "n", 0}, {2, "s", 0}, {3, "e", 0}, {4, "w", "https://d:1"}},
     "w",
     "",
     "w"},
    {"one was added and not started",
     {1, 2, 3},
     {{1, "n", 0}, {2, "s", 0}, {3, "e", 0}, {0xabc, 0, 0}},
     "0000000000000abc",
     "",
     "0000000000000abc"},
    {"one was removed and still answers", {1, 2, 3}, {{1, "n", 0}, {2, "s", 0}}, "", "https://east:1", ""},
    {"one was removed and is gone", {1, 2, 0}, {{1, "n", 0}, {2, "s", 0}}, "", "https://east:1", ""},
    {"one is down, and its endpoint is known by its address",
     {1, 2, 0},
     {{1, "n", 0}, {2, "s", 0}, {3, "e", "https://east:1"}},
     "",
     "",
     "e"},
    {"one is down: the endpoint may be its",
     {1, 2, 0},
     {{1, "n", 0}, {2, "s", 0}, {3, "e", "https://192.0.2.3:1"}},
     "",
     "",
     "e"},
    {"two endpoints of one member",
     {1, 2, 2},
     {{1, "n", 0}, {2, "s", 0}, {3, "e", "https://c:1"}},
     "e",
     "",
     "e"},
    {"a name that cannot be shown",
     {1, 2, 3},
     {{1, "n", 0}, {2, "s\n", 0}, {3, "e", 0}, {4, "w, x", 0}},
     "0000000000000004",
     "",
     "0000000000000004"},
};

static void what_differs(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(CASES); i++) {
        struct members members = {.options = &OPTIONS};
        char silent[LOG_MEMBERS_TEXT];
        printf("%s\n", CASES[i].what);
        take(&members, CASES[i].ids, CASES[i].told, ARRAY_COUNT(CASES[i].told));
        assert_differ(&members, CASES[i].unnamed, CASES[i].strays);
        members_name(&members, is_silent, 0, silent);
        assert_string_equal(silent, CASES[i].silent);
        members_release(&members);
    }
}

/* What was noted of a member stays with it, wherever it is in the list, and is nobody else's. */
static void what_was_noted_stays(void **state)
{
    static const uint64_t ALL[] = {1, 2, 3};
    static const struct told THREE[] = {{1, "n", 0}, {2, "s", 0}, {3, "e", 0}},
                             REPLACED[] = {{4, "e", 0}, {2, "s", 0}, {1, "n", 0}};
    struct members members = {.options = &OPTIONS};
    (void) state;
    take(&members, ALL, NULL, 0); /* the list is not told: as many as there are endpoints */
    assert_int_equal(members.count, 3);
    assert_string_equal(members.rows[1].name, "https://south:1");
    assert_differ(&members, "", "");
    assert_int_equal(members_used_bytes(&members), 30);
    for (size_t i = 0; i < 3; i++)
        members.rows[i].forgotten = 7 + i;
    assert_int_equal(members_forgotten(&members), 7);
    take(&members, ALL, THREE, 3);
    assert_int_equal(members_forgotten(&members), 7);
    assert_true(members.rows[1].leads && !members.rows[0].leads);
    take(&members, ALL, NULL, 0); /* nor is it told now: the last one holds */
    assert_string_equal(members.rows[1].name, "s");
    take(&members, (const uint64_t[]){1, 2, 0}, REPLACED, 3);
    assert_int_equal(members_forgotten(&members), 0); /* the new one has to do it yet */
    assert_int_equal(members.rows[0].forgotten, 0);
    assert_int_equal(members.rows[1].forgotten, 8);
    assert_int_equal(members.rows[2].forgotten, 7);
    assert_int_equal(members_used_bytes(&members), 20);
    take(&members, (const uint64_t[]){1, 2, 4}, REPLACED, 3);
    assert_differ(&members, "", "");
    assert_true(members.rows[0].answers && members.rows[0].endpoint == 2);
    members_release(&members);
}

/* Who lacks more than etcd keeps for it; those that do not answer say nothing of that. */
static void one_that_catches_up(void **state)
{
    static const struct {
        uint64_t carried_out[3];
        bool answers[3], catches_up;
    } ROWS[] = {
        {{9000, 8990, 9000}, {true, true, true}, false}, {{9000, 4000, 9000}, {true, true, true}, false},
        {{9000, 3999, 9000}, {true, true, true}, true},  {{9000, 3999, 9000}, {true, false, true}, false},
        {{0, 9000, 9000}, {true, true, true}, true},     {{9000, 0, 0}, {true, false, false}, false},
        {{0, 0, 0}, {false, false, false}, false},
    };
    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        struct members members = {.options = &OPTIONS};
        struct members_seen seen = {.list = NULL};
        for (size_t j = 0; j < 3; j++)
            seen.endpoints[j] = (struct member_seen){.answers = ROWS[i].answers[j], .id = j + 1, .carried_out = ROWS[i].carried_out[j]};
        members_take(&members, &seen);
        assert_int_equal(members_catch_up(&members), ROWS[i].catches_up);
        members_release(&members);
    }
}

/* Those for whom there is no room are never done. */
static void more_than_there_is_room_for(void **state)
{
    struct told told[MEMBERS_MAX + 1];
    struct members members = {.options = &OPTIONS};
    char silent[LOG_MEMBERS_TEXT];
    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(told); i++)
        told[i] = (struct told){.id = i + 1, .name = "member-with-a-rather-long-name-of-its-own"};
    take(&members, (const uint64_t[]){1, 2, 3}, told, ARRAY_COUNT(told));
    assert_int_equal(members.count, MEMBERS_MAX);
    assert_int_equal(members.more, 1);
    for (size_t i = 0; i < members.count; i++)
        members.rows[i].forgotten = 5;
    assert_int_equal(members_forgotten(&members), 0);
    members_name(&members, is_silent, 0, silent);
    assert_int_equal(strlen(silent), LOG_MEMBERS_TEXT - 1);
    take(&members, (const uint64_t[]){1, 2, 3}, told, MEMBERS_MAX);
    assert_int_equal(members_forgotten(&members), 5);
    members_release(&members);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_differs),
        cmocka_unit_test(what_was_noted_stays),
        cmocka_unit_test(one_that_catches_up),
        cmocka_unit_test(more_than_there_is_room_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
