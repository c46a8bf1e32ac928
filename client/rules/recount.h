/* Recounting: what the rounds of a copied record come to, worked out anew from their rules, rolls and
 * ballots.
 *
 * The stream (docs/storage.md, "The export stream") is read once, event by event, into a view in memory;
 * where a round closes, the machine's own count is made of that view and compared with the outcome that the
 * record has. It trusts nothing in the file. It is no audit: it checks no signature of a member, and decides
 * no command again. docs/rules.md. */
#ifndef COMITY_RULES_RECOUNT_H
#define COMITY_RULES_RECOUNT_H

#include "client/rules/difference.h"
#include "core/bytes.h"
#include "core/machine/state.h"

enum recount_verdict {
    RECOUNT_SAME,
    RECOUNT_DIFFERS,
    RECOUNT_IMPOSSIBLE, /* what it takes is withheld, missing, or cannot be read */
};

enum recount_what {
    RECOUNT_CLOSE,     /* of a round */
    RECOUNT_EXTENSION, /* there was no quorum when a round was to close */
    RECOUNT_STAGE,     /* a stage of a ladder ended */
};

enum { RECOUNT_NOTES_MAX = 32 };

/* Sentences, without an end: "the ballot number 57 is withheld". Past the last place they are counted alone.
 */
struct recount_notes {
    const char *list[RECOUNT_NOTES_MAX];
    size_t count;
};

/* One count. It lives until the callback returns; texts hold what the file holds. */
struct recounted {
    enum recount_what what;
    enum recount_verdict verdict;
    const uint8_t *history;
    uint32_t stage;    /* number of the stage (StageRun); 0 of a round */
    uint64_t sequence; /* of the event that has the outcome */
    int64_t time_ms;
    Comity__V1__Round *round;            /* its row, as before that event */
    struct bytes title;                  /* of the proposal; size 0: the file does not have it */
    const Comity__V1__Outcome *recorded; /* NULL: the record has none */
    const Comity__V1__Outcome *counted;  /* NULL: could not be, or of a stage that counts no ballots */
    Comity__V1__OutcomeKind outcome;     /* that the record has: of a stage after its map */
    struct difference *differences;
    size_t difference_count;
    struct recount_notes wrong;     /* what does not fit besides the outcome: the rule's hash, the cause */
    struct recount_notes obstacles; /* why it cannot be counted */
};

struct recount_options {
    uint32_t round;         /* of this one alone; 0: of all */
    const uint8_t *history; /* of this one alone, HISTORY_ID_SIZE; NULL: of all in the stream */
    words_fn *words;
    void (*count)(void *context, const struct recounted *recounted);
    /* An outcome was declared otherwise than it was computed, by the event @sequence: @round has the declaration. May be NULL */
    void (*declared)(void *context, const uint8_t *history, uint64_t sequence, const Comity__V1__Round *round);
    /* Something in the file is not as it was written; @sequence: of which event, 0: of the whole. */
    void (*fault)(void *context, uint64_t sequence, const char *sentence);
    void (*progress)(void *context, uint64_t events, uint64_t bytes); /* may be NULL */
    void *context;
};

struct recount_summary {
    uint64_t events;
    uint32_t histories;
    uint64_t counts[RECOUNT_IMPOSSIBLE + 1]; /* by verdict */
    uint64_t faults;
    uint64_t withheld; /* command parts that are not shown */
    bool is_whole;     /* it ends where a stream ends */
    bool is_signed;    /* every history's checkpoint fits, and is by the key that it has on record */
};

/* 0, ERR_MALFORMED (no export stream: nothing of it could be read), ERR_FILE, ERR_MEMORY. What is wrong
 * further on is a fault, and no failure. */
int recount_read(const struct recount_options *options, int descriptor, struct recount_summary *ret_summary);

#endif
