#include "core/event.h"

#include <sodium.h>

#include "core/error.h"
#include "core/key.h"
#include "core/text.h"

enum {
    AT_MAGIC = 0,
    AT_LEVEL = 4,
    AT_HISTORY = 8,
    AT_EPOCH = 40,
    AT_SEQUENCE = 44,
    AT_TIME = 52,
    AT_COMMITMENT = 60,
};

static const uint8_t MAGIC[4] = {'C', 'M', 'E', 'V'};

void event_header_write(const struct event_header *header, uint8_t ret_bytes[EVENT_HEADER_SIZE])
{
    memcpy(ret_bytes + AT_MAGIC, MAGIC, sizeof(MAGIC));
    put_u32(ret_bytes + AT_LEVEL, header->level);
    memcpy(ret_bytes + AT_HISTORY, header->history, HISTORY_ID_SIZE);
    put_u32(ret_bytes + AT_EPOCH, header->epoch);
    put_u64(ret_bytes + AT_SEQUENCE, header->sequence);
    put_u64(ret_bytes + AT_TIME, (uint64_t) header->time_ms);
    memcpy(ret_bytes + AT_COMMITMENT, header->commitment, HASH_SIZE);
}

int event_header_read(struct bytes bytes, struct event_header *ret_header)
{
    const uint8_t *at = bytes.data;
    if (bytes.size != EVENT_HEADER_SIZE || memcmp(at + AT_MAGIC, MAGIC, sizeof(MAGIC)) != 0)
        return ERR_MALFORMED;
    if (get_u32(at + AT_LEVEL) > FORMAT_LEVEL)
        return ERR_VERSION;
    if (get_u32(at + AT_LEVEL) == 0 || get_u64(at + AT_SEQUENCE) == 0 || get_u32(at + AT_EPOCH) == 0)
        return ERR_MALFORMED;
    ret_header->level = get_u32(at + AT_LEVEL);
    memcpy(ret_header->history, at + AT_HISTORY, HISTORY_ID_SIZE);
    ret_header->epoch = get_u32(at + AT_EPOCH);
    ret_header->sequence = get_u64(at + AT_SEQUENCE);
    ret_header->time_ms = (int64_t) get_u64(at + AT_TIME);
    memcpy(ret_header->commitment, at + AT_COMMITMENT, HASH_SIZE);
    return 0;
}

void event_part_hash(struct event_part *part)
{
    if (part->kind == COMITY__V1__PART_KIND__PART_KIND_TEXT) {
        text_hash(part->salt, part->content, part->hash);
        return;
    }
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, (const uint8_t *) TAG_PART, sizeof(TAG_PART));
    crypto_hash_sha256_update(&state, &part->kind, 1);
    crypto_hash_sha256_update(&state, part->salt, SALT_SIZE);
    crypto_hash_sha256_update(&state, part->content.data, part->content.size);
    crypto_hash_sha256_final(&state, part->hash);
}

static void commitment_add(crypto_hash_sha256_state *state, uint8_t kind, uint8_t audience, uint32_t round,
                           const uint8_t hash[HASH_SIZE])
{
    uint8_t line[6 + HASH_SIZE] = {kind, audience};
    put_u32(line + 2, round);
    memcpy(line + 6, hash, HASH_SIZE);
    crypto_hash_sha256_update(state, line, sizeof(line));
}

void event_commitment(const struct event_part *parts, size_t count, uint8_t ret_commitment[HASH_SIZE])
{
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, (const uint8_t *) TAG_COMMITMENT, sizeof(TAG_COMMITMENT));
    for (size_t i = 0; i < count; i++)
        commitment_add(&state, parts[i].kind, parts[i].audience, parts[i].round, parts[i].hash);
    crypto_hash_sha256_final(&state, ret_commitment);
}

/* Open, then command if there is one, then texts. */
static bool kind_has_place(Comity__V1__PartKind kind, size_t index)
{
    switch (kind) {
    case COMITY__V1__PART_KIND__PART_KIND_OPEN:
        return index == 0;
    case COMITY__V1__PART_KIND__PART_KIND_COMMAND:
        return index == 1;
    case COMITY__V1__PART_KIND__PART_KIND_TEXT:
        return index > 0;
    default:
        return false;
    }
}

static int part_check(const Comity__V1__Part *part, size_t index)
{
    bool audience_is_known = part->audience == COMITY__V1__AUDIENCE__AUDIENCE_ALL ||
                             part->audience == COMITY__V1__AUDIENCE__AUDIENCE_VOTER_UNTIL_CLOSE ||
                             part->audience == COMITY__V1__AUDIENCE__AUDIENCE_BODY;
    if (!kind_has_place(part->kind, index) || !audience_is_known || part->hash.len != HASH_SIZE)
        return ERR_MALFORMED;
    if (part->is_withheld) {
        /* A receipt shows the salt of a command part whose content its reader has. */
        bool is_formed = part->content.len == 0 && (part->salt.len == 0 || part->salt.len == SALT_SIZE);
        return is_formed ? 0 : ERR_MALFORMED;
    }
    if (part->salt.len != SALT_SIZE)
        return ERR_MALFORMED;
    struct event_part shown = {.kind = (uint8_t) part->kind,
                               .content = BYTES(part->content.data, part->content.len)};
    memcpy(shown.salt, part->salt.data, SALT_SIZE);
    event_part_hash(&shown);
    return memcmp(shown.hash, part->hash.data, HASH_SIZE) == 0 ? 0 : ERR_RECEIPT;
}

int event_record_check(const Comity__V1__EventRecord *record, struct event_header *ret_header)
{
    struct event_header header;
    int code = event_header_read(BYTES(record->header.data, record->header.len), &header);
    if (code)
        return code;
    if (record->n_parts == 0 || record->n_parts > EVENT_PARTS_MAX)
        return ERR_MALFORMED;
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, (const uint8_t *) TAG_COMMITMENT, sizeof(TAG_COMMITMENT));
    for (size_t i = 0; i < record->n_parts; i++) {
        const Comity__V1__Part *part = record->parts[i];
        code = part_check(part, i);
        if (code)
            return code;
        commitment_add(&state, (uint8_t) part->kind, (uint8_t) part->audience, part->round, part->hash.data);
    }
    uint8_t commitment[HASH_SIZE];
    crypto_hash_sha256_final(&state, commitment);
    if (memcmp(commitment, header.commitment, HASH_SIZE) != 0)
        return ERR_RECEIPT;
    *ret_header = header;
    return 0;
}
