/* The Merkle tree against RFC 6962's own recursive definitions, written out naively, over all small sizes.
 * The published proofs are read by tests/cases/vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/tree.h"

enum { LEAVES = 70, LEVELS = 8 };

/* Complete nodes in an array; refuses what was never put. */
struct memory {
    uint8_t hashes[LEVELS][LEAVES][HASH_SIZE];
    bool is_put[LEVELS][LEAVES];
    unsigned puts;
    int fail_with;
};

static int memory_get(void *self, unsigned level, uint64_t index, uint8_t ret_hash[HASH_SIZE])
{
    struct memory *memory = self;
    if (memory->fail_with)
        return memory->fail_with;
    if (level >= LEVELS || index >= LEAVES || !memory->is_put[level][index])
        return ERR_NOT_FOUND;
    memcpy(ret_hash, memory->hashes[level][index], HASH_SIZE);
    return 0;
}

static int memory_put(void *self, unsigned level, uint64_t index, const uint8_t hash[HASH_SIZE])
{
    struct memory *memory = self;
    assert_true(level < LEVELS && index < LEAVES && !memory->is_put[level][index]);
    memcpy(memory->hashes[level][index], hash, HASH_SIZE);
    memory->is_put[level][index] = true;
    memory->puts++;
    return 0;
}

static uint8_t leaves[LEAVES][HASH_SIZE];

/* MTH(D[begin:begin+size]), RFC 6962 2.1. */
static void naive_root(size_t begin, size_t size, uint8_t ret_root[HASH_SIZE])
{
    if (size == 0) {
        tree_empty_root(ret_root);
        return;
    }
    if (size == 1) {
        memcpy(ret_root, leaves[begin], HASH_SIZE);
        return;
    }
    size_t k = 1;
    while (k * 2 < size)
        k *= 2;
    uint8_t left[HASH_SIZE], right[HASH_SIZE];
    naive_root(begin, k, left);
    naive_root(begin + k, size - k, right);
    tree_node_hash(left, right, ret_root);
}

struct naive {
    uint8_t hashes[PROOF_MAX][HASH_SIZE];
    size_t count;
};

/* PATH(m, D[begin:begin+n]), RFC 6962 2.1.1. */
static void naive_path(size_t m, size_t begin, size_t n, struct naive *proof)
{
    if (n == 1)
        return;
    size_t k = 1;
    while (k * 2 < n)
        k *= 2;
    if (m < k) {
        naive_path(m, begin, k, proof);
        naive_root(begin + k, n - k, proof->hashes[proof->count++]);
    } else {
        naive_path(m - k, begin + k, n - k, proof);
        naive_root(begin, k, proof->hashes[proof->count++]);
    }
}

/* SUBPROOF(m, D[begin:begin+n], b), RFC 6962 2.1.2. */
static void naive_subproof(size_t m, size_t begin, size_t n, bool b, struct naive *proof)
{
    if (m == n) {
        if (!b)
            naive_root(begin, n, proof->hashes[proof->count++]);
        return;
    }
    size_t k = 1;
    while (k * 2 < n)
        k *= 2;
    if (m <= k) {
        naive_subproof(m, begin, k, b, proof);
        naive_root(begin + k, n - k, proof->hashes[proof->count++]);
    } else {
        naive_subproof(m - k, begin + k, n - k, false, proof);
        naive_root(begin, k, proof->hashes[proof->count++]);
    }
}

static struct memory *memory;
static struct tree_nodes nodes;

static int setup(void **state)
{
    (void) state;
    memory = calloc(1, sizeof(*memory));
    if (!memory)
        return -1;
    nodes = (struct tree_nodes){memory, memory_get, memory_put};
    for (size_t i = 0; i < LEAVES; i++) {
        uint8_t leaf[4];
        put_u32(leaf, (uint32_t) i * 2654435761u);
        tree_leaf_hash(BYTES(leaf, sizeof(leaf)), leaves[i]);
        if (tree_append(&nodes, i, leaves[i]) != 0)
            return -1;
    }
    return 0;
}

static int teardown(void **state)
{
    (void) state;
    free(memory);
    return 0;
}

static void views_make(uint8_t proof[PROOF_MAX][HASH_SIZE], size_t count, struct bytes views[PROOF_MAX])
{
    for (size_t i = 0; i < count; i++)
        views[i] = BYTES(proof[i], HASH_SIZE);
}

static void test_roots_and_only_complete_nodes(void **state)
{
    (void) state;
    unsigned complete = 0;
    for (size_t size = LEAVES; size > 0; size /= 2)
        complete += (unsigned) size;
    assert_int_equal(memory->puts, complete);
    for (size_t size = 0; size <= LEAVES; size++) {
        uint8_t root[HASH_SIZE], expected[HASH_SIZE];
        assert_int_equal(tree_root(&nodes, size, root), 0);
        naive_root(0, size, expected);
        assert_memory_equal(root, expected, HASH_SIZE);
    }
}

static void test_inclusion_over_all_small_sizes(void **state)
{
    (void) state;
    for (size_t size = 1; size <= LEAVES; size++) {
        uint8_t root[HASH_SIZE];
        naive_root(0, size, root);
        for (size_t index = 0; index < size; index++) {
            uint8_t proof[PROOF_MAX][HASH_SIZE];
            struct bytes views[PROOF_MAX];
            size_t count = 99;
            struct naive expected = {.count = 0};
            naive_path(index, 0, size, &expected);
            assert_int_equal(tree_inclusion_proof(&nodes, index, size, proof, &count), 0);
            assert_int_equal(count, expected.count);
            assert_memory_equal(proof, expected.hashes, count * HASH_SIZE);
            views_make(proof, count, views);
            struct bytes whole = BYTES(root, HASH_SIZE);
            assert_int_equal(tree_inclusion_check(index, size, leaves[index], views, count, whole), 0);

            /* Another place, another size, another leaf, one hash fewer, one more. */
            assert_int_equal(tree_inclusion_check(index + 1, size, leaves[index], views, count, whole),
                             ERR_RECEIPT);
            assert_int_equal(tree_inclusion_check(index, 2 * size + 1, leaves[index], views, count, whole),
                             ERR_RECEIPT);
            assert_int_equal(
                tree_inclusion_check(index, size, leaves[(index + 1) % LEAVES], views, count, whole),
                ERR_RECEIPT);
            if (count > 0)
                assert_int_equal(tree_inclusion_check(index, size, leaves[index], views, count - 1, whole),
                                 ERR_RECEIPT);
            views[count] = BYTES(leaves[0], HASH_SIZE);
            assert_int_equal(tree_inclusion_check(index, size, leaves[index], views, count + 1, whole),
                             ERR_RECEIPT);
        }
    }
}

static void test_consistency_over_all_small_sizes(void **state)
{
    (void) state;
    for (size_t new_size = 1; new_size <= LEAVES; new_size++) {
        uint8_t old_root[HASH_SIZE], new_root[HASH_SIZE];
        naive_root(0, new_size, new_root);
        for (size_t old_size = 1; old_size <= new_size; old_size++) {
            uint8_t proof[PROOF_MAX][HASH_SIZE];
            struct bytes views[PROOF_MAX];
            size_t count = 99;
            struct naive expected = {.count = 0};
            naive_root(0, old_size, old_root);
            naive_subproof(old_size, 0, new_size, true, &expected);
            assert_int_equal(tree_consistency_proof(&nodes, old_size, new_size, proof, &count), 0);
            assert_int_equal(count, expected.count);
            assert_memory_equal(proof, expected.hashes, count * HASH_SIZE);
            views_make(proof, count, views);
            struct bytes old_whole = BYTES(old_root, HASH_SIZE);
            struct bytes new_whole = BYTES(new_root, HASH_SIZE);
            assert_int_equal(tree_consistency_check(old_size, new_size, views, count, old_whole, new_whole),
                             0);

            for (size_t i = 0; i < count; i++) {
                proof[i][0] ^= 1;
                assert_int_equal(
                    tree_consistency_check(old_size, new_size, views, count, old_whole, new_whole),
                    ERR_RECEIPT);
                proof[i][0] ^= 1;
            }
            if (old_size < new_size) {
                assert_int_equal(
                    tree_consistency_check(old_size, new_size, views, count, new_whole, old_whole),
                    ERR_RECEIPT);
                assert_int_equal(
                    tree_consistency_check(old_size, new_size, views, count - 1, old_whole, new_whole),
                    ERR_RECEIPT);
            }
            views[count] = BYTES(leaves[0], HASH_SIZE);
            assert_int_equal(
                tree_consistency_check(old_size, new_size, views, count + 1, old_whole, new_whole),
                ERR_RECEIPT);
        }
    }
}

static void test_ranges_and_failures(void **state)
{
    (void) state;
    uint8_t proof[PROOF_MAX][HASH_SIZE];
    uint8_t root[HASH_SIZE];
    size_t count = 99;
    assert_int_equal(tree_inclusion_proof(&nodes, 0, 0, proof, &count), ERR_RANGE);
    assert_int_equal(tree_inclusion_proof(&nodes, 5, 5, proof, &count), ERR_RANGE);
    assert_int_equal(tree_consistency_proof(&nodes, 0, 5, proof, &count), ERR_RANGE);
    assert_int_equal(tree_consistency_proof(&nodes, 6, 5, proof, &count), ERR_RANGE);
    assert_int_equal(tree_root(&nodes, LEAVES + 1, root), ERR_NOT_FOUND);
    /* Sizes at the far end of 64 bits fail as the place of nodes says, without running on. */
    assert_int_equal(tree_inclusion_proof(&nodes, UINT64_MAX - 1, UINT64_MAX, proof, &count), ERR_NOT_FOUND);
    assert_int_equal(tree_consistency_proof(&nodes, UINT64_MAX - 1, UINT64_MAX, proof, &count),
                     ERR_NOT_FOUND);
    assert_int_equal(count, 99);

    memory->fail_with = ERR_CORRUPT;
    assert_int_equal(tree_root(&nodes, 5, root), ERR_CORRUPT);
    assert_int_equal(tree_inclusion_proof(&nodes, 1, 5, proof, &count), ERR_CORRUPT);
    assert_int_equal(tree_consistency_proof(&nodes, 3, 5, proof, &count), ERR_CORRUPT);
    memory->fail_with = 0;

    struct memory *broken = calloc(1, sizeof(*broken));
    struct tree_nodes broken_nodes = {broken, memory_get, memory_put};
    broken->fail_with = ERR_CORRUPT;
    assert_int_equal(tree_append(&broken_nodes, 0, leaves[0]), 0);
    assert_int_equal(tree_append(&broken_nodes, 1, leaves[1]), ERR_CORRUPT);
    free(broken);
}

static void test_checks_refuse_what_is_not_formed(void **state)
{
    (void) state;
    struct bytes views[PROOF_MAX + 1];
    struct bytes root = BYTES(leaves[0], HASH_SIZE);
    for (size_t i = 0; i <= PROOF_MAX; i++)
        views[i] = root;
    assert_int_equal(tree_inclusion_check(0, 1, leaves[0], NULL, 0, root), 0);
    assert_int_equal(tree_inclusion_check(0, 0, leaves[0], NULL, 0, root), ERR_RECEIPT);
    assert_int_equal(tree_inclusion_check(0, UINT64_MAX, leaves[0], views, PROOF_MAX + 1, root), ERR_RECEIPT);
    assert_int_equal(tree_inclusion_check(0, 1, leaves[0], NULL, 0, BYTES(leaves[0], 31)), ERR_RECEIPT);
    views[0].size = 31;
    assert_int_equal(tree_inclusion_check(0, 2, leaves[0], views, 1, root), ERR_RECEIPT);
    assert_int_equal(tree_consistency_check(1, 2, views, 1, root, root), ERR_RECEIPT);
    assert_int_equal(tree_consistency_check(3, 5, NULL, 0, root, root), ERR_RECEIPT);
    assert_int_equal(tree_consistency_check(1, 2, views + 1, 1, BYTES(NULL, 0), root), ERR_RECEIPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_roots_and_only_complete_nodes),
        cmocka_unit_test(test_inclusion_over_all_small_sizes),
        cmocka_unit_test(test_consistency_over_all_small_sizes),
        cmocka_unit_test(test_ranges_and_failures),
        cmocka_unit_test(test_checks_refuse_what_is_not_formed),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
