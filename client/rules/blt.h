/* Ballots that rank options, as a .blt file: what programs that count a single transferable vote exchange.
 *
 *     4 2                  four options, two seats
 *     [tie 3 1 2 4]        of options that tie, the first one here gives way
 *     [withdrawn 4]        or -4: stands on no ballot
 *     3 1 3 2 0            three ballots that prefer 1, then 3, then 2
 *     1 2 1=3 0            one that ranks 1 and 3 alike
 *     (b-17) 2 0           one, with a name of its own, which is not kept
 *     0                    no more ballots
 *     "Option one"         a name each
 *     "Title"
 *
 * Who gives way drops out, or its surplus goes first. From # to the end of a line, and from slash-star to
 * star-slash, is a comment; lines mean nothing else, but that a name ends on its own. What stands behind the
 * title is not read. A byte order mark is passed over. docs/rules.md R-58 */
#ifndef COMITY_RULES_BLT_H
#define COMITY_RULES_BLT_H

#include "client/rules/fault.h"
#include "core/rule/ranking.h"

enum { BLT_LINES_MAX = 100000, BLT_NAME_MAX = 400 };

struct blt {
    size_t option_count; /* 1 to OPTIONS_MAX */
    uint32_t seats;      /* 1 to 63 */
    const char *names[OPTIONS_MAX];
    const char *title;  /* "": none */
    uint64_t withdrawn; /* bits by number - 1 */
    const uint32_t
        *tie_order; /* option_count numbers, the preferred first, as a round states it; NULL: none */
    const struct ranked_ballots *ballots;
    size_t ballot_count;
    uint64_t empty; /* ballots that name no option: read, and not among those above */
};

/* Read a whole file. Everything in the arena of @faults; what is wrong is the one fault in it. 0, or its
 * code: ERR_UTF8, ERR_MALFORMED, ERR_RANGE, ERR_DUPLICATE, ERR_TOO_LARGE, ERR_MEMORY. */
int blt_read(struct bytes text, struct rule_faults *faults, struct blt *ret_blt);

/* The text of such a file, one line for ballots that are alike, in an order that says nothing of the order in
 * which they came. In the arena; {NULL, 0} where memory is out. */
struct bytes blt_write(const struct blt *blt, struct arena *arena);

#endif
