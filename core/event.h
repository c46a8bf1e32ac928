/* The record of an event: header, parts, salts, commitment. docs/storage.md, "The record".
 *
 * The header, 92 bytes, is the Merkle leaf and says nothing of content:
 *   0  magic "CMEV"   4 bytes
 *   4  format level   u32
 *   8  history        32 bytes
 *  40  epoch          u32
 *  44  sequence       u64   from 1; the leaf's index is sequence - 1
 *  52  time           i64   Unix milliseconds, as stamped by the log
 *  60  commitment     32 bytes
 *
 * Hash of a part:   open, command:  SHA-256("comity/v1/part" 00 kind(u8) salt content)
 *                   text:           SHA-256("comity/v1/text" 00 salt content), the hash that the client signed
 * Commitment:       SHA-256("comity/v1/commitment" 00, then for each part kind(u8) audience(u8) round(u32) hash) */
#ifndef COMITY_CORE_EVENT_H
#define COMITY_CORE_EVENT_H

#include "comity/v1/event.pb-c.h"
#include "core/bytes.h"

enum { EVENT_HEADER_SIZE = 92, EVENT_PARTS_MAX = 2 + 1024 };

/* The highest format level that this build knows; it reads all from 1 on. By which one a command is decided,
 * a group agrees (docs/storage.md, "Format levels"): the header of each event that comes of it says so, and a
 * history's never goes back. */
#ifdef COMITY_CONTROL_FORMAT_LEVEL /* so that a test has builds of two versions */
enum { FORMAT_LEVEL = COMITY_CONTROL_FORMAT_LEVEL };
#else
enum { FORMAT_LEVEL = 1 };
#endif

struct event_header {
    uint32_t level; /* format level by which it was decided, from 1 */
    uint8_t history[HISTORY_ID_SIZE];
    uint32_t epoch;
    uint64_t sequence;
    int64_t time_ms;
    uint8_t commitment[HASH_SIZE];
};

struct event_part {
    uint8_t kind;        /* COMITY__V1__PART_KIND__... */
    uint8_t audience;    /* COMITY__V1__AUDIENCE__... */
    uint32_t round;
    uint8_t salt[SALT_SIZE];
    uint8_t hash[HASH_SIZE];
    struct bytes content;
    bool is_erased;      /* a text that was purged: its hash is all there is */
};

void event_header_write(const struct event_header *header, uint8_t ret_bytes[EVENT_HEADER_SIZE]);
/* ERR_MALFORMED; ERR_VERSION: of a format level that this build does not know. */
int event_header_read(struct bytes bytes, struct event_header *ret_header);

/* Fill part->hash from kind, salt and content. */
void event_part_hash(struct event_part *part);
void event_commitment(const struct event_part *parts, size_t count, uint8_t ret_commitment[HASH_SIZE]);

/* Check a record as it is shown: the header's form, every part that is not withheld against its hash, the
 * hashes against the commitment. 0, ERR_MALFORMED, ERR_RECEIPT, ERR_VERSION. */
int event_record_check(const Comity__V1__EventRecord *record, struct event_header *ret_header);

#endif
