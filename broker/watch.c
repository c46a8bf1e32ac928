#include "broker/watch.h"

#include <stdlib.h>

#include "broker/defence.h"
#include "core/error.h"

int watch_init(struct watch *watch, size_t most)
{
    struct watch_place *places = calloc(most, sizeof(*places));
    if (!places)
        return ERR_MEMORY;
    *watch = (struct watch){.places = places, .place_count = most};
    return 0;
}

void watch_release(struct watch *watch)
{
    free(watch->places);
    *watch = (struct watch){0};
}

static struct watch_place *place_of(const struct watch *watch, int fd)
{
    return fd >= 0 && (size_t) fd < watch->place_count ? &watch->places[fd] : NULL;
}

void watch_closed(struct watch *watch, int fd)
{
    struct watch_place *place = place_of(watch, fd);
    if (!place || !place->is_open)
        return;
    watch->counts[place->side]--;
    place->is_open = false;
}

void watch_opened(struct watch *watch, enum side side, int fd)
{
    struct watch_place *place = place_of(watch, fd);
    if (!place)
        return;
    watch_closed(watch, fd);
    *place = (struct watch_place){.is_open = true, .side = (uint8_t) side};
    watch->counts[side]++;
    if ((size_t) fd >= watch->used)
        watch->used = (size_t) fd + 1;
}

void watch_delivered(struct watch *watch, int fd)
{
    struct watch_place *place = place_of(watch, fd);
    if (place)
        place->has_delivered = true;
}

void watch_identified(struct watch *watch, int fd, const char *key_text)
{
    struct watch_place *place = place_of(watch, fd);
    if (place && !place->has_key)
        place->has_key = hex_decode(key_text, place->key, KEY_SIZE) == 0;
}

bool watch_is_open(const struct watch *watch, int fd)
{
    const struct watch_place *place = place_of(watch, fd);
    return place && place->is_open;
}

bool watch_look(struct watch *watch, int fd, uint64_t bytes, bool is_read_out)
{
    struct watch_place *place = place_of(watch, fd);
    if (!place || !place->is_open)
        return false;
    if (place->has_delivered) {
        place->has_delivered = false;
        place->quiet_looks = 0;
        place->base_bytes = bytes;
        return false;
    }
    if (place->quiet_looks < WATCH_PATIENCE)
        place->quiet_looks++;
    bool is_certain = is_read_out || place->quiet_looks >= WATCH_PATIENCE;
    return DEFENCE(watch) && is_certain && bytes - place->base_bytes > WATCH_UNFINISHED_MAX;
}
