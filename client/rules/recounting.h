/* The inside of a recount: what goes on from event to event. */
#ifndef COMITY_RULES_RECOUNTING_H
#define COMITY_RULES_RECOUNTING_H

#include "client/rules/recount.h"
#include "comity/v1/command.pb-c.h"
#include "comity/v1/event.pb-c.h"
#include "comity/v1/export.pb-c.h"
#include "core/event.h"
#include "core/tree_edge.h"

/* What ends a stage by itself: the outcome of the round that closed last, or what was answered last. */
struct recount_last {
    uint32_t stage; /* at which it was; 0: at none */
    Comity__V1__OutcomeKind outcome;
};

struct recounting {
    const struct recount_options *options;
    struct recount_summary *summary;
    struct arena *arena; /* of the record in hand */

    /* The history in hand. */
    uint8_t history[HISTORY_ID_SIZE];
    bool is_in_history;
    bool has_history; /* there was one, wanted or not */
    bool is_wanted;
    struct view_memory *memory;
    struct view view;
    struct view_memory
        *aside; /* short texts by hash; ballots that are not shown, by round and member: aside.c */
    struct view notes;
    struct tree_edge edge;
    uint64_t leaves;
    uint64_t last; /* sequence of the last event; 0: none */
    uint32_t epoch;
    struct recount_last last_outcome;
};

/* One event on its way in. */
struct incoming {
    struct event_header header;
    const Comity__V1__Event *open;
    const Comity__V1__Command *command; /* NULL: there is none, or it is withheld */
    bool is_withheld;                   /* the command */
};

/* Tell a fault; add a note. The format is English, marked, and looked up. */
void recounting_fault(const struct recounting *r, uint64_t sequence, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void recounting_note(const struct recounting *r, struct recount_notes *notes, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* recount_event.c: the record of an event, every part against its hash. 0; ERR_MALFORMED where it cannot be
 * taken, and a fault was told; ERR_MEMORY and what else ends the run. */
int incoming_take(struct recounting *r, const Comity__V1__EventRecord *record, struct incoming *ret_incoming);

/* recount_aside.c */
int aside_keep_text(struct recounting *r, const uint8_t *hash, struct bytes text);
struct bytes aside_text(const struct recounting *r, ProtobufCBinaryData hash);
/* Ballots that the event brings, and that are not shown or are shown. */
int aside_ballots(struct recounting *r, const struct incoming *in);
/* Those of the round that are not shown, as notes. */
int aside_hidden(const struct recounting *r, uint32_t round, struct recount_notes *notes);

/* recount_round.c: the event has an outcome; the view is as before it. 0 or what ends the run. */
int recount_event(struct recounting *r, const struct incoming *in);

#endif
