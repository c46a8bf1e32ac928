/* Answers to a job: the frame that goes back, with the request's own numbers in its header. Each function
 * sets job->answer and cannot fail: what does not fit or has no memory becomes an answer that says so. */
#ifndef COMITY_WORKER_REPLY_H
#define COMITY_WORKER_REPLY_H

#include "core/message.h"
#include "worker/job.h"

/* What fits into a sealed body. */
enum { REPLY_PLAIN_MAX_BYTES = FRAME_BODY_MAX_BYTES - SEAL_OVERHEAD };

/* An ERROR frame: not sealed, no final word. @wait_ms: when to try again. */
void reply_error(struct job *job, int code, uint32_t wait_ms, uint64_t term);

/* The same for a frame for which there is no job. */
void reply_error_header(const struct frame_header *request, int code, uint32_t wait_ms, uint64_t term,
                        uint8_t ret_frame[FRAME_HEADER_SIZE]);

/* A sealed frame of a packed body. Its header says nothing of the outcome: the broker reads it. A REPLY is padded. */
void reply_packed(struct job *job, uint8_t type, struct bytes plain, uint64_t term);

/* A sealed frame of a Welcome or a Reply. */
void reply_message(struct job *job, uint8_t type, const ProtobufCMessage *message, uint64_t term);

/* A sealed REPLY with a Refusal. */
void reply_refusal(struct job *job, const struct refusal *refusal, uint64_t term);

#endif
