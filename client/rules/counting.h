/* One outcome while it is counted anew: what recount_round.c and recount_stage.c share. */
#ifndef COMITY_RULES_COUNTING_H
#define COMITY_RULES_COUNTING_H

#include "client/rules/recounting.h"
#include "core/rule/rule.h"

struct counting {
    struct recounting *r;
    const struct incoming *in;
    struct recounted counted;
    struct rule_input input;
    Comity__V1__Outcome *outcome;
};

/* A row as an event before has it; NULL where there is none. */
ProtobufCMessage *counting_row(const struct counting *c, enum table table, uint32_t number);
/* A failure of the count as an obstacle: "the rule cannot count it (SCOPE)". Nothing with 0. */
void counting_obstacle(struct counting *c, int code, const char *sentence);
/* The round's row, its title, its rule against its hash. false: there is no such round, or nobody asked for
 * it. */
bool counting_take_round(struct counting *c, uint32_t number);
/* The roll and the ballots that the count rests on, as far as they can be had: else obstacles. 0 or what ends
 * the run. */
int counting_take_ballots(struct counting *c);
/* c->outcome against the one that the record has. 0 or ERR_MEMORY. */
int counting_compare(struct counting *c);
/* The verdict, told. Returns 0. */
int counting_tell(struct counting *c);

/* Does the record say rightly whether a stage of the ladder follows the round? */
void recount_final(struct counting *c, const Comity__V1__RoundClosed *closed);
/* A stage has ended; a decision was made. 0 or what ends the run. */
int recount_stage(struct counting *c, const Comity__V1__StageEnded *ended);
void recount_decision(const struct counting *c, const Comity__V1__Decision *decision);

#endif
