/* Batches: stamp, deduplicate, decide, apply, commit, prove. Knows store, log and machine; no sockets, no threads.
 *
 * One runner a worker, used by one thread. A batch is one LMDB write transaction over as many histories as its
 * commands name. Answers exist only after the commit. */
#ifndef COMITY_WORKER_BATCH_H
#define COMITY_WORKER_BATCH_H

#include "core/command.h"
#include "worker/log/log_order.h"
#include "worker/receipt.h"
#include "worker/store/store.h"

enum { BATCH_MAX_BYTES = 512 * 1024, BATCH_MAX_COMMANDS = 1024, BATCH_HISTORIES_MAX = 64 };

/* One command of the batch. */
struct batch_item {
    const struct command *command;   /* opened, texts taken, signatures checked */
    struct arena *arena;             /* the command's own; the answer is packed into it */
    struct bytes reply;              /* out: a packed Reply; receipt or refusal */
    int code;                        /* out: 0 or the refusal's code */
    uint64_t sequence;               /* out: first sequence, with code 0 */
};

struct batch_news {
    uint8_t history[HISTORY_ID_SIZE];
    uint64_t head;
};

struct batch_result {
    struct batch_news news[BATCH_HISTORIES_MAX];
    size_t news_count;
    int64_t next_deadline_ms;        /* the earliest over all histories; 0: none */
};

struct batch_runner;

/* @clock: Unix milliseconds; the stamp is the later of it and the last stamp. Tests give their own. */
struct batch_options {
    struct store *store;
    struct order_log *log;
    const struct signing_key *log_key;
    int64_t (*clock)(void *context);
    void (*random)(void *context, uint8_t *bytes, size_t size);   /* salts; NULL: libsodium's */
    void *context;
};
/* 0, ERR_CONFIG (log_key is not the latest on record in one of the store's histories: an operator who lost the key
 * restores from an export), ERR_MEMORY, the store's. */
int batch_runner_new(const struct batch_options *options, struct batch_runner **ret_runner);
void batch_runner_destroy(struct batch_runner **runner);
/* The newest stamp in the store, of any history; 0: there is none. */
int64_t batch_runner_newest_ms(const struct batch_runner *runner);

/* Carry out the items in order; also with none, for deadlines alone. Every item gets its reply, whatever happens. On a failed commit
 * every item's reply is the refusal that says so (STORE_FULL, DISK_FULL, BUSY: nothing of the batch happened).
 * Returns 0, or ERR_STORE: stop the process without answering anybody. */
int batch_run(struct batch_runner *runner, struct batch_item *items, size_t count, struct batch_result *ret_result);

#endif
