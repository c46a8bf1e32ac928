/* A naive model of sessions, kept from events alone: who is there, pauses, when rounds close, time boxes, who
 * speaks.
 *
 * It is written to be seen through, not to be fast, and shares nothing with the machine. Asserts where the
 * machine's rows, or an event, are not what the model says. */
#ifndef COMITY_TEST_SESSION_BOOK_H
#define COMITY_TEST_SESSION_BOOK_H

#include "core/machine/machine.h"

struct session_book;

struct session_book *session_book_new(void);
void session_book_destroy(struct session_book **book);

/* Take an event, before it is applied. */
void session_book_event(struct session_book *book, const struct machine_event *event);

/* Is the member there, or has the member been there (@ever)? */
bool session_book_is_present(const struct session_book *book, uint32_t session, uint32_t member, bool ever);

/* After all that is due by @time_ms: the view has the same presences, pauses, time boxes and closing times.
 */
void session_book_check(const struct session_book *book, const struct view *view, struct arena *arena,
                        int64_t time_ms);

/* How often each kind of event came that no command causes: so that a test can say that it went there. */
size_t session_book_turned_away(const struct session_book *book);
size_t session_book_over(const struct session_book *book);
size_t session_book_caucuses_over(const struct session_book *book);

#endif
