/* Texts that are not in the stream: a purge has to be on record for each. */
#include "core/replay/replaying.h"

enum { IS_MISSING = 1, IS_PURGED = 2 };

static int mark_get(struct replay *r, const uint8_t *hash, uint8_t *ret_mark)
{
    struct view view = view_memory_view(r->texts);
    struct bytes value;
    int code = view_get(&view, BYTES(hash, HASH_SIZE), &value);

    *ret_mark = code == 0 && value.size == 1 ? value.data[0] : 0;
    return code == ERR_NOT_FOUND ? 0 : code;
}

static int mark_put(struct replay *r, const uint8_t *hash, uint8_t mark)
{
    struct view view = view_memory_view(r->texts);

    return view_put(&view, BYTES(hash, HASH_SIZE), BYTES(&mark, 1));
}

int replay_texts_missing(struct replay *r, const struct replay_event *in)
{
    uint8_t mark;

    for (size_t i = 2; i < in->part_count; i++) {
        if (!in->parts[i].is_erased)
            continue;
        int code = mark_get(r, in->parts[i].hash, &mark);
        if (code == 0 && mark == 0) {
            code = mark_put(r, in->parts[i].hash, IS_MISSING);
            r->missing += code == 0;
        }
        if (code != 0)
            return code;
    }
    return 0;
}

int replay_texts_purged(struct replay *r, const Comity__V1__Event *open)
{
    uint8_t mark;

    if (open->kind_case != COMITY__V1__EVENT__KIND_TEXTS_PURGED)
        return 0;
    for (size_t i = 0; i < open->texts_purged->n_hashes; i++) {
        if (open->texts_purged->hashes[i].len != HASH_SIZE)
            continue;
        int code = mark_get(r, open->texts_purged->hashes[i].data, &mark);
        if (code == 0 && mark == IS_MISSING)
            r->missing--;
        if (code == 0)
            code = mark_put(r, open->texts_purged->hashes[i].data, IS_PURGED);
        if (code != 0)
            return code;
    }
    return 0;
}
