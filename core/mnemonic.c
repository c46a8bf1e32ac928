#include "core/mnemonic.h"

#include <sodium.h>

#include "core/error.h"

enum { WORD_BITS = 11, PREFIX_LEAST = 4, NEAR_MOST = 3, COMBINING_FIRST = 0x300, COMBINING_LAST = 0x36F };

/* What was typed, word by word, folded. One word more than there may be, to know that there are too many. */
struct typed {
    char words[MNEMONIC_WORDS + 1][WORD_BYTES];
    size_t count;
};

const struct word_list *word_list_of(const char *language)
{
    for (size_t i = 0; i < WORD_LIST_COUNT; i++)
        if (strcmp(WORD_LISTS[i].language, language) == 0)
            return &WORD_LISTS[i];
    return NULL;
}

/* The seed and the first byte of its hash: 264 bits, 11 a word, the first bit first. */
void mnemonic_write(const struct word_list *list, const uint8_t seed[MNEMONIC_SEED_SIZE],
                    const char *ret_words[MNEMONIC_WORDS])
{
    uint8_t bits[MNEMONIC_SEED_SIZE + crypto_hash_sha256_BYTES];

    memcpy(bits, seed, MNEMONIC_SEED_SIZE);
    crypto_hash_sha256(bits + MNEMONIC_SEED_SIZE, seed, MNEMONIC_SEED_SIZE);
    for (size_t i = 0; i < MNEMONIC_WORDS; i++) {
        unsigned number = 0;
        for (size_t bit = WORD_BITS * i; bit < WORD_BITS * (i + 1); bit++)
            number = number << 1 | ((unsigned) bits[bit / 8] >> (7 - bit % 8) & 1);
        ret_words[i] = list->words[number].shown;
    }
    sodium_memzero(bits, sizeof(bits));
}

/* ---- Reading ---- */

static char fold_ascii(char c)
{
    return c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || ((uint8_t) c & 0x80) != 0;
}

/* Two bytes of UTF-8 that are an accent by itself: they follow the letter that they are on. */
static bool is_combining(const uint8_t *at, size_t left)
{
    if (left < 2 || (at[0] & 0xE0) != 0xC0)
        return false;
    unsigned code = (at[0] & 0x1Fu) << 6 | (at[1] & 0x3Fu);
    return code >= COMBINING_FIRST && code <= COMBINING_LAST;
}

/* Blanks, dashes and bullets that are no ASCII, as documents have them: how many bytes. 0: it is none. */
static size_t separator_size(const uint8_t *at, size_t left)
{
    if (left >= 2 && at[0] == 0xC2 && at[1] >= 0x80 && at[1] <= 0xBF) /* U+0080 to U+00BF */
        return 2;
    if (left < 3)
        return 0;
    bool is_one = (at[0] == 0xE2 && at[1] >= 0x80 && at[1] <= 0xBF) || /* U+2000 to U+2FFF */
                  (at[0] == 0xE3 && at[1] == 0x80) ||                  /* U+3000 to U+303F */
                  (at[0] == 0xEF && at[1] == 0xBB && at[2] == 0xBF);   /* U+FEFF */
    return is_one ? 3 : 0;
}

/* One letter of the text, folded; how many bytes it has. 0: it stands for nothing. */
static size_t letter_fold(const uint8_t *at, size_t left, char *ret_letter)
{
    *ret_letter = 0;
    if (is_combining(at, left))
        return 2;
    for (const struct letter_fold *fold = LETTER_FOLDS; fold->plain != 0; fold++) {
        size_t size = strlen(fold->letter);
        if (size <= left && memcmp(at, fold->letter, size) == 0) {
            *ret_letter = fold->plain;
            return size;
        }
    }
    *ret_letter = fold_ascii((char) at[0]);
    return 1;
}

static void typed_split(struct bytes text, struct typed *typed)
{
    size_t length = 0;

    *typed = (struct typed){0};
    for (size_t i = 0; i < text.size && typed->count <= MNEMONIC_WORDS;) {
        char letter;
        size_t separator = is_letter((char) text.data[i]) ? separator_size(text.data + i, text.size - i) : 1;
        if (separator > 0) {
            typed->count += length > 0;
            length = 0;
            i += separator;
            continue;
        }
        i += letter_fold(text.data + i, text.size - i, &letter);
        /* A word that is too long keeps its beginning, and a last letter that no word has. */
        if (letter == 0 || length == WORD_BYTES - 1)
            continue;
        typed->words[typed->count][length] = length < WORD_BYTES - 2 ? letter : '~';
        length++;
    }
    if (length > 0 && typed->count <= MNEMONIC_WORDS)
        typed->count++;
}

size_t mnemonic_count(struct bytes text)
{
    struct typed typed;

    typed_split(text, &typed);
    size_t count = typed.count;
    sodium_memzero(&typed, sizeof(typed));
    return count;
}

/* Whole, or its beginning from four letters on. WORD_LIST_WORDS where it is none. */
static size_t word_find(const struct word_list *list, const char *typed)
{
    size_t length = strlen(typed);

    for (size_t i = 0; i < WORD_LIST_WORDS; i++) {
        const char *folded = list->words[i].folded;
        if (folded[0] != typed[0])
            continue;
        if (strcmp(folded, typed) == 0 || (length >= PREFIX_LEAST && strncmp(folded, typed, length) == 0))
            return i;
    }
    return WORD_LIST_WORDS;
}

/* What the words come to in one list. */
struct reading {
    size_t listed; /* how many words it has */
    size_t first_unlisted;
    uint8_t bits[MNEMONIC_SEED_SIZE + 1];
};

static void words_read(const struct word_list *list, const struct typed *typed, struct reading *reading)
{
    *reading = (struct reading){.first_unlisted = MNEMONIC_WORDS};
    for (size_t i = 0; i < MNEMONIC_WORDS; i++) {
        size_t number = word_find(list, typed->words[i]);
        if (number == WORD_LIST_WORDS) {
            if (reading->first_unlisted == MNEMONIC_WORDS)
                reading->first_unlisted = i;
            continue;
        }
        reading->listed++;
        for (size_t bit = 0; bit < WORD_BITS; bit++) {
            size_t at = WORD_BITS * i + bit;
            unsigned value = (unsigned) number >> (WORD_BITS - 1 - bit) & 1u;
            reading->bits[at / 8] = (uint8_t) (reading->bits[at / 8] | value << (7 - at % 8));
        }
    }
}

static bool checksum_fits(const struct reading *reading)
{
    uint8_t hash[crypto_hash_sha256_BYTES];

    crypto_hash_sha256(hash, reading->bits, MNEMONIC_SEED_SIZE);
    bool fits = hash[0] == reading->bits[MNEMONIC_SEED_SIZE];
    sodium_memzero(hash, sizeof(hash));
    return fits;
}

/* The lists, @first first. */
static const struct word_list *list_in_turn(const struct word_list *first, size_t turn)
{
    size_t own = (size_t) (first - WORD_LISTS);

    return turn == 0 ? first : &WORD_LISTS[turn <= own ? turn - 1 : turn];
}

static int typed_read(const struct typed *typed, const struct word_list *first, uint8_t ret_seed[MNEMONIC_SEED_SIZE],
                      struct mnemonic_fault *ret_fault)
{
    struct reading reading;
    size_t most = 0;
    int code = ERR_WORDS;

    for (size_t turn = 0; code != 0 && turn < WORD_LIST_COUNT; turn++) {
        const struct word_list *list = list_in_turn(first, turn);
        words_read(list, typed, &reading);
        if (reading.listed == MNEMONIC_WORDS && checksum_fits(&reading)) {
            memcpy(ret_seed, reading.bits, MNEMONIC_SEED_SIZE);
            code = 0;
        } else if (turn == 0 || reading.listed > most) {
            most = reading.listed;
            *ret_fault = (struct mnemonic_fault){.kind = MNEMONIC_CHECKSUM, .list = list};
            if (reading.listed < MNEMONIC_WORDS) {
                ret_fault->kind = MNEMONIC_UNLISTED;
                ret_fault->index = reading.first_unlisted;
                memcpy(ret_fault->word, typed->words[reading.first_unlisted], WORD_BYTES);
            }
        }
    }
    sodium_memzero(&reading, sizeof(reading));
    return code;
}

int mnemonic_read(struct bytes text, const struct word_list *first, uint8_t ret_seed[MNEMONIC_SEED_SIZE],
                  struct mnemonic_fault *ret_fault)
{
    struct typed typed;
    struct mnemonic_fault fault = {0};
    int code = ERR_WORDS;

    typed_split(text, &typed);
    if (typed.count != MNEMONIC_WORDS)
        fault = (struct mnemonic_fault){.kind = MNEMONIC_COUNT, .count = typed.count};
    else
        code = typed_read(&typed, first, ret_seed, &fault);
    if (code != 0)
        *ret_fault = fault;
    sodium_memzero(&typed, sizeof(typed));
    return code;
}

/* ---- Near words ---- */

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Letters to change, add or drop; two that were swapped count once. */
static unsigned letters_apart(const char *a, const char *b)
{
    unsigned rows[3][WORD_BYTES + 1], *before = rows[0], *row = rows[1], *next = rows[2];
    size_t width = strlen(b);

    for (size_t j = 0; j <= width; j++)
        row[j] = (unsigned) j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        next[0] = (unsigned) i;
        for (size_t j = 1; j <= width; j++) {
            next[j] = least(least(row[j], next[j - 1]) + 1, row[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                next[j] = least(next[j], before[j - 2] + 1);
        }
        unsigned *old = before;
        before = row;
        row = next;
        next = old;
    }
    return row[width];
}

size_t word_list_nearest(const struct word_list *list, const char *typed, const char **ret_words, size_t count)
{
    unsigned apart[WORD_LIST_WORDS];
    size_t found = 0;

    for (size_t i = 0; i < WORD_LIST_WORDS; i++)
        apart[i] = letters_apart(typed, list->words[i].folded);
    for (unsigned letters = 0; letters <= NEAR_MOST && letters < strlen(typed) && found < count; letters++)
        for (size_t i = 0; i < WORD_LIST_WORDS && found < count; i++)
            if (apart[i] == letters)
                ret_words[found++] = list->words[i].shown;
    return found;
}
