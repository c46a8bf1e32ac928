/* The head on disk, beside the journal's files of its history:
 *
 *   checkpoint    the signed note, as it came
 *   fork-<size of the head>-<size of the other>-<first 8 digits of the other's root>
 *                 the evidence: what is wrong in a sentence, both notes, the proof as it was given */
#ifndef COMITY_CLIENT_LIB_HEAD_FILE_H
#define COMITY_CLIENT_LIB_HEAD_FILE_H

#include "client/lib/head.h"

enum { FORK_PATH_MAX = 4096 };

/* Where it lies, and the log keys that are known: what was signed by one of them and does not fit any more is damaged. */
struct head_place {
    const char *journal;
    const uint8_t *history;
    const uint8_t (*log_keys)[KEY_SIZE];
    size_t key_count;
};

/* 0; ERR_NOT_FOUND (none was kept); ERR_CORRUPT; ERR_FILE, ERR_FILE_MODE, ERR_MEMORY. */
int head_load(const struct head_place *place, struct head *ret_head);

/* Keep @head, durably, in place of what is there: in one step, for several processes of one home may keep theirs
 * at once. It replaces nothing but what is damaged and what the caller has proved that it goes on from: @known (size 0:
 * nothing), or something earlier. 0; ERR_STALE (another process has kept something else meanwhile, which stays:
 * *ret_kept); ERR_FILE, ERR_FILE_MODE, ERR_DISK_FULL, ERR_MEMORY. */
int head_keep(const struct head_place *place, const struct head *known, const struct head *head, struct head *ret_kept);

/* Keep @head in place of @known, which it need not go on from: by a person's word. 0; ERR_STALE (something else is kept);
 * errors as head_keep. */
int head_replace(const struct head_place *place, const struct head *known, const struct head *head);

/* Of the checkpoints of receipts that are kept, the largest that @fits; what is damaged is passed over. 0; ERR_NOT_FOUND
 * (there is none); ERR_FILE, ERR_FILE_MODE, ERR_MEMORY. */
typedef bool head_fits_fn(const struct head *head, const void *context);
int head_of_receipts(const struct head_place *place, head_fits_fn *fits, const void *context, struct head *ret_head);

struct fork {
    const char *why;           /* one sentence */
    const struct head *head;   /* what was verified before */
    struct bytes other;        /* the note that does not go with it, as it came; empty: none was given */
    struct head other_head;    /* what it says; size 0: it cannot be read */
    const struct bytes *proof; /* as it was given */
    size_t count;
};

/* Keep the evidence. 0 and the file's path; the same evidence again: the same file. Errors as head_keep. */
int fork_keep(const char *journal, const uint8_t history[HISTORY_ID_SIZE], const struct fork *fork,
              char ret_path[FORK_PATH_MAX]);

#endif
