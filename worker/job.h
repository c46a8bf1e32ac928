/* A job: one message in hand, from its arrival until its answer is sent, with all memory that it takes.
 *
 * The loop takes a job for each message and gives it back after sending the answer; in between it belongs to
 * whichever queue or thread holds it. The pool's limits on jobs and bytes in hand bound every queue of the
 * worker. */
#ifndef COMITY_WORKER_JOB_H
#define COMITY_WORKER_JOB_H

#include "comity/v1/link.pb-c.h"
#include "core/arena.h"
#include "core/command.h"
#include "core/frame.h"
#include "core/seal.h"

struct job {
    struct job *next; /* in whatever list it is */
    struct arena *arena;
    unsigned link;                           /* which broker it came from, */
    uint32_t generation;                     /* and over which of its connections */
    int64_t arrived_ms;                      /* steady clock */
    bool can_wait;                           /* of a client that is not known: others go first */
    struct frame_header header;              /* as it came */
    struct bytes frame;                      /* whole, in the arena */
    struct seal_session seal;                /* once the seal opened */
    struct command command;                  /* of a Submit that is to be ordered */
    bool has_leave;                          /* said to the broker: to read, or to have a command recorded */
    bool is_known;                           /* it has its answer already, and is asked for that again */
    bool is_asked;                           /* a query for which the log was asked (fresh.h): */
    bool is_fresh;                           /* the store has all that anybody had been told of before it came */
    int64_t wait_until_ms;                   /* while it waits for that: steady clock, */
    uint64_t wait_number;                    /* and the entry that has to be in the store */
    const Comity__V1__Cosign *cosign;        /* of a Cosign that is to be kept; NULL: it is something else */
    const Comity__V1__MoveAsk *move;         /* of a step of a move; NULL: it is a Submit, or a Cosign */
    struct bytes answer;                     /* the frame to send, in the arena or in short_answer */
    uint8_t short_answer[FRAME_HEADER_SIZE]; /* an ERROR needs no memory */
};

struct job_limits {
    size_t count; /* jobs in hand */
    size_t bytes; /* of their frames */
};

struct job_pool;

int job_pool_new(const struct job_limits *limits, struct job_pool **ret_pool); /* ERR_MEMORY */
/* Every job has been given back. */
void job_pool_destroy(struct job_pool **pool);
void job_pool_set_limits(struct job_pool *pool, const struct job_limits *limits);
size_t job_pool_in_hand(const struct job_pool *pool);

/* A job for a frame whose header was read. ERR_BUSY past a limit, ERR_MEMORY. Not thread-safe, nor is
 * job_give. */
int job_take(struct job_pool *pool, const struct frame_header *header, struct bytes frame,
             struct job **ret_job);
void job_give(struct job_pool *pool, struct job **job);

/* A list of jobs in order. */
struct job_list {
    struct job *first, *last;
    size_t count;
};

void job_list_add(struct job_list *list, struct job *job);
struct job *job_list_take(struct job_list *list);                   /* NULL where it is empty */
void job_list_append(struct job_list *list, struct job_list *rest); /* @rest is empty afterwards */

#endif
