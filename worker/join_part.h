/* What has come of a copy: join.part in the data directory, and join.state beside it, which says of which
 * copy it is. */
#ifndef COMITY_WORKER_JOIN_PART_H
#define COMITY_WORKER_JOIN_PART_H

#include "comity/v1/link.pb-c.h"
#include "worker/copy.h"
#include "worker/log/log_order.h"

enum { JOIN_PATH_MAX = 4096 };

#define JOIN_PART "join.part"
#define JOIN_STATE "join.state"

struct join_part {
    char directory[JOIN_PATH_MAX], path[JOIN_PATH_MAX + 16], state_path[JOIN_PATH_MAX + 16];
    int descriptor; /* -1: nothing has come yet */
    uint8_t copy[COPY_ID_SIZE];
    uint64_t size, have;      /* bytes of the copy; of which are here */
    struct order_place place; /* that the copy states */
};

/* Is it in form: a piece from @offset on, of a copy that has applied @least? Its place is stated, or there is
 * none. */
bool join_part_is_piece(const Comity__V1__CopyPiece *piece, uint64_t offset, uint64_t least);

/* Take up what an earlier try left, if it is whole in itself; writes nothing. 0; ERR_STORE_IN_USE: another
 * process is at it; ERR_FILE, with errno. */
int join_part_open(struct join_part *part, const char *directory);
/* Begin with a copy whose first piece this is, in the place of what was there; makes the directory. 0,
 * ERR_STORE_IN_USE, ERR_FILE, ERR_DISK_FULL. */
int join_part_begin(struct join_part *part, const Comity__V1__CopyPiece *piece);
/* The piece at its end. 0; ERR_MALFORMED: it is none; ERR_FILE, ERR_DISK_FULL. */
int join_part_append(struct join_part *part, const Comity__V1__CopyPiece *piece);
int join_part_sync(struct join_part *part); /* ERR_FILE, ERR_DISK_FULL */
void join_part_close(struct join_part *part);
void join_part_remove(struct join_part *part); /* and close */

#endif
