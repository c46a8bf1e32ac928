/* Taking back: a new act that reverses an earlier one, and says so. Nothing is taken out of the record. */
#include <inttypes.h>

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
    uint32_t actor;
    Comity__V1__Command command;
    bool is_found;
};

/* A command's body, zeroed, in its place. */
static void *body_new(struct cli *cli, struct undo *undo, Comity__V1__Command__BodyCase kind)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(&comity__v1__command__descriptor, (unsigned) kind);
    const ProtobufCMessageDescriptor *type = field->descriptor;
    ProtobufCMessage *body = arena_alloc(undo->arena, type->sizeof_message);

    (void) cli;
    if (body == NULL)
        return NULL;
    protobuf_c_message_init(type, body);
    desk_command_init(&undo->command, kind);
    memcpy((uint8_t *) &undo->command + field->offset, &body, sizeof(body));
    return body;
}

#define BODY(kind) COMITY__V1__COMMAND__BODY_##kind

static int undo_invitation(struct cli *cli, struct undo *undo)
{
    Comity__V1__RevokeKey *body = body_new(cli, undo, BODY(REVOKE_KEY));
    ProtobufCBinaryData key = undo->event->member_invited->invitation->key;

    if (body == NULL || (body->key.data = arena_copy(undo->arena, key.data, key.len)) == NULL)
        return ERR_MEMORY;
    body->key.len = key.len;
    return 0;
}

static int undo_check_in(struct cli *cli, struct undo *undo)
{
    Comity__V1__CheckOut *body = body_new(cli, undo, BODY(CHECK_OUT));

    if (body == NULL)
        return ERR_MEMORY;
    body->session = undo->event->member_checked_in->presence->session;
    return 0;
}

static int undo_hand(struct cli *cli, struct undo *undo)
{
    Comity__V1__LowerHand *body = body_new(cli, undo, BODY(LOWER_HAND));

    if (body == NULL)
        return ERR_MEMORY;
    body->session = undo->event->hand_raised->hand->session;
    return 0;
}

static int undo_recess(struct cli *cli, struct undo *undo)
{
    Comity__V1__ResumeSession *body = body_new(cli, undo, BODY(RESUME_SESSION));

    if (body == NULL)
        return ERR_MEMORY;
    body->session = undo->event->session_recessed->session;
    return 0;
}

static int undo_caucus(struct cli *cli, struct undo *undo)
{
    Comity__V1__EndCaucus *body = body_new(cli, undo, BODY(END_CAUCUS));

    if (body == NULL)
        return ERR_MEMORY;
    body->session = undo->event->caucus_called->session;
    return 0;
}

static int undo_floor(struct cli *cli, struct undo *undo)
{
    Comity__V1__YieldFloor *body = body_new(cli, undo, BODY(YIELD_FLOOR));

    if (body == NULL)
        return ERR_MEMORY;
    body->session = undo->event->floor_given->session;
    return 0;
}

static int undo_sidebar(struct cli *cli, struct undo *undo)
{
    Comity__V1__DeclineSidebar *body = body_new(cli, undo, BODY(DECLINE_SIDEBAR));

    if (body == NULL)
        return ERR_MEMORY;
    body->sidebar = undo->event->kind_case == COMITY__V1__EVENT__KIND_SIDEBAR_PROPOSED
                        ? undo->event->sidebar_proposed->sidebar->number
                        : undo->event->sidebar_agreed->sidebar;
    return 0;
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

static int undo_seat(struct cli *cli, struct undo *undo)
{
    Comity__V1__AssignSeat *body = body_new(cli, undo, BODY(ASSIGN_SEAT));
    const Comity__V1__SeatAssigned *assigned = undo->event->seat_assigned;
    struct seat_search search = {undo->number, assigned->body, assigned->seat, 0};

    if (body == NULL)
        return ERR_MEMORY;
    int code = record_walk(cli, 1, find_holder, &search);
    body->body = search.body;
    body->seat = search.seat;
    body->member = search.holder;
    return code;
}

static const struct {
    Comity__V1__Event__KindCase kind;
    int (*make)(struct cli *cli, struct undo *undo); /* NULL: there is no way back */
    const char *instead;                             /* what can be done; NULL with a way back */
} WAYS[] = {
    {COMITY__V1__EVENT__KIND_MEMBER_INVITED, undo_invitation, NULL},
    {COMITY__V1__EVENT__KIND_SEAT_ASSIGNED, undo_seat, NULL},
    {COMITY__V1__EVENT__KIND_MEMBER_CHECKED_IN, undo_check_in, NULL},
    {COMITY__V1__EVENT__KIND_HAND_RAISED, undo_hand, NULL},
    {COMITY__V1__EVENT__KIND_SESSION_RECESSED, undo_recess, NULL},
    {COMITY__V1__EVENT__KIND_CAUCUS_CALLED, undo_caucus, NULL},
    {COMITY__V1__EVENT__KIND_FLOOR_GIVEN, undo_floor, NULL},
    {COMITY__V1__EVENT__KIND_SIDEBAR_PROPOSED, undo_sidebar, NULL},
    {COMITY__V1__EVENT__KIND_SIDEBAR_AGREED, undo_sidebar, NULL},
    {COMITY__V1__EVENT__KIND_BALLOT_CAST, NULL,
     N_("While the round is open another answer can be given: comity vote ROUND ANSWER --replace")},
    {COMITY__V1__EVENT__KIND_BALLOTS_ENTERED, NULL,
     N_("Each voter can dispute it: comity ballots dispute ROUND --reason TEXT")},
    {COMITY__V1__EVENT__KIND_PROPOSAL_REVISED, NULL,
     N_("Another version can be written: comity proposal revise PROPOSAL --text TEXT")},
    {COMITY__V1__EVENT__KIND_ROUND_OPENED, NULL, N_("A facilitator can close it: comity round close ROUND")},
    {COMITY__V1__EVENT__KIND_SESSION_OPENED, NULL,
     N_("A facilitator can close it: comity session close SESSION")},
    {COMITY__V1__EVENT__KIND_RULE_ADOPTED, NULL, N_("Its next version can be adopted: comity rule adopt")},
};

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

static int make(struct cli *cli, struct undo *undo)
{
    const char *instead = N_("Nothing is taken out of the record: a new act can put right what it did.");

    for (size_t i = 0; i < ARRAY_COUNT(WAYS); i++) {
        if (WAYS[i].kind != undo->event->kind_case)
            continue;
        if (WAYS[i].make != NULL)
            return WAYS[i].make(cli, undo);
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
