/* Where a socket listens or connects: "tcp://HOST:PORT", in printable ASCII without blanks, quotes, `;` or
 * `\`, so that it can stand in a configuration and in a log line as it is.
 *
 * To connect, HOST is a name of the DNS, an IPv4 address, or an IPv6 address in brackets. To listen, it is an
 * address, an interface's name, or `*` for all; and PORT may be `*` for a free one. Pure: whether there is
 * such a host or interface is seen when it is used. */
#ifndef COMITY_CORE_ENDPOINT_H
#define COMITY_CORE_ENDPOINT_H

#include "core/bytes.h"

enum { ENDPOINT_MAX = 256, INTERFACE_NAME_MAX = 15 };

enum endpoint_use { ENDPOINT_LISTEN, ENDPOINT_CONNECT };

struct endpoint {
    char host[ENDPOINT_MAX]; /* as it is written, brackets and all */
    uint16_t port;           /* 0: `*` */
    bool is_address;         /* IPv4 or IPv6: neither a name nor `*` */
    bool is_any;             /* stands for every address of the machine */
};

/* 0, or ERR_ADDRESS and in *ret_why what it is to be: "tcp://ADDRESS:PORT, ..." */
int endpoint_parse(const char *text, enum endpoint_use use, struct endpoint *ret_endpoint,
                   const char **ret_why);

/* Both to listen: one of them would not get its address. */
bool endpoint_collides(const struct endpoint *a, const struct endpoint *b);

#endif
