#include "worker/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <sodium.h>

#include "core/daemon/log.h"
#include "core/daemon/process.h"
#include "core/error.h"
#include "core/text.h"
#include "worker/clock.h"
#include "worker/export.h"
#include "worker/group_log.h"
#include "worker/log/waiting.h"

enum {
    IDLE_MS = 60 * 60 * 1000,
    LATEST_MS = 10 * 60 * 1000, /* an older one is not given to who begins */
    TAKEN_MS = 60 * 1000,       /* somebody has asked so lately, and not had the end: it is not made room of */
    LOOK_MS = 250,              /* has a text been erased? */
    WAIT_MS = 250,              /* until it may be ready */
    WAIT_LONG_MS = 2000,
    PATH_MAX_BYTES = 4096,
    BLOCK_BYTES = 64, /* of the cipher */
};

enum copy_state { COPY_NONE, COPY_MAKING, COPY_READY, COPY_FAILED };

struct copies {
    struct copies_options options;
    char path[PATH_MAX_BYTES];
    atomic_bool stops;     /* the one in hand is not wanted any more */
    pthread_mutex_t mutex; /* of all that follows */
    pthread_cond_t changed;
    enum copy_state state;
    pthread_t thread;
    bool has_thread;
    uint8_t id[COPY_ID_SIZE], history[HISTORY_ID_SIZE];
    bool has_history;
    uint32_t epoch; /* of that history when the copy was begun, */
    uint64_t head;  /* and how far it was: of one that has gone on since, another copy is wanted */
    int code; /* with COPY_FAILED */
    int descriptor;
    uint8_t *key; /* of the file, in locked memory */
    uint64_t size;
    struct store_entry place;
    uint64_t erasures;         /* of the store, when it was begun */
    int64_t made_ms, asked_ms; /* steady clock */
    bool had_end;              /* whoever asked last */
    int64_t time_ms;           /* Unix time, of the stream's header */
};

/* What is asked. */

static int ask_pack(const Comity__V1__CopyAsk *ask, struct arena *arena, struct bytes *ret_packed)
{
    Comity__V1__CopyAsk bare = *ask;
    bare.signature = (ProtobufCBinaryData){.len = 0};
    return message_pack(&bare.base, arena, ret_packed);
}

int copy_ask_sign(Comity__V1__CopyAsk *ask, const struct signing_key *log_key, struct arena *arena)
{
    struct bytes packed;
    uint8_t *signature = arena_alloc(arena, SIGNATURE_SIZE);
    int code = signature ? ask_pack(ask, arena, &packed) : ERR_MEMORY;
    if (code == 0)
        code = signature_make(log_key, TAG_COPY, packed, signature);
    if (code == 0)
        ask->signature = (ProtobufCBinaryData){.len = SIGNATURE_SIZE, .data = signature};
    return code;
}

static int form_check(const Comity__V1__CopyAsk *ask, struct refusal *refusal)
{
    if (ask->copy.len != 0 && ask->copy.len != COPY_ID_SIZE)
        return refuse(refusal, ERR_RANGE, "copy.copy");
    if (ask->reader.len != KEY_SIZE)
        return refuse(refusal, ERR_RANGE, "copy.reader");
    if (ask->history.len != 0 && ask->history.len != HISTORY_ID_SIZE)
        return refuse(refusal, ERR_RANGE, "copy.history");
    return ask->signature.len == SIGNATURE_SIZE ? 0 : refuse(refusal, ERR_RANGE, "copy.signature");
}

int copy_ask_check(const Comity__V1__CopyAsk *ask, const uint8_t log_key[KEY_SIZE],
                   const uint8_t reader[KEY_SIZE], int64_t now_ms, struct arena *arena,
                   struct refusal *refusal)
{
    struct bytes packed;
    int code = form_check(ask, refusal);
    if (code)
        return code;
    if (memcmp(ask->reader.data, reader, KEY_SIZE) != 0)
        return refuse(refusal, ERR_GRANT, "copy.reader");
    if (ask->until_ms <= now_ms || ask->until_ms - now_ms > COPY_AHEAD_MAX_MS)
        return refuse(refusal, ERR_VALIDITY, "copy.until_ms");
    if (ask_pack(ask, arena, &packed))
        return refuse(refusal, ERR_MEMORY, "");
    return signature_check(log_key, TAG_COPY, packed, ask->signature.data) == 0
               ? 0
               : refuse(refusal, ERR_SIGNATURE, "copy.signature");
}

/* The file: XChaCha20 under a key of its own, so without a nonce. */

static void cipher(void *context, uint64_t offset, uint8_t *bytes, size_t size)
{
    static const uint8_t nonce[crypto_stream_xchacha20_NONCEBYTES];
    struct copies *copies = context;
    crypto_stream_xchacha20_xor_ic(bytes, bytes, size, nonce, offset / BLOCK_BYTES, copies->key);
}

/* Making one. The thread has it from beginning to end. */

static int file_failed(const struct copies *copies, char *reason)
{
    int code = process_file_error();
    snprintf(reason, EXPORT_REASON_MAX, "%.300s: %s", copies->path, strerror(errno));
    return code;
}

static int file_make(struct copies *copies, int *ret_descriptor, char *reason)
{
    char path[PATH_MAX_BYTES + 16];
    snprintf(path, sizeof(path), "%s/copy-XXXXXX", copies->path);
    *ret_descriptor = mkostemp(path, O_CLOEXEC); /* mode 0600 */
    if (*ret_descriptor < 0)
        return file_failed(copies, reason);
    unlink(path);
    return 0;
}

/* Before another try: a while, unless it is not wanted any more. False: nobody has asked for it lately. */
static bool pause_between(struct copies *copies)
{
    bool is_wanted = true;
#ifndef COMITY_CONTROL_COPIES_SPIN
    pthread_mutex_lock(&copies->mutex);
    waiting_until(&copies->changed, &copies->mutex, clock_steady_ms() + LOOK_MS);
    is_wanted = copies->options.steady_ms() - copies->asked_ms < TAKEN_MS;
    pthread_mutex_unlock(&copies->mutex);
#endif
    return is_wanted && !atomic_load(&copies->stops);
}

/* Where the map has to grow meanwhile, or a history is coming in, it is begun anew: the writer does not wait. */
static int stream_make(struct copies *copies, int descriptor, struct export_totals *ret_totals, char *reason)
{
    struct export_options options = {
        .store = copies->options.store,
        .history = copies->has_history ? copies->history : NULL,
        .log_key = copies->options.log_key,
        .time_ms = copies->time_ms,
        .stops = &copies->stops,
        .cipher = cipher,
        .context = copies,
    };
    int code;
    do {
        randombytes_buf(copies->key, crypto_stream_xchacha20_KEYBYTES);
        if (ftruncate(descriptor, 0) != 0 || lseek(descriptor, 0, SEEK_SET) != 0)
            return file_failed(copies, reason);
        code = export_write(&options, descriptor, ret_totals, reason);
    } while (code == ERR_BUSY && pause_between(copies));
    return code;
}

static int history_look(struct store *store, const uint8_t id[HISTORY_ID_SIZE], struct store_history *ret_history)
{
    struct store_txn *txn;
    int code = store_begin_read(store, &txn);
    if (code)
        return code;
    code = store_history_get(txn, id, ret_history);
    store_abort(&txn);
    return code;
}

/* Frozen, thawed and frozen again, it is not what it was; or it has gone, or come. */
static bool has_gone_on(const struct copies *copies)
{
#ifdef COMITY_CONTROL_COPY_OF_BEFORE
    (void) copies;
    return false;
#else
    struct store_history now = {.head = 0};
    int code = copies->has_history ? history_look(copies->options.store, copies->history, &now) : 0;
    return copies->has_history && (code == 0 || code == ERR_HISTORY) && (now.epoch != copies->epoch || now.head != copies->head);
#endif
}

/* It may have a text that was erased since. */
static bool is_outdated(const struct copies *copies)
{
    return store_erasures(copies->options.store) != copies->erasures;
}

/* Why it is of no use to anybody. NULL: it is. */
static const char *why_dropped(const struct copies *copies, int code)
{
    if (is_outdated(copies))
        return "a text was erased";
    if (has_gone_on(copies))
        return "its history has gone on";
    return code == ERR_BUSY ? "nobody asks for it any more" : NULL;
}

static void made(struct copies *copies, int code, int descriptor, const struct export_totals *totals,
                 const char *reason)
{
    char shown[2 * EXPORT_REASON_MAX];
    const char *why = why_dropped(copies, code);
    if (why)
        log_event(LOG_INFO, "copy_dropped", "reason=\"%s\"", why);
    else if (code)
        log_event(LOG_ERROR, "copy_failed", "error=%s reason=%s", error_name(code),
                  log_value(reason, shown, sizeof(shown)));
    else
        log_event(LOG_INFO, "copy_made",
                  "histories=%" PRIu32 " events=%" PRIu64 " bytes=%" PRIu64 " entry=%" PRIu64,
                  totals->histories, totals->events, totals->bytes, totals->place.number);
    copies->state = why ? COPY_NONE : code ? COPY_FAILED : COPY_READY;
    copies->code = code;
    copies->descriptor = descriptor;
    copies->size = totals->bytes;
    copies->place = totals->place;
    copies->made_ms = copies->options.steady_ms();
}

/* Until nobody wants it: with the mutex held. */
static void keep(struct copies *copies)
{
    for (;;) {
        int64_t until_ms = copies->asked_ms + copies->options.idle_ms;
        if (copies->state != COPY_READY || atomic_load(&copies->stops) || is_outdated(copies) ||
            copies->options.steady_ms() >= until_ms)
            break;
        waiting_until(&copies->changed, &copies->mutex, clock_steady_ms() + LOOK_MS);
    }
    if (copies->descriptor >= 0)
        close(copies->descriptor);
    copies->descriptor = -1;
    sodium_memzero(copies->key, crypto_stream_xchacha20_KEYBYTES); /* so the file's bytes, wherever they still lie, say nothing */
    if (copies->state == COPY_READY && is_outdated(copies))
        log_event(LOG_INFO, "copy_dropped", "reason=\"a text was erased\"");
    if (copies->state == COPY_READY)
        copies->state = COPY_NONE;
}

static void *copy_thread(void *argument)
{
    struct copies *copies = argument;
    struct export_totals totals = {0};
    char reason[EXPORT_REASON_MAX] = "";
    int descriptor = -1;
    int code = file_make(copies, &descriptor, reason);
    if (code == 0)
        code = stream_make(copies, descriptor, &totals, reason);
    pthread_mutex_lock(&copies->mutex);
    made(copies, code, descriptor, &totals, reason);
    keep(copies);
    pthread_mutex_unlock(&copies->mutex);
    return NULL;
}

/* With the mutex held, and no thread at work. */
static int begin(struct copies *copies, const Comity__V1__CopyAsk *ask, int64_t now_ms)
{
    char reader[2 * KEY_SIZE + 1];
    if (copies->has_thread)
        pthread_join(copies->thread, NULL);
    copies->has_thread = false;
    atomic_store(&copies->stops, false);
    randombytes_buf(copies->id, sizeof(copies->id));
    copies->has_history = ask->history.len == HISTORY_ID_SIZE;
    if (copies->has_history) {
        struct store_history now = {.head = 0};
        memcpy(copies->history, ask->history.data, HISTORY_ID_SIZE);
        history_look(copies->options.store, copies->history, &now); /* where there is none, the making says so */
        copies->epoch = now.epoch;
        copies->head = now.head;
    }
    copies->time_ms = now_ms;
    copies->asked_ms = copies->options.steady_ms();
    copies->erasures = store_erasures(copies->options.store);
    copies->had_end = false;
    copies->state = COPY_MAKING;
    copies->has_thread = pthread_create(&copies->thread, NULL, copy_thread, copies) == 0;
    if (!copies->has_thread) {
        copies->state = COPY_NONE;
        return ERR_MEMORY;
    }
    hex_encode(BYTES(ask->reader.data, KEY_SIZE), reader);
    log_event(LOG_INFO, "copy_asked", "reader=%s", reader);
    return 0;
}

/* Giving it out. With the mutex held. */

static bool is_of(const struct copies *copies, ProtobufCBinaryData history)
{
    return copies->has_history
               ? bytes_equal(BYTES(history.data, history.len), BYTES(copies->history, HISTORY_ID_SIZE))
               : history.len == 0;
}

/* The one that is there is what is asked for. */
static bool fits(const struct copies *copies, const Comity__V1__CopyAsk *ask)
{
    if ((copies->state != COPY_READY && copies->state != COPY_MAKING) || is_outdated(copies) || has_gone_on(copies))
        return false;
    if (ask->copy.len == COPY_ID_SIZE)
        return memcmp(ask->copy.data, copies->id, COPY_ID_SIZE) == 0;
    bool is_late =
        copies->state == COPY_READY &&
        (copies->options.steady_ms() - copies->made_ms >= LATEST_MS || copies->place.number < ask->least);
    return is_of(copies, ask->history) && !is_late;
}

static int piece_read(struct copies *copies, uint64_t offset, struct arena *arena,
                      Comity__V1__CopyPiece *piece)
{
    uint64_t left = offset < copies->size ? copies->size - offset : 0;
    size_t size = left < COPY_PIECE_MAX_BYTES ? (size_t) left : COPY_PIECE_MAX_BYTES,
           before = offset % BLOCK_BYTES;
    uint8_t *blocks = arena_alloc(arena, before + size + 1);
    if (!blocks)
        return ERR_MEMORY;
    for (size_t done = 0; size > 0 && done < before + size;) {
        ssize_t count =
            pread(copies->descriptor, blocks + done, before + size - done, (off_t) (offset - before + done));
        if (count <= 0)
            return ERR_FILE;
        done += (size_t) count;
    }
    if (size > 0)
        cipher(copies, offset - before, blocks, before + size);
    piece->content = (ProtobufCBinaryData){.len = size, .data = blocks + before};
    return 0;
}

static int piece_fill(struct copies *copies, uint64_t offset, struct arena *arena,
                      Comity__V1__CopyPiece **ret_piece)
{
    Comity__V1__CopyPiece *piece = arena_alloc(arena, sizeof(*piece));
    uint8_t *id = arena_copy(arena, copies->id, COPY_ID_SIZE);
    uint8_t *hash = arena_copy(arena, copies->place.hash, HASH_SIZE);
    if (!piece || !id || !hash)
        return ERR_MEMORY;
    comity__v1__copy_piece__init(piece);
    piece->copy = (ProtobufCBinaryData){.len = COPY_ID_SIZE, .data = id};
    piece->size = copies->size;
    piece->offset = offset;
    if (copies->place.number > 0) {
        piece->number = copies->place.number;
        piece->total = copies->place.total;
        piece->hash = (ProtobufCBinaryData){.len = HASH_SIZE, .data = hash};
        piece->time_ms = copies->place.time_ms;
        piece->level = copies->place.level;
    }
    int code = piece_read(copies, offset, arena, piece);
    if (code)
        return code;
    copies->had_end = offset + piece->content.len >= copies->size;
    *ret_piece = piece;
    return 0;
}

/* Another one is wanted than is there. */
static int make_room(struct copies *copies, const Comity__V1__CopyAsk *ask, int64_t now_ms,
                     uint32_t *ret_wait_ms, struct refusal *refusal)
{
    *ret_wait_ms = WAIT_MS;
    if (copies->state == COPY_FAILED) {
        copies->state = COPY_NONE;
        return refuse(refusal, copies->code, copies->code == ERR_HISTORY ? "copy.history" : "");
    }
    if (copies->state == COPY_NONE) {
        struct store_entry place;
        int code = group_log_place(copies->options.store, &place);
        if (code == 0 && place.number >= ask->least)
            code = begin(copies, ask, now_ms);
        return code ? refuse(refusal, code, "") : ERR_BUSY;
    }
    bool is_taken = copies->state == COPY_MAKING ||
                    (!copies->had_end && copies->options.steady_ms() - copies->asked_ms < TAKEN_MS);
    if (!is_taken || is_outdated(copies) || has_gone_on(copies)) {
        atomic_store(&copies->stops, true);
        pthread_cond_broadcast(&copies->changed);
    } else {
        *ret_wait_ms = WAIT_LONG_MS;
    }
    return ERR_BUSY;
}

int copies_answer(struct copies *copies, const Comity__V1__CopyAsk *ask, int64_t now_ms, struct arena *arena,
                  Comity__V1__CopyPiece **ret_piece, uint32_t *ret_wait_ms, struct refusal *refusal)
{
    int code;
    *ret_wait_ms = WAIT_MS;
    pthread_mutex_lock(&copies->mutex);
    bool is_there = fits(copies, ask);
    if (is_there)
        copies->asked_ms = copies->options.steady_ms();
    if (!is_there && ask->copy.len > 0)
        code = refuse(refusal, ERR_NOT_FOUND, "copy.copy");
    else if (!is_there)
        code = make_room(copies, ask, now_ms, ret_wait_ms, refusal);
    else if (copies->state == COPY_MAKING)
        code = ERR_BUSY;
    else
        code = piece_fill(copies, ask->offset, arena, ret_piece);
    pthread_mutex_unlock(&copies->mutex);
    return code && code != ERR_BUSY && refusal->code == 0 ? refuse(refusal, code, "") : code;
}

/* Life. */

static int64_t steady_ms(void)
{
    return clock_steady_ms();
}

int copies_new(const struct copies_options *options, struct copies **ret_copies)
{
    struct copies *copies = calloc(1, sizeof(*copies));
    if (!copies)
        return ERR_MEMORY;
    copies->options = *options;
    if (!copies->options.steady_ms)
        copies->options.steady_ms = steady_ms;
    if (!copies->options.idle_ms)
        copies->options.idle_ms = IDLE_MS;
    snprintf(copies->path, sizeof(copies->path), "%s", options->directory);
    copies->descriptor = -1;
    copies->key = sodium_malloc(crypto_stream_xchacha20_KEYBYTES);
    if (!copies->key) {
        free(copies);
        return ERR_MEMORY;
    }
    pthread_mutex_init(&copies->mutex, NULL);
    waiting_init(&copies->changed);
    *ret_copies = copies;
    return 0;
}

void copies_destroy(struct copies **copies)
{
    if (!copies || !*copies)
        return;
    pthread_mutex_lock(&(*copies)->mutex);
    atomic_store(&(*copies)->stops, true);
    pthread_cond_broadcast(&(*copies)->changed);
    pthread_mutex_unlock(&(*copies)->mutex);
    if ((*copies)->has_thread)
        pthread_join((*copies)->thread, NULL);
    pthread_cond_destroy(&(*copies)->changed);
    pthread_mutex_destroy(&(*copies)->mutex);
    sodium_free((*copies)->key);
    free(*copies);
    *copies = NULL;
}
