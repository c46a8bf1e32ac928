#include "client/lib/purged.h"

#include "client/lib/journal.h"
#include "core/arena.h"
#include "core/frame.h"
#include "core/message.h"

enum { ARENA_BYTES = 8 * 1024 * 1024 };

struct list {
    struct arena *arena;
    ProtobufCBinaryData *hashes;
    size_t count, room;
};

static void hash_add(struct list *list, ProtobufCBinaryData hash)
{
    ProtobufCBinaryData *larger =
        arena_room(list->arena, list->hashes, list->count, &list->room, sizeof(hash));
    if (larger == NULL || hash.len != HASH_SIZE)
        return;
    list->hashes = larger;
    list->hashes[list->count++] = hash;
}

/* What a purge lists. */
static void open_part_take(struct list *list, const Comity__V1__Part *part)
{
    ProtobufCMessage *message = NULL;
    if (part->is_withheld ||
        message_unpack(&comity__v1__event__descriptor, BYTES(part->content.data, part->content.len),
                       FRAME_BODY_MAX_BYTES, list->arena, NULL, &message) != 0)
        return;
    const Comity__V1__Event *event = (const Comity__V1__Event *) message;
    if (event->kind_case != COMITY__V1__EVENT__KIND_TEXTS_PURGED)
        return;
    for (size_t i = 0; i < event->texts_purged->n_hashes; i++)
        hash_add(list, event->texts_purged->hashes[i]);
}

static void record_take(struct list *list, const Comity__V1__EventRecord *record)
{
    for (size_t i = 0; record != NULL && i < record->n_parts; i++) {
        const Comity__V1__Part *part = record->parts[i];
        if (part->kind == COMITY__V1__PART_KIND__PART_KIND_OPEN)
            open_part_take(list, part);
        else if (part->is_purged)
            hash_add(list, part->hash);
    }
}

void purged_learn_answer(const char *journal, const uint8_t *history, const Comity__V1__Answer *answer)
{
    CLEANUP(arena_destroy) struct arena *arena = NULL;
    if (answer->n_texts + answer->n_events == 0 || (arena = arena_new(ARENA_BYTES)) == NULL)
        return;
    struct list list = {.arena = arena};
    for (size_t i = 0; i < answer->n_texts; i++)
        if (answer->texts[i]->is_purged)
            hash_add(&list, answer->texts[i]->hash);
    for (size_t i = 0; i < answer->n_events; i++)
        record_take(&list, answer->events[i]);
    journal_forget_texts(journal, history, list.hashes, list.count);
}

void purged_learn_receipt(const char *journal, const uint8_t *history, const Comity__V1__Receipt *receipt)
{
    CLEANUP(arena_destroy) struct arena *arena = arena_new(ARENA_BYTES);
    if (arena == NULL)
        return;
    struct list list = {.arena = arena};
    record_take(&list, receipt->event);
    journal_forget_texts(journal, history, list.hashes, list.count);
}
