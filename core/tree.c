#include "core/tree.h"

#include <sodium.h>

#include "core/error.h"

static const uint8_t LEAF_PREFIX = 0;
static const uint8_t NODE_PREFIX = 1;

void tree_leaf_hash(struct bytes leaf, uint8_t ret_hash[HASH_SIZE])
{
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, &LEAF_PREFIX, 1);
    crypto_hash_sha256_update(&state, leaf.data, leaf.size);
    crypto_hash_sha256_final(&state, ret_hash);
}

void tree_node_hash(const uint8_t left[HASH_SIZE], const uint8_t right[HASH_SIZE],
                    uint8_t ret_hash[HASH_SIZE])
{
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, &NODE_PREFIX, 1);
    crypto_hash_sha256_update(&state, left, HASH_SIZE);
    crypto_hash_sha256_update(&state, right, HASH_SIZE);
    crypto_hash_sha256_final(&state, ret_hash);
}

void tree_empty_root(uint8_t ret_root[HASH_SIZE])
{
    crypto_hash_sha256(ret_root, NULL, 0);
}

int tree_append(const struct tree_nodes *nodes, uint64_t index, const uint8_t leaf_hash[HASH_SIZE])
{
    uint8_t hash[HASH_SIZE];
    memcpy(hash, leaf_hash, HASH_SIZE);
    int code = nodes->put(nodes->self, 0, index, hash);
    /* A right child completes its parent. */
    for (unsigned level = 0; code == 0 && (index & 1); level++) {
        uint8_t left[HASH_SIZE];
        code = nodes->get(nodes->self, level, index - 1, left);
        if (code)
            break;
        tree_node_hash(left, hash, hash);
        index >>= 1;
        code = nodes->put(nodes->self, level + 1, index, hash);
    }
    return code;
}

/* MTH of the leaves [begin, begin + size), size > 0, where begin is a multiple of a power of two that is at
 * least size. The complete subtrees in it are those of size's binary digits; they are joined from the right.
 */
static int range_root(const struct tree_nodes *nodes, uint64_t begin, uint64_t size,
                      uint8_t ret_hash[HASH_SIZE])
{
    uint8_t hash[HASH_SIZE];
    bool is_first = true;
    for (unsigned level = 0; level < TREE_LEVELS_MAX && size >> level; level++) {
        if (!(size >> level & 1))
            continue;
        uint8_t node[HASH_SIZE];
        uint64_t index = (begin >> level) + ((size >> level) - 1);
        int code = nodes->get(nodes->self, level, index, node);
        if (code)
            return code;
        if (is_first)
            memcpy(hash, node, HASH_SIZE);
        else
            tree_node_hash(node, hash, hash);
        is_first = false;
    }
    memcpy(ret_hash, hash, HASH_SIZE);
    return 0;
}

int tree_root(const struct tree_nodes *nodes, uint64_t size, uint8_t ret_root[HASH_SIZE])
{
    if (size == 0) {
        tree_empty_root(ret_root);
        return 0;
    }
    return range_root(nodes, 0, size, ret_root);
}

/* The largest power of two that is less than @size, for size > 1. */
static uint64_t split(uint64_t size)
{
    uint64_t k = 1;
    while (k < size - k)
        k <<= 1;
    return k;
}

struct proof {
    uint8_t hashes[PROOF_MAX][HASH_SIZE]; /* outermost first, the other way round than it is given out */
    size_t count;
};

static int proof_add(struct proof *proof, const struct tree_nodes *nodes, uint64_t begin, uint64_t size)
{
    if (proof->count == PROOF_MAX)
        return ERR_RANGE;
    return range_root(nodes, begin, size, proof->hashes[proof->count++]);
}

static void proof_give(const struct proof *proof, uint8_t ret_proof[PROOF_MAX][HASH_SIZE], size_t *ret_count)
{
    for (size_t i = 0; i < proof->count; i++)
        memcpy(ret_proof[i], proof->hashes[proof->count - 1 - i], HASH_SIZE);
    *ret_count = proof->count;
}

/* RFC 6962 2.1.1: PATH(m, D[n]) = PATH(m, D[0:k]) : MTH(D[k:n]) for m < k, else PATH(m - k, D[k:n]) :
 * MTH(D[0:k]). */
int tree_inclusion_proof(const struct tree_nodes *nodes, uint64_t index, uint64_t size,
                         uint8_t ret_proof[PROOF_MAX][HASH_SIZE], size_t *ret_count)
{
    if (index >= size)
        return ERR_RANGE;
    struct proof proof = {.count = 0};
    uint64_t begin = 0;
    while (size > 1) {
        uint64_t k = split(size);
        bool is_left = index < k;
        int code =
            is_left ? proof_add(&proof, nodes, begin + k, size - k) : proof_add(&proof, nodes, begin, k);
        if (code)
            return code;
        begin += is_left ? 0 : k;
        index -= is_left ? 0 : k;
        size = is_left ? k : size - k;
    }
    proof_give(&proof, ret_proof, ret_count);
    return 0;
}

/* RFC 6962 2.1.2: SUBPROOF(m, D[n], b). A subtree that the old tree has whole is left out while b is true,
 * for whoever checks knows it as the old root. */
int tree_consistency_proof(const struct tree_nodes *nodes, uint64_t old_size, uint64_t new_size,
                           uint8_t ret_proof[PROOF_MAX][HASH_SIZE], size_t *ret_count)
{
    if (old_size == 0 || old_size > new_size)
        return ERR_RANGE;
    struct proof proof = {.count = 0};
    uint64_t begin = 0;
    uint64_t m = old_size;
    uint64_t n = new_size;
    bool is_old_root = true;
    int code = 0;
    while (code == 0 && m < n) {
        uint64_t k = split(n);
        if (m <= k) {
            code = proof_add(&proof, nodes, begin + k, n - k);
            n = k;
        } else {
            code = proof_add(&proof, nodes, begin, k);
            begin += k;
            m -= k;
            n -= k;
            is_old_root = false;
        }
    }
    if (code == 0 && !is_old_root)
        code = proof_add(&proof, nodes, begin, m);
    if (code)
        return code;
    proof_give(&proof, ret_proof, ret_count);
    return 0;
}

static bool proof_is_formed(const struct bytes *proof, size_t count)
{
    if (count > PROOF_MAX)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (proof[i].size != HASH_SIZE)
            return false;
    }
    return true;
}

/* RFC 9162 2.1.3.2, the same proofs as RFC 6962's. */
int tree_inclusion_check(uint64_t index, uint64_t size, const uint8_t leaf_hash[HASH_SIZE],
                         const struct bytes *proof, size_t count, struct bytes root)
{
    if (index >= size || !proof_is_formed(proof, count))
        return ERR_RECEIPT;
    uint64_t node = index;
    uint64_t last = size - 1;
    uint8_t hash[HASH_SIZE];
    memcpy(hash, leaf_hash, HASH_SIZE);
    for (size_t i = 0; i < count; i++) {
        if (last == 0)
            return ERR_RECEIPT;
        if ((node & 1) || node == last) {
            tree_node_hash(proof[i].data, hash, hash);
            while (!(node & 1) && node != 0) {
                node >>= 1;
                last >>= 1;
            }
        } else {
            tree_node_hash(hash, proof[i].data, hash);
        }
        node >>= 1;
        last >>= 1;
    }
    return last == 0 && bytes_equal(BYTES(hash, HASH_SIZE), root) ? 0 : ERR_RECEIPT;
}

/* RFC 9162 2.1.4.2. */
int tree_consistency_check(uint64_t old_size, uint64_t new_size, const struct bytes *proof, size_t count,
                           struct bytes old_root, struct bytes new_root)
{
    if (old_size == 0 || old_size > new_size || !proof_is_formed(proof, count))
        return ERR_RECEIPT;
    if (old_size == new_size)
        return count == 0 && bytes_equal(old_root, new_root) ? 0 : ERR_RECEIPT;
    if (old_root.size != HASH_SIZE)
        return ERR_RECEIPT;

    /* Where the old tree is one complete subtree, its root is the first hash and is not given again. */
    bool is_complete = (old_size & (old_size - 1)) == 0;
    if (!is_complete && count == 0)
        return ERR_RECEIPT;
    uint64_t node = old_size - 1;
    uint64_t last = new_size - 1;
    while (node & 1) {
        node >>= 1;
        last >>= 1;
    }
    uint8_t old_hash[HASH_SIZE];
    uint8_t new_hash[HASH_SIZE];
    memcpy(old_hash, is_complete ? old_root.data : proof[0].data, HASH_SIZE);
    memcpy(new_hash, old_hash, HASH_SIZE);
    for (size_t i = is_complete ? 0 : 1; i < count; i++) {
        if (last == 0)
            return ERR_RECEIPT;
        if ((node & 1) || node == last) {
            tree_node_hash(proof[i].data, old_hash, old_hash);
            tree_node_hash(proof[i].data, new_hash, new_hash);
            while (!(node & 1) && node != 0) {
                node >>= 1;
                last >>= 1;
            }
        } else {
            tree_node_hash(new_hash, proof[i].data, new_hash);
        }
        node >>= 1;
        last >>= 1;
    }
    bool holds = last == 0 && bytes_equal(BYTES(old_hash, HASH_SIZE), old_root) &&
                 bytes_equal(BYTES(new_hash, HASH_SIZE), new_root);
    return holds ? 0 : ERR_RECEIPT;
}
