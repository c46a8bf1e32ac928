/* The hash of a rule: docs/rules.md R-10. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/key.h"
#include "test_rule_support.h"

/* over these bytes and under this tag, and over nothing that may change without notice. */
static void the_hash_is_of_the_packed_rule(void **state)
{
    struct arena *arena = scene_need(arena_new(ARENA_LIMIT_DEFAULT), "memory");
    Comity__V1__Rule *rule = rule_parse(arena, "S whole AV > 1/2 of cast");
    uint8_t hash[HASH_SIZE], expected[HASH_SIZE], other[HASH_SIZE];
    uint8_t packed[1024];
    (void) state;

    assert_int_equal(rule_hash(rule, arena, hash), 0);
    size_t size = comity__v1__rule__pack(rule, packed);
    tagged_hash("comity/v1/rule", BYTES(packed, size), expected);
    assert_memory_equal(hash, expected, HASH_SIZE);
    rule->tests[0]->denominator = 3;
    assert_int_equal(rule_hash(rule, arena, other), 0);
    assert_memory_not_equal(hash, other, HASH_SIZE);
    arena_destroy(&arena);
}

/* whoever signs a rule may pack it otherwise, and others have to come to the same hash. */
static void the_hash_is_of_the_canonical_form(void **state)
{
    /* "rounds" before "name", a "silence" of 0, an empty "close", stances one by one */
    static const uint8_t AS_IT_CAME[] = {0x70, 1,    0x0a, 1,    'a', 0x40, 0, 0x62, 0, 0x2a,
                                         8,    0x22, 6,    0x08, 1,   0x10, 1, 0x10, 2};
    static const uint8_t CANONICAL[] = {0x0a, 1, 'a', 0x2a, 8,    0x22, 6,    0x08, 1,
                                        0x12, 2, 1,   2,    0x62, 0,    0x70, 1};
    struct arena *arena = scene_need(arena_new(ARENA_LIMIT_DEFAULT), "memory");
    struct refusal refusal = {0};
    uint8_t hash[HASH_SIZE], expected[HASH_SIZE];
    ProtobufCMessage *rule;
    (void) state;

    assert_int_equal(message_unpack(&comity__v1__rule__descriptor, BYTES(AS_IT_CAME, sizeof(AS_IT_CAME)),
                                    RULE_MAX_BYTES, arena, &refusal, &rule),
                     0);
    assert_int_equal(rule_hash((Comity__V1__Rule *) rule, arena, hash), 0);
    tagged_hash("comity/v1/rule", BYTES(CANONICAL, sizeof(CANONICAL)), expected);
    assert_memory_equal(hash, expected, HASH_SIZE);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hash_is_of_the_packed_rule),
        cmocka_unit_test(the_hash_is_of_the_canonical_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
