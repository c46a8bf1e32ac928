/* A history in memory, for tests of the machine: commands by named people, driven as a worker drives them
 * (the form's check, due deadlines, decide, apply), with every event kept, packed, so that it can be
 * replayed.
 *
 * Keys are SHA-256 of a name and sign nothing: signatures are not the machine's. A mistake of the test (a
 * name that there is not) aborts. Memory lives as long as the world. */
#ifndef COMITY_TEST_WORLD_H
#define COMITY_TEST_WORLD_H

#include "core/key.h"
#include "core/machine/machine.h"
#include "core/machine/state.h"

/* Who founds the standard history, in the order of members' numbers; "stranger" and others belong to nobody.
 *   labour      PARTY    lena co-chair, luis co-chair, lars no office
 *   management  PARTY    mara co-chair, mona no office; recovery key "mrec"
 *   convener    NEUTRAL  cora co-chair and facilitator, carl co-chair, odo recorder
 * Sites: north, south, east. */
enum { LENA = 1, LUIS, LARS, MARA, MONA, CORA, CARL, ODO };
enum { LABOUR = 1, MANAGEMENT, CONVENER };

struct world_record {
    uint64_t sequence;
    int64_t time_ms;
    struct bytes open;    /* a packed Event */
    struct bytes command; /* a packed Command, or empty */
};

struct world {
    struct view_memory *memory;
    struct view view;
    struct arena *arena;
    struct machine_context context; /* time_ms: the test moves it on */
    uint32_t epoch;                 /* that the signers of commands know: 1, until the test sets another */
    uint8_t log_key[KEY_SIZE];
    struct refusal refusal;       /* of the last command that was refused */
    struct machine_events events; /* of the last command that was accepted */
    struct world_record *records;
    size_t record_count;
    size_t record_room;
    unsigned texts; /* made so far */
    unsigned commands;
};

/* Signs the checkpoints of every world; its public half is on record. */
void world_log_signer(struct signing_key *ret_key);

struct world *world_new(void);     /* empty: nothing is founded */
struct world *world_founded(void); /* the standard history */
void world_destroy(struct world **world);

/* Zeroed memory that lives as long as the world. */
void *world_alloc(struct world *world, size_t size);

/* Keys and texts. */
ProtobufCBinaryData world_key(struct world *world, const char *name);
Comity__V1__TextRef *world_text(struct world *world); /* another one each time */

/* A command with its body ready to be filled; TextRefs directly in the body are there already, but no reason.
 * Valid for an hour. */
Comity__V1__Command *world_command(struct world *world, const char *signer,
                                   Comity__V1__Command__BodyCase body);
/* Add cosigners by name, the last one NULL; kept in order. */
void world_cosign(struct world *world, Comity__V1__Command *command, ...) __attribute__((sentinel));
Comity__V1__Founder *world_founder(struct world *world, const char *name, const Comity__V1__Office *offices,
                                   size_t count);
/* The command that founds the standard history, signed by all. */
Comity__V1__Command *world_found_command(struct world *world);

/* Due deadlines, then the command: 0 or its refusal's code; events are applied and kept. */
int world_try(struct world *world, const Comity__V1__Command *command);
/* Due deadlines alone. */
void world_due(struct world *world);
/* As a restore from a backup of what there is now: opens an epoch, and gives its row. Signers
 * do not know of it until the test says so. */
const Comity__V1__Epoch *world_restore(struct world *world);

/* It must be accepted; gives its first event. */
const Comity__V1__Event *world_accept(struct world *world, const Comity__V1__Command *command);
/* It must be refused with this code and field ("cosigners[*": one that begins so), and leave the state as it
 * was. */
#define world_refuse(world, command, code, field)                                                            \
    world_refuse_at(world, command, code, field, __FILE__, __LINE__)
void world_refuse_at(struct world *world, const Comity__V1__Command *command, int code, const char *field,
                     const char *file, int line);

/* A row; it must be there. */
void *world_row(struct world *world, enum table table, uint32_t a, uint32_t b);
bool world_has(struct world *world, enum table table, uint32_t a, uint32_t b);

/* The events alone, applied to a fresh view, must give the same state. */
void world_check_replay(struct world *world);

/* Steps that many tests need; each must be accepted. Numbers are the machine's own. */
void world_create_body(struct world *world, const char *name, uint32_t labour, uint32_t management,
                       uint32_t convener);
void world_seat(struct world *world, const char *co_chair, uint32_t body, uint32_t seat, uint32_t member);
Comity__V1__Command *world_add_site_command(struct world *world, const char *signer, const char *name);
Comity__V1__Command *world_redeem_command(struct world *world, const char *newcomer, const char *one_time);
Comity__V1__Command *world_revoke_command(struct world *world, const char *signer, const char *key);
Comity__V1__Rule *world_rule(struct world *world,
                             const char *name); /* see world_steps.c; to be changed by the test */
/* For all the bodies that there are. */
Comity__V1__Command *world_adopt_command(struct world *world, Comity__V1__Rule *rule);
uint32_t world_adopt(struct world *world, Comity__V1__Rule *rule);
uint32_t world_open_session(struct world *world, uint32_t body);
void world_check_in(struct world *world, const char *member, uint32_t session, uint32_t site);
uint32_t world_propose(struct world *world, uint32_t session);
Comity__V1__Command *world_open_round_command(struct world *world, uint32_t proposal, uint32_t rule);
uint32_t world_open_round(struct world *world, uint32_t proposal, uint32_t rule);
/* Closed by cora, who facilitates: what it comes to. */
Comity__V1__Command *world_close_round_command(struct world *world, uint32_t round);
const Comity__V1__Outcome *world_close_round(struct world *world, uint32_t round);
/* With an empty reason where the rule hides ballots, which then have to have one. @answer 0: to be filled. */
Comity__V1__Command *world_ballot(struct world *world, const char *member, uint32_t round, uint32_t answer);

/* Body 1 "council" with seats lena, luis | mara, mona | cora; rule 1 as of @rule; session 1 open, all but
 * mona checked in; proposal 1; round 1 open. */
struct world *world_with_session(void); /* up to the session, without a rule */
struct world *world_with_round(Comity__V1__Rule *(*rule)(struct world *world));

/* The rule of world_rule under the name "plain". */
Comity__V1__Rule *world_plain_rule(struct world *world);

#endif
