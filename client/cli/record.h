/* Reading the record: events as they are shown. */
#ifndef COMITY_CLI_RECORD_H
#define COMITY_CLI_RECORD_H

#include "client/cli/desk.h"
#include "core/event.h"

enum { EVENTS_PAGE = 200 };

/* The open part of a record, in the run's arena of the moment, and its texts taken up. NULL where it cannot be read. */
const Comity__V1__Event *record_open(struct cli *cli, const Comity__V1__EventRecord *record,
                                     struct event_header *ret_header);

/* The message of the event's kind, within the JSON of the event. */
struct json_object *record_kind(const Comity__V1__Event *event, struct json_object *json);

/* Every event from @from to the head. What @each is given lives until the next page; it returns 0, 1 to stop, or a code. */
typedef int record_each_fn(struct cli *cli, const struct event_header *header, const Comity__V1__Event *event,
                           void *context);
int record_walk(struct cli *cli, uint64_t from, record_each_fn *each, void *context);

#endif
