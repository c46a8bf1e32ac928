/* A receipt as a file: docs/protocol.md, "A receipt as a file". Pure: what it takes to verify it is the file,
 * the keys that may sign the record's checkpoints, and for FINAL the keys of witnesses that the reader
 * trusts. */
#ifndef COMITY_CLI_RECEIPT_FILE_H
#define COMITY_CLI_RECEIPT_FILE_H

#include "comity/v1/receipt.pb-c.h"
#include "core/command.h"
#include "core/event.h"
#include "core/receipt_form.h"

enum { RECEIPT_COSIGNERS_MAX = 512 };

/* In the order in which they are checked. */
enum receipt_check {
    RECEIPT_CHECK_FORM = 1,   /* the file can be read, and has the one form */
    RECEIPT_CHECK_EVENT,      /* the parts have the hashes that the header commits to */
    RECEIPT_CHECK_COMMAND,    /* the command is the one that was signed, by its signer and all cosigners */
    RECEIPT_CHECK_CHECKPOINT, /* signed by a key of the record */
    RECEIPT_CHECK_PROOF,      /* the event is in the checkpoint's tree */
    RECEIPT_CHECK_COSIGNED,   /* what witnesses signed holds the event, and is of the same record */
};
const char *receipt_check_sentence(enum receipt_check check); /* what is wrong where it fails */

struct receipt_cosigner {
    uint8_t key[KEY_SIZE];
    uint64_t size;
    int64_t time_s;
};

/* What the file proves. */
struct receipt_report {
    struct event_header header;
    uint8_t command_id[COMMAND_ID_SIZE];
    bool has_command;       /* else it was withheld from whoever saved it */
    struct command command; /* in the arena */
    const Comity__V1__Event *event;
    const Comity__V1__ReceiptFile *file;
    uint8_t log_key[KEY_SIZE];
    struct receipt_cosigner cosigners[RECEIPT_COSIGNERS_MAX];
    size_t cosigner_count;
};

/* A receipt in either form (core/receipt_form.h). 0; ERR_MALFORMED (the form), ERR_SIGNATURE, ERR_RECEIPT, with the check that failed;
 * ERR_MEMORY.
 * @ret_report points into the arena. */
int receipt_file_verify(struct bytes bytes, const uint8_t (*log_keys)[KEY_SIZE], size_t key_count,
                        struct arena *arena, struct receipt_report *ret_report,
                        enum receipt_check *ret_check);

#endif
