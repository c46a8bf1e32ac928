/* Entries of others that were read from the log and wait for the writer: few, and in order. Each goes on from the one before
 * it, or is not taken. Opened when they are handed out. No lock of its own. */
#ifndef COMITY_WORKER_LOG_ENTRIES_H
#define COMITY_WORKER_LOG_ENTRIES_H

#include "worker/log/calls.h"

enum { ENTRIES_MAX = 64, ENTRIES_PAGE_BYTES = 2 * 1024 * 1024, ENTRIES_BYTES_MAX = 8 * 1024 * 1024 };

struct entries;

int entries_new(struct entries **ret_entries); /* MEMORY */
void entries_destroy(struct entries **entries);

/* How many to ask for: 0, there is no room; else so many that they are about ENTRIES_PAGE_BYTES, if they are as large as
 * the last ones. */
uint32_t entries_page(const struct entries *entries);
/* A poll was not answered: what it asked for may have been too much. */
void entries_page_failed(struct entries *entries);

/* Take those of an answer to a poll that asked for @page of them, that go on from term->taken; each is told by term_take, and why none goes on by term_fail:
 * BEHIND, it is not in the log any more; CORRUPT, it goes on from something else; VERSION, a later version made it. 0, MEMORY: ask
 * again. */
int entries_take(struct entries *entries, const struct calls_answer *answer, uint32_t page,
                 struct term *term);

/* The next one behind @number; those before are dropped, it stays until then. 0, NOT_FOUND; CORRUPT: it does not open; MEMORY. */
int entries_next(struct entries *entries, const uint8_t key[LOG_KEY_SIZE], uint64_t number,
                 struct arena *arena, struct order_entry *ret_entry);

#endif
