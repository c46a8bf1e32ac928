/* The sieve: addresses whose packets the system drops before they become connections.
 *
 * A connection that is accepted and cut at once still costs libzmq a tenth of a millisecond. So an address that opens
 * connections too fast is kept out for a while by a filter at the listening socket (classic BPF, which any user may
 * attach): its SYN is lost, and whoever honest is behind that address comes through with one of the next, which TCP
 * sends by itself. Connections that are there already notice nothing. docs/adr/0027. */
#ifndef COMITY_BROKER_SIEVE_H
#define COMITY_BROKER_SIEVE_H

#include "broker/address.h"

enum {
    SIEVE_MOST = 64, /* addresses at one time; of more, each connection is cut by itself */
    SIEVE_MS = 250, /* for how long one is kept out: longer, and what it may open by then would come at once */
};

struct sieve {
    int fd; /* of the listening socket; -1: not known */
    size_t count;
    struct {
        struct address address;
        int64_t until_ms;
    } rows[SIEVE_MOST]; /* the oldest first */
};

void sieve_init(struct sieve *sieve);

/* What it is attached to. */
void sieve_listen(struct sieve *sieve, int fd);

/* Keep an address out. Nothing where there is no room. */
void sieve_add(struct sieve *sieve, const struct address *address, int64_t now_ms);

/* Let in again whose time is over; and when that is the next time, INT64_MAX for never. */
void sieve_tick(struct sieve *sieve, int64_t now_ms);
int64_t sieve_due_ms(const struct sieve *sieve);

#endif
