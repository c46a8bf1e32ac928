/* Recovery words as somebody types them. */
#include "core/error.h"
#include "core/mnemonic.h"
#include "tests/fuzz/fuzz.h"

/* Of every list the words of a seed are that seed again. */
static void check_seed(const uint8_t seed[MNEMONIC_SEED_SIZE])
{
    for (size_t i = 0; i < WORD_LIST_COUNT; i++) {
        const char *words[MNEMONIC_WORDS];
        char text[MNEMONIC_WORDS * (WORD_BYTES + 1)] = "";
        uint8_t again[MNEMONIC_SEED_SIZE];
        struct mnemonic_fault fault;
        mnemonic_write(&WORD_LISTS[i], seed, words);
        for (size_t j = 0; j < MNEMONIC_WORDS; j++)
            strcat(strcat(text, words[j]), " ");
        FUZZ_NEED(mnemonic_read(BYTES(text, strlen(text)), &WORD_LISTS[i], again, &fault) == 0);
        FUZZ_NEED(memcmp(again, seed, sizeof(again)) == 0);
    }
}

static void check_fault(const struct mnemonic_fault *fault)
{
    const char *near[3] = {NULL, NULL, NULL};

    if (fault->kind == MNEMONIC_COUNT) {
        FUZZ_NEED(fault->count != MNEMONIC_WORDS);
        return;
    }
    FUZZ_NEED(fault->list != NULL);
    if (fault->kind != MNEMONIC_UNLISTED)
        return;
    FUZZ_NEED(fault->index < MNEMONIC_WORDS && memchr(fault->word, '\0', WORD_BYTES) != NULL);
    size_t count = word_list_nearest(fault->list, fault->word, near, 3);
    FUZZ_NEED(count <= 3);
    for (size_t i = 0; i < count; i++)
        FUZZ_NEED(near[i] != NULL && near[i][0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t seed[MNEMONIC_SEED_SIZE];

    for (size_t i = 0; i < WORD_LIST_COUNT; i++) {
        struct mnemonic_fault fault;
        int code = mnemonic_read(BYTES(data, size), &WORD_LISTS[i], seed, &fault);
        FUZZ_NEED(code == 0 || code == ERR_WORDS);
        if (code != 0) {
            check_fault(&fault);
            continue;
        }
        fuzz_accept();
        check_seed(seed);
    }
    return 0;
}
