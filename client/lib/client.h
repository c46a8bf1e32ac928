/* The client object, as its own files see it.
 *
 *   client.c   its life, its clock and thread, what it hands out to callbacks
 *   link.c     one broker's connection: sockets, heartbeats, frames in and out
 *   session.c  HELLO and WELCOME, grants, the log keys of histories
 *   request.c  requests: tries, deadlines, verdicts
 *   reply.c    what comes back for a request: answers, receipts, refusals, hints
 *   outbox.c   what was given while no broker answered; kept.c what was read, to be shown then
 *   moved.c    histories that were moved to another group, and who moves them
 *   heads.c    checkpoints: what has to be proved before a server is believed
 *   news.c     subscriptions
 *   wait.c     the blocking face
 *
 * Everything is done in client_run, under client->lock, on the thread that pumps. It never calls out: what is
 * for the user is put on a list of calls, which client_deliver works off without the lock. So callbacks may
 * use the client, and only the pumping thread ever touches a socket. */
#ifndef COMITY_CLIENT_LIB_CLIENT_H
#define COMITY_CLIENT_LIB_CLIENT_H

#include <pthread.h>

#include "client/lib/comity.h"
#include "client/lib/head_file.h"
#include "client/lib/receipt.h"
#include "client/lib/watch.h"
#include "core/arena.h"
#include "core/frame.h"
#include "core/key.h"
#include "core/seal.h"

enum {
    HEARTBEAT_MS = 1000,         /* after so long without sending */
    SILENCE_MS = 5000,           /* after so long without a byte: a new socket */
    REOPEN_MS = 5000,            /* a socket that libzmq gave up is made anew after so long */
    GRANT_MS = 24 * 3600 * 1000, /* validity of the grants that are signed; renewed at half of it */
    READ_AT_ONCE = 256,          /* frames a link takes before others get their turn */
    PINS_MAX = 64,               /* log keys kept of one history */
    IN_FLIGHT_MAX = 256,         /* requests on one link at a time */
    DOUBT_MS = 10000, /* a link where a try failed comes after the others for so long, or until it answers */
};

/* ---- Histories ---- */

struct subscription {
    comity_news_fn *news; /* NULL: none */
    void *context;
    uint32_t epoch;     /* of what was told; 0: not known yet */
    uint64_t told;      /* the sequence that was told last */
    uint64_t confirmed; /* the highest that a worker has told, sealed */
    int64_t poll_ms;    /* when to ask by ourselves */
    bool is_due;        /* the brokers have to be told that it began or ended */
    bool is_call_queued;
    bool is_polling;
};

/* The one question about checkpoints that is under way for a history. */
struct head_question {
    uint64_t request;    /* ours; 0: none */
    size_t link;         /* that is asked, and has to answer itself */
    uint64_t from, size; /* as asked; size 0: the present one */
    uint64_t on_behalf;  /* of a request that is held; 0: of what WELCOME stands for */
    struct head offered; /* whose epoch is being looked up; size 0: none */
    struct head
        earlier;    /* what the restore that it tells of has to have kept, by a receipt; size 0: not asked */
    bool is_second; /* the first got no proof */
};

/* A worker that is behind the head is asked again after a while, and a longer one each time. */
struct lag {
    unsigned times; /* that it was found to be; 0: it is not known to be */
    int code;       /* ERR_BEHIND, or as it has said itself: ERR_MOVING */
    int64_t again_ms;
};

/* What is known of one history. */
struct history {
    uint8_t id[HISTORY_ID_SIZE];
    bool is_reader;
    struct signing_key key; /* of a reader */
    bool is_witness;        /* the key is a witness's: it may ask for checkpoints alone */
    uint32_t epoch;         /* the latest that was seen; 0: none */
    uint64_t seen;          /* the highest sequence that was seen in it */
    int64_t pruned_ms;      /* the stamp of the receipt by which its journal was pruned last */
    uint8_t pins[PINS_MAX][KEY_SIZE];
    size_t pin_count;
    uint8_t refused[KEY_SIZE]; /* the log key that was refused last; zeros: none */
    bool is_asking;            /* whether it lists `asked` */
    int64_t listed_ms;         /* when it last said which keys it lists */
    uint8_t asked[KEY_SIZE];
    struct subscription subscription;
    bool has_head_loaded;
    struct head head;                      /* size 0: none yet */
    uint64_t granted[COMITY_BROKERS_MAX];  /* the WELCOME of each link that gave leave to read; 0: none did */
    uint64_t believed[COMITY_BROKERS_MAX]; /* and the one that was found to go with the head */
    uint64_t
        denied[COMITY_BROKERS_MAX]; /* or with or after which it was said that there is no leave to read */
    uint64_t revoked[COMITY_BROKERS_MAX]; /* the WELCOME of each link that said that the key is revoked */
    struct lag lags[COMITY_BROKERS_MAX];  /* of the worker at each link */
    struct head_question question;
    bool is_forked;
    struct comity_moved *moved; /* where it is now; NULL: here */
};

/* ---- Links ---- */

enum link_state {
    LINK_IDLE, /* no socket */
    LINK_CONNECTING,
    LINK_CONNECTED, /* the handshake succeeded: news and the broker's own status */
    LINK_READY,     /* WELCOME: everything */
};

struct link {
    size_t index;
    char *endpoint;
    uint8_t server_key[KEY_SIZE];
    void *socket, *monitor;
    int socket_fd, monitor_fd;
    enum link_state state;
    int code; /* why it is not ready */
    bool is_brokers_word;
    struct watch watch;
    uint64_t welcome;    /* counts WELCOMEs, over all links */
    uint64_t connection; /* counts handshakes: a request knows on which it went out */
    int64_t open_ms;     /* IDLE: when to open a socket */
    int64_t sent_ms, heard_ms;
    int tcp_fd;             /* libzmq's, to be asked and never touched; -1: none */
    uint64_t heard_bytes;   /* that had come when the last whole message was taken */
    uint64_t hello_request; /* 0: none on its way */
    unsigned hello_attempt;
    int64_t hello_ms; /* when to say it, or to say it again */
    bool has_log_key;
    uint8_t log_key[KEY_SIZE]; /* of the worker that said WELCOME last */
    unsigned in_flight;
    bool is_full;       /* the socket took no more */
    bool is_in_parts;   /* in a message of several parts, which is dropped */
    int64_t doubted_ms; /* until then it is tried after the others; 0: nothing speaks against it */
    uint64_t alone; /* WELCOME of a worker of before there were several sites: it has all, and is not asked to
                       be fresh */
};

/* ---- Requests ---- */

enum request_kind { REQUEST_SUBMIT, REQUEST_QUERY, REQUEST_COSIGN, REQUEST_OPERATOR, REQUEST_BROKER_STATUS };

enum request_state {
    REQUEST_WAITING, /* to be sent at due_ms */
    REQUEST_SENT,    /* answered, or given up for this try, at due_ms */
    REQUEST_HELD,    /* what came waits for word on a log key, or for the proof of its checkpoint */
};

struct comity_request;
typedef void settle_fn(struct comity *client, const struct comity_request *request,
                       struct comity_result *result);

struct comity_request {
    uint64_t number;
    enum request_kind kind;
    enum request_state state;
    uint8_t *frame; /* header and sealed body: the same bytes in every try */
    size_t frame_size;
    struct bytes asks_fresh;    /* packed Request of a query that asks to be fresh, in the arena; empty */
    struct arena *arena;        /* holds the claim, and a receipt that is held */
    struct receipt_claim claim; /* of SUBMIT; of QUERY and COSIGN the history alone */
    struct bytes held;          /* packed Receipt */
    int64_t held_ms;
    struct comity_answer *answer; /* a page that is held */
    bool is_unproved;             /* held until its checkpoint is proved */
    bool has_checked_again;       /* WELCOME's question was asked once more for it */
    struct head unproved;
    bool is_check;  /* of our own, about keys and checkpoints: sent to servers that are not believed yet */
    bool is_bound;  /* to its link: a question about checkpoints */
    bool is_page;   /* of events: a checkpoint comes with it */
    uint64_t floor; /* of a query: what it shows may not be older than this, */
    uint32_t floor_epoch; /* in this epoch */
    bool is_new;          /* the journal has it of this request: if it is never sent, it goes */
    int64_t sent_ms;      /* the last try */
    int64_t due_ms, deadline_ms;
    size_t link; /* where it was sent last */
    uint64_t connection;
    unsigned attempts;
    bool has_said_hello_again;
    bool is_found;
    bool ends_leave;           /* once recorded, the key by which this client reads is revoked */
    struct comity_fault fault; /* the last that was heard */
    bool is_brokers_word;
    settle_fn *settle; /* of our own requests: called in client_run */
    struct call *call; /* of the user's: made beforehand, so that no result is ever lost */
};

/* ---- The client ---- */

struct call; /* something for a callback of the user's */

struct comity {
    pthread_mutex_t lock;
    pthread_cond_t ended; /* a request that somebody waits for has ended */
    pthread_t thread;
    bool has_thread, is_stopping;
    bool is_delivering;
    void *zmq;
    int epoll_fd, timer_fd, wake_fd;
    int64_t now_ms;  /* monotonic, at the beginning of this run */
    int64_t wake_ms; /* when there will be something to do */
    struct connection_key key;
    uint8_t group[GROUP_ID_SIZE];
    struct seal_session seal;
    char *software;
    char *journal;
    int64_t attempt_ms, deadline_ms, poll_ms;
    comity_event_fn *on_event;
    comity_leaves_fn *leaves;
    void *context;
    struct link links[COMITY_BROKERS_MAX];
    size_t link_count;
    uint64_t broker_list;               /* number of the list of brokers that was taken last; 0: none */
    struct comity_broker_list *brokers; /* NULL: none in this run */
    uint64_t next_monitor;
    uint64_t next_welcome;
    struct history **histories;
    size_t history_count;
    int64_t renew_ms;                                     /* when to sign grants anew; 0: there are none */
    struct comity_request *requests[COMITY_REQUESTS_MAX]; /* at number % COMITY_REQUESTS_MAX */
    size_t request_count;
    uint64_t next_request;
    uint8_t *plain; /* room for one opened body */
    struct receipt_memory checkpoint;
    struct call *calls, **calls_end;
};

/* client.c */
void client_wake_at(struct comity *client, int64_t when_ms); /* no later than this */
void client_wake(struct comity *client);                     /* now; from any thread */
int64_t client_unix_ms(void);
int64_t client_now_ms(void); /* monotonic */
void client_event(struct comity *client, const struct comity_event *event);
struct call *call_new_done(comity_done_fn *done, void *context); /* NULL where memory is out */
void call_free(struct call **call);
void client_call_done(struct comity *client, struct call **call, struct comity_result *result);
bool client_call_news(struct comity *client, struct history *history);
void client_drop_done(struct comity *client, uint64_t request); /* a call that is still in the list */

/* link.c */
int link_init(struct comity *client, size_t index, const struct comity_broker *broker);
void link_release(struct comity *client, struct link *link);
void link_run(struct comity *client, struct link *link);
bool link_has_input(struct link *link);
bool link_is_receiving(const struct link *link); /* in the midst of a large message, which goes on coming */
void link_down(struct comity *client, struct link *link, int code, bool is_brokers_word);
int link_send(struct comity *client, struct link *link, const uint8_t *frame, size_t size);
int link_send_plain(struct comity *client, struct link *link, uint8_t type, const uint8_t *history,
                    uint64_t sequence);
int link_fault(const struct comity *client, bool *ret_is_brokers_word); /* the most telling, over all links */
bool link_all_hopeless(const struct comity *client);

/* session.c */
struct history *history_find(struct comity *client, const uint8_t *id);
struct history *history_ensure(struct comity *client, const uint8_t *id); /* NULL where memory is out */
void history_raise_seen(struct comity *client, const uint8_t *id, uint32_t epoch, uint64_t sequence);
bool history_has_pin(const struct history *history, const uint8_t *key);
int history_pin(struct history *history, const uint8_t *key); /* ERR_LIMIT; again: nothing changes */
void histories_release(struct comity *client);
void session_hello_again(struct comity *client, struct link *link);
void session_forgotten(struct comity *client, struct link *link); /* the same, but where one is on its way */
void session_run(struct comity *client, struct link *link);
void session_welcome(struct comity *client, struct link *link, struct bytes frame);
void session_hint(struct comity *client, struct link *link, const struct frame_header *header);
void session_refusal(struct comity *client, struct link *link, struct bytes frame);
/* Ask the history for its list, where that was not done since: true while the answer is awaited. */
bool session_list_again(struct comity *client, struct link *link, struct history *history, int64_t since_ms);
void session_pin_first(struct comity *client, struct history *history, const uint8_t *key);

/* request.c */
uint64_t request_number(struct comity *client);
int request_submit(struct comity *client, const struct comity_draft *draft, bool is_new, int64_t deadline_ms,
                   comity_done_fn *done, void *context, uint64_t *ret_number);
int request_query(struct comity *client, const Comity__V1__Query *query, int64_t deadline_ms,
                  settle_fn *settle, comity_done_fn *done, void *context, uint64_t *ret_number);
/* One of our own about keys or checkpoints, which is sent before a server is believed. @link: over this one
 * alone; NULL: over any. */
int request_check(struct comity *client, const Comity__V1__Query *query, const struct link *link,
                  settle_fn *settle, uint64_t *ret_number);
int request_operator(struct comity *client, const Comity__V1__Request *body, int64_t deadline_ms,
                     comity_done_fn *done, void *context);
int request_query_at(struct comity *client, size_t link, const uint8_t *history,
                     const Comity__V1__Query *query, int64_t deadline_ms, comity_done_fn *done,
                     void *context);
int request_broker_status(struct comity *client, size_t link, int64_t deadline_ms, comity_done_fn *done,
                          void *context);
struct comity_request *request_find(struct comity *client, uint64_t number);
void requests_run(struct comity *client);
void request_again(struct comity *client, struct comity_request *request, int code, bool is_brokers_word,
                   uint32_t hint_ms);
void request_move(struct comity *client, struct comity_request *request, const struct link *link);
void request_end(struct comity *client, struct comity_request *request, struct comity_result *result);
void request_give_up(struct comity *client, struct comity_request *request);
/* What was answered otherwise than by a word that counts: once more, and at once. */
void request_at_once(struct comity *client, struct comity_request *request);
void requests_link_down(struct comity *client, struct link *link);
void requests_end_all(struct comity *client);
/* The deadline of each is now. */
void requests_hurry(struct comity *client);
void request_drop(struct comity *client, struct comity_request *request);

/* reply.c */
void reply_take(struct comity *client, struct link *link, struct comity_request *request, struct bytes frame);
void reply_hint(struct comity *client, struct link *link, struct comity_request *request,
                const struct frame_header *header);
void reply_check_held(struct comity *client);

void reply_settle_held(struct comity *client, struct comity_request *request); /* its checkpoint is proved */
void reply_drop_held(struct comity *client, struct comity_request *request);   /* and never will be */

/* moved.c. Take up that the history was moved, where its log key says so. 0, ERR_SIGNATURE (no known key of
 * it says so), a form's code, ERR_MEMORY. */
int moved_take(struct comity *client, const struct link *link, const uint8_t *history,
               const Comity__V1__SignedMove *signed_move);

/* heads.c. Where a journal is kept, each history has a head: the latest checkpoint that was verified, on
 * disk. */
void heads_run(struct comity *client);
void head_welcome(struct comity *client, struct link *link, struct history *history, bool may_read);
/* May it go out over this link: does what the link's worker shows go with the head? */
bool head_lets(const struct comity *client, const struct link *link, const struct comity_request *request);
/* May its answer be shown? Not by who said before that there is no leave to read, and so gave no proof. */
bool head_shows(struct comity *client, const struct comity_request *request);
/* Was its history found to be forked? Then it is ended, and is gone. */
bool head_ends(struct comity *client, struct comity_request *request);
/* What a checkpoint means: a receipt's, whose signature was checked with it, or a page's, whose signature is
 * checked here. 0: it goes with the head, which it is where there was none. 1: that has to be proved first;
 * the request is held. ERR_FORKED: its history is forked, all its requests have ended, this one too.
 * ERR_MALFORMED; ERR_BEHIND: of a page, it is of an epoch that a restore ended. */
int head_consider(struct comity *client, struct comity_request *request, struct bytes note);

/* brokers.c */
void brokers_welcome(struct comity *client, struct link *link, const Comity__V1__Welcome *welcome);

/* news.c */
void news_run(struct comity *client);
void news_heard(struct comity *client, const uint8_t *history, uint64_t sequence);
void news_link_up(struct comity *client, struct link *link);
void news_poll_soon(struct comity *client);

/* answer.c */
int answer_new(struct arena **arena, const Comity__V1__Answer *body, struct comity_answer **ret_answer);

#endif
