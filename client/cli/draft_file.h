/* Draft files: a signed command on its way from co-chair to co-chair. JSON:
 *
 *   {"comity_draft": 1, "act": NAME, "place": PLACE, "submit": BASE64}
 *
 * and "partnership": {"name": NAME, "title": TITLE, "log_keys": [HEX, ...]} in one that goes to a machine which does not
 * know the partnership yet. "submit" is libcomity's portable form; "act" is for people alone. Nothing in it is secret, and nothing
 * is shown of it that was not read out of the signed bytes. */
#ifndef COMITY_CLI_DRAFT_FILE_H
#define COMITY_CLI_DRAFT_FILE_H

#include "client/cli/desk.h"

struct draft_partnership {
    char name[NAME_MAX_BYTES + 1]; /* empty: none of this is in the file */
    char title[TITLE_MAX_BYTES + 1];
    uint8_t log_keys[CONTEXT_PINS_MAX][KEY_SIZE];
    size_t log_key_count;
};

struct draft_file {
    struct place place;
    struct draft_partnership partnership;
    struct comity_draft *draft;
};

void draft_file_release(struct draft_file *file);

/* Fail with a sentence. */
int draft_file_read(struct cli *cli, const char *path, struct draft_file *ret_file);
int draft_file_write(struct cli *cli, const char *path, const struct draft_file *file, bool may_replace);

/* A text of a draft, or NULL. For message_to_json: @draft is the comity_draft. */
const char *draft_prose(void *draft, const Comity__V1__TextRef *reference);

/* Of a command about a key: by what people compare it; and, where names can be had, whose it is. */
void draft_say_key(struct cli *cli, const Comity__V1__Command *command, bool has_names);

/* Show what is being signed, as sentences and as the member "draft" of the document. */
int draft_file_show(struct cli *cli, const struct draft_file *file);

/* The command of a joint act, signed by the context's key and those of --with: sent, or written to --draft.
 * *ret_event is NULL where it was written. */
int joint_submit(struct cli *cli, Comity__V1__Command *command, const Comity__V1__Event **ret_event);
/* The same; @brought signs as well: a key that the command brings in. NULL: none. */
int joint_submit_with(struct cli *cli, Comity__V1__Command *command, const struct signing_key *brought,
                      const Comity__V1__Event **ret_event);

#endif
