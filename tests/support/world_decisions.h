/* Decisions in a world, for tests of what becomes of them. */
#ifndef COMITY_TEST_WORLD_DECISIONS_H
#define COMITY_TEST_WORLD_DECISIONS_H

#include "tests/support/world.h"

/* Body 1 with its session 1 open, as world_with_session, and the plain rule adopted as rule 1. */
struct world *world_deciding(void);

/* Terms under which a co-chair may reopen, and nothing else: to be filled in. */
Comity__V1__Terms *world_terms(struct world *world);
void world_add_effect(struct world *world, Comity__V1__Terms *terms, int relation, uint32_t decision);
/* A clause that LABOUR and MANAGEMENT have to sign. */
void world_add_clause(struct world *world, Comity__V1__Terms *terms);

/* A proposal with these terms, on a new item of session 1. */
Comity__V1__Command *world_propose_command(struct world *world, const Comity__V1__Terms *terms);
/* It is proposed, put to a round, answered by lena and mara and closed. Gives the round's number. */
uint32_t world_round_closed(struct world *world, const Comity__V1__Terms *terms, uint32_t answer);
/* The same, adopted: the decision's number. */
uint32_t world_decide(struct world *world, const Comity__V1__Terms *terms);

const Comity__V1__Decision *world_decision(struct world *world, uint32_t number);
void world_check_decision(struct world *world, uint32_t number, int state, int end);

Comity__V1__Command *world_sign_command(struct world *world, const char *signer, uint32_t decision);
Comity__V1__Command *world_declare_command(struct world *world, uint32_t round, int outcome);
Comity__V1__Command *world_action_command(struct world *world, const char *signer, uint32_t decision);
/* Session 1 is closed, with minutes drafted by odo. */
void world_minuted(struct world *world, bool by_silence);
Comity__V1__Command *world_approve_command(struct world *world, const char *signer, uint32_t session);
Comity__V1__Command *world_mandate_command(struct world *world, uint32_t decision, uint32_t member);

#endif
