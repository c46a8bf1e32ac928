/* Acts that were given while no broker answered, and are kept to be sent: libcomity's outbox, as people see
 * it. */
#ifndef COMITY_CLI_OUTBOX_H
#define COMITY_CLI_OUTBOX_H

#include "client/cli/cli.h"
#include "client/lib/comity.h"

/* Send what waits, and tell what became of each: in the document's `delivered`, and on standard error.
 * Whatever comes of it, the command at hand goes on. Nothing is sent for a command that signs nothing by its
 * nature (`doctor`), with --dry-run, where the site that answers cannot reach the others, and of a ballot
 * that was not sent yet while another one is given on its round. */
void outbox_send(struct cli *cli);

/* The same for a run that goes on. All zero: to begin with. */
struct outbox_watch {
    int64_t due_ms;                                    /* when to look again; 0: at once */
    void (*tell)(const char *sentence, void *context); /* NULL: on standard error */
    void *context;
    int warned;                        /* why nothing could be sent the last time; 0: it could */
    uint8_t doubtful[COMMAND_ID_SIZE]; /* of which was told last that it is not confirmed */
};

/* Where it is due, send what waits, as outbox_send: what was not confirmed, the same bytes again, and what
 * another command of the same home has left there meanwhile. That one is not confirmed is told once. */
void outbox_look(struct cli *cli, struct outbox_watch *watch);

/* At the end of such a run: what waits on, in words. */
void outbox_tell_rest(struct cli *cli);

/* Send a ballot: in the place of one on the same round that waits, where there is one (*ret_is_replaced).
 * Where nobody answers it is kept to be sent, and the failure filled in that says so (is_waiting); so it is
 * where only a site answers that cannot reach the others. One that was sent and is not confirmed waits as
 * well, as such (is_unconfirmed). As desk_send. */
int outbox_send_ballot(struct cli *cli, const struct comity_draft *draft, const Comity__V1__Event **ret_event,
                       bool *ret_is_replaced);

/* The number of the own ballot on a round that was recorded last, by the receipts that are kept; 0: none. */
int outbox_own_ballot(struct cli *cli, uint32_t round, uint64_t *ret_sequence);

#endif
