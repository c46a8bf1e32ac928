/* Who signs a joint act: looked up in the record before anybody is asked to sign. */
#ifndef COMITY_CLI_COSIGNERS_H
#define COMITY_CLI_COSIGNERS_H

#include "client/cli/desk.h"

/* As many co-chairs as the charter asks for among @signer and the command's cosigners, of the signer's constituency and,
 * where it @is_joint, of every party; and nobody else but whom the command brings in. ERR_COSIGNERS names the
 * constituency that is missing; ERR_KEY_REVOKED, ERR_KEY_UNKNOWN and ERR_FORBIDDEN name whose key it is. 0 also where the
 * record cannot be asked: the worker looks again. */
int cosigners_check(struct cli *cli, const Comity__V1__Command *command, const uint8_t signer[KEY_SIZE],
                    bool is_joint);

/* The failure in words: the constituency needs so many of its co-chairs, and who they are. False where that cannot be
 * had. */
bool cosigners_tell_missing(struct cli *cli, const Comity__V1__Constituency *row, uint64_t needed);

/* The failure, of a cosigner at @index, in words: whose key, which --with file, and what to do. False where
 * there is none. */
bool cosigner_tell(struct cli *cli, const Comity__V1__Command *command, size_t index);

/* "Hal Holm and Ida Lund": the founders of whom the draft admits whose keys are not among those of --with.
 * NULL where there are none. */
const char *cosigners_absent_founders(struct cli *cli, const struct comity_draft *draft);

#endif
