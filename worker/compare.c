#include "worker/compare.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "core/daemon/log.h"
#include "core/error.h"

struct compare {
    struct store *store;
    unsigned every;
    compare_fn *told;
    void *context;
    pthread_t thread;
    bool has_thread;
    atomic_bool is_read; /* the thread is at its end */
    struct store_txn *txn;
    struct store_entry entry; /* that the store holds last */
};

struct compare *compare_new(struct store *store, unsigned every, compare_fn *told, void *context)
{
    struct compare *compare = calloc(1, sizeof(*compare));
    if (compare)
        *compare = (struct compare){.store = store, .every = every, .told = told, .context = context};
    return compare;
}

static void wait_for_thread(struct compare *compare)
{
    if (compare->has_thread)
        pthread_join(compare->thread, NULL);
    compare->has_thread = false;
}

void compare_destroy(struct compare **compare)
{
    if (!compare || !*compare)
        return;
    wait_for_thread(*compare);
    free(*compare);
    *compare = NULL;
}

static void *read_hash(void *argument)
{
    struct compare *compare = argument;
    uint8_t hash[HASH_SIZE];
    int code = store_hash(compare->txn, compare->entry.time_ms, hash);
    store_abort(&compare->txn);
#ifdef COMITY_CONTROL_TELL_ANOTHER_STATE
    hash[0] ^= 1;
#endif
    if (code == 0 || code == ERR_CORRUPT)
        compare->told(compare->context, compare->entry.number, code == 0 ? hash : NULL);
    else /* BUSY: the store had to grow meanwhile; the next one is compared */
        log_event(code == ERR_BUSY ? LOG_INFO : LOG_WARNING, "compare_failed", "error=%s", error_name(code));
    atomic_store(&compare->is_read, true);
    return NULL;
}

void compare_passed(struct compare *compare, uint64_t number)
{
    if (number % compare->every != 0 || (compare->has_thread && !atomic_load(&compare->is_read)))
        return;
    wait_for_thread(compare);
    if (store_begin_read(compare->store, &compare->txn))
        return;
    atomic_store(&compare->is_read, false);
    /* By the entry's own time: what this worker has stamped besides, no other knows. */
    if (store_entry_get(compare->txn, &compare->entry) == 0)
        compare->has_thread = pthread_create(&compare->thread, NULL, read_hash, compare) == 0;
    if (!compare->has_thread)
        store_abort(&compare->txn);
}
