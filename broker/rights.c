#include "broker/rights.h"

#include "core/daemon/log.h"

enum { GROUPS_A_LINE = 32, GROUP_DIGITS = 2 * GROUP_ID_SIZE };

/* Groups from @first on, with commas between them. Returns the first that is not there. */
static size_t write_groups(const struct admission_worker *worker, size_t first,
                           char text[GROUPS_A_LINE * (GROUP_DIGITS + 1) + 1])
{
    size_t end = first;
    char *at = text;
    while (end < worker->group_count && end - first < GROUPS_A_LINE) {
        if (end > first)
            *at++ = ',';
        hex_encode(BYTES(worker->groups[end++], GROUP_ID_SIZE), at);
        at += GROUP_DIGITS;
    }
    return end;
}

static void log_worker(const struct admission_worker *worker)
{
    char key[2 * KEY_SIZE + 1];
    char groups[GROUPS_A_LINE * (GROUP_DIGITS + 1) + 1] = "any";
    size_t next = 0;
    hex_encode(BYTES(worker->key, KEY_SIZE), key);
    do {
        next = write_groups(worker, next, groups);
        log_event(LOG_INFO, "may_connect", "side=back worker=%s key=%s groups=%s", worker->name, key, groups);
    } while (next < worker->group_count);
}

void rights_log(const struct admission *admission)
{
    log_event(LOG_INFO, "may_connect", "side=front key=any");
    for (size_t i = 0; i < admission->worker_count; i++)
        log_worker(&admission->workers[i]);
    if (admission->worker_count == 0)
        log_event(LOG_WARNING, "may_connect", "side=back key=none remedy=\"add a section [worker NAME]\"");
    for (size_t i = 0; i < admission->operator_count; i++) {
        char key[2 * KEY_SIZE + 1];
        hex_encode(BYTES(admission->operators[i], KEY_SIZE), key);
        log_event(LOG_INFO, "may_ask_status", "side=front key=%s", key);
    }
    if (admission->operator_count == 0)
        log_event(LOG_INFO, "may_ask_status", "side=front key=none");
}
