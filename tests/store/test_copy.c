/* Copies for workers that join: who gets one, and what of it. */
#include "group.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/error.h"
#include "worker/clock.h"
#include "worker/copy.h"
#include "worker/export.h"
#include "worker/log/sealed.h"

enum { A };
enum { MINUTE_MS = 60 * 1000, WAIT_MS = 20 * 1000, ITEMS = BATCH_MAX_COMMANDS - 1 };

static const int64_t NOW_MS = SCENE_START_MS;
static _Atomic int64_t ahead_ms; /* of the steady clock: time that a test lets pass */

static int64_t steady_ms(void)
{
    return clock_steady_ms() + ahead_ms;
}

/* How often a copy was begun: each time its file is emptied. */
static _Atomic unsigned tries;
int __real_ftruncate(int descriptor, off_t size);
int __wrap_ftruncate(int descriptor, off_t size);
int __wrap_ftruncate(int descriptor, off_t size)
{
    tries++;
    return __real_ftruncate(descriptor, size);
}

struct fixture {
    struct group *group;
    struct copies *copies;
    struct arena *arena;
    char directory[SCRATCH_PATH_MAX];
    uint8_t reader[KEY_SIZE];
};

static void copies_start(struct fixture *fixture, int64_t idle_ms)
{
    struct copies_options options = {
        .store = fixture->group->workers[A].store,
        .log_key = &fixture->group->scene.log_key,
        .directory = fixture->directory,
        .steady_ms = steady_ms,
        .idle_ms = idle_ms,
    };

    copies_destroy(&fixture->copies);
    assert_int_equal(copies_new(&options, &fixture->copies), 0);
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    ahead_ms = 0;
    fixture->group = group_new(31);
    fixture->arena = arena_new(ARENA_LIMIT_DEFAULT);
    scratch_make(fixture->directory);
    memset(fixture->reader, 5, KEY_SIZE);
    scene_found(&fixture->group->scene);
    scene_open_round(&fixture->group->scene, 0);
    copies_start(fixture, 0);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    copies_destroy(&fixture->copies);
    group_destroy(&fixture->group);
    arena_destroy(&fixture->arena);
    scratch_remove(fixture->directory);
    free(fixture);
    return 0;
}

/* Asking. */

static Comity__V1__CopyAsk ask_for(struct fixture *fixture, const uint8_t *copy, uint64_t offset)
{
    Comity__V1__CopyAsk ask = COMITY__V1__COPY_ASK__INIT;

    if (copy != NULL)
        ask.copy = (ProtobufCBinaryData){.len = COPY_ID_SIZE, .data = (uint8_t *) (uintptr_t) copy};
    ask.offset = offset;
    ask.reader = (ProtobufCBinaryData){.len = KEY_SIZE, .data = fixture->reader};
    ask.until_ms = NOW_MS + MINUTE_MS;
    return ask;
}

static int answer(struct fixture *fixture, const Comity__V1__CopyAsk *ask, Comity__V1__CopyPiece **ret_piece)
{
    struct refusal refusal = {0};
    uint32_t wait_ms = 0;
    int code;

    arena_reset(fixture->arena);
    code = copies_answer(fixture->copies, ask, NOW_MS, fixture->arena, ret_piece, &wait_ms, &refusal);
    assert_true(code == 0 || code == ERR_BUSY ? refusal.code == 0 : refusal.code == code);
    assert_true(code != ERR_BUSY || wait_ms > 0);
    return code;
}

/* Until it is ready, or refused. */
static int answer_at_last(struct fixture *fixture, const Comity__V1__CopyAsk *ask, Comity__V1__CopyPiece **ret_piece)
{
    int64_t until_ms = clock_steady_ms() + WAIT_MS;
    int code;

    while ((code = answer(fixture, ask, ret_piece)) == ERR_BUSY && clock_steady_ms() < until_ms)
        usleep(1000);
    return code;
}

static void assert_no_file(const struct fixture *fixture)
{
    DIR *directory = opendir(fixture->directory);
    struct dirent *entry;

    assert_non_null(directory);
    while ((entry = readdir(directory)) != NULL)
        if (entry->d_name[0] != '.')
            fail_msg("%s has a name", entry->d_name);
    closedir(directory);
}

static uint8_t *file_read(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes;

    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    *ret_size = (size_t) ftell(file);
    rewind(file);
    bytes = malloc(*ret_size + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *ret_size, file), *ret_size);
    fclose(file);
    return bytes;
}

/* From wherever it is asked for. */
static void pieces_overlap(struct fixture *fixture, const uint8_t *id, const char *path, uint64_t size)
{
    const uint64_t OFFSETS[] = {1, 63, 64, 65, 65535, 65537, COPY_PIECE_MAX_BYTES - 1, size - 65, size - 1};
    size_t whole;
    uint8_t *bytes = file_read(path, &whole);

    assert_int_equal(whole, size);
    for (size_t i = 0; i < ARRAY_COUNT(OFFSETS); i++) {
        Comity__V1__CopyAsk ask = ask_for(fixture, id, OFFSETS[i]);
        Comity__V1__CopyPiece *piece = NULL;

        assert_int_equal(answer(fixture, &ask, &piece), 0);
        assert_int_equal(piece->content.len, size - OFFSETS[i] < COPY_PIECE_MAX_BYTES ? size - OFFSETS[i] : COPY_PIECE_MAX_BYTES);
        assert_memory_equal(piece->content.data, bytes + OFFSETS[i], piece->content.len);
    }
    free(bytes);
}

/* The file that it is read from, which only the process can still find, has none of the words. */
static void assert_is_sealed(const char *pieces, const char *words)
{
    char name[64], link[SCRATCH_PATH_MAX];
    size_t size;
    uint8_t *bytes = file_read(pieces, &size);
    unsigned found = 0;

    assert_non_null(memmem(bytes, size, words, strlen(words))); /* control */
    free(bytes);
    for (int descriptor = 3; descriptor < 256; descriptor++) {
        snprintf(name, sizeof(name), "/proc/self/fd/%d", descriptor);
        ssize_t length = readlink(name, link, sizeof(link) - 1);
        link[length > 0 ? length : 0] = '\0';
        if (strstr(link, "/copy-") == NULL)
            continue;
        bytes = file_read(name, &size);
        assert_true(size > strlen(words));
        assert_null(memmem(bytes, size, words, strlen(words)));
        free(bytes);
        found++;
    }
    assert_int_equal(found, 1);
}

/* So that a copy is of more pieces than one. */
static void add_items(struct fixture *fixture)
{
    struct scene *scene = &fixture->group->scene;

    for (unsigned i = 0; i < ITEMS; i++)
        scene_add(scene, scene_add_item(scene, "An item of the agenda"), 0, NULL, 0);
    assert_int_equal(scene_run(scene), 0);
    scene_next(scene);
}

/* The pieces are an export of the store at the place that they state. */
static void the_pieces_are_an_export(void **state)
{
    struct fixture *fixture = *state;
    struct group *group = fixture->group;
    Comity__V1__CopyAsk ask = ask_for(fixture, NULL, 0);
    Comity__V1__CopyPiece *piece = NULL;
    struct restore_options options = {.group = SCRATCH_GROUP, .log_key = &group->scene.log_key};
    char path[SCRATCH_PATH_MAX], reason[EXPORT_REASON_MAX];
    uint8_t id[COPY_ID_SIZE];
    uint64_t have = 0, size;
    unsigned pieces = 0;
    struct order_place place;
    struct store_entry stated;
    FILE *file;

    add_items(fixture);
    group_place(group, A, &place);
    assert_int_equal(answer(fixture, &ask, &piece), ERR_BUSY);
    assert_int_equal(answer_at_last(fixture, &ask, &piece), 0);
    assert_no_file(fixture);
    memcpy(id, piece->copy.data, COPY_ID_SIZE);
    size = piece->size;
    scratch_join(fixture->directory, "pieces", path);
    file = fopen(path, "wb");
    assert_non_null(file);
    while (have < size) {
        ask = ask_for(fixture, id, have);
        assert_int_equal(answer(fixture, &ask, &piece), 0);
        assert_int_equal(piece->offset, have);
        assert_int_equal(piece->size, size);
        assert_int_equal(piece->number, place.number);
        assert_int_equal(piece->total, place.total);
        assert_memory_equal(piece->hash.data, place.hash, HASH_SIZE);
        assert_true(piece->content.len == COPY_PIECE_MAX_BYTES || have + piece->content.len == size);
        assert_int_equal(fwrite(piece->content.data, 1, piece->content.len, file), piece->content.len);
        have += piece->content.len;
        pieces++;
    }
    assert_int_equal(fclose(file), 0);
    assert_true(pieces > 1);
    pieces_overlap(fixture, id, path, size);
    assert_is_sealed(path, "An item of the agenda");
    assert_int_equal(export_read_place(&options, path, &stated, reason), 0);
    assert_int_equal(stated.number, place.number);
    assert_memory_equal(stated.hash, place.hash, HASH_SIZE);
    for (unsigned past = 0; past < 3; past++) { /* nothing past the end, and no failure */
        const uint64_t OFFSETS[] = {size, size + 1, UINT64_MAX};
        ask = ask_for(fixture, id, OFFSETS[past]);
        assert_int_equal(answer(fixture, &ask, &piece), 0);
        assert_int_equal(piece->content.len, 0);
    }
}

static void a_copy_stays_the_same_while_it_is_taken(void **state)
{
    struct fixture *fixture = *state;
    Comity__V1__CopyAsk ask = ask_for(fixture, NULL, 0);
    Comity__V1__CopyPiece *piece = NULL;
    uint8_t id[COPY_ID_SIZE], other[COPY_ID_SIZE] = {1}, first[64];
    struct scene *scene = &fixture->group->scene;
    struct order_place place;

    add_items(fixture);
    assert_int_equal(answer_at_last(fixture, &ask, &piece), 0);
    assert_true(piece->content.len < piece->size);
    memcpy(id, piece->copy.data, COPY_ID_SIZE);
    memcpy(first, piece->content.data, sizeof(first));
    scene_do(scene, scene_add_item(scene, "Later"), 0, NULL, 0);
    assert_int_equal(answer(fixture, &ask, &piece), 0); /* the latest, for whoever begins */
    assert_memory_equal(piece->copy.data, id, COPY_ID_SIZE);
    ask = ask_for(fixture, other, 0);
    assert_int_equal(answer(fixture, &ask, &piece), ERR_NOT_FOUND);
    /* Whoever needs a later one waits as long as this one is being taken. */
    group_place(fixture->group, A, &place);
    ask = ask_for(fixture, NULL, 0);
    ask.least = place.number;
    assert_int_equal(answer(fixture, &ask, &piece), ERR_BUSY);
    ask = ask_for(fixture, id, 0);
    assert_int_equal(answer(fixture, &ask, &piece), 0);
    assert_memory_equal(piece->content.data, first, sizeof(first));
    ahead_ms += 2 * MINUTE_MS;
    ask = ask_for(fixture, NULL, 0);
    ask.least = place.number;
    assert_int_equal(answer_at_last(fixture, &ask, &piece), 0);
    assert_int_equal(piece->number, place.number);
    assert_memory_not_equal(piece->copy.data, id, COPY_ID_SIZE);
    ask = ask_for(fixture, id, 0);
    assert_int_equal(answer(fixture, &ask, &piece), ERR_NOT_FOUND);
    /* Once somebody has had the end of it, whoever needs a later one does not wait for that. */
    ask = ask_for(fixture, NULL, 0);
    assert_int_equal(answer(fixture, &ask, &piece), 0);
    memcpy(id, piece->copy.data, COPY_ID_SIZE);
    ask = ask_for(fixture, id, piece->size - 1);
    assert_int_equal(answer(fixture, &ask, &piece), 0);
    scene_do(scene, scene_add_item(scene, "Later still"), 0, NULL, 0);
    group_place(fixture->group, A, &place);
    ask = ask_for(fixture, NULL, 0);
    ask.least = place.number;
    assert_int_equal(answer_at_last(fixture, &ask, &piece), 0);
    assert_int_equal(piece->number, place.number);
    /* What this store has not applied, it cannot give. */
    ahead_ms += 2 * MINUTE_MS;
    ask = ask_for(fixture, NULL, 0);
    ask.least = place.number + 1;
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(answer(fixture, &ask, &piece), ERR_BUSY);
    scene_do(scene, scene_add_item(scene, "It comes"), 0, NULL, 0);
    assert_int_equal(answer_at_last(fixture, &ask, &piece), 0);
    assert_int_equal(piece->number, place.number + 1);
}

static void a_history_by_itself(void **state)
{
    struct fixture *fixture = *state;
    Comity__V1__CopyAsk ask = ask_for(fixture, NULL, 0);
    Comity__V1__CopyPiece *piece = NULL;
    uint8_t unknown[HISTORY_ID_SIZE] = {1};

    ask.history = (ProtobufCBinaryData){.len = HISTORY_ID_SIZE, .data = unknown};
    assert_int_equal(answer_at_last(fixture, &ask, &piece), ERR_HISTORY);
    ask.history.data = fixture->group->scene.history;
    assert_int_equal(answer_at_last(fixture, &ask, &piece), 0);
    ask.history.len = 0; /* of all: another one, and this one is being taken */
    assert_int_equal(answer(fixture, &ask, &piece), ERR_BUSY);
}

static void what_nobody_asks_for_goes(void **state)
{
    struct fixture *fixture = *state;
    Comity__V1__CopyAsk ask = ask_for(fixture, NULL, 0);
    Comity__V1__CopyPiece *piece = NULL;
    uint8_t id[COPY_ID_SIZE];

    copies_start(fixture, 2000);
    assert_int_equal(answer_at_last(fixture, &ask, &piece), 0);
    memcpy(id, piece->copy.data, COPY_ID_SIZE);
    int64_t until_ms = clock_steady_ms() + WAIT_MS, asked_ms = clock_steady_ms();
    ask = ask_for(fixture, id, 0);
    for (int64_t pause_ms = 10; answer(fixture, &ask, &piece) == 0 && clock_steady_ms() < until_ms; pause_ms *= 2) {
        asked_ms = clock_steady_ms();
        while (clock_steady_ms() < asked_ms + pause_ms) /* longer each time: each question keeps it */
            usleep(1000);
    }
    assert_int_equal(answer(fixture, &ask, &piece), ERR_NOT_FOUND);
    assert_true(clock_steady_ms() - asked_ms >= 2000);
}

static void what_is_being_made_can_be_given_up(void **state)
{
    struct fixture *fixture = *state;
    Comity__V1__CopyAsk ask = ask_for(fixture, NULL, 0);
    Comity__V1__CopyPiece *piece = NULL;

    assert_int_equal(answer(fixture, &ask, &piece), ERR_BUSY);
    copies_destroy(&fixture->copies); /* returns */
    assert_no_file(fixture);
    scratch_remove(fixture->directory);
    copies_start(fixture, 0); /* where no file can be made */
    assert_int_equal(answer_at_last(fixture, &ask, &piece), ERR_FILE);
    scratch_make(fixture->directory);
}

/* Texts that are erased. */

static void erase(struct fixture *fixture)
{
    struct scene *scene = &fixture->group->scene;
    struct store_history history;
    struct store_txn *txn;
    bool was_there;

    assert_int_equal(store_begin_write(scene->store, &txn), 0);
    assert_int_equal(store_history_get(txn, scene->history, &history), 0);
    assert_int_equal(store_text_erase(txn, &history, scene->text_hash, &was_there), 0);
    assert_true(was_there);
    assert_int_equal(store_commit(&txn), 0);
}

/* How many copies' files this process has open. */
static unsigned open_copies(void)
{
    char name[64], link[SCRATCH_PATH_MAX];
    unsigned count = 0;

    for (int descriptor = 3; descriptor < 256; descriptor++) {
        snprintf(name, sizeof(name), "/proc/self/fd/%d", descriptor);
        ssize_t length = readlink(name, link, sizeof(link) - 1);
        link[length > 0 ? length : 0] = '\0';
        count += strstr(link, "/copy-") != NULL;
    }
    return count;
}

static void assert_all_close(void)
{
    int64_t until_ms = clock_steady_ms() + WAIT_MS;
    unsigned open; /* none, too, as long as the thread has not begun it */

    while ((open = open_copies()) > 0 && clock_steady_ms() < until_ms)
        usleep(1000);
    assert_int_equal(open, 0);
}

static void assert_without_it(struct fixture *fixture)
{
    Comity__V1__CopyAsk ask = ask_for(fixture, NULL, 0);
    Comity__V1__CopyPiece *piece = NULL;

    assert_all_close();
    assert_int_equal(answer_at_last(fixture, &ask, &piece), 0); /* nobody waits for the minute that it might be taken for */
    assert_int_equal(piece->content.len, piece->size);
    assert_null(memmem(piece->content.data, piece->content.len, "seven hours", 11));
}

static void one_with_an_erased_text_goes_at_once(void **state)
{
    struct fixture *fixture = *state;
    Comity__V1__CopyAsk ask = ask_for(fixture, NULL, 0);
    Comity__V1__CopyPiece *piece = NULL;
    uint8_t id[COPY_ID_SIZE];

    assert_int_equal(answer_at_last(fixture, &ask, &piece), 0);
    assert_non_null(memmem(piece->content.data, piece->content.len, "seven hours", 11));
    assert_int_equal(open_copies(), 1);
    memcpy(id, piece->copy.data, COPY_ID_SIZE);
    ask = ask_for(fixture, id, 0);
    assert_int_equal(answer(fixture, &ask, &piece), 0);
    erase(fixture);
    assert_int_equal(answer(fixture, &ask, &piece), ERR_NOT_FOUND);
    assert_without_it(fixture);
}

static void nor_is_one_given_out_that_was_being_made(void **state)
{
    struct fixture *fixture = *state;
    Comity__V1__CopyAsk ask = ask_for(fixture, NULL, 0);
    Comity__V1__CopyPiece *piece = NULL;

    assert_int_equal(answer(fixture, &ask, &piece), ERR_BUSY);
    erase(fixture);
    assert_without_it(fixture);
}

/* Histories that move. */

/* The row of one that is coming in. */
static void come_in(struct fixture *fixture, bool is_coming)
{
    struct store_move row = {.kind = STORE_TAKING};
    const uint8_t id[HISTORY_ID_SIZE] = {9};
    struct store_txn *txn;

    assert_int_equal(store_begin_write(fixture->group->scene.store, &txn), 0);
    assert_int_equal(is_coming ? store_move_put(txn, id, &row) : store_move_delete(txn, id), 0);
    assert_int_equal(store_commit(&txn), 0);
}

static unsigned tries_until(unsigned count)
{
    int64_t until_ms = clock_steady_ms() + WAIT_MS;

    while (tries < count && clock_steady_ms() < until_ms)
        usleep(1000);
    return tries;
}

/* A worker that joins would lack it: its copy waits, does not spin, and ends when nobody asks for it. */
static void while_a_history_comes_in_a_copy_waits(void **state)
{
    enum { FEW = 4, MANY = 100, PAUSE_AT_LEAST_MS = 200 };
    struct fixture *fixture = *state;
    Comity__V1__CopyAsk ask = ask_for(fixture, NULL, 0);
    Comity__V1__CopyPiece *piece = NULL;
    int64_t began_ms = clock_steady_ms();

    come_in(fixture, true);
    tries = 0;
    assert_int_equal(answer(fixture, &ask, &piece), ERR_BUSY);
#ifdef COMITY_CONTROL_COPIES_SPIN
    assert_true(tries_until(MANY) >= MANY); /* which would take longer than the test waits, with pauses */
    assert_true(MANY * PAUSE_AT_LEAST_MS >= WAIT_MS);
    return;
#endif
    assert_true(tries_until(FEW) >= FEW);
    assert_true(clock_steady_ms() - began_ms >= (FEW - 1) * PAUSE_AT_LEAST_MS);
    ahead_ms += 2 * MINUTE_MS;
    assert_all_close();
    come_in(fixture, false);
    assert_int_equal(answer_at_last(fixture, &ask, &piece), 0);
}

/* A move that was taken back is begun again: what was copied for the first is not what is frozen now. */
static void one_of_a_history_that_has_gone_on_is_not_given_out(void **state)
{
    struct fixture *fixture = *state;
    struct scene *scene = &fixture->group->scene;
    Comity__V1__CopyAsk ask = ask_for(fixture, NULL, 0), next;
    Comity__V1__CopyPiece *piece = NULL;
    uint8_t id[COPY_ID_SIZE];

    ask.history = (ProtobufCBinaryData){.len = HISTORY_ID_SIZE, .data = scene->history};
    assert_int_equal(answer_at_last(fixture, &ask, &piece), 0);
    memcpy(id, piece->copy.data, COPY_ID_SIZE);
    next = ask_for(fixture, id, 0);
    next.history = ask.history;
    assert_int_equal(answer(fixture, &next, &piece), 0);
    scene_do(scene, scene_add_item(scene, "What came later"), 0, NULL, 0);
#ifdef COMITY_CONTROL_COPY_OF_BEFORE
    assert_int_equal(answer(fixture, &ask, &piece), 0);
    assert_memory_equal(piece->copy.data, id, COPY_ID_SIZE); /* the control gives it out */
    return;
#endif
    assert_int_equal(answer(fixture, &next, &piece), ERR_NOT_FOUND);
    assert_int_equal(answer_at_last(fixture, &ask, &piece), 0); /* nobody waits until it is not taken any more */
    assert_memory_not_equal(piece->copy.data, id, COPY_ID_SIZE);
    assert_non_null(memmem(piece->content.data, piece->content.len, "What came later", 15));
}

/* Who may. */

static void assert_check(struct fixture *fixture, const Comity__V1__CopyAsk *ask, int code, const char *field)
{
    struct refusal refusal = {0};

    assert_int_equal(copy_ask_check(ask, fixture->group->scene.log_key.public_key, fixture->reader, NOW_MS, fixture->arena,
                                    &refusal),
                     code);
    assert_string_equal(refusal.field, field);
}

static Comity__V1__CopyAsk ask_signed(struct fixture *fixture, int64_t until_ms)
{
    Comity__V1__CopyAsk ask = ask_for(fixture, NULL, 3);

    ask.until_ms = until_ms;
    assert_int_equal(copy_ask_sign(&ask, &fixture->group->scene.log_key, fixture->arena), 0);
    return ask;
}

static void only_who_has_the_log_key_gets_one(void **state)
{
    struct fixture *fixture = *state;
    uint8_t other[KEY_SIZE] = {1}, history[HISTORY_ID_SIZE] = {2}, id[COPY_ID_SIZE] = {3};
    struct signing_key key;
    Comity__V1__CopyAsk ask = ask_signed(fixture, NOW_MS + MINUTE_MS), changed;

    assert_check(fixture, &ask, 0, "");
    changed = ask;
    changed.offset++;
    assert_check(fixture, &changed, ERR_SIGNATURE, "copy.signature");
    changed = ask;
    changed.least = 1;
    assert_check(fixture, &changed, ERR_SIGNATURE, "copy.signature");
    changed = ask;
    changed.history = (ProtobufCBinaryData){.len = sizeof(history), .data = history};
    assert_check(fixture, &changed, ERR_SIGNATURE, "copy.signature");
    changed = ask;
    changed.copy = (ProtobufCBinaryData){.len = sizeof(id), .data = id};
    assert_check(fixture, &changed, ERR_SIGNATURE, "copy.signature");
    changed = ask;
    changed.until_ms++;
    assert_check(fixture, &changed, ERR_SIGNATURE, "copy.signature");
    changed = ask;
    signing_key_generate(&key);
    assert_int_equal(copy_ask_sign(&changed, &key, fixture->arena), 0);
    assert_check(fixture, &changed, ERR_SIGNATURE, "copy.signature");
    changed = ask; /* recorded by somebody else, and sent under his own key */
    changed.reader.data = other;
    assert_int_equal(copy_ask_sign(&changed, &fixture->group->scene.log_key, fixture->arena), 0);
    assert_check(fixture, &changed, ERR_GRANT, "copy.reader");
}

static void a_question_is_of_now_and_in_form(void **state)
{
    struct fixture *fixture = *state;
    Comity__V1__CopyAsk ask = ask_signed(fixture, NOW_MS), changed;

    assert_check(fixture, &ask, ERR_VALIDITY, "copy.until_ms");
    ask = ask_signed(fixture, INT64_MIN);
    assert_check(fixture, &ask, ERR_VALIDITY, "copy.until_ms");
    ask = ask_signed(fixture, INT64_MAX);
    assert_check(fixture, &ask, ERR_VALIDITY, "copy.until_ms");
    ask = ask_signed(fixture, NOW_MS + COPY_AHEAD_MAX_MS + 1);
    assert_check(fixture, &ask, ERR_VALIDITY, "copy.until_ms");
    ask = ask_signed(fixture, NOW_MS + COPY_AHEAD_MAX_MS);
    assert_check(fixture, &ask, 0, "");
    ask = ask_signed(fixture, NOW_MS + 1);
    assert_check(fixture, &ask, 0, "");
    changed = ask;
    changed.reader.len--;
    assert_check(fixture, &changed, ERR_RANGE, "copy.reader");
    changed = ask;
    changed.signature.len--;
    assert_check(fixture, &changed, ERR_RANGE, "copy.signature");
    changed = ask;
    changed.copy = (ProtobufCBinaryData){.len = 1, .data = fixture->reader};
    assert_check(fixture, &changed, ERR_RANGE, "copy.copy");
    changed = ask;
    changed.history = (ProtobufCBinaryData){.len = 16, .data = fixture->reader};
    assert_check(fixture, &changed, ERR_RANGE, "copy.history");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_pieces_are_an_export),
        TEST(a_copy_stays_the_same_while_it_is_taken),
        TEST(a_history_by_itself),
        TEST(what_nobody_asks_for_goes),
        TEST(what_is_being_made_can_be_given_up),
        TEST(one_with_an_erased_text_goes_at_once),
        TEST(nor_is_one_given_out_that_was_being_made),
        TEST(while_a_history_comes_in_a_copy_waits),
        TEST(one_of_a_history_that_has_gone_on_is_not_given_out),
        TEST(only_who_has_the_log_key_gets_one),
        TEST(a_question_is_of_now_and_in_form),
    };

    scratch_use_memory();
    /* A control sees what it lacks, and has no use for the rest. */
#if defined(COMITY_CONTROL_COPIES_SPIN)
    cmocka_set_test_filter("while_a_history_comes_in_a_copy_waits");
#elif defined(COMITY_CONTROL_COPY_OF_BEFORE)
    cmocka_set_test_filter("one_of_a_history_that_has_gone_on_is_not_given_out");
#endif
    return cmocka_run_group_tests(tests, NULL, NULL);
}
