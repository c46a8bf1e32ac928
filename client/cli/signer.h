/* Signing keys of a run. Files of members' keys are opened here alone, so that a passphrase is asked once a run, and
 * that what was opened is kept well: in memory that is not swapped out, and in no core dump. */
#ifndef COMITY_CLI_SIGNER_H
#define COMITY_CLI_SIGNER_H

#include "client/cli/cli.h"

/* The caller wipes the key. Fails with a sentence, of @next where there is no such file (NULL: who has lost it).
 * ERR_FILE, ERR_FILE_MODE, ERR_MALFORMED, ERR_VERSION, ERR_PASSPHRASE, ERR_RANGE, ERR_MEMORY. */
int signer_open(struct cli *cli, const char *path, const char *next, struct signing_key *ret_key);

/* The same; where there is no such file, it is made, with a new key. */
int signer_open_or_make(struct cli *cli, const char *path, struct signing_key *ret_key);

/* Whose key it is: needs no passphrase. */
int signer_public(struct cli *cli, const char *path, const char *next, uint8_t ret_public[KEY_SIZE]);

/* The passphrase of its file need not be asked for in this run: it was just set. */
void signer_keep(struct cli *cli, const struct signing_key *key);

/* From here to the end of the run a crash leaves no core dump, which a key would be in. The functions above see to it. */
void signer_forbid_dumps(void);

/* Wipe what was kept. NULL-safe. */
struct signers;
void signers_destroy(struct signers **signers);

#endif
