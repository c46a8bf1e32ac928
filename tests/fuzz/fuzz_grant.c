/* A grant to read, as it comes in HELLO: a packed SignedGrant. */
#include "core/error.h"
#include "core/grant.h"
#include "core/message.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/scene_of_corpus.h"

static void check_signed_again(const struct grant *grant, struct arena *arena)
{
    static const uint8_t SEED[SEED_SIZE] = {2};
    struct signing_key key;
    struct grant own = *grant, read;
    Comity__V1__SignedGrant *signed_grant;

    signing_key_from_seed(SEED, &key);
    memcpy(own.key, key.public_key, KEY_SIZE);
    FUZZ_NEED(grant_sign(&own, &key, arena, &signed_grant) == 0);
    FUZZ_NEED(grant_check(signed_grant, own.reader, CORPUS_TIME_MS, arena, &read) == 0);
    FUZZ_NEED(memcmp(read.history, own.history, HISTORY_ID_SIZE) == 0 && read.until_ms == own.until_ms);
    own.reader[0] ^= 1;
    FUZZ_NEED(grant_check(signed_grant, own.reader, CORPUS_TIME_MS, arena, &read) == ERR_GRANT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena(ARENA_LIMIT_DEFAULT);
    ProtobufCMessage *message;
    struct grant grant;

    FUZZ_NEED(key_init() == 0);
    if (message_unpack(&comity__v1__signed_grant__descriptor, BYTES(data, size), 4096, arena, NULL,
                       &message) != 0)
        return 0;
    const Comity__V1__SignedGrant *signed_grant = (const Comity__V1__SignedGrant *) message;
    int code = grant_check(signed_grant, CORPUS_READER, CORPUS_TIME_MS, arena, &grant);
    if (code != 0) {
        FUZZ_NEED(error_execution(code) == NOT_EXECUTED);
        return 0;
    }
    fuzz_accept();
    FUZZ_NEED(memcmp(grant.reader, CORPUS_READER, KEY_SIZE) == 0);
    FUZZ_NEED(grant.until_ms > CORPUS_TIME_MS && grant.until_ms <= CORPUS_TIME_MS + GRANT_MAX_MS);
    check_signed_again(&grant, arena);
    return 0;
}
