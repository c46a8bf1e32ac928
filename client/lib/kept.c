#include "client/lib/kept.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "client/lib/client.h"
#include "client/lib/journal_file.h"
#include "core/error.h"
#include "core/message.h"
#include "core/text.h"

enum { SUM_SIZE = crypto_hash_sha256_BYTES, NAME_BYTES = 16, NAME_SIZE = 64, KEPT_ARENA_BYTES = 16 * 1024 * 1024 };

static const char PREFIX[] = "read-";

static void dir_close(DIR **dir)
{
    if (*dir != NULL)
        closedir(*dir);
}

bool kept_is_name(const char *name)
{
    return strncmp(name + (name[0] == '.'), PREFIX, strlen(PREFIX)) == 0;
}

/* Which file a query's answer is in. */
static int name_make(const Comity__V1__Query *query, const uint8_t *history, const uint8_t *reader, struct arena *arena,
                     char ret_name[NAME_SIZE])
{
    Comity__V1__Query asked = *query;
    uint8_t sum[SUM_SIZE];
    struct bytes packed;
    crypto_hash_sha256_state state;
    asked.floor = 0;
    asked.history = (ProtobufCBinaryData){HISTORY_ID_SIZE, (uint8_t *) history};
    int code = message_pack(&asked.base, arena, &packed);
    if (code != 0)
        return code;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, reader, KEY_SIZE);
    crypto_hash_sha256_update(&state, packed.data, packed.size);
    crypto_hash_sha256_final(&state, sum);
    memcpy(ret_name, PREFIX, sizeof(PREFIX));
    hex_encode(BYTES(sum, NAME_BYTES), ret_name + strlen(PREFIX));
    return 0;
}

/* ---- Room ---- */

struct held {
    char name[NAME_SIZE];
    struct timespec time;
    size_t size;
};

struct room {
    struct held files[KEPT_FILES_MAX];
    size_t count, bytes;
};

static bool is_earlier(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

static void room_drop_oldest(struct room *room, int directory)
{
    size_t oldest = 0;
    for (size_t i = 1; i < room->count; i++)
        if (is_earlier(&room->files[i].time, &room->files[oldest].time))
            oldest = i;
    unlinkat(directory, room->files[oldest].name, 0);
    room->bytes -= room->files[oldest].size;
    room->files[oldest] = room->files[--room->count];
}

static void room_take(struct room *room, int directory, const char *name, time_t now)
{
    struct stat status;
    if (!kept_is_name(name) || name[0] == '.' || strlen(name) >= NAME_SIZE ||
        fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return;
    if (status.st_mtim.tv_sec < now - (time_t) KEPT_DAYS * 24 * 3600) {
        unlinkat(directory, name, 0);
        return;
    }
    if (room->count == KEPT_FILES_MAX)
        room_drop_oldest(room, directory);
    struct held *held = &room->files[room->count++];
    *held = (struct held){.time = status.st_mtim, .size = (size_t) status.st_size};
    memcpy(held->name, name, strlen(name) + 1);
    room->bytes += held->size;
}

/* For one more file of @size bytes. Errors are passed over: the next time will do. */
static void room_make(int directory, size_t size)
{
    struct room *room = calloc(1, sizeof(*room));
    int copy = room == NULL ? -1 : dup(directory);
    CLEANUP(dir_close) DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    if (dir != NULL) {
        rewinddir(dir);
        for (struct dirent *file = readdir(dir); file != NULL; file = readdir(dir))
            room_take(room, directory, file->d_name, time(NULL));
        while (room->count > 0 && (room->count >= KEPT_FILES_MAX || room->bytes + size > KEPT_BYTES_MAX))
            room_drop_oldest(room, directory);
    }
    free(room);
}

/* ---- Keeping ---- */

static bool is_to_be_kept(const Comity__V1__Query *query)
{
    return query->kind_case == COMITY__V1__QUERY__KIND_LIST || query->kind_case == COMITY__V1__QUERY__KIND_WHOAMI;
}

static int keep(const char *journal, const uint8_t *history, const char *name, const Comity__V1__Answer *body,
                struct arena *arena)
{
    CLEANUP(journal_fd_close) int fd = -1;
    size_t size = comity__v1__answer__get_packed_size(body);
    if (size + SUM_SIZE > JOURNAL_FILE_MAX_BYTES)
        return 0;
    uint8_t *bytes = arena_alloc(arena, size + SUM_SIZE);
    if (bytes == NULL)
        return ERR_MEMORY;
    comity__v1__answer__pack(body, bytes + SUM_SIZE);
    crypto_hash_sha256(bytes, bytes + SUM_SIZE, size);
    int code = journal_history_open(journal, history, true, &fd);
    if (code != 0)
        return code;
    room_make(fd, size + SUM_SIZE);
    return journal_file_cache(fd, name, BYTES(bytes, size + SUM_SIZE));
}

int comity_answer_keep(const char *journal, const uint8_t history[COMITY_HISTORY_SIZE], const uint8_t reader[COMITY_KEY_SIZE],
                       const Comity__V1__Query *query, const struct comity_answer *answer)
{
    CLEANUP(arena_destroy) struct arena *arena = arena_new(KEPT_ARENA_BYTES);
    char name[NAME_SIZE];
    if (!is_to_be_kept(query))
        return 0;
    int code = arena == NULL ? ERR_MEMORY : name_make(query, history, reader, arena, name);
    return code != 0 ? code : keep(journal, history, name, comity_answer_body(answer), arena);
}

/* ---- Finding ---- */

/* 0, ERR_CORRUPT, ERR_MEMORY. */
static int body_read(struct bytes file, struct arena *arena, const Comity__V1__Answer **ret_body)
{
    uint8_t sum[SUM_SIZE];
    ProtobufCMessage *message;
    if (file.size < SUM_SIZE)
        return ERR_CORRUPT;
    crypto_hash_sha256(sum, file.data + SUM_SIZE, file.size - SUM_SIZE);
    if (memcmp(sum, file.data, SUM_SIZE) != 0)
        return ERR_CORRUPT;
    int code = message_unpack(&comity__v1__answer__descriptor, BYTES(file.data + SUM_SIZE, file.size - SUM_SIZE),
                              JOURNAL_FILE_MAX_BYTES, arena, NULL, &message);
    if (code == 0)
        *ret_body = (const Comity__V1__Answer *) message;
    return code == 0 || code == ERR_MEMORY ? code : ERR_CORRUPT;
}

bool kept_has_text(struct bytes file, const ProtobufCBinaryData *hashes, size_t count)
{
    CLEANUP(arena_destroy) struct arena *arena = arena_new(KEPT_ARENA_BYTES);
    const Comity__V1__Answer *body;
    if (arena == NULL || body_read(file, arena, &body) != 0)
        return true;
    for (size_t i = 0; i < body->n_texts; i++)
        for (size_t j = 0; j < count; j++)
            if (!body->texts[i]->is_purged && bytes_equal(BYTES(body->texts[i]->hash.data, body->texts[i]->hash.len),
                                                          BYTES(hashes[j].data, hashes[j].len)))
                return true;
    return false;
}

static int find(int directory, const char *name, struct comity_answer **ret_answer, int64_t *ret_read_ms)
{
    CLEANUP(arena_destroy) struct arena *arena = arena_new(KEPT_ARENA_BYTES);
    const Comity__V1__Answer *body;
    struct bytes file;
    int64_t read_ns;
    if (faccessat(directory, name, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? ERR_NOT_FOUND : ERR_FILE;
    int code = arena == NULL ? ERR_MEMORY : journal_file_get(directory, name, &file, &read_ns);
    if (code != 0)
        return code;
    code = body_read(file, arena, &body);
    free((uint8_t *) file.data);
    if (code == 0 && (code = answer_new(&arena, body, ret_answer)) != 0 && code != ERR_MEMORY)
        code = ERR_CORRUPT;
    if (code == 0)
        *ret_read_ms = read_ns / 1000000;
    return code;
}

int comity_answer_kept(const char *journal, const uint8_t history[COMITY_HISTORY_SIZE], const uint8_t reader[COMITY_KEY_SIZE],
                       const Comity__V1__Query *query, struct comity_answer **ret_answer, int64_t *ret_read_ms)
{
    CLEANUP(arena_destroy) struct arena *arena = arena_new(KEPT_ARENA_BYTES);
    CLEANUP(journal_fd_close) int fd = -1;
    char name[NAME_SIZE];
    if (!is_to_be_kept(query))
        return ERR_NOT_FOUND;
    int code = arena == NULL ? ERR_MEMORY : name_make(query, history, reader, arena, name);
    if (code == 0)
        code = journal_history_open(journal, history, false, &fd);
    if (code == ERR_FILE && errno == ENOENT)
        return ERR_NOT_FOUND;
    if (code == 0)
        code = find(fd, name, ret_answer, ret_read_ms);
    if (code == ERR_CORRUPT)
        unlinkat(fd, name, 0);
    return code;
}
