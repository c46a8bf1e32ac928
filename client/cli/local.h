/* What runs of a local installation, and how it comes up: a broker and a worker, of each of several sites
 * also a member of etcd, as children of a supervisor. */
#ifndef COMITY_CLI_LOCAL_H
#define COMITY_CLI_LOCAL_H

#include "client/cli/cli.h"
#include "client/cli/installation.h"
#include "client/cli/supervisor.h"

enum { LOCAL_PARTS_MAX = 3 * SITES_MAX, PART_NAME_BYTES = 24 };

/* What a row of the supervisor points to. */
struct part {
    char name[PART_NAME_BYTES]; /* "broker"; of several sites "broker-1" */
    char program[PATH_BYTES], config[PATH_BYTES], log[PATH_BYTES], ready[PATH_BYTES];
    const char *arguments[4];
};

struct local {
    struct installation installation;
    char own_log[PATH_BYTES];
    struct part parts[LOCAL_PARTS_MAX];
    struct supervised rows[LOCAL_PARTS_MAX];
    size_t count;
    struct place place;     /* once the brokers run */
    struct context context; /* the operator's */
    bool is_founded;        /* a history is there */
    bool is_missed[SITES_MAX];             /* not all of the site has started, */
    char missed[SITES_MAX][WHAT_MAX];      /* and what people are told of it */
};

/* Everything up to the point where all is well and needs only to be kept so: makes what is missing, starts
 * all, and asks the worker. As long as most sites are there, one whose member of etcd or worker does not start is missed,
 * and is no failure. @site_count: as for installation_prepare. *ret_supervisor is there also on
 * failure, where it is not NULL. 0, or an error with a sentence in @cli. */
int local_start(struct cli *cli, const char *directory, size_t site_count, bool is_detached,
                struct local *local, struct supervisor **ret_supervisor);

#endif
