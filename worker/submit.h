/* Submit: everything about a command that needs no order, before it is ordered: form, texts, times, who may
 * found, whether the signer belongs here at all, and at last the signatures, which are the dear step. */
#ifndef COMITY_WORKER_SUBMIT_H
#define COMITY_WORKER_SUBMIT_H

#include "worker/service.h"

/* 0 with job->command set, or the refusal's code. A command that the store knows already is passed on
 * whatever has changed since, so that it gets its first answer again.
 *
 * Strangers are refused here, with the same words whether there is such a history or not: ERR_KEY_UNKNOWN, or
 * ERR_INVITATION to who redeems. */
int submit_check(struct service *service, struct job *job, const Comity__V1__Submit *submit,
                 struct refusal *refusal);

#endif
