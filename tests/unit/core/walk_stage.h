/* Commands at the stages of a ladder, each ready to be signed: for the walk of the table of commands. */
#ifndef COMITY_TEST_WALK_STAGE_H
#define COMITY_TEST_WALK_STAGE_H

#include "tests/support/world_stages.h"

/* Proposal 2 of a prepared history has come to stage 1, of this kind; mara blocked. */
static inline void walk_to_stage(struct world *world, int kind)
{
    Comity__V1__Rule *rule = world_ladder_rule(world);
    uint32_t round;

    if (world_has(world, TABLE_STAGE, 1, 0))
        return;
    world_stage(world, rule, kind, BLOCKED);
    round = world_open_round(world, 2, world_adopt(world, rule));
    world_answer(world, round, "lena 1, mara 6");
    world_close_round(world, round);
}

static inline void fill_second_block(struct world *world, Comity__V1__Command *command)
{
    walk_to_stage(world, SECONDING);
    command->second_block->stage = 1;
    command->second_block->voter = MARA;
}

static inline void fill_note_conference(struct world *world, Comity__V1__Command *command)
{
    walk_to_stage(world, CONFER);
    command->note_conference->stage = 1;
    world_cosign(world, command, "mara", NULL);
}

static inline void fill_give_casting_vote(struct world *world, Comity__V1__Command *command)
{
    walk_to_stage(world, CASTING);
    command->give_casting_vote->stage = 1;
}

static inline void fill_enter_answer(struct world *world, Comity__V1__Command *command)
{
    walk_to_stage(world, UMPIRE);
    command->enter_answer->stage = 1;
    command->enter_answer->outcome = ADOPTED;
    world_cosign(world, command, "mara", NULL);
}

static inline void fill_sign_off(struct world *world, Comity__V1__Command *command)
{
    walk_to_stage(world, SIGN_OFF);
    command->sign_off->stage = 1;
}

#endif
