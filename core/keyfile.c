#include "core/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/directory.h"
#include "core/error.h"
#include "core/text.h"

enum { FILE_MAX_BYTES = 4096, FILE_VERSION = 1 };

/* The two kinds of file. Both secrets and both public halves have the same sizes. */
struct kind {
    const char *title; /* first line, without the version */
    void (*derive)(const uint8_t secret[SEED_SIZE], uint8_t ret_public[KEY_SIZE]);
};

_Static_assert((int) SEED_SIZE == (int) CONNECTION_SECRET_SIZE, "one form of file for both");

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

static const struct kind SIGNING = {"comity signing seed ", signing_derive};
static const struct kind CONNECTION = {"comity connection key ", connection_derive};

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

static int value_read(const char *line, const char *label, uint8_t ret_value[KEY_SIZE])
{
    if (!line || strncmp(line, label, strlen(label)) != 0)
        return ERR_MALFORMED;
    return hex_decode(line + strlen(label), ret_value, KEY_SIZE);
}

static int text_parse(char *text, const struct kind *kind, uint8_t ret_secret[SEED_SIZE])
{
    const char *title = line_take(&text);
    if (!title || strncmp(title, kind->title, strlen(kind->title)) != 0)
        return ERR_MALFORMED;
    if (strcmp(title + strlen(kind->title), "1") != 0)
        return ERR_VERSION;
    uint8_t public_key[KEY_SIZE];
    uint8_t secret[SEED_SIZE];
    uint8_t derived[KEY_SIZE];
    int code = value_read(line_take(&text), "public ", public_key);
    if (code)
        return code;
    code = value_read(line_take(&text), "secret ", secret);
    if (code)
        return code;
    kind->derive(secret, derived);
    if (memcmp(derived, public_key, KEY_SIZE) == 0)
        memcpy(ret_secret, secret, SEED_SIZE);
    else
        code = ERR_MALFORMED;
    sodium_memzero(secret, sizeof(secret));
    return code;
}

static int secret_load(const char *path, const struct kind *kind, uint8_t ret_secret[SEED_SIZE])
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
        code = text_parse(text, kind, ret_secret);
    }
    int reason = errno;
    sodium_memzero(text, sizeof(text));
    close(file);
    errno = reason;
    return code;
}

/* Whole or not at all, and never over another: a temporary file, then a link, which fails where there is one.
 */
static int file_create(const char *path, const char *text, size_t length)
{
    char *temporary = NULL;
    if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
        return ERR_FILE;
    int file = mkostemp(temporary, O_CLOEXEC);
    if (file < 0) {
        free(temporary);
        return ERR_FILE;
    }
    int code = 0;
    if (fchmod(file, 0600) != 0 || !write_whole(file, text, length) || fsync(file) != 0)
        code = ERR_FILE;
    else if (link(temporary, path) != 0)
        code = errno == EEXIST ? ERR_EXISTS : ERR_FILE;
    int reason = errno;
    close(file);
    unlink(temporary);
    if (code == 0 && directory_sync_of(path) != 0) {
        code = ERR_FILE;
        reason = errno;
    }
    free(temporary);
    errno = reason;
    return code;
}

static int secret_save(const char *path, const struct kind *kind, const uint8_t secret[SEED_SIZE],
                       const uint8_t public_key[KEY_SIZE])
{
    char public_hex[2 * KEY_SIZE + 1];
    char secret_hex[2 * SEED_SIZE + 1];
    char text[256];
    hex_encode(BYTES(public_key, KEY_SIZE), public_hex);
    hex_encode(BYTES(secret, SEED_SIZE), secret_hex);
    int length = snprintf(text, sizeof(text), "%s%d\npublic %s\nsecret %s\n", kind->title, FILE_VERSION,
                          public_hex, secret_hex);
    int code = file_create(path, text, (size_t) length);
    sodium_memzero(secret_hex, sizeof(secret_hex));
    sodium_memzero(text, sizeof(text));
    return code;
}

int signing_key_load(const char *path, struct signing_key *ret_key)
{
    uint8_t seed[SEED_SIZE];
    int code = secret_load(path, &SIGNING, seed);
    if (code)
        return code;
    signing_key_from_seed(seed, ret_key);
    sodium_memzero(seed, sizeof(seed));
    return 0;
}

int connection_key_load(const char *path, struct connection_key *ret_key)
{
    uint8_t secret[CONNECTION_SECRET_SIZE];
    int code = secret_load(path, &CONNECTION, secret);
    if (code)
        return code;
    connection_key_from_secret(secret, ret_key);
    sodium_memzero(secret, sizeof(secret));
    return 0;
}

int signing_key_save(const char *path, const struct signing_key *key)
{
    return secret_save(path, &SIGNING, key->seed, key->public_key);
}

int connection_key_save(const char *path, const struct connection_key *key)
{
    return secret_save(path, &CONNECTION, key->secret, key->public_key);
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
