/* A member's own copy of the record: an export stream (proto/comity/v1/export.proto) of one history, checked
 * while it is written. It holds what the member may see, and it ends with the history's checkpoint; the
 * record `end`, which a worker signs, is not in it. */
#ifndef COMITY_CLI_RECORD_FILE_H
#define COMITY_CLI_RECORD_FILE_H

#include "comity/v1/event.pb-c.h"
#include "core/arena.h"

struct record_file;

struct record_totals {
    uint64_t events, bytes, withheld, purged;
};

/* @pins: keys that may sign the checkpoint; they and the arena outlive the file. ERR_EXISTS, ERR_FILE (errno
 * says why), ERR_MEMORY. */
int record_file_new(const char *path, const uint8_t history[HISTORY_ID_SIZE], const uint8_t (*pins)[KEY_SIZE],
                    size_t pin_count, struct arena *arena, struct record_file **ret_file);

/* The next event. ERR_CORRUPT where it is another's, out of order, or does not fit its hashes. */
int record_file_add(struct record_file *file, const Comity__V1__EventRecord *record);

/* @cosignatures: of witnesses, as they were answered; those of a longer tree are left out. Whoever reads the file checks them.
 * ERR_RECEIPT where the checkpoint is nobody's that is pinned, or of another tree. */
int record_file_end(struct record_file *file, struct bytes checkpoint,
                    Comity__V1__Cosignature *const *cosignatures, size_t count);

struct record_totals record_file_totals(const struct record_file *file);

/* Synced and given its name, or removed. ERR_FILE, ERR_DISK_FULL. NULL-safe. */
int record_file_close(struct record_file **file, bool is_good);

#endif
