#include "broker/loop_inside.h"

#include <inttypes.h>
#include <sys/socket.h>

#include "broker/defence.h"

enum {
    QUIET_LOG_MS = 1000, /* what others can cause at will is logged no more often than this */
    BACK_CONNECTIONS_MAX = 2 * ADMISSION_WORKERS_MAX,
    FRESH_MS = 5000, /* by then whoever means to talk has shaken hands and sent a first heartbeat */
    FLOOD_COST = 64, /* connections of its address that one counts for which had to be cut for what it sent */
    ADDRESS_HANDSHAKES_MAX = HANDSHAKES_MAX / 8, /* from one address, beyond its share */
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

/* Nobody is to hold all descriptors by never shaking hands, nor one address more than its share of them.
 * Where there are too many connections, the one goes that has been there longest without a message: whoever
 * does shake hands is faster than that. */
static void make_room(struct loop *loop, enum side side, int fd, const struct address *address)
{
    const struct admission *admission = &loop->settings->admission;
    const size_t most =
        side == SIDE_FRONT ? (size_t) admission->connection_limit + HANDSHAKES_MAX : BACK_CONNECTIONS_MAX;
    if (!DEFENCE(connection_cut))
        return;
    if (side == SIDE_FRONT &&
        admission_is_crowded(admission, watch_count_from(&loop->watch, address), ADDRESS_HANDSHAKES_MAX))
        loop_cut(loop, fd, "too_many_from_one_address");
    const size_t count = loop->watch.counts[side] - loop->watch.leaving[side];
    int oldest = watch_oldest_fresh(&loop->watch, side);
    if (loop->watch.counts[side] > most)
        loop_cut(loop, oldest >= 0 ? oldest : fd, "too_many_connections");
    else if (side == SIDE_FRONT && count > admission->connection_limit && oldest >= 0 && DEFENCE(fresh) &&
             loop->now_ms - loop->watch.places[oldest].heard_ms >= FRESH_MS)
        loop_cut(loop, oldest, "place_taken_in_silence");
}

/* Arrivals. Before it has shaken hands a connection costs what the handshake does, and anybody can ask for it. */

const struct address *loop_counted(const struct address *address)
{
    bool is_free = address_is_nowhere(address) || (address_is_loopback(address) && DEFENCE(loopback_is_free));
    return is_free ? NULL : address;
}

static bool comes_too_soon(struct loop *loop, const struct address *address)
{
    uint8_t key[KEY_SIZE];
    if (!loop_counted(address) || !DEFENCE(arrival_rate))
        return false;
    address_as_key(address, key);
    if (rates_wait_ms(loop->arrivals, 0, key, loop->now_ms) > 0)
        return true;
    rates_spend(loop->arrivals, 0, key, 1, loop->now_ms);
    return false;
}

void loop_charge(struct loop *loop, const struct address *address)
{
    uint8_t key[KEY_SIZE];
    if (!loop_counted(address) || !DEFENCE(flood_charge))
        return;
    address_as_key(address, key);
    rates_spend(loop->arrivals, 0, key, FLOOD_COST, loop->now_ms);
}

/* With a connection goes its client: else whoever comes and goes fills the table of clients. */
static void forget_closed(struct loop *loop, uint64_t connection)
{
    if (watch_descriptor(&loop->watch, connection) < 0 && DEFENCE(client_closed))
        router_connection_closed(loop->router, connection);
}

static void take_opened(struct loop *loop, enum side side, int fd)
{
    struct sockaddr_storage from = {0};
    socklen_t size = sizeof(from);
    struct address address = {0};
    if (getpeername(fd, (struct sockaddr *) &from, &size) == 0)
        address = address_of_socket((const struct sockaddr *) &from);
    const uint64_t before = watch_connection(&loop->watch, fd);
    watch_opened(&loop->watch, side, fd, &address, loop->now_ms);
    forget_closed(loop, before);
    if (side == SIDE_FRONT && comes_too_soon(loop, &address)) {
        loop->hasty_connections++;
        if (DEFENCE(sieve))
            sieve_add(&loop->sieve, &address, loop->now_ms);
        loop_cut(loop, fd, "too_fast_from_one_address");
        return;
    }
    make_room(loop, side, fd, &address);
}

static void take_closed(struct loop *loop, enum side side, int fd)
{
    const uint64_t connection = watch_connection(&loop->watch, fd);
    watch_closed(&loop->watch, side, fd);
    forget_closed(loop, connection);
    if (side != SIDE_BACK)
        return;
    loop->disconnect_ms = loop->now_ms;
    loop->probe = 0;
    loop->probe_ms = loop->now_ms;
}

static void take_monitors(struct loop *loop)
{
    enum monitor_event event;
    int fd;
    for (enum side side = SIDE_FRONT; side <= SIDE_BACK; side++) {
        while (loop->monitors[side] && monitor_take(loop->monitors[side], &event, &fd)) {
            if (event == MONITOR_OPENED)
                take_opened(loop, side, fd);
            else if (event == MONITOR_CLOSED)
                take_closed(loop, side, fd);
            else if (side == SIDE_FRONT)
                sieve_listen(&loop->sieve, fd);
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
        bool is_full = report->crowd.all > loop->settings->admission.connection_limit;
        log_event(LOG_WARNING, "connection_refused", "side=%s reason=%s so_far=%" PRIu64,
                  side_name(report->side), is_full ? "too_many_connections" : "too_many_from_one_address",
                  loop->denied_log.count);
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
    loop_take_time(loop, loop->now_ms);
    take_monitors(loop);
    while (loop->zap && zap_answer(loop->zap, &loop->settings->admission, &loop->watch, &report)) {
        if (report.verdict != VERDICT_ADMIT)
            log_denied(loop, &report);
        take_monitors(loop);
    }
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
