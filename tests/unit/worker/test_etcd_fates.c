/* What a fate says holds, wherever the line is cut: refused was not carried out, answered was once, and
 * unknown are both. The cuts come at places that a seed gives, which is printed: COMITY_SEED repeats them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/support/tcp_relay.h"
#include "tests/unit/worker/scene_etcd.h"

enum { ROUNDS = 150, TURNS_MAX = 20, PATHS = 3 /* whole, cut and deaf, cut */, VALUE_MAX = 300 * 1024 };

/* Cut after so many turns of the relay's. */
static bool is_due(void *context)
{
    int *turns = context;
    return (*turns)-- <= 0;
}

/* How often the key was put: its version. */
static int64_t times_put(struct scene *scene, const char *key)
{
    const Etcdserverpb__KeyValue *value = scene_get(scene->etcd, scene->arena, key);
    return value == NULL ? 0 : value->version;
}

struct tally {
    unsigned answered, refused, unknown_done, unknown_not_done;
};

/* One put over the relay, cut or not. */
static void one_round(struct scene *scene, struct etcd *etcd, struct tcp_relay *relay, unsigned *seed,
                      struct tally *tally)
{
    static unsigned number;
    static uint8_t value[VALUE_MAX];
    Etcdserverpb__TxnResponse *answer = NULL;
    struct ops ops = {.count = 0};
    int turns = rand_r(seed) % TURNS_MAX, path = rand_r(seed) % PATHS;
    size_t size = rand_r(seed) % 2 == 0 ? 100 : (size_t) rand_r(seed) % VALUE_MAX;
    char key[32];

    snprintf(key, sizeof(key), "fate/%u", number++);
    ops_put_bytes(&ops, key, BYTES(value, size), 0);
    if (rand_r(seed) % 2 == 0)
        assert_null(scene_get(etcd, scene->arena, key)); /* it is connected */
    if (path > 0)
        tcp_relay_set_trap(relay, &(struct tcp_relay_trap){is_due, &turns, path == 1});
    struct etcd_result result = scene_do(etcd, &ops, CALL_MS, scene->arena, &answer);
    tcp_relay_unset_trap(relay);
    int64_t times = times_put(scene, key);
    switch (result.fate) {
    case ETCD_ANSWERED:
        assert_int_equal(times, 1);
        tally->answered++;
        break;
    case ETCD_REFUSED:
        assert_int_equal(times, 0);
        tally->refused++;
        break;
    case ETCD_UNKNOWN:
        assert_in_range(times, 0, 1);
        *(times == 1 ? &tally->unknown_done : &tally->unknown_not_done) += 1;
        break;
    }
    arena_reset(scene->arena);
}

static void test_fates_hold(void **state)
{
    struct scene *scene = *state;
    struct tcp_relay *relay = tcp_relay_start(scene->members.members[0].client_port);
    struct etcd_options options = scene->options;
    const char *given = getenv("COMITY_SEED");
    unsigned seed = given == NULL ? (unsigned) time(NULL) : (unsigned) strtoul(given, NULL, 10);
    struct etcd *etcd = NULL;
    struct tally tally = {0};
    char endpoint[64];

    print_message("## seed %u\n", seed);
    snprintf(endpoint, sizeof(endpoint), "https://127.0.0.1:%d", tcp_relay_port(relay));
    options.endpoints[0] = endpoint;
    for (int i = 0; i < ROUNDS; i++) {
        /* On a connection that was used before, or on its first. */
        if (etcd == NULL || rand_r(&seed) % 4 == 0) {
            etcd_destroy(&etcd);
            etcd = scene_client(&options);
        }
        one_round(scene, etcd, relay, &seed, &tally);
    }
    print_message("answered %u, refused %u, unknown: done %u, not done %u\n", tally.answered, tally.refused,
                  tally.unknown_done, tally.unknown_not_done);
    /* None of the four is an empty word: the cuts were of every sort. */
    assert_true(tally.answered > 0 && tally.refused > 0);
    assert_true(tally.unknown_done > 0 && tally.unknown_not_done > 0);
    etcd_destroy(&etcd);
    tcp_relay_end(&relay);
}

int main(void)
{
    static const struct CMUnitTest TESTS[] = {cmocka_unit_test(test_fates_hold)};

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(TESTS, scene_set_up_one, scene_tear_down);
}
