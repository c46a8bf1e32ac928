/* Writing .blt files: the text, and that reading it gives back what was written. docs/rules.md R-58 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/rules/blt.h"

static const uint32_t TIE_ORDER[] = {2, 1, 3};
static const uint32_t RANKS[][3] = {{1, 2, 0}, {0, 1, 1}, {1, 2, 0}, {3, 1, 0}, {0, 0, 1}};
static const struct ranked_ballots BALLOTS[] = {
    {RANKS[0], 1}, {RANKS[1], 1}, {RANKS[2], 2}, {RANKS[3], 1}, {RANKS[4], 7}};

static struct blt sample(void)
{
    return (struct blt){.option_count = 3,
                        .seats = 2,
                        .names = {"a", "with a \"quote\"\nand more", "c"},
                        .title = "T",
                        .withdrawn = 4,
                        .tie_order = TIE_ORDER,
                        .ballots = BALLOTS,
                        .ballot_count = 5,
                        .empty = 1};
}

static void the_text_is_as_expected(void **state)
{
    static const char EXPECTED[] = "3 2\n[tie 3 1 2]\n-3\n"
                                   "3 1 2 0\n1 2 1 0\n1 2=3 0\n7 3 0\n1 0\n0\n"
                                   "\"a\"\n\"with a 'quote' and more\"\n\"c\"\n\"T\"\n";
    CLEANUP(arena_destroy) struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    struct blt blt = sample();
    struct bytes text = blt_write(&blt, arena);
    (void) state;

    assert_true(bytes_equal(text, BYTES(EXPECTED, sizeof(EXPECTED) - 1)));
}

/* The order in which ballots came is not in the file. */
static void order_of_arrival_is_not_told(void **state)
{
    static const struct ranked_ballots OTHERS[] = {
        {RANKS[4], 3}, {RANKS[3], 1}, {RANKS[2], 3}, {RANKS[4], 4}, {RANKS[1], 1}};
    CLEANUP(arena_destroy) struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    struct blt blt = sample();
    struct bytes first = blt_write(&blt, arena);
    (void) state;

    blt.ballots = OTHERS;
    assert_true(bytes_equal(first, blt_write(&blt, arena)));
}

static void what_is_written_reads_back(void **state)
{
    struct rule_faults faults = {.arena = arena_new(ARENA_LIMIT_DEFAULT), .words = words_in_english};
    struct blt blt = sample(), back;
    struct bytes text = blt_write(&blt, faults.arena);
    (void) state;

    assert_int_equal(blt_read(text, &faults, &back), 0);
    assert_int_equal(back.option_count, 3);
    assert_int_equal(back.withdrawn, 4);
    assert_int_equal(back.empty, 1);
    assert_memory_equal(back.tie_order, TIE_ORDER, sizeof(TIE_ORDER));
    assert_true(bytes_equal(text, blt_write(&back, faults.arena)));
    arena_destroy(&faults.arena);
}

static void too_little_memory_gives_nothing(void **state)
{
    CLEANUP(arena_destroy) struct arena *arena = arena_new(128);
    struct blt blt = sample();
    (void) state;

    assert_null(blt_write(&blt, arena).data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_text_is_as_expected),
        cmocka_unit_test(order_of_arrival_is_not_told),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(too_little_memory_gives_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
