/* The inside of a replay. */
#ifndef COMITY_CORE_REPLAY_REPLAYING_H
#define COMITY_CORE_REPLAY_REPLAYING_H

#include "core/error.h"
#include "core/machine/state.h"
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

/* replay_hidden.c: what can be said of an event whose command is withheld, and of what rests on it. */
/* Put another command in its place. 0, or the first fault, which was told. */
int replay_take_hidden(struct replay *r, struct replay_event *in);
/* What the record says that it was counted from ballots of which one is withheld; NULL: of none. */
const Comity__V1__Outcome *replay_counted(const struct replay *r, const Comity__V1__Event *open);
/* Does that fit, as far as it does not rest on how somebody answered? */
bool replay_count_fits(struct replay *r, const Comity__V1__Event *open);
/* The round with a withheld ballot about whose blocks the stage is that begins or ends by it; 0: none. */
uint32_t replay_hidden_stage(struct replay *r, const Comity__V1__Event *open);
/* Is the difference between the record and what was decided one that withheld parts can make? */
bool replay_may_differ(struct replay *r, const Comity__V1__Event *recorded, const Comity__V1__Event *expected);
/* Can it come next, of the ladder that a difference of that sort has led up? */
bool replay_climbs_on(struct replay *r, const Comity__V1__Event *open);
/* A row by its number, in the arena; NULL: there is none. */
ProtobufCMessage *replay_row(struct replay *r, enum table table, uint32_t number);
/* A key of the member that is valid; empty: there is none. */
ProtobufCBinaryData replay_key_of(struct replay *r, uint32_t member);

/* replay_stand_in.c: r->command in place of one that is withheld. @round: of a ballot; else NULL. 0; the code of a
 * form that no command can have, ERR_TEXT; ERR_MEMORY. */
int replay_stand_in(struct replay *r, const struct replay_event *in, const Comity__V1__Round *round);

/* replay_texts.c: texts that are not in the stream, for a purge that comes later in it. */
int replay_texts_missing(struct replay *r, const struct replay_event *in);
int replay_texts_purged(struct replay *r, const Comity__V1__Event *open);

/* The log key that the event puts on record, or that was on record before; NULL: it names none. */
const uint8_t *replay_log_key(const struct replay *r, const Comity__V1__Event *open);

#endif
