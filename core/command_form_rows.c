#include "core/command_form.h"

#include "core/rule/rule.h"
#include "core/text.h"

enum {
    CONSTITUENCIES_IN_FOUND_MAX = 64,
    SITES_IN_FOUND_MAX = 256,
    FOUNDERS_MAX = 32,
    SEAT_GROUPS_MAX = 64,
    RULE_BODIES_MAX = 64,
    NOTICE_MINUTES_MAX = 366 * 24 * 60,
    DAY_MINUTES = 24 * 60,
    AGENDA_MAX = 500,
    FACILITATORS_MAX = 16,
    ROLL_CALL_MAX = 500,
    SIDEBAR_OTHERS_MAX = 15,
    FUNCTIONS_MAX = 64,
    PHASES_MAX = 14,
    NOTICE_HOURS_MAX = 366 * 24,
    RETENTION_CLASSES_MAX = 16,
    RETENTION_DAYS_MAX = 36525, /* a hundred years */
    ALTERNATES_MAX = 64,
    ABOUT_MAX = 32,
    APPROVED_TEXTS_MAX = 64,
    STRAW_CHOICES_MAX = 10,
    EFFECTS_MAX = 16,
    CLAUSES_MAX = 16,
    SIGNATORIES_MAX = 64,
    OWNERS_MAX = 16,
    INTERESTS_MAX = 16,
    CO_CHAIRS_NEEDED_LEAST = 2,
    CO_CHAIRS_NEEDED_MOST = 32,
};

#define TYPE(name) &comity__v1__##name##__descriptor
#define NUMBER_OF_A_THING FORM_NUMBER, 1, UINT32_MAX
#define ANY_NUMBER FORM_NUMBER, 0, UINT32_MAX
#define ANY_SEQUENCE FORM_NUMBER, 0, INT64_MAX
#define A_SEQUENCE FORM_NUMBER, 1, INT64_MAX
#define TIME FORM_NUMBER, 1, INT64_MAX
#define TIME_OR_NONE FORM_NUMBER, 0, INT64_MAX
#define DATE FORM_NUMBER, 20000101, 29991231
#define NOTE FORM_TEXT_OR_NONE, 0, REASON_MAX_BYTES
#define GIVEN_REASON FORM_TEXT, 1, REASON_MAX_BYTES
#define PROSE FORM_TEXT, 1, TEXT_MAX_BYTES
#define TITLE FORM_TEXT, 1, TITLE_MAX_BYTES
#define WORDS FORM_TEXT, 1, REASON_MAX_BYTES
#define WORDS_OR_NONE FORM_TEXT_OR_NONE, 0, REASON_MAX_BYTES

/* In the order of command.proto. */
static const struct form_row ROWS[] = {
    /* message                 field            form, least, most */
    {TYPE(command), "history", FORM_HISTORY, 0, 0},
    {TYPE(command), "key", FORM_HASH, 0, 0},
    {TYPE(command), "valid_until_ms", TIME},
    {TYPE(command), "cosigners", FORM_COSIGNERS, 0, COSIGNERS_MAX},
    {TYPE(command), "nonce", FORM_NONCE, 0, 0},
    {TYPE(command), "epoch", FORM_EPOCH, 0, 0},
    {TYPE(command), "undoes", ANY_SEQUENCE},
    {TYPE(command), "found", FORM_BODY, 0, 0},
    {TYPE(command), "admit_constituency", FORM_BODY, 0, 0},
    {TYPE(command), "add_site", FORM_BODY, 0, 0},
    {TYPE(command), "invite", FORM_BODY, 0, 0},
    {TYPE(command), "redeem", FORM_BODY, 0, 0},
    {TYPE(command), "revoke_key", FORM_BODY, 0, 0},
    {TYPE(command), "create_body", FORM_BODY, 0, 0},
    {TYPE(command), "assign_seat", FORM_BODY, 0, 0},
    {TYPE(command), "adopt_rule", FORM_BODY, 0, 0},
    {TYPE(command), "convene_session", FORM_BODY, 0, 0},
    {TYPE(command), "open_session", FORM_BODY, 0, 0},
    {TYPE(command), "close_session", FORM_BODY, 0, 0},
    {TYPE(command), "check_in", FORM_BODY, 0, 0},
    {TYPE(command), "add_item", FORM_BODY, 0, 0},
    {TYPE(command), "make_proposal", FORM_BODY, 0, 0},
    {TYPE(command), "revise_proposal", FORM_BODY, 0, 0},
    {TYPE(command), "open_round", FORM_BODY, 0, 0},
    {TYPE(command), "cast_ballot", FORM_BODY, 0, 0},
    {TYPE(command), "close_round", FORM_BODY, 0, 0},
    {TYPE(command), "enter_ballots", FORM_BODY, 0, 0},
    {TYPE(command), "confirm_ballot", FORM_BODY, 0, 0},
    {TYPE(command), "dispute_ballot", FORM_BODY, 0, 0},
    /* Charter and bodies. */
    {TYPE(command), "adopt_charter", FORM_BODY, 0, 0},
    {TYPE(command), "recuse", FORM_BODY, 0, 0},
    {TYPE(command), "name_alternates", FORM_BODY, 0, 0},
    {TYPE(command), "hand_over", FORM_BODY, 0, 0},
    {TYPE(command), "take_back", FORM_BODY, 0, 0},
    /* Sessions. */
    {TYPE(command), "draft_session", FORM_BODY, 0, 0},
    {TYPE(command), "give_notice", FORM_BODY, 0, 0},
    {TYPE(command), "order_agenda", FORM_BODY, 0, 0},
    {TYPE(command), "set_ground_rules", FORM_BODY, 0, 0},
    {TYPE(command), "name_facilitators", FORM_BODY, 0, 0},
    {TYPE(command), "roll_call", FORM_BODY, 0, 0},
    {TYPE(command), "check_out", FORM_BODY, 0, 0},
    {TYPE(command), "step_away", FORM_BODY, 0, 0},
    {TYPE(command), "recess_session", FORM_BODY, 0, 0},
    {TYPE(command), "resume_session", FORM_BODY, 0, 0},
    {TYPE(command), "call_caucus", FORM_BODY, 0, 0},
    {TYPE(command), "end_caucus", FORM_BODY, 0, 0},
    {TYPE(command), "raise_hand", FORM_BODY, 0, 0},
    {TYPE(command), "lower_hand", FORM_BODY, 0, 0},
    {TYPE(command), "give_floor", FORM_BODY, 0, 0},
    {TYPE(command), "yield_floor", FORM_BODY, 0, 0},
    {TYPE(command), "set_time_box", FORM_BODY, 0, 0},
    {TYPE(command), "extend_time_box", FORM_BODY, 0, 0},
    {TYPE(command), "propose_sidebar", FORM_BODY, 0, 0},
    {TYPE(command), "agree_sidebar", FORM_BODY, 0, 0},
    {TYPE(command), "decline_sidebar", FORM_BODY, 0, 0},
    {TYPE(command), "end_sidebar", FORM_BODY, 0, 0},
    {TYPE(command), "note_plus_delta", FORM_BODY, 0, 0},
    /* Problem solving. */
    {TYPE(command), "move_phase", FORM_BODY, 0, 0},
    {TYPE(command), "hold_phase", FORM_BODY, 0, 0},
    {TYPE(command), "release_phase", FORM_BODY, 0, 0},
    {TYPE(command), "flag_bargaining", FORM_BODY, 0, 0},
    {TYPE(command), "set_aside_item", FORM_BODY, 0, 0},
    {TYPE(command), "withdraw_item", FORM_BODY, 0, 0},
    {TYPE(command), "contribute", FORM_BODY, 0, 0},
    {TYPE(command), "amend_contribution", FORM_BODY, 0, 0},
    {TYPE(command), "withdraw_contribution", FORM_BODY, 0, 0},
    {TYPE(command), "approve_contributions", FORM_BODY, 0, 0},
    {TYPE(command), "link_proposal", FORM_BODY, 0, 0},
    {TYPE(command), "raise_concern", FORM_BODY, 0, 0},
    {TYPE(command), "second_concern", FORM_BODY, 0, 0},
    {TYPE(command), "settle_concern", FORM_BODY, 0, 0},
    {TYPE(command), "request_data", FORM_BODY, 0, 0},
    {TYPE(command), "answer_data", FORM_BODY, 0, 0},
    {TYPE(command), "refuse_data", FORM_BODY, 0, 0},
    {TYPE(command), "state_fact", FORM_BODY, 0, 0},
    {TYPE(command), "judge_fact", FORM_BODY, 0, 0},
    {TYPE(command), "withdraw_fact", FORM_BODY, 0, 0},
    {TYPE(command), "open_straw_poll", FORM_BODY, 0, 0},
    {TYPE(command), "answer_straw_poll", FORM_BODY, 0, 0},
    {TYPE(command), "close_straw_poll", FORM_BODY, 0, 0},
    /* Decisions and minutes. */
    {TYPE(command), "review_decision", FORM_BODY, 0, 0},
    {TYPE(command), "sign_clause", FORM_BODY, 0, 0},
    {TYPE(command), "reopen_decision", FORM_BODY, 0, 0},
    {TYPE(command), "declare_outcome", FORM_BODY, 0, 0},
    {TYPE(command), "add_action", FORM_BODY, 0, 0},
    {TYPE(command), "update_action", FORM_BODY, 0, 0},
    {TYPE(command), "draft_minutes", FORM_BODY, 0, 0},
    {TYPE(command), "correct_minutes", FORM_BODY, 0, 0},
    {TYPE(command), "approve_minutes", FORM_BODY, 0, 0},
    {TYPE(command), "dissent_minutes", FORM_BODY, 0, 0},
    {TYPE(command), "give_mandate", FORM_BODY, 0, 0},
    {TYPE(command), "report_mandate", FORM_BODY, 0, 0},
    {TYPE(command), "recall_mandate", FORM_BODY, 0, 0},
    {TYPE(command), "set_retention", FORM_BODY, 0, 0},
    {TYPE(command), "hold_texts", FORM_BODY, 0, 0},
    {TYPE(command), "lift_hold", FORM_BODY, 0, 0},
    {TYPE(command), "purge_texts", FORM_BODY, 0, 0},
    /* Rules and stages. */
    {TYPE(command), "set_list", FORM_BODY, 0, 0},
    {TYPE(command), "acknowledge_round", FORM_BODY, 0, 0},
    {TYPE(command), "second_block", FORM_BODY, 0, 0},
    {TYPE(command), "note_conference", FORM_BODY, 0, 0},
    {TYPE(command), "give_casting_vote", FORM_BODY, 0, 0},
    {TYPE(command), "enter_answer", FORM_BODY, 0, 0},
    {TYPE(command), "sign_off", FORM_BODY, 0, 0},
    /* Keys and witnesses. */
    {TYPE(command), "add_key", FORM_BODY, 0, 0},
    {TYPE(command), "recover_co_chair", FORM_BODY, 0, 0},
    {TYPE(command), "set_recovery_key", FORM_BODY, 0, 0},
    {TYPE(command), "appoint_witness", FORM_BODY, 0, 0},
    {TYPE(command), "dismiss_witness", FORM_BODY, 0, 0},

    {TYPE(founder), "key", FORM_HASH, 0, 0},
    {TYPE(founder), "name", TITLE},
    {TYPE(founder), "offices", FORM_CHOICES, 0, 0},

    {TYPE(new_constituency), "name", FORM_NAME, 0, 0},
    {TYPE(new_constituency), "kind", FORM_CHOICE, 0, 0},
    {TYPE(new_constituency), "standing", FORM_CHOICE, 0, 0},
    {TYPE(new_constituency), "side", FORM_NAME_OR_NONE, 0, 0},
    {TYPE(new_constituency), "title", TITLE},
    {TYPE(new_constituency), "founders", FORM_MESSAGES, 1, FOUNDERS_MAX},
    {TYPE(new_constituency), "recovery_key", FORM_HASH_OR_NONE, 0, 0},

    {TYPE(new_site), "name", FORM_NAME, 0, 0},
    {TYPE(new_site), "title", TITLE},
    {TYPE(new_site), "time_zone", FORM_TIME_ZONE, 0, 0},

    {TYPE(found), "name", FORM_NAME, 0, 0},
    {TYPE(found), "title", TITLE},
    {TYPE(found), "constituencies", FORM_MESSAGES, 1, CONSTITUENCIES_IN_FOUND_MAX},
    {TYPE(found), "sites", FORM_MESSAGES, 1, SITES_IN_FOUND_MAX},

    {TYPE(admit_constituency), "constituency", FORM_MESSAGE, 0, 0},

    {TYPE(add_site), "site", FORM_MESSAGE, 0, 0},

    {TYPE(invite), "key", FORM_HASH, 0, 0},
    {TYPE(invite), "name", FORM_TEXT_OR_NONE, 1, TITLE_MAX_BYTES},
    {TYPE(invite), "offices", FORM_CHOICES, 0, 0},
    {TYPE(invite), "expires_ms", TIME},
    {TYPE(invite), "member", ANY_NUMBER},

    {TYPE(redeem), "invitation", FORM_HASH, 0, 0},

    {TYPE(revoke_key), "key", FORM_HASH, 0, 0},

    {TYPE(create_body), "name", FORM_NAME, 0, 0},
    {TYPE(create_body), "title", TITLE},
    {TYPE(create_body), "seats", FORM_MESSAGES, 1, SEAT_GROUPS_MAX},

    {TYPE(seat_group), "constituency", FORM_NAME, 0, 0},
    {TYPE(seat_group), "count", FORM_NUMBER, 1, SEATS_MAX},
    {TYPE(seat_group), "office", FORM_NAME_OR_NONE, 0, 0},
    {TYPE(seat_group), "alternates", FORM_CHOICE_OR_NONE, 0, 0},
    {TYPE(seat_group), "weight", FORM_NUMBER, 0, WEIGHT_MAX},

    {TYPE(assign_seat), "body", NUMBER_OF_A_THING},
    {TYPE(assign_seat), "seat", NUMBER_OF_A_THING},
    {TYPE(assign_seat), "member", ANY_NUMBER},
    {TYPE(assign_seat), "until_ms", TIME_OR_NONE},

    {TYPE(adopt_rule), "rule", FORM_RULE, 0, 0},
    {TYPE(adopt_rule), "bodies", FORM_NUMBERS, 1, RULE_BODIES_MAX},

    {TYPE(convene_session), "body", NUMBER_OF_A_THING},
    {TYPE(convene_session), "title", TITLE},
    {TYPE(convene_session), "starts_ms", TIME},

    {TYPE(open_session), "session", NUMBER_OF_A_THING},

    {TYPE(close_session), "session", NUMBER_OF_A_THING},

    {TYPE(check_in), "session", NUMBER_OF_A_THING},
    {TYPE(check_in), "site", NUMBER_OF_A_THING},

    {TYPE(add_item), "session", NUMBER_OF_A_THING},
    {TYPE(add_item), "title", TITLE},
    {TYPE(add_item), "function", FORM_NAME_OR_NONE, 0, 0},
    {TYPE(add_item), "phase", FORM_CHOICE_OR_NONE, 0, 0},

    {TYPE(make_proposal), "item", NUMBER_OF_A_THING},
    {TYPE(make_proposal), "title", TITLE},
    {TYPE(make_proposal), "text", FORM_TEXT, 1, TEXT_MAX_BYTES},
    {TYPE(make_proposal), "withdraws", ANY_NUMBER},
    {TYPE(make_proposal), "terms", FORM_MESSAGE_OR_NONE, 0, 0},

    {TYPE(revise_proposal), "proposal", NUMBER_OF_A_THING},
    {TYPE(revise_proposal), "base_hash", FORM_HASH, 0, 0},
    {TYPE(revise_proposal), "text", FORM_TEXT, 1, TEXT_MAX_BYTES},
    {TYPE(revise_proposal), "terms", FORM_MESSAGE_OR_NONE, 0, 0},

    {TYPE(open_round), "proposal", NUMBER_OF_A_THING},
    {TYPE(open_round), "text_hash", FORM_HASH, 0, 0},
    {TYPE(open_round), "rule", NUMBER_OF_A_THING},
    {TYPE(open_round), "closes_ms", TIME_OR_NONE},
    {TYPE(open_round), "question", FORM_TEXT_OR_NONE, 1, TITLE_MAX_BYTES},
    {TYPE(open_round), "options", FORM_MESSAGES, 0, OPTIONS_MAX},
    {TYPE(open_round), "tie_order", FORM_NUMBERS, 0, OPTIONS_MAX},

    {TYPE(new_option), "label", FORM_NAME, 0, 0},
    {TYPE(new_option), "majority", FORM_NAME_OR_NONE, 0, 0},
    {TYPE(new_option), "is_default", FORM_FLAG, 0, 0},
    {TYPE(new_option), "text", FORM_TEXT_OR_NONE, 1, REASON_MAX_BYTES},

    {TYPE(cast_ballot), "round", NUMBER_OF_A_THING},
    {TYPE(cast_ballot), "text_hash", FORM_HASH, 0, 0},
    {TYPE(cast_ballot), "answer", ANY_NUMBER},
    {TYPE(cast_ballot), "replaces", ANY_SEQUENCE},
    {TYPE(cast_ballot), "reason", FORM_TEXT_OR_NONE, 0, REASON_MAX_BYTES},
    {TYPE(cast_ballot), "ranks", FORM_RANKS, 0, OPTIONS_MAX},
    {TYPE(cast_ballot), "score", FORM_MESSAGE_OR_NONE, 0, 0},
    {TYPE(cast_ballot), "interests", FORM_NUMBERS, 0, INTERESTS_MAX},
    {TYPE(cast_ballot), "alternative", FORM_TEXT_OR_NONE, 0, REASON_MAX_BYTES},
    {TYPE(cast_ballot), "choice", ANY_NUMBER},

    {TYPE(score), "value", ANY_NUMBER},

    {TYPE(close_round), "round", NUMBER_OF_A_THING},

    {TYPE(enter_ballots), "round", NUMBER_OF_A_THING},
    {TYPE(enter_ballots), "text_hash", FORM_HASH, 0, 0},
    {TYPE(enter_ballots), "ballots", FORM_MESSAGES, 1, ENTERED_BALLOTS_MAX},

    {TYPE(entered_ballot), "member", NUMBER_OF_A_THING},
    {TYPE(entered_ballot), "answer", ANY_NUMBER},
    {TYPE(entered_ballot), "replaces", ANY_SEQUENCE},
    {TYPE(entered_ballot), "reason", FORM_TEXT_OR_NONE, 0, REASON_MAX_BYTES},
    {TYPE(entered_ballot), "medium", FORM_CHOICE, 0, 0},
    {TYPE(entered_ballot), "ranks", FORM_RANKS, 0, OPTIONS_MAX},
    {TYPE(entered_ballot), "score", FORM_MESSAGE_OR_NONE, 0, 0},
    {TYPE(entered_ballot), "interests", FORM_NUMBERS, 0, INTERESTS_MAX},
    {TYPE(entered_ballot), "alternative", FORM_TEXT_OR_NONE, 0, REASON_MAX_BYTES},
    {TYPE(entered_ballot), "choice", ANY_NUMBER},

    {TYPE(confirm_ballot), "round", NUMBER_OF_A_THING},
    {TYPE(confirm_ballot), "ballot", A_SEQUENCE},

    {TYPE(dispute_ballot), "round", NUMBER_OF_A_THING},
    {TYPE(dispute_ballot), "ballot", A_SEQUENCE},
    {TYPE(dispute_ballot), "reason", FORM_TEXT, 1, REASON_MAX_BYTES},

    /* Charter and bodies. */
    {TYPE(adopt_charter), "charter", FORM_MESSAGE, 0, 0},
    {TYPE(adopt_charter), "replaces", ANY_NUMBER},
    {TYPE(adopt_charter), "decision", ANY_NUMBER},

    {TYPE(charter), "text", FORM_TEXT, 1, TEXT_MAX_BYTES},
    {TYPE(charter), "functions", FORM_MESSAGES, 0, FUNCTIONS_MAX},
    {TYPE(charter), "excluded", FORM_MESSAGES, 0, FUNCTIONS_MAX},
    {TYPE(charter), "facilitation", FORM_CHOICE, 0, 0},
    {TYPE(charter), "records", FORM_MESSAGES, 0, PHASES_MAX},
    {TYPE(charter), "straw_polls", FORM_CHOICE, 0, 0},
    {TYPE(charter), "sidebars", FORM_CHOICE, 0, 0},
    {TYPE(charter), "amendment_body", FORM_NAME_OR_NONE, 0, 0},
    {TYPE(charter), "amendment_rule", FORM_NAME_OR_NONE, 0, 0},
    {TYPE(charter), "notice_hours", FORM_NUMBER, 0, NOTICE_HOURS_MAX},
    {TYPE(charter), "minutes_by_silence", FORM_FLAG, 0, 0},
    {TYPE(charter), "retention", FORM_MESSAGES, 0, RETENTION_CLASSES_MAX},
    {TYPE(charter), "language", FORM_LANGUAGE_OR_NONE, 0, 0},
    {TYPE(charter), "co_chairs", FORM_MESSAGES, 0, CONSTITUENCIES_IN_FOUND_MAX},

    {TYPE(co_chairs_needed), "constituency", FORM_NAME, 0, 0},
    {TYPE(co_chairs_needed), "count", FORM_NUMBER, CO_CHAIRS_NEEDED_LEAST, CO_CHAIRS_NEEDED_MOST},

    {TYPE(vital_function), "name", FORM_NAME, 0, 0},
    {TYPE(vital_function), "title", TITLE},
    {TYPE(vital_function), "share", FORM_CHOICE, 0, 0},
    {TYPE(vital_function), "body", FORM_NAME_OR_NONE, 0, 0},
    {TYPE(vital_function), "rule", FORM_NAME_OR_NONE, 0, 0},
    {TYPE(vital_function), "standings", FORM_MESSAGES, 0, CONSTITUENCIES_IN_FOUND_MAX},

    {TYPE(standing_given), "constituency", FORM_NAME, 0, 0},
    {TYPE(standing_given), "standing", FORM_CHOICE, 0, 0},

    {TYPE(excluded_subject), "name", FORM_NAME, 0, 0},
    {TYPE(excluded_subject), "title", TITLE},

    {TYPE(phase_record), "phase", FORM_CHOICE, 0, 0},
    {TYPE(phase_record), "level", FORM_CHOICE, 0, 0},

    {TYPE(retention_class), "name", FORM_NAME, 0, 0},
    {TYPE(retention_class), "days", FORM_NUMBER, 0, RETENTION_DAYS_MAX},

    {TYPE(recuse), "proposal", NUMBER_OF_A_THING},
    {TYPE(recuse), "reason", FORM_TEXT, 1, REASON_MAX_BYTES},

    {TYPE(name_alternates), "body", NUMBER_OF_A_THING},
    {TYPE(name_alternates), "seat", NUMBER_OF_A_THING},
    {TYPE(name_alternates), "members", FORM_NUMBERS, 0, ALTERNATES_MAX},

    {TYPE(hand_over), "session", NUMBER_OF_A_THING},
    {TYPE(hand_over), "seat", NUMBER_OF_A_THING},
    {TYPE(hand_over), "member", NUMBER_OF_A_THING},

    {TYPE(take_back), "session", NUMBER_OF_A_THING},
    {TYPE(take_back), "seat", NUMBER_OF_A_THING},

    /* Sessions. */
    {TYPE(draft_session), "body", NUMBER_OF_A_THING},
    {TYPE(draft_session), "title", TITLE},
    {TYPE(draft_session), "starts_ms", TIME},

    {TYPE(give_notice), "session", NUMBER_OF_A_THING},
    {TYPE(give_notice), "notice_minutes", FORM_NUMBER, 0, NOTICE_MINUTES_MAX},

    {TYPE(order_agenda), "session", NUMBER_OF_A_THING},
    {TYPE(order_agenda), "items", FORM_NUMBERS, 1, AGENDA_MAX},

    {TYPE(set_ground_rules), "session", NUMBER_OF_A_THING},
    {TYPE(set_ground_rules), "text", FORM_TEXT, 1, TEXT_MAX_BYTES},
    {TYPE(set_ground_rules), "away_after_minutes", FORM_NUMBER, 0, DAY_MINUTES},
    {TYPE(set_ground_rules), "queue", FORM_CHOICE, 0, 0},

    {TYPE(name_facilitators), "session", NUMBER_OF_A_THING},
    {TYPE(name_facilitators), "facilitators", FORM_NUMBERS, 0, FACILITATORS_MAX},
    {TYPE(name_facilitators), "recorder", ANY_NUMBER},

    {TYPE(roll_call), "session", NUMBER_OF_A_THING},
    {TYPE(roll_call), "site", NUMBER_OF_A_THING},
    {TYPE(roll_call), "members", FORM_NUMBERS, 1, ROLL_CALL_MAX},

    {TYPE(check_out), "session", NUMBER_OF_A_THING},
    {TYPE(check_out), "member", ANY_NUMBER},

    {TYPE(step_away), "session", NUMBER_OF_A_THING},

    {TYPE(recess_session), "session", NUMBER_OF_A_THING},
    {TYPE(recess_session), "until_ms", TIME_OR_NONE},

    {TYPE(resume_session), "session", NUMBER_OF_A_THING},

    {TYPE(call_caucus), "session", NUMBER_OF_A_THING},
    {TYPE(call_caucus), "until_ms", TIME},

    {TYPE(end_caucus), "session", NUMBER_OF_A_THING},

    {TYPE(raise_hand), "session", NUMBER_OF_A_THING},

    {TYPE(lower_hand), "session", NUMBER_OF_A_THING},
    {TYPE(lower_hand), "member", ANY_NUMBER},

    {TYPE(give_floor), "session", NUMBER_OF_A_THING},
    {TYPE(give_floor), "member", ANY_NUMBER},

    {TYPE(yield_floor), "session", NUMBER_OF_A_THING},

    {TYPE(set_time_box), "item", NUMBER_OF_A_THING},
    {TYPE(set_time_box), "minutes", FORM_NUMBER, 1, DAY_MINUTES},

    {TYPE(extend_time_box), "item", NUMBER_OF_A_THING},
    {TYPE(extend_time_box), "minutes", FORM_NUMBER, 1, DAY_MINUTES},

    {TYPE(propose_sidebar), "session", NUMBER_OF_A_THING},
    {TYPE(propose_sidebar), "topic", TITLE},
    {TYPE(propose_sidebar), "members", FORM_NUMBERS, 1, SIDEBAR_OTHERS_MAX},

    {TYPE(agree_sidebar), "sidebar", NUMBER_OF_A_THING},

    {TYPE(decline_sidebar), "sidebar", NUMBER_OF_A_THING},

    {TYPE(end_sidebar), "sidebar", NUMBER_OF_A_THING},
    {TYPE(end_sidebar), "summary", FORM_TEXT_OR_NONE, 0, REASON_MAX_BYTES},

    {TYPE(note_plus_delta), "session", NUMBER_OF_A_THING},
    {TYPE(note_plus_delta), "kind", FORM_CHOICE, 0, 0},
    {TYPE(note_plus_delta), "text", FORM_TEXT, 1, REASON_MAX_BYTES},

    /* Problem solving. */
    {TYPE(move_phase), "item", NUMBER_OF_A_THING},
    {TYPE(move_phase), "from", FORM_CHOICE, 0, 0},
    {TYPE(move_phase), "phase", FORM_CHOICE, 0, 0},
    {TYPE(move_phase), "session", ANY_NUMBER},

    {TYPE(hold_phase), "item", NUMBER_OF_A_THING},
    {TYPE(hold_phase), "reason", WORDS},

    {TYPE(release_phase), "item", NUMBER_OF_A_THING},

    {TYPE(flag_bargaining), "item", NUMBER_OF_A_THING},
    {TYPE(flag_bargaining), "reason", WORDS_OR_NONE},

    {TYPE(set_aside_item), "item", NUMBER_OF_A_THING},
    {TYPE(set_aside_item), "phase", FORM_CHOICE, 0, 0},
    {TYPE(set_aside_item), "reason", WORDS},
    {TYPE(set_aside_item), "until_ms", TIME_OR_NONE},

    {TYPE(withdraw_item), "item", NUMBER_OF_A_THING},
    {TYPE(withdraw_item), "reason", WORDS},
    {TYPE(withdraw_item), "leave", ANY_NUMBER},

    {TYPE(contribute), "item", NUMBER_OF_A_THING},
    {TYPE(contribute), "kind", FORM_CHOICE, 0, 0},
    {TYPE(contribute), "constituency", FORM_NAME_OR_NONE, 0, 0},
    {TYPE(contribute), "text", WORDS},
    {TYPE(contribute), "about", FORM_NUMBERS, 0, ABOUT_MAX},

    {TYPE(amend_contribution), "contribution", NUMBER_OF_A_THING},
    {TYPE(amend_contribution), "base_hash", FORM_HASH, 0, 0},
    {TYPE(amend_contribution), "text", WORDS},
    {TYPE(amend_contribution), "about", FORM_NUMBERS, 0, ABOUT_MAX},

    {TYPE(withdraw_contribution), "contribution", NUMBER_OF_A_THING},

    {TYPE(approved_text), "contribution", NUMBER_OF_A_THING},
    {TYPE(approved_text), "text_hash", FORM_HASH, 0, 0},

    {TYPE(approve_contributions), "texts", FORM_MESSAGES, 1, APPROVED_TEXTS_MAX},

    {TYPE(link_proposal), "proposal", NUMBER_OF_A_THING},
    {TYPE(link_proposal), "text_hash", FORM_HASH, 0, 0},
    {TYPE(link_proposal), "change", FORM_CHOICE, 0, 0},
    {TYPE(link_proposal), "contributions", FORM_NUMBERS, 1, ABOUT_MAX},

    {TYPE(raise_concern), "proposal", NUMBER_OF_A_THING},
    {TYPE(raise_concern), "text_hash", FORM_HASH, 0, 0},
    {TYPE(raise_concern), "text", WORDS},
    {TYPE(raise_concern), "harms", ANY_NUMBER},

    {TYPE(second_concern), "concern", NUMBER_OF_A_THING},

    {TYPE(settle_concern), "concern", NUMBER_OF_A_THING},
    {TYPE(settle_concern), "state", FORM_CHOICE, 0, 0},
    {TYPE(settle_concern), "how", WORDS_OR_NONE},

    {TYPE(request_data), "item", NUMBER_OF_A_THING},
    {TYPE(request_data), "constituency", FORM_NAME, 0, 0},
    {TYPE(request_data), "text", WORDS},
    {TYPE(request_data), "due_ms", TIME_OR_NONE},
    {TYPE(request_data), "confidentiality", FORM_CHOICE, 0, 0},

    {TYPE(answer_data), "request", NUMBER_OF_A_THING},
    {TYPE(answer_data), "text", FORM_TEXT, 1, TEXT_MAX_BYTES},

    {TYPE(refuse_data), "request", NUMBER_OF_A_THING},
    {TYPE(refuse_data), "reason", WORDS},

    {TYPE(state_fact), "item", NUMBER_OF_A_THING},
    {TYPE(state_fact), "text", WORDS},
    {TYPE(state_fact), "request", ANY_NUMBER},
    {TYPE(state_fact), "confidentiality", FORM_CHOICE, 0, 0},

    {TYPE(judge_fact), "fact", NUMBER_OF_A_THING},
    {TYPE(judge_fact), "position", FORM_CHOICE, 0, 0},
    {TYPE(judge_fact), "reason", WORDS_OR_NONE},

    {TYPE(withdraw_fact), "fact", NUMBER_OF_A_THING},

    {TYPE(straw_choice), "text", TITLE},

    {TYPE(open_straw_poll), "item", NUMBER_OF_A_THING},
    {TYPE(open_straw_poll), "question", TITLE},
    {TYPE(open_straw_poll), "choices", FORM_MESSAGES, 2, STRAW_CHOICES_MAX},

    {TYPE(answer_straw_poll), "poll", NUMBER_OF_A_THING},
    {TYPE(answer_straw_poll), "choice", NUMBER_OF_A_THING},

    {TYPE(close_straw_poll), "poll", NUMBER_OF_A_THING},

    /* Decisions and minutes. */
    {TYPE(terms), "effective_ms", TIME_OR_NONE},
    {TYPE(terms), "trial_until_ms", TIME_OR_NONE},
    {TYPE(terms), "review_ms", TIME_OR_NONE},
    {TYPE(terms), "sunset_ms", TIME_OR_NONE},
    {TYPE(terms), "effects", FORM_MESSAGES, 0, EFFECTS_MAX},
    {TYPE(terms), "clauses", FORM_MESSAGES, 0, CLAUSES_MAX},
    {TYPE(terms), "reopen_by", FORM_CHOICE, 0, 0},
    {TYPE(terms), "reopen_on", NOTE},

    {TYPE(decision_effect), "relation", FORM_CHOICE, 0, 0},
    {TYPE(decision_effect), "decision", NUMBER_OF_A_THING},

    {TYPE(clause), "title", TITLE},
    {TYPE(clause), "signatories", FORM_NUMBERS, 1, SIGNATORIES_MAX},

    {TYPE(review_decision), "decision", NUMBER_OF_A_THING},
    {TYPE(review_decision), "next_ms", TIME_OR_NONE},
    {TYPE(review_decision), "note", NOTE},

    {TYPE(sign_clause), "decision", NUMBER_OF_A_THING},
    {TYPE(sign_clause), "clause", NUMBER_OF_A_THING},
    {TYPE(sign_clause), "text_hash", FORM_HASH, 0, 0},

    {TYPE(reopen_decision), "decision", NUMBER_OF_A_THING},
    {TYPE(reopen_decision), "session", NUMBER_OF_A_THING},
    {TYPE(reopen_decision), "title", TITLE},
    {TYPE(reopen_decision), "fact", GIVEN_REASON},

    {TYPE(declare_outcome), "round", NUMBER_OF_A_THING},
    {TYPE(declare_outcome), "outcome", FORM_CHOICE, 0, 0},
    {TYPE(declare_outcome), "reason", GIVEN_REASON},

    {TYPE(add_action), "decision", ANY_NUMBER},
    {TYPE(add_action), "item", ANY_NUMBER},
    {TYPE(add_action), "title", TITLE},
    {TYPE(add_action), "owners", FORM_NUMBERS, 1, OWNERS_MAX},
    {TYPE(add_action), "due_date", DATE},
    {TYPE(add_action), "time_zone", FORM_TIME_ZONE, 0, 0},

    {TYPE(update_action), "action", NUMBER_OF_A_THING},
    {TYPE(update_action), "status", FORM_CHOICE, 0, 0},
    {TYPE(update_action), "note", NOTE},

    {TYPE(draft_minutes), "session", NUMBER_OF_A_THING},
    {TYPE(draft_minutes), "text", PROSE},
    {TYPE(draft_minutes), "by_silence", FORM_FLAG, 0, 0},

    {TYPE(correct_minutes), "session", NUMBER_OF_A_THING},
    {TYPE(correct_minutes), "base_hash", FORM_HASH, 0, 0},
    {TYPE(correct_minutes), "text", PROSE},

    {TYPE(approve_minutes), "session", NUMBER_OF_A_THING},
    {TYPE(approve_minutes), "text_hash", FORM_HASH, 0, 0},

    {TYPE(dissent_minutes), "session", NUMBER_OF_A_THING},
    {TYPE(dissent_minutes), "text_hash", FORM_HASH, 0, 0},
    {TYPE(dissent_minutes), "text", PROSE},

    {TYPE(give_mandate), "decision", ANY_NUMBER},
    {TYPE(give_mandate), "body", ANY_NUMBER},
    {TYPE(give_mandate), "member", ANY_NUMBER},
    {TYPE(give_mandate), "limits", PROSE},
    {TYPE(give_mandate), "report_by_ms", TIME_OR_NONE},
    {TYPE(give_mandate), "function", FORM_NAME_OR_NONE, 0, 0},

    {TYPE(report_mandate), "mandate", NUMBER_OF_A_THING},
    {TYPE(report_mandate), "text", PROSE},
    {TYPE(report_mandate), "next_ms", TIME_OR_NONE},

    {TYPE(recall_mandate), "mandate", NUMBER_OF_A_THING},
    {TYPE(recall_mandate), "reason", GIVEN_REASON},

    {TYPE(set_retention), "session", NUMBER_OF_A_THING},
    {TYPE(set_retention), "class", FORM_NAME, 0, 0},
    {TYPE(set_retention), "keep_until_ms", TIME_OR_NONE},

    {TYPE(hold_texts), "session", NUMBER_OF_A_THING},
    {TYPE(hold_texts), "reason", GIVEN_REASON},

    {TYPE(lift_hold), "hold", NUMBER_OF_A_THING},

    {TYPE(purge_texts), "session", NUMBER_OF_A_THING},

    /* Rules and stages. */
    {TYPE(set_list), "name", FORM_NAME, 0, 0},
    {TYPE(set_list), "constituency", FORM_NAME, 0, 0},
    {TYPE(set_list), "members", FORM_ASCENDING, 0, ROLL_MAX},
    {TYPE(set_list), "weights", FORM_WEIGHTS, 0, ROLL_MAX},

    {TYPE(acknowledge_round), "round", NUMBER_OF_A_THING},

    {TYPE(second_block), "stage", NUMBER_OF_A_THING},
    {TYPE(second_block), "voter", NUMBER_OF_A_THING},

    {TYPE(note_conference), "stage", NUMBER_OF_A_THING},
    {TYPE(note_conference), "note", NOTE},

    {TYPE(give_casting_vote), "stage", NUMBER_OF_A_THING},
    {TYPE(give_casting_vote), "for_proposal", FORM_FLAG, 0, 0},
    {TYPE(give_casting_vote), "reason", NOTE},

    {TYPE(enter_answer), "stage", NUMBER_OF_A_THING},
    {TYPE(enter_answer), "outcome", FORM_CHOICE, 0, 0},
    {TYPE(enter_answer), "answer", PROSE},

    {TYPE(sign_off), "stage", NUMBER_OF_A_THING},
    {TYPE(sign_off), "refuses", FORM_FLAG, 0, 0},
    {TYPE(sign_off), "reason", NOTE},

    /* Keys and witnesses. */
    {TYPE(add_key), "key", FORM_HASH, 0, 0},
    {TYPE(add_key), "replaces", FORM_HASH_OR_NONE, 0, 0},

    {TYPE(recover_co_chair), "member", NUMBER_OF_A_THING},
    {TYPE(recover_co_chair), "key", FORM_HASH, 0, 0},

    {TYPE(set_recovery_key), "key", FORM_HASH, 0, 0},

    {TYPE(appoint_witness), "name", FORM_NAME, 0, 0},
    {TYPE(appoint_witness), "key", FORM_HASH, 0, 0},

    {TYPE(dismiss_witness), "witness", NUMBER_OF_A_THING},
};

const struct form_row *form_row_at(unsigned index)
{
    return index < ARRAY_COUNT(ROWS) ? &ROWS[index] : NULL;
}

static const struct form_row *row_of_field(const ProtobufCMessageDescriptor *type, const char *field)
{
    size_t count;
    const struct form_row *rows = form_rows_of(type, &count);
    for (size_t i = 0; rows && i < count; i++) {
        if (strcmp(rows[i].field, field) == 0)
            return &rows[i];
    }
    return NULL;
}

const struct form_row *form_row_of_path(const char *path)
{
    const ProtobufCMessageDescriptor *type = TYPE(command);
    char name[FIELD_PATH_MAX];
    while (type) {
        size_t length = strcspn(path, "[.");
        if (length >= sizeof(name))
            return NULL;
        memcpy(name, path, length);
        name[length] = '\0';
        path += strcspn(path, ".");
        if (*path == '\0')
            return row_of_field(type, name);
        path++;
        const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(type, name);
        type = field && field->type == PROTOBUF_C_TYPE_MESSAGE ? field->descriptor : NULL;
    }
    return NULL;
}

bool form_is_title(const struct form_row *row)
{
    return (row->form == FORM_TEXT || row->form == FORM_TEXT_OR_NONE) && row->most == TITLE_MAX_BYTES;
}

bool form_is_name(const struct form_row *row)
{
    static const ProtobufCMessageDescriptor *const NAMED[] = {TYPE(founder), TYPE(invite), TYPE(new_constituency),
                                                              TYPE(new_site)};

    for (size_t i = 0; i < ARRAY_COUNT(NAMED); i++)
        if (row->type == NAMED[i])
            return form_is_title(row);
    return false;
}

const struct form_row *form_rows_of(const ProtobufCMessageDescriptor *type, size_t *ret_count)
{
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        if (ROWS[i].type != type)
            continue;
        size_t count = 1;
        while (i + count < ARRAY_COUNT(ROWS) && ROWS[i + count].type == type)
            count++;
        *ret_count = count;
        return &ROWS[i];
    }
    return NULL;
}
