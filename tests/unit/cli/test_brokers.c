/* The list of brokers that a context has learnt: kept, believed for its signature alone, and what order comes
 * of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/stat.h>

#include "client/cli/brokers.h"
#include "core/error.h"
#include "tests/unit/cli/scratch.h"

struct scene {
    struct scratch scratch;
    struct signing_key log_key;
    uint8_t group[GROUP_ID_SIZE];
    struct context context;
};

/* Brokers are called by letters: the key, and the host. */
static void put_broker(char letter, char *ret_endpoint, uint8_t *ret_key)
{
    snprintf(ret_endpoint, ENDPOINT_MAX, "tcp://%c.example.org:7411", letter);
    memset(ret_key, letter, KEY_SIZE);
}

static void save(struct scene *scene)
{
    char reason[CONTEXT_REASON_MAX] = "";

    if (context_save(scene->scratch.path, &scene->context, true, reason) != 0)
        fail_msg("%s", reason);
}

/* A context that was given these. */
static void give(struct scene *scene, const char *letters)
{
    scene->context.place.broker_count = strlen(letters);
    for (size_t i = 0; letters[i] != '\0'; i++)
        put_broker(letters[i], scene->context.place.brokers[i].endpoint, scene->context.place.brokers[i].key);
    save(scene);
}

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    uint8_t seed[SEED_SIZE] = {3};

    if (key_init() != 0)
        return -1;
    scratch_init(&scene->scratch);
    signing_key_from_seed(seed, &scene->log_key);
    scene->context.has_history = true;
    scene->context.pin_count = 1;
    snprintf(scene->context.name, sizeof(scene->context.name), "lakeside");
    snprintf(scene->context.connection_key, sizeof(scene->context.connection_key), "keys/connection.key");
    memset(scene->context.place.group_key, 1, KEY_SIZE);
    group_id(scene->context.place.group_key, scene->group);
    memcpy(scene->context.pins[0], scene->log_key.public_key, KEY_SIZE);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    scratch_release(&scene->scratch);
    free(scene);
    return 0;
}

/* A list of these, of the sites "site-a" and so on, as libcomity gives it. */
static struct comity_broker_list list_of(const struct scene *scene, uint64_t number, const char *letters,
                                         const struct signing_key *key)
{
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    struct broker_list list = {.number = number, .count = strlen(letters)};
    struct comity_broker_list given = {.number = number, .broker_count = list.count};
    struct bytes packed;

    memcpy(list.group, scene->group, GROUP_ID_SIZE);
    for (size_t i = 0; i < list.count; i++) {
        put_broker(letters[i], list.brokers[i].endpoint, list.brokers[i].key);
        snprintf(list.brokers[i].site, sizeof(list.brokers[i].site), "site-%c", letters[i]);
        snprintf(given.brokers[i].site, sizeof(given.brokers[i].site), "site-%c", letters[i]);
        put_broker(letters[i], given.brokers[i].endpoint, given.brokers[i].server_key);
    }
    assert_int_equal(broker_list_sign(&list, key, arena, &packed, given.signature), 0);
    memcpy(given.packed, packed.data, packed.size);
    given.packed_size = packed.size;
    arena_destroy(&arena);
    return given;
}

static void keep(struct scene *scene, uint64_t number, const char *letters)
{
    const struct comity_broker_list list = list_of(scene, number, letters, &scene->log_key);
    char reason[CONTEXT_REASON_MAX] = "";

    if (brokers_keep(scene->scratch.path, &scene->context, &list, reason) != 0)
        fail_msg("%s", reason);
}

/* What a run goes to, in order; and the number of the list. */
static void expect(struct scene *scene, const char *letters, uint64_t number)
{
    struct context loaded;
    char reason[CONTEXT_REASON_MAX] = "", found[PLACE_BROKERS_MAX + 1] = "";

    if (context_load(scene->scratch.path, "lakeside", &loaded, reason) != 0)
        fail_msg("%s", reason);
    for (size_t i = 0; i < loaded.reach.broker_count; i++)
        found[i] = loaded.reach.brokers[i].endpoint[strlen("tcp://")];
    assert_string_equal(found, letters);
    assert_int_equal(loaded.broker_list, number);
    assert_memory_equal(loaded.reach.group_key, loaded.place.group_key, KEY_SIZE);
}

static void without_a_list_it_is_what_was_given(void **state)
{
    give(*state, "ba");
    expect(*state, "ba", 0);
}

static void the_own_ones_come_first_and_what_is_not_listed_last(void **state)
{
    static const struct {
        const char *given, *listed, *order;
    } ROWS[] = {
        {"a", "abc", "abc"},
        {"b", "abc", "bac"},
        {"cb", "abc", "cba"},
        {"x", "abc", "abcx"},
        {"xb", "abc", "bacx"},
        {"abc", "b", "bac"},
        {"a", "bcdefghijklmnopq", "bcdefghijklmnopa"},
        {"abcdefghijklmnop", "q", "qabcdefghijklmno"},
    };

    struct scene *scene = *state;
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        give(scene, ROWS[i].given);
        keep(scene, i + 1, ROWS[i].listed);
        expect(scene, ROWS[i].order, i + 1);
        brokers_forget(scene->scratch.path, "lakeside");
    }
}

/* Its broker has moved, and then has another key: by the key, and then by the site's name, it is the same. */
static void the_own_site_stays_the_first(void **state)
{
    struct scene *scene = *state;
    struct context loaded;
    char reason[CONTEXT_REASON_MAX] = "";

    give(scene, "b");
    snprintf(scene->context.place.brokers[0].endpoint, ENDPOINT_MAX, "tcp://z.example.org:7411");
    save(scene);
    keep(scene, 1, "abc");
    expect(scene, "bacz", 1); /* the address that was given comes last */
    struct comity_broker_list list = list_of(scene, 2, "acd", &scene->log_key);
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    struct broker_list renewed;
    struct bytes packed;
    assert_int_equal(broker_list_open(BYTES(list.packed, list.packed_size),
                                      BYTES(list.signature, SIGNATURE_SIZE), scene->group,
                                      scene->log_key.public_key, arena, &renewed),
                     0);
    snprintf(renewed.brokers[2].site, sizeof(renewed.brokers[2].site), "site-b");
    snprintf(list.brokers[2].site, sizeof(list.brokers[2].site), "site-b");
    assert_int_equal(broker_list_sign(&renewed, &scene->log_key, arena, &packed, list.signature), 0);
    memcpy(list.packed, packed.data, packed.size);
    list.packed_size = packed.size;
    arena_destroy(&arena);
    assert_int_equal(brokers_keep(scene->scratch.path, &scene->context, &list, reason), 0);
    expect(scene, "dacz", 2);
    assert_int_equal(context_load(scene->scratch.path, "lakeside", &loaded, reason), 0);
    assert_string_equal(loaded.sites[0], "site-b");
    assert_string_equal(loaded.sites[3], "");
}

/* As of a machine that was replaced. Who was given nobody else keeps the one that was given. */
static void whose_key_was_replaced_is_not_gone_to_by_the_old_one(void **state)
{
    static const struct {
        const char *given, *order;
    } ROWS[] = {{"ba", "ab"}, {"b", "abb"}};

    struct scene *scene = *state;
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        give(scene, ROWS[i].given);
        memset(scene->context.place.brokers[0].key, 'z', KEY_SIZE);
        save(scene);
        keep(scene, i + 1, "ab");
        expect(scene, ROWS[i].order, i + 1);
        brokers_forget(scene->scratch.path, "lakeside");
    }
}

static void a_later_list_stays_and_goes_with_its_context(void **state)
{
    struct scene *scene = *state;
    struct stat found;

    give(scene, "a");
    keep(scene, 5, "abc");
    keep(scene, 4, "ad");
    keep(scene, 5, "ae");
    expect(scene, "abc", 5);
    const char *path = scratch_path(&scene->scratch, "contexts/lakeside.brokers");
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
    keep(scene, 6, "ad");
    expect(scene, "ad", 6);
    assert_int_equal(context_remove(scene->scratch.path, "lakeside"), 0);
    assert_int_not_equal(stat(path, &found), 0);
}

/* Whatever else the file says, it is as if there were none. */
static void what_nobody_known_has_signed_is_not_followed(void **state)
{
    struct scene *scene = *state;
    static const char *const DAMAGED[] = {"",
                                          "{}",
                                          "[]",
                                          "{\"brokers\": \"00\", \"signature\": \"00\", \"site\": \"\"}",
                                          "{\"brokers\": \"zz\", \"signature\": \"zz\", \"site\": \"\"}",
                                          "{\"brokers\": 7, \"signature\": \"\", \"site\": \"\"}"};
    const char *path = scratch_path(&scene->scratch, "contexts/lakeside.brokers");
    char text[64 * 1024];
    struct signing_key stranger;
    uint8_t seed[SEED_SIZE] = {4};
    char reason[CONTEXT_REASON_MAX] = "";

    give(scene, "a");
    keep(scene, 5, "abc");
    expect(scene, "abc", 5);
    FILE *file = fopen(path, "r");
    size_t size = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[size] = '\0';
    char *digit = strchr(strstr(text, "\"brokers\""), ':') + 60;
    *digit = *digit == '0' ? '1' : '0';
    file = fopen(path, "w");
    fputs(text, file);
    fclose(file);
    expect(scene, "a", 0);
    for (size_t i = 0; i < ARRAY_COUNT(DAMAGED); i++) {
        file = fopen(path, "w");
        fputs(DAMAGED[i], file);
        fclose(file);
        expect(scene, "a", 0);
    }
    signing_key_from_seed(seed, &stranger);
    const struct comity_broker_list list = list_of(scene, 9, "abc", &stranger);
    assert_int_equal(brokers_keep(scene->scratch.path, &scene->context, &list, reason), 0);
    expect(scene, "a", 0);
    keep(scene, 1, "abc"); /* and it does not stand in the way of a true one */
    expect(scene, "abc", 1);
    scene->context.pin_count = 0;
    save(scene);
    expect(scene, "a", 0);
}

int main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ONE(without_a_list_it_is_what_was_given),
        ONE(the_own_ones_come_first_and_what_is_not_listed_last),
        ONE(the_own_site_stays_the_first),
        ONE(whose_key_was_replaced_is_not_gone_to_by_the_old_one),
        ONE(a_later_list_stays_and_goes_with_its_context),
        ONE(what_nobody_known_has_signed_is_not_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
