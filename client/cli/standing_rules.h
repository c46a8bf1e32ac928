/* The charter, as the standing rules that a partnership adopts (charter.h is the founding's text): a JSON
 * file in, plain words out. */
#ifndef COMITY_CLI_STANDING_RULES_H
#define COMITY_CLI_STANDING_RULES_H

#include "client/cli/message_json.h"
#include "comity/v1/charter.pb-c.h"

struct cli;

/* A commented file to start from. */
extern const char STANDING_RULES_SAMPLE[];

/* Read a file, with its texts taken for this run's command. What it may leave out has its default; `text` may
 * be left out, and is NULL then. Fails with a sentence. */
int standing_rules_read(struct cli *cli, const char *path, Comity__V1__Charter **ret_charter);

/* Line by line. @prose, @context: where its texts are; message_json.h. */
void standing_rules_say(struct cli *cli, const Comity__V1__Charter *charter, message_prose_fn *prose,
                        void *context);

/* The charter in force; NULL where none was adopted. 0 or a failure with its sentence. */
int standing_rules_in_force(struct cli *cli, const Comity__V1__CharterVersion **ret_version);

/* "joint", "rotate": lower case, for sentences. */
const char *share_word(Comity__V1__Share share);

#endif
