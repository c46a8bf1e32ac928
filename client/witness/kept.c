#include "client/witness/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/daemon/process.h"
#include "core/directory.h"
#include "core/error.h"
#include "core/text.h"

static const char HEAD[] = "comity witness state 1\n";
static const char CHECK[] = "check ";

void kept_init(struct kept *kept, const uint8_t history[HISTORY_ID_SIZE], const uint8_t log_key[KEY_SIZE])
{
    *kept = (struct kept){.epoch = 0};
    memcpy(kept->history, history, HISTORY_ID_SIZE);
    memcpy(kept->log_key, log_key, KEY_SIZE);
}

void kept_take(struct kept *kept, struct bytes note, const struct checkpoint *checkpoint, int64_t time_s,
               const uint8_t signature[SIGNATURE_SIZE])
{
    memcpy(kept->note, note.data, note.size);
    kept->note_size = note.size;
    kept->size = checkpoint->size;
    memcpy(kept->root, checkpoint->root, HASH_SIZE);
    kept->time_s = time_s;
    memcpy(kept->signature, signature, SIGNATURE_SIZE);
    kept->is_signed = true;
}

void kept_note_epoch(struct kept *kept, uint32_t epoch, const uint8_t log_key[KEY_SIZE], struct bytes note, uint64_t holds)
{
    kept->next_epoch = epoch;
    memcpy(kept->next_log_key, log_key, KEY_SIZE);
    memcpy(kept->next_note, note.data, note.size);
    kept->next_note_size = note.size;
    kept->next_holds = holds;
}

bool kept_loses(const struct kept *kept)
{
    return kept->next_epoch != 0 && kept->next_holds < kept->size;
}

/* A note of this history and epoch, by this log key? */
static int note_open_of(const struct kept *kept, struct bytes note, uint32_t epoch, const uint8_t log_key[KEY_SIZE],
                        struct checkpoint *ret_checkpoint)
{
    char origin[ORIGIN_MAX_BYTES + 1];
    checkpoint_origin(kept->history, epoch, origin);
    return checkpoint_open(note, log_key, ret_checkpoint) == 0 && strcmp(ret_checkpoint->origin, origin) == 0
               ? 0
               : ERR_CORRUPT;
}

int kept_follow_next(struct kept *kept)
{
    struct kept next = {.epoch = kept->next_epoch, .note_size = kept->next_note_size};
    struct checkpoint checkpoint;
    struct bytes note = BYTES(kept->next_note, kept->next_note_size);
    int code = note_open_of(kept, note, kept->next_epoch, kept->next_log_key, &checkpoint);
    if (code != 0)
        return code;
    memcpy(next.history, kept->history, HISTORY_ID_SIZE);
    memcpy(next.log_key, kept->next_log_key, KEY_SIZE);
    memcpy(next.note, note.data, note.size);
    next.size = checkpoint.size;
    memcpy(next.root, checkpoint.root, HASH_SIZE);
    *kept = next;
    return 0;
}

bool kept_is_by(const struct kept *kept, const uint8_t key[KEY_SIZE])
{
    char text[CHECKPOINT_MAX_BYTES];
    struct checkpoint checkpoint = {.size = kept->size};
    checkpoint_origin(kept->history, kept->epoch, checkpoint.origin);
    memcpy(checkpoint.root, kept->root, HASH_SIZE);
    size_t size = checkpoint_write(&checkpoint, text);
    return !kept->is_signed || cosignature_check(key, BYTES(text, size), kept->time_s,
                                                     BYTES(kept->signature, SIGNATURE_SIZE)) == 0;
}

/* ---- Writing ---- */

struct writing {
    char *buffer;
    size_t size;
};

static void put(struct writing *writing, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct writing *writing, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(writing->buffer + writing->size, KEPT_TEXT_MAX - writing->size, format, arguments);
    va_end(arguments);
    writing->size += (size_t) size;
}

static void put_hex(struct writing *writing, const char *name, struct bytes bytes)
{
    char hex[2 * CHECKPOINT_MAX_BYTES + 1];
    hex_encode(bytes, hex);
    put(writing, "%s %s\n", name, hex);
}

/* What there can be has room: two keys, an id, a signature, two notes, a name, numbers. */
_Static_assert(KEPT_TEXT_MAX > 2 * (3 * 32 + 32 + SIGNATURE_SIZE + 2 * CHECKPOINT_MAX_BYTES) + KEPT_EVIDENCE_MAX + 512,
               "room");

size_t kept_write(const struct kept *kept, char buffer[KEPT_TEXT_MAX])
{
    struct writing writing = {buffer, 0};
    uint8_t hash[HASH_SIZE];
    put(&writing, "%s", HEAD);
    put_hex(&writing, "history", BYTES(kept->history, HISTORY_ID_SIZE));
    put_hex(&writing, "log_key", BYTES(kept->log_key, KEY_SIZE));
    put(&writing, "epoch %" PRIu32 "\n", kept->epoch);
    if (kept->note_size > 0)
        put_hex(&writing, "note", BYTES(kept->note, kept->note_size));
    if (kept->is_signed) {
        put(&writing, "time %" PRId64 "\n", kept->time_s);
        put_hex(&writing, "signature", BYTES(kept->signature, SIGNATURE_SIZE));
    }
    if (kept->is_forgotten)
        put(&writing, "forgotten yes\n");
    if (kept->evidence[0] != '\0')
        put(&writing, "fork %s\nfork_epoch %" PRIu32 "\n", kept->evidence, kept->fork_epoch);
    if (kept->next_epoch != 0) {
        put(&writing, "next_epoch %" PRIu32 "\n", kept->next_epoch);
        put_hex(&writing, "next_log_key", BYTES(kept->next_log_key, KEY_SIZE));
        put_hex(&writing, "next_note", BYTES(kept->next_note, kept->next_note_size));
        put(&writing, "next_holds %" PRIu64 "\n", kept->next_holds);
    }
    crypto_hash_sha256(hash, (const uint8_t *) buffer, writing.size);
    put_hex(&writing, "check", BYTES(hash, sizeof(hash)));
    return writing.size;
}

/* ---- Reading ---- */

/* The value of the next line, if it is of this name; NUL-terminated in @value. */
static bool take_line(struct bytes *rest, const char *name, char *value, size_t value_size)
{
    size_t length = strlen(name);
    const uint8_t *end = rest->size > 0 ? memchr(rest->data, '\n', rest->size) : NULL;
    if (end == NULL || rest->size <= length || memcmp(rest->data, name, length) != 0 || rest->data[length] != ' ')
        return false;
    size_t size = (size_t) (end - rest->data) - length - 1;
    if (size == 0 || size >= value_size || memchr(rest->data + length + 1, '\0', size) != NULL)
        return false;
    memcpy(value, rest->data + length + 1, size);
    value[size] = '\0';
    *rest = BYTES(end + 1, rest->size - (size_t) (end + 1 - rest->data));
    return true;
}

static bool take_hex(struct bytes *rest, const char *name, uint8_t *bytes, size_t size)
{
    char value[2 * SIGNATURE_SIZE + 1];
    return take_line(rest, name, value, sizeof(value)) && strlen(value) == 2 * size &&
           hex_decode(value, bytes, size) == 0;
}

static bool take_number(struct bytes *rest, const char *name, int64_t most, int64_t *ret_number)
{
    char value[24];
    if (!take_line(rest, name, value, sizeof(value)))
        return false;
    char *end;
    errno = 0;
    long long number = strtoll(value, &end, 10);
    if (errno != 0 || *end != '\0' || value[0] < '0' || value[0] > '9' || number > most)
        return false;
    *ret_number = number;
    return true;
}

static bool starts_with_line(struct bytes rest, const char *name)
{
    size_t length = strlen(name);
    return rest.size > length && memcmp(rest.data, name, length) == 0 && rest.data[length] == ' ';
}

static bool take_note_hex(struct bytes *rest, const char *name, char note[CHECKPOINT_MAX_BYTES], size_t *ret_size)
{
    char hex[2 * CHECKPOINT_MAX_BYTES + 1];
    if (!take_line(rest, name, hex, sizeof(hex)) || strlen(hex) % 2 != 0)
        return false;
    *ret_size = strlen(hex) / 2;
    return hex_decode(hex, (uint8_t *) note, *ret_size) == 0;
}

static bool take_note(struct bytes *rest, struct kept *kept)
{
    struct checkpoint checkpoint;
    if (!take_note_hex(rest, "note", kept->note, &kept->note_size))
        return false;
    kept->is_signed = starts_with_line(*rest, "time");
    if (kept->is_signed && (!take_number(rest, "time", INT64_MAX, &kept->time_s) ||
                            !take_hex(rest, "signature", kept->signature, SIGNATURE_SIZE)))
        return false;
    if (note_open_of(kept, BYTES(kept->note, kept->note_size), kept->epoch, kept->log_key, &checkpoint) != 0)
        return false;
    kept->size = checkpoint.size;
    memcpy(kept->root, checkpoint.root, HASH_SIZE);
    return true;
}

static bool take_next(struct bytes *rest, struct kept *kept)
{
    struct checkpoint checkpoint;
    int64_t epoch, holds;
    if (!take_number(rest, "next_epoch", UINT32_MAX, &epoch) || epoch == 0 ||
        !take_hex(rest, "next_log_key", kept->next_log_key, KEY_SIZE) ||
        !take_note_hex(rest, "next_note", kept->next_note, &kept->next_note_size) ||
        !take_number(rest, "next_holds", INT64_MAX, &holds))
        return false;
    kept->next_epoch = (uint32_t) epoch;
    kept->next_holds = (uint64_t) holds;
    return note_open_of(kept, BYTES(kept->next_note, kept->next_note_size), kept->next_epoch, kept->next_log_key,
                        &checkpoint) == 0;
}

static bool is_file_name(const char *name)
{
    for (const char *at = name; *at != '\0'; at++)
        if (!(*at >= 'a' && *at <= 'z') && !(*at >= '0' && *at <= '9') && *at != '-')
            return false;
    return name[0] != '\0';
}

static bool take_all(struct bytes *rest, struct kept *kept)
{
    int64_t number;
    if (!take_hex(rest, "history", kept->history, HISTORY_ID_SIZE) ||
        !take_hex(rest, "log_key", kept->log_key, KEY_SIZE) || !take_number(rest, "epoch", UINT32_MAX, &number))
        return false;
    kept->epoch = (uint32_t) number;
    if (starts_with_line(*rest, "note") && !take_note(rest, kept))
        return false;
    char yes[8];
    kept->is_forgotten = starts_with_line(*rest, "forgotten");
    if (kept->is_forgotten && (!take_line(rest, "forgotten", yes, sizeof(yes)) || strcmp(yes, "yes") != 0))
        return false;
    if (starts_with_line(*rest, "fork")) {
        if (!take_line(rest, "fork", kept->evidence, sizeof(kept->evidence)) || !is_file_name(kept->evidence) ||
            !take_number(rest, "fork_epoch", UINT32_MAX, &number))
            return false;
        kept->fork_epoch = (uint32_t) number;
    }
    return !starts_with_line(*rest, "next_epoch") || take_next(rest, kept);
}

int kept_read(struct bytes text, struct kept *ret_kept)
{
    struct kept kept = {.epoch = 0};
    uint8_t stated[HASH_SIZE], hash[HASH_SIZE];
    size_t check_size = strlen(CHECK) + 2 * HASH_SIZE + 1;
    if (text.size < strlen(HEAD) + check_size || memcmp(text.data, HEAD, strlen(HEAD)) != 0)
        return ERR_CORRUPT;
    struct bytes body = BYTES(text.data, text.size - check_size);
    struct bytes rest = BYTES(text.data + body.size, check_size);
    if (!take_hex(&rest, "check", stated, HASH_SIZE) || rest.size != 0)
        return ERR_CORRUPT;
    crypto_hash_sha256(hash, body.data, body.size);
    if (memcmp(hash, stated, HASH_SIZE) != 0)
        return ERR_CORRUPT;
    rest = BYTES(body.data + strlen(HEAD), body.size - strlen(HEAD));
    if (!take_all(&rest, &kept) || rest.size != 0)
        return ERR_CORRUPT;
    /* One form alone: capitals in a number are damage as well. */
    char written[KEPT_TEXT_MAX];
    if (!bytes_equal(BYTES(written, kept_write(&kept, written)), text))
        return ERR_CORRUPT;
    *ret_kept = kept;
    return 0;
}

/* ---- Files ---- */

static void path_of(const char *directory, const uint8_t history[HISTORY_ID_SIZE], char ret_path[KEPT_PATH_MAX])
{
    char hex[2 * HISTORY_ID_SIZE + 1];
    hex_encode(BYTES(history, HISTORY_ID_SIZE), hex);
    snprintf(ret_path, KEPT_PATH_MAX, "%s/%s", directory, hex);
}

int kept_load(const char *directory, const uint8_t history[HISTORY_ID_SIZE], struct kept *ret_kept)
{
    char path[KEPT_PATH_MAX], text[KEPT_TEXT_MAX + 1];
    struct stat status;
    struct kept kept;
    path_of(directory, history, path);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (descriptor < 0)
        return errno == ENOENT ? ERR_NOT_FOUND : ERR_FILE;
    int code = fstat(descriptor, &status) == 0 ? 0 : ERR_FILE;
    if (code == 0 && (!S_ISREG(status.st_mode) || status.st_uid != geteuid() || (status.st_mode & 022) != 0))
        code = ERR_FILE_MODE;
    ssize_t size = code == 0 ? read(descriptor, text, sizeof(text)) : 0;
    close(descriptor);
    if (code != 0 || size < 0)
        return code != 0 ? code : ERR_FILE;
    if ((size_t) size > KEPT_TEXT_MAX || kept_read(BYTES(text, (size_t) size), &kept) != 0 ||
        memcmp(kept.history, history, HISTORY_ID_SIZE) != 0)
        return ERR_CORRUPT;
    *ret_kept = kept;
    return 0;
}

static int write_synced(const char *path, const char *text, size_t size)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0)
        return process_file_error();
    errno = EIO;
    int code = write(descriptor, text, size) == (ssize_t) size && fsync(descriptor) == 0 ? 0 : process_file_error();
    if (close(descriptor) != 0 && code == 0)
        code = process_file_error();
    return code;
}

int kept_save(const char *directory, const struct kept *kept)
{
    char path[KEPT_PATH_MAX], beside[KEPT_PATH_MAX + 4], text[KEPT_TEXT_MAX];
    path_of(directory, kept->history, path);
    snprintf(beside, sizeof(beside), "%s.new", path);
    size_t size = kept_write(kept, text);
    int code = write_synced(beside, text, size);
    if (code == 0 && (rename(beside, path) != 0 || directory_sync_of(path) != 0))
        code = process_file_error();
    return code;
}

int kept_lock(const char *directory, int *ret_descriptor)
{
    char path[KEPT_PATH_MAX];
    snprintf(path, sizeof(path), "%s/step.lock", directory);
    int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0)
        return errno == ENOENT ? ERR_NOT_FOUND : ERR_FILE;
    while (flock(descriptor, LOCK_EX) != 0) {
        if (errno != EINTR) {
            close(descriptor);
            return ERR_FILE;
        }
    }
    *ret_descriptor = descriptor;
    return 0;
}
