#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ftw.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "fake_scene.h"

enum { UNTIL_MS = 60000 /* against a hang alone: valgrind on a busy machine is slow */ };

static void event_keep(const struct comity_event *event, void *context)
{
    struct scene *scene = context;
    pthread_mutex_lock(&scene->lock);
    if (scene->event_count < SCENE_EVENTS_MAX) {
        scene->events[scene->event_count] = *event;
        if (event->log_key != NULL)
            memcpy(scene->log_keys[scene->event_count], event->log_key, COMITY_KEY_SIZE);
        scene->event_count++;
    }
    pthread_mutex_unlock(&scene->lock);
}

struct scene *scene_new(size_t broker_count)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    if (scene == NULL || key_init() != 0)
        abort();
    pthread_mutex_init(&scene->lock, NULL);
    scene->group = fake_group_new();
    randombytes_buf(scene->seed, sizeof(scene->seed));
    memcpy(scene->reader.history, scene->group->history, HISTORY_ID_SIZE);
    memcpy(scene->reader.seed, scene->seed, COMITY_KEY_SIZE);
    scene->broker_count = broker_count;
    for (size_t i = 0; i < broker_count; i++) {
        scene->brokers[i] = fake_broker_start(scene->group, FAKE_ADMITS_ALL, 0, NULL);
        scene->broker_options[i] = fake_broker_options(scene->brokers[i]);
    }
    scene->options = (struct comity_options){
        .brokers = scene->broker_options,
        .broker_count = broker_count,
        .readers = &scene->reader,
        .reader_count = 1,
        .pins = scene->pins,
        .attempt_ms = SCENE_ATTEMPT_MS,
        .deadline_ms = SCENE_DEADLINE_MS,
        .on_event = event_keep,
        .context = scene,
    };
    memcpy(scene->options.group_key, scene->group->key.public_key, KEY_SIZE);
    return scene;
}

void scene_start(struct scene *scene)
{
    if (comity_new(&scene->options, &scene->client) != 0)
        abort();
}

const char *scene_keep_journal(struct scene *scene)
{
    snprintf(scene->directory, sizeof(scene->directory), "/tmp/comity-scene-XXXXXX");
    if (mkdtemp(scene->directory) == NULL)
        abort();
    snprintf(scene->journal, sizeof(scene->journal), "%s/journal", scene->directory);
    scene->options.journal = scene->journal;
    return scene->journal;
}

void scene_ledger(struct scene *scene, void (*what)(struct ledger *, uint64_t), uint64_t number)
{
    fake_lock(scene->group);
    what(scene->group->ledger, number);
    fake_unlock(scene->group);
}

struct scene *scene_new_pinned(uint64_t events)
{
    struct scene *scene = scene_new(1);
    scene_keep_journal(scene);
    memcpy(scene->pins[0].history, scene->group->history, HISTORY_ID_SIZE);
    memcpy(scene->pins[0].log_key, scene->group->ledger->log_key.public_key, KEY_SIZE);
    scene->options.pin_count = 1;
    scene_ledger(scene, ledger_grow, events);
    return scene;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void) status;
    (void) type;
    (void) place;
    return remove(path);
}

void scene_destroy(struct scene **scene)
{
    comity_destroy(&(*scene)->client);
    for (size_t i = 0; i < FAKE_BROKERS_MAX; i++)
        fake_broker_stop(&(*scene)->brokers[i]);
    fake_group_destroy(&(*scene)->group);
    pthread_mutex_destroy(&(*scene)->lock);
    if ((*scene)->directory[0] != '\0')
        nftw((*scene)->directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(*scene);
    *scene = NULL;
}

size_t scene_count(struct scene *scene, enum comity_event_kind kind, int code)
{
    size_t count = 0;
    pthread_mutex_lock(&scene->lock);
    for (size_t i = 0; i < scene->event_count; i++)
        count += scene->events[i].kind == kind && (code == 0 || scene->events[i].code == code);
    pthread_mutex_unlock(&scene->lock);
    return count;
}

int64_t scene_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool scene_until(struct scene *scene, scene_condition *is_there)
{
    int64_t end_ms = scene_now_ms() + UNTIL_MS;
    while (!is_there(scene)) {
        if (scene_now_ms() > end_ms)
            return false;
        comity_pump(scene->client, 20);
    }
    return true;
}

static bool is_ready(struct scene *scene)
{
    return comity_broker_state(scene->client, 0) == 0 && comity_belief(scene->client, scene->group->history) == 0;
}

void scene_start_ready(struct scene *scene)
{
    scene_start(scene);
    if (!scene_until(scene, is_ready))
        fail_msg("No worker was believed within %d s.", UNTIL_MS / 1000);
}

struct comity_draft *scene_ballot(struct scene *scene)
{
    struct comity_texts *texts = comity_texts_new();
    struct comity_draft *draft = NULL;
    uint8_t hash[HASH_SIZE];
    randombytes_buf(hash, sizeof(hash));
    Comity__V1__Command command = COMITY__V1__COMMAND__INIT;
    Comity__V1__CastBallot body = COMITY__V1__CAST_BALLOT__INIT;
    body.round = 1;
    body.answer = 2;
    body.text_hash = (ProtobufCBinaryData){sizeof(hash), hash};
    command.body_case = COMITY__V1__COMMAND__BODY_CAST_BALLOT;
    command.cast_ballot = &body;
    command.epoch = 1;
    if (comity_texts_add(texts, "Because.", 8, &body.reason) != 0 ||
        comity_draft_new(&command, scene->group->history, texts, scene->seed, 0, &draft, NULL) != 0)
        abort();
    comity_texts_destroy(&texts);
    return draft;
}

struct comity_result scene_submit(struct scene *scene, int64_t deadline_ms)
{
    CLEANUP(comity_draft_destroy) struct comity_draft *draft = scene_ballot(scene);
    struct comity_result result;
    comity_submit_wait(scene->client, draft, deadline_ms, &result);
    return result;
}

void scene_record(struct scene *scene)
{
    struct comity_result result;
    scene_start_ready(scene);
    result = scene_submit(scene, 0);
    assert_int_equal(result.verdict, COMITY_RECORDED);
    comity_result_release(&result);
    comity_destroy(&scene->client);
}
