#include "core/machine/row.h"
#include "core/error.h"
#include "core/message.h"

static const struct table_row TABLES[] = {
    [TABLE_PARTNERSHIP] = {TABLE_PARTNERSHIP, "partnership", FORM_SINGLE,
                           &comity__v1__partnership__descriptor},
    [TABLE_COUNTER] = {TABLE_COUNTER, "counter", FORM_TABLE, NULL},
    [TABLE_CONSTITUENCY] = {TABLE_CONSTITUENCY, "constituency", FORM_NUMBER,
                            &comity__v1__constituency__descriptor},
    [TABLE_SITE] = {TABLE_SITE, "site", FORM_NUMBER, &comity__v1__site__descriptor},
    [TABLE_MEMBER] = {TABLE_MEMBER, "member", FORM_NUMBER, &comity__v1__member__descriptor},
    [TABLE_KEY] = {TABLE_KEY, "key", FORM_KEY, &comity__v1__key__descriptor},
    [TABLE_INVITATION] = {TABLE_INVITATION, "invitation", FORM_KEY, &comity__v1__invitation__descriptor},
    [TABLE_BODY] = {TABLE_BODY, "body", FORM_NUMBER, &comity__v1__body__descriptor},
    [TABLE_SEAT] = {TABLE_SEAT, "seat", FORM_PAIR, &comity__v1__seat__descriptor},
    [TABLE_HOLDER] = {TABLE_HOLDER, "holder", FORM_PAIR, NULL},
    [TABLE_RULE] = {TABLE_RULE, "rule", FORM_NUMBER, &comity__v1__rule_version__descriptor},
    [TABLE_SESSION] = {TABLE_SESSION, "session", FORM_NUMBER, &comity__v1__session__descriptor},
    [TABLE_PRESENCE] = {TABLE_PRESENCE, "presence", FORM_PAIR, &comity__v1__presence__descriptor},
    [TABLE_ITEM] = {TABLE_ITEM, "item", FORM_NUMBER, &comity__v1__item__descriptor},
    [TABLE_PROPOSAL] = {TABLE_PROPOSAL, "proposal", FORM_NUMBER, &comity__v1__proposal__descriptor},
    [TABLE_ROUND] = {TABLE_ROUND, "round", FORM_NUMBER, &comity__v1__round__descriptor},
    [TABLE_ROLL] = {TABLE_ROLL, "roll", FORM_PAIR, &comity__v1__roll_entry__descriptor},
    [TABLE_BALLOT] = {TABLE_BALLOT, "ballot", FORM_PAIR, &comity__v1__ballot__descriptor},
    [TABLE_ANSWERED] = {TABLE_ANSWERED, "answered", FORM_NUMBER, NULL},
    [TABLE_DECISION] = {TABLE_DECISION, "decision", FORM_NUMBER, &comity__v1__decision__descriptor},
    [TABLE_NAME] = {TABLE_NAME, "name", FORM_NAME, NULL},
    [TABLE_DEADLINE] = {TABLE_DEADLINE, "deadline", FORM_DEADLINE, NULL},
    [TABLE_OPEN_ROUNDS] = {TABLE_OPEN_ROUNDS, "open_rounds", FORM_NUMBER, NULL},
    [TABLE_DISPUTED] = {TABLE_DISPUTED, "disputed", FORM_PAIR, &comity__v1__ballot__descriptor},
    /* Charter and bodies. */
    [TABLE_CHARTER] = {TABLE_CHARTER, "charter", FORM_NUMBER, &comity__v1__charter_version__descriptor},
    [TABLE_RECUSAL] = {TABLE_RECUSAL, "recusal", FORM_PAIR, &comity__v1__recusal__descriptor},
    [TABLE_ALTERNATES] = {TABLE_ALTERNATES, "alternates", FORM_PAIR, &comity__v1__alternates_list__descriptor},
    [TABLE_STAND_IN] = {TABLE_STAND_IN, "stand_in", FORM_PAIR, &comity__v1__stand_in__descriptor},
    [TABLE_STANDS] = {TABLE_STANDS, "stands", FORM_PAIR, NULL},
    /* Sessions. */
    [TABLE_AGENDA] = {TABLE_AGENDA, "agenda", FORM_NUMBER, NULL},
    [TABLE_SESSION_ROUND] = {TABLE_SESSION_ROUND, "session_round", FORM_PAIR, NULL},
    [TABLE_HAND] = {TABLE_HAND, "hand", FORM_PAIR, &comity__v1__hand__descriptor},
    [TABLE_TIME_BOX] = {TABLE_TIME_BOX, "time_box", FORM_PAIR, &comity__v1__time_box__descriptor},
    [TABLE_SIDEBAR] = {TABLE_SIDEBAR, "sidebar", FORM_NUMBER, &comity__v1__sidebar__descriptor},
    [TABLE_PLUS_DELTA] = {TABLE_PLUS_DELTA, "plus_delta", FORM_NUMBER, &comity__v1__plus_delta__descriptor},
    /* Problem solving. */
    [TABLE_OPEN_OF_ITEM] = {TABLE_OPEN_OF_ITEM, "open_of_item", FORM_PAIR, NULL},
    [TABLE_CONTRIBUTION] = {TABLE_CONTRIBUTION, "contribution", FORM_NUMBER,
                            &comity__v1__contribution__descriptor},
    [TABLE_PROPOSAL_LINKS] = {TABLE_PROPOSAL_LINKS, "proposal_links", FORM_NUMBER,
                              &comity__v1__proposal_links__descriptor},
    [TABLE_CONCERN] = {TABLE_CONCERN, "concern", FORM_NUMBER, &comity__v1__concern__descriptor},
    [TABLE_DATA_REQUEST] = {TABLE_DATA_REQUEST, "data_request", FORM_NUMBER,
                            &comity__v1__data_request__descriptor},
    [TABLE_FACT] = {TABLE_FACT, "fact", FORM_NUMBER, &comity__v1__fact__descriptor},
    [TABLE_STRAW_POLL] = {TABLE_STRAW_POLL, "straw_poll", FORM_NUMBER, &comity__v1__straw_poll__descriptor},
    [TABLE_STRAW_ANSWER] = {TABLE_STRAW_ANSWER, "straw_answer", FORM_PAIR,
                            &comity__v1__straw_answer__descriptor},
    /* Decisions and minutes. */
    [TABLE_ACTION] = {TABLE_ACTION, "action", FORM_NUMBER, &comity__v1__action__descriptor},
    [TABLE_MINUTES] = {TABLE_MINUTES, "minutes", FORM_NUMBER, &comity__v1__minutes__descriptor},
    [TABLE_MINUTES_OPEN] = {TABLE_MINUTES_OPEN, "minutes_open", FORM_PAIR, NULL},
    [TABLE_ERASABLE] = {TABLE_ERASABLE, "erasable", FORM_HASHED, NULL},
    [TABLE_RETENTION] = {TABLE_RETENTION, "retention", FORM_NUMBER, &comity__v1__retention__descriptor},
    [TABLE_HOLD] = {TABLE_HOLD, "hold", FORM_NUMBER, &comity__v1__hold__descriptor},
    [TABLE_HOLDS] = {TABLE_HOLDS, "holds", FORM_NUMBER, NULL},
    [TABLE_TEXT] = {TABLE_TEXT, "text", FORM_KEY, NULL},
    [TABLE_MANDATE] = {TABLE_MANDATE, "mandate", FORM_NUMBER, &comity__v1__mandate__descriptor},
    /* Rules and stages. */
    [TABLE_ROLL_LIST] = {TABLE_ROLL_LIST, "roll_list", FORM_PAIR, &comity__v1__roll_list__descriptor},
    [TABLE_STAGE] = {TABLE_STAGE, "stage", FORM_NUMBER, &comity__v1__stage_run__descriptor},
    [TABLE_ACKNOWLEDGED] = {TABLE_ACKNOWLEDGED, "acknowledged", FORM_PAIR, NULL},
    [TABLE_STAGE_OF_ITEM] = {TABLE_STAGE_OF_ITEM, "stage_of_item", FORM_PAIR, NULL},
    [TABLE_ROUND_OF_PROPOSAL] = {TABLE_ROUND_OF_PROPOSAL, "round_of_proposal", FORM_PAIR, NULL},
    /* Keys and witnesses. */
    [TABLE_WITNESS] = {TABLE_WITNESS, "witness", FORM_NUMBER, &comity__v1__witness__descriptor},
    [TABLE_WITNESS_KEY] = {TABLE_WITNESS_KEY, "witness_key", FORM_HASHED, NULL},
    [TABLE_RECOVERY_KEY] = {TABLE_RECOVERY_KEY, "recovery_key", FORM_KEY, NULL},
    [TABLE_BARRED_KEY] = {TABLE_BARRED_KEY, "barred_key", FORM_HASHED, NULL},
};

const struct table_row *table_find(enum table table)
{
    size_t at = (size_t) table;

    return at < ARRAY_COUNT(TABLES) && TABLES[at].name ? &TABLES[at] : NULL;
}

struct row_key row_key_all(enum table table)
{
    struct row_key key = {{(uint8_t) table}, 1};

    return key;
}

static void key_add_u32(struct row_key *key, uint32_t number)
{
    put_u32(key->bytes + key->size, number);
    key->size += 4;
}

struct row_key row_key_first(enum table table, uint32_t a)
{
    struct row_key key = row_key_all(table);

    key_add_u32(&key, a);
    return key;
}

struct row_key row_key(enum table table, uint32_t a, uint32_t b)
{
    const struct table_row *row = table_find(table);
    struct row_key key = row_key_all(table);

    if (row && (row->form == FORM_NUMBER || row->form == FORM_PAIR))
        key_add_u32(&key, a);
    if (row && row->form == FORM_PAIR)
        key_add_u32(&key, b);
    return key;
}

struct row_key row_key_hashed(enum table table, uint32_t a, const uint8_t hash[HASH_SIZE])
{
    struct row_key key = row_key_first(table, a);

    memcpy(key.bytes + key.size, hash, HASH_SIZE);
    key.size += HASH_SIZE;
    return key;
}

struct row_key row_key_counter(enum table of)
{
    struct row_key key = row_key_all(TABLE_COUNTER);

    key.bytes[key.size++] = (uint8_t) of;
    return key;
}

struct row_key row_key_bytes(enum table table, const uint8_t bytes[KEY_SIZE])
{
    struct row_key key = row_key_all(table);

    memcpy(key.bytes + key.size, bytes, KEY_SIZE);
    key.size += KEY_SIZE;
    return key;
}

struct row_key row_key_name(enum table of, const char *name)
{
    struct row_key key = row_key_all(TABLE_NAME);
    size_t size = strlen(name);

    key.bytes[key.size++] = (uint8_t) of;
    if (size > sizeof(key.bytes) - key.size)
        return (struct row_key){.size = 0};
    memcpy(key.bytes + key.size, name, size);
    key.size += size;
    return key;
}

struct row_key row_key_deadline(int64_t due_ms, enum deadline_kind kind, uint32_t number, uint32_t second)
{
    struct row_key key = row_key_all(TABLE_DEADLINE);

    put_u64(key.bytes + key.size, (uint64_t) due_ms);
    key.size += 8;
    key.bytes[key.size++] = (uint8_t) kind;
    key_add_u32(&key, number);
    key_add_u32(&key, second);
    return key;
}

int row_unpack(enum table table, struct bytes value, struct arena *arena, ProtobufCMessage **ret_row)
{
    const struct table_row *row = table_find(table);
    int code;

    if (!row || !row->type)
        return ERR_INTERNAL;
    code = message_unpack_trusted(row->type, value, arena, ret_row);
    return code == 0 || code == ERR_MEMORY ? code : ERR_CORRUPT;
}

int row_get(const struct view *view, struct arena *arena, enum table table, const struct row_key *key,
            ProtobufCMessage **ret_row)
{
    struct bytes value;
    int code = view_get(view, row_key_view(key), &value);

    return code == 0 ? row_unpack(table, value, arena, ret_row) : code;
}

int row_put(const struct view *view, struct arena *arena, enum table table, const struct row_key *key,
            const ProtobufCMessage *row)
{
    const struct table_row *of = table_find(table);
    struct bytes packed;
    int code;

    if (!of || !of->type || of->type != row->descriptor)
        return ERR_INTERNAL;
    code = message_pack(row, arena, &packed);
    return code == 0 ? view_put(view, row_key_view(key), packed) : code;
}

int row_exists(const struct view *view, const struct row_key *key, bool *ret_exists)
{
    struct bytes value;
    int code = view_get(view, row_key_view(key), &value);

    if (code != 0 && code != ERR_NOT_FOUND)
        return code;
    *ret_exists = code == 0;
    return 0;
}

int row_number(const struct view *view, const struct row_key *key, uint32_t *ret_number)
{
    struct bytes value;
    int code = view_get(view, row_key_view(key), &value);

    if (code == ERR_NOT_FOUND) {
        *ret_number = 0;
        return 0;
    }
    if (code != 0)
        return code;
    if (value.size != 4)
        return ERR_CORRUPT;
    *ret_number = get_u32(value.data);
    return 0;
}

int row_put_number(const struct view *view, const struct row_key *key, uint32_t number)
{
    uint8_t value[4];

    put_u32(value, number);
    return view_put(view, row_key_view(key), BYTES(value, sizeof(value)));
}

struct each {
    struct arena *arena;
    enum table table;
    row_fn *visit;
    void *context;
};

static int each_visit(void *context, struct bytes key, struct bytes value)
{
    const struct each *each = context;
    ProtobufCMessage *row;
    int code = row_unpack(each->table, value, each->arena, &row);

    return code == 0 ? each->visit(each->context, row, key) : code;
}

int row_each(const struct view *view, struct arena *arena, enum table table, const struct row_key *prefix,
             row_fn *visit, void *context)
{
    struct each each = {arena, table, visit, context};

    return view_range(view, row_key_view(prefix), BYTES(NULL, 0), each_visit, &each);
}

static const enum table DEADLINE_TABLES[] = {
    [DEADLINE_TIME] = TABLE_ROUND,
    [DEADLINE_ALL_ANSWERED] = TABLE_ROUND,
    /* Charter and bodies. */
    [DEADLINE_TERM] = TABLE_SEAT,
    /* Sessions. */
    [DEADLINE_AWAY] = TABLE_PRESENCE,
    [DEADLINE_TIME_BOX] = TABLE_TIME_BOX,
    [DEADLINE_CAUCUS] = TABLE_SESSION,
    /* Problem solving. */
    [DEADLINE_REFERRED] = TABLE_ROUND,
    /* Decisions and minutes. */
    [DEADLINE_EFFECT] = TABLE_DECISION,
    [DEADLINE_TRIAL] = TABLE_DECISION,
    [DEADLINE_REVIEW] = TABLE_DECISION,
    [DEADLINE_SUNSET] = TABLE_DECISION,
    [DEADLINE_REPORT] = TABLE_MANDATE,
    /* Rules and stages. */
    [DEADLINE_SETTLED] = TABLE_ROUND,
    [DEADLINE_STAGE] = TABLE_STAGE,
};

enum table deadline_table(enum deadline_kind kind)
{
    return (size_t) kind < ARRAY_COUNT(DEADLINE_TABLES) ? DEADLINE_TABLES[kind] : (enum table) 0;
}

struct deadline_search {
    enum table table;
    uint32_t number; /* 0: any, of any table */
    int64_t until_ms;
    bool is_found;
    struct deadline found;
};

static int deadline_visit(void *context, struct bytes key, struct bytes value)
{
    struct deadline_search *search = context;
    struct deadline at;

    (void) value;
    if (key.size != row_key_deadline(0, DEADLINE_TIME, 0, 0).size)
        return ERR_CORRUPT;
    at.due_ms = (int64_t) get_u64(key.data + 1);
    at.kind = (enum deadline_kind) key.data[9];
    at.number = get_u32(key.data + 10);
    at.second = get_u32(key.data + 14);
    if (at.due_ms > search->until_ms)
        return 1;
    if (search->number != 0 && (search->number != at.number || search->table != deadline_table(at.kind)))
        return 0;
    search->is_found = true;
    search->found = at;
    return 1;
}

int deadline_find(const struct view *view, enum table table, uint32_t number, int64_t until_ms,
                  struct deadline *ret_deadline)
{
    struct deadline_search search = {.table = table, .number = number, .until_ms = until_ms};
    struct row_key all = row_key_all(TABLE_DEADLINE);
    int code = view_range(view, row_key_view(&all), BYTES(NULL, 0), deadline_visit, &search);

    if (code != 0)
        return code;
    if (!search.is_found)
        return ERR_NOT_FOUND;
    *ret_deadline = search.found;
    return 0;
}

int deadline_first(const struct view *view, struct deadline *ret_deadline)
{
    return deadline_find(view, TABLE_DEADLINE, 0, INT64_MAX, ret_deadline);
}
