/* What a witness has kept of one history: the latest checkpoint that it cosigned, under which key and epoch, and whether it
 * goes on. One small text file a history in the state directory.
 *
 *     comity witness state 1
 *     history HEX, log_key HEX, epoch N, note HEX, time N, signature HEX     one a line; the last two once it has cosigned
 *     forgotten yes                        its key had cosigned this without it: it cosigns no more until it is told to
 *     fork NAME, fork_epoch N              it saw a fork, and cosigns no more: the name of the folder with the evidence, and
 *                                          the epoch of what contradicts what was kept
 *     next_epoch N, next_log_key HEX, next_note HEX, next_holds N            a later epoch that it saw, and does not follow
 *                                          until it is told to
 *     check HEX                            SHA-256 of all lines before
 *
 * A file is replaced as a whole: written beside, synced, renamed, the directory synced. Whoever reads it, changes it and
 * writes it holds the state's lock. */
#ifndef COMITY_CLIENT_WITNESS_KEPT_H
#define COMITY_CLIENT_WITNESS_KEPT_H

#include "core/note.h"

enum { KEPT_EVIDENCE_MAX = 120, KEPT_PATH_MAX = 1200 };

struct kept {
    uint8_t history[HISTORY_ID_SIZE];
    uint8_t log_key[KEY_SIZE]; /* which signs the checkpoints of the epoch */
    uint32_t epoch;            /* 0: none yet; the first one that is shown is taken */
    char note[CHECKPOINT_MAX_BYTES]; /* the latest that was cosigned, as it came: what follows has to extend it */
    size_t note_size;                /* 0: none in this epoch */
    bool is_signed;                  /* false: it is the one by which the operator accepted the epoch */
    uint64_t size;                   /* out of the note */
    uint8_t root[HASH_SIZE];         /* out of the note */
    int64_t time_s;                  /* of the signature */
    uint8_t signature[SIGNATURE_SIZE];
    bool is_forgotten; /* the key had cosigned this, or more of an earlier epoch, and it was not kept here */
    char evidence[KEPT_EVIDENCE_MAX + 1]; /* empty: no fork was seen */
    uint32_t fork_epoch;                  /* with evidence: of what contradicts; the one that is kept, or a later one */
    uint32_t next_epoch;                  /* 0: none was seen */
    uint8_t next_log_key[KEY_SIZE];
    char next_note[CHECKPOINT_MAX_BYTES]; /* as it was seen first: from there on it is followed, once it is accepted */
    size_t next_note_size;
    uint64_t next_holds; /* it holds what was kept up to this number: `size` where nothing is lost */
};

/* Of a history of which nothing was kept yet. */
void kept_init(struct kept *kept, const uint8_t history[HISTORY_ID_SIZE], const uint8_t log_key[KEY_SIZE]);

/* A checkpoint that this witness cosigns, or has cosigned: note, size, root, time and signature. */
void kept_take(struct kept *kept, struct bytes note, const struct checkpoint *checkpoint, int64_t time_s,
               const uint8_t signature[SIGNATURE_SIZE]);

/* A later epoch that was seen: it is not followed yet. */
void kept_note_epoch(struct kept *kept, uint32_t epoch, const uint8_t log_key[KEY_SIZE], struct bytes note, uint64_t holds);
/* Is something of what was kept not in it? */
bool kept_loses(const struct kept *kept);
/* Follow it: what was kept of the epoch before goes. 0, ERR_CORRUPT (its note does not fit). */
int kept_follow_next(struct kept *kept);

/* Whether what was kept was signed with this key; true where nothing was cosigned. */
bool kept_is_by(const struct kept *kept, const uint8_t key[KEY_SIZE]);

/* 0, ERR_NOT_FOUND (nothing was kept yet), ERR_CORRUPT, ERR_FILE, ERR_FILE_MODE (others can write to it). */
int kept_load(const char *directory, const uint8_t history[HISTORY_ID_SIZE], struct kept *ret_kept);
/* 0, ERR_FILE, ERR_DISK_FULL: the file is then as it was. */
int kept_save(const char *directory, const struct kept *kept);

/* The text of the file, and back: for the file, and for fuzzing. ERR_CORRUPT. */
enum { KEPT_TEXT_MAX = 4096 };
size_t kept_write(const struct kept *kept, char buffer[KEPT_TEXT_MAX]);
int kept_read(struct bytes text, struct kept *ret_kept);

/* One after the other: whoever looks, decides and writes. 0, ERR_NOT_FOUND (there is no such directory), ERR_FILE. Returns a
 * descriptor to close. */
int kept_lock(const char *directory, int *ret_descriptor);

#endif
