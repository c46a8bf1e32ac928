/* What comes back over gRPC: messages, put together from the pieces in which they come, and the status, out of headers and
 * trailers. Pure. The form: gRPC over HTTP2, "Responses" (github.com/grpc/grpc, doc/PROTOCOL-HTTP2.md). */
#ifndef COMITY_WORKER_LOG_GRPC_ANSWER_H
#define COMITY_WORKER_LOG_GRPC_ANSWER_H

#include "core/bytes.h"

enum { GRPC_PREFIX_SIZE = 5, GRPC_MESSAGE_MAX = 256 };

/* Before each message: a flag, which is 0 (not compressed), and the length. */
void grpc_prefix(size_t size, uint8_t ret_prefix[GRPC_PREFIX_SIZE]);

/* Embedded; starts as zeroes with its limit. */
struct grpc_reader {
    size_t limit_bytes; /* of all that it holds at once, prefixes included */
    uint8_t *buffer;
    size_t size, room;
    size_t whole; /* so many of the bytes are whole messages */
};

void grpc_reader_release(struct grpc_reader *reader);
void grpc_reader_reset(struct grpc_reader *reader); /* empty, and without the memory that a large answer took */
/* 0, ERR_MALFORMED (a compressed message, which nobody asked for), ERR_TOO_LARGE (as soon as that can be seen), ERR_MEMORY. */
int grpc_reader_take(struct grpc_reader *reader, struct bytes piece);
/* The message at *offset, which begins as 0 and is moved behind it. False: none is whole yet. Valid until the reader takes
 * or drops. */
bool grpc_reader_next(const struct grpc_reader *reader, size_t *offset, struct bytes *ret_message);
/* Forget the messages before that offset. */
void grpc_reader_drop(struct grpc_reader *reader, size_t offset);

struct grpc_status {
    bool is_grpc;  /* the answer says that it is one */
    bool is_there; /* a grpc-status came, and is a number */
    uint32_t code;
    uint32_t http;                  /* 0: no HTTP answer began */
    char message[GRPC_MESSAGE_MAX]; /* grpc-message: decoded, printable, perhaps cut */
};

/* One line of the head or of the trailers, as it comes. The line with HTTP's own status begins anew. */
void grpc_status_take(struct grpc_status *status, struct bytes line);

#endif
