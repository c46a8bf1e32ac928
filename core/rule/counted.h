/* The roll of a round, read once: counts of every constituency, from which tests and tallies are made.
 * Inside core/rule alone. docs/rules.md. */
#ifndef COMITY_CORE_RULE_COUNTED_H
#define COMITY_CORE_RULE_COUNTED_H

#include "core/rule/rule.h"

enum { STANCE_COUNT = COMITY__V1__STANCE__STANCE_BLOCK + 1 };

/* Counts of one constituency, or of several. */
struct group {
    const struct roll_constituency *constituency; /* NULL: of several */
    uint64_t seats;                               /* lines of the roll, the recused too */
    uint64_t eligible;
    uint64_t present;
    uint64_t answered;
    uint64_t recused;
    uint64_t present_or_silent;
    uint64_t answers[SCALE_MAX]; /* ballots by place in the scale */
    uint64_t stances[STANCE_COUNT];
};

struct counted {
    const struct rule_input *input;
    const Comity__V1__Rule *rule;
    struct arena *arena;
    uint8_t place_of[ANSWER_MAX + 1]; /* answer -> place in the scale + 1; 0: none */
    struct group *groups;             /* by number of the constituency */
    struct group **named;             /* those with a seat, by name */
    size_t named_count;
    struct group **named_parties; /* those of standing PARTY among them, by name */
    size_t party_count;
    struct group whole;   /* every member: for the tallies */
    struct group parties; /* members of PARTY constituencies: for tests of the WHOLE */
    uint64_t *sequences;  /* of the ballots that count, ascending */
    size_t sequence_count;
};

/* Read the roll. 0, ERR_MEMORY, ERR_INTERNAL (a constituency or an answer that there is not). */
int counted_init(struct counted *counted, const struct rule_input *input, struct arena *arena);

/* Is silence counted as AGREE where stances are? R-19 */
bool counted_silence_is_consent(const struct counted *counted);
uint64_t group_silent(const struct group *group);

/* Ballots of these stances, with the silence that is AGREE. */
uint64_t counted_stances(const struct counted *counted, const struct group *group,
                         const Comity__V1__Stance *stances, size_t count);
/* AGREE and RESERVED; CONCERN and BLOCK. */
uint64_t counted_for(const struct counted *counted, const struct group *group);
uint64_t counted_against(const struct group *group);

/* The tallies of an outcome: the whole, then each constituency by name. 0 or ERR_MEMORY. R-32 */
int counted_tallies(const struct counted *counted, Comity__V1__Outcome *outcome);

#endif
