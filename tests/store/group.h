/* Workers of one group in one process, each with a store of its own, and between them a log in memory. One leads; the
 * commands of a scene go to it. The others take its entries one by one. */
#ifndef COMITY_TESTS_STORE_GROUP_H
#define COMITY_TESTS_STORE_GROUP_H

#include "comity/v1/log.pb-c.h"
#include "scene.h"
#include "worker/entry.h"
#include "worker/follow.h"

enum { GROUP_WORKERS = 3, GROUP_ENTRIES_MAX = 16384 };

struct group;

struct group_worker {
    struct group *group;
    char directory[SCRATCH_PATH_MAX];
    struct store *store;
    struct order_log *log;
    struct batch_runner *runner;
    struct batch_result result; /* of the entry applied last */
    bool differs; /* what it was given last: it has decided that otherwise */
    char reason[FOLLOW_REASON_MAX];
};

struct group {
    uint8_t id[GROUP_ID_SIZE];
    struct scene scene; /* its store, log and runner are the leader's */
    struct group_worker workers[GROUP_WORKERS];
    unsigned leader;
    uint32_t level;                                /* that the log says is agreed on; preset: the highest */
    struct order_entry entries[GROUP_ENTRIES_MAX]; /* [number - 1]; bodies are copies */
    size_t count;
    int prepare_code, commit_code; /* what an append comes to; other than 0: nothing is appended */
};

struct group *group_new(uint64_t seed);
/* One of another id. With the same seed it has the same log key. */
struct group *group_new_of(uint64_t seed, const uint8_t id[GROUP_ID_SIZE]);
void group_destroy(struct group **group);

/* End a worker and start it again. */
void group_stop(struct group *group, unsigned worker);
void group_start(struct group *group, unsigned worker);
void group_restart(struct group *group, unsigned worker);
/* A copy of a worker's files in a directory, and the worker started anew with it. */
void group_save(struct group *group, unsigned worker, const char *directory);
void group_put_back(struct group *group, unsigned worker, const char *directory);
/* This worker, which has applied everything, leads from now on. */
void group_lead(struct group *group, unsigned worker);

/* How far a worker is: the number of the entry, and the place behind it. */
uint64_t group_at(const struct group *group, unsigned worker);
void group_place(const struct group *group, unsigned worker, struct order_place *ret_place);
/* Give a worker an entry: follow_apply. */
int group_give(struct group *group, unsigned worker, const struct order_entry *entry);
/* Give it all that it lacks. */
void group_catch_up(struct group *group, unsigned worker);

/* A worker's state: the hash, as workers compare it; and all that there is, as an export. */
void group_hash(struct group *group, unsigned worker, uint8_t ret_hash[HASH_SIZE]);
/* The state that the machine has made, of every history. */
void group_views_hash(struct group *group, unsigned worker, uint8_t ret_hash[HASH_SIZE]);
/* Two workers are the same: exports to the byte, places, hashes, views. */
void group_same(struct group *group, unsigned a, unsigned b);

/* An entry, unpacked in the arena, and packed again. */
Comity__V1__LogEntry *group_unpack(const struct order_entry *entry, struct arena *arena);
struct order_entry group_pack(const struct order_entry *entry, const Comity__V1__LogEntry *message, struct arena *arena);

#endif
