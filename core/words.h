/* Sentences for people are written in English and marked, so that whoever shows them can look them up in a
 * catalogue of another language. What core/ makes of them by itself takes the look-up as a parameter. */
#ifndef COMITY_CORE_WORDS_H
#define COMITY_CORE_WORDS_H

/* Marks a text for the catalogue (client/cli/po): the English text itself, which is its key there. */
#define N_(text) text

/* The text of a key in the reader's language; the key itself where there is none. Never NULL. */
typedef const char *words_fn(const char *text);

/* Of whoever reads English: every text is its own. */
static inline const char *words_in_english(const char *text)
{
    return text;
}

#endif
