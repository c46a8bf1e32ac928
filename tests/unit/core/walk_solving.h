/* Rows of the walk of test_machine_rights.c: the commands of problem solving. Each makes what it is about first. In the
 * prepared history item 1 is in TEST, with a round open, and item 2 in PROPOSAL; lena added both. */
#ifndef COMITY_TESTS_UNIT_CORE_WALK_SOLVING_H
#define COMITY_TESTS_UNIT_CORE_WALK_SOLVING_H

#include "tests/support/solving.h"

static inline void fill_move_phase(struct world *world, Comity__V1__Command *command)
{
    (void) world;
    command->move_phase->item = 2;
    command->move_phase->from = COMITY__V1__PHASE__PHASE_PROPOSAL;
    command->move_phase->phase = COMITY__V1__PHASE__PHASE_OPTIONS;
}

/* Whatever names item 2 and nothing else that is required: the number stands first in all of them. */
static inline void fill_item(struct world *world, Comity__V1__Command *command)
{
    command->hold_phase->item = 2;
    solving_give_reason(world, command);
}

static inline void fill_release_phase(struct world *world, Comity__V1__Command *command)
{
    if (!((const Comity__V1__Item *) world_row(world, TABLE_ITEM, 2, 0))->hold)
        world_accept(world, solving_hold(world, "cora", 2));
    command->release_phase->item = 2;
}

static inline void fill_set_aside(struct world *world, Comity__V1__Command *command)
{
    command->set_aside_item->item = 2;
    solving_give_reason(world, command);
    command->set_aside_item->phase = COMITY__V1__PHASE__PHASE_TABLED;
}

static inline void fill_contribute(struct world *world, Comity__V1__Command *command)
{
    command->contribute->item = solving_item(world, COMITY__V1__PHASE__PHASE_STANDARDS);
    command->contribute->kind = COMITY__V1__CONTRIBUTION_KIND__CONTRIBUTION_KIND_STANDARD;
}

static inline uint32_t walk_standard(struct world *world)
{
    uint32_t item = solving_item(world, COMITY__V1__PHASE__PHASE_STANDARDS);

    return solving_give(world, "mona", item, COMITY__V1__CONTRIBUTION_KIND__CONTRIBUTION_KIND_STANDARD);
}

static inline void fill_amend(struct world *world, Comity__V1__Command *command)
{
    uint32_t number = walk_standard(world);

    command->amend_contribution->contribution = number;
    command->amend_contribution->base_hash = solving_hash(world, number);
}

static inline void fill_withdraw_contribution(struct world *world, Comity__V1__Command *command)
{
    command->withdraw_contribution->contribution = walk_standard(world);
}

static inline void fill_approve(struct world *world, Comity__V1__Command *command)
{
    uint32_t item = solving_item(world, COMITY__V1__PHASE__PHASE_INTERESTS);
    uint32_t number =
        solving_give(world, "odo", item, COMITY__V1__CONTRIBUTION_KIND__CONTRIBUTION_KIND_SHARED_INTEREST);

    solving_approve_fill(world, command, number);
}

static inline void fill_link(struct world *world, Comity__V1__Command *command)
{
    static uint32_t numbers[1];

    if (solving_phase(world, 2) != COMITY__V1__PHASE__PHASE_STANDARDS)
        solving_move(world, 2, COMITY__V1__PHASE__PHASE_STANDARDS);
    numbers[0] = solving_give(world, "mona", 2, COMITY__V1__CONTRIBUTION_KIND__CONTRIBUTION_KIND_STANDARD);
    command->link_proposal->proposal = 2;
    command->link_proposal->text_hash = solving_text_hash(world, 2);
    command->link_proposal->change = COMITY__V1__LINK_CHANGE__LINK_CHANGE_ADD;
    command->link_proposal->contributions = numbers;
    command->link_proposal->n_contributions = 1;
}

static inline void fill_raise(struct world *world, Comity__V1__Command *command)
{
    command->raise_concern->proposal = 2;
    command->raise_concern->text_hash = solving_text_hash(world, 2);
}

static inline void fill_second(struct world *world, Comity__V1__Command *command)
{
    command->second_concern->concern = solving_raise(world, "mona", 2);
}

static inline void fill_settle(struct world *world, Comity__V1__Command *command)
{
    command->settle_concern->concern = solving_raise(world, "mona", 2);
    command->settle_concern->state = COMITY__V1__CONCERN_STATE__CONCERN_STATE_RESOLVED;
}

static inline void fill_request(struct world *world, Comity__V1__Command *command)
{
    command->request_data->item = 2;
    command->request_data->constituency = arena_string(world->arena, "management");
    command->request_data->confidentiality = COMITY__V1__CONFIDENTIALITY__CONFIDENTIALITY_ALL;
}

static inline void fill_answer(struct world *world, Comity__V1__Command *command)
{
    command->answer_data->request = solving_ask(world, "lena", 2, "management", false);
}

static inline void fill_refuse(struct world *world, Comity__V1__Command *command)
{
    command->refuse_data->request = solving_ask(world, "lena", 2, "management", false);
    solving_give_reason(world, command);
}

static inline void fill_state_fact(struct world *world, Comity__V1__Command *command)
{
    (void) world;
    command->state_fact->item = 2;
    command->state_fact->confidentiality = COMITY__V1__CONFIDENTIALITY__CONFIDENTIALITY_ALL;
}

static inline void fill_judge_fact(struct world *world, Comity__V1__Command *command)
{
    command->judge_fact->fact = solving_fact(world, "mona", 2, false);
    command->judge_fact->position = COMITY__V1__FACT_POSITION__FACT_POSITION_AGREED;
}

static inline void fill_withdraw_fact(struct world *world, Comity__V1__Command *command)
{
    command->withdraw_fact->fact = solving_fact(world, "mona", 2, false);
}

static inline void fill_open_straw(struct world *world, Comity__V1__Command *command)
{
    command->open_straw_poll->item = 2;
    solving_choices(world, command);
}

static inline void fill_answer_straw(struct world *world, Comity__V1__Command *command)
{
    command->answer_straw_poll->poll = solving_poll(world, 2);
    command->answer_straw_poll->choice = 1;
}

static inline void fill_close_straw(struct world *world, Comity__V1__Command *command)
{
    command->close_straw_poll->poll = solving_poll(world, 2);
}

#define FOR_FACILITATORS {"cora"}, {"lena", "mara", "carl", "lars", "odo"}, ERR_FORBIDDEN
#define FOR_SEATS {"mona", "lena", "cora"}, {"lars", "odo", "carl"}, ERR_FORBIDDEN
#define FOR_ITS_MAKER {"mona"}, {"lena", "cora", "odo"}, ERR_FORBIDDEN

/* clang-format off */
#define WALK_SOLVING                                                                                         \
    {COMITY__V1__COMMAND__BODY_MOVE_PHASE, fill_move_phase, FOR_FACILITATORS},                               \
    {COMITY__V1__COMMAND__BODY_HOLD_PHASE, fill_item, FOR_FACILITATORS},                                     \
    {COMITY__V1__COMMAND__BODY_RELEASE_PHASE, fill_release_phase, FOR_FACILITATORS},                         \
    {COMITY__V1__COMMAND__BODY_FLAG_BARGAINING, fill_item,                                                   \
     {"lena", "mara"}, {"lars", "mona", "carl", "cora", "odo"}, ERR_FORBIDDEN},                              \
    {COMITY__V1__COMMAND__BODY_SET_ASIDE_ITEM, fill_set_aside, FOR_FACILITATORS},                            \
    {COMITY__V1__COMMAND__BODY_WITHDRAW_ITEM, fill_item,                                                     \
     {"lena", "cora"}, {"mara", "lars", "carl", "odo"}, ERR_FORBIDDEN},                                      \
    {COMITY__V1__COMMAND__BODY_CONTRIBUTE, fill_contribute,                                                  \
     {"mona", "lena", "cora", "odo"}, {"lars", "carl"}, ERR_FORBIDDEN},                                      \
    {COMITY__V1__COMMAND__BODY_AMEND_CONTRIBUTION, fill_amend, FOR_ITS_MAKER},                               \
    {COMITY__V1__COMMAND__BODY_WITHDRAW_CONTRIBUTION, fill_withdraw_contribution, FOR_ITS_MAKER},            \
    {COMITY__V1__COMMAND__BODY_APPROVE_CONTRIBUTIONS, fill_approve,                                          \
     {"lena", "mara"}, {"lars", "mona", "carl", "cora", "odo"}, ERR_FORBIDDEN},                              \
    {COMITY__V1__COMMAND__BODY_LINK_PROPOSAL, fill_link, FOR_SEATS},                                         \
    {COMITY__V1__COMMAND__BODY_RAISE_CONCERN, fill_raise, FOR_SEATS},                                        \
    {COMITY__V1__COMMAND__BODY_SECOND_CONCERN, fill_second,                                                  \
     {"lena", "mara", "cora"}, {"lars", "odo", "carl"}, ERR_FORBIDDEN},                                      \
    {COMITY__V1__COMMAND__BODY_SETTLE_CONCERN, fill_settle, FOR_ITS_MAKER},                                  \
    {COMITY__V1__COMMAND__BODY_REQUEST_DATA, fill_request, FOR_SEATS},                                       \
    {COMITY__V1__COMMAND__BODY_ANSWER_DATA, fill_answer,                                                     \
     {"mara", "mona"}, {"lena", "cora", "odo", "lars"}, ERR_FORBIDDEN},                                      \
    {COMITY__V1__COMMAND__BODY_REFUSE_DATA, fill_refuse,                                                     \
     {"mara", "mona"}, {"lena", "cora", "odo", "lars"}, ERR_FORBIDDEN},                                      \
    {COMITY__V1__COMMAND__BODY_STATE_FACT, fill_state_fact,                                                  \
     {"mona", "cora", "odo"}, {"lars", "carl"}, ERR_FORBIDDEN},                                              \
    {COMITY__V1__COMMAND__BODY_JUDGE_FACT, fill_judge_fact, FOR_SEATS},                                      \
    {COMITY__V1__COMMAND__BODY_WITHDRAW_FACT, fill_withdraw_fact, FOR_ITS_MAKER},                            \
    /* Without a charter nobody opens one: test_machine_data.c. */                                           \
    {COMITY__V1__COMMAND__BODY_OPEN_STRAW_POLL, fill_open_straw,                                             \
     {NULL}, {"lena", "mara", "carl", "lars", "odo"}, ERR_FORBIDDEN},                                        \
    {COMITY__V1__COMMAND__BODY_ANSWER_STRAW_POLL, fill_answer_straw, FOR_SEATS},                             \
    {COMITY__V1__COMMAND__BODY_CLOSE_STRAW_POLL, fill_close_straw, FOR_FACILITATORS},
/* clang-format on */

#endif
