/* Entries that are not what a leader wrote: each is refused, and nothing of it is written. The controls lack one check, and
 * take what it refuses. */
#include "group.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/message.h"
#include "worker/receipt.h"

enum { LEADER, FOLLOWER, ARENA_BYTES = 64 * 1024 * 1024 };

struct fixture {
    struct group *group;
    struct arena *arena;
    uint8_t hash[HASH_SIZE], views[HASH_SIZE]; /* of the follower */
    uint64_t at;
};

/* From here on the follower's state is not to change. */
static void state_note(struct fixture *fixture)
{
    group_catch_up(fixture->group, FOLLOWER);
    group_hash(fixture->group, FOLLOWER, fixture->hash);
    group_views_hash(fixture->group, FOLLOWER, fixture->views);
    fixture->at = group_at(fixture->group, FOLLOWER);
}

/* The follower is at an entry that has much in it: a ballot, items, a founding, a refusal that is kept. */
static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct scene *scene;

    assert_non_null(fixture);
    fixture->group = group_new(7);
    fixture->arena = arena_new(ARENA_BYTES);
    scene = &fixture->group->scene;
    scene_found(scene);
    scene_open_round(scene, 0);
    state_note(fixture);
    scene_add(scene, scene_ballot(scene, 2, 0, "So that nobody is tired."), 1, NULL, 0);
    scene_add(scene, scene_ballot(scene, 77, 0, NULL), 2, NULL, 0);
    scene_add(scene, scene_add_item(scene, "Breaks"), 3, NULL, 0);
    scene_add_founding(scene, 1);
    scene_add(scene, scene_add_item(scene, "Canteen"), 4, NULL, 0);
    assert_int_equal(scene_run(scene), 0);
    for (size_t i = 0; i < scene->count; i++)
        assert_int_equal(scene->items[i].code, i == 1 ? ERR_ANSWER : 0);
    scene_next(scene);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    group_destroy(&fixture->group);
    arena_destroy(&fixture->arena);
    free(fixture);
    return 0;
}

static const struct order_entry *the_entry(const struct fixture *fixture)
{
    return &fixture->group->entries[fixture->at];
}

static void nothing_was_written(struct fixture *fixture)
{
    uint8_t hash[HASH_SIZE];

    assert_int_equal(group_at(fixture->group, FOLLOWER), fixture->at);
    group_hash(fixture->group, FOLLOWER, hash);
    assert_memory_equal(hash, fixture->hash, HASH_SIZE);
    group_views_hash(fixture->group, FOLLOWER, hash);
    assert_memory_equal(hash, fixture->views, HASH_SIZE);
}

/* Not where another entry is due: that says nothing of this one. */
static bool is_word_on_it(int code)
{
    return code != 0 && code != ERR_RANGE;
}

static void is_refused(struct fixture *fixture, const struct order_entry *entry, int code, const char *words)
{
    const char *reason = fixture->group->workers[FOLLOWER].reason;
    int given = group_give(fixture->group, FOLLOWER, entry);

    if (given != code || strstr(reason, words) == NULL)
        fail_msg("%s, not %s \"%s\": %s", error_name(given), error_name(code), words, reason);
    assert_int_equal(fixture->group->workers[FOLLOWER].differs, is_word_on_it(code));
    nothing_was_written(fixture);
}

/* What was meant all along is taken after all of it. */
static void the_true_one_is_taken(struct fixture *fixture)
{
    group_catch_up(fixture->group, FOLLOWER);
    group_same(fixture->group, LEADER, FOLLOWER);
}

/* One field after the other, of every message of the entry. */

struct alteration {
    struct arena *arena;
    long wanted, at;   /* which one is made; how many there were so far */
    char what[256];    /* the field, and what was done */
};

static bool is_it(struct alteration *alteration, const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                  const char *how)
{
    if (alteration->at++ != alteration->wanted)
        return false;
    snprintf(alteration->what, sizeof(alteration->what), "%s.%s %s", message->descriptor->short_name, field->name, how);
    return true;
}

static void *at_offset(ProtobufCMessage *message, unsigned offset)
{
    return (uint8_t *) message + offset;
}

static void bytes_alter(struct alteration *alteration, ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    ProtobufCBinaryData *bytes = at_offset(message, field->offset);

    if (bytes->len == 0) {
        if (is_it(alteration, message, field, "given"))
            *bytes = (ProtobufCBinaryData){1, arena_alloc(alteration->arena, 1)};
        return;
    }
    /* Of a header each byte is another field. */
    for (size_t i = 0; strcmp(field->name, "header") == 0 && i < bytes->len; i++)
        if (is_it(alteration, message, field, "with another bit somewhere"))
            bytes->data[i] ^= 1;
    if (is_it(alteration, message, field, "with another bit"))
        bytes->data[bytes->len / 2] ^= 4;
    if (is_it(alteration, message, field, "with another last bit"))
        bytes->data[bytes->len - 1] ^= 1;
    if (is_it(alteration, message, field, "cut"))
        bytes->len--;
    if (is_it(alteration, message, field, "emptied"))
        bytes->len = 0;
}

static void list_alter(struct alteration *alteration, ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    size_t *count = at_offset(message, field->quantifier_offset);
    void ***list = at_offset(message, field->offset);

    if (*count == 0)
        return;
    if (is_it(alteration, message, field, "without the last"))
        --*count;
    if (is_it(alteration, message, field, "without the first")) {
        ++*list;
        --*count;
    }
    if (is_it(alteration, message, field, "with the first twice")) {
        void **longer = arena_alloc(alteration->arena, (*count + 1) * sizeof(*longer));

        longer[0] = (*list)[0];
        memcpy(longer + 1, *list, *count * sizeof(*longer));
        *list = longer;
        ++*count;
    }
    for (size_t i = 0; i + 1 < *count; i++)
        if (is_it(alteration, message, field, "in another order")) {
            void *first = (*list)[i];

            (*list)[i] = (*list)[i + 1];
            (*list)[i + 1] = first;
        }
}

static void number_alter(struct alteration *alteration, ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    bool is_wide = field->type == PROTOBUF_C_TYPE_UINT64 || field->type == PROTOBUF_C_TYPE_INT64;
    uint64_t *wide = at_offset(message, field->offset);
    uint32_t *narrow = at_offset(message, field->offset);

    if (field->type == PROTOBUF_C_TYPE_BOOL) {
        if (is_it(alteration, message, field, "turned"))
            *(protobuf_c_boolean *) at_offset(message, field->offset) ^= 1;
        return;
    }
    for (int more = -1; more <= 1; more += 2)
        if (is_it(alteration, message, field, more < 0 ? "one less" : "one more")) {
            if (is_wide)
                *wide += (uint64_t) more;
            else
                *narrow += (uint32_t) more;
        }
}

static void message_alter(struct alteration *alteration, ProtobufCMessage *message);

static void messages_alter(struct alteration *alteration, ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    ProtobufCMessage *const *list;
    size_t count = message_field_messages(message, field, &list);

    for (size_t i = 0; i < count; i++)
        message_alter(alteration, list[i]);
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        list_alter(alteration, message, field);
    else if (count == 1 && is_it(alteration, message, field, "left out"))
        *(void **) at_offset(message, field->offset) = NULL;
}

static void message_alter(struct alteration *alteration, ProtobufCMessage *message)
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];

        switch (field->type) {
        case PROTOBUF_C_TYPE_MESSAGE:
            messages_alter(alteration, message, field);
            break;
        case PROTOBUF_C_TYPE_BYTES:
            bytes_alter(alteration, message, field);
            break;
        case PROTOBUF_C_TYPE_STRING:
            if (is_it(alteration, message, field, "another"))
                *(char **) at_offset(message, field->offset) = arena_string(alteration->arena, "elsewhere");
            break;
        default:
            number_alter(alteration, message, field);
        }
    }
}

/* The wanted alteration of the entry; false: there are no more of them. */
static bool alter(struct fixture *fixture, long wanted, struct alteration *alteration, struct order_entry *ret_given)
{
    Comity__V1__LogEntry *entry;

    arena_reset(fixture->arena);
    *alteration = (struct alteration){.arena = fixture->arena, .wanted = wanted};
    entry = group_unpack(the_entry(fixture), fixture->arena);
    message_alter(alteration, &entry->base);
    if (alteration->at <= wanted)
        return false;
    *ret_given = group_pack(the_entry(fixture), entry, fixture->arena);
    assert_false(bytes_equal(ret_given->batch.body, the_entry(fixture)->batch.body));
    return true;
}

/* What no check of a follower can see, and the log alone vouches for. Of a refusal there is the command's id alone, so that it
 * cannot be decided again; and that a batch did something in a further history, nothing says but the entry. */
static bool is_the_logs(const struct alteration *alteration)
{
    static const char *const WHAT[] = {"ExportRefusal.", "Refusal.", "LogHistory.refusals without",
                                       "LogEntry.histories without"};

    for (size_t i = 0; i < ARRAY_COUNT(WHAT); i++)
        if (strncmp(alteration->what, WHAT[i], strlen(WHAT[i])) == 0)
            return true;
    return false;
}

/* Histories do not depend on one another: it comes to the same. */
static bool is_nothing(const struct alteration *alteration)
{
    return strcmp(alteration->what, "LogEntry.histories in another order") == 0;
}

static void every_altered_field_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct alteration alteration;
    struct order_entry given;
    unsigned refused = 0;

    for (long i = 0; alter(fixture, i, &alteration, &given); i++) {
        if (is_the_logs(&alteration) || is_nothing(&alteration))
            continue;
        int code = group_give(fixture->group, FOLLOWER, &given);
        if (code == 0)
            fail_msg("taken: %s", alteration.what);
        if (!fixture->group->workers[FOLLOWER].differs && is_word_on_it(code))
            fail_msg("not said to be decided otherwise: %s (%s)", alteration.what, error_name(code));
        assert_true(strlen(fixture->group->workers[FOLLOWER].reason) > 20);
        nothing_was_written(fixture);
        refused++;
    }
    printf("%u alterations, each refused\n", refused);
    assert_true(refused > 800);
    the_true_one_is_taken(fixture);
}

/* What can be refused is, and what is taken shows in the hash that workers compare. */
static void what_only_the_log_vouches_for_shows_in_the_hash(void **state)
{
    struct fixture *fixture = *state;
    uint8_t leaders[HASH_SIZE], hash[HASH_SIZE];
    char saved[SCRATCH_PATH_MAX];
    struct alteration alteration;
    struct order_entry given;
    unsigned refused = 0, shown = 0;

    scratch_make(saved);
    group_hash(fixture->group, LEADER, leaders);
    group_save(fixture->group, FOLLOWER, saved);
    for (long i = 0; alter(fixture, i, &alteration, &given); i++) {
        if (!is_the_logs(&alteration) && !is_nothing(&alteration))
            continue;
        if (group_give(fixture->group, FOLLOWER, &given) != 0) {
            nothing_was_written(fixture);
            refused++;
            continue;
        }
        group_hash(fixture->group, FOLLOWER, hash);
        if ((memcmp(hash, leaders, HASH_SIZE) == 0) != is_nothing(&alteration))
            fail_msg("nobody would notice: %s", alteration.what);
        group_put_back(fixture->group, FOLLOWER, saved);
        shown++;
    }
    printf("%u refused, %u shown\n", refused, shown);
    assert_true(refused >= 3 && shown > 10);
    scratch_remove(saved);
    the_true_one_is_taken(fixture);
}

/* What the log says of it, against what is in it. */
static void another_place_in_the_log_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct scene *scene = &fixture->group->scene;
    struct order_entry given = *the_entry(fixture);

    scene_do(scene, scene_add_item(scene, "The next"), 0, NULL, 0);
    is_refused(fixture, &fixture->group->entries[fixture->at + 1], ERR_RANGE, "has to come before it");
    is_refused(fixture, &fixture->group->entries[fixture->at - 1], ERR_RANGE, "applied before");
    given.batch.number++;
    is_refused(fixture, &given, ERR_RANGE, "has to come before it");
    given = fixture->group->entries[fixture->at + 1];
    given.batch.number--;
    given.place.number--;
    is_refused(fixture, &given, ERR_CORRUPT, "is not what the log says of it");
    for (unsigned i = 0; i < 2; i++) {
        given = *the_entry(fixture);
        given.place.number += i == 0 ? 1 : UINT64_MAX;
        is_refused(fixture, &given, ERR_CORRUPT, "is not what the log says of it");
    }
    given = *the_entry(fixture);
    given.batch.time_ms++;
    is_refused(fixture, &given, ERR_CORRUPT, "is not what the log says of it");
    given = *the_entry(fixture);
    given.batch.id[3] ^= 1;
    is_refused(fixture, &given, ERR_CORRUPT, "is not what the log says of it");
    given = *the_entry(fixture);
    given.batch.body.size--;
    is_refused(fixture, &given, ERR_MALFORMED, "cannot be read");
    given.batch.body.size = 0;
    is_refused(fixture, &given, ERR_CORRUPT, "is not what the log says of it");
    the_true_one_is_taken(fixture);
}

/* Said of itself and by the log alike. */
static void an_earlier_time_is_refused(void **state)
{
    struct fixture *fixture = *state;
    Comity__V1__LogEntry *entry = group_unpack(the_entry(fixture), fixture->arena);
    struct order_entry given;

    entry->n_histories = 0;
    entry->time_ms--;
    given = group_pack(the_entry(fixture), entry, fixture->arena);
    given.batch.time_ms--;
    is_refused(fixture, &given, ERR_CORRUPT, "before that of the entry before it");
}

static void a_higher_format_level_is_refused(void **state)
{
    struct fixture *fixture = *state;
    Comity__V1__LogEntry *entry = group_unpack(the_entry(fixture), fixture->arena);
    struct order_entry given;

    entry->level = FORMAT_LEVEL + 1;
    given = group_pack(the_entry(fixture), entry, fixture->arena);
    is_refused(fixture, &given, ERR_VERSION, "format level");
    entry->level = FORMAT_LEVEL;
    given = group_pack(the_entry(fixture), entry, fixture->arena);
    given.batch.level--;
    is_refused(fixture, &given, ERR_CORRUPT, "is not what the log says of it");
    given.batch.level++;
    given.place.level++;
    is_refused(fixture, &given, ERR_CORRUPT, "is not what the log says of it");
}

/* An entry in which nothing was done counts all the same. Twice, only its number tells. */
static void an_empty_entry_counts_once(void **state)
{
    struct fixture *fixture = *state;
    struct group *group = fixture->group;
    Comity__V1__LogEntry *entry = group_unpack(the_entry(fixture), fixture->arena);
    struct order_entry given;

    entry->n_histories = 0;
    given = group_pack(the_entry(fixture), entry, fixture->arena);
    assert_int_equal(group_give(group, FOLLOWER, &given), 0);
    assert_int_equal(group->workers[FOLLOWER].result.news_count, 0);
    assert_int_equal(group_at(group, FOLLOWER), fixture->at + 1);
    group_restart(group, FOLLOWER);
    assert_int_equal(group_at(group, FOLLOWER), fixture->at + 1);
#ifdef COMITY_CONTROL_FOLLOW_TWICE
    assert_int_equal(group_give(group, FOLLOWER, &given), 0);
#else
    assert_int_equal(group_give(group, FOLLOWER, &given), ERR_RANGE);
#endif
}

/* By who has the log key, so that every hash and signature fits: the event says another thing than its command causes. */

static void forged_open(struct fixture *fixture, Comity__V1__EventRecord *record)
{
    Comity__V1__Part *part = record->parts[0];
    ProtobufCMessage *message;
    Comity__V1__Event *event;
    struct bytes content;

    assert_int_equal(message_unpack(&comity__v1__event__descriptor, BYTES(part->content.data, part->content.len),
                                    part->content.len, fixture->arena, NULL, &message),
                     0);
    event = (Comity__V1__Event *) message;
    assert_int_equal(event->kind_case, COMITY__V1__EVENT__KIND_ITEM_ADDED);
    event->actor++;
    assert_int_equal(message_pack(&event->base, fixture->arena, &content), 0);
    part->content = (ProtobufCBinaryData){content.size, (uint8_t *) (uintptr_t) content.data};
}

static size_t forged_parts(Comity__V1__EventRecord *record, struct event_part parts[4])
{
    assert_true(record->n_parts <= 4);
    memset(parts, 0, 4 * sizeof(*parts));
    for (size_t i = 0; i < record->n_parts; i++) {
        const Comity__V1__Part *part = record->parts[i];

        parts[i].kind = (uint8_t) part->kind;
        parts[i].audience = (uint8_t) part->audience;
        parts[i].round = part->round;
        parts[i].content = BYTES(part->content.data, part->content.len);
        memcpy(parts[i].salt, part->salt.data, SALT_SIZE);
        event_part_hash(&parts[i]);
        memcpy(part->hash.data, parts[i].hash, HASH_SIZE);
    }
    return record->n_parts;
}

/* The note over the tree that has the forged event, by a transaction that comes to nothing. */
static void forged_checkpoint(struct fixture *fixture, const struct event_header *header, const struct event_part *parts,
                              size_t count, Comity__V1__LogHistory *piece)
{
    struct store_history history;
    struct store_txn *txn;
    char *note = arena_alloc(fixture->arena, CHECKPOINT_MAX_BYTES);
    size_t size;

    assert_int_equal(store_begin_write(fixture->group->workers[FOLLOWER].store, &txn), 0);
    assert_int_equal(store_history_get(txn, header->history, &history), 0);
    assert_int_equal(store_event_append(txn, &history, header, parts, count), 0);
    assert_int_equal(checkpoint_make(txn, &history, history.epoch, history.head, &fixture->group->scene.log_key, note, &size),
                     0);
    store_abort(&txn);
    piece->checkpoint = (ProtobufCBinaryData){size, (uint8_t *) note};
}

/* An entry of one event, which says another thing, or is of a later time. */
static struct order_entry forge(struct fixture *fixture, bool is_open, int64_t later_ms)
{
    struct scene *scene = &fixture->group->scene;
    struct event_part parts[4];
    struct event_header header;
    Comity__V1__LogEntry *entry;
    Comity__V1__EventRecord *record;
    size_t count;

    state_note(fixture);
    /* A ballot says nothing of its time. */
    scene_do(scene, is_open ? scene_add_item(scene, "Forged") : scene_ballot(scene, 1, 0, NULL), 5, NULL, 0);
    entry = group_unpack(the_entry(fixture), fixture->arena);
    record = entry->histories[0]->events[0]->record;
    assert_int_equal(event_header_read(BYTES(record->header.data, record->header.len), &header), 0);
    if (is_open)
        forged_open(fixture, record);
    count = forged_parts(record, parts);
    header.time_ms += later_ms;
    event_commitment(parts, count, header.commitment);
    event_header_write(&header, record->header.data);
    forged_checkpoint(fixture, &header, parts, count, entry->histories[0]);
    return group_pack(the_entry(fixture), entry, fixture->arena);
}

static void a_forged_event_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct order_entry given = forge(fixture, true, 0);

#ifdef COMITY_CONTROL_REPLAY_SKIPS
    assert_int_equal(group_give(fixture->group, FOLLOWER, &given), 0);
#else
    char words[64];

    snprintf(words, sizeof(words), "event %" PRIu64 ": decided again", scene_head(&fixture->group->scene));
    is_refused(fixture, &given, ERR_CORRUPT, words);
    the_true_one_is_taken(fixture);
#endif
}

static void a_forged_time_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct order_entry given = forge(fixture, false, 1);

    is_refused(fixture, &given, ERR_CORRUPT, "of another time than its entry");
    the_true_one_is_taken(fixture);
}

/* By more than the clocks of workers can differ, and by less. */
static void a_refusal_that_holds_for_too_long_is_refused(void **state)
{
    struct fixture *fixture = *state;
    const int64_t DAY_MS = 86400000, UNTIL_MS[] = {-1, VALIDITY_MAX_MS + 1, VALIDITY_MAX_MS + 2 * DAY_MS};

    for (size_t i = 0; i < ARRAY_COUNT(UNTIL_MS); i++) {
        Comity__V1__LogEntry *entry = group_unpack(the_entry(fixture), fixture->arena);
        struct order_entry given;

        assert_int_equal(entry->histories[0]->n_refusals, 1);
        entry->histories[0]->refusals[0]->valid_until_ms = entry->time_ms + UNTIL_MS[i];
        given = group_pack(the_entry(fixture), entry, fixture->arena);
        is_refused(fixture, &given, ERR_CORRUPT, "holds for longer");
    }
    the_true_one_is_taken(fixture);
}

#if defined(COMITY_CONTROL_REPLAY_SKIPS) || defined(COMITY_CONTROL_FOLLOW_TWICE)
enum { IS_CONTROL = true };
#else
enum { IS_CONTROL = false };
#endif

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest for_controls[] = {
        TEST(a_forged_event_is_refused),
        TEST(an_empty_entry_counts_once),
    };
    const struct CMUnitTest tests[] = {
        TEST(every_altered_field_is_refused),
        TEST(what_only_the_log_vouches_for_shows_in_the_hash),
        TEST(another_place_in_the_log_is_refused),
        TEST(an_earlier_time_is_refused),
        TEST(a_higher_format_level_is_refused),
        TEST(a_forged_time_is_refused),
        TEST(a_refusal_that_holds_for_too_long_is_refused),
    };
    int failed;

    scratch_use_memory();
    failed = cmocka_run_group_tests(for_controls, NULL, NULL);
    return failed != 0 || IS_CONTROL ? failed : cmocka_run_group_tests(tests, NULL, NULL);
}
