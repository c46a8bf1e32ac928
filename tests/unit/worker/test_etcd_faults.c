/* What becomes of a call where the other side fails: TLS that does not fit, nobody there, somebody else
 * there, a member that is killed or stopped in the middle of a transaction, a majority that is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"
#include "tests/support/tcp_relay.h"
#include "tests/unit/worker/scene_etcd.h"
#include "worker/clock.h"

enum { SHORT_MS = 1000, SLACK_MS = 4000, TRIES_MAX = 30 };

static int set_up_expired(void **state)
{
    scene_new(&(struct etcd_members_options){.count = 1, .certificate = CERTIFICATE_EXPIRED_MEMBER},
              (struct scene **) state);
    return 0;
}

static int set_up_elsewhere(void **state)
{
    scene_new(&(struct etcd_members_options){.count = 1, .certificate = CERTIFICATE_ELSEWHERE},
              (struct scene **) state);
    return 0;
}

/* Put that, by a client with those options. */
static struct etcd_result put_by(struct scene *scene, const struct etcd_options *options, const char *key)
{
    CLEANUP(etcd_destroy) struct etcd *etcd = scene_client(options);
    Etcdserverpb__TxnResponse *answer = NULL;
    struct ops ops = {.count = 0};

    ops_put(&ops, key, "value");
    struct etcd_result result = scene_do(etcd, &ops, CALL_MS, scene->arena, &answer);
    assert_int_equal(answer != NULL, result.fate == ETCD_ANSWERED);
    return result;
}

static void assert_says(const struct etcd_result *result, enum etcd_fate fate, const char *words)
{
    if (result->fate != fate || strstr(result->reason, words) == NULL)
        fail_msg("fate %d, not %d and \"%s\": %s", (int) result->fate, (int) fate, words, result->reason);
}

static void assert_absent(struct scene *scene, const char *key)
{
    assert_null(scene_get(scene->etcd, scene->arena, key));
}

/* Options. */

static void test_options(void **state)
{
    static const char *const ENDPOINTS[] = {
        "http://127.0.0.1:1",
        "https://127.0.0.1",
        "https://127.0.0.1:1/",
        "https://127.0.0.1:1/path",
        "https://me@127.0.0.1:1",
        "https://127.0.0.1:99999",
        "https://127.0.0.1:1?a=b",
        "https://127.0.0.1:1\n",
        "https:// :1",
        "127.0.0.1:1",
        "https://",
        "",
    };
    struct scene *scene = *state;
    struct etcd_options options = scene->options;
    struct etcd_watch *watch = NULL;
    struct etcd *etcd = NULL;
    char reason[ETCD_REASON_MAX];

    for (size_t i = 0; i < ARRAY_COUNT(ENDPOINTS); i++) {
        options.endpoints[0] = ENDPOINTS[i];
        if (etcd_new(&options, &etcd, reason) != ERR_CONFIG || etcd != NULL)
            fail_msg("\"%s\" was taken", ENDPOINTS[i]);
        assert_non_null(strstr(reason, "https://HOST:PORT"));
        assert_int_equal(etcd_watch_open(&options, 0, "a/", 0, &watch, reason), ERR_CONFIG);
    }
    static const char *const GOOD[] = {"https://127.0.0.1:1", "https://[::1]:2379",
                                       "https://north.example.org:2379"};
    for (size_t i = 0; i < ARRAY_COUNT(GOOD); i++) {
        options.endpoints[0] = GOOD[i];
        etcd = scene_client(&options);
        etcd_destroy(&etcd);
    }
    options.endpoint_count = 0;
    assert_int_equal(etcd_new(&options, &etcd, reason), ERR_CONFIG);
    options.endpoint_count = ETCD_ENDPOINTS_MAX + 1;
    assert_int_equal(etcd_new(&options, &etcd, reason), ERR_CONFIG);
    options = scene->options;
    options.key_file = "/nowhere/client.key";
    assert_int_equal(etcd_new(&options, &etcd, reason), ERR_CONFIG);
    assert_non_null(strstr(reason, "/nowhere/client.key"));
    options = scene->options;
    assert_int_equal(etcd_watch_open(&options, 0, "", 0, &watch, reason), ERR_CONFIG);
}

/* Certificates. */

static void test_an_authority_that_is_another(void **state)
{
    struct scene *scene = *state;
    struct etcd_options options = scene_options(scene, CERTIFICATE_OTHER_AUTHORITY, CERTIFICATE_CLIENT);
    struct etcd_result result = put_by(scene, &options, "tls");
    assert_says(&result, ETCD_REFUSED, "certificate");
    assert_true(result.is_untrusted);
    assert_absent(scene, "tls");
}

/* With TLS 1.3 a client hears of it when it has sent its request already: so nobody can say that it was
 * refused. */
static void test_a_client_that_is_not_known(void **state)
{
    static const enum etcd_certificate CLIENTS[] = {CERTIFICATE_OTHER_CLIENT, CERTIFICATE_EXPIRED_CLIENT};
    struct scene *scene = *state;

    for (size_t i = 0; i < ARRAY_COUNT(CLIENTS); i++) {
        struct etcd_options options = scene_options(scene, CERTIFICATE_AUTHORITY, CLIENTS[i]);
        struct etcd_result result = put_by(scene, &options, "tls");
        assert_int_not_equal(result.fate, ETCD_ANSWERED);
        if (strstr(result.reason, "certificate") == NULL)
            fail_msg("%s", result.reason);
        assert_true(result.is_untrusted);
        assert_absent(scene, "tls");
    }
}

static void test_a_certificate_that_has_expired(void **state)
{
    struct scene *scene = *state;
    struct etcd_result result = put_by(scene, &scene->options, "tls");
    assert_says(&result, ETCD_REFUSED, "expired");
    assert_true(result.is_untrusted);
}

/* A member of the cluster, but not the one that was asked for. */
static void test_a_certificate_for_another_address(void **state)
{
    struct scene *scene = *state;
    struct etcd_result result = put_by(scene, &scene->options, "tls");
    assert_says(&result, ETCD_REFUSED, "127.0.0.1");
    assert_non_null(strstr(result.reason, "SSL"));
    assert_true(result.is_untrusted);
}

/* Who is there. */

/* By name, and whatever proxies the environment names for others. */
static void test_a_name(void **state)
{
    struct scene *scene = *state;
    struct etcd_options options = scene->options;
    char endpoint[64];

    snprintf(endpoint, sizeof(endpoint), "https://localhost:%d", scene->members.members[0].client_port);
    options.endpoints[0] = endpoint;
    unsetenv("no_proxy");
    unsetenv("NO_PROXY");
    setenv("https_proxy", "http://127.0.0.1:1", 1);
    setenv("all_proxy", "http://127.0.0.1:1", 1);
    assert_answered(put_by(scene, &options, "name"));
    unsetenv("https_proxy");
    unsetenv("all_proxy");
}

static void test_somebody_else(void **state)
{
    struct scene *scene = *state;
    struct etcd_options options = scene->options;
    char command[1024], endpoint[64];
    int port = 0;

    snprintf(command, sizeof(command), "exec python3 -B '%s/tests/support/web_server.py' '%s' '%s' 404 200",
             SOURCE_DIR, scene->members.certificates[CERTIFICATE_MEMBER].pem,
             scene->members.certificates[CERTIFICATE_MEMBER].key);
    FILE *server = popen(command, "r");
    assert_non_null(server);
    assert_int_equal(fscanf(server, "%d", &port), 1);
    snprintf(endpoint, sizeof(endpoint), "https://127.0.0.1:%d", port);
    options.endpoints[0] = endpoint;
    struct etcd_result first = put_by(scene, &options, "somebody"),
                       second = put_by(scene, &options, "somebody");
    assert_int_equal(pclose(server), 0);
    assert_says(&first, ETCD_UNKNOWN, "no answer of etcd's, but HTTP status 404");
    assert_says(&second, ETCD_UNKNOWN, "no answer of etcd's, but HTTP status 200");
    assert_false(first.is_untrusted || second.is_untrusted);
    assert_true(first.is_foreign && second.is_foreign);
}

/* Ports of the member itself that are not for clients: the one of the other members, and one without TLS. */
static void test_another_port(void **state)
{
    struct scene *scene = *state;
    struct etcd_options options = scene->options;
    char endpoint[64];

    snprintf(endpoint, sizeof(endpoint), "https://127.0.0.1:%d", scene->members.members[0].peer_port);
    options.endpoints[0] = endpoint;
    assert_int_not_equal(put_by(scene, &options, "port").fate, ETCD_ANSWERED);
    snprintf(endpoint, sizeof(endpoint), "https://127.0.0.1:%d", scene->members.members[0].health_port);
    struct etcd_result result = put_by(scene, &options, "port");
    assert_says(&result, ETCD_REFUSED, "SSL");
    assert_false(result.is_untrusted || result.is_foreign);
    assert_absent(scene, "port");
}

static void test_nobody(void **state)
{
    struct scene *scene = *state;
    struct etcd_options options = scene->options;
    char endpoints[2][64];

    for (size_t i = 0; i < 2; i++) {
        snprintf(endpoints[i], sizeof(endpoints[i]), "https://127.0.0.1:%d", free_port());
        options.endpoints[i] = endpoints[i];
    }
    options.endpoint_count = 2;
    struct etcd_result result = put_by(scene, &options, "nobody");
    assert_says(&result, ETCD_REFUSED, "connect");
    assert_false(result.is_untrusted || result.is_foreign);
    /* The third one is there. */
    options.endpoints[2] = scene->options.endpoints[0];
    options.endpoint_count = 3;
    assert_answered(put_by(scene, &options, "nobody"));
}

/* Members that fail in the middle. */

/* A transaction that puts the key once, whoever sends it how often. */
struct once {
    Etcdserverpb__TxnRequest request;
    Etcdserverpb__Compare absent, *compares[1];
    struct ops ops;
};

static void once_make(struct once *once, const char *key)
{
    etcdserverpb__txn_request__init(&once->request);
    etcdserverpb__compare__init(&once->absent);
    once->absent.target = ETCDSERVERPB__COMPARE__COMPARE_TARGET__VERSION;
    once->absent.key = BINARY(key);
    once->absent.target_union_case = ETCDSERVERPB__COMPARE__TARGET_UNION_VERSION;
    once->compares[0] = &once->absent;
    ops_put(&once->ops, key, "once");
    once->request.n_compare = 1;
    once->request.compare = once->compares;
    once->request.n_success = once->ops.count;
    once->request.success = once->ops.list;
}

/* The same bytes until they are answered. */
static Etcdserverpb__TxnResponse *once_send(struct etcd *etcd, const struct once *once, struct arena *arena)
{
    Etcdserverpb__TxnResponse *answer = NULL;
    struct etcd_result result = {.fate = ETCD_UNKNOWN};

    for (int tries = 0; result.fate != ETCD_ANSWERED; tries++) {
        if (tries == TRIES_MAX)
            fail_msg("%s", result.reason);
        result = etcd_txn(etcd, &once->request, SHORT_MS, arena, &answer);
    }
    return answer;
}

/* What happens on the way, on the relay's thread. */
struct killing {
    struct etcd_members *members;
    size_t which;
    struct etcd *witness; /* of another member: kill when it has seen the key; NULL: at once */
    struct arena *arena;
    const char *key;
};

static bool kill_when_due(void *context)
{
    struct killing *killing = context;
    if (killing->witness != NULL && scene_get(killing->witness, killing->arena, killing->key) == NULL)
        return false;
    etcd_member_kill(killing->members, killing->which);
    return true;
}

/* A transaction on its way to the first member, which is killed: before anything of it comes there, or after
 * it was carried out. */
static void killed_in_the_middle(struct scene *scene, const char *key, bool is_carried_out)
{
    struct tcp_relay *relay = tcp_relay_start(scene->members.members[0].client_port);
    struct etcd_options options = scene->options, others = {.endpoint_count = 1};
    CLEANUP(arena_destroy) struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    Etcdserverpb__TxnResponse *answer = NULL;
    struct once once = {.absent = {.result = 0}};
    char endpoint[64];

    others = options;
    others.endpoints[0] = options.endpoints[1];
    others.endpoint_count = 1;
    snprintf(endpoint, sizeof(endpoint), "https://127.0.0.1:%d", tcp_relay_port(relay));
    options.endpoints[0] = endpoint;
    struct etcd *etcd = scene_client(&options), *witness = scene_client(&others);
    struct killing killing = {&scene->members, 0, is_carried_out ? witness : NULL, arena, key};

    assert_null(scene_get(etcd, scene->arena, key)); /* it is connected */
    scene_connect(witness, arena);
    tcp_relay_set_trap(relay, &(struct tcp_relay_trap){kill_when_due, &killing, !is_carried_out});
    once_make(&once, key);
    struct etcd_result result = etcd_txn(etcd, &once.request, CALL_MS, scene->arena, &answer);
    assert_true(tcp_relay_is_sprung(relay));
    assert_int_equal(result.fate, ETCD_UNKNOWN);
    /* The next member knows, and the same bytes again do it once. */
    answer = once_send(etcd, &once, scene->arena);
    assert_int_equal(answer->succeeded, !is_carried_out);
    const Etcdserverpb__KeyValue *value = scene_get(etcd, scene->arena, key);
    assert_non_null(value);
    assert_int_equal(value->version, 1);

    etcd_destroy(&etcd);
    etcd_destroy(&witness);
    tcp_relay_end(&relay);
    etcd_member_start(&scene->members, 0);
}

static void test_killed_before_it_has_heard(void **state)
{
    killed_in_the_middle(*state, "killed/before", false);
}

static void test_killed_before_it_has_answered(void **state)
{
    killed_in_the_middle(*state, "killed/after", true);
}

static void test_stopped(void **state)
{
    struct scene *scene = *state;
    CLEANUP(etcd_destroy)
    struct etcd *connected = scene_client(&scene->options),
                *fresh = scene_client(&scene->options);
    Etcdserverpb__TxnResponse *answer = NULL;
    struct once once = {.absent = {.result = 0}};

    once_make(&once, "stopped");
    assert_null(scene_get(connected, scene->arena, "stopped"));
    etcd_member_stop(&scene->members, 0);
    int64_t began_ms = clock_steady_ms();
    struct etcd_result result = etcd_txn(connected, &once.request, SHORT_MS, scene->arena, &answer);
    int64_t took_ms = clock_steady_ms() - began_ms;
    assert_says(&result, ETCD_UNKNOWN, "no answer in time");
    if (took_ms < SHORT_MS || took_ms > SHORT_MS + SLACK_MS)
        fail_msg("it took %d ms", (int) took_ms);
    once_send(connected, &once, scene->arena);
    /* Who has no connection yet has sent nothing, and finds another in the same call. */
    assert_non_null(scene_get(fresh, scene->arena, "stopped"));
    etcd_member_continue(&scene->members, 0);
}

static void test_a_majority_that_is_lost(void **state)
{
    struct scene *scene = *state;
    struct etcd_options options = scene->options;
    Etcdserverpb__TxnResponse *answer = NULL;
    Etcdserverpb__StatusResponse *status = NULL;
    struct once once = {.absent = {.result = 0}};

    options.endpoints[0] = scene->options.endpoints[2];
    options.endpoint_count = 1;
    CLEANUP(etcd_destroy) struct etcd *etcd = scene_client(&options);
    once_make(&once, "minority");
    assert_null(scene_get(etcd, scene->arena, "minority"));
    etcd_member_stop(&scene->members, 0);
    etcd_member_stop(&scene->members, 1);
    struct etcd_result result = etcd_txn(etcd, &once.request, SHORT_MS, scene->arena, &answer);
    assert_int_equal(result.fate, ETCD_UNKNOWN);
    assert_answered(etcd_status(etcd, 0, SHORT_MS, scene->arena, &status)); /* the member itself speaks */
    etcd_member_continue(&scene->members, 0);
    etcd_member_continue(&scene->members, 1);
    once_send(etcd, &once, scene->arena);
    assert_int_equal(scene_get(etcd, scene->arena, "minority")->version, 1);
}

static int run_all(void)
{
    static const struct CMUnitTest ONE[] = {
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_an_authority_that_is_another),
        cmocka_unit_test(test_a_client_that_is_not_known),
        cmocka_unit_test(test_a_name),
        cmocka_unit_test(test_somebody_else),
        cmocka_unit_test(test_another_port),
        cmocka_unit_test(test_nobody),
    };
    static const struct CMUnitTest EXPIRED[] = {cmocka_unit_test(test_a_certificate_that_has_expired)};
    static const struct CMUnitTest ELSEWHERE[] = {cmocka_unit_test(test_a_certificate_for_another_address)};
    static const struct CMUnitTest THREE[] = {
        cmocka_unit_test(test_killed_before_it_has_heard),
        cmocka_unit_test(test_killed_before_it_has_answered),
        cmocka_unit_test(test_stopped),
        cmocka_unit_test(test_a_majority_that_is_lost),
    };

    int failed = cmocka_run_group_tests(ONE, scene_set_up_one, scene_tear_down);
    failed += cmocka_run_group_tests(EXPIRED, set_up_expired, scene_tear_down);
    failed += cmocka_run_group_tests(ELSEWHERE, set_up_elsewhere, scene_tear_down);
    return failed + cmocka_run_group_tests(THREE, scene_set_up_three, scene_tear_down);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    return run_all();
}
