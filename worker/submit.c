#include "worker/submit.h"

#include "core/command_form.h"
#include "core/error.h"
#include "core/machine/state.h"
#include "core/message.h"
#include "core/unicode/characters.h"
#include "worker/clock.h"

/* The header's history and id are bound by the seal: where they contradict the body, the client has erred. */
static int check_header(const struct job *job, struct refusal *refusal)
{
    static const uint8_t none[HISTORY_ID_SIZE];
    const struct frame_header *header = &job->header;
    if (memcmp(header->command_id, job->command.id, COMMAND_ID_SIZE) != 0)
        return refuse(refusal, ERR_MALFORMED, "header.command_id");
    if (memcmp(header->history, none, HISTORY_ID_SIZE) != 0 &&
        memcmp(header->history, job->command.history, HISTORY_ID_SIZE) != 0)
        return refuse(refusal, ERR_MALFORMED, "header.history");
    return 0;
}

/* By the time of the next stamp, as the machine will. */
static int check_time(struct clock *clock, const struct command *command, struct refusal *refusal)
{
    int64_t now_ms = clock_stamp_ms(clock);
    int64_t until_ms = command->body->valid_until_ms;
    if (until_ms < now_ms || until_ms > now_ms + VALIDITY_MAX_MS)
        return refuse(refusal, ERR_VALIDITY, "valid_until_ms");
    return 0;
}

static bool is_redeem(const struct command *command)
{
    return command->body->body_case == COMITY__V1__COMMAND__BODY_REDEEM;
}

/* Is there such an invitation? Whether it still holds is for the machine to say. */
static int check_invitation(const struct view *view, const struct command *command, struct arena *arena)
{
    ProtobufCBinaryData invitation = command->body->redeem->invitation;
    ProtobufCMessage *row;
    if (invitation.len != KEY_SIZE)
        return ERR_INVITATION;
    int code = state_get_by_key(view, arena, TABLE_INVITATION, invitation.data, &row);
    return code == ERR_NOT_FOUND ? ERR_INVITATION : code;
}

/* Is it a member's; or for recovery, and the command recovers? */
static int check_key(const struct view *view, const struct command *command, struct arena *arena)
{
    const uint8_t *key = command->body->key.data;
    Comity__V1__Member *member;
    uint32_t constituency;
    int code = state_member_of_key(view, arena, key, &member);
    if (code == ERR_KEY_UNKNOWN && command->body->body_case == COMITY__V1__COMMAND__BODY_RECOVER_CO_CHAIR)
        code = state_constituency_of_recovery(view, arena, key, &constituency);
    return code;
}

static int check_stranger(struct store_txn *txn, const struct store_history *history,
                          const struct command *command, struct arena *arena, struct refusal *refusal)
{
    int code = is_redeem(command) ? ERR_INVITATION : ERR_KEY_UNKNOWN;
    if (history) {
        struct view view = store_view(txn, history);
        code = is_redeem(command) ? check_invitation(&view, command, arena) : check_key(&view, command, arena);
    }
    if (code == ERR_INVITATION)
        return refuse(refusal, code, "redeem.invitation");
    if (code == ERR_KEY_UNKNOWN || code == ERR_KEY_REVOKED)
        return refuse(refusal, code, "key");
    return code ? refuse(refusal, code, "") : 0;
}

/* In a short read transaction. */
static int check_against_store(struct service *service, struct store_txn *txn, struct job *job,
                               const Comity__V1__Submit *submit, struct refusal *refusal)
{
    const struct command *command = &job->command;
    struct store_history history;
    int code = store_history_get(txn, command->history, &history);
    bool has_history = code == 0;
    if (code && code != ERR_HISTORY)
        return refuse(refusal, code, "");
    if (has_history) {
        struct store_command known;
        code = store_command_get(txn, &history, command->id, &known);
        job->is_known = code == 0;
        if (code != ERR_NOT_FOUND)
            return code == 0 ? 0 : refuse(refusal, code, "");
    }
    if (check_time(service->clock, command, refusal))
        return refusal->code;
    if (command->body->body_case == COMITY__V1__COMMAND__BODY_FOUND) {
        code = policy_may_found(service->policy, submit->founding_token);
        return code ? refuse(refusal, code, "submit.founding_token") : 0;
    }
    return check_stranger(txn, has_history ? &history : NULL, command, job->arena, refusal);
}

static int check_token(const Comity__V1__Submit *submit, struct refusal *refusal)
{
    if (strlen(submit->founding_token) > FOUNDING_TOKEN_MAX)
        return refuse_limit(refusal, ERR_RANGE, "submit.founding_token", FOUNDING_TOKEN_MAX);
    return 0;
}

/* Cosignatures, of which there may be many, are checked only for who belongs here. A redemption has one. */
static bool are_all_checked_first(const struct command *command)
{
    return command->body->n_cosigners == 0 || is_redeem(command);
}

/* Before the store is asked: the signer's own signature, and an invitation's, so that nobody learns whether a
 * key that is not theirs is a member's or an invitation's. */
static int check_signer(const struct command *command, struct refusal *refusal)
{
    const Comity__V1__SignedCommand *envelope = command->envelope;
    const Comity__V1__Command *body = command->body;
    if (is_redeem(command) &&
        (body->n_cosigners != 1 ||
         !bytes_equal(BYTES(body->cosigners[0].data, body->cosigners[0].len),
                      BYTES(body->redeem->invitation.data, body->redeem->invitation.len))))
        return refuse(refusal, ERR_COSIGNERS, "cosigners");
    if (are_all_checked_first(command))
        return command_check_signatures(command, refusal);
    struct bytes signed_bytes = BYTES(envelope->command.data, envelope->command.len);
    if (envelope->signature.len != SIGNATURE_SIZE ||
        signature_check(body->key.data, TAG_COMMAND, signed_bytes, envelope->signature.data))
        return refuse(refusal, ERR_SIGNATURE, "signature");
    return 0;
}

struct text_walk {
    const struct command *command;
    size_t index;
    struct arena *arena;
    struct refusal *refusal;
};

static int check_text(const ProtobufCMessage *found, const char *path, void *context)
{
    struct text_walk *walk = context;
    const struct command_text *text = &walk->command->texts[walk->index++];
    const struct form_row *row = form_row_of_path(path);
    enum characters_kind kind = !row || !form_is_title(row) ? CHARACTERS_PROSE
                                : form_is_name(row)         ? CHARACTERS_NAME
                                                            : CHARACTERS_TITLE;
    enum characters_fault fault;

    (void) found;
    if (text->content.size == 0)
        return 0;
    int code = characters_check(kind, text->content, walk->arena, &fault);
    return code ? refuse(walk->refusal, code, path) : 0;
}

/* Who can read a text is to be able to trust what it looks like. */
static int check_characters(const struct command *command, struct arena *arena, struct refusal *refusal)
{
    struct text_walk walk = {.command = command, .arena = arena, .refusal = refusal};
    return message_visit(&command->body->base, &comity__v1__text_ref__descriptor, check_text, &walk);
}

static int check_form(struct job *job, const Comity__V1__Submit *submit, struct refusal *refusal)
{
    struct bytes packed = BYTES(submit->signed_command.data, submit->signed_command.len);
    int code = check_token(submit, refusal);
    if (code == 0)
        code = command_open(packed, job->arena, refusal, &job->command);
    if (code == 0)
        code = check_header(job, refusal);
    if (code == 0)
        code = command_take_texts(&job->command, submit->texts, submit->n_texts, job->arena, refusal);
    if (code == 0)
        code = check_characters(&job->command, job->arena, refusal);
    return code;
}

int submit_check(struct service *service, struct job *job, const Comity__V1__Submit *submit,
                 struct refusal *refusal)
{
    int code = check_form(job, submit, refusal);
    if (code == 0)
        code = check_signer(&job->command, refusal);
    if (code)
        return code;
    struct store_txn *txn;
    code = store_begin_read(service->store, &txn);
    if (code)
        return refuse(refusal, code, "");
    code = check_against_store(service, txn, job, submit, refusal);
    store_abort(&txn);
    if (code == 0 && !are_all_checked_first(&job->command))
        code = command_check_signatures(&job->command, refusal);
    return code;
}
