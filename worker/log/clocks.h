/* How this worker's clock stands to those of the others, by the time that each says in its seat. Pure. Times without a word are steady
 * milliseconds of the caller's.
 *
 * A seat that is another at a reading than at the one before was put between the two. So its worker's clock, less the steady clock here,
 * is at least what it says less the end of this reading, and at most that less the beginning of the one before. The first holds always;
 * the second not where the seat was held up on its way: so it takes two of them, one after the other, to say that a clock is behind. */
#ifndef COMITY_WORKER_LOG_CLOCKS_H
#define COMITY_WORKER_LOG_CLOCKS_H

#include "worker/log/seats.h"

enum {
    CLOCKS_OFF_MS = 2000,   /* apart by more: one of the two is off */
    CLOCKS_STILL_MS = 5000, /* a seat that nobody has put for so long since it was seen first is of a worker that does not run */
    CLOCKS_GAP_MS = 2000,   /* readings that end further apart prove no stillness: etcd, or we ourselves, may have stood still */
    CLOCKS_LIVE_MS = 7000,  /* who was heard, and said nothing for so long, is not asked any more */
};

/* Of another worker, as it is read. */
struct clocks_seat {
    const char *worker;
    int64_t changed; /* grows each time that it is put */
    int64_t unix_ms; /* 0, or what no clock says: it tells none, or its worker has ended */
};

struct clocks_row {
    char worker[LOG_NAME_MAX + 1];
    int64_t changed;
    int64_t seen_ms;    /* when it was seen first as it is, or again after a gap */
    unsigned heard;     /* how often it was seen to be put with a time in it */
    bool tells;         /* a time */
    int64_t least_ms[2], most_ms[2]; /* its clock less the steady clock: of the last time that it was put, and of the one before */
};

struct clocks {
    struct clocks_row rows[SEATS_MAX];
    size_t count;
    int64_t asked_ms; /* when the last reading began; 0: there was none */
    int64_t read_ms;  /* and ended */
};

/* A reading: these are all the others. @asked_ms, @now_ms: when it began and ended. */
void clocks_saw(struct clocks *clocks, const struct clocks_seat *seats, size_t count, int64_t asked_ms, int64_t now_ms);

/* @own_ms: this worker's clock less the steady clock. True once each that runs was heard: before that nobody knows whose clock is
 * right. At most CLOCKS_STILL_MS after the first reading, unless others keep coming or there are gaps. */
bool clocks_are_heard(const struct clocks *clocks, int64_t own_ms, int64_t now_ms);
/* One that was not; empty: nothing was read yet; NULL: each was. Points into @clocks. */
const char *clocks_unheard(const struct clocks *clocks, int64_t own_ms, int64_t now_ms);

struct clocks_judgement {
    bool is_off;    /* more differ from this clock, on one side, than agree with it, this one counted in; or as many, where one of those
                     * leads and this worker does not */
    bool is_agreed; /* more agree with it, one other at least, than differ */
    int64_t ahead_ms;               /* where it is off, by how much, about; negative: behind */
    char worker[LOG_NAME_MAX + 1];  /* of which */
    size_t more;                    /* and of how many more */
};

/* Of those that run and say a time. @leader: who leads, may be this worker itself; empty: nobody. */
void clocks_judge(const struct clocks *clocks, int64_t own_ms, int64_t now_ms, const char *leader, bool leads,
                  struct clocks_judgement *ret_judgement);

#endif
