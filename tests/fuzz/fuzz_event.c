/* Records of events, as a worker shows them and as a file brings them.
 *
 * Hashes are not guessed, so each record that has the right form is also made good: its parts hashed, its
 * header committed to them. Then it has to be taken, and not any more with one bit turned. */
#include "core/error.h"
#include "core/event.h"
#include "core/message.h"
#include "tests/fuzz/fuzz.h"

enum { RECORD_MAX_BYTES = 1024 * 1024 };

/* True where only hashes can still be wrong. */
static bool make_good(Comity__V1__EventRecord *record, struct arena *arena)
{
    struct event_part *parts = arena_alloc(arena, (record->n_parts + 1) * sizeof(*parts));
    struct event_header header;

    FUZZ_NEED(parts != NULL);
    if (event_header_read(BYTES(record->header.data, record->header.len), &header) != 0)
        return false;
    for (size_t i = 0; i < record->n_parts; i++) {
        Comity__V1__Part *part = record->parts[i];
        if (part->hash.len != HASH_SIZE || (!part->is_withheld && part->salt.len != SALT_SIZE))
            return false;
        parts[i] = (struct event_part){.kind = (uint8_t) part->kind,
                                       .audience = (uint8_t) part->audience,
                                       .round = part->round,
                                       .content = BYTES(part->content.data, part->content.len)};
        memcpy(parts[i].hash, part->hash.data, HASH_SIZE);
        if (!part->is_withheld) {
            memcpy(parts[i].salt, part->salt.data, SALT_SIZE);
            event_part_hash(&parts[i]);
            memcpy(part->hash.data, parts[i].hash, HASH_SIZE);
        }
    }
    event_commitment(parts, record->n_parts, header.commitment);
    event_header_write(&header, record->header.data);
    return true;
}

/* One bit of what is committed to: of a part's content, salt or hash, or of the commitment itself. */
static void turn_bit(Comity__V1__EventRecord *record, size_t which)
{
    Comity__V1__Part *part = record->parts[which % record->n_parts];
    ProtobufCBinaryData *fields[] = {&part->content, &part->salt, &part->hash};
    ProtobufCBinaryData *field = fields[which / 7 % ARRAY_COUNT(fields)];

    if (field == &part->salt && part->is_withheld)
        field = &part->hash; /* the salt of what is withheld proves nothing */
    if (field->len > 0)
        field->data[which % field->len] ^= 1;
    else
        record->header.data[EVENT_HEADER_SIZE - 1] ^= 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena(64 * 1024 * 1024);
    ProtobufCMessage *message;
    struct event_header header;
    uint8_t again[EVENT_HEADER_SIZE];

    if (event_header_read(BYTES(data, size), &header) == 0) {
        event_header_write(&header, again);
        FUZZ_NEED(size == EVENT_HEADER_SIZE && memcmp(again, data, size) == 0);
    }
    if (message_unpack(&comity__v1__event_record__descriptor, BYTES(data, size), RECORD_MAX_BYTES, arena,
                       NULL, &message) != 0)
        return 0;
    Comity__V1__EventRecord *record = (Comity__V1__EventRecord *) message;
    bool was_good = event_record_check(record, &header) == 0;
    if (was_good)
        fuzz_accept();
    if (!make_good(record, arena))
        return 0;
    int code = event_record_check(record, &header);
    FUZZ_NEED(code == 0 || (code == ERR_MALFORMED && !was_good));
    if (code == 0) {
        turn_bit(record, size);
        FUZZ_NEED(event_record_check(record, &header) == ERR_RECEIPT);
    }
    return 0;
}
