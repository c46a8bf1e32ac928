/* Events in sentences: who did what. One row a kind of event, with names in braces for what the event holds:
 *
 *   "{actor} put item {item.number} on the agenda: {item.title}"
 *
 * {actor} is whoever did it; every other name is a path into the event, as its JSON has it. The last word of a path
 * says how it is shown: a member, site, body, constituency or rule by its name, what ends in _ms as a time, a text as
 * prose, a list with commas. Translations hold the same names, in any order. */
#ifndef COMITY_CLI_EVENT_TEXT_H
#define COMITY_CLI_EVENT_TEXT_H

#include "client/cli/cli.h"
#include "comity/v1/event.pb-c.h"

struct event_sentence {
    const char *kind; /* "item_added" */
    const char *words;
};

const struct event_sentence *event_sentence_at(unsigned index); /* NULL past the end */

/* @kind: JSON of the event's message. In the run's arena, escaped. Never NULL. */
const char *event_text(struct cli *cli, const Comity__V1__Event *event, struct json_object *kind);

#endif
