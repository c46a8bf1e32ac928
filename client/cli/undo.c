/* Taking back: a new act that reverses an earlier one, and says so. Nothing is taken out of the record. */
#include <inttypes.h>
#include <stdio.h>

#include "client/cli/desk.h"
#include "client/cli/event_text.h"
#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/record.h"
#include "client/cli/verbs.h"
#include "core/machine/machine.h"

/* What is to be taken back, and the command that does. */
struct undo {
    uint64_t number;
    const Comity__V1__Event *event;
    struct arena *arena; /* of what outlives the page */
    const char *sentence;
    Comity__V1__Command command;
    ProtobufCMessage *body; /* of the command */
    bool is_found;
};

/* The message, or the number, that a field of @message holds. */
static const void *field_of(const ProtobufCMessage *message, const char *name)
{
    return (const uint8_t *) message +
           protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name)->offset;
}

/* The message of the event's own kind. */
static const ProtobufCMessage *kind_of(const Comity__V1__Event *event)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(event->base.descriptor, (unsigned) event->kind_case);
    const ProtobufCMessage *kind;

    memcpy(&kind, (const uint8_t *) event + field->offset, sizeof(kind));
    return kind;
}

/* A number of the event, as "hand.session"; 0 where it has none. */
static uint32_t number_at(const ProtobufCMessage *message, const char *path)
{
    const char *dot = strchr(path, '.');
    const ProtobufCMessage *inner;
    char outer[32];
    uint32_t number;

    if (dot == NULL) {
        memcpy(&number, field_of(message, path), sizeof(number));
        return number;
    }
    snprintf(outer, sizeof(outer), "%.*s", (int) (dot - path), path);
    memcpy(&inner, field_of(message, outer), sizeof(inner));
    return inner == NULL ? 0 : number_at(inner, dot + 1);
}

static int body_init(struct undo *undo, Comity__V1__Command__BodyCase kind)
{
    undo->body = desk_command_new(undo->arena, &undo->command, kind);
    return undo->body == NULL ? ERR_MEMORY : 0;
}

#define BODY(kind) COMITY__V1__COMMAND__BODY_##kind

/* Some acts are taken back with a reason: whoever does gives it. */
static int reason_given(struct cli *cli, Comity__V1__TextRef **ret_reason)
{
    const char *reason = cli_option(cli, "reason");

    return reason == NULL
               ? cli_fail(cli, ERR_USAGE, NULL, "Say why: --reason TEXT.")
               : desk_text(cli, PROSE_REASON, "--reason", BYTES(reason, strlen(reason)), ret_reason);
}

/* Where a command has a field `reason`. */
static int fill_reason(struct cli *cli, struct undo *undo)
{
    Comity__V1__TextRef *reason = NULL;
    int code = reason_given(cli, &reason);

    if (code == 0)
        memcpy((void *) (uintptr_t) field_of(undo->body, "reason"), &reason, sizeof(reason));
    return code;
}

static int fill_invitation(struct cli *cli, struct undo *undo)
{
    ProtobufCBinaryData key = undo->event->member_invited->invitation->key;

    (void) cli;
    key.data = arena_copy(undo->arena, key.data, key.len);
    undo->command.revoke_key->key = key;
    return key.data == NULL ? ERR_MEMORY : 0;
}

/* Who held a seat before an event. */
struct seat_search {
    uint64_t before;
    uint32_t body, seat, holder;
};

static int find_holder(struct cli *cli, const struct event_header *header, const Comity__V1__Event *event,
                       void *context)
{
    struct seat_search *search = context;
    const Comity__V1__SeatAssigned *assigned = event->seat_assigned;

    (void) cli;
    if (header->sequence >= search->before)
        return 1;
    if (event->kind_case == COMITY__V1__EVENT__KIND_SEAT_ASSIGNED && assigned->body == search->body &&
        assigned->seat == search->seat)
        search->holder = assigned->member;
    return 0;
}

static int fill_seat(struct cli *cli, struct undo *undo)
{
    const Comity__V1__SeatAssigned *assigned = undo->event->seat_assigned;
    struct seat_search search = {undo->number, assigned->body, assigned->seat, 0};
    int code = record_walk(cli, 1, find_holder, &search);

    undo->command.assign_seat->member = search.holder;
    return code;
}

static int fill_move(struct cli *cli, struct undo *undo)
{
    (void) cli;
    undo->command.move_phase->from = undo->event->phase_moved->phase;
    undo->command.move_phase->phase = undo->event->phase_moved->from;
    return 0;
}

static int fill_concern(struct cli *cli, struct undo *undo)
{
    (void) cli;
    undo->command.settle_concern->state = COMITY__V1__CONCERN_STATE__CONCERN_STATE_WITHDRAWN;
    return 0;
}

/* What was linked to a proposal goes, and what was unlinked comes back. */
static int fill_link(struct cli *cli, struct undo *undo)
{
    const Comity__V1__ProposalLinked *linked = undo->event->proposal_linked;
    Comity__V1__LinkProposal *body = undo->command.link_proposal;
    const ProtobufCMessage *row;
    int code = desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_PROPOSALS, linked->proposal, &row);
    const Comity__V1__Proposal *proposal = (const Comity__V1__Proposal *) row;

    if (code != 0)
        return code;
    if (proposal->n_versions == 0)
        return ERR_MALFORMED;
    ProtobufCBinaryData hash = proposal->versions[proposal->n_versions - 1]->text->hash;
    body->change = linked->change == COMITY__V1__LINK_CHANGE__LINK_CHANGE_ADD
                       ? COMITY__V1__LINK_CHANGE__LINK_CHANGE_REMOVE
                       : COMITY__V1__LINK_CHANGE__LINK_CHANGE_ADD;
    body->contributions = arena_alloc(undo->arena, (linked->n_links + 1) * sizeof(*body->contributions));
    hash.data = arena_copy(undo->arena, hash.data, hash.len);
    if (body->contributions == NULL || hash.data == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < linked->n_links; i++)
        body->contributions[body->n_contributions++] = linked->links[i]->contribution;
    body->text_hash = hash;
    return 0;
}

static int fill_drop(struct cli *cli, struct undo *undo)
{
    undo->command.update_action->status = COMITY__V1__ACTION_STATUS__ACTION_STATUS_DROPPED;
    return reason_given(cli, &undo->command.update_action->note);
}

/* The status that the action had before: of its latest change alone, for another one stands on its own. */
static int fill_status(struct cli *cli, struct undo *undo)
{
    const Comity__V1__ActionChange *change = undo->event->action_updated->change;
    Comity__V1__UpdateAction *body = undo->command.update_action;
    const ProtobufCMessage *row;
    int code = desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_ACTIONS, body->action, &row);
    const Comity__V1__Action *action = (const Comity__V1__Action *) row;

    if (code != 0)
        return code;
    const size_t count = action->n_changes;
    if (count == 0 || action->changes[count - 1]->changed_ms != change->changed_ms ||
        action->changes[count - 1]->status != change->status)
        return cli_fail(cli, ERR_STATE, "comity action list --all",
                        "Action %" PRIu32 " was changed again since.", body->action);
    body->status =
        count > 1 ? action->changes[count - 2]->status : COMITY__V1__ACTION_STATUS__ACTION_STATUS_OPEN;
    return body->status == COMITY__V1__ACTION_STATUS__ACTION_STATUS_DROPPED ? reason_given(cli, &body->note)
                                                                            : 0;
}

#define BACK(event, body, ...)                                                                               \
    COMITY__V1__EVENT__KIND_##event, BODY(body),                                                             \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }
#define NO_WAY(event) COMITY__V1__EVENT__KIND_##event, BODY(_NOT_SET), {{NULL, NULL}}, NULL

/* What takes an act back: a command, with numbers of the event, and what @fill gives besides. */
static const struct {
    Comity__V1__Event__KindCase kind;
    Comity__V1__Command__BodyCase body; /* _NOT_SET: there is no way back */
    struct {
        const char *from, *to; /* "hand.session" of the event is "session" of the command */
    } numbers[2];
    int (*fill)(struct cli *cli, struct undo *undo); /* NULL: the numbers are all */
    const char *instead;                             /* what can be done; NULL with a way back */
} WAYS[] = {
    {BACK(MEMBER_INVITED, REVOKE_KEY, {NULL, NULL}), fill_invitation, NULL},
    {BACK(SEAT_ASSIGNED, ASSIGN_SEAT, {"body", "body"}, {"seat", "seat"}), fill_seat, NULL},
    {BACK(MEMBER_CHECKED_IN, CHECK_OUT, {"presence.session", "session"}), NULL, NULL},
    {NO_WAY(BALLOT_CAST),
     N_("While the round is open another answer can be given: comity vote ROUND ANSWER --replace")},
    {NO_WAY(BALLOTS_ENTERED), N_("Each voter can dispute it: comity ballots dispute ROUND --reason TEXT")},
    {NO_WAY(PROPOSAL_REVISED),
     N_("Another version can be written: comity proposal revise PROPOSAL --text TEXT")},
    {NO_WAY(ROUND_OPENED), N_("A facilitator can close it: comity round close ROUND")},
    {NO_WAY(SESSION_CONVENED), N_("A facilitator can call it off: comity session close SESSION")},
    {NO_WAY(SESSION_OPENED), N_("A facilitator can close it: comity session close SESSION")},
    {NO_WAY(RULE_ADOPTED), N_("Its next version can be adopted: comity rule adopt")},
    {BACK(ITEM_ADDED, WITHDRAW_ITEM, {"item.number", "item"}), fill_reason, NULL},
    {NO_WAY(PROPOSAL_MADE), N_("Its item can be withdrawn: comity item withdraw ITEM --reason TEXT")},
    /* Charter and bodies. */
    {NO_WAY(CHARTER_ADOPTED), N_("The next charter can be adopted: comity charter adopt FILE")},
    {BACK(SEAT_HANDED_OVER, TAKE_BACK, {"stand_in.session", "session"}, {"stand_in.seat", "seat"}), NULL,
     NULL},
    {NO_WAY(SEAT_TAKEN_BACK), N_("It can be handed over again: comity seat handover SESSION SEAT MEMBER")},
    {NO_WAY(ALTERNATES_NAMED), N_("Others can be named: comity seat alternates BODY SEAT --member MEMBER")},
    /* Sessions. */
    {BACK(HAND_RAISED, LOWER_HAND, {"hand.session", "session"}), NULL, NULL},
    {BACK(SESSION_RECESSED, RESUME_SESSION, {"session", "session"}), NULL, NULL},
    {BACK(CAUCUS_CALLED, END_CAUCUS, {"session", "session"}), NULL, NULL},
    {BACK(FLOOR_GIVEN, YIELD_FLOOR, {"session", "session"}), NULL, NULL},
    {BACK(SIDEBAR_PROPOSED, DECLINE_SIDEBAR, {"sidebar.number", "sidebar"}), NULL, NULL},
    {BACK(SIDEBAR_AGREED, DECLINE_SIDEBAR, {"sidebar", "sidebar"}), NULL, NULL},
    {NO_WAY(SESSION_DRAFTED), N_("A facilitator can call it off: comity session close SESSION")},
    {NO_WAY(AGENDA_ORDERED), N_("It can be ordered anew: comity session order SESSION --item ITEM")},
    {NO_WAY(GROUND_RULES_SET), N_("Others can be set: comity session rules SESSION --text TEXT")},
    {NO_WAY(FACILITATORS_NAMED),
     N_("Others can be named: comity session facilitators SESSION --member MEMBER")},
    {NO_WAY(ROLL_CALLED), N_("Who is not there is checked out: comity checkout SESSION --member MEMBER")},
    {NO_WAY(MEMBER_CHECKED_OUT), N_("Whoever is there checks in again: comity checkin SESSION SITE")},
    {NO_WAY(MEMBER_AWAY), N_("Whoever is there checks in again: comity checkin SESSION SITE")},
    {NO_WAY(HAND_LOWERED), N_("It can be raised again: comity hand raise SESSION")},
    {NO_WAY(TIME_BOX_SET), N_("Another can be set in its place: comity timebox set ITEM MINUTES")},
    /* Problem solving. */
    {BACK(PHASE_MOVED, MOVE_PHASE, {"item", "item"}), fill_move, NULL},
    {BACK(PHASE_HELD, RELEASE_PHASE, {"item", "item"}), NULL, NULL},
    {BACK(CONTRIBUTION_MADE, WITHDRAW_CONTRIBUTION, {"contribution.number", "contribution"}), NULL, NULL},
    {BACK(PROPOSAL_LINKED, LINK_PROPOSAL, {"proposal", "proposal"}), fill_link, NULL},
    {BACK(CONCERN_RAISED, SETTLE_CONCERN, {"concern.number", "concern"}), fill_concern, NULL},
    {BACK(FACT_STATED, WITHDRAW_FACT, {"fact.number", "fact"}), NULL, NULL},
    {BACK(STRAW_POLL_OPENED, CLOSE_STRAW_POLL, {"poll.number", "poll"}), NULL, NULL},
    {NO_WAY(PHASE_RELEASED), N_("It can be held again: comity item hold ITEM --reason TEXT")},
    {NO_WAY(ITEM_SET_ASIDE), N_("A facilitator takes it up again: comity item move ITEM PHASE")},
    {NO_WAY(ITEM_REFERRED), N_("The matter can be put on the agenda anew: comity item add SESSION TITLE")},
    {NO_WAY(ITEM_WITHDRAWN), N_("The matter can be put on the agenda anew: comity item add SESSION TITLE")},
    {NO_WAY(CONTRIBUTION_AMENDED),
     N_("Another version can be written: comity contribution amend CONTRIBUTION TEXT")},
    {NO_WAY(FACT_JUDGED), N_("Your constituency's latest word counts: comity fact agree FACT; comity fact "
                             "dispute FACT --reason TEXT")},
    {NO_WAY(STRAW_POLL_ANSWERED),
     N_("While the poll is open another answer can be given: comity straw answer POLL CHOICE")},
    /* Decisions and minutes. */
    {BACK(DECISION_REOPENED, WITHDRAW_ITEM, {"reopening.item", "item"}), fill_reason, NULL},
    {BACK(ACTION_ADDED, UPDATE_ACTION, {"action.number", "action"}), fill_drop, NULL},
    {BACK(ACTION_UPDATED, UPDATE_ACTION, {"action", "action"}), fill_status, NULL},
    {BACK(MANDATE_GIVEN, RECALL_MANDATE, {"mandate.number", "mandate"}), fill_reason, NULL},
    {BACK(TEXTS_HELD, LIFT_HOLD, {"hold.number", "hold"}), NULL, NULL},
    {NO_WAY(HOLD_LIFTED), N_("Another hold can be placed: comity hold place SESSION --reason TEXT")},
    {NO_WAY(RETENTION_SET), N_("Together you can agree otherwise: comity retention set SESSION CLASS")},
    {NO_WAY(MINUTES_DRAFTED), N_("They can be corrected: comity minutes correct SESSION --file FILE")},
    {NO_WAY(MINUTES_CORRECTED),
     N_("They can be corrected again: comity minutes correct SESSION --file FILE")},
    {NO_WAY(MINUTES_APPROVED),
     N_("Until they are in force your constituency can dissent: comity minutes dissent SESSION --file FILE")},
    {NO_WAY(MINUTES_DISSENTED),
     N_("Until they are in force your constituency can approve: comity minutes approve SESSION")},
    {NO_WAY(DECISION_REVIEWED), N_("It can be reviewed again: comity decision review DECISION --text TEXT")},
    {NO_WAY(OUTCOME_DECLARED), N_("Another decision can undo it: comity proposal make ITEM TITLE")},
    {NO_WAY(TEXTS_PURGED), N_("What was purged is gone, but for copies of before.")},
    /* Rules and stages. */
    {NO_WAY(LIST_SET), N_("It can be set anew: comity list set NAME --constituency CONSTITUENCY --member MEMBER")},
    {NO_WAY(ANSWER_ENTERED),
     N_("All parties together can declare another outcome: comity decision declare ROUND OUTCOME --reason TEXT")},
    {NO_WAY(CASTING_VOTE_GIVEN),
     N_("All parties together can declare another outcome: comity decision declare ROUND OUTCOME --reason TEXT")},
    {NO_WAY(SIGNED_OFF),
     N_("All parties together can declare another outcome: comity decision declare ROUND OUTCOME --reason TEXT")},
    /* Keys and witnesses. */
    {BACK(WITNESS_APPOINTED, DISMISS_WITNESS, {"witness.number", "witness"}), NULL, NULL},
    {NO_WAY(WITNESS_DISMISSED), N_("Another can be appointed, under another name: comity witness appoint NAME KEY")},
    {NO_WAY(KEY_ADDED), N_("The new key can be revoked: comity key revoke KEY. Those that it replaced stay revoked.")},
    {NO_WAY(RECOVERY_KEY_SET), N_("Another can be set in its place: comity recovery-key set FILE")},
};
#undef BACK
#undef NO_WAY

static int take(struct cli *cli, const struct event_header *header, const Comity__V1__Event *event,
                void *context)
{
    struct undo *undo = context;
    ProtobufCMessage *copy;
    struct json_object *json;

    if (header->sequence != undo->number)
        return 1;
    int code = message_copy(&event->base, undo->arena, &copy);
    if (code != 0)
        return code;
    json = desk_json(cli, &event->base);
    undo->sentence = arena_printf(undo->arena, "%s", event_text(cli, event, record_kind(event, json)));
    json_object_put(json);
    undo->event = (const Comity__V1__Event *) copy;
    undo->is_found = true;
    return 1;
}

/* The command that takes it back, of row @at of WAYS. */
static int make_way(struct cli *cli, struct undo *undo, size_t at)
{
    const ProtobufCMessage *kind = kind_of(undo->event);
    int code = body_init(undo, WAYS[at].body);

    for (size_t i = 0; code == 0 && i < ARRAY_COUNT(WAYS[at].numbers) && WAYS[at].numbers[i].from != NULL;
         i++) {
        uint32_t number = number_at(kind, WAYS[at].numbers[i].from);
        memcpy((void *) (uintptr_t) field_of(undo->body, WAYS[at].numbers[i].to), &number, sizeof(number));
    }
    return code != 0 || WAYS[at].fill == NULL ? code : WAYS[at].fill(cli, undo);
}

static int make(struct cli *cli, struct undo *undo)
{
    const char *instead = N_("Nothing is taken out of the record: a new act can put right what it did.");

    for (size_t i = 0; i < ARRAY_COUNT(WAYS); i++) {
        if (WAYS[i].kind != undo->event->kind_case)
            continue;
        if (WAYS[i].body != BODY(_NOT_SET))
            return make_way(cli, undo, i);
        instead = WAYS[i].instead;
    }
    return cli_fail(cli, ERR_STATE, instead, "Number %" PRIu64 " cannot be taken back: %s.", undo->number,
                    undo->sentence);
}

int undo_run(struct cli *cli)
{
    const Comity__V1__WhoamiAnswer *whoami;
    const Comity__V1__Event *event;
    struct undo undo = {.arena = cli->arena};
    int code = cli_number(cli, "NUMBER", cli_argument(cli, "NUMBER"), 1, INT64_MAX, &undo.number);

    if (code == 0)
        code = desk_whoami(cli, &whoami);
    if (code == 0)
        code = record_walk(cli, undo.number, take, &undo);
    if (code != 0)
        return code;
    if (!undo.is_found)
        return cli_fail(cli, ERR_NOT_FOUND, "comity history", "The record has no number %" PRIu64 " yet.",
                        undo.number);
    if (undo.event->actor != whoami->member->number)
        return cli_fail(cli, ERR_FORBIDDEN,
                        phrase(cli, "comity history --member %" PRIu32, whoami->member->number),
                        "Number %" PRIu64 " was not your act: %s.", undo.number, undo.sentence);
    code = make(cli, &undo);
    if (code != 0)
        return code;
    undo.command.undoes = undo.number;
    code = desk_submit(cli, &undo.command, &event);
    if (code == 0) {
        cli_put_number(cli, "undoes", undo.number);
        say(cli, "Taken back: %s.", undo.sentence);
    }
    return code;
}
