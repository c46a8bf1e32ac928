#include "worker/log/sealed.h"

#include <sodium.h>

#include "core/error.h"
#include "core/text.h"

#define TAG_LOG_SEAL "comity/v1/log-seal"
#define TAG_LOG_CHAIN "comity/v1/log-chain"

static const uint8_t ENTRY_MAGIC[4] = {'C', 'M', 'L', 'G'}, META_MAGIC[4] = {'C', 'M', 'L', 'M'};

/* Where things stand. */
enum {
    AT_FORMAT = 4,
    ENTRY_AT_NUMBER = 8,
    ENTRY_AT_TERM = 16,
    ENTRY_AT_TIME = 24,
    ENTRY_AT_ID = 32,
    ENTRY_AT_LEVEL = 48,
    ENTRY_AT_TOTAL = 52,
    ENTRY_AT_HASH = 60,
    PLACE_AT_LEVEL = 16,
    PLACE_AT_HASH = 20,
    META_AT_GROUP = 8,
    META_AT_CLUSTER = 24,
    META_AT_BASE = 32,
    LEADER_AT_BEATS = 16,
    LEADER_AT_NAME = 24,
    SEAT_AT_LEVEL = 16,
    SEAT_AT_PLACE = 20,
    SEAT_AT_STATE = SEAT_AT_PLACE + PLACE_SIZE,
    SEAT_AT_HASH = SEAT_AT_STATE + 8,
    SEAT_AT_TIME = SEAT_AT_HASH + HASH_SIZE,
    SEAT_AT_REFUSED = SEAT_AT_TIME + 8,
    SEAL_RANDOM_SIZE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    SEAL_ADDED_SIZE = crypto_aead_xchacha20poly1305_ietf_ABYTES,
};
_Static_assert(LOG_OVERHEAD == LOG_HEADER_SIZE + SEAL_RANDOM_SIZE + SEAL_ADDED_SIZE, "entry");
_Static_assert(ENTRY_AT_HASH + HASH_SIZE == LOG_HEADER_SIZE, "header");
_Static_assert(PLACE_AT_HASH + HASH_SIZE == PLACE_SIZE, "place");
_Static_assert((int) SEAT_AT_TIME == (int) SEAT_SIZE_BEFORE && SEAT_AT_REFUSED + 8 == SEAT_SIZE, "seat");
_Static_assert(LOG_KEY_SIZE == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key");

void sealed_key_derive(const uint8_t group_secret[CONNECTION_SECRET_SIZE], uint8_t ret_key[LOG_KEY_SIZE])
{
    crypto_generichash(ret_key, LOG_KEY_SIZE, (const uint8_t *) TAG_LOG_SEAL, sizeof(TAG_LOG_SEAL),
                       group_secret, CONNECTION_SECRET_SIZE);
}

int sealed_make(const uint8_t key[LOG_KEY_SIZE], const struct sealed_header *header, struct bytes body,
                struct arena *arena, struct bytes *ret_value)
{
    if (body.size > ORDER_BODY_MAX_BYTES)
        return ERR_TOO_LARGE;
    uint8_t *value = arena_alloc(arena, LOG_OVERHEAD + body.size);
    if (!value)
        return ERR_MEMORY;
    memcpy(value, ENTRY_MAGIC, sizeof(ENTRY_MAGIC));
    put_u32(value + AT_FORMAT, LOG_FORMAT);
    put_u64(value + ENTRY_AT_NUMBER, header->before.number + 1);
    put_u64(value + ENTRY_AT_TERM, header->term);
    put_u64(value + ENTRY_AT_TIME, (uint64_t) header->time_ms);
    memcpy(value + ENTRY_AT_ID, header->id, BATCH_ID_SIZE);
    put_u32(value + ENTRY_AT_LEVEL, header->level);
    put_u64(value + ENTRY_AT_TOTAL, header->before.total);
    memcpy(value + ENTRY_AT_HASH, header->before.hash, HASH_SIZE);
    uint8_t *random = value + LOG_HEADER_SIZE;
    randombytes_buf(random, SEAL_RANDOM_SIZE);
    crypto_aead_xchacha20poly1305_ietf_encrypt(random + SEAL_RANDOM_SIZE, NULL, body.data, body.size, value,
                                               LOG_HEADER_SIZE, NULL, random, key);
    *ret_value = BYTES(value, LOG_OVERHEAD + body.size);
    return 0;
}

int sealed_read(struct bytes value, struct sealed_header *ret_header)
{
    if (value.size < AT_FORMAT + 4 || memcmp(value.data, ENTRY_MAGIC, sizeof(ENTRY_MAGIC)) != 0)
        return ERR_MALFORMED;
    if (get_u32(value.data + AT_FORMAT) != LOG_FORMAT)
        return ERR_VERSION;
    if (value.size < LOG_OVERHEAD || value.size > LOG_VALUE_MAX_BYTES ||
        get_u64(value.data + ENTRY_AT_NUMBER) == 0)
        return ERR_MALFORMED;
    struct sealed_header header = {
        .term = get_u64(value.data + ENTRY_AT_TERM),
        .time_ms = (int64_t) get_u64(value.data + ENTRY_AT_TIME),
        .level = get_u32(value.data + ENTRY_AT_LEVEL),
        .before = {.number = get_u64(value.data + ENTRY_AT_NUMBER) - 1,
                   .total = get_u64(value.data + ENTRY_AT_TOTAL)},
    };
    memcpy(header.id, value.data + ENTRY_AT_ID, BATCH_ID_SIZE);
    memcpy(header.before.hash, value.data + ENTRY_AT_HASH, HASH_SIZE);
    *ret_header = header;
    return 0;
}

int sealed_open(const uint8_t key[LOG_KEY_SIZE], struct bytes value, const struct order_place *before,
                struct arena *arena, struct order_entry *ret_entry)
{
    struct sealed_header header;
    int code = sealed_read(value, &header);
    if (code)
        return code;
    if (!sealed_goes_on(&header, before))
        return ERR_CORRUPT;
    const uint8_t *random = value.data + LOG_HEADER_SIZE, *cipher = random + SEAL_RANDOM_SIZE;
    size_t cipher_size = value.size - LOG_HEADER_SIZE - SEAL_RANDOM_SIZE;
    uint8_t *body = arena_alloc(arena, cipher_size);
    unsigned long long size;
    if (!body)
        return ERR_MEMORY;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(body, &size, NULL, cipher, cipher_size, value.data,
                                                   LOG_HEADER_SIZE, random, key) != 0)
        return ERR_SEAL;
    *ret_entry = (struct order_entry){
        .place = place_behind(before, value),
        .term = header.term,
        .batch = {.number = before->number + 1,
                  .time_ms = header.time_ms,
                  .level = header.level,
                  .body = BYTES(body, (size_t) size)},
    };
    memcpy(ret_entry->batch.id, header.id, BATCH_ID_SIZE);
    return 0;
}

struct order_place place_behind(const struct order_place *before, struct bytes value)
{
    struct order_place place = {.number = before->number + 1,
                                .total = before->total + value.size,
                                .level =
                                    value.size < LOG_HEADER_SIZE ? 0 : get_u32(value.data + ENTRY_AT_LEVEL)};
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, (const uint8_t *) TAG_LOG_CHAIN, sizeof(TAG_LOG_CHAIN));
    crypto_hash_sha256_update(&state, before->hash, HASH_SIZE);
    crypto_hash_sha256_update(&state, value.data, value.size);
    crypto_hash_sha256_final(&state, place.hash);
    return place;
}

bool sealed_goes_on(const struct sealed_header *header, const struct order_place *place)
{
    struct order_place before = header->before;
    before.level = place->level;
    return place_equal(&before, place);
}

bool place_equal(const struct order_place *a, const struct order_place *b)
{
    return a->number == b->number && a->total == b->total && a->level == b->level &&
           memcmp(a->hash, b->hash, HASH_SIZE) == 0;
}

void place_write(const struct order_place *place, uint8_t ret_value[PLACE_SIZE])
{
    put_u64(ret_value, place->number);
    put_u64(ret_value + 8, place->total);
    put_u32(ret_value + PLACE_AT_LEVEL, place->level);
    memcpy(ret_value + PLACE_AT_HASH, place->hash, HASH_SIZE);
}

int place_read(struct bytes value, struct order_place *ret_place)
{
    if (value.size != PLACE_SIZE)
        return ERR_MALFORMED;
    *ret_place = (struct order_place){.number = get_u64(value.data),
                                      .total = get_u64(value.data + 8),
                                      .level = get_u32(value.data + PLACE_AT_LEVEL)};
    memcpy(ret_place->hash, value.data + PLACE_AT_HASH, HASH_SIZE);
    return 0;
}

void meta_write(const struct log_meta *meta, uint8_t ret_value[META_SIZE])
{
    memcpy(ret_value, META_MAGIC, sizeof(META_MAGIC));
    put_u32(ret_value + AT_FORMAT, LOG_FORMAT);
    memcpy(ret_value + META_AT_GROUP, meta->group, GROUP_ID_SIZE);
    put_u64(ret_value + META_AT_CLUSTER, meta->cluster);
    place_write(&meta->base, ret_value + META_AT_BASE);
}

int meta_read(struct bytes value, struct log_meta *ret_meta)
{
    if (value.size < AT_FORMAT + 4 || memcmp(value.data, META_MAGIC, sizeof(META_MAGIC)) != 0)
        return ERR_MALFORMED;
    if (get_u32(value.data + AT_FORMAT) != LOG_FORMAT)
        return ERR_VERSION;
    if (value.size < META_SIZE)
        return ERR_MALFORMED;
    memcpy(ret_meta->group, value.data + META_AT_GROUP, GROUP_ID_SIZE);
    ret_meta->cluster = get_u64(value.data + META_AT_CLUSTER);
    return place_read(BYTES(value.data + META_AT_BASE, PLACE_SIZE), &ret_meta->base);
}

size_t leader_write(const struct log_leader *leader, uint8_t ret_value[LEADER_SIZE_MAX])
{
    size_t size = strnlen(leader->name, LOG_NAME_MAX);
    memcpy(ret_value, leader->nonce, LOG_NONCE_SIZE);
    put_u64(ret_value + LEADER_AT_BEATS, leader->beats);
    memcpy(ret_value + LEADER_AT_NAME, leader->name, size);
    return LEADER_AT_NAME + size;
}

int leader_read(struct bytes value, struct log_leader *ret_leader)
{
    struct log_leader leader = {.beats = 0};
    if (value.size <= LEADER_AT_NAME || value.size > LEADER_SIZE_MAX)
        return ERR_MALFORMED;
    leader.beats = get_u64(value.data + LEADER_AT_BEATS);
    memcpy(leader.nonce, value.data, LOG_NONCE_SIZE);
    memcpy(leader.name, value.data + LEADER_AT_NAME, value.size - LEADER_AT_NAME);
    if (!name_is_valid(leader.name) || strlen(leader.name) != value.size - LEADER_AT_NAME)
        return ERR_MALFORMED;
    *ret_leader = leader;
    return 0;
}

void seat_write(const struct log_seat *seat, uint8_t ret_value[SEAT_SIZE])
{
    memcpy(ret_value, seat->nonce, LOG_NONCE_SIZE);
    put_u32(ret_value + SEAT_AT_LEVEL, seat->level);
    place_write(&seat->place, ret_value + SEAT_AT_PLACE);
    put_u64(ret_value + SEAT_AT_STATE, seat->state_number);
    memcpy(ret_value + SEAT_AT_HASH, seat->state_hash, HASH_SIZE);
    put_u64(ret_value + SEAT_AT_TIME, (uint64_t) seat->unix_ms);
    put_u64(ret_value + SEAT_AT_REFUSED, seat->refused);
}

int seat_read(struct bytes value, struct log_seat *ret_seat)
{
    bool has_all = value.size >= SEAT_SIZE;
    if (value.size < SEAT_SIZE_BEFORE)
        return ERR_MALFORMED;
    memcpy(ret_seat->nonce, value.data, LOG_NONCE_SIZE);
    ret_seat->level = get_u32(value.data + SEAT_AT_LEVEL);
    ret_seat->state_number = get_u64(value.data + SEAT_AT_STATE);
    memcpy(ret_seat->state_hash, value.data + SEAT_AT_HASH, HASH_SIZE);
    ret_seat->unix_ms = has_all ? (int64_t) get_u64(value.data + SEAT_AT_TIME) : 0;
    ret_seat->refused = has_all ? get_u64(value.data + SEAT_AT_REFUSED) : 0;
    return place_read(BYTES(value.data + SEAT_AT_PLACE, PLACE_SIZE), &ret_seat->place);
}
