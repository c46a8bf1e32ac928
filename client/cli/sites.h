/* What an installation has besides, where it has several sites on this machine: a member of etcd at each,
 * certificates, and the log of the workers that etcd keeps. */
#ifndef COMITY_CLI_SITES_H
#define COMITY_CLI_SITES_H

#include <stdio.h>

#include "client/cli/installation.h"

enum { SITE_NAME_BYTES = 16, SITE_PORTS = 5 };

/* Of the loopback interface. */
struct site_ports {
    unsigned front, back; /* the broker's */
    unsigned client, peer,
        health; /* the member's: for workers, for other members, and for whoever asks how it is */
};

/* [log] of a worker's configuration. */
void sites_put_log(const struct installation *installation, size_t site, const struct site_ports *ports,
                   FILE *file);

/* The configuration of each member, and last how many sites there are. As installation_write. */
int sites_write(const struct installation *installation, const struct site_ports *ports,
                char reason[INSTALLATION_REASON_MAX]);

/* Make the certificates, where there are none: by openssl's program, command by command. @run: one of them to
 * its end; 0 where it ended well, else an error that this returns. ERR_FILE with a sentence. */
typedef int sites_run(void *context, const char *const *arguments);
int sites_make_certificates(const struct installation *installation, sites_run *run, void *context,
                            char reason[INSTALLATION_REASON_MAX]);
/* Does the member take part: does it know a leader, and answer? Asked at its address for that; at most 2 s.
 */
bool site_member_is_healthy(const struct installation *installation, size_t site);

/* Has the site's worker a store? */
bool site_has_store(const struct installation *installation, size_t site);

#endif
