/* A link: the worker's one DEALER to one broker. Part of the loop: used on the loop's thread alone.
 *
 *   down --- handshake succeeded ---> up: READY, then HEARTBEATs, which the broker answers
 *   up   --- disconnected ----------> down; libzmq connects again by itself
 *   up   --- silent for silence_ms -> closed and opened anew
 *
 * Each time it comes up it has another generation: answers to requests of an earlier one are not sent, for
 * the broker's tickets in them may be another's by now. */
#ifndef COMITY_WORKER_LINK_H
#define COMITY_WORKER_LINK_H

#include <zmq.h>

#include "core/frame.h"
#include "worker/settings.h"

/* What its last trouble was, so that each is logged once. */
enum link_trouble {
    LINK_FINE,
    LINK_UNREACHABLE,
    LINK_KEY_REFUSED,
    LINK_NO_HANDSHAKE,
    LINK_LOST,
    LINK_SILENT,
    LINK_NOT_REGISTERED
};

struct link {
    struct broker_settings broker;
    const struct worker_settings *settings;
    void *socket, *monitor; /* NULL while it is closed */
    uint32_t generation;
    bool is_up, is_ready_sent, is_registered; /* of this generation */
    bool is_drained;                      /* the broker has answered since it was told to send nothing more */
    int64_t heard_ms;                     /* steady clock: the last frame from it; 0: never */
    int64_t heartbeat_ms;                 /* steady clock: when the next one is to go */
    uint64_t heartbeats_sent, heartbeats_heard; /* by the number of the last one; heard: that the broker has answered */
    uint64_t drain_answer; /* which answer shows that it is drained */
    enum link_trouble trouble;
    unsigned retries;     /* since it was up */
    uint64_t undelivered; /* answers that could not be sent */
};

/* What a READY says of the worker. */
struct link_identity {
    const uint8_t *group;
    uint64_t term, applied; /* service.h */
    unsigned window;
};

/* Make the sockets and connect. ERR_ADDRESS (an endpoint that ZeroMQ does not understand), ERR_MEMORY. */
int link_open(struct link *link, void *context);
void link_close(struct link *link, int linger_ms);

/* Send one frame. 0, or ERR_BUSY where it cannot be sent now: the link is down or its queue is full. */
int link_send(struct link *link, struct bytes frame);

/* The next message, @ret_message initialised by this. 0; ERR_NOT_FOUND: none; ERR_MALFORMED: one of several
 * parts, which was dropped. */
int link_receive(struct link *link, zmq_msg_t *ret_message);

/* Take up what the monitor saw. */
void link_watch(struct link *link, int64_t now_ms);

/* READY or HEARTBEAT if due. */
void link_beat(struct link *link, const struct link_identity *identity, int64_t now_ms);

/* DRAIN, and a HEARTBEAT whose answer shows that the broker has read it. */
void link_drain(struct link *link, const struct link_identity *identity, int64_t now_ms);

/* A frame came: the broker lives. A HEARTBEAT that names @group says that it gives us the group's requests. */
void link_heard(struct link *link, const struct frame_header *header, const uint8_t group[GROUP_ID_SIZE],
                int64_t now_ms);

bool link_is_silent(const struct link *link, int64_t now_ms);
void link_set_trouble(struct link *link, enum link_trouble trouble); /* logs a change */

#endif
