/* The latest checkpoint that a client has verified, as its journal keeps it.
 *
 * Input: 32 bytes: the history | 32 bytes: a log key | the rest: the file. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/lib/head_file.h"
#include "core/error.h"
#include "core/text.h"
#include "tests/fuzz/fuzz.h"

enum { PATH_ROOM = 1024 };

static bool is_same(const struct head *a, const struct head *b)
{
    return a->epoch == b->epoch && a->size == b->size && memcmp(a->root, b->root, HASH_SIZE) == 0 &&
           bytes_equal(BYTES(a->note, a->note_size), BYTES(b->note, b->note_size));
}

static void check_head(const struct head *head, struct bytes note, const uint8_t *history)
{
    char origin[ORIGIN_MAX_BYTES + 1];
    struct checkpoint checkpoint = {.size = head->size};
    char text[CHECKPOINT_MAX_BYTES];

    FUZZ_NEED(head->epoch > 0 && head->size > 0);
    FUZZ_NEED(bytes_equal(BYTES(head->note, head->note_size), note));
    checkpoint_origin(history, head->epoch, origin);
    memcpy(checkpoint.origin, origin, sizeof(origin));
    memcpy(checkpoint.root, head->root, HASH_SIZE);
    size_t size = checkpoint_write(&checkpoint, text); /* there is one form alone */
    FUZZ_NEED(note.size > size && memcmp(note.data, text, size) == 0);
}

/* What is kept gives way to nothing but what was proved to go on from it. */
static void check_kept(const char *journal, const uint8_t *history, const struct head *head)
{
    const struct head none = {0};
    struct head earlier = *head, later = *head, kept;
    const struct head_place place = {.journal = journal, .history = history};

    FUZZ_NEED(head_keep(&place, &none, head, &kept) == 0);
    FUZZ_NEED(head_load(&place, &kept) == 0 && is_same(&kept, head));
    earlier.size--;
    later.root[0] ^= 1;
    FUZZ_NEED(head_keep(&place, &none, &earlier, &kept) == ERR_STALE && is_same(&kept, head));
    FUZZ_NEED(head_keep(&place, &earlier, &later, &kept) == ERR_STALE && is_same(&kept, head));
    FUZZ_NEED(head_keep(&place, head, head, &kept) == 0);
    FUZZ_NEED(head_load(&place, &kept) == 0 && is_same(&kept, head));
}

static void make_journal(const uint8_t *history, struct bytes file, char ret_journal[PATH_ROOM])
{
    char path[2 * PATH_ROOM], hex[2 * HISTORY_ID_SIZE + 1];

    snprintf(ret_journal, PATH_ROOM, "%s", fuzz_path("journal"));
    hex_encode(BYTES(history, HISTORY_ID_SIZE), hex);
    snprintf(path, sizeof(path), "%s/%s", ret_journal, hex);
    FUZZ_NEED(mkdir(ret_journal, 0700) == 0 && mkdir(path, 0700) == 0);
    snprintf(path, sizeof(path), "%s/%s/checkpoint", ret_journal, hex);
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FUZZ_NEED(descriptor >= 0 && write(descriptor, file.data, file.size) == (ssize_t) file.size);
    close(descriptor);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena(ARENA_LIMIT_DEFAULT);
    struct fuzz_input input = {.at = data, .left = size, .arena = arena};
    struct bytes history = fuzz_bytes(&input, HISTORY_ID_SIZE), key = fuzz_bytes(&input, KEY_SIZE);
    struct bytes note = fuzz_rest(&input);
    struct head head, other;
    char journal[PATH_ROOM];

    FUZZ_NEED(key_init() == 0);
    if (history.size < HISTORY_ID_SIZE || key.size < KEY_SIZE)
        return 0;
    make_journal(history.data, note, journal);
    int code = head_read(note, history.data, &head);
    int opened = head_open(note, history.data, (const uint8_t(*)[KEY_SIZE]) key.data, 1, &other);
    const struct head_place place = {.journal = journal, .history = history.data};
    int loaded = head_load(&place, code == 0 ? &head : &other);
    uint32_t key_id;
    bool is_named = code == 0 && checkpoint_key_id(note, &key_id) == 0;
    FUZZ_NEED(is_named ? loaded == 0 : loaded == ERR_CORRUPT);
    if (code == 0) {
        fuzz_accept();
        check_head(&head, note, history.data);
    }
    if (is_named) {
        check_kept(journal, history.data, &head);
    }
    if (opened == 0) {
        FUZZ_NEED(is_named && is_same(&head, &other));
        uint8_t wrong[KEY_SIZE];
        memcpy(wrong, key.data, KEY_SIZE);
        wrong[0] ^= 1;
        FUZZ_NEED(head_open(note, history.data, (const uint8_t(*)[KEY_SIZE]) wrong, 1, &other) == ERR_SIGNATURE);
    }
    fuzz_remove(journal);
    return 0;
}
