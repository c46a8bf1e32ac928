/* The inside of machine_decide: what is known about one command while it is judged, and one decide function
 * for each command.
 *
 * A command is judged in steps: what holds for all (machine_decide), what it concerns (concern_*), who may
 * (right_check), and what is its own (decide_*). The first refusal or failure ends it. */
#ifndef COMITY_CORE_MACHINE_DECIDE_H
#define COMITY_CORE_MACHINE_DECIDE_H

#include "core/error.h"
#include "core/machine/ballot.h"
#include "core/machine/machine.h"
#include "core/machine/row.h"

struct decide {
    const struct view *view;
    const struct machine_context *context;
    struct arena *arena;
    struct refusal *refusal;
    const struct command *command; /* NULL: a deadline, or a restore */
    const Comity__V1__Command *body;
    Comity__V1__Member *actor; /* NULL in found, redeem, recover_co_chair, and without a command */
    uint32_t actor_number;     /* of the events' actor */
    uint32_t epoch;            /* of the history */
    /* The command is of an earlier epoch: numbers up to the counts of this one mean what its signer meant by
     * them, and sequences up to its restored_to. NULL: all do. */
    const Comity__V1__Epoch *since;

    /* What the command concerns, as far as it says: filled by its concern function. */
    uint32_t of_constituency;
    uint32_t of_body;
    uint32_t of_member;
    uint32_t leaving; /* number of the member whose last key is being revoked: as if it were */
    Comity__V1__Key *key; /* that revoke_key names; NULL: it names an invitation */
    Comity__V1__Invitation *invitation;
    Comity__V1__Witness *watcher; /* that dismiss_witness names */
    Comity__V1__Seat *seat;
    uint32_t witness; /* number of the one member who cosigned, where one has to */
    Comity__V1__Session *session;
    Comity__V1__Item *item;
    Comity__V1__Proposal *proposal;
    Comity__V1__Round *round;
    Comity__V1__RollEntry *entry;
    Comity__V1__Sidebar *sidebar;
    /* Problem solving. */
    Comity__V1__Contribution *contribution;
    Comity__V1__Concern *concern;
    Comity__V1__DataRequest *request;
    Comity__V1__Fact *fact;
    Comity__V1__StrawPoll *poll;
    Comity__V1__Decision *decision;
    Comity__V1__Action *action;
    Comity__V1__Minutes *minutes; /* NULL: the session has none */
    Comity__V1__Mandate *mandate;
    Comity__V1__Hold *hold;
    /* Rules and stages. */
    Comity__V1__StageRun *stage;
    const struct roll *roll; /* that was read already, of round number */
    uint32_t roll_round;

    struct machine_events events;
    int code; /* the first refusal or failure */
};

/* One row of the table of commands, whole. */
struct command_rule {
    struct command_row row;
    int (*concern)(struct decide *d); /* NULL: it concerns nothing that exists */
    int (*decide)(struct decide *d);
    uint32_t level; /* format level from which on there is this command; before it is in use: UNSUPPORTED */
};
const struct command_rule *command_rule_find(Comity__V1__Command__BodyCase body);

/* May the signer, with the cosigners, give this command? 0 or a code of the refusal. */
int right_check(struct decide *d, enum right right);
/* Does anybody beside the signer sign? Then right_check looks at the cosigners. */
bool right_is_cosigned(enum right right);
/* Is the signer somebody who is no member, or not yet? Then right_check looks at the key. */
bool right_is_of_outsider(enum right right);

/* Refuse with a field as printf makes it; fail without one. Both return the code and keep it in d->code. */
int decide_refuse(struct decide *d, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));
int decide_refuse_latest(struct decide *d, int code, const char *field, uint64_t latest);
int decide_refuse_limit(struct decide *d, int code, const char *field, uint64_t limit);
int decide_fail(struct decide *d, int code);

/* "check_in.session" of the field "session" of the command's body. */
const char *decide_path(struct decide *d, const char *name);
/* The number in a field of the command's body, as "session" of check_in; *ret_field: "check_in.session". */
uint32_t decide_named(struct decide *d, const char *name, const char **ret_field);
/* A row that a number of the command names: NULL where there is none (refused as NOT_FOUND, with the field).
 */
void *decide_find(struct decide *d, enum table table, uint32_t a, uint32_t b, const char *field);
/* The gate for what a command names by number: 0, or ERR_EPOCH where it means something that a restore has
 * lost. decide_find asks it. */
int decide_check_number(struct decide *d, enum table table, uint32_t number, const char *field);
/* In which epoch was the command signed? Sets d->epoch and d->since. 0, ERR_EPOCH, ERR_BEHIND. */
int decide_check_epoch(struct decide *d, const Comity__V1__Partnership *partnership);
/* A row that the state itself names: NULL where there is none (ERR_CORRUPT). */
void *decide_get(struct decide *d, enum table table, uint32_t a, uint32_t b);
/* A row that need not be there. NULL: it is not, or d->code is set. */
void *decide_seek(struct decide *d, enum table table, uint32_t a, uint32_t b);
/* Is there such a row? 0 or a failure. */
int decide_exists(struct decide *d, const struct row_key *key, bool *ret_exists);
int decide_holds_seat(struct decide *d, uint32_t body, uint32_t member, bool *ret_holds);
/* Has the member a seat of d->of_body: an own one, or one that was handed over in d->session? */
int decide_has_seat(struct decide *d, uint32_t member, bool *ret_has);
/* Is this key anybody's: a member's (valid or not), for recovery, now or before; or in the constituency that is to have it an
 * invitation's or a witness's (dismissed or not)? Another's invitation or witness is named without the key's own signature, and
 * so takes no key from whom it belongs to. */
int decide_key_is_taken(struct decide *d, uint32_t constituency, ProtobufCBinaryData key, bool *ret_taken);
/* Was it revoked in the constituency while it was not on record? */
int decide_key_is_barred(struct decide *d, uint32_t constituency, ProtobufCBinaryData key, bool *ret_barred);
/* It is neither: else ERR_EXISTS or ERR_KEY_REVOKED with the field. */
int decide_check_key_is_new(struct decide *d, uint32_t constituency, ProtobufCBinaryData key, const char *field);
/* The number that the next thing of a table gets; ERR_LIMIT when all are used. */
int decide_next_number(struct decide *d, enum table table, uint32_t *ret_number);

/* Memory and messages of the arena; NULL with d->code ERR_MEMORY. */
void *decide_alloc(struct decide *d, size_t count, size_t size);
void *decide_new(struct decide *d, const ProtobufCMessageDescriptor *type);
ProtobufCBinaryData decide_bytes(struct decide *d, const uint8_t *bytes, size_t size);

/* Append an event for all to see; NULL with d->code set: ERR_INTERNAL past EVENTS_MAX. The caller sets its
 * kind's message. */
Comity__V1__Event *decide_event(struct decide *d, Comity__V1__Event__KindCase kind);

/* Does a command carry this key as the signer's or a cosigner's? */
bool command_is_signed_by(const Comity__V1__Command *body, ProtobufCBinaryData key);

static inline bool binary_equal(ProtobufCBinaryData a, ProtobufCBinaryData b)
{
    return bytes_equal(BYTES(a.data, a.len), BYTES(b.data, b.len));
}

/* What a command concerns. */
/* Who may give it: what its row says, or, where it is everybody's concern, a co-chair of every PARTY. 0 or a failure. */
int command_right(struct decide *d, enum right *ret_right);
/* Do members of the list weigh something else than 1? */
bool list_is_weighted(const Comity__V1__SetList *list);
int concern_own_constituency(struct decide *d); /* set_recovery_key, appoint_witness */
int concern_invited(struct decide *d);          /* invite */
int concern_recovered(struct decide *d);        /* recover_co_chair */
int concern_witness(struct decide *d);          /* dismiss_witness */
int concern_key(struct decide *d);              /* revoke_key */
int concern_seat(struct decide *d);             /* assign_seat */
int concern_session(struct decide *d);          /* what has a field `session` */
int concern_item(struct decide *d);             /* what has a field `item` */
int concern_proposal(struct decide *d);         /* revise_proposal, open_round, recuse */
int concern_round(struct decide *d);            /* cast_ballot, close_round */

/* Is the session DRAFT, CONVENED or OPEN? */
bool session_takes_work(const Comity__V1__Session *session);
const Comity__V1__ProposalVersion *proposal_latest(const Comity__V1__Proposal *proposal);

/* decide_founding.c */
int decide_found(struct decide *d);
int decide_admit_constituency(struct decide *d);
int decide_add_site(struct decide *d);
/* decide_roll.c */
/* Open invitations but @except that are to let the member back, ascending. 0 or d->code. */
int invitations_back(struct decide *d, uint32_t member, ProtobufCBinaryData except, ProtobufCBinaryData **ret_keys,
                     size_t *ret_count);
int decide_invite(struct decide *d);
int decide_redeem(struct decide *d);
int decide_revoke_key(struct decide *d);
/* decide_key.c */
/* Keys of some rows of a table, in d->arena: a table of keys or invitations can be larger than a decision has room for. */
struct found_keys {
    struct decide *d;
    struct arena *row; /* of the row in hand, which the visitor resets */
    ProtobufCBinaryData *keys;
    size_t count, room;
};
int found_keys_add(struct found_keys *list, ProtobufCBinaryData key); /* 0 or ERR_MEMORY */
/* @visit adds to the list, which is in @context. 0 or d->code. */
int found_keys_read(struct found_keys *list, enum table table, row_fn *visit, void *context);
/* The member's keys that are valid, ascending. 0 or d->code. */
int member_valid_keys(struct decide *d, uint32_t member, ProtobufCBinaryData **ret_keys, size_t *ret_count);
/* KeyAdded: the key is the member's, and these of the member's others are not any more. NULL with d->code. */
Comity__V1__KeyAdded *key_add(struct decide *d, uint32_t member, ProtobufCBinaryData key,
                              ProtobufCBinaryData *revoked, size_t n_revoked);
/* The same, in place of all the member's others, and of the invitations that are to let the same member back. @by: the
 * invitation that did; empty: none. 0 or d->code. */
int key_recover(struct decide *d, uint32_t member, ProtobufCBinaryData key, ProtobufCBinaryData by);
int decide_add_key(struct decide *d);
int decide_recover_co_chair(struct decide *d);
int decide_set_recovery_key(struct decide *d);
/* decide_witness.c */
int decide_appoint_witness(struct decide *d);
int decide_dismiss_witness(struct decide *d);
/* decide_body.c */
int decide_create_body(struct decide *d);
int decide_assign_seat(struct decide *d);
/* The stages, ascending, that end because d->leaving leaves. 0 or d->code. decide_stage.c */
int stages_left(struct decide *d, uint32_t **ret_stages, size_t *ret_count);
/* decide_rule.c */
int decide_adopt_rule(struct decide *d);
/* decide_session.c */
/* A new item of d->session, without a title yet; NULL with d->code. */
Comity__V1__Item *item_new(struct decide *d, Comity__V1__Phase phase);
int decide_convene_session(struct decide *d);
int decide_open_session(struct decide *d);
int decide_close_session(struct decide *d);
int decide_check_in(struct decide *d);
int decide_add_item(struct decide *d);
/* decide_proposal.c */
int decide_make_proposal(struct decide *d);
int decide_revise_proposal(struct decide *d);
/* decide_round.c */
int decide_open_round(struct decide *d);
int decide_close_round(struct decide *d);
/* A round's deadline: it closes. */
int round_is_due(struct decide *d, const struct deadline *due);
/* decide_ballot.c */
int decide_cast_ballot(struct decide *d);
/* What holds for every ballot, whoever brings it: the round takes ballots, and on this text. @command: its
 * name, for the field at fault. */
int round_check_open(struct decide *d, const char *field);
int ballot_check_round(struct decide *d, ProtobufCBinaryData text_hash, const char *command);
/* It is of the rule's form; and comes with what it has to. @at: the ballot within the command. */
int ballot_check_answer(struct decide *d, const struct ballot *ballot, const char *at);
int ballot_check_duties(struct decide *d, const struct ballot *ballot, const char *at);
/* With these @ballots of @members (NULL: without theirs), does nothing that is to come change what the round comes to, so that it closes by
 * its rule? 0 or d->code. */
int ballots_settle(struct decide *d, const struct ballot *ballots, const uint32_t *members, size_t count,
                   protobuf_c_boolean *ret_settles);
/* The first event's audience: until the close the actor alone, where the rule hides ballots. */
void ballot_hide(struct decide *d);
/* decide_entered.c */
int decide_enter_ballots(struct decide *d);
int decide_confirm_ballot(struct decide *d);
int decide_dispute_ballot(struct decide *d);

/* Charter and bodies. */

/* decide_charter.c */
/* NULL where none was adopted. 0 or d->code. */
int decide_charter_in_force(struct decide *d, const Comity__V1__CharterVersion **ret_version);
/* How long a session is announced before it opens; 0: the charter, or that there is none, asks for no notice.
 */
int decide_charter_notice(struct decide *d, int64_t *ret_notice_ms);
/* May an item be put under the vital function of this name (empty: none)? 0 or d->code. */
int charter_check_item(struct decide *d, const char *function);
/* What the charter says of a round on d->item, which has its rule: fills in function, charter, share and
 * standings. */
int charter_govern_round(struct decide *d, Comity__V1__Round *round);
/* Is it for the actor to move d->item, or to hold it, in @session, as the charter has it facilitated?
 * ERR_CHARTER, under ROTATE with the member whose turn it is as `latest` (0: nobody's). */
int charter_check_facilitation(struct decide *d, const Comity__V1__Session *session, const char *field);
int decide_adopt_charter(struct decide *d);
/* decide_seat.c */
int concern_alternates(struct decide *d); /* name_alternates */
int concern_stand_in(struct decide *d);   /* hand_over, take_back */
int decide_recuse(struct decide *d);
int decide_name_alternates(struct decide *d);
int decide_hand_over(struct decide *d);
int decide_take_back(struct decide *d);
/* A seat's deadline: its holder's term ends. */
int term_is_due(struct decide *d, const struct deadline *due);

/* Sessions. */
int concern_sidebar(struct decide *d); /* agree_sidebar, decline_sidebar, end_sidebar */
/* Was its notice given, so that what comes on the agenda now comes after it? */
bool session_is_noticed(const Comity__V1__Session *session);
/* A new session's row, with the number of the next one; NULL with d->code. */
Comity__V1__Session *session_new(struct decide *d, uint32_t body, Comity__V1__TextRef *title,
                                 int64_t starts_ms);
/* Is d->session OPEN (else NOT_OPEN), and not in a pause (else PAUSED)? 0 or d->code. */
int decide_check_open(struct decide *d, const char *field);
int decide_check_running(struct decide *d, const char *field);
bool session_is_paused_as(const Comity__V1__Session *session, Comity__V1__PauseKind kind);
/* The presence of a member in d->session; NULL: never checked in, or d->code is set. */
Comity__V1__Presence *decide_presence(struct decide *d, uint32_t member);
/* Has the member checked in to d->session, and not left? 0, ERR_NOT_PRESENT with the field, or a failure. */
int decide_check_in_room(struct decide *d, uint32_t member, const char *field);
/* The row of somebody who is there from now on. */
Comity__V1__Presence *presence_new(struct decide *d, uint32_t member, uint32_t site);
/* May the actor act as a facilitator, or for the record, of d->session (of any, where that is NULL)? */
bool facilitates(const struct decide *d);
bool keeps_record(const struct decide *d);
/* Does the member hold a seat of d->of_body, or an office? 0 or a failure. */
int decide_takes_part(struct decide *d, const Comity__V1__Member *member, bool *ret_takes_part);
/* decide_meeting.c */
int decide_draft_session(struct decide *d);
int decide_give_notice(struct decide *d);
int decide_order_agenda(struct decide *d);
int decide_set_ground_rules(struct decide *d);
int decide_name_facilitators(struct decide *d);
int decide_note_plus_delta(struct decide *d);
/* decide_presence.c */
int decide_roll_call(struct decide *d);
int decide_check_out(struct decide *d);
int decide_step_away(struct decide *d);
int presence_is_due(struct decide *d, const struct deadline *due);
/* decide_pause.c */
int decide_recess_session(struct decide *d);
int decide_resume_session(struct decide *d);
int decide_call_caucus(struct decide *d);
int decide_end_caucus(struct decide *d);
int caucus_is_due(struct decide *d, const struct deadline *due);
/* decide_floor.c */
int decide_raise_hand(struct decide *d);
int decide_lower_hand(struct decide *d);
int decide_give_floor(struct decide *d);
int decide_yield_floor(struct decide *d);
/* decide_time_box.c */
int decide_set_time_box(struct decide *d);
int decide_extend_time_box(struct decide *d);
int time_box_is_due(struct decide *d, const struct deadline *due);
/* decide_sidebar.c */
int decide_propose_sidebar(struct decide *d);
int decide_agree_sidebar(struct decide *d);
int decide_decline_sidebar(struct decide *d);
int decide_end_sidebar(struct decide *d);

/* Rules and stages. */
/* decide_options.c */
/* The options of a round that is to open, its question and the order that breaks ties. 0 or d->code. */
int round_take_options(struct decide *d, const Comity__V1__OpenRound *open, Comity__V1__Round *round);
/* decide_list.c */
int concern_list(struct decide *d);
int decide_set_list(struct decide *d);
int decide_acknowledge_round(struct decide *d);

/* Problem solving. */
/* decide_phase.c */
int concern_solving(struct decide *d);  /* all of them but the next */
int concern_approval(struct decide *d); /* approve_contributions */
/* Of d->item: can proposals be made and revised on it, can a round be opened (ERR_PHASE, ERR_HELD)? */
int check_item_takes_proposals(struct decide *d, const char *field);
int check_item_takes_rounds(struct decide *d, const char *field);
/* Can an item start in the phase that add_item gives? ERR_RANGE where not. */
int check_starting_phase(struct decide *d, const char *field);
int decide_move_phase(struct decide *d);
int decide_hold_phase(struct decide *d);
int decide_release_phase(struct decide *d);
int decide_flag_bargaining(struct decide *d);
int decide_set_aside_item(struct decide *d);
int decide_withdraw_item(struct decide *d);
int decide_contribute(struct decide *d);
int decide_amend_contribution(struct decide *d);
int decide_withdraw_contribution(struct decide *d);
int decide_approve_contributions(struct decide *d);
int decide_link_proposal(struct decide *d);
int decide_raise_concern(struct decide *d);
int decide_second_concern(struct decide *d);
int decide_settle_concern(struct decide *d);
int decide_request_data(struct decide *d);
int decide_answer_data(struct decide *d);
int decide_refuse_data(struct decide *d);
int decide_state_fact(struct decide *d);
int decide_judge_fact(struct decide *d);
int decide_withdraw_fact(struct decide *d);
int decide_open_straw_poll(struct decide *d);
int decide_answer_straw_poll(struct decide *d);
int decide_close_straw_poll(struct decide *d);

/* Decisions and minutes. */
/* decide_decision.c */
int concern_decision(struct decide *d); /* review_decision, sign_clause, reopen_decision */
/* From a proposal, up to its item, session and body. */
int concern_of_proposal(struct decide *d);
/* May these be the terms of a proposal in d->of_body? NULL: there are none. @field: where they stand. */
int terms_check(struct decide *d, const Comity__V1__Terms *terms, const char *field);
/* DecisionMade of d->round, and what becomes of it at once. */
int decision_make(struct decide *d, Comity__V1__OutcomeKind outcome, bool is_declared);
/* DecisionEnded, for good. */
int decision_end(struct decide *d, uint32_t number, Comity__V1__DecisionEnd cause);
bool decision_has_ended(const Comity__V1__Decision *decision);
/* A deadline of a decision: it takes effect, ends, or is to be reviewed. */
int decision_is_due(struct decide *d, const struct deadline *due);
int decide_sign_clause(struct decide *d);
/* decide_review.c */
int concern_declared_round(struct decide *d);
int decide_review_decision(struct decide *d);
int decide_reopen_decision(struct decide *d);
int decide_declare_outcome(struct decide *d);
/* decide_action.c */
int concern_new_action(struct decide *d);
int concern_action(struct decide *d);
int concern_new_mandate(struct decide *d);
int concern_mandate(struct decide *d);
int mandate_is_due(struct decide *d, const struct deadline *due);
int decide_add_action(struct decide *d);
int decide_update_action(struct decide *d);
int decide_give_mandate(struct decide *d);
int decide_report_mandate(struct decide *d);
int decide_recall_mandate(struct decide *d);
/* decide_retention.c */
int concern_held(struct decide *d);
int concern_hold(struct decide *d);
int decide_set_retention(struct decide *d);
int decide_hold_texts(struct decide *d);
int decide_lift_hold(struct decide *d);
int decide_purge_texts(struct decide *d);
/* decide_minutes.c */
int concern_minutes(struct decide *d);
/* MinutesStood, where minutes of d->of_body wait for its next session to open. */
int minutes_stand(struct decide *d);
int decide_draft_minutes(struct decide *d);
int decide_correct_minutes(struct decide *d);
int decide_approve_minutes(struct decide *d);
int decide_dissent_minutes(struct decide *d);

/* Rules and stages. */
/* decide_stage.c */
int concern_stage(struct decide *d);
int decide_second_block(struct decide *d);
int decide_note_conference(struct decide *d);
int decide_give_casting_vote(struct decide *d);
int decide_enter_answer(struct decide *d);
int decide_sign_off(struct decide *d);
/* A stage's deadline: it ends. */
int stage_is_due(struct decide *d, const struct deadline *due);

#endif
