/* The ZAP handler, asked as libzmq asks it (RFC 27): over inproc, within one context. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <zmq.h>

#include "broker/zap.h"
#include "core/error.h"

enum { PARTS_MAX = 12 };

struct setup {
    void *context;
    void *asker;
    struct zap *zap;
    struct admission admission;
    struct admission_worker worker;
    struct watch watch;
    char parts[PARTS_MAX][300];
    size_t part_count;
};

static int setup_make(void **state)
{
    struct setup *setup = calloc(1, sizeof(*setup));
    int timeout = 5000;
    setup->context = zmq_ctx_new();
    setup->worker = (struct admission_worker){.name = "north", .key = "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"};
    setup->admission = (struct admission){
        .workers = &setup->worker, .worker_count = 1, .connection_limit = 8, .address_percent = 25};
    assert_int_equal(watch_init(&setup->watch, 20), 0);
    assert_int_equal(zap_open(setup->context, &setup->zap), 0);
    setup->asker = zmq_socket(setup->context, ZMQ_REQ);
    zmq_setsockopt(setup->asker, ZMQ_RCVTIMEO, &timeout, sizeof(timeout));
    assert_int_equal(zmq_connect(setup->asker, "inproc://zeromq.zap.01"), 0);
    *state = setup;
    return 0;
}

static int setup_end(void **state)
{
    struct setup *setup = *state;
    zmq_close(setup->asker);
    zap_close(&setup->zap);
    watch_release(&setup->watch);
    zmq_ctx_term(setup->context);
    free(setup);
    return 0;
}

/* Ask with these parts, and read the answer into setup->parts. */
static struct zap_report ask(struct setup *setup, const struct bytes *parts, size_t count)
{
    struct zap_report report = {.verdict = VERDICT_LATER};
    for (size_t i = 0; i < count; i++)
        zmq_send(setup->asker, parts[i].data, parts[i].size, i + 1 < count ? ZMQ_SNDMORE : 0);
    assert_true(zap_answer(setup->zap, &setup->admission, &setup->watch, &report));
    assert_false(zap_answer(setup->zap, &setup->admission, &setup->watch, &report));
    int more = 1;
    size_t size = sizeof(more);
    for (setup->part_count = 0; more; setup->part_count++) {
        assert_true(setup->part_count < PARTS_MAX);
        char *part = setup->parts[setup->part_count];
        int got = zmq_recv(setup->asker, part, 299, 0);
        assert_true(got >= 0);
        part[got] = '\0';
        zmq_getsockopt(setup->asker, ZMQ_RCVMORE, &more, &size);
    }
    assert_int_equal(setup->part_count, 6);
    assert_string_equal(setup->parts[0], "1.0");
    assert_string_equal(setup->parts[5], "");
    return report;
}

static struct zap_report ask_from(struct setup *setup, const char *address, const char *domain,
                                  const char *key)
{
    const struct bytes parts[] = {
        BYTES("1.0", 3),  BYTES("q1", 2),    BYTES(domain, strlen(domain)), BYTES(address, strlen(address)),
        BYTES("anid", 4), BYTES("CURVE", 5), BYTES(key, KEY_SIZE)};
    struct zap_report report = ask(setup, parts, ARRAY_COUNT(parts));
    assert_string_equal(setup->parts[1], "q1");
    return report;
}

static struct zap_report ask_for(struct setup *setup, const char *domain, const char *key)
{
    return ask_from(setup, "127.0.0.1", domain, key);
}

/* Connections of the front from there, from this descriptor on. */
static void open_from(struct setup *setup, const char *text, int fd, int count)
{
    struct address address = address_of_text(text);
    for (int i = 0; i < count; i++)
        watch_opened(&setup->watch, SIDE_FRONT, fd + i, &address, 0);
}

static const char WORKER[] = "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk\0";
static const char STRANGER[] = "ssssssssssssssssssssssssssssssss";

static void test_verdicts(void **state)
{
    struct setup *setup = *state;
    assert_int_equal(ask_for(setup, "back", WORKER).verdict, VERDICT_ADMIT);
    assert_string_equal(setup->parts[2], "200");
    char key[2 * KEY_SIZE + 1];
    hex_encode(BYTES(WORKER, KEY_SIZE), key);
    assert_string_equal(setup->parts[4], key); /* the User-Id */

    struct zap_report report = ask_for(setup, "back", STRANGER);
    assert_int_equal(report.verdict, VERDICT_REFUSE);
    assert_int_equal(report.side, SIDE_BACK);
    assert_true(report.has_key);
    assert_string_equal(report.address, "127.0.0.1");
    assert_string_equal(setup->parts[2], "400");
    assert_string_equal(setup->parts[4], "");

    open_from(setup, "127.0.0.1", 0, 8);
    assert_int_equal(ask_for(setup, "front", STRANGER).verdict, VERDICT_ADMIT);
    open_from(setup, "127.0.0.1", 8, 1);
    assert_int_equal(ask_for(setup, "front", STRANGER).verdict, VERDICT_LATER);
    assert_string_equal(setup->parts[2], "500");
    assert_string_equal(setup->parts[4], "");
    assert_int_equal(ask_for(setup, "side", WORKER).verdict, VERDICT_REFUSE);
    assert_int_equal(ask_for(setup, "", WORKER).verdict, VERDICT_REFUSE);
    assert_int_equal(ask_for(setup, "backside", WORKER).verdict, VERDICT_REFUSE);
}

static void test_share_of_an_address(void **state)
{
    struct setup *setup = *state;
    open_from(setup, "192.0.2.1", 0, 2);
    assert_int_equal(ask_from(setup, "192.0.2.1", "front", STRANGER).verdict, VERDICT_ADMIT);
    open_from(setup, "192.0.2.1", 2, 1);
    struct zap_report report = ask_from(setup, "192.0.2.1", "front", STRANGER);
    assert_int_equal(report.verdict, VERDICT_LATER);
    assert_int_equal(report.crowd.all, 3);
    assert_int_equal(report.crowd.from_there, 3);
    assert_string_equal(setup->parts[2], "500");
    assert_int_equal(ask_from(setup, "192.0.2.2", "front", STRANGER).verdict, VERDICT_ADMIT);
    assert_int_equal(ask_from(setup, "192.0.2.1", "back", WORKER).verdict, VERDICT_ADMIT);
    open_from(setup, "127.0.0.1", 3, 5); /* this machine's own are not counted so */
    assert_int_equal(ask_from(setup, "127.0.0.1", "front", STRANGER).verdict, VERDICT_ADMIT);
}

/* Each is answered by a refusal, and the next request is answered too. */
static void test_what_is_no_request(void **state)
{
    struct setup *setup = *state;
    char large[2000];
    memset(large, 'x', sizeof(large));
    struct bytes good[] = {BYTES("1.0", 3),  BYTES("q2", 2),    BYTES("back", 4),       BYTES("127.0.0.1", 9),
                           BYTES("anid", 4), BYTES("CURVE", 5), BYTES(WORKER, KEY_SIZE)};
    for (size_t i = 0; i < ARRAY_COUNT(good); i++) {
        bool is_free = i == 1 || i == 3 || i == 4; /* its content decides nothing */
        struct bytes bad[ARRAY_COUNT(good)];
        memcpy(bad, good, sizeof(good));
        bad[i] = BYTES(large, sizeof(large));
        enum verdict verdict = ask(setup, bad, ARRAY_COUNT(bad)).verdict;
        assert_int_equal(verdict, is_free ? VERDICT_ADMIT : VERDICT_REFUSE);
        bad[i] = BYTES("", 0);
        verdict = ask(setup, bad, ARRAY_COUNT(bad)).verdict;
        assert_int_equal(verdict, is_free ? VERDICT_ADMIT : VERDICT_REFUSE);
    }
    struct bytes many[11];
    for (size_t count = 1; count <= ARRAY_COUNT(many); count++) {
        for (size_t i = 0; i < count; i++)
            many[i] = good[i % ARRAY_COUNT(good)];
        enum verdict verdict = ask(setup, many, count).verdict;
        assert_int_equal(verdict, count == ARRAY_COUNT(good) ? VERDICT_ADMIT : VERDICT_REFUSE);
    }
}

static void test_one_a_context(void **state)
{
    struct setup *setup = *state;
    struct zap *second = NULL;
    assert_int_equal(zap_open(setup->context, &second), ERR_EXISTS);
    assert_null(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_verdicts, setup_make, setup_end),
        cmocka_unit_test_setup_teardown(test_share_of_an_address, setup_make, setup_end),
        cmocka_unit_test_setup_teardown(test_what_is_no_request, setup_make, setup_end),
        cmocka_unit_test_setup_teardown(test_one_a_context, setup_make, setup_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
