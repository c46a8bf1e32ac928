/* How long to wait before the next try: exponential, with jitter, and bounded. Pure. */
#ifndef COMITY_CLIENT_LIB_BACKOFF_H
#define COMITY_CLIENT_LIB_BACKOFF_H

#include "core/bytes.h"

enum { BACKOFF_LEAST_MS = 100, BACKOFF_MOST_MS = 5000 };

/* @attempt  how many tries there were, from 1
 * @hint_ms  how long the other side asks to wait: taken up to BACKOFF_MOST_MS, for it is not authenticated
 * @random   any number
 * Between half of and the whole of BACKOFF_LEAST_MS * 2^(attempt - 1), at most BACKOFF_MOST_MS; and never
 * sooner than was asked for. */
static inline int64_t backoff_ms(unsigned attempt, uint32_t hint_ms, uint32_t random)
{
    int64_t whole = BACKOFF_MOST_MS;
    if (attempt < 7)
        whole = (int64_t) BACKOFF_LEAST_MS << (attempt == 0 ? 0 : attempt - 1);
    if (whole > BACKOFF_MOST_MS)
        whole = BACKOFF_MOST_MS;
    int64_t wait = whole / 2 + random % (whole / 2 + 1);
    int64_t hint = hint_ms < BACKOFF_MOST_MS ? (int64_t) hint_ms : BACKOFF_MOST_MS;
    return wait >= hint ? wait : hint + random % BACKOFF_LEAST_MS;
}

#endif
