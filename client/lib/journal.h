/* The journal: signed commands before they are sent, receipts once they are verified, 30 days.
 *
 * A directory of mode 0700, files of mode 0600; a second process may use it at the same time:
 *
 *   <history in hex>/<command id in hex>.command         a draft in its portable form
 *   <history in hex>/<command id in hex>.receipt-<epoch>  a packed Receipt
 *
 * Each file is written to a temporary one, synced, and renamed into place: it is there whole or not at all.
 */
#ifndef COMITY_CLIENT_LIB_JOURNAL_H
#define COMITY_CLIENT_LIB_JOURNAL_H

#include "client/lib/comity.h"
#include "core/bytes.h"

/* Make the directory where there is none, and check who can read it. 0, ERR_FILE, ERR_FILE_MODE. */
int journal_open(const char *directory);

/* 0, ERR_FILE, ERR_DISK_FULL, ERR_MEMORY. Again: 0, and nothing is written. */
int journal_keep_command(const char *directory, const struct comity_draft *draft);
int journal_keep_receipt(const char *directory, const uint8_t *history, const uint8_t *id, uint32_t epoch,
                         struct bytes receipt);

/* Remove what is older than 30 days. Errors are passed over: the next time will do. */
void journal_prune(const char *directory, int64_t now_unix_ms);

#endif
