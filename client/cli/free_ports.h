/* Ports that nobody listens on. */
#ifndef COMITY_CLI_FREE_PORTS_H
#define COMITY_CLI_FREE_PORTS_H

#include <stddef.h>

enum { FREE_PORTS_MAX = 32 };

/* As many different ones of the loopback interface, below those that the kernel gives to who connects: so
 * they can be kept. 0, or ERR_ADDRESS: none is found. */
int free_ports_find(unsigned *ret_ports, size_t count);

#endif
