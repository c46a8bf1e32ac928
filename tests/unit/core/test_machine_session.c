/* Sessions, items and proposals: convene_session, open_session, close_session, check_in, add_item,
 * make_proposal, revise_proposal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"
#include "tests/support/world.h"

/* The body council with lena, luis | mara, mona | cora. */
static struct world *world_with_body(void)
{
    struct world *world = world_founded();

    world_create_body(world, "council", 2, 2, 1);
    world_seat(world, "lena", 1, 1, LENA);
    world_seat(world, "lena", 1, 2, LARS);
    world_seat(world, "mara", 1, 3, MARA);
    return world;
}

static Comity__V1__Command *convene(struct world *world, const char *signer, uint32_t body)
{
    Comity__V1__Command *command = world_command(world, signer, COMITY__V1__COMMAND__BODY_CONVENE_SESSION);

    command->convene_session->body = body;
    command->convene_session->starts_ms = 1700000360000;
    return command;
}

static Comity__V1__Command *open_session(struct world *world, const char *signer, uint32_t session)
{
    Comity__V1__Command *command = world_command(world, signer, COMITY__V1__COMMAND__BODY_OPEN_SESSION);

    command->open_session->session = session;
    return command;
}

static Comity__V1__Command *close_session(struct world *world, const char *signer, uint32_t session)
{
    Comity__V1__Command *command = world_command(world, signer, COMITY__V1__COMMAND__BODY_CLOSE_SESSION);

    command->close_session->session = session;
    return command;
}

static Comity__V1__Command *check_in(struct world *world, const char *signer, uint32_t session, uint32_t site)
{
    Comity__V1__Command *command = world_command(world, signer, COMITY__V1__COMMAND__BODY_CHECK_IN);

    command->check_in->session = session;
    command->check_in->site = site;
    return command;
}

static Comity__V1__Command *add_item(struct world *world, const char *signer, uint32_t session)
{
    Comity__V1__Command *command = world_command(world, signer, COMITY__V1__COMMAND__BODY_ADD_ITEM);

    command->add_item->session = session;
    return command;
}

static Comity__V1__Command *propose(struct world *world, const char *signer, uint32_t item)
{
    Comity__V1__Command *command = world_command(world, signer, COMITY__V1__COMMAND__BODY_MAKE_PROPOSAL);

    command->make_proposal->item = item;
    return command;
}

static Comity__V1__Command *revise(struct world *world, const char *signer, uint32_t proposal,
                                   const Comity__V1__TextRef *base)
{
    Comity__V1__Command *command = world_command(world, signer, COMITY__V1__COMMAND__BODY_REVISE_PROPOSAL);

    command->revise_proposal->proposal = proposal;
    command->revise_proposal->base_hash = base->hash;
    return command;
}

static void test_a_session_from_convened_to_closed(void **state)
{
    (void) state;
    struct world *world = world_with_body();

    Comity__V1__Command *command = convene(world, "cora", 1);
    const Comity__V1__Session *session = world_accept(world, command)->session_convened->session;
    assert_int_equal(session->number, 1);
    assert_int_equal(session->body, 1);
    assert_memory_equal(session->title->hash.data, command->convene_session->title->hash.data, HASH_SIZE);
    assert_int_equal(session->state, COMITY__V1__SESSION_STATE__SESSION_STATE_CONVENED);
    assert_int_equal(session->convened_by, CORA);
    assert_int_equal(session->starts_ms, 1700000360000);

    world_refuse(world, check_in(world, "lena", 1, 1), ERR_NOT_OPEN, "check_in.session");
    world->context.time_ms += 5;
    world_accept(world, open_session(world, "cora", 1));
    session = world_row(world, TABLE_SESSION, 1, 0);
    assert_int_equal(session->state, COMITY__V1__SESSION_STATE__SESSION_STATE_OPEN);
    assert_int_equal(session->opened_ms, world->context.time_ms);
    world_refuse(world, open_session(world, "cora", 1), ERR_STATE, "open_session.session");

    world->context.time_ms += 5;
    world_accept(world, close_session(world, "cora", 1));
    session = world_row(world, TABLE_SESSION, 1, 0);
    assert_int_equal(session->state, COMITY__V1__SESSION_STATE__SESSION_STATE_CLOSED);
    assert_int_equal(session->closed_ms, world->context.time_ms);
    assert_int_equal(session->convened_ms, world->context.time_ms - 10);
    world_refuse(world, open_session(world, "cora", 1), ERR_STATE, "open_session.session");
    world_refuse(world, close_session(world, "cora", 1), ERR_NOT_OPEN, "close_session.session");
    world_refuse(world, check_in(world, "lena", 1, 1), ERR_NOT_OPEN, "check_in.session");
    world_check_replay(world);
    world_destroy(&world);
}

static void test_a_session_is_called_off(void **state)
{
    (void) state;
    struct world *world = world_with_body();

    world_accept(world, convene(world, "cora", 1));
    world_accept(world, close_session(world, "cora", 1));
    const Comity__V1__Session *session = world_row(world, TABLE_SESSION, 1, 0);
    assert_int_equal(session->state, COMITY__V1__SESSION_STATE__SESSION_STATE_CLOSED);
    assert_int_equal(session->opened_ms, 0);
    world_refuse(world, open_session(world, "cora", 1), ERR_STATE, "open_session.session");
    world_refuse(world, close_session(world, "cora", 1), ERR_NOT_OPEN, "close_session.session");
    world_check_replay(world);
    world_destroy(&world);
}

static void test_a_session_is_refused(void **state)
{
    (void) state;
    struct world *world = world_with_body();

    world_refuse(world, convene(world, "cora", 2), ERR_NOT_FOUND, "convene_session.body");
    world_refuse(world, convene(world, "lena", 1), ERR_FORBIDDEN, "key");
    world_refuse(world, convene(world, "stranger", 2), ERR_KEY_UNKNOWN, "key");
    world_accept(world, convene(world, "cora", 1));
    world_refuse(world, open_session(world, "cora", 2), ERR_NOT_FOUND, "open_session.session");
    world_refuse(world, open_session(world, "lena", 1), ERR_FORBIDDEN, "key");
    world_refuse(world, open_session(world, "stranger", 1), ERR_KEY_UNKNOWN, "key");
    world_accept(world, open_session(world, "cora", 1));
    world_refuse(world, close_session(world, "cora", 2), ERR_NOT_FOUND, "close_session.session");
    world_refuse(world, close_session(world, "mara", 1), ERR_FORBIDDEN, "key");
    world_destroy(&world);
}

static void test_a_session_with_an_open_round_does_not_close(void **state)
{
    (void) state;
    struct world *world = world_with_round(world_plain_rule);
    Comity__V1__Command *close = world_command(world, "cora", COMITY__V1__COMMAND__BODY_CLOSE_ROUND);

    world_refuse(world, close_session(world, "cora", 1), ERR_STATE, "close_session.session");
    close->close_round->round = 1;
    world_accept(world, close);
    world_accept(world, close_session(world, "cora", 1));
    world_destroy(&world);
}

static void test_check_in(void **state)
{
    (void) state;
    struct world *world = world_with_body();

    world_open_session(world, 1);
    const Comity__V1__Presence *presence =
        world_accept(world, check_in(world, "lars", 1, 3))->member_checked_in->presence;
    assert_int_equal(presence->session, 1);
    assert_int_equal(presence->member, LARS);
    assert_int_equal(presence->site, 3);
    /* Again from another site: moves. */
    world->context.time_ms += 7;
    world_accept(world, check_in(world, "lars", 1, 1));
    presence = world_row(world, TABLE_PRESENCE, 1, LARS);
    assert_int_equal(presence->site, 1);
    assert_int_equal(presence->since_ms, world->context.time_ms);
    /* With an office and without a seat. */
    world_accept(world, check_in(world, "odo", 1, 2));

    world_refuse(world, check_in(world, "mona", 1, 2), ERR_FORBIDDEN, "key");
    world_refuse(world, check_in(world, "lars", 2, 2), ERR_NOT_FOUND, "check_in.session");
    world_refuse(world, check_in(world, "lars", 1, 4), ERR_NOT_FOUND, "check_in.site");
    world_refuse(world, check_in(world, "stranger", 2, 4), ERR_KEY_UNKNOWN, "key");
    world_check_replay(world);
    world_destroy(&world);
}

static void test_items_and_proposals(void **state)
{
    (void) state;
    struct world *world = world_with_body();

    /* The agenda is made up while the session is convened, by a seat's holder or a facilitator. */
    world_accept(world, convene(world, "cora", 1));
    assert_int_equal(world_accept(world, add_item(world, "lars", 1))->item_added->item->number, 1);
    const Comity__V1__Item *item = world_accept(world, add_item(world, "cora", 1))->item_added->item;
    assert_int_equal(item->number, 2);
    assert_int_equal(item->session, 1);
    assert_int_equal(item->added_by, CORA);
    assert_memory_equal(((Comity__V1__Item *) world_row(world, TABLE_ITEM, 2, 0))->title->hash.data,
                        world->events.list[0].command->add_item->title->hash.data, HASH_SIZE);
    world_refuse(world, add_item(world, "mona", 1), ERR_FORBIDDEN, "key");
    world_refuse(world, add_item(world, "odo", 1), ERR_FORBIDDEN, "key");
    world_refuse(world, add_item(world, "lars", 2), ERR_NOT_FOUND, "add_item.session");

    const Comity__V1__Proposal *proposal =
        world_accept(world, propose(world, "mara", 2))->proposal_made->proposal;
    assert_int_equal(proposal->number, 1);
    assert_int_equal(proposal->item, 2);
    assert_int_equal(proposal->n_versions, 1);
    assert_int_equal(proposal->versions[0]->version, 1);
    assert_int_equal(proposal->versions[0]->author, MARA);
    assert_int_equal(proposal->versions[0]->made_ms, world->context.time_ms);
    assert_memory_equal(proposal->title->hash.data,
                        world->events.list[0].command->make_proposal->title->hash.data, HASH_SIZE);
    world_refuse(world, propose(world, "mara", 3), ERR_NOT_FOUND, "make_proposal.item");
    world_refuse(world, propose(world, "mona", 1), ERR_FORBIDDEN, "key");
    world_refuse(world, propose(world, "stranger", 3), ERR_KEY_UNKNOWN, "key");

    world_accept(world, open_session(world, "cora", 1));
    world_accept(world, add_item(world, "lena", 1));
    world_accept(world, propose(world, "cora", 3));
    world_accept(world, close_session(world, "cora", 1));
    world_refuse(world, add_item(world, "lena", 1), ERR_STATE, "add_item.session");
    world_refuse(world, propose(world, "lena", 3), ERR_STATE, "make_proposal.item");
    world_refuse(world, revise(world, "lena", 1, proposal->versions[0]->text), ERR_STATE,
                 "revise_proposal.proposal");
    world_check_replay(world);
    world_destroy(&world);
}

static void test_revise_proposal(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    const Comity__V1__Proposal *proposal = world_row(world, TABLE_PROPOSAL, 1, 0);
    const Comity__V1__TextRef *first = proposal->versions[0]->text;
    Comity__V1__Command *command = revise(world, "luis", 1, first);

    const Comity__V1__ProposalRevised *revised = world_accept(world, command)->proposal_revised;
    assert_int_equal(revised->version->version, 2);
    assert_int_equal(revised->version->author, LUIS);
    proposal = world_row(world, TABLE_PROPOSAL, 1, 0);
    assert_int_equal(proposal->n_versions, 2);
    assert_memory_equal(proposal->versions[0]->text->hash.data, first->hash.data, HASH_SIZE);
    const Comity__V1__TextRef *second = proposal->versions[1]->text;
    assert_memory_equal(second->hash.data, command->revise_proposal->text->hash.data, HASH_SIZE);

    world_refuse(world, revise(world, "luis", 1, first), ERR_STALE, "revise_proposal.base_hash");
    assert_int_equal(world->refusal.latest, 2);
    command = revise(world, "luis", 1, second);
    command->revise_proposal->text->hash = first->hash;
    world_refuse(world, command, ERR_EXISTS, "revise_proposal.text");
    world_refuse(world, revise(world, "luis", 2, second), ERR_NOT_FOUND, "revise_proposal.proposal");
    world_refuse(world, revise(world, "lars", 1, second), ERR_FORBIDDEN, "key");
    world_refuse(world, revise(world, "stranger", 2, second), ERR_KEY_UNKNOWN, "key");
    world_check_replay(world);
    world_destroy(&world);
}

static void test_versions_are_limited(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    const Comity__V1__TextRef *latest =
        ((Comity__V1__Proposal *) world_row(world, TABLE_PROPOSAL, 1, 0))->versions[0]->text;

    for (int i = 2; i <= 100; i++) {
        Comity__V1__Command *command = revise(world, "mara", 1, latest);
        world_accept(world, command);
        latest = command->revise_proposal->text;
    }
    world_refuse(world, revise(world, "mara", 1, latest), ERR_LIMIT, "revise_proposal.proposal");
    assert_int_equal(world->refusal.limit, 100);
    world_destroy(&world);
}

static void test_a_text_under_test_or_decided_stays(void **state)
{
    (void) state;
    struct world *world = world_with_round(world_plain_rule);
    const Comity__V1__TextRef *text =
        ((Comity__V1__Proposal *) world_row(world, TABLE_PROPOSAL, 1, 0))->versions[0]->text;
    Comity__V1__Command *close = world_command(world, "cora", COMITY__V1__COMMAND__BODY_CLOSE_ROUND);

    world_refuse(world, revise(world, "luis", 1, text), ERR_STATE, "revise_proposal.proposal");
    world_accept(world, world_ballot(world, "lena", 1, 1));
    world_accept(world, world_ballot(world, "mara", 1, 1));
    close->close_round->round = 1;
    world_accept(world, close);
    assert_int_equal(world->events.count, 2);
    world_refuse(world, revise(world, "luis", 1, text), ERR_STATE, "revise_proposal.proposal");
    world_destroy(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_session_from_convened_to_closed),
        cmocka_unit_test(test_a_session_is_called_off),
        cmocka_unit_test(test_a_session_is_refused),
        cmocka_unit_test(test_a_session_with_an_open_round_does_not_close),
        cmocka_unit_test(test_check_in),
        cmocka_unit_test(test_items_and_proposals),
        cmocka_unit_test(test_revise_proposal),
        cmocka_unit_test(test_versions_are_limited),
        cmocka_unit_test(test_a_text_under_test_or_decided_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
