#include "broker/loop_inside.h"

#include <inttypes.h>
#include <linux/tcp.h>
#include <malloc.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    LOOK_MS = 100,         /* at the connections, where memory grew */
    LOOK_ANYHOW_MS = 2000, /* and where it did not */
    LOOK_GROWTH_BYTES = 4 * 1024 * 1024,
    QUIET_LOG_MS = 1000, /* what others can cause at will is logged no more often than this */
};

/* After a connection of the back was closed, which worker it was is found out by probing, at these times. */
static const int64_t PROBE_AFTER_MS[] = {0, 20, 100, 500};

bool quiet_log_is_due(struct quiet_log *quiet, int64_t now_ms)
{
    quiet->count++;
    if (now_ms < quiet->next_ms)
        return false;
    quiet->next_ms = now_ms + QUIET_LOG_MS;
    return true;
}

/* Those that are being opened count too, so that nobody can hold all descriptors by never shaking hands. */
static void take_opened(struct loop *loop, enum side side, int fd)
{
    watch_opened(&loop->watch, side, fd);
    if (side == SIDE_FRONT &&
        loop->watch.counts[SIDE_FRONT] > loop->settings->admission.connection_limit + HANDSHAKES_MAX)
        loop_cut(loop, fd, "too_many_connections");
}

static void take_closed(struct loop *loop, enum side side, int fd)
{
    watch_closed(&loop->watch, fd);
    if (side != SIDE_BACK)
        return;
    loop->disconnect_ms = loop->now_ms;
    loop->probe = 0;
    loop->probe_ms = loop->now_ms;
}

static void take_monitors(struct loop *loop)
{
    bool is_opened;
    int fd;
    for (int side = SIDE_FRONT; side <= SIDE_BACK; side++) {
        while (loop->monitors[side] && monitor_take(loop->monitors[side], &is_opened, &fd)) {
            if (is_opened)
                take_opened(loop, (enum side) side, fd);
            else
                take_closed(loop, (enum side) side, fd);
        }
    }
}

static void log_denied(struct loop *loop, const struct zap_report *report)
{
    if (loop->is_testing)
        return;
    loop->denied_keys++;
    if (!quiet_log_is_due(&loop->denied_log, loop->now_ms))
        return;
    if (report->verdict == VERDICT_LATER) {
        log_event(LOG_WARNING, "connection_refused", "side=%s reason=too_many_connections so_far=%" PRIu64,
                  side_name(report->side), loop->denied_log.count);
        return;
    }
    /* A stranger at the workers' door is the operator's business; who a client is, is nobody's. */
    char key[2 * KEY_SIZE + 1] = "none";
    char address[sizeof(report->address) + 16];
    if (report->has_key)
        hex_encode(BYTES(report->key, KEY_SIZE), key);
    log_event(LOG_WARNING, "key_refused", "side=%s key=%s address=%s so_far=%" PRIu64,
              side_name(report->side), key, log_value(report->address, address, sizeof(address)),
              loop->denied_log.count);
}

void loop_serve_zap(void *argument)
{
    struct loop *loop = argument;
    struct zap_report report;
    loop->now_ms = loop_clock_ms(CLOCK_MONOTONIC);
    take_monitors(loop);
    while (loop->zap &&
           zap_answer(loop->zap, &loop->settings->admission, loop->watch.counts[SIDE_FRONT], &report)) {
        if (report.verdict != VERDICT_ADMIT)
            log_denied(loop, &report);
        take_monitors(loop);
    }
}

void loop_cut(struct loop *loop, int fd, const char *why)
{
    /* A reset, which shutdown() would not be: the peer tells it from the silent end of a handshake with
     * another key, and nothing is waited for. */
    const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    if (!watch_is_open(&loop->watch, fd) || connect(fd, &nobody, sizeof(nobody)) != 0)
        return;
    loop->cut_connections++;
    if (quiet_log_is_due(&loop->cut_log, loop->now_ms))
        log_event(LOG_WARNING, "connection_cut", "side=%s reason=%s so_far=%" PRIu64,
                  side_name(loop->watch.places[fd].side), why, loop->cut_log.count);
}

void loop_cut_removed(struct loop *loop)
{
    for (size_t fd = 0; fd < loop->watch.used; fd++) {
        const struct watch_place *place = &loop->watch.places[fd];
        if (place->is_open && place->side == SIDE_BACK && place->has_key &&
            !admission_worker(&loop->settings->admission, place->key))
            loop_cut(loop, (int) fd, "key_not_configured");
    }
}

void loop_probe(struct loop *loop)
{
    router_probe(loop->router, &loop->actions);
    loop_act(loop);
    loop->probe++;
    loop->probe_ms = loop->probe < ARRAY_COUNT(PROBE_AFTER_MS)
                         ? loop->disconnect_ms + PROBE_AFTER_MS[loop->probe]
                         : INT64_MAX;
}

/* Resident memory in bytes; 0 where the system does not say. */
static size_t memory_now(const struct loop *loop)
{
    char text[128];
    unsigned long whole, resident;
    ssize_t size = pread(loop->statm_fd, text, sizeof(text) - 1, 0);
    if (size <= 0)
        return 0;
    text[size] = '\0';
    return sscanf(text, "%lu %lu", &whole, &resident) == 2 ? resident * (size_t) sysconf(_SC_PAGESIZE) : 0;
}

void loop_look(struct loop *loop)
{
    size_t memory = memory_now(loop);
    loop->look_ms = loop->now_ms + LOOK_MS;
    if (memory < loop->look_memory + LOOK_GROWTH_BYTES && loop->now_ms < loop->look_anyhow_ms) {
        if (memory < loop->look_memory)
            loop->look_memory = memory;
        return;
    }
    loop->look_memory = memory;
    loop->look_anyhow_ms = loop->now_ms + LOOK_ANYHOW_MS;
    bool has_cut = false;
    for (size_t fd = 0; fd < loop->watch.used; fd++) {
        struct tcp_info info = {0};
        socklen_t size = sizeof(info);
        if (!watch_is_open(&loop->watch, (int) fd) ||
            getsockopt((int) fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
            continue;
        bool is_read_out = loop->is_read_out[loop->watch.places[fd].side];
        if (watch_look(&loop->watch, (int) fd, info.tcpi_bytes_received, is_read_out)) {
            loop_cut(loop, (int) fd, "bytes_without_end");
            has_cut = true;
        }
    }
    if (has_cut)
        malloc_trim(0);
}
