/* What the files of a join share. */
#ifndef COMITY_WORKER_JOIN_INTERNAL_H
#define COMITY_WORKER_JOIN_INTERNAL_H

#include "worker/asker.h"
#include "worker/join.h"
#include "worker/join_part.h"
#include "worker/log/log_etcd.h"

_Static_assert((int) JOIN_REASON_MAX >= (int) EXPORT_REASON_MAX &&
                   (int) JOIN_REASON_MAX >= (int) LOG_REASON_MAX,
               "reasons");

/* How far it was said to be. */
struct joining_shown {
    const char *what; /* NULL: nothing was said */
    uint64_t done, total;
};

struct joining {
    const struct join_options *options;
    char *reason;
    int64_t patience_ms;
    struct order_log *log; /* holds the seat */
    struct asker *asker;
    struct joining_shown shown;
    bool is_settled;     /* somebody has answered, or whoever sits there was told that nobody has */
    struct arena *arena; /* of a question */
    uint64_t file_size;  /* of an export; 0: not known */
    struct join_part part;
};

__attribute__((format(printf, 3, 4))) int joining_fail(struct joining *joining, int code, const char *format,
                                                       ...);
void joining_pause(int64_t wait_ms);
/* Say how far it is, to whoever watches; @total 0: not known. */
void joining_show(struct joining *joining, const char *what, uint64_t done, uint64_t total);

/* Does the log go on from there? As order_log_etcd_look. */
int joining_find(struct joining *joining, const struct order_place *place, struct log_found *ret_found);
/* Take the seat of a worker that has applied as much, and wait until it is put. As order_log_etcd_new;
 * ERR_UNREACHABLE. */
int joining_seat(struct joining *joining, const struct order_place *place);
int joining_look(struct joining *joining); /* 0, or why it has no part any more */
void joining_stand_up(struct joining *joining);

int joining_read_place(struct joining *joining, const char *path, struct store_entry *ret_place);
/* Make the store. As restore_read. */
int joining_take(struct joining *joining, const char *path, const struct store_entry *place,
                 struct export_totals *ret_totals);

/* Over a broker: fetch the copy, and take it in. */
int joining_fetch(struct joining *joining, struct join_totals *totals);

#endif
