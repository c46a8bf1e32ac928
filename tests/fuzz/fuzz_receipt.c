/* A receipt for a command of ours, from a worker that may say anything.
 *
 * Input: piece: the draft | 32 bytes: the pinned log key | the rest: a packed Receipt. */
#include "client/lib/comity.h"
#include "core/error.h"
#include "core/message.h"
#include "tests/fuzz/fuzz.h"

/* What was proven of the command: its id, its history, and the number in the record. */
static void check_proven(const struct comity_draft *draft, struct bytes packed, struct arena *arena)
{
    ProtobufCMessage *message;

    FUZZ_NEED(message_unpack(&comity__v1__receipt__descriptor, packed, 512 * 1024, arena, NULL, &message) ==
              0);
    const Comity__V1__Receipt *receipt = (const Comity__V1__Receipt *) message;
    FUZZ_NEED(memcmp(receipt->command_id.data, comity_draft_id(draft), COMITY_ID_SIZE) == 0);
    FUZZ_NEED(memcmp(receipt->history.data, comity_draft_history(draft), COMITY_HISTORY_SIZE) == 0);
    FUZZ_NEED(receipt->events >= 1 && receipt->first_sequence >= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena(ARENA_LIMIT_DEFAULT);
    struct fuzz_input input = {.at = data, .left = size, .arena = arena};
    struct comity_draft *draft = NULL;
    struct comity_pin pin = {0};
    struct bytes packed_draft = fuzz_piece(&input);
    struct bytes key = fuzz_bytes(&input, COMITY_KEY_SIZE);
    struct bytes receipt = fuzz_rest(&input);
    unsigned step = 99;

    if (key.size < COMITY_KEY_SIZE ||
        comity_draft_unpack(packed_draft.data, packed_draft.size, &draft, NULL) != 0)
        return 0;
    memcpy(pin.history, comity_draft_history(draft), COMITY_HISTORY_SIZE);
    memcpy(pin.log_key, key.data, COMITY_KEY_SIZE);
    int code = comity_receipt_check(draft, receipt.data, receipt.size, &pin, 1, &step);
    FUZZ_NEED(code == 0 || code == ERR_RECEIPT || code == ERR_MEMORY);
    if (code == ERR_RECEIPT)
        FUZZ_NEED(step >= 1 && step <= 6);
    if (code == 0) {
        fuzz_accept();
        check_proven(draft, receipt, arena);
        pin.log_key[0] ^= 1;
        FUZZ_NEED(comity_receipt_check(draft, receipt.data, receipt.size, &pin, 1, &step) == ERR_RECEIPT);
        FUZZ_NEED(step == 6);
    }
    comity_draft_destroy(&draft);
    return 0;
}
