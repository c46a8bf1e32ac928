/* The machine: what a command does to a history. decide judges and changes nothing; apply changes and judges
 * nothing. Neither reads a clock, a random number, a file or a text.
 *
 * For each command of a batch the caller does, in this order:
 *   while machine_due() gives events: number them, apply them, keep them
 *   machine_decide(): events or a refusal; number them, apply them, keep them
 * and machine_due() once more at the end of the batch. A closing "when all have answered" is a deadline that is
 * due at once, so it comes out of machine_due right after the ballot. */
#ifndef COMITY_CORE_MACHINE_MACHINE_H
#define COMITY_CORE_MACHINE_MACHINE_H

#include "comity/v1/event.pb-c.h"
#include "core/command.h"
#include "core/event.h"
#include "core/machine/view.h"

/* That one command or one deadline can cause: what it is itself, 16 stages entered and ended, and a decision that takes
 * effect at once. */
enum { EVENTS_MAX = 36 };

/* An event to be, or one that was. */
struct machine_event {
    Comity__V1__Event *open;
    const Comity__V1__Command *command;   /* the command that caused it: on its first event alone; else NULL */
    uint64_t sequence;                    /* given by the caller before apply */
    int64_t time_ms;
    uint8_t audience;                     /* of the command part and the texts; the open part is for all */
    uint32_t round;                       /* with AUDIENCE_VOTER_UNTIL_CLOSE; with AUDIENCE_BODY the body */
};

struct machine_events {
    struct machine_event list[EVENTS_MAX];
    size_t count;
};

/* What the caller knows and the machine may not find out by itself. */
struct machine_context {
    int64_t time_ms;                  /* stamped by the log; never goes back */
    uint64_t next_sequence;           /* that the first event will get */
    const uint8_t *log_key;           /* signs this worker's checkpoints */
    uint32_t level;                   /* format level by which it is decided, 1 to FORMAT_LEVEL */
    /* Of a replay from which ballots are withheld (core/replay). A worker leaves them empty. */
    bool lacks_answers;               /* of the command: how it answers is not judged */
    Comity__V1__Outcome *counted;     /* what a round that closes or is extended comes to; NULL: it is counted */
};

/* Judge one command whose form and signatures were checked. All events live in the arena.
 * Returns 0 with at least one event, or the code in *refusal; ERR_MEMORY and backend errors are no refusals:
 * error_execution and docs/storage.md say what the worker does then. */
int machine_decide(const struct view *view, const struct command *command,
                   const struct machine_context *context, struct arena *arena,
                   struct machine_events *ret_events, struct refusal *refusal);

/* Events of the earliest deadline that is due by the context's time; none: ret_events->count is 0. */
int machine_due(const struct view *view, const struct machine_context *context, struct arena *arena,
                struct machine_events *ret_events);

/* When the next deadline is due; 0: none. */
int machine_next_deadline(const struct view *view, int64_t *ret_due_ms);

/* The event that a restore puts on record. */
int machine_open_epoch(const struct view *view, const struct machine_context *context, struct arena *arena,
                       struct machine_events *ret_events);

/* Change the view as the event says. A failure is the backend's, ERR_MEMORY, or ERR_INTERNAL for an event that does
 * not fit the state, which never comes from machine_decide. The event may come from a record that somebody else
 * made. A BallotCast needs its command: the answer is in nothing else. */
int machine_apply(const struct view *view, const struct machine_event *event, struct arena *arena);

/* Who may give a command: one right a row. docs/trust.md has the same table; a test compares. */
enum right {
    MAY_FOUNDERS,        /* all founders of the text, together; whether anybody may found: the operator's setting */
    MAY_EACH_PARTY,      /* signer and cosigners include a co-chair of every PARTY */
    MAY_OWN_CO_CHAIR,    /* a co-chair of the constituency concerned */
    MAY_SELF_OR_CO_CHAIR,/* the member concerned, or a co-chair of the same constituency */
    MAY_INVITED,         /* a new key, cosigned by an open invitation's */
    MAY_FACILITATOR,     /* office FACILITATOR; where the session concerned names facilitators, those */
    MAY_BODY,            /* a holder of a seat of the body concerned, or who stands in for one */
    MAY_BODY_OR_FACILITATOR, /* a holder of a seat of the body concerned, or office FACILITATOR */
    MAY_BODY_OR_OFFICE,  /* a holder of a seat of the body concerned, or any office */
    MAY_ON_ROLL,         /* a member of the round's roll */
    MAY_RECORDER_COUNTERSIGNED, /* office RECORDER, cosigned by one member of another constituency */
    /* Sessions. */
    MAY_ANY_FACILITATOR, /* office FACILITATOR, whomever the session names */
    MAY_KEEP_RECORD,     /* office RECORDER or FACILITATOR; where the session names some, those */
    MAY_CALL_CAUCUS,     /* a co-chair, or a holder of a seat of the body, of a PARTY */
    MAY_IN_SIDEBAR,      /* one of the sidebar's persons */
    /* Problem solving. */
    MAY_PARTY_CO_CHAIR,  /* a co-chair of any PARTY */
    MAY_AUTHOR,          /* the member who made the thing concerned */
    MAY_AUTHOR_OR_FACILITATOR, /* the same, or office FACILITATOR */
    MAY_ASKED,           /* of the constituency that is asked: a co-chair, or a holder of a seat of the body */
    /* Decisions and minutes. */
    MAY_BODY_OR_RECORD,  /* a holder of a seat of the body concerned, or office FACILITATOR or RECORDER */
    MAY_OWNER_OR_RECORD, /* an owner of the action, or office FACILITATOR or RECORDER */
    MAY_REOPEN,          /* whom the decision's terms name; without terms a co-chair of a PARTY */
    MAY_MANDATED,        /* the member who holds the mandate, or a holder of a seat of the body that does */
    /* Rules and stages. */
    MAY_RECORD_COUNTERSIGNED, /* office FACILITATOR or RECORDER, cosigned by one member of another constituency */
    MAY_ASKED_AT_STAGE,  /* one of those whom the stage asks: they held the office when it was entered */
    /* Keys and witnesses. */
    MAY_MEMBER_NEW_KEY,  /* any member, cosigned by the new key */
    MAY_CO_CHAIR_NEW_KEY,/* a co-chair of the constituency concerned, cosigned by its new recovery key */
    MAY_RECOVERY_KEY,    /* the recovery key of the constituency concerned, cosigned by the new key */
};

struct command_row {
    Comity__V1__Command__BodyCase body;
    const char *name;          /* "cast_ballot", as in the contract */
    enum right right;
    const char *summary;       /* one sentence, for help and docs */
};

/* Is it still meant after a restore that came after it was signed? What ends something, or is of the moment, is not. */
bool command_is_carried_over(const Comity__V1__Command *body);
const struct command_row *command_row_at(unsigned index);    /* NULL past the end */
const char *right_name(enum right right);                    /* "co-chair of the constituency" */
const char *event_name(const Comity__V1__Event *event);      /* "ballot_cast"; NULL for none */

#endif
