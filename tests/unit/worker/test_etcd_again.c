/* A connection that was used before dies while an answer is awaited: libcurl then sends a POST again by
 * itself, and does not here. Built twice: as the control, with a client that lets it, the request is carried
 * out twice and nobody is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>

#include "tests/support/tcp_relay.h"
#include "tests/unit/worker/scene_etcd.h"

enum { TRIES = 10 };

/* What the relay's thread asks on its own connection: has the request been carried out? */
struct witness {
    struct etcd *etcd;
    struct arena *arena;
    int64_t version;
};

static bool is_carried_out(void *context)
{
    struct witness *witness = context;
    const Etcdserverpb__KeyValue *value = scene_get(witness->etcd, witness->arena, "again");
    return value != NULL && value->version >= witness->version;
}

/* A client with one connection, over which the put went well: on a busy machine at the second or third try. */
static struct etcd *connected(struct scene *scene, struct ops *ops, struct tcp_relay **ret_relay)
{
    struct etcd_options options = scene->options;
    Etcdserverpb__TxnResponse *answer = NULL;
    char endpoint[64];

    for (int left = TRIES; left > 0; left--) {
        struct tcp_relay *relay = tcp_relay_start(scene->members.members[0].client_port);
        snprintf(endpoint, sizeof(endpoint), "https://127.0.0.1:%d", tcp_relay_port(relay));
        options.endpoints[0] = endpoint;
        struct etcd *etcd = scene_client(&options);
        struct etcd_result result = scene_do(etcd, ops, CALL_MS, scene->arena, &answer);
        if (result.fate == ETCD_ANSWERED && tcp_relay_connections(relay) == 1) {
            *ret_relay = relay;
            return etcd;
        }
        etcd_destroy(&etcd);
        tcp_relay_end(&relay);
    }
    fail_msg("etcd does not answer over the relay");
    return NULL;
}

static void test_a_request_is_sent_once(void **state)
{
    struct scene *scene = *state;
    struct tcp_relay *relay = NULL;
    struct ops ops = {.count = 0};
    Etcdserverpb__TxnResponse *answer = NULL;

    ops_put(&ops, "again", "the same");
    struct etcd *etcd = connected(scene, &ops, &relay);
    int64_t before = scene_get(scene->etcd, scene->arena, "again")->version;
    struct witness witness = {scene_client(&scene->options), arena_new(ARENA_LIMIT_DEFAULT), before + 1};

    scene_connect(witness.etcd, witness.arena);
    tcp_relay_set_trap(relay, &(struct tcp_relay_trap){.is_due = is_carried_out, .context = &witness});
    struct etcd_result result = scene_do(etcd, &ops, CALL_MS, scene->arena, &answer);
    assert_true(tcp_relay_is_sprung(relay));
    int64_t version = scene_get(scene->etcd, scene->arena, "again")->version;
#ifdef COMITY_CONTROL_SENDS_AGAIN
    assert_int_equal(result.fate, ETCD_ANSWERED);
    assert_int_equal(version, before + 2);
#else
    assert_int_equal(result.fate, ETCD_UNKNOWN);
    assert_int_equal(version, before + 1);
    /* The client is good for the next one. */
    assert_answered(scene_do(etcd, &ops, CALL_MS, scene->arena, &answer));
#endif
    etcd_destroy(&etcd);
    etcd_destroy(&witness.etcd);
    arena_destroy(&witness.arena);
    tcp_relay_end(&relay);
}

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        cmocka_unit_test(test_a_request_is_sent_once),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(TESTS, scene_set_up_one, scene_tear_down);
}
