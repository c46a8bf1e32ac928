/* The nodes that a growing tree still needs, for whoever appends leaves one by one and asks for the root of
 * all of them: at each level the last two. */
#ifndef COMITY_CORE_TREE_EDGE_H
#define COMITY_CORE_TREE_EDGE_H

#include "core/tree.h"

/* Zeroed: of an empty tree. */
struct tree_edge {
    struct {
        uint64_t index;
        bool is_there;
        uint8_t hash[HASH_SIZE];
    } nodes[TREE_LEVELS_MAX][2];
};

/* For tree_append and, with the number of leaves so far, tree_root. Lives as long as the edge. */
struct tree_nodes tree_edge_nodes(struct tree_edge *edge);

#endif
