/* Every rule of C2SP tlog-witness, and those of epochs: what is cosigned, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/witness/judge.h"
#include "core/error.h"
#include "core/tree.h"

enum { LEAVES = 40, KEPT = 13, SHOWN = 29 };

static uint8_t nodes[7][LEAVES][HASH_SIZE]; /* level, index */
static struct signing_key log_key, other_key, new_key, own_key;
static uint8_t history[HISTORY_ID_SIZE], other_history[HISTORY_ID_SIZE];

static int node_get(void *self, unsigned level, uint64_t index, uint8_t ret_hash[HASH_SIZE])
{
    (void) self;
    memcpy(ret_hash, nodes[level][index], HASH_SIZE);
    return 0;
}

static int node_put(void *self, unsigned level, uint64_t index, const uint8_t hash[HASH_SIZE])
{
    (void) self;
    memcpy(nodes[level][index], hash, HASH_SIZE);
    return 0;
}

static const struct tree_nodes NODES = {.get = node_get, .put = node_put};

static int setup(void **state)
{
    (void) state;
    if (key_init() != 0)
        return -1;
    signing_key_generate(&log_key);
    signing_key_generate(&other_key);
    signing_key_generate(&new_key);
    signing_key_generate(&own_key);
    memset(history, 7, sizeof(history));
    memset(other_history, 8, sizeof(other_history));
    for (uint64_t i = 0; i < LEAVES; i++) {
        uint8_t hash[HASH_SIZE];
        tree_leaf_hash(BYTES(&i, sizeof(i)), hash);
        tree_append(&NODES, i, hash);
    }
    return 0;
}

/* A note of the tree at @size, under an origin and by a key. */
struct shown {
    char note[CHECKPOINT_MAX_BYTES];
    uint8_t hashes[PROOF_MAX][HASH_SIZE];
    struct bytes proof[PROOF_MAX];
    struct seen seen;
};

static void show(struct shown *shown, const uint8_t *of_history, uint32_t epoch, uint64_t size, uint64_t from,
                 const struct signing_key *key)
{
    struct checkpoint checkpoint = {.size = size};
    memset(shown, 0, sizeof(*shown));
    checkpoint_origin(of_history, epoch, checkpoint.origin);
    tree_root(&NODES, size, checkpoint.root);
    shown->seen.note = BYTES(shown->note, checkpoint_sign(&checkpoint, key, shown->note));
    shown->seen.epoch = epoch;
    shown->seen.from = from;
    shown->seen.proof = shown->proof;
    if (from > 0 && from <= size)
        assert_int_equal(tree_consistency_proof(&NODES, from, size, shown->hashes, &shown->seen.proof_count), 0);
    for (size_t i = 0; i < shown->seen.proof_count; i++)
        shown->proof[i] = BYTES(shown->hashes[i], HASH_SIZE);
    shown->seen.server_log_key = log_key.public_key;
}

static struct kept kept_at(uint64_t size, uint32_t epoch)
{
    struct kept kept;
    struct shown shown;
    struct checkpoint checkpoint;
    const uint8_t signature[SIGNATURE_SIZE] = {1};
    kept_init(&kept, history, log_key.public_key);
    kept.epoch = epoch;
    if (size == 0)
        return kept;
    show(&shown, history, epoch, size, 0, &log_key);
    assert_int_equal(checkpoint_open(shown.seen.note, log_key.public_key, &checkpoint), 0);
    kept_take(&kept, shown.seen.note, &checkpoint, 1800000000, signature);
    return kept;
}

static enum judgement judged(const struct kept *kept, const struct shown *shown)
{
    struct checkpoint checkpoint;
    return judge(kept, &shown->seen, &checkpoint);
}

static void test_what_extends_is_cosigned(void **state)
{
    (void) state;
    struct shown shown;
    for (uint64_t kept_size = 0; kept_size <= LEAVES; kept_size++) {
        struct kept kept = kept_at(kept_size, 1);
        for (uint64_t size = kept_size ? kept_size : 1; size <= LEAVES; size++) {
            show(&shown, history, 1, size, kept_size, &log_key);
            enum judgement due = kept_size == 0      ? JUDGED_FIRST
                                 : size == kept_size ? JUDGED_SAME
                                                     : JUDGED_EXTENDS;
            assert_int_equal(judged(&kept, &shown), due);
        }
    }
}

/* The first of an epoch that nobody named: that of the configuration's log key. */
static void test_the_first_epoch_is_taken(void **state)
{
    (void) state;
    struct kept kept = kept_at(0, 0);
    struct shown shown;
    show(&shown, history, 1800000000, 5, 0, &log_key);
    assert_int_equal(judged(&kept, &shown), JUDGED_FIRST);
    show(&shown, history, 1, 5, 0, &other_key);
    shown.seen.server_log_key = other_key.public_key;
    assert_int_equal(judged(&kept, &shown), JUDGED_SIGNATURE);
}

static void test_a_bad_signature(void **state)
{
    (void) state;
    struct kept kept = kept_at(KEPT, 1);
    struct shown shown;
    show(&shown, history, 1, SHOWN, KEPT, &other_key);
    assert_int_equal(judged(&kept, &shown), JUDGED_SIGNATURE);
    shown.seen.server_log_key = other_key.public_key; /* what the server says of itself is no ground within an epoch */
    assert_int_equal(judged(&kept, &shown), JUDGED_SIGNATURE);
    show(&shown, history, 1, SHOWN, KEPT, &log_key);
    for (size_t i = 0; i < shown.seen.note.size; i++) {
        shown.note[i] = (char) (shown.note[i] ^ 1);
        enum judgement judgement = judged(&kept, &shown);
        assert_true(judgement == JUDGED_SIGNATURE || judgement == JUDGED_MALFORMED);
        shown.note[i] = (char) (shown.note[i] ^ 1);
    }
    for (size_t size = 0; size < shown.seen.note.size; size++) {
        struct shown cut = shown;
        cut.seen.note = BYTES(shown.note, size);
        enum judgement judgement = judged(&kept, &cut);
        assert_true(judgement == JUDGED_SIGNATURE || judgement == JUDGED_MALFORMED);
    }
    assert_int_equal(judged(&kept, &shown), JUDGED_EXTENDS);
}

static void test_an_unknown_origin(void **state)
{
    (void) state;
    struct kept kept = kept_at(KEPT, 1);
    struct shown shown;
    show(&shown, other_history, 1, SHOWN, KEPT, &log_key);
    assert_int_equal(judged(&kept, &shown), JUDGED_ORIGIN);
    show(&shown, history, 2, SHOWN, KEPT, &log_key); /* of another epoch than the answer says */
    shown.seen.epoch = 1;
    assert_int_equal(judged(&kept, &shown), JUDGED_ORIGIN);
}

static void test_the_old_size_is_not_what_it_kept(void **state)
{
    (void) state;
    struct kept kept = kept_at(KEPT, 1);
    struct kept nothing = kept_at(0, 1);
    struct shown shown;
    for (uint64_t from = 0; from <= SHOWN; from++) {
        if (from == KEPT)
            continue;
        show(&shown, history, 1, SHOWN, from, &log_key);
        assert_int_equal(judged(&kept, &shown), JUDGED_MOVED);
        if (from > 0)
            assert_int_equal(judged(&nothing, &shown), JUDGED_MOVED);
    }
}

static void test_a_bad_proof(void **state)
{
    (void) state;
    struct kept kept = kept_at(KEPT, 1);
    struct shown shown;
    show(&shown, history, 1, SHOWN, KEPT, &log_key);
    size_t count = shown.seen.proof_count;
    assert_true(count > 2);
    for (size_t i = 0; i < count; i++) {
        shown.hashes[i][3] ^= 1;
        assert_int_equal(judged(&kept, &shown), JUDGED_NO_PROOF);
        shown.hashes[i][3] ^= 1;
        shown.seen.proof_count = i;
        assert_int_equal(judged(&kept, &shown), JUDGED_NO_PROOF);
        shown.seen.proof_count = count;
    }
    shown.proof[count] = BYTES(shown.hashes[0], HASH_SIZE);
    shown.seen.proof_count = count + 1;
    assert_int_equal(judged(&kept, &shown), JUDGED_NO_PROOF);
    shown.seen.proof_count = count;
    shown.proof[0].size = HASH_SIZE - 1;
    assert_int_equal(judged(&kept, &shown), JUDGED_NO_PROOF);
    shown.proof[0].size = HASH_SIZE;
    assert_int_equal(judged(&kept, &shown), JUDGED_EXTENDS);
    kept.root[0] ^= 1; /* it kept another tree */
    assert_int_equal(judged(&kept, &shown), JUDGED_NO_PROOF);
}

static void test_a_smaller_size(void **state)
{
    (void) state;
    struct kept kept = kept_at(KEPT, 1);
    struct shown shown;
    for (uint64_t size = 1; size < KEPT; size++) {
        show(&shown, history, 1, size, 0, &log_key);
        assert_int_equal(judged(&kept, &shown), JUDGED_BEHIND);
    }
}

static void test_the_same_size_with_another_root(void **state)
{
    (void) state;
    struct kept kept = kept_at(KEPT, 1);
    struct shown shown;
    show(&shown, history, 1, KEPT, KEPT, &log_key);
    assert_int_equal(judged(&kept, &shown), JUDGED_SAME);
    kept.root[31] ^= 1;
    assert_int_equal(judged(&kept, &shown), JUDGED_FORK);
}

static void test_after_a_fork_nothing(void **state)
{
    (void) state;
    struct kept kept = kept_at(KEPT, 1);
    struct shown shown;
    snprintf(kept.evidence, sizeof(kept.evidence), "some-folder");
    for (uint64_t size = KEPT; size <= LEAVES; size++) {
        show(&shown, history, 1, size, KEPT, &log_key);
        assert_int_equal(judged(&kept, &shown), JUDGED_STOPPED);
    }
    show(&shown, history, 2, SHOWN, KEPT, &log_key); /* noted, so that it can be accepted */
    assert_int_equal(judged(&kept, &shown), JUDGED_EPOCH);
}

static void test_another_epoch_is_another_log(void **state)
{
    (void) state;
    struct kept kept = kept_at(KEPT, 7);
    struct shown shown;
    show(&shown, history, 8, SHOWN, KEPT, &log_key); /* though the tree extends what was kept */
    assert_int_equal(judged(&kept, &shown), JUDGED_EPOCH);
    show(&shown, history, 8, SHOWN, KEPT, &new_key);
    assert_int_equal(judged(&kept, &shown), JUDGED_SIGNATURE);
    shown.seen.server_log_key = new_key.public_key;
    assert_int_equal(judged(&kept, &shown), JUDGED_EPOCH);
    show(&shown, history, 6, SHOWN, KEPT, &log_key);
    assert_int_equal(judged(&kept, &shown), JUDGED_OLD_EPOCH);
}

/* The epochs of a history, as its record has them: number, and to which number the restore before it went back. */
struct epochs {
    Comity__V1__Epoch rows[3], *list[3];
};

static void show_epochs(struct epochs *epochs, struct shown *shown, const uint64_t (*rows)[2], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        comity__v1__epoch__init(&epochs->rows[i]);
        epochs->rows[i].number = (uint32_t) rows[i][0];
        epochs->rows[i].restored_to = rows[i][1];
        epochs->list[i] = &epochs->rows[i];
    }
    shown->seen.epochs = epochs->list;
    shown->seen.epoch_count = count;
}

/* Of a restored record, whose tree extends what was kept or does not: the judgement, and how much of it is held. */
static void test_what_a_restored_record_holds(void **state)
{
    static const struct {
        const char *what;
        uint64_t epochs[3][2];
        size_t count;
        uint64_t size; /* of the tree that is shown */
        bool is_same;  /* it extends what was kept */
        enum judgement judgement;
        uint64_t holds;
    } cases[] = {
        {"it went back to what was kept", {{2, KEPT}}, 1, SHOWN, true, JUDGED_EPOCH, KEPT},
        {"behind it", {{2, KEPT + 5}}, 1, SHOWN, true, JUDGED_EPOCH, KEPT},
        {"whatever it says, if the tree shows it", {{2, 3}}, 1, SHOWN, true, JUDGED_EPOCH, KEPT},
        {"before it: that is lost", {{2, KEPT - 1}}, 1, SHOWN, false, JUDGED_EPOCH, KEPT - 1},
        {"before it, and it is no longer than that", {{2, 4}}, 1, 5, false, JUDGED_EPOCH, 4},
        {"before it, and it is as long again", {{2, 4}}, 1, KEPT, false, JUDGED_EPOCH, 4},
        {"of two restores the one that went further", {{2, 7}, {3, 20}}, 2, SHOWN, false, JUDGED_EPOCH, 7},
        {"restores before what was kept do not count", {{1, 2}, {2, 9}}, 2, SHOWN, false, JUDGED_EPOCH, 9},
        {"it does not say", {{0, 0}}, 0, SHOWN, false, JUDGED_EPOCH, 0},
        {"it says it of another epoch", {{1, 30}}, 1, SHOWN, false, JUDGED_EPOCH, 0},
        {"it says to hold all of it, and is rewritten", {{2, KEPT}}, 1, SHOWN, false, JUDGED_EPOCH_FORK, KEPT},
        {"and more", {{2, KEPT + 5}}, 1, SHOWN, false, JUDGED_EPOCH_FORK, KEPT},
        {"and is as long", {{2, KEPT}}, 1, KEPT, false, JUDGED_EPOCH_FORK, KEPT},
        {"and is shorter", {{2, KEPT}}, 1, KEPT - 2, false, JUDGED_EPOCH_FORK, KEPT},
        {"through two restores", {{2, KEPT}, {3, KEPT + 4}}, 2, SHOWN, false, JUDGED_EPOCH_FORK, KEPT},
    };

    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct kept kept = kept_at(KEPT, 1);
        struct checkpoint checkpoint;
        struct epochs epochs;
        struct shown shown;
        uint32_t epoch = cases[i].count == 2 && cases[i].epochs[0][0] == 2 ? 3 : 2;
        kept.root[3] ^= !cases[i].is_same;
        show(&shown, history, epoch, cases[i].size, cases[i].size < KEPT ? 0 : KEPT, &log_key);
        show_epochs(&epochs, &shown, cases[i].epochs, cases[i].count);
        enum judgement judgement = judge(&kept, &shown.seen, &checkpoint);
        uint64_t holds = epoch_holds(&kept, &shown.seen, &checkpoint);
        if (judgement != cases[i].judgement || holds != cases[i].holds)
            fail_msg("%s: %s, up to %u", cases[i].what, judgement_name(judgement), (unsigned) holds);
    }
}

/* The proof is from what is kept at this moment, or it is asked for again; and of nothing that was cosigned nothing is lost. */
static void test_a_restored_record_is_looked_at_from_what_is_kept(void **state)
{
    struct kept kept = kept_at(KEPT, 1), nothing = kept_at(0, 1);
    struct shown shown;

    (void) state;
    show(&shown, history, 2, SHOWN, KEPT - 1, &log_key);
    assert_int_equal(judged(&kept, &shown), JUDGED_MOVED);
    show(&shown, history, 2, SHOWN, 0, &log_key);
    assert_int_equal(judged(&kept, &shown), JUDGED_MOVED);
    assert_int_equal(judged(&nothing, &shown), JUDGED_EPOCH);
}

/* By the checkpoint by which an epoch was accepted it goes on, and from there it is cosigned. */
static void test_an_epoch_that_was_accepted(void **state)
{
    struct kept kept = kept_at(KEPT, 2);
    struct shown shown;

    (void) state;
    kept.is_signed = false;
    show(&shown, history, 2, KEPT, KEPT, &log_key);
    assert_int_equal(judged(&kept, &shown), JUDGED_FIRST);
    show(&shown, history, 2, SHOWN, KEPT, &log_key);
    assert_int_equal(judged(&kept, &shown), JUDGED_EXTENDS);
    kept.root[5] ^= 1;
    assert_int_equal(judged(&kept, &shown), JUDGED_NO_PROOF);
    show(&shown, history, 2, KEPT, KEPT, &log_key);
    assert_int_equal(judged(&kept, &shown), JUDGED_FORK);
}

/* What this witness's key cosigned, as the worker shows it: of this epoch, size and moment. */
struct signed_own {
    uint8_t signature[SIGNATURE_SIZE];
    struct own own;
};

static void sign_own(struct signed_own *signed_own, uint32_t epoch, uint64_t size, int64_t time_s)
{
    struct checkpoint checkpoint = {.size = size};
    char text[CHECKPOINT_MAX_BYTES];
    checkpoint_origin(history, epoch, checkpoint.origin);
    tree_root(&NODES, size, checkpoint.root);
    cosignature_make(BYTES(text, checkpoint_write(&checkpoint, text)), time_s, &own_key, signed_own->signature);
    signed_own->own = (struct own){.key = own_key.public_key,
                                   .epoch = epoch,
                                   .size = size,
                                   .time_s = time_s,
                                   .signature = BYTES(signed_own->signature, SIGNATURE_SIZE)};
}

/* By what is kept, of a record of SHOWN events in epoch 3, with the own cosignature of that epoch, size and moment. */
static enum judgement judged_with_own(const struct kept *kept, uint64_t shown_size, uint32_t epoch, uint64_t size,
                                      int64_t time_s)
{
    struct signed_own signed_own;
    struct shown shown;
    sign_own(&signed_own, epoch, size, time_s);
    show(&shown, history, 3, shown_size, kept->size, &log_key);
    shown.seen.own = &signed_own.own;
    enum judgement judgement = judged(kept, &shown);
    if (judgement == JUDGED_FORGOTTEN) { /* and by nothing less than the signature itself */
        signed_own.signature[7] ^= 1;
        assert_int_equal(judged(kept, &shown), JUDGED_OWN);
    }
    return judgement;
}

/* Its own signature is shown, and nothing is kept: it does not begin anew. After an accepted epoch it does. */
static void test_a_state_that_was_lost(void **state)
{
    (void) state;
    struct kept nothing = kept_at(0, 0), accepted = kept_at(0, 3);
    struct shown shown;
    show(&shown, history, 3, SHOWN, 0, &log_key);
    assert_int_equal(judged(&nothing, &shown), JUDGED_FIRST);
    assert_int_equal(judged_with_own(&nothing, SHOWN, 3, SHOWN, 1800000000), JUDGED_FORGOTTEN);
    assert_int_equal(judged_with_own(&nothing, SHOWN, 3, KEPT, 1800000000), JUDGED_AHEAD);
    assert_int_equal(judged_with_own(&nothing, SHOWN, 2, SHOWN, 1800000000), JUDGED_FORGOTTEN); /* before a restore */
    assert_int_equal(judged_with_own(&accepted, SHOWN, 2, SHOWN, 1800000000), JUDGED_FIRST);
    assert_int_equal(judged_with_own(&accepted, SHOWN, 3, SHOWN, 1800000000), JUDGED_FORGOTTEN);
}

/* Its own signature is shown, over more than is kept, or over the same at a later time: what was kept is an older copy, or the
 * key is on another machine as well. */
static void test_a_state_that_was_put_back(void **state)
{
    (void) state;
    struct kept kept = kept_at(KEPT, 3); /* signed at 1800000000 */
    for (uint64_t size = 1; size <= SHOWN; size++) {
        enum judgement due = size < KEPT    ? JUDGED_EXTENDS
                             : size == KEPT ? JUDGED_EXTENDS
                             : size < SHOWN ? JUDGED_AHEAD
                                            : JUDGED_FORGOTTEN;
        assert_int_equal(judged_with_own(&kept, SHOWN, 3, size, 1800000000), due);
    }
    assert_int_equal(judged_with_own(&kept, SHOWN, 3, KEPT, 1800000001), JUDGED_FORGOTTEN);
    assert_int_equal(judged_with_own(&kept, KEPT, 3, KEPT, 1800000001), JUDGED_FORGOTTEN);
    assert_int_equal(judged_with_own(&kept, KEPT, 3, KEPT, 1799999999), JUDGED_SAME);
    assert_int_equal(judged_with_own(&kept, SHOWN, 2, SHOWN, 1900000000), JUDGED_EXTENDS); /* an epoch that is over */
    /* More than the worker itself shows: it lags behind its own word. */
    assert_int_equal(judged_with_own(&kept, SHOWN, 3, SHOWN + 1, 1800000000), JUDGED_BEHIND);
    assert_int_equal(judged_with_own(&kept, SHOWN, 4, 1, 1800000000), JUDGED_BEHIND);
}

/* Whatever else is shown, once it was found: and a fork is still a fork. */
static void test_what_was_forgotten_is_no_more_cosigned(void **state)
{
    (void) state;
    struct kept kept = kept_at(KEPT, 1), nothing = kept_at(0, 1);
    struct shown shown;
    kept.is_forgotten = nothing.is_forgotten = true;
    for (uint64_t size = KEPT; size <= LEAVES; size++) {
        show(&shown, history, 1, size, KEPT, &log_key);
        assert_int_equal(judged(&kept, &shown), JUDGED_FORGOTTEN);
    }
    show(&shown, history, 1, KEPT, 0, &log_key);
    assert_int_equal(judged(&nothing, &shown), JUDGED_FORGOTTEN);
    show(&shown, history, 2, SHOWN, KEPT, &log_key);
    assert_int_equal(judged(&kept, &shown), JUDGED_EPOCH);
    kept.root[0] ^= 1;
    show(&shown, history, 1, SHOWN, KEPT, &log_key);
    assert_int_equal(judged(&kept, &shown), JUDGED_NO_PROOF);
}

/* Before a signature of its own counts, the record that it is over has to extend what is kept. */
static void test_its_own_signature_over_another_record(void **state)
{
    (void) state;
    struct kept kept = kept_at(KEPT, 3);
    kept.root[0] ^= 1;
    assert_int_equal(judged_with_own(&kept, SHOWN, 3, SHOWN, 1800000000), JUDGED_NO_PROOF);
    assert_int_equal(judged_with_own(&kept, KEPT, 3, KEPT, 1800000001), JUDGED_FORK);
}

static void test_no_checkpoint(void **state)
{
    (void) state;
    struct kept kept = kept_at(KEPT, 1);
    static char large[2 * CHECKPOINT_MAX_BYTES];
    char text[CHECKPOINT_MAX_BYTES], line[NOTE_LINE_MAX_BYTES + 1], note[CHECKPOINT_MAX_BYTES];
    struct checkpoint checkpoint = {.size = 0};
    struct shown shown = {.seen = {.epoch = 1, .from = KEPT, .server_log_key = log_key.public_key}};
    const struct bytes NOTES[] = {BYTES("", 0), BYTES("x", 1), BYTES("\n\n", 2), BYTES(large, sizeof(large))};
    for (size_t i = 0; i < ARRAY_COUNT(NOTES); i++) {
        shown.seen.note = NOTES[i];
        assert_int_equal(judged(&kept, &shown), JUDGED_MALFORMED);
    }
    /* Of nothing at all, and one that says more than its three lines: signed by the right key. */
    checkpoint_origin(history, 1, checkpoint.origin);
    shown.seen.note = BYTES(note, checkpoint_sign(&checkpoint, &log_key, note));
    assert_int_equal(judged(&kept, &shown), JUDGED_MALFORMED);
    checkpoint.size = SHOWN;
    size_t size = checkpoint_write(&checkpoint, text);
    size += (size_t) snprintf(text + size, sizeof(text) - size, "more\n");
    size_t line_size = note_sign_line(BYTES(text, size), checkpoint.origin, &log_key, line);
    int length = snprintf(note, sizeof(note), "%.*s\n%.*s", (int) size, text, (int) line_size, line);
    shown.seen.note = BYTES(note, (size_t) length);
    assert_int_equal(judged(&kept, &shown), JUDGED_MALFORMED);
}

static void test_each_has_its_words(void **state)
{
    (void) state;
    for (int i = 0; i < JUDGEMENTS; i++) {
        assert_non_null(judgement_name((enum judgement) i));
        assert_true(strlen(judgement_sentence((enum judgement) i)) > 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_extends_is_cosigned),
        cmocka_unit_test(test_the_first_epoch_is_taken),
        cmocka_unit_test(test_a_bad_signature),
        cmocka_unit_test(test_an_unknown_origin),
        cmocka_unit_test(test_the_old_size_is_not_what_it_kept),
        cmocka_unit_test(test_a_bad_proof),
        cmocka_unit_test(test_a_smaller_size),
        cmocka_unit_test(test_the_same_size_with_another_root),
        cmocka_unit_test(test_after_a_fork_nothing),
        cmocka_unit_test(test_another_epoch_is_another_log),
        cmocka_unit_test(test_what_a_restored_record_holds),
        cmocka_unit_test(test_a_restored_record_is_looked_at_from_what_is_kept),
        cmocka_unit_test(test_an_epoch_that_was_accepted),
        cmocka_unit_test(test_a_state_that_was_lost),
        cmocka_unit_test(test_a_state_that_was_put_back),
        cmocka_unit_test(test_what_was_forgotten_is_no_more_cosigned),
        cmocka_unit_test(test_its_own_signature_over_another_record),
        cmocka_unit_test(test_no_checkpoint),
        cmocka_unit_test(test_each_has_its_words),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
