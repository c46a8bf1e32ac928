/* A new signing key for the context, in a file of its own beside those that are there: keys/signing-2.key. The context
 * signs with it from the moment it is made, and with the one before again if nothing was done with it. */
#ifndef COMITY_CLI_NEXT_KEY_H
#define COMITY_CLI_NEXT_KEY_H

#include "client/cli/desk.h"
#include "core/key.h"

struct next_key {
    struct signing_key key;
    char path[PATH_BYTES];
    char before[PATH_BYTES]; /* the context's key file until now */
};

/* The connection that is open is closed: the next is the new key's. 0, or the failure filled in. */
int next_key_make(struct cli *cli, struct next_key *ret_next);
/* After the act that brought it in, which came to @code: wipes the seed, and undoes it all where the act was surely not
 * carried out. */
void next_key_end(struct cli *cli, struct next_key *next, int code);

#endif
