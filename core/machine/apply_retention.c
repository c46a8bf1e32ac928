/* How long texts are kept, and which of them may be purged. */
#include "core/machine/apply.h"
#include "core/message.h"

void apply_erasable(struct apply *a, uint32_t session, uint32_t item, const Comity__V1__TextRef *text)
{
    if (a->code != 0 || session == 0 || !text || text->size == 0)
        return;
    if (text->hash.len != HASH_SIZE) {
        apply_fail(a, ERR_INTERNAL);
        return;
    }
    apply_put_number(a, row_key_hashed(TABLE_ERASABLE, session, text->hash.data), item);
}

static int text_visit(const ProtobufCMessage *found, const char *path, void *context)
{
    const Comity__V1__TextRef *text = (const Comity__V1__TextRef *) found;
    struct apply *a = context;
    struct row_key key;

    (void) path;
    if (text->size == 0 || text->hash.len != HASH_SIZE)
        return 0;
    key = row_key_bytes(TABLE_TEXT, text->hash.data);
    apply_put_number(a, key, apply_get_number(a, key) + 1);
    return a->code;
}

/* Whoever puts a text on record that somebody else brought before does not have it erased with their own. */
void apply_count_texts(struct apply *a)
{
    if (a->code == 0)
        apply_fail(a,
                   message_visit(&a->event->command->base, &comity__v1__text_ref__descriptor, text_visit, a));
}

/* As if it had come once more: wherever it was said, no purge takes it. */
void apply_keep_text(struct apply *a, ProtobufCBinaryData hash)
{
    struct row_key key;

    if (a->code == 0 && hash.len != HASH_SIZE)
        apply_fail(a, ERR_INTERNAL);
    if (a->code != 0)
        return;
    key = row_key_bytes(TABLE_TEXT, hash.data);
    apply_put_number(a, key, apply_get_number(a, key) + 1);
}

static void text_purged(struct apply *a, uint32_t session, ProtobufCBinaryData hash)
{
    if (a->code == 0 && hash.len != HASH_SIZE)
        apply_fail(a, ERR_INTERNAL);
    if (a->code != 0)
        return;
    apply_drop(a, row_key_hashed(TABLE_ERASABLE, session, hash.data));
    /* Whoever brings it again brings it for the first time. */
    apply_drop(a, row_key_bytes(TABLE_TEXT, hash.data));
}

void apply_retention_set(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__Retention *retention = open->retention_set->retention;

    if (!retention)
        apply_fail(a, ERR_INTERNAL);
    else
        apply_put(a, TABLE_RETENTION, retention->session, 0, &retention->base);
}

static void add_holds(struct apply *a, uint32_t session, int change)
{
    struct row_key key = row_key(TABLE_HOLDS, session, 0);
    uint32_t holds = apply_get_number(a, key);

    apply_put_number(a, key, (uint32_t) ((int64_t) holds + change));
}

void apply_texts_held(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__Hold *hold = open->texts_held->hold;

    if (!hold) {
        apply_fail(a, ERR_INTERNAL);
        return;
    }
    apply_create(a, TABLE_HOLD, hold->number, &hold->base);
    add_holds(a, hold->session, 1);
}

void apply_hold_lifted(struct apply *a, const Comity__V1__Event *open)
{
    Comity__V1__Hold *hold = apply_get(a, TABLE_HOLD, open->hold_lifted->hold, 0);

    if (!hold)
        return;
    hold->lifted_ms = a->event->time_ms;
    hold->lifted_by = open->hold_lifted->member;
    apply_put(a, TABLE_HOLD, hold->number, 0, &hold->base);
    add_holds(a, hold->session, -1);
}

/* The contents are the store's to erase; the machine has hashes alone. */
void apply_texts_purged(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__TextsPurged *purged = open->texts_purged;
    size_t i;

    if (purged->n_hashes == 0)
        apply_fail(a, ERR_INTERNAL);
    for (i = 0; i < purged->n_hashes && a->code == 0; i++)
        text_purged(a, purged->session, purged->hashes[i]);
}
