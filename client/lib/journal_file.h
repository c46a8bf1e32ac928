/* Files of the journal's directories: each is there whole or not at all, durably, for its owner alone. */
#ifndef COMITY_CLIENT_LIB_JOURNAL_FILE_H
#define COMITY_CLIENT_LIB_JOURNAL_FILE_H

#include "core/bytes.h"

enum {
    JOURNAL_FILE_MAX_BYTES = 1024 * 1024,
    JOURNAL_HISTORY_HEX = 2 * HISTORY_ID_SIZE,
    JOURNAL_NAME_SIZE = 96
};

/* What the name of a signed command's file ends with; and what is in that of a receipt's, before its epoch. */
#define JOURNAL_SUFFIX_COMMAND ".command"
#define JOURNAL_SUFFIX_RECEIPT ".receipt-"
#define JOURNAL_SUFFIX_REFUSED ".refused"
/* And of the one that says that a command waits to be sent, with what it says: no sending was begun; or one was. */
#define JOURNAL_SUFFIX_WAITING ".waiting"
#define JOURNAL_WAITING "waiting\n"
#define JOURNAL_WAITING_SENT "sent "

/* The name of one of a command's files. */
void journal_name_make(const uint8_t *id, const char *suffix, char ret_name[JOURNAL_NAME_SIZE]);

void journal_fd_close(int *fd);

/* Open a directory that is ours and that nobody else can read; make it first with @is_making. 0, ERR_FILE,
 * ERR_FILE_MODE, ERR_DISK_FULL. */
int journal_directory_open(int at, const char *path, bool is_making, int *ret_fd);
/* The one of a history, in the journal's. */
int journal_history_open(const char *directory, const uint8_t *history, bool is_making, int *ret_fd);

/* 0, ERR_FILE, ERR_DISK_FULL. Put leaves what is there already. @kept_ns: the file's time; 0: now. */
int journal_file_put(int directory, const char *name, struct bytes bytes);
int journal_file_replace(int directory, const char *name, struct bytes bytes, int64_t kept_ns);
/* What can be had again, whole or torn: whoever reads it looks at a checksum. */
int journal_file_cache(int directory, const char *name, struct bytes bytes);

/* Durably. What is not there is gone already. */
int journal_file_remove(int directory, const char *name);

/* @ret_bytes is freed by the caller. 0, ERR_FILE, ERR_CORRUPT (no file of ours), ERR_MEMORY. */
int journal_file_get(int directory, const char *name, struct bytes *ret_bytes, int64_t *ret_kept_ns);

#endif
