/* What a reader sees: the one place of the worker that withholds. docs/trust.md, "Who may do what".
 *
 * The judgement itself, who may see how somebody answered in a round, is the machine's
 * (state_may_see_ballots). Everything that leaves the worker for a reader goes through here: rows of lists
 * with their texts, events, the export stream, receipts. */
#ifndef COMITY_WORKER_VISIBLE_H
#define COMITY_WORKER_VISIBLE_H

#include "comity/v1/event.pb-c.h"
#include "core/arena.h"
#include "core/machine/view.h"

/* Take out of a record what member @reader may not see: a withheld part keeps its kind, audience, round and
 * hash. A part that shows no content anyway, as in a receipt, loses its salt. 0, ERR_CORRUPT, ERR_MEMORY, the
 * view's. */
int visible_record(const struct view *view, struct arena *arena, uint32_t reader,
                   Comity__V1__EventRecord *record);

/* May @reader see this row of the state, and with it the texts that it refers to? */
int visible_row(const struct view *view, struct arena *arena, uint32_t reader, const ProtobufCMessage *row,
                bool *ret_may);

#endif
