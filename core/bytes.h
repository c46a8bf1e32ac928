/* Small things that every file uses: a view of bytes, sizes of ids, cleanup. */
#ifndef COMITY_CORE_BYTES_H
#define COMITY_CORE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes that somebody else owns. {NULL, 0} is empty. */
struct bytes {
    const uint8_t *data;
    size_t size;
};

#define BYTES(pointer, length) ((struct bytes){ (const uint8_t *) (pointer), (length) })

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

enum {
    HASH_SIZE = 32,        /* SHA-256 */
    HISTORY_ID_SIZE = 32,  /* SHA-256 of the founding command's signed bytes */
    COMMAND_ID_SIZE = 16,  /* first bytes of SHA-256 of the signed bytes */
    GROUP_ID_SIZE = 16,    /* first bytes of SHA-256 of the group's X25519 public key */
    KEY_SIZE = 32,         /* Ed25519 or X25519 public key */
    SALT_SIZE = 16,
    NONCE_SIZE = 16,       /* of a command */
    BATCH_ID_SIZE = 16,    /* random, of an entry of the log */
};

/* CLEANUP(x_destroy) struct x *x = NULL; : x_destroy(&x) runs when x goes out of scope. */
#define CLEANUP(function) __attribute__((cleanup(function)))

#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Big-endian integers at a place in a buffer. */
static inline void put_u16(uint8_t *at, uint16_t v) { at[0] = (uint8_t) (v >> 8); at[1] = (uint8_t) v; }
static inline void put_u32(uint8_t *at, uint32_t v) { put_u16(at, (uint16_t) (v >> 16)); put_u16(at + 2, (uint16_t) v); }
static inline void put_u64(uint8_t *at, uint64_t v) { put_u32(at, (uint32_t) (v >> 32)); put_u32(at + 4, (uint32_t) v); }
static inline uint16_t get_u16(const uint8_t *at) { return (uint16_t) ((uint16_t) (at[0] << 8) | at[1]); }
static inline uint32_t get_u32(const uint8_t *at) { return ((uint32_t) get_u16(at) << 16) | get_u16(at + 2); }
static inline uint64_t get_u64(const uint8_t *at) { return ((uint64_t) get_u32(at) << 32) | get_u32(at + 4); }

#endif
