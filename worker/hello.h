/* HELLO: who a client is to the worker from now on, and what it may read. docs/protocol.md, "A session". */
#ifndef COMITY_WORKER_HELLO_H
#define COMITY_WORKER_HELLO_H

#include "worker/service.h"

enum { HELLO_SOFTWARE_MAX = 64, HELLO_LEVELS_MAX = 16 };

/* Read the packed Hello, judge each grant, remember the client. 0 with the Welcome in the job's arena, or the
 * refusal's code: a form's, ERR_MISSING, ERR_RANGE, ERR_VERSION (the client reads no format that is written
 * here), ERR_MEMORY, the store's. */
int hello_answer(struct service *service, struct job *job, struct bytes plain,
                 Comity__V1__Welcome **ret_welcome, struct refusal *refusal);

#endif
