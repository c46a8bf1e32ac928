#include "broker/loop_inside.h"

#include <inttypes.h>
#include <linux/tcp.h>
#include <malloc.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "broker/defence.h"

enum {
    LOOK_MS = 100,         /* at the connections, where memory grew */
    LOOK_ANYHOW_MS = 2000, /* and where it did not */
    LOOK_GROWTH_BYTES = 4 * 1024 * 1024,
    TRIMS = 3,     /* looks after a cut: libzmq frees what it held in its own time */
    LEARN_MS = 20, /* at most so often all are asked what they have acknowledged, outside of looks */
};

void loop_cut(struct loop *loop, int fd, const char *why)
{
    /* A reset, which shutdown() would not be: the peer tells it from the silent end of a handshake with
     * another key, and nothing is waited for. */
    const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    if (!watch_is_open(&loop->watch, fd) || connect(fd, &nobody, sizeof(nobody)) != 0)
        return;
    watch_cut(&loop->watch, fd);
    loop->cut_connections++;
    loop->trims = TRIMS;
    if (quiet_log_is_due(&loop->cut_log, loop->now_ms))
        log_event(LOG_WARNING, "connection_cut", "side=%s reason=%s so_far=%" PRIu64,
                  side_name(loop->watch.places[fd].side), why, loop->cut_log.count);
}

static bool tcp_tell(int fd, struct tcp_info *ret_info)
{
    socklen_t size = sizeof(*ret_info);
    memset(ret_info, 0, sizeof(*ret_info));
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, ret_info, &size) == 0;
}

/* Room. */

/* Until what all of them have together is within its bounds. A cut that fails is not tried again. */
static void cut_some(struct loop *loop, int (*choose)(const struct watch *watch), const char *why)
{
    int fd;
    while ((fd = choose(&loop->watch)) >= 0) {
        loop_cut(loop, fd, why);
        watch_cut(&loop->watch, fd);
    }
}

static void learn(struct loop *loop, int fd)
{
    struct tcp_info info;
    if (watch_is_open(&loop->watch, fd) && tcp_tell(fd, &info))
        watch_acknowledged(&loop->watch, fd, info.tcpi_bytes_acked);
}

bool loop_has_room(struct loop *loop, uint64_t connection)
{
    int fd = watch_descriptor(&loop->watch, connection);
    if (fd < 0 || watch_has_room(&loop->watch, fd))
        return true;
    learn(loop, fd);
    if (watch_has_room(&loop->watch, fd))
        return true;
    if (loop->now_ms >= loop->learn_ms) {
        loop->learn_ms = loop->now_ms + LEARN_MS;
        for (size_t other = 0; other < loop->watch.used; other++)
            learn(loop, (int) other);
        cut_some(loop, watch_largest_held, "too_much_not_taken");
    }
    return watch_has_room(&loop->watch, fd);
}

/* Looks. */

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

/* Whether it is time to ask TCP, which costs a system call a connection. */
static bool is_worth_a_look(struct loop *loop)
{
    size_t memory = memory_now(loop);
    if (memory < loop->look_memory + LOOK_GROWTH_BYTES && loop->now_ms < loop->look_anyhow_ms) {
        if (memory < loop->look_memory)
            loop->look_memory = memory;
        return false;
    }
    loop->look_memory = memory;
    loop->look_anyhow_ms = loop->now_ms + LOOK_ANYHOW_MS;
    return true;
}

static void cut_silent(struct loop *loop)
{
    if (!DEFENCE(silence))
        return;
    for (size_t fd = 0; fd < loop->watch.used; fd++) {
        if (watch_is_silent(&loop->watch, (int) fd, loop->now_ms))
            loop_cut(loop, (int) fd, "silent");
    }
}

static void look_at_bytes(struct loop *loop)
{
    for (size_t fd = 0; fd < loop->watch.used; fd++) {
        struct tcp_info info;
        if (!watch_is_open(&loop->watch, (int) fd) || !tcp_tell((int) fd, &info))
            continue;
        bool is_read_out = loop->is_read_out[loop->watch.places[fd].side];
        const char *why =
            watch_look(&loop->watch, (int) fd, info.tcpi_bytes_received, is_read_out, loop->now_ms);
        watch_acknowledged(&loop->watch, (int) fd, info.tcpi_bytes_acked);
        if (why)
            loop_cut(loop, (int) fd, why);
    }
}

void loop_look(struct loop *loop)
{
    loop->look_ms = loop->now_ms + LOOK_MS;
    cut_silent(loop);
    if (is_worth_a_look(loop)) {
        look_at_bytes(loop);
        if (DEFENCE(unfinished_budget))
            cut_some(loop, watch_longest_unfinished, "too_much_unfinished");
    }
    if (loop->trims > 0) {
        loop->trims--;
        malloc_trim(0);
    }
}
