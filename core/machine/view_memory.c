/* A skip list (Pugh 1990) with levels from a fixed seed: ordered, O(log n), and the same shape at every run.
 */
#include <stdlib.h>

#include "core/error.h"
#include "core/machine/view.h"

enum { LEVELS_MAX = 16, VALUE_MAX = 1024 * 1024 };

struct node {
    uint8_t *key;
    size_t key_size;
    uint8_t *value;
    size_t value_size;
    size_t value_room;
    struct node *next[]; /* as many as the node has levels */
};

struct view_memory {
    uint64_t random;
    struct node *head[LEVELS_MAX];
};

static int bytes_compare(struct bytes a, struct bytes b)
{
    size_t shared = a.size < b.size ? a.size : b.size;
    int order = shared > 0 ? memcmp(a.data, b.data, shared) : 0;

    if (order != 0 || a.size == b.size)
        return order;
    return a.size < b.size ? -1 : 1;
}

static struct bytes node_key(const struct node *node)
{
    return BYTES(node->key, node->key_size);
}

/* One level, and a further one with a chance of a quarter each time. */
static unsigned random_level(struct view_memory *memory)
{
    unsigned level = 1;
    uint64_t bits;

    memory->random ^= memory->random << 13;
    memory->random ^= memory->random >> 7;
    memory->random ^= memory->random << 17;
    for (bits = memory->random; level < LEVELS_MAX && (bits & 3) == 0; bits >>= 2)
        level++;
    return level;
}

/* The first node whose key is not below @key, and in @ret_links (may be NULL) the links that lead there. */
static struct node *find(struct view_memory *memory, struct bytes key, struct node **ret_links[LEVELS_MAX])
{
    struct node **links = memory->head;
    unsigned level = LEVELS_MAX;

    while (level-- > 0) {
        while (links[level] && bytes_compare(node_key(links[level]), key) < 0)
            links = links[level]->next;
        if (ret_links)
            ret_links[level] = &links[level];
    }
    return links[0];
}

static bool is_at(const struct node *node, struct bytes key)
{
    return node && bytes_compare(node_key(node), key) == 0;
}

static int memory_get(void *self, struct bytes key, struct bytes *ret_value)
{
    struct node *node = find(self, key, NULL);

    if (!is_at(node, key))
        return ERR_NOT_FOUND;
    *ret_value = BYTES(node->value, node->value_size);
    return 0;
}

static int node_set(struct node *node, struct bytes value)
{
    uint8_t *room;

    if (value.size > node->value_room) {
        room = malloc(value.size);
        if (!room)
            return ERR_MEMORY;
        memcpy(room, value.data, value.size);
        free(node->value);
        node->value = room;
        node->value_room = value.size;
    } else if (value.size > 0) {
        memmove(node->value, value.data, value.size);
    }
    node->value_size = value.size;
    return 0;
}

static void node_destroy(struct node *node)
{
    free(node->value);
    free(node);
}

static int memory_put(void *self, struct bytes key, struct bytes value)
{
    struct view_memory *memory = self;
    struct node **links[LEVELS_MAX];
    struct node *node;
    unsigned levels;
    unsigned level;

    if (key.size == 0 || key.size > VIEW_KEY_MAX || value.size > VALUE_MAX)
        return ERR_TOO_LARGE;
    node = find(memory, key, links);
    if (is_at(node, key))
        return node_set(node, value);

    levels = random_level(memory);
    node = calloc(1, sizeof(*node) + levels * sizeof(struct node *) + key.size);
    if (!node)
        return ERR_MEMORY;
    node->key = (uint8_t *) &node->next[levels];
    node->key_size = key.size;
    memcpy(node->key, key.data, key.size);
    if (node_set(node, value) != 0) {
        node_destroy(node);
        return ERR_MEMORY;
    }
    for (level = 0; level < levels; level++) {
        node->next[level] = *links[level];
        *links[level] = node;
    }
    return 0;
}

static int memory_del(void *self, struct bytes key)
{
    struct node **links[LEVELS_MAX];
    struct node *node = find(self, key, links);
    unsigned level;

    if (!is_at(node, key))
        return ERR_NOT_FOUND;
    for (level = 0; level < LEVELS_MAX && *links[level] == node; level++)
        *links[level] = node->next[level];
    node_destroy(node);
    return 0;
}

static int memory_range(void *self, struct bytes prefix, struct bytes from, view_range_fn *visit,
                        void *context)
{
    struct bytes start = bytes_compare(from, prefix) > 0 ? from : prefix;
    struct node *node;
    int code;

    for (node = find(self, start, NULL); node; node = node->next[0]) {
        if (node->key_size < prefix.size ||
            (prefix.size > 0 && memcmp(node->key, prefix.data, prefix.size) != 0))
            break;
        code = visit(context, node_key(node), BYTES(node->value, node->value_size));
        if (code != 0)
            return code < 0 ? code : 0;
    }
    return 0;
}

struct view_memory *view_memory_new(void)
{
    struct view_memory *memory = calloc(1, sizeof(*memory));

    if (memory)
        memory->random = 0x9e3779b97f4a7c15u;
    return memory;
}

void view_memory_destroy(struct view_memory **memory)
{
    struct node *node;
    struct node *next;

    if (!memory || !*memory)
        return;
    for (node = (*memory)->head[0]; node; node = next) {
        next = node->next[0];
        node_destroy(node);
    }
    free(*memory);
    *memory = NULL;
}

struct view view_memory_view(struct view_memory *memory)
{
    static const struct view_ops ops = {memory_get, memory_put, memory_del, memory_range};

    return (struct view){&ops, memory};
}
