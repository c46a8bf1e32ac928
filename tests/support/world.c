#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <sodium.h>

#include "tests/support/world.h"

#include "core/command_form.h"
#include "core/error.h"
#include "core/rule/rule.h"

#define HOUR_MS ((int64_t) 3600 * 1000)

enum { WORLD_LIMIT = 1024 * 1024 * 1024 };

static void *need(void *pointer, const char *what)
{
    if (!pointer) {
        fprintf(stderr, "world: %s\n", what);
        abort();
    }
    return pointer;
}

void *world_alloc(struct world *world, size_t size)
{
    return need(arena_alloc(world->arena, size), "out of memory");
}

void world_log_signer(struct signing_key *ret_key)
{
    static const uint8_t SEED[SEED_SIZE] = {0x11};

    signing_key_from_seed(SEED, ret_key);
}

struct world *world_new(void)
{
    struct world *world = need(calloc(1, sizeof(*world)), "out of memory");
    struct signing_key signer;

    world->memory = need(view_memory_new(), "out of memory");
    world->view = view_memory_view(world->memory);
    world->arena = need(arena_new(WORLD_LIMIT), "out of memory");
    world_log_signer(&signer);
    memcpy(world->log_key, signer.public_key, KEY_SIZE);
    world->context = (struct machine_context){.time_ms = INT64_C(1700000000000),
                                              .next_sequence = 1,
                                              .log_key = world->log_key,
                                              .level = FORMAT_LEVEL};
    world->epoch = 1;
    return world;
}

void world_destroy(struct world **world)
{
    if (!world || !*world)
        return;
    view_memory_destroy(&(*world)->memory);
    arena_destroy(&(*world)->arena);
    free((*world)->records);
    free(*world);
    *world = NULL;
}

ProtobufCBinaryData world_key(struct world *world, const char *name)
{
    ProtobufCBinaryData key = {KEY_SIZE, world_alloc(world, KEY_SIZE)};

    crypto_hash_sha256(key.data, (const uint8_t *) name, strlen(name));
    return key;
}

Comity__V1__TextRef *world_text(struct world *world)
{
    Comity__V1__TextRef *text = world_alloc(world, sizeof(*text));
    char name[32];

    comity__v1__text_ref__init(text);
    snprintf(name, sizeof(name), "text %u", ++world->texts);
    text->hash = world_key(world, name);
    text->size = 1 + world->texts % 400;
    return text;
}

/* What most of the commands that can have it go without. */
static bool is_extra(const char *name)
{
    return strcmp(name, "reason") == 0 || strcmp(name, "alternative") == 0;
}

/* Make the oneof's message and its TextRefs. */
static void command_fill(struct world *world, Comity__V1__Command *command)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(
        &comity__v1__command__descriptor, (unsigned) command->body_case);
    if (!field)
        need(NULL, "no such body");
    const ProtobufCMessageDescriptor *type = field->descriptor;
    ProtobufCMessage *body = world_alloc(world, type->sizeof_message);

    protobuf_c_message_init(type, body);
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *inner = &type->fields[i];
        Comity__V1__TextRef *text;

        if (inner->descriptor != &comity__v1__text_ref__descriptor || is_extra(inner->name))
            continue;
        text = world_text(world);
        memcpy((uint8_t *) body + inner->offset, &text, sizeof(text));
    }
    memcpy((uint8_t *) command + field->offset, &body, sizeof(body));
}

/* Another one each time. */
static ProtobufCBinaryData command_nonce(struct world *world)
{
    char name[32];
    ProtobufCBinaryData nonce;

    snprintf(name, sizeof(name), "nonce %u", ++world->commands);
    nonce = world_key(world, name);
    nonce.len = NONCE_SIZE;
    return nonce;
}

Comity__V1__Command *world_command(struct world *world, const char *signer,
                                   Comity__V1__Command__BodyCase body)
{
    Comity__V1__Command *command = world_alloc(world, sizeof(*command));

    comity__v1__command__init(command);
    if (body != COMITY__V1__COMMAND__BODY_FOUND)
        command->history = world_key(world, "history");
    command->key = world_key(world, signer);
    command->nonce = command_nonce(world);
    if (body != COMITY__V1__COMMAND__BODY_FOUND && body != COMITY__V1__COMMAND__BODY_REDEEM)
        command->epoch = world->epoch;
    command->valid_until_ms = world->context.time_ms + HOUR_MS;
    command->body_case = body;
    command_fill(world, command);
    return command;
}

static int by_bytes(const void *a, const void *b)
{
    return memcmp(((const ProtobufCBinaryData *) a)->data, ((const ProtobufCBinaryData *) b)->data, KEY_SIZE);
}

static void add_cosigner(struct world *world, Comity__V1__Command *command, ProtobufCBinaryData key)
{
    ProtobufCBinaryData *keys = world_alloc(world, (command->n_cosigners + 1) * sizeof(*keys));

    if (command->n_cosigners > 0)
        memcpy(keys, command->cosigners, command->n_cosigners * sizeof(*keys));
    keys[command->n_cosigners++] = key;
    qsort(keys, command->n_cosigners, sizeof(*keys), by_bytes);
    command->cosigners = keys;
}

void world_cosign(struct world *world, Comity__V1__Command *command, ...)
{
    va_list names;

    va_start(names, command);
    for (const char *name = va_arg(names, const char *); name; name = va_arg(names, const char *))
        add_cosigner(world, command, world_key(world, name));
    va_end(names);
}

Comity__V1__Founder *world_founder(struct world *world, const char *name, const Comity__V1__Office *offices,
                                   size_t count)
{
    Comity__V1__Founder *founder = world_alloc(world, sizeof(*founder));

    comity__v1__founder__init(founder);
    founder->key = world_key(world, name);
    founder->name = world_text(world);
    founder->n_offices = count;
    founder->offices = world_alloc(world, (count + 1) * sizeof(*offices));
    if (count > 0)
        memcpy(founder->offices, offices, count * sizeof(*offices));
    return founder;
}

struct founder_row {
    const char *name;
    size_t count;
    Comity__V1__Office offices[2];
};

struct constituency_row {
    const char *name;
    Comity__V1__ConstituencyKind kind;
    Comity__V1__Standing standing;
    const char *recovery_key;
    size_t count;
    struct founder_row founders[3];
};

#define CO_CHAIR COMITY__V1__OFFICE__OFFICE_CO_CHAIR
#define FACILITATOR COMITY__V1__OFFICE__OFFICE_FACILITATOR
#define RECORDER COMITY__V1__OFFICE__OFFICE_RECORDER

static const struct constituency_row STANDARD[] = {
    {"labour",
     COMITY__V1__CONSTITUENCY_KIND__CONSTITUENCY_KIND_WORKER,
     COMITY__V1__STANDING__STANDING_PARTY,
     NULL,
     3,
     {{"lena", 1, {CO_CHAIR}}, {"luis", 1, {CO_CHAIR}}, {"lars", 0, {0}}}},
    {"management",
     COMITY__V1__CONSTITUENCY_KIND__CONSTITUENCY_KIND_EMPLOYER,
     COMITY__V1__STANDING__STANDING_PARTY,
     "mrec",
     2,
     {{"mara", 1, {CO_CHAIR}}, {"mona", 0, {0}}}},
    {"convener",
     COMITY__V1__CONSTITUENCY_KIND__CONSTITUENCY_KIND_CONVENER,
     COMITY__V1__STANDING__STANDING_NEUTRAL,
     NULL,
     3,
     {{"cora", 2, {CO_CHAIR, FACILITATOR}}, {"carl", 1, {CO_CHAIR}}, {"odo", 1, {RECORDER}}}},
};

static Comity__V1__NewConstituency *standard_constituency(struct world *world,
                                                          const struct constituency_row *row)
{
    Comity__V1__NewConstituency *made = world_alloc(world, sizeof(*made));

    comity__v1__new_constituency__init(made);
    made->name = arena_string(world->arena, row->name);
    made->kind = row->kind;
    made->standing = row->standing;
    made->title = world_text(world);
    made->n_founders = row->count;
    made->founders = world_alloc(world, row->count * sizeof(*made->founders));
    for (size_t i = 0; i < row->count; i++)
        made->founders[i] =
            world_founder(world, row->founders[i].name, row->founders[i].offices, row->founders[i].count);
    if (row->recovery_key)
        made->recovery_key = world_key(world, row->recovery_key);
    return made;
}

static Comity__V1__NewSite *standard_site(struct world *world, const char *name)
{
    Comity__V1__NewSite *site = world_alloc(world, sizeof(*site));

    comity__v1__new_site__init(site);
    site->name = arena_string(world->arena, name);
    site->title = world_text(world);
    site->time_zone = arena_string(world->arena, "Europe/Vienna");
    return site;
}

Comity__V1__Command *world_found_command(struct world *world)
{
    static const char *const SITES[] = {"north", "south", "east"};
    Comity__V1__Command *command = world_command(world, "lena", COMITY__V1__COMMAND__BODY_FOUND);
    Comity__V1__Found *found = command->found;

    found->name = arena_string(world->arena, "works");
    found->n_constituencies = ARRAY_COUNT(STANDARD);
    found->constituencies = world_alloc(world, sizeof(*found->constituencies) * ARRAY_COUNT(STANDARD));
    for (size_t i = 0; i < ARRAY_COUNT(STANDARD); i++)
        found->constituencies[i] = standard_constituency(world, &STANDARD[i]);
    found->n_sites = ARRAY_COUNT(SITES);
    found->sites = world_alloc(world, sizeof(*found->sites) * ARRAY_COUNT(SITES));
    for (size_t i = 0; i < ARRAY_COUNT(SITES); i++)
        found->sites[i] = standard_site(world, SITES[i]);
    world_cosign(world, command, "luis", "lars", "mara", "mona", "cora", "carl", "odo", NULL);
    return command;
}

struct world *world_founded(void)
{
    struct world *world = world_new();

    world_accept(world, world_found_command(world));
    return world;
}

static void record_event(struct world *world, const struct machine_event *event)
{
    struct world_record record = {.sequence = event->sequence, .time_ms = event->time_ms};

    if (world->record_count == world->record_room) {
        world->record_room = world->record_room * 2 + 64;
        world->records = need(realloc(world->records, world->record_room * sizeof(record)), "out of memory");
    }
    assert_int_equal(message_pack(&event->open->base, world->arena, &record.open), 0);
    if (event->command)
        assert_int_equal(message_pack(&event->command->base, world->arena, &record.command), 0);
    world->records[world->record_count++] = record;
}

static void carry_out(struct world *world, struct machine_events *events)
{
    for (size_t i = 0; i < events->count; i++) {
        struct machine_event *event = &events->list[i];

        event->sequence = world->context.next_sequence++;
        assert_int_equal(event->time_ms, world->context.time_ms);
        assert_int_equal(machine_apply(&world->view, event, world->arena), 0);
        record_event(world, event);
    }
}

void world_due(struct world *world)
{
    struct machine_events events;

    do {
        events.count = SIZE_MAX;
        assert_int_equal(machine_due(&world->view, &world->context, world->arena, &events), 0);
        carry_out(world, &events);
    } while (events.count > 0);
}

const Comity__V1__Epoch *world_restore(struct world *world)
{
    struct machine_events events = {.count = 0};

    assert_int_equal(machine_open_epoch(&world->view, &world->context, world->arena, &events), 0);
    assert_int_equal(events.count, 1);
    carry_out(world, &events);
    return events.list[0].open->epoch_opened->epoch;
}

static int decide(struct world *world, const Comity__V1__Command *body)
{
    struct command command = {.body = body};
    struct bytes packed;
    uint8_t hash[HASH_SIZE];
    int code = command_form_check(body, &world->refusal);

    if (code != 0)
        return code;
    assert_int_equal(message_pack(&body->base, world->arena, &packed), 0);
    crypto_hash_sha256(hash, packed.data, packed.size);
    memcpy(command.id, hash, COMMAND_ID_SIZE);
    return machine_decide(&world->view, &command, &world->context, world->arena, &world->events,
                          &world->refusal);
}

int world_try(struct world *world, const Comity__V1__Command *command)
{
    world_due(world);
    int code = decide(world, command);
    if (code == 0)
        carry_out(world, &world->events);
    world_due(world);
    return code;
}

const Comity__V1__Event *world_accept(struct world *world, const Comity__V1__Command *command)
{
    int code = world_try(world, command);

    if (code != 0)
        fail_msg("%s was refused: %s %s", command_name(command), error_name(code), world->refusal.field);
    assert_true(world->events.count >= 1);
    assert_ptr_equal(world->events.list[0].command, command);
    return world->events.list[0].open;
}

/* A field that ends in * is a beginning. */
static bool is_field(const char *got, const char *wanted)
{
    size_t size = strlen(wanted);
    if (size > 0 && wanted[size - 1] == '*')
        return strncmp(got, wanted, size - 1) == 0;
    return strcmp(got, wanted) == 0;
}

void world_refuse_at(struct world *world, const Comity__V1__Command *command, int code, const char *field,
                     const char *file, int line)
{
    uint8_t before[HASH_SIZE];
    uint8_t after[HASH_SIZE];
    struct machine_events untouched = {.count = 77};

    world_due(world);
    assert_int_equal(view_hash(&world->view, before), 0);
    world->events = untouched;
    memset(&world->refusal, 0, sizeof(world->refusal));
    int got = decide(world, command);
    if (got != code || world->refusal.code != code || !is_field(world->refusal.field, field)) {
        print_error("%s: wanted %s %s, got %s %s\n", command_name(command), error_name(code), field,
                    error_name(got), world->refusal.field);
        _fail(file, line);
    }
    _assert_int_equal(world->events.count, untouched.count, file, line);
    assert_int_equal(view_hash(&world->view, after), 0);
    _assert_memory_equal(before, after, sizeof(before), file, line);
}

void *world_row(struct world *world, enum table table, uint32_t a, uint32_t b)
{
    ProtobufCMessage *row = NULL;

    assert_int_equal(state_get(&world->view, world->arena, table, a, b, &row), 0);
    return row;
}

bool world_has(struct world *world, enum table table, uint32_t a, uint32_t b)
{
    ProtobufCMessage *row;
    int code = state_get(&world->view, world->arena, table, a, b, &row);

    assert_true(code == 0 || code == ERR_NOT_FOUND);
    return code == 0;
}

void world_check_replay(struct world *world)
{
    struct view_memory *memory = view_memory_new();
    struct view view = view_memory_view(memory);
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    uint8_t original[HASH_SIZE];
    uint8_t replayed[HASH_SIZE];

    for (size_t i = 0; i < world->record_count; i++) {
        const struct world_record *record = &world->records[i];
        struct machine_event event = {.sequence = record->sequence, .time_ms = record->time_ms};
        ProtobufCMessage *message;

        arena_reset(arena);
        assert_int_equal(
            message_unpack_trusted(&comity__v1__event__descriptor, record->open, arena, &message), 0);
        event.open = (Comity__V1__Event *) message;
        if (record->command.size > 0) {
            assert_int_equal(
                message_unpack_trusted(&comity__v1__command__descriptor, record->command, arena, &message),
                0);
            event.command = (Comity__V1__Command *) message;
        }
        assert_int_equal(machine_apply(&view, &event, arena), 0);
    }
    assert_int_equal(view_hash(&world->view, original), 0);
    assert_int_equal(view_hash(&view, replayed), 0);
    assert_memory_equal(original, replayed, sizeof(original));
    arena_destroy(&arena);
    view_memory_destroy(&memory);
}
