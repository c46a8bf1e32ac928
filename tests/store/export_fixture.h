/* A scene whose record leaves as a stream and comes back elsewhere; and streams that were written by somebody
 * who has the log key, so that every hash and signature fits. */
#ifndef COMITY_TESTS_STORE_EXPORT_FIXTURE_H
#define COMITY_TESTS_STORE_EXPORT_FIXTURE_H

#include "scene.h"
#include "worker/export.h"
#include "core/daemon/export_stream.h"

enum { FIXTURE_COMMANDS_MAX = 512 };

struct fixture {
    struct scene scene;
    char file[SCRATCH_PATH_MAX];   /* the stream */
    char target[SCRATCH_PATH_MAX]; /* where it is restored */
    struct signing_key new_key;    /* there */
    const struct command *commands[FIXTURE_COMMANDS_MAX];
    struct bytes replies[FIXTURE_COMMANDS_MAX]; /* as they were given out */
    int codes[FIXTURE_COMMANDS_MAX];
    size_t count;
    char reason[EXPORT_REASON_MAX];
    struct export_totals totals;
};

int fixture_setup(void **state);
int fixture_teardown(void **state);

/* Run what was added and remember the answers; refusals too, which are kept. */
void run_and_remember(struct fixture *fixture);
/* Each command again: the answer has the same bytes. */
void replies_are_the_same(struct fixture *fixture);

int export_to(struct fixture *fixture, const uint8_t *history, const char *file);
struct restore_options restore_options(struct fixture *fixture);
int restore_from(struct fixture *fixture, const char *file);
/* No store, and nothing half made either: but an empty directory, by which a worker's start knows. */
void nothing_is_left(struct fixture *fixture);
/* Go on in the restored directory, as the worker that has the new key. */
void move_to_target(struct fixture *fixture);

/* The stream in fixture->file, record by record into one that takes its place. */
struct rewriting {
    struct fixture *fixture;
    struct arena *arena; /* of the record in hand */
    struct stream_source source;
    struct stream_sink sink;
};

/* Change the record; write others before it with sink_put. Returns whether it is written. */
typedef bool rewrite_fn(struct rewriting *rewriting, Comity__V1__ExportRecord *record, void *context);
/* The end record is made anew and signed with @signer. */
void rewrite(struct fixture *fixture, const struct signing_key *signer, rewrite_fn *edit, void *context);

/* Restoring the stream fails with @code and says @words. */
void restore_is_refused(struct fixture *fixture, int code, const char *words);

#endif
