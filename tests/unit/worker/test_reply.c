/* Answers carry the request's own numbers, open for the client alone, and say so when they do not fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "comity/v1/link.pb-c.h"
#include "core/error.h"
#include "worker/reply.h"

struct fixture {
    struct job_pool *pool;
    struct job *job;
    struct seal_session client;
    struct arena *arena;
};

static const struct frame_header REQUEST_HEADER = {
    .type = FRAME_REQUEST,
    .flags = FRAME_FLAG_BROKER,
    .request = 0x1122334455667788,
    .group = {1, 2, 3},
    .history = {4, 5, 6},
    .command_id = {7, 8, 9},
    .sequence = 3,
    .attempt = 2,
    .budget_ms = 5000,
    .route = 0xaabbccdd,
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct job_limits limits = {.count = 1, .bytes = 1 << 20};
    struct connection_key client, group;
    connection_key_generate(&client);
    connection_key_generate(&group);
    uint8_t frame[FRAME_HEADER_SIZE];
    frame_header_write(&REQUEST_HEADER, frame);
    if (job_pool_new(&limits, &fixture->pool) ||
        job_take(fixture->pool, &REQUEST_HEADER, BYTES(frame, sizeof(frame)), &fixture->job) ||
        seal_session_client(&client, group.public_key, &fixture->client) ||
        seal_session_group(&group, client.public_key, &fixture->job->seal))
        return -1;
    fixture->arena = arena_new(ARENA_LIMIT_DEFAULT);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    job_give(fixture->pool, &fixture->job);
    job_pool_destroy(&fixture->pool);
    arena_destroy(&fixture->arena);
    free(fixture);
    return 0;
}

static void check_header(const struct fixture *fixture, uint8_t type, int error,
                         struct frame_header *ret_header)
{
    struct bytes body;
    assert_int_equal(frame_read(fixture->job->answer, ret_header, &body), 0);
    assert_int_equal(ret_header->type, type);
    assert_int_equal(ret_header->error, error);
    assert_int_equal(ret_header->flags, 0);
    assert_int_equal(ret_header->request, REQUEST_HEADER.request);
    assert_int_equal(ret_header->route, REQUEST_HEADER.route);
    assert_int_equal(ret_header->attempt, REQUEST_HEADER.attempt);
    assert_memory_equal(ret_header->group, REQUEST_HEADER.group, GROUP_ID_SIZE);
    assert_memory_equal(ret_header->history, REQUEST_HEADER.history, HISTORY_ID_SIZE);
    assert_memory_equal(ret_header->command_id, REQUEST_HEADER.command_id, COMMAND_ID_SIZE);
    assert_int_equal(ret_header->term, 42);
}

static Comity__V1__Reply *open_reply(struct fixture *fixture)
{
    uint8_t *plain = arena_alloc(fixture->arena, fixture->job->answer.size);
    size_t size;
    assert_int_equal(seal_open(&fixture->client, fixture->job->answer, plain, &size), 0);
    ProtobufCMessage *message;
    assert_int_equal(message_unpack(&comity__v1__reply__descriptor, BYTES(plain, size), size, fixture->arena,
                                    NULL, &message),
                     0);
    return (Comity__V1__Reply *) message;
}

static void an_error_is_a_bare_header(void **state)
{
    struct fixture *fixture = *state;
    struct frame_header header;
    reply_error(fixture->job, ERR_BUSY, 250, 42);
    check_header(fixture, FRAME_ERROR, ERR_BUSY, &header);
    assert_int_equal(header.budget_ms, 250);
    assert_int_equal(fixture->job->answer.size, FRAME_HEADER_SIZE);
}

static void a_refusal_is_sealed(void **state)
{
    struct fixture *fixture = *state;
    struct frame_header header;
    struct refusal refusal = {
        .code = ERR_STALE, .field = "cast_ballot.replaces", .latest = UINT64_MAX, .limit = 9};
    reply_refusal(fixture->job, &refusal, 42);
    check_header(fixture, FRAME_REPLY, 0, &header); /* the broker reads it */
    const Comity__V1__Reply *reply = open_reply(fixture);
    assert_int_equal(reply->kind_case, COMITY__V1__REPLY__KIND_REFUSAL);
    assert_int_equal(reply->refusal->code, ERR_STALE);
    assert_string_equal(reply->refusal->field, "cast_ballot.replaces");
    assert_int_equal(reply->refusal->latest, UINT64_MAX);
    assert_int_equal(reply->refusal->limit, 9);
    assert_int_equal(fixture->job->answer.size, FRAME_HEADER_SIZE + SEAL_OVERHEAD + PADDING_MULTIPLE);
}

static void the_longest_refusal_fits(void **state)
{
    struct fixture *fixture = *state;
    struct refusal refusal = {.code = INT16_MIN, .latest = UINT64_MAX, .limit = UINT64_MAX};
    memset(refusal.field, 'x', FIELD_PATH_MAX - 1);
    reply_refusal(fixture->job, &refusal, 42);
    assert_int_equal(strlen(open_reply(fixture)->refusal->field), FIELD_PATH_MAX - 1);
}

/* Whatever it says, its length is a multiple of PADDING_MULTIPLE, and it says the same with the padding. */
static void replies_are_padded(void **state)
{
    struct fixture *fixture = *state;
    static uint8_t note[3 * PADDING_MULTIPLE];
    struct frame_header header;
    memset(note, 'x', sizeof(note));
    for (size_t size = 0; size < sizeof(note); size += 3) { /* comes by every remainder */
        Comity__V1__Answer answer = COMITY__V1__ANSWER__INIT;
        Comity__V1__Reply reply = COMITY__V1__REPLY__INIT;
        reply.kind_case = COMITY__V1__REPLY__KIND_ANSWER;
        reply.answer = &answer;
        answer.checkpoint = (ProtobufCBinaryData){.data = note, .len = size};
        arena_reset(fixture->arena);
        reply_message(fixture->job, FRAME_REPLY, &reply.base, 42);
        assert_int_equal((fixture->job->answer.size - FRAME_HEADER_SIZE - SEAL_OVERHEAD) % PADDING_MULTIPLE,
                         0);
        assert_int_equal(open_reply(fixture)->answer->checkpoint.len, size);
    }
    check_header(fixture, FRAME_REPLY, 0, &header);
    assert_int_equal(header.sequence, 0);
}

static void what_does_not_fit_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct frame_header header;
    static uint8_t large[REPLY_PLAIN_MAX_BYTES + 1];
    reply_packed(fixture->job, FRAME_REPLY, BYTES(large, REPLY_PLAIN_MAX_BYTES), 42);
    check_header(fixture, FRAME_REPLY, 0, &header);
    assert_int_equal(fixture->job->answer.size, FRAME_MAX_BYTES);
    reply_packed(fixture->job, FRAME_REPLY, BYTES(large, REPLY_PLAIN_MAX_BYTES + 1), 42);
    check_header(fixture, FRAME_REPLY, 0, &header);
    assert_int_equal(open_reply(fixture)->refusal->code, ERR_TOO_LARGE);
    assert_int_equal(open_reply(fixture)->refusal->limit, REPLY_PLAIN_MAX_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_error_is_a_bare_header, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_refusal_is_sealed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_longest_refusal_fits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(replies_are_padded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_does_not_fit_is_refused, set_up, tear_down),
    };
    return key_init() ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
