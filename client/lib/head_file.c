#include "client/lib/head_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "client/lib/journal_file.h"
#include "comity/v1/link.pb-c.h"
#include "core/arena.h"
#include "core/error.h"
#include "core/message.h"
#include "core/text.h"

static const char NAME[] = "checkpoint";

enum { EVIDENCE_ARENA_BYTES = 256 * 1024, RECEIPT_ARENA_BYTES = 8 * 1024 * 1024, HASH_BASE64 = 45 };

static int head_get(int directory, const struct head_place *place, struct head *ret_head)
{
    struct bytes note;
    int64_t kept_ns;
    if (faccessat(directory, NAME, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? ERR_NOT_FOUND : ERR_FILE;
    int code = journal_file_get(directory, NAME, &note, &kept_ns);
    if (code != 0)
        return code;
    code = head_check(note, place->history, place->log_keys, place->key_count, ret_head);
    free((uint8_t *) note.data);
    return code;
}

int head_load(const struct head_place *place, struct head *ret_head)
{
    CLEANUP(journal_fd_close) int fd = -1;
    int code = journal_history_open(place->journal, place->history, false, &fd);
    if (code == ERR_FILE && errno == ENOENT)
        return ERR_NOT_FOUND;
    return code != 0 ? code : head_get(fd, place, ret_head);
}

static bool is_later(const struct head *a, const struct head *b)
{
    return a->epoch > b->epoch || (a->epoch == b->epoch && a->size > b->size);
}

/* The place's directory, for this process alone until the descriptor is closed; and what is kept there. */
static int head_lock(const struct head_place *place, int *ret_fd, struct head *ret_kept)
{
    int code = journal_history_open(place->journal, place->history, true, ret_fd);
    if (code != 0)
        return code;
    return flock(*ret_fd, LOCK_EX) != 0 ? ERR_FILE : head_get(*ret_fd, place, ret_kept);
}

int head_keep(const struct head_place *place, const struct head *known, const struct head *head, struct head *ret_kept)
{
    CLEANUP(journal_fd_close) int fd = -1;
    struct head kept;
    int code = head_lock(place, &fd, &kept);
    if (fd < 0 || code == ERR_FILE || code == ERR_MEMORY)
        return code;
    if (code == 0 && head_is_same(&kept, head))
        return 0;
    if (code == 0 && !head_is_same(&kept, known) && !is_later(known, &kept)) {
        *ret_kept = kept;
        return ERR_STALE;
    }
    return journal_file_replace(fd, NAME, BYTES(head->note, head->note_size), 0);
}

int head_replace(const struct head_place *place, const struct head *known, const struct head *head)
{
    CLEANUP(journal_fd_close) int fd = -1;
    struct head kept;
    int code = head_lock(place, &fd, &kept);
    if (code == 0 && !head_is_same(&kept, known))
        code = ERR_STALE;
    return code != 0 ? code : journal_file_replace(fd, NAME, BYTES(head->note, head->note_size), 0);
}

/* ---- Receipts ---- */

static int receipt_head(int directory, const char *name, const struct head_place *place, struct arena *arena,
                        struct head *ret_head)
{
    struct bytes bytes;
    int64_t kept_ns;
    ProtobufCMessage *message = NULL;
    int code = journal_file_get(directory, name, &bytes, &kept_ns);
    if (code != 0)
        return code;
    code = message_unpack(&comity__v1__receipt__descriptor, bytes, JOURNAL_FILE_MAX_BYTES, arena, NULL, &message);
    free((uint8_t *) bytes.data);
    if (code != 0)
        return code;
    const ProtobufCBinaryData note = ((const Comity__V1__Receipt *) message)->checkpoint;
    return head_check(BYTES(note.data, note.len), place->history, place->log_keys, place->key_count, ret_head);
}

/* One that is damaged is passed over: it proves nothing. */
static int receipts_walk(int directory, const struct head_place *place, head_fits_fn *fits, const void *context,
                         struct head *best)
{
    CLEANUP(arena_destroy) struct arena *arena = arena_new(RECEIPT_ARENA_BYTES);
    int copy = arena == NULL ? -1 : dup(directory), code = 0;
    DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    struct head head;
    if (dir == NULL)
        return arena == NULL ? ERR_MEMORY : ERR_FILE;
    rewinddir(dir);
    for (struct dirent *file = readdir(dir); code != ERR_MEMORY && file != NULL; file = readdir(dir)) {
        if (strstr(file->d_name, JOURNAL_SUFFIX_RECEIPT) == NULL)
            continue;
        arena_reset(arena);
        code = receipt_head(directory, file->d_name, place, arena, &head);
        if (code == 0 && head.size > best->size && fits(&head, context))
            *best = head;
    }
    closedir(dir);
    return code == ERR_MEMORY ? code : 0;
}

int head_of_receipts(const struct head_place *place, head_fits_fn *fits, const void *context, struct head *ret_head)
{
    CLEANUP(journal_fd_close) int fd = -1;
    int code = journal_history_open(place->journal, place->history, false, &fd);
    *ret_head = (struct head){0};
    if (code == ERR_FILE && errno == ENOENT)
        return ERR_NOT_FOUND;
    if (code == 0)
        code = receipts_walk(fd, place, fits, context, ret_head);
    return code == 0 && ret_head->size == 0 ? ERR_NOT_FOUND : code;
}

/* ---- Evidence ---- */

static struct bytes evidence_write(const struct fork *fork, struct arena *arena)
{
    char hash[HASH_BASE64];
    char *text = arena_printf(
        arena, "%s\n\nThis reader had verified:\n\n%.*s\nIt was then shown%s\n\n%.*s\nwith %s\n", fork->why,
        (int) fork->head->note_size, (const char *) fork->head->note,
        fork->other.size == 0 ? " no checkpoint," : ":", (int) fork->other.size,
        fork->other.size == 0 ? "" : (const char *) fork->other.data,
        fork->count == 0 ? "no proof that joins the two." : "this proof (base64, RFC 6962 2.1.2):");
    for (size_t i = 0; text != NULL && i < fork->count; i++) {
        bool is_hash = fork->proof[i].size == HASH_SIZE;
        if (is_hash)
            sodium_bin2base64(hash, sizeof(hash), fork->proof[i].data, HASH_SIZE,
                              sodium_base64_VARIANT_ORIGINAL);
        text = arena_printf(arena, "%s%s\n", text, is_hash ? hash : "(no hash)");
    }
    return text == NULL ? BYTES(NULL, 0) : BYTES(text, strlen(text));
}

int fork_keep(const char *journal, const uint8_t history[HISTORY_ID_SIZE], const struct fork *fork,
              char ret_path[FORK_PATH_MAX])
{
    CLEANUP(journal_fd_close) int fd = -1;
    CLEANUP(arena_destroy) struct arena *arena = arena_new(EVIDENCE_ARENA_BYTES);
    char name[JOURNAL_NAME_SIZE], digits[JOURNAL_HISTORY_HEX + 1];
    struct bytes evidence = arena == NULL ? BYTES(NULL, 0) : evidence_write(fork, arena);
    if (evidence.size == 0)
        return ERR_MEMORY;
    hex_encode(BYTES(fork->other_head.root, 4), digits);
    snprintf(name, sizeof(name), "fork-%" PRIu64 "-%" PRIu64 "-%s", fork->head->size, fork->other_head.size,
             digits);
    hex_encode(BYTES(history, HISTORY_ID_SIZE), digits);
    if (snprintf(ret_path, FORK_PATH_MAX, "%s/%s/%s", journal, digits, name) >= FORK_PATH_MAX)
        return ERR_FILE;
    int code = journal_history_open(journal, history, true, &fd);
    return code != 0 ? code : journal_file_put(fd, name, evidence);
}
