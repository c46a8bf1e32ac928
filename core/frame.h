/* The frame: one fixed header and one body, in one ZeroMQ message part. docs/protocol.md, "Frames".
 *
 *   0  magic "CMTY"        4 bytes
 *   4  version = 1         u8
 *   5  type                u8
 *   6  flags               u16
 *   8  request             u64    the client's number for the request, its own choice, never 0 in a REQUEST
 *  16  group               16 bytes
 *  32  history             32 bytes
 *  64  command id          16 bytes
 *  80  sequence            u64
 *  88  error               i16
 *  90  attempt             u16    1, 2, ... of the same bytes
 *  92  budget              u32    milliseconds that the sender will still wait; in an ERROR: wait this long
 *  96  term                u64
 * 104  route               u64    the broker's own ticket; a client sends 0 and gets 0; in a worker's READY and HEARTBEAT: the last entry
 *                                  of its group's log that it has applied
 * 112  body
 *
 * All integers are big-endian. The first 90 bytes are the associated data of the seal; what lies after them
 * may be changed on the way. */
#ifndef COMITY_CORE_FRAME_H
#define COMITY_CORE_FRAME_H

#include "core/bytes.h"

enum {
    FRAME_VERSION = 1,
    FRAME_HEADER_SIZE = 112,
    FRAME_SEALED_HEADER_SIZE = 90,
    FRAME_BODY_MAX_BYTES = 512 * 1024,
    FRAME_MAX_BYTES = FRAME_HEADER_SIZE + FRAME_BODY_MAX_BYTES,
};

enum frame_type {
    FRAME_HELLO = 1,     /* client -> worker, sealed */
    FRAME_WELCOME = 2,   /* worker -> client, sealed */
    FRAME_READY = 3,     /* worker -> broker: leads `group` in `term`; sequence = window */
    FRAME_HEARTBEAT = 4, /* both ways, on both sides of the broker; answered only when sent by the dealer side */
    FRAME_REQUEST = 5,   /* client -> worker, sealed (with FRAME_FLAG_BROKER: client -> broker, not sealed) */
    FRAME_REPLY = 6,     /* worker -> client, sealed; final */
    FRAME_ERROR = 7,     /* no body: by the broker, or by a worker to whom the seal did not open */
    FRAME_SUBSCRIBE = 8, /* client -> broker: NEWS of `history` in `group`; sequence = 0 ends it */
    FRAME_NEWS = 9,      /* worker -> broker -> clients: `history` has reached `sequence` */
    FRAME_DRAIN = 10,    /* worker -> broker: send nothing more for `group` */
    FRAME_BYE = 11,      /* a dealer leaves */
};

enum {
    FRAME_FLAG_BROKER = 1, /* for the broker itself: its STATUS */
    FRAME_FLAG_LEAVE = 4,  /* an answer to somebody who has leave to read, or whose command was recorded */
};

struct frame_header {
    uint8_t type;
    uint16_t flags;
    uint64_t request;
    uint8_t group[GROUP_ID_SIZE];
    uint8_t history[HISTORY_ID_SIZE];
    uint8_t command_id[COMMAND_ID_SIZE];
    uint64_t sequence;
    int16_t error;
    uint16_t attempt;
    uint32_t budget_ms;
    uint64_t term;
    uint64_t route;
};

void frame_header_write(const struct frame_header *header, uint8_t ret_bytes[FRAME_HEADER_SIZE]);

/* 0, ERR_MALFORMED (short, magic, type, flags), ERR_VERSION, ERR_TOO_LARGE. @ret_body points into @frame. */
int frame_read(struct bytes frame, struct frame_header *ret_header, struct bytes *ret_body);

/* Change the route alone, in place: all that a broker alters. */
void frame_set_route(uint8_t *frame, uint64_t route);

const char *frame_type_name(uint8_t type);   /* "REQUEST"; "?" */

#endif
