/* The ZAP handler (RFC 27): the only gate of both sockets. Answers from the admission, in memory; every
 * admitted connection gets its key, in hexadecimal, as User-Id. One a context; bound before any socket that
 * asks it. */
#ifndef COMITY_BROKER_ZAP_H
#define COMITY_BROKER_ZAP_H

#include "broker/watch.h"

struct zap;

/* One request, judged. */
struct zap_report {
    enum verdict verdict;
    enum side side;
    bool has_key;
    uint8_t key[KEY_SIZE];
    char address[64]; /* of the peer, as libzmq says it */
    struct crowd crowd;
};

/* ERR_MEMORY; ERR_EXISTS where this context has a handler. */
int zap_open(void *context, struct zap **ret_zap);
void zap_close(struct zap **zap);
void *zap_socket(struct zap *zap);

/* Answer the next request. False where none waits. @watch: the connections that are open. */
bool zap_answer(struct zap *zap, const struct admission *admission, const struct watch *watch,
                struct zap_report *ret_report);

#endif
