/* The export stream: writing a store or one history of it to a file, and making a store from such a file.
 * The format is proto/comity/v1/export.proto and docs/storage.md, "The export stream".
 *
 * Export reads in short transactions and can run beside a worker (store_options.is_read_only). Restore trusts
 * nothing in the file: it checks every part, commitment, signature and checkpoint, decides every command
 * again beside applying, and stops at the first difference. Nothing is left in the data directory unless all
 * of it held. */
#ifndef COMITY_WORKER_EXPORT_H
#define COMITY_WORKER_EXPORT_H

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
};

/* Called now and then, and once at the end. */
typedef void export_progress_fn(void *context, const struct export_totals *totals);

struct export_options {
    struct store *store;
    const uint8_t *history;            /* HISTORY_ID_SIZE; NULL: every history of the store */
    const struct signing_key *log_key; /* must be the latest on record in each history */
    int64_t time_ms;                   /* Unix time, for the header */
    export_progress_fn *progress;      /* may be NULL */
    void *context;
};

/* Write the stream to @descriptor, which is neither synced nor closed. 0, ERR_HISTORY, ERR_CONFIG (another
 * log key), ERR_FILE, ERR_DISK_FULL, ERR_CORRUPT, ERR_MEMORY. @reason: one sentence, what is wrong and what
 * to do. */
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

#endif
