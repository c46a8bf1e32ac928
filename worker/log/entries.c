#include "worker/log/entries.h"

#include <stdlib.h>

#include "core/error.h"

struct waiting {
    struct order_place before;
    uint8_t *value;
    size_t size;
};

struct entries {
    struct waiting waiting[ENTRIES_MAX]; /* a ring */
    size_t first, count, bytes;
    uint32_t page;
};

int entries_new(struct entries **ret_entries)
{
    struct entries *entries = calloc(1, sizeof(*entries));
    if (!entries)
        return ERR_MEMORY;
    entries->page = 1;
    *ret_entries = entries;
    return 0;
}

static void drop_first(struct entries *entries)
{
    struct waiting *first = &entries->waiting[entries->first];
    entries->bytes -= first->size;
    free(first->value);
    first->value = NULL;
    entries->first = (entries->first + 1) % ENTRIES_MAX;
    entries->count--;
}

void entries_destroy(struct entries **entries)
{
    if (!entries || !*entries)
        return;
    while ((*entries)->count > 0)
        drop_first(*entries);
    free(*entries);
    *entries = NULL;
}

uint32_t entries_page(const struct entries *entries)
{
    uint32_t room = entries->bytes < ENTRIES_BYTES_MAX ? (uint32_t) (ENTRIES_MAX - entries->count) : 0;
    return entries->page < room ? entries->page : room;
}

void entries_page_failed(struct entries *entries)
{
    entries->page = 1;
}

static int waiting_add(struct entries *entries, const struct order_place *before, struct bytes value)
{
    struct waiting *last = &entries->waiting[(entries->first + entries->count) % ENTRIES_MAX];
    last->value = malloc(value.size);
    if (!last->value)
        return ERR_MEMORY;
    memcpy(last->value, value.data, value.size);
    last->size = value.size;
    last->before = *before;
    entries->bytes += value.size;
    entries->count++;
    return 0;
}

static int take_one(struct entries *entries, const struct calls_entry *entry, struct term *term)
{
    struct order_place before = term->taken;
    struct sealed_header header;
    if (entry->number != before.number + 1) {
        term_fail(term, ERR_BEHIND);
        return 0;
    }
    int code = sealed_read(entry->value, &header);
    if (code != 0 || !sealed_goes_on(&header, &before)) {
        term_fail(term, code == ERR_VERSION ? ERR_VERSION : ERR_CORRUPT);
        return 0;
    }
    code = waiting_add(entries, &before, entry->value);
    if (code)
        return code;
    struct order_place behind = place_behind(&before, entry->value);
    term_take(term, &behind);
    return 0;
}

int entries_take(struct entries *entries, const struct calls_answer *answer, uint32_t page, struct term *term)
{
    size_t bytes = 0;
    for (size_t i = 0; i < answer->entry_count && entries->count < ENTRIES_MAX && !term->fault; i++) {
        if (answer->entries[i].number <= term->taken.number)
            continue;
        int code = take_one(entries, &answer->entries[i], term);
        if (code)
            return code;
        bytes += answer->entries[i].value.size;
    }
    if (page > 0 && answer->entry_count == 0 && answer->has_head && answer->head.number > term->taken.number)
        term_fail(term, ERR_BEHIND);
    if (answer->entry_count > 0) {
        size_t next = ENTRIES_PAGE_BYTES / (bytes / answer->entry_count + 1);
        entries->page = next < 1 ? 1 : next > ENTRIES_MAX ? ENTRIES_MAX : (uint32_t) next;
    }
    return 0;
}

int entries_next(struct entries *entries, const uint8_t key[LOG_KEY_SIZE], uint64_t number,
                 struct arena *arena, struct order_entry *ret_entry)
{
    while (entries->count > 0 && entries->waiting[entries->first].before.number < number)
        drop_first(entries);
    if (entries->count == 0)
        return ERR_NOT_FOUND;
    const struct waiting *first = &entries->waiting[entries->first];
    if (first->before.number != number)
        return ERR_CORRUPT;
    int code = sealed_open(key, BYTES(first->value, first->size), &first->before, arena, ret_entry);
    if (code == ERR_MEMORY)
        return code;
    return code ? ERR_CORRUPT : 0;
}
