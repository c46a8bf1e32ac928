/* Events from a sequence on, page by page, each with a checkpoint that covers as_of. */
#include "core/error.h"
#include "worker/query_page.h"

enum { CURSOR_BYTES = 8 }; /* the sequence of the next page's first event */

static int add_cursor(struct query_run *run, uint64_t sequence)
{
    uint8_t *cursor = arena_alloc(run->arena, CURSOR_BYTES);
    if (!cursor)
        return ERR_MEMORY;
    put_u64(cursor, sequence);
    run->answer->next_cursor = (ProtobufCBinaryData){.data = cursor, .len = CURSOR_BYTES};
    return 0;
}

/* Events from @sequence on, as many as a page holds; *ret_next is the first that it does not hold. */
static int add_events(struct query_run *run, uint64_t sequence, uint64_t *ret_next)
{
    Comity__V1__Answer *answer = run->answer;
    answer->events = arena_alloc(run->arena, run->limit * sizeof(*answer->events));
    if (!answer->events)
        return ERR_MEMORY;
    while (sequence <= run->history.head && answer->n_events < run->limit) {
        Comity__V1__EventRecord *record;
        int code = store_event_get(run->txn, &run->history, sequence, run->arena, &record);
        if (code == 0)
            code = visible_record(&run->visible, record);
        if (code)
            return code == ERR_NOT_FOUND ? ERR_CORRUPT : code;
        size_t bytes = comity__v1__event_record__get_packed_size(record) + 8;
        if (answer->n_events > 0 && run->bytes + bytes > QUERY_PAGE_BYTES)
            break;
        run->bytes += bytes;
        answer->events[answer->n_events++] = record;
        sequence++;
    }
    *ret_next = sequence;
    return 0;
}

int query_events(struct query_run *run)
{
    ProtobufCBinaryData cursor = run->query->cursor;
    uint64_t from = run->query->events->from;
    if (from == 0)
        return refuse(run->refusal, ERR_RANGE, "query.events.from");
    if (cursor.len != 0 && cursor.len != CURSOR_BYTES)
        return refuse(run->refusal, ERR_RANGE, "query.cursor");
    if (cursor.len == CURSOR_BYTES) {
        uint64_t at = get_u64(cursor.data);
        if (at < from)
            return refuse(run->refusal, ERR_RANGE, "query.cursor");
        from = at;
    }
    uint64_t next;
    int code = add_events(run, from, &next);
    if (code == 0)
        code = query_add_checkpoint(run, run->history.head);
    if (code == 0 && next <= run->history.head)
        code = add_cursor(run, next);
    return code;
}
