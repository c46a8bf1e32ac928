/* Replaying a history: each event of an export stream checked, decided again, compared. docs/storage.md,
 * "Restore, and epochs"; ADR 0022.
 *
 * One set of checks for all who trust nothing in such a stream: a restore, over the store that it makes, and
 * an audit, over a view in memory. What is checked is kept by the caller, who then says so:
 *
 *   replay_begin, then for each record in order
 *     replay_event, and where the event was taken: keep it, append its leaf, replay_took
 *     replay_checkpoint, replay_refusal
 *   replay_end, replay_release
 *
 * A history that grows piece by piece, as by the entries of a log, goes on where it was left:
 *
 *   replay_resume, replay_event and replay_took as above, replay_pause, replay_refusal, replay_release
 *
 * Each check that fails is told as a fault. A restore stops there. Whoever goes on gets of each event as much
 * as there is: is_read says whether it can be kept. */
#ifndef COMITY_CORE_REPLAY_REPLAY_H
#define COMITY_CORE_REPLAY_REPLAY_H

#include "comity/v1/export.pb-c.h"
#include "core/machine/machine.h"
#include "core/tree.h"
#include "core/words.h"

/* What did not fit. */
enum replay_check {
    REPLAY_STREAM,     /* the file: its records are not in order, or are none */
    REPLAY_RECORD,     /* the form of an event, its parts against their hashes, these against the header */
    REPLAY_ORDER,      /* history, number, epoch, time: against the event before it */
    REPLAY_COMMAND,    /* the command's form and texts; that it did not come before */
    REPLAY_SIGNATURE,  /* of its signer, or of who signed with them */
    REPLAY_RIGHT,      /* the key was not valid at that point, or had not the right */
    REPLAY_DECISION,   /* decided again, it is refused or comes out differently; nothing caused it */
    REPLAY_RECEIPT,    /* the sizes of trees in receipts */
    REPLAY_CHECKPOINT, /* signed by the log key on record, over the tree of these events */
    REPLAY_REFUSAL,    /* refusals that are kept */
    REPLAY_END,        /* counts and epochs as announced; texts that nobody purged */
    REPLAY_MACHINE,    /* memory or the place failed: nothing is said of the history */
};

struct replay_fault {
    enum replay_check check;
    int code;
    uint64_t sequence;    /* of the event; with is_after of the last one before it, 0: none came yet */
    bool is_after;        /* it is not about an event, but about what stands behind it */
    const char *sentence; /* without an end: "it belongs to another history"; lives until the next call */
};

/* Where the history is kept. Each is asked anew whenever it is needed. */
struct replay_place {
    void *self;
    struct view (*view)(void *self);
    struct tree_nodes (*nodes)(void *self);                             /* of all events that were taken */
    int (*find_command)(void *self, const uint8_t id[COMMAND_ID_SIZE]); /* 0, ERR_NOT_FOUND, or its code */
    void (*tell)(void *self, const struct replay_fault *fault);
};

/* One event on its way in. */
struct replay_event {
    const Comity__V1__ExportEvent *event;
    const Comity__V1__EventRecord *record;
    const Comity__V1__Event *open; /* NULL: it cannot be read */
    struct event_header header;
    struct event_part *parts;
    size_t part_count;
    struct machine_event machine; /* to apply: what was decided again, else what the record says */
    bool has_command;             /* it has a part for one */
    bool causes;                  /* it is the first of what its command causes */
    bool is_hidden;               /* the command is withheld: `machine` has another one in its place */
    bool is_read;                 /* it has its place, and can be kept */
    bool is_decided;              /* decided again, and the same */
    bool is_undecided;            /* it cannot be, at least in part: what it takes is withheld */
};

struct replay {
    /* The caller's, set before replay_begin. */
    struct replay_place place;
    struct arena *arena; /* dropped by the caller between records, where replay_is_idle */
    words_fn *words;
    const char *there;   /* where what stands between two events is, by the one that is named: "after it" */
    int64_t now_ms;      /* Unix time */
    bool takes_withheld; /* a member's copy: parts may be withheld */
    bool goes_on;        /* after a fault */

    uint8_t history[HISTORY_ID_SIZE];
    uint64_t head; /* last event that was taken; 0: none */
    uint32_t epoch;
    int64_t time_ms;
    uint32_t level;          /* of the last event; 0: there is none */
    uint64_t announced_head; /* 0: not announced, as in a member's copy */
    uint32_t announced_epoch;
    uint8_t log_key[KEY_SIZE]; /* latest on record */
    struct command command;    /* the one that caused what is expected */
    struct machine_events expected;
    size_t expected_next;
    uint64_t receipt_size; /* a checkpoint of this size has to come; 0: none */
    uint64_t commands, signatures;
    struct view_memory *texts;  /* hashes of texts that were purged, or have to be: replay_texts.c */
    struct view_memory *hidden; /* rounds that have a withheld ballot */
    struct view_memory *hidden_texts; /* hashes of the texts of withheld ballots */
    bool rests_on_hidden;       /* what is expected */
    uint32_t ladder_of;         /* round with a withheld ballot whose ladder the event before went up; 0: of none */
    size_t missing;             /* texts that are not there, for a purge that has to come */
    char sentence[256];
};

/* Begin with what the stream announces. 0, ERR_MALFORMED, ERR_MEMORY. */
int replay_begin(struct replay *replay, const Comity__V1__ExportHistory *begin);

/* Go on where the place is: @events further ones follow. With head 0 the history is yet to be founded, and the rest is
 * not read. 0, ERR_MEMORY. */
struct replay_head {
    const uint8_t *history; /* HISTORY_ID_SIZE */
    uint64_t head;
    uint32_t epoch;
    int64_t time_ms;        /* of the last event, */
    uint32_t level;         /* and by which it was decided */
    const uint8_t *log_key; /* KEY_SIZE: latest on record */
};
int replay_resume(struct replay *replay, const struct replay_head *from, uint64_t events);
void replay_release(struct replay *replay);

/* Is everything here that the machine decided, so that the arena may be dropped before the next record? */
bool replay_is_idle(const struct replay *replay);

/* Check one event. 0; the first fault's code, ERR_MALFORMED, ERR_VERSION, ERR_TEXT, ERR_SIGNATURE,
 * ERR_CORRUPT (a difference) and the like; ERR_MEMORY or the place's, which end the run. */
int replay_event(struct replay *replay, const Comity__V1__ExportEvent *event, struct replay_event *ret_event);

/* The event was kept, and its leaf appended: apply it. 0, or machine_apply's. */
int replay_took(struct replay *replay, struct replay_event *event);

/* Check one checkpoint, one refusal that is kept, the end: as replay_event. */
int replay_checkpoint(struct replay *replay, const Comity__V1__ExportCheckpoint *checkpoint);
int replay_refusal(struct replay *replay, const Comity__V1__ExportRefusal *record);
int replay_end(struct replay *replay, const Comity__V1__ExportHistoryEnd *end);
/* All the events of this piece have come: nothing is left open, and @checkpoint is the note over the tree as it now is,
 * which stands in the receipts of this piece as well. As replay_event. */
int replay_pause(struct replay *replay, struct bytes checkpoint);

/* Is a refusal with this code kept? What the machine says of a command is; what passes by (BUSY) and a fault
 * of the worker's own are not. */
bool replay_keeps_refusal(int code);

/* Has the round a ballot that is withheld? */
bool replay_hides_round(const struct replay *replay, uint32_t round);

#endif
