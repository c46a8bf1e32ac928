#include "worker/serve_move.h"

#include "core/daemon/log.h"
#include "core/error.h"
#include "core/text.h"
#include "worker/clock.h"
#include "worker/move.h"
#include "worker/reply.h"

int serve_move_check(struct service *service, struct job *job, const Comity__V1__MoveAsk *ask, struct refusal *refusal)
{
    int code = move_ask_check(ask, service->log_key->public_key, job->seal.client_key, clock_now_ms(service->clock),
                              job->arena);
    if (code)
        return refuse(refusal, code, "move");
    job->has_leave = true; /* the broker lets more of it through */
    job->move = ask;
    return 0;
}

/* ---- What is elsewhere ---- */

static int look(struct service *service, struct job *job, const uint8_t *history, bool is_act,
                Comity__V1__SignedMove **ret_moved)
{
    struct store_txn *txn;
    int code = store_begin_read(service->store, &txn);
    if (code)
        return code;
    code = move_gate(txn, history, is_act, job->arena, ret_moved);
    store_abort(&txn);
    return code;
}

bool serve_move_elsewhere(struct service *service, struct job *job, ProtobufCBinaryData history, bool is_act)
{
    Comity__V1__SignedMove *moved = NULL;
    if (history.len != HISTORY_ID_SIZE)
        return false;
    int code = look(service, job, history.data, is_act, &moved);
    if (code == 0)
        return false;
    Comity__V1__Refusal refusal = COMITY__V1__REFUSAL__INIT;
    Comity__V1__Reply reply = COMITY__V1__REPLY__INIT;
    refusal.code = code;
    refusal.moved = moved;
    reply.kind_case = COMITY__V1__REPLY__KIND_REFUSAL;
    reply.refusal = &refusal;
    reply_message(job, FRAME_REPLY, &reply.base, service->term);
    return true;
}

/* ---- Steps ---- */

static const char *stage_name(const Comity__V1__MoveAnswer *answer, struct arena *arena)
{
    ProtobufCMessage *note;
    if (!answer->note || message_unpack_trusted(&comity__v1__move_note__descriptor,
                                                BYTES(answer->note->note.data, answer->note->note.len), arena, &note))
        return "UNDER_WAY";
    return enum_short_name(&comity__v1__move_stage__descriptor, (int) ((Comity__V1__MoveNote *) note)->stage);
}

static void log_step(const struct job *job, const Comity__V1__MoveAnswer *answer)
{
    char key[2 * KEY_SIZE + 1];
    hex_encode(BYTES(job->seal.client_key, KEY_SIZE), key);
    log_event(answer->note ? LOG_INFO : LOG_DEBUG, "move", "stage=%s key=%s", stage_name(answer, job->arena), key);
}

int serve_move(struct service *service, struct batch_runner *runner, struct job *job, struct batch_result *ret_result)
{
    struct refusal refusal = {0};
    Comity__V1__MoveAnswer *answer;
    char reason[EXPORT_REASON_MAX], shown[EXPORT_REASON_MAX * 2];
    int code = batch_move(runner, job->move, job->arena, &answer, ret_result, &refusal, reason);
    if (code == ERR_STORE)
        return code;
    if (code) {
        log_event(LOG_WARNING, "move_refused", "error=%s reason=%s", error_name(code),
                  log_value(reason, shown, sizeof(shown)));
        reply_refusal(job, &refusal, service->term);
        return 0;
    }
    Comity__V1__Reply reply = COMITY__V1__REPLY__INIT;
    reply.kind_case = COMITY__V1__REPLY__KIND_MOVE;
    reply.move = answer;
    reply_message(job, FRAME_REPLY, &reply.base, service->term);
    log_step(job, answer);
    return 0;
}
