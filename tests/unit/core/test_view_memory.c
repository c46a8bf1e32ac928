/* The view in memory: an ordered map, held against a sorted array. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/error.h"
#include "core/machine/view.h"

enum { ENTRIES_MAX = 2000, KEY_ROOM = 6, VALUE_ROOM = 12 };

struct entry {
    uint8_t key[KEY_ROOM];
    size_t key_size;
    uint8_t value[VALUE_ROOM];
    size_t value_size;
};

/* The naive map: sorted, searched from the start. */
struct naive {
    struct entry entries[ENTRIES_MAX];
    size_t count;
};

static int compare(struct bytes a, struct bytes b)
{
    size_t shared = a.size < b.size ? a.size : b.size;
    int order = shared ? memcmp(a.data, b.data, shared) : 0;
    return order ? order : (int) a.size - (int) b.size;
}

static size_t naive_place(const struct naive *naive, struct bytes key)
{
    size_t i = 0;
    while (i < naive->count && compare(BYTES(naive->entries[i].key, naive->entries[i].key_size), key) < 0)
        i++;
    return i;
}

static bool naive_has(const struct naive *naive, size_t at, struct bytes key)
{
    return at < naive->count && compare(BYTES(naive->entries[at].key, naive->entries[at].key_size), key) == 0;
}

static void naive_put(struct naive *naive, struct bytes key, struct bytes value)
{
    size_t at = naive_place(naive, key);
    if (!naive_has(naive, at, key)) {
        assert_true(naive->count < ENTRIES_MAX);
        memmove(&naive->entries[at + 1], &naive->entries[at],
                (naive->count - at) * sizeof(naive->entries[0]));
        naive->count++;
    }
    struct entry *entry = &naive->entries[at];
    memcpy(entry->key, key.data, key.size);
    entry->key_size = key.size;
    if (value.size > 0)
        memcpy(entry->value, value.data, value.size);
    entry->value_size = value.size;
}

static uint64_t random_state;

static uint64_t random_next(void)
{
    random_state += 0x9e3779b97f4a7c15u;
    uint64_t z = random_state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* Few different bytes, so that keys meet, and prefixes hold some. */
static struct bytes random_key(uint8_t room[KEY_ROOM])
{
    size_t size = 1 + random_next() % KEY_ROOM;
    for (size_t i = 0; i < size; i++)
        room[i] = (uint8_t[]){0, 1, 7, 254, 255}[random_next() % 5];
    return BYTES(room, size);
}

struct walk {
    const struct naive *naive;
    size_t at;
    size_t seen;
    size_t stop_after;
};

static int walk_visit(void *context, struct bytes key, struct bytes value)
{
    struct walk *walk = context;
    const struct entry *entry = &walk->naive->entries[walk->at++];
    assert_int_equal(compare(key, BYTES(entry->key, entry->key_size)), 0);
    assert_int_equal(compare(value, BYTES(entry->value, entry->value_size)), 0);
    return ++walk->seen == walk->stop_after ? 1 : 0;
}

static void check_range(const struct view *view, const struct naive *naive)
{
    uint8_t prefix_room[KEY_ROOM];
    uint8_t from_room[KEY_ROOM];
    struct bytes prefix = random_key(prefix_room);
    struct bytes from = random_key(from_room);
    if (random_next() % 4 == 0)
        prefix.size = 0;
    else
        prefix.size = 1 + random_next() % prefix.size;
    if (random_next() % 2 == 0)
        from.size = 0;

    size_t start = naive_place(naive, compare(from, prefix) > 0 ? from : prefix);
    size_t expected = 0;
    for (size_t i = start; i < naive->count; i++) {
        const struct entry *entry = &naive->entries[i];
        if (entry->key_size < prefix.size ||
            (prefix.size > 0 && memcmp(entry->key, prefix.data, prefix.size) != 0))
            break;
        expected++;
    }
    struct walk walk = {naive, start, 0, random_next() % 3 == 0 ? 2 : SIZE_MAX};
    assert_int_equal(view_range(view, prefix, from, walk_visit, &walk), 0);
    assert_int_equal(walk.seen, expected < walk.stop_after ? expected : walk.stop_after);
}

static void check_get(const struct view *view, const struct naive *naive, struct bytes key)
{
    static const uint8_t UNTOUCHED = 0;
    struct bytes value = {&UNTOUCHED, 99};
    size_t at = naive_place(naive, key);
    int code = view_get(view, key, &value);
    if (naive_has(naive, at, key)) {
        assert_int_equal(code, 0);
        assert_int_equal(compare(value, BYTES(naive->entries[at].value, naive->entries[at].value_size)), 0);
    } else {
        assert_int_equal(code, ERR_NOT_FOUND);
        assert_int_equal(value.size, 99);
    }
}

static void check_delete(const struct view *view, struct naive *naive, struct bytes key)
{
    size_t at = naive_place(naive, key);
    if (!naive_has(naive, at, key)) {
        assert_int_equal(view_delete(view, key), ERR_NOT_FOUND);
        return;
    }
    assert_int_equal(view_delete(view, key), 0);
    naive->count--;
    memmove(&naive->entries[at], &naive->entries[at + 1], (naive->count - at) * sizeof(naive->entries[0]));
}

static void test_it_is_the_sorted_array(void **state)
{
    (void) state;
    struct naive *naive = calloc(1, sizeof(*naive));
    struct view_memory *memory = view_memory_new();
    struct view view = view_memory_view(memory);
    random_state = 20240501;
    print_message("seed %llu\n", (unsigned long long) random_state);
    for (int i = 0; i < 60000; i++) {
        uint8_t key_room[KEY_ROOM];
        uint8_t value_room[VALUE_ROOM];
        struct bytes key = random_key(key_room);
        struct bytes value = {value_room, random_next() % (VALUE_ROOM + 1)};
        memset(value_room, i, sizeof(value_room));
        switch (random_next() % 4) {
        case 0:
            if (naive->count < ENTRIES_MAX) {
                naive_put(naive, key, value);
                assert_int_equal(view_put(&view, key, value), 0);
            }
            break;
        case 1:
            check_delete(&view, naive, key);
            break;
        case 2:
            check_get(&view, naive, key);
            break;
        default:
            check_range(&view, naive);
        }
    }
    assert_true(naive->count > 100);
    view_memory_destroy(&memory);
    assert_null(memory);
    view_memory_destroy(&memory);
    view_memory_destroy(NULL);
    free(naive);
}

static int failing_visit(void *context, struct bytes key, struct bytes value)
{
    (void) key;
    (void) value;
    ++*(int *) context;
    return ERR_CORRUPT;
}

static void test_a_visitors_code_is_passed_on(void **state)
{
    (void) state;
    struct view_memory *memory = view_memory_new();
    struct view view = view_memory_view(memory);
    int calls = 0;
    assert_int_equal(view_put(&view, BYTES("a", 1), BYTES("1", 1)), 0);
    assert_int_equal(view_put(&view, BYTES("b", 1), BYTES("2", 1)), 0);
    assert_int_equal(view_range(&view, BYTES(NULL, 0), BYTES(NULL, 0), failing_visit, &calls), ERR_CORRUPT);
    assert_int_equal(calls, 1);
    view_memory_destroy(&memory);
}

static void test_sizes_are_limited(void **state)
{
    (void) state;
    static uint8_t large[1024 * 1024 + 1];
    struct view_memory *memory = view_memory_new();
    struct view view = view_memory_view(memory);
    uint8_t key[VIEW_KEY_MAX + 1] = {1};
    struct bytes value;
    assert_int_equal(view_put(&view, BYTES(key, 0), BYTES("x", 1)), ERR_TOO_LARGE);
    assert_int_equal(view_put(&view, BYTES(key, VIEW_KEY_MAX + 1), BYTES("x", 1)), ERR_TOO_LARGE);
    assert_int_equal(view_put(&view, BYTES(key, VIEW_KEY_MAX), BYTES(large, sizeof(large))), ERR_TOO_LARGE);
    assert_int_equal(view_get(&view, BYTES(key, VIEW_KEY_MAX), &value), ERR_NOT_FOUND);
    assert_int_equal(view_put(&view, BYTES(key, VIEW_KEY_MAX), BYTES(large, sizeof(large) - 1)), 0);
    assert_int_equal(view_put(&view, BYTES(key, 1), BYTES(NULL, 0)), 0);
    assert_int_equal(view_get(&view, BYTES(key, 1), &value), 0);
    assert_int_equal(value.size, 0);
    view_memory_destroy(&memory);
}

static void test_the_hash_is_of_content_alone(void **state)
{
    (void) state;
    uint8_t forwards[HASH_SIZE];
    uint8_t backwards[HASH_SIZE];
    uint8_t other[HASH_SIZE];
    struct view_memory *a = view_memory_new();
    struct view_memory *b = view_memory_new();
    struct view view_a = view_memory_view(a);
    struct view view_b = view_memory_view(b);
    for (uint8_t i = 0; i < 200; i++) {
        uint8_t j = (uint8_t) (199 - i);
        assert_int_equal(view_put(&view_a, BYTES(&i, 1), BYTES(&i, 1)), 0);
        assert_int_equal(view_put(&view_b, BYTES(&j, 1), BYTES("passing", 7)), 0);
        assert_int_equal(view_put(&view_b, BYTES(&j, 1), BYTES(&j, 1)), 0);
    }
    assert_int_equal(view_hash(&view_a, forwards), 0);
    assert_int_equal(view_hash(&view_b, backwards), 0);
    assert_memory_equal(forwards, backwards, HASH_SIZE);

    /* Where a key ends and its value begins is hashed as well. */
    assert_int_equal(view_put(&view_a, BYTES("ab", 2), BYTES("c", 1)), 0);
    assert_int_equal(view_put(&view_b, BYTES("a", 1), BYTES("bc", 2)), 0);
    assert_int_equal(view_hash(&view_a, forwards), 0);
    assert_int_equal(view_hash(&view_b, other), 0);
    assert_memory_not_equal(forwards, other, HASH_SIZE);
    view_memory_destroy(&a);
    view_memory_destroy(&b);
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

static int count_visit(void *context, struct bytes key, struct bytes value)
{
    (void) key;
    (void) value;
    ++*(size_t *) context;
    return 0;
}

static void test_half_a_million_rows(void **state)
{
    (void) state;
    enum { ROWS = 500000 };
    struct view_memory *memory = view_memory_new();
    struct view view = view_memory_view(memory);
    double start = seconds();
    random_state = 7;
    for (uint32_t i = 0; i < ROWS; i++) {
        uint8_t key[12];
        put_u32(key, (uint32_t) random_next());
        put_u64(key + 4, i);
        assert_int_equal(view_put(&view, BYTES(key, sizeof(key)), BYTES(key, sizeof(key))), 0);
    }
    size_t count = 0;
    assert_int_equal(view_range(&view, BYTES(NULL, 0), BYTES(NULL, 0), count_visit, &count), 0);
    assert_int_equal(count, ROWS);
    print_message("%d rows in %.2f s\n", ROWS, seconds() - start);
    view_memory_destroy(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_is_the_sorted_array), cmocka_unit_test(test_a_visitors_code_is_passed_on),
        cmocka_unit_test(test_sizes_are_limited),      cmocka_unit_test(test_the_hash_is_of_content_alone),
        cmocka_unit_test(test_half_a_million_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
