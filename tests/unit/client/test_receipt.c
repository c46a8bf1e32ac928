/* Receipts: what is true verifies; each of the six steps, broken alone and consistently, is refused at that
 * step. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>

#include "client/lib/comity.h"
#include "client/lib/draft.h"
#include "core/error.h"
#include "fake_ledger.h"

struct scene {
    uint8_t history[HISTORY_ID_SIZE];
    struct ledger *ledger;
    struct comity_draft *draft;
    struct arena *arena;
    struct comity_pin pin;
};

/* A ballot with a reason: a command that has a text. */
static struct comity_draft *ballot(const uint8_t *history, uint32_t epoch)
{
    struct comity_texts *texts = comity_texts_new();
    struct comity_draft *draft = NULL;
    uint8_t seed[COMITY_KEY_SIZE], hash[HASH_SIZE];
    randombytes_buf(seed, sizeof(seed));
    randombytes_buf(hash, sizeof(hash));
    Comity__V1__Command command = COMITY__V1__COMMAND__INIT;
    Comity__V1__CastBallot body = COMITY__V1__CAST_BALLOT__INIT;
    body.round = 1;
    body.answer = 2;
    body.text_hash = (ProtobufCBinaryData){sizeof(hash), hash};
    assert_int_equal(comity_texts_add(texts, "Because.", 8, &body.reason), 0);
    command.body_case = COMITY__V1__COMMAND__BODY_CAST_BALLOT;
    command.cast_ballot = &body;
    command.epoch = epoch;
    assert_int_equal(comity_draft_new(&command, history, texts, seed, 0, &draft, NULL), 0);
    comity_texts_destroy(&texts);
    return draft;
}

static int set_up(void **state)
{
    static struct scene scene;
    assert_int_equal(key_init(), 0);
    randombytes_buf(scene.history, sizeof(scene.history));
    scene.ledger = ledger_new(scene.history);
    scene.draft = ballot(scene.history, 1);
    scene.arena = arena_new(ARENA_LIMIT_DEFAULT);
    memcpy(scene.pin.history, scene.history, HISTORY_ID_SIZE);
    memcpy(scene.pin.log_key, scene.ledger->log_key.public_key, KEY_SIZE);
    *state = &scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    ledger_destroy(&scene->ledger);
    comity_draft_destroy(&scene->draft);
    arena_destroy(&scene->arena);
    return 0;
}

static int check(struct scene *scene, struct bytes receipt, unsigned *ret_step)
{
    return comity_receipt_check(scene->draft, receipt.data, receipt.size, &scene->pin, 1, ret_step);
}

static void true_receipts_verify(void **state)
{
    struct scene *scene = *state;
    for (int i = 0; i < 50; i++) {
        struct bytes receipt = ledger_record(scene->ledger, &scene->draft->command, LIE_NONE, scene->arena);
        unsigned step = 99;
        assert_int_equal(check(scene, receipt, &step), 0);
        assert_int_equal(step, 99);
        arena_reset(scene->arena);
    }
}

static void each_lie_is_refused_at_its_step(void **state)
{
    struct scene *scene = *state;
    for (enum lie lie = LIE_NONE + 1; lie < LIE_COUNT; lie++) {
        struct bytes receipt = ledger_record(scene->ledger, &scene->draft->command, lie, scene->arena);
        unsigned step = 0;
        print_message("  %s\n", lie_name(lie));
        assert_int_equal(check(scene, receipt, &step), ERR_RECEIPT);
        assert_int_equal(step, lie_step(lie));
        arena_reset(scene->arena);
    }
}

static void every_step_has_a_lie(void **state)
{
    (void) state;
    bool is_covered[7] = {false};
    for (enum lie lie = LIE_NONE; lie < LIE_COUNT; lie++)
        is_covered[lie_step(lie)] = true;
    for (size_t step = 0; step < ARRAY_COUNT(is_covered); step++)
        assert_true(is_covered[step]);
}

/* A receipt of one command is no receipt of another, though both are in the same history. */
static void another_commands_receipt_is_refused(void **state)
{
    struct scene *scene = *state;
    struct comity_draft *other = ballot(scene->history, 1);
    struct bytes receipt = ledger_record(scene->ledger, &other->command, LIE_NONE, scene->arena);
    unsigned step = 0;
    assert_int_equal(comity_receipt_check(other, receipt.data, receipt.size, &scene->pin, 1, &step), 0);
    assert_int_equal(check(scene, receipt, &step), ERR_RECEIPT);
    assert_int_equal(step, 1);
    comity_draft_destroy(&other);
}

static void a_pin_of_another_history_does_not_count(void **state)
{
    struct scene *scene = *state;
    struct bytes receipt = ledger_record(scene->ledger, &scene->draft->command, LIE_NONE, scene->arena);
    unsigned step = 0;
    struct comity_pin pin = scene->pin;
    pin.history[0] ^= 1;
    assert_int_equal(comity_receipt_check(scene->draft, receipt.data, receipt.size, &pin, 1, &step),
                     ERR_RECEIPT);
    assert_int_equal(step, 6);
    assert_int_equal(comity_receipt_check(scene->draft, receipt.data, receipt.size, NULL, 0, &step),
                     ERR_RECEIPT);
    struct comity_pin both[2] = {pin, scene->pin};
    assert_int_equal(comity_receipt_check(scene->draft, receipt.data, receipt.size, both, 2, &step), 0);
}

/* Cut anywhere, with any byte changed: never accepted, never a crash. */
static void damaged_receipts_are_refused(void **state)
{
    struct scene *scene = *state;
    struct bytes receipt = ledger_record(scene->ledger, &scene->draft->command, LIE_NONE, scene->arena);
    unsigned step = 0;
    for (size_t size = 0; size < receipt.size; size++)
        assert_int_equal(check(scene, BYTES(receipt.data, size), &step), ERR_RECEIPT);
    uint8_t *copy = test_malloc(receipt.size);
    /* The salt of a text is not looked at: the client knows the hash that it signed. */
    const uint8_t *salt = memmem(receipt.data, receipt.size, scene->draft->command.texts[0].salt, SALT_SIZE);
    assert_non_null(salt);
    for (size_t at = 0; at < receipt.size; at++) {
        memcpy(copy, receipt.data, receipt.size);
        copy[at] ^= 1;
        bool is_salt = receipt.data + at >= salt && receipt.data + at < salt + SALT_SIZE;
        assert_int_equal(check(scene, BYTES(copy, receipt.size), &step), is_salt ? 0 : ERR_RECEIPT);
    }
    test_free(copy);
}

/* What was signed for an epoch cannot be on record in one before: whoever says so shows a record that is over. */
static void an_epoch_before_the_commands_is_refused(void **state)
{
    struct scene *scene = *state;
    unsigned step = 99;
    comity_draft_destroy(&scene->draft);
    scene->draft = ballot(scene->history, 2);
    assert_int_equal(check(scene, ledger_record(scene->ledger, &scene->draft->command, LIE_NONE, scene->arena), &step),
                     ERR_RECEIPT);
    assert_int_equal(step, 2);
    comity_draft_destroy(&scene->draft);
    scene->draft = ballot(scene->history, 2);
    scene->ledger->epoch = 3; /* the control: nor does one after it contradict the command */
    assert_int_equal(check(scene, ledger_record(scene->ledger, &scene->draft->command, LIE_NONE, scene->arena), &step), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(true_receipts_verify, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_lie_is_refused_at_its_step, set_up, tear_down),
        cmocka_unit_test(every_step_has_a_lie),
        cmocka_unit_test_setup_teardown(another_commands_receipt_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_pin_of_another_history_does_not_count, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damaged_receipts_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_epoch_before_the_commands_is_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
