#include "worker/reply.h"

#include "comity/v1/link.pb-c.h"
#include "core/error.h"
#include "core/message.h"

enum { REPLY_PADDING = 15 }; /* Reply.padding */

static struct frame_header answer_to(const struct frame_header *request, uint8_t type, int error,
                                     uint64_t term)
{
    struct frame_header header = {
        .type = type,
        .request = request->request,
        .error = (int16_t) error,
        .attempt = request->attempt,
        .term = term,
        .route = request->route,
    };
    memcpy(header.group, request->group, GROUP_ID_SIZE);
    memcpy(header.history, request->history, HISTORY_ID_SIZE);
    memcpy(header.command_id, request->command_id, COMMAND_ID_SIZE);
    return header;
}

void reply_error_header(const struct frame_header *request, int code, uint32_t wait_ms, uint64_t term,
                        uint8_t ret_frame[FRAME_HEADER_SIZE])
{
    struct frame_header header = answer_to(request, FRAME_ERROR, code, term);
    header.budget_ms = wait_ms;
    frame_header_write(&header, ret_frame);
}

void reply_error(struct job *job, int code, uint32_t wait_ms, uint64_t term)
{
    reply_error_header(&job->header, code, wait_ms, term, job->short_answer);
    job->answer = BYTES(job->short_answer, FRAME_HEADER_SIZE);
}

void reply_packed(struct job *job, uint8_t type, struct bytes plain, uint64_t term)
{
    if (plain.size > REPLY_PLAIN_MAX_BYTES) {
        struct refusal refusal = {.code = ERR_TOO_LARGE, .limit = REPLY_PLAIN_MAX_BYTES};
        reply_refusal(job, &refusal, term);
        return;
    }
    int code = 0;
    if (type == FRAME_REPLY)
        code = message_pad(plain, REPLY_PADDING, REPLY_PLAIN_MAX_BYTES, job->arena, &plain);
    size_t size = FRAME_HEADER_SIZE + SEAL_OVERHEAD + plain.size;
    uint8_t *frame = code ? NULL : arena_alloc(job->arena, size);
    if (!frame) {
        reply_error(job, ERR_MEMORY, 0, term);
        return;
    }
    struct frame_header header = answer_to(&job->header, type, 0, term);
    header.flags = job->has_leave ? FRAME_FLAG_LEAVE : 0;
    seal_frame(&job->seal, &header, plain, frame);
    job->answer = BYTES(frame, size);
}

void reply_message(struct job *job, uint8_t type, const ProtobufCMessage *message, uint64_t term)
{
    struct bytes plain;
    if (message_pack(message, job->arena, &plain)) {
        reply_error(job, ERR_MEMORY, 0, term);
        return;
    }
    reply_packed(job, type, plain, term);
}

void reply_refusal(struct job *job, const struct refusal *refusal, uint64_t term)
{
    Comity__V1__Refusal inner = COMITY__V1__REFUSAL__INIT;
    inner.code = refusal->code;
    inner.field = (char *) refusal->field;
    inner.latest = refusal->latest;
    inner.limit = refusal->limit;
    Comity__V1__Reply reply = COMITY__V1__REPLY__INIT;
    reply.kind_case = COMITY__V1__REPLY__KIND_REFUSAL;
    reply.refusal = &inner;
    uint8_t plain[FIELD_PATH_MAX + 64];
    size_t size = comity__v1__reply__pack(&reply, plain);
    reply_packed(job, FRAME_REPLY, BYTES(plain, size), term);
}
