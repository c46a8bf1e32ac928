#include "client/cli/hint.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/cli/cosigners.h"
#include "client/cli/hint_row.h"
#include "client/cli/names.h"
#include "client/cli/output.h"
#include "core/machine/machine.h"

/* Which element of a list the field names: 3 of "seats[3]". */
static size_t index_of(const char *field)
{
    const char *bracket = strchr(field, '[');

    return bracket == NULL ? 0 : (size_t) strtoul(bracket + 1, NULL, 10);
}

uint32_t hint_number(const Comity__V1__Command *command, const char *name)
{
    const ProtobufCFieldDescriptor *outer =
        protobuf_c_message_descriptor_get_field(command->base.descriptor, (unsigned) command->body_case);
    const ProtobufCFieldDescriptor *inner =
        outer == NULL ? NULL : protobuf_c_message_descriptor_get_field_by_name(outer->descriptor, name);
    const uint8_t *body;
    uint32_t number;

    if (inner == NULL || inner->type != PROTOBUF_C_TYPE_UINT32 || inner->label == PROTOBUF_C_LABEL_REPEATED)
        return 0;
    memcpy(&body, (const uint8_t *) command + outer->offset, sizeof(body));
    memcpy(&number, body + inner->offset, sizeof(number));
    return number;
}

const ProtobufCMessage *hint_find(struct cli *cli, Comity__V1__ListKind kind, uint32_t number)
{
    struct failure before = cli->failure;
    const ProtobufCMessage *row = NULL;

    if (number == 0 || desk_row(cli, kind, number, &row) != 0)
        row = NULL;
    cli->failure = before;
    return row;
}

/* The body that a command is about, through its session, its item, its proposal; 0 where that is not known.
 */
static uint32_t body_of(struct cli *cli, const Comity__V1__Command *command)
{
    uint32_t session = 0, item = 0;
    const ProtobufCMessage *row;

    if (command->body_case == COMITY__V1__COMMAND__BODY_ADD_ITEM)
        session = command->add_item->session;
    else if (command->body_case == COMITY__V1__COMMAND__BODY_CHECK_IN)
        session = command->check_in->session;
    else if (command->body_case == COMITY__V1__COMMAND__BODY_MAKE_PROPOSAL)
        item = command->make_proposal->item;
    else if (command->body_case == COMITY__V1__COMMAND__BODY_REVISE_PROPOSAL &&
             (row = hint_find(cli, COMITY__V1__LIST_KIND__LIST_KIND_PROPOSALS,
                           command->revise_proposal->proposal)) != NULL)
        item = ((const Comity__V1__Proposal *) row)->item;
    if (item != 0 && (row = hint_find(cli, COMITY__V1__LIST_KIND__LIST_KIND_ITEMS, item)) != NULL)
        session = ((const Comity__V1__Item *) row)->session;
    row = hint_find(cli, COMITY__V1__LIST_KIND__LIST_KIND_SESSIONS, session);
    return row == NULL ? 0 : ((const Comity__V1__Session *) row)->body;
}

/* Where a seat gives the right: who holds them. NULL for other rights. */
static const char *next_of_right(struct cli *cli, const Comity__V1__Command *command, enum right right)
{
    if (right != MAY_BODY_OR_FACILITATOR && right != MAY_BODY_OR_OFFICE)
        return NULL;
    uint32_t body = body_of(cli, command);
    return phrase(cli, "comity body show %s lists who holds its seats; co-chairs give them.",
                  body == 0 ? "BODY" : name_of_body(cli, body));
}

static bool tell_right(struct cli *cli, const Comity__V1__Command *command)
{
    for (unsigned i = 0; command_row_at(i) != NULL; i++) {
        const struct command_row *row = command_row_at(i);
        if (row->body == command->body_case)
            return TELL(cli, next_of_right(cli, command, row->right),
                        "You do not have the right to do this. Who has it: %s.", _(right_name(row->right)));
    }
    return false;
}

static bool tell_cosigner(struct cli *cli, const Comity__V1__Command *command)
{
    return cosigner_tell(cli, command, index_of(cli->failure.field));
}

static bool tell_no_constituency(struct cli *cli, const Comity__V1__Command *command)
{
    const Comity__V1__CreateBody *body = command->create_body;
    size_t at = index_of(cli->failure.field);
    struct rows rows;

    if (at >= body->n_seats || desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_CONSTITUENCIES, 0, &rows) != 0)
        return false;
    const char **names = arena_alloc(cli->arena, (rows.count + 1) * sizeof(*names));
    for (size_t i = 0; names != NULL && i < rows.count; i++)
        names[i] = shown_string(cli, ((const Comity__V1__Constituency *) rows.list[i])->name);
    return names != NULL &&
           TELL(cli, "--seats CONSTITUENCY=N, as in comity constituency list",
                "There is no constituency `%s`. There are %s.",
                shown_string(cli, body->seats[at]->constituency), shown_list(cli, names, rows.count));
}

static bool tell_seated(struct cli *cli, const Comity__V1__Command *command)
{
    const Comity__V1__AssignSeat *assign = command->assign_seat;
    struct rows rows;

    if (desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_SEATS, assign->body, &rows) != 0)
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        const Comity__V1__Seat *seat = (const Comity__V1__Seat *) rows.list[i];
        if (seat->holder == assign->member)
            return TELL(cli,
                        phrase(cli, "comity seat vacate %s %" PRIu32 ", where it is to be another",
                               name_of_body(cli, assign->body), seat->number),
                        "%s holds seat %" PRIu32 " already.", name_of_member(cli, assign->member),
                        seat->number);
    }
    return false;
}

static bool tell_other_side(struct cli *cli, const Comity__V1__Command *command)
{
    const Comity__V1__Member *member = member_of(cli, command->assign_seat->member);

    return member != NULL &&
           TELL(cli, "comity body show BODY lists whose seats there are.",
                "%s is in %s, and the seat is another constituency's.", name_of_member(cli, member->number),
                name_of_constituency(cli, member->constituency));
}

static bool tell_no_seat(struct cli *cli, const Comity__V1__Command *command)
{
    const ProtobufCMessage *row;

    return desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_BODIES, command->assign_seat->body, &row) == 0 &&
           TELL(cli, "comity body show BODY lists them.",
                "%s has seats 1 to %" PRIu32 ", and none of number %" PRIu32 ".",
                shown_string(cli, ((const Comity__V1__Body *) row)->name),
                ((const Comity__V1__Body *) row)->seats, command->assign_seat->seat);
}

static bool tell_other_rule(struct cli *cli, const Comity__V1__Command *command)
{
    const ProtobufCMessage *row;
    uint32_t number = command->open_round->proposal, first = 0;
    struct rows rows;

    if (desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_PROPOSALS, number, &row) != 0 ||
        desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_ROUNDS, number, &rows) != 0)
        return false;
    for (size_t i = 0; i < rows.count; i++)
        if (((const Comity__V1__Round *) rows.list[i])->round_of == 1)
            first = ((const Comity__V1__Round *) rows.list[i])->number;
    const char *rule = shown_string(cli, ((const Comity__V1__Proposal *) row)->rule);
    return TELL(
        cli, phrase(cli, "comity round open %" PRIu32 " --rule %s; or comity proposal make", number, rule),
        "Proposal %" PRIu32 " is decided by %s since round %" PRIu32 "; another rule needs a new proposal.",
        number, rule, first);
}

static bool tell_newer_rule(struct cli *cli, const Comity__V1__Command *command)
{
    return TELL(cli,
                arena_printf(cli->arena, "comity round open %" PRIu32 " --rule %" PRIu64,
                             command->open_round->proposal, cli->failure.latest),
                "Rule number %" PRIu32 " has a newer version: it is rule number %" PRIu64 ".",
                command->open_round->rule, cli->failure.latest);
}

static bool tell_closing_time(struct cli *cli, const Comity__V1__Command *command)
{
    const Comity__V1__RuleVersion *version;
    char number[16];

    snprintf(number, sizeof(number), "%" PRIu32, command->open_round->rule);
    if (find_rule(cli, number, &version) != 0)
        return false;
    if (version->rule->close == NULL || !version->rule->close->at_time)
        return TELL(cli, "Leave --closes out.", "The rule %s has no closing time.",
                    shown_string(cli, version->rule->name));
    if (command->open_round->closes_ms <= time_now_ms())
        return TELL(cli, "--closes \"2026-11-30 17:00\", or --closes +3d", "--closes is in the past: %s.",
                    shown_time(cli, command->open_round->closes_ms));
    return TELL(cli, "--closes \"2026-11-30 17:00\", or --closes +3d",
                "--closes is %s: a round is open for a year at most.",
                shown_time(cli, command->open_round->closes_ms));
}

/* Next is to look at an open round, never to close it: what is suggested gets pasted, and a close is for
 * good. */
static bool tell_of_proposal(struct cli *cli, uint32_t number)
{
    const ProtobufCMessage *row;

    if (desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_PROPOSALS, number, &row) != 0)
        return false;
    const Comity__V1__Proposal *proposal = (const Comity__V1__Proposal *) row;
    if (proposal->decision != 0)
        return TELL(cli, "comity decisions; what is to be another needs a new proposal.",
                    "Proposal %" PRIu32 " is decided: decision %" PRIu32 ".", number, proposal->decision);
    if (proposal->open_round != 0)
        return TELL(cli, arena_printf(cli->arena, "comity round show %" PRIu32, proposal->open_round),
                    "Round %" PRIu32 " on proposal %" PRIu32 " is open.", proposal->open_round, number);
    return TELL(cli, "comity session list", "The session of proposal %" PRIu32 " is closed.", number);
}

static bool tell_round_refused(struct cli *cli, const Comity__V1__Command *command)
{
    return tell_of_proposal(cli, command->open_round->proposal);
}

static bool tell_revision_refused(struct cli *cli, const Comity__V1__Command *command)
{
    return tell_of_proposal(cli, command->revise_proposal->proposal);
}

static bool tell_open_rounds(struct cli *cli, const Comity__V1__Command *command)
{
    struct rows rows;

    if (desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_ROUNDS, 0, &rows) != 0)
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        const Comity__V1__Round *round = (const Comity__V1__Round *) rows.list[i];
        if (round->session == command->close_session->session &&
            round->state == COMITY__V1__ROUND_STATE__ROUND_STATE_OPEN)
            return TELL(cli, arena_printf(cli->arena, "comity round show %" PRIu32, round->number),
                        "Round %" PRIu32 " is open.", round->number);
    }
    return false;
}

/* The session that a command names, or whose item or proposal it names; NULL where it cannot be had. */
static const Comity__V1__Session *session_of(struct cli *cli, const Comity__V1__Command *command)
{
    uint32_t session = hint_number(command, "session"), item = hint_number(command, "item");
    const ProtobufCMessage *row = hint_find(cli, COMITY__V1__LIST_KIND__LIST_KIND_PROPOSALS,
                                            hint_number(command, "proposal"));

    if (row != NULL)
        item = ((const Comity__V1__Proposal *) row)->item;
    if ((row = hint_find(cli, COMITY__V1__LIST_KIND__LIST_KIND_ITEMS, item)) != NULL)
        session = ((const Comity__V1__Item *) row)->session;
    return (const Comity__V1__Session *) hint_find(cli, COMITY__V1__LIST_KIND__LIST_KIND_SESSIONS, session);
}

/* What is allowed now: whoever paused the session can go on with it. */
static bool tell_paused(struct cli *cli, const Comity__V1__Command *command)
{
    const Comity__V1__Session *session = session_of(cli, command);

    if (session == NULL || session->pause == NULL)
        return false;
    if (session->pause->kind == COMITY__V1__PAUSE_KIND__PAUSE_KIND_CAUCUS)
        return TELL(cli,
                    phrase(cli, "Wait until then; %s can end it: comity caucus end %" PRIu32,
                           name_of_constituency(cli, session->pause->constituency), session->number),
                    "The session is in caucus: %s is back at %s.",
                    name_of_constituency(cli, session->pause->constituency),
                    shown_time(cli, session->pause->until_ms));
    return TELL(cli, arena_printf(cli->arena, "comity session resume %" PRIu32, session->number),
                "The session is in recess.");
}

static bool tell_notice(struct cli *cli, const Comity__V1__Command *command)
{
    const Comity__V1__Session *session = session_of(cli, command);

    return session != NULL && TELL(cli, "Items can be added meanwhile: comity item add SESSION TITLE",
                                   "Notice was given of it: it cannot be opened before %s.",
                                   shown_time(cli, session->convened_ms + session->notice_ms));
}

/* The session stands where this is not taken: what comes before it, or that it is over. */
static bool tell_not_open(struct cli *cli, const Comity__V1__Command *command)
{
    const Comity__V1__Session *session = session_of(cli, command);

    if (session == NULL)
        return false;
    switch (session->state) {
    case COMITY__V1__SESSION_STATE__SESSION_STATE_DRAFT:
        return TELL(cli,
                    phrase(cli, "A facilitator gives notice, and opens it: comity session notice %" PRIu32,
                           session->number),
                    "Session %" PRIu32 " is a draft.", session->number);
    case COMITY__V1__SESSION_STATE__SESSION_STATE_CONVENED:
        return TELL(cli, phrase(cli, "A facilitator opens it: comity session open %" PRIu32, session->number),
                    "Session %" PRIu32 " is not open yet.", session->number);
    case COMITY__V1__SESSION_STATE__SESSION_STATE_OPEN:
        return command->body_case == COMITY__V1__COMMAND__BODY_OPEN_SESSION &&
               TELL(cli, "comity session list", "Session %" PRIu32 " is open already.", session->number);
    default:
        return TELL(cli, "comity session list", "Session %" PRIu32 " is closed.", session->number);
    }
}

static const struct hint HINTS[] = {
    {ERR_FORBIDDEN, "key", NULL, NULL, tell_right},
    {ERR_FORBIDDEN, "cosigners[]", NULL, NULL, tell_cosigner},
    {ERR_KEY_REVOKED, "cosigners[]", NULL, NULL, tell_cosigner},
    {ERR_KEY_UNKNOWN, "cosigners[]", NULL, NULL, tell_cosigner},
    {ERR_NOT_FOUND, "create_body.seats[].constituency", NULL, NULL, tell_no_constituency},
    {ERR_EXISTS, "assign_seat.member", NULL, NULL, tell_seated},
    {ERR_FORBIDDEN, "assign_seat.member", NULL, NULL, tell_other_side},
    {ERR_NOT_FOUND, "assign_seat.seat", NULL, NULL, tell_no_seat},
    {ERR_STATE, "revoke_key.key", N_("This key was revoked before, or the invitation used."),
     N_("comity key list --all"), NULL},
    {ERR_STATE, "open_session.session", NULL, NULL, tell_not_open},
    {ERR_STATE, "close_session.session", NULL, NULL, tell_open_rounds},
    {ERR_STATE, "add_item.session", N_("This session is closed."), N_("comity session list"), NULL},
    {ERR_STATE, "make_proposal.item", N_("The session of this item is closed."), N_("comity session list"),
     NULL},
    {ERR_STATE, "revise_proposal.proposal", NULL, NULL, tell_revision_refused},
    {ERR_STALE, "revise_proposal.base_hash", N_("Somebody else wrote a newer version meanwhile."),
     N_("Read it with comity proposal show PROPOSAL, and give the same command again."), NULL},
    {ERR_NOT_OPEN, "open_round.proposal", N_("The session of this proposal is not open."),
     N_("comity session list; a facilitator opens it: comity session open SESSION"), NULL},
    {ERR_STATE, "open_round.proposal", NULL, NULL, tell_round_refused},
    {ERR_QUORUM, "open_round.proposal", N_("Nobody who takes part holds a seat of this body."),
     N_("comity seat assign BODY SEAT MEMBER"), NULL},
    {ERR_STALE, "open_round.text_hash", N_("Somebody wrote a newer version of the text meanwhile."),
     N_("Read it with comity proposal show PROPOSAL, and give the same command again."), NULL},
    {ERR_FORBIDDEN, "open_round.rule", N_("This body does not decide by that rule."),
     N_("comity rule list; comity rule adopt TEMPLATE --body BODY"), NULL},
    {ERR_STATE, "open_round.rule", NULL, NULL, tell_other_rule},
    {ERR_STALE, "open_round.rule", NULL, NULL, tell_newer_rule},
    {ERR_MISSING, "open_round.closes_ms", N_("The rule closes at a time: say at which."),
     N_("Add --closes TIME: \"2026-11-30 17:00\", or +3d"), NULL},
    {ERR_RANGE, "open_round.closes_ms", NULL, NULL, tell_closing_time},
    /* Sessions. */
    {ERR_FORBIDDEN, "session.facilitators",
     N_("This session names who facilitates it, and you are not among them."),
     N_("comity session show SESSION; any facilitator can name others: comity session facilitators SESSION "
        "--member MEMBER"),
     NULL},
    {ERR_NOTICE, "give_notice.session", N_("There is no item on its agenda, of which notice could be given."),
     N_("comity item add SESSION TITLE"), NULL},
    {ERR_NOTICE, "open_session.session", NULL, NULL, tell_notice},
    {ERR_STATE, "give_notice.session", N_("Notice was given before, or the session is closed."),
     N_("comity session show SESSION"), NULL},
    {ERR_PAUSED, "close_session.session", NULL, NULL, tell_paused},
    {ERR_PAUSED, "open_round.proposal", NULL, NULL, tell_paused},
    {ERR_PAUSED, "recess_session.session", NULL, NULL, tell_paused},
    {ERR_PAUSED, "call_caucus.session", NULL, NULL, tell_paused},
    {ERR_PAUSED, "give_floor.session", NULL, NULL, tell_paused},
    {ERR_PAUSED, "set_time_box.item", NULL, NULL, tell_paused},
    {ERR_STATE, "resume_session.session", N_("This session is not in recess."),
     N_("comity session show SESSION"), NULL},
    {ERR_STATE, "end_caucus.session", N_("This session is not in caucus."), N_("comity session show SESSION"),
     NULL},
    {ERR_FORBIDDEN, "end_caucus.session",
     N_("Those who called it end it, and you are not of their constituency."),
     N_("comity session show SESSION says when they are back."), NULL},
    {ERR_RANGE, "call_caucus.until_ms", N_("A caucus ends at a time to come, within a day."),
     N_("--until +20m"), NULL},
    {ERR_FORBIDDEN, "check_out.member", N_("Only a facilitator or a recorder checks somebody else out."),
     N_("comity checkout SESSION checks you out."), NULL},
    {ERR_NOT_PRESENT, "check_out.member", N_("The member is not checked in to this session."),
     N_("comity session show SESSION"), NULL},
    {ERR_NOT_PRESENT, "give_floor.member", N_("The member is not checked in to this session."),
     N_("comity rollcall SESSION SITE --member MEMBER"), NULL},
    {ERR_NOT_PRESENT, "raise_hand.session", N_("You are not checked in to this session."),
     N_("comity checkin SESSION SITE"), NULL},
    {ERR_NOT_PRESENT, "step_away.session", N_("You are not checked in to this session."),
     N_("comity checkin SESSION SITE"), NULL},
    {ERR_EXISTS, "raise_hand.session", N_("Your hand is up already."),
     N_("comity session show SESSION shows the queue."), NULL},
    {ERR_STATE, "lower_hand.member", N_("The hand is not up."),
     N_("comity session show SESSION shows the queue."), NULL},
    {ERR_NOT_FOUND, "give_floor.member", N_("Nobody of that number, or nobody waits to speak."),
     N_("comity floor give SESSION MEMBER"), NULL},
    {ERR_FORBIDDEN, "give_floor.member", N_("Observers and programs do not speak."),
     N_("comity body show BODY lists who holds its seats; advisers speak when they are given the floor."),
     NULL},
    {ERR_STATE, "yield_floor.session", N_("Nobody has the floor."), N_("comity floor give SESSION"), NULL},
    {ERR_FORBIDDEN, "yield_floor.session", N_("Somebody else has the floor."),
     N_("comity session show SESSION; a facilitator can take it back."), NULL},
    {ERR_NOT_FOUND, "extend_time_box.item", N_("This item has no time box."),
     N_("comity timebox set ITEM MINUTES"), NULL},
    {ERR_STATE, "agree_sidebar.sidebar", N_("This sidebar has begun, or was declined."),
     N_("comity session show SESSION"), NULL},
    {ERR_EXISTS, "agree_sidebar.sidebar", N_("You have agreed to it already."),
     N_("comity session show SESSION"), NULL},
    {ERR_STATE, "decline_sidebar.sidebar", N_("This sidebar has begun, or was declined."),
     N_("comity session show SESSION"), NULL},
    {ERR_STATE, "end_sidebar.sidebar", N_("This sidebar is not being held."),
     N_("comity session show SESSION"), NULL},
    {ERR_DUPLICATE, "propose_sidebar.members[]", N_("You take part in any case: name the others."),
     N_("comity sidebar propose SESSION TOPIC --member MEMBER"), NULL},
    {ERR_CONFUSABLE, "invite.name",
     N_("Somebody who is on the roll, or invited, has a name that this one can be mistaken for."),
     N_("Add what tells the two apart: a second name, a department, a year. Others: comity member list, comity "
        "invitation list. An invitation that is not wanted any more: comity key revoke FINGERPRINT"),
     NULL},
    {ERR_STALE, "cast_ballot.replaces", NULL,
     N_("See your latest ballot with comity ballots ROUND, then vote again with --replace."), NULL},
    {ERR_REASON, "cast_ballot.reason", NULL, N_("Give the same command with --reason \"...\""), NULL},
    /* Charter and bodies. */
    {ERR_STALE, "adopt_charter.replaces", N_("Another charter was adopted since this one was written."),
     N_("Read it with comity charter show, and write the next one on it."), NULL},
    {ERR_MISSING, "adopt_charter.charter.facilitation",
     N_("The charter does not say how sessions are facilitated."),
     N_("Add \"facilitation\": \"PAIR\", \"ROTATE\" or \"NEUTRAL\"."), NULL},
    {ERR_NOT_FOUND, "adopt_charter.charter.functions[].body", NULL, NULL, tell_no_such_body},
    {ERR_NOT_FOUND, "adopt_charter.charter.functions[].rule", NULL, NULL, tell_no_such_rule},
    {ERR_FORBIDDEN, "adopt_charter.charter.functions[].rule", NULL, NULL, tell_no_such_rule},
    {ERR_NOT_FOUND, "adopt_charter.charter.functions[].standings",
     N_("A function names a constituency that there is not."), N_("comity constituency list"), NULL},
    {ERR_SCOPE, "adopt_charter.charter.functions[].standings",
     N_("A function leaves no party whose support counts."),
     N_("Let one constituency at least be PARTY in it."), NULL},
    {ERR_NOT_FOUND, "adopt_charter.charter.amendment_body", NULL, NULL, tell_no_such_body},
    {ERR_NOT_FOUND, "adopt_charter.charter.amendment_rule", NULL, NULL, tell_no_such_rule},
    {ERR_FORBIDDEN, "adopt_charter.charter.amendment_rule", NULL, NULL, tell_no_such_rule},
    {ERR_CHARTER, "adopt_charter.decision", NULL, NULL, tell_amendment},
    {ERR_STALE, "adopt_charter.decision",
     N_("This decision was made before the charter in force was adopted."), N_("comity decisions"), NULL},
    {ERR_STATE, "adopt_charter.decision", N_("This decision is not in effect."), N_("comity decisions"),
     NULL},
    {ERR_RANGE, "adopt_charter.decision",
     N_("The charter in force asks for no decision, or there is none yet."), N_("Leave --decision out."),
     NULL},
    {ERR_CHARTER, "adopt_charter.charter.text", N_("The decision was on another text."),
     N_("comity decisions"), NULL},
    {ERR_NOTICE, "convene_session.body",
     N_("The charter asks for notice with an agenda: a session is drafted first."),
     N_("comity session draft BODY TITLE"), NULL},
    {ERR_CHARTER, "add_item.function", N_("The charter excludes this subject: it is for bargaining."),
     N_("comity charter show"), NULL},
    {ERR_NOT_FOUND, "add_item.function", NULL, NULL, tell_no_function},
    {ERR_CHARTER, "open_round.proposal", NULL, NULL, tell_not_for_body},
    {ERR_CHARTER, "open_round.rule", NULL, NULL, tell_rule_of_function},
    {ERR_RANGE, "assign_seat.until_ms", N_("The term would be over already."),
     N_("--until \"2027-06-30 17:00\", or +365d"), NULL},
    {ERR_STATE, "name_alternates.seat", N_("This seat has no alternates: the body was created so."),
     N_("comity body show BODY"), NULL},
    {ERR_RANGE, "name_alternates.members", N_("This seat has one alternate."), N_("Name one: --member WHO"),
     NULL},
    {ERR_FORBIDDEN, "name_alternates.members[]", N_("An alternate is of the constituency whose seat it is."),
     N_("comity member list"), NULL},
    {ERR_STATE, "hand_over.session", NULL, NULL, tell_between_rounds},
    {ERR_STATE, "hand_over.seat", N_("Nobody holds this seat."), N_("comity seat assign BODY SEAT MEMBER"),
     NULL},
    {ERR_EXISTS, "hand_over.seat", N_("This seat was handed over already."),
     N_("comity seat takeback SESSION SEAT"), NULL},
    {ERR_MANDATE, "hand_over.member", NULL, NULL, tell_no_mandate},
    {ERR_EXISTS, "hand_over.member", N_("This member has a seat in this session already."),
     N_("comity body show BODY; comity session show SESSION"), NULL},
    {ERR_STATE, "take_back.session", NULL, NULL, tell_between_rounds},
    {ERR_STATE, "take_back.seat", N_("This seat was not handed over, or it is its holder's again."),
     N_("comity session show SESSION"), NULL},
    {ERR_EXISTS, "recuse.proposal", N_("You recused yourself before."), N_("comity round list PROPOSAL"),
     NULL},
    {ERR_STATE, "recuse.proposal", N_("The proposal is decided."), N_("comity decisions"), NULL},
    /* Sessions. */
    /* Problem solving. */
    {ERR_NOT_OPEN, NULL, NULL, NULL, tell_not_open}, /* of all that an open session alone takes */
    {0, NULL, NULL, NULL, NULL},
};

void hint_field(const char *field, char ret_field[FIELD_PATH_MAX])
{
    size_t length = 0;
    bool is_inside = false;

    for (; *field != '\0' && length + 1 < FIELD_PATH_MAX; field++) {
        is_inside = is_inside && *field != ']';
        if (!is_inside)
            ret_field[length++] = *field;
        is_inside = is_inside || *field == '[';
    }
    ret_field[length] = '\0';
}

static const struct hint *const TABLES[] = {HINTS_STAGE,   HINTS_ROUNDS,   HINTS_TRUST, HINTS_SOLVING,
                                            HINTS_CHARTER, HINTS_DECISION, HINTS};

static bool is_field(const char *field, const char *of_row)
{
    size_t size = strlen(of_row);

    return of_row[size - 1] == '*' ? strncmp(field, of_row, size - 1) == 0 : strcmp(field, of_row) == 0;
}

static const struct hint *row_find(int code, const char *field)
{
    for (size_t i = 0; i < ARRAY_COUNT(TABLES); i++)
        for (const struct hint *row = TABLES[i]; row->code != 0; row++)
            if (row->code == code && (row->field == NULL || is_field(field, row->field)))
                return row;
    return NULL;
}

void hint_tell(struct cli *cli, const Comity__V1__Command *command)
{
    struct failure before = cli->failure;
    char field[FIELD_PATH_MAX];

    hint_field(before.field, field);
    const struct hint *row = row_find(before.code, field);
    if (row == NULL)
        return;
    if (row->tell != NULL && !row->tell(cli, command))
        cli->failure = before;
    if (row->what != NULL)
        snprintf(cli->failure.what, WHAT_MAX, "%s", _(row->what));
    if (row->next != NULL)
        snprintf(cli->failure.next, NEXT_MAX, "%s", _(row->next));
}
