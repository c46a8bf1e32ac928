/* What a naive reader of the events knows of seats: who holds them, who stands in, who is recused, and what
 * the charter says of a round. Lists that are searched from the end; nothing of core/machine. A mistake of
 * the machine fails the test. */
#ifndef COMITY_TEST_BOOK_SEATS_H
#define COMITY_TEST_BOOK_SEATS_H

#include "core/machine/machine.h"

struct book_seats;

struct book_seats *book_seats_new(void);
void book_seats_destroy(struct book_seats **book);

/* One event more, as it is: the roll of a round that opens is the one that the book has, a term ends when it
 * is over, and advice makes no decision. */
void book_seats_event(struct book_seats *book, const struct machine_event *event);

/* The constituency's standing in the round is another than its own. */
bool book_seats_standing(const struct book_seats *book, uint32_t round, uint32_t constituency,
                         bool *ret_is_party);

/* What came to pass, so that a test can say that it did. */
struct book_seats_counts {
    size_t charters, under_function, advice, stood_in, recused, terms;
    size_t taken_over, listed, checked_in; /* rolls */
};
struct book_seats_counts book_seats_counts(const struct book_seats *book);

#endif
