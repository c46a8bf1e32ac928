#include "core/machine/apply.h"

void apply_fail(struct apply *a, int code)
{
    if (a->code == 0)
        a->code = code == ERR_NOT_FOUND ? ERR_INTERNAL : code;
}

void *apply_get(struct apply *a, enum table table, uint32_t number, uint32_t second)
{
    ProtobufCMessage *row = NULL;
    int code;

    if (a->code != 0)
        return NULL;
    code = state_get(a->view, a->arena, table, number, second, &row);
    apply_fail(a, code);
    return code == 0 ? row : NULL;
}

void *apply_seek(struct apply *a, enum table table, uint32_t number, uint32_t second)
{
    ProtobufCMessage *row = NULL;
    int code = a->code == 0 ? state_get(a->view, a->arena, table, number, second, &row) : ERR_NOT_FOUND;

    if (code != ERR_NOT_FOUND)
        apply_fail(a, code);
    return code == 0 ? row : NULL;
}

void *apply_get_by_key(struct apply *a, enum table table, ProtobufCBinaryData key)
{
    ProtobufCMessage *row = NULL;
    int code = ERR_INTERNAL;

    if (a->code != 0)
        return NULL;
    if (key.len == KEY_SIZE)
        code = state_get_by_key(a->view, a->arena, table, key.data, &row);
    apply_fail(a, code);
    return code == 0 ? row : NULL;
}

/* The row with the number of this event in it. The one that was given may be the event's own: it stays as it is. */
static const ProtobufCMessage *row_changed(struct apply *a, const ProtobufCMessage *row)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(row->descriptor, "changed");

    if (!field)
        return row;
    uint8_t *copy = arena_alloc(a->arena, row->descriptor->sizeof_message);
    if (!copy) {
        apply_fail(a, ERR_MEMORY);
        return row;
    }
    memcpy(copy, row, row->descriptor->sizeof_message);
    memcpy(copy + field->offset, &a->event->sequence, sizeof(a->event->sequence));
    return (const ProtobufCMessage *) copy;
}

void apply_put(struct apply *a, enum table table, uint32_t number, uint32_t second,
               const ProtobufCMessage *row)
{
    const ProtobufCMessage *changed = a->code == 0 ? row_changed(a, row) : NULL;

    if (a->code == 0)
        apply_fail(a, state_put(a->view, a->arena, table, number, second, changed));
}

void apply_put_number(struct apply *a, struct row_key key, uint32_t number)
{
    if (a->code == 0 && key.size == 0)
        a->code = ERR_INTERNAL;
    if (a->code == 0)
        apply_fail(a, row_put_number(a->view, &key, number));
}

uint32_t apply_get_number(struct apply *a, struct row_key key)
{
    uint32_t number = 0;

    if (a->code == 0)
        apply_fail(a, row_number(a->view, &key, &number));
    return number;
}

void apply_delete(struct apply *a, struct row_key key)
{
    if (a->code == 0)
        apply_fail(a, view_delete(a->view, row_key_view(&key)));
}

void apply_drop(struct apply *a, struct row_key key)
{
    bool exists = false;

    if (a->code == 0)
        apply_fail(a, row_exists(a->view, &key, &exists));
    if (exists)
        apply_delete(a, key);
}

void apply_create(struct apply *a, enum table table, uint32_t number, const ProtobufCMessage *row)
{
    apply_put(a, table, number, 0, row);
    apply_put_number(a, row_key_counter(table), number);
}

void apply_name(struct apply *a, enum table table, const char *name, uint32_t number)
{
    apply_put_number(a, row_key_name(table, name), number);
}

void apply_put_deadline(struct apply *a, int64_t due_ms, enum deadline_kind kind, uint32_t number,
                        uint32_t second)
{
    struct row_key key = row_key_deadline(due_ms, kind, number, second);

    if (a->code == 0)
        apply_fail(a, view_put(a->view, row_key_view(&key), BYTES(NULL, 0)));
}

struct rows_of {
    struct apply *a;
    ProtobufCMessage **rows;
    size_t count, room;
};

static int rows_visit(void *context, const ProtobufCMessage *row, struct bytes key)
{
    struct rows_of *of = context;

    (void) key;
    of->rows = arena_room(of->a->arena, of->rows, of->count, &of->room, sizeof(*of->rows));
    if (!of->rows)
        return ERR_MEMORY;
    of->rows[of->count++] = (ProtobufCMessage *) row;
    return 0;
}

ProtobufCMessage **apply_rows_of(struct apply *a, enum table table, uint32_t number, size_t *ret_count)
{
    struct rows_of of = {.a = a};
    struct row_key prefix = row_key_first(table, number);

    if (a->code == 0)
        apply_fail(a, row_each(a->view, a->arena, table, &prefix, rows_visit, &of));
    *ret_count = a->code == 0 ? of.count : 0;
    return of.rows;
}

struct seconds_of {
    struct apply *a;
    uint32_t *numbers;
    size_t count, room;
};

static int seconds_visit(void *context, struct bytes key, struct bytes value)
{
    struct seconds_of *of = context;

    (void) value;
    if (key.size != 1 + 4 + 4)
        return ERR_CORRUPT;
    of->numbers = arena_room(of->a->arena, of->numbers, of->count, &of->room, sizeof(*of->numbers));
    if (!of->numbers)
        return ERR_MEMORY;
    of->numbers[of->count++] = get_u32(key.data + 5);
    return 0;
}

static uint32_t *seconds_under(struct apply *a, struct row_key prefix, size_t *ret_count)
{
    struct seconds_of of = {.a = a};

    if (a->code == 0)
        apply_fail(a, view_range(a->view, row_key_view(&prefix), BYTES(NULL, 0), seconds_visit, &of));
    *ret_count = a->code == 0 ? of.count : 0;
    return of.numbers;
}

uint32_t *apply_seconds_of(struct apply *a, enum table table, uint32_t number, size_t *ret_count)
{
    return seconds_under(a, row_key_first(table, number), ret_count);
}

uint32_t *apply_seconds_of_all(struct apply *a, enum table table, size_t *ret_count)
{
    return seconds_under(a, row_key_all(table), ret_count);
}

static const struct event_row {
    Comity__V1__Event__KindCase kind;
    const char *name;
    void (*apply)(struct apply *a, const Comity__V1__Event *open);
} EVENTS[] = {
    {COMITY__V1__EVENT__KIND_PARTNERSHIP_FOUNDED, "partnership_founded", apply_founded},
    {COMITY__V1__EVENT__KIND_CONSTITUENCY_ADMITTED, "constituency_admitted", apply_admitted},
    {COMITY__V1__EVENT__KIND_SITE_ADDED, "site_added", apply_site_added},
    {COMITY__V1__EVENT__KIND_MEMBER_INVITED, "member_invited", apply_invited},
    {COMITY__V1__EVENT__KIND_INVITATION_REDEEMED, "invitation_redeemed", apply_redeemed},
    {COMITY__V1__EVENT__KIND_KEY_REVOKED, "key_revoked", apply_key_revoked},
    {COMITY__V1__EVENT__KIND_BODY_CREATED, "body_created", apply_body_created},
    {COMITY__V1__EVENT__KIND_SEAT_ASSIGNED, "seat_assigned", apply_seat_assigned},
    {COMITY__V1__EVENT__KIND_RULE_ADOPTED, "rule_adopted", apply_rule_adopted},
    {COMITY__V1__EVENT__KIND_SESSION_CONVENED, "session_convened", apply_convened},
    {COMITY__V1__EVENT__KIND_SESSION_OPENED, "session_opened", apply_session_opened},
    {COMITY__V1__EVENT__KIND_SESSION_CLOSED, "session_closed", apply_session_closed},
    {COMITY__V1__EVENT__KIND_MEMBER_CHECKED_IN, "member_checked_in", apply_checked_in},
    {COMITY__V1__EVENT__KIND_ITEM_ADDED, "item_added", apply_item_added},
    {COMITY__V1__EVENT__KIND_PROPOSAL_MADE, "proposal_made", apply_proposal_made},
    {COMITY__V1__EVENT__KIND_PROPOSAL_REVISED, "proposal_revised", apply_proposal_revised},
    {COMITY__V1__EVENT__KIND_ROUND_OPENED, "round_opened", apply_round_opened},
    {COMITY__V1__EVENT__KIND_BALLOT_CAST, "ballot_cast", apply_ballot_cast},
    {COMITY__V1__EVENT__KIND_ROUND_CLOSED, "round_closed", apply_round_closed},
    {COMITY__V1__EVENT__KIND_DECISION_MADE, "decision_made", apply_decision_made},
    {COMITY__V1__EVENT__KIND_EPOCH_OPENED, "epoch_opened", apply_epoch_opened},
    {COMITY__V1__EVENT__KIND_BALLOTS_ENTERED, "ballots_entered", apply_ballots_entered},
    {COMITY__V1__EVENT__KIND_BALLOT_CONFIRMED, "ballot_confirmed", apply_ballot_confirmed},
    {COMITY__V1__EVENT__KIND_BALLOT_DISPUTED, "ballot_disputed", apply_ballot_disputed},
    /* Charter and bodies. */
    {COMITY__V1__EVENT__KIND_CHARTER_ADOPTED, "charter_adopted", apply_charter_adopted},
    {COMITY__V1__EVENT__KIND_MEMBER_RECUSED, "member_recused", apply_recused},
    {COMITY__V1__EVENT__KIND_ALTERNATES_NAMED, "alternates_named", apply_alternates_named},
    {COMITY__V1__EVENT__KIND_SEAT_HANDED_OVER, "seat_handed_over", apply_handed_over},
    {COMITY__V1__EVENT__KIND_SEAT_TAKEN_BACK, "seat_taken_back", apply_taken_back},
    {COMITY__V1__EVENT__KIND_SEAT_TERM_ENDED, "seat_term_ended", apply_term_ended},
    /* Sessions. */
    {COMITY__V1__EVENT__KIND_SESSION_DRAFTED, "session_drafted", apply_session_drafted},
    {COMITY__V1__EVENT__KIND_NOTICE_GIVEN, "notice_given", apply_notice_given},
    {COMITY__V1__EVENT__KIND_AGENDA_ORDERED, "agenda_ordered", apply_agenda_ordered},
    {COMITY__V1__EVENT__KIND_GROUND_RULES_SET, "ground_rules_set", apply_ground_rules_set},
    {COMITY__V1__EVENT__KIND_FACILITATORS_NAMED, "facilitators_named", apply_facilitators_named},
    {COMITY__V1__EVENT__KIND_ROLL_CALLED, "roll_called", apply_roll_called},
    {COMITY__V1__EVENT__KIND_MEMBER_CHECKED_OUT, "member_checked_out", apply_member_checked_out},
    {COMITY__V1__EVENT__KIND_MEMBER_AWAY, "member_away", apply_member_away},
    {COMITY__V1__EVENT__KIND_SESSION_RECESSED, "session_recessed", apply_paused},
    {COMITY__V1__EVENT__KIND_SESSION_RESUMED, "session_resumed", apply_resumed},
    {COMITY__V1__EVENT__KIND_CAUCUS_CALLED, "caucus_called", apply_paused},
    {COMITY__V1__EVENT__KIND_CAUCUS_ENDED, "caucus_ended", apply_resumed},
    {COMITY__V1__EVENT__KIND_HAND_RAISED, "hand_raised", apply_hand_raised},
    {COMITY__V1__EVENT__KIND_HAND_LOWERED, "hand_lowered", apply_hand_lowered},
    {COMITY__V1__EVENT__KIND_FLOOR_GIVEN, "floor_given", apply_floor_given},
    {COMITY__V1__EVENT__KIND_FLOOR_YIELDED, "floor_yielded", apply_floor_yielded},
    {COMITY__V1__EVENT__KIND_TIME_BOX_SET, "time_box_set", apply_time_box_set},
    {COMITY__V1__EVENT__KIND_TIME_BOX_EXTENDED, "time_box_extended", apply_time_box_extended},
    {COMITY__V1__EVENT__KIND_TIME_BOX_OVER, "time_box_over", apply_time_box_over},
    {COMITY__V1__EVENT__KIND_SIDEBAR_PROPOSED, "sidebar_proposed", apply_sidebar_proposed},
    {COMITY__V1__EVENT__KIND_SIDEBAR_AGREED, "sidebar_agreed", apply_sidebar_agreed},
    {COMITY__V1__EVENT__KIND_SIDEBAR_DECLINED, "sidebar_declined", apply_sidebar_declined},
    {COMITY__V1__EVENT__KIND_SIDEBAR_ENDED, "sidebar_ended", apply_sidebar_ended},
    {COMITY__V1__EVENT__KIND_PLUS_DELTA_NOTED, "plus_delta_noted", apply_plus_delta_noted},
    /* Problem solving. */
    {COMITY__V1__EVENT__KIND_PHASE_MOVED, "phase_moved", apply_phase_moved},
    {COMITY__V1__EVENT__KIND_PHASE_HELD, "phase_held", apply_phase_held},
    {COMITY__V1__EVENT__KIND_PHASE_RELEASED, "phase_released", apply_phase_released},
    {COMITY__V1__EVENT__KIND_ITEM_REFERRED, "item_referred", apply_item_referred},
    {COMITY__V1__EVENT__KIND_ITEM_SET_ASIDE, "item_set_aside", apply_item_set_aside},
    {COMITY__V1__EVENT__KIND_ITEM_WITHDRAWN, "item_withdrawn", apply_item_withdrawn},
    {COMITY__V1__EVENT__KIND_CONTRIBUTION_MADE, "contribution_made", apply_contribution_made},
    {COMITY__V1__EVENT__KIND_CONTRIBUTION_AMENDED, "contribution_amended", apply_contribution_amended},
    {COMITY__V1__EVENT__KIND_CONTRIBUTION_WITHDRAWN, "contribution_withdrawn", apply_contribution_withdrawn},
    {COMITY__V1__EVENT__KIND_CONTRIBUTIONS_APPROVED, "contributions_approved", apply_contributions_approved},
    {COMITY__V1__EVENT__KIND_PROPOSAL_LINKED, "proposal_linked", apply_proposal_linked},
    {COMITY__V1__EVENT__KIND_CONCERN_RAISED, "concern_raised", apply_concern_raised},
    {COMITY__V1__EVENT__KIND_CONCERN_SECONDED, "concern_seconded", apply_concern_seconded},
    {COMITY__V1__EVENT__KIND_CONCERN_SETTLED, "concern_settled", apply_concern_settled},
    {COMITY__V1__EVENT__KIND_DATA_REQUESTED, "data_requested", apply_data_requested},
    {COMITY__V1__EVENT__KIND_DATA_ANSWERED, "data_answered", apply_data_answered},
    {COMITY__V1__EVENT__KIND_FACT_STATED, "fact_stated", apply_fact_stated},
    {COMITY__V1__EVENT__KIND_FACT_JUDGED, "fact_judged", apply_fact_judged},
    {COMITY__V1__EVENT__KIND_FACT_WITHDRAWN, "fact_withdrawn", apply_fact_withdrawn},
    {COMITY__V1__EVENT__KIND_STRAW_POLL_OPENED, "straw_poll_opened", apply_straw_poll_opened},
    {COMITY__V1__EVENT__KIND_STRAW_POLL_ANSWERED, "straw_poll_answered", apply_straw_poll_answered},
    {COMITY__V1__EVENT__KIND_STRAW_POLL_CLOSED, "straw_poll_closed", apply_straw_poll_closed},
    /* Decisions and minutes. */
    {COMITY__V1__EVENT__KIND_DECISION_TOOK_EFFECT, "decision_took_effect", apply_decision_took_effect},
    {COMITY__V1__EVENT__KIND_DECISION_ENDED, "decision_ended", apply_decision_ended},
    {COMITY__V1__EVENT__KIND_REVIEW_DUE, "review_due", apply_review_due},
    {COMITY__V1__EVENT__KIND_DECISION_REVIEWED, "decision_reviewed", apply_decision_reviewed},
    {COMITY__V1__EVENT__KIND_CLAUSE_SIGNED, "clause_signed", apply_clause_signed},
    {COMITY__V1__EVENT__KIND_DECISION_REOPENED, "decision_reopened", apply_decision_reopened},
    {COMITY__V1__EVENT__KIND_OUTCOME_DECLARED, "outcome_declared", apply_outcome_declared},
    {COMITY__V1__EVENT__KIND_ACTION_ADDED, "action_added", apply_action_added},
    {COMITY__V1__EVENT__KIND_ACTION_UPDATED, "action_updated", apply_action_updated},
    {COMITY__V1__EVENT__KIND_MINUTES_DRAFTED, "minutes_drafted", apply_minutes_drafted},
    {COMITY__V1__EVENT__KIND_MINUTES_CORRECTED, "minutes_corrected", apply_minutes_corrected},
    {COMITY__V1__EVENT__KIND_MINUTES_APPROVED, "minutes_approved", apply_minutes_approved},
    {COMITY__V1__EVENT__KIND_MINUTES_DISSENTED, "minutes_dissented", apply_minutes_dissented},
    {COMITY__V1__EVENT__KIND_MINUTES_STOOD, "minutes_stood", apply_minutes_stood},
    {COMITY__V1__EVENT__KIND_MANDATE_GIVEN, "mandate_given", apply_mandate_given},
    {COMITY__V1__EVENT__KIND_MANDATE_REPORTED, "mandate_reported", apply_mandate_reported},
    {COMITY__V1__EVENT__KIND_MANDATE_REPORT_DUE, "mandate_report_due", apply_mandate_report_due},
    {COMITY__V1__EVENT__KIND_MANDATE_RECALLED, "mandate_recalled", apply_mandate_recalled},
    {COMITY__V1__EVENT__KIND_RETENTION_SET, "retention_set", apply_retention_set},
    {COMITY__V1__EVENT__KIND_TEXTS_HELD, "texts_held", apply_texts_held},
    {COMITY__V1__EVENT__KIND_HOLD_LIFTED, "hold_lifted", apply_hold_lifted},
    {COMITY__V1__EVENT__KIND_TEXTS_PURGED, "texts_purged", apply_texts_purged},
    /* Rules and stages. */
    {COMITY__V1__EVENT__KIND_STAGE_ENTERED, "stage_entered", apply_stage_entered},
    {COMITY__V1__EVENT__KIND_BLOCK_SECONDED, "block_seconded", apply_block_seconded},
    {COMITY__V1__EVENT__KIND_CONFERENCE_NOTED, "conference_noted", apply_conference_noted},
    {COMITY__V1__EVENT__KIND_CASTING_VOTE_GIVEN, "casting_vote_given", apply_casting_vote_given},
    {COMITY__V1__EVENT__KIND_ANSWER_ENTERED, "answer_entered", apply_answer_entered},
    {COMITY__V1__EVENT__KIND_SIGNED_OFF, "signed_off", apply_signed_off},
    {COMITY__V1__EVENT__KIND_STAGE_ENDED, "stage_ended", apply_stage_ended},
    {COMITY__V1__EVENT__KIND_LIST_SET, "list_set", apply_list_set},
    {COMITY__V1__EVENT__KIND_ROUND_ACKNOWLEDGED, "round_acknowledged", apply_round_acknowledged},
    {COMITY__V1__EVENT__KIND_ROUND_EXTENDED, "round_extended", apply_round_extended},
    /* Keys and witnesses. */
    {COMITY__V1__EVENT__KIND_KEY_ADDED, "key_added", apply_key_added},
    {COMITY__V1__EVENT__KIND_RECOVERY_KEY_SET, "recovery_key_set", apply_recovery_key_set},
    {COMITY__V1__EVENT__KIND_WITNESS_APPOINTED, "witness_appointed", apply_witness_appointed},
    {COMITY__V1__EVENT__KIND_WITNESS_DISMISSED, "witness_dismissed", apply_witness_dismissed},
};

static const struct event_row *event_find(Comity__V1__Event__KindCase kind)
{
    size_t i;

    for (i = 0; i < ARRAY_COUNT(EVENTS); i++)
        if (EVENTS[i].kind == kind)
            return &EVENTS[i];
    return NULL;
}

const char *event_name(const Comity__V1__Event *event)
{
    const struct event_row *row = event_find(event->kind_case);

    return row ? row->name : NULL;
}

int machine_apply(const struct view *view, const struct machine_event *event, struct arena *arena)
{
    const struct event_row *row = event->open ? event_find(event->open->kind_case) : NULL;
    struct apply a = {view, event, arena, 0};

    if (!row)
        return ERR_INTERNAL;
    apply_act(&a, event->open);
    row->apply(&a, event->open);
    if (event->command)
        apply_count_texts(&a);
    return a.code;
}
