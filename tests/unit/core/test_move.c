/* What is asked of a move: signed and checked, up to the largest piece. Notes: unit/client/test_moved.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/error.h"
#include "core/message.h"
#include "core/move.h"

enum { NOW_MS = 1000 };

struct asked {
    struct arena *arena;
    struct signing_key log_key;
    uint8_t reader[KEY_SIZE], another[KEY_SIZE], copy[MOVE_ID_SIZE];
    uint8_t note[MOVE_NOTE_MAX_BYTES], content[MOVE_PIECE_MAX_BYTES], signature[SIGNATURE_SIZE];
    Comity__V1__SignedMove signed_move;
    Comity__V1__MoveStep step;
    Comity__V1__MoveAsk ask;
};

static ProtobufCBinaryData field_of(uint8_t *data, size_t size)
{
    return (ProtobufCBinaryData){size, data};
}

/* A piece of that size beside the largest note. */
static void ask_init(struct asked *asked, size_t size)
{
    asked->arena = arena_new(ARENA_LIMIT_DEFAULT);
    signing_key_generate(&asked->log_key);
    memset(asked->reader, 3, KEY_SIZE);
    memset(asked->note, 1, sizeof(asked->note));
    memset(asked->content, 2, sizeof(asked->content));
    comity__v1__signed_move__init(&asked->signed_move);
    asked->signed_move.note = field_of(asked->note, sizeof(asked->note));
    asked->signed_move.signature = field_of(asked->signature, SIGNATURE_SIZE);
    comity__v1__move_step__init(&asked->step);
    asked->step.note = &asked->signed_move;
    asked->step.copy = field_of(asked->copy, MOVE_ID_SIZE);
    asked->step.size = asked->step.offset = UINT64_MAX;
    asked->step.content = field_of(asked->content, size);
    comity__v1__move_ask__init(&asked->ask);
    asked->ask.reader = field_of(asked->reader, KEY_SIZE);
    asked->ask.until_ms = NOW_MS + 1;
    asked->ask.step = &asked->step;
}

static int ask_check(struct asked *asked)
{
    return move_ask_check(&asked->ask, asked->log_key.public_key, asked->reader, NOW_MS, asked->arena);
}

static void test_the_largest_piece_is_signed_and_checked(void **state)
{
    static struct asked asked;
    (void) state;

    ask_init(&asked, MOVE_PIECE_MAX_BYTES);
    assert_int_equal(move_ask_sign(&asked.ask, &asked.log_key, asked.arena), 0);
    assert_int_equal(ask_check(&asked), 0);
    asked.content[MOVE_PIECE_MAX_BYTES - 1]++;
    assert_int_equal(ask_check(&asked), ERR_SIGNATURE);
    arena_destroy(&asked.arena);
}

static void test_who_asks_and_until_when(void **state)
{
    static struct asked asked;
    (void) state;

    ask_init(&asked, 1);
    assert_int_equal(move_ask_sign(&asked.ask, &asked.log_key, asked.arena), 0);
    assert_int_equal(
        move_ask_check(&asked.ask, asked.log_key.public_key, asked.reader, NOW_MS + 2, asked.arena),
        ERR_VALIDITY);
    assert_int_equal(move_ask_check(&asked.ask, asked.log_key.public_key, asked.another, NOW_MS, asked.arena),
                     ERR_FORBIDDEN);
    assert_int_equal(move_ask_check(&asked.ask, asked.reader, asked.reader, NOW_MS, asked.arena),
                     ERR_SIGNATURE);
    arena_destroy(&asked.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_largest_piece_is_signed_and_checked),
        cmocka_unit_test(test_who_asks_and_until_when),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
