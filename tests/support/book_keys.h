/* What a naive reader of the events knows of keys: whose they are, which hold, who can recover, who watches, and how
 * many co-chairs sign. Lists that are searched from the start; nothing of core/machine. A mistake of the machine fails
 * the test. */
#ifndef COMITY_TEST_BOOK_KEYS_H
#define COMITY_TEST_BOOK_KEYS_H

#include "core/machine/machine.h"

struct book_keys;

struct book_keys *book_keys_new(void);
void book_keys_destroy(struct book_keys **book);

/* One event more: its signer's key held, enough co-chairs signed, and what it does to keys is what it may. */
void book_keys_event(struct book_keys *book, const struct machine_event *event);

/* The state has the same keys, recovery keys, witnesses, and losses of keys in rounds. */
void book_keys_check(const struct book_keys *book, const struct view *view, struct arena *arena);

/* What came to pass, so that a test can say that it did. */
struct book_keys_counts {
    size_t added, replaced, back, recovered, recovery_set, appointed, dismissed;
    size_t withdrawn; /* invitations back that ended with another, or with a recovery */
    size_t shared;    /* witnesses whose key another constituency's has too */
    size_t barred;    /* keys that nobody had */
    size_t lost_in_rounds, replaced_in_rounds;
    size_t together; /* acts that two co-chairs of one constituency had to sign */
};
struct book_keys_counts book_keys_counts(const struct book_keys *book);

#endif
