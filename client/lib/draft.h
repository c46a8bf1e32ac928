/* A signed command with its texts: see comity_draft_new in comity.h. */
#ifndef COMITY_CLIENT_LIB_DRAFT_H
#define COMITY_CLIENT_LIB_DRAFT_H

#include "client/lib/comity.h"
#include "core/command.h"

struct comity_draft {
    struct arena *arena;
    struct command command;    /* opened: form and texts checked; everything lives in the arena */
    Comity__V1__Submit submit; /* as it is sent */
    const char **prose;        /* contents of the texts, NUL-terminated, in their order */
};

/* Read what the journal kept: as comity_draft_unpack, but that a text may be empty which the parties have
 * purged since (journal_erase_texts). Of it comity_draft_text has nothing, and a worker refuses the command
 * with ERR_TEXT. */
int draft_unpack_kept(struct bytes bytes, struct comity_draft **ret_draft);

/* Empty those of its texts whose hash is in @hashes. Returns how many. */
size_t draft_forget_texts(struct comity_draft *draft, const ProtobufCBinaryData *hashes, size_t count);

/* The packed Submit, in @arena. 0, ERR_MEMORY, ERR_TOO_LARGE (more than a frame holds). */
int draft_pack_submit(const struct comity_draft *draft, struct arena *arena, struct bytes *ret_packed);

/* The public form of a refusal. */
void fault_from_refusal(struct comity_fault *fault, const struct refusal *refusal);

#endif
