/* Steps that many tests of the machine take. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/machine/row.h"
#include "tests/support/world.h"

#define HOUR_MS ((int64_t) 3600 * 1000)

void world_create_body(struct world *world, const char *name, uint32_t labour, uint32_t management,
                       uint32_t convener)
{
    static const char *const NAMES[] = {"labour", "management", "convener"};
    const uint32_t counts[] = {labour, management, convener};
    Comity__V1__Command *command = world_command(world, "lena", COMITY__V1__COMMAND__BODY_CREATE_BODY);
    Comity__V1__CreateBody *body = command->create_body;

    body->name = arena_string(world->arena, name);
    body->seats = world_alloc(world, ARRAY_COUNT(counts) * sizeof(*body->seats));
    for (size_t i = 0; i < ARRAY_COUNT(counts); i++) {
        Comity__V1__SeatGroup *group = world_alloc(world, sizeof(*group));

        if (counts[i] == 0)
            continue;
        comity__v1__seat_group__init(group);
        group->constituency = arena_string(world->arena, NAMES[i]);
        group->count = counts[i];
        body->seats[body->n_seats++] = group;
    }
    world_cosign(world, command, "mara", NULL);
    world_accept(world, command);
}

void world_seat(struct world *world, const char *co_chair, uint32_t body, uint32_t seat, uint32_t member)
{
    Comity__V1__Command *command = world_command(world, co_chair, COMITY__V1__COMMAND__BODY_ASSIGN_SEAT);

    command->assign_seat->body = body;
    command->assign_seat->seat = seat;
    command->assign_seat->member = member;
    world_accept(world, command);
}

/* One scale entry for each stance: answer 1 AGREE to 6 BLOCK. */
static void rule_add_scale(struct world *world, Comity__V1__Rule *rule)
{
    static const char *const LABELS[] = {"agree", "reserved", "stand-aside", "abstain", "concern", "block"};

    rule->n_scale = ARRAY_COUNT(LABELS);
    rule->scale = world_alloc(world, ARRAY_COUNT(LABELS) * sizeof(*rule->scale));
    for (size_t i = 0; i < ARRAY_COUNT(LABELS); i++) {
        rule->scale[i] = world_alloc(world, sizeof(*rule->scale[i]));
        comity__v1__scale_entry__init(rule->scale[i]);
        rule->scale[i]->answer = (uint32_t) i + 1;
        rule->scale[i]->label = arena_string(world->arena, LABELS[i]);
        rule->scale[i]->stance = (Comity__V1__Stance) (i + 1);
    }
}

static Comity__V1__Test *rule_test(struct world *world, const char *name, Comity__V1__TestClass class,
                                   Comity__V1__ScopeKind scope)
{
    Comity__V1__Test *test = world_alloc(world, sizeof(*test));

    comity__v1__test__init(test);
    test->name = arena_string(world->arena, name);
    test->class_ = class;
    test->scope = world_alloc(world, sizeof(*test->scope));
    comity__v1__scope__init(test->scope);
    test->scope->kind = scope;
    test->count = world_alloc(world, sizeof(*test->count));
    comity__v1__count__init(test->count);
    test->against = world_alloc(world, sizeof(*test->against));
    comity__v1__base__init(test->against);
    test->bound = COMITY__V1__BOUND__BOUND_AT_LEAST;
    test->numerator = 1;
    test->denominator = 2;
    return test;
}

static void test_count_stances(struct world *world, Comity__V1__Test *test, size_t count,
                               const Comity__V1__Stance *stances)
{
    test->count->kind = COMITY__V1__COUNT_KIND__COUNT_KIND_STANCES;
    test->count->n_stances = count;
    test->count->stances = arena_copy(world->arena, stances, count * sizeof(*stances));
}

/* Half of each party's roll present; nobody blocks; half of each party's votes cast in support. Two rounds; a
 * block needs a reason; ballots can be replaced and are seen by all; closed by a facilitator alone. */
Comity__V1__Rule *world_rule(struct world *world, const char *name)
{
    static const Comity__V1__Stance SUPPORT[] = {COMITY__V1__STANCE__STANCE_AGREE,
                                                 COMITY__V1__STANCE__STANCE_RESERVED};
    static const Comity__V1__Stance BLOCK[] = {COMITY__V1__STANCE__STANCE_BLOCK};
    Comity__V1__Rule *rule = world_alloc(world, sizeof(*rule));

    comity__v1__rule__init(rule);
    rule->name = arena_string(world->arena, name);
    rule->form = COMITY__V1__FORM__FORM_STANCE;
    rule->roll = COMITY__V1__ROLL_KIND__ROLL_KIND_SEATS;
    rule->frozen = COMITY__V1__FROZEN__FROZEN_ROUND;
    rule->rounds = 2;
    rule_add_scale(world, rule);

    rule->n_tests = 3;
    rule->tests = world_alloc(world, 3 * sizeof(*rule->tests));
    rule->tests[0] = rule_test(world, "quorum", COMITY__V1__TEST_CLASS__TEST_CLASS_QUORUM,
                               COMITY__V1__SCOPE_KIND__SCOPE_KIND_EACH_CONSTITUENCY);
    rule->tests[0]->count->kind = COMITY__V1__COUNT_KIND__COUNT_KIND_PRESENT;
    rule->tests[0]->against->kind = COMITY__V1__BASE_KIND__BASE_KIND_ELIGIBLE;
    rule->tests[1] = rule_test(world, "no-block", COMITY__V1__TEST_CLASS__TEST_CLASS_OBJECTION,
                               COMITY__V1__SCOPE_KIND__SCOPE_KIND_WHOLE);
    test_count_stances(world, rule->tests[1], 1, BLOCK);
    rule->tests[1]->against->kind = COMITY__V1__BASE_KIND__BASE_KIND_NONE;
    rule->tests[1]->bound = COMITY__V1__BOUND__BOUND_AT_MOST;
    rule->tests[1]->numerator = 0;
    rule->tests[1]->denominator = 1;
    rule->tests[2] = rule_test(world, "support", COMITY__V1__TEST_CLASS__TEST_CLASS_SUPPORT,
                               COMITY__V1__SCOPE_KIND__SCOPE_KIND_EACH_CONSTITUENCY);
    test_count_stances(world, rule->tests[2], 2, SUPPORT);
    rule->tests[2]->against->kind = COMITY__V1__BASE_KIND__BASE_KIND_CAST;

    rule->n_duties = 1;
    rule->duties = world_alloc(world, sizeof(*rule->duties));
    rule->duties[0] = world_alloc(world, sizeof(*rule->duties[0]));
    comity__v1__duty__init(rule->duties[0]);
    rule->duties[0]->stance = COMITY__V1__STANCE__STANCE_BLOCK;
    rule->duties[0]->kind = COMITY__V1__DUTY_KIND__DUTY_KIND_REASON;
    rule->close = world_alloc(world, sizeof(*rule->close));
    comity__v1__close__init(rule->close);
    return rule;
}

Comity__V1__Rule *world_plain_rule(struct world *world)
{
    return world_rule(world, "plain");
}

Comity__V1__Command *world_adopt_command(struct world *world, Comity__V1__Rule *rule)
{
    Comity__V1__Command *command = world_command(world, "mara", COMITY__V1__COMMAND__BODY_ADOPT_RULE);
    Comity__V1__AdoptRule *adopt = command->adopt_rule;
    struct row_key key = row_key_counter(TABLE_BODY);
    uint32_t bodies = 0;

    assert_int_equal(row_number(&world->view, &key, &bodies), 0);
    adopt->rule = rule;
    adopt->bodies = world_alloc(world, (bodies + 1) * sizeof(*adopt->bodies));
    for (uint32_t number = 1; number <= bodies; number++)
        adopt->bodies[adopt->n_bodies++] = number;
    world_cosign(world, command, "lena", NULL);
    return command;
}

uint32_t world_adopt(struct world *world, Comity__V1__Rule *rule)
{
    return world_accept(world, world_adopt_command(world, rule))->rule_adopted->rule->number;
}

uint32_t world_open_session(struct world *world, uint32_t body)
{
    Comity__V1__Command *convene = world_command(world, "cora", COMITY__V1__COMMAND__BODY_CONVENE_SESSION);
    Comity__V1__Command *open = world_command(world, "cora", COMITY__V1__COMMAND__BODY_OPEN_SESSION);

    convene->convene_session->body = body;
    convene->convene_session->starts_ms = world->context.time_ms + HOUR_MS;
    open->open_session->session = world_accept(world, convene)->session_convened->session->number;
    world_accept(world, open);
    return open->open_session->session;
}

void world_check_in(struct world *world, const char *member, uint32_t session, uint32_t site)
{
    Comity__V1__Command *command = world_command(world, member, COMITY__V1__COMMAND__BODY_CHECK_IN);

    command->check_in->session = session;
    command->check_in->site = site;
    world_accept(world, command);
}

uint32_t world_propose(struct world *world, uint32_t session)
{
    Comity__V1__Command *item = world_command(world, "lena", COMITY__V1__COMMAND__BODY_ADD_ITEM);
    Comity__V1__Command *proposal = world_command(world, "mara", COMITY__V1__COMMAND__BODY_MAKE_PROPOSAL);

    item->add_item->session = session;
    proposal->make_proposal->item = world_accept(world, item)->item_added->item->number;
    return world_accept(world, proposal)->proposal_made->proposal->number;
}

Comity__V1__Command *world_open_round_command(struct world *world, uint32_t proposal, uint32_t rule)
{
    Comity__V1__Command *command = world_command(world, "cora", COMITY__V1__COMMAND__BODY_OPEN_ROUND);
    const Comity__V1__Proposal *row = world_row(world, TABLE_PROPOSAL, proposal, 0);

    command->open_round->proposal = proposal;
    command->open_round->text_hash = row->versions[row->n_versions - 1]->text->hash;
    command->open_round->rule = rule;
    return command;
}

uint32_t world_open_round(struct world *world, uint32_t proposal, uint32_t rule)
{
    return world_accept(world, world_open_round_command(world, proposal, rule))->round_opened->round->number;
}

Comity__V1__Command *world_close_round_command(struct world *world, uint32_t round)
{
    Comity__V1__Command *command = world_command(world, "cora", COMITY__V1__COMMAND__BODY_CLOSE_ROUND);

    command->close_round->round = round;
    return command;
}

const Comity__V1__Outcome *world_close_round(struct world *world, uint32_t round)
{
    return world_accept(world, world_close_round_command(world, round))->round_closed->outcome;
}

Comity__V1__Command *world_ballot(struct world *world, const char *member, uint32_t round, uint32_t answer)
{
    Comity__V1__Command *command = world_command(world, member, COMITY__V1__COMMAND__BODY_CAST_BALLOT);
    const Comity__V1__Round *row = world_row(world, TABLE_ROUND, round, 0);

    command->cast_ballot->round = round;
    command->cast_ballot->text_hash = row->text_hash;
    command->cast_ballot->answer = answer;
    if (row->rule->visibility == COMITY__V1__VISIBILITY__VISIBILITY_UNTIL_CLOSE) {
        command->cast_ballot->reason = world_text(world);
        command->cast_ballot->reason->size = 0;
        command->cast_ballot->alternative = world_text(world);
        command->cast_ballot->alternative->size = 0;
    }
    return command;
}

Comity__V1__Command *world_add_site_command(struct world *world, const char *signer, const char *name)
{
    Comity__V1__Command *command = world_command(world, signer, COMITY__V1__COMMAND__BODY_ADD_SITE);
    Comity__V1__NewSite *site = world_alloc(world, sizeof(*site));

    comity__v1__new_site__init(site);
    site->name = arena_string(world->arena, name);
    site->title = world_text(world);
    site->time_zone = arena_string(world->arena, "UTC");
    command->add_site->site = site;
    return command;
}

Comity__V1__Command *world_redeem_command(struct world *world, const char *newcomer, const char *one_time)
{
    Comity__V1__Command *command = world_command(world, newcomer, COMITY__V1__COMMAND__BODY_REDEEM);

    command->redeem->invitation = world_key(world, one_time);
    world_cosign(world, command, one_time, NULL);
    return command;
}

Comity__V1__Command *world_revoke_command(struct world *world, const char *signer, const char *key)
{
    Comity__V1__Command *command = world_command(world, signer, COMITY__V1__COMMAND__BODY_REVOKE_KEY);

    command->revoke_key->key = world_key(world, key);
    return command;
}

struct world *world_with_session(void)
{
    static const char *const PRESENT[] = {"lena", "luis", "mara", "cora"};
    struct world *world = world_founded();

    world_create_body(world, "council", 2, 2, 1);
    world_seat(world, "lena", 1, 1, LENA);
    world_seat(world, "luis", 1, 2, LUIS);
    world_seat(world, "mara", 1, 3, MARA);
    world_seat(world, "mara", 1, 4, MONA);
    world_seat(world, "carl", 1, 5, CORA);
    world_open_session(world, 1);
    for (size_t i = 0; i < ARRAY_COUNT(PRESENT); i++)
        world_check_in(world, PRESENT[i], 1, 1 + (uint32_t) i % 3);
    world_propose(world, 1);
    return world;
}

struct world *world_with_round(Comity__V1__Rule *(*rule)(struct world *world))
{
    struct world *world = world_with_session();
    Comity__V1__Rule *adopted = rule(world);
    uint32_t number = world_adopt(world, adopted);
    Comity__V1__Command *command = world_open_round_command(world, 1, number);

    if (adopted->close->at_time)
        command->open_round->closes_ms = world->context.time_ms + HOUR_MS;
    world_accept(world, command);
    return world;
}
