/* Recovery words: published vectors of BIP-39, what is taken of what people type, and what is said of the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ctype.h>
#include <sodium.h>
#include <stdio.h>

#include "core/error.h"
#include "core/mnemonic.h"
#include "core/text.h"

enum { TEXT_SIZE = 1024 };

/* Those of 256 bits among the vectors that BIP-39 refers to (trezor/python-mnemonic, vectors.json). */
static const struct {
    const char *seed, *words;
} VECTORS[] = {
    {"0000000000000000000000000000000000000000000000000000000000000000",
     "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon "
     "abandon abandon abandon abandon abandon abandon abandon abandon abandon art"},
    {"7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f",
     "legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth useful legal winner "
     "thank year wave sausage worth title"},
    {"8080808080808080808080808080808080808080808080808080808080808080",
     "letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd amount doctor acoustic avoid "
     "letter advice cage absurd amount doctor acoustic bless"},
    {"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
     "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo vote"},
    {"68a79eaca2324873eacc50cb9c6eca8cc68ea5d936f98787c60c7ebc74e6ce7c",
     "hamster diagram private dutch cause delay private meat slide toddler razor book happy fancy gospel tennis maple "
     "dilemma loan word shrug inflict delay length"},
    {"9f6a2878b2520799a44ef18bc7df394e7061a224d2c33cd015b157d746869863",
     "panda eyebrow bullet gorilla call smoke muffin taste mesh discover soft ostrich alcohol speed nation flash devote "
     "level hobby quick inner drive ghost inside"},
    {"066dca1a2bb7e8a1db2832148ce9933eea0f3ac9548d793112d9a95c9407efad",
     "all hour make first leader extend hole alien behind guard gospel lava path output census museum junior mass reopen "
     "famous sing advance salt reform"},
    {"f585c11aec520db57dd353c69554b21a89b20fb0650966fa0a9d6f74fd989d8f",
     "void come effort suffer camp survey warrior heavy shoot primary clutch crush open amazing screen patrol group space "
     "point ten exist slush involve unfold"},
};

static const struct word_list *list_of(const char *language)
{
    const struct word_list *list = word_list_of(language);
    assert_non_null(list);
    return list;
}

static void join(const char *const words[MNEMONIC_WORDS], char ret_text[TEXT_SIZE])
{
    size_t length = 0;

    for (size_t i = 0; i < MNEMONIC_WORDS; i++)
        length += (size_t) snprintf(ret_text + length, TEXT_SIZE - length, "%s%s", i == 0 ? "" : " ", words[i]);
}

static int read_text(const char *text, const char *language, uint8_t seed[MNEMONIC_SEED_SIZE],
                     struct mnemonic_fault *fault)
{
    return mnemonic_read(BYTES(text, strlen(text)), list_of(language), seed, fault);
}

static void test_published_vectors(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(VECTORS); i++) {
        const char *words[MNEMONIC_WORDS];
        uint8_t seed[MNEMONIC_SEED_SIZE], back[MNEMONIC_SEED_SIZE];
        char text[TEXT_SIZE];
        struct mnemonic_fault fault;
        assert_int_equal(hex_decode(VECTORS[i].seed, seed, sizeof(seed)), 0);
        mnemonic_write(list_of("en"), seed, words);
        join(words, text);
        assert_string_equal(text, VECTORS[i].words);
        assert_int_equal(read_text(VECTORS[i].words, "en", back, &fault), 0);
        assert_memory_equal(back, seed, sizeof(seed));
    }
}

/* Of every list, whichever is tried first. */
static void test_any_seed_comes_back(void **state)
{
    (void) state;
    assert_null(word_list_of("tlh"));
    assert_true(WORD_LIST_COUNT >= 3);
    for (unsigned i = 0; i < 300; i++) {
        const struct word_list *list = &WORD_LISTS[i % WORD_LIST_COUNT];
        const char *words[MNEMONIC_WORDS];
        uint8_t seed[MNEMONIC_SEED_SIZE], back[MNEMONIC_SEED_SIZE];
        struct mnemonic_fault fault;
        char text[TEXT_SIZE];
        randombytes_buf(seed, sizeof(seed));
        mnemonic_write(list, seed, words);
        join(words, text);
        for (size_t first = 0; first < WORD_LIST_COUNT; first++) {
            assert_int_equal(mnemonic_read(BYTES(text, strlen(text)), &WORD_LISTS[first], back, &fault), 0);
            assert_memory_equal(back, seed, sizeof(seed));
        }
    }
}

static void test_as_people_type(void **state)
{
    (void) state;
    static const char *const SAME[] = {
        "ABANDON Abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon "
        "abandon abandon abandon abandon abandon abandon abandon abandon abandon ART",
        "aban aban aban aban aban aban aban aban aban aban aban aban aban aban aban aban aban aban aban aban aban aband "
        "abando art",
        /* As documents have it: bullets, dashes, blanks that do not break, a mark at the beginning. */
        "\357\273\277\342\200\242 abandon\302\240\342\200\223\302\240abandon\343\200\200abandon\342\200\250abandon\302\267abandon abandon "
        "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon "
        "abandon abandon abandon art\342\200\246",
        " 1. abandon\n 2. abandon, abandon\tabandon\r\nabandon abandon abandon abandon abandon abandon abandon abandon "
        "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon\n24. art.\n\n",
    };
    static const uint8_t ZEROS[MNEMONIC_SEED_SIZE];
    struct mnemonic_fault fault;

    for (size_t i = 0; i < ARRAY_COUNT(SAME); i++) {
        uint8_t seed[MNEMONIC_SEED_SIZE] = {1};
        assert_int_equal(mnemonic_count(BYTES(SAME[i], strlen(SAME[i]))), MNEMONIC_WORDS);
        assert_int_equal(read_text(SAME[i], "fr", seed, &fault), 0);
        assert_memory_equal(seed, ZEROS, sizeof(seed));
    }
}

/* Composed, decomposed, in upper case, and without accents. */
static void test_accents(void **state)
{
    (void) state;
    static const char *const FORMS[] = {"\303\241baco", "a\314\201baco", "\303\201BACO", "abaco", "abac"};
    static const uint8_t ZEROS[MNEMONIC_SEED_SIZE];
    struct mnemonic_fault fault;
    const char *words[MNEMONIC_WORDS];

    mnemonic_write(list_of("es"), ZEROS, words);
    assert_string_equal(words[0], FORMS[0]);
    for (size_t i = 0; i < ARRAY_COUNT(FORMS); i++) {
        uint8_t seed[MNEMONIC_SEED_SIZE] = {1};
        char text[TEXT_SIZE];
        for (size_t j = 0; j + 1 < MNEMONIC_WORDS; j++)
            words[j] = FORMS[i];
        join(words, text);
        assert_int_equal(read_text(text, "en", seed, &fault), 0);
        assert_memory_equal(seed, ZEROS, sizeof(seed));
    }
}

static void test_what_is_wrong_is_named(void **state)
{
    (void) state;
    uint8_t seed[MNEMONIC_SEED_SIZE] = {77};
    struct mnemonic_fault fault;
    char text[TEXT_SIZE];
    const char *near[3];

    assert_int_equal(read_text("", "en", seed, &fault), ERR_WORDS);
    assert_int_equal(fault.kind, MNEMONIC_COUNT);
    assert_int_equal(fault.count, 0);
    assert_int_equal(read_text("abandon abandon art", "en", seed, &fault), ERR_WORDS);
    assert_int_equal(fault.count, 3);
    snprintf(text, sizeof(text), "%s zoo zoo", VECTORS[3].words);
    assert_int_equal(read_text(text, "en", seed, &fault), ERR_WORDS);
    assert_int_equal(fault.kind, MNEMONIC_COUNT);
    assert_true(fault.count > MNEMONIC_WORDS);

    snprintf(text, sizeof(text), "%s", VECTORS[4].words);
    memcpy(strstr(text, "dutch"), "dutsh", 5);
    assert_int_equal(read_text(text, "es", seed, &fault), ERR_WORDS);
    assert_int_equal(fault.kind, MNEMONIC_UNLISTED);
    assert_int_equal(fault.index, 3);
    assert_string_equal(fault.word, "dutsh");
    assert_string_equal(fault.list->language, "en");
    assert_true(word_list_nearest(fault.list, fault.word, near, 3) > 0);
    assert_string_equal(near[0], "dutch");
    assert_int_equal(word_list_nearest(fault.list, "wrold", near, 1), 1);
    assert_string_equal(near[0], "world");
    assert_int_equal(word_list_nearest(fault.list, "qqqqqqqq", near, 3), 0);
    assert_int_equal(word_list_nearest(fault.list, "q", near, 3), 0);

    /* A word for another, and two in each other's place. */
    snprintf(text, sizeof(text), "%s", VECTORS[4].words);
    memcpy(strstr(text, "loan"), "love", 4);
    assert_int_equal(read_text(text, "en", seed, &fault), ERR_WORDS);
    assert_int_equal(fault.kind, MNEMONIC_CHECKSUM);
    snprintf(text, sizeof(text), "%s", VECTORS[4].words);
    memcpy(strstr(text, "loan word"), "word loan", 9);
    assert_int_equal(read_text(text, "en", seed, &fault), ERR_WORDS);
    assert_int_equal(fault.kind, MNEMONIC_CHECKSUM);
    assert_int_equal(seed[0], 77);

    /* A word as long as no word is: cut, and none. */
    memset(text, 'a', 900);
    memcpy(text + 900, " zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo", 93);
    assert_int_equal(read_text(text, "en", seed, &fault), ERR_WORDS);
    assert_int_equal(fault.kind, MNEMONIC_UNLISTED);
    assert_int_equal(fault.index, 0);
}

/* Of every list: a word and its first four letters are that word alone. */
static void test_the_lists(void **state)
{
    (void) state;
    for (size_t i = 0; i < WORD_LIST_COUNT; i++)
        for (size_t j = 0; j < WORD_LIST_WORDS; j++) {
            const struct listed_word *word = &WORD_LISTS[i].words[j];
            assert_in_range(strlen(word->folded), 3, 15);
            assert_true(utf8_is_valid(BYTES(word->shown, strlen(word->shown))));
            for (const char *c = word->folded; *c != '\0'; c++)
                assert_in_range(*c, 'a', 'z');
        }
    assert_string_equal(list_of("fr")->words[0].shown, "abaisser");
    assert_string_equal(list_of("en")->words[2047].shown, "zoo");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_vectors), cmocka_unit_test(test_any_seed_comes_back),
        cmocka_unit_test(test_as_people_type),    cmocka_unit_test(test_accents),
        cmocka_unit_test(test_what_is_wrong_is_named), cmocka_unit_test(test_the_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
