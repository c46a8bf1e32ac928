/* What the worker's own log tells of etcd: each thing once, when it has changed. docs/operations.md, "Events of several sites". */
#ifndef COMITY_WORKER_LOG_TOLD_H
#define COMITY_WORKER_LOG_TOLD_H

#include "worker/log/log_etcd.h"

enum log_room { ROOM_ENOUGH, ROOM_FILLING, ROOM_FULL, ROOM_NONE };

/* What was told last. Embedded; one thread's. */
struct log_told {
    int64_t since_ms; /* of the steady clock: nothing was to be heard before */
    bool is_silent;
    enum log_room room;
    uint64_t rooms, forgotten;
    int64_t begun_ms;
    bool waits; /* it was told that this worker is not introduced */
    char unread_seat[LOG_NAME_MAX + 1];
    char unreached[LOG_MEMBERS_TEXT], unnamed[LOG_MEMBERS_TEXT], strays[LOG_MEMBERS_TEXT];
    char not_forgotten[LOG_MEMBERS_TEXT];
};

void log_told_init(struct log_told *told, int64_t now_ms);
/* @silent_ms: for how long etcd may say nothing. @quota_bytes: as the status counts. */
void log_told_look(struct log_told *told, const struct order_log_etcd_status *status, uint64_t quota_bytes, int64_t silent_ms,
                   int64_t now_ms);

#endif
