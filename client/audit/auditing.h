/* The inside of an audit: what goes on from record to record. */
#ifndef COMITY_AUDIT_AUDITING_H
#define COMITY_AUDIT_AUDITING_H

#include "client/audit/audit.h"
#include "core/note.h"
#include "core/tree_edge.h"

/* A tree that was seen before, by a checkpoint, a receipt or a cosignature that was given. */
struct audit_known {
    struct bytes note;
    struct checkpoint checkpoint;       /* as its text has it */
    const Comity__V1__Receipt *receipt; /* NULL: a checkpoint alone */
    struct event_header header;         /* the receipt's */
    bool is_here;                       /* it is of the history in hand */
    bool was_here;                      /* or of one before */
    bool is_leaf_same;                  /* the receipt's event is in the record, with the same header */
};

enum { AUDIT_KNOWN_MAX = 64 };

struct auditing {
    const struct audit_options *options;
    struct audit_summary *summary;
    struct arena *arena; /* of the record in hand */
    struct arena *kept;  /* of the whole run */

    struct audit_known known[AUDIT_KNOWN_MAX];
    size_t known_count;
    struct view_memory *roots; /* by history of the file and size: of the trees that somebody vouches for */
    uint8_t header_key[KEY_SIZE]; /* that signs a worker's export */
    uint64_t all_events;          /* and histories, of the file */
    uint32_t all_histories;
    struct view_memory *came; /* ids of these histories: each comes once */

    /* The history in hand. */
    bool is_in_history, is_wanted;
    struct replay replay;
    struct view_memory *state, *ids;
    struct tree_edge edge;
    uint64_t leaves;
    struct audit_history history;
    uint32_t ordinal; /* of the history in the file */
};

/* Tell something. The format is English, marked, and looked up. */
void audit_tell(struct auditing *a, int check, const uint8_t *history, uint64_t sequence, const char *format,
                ...) __attribute__((format(printf, 5, 6)));

/* audit_history.c: one history from beginning to end. 0, ERR_MALFORMED (records not in order), ERR_MEMORY. */
int audit_history_begin(struct auditing *a, const Comity__V1__ExportHistory *begin);
int audit_history_event(struct auditing *a, const Comity__V1__ExportEvent *event);
int audit_history_checkpoint(struct auditing *a, const Comity__V1__ExportCheckpoint *checkpoint);
int audit_history_refusal(struct auditing *a, const Comity__V1__ExportRefusal *refusal);
int audit_history_end(struct auditing *a, const Comity__V1__ExportHistoryEnd *end);
/* The file broke off in it. */
int audit_history_break(struct auditing *a);
void audit_history_drop(struct auditing *a);

/* audit_known.c: what was given besides. */
int audit_known_take(struct auditing *a);
int audit_known_begin(struct auditing *a);
void audit_known_leaf(struct auditing *a, struct bytes header);
int audit_known_end(struct auditing *a);
void audit_known_rest(struct auditing *a);
void audit_log_keys(struct auditing *a);
/* Is the key among these? */
bool audit_is_given(const uint8_t (*keys)[KEY_SIZE], size_t count, const uint8_t *key);

/* audit_roots.c: trees of these sizes will be asked for; the record's own of this size; what it was. 0,
 * ERR_NOT_FOUND, ERR_MEMORY. */
int audit_root_want(struct auditing *a, uint32_t ordinal, uint64_t size);
int audit_root_grow(struct auditing *a);
int audit_root_get(const struct auditing *a, uint64_t size, uint8_t ret_root[HASH_SIZE]);

/* audit_cosigned.c: cosignatures, and what is FINAL by them. @end: NULL where it did not come. */
int audit_cosigned(struct auditing *a, const Comity__V1__ExportHistoryEnd *end);

/* audit_numbers.c */
void audit_number(struct audit_numbers *numbers, uint64_t sequence);

/* The n-th row of a table whose rows are numbered from 1; NULL past the last. */
ProtobufCMessage *audit_row(struct auditing *a, enum table table, uint32_t number);

#endif
