/* What the worker limits by rates (core/daemon/rates.h). docs/operations.md, "Rates". */
#ifndef COMITY_WORKER_RATES_H
#define COMITY_WORKER_RATES_H

#include "core/daemon/rates.h"

enum rate {
    RATE_COMMANDS,   /* of a signing key: commands that are put in order */
    RATE_QUERIES,    /* of a member's key */
    RATE_CONNECTION, /* of a connection key: greetings, what it asks without leave to read, what is refused before it
                      * is put in order */
    RATE_STRANGERS,  /* the same of all who have no leave to read, together: they make keys at will */
    RATE_COUNT,
};

struct rate_limits {
    struct rate_limit of[RATE_COUNT];
};

#endif
