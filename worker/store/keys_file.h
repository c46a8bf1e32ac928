/* The file `keys`, beside data.mdb: the master under which the store wraps the keys of its texts. docs/storage.md,
 * "Erasure".
 *
 * Mode 0600, two slots of 4096 bytes, each
 *
 *   magic 8 bytes "CMTYKEYS" | generation u64 | master 32 | checksum 16 = BLAKE2b-128 of all before it | zeros
 *
 * Generation n lies in slot n % 2, from 1. The store says which one is in force; the other slot is all zeros, but for the
 * moments of a rotation. Each function opens the file by its path, and has synced it when it returns 0. */
#ifndef COMITY_WORKER_STORE_KEYS_FILE_H
#define COMITY_WORKER_STORE_KEYS_FILE_H

#include "core/bytes.h"

enum { MASTER_SIZE = 32, KEYS_SLOT_SIZE = 4096, KEYS_SLOTS = 2 };

/* Make the file if there is none, and give it the first master. 0, ERR_FILE (errno says why), ERR_DISK_FULL. */
int keys_file_create(const char *path, const uint8_t master[MASTER_SIZE]);

/* The generation that is in a slot. 0, ERR_NOT_FOUND (it is all zeros), ERR_CORRUPT (it is neither), ERR_FILE (errno
 * says why). */
int keys_file_read(const char *path, unsigned slot, uint64_t *ret_generation, uint8_t ret_master[MASTER_SIZE]);

/* Put a generation into its slot, over what is there. 0, ERR_DISK_FULL, ERR_STORE: what is in the slot is not known. */
int keys_file_write(const char *path, uint64_t generation, const uint8_t master[MASTER_SIZE]);

/* Overwrite the slot of a generation with zeros. 0, ERR_STORE: it may still be there. */
int keys_file_wipe(const char *path, uint64_t generation);

#endif
