/* The roll of a round: from seats or a list when it opens; as the rule counts it, from the frozen roll and
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
    struct roll_site *sites; /* all of the history */
    size_t site_count;
    struct round_option *options; /* of the round */
    size_t option_count;
    const uint32_t *tie_order; /* NULL: as numbered */
};

/* Who may answer @round, which is to open in @session of @body, by its rule: without those who are recused from its
 * proposal, and with its standings. 0 or d->code; refused: ERR_NOT_FOUND where there is no such list, ERR_SCOPE where
 * nobody is on it. */
int decide_attendance(struct decide *d, uint32_t session, uint32_t body, const Comity__V1__Round *round,
                      struct attendance *ret_attendance);
/* Put the roll, one entry a line of @attendance in their order, and what was frozen with it into an event's @opened.
 * 0 or d->code. */
int roll_freeze(struct decide *d, const struct attendance *attendance, uint32_t body,
                Comity__V1__RoundOpened *opened);

/* The frozen roll of d->round with the ballots that count, and presence as its rule says. The lines are the caller's, to
 * be changed. 0 or d->code. */
int roll_of_round(struct decide *d, struct roll *ret_roll);

/* What rule_count is given of them. */
struct rule_input roll_input(const struct roll *roll, const Comity__V1__Round *round);

#endif
