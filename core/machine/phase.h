/* The phases of an item: which can follow which, what belongs where, how much of it is kept. Pure, but for
 * record_level, which is where a charter is asked. docs/problem-solving.md has the same tables in words. */
#ifndef COMITY_CORE_MACHINE_PHASE_H
#define COMITY_CORE_MACHINE_PHASE_H

#include "comity/v1/model.pb-c.h"
#include "comity/v1/solving.pb-c.h"
#include "core/arena.h"
#include "core/machine/view.h"

typedef Comity__V1__Phase phase_t;
#define PHASE(name) COMITY__V1__PHASE__PHASE_##name

/* How much of what is said is kept. */
enum record_level {
    RECORD_NONE,    /* nothing: it is said live */
    RECORD_SUMMARY, /* a summary that every party approved */
    RECORD_FULL,    /* all of it, as it was given */
};

/* What a record level is of: a phase, by its number, or straw polls, or sidebars. */
enum { RECORD_STRAW_POLL = 0, RECORD_SIDEBAR = -1 };

/* How much is kept of @subject (a phase, or one of these) in this history. Nobody else asks the charter
 * for it. 0 or the view's code. */
int record_level(const struct view *view, struct arena *arena, int subject, enum record_level *ret_level);

/* "interests"; "?" for a number that is none. */
const char *phase_name(phase_t phase);
/* PHASE(UNSPECIFIED) where no phase is called so. */
phase_t phase_by_name(const char *name);

/* Where an item is: PROPOSAL where its row does not say. */
phase_t item_phase(const Comity__V1__Item *item);

/* From ISSUE to TEST. */
bool phase_is_worked_on(phase_t phase);
/* REFERRED or WITHDRAWN: nothing more is done on the item. */
bool phase_is_over(phase_t phase);
/* PROPOSAL, TEST, or DECIDED, for what else is to be decided: proposals are made, revised and put to the
 * test. */
bool phase_takes_proposals(phase_t phase);
/* Can a facilitator move an item so? */
bool phase_allows(phase_t from, phase_t to);

/* The one phase in which contributions of a kind are taken; UNSPECIFIED for a kind that is none. */
phase_t phase_of_contribution(Comity__V1__ContributionKind kind);

#endif
