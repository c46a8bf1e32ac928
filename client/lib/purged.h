/* Which texts the parties have purged, as far as an answer or a receipt says so: of those the journal keeps
 * nothing (journal_forget_texts). It is the worker's word: one that lies could have a client forget a text of
 * its own, never a receipt. */
#ifndef COMITY_CLIENT_LIB_PURGED_H
#define COMITY_CLIENT_LIB_PURGED_H

#include "client/lib/comity.h"

void purged_learn_answer(const char *journal, const uint8_t *history, const Comity__V1__Answer *answer);
void purged_learn_receipt(const char *journal, const uint8_t *history, const Comity__V1__Receipt *receipt);

#endif
