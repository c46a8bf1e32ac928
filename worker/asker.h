/* Asking another worker of the same group over a broker's front, as a client does: the little of a client
 * that a worker needs that joins. One question at a time, sealed; whoever answers has the group's key. By one
 * thread. */
#ifndef COMITY_WORKER_ASKER_H
#define COMITY_WORKER_ASKER_H

#include "comity/v1/link.pb-c.h"
#include "core/arena.h"
#include "core/key.h"
#include "core/seal.h"

/* What a frame says in answer to a request, opened by the client's end of the seal. 0: *ret_reply lives in
 * the arena; ERR_NOT_FOUND: it is no answer to that one; ERR_MALFORMED (also a seal that does not open),
 * ERR_MEMORY; else what an ERROR says, and *ret_wait_ms. */
int asker_read(const struct seal_session *seal, uint64_t request, struct bytes frame, struct arena *arena,
               Comity__V1__Reply **ret_reply, uint32_t *ret_wait_ms);

struct asker;

struct asker_options {
    const char *endpoint;  /* of the broker's front, tcp://HOST:PORT */
    const uint8_t *broker; /* the broker's public key */
    const struct connection_key *own;
    const uint8_t *group_key; /* public */
    /* Called several times a second while an answer is waited for; NULL: nobody wants to know. */
    void (*tick)(void *context);
    void *context;
};

/* Connects by itself, and again. ERR_ADDRESS, ERR_SEAL (a key that is none), ERR_MEMORY. */
int asker_new(const struct asker_options *options, struct asker **ret_asker);
void asker_destroy(struct asker **asker);

/* Ask, and wait for @timeout_ms at most. 0: *ret_reply lives in the arena. ERR_TIMEOUT; ERR_ADDRESS: some
 * handshakes failed, and none was done yet: no broker's front with this key is there; what the broker or the
 * worker says without a seal (BUSY, NO_ROUTE, DRAINING and the like: ask again after *ret_wait_ms);
 * ERR_MALFORMED, ERR_MEMORY. */
int asker_ask(struct asker *asker, const Comity__V1__Request *request, int timeout_ms, struct arena *arena,
              Comity__V1__Reply **ret_reply, uint32_t *ret_wait_ms);

#endif
