/* The draft of a session's minutes, made from the record: Markdown, for people to correct. */
#ifndef COMITY_CLI_MINUTES_TEXT_H
#define COMITY_CLI_MINUTES_TEXT_H

#include "client/cli/desk.h"

/* Who was there, what was put forward, how it came out and why, what was decided, who owes what. In the
 * arena. Fails with a sentence. */
int minutes_compose(struct cli *cli, const Comity__V1__Session *session, struct bytes *ret_text);

/* What was changed between two texts, line by line: "- " taken out, "+ " put in, "  " around it; each line
 * with
 * @indent before it, escaped. Says "nothing" where they are the same. */
void minutes_say_changes(struct cli *cli, struct bytes before, struct bytes after, const char *indent);

#endif
