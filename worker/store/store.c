/* The environment: the directory and who holds it, schema and group, the map's size, small values. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "worker/store/store_internal.h"

enum {
    PATH_MAX_BYTES = 4096,
    READERS_MAX = 510,
    MAP_START_BYTES = 16 * 1024 * 1024,
    MAP_LEAST_BYTES = 256 * 1024
};

static const char *const TABLE_NAMES[STORE_TABLE_END] = {
    [STORE_META] = "meta",         [STORE_HISTORY] = "history",       [STORE_EVENT] = "event",
    [STORE_TEXT] = "text",         [STORE_COMMAND] = "command",       [STORE_EXPIRY] = "expiry",
    [STORE_NODE] = "node",         [STORE_CHECKPOINT] = "checkpoint", [STORE_STATE] = "state",
    [STORE_TEXT_KEY] = "text-key", [STORE_COSIGNATURE] = "cosignature",
};

/* The row that says which schema the others have: its form is the same in every version. */
static const struct bytes SCHEMA_KEY = {(const uint8_t *) "schema", 6};
static const struct bytes GROUP_KEY = {(const uint8_t *) "group", 5};
static const struct bytes TERM_KEY = {(const uint8_t *) "term", 4};

static int explain(char reason[STORE_REASON_MAX], int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int explain(char reason[STORE_REASON_MAX], int code, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(reason, STORE_REASON_MAX, format, arguments);
    va_end(arguments);
    return code;
}

/* The directory. */

static int directory_check(const char *path, bool is_read_only, char reason[STORE_REASON_MAX])
{
    struct stat status;

    if (!is_read_only && mkdir(path, 0700) != 0 && errno != EEXIST)
        return explain(reason, errno == ENOSPC ? ERR_DISK_FULL : ERR_FILE,
                       "The data directory %s cannot be made: %s.", path, strerror(errno));
    if (stat(path, &status) != 0)
        return explain(reason, ERR_FILE, "The data directory %s cannot be used: %s.", path, strerror(errno));
    if (!S_ISDIR(status.st_mode))
        return explain(reason, ERR_FILE, "%s is not a directory: name one that is, or that can be made.",
                       path);
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return explain(reason, ERR_FILE_MODE, "Others can write to the data directory %s: chmod 700 it.",
                       path);
    return 0;
}

static int file_check(const char *directory, const char *name, char reason[STORE_REASON_MAX])
{
    char path[PATH_MAX_BYTES];
    struct stat status;

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    if (stat(path, &status) != 0)
        return errno == ENOENT
                   ? 0
                   : explain(reason, ERR_FILE, "%s cannot be looked at: %s.", path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return explain(reason, ERR_FILE, "%s is not a regular file.", path);
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return explain(reason, ERR_FILE_MODE, "Others can read or write %s: chmod 600 it.", path);
    return 0;
}

/* Whoever writes holds an flock on writer.lock, in which its process id stands for people. */
static int lock_take(struct store *store, const char *directory, char reason[STORE_REASON_MAX])
{
    char path[PATH_MAX_BYTES];
    char holder[32] = "";
    ssize_t size;

    snprintf(path, sizeof(path), "%s/writer.lock", directory);
    store->lock_descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (store->lock_descriptor < 0)
        return explain(reason, errno == ENOSPC ? ERR_DISK_FULL : ERR_FILE, "%s cannot be opened: %s.", path,
                       strerror(errno));
    bool is_locked = flock(store->lock_descriptor, LOCK_EX | LOCK_NB) == 0;
    if (!is_locked && errno != EWOULDBLOCK)
        return explain(reason, ERR_FILE, "%s cannot be locked: %s. Put the data directory on a disk of this machine.", path,
                       strerror(errno));
    if (!is_locked) {
        size = pread(store->lock_descriptor, holder, sizeof(holder) - 1, 0);
        holder[size > 0 ? strspn(holder, "0123456789") : 0] = '\0';
        return explain(
            reason, ERR_STORE_IN_USE,
            "The data directory %s is in use by another process (%s): stop that one first, or give this "
            "worker a directory of its own.",
            directory, holder[0] != '\0' ? holder : "number unknown");
    }
    store->mark = mark_read(store->lock_descriptor);
    snprintf(holder, sizeof(holder), "%-30ld\n", (long) getpid());
    /* A courtesy: on a full disk the number is missing, nothing else. */
    if (pwrite(store->lock_descriptor, holder, strlen(holder), 0) < 0)
        return 0;
    return 0;
}

/* The same for who only reads. */
static void mark_look(struct store *store, const char *directory)
{
    char path[PATH_MAX_BYTES];
    int descriptor;

    snprintf(path, sizeof(path), "%s/writer.lock", directory);
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    store->mark = mark_read(descriptor);
    if (descriptor >= 0)
        close(descriptor);
}

/* The environment. */

static int environment_open(struct store *store, const char *directory, char reason[STORE_REASON_MAX])
{
    unsigned flags = MDB_NOTLS | (store->is_read_only ? MDB_RDONLY : 0);
    int lmdb_code = mdb_env_create(&store->env);
    int code;

    if (lmdb_code == MDB_SUCCESS)
        lmdb_code = mdb_env_set_maxdbs(store->env, STORE_TABLE_END);
    if (lmdb_code == MDB_SUCCESS)
        lmdb_code = mdb_env_set_maxreaders(store->env, READERS_MAX);
    if (lmdb_code == MDB_SUCCESS)
        lmdb_code = mdb_env_open(store->env, directory, flags, 0600);
    code = store_code(lmdb_code);
    switch (code) {
    case 0:
        return 0;
    case ERR_DISK_FULL:
        return explain(reason, code, "The disk of the data directory %s is full: make room on it.",
                       directory);
    case ERR_CORRUPT:
        return explain(reason, code, "%s/data.mdb is damaged or no store: restore it from an export.",
                       directory);
    case ERR_STORE_VERSION:
        return explain(reason, code, "%s/data.mdb was written by another version of LMDB.", directory);
    default:
        return explain(reason, code == ERR_STORE ? ERR_FILE : code, "The store in %s cannot be opened: %s.",
                       directory, mdb_strerror(lmdb_code));
    }
}

/* Pages past a truncated file's end would kill the process when they are read. As zeros they fail their
 * checksums. A little is missing now and then from a whole file: pages that were given out and never used. */
static void file_fill_up(struct store *store)
{
    struct stat status;
    MDB_envinfo info;
    MDB_stat numbers;
    int descriptor;
    off_t least;

    if (store->is_read_only || mdb_env_get_fd(store->env, &descriptor) != 0 ||
        fstat(descriptor, &status) != 0)
        return;
    mdb_env_info(store->env, &info);
    mdb_env_stat(store->env, &numbers);
    least = (off_t) ((info.me_last_pgno + 1) * numbers.ms_psize);
    if (status.st_size < least && ftruncate(descriptor, least) != 0)
        return; /* as it was */
}

/* Twice what is in use, at least: there is room for the next commands, and nothing that a larger limit left
 * behind. */
static int map_fit(struct store *store, char reason[STORE_REASON_MAX])
{
    uint64_t page = (uint64_t) sysconf(_SC_PAGESIZE);
    uint64_t size = MAP_START_BYTES;
    MDB_envinfo info;
    MDB_stat numbers;
    int lmdb_code;

    if (store->is_read_only)
        return 0;
    if (store->map_limit_bytes < MAP_LEAST_BYTES || store->map_limit_bytes > SIZE_MAX / 4)
        return explain(reason, ERR_CONFIG, "The limit of the store must be at least %d KiB.",
                       MAP_LEAST_BYTES / 1024);
    store->map_limit_bytes -= store->map_limit_bytes % page;
    mdb_env_info(store->env, &info);
    mdb_env_stat(store->env, &numbers);
    if (size < 2 * (info.me_last_pgno + 1) * numbers.ms_psize)
        size = 2 * (info.me_last_pgno + 1) * numbers.ms_psize;
    if (size > store->map_limit_bytes)
        size = store->map_limit_bytes;
    if (size == info.me_mapsize)
        return 0;
    lmdb_code = mdb_env_set_mapsize(store->env, (size_t) size); /* never below what is in use */
    if (lmdb_code != MDB_SUCCESS)
        return explain(reason, store_code(lmdb_code), "The store cannot be mapped to memory: %s.",
                       mdb_strerror(lmdb_code));
    return 0;
}

/* Open every table; make them, with schema and group, in a directory that is new. */
static int tables_open(struct store *store, struct store_txn *txn, unsigned flags)
{
    for (int table = STORE_META; table < STORE_TABLE_END; table++) {
        int lmdb_code = mdb_dbi_open(txn->txn, TABLE_NAMES[table], flags, &store->tables[table]);

        if (lmdb_code != MDB_SUCCESS)
            return txn_fail(txn, store_code(lmdb_code));
    }
    return 0;
}

static bool is_new(struct store_txn *txn)
{
    MDB_dbi unnamed;
    MDB_stat numbers;

    return mdb_dbi_open(txn->txn, NULL, 0, &unnamed) == MDB_SUCCESS &&
           mdb_stat(txn->txn, unnamed, &numbers) == MDB_SUCCESS && numbers.ms_entries == 0;
}

static int schema_create(struct store *store, const uint8_t *group, char reason[STORE_REASON_MAX])
{
    struct store_txn *txn;
    uint8_t version[4];
    int code = store_begin_write(store, &txn);

    if (code == 0) {
        put_u32(version, STORE_SCHEMA_VERSION);
        tables_open(store, txn, MDB_CREATE);
        table_put(txn, STORE_META, SCHEMA_KEY, BYTES(version, sizeof(version)));
        table_put(txn, STORE_META, GROUP_KEY, BYTES(group, GROUP_ID_SIZE));
        code = keys_create(txn, reason);
        if (code != 0) {
            store_abort(&txn);
            return code;
        }
        code = store_commit(&txn);
    }
    if (code == ERR_DISK_FULL)
        return explain(reason, code, "The disk of the data directory is full: make room on it.");
    if (code != 0)
        return explain(reason, code, "A new store cannot be written: %s", error_sentence(code));
    return 0;
}

/* A worker that does not know what is in the record could not go on from it. */
static int level_check(struct store_txn *txn, const char *directory, char reason[STORE_REASON_MAX])
{
    uint32_t level;

    if (store_level(txn, &level) != 0)
        return explain(reason, ERR_CORRUPT, "The store in %s is damaged: restore it from an export.",
                       directory);
    if (level > FORMAT_LEVEL)
        return explain(reason, ERR_STORE_VERSION,
                       "The store in %s has events of format level %" PRIu32
                       ", this worker knows levels up to %d: use the version that wrote it, or a later one.",
                       directory, level, FORMAT_LEVEL);
    return 0;
}

/* Only meta is open so far: the other tables may be another version's. */
static int schema_check(struct store_txn *txn, const char *directory, const uint8_t *group,
                        char reason[STORE_REASON_MAX])
{
    struct bytes value;
    int code = table_get(txn, STORE_META, SCHEMA_KEY, &value);

    if (code != 0 || value.size != 4)
        return explain(reason, ERR_CORRUPT, "The store in %s is damaged: restore it from an export.",
                       directory);
    if (get_u32(value.data) != STORE_SCHEMA_VERSION)
        return explain(reason, ERR_STORE_VERSION,
                       "The store in %s has schema %" PRIu32
                       ", this worker reads and writes schema %d: use the "
                       "version that wrote it, or export there and restore here.",
                       directory, get_u32(value.data), STORE_SCHEMA_VERSION);
    code = table_get(txn, STORE_META, GROUP_KEY, &value);
    if (code != 0 || value.size != GROUP_ID_SIZE)
        return explain(reason, ERR_CORRUPT, "The store in %s is damaged: restore it from an export.",
                       directory);
    if (memcmp(value.data, group, GROUP_ID_SIZE) != 0)
        return explain(
            reason, ERR_CONFIG,
            "The store in %s belongs to another group: give this worker its own directory, or the group "
            "key with which this one was made.",
            directory);
    return 0;
}

static int schema_open(struct store *store, const char *directory, const uint8_t *group, bool *ret_is_new,
                       char reason[STORE_REASON_MAX])
{
    struct store_txn *txn;
    int code = store_begin_read(store, &txn);
    int lmdb_code;

    if (code != 0)
        return explain(reason, code, "The store in %s cannot be read: %s", directory, error_sentence(code));
    lmdb_code = mdb_dbi_open(txn->txn, TABLE_NAMES[STORE_META], 0, &store->tables[STORE_META]);
    *ret_is_new = lmdb_code == MDB_NOTFOUND && is_new(txn);
    if (lmdb_code == MDB_NOTFOUND && !*ret_is_new)
        code = explain(reason, ERR_STORE_VERSION,
                       "%s/data.mdb was not written by comity: name another directory.", directory);
    else if (lmdb_code != MDB_SUCCESS && lmdb_code != MDB_NOTFOUND)
        code = explain(reason, store_code(lmdb_code),
                       "The store in %s is damaged: restore it from an export.", directory);
    else if (!*ret_is_new)
        code = schema_check(txn, directory, group, reason);
    if (code == 0 && !*ret_is_new)
        code = level_check(txn, directory, reason);
    if (code == 0 && !*ret_is_new && tables_open(store, txn, 0) != 0)
        code = explain(reason, ERR_CORRUPT, "The store in %s lacks a table: restore it from an export.",
                       directory);
    /* Committed rather than aborted, so that the handles stay. */
    mdb_txn_commit(txn->txn);
    txn->txn = NULL;
    store_abort(&txn);
    return code;
}

static int schema_ready(struct store *store, const struct store_options *options,
                        char reason[STORE_REASON_MAX])
{
    bool is_new_store = false;
    int code = schema_open(store, options->directory, options->group, &is_new_store, reason);

    if (code == 0 && is_new_store && store->is_read_only)
        code = explain(reason, ERR_FILE, "There is no store in %s.", options->directory);
    else if (code == 0 && is_new_store) {
        store->mark = 0; /* it was another's */
        code = schema_create(store, options->group, reason);
    }
    return code == 0 ? keys_open(store, reason) : code;
}

/* It is as the last commit left it. */
static int last_check(struct store *store, const char *directory, char reason[STORE_REASON_MAX])
{
    struct store_txn *txn = NULL;
    MDB_envinfo info;
    int code = store_begin_read(store, &txn);

    store_abort(&txn);
    if (code == ERR_CORRUPT)
        return explain(reason, code, "The store in %s is damaged: restore it from an export.", directory);
    if (code != 0)
        return explain(reason, code, "The store in %s cannot be read: %s", directory, error_sentence(code));
    mdb_env_info(store->env, &info);
    if (info.me_last_txnid < store->mark)
        return explain(reason, ERR_CORRUPT,
                       "The store in %s is older than what this worker wrote there: it was damaged, or put back from a "
                       "copy. Restore it from an export, so that what is lost is on record.",
                       directory);
    mark_write(store->lock_descriptor, info.me_last_txnid);
    return 0;
}

int store_open(const struct store_options *options, struct store **ret_store, char reason[STORE_REASON_MAX])
{
    struct store *store = calloc(1, sizeof(*store));
    int code;

    if (store == NULL)
        return explain(reason, ERR_MEMORY, "Not enough memory.");
    store->lock_descriptor = -1;
    store->is_read_only = options->is_read_only;
    store->map_limit_bytes = options->map_limit_bytes;
    pthread_mutex_init(&store->mutex, NULL);
    pthread_cond_init(&store->changed, NULL);
    if (asprintf(&store->keys_path, "%s/keys", options->directory) < 0)
        store->keys_path = NULL;

    code = store->keys_path == NULL ? explain(reason, ERR_MEMORY, "Not enough memory.") : 0;
    if (code == 0)
        code = directory_check(options->directory, store->is_read_only, reason);
    if (code == 0)
        code = file_check(options->directory, "data.mdb", reason);
    if (code == 0)
        code = file_check(options->directory, "keys", reason);
    if (code == 0 && !store->is_read_only)
        code = lock_take(store, options->directory, reason);
    else if (code == 0)
        mark_look(store, options->directory);
    if (code == 0)
        code = environment_open(store, options->directory, reason);
    if (code == 0)
        code = map_fit(store, reason);
    if (code == 0)
        file_fill_up(store);
    if (code == 0)
        code = schema_ready(store, options, reason);
    if (code == 0)
        code = last_check(store, options->directory, reason);
    if (code != 0) {
        store_close(&store);
        return code;
    }
    *ret_store = store;
    return 0;
}

void store_close(struct store **store)
{
    if (*store == NULL)
        return;
    if ((*store)->env != NULL)
        mdb_env_close((*store)->env);
    if ((*store)->lock_descriptor >= 0)
        close((*store)->lock_descriptor);
    masters_release(*store);
    pthread_cond_destroy(&(*store)->changed);
    pthread_mutex_destroy(&(*store)->mutex);
    free(*store);
    *store = NULL;
}

uint64_t store_erasures(const struct store *store)
{
    return atomic_load(&store->erasures);
}

void store_check_readers(struct store *store)
{
    int dead;

    mdb_reader_check(store->env, &dead);
}

void store_usage(struct store *store, uint64_t *ret_used_bytes, uint64_t *ret_limit_bytes)
{
    MDB_envinfo info;
    MDB_stat numbers;

    pthread_mutex_lock(&store->mutex);
    mdb_env_info(store->env, &info);
    mdb_env_stat(store->env, &numbers);
    *ret_limit_bytes = store->map_limit_bytes;
    pthread_mutex_unlock(&store->mutex);
    *ret_used_bytes = (uint64_t) (info.me_last_pgno + 1) * numbers.ms_psize;
}

/* Small named values. */

enum { META_VALUE_MAX = 1024 };

int store_meta_get(struct store_txn *txn, const char *name, struct arena *arena, struct bytes *ret_value)
{
    struct bytes value;
    int code = table_get(txn, STORE_META, BYTES(name, strlen(name)), &value);

    if (code != 0)
        return code;
    value = arena_bytes(arena, value);
    if (arena_is_exhausted(arena))
        return ERR_MEMORY;
    *ret_value = value;
    return 0;
}

int store_meta_put(struct store_txn *txn, const char *name, struct bytes value)
{
    if (value.size > META_VALUE_MAX)
        return txn_fail(txn, ERR_INTERNAL);
    return table_put(txn, STORE_META, BYTES(name, strlen(name)), value);
}

static int term_raise(struct store_txn *txn, uint64_t *ret_term)
{
    struct bytes value;
    uint8_t next[8];
    uint64_t term = 0;
    int code = table_get(txn, STORE_META, TERM_KEY, &value);

    if (code == 0 && value.size == sizeof(next))
        term = get_u64(value.data);
    put_u64(next, term + 1);
    table_put(txn, STORE_META, TERM_KEY, BYTES(next, sizeof(next)));
    *ret_term = term + 1;
    return store_error(txn);
}

int store_take_term(struct store *store, uint64_t *ret_term)
{
    struct store_txn *txn;
    uint64_t term;
    int code;

    do {
        code = store_begin_write(store, &txn);
        if (code != 0)
            return code;
        term_raise(txn, &term);
        code = store_commit(&txn);
    } while (code == ERR_STORE_FULL && store_grow(store) == 0);
    if (code == 0)
        *ret_term = term;
    return code;
}
