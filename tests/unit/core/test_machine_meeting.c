/* A session from its draft on: notice, agenda, ground rules, who facilitates; hands and the floor; sidebars;
 * plus/delta. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"
#include "core/machine/queue.h"
#include "core/machine/row.h"
#include "tests/support/world.h"

#define MINUTE_MS ((int64_t) 60 * 1000)

static Comity__V1__Command *of_session(struct world *world, const char *signer,
                                       Comity__V1__Command__BodyCase body, uint32_t session)
{
    Comity__V1__Command *command = world_command(world, signer, body);

    command->step_away->session = session; /* where it stands in each of those that are asked for */
    return command;
}

#define OF(world, signer, body, session) of_session(world, signer, COMITY__V1__COMMAND__BODY_##body, session)

static uint32_t draft(struct world *world)
{
    Comity__V1__Command *command = world_command(world, "cora", COMITY__V1__COMMAND__BODY_DRAFT_SESSION);

    command->draft_session->body = 1;
    command->draft_session->starts_ms = world->context.time_ms + 60 * MINUTE_MS;
    return world_accept(world, command)->session_drafted->session->number;
}

static Comity__V1__Command *notice(struct world *world, uint32_t session, uint32_t minutes)
{
    Comity__V1__Command *command = OF(world, "cora", GIVE_NOTICE, session);

    command->give_notice->notice_minutes = minutes;
    return command;
}

static uint32_t add_item(struct world *world, uint32_t session)
{
    return world_accept(world, OF(world, "lena", ADD_ITEM, session))->item_added->item->number;
}

static Comity__V1__Session *session_row(struct world *world, uint32_t number)
{
    return world_row(world, TABLE_SESSION, number, 0);
}

static void test_a_notice_is_kept(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    uint32_t number = draft(world);

    assert_int_equal(session_row(world, number)->state, COMITY__V1__SESSION_STATE__SESSION_STATE_DRAFT);
    assert_int_equal(session_row(world, number)->drafted_ms, world->context.time_ms);
    world_refuse(world, OF(world, "cora", OPEN_SESSION, number), ERR_STATE, "open_session.session");
    world_refuse(world, notice(world, number, 60), ERR_NOTICE, "give_notice.session"); /* of no agenda */
    uint32_t item = add_item(world, number);
    world->context.time_ms += 7;
    world_accept(world, notice(world, number, 60));
    const Comity__V1__Session *session = session_row(world, number);
    assert_int_equal(session->state, COMITY__V1__SESSION_STATE__SESSION_STATE_CONVENED);
    assert_int_equal(session->convened_ms, world->context.time_ms);
    assert_int_equal(session->notice_ms, 60 * MINUTE_MS);
    world_refuse(world, notice(world, number, 60), ERR_STATE, "give_notice.session");

    uint32_t late = add_item(world, number);
    assert_false(((Comity__V1__Item *) world_row(world, TABLE_ITEM, item, 0))->is_after_notice);
    assert_true(((Comity__V1__Item *) world_row(world, TABLE_ITEM, late, 0))->is_after_notice);
    world->context.time_ms += 60 * MINUTE_MS - 1;
    world_refuse(world, OF(world, "cora", OPEN_SESSION, number), ERR_NOTICE, "open_session.session");
    assert_int_equal(world->refusal.latest, world->context.time_ms + 1);
    world->context.time_ms++;
    world_accept(world, OF(world, "cora", OPEN_SESSION, number));
    world_check_replay(world);
    world_destroy(&world);
}

/* What is taken over from an earlier session is on the agenda like anything else. */
static void test_an_agenda_of_what_is_taken_over(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    uint32_t number = draft(world);
    Comity__V1__Command *move = world_command(world, "cora", COMITY__V1__COMMAND__BODY_MOVE_PHASE);

    world_refuse(world, notice(world, number, 60), ERR_NOTICE, "give_notice.session");
    move->move_phase->item = add_item(world, 1);
    move->move_phase->from = COMITY__V1__PHASE__PHASE_PROPOSAL;
    move->move_phase->phase = COMITY__V1__PHASE__PHASE_PROPOSAL;
    move->move_phase->session = number;
    world_accept(world, move);
    world_accept(world, notice(world, number, 60));
    assert_false(
        ((Comity__V1__Item *) world_row(world, TABLE_ITEM, move->move_phase->item, 0))->is_after_notice);
    move->move_phase->item = add_item(world, 1);
    world_accept(world, move);
    assert_true(
        ((Comity__V1__Item *) world_row(world, TABLE_ITEM, move->move_phase->item, 0))->is_after_notice);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_a_draft_without_notice_or_called_off(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    uint32_t first = draft(world), second = draft(world);

    world_accept(world, notice(world, first, 0));
    world_accept(world, OF(world, "cora", OPEN_SESSION, first));
    assert_false(
        ((Comity__V1__Item *) world_row(world, TABLE_ITEM, add_item(world, first), 0))->is_after_notice);
    world_accept(world, OF(world, "cora", CLOSE_SESSION, second));
    world_refuse(world, notice(world, second, 0), ERR_STATE, "give_notice.session");
    Comity__V1__Command *command = world_command(world, "cora", COMITY__V1__COMMAND__BODY_DRAFT_SESSION);
    command->draft_session->body = 9;
    command->draft_session->starts_ms = 1;
    world_refuse(world, command, ERR_NOT_FOUND, "draft_session.body");
    world_check_replay(world);
    world_destroy(&world);
}

static void test_the_agenda_in_order(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    uint32_t other = draft(world);
    uint32_t items[] = {add_item(world, 1), 1};
    uint32_t elsewhere[] = {1, add_item(world, other)};
    Comity__V1__Command *order = OF(world, "cora", ORDER_AGENDA, 1);

    order->order_agenda->items = items;
    order->order_agenda->n_items = 2;
    world_accept(world, order);
    assert_int_equal(session_row(world, 1)->n_agenda, 2);
    assert_int_equal(session_row(world, 1)->agenda[0], items[0]);
    order = OF(world, "cora", ORDER_AGENDA, 1);
    order->order_agenda->items = elsewhere;
    order->order_agenda->n_items = 2;
    world_refuse(world, order, ERR_NOT_FOUND, "order_agenda.items[1]");
    world_accept(world, OF(world, "cora", CLOSE_SESSION, 1));
    order->order_agenda->n_items = 1;
    world_refuse(world, order, ERR_STATE, "order_agenda.session");
    world_check_replay(world);
    world_destroy(&world);
}

static Comity__V1__Command *ground_rules(struct world *world, Comity__V1__QueueOrder queue)
{
    Comity__V1__Command *command = OF(world, "cora", SET_GROUND_RULES, 1);

    command->set_ground_rules->queue = queue;
    return command;
}

#define RAISED COMITY__V1__QUEUE_ORDER__QUEUE_ORDER_RAISED
#define ALTERNATING COMITY__V1__QUEUE_ORDER__QUEUE_ORDER_ALTERNATING

static void test_ground_rules(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Command *command = ground_rules(world, RAISED);

    world_accept(world, command);
    assert_memory_equal(session_row(world, 1)->ground_rules->text->hash.data,
                        command->set_ground_rules->text->hash.data, HASH_SIZE);
    world_accept(world, OF(world, "cora", CLOSE_SESSION, 1));
    world_refuse(world, ground_rules(world, RAISED), ERR_STATE, "set_ground_rules.session");
    world_check_replay(world);
    world_destroy(&world);
}

/* Another member of the office, invited by both parties. */
static void invite_facilitator(struct world *world)
{
    static Comity__V1__Office office[] = {COMITY__V1__OFFICE__OFFICE_FACILITATOR};
    Comity__V1__Command *invite = world_command(world, "lena", COMITY__V1__COMMAND__BODY_INVITE);
    Comity__V1__Command *redeem = world_command(world, "fay", COMITY__V1__COMMAND__BODY_REDEEM);

    invite->invite->key = world_key(world, "once");
    invite->invite->expires_ms = world->context.time_ms + MINUTE_MS;
    invite->invite->n_offices = 1;
    invite->invite->offices = office;
    world_cosign(world, invite, "mara", NULL);
    world_accept(world, invite);
    redeem->redeem->invitation = world_key(world, "once");
    world_cosign(world, redeem, "once", NULL);
    world_accept(world, redeem);
}

enum { FAY = ODO + 1 };

static void test_a_session_names_who_facilitates(void **state)
{
    (void) state;
    struct world *world = world_with_round(world_plain_rule);
    Comity__V1__Command *close = world_command(world, "cora", COMITY__V1__COMMAND__BODY_CLOSE_ROUND);
    uint32_t named[] = {FAY}, wrong[] = {CORA, LENA};
    Comity__V1__Command *name = OF(world, "cora", NAME_FACILITATORS, 1);

    invite_facilitator(world);
    name->name_facilitators->facilitators = named;
    name->name_facilitators->n_facilitators = 1;
    world_accept(world, name);
    /* The other one of the office does not facilitate this session; any of them can name others. */
    close->close_round->round = 1;
    world_refuse(world, close, ERR_FORBIDDEN, "session.facilitators");
    world_refuse(world, OF(world, "cora", RECESS_SESSION, 1), ERR_FORBIDDEN, "session.facilitators");
    world_refuse(world, OF(world, "lena", RECESS_SESSION, 1), ERR_FORBIDDEN, "key");
    world_accept(world, OF(world, "fay", RECESS_SESSION, 1));
    draft(world); /* of another session it says nothing */
    name = OF(world, "cora", NAME_FACILITATORS, 1);
    name->name_facilitators->facilitators = wrong;
    name->name_facilitators->n_facilitators = 2;
    world_refuse(world, name, ERR_FORBIDDEN, "name_facilitators.facilitators[1]");
    name->name_facilitators->n_facilitators = 1;
    name->name_facilitators->recorder = LENA;
    world_refuse(world, name, ERR_FORBIDDEN, "name_facilitators.recorder");
    name->name_facilitators->recorder = ODO;
    world_accept(world, name);
    close->key = world_key(world, "fay");
    world_refuse(world, close, ERR_FORBIDDEN, "session.facilitators");
    close->key = world_key(world, "cora");
    world_accept(world, close);
    world_check_replay(world);
    world_destroy(&world);
}

static Comity__V1__Command *floor_to(struct world *world, uint32_t member)
{
    Comity__V1__Command *command = OF(world, "cora", GIVE_FLOOR, 1);

    command->give_floor->member = member;
    return command;
}

static uint32_t next_speaker(struct world *world)
{
    return world_accept(world, floor_to(world, 0))->floor_given->member;
}

/* lena, luis (labour), mara (management), cora (convener) want to speak, in this order. */
static struct world *world_with_hands(Comity__V1__QueueOrder queue)
{
    static const char *const WHO[] = {"lena", "luis", "mara"};
    struct world *world = world_with_session();

    world_accept(world, ground_rules(world, queue));
    for (size_t i = 0; i < ARRAY_COUNT(WHO); i++)
        world_accept(world, OF(world, WHO[i], RAISE_HAND, 1));
    return world;
}

static void test_who_speaks_next(void **state)
{
    (void) state;
    struct world *world = world_with_hands(RAISED);

    assert_int_equal(next_speaker(world), LENA);
    assert_int_equal(next_speaker(world), LUIS);
    assert_int_equal(next_speaker(world), MARA);
    world_refuse(world, floor_to(world, 0), ERR_NOT_FOUND, "give_floor.member");
    world_check_replay(world);
    world_destroy(&world);

    world = world_with_hands(ALTERNATING);
    assert_int_equal(next_speaker(world), LENA);
    assert_int_equal(next_speaker(world), MARA);
    assert_int_equal(next_speaker(world), LUIS);
    assert_int_equal(session_row(world, 1)->floor->member, LUIS);
    assert_int_equal(session_row(world, 1)->floor->since_ms, world->context.time_ms);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_hands(void **state)
{
    (void) state;
    struct world *world = world_with_hands(RAISED);
    Comity__V1__Command *lower = OF(world, "cora", LOWER_HAND, 1);

    world_refuse(world, OF(world, "lena", RAISE_HAND, 1), ERR_EXISTS, "raise_hand.session");
    world_refuse(world, OF(world, "mona", RAISE_HAND, 1), ERR_NOT_PRESENT, "raise_hand.session");
    world_accept(world, OF(world, "lena", LOWER_HAND, 1));
    world_refuse(world, OF(world, "lena", LOWER_HAND, 1), ERR_STATE, "lower_hand.member");
    lower->lower_hand->member = LUIS;
    world_accept(world, lower);
    lower = OF(world, "lena", LOWER_HAND, 1);
    lower->lower_hand->member = MARA;
    world_refuse(world, lower, ERR_FORBIDDEN, "lower_hand.member");
    lower->lower_hand->member = 99;
    world_refuse(world, lower, ERR_NOT_FOUND, "lower_hand.member");
    assert_int_equal(next_speaker(world), MARA);
    /* Whoever leaves neither speaks nor waits to. */
    world_accept(world, OF(world, "lena", RAISE_HAND, 1));
    world_accept(world, OF(world, "lena", CHECK_OUT, 1));
    world_accept(world, OF(world, "mara", CHECK_OUT, 1));
    assert_int_equal(session_row(world, 1)->floor->member, 0);
    world_refuse(world, floor_to(world, 0), ERR_NOT_FOUND, "give_floor.member");
    world_check_replay(world);
    world_destroy(&world);
}

static void test_the_floor(void **state)
{
    (void) state;
    struct world *world = world_with_session();

    world_refuse(world, OF(world, "lena", YIELD_FLOOR, 1), ERR_STATE, "yield_floor.session");
    world_accept(world, floor_to(world, LENA));
    world_refuse(world, OF(world, "mara", YIELD_FLOOR, 1), ERR_FORBIDDEN, "yield_floor.session");
    world_accept(world, OF(world, "lena", YIELD_FLOOR, 1));
    assert_int_equal(session_row(world, 1)->floor->member, 0);
    assert_int_equal(session_row(world, 1)->floor->last, LENA);
    world_refuse(world, floor_to(world, MONA), ERR_NOT_PRESENT, "give_floor.member");
    world_refuse(world, floor_to(world, LARS), ERR_FORBIDDEN, "give_floor.member");
    world_refuse(world, floor_to(world, 99), ERR_NOT_FOUND, "give_floor.member");
    world_accept(world, OF(world, "cora", RECESS_SESSION, 1));
    world_refuse(world, floor_to(world, LENA), ERR_PAUSED, "give_floor.session");
    world_check_replay(world);
    world_destroy(&world);
}

/* An observer checks in and is silent; an adviser speaks when invited. */
static void test_advisers_speak_when_invited(void **state)
{
    (void) state;
    static Comity__V1__Office offices[] = {COMITY__V1__OFFICE__OFFICE_ADVISER,
                                           COMITY__V1__OFFICE__OFFICE_OBSERVER};
    static const char *const WHO[] = {"ava", "obi"};
    struct world *world = world_with_session();

    for (size_t i = 0; i < ARRAY_COUNT(WHO); i++) {
        Comity__V1__Command *invite = world_command(world, "lena", COMITY__V1__COMMAND__BODY_INVITE);
        Comity__V1__Command *redeem = world_command(world, WHO[i], COMITY__V1__COMMAND__BODY_REDEEM);
        const char *once = i == 0 ? "once" : "twice";

        invite->invite->key = world_key(world, once);
        invite->invite->expires_ms = world->context.time_ms + MINUTE_MS;
        invite->invite->n_offices = 1;
        invite->invite->offices = &offices[i];
        world_accept(world, invite);
        redeem->redeem->invitation = world_key(world, once);
        world_cosign(world, redeem, once, NULL);
        world_accept(world, redeem);
        world_check_in(world, WHO[i], 1, 1);
        world_refuse(world, OF(world, WHO[i], RAISE_HAND, 1), ERR_FORBIDDEN, "key");
    }
    world_accept(world, floor_to(world, ODO + 1));
    world_refuse(world, floor_to(world, ODO + 2), ERR_FORBIDDEN, "give_floor.member");
    world_destroy(&world);
}

static void test_the_queue_as_it_is_shown(void **state)
{
    (void) state;
    struct queue_hand hands[] = {{1, 50, "a"}, {2, 20, "a"}, {3, 30, "a"}, {4, 60, "b"}, {5, 40, "b"}};
    static const uint32_t ALTERNATED[] = {5, 2, 4, 3, 1};
    static const uint32_t IN_ORDER[] = {2, 3, 5, 1, 4};

    queue_sort(hands, 5, ALTERNATING, "a");
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(hands[i].member, ALTERNATED[i]);
    queue_sort(hands, 5, RAISED, "a");
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(hands[i].member, IN_ORDER[i]);
    assert_int_equal(queue_next(hands, 0, RAISED, NULL), 0);
    assert_int_equal(queue_next(hands, 5, ALTERNATING, NULL), 0);
}

static Comity__V1__Command *propose_sidebar(struct world *world, uint32_t first, uint32_t second)
{
    Comity__V1__Command *command = OF(world, "lena", PROPOSE_SIDEBAR, 1);

    command->propose_sidebar->members = world_alloc(world, 2 * sizeof(uint32_t));
    command->propose_sidebar->members[0] = first;
    command->propose_sidebar->members[1] = second;
    command->propose_sidebar->n_members = 2;
    return command;
}

static Comity__V1__Sidebar *sidebar_row(struct world *world, uint32_t number)
{
    return world_row(world, TABLE_SIDEBAR, number, 0);
}

static void test_a_sidebar_begins_when_all_agree(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Command *end = OF(world, "odo", END_SIDEBAR, 1);

    world_accept(world, propose_sidebar(world, MARA, ODO));
    assert_int_equal(sidebar_row(world, 1)->n_members, 3);
    assert_int_equal(sidebar_row(world, 1)->members[0], LENA);
    world_refuse(world, OF(world, "lena", AGREE_SIDEBAR, 1), ERR_EXISTS, "agree_sidebar.sidebar");
    world_refuse(world, end, ERR_STATE, "end_sidebar.sidebar");
    assert_false(world_accept(world, OF(world, "mara", AGREE_SIDEBAR, 1))->sidebar_agreed->has_begun);
    assert_int_equal(sidebar_row(world, 1)->state, COMITY__V1__SIDEBAR_STATE__SIDEBAR_STATE_PROPOSED);
    world->context.time_ms += 3;
    assert_true(world_accept(world, OF(world, "odo", AGREE_SIDEBAR, 1))->sidebar_agreed->has_begun);
    assert_int_equal(sidebar_row(world, 1)->state, COMITY__V1__SIDEBAR_STATE__SIDEBAR_STATE_OPEN);
    assert_int_equal(sidebar_row(world, 1)->began_ms, world->context.time_ms);
    world_refuse(world, OF(world, "mara", DECLINE_SIDEBAR, 1), ERR_STATE, "decline_sidebar.sidebar");
    world_refuse(world, end, ERR_RECORD, "end_sidebar.summary"); /* without a charter nothing is kept */
    end->end_sidebar->summary = NULL;
    world_accept(world, end);
    assert_int_equal(sidebar_row(world, 1)->state, COMITY__V1__SIDEBAR_STATE__SIDEBAR_STATE_ENDED);
    assert_null(sidebar_row(world, 1)->summary);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_a_sidebar_is_declined_or_refused(void **state)
{
    (void) state;
    struct world *world = world_with_session();

    world_refuse(world, propose_sidebar(world, MARA, LARS), ERR_FORBIDDEN, "propose_sidebar.members[1]");
    world_refuse(world, propose_sidebar(world, LENA, MARA), ERR_DUPLICATE, "propose_sidebar.members[0]");
    world_refuse(world, propose_sidebar(world, 99, MARA), ERR_NOT_FOUND, "propose_sidebar.members[0]");
    world_refuse(world, OF(world, "lena", AGREE_SIDEBAR, 1), ERR_NOT_FOUND, "agree_sidebar.sidebar");
    world_accept(world, propose_sidebar(world, MARA, ODO));
    world_accept(world, OF(world, "odo", DECLINE_SIDEBAR, 1));
    assert_int_equal(sidebar_row(world, 1)->state, COMITY__V1__SIDEBAR_STATE__SIDEBAR_STATE_DECLINED);
    world_refuse(world, OF(world, "mara", AGREE_SIDEBAR, 1), ERR_STATE, "agree_sidebar.sidebar");
    world_accept(world, propose_sidebar(world, MARA, ODO));
    world_accept(world, OF(world, "cora", CLOSE_SESSION, 1));
    world_refuse(world, OF(world, "mara", AGREE_SIDEBAR, 2), ERR_NOT_OPEN, "agree_sidebar.sidebar");
    world_refuse(world, propose_sidebar(world, MARA, ODO), ERR_NOT_OPEN, "propose_sidebar.session");
    world_check_replay(world);
    world_destroy(&world);
}

static Comity__V1__Command *plus(struct world *world, const char *signer, uint32_t session)
{
    Comity__V1__Command *command = OF(world, signer, NOTE_PLUS_DELTA, session);

    command->note_plus_delta->kind = COMITY__V1__PLUS_DELTA_KIND__PLUS_DELTA_KIND_DELTA;
    return command;
}

static void test_plus_and_delta(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    uint32_t number = draft(world);

    world_refuse(world, plus(world, "lena", number), ERR_NOT_OPEN, "note_plus_delta.session");
    world_accept(world, plus(world, "lena", 1));
    world_accept(world, OF(world, "cora", CLOSE_SESSION, 1));
    world_accept(world, plus(world, "odo", 1));
    const Comity__V1__PlusDelta *note = world_row(world, TABLE_PLUS_DELTA, 2, 0);
    assert_int_equal(note->member, ODO);
    assert_int_equal(note->kind, COMITY__V1__PLUS_DELTA_KIND__PLUS_DELTA_KIND_DELTA);
    world_check_replay(world);
    world_destroy(&world);
}

static int count_row(void *context, const ProtobufCMessage *row, struct bytes next_cursor)
{
    (void) row;
    assert_true(next_cursor.size > 0);
    ++*(size_t *) context;
    return 0;
}

/* A list as a query asks for it: its rows, or the code that refuses it. */
static int list_count(struct world *world, Comity__V1__ListKind kind, uint32_t parent, size_t *ret_count)
{
    const Comity__V1__Member *reader = world_row(world, TABLE_MEMBER, LENA, 0);
    Comity__V1__List list = COMITY__V1__LIST__INIT;

    *ret_count = 0;
    list.kind = kind;
    list.parent = parent;
    return state_list(&world->view, world->arena, &list, reader, BYTES(NULL, 0), count_row, ret_count);
}

static void test_lists(void **state)
{
    (void) state;
    struct world *world = world_with_hands(RAISED);
    size_t count;

    world_accept(world, propose_sidebar(world, MARA, ODO));
    world_accept(world, plus(world, "lena", 1));
    assert_int_equal(list_count(world, COMITY__V1__LIST_KIND__LIST_KIND_HANDS, 1, &count), 0);
    assert_int_equal(count, 3);
    assert_int_equal(list_count(world, COMITY__V1__LIST_KIND__LIST_KIND_HANDS, 0, &count), ERR_MISSING);
    assert_int_equal(list_count(world, COMITY__V1__LIST_KIND__LIST_KIND_TIME_BOXES, 1, &count), 0);
    assert_int_equal(count, 0);
    assert_int_equal(list_count(world, COMITY__V1__LIST_KIND__LIST_KIND_SIDEBARS, 0, &count), 0);
    assert_int_equal(count, 1);
    assert_int_equal(list_count(world, COMITY__V1__LIST_KIND__LIST_KIND_SIDEBARS, 2, &count), 0);
    assert_int_equal(count, 0);
    assert_int_equal(list_count(world, COMITY__V1__LIST_KIND__LIST_KIND_PLUS_DELTAS, 1, &count), 0);
    assert_int_equal(count, 1);
    assert_int_equal(list_count(world, COMITY__V1__LIST_KIND__LIST_KIND_PLUS_DELTAS, 2, &count), 0);
    assert_int_equal(count, 0);
    world_destroy(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_notice_is_kept),
        cmocka_unit_test(test_an_agenda_of_what_is_taken_over),
        cmocka_unit_test(test_a_draft_without_notice_or_called_off),
        cmocka_unit_test(test_the_agenda_in_order),
        cmocka_unit_test(test_ground_rules),
        cmocka_unit_test(test_a_session_names_who_facilitates),
        cmocka_unit_test(test_who_speaks_next),
        cmocka_unit_test(test_hands),
        cmocka_unit_test(test_the_floor),
        cmocka_unit_test(test_advisers_speak_when_invited),
        cmocka_unit_test(test_the_queue_as_it_is_shown),
        cmocka_unit_test(test_a_sidebar_begins_when_all_agree),
        cmocka_unit_test(test_a_sidebar_is_declined_or_refused),
        cmocka_unit_test(test_plus_and_delta),
        cmocka_unit_test(test_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
