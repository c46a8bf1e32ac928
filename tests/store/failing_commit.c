#include "failing_commit.h"

#include <lmdb.h>

bool failing_commit;

int __real_mdb_txn_commit(MDB_txn *txn);
int __wrap_mdb_txn_commit(MDB_txn *txn);
int __wrap_mdb_txn_commit(MDB_txn *txn)
{
    if (!failing_commit)
        return __real_mdb_txn_commit(txn);
    failing_commit = false;
    mdb_txn_abort(txn);
    return MDB_MAP_FULL;
}
