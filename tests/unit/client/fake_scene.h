/* A fake group with brokers, a member of it, and a client whose events are kept: what the tests with sockets
 * start from. */
#ifndef COMITY_TESTS_UNIT_CLIENT_FAKE_SCENE_H
#define COMITY_TESTS_UNIT_CLIENT_FAKE_SCENE_H

#include "fake_group.h"

enum { SCENE_EVENTS_MAX = 4096, SCENE_ATTEMPT_MS = 1000, SCENE_DEADLINE_MS = 20000 };

struct scene {
    struct fake_group *group;
    struct fake_broker *brokers[FAKE_BROKERS_MAX];
    size_t broker_count;
    uint8_t seed[COMITY_KEY_SIZE];
    struct comity_broker broker_options[FAKE_BROKERS_MAX];
    struct comity_reader reader;
    struct comity_pin pins[2];
    struct comity_options options;
    struct comity *client;
    pthread_mutex_t lock; /* of the events */
    struct comity_event events[SCENE_EVENTS_MAX];
    uint8_t log_keys[SCENE_EVENTS_MAX][COMITY_KEY_SIZE];
    size_t event_count;
    char directory[64]; /* empty: none was made */
    char journal[80];
};

/* Brokers are running; options are filled in and may be changed until scene_start. */
struct scene *scene_new(size_t broker_count);
/* The options get a journal, in a directory of its own that goes with the scene. Returns its path. */
const char *scene_keep_journal(struct scene *scene);
/* One broker, a journal, a record of so many events, and its log key pinned. */
struct scene *scene_new_pinned(uint64_t events);
/* To the record, whose group answers already. */
void scene_ledger(struct scene *scene, void (*what)(struct ledger *, uint64_t), uint64_t number);
void scene_start(struct scene *scene);
void scene_destroy(struct scene **scene);

/* How many events of this kind, and with this code (0: with any), have come. */
size_t scene_count(struct scene *scene, enum comity_event_kind kind, int code);

/* Pump until @is_there, at most a minute. False where it did not come. */
typedef bool scene_condition(struct scene *scene);
bool scene_until(struct scene *scene, scene_condition *is_there);

/* Start, and wait until a worker has said WELCOME, and with a journal is believed: for tests whose deadlines are short. */
void scene_start_ready(struct scene *scene);

/* A signed ballot with a reason, another one each time. */
struct comity_draft *scene_ballot(struct scene *scene);

/* What came of submitting one. @deadline_ms: 0 for the client's own. */
struct comity_result scene_submit(struct scene *scene, int64_t deadline_ms);

/* A client that has such an act recorded, and is gone. */
void scene_record(struct scene *scene);

int64_t scene_now_ms(void);

/* Set and read what the brokers' threads use as well. */
#define SCRIPT(scene, field, value)                                                                          \
    do {                                                                                                     \
        fake_lock((scene)->group);                                                                           \
        (scene)->group->field = (value);                                                                     \
        fake_unlock((scene)->group);                                                                         \
    } while (0)
#define SEEN(scene, field)                                                                                   \
    ({                                                                                                       \
        fake_lock((scene)->group);                                                                           \
        __typeof__((scene)->group->field) value = (scene)->group->field;                                     \
        fake_unlock((scene)->group);                                                                         \
        value;                                                                                               \
    })

#endif
