/* What is done to the log of a group by somebody's act, beside the running workers: beginning it, saying where a store is in it,
 * leaving it. docs/operations.md, "Several sites". */
#ifndef COMITY_WORKER_GROUP_LOG_H
#define COMITY_WORKER_GROUP_LOG_H

#include "worker/log/log_etcd.h"
#include "worker/settings.h"
#include "worker/store/store.h"

enum { GROUP_LOG_REASON_MAX = 1024 };

/* For worker/log, from [log]; what is in them stays the settings' and the key's. ERR_CONFIG where the log is local, with a reason. */
int group_log_options(const struct log_settings *log, const struct connection_key *group_key,
                      struct order_log_etcd_options *ret_options, char reason[GROUP_LOG_REASON_MAX]);

/* What a start checks of [log] before it asks anybody: the files, that the certificate is good now and its key belongs to it, the
 * endpoints. 0 also where the log is local; ERR_CONFIG, ERR_MEMORY, with a reason. */
int group_log_check(const struct worker_settings *settings, char reason[GROUP_LOG_REASON_MAX]);

struct group_log_begun {
    struct store_entry place; /* of the store */
    uint64_t head;            /* where the log ends */
    bool is_begun;            /* by this call; else it was there, and goes on from this store */
};

/* Begin the log behind the store, which no worker uses. A store that has no place in a log gets one, entry 1, that is made of what it
 * holds: so whoever begins once more after a failure begins the same. A store that has a place was in a log, which etcd has lost if it has none:
 * ERR_CONFIG, unless somebody says (@all_compared) that the store of every worker of the group is there and none has more; else it
 * takes an export and a restore, whose new epoch says what went back. Where the log is there, and has gone on, a store that has no place
 * has no part in it: ERR_CONFIG. On a refusal nothing is written. 0, ERR_CONFIG, ERR_CORRUPT,
 * ERR_BEHIND, ERR_VERSION, ERR_UNREACHABLE, ERR_MEMORY, the store's. */
int group_log_begin(const struct worker_settings *settings, bool all_compared,
                    struct group_log_begun *ret_begun, char reason[GROUP_LOG_REASON_MAX]);

/* The place of the store; number 0: it has none. A worker may be running. */
int group_log_place(struct store *store, struct store_entry *ret_place);
/* The newest stamp in the store, of an event or of an entry without any; 0: there is none. */
int group_log_newest_ms(struct store *store, int64_t *ret_newest_ms);
struct order_place group_log_behind(const struct store_entry *entry); /* the same as the log knows it */
/* The place that a store has from the start that has none: number 1, no bytes, a hash of the group's id and of what the store holds.
 * A log that is begun behind it is that of stores that hold the same, and of their copies; an empty one does not go on from it. */
int group_log_first_place(struct store *store, const uint8_t group[GROUP_ID_SIZE], struct store_entry *ret_place);

/* Drop the seat of a worker that is gone for good, as order_log_etcd_leave. 0, ERR_NAME, ERR_CONFIG, ERR_UNREACHABLE, ERR_MEMORY. */
int group_log_leave(const struct worker_settings *settings, const char *name, char reason[GROUP_LOG_REASON_MAX]);

#endif
