/* Checkpoints of any size on a real store, and the proofs between any two. Roots and proofs are worked out beside from the
 * definitions in RFC 6962 (2.1, 2.1.2), over the leaves, and compared to the byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "core/error.h"
#include "core/machine/state.h"
#include "core/note.h"
#include "worker/query.h"

enum { EVENTS = 64 };
#define NOW_MS INT64_C(1800000000000)

struct fixture {
    char directory[64];
    struct store *store;
    struct arena *arena;
    struct signing_key log_key;
    struct session_grant grant;
    bool is_fresh, is_asked_fresh;
    uint8_t leaves[EVENTS][HASH_SIZE];
};

static const uint8_t GROUP[GROUP_ID_SIZE] = {9};

/* The store: one member, and events that differ in nothing but their numbers and commitments. */

static void put_member(struct fixture *fixture, const struct view *view)
{
    Comity__V1__Member member = COMITY__V1__MEMBER__INIT;
    Comity__V1__Key key = COMITY__V1__KEY__INIT;
    uint8_t row_key[1 + KEY_SIZE] = {TABLE_KEY};
    struct bytes row;

    member.number = 1;
    member.constituency = 1;
    assert_int_equal(state_put(view, fixture->arena, TABLE_MEMBER, 1, 0, &member.base), 0);
    key.key = (ProtobufCBinaryData){.len = KEY_SIZE, .data = fixture->grant.key};
    key.member = 1;
    memcpy(row_key + 1, fixture->grant.key, KEY_SIZE);
    assert_int_equal(message_pack(&key.base, fixture->arena, &row), 0);
    assert_int_equal(view_put(view, BYTES(row_key, sizeof(row_key)), row), 0);
}

static void append(struct fixture *fixture, struct store_txn *txn, struct store_history *history)
{
    struct event_header header = {
        .level = FORMAT_LEVEL, .epoch = 1, .sequence = history->head + 1, .time_ms = NOW_MS};
    struct event_part part = {.kind = COMITY__V1__PART_KIND__PART_KIND_OPEN,
                              .audience = COMITY__V1__AUDIENCE__AUDIENCE_ALL,
                              .content = BYTES("x", 1)};
    uint8_t packed[EVENT_HEADER_SIZE + 1] = {0}; /* 00 before the leaf */

    memcpy(header.history, history->id, HISTORY_ID_SIZE);
    put_u64(part.salt, header.sequence);
    event_part_hash(&part);
    event_commitment(&part, 1, header.commitment);
    assert_int_equal(store_event_append(txn, history, &header, &part, 1), 0);
    event_header_write(&header, packed + 1);
    crypto_hash_sha256(fixture->leaves[header.sequence - 1], packed, sizeof(packed));
}

static void fill(struct fixture *fixture)
{
    struct store_txn *txn;
    struct store_history history;

    assert_int_equal(store_begin_write(fixture->store, &txn), 0);
    assert_int_equal(store_history_create(txn, fixture->grant.history, &history), 0);
    struct view view = store_view(txn, &history);
    put_member(fixture, &view);
    for (unsigned i = 0; i < EVENTS; i++)
        append(fixture, txn, &history);
    assert_int_equal(store_commit(&txn), 0);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    const char *temporary = getenv("TMPDIR");
    char reason[STORE_REASON_MAX];

    snprintf(fixture->directory, sizeof(fixture->directory), "%.40s/comity-XXXXXX",
             temporary ? temporary : "/tmp");
    if (!mkdtemp(fixture->directory))
        return -1;
    fixture->arena = arena_new(256 * 1024 * 1024);
    memset(fixture->grant.history, 0x5a, HISTORY_ID_SIZE);
    memset(fixture->grant.key, 1, KEY_SIZE);
    fixture->grant.until_ms = NOW_MS + 1;
    fixture->is_fresh = true;
    signing_key_generate(&fixture->log_key);
    struct store_options options = {
        .directory = fixture->directory, .map_limit_bytes = 1 << 28, .group = GROUP};
    if (store_open(&options, &fixture->store, reason))
        return -1;
    fill(fixture);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    char command[128];

    store_close(&fixture->store);
    snprintf(command, sizeof(command), "rm -rf '%s'", fixture->directory);
    int result = system(command);
    arena_destroy(&fixture->arena);
    free(fixture);
    return result;
}

static int ask(struct fixture *fixture, uint64_t from, uint64_t size, Comity__V1__Answer **ret_answer,
               struct refusal *refusal)
{
    Comity__V1__Query query = COMITY__V1__QUERY__INIT;
    Comity__V1__GetCheckpoint wanted = COMITY__V1__GET_CHECKPOINT__INIT;
    struct query_context context = {
        .store = fixture->store,
        .log_key = &fixture->log_key,
        .grant = &fixture->grant,
        .now_ms = NOW_MS,
        .is_fresh = fixture->is_fresh,
        .arena = fixture->arena,
    };

    query.fresh = fixture->is_asked_fresh;
    wanted.from = from;
    wanted.size = size;
    query.history = (ProtobufCBinaryData){.len = HISTORY_ID_SIZE, .data = fixture->grant.history};
    query.kind_case = COMITY__V1__QUERY__KIND_CHECKPOINT;
    query.checkpoint = &wanted;
    return query_answer(&context, &query, ret_answer, refusal);
}

/* RFC 6962, word for word. */

static size_t split(size_t n)
{
    size_t k = 1;
    while (k * 2 < n)
        k *= 2;
    return k;
}

/* MTH(D[n]), 2.1. */
static void tree_hash(uint8_t (*leaves)[HASH_SIZE], size_t n, uint8_t ret_hash[HASH_SIZE])
{
    uint8_t pair[1 + 2 * HASH_SIZE] = {1};

    if (n == 1) {
        memcpy(ret_hash, leaves[0], HASH_SIZE);
        return;
    }
    tree_hash(leaves, split(n), pair + 1);
    tree_hash(leaves + split(n), n - split(n), pair + 1 + HASH_SIZE);
    crypto_hash_sha256(ret_hash, pair, sizeof(pair));
}

/* SUBPROOF(m, D[n], b), 2.1.2. */
static void subproof(size_t m, uint8_t (*leaves)[HASH_SIZE], size_t n, bool b,
                     uint8_t ret_proof[PROOF_MAX][HASH_SIZE], size_t *ret_count)
{
    size_t k = n > 1 ? split(n) : 0;

    if (m == n) {
        if (!b)
            tree_hash(leaves, n, ret_proof[(*ret_count)++]);
    } else if (m <= k) {
        subproof(m, leaves, k, b, ret_proof, ret_count);
        tree_hash(leaves + k, n - k, ret_proof[(*ret_count)++]);
    } else {
        subproof(m - k, leaves + k, n - k, false, ret_proof, ret_count);
        tree_hash(leaves, k, ret_proof[(*ret_count)++]);
    }
}

static void check_pair(struct fixture *fixture, uint64_t from, uint64_t size)
{
    Comity__V1__Answer *answer;
    struct refusal refusal = {0};
    struct checkpoint checkpoint;
    uint8_t proof[PROOF_MAX][HASH_SIZE], root[HASH_SIZE];
    char origin[ORIGIN_MAX_BYTES + 1];
    size_t count = 0;

    assert_int_equal(ask(fixture, from, size, &answer, &refusal), 0);
    assert_int_equal(checkpoint_open(BYTES(answer->checkpoint.data, answer->checkpoint.len),
                                     fixture->log_key.public_key, &checkpoint),
                     0);
    checkpoint_origin(fixture->grant.history, 1, origin);
    assert_string_equal(checkpoint.origin, origin);
    assert_int_equal(checkpoint.size, size);
    tree_hash(fixture->leaves, size, root);
    assert_memory_equal(checkpoint.root, root, HASH_SIZE);
    if (from > 0)
        subproof(from, fixture->leaves, size, true, proof, &count);
    assert_int_equal(answer->n_proof, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(answer->proof[i].len, HASH_SIZE);
        assert_memory_equal(answer->proof[i].data, proof[i], HASH_SIZE);
    }
}

static void a_checkpoint_of_any_size_extends_any_before(void **state)
{
    struct fixture *fixture = *state;

    for (uint64_t size = 1; size <= EVENTS; size++)
        for (uint64_t from = 0; from <= size; from++)
            check_pair(fixture, from, size);
}

static void no_size_means_the_head(void **state)
{
    struct fixture *fixture = *state;
    Comity__V1__Answer *answer;
    struct refusal refusal = {0};
    struct checkpoint checkpoint;

    assert_int_equal(ask(fixture, 0, 0, &answer, &refusal), 0);
    assert_int_equal(answer->as_of, EVENTS);
    assert_int_equal(answer->epoch, 1);
    assert_int_equal(answer->n_proof, 0);
    assert_int_equal(checkpoint_open(BYTES(answer->checkpoint.data, answer->checkpoint.len),
                                     fixture->log_key.public_key, &checkpoint),
                     0);
    assert_int_equal(checkpoint.size, EVENTS);
}

static void sizes_that_there_are_not_are_refused(void **state)
{
    static const struct {
        uint64_t from, size, limit;
        const char *field;
    } CASES[] = {
        {0, EVENTS + 1, EVENTS, "query.checkpoint.size"},
        {1, UINT64_MAX, EVENTS, "query.checkpoint.size"},
        {8, 7, 7, "query.checkpoint.from"},
        {EVENTS + 1, 0, EVENTS, "query.checkpoint.from"},
        {UINT64_MAX, EVENTS, EVENTS, "query.checkpoint.from"},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < ARRAY_COUNT(CASES); i++) {
        Comity__V1__Answer *answer = NULL;
        struct refusal refusal = {0};
        assert_int_equal(ask(fixture, CASES[i].from, CASES[i].size, &answer, &refusal), ERR_RANGE);
        assert_string_equal(refusal.field, CASES[i].field);
        assert_int_equal(refusal.limit, CASES[i].limit);
        assert_null(answer);
    }
}

/* Others may have more than this store, so only what is wrong in itself is refused for good. */
static void a_worker_that_is_not_fresh_says_that_it_may_be_behind(void **state)
{
    static const struct {
        uint64_t from, size;
        int code;
        const char *field;
    } CASES[] = {
        {0, EVENTS + 1, ERR_BEHIND, "query.checkpoint.size"},
        {EVENTS + 1, 0, ERR_BEHIND, "query.checkpoint.from"},
        {EVENTS + 1, EVENTS + 2, ERR_BEHIND, "query.checkpoint.size"},
        {8, 7, ERR_RANGE, "query.checkpoint.from"},
    };
    struct fixture *fixture = *state;
    Comity__V1__Answer *answer = NULL;
    struct refusal refusal = {0};

    fixture->is_fresh = false;
    for (size_t i = 0; i < ARRAY_COUNT(CASES); i++) {
        refusal = (struct refusal){0};
        assert_int_equal(ask(fixture, CASES[i].from, CASES[i].size, &answer, &refusal), CASES[i].code);
        assert_string_equal(refusal.field, CASES[i].field);
        assert_null(answer);
    }
    check_pair(fixture, 1, EVENTS);
}

static void an_answer_says_whether_it_is_fresh_to_who_asked(void **state)
{
    struct fixture *fixture = *state;

    for (unsigned i = 0; i < 4; i++) {
        Comity__V1__Answer *answer = NULL;
        struct refusal refusal = {0};
        fixture->is_fresh = i & 1;
        fixture->is_asked_fresh = i & 2;
        assert_int_equal(ask(fixture, 0, 0, &answer, &refusal), 0);
        assert_int_equal(answer->is_fresh, i == 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_checkpoint_of_any_size_extends_any_before, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_size_means_the_head, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sizes_that_there_are_not_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_worker_that_is_not_fresh_says_that_it_may_be_behind, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_answer_says_whether_it_is_fresh_to_who_asked, set_up, tear_down),
    };
    return key_init() ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
