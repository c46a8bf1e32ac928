/* A whole local installation in one data directory: what `comity up` starts.
 *
 *   broker.ini worker.ini      configuration; made at the first start, yours to edit afterwards
 *   broker.key worker.key group.key log.key operator.key founding.token     secrets, 0600
 *   place.json                 what clients need to connect: to be handed out
 *   store/                     the worker's data
 *   run/                       what the daemons write when they are ready
 *   log/                       broker.log, worker.log, up.log
 *   lock                       held by the supervisor while it runs; its process id */
#ifndef COMITY_CLI_INSTALLATION_H
#define COMITY_CLI_INSTALLATION_H

#include "client/cli/context.h"
#include "core/key.h"

enum { INSTALLATION_REASON_MAX = 1024 };

struct installation {
    char directory[PATH_BYTES]; /* absolute */
    char token[TOKEN_MAX_BYTES + 1];
    uint8_t group_key[KEY_SIZE], broker_key[KEY_SIZE], worker_key[KEY_SIZE], operator_key[KEY_SIZE];
    bool is_new; /* the configuration was made just now */
};

/* Make what is missing; free ports are looked for when the configuration is made, and kept. 0, ERR_FILE,
 * ERR_FILE_MODE, ERR_CONFIG, ERR_DISK_FULL, ERR_ADDRESS, ... with one sentence. */
int installation_prepare(const char *directory, struct installation *ret_installation,
                         char reason[INSTALLATION_REASON_MAX]);

/* Absolute path of a file in it. */
void installation_path(const struct installation *installation, const char *name, char ret_path[PATH_BYTES]);

/* Once the broker is ready: where clients connect, by its own word. Writes place.json. */
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
