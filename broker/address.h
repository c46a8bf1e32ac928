/* Where a connection comes from, as far as connections are counted by it: an IPv4 address, or the first 64
 * bits of an IPv6 address, which one household or one machine has to itself. Pure. */
#ifndef COMITY_BROKER_ADDRESS_H
#define COMITY_BROKER_ADDRESS_H

#include "core/bytes.h"

struct sockaddr;

struct address {
    uint8_t bytes[16]; /* IPv4 as ::ffff:a.b.c.d; all zeros: nowhere */
};

struct address address_of_text(const char *text); /* as ZAP says it: 192.0.2.1, 2001:db8::1, fe80::1%eth0 */
struct address address_of_socket(const struct sockaddr *socket);

/* As buckets of rates name it (core/daemon/rates.h): padded with zeros. */
void address_as_key(const struct address *address, uint8_t ret_key[KEY_SIZE]);

bool address_equal(const struct address *a, const struct address *b);
bool address_is_nowhere(const struct address *address);
bool address_is_ipv4(const struct address *address);
bool address_is_loopback(const struct address *address); /* this machine: a gateway, a proxy, anybody on it */

#endif
