/* The verbs' functions, by noun: what the rows of verbs.c name. Each returns 0 or a code of core/error.h. */
#ifndef COMITY_CLI_VERBS_H
#define COMITY_CLI_VERBS_H

#include "client/cli/verb.h"
#include "core/words.h"

struct cli;

/* key_file.c, key_words.c */
int key_new_run(struct cli *cli);
int key_show_run(struct cli *cli);
int key_protect_run(struct cli *cli);
int key_words_run(struct cli *cli);
int key_from_words_run(struct cli *cli);

/* key_device.c, key_rotate.c */
int key_request_run(struct cli *cli);
int key_add_run(struct cli *cli);
int key_accept_run(struct cli *cli);
int key_rotate_run(struct cli *cli);

/* key.c */
int key_list_run(struct cli *cli);
int key_revoke_run(struct cli *cli);

/* founding.c */
int found_charter_run(struct cli *cli);
int found_prepare_run(struct cli *cli);
int draft_show_run(struct cli *cli);
int draft_sign_run(struct cli *cli);
int draft_submit_run(struct cli *cli);

/* partnership.c */
int partnership_show_run(struct cli *cli);
int whoami_run(struct cli *cli);
int constituency_list_run(struct cli *cli);
int constituency_admit_run(struct cli *cli);
int site_list_run(struct cli *cli);
int site_add_run(struct cli *cli);

/* member.c */
int invite_run(struct cli *cli);
int invitation_list_run(struct cli *cli);
int join_run(struct cli *cli);
int member_list_run(struct cli *cli);

/* body.c */
int body_create_run(struct cli *cli);
int body_list_run(struct cli *cli);
int body_show_run(struct cli *cli);
int seat_assign_run(struct cli *cli);
int seat_vacate_run(struct cli *cli);

/* rules.c */
int rule_templates_run(struct cli *cli);
int rule_show_run(struct cli *cli);
int rule_adopt_run(struct cli *cli);
int rule_list_run(struct cli *cli);
int rule_explain_run(struct cli *cli);
/* rule_check.c */
int rule_check_run(struct cli *cli);
int rule_diff_run(struct cli *cli);
/* rule_simulate.c */
int rule_simulate_run(struct cli *cli);
extern const struct verb VERBS_RULES[]; /* verbs_rules.c */

/* meeting.c */
int session_convene_run(struct cli *cli);
int session_open_run(struct cli *cli);
int session_close_run(struct cli *cli);
int session_list_run(struct cli *cli);
int checkin_run(struct cli *cli);
int item_add_run(struct cli *cli);
int item_list_run(struct cli *cli);

/* proposal.c */
int proposal_make_run(struct cli *cli);
int proposal_revise_run(struct cli *cli);
int proposal_show_run(struct cli *cli);
int proposal_list_run(struct cli *cli);

/* round.c */
int round_open_run(struct cli *cli);
int round_acknowledge_run(struct cli *cli);
int round_close_run(struct cli *cli);
int round_show_run(struct cli *cli);
int round_list_run(struct cli *cli);

/* ballot.c */
int vote_run(struct cli *cli);
int ballots_run(struct cli *cli);

/* decision.c */
int outcome_run(struct cli *cli);
int decisions_run(struct cli *cli);

/* record.c */
int events_run(struct cli *cli);
int export_run(struct cli *cli);
int recount_run(struct cli *cli);
int audit_run(struct cli *cli);

/* receipts.c */
int receipt_list_run(struct cli *cli);
int receipt_show_run(struct cli *cli);

/* resubmit.c */
int resubmit_run(struct cli *cli);
int outbox_list_run(struct cli *cli);
int outbox_takeback_run(struct cli *cli);

/* contexts.c */
int context_list_run(struct cli *cli);
int context_use_run(struct cli *cli);
int context_show_run(struct cli *cli);
int context_add_run(struct cli *cli);
int context_remove_run(struct cli *cli);

/* settings_verbs.c */
int config_show_run(struct cli *cli);
int config_set_run(struct cli *cli);

/* doctor.c */
int doctor_run(struct cli *cli);

/* completion.c */
int completion_run(struct cli *cli);

/* status.c */
int status_run(struct cli *cli);
int move_run(struct cli *cli); /* move.c */

/* up.c */
int up_run(struct cli *cli);
int down_run(struct cli *cli);
/* Tables of verbs of a subject, which {.name = NULL} ends. */
extern const struct verb VERBS_BALLOTS[];
extern const struct verb VERBS_MACHINE[];
extern const struct verb VERBS_WATCH[];
extern const struct verb VERBS_PAPERS[];
extern const struct verb VERBS_HELP[];
extern const struct verb VERBS_HISTORY[];
int receipt_save_run(struct cli *cli);
int receipt_verify_run(struct cli *cli);
int checkpoint_run(struct cli *cli);
int checkpoint_compare_run(struct cli *cli);
int checkpoint_accept_run(struct cli *cli);

/* history.c, undo.c */
int history_run(struct cli *cli);
int undo_run(struct cli *cli);

/* watch.c */
int watch_run(struct cli *cli);

/* pack.c, calendar.c */
int pack_before_run(struct cli *cli);
int pack_after_run(struct cli *cli);
int calendar_run(struct cli *cli);

/* ballots_import.c */
int ballots_import_run(struct cli *cli);

/* roll_list.c */
int list_set_run(struct cli *cli);
int list_list_run(struct cli *cli);
int list_show_run(struct cli *cli);

/* ballots_export.c */
int ballots_export_run(struct cli *cli);

/* count.c */
int count_run(struct cli *cli);
int ballots_confirm_run(struct cli *cli);
int ballots_dispute_run(struct cli *cli);

/* Charter and bodies. */

/* standing_rules.c */
int charter_sample_run(struct cli *cli);
int charter_adopt_run(struct cli *cli);
int charter_show_run(struct cli *cli);
int charter_history_run(struct cli *cli);

/* seats.c */
int seat_alternates_run(struct cli *cli);
int seat_hand_over_run(struct cli *cli);
int seat_take_back_run(struct cli *cli);
int recuse_run(struct cli *cli);

extern const struct verb VERBS_CHARTER[]; /* verbs_charter.c */

/* Sessions. */
extern const struct verb VERBS_SESSIONS[];
/* session_show.c */
int session_show_run(struct cli *cli);
/* session_acts.c */
int session_draft_run(struct cli *cli);
int session_notice_run(struct cli *cli);
int session_order_run(struct cli *cli);
int session_rules_run(struct cli *cli);
int session_facilitators_run(struct cli *cli);
int rollcall_run(struct cli *cli);
int checkout_run(struct cli *cli);
int away_run(struct cli *cli);
int session_recess_run(struct cli *cli);
int session_resume_run(struct cli *cli);
int caucus_call_run(struct cli *cli);
int caucus_end_run(struct cli *cli);
int hand_raise_run(struct cli *cli);
int hand_lower_run(struct cli *cli);
int floor_give_run(struct cli *cli);
int floor_yield_run(struct cli *cli);
/* aside.c */
int timebox_set_run(struct cli *cli);
int timebox_extend_run(struct cli *cli);
int sidebar_propose_run(struct cli *cli);
int sidebar_agree_run(struct cli *cli);
int sidebar_decline_run(struct cli *cli);
int sidebar_end_run(struct cli *cli);
int plus_run(struct cli *cli);
int delta_run(struct cli *cli);

/* Problem solving. */
extern const struct verb VERBS_SOLVING[];

/* item.c */
int item_show_run(struct cli *cli);
int item_move_run(struct cli *cli);
int item_hold_run(struct cli *cli);
int item_release_run(struct cli *cli);
int item_bargaining_run(struct cli *cli);
int item_defer_run(struct cli *cli);
int item_table_run(struct cli *cli);
int item_withdraw_run(struct cli *cli);

/* contribution.c */
int contribution_add_run(struct cli *cli);
int contribution_list_run(struct cli *cli);
int contribution_amend_run(struct cli *cli);
int contribution_withdraw_run(struct cli *cli);
int contribution_approve_run(struct cli *cli);
int proposal_link_run(struct cli *cli);
int proposal_unlink_run(struct cli *cli);

/* concern.c */
int concern_raise_run(struct cli *cli);
int concern_second_run(struct cli *cli);
int concern_resolve_run(struct cli *cli);
int concern_withdraw_run(struct cli *cli);
int concern_list_run(struct cli *cli);

/* data.c */
int data_ask_run(struct cli *cli);
int data_answer_run(struct cli *cli);
int data_refuse_run(struct cli *cli);
int data_list_run(struct cli *cli);
int fact_state_run(struct cli *cli);
int fact_agree_run(struct cli *cli);
int fact_dispute_run(struct cli *cli);
int fact_withdraw_run(struct cli *cli);
int fact_list_run(struct cli *cli);
int straw_open_run(struct cli *cli);
int straw_answer_run(struct cli *cli);
int straw_close_run(struct cli *cli);
int straw_show_run(struct cli *cli);

/* Decisions and minutes. */
extern const struct verb VERBS_DECISION[]; /* verbs_decision.c */
/* decision_life.c */
int decision_show_run(struct cli *cli);
int decision_sign_run(struct cli *cli);
int decision_review_run(struct cli *cli);
int decision_reopen_run(struct cli *cli);
int decision_declare_run(struct cli *cli);
/* register.c */
int register_run(struct cli *cli);
/* action.c */
int action_add_run(struct cli *cli);
int action_list_run(struct cli *cli);
int action_done_run(struct cli *cli);
int action_drop_run(struct cli *cli);
int action_reopen_run(struct cli *cli);
/* mandate.c */
int mandate_give_run(struct cli *cli);
int mandate_list_run(struct cli *cli);
int mandate_show_run(struct cli *cli);
int mandate_report_run(struct cli *cli);
int mandate_recall_run(struct cli *cli);
/* retention.c */
int retention_set_run(struct cli *cli);
int retention_list_run(struct cli *cli);
int hold_place_run(struct cli *cli);
int hold_lift_run(struct cli *cli);
int hold_list_run(struct cli *cli);
int purge_run(struct cli *cli);
/* minutes.c */
int minutes_draft_run(struct cli *cli);
int minutes_show_run(struct cli *cli);
int minutes_correct_run(struct cli *cli);
int minutes_approve_run(struct cli *cli);
int minutes_dissent_run(struct cli *cli);

/* Rules and stages. */
extern const struct verb VERBS_STAGE[]; /* verbs_stage.c */
/* stage.c */
int stage_list_run(struct cli *cli);
int stage_show_run(struct cli *cli);
int stage_second_run(struct cli *cli);
int stage_confer_run(struct cli *cli);
int stage_cast_run(struct cli *cli);
int stage_answer_run(struct cli *cli);
int stage_sign_run(struct cli *cli);

/* Keys and witnesses. */
extern const struct verb VERBS_TRUST[]; /* verbs_trust.c */
/* witness.c */
int witness_appoint_run(struct cli *cli);
int witness_dismiss_run(struct cli *cli);
int witness_list_run(struct cli *cli);
/* member.c */
int member_recover_run(struct cli *cli);
/* recovery.c */
int recovery_key_set_run(struct cli *cli);
int key_recover_run(struct cli *cli);

#endif
