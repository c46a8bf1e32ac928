/* Merkle proofs from anybody, and proofs of ours that were bent.
 *
 * Input: u64 index or old size | u64 size | u8 how many hashes | 32 bytes root | 32 bytes old root or leaf |
 * hashes, 32 bytes each. */
#include "core/error.h"
#include "core/tree.h"
#include "tests/fuzz/fuzz.h"

enum { LEAVES = 70, LEVELS = 8 };

static uint8_t nodes[LEVELS][LEAVES][HASH_SIZE];
static uint8_t leaves[LEAVES][HASH_SIZE];

static int node_get(void *self, unsigned level, uint64_t index, uint8_t ret_hash[HASH_SIZE])
{
    (void) self;
    FUZZ_NEED(level < LEVELS && index < LEAVES);
    memcpy(ret_hash, nodes[level][index], HASH_SIZE);
    return 0;
}

static int node_put(void *self, unsigned level, uint64_t index, const uint8_t hash[HASH_SIZE])
{
    (void) self;
    FUZZ_NEED(level < LEVELS && index < LEAVES);
    memcpy(nodes[level][index], hash, HASH_SIZE);
    return 0;
}

static const struct tree_nodes TREE = {.get = node_get, .put = node_put};

static void tree_grow(void)
{
    if (leaves[0][0] != 0)
        return;
    for (uint8_t i = 0; i < LEAVES; i++) {
        tree_leaf_hash(BYTES(&i, 1), leaves[i]);
        FUZZ_NEED(tree_append(&TREE, i, leaves[i]) == 0);
    }
}

struct proof {
    uint8_t hashes[PROOF_MAX][HASH_SIZE];
    struct bytes list[PROOF_MAX + 1];
    size_t count;
};

static void proof_list(struct proof *proof)
{
    for (size_t i = 0; i < proof->count; i++)
        proof->list[i] = BYTES(proof->hashes[i], HASH_SIZE);
}

/* Drop, add or change one hash. */
static void proof_bend(struct proof *proof, uint64_t how)
{
    if (proof->count == 0 || how % 3 == 0) {
        proof->list[proof->count++] = BYTES(leaves[how % LEAVES], HASH_SIZE);
    } else if (how % 3 == 1) {
        proof->count--;
    } else {
        proof->hashes[how / 3 % proof->count][how % HASH_SIZE] ^= 1;
    }
}

static void check_own_inclusion(uint64_t index, uint64_t size, uint64_t how)
{
    struct proof proof;
    uint8_t root[HASH_SIZE];

    size = 1 + size % LEAVES;
    index %= size;
    FUZZ_NEED(tree_root(&TREE, size, root) == 0);
    FUZZ_NEED(tree_inclusion_proof(&TREE, index, size, proof.hashes, &proof.count) == 0);
    proof_list(&proof);
    struct bytes top = BYTES(root, HASH_SIZE);
    FUZZ_NEED(tree_inclusion_check(index, size, leaves[index], proof.list, proof.count, top) == 0);
    if (size > 1)
        FUZZ_NEED(tree_inclusion_check(index, size, leaves[(index + 1) % size], proof.list, proof.count,
                                       top) == ERR_RECEIPT);
    proof_bend(&proof, how);
    FUZZ_NEED(tree_inclusion_check(index, size, leaves[index], proof.list, proof.count, top) == ERR_RECEIPT);
}

static void check_own_consistency(uint64_t old_size, uint64_t size, uint64_t how)
{
    struct proof proof;
    uint8_t root[HASH_SIZE], old_root[HASH_SIZE];

    size = 1 + size % LEAVES;
    old_size = 1 + old_size % size;
    FUZZ_NEED(tree_root(&TREE, size, root) == 0 && tree_root(&TREE, old_size, old_root) == 0);
    FUZZ_NEED(tree_consistency_proof(&TREE, old_size, size, proof.hashes, &proof.count) == 0);
    proof_list(&proof);
    struct bytes old_top = BYTES(old_root, HASH_SIZE), top = BYTES(root, HASH_SIZE);
    FUZZ_NEED(tree_consistency_check(old_size, size, proof.list, proof.count, old_top, top) == 0);
    proof_bend(&proof, how);
    FUZZ_NEED(tree_consistency_check(old_size, size, proof.list, proof.count, old_top, top) == ERR_RECEIPT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena(ARENA_LIMIT_DEFAULT);
    struct fuzz_input input = {.at = data, .left = size, .arena = arena};
    struct bytes list[PROOF_MAX + 4];
    size_t count;

    tree_grow();
    uint64_t first = fuzz_number(&input, 8), second = fuzz_number(&input, 8);
    size_t announced = fuzz_number(&input, 1) % ARRAY_COUNT(list);
    struct bytes root = fuzz_bytes(&input, HASH_SIZE), old_root = fuzz_bytes(&input, HASH_SIZE);
    for (count = 0; count < announced; count++)
        list[count] = fuzz_bytes(&input, HASH_SIZE);
    bool holds = tree_consistency_check(first, second, list, count, old_root, root) == 0;
    if (old_root.size == HASH_SIZE &&
        tree_inclusion_check(first, second, old_root.data, list, count, root) == 0)
        holds = true;
    if (holds)
        fuzz_accept();
    check_own_inclusion(first, second, size);
    check_own_consistency(first, second, size);
    return 0;
}
