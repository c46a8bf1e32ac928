/* The inside of a replay. */
#ifndef COMITY_CORE_REPLAY_REPLAYING_H
#define COMITY_CORE_REPLAY_REPLAYING_H

#include "core/error.h"
#include "core/replay/replay.h"

/* Tell a fault of the event in hand, or of what stands behind the last one. The format is English, marked,
 * and looked up. Returns @code. */
int replay_wrong(struct replay *r, enum replay_check check, int code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
int replay_wrong_after(struct replay *r, enum replay_check check, int code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Does this end the run, or at least the checks? */
bool replay_stops(const struct replay *r, int code);

static inline struct bytes replay_bytes(ProtobufCBinaryData field)
{
    return BYTES(field.data, field.len);
}

/* replay_record.c: what the stream says, checked for itself. */
int replay_read(struct replay *r, const Comity__V1__ExportEvent *event, struct replay_event *in);

/* replay_command.c: what the machine says. */
int replay_decide(struct replay *r, struct replay_event *in);

/* replay_hidden.c: what can be said of an event whose command is withheld. */
int replay_take_hidden(struct replay *r, struct replay_event *in);
/* Is it counted from ballots of which one is withheld? */
bool replay_rests_on_hidden(const struct replay *r, const Comity__V1__Event *open);
/* Can it come of such a count, or of a ballot of such a round, without a command of its own? */
bool replay_comes_of_count(const Comity__V1__Event *open);
/* Is the difference between the record and what was decided one that withheld parts can make? */
bool replay_may_differ(const struct replay *r, const Comity__V1__Event *recorded,
                       const Comity__V1__Event *expected);

/* replay_texts.c: texts that are not in the stream, for a purge that comes later in it. */
int replay_texts_missing(struct replay *r, const struct replay_event *in);
int replay_texts_purged(struct replay *r, const Comity__V1__Event *open);

/* The log key that the event puts on record, or that was on record before; NULL: it names none. */
const uint8_t *replay_log_key(const struct replay *r, const Comity__V1__Event *open);

#endif
