#include "broker/watch.h"

#include <stdlib.h>

#include "broker/defence.h"
#include "core/error.h"

/* Around each part: ZMTP's header, short or long (RFC 23), and CURVE's name, nonce, box and flags (RFC 26).
 */
enum { CURVE_BYTES = 8 + 8 + 16 + 1, SHORT_MOST = 255, SHORT_BYTES = 2, LONG_BYTES = 9 };

enum { DESCRIPTORS_MAX = 1 << 24 };

int watch_init(struct watch *watch, size_t most)
{
    struct watch_place *places = most <= DESCRIPTORS_MAX ? calloc(most, sizeof(*places)) : NULL;
    if (!places)
        return ERR_MEMORY;
    *watch = (struct watch){.places = places, .place_count = most};
    TAILQ_INIT(&watch->fresh[SIDE_FRONT]);
    TAILQ_INIT(&watch->fresh[SIDE_BACK]);
    return 0;
}

void watch_release(struct watch *watch)
{
    free(watch->places);
    *watch = (struct watch){0};
}

/* NULL where it is not open. */
static struct watch_place *place_of(const struct watch *watch, int fd)
{
    bool is_place = fd >= 0 && (size_t) fd < watch->place_count;
    return is_place && watch->places[fd].is_open ? &watch->places[fd] : NULL;
}

/* Sums. */

static uint64_t held_by(const struct watch_place *place)
{
    return place->sent_bytes > place->acknowledged_bytes ? place->sent_bytes - place->acknowledged_bytes : 0;
}

static void set_unfinished(struct watch *watch, struct watch_place *place, uint64_t bytes)
{
    if (place->side == SIDE_FRONT)
        watch->unfinished += bytes - place->unfinished;
    place->unfinished = bytes;
}

/* It counts for no sum any more. */
static void leave_sums(struct watch *watch, struct watch_place *place)
{
    watch->held[place->side] -= held_by(place);
    place->sent_bytes = place->acknowledged_bytes;
    set_unfinished(watch, place, 0);
    if (place->is_fresh)
        TAILQ_REMOVE(&watch->fresh[place->side], place, in_fresh);
    place->is_fresh = false;
}

/* Life. */

static void close_place(struct watch *watch, struct watch_place *place)
{
    leave_sums(watch, place);
    watch->counts[place->side]--;
    if (place->is_cut)
        watch->leaving[place->side]--;
    place->is_open = false;
}

void watch_closed(struct watch *watch, enum side side, int fd)
{
    /* The two sides' monitors are read one after the other: it may be the other side's by now. */
    struct watch_place *place = place_of(watch, fd);
    if (place && place->side == side)
        close_place(watch, place);
}

void watch_opened(struct watch *watch, enum side side, int fd, const struct address *from, int64_t now_ms)
{
    if (fd < 0 || (size_t) fd >= watch->place_count)
        return;
    struct watch_place *place = &watch->places[fd];
    if (place->is_open)
        close_place(watch, place);
    const uint32_t turn = place->turn + 1;
    *place = (struct watch_place){
        .is_open = true,
        .is_fresh = true,
        .side = (uint8_t) side,
        .turn = turn,
        .heard_ms = now_ms,
        .address = *from,
    };
    TAILQ_INSERT_TAIL(&watch->fresh[side], place, in_fresh);
    watch->counts[side]++;
    if ((size_t) fd >= watch->used)
        watch->used = (size_t) fd + 1;
}

void watch_cut(struct watch *watch, int fd)
{
    struct watch_place *place = place_of(watch, fd);
    if (!place || place->is_cut)
        return;
    leave_sums(watch, place);
    place->is_cut = true;
    watch->leaving[place->side]++;
}

bool watch_is_open(const struct watch *watch, int fd)
{
    const struct watch_place *place = place_of(watch, fd);
    return place && !place->is_cut;
}

uint64_t watch_connection(const struct watch *watch, int fd)
{
    const struct watch_place *place = place_of(watch, fd);
    return place ? (uint64_t) place->turn * DESCRIPTORS_MAX + (uint64_t) fd : 0;
}

int watch_descriptor(const struct watch *watch, uint64_t connection)
{
    int fd = (int) (connection % DESCRIPTORS_MAX);
    return connection != 0 && watch_connection(watch, fd) == connection ? fd : -1;
}

/* Bytes in and out. */

uint64_t watch_wire_bytes(size_t size)
{
    size_t boxed = size + CURVE_BYTES;
    return boxed + (boxed > SHORT_MOST ? LONG_BYTES : SHORT_BYTES);
}

void watch_delivered(struct watch *watch, int fd, uint64_t bytes, int64_t now_ms)
{
    struct watch_place *place = place_of(watch, fd);
    if (!place)
        return;
    place->has_delivered = true;
    place->heard_ms = now_ms;
    place->finished_bytes += bytes;
    if (place->is_fresh)
        TAILQ_REMOVE(&watch->fresh[place->side], place, in_fresh);
    place->is_fresh = false;
}

void watch_identified(struct watch *watch, int fd, const char *key_text)
{
    struct watch_place *place = place_of(watch, fd);
    if (place && !place->has_key)
        place->has_key = hex_decode(key_text, place->key, KEY_SIZE) == 0;
}

void watch_forgive(struct watch *watch, int64_t gap_ms)
{
    for (size_t fd = 0; fd < watch->used; fd++) {
        watch->places[fd].heard_ms += gap_ms;
        watch->places[fd].begun_ms += gap_ms;
        if (watch->places[fd].unfinished_ms != 0)
            watch->places[fd].unfinished_ms += gap_ms;
    }
}

void watch_sent(struct watch *watch, int fd, uint64_t bytes)
{
    struct watch_place *place = place_of(watch, fd);
    if (!place || place->is_cut)
        return;
    watch->held[place->side] -= held_by(place);
    place->sent_bytes += bytes;
    watch->held[place->side] += held_by(place);
}

void watch_acknowledged(struct watch *watch, int fd, uint64_t bytes)
{
    struct watch_place *place = place_of(watch, fd);
    if (!place || place->is_cut)
        return;
    watch->held[place->side] -= held_by(place);
    place->acknowledged_bytes = bytes;
    /* Handshakes and ZMTP's commands are not told of: what is acknowledged was sent. */
    if (place->sent_bytes < bytes)
        place->sent_bytes = bytes;
    watch->held[place->side] += held_by(place);
}

bool watch_has_room(const struct watch *watch, int fd)
{
    const struct watch_place *place = place_of(watch, fd);
    if (!place || !DEFENCE(held))
        return true;
    const uint64_t most = place->side == SIDE_FRONT ? WATCH_HELD_CLIENT : WATCH_HELD_WORKER;
    bool is_room_for_all = watch->held[place->side] < watch->limits.held_bytes;
    return held_by(place) < (is_room_for_all ? most : WATCH_HELD_LITTLE);
}

/* Looks. */

/* It has delivered since the last look: at most what came behind its last message is unfinished, and that is
 * counted from the next look on. Commands of ZMTP, which nobody tells of, are forgiven here. */
static void begin_anew(struct watch *watch, struct watch_place *place, uint64_t bytes)
{
    place->has_delivered = false;
    place->quiet_looks = 0;
    place->unfinished_ms = 0;
    if (bytes < place->finished_bytes + WATCH_SLACK)
        place->finished_bytes = bytes;
    set_unfinished(watch, place, 0);
}

const char *watch_look(struct watch *watch, int fd, uint64_t bytes, bool is_read_out, int64_t now_ms)
{
    struct watch_place *place = place_of(watch, fd);
    if (!place || place->is_cut)
        return NULL;
    if (place->has_delivered) {
        begin_anew(watch, place, bytes);
        return NULL;
    }
    if (place->quiet_looks < WATCH_PATIENCE)
        place->quiet_looks++;
    if (!is_read_out && place->quiet_looks < WATCH_PATIENCE)
        return NULL;
    if (place->unfinished == 0)
        place->begun_ms = now_ms;
    set_unfinished(watch, place, bytes > place->finished_bytes ? bytes - place->finished_bytes : 0);
    if (place->unfinished <= WATCH_MESSAGE_MAX)
        place->unfinished_ms = 0;
    else if (place->unfinished_ms == 0)
        place->unfinished_ms = now_ms;
    if (DEFENCE(watch) && place->unfinished > WATCH_UNFINISHED_MAX)
        return "bytes_without_end";
    bool is_late = place->unfinished_ms != 0 && now_ms - place->unfinished_ms >= WATCH_UNFINISHED_MS;
    return is_late && DEFENCE(unfinished_age) ? "unfinished_for_long" : NULL;
}

bool watch_is_silent(const struct watch *watch, int fd, int64_t now_ms)
{
    const struct watch_place *place = place_of(watch, fd);
    return place && !place->is_cut && place->side == SIDE_FRONT &&
           now_ms - place->heard_ms >= watch->limits.silence_ms;
}

typedef bool is_rather_fn(const struct watch_place *place, const struct watch_place *other);

/* The one of the front that is to go rather than any other. */
static int choose(const struct watch *watch, uint64_t (*bytes_of)(const struct watch_place *place),
                  is_rather_fn *is_rather)
{
    const struct watch_place *found = NULL;
    for (size_t fd = 0; fd < watch->used; fd++) {
        const struct watch_place *place = place_of(watch, (int) fd);
        if (!place || place->is_cut || place->side != SIDE_FRONT || bytes_of(place) == 0)
            continue;
        if (!found || is_rather(place, found))
            found = place;
    }
    return found ? (int) (found - watch->places) : -1;
}

static uint64_t unfinished_of(const struct watch_place *place)
{
    return place->unfinished;
}

static bool is_unfinished_longer(const struct watch_place *place, const struct watch_place *other)
{
    if (place->begun_ms != other->begun_ms && DEFENCE(unfinished_longest))
        return place->begun_ms < other->begun_ms;
    return place->unfinished > other->unfinished;
}

static bool holds_more(const struct watch_place *place, const struct watch_place *other)
{
    return held_by(place) > held_by(other);
}

int watch_longest_unfinished(const struct watch *watch)
{
    bool is_too_much = watch->unfinished > watch->limits.held_bytes / WATCH_PART_COST;
    return is_too_much ? choose(watch, unfinished_of, is_unfinished_longer) : -1;
}

int watch_largest_held(const struct watch *watch)
{
    bool is_too_much = watch->held[SIDE_FRONT] >= watch->limits.held_bytes;
    return is_too_much ? choose(watch, held_by, holds_more) : -1;
}

int watch_oldest_fresh(const struct watch *watch, enum side side)
{
    const struct watch_place *place = TAILQ_FIRST(&watch->fresh[side]);
    return place ? (int) (place - watch->places) : -1;
}

size_t watch_count_from(const struct watch *watch, const struct address *from)
{
    size_t count = 0;
    if (address_is_nowhere(from) || (address_is_loopback(from) && DEFENCE(loopback_is_free)))
        return 0;
    for (size_t fd = 0; fd < watch->used; fd++) {
        const struct watch_place *place = place_of(watch, (int) fd);
        count += place && !place->is_cut && place->side == SIDE_FRONT && address_equal(&place->address, from);
    }
    return count;
}
