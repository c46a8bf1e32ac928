#include "client/cli/free_ports.h"

#include <arpa/inet.h>
#include <sodium.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/error.h"

enum { PORT_LEAST = 10240, PORT_MOST = 32000, TRIES_MAX = 1000 };

/* The socket that holds it; -1: it is somebody's. */
static int hold(unsigned port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t) port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int held = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (held >= 0 && bind(held, (struct sockaddr *) &address, sizeof(address)) == 0)
        return held;
    if (held >= 0)
        close(held);
    return -1;
}

int free_ports_find(unsigned *ret_ports, size_t count)
{
    int held[FREE_PORTS_MAX];
    size_t found = 0;

    if (count > FREE_PORTS_MAX)
        return ERR_ADDRESS;
    /* All are held until all are known. */
    for (int tries = 0; found < count && tries < TRIES_MAX; tries++) {
        ret_ports[found] = PORT_LEAST + randombytes_uniform(PORT_MOST - PORT_LEAST);
        held[found] = hold(ret_ports[found]);
        found += held[found] >= 0;
    }
    for (size_t i = 0; i < found; i++)
        close(held[i]);
    return found == count ? 0 : ERR_ADDRESS;
}
