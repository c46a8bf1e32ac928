/* Forgeries: by somebody who has the log key, so that every hash and signature fits. Each differs from what a
 * worker writes in one thing, which only one check can notice. */
#include "export_fixture.h"

#include "core/error.h"
#include "worker/receipt.h"

enum { PARTS_MAX = 4 }; /* open, command, two texts */

/* An event with its command, as it is put on record. */
struct forgery {
    const Comity__V1__Event *open;
    const struct command *command; /* NULL: none */
    uint8_t audience;              /* of the command's parts */
    uint32_t round;
    int64_t time_ms;
    uint32_t level_more, epoch_more; /* than is due */
    bool is_open_hidden;             /* the open part is for somebody as well */
};

static size_t parts_make(struct fixture *fixture, const struct forgery *forgery, struct event_part parts[PARTS_MAX])
{
    const struct command *command = forgery->command;
    size_t count = command != NULL ? 2 + command->text_count : 1;

    assert_true(count <= PARTS_MAX);
    memset(parts, 0, PARTS_MAX * sizeof(*parts));
    assert_int_equal(message_pack(&forgery->open->base, fixture->scene.arena, &parts[0].content), 0);
    for (size_t i = 0; i < count; i++) {
        parts[i].kind = (uint8_t) (i == 0   ? COMITY__V1__PART_KIND__PART_KIND_OPEN
                                   : i == 1 ? COMITY__V1__PART_KIND__PART_KIND_COMMAND
                                            : COMITY__V1__PART_KIND__PART_KIND_TEXT);
        parts[i].audience =
            i == 0 && !forgery->is_open_hidden ? COMITY__V1__AUDIENCE__AUDIENCE_ALL : forgery->audience;
        parts[i].round = i == 0 ? 0 : forgery->round;
    }
    if (command != NULL)
        parts[1].content = command->signed_command;
    for (size_t i = 0; i < count && i < 2; i++)
        event_part_hash(&parts[i]);
    for (size_t i = 2; i < count; i++) {
        parts[i].content = command->texts[i - 2].content;
        memcpy(parts[i].salt, command->texts[i - 2].salt, SALT_SIZE);
        memcpy(parts[i].hash, command->texts[i - 2].hash, HASH_SIZE);
    }
    return count;
}

/* As if a restore had been: with the notes of before, one a command. */
static void epoch_set(struct fixture *fixture, struct store_txn *txn, struct store_history *history,
                      uint32_t epoch)
{
    char note[CHECKPOINT_MAX_BYTES];
    size_t size;

    for (uint64_t head = 1; head <= history->head; head++) {
        assert_int_equal(
            checkpoint_make(txn, history, history->epoch, head, &fixture->scene.log_key, note, &size), 0);
        assert_int_equal(store_checkpoint_put(txn, history, history->epoch, head, BYTES(note, size)), 0);
    }
    assert_int_equal(store_history_set_epoch(txn, history, epoch), 0);
}

static void forge(struct fixture *fixture, const struct forgery *forgery)
{
    struct scene *scene = &fixture->scene;
    struct event_header header = {.level = FORMAT_LEVEL + forgery->level_more, .time_ms = forgery->time_ms};
    struct event_part parts[PARTS_MAX];
    size_t count = parts_make(fixture, forgery, parts);
    struct store_txn *txn;
    struct store_history history;

    assert_int_equal(store_begin_write(scene->store, &txn), 0);
    assert_int_equal(store_history_get(txn, scene->history, &history), 0);
    if (forgery->epoch_more > 0)
        epoch_set(fixture, txn, &history, history.epoch + forgery->epoch_more);
    memcpy(header.history, history.id, HISTORY_ID_SIZE);
    header.epoch = history.epoch;
    header.sequence = history.head + 1;
    event_commitment(parts, count, header.commitment);
    assert_int_equal(store_event_append(txn, &history, &header, parts, count), 0);
    if (forgery->command != NULL) {
        struct store_command row = {
            .sequence = header.sequence, .events = 1, .tree_size = header.sequence, .epoch = header.epoch};

        assert_int_equal(store_command_put(txn, &history, forgery->command->id, &row), 0);
    }
    assert_int_equal(store_commit(&txn), 0);
}

static void forgery_is_found(struct fixture *fixture, const char *words)
{
    assert_int_equal(export_to(fixture, NULL, fixture->file), 0);
    restore_is_refused(fixture, ERR_CORRUPT, words);
}

static Comity__V1__Event *ballot_event(struct fixture *fixture, uint32_t member)
{
    Comity__V1__Event *open = SCENE_NEW(&fixture->scene, Event, event);

    open->actor = member;
    open->kind_case = COMITY__V1__EVENT__KIND_BALLOT_CAST;
    open->ballot_cast = SCENE_NEW(&fixture->scene, BallotCast, ballot_cast);
    open->ballot_cast->round = 1;
    open->ballot_cast->member = member;
    return open;
}

static void an_event_that_nothing_caused_is_found(void **state)
{
    struct fixture *fixture = *state;
    struct forgery forgery = {.open = ballot_event(fixture, 3), .time_ms = fixture->scene.now_ms};

    scene_found(&fixture->scene);
    scene_open_round(&fixture->scene, 0);
    forge(fixture, &forgery);
    forgery_is_found(fixture, "nothing caused it");
}

/* A real command, and an event by a member of ours in place of the one that comes of it. */
static void forge_ballot(struct fixture *fixture, uint32_t answer, unsigned signer)
{
    struct scene *scene = &fixture->scene;
    Comity__V1__Event *open = ballot_event(fixture, 3);
    struct forgery forgery = {
        .open = open, .audience = COMITY__V1__AUDIENCE__AUDIENCE_ALL, .time_ms = scene->now_ms};

    scene_found(scene);
    scene_open_round(scene, 0);
    scene_add(scene, scene_ballot(scene, answer, 0, NULL), signer, NULL, 0);
    forgery.command = scene->items[0].command;
    open->command_id = (ProtobufCBinaryData){COMMAND_ID_SIZE, (uint8_t *) (uintptr_t) forgery.command->id};
    open->actor_key = (ProtobufCBinaryData){KEY_SIZE, scene->members[signer].public_key};
    forge(fixture, &forgery);
}

static void an_event_that_its_command_did_not_cause_is_found(void **state)
{
    forge_ballot(*state, 1, 4);
    forgery_is_found(*state, "comes out differently");
}

static void a_command_that_is_refused_is_found(void **state)
{
    forge_ballot(*state, 77, 2);
    forgery_is_found(*state, "refused");
}

/* What the machine says to the command: the very event that a worker would have put on record. */
static struct forgery decided(struct fixture *fixture, const struct command *command)
{
    struct scene *scene = &fixture->scene;
    struct machine_context context = {
        .time_ms = scene->now_ms, .log_key = scene->log_key.public_key, .level = FORMAT_LEVEL};
    struct machine_events events;
    struct refusal refusal = {0};
    struct store_txn *txn;
    struct store_history history;
    struct view view;

    assert_int_equal(store_begin_read(scene->store, &txn), 0);
    assert_int_equal(store_history_get(txn, scene->history, &history), 0);
    context.next_sequence = history.head + 1;
    view = store_view(txn, &history);
    if (machine_decide(&view, command, &context, scene->arena, &events, &refusal) != 0)
        fail_msg("refused: %s in %s", error_name(refusal.code), refusal.field);
    store_abort(&txn);
    assert_int_equal(events.count, 1);
    return (struct forgery){.open = events.list[0].open,
                            .command = command,
                            .audience = events.list[0].audience,
                            .round = events.list[0].round,
                            .time_ms = scene->now_ms};
}

/* A round is open, and a ballot is on its way. */
static struct forgery ballot_of(struct fixture *fixture, unsigned signer)
{
    struct scene *scene = &fixture->scene;

    scene_found(scene);
    scene_open_round(scene, 0);
    scene_add(scene, scene_ballot(scene, 1, 0, "So that nobody is tired."), signer, NULL, 0);
    return decided(fixture, scene->items[0].command);
}

/* The control of those that follow: but for the one thing, what is forged is taken. */
static void what_is_forged_to_the_letter_is_not_found(void **state)
{
    struct fixture *fixture = *state;
    struct forgery forgery = ballot_of(fixture, 3);

    forge(fixture, &forgery);
    assert_int_equal(export_to(fixture, NULL, fixture->file), 0);
    assert_int_equal(restore_from(fixture, fixture->file), 0);
}

static void a_command_that_its_signer_did_not_sign_is_found(void **state)
{
    struct fixture *fixture = *state;
    struct scene *scene = &fixture->scene;
    struct forgery forgery = ballot_of(fixture, 3);
    struct command command = *forgery.command;
    Comity__V1__SignedCommand envelope = *command.envelope;

    /* Somebody else's, of the same bytes. */
    envelope.signature.data = arena_alloc(scene->arena, SIGNATURE_SIZE);
    assert_non_null(envelope.signature.data);
    signature_make(&scene->members[4], TAG_COMMAND, BYTES(envelope.command.data, envelope.command.len),
                   envelope.signature.data);
    assert_int_equal(message_pack(&envelope.base, scene->arena, &command.signed_command), 0);
    forgery.command = &command;
    forge(fixture, &forgery);
    assert_int_equal(export_to(fixture, NULL, fixture->file), 0);
    restore_is_refused(fixture, ERR_SIGNATURE, "signature of its command");
}

/* Decided again it is as good as the first time: two items of one command. */
static void a_command_that_came_before_is_found(void **state)
{
    struct fixture *fixture = *state;
    struct scene *scene = &fixture->scene;
    struct forgery forgery;

    scene_found(scene);
    scene_open_round(scene, 0);
    scene_add(scene, scene_add_item(scene, "Once"), 2, NULL, 0);
    assert_int_equal(scene_run(scene), 0);
    assert_int_equal(scene->items[0].code, 0);
    forgery = decided(fixture, scene->items[0].command);
    forge(fixture, &forgery);
    forgery_is_found(fixture, "came before");
}

/* A hidden ballot, shown to all; or to its voter until another round closes. */
static void another_audience_is_found(void **state)
{
    struct fixture *fixture = *state;
    struct forgery forgery = ballot_of(fixture, 3);

    assert_int_equal(forgery.audience, COMITY__V1__AUDIENCE__AUDIENCE_VOTER_UNTIL_CLOSE);
    forgery.audience = COMITY__V1__AUDIENCE__AUDIENCE_ALL;
    forge(fixture, &forgery);
    forgery_is_found(fixture, "another audience");
}

static void the_audience_of_another_round_is_found(void **state)
{
    struct fixture *fixture = *state;
    struct forgery forgery = ballot_of(fixture, 3);

    forgery.round++;
    forge(fixture, &forgery);
    forgery_is_found(fixture, "another audience");
}

static void an_open_part_that_is_not_for_all_is_found(void **state)
{
    struct fixture *fixture = *state;
    struct forgery forgery = ballot_of(fixture, 3);

    forgery.is_open_hidden = true;
    forge(fixture, &forgery);
    forgery_is_found(fixture, "comes out differently");
}

static void a_format_level_that_is_not_known_is_found(void **state)
{
    struct fixture *fixture = *state;
    struct forgery forgery = ballot_of(fixture, 3);

    forgery.level_more = 1;
    forge(fixture, &forgery);
    assert_int_equal(export_to(fixture, NULL, fixture->file), 0);
    restore_is_refused(fixture, ERR_VERSION, "format level");
}

/* With one level, that is one that there never was. */
static void a_format_level_that_goes_back_is_found(void **state)
{
    struct fixture *fixture = *state;
    struct forgery forgery = ballot_of(fixture, 3);

    forgery.level_more = UINT32_MAX;
    forge(fixture, &forgery);
    assert_int_equal(export_to(fixture, NULL, fixture->file), 0);
    restore_is_refused(fixture, FORMAT_LEVEL > 1 ? ERR_CORRUPT : ERR_MALFORMED,
                       FORMAT_LEVEL > 1 ? "level is lower" : "MALFORMED");
}

/* An epoch that no restore has opened. */
static void an_epoch_from_nowhere_is_found(void **state)
{
    struct fixture *fixture = *state;
    struct forgery forgery = ballot_of(fixture, 3);

    forgery.epoch_more = 1;
    forge(fixture, &forgery);
    forgery_is_found(fixture, "of epoch 2 where 1 is due");
}

/* Signed for one partnership, put on record in another of the same people, where it is as good. */
static void a_command_for_another_history_is_found(void **state)
{
    struct fixture *fixture = *state;
    struct scene *scene = &fixture->scene;
    uint8_t first[HISTORY_ID_SIZE], second[HISTORY_ID_SIZE];
    struct forgery forgery;

    scene_found(scene);
    memcpy(first, scene->history, HISTORY_ID_SIZE);
    scene_found(scene);
    memcpy(second, scene->history, HISTORY_ID_SIZE);
    scene_open_round(scene, 0);
    memcpy(scene->history, first, HISTORY_ID_SIZE);
    scene_add(scene, scene_add_item(scene, "Elsewhere"), 2, NULL, 0);
    memcpy(scene->history, second, HISTORY_ID_SIZE);
    forgery = decided(fixture, scene->items[0].command);
    forge(fixture, &forgery);
    forgery_is_found(fixture, "for another history");
}

/* The round's time is over, it closes, and the decision that this makes is left out. */
static void a_missing_last_event_is_found(void **state)
{
    struct fixture *fixture = *state;
    struct scene *scene = &fixture->scene;
    struct machine_context context = {.log_key = scene->log_key.public_key, .level = FORMAT_LEVEL};
    struct forgery forgery = {.time_ms = scene->now_ms + 60000};
    struct machine_events events;
    struct store_history history;
    struct store_txn *txn;
    struct view view;

    scene_found(scene);
    scene_open_round(scene, forgery.time_ms);
    for (unsigned i = 0; i < SCENE_MEMBERS - 1; i++)
        scene_do(scene, scene_ballot(scene, 1, 0, NULL), i, NULL, 0);
    assert_int_equal(store_begin_read(scene->store, &txn), 0);
    assert_int_equal(store_history_get(txn, scene->history, &history), 0);
    view = store_view(txn, &history);
    context.time_ms = forgery.time_ms;
    context.next_sequence = history.head + 1;
    assert_int_equal(machine_due(&view, &context, scene->arena, &events), 0);
    store_abort(&txn);
    assert_int_equal(events.count, 2);
    forgery.open = events.list[0].open;
    forge(fixture, &forgery);
    forgery_is_found(fixture, "was to cause a further one");
}

static void an_event_before_its_time_is_found(void **state)
{
    struct fixture *fixture = *state;
    struct forgery forgery = ballot_of(fixture, 3);

    forgery.time_ms--;
    forge(fixture, &forgery);
    forgery_is_found(fixture, "before that of the event before it");
}

/* Receipts. */

/* Run the one command that was added, and say of it on record that its receipt has a tree of another size. */
static void run_and_resize(struct fixture *fixture, uint32_t events, int64_t more)
{
    struct scene *scene = &fixture->scene;
    struct store_command row;
    struct store_txn *txn;
    struct store_history history;

    assert_int_equal(scene_run(scene), 0);
    if (scene->items[0].code != 0)
        fail_msg("refused: %s", error_name(scene->items[0].code));
    assert_int_equal(store_begin_write(scene->store, &txn), 0);
    assert_int_equal(store_history_get(txn, scene->history, &history), 0);
    assert_int_equal(store_command_get(txn, &history, scene->items[0].command->id, &row), 0);
    assert_int_equal(row.events, events);
    row.tree_size = (uint64_t) ((int64_t) row.tree_size + more);
    assert_int_equal(store_command_put(txn, &history, scene->items[0].command->id, &row), 0);
    assert_int_equal(store_commit(&txn), 0);
    scene_next(scene);
}

/* The round is closed by hand, which makes a decision: two events, of which the tree has the first. */
static void a_receipt_that_leaves_out_its_last_event_is_found(void **state)
{
    struct fixture *fixture = *state;
    struct scene *scene = &fixture->scene;
    Comity__V1__Command *body = SCENE_NEW(scene, Command, command);

    scene_found(scene);
    scene_open_round(scene, 0);
    for (unsigned i = 0; i < SCENE_MEMBERS - 1; i++)
        scene_do(scene, scene_ballot(scene, 1, 0, NULL), i, NULL, 0);
    body->body_case = COMITY__V1__COMMAND__BODY_CLOSE_ROUND;
    body->close_round = SCENE_NEW(scene, CloseRound, close_round);
    body->close_round->round = 1;
    scene_add(scene, body, 0, NULL, 0);
    run_and_resize(fixture, 2, -1);
    forgery_is_found(fixture, "its receipt has a tree of");
}

/* Of two commands that follow one another, the first one's tree ends after the second, of which no checkpoint
 * is then in the stream. */
static void a_receipt_that_nothing_proves_is_found(void **state)
{
    struct fixture *fixture = *state;
    struct scene *scene = &fixture->scene;

    scene_found(scene);
    scene_open_round(scene, 0);
    scene_add(scene, scene_add_item(scene, "One"), 2, NULL, 0);
    run_and_resize(fixture, 1, 1);
    scene_add(scene, scene_add_item(scene, "Two"), 2, NULL, 0);
    run_and_resize(fixture, 1, 1);
    scene_do(scene, scene_add_item(scene, "Three"), 2, NULL, 0);
    forgery_is_found(fixture, "its receipt has a tree of");
}

/* Of the last command: the tree is one that there was not yet. */
static void a_receipt_of_a_larger_tree_is_found(void **state)
{
    struct fixture *fixture = *state;
    struct scene *scene = &fixture->scene;

    scene_found(scene);
    scene_open_round(scene, 0);
    scene_add(scene, scene_add_item(scene, "One"), 2, NULL, 0);
    run_and_resize(fixture, 1, 1);
    forgery_is_found(fixture, "its receipt has a tree of");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_event_that_nothing_caused_is_found),
        TEST(an_event_that_its_command_did_not_cause_is_found),
        TEST(a_command_that_is_refused_is_found),
        TEST(what_is_forged_to_the_letter_is_not_found),
        TEST(a_command_that_its_signer_did_not_sign_is_found),
        TEST(a_command_that_came_before_is_found),
        TEST(another_audience_is_found),
        TEST(the_audience_of_another_round_is_found),
        TEST(an_open_part_that_is_not_for_all_is_found),
        TEST(a_format_level_that_is_not_known_is_found),
        TEST(a_format_level_that_goes_back_is_found),
        TEST(an_epoch_from_nowhere_is_found),
        TEST(a_command_for_another_history_is_found),
        TEST(a_missing_last_event_is_found),
        TEST(an_event_before_its_time_is_found),
        TEST(a_receipt_that_leaves_out_its_last_event_is_found),
        TEST(a_receipt_that_nothing_proves_is_found),
        TEST(a_receipt_of_a_larger_tree_is_found),
    };

    scratch_use_memory();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
