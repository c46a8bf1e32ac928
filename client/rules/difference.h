/* Where two outcomes of one round differ: what the record says, and what the ballots say. */
#ifndef COMITY_RULES_DIFFERENCE_H
#define COMITY_RULES_DIFFERENCE_H

#include "comity/v1/model.pb-c.h"
#include "core/arena.h"
#include "core/words.h"

/* One difference. Texts hold what the file holds: whoever shows them escapes them. */
struct difference {
    const char *field;    /* within Outcome, for programs: "tests[2].count" */
    const char *where;    /* "labour, test support" */
    const char *recorded; /* "5 of 8 support, at least 2/3 needed: holds" */
    const char *counted;
};

enum { DIFFERENCES_MAX = 64 };

/* The first DIFFERENCES_MAX; their number in all is *ret_count. None where both packed are the same bytes,
 * and at least one else. @round: whose outcomes they are; it has the labels of answers and options.
 * Everything lives in the arena. 0 or ERR_MEMORY. docs/rules.md R-97 */
int outcome_differences(const Comity__V1__Round *round, const Comity__V1__Outcome *recorded,
                        const Comity__V1__Outcome *counted, words_fn *words, struct arena *arena,
                        struct difference **ret_list, size_t *ret_count);

/* What an option of the round is called; NULL where it has no label. */
const char *option_label(const Comity__V1__Round *round, uint32_t option);

#endif
