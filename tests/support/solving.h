/* Problem solving in a world: steps that tests take. Each that does not give a command must be accepted. */
#ifndef COMITY_TEST_SOLVING_H
#define COMITY_TEST_SOLVING_H

#include "tests/support/world.h"

/* An item of session 1 that starts in this phase, added by lena. */
uint32_t solving_item(struct world *world, Comity__V1__Phase phase);
Comity__V1__Phase solving_phase(struct world *world, uint32_t item);

/* Its reason, which world_command leaves out. */
void solving_give_reason(struct world *world, Comity__V1__Command *command);

/* From the phase in which the item is. */
Comity__V1__Command *solving_move_command(struct world *world, uint32_t item, Comity__V1__Phase phase);
void solving_move(struct world *world, uint32_t item, Comity__V1__Phase phase);
Comity__V1__Command *solving_hold(struct world *world, const char *who, uint32_t item);
Comity__V1__Command *solving_release(struct world *world, const char *who, uint32_t item);
Comity__V1__Command *solving_flag(struct world *world, const char *who, uint32_t item);
Comity__V1__Command *solving_set_aside(struct world *world, uint32_t item, Comity__V1__Phase phase);
Comity__V1__Command *solving_withdraw(struct world *world, const char *who, uint32_t item, uint32_t leave);

/* A member by a joint invitation, with one office. Gives the number. */
uint32_t solving_join(struct world *world, const char *co_chair, const char *name, Comity__V1__Office office);

Comity__V1__Command *solving_give_command(struct world *world, const char *who, uint32_t item,
                                          Comity__V1__ContributionKind kind);
uint32_t solving_give(struct world *world, const char *who, uint32_t item, Comity__V1__ContributionKind kind);
ProtobufCBinaryData solving_hash(struct world *world, uint32_t contribution); /* of its latest version */
void solving_approve_fill(struct world *world, Comity__V1__Command *command, uint32_t contribution);
Comity__V1__Command *solving_approve(struct world *world, const char *who, uint32_t contribution);

ProtobufCBinaryData solving_text_hash(struct world *world, uint32_t proposal);
uint32_t solving_raise(struct world *world, const char *who, uint32_t proposal);
Comity__V1__Command *solving_ask_command(struct world *world, const char *who, uint32_t item,
                                         const char *constituency, bool is_for_body);
uint32_t solving_ask(struct world *world, const char *who, uint32_t item, const char *constituency,
                     bool is_for_body);
Comity__V1__Command *solving_fact_command(struct world *world, const char *who, uint32_t item,
                                          bool is_for_body);
uint32_t solving_fact(struct world *world, const char *who, uint32_t item, bool is_for_body);

/* Straw polls: two choices for a command; and a poll put into the state as it were where they are kept. */
void solving_choices(struct world *world, Comity__V1__Command *command);
uint32_t solving_poll(struct world *world, uint32_t item);

#endif
