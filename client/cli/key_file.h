/* What verbs about key files share. */
#ifndef COMITY_CLI_KEY_FILE_H
#define COMITY_CLI_KEY_FILE_H

#include "client/cli/cli.h"
#include "core/keyfile.h"

/* Public half, fingerprint and file, for people and in the document. */
void key_show(struct cli *cli, const char *path, const struct key_view *view);

/* The file that was given; else the context's, else the home's own. */
int key_path(struct cli *cli, const char *given, char ret_path[PATH_BYTES]);

/* Write a new key's file, under a passphrase where @is_locked, --protect or --new-passphrase-file asks for one. Fails with
 * a sentence. */
int key_file_write(struct cli *cli, const char *path, bool is_locked, const struct signing_key *key);
/* The same of a key that is to take another one's place, under a name that it does not keep. */
int key_file_write_next(struct cli *cli, const char *path, bool is_locked, const struct signing_key *key);

/* `has_passphrase` of the document; and, where people are told, that a new key's file has none. */
void key_file_tell_lock(struct cli *cli, const char *path, bool is_told);

/* A key that is there already is taken, though a new one under a passphrase was asked for: says it where it has none. */
void key_file_tell_taken(struct cli *cli, const char *path);

/* There is a file already. */
int key_file_refuse(struct cli *cli, const char *path);

/* Is a new key to be under a passphrase? */
bool key_file_wants_lock(const struct cli *cli);

/* The same, under a passphrase where --protect or --new-passphrase-file asks for one; and show it. */
int key_file_make(struct cli *cli, const char *path, const struct signing_key *key);

#endif
