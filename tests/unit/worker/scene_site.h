/* Workers over a real etcd, without a store: each keeps what it has applied in memory. The test is the writer
 * of all of them. */
#ifndef COMITY_TESTS_UNIT_WORKER_SCENE_SITE_H
#define COMITY_TESTS_UNIT_WORKER_SCENE_SITE_H

#include "tests/unit/worker/scene_etcd.h"
#include "worker/log/log_etcd.h"

enum { SITE_ENTRIES_MAX = 20000, SITE_WAIT_MS = 60000 };

struct site {
    struct order_log *log;
    struct order_log_etcd_options options;
    struct order_place place;
    uint64_t commits;                       /* tried: what ids are made of */
    uint64_t numbers[SITE_ENTRIES_MAX + 1]; /* [entry]: the number that its body begins with */
    struct arena *arena;
};

/* Options of a worker of that name that begins the log if there is none. */
struct order_log_etcd_options site_options(const struct scene *scene, const char *name);
struct site *site_new(const struct order_log_etcd_options *options); /* fails the test where it is refused */
/* NULL-safe. The log as if the process had gone (its leader's key is given up), and again with what was
 * applied. */
void site_destroy(struct site **site);
void site_stop(struct site *site);
void site_start(struct site *site);

/* Take and apply what others made, waiting for so long for the first. How many. */
size_t site_follow(struct site *site, int wait_ms);
/* Until it has applied the entry; fails the test. */
void site_follow_to(struct site *site, uint64_t number);

/* Append a body of @size bytes (8 at least) that begins with @what; its code. */
int site_commit(struct site *site, uint64_t what, size_t size);
/* The same, of a worker whose store does not have it yet. */
int site_append(struct site *site, uint64_t what, size_t size);

/* Which of them leads; fails the test where none comes to lead. All follow meanwhile. */
struct site *sites_leader(struct site *const *sites, size_t count);

/* What etcd holds of the group's under that key, NULL: nothing; until the scene's arena is reset. And wait
 * until it is there. */
const Etcdserverpb__KeyValue *site_key(struct scene *scene, const char *key);
const Etcdserverpb__KeyValue *site_wait_key(struct scene *scene, const char *key);
/* Put a value of the group's in the place of what is there; fails the test. */
void site_overwrite(struct scene *scene, const char *key, struct bytes value);

/* Why it takes no part any more; it is followed until then. NOT_FOUND: it still does. */
int site_wait_fault(struct site *site);

struct order_log_etcd_status site_status(const struct site *site);

#endif
