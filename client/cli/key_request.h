/* Request files of `comity key request`: the public half of a new machine's key. Nothing in them is secret.
 *
 *   {"comity_key_request": 1, "key": HEX} */
#ifndef COMITY_CLI_KEY_REQUEST_H
#define COMITY_CLI_KEY_REQUEST_H

#include "client/cli/file.h"

/* 0, ERR_EXISTS, ERR_FILE, ERR_DISK_FULL, ERR_MEMORY. */
int key_request_write(const char *path, const uint8_t key[KEY_SIZE], struct arena *arena, char reason[FILE_REASON_MAX]);

/* 0, ERR_FILE, ERR_TOO_LARGE, ERR_MALFORMED, ERR_MISSING, ERR_VERSION, ERR_UNKNOWN_FIELD, ERR_MEMORY. @reason: of the first
 * two, which are of the file and not of what it says; else "". */
int key_request_read(const char *path, struct arena *arena, uint8_t ret_key[KEY_SIZE], char reason[FILE_REASON_MAX]);

#endif
