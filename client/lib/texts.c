#include "client/lib/texts.h"

#include <sodium.h>
#include <stdlib.h>

#include "core/arena.h"
#include "core/error.h"
#include "core/key.h"
#include "core/text.h"

enum { TEXTS_ARENA_BYTES = 64 * 1024 * 1024 };

struct text_entry {
    struct text_entry *next;
    Comity__V1__TextRef reference;
    Comity__V1__Text text;
    uint8_t hash[HASH_SIZE];
    uint8_t salt[SALT_SIZE];
};

struct comity_texts {
    struct arena *arena;
    struct text_entry *first;
};

struct comity_texts *comity_texts_new(void)
{
    if (key_init() != 0)
        return NULL;
    struct comity_texts *texts = calloc(1, sizeof(*texts));
    if (texts == NULL)
        return NULL;
    texts->arena = arena_new(TEXTS_ARENA_BYTES);
    if (texts->arena == NULL)
        comity_texts_destroy(&texts);
    return texts;
}

void comity_texts_destroy(struct comity_texts **texts)
{
    if (texts == NULL || *texts == NULL)
        return;
    arena_destroy(&(*texts)->arena);
    free(*texts);
    *texts = NULL;
}

int comity_texts_add(struct comity_texts *texts, const char *prose, size_t size,
                     Comity__V1__TextRef **ret_reference)
{
    uint8_t salt[SALT_SIZE];

    randombytes_buf(salt, sizeof(salt));
    return comity_texts_add_again(texts, prose, size, salt, ret_reference);
}

int comity_texts_add_again(struct comity_texts *texts, const char *prose, size_t size, const uint8_t *salt,
                           Comity__V1__TextRef **ret_reference)
{
    if (size > TEXT_MAX_BYTES)
        return ERR_RANGE;
    if (!utf8_is_valid(BYTES(prose, size)))
        return ERR_UTF8;
    struct text_entry *entry = arena_alloc(texts->arena, sizeof(*entry));
    uint8_t *content = arena_copy(texts->arena, prose, size);
    if (entry == NULL || content == NULL)
        return ERR_MEMORY;
    memcpy(entry->salt, salt, sizeof(entry->salt));
    text_hash(entry->salt, BYTES(content, size), entry->hash);
    comity__v1__text__init(&entry->text);
    entry->text.salt = (ProtobufCBinaryData){sizeof(entry->salt), entry->salt};
    entry->text.content = (ProtobufCBinaryData){size, content};
    comity__v1__text_ref__init(&entry->reference);
    entry->reference.hash = (ProtobufCBinaryData){sizeof(entry->hash), entry->hash};
    entry->reference.size = (uint32_t) size;
    entry->next = texts->first;
    texts->first = entry;
    *ret_reference = &entry->reference;
    return 0;
}

const Comity__V1__Text *texts_find(const struct comity_texts *texts, ProtobufCBinaryData hash)
{
    if (texts == NULL)
        return NULL;
    for (const struct text_entry *entry = texts->first; entry != NULL; entry = entry->next)
        if (bytes_equal(BYTES(entry->hash, HASH_SIZE), BYTES(hash.data, hash.len)))
            return &entry->text;
    return NULL;
}
