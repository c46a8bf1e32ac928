#include "tests/support/world_decisions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct world *world_deciding(void)
{
    struct world *world = world_with_session();

    world_adopt(world, world_plain_rule(world));
    return world;
}

Comity__V1__Terms *world_terms(struct world *world)
{
    Comity__V1__Terms *terms = world_alloc(world, sizeof(*terms));

    comity__v1__terms__init(terms);
    terms->reopen_by = COMITY__V1__REOPEN_BY__REOPEN_BY_CO_CHAIR;
    return terms;
}

void world_add_effect(struct world *world, Comity__V1__Terms *terms, int relation, uint32_t decision)
{
    Comity__V1__DecisionEffect *effect = world_alloc(world, sizeof(*effect));

    comity__v1__decision_effect__init(effect);
    effect->relation = (Comity__V1__DecisionRelation) relation;
    effect->decision = decision;
    if (terms->n_effects == 0)
        terms->effects = world_alloc(world, 17 * sizeof(*terms->effects));
    terms->effects[terms->n_effects++] = effect;
}

void world_add_clause(struct world *world, Comity__V1__Terms *terms)
{
    Comity__V1__Clause *clause = world_alloc(world, sizeof(*clause));

    comity__v1__clause__init(clause);
    clause->title = world_text(world);
    clause->signatories = world_alloc(world, 2 * sizeof(*clause->signatories));
    clause->signatories[clause->n_signatories++] = LABOUR;
    clause->signatories[clause->n_signatories++] = MANAGEMENT;
    if (terms->n_clauses == 0)
        terms->clauses = world_alloc(world, 17 * sizeof(*terms->clauses));
    terms->clauses[terms->n_clauses++] = clause;
}

Comity__V1__Command *world_propose_command(struct world *world, const Comity__V1__Terms *terms)
{
    Comity__V1__Command *item = world_command(world, "lena", COMITY__V1__COMMAND__BODY_ADD_ITEM);
    Comity__V1__Command *command = world_command(world, "mara", COMITY__V1__COMMAND__BODY_MAKE_PROPOSAL);

    item->add_item->session = 1;
    command->make_proposal->item = world_accept(world, item)->item_added->item->number;
    command->make_proposal->terms = (Comity__V1__Terms *) (uintptr_t) terms;
    return command;
}

uint32_t world_round_closed(struct world *world, const Comity__V1__Terms *terms, uint32_t answer)
{
    uint32_t proposal =
        world_accept(world, world_propose_command(world, terms))->proposal_made->proposal->number;
    uint32_t round = world_open_round(world, proposal, 1);

    world_accept(world, world_ballot(world, "lena", round, answer));
    world_accept(world, world_ballot(world, "mara", round, answer));
    world_close_round(world, round);
    return round;
}

uint32_t world_decide(struct world *world, const Comity__V1__Terms *terms)
{
    uint32_t round = world_round_closed(world, terms, 1);
    const Comity__V1__Round *row = world_row(world, TABLE_ROUND, round, 0);
    const Comity__V1__Proposal *proposal = world_row(world, TABLE_PROPOSAL, row->proposal, 0);

    assert_int_not_equal(proposal->decision, 0);
    return proposal->decision;
}

const Comity__V1__Decision *world_decision(struct world *world, uint32_t number)
{
    return world_row(world, TABLE_DECISION, number, 0);
}

void world_check_decision(struct world *world, uint32_t number, int state, int end)
{
    const Comity__V1__Decision *decision = world_decision(world, number);
    bool is_over = state == COMITY__V1__DECISION_STATE__DECISION_STATE_ENDED ||
                   state == COMITY__V1__DECISION_STATE__DECISION_STATE_SUPERSEDED;

    assert_int_equal(decision->state, state);
    assert_int_equal(decision->end, end);
    assert_int_equal(decision->ended_ms, is_over ? world->context.time_ms : 0);
}

Comity__V1__Command *world_sign_command(struct world *world, const char *signer, uint32_t decision)
{
    Comity__V1__Command *command = world_command(world, signer, COMITY__V1__COMMAND__BODY_SIGN_CLAUSE);

    command->sign_clause->decision = decision;
    command->sign_clause->clause = 1;
    command->sign_clause->text_hash = world_decision(world, decision)->text_hash;
    return command;
}

Comity__V1__Command *world_declare_command(struct world *world, uint32_t round, int outcome)
{
    Comity__V1__Command *command = world_command(world, "lena", COMITY__V1__COMMAND__BODY_DECLARE_OUTCOME);

    command->declare_outcome->round = round;
    command->declare_outcome->outcome = (Comity__V1__OutcomeKind) outcome;
    command->declare_outcome->reason = world_text(world);
    world_cosign(world, command, "mara", NULL);
    return command;
}

Comity__V1__Command *world_action_command(struct world *world, const char *signer, uint32_t decision)
{
    Comity__V1__Command *command = world_command(world, signer, COMITY__V1__COMMAND__BODY_ADD_ACTION);
    Comity__V1__AddAction *add = command->add_action;

    add->decision = decision;
    add->owners = world_alloc(world, 2 * sizeof(*add->owners));
    add->owners[add->n_owners++] = LARS;
    add->owners[add->n_owners++] = MONA;
    add->due_date = 20281231;
    add->time_zone = arena_string(world->arena, "Europe/Berlin");
    return command;
}

void world_minuted(struct world *world, bool by_silence)
{
    Comity__V1__Command *close = world_command(world, "cora", COMITY__V1__COMMAND__BODY_CLOSE_SESSION);
    Comity__V1__Command *draft = world_command(world, "odo", COMITY__V1__COMMAND__BODY_DRAFT_MINUTES);

    close->close_session->session = 1;
    world_accept(world, close);
    draft->draft_minutes->session = 1;
    draft->draft_minutes->by_silence = by_silence;
    world_accept(world, draft);
}

Comity__V1__Command *world_approve_command(struct world *world, const char *signer, uint32_t session)
{
    Comity__V1__Command *command = world_command(world, signer, COMITY__V1__COMMAND__BODY_APPROVE_MINUTES);
    const Comity__V1__Minutes *minutes = world_row(world, TABLE_MINUTES, session, 0);

    command->approve_minutes->session = session;
    command->approve_minutes->text_hash = minutes->versions[minutes->n_versions - 1]->text->hash;
    return command;
}

Comity__V1__Command *world_mandate_command(struct world *world, uint32_t decision, uint32_t member)
{
    Comity__V1__Command *command = world_command(world, "lena", COMITY__V1__COMMAND__BODY_GIVE_MANDATE);

    command->give_mandate->decision = decision;
    command->give_mandate->member = member;
    command->give_mandate->report_by_ms = world->context.time_ms + 1000;
    world_cosign(world, command, "mara", NULL);
    return command;
}
