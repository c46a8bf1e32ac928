/* Arenas: alignment, zeroes, the limit, reset, and service as protobuf-c's allocator. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/arena.h"

static bool is_zero(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (data[i] != 0)
            return false;
    }
    return true;
}

static void test_pieces_are_aligned_zeroed_and_apart(void **state)
{
    (void) state;
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    uint8_t *pieces[300];
    size_t sizes[300];
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < 300; i++) {
            sizes[i] = (i * 37) % 5000;
            pieces[i] = arena_alloc(arena, sizes[i]);
            assert_non_null(pieces[i]);
            assert_int_equal((uintptr_t) pieces[i] % _Alignof(max_align_t), 0);
            assert_true(is_zero(pieces[i], sizes[i]));
            memset(pieces[i], (int) (i % 255) + 1, sizes[i]);
        }
        for (size_t i = 0; i < 300; i++) {
            for (size_t k = 0; k < sizes[i]; k++)
                assert_int_equal(pieces[i][k], (i % 255) + 1);
        }
        assert_true(arena_used(arena) > 0);
        arena_reset(arena);
        assert_int_equal(arena_used(arena), 0);
    }
    arena_destroy(&arena);
    assert_null(arena);
    arena_destroy(&arena);
    arena_destroy(NULL);
}

static void test_the_limit_holds_and_is_remembered(void **state)
{
    (void) state;
    struct arena *arena = arena_new(10000);
    assert_non_null(arena_alloc(arena, 4000));
    assert_false(arena_is_exhausted(arena));
    assert_null(arena_alloc(arena, 6001));
    assert_true(arena_is_exhausted(arena));
    assert_null(arena_alloc(arena, SIZE_MAX));
    assert_null(arena_alloc(arena, SIZE_MAX - 15));
    assert_non_null(arena_alloc(arena, 16));

    size_t count = 0;
    while (arena_alloc(arena, 16))
        count++;
    assert_in_range(count, 100, 10000 / 16);
    assert_true(arena_used(arena) <= 10000);

    arena_reset(arena);
    assert_false(arena_is_exhausted(arena));
    assert_non_null(arena_alloc(arena, 9900));
    arena_destroy(&arena);
}

static void test_many_empty_pieces_end_too(void **state)
{
    (void) state;
    struct arena *arena = arena_new(4096);
    size_t count = 0;
    while (count < 1000000 && arena_alloc(arena, 0))
        count++;
    assert_in_range(count, 64, 4096);
    assert_true(arena_is_exhausted(arena));
    arena_reset(arena);
    assert_non_null(arena_alloc(arena, 0));
    arena_destroy(&arena);
}

static void test_copies(void **state)
{
    (void) state;
    struct arena *arena = arena_new(1000);
    char original[] = "comity";
    char *string = arena_string(arena, original);
    struct bytes bytes = arena_bytes(arena, BYTES(original, 3));
    char *printed = arena_printf(arena, "%s-%d", original, 42);
    original[0] = 'X';
    assert_string_equal(string, "comity");
    assert_int_equal(bytes.size, 3);
    assert_memory_equal(bytes.data, "com", 3);
    assert_string_equal(printed, "comity-42");

    struct bytes empty = arena_bytes(arena, BYTES(NULL, 0));
    assert_null(empty.data);
    assert_int_equal(empty.size, 0);
    assert_false(arena_is_exhausted(arena));

    char large[2000] = {0};
    assert_null(arena_bytes(arena, BYTES(large, sizeof(large))).data);
    assert_true(arena_is_exhausted(arena));
    assert_null(arena_printf(arena, "%2000d", 1));
    arena_destroy(&arena);
}

static void test_lists_grow(void **state)
{
    (void) state;
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    uint32_t *list = NULL;
    size_t room = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        list = arena_room(arena, list, i, &room, sizeof(*list));
        assert_non_null(list);
        assert_true(i < room);
        list[i] = i;
    }
    for (uint32_t i = 0; i < 1000; i++)
        assert_int_equal(list[i], i);
    assert_int_equal(room, 1024);
    arena_destroy(&arena);

    arena = arena_new(100);
    list = arena_room(arena, NULL, 0, &(size_t){0}, sizeof(*list));
    assert_non_null(list);
    room = 16;
    assert_null(arena_room(arena, list, 16, &room, sizeof(*list)));
    assert_true(arena_is_exhausted(arena));
    assert_int_equal(room, 16);
    arena_destroy(&arena);
}

static void test_protobuf_allocator(void **state)
{
    (void) state;
    struct arena *arena = arena_new(1000);
    ProtobufCAllocator *allocator = arena_allocator(arena);
    void *piece = allocator->alloc(allocator->allocator_data, 100);
    assert_non_null(piece);
    allocator->free(allocator->allocator_data, piece);
    memset(piece, 1, 100);
    assert_null(allocator->alloc(allocator->allocator_data, 1000));
    assert_true(arena_is_exhausted(arena));
    arena_destroy(&arena);
}

static void test_a_secret_is_overwritten(void **state)
{
    (void) state;
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    uint8_t *pieces[20];
    for (size_t i = 0; i < 20; i++) {
        pieces[i] = arena_alloc(arena, 3000);
        memset(pieces[i], 's', 3000);
    }
    arena_wipe(arena);
    for (size_t i = 0; i < 20; i++)
        assert_true(is_zero(pieces[i], 3000));
    arena_destroy(&arena);
    arena = arena_new(1000);
    arena_wipe(arena);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces_are_aligned_zeroed_and_apart),
        cmocka_unit_test(test_the_limit_holds_and_is_remembered),
        cmocka_unit_test(test_many_empty_pieces_end_too),
        cmocka_unit_test(test_copies),
        cmocka_unit_test(test_lists_grow),
        cmocka_unit_test(test_protobuf_allocator),
        cmocka_unit_test(test_a_secret_is_overwritten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
