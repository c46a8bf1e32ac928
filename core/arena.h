/* Memory for one command, one message or one query: given out piece by piece, dropped whole.
 *
 * An arena has a limit, so that no input makes it grow without end: past it arena_alloc returns NULL and
 * arena_is_exhausted says so. It also serves as the allocator of protobuf-c, so that an unpacked message
 * lives in the arena and is never freed by itself. Not thread-safe: one owner at a time. */
#ifndef COMITY_CORE_ARENA_H
#define COMITY_CORE_ARENA_H

#include <protobuf-c/protobuf-c.h>
#include <stdarg.h>

#include "core/bytes.h"

struct arena;

enum { ARENA_LIMIT_DEFAULT = 16 * 1024 * 1024 };

/* NULL where memory is out. @limit_bytes: what it may hand out in all. */
struct arena *arena_new(size_t limit_bytes);
void arena_destroy(struct arena **arena);

/* Drop everything that was handed out; keeps the first block for the next use. */
void arena_reset(struct arena *arena);

/* Overwrite everything that was handed out, where a secret went through it; what is there may be used no more. */
void arena_wipe(struct arena *arena);

/* Zeroed memory, aligned for any type; NULL past the limit or where memory is out. */
void *arena_alloc(struct arena *arena, size_t size);
/* A list that grows at its end, of @count elements of @size bytes, with room for one more: itself, or a larger copy where
 * *room is used up, which is doubled then. Starts as NULL, 0, 0. NULL as arena_alloc. */
void *arena_room(struct arena *arena, void *list, size_t count, size_t *room, size_t size);
void *arena_copy(struct arena *arena, const void *data, size_t size);
char *arena_string(struct arena *arena, const char *text);
struct bytes arena_bytes(struct arena *arena, struct bytes bytes);   /* {NULL,0} on failure of a non-empty copy */
char *arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *arena, const char *format, va_list arguments);

bool arena_is_exhausted(const struct arena *arena);
size_t arena_used(const struct arena *arena);

/* protobuf-c's allocator over this arena; its free does nothing. */
ProtobufCAllocator *arena_allocator(struct arena *arena);

#endif
