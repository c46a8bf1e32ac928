/* Peers: the clients and workers that the broker knows of at the moment. Soft state: gone with a restart, and
 * learned again from the next heartbeats.
 *
 * A client is a connection of the front that asked for something: its routing id, its key, what it asked for.
 * Bounded; it ends with its connection, or when it was silent for too long. A worker is a configured key;
 * while it is connected it has one session, the newest, with the routing id of its connection. A routing id
 * is only ever an address to answer to: it is never shown to another peer and never proves anything (the key
 * does). */
#ifndef COMITY_BROKER_PEERS_H
#define COMITY_BROKER_PEERS_H

#include <sys/queue.h>

#include "broker/admission.h"
#include "broker/index.h"
#include "core/frame.h"

enum {
    PEER_ID_MAX = 255,
    PEER_KEY_DIGITS = 2 * KEY_SIZE,
    WORKER_GROUPS_MAX = 64,  /* that one worker may announce */
    WORKER_REPLACED_MAX = 4, /* routing ids of replaced sessions that are remembered */
};

struct peer_id {
    uint8_t size;
    uint8_t bytes[PEER_ID_MAX];
};

bool peer_id_equal(const struct peer_id *a, const struct peer_id *b);

struct pending;
struct subscription;
struct parcel;
TAILQ_HEAD(pending_list, pending);
LIST_HEAD(subscription_list, subscription);

/* Frames for a client whose connection takes no more at the moment: broker/outbox.h. */
struct outbox {
    TAILQ_HEAD(, parcel) parcels;
    uint32_t count;
    size_t size;
};

struct client {
    struct index_link by_id;
    struct index_link by_connection; /* unless that is 0 */
    TAILQ_ENTRY(client) by_silence;
    struct peer_id id;
    char key[PEER_KEY_DIGITS + 1];
    uint64_t connection; /* by which it was heard last: broker/watch.h */
    int64_t heard_ms;
    bool has_leave; /* by a worker's word: it is no stranger */
    struct pending_list pending;
    uint32_t pending_count;
    uint64_t pending_size; /* bytes of their frames */
    struct subscription_list subscriptions;
    uint32_t subscription_count;
    LIST_ENTRY(client) in_level; /* of those with as many; unless it has none */
    struct outbox outbox;
    TAILQ_ENTRY(client) in_waiting;
    bool is_gone; /* forgotten, not yet collected */
};

TAILQ_HEAD(client_list, client);

struct clients {
    struct index by_id;
    struct index by_connection;
    struct client_list by_silence; /* the one that was silent longest first */
    struct client_list retired;    /* forgotten, kept until clients_collect */
    struct client_list waiting;    /* with something in the outbox */
    size_t outbox_size;            /* bytes in all outboxes */
    uint32_t count;
    uint32_t limit;
};

int clients_init(struct clients *clients, uint32_t limit);
void clients_release(struct clients *clients);
struct client *clients_find(const struct clients *clients, const struct peer_id *id);

/* A new one; NULL at the limit, or where memory is out. */
struct client *clients_add(struct clients *clients, const struct peer_id *id, const char *key,
                           int64_t now_ms);
void clients_heard(struct clients *clients, struct client *client, int64_t now_ms);

/* It was heard by this connection (0: not known); and one of those that were heard last by it, NULL for none.
 */
void clients_connect(struct clients *clients, struct client *client, uint64_t connection);
struct client *clients_connected(const struct clients *clients, uint64_t connection);

/* Take it out of the tables. Its memory stays until clients_collect, so that what was decided about it can be
 * carried out. The caller has ended its subscriptions and its pending requests and emptied its outbox. */
void clients_forget(struct clients *clients, struct client *client);
void clients_collect(struct clients *clients);

/* Workers and the groups that they serve. */

struct worker;

struct served {
    LIST_ENTRY(served) in_group;
    LIST_ENTRY(served) in_worker;
    struct group *group;
    struct worker *worker;
    uint64_t term, applied; /* the last entry of the group's log that it has applied; 0: it says nothing of that */
    bool is_draining;
};

LIST_HEAD(served_list, served);

struct group {
    struct index_link by_id;
    uint8_t id[GROUP_ID_SIZE];
    struct served_list served;
};

struct worker {
    LIST_ENTRY(worker) in_workers;
    char name[NAME_MAX_BYTES + 1];
    uint8_t key[KEY_SIZE];
    char key_text[PEER_KEY_DIGITS + 1];
    bool is_connected; /* has a session; what follows is the session's */
    struct peer_id id;
    uint64_t connection;
    int64_t heard_ms;
    uint32_t window; /* requests that it takes at once, of all its groups */
    struct pending_list pending;
    uint32_t pending_count;
    uint64_t pending_size; /* bytes of their frames */
    struct served_list served;
    uint32_t served_count;
    struct peer_id replaced[WORKER_REPLACED_MAX];
    unsigned replaced_next;
};

LIST_HEAD(worker_list, worker);

struct workers {
    struct worker_list list;
    struct index groups;
    const struct admission *admission;
    uint64_t pending_size_limit; /* with so many bytes pending a worker is full; none at first */
};

int workers_init(struct workers *workers);
void workers_release(struct workers *workers);

/* Make the list fit the admission's: new ones are added, those of keys that are gone are handed to @leave
 * (which ends their sessions) and removed, names follow. 0, or ERR_MEMORY with nothing changed. The admission
 * has to outlive its use here. */
typedef void workers_leave_fn(struct worker *worker, void *context);
int workers_admit(struct workers *workers, const struct admission *admission, workers_leave_fn *leave,
                  void *context);

struct worker *workers_find(const struct workers *workers, const char *key_text);
bool worker_may_serve(const struct workers *workers, const struct worker *worker,
                      const uint8_t group[GROUP_ID_SIZE]);
bool worker_was_replaced(const struct worker *worker, const struct peer_id *id);

void worker_session_start(struct worker *worker, const struct peer_id *id, int64_t now_ms);

/* The session is over: its groups are gone. Pending requests are the caller's to end first. */
void worker_session_end(struct workers *workers, struct worker *worker);

/* Its own latest word: it serves @group in @term, and has applied the log up to entry @applied. 0, ERR_LIMIT or ERR_MEMORY. @is_ready ends a
 * draining. */
int worker_serve(struct workers *workers, struct worker *worker, const uint8_t group[GROUP_ID_SIZE],
                 uint64_t term, uint64_t applied, bool is_ready);
struct served *worker_serves(const struct worker *worker, const uint8_t group[GROUP_ID_SIZE]);

/* Who has the highest term for the group, draining or not, of several the one that has applied most, and of these the latest; NULL for nobody. */
const struct served *workers_leader(const struct workers *workers, const uint8_t group[GROUP_ID_SIZE]);
void worker_unserve(struct workers *workers, struct served *served);

/* Where a request for @group goes: to that worker, of those that are not draining. 0, ERR_NO_ROUTE, ERR_DRAINING, ERR_BUSY. */
int workers_route(const struct workers *workers, const uint8_t group[GROUP_ID_SIZE],
                  struct worker **ret_worker);

#endif
