/* What a socket's monitor tells of a connection attempt, told apart. Pure.
 *
 * Seen with libzmq 4.3.4 on a DEALER that connects with CURVE, by what stands at the other end:
 *
 *   nobody listens        CONNECT_DELAYED, CLOSED, CONNECT_RETRIED, and so on
 *   the server has        CONNECTED, HANDSHAKE_FAILED_NO_DETAIL(EPIPE), DISCONNECTED, CONNECT_RETRIED, and so
 *   another key           on: the server cannot open our hello and hangs up without a word
 *   a broker resets us,   the same with ECONNRESET
 *   one too many, or dies
 *   ZAP refuses our key   CONNECTED, HANDSHAKE_FAILED_AUTH(400), DISCONNECTED; libzmq does not try again
 *   a broker is full      the same with 500
 *   a server without      CONNECTED, HANDSHAKE_FAILED_PROTOCOL, DISCONNECTED; libzmq does not try again
 *   CURVE
 *   a listener that       CONNECTED, HANDSHAKE_FAILED_NO_DETAIL(EAGAIN) once ZMQ_HANDSHAKE_IVL has passed
 *   says nothing
 *   the right server      CONNECTED, HANDSHAKE_SUCCEEDED
 *
 * A broker that is stopped in the middle of a handshake may hang up as well: only several in a row are taken
 * for another key for good. None of it is authenticated: it explains, and decides nothing but whether to go
 * on trying. */
#ifndef COMITY_CLIENT_LIB_WATCH_H
#define COMITY_CLIENT_LIB_WATCH_H

#include "core/bytes.h"

enum { WATCH_HANGUPS_FINAL = 3 };

enum watch_news { WATCH_NOTHING, WATCH_UP, WATCH_DOWN };

/* Of one socket; zeroed at first. */
struct watch {
    bool is_connected; /* TCP */
    bool is_up;        /* the handshake succeeded */
    bool has_given_up; /* libzmq does not try again: it takes a new socket */
    bool is_hopeless;  /* more attempts will not help: the server refuses our key, is no CURVE server, or
                          keeps hanging up */
    unsigned hangups;  /* handshakes in a row that the server broke off */
    int code;          /* why it is not up: UNREACHABLE, SERVER_KEY, CLIENT_KEY, TIMEOUT, WORKER_LOST, BUSY */
};

/* Take one monitor event: its number and value as ZeroMQ gives them. */
enum watch_news watch_take(struct watch *watch, uint16_t event, uint32_t value);

/* A new socket follows: keep what was learned, begin a new attempt. */
void watch_restart(struct watch *watch);

#endif
