/* Workers that are behind the head (heads.c).
 *
 * Where several sites have one log, a worker may be late, and for long where its site is cut off. So what
 * would be a fork for being less than what was verified is one only from a worker that says that it is fresh
 * (Answer.is_fresh). Any other is behind: it is sent nothing but the question once more, after a while that
 * grows. A liar who is behind for ever withholds, and no more. */
#ifndef COMITY_CLIENT_LIB_LAG_H
#define COMITY_CLIENT_LIB_LAG_H

#include "client/lib/client.h"

/* Is a checkpoint of less than @size in @epoch, or of an earlier one, no more than late? */
bool lag_explains(const Comity__V1__Answer *answer, const struct head *offered, uint32_t epoch,
                  uint64_t size);
/* Does the worker itself say that it is behind, or that the history is on its way to another group, which has
 * more? */
bool lag_is_told(const struct comity_result *result);

/* What is said of a worker that answers so, and has less than was seen here. */
int lag_code(const Comity__V1__Answer *answer);

/* The worker at this link is behind, for what comity_is_late. Over when it is believed. */
void lag_found(struct comity *client, struct history *history, const struct link *link, int code);
/* It is not to be asked yet. */
bool lag_waits(const struct comity *client, const struct history *history, const struct link *link);
/* The code of one at any link that is ready; 0: there is none. @history may be NULL. */
int lag_of(const struct comity *client, const struct history *history);
/* The same, where that is why a request was never sent, or its answer not believed. */
int lag_why(const struct comity *client, const struct comity_request *request);

#endif
