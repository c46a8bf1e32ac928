/* Which commit was the last: a row that each commit writes, and a mark beside the store.
 *
 * LMDB finds everything from two pages of roots, by a number in each, and has no checksum over them. A number that was altered
 * makes the older of the two the newer one: the store as it was a commit before, whole in itself. The row says of which
 * commit it is, so that a number that grew is noticed; the mark says which commit there was, so that one that shrank is
 * noticed too, and a data.mdb that was put back. The mark is not synced: after a loss of power it may be of an earlier
 * commit, never of a later one. */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "core/error.h"
#include "worker/store/store_internal.h"

/* In writer.lock, behind the process id: the number and its complement, which no single change makes agree. */
enum { MARK_AT = 32, MARK_SIZE = 2 * 16 + 2 };

static const struct bytes COMMIT_KEY = {(const uint8_t *) "commit", 6};

int commit_note(struct store_txn *txn)
{
    uint8_t number[8];

    put_u64(number, mdb_txn_id(txn->txn));
    return table_put(txn, STORE_META, COMMIT_KEY, BYTES(number, sizeof(number)));
}

int commit_check(struct store_txn *txn)
{
    uint64_t number = mdb_txn_id(txn->txn) - (txn->is_write ? 1 : 0);
    struct bytes row;
    int code = table_get(txn, STORE_META, COMMIT_KEY, &row);

#ifdef COMITY_CONTROL_NO_CHECKSUM
    number = code == 0 && row.size == 8 ? get_u64(row.data) : number;
#endif
    if (code == ERR_NOT_FOUND || (code == 0 && (row.size != 8 || get_u64(row.data) != number)))
        return txn_fail(txn, ERR_CORRUPT);
    return code;
}

static void mark_make(uint64_t number, char ret_text[MARK_SIZE + 1])
{
    snprintf(ret_text, MARK_SIZE + 1, "%016" PRIx64 " %016" PRIx64 "\n", number, ~number);
}

uint64_t mark_read(int descriptor)
{
    char text[MARK_SIZE + 1] = "", expected[MARK_SIZE + 1];
    uint64_t number;

    if (descriptor < 0 || pread(descriptor, text, MARK_SIZE, MARK_AT) != MARK_SIZE ||
        sscanf(text, "%16" SCNx64, &number) != 1)
        return 0;
    mark_make(number, expected);
    if (memcmp(text, expected, MARK_SIZE) != 0)
        return 0;
#ifdef COMITY_CONTROL_NO_CHECKSUM
    number = 0;
#endif
    return number;
}

void mark_write(int descriptor, uint64_t number)
{
    char text[MARK_SIZE + 1];

    mark_make(number, text);
    if (descriptor >= 0 && pwrite(descriptor, text, MARK_SIZE, MARK_AT) != MARK_SIZE)
        return; /* then the one before stands */
}
