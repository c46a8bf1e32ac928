/* The inside of random_commands: who there is, and how the body of each command is made. */
#ifndef COMITY_TEST_RANDOM_BODIES_H
#define COMITY_TEST_RANDOM_BODIES_H

#include "core/command.h"
#include "core/machine/state.h"
#include "tests/support/random_commands.h"

enum {
    RULE_NAMES = 6,
    PEOPLE_MAX = 200,
    INVITATIONS_MAX = 64,
    STRANGERS = 4,
    TEXTS_MAX = 200,
    RECOVERY_MAX = 64,
    BARRED_MAX = 4,
    ANYBODY = 0
};

/* Somebody with a key: a member, or one to be. */
struct person {
    struct signing_key key;
    uint32_t member; /* 0 until the state says so */
    uint32_t constituency;
    unsigned offices; /* a bit each */
    bool is_revoked;
    uint64_t drawn; /* the command that the key was made for */
};

struct random_commands {
    uint64_t random;
    bool is_signed;
    bool was_valid;
    int64_t time_ms;
    uint64_t made; /* commands so far */
    uint64_t texts_made;
    uint8_t history[HISTORY_ID_SIZE];
    struct person people[PEOPLE_MAX];
    size_t person_count;
    struct person invitations[INVITATIONS_MAX]; /* one-time keys: the latest, in a ring */
    uint64_t invitation_count;                  /* ever made */
    struct person strangers[STRANGERS];
    struct person recovery[RECOVERY_MAX]; /* keys for recovery: the latest, in a ring */
    uint64_t recovery_count;              /* ever made */
    struct person barred[BARRED_MAX];     /* keys that were revoked while nobody had them, and not used since */
    size_t barred_count;
    uint64_t keys_made;
    Comity__V1__Command__BodyCase last_body;

    /* Of the command that is being made. */
    const struct view *view;
    struct arena *arena;
    Comity__V1__Command *body;
    Comity__V1__Text *texts[TEXTS_MAX];
    uint8_t text_hashes[TEXTS_MAX][HASH_SIZE];
    size_t text_count;
};

/* A mistake of the generator, or no memory. */
void *random_need(void *pointer, const char *what);
void *random_alloc(struct random_commands *r, size_t size);

uint64_t random_u64(struct random_commands *r);
uint32_t random_below(struct random_commands *r, uint32_t limit); /* 0 to limit - 1 */
bool random_chance(struct random_commands *r, uint32_t percent);

void random_key_make(struct random_commands *r, struct person *person);
/* A new key, of somebody who is no member yet; NULL: there are enough. */
struct person *random_person_new(struct random_commands *r);
bool random_has_room(const struct random_commands *r, size_t people);
struct person *random_invitation_new(struct random_commands *r);
struct person *random_invitation(struct random_commands *r); /* one of the latest; NULL: none yet */
/* A valid member with this office (0: any) of this constituency (ANYBODY: any), not @except. NULL: there is
 * none. */
struct person *random_member(struct random_commands *r, Comity__V1__Office office, uint32_t constituency);
struct person *random_person_of(struct random_commands *r, uint32_t member);
ProtobufCBinaryData random_key(struct random_commands *r, const struct person *person);
Comity__V1__TextRef *random_text(struct random_commands *r);
Comity__V1__TextRef *random_empty_text(struct random_commands *r);

#define CO_CHAIR COMITY__V1__OFFICE__OFFICE_CO_CHAIR
#define FACILITATOR COMITY__V1__OFFICE__OFFICE_FACILITATOR
#define RECORDER COMITY__V1__OFFICE__OFFICE_RECORDER

/* Of the state: the last number given, a row (NULL: none), one of the latest things of a table (0: none yet).
 */
uint32_t random_last_number(struct random_commands *r, enum table table);
void *random_row(struct random_commands *r, enum table table, uint32_t a, uint32_t b);
uint32_t random_recent(struct random_commands *r, enum table table);

char *random_name(struct random_commands *r, const char *stem, uint64_t number);
void random_sign(struct random_commands *r, const struct person *person);
void random_cosign(struct random_commands *r, const struct person *person);

/* Signed by a holder of a seat of the body, now and then by a facilitator. */
bool random_sign_as_holder(struct random_commands *r, uint32_t body);
/* Terms of a proposal in this body; NULL now and then. */
Comity__V1__Terms *random_terms(struct random_commands *r, uint32_t body);

/* Fill r->body with a command of this kind that ought to be accepted: false where the state allows none. */
bool random_body(struct random_commands *r, Comity__V1__Command__BodyCase kind);
bool random_convene_session(struct random_commands *r);
bool random_open_session(struct random_commands *r);
bool random_close_session(struct random_commands *r);
bool random_check_in(struct random_commands *r);
bool random_add_item(struct random_commands *r);
bool random_make_proposal(struct random_commands *r);
bool random_revise_proposal(struct random_commands *r);
bool random_open_round(struct random_commands *r);
bool random_cast_ballot(struct random_commands *r);
bool random_close_round(struct random_commands *r);
/* Problem solving. */
bool random_move_phase(struct random_commands *r);
bool random_hold_phase(struct random_commands *r);
bool random_release_phase(struct random_commands *r);
bool random_flag_bargaining(struct random_commands *r);
bool random_set_aside_item(struct random_commands *r);
bool random_withdraw_item(struct random_commands *r);
bool random_contribute(struct random_commands *r);
bool random_amend_contribution(struct random_commands *r);
bool random_withdraw_contribution(struct random_commands *r);
bool random_approve_contributions(struct random_commands *r);
bool random_link_proposal(struct random_commands *r);
bool random_raise_concern(struct random_commands *r);
bool random_second_concern(struct random_commands *r);
bool random_settle_concern(struct random_commands *r);
bool random_request_data(struct random_commands *r);
bool random_answer_data(struct random_commands *r);
bool random_refuse_data(struct random_commands *r);
bool random_state_fact(struct random_commands *r);
bool random_judge_fact(struct random_commands *r);
bool random_withdraw_fact(struct random_commands *r);
bool random_open_straw_poll(struct random_commands *r);
bool random_enter_ballots(struct random_commands *r);
bool random_confirm_ballot(struct random_commands *r);
bool random_dispute_ballot(struct random_commands *r);
/* Decisions and minutes. */
bool random_review_decision(struct random_commands *r);
bool random_sign_clause(struct random_commands *r);
bool random_reopen_decision(struct random_commands *r);
bool random_declare_outcome(struct random_commands *r);
bool random_add_action(struct random_commands *r);
bool random_update_action(struct random_commands *r);
bool random_draft_minutes(struct random_commands *r);
bool random_correct_minutes(struct random_commands *r);
bool random_approve_minutes(struct random_commands *r);
bool random_dissent_minutes(struct random_commands *r);
bool random_give_mandate(struct random_commands *r);
bool random_report_mandate(struct random_commands *r);
bool random_recall_mandate(struct random_commands *r);
bool random_set_retention(struct random_commands *r);
bool random_hold_texts(struct random_commands *r);
bool random_lift_hold(struct random_commands *r);
bool random_purge_texts(struct random_commands *r);
/* Rules and stages. */
enum { RANDOM_LISTS = 2 }; /* electors-0, electors-1 */
bool random_set_list(struct random_commands *r);
bool random_acknowledge_round(struct random_commands *r);
/* A recent round that is open, and one of its roll who can sign; NULL: none. */
const Comity__V1__Round *random_open_round_found(struct random_commands *r);
const struct person *random_voter(struct random_commands *r, const Comity__V1__Round *round);
/* random_forms.c */
/* The rule, complete but for its ladder, becomes one of another form now and then; and it may close when nothing can
 * change, or go on without a quorum. */
void random_give_form(struct random_commands *r, Comity__V1__Rule *rule);
void random_give_end(struct random_commands *r, Comity__V1__Rule *rule);
/* What open_round has to state for a rule, and sometimes its question. */
void random_open_options(struct random_commands *r, const Comity__V1__Rule *rule);
/* What a ballot of the round can say. */
struct random_answer {
    uint32_t answer, choice;
    uint32_t *ranks;
    size_t rank_count;
    Comity__V1__Score *score;
};
void random_answer(struct random_commands *r, const Comity__V1__Round *round, struct random_answer *ret_answer);
/* Into cast_ballot, or a ballot of enter_ballots. */
#define RANDOM_SAY(message, said)                                                                            \
    ((message)->answer = (said).answer, (message)->choice = (said).choice, (message)->ranks = (said).ranks,  \
     (message)->n_ranks = (said).rank_count, (message)->score = (said).score)
/* Rules and stages: random_stages.c. */
/* Gives the rule, which is complete otherwise, a ladder that can be used; now and then none. */
void random_add_ladder(struct random_commands *r, Comity__V1__Rule *rule);
/* Of a stage that is open; NULL: none was found. */
const Comity__V1__Item *random_item_at_stage(struct random_commands *r);
/* The last whom a stage waits for; NULL: none waits for one alone. */
const struct person *random_awaited(struct random_commands *r);
bool random_second_block(struct random_commands *r);
bool random_note_conference(struct random_commands *r);
bool random_give_casting_vote(struct random_commands *r);
bool random_enter_answer(struct random_commands *r);
bool random_sign_off(struct random_commands *r);

/* Signed by a co-chair of each PARTY: false where one has none left. */
bool random_sign_jointly(struct random_commands *r);

/* Charter and bodies. */
bool random_adopt_charter(struct random_commands *r);
bool random_recuse(struct random_commands *r);
bool random_name_alternates(struct random_commands *r);
bool random_hand_over(struct random_commands *r);
bool random_take_back(struct random_commands *r);
char *random_function(struct random_commands *r, uint32_t body);
const char *random_rule_of_item(struct random_commands *r, const Comity__V1__Item *item, uint32_t body);

/* Sessions: random_meeting.c. */
bool random_draft_session(struct random_commands *r);
bool random_give_notice(struct random_commands *r);
bool random_order_agenda(struct random_commands *r);
bool random_set_ground_rules(struct random_commands *r);
bool random_name_facilitators(struct random_commands *r);
bool random_roll_call(struct random_commands *r);
bool random_check_out(struct random_commands *r);
bool random_step_away(struct random_commands *r);
bool random_recess_session(struct random_commands *r);
bool random_resume_session(struct random_commands *r);
bool random_call_caucus(struct random_commands *r);
bool random_end_caucus(struct random_commands *r);
bool random_raise_hand(struct random_commands *r);
bool random_lower_hand(struct random_commands *r);
bool random_give_floor(struct random_commands *r);
bool random_yield_floor(struct random_commands *r);
bool random_set_time_box(struct random_commands *r);
bool random_extend_time_box(struct random_commands *r);
bool random_propose_sidebar(struct random_commands *r);
bool random_agree_sidebar(struct random_commands *r);
bool random_decline_sidebar(struct random_commands *r);
bool random_end_sidebar(struct random_commands *r);
bool random_note_plus_delta(struct random_commands *r);

/* Signed by a facilitator; by somebody with a seat of the body, now and then by a facilitator. */
bool random_sign_as_facilitator(struct random_commands *r);
bool random_sign_as_holder(struct random_commands *r, uint32_t body);
/* A recent session in this state; somebody with a seat of the body. NULL: none was found. */
const Comity__V1__Session *random_session(struct random_commands *r, Comity__V1__SessionState state);
const struct person *random_seat_holder(struct random_commands *r, uint32_t number);

/* Keys and witnesses. random_keys.c */
bool random_add_key(struct random_commands *r);
bool random_invite_back(struct random_commands *r);
bool random_bar_key(struct random_commands *r);
bool random_set_recovery_key(struct random_commands *r);
bool random_recover_co_chair(struct random_commands *r);
bool random_appoint_witness(struct random_commands *r);
bool random_dismiss_witness(struct random_commands *r);
void random_ask_co_chairs(struct random_commands *r, Comity__V1__Charter *charter);
/* As many co-chairs as the charter in force asks for sign the command that is made. */
void random_sign_together(struct random_commands *r);

#endif
