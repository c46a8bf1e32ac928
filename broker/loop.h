/* The loop: sockets on one side, the router on the other. One thread, one context; carries out the router's
 * actions and knows nothing of what they are for.
 *
 * In this order: the ZAP handler, the back, the self-test, and only when a stranger was refused the front. */
#ifndef COMITY_BROKER_LOOP_H
#define COMITY_BROKER_LOOP_H

#include "broker/settings.h"
#include "core/key.h"

/* Descriptors that are not a client's: connections in the middle of their handshake, workers, the process's
 * own. */
enum { HANDSHAKES_MAX = 256, DESCRIPTORS_RESERVED = HANDSHAKES_MAX + 2 * ADMISSION_WORKERS_MAX + 64 };

struct loop;

struct loop_options {
    struct settings **settings; /* taken over, and cleared */
    const struct connection_key *key;
    size_t open_files; /* descriptors are below this number */
    int signal_fd;
    /* Read the settings again, for SIGHUP. 0 or an error with its sentence. */
    int (*reload)(void *context, struct settings **ret_settings, char reason[CONFIG_REASON_MAX]);
    void *context;
};

/* Open everything. 0, ERR_ADDRESS, ERR_CONFIG, ERR_MEMORY, ERR_INTERNAL (the self-test failed); @reason gets
 * one sentence. The settings are taken over in any case. */
int loop_new(const struct loop_options *options, struct loop **ret_loop, char reason[CONFIG_REASON_MAX]);
void loop_destroy(struct loop **loop);

/* Endpoints in effect. */
const char *loop_endpoint(const struct loop *loop, enum side side);

/* Serve until a signal asks for the end. 0, or ERR_INTERNAL where the sockets failed. */
int loop_run(struct loop *loop);

#endif
