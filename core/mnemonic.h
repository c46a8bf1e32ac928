/* Recovery words: a seed of 32 bytes as 24 words, by BIP-39 (256 bits of entropy, 8 of checksum, 11 bits a word). The
 * words are the seed itself, for people to write down; BIP-39's second half, which makes a seed of words and a
 * passphrase, is not used (docs/adr/0024).
 *
 * The lists come from Debian's python3-mnemonic when Comity is built (core/mnemonic_lists.py). Words of one list differ in
 * their first four letters, and letters with and without accents are the same. */
#ifndef COMITY_CORE_MNEMONIC_H
#define COMITY_CORE_MNEMONIC_H

#include "core/bytes.h"

enum {
    MNEMONIC_WORDS = 24,
    MNEMONIC_SEED_SIZE = 32,
    WORD_LIST_WORDS = 2048,
    WORD_BYTES = 24,          /* of any word, with its NUL */
    MNEMONIC_TEXT_MAX = 2048, /* bytes of what is typed */
};

struct listed_word {
    char shown[WORD_BYTES];  /* UTF-8, composed: as it is written */
    char folded[WORD_BYTES]; /* a to z: as it is compared */
};

struct word_list {
    const char *language; /* "en": a primary tag of BCP 47 */
    struct listed_word words[WORD_LIST_WORDS];
};

/* Made when it is built. A letter with an accent, and the plain one. */
struct letter_fold {
    char letter[4];
    char plain;
};
extern const struct letter_fold LETTER_FOLDS[]; /* the last one is empty */
extern const struct word_list WORD_LISTS[];
extern const size_t WORD_LIST_COUNT;

/* NULL where there is none of that language. */
const struct word_list *word_list_of(const char *language);

/* The words of a seed; they belong to the list. */
void mnemonic_write(const struct word_list *list, const uint8_t seed[MNEMONIC_SEED_SIZE],
                    const char *ret_words[MNEMONIC_WORDS]);

/* Why words are none. */
struct mnemonic_fault {
    enum { MNEMONIC_COUNT, MNEMONIC_UNLISTED, MNEMONIC_CHECKSUM } kind;
    size_t count;                 /* with COUNT: how many there are */
    size_t index;                 /* with UNLISTED: which one, from 0 */
    char word[WORD_BYTES];        /* it, folded, as far as there is room */
    const struct word_list *list; /* with UNLISTED and CHECKSUM: which the most words are of */
};

/* How many words a text has, up to MNEMONIC_WORDS + 1. */
size_t mnemonic_count(struct bytes text);

/* The seed of words that a person typed: in upper or lower case, with or without accents, whole or from their first four
 * letters on; between them anything that is no letter. Of whatever list they are; @first is tried first.
 * 0, or ERR_WORDS with *ret_fault. Wipes what it made. */
int mnemonic_read(struct bytes text, const struct word_list *first, uint8_t ret_seed[MNEMONIC_SEED_SIZE],
                  struct mnemonic_fault *ret_fault);

/* Up to @count words of the list that come near to what was typed (folded), by at most three letters that differ and not by
 * all of them: by how many differ, then in the order of the list. How many these are. */
size_t word_list_nearest(const struct word_list *list, const char *typed, const char **ret_words, size_t count);

#endif
