/* Signed notes, checkpoints and verifier keys, as witnesses and workers give them.
 *
 * Input: piece: a verifier key's text | the rest: a note. */
#include "core/error.h"
#include "core/note.h"
#include "core/tree.h"
#include "tests/fuzz/fuzz.h"

static const uint8_t SEED[SEED_SIZE] = {3, 1, 4, 1, 5};

static void check_checkpoint(struct bytes text)
{
    struct checkpoint checkpoint;
    struct checkpoint_body body;
    int code = checkpoint_read(text, &checkpoint);

    if (checkpoint_body_read(text, &body) == 0) {
        fuzz_accept();
        FUZZ_NEED(body.root_size <= sizeof(body.root));
        FUZZ_NEED(body.origin.data >= text.data &&
                  body.origin.data + body.origin.size <= text.data + text.size);
        if (code == 0) {
            char written[CHECKPOINT_MAX_BYTES];
            size_t size = checkpoint_write(&checkpoint, written); /* there is one form alone, but for lines behind it */
            FUZZ_NEED(body.size == checkpoint.size && body.root_size == HASH_SIZE);
            FUZZ_NEED(size <= text.size && memcmp(written, text.data, size) == 0);
        }
    } else {
        FUZZ_NEED(code == ERR_MALFORMED);
    }
}

/* A checkpoint that can be read can be signed, and is then opened by that key and by no other. */
static void check_signed_again(const struct checkpoint *checkpoint)
{
    static const uint8_t OTHER[KEY_SIZE] = {1};
    char note[CHECKPOINT_MAX_BYTES];
    struct signing_key key;
    struct checkpoint opened;

    signing_key_from_seed(SEED, &key);
    size_t size = checkpoint_sign(checkpoint, &key, note);
    FUZZ_NEED(size > 0 && size <= sizeof(note));
    FUZZ_NEED(checkpoint_open(BYTES(note, size), key.public_key, &opened) == 0);
    FUZZ_NEED(strcmp(opened.origin, checkpoint->origin) == 0 && opened.size == checkpoint->size);
    FUZZ_NEED(memcmp(opened.root, checkpoint->root, HASH_SIZE) == 0);
    FUZZ_NEED(checkpoint_open(BYTES(note, size), OTHER, &opened) == ERR_SIGNATURE);
}

/* A cosignature over what can be read: its line opens with its key, and with no other time. */
static void check_cosigned(struct bytes text, struct arena *arena)
{
    struct note_verifier verifier;
    struct signing_key key;
    uint8_t signature[SIGNATURE_SIZE];
    char line[NOTE_LINE_MAX_BYTES + 1];
    struct bytes opened;
    size_t verified;
    int64_t time_s = (int64_t) (text.size * 1000003);

    signing_key_from_seed(SEED, &key);
    FUZZ_NEED(note_verifier_make("labour-box", NOTE_COSIGNATURE, key.public_key, &verifier) == 0);
    cosignature_make(text, time_s, &key, signature);
    struct bytes bytes = BYTES(signature, sizeof(signature));
    FUZZ_NEED(cosignature_check(key.public_key, text, time_s, bytes) == 0);
    FUZZ_NEED(cosignature_check(key.public_key, text, time_s + 1, bytes) == ERR_SIGNATURE);
    size_t size = cosignature_line("labour-box", key.public_key, time_s, signature, line);
    FUZZ_NEED(size > 0 && strlen(line) == size);
    uint8_t *whole = arena_alloc(arena, text.size + 1 + size);
    FUZZ_NEED(whole != NULL);
    memcpy(whole, text.data, text.size);
    whole[text.size] = '\n';
    memcpy(whole + text.size + 1, line, size);
    FUZZ_NEED(note_open(BYTES(whole, text.size + 1 + size), &verifier, 1, &opened, &verified) == 0);
    FUZZ_NEED(verified == 1 && bytes_equal(opened, text));
}

/* Any text becomes a note by a line of ours, or is none. */
static void check_line(struct bytes note, struct arena *arena)
{
    struct note_verifier verifier;
    struct signing_key key;
    char line[NOTE_LINE_MAX_BYTES + 1];
    struct bytes text;
    size_t verified;

    signing_key_from_seed(SEED, &key);
    FUZZ_NEED(note_verifier_make("comity/test", NOTE_SIGNATURE, key.public_key, &verifier) == 0);
    size_t size = note_sign_line(note, "comity/test", &key, line);
    FUZZ_NEED(size > 0 && strlen(line) == size);
    uint8_t *whole = arena_alloc(arena, note.size + 1 + size);
    FUZZ_NEED(whole != NULL);
    if (note.size > 0)
        memcpy(whole, note.data, note.size);
    whole[note.size] = '\n';
    memcpy(whole + note.size + 1, line, size);
    int code = note_open(BYTES(whole, note.size + 1 + size), &verifier, 1, &text, &verified);
    FUZZ_NEED(code == 0 || code == ERR_MALFORMED || code == ERR_SIGNATURE);
    if (code == 0)
        FUZZ_NEED(verified == 1 && text.data == whole && text.size <= note.size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena(ARENA_LIMIT_DEFAULT);
    struct fuzz_input input = {.at = data, .left = size, .arena = arena};
    struct note_verifier verifiers[3];
    struct checkpoint checkpoint;
    struct signing_key key;
    size_t count = 2, verified;
    struct bytes text;

    FUZZ_NEED(key_init() == 0);
    signing_key_from_seed(SEED, &key);
    FUZZ_NEED(note_verifier_make("comity/test", NOTE_SIGNATURE, key.public_key, &verifiers[0]) == 0);
    FUZZ_NEED(note_verifier_make("labour-box", NOTE_COSIGNATURE, key.public_key, &verifiers[1]) == 0);
    const char *given = fuzz_text(&input);
    if (note_verifier_read(given, &verifiers[2]) == 0) {
        char written[NOTE_VERIFIER_MAX_BYTES + 1];
        struct note_verifier again;
        FUZZ_NEED(memchr(verifiers[2].name, '\0', sizeof(verifiers[2].name)) != NULL);
        note_verifier_write(&verifiers[2], written);
        FUZZ_NEED(note_verifier_read(written, &again) == 0 && again.key_id == verifiers[2].key_id);
        count = 3;
    }
    struct bytes note = fuzz_rest(&input);
    if (note_open(note, verifiers, count, &text, &verified) == 0) {
        fuzz_accept();
        FUZZ_NEED(verified >= 1 && verified <= count && text.size < note.size);
        check_checkpoint(text);
        if (text.size <= NOTE_MAX_BYTES / 2)
            check_cosigned(text, arena);
        if (checkpoint_read(text, &checkpoint) == 0)
            check_signed_again(&checkpoint);
    }
    check_checkpoint(note);
    if (checkpoint_open(note, verifiers[count - 1].public_key, &checkpoint) == 0)
        check_signed_again(&checkpoint);
    if (note.size <= 1024)
        check_line(note, arena);
    return 0;
}
