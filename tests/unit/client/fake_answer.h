/* Inside of the fake group: what its files share. */
#ifndef COMITY_TESTS_UNIT_CLIENT_FAKE_ANSWER_H
#define COMITY_TESTS_UNIT_CLIENT_FAKE_ANSWER_H

#include "fake_group.h"

enum { FAKE_REPLIES_MAX = 8 };

/* Frames that go back to whom the request came from, in order. */
struct fake_replies {
    struct bytes frames[FAKE_REPLIES_MAX];
    size_t count;
};

static inline void fake_reply(struct fake_replies *replies, struct bytes frame)
{
    replies->frames[replies->count++] = frame;
}

/* True, and one less, while there is something left of the count. */
bool fake_take(int *count);
void fake_frame_keep(struct fake_frame *kept, struct bytes frame);
int64_t fake_unix_ms(void);

/* A HELLO or REQUEST, under the lock. */
void fake_group_frame(struct fake_group *group, struct bytes frame, struct arena *arena,
                      struct fake_replies *replies);

/* A packed Reply with the answer to a query. */
struct bytes fake_answer(struct fake_group *group, const Comity__V1__Query *query, struct arena *arena);

#endif
