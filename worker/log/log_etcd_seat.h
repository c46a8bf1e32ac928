/* This worker's seat, and what the others' seats say: states, disputes, clocks. docs/adr/0029.
 *
 * The seat is put every 2 s, and the others' are read every 500 ms, as long as somebody takes these turns.
 * What comes of it is in the log: whether the worker has its seat, how its clock stands, and a fault where
 * another runs under its name or most workers have decided otherwise. One thread's; without the lock. */
#ifndef COMITY_WORKER_LOG_LOG_ETCD_SEAT_H
#define COMITY_WORKER_LOG_LOG_ETCD_SEAT_H

#include "worker/log/log_etcd_internal.h"

/* Starts as zeroes, with log and asking. */
struct seat_keeping {
    struct log_etcd *log;
    struct asking *asking;     /* the thread's: each call here uses its arena and its answer */
    int64_t seat_ms, seats_ms; /* not before: our seat is put, all are read */
    unsigned puts;
    bool has_seat, is_free; /* is_free: nobody runs who had it */
    int64_t changed;        /* mod_revision of our seat; 0: there is none */
    int64_t beat;           /* the last of a leader of our name that is another process; 0: there was none */
    int64_t since_ms; /* since when it is another's and still, as is such a leader, read without a gap */
    int64_t read_ms;  /* when it was read last as another's */
    unsigned moves;   /* how often it was put by another since we look */
};

/* What is due by now: put our seat, or take it where it is free or still; read the others', and judge by
 * them. */
void seat_turn(struct seat_keeping *keeping);

/* Put it though it is not due yet. */
void seat_put_now(struct seat_keeping *keeping);

/* At the end: who starts under this name need not wait, nor need the others for its clock. */
void seat_leave(struct seat_keeping *keeping);

/* For whoever wants the head and all seats: they are in asking->answer. False: etcd did not answer. */
bool seats_read(struct seat_keeping *keeping);

#endif
