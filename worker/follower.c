#include "worker/follower.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"
#include "worker/clock.h"

enum { ARENA_BYTES = ORDER_BODY_MAX_BYTES + 64 * 1024 };

struct follower {
    struct order_log *log;
    struct batch_runner *runner;
    struct arena *arena;      /* of the entry in hand */
    struct order_entry entry; /* the log gives each once: it stays here until it is in the store */
    bool has_entry;
    int64_t retry_ms;
    uint64_t refused;
};

int follower_new(struct order_log *log, struct batch_runner *runner, struct follower **ret_follower)
{
    struct follower *follower = calloc(1, sizeof(*follower));
    if (!follower)
        return ERR_MEMORY;
    follower->log = log;
    follower->runner = runner;
    follower->arena = arena_new(ARENA_BYTES);
    *ret_follower = follower;
    if (follower->arena)
        return 0;
    follower_destroy(ret_follower);
    return ERR_MEMORY;
}

void follower_destroy(struct follower **follower)
{
    if (!follower || !*follower)
        return;
    arena_destroy(&(*follower)->arena);
    free(*follower);
    *follower = NULL;
}

static const char *why(int code)
{
    switch (code) {
    case ERR_BEHIND:
        return "what comes next for this store is not in the log any more.";
    case ERR_VERSION:
        return "what comes next in the log was written by a later version of Comity: install that one here too.";
    case ERR_CONFIG:
        return "another worker runs under this one's name: give each its own ([log] name). Or etcd is another cluster than the one "
               "in which the log was begun: correct [log] endpoint.";
    case ERR_MEMORY:
        return "there is not enough memory for the next entry: it is tried again. Give the machine more, or end what uses it.";
    default:
        return "the log does not go on from what this store has applied, or an entry of it does not open.";
    }
}

static int entry_take(struct follower *follower, char reason[FOLLOW_REASON_MAX])
{
    arena_reset(follower->arena);
    int code = order_log_next(follower->log, 0, follower->arena, &follower->entry);
    follower->has_entry = code == 0;
    if (code && code != ERR_NOT_FOUND)
        snprintf(reason, FOLLOW_REASON_MAX, "The log of the group: %s", why(code));
    return code;
}

static bool can_be_tried_again(int code)
{
    return code == ERR_STORE_FULL || code == ERR_DISK_FULL || code == ERR_MEMORY || code == ERR_BUSY;
}

int follower_step(struct follower *follower, struct batch_result *ret_result, struct order_place *ret_place,
                  int64_t *ret_retry_ms, char reason[FOLLOW_REASON_MAX])
{
    int code = 0;
    bool differs = false;
    *ret_retry_ms = follower->retry_ms;
    if (follower->has_entry && clock_steady_ms() < follower->retry_ms)
        return ERR_NOT_FOUND;
    if (!follower->has_entry)
        code = entry_take(follower, reason);
    if (code == 0)
        code = follow_apply(follower->runner, &follower->entry, ret_result, &differs, reason);
    if (differs)
        follower->refused = follower->entry.place.number;
    if (can_be_tried_again(code))
        *ret_retry_ms = follower->retry_ms = clock_steady_ms() + FOLLOWER_RETRY_MS;
    if (code)
        return code;
    follower->has_entry = false;
    *ret_place = follower->entry.place;
    order_log_applied(follower->log, ret_place);
    return 0;
}

uint64_t follower_refused(const struct follower *follower)
{
    return follower->refused;
}
