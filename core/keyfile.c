#include "core/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/directory.h"
#include "core/error.h"
#include "core/text.h"

enum { FILE_MAX_BYTES = 4096, FILE_TEXT_MAX = 512, COST_DIGITS_MOST = 12 };

/* The two kinds of file. Both secrets and both public halves have the same sizes. */
struct kind {
    const char *title; /* first line, without the version */
    void (*derive)(const uint8_t secret[SEED_SIZE], uint8_t ret_public[KEY_SIZE]);
    bool may_be_locked; /* version 2: under a passphrase */
};

/* What a file says. */
struct content {
    uint8_t public_key[KEY_SIZE];
    uint8_t secret[SEED_SIZE]; /* where it is not locked */
    bool is_locked;
    struct locked_secret locked;
};

_Static_assert((int) SEED_SIZE == (int) CONNECTION_SECRET_SIZE, "one form of file for both");
_Static_assert((int) SEED_SIZE == (int) LOCKED_SECRET_SIZE, "what a passphrase closes");

static void signing_derive(const uint8_t secret[SEED_SIZE], uint8_t ret_public[KEY_SIZE])
{
    struct signing_key key;
    signing_key_from_seed(secret, &key);
    memcpy(ret_public, key.public_key, KEY_SIZE);
    signing_key_wipe(&key);
}

static void connection_derive(const uint8_t secret[SEED_SIZE], uint8_t ret_public[KEY_SIZE])
{
    struct connection_key key;
    connection_key_from_secret(secret, &key);
    memcpy(ret_public, key.public_key, KEY_SIZE);
    connection_key_wipe(&key);
}

static const struct kind SIGNING = {"comity signing seed ", signing_derive, true};
static const struct kind CONNECTION = {"comity connection key ", connection_derive, false};

/* Everything that is left to read, up to @size. False with errno. */
static bool read_whole(int file, char *buffer, size_t size, size_t *ret_length)
{
    size_t length = 0;
    while (length < size) {
        ssize_t count = read(file, buffer + length, size - length);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return false;
        if (count == 0)
            break;
        length += (size_t) count;
    }
    *ret_length = length;
    return true;
}

static bool write_whole(int file, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t count = write(file, text, length);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return false;
        text += count;
        length -= (size_t) count;
    }
    return true;
}

/* Open a secret's file. All checks are of the descriptor, so that what was checked is what is read.
 * O_NONBLOCK: a FIFO in its place must not hang us. */
static int secret_open(const char *path, int *ret_file)
{
    int file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0)
        return ERR_FILE;
    struct stat status;
    int code = 0;
    if (fstat(file, &status) != 0) {
        code = ERR_FILE;
    } else if (!S_ISREG(status.st_mode)) {
        errno = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
        code = ERR_FILE;
    } else if ((status.st_mode & 077) != 0 || status.st_uid != geteuid()) {
        code = ERR_FILE_MODE;
    }
    if (code) {
        int reason = errno;
        close(file);
        errno = reason;
        return code;
    }
    *ret_file = file;
    return 0;
}

/* The next line of the text, without its newline; NULL at the end. Overwrites the newline. */
static char *line_take(char **text)
{
    char *line = *text;
    char *end = strchr(line, '\n');
    if (!end)
        return NULL;
    *end = '\0';
    *text = end + 1;
    return line;
}

static int value_read(const char *line, const char *label, uint8_t *ret_value, size_t size)
{
    if (!line || strncmp(line, label, strlen(label)) != 0)
        return ERR_MALFORMED;
    return hex_decode(line + strlen(label), ret_value, size);
}

/* A number in its one form: digits, no leading zero. */
static bool number_read(const char **text, uint64_t *ret_number)
{
    const char *at = *text;
    uint64_t number = 0;

    if (*at < '1' || *at > '9')
        return false;
    for (; *at >= '0' && *at <= '9'; at++) {
        if (at - *text >= COST_DIGITS_MOST)
            return false;
        number = 10 * number + (uint64_t) (*at - '0');
    }
    *text = at;
    *ret_number = number;
    return true;
}

/* "argon2id PASSES KIB" */
static int cost_read(const char *line, struct lock_cost *ret_cost)
{
    static const char LABEL[] = "argon2id ";
    struct lock_cost cost;

    if (!line || strncmp(line, LABEL, strlen(LABEL)) != 0)
        return ERR_MALFORMED;
    line += strlen(LABEL);
    if (!number_read(&line, &cost.passes) || *line++ != ' ' || !number_read(&line, &cost.memory_kib) ||
        *line != '\0')
        return ERR_MALFORMED;
    *ret_cost = cost;
    return 0;
}

static int locked_parse(char *text, struct locked_secret *ret_locked)
{
    int code = cost_read(line_take(&text), &ret_locked->cost);

    if (code == 0)
        code = value_read(line_take(&text), "salt ", ret_locked->salt, sizeof(ret_locked->salt));
    if (code == 0)
        code = value_read(line_take(&text), "nonce ", ret_locked->nonce, sizeof(ret_locked->nonce));
    if (code == 0)
        code = value_read(line_take(&text), "sealed ", ret_locked->box, sizeof(ret_locked->box));
    return code;
}

static bool fits(const struct kind *kind, const uint8_t secret[SEED_SIZE], const uint8_t public_key[KEY_SIZE])
{
    uint8_t derived[KEY_SIZE];

    kind->derive(secret, derived);
    return memcmp(derived, public_key, KEY_SIZE) == 0;
}

static int text_parse(char *text, const struct kind *kind, struct content *ret_content)
{
    const char *title = line_take(&text);
    if (!title || strncmp(title, kind->title, strlen(kind->title)) != 0)
        return ERR_MALFORMED;
    const char *version = title + strlen(kind->title);
    ret_content->is_locked = kind->may_be_locked && strcmp(version, "2") == 0;
    if (!ret_content->is_locked && strcmp(version, "1") != 0)
        return ERR_VERSION;
    int code = value_read(line_take(&text), "public ", ret_content->public_key, KEY_SIZE);
    if (code != 0)
        return code;
    if (ret_content->is_locked)
        return locked_parse(text, &ret_content->locked);
    code = value_read(line_take(&text), "secret ", ret_content->secret, SEED_SIZE);
    if (code == 0 && !fits(kind, ret_content->secret, ret_content->public_key))
        code = ERR_MALFORMED;
    return code;
}

/* The caller wipes the content, also on failure. */
static int content_load(const char *path, const struct kind *kind, struct content *ret_content)
{
    int file;
    int code = secret_open(path, &file);
    if (code)
        return code;
    char text[FILE_MAX_BYTES + 1];
    size_t length = 0;
    if (!read_whole(file, text, FILE_MAX_BYTES, &length)) {
        code = ERR_FILE;
    } else if (memchr(text, '\0', length) || length == FILE_MAX_BYTES) {
        code = ERR_MALFORMED;
    } else {
        text[length] = '\0';
        code = text_parse(text, kind, ret_content);
    }
    int reason = errno;
    sodium_memzero(text, sizeof(text));
    close(file);
    errno = reason;
    return code;
}

/* What a passphrase's tag covers besides the secret: "comity signing seed 2" 00 and the public half. */
struct beside {
    uint8_t bytes[32 + KEY_SIZE];
    size_t size;
};

static struct beside beside_make(const struct kind *kind, const uint8_t public_key[KEY_SIZE])
{
    struct beside beside;
    size_t title = strlen(kind->title);

    memcpy(beside.bytes, kind->title, title);
    memcpy(beside.bytes + title, "2", 2);
    memcpy(beside.bytes + title + 2, public_key, KEY_SIZE);
    beside.size = title + 2 + KEY_SIZE;
    return beside;
}

static int content_open(const struct content *content, const struct kind *kind, const struct bytes *passphrase,
                        uint8_t ret_secret[SEED_SIZE])
{
    if (!content->is_locked) {
        memcpy(ret_secret, content->secret, SEED_SIZE);
        return 0;
    }
    if (!passphrase)
        return ERR_PASSPHRASE;
    struct beside beside = beside_make(kind, content->public_key);
    uint8_t secret[SEED_SIZE];
    int code = secret_unlock(&content->locked, *passphrase, BYTES(beside.bytes, beside.size), secret);
    if (code == 0 && !fits(kind, secret, content->public_key))
        code = ERR_MALFORMED;
    if (code == 0)
        memcpy(ret_secret, secret, SEED_SIZE);
    sodium_memzero(secret, sizeof(secret));
    return code;
}

static int secret_load(const char *path, const struct kind *kind, const struct bytes *passphrase,
                       uint8_t ret_secret[SEED_SIZE])
{
    struct content content = {0};
    int code = content_load(path, kind, &content);

    if (code == 0)
        code = content_open(&content, kind, passphrase, ret_secret);
    int reason = errno;
    sodium_memzero(&content, sizeof(content));
    errno = reason;
    return code;
}

/* Of what cannot be written, by errno. */
static int write_error(void)
{
    return errno == ENOSPC || errno == EDQUOT ? ERR_DISK_FULL : ERR_FILE;
}

/* A file beside @path, of mode 0600, written and synced. The caller frees its name. */
static int temporary_write(const char *path, const char *text, size_t length, char **ret_temporary)
{
    char *temporary = NULL;
    if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
        return ERR_FILE;
    int file = mkostemp(temporary, O_CLOEXEC);
    if (file < 0) {
        int reason = errno;
        free(temporary);
        errno = reason;
        return write_error();
    }
    bool is_written = fchmod(file, 0600) == 0 && write_whole(file, text, length) && fsync(file) == 0;
    int reason = errno;
    close(file);
    if (!is_written) {
        unlink(temporary);
        free(temporary);
    } else {
        *ret_temporary = temporary;
    }
    errno = reason;
    return is_written ? 0 : write_error();
}

/* Whole or not at all, and never over another: a temporary file, then a link, which fails where there is one.
 */
static int file_create(const char *path, const char *text, size_t length)
{
    char *temporary;
    int code = temporary_write(path, text, length, &temporary);
    if (code != 0)
        return code;
    if (link(temporary, path) != 0)
        code = errno == EEXIST ? ERR_EXISTS : write_error();
    int reason = errno;
    unlink(temporary);
    if (code == 0 && directory_sync_of(path) != 0) {
        code = write_error();
        reason = errno;
    }
    free(temporary);
    errno = reason;
    return code;
}

/* Over what it held, as far as the file system writes in place; what it cannot do is no failure. Nothing where it
 * has another name still: that one is somebody's copy. */
static void file_overwrite(int file)
{
    static const char ZEROS[FILE_MAX_BYTES];
    struct stat status;

    if (fstat(file, &status) != 0 || status.st_nlink > 0 || status.st_size > FILE_MAX_BYTES)
        return;
    if (pwrite(file, ZEROS, (size_t) status.st_size, 0) == status.st_size)
        fsync(file);
}

/* @from takes the place of the secret's file @path, in one step; what was there is then overwritten. */
static int file_put_over(const char *from, const char *path)
{
    int before = -1;
    int code = secret_open(path, &before);

    if (code != 0)
        return code;
    close(before);
    before = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY);
    if (rename(from, path) != 0 || directory_sync_of(path) != 0)
        code = write_error();
    int reason = errno;
    if (before >= 0) {
        if (code == 0)
            file_overwrite(before);
        close(before);
    }
    errno = reason;
    return code;
}

/* The caller wipes the text. */
static int text_make(const struct kind *kind, const uint8_t secret[SEED_SIZE], const uint8_t public_key[KEY_SIZE],
                     const struct key_lock *lock, char ret_text[FILE_TEXT_MAX], size_t *ret_length)
{
    char public_hex[2 * KEY_SIZE + 1];
    int length;

    hex_encode(BYTES(public_key, KEY_SIZE), public_hex);
    if (!lock) {
        char secret_hex[2 * SEED_SIZE + 1];
        hex_encode(BYTES(secret, SEED_SIZE), secret_hex);
        length = snprintf(ret_text, FILE_TEXT_MAX, "%s1\npublic %s\nsecret %s\n", kind->title, public_hex, secret_hex);
        sodium_memzero(secret_hex, sizeof(secret_hex));
    } else {
        struct beside beside = beside_make(kind, public_key);
        struct locked_secret locked;
        char salt[2 * LOCKED_SALT_SIZE + 1], nonce[2 * LOCKED_NONCE_SIZE + 1], box[2 * LOCKED_BOX_SIZE + 1];
        int code =
            secret_lock(secret, lock->passphrase, lock->cost, BYTES(beside.bytes, beside.size), &locked);
        if (code != 0)
            return code;
        hex_encode(BYTES(locked.salt, sizeof(locked.salt)), salt);
        hex_encode(BYTES(locked.nonce, sizeof(locked.nonce)), nonce);
        hex_encode(BYTES(locked.box, sizeof(locked.box)), box);
        length = snprintf(ret_text, FILE_TEXT_MAX,
                          "%s2\npublic %s\nargon2id %" PRIu64 " %" PRIu64 "\nsalt %s\nnonce %s\nsealed %s\n",
                          kind->title, public_hex, locked.cost.passes, locked.cost.memory_kib, salt, nonce, box);
    }
    *ret_length = (size_t) length;
    return 0;
}

static int secret_save(const char *path, const struct kind *kind, const uint8_t secret[SEED_SIZE],
                       const uint8_t public_key[KEY_SIZE], const struct key_lock *lock)
{
    char text[FILE_TEXT_MAX];
    size_t length;
    int code = text_make(kind, secret, public_key, lock, text, &length);

    if (code == 0)
        code = file_create(path, text, length);
    int reason = errno;
    sodium_memzero(text, sizeof(text));
    errno = reason;
    return code;
}

static int signing_key_read(const char *path, const struct bytes *passphrase, struct signing_key *ret_key)
{
    uint8_t seed[SEED_SIZE];
    int code = secret_load(path, &SIGNING, passphrase, seed);
    if (code)
        return code;
    signing_key_from_seed(seed, ret_key);
    sodium_memzero(seed, sizeof(seed));
    return 0;
}

int signing_key_load(const char *path, struct signing_key *ret_key)
{
    return signing_key_read(path, NULL, ret_key);
}

int signing_key_open(const char *path, struct bytes passphrase, struct signing_key *ret_key)
{
    return signing_key_read(path, &passphrase, ret_key);
}

int signing_key_peek(const char *path, struct key_view *ret_view)
{
    struct content content = {0};
    int code = content_load(path, &SIGNING, &content);

    if (code == 0) {
        *ret_view = (struct key_view){.is_locked = content.is_locked, .cost = content.locked.cost};
        memcpy(ret_view->public_key, content.public_key, KEY_SIZE);
    }
    int reason = errno;
    sodium_memzero(&content, sizeof(content));
    errno = reason;
    return code;
}

int connection_key_load(const char *path, struct connection_key *ret_key)
{
    uint8_t secret[CONNECTION_SECRET_SIZE];
    int code = secret_load(path, &CONNECTION, NULL, secret);
    if (code)
        return code;
    connection_key_from_secret(secret, ret_key);
    sodium_memzero(secret, sizeof(secret));
    return 0;
}

int signing_key_save(const char *path, const struct signing_key *key)
{
    return signing_key_save_locked(path, key, NULL);
}

int signing_key_save_locked(const char *path, const struct signing_key *key, const struct key_lock *lock)
{
    return secret_save(path, &SIGNING, key->seed, key->public_key, lock);
}

int signing_key_replace(const char *path, const struct signing_key *key, const struct key_lock *lock)
{
    char text[FILE_TEXT_MAX], *temporary = NULL;
    size_t length;
    int code = text_make(&SIGNING, key->seed, key->public_key, lock, text, &length);

    if (code == 0)
        code = temporary_write(path, text, length, &temporary);
    if (code == 0 && (code = file_put_over(temporary, path)) != 0) {
        int reason = errno;
        unlink(temporary);
        errno = reason;
    }
    int reason = errno;
    sodium_memzero(text, sizeof(text));
    free(temporary);
    errno = reason;
    return code;
}

int signing_key_move(const char *from, const char *path)
{
    struct key_view view;
    int code = signing_key_peek(from, &view);

    return code != 0 ? code : file_put_over(from, path);
}

int connection_key_save(const char *path, const struct connection_key *key)
{
    return secret_save(path, &CONNECTION, key->secret, key->public_key, NULL);
}

static bool is_absent(int code)
{
    return code == ERR_FILE && errno == ENOENT;
}

/* Whoever loses a race to make the file takes the winner's. */
int signing_key_load_or_create(const char *path, struct signing_key *ret_key)
{
    int code = signing_key_load(path, ret_key);
    if (!is_absent(code))
        return code;
    struct signing_key key;
    signing_key_generate(&key);
    code = signing_key_save(path, &key);
    if (code == 0)
        *ret_key = key;
    else if (code == ERR_EXISTS)
        code = signing_key_load(path, ret_key);
    signing_key_wipe(&key);
    return code;
}

int connection_key_load_or_create(const char *path, struct connection_key *ret_key)
{
    int code = connection_key_load(path, ret_key);
    if (!is_absent(code))
        return code;
    struct connection_key key;
    connection_key_generate(&key);
    code = connection_key_save(path, &key);
    if (code == 0)
        *ret_key = key;
    else if (code == ERR_EXISTS)
        code = connection_key_load(path, ret_key);
    connection_key_wipe(&key);
    return code;
}
