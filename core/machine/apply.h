/* What events do to the state: one function a kind of event. The first error sticks and later steps do
 * nothing, so that an apply function reads straight down. An event that lacks a piece, or names a row that is
 * not there, is ERR_INTERNAL: machine_decide makes none, a foreign record may. */
#ifndef COMITY_CORE_MACHINE_APPLY_H
#define COMITY_CORE_MACHINE_APPLY_H

#include "core/error.h"
#include "core/machine/machine.h"
#include "core/machine/row.h"
#include "core/rule/rule.h"

struct apply {
    const struct view *view;
    const struct machine_event *event;
    struct arena *arena;
    int code;
};

void apply_fail(struct apply *a, int code);

/* NULL with a->code set where there is none. */
void *apply_get(struct apply *a, enum table table, uint32_t number, uint32_t second);
void *apply_get_by_key(struct apply *a, enum table table, ProtobufCBinaryData key);
/* A row that need not be there. NULL: it is not, or a->code is set. */
void *apply_seek(struct apply *a, enum table table, uint32_t number, uint32_t second);
/* With the number of the event in the row's `changed`, where its kind has one. */
void apply_put(struct apply *a, enum table table, uint32_t number, uint32_t second,
               const ProtobufCMessage *row);
/* A row whose key is its own. */
#define APPLY_PUT_KEYED(a, table, row) apply_put(a, table, 0, 0, &(row)->base)

uint32_t apply_get_number(struct apply *a, struct row_key key);
void apply_put_number(struct apply *a, struct row_key key, uint32_t number);
void apply_delete(struct apply *a, struct row_key key);
/* Where it is there. */
void apply_drop(struct apply *a, struct row_key key);

/* A new thing of a numbered table: its row, and the number as the last that was given. */
void apply_create(struct apply *a, enum table table, uint32_t number, const ProtobufCMessage *row);
void apply_name(struct apply *a, enum table table, const char *name, uint32_t number);
/* Every row of @table whose key begins with @number, unpacked; their count is in *ret_count. NULL with
 * a->code set.
 */
ProtobufCMessage **apply_rows_of(struct apply *a, enum table table, uint32_t number, size_t *ret_count);
/* The second numbers of all pairs of @table that begin with @number, or of all of them, to be gone through while the view
 * changes. */
uint32_t *apply_seconds_of(struct apply *a, enum table table, uint32_t number, size_t *ret_count);
uint32_t *apply_seconds_of_all(struct apply *a, enum table table, size_t *ret_count);
void apply_put_deadline(struct apply *a, int64_t due_ms, enum deadline_kind kind, uint32_t number,
                        uint32_t second);
/* A thing with versions has one at least, and each of them its text: what names one relies on it. */
#define APPLY_CHECK_VERSIONS(a, versions, count) \
    do {                                         \
        if ((count) == 0)                        \
            apply_fail((a), ERR_INTERNAL);       \
        for (size_t at = 0; at < (count); at++)  \
            if (!(versions)[at]->text)           \
                apply_fail((a), ERR_INTERNAL);   \
    } while (0)

/* apply_founding.c */
void apply_founded(struct apply *a, const Comity__V1__Event *open);
void apply_admitted(struct apply *a, const Comity__V1__Event *open);
void apply_site_added(struct apply *a, const Comity__V1__Event *open);
void apply_invited(struct apply *a, const Comity__V1__Event *open);
void apply_redeemed(struct apply *a, const Comity__V1__Event *open);
/* apply_key.c */
void apply_key_revoked(struct apply *a, const Comity__V1__Event *open);
void apply_key_added(struct apply *a, const Comity__V1__Event *open);
/* A constituency's recovery key; empty: none. */
void apply_recovery_key(struct apply *a, ProtobufCBinaryData key, uint32_t constituency);
void apply_recovery_key_set(struct apply *a, const Comity__V1__Event *open);
void apply_witness_appointed(struct apply *a, const Comity__V1__Event *open);
void apply_witness_dismissed(struct apply *a, const Comity__V1__Event *open);
/* apply_body.c */
void apply_body_created(struct apply *a, const Comity__V1__Event *open);
void apply_seat_assigned(struct apply *a, const Comity__V1__Event *open);
void apply_rule_adopted(struct apply *a, const Comity__V1__Event *open);
/* apply_session.c */
void apply_convened(struct apply *a, const Comity__V1__Event *open);
void apply_session_opened(struct apply *a, const Comity__V1__Event *open);
void apply_session_closed(struct apply *a, const Comity__V1__Event *open);
void apply_item_added(struct apply *a, const Comity__V1__Event *open);
void apply_proposal_made(struct apply *a, const Comity__V1__Event *open);
void apply_proposal_revised(struct apply *a, const Comity__V1__Event *open);
/* apply_round.c */
void apply_round_opened(struct apply *a, const Comity__V1__Event *open);
void apply_ballot_cast(struct apply *a, const Comity__V1__Event *open);
void apply_round_closed(struct apply *a, const Comity__V1__Event *open);
void apply_round_extended(struct apply *a, const Comity__V1__Event *open);
/* apply_epoch.c */
void apply_epoch_opened(struct apply *a, const Comity__V1__Event *open);
/* So many more have answered @round, which then may close by itself; or one less has. */
void apply_answered(struct apply *a, const Comity__V1__Round *round, uint32_t more);
void apply_answer_lost(struct apply *a, const Comity__V1__Round *round);
/* No answer can change what it comes to: it closes. */
void apply_settled(struct apply *a, const Comity__V1__Round *round);
/* apply_entered.c */
void apply_ballots_entered(struct apply *a, const Comity__V1__Event *open);
void apply_ballot_confirmed(struct apply *a, const Comity__V1__Event *open);
void apply_ballot_disputed(struct apply *a, const Comity__V1__Event *open);

/* Charter and bodies. */

/* apply_seat.c */
void apply_charter_adopted(struct apply *a, const Comity__V1__Event *open);
void apply_recused(struct apply *a, const Comity__V1__Event *open);
void apply_alternates_named(struct apply *a, const Comity__V1__Event *open);
void apply_handed_over(struct apply *a, const Comity__V1__Event *open);
void apply_taken_back(struct apply *a, const Comity__V1__Event *open);
void apply_term_ended(struct apply *a, const Comity__V1__Event *open);

/* Sessions. */
/* apply_meeting.c */
void apply_session_drafted(struct apply *a, const Comity__V1__Event *open);
void apply_notice_given(struct apply *a, const Comity__V1__Event *open);
void apply_agenda_ordered(struct apply *a, const Comity__V1__Event *open);
void apply_ground_rules_set(struct apply *a, const Comity__V1__Event *open);
void apply_facilitators_named(struct apply *a, const Comity__V1__Event *open);
void apply_plus_delta_noted(struct apply *a, const Comity__V1__Event *open);
void apply_sidebar_proposed(struct apply *a, const Comity__V1__Event *open);
void apply_sidebar_agreed(struct apply *a, const Comity__V1__Event *open);
void apply_sidebar_declined(struct apply *a, const Comity__V1__Event *open);
void apply_sidebar_ended(struct apply *a, const Comity__V1__Event *open);
/* apply_presence.c */
/* What a member's act in a session does, whatever it is: who was AWAY is back, and the silence begins anew.
 */
void apply_act(struct apply *a, const Comity__V1__Event *open);
/* The session's rules, its pause or its state have changed: when do those who are there turn AWAY now? */
void apply_silences(struct apply *a, const Comity__V1__Session *session);
void apply_checked_in(struct apply *a, const Comity__V1__Event *open);
void apply_roll_called(struct apply *a, const Comity__V1__Event *open);
void apply_member_checked_out(struct apply *a, const Comity__V1__Event *open);
void apply_member_away(struct apply *a, const Comity__V1__Event *open);
/* apply_pause.c */
void apply_paused(struct apply *a, const Comity__V1__Event *open);
void apply_resumed(struct apply *a, const Comity__V1__Event *open);
/* apply_floor.c */
/* Whoever has left neither speaks nor waits to. */
void apply_speaker_left(struct apply *a, uint32_t number, uint32_t member);
void apply_hand_raised(struct apply *a, const Comity__V1__Event *open);
void apply_hand_lowered(struct apply *a, const Comity__V1__Event *open);
void apply_floor_given(struct apply *a, const Comity__V1__Event *open);
void apply_floor_yielded(struct apply *a, const Comity__V1__Event *open);
/* apply_time_box.c */
/* The session stands still, goes on, or has closed: its time boxes with it. */
void apply_time_boxes(struct apply *a, const Comity__V1__Session *session);
void apply_time_box_set(struct apply *a, const Comity__V1__Event *open);
void apply_time_box_extended(struct apply *a, const Comity__V1__Event *open);
void apply_time_box_over(struct apply *a, const Comity__V1__Event *open);

/* Problem solving. */
void apply_phase_moved(struct apply *a, const Comity__V1__Event *open);
void apply_phase_held(struct apply *a, const Comity__V1__Event *open);
void apply_phase_released(struct apply *a, const Comity__V1__Event *open);
void apply_item_referred(struct apply *a, const Comity__V1__Event *open);
void apply_item_set_aside(struct apply *a, const Comity__V1__Event *open);
void apply_item_withdrawn(struct apply *a, const Comity__V1__Event *open);
void apply_contribution_made(struct apply *a, const Comity__V1__Event *open);
void apply_contribution_amended(struct apply *a, const Comity__V1__Event *open);
void apply_contribution_withdrawn(struct apply *a, const Comity__V1__Event *open);
void apply_contributions_approved(struct apply *a, const Comity__V1__Event *open);
void apply_proposal_linked(struct apply *a, const Comity__V1__Event *open);
void apply_concern_raised(struct apply *a, const Comity__V1__Event *open);
void apply_concern_seconded(struct apply *a, const Comity__V1__Event *open);
void apply_concern_settled(struct apply *a, const Comity__V1__Event *open);
void apply_data_requested(struct apply *a, const Comity__V1__Event *open);
void apply_data_answered(struct apply *a, const Comity__V1__Event *open);
void apply_fact_stated(struct apply *a, const Comity__V1__Event *open);
void apply_fact_judged(struct apply *a, const Comity__V1__Event *open);
void apply_fact_withdrawn(struct apply *a, const Comity__V1__Event *open);
void apply_straw_poll_opened(struct apply *a, const Comity__V1__Event *open);
void apply_straw_poll_answered(struct apply *a, const Comity__V1__Event *open);
void apply_straw_poll_closed(struct apply *a, const Comity__V1__Event *open);
/* What rounds do to the item that their proposal is on. */
void apply_item_tested(struct apply *a, uint32_t item, uint32_t round);
void apply_item_decided(struct apply *a, uint32_t item);
/* Put the item into a phase: nobody holds it there, and no reason is given. */
void apply_phase(struct apply *a, Comity__V1__Item *item, Comity__V1__Phase phase);

/* Rules and stages. */
/* apply_list.c */
void apply_list_set(struct apply *a, const Comity__V1__Event *open);
void apply_round_acknowledged(struct apply *a, const Comity__V1__Event *open);

/* Decisions and minutes. */
/* apply_decision.c */
void apply_decision_made(struct apply *a, const Comity__V1__Event *open);
void apply_decision_took_effect(struct apply *a, const Comity__V1__Event *open);
void apply_decision_ended(struct apply *a, const Comity__V1__Event *open);
void apply_review_due(struct apply *a, const Comity__V1__Event *open);
void apply_decision_reviewed(struct apply *a, const Comity__V1__Event *open);
void apply_clause_signed(struct apply *a, const Comity__V1__Event *open);
void apply_decision_reopened(struct apply *a, const Comity__V1__Event *open);
void apply_outcome_declared(struct apply *a, const Comity__V1__Event *open);
/* Take the deadlines of a thing away: of one kind, or all of them (0). */
void apply_drop_deadlines(struct apply *a, enum table table, uint32_t number, enum deadline_kind kind);
/* A list of messages of a row with one more. */
void *apply_append(struct apply *a, void *list, size_t count, const void *message);
/* apply_action.c */
void apply_action_added(struct apply *a, const Comity__V1__Event *open);
void apply_action_updated(struct apply *a, const Comity__V1__Event *open);
void apply_mandate_given(struct apply *a, const Comity__V1__Event *open);
void apply_mandate_reported(struct apply *a, const Comity__V1__Event *open);
void apply_mandate_report_due(struct apply *a, const Comity__V1__Event *open);
void apply_mandate_recalled(struct apply *a, const Comity__V1__Event *open);
/* apply_retention.c */
/* A text of a session that may be purged once the parties agree; NULL or empty: none. @item: that it is on, which may
 * go on in a later session; 0: none. */
void apply_erasable(struct apply *a, uint32_t session, uint32_t item, const Comity__V1__TextRef *text);
/* Count the texts that the event's command brought: one that came twice is not purged. */
void apply_count_texts(struct apply *a);
/* It may not any more, in whatever session it was said: it was decided. */
void apply_keep_text(struct apply *a, ProtobufCBinaryData hash);
void apply_retention_set(struct apply *a, const Comity__V1__Event *open);
void apply_texts_held(struct apply *a, const Comity__V1__Event *open);
void apply_hold_lifted(struct apply *a, const Comity__V1__Event *open);
void apply_texts_purged(struct apply *a, const Comity__V1__Event *open);
/* apply_minutes.c */
void apply_minutes_drafted(struct apply *a, const Comity__V1__Event *open);
void apply_minutes_corrected(struct apply *a, const Comity__V1__Event *open);
void apply_minutes_approved(struct apply *a, const Comity__V1__Event *open);
void apply_minutes_dissented(struct apply *a, const Comity__V1__Event *open);
void apply_minutes_stood(struct apply *a, const Comity__V1__Event *open);

/* Rules and stages. */
/* apply_stage.c */
void apply_stage_entered(struct apply *a, const Comity__V1__Event *open);
void apply_block_seconded(struct apply *a, const Comity__V1__Event *open);
void apply_conference_noted(struct apply *a, const Comity__V1__Event *open);
void apply_casting_vote_given(struct apply *a, const Comity__V1__Event *open);
void apply_answer_entered(struct apply *a, const Comity__V1__Event *open);
void apply_signed_off(struct apply *a, const Comity__V1__Event *open);
void apply_stage_ended(struct apply *a, const Comity__V1__Event *open);
/* It waits for nobody any more, and ends right after this. */
void apply_stage_left(struct apply *a, uint32_t stage);
/* The item is given up: the stages of its proposals' ladders end right after this. */
void apply_stages_given_up(struct apply *a, uint32_t item);
/* After a restore no stage that is open ends by itself before @resume_ms. */
void apply_hold_stages(struct apply *a, int64_t resume_ms);
/* A round of a stage was opened. */
void apply_stage_round(struct apply *a, uint32_t stage);

#endif
