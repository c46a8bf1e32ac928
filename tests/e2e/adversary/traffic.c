#include "traffic.h"

#include <stdlib.h>

#include "core/error.h"
#include "core/message.h"
#include "tests/support/random_bodies.h"

enum { ARENA_BYTES = 1536 * 1024 * 1024, STEP_BYTES = 64 * 1024 * 1024 };
#define START_MS INT64_C(1700000000000)

struct bytes traffic_request(struct bytes signed_command, const struct command_text *texts, size_t text_count,
                             struct arena *arena)
{
    Comity__V1__Submit submit = COMITY__V1__SUBMIT__INIT;
    Comity__V1__Request request = COMITY__V1__REQUEST__INIT;
    Comity__V1__Text *given = arena_alloc(arena, (text_count + 1) * sizeof(*given));
    Comity__V1__Text **list = arena_alloc(arena, (text_count + 1) * sizeof(*list));
    struct bytes packed;

    path_need(given != NULL && list != NULL, "no memory");
    for (size_t i = 0; i < text_count; i++) {
        comity__v1__text__init(&given[i]);
        given[i].salt = (ProtobufCBinaryData){SALT_SIZE, (uint8_t *) (uintptr_t) texts[i].salt};
        given[i].content =
            (ProtobufCBinaryData){texts[i].content.size, (uint8_t *) (uintptr_t) texts[i].content.data};
        list[i] = &given[i];
    }
    submit.signed_command =
        (ProtobufCBinaryData){signed_command.size, (uint8_t *) (uintptr_t) signed_command.data};
    submit.texts = list;
    submit.n_texts = text_count;
    submit.founding_token = (char *) (uintptr_t) PATH_TOKEN;
    request.kind_case = COMITY__V1__REQUEST__KIND_SUBMIT;
    request.submit = &submit;
    path_need(message_pack(&request.base, arena, &packed) == 0, "no memory");
    return packed;
}

struct bytes traffic_frame(struct path *path, const struct sent *sent, struct arena *arena)
{
    const struct command *command = &sent->command;
    struct frame_header header = path_header(path, FRAME_REQUEST, command->history, command->id);
    struct bytes plain = traffic_request(command->signed_command, command->texts, command->text_count, arena);

    return path_frame(path, &header, plain, arena);
}

const struct signing_key *traffic_key(const struct traffic *traffic, ProtobufCBinaryData public_key)
{
    for (size_t i = traffic->key_count; i-- > 0;)
        if (memcmp(traffic->keys[i].public_key, public_key.data, KEY_SIZE) == 0)
            return &traffic->keys[i];
    return NULL;
}

static void keys_add(struct traffic *traffic, const struct person *people, size_t count)
{
    static const uint8_t none[KEY_SIZE];

    for (size_t i = 0; i < count; i++) {
        const struct signing_key *key = &people[i].key;
        ProtobufCBinaryData public_key = {KEY_SIZE, (uint8_t *) (uintptr_t) key->public_key};

        if (memcmp(key->public_key, none, KEY_SIZE) == 0 || traffic_key(traffic, public_key))
            continue;
        path_need(traffic->key_count < TRAFFIC_KEYS_MAX, "too many keys");
        traffic->keys[traffic->key_count++] = *key;
    }
}

/* Into the traffic's arena, as a stranger would read it on the way. */
static void keep(struct traffic *traffic, const struct command *command, struct sent *ret_sent)
{
    struct bytes packed = arena_bytes(traffic->arena, command->signed_command);
    struct command_text *texts = arena_alloc(traffic->arena, (command->text_count + 1) * sizeof(*texts));

    path_need(packed.data != NULL && texts != NULL &&
                  command_open(packed, traffic->arena, NULL, &ret_sent->command) == 0,
              "what was sent cannot be kept");
    for (size_t i = 0; i < command->text_count; i++) {
        texts[i].hash = arena_copy(traffic->arena, command->texts[i].hash, HASH_SIZE);
        texts[i].salt = arena_copy(traffic->arena, command->texts[i].salt, SALT_SIZE);
        texts[i].content = arena_bytes(traffic->arena, command->texts[i].content);
    }
    ret_sent->command.texts = texts;
    ret_sent->command.text_count = command->text_count;
}

static void take_answer(void *context, void *tag, const struct path_answer *answer)
{
    struct traffic *traffic = context;
    struct sent *sent = tag;

    sent->code = answer->code;
    sent->was_ordered = answer->was_ordered;
    sent->sequence = answer->sequence;
    sent->packed = arena_bytes(traffic->arena, answer->packed);
}

static void play_next(struct traffic *traffic, struct random_commands *people, struct path *path,
                      struct arena *arena)
{
    struct sent *sent = &traffic->sent[traffic->count++];
    struct path_read read;
    struct command command;
    uint64_t keys_before = people->keys_made;

    arena_reset(arena);
    path_read_begin(path, traffic->history, &read);
    random_commands_next(people, &read.view, arena, &command, &sent->time_ms);
    path_read_end(&read);
    if (people->keys_made != keys_before || traffic->count == 1) {
        keys_add(traffic, people->people, people->person_count);
        keys_add(traffic, people->invitations, INVITATIONS_MAX);
        keys_add(traffic, people->strangers, STRANGERS);
    }
    keep(traffic, &command, sent);
    if (traffic->count == 1)
        memcpy(traffic->history, sent->command.history, HISTORY_ID_SIZE);
    path->now_ms = sent->time_ms;
    path_send(path, traffic_frame(path, sent, arena), sent);
    path_flush(path);
}

struct traffic *traffic_play(uint64_t seed, size_t count)
{
    struct traffic *traffic = calloc(1, sizeof(*traffic));
    struct path *path = calloc(1, sizeof(*path));
    struct arena *arena = arena_new(STEP_BYTES);

    path_need(traffic != NULL && path != NULL && arena != NULL && count <= TRAFFIC_MAX, "no memory");
    traffic->arena = arena_new(ARENA_BYTES);
    traffic->sent = calloc(count, sizeof(*traffic->sent));
    path_need(traffic->arena != NULL && traffic->sent != NULL, "no memory");
    path_begin(path, START_MS, take_answer, traffic);
    struct random_commands *people = random_commands_new(seed, true);
    while (traffic->count < count)
        play_next(traffic, people, path, arena);
    traffic->event_count = traffic_events(path, traffic->history, traffic->arena, &traffic->events);
    random_commands_destroy(&people);
    path_end(path);
    arena_destroy(&arena);
    free(path);
    return traffic;
}

void traffic_destroy(struct traffic **traffic)
{
    arena_destroy(&(*traffic)->arena);
    free((*traffic)->sent);
    free(*traffic);
    *traffic = NULL;
}

uint64_t traffic_events(struct path *path, const uint8_t *history, struct arena *arena,
                        struct bytes **ret_events)
{
    struct path_read read;

    path_read_begin(path, history, &read);
    struct bytes *events = arena_alloc(arena, (read.history.head + 1) * sizeof(*events));
    path_need(events != NULL, "no memory");
    for (uint64_t sequence = 1; sequence <= read.history.head; sequence++) {
        Comity__V1__EventRecord *record;

        path_need(store_event_get(read.txn, &read.history, sequence, arena, &record) == 0 &&
                      message_pack(&record->base, arena, &events[sequence - 1]) == 0,
                  "an event cannot be read");
    }
    *ret_events = events;
    uint64_t count = read.history.head;
    path_read_end(&read);
    return count;
}
