/* Answers that were read, on disk: comity_answer_keep in comity.h. A file is the SHA-256 of what follows it, and the packed
 * Answer; its name is "read-" and the first 16 bytes, in hex, of the SHA-256 of the reader's key and the packed Query with
 * floor 0; its time is when it was read. */
#ifndef COMITY_CLIENT_LIB_KEPT_H
#define COMITY_CLIENT_LIB_KEPT_H

#include "client/lib/comity.h"
#include "core/bytes.h"

enum { KEPT_FILES_MAX = 256, KEPT_BYTES_MAX = 32 * 1024 * 1024, KEPT_DAYS = 30 };

/* Is it one of these files, or one that was being written when a process was killed? */
bool kept_is_name(const char *name);

/* Has a file of these the text of one of the hashes? So it is where that cannot be told. */
bool kept_has_text(struct bytes file, const ProtobufCBinaryData *hashes, size_t count);

#endif
