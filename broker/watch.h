/* The watch over connections: how many there are, from where, and what each of them makes libzmq hold.
 *
 * in   libzmq hands out a message only when its last part is there, and holds the parts until then, whatever
 *      the high-water mark. So the bytes that TCP has received on a connection are compared with the messages
 *      that came of them; what is over is unfinished.
 * out  libzmq counts messages, not bytes. So the bytes that were handed to it are compared with those that
 * the peer has acknowledged; what is over is held.
 *
 * Who delivers nothing, or has too much unfinished, is cut; to whom too much is held gets nothing more for
 * now. docs/adr/0007 and 0012.
 *
 * Pure: descriptors are numbers here, and what TCP says comes with watch_look. */
#ifndef COMITY_BROKER_WATCH_H
#define COMITY_BROKER_WATCH_H

#include <sys/queue.h>

#include "broker/address.h"
#include "broker/admission.h"

enum {
    WATCH_UNFINISHED_MAX = 8 * 1024 * 1024, /* of one connection, at once */
    WATCH_MESSAGE_MAX = 1024 * 1024,        /* more than an honest peer ever has unfinished */
    WATCH_UNFINISHED_MS = 10000,            /* how long it may have more than that */
    WATCH_PART_COST = 4, /* bytes that libzmq holds for one that came, where parts are as small as can be */
    WATCH_SLACK = 64 * 1024, /* unfinished bytes behind a message that are not accounted */
    WATCH_PATIENCE = 5,
    WATCH_HELD_CLIENT = 4 * 1024 * 1024, /* for one connection, plus one message */
    WATCH_HELD_WORKER = 16 * 1024 * 1024,
    WATCH_HELD_LITTLE = 64 * 1024, /* goes to anybody, however much is held for the others */
};

struct watch_limits {
    int64_t silence_ms;  /* after which a connection of the front is cut */
    uint64_t held_bytes; /* in all for clients, for workers, and for what is unfinished */
};

struct watch_place {
    bool is_open;
    bool is_cut;         /* its end is on the way */
    bool is_fresh;       /* not one message ever */
    bool has_delivered;  /* a message since the last look */
    uint8_t quiet_looks; /* looks in a row without one */
    uint8_t side;
    bool has_key;
    uint8_t key[KEY_SIZE]; /* back: of the worker that it is */
    struct address address;
    uint32_t turn; /* which of the connections that had this descriptor */
    int64_t heard_ms;
    int64_t unfinished_ms;   /* since when it has more than WATCH_MESSAGE_MAX unfinished; 0: it has not */
    uint64_t finished_bytes; /* received, up to the end of the last message */
    uint64_t unfinished;     /* as of the last look */
    int64_t begun_ms;        /* since when it has anything unfinished, if it has */
    uint64_t sent_bytes, acknowledged_bytes;
    TAILQ_ENTRY(watch_place) in_fresh;
};

TAILQ_HEAD(watch_places, watch_place);

struct watch {
    struct watch_limits limits;
    struct watch_place *places;
    size_t place_count;
    size_t used;                  /* no higher place ever was */
    size_t counts[2];             /* open, by side */
    size_t leaving[2];            /* of these cut already */
    uint64_t held[2];             /* by side */
    uint64_t unfinished;          /* of the front */
    struct watch_places fresh[2]; /* the oldest first */
};

/* Descriptors from 0 to @most - 1. 0 or ERR_MEMORY. */
int watch_init(struct watch *watch, size_t most);
void watch_release(struct watch *watch);

void watch_opened(struct watch *watch, enum side side, int fd, const struct address *from, int64_t now_ms);
void watch_closed(struct watch *watch, enum side side, int fd);
void watch_cut(struct watch *watch, int fd);
bool watch_is_open(const struct watch *watch, int fd);

/* A connection by a name that is never given twice; 0 for none. Its descriptor; -1 where it is closed. */
uint64_t watch_connection(const struct watch *watch, int fd);
int watch_descriptor(const struct watch *watch, uint64_t connection);

/* What a message part of @size bytes takes on the wire. */
uint64_t watch_wire_bytes(size_t size);

/* A message came or was handed over, of so many bytes on the wire. */
void watch_delivered(struct watch *watch, int fd, uint64_t bytes, int64_t now_ms);
void watch_sent(struct watch *watch, int fd, uint64_t bytes);
void watch_identified(struct watch *watch, int fd, const char *key_text);

/* Nobody was heard for so long, which was not their silence. */
void watch_forgive(struct watch *watch, int64_t gap_ms);

/* The peer has acknowledged so many bytes since the connection began. */
void watch_acknowledged(struct watch *watch, int fd, uint64_t bytes);

/* Whether something may be handed over for it. Of connections that nobody knows: yes. */
bool watch_has_room(const struct watch *watch, int fd);

/* One look at a connection that has received @bytes in all. @is_read_out: nothing waited to be read just now.
 * NULL, or why it is to be cut. */
const char *watch_look(struct watch *watch, int fd, uint64_t bytes, bool is_read_out, int64_t now_ms);

/* Whether it is silent for too long. */
bool watch_is_silent(const struct watch *watch, int fd, int64_t now_ms);

/* Whom to cut of the front, where all together have too much; -1 where they have not. Of unfinished bytes the
 * one that has some for longest, and of several the one with the most: honest messages end. Of held ones the
 * one with the most. */
int watch_longest_unfinished(const struct watch *watch);
int watch_largest_held(const struct watch *watch);

/* Whom to cut where there are too many on a side: the oldest that never delivered; -1 for none. */
int watch_oldest_fresh(const struct watch *watch, enum side side);

/* Open connections of the front from there; 0 where @from is nowhere, or this machine: its own gateways and
 * proxies stand for many people. */
size_t watch_count_from(const struct watch *watch, const struct address *from);

#endif
