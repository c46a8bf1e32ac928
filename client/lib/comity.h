/* libcomity: what every client of Comity stands on. docs/protocol.md is the contract that it speaks.
 *
 * A client object holds one connection a broker, all for one group of workers. It says HELLO, sends the same
 * signed bytes until they are answered or the deadline passes, over reconnects and other brokers, and says
 * RECORDED only of a receipt that it has verified itself.
 *
 * Life cycle:   comity_new -> (comity_start) -> comity_submit, comity_query, comity_subscribe ->
 * comity_destroy
 *
 * Three ways to drive it, one for each client object:
 *   1. blocking: call the ..._wait functions; they pump the connections meanwhile.
 *   2. an event loop of yours: watch comity_fd() for reading, call comity_pump() whenever it is readable.
 *   3. a thread of its own: call comity_start() once; callbacks then run on that thread.
 *
 * Threads: in 1 and 2 an object belongs to one thread at a time. In 3 every function that takes the client,
 * but comity_fd, comity_pump and comity_destroy, may be called from any thread. Objects do not share
 * anything. Callbacks may call every function but the ..._wait ones, comity_pump and comity_destroy.
 *
 * Errors: 0 or a negative code (<comity/error.h>, docs/protocol.md section 8). Outputs are untouched on
 * failure. Times are milliseconds; a timeout or deadline of 0 means the one in the options.
 *
 * Messages of the contract are protobuf-c's structs: <comity/v1/command.pb-c.h> and its neighbours. */
#ifndef COMITY_H
#define COMITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "comity/v1/command.pb-c.h"
#include "comity/v1/link.pb-c.h"
#include "comity/v1/query.pb-c.h"

enum {
    COMITY_HISTORY_SIZE = 32, /* bytes of a history's id */
    COMITY_ID_SIZE = 16,      /* of a command's id */
    COMITY_KEY_SIZE = 32,     /* of a public key, a seed, a connection secret */
    COMITY_FIELD_SIZE = 96,   /* of the path of a field, with its NUL */
    COMITY_BROKERS_MAX = 16,
    COMITY_READERS_MAX = 64,    /* histories that one client reads or follows */
    COMITY_REQUESTS_MAX = 1024, /* requests under way at once */
};

struct comity;        /* a client */
struct comity_draft;  /* a signed command with its texts */
struct comity_texts;  /* prose for a command that is being written */
struct comity_answer; /* an answer to a query */

/* ---- Errors ---- */

const char *comity_error_name(int code);     /* "STALE"; never NULL */
const char *comity_error_sentence(int code); /* one English sentence; never NULL */
bool comity_error_is_not_executed(int code); /* nothing was done by the try that got this code */

/* What is wrong, and with what. */
struct comity_fault {
    int code;
    char field[COMITY_FIELD_SIZE]; /* "cast_ballot.answer"; may be empty */
    uint64_t latest;               /* with STALE: sequence of the latest ballot; else 0 */
    uint64_t limit;                /* the limit that was passed, or 0 */
};

/* ---- A client ---- */

struct comity_broker {
    const char *endpoint;                /* "tcp://host:port" */
    uint8_t server_key[COMITY_KEY_SIZE]; /* its CURVE public key, 32 bytes */
};

/* A history to read. With the member's seed the client signs a grant for its own connection key, 24 hours
 * long, anew as needed. */
struct comity_reader {
    uint8_t history[COMITY_HISTORY_SIZE];
    uint8_t seed[COMITY_KEY_SIZE];
};

/* A key that is known to sign the checkpoints of a history. Several of one history: each is good. */
struct comity_pin {
    uint8_t history[COMITY_HISTORY_SIZE];
    uint8_t log_key[COMITY_KEY_SIZE];
};

/* Where the brokers of the group are, as the workers' configuration has it: signed by the group's log key,
 * and told with every WELCOME. A list counts where that key is a pin of a history of the client's, and its
 * number is higher than that of the one before. The client connects to those brokers that are new to it,
 * behind those of the options; nothing is taken away in this run. Who keeps it, `packed` and `signature`, can
 * give its brokers and its number in the next run's options. */
enum { COMITY_BROKER_LIST_SIZE = 16 * 1024, COMITY_ENDPOINT_SIZE = 256, COMITY_SITE_SIZE = 41 };

struct comity_broker_place {
    char site[COMITY_SITE_SIZE];         /* its name; may be empty */
    char endpoint[COMITY_ENDPOINT_SIZE]; /* "tcp://host:port" */
    uint8_t server_key[COMITY_KEY_SIZE];
};

struct comity_broker_list {
    uint64_t number; /* a later list has a higher one, from 1 */
    struct comity_broker_place brokers[COMITY_BROKERS_MAX];
    size_t broker_count;                     /* at least 1 */
    uint8_t packed[COMITY_BROKER_LIST_SIZE]; /* the bytes that were signed */
    size_t packed_size;
    uint8_t signature[64];
};

enum comity_event_kind {
    COMITY_EVENT_CONNECTING = 1, /* endpoint */
    COMITY_EVENT_CONNECTED,    /* endpoint: the handshake succeeded, the server has the key it should have */
    COMITY_EVENT_READY,        /* endpoint: a worker of the group said WELCOME; time_ms is its clock */
    COMITY_EVENT_DISCONNECTED, /* endpoint; code: UNREACHABLE, SERVER_KEY, CLIENT_KEY, TIMEOUT (it fell
                                  silent) or WORKER_LOST (the connection broke); the client tries again */
    COMITY_EVENT_RETRYING, /* request (0: the HELLO, or the question about the checkpoint, which come before
                              all others); attempt is the next one, in wait_ms; code: why; is_brokers_word.
                              BEHIND: what a worker shows ends before what was seen, and it does not say that
                              it has all */
    COMITY_EVENT_GRANT,    /* history; code: 0, or why the worker does not let this key read; sequence: the
                              head; member */
    COMITY_EVENT_LOG_KEY,  /* history, log_key: a key that signs its checkpoints, to be kept and given as a
                              pin next time. is_first: nothing was pinned before. Else the history lists it */
    COMITY_EVENT_LOG_KEY_REFUSED, /* history, log_key: another key than the pinned ones, and the history does
                                     not list it. Receipts signed by it are refused with ERR_RECEIPT */
    COMITY_EVENT_IN_TOUCH, /* history, sequence, epoch: a worker answered what a subscription asks by itself
                            */
    COMITY_EVENT_JOURNAL,  /* code: a file of the journal could not be written after the receipt or the
                              checkpoint came; CORRUPT: the checkpoint that was kept of `history` is damaged,
                              and what is shown now is taken as the first */
    COMITY_EVENT_BROKERS,  /* sequence: number of a list of the group's brokers that was taken up:
                              comity_brokers() gives it */
    COMITY_EVENT_FORKED,   /* history; sequence: the last one that was verified before; evidence. What the
                              server shows does not go on from there. Every request of the history ends with
                              ERR_FORKED, from here on, in this client */
};

/* Something to show, or to keep. Fields that the kind does not name are zero. Valid during the call. */
struct comity_event {
    enum comity_event_kind kind;
    const char *endpoint;
    int code;
    bool is_brokers_word; /* the code came in an ERROR frame, which proves nothing */
    bool is_first;
    uint64_t request; /* number that comity_submit or comity_query gave */
    unsigned attempt;
    int64_t wait_ms;
    int64_t time_ms; /* Unix time */
    uint64_t sequence;
    uint32_t epoch;
    uint32_t member;
    const uint8_t *history;
    const uint8_t *log_key;
    const char *evidence; /* path of the file that holds it; NULL: it could not be written */
};

typedef void comity_event_fn(const struct comity_event *event, void *context);

/* Asked every 100 ms at the latest while a ..._wait function waits, without a thread. True: whoever waits has
 * no more time, and each request under way ends as where its deadline has passed. */
typedef bool comity_leaves_fn(void *context);

/* Everything is copied; secrets are wiped by comity_destroy. Fields left at 0 or NULL mean the default. */
struct comity_options {
    const struct comity_broker *brokers; /* 1 to COMITY_BROKERS_MAX, all of the one group; all are connected,
                                            the first that works is used */
    size_t broker_count;
    uint64_t broker_list; /* number of the list that they are of, 0: of none; one that is not higher is not
                             taken */
    uint8_t group_key[COMITY_KEY_SIZE]; /* the group's X25519 public key */
    const uint8_t *connection_secret;   /* 32 bytes; NULL: a key for this object alone */
    const struct comity_reader *readers;
    size_t reader_count;
    const struct comity_pin *pins;
    size_t pin_count;
    const char *software; /* what HELLO says, 1 to 64 printable ASCII bytes; NULL: "libcomity <version>" */
    const char
        *journal;        /* directory that keeps signed commands and receipts 30 days by the log, and of each
                            history that is read the latest checkpoint that was verified (comity_checkpoint); NULL:
                            nothing is kept, and what a server shows is not held against what it showed before */
    int64_t attempt_ms;  /* how long one try waits for its answer; default 5,000. Longer while a large
                            message is coming in where it was sent: on a slow line its answer is */
    int64_t deadline_ms; /* how long a request is tried; default 30,000 */
    int64_t poll_ms;     /* how often a subscription asks by itself; default 10,000 */
    comity_event_fn *on_event;
    comity_leaves_fn *leaves;
    void *context; /* for both */
};

/* 0, ERR_MISSING, ERR_RANGE, ERR_ADDRESS (an endpoint that is not tcp, or that ZeroMQ cannot use), ERR_SEAL
 * (the group's key is none), ERR_LIMIT (over 64 pins of one history), ERR_FILE or ERR_FILE_MODE (the
 * journal), ERR_MEMORY, ERR_INTERNAL. Does not wait for a connection. */
int comity_new(const struct comity_options *options, struct comity **ret_client);

/* Ends every request under way (its callback is called: UNKNOWN or NOT_SENT with ERR_TIMEOUT), says BYE,
 * closes. NULL-safe. With a thread: joins it. */
void comity_destroy(struct comity **client);

/* Give it a thread of its own. 0, ERR_STATE (it has one), ERR_MEMORY. Call it before the first request. */
int comity_start(struct comity *client);

/* A descriptor that is readable when comity_pump has something to do, timers included. Not with a thread. */
int comity_fd(struct comity *client);

/* Do what is due, after waiting up to @timeout_ms (0: not at all, -1: without end) for something to come.
 * Calls callbacks. 0, ERR_STATE (it has a thread, or this is a callback), ERR_INTERNAL. */
int comity_pump(struct comity *client, int timeout_ms);

/* Read one more history, or with another seed, as after redeeming an invitation: says HELLO anew.
 * 0, ERR_LIMIT, ERR_MEMORY. */
int comity_read(struct comity *client, const uint8_t history[COMITY_HISTORY_SIZE],
                const uint8_t seed[COMITY_KEY_SIZE]);

/* The highest sequence of a history that an answer or a verified receipt has shown; 0: none. It goes with
 * queries as their floor, so that no worker shows an older state than was seen. It belongs to comity_epoch: a
 * later epoch begins anew, and an answer of an earlier one ends UNKNOWN with ERR_BEHIND. */
uint64_t comity_seen(struct comity *client, const uint8_t history[COMITY_HISTORY_SIZE]);

/* The latest epoch in which the history was seen; 0: none yet. It belongs into every command that names
 * something by number. */
uint32_t comity_epoch(struct comity *client, const uint8_t history[COMITY_HISTORY_SIZE]);

/* Set both: to what an earlier run has seen, or to 0 and 0, to look at the record whatever was seen. 0,
 * ERR_MEMORY. */
int comity_set_seen(struct comity *client, const uint8_t history[COMITY_HISTORY_SIZE], uint32_t epoch,
                    uint64_t sequence);

/* Does a REFUSED with @code hold for the command, however often it is sent? If not, it speaks of one sending.
 */
bool comity_is_final(int code);
/* Is it said by a worker that has less than was seen here: one that lags (ERR_BEHIND), or one of a history that is on its way
 * from one group to another (ERR_MOVING)? */
bool comity_is_late(int code);

/* ---- Checkpoints ---- */

/* With a journal, the client holds whatever a server shows of a history against the latest checkpoint that it
 * has verified of it, in this run or an earlier one: it sends nothing, after WELCOME, before the worker has
 * proved that its record goes on from there (docs/protocol.md section 7), and says RECORDED, or shows events,
 * of a later tree only once that is proved to go on from there too. A record that does not is refused with
 * ERR_FORKED, and what shows it is kept (COMITY_EVENT_FORKED). A restore on record, which opens a new epoch,
 * is the one lawful step back; what receipts in the journal prove of the time before it has to be there.
 *
 * Whose key is revoked in between is refused the proof, and that is no fork: what was sent ends UNKNOWN with
 * ERR_GRANT. Of an act that revokes the reader's own key the receipt alone is believed. */
enum { COMITY_NOTE_SIZE = 512 };

struct comity_checkpoint {
    uint32_t epoch;
    uint64_t size; /* the last sequence that it covers */
    uint8_t root[COMITY_KEY_SIZE];
    uint8_t note[COMITY_NOTE_SIZE]; /* as the log signed it */
    size_t note_size;
};

/* The latest that was verified. 0, ERR_NOT_FOUND. The second asks the files alone; also ERR_CORRUPT (it is
 * not what the log key among the pins has signed: a disk or a hand has damaged it since), ERR_FILE,
 * ERR_FILE_MODE, ERR_MEMORY. */
int comity_checkpoint(struct comity *client, const uint8_t history[COMITY_HISTORY_SIZE],
                      struct comity_checkpoint *ret_checkpoint);
int comity_checkpoint_kept(const char *journal, const uint8_t history[COMITY_HISTORY_SIZE],
                           const struct comity_pin *pins, size_t pin_count,
                           struct comity_checkpoint *ret_checkpoint);

/* Read a signed note of this history and check the signature by one of the pins. 0, ERR_MALFORMED,
 * ERR_SIGNATURE. */
int comity_checkpoint_read(const uint8_t *note, size_t size, const uint8_t history[COMITY_HISTORY_SIZE],
                           const struct comity_pin *pins, size_t pin_count,
                           struct comity_checkpoint *ret_checkpoint);

/* Keep two that do not go together, as COMITY_EVENT_FORKED does. @ret_path has room for @size bytes. 0,
 * ERR_FILE, ERR_FILE_MODE, ERR_DISK_FULL, ERR_MEMORY. */
int comity_fork_keep(const char *journal, const uint8_t history[COMITY_HISTORY_SIZE], const char *why,
                     const struct comity_checkpoint *own, const struct comity_checkpoint *other,
                     char *ret_path, size_t size);

/* Hold what servers show against @other from now on, in the place of @kept: by the decision of a person, who
 * has compared it with others. Clients that are open go on with what they have. 0, ERR_STALE (it is not @kept
 * that is kept), ERR_FILE, ERR_FILE_MODE, ERR_DISK_FULL, ERR_MEMORY. */
int comity_checkpoint_replace(const char *journal, const uint8_t history[COMITY_HISTORY_SIZE],
                              const struct comity_checkpoint *kept, const struct comity_checkpoint *other);

/* Is the history's server believed? 0: at one broker at least, or there is nothing to hold it against;
 * ERR_TIMEOUT: not known yet; ERR_BEHIND: nor yet, for what it shows ends before what was seen, and it does
 * not say that it has all: it is asked again; ERR_MOVING: the same, where the history is on its way to
 * another group; ERR_FORKED: never in this client; ERR_MOVED: comity_moved says where it is. */
int comity_belief(struct comity *client, const uint8_t history[COMITY_HISTORY_SIZE]);

/* Where a history is that was moved to another group of workers: a client of that group goes on with it. */
struct comity_moved {
    uint8_t group_key[COMITY_KEY_SIZE];
    size_t broker_count;
    struct comity_broker_place brokers[COMITY_BROKERS_MAX];
};
/* Was it said, under a log key that is pinned, that the history was moved? Whatever is asked of it or
 * submitted to it then ends UNKNOWN with ERR_MOVED: the same draft can be submitted there. What is said under
 * another key ends UNKNOWN with ERR_SIGNATURE. 0, ERR_NOT_FOUND. */
int comity_moved(struct comity *client, const uint8_t history[COMITY_HISTORY_SIZE],
                 struct comity_moved *ret_moved);

/* How each broker's connection stands: 0 ready, ERR_TIMEOUT (no answer yet), or why not (UNREACHABLE,
 * SERVER_KEY, CLIENT_KEY, NO_ROUTE and others as the broker has it). @index from 0; ERR_NOT_FOUND past the
 * last. */
int comity_broker_state(struct comity *client, size_t index);

/* The list of brokers that was taken in this run. 0, ERR_NOT_FOUND. */
int comity_brokers(struct comity *client, struct comity_broker_list *ret_list);

/* Read one that was kept: signature by one of the pins (of whatever history), form, and that it is the
 * group's. 0, ERR_SIGNATURE, ERR_RANGE, ERR_ADDRESS, ERR_DUPLICATE, ERR_TOO_LARGE, ERR_MALFORMED and others
 * of its form, ERR_MEMORY. */
int comity_brokers_read(const uint8_t *packed, size_t size, const uint8_t signature[64],
                        const uint8_t group_key[COMITY_KEY_SIZE], const struct comity_pin *pins,
                        size_t pin_count, struct comity_broker_list *ret_list);

/* ---- Results ---- */

enum comity_verdict {
    COMITY_RECORDED = 1, /* a command: it is in the history; the receipt was verified, step by step */
    COMITY_ANSWERED,     /* a query: answered */
    COMITY_REFUSED,  /* a worker of the group refused it, sealed: nothing was done. A draft that was refused
                        for the state of the history stays refused: to try anew, make a new one */
    COMITY_UNKNOWN,  /* sent, and no word that counts came back, or for a command only such as pass by (BUSY,
                        DISK_FULL; see comity_is_final): it may have been recorded, for a broker can deliver it
                        more than once. The same draft can be submitted again, at any time until it expires, to
                        learn */
    COMITY_NOT_SENT, /* nothing ever left this machine: no connection, or no worker said WELCOME */
};

struct comity_result {
    enum comity_verdict verdict;
    struct comity_fault fault; /* code 0 with RECORDED and ANSWERED. With UNKNOWN and NOT_SENT the last thing
                                  that was heard of it: a hint */
    bool is_brokers_word;      /* fault is the broker's word, or the network's: it proves nothing */
    unsigned attempts;         /* how many times it was sent */
    uint64_t request;
    uint8_t history[COMITY_HISTORY_SIZE];
    uint8_t command_id[COMITY_ID_SIZE];
    uint64_t sequence; /* RECORDED: of the command's first event; ANSWERED: as_of */
    uint32_t events;   /* RECORDED: how many events it caused */
    uint32_t epoch;    /* RECORDED, ANSWERED: that sequence belongs to */
    int64_t time_ms;   /* RECORDED: as the log stamped it */
    uint8_t *receipt;  /* RECORDED: the packed Receipt */
    size_t receipt_size;
    struct comity_answer *answer; /* ANSWERED. A callback that keeps it sets this to NULL */
};

/* Free what it holds, and clear it. */
void comity_result_release(struct comity_result *result);

/* A request has ended. @result is released after the call. */
typedef void comity_done_fn(struct comity_result *result, void *context);

/* ---- Writing a command ---- */

/* Prose, each piece under a random salt of its own. */
struct comity_texts *comity_texts_new(void); /* NULL where memory is out */
void comity_texts_destroy(struct comity_texts **texts);

/* Add one piece of UTF-8. The reference goes into a command; it lives as long as @texts.
 * An empty piece stands for a reason that is not given. 0, ERR_UTF8, ERR_RANGE (over 65,536 bytes),
 * ERR_MEMORY. */
int comity_texts_add(struct comity_texts *texts, const char *prose, size_t size,
                     Comity__V1__TextRef **ret_reference);

/* The same for a text that is in the record already and is to be named by the same hash: with the salt, of 16
 * bytes, that came with it (TextShown.salt). */
int comity_texts_add_again(struct comity_texts *texts, const char *prose, size_t size, const uint8_t *salt,
                           Comity__V1__TextRef **ret_reference);

/* Sign a command. Of @command only the body, `cosigners` (in any order), `epoch` and `undoes` are read: the
 * library fills in history, key, nonce and valid_until_ms, packs once and keeps the bytes. @texts has every
 * text that it refers to. `epoch` is that of the answers from which its numbers were taken (comity_epoch); 0
 * in found and redeem.
 *
 * @history       32 bytes; NULL with found
 * @texts         may be NULL where the command has none
 * @seed          the signer's
 * @valid_for_ms  how long it may be sent: at most 30 days; 0: 29 days
 * @ret_fault     says which field is at fault; may be NULL
 *
 * 0, ERR_TEXT (a reference without its text), ERR_VALIDITY, ERR_MEMORY, or what a worker would say of its
 * form. */
int comity_draft_new(const Comity__V1__Command *command, const uint8_t *history,
                     const struct comity_texts *texts, const uint8_t seed[COMITY_KEY_SIZE],
                     int64_t valid_for_ms, struct comity_draft **ret_draft, struct comity_fault *ret_fault);
void comity_draft_destroy(struct comity_draft **draft);

/* Add the signature of one of its cosigners. 0, ERR_COSIGNERS (the command does not name this key),
 * ERR_MEMORY. Again by the same key: nothing changes. */
int comity_draft_cosign(struct comity_draft *draft, const uint8_t seed[COMITY_KEY_SIZE]);

/* With found, where the operator asks for a token: 1 to 128 bytes. 0, ERR_RANGE, ERR_MEMORY. */
int comity_draft_set_token(struct comity_draft *draft, const char *founding_token);

/* Portable form, to be handed from co-chair to co-chair: the line "comity draft 1" and a packed Submit.
 * @ret_bytes is freed with free(). 0, ERR_MEMORY. */
int comity_draft_pack(const struct comity_draft *draft, uint8_t **ret_bytes, size_t *ret_size);

/* Read it back. Everything is checked: form, texts against their hashes, and every signature that is there
 * (cosignatures may be missing still). 0, ERR_MALFORMED, ERR_VERSION, ERR_SIGNATURE, ERR_TEXT, ERR_MEMORY, or
 * what a worker would say. */
int comity_draft_unpack(const uint8_t *bytes, size_t size, struct comity_draft **ret_draft,
                        struct comity_fault *ret_fault);

const Comity__V1__Command *
comity_draft_command(const struct comity_draft *draft);           /* to be shown before signing */
const char *comity_draft_name(const struct comity_draft *draft);  /* "cast_ballot" */
const uint8_t *comity_draft_id(const struct comity_draft *draft); /* 16 bytes */
const uint8_t *
comity_draft_history(const struct comity_draft *draft); /* 32 bytes; of found: that it will found */

/* The prose of a reference, NUL-terminated UTF-8 as it came: escape it before it is shown. NULL: none such.
 */
const char *comity_draft_text(const struct comity_draft *draft, const Comity__V1__TextRef *reference);

/* Cosigners who have not signed yet. Returns how many; fills up to @size of @ret_keys (may be NULL with 0).
 */
size_t comity_draft_missing(const struct comity_draft *draft, uint8_t (*ret_keys)[COMITY_KEY_SIZE],
                            size_t size);

/* Verify a packed Receipt for this command against the history's log keys: the six steps of docs/protocol.md
 * section 6. 0, ERR_RECEIPT (@ret_step, may be NULL: the first step that failed, 1 to 6), ERR_MEMORY. */
int comity_receipt_check(const struct comity_draft *draft, const uint8_t *receipt, size_t size,
                         const struct comity_pin *pins, size_t pin_count, unsigned *ret_step);

/* ---- Requests ---- */

/* Send a command, and go on until it is answered or @deadline_ms has passed from now. With a journal it is
 * kept on disk first. Ends in RECORDED, REFUSED, UNKNOWN or NOT_SENT. A receipt that does not hold ends in
 * UNKNOWN with ERR_RECEIPT. @ret_request (may be NULL) gets the number. The draft is copied. 0, ERR_COSIGNERS
 * (a signature is missing), ERR_FILE or ERR_DISK_FULL (the journal), ERR_BUSY (over COMITY_REQUESTS_MAX under
 * way), ERR_MEMORY. */
int comity_submit(struct comity *client, const struct comity_draft *draft, int64_t deadline_ms,
                  comity_done_fn *done, void *context, uint64_t *ret_request);

/* The same, and wait. Returns 0 with RECORDED, else the fault's code; @ret_result is filled in either case
 * (release it), but where the call fails before anything was tried: then its verdict is 0. */
int comity_submit_wait(struct comity *client, const struct comity_draft *draft, int64_t deadline_ms,
                       struct comity_result *ret_result);

/* Ask. @query's history and, where it is 0, floor are filled in. @history is NULL with status. With @query's
 * `fresh` the answer's `is_fresh` says whether it has all that anybody had been told of before: see
 * docs/protocol.md section 7. Ends in ANSWERED, REFUSED, UNKNOWN or NOT_SENT. 0, ERR_MISSING (no kind, or no
 * history), ERR_BUSY, ERR_MEMORY. */
int comity_query(struct comity *client, const uint8_t *history, const Comity__V1__Query *query,
                 int64_t deadline_ms, comity_done_fn *done, void *context, uint64_t *ret_request);
int comity_query_wait(struct comity *client, const uint8_t *history, const Comity__V1__Query *query,
                      int64_t deadline_ms, struct comity_result *ret_result);

/* The same of the worker that answers behind the broker with this index in the options, and of no other; ends
 * in UNKNOWN where that broker is gone meanwhile. ERR_NOT_FOUND (index). */
int comity_query_at_wait(struct comity *client, size_t index, const uint8_t *history,
                         const Comity__V1__Query *query, int64_t deadline_ms,
                         struct comity_result *ret_result);

/* A witness's cosignature for the worker to keep: the seed given for reading the history is the witness's.
 * Ends in ANSWERED (sequence: the size that is cosigned now), REFUSED, UNKNOWN or NOT_SENT. As comity_query.
 */
int comity_cosign(struct comity *client, const uint8_t history[COMITY_HISTORY_SIZE],
                  const Comity__V1__Cosignature *cosignature, int64_t deadline_ms, comity_done_fn *done,
                  void *context, uint64_t *ret_request);
int comity_cosign_wait(struct comity *client, const uint8_t history[COMITY_HISTORY_SIZE],
                       const Comity__V1__Cosignature *cosignature, int64_t deadline_ms,
                       struct comity_result *ret_result);

/* What an operator asks under the log key of the group (docs/protocol.md, "Moving"): a CopyAsk or a MoveAsk,
 * which is signed already for this client's connection key. Ends in ANSWERED, with the packed Reply where a
 * receipt is otherwise; REFUSED, UNKNOWN or NOT_SENT. 0, or the fault's code; ERR_MISSING: it is another
 * request. */
int comity_operate_wait(struct comity *client, const Comity__V1__Request *request, int64_t deadline_ms,
                        struct comity_result *ret_result);
/* The log key that the worker which said WELCOME last signs with. ERR_NOT_FOUND: none has. */
int comity_log_key(struct comity *client, uint8_t ret_log_key[COMITY_KEY_SIZE]);

/* Stop waiting. The callback is not called any more (with a thread: it may be running at this moment); what
 * was sent may still be carried out. A number that is not under way: nothing happens. */
void comity_cancel(struct comity *client, uint64_t request);

/* Every page of a list. @page is called for each; a non-zero return ends the list and is returned. Pages may
 * reflect different sequences; each asks to be fresh, and says whether it is. @ret_fault may be NULL. */
typedef int comity_page_fn(const Comity__V1__Answer *answer, void *context);
int comity_list_all(struct comity *client, const uint8_t history[COMITY_HISTORY_SIZE],
                    Comity__V1__ListKind kind, uint32_t parent, int64_t deadline_ms, comity_page_fn *page,
                    void *context, struct comity_fault *ret_fault);

/* The worker's STATUS: a comity_query_wait that needs no history. */
int comity_status_wait(struct comity *client, int64_t deadline_ms, struct comity_result *ret_result);

/* STATUS of the broker with this index in the options. For the operators' connection keys alone; what it says
 * is the broker's word. @ret_status is freed with comity__v1__broker_status__free_unpacked(status, NULL). 0,
 * ERR_NOT_FOUND (index), or why there is none. */
int comity_broker_status_wait(struct comity *client, size_t index, int64_t deadline_ms,
                              Comity__V1__BrokerStatus **ret_status);

/* ---- Answers ---- */

const Comity__V1__Answer *comity_answer_body(const struct comity_answer *answer);

/* The prose of a reference in a row of the answer, NUL-terminated UTF-8: escape it before it is shown. Its
 * hash was checked. NULL: withheld, erased or not sent along. */
const char *comity_answer_text(const struct comity_answer *answer, const Comity__V1__TextRef *reference);
void comity_answer_destroy(struct comity_answer **answer);

/* What was read, to be shown again while no broker answers: the latest answer to a query of the kinds list
 * and whoami, as the reader with this key got it. In the journal's directory, under a checksum, at most 256
 * answers and 32 MiB a history and 30 days by this machine's clock; the oldest go first. It is what a worker
 * said, and proves no more than that. Of texts that the parties have purged nothing is left in it. The query
 * is told by its kind, its limit and its cursor.
 *
 * Keep: 0 (also where the query is of another kind, or the answer too large), ERR_FILE, ERR_FILE_MODE,
 * ERR_DISK_FULL, ERR_MEMORY. Find: 0, ERR_NOT_FOUND, ERR_CORRUPT (damaged, and removed), ERR_FILE,
 * ERR_FILE_MODE, ERR_MEMORY. @ret_read_ms: when it was read, Unix time by this machine's clock. */
int comity_answer_keep(const char *journal, const uint8_t history[COMITY_HISTORY_SIZE],
                       const uint8_t reader[COMITY_KEY_SIZE], const Comity__V1__Query *query,
                       const struct comity_answer *answer);
int comity_answer_kept(const char *journal, const uint8_t history[COMITY_HISTORY_SIZE],
                       const uint8_t reader[COMITY_KEY_SIZE], const Comity__V1__Query *query,
                       struct comity_answer **ret_answer, int64_t *ret_read_ms);

/* ---- News ---- */

/* @sequence of @history was reached, as far as is heard. A hint: query from your own cursor. After a restore,
 * which comity_epoch and the epoch of every answer tell, it may be lower than before: the cursor is then of
 * no use past the epoch's restored_to. */
typedef void comity_news_fn(const uint8_t history[COMITY_HISTORY_SIZE], uint64_t sequence, void *context);

/* Call @news once for every advance past @from, coalesced. Subscribes at every broker, again on every new
 * connection, and asks by itself every poll_ms (which needs leave to read; a witness's key is not asked
 * with). One a history: a second call replaces the first. 0, ERR_MEMORY. */
int comity_subscribe(struct comity *client, const uint8_t history[COMITY_HISTORY_SIZE], uint64_t from,
                     comity_news_fn *news, void *context);
void comity_unsubscribe(struct comity *client, const uint8_t history[COMITY_HISTORY_SIZE]);

/* ---- The journal ---- */

struct comity_journal_receipt {
    uint32_t epoch;
    uint64_t sequence;
};

/* How an act that was given while no broker answered waits in the outbox. With a receipt or a refusal beside
 * it, it waits no more. */
enum comity_waits {
    COMITY_WAITS_NOT,    /* it was sent when it was given */
    COMITY_WAITS_UNSENT, /* nothing of it has left this machine */
    COMITY_WAITS_SENT,   /* a sending was begun: it may be recorded */
};

struct comity_journal_entry {
    uint8_t history[COMITY_HISTORY_SIZE];
    uint8_t command_id[COMITY_ID_SIZE];
    int64_t kept_ms; /* Unix time when it was first kept */
    int64_t kept_ns; /* the same in nanoseconds: the order in which the acts were given */
    bool has_receipt;
    uint32_t epoch; /* of the latest verified receipt */
    uint64_t sequence;
    const struct comity_draft *draft;
    int64_t time_ms; /* of that receipt, as the log stamped it */
    int refused; /* the code of a final refusal: it is not to be sent again; 0: none. Beside a receipt: it was
                    lost by a restore and sent again */
    uint32_t refused_epoch; /* in which it was refused; 0: not known */
    enum comity_waits waits;
    const struct comity_journal_receipt *receipts; /* all that were verified, one an epoch at most */
    size_t receipt_count;
    const struct comity_journal_entry *later; /* the next act on the same thing, which says anew what this one
                                                 says: the same seat of a body, one's own presence in a
                                                 session. NULL: none. Valid during the walk */
};

/* Walk the journal in @directory, history by history, in the order in which the commands were given (kept).
 * @history NULL: all. A non-zero return of @each ends the walk and is returned. Damaged files are passed
 * over; *ret_damaged (may be NULL) counts them. 0, ERR_FILE, ERR_FILE_MODE (others can read it), ERR_MEMORY.
 */
typedef int comity_journal_fn(const struct comity_journal_entry *entry, void *context);
int comity_journal_each(const char *directory, const uint8_t *history, comity_journal_fn *each, void *context,
                        size_t *ret_damaged);

/* The receipt that the journal keeps of a command, packed: of the latest epoch; else, *ret_is_given_up, of a
 * record that was given up. Checked as by comity_receipt_check, and with the command and its texts in it.
 * @ret_receipt is freed with free(). 0, ERR_NOT_FOUND, ERR_RECEIPT (what is there does not hold), ERR_FILE,
 * ERR_FILE_MODE, ERR_MEMORY. */
int comity_journal_get_receipt(const char *directory, const struct comity_journal_entry *entry,
                               const struct comity_pin *pins, size_t pin_count, uint8_t **ret_receipt,
                               size_t *ret_size, bool *ret_is_given_up);

/* A reader who gives a record up for another one (comity_checkpoint_replace) says of each command what the
 * other one has of it, before: nothing, so that its receipts count no longer and it is never sent again by
 * itself (`refused` is ERR_FORKED from then on), for its numbers may mean something else there; or this
 * receipt, which was verified. What a receipt that is kept says otherwise stays beside it as evidence. 0,
 * ERR_RECEIPT, ERR_FILE, ERR_FILE_MODE, ERR_DISK_FULL, ERR_MEMORY. */
int comity_journal_give_up(const char *directory, const struct comity_journal_entry *entry, uint32_t epoch);
int comity_journal_take_receipt(const char *directory, const struct comity_journal_entry *entry,
                                const uint8_t *receipt, size_t size);

/* How many commands of a history the journal keeps with neither a receipt nor a final refusal, but for those
 * that wait in the outbox. It looks at names alone and opens no file, so that it can be asked at every act.
 * 0, ERR_FILE, ERR_FILE_MODE, ERR_MEMORY. */
int comity_journal_unconfirmed(const char *directory, const uint8_t history[COMITY_HISTORY_SIZE],
                               size_t *ret_count);

/* ---- The outbox ---- */

/* Acts that were given while no broker answered: signed, kept in the journal as those that were sent are, and
 * sent later, in the order in which they were given. What became of them the record says, by its order:
 * RECORDED, or REFUSED with STALE, CLOSED and so on. Past its valid_until an act is sent all the same, and
 * refused with VALIDITY: this machine's clock decides nothing. Several processes of one home may do all this
 * at a time, and each may end at any point. */
enum { COMITY_OUTBOX_MAX = 256 }; /* acts of one history that wait */

/* Does it wait still? */
bool comity_is_waiting(const struct comity_journal_entry *entry);

/* Keep a signed command to be sent later, durably. A ballot takes the place of an earlier one of the same key
 * on the same round, of which no sending was begun: that one is gone then (*ret_is_replaced, may be NULL). 0,
 * ERR_COSIGNERS (a signature is missing), ERR_STATE (a sending of an earlier ballot on the round was begun:
 * first it has to be known what became of it), ERR_LIMIT (COMITY_OUTBOX_MAX), ERR_FILE, ERR_FILE_MODE,
 * ERR_DISK_FULL, ERR_MEMORY. */
int comity_outbox_put(const char *journal, const struct comity_draft *draft, bool *ret_is_replaced);

/* A command of the journal that was sent otherwise (comity_submit) and not confirmed: from now on it waits,
 * as one of which a sending was begun. 0, ERR_NOT_FOUND (no journal of its history), ERR_FILE, ERR_FILE_MODE,
 * ERR_DISK_FULL, ERR_MEMORY. */
int comity_outbox_put_sent(const char *journal, const struct comity_draft *draft);

/* Take one back of which no sending was begun: it is gone. 0, ERR_NOT_FOUND (none such waits), ERR_STATE (a
 * sending was begun, or it was answered), ERR_FILE, ERR_FILE_MODE, ERR_DISK_FULL, ERR_MEMORY. */
int comity_outbox_take_back(const char *journal, const uint8_t history[COMITY_HISTORY_SIZE],
                            const uint8_t command_id[COMITY_ID_SIZE]);

/* How many wait, by names alone, as comity_journal_unconfirmed. */
int comity_outbox_count(const char *journal, const uint8_t history[COMITY_HISTORY_SIZE], size_t *ret_count);

/* Send what waits of a history, each until @deadline_ms, in the order in which it was given. Ends at the
 * first that nobody answers: it waits on, and those behind it. @holds_back (may be NULL): non-zero leaves
 * that one waiting. @done is told of each that was tried, with what became of it; @result is released after
 * the call: who keeps what it holds clears it. 0, ERR_MISSING (no journal), ERR_STATE (in a callback),
 * ERR_FILE, ERR_FILE_MODE, ERR_DISK_FULL, ERR_MEMORY. */
typedef void comity_outbox_fn(const struct comity_journal_entry *entry, struct comity_result *result,
                              void *context);
int comity_outbox_send(struct comity *client, const uint8_t history[COMITY_HISTORY_SIZE], int64_t deadline_ms,
                       comity_journal_fn *holds_back, comity_outbox_fn *done, void *context);

/* Did a restore lose it? It has receipts, and none is of what the record of today holds. @partnership: out of
 * a WhoamiAnswer. */
bool comity_is_lost(const struct comity_journal_entry *entry, const Comity__V1__Partnership *partnership);

/* Which receipt of the entry the record of today holds, the latest such; NULL: none. */
const struct comity_journal_receipt *comity_standing(const struct comity_journal_entry *entry,
                                                     const Comity__V1__Partnership *partnership);

/* The last act of the journal on the same thing that was given after this one and that the record of today
 * holds: what is lost or was never confirmed is not to be sent after it, for it would overturn it. NULL:
 * none. */
const struct comity_journal_entry *comity_overtaken(const struct comity_journal_entry *entry,
                                                    const Comity__V1__Partnership *partnership);

/* Keep of a command that it is settled: it is not sent again in @epoch, for the reason @code, as if it had
 * been refused. 0, ERR_FILE, ERR_FILE_MODE, ERR_DISK_FULL. */
int comity_journal_settle(const char *directory, const struct comity_journal_entry *entry, int code,
                          uint32_t epoch);

/* After a restore from a backup: submit again, in the order in which they were given, all commands in the
 * client's journal that are lost, were not refused in the present epoch, and were not overtaken. Waits for
 * each; @done is called for each. What is meant for something that the backup did not have is REFUSED with
 * ERR_EPOCH, what is past its validity with ERR_VALIDITY. Returns how many were submitted, or a code:
 * ERR_MISSING (no journal), ERR_FILE, ERR_FILE_MODE, ERR_MEMORY. */
int comity_resubmit(struct comity *client, const uint8_t history[COMITY_HISTORY_SIZE],
                    const Comity__V1__Partnership *partnership, int64_t deadline_ms, comity_done_fn *done,
                    void *context);

#endif
