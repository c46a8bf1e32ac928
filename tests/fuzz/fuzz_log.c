/* What etcd says it holds of the ordered log.
 *
 * Input: a byte, which value; the rest: that value. Values: meta, head, leader, a seat, an entry; else a packed answer to a poll,
 * which is read and whose entries are taken. */
#include "core/message.h"
#include "tests/fuzz/fuzz.h"
#include "worker/log/entries.h"

enum { ARENA_BYTES = 32 * 1024 * 1024 };

static const uint8_t SECRET[CONNECTION_SECRET_SIZE] = {1}, GROUP[GROUP_ID_SIZE] = {2},
                     NONCE[LOG_NONCE_SIZE] = {3};

/* What was read, written again, is what was there, as far as it is known here. */
static void need_same(struct bytes value, const uint8_t *again, size_t size)
{
    FUZZ_NEED(value.size >= size && memcmp(value.data, again, size) == 0);
    fuzz_accept();
}

static void read_meta(struct bytes value)
{
    struct log_meta meta;
    uint8_t again[META_SIZE];
    if (meta_read(value, &meta) != 0)
        return;
    meta_write(&meta, again);
    need_same(value, again, META_SIZE);
}

static void read_head(struct bytes value)
{
    struct order_place place;
    uint8_t again[PLACE_SIZE];
    if (place_read(value, &place) != 0)
        return;
    place_write(&place, again);
    need_same(value, again, PLACE_SIZE);
}

static void read_leader(struct bytes value)
{
    struct log_leader leader;
    uint8_t again[LEADER_SIZE_MAX];
    if (leader_read(value, &leader) != 0)
        return;
    need_same(value, again, leader_write(&leader, again));
}

static void read_seat(struct bytes value)
{
    struct log_seat seat;
    uint8_t again[SEAT_SIZE];
    if (seat_read(value, &seat) != 0)
        return;
    seat_write(&seat, again);
    need_same(value, again, value.size < SEAT_SIZE ? SEAT_SIZE_BEFORE : SEAT_SIZE);
}

/* Of all entries that may come, those alone open that go on from there and were sealed with the key: sealed again with what they
 * say of themselves they differ in nothing but the random part. */
static void read_entry(struct bytes value, struct arena *arena)
{
    struct sealed_header header;
    struct order_entry entry;
    struct bytes again;
    uint8_t key[LOG_KEY_SIZE];
    if (sealed_read(value, &header) != 0)
        return;
    sealed_key_derive(SECRET, key);
    if (sealed_open(key, value, &header.before, arena, &entry) != 0)
        return;
    FUZZ_NEED(entry.place.number == header.before.number + 1 &&
              entry.batch.body.size + LOG_OVERHEAD == value.size);
    FUZZ_NEED(sealed_make(key, &header, entry.batch.body, arena, &again) == 0 && again.size == value.size);
    need_same(value, again.data, LOG_HEADER_SIZE);
}

static void take_entries(const struct calls_answer *answer, struct arena *arena)
{
    struct entries *entries;
    struct term term;
    struct order_place place = {0};
    struct order_entry entry;
    uint8_t key[LOG_KEY_SIZE];
    uint64_t number = 0;
    sealed_key_derive(SECRET, key);
    term_init(&term, &place, 0);
    FUZZ_NEED(entries_new(&entries) == 0);
    FUZZ_NEED(entries_take(entries, answer, ENTRIES_MAX, &term) == 0);
    FUZZ_NEED(term.taken.number <= answer->entry_count);
    while (entries_next(entries, key, number, arena, &entry) == 0)
        FUZZ_NEED(entry.place.number == ++number);
    FUZZ_NEED(number <= term.taken.number);
    if (number > 0)
        fuzz_accept();
    entries_destroy(&entries);
}

static void read_answer(struct bytes value, struct arena *arena)
{
    static struct calls_answer answer;
    struct calls calls;
    struct term_seen seen;
    struct append_seen append_seen;
    ProtobufCMessage *response;
    const struct order_place before = {0};
    calls_init(&calls, GROUP, "a", NONCE, 1);
    if (message_unpack_trusted(&etcdserverpb__txn_response__descriptor, value, arena, &response) != 0 ||
        calls_read(&calls, (Etcdserverpb__TxnResponse *) response, &answer) != 0)
        return;
    FUZZ_NEED(answer.entry_count <= CALLS_ENTRIES_MAX && answer.seat_count <= CALLS_SEATS_MAX);
    calls_seen(&calls, &answer, &seen);
    FUZZ_NEED(seen.is_answered && (!seen.is_me || seen.has_leader));
    const struct order_place behind = place_behind(&before, BYTES("x", 1));
    calls_seen_append(&answer, 1, NONCE, &before, &behind, &append_seen);
    FUZZ_NEED(append_seen.entry != ENTRY_ANY && append_seen.leader != LEADER_ANY &&
              append_seen.head != HEAD_ANY);
    take_entries(&answer, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena(ARENA_BYTES);
    struct fuzz_input input = {.at = data, .left = size, .arena = arena};
    uint64_t kind = fuzz_number(&input, 1);
    struct bytes value = fuzz_rest(&input);
    FUZZ_NEED(key_init() == 0);
    switch (kind) {
    case 'm':
        read_meta(value);
        break;
    case 'h':
        read_head(value);
        break;
    case 'l':
        read_leader(value);
        break;
    case 's':
        read_seat(value);
        break;
    case 'e':
        read_entry(value, arena);
        break;
    default:
        read_answer(value, arena);
    }
    return 0;
}
