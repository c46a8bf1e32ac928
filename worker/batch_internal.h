/* What the files of the batch share: the runner, and the plan of one attempt. */
#ifndef COMITY_WORKER_BATCH_INTERNAL_H
#define COMITY_WORKER_BATCH_INTERNAL_H

#include "core/machine/machine.h"
#include "worker/batch.h"
#include "worker/entry.h"

/* What is done with one item. */
enum plan_kind {
    PLAN_REFUSED,  /* code and refusal say why */
    PLAN_ACCEPTED, /* decided and applied in this attempt */
    PLAN_KNOWN,    /* the store had the answer */
    PLAN_TWIN,     /* the same command came earlier in this batch */
};

enum { BATCH_PURGE_AT_ONCE = 64 }; /* refusals whose time is over */

enum { TOUCHED_NONE = -1, INDEX_SLOTS = 2 * BATCH_MAX_COMMANDS };

struct plan {
    enum plan_kind kind;
    int touched;              /* index of its history; TOUCHED_NONE */
    size_t twin;              /* with PLAN_TWIN: index of the earlier item */
    bool is_kept;             /* with PLAN_REFUSED: its row is written */
    struct store_command row; /* its refusal is the answer where sequence is 0 */
    struct bytes reply;
};

/* A history that this attempt reads and writes. */
struct touched {
    struct store_history history;
    struct view view;
    uint64_t head_before;
    int64_t deadline_ms;
    bool is_behind;                  /* something is due for which the entry has no room: nothing further is done */
    char note[CHECKPOINT_MAX_BYTES]; /* at the head; made when first wanted */
    size_t note_size;
};

/* A history that failed in an earlier attempt: nothing is done in it this time. */
struct failed_history {
    uint8_t id[HISTORY_ID_SIZE];
    int code;
};

/* By the history's number in the store. */
struct known_history {
    uint8_t id[HISTORY_ID_SIZE];
    int64_t deadline_ms; /* 0: none */
};

struct batch_runner {
    struct batch_options options;
    struct known_history *known; /* [number]; 0 is nobody */
    uint32_t known_count;
    int64_t last_ms;
    struct entry *entry;      /* of the attempt; NULL: the log wants none */
    struct store_entry latest; /* that was applied */
    struct arena *scratch; /* of one command or deadline */
    struct roll_names *names;
    uint32_t store_level; /* the highest format level in the store, at the start */

    /* Over the attempts of one batch. */
    int failed_items[BATCH_MAX_COMMANDS]; /* code; 0: none */
    struct failed_history failed_histories[BATCH_HISTORIES_MAX];
    size_t failed_count;

    /* Of one attempt. */
    struct store_txn *txn;
    int64_t now_ms;
    uint32_t level; /* format level by which it decides */
    bool is_changed;
    struct plan plans[BATCH_MAX_COMMANDS];
    struct touched touched[BATCH_HISTORIES_MAX];
    size_t touched_count;
    uint16_t index[INDEX_SLOTS]; /* command id -> item's index + 1, for twins */
#ifdef COMITY_CONTROL_ACK_BEFORE_COMMIT
    struct store_txn *late;
#endif
};

/* Negative codes are of the error table; this one asks for another attempt, with what failed left out. */
enum { BATCH_AGAIN = 1 };

/* Stamp an attempt, and forget the one before. */
void batch_attempt_begin(struct batch_runner *runner);
/* The entry as it was added and named, in the log and then in the store, which ends the transaction. 0; what the log says,
 * or the store before it: nothing was written; ERR_STORE. */
int batch_commit_entry(struct batch_runner *runner);
/* What the store keeps of an entry. */
struct store_entry batch_entry_row(const struct order_batch *batch, const struct order_place *place);

/* Leave a history or an item out of the attempts to come. Returns BATCH_AGAIN, or @code where that does not
 * help. */
int batch_fail_history(struct batch_runner *runner, const uint8_t id[HISTORY_ID_SIZE], int code);
int batch_fail_item(struct batch_runner *runner, size_t item, int code);
/* A history that is damaged takes no further command; any other breakdown is this command's alone. */
int batch_fail(struct batch_runner *runner, const struct command *command, size_t item, int code);

/* Index of the history among those touched, taken up if it is new. ERR_HISTORY, ERR_BUSY (too many in one
 * batch), the code with which it failed, the store's. */
int batch_touch(struct batch_runner *runner, const uint8_t id[HISTORY_ID_SIZE], int *ret_touched);

/* Keep the history's number in mind, for its deadline. ERR_MEMORY. */
int batch_know(struct batch_runner *runner, const struct store_history *history);
/* When something is due next, over all histories; 0: nothing is. */
int64_t batch_next_deadline(const struct batch_runner *runner);

/* After a step of a move was committed: what the runner has in mind of its history, and what is new. */
struct move_outcome;
void batch_moved(struct batch_runner *runner, const struct move_outcome *outcome, int64_t deadline_ms,
                 struct batch_result *ret_result);
/* Before that: make room for it in mind. When its next deadline is; 0: none, or it is at rest. ERR_MEMORY, the store's. */
int batch_moving(struct batch_runner *runner, struct store_txn *txn, const struct move_outcome *outcome,
                 int64_t *ret_deadline_ms);

/* Carry out every deadline of the history that is due, as far as the entry has room. 0, BATCH_AGAIN, or a code for the
 * whole batch. */
int batch_carry_out_due(struct batch_runner *runner, struct touched *touched);

/* Plan one item, with all that it changes. As above. */
int batch_carry_out(struct batch_runner *runner, const struct batch_item *items, size_t item);

/* The signed note at the history's present head. 0, or the store's. */
int batch_note(struct batch_runner *runner, struct touched *touched, struct bytes *ret_note);

/* Pack the replies into the items' arenas. As above. */
int batch_replies_make(struct batch_runner *runner, struct batch_item *items, size_t count);

/* Give every item the same refusal; cannot fail. */
void batch_refuse_all(struct batch_item *items, size_t count, int code);

#endif
