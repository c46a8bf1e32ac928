/* What the worker's threads do about a history that moves: who may ask, what is answered of one that is gone. */
#ifndef COMITY_WORKER_SERVE_MOVE_H
#define COMITY_WORKER_SERVE_MOVE_H

#include "worker/batch.h"
#include "worker/service.h"

/* On a thread of the pool: is it asked under the log key? 0, with job->move to be ordered, or the refusal's code. */
int serve_move_check(struct service *service, struct job *job, const Comity__V1__MoveAsk *ask, struct refusal *refusal);

/* Is the history elsewhere, or, with @is_act, not to be acted on just now? Then the job is answered: with MOVED and where it
 * is, with MOVING, or with why the store does not say. */
bool serve_move_elsewhere(struct service *service, struct job *job, ProtobufCBinaryData history, bool is_act);

/* On the writer's thread: take the step, and answer. 0, or ERR_STORE: the process stops. */
int serve_move(struct service *service, struct batch_runner *runner, struct job *job, struct batch_result *ret_result);

#endif
