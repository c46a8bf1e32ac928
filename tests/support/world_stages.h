/* Rules with a ladder, climbed in a world, for tests of the stages. */
#ifndef COMITY_TEST_WORLD_STAGES_H
#define COMITY_TEST_WORLD_STAGES_H

#include "tests/support/world.h"

#define ROUNDS COMITY__V1__STAGE_KIND__STAGE_KIND_ROUNDS
#define SECONDING COMITY__V1__STAGE_KIND__STAGE_KIND_SECONDING
#define CONFER COMITY__V1__STAGE_KIND__STAGE_KIND_CONFER
#define CASTING COMITY__V1__STAGE_KIND__STAGE_KIND_CASTING
#define UMPIRE COMITY__V1__STAGE_KIND__STAGE_KIND_UMPIRE
#define ESCALATE COMITY__V1__STAGE_KIND__STAGE_KIND_ESCALATE
#define SIGN_OFF COMITY__V1__STAGE_KIND__STAGE_KIND_SIGN_OFF
#define STATUS_QUO COMITY__V1__STAGE_KIND__STAGE_KIND_STATUS_QUO
#define DEFAULT COMITY__V1__STAGE_KIND__STAGE_KIND_DEFAULT
#define NONE COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_UNSPECIFIED
#define NO_QUORUM COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NO_QUORUM
#define BLOCKED COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_BLOCKED
#define NO_DECISION COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NO_DECISION
#define ADOPTED COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED
#define DEADLOCK COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_DEADLOCK
#define TIE COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_TIE
#define NOT_YET COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NOT_YET
#define REJECTED COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REJECTED
#define BY_DEFAULT COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED_BY_DEFAULT
#define REFERRED COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REFERRED
#define WITHDRAWN COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_WITHDRAWN
#define TABLED COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_TABLED
#define STRIKE COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_STRIKE
enum { AGREE = 1, RESERVED, ASIDE, ABSTAIN, CONCERN, BLOCK };

#define HOUR_MS ((int64_t) 3600 * 1000)

/* world_rule with one round, to which stages are added. */
Comity__V1__Rule *world_ladder_rule(struct world *world);
/* Its next stage, entered on @on, named by its place ("s1"), with what its kind has to have: an hour; one second, or
 * by another constituency none; one conference; the co-chairs; DEFAULT: ADOPTED; ROUNDS: one round. */
Comity__V1__Stage *world_stage(struct world *world, Comity__V1__Rule *rule, int kind, int on);
void world_stage_on(struct world *world, Comity__V1__Stage *stage, int on);   /* one more */
void world_stage_map(struct world *world, Comity__V1__Stage *stage, int from, int to);

/* A round on proposal 1: opened by @rule, answered as "lena 1, mara 6", closed. Gives its number. */
uint32_t world_vote(struct world *world, uint32_t rule, const char *answers);
void world_answer(struct world *world, uint32_t round, const char *answers);
/* world_with_session, the rule adopted as rule 1, and round 1 so. */
struct world *world_at_ladder(struct world *world, Comity__V1__Rule *rule, const char *answers);

/* What of proposal 1 stands: the number of its open stage, its outcome, and whether a decision was made with it. */
void world_check_ladder(struct world *world, uint32_t stage, int outcome);
void world_check_stage(struct world *world, uint32_t number, int kind, int outcome);
const Comity__V1__StageRun *world_stage_run(struct world *world, uint32_t number);

Comity__V1__Command *world_second_command(struct world *world, const char *signer, uint32_t stage, uint32_t voter);
Comity__V1__Command *world_confer_command(struct world *world, uint32_t stage); /* by odo, with lena */
Comity__V1__Command *world_casting_command(struct world *world, const char *signer, uint32_t stage, bool is_for);
Comity__V1__Command *world_answer_command(struct world *world, uint32_t stage, int outcome); /* by odo, with mara */
Comity__V1__Command *world_sign_off_command(struct world *world, const char *signer, uint32_t stage, bool refuses);

#endif
