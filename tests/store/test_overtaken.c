/* LMDB looks at the number of the last commit first and at its roots afterwards, and not at the number again: two
 * commits between the two, and a reader's number is that of an earlier one than what it reads. Such a reader begins
 * again; what differs for ever is damage. This program's mdb_txn_id stands before LMDB's. */
#include "scratch.h"

#include <lmdb.h>
#include <stdlib.h>

#include "core/error.h"

enum { MAP_BYTES = 32 * 1024 * 1024, FOR_EVER = 1000 };

static unsigned overtaken; /* so many times more */

size_t __real_mdb_txn_id(MDB_txn *txn);
size_t __wrap_mdb_txn_id(MDB_txn *txn);

size_t __wrap_mdb_txn_id(MDB_txn *txn)
{
    size_t number = __real_mdb_txn_id(txn);

    if (overtaken == 0)
        return number;
    overtaken--;
    return number - 2;
}

struct fixture {
    char directory[SCRATCH_PATH_MAX];
    struct store *store;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct store_history history;
    struct store_txn *txn;

    scratch_make(fixture->directory);
    fixture->store = scratch_store(fixture->directory, MAP_BYTES);
    assert_int_equal(store_begin_write(fixture->store, &txn), 0);
    assert_int_equal(store_history_create(txn, (const uint8_t *) "a history that others write to ..", &history), 0);
    assert_int_equal(store_commit(&txn), 0);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    overtaken = 0;
    store_close(&fixture->store);
    scratch_remove(fixture->directory);
    free(fixture);
    return 0;
}

static void a_reader_that_was_overtaken_begins_again(void **state)
{
    struct fixture *fixture = *state;
    struct store_txn *txn = NULL;

    for (unsigned times = 0; times < 4; times++) {
        overtaken = times;
        assert_int_equal(store_begin_read(fixture->store, &txn), 0);
        assert_int_equal(overtaken, 0);
        store_abort(&txn);
    }
}

static void what_differs_for_ever_is_damage(void **state)
{
    struct fixture *fixture = *state;
    struct store_txn *txn = NULL;

    overtaken = FOR_EVER;
    assert_int_equal(store_begin_read(fixture->store, &txn), ERR_CORRUPT);
    assert_null(txn);
}

/* Nobody commits beside a writer. */
static void a_writer_is_never_overtaken(void **state)
{
    struct fixture *fixture = *state;
    struct store_txn *txn = NULL;

    overtaken = 1;
    assert_int_equal(store_begin_write(fixture->store, &txn), ERR_CORRUPT);
    assert_null(txn);
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ONE(a_reader_that_was_overtaken_begins_again),
        ONE(what_differs_for_ever_is_damage),
        ONE(a_writer_is_never_overtaken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
