/* A history as a worker of a group would keep it, with receipts that are true, or false in one place.
 *
 * A lie is told consistently: everything that follows from it is computed over it, so that only the step that
 * looks at it can notice. */
#ifndef COMITY_TESTS_UNIT_CLIENT_FAKE_LEDGER_H
#define COMITY_TESTS_UNIT_CLIENT_FAKE_LEDGER_H

#include "core/command.h"
#include "core/key.h"

enum lie {
    LIE_NONE,
    LIE_COMMAND_ID,      /* step 1: the receipt is of another command */
    LIE_HISTORY,         /* step 1: of another history */
    LIE_NO_EVENT,        /* step 2: shows no event */
    LIE_HEADER_MAGIC,    /* step 2: the header is none */
    LIE_HEADER_HISTORY,  /* step 2: the event is of another history */
    LIE_SEQUENCE,        /* step 2: claims another sequence than the header's */
    LIE_NO_EVENTS,       /* step 2: claims that the command caused no event */
    LIE_COMMAND_PART,    /* step 3: another command was recorded */
    LIE_NO_COMMAND_PART, /* step 3: none was */
    LIE_OPEN_PART,       /* step 3: shows other content than it committed to */
    LIE_NO_OPEN_PART,    /* step 3: shows none */
    LIE_TEXT_PART,       /* step 3: a text was recorded that was never signed */
    LIE_PART_KIND,       /* step 3: a part of no kind */
    LIE_COMMITMENT,      /* step 4: the header commits to other parts */
    LIE_AUDIENCE,        /* step 4: shows another audience than was committed to */
    LIE_ROUND,           /* step 4: another round */
    LIE_TEXT_LEFT_OUT,   /* step 4: does not show the text */
    LIE_NOT_IN_TREE,     /* step 5: the signed tree holds another event there */
    LIE_PROOF,           /* step 5: the proof proves nothing */
    LIE_PROOF_SHORT,     /* step 5: a hash is missing */
    LIE_CHECKPOINT_TEXT, /* step 5: the checkpoint is no checkpoint */
    LIE_ORIGIN_HISTORY,  /* step 6: the checkpoint is of another history */
    LIE_ORIGIN_EPOCH,    /* step 6: of another epoch */
    LIE_LOG_KEY,         /* step 6: signed by another key */
    LIE_SIGNATURE,       /* step 6: the signature does not fit */
    LIE_COUNT,
};

/* The first step of docs/protocol.md section 6 that such a receipt must fail; 0 of LIE_NONE. */
unsigned lie_step(enum lie lie);
const char *lie_name(enum lie lie);

enum { LEDGER_EVENTS_MAX = 4096, LEDGER_LEVELS = 13 };

struct ledger {
    uint8_t history[HISTORY_ID_SIZE];
    uint32_t epoch;
    struct signing_key log_key;
    uint64_t head;
    int64_t time_ms;
    uint8_t nodes[LEDGER_LEVELS][LEDGER_EVENTS_MAX][HASH_SIZE];
};

/* On the heap, for it is large. */
struct ledger *ledger_new(const uint8_t history[HISTORY_ID_SIZE]);
void ledger_destroy(struct ledger **ledger);

/* Record a command as one event. The packed Receipt lives in @arena. */
struct bytes ledger_record(struct ledger *ledger, const struct command *command, enum lie lie,
                           struct arena *arena);

/* The checkpoint of a size up to the head, signed. */
struct bytes ledger_checkpoint(struct ledger *ledger, uint64_t size, struct arena *arena);

/* The consistency proof; 0 or ERR_RANGE. */
int ledger_proof(struct ledger *ledger, uint64_t from, uint64_t size, uint8_t ret_proof[64][HASH_SIZE],
                 size_t *ret_count);

/* What operators who lie do with it. */
void ledger_grow(struct ledger *ledger, uint64_t count);  /* so many more events */
void ledger_fork(struct ledger *ledger, uint64_t at);     /* as long as before, other events from this sequence on */
void ledger_cut(struct ledger *ledger, uint64_t at);      /* put back: that is the last event */

#endif
