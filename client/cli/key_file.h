/* What verbs about key files share. */
#ifndef COMITY_CLI_KEY_FILE_H
#define COMITY_CLI_KEY_FILE_H

#include "client/cli/cli.h"
#include "core/keyfile.h"

/* Public half, fingerprint and file, for people and in the document. */
void key_show(struct cli *cli, const char *path, const struct key_view *view);

/* The file that was given; else the context's, else the home's own. */
int key_path(struct cli *cli, const char *given, char ret_path[PATH_BYTES]);

/* Write a new key's file, under a passphrase where --protect or --new-passphrase-file asks for one, and show it. */
int key_file_make(struct cli *cli, const char *path, const struct signing_key *key);

#endif
