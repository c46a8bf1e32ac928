/* Queries on a real store: what a reader sees of ballots that are hidden until the close, pages, cursors,
 * rights. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/command.h"
#include "core/error.h"
#include "core/machine/state.h"
#include "core/note.h"
#include "core/text.h"
#include "worker/query.h"
#include "worker/receipt.h"

enum {
    VOTER = 1, /* member: casts the hidden ballot, */
    OTHER = 2, /* and so does this one */
    HIDDEN_ROUND = 1,
    OPEN_ROUND = 2,
    MEMBERS = 3,
};
#define NOW_MS INT64_C(1800000000000)

struct fixture {
    char directory[64];
    struct store *store;
    struct arena *arena;
    struct signing_key log_key;
    struct session_grant grants[MEMBERS + 1]; /* by member */
    uint8_t history[HISTORY_ID_SIZE];
    uint8_t command_ids[8][COMMAND_ID_SIZE]; /* by sequence */
    unsigned texts;
};

static const uint8_t GROUP[GROUP_ID_SIZE] = {9};

static ProtobufCBinaryData binary(const void *data, size_t size)
{
    return (ProtobufCBinaryData){.len = size, .data = (uint8_t *) data};
}

#define NEW(fixture, Type, type)                                                                             \
    ((Comity__V1__##Type *) message_new((fixture)->arena, &comity__v1__##type##__descriptor))

static void *message_new(struct arena *arena, const ProtobufCMessageDescriptor *type)
{
    ProtobufCMessage *message = arena_alloc(arena, type->sizeof_message);
    assert_non_null(message);
    protobuf_c_message_init(type, message);
    return message;
}

/* A text part, and the reference to it. */
static struct event_part text_part(struct fixture *fixture, size_t size, Comity__V1__TextRef **ret_ref)
{
    struct event_part part = {.kind = COMITY__V1__PART_KIND__PART_KIND_TEXT,
                              .audience = COMITY__V1__AUDIENCE__AUDIENCE_ALL};
    uint8_t *content = arena_alloc(fixture->arena, size);
    memset(content, 'a' + (int) (fixture->texts++ % 26), size);
    put_u32(part.salt, fixture->texts);
    part.content = BYTES(content, size);
    event_part_hash(&part);
    *ret_ref = NEW(fixture, TextRef, text_ref);
    (*ret_ref)->hash = binary(arena_copy(fixture->arena, part.hash, HASH_SIZE), HASH_SIZE);
    (*ret_ref)->size = (uint32_t) size;
    return part;
}

static struct event_part other_part(struct fixture *fixture, uint8_t kind, struct bytes content,
                                    uint32_t round)
{
    struct event_part part = {.kind = kind, .content = content, .round = round};
    part.audience =
        round ? COMITY__V1__AUDIENCE__AUDIENCE_VOTER_UNTIL_CLOSE : COMITY__V1__AUDIENCE__AUDIENCE_ALL;
    put_u32(part.salt, ++fixture->texts);
    event_part_hash(&part);
    return part;
}

/* Append an event by @actor. Parts of a ballot in a hidden round are withheld. */
static uint64_t append(struct fixture *fixture, struct store_txn *txn, struct store_history *history,
                       uint32_t actor, uint32_t hidden_round, const struct event_part *texts,
                       size_t text_count)
{
    struct event_part parts[2 + 8];
    struct event_header header = {
        .level = FORMAT_LEVEL, .epoch = 1, .sequence = history->head + 1, .time_ms = NOW_MS};
    Comity__V1__Event *event = NEW(fixture, Event, event);
    Comity__V1__BallotCast *cast = NEW(fixture, BallotCast, ballot_cast);
    struct bytes open;
    event->actor = actor;
    event->kind_case = COMITY__V1__EVENT__KIND_BALLOT_CAST;
    event->ballot_cast = cast;
    cast->member = actor;
    assert_int_equal(message_pack(&event->base, fixture->arena, &open), 0);
    parts[0] = other_part(fixture, COMITY__V1__PART_KIND__PART_KIND_OPEN, open, 0);
    char *command = arena_printf(fixture->arena, "command %u", fixture->texts);
    parts[1] = other_part(fixture, COMITY__V1__PART_KIND__PART_KIND_COMMAND, BYTES(command, strlen(command)),
                          hidden_round);
    for (size_t i = 0; i < text_count; i++) {
        parts[2 + i] = texts[i];
        parts[2 + i].audience = parts[1].audience;
        parts[2 + i].round = parts[1].round;
    }
    memcpy(header.history, history->id, HISTORY_ID_SIZE);
    event_commitment(parts, 2 + text_count, header.commitment);
    assert_int_equal(store_event_append(txn, history, &header, parts, 2 + text_count), 0);
    return header.sequence;
}

static void put(struct fixture *fixture, const struct view *view, enum table table, uint32_t a, uint32_t b,
                const ProtobufCMessage *row)
{
    assert_int_equal(state_put(view, fixture->arena, table, a, b, row), 0);
}

static void put_round(struct fixture *fixture, const struct view *view, uint32_t number,
                      Comity__V1__Visibility visibility, Comity__V1__RoundState state)
{
    Comity__V1__Round *round = NEW(fixture, Round, round);
    round->number = number;
    round->rule = NEW(fixture, Rule, rule);
    round->rule->visibility = visibility;
    round->state = state;
    put(fixture, view, TABLE_ROUND, number, 0, &round->base);
}

static void cast(struct fixture *fixture, struct store_txn *txn, struct store_history *history,
                 const struct view *view, uint32_t member, uint32_t round)
{
    Comity__V1__TextRef *reason;
    struct event_part part = text_part(fixture, 20, &reason);
    uint64_t sequence =
        append(fixture, txn, history, member, round == HIDDEN_ROUND ? HIDDEN_ROUND : 0, &part, 1);
    Comity__V1__Ballot *ballot = NEW(fixture, Ballot, ballot);
    ballot->round = round;
    ballot->member = member;
    ballot->sequence = sequence;
    ballot->answer = 3;
    ballot->reason = reason;
    put(fixture, view, TABLE_BALLOT, round, member, &ballot->base);
    struct store_command command = {.sequence = sequence, .events = 1, .tree_size = sequence, .epoch = 1};
    memset(fixture->command_ids[sequence], (int) sequence, COMMAND_ID_SIZE);
    assert_int_equal(store_command_put(txn, history, fixture->command_ids[sequence], &command), 0);
}

/* Sequences 1 and 2: ballots of VOTER and OTHER in the hidden round; 3: of VOTER in the open one. */
static void fill(struct fixture *fixture)
{
    struct store_txn *txn;
    struct store_history history;
    assert_int_equal(store_begin_write(fixture->store, &txn), 0);
    assert_int_equal(store_history_create(txn, fixture->history, &history), 0);
    struct view view = store_view(txn, &history);
    Comity__V1__Partnership *partnership = NEW(fixture, Partnership, partnership);
    partnership->name = "trial";
    put(fixture, &view, TABLE_PARTNERSHIP, 0, 0, &partnership->base);
    Comity__V1__Constituency *constituency = NEW(fixture, Constituency, constituency);
    constituency->number = 1;
    constituency->name = "labour";
    put(fixture, &view, TABLE_CONSTITUENCY, 1, 0, &constituency->base);
    for (uint32_t i = 1; i <= MEMBERS; i++) {
        struct session_grant *grant = &fixture->grants[i];
        memcpy(grant->history, fixture->history, HISTORY_ID_SIZE);
        memset(grant->key, (int) i, KEY_SIZE);
        grant->until_ms = NOW_MS + 1;
        Comity__V1__Member *member = NEW(fixture, Member, member);
        member->number = i;
        member->constituency = 1;
        put(fixture, &view, TABLE_MEMBER, i, 0, &member->base);
        Comity__V1__Key *key = NEW(fixture, Key, key);
        key->key = binary(grant->key, KEY_SIZE);
        key->member = i;
        key->added = 1;
        key->revoked = i == MEMBERS ? 1 : 0; /* the last one's */
        uint8_t row_key[1 + KEY_SIZE] = {TABLE_KEY};
        struct bytes row;
        memcpy(row_key + 1, grant->key, KEY_SIZE);
        assert_int_equal(message_pack(&key->base, fixture->arena, &row), 0);
        assert_int_equal(view_put(&view, BYTES(row_key, sizeof(row_key)), row), 0);
    }
    put_round(fixture, &view, HIDDEN_ROUND, COMITY__V1__VISIBILITY__VISIBILITY_UNTIL_CLOSE,
              COMITY__V1__ROUND_STATE__ROUND_STATE_OPEN);
    put_round(fixture, &view, OPEN_ROUND, COMITY__V1__VISIBILITY__VISIBILITY_OPEN,
              COMITY__V1__ROUND_STATE__ROUND_STATE_OPEN);
    cast(fixture, txn, &history, &view, VOTER, HIDDEN_ROUND);
    cast(fixture, txn, &history, &view, OTHER, HIDDEN_ROUND);
    cast(fixture, txn, &history, &view, VOTER, OPEN_ROUND);
    assert_int_equal(store_commit(&txn), 0);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    const char *temporary = getenv("TMPDIR");
    snprintf(fixture->directory, sizeof(fixture->directory), "%.40s/comity-XXXXXX",
             temporary ? temporary : "/tmp");
    if (!mkdtemp(fixture->directory))
        return -1;
    fixture->arena = arena_new(256 * 1024 * 1024);
    memset(fixture->history, 0x5a, HISTORY_ID_SIZE);
    signing_key_generate(&fixture->log_key);
    struct store_options options = {
        .directory = fixture->directory, .map_limit_bytes = 1 << 28, .group = GROUP};
    char reason[STORE_REASON_MAX];
    if (store_open(&options, &fixture->store, reason))
        return -1;
    fill(fixture);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    char command[128];
    store_close(&fixture->store);
    snprintf(command, sizeof(command), "rm -rf '%s'", fixture->directory);
    int result = system(command);
    arena_destroy(&fixture->arena);
    free(fixture);
    return result;
}

/* Asking. */

static Comity__V1__Query *query_of(struct fixture *fixture, Comity__V1__Query__KindCase kind)
{
    Comity__V1__Query *query = NEW(fixture, Query, query);
    query->history = binary(fixture->history, HISTORY_ID_SIZE);
    query->kind_case = kind;
    return query;
}

static int ask(struct fixture *fixture, uint32_t reader, const Comity__V1__Query *query,
               Comity__V1__Answer **ret_answer, struct refusal *refusal)
{
    struct query_context context = {
        .store = fixture->store,
        .log_key = &fixture->log_key,
        .grant = &fixture->grants[reader],
        .now_ms = NOW_MS,
        .arena = fixture->arena,
    };
    return query_answer(&context, query, ret_answer, refusal);
}

static Comity__V1__Answer *answer_of(struct fixture *fixture, uint32_t reader, const Comity__V1__Query *query)
{
    Comity__V1__Answer *answer = NULL;
    struct refusal refusal;
    int code = ask(fixture, reader, query, &answer, &refusal);
    if (code)
        print_error("refused: %s %s\n", error_name(code), refusal.field);
    assert_int_equal(code, 0);
    return answer;
}

static void refused(struct fixture *fixture, uint32_t reader, const Comity__V1__Query *query, int code,
                    const char *field)
{
    Comity__V1__Answer *answer = NULL;
    struct refusal refusal = {0};
    assert_int_equal(ask(fixture, reader, query, &answer, &refusal), code);
    assert_int_equal(refusal.code, code);
    assert_string_equal(refusal.field, field);
    assert_null(answer);
}

static Comity__V1__Query *events_from(struct fixture *fixture, uint64_t from)
{
    Comity__V1__Query *query = query_of(fixture, COMITY__V1__QUERY__KIND_EVENTS);
    query->events = NEW(fixture, Events, events);
    query->events->from = from;
    return query;
}

static Comity__V1__Query *list_of(struct fixture *fixture, Comity__V1__ListKind kind, uint32_t parent)
{
    Comity__V1__Query *query = query_of(fixture, COMITY__V1__QUERY__KIND_LIST);
    query->list = NEW(fixture, List, list);
    query->list->kind = kind;
    query->list->parent = parent;
    return query;
}

/* How much of an event's command and text parts is shown. */
enum shown { ALL_OF_IT, NOTHING_OF_IT };

static void check_event(const Comity__V1__EventRecord *record, enum shown shown)
{
    struct event_header header;
    assert_int_equal(event_record_check(record, &header), 0);
    assert_int_equal(record->n_parts, 3);
    assert_false(record->parts[0]->is_withheld);
    for (size_t i = 1; i < 3; i++) {
        const Comity__V1__Part *part = record->parts[i];
        assert_int_equal(part->is_withheld, shown == NOTHING_OF_IT);
        assert_int_equal(part->salt.len, shown == NOTHING_OF_IT ? 0 : SALT_SIZE);
        assert_int_equal(part->content.len == 0, shown == NOTHING_OF_IT);
        assert_int_equal(part->hash.len, HASH_SIZE);
    }
}

static void close_hidden_round(struct fixture *fixture)
{
    struct store_txn *txn;
    struct store_history history;
    assert_int_equal(store_begin_write(fixture->store, &txn), 0);
    assert_int_equal(store_history_get(txn, fixture->history, &history), 0);
    struct view view = store_view(txn, &history);
    put_round(fixture, &view, HIDDEN_ROUND, COMITY__V1__VISIBILITY__VISIBILITY_UNTIL_CLOSE,
              COMITY__V1__ROUND_STATE__ROUND_STATE_CLOSED);
    assert_int_equal(store_commit(&txn), 0);
}

static void events_withhold_others_ballots(void **state)
{
    struct fixture *fixture = *state;
    Comity__V1__Answer *answer = answer_of(fixture, OTHER, events_from(fixture, 1));
    assert_int_equal(answer->n_events, 3);
    check_event(answer->events[0], NOTHING_OF_IT);
    check_event(answer->events[1], ALL_OF_IT); /* the reader's own */
    check_event(answer->events[2], ALL_OF_IT); /* of an open round */
    answer = answer_of(fixture, VOTER, events_from(fixture, 1));
    check_event(answer->events[0], ALL_OF_IT);
    check_event(answer->events[1], NOTHING_OF_IT);
}

static void lists_show_own_ballots_and_their_reasons_alone(void **state)
{
    struct fixture *fixture = *state;
    Comity__V1__Query *query = list_of(fixture, COMITY__V1__LIST_KIND__LIST_KIND_BALLOTS, HIDDEN_ROUND);
    Comity__V1__Answer *answer = answer_of(fixture, OTHER, query);
    assert_int_equal(answer->n_ballots, 1);
    assert_int_equal(answer->ballots[0]->member, OTHER);
    assert_int_equal(answer->n_texts, 1);
    assert_memory_equal(answer->texts[0]->hash.data, answer->ballots[0]->reason->hash.data, HASH_SIZE);
    uint8_t hash[HASH_SIZE];
    text_hash(answer->texts[0]->salt.data,
              BYTES(answer->texts[0]->content.data, answer->texts[0]->content.len), hash);
    assert_memory_equal(hash, answer->texts[0]->hash.data, HASH_SIZE);

    query = list_of(fixture, COMITY__V1__LIST_KIND__LIST_KIND_BALLOTS, OPEN_ROUND);
    answer = answer_of(fixture, OTHER, query);
    assert_int_equal(answer->n_ballots, 1);
    assert_int_equal(answer->ballots[0]->member, VOTER);
    assert_int_equal(answer->n_texts, 1);
}

static const Comity__V1__Part *command_part_of_receipt(struct fixture *fixture, uint32_t reader,
                                                       uint64_t sequence)
{
    Comity__V1__Query *query = query_of(fixture, COMITY__V1__QUERY__KIND_RECEIPT);
    query->receipt = NEW(fixture, GetReceipt, get_receipt);
    query->receipt->command_id = binary(fixture->command_ids[sequence], COMMAND_ID_SIZE);
    Comity__V1__Answer *answer = answer_of(fixture, reader, query);
    ProtobufCMessage *message;
    assert_int_equal(message_unpack_trusted(&comity__v1__receipt__descriptor,
                                            BYTES(answer->receipt.data, answer->receipt.len), fixture->arena,
                                            &message),
                     0);
    Comity__V1__Receipt *receipt = (Comity__V1__Receipt *) message;
    assert_int_equal(receipt->first_sequence, sequence);
    assert_int_equal(receipt->event->parts[1]->content.len, 0);
    return receipt->event->parts[1];
}

static void receipts_withhold_the_salt(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(command_part_of_receipt(fixture, OTHER, 1)->salt.len, 0);
    assert_int_equal(command_part_of_receipt(fixture, OTHER, 2)->salt.len, SALT_SIZE);
    assert_int_equal(command_part_of_receipt(fixture, OTHER, 3)->salt.len, SALT_SIZE);
    assert_int_equal(command_part_of_receipt(fixture, VOTER, 1)->salt.len, SALT_SIZE);
    close_hidden_round(fixture);
    assert_int_equal(command_part_of_receipt(fixture, OTHER, 1)->salt.len, SALT_SIZE);
}

static void the_close_shows_everything(void **state)
{
    struct fixture *fixture = *state;
    close_hidden_round(fixture);
    Comity__V1__Answer *answer = answer_of(fixture, OTHER, events_from(fixture, 1));
    for (size_t i = 0; i < 3; i++)
        check_event(answer->events[i], ALL_OF_IT);
    answer =
        answer_of(fixture, OTHER, list_of(fixture, COMITY__V1__LIST_KIND__LIST_KIND_BALLOTS, HIDDEN_ROUND));
    assert_int_equal(answer->n_ballots, 2);
    assert_int_equal(answer->n_texts, 2);
}

static void answers_are_signed_and_dated(void **state)
{
    struct fixture *fixture = *state;
    Comity__V1__Query *query = events_from(fixture, 2);
    query->limit = 1;
    Comity__V1__Answer *answer = answer_of(fixture, VOTER, query);
    assert_int_equal(answer->as_of, 3);
    assert_int_equal(answer->epoch, 1);
    struct checkpoint checkpoint;
    char origin[ORIGIN_MAX_BYTES + 1];
    assert_int_equal(checkpoint_open(BYTES(answer->checkpoint.data, answer->checkpoint.len),
                                     fixture->log_key.public_key, &checkpoint),
                     0);
    assert_int_equal(checkpoint.size, 3);
    checkpoint_origin(fixture->history, 1, origin);
    assert_string_equal(checkpoint.origin, origin);
}

static void events_come_in_pages(void **state)
{
    struct fixture *fixture = *state;
    Comity__V1__Query *query = events_from(fixture, 1);
    query->limit = 2;
    Comity__V1__Answer *answer = answer_of(fixture, VOTER, query);
    assert_int_equal(answer->n_events, 2);
    assert_true(answer->next_cursor.len > 0);
    query->cursor = answer->next_cursor;
    answer = answer_of(fixture, VOTER, query);
    assert_int_equal(answer->n_events, 1);
    assert_int_equal(answer->next_cursor.len, 0);
    answer = answer_of(fixture, VOTER, events_from(fixture, 4));
    assert_int_equal(answer->n_events, 0);
    assert_int_equal(answer->next_cursor.len, 0);
    answer = answer_of(fixture, VOTER, events_from(fixture, UINT64_MAX));
    assert_int_equal(answer->n_events, 0);
}

static void bad_queries_name_the_field(void **state)
{
    struct fixture *fixture = *state;
    static uint8_t bytes[QUERY_CURSOR_MAX_BYTES + 1];
    Comity__V1__Query *query = events_from(fixture, 0);
    refused(fixture, VOTER, query, ERR_RANGE, "query.events.from");
    query = events_from(fixture, 1);
    query->limit = QUERY_LIMIT_MAX + 1;
    refused(fixture, VOTER, query, ERR_RANGE, "query.limit");
    query = events_from(fixture, 1);
    query->floor = 4;
    refused(fixture, VOTER, query, ERR_BEHIND, "query.floor");
    query = events_from(fixture, 1);
    query->cursor = binary(bytes, sizeof(bytes));
    refused(fixture, VOTER, query, ERR_RANGE, "query.cursor");
    query->cursor = binary(bytes, 7);
    refused(fixture, VOTER, query, ERR_RANGE, "query.cursor");
    query->cursor = binary(bytes, 8); /* before `from` */
    refused(fixture, VOTER, query, ERR_RANGE, "query.cursor");
    query = query_of(fixture, COMITY__V1__QUERY__KIND__NOT_SET);
    refused(fixture, VOTER, query, ERR_MISSING, "query.kind");
    query = events_from(fixture, 1);
    query->history.len = 31;
    refused(fixture, VOTER, query, ERR_RANGE, "query.history");
    query = list_of(fixture, COMITY__V1__LIST_KIND__LIST_KIND_UNSPECIFIED, 0);
    refused(fixture, VOTER, query, ERR_MISSING, "query.list.kind");
    query = list_of(fixture, COMITY__V1__LIST_KIND__LIST_KIND_BALLOTS, 0);
    refused(fixture, VOTER, query, ERR_MISSING, "query.list.parent");
    query = list_of(fixture, COMITY__V1__LIST_KIND__LIST_KIND_MEMBERS, 4);
    refused(fixture, VOTER, query, ERR_RANGE, "query.list.parent");
    query = list_of(fixture, COMITY__V1__LIST_KIND__LIST_KIND_MEMBERS, 0);
    query->cursor = binary("nonsense", 8);
    refused(fixture, VOTER, query, ERR_RANGE, "query.cursor");
    query = query_of(fixture, COMITY__V1__QUERY__KIND_RECEIPT);
    query->receipt = NEW(fixture, GetReceipt, get_receipt);
    query->receipt->command_id = binary(bytes, 15);
    refused(fixture, VOTER, query, ERR_RANGE, "query.receipt.command_id");
    query->receipt->command_id = binary(bytes, 16);
    refused(fixture, VOTER, query, ERR_NOT_FOUND, "query.receipt.command_id");
}

static void rights_are_judged_anew(void **state)
{
    struct fixture *fixture = *state;
    struct session_grant *grant = &fixture->grants[VOTER];
    Comity__V1__Query *query = events_from(fixture, 1);
    refused(fixture, MEMBERS, query, ERR_KEY_REVOKED, "query.history");
    grant->until_ms = NOW_MS;
    refused(fixture, VOTER, query, ERR_GRANT, "query.history");
    /* What a stranger gets is the same, whether there is such a history or not. */
    grant->until_ms = NOW_MS + 1;
    grant->key[0] ^= 1;
    refused(fixture, VOTER, query, ERR_GRANT, "query.history");
    grant->history[0] ^= 1;
    refused(fixture, VOTER, query, ERR_GRANT, "query.history");
}

static void whoami_is_the_reader(void **state)
{
    struct fixture *fixture = *state;
    Comity__V1__Query *query = query_of(fixture, COMITY__V1__QUERY__KIND_WHOAMI);
    query->whoami = NEW(fixture, Whoami, whoami);
    Comity__V1__Answer *answer = answer_of(fixture, OTHER, query);
    assert_int_equal(answer->whoami->member->number, OTHER);
    assert_string_equal(answer->whoami->constituency->name, "labour");
    assert_string_equal(answer->whoami->partnership->name, "trial");
}

/* Lists. */

static void put_items(struct fixture *fixture, uint32_t count)
{
    struct store_txn *txn;
    struct store_history history;
    assert_int_equal(store_begin_write(fixture->store, &txn), 0);
    assert_int_equal(store_history_get(txn, fixture->history, &history), 0);
    struct view view = store_view(txn, &history);
    for (uint32_t i = 1; i <= count; i++) {
        Comity__V1__Item *item = NEW(fixture, Item, item);
        item->number = i;
        item->session = 1 + i % 2;
        struct event_part part = text_part(fixture, 10, &item->title);
        append(fixture, txn, &history, VOTER, 0, &part, 1);
        put(fixture, &view, TABLE_ITEM, i, 0, &item->base);
    }
    assert_int_equal(store_commit(&txn), 0);
}

/* Read all pages of the items; every row comes once, in order, with its text. */
static size_t read_items(struct fixture *fixture, uint32_t session, uint32_t limit, size_t *ret_rows)
{
    Comity__V1__Query *query = list_of(fixture, COMITY__V1__LIST_KIND__LIST_KIND_ITEMS, session);
    size_t pages = 0;
    uint32_t last = 0;
    query->limit = limit;
    *ret_rows = 0;
    for (;;) {
        Comity__V1__Answer *answer = answer_of(fixture, OTHER, query);
        pages++;
        assert_int_equal(answer->n_texts, answer->n_items);
        for (size_t i = 0; i < answer->n_items; i++) {
            assert_true(answer->items[i]->number > last);
            last = answer->items[i]->number;
            if (session)
                assert_int_equal(answer->items[i]->session, session);
        }
        *ret_rows += answer->n_items;
        if (answer->next_cursor.len == 0)
            return pages;
        assert_int_equal(answer->n_items, limit ? limit : QUERY_LIMIT_PRESET);
        query->cursor = answer->next_cursor;
    }
}

static void lists_come_in_pages(void **state)
{
    struct fixture *fixture = *state;
    size_t rows;
    put_items(fixture, 200);
    assert_int_equal(read_items(fixture, 0, 0, &rows), 2);
    assert_int_equal(rows, 200);
    assert_int_equal(read_items(fixture, 0, 33, &rows), 7);
    assert_int_equal(rows, 200);
    assert_int_equal(read_items(fixture, 2, 30, &rows), 4);
    assert_int_equal(rows, 100);
    assert_int_equal(read_items(fixture, 0, 1000, &rows), 1);
    Comity__V1__Query *query = list_of(fixture, COMITY__V1__LIST_KIND__LIST_KIND_ITEMS, 0);
    query->list->number = 17;
    Comity__V1__Answer *answer = answer_of(fixture, OTHER, query);
    assert_int_equal(answer->n_items, 1);
    assert_int_equal(answer->items[0]->number, 17);
}

static void put_proposal(struct fixture *fixture, uint32_t number, size_t versions)
{
    struct store_txn *txn;
    struct store_history history;
    assert_int_equal(store_begin_write(fixture->store, &txn), 0);
    assert_int_equal(store_history_get(txn, fixture->history, &history), 0);
    struct view view = store_view(txn, &history);
    Comity__V1__Proposal *proposal = NEW(fixture, Proposal, proposal);
    struct event_part parts[8];
    proposal->number = number;
    parts[0] = text_part(fixture, 30, &proposal->title);
    proposal->versions = arena_alloc(fixture->arena, versions * sizeof(*proposal->versions));
    for (size_t i = 0; i < versions; i++) {
        Comity__V1__ProposalVersion *version = NEW(fixture, ProposalVersion, proposal_version);
        version->version = (uint32_t) i + 1;
        parts[1 + i] = text_part(fixture, 60000, &version->text);
        proposal->versions[proposal->n_versions++] = version;
    }
    append(fixture, txn, &history, VOTER, 0, parts, 1 + versions);
    put(fixture, &view, TABLE_PROPOSAL, number, 0, &proposal->base);
    assert_int_equal(store_commit(&txn), 0);
}

static bool has_text(const Comity__V1__Answer *answer, const Comity__V1__TextRef *ref)
{
    for (size_t i = 0; i < answer->n_texts; i++)
        if (memcmp(answer->texts[i]->hash.data, ref->hash.data, HASH_SIZE) == 0)
            return true;
    return false;
}

static void large_pages_are_cut(void **state)
{
    struct fixture *fixture = *state;
    put_proposal(fixture, 1, 1);
    put_proposal(fixture, 2, 1);
    put_proposal(fixture, 3, 5);
    put_proposal(fixture, 4, 1);
    Comity__V1__Query *query = list_of(fixture, COMITY__V1__LIST_KIND__LIST_KIND_PROPOSALS, 0);
    Comity__V1__Answer *answer = answer_of(fixture, OTHER, query);
    assert_int_equal(answer->n_proposals, 2);
    assert_int_equal(answer->n_texts, 4);
    query->cursor = answer->next_cursor;

    /* More than a page by itself: its title and its latest versions. */
    answer = answer_of(fixture, OTHER, query);
    assert_int_equal(answer->n_proposals, 1);
    const Comity__V1__Proposal *proposal = answer->proposals[0];
    assert_int_equal(proposal->n_versions, 5);
    assert_int_equal(answer->n_texts, 3);
    assert_true(has_text(answer, proposal->title));
    assert_true(has_text(answer, proposal->versions[4]->text));
    assert_true(has_text(answer, proposal->versions[3]->text));
    assert_false(has_text(answer, proposal->versions[0]->text));
    assert_true(protobuf_c_message_get_packed_size(&answer->base) < QUERY_PAGE_BYTES + 4096);
    query->cursor = answer->next_cursor;
    answer = answer_of(fixture, OTHER, query);
    assert_int_equal(answer->n_proposals, 1);
    assert_int_equal(answer->next_cursor.len, 0);

    /* Events: one at least, also where it is larger than a page. */
    answer = answer_of(fixture, OTHER, events_from(fixture, 6));
    assert_int_equal(answer->n_events, 1);
    assert_int_equal(answer->events[0]->n_parts, 8);
    assert_true(answer->next_cursor.len > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(events_withhold_others_ballots, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lists_show_own_ballots_and_their_reasons_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(receipts_withhold_the_salt, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_close_shows_everything, set_up, tear_down),
        cmocka_unit_test_setup_teardown(answers_are_signed_and_dated, set_up, tear_down),
        cmocka_unit_test_setup_teardown(events_come_in_pages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bad_queries_name_the_field, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rights_are_judged_anew, set_up, tear_down),
        cmocka_unit_test_setup_teardown(whoami_is_the_reader, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lists_come_in_pages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(large_pages_are_cut, set_up, tear_down),
    };
    return key_init() ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
