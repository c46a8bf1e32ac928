/* How short the log is kept: which entries are dropped, and when. Pure. */
#ifndef COMITY_WORKER_LOG_TRIM_H
#define COMITY_WORKER_LOG_TRIM_H

#include "worker/log/log_order.h"

enum {
    TRIM_KEEP_ENTRIES = 256, /* stay, whoever has applied them: for a worker that starts out of a copy */
    TRIM_KEEP_SHARE = 16,    /* or the last 1/16 of the quota, if that is less */
    TRIM_LAG_SHARE = 4,      /* who lags 1/4 of the quota behind holds nothing back: it will need a copy */
    TRIM_EVERY_ENTRIES = 64,
    TRIM_EVERY_BYTES = 4 * 1024 * 1024,
    TRIM_EVERY_SHARE = 32, /* or 1/32 of the quota, if that is less */
    TRIM_EVERY_MS = 10 * 1000,
    TRIM_IDLE_MS = 5 * 60 * 1000, /* where no entries come: beats and seats are superseded all the same */
    TRIM_FORGET_MS = 3000, /* what is to be forgotten is tried again so often, until every seat has it */
    TRIM_ALARM_PERCENT = 50,      /* of the quota, of etcd's file */
    TRIM_FULL_PERCENT = 70,       /* no commands are taken any more, and files are made smaller */
};

struct trim {
    uint64_t number[TRIM_KEEP_ENTRIES]; /* a ring of the last places: [number % size] */
    uint64_t total[TRIM_KEEP_ENTRIES];
    uint64_t forget;                 /* entries up to here hold what was erased since: none of them stays for anybody to come */
    uint64_t trimmed;                /* up to here entries were dropped */
    struct order_place trimmed_head; /* where the head was then */
    int64_t trimmed_ms;
};

/* An entry was appended or read. */
void trim_saw(struct trim *trim, const struct order_place *place);

/* Is it time? */
bool trim_is_due(const struct trim *trim, const struct order_place *head, int64_t now_ms,
                 uint64_t quota_bytes);

/* The number up to which entries may go; 0: none. @applied: of each seat. */
uint64_t trim_floor(const struct trim *trim, const struct order_place *head,
                    const struct order_place *applied, size_t count, uint64_t quota_bytes);

/* Of a member's file: is so much, or more, of the quota used? */
bool trim_is_above(uint64_t used_bytes, uint64_t quota_bytes, unsigned percent);

void trim_done(struct trim *trim, const struct order_place *head, uint64_t floor, int64_t now_ms);

#endif
