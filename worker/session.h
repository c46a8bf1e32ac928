/* Sessions: what the worker remembers of a client's connection key, so that a seal costs 2 us and not 50, and
 * which histories the key may read.
 *
 * A bounded cache in memory, thread-safe. Whoever holds a grant is kept apart from strangers, so that
 * strangers, who can make connection keys at will, push out only one another. What was pushed out is made
 * anew: a seal from the keys, grants by the client's next HELLO. */
#ifndef COMITY_WORKER_SESSION_H
#define COMITY_WORKER_SESSION_H

#include "core/seal.h"

enum { SESSION_GRANTS_MAX = 64 };

/* Leave to read one history, as a HELLO brought it and as it was found good then. */
struct session_grant {
    uint8_t history[HISTORY_ID_SIZE];
    uint8_t key[KEY_SIZE]; /* the member's; whether it still is one is judged at every query */
    int64_t until_ms;
};

struct session_limits {
    size_t members;   /* sessions with a grant, at least 1 */
    size_t strangers; /* sessions without one, at least 1 */
};

struct session_cache;

int session_cache_new(const struct session_limits *limits, struct session_cache **ret_cache); /* ERR_MEMORY */
void session_cache_destroy(struct session_cache **cache);
void session_cache_set_limits(struct session_cache *cache, const struct session_limits *limits);

/* The seal of a client that is known; marks it as used. */
bool session_find(struct session_cache *cache, const uint8_t client_key[KEY_SIZE],
                  struct seal_session *ret_seal);

/* Remember the seal of a client whose body opened. One that is known stays as it is. ERR_MEMORY. */
int session_put(struct session_cache *cache, const struct seal_session *seal);

/* A HELLO: the client is known from now on, with these grants instead of earlier ones. @count is at most
 * SESSION_GRANTS_MAX, one a history. ERR_MEMORY. */
int session_hello(struct session_cache *cache, const struct seal_session *seal,
                  const struct session_grant *grants, size_t count);

/* Its grant for a history. ERR_HELLO where the client has not said HELLO, or was forgotten; ERR_GRANT. */
int session_grant(struct session_cache *cache, const uint8_t client_key[KEY_SIZE],
                  const uint8_t history[HISTORY_ID_SIZE], struct session_grant *ret_grant);

/* All of its grants. ERR_HELLO. */
int session_grants(struct session_cache *cache, const uint8_t client_key[KEY_SIZE],
                   struct session_grant ret_grants[SESSION_GRANTS_MAX], size_t *ret_count);

/* Is the client known, with leave to read something? */
bool session_has_leave(struct session_cache *cache, const uint8_t client_key[KEY_SIZE]);

/* How many are remembered, of both kinds. */
size_t session_count(struct session_cache *cache);

#endif
