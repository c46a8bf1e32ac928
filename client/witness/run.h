/* The daemon: watches every history of the configuration until it is told to stop. The only file here that sleeps. */
#ifndef COMITY_CLIENT_WITNESS_RUN_H
#define COMITY_CLIENT_WITNESS_RUN_H

#include "client/witness/settings.h"

enum { RUN_REASON_MAX = 1024 };

/* Returns after SIGTERM or SIGINT. 0, ERR_STORE_IN_USE (another witness runs on the same state), or what is wrong, with one
 * sentence. */
int run_witness(const struct witness_settings *settings, const struct signing_key *key, char reason[RUN_REASON_MAX]);

#endif
