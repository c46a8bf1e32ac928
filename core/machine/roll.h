/* The roll of a round, as the rule counts it: from the body's seats when it opens, from the frozen roll and
 * the ballots when it closes. */
#ifndef COMITY_CORE_MACHINE_ROLL_H
#define COMITY_CORE_MACHINE_ROLL_H

#include "core/machine/decide.h"
#include "core/rule/rule.h"

struct roll {
    Comity__V1__RollEntry **entries;
    struct roll_line *lines; /* one an entry, at the same place */
    size_t count;
    struct roll_constituency *constituencies; /* all of the history */
    size_t constituency_count;
    bool lacks_party; /* of seats: a PARTY has seats, and nobody holds one */
};

/* The holders of the session's body's seats now, with who is present. @round: that is to open. 0 or d->code.
 */
int roll_of_seats(struct decide *d, uint32_t session, uint32_t body, uint32_t round, struct roll *ret_roll);

/* The frozen roll of d->round with the ballots that count, and presence as its rule says. 0 or d->code. */
int roll_of_round(struct decide *d, struct roll *ret_roll);

struct rule_input roll_input(const struct roll *roll, const Comity__V1__Rule *rule, bool rounds_remain);

#endif
