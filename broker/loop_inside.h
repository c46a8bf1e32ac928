/* The inside of the loop, shared by loop.c (turns, signals, life), loop_act.c (sending, the router's
 * actions), loop_guard.c (admission, connections) and loop_look.c (looks at connections, cuts). Nobody else
 * includes this. */
#ifndef COMITY_BROKER_LOOP_INSIDE_H
#define COMITY_BROKER_LOOP_INSIDE_H

#include <time.h>
#include <zmq.h>

#include "broker/loop.h"
#include "broker/sieve.h"
#include "broker/sockets.h"
#include "broker/watch.h"
#include "broker/zap.h"
#include "core/daemon/rates.h"

/* One line a second of a kind, with how many there were. */
struct quiet_log {
    int64_t next_ms;
    uint64_t count;
};

enum { CUT_IDS = 64 };

struct loop {
    struct loop_options options;
    struct settings *settings;
    struct settings *started; /* those of the start: in effect where only a restart changes them */
    void *context;
    struct zap *zap;
    void *sockets[2];
    void *monitors[2];
    char endpoints[2][ENDPOINT_MAX];
    struct router *router;
    struct actions actions;
    struct watch watch;
    struct rates *arrivals; /* connections of the front, by address */
    struct sieve sieve;
    zmq_msg_t message; /* the frame that is being handled */
    int message_fd;
    int64_t now_ms;
    int64_t started_ms; /* Unix time */
    int64_t news_ms, retry_ms, look_ms, look_anyhow_ms, learn_ms, probe_ms, stop_ms;
    size_t probe; /* the next of PROBE_AFTER_MS */
    int64_t disconnect_ms;
    bool is_read_out[2];
    bool is_testing, is_stopping, is_ended;
    int statm_fd;
    size_t look_memory;
    unsigned trims; /* of the next looks: give freed memory back to the system */
    uint64_t denied_keys, cut_connections, hasty_connections, turns, messages;
    struct quiet_log denied_log, strays_log, cut_log;
    struct peer_id cut_ids[CUT_IDS]; /* of those cut last for what they sent: libzmq gave each its name, once */
    size_t cut_id;                   /* the place of the next */
};

/* True once a second at most; counts every call. */
bool quiet_log_is_due(struct quiet_log *quiet, int64_t now_ms);

int64_t loop_clock_ms(clockid_t clock);
/* Read the clock anew. @expected_ms: when at the latest it is that, unless the process stood still; 0: not known. */
void loop_take_time(struct loop *loop, int64_t expected_ms);

/* loop_act.c: carry out everything that the router wants, and what follows from what could not be. */
void loop_act(struct loop *loop);

/* Whether whoever has this name was cut for what it sent. */
bool loop_was_cut(const struct loop *loop, const struct peer_id *id);

/* Send a frame of ours, without waiting, to @to, whose connection this is. 0, ERR_BUSY or ERR_UNREACHABLE. */
int loop_send(struct loop *loop, enum side side, const struct peer_id *to, uint64_t connection,
              struct bytes frame);

/* loop_guard.c: answer ZAP and take up what the monitors say. @argument: the loop. */
void loop_serve_zap(void *argument);

/* Cut the connections of workers whose keys are no longer configured. */
void loop_cut_removed(struct loop *loop);

/* After a connection of the back was closed: find out whose it was, by a heartbeat to all. */
void loop_probe(struct loop *loop);

/* The address, where connections are counted by it; NULL for this machine's own, and for nowhere. */
const struct address *loop_counted(const struct address *address);

/* An address that has sent a connection which had to be cut for what it sent waits before it gets others. */
void loop_charge(struct loop *loop, const struct address *address);

/* loop_look.c: reset a connection under libzmq's hands, which takes it for the peer's doing. Should the
 * descriptor have become another connection's since, that one reconnects. */
void loop_cut(struct loop *loop, int fd, const char *why);

/* Look at every connection, and cut those that are silent, that feed bytes of which nothing comes, or, where
 * all together have too much unfinished, that have it for longest. */
void loop_look(struct loop *loop);

/* Whether libzmq holds little enough for a connection that more may be handed to it. */
bool loop_has_room(struct loop *loop, uint64_t connection);

#endif
