/* Waiting until one of the context's brokers has a worker behind it; or saying how each of them stands. */
#ifndef COMITY_CLI_REACH_H
#define COMITY_CLI_REACH_H

#include "client/cli/cli.h"
#include "client/lib/comity.h"

/* 0: a broker of @client's, which is the desk's, can be asked. Ends early where none of them can be reached, or none is who it
 * should be. ERR_MOVED: comity_moved says where to. Else the failure is filled in: of a broker, of what the server shows
 * (ERR_FORKED), or of this machine. */
int reach_wait(struct cli *cli, struct comity *client, int64_t timeout_ms);

/* The first that can be asked says nothing of the others: wait until each of @client's brokers has shown how it stands, a fifth of
 * the run's timeout at the longest. */
void reach_settle(struct cli *cli, struct comity *client);

#endif
