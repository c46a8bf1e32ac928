/* What is wrong with a file that people wrote: where, what, and what would be right. */
#ifndef COMITY_RULES_FAULT_H
#define COMITY_RULES_FAULT_H

#include "core/arena.h"
#include "core/words.h"

enum { RULE_FAULTS_MAX = 16 };

struct rule_fault {
    int code;              /* of core/error.h */
    unsigned line, column; /* from 1; 0: of the file as a whole */
    const char *text;  /* sentences, in the language of `words`; what is from the file is escaped in them */
    const char *field; /* of the message, as rule_check names it: "tests[2].denominator"; else empty */
};

/* In the order in which they were found; those past the last place are left out. */
struct rule_faults {
    struct arena *arena;
    words_fn *words;
    size_t count;
    struct rule_fault list[RULE_FAULTS_MAX];
};

/* @format: English, looked up in the catalogue. Returns @code. */
int rule_fault(struct rule_faults *faults, int code, unsigned line, unsigned column, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* A text of the file as a sentence may hold it: without control characters, and cut where it is long. In the
 * arena; never NULL. */
const char *fault_shown(struct rule_faults *faults, const char *text);

/* The one of @words that is nearest to @typed, whatever the case; NULL where none is near. */
const char *word_nearest(const char *typed, const char *const *words, size_t count);
/* The same word, in any case, with - for _ where one likes. */
bool word_is(const char *typed, const char *word);

#endif
