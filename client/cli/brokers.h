/* The list of a group's brokers, as a context has learnt it: HOME/contexts/NAME.brokers, beside the file that
 * says what it was given.
 *
 * {"brokers": HEX of the packed list, "signature": HEX, "site": the site to go to first, or ""}. It is
 * believed for its signature, by a key that signs the checkpoints of the context's history, and for nothing
 * else: a file that is none is as if it were not there, and the list is learnt again.
 *
 * Where to go is, in this order: the list's brokers of the site to go to first; those that the context was
 * given, by their keys, at the addresses of the list; the others of the list; and what the context was given
 * and the list does not have. */
#ifndef COMITY_CLI_BROKERS_H
#define COMITY_CLI_BROKERS_H

#include "client/cli/context.h"
#include "client/lib/comity.h"

/* Fill in reach, sites, own_site and broker_list, from place, pins and the file. */
void brokers_find(const char *home, struct context *context);

/* For a client of that context: where to go. What is filled in is the context's. */
void brokers_give(const struct context *context, struct comity_broker brokers[PLACE_BROKERS_MAX]);

/* Keep a list, under the home's lock, unless a later one is kept. 0, ERR_CONFIG, ERR_FILE, ERR_DISK_FULL,
 * ERR_MEMORY. */
int brokers_keep(const char *home, const struct context *context, const struct comity_broker_list *list,
                 char reason[CONTEXT_REASON_MAX]);

/* With its context. */
void brokers_forget(const char *home, const char *name);

/* For people and programs: [{"site": TEXT, "endpoint": TEXT, "key": HEX}, ...] in that order. */
struct json_object *brokers_to_json(const struct context *context);

#endif
