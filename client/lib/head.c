#include "client/lib/head.h"

#include <stdlib.h>

#include "core/error.h"
#include "core/text.h"
#include "core/tree.h"

enum { EPOCH_DIGITS_MAX = 10 };

/* The number at the end of "comity/<history>/<epoch>"; 0: the origin is not of this history. */
static uint32_t origin_epoch(const char *origin, const uint8_t history[HISTORY_ID_SIZE])
{
    char expected[ORIGIN_MAX_BYTES + 1];
    const char *digits = strrchr(origin, '/');
    if (digits == NULL || strlen(digits + 1) > EPOCH_DIGITS_MAX)
        return 0;
    unsigned long long epoch = strtoull(digits + 1, NULL, 10);
    if (epoch > UINT32_MAX)
        return 0;
    checkpoint_origin(history, (uint32_t) epoch, expected);
    return strcmp(origin, expected) == 0 ? (uint32_t) epoch : 0;
}

static int head_take(const struct checkpoint *checkpoint, struct bytes note,
                     const uint8_t history[HISTORY_ID_SIZE], struct head *ret_head)
{
    struct head head = {.epoch = origin_epoch(checkpoint->origin, history), .size = checkpoint->size};
    if (head.epoch == 0 || head.size == 0 || note.size > sizeof(head.note))
        return ERR_MALFORMED;
    memcpy(head.root, checkpoint->root, HASH_SIZE);
    memcpy(head.note, note.data, note.size);
    head.note_size = note.size;
    *ret_head = head;
    return 0;
}

int head_read(struct bytes note, const uint8_t history[HISTORY_ID_SIZE], struct head *ret_head)
{
    struct checkpoint checkpoint;
    for (size_t i = 1; i < note.size; i++)
        if (note.data[i - 1] == '\n' && note.data[i] == '\n') {
            int code = checkpoint_read(BYTES(note.data, i), &checkpoint);
            return code != 0 ? code : head_take(&checkpoint, note, history, ret_head);
        }
    return ERR_MALFORMED;
}

int head_open(struct bytes note, const uint8_t history[HISTORY_ID_SIZE], const uint8_t (*log_keys)[KEY_SIZE],
              size_t key_count, struct head *ret_head)
{
    int code = ERR_SIGNATURE;
    for (size_t i = 0; i < key_count; i++) {
        struct checkpoint checkpoint;
        code = checkpoint_open(note, log_keys[i], &checkpoint);
        if (code == 0)
            return head_take(&checkpoint, note, history, ret_head);
        if (code != ERR_SIGNATURE)
            return code;
    }
    return code;
}

int head_check(struct bytes note, const uint8_t history[HISTORY_ID_SIZE], const uint8_t (*log_keys)[KEY_SIZE],
               size_t key_count, struct head *ret_head)
{
    struct head head;
    char origin[ORIGIN_MAX_BYTES + 1];
    uint32_t key_id;
    if (head_open(note, history, log_keys, key_count, ret_head) == 0)
        return 0;
    if (head_read(note, history, &head) != 0 || checkpoint_key_id(note, &key_id) != 0)
        return ERR_CORRUPT;
    checkpoint_origin(history, head.epoch, origin);
    for (size_t i = 0; i < key_count; i++) {
        struct note_verifier verifier;
        if (note_verifier_make(origin, NOTE_SIGNATURE, log_keys[i], &verifier) != 0 || verifier.key_id == key_id)
            return ERR_CORRUPT;
    }
    *ret_head = head;
    return 0;
}

bool head_is_same(const struct head *a, const struct head *b)
{
    return a->epoch == b->epoch && a->size == b->size && memcmp(a->root, b->root, HASH_SIZE) == 0;
}

int head_extends(const struct head *earlier, const struct head *later, const struct bytes *proof,
                 size_t count)
{
    int code = tree_consistency_check(earlier->size, later->size, proof, count,
                                      BYTES(earlier->root, HASH_SIZE), BYTES(later->root, HASH_SIZE));
    return code == 0 ? 0 : ERR_FORKED;
}
