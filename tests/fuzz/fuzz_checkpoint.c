/* A checkpoint that another member has sent, in a mail or alone: `comity checkpoint compare`.
 *
 * Input: 32 bytes: the history | 32 bytes: a log key | the rest: the text. */
#include "client/cli/checkpoint.h"
#include "core/error.h"
#include "core/key.h"
#include "core/note.h"
#include "tests/fuzz/fuzz.h"

/* Groups of five digits, the same again for the same checkpoint, and others for another. */
static void check_fingerprint(const uint8_t *history, const struct comity_checkpoint *checkpoint)
{
    char first[CHECKPOINT_FINGERPRINT_SIZE], second[CHECKPOINT_FINGERPRINT_SIZE];
    struct comity_checkpoint other = *checkpoint;

    checkpoint_fingerprint(history, checkpoint, first);
    FUZZ_NEED(strlen(first) == CHECKPOINT_FINGERPRINT_SIZE - 1);
    FUZZ_NEED(strspn(first, "0123456789 ") == strlen(first));
    other.root[HASH_SIZE - 1] ^= 1;
    checkpoint_fingerprint(history, &other, second);
    FUZZ_NEED(strcmp(first, second) != 0);
}

static void check_found(struct bytes text, struct bytes note, const uint8_t *history)
{
    char origin[ORIGIN_MAX_BYTES + 1];
    struct bytes again;

    FUZZ_NEED(note.data >= text.data && note.size > 0 && note.data + note.size <= text.data + text.size);
    FUZZ_NEED(note.data == text.data || note.data[-1] == '\n');
    checkpoint_origin(history, 0, origin);
    FUZZ_NEED(note.size >= strlen(origin) && memcmp(note.data, origin, strlen(origin) - 1) == 0);
    FUZZ_NEED(checkpoint_find(note, history, &again) == 0 && bytes_equal(again, note));
}

static void check_signed(struct bytes note, const uint8_t *history, const uint8_t *key)
{
    struct comity_checkpoint checkpoint;
    struct comity_pin pin = {0};

    memcpy(pin.history, history, COMITY_HISTORY_SIZE);
    memcpy(pin.log_key, key, COMITY_KEY_SIZE);
    int code = comity_checkpoint_read(note.data, note.size, history, &pin, 1, &checkpoint);
    FUZZ_NEED(code == 0 || code == ERR_SIGNATURE || code == ERR_MALFORMED);
    if (code != 0)
        return;
    fuzz_accept();
    FUZZ_NEED(checkpoint.size > 0 && checkpoint.epoch > 0);
    FUZZ_NEED(bytes_equal(BYTES(checkpoint.note, checkpoint.note_size), note));
    FUZZ_NEED(checkpoint_joined(&checkpoint, &checkpoint, NULL, 0) == 0);
    check_fingerprint(history, &checkpoint);
    pin.log_key[0] ^= 1;
    FUZZ_NEED(comity_checkpoint_read(note.data, note.size, history, &pin, 1, &checkpoint) == ERR_SIGNATURE);
    pin.log_key[0] ^= 1;
    pin.history[0] ^= 1; /* a key of another history signs nothing of this one */
    FUZZ_NEED(comity_checkpoint_read(note.data, note.size, history, &pin, 1, &checkpoint) == ERR_SIGNATURE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena(ARENA_LIMIT_DEFAULT);
    struct fuzz_input input = {.at = data, .left = size, .arena = arena};
    struct bytes history = fuzz_bytes(&input, HISTORY_ID_SIZE), key = fuzz_bytes(&input, KEY_SIZE);
    struct bytes text = fuzz_rest(&input), note;

    FUZZ_NEED(key_init() == 0);
    if (history.size < HISTORY_ID_SIZE || key.size < KEY_SIZE)
        return 0;
    int code = checkpoint_find(text, history.data, &note);
    FUZZ_NEED(code == 0 || code == ERR_NOT_FOUND);
    if (code != 0)
        return 0;
    check_found(text, note, history.data);
    check_signed(note, history.data, key.data);
    return 0;
}
