/* A list of brokers, as it comes in WELCOME: what somebody signed who has the log key, be it a list or not.
 */
#include "core/broker_list.h"
#include "core/error.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/scene_of_corpus.h"

static void check_signed_again(const struct broker_list *list, const struct signing_key *key,
                               struct arena *arena)
{
    struct broker_list again;
    struct bytes packed;
    uint8_t signature[SIGNATURE_SIZE];

    FUZZ_NEED(broker_list_sign(list, key, arena, &packed, signature) == 0);
    FUZZ_NEED(broker_list_open(packed, BYTES(signature, SIGNATURE_SIZE), list->group, key->public_key, arena,
                               &again) == 0);
    FUZZ_NEED(memcmp(&again, list, sizeof(again)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena(ARENA_LIMIT_DEFAULT);
    static const uint8_t SEED[SEED_SIZE] = {2};
    struct bytes packed = BYTES(data, size);
    struct signing_key key;
    uint8_t signature[SIGNATURE_SIZE];
    struct broker_list list;

    FUZZ_NEED(key_init() == 0);
    signing_key_from_seed(SEED, &key);
    FUZZ_NEED(signature_make(&key, TAG_BROKERS, packed, signature) == 0);
    memset(&list, 0, sizeof(list));
    int code = broker_list_open(packed, BYTES(signature, SIGNATURE_SIZE), CORPUS_READER, key.public_key,
                                arena, &list);
    if (code != 0) {
        FUZZ_NEED(error_execution(code) == NOT_EXECUTED && list.count == 0);
        return 0;
    }
    fuzz_accept();
    FUZZ_NEED(memcmp(list.group, CORPUS_READER, GROUP_ID_SIZE) == 0);
    FUZZ_NEED(list.number > 0 && list.count >= 1 && list.count <= BROKER_LIST_MAX);
    check_signed_again(&list, &key, arena);
    return 0;
}
