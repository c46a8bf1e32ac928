/* What the commands of problem solving share while they are judged. For the machine's own files. */
#ifndef COMITY_CORE_MACHINE_SOLVING_H
#define COMITY_CORE_MACHINE_SOLVING_H

#include "core/machine/decide.h"
#include "core/machine/phase.h"
#include "core/rule/rule.h"

/* The command refers to @field: its session takes work (ERR_STATE where not). */
int solving_check_session(struct decide *d, const char *field);
/* And its item is being worked on (ERR_PHASE, with the phase as `latest`). */
int solving_check_worked_on(struct decide *d, const char *field);
/* It was not referred or withdrawn: what can be done after the session, too. */
int solving_check_not_over(struct decide *d, const char *field);
/* ERR_PHASE, with the item's phase. */
int solving_refuse_phase(struct decide *d, const char *field);

/* A contribution that the command names: to d->item, and in one of the states of @states (a bit each). NULL:
 * refused. */
Comity__V1__Contribution *solving_find_contribution(struct decide *d, uint32_t number, unsigned states,
                                                    const char *field);
#define SOLVING_STANDS (1u << COMITY__V1__CONTRIBUTION_STATE__CONTRIBUTION_STATE_STANDS)
#define SOLVING_PROPOSED (1u << COMITY__V1__CONTRIBUTION_STATE__CONTRIBUTION_STATE_PROPOSED)

/* Its texts and its command are for the body alone, where @confined_to is not 0. */
void solving_confine(struct decide *d, uint32_t confined_to);

/* A constituency by its NAME: its number. ERR_NOT_FOUND with @field. */
int solving_find_constituency(struct decide *d, const char *name, const char *field, uint32_t *ret_number);

/* The constituencies of standing PARTY that have seats in d->of_body, by number, ascending. */
struct parties {
    uint32_t numbers[CONSTITUENCIES_MAX];
    size_t count;
};
int solving_parties(struct decide *d, struct parties *ret_parties);

/* Has any round on the item's proposals not closed yet? */
int solving_has_open_round(struct decide *d, uint32_t item, bool *ret_has);

#endif
