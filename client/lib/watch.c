#include "client/lib/watch.h"

#include <errno.h>
#include <zmq.h>

#include "core/error.h"

enum { ZAP_DENIED = 400 };

static enum watch_news down(struct watch *watch, int code)
{
    watch->is_up = false;
    watch->code = code;
    watch->is_hopeless = code == ERR_CLIENT_KEY || (code == ERR_SERVER_KEY && watch->has_given_up) ||
                         watch->hangups >= WATCH_HANGUPS_FINAL;
    return WATCH_DOWN;
}

static enum watch_news handshake_broken_off(struct watch *watch, uint32_t error)
{
    if (error == EAGAIN || error == ETIMEDOUT) {
        watch->hangups = 0;
        return down(watch, ERR_TIMEOUT);
    }
    if (error == ECONNRESET) {
        watch->hangups = 0;
        return down(watch, ERR_BUSY);
    }
    if (watch->hangups < WATCH_HANGUPS_FINAL)
        watch->hangups++;
    return down(watch, ERR_SERVER_KEY);
}

static enum watch_news handshake_refused(struct watch *watch, int code)
{
    watch->has_given_up = true;
    return down(watch, code);
}

enum watch_news watch_take(struct watch *watch, uint16_t event, uint32_t value)
{
    switch (event) {
    case ZMQ_EVENT_CONNECTED:
        watch->is_connected = true;
        return WATCH_NOTHING;
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
        watch->is_up = true;
        watch->is_hopeless = false;
        watch->hangups = 0;
        watch->code = 0;
        return WATCH_UP;
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
        return handshake_refused(watch, value == ZAP_DENIED ? ERR_CLIENT_KEY : ERR_BUSY);
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
        return handshake_refused(watch, ERR_SERVER_KEY);
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
        return handshake_broken_off(watch, value);
    case ZMQ_EVENT_DISCONNECTED:
        return watch->is_up ? down(watch, ERR_WORKER_LOST) : WATCH_NOTHING;
    case ZMQ_EVENT_CONNECT_RETRIED: {
        bool was_connected = watch->is_connected;
        watch->is_connected = false;
        if (was_connected)
            return WATCH_NOTHING;
        watch->hangups = 0;
        return down(watch, ERR_UNREACHABLE);
    }
    default:
        return WATCH_NOTHING;
    }
}

void watch_restart(struct watch *watch)
{
    watch->is_connected = false;
    watch->is_up = false;
    watch->has_given_up = false;
}
