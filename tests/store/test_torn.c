/* Pages that were written in part: half of one is new, half is what was there before; or sectors of 512
 * bytes. Of a page that LMDB writes before a commit nothing refers to it until it is whole; here the disk
 * lies, or the page is torn later, and a page in use is affected. Nothing wrong is ever served. The control,
 * built without the checksums, must serve something wrong. */
#include "damage.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "core/error.h"

enum { PAGE = 4096, SECTOR = 512, SECTORS = PAGE / SECTOR, ROUNDS = 6, METAS = 2 };

struct fixture {
    char directory[SCRATCH_PATH_MAX];
    char damaged[SCRATCH_PATH_MAX];
    char target[SCRATCH_PATH_MAX];
    struct answer truths[DAMAGE_PROBES];
    uint8_t *before; /* the file as it was before some commits, and after */
    uint8_t *after;
    size_t size;
    struct tally *tally;
};

static uint8_t *file_read(const char *directory, size_t size)
{
    char path[SCRATCH_PATH_MAX];
    uint8_t *data = calloc(1, size);
    FILE *file;

    scratch_join(directory, "data.mdb", path);
    file = fopen(path, "rb");
    assert_non_null(data);
    assert_non_null(file);
    assert_true(fread(data, 1, size, file) > 0);
    fclose(file);
    return data;
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    char path[SCRATCH_PATH_MAX];
    struct store *store;

    scratch_make(fixture->directory);
    scratch_make(fixture->damaged);
    scratch_join(fixture->damaged, "data.mdb", fixture->target);
    scratch_join(fixture->directory, "data.mdb", path);
    store = scratch_store(fixture->directory, DAMAGE_MAP_BYTES);
    damage_fill(store);
    for (unsigned i = 0; i < ROUNDS; i++)
        damage_change(store, i);
    fixture->size = (size_t) scratch_file_size(path);
    fixture->before = file_read(fixture->directory, fixture->size);
    for (unsigned i = 0; i < 3; i++)
        damage_change(store, ROUNDS + i);
    for (unsigned probe = 0; probe < DAMAGE_PROBES; probe++) {
        damage_probe(store, probe, arena, &fixture->truths[probe]);
        assert_int_equal(fixture->truths[probe].code, 0);
    }
    store_close(&store);
    fixture->after = file_read(fixture->directory, fixture->size);
    assert_true(scratch_file_size(path) >= fixture->size);
    damage_copy(fixture->directory, fixture->damaged, "keys");
    damage_copy(fixture->directory, fixture->damaged, "writer.lock");
    arena_destroy(&arena);
    fixture->tally = damage_tally_new();
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    munmap(fixture->tally, sizeof(*fixture->tally));
    scratch_remove(fixture->directory);
    scratch_remove(fixture->damaged);
    free(fixture->before);
    free(fixture->after);
    free(fixture);
    return 0;
}

/* The copy, with these sectors of the page as they were before. */
static void tear(const struct fixture *fixture, size_t page, unsigned first, unsigned count)
{
    FILE *file;

    damage_copy(fixture->directory, fixture->damaged, "data.mdb");
    file = fopen(fixture->target, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, (long) (page * PAGE + first * SECTOR), SEEK_SET), 0);
    assert_int_equal(fwrite(fixture->before + page * PAGE + first * SECTOR, SECTOR, count, file), count);
    assert_int_equal(fclose(file), 0);
}

static bool differs(const struct fixture *fixture, size_t page, unsigned first, unsigned count)
{
    size_t at = page * PAGE + first * SECTOR;

    return memcmp(fixture->before + at, fixture->after + at, count * SECTOR) != 0;
}

/* Torn where both what stays and what goes differ: else it is no tear, but a page that was written or was
 * not. */
static void tear_each(struct fixture *fixture, unsigned first, unsigned count, unsigned *torn)
{
    for (size_t page = METAS; page < fixture->size / PAGE; page++) {
        bool rest =
            (first > 0 && differs(fixture, page, 0, first)) ||
            (first + count < SECTORS && differs(fixture, page, first + count, SECTORS - first - count));

        if (!rest || !differs(fixture, page, first, count))
            continue;
        tear(fixture, page, first, count);
        damage_trial(fixture->damaged, fixture->truths, fixture->tally);
        (*torn)++;
    }
}

static void half_a_page_is_never_served(void **state)
{
    struct fixture *fixture = *state;
    unsigned torn = 0;
    char what[64];

    tear_each(fixture, 0, SECTORS / 2, &torn);
    tear_each(fixture, SECTORS / 2, SECTORS / 2, &torn);
    snprintf(what, sizeof(what), "%u pages torn in halves", torn);
    damage_report(what, fixture->tally);
    assert_true(torn > 0);
    damage_verdict(fixture->tally);
    if (!DAMAGE_IS_CONTROL) {
        assert_true(fixture->tally->detected > 0);
        assert_int_equal(fixture->tally->unnoticed, 0);
    }
}

static void single_sectors_are_never_served(void **state)
{
    struct fixture *fixture = *state;
    unsigned torn = 0;
    char what[64];

    for (unsigned sector = 0; sector < SECTORS; sector++)
        tear_each(fixture, sector, 1, &torn);
    snprintf(what, sizeof(what), "%u pages with an old sector", torn);
    damage_report(what, fixture->tally);
    assert_true(torn > 0);
    damage_verdict(fixture->tally);
    if (!DAMAGE_IS_CONTROL)
        assert_int_equal(fixture->tally->unnoticed, 0);
}

/* A page of roots lies in one sector: it was written or it was not. The newer one as it was before leads to the commit before
 * the last; the older one is looked at by nobody. */
static void a_page_of_roots_that_stayed_behind_is_never_served(void **state)
{
    struct fixture *fixture = *state;
    unsigned behind = 0;

    for (size_t page = 0; page < METAS; page++) {
        assert_true(differs(fixture, page, 0, 1));
        assert_false(differs(fixture, page, 1, SECTORS - 1));
        tear(fixture, page, 0, 1);
        damage_trial(fixture->damaged, fixture->truths, fixture->tally);
        behind += fixture->tally->detected == DAMAGE_PROBES;
    }
    damage_report("2 pages of roots of before", fixture->tally);
    damage_verdict(fixture->tally);
    if (!DAMAGE_IS_CONTROL)
        assert_true(behind > 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(half_a_page_is_never_served),
        TEST(single_sectors_are_never_served),
        TEST(a_page_of_roots_that_stayed_behind_is_never_served),
    };

    scratch_use_memory();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
