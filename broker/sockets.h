/* The broker's two ROUTER sockets, with every option that docs/architecture.md asks for, and what goes with
 * opening them: the monitors, and the test that the back refuses strangers. */
#ifndef COMITY_BROKER_SOCKETS_H
#define COMITY_BROKER_SOCKETS_H

#include "broker/settings.h"
#include "core/endpoint.h"
#include "core/key.h"

enum { MESSAGE_MAX_BYTES = 1024 * 1024 };

/* Open and bind one, with a monitor: a PAIR socket that tells of the descriptor that listens, and of connections that
 * were accepted and closed. @ret_endpoint: as it is in effect, with the port that a wildcard became. 0, ERR_ADDRESS
 * (in use, or not there now), ERR_CONFIG (no address at all), ERR_MEMORY; @reason gets one sentence. */
int socket_open(void *context, enum side side, const char *endpoint, const struct connection_key *key,
                void **ret_socket, void **ret_monitor, char ret_endpoint[ENDPOINT_MAX],
                char reason[CONFIG_REASON_MAX]);

/* The next event, and the descriptor that it is about. False where none waits. */
enum monitor_event { MONITOR_LISTENS, MONITOR_OPENED, MONITOR_CLOSED };
bool monitor_take(void *monitor, enum monitor_event *ret_event, int *ret_fd);

/* Knock at the back with a key that nobody has configured. @serve_zap answers what ZAP is asked meanwhile. 0
 * where it was refused for its key; ERR_INTERNAL where it was admitted or nobody judged it within
 * SELF_TEST_MS. */
enum { SELF_TEST_MS = 5000 };
int self_test(void *context, const char *back, const struct connection_key *key,
              void (*serve_zap)(void *argument), void *argument);

#endif
