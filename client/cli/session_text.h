/* Sentences about a session that its minutes and its pack have in common. Each is one line, escaped. */
#ifndef COMITY_CLI_SESSION_TEXT_H
#define COMITY_CLI_SESSION_TEXT_H

#include "client/cli/session.h"
#include "client/cli/told.h"

/* "Steering Committee": its title; its number where it cannot be read. */
const char *title_of_body(struct cli *cli, uint32_t number);

/* "union, from north: Ada Okafor and Ben Ruiz": all who had checked in, a line for each constituency at each
 * site. */
struct told told_present(struct cli *cli, const struct rows *presences);

/* "Lou Hart stood in for Ada Okafor (seat 1)". */
struct told told_stand_ins(struct cli *cli, const struct rows *stand_ins);

/* "caucus of union from ... to ...", "recess from ... to ...": in their order, read from the record, whose
 * last number is
 * @head. Fails with a sentence. */
int told_pauses(struct cli *cli, const Comity__V1__Session *session, uint64_t head, struct told *ret_told);

/* "Ada Okafor and Carla Weiss talked aside on: Night cover. They said of it: A pool is worth trying." Those
 * that were held. */
struct told told_sidebars(struct cli *cli, const struct rows *sidebars);

/* "Went well: ... (Ada Okafor)", "To be done differently: ... (Carla Weiss)". */
struct told told_plus_deltas(struct cli *cli, const struct rows *plus_deltas);

/* "Referred to bargaining 2026-11-30 10:12 UTC: pay is bargained." Where the item is, and why. */
const char *told_phase(struct cli *cli, const Comity__V1__Item *item);

/* "Under the charter: Shift schedules (joint). Steering Committee decides on it by the rule consensus." NULL
 * of an item that is under no vital function. @charters: all versions. */
const char *told_function(struct cli *cli, const struct rows *charters, const Comity__V1__Item *item);

/* "Recused: Ben Ruiz: My sister asks for it." Of the round's roll. Fails with a sentence. */
int told_recusals(struct cli *cli, const Comity__V1__Round *round, struct told *ret_told);

/* Ballots that others entered, and what their voters said; those that were set aside at last. Fails with a
 * sentence. */
int told_entered(struct cli *cli, const Comity__V1__Round *round, const struct rows *ballots,
                 struct told *ret_told);

#endif
