/* The journal: signed commands before they are sent, receipts once they are verified, final refusals.
 *
 * A directory of mode 0700, files of mode 0600; a second process may use it at the same time:
 *
 *   <history in hex>/<command id in hex>.command         a draft in its portable form
 *   <history in hex>/<command id in hex>.receipt-<epoch>  a packed Receipt
 *
 *   <history in hex>/<command id in hex>.refused         the code of a final refusal and the epoch in which
 * it was refused (0: not known), decimal
 *
 *   <history in hex>/<command id in hex>.waiting         it was given while no broker answered, and waits to be sent
 * (outbox.c): "waiting", or "sent" and which sending, once one was begun. It stays beside what became of it
 *
 *   <history in hex>/read-<query in hex>                  an answer that was read, to be shown again (kept.h)
 *   <history in hex>/checkpoint                           the latest checkpoint that was verified (head_file.h)
 *   <history in hex>/<command id in hex>.given-up-<epoch>-<number>  a receipt of a record that was given up: evidence
 *   <history in hex>/fork-...                             what showed that a record was none (head_file.h)
 *
 * When a command was given is the time of its file, to the nanosecond: who copies a journal keeps the times
 * (cp -p).
 *
 * Each file is written to a temporary one, synced, and renamed into place: it is there whole or not at all.
 */
#ifndef COMITY_CLIENT_LIB_JOURNAL_H
#define COMITY_CLIENT_LIB_JOURNAL_H

#include "client/lib/comity.h"
#include "core/bytes.h"

/* Make the directory where there is none, and check who can read it. 0, ERR_FILE, ERR_FILE_MODE. */
int journal_open(const char *directory);

/* 0, ERR_FILE, ERR_DISK_FULL, ERR_MEMORY. Again: 0, and nothing is written. *ret_is_new:
 * nothing is open of it, for it was not kept yet or had been refused; that refusal is taken back. */
int journal_keep_command(const char *directory, const struct comity_draft *draft, bool *ret_is_new);

/* A new command was never sent: it goes for good. 0, ERR_FILE, ERR_DISK_FULL. */
int journal_drop_command(const char *directory, const uint8_t *history, const uint8_t *id);

/* It was refused with @refusal in @epoch, finally: it is not sent again there. 0, ERR_FILE, ERR_DISK_FULL. */
int journal_keep_refusal(const char *directory, const uint8_t *history, const uint8_t *id, int refusal,
                         uint32_t epoch);

/* A receipt outweighs a refusal that was kept before. 0, ERR_FILE, ERR_DISK_FULL. */
int journal_keep_receipt(const char *directory, const uint8_t *history, const uint8_t *id, uint32_t epoch,
                         struct bytes receipt);

/* Of texts that the parties have purged nothing is kept: those with one of these hashes are emptied in the
 * commands that have them, and what lay there is overwritten. Receipts stay. Errors are passed over: the next
 * answer that says so will do. */
void journal_forget_texts(const char *directory, const uint8_t *history, const ProtobufCBinaryData *hashes,
                          size_t count);

/* Remove from one history what is over by its log's clock, never by this machine's: commands with a receipt
 * that was stamped 30 days before @stamp_ms, the stamp of the receipt that was just kept; all others when
 * their validity ended 30 days before it. Errors are passed over: the next time will do. */
void journal_prune(const char *directory, const uint8_t *history, int64_t stamp_ms);

#endif
