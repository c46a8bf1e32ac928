#include "worker/query.h"

#include "core/error.h"
#include "core/machine/state.h"
#include "worker/query_page.h"
#include "worker/receipt.h"

static const struct {
    Comity__V1__Query__KindCase kind;
    int (*run)(struct query_run *run);
    bool is_for_witnesses; /* as well as for members */
} KINDS[] = {
    {COMITY__V1__QUERY__KIND_WHOAMI, query_whoami, false},
    {COMITY__V1__QUERY__KIND_LIST, query_list, false},
    {COMITY__V1__QUERY__KIND_EVENTS, query_events, false},
    {COMITY__V1__QUERY__KIND_RECEIPT, query_receipt, false},
    {COMITY__V1__QUERY__KIND_CHECKPOINT, query_checkpoint, true},
};

int query_check_grant(struct store_txn *txn, const struct session_grant *grant, int64_t now_ms,
                      struct arena *arena, struct store_history *ret_history, struct reader *ret_reader)
{
    struct reader reader = {NULL, NULL};
    if (grant->until_ms <= now_ms)
        return ERR_GRANT;
    int code = store_history_get(txn, grant->history, ret_history);
    if (code == 0) {
        struct view view = store_view(txn, ret_history);
        code = state_member_of_key(&view, arena, grant->key, &reader.member);
        if (code == ERR_KEY_UNKNOWN)
            code = state_witness_of_key(&view, arena, grant->key, &reader.witness);
    }
    if (code == 0)
        *ret_reader = reader;
    return code == ERR_HISTORY || code == ERR_KEY_UNKNOWN ? ERR_GRANT : code;
}

static int check_form(const Comity__V1__Query *query, struct refusal *refusal)
{
    if (query->kind_case == COMITY__V1__QUERY__KIND__NOT_SET)
        return refuse(refusal, ERR_MISSING, "query.kind");
    if (query->history.len != HISTORY_ID_SIZE)
        return refuse(refusal, ERR_RANGE, "query.history");
    if (query->limit > QUERY_LIMIT_MAX)
        return refuse_limit(refusal, ERR_RANGE, "query.limit", QUERY_LIMIT_MAX);
    if (query->cursor.len > QUERY_CURSOR_MAX_BYTES)
        return refuse_limit(refusal, ERR_RANGE, "query.cursor", QUERY_CURSOR_MAX_BYTES);
    return 0;
}

/* The new group takes commands as soon as it has all of a history, and the old one learns of it later: what
 * is frozen says nothing of the record's end, and it is there that whoever asks has seen more. */
static int look_whether_it_moves(struct query_run *run)
{
    struct store_move row;
    int code = store_move_get(run->txn, run->history.id, run->arena, &row);
    bool is_frozen = code == 0 && row.kind == STORE_FROZEN;

    run->is_fresh = run->context->is_fresh && !is_frozen;
    run->late = is_frozen ? ERR_MOVING : ERR_BEHIND;
    run->answer->is_fresh = run->query->fresh && run->is_fresh;
    run->answer->is_moving = run->query->fresh && run->context->is_fresh && is_frozen;
    return code == ERR_NOT_FOUND ? 0 : code;
}

/* With the transaction open. */
static int run_query(struct query_run *run)
{
    struct reader reader;
    int code = query_check_grant(run->txn, run->context->grant, run->context->now_ms, run->arena,
                                 &run->history, &reader);
    if (code)
        return refuse(run->refusal, code, "query.history");
    code = look_whether_it_moves(run);
    if (code)
        return refuse(run->refusal, code, "");
    if (run->query->floor > run->history.head)
        return refuse(run->refusal, run->late, "query.floor");
    run->view = store_view(run->txn, &run->history);
    if (reader.member) {
        run->reader = reader.member;
        visible_init(&run->visible, &run->view, reader.member->number);
    }
    run->answer->as_of = run->history.head;
    run->answer->epoch = run->history.epoch;
    for (size_t i = 0; i < ARRAY_COUNT(KINDS); i++) {
        if (KINDS[i].kind != run->query->kind_case)
            continue;
        bool may = reader.member || KINDS[i].is_for_witnesses;
        return may ? KINDS[i].run(run) : refuse(run->refusal, ERR_FORBIDDEN, "query.kind");
    }
    return refuse(run->refusal, ERR_UNSUPPORTED, "query.kind");
}

int query_answer(const struct query_context *context, const Comity__V1__Query *query,
                 Comity__V1__Answer **ret_answer, struct refusal *refusal)
{
    int code = check_form(query, refusal);
    if (code)
        return code;
    struct query_run run = {
        .context = context,
        .query = query,
        .arena = context->arena,
        .limit = query->limit ? query->limit : QUERY_LIMIT_PRESET,
        .refusal = refusal,
        .answer = arena_alloc(context->arena, sizeof(Comity__V1__Answer)),
    };
    if (!run.answer)
        return refuse(refusal, ERR_MEMORY, "");
    comity__v1__answer__init(run.answer);
    code = store_begin_read(context->store, &run.txn);
    if (code)
        return refuse(refusal, code, "");
    *refusal = (struct refusal){0};
    code = run_query(&run);
    visible_release(&run.visible);
    store_abort(&run.txn);
    if (code)
        return refusal->code ? code : refuse(refusal, code, "");
    *ret_answer = run.answer;
    return 0;
}

/* Texts. */

struct refs {
    const Comity__V1__TextRef **list;
    size_t count, room;
    uint64_t bytes;
};

static int count_ref(const ProtobufCMessage *found, const char *path, void *context)
{
    (void) path;
    struct refs *refs = context;
    const Comity__V1__TextRef *ref = (const Comity__V1__TextRef *) found;
    if (refs->list && refs->count < refs->room)
        refs->list[refs->count] = ref;
    refs->count++;
    refs->bytes += ref->size;
    return 0;
}

enum { TEXT_OVERHEAD = HASH_SIZE + SALT_SIZE + 16 };

size_t query_text_bytes(const ProtobufCMessage *row)
{
    struct refs refs = {0};
    message_visit(row, &comity__v1__text_ref__descriptor, count_ref, &refs);
    return (size_t) refs.bytes + refs.count * TEXT_OVERHEAD;
}

static int add_text(struct query_run *run, const Comity__V1__TextRef *ref)
{
    Comity__V1__Answer *answer = run->answer;
    if (ref->hash.len != HASH_SIZE)
        return ERR_CORRUPT;
    if (answer->n_texts == run->text_room) {
        size_t room = run->text_room ? run->text_room * 2 : 32;
        Comity__V1__TextShown **larger = arena_alloc(run->arena, room * sizeof(*larger));
        if (!larger)
            return ERR_MEMORY;
        if (answer->n_texts > 0)
            memcpy(larger, answer->texts, answer->n_texts * sizeof(*larger));
        answer->texts = larger;
        run->text_room = room;
    }
    Comity__V1__TextShown *text = arena_alloc(run->arena, sizeof(*text));
    uint8_t *salt = arena_alloc(run->arena, SALT_SIZE);
    if (!text || !salt)
        return ERR_MEMORY;
    struct bytes content;
    int code = store_text_get(run->txn, &run->history, ref->hash.data, run->arena, salt, &content);
    comity__v1__text_shown__init(text);
    if (code == ERR_NOT_FOUND) {
        bool is_purged = false;
        code = store_text_is_erased(run->txn, &run->history, ref->hash.data, &is_purged);
        if (code || !is_purged)
            return code;
        text->hash = ref->hash;
        text->is_purged = true;
        answer->texts[answer->n_texts++] = text;
        return 0;
    }
    if (code)
        return code;
    text->hash = ref->hash;
    text->salt = (ProtobufCBinaryData){.data = salt, .len = SALT_SIZE};
    text->content = (ProtobufCBinaryData){.data = (uint8_t *) content.data, .len = content.size};
    answer->texts[answer->n_texts++] = text;
    run->bytes += content.size + TEXT_OVERHEAD;
    return 0;
}

int query_add_texts(struct query_run *run, const ProtobufCMessage *row, size_t bytes_max)
{
    struct refs refs = {0};
    message_visit(row, &comity__v1__text_ref__descriptor, count_ref, &refs);
    if (refs.count == 0)
        return 0;
    refs.room = refs.count;
    refs.list = arena_alloc(run->arena, refs.room * sizeof(*refs.list));
    if (!refs.list)
        return ERR_MEMORY;
    refs.count = 0;
    message_visit(row, &comity__v1__text_ref__descriptor, count_ref, &refs);
    int code = 0;
    for (size_t i = 0; i < refs.count && code == 0; i++) {
        const Comity__V1__TextRef *ref = refs.list[i == 0 ? 0 : refs.count - i];
        if (run->bytes + ref->size + TEXT_OVERHEAD <= bytes_max)
            code = add_text(run, ref);
    }
    return code;
}

/* Kinds of one row. */

int query_whoami(struct query_run *run)
{
    ProtobufCMessage *partnership, *constituency;
    int code = state_get(&run->view, run->arena, TABLE_PARTNERSHIP, 0, 0, &partnership);
    if (code == 0)
        code = state_get(&run->view, run->arena, TABLE_CONSTITUENCY, run->reader->constituency, 0,
                         &constituency);
    if (code)
        return code == ERR_NOT_FOUND ? ERR_CORRUPT : code;
    Comity__V1__WhoamiAnswer *whoami = arena_alloc(run->arena, sizeof(*whoami));
    if (!whoami)
        return ERR_MEMORY;
    comity__v1__whoami_answer__init(whoami);
    whoami->partnership = (Comity__V1__Partnership *) partnership;
    whoami->constituency = (Comity__V1__Constituency *) constituency;
    whoami->member = (Comity__V1__Member *) run->reader;
    run->answer->whoami = whoami;
    return query_add_texts(run, &whoami->base, QUERY_PAGE_BYTES);
}

int query_receipt(struct query_run *run)
{
    ProtobufCBinaryData id = run->query->receipt->command_id;
    if (id.len != COMMAND_ID_SIZE)
        return refuse(run->refusal, ERR_RANGE, "query.receipt.command_id");
    struct bytes packed;
    int code = receipt_make(run->txn, &run->history, id.data, run->context->log_key, run->arena, &packed);
    if (code == ERR_NOT_FOUND)
        return refuse(run->refusal, code, "query.receipt.command_id");
    ProtobufCMessage *message;
    if (code == 0)
        code = message_unpack_trusted(&comity__v1__receipt__descriptor, packed, run->arena, &message);
    if (code)
        return code;
    Comity__V1__Receipt *receipt = (Comity__V1__Receipt *) message;
    code = visible_record(&run->visible, receipt->event);
    if (code == 0)
        code = message_pack(message, run->arena, &packed);
    if (code == 0)
        run->answer->receipt = (ProtobufCBinaryData){.data = (uint8_t *) packed.data, .len = packed.size};
    return code;
}
