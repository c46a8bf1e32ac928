/* Roots of the trees that somebody vouches for: which sizes these are is known before the events are read. */
#include "client/audit/auditing.h"
#include "core/error.h"

enum { KEY_BYTES = 4 + 8 };

static void key_make(uint8_t key[KEY_BYTES], uint32_t ordinal, uint64_t size)
{
    put_u32(key, ordinal);
    put_u64(key + 4, size);
}

int audit_root_want(struct auditing *a, uint32_t ordinal, uint64_t size)
{
    struct view view = view_memory_view(a->roots);
    uint8_t key[KEY_BYTES];

    key_make(key, ordinal, size);
    return view_put(&view, BYTES(key, sizeof(key)), BYTES(NULL, 0));
}

int audit_root_grow(struct auditing *a)
{
    struct view view = view_memory_view(a->roots);
    struct tree_nodes nodes = tree_edge_nodes(&a->edge);
    uint8_t key[KEY_BYTES], root[HASH_SIZE];
    struct bytes value;
    int code;

    key_make(key, a->ordinal, a->leaves);
    if (view_get(&view, BYTES(key, sizeof(key)), &value) != 0)
        return 0;
    code = tree_root(&nodes, a->leaves, root);
    return code == 0 ? view_put(&view, BYTES(key, sizeof(key)), BYTES(root, sizeof(root))) : code;
}

int audit_root_get(const struct auditing *a, uint64_t size, uint8_t ret_root[HASH_SIZE])
{
    struct view view = view_memory_view(a->roots);
    uint8_t key[KEY_BYTES];
    struct bytes value;

    key_make(key, a->ordinal, size);
    if (view_get(&view, BYTES(key, sizeof(key)), &value) != 0 || value.size != HASH_SIZE)
        return ERR_NOT_FOUND;
    memcpy(ret_root, value.data, HASH_SIZE);
    return 0;
}
