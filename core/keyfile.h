/* Key files: the one place in core that reads and writes files, because a secret's file and its rules belong
 * together (docs/adr/0003).
 *
 * A file is text, three lines or more:  `comity signing seed 1` or `comity connection key 1`, then
 * `public <64 hex digits>`, then `secret <64 hex digits>`. The public half must fit the secret.
 *
 * A signing seed that is kept under a passphrase has version 2 (docs/adr/0024), and is called locked:
 *
 *   comity signing seed 2
 *   public <64 hex digits>
 *   argon2id <passes> <KiB of memory>
 *   salt <32 hex digits>
 *   nonce <48 hex digits>
 *   sealed <96 hex digits>      XChaCha20-Poly1305 of the seed, with `comity signing seed 2` 00 and the public half
 *
 * Files are made with mode 0600, never over an existing one; refused when group or others have any permission, when
 * it is not a regular file, or when it is another user's. Read through one file descriptor that was checked. */
#ifndef COMITY_CORE_KEYFILE_H
#define COMITY_CORE_KEYFILE_H

#include "core/key.h"
#include "core/passphrase.h"

/* What anybody who may read a file of a signing seed sees of it. Of a locked one nothing is proved before it is opened. */
struct key_view {
    uint8_t public_key[KEY_SIZE];
    bool is_locked;
    struct lock_cost cost; /* where it is */
};

/* How a seed is to be kept. */
struct key_lock {
    struct bytes passphrase;
    struct lock_cost cost;
};

/* 0, ERR_FILE (errno says why), ERR_FILE_MODE, ERR_MALFORMED, ERR_VERSION, ERR_PASSPHRASE (it is locked). */
int signing_key_load(const char *path, struct signing_key *ret_key);
int connection_key_load(const char *path, struct connection_key *ret_key);

/* The same with a passphrase, which a file that is not locked does not need. Further: ERR_PASSPHRASE (it does not open
 * it, or it was altered), ERR_RANGE (to open it would cost more than is taken), ERR_MEMORY. */
int signing_key_open(const char *path, struct bytes passphrase, struct signing_key *ret_key);

/* Without a passphrase. */
int signing_key_peek(const char *path, struct key_view *ret_view);

/* 0, ERR_EXISTS, ERR_FILE, ERR_DISK_FULL (errno says more). Written to a temporary file, synced, then linked into place. */
int signing_key_save(const char *path, const struct signing_key *key);
int connection_key_save(const char *path, const struct connection_key *key);

/* @lock NULL: not under a passphrase. Further: ERR_RANGE, ERR_MEMORY. */
int signing_key_save_locked(const char *path, const struct signing_key *key, const struct key_lock *lock);

/* In place of the one that is there, in one step: at every moment one of the two is there, whole. What was there is then
 * overwritten as far as the file system writes in place. As signing_key_save_locked, and what signing_key_load says
 * of the file that is there. */
int signing_key_replace(const char *path, const struct signing_key *key, const struct key_lock *lock);

/* The same with a key file that is there already, under another name. */
int signing_key_move(const char *from, const char *path);

/* Load, or make and save where there is none. */
int signing_key_load_or_create(const char *path, struct signing_key *ret_key);
int connection_key_load_or_create(const char *path, struct connection_key *ret_key);

#endif
