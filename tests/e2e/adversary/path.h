/* The path of a worker from a frame to its answer, in one process: seal, form, texts, signatures (service),
 * then decide and commit on a real store (batch). What the loop and its threads do between these is left out:
 * they move jobs.
 *
 * Time is the test's; salts come from a seed, so that two paths that are given the same commands hold the
 * same events to the byte. A failure of the machinery ends the program. */
#ifndef COMITY_TESTS_ADVERSARY_PATH_H
#define COMITY_TESTS_ADVERSARY_PATH_H

#include "tests/store/scratch.h"
#include "worker/batch.h"
#include "worker/service.h"

enum { PATH_ORDERED_MAX = 512 };
#define PATH_TOKEN "a founding token"

/* What came back: an ERROR frame (of which nobody vouches), or a sealed refusal, receipt or WELCOME. */
struct path_answer {
    bool is_error_frame, was_ordered;
    int code; /* 0: accepted */
    char field[FIELD_PATH_MAX];
    uint64_t sequence;   /* of a receipt */
    struct bytes packed; /* the Reply without its padding, where it was ordered; a Welcome */
};
/* @tag: as it was given to path_send. The answer lives until the visitor returns. */
typedef void path_answer_fn(void *context, void *tag, const struct path_answer *answer);

struct path {
    char directory[SCRATCH_PATH_MAX];
    int64_t now_ms;
    uint64_t random, requests;
    struct signing_key log_key;
    struct connection_key group_key, client_key;
    struct seal_session seal; /* the client's end */
    struct service service;
    struct clock clock;
    struct batch_runner *runner;
    struct job_pool *jobs;
    struct arena *arena; /* of one answer */
    struct {
        struct job *job;
        void *tag;
    } ordered[PATH_ORDERED_MAX];
    size_t ordered_count;
    path_answer_fn *answered;
    void *context;
};

void path_begin(struct path *path, int64_t now_ms, path_answer_fn *answered, void *context);
void path_end(struct path *path);

/* The header of the next frame: REQUEST or HELLO. */
struct frame_header path_header(struct path *path, uint8_t type, const uint8_t *history, const uint8_t *id);
/* Seal a body, and pack the frame in the arena. */
struct bytes path_frame(struct path *path, const struct frame_header *header, struct bytes plain,
                        struct arena *arena);
/* One frame as the worker gets it: answered at once, or at the next flush. */
void path_send(struct path *path, struct bytes frame, void *tag);
/* Run what was ordered as one batch; also where nothing was. */
void path_flush(struct path *path);

/* The state and the record, read as a query reads them. */
struct path_read {
    struct store_txn *txn;
    struct store_history history;
    struct view view;
    bool is_founded;
};
void path_read_begin(struct path *path, const uint8_t history[HISTORY_ID_SIZE], struct path_read *ret_read);
void path_read_end(struct path_read *read);

/* Ends the program with a sentence. */
void path_need(bool holds, const char *what);

#endif
