/* Merkle tree of RFC 6962: hashes, appending, inclusion and consistency proofs and their checks.
 *
 * Nodes are addressed by (level, index): level 0 are leaf hashes, node (l, i) covers leaves [i * 2^l, (i+1) * 2^l).
 * Only complete subtrees are kept, in whatever place the caller has: struct tree_nodes. */
#ifndef COMITY_CORE_TREE_H
#define COMITY_CORE_TREE_H

#include "core/bytes.h"

enum { TREE_LEVELS_MAX = 64, PROOF_MAX = 64 };

/* Where complete nodes are kept. Return 0 or a code, which is passed on. */
struct tree_nodes {
    void *self;
    int (*get)(void *self, unsigned level, uint64_t index, uint8_t ret_hash[HASH_SIZE]);
    int (*put)(void *self, unsigned level, uint64_t index, const uint8_t hash[HASH_SIZE]);
};

void tree_leaf_hash(struct bytes leaf, uint8_t ret_hash[HASH_SIZE]);      /* SHA-256(00 leaf) */
void tree_node_hash(const uint8_t left[HASH_SIZE], const uint8_t right[HASH_SIZE], uint8_t ret_hash[HASH_SIZE]);
void tree_empty_root(uint8_t ret_root[HASH_SIZE]);                        /* SHA-256 of nothing */

/* Append the leaf number @index (= the size before) and put every node that it completes. */
int tree_append(const struct tree_nodes *nodes, uint64_t index, const uint8_t leaf_hash[HASH_SIZE]);

/* Root at any size that the nodes cover. */
int tree_root(const struct tree_nodes *nodes, uint64_t size, uint8_t ret_root[HASH_SIZE]);

/* RFC 6962 2.1.1 and 2.1.2. ERR_RANGE unless index < size; unless 0 < old_size <= new_size. */
int tree_inclusion_proof(const struct tree_nodes *nodes, uint64_t index, uint64_t size,
                         uint8_t ret_proof[PROOF_MAX][HASH_SIZE], size_t *ret_count);
int tree_consistency_proof(const struct tree_nodes *nodes, uint64_t old_size, uint64_t new_size,
                           uint8_t ret_proof[PROOF_MAX][HASH_SIZE], size_t *ret_count);

/* Checks for whoever holds no tree. 0 or ERR_RECEIPT. size1 = 0 is an error in a consistency check, as in
 * transparency-dev/merkle's vectors. */
int tree_inclusion_check(uint64_t index, uint64_t size, const uint8_t leaf_hash[HASH_SIZE],
                         const struct bytes *proof, size_t count, struct bytes root);
int tree_consistency_check(uint64_t old_size, uint64_t new_size, const struct bytes *proof, size_t count,
                           struct bytes old_root, struct bytes new_root);

#endif
