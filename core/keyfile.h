/* Key files: the one place in core that reads and writes files, because a secret's file and its rules belong
 * together (docs/adr/0003).
 *
 * A file is text, three lines or more:  `comity signing seed 1` or `comity connection key 1`, then
 * `public <64 hex digits>`, then `secret <64 hex digits>`. The public half must fit the secret. Made with mode
 * 0600, never over an existing file; refused when group or others have any permission, when it is not a
 * regular file, or when it is another user's. Read through one file descriptor that was checked. */
#ifndef COMITY_CORE_KEYFILE_H
#define COMITY_CORE_KEYFILE_H

#include "core/key.h"

/* 0, ERR_FILE (errno says why), ERR_FILE_MODE, ERR_MALFORMED, ERR_VERSION. */
int signing_key_load(const char *path, struct signing_key *ret_key);
int connection_key_load(const char *path, struct connection_key *ret_key);

/* 0, ERR_EXISTS, ERR_FILE. Written to a temporary file, synced, then linked into place. */
int signing_key_save(const char *path, const struct signing_key *key);
int connection_key_save(const char *path, const struct connection_key *key);

/* Load, or make and save where there is none. */
int signing_key_load_or_create(const char *path, struct signing_key *ret_key);
int connection_key_load_or_create(const char *path, struct connection_key *ret_key);

#endif
