/* What a reader sees: the one place of the worker that withholds. docs/trust.md, "Who may do what".
 *
 * The judgement itself, who may see how somebody answered in a round, or what is for a body alone, is the
 * machine's (state_may_see_ballots, state_may_see_of_body, state_may_see_texts). Everything that leaves the worker for a reader goes through here: rows of lists
 * with their texts, events, receipts. */
#ifndef COMITY_WORKER_VISIBLE_H
#define COMITY_WORKER_VISIBLE_H

#include "comity/v1/event.pb-c.h"
#include "core/arena.h"
#include "core/machine/view.h"

enum { VISIBLE_ROUNDS = 16 };

/* One reader in one transaction. Remembers, for the rounds asked about lately, whether the reader may see how
 * others answered: a round that has closed can be large to read. */
struct visible {
    const struct view *view;
    uint32_t reader; /* member */
    struct arena *scratch;
    struct {
        uint32_t round; /* 0: none */
        bool may;
    } others[VISIBLE_ROUNDS];
};

void visible_init(struct visible *visible, const struct view *view, uint32_t reader);
void visible_release(struct visible *visible);

/* Take out of a record what the reader may not see: a withheld part keeps its kind, audience, round and hash.
 * A part that shows no content anyway, as in a receipt, loses its salt. 0, ERR_CORRUPT, ERR_MEMORY, the
 * view's. */
int visible_record(struct visible *visible, Comity__V1__EventRecord *record);

/* May the reader see this row of the state? */
int visible_row(struct visible *visible, const ProtobufCMessage *row, bool *ret_may);

/* May the reader see the texts that a row refers to, which the reader may see? */
int visible_texts(struct visible *visible, const ProtobufCMessage *row, bool *ret_may);

#endif
