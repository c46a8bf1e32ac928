#include "tests/support/world_stages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

Comity__V1__Rule *world_ladder_rule(struct world *world)
{
    Comity__V1__Rule *rule = world_rule(world, "ladder");

    rule->rounds = 1;
    return rule;
}

static void fill(struct world *world, Comity__V1__Stage *stage)
{
    switch ((int) stage->kind) {
    case ROUNDS:
        stage->rule = world_alloc(world, sizeof(*stage->rule));
        comity__v1__stage_rule__init(stage->rule);
        return;
    case SECONDING:
        stage->count = 1;
        stage->counts_as = COMITY__V1__STANCE__STANCE_CONCERN;
        break;
    case CONFER:
        stage->count = 1;
        break;
    case CASTING:
    case SIGN_OFF:
        stage->office = COMITY__V1__OFFICE__OFFICE_CO_CHAIR;
        break;
    case UMPIRE:
    case ESCALATE:
        stage->who = arena_string(world->arena, stage->kind == UMPIRE ? "arbitrator" : "council");
        break;
    case DEFAULT:
        stage->outcome = ADOPTED;
        return;
    default:
        return;
    }
    stage->within_ms = HOUR_MS;
}

void world_stage_on(struct world *world, Comity__V1__Stage *stage, int on)
{
    if (stage->n_on == 0)
        stage->on = world_alloc(world, 16 * sizeof(*stage->on));
    stage->on[stage->n_on++] = (Comity__V1__OutcomeKind) on;
}

Comity__V1__Stage *world_stage(struct world *world, Comity__V1__Rule *rule, int kind, int on)
{
    Comity__V1__Stage *stage = world_alloc(world, sizeof(*stage));
    char name[8];

    comity__v1__stage__init(stage);
    snprintf(name, sizeof(name), "s%zu", rule->n_stages + 1);
    stage->name = arena_string(world->arena, name);
    stage->kind = (Comity__V1__StageKind) kind;
    world_stage_on(world, stage, on);
    fill(world, stage);
    if (rule->n_stages == 0)
        rule->stages = world_alloc(world, 17 * sizeof(*rule->stages));
    rule->stages[rule->n_stages++] = stage;
    return stage;
}

void world_stage_map(struct world *world, Comity__V1__Stage *stage, int from, int to)
{
    Comity__V1__StageOutcome *line = world_alloc(world, sizeof(*line));

    comity__v1__stage_outcome__init(line);
    line->from = (Comity__V1__OutcomeKind) from;
    line->to = (Comity__V1__OutcomeKind) to;
    if (stage->n_map == 0)
        stage->map = world_alloc(world, 16 * sizeof(*stage->map));
    stage->map[stage->n_map++] = line;
}

void world_answer(struct world *world, uint32_t round, const char *answers)
{
    char name[16];
    unsigned answer;
    int read;

    for (; sscanf(answers, "%15[a-z] %u%n", name, &answer, &read) == 2;
         answers += read + (int) strspn(answers + read, ", ")) {
        Comity__V1__Command *ballot = world_ballot(world, name, round, answer);

        ballot->cast_ballot->reason = world_text(world);
        world_accept(world, ballot);
    }
    assert_string_equal(answers, "");
}

uint32_t world_vote(struct world *world, uint32_t rule, const char *answers)
{
    uint32_t round = world_open_round(world, 1, rule);

    world_answer(world, round, answers);
    world_close_round(world, round);
    return round;
}

struct world *world_at_ladder(struct world *world, Comity__V1__Rule *rule, const char *answers)
{
    world_vote(world, world_adopt(world, rule), answers);
    return world;
}

void world_check_ladder(struct world *world, uint32_t stage, int outcome)
{
    const Comity__V1__Proposal *proposal = world_row(world, TABLE_PROPOSAL, 1, 0);
    bool adopts = outcome == ADOPTED || outcome == BY_DEFAULT;
    int64_t due_ms = 0;

    assert_int_equal(proposal->stage, stage);
    assert_int_equal(proposal->outcome, outcome);
    assert_int_equal(proposal->decision, adopts ? 1 : 0);
    if (adopts)
        assert_int_equal(((const Comity__V1__Decision *) world_row(world, TABLE_DECISION, 1, 0))->outcome, outcome);
    assert_int_equal(machine_next_deadline(&world->view, &due_ms), 0);
    if (stage == 0)
        assert_int_equal(due_ms, 0);
    else
        assert_int_equal(due_ms, world_stage_run(world, stage)->due_ms);
    world_check_replay(world);
}

const Comity__V1__StageRun *world_stage_run(struct world *world, uint32_t number)
{
    return world_row(world, TABLE_STAGE, number, 0);
}

void world_check_stage(struct world *world, uint32_t number, int kind, int outcome)
{
    const Comity__V1__StageRun *run = world_stage_run(world, number);
    bool is_open = outcome == NONE;

    assert_int_equal(run->kind, kind);
    assert_int_equal(run->outcome, outcome);
    assert_int_equal(run->state, is_open ? COMITY__V1__STAGE_STATE__STAGE_STATE_OPEN
                                         : COMITY__V1__STAGE_STATE__STAGE_STATE_ENDED);
    assert_int_equal(run->ended_ms == 0, is_open);
}

Comity__V1__Command *world_second_command(struct world *world, const char *signer, uint32_t stage, uint32_t voter)
{
    Comity__V1__Command *command = world_command(world, signer, COMITY__V1__COMMAND__BODY_SECOND_BLOCK);

    command->second_block->stage = stage;
    command->second_block->voter = voter;
    return command;
}

Comity__V1__Command *world_confer_command(struct world *world, uint32_t stage)
{
    Comity__V1__Command *command = world_command(world, "odo", COMITY__V1__COMMAND__BODY_NOTE_CONFERENCE);

    command->note_conference->stage = stage;
    world_cosign(world, command, "lena", NULL);
    return command;
}

Comity__V1__Command *world_casting_command(struct world *world, const char *signer, uint32_t stage, bool is_for)
{
    Comity__V1__Command *command = world_command(world, signer, COMITY__V1__COMMAND__BODY_GIVE_CASTING_VOTE);

    command->give_casting_vote->stage = stage;
    command->give_casting_vote->for_proposal = is_for;
    return command;
}

Comity__V1__Command *world_answer_command(struct world *world, uint32_t stage, int outcome)
{
    Comity__V1__Command *command = world_command(world, "odo", COMITY__V1__COMMAND__BODY_ENTER_ANSWER);

    command->enter_answer->stage = stage;
    command->enter_answer->outcome = (Comity__V1__OutcomeKind) outcome;
    world_cosign(world, command, "mara", NULL);
    return command;
}

Comity__V1__Command *world_sign_off_command(struct world *world, const char *signer, uint32_t stage, bool refuses)
{
    Comity__V1__Command *command = world_command(world, signer, COMITY__V1__COMMAND__BODY_SIGN_OFF);

    command->sign_off->stage = stage;
    command->sign_off->refuses = refuses;
    return command;
}
