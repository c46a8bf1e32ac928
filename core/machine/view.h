/* The state of one history, as the machine sees it: keys and values, ordered by key.
 *
 * A backend (view_memory here; the LMDB one in worker/store) fills struct view. Keys are 1 to 96 bytes, values at
 * most 1 MiB. What get and range hand out stays valid until the next put or delete on the same view, or until
 * the backend's transaction ends: copy what has to live longer. An error of the backend is sticky there and is
 * passed on. */
#ifndef COMITY_CORE_MACHINE_VIEW_H
#define COMITY_CORE_MACHINE_VIEW_H

#include "core/bytes.h"

enum { VIEW_KEY_MAX = 96 };

struct view;

/* Return 0 to go on, 1 to stop without error, or a code. */
typedef int view_range_fn(void *context, struct bytes key, struct bytes value);

struct view_ops {
    int (*get)(void *self, struct bytes key, struct bytes *ret_value);   /* ERR_NOT_FOUND */
    int (*put)(void *self, struct bytes key, struct bytes value);
    int (*del)(void *self, struct bytes key);                           /* ERR_NOT_FOUND */
    /* Every key that starts with @prefix, ascending, from @from on (inclusive; empty: from the start). The
     * visitor must not change the view. */
    int (*range)(void *self, struct bytes prefix, struct bytes from, view_range_fn *visit, void *context);
};

struct view {
    const struct view_ops *ops;
    void *self;
};

static inline int view_get(const struct view *view, struct bytes key, struct bytes *ret_value)
{
    return view->ops->get(view->self, key, ret_value);
}
static inline int view_put(const struct view *view, struct bytes key, struct bytes value)
{
    return view->ops->put(view->self, key, value);
}
static inline int view_delete(const struct view *view, struct bytes key)
{
    return view->ops->del(view->self, key);
}
static inline int view_range(const struct view *view, struct bytes prefix, struct bytes from,
                             view_range_fn *visit, void *context)
{
    return view->ops->range(view->self, prefix, from, visit, context);
}

/* SHA-256 over every key and value in order (lengths included): two views are the same if this is. */
int view_hash(const struct view *view, uint8_t ret_hash[HASH_SIZE]);

/* The backend in memory: for tests, the auditor, and rehearsal. */
struct view_memory;
struct view_memory *view_memory_new(void);
void view_memory_destroy(struct view_memory **memory);
struct view view_memory_view(struct view_memory *memory);

#endif
