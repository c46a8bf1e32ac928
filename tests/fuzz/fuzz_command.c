/* A packed SignedCommand, from anybody. */
#include <sodium.h>

#include "core/command.h"
#include "core/error.h"
#include "tests/fuzz/fuzz.h"

/* What is refused says why, and that nothing was done. */
static void check_refused(int code, const struct refusal *refusal)
{
    FUZZ_NEED(code < 0 && strcmp(error_name(code), "UNKNOWN_ERROR") != 0);
    FUZZ_NEED(code == ERR_MEMORY || refusal->code == code);
    FUZZ_NEED(error_execution(code) == NOT_EXECUTED);
    FUZZ_NEED(memchr(refusal->field, '\0', sizeof(refusal->field)) != NULL);
}

static void check_id(const struct command *command)
{
    uint8_t hash[crypto_hash_sha256_BYTES];

    crypto_hash_sha256(hash, command->envelope->command.data, command->envelope->command.len);
    FUZZ_NEED(memcmp(hash, command->id, COMMAND_ID_SIZE) == 0);
    if (command->body->body_case == COMITY__V1__COMMAND__BODY_FOUND)
        FUZZ_NEED(memcmp(hash, command->history, HISTORY_ID_SIZE) == 0);
}

/* Written anew by another author it is taken again: nothing of it depended on how it was packed. */
static void check_sealed_again(const struct command *command, struct arena *arena)
{
    static const uint8_t SEED[SEED_SIZE] = {9};
    Comity__V1__Command body = *command->body;
    struct signing_key key;
    struct bytes again;
    struct command reopened;
    struct refusal refusal = {0};
    uint8_t id[COMMAND_ID_SIZE];

    signing_key_from_seed(SEED, &key);
    bool is_own = bytes_equal(BYTES(body.key.data, body.key.len), BYTES(key.public_key, KEY_SIZE));
    FUZZ_NEED(command_seal_up(command->body, &key, arena, &again, id) == (is_own ? 0 : ERR_SIGNATURE));
    body.key = (ProtobufCBinaryData){KEY_SIZE, key.public_key};
    FUZZ_NEED(command_seal_up(&body, &key, arena, &again, id) == 0);
    int code = command_open(again, arena, &refusal, &reopened);
    if (code == ERR_DUPLICATE)
        return; /* the command names this author's key already */
    FUZZ_NEED(code == 0);
    FUZZ_NEED(memcmp(reopened.id, id, COMMAND_ID_SIZE) == 0);
    FUZZ_NEED(reopened.text_count == command->text_count);
    if (body.n_cosigners == 0)
        FUZZ_NEED(command_check_signatures(&reopened, &refusal) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena(ARENA_LIMIT_DEFAULT);
    struct command command;
    struct refusal refusal = {0};

    FUZZ_NEED(key_init() == 0);
    int code = command_open(BYTES(data, size), arena, &refusal, &command);
    if (code != 0) {
        check_refused(code, &refusal);
        return 0;
    }
    fuzz_accept();
    FUZZ_NEED(bytes_equal(command.signed_command, BYTES(data, size)));
    FUZZ_NEED(command_name(command.body) != NULL);
    check_id(&command);
    check_sealed_again(&command, arena);
    code = command_check_signatures(&command, &refusal);
    if (code != 0)
        check_refused(code, &refusal);
    return 0;
}
