/* A naive account of problem solving, from events alone: where items are, what stands, who approved. For random tests:
 * each event is checked against it, and rows are compared with it. */
#ifndef COMITY_TEST_BOOK_SOLVING_H
#define COMITY_TEST_BOOK_SOLVING_H

#include "core/machine/machine.h"
#include "core/machine/state.h"

struct book_solving;

struct book_solving *book_solving_new(void);
void book_solving_destroy(struct book_solving **book);

/* Fails the test where the event does not follow from those before. */
void book_solving_event(struct book_solving *book, const struct machine_event *event);

/* Of all items, contributions, concerns, requests and facts: the rows say what the book does. */
void book_solving_check(const struct book_solving *book, const struct view *view);

/* How many items ever were in each phase, by its number: to see that the walk went everywhere. */
const size_t *book_solving_visits(const struct book_solving *book);

#endif
