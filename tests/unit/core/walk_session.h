/* Rows of the walk of test_machine_rights.c: the commands of sessions. */
#ifndef COMITY_TESTS_UNIT_CORE_WALK_SESSION_H
#define COMITY_TESTS_UNIT_CORE_WALK_SESSION_H

#include "tests/support/world.h"

static uint32_t walk_members_named[2];

static inline uint32_t *walk_named(uint32_t first, uint32_t second)
{
    walk_members_named[0] = first;
    walk_members_named[1] = second;
    return walk_members_named;
}

/* A command of session 1 that goes before. */
static inline const Comity__V1__Event *walk_before(struct world *world, const char *who,
                                                   Comity__V1__Command__BodyCase body)
{
    Comity__V1__Command *command = world_command(world, who, body);

    command->step_away->session = 1; /* where it stands in each of those that are asked for */
    return world_accept(world, command);
}

static inline void fill_draft_session(struct world *world, Comity__V1__Command *command)
{
    command->draft_session->body = 1;
    command->draft_session->starts_ms = world->context.time_ms;
}

static inline void fill_give_notice(struct world *world, Comity__V1__Command *command)
{
    Comity__V1__Command *draft = world_command(world, "cora", COMITY__V1__COMMAND__BODY_DRAFT_SESSION);

    fill_draft_session(world, draft);
    command->give_notice->session = world_accept(world, draft)->session_drafted->session->number;
}

static inline void fill_order_agenda(struct world *world, Comity__V1__Command *command)
{
    (void) world;
    command->order_agenda->session = 1;
    command->order_agenda->items = walk_named(1, 0);
    command->order_agenda->n_items = 1;
}

static inline void fill_set_ground_rules(struct world *world, Comity__V1__Command *command)
{
    (void) world;
    command->set_ground_rules->session = 1;
    command->set_ground_rules->queue = COMITY__V1__QUEUE_ORDER__QUEUE_ORDER_RAISED;
}

/* The session's number alone, which stands at the same place in each of them. */
static inline void fill_session(struct world *world, Comity__V1__Command *command)
{
    (void) world;
    command->step_away->session = 1;
}

static inline void fill_roll_call(struct world *world, Comity__V1__Command *command)
{
    (void) world;
    command->roll_call->session = 1;
    command->roll_call->site = 1;
    command->roll_call->members = walk_named(MONA, 0);
    command->roll_call->n_members = 1;
}

static inline void fill_resume_session(struct world *world, Comity__V1__Command *command)
{
    if (!((Comity__V1__Session *) world_row(world, TABLE_SESSION, 1, 0))->pause)
        walk_before(world, "cora", COMITY__V1__COMMAND__BODY_RECESS_SESSION);
    command->resume_session->session = 1;
}

static inline void fill_call_caucus(struct world *world, Comity__V1__Command *command)
{
    command->call_caucus->session = 1;
    command->call_caucus->until_ms = world->context.time_ms + 60000;
}

static inline void fill_end_caucus(struct world *world, Comity__V1__Command *command)
{
    Comity__V1__Command *call = world_command(world, "mara", COMITY__V1__COMMAND__BODY_CALL_CAUCUS);

    fill_call_caucus(world, call);
    world_accept(world, call);
    command->end_caucus->session = 1;
}

static inline void fill_lower_hand(struct world *world, Comity__V1__Command *command)
{
    static const char *const WHO[] = {"lena", "mara"};

    for (size_t i = 0; i < ARRAY_COUNT(WHO) && !world_has(world, TABLE_HAND, 1, i == 0 ? LENA : MARA); i++)
        walk_before(world, WHO[i], COMITY__V1__COMMAND__BODY_RAISE_HAND);
    command->lower_hand->session = 1;
}

static inline void fill_give_floor(struct world *world, Comity__V1__Command *command)
{
    (void) world;
    command->give_floor->session = 1;
    command->give_floor->member = LENA;
}

static inline void fill_yield_floor(struct world *world, Comity__V1__Command *command)
{
    Comity__V1__Command *give = world_command(world, "cora", COMITY__V1__COMMAND__BODY_GIVE_FLOOR);

    fill_give_floor(world, give);
    world_accept(world, give);
    command->yield_floor->session = 1;
}

static inline void fill_set_time_box(struct world *world, Comity__V1__Command *command)
{
    (void) world;
    command->set_time_box->item = 1;
    command->set_time_box->minutes = 10;
}

static inline void fill_extend_time_box(struct world *world, Comity__V1__Command *command)
{
    Comity__V1__Command *set = world_command(world, "cora", COMITY__V1__COMMAND__BODY_SET_TIME_BOX);

    fill_set_time_box(world, set);
    world_accept(world, set);
    command->extend_time_box->item = 1;
    command->extend_time_box->minutes = 5;
}

static inline void fill_propose_sidebar(struct world *world, Comity__V1__Command *command)
{
    (void) world;
    command->propose_sidebar->session = 1;
    command->propose_sidebar->members = walk_named(CARL, 0);
    command->propose_sidebar->n_members = 1;
}

/* Proposed by lena, to mara and odo. */
static inline void fill_agree_sidebar(struct world *world, Comity__V1__Command *command)
{
    Comity__V1__Command *propose = world_command(world, "lena", COMITY__V1__COMMAND__BODY_PROPOSE_SIDEBAR);

    propose->propose_sidebar->session = 1;
    propose->propose_sidebar->members = walk_named(MARA, ODO);
    propose->propose_sidebar->n_members = 2;
    command->agree_sidebar->sidebar = world_accept(world, propose)->sidebar_proposed->sidebar->number;
}

static inline void fill_end_sidebar(struct world *world, Comity__V1__Command *command)
{
    static const char *const WHO[] = {"mara", "odo"};

    fill_agree_sidebar(world, command);
    for (size_t i = 0; i < ARRAY_COUNT(WHO); i++) {
        Comity__V1__Command *agree = world_command(world, WHO[i], COMITY__V1__COMMAND__BODY_AGREE_SIDEBAR);

        agree->agree_sidebar->sidebar = command->end_sidebar->sidebar;
        world_accept(world, agree);
    }
    command->end_sidebar->summary = NULL; /* nothing is kept without a charter */
}

static inline void fill_note_plus_delta(struct world *world, Comity__V1__Command *command)
{
    (void) world;
    command->note_plus_delta->session = 1;
    command->note_plus_delta->kind = COMITY__V1__PLUS_DELTA_KIND__PLUS_DELTA_KIND_PLUS;
}

#endif
