/* Receipts and checkpoints, made from what the store holds: the same bytes each time. docs/protocol.md,
 * "Receipts".
 *
 * Ed25519 signs deterministically, so a checkpoint of the present epoch is made anew whenever it is wanted.
 * Those of epochs before a restore may have been signed with a key that is gone: their notes came with the
 * export and are kept. */
#ifndef COMITY_WORKER_RECEIPT_H
#define COMITY_WORKER_RECEIPT_H

#include "comity/v1/link.pb-c.h"
#include "core/note.h"
#include "worker/store/store.h"

/* The signed note at @size and @epoch. For the head: history->head, history->epoch. 0, ERR_RANGE (past the
 * head), ERR_NOT_FOUND (an earlier epoch's that no receipt refers to), the store's. */
int checkpoint_make(struct store_txn *txn, const struct store_history *history, uint32_t epoch, uint64_t size,
                    const struct signing_key *log_key, char buffer[CHECKPOINT_MAX_BYTES], size_t *ret_size);

/* The packed Receipt of a command that the history holds. For queries too. 0, ERR_NOT_FOUND (also where the
 * command was refused), ERR_MEMORY, the store's. */
int receipt_make(struct store_txn *txn, const struct store_history *history,
                 const uint8_t id[COMMAND_ID_SIZE], const struct signing_key *log_key, struct arena *arena,
                 struct bytes *ret_receipt);

/* The same where the row and the note that belongs to it are at hand. In the arena. */
int receipt_build(struct store_txn *txn, const struct store_history *history,
                  const uint8_t id[COMMAND_ID_SIZE], const struct store_command *command,
                  struct bytes checkpoint, struct arena *arena, Comity__V1__Receipt **ret_receipt);

/* A proof as a repeated field, copied into the arena. ERR_MEMORY. */
int hashes_to_fields(struct arena *arena, const uint8_t (*hashes)[HASH_SIZE], size_t count,
                     ProtobufCBinaryData **ret_fields, size_t *ret_count);

#endif
