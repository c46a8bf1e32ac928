/* What the ordered log keeps in etcd: there and back, and every way in which it is not what was put. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"
#include "worker/log/sealed.h"

struct fixture {
    struct arena *arena;
    uint8_t key[LOG_KEY_SIZE];
    struct sealed_header header;
    struct bytes value;
};

static const uint8_t SECRET[CONNECTION_SECRET_SIZE] = {1, 2, 3};
static const char BODY[] = "a batch";

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){
        .arena = arena_new(ARENA_LIMIT_DEFAULT),
        .header = {.term = 7, .time_ms = -5, .level = 3, .before = {.number = 41, .total = 900}}};
    memset(fixture.header.id, 5, BATCH_ID_SIZE);
    memset(fixture.header.before.hash, 9, HASH_SIZE);
    sealed_key_derive(SECRET, fixture.key);
    assert_int_equal(
        sealed_make(fixture.key, &fixture.header, BYTES(BODY, sizeof(BODY)), fixture.arena, &fixture.value),
        0);
    *state = &fixture;
    return key_init();
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    arena_destroy(&fixture->arena);
    return 0;
}

static int opened(struct fixture *fixture, struct bytes value)
{
    struct order_entry entry;
    return sealed_open(fixture->key, value, &fixture->header.before, fixture->arena, &entry);
}

static void there_and_back(void **state)
{
    struct fixture *fixture = *state;
    struct sealed_header header;
    struct order_entry entry;
    assert_int_equal(sealed_read(fixture->value, &header), 0);
    assert_int_equal(header.term, 7);
    assert_memory_equal(header.id, fixture->header.id, BATCH_ID_SIZE);
    assert_true(place_equal(&header.before, &fixture->header.before));
    assert_int_equal(sealed_open(fixture->key, fixture->value, &header.before, fixture->arena, &entry), 0);
    assert_true(bytes_equal(entry.batch.body, BYTES(BODY, sizeof(BODY))));
    assert_int_equal(entry.term, 7);
    assert_int_equal(entry.batch.number, 42);
    assert_int_equal(entry.batch.time_ms, -5);
    assert_int_equal(entry.batch.level, 3);
    assert_int_equal(entry.place.level, 3);
    assert_memory_equal(entry.batch.id, header.id, BATCH_ID_SIZE);
    assert_int_equal(entry.place.number, 42);
    assert_int_equal(entry.place.total, 900 + sizeof(BODY) + LOG_OVERHEAD);
    struct order_place behind = place_behind(&header.before, fixture->value);
    assert_true(place_equal(&entry.place, &behind));
    /* The same body sealed again is another value, and another chain. */
    struct bytes again;
    assert_int_equal(sealed_make(fixture->key, &header, entry.batch.body, fixture->arena, &again), 0);
    struct order_place other = place_behind(&header.before, again);
    assert_false(bytes_equal(again, fixture->value));
    assert_false(place_equal(&other, &behind));
}

static void the_body_is_not_to_be_read(void **state)
{
    struct fixture *fixture = *state;
    assert_null(memmem(fixture->value.data, fixture->value.size, BODY, sizeof(BODY)));
}

/* Whatever byte is altered, and wherever it is cut. */
static void no_alteration_opens(void **state)
{
    struct fixture *fixture = *state;
    uint8_t *altered = arena_copy(fixture->arena, fixture->value.data, fixture->value.size);
    for (size_t i = 0; i < fixture->value.size; i++) {
        altered[i] ^= 1;
        assert_int_not_equal(opened(fixture, BYTES(altered, fixture->value.size)), 0);
        altered[i] ^= 1;
        assert_int_not_equal(opened(fixture, BYTES(altered, i)), 0);
    }
    assert_int_equal(opened(fixture, BYTES(altered, fixture->value.size)), 0); /* control */
}

static void codes_say_why(void **state)
{
    struct fixture *fixture = *state;
    struct order_place elsewhere = fixture->header.before;
    struct order_entry entry;
    uint8_t *altered = arena_copy(fixture->arena, fixture->value.data, fixture->value.size),
            key[LOG_KEY_SIZE];
    const uint8_t secret[CONNECTION_SECRET_SIZE] = {1, 2, 4};
    elsewhere.hash[0] ^= 1;
    assert_int_equal(sealed_open(fixture->key, fixture->value, &elsewhere, fixture->arena, &entry),
                     ERR_CORRUPT);
    elsewhere = fixture->header.before;
    elsewhere.number++;
    assert_int_equal(sealed_open(fixture->key, fixture->value, &elsewhere, fixture->arena, &entry),
                     ERR_CORRUPT);
    sealed_key_derive(secret, key);
    assert_int_equal(sealed_open(key, fixture->value, &fixture->header.before, fixture->arena, &entry),
                     ERR_SEAL);
    altered[7]++;
    assert_int_equal(opened(fixture, BYTES(altered, fixture->value.size)), ERR_VERSION);
    altered[0]++;
    assert_int_equal(opened(fixture, BYTES(altered, fixture->value.size)), ERR_MALFORMED);
    assert_int_equal(opened(fixture, (struct bytes){0}), ERR_MALFORMED);
}

static void bodies_are_bounded(void **state)
{
    struct fixture *fixture = *state;
    uint8_t *large = arena_alloc(fixture->arena, ORDER_BODY_MAX_BYTES + 1);
    struct bytes value;
    assert_int_equal(sealed_make(fixture->key, &fixture->header, BYTES(large, ORDER_BODY_MAX_BYTES),
                                 fixture->arena, &value),
                     0);
    assert_int_equal(value.size, LOG_VALUE_MAX_BYTES);
    assert_int_equal(opened(fixture, value), 0);
    assert_int_equal(sealed_make(fixture->key, &fixture->header, BYTES(large, ORDER_BODY_MAX_BYTES + 1),
                                 fixture->arena, &value),
                     ERR_TOO_LARGE);
    assert_int_equal(sealed_make(fixture->key, &fixture->header, (struct bytes){0}, fixture->arena, &value),
                     0);
    assert_int_equal(opened(fixture, value), 0);
}

static void other_values_come_back(void **state)
{
    const struct fixture *fixture = *state;
    struct log_meta meta = {.cluster = 3, .base = fixture->header.before}, meta_back;
    struct log_seat seat = {.level = 2, .place = fixture->header.before, .state_number = 1000, .unix_ms = 5000, .refused = 8}, seat_back;
    struct log_leader leader = {.beats = 12, .name = "north"}, leader_back;
    uint8_t room[256] = {0};
    memset(meta.group, 4, sizeof(meta.group));
    memset(seat.nonce, 5, sizeof(seat.nonce));
    memset(seat.state_hash, 6, sizeof(seat.state_hash));
    memset(leader.nonce, 8, sizeof(leader.nonce));
    meta_write(&meta, room);
    assert_int_equal(meta_read(BYTES(room, META_SIZE + 3), &meta_back), 0); /* of a later version */
    assert_memory_equal(meta_back.group, meta.group, sizeof(meta.group));
    assert_true(meta_back.cluster == 3 && place_equal(&meta_back.base, &meta.base));
    assert_int_equal(meta_read(BYTES(room, META_SIZE - 1), &meta_back), ERR_MALFORMED);
    room[7] = 2;
    assert_int_equal(meta_read(BYTES(room, META_SIZE), &meta_back), ERR_VERSION);
    seat_write(&seat, room);
    assert_int_equal(seat_read(BYTES(room, SEAT_SIZE + 3), &seat_back), 0);
    assert_memory_equal(seat_back.nonce, seat.nonce, sizeof(seat.nonce));
    assert_memory_equal(seat_back.state_hash, seat.state_hash, sizeof(seat.state_hash));
    assert_true(seat_back.level == 2 && seat_back.state_number == 1000 &&
                place_equal(&seat_back.place, &seat.place));
    assert_true(seat_back.unix_ms == 5000 && seat_back.refused == 8);
    for (size_t size = SEAT_SIZE_BEFORE; size < SEAT_SIZE; size++) { /* an earlier version's */
        assert_int_equal(seat_read(BYTES(room, size), &seat_back), 0);
        assert_true(seat_back.state_number == 1000 && seat_back.unix_ms == 0 && seat_back.refused == 0);
    }
    assert_int_equal(seat_read(BYTES(room, SEAT_SIZE_BEFORE - 1), &seat_back), ERR_MALFORMED);
    size_t size = leader_write(&leader, room);
    assert_int_equal(leader_read(BYTES(room, size), &leader_back), 0);
    assert_memory_equal(leader_back.nonce, leader.nonce, sizeof(leader.nonce));
    assert_true(leader_back.beats == 12);
    assert_string_equal(leader_back.name, "north");
    assert_int_equal(leader_read(BYTES(room, size - 5), &leader_back), ERR_MALFORMED);
    assert_int_equal(leader_read(BYTES(room, sizeof(room)), &leader_back), ERR_MALFORMED);
    room[size - 1] = '\n';
    assert_int_equal(leader_read(BYTES(room, size), &leader_back), ERR_MALFORMED);
    room[size - 1] = 0;
    assert_int_equal(leader_read(BYTES(room, size), &leader_back), ERR_MALFORMED);
    struct order_place place;
    place_write(&fixture->header.before, room);
    assert_int_equal(place_read(BYTES(room, PLACE_SIZE), &place), 0);
    assert_true(place_equal(&place, &fixture->header.before));
    assert_int_equal(place_read(BYTES(room, PLACE_SIZE + 1), &place), ERR_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(there_and_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_body_is_not_to_be_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_alteration_opens, set_up, tear_down),
        cmocka_unit_test_setup_teardown(codes_say_why, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bodies_are_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_values_come_back, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
