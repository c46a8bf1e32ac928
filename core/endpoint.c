#include "core/endpoint.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "core/error.h"

enum { HOST_LABEL_MAX = 63, HOST_NAME_MAX_BYTES = 253, PORT_DIGITS_MAX = 5, PORT_MAX = 65535 };

static const char FORM_CONNECT[] = "tcp://HOST:PORT";
static const char FORM_LISTEN[] =
    "tcp://ADDRESS:PORT, the address a number, the name of an interface or * for all";
static const char PORT_CONNECT[] = "tcp://HOST:PORT with a port of 1 to 65535";
static const char PORT_LISTEN[] = "tcp://ADDRESS:PORT with a port of 1 to 65535, or * for a free one";
static const char NOT_PLAIN[] = "tcp://HOST:PORT in printable ASCII, without blanks, quotes, ; and \\";

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_plain(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text < 0x21 || *text > 0x7e || strchr("\"'`;\\", *text) != NULL)
            return false;
    return true;
}

/* RFC 1123 2.1, with underscores, which people use. A last label of digits alone would be an address. */
static bool is_host_name(const char *host)
{
    size_t label = 0;
    bool has_letter = false;

    if (strlen(host) > HOST_NAME_MAX_BYTES)
        return false;
    for (const char *c = host; *c != '\0'; c++) {
        if (*c == '.') {
            if (label == 0 || c[-1] == '-')
                return false;
            if (c[1] == '\0') /* a name may end in the root's dot */
                break;
            label = 0;
            has_letter = false;
            continue;
        }
        bool is_inner = *c == '-' || *c == '_';
        if ((!is_letter(*c) && !is_digit(*c) && !is_inner) || (*c == '-' && label == 0) ||
            ++label > HOST_LABEL_MAX)
            return false;
        has_letter |= !is_digit(*c);
    }
    return *host != '\0' && host[strlen(host) - 1] != '-' && has_letter;
}

/* eth0, br-lan, eth0.100; a name whose last label begins with a letter (example.org) is a host's. */
static bool is_interface(const char *host)
{
    size_t length = strlen(host);
    const char *dot = strrchr(host, '.');

    if (length == 0 || length > INTERFACE_NAME_MAX || strcmp(host, "localhost") == 0)
        return false;
    for (const char *c = host; *c != '\0'; c++)
        if (!is_letter(*c) && !is_digit(*c) && strchr("-_.", *c) == NULL)
            return false;
    return is_letter(host[0]) && (dot == NULL || is_digit(dot[1]));
}

/* In brackets; behind a % the interface of a link-local one. */
static bool is_ipv6(const char *host, bool *ret_is_any)
{
    char text[INET6_ADDRSTRLEN + 1];
    struct in6_addr address;
    size_t length = strlen(host);

    if (length < 3 || host[0] != '[' || host[length - 1] != ']')
        return false;
    const char *zone = strchr(host, '%');
    size_t size = (zone != NULL ? (size_t) (zone - host) : length - 1) - 1;
    if (size >= sizeof(text) || (zone != NULL && (zone[1] == ']' || length > ENDPOINT_MAX - 1)))
        return false;
    memcpy(text, host + 1, size);
    text[size] = '\0';
    if (inet_pton(AF_INET6, text, &address) != 1)
        return false;
    *ret_is_any = memcmp(&address, &in6addr_any, sizeof(address)) == 0;
    return true;
}

static int take_host(const char *host, enum endpoint_use use, struct endpoint *endpoint)
{
    struct in_addr address;
    bool is_any = false;

    memcpy(endpoint->host, host, strlen(host) + 1);
    if (inet_pton(AF_INET, host, &address) == 1) {
        endpoint->is_address = true;
        endpoint->is_any = address.s_addr == INADDR_ANY;
        return 0;
    }
    if (is_ipv6(host, &is_any)) {
        endpoint->is_address = true;
        endpoint->is_any = is_any;
        return 0;
    }
    if (use == ENDPOINT_CONNECT)
        return is_host_name(host) ? 0 : ERR_ADDRESS;
    endpoint->is_any = strcmp(host, "*") == 0;
    return endpoint->is_any || is_interface(host) ? 0 : ERR_ADDRESS;
}

static int take_port(const char *text, enum endpoint_use use, uint16_t *ret_port)
{
    size_t length = strlen(text);

    if (use == ENDPOINT_LISTEN && strcmp(text, "*") == 0) {
        *ret_port = 0;
        return 0;
    }
    if (length == 0 || length > PORT_DIGITS_MAX || text[0] == '0' || strspn(text, "0123456789") != length)
        return ERR_ADDRESS;
    long port = strtol(text, NULL, 10);
    if (port > PORT_MAX)
        return ERR_ADDRESS;
    *ret_port = (uint16_t) port;
    return 0;
}

int endpoint_parse(const char *text, enum endpoint_use use, struct endpoint *ret_endpoint,
                   const char **ret_why)
{
    static const char SCHEME[] = "tcp://";
    struct endpoint endpoint = {0};
    char host[ENDPOINT_MAX];
    bool is_listen = use == ENDPOINT_LISTEN;

    *ret_why = is_plain(text) ? (is_listen ? FORM_LISTEN : FORM_CONNECT) : NOT_PLAIN;
    const char *colon = strrchr(text, ':');
    if (!is_plain(text) || strncmp(text, SCHEME, strlen(SCHEME)) != 0 || strlen(text) >= ENDPOINT_MAX ||
        colon < text + strlen(SCHEME))
        return ERR_ADDRESS;
    size_t size = (size_t) (colon - text) - strlen(SCHEME);
    memcpy(host, text + strlen(SCHEME), size);
    host[size] = '\0';
    if (take_host(host, use, &endpoint) != 0)
        return ERR_ADDRESS;
    *ret_why = is_listen ? PORT_LISTEN : PORT_CONNECT;
    if (take_port(colon + 1, use, &endpoint.port) != 0)
        return ERR_ADDRESS;
    *ret_endpoint = endpoint;
    return 0;
}

bool endpoint_collides(const struct endpoint *a, const struct endpoint *b)
{
    return a->port != 0 && a->port == b->port && (a->is_any || b->is_any || strcmp(a->host, b->host) == 0);
}
