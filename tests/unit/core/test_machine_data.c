/* Concerns, data requests, facts and straw polls; and for whom their texts are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"
#include "core/machine/phase.h"
#include "core/machine/row.h"
#include "tests/support/solving.h"

static void test_a_concern_and_its_end(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    uint32_t number = solving_raise(world, "mona", 1);
    Comity__V1__Command *second = world_command(world, "mona", COMITY__V1__COMMAND__BODY_SECOND_CONCERN);
    Comity__V1__Command *settle = world_command(world, "mona", COMITY__V1__COMMAND__BODY_SETTLE_CONCERN);

    const Comity__V1__Concern *concern = world_row(world, TABLE_CONCERN, number, 0);
    assert_int_equal(concern->state, COMITY__V1__CONCERN_STATE__CONCERN_STATE_RAISED);
    assert_int_equal(concern->version, 1);
    assert_int_equal(concern->raised_by, MONA);
    second->second_concern->concern = number;
    world_refuse(world, second, ERR_FORBIDDEN, "second_concern.concern"); /* one's own */
    second->key = world_key(world, "lena");
    world_accept(world, second);
    world_refuse(world, second, ERR_EXISTS, "second_concern.concern");
    concern = world_row(world, TABLE_CONCERN, number, 0);
    assert_int_equal(concern->state, COMITY__V1__CONCERN_STATE__CONCERN_STATE_SECONDED);
    assert_int_equal(concern->seconders[0], LENA);

    settle->settle_concern->concern = number;
    settle->settle_concern->state = COMITY__V1__CONCERN_STATE__CONCERN_STATE_SECONDED;
    world_refuse(world, settle, ERR_RANGE, "settle_concern.state");
    settle->settle_concern->state = COMITY__V1__CONCERN_STATE__CONCERN_STATE_RESOLVED;
    settle->key = world_key(world, "lena");
    world_refuse(world, settle, ERR_FORBIDDEN, "key"); /* who raised it says when it is resolved */
    settle->key = world_key(world, "mona");
    world_accept(world, settle);
    concern = world_row(world, TABLE_CONCERN, number, 0);
    assert_int_equal(concern->state, COMITY__V1__CONCERN_STATE__CONCERN_STATE_RESOLVED);
    assert_non_null(concern->how);
    assert_int_equal(concern->settled_ms, world->context.time_ms);
    world_refuse(world, settle, ERR_STATE, "settle_concern.concern");
    second->key = world_key(world, "mara");
    world_refuse(world, second, ERR_STATE, "second_concern.concern");
    world_check_replay(world);
    world_destroy(&world);
}

static void test_a_concern_is_about_a_text_and_an_interest(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Command *raise = world_command(world, "mona", COMITY__V1__COMMAND__BODY_RAISE_CONCERN);

    solving_move(world, 1, PHASE(INTERESTS));
    uint32_t interest =
        solving_give(world, "odo", 1, COMITY__V1__CONTRIBUTION_KIND__CONTRIBUTION_KIND_SHARED_INTEREST);
    solving_move(world, 1, PHASE(OPTIONS));
    solving_move(world, 1, PHASE(STANDARDS));
    uint32_t standard =
        solving_give(world, "lena", 1, COMITY__V1__CONTRIBUTION_KIND__CONTRIBUTION_KIND_STANDARD);
    raise->raise_concern->proposal = 1;
    raise->raise_concern->text_hash = world_key(world, "another text");
    world_refuse(world, raise, ERR_STALE, "raise_concern.text_hash");
    raise->raise_concern->text_hash = solving_text_hash(world, 1);
    raise->raise_concern->harms = interest;
    world_refuse(world, raise, ERR_STATE, "raise_concern.harms"); /* not approved yet */
    raise->raise_concern->harms = standard;
    world_refuse(world, raise, ERR_RANGE, "raise_concern.harms");
    raise->raise_concern->harms = 77;
    world_refuse(world, raise, ERR_NOT_FOUND, "raise_concern.harms");
    world_accept(world, solving_approve(world, "lena", interest));
    world_accept(world, solving_approve(world, "mara", interest));
    raise->raise_concern->harms = interest;
    world_accept(world, raise);
    world_accept(world, solving_flag(world, "lena", 1));
    Comity__V1__Command *settle = world_command(world, "mona", COMITY__V1__COMMAND__BODY_SETTLE_CONCERN);
    settle->settle_concern->concern = 1;
    settle->settle_concern->state = COMITY__V1__CONCERN_STATE__CONCERN_STATE_WITHDRAWN;
    world_refuse(world, settle, ERR_PHASE, "settle_concern.concern");
    world_refuse(world, raise, ERR_PHASE, "raise_concern.proposal");
    world_check_replay(world);
    world_destroy(&world);
}

static Comity__V1__Command *answer(struct world *world, const char *who, uint32_t request)
{
    Comity__V1__Command *command = world_command(world, who, COMITY__V1__COMMAND__BODY_ANSWER_DATA);

    command->answer_data->request = request;
    return command;
}

static Comity__V1__Command *refuse_data(struct world *world, const char *who, uint32_t request)
{
    Comity__V1__Command *command = world_command(world, who, COMITY__V1__COMMAND__BODY_REFUSE_DATA);

    command->refuse_data->request = request;
    solving_give_reason(world, command);
    return command;
}

static void test_a_request_is_answered_or_refused(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Command *ask = solving_ask_command(world, "lena", 1, "nobody", false);

    world_refuse(world, ask, ERR_NOT_FOUND, "request_data.constituency");
    ask->request_data->constituency = arena_string(world->arena, "management");
    ask->request_data->due_ms = world->context.time_ms;
    world_refuse(world, ask, ERR_RANGE, "request_data.due_ms");
    ask->request_data->due_ms = world->context.time_ms + 1;
    const Comity__V1__DataRequest *request = world_accept(world, ask)->data_requested->request;
    assert_int_equal(request->constituency, MANAGEMENT);
    assert_int_equal(request->confined_to, 0);
    assert_int_equal(world->events.list[0].audience, COMITY__V1__AUDIENCE__AUDIENCE_ALL);
    world_refuse(world, answer(world, "lena", 1), ERR_FORBIDDEN, "key");
    world_accept(world, refuse_data(world, "mona", 1));
    request = world_row(world, TABLE_DATA_REQUEST, 1, 0);
    assert_int_equal(request->state, COMITY__V1__DATA_REQUEST_STATE__DATA_REQUEST_STATE_REFUSED);
    assert_int_equal(request->answered_by, MONA);
    world_refuse(world, refuse_data(world, "mara", 1), ERR_STATE, "refuse_data.request");
    world_accept(world, answer(world, "mara", 1)); /* on second thoughts */
    request = world_row(world, TABLE_DATA_REQUEST, 1, 0);
    assert_int_equal(request->state, COMITY__V1__DATA_REQUEST_STATE__DATA_REQUEST_STATE_ANSWERED);
    assert_int_equal(request->answered_by, MARA);
    world_refuse(world, answer(world, "mara", 1), ERR_STATE, "answer_data.request");
    world_check_replay(world);
    world_destroy(&world);
}

static bool may_see(struct world *world, enum table table, uint32_t number, uint32_t reader)
{
    bool may;

    assert_int_equal(
        state_may_see_texts(&world->view, world->arena, world_row(world, table, number, 0), reader, &may), 0);
    return may;
}

/* Audience of the last command's texts. */
static void check_confined(const struct world *world)
{
    assert_int_equal(world->events.list[0].audience, COMITY__V1__AUDIENCE__AUDIENCE_BODY);
    assert_int_equal(world->events.list[0].round, 1);
}

/* Who is asked can read what for; and who sits there for a session sees what the holder of the seat would. */
static void test_who_is_asked_and_who_stands_in(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    uint32_t request = solving_ask(world, "lena", 1, "convener", true);
    uint32_t fact = solving_fact(world, "lena", 1, true);
    Comity__V1__StandIn stand_in = COMITY__V1__STAND_IN__INIT;
    struct row_key stands = row_key(TABLE_STANDS, 1, LARS);

    assert_true(may_see(world, TABLE_DATA_REQUEST, request, CARL));
    assert_false(may_see(world, TABLE_FACT, fact, CARL));
    assert_false(may_see(world, TABLE_DATA_REQUEST, request, LARS));
    assert_false(may_see(world, TABLE_FACT, fact, LARS));
    stand_in.session = 1;
    stand_in.seat = 1;
    stand_in.holder = LENA;
    stand_in.member = LARS;
    assert_int_equal(state_put(&world->view, world->arena, TABLE_STAND_IN, 1, 1, &stand_in.base), 0);
    assert_int_equal(row_put_number(&world->view, &stands, 1), 0);
    assert_true(may_see(world, TABLE_DATA_REQUEST, request, LARS));
    assert_true(may_see(world, TABLE_FACT, fact, LARS));
    world_destroy(&world);
}

static void test_what_is_for_the_body_alone(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    uint32_t request = solving_ask(world, "lena", 1, "management", true);

    check_confined(world);
    world_accept(world, answer(world, "mona", request));
    check_confined(world);
    Comity__V1__Command *open = solving_fact_command(world, "lena", 1, false);
    open->state_fact->request = request;
    world_refuse(world, open, ERR_FORBIDDEN, "state_fact.confidentiality"); /* not told to all that way */
    open->state_fact->confidentiality = COMITY__V1__CONFIDENTIALITY__CONFIDENTIALITY_BODY;
    uint32_t fact = world_accept(world, open)->fact_stated->fact->number;
    check_confined(world);
    Comity__V1__Command *judge = world_command(world, "mara", COMITY__V1__COMMAND__BODY_JUDGE_FACT);
    judge->judge_fact->fact = fact;
    judge->judge_fact->position = COMITY__V1__FACT_POSITION__FACT_POSITION_DISPUTED;
    solving_give_reason(world, judge);
    world_accept(world, judge);
    check_confined(world);

    /* Who holds a seat (luis), facilitates (cora) or keeps the record (odo) may see it; a co-chair without a
     * seat (carl) and a member (lars) may not. */
    static const struct {
        uint32_t member;
        bool may;
    } READERS[] = {{LENA, true}, {LUIS, true},  {MARA, true}, {CORA, true},
                   {ODO, true},  {LARS, false}, {CARL, false}};
    for (size_t i = 0; i < ARRAY_COUNT(READERS); i++) {
        assert_int_equal(may_see(world, TABLE_DATA_REQUEST, request, READERS[i].member), READERS[i].may);
        assert_int_equal(may_see(world, TABLE_FACT, fact, READERS[i].member), READERS[i].may);
        assert_true(may_see(world, TABLE_ITEM, 1, READERS[i].member));
    }
    /* Who leaves the seat sees no more of it than others, but for what was one's own. */
    world_seat(world, "luis", 1, 1, 0);
    world_seat(world, "luis", 1, 2, 0);
    assert_false(may_see(world, TABLE_DATA_REQUEST, request, LUIS));
    assert_true(may_see(world, TABLE_DATA_REQUEST, request, LENA));
    world_check_replay(world);
    world_destroy(&world);
}

static void test_facts_are_agreed_or_disputed(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    uint32_t fact = solving_fact(world, "odo", 1, false);
    Comity__V1__Command *judge = world_command(world, "lena", COMITY__V1__COMMAND__BODY_JUDGE_FACT);
    Comity__V1__Command *withdraw = world_command(world, "odo", COMITY__V1__COMMAND__BODY_WITHDRAW_FACT);
    Comity__V1__Command *of = solving_fact_command(world, "lena", 1, false);

    of->state_fact->request = 77;
    world_refuse(world, of, ERR_NOT_FOUND, "state_fact.request");
    of->state_fact->request = solving_ask(world, "lena", 1, "management", false);
    world_refuse(world, of, ERR_STATE, "state_fact.request"); /* not answered */
    world_accept(world, answer(world, "mara", of->state_fact->request));
    of->state_fact->item = solving_item(world, PHASE(DATA));
    world_refuse(world, of, ERR_RANGE, "state_fact.request"); /* of another item */

    judge->judge_fact->fact = fact;
    judge->judge_fact->position = COMITY__V1__FACT_POSITION__FACT_POSITION_DISPUTED;
    world_refuse(world, judge, ERR_MISSING, "judge_fact.reason");
    solving_give_reason(world, judge);
    world_accept(world, judge);
    judge = world_command(world, "mona", COMITY__V1__COMMAND__BODY_JUDGE_FACT);
    judge->judge_fact->fact = fact;
    judge->judge_fact->position = COMITY__V1__FACT_POSITION__FACT_POSITION_AGREED;
    world_accept(world, judge);
    judge->key = world_key(world, "luis"); /* labour thinks again: its latest word counts */
    world_accept(world, judge);
    const Comity__V1__Fact *row = world_row(world, TABLE_FACT, fact, 0);
    assert_int_equal(row->n_judgements, 2);
    assert_int_equal(row->judgements[0]->constituency, LABOUR);
    assert_int_equal(row->judgements[0]->judged_by, LUIS);
    assert_int_equal(row->judgements[0]->position, COMITY__V1__FACT_POSITION__FACT_POSITION_AGREED);
    assert_int_equal(row->judgements[1]->constituency, MANAGEMENT);

    withdraw->withdraw_fact->fact = fact;
    world_accept(world, withdraw);
    world_refuse(world, withdraw, ERR_STATE, "withdraw_fact.fact");
    world_refuse(world, judge, ERR_STATE, "judge_fact.fact");
    world_check_replay(world);
    world_destroy(&world);
}

static void test_straw_polls_are_kept_nowhere(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Command *open = world_command(world, "cora", COMITY__V1__COMMAND__BODY_OPEN_STRAW_POLL);

    open->open_straw_poll->item = 1;
    solving_choices(world, open);
    world_refuse(world, open, ERR_RECORD, "open_straw_poll.item");
    world_destroy(&world);
}

/* Where the charter in force says so, they are kept; and what it says of a phase holds in it. */
static void test_the_charter_says_what_is_kept(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__CharterVersion version = COMITY__V1__CHARTER_VERSION__INIT;
    Comity__V1__Charter charter = COMITY__V1__CHARTER__INIT;
    Comity__V1__PhaseRecord story = COMITY__V1__PHASE_RECORD__INIT, options = story,
                            *records[] = {&story, &options};
    struct row_key counter = row_key_counter(TABLE_CHARTER);
    Comity__V1__Command *open = world_command(world, "cora", COMITY__V1__COMMAND__BODY_OPEN_STRAW_POLL);

    story.phase = PHASE(STORY);
    story.level = COMITY__V1__RECORD_LEVEL__RECORD_LEVEL_FULL;
    options.phase = PHASE(OPTIONS);
    options.level = COMITY__V1__RECORD_LEVEL__RECORD_LEVEL_NONE;
    charter.records = records;
    charter.n_records = ARRAY_COUNT(records);
    charter.straw_polls = COMITY__V1__RECORD_LEVEL__RECORD_LEVEL_FULL;
    version.number = 1;
    version.charter = &charter;
    assert_int_equal(state_put(&world->view, world->arena, TABLE_CHARTER, 1, 0, &version.base), 0);
    assert_int_equal(row_put_number(&world->view, &counter, 1), 0);

    uint32_t item = solving_item(world, PHASE(STORY));
    const Comity__V1__ContributionKind kind = COMITY__V1__CONTRIBUTION_KIND__CONTRIBUTION_KIND_STORY;
    assert_int_equal(world_accept(world, solving_give_command(world, "mona", item, kind))
                         ->contribution_made->contribution->state,
                     COMITY__V1__CONTRIBUTION_STATE__CONTRIBUTION_STATE_STANDS);
    world_refuse(world,
                 solving_give_command(world, "cora", solving_item(world, PHASE(OPTIONS)),
                                      COMITY__V1__CONTRIBUTION_KIND__CONTRIBUTION_KIND_OPTION),
                 ERR_RECORD, "contribute.item");
    open->open_straw_poll->item = 1;
    solving_choices(world, open);
    assert_int_equal(world_accept(world, open)->straw_poll_opened->poll->number, 1);
    world_destroy(&world);
}

/* One that is there, as it were where it was agreed that they are kept. */
static void test_a_straw_poll_that_is_kept(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    uint32_t poll = solving_poll(world, 1);
    static const struct {
        const char *who;
        uint32_t choice;
    } ANSWERS[] = {{"lena", 1}, {"mara", 2}, {"mona", 2}, {"lena", 2}, {"cora", 1}};
    Comity__V1__Command *close = world_command(world, "cora", COMITY__V1__COMMAND__BODY_CLOSE_STRAW_POLL);
    Comity__V1__Command *give = NULL;

    for (size_t i = 0; i < ARRAY_COUNT(ANSWERS); i++) {
        give = world_command(world, ANSWERS[i].who, COMITY__V1__COMMAND__BODY_ANSWER_STRAW_POLL);
        give->answer_straw_poll->poll = poll;
        give->answer_straw_poll->choice = ANSWERS[i].choice;
        world_accept(world, give);
    }
    give->answer_straw_poll->choice = 3;
    world_refuse(world, give, ERR_RANGE, "answer_straw_poll.choice");
    assert_int_equal(world->refusal.limit, 2);
    close->close_straw_poll->poll = poll;
    world_accept(world, close);
    const Comity__V1__StrawPoll *row = world_row(world, TABLE_STRAW_POLL, poll, 0);
    assert_int_equal(row->n_counts, 2);
    assert_int_equal(row->counts[0], 1);
    assert_int_equal(row->counts[1], 3);
    assert_int_equal(row->closed_ms, world->context.time_ms);
    give->answer_straw_poll->choice = 1;
    world_refuse(world, give, ERR_NOT_OPEN, "answer_straw_poll.poll");
    world_refuse(world, close, ERR_NOT_OPEN, "close_straw_poll.poll");
    world_restore(world);
    close->nonce = world_key(world, "again");
    close->nonce.len = NONCE_SIZE;
    world_refuse(world, close, ERR_EPOCH, "close_straw_poll.poll"); /* an end is not carried over */
    world_destroy(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_concern_and_its_end),
        cmocka_unit_test(test_a_concern_is_about_a_text_and_an_interest),
        cmocka_unit_test(test_a_request_is_answered_or_refused),
        cmocka_unit_test(test_who_is_asked_and_who_stands_in),
        cmocka_unit_test(test_what_is_for_the_body_alone),
        cmocka_unit_test(test_facts_are_agreed_or_disputed),
        cmocka_unit_test(test_straw_polls_are_kept_nowhere),
        cmocka_unit_test(test_the_charter_says_what_is_kept),
        cmocka_unit_test(test_a_straw_poll_that_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
