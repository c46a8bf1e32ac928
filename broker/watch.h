/* The watch over connections: how many there are, and whether one feeds us bytes that never become a message.
 *
 * libzmq hands out a message only when its last part is there, and holds the parts until then, whatever the
 * high-water mark: a peer that sends part after part without end would fill the memory, unseen by anybody who
 * reads the socket. So the bytes that TCP has received on a connection are compared with what came of them: a
 * connection on which more than WATCH_UNFINISHED_MAX bytes came in while not one message did is cut.
 * docs/adr/0007.
 *
 * Pure: descriptors are numbers here. Opened and closed come from the socket monitors. */
#ifndef COMITY_BROKER_WATCH_H
#define COMITY_BROKER_WATCH_H

#include "broker/admission.h"

enum { WATCH_UNFINISHED_MAX = 8 * 1024 * 1024, WATCH_PATIENCE = 5 };

struct watch_place {
    bool is_open;
    bool has_delivered;  /* a message since the last look */
    uint8_t quiet_looks; /* looks in a row without one */
    uint8_t side;
    bool has_key;
    uint8_t key[KEY_SIZE]; /* back: of the worker that it is */
    uint64_t base_bytes;   /* received up to the last look with a message before it */
};

struct watch {
    struct watch_place *places;
    size_t place_count;
    size_t used;      /* no higher place ever was */
    size_t counts[2]; /* open, by side */
};

/* Descriptors from 0 to @most - 1. 0 or ERR_MEMORY. */
int watch_init(struct watch *watch, size_t most);
void watch_release(struct watch *watch);

void watch_opened(struct watch *watch, enum side side, int fd);
void watch_closed(struct watch *watch, int fd);
void watch_delivered(struct watch *watch, int fd);
void watch_identified(struct watch *watch, int fd, const char *key_text);
bool watch_is_open(const struct watch *watch, int fd);

/* One look at a connection that has received @bytes in all. @is_read_out: nothing waited to be read just now.
 * True: cut it. */
bool watch_look(struct watch *watch, int fd, uint64_t bytes, bool is_read_out);

#endif
