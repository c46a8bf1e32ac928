/* The last word of a daemon on each history, for `comity-witness status`: a small file beside the state, of no other use. */
#ifndef COMITY_CLIENT_WITNESS_WORD_H
#define COMITY_CLIENT_WITNESS_WORD_H

#include "core/bytes.h"

enum { WORD_MAX = 40, WORD_KEEP_S = 60 };

struct word {
    int64_t time_s;        /* when it was said, Unix time; 0: never */
    char what[WORD_MAX + 1]; /* name of a judgement, or of an error */
};

/* What is said again is written at most each WORD_KEEP_S. A failure is passed over: only people miss it. */
void word_say(const char *directory, const uint8_t history[HISTORY_ID_SIZE], const char *what, int64_t now_s,
              struct word *last);
/* Zeros where there is none. */
void word_read(const char *directory, const uint8_t history[HISTORY_ID_SIZE], struct word *ret_word);

#endif
