#include "core/tree_edge.h"

#include "core/error.h"

static int edge_get(void *self, unsigned level, uint64_t index, uint8_t ret_hash[HASH_SIZE])
{
    const struct tree_edge *edge = self;

    if (!edge->nodes[level][index & 1].is_there || edge->nodes[level][index & 1].index != index)
        return ERR_INTERNAL;
    memcpy(ret_hash, edge->nodes[level][index & 1].hash, HASH_SIZE);
    return 0;
}

static int edge_put(void *self, unsigned level, uint64_t index, const uint8_t hash[HASH_SIZE])
{
    struct tree_edge *edge = self;

    edge->nodes[level][index & 1].index = index;
    edge->nodes[level][index & 1].is_there = true;
    memcpy(edge->nodes[level][index & 1].hash, hash, HASH_SIZE);
    return 0;
}

struct tree_nodes tree_edge_nodes(struct tree_edge *edge)
{
    return (struct tree_nodes){edge, edge_get, edge_put};
}
