/* A whole local installation in one data directory: what `comity up` starts.
 *
 *   broker.ini worker.ini      configuration; made at the first start, yours to edit afterwards
 *   broker.key worker.key group.key log.key operator.key founding.token     secrets, 0600
 *   place.json                 what clients need to connect: to be handed out
 *   store/                     the worker's data
 *   run/                       what the daemons write when they are ready
 *   log/                       broker.log, worker.log, up.log
 *   lock                       held by the supervisor while it runs; its process id
 *
 * With several sites, each has broker.ini, worker.ini, broker.key, worker.key, place.json (its own broker
 * first), store/ and run/ in site-1/, site-2/, ...; the rest is there once, and besides (sites.h):
 *
 *   sites                      how many; written once all of their configuration is
 *   certificates/              of etcd's members and of the workers, and what signed them
 *   site-1/etcd.yaml site-1/etcd/    the member's configuration and data
 *   log/                       broker-1.log, worker-1.log, etcd-1.log, ... */
#ifndef COMITY_CLI_INSTALLATION_H
#define COMITY_CLI_INSTALLATION_H

#include "client/cli/context.h"
#include "core/key.h"

enum { INSTALLATION_REASON_MAX = 1024, SITES_MAX = 5 };

struct site {
    uint8_t broker_key[KEY_SIZE], worker_key[KEY_SIZE]; /* the public halves */
};

struct installation {
    char directory[PATH_BYTES]; /* absolute */
    char token[TOKEN_MAX_BYTES + 1];
    uint8_t group_key[KEY_SIZE], operator_key[KEY_SIZE];
    size_t site_count; /* 1: the site's files are in the directory itself */
    struct site sites[SITES_MAX];
};

/* Make what is missing; free ports are looked for when the configuration is made, and kept. @site_count: 1, 3
 * or 5; 0: as many as it was made with, 1 where it is new. 0, ERR_FILE, ERR_FILE_MODE, ERR_CONFIG (also where
 * it was made with another number of sites), ERR_DISK_FULL, ERR_ADDRESS, ... with one sentence. */
int installation_prepare(const char *directory, size_t site_count, struct installation *ret_installation,
                         char reason[INSTALLATION_REASON_MAX]);

/* How many sites the installation in this directory was made with; 0: there is none. */
size_t installation_sites(const char *directory);

/* Absolute path of a file in it, and of one of a site's files; sites are counted from 0. */
void installation_path(const struct installation *installation, const char *name, char ret_path[PATH_BYTES]);
void installation_site_path(const struct installation *installation, size_t site, const char *name,
                            char ret_path[PATH_BYTES]);

/* "DIRECTORY: what", translated. Returns the code. */
int installation_fail(char reason[INSTALLATION_REASON_MAX], int code, const char *path, const char *what);

/* A file of it, replaced whole. 0, ERR_FILE, ERR_DISK_FULL. */
int installation_write(const char *path, struct bytes content, mode_t mode,
                       char reason[INSTALLATION_REASON_MAX]);

/* Once the brokers are ready: where clients connect, by their own word, the first site's first. Writes
 * place.json, and that of each site. */
int installation_place(const struct installation *installation, struct place *ret_place,
                       char reason[INSTALLATION_REASON_MAX]);

/* An operator's context in @home for this installation: the one that is there, or a new one. */
int installation_context(const struct installation *installation, const struct place *place, const char *home,
                         struct arena *arena, struct context *ret_context,
                         char reason[INSTALLATION_REASON_MAX]);

/* The lock. ERR_STATE where a supervisor holds it (its process in *ret_pid), ERR_FILE. */
int installation_lock(const char *directory, int *ret_lock, long *ret_pid,
                      char reason[INSTALLATION_REASON_MAX]);

#endif
