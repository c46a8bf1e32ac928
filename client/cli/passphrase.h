/* Passphrases as people type them: on the terminal without echo, or the line of a file for scripts. Never on the
 * command line or in the environment, where others can read them. */
#ifndef COMITY_CLI_PASSPHRASE_H
#define COMITY_CLI_PASSPHRASE_H

#include "client/cli/cli.h"

/* In memory that is locked, guarded and left out of a core dump. All zero: none. */
struct passphrase {
    char *text;
    size_t size;
};

void passphrase_release(struct passphrase *passphrase);
struct bytes passphrase_bytes(const struct passphrase *passphrase);

/* Of a key that is there: from the file of --passphrase-file, or asked on the terminal. @is_asked: it can be asked
 * again. ERR_PASSPHRASE where nobody can be asked, or nothing was typed; else what is wrong with the file. */
int passphrase_read(struct cli *cli, const char *path, struct passphrase *ret_passphrase, bool *ret_is_asked);

/* A new one of @what, as the question says: from the file of --new-passphrase-file, or asked for twice. */
int passphrase_choose(struct cli *cli, const char *what, struct passphrase *ret_passphrase);

/* A line that is a secret: up to @size - 1 bytes, without its end. @what: the file's name for the sentence. 0,
 * ERR_FILE, ERR_FILE_MODE, ERR_TOO_LARGE, each with a sentence. "-": standard input, of which no more is read. */
int secret_line_read(struct cli *cli, const char *path, char *buffer, size_t size, size_t *ret_size);

#endif
