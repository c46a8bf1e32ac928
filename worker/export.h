/* The export stream: writing a store or one history of it to a file, and making a store from such a file.
 * The format is proto/comity/v1/export.proto and docs/storage.md, "The export stream".
 *
 * Export can run beside a worker (store_options.is_read_only). It reads in short transactions; of a store that has a place
 * in its group's log in one, so that the stream is the state right behind an entry, to the last row. Restore trusts
 * nothing in the file: it checks every part, commitment, signature and checkpoint, decides every command
 * again beside applying, and stops at the first difference. Nothing is left in the data directory unless all
 * of it held. */
#ifndef COMITY_WORKER_EXPORT_H
#define COMITY_WORKER_EXPORT_H

#include <stdatomic.h>

#include "core/daemon/export_stream.h"
#include "core/key.h"
#include "worker/store/store.h"

enum {
    EXPORT_FORMAT = 1,
    EXPORT_REASON_MAX = 512,
};

/* What was written or read so far, and in all. */
struct export_totals {
    uint32_t histories;
    uint64_t events;
    uint64_t commands;
    uint64_t bytes;
    struct store_entry place; /* behind which the stream is; number 0: it states none */
};

/* Called now and then, and once at the end. */
typedef void export_progress_fn(void *context, const struct export_totals *totals);

struct export_options {
    struct store *store;
    const uint8_t *history;            /* HISTORY_ID_SIZE; NULL: every history of the store */
    const struct signing_key *log_key; /* must be the latest on record in each history */
    int64_t time_ms;                   /* Unix time, for the header */
    const atomic_bool *stops;          /* true: end soon, with ERR_BUSY; may be NULL */
    export_progress_fn *progress;      /* may be NULL */
    stream_cipher_fn *cipher;          /* may be NULL: the stream is written as it is */
    void *context;
};

/* Write the stream to @descriptor, which is neither synced nor closed. 0, ERR_HISTORY, ERR_CONFIG (another
 * log key), ERR_FILE, ERR_DISK_FULL, ERR_CORRUPT, ERR_MEMORY; ERR_BUSY: others of this process waited for the one transaction to
 * end, begin anew. @reason: one sentence, what is wrong and what to do. */
int export_write(const struct export_options *options, int descriptor, struct export_totals *ret_totals,
                 char reason[EXPORT_REASON_MAX]);

/* The same to a new file of mode 0600: whole and synced, or not there. ERR_EXISTS where there is one. */
int export_write_file(const struct export_options *options, const char *path,
                      struct export_totals *ret_totals, char reason[EXPORT_REASON_MAX]);

struct restore_options {
    const char *directory; /* data directory; made where there is none; must hold no store */
    uint64_t map_limit_bytes;
    const uint8_t *group;              /* GROUP_ID_SIZE; must be the stream's */
    const struct signing_key *log_key; /* signs checkpoints from the new epoch on */
    const struct store_entry *joins;   /* NULL: a restore. Else no epoch is opened, and the store is to have this place, which the
                                        * stream has to state; log_key has to be its log key */
    int64_t time_ms;                   /* Unix time of the events that open the epochs, if it is not behind */
    unsigned clock_ahead_days;         /* how far time_ms may be ahead of the newest event; 0: no limit */
    bool accepts_clock;                /* time_ms is right, whatever the events say */
    export_progress_fn *progress;      /* may be NULL */
    void *context;
};

/* Make a store from a stream and open a new epoch in each of its histories. 0, ERR_EXISTS (the directory
 * holds a store), ERR_STORE_IN_USE, ERR_MALFORMED, ERR_VERSION, ERR_CONFIG (another group's; a wrong clock), ERR_SIGNATURE,
 * ERR_RECEIPT, ERR_CORRUPT (a difference; the reason names the event), ERR_FILE, ERR_DISK_FULL,
 * ERR_STORE_FULL, ERR_MEMORY. On failure no store is left. */
int restore_read(const struct restore_options *options, int descriptor, struct export_totals *ret_totals,
                 char reason[EXPORT_REASON_MAX]);
int restore_read_file(const struct restore_options *options, const char *path,
                      struct export_totals *ret_totals, char reason[EXPORT_REASON_MAX]);

/* The place that a stream states: what can be said of a file before anything is made of it. Of the options group and log_key
 * count. 0; ERR_NOT_FOUND: it states none; else as restore_read. */
int export_read_place(const struct restore_options *options, const char *path, struct store_entry *ret_place,
                      char reason[EXPORT_REASON_MAX]);
/* The same, and the file is read to its end, in little memory: it is whole, and as log_key has signed it.
 * What its events are worth is for whoever takes them in. progress counts too. */
int export_read_whole(const struct restore_options *options, const char *path, struct store_entry *ret_place,
                      char reason[EXPORT_REASON_MAX]);

#endif
