/* Lists: the rows of one table that one member may see, page by page. */
#include "core/error.h"
#include "core/machine/row.h"

enum parent_form {
    PARENT_NONE,
    PARENT_IN_KEY, /* required: the rows lie together */
    PARENT_IN_ROW, /* 0: all */
};

struct list_row {
    Comity__V1__ListKind kind;
    enum table table;
    enum parent_form parent;
};

static const struct list_row LISTS[] = {
    {COMITY__V1__LIST_KIND__LIST_KIND_CONSTITUENCIES, TABLE_CONSTITUENCY, PARENT_NONE},
    {COMITY__V1__LIST_KIND__LIST_KIND_SITES, TABLE_SITE, PARENT_NONE},
    {COMITY__V1__LIST_KIND__LIST_KIND_MEMBERS, TABLE_MEMBER, PARENT_NONE},
    {COMITY__V1__LIST_KIND__LIST_KIND_KEYS, TABLE_KEY, PARENT_NONE},
    {COMITY__V1__LIST_KIND__LIST_KIND_INVITATIONS, TABLE_INVITATION, PARENT_NONE},
    {COMITY__V1__LIST_KIND__LIST_KIND_BODIES, TABLE_BODY, PARENT_NONE},
    {COMITY__V1__LIST_KIND__LIST_KIND_RULES, TABLE_RULE, PARENT_NONE},
    {COMITY__V1__LIST_KIND__LIST_KIND_SESSIONS, TABLE_SESSION, PARENT_NONE},
    {COMITY__V1__LIST_KIND__LIST_KIND_PRESENCES, TABLE_PRESENCE, PARENT_IN_KEY},
    {COMITY__V1__LIST_KIND__LIST_KIND_ITEMS, TABLE_ITEM, PARENT_IN_ROW},
    {COMITY__V1__LIST_KIND__LIST_KIND_PROPOSALS, TABLE_PROPOSAL, PARENT_IN_ROW},
    {COMITY__V1__LIST_KIND__LIST_KIND_ROUNDS, TABLE_ROUND, PARENT_IN_ROW},
    {COMITY__V1__LIST_KIND__LIST_KIND_ROLL, TABLE_ROLL, PARENT_IN_KEY},
    {COMITY__V1__LIST_KIND__LIST_KIND_BALLOTS, TABLE_BALLOT, PARENT_IN_KEY},
    {COMITY__V1__LIST_KIND__LIST_KIND_DECISIONS, TABLE_DECISION, PARENT_NONE},
    {COMITY__V1__LIST_KIND__LIST_KIND_SEATS, TABLE_SEAT, PARENT_IN_KEY},
    {COMITY__V1__LIST_KIND__LIST_KIND_DISPUTED, TABLE_DISPUTED, PARENT_IN_KEY},
    /* Charter and bodies. */
    {COMITY__V1__LIST_KIND__LIST_KIND_CHARTERS, TABLE_CHARTER, PARENT_NONE},
    {COMITY__V1__LIST_KIND__LIST_KIND_RECUSALS, TABLE_RECUSAL, PARENT_IN_KEY},
    {COMITY__V1__LIST_KIND__LIST_KIND_ALTERNATES, TABLE_ALTERNATES, PARENT_IN_KEY},
    {COMITY__V1__LIST_KIND__LIST_KIND_STAND_INS, TABLE_STAND_IN, PARENT_IN_KEY},
    /* Sessions. */
    {COMITY__V1__LIST_KIND__LIST_KIND_HANDS, TABLE_HAND, PARENT_IN_KEY},
    {COMITY__V1__LIST_KIND__LIST_KIND_TIME_BOXES, TABLE_TIME_BOX, PARENT_IN_KEY},
    {COMITY__V1__LIST_KIND__LIST_KIND_SIDEBARS, TABLE_SIDEBAR, PARENT_IN_ROW},
    {COMITY__V1__LIST_KIND__LIST_KIND_PLUS_DELTAS, TABLE_PLUS_DELTA, PARENT_IN_ROW},
    /* Problem solving. */
    {COMITY__V1__LIST_KIND__LIST_KIND_CONTRIBUTIONS, TABLE_CONTRIBUTION, PARENT_IN_ROW},
    {COMITY__V1__LIST_KIND__LIST_KIND_PROPOSAL_LINKS, TABLE_PROPOSAL_LINKS, PARENT_NONE},
    {COMITY__V1__LIST_KIND__LIST_KIND_CONCERNS, TABLE_CONCERN, PARENT_IN_ROW},
    {COMITY__V1__LIST_KIND__LIST_KIND_DATA_REQUESTS, TABLE_DATA_REQUEST, PARENT_IN_ROW},
    {COMITY__V1__LIST_KIND__LIST_KIND_FACTS, TABLE_FACT, PARENT_IN_ROW},
    {COMITY__V1__LIST_KIND__LIST_KIND_STRAW_POLLS, TABLE_STRAW_POLL, PARENT_IN_ROW},
    {COMITY__V1__LIST_KIND__LIST_KIND_STRAW_ANSWERS, TABLE_STRAW_ANSWER, PARENT_IN_KEY},
    /* Decisions and minutes. */
    {COMITY__V1__LIST_KIND__LIST_KIND_ACTIONS, TABLE_ACTION, PARENT_NONE},
    {COMITY__V1__LIST_KIND__LIST_KIND_MINUTES, TABLE_MINUTES, PARENT_NONE},
    {COMITY__V1__LIST_KIND__LIST_KIND_MANDATES, TABLE_MANDATE, PARENT_NONE},
    {COMITY__V1__LIST_KIND__LIST_KIND_RETENTIONS, TABLE_RETENTION, PARENT_NONE},
    {COMITY__V1__LIST_KIND__LIST_KIND_HOLDS, TABLE_HOLD, PARENT_NONE},
    /* Rules and stages. */
    {COMITY__V1__LIST_KIND__LIST_KIND_ROLL_LISTS, TABLE_ROLL_LIST, PARENT_NONE},
    {COMITY__V1__LIST_KIND__LIST_KIND_STAGES, TABLE_STAGE, PARENT_IN_ROW},
    /* Keys and witnesses. */
    {COMITY__V1__LIST_KIND__LIST_KIND_WITNESSES, TABLE_WITNESS, PARENT_NONE},
};

struct listing {
    const struct view *view;
    struct arena *arena;
    struct arena *scratch; /* for rows that may turn out not to be shown */
    enum table table;
    uint32_t parent; /* with PARENT_IN_ROW; 0: all */
    state_list_fn *visit;
    void *context;
};

/* The number that a row of a filtered table is filtered by. */
static uint32_t row_parent(enum table table, const ProtobufCMessage *row)
{
    switch (table) {
    case TABLE_ITEM:
        return ((const Comity__V1__Item *) row)->session;
    case TABLE_PROPOSAL:
        return ((const Comity__V1__Proposal *) row)->item;
    case TABLE_ROUND:
        return ((const Comity__V1__Round *) row)->proposal;
    case TABLE_SIDEBAR:
        return ((const Comity__V1__Sidebar *) row)->session;
    case TABLE_PLUS_DELTA:
        return ((const Comity__V1__PlusDelta *) row)->session;
    case TABLE_CONTRIBUTION:
        return ((const Comity__V1__Contribution *) row)->item;
    case TABLE_CONCERN:
        return ((const Comity__V1__Concern *) row)->proposal;
    case TABLE_DATA_REQUEST:
        return ((const Comity__V1__DataRequest *) row)->item;
    case TABLE_FACT:
        return ((const Comity__V1__Fact *) row)->item;
    case TABLE_STRAW_POLL:
        return ((const Comity__V1__StrawPoll *) row)->item;
    case TABLE_STAGE:
        return ((const Comity__V1__StageRun *) row)->proposal;
    default:
        return 0;
    }
}

static int is_filtered_out(struct listing *listing, struct bytes value, bool *ret_out)
{
    uint32_t wanted = listing->parent;
    ProtobufCMessage *row;
    int code;

    *ret_out = false;
    if (wanted == 0)
        return 0;
    arena_reset(listing->scratch);
    code = row_unpack(listing->table, value, listing->scratch, &row);
    if (code == 0)
        *ret_out = row_parent(listing->table, row) != wanted;
    return code;
}

static int list_visit(void *context, struct bytes key, struct bytes value)
{
    struct listing *listing = context;
    ProtobufCMessage *row;
    uint8_t *next;
    bool is_out;
    int code = is_filtered_out(listing, value, &is_out);

    if (code != 0 || is_out)
        return code;
    code = row_unpack(listing->table, value, listing->arena, &row);
    next = arena_alloc(listing->arena, key.size + 1);
    if (code != 0 || !next)
        return code != 0 ? code : ERR_MEMORY;
    memcpy(next, key.data, key.size); /* and a zero byte: the least key after this one */
    code = row_take_answered(listing->view, listing->arena, listing->table, row);
    return code != 0 ? code : listing->visit(listing->context, row, BYTES(next, key.size + 1));
}

static const struct list_row *list_find(Comity__V1__ListKind kind)
{
    size_t i;

    for (i = 0; i < ARRAY_COUNT(LISTS); i++)
        if (LISTS[i].kind == kind)
            return &LISTS[i];
    return NULL;
}

static int list_check(const struct list_row *of, const Comity__V1__List *list)
{
    bool has_number = of->table != TABLE_KEY && of->table != TABLE_INVITATION;

    if (of->parent == PARENT_IN_KEY && list->parent == 0)
        return ERR_MISSING;
    if ((of->parent == PARENT_NONE && list->parent != 0) || (!has_number && list->number != 0))
        return ERR_RANGE;
    return 0;
}

/* The rows to go through. @only: one alone, or of one list all parts; 0: all. */
static struct row_key list_prefix(const struct list_row *of, uint32_t parent, uint32_t only)
{
    if (of->parent == PARENT_IN_KEY)
        return only != 0 ? row_key(of->table, parent, only) : row_key_first(of->table, parent);
    return only != 0 ? row_key_first(of->table, only) : row_key_all(of->table);
}

/* A cursor is a whole key of this very list and a zero byte. */
static int cursor_check(const struct list_row *of, uint32_t parent, struct bytes cursor)
{
    static const size_t SIZES[] = {[FORM_NUMBER] = 1 + 4, [FORM_PAIR] = 1 + 8, [FORM_KEY] = 1 + KEY_SIZE};
    struct row_key prefix = list_prefix(of, parent, 0);

    if (cursor.size == 0)
        return 0;
    if (cursor.size != SIZES[table_find(of->table)->form] + 1 || cursor.data[cursor.size - 1] != 0 ||
        memcmp(cursor.data, prefix.bytes, prefix.size) != 0)
        return ERR_RANGE;
    return 0;
}

/* Before a round that hides its ballots has closed, a reader sees their own alone. */
static int list_ballots_only(const struct view *view, struct arena *arena, uint32_t round, uint32_t reader,
                             uint32_t *only, bool *ret_none)
{
    bool may;
    int code = state_may_see_ballots(view, arena, round, *only, reader, &may);

    if (code == ERR_NOT_FOUND) {
        *ret_none = true;
        return 0;
    }
    if (code != 0 || may)
        return code;
    *ret_none = *only != 0;
    *only = reader;
    return 0;
}

int state_list(const struct view *view, struct arena *arena, const Comity__V1__List *list,
               const Comity__V1__Member *reader, struct bytes cursor, state_list_fn *visit, void *context)
{
    const struct list_row *of = list_find(list->kind);
    struct listing listing = {view, arena, NULL, 0, list->parent, visit, context};
    uint32_t only = list->number;
    struct row_key prefix;
    bool is_empty = false;
    int code;

    if (!of)
        return ERR_ENUM;
    code = list_check(of, list);
    if (code == 0)
        code = cursor_check(of, list->parent, cursor);
    if (code == 0 && of->table == TABLE_BALLOT)
        code = list_ballots_only(view, arena, list->parent, reader->number, &only, &is_empty);
    if (code != 0 || is_empty)
        return code;

    listing.table = of->table;
    if (of->parent != PARENT_IN_ROW)
        listing.parent = 0;
    listing.scratch = arena_new(ARENA_LIMIT_DEFAULT);
    if (!listing.scratch)
        return ERR_MEMORY;
    prefix = list_prefix(of, list->parent, only);
    code = view_range(view, row_key_view(&prefix), cursor, list_visit, &listing);
    arena_destroy(&listing.scratch);
    return code;
}
