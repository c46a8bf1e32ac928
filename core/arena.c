#include "core/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Under AddressSanitizer what was not handed out is poisoned, with a gap after every piece: one block of many
 * pieces would otherwise hide an overrun. */
#if defined(__SANITIZE_ADDRESS__)
#define ARENA_POISONS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISONS 1
#endif
#endif
#ifdef ARENA_POISONS
#include <sanitizer/asan_interface.h>
#define POISON(pointer, size) ASAN_POISON_MEMORY_REGION(pointer, size)
#define UNPOISON(pointer, size) ASAN_UNPOISON_MEMORY_REGION(pointer, size)
enum { GAP = 16 };
#else
#define POISON(pointer, size) ((void) (pointer))
#define UNPOISON(pointer, size) ((void) (pointer))
enum { GAP = 0 };
#endif

enum {
    ALIGNMENT = _Alignof(max_align_t),
    FIRST_BLOCK_BYTES = 8 * 1024,
    LARGEST_BLOCK_BYTES = 256 * 1024,
};

struct block {
    struct block *next;
    size_t size;
    size_t used;
    _Alignas(ALIGNMENT) uint8_t data[];
};

struct arena {
    ProtobufCAllocator allocator;
    size_t limit_bytes;
    size_t used_bytes;
    bool is_exhausted;
    struct block *first; /* kept by arena_reset */
    struct block *current;
};

static void *allocator_alloc(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void allocator_free(void *arena, void *pointer)
{
    (void) arena;
    (void) pointer;
}

static struct block *block_new(size_t size)
{
    struct block *block = malloc(sizeof(*block) + size);
    if (!block)
        return NULL;
    block->next = NULL;
    block->size = size;
    block->used = 0;
    POISON(block->data, size);
    return block;
}

static void blocks_free(struct block *block)
{
    while (block) {
        struct block *next = block->next;
        UNPOISON(block->data, block->size);
        free(block);
        block = next;
    }
}

struct arena *arena_new(size_t limit_bytes)
{
    struct arena *arena = calloc(1, sizeof(*arena));
    if (!arena)
        return NULL;
    arena->allocator.alloc = allocator_alloc;
    arena->allocator.free = allocator_free;
    arena->allocator.allocator_data = arena;
    arena->limit_bytes = limit_bytes;
    return arena;
}

void arena_destroy(struct arena **arena)
{
    if (!arena || !*arena)
        return;
    blocks_free((*arena)->first);
    free(*arena);
    *arena = NULL;
}

void arena_wipe(struct arena *arena)
{
    for (struct block *block = arena->first; block; block = block->next) {
        UNPOISON(block->data, block->used);
        explicit_bzero(block->data, block->used);
    }
}

void arena_reset(struct arena *arena)
{
    arena->used_bytes = 0;
    arena->is_exhausted = false;
    arena->current = arena->first;
    if (!arena->first)
        return;
    blocks_free(arena->first->next);
    arena->first->next = NULL;
    arena->first->used = 0;
    POISON(arena->first->data, arena->first->size);
}

/* A block with room for @need bytes becomes the current one. */
static bool arena_extend(struct arena *arena, size_t need)
{
    size_t size = FIRST_BLOCK_BYTES;
    if (arena->current) {
        size = arena->current->size * 2;
        if (size > LARGEST_BLOCK_BYTES)
            size = LARGEST_BLOCK_BYTES;
    }
    if (size < need)
        size = need;
    struct block *block = block_new(size);
    if (!block)
        return false;
    if (arena->current)
        arena->current->next = block;
    else
        arena->first = block;
    arena->current = block;
    return true;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    size_t left = arena->limit_bytes - arena->used_bytes;
    if (size == 0)
        size = 1; /* an address of its own, and a share of the limit */
    if (size > left || size > SIZE_MAX / 2) {
        arena->is_exhausted = true;
        return NULL;
    }
    size_t step = (size + GAP + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct block *block = arena->current;
    if (!block || block->size - block->used < step) {
        if (!arena_extend(arena, step)) {
            arena->is_exhausted = true;
            return NULL;
        }
        block = arena->current;
    }
    uint8_t *piece = block->data + block->used;
    block->used += step;
    arena->used_bytes += step < left ? step : left;
    UNPOISON(piece, size);
    memset(piece, 0, size);
    return piece;
}

void *arena_copy(struct arena *arena, const void *data, size_t size)
{
    void *copy = arena_alloc(arena, size);
    if (copy && size > 0)
        memcpy(copy, data, size);
    return copy;
}

void *arena_room(struct arena *arena, void *list, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return list;
    size_t larger_room = *room == 0 ? 16 : 2 * *room;
    void *larger = arena_alloc(arena, larger_room * size);
    if (!larger)
        return NULL;
    if (count > 0)
        memcpy(larger, list, count * size);
    *room = larger_room;
    return larger;
}

char *arena_string(struct arena *arena, const char *text)
{
    return arena_copy(arena, text, strlen(text) + 1);
}

struct bytes arena_bytes(struct arena *arena, struct bytes bytes)
{
    if (bytes.size == 0)
        return BYTES(NULL, 0);
    uint8_t *copy = arena_copy(arena, bytes.data, bytes.size);
    return copy ? BYTES(copy, bytes.size) : BYTES(NULL, 0);
}

char *arena_vprintf(struct arena *arena, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0)
        return NULL;
    size_t size = (size_t) length + 1;
    char *text = arena_alloc(arena, size);
    if (text)
        vsnprintf(text, size, format, arguments);
    return text;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = arena_vprintf(arena, format, arguments);
    va_end(arguments);
    return text;
}

bool arena_is_exhausted(const struct arena *arena)
{
    return arena->is_exhausted;
}

size_t arena_used(const struct arena *arena)
{
    return arena->used_bytes;
}

ProtobufCAllocator *arena_allocator(struct arena *arena)
{
    return &arena->allocator;
}
