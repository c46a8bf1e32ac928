/* Batches: stamp, deduplicate, decide, apply, commit, prove. Knows store, log and machine; no sockets, no threads.
 *
 * One runner a worker, used by one thread. A batch is one LMDB write transaction over as many histories as its
 * commands name. Answers exist only after the commit. */
#ifndef COMITY_WORKER_BATCH_H
#define COMITY_WORKER_BATCH_H

#include "comity/v1/trust.pb-c.h"
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
    int code;                        /* why nothing of the batch happened: DISK_FULL, STORE_FULL, NOT_LEADER, ...; 0: it did */
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
/* Behind the entry of the log that was applied last, by this runner or before it; zeros: there was none. */
void batch_runner_place(const struct batch_runner *runner, struct order_place *ret_place);

/* Carry out the items in order; also with none, for deadlines alone. Every item gets its reply, whatever happens. On a failed commit
 * every item's reply is the refusal that says so (STORE_FULL, DISK_FULL; from the log NOT_LEADER, BUSY, TOO_LARGE, MEMORY: nothing
 * of the batch happened), and what is due waits for a second. An item for which the entry of the log has no room is refused alone:
 * BUSY where the next one has, TOO_LARGE where none has; and a deadline waits for the next batch. Returns 0, or ERR_STORE: stop
 * the process without answering anybody. */
int batch_run(struct batch_runner *runner, struct batch_item *items, size_t count, struct batch_result *ret_result);

/* A witness's signature, as cosign_check (worker/cosign.h) let it through: checked against the history as it is now, and kept, in
 * a transaction of its own; where the log has entries, in an entry of its own. What is kept already makes none. 0; the
 * refusal's code, of cosign_keep or, as above, of the store or the log: nothing was written; ERR_STORE: stop the process
 * without answering. */
int batch_cosign(struct batch_runner *runner, const Comity__V1__Cosign *cosign, struct refusal *refusal);

/* A step of a history's move, in a batch of its own (worker/move.h). @ret_answer lives in the arena. 0, or nothing was written:
 * @refusal says why, and @reason (EXPORT_REASON_MAX) in a sentence where a history could not be taken in, else it is empty.
 * ERR_STORE: as batch_run. */
int batch_move(struct batch_runner *runner, const Comity__V1__MoveAsk *ask, struct arena *arena,
               Comity__V1__MoveAnswer **ret_answer, struct batch_result *ret_result, struct refusal *refusal, char *reason);

#endif
