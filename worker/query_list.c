/* Lists: the rows of one of the machine's tables, page by page, with their texts. */
#include "core/error.h"
#include "core/machine/state.h"
#include "worker/query_page.h"

/* Where the rows of a kind stand in the answer. */
static const struct {
    Comity__V1__ListKind kind;
    size_t count_at, rows_at;
} PLACES[] = {
#define PLACE(kind, field)                                                                                   \
    {                                                                                                        \
        COMITY__V1__LIST_KIND__LIST_KIND_##kind, offsetof(Comity__V1__Answer, n_##field),                    \
            offsetof(Comity__V1__Answer, field)                                                              \
    }
    PLACE(CONSTITUENCIES, constituencies),
    PLACE(SITES, sites),
    PLACE(MEMBERS, members),
    PLACE(KEYS, keys),
    PLACE(INVITATIONS, invitations),
    PLACE(BODIES, bodies),
    PLACE(RULES, rules),
    PLACE(SESSIONS, sessions),
    PLACE(PRESENCES, presences),
    PLACE(ITEMS, items),
    PLACE(PROPOSALS, proposals),
    PLACE(ROUNDS, rounds),
    PLACE(ROLL, roll),
    PLACE(BALLOTS, ballots),
    PLACE(DECISIONS, decisions),
    PLACE(SEATS, seats),
    PLACE(DISPUTED, disputed),
/* Charter and bodies. */
    PLACE(CHARTERS, charters),
    PLACE(RECUSALS, recusals),
    PLACE(ALTERNATES, alternates),
    PLACE(STAND_INS, stand_ins),
/* Sessions. */
    PLACE(HANDS, hands),
    PLACE(TIME_BOXES, time_boxes),
    PLACE(SIDEBARS, sidebars),
    PLACE(PLUS_DELTAS, plus_deltas),
/* Problem solving. */
    PLACE(CONTRIBUTIONS, contributions),
    PLACE(PROPOSAL_LINKS, proposal_links),
    PLACE(CONCERNS, concerns),
    PLACE(DATA_REQUESTS, data_requests),
    PLACE(FACTS, facts),
    PLACE(STRAW_POLLS, straw_polls),
    PLACE(STRAW_ANSWERS, straw_answers),
/* Decisions and minutes. */
    PLACE(ACTIONS, actions),
    PLACE(MINUTES, minutes),
    PLACE(MANDATES, mandates),
    PLACE(RETENTIONS, retentions),
    PLACE(HOLDS, holds),
/* Rules and stages. */
    PLACE(ROLL_LISTS, roll_lists),
    PLACE(STAGES, stages),
/* Keys and witnesses. */
    PLACE(WITNESSES, witnesses),
#undef PLACE
};

struct page {
    struct query_run *run;
    const ProtobufCMessage **rows;
    size_t count;
    struct bytes cursor; /* continues after the last row of the page */
    bool is_cut;         /* there is more */
};

static int take_row(void *context, const ProtobufCMessage *row, struct bytes next_cursor)
{
    struct page *page = context;
    struct query_run *run = page->run;
    bool may = false, may_texts = false;
    int code = visible_row(&run->visible, row, &may);
    if (code || !may)
        return code;
    code = visible_texts(&run->visible, row, &may_texts);
    if (code)
        return code;
    size_t text_bytes = may_texts ? query_text_bytes(row) : 0;
    size_t bytes = protobuf_c_message_get_packed_size(row) + 8;
    bool fits = run->bytes + bytes + text_bytes <= QUERY_PAGE_BYTES;
    if (page->count == run->limit || (page->count > 0 && !fits)) {
        page->is_cut = true;
        return 1;
    }
    run->bytes += bytes;
    page->rows[page->count++] = row;
    page->cursor = arena_bytes(run->arena, next_cursor);
    if (next_cursor.size > 0 && !page->cursor.data)
        return ERR_MEMORY;
    return may_texts ? query_add_texts(run, row, QUERY_PAGE_BYTES) : 0;
}

/* Whose fault the code is. */
static const char *field_at_fault(const struct query_run *run, int code)
{
    const Comity__V1__List *list = run->query->list;
    switch (code) {
    case ERR_ENUM:
        return "query.list.kind";
    case ERR_MISSING:
    case ERR_NOT_FOUND:
        return "query.list.parent";
    case ERR_RANGE:
        return run->query->cursor.len > 0 ? "query.cursor"
               : list->parent != 0        ? "query.list.parent"
                                          : "query.list.number";
    default:
        return "";
    }
}

int query_list(struct query_run *run)
{
    const Comity__V1__List *list = run->query->list;
    size_t place = 0;
    while (place < ARRAY_COUNT(PLACES) && PLACES[place].kind != list->kind)
        place++;
    if (place == ARRAY_COUNT(PLACES))
        return refuse(run->refusal, list->kind ? ERR_ENUM : ERR_MISSING, "query.list.kind");
    struct page page = {.run = run, .rows = arena_alloc(run->arena, run->limit * sizeof(*page.rows))};
    if (!page.rows)
        return ERR_MEMORY;
    struct bytes cursor = BYTES(run->query->cursor.data, run->query->cursor.len);
    int code = state_list(&run->view, run->arena, list, run->reader, cursor, take_row, &page);
    if (code)
        return refuse(run->refusal, code, field_at_fault(run, code));
    uint8_t *answer = (uint8_t *) run->answer;
    memcpy(answer + PLACES[place].count_at, &page.count, sizeof(page.count));
    memcpy(answer + PLACES[place].rows_at, &page.rows, sizeof(page.rows));
    if (page.is_cut)
        run->answer->next_cursor =
            (ProtobufCBinaryData){.data = (uint8_t *) page.cursor.data, .len = page.cursor.size};
    return 0;
}
