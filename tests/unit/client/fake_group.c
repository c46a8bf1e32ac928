#include "fake_group.h"

#include <sodium.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/grant.h"
#include "core/text.h"
#include "fake_answer.h"

struct fake_group *fake_group_new(void)
{
    struct fake_group *group = calloc(1, sizeof(*group));
    if (group == NULL || key_init() != 0)
        abort();
    pthread_mutex_init(&group->lock, NULL);
    connection_key_generate(&group->key);
    randombytes_buf(group->history, sizeof(group->history));
    group->ledger = ledger_new(group->history);
    memcpy(group->listed[group->listed_count++], group->ledger->log_key.public_key, KEY_SIZE);
    return group;
}

void fake_group_destroy(struct fake_group **group)
{
    ledger_destroy(&(*group)->ledger);
    for (size_t i = 0; i < (*group)->command_count; i++)
        free((*group)->commands[i].receipt);
    for (size_t i = 0; i < (*group)->frame_count; i++)
        free((*group)->frames[i].data);
    for (size_t i = 0; i < (*group)->held_count; i++)
        free((*group)->held[i].data);
    free((*group)->last_refusal.data);
    free((*group)->last_reply.data);
    pthread_mutex_destroy(&(*group)->lock);
    free(*group);
    *group = NULL;
}

void fake_lock(struct fake_group *group)
{
    pthread_mutex_lock(&group->lock);
}

void fake_unlock(struct fake_group *group)
{
    pthread_mutex_unlock(&group->lock);
}

void fake_group_restart(struct fake_group *group, bool is_listed)
{
    fake_lock(group);
    signing_key_generate(&group->ledger->log_key);
    if (is_listed)
        memcpy(group->listed[group->listed_count++], group->ledger->log_key.public_key, KEY_SIZE);
    group->client_count = 0;
    fake_unlock(group);
}

bool fake_take(int *count)
{
    if (*count <= 0)
        return false;
    (*count)--;
    return true;
}

void fake_frame_keep(struct fake_frame *kept, struct bytes frame)
{
    free(kept->data);
    kept->data = malloc(frame.size + 1);
    if (kept->data == NULL)
        abort();
    memcpy(kept->data, frame.data, frame.size);
    kept->size = frame.size;
}

/* ---- Sessions ---- */

static bool knows(const struct fake_group *group, const uint8_t *client)
{
    for (size_t i = 0; i < group->client_count; i++)
        if (memcmp(group->clients[i], client, KEY_SIZE) == 0)
            return true;
    return false;
}

/* WELCOME, packed. */
static Comity__V1__SignedMove *moved_unpack(const struct fake_group *group, struct arena *arena)
{
    ProtobufCMessage *message;
    if (group->script.moved.size == 0)
        return NULL;
    if (message_unpack(&comity__v1__signed_move__descriptor, group->script.moved, group->script.moved.size, arena, NULL, &message) != 0)
        abort();
    return (Comity__V1__SignedMove *) message;
}

static struct bytes welcome(struct fake_group *group, const uint8_t *client, struct bytes plain,
                            struct arena *arena)
{
    ProtobufCMessage *message = NULL;
    struct bytes packed = {0};
    if (message_unpack(&comity__v1__hello__descriptor, plain, plain.size, arena, NULL, &message) != 0)
        abort();
    const Comity__V1__Hello *hello = (const Comity__V1__Hello *) message;
    Comity__V1__Welcome body = COMITY__V1__WELCOME__INIT;
    body.software = "fake 1";
    body.format_level = 1;
    body.log_key = (ProtobufCBinaryData){KEY_SIZE, group->ledger->log_key.public_key};
    body.time_ms = 1700000000000;
    if (group->brokers_size > 0) {
        body.brokers = (ProtobufCBinaryData){group->brokers_size, group->brokers};
        body.brokers_signature = (ProtobufCBinaryData){SIGNATURE_SIZE, group->brokers_signature};
    }
    body.grants = arena_alloc(arena, (hello->n_grants + 1) * sizeof(*body.grants));
    for (size_t i = 0; i < hello->n_grants; i++) {
        struct grant grant = {0};
        Comity__V1__GrantAnswer *answer = arena_alloc(arena, sizeof(*answer));
        comity__v1__grant_answer__init(answer);
        answer->code = grant_check(hello->grants[i], client, fake_unix_ms(), arena, &grant);
        if (answer->code == 0 && memcmp(grant.history, group->history, HISTORY_ID_SIZE) != 0)
            answer->code = ERR_HISTORY;
        if (answer->code == 0)
            answer->code = group->grant_code;
        answer->moved = moved_unpack(group, arena);
        if (answer->moved != NULL)
            answer->code = ERR_MOVED;
        answer->history =
            (ProtobufCBinaryData){HISTORY_ID_SIZE, arena_copy(arena, grant.history, HISTORY_ID_SIZE)};
        answer->head = group->ledger->head;
        answer->member = group->is_of_witness ? 0 : 7;
        body.grants[body.n_grants++] = answer;
    }
    group->hellos++;
    if (!knows(group, client) && group->client_count < FAKE_CLIENTS_MAX)
        memcpy(group->clients[group->client_count++], client, KEY_SIZE);
    if (message_pack(&body.base, arena, &packed) != 0)
        abort();
    return group->script.is_garbled_welcome ? BYTES("\xff\xff", 2) : packed;
}

/* ---- Requests ---- */

enum { REPLY_PADDING = 15 }; /* Reply.padding */

static struct bytes refusal(const struct fake_group *group, int code, struct arena *arena)
{
    Comity__V1__Reply reply = COMITY__V1__REPLY__INIT;
    Comity__V1__Refusal body = COMITY__V1__REFUSAL__INIT;
    struct bytes packed = {0};
    body.code = code;
    body.field = "cast_ballot.answer";
    body.latest = 41;
    body.moved = code == ERR_MOVED ? moved_unpack(group, arena) : NULL;
    reply.kind_case = COMITY__V1__REPLY__KIND_REFUSAL;
    reply.refusal = &body;
    if (message_pack(&reply.base, arena, &packed) != 0)
        abort();
    return packed;
}

static struct fake_command *command_find(struct fake_group *group, const uint8_t *id)
{
    for (size_t i = 0; i < group->command_count; i++)
        if (memcmp(group->commands[i].id, id, COMMAND_ID_SIZE) == 0)
            return &group->commands[i];
    return NULL;
}

static int submit(struct fake_group *group, const Comity__V1__Submit *submit, struct arena *arena,
                  struct bytes *ret_receipt)
{
    struct command command;
    struct refusal why = {0};
    struct bytes packed = BYTES(submit->signed_command.data, submit->signed_command.len);
    int code = command_open(packed, arena, &why, &command);
    if (code == 0)
        code = command_take_texts(&command, submit->texts, submit->n_texts, arena, &why);
    if (code == 0)
        code = command_check_signatures(&command, &why);
    if (code != 0)
        return code;
    struct fake_command *known = command_find(group, command.id);
    group->submits++;
    group->duplicates += known != NULL;
    if (known == NULL) {
        struct bytes receipt = ledger_record(group->ledger, &command, group->script.lie, arena);
        struct fake_frame kept = {0};
        known = &group->commands[group->command_count++];
        fake_frame_keep(&kept, receipt);
        memcpy(known->id, command.id, COMMAND_ID_SIZE);
        known->receipt = kept.data;
        known->receipt_size = kept.size;
    }
    *ret_receipt = BYTES(known->receipt, known->receipt_size);
    return 0;
}

static struct bytes submit_reply(struct fake_group *group, const Comity__V1__Submit *body,
                                 struct arena *arena)
{
    struct bytes receipt = {0}, packed = {0};
    ProtobufCMessage *message = NULL;
    int code = submit(group, body, arena, &receipt);
    if (code != 0)
        return refusal(group, code, arena);
    if (message_unpack_trusted(&comity__v1__receipt__descriptor, receipt, arena, &message) != 0)
        abort();
    Comity__V1__Reply reply = COMITY__V1__REPLY__INIT;
    reply.kind_case = COMITY__V1__REPLY__KIND_RECEIPT;
    reply.receipt = (Comity__V1__Receipt *) message;
    if (message_pack(&reply.base, arena, &packed) != 0)
        abort();
    return packed;
}

static struct bytes cosign_reply(struct fake_group *group, const Comity__V1__Cosign *cosign, struct arena *arena)
{
    Comity__V1__Reply reply = COMITY__V1__REPLY__INIT;
    Comity__V1__Cosigned cosigned = COMITY__V1__COSIGNED__INIT;
    struct bytes packed = {0};
    if (cosign->history.len != HISTORY_ID_SIZE || memcmp(cosign->history.data, group->history, HISTORY_ID_SIZE) != 0)
        return refusal(group, ERR_GRANT, arena);
    group->cosigns++;
    memcpy(group->cosigned, cosign->cosignature->key.data, KEY_SIZE);
    cosigned.size = cosign->cosignature->size;
    reply.kind_case = COMITY__V1__REPLY__KIND_COSIGNED;
    reply.cosigned = &cosigned;
    if (message_pack(&reply.base, arena, &packed) != 0)
        abort();
    return packed;
}

/* The plain Reply to a plain Request. */
static struct bytes request_reply(struct fake_group *group, const uint8_t *client, struct bytes plain,
                                  struct arena *arena)
{
    ProtobufCMessage *message = NULL;
    if (message_unpack(&comity__v1__request__descriptor, plain, FRAME_BODY_MAX_BYTES, arena, NULL,
                       &message) != 0)
        return refusal(group, ERR_MALFORMED, arena);
    const Comity__V1__Request *request = (const Comity__V1__Request *) message;
    if (request->kind_case == COMITY__V1__REQUEST__KIND_SUBMIT)
        return submit_reply(group, request->submit, arena);
    if (!knows(group, client))
        return refusal(group, ERR_HELLO, arena);
    if (request->kind_case == COMITY__V1__REQUEST__KIND_COSIGN)
        return cosign_reply(group, request->cosign, arena);
    return fake_answer(group, request->query, arena);
}

/* ---- Frames ---- */

static struct bytes seal(const struct connection_key *key, const uint8_t *client,
                         const struct frame_header *header, struct bytes plain, struct arena *arena)
{
    struct seal_session session;
    size_t size = FRAME_HEADER_SIZE + SEAL_OVERHEAD + plain.size;
    uint8_t *frame = arena_alloc(arena, size);
    if (frame == NULL || seal_session_group(key, client, &session) != 0)
        abort();
    seal_frame(&session, header, plain, frame);
    return BYTES(frame, size);
}

static struct bytes plain_error(struct frame_header header, int code, int wait_ms, struct arena *arena)
{
    uint8_t *frame = arena_alloc(arena, FRAME_HEADER_SIZE);
    header.type = FRAME_ERROR;
    header.error = (int16_t) code;
    header.budget_ms = (uint32_t) wait_ms;
    frame_header_write(&header, frame);
    return BYTES(frame, FRAME_HEADER_SIZE);
}

static bool open_body(struct fake_group *group, struct bytes frame, struct bytes body, uint8_t *ret_client,
                      struct arena *arena, struct bytes *ret_plain)
{
    struct seal_session session;
    uint8_t *plain = arena_alloc(arena, frame.size);
    size_t size = 0;
    if (seal_client_key(body, ret_client) != 0 ||
        seal_session_group(&group->key, ret_client, &session) != 0 ||
        seal_open(&session, frame, plain, &size) != 0)
        return false;
    *ret_plain = BYTES(plain, size);
    return true;
}

static void hello_answer(struct fake_group *group, const struct frame_header *header, const uint8_t *client,
                         struct bytes plain, struct arena *arena, struct fake_replies *replies)
{
    struct frame_header out = *header;
    out.type = FRAME_WELCOME;
    if (fake_take(&group->script.hint_hellos))
        fake_reply(replies, plain_error(*header, group->script.hint_code, group->script.hint_wait_ms, arena));
    else
        fake_reply(replies, seal(&group->key, client, &out, welcome(group, client, plain, arena), arena));
}

/* What an attacker in the broker's place could bring before the true answer. */
static void forgeries(struct fake_group *group, const struct frame_header *out, const uint8_t *client,
                      struct bytes plain, struct arena *arena, struct fake_replies *replies)
{
    struct fake_script *script = &group->script;
    if (out->attempt > 1 && fake_take(&script->stale_hints)) {
        struct frame_header before = *out;
        before.attempt--;
        fake_reply(replies, plain_error(before, ERR_FORBIDDEN, 0, arena));
    }
    if (fake_take(&script->forged_replies)) {
        struct connection_key other;
        connection_key_generate(&other);
        fake_reply(replies, seal(&other, client, out, plain, arena));
    }
    if (group->last_reply.data != NULL && fake_take(&script->stale_replies)) {
        uint8_t *stale = arena_copy(arena, group->last_reply.data, group->last_reply.size);
        frame_header_write(out, stale);
        fake_reply(replies, BYTES(stale, group->last_reply.size));
        fake_reply(replies, BYTES(arena_copy(arena, group->last_reply.data, group->last_reply.size),
                                  group->last_reply.size));
    }
}

static void request_answer(struct fake_group *group, const struct frame_header *header, const uint8_t *client,
                           struct bytes plain, struct arena *arena, struct fake_replies *replies)
{
    struct fake_script *script = &group->script;
    struct frame_header out = *header;
    out.type = FRAME_REPLY;
    if (fake_take(&script->drop_requests))
        return;
    if (fake_take(&script->hint_requests)) {
        fake_reply(replies, plain_error(*header, script->hint_code, script->hint_wait_ms, arena));
        return;
    }
    if (fake_take(&script->refuse_requests)) {
        struct bytes frame = seal(&group->key, client, &out, refusal(group, script->refuse_code, arena), arena);
        fake_frame_keep(&group->last_refusal, frame);
        fake_reply(replies, frame);
        return;
    }
    struct bytes answer = request_reply(group, client, plain, arena);
    if (message_pad(answer, REPLY_PADDING, FRAME_BODY_MAX_BYTES - SEAL_OVERHEAD, arena, &answer) != 0)
        abort();
    if (script->is_garbled)
        answer = BYTES("\xff\xff\xff", 3);
    if (fake_take(&script->drop_replies))
        return;
    if (fake_take(&script->busy_though_done)) {
        fake_reply(replies, seal(&group->key, client, &out, refusal(group, ERR_BUSY, arena), arena));
        return;
    }
    if (fake_take(&script->repeat_refusal)) {
        fake_reply(replies, BYTES(group->last_refusal.data, group->last_refusal.size));
        return;
    }
    struct bytes frame = seal(&group->key, client, &out, answer, arena);
    forgeries(group, &out, client, answer, arena, replies);
    fake_frame_keep(&group->last_reply, frame);
    fake_reply(replies, frame);
}

void fake_group_frame(struct fake_group *group, struct bytes frame, struct arena *arena,
                      struct fake_replies *replies)
{
    struct frame_header header;
    struct bytes body, plain;
    uint8_t client[KEY_SIZE];
    if (frame_read(frame, &header, &body) != 0)
        return;
    if (header.type == FRAME_REQUEST && group->frame_count < FAKE_FRAMES_MAX)
        fake_frame_keep(&group->frames[group->frame_count++], frame);
    if (!open_body(group, frame, body, client, arena, &plain))
        fake_reply(replies, plain_error(header, ERR_SEAL, 0, arena));
    else if (header.type == FRAME_HELLO)
        hello_answer(group, &header, client, plain, arena, replies);
    else
        request_answer(group, &header, client, plain, arena, replies);
}
