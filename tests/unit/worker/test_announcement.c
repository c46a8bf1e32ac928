/* The list of sites in the configuration: what every WELCOME says of it, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/error.h"
#include "worker/settings.h"

struct scene {
    char directory[64], config[128], reason[CONFIG_REASON_MAX];
};

#define KEY "0101010101010101010101010101010101010101010101010101010101010101"
#define NORTH "[site north]\nendpoint = tcp://north.example.org:7411\nkey = " KEY "\n"
#define SOUTH "[site south]\nendpoint = tcp://south.example.org:7411\nkey = " KEY "\n"

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    snprintf(scene->directory, sizeof(scene->directory), "/tmp/comity-test-XXXXXX");
    if (key_init() != 0 || !mkdtemp(scene->directory))
        return -1;
    snprintf(scene->config, sizeof(scene->config), "%s/worker.ini", scene->directory);
    *state = scene;
    return 0;
}

static int remove_one(const char *path, const struct stat *found, int kind, struct FTW *walk)
{
    (void) found;
    (void) kind;
    (void) walk;
    return remove(path);
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    nftw(scene->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(scene);
    return 0;
}

/* The settings of a worker whose configuration ends with @sites; NULL where it is refused with @code. */
static struct worker_settings *load(struct scene *scene, const char *sites, int code)
{
    struct settings_public made[SETTINGS_KEYS];
    struct worker_settings *settings = NULL;
    FILE *file = fopen(scene->config, "w");
    const char *at = scene->directory;
    assert_non_null(file);
    fprintf(file,
            "[worker]\ndata = %s/data\nconnection_key = %s/worker.key\ngroup_key = %s/group.key\nlog_key = "
            "%s/log.seed\n"
            "founding = nobody\n[broker north]\nendpoint = tcp://127.0.0.1:7412\nkey = " KEY "\n%s",
            at, at, at, at, sites);
    fclose(file);
    int given = settings_make_keys(scene->config, made, scene->reason);
    if (given == 0)
        given = settings_load(scene->config, &settings, scene->reason);
    if (given != code)
        fail_msg("%d: %s", given, scene->reason);
    return settings;
}

static void the_same_sites_give_the_same_bytes(void **state)
{
    struct scene *scene = *state;
    CLEANUP(settings_destroy)
    struct worker_settings *one = load(scene, "[sites]\nnumber = 3\n" NORTH SOUTH, 0);
    CLEANUP(settings_destroy)
    struct worker_settings *other = load(scene, SOUTH NORTH "[sites]\nnumber = 3\n", 0);
    assert_int_equal(one->announcement.number, 3);
    assert_int_equal(one->announcement.size, other->announcement.size);
    assert_memory_equal(one->announcement.packed, other->announcement.packed, one->announcement.size);
    assert_memory_equal(one->announcement.signature, other->announcement.signature, SIGNATURE_SIZE);
    assert_null(settings_needs_restart(one, other));
    CLEANUP(settings_destroy)
    struct worker_settings *later = load(scene, SOUTH NORTH "[sites]\nnumber = 4\n", 0);
    assert_memory_not_equal(one->announcement.signature, later->announcement.signature, SIGNATURE_SIZE);
    assert_null(settings_needs_restart(one, later)); /* SIGHUP takes it up */
}

static void it_is_told_as_it_was_signed_and_can_be_replaced(void **state)
{
    struct scene *scene = *state;
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    struct announcer *announcer;
    struct broker_list list;
    Comity__V1__Welcome welcome = COMITY__V1__WELCOME__INIT;
    CLEANUP(settings_destroy) struct worker_settings *none = load(scene, "", 0);
    CLEANUP(settings_destroy)
    struct worker_settings *two = load(scene, "[sites]\nnumber = 3\n" SOUTH NORTH, 0);
    assert_int_equal(announcer_new(&none->announcement, &announcer), 0);
    assert_int_equal(announcer_tell(announcer, arena, &welcome), 0);
    assert_int_equal(welcome.brokers.len + welcome.brokers_signature.len, 0);
    announcer_set(announcer, &two->announcement);
    assert_int_equal(announcer_tell(announcer, arena, &welcome), 0);
    assert_int_equal(broker_list_open(BYTES(welcome.brokers.data, welcome.brokers.len),
                                      BYTES(welcome.brokers_signature.data, welcome.brokers_signature.len),
                                      two->group, two->log_key.public_key, arena, &list),
                     0);
    assert_int_equal(list.number, 3);
    assert_int_equal(list.count, 2);
    assert_string_equal(list.brokers[0].site, "north");
    assert_string_equal(list.brokers[1].endpoint, "tcp://south.example.org:7411");
    announcer_destroy(&announcer);
    arena_destroy(&arena);
}

static void what_is_no_list_is_refused(void **state)
{
    struct scene *scene = *state;
    static const struct {
        const char *sites, *word;
    } ROWS[] = {
        {NORTH, "number"},
        {"[sites]\nnumber = 1\n", "[site NAME]"},
        {"[sites]\nnumber = 1\n[site North]\nendpoint = tcp://north.example.org:7411\nkey = " KEY "\n",
         "North"},
        {"[sites]\nnumber = 1\n[site north]\nendpoint = tcp://*:7411\nkey = " KEY "\n", "north"},
        {"[sites]\nnumber = 1\n[site north]\nendpoint = tcp://north.example.org:7411\nkey = 00\n", "key"},
        {"[sites]\nnumber = 1\n" NORTH "[site south]\nendpoint = tcp://north.example.org:7411\nkey = " KEY
         "\n",
         "same"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        assert_null(load(scene, ROWS[i].sites, ERR_CONFIG));
        if (!strstr(scene->reason, ROWS[i].word))
            fail_msg("%s: %s", ROWS[i].sites, scene->reason);
    }
}

int main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ONE(the_same_sites_give_the_same_bytes),
        ONE(it_is_told_as_it_was_signed_and_can_be_replaced),
        ONE(what_is_no_list_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
