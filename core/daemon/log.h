/* Structured logs of the daemons: one line an event on standard error, key=value, escaped.
 *
 *   2026-11-22T10:00:00.123Z level=info program=comity-broker event=listening side=front endpoint=tcp://...
 *
 * No personal data, no ballots, no secrets. Only main, loop and command edges log. Thread-safe: one write() a
 * line. A failed write is ignored: a full log must not stop a decision. */
#ifndef COMITY_CORE_DAEMON_LOG_H
#define COMITY_CORE_DAEMON_LOG_H

#include "core/bytes.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

void log_init(const char *program, enum log_level least);
void log_set_level(enum log_level least);

/* @format gives the rest of the line, as printf does: `log_event(LOG_INFO, "ready", "group=%s term=%" PRIu64, ...)`.
 * Values from outside go through log_value first. */
void log_event(enum log_level level, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Escape and quote one value into @buffer: control characters, quotes, spaces. Returns @buffer. */
const char *log_value(const char *text, char *buffer, size_t size);

#endif
