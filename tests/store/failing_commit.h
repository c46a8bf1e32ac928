/* A commit of the store that fails, once the log has the entry: for tests that are linked with --wrap=mdb_txn_commit. */
#ifndef COMITY_TESTS_STORE_FAILING_COMMIT_H
#define COMITY_TESTS_STORE_FAILING_COMMIT_H

#include <stdbool.h>

extern bool failing_commit; /* the next one fails */

#endif
