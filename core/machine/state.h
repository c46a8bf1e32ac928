/* The tables of a history's state: one row of TABLES a kind, rows as packed messages of model.proto.
 *
 * A key is the table's byte, then big-endian numbers or a name: so that ranges come in order. */
#ifndef COMITY_CORE_MACHINE_STATE_H
#define COMITY_CORE_MACHINE_STATE_H

#include "comity/v1/charter.pb-c.h"
#include "comity/v1/decision.pb-c.h"
#include "comity/v1/model.pb-c.h"
#include "comity/v1/query.pb-c.h"
#include "comity/v1/stage.pb-c.h"
#include "comity/v1/trust.pb-c.h"
#include "core/arena.h"
#include "core/machine/view.h"

enum table {
    TABLE_PARTNERSHIP = 1,   /* -                    Partnership */
    TABLE_COUNTER = 2,       /* table byte           u32: last number given */
    TABLE_CONSTITUENCY = 3,  /* number               Constituency */
    TABLE_SITE = 4,          /* number               Site */
    TABLE_MEMBER = 5,        /* number               Member */
    TABLE_KEY = 6,           /* 32 bytes             Key */
    TABLE_INVITATION = 7,    /* 32 bytes             Invitation */
    TABLE_BODY = 8,          /* number               Body */
    TABLE_SEAT = 9,          /* body, number         Seat */
    TABLE_HOLDER = 10,       /* body, member         u32: number of the seat that the member holds */
    TABLE_RULE = 11,         /* number               RuleVersion */
    TABLE_SESSION = 12,      /* number               Session */
    TABLE_PRESENCE = 13,     /* session, member      Presence */
    TABLE_ITEM = 14,         /* number               Item */
    TABLE_PROPOSAL = 15,     /* number               Proposal */
    TABLE_ROUND = 16,        /* number               Round (answered is kept in TABLE_ANSWERED) */
    TABLE_ROLL = 17,         /* round, member        RollEntry */
    TABLE_BALLOT = 18,       /* round, member        Ballot */
    TABLE_ANSWERED = 19,     /* round                u32: members who have cast a ballot */
    TABLE_DECISION = 20,     /* number               Decision */
    TABLE_NAME = 21,         /* table byte, name     u32: number of the thing of that name (rules: latest version) */
    TABLE_DEADLINE = 22,     /* due ms u64, kind u8, number, second number   empty */
    TABLE_OPEN_ROUNDS = 23,  /* session              u32: rounds open in it */
    TABLE_DISPUTED = 24,     /* round, member        Ballot: entered, set aside by its voter */
    /* Charter and bodies. */
    TABLE_CHARTER = 30,      /* number               CharterVersion: the last is in force */
    TABLE_RECUSAL = 31,      /* proposal, member     Recusal */
    TABLE_ALTERNATES = 32,   /* body, seat           AlternatesList */
    TABLE_STAND_IN = 33,     /* session, seat        StandIn */
    TABLE_STANDS = 34,       /* session, member      u32: number of the seat that was handed over to the member */
    /* Sessions. */
    TABLE_AGENDA = 40,         /* session            u32: items on it */
    TABLE_SESSION_ROUND = 41,  /* session, round     u32: 1, while the round is open */
    TABLE_HAND = 42,           /* session, member    Hand */
    TABLE_TIME_BOX = 43,       /* session, item      TimeBox */
    TABLE_SIDEBAR = 44,        /* number             Sidebar */
    TABLE_PLUS_DELTA = 45,     /* number             PlusDelta */
    /* Problem solving. */
    TABLE_OPEN_OF_ITEM = 55,   /* item, round          u32: 1 while the round, on a proposal of the item, is open */
    TABLE_CONTRIBUTION = 56,   /* number               Contribution */
    TABLE_PROPOSAL_LINKS = 57, /* proposal             ProposalLinks */
    TABLE_CONCERN = 58,        /* number               Concern */
    TABLE_DATA_REQUEST = 59,   /* number               DataRequest */
    TABLE_FACT = 60,           /* number               Fact */
    TABLE_STRAW_POLL = 61,     /* number               StrawPoll */
    TABLE_STRAW_ANSWER = 62,   /* poll, member         StrawAnswer */
    /* Decisions and minutes. */
    TABLE_ACTION = 70,       /* number               Action */
    TABLE_MINUTES = 71,      /* session              Minutes */
    TABLE_MINUTES_OPEN = 72, /* body, session        u32: the session; minutes that silence will approve */
    TABLE_MANDATE = 73,      /* number               Mandate */
    TABLE_ERASABLE = 74,     /* session, 32 bytes    u32: a text of it, by its hash, that may be purged; its item, 0: none */
    TABLE_RETENTION = 75,    /* session              Retention */
    TABLE_HOLD = 76,         /* number               Hold */
    TABLE_HOLDS = 77,        /* session              u32: holds that stand on its texts */
    TABLE_TEXT = 78,         /* 32 bytes             u32: how often commands brought the text of this hash, and decisions took it */
    /* Rules and stages. */
    TABLE_ROLL_LIST = 90,    /* number, constituency RollList */
    TABLE_STAGE = 91,        /* number               StageRun */
    TABLE_ACKNOWLEDGED = 92, /* round, member        u64: sequence of the event */
    TABLE_STAGE_OF_ITEM = 93,/* item, stage          u32: 1 while the stage, of a proposal on the item, is open */
    TABLE_ROUND_OF_PROPOSAL = 94, /* proposal, round u32: 1 */
    /* Keys and witnesses. */
    TABLE_WITNESS = 100,     /* number               Witness */
    TABLE_WITNESS_KEY = 101, /* constituency, 32 bytes  u32: number of its witness whose key it is */
    TABLE_RECOVERY_KEY = 102,/* 32 bytes             u32: number of the constituency whose recovery key it is, or was */
    TABLE_BARRED_KEY = 103,  /* constituency, 32 bytes  u32: 1; revoked while it was not on record, and never to be a key of it */
};

/* Read or write one row by its numbers. @b is ignored by tables of one number, both by KEY and INVITATION, whose
 * rows are written under their own key. A Round's `answered` comes from TABLE_ANSWERED, a RollEntry's
 * `has_answered` from TABLE_BALLOT and `has_acknowledged` from TABLE_ACKNOWLEDGED: they are never written with the row. `changed` is written with a row by apply_put alone. 0, ERR_NOT_FOUND, ERR_CORRUPT, ERR_MEMORY, the backend's. */
int state_get(const struct view *view, struct arena *arena, enum table table, uint32_t a, uint32_t b,
              ProtobufCMessage **ret_row);
int state_put(const struct view *view, struct arena *arena, enum table table, uint32_t a, uint32_t b,
              const ProtobufCMessage *row);
int state_get_by_key(const struct view *view, struct arena *arena, enum table table /* KEY, INVITATION */,
                     const uint8_t key[KEY_SIZE], ProtobufCMessage **ret_row);
int state_get_by_name(const struct view *view, struct arena *arena, enum table table, const char *name,
                      ProtobufCMessage **ret_row);

/* Members' standing, for rights and queries. 0, ERR_KEY_UNKNOWN, ERR_KEY_REVOKED. */
int state_member_of_key(const struct view *view, struct arena *arena, const uint8_t key[KEY_SIZE],
                        Comity__V1__Member **ret_member);
/* The constituency whose recovery key it is, now. 0 or ERR_KEY_UNKNOWN. */
int state_constituency_of_recovery(const struct view *view, struct arena *arena, const uint8_t key[KEY_SIZE],
                                   uint32_t *ret_constituency);
/* The witness whose key it is: of several constituencies' one that stands. 0, ERR_KEY_UNKNOWN, ERR_KEY_REVOKED where all were
 * dismissed. */
int state_witness_of_key(const struct view *view, struct arena *arena, const uint8_t key[KEY_SIZE],
                         Comity__V1__Witness **ret_witness);
/* The key that signs the history's checkpoints now: its latest epoch's. ERR_CORRUPT where none is on record. */
int state_log_key(const struct view *view, struct arena *arena, uint8_t ret_key[KEY_SIZE]);
/* Can it be redeemed at @time_ms: it is unused, in time, not withdrawn, and the key that signed it still good? Whoever stole a
 * co-chair's key must not come back by what it invited before it was revoked. Until then its name is taken. 0; ERR_CORRUPT
 * where the key that signed it is not on record: nobody is let in by it, nor by a name that can be mistaken for its. */
int state_invitation_is_open(const struct view *view, struct arena *arena, const Comity__V1__Invitation *invitation,
                             int64_t time_ms, bool *ret_is);
bool member_has_office(const Comity__V1__Member *member, Comity__V1__Office office);

/* Who may see how @voter answered in @round: the visibility of ballots, decided here and nowhere else. */
int state_may_see_ballots(const struct view *view, struct arena *arena, uint32_t round, uint32_t voter,
                          uint32_t reader, bool *ret_may);

/* Is @member of a body, for what only the body may see: holder of a seat of it, facilitator or recorder? */
int state_is_of_body(const struct view *view, struct arena *arena, uint32_t body, uint32_t member, bool *ret_is);
/* The same, or may the member see it by what it is: who stands in for a holder in @session, where it was said; and a
 * co-chair of the constituency that is @asked for it, to answer (0: none). */
int state_may_see_of_body(const struct view *view, struct arena *arena, uint32_t body, uint32_t session,
                          uint32_t asked, uint32_t member, bool *ret_may);
/* May @reader see the texts that a row refers to: those of the author of a confined row, and of the body that it is
 * confined to? Of rows that are not confined every member may. */
int state_may_see_texts(const struct view *view, struct arena *arena, const ProtobufCMessage *row, uint32_t reader,
                        bool *ret_may);

/* The rows of a list that @reader may see, from @cursor on. The visitor gets each row unpacked in @arena, with the
 * cursor that continues after it; it returns 0, 1 to stop, or a code. ERR_RANGE for a cursor that is not one, and for a
 * parent or a number where the list has none; ERR_MISSING for a parent that it needs; ERR_ENUM. A parent
 * that there is not has no rows. */
typedef int state_list_fn(void *context, const ProtobufCMessage *row, struct bytes next_cursor);
int state_list(const struct view *view, struct arena *arena, const Comity__V1__List *list,
               const Comity__V1__Member *reader, struct bytes cursor, state_list_fn *visit, void *context);

#endif
