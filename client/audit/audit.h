/* An audit: everything that can be checked of a copied record, from the file alone. docs/trust.md,
 * "Auditing".
 *
 * The stream (docs/storage.md, "The export stream") is a worker's export, which is whole, or a member's copy,
 * in which parts are withheld. It is read twice from a file that can be rewound: once each event is checked
 * and decided again (core/replay), then each outcome is counted anew (client/rules/recount.h). Nothing in it
 * is trusted but what was given besides: log keys, checkpoints, receipts. Memory is bounded by the state of
 * one history, not by the file. */
#ifndef COMITY_AUDIT_AUDIT_H
#define COMITY_AUDIT_AUDIT_H

#include "client/rules/recount.h"
#include "core/finality.h"
#include "core/key.h"
#include "core/replay/replay.h"

/* What did not fit: replay's checks, and those of what was given besides. */
enum audit_check {
    AUDIT_LOG_KEY = REPLAY_MACHINE + 1, /* the history has another log key than was given */
    AUDIT_KNOWN,       /* a checkpoint or receipt that was given: the record does not go on from it */
    AUDIT_COSIGNATURE, /* of a witness: over another record than this one */
    AUDIT_COUNT,       /* the recount comes to something else than the record */
};

/* "signature", for programs. */
const char *audit_check_name(int check);

struct audit_finding {
    int check;              /* enum replay_check or audit_check */
    const uint8_t *history; /* NULL: of the file as a whole */
    uint64_t sequence;      /* of the event; with is_after of the last one before; 0: of none */
    bool is_after;          /* it is about what stands behind that event */
    const char *sentence;   /* without an end; lives until the callback returns */
};

/* Numbers of events, as ranges. Past the last place they are counted alone. */
enum { AUDIT_RANGES_MAX = 64 };
struct audit_numbers {
    uint64_t count;
    size_t ranges;
    struct {
        uint64_t first, last;
    } list[AUDIT_RANGES_MAX];
};

/* One cosignature of the file, or on a checkpoint that was given. */
struct audit_cosigner {
    const Comity__V1__Witness *witness; /* NULL: the key is no witness's on record */
    uint8_t key[KEY_SIZE];
    uint64_t size;
    int64_t time_s;
    bool is_good;  /* it is the witness's, over this record's tree */
    bool is_known; /* the key is one of those that were given */
};

/* One history, once all of it was read. Rows live until the callback returns. */
struct audit_history {
    uint8_t history[HISTORY_ID_SIZE];
    const Comity__V1__Partnership *partnership; /* NULL: it was not founded in this file */
    uint64_t events;                            /* that came */
    uint32_t epoch;                             /* the latest */
    uint64_t head;                              /* number of the last */
    int64_t first_ms, last_ms;
    uint64_t decided;               /* decided again, and the same */
    uint64_t commands;              /* so many of them with a command, */
    uint64_t signatures;            /* whose signatures fit */
    uint64_t checkpoints;           /* of receipts, that fit */
    bool is_whole;                  /* its end came */
    bool is_signed;                 /* and the checkpoint there fits */
    uint8_t root[HASH_SIZE];        /* of the tree at the head */
    bool is_pinned;                 /* its log key was given */
    unsigned known;                 /* checkpoints and receipts given that it goes on from */
    struct audit_numbers withheld;  /* events whose command is withheld */
    struct audit_numbers undecided; /* others that cannot be decided again without one that is withheld */
    struct audit_numbers texts_withheld; /* events of which a text alone is */
    struct audit_numbers erased;         /* events of which a text was purged */
    const struct audit_cosigner *cosigners;
    size_t cosigner_count;
    struct finality finality;
    const Comity__V1__Constituency *const *constituencies; /* number n at n - 1 */
    size_t constituency_count;
    const Comity__V1__Decision *const *decisions;
    size_t decision_count;
    const Comity__V1__Round *const *rounds; /* number n at n - 1 */
    size_t round_count;
};

struct audit_options {
    const uint8_t *history;              /* of this one alone, HISTORY_ID_SIZE; NULL: of all in the stream */
    const uint8_t (*log_keys)[KEY_SIZE]; /* that are trusted */
    size_t log_key_count;
    const uint8_t (*witness_keys)[KEY_SIZE]; /* on which alone FINAL rests; none: on those that the record names */
    size_t witness_key_count;
    const struct bytes *checkpoints; /* texts with a signed note, with cosignatures or without */
    size_t checkpoint_count;
    const struct bytes *receipts; /* packed Receipts */
    size_t receipt_count;
    int64_t now_ms; /* Unix time */
    words_fn *words;
    void (*finding)(void *context, const struct audit_finding *finding);
    void (*history_end)(void *context, const struct audit_history *history);
    void (*count)(void *context, const struct recounted *recounted);
    void (*progress)(void *context, uint64_t events, uint64_t bytes); /* may be NULL */
    void *context;
};

struct audit_summary {
    char software[64];  /* that wrote the file, as it says; printable ASCII */
    int64_t made_ms;    /* when, as it says */
    bool is_backup;     /* a worker's export; else a member's copy */
    bool is_whole;      /* it ends where a stream ends */
    bool is_sealed;     /* a worker's: its digest and the signature over it fit */
    uint32_t histories; /* that were looked at */
    uint64_t events;    /* of these */
    uint64_t findings;
    uint64_t unverified; /* events that cannot be decided again, or have a part that is withheld or erased */
    uint64_t only_erased; /* of these: all but the text that the parties erased was verified */
    uint64_t counts[RECOUNT_IMPOSSIBLE + 1];
};

/* A checkpoint or receipt that was given, read beforehand. 0, or ERR_MALFORMED. */
int audit_checkpoint_check(struct bytes text);
int audit_receipt_check(struct bytes receipt);

/* 0; ERR_MALFORMED (no export stream: nothing of it could be read), ERR_FILE, ERR_MEMORY. What is wrong
 * further on is a finding, and no failure. */
int audit_read(const struct audit_options *options, int descriptor, struct audit_summary *ret_summary);

#endif
