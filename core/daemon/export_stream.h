/* Records of the export stream on a file descriptor: a length, then that many bytes. */
#ifndef COMITY_CORE_DAEMON_EXPORT_STREAM_H
#define COMITY_CORE_DAEMON_EXPORT_STREAM_H

#include <sodium.h>
#include <sys/types.h>

#include "comity/v1/export.pb-c.h"
#include "core/arena.h"
#include "core/message.h"

enum { STREAM_BUFFER_BYTES = 64 * 1024, EXPORT_RECORD_MAX_BYTES = 4 * 1024 * 1024 };

/* Alters bytes of the stream before they are written: those from @offset on, a multiple of STREAM_BUFFER_BYTES. */
typedef void stream_cipher_fn(void *context, uint64_t offset, uint8_t *bytes, size_t size);

/* Where records are written to. The first error sticks. */
struct stream_sink {
    int descriptor;
    stream_cipher_fn *cipher; /* set after sink_init; NULL: they are written as they are */
    void *context;
    uint64_t written;
    int code;
    int error_number;                /* errno of the failed write */
    uint64_t bytes;                  /* given so far */
    crypto_hash_sha256_state digest; /* of them */
    size_t used;
    uint8_t buffer[STREAM_BUFFER_BYTES];
};

void sink_init(struct stream_sink *sink, int descriptor);
/* Pack and write; memory is taken from @arena. 0, ERR_MEMORY, ERR_TOO_LARGE (a record past the limit),
 * ERR_FILE, ERR_DISK_FULL. */
int sink_put(struct stream_sink *sink, const Comity__V1__ExportRecord *record, struct arena *arena);
int sink_flush(struct stream_sink *sink);
/* SHA-256 of what was given so far. */
void sink_digest(const struct stream_sink *sink, uint8_t ret_digest[HASH_SIZE]);

/* Where records are read from: a descriptor, or whoever gives the next bytes as read(2) does. */
typedef ssize_t stream_read_fn(void *context, uint8_t *data, size_t size);
struct stream_source {
    int descriptor;
    stream_read_fn *read; /* NULL: the descriptor's */
    void *context;
    uint64_t bytes;                   /* of the records taken so far */
    crypto_hash_sha256_state digest;  /* of the records before the last one */
    uint8_t digest_before[HASH_SIZE]; /* of every byte before the last record's length */
    bool is_cut;                      /* the file ended within a record */
    size_t at, end;
    uint8_t buffer[STREAM_BUFFER_BYTES];
};

void source_init(struct stream_source *source, int descriptor);
void source_init_from(struct stream_source *source, stream_read_fn *read, void *context);
/* The next record, strictly read, in the arena. 0, ERR_NOT_FOUND (the file ends where a record could begin),
 * ERR_MALFORMED (it ends elsewhere, or what is there is no record), ERR_TOO_LARGE, ERR_UNKNOWN_FIELD and the
 * like, ERR_FILE, ERR_MEMORY. */
int source_take(struct stream_source *source, struct arena *arena, Comity__V1__ExportRecord **ret_record);
/* Nothing follows. 0, ERR_MALFORMED, ERR_FILE. */
int source_at_end(struct stream_source *source);

#endif
