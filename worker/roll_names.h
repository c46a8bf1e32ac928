/* No two names on one roll that can be mistaken for one another.
 *
 * Judged when a command is put in order, after the machine has accepted it and before it is kept, so that of two that
 * come in one batch the second is refused. The machine reads no text, so a replay does not judge it anew
 * (docs/protocol.md, section 5). A name is compared
 * - with those of other constituencies: every member, with a valid key or without one, since their own co-chairs can let
 *   them back at any time; and every invitation that can be redeemed;
 * - within its own: members who have a valid key, or an invitation that lets them back, and invitations that can be
 *   redeemed. Who was revoked can be invited again under the same name.
 * Who is let back is judged within the own constituency alone: nobody of another can have come to look like them.
 *
 * What each name looks like is kept in memory by history, read from the store when first asked for. Used by one
 * thread. */
#ifndef COMITY_WORKER_ROLL_NAMES_H
#define COMITY_WORKER_ROLL_NAMES_H

#include "core/command.h"
#include "worker/store/store.h"

struct roll_names;

struct roll_names *roll_names_new(void); /* NULL: no memory */
void roll_names_destroy(struct roll_names **names);
/* The history grew elsewhere: its names are read anew when they are asked for next. */
void roll_names_forget(struct roll_names *names, const uint8_t history[HISTORY_ID_SIZE]);

/* Where the command is in: its history (NULL: it founds one), and the view before it is applied. */
struct roll_names_place {
    struct store_txn *txn;
    const struct store_history *history;
    const struct view *view;
    int64_t now_ms;
    struct arena *arena; /* for what does not last */
};

/* The names that a command brings: 0, of a command that brings none as well; ERR_CONFUSABLE, *refusal names the
 * field; ERR_MEMORY, ERR_INTERNAL, the store's. Remembered from then on, even if the batch fails: a name whose row is
 * not there counts for nothing. */
int roll_names_check(struct roll_names *names, const struct roll_names_place *place,
                     const struct command *command, struct refusal *refusal);

#endif
