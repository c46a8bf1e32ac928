#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/machine/phase.h"
#include "core/machine/row.h"
#include "tests/support/solving.h"

uint32_t solving_item(struct world *world, Comity__V1__Phase phase)
{
    Comity__V1__Command *command = world_command(world, "lena", COMITY__V1__COMMAND__BODY_ADD_ITEM);

    command->add_item->session = 1;
    command->add_item->phase = phase;
    return world_accept(world, command)->item_added->item->number;
}

Comity__V1__Phase solving_phase(struct world *world, uint32_t item)
{
    return ((const Comity__V1__Item *) world_row(world, TABLE_ITEM, item, 0))->phase;
}

void solving_give_reason(struct world *world, Comity__V1__Command *command)
{
    const ProtobufCFieldDescriptor *outer = protobuf_c_message_descriptor_get_field(
        &comity__v1__command__descriptor, (unsigned) command->body_case);
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(outer->descriptor, "reason");
    Comity__V1__TextRef *text = world_text(world);
    uint8_t *body;

    memcpy(&body, (uint8_t *) command + outer->offset, sizeof(body));
    memcpy(body + field->offset, &text, sizeof(text));
}

Comity__V1__Command *solving_move_command(struct world *world, uint32_t item, Comity__V1__Phase phase)
{
    Comity__V1__Command *command = world_command(world, "cora", COMITY__V1__COMMAND__BODY_MOVE_PHASE);

    command->move_phase->item = item;
    command->move_phase->from = solving_phase(world, item);
    command->move_phase->phase = phase;
    return command;
}

void solving_move(struct world *world, uint32_t item, Comity__V1__Phase phase)
{
    world_accept(world, solving_move_command(world, item, phase));
    assert_int_equal(solving_phase(world, item), phase);
}

/* A command whose first number is the item's, and which has a reason where it can. */
static Comity__V1__Command *of_item(struct world *world, const char *who, uint32_t item,
                                    Comity__V1__Command__BodyCase body)
{
    Comity__V1__Command *command = world_command(world, who, body);

    command->hold_phase->item = item;
    if (body != COMITY__V1__COMMAND__BODY_RELEASE_PHASE)
        solving_give_reason(world, command);
    return command;
}

Comity__V1__Command *solving_hold(struct world *world, const char *who, uint32_t item)
{
    return of_item(world, who, item, COMITY__V1__COMMAND__BODY_HOLD_PHASE);
}

Comity__V1__Command *solving_release(struct world *world, const char *who, uint32_t item)
{
    return of_item(world, who, item, COMITY__V1__COMMAND__BODY_RELEASE_PHASE);
}

Comity__V1__Command *solving_flag(struct world *world, const char *who, uint32_t item)
{
    return of_item(world, who, item, COMITY__V1__COMMAND__BODY_FLAG_BARGAINING);
}

Comity__V1__Command *solving_set_aside(struct world *world, uint32_t item, Comity__V1__Phase phase)
{
    Comity__V1__Command *command = of_item(world, "cora", item, COMITY__V1__COMMAND__BODY_SET_ASIDE_ITEM);

    command->set_aside_item->phase = phase;
    return command;
}

Comity__V1__Command *solving_withdraw(struct world *world, const char *who, uint32_t item, uint32_t leave)
{
    Comity__V1__Command *command = of_item(world, who, item, COMITY__V1__COMMAND__BODY_WITHDRAW_ITEM);

    command->withdraw_item->leave = leave;
    return command;
}

uint32_t solving_join(struct world *world, const char *co_chair, const char *name, Comity__V1__Office office)
{
    Comity__V1__Command *invite = world_command(world, co_chair, COMITY__V1__COMMAND__BODY_INVITE);
    Comity__V1__Command *redeem = world_command(world, name, COMITY__V1__COMMAND__BODY_REDEEM);
    char *once = arena_printf(world->arena, "once of %s", name);

    invite->invite->key = world_key(world, once);
    invite->invite->expires_ms = world->context.time_ms + 1000;
    invite->invite->n_offices = 1;
    invite->invite->offices = arena_copy(world->arena, &office, sizeof(office));
    world_cosign(world, invite, strcmp(co_chair, "mara") == 0 ? "lena" : "mara", NULL);
    world_accept(world, invite);
    redeem->redeem->invitation = world_key(world, once);
    world_cosign(world, redeem, once, NULL);
    return world_accept(world, redeem)->invitation_redeemed->member->number;
}

Comity__V1__Command *solving_give_command(struct world *world, const char *who, uint32_t item,
                                          Comity__V1__ContributionKind kind)
{
    Comity__V1__Command *command = world_command(world, who, COMITY__V1__COMMAND__BODY_CONTRIBUTE);

    command->contribute->item = item;
    command->contribute->kind = kind;
    return command;
}

uint32_t solving_give(struct world *world, const char *who, uint32_t item, Comity__V1__ContributionKind kind)
{
    return world_accept(world, solving_give_command(world, who, item, kind))
        ->contribution_made->contribution->number;
}

ProtobufCBinaryData solving_hash(struct world *world, uint32_t contribution)
{
    const Comity__V1__Contribution *row = world_row(world, TABLE_CONTRIBUTION, contribution, 0);

    return row->versions[row->n_versions - 1]->text->hash;
}

void solving_approve_fill(struct world *world, Comity__V1__Command *command, uint32_t contribution)
{
    Comity__V1__ApproveContributions *approve = command->approve_contributions;
    Comity__V1__ApprovedText *text = world_alloc(world, sizeof(*text));

    comity__v1__approved_text__init(text);
    text->contribution = contribution;
    text->text_hash = solving_hash(world, contribution);
    approve->texts = world_alloc(world, sizeof(*approve->texts));
    approve->texts[0] = text;
    approve->n_texts = 1;
}

Comity__V1__Command *solving_approve(struct world *world, const char *who, uint32_t contribution)
{
    Comity__V1__Command *command = world_command(world, who, COMITY__V1__COMMAND__BODY_APPROVE_CONTRIBUTIONS);

    solving_approve_fill(world, command, contribution);
    return command;
}

ProtobufCBinaryData solving_text_hash(struct world *world, uint32_t proposal)
{
    const Comity__V1__Proposal *row = world_row(world, TABLE_PROPOSAL, proposal, 0);

    return row->versions[row->n_versions - 1]->text->hash;
}

uint32_t solving_raise(struct world *world, const char *who, uint32_t proposal)
{
    Comity__V1__Command *command = world_command(world, who, COMITY__V1__COMMAND__BODY_RAISE_CONCERN);

    command->raise_concern->proposal = proposal;
    command->raise_concern->text_hash = solving_text_hash(world, proposal);
    return world_accept(world, command)->concern_raised->concern->number;
}

static Comity__V1__Confidentiality whose(bool is_for_body)
{
    return is_for_body ? COMITY__V1__CONFIDENTIALITY__CONFIDENTIALITY_BODY
                       : COMITY__V1__CONFIDENTIALITY__CONFIDENTIALITY_ALL;
}

Comity__V1__Command *solving_ask_command(struct world *world, const char *who, uint32_t item,
                                         const char *constituency, bool is_for_body)
{
    Comity__V1__Command *command = world_command(world, who, COMITY__V1__COMMAND__BODY_REQUEST_DATA);

    command->request_data->item = item;
    command->request_data->constituency = arena_string(world->arena, constituency);
    command->request_data->confidentiality = whose(is_for_body);
    return command;
}

uint32_t solving_ask(struct world *world, const char *who, uint32_t item, const char *constituency,
                     bool is_for_body)
{
    return world_accept(world, solving_ask_command(world, who, item, constituency, is_for_body))
        ->data_requested->request->number;
}

Comity__V1__Command *solving_fact_command(struct world *world, const char *who, uint32_t item,
                                          bool is_for_body)
{
    Comity__V1__Command *command = world_command(world, who, COMITY__V1__COMMAND__BODY_STATE_FACT);

    command->state_fact->item = item;
    command->state_fact->confidentiality = whose(is_for_body);
    return command;
}

uint32_t solving_fact(struct world *world, const char *who, uint32_t item, bool is_for_body)
{
    return world_accept(world, solving_fact_command(world, who, item, is_for_body))
        ->fact_stated->fact->number;
}

static Comity__V1__StrawChoice **choices_new(struct world *world)
{
    Comity__V1__StrawChoice **choices = world_alloc(world, 2 * sizeof(*choices));

    for (size_t i = 0; i < 2; i++) {
        choices[i] = world_alloc(world, sizeof(*choices[i]));
        comity__v1__straw_choice__init(choices[i]);
        choices[i]->text = world_text(world);
    }
    return choices;
}

void solving_choices(struct world *world, Comity__V1__Command *command)
{
    command->open_straw_poll->choices = choices_new(world);
    command->open_straw_poll->n_choices = 2;
}

uint32_t solving_poll(struct world *world, uint32_t item)
{
    struct row_key counter = row_key_counter(TABLE_STRAW_POLL);
    Comity__V1__StrawPoll poll = COMITY__V1__STRAW_POLL__INIT;

    poll.number = 1;
    poll.item = item;
    poll.question = world_text(world);
    poll.choices = choices_new(world);
    poll.n_choices = 2;
    poll.opened_by = CORA;
    poll.opened_ms = world->context.time_ms;
    assert_int_equal(state_put(&world->view, world->arena, TABLE_STRAW_POLL, 1, 0, &poll.base), 0);
    assert_int_equal(row_put_number(&world->view, &counter, 1), 0);
    return 1;
}
