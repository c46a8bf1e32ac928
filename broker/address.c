#include "broker/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

enum { NETWORK_BYTES = 8, MAPPED_BYTES = 12, TEXT_MAX = 64 };

static const uint8_t MAPPED[MAPPED_BYTES] = {[10] = 0xff, [11] = 0xff};
static const struct address NOWHERE;

static struct address of_ipv4(const void *four)
{
    struct address address;
    memcpy(address.bytes, MAPPED, MAPPED_BYTES);
    memcpy(address.bytes + MAPPED_BYTES, four, sizeof(address.bytes) - MAPPED_BYTES);
    return address;
}

static struct address of_ipv6(const struct in6_addr *sixteen)
{
    struct address address;
    memcpy(address.bytes, sixteen, sizeof(address.bytes));
    if (!IN6_IS_ADDR_V4MAPPED(sixteen) && !IN6_IS_ADDR_LOOPBACK(sixteen))
        memset(address.bytes + NETWORK_BYTES, 0, sizeof(address.bytes) - NETWORK_BYTES);
    return address;
}

struct address address_of_text(const char *text)
{
    char bare[TEXT_MAX];
    struct in_addr four;
    struct in6_addr sixteen;
    size_t size = strcspn(text, "%"); /* the interface of a link-local one */
    if (size >= sizeof(bare))
        return NOWHERE;
    memcpy(bare, text, size);
    bare[size] = '\0';
    if (inet_pton(AF_INET, bare, &four) == 1)
        return of_ipv4(&four);
    return inet_pton(AF_INET6, bare, &sixteen) == 1 ? of_ipv6(&sixteen) : NOWHERE;
}

struct address address_of_socket(const struct sockaddr *socket)
{
    if (socket->sa_family == AF_INET)
        return of_ipv4(&((const struct sockaddr_in *) (const void *) socket)->sin_addr);
    if (socket->sa_family == AF_INET6)
        return of_ipv6(&((const struct sockaddr_in6 *) (const void *) socket)->sin6_addr);
    return NOWHERE;
}

void address_as_key(const struct address *address, uint8_t ret_key[KEY_SIZE])
{
    memset(ret_key, 0, KEY_SIZE);
    memcpy(ret_key, address->bytes, sizeof(address->bytes));
}

bool address_equal(const struct address *a, const struct address *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool address_is_nowhere(const struct address *address)
{
    return address_equal(address, &NOWHERE);
}

bool address_is_ipv4(const struct address *address)
{
    return memcmp(address->bytes, MAPPED, MAPPED_BYTES) == 0;
}

bool address_is_loopback(const struct address *address)
{
    static const struct address LOOPBACK = {.bytes = {[15] = 1}};
    return address_equal(address, &LOOPBACK) || (address_is_ipv4(address) && address->bytes[MAPPED_BYTES] == 127);
}
