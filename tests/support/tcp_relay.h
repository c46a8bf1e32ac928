/* A TCP relay for a test: a thread that passes bytes on between who connects to it and a port of this machine, and that can be
 * told to keep answers back and to cut. */
#ifndef COMITY_TESTS_SUPPORT_TCP_RELAY_H
#define COMITY_TESTS_SUPPORT_TCP_RELAY_H

#include <stdbool.h>

struct tcp_relay;

/* While it is set no answer comes through; once a client has sent something since, and @is_due says so, every connection is cut
 * and everything passes again. */
struct tcp_relay_trap {
    bool (*is_due)(void *context); /* asked again and again, on the relay's thread */
    void *context;
    bool is_deaf; /* what clients send meanwhile does not come through either */
};

/* Fails the test. */
struct tcp_relay *tcp_relay_start(int to_port);
void tcp_relay_end(struct tcp_relay **relay);
int tcp_relay_port(const struct tcp_relay *relay);
/* Connections that were made to it so far. */
unsigned tcp_relay_connections(struct tcp_relay *relay);

void tcp_relay_set_trap(struct tcp_relay *relay, const struct tcp_relay_trap *trap);
void tcp_relay_unset_trap(struct tcp_relay *relay); /* @is_due is not asked any more */
bool tcp_relay_is_sprung(struct tcp_relay *relay); /* it was set, and has cut */

#endif
