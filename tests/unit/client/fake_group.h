/* A group of workers behind brokers, all in one process, which can be told to fail and to lie.
 *
 * Each broker is a real ROUTER with CURVE and ZAP on a port of its own choosing and a thread of its own;
 * behind it the group opens seals, records commands in a ledger, deduplicates by command id and answers
 * queries, as the contract says. A script says what goes wrong. Tests set it, and read the counters, under
 * the lock: fake_lock, fake_unlock. */
#ifndef COMITY_TESTS_UNIT_CLIENT_FAKE_GROUP_H
#define COMITY_TESTS_UNIT_CLIENT_FAKE_GROUP_H

#include <pthread.h>

#include "client/lib/comity.h"
#include "core/frame.h"
#include "core/seal.h"
#include "fake_ledger.h"

enum { FAKE_COMMANDS_MAX = 512, FAKE_CLIENTS_MAX = 64, FAKE_FRAMES_MAX = 1024, FAKE_BROKERS_MAX = 4 };

struct fake_frame {
    uint8_t *data;
    size_t size;
};

struct fake_command {
    uint8_t id[COMMAND_ID_SIZE];
    uint8_t *receipt;
    size_t receipt_size;
};

/* Counts say how many times still. */
struct fake_script {
    int drop_requests; /* neither done nor answered */
    int drop_replies;  /* done, not answered */
    int drop_checkpoints; /* asked for, and not answered */
    int hint_requests; /* answered by an ERROR frame with hint_code */
    int hint_hellos;
    int hint_code;
    int hint_wait_ms;
    int refuse_requests; /* refused, sealed, with refuse_code; not done */
    int refuse_code;
    int repeat_refusal;   /* done, but answered with the frame of the last sealed refusal once more */
    int busy_though_done; /* done, but answered by a sealed BUSY, which came of another delivery of the frame
                           */
    int forged_replies;   /* done, answered by somebody who has another group's key; then truly */
    int stale_replies;    /* before the true answer comes the body of the last one, under the new header */
    int stale_hints;      /* before the true answer comes an ERROR for the try before */
    int hold_replies;     /* gathered, and sent in reverse once there are so many */
    enum lie lie;         /* of the receipts recorded from now on */
    bool is_silent;       /* reads and says nothing */
    bool has_bad_texts;   /* answers show texts under other hashes */
    bool has_bad_events;  /* and events whose parts do not have the hashes that they commit to */
    bool gives_no_checkpoint; /* refuses to be asked for it */
    bool gives_busy;          /* puts it off */
    bool
        knows_no_fresh; /* refuses to be asked to be fresh, as a version that knows no log of several sites */
    bool is_not_fresh;        /* a log of several sites, that does not answer: it says so, and BEHIND for what is past its head */
    bool is_moving;           /* with is_not_fresh: MOVING in the place of BEHIND */
    int behind_checkpoints;   /* so many are past the head of a worker that has come meanwhile */
    bool shows_less;          /* gives the one that it has for one past its head */
    bool gives_no_leave;      /* refuses it as to somebody whose key was revoked */
    bool has_bad_proofs;      /* gives a hash that is another */
    bool has_bad_checkpoints; /* signed by nobody */
    bool has_bad_pages;       /* their checkpoints are signed by nobody */
    uint32_t page_epoch;      /* of a page's checkpoint; 0: the present one */
    struct bytes moved; /* a packed SignedMove: goes with each refusal with MOVED, and is all that a grant gets */
    bool is_garbled_welcome;
    bool is_garbled; /* sealed bodies are no messages */
};

struct fake_group {
    pthread_mutex_t lock;
    struct connection_key key;
    uint8_t history[HISTORY_ID_SIZE];
    struct ledger *ledger;
    struct fake_script script;
    uint8_t clients[FAKE_CLIENTS_MAX][KEY_SIZE]; /* that said HELLO */
    size_t client_count;
    uint8_t listed[8][KEY_SIZE]; /* log keys that the history lists */
    size_t listed_count;
    struct fake_command commands[FAKE_COMMANDS_MAX];
    size_t command_count;
    struct fake_frame frames[FAKE_FRAMES_MAX]; /* REQUESTs as they came */
    size_t frame_count;
    struct fake_frame held[FAKE_FRAMES_MAX]; /* routing id, then reply: see hold_replies */
    size_t held_count;
    unsigned rows;  /* sites of the list */
    uint64_t as_of; /* that queries reflect; 0: the ledger's head */
    int grant_code;
    bool is_of_witness;         /* grants are a witness's */
    unsigned cosigns;           /* taken */
    uint8_t cosigned[KEY_SIZE]; /* by whom last */
    uint64_t last_floor;
    uint64_t restored_to; /* of the latest epoch, as it lists it */
    unsigned checkpoints; /* asked for */
    unsigned not_asked_fresh; /* those that did not ask to be fresh */
    unsigned hellos, queries, submits, duplicates, subscribes, unsubscribes, byes;
    struct fake_frame last_refusal, last_reply;
    uint8_t brokers[COMITY_BROKER_LIST_SIZE], brokers_signature[SIGNATURE_SIZE]; /* of WELCOME */
    size_t brokers_size;                                                         /* 0: it has none */
};

enum fake_admission { FAKE_ADMITS_ALL, FAKE_ADMITS_NONE, FAKE_WITHOUT_CURVE };

struct fake_broker;

struct fake_group *fake_group_new(void);
void fake_group_destroy(struct fake_group **group);
void fake_lock(struct fake_group *group);
void fake_unlock(struct fake_group *group);

/* The worker is another one: a new log key, sessions forgotten. */
void fake_group_restart(struct fake_group *group, bool is_listed);

/* @port: 0 for any. @key: NULL for a new one. */
struct fake_broker *fake_broker_start(struct fake_group *group, enum fake_admission admission, int port,
                                      const struct connection_key *key);
const struct connection_key *fake_broker_key(const struct fake_broker *broker);
void fake_broker_stop(struct fake_broker **broker);
const char *fake_broker_endpoint(const struct fake_broker *broker);
int fake_broker_port(const struct fake_broker *broker);
struct comity_broker fake_broker_options(const struct fake_broker *broker);
unsigned fake_broker_requests(struct fake_broker *broker);

/* Let the broker send NEWS to all that ever subscribed. */
void fake_broker_news(struct fake_broker *broker, uint64_t sequence);

#endif
