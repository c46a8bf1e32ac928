/* What the counts by stages share: ballots by preference, who is in, who is elected, the stages so far, and
 * ties. Inside core/rule alone. docs/rules.md */
#ifndef COMITY_CORE_RULE_TRANSFER_H
#define COMITY_CORE_RULE_TRANSFER_H

#include "core/rule/method.h"

/* Ballots that name the same options in the same order. */
struct parcel {
    const uint8_t *order; /* indices of options, the first preference first */
    uint8_t length;
    uint8_t at;     /* the preference that has them; length: none, they are exhausted */
    uint64_t count; /* how many ballots */
    uint64_t value; /* of each, in units */
};

struct transfer {
    struct count *count;
    uint64_t unit; /* what a whole ballot is worth */
    unsigned seats;
    struct parcel *parcels;
    size_t parcel_count;
    uint64_t ballots; /* that name an option, of all parcels together */
    option_set hopeful;
    option_set elected;
    uint64_t votes[OPTIONS_MAX];
    uint64_t non_transferable;
    uint64_t residual;
    uint64_t quota;
    uint64_t tie_within;           /* votes that differ by no more tie */
    Comity__V1__CountStage *stage; /* the one that is under way */
    Comity__V1__TieBreak ties[2];  /* that the next stage took */
    size_t tie_count;
};

/* First preferences, each ballot of @unit; the stage FIRST is under way. 0 or ERR_MEMORY. */
int transfer_init(struct transfer *transfer, struct count *count, uint64_t unit);

/* A stage begins, about some options; its numbers are written at its end. 0 or ERR_MEMORY. */
int stage_begin(struct transfer *transfer, Comity__V1__CountAct act, option_set options);
int stage_end(struct transfer *transfer);

/* Seats that nobody has yet. */
unsigned seats_left(const struct transfer *transfer);
/* Are all seats filled, or no more options left than seats? */
bool transfer_is_complete(const struct transfer *transfer);
/* Elect those who reach the quota, those with more votes first. Is anybody? */
bool elect_by_quota(struct transfer *transfer);
/* The end of a count: as many as are left fill the seats. 0 or ERR_MEMORY. */
int transfer_fill(struct transfer *transfer);

/* One of several that tie: who drops out (@want_most false), or whose surplus goes first. *ret_option: its
 * index; NO_OPTION where nothing breaks the tie. What it took is noted for the next stage. R-56 */
enum { NO_OPTION = OPTIONS_MAX };
void tie_settle(struct transfer *transfer, option_set tied, bool want_most, size_t *ret_option);
/* Who drops out of those who have the least, or tie with it: one option, or several that have no votes at all
 * and would all drop out in any order. Empty: a tie that nothing breaks. R-56 */
option_set exclusion_choose(struct transfer *transfer, option_set least);
/* The hopeful option with the fewest votes, and those that tie with it. */
option_set hopeful_least(const struct transfer *transfer);

/* The stage EXCLUDE: these drop out, and their ballots go on at their value. 0 or ERR_MEMORY. */
int exclude(struct transfer *transfer, option_set options);
/* Parcels that @index has move on to the next hopeful option, or are exhausted, at their value. */
void parcels_move(struct transfer *transfer, size_t index);

#endif
