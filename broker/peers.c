#include "broker/peers.h"

#include <assert.h>
#include <stdlib.h>

#include "core/error.h"

enum { GROUPS_EXPECTED = 256, CLIENTS_EXPECTED_MAX = 65536 };

bool peer_id_equal(const struct peer_id *a, const struct peer_id *b)
{
    return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

/* Clients. */

int clients_init(struct clients *clients, uint32_t limit)
{
    *clients = (struct clients){.limit = limit};
    TAILQ_INIT(&clients->by_silence);
    TAILQ_INIT(&clients->retired);
    TAILQ_INIT(&clients->waiting);
    const uint32_t expected = limit < CLIENTS_EXPECTED_MAX ? limit : CLIENTS_EXPECTED_MAX;
    int error = index_init(&clients->by_id, expected);
    return error == 0 ? index_init(&clients->by_connection, expected) : error;
}

static void free_list(struct client_list *list)
{
    struct client *client;
    while ((client = TAILQ_FIRST(list)) != NULL) {
        TAILQ_REMOVE(list, client, by_silence);
        free(client);
    }
}

void clients_release(struct clients *clients)
{
    if (!clients->by_id.buckets)
        return;
    free_list(&clients->by_silence);
    free_list(&clients->retired);
    index_release(&clients->by_id);
    index_release(&clients->by_connection);
}

struct client *clients_find(const struct clients *clients, const struct peer_id *id)
{
    uint64_t hash = index_hash(&clients->by_id, BYTES(id->bytes, id->size));
    for (struct index_link *link = index_first(&clients->by_id, hash); link; link = index_next(link)) {
        struct client *client = INDEX_THING(link, struct client, by_id);
        if (peer_id_equal(&client->id, id))
            return client;
    }
    return NULL;
}

struct client *clients_add(struct clients *clients, const struct peer_id *id, const char *key, int64_t now_ms)
{
    if (clients->count >= clients->limit)
        return NULL;
    struct client *client = calloc(1, sizeof(*client));
    if (!client)
        return NULL;
    client->id = *id;
    client->heard_ms = now_ms;
    memcpy(client->key, key, PEER_KEY_DIGITS);
    TAILQ_INIT(&client->pending);
    LIST_INIT(&client->subscriptions);
    TAILQ_INIT(&client->outbox.parcels);
    index_add(&clients->by_id, &client->by_id, index_hash(&clients->by_id, BYTES(id->bytes, id->size)));
    TAILQ_INSERT_TAIL(&clients->by_silence, client, by_silence);
    clients->count++;
    return client;
}

static uint64_t connection_hash(const struct clients *clients, uint64_t connection)
{
    return index_hash(&clients->by_connection, BYTES((const uint8_t *) &connection, sizeof(connection)));
}

void clients_heard(struct clients *clients, struct client *client, int64_t now_ms)
{
    client->heard_ms = now_ms;
    TAILQ_REMOVE(&clients->by_silence, client, by_silence);
    TAILQ_INSERT_TAIL(&clients->by_silence, client, by_silence);
}

void clients_connect(struct clients *clients, struct client *client, uint64_t connection)
{
    if (client->connection == connection)
        return;
    if (client->connection != 0)
        index_remove(&clients->by_connection, &client->by_connection);
    client->connection = connection;
    if (connection != 0)
        index_add(&clients->by_connection, &client->by_connection, connection_hash(clients, connection));
}

struct client *clients_connected(const struct clients *clients, uint64_t connection)
{
    uint64_t hash = connection_hash(clients, connection);
    for (struct index_link *link = index_first(&clients->by_connection, hash); link;
         link = index_next(link)) {
        struct client *client = INDEX_THING(link, struct client, by_connection);
        if (client->connection == connection)
            return client;
    }
    return NULL;
}

void clients_forget(struct clients *clients, struct client *client)
{
    assert(client->pending_count == 0 && client->subscription_count == 0 && client->outbox.count == 0);
    index_remove(&clients->by_id, &client->by_id);
    if (client->connection != 0)
        index_remove(&clients->by_connection, &client->by_connection);
    TAILQ_REMOVE(&clients->by_silence, client, by_silence);
    TAILQ_INSERT_TAIL(&clients->retired, client, by_silence);
    client->is_gone = true;
    clients->count--;
}

void clients_collect(struct clients *clients)
{
    free_list(&clients->retired);
}

/* Workers. */

int workers_init(struct workers *workers)
{
    *workers = (struct workers){.pending_size_limit = UINT64_MAX};
    LIST_INIT(&workers->list);
    return index_init(&workers->groups, GROUPS_EXPECTED);
}

static void worker_remove(struct workers *workers, struct worker *worker)
{
    worker_session_end(workers, worker);
    LIST_REMOVE(worker, in_workers);
    free(worker);
}

void workers_release(struct workers *workers)
{
    struct worker *worker;
    while ((worker = LIST_FIRST(&workers->list)) != NULL)
        worker_remove(workers, worker);
    index_release(&workers->groups);
}

static struct worker *worker_of_key(const struct workers *workers, const uint8_t key[KEY_SIZE])
{
    struct worker *worker;
    LIST_FOREACH(worker, &workers->list, in_workers)
    {
        if (memcmp(worker->key, key, KEY_SIZE) == 0)
            return worker;
    }
    return NULL;
}

/* One record for each row that has none yet, into @list. */
static int make_missing(const struct workers *workers, const struct admission *admission,
                        struct worker_list *list)
{
    for (size_t i = 0; i < admission->worker_count; i++) {
        if (worker_of_key(workers, admission->workers[i].key))
            continue;
        struct worker *worker = calloc(1, sizeof(*worker));
        if (!worker)
            return ERR_MEMORY;
        memcpy(worker->key, admission->workers[i].key, KEY_SIZE);
        hex_encode(BYTES(worker->key, KEY_SIZE), worker->key_text);
        TAILQ_INIT(&worker->pending);
        LIST_INIT(&worker->served);
        LIST_INSERT_HEAD(list, worker, in_workers);
    }
    return 0;
}

int workers_admit(struct workers *workers, const struct admission *admission, workers_leave_fn *leave,
                  void *context)
{
    struct worker_list made = LIST_HEAD_INITIALIZER(made);
    struct worker *worker;
    int error = make_missing(workers, admission, &made);
    while ((worker = LIST_FIRST(&made)) != NULL) {
        LIST_REMOVE(worker, in_workers);
        if (error == 0)
            LIST_INSERT_HEAD(&workers->list, worker, in_workers);
        else
            free(worker);
    }
    if (error != 0)
        return error;
    workers->admission = admission;
    struct worker *next;
    for (worker = LIST_FIRST(&workers->list); worker; worker = next) {
        next = LIST_NEXT(worker, in_workers);
        const struct admission_worker *row = admission_worker(admission, worker->key);
        if (row) {
            memcpy(worker->name, row->name, sizeof(worker->name));
            continue;
        }
        leave(worker, context);
        worker_remove(workers, worker);
    }
    return 0;
}

struct worker *workers_find(const struct workers *workers, const char *key_text)
{
    struct worker *worker;
    LIST_FOREACH(worker, &workers->list, in_workers)
    {
        if (strcmp(worker->key_text, key_text) == 0)
            return worker;
    }
    return NULL;
}

bool worker_may_serve(const struct workers *workers, const struct worker *worker,
                      const uint8_t group[GROUP_ID_SIZE])
{
    const struct admission_worker *row = admission_worker(workers->admission, worker->key);
    return row && admission_may_serve(row, group);
}

bool worker_was_replaced(const struct worker *worker, const struct peer_id *id)
{
    for (size_t i = 0; i < WORKER_REPLACED_MAX; i++) {
        if (worker->replaced[i].size > 0 && peer_id_equal(&worker->replaced[i], id))
            return true;
    }
    return false;
}

void worker_session_start(struct worker *worker, const struct peer_id *id, int64_t now_ms)
{
    worker->is_connected = true;
    worker->id = *id;
    worker->heard_ms = now_ms;
    worker->window = 0;
}

void worker_session_end(struct workers *workers, struct worker *worker)
{
    struct served *served;
    while ((served = LIST_FIRST(&worker->served)) != NULL)
        worker_unserve(workers, served);
    worker->is_connected = false;
}

/* Groups. */

static struct group *group_find(const struct workers *workers, const uint8_t id[GROUP_ID_SIZE])
{
    uint64_t hash = index_hash(&workers->groups, BYTES(id, GROUP_ID_SIZE));
    for (struct index_link *link = index_first(&workers->groups, hash); link; link = index_next(link)) {
        struct group *group = INDEX_THING(link, struct group, by_id);
        if (memcmp(group->id, id, GROUP_ID_SIZE) == 0)
            return group;
    }
    return NULL;
}

static struct group *group_find_or_add(struct workers *workers, const uint8_t id[GROUP_ID_SIZE])
{
    struct group *group = group_find(workers, id);
    if (group)
        return group;
    group = calloc(1, sizeof(*group));
    if (!group)
        return NULL;
    memcpy(group->id, id, GROUP_ID_SIZE);
    LIST_INIT(&group->served);
    index_add(&workers->groups, &group->by_id, index_hash(&workers->groups, BYTES(id, GROUP_ID_SIZE)));
    return group;
}

static void group_drop_if_empty(struct workers *workers, struct group *group)
{
    if (!LIST_EMPTY(&group->served))
        return;
    index_remove(&workers->groups, &group->by_id);
    free(group);
}

struct served *worker_serves(const struct worker *worker, const uint8_t group[GROUP_ID_SIZE])
{
    struct served *served;
    LIST_FOREACH(served, &worker->served, in_worker)
    {
        if (memcmp(served->group->id, group, GROUP_ID_SIZE) == 0)
            return served;
    }
    return NULL;
}

int worker_serve(struct workers *workers, struct worker *worker, const uint8_t group_id[GROUP_ID_SIZE],
                 uint64_t term, uint64_t applied, bool is_ready)
{
    struct served *served = worker_serves(worker, group_id);
    if (!served) {
        if (worker->served_count >= WORKER_GROUPS_MAX)
            return ERR_LIMIT;
        struct group *group = group_find_or_add(workers, group_id);
        served = group ? calloc(1, sizeof(*served)) : NULL;
        if (!served) {
            if (group)
                group_drop_if_empty(workers, group);
            return ERR_MEMORY;
        }
        served->group = group;
        served->worker = worker;
        LIST_INSERT_HEAD(&group->served, served, in_group);
        LIST_INSERT_HEAD(&worker->served, served, in_worker);
        worker->served_count++;
    }
    served->term = term;
    served->applied = applied;
    if (is_ready)
        served->is_draining = false;
    return 0;
}

void worker_unserve(struct workers *workers, struct served *served)
{
    struct group *group = served->group;
    served->worker->served_count--;
    LIST_REMOVE(served, in_group);
    LIST_REMOVE(served, in_worker);
    free(served);
    group_drop_if_empty(workers, group);
}

static bool is_full(const struct workers *workers, const struct worker *worker)
{
    return worker->pending_count >= worker->window || worker->pending_size >= workers->pending_size_limit;
}

/* Where nobody leads, reads go to whoever has most of the record. */
static bool is_before(const struct served *one, const struct served *other)
{
    return !other || one->term > other->term || (one->term == other->term && one->applied > other->applied);
}

static const struct served *find_leader(const struct group *group, bool may_drain)
{
    const struct served *served, *leader = NULL;
    LIST_FOREACH(served, &group->served, in_group)
    {
        if ((may_drain || !served->is_draining) && is_before(served, leader))
            leader = served;
    }
    return leader;
}

const struct served *workers_leader(const struct workers *workers, const uint8_t group_id[GROUP_ID_SIZE])
{
    const struct group *group = group_find(workers, group_id);
    return group ? find_leader(group, true) : NULL;
}

int workers_route(const struct workers *workers, const uint8_t group_id[GROUP_ID_SIZE],
                  struct worker **ret_worker)
{
    const struct group *group = group_find(workers, group_id);
    if (!group)
        return ERR_NO_ROUTE;
    const struct served *leader = find_leader(group, false);
    if (!leader)
        return ERR_DRAINING;
    if (is_full(workers, leader->worker))
        return ERR_BUSY;
    *ret_worker = leader->worker;
    return 0;
}
