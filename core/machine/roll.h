/* The roll of a round: from the body's seats when it opens; as the rule counts it, from the frozen roll and
 * the ballots, when it closes. */
#ifndef COMITY_CORE_MACHINE_ROLL_H
#define COMITY_CORE_MACHINE_ROLL_H

#include "core/machine/attendance.h"
#include "core/machine/decide.h"
#include "core/rule/rule.h"

struct roll {
    struct roll_line *lines;
    size_t count;
    struct roll_constituency *constituencies; /* all of the history */
    size_t constituency_count;
};

/* Who of the body is in the session now; with @round, as for that one, which is to open: without those who
 * are recused from its proposal, and with its standings. 0 or d->code. */
int decide_attendance(struct decide *d, uint32_t session, uint32_t body, const Comity__V1__Round *round,
                      struct attendance *ret_attendance);
/* The roll of a round that is to open: one entry a line of @attendance, in their order. NULL with d->code. */
Comity__V1__RollEntry **roll_of_seats(struct decide *d, const struct attendance *attendance, uint32_t round);

/* The frozen roll of d->round with the ballots that count, and presence as its rule says. 0 or d->code. */
int roll_of_round(struct decide *d, struct roll *ret_roll);

struct rule_input roll_input(const struct roll *roll, const Comity__V1__Rule *rule, bool rounds_remain);

#endif
