/* A receipt as people hand it on: a file of `comity receipt save` (docs/protocol.md, "A receipt as a file"), or the packed
 * Receipt that a client's journal keeps. Whoever reads receipts takes both. Pure. */
#ifndef COMITY_CORE_RECEIPT_FORM_H
#define COMITY_CORE_RECEIPT_FORM_H

#include "comity/v1/receipt.pb-c.h"
#include "core/arena.h"
#include "core/bytes.h"

enum { RECEIPT_FILE_MAX_BYTES = 4 * 1024 * 1024 };

/* What `comity receipt save` writes. 0, ERR_MEMORY. */
int receipt_file_pack(const Comity__V1__ReceiptFile *file, struct arena *arena, struct bytes *ret_bytes);

/* One form alone: the same content in other bytes is refused. The receipt has its event; a Receipt is shown as a file
 * with no cosignatures. 0, ERR_MALFORMED, ERR_MEMORY. */
int receipt_form_read(struct bytes bytes, struct arena *arena, const Comity__V1__ReceiptFile **ret_file);

#endif
