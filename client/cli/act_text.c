#include "client/cli/act_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/desk.h"
#include "client/cli/output.h"
#include "core/machine/machine.h"
#include "core/text.h"

/* What an act is about, and what to do where a restore has lost that. */
static const struct again {
    Comity__V1__Command__BodyCase body;
    const char *field; /* its number; NULL: it names nothing by number */
    const char *what_to_do;
} AGAIN[] = {
    {COMITY__V1__COMMAND__BODY_ASSIGN_SEAT, "assign_seat.body", N_("give the seat anew")},
    {COMITY__V1__COMMAND__BODY_ADOPT_RULE, "adopt_rule.bodies[0]", N_("adopt the rule anew")},
    {COMITY__V1__COMMAND__BODY_CONVENE_SESSION, "convene_session.body", N_("convene the session anew")},
    {COMITY__V1__COMMAND__BODY_OPEN_SESSION, "open_session.session",
     N_("open the session that is convened in its place")},
    {COMITY__V1__COMMAND__BODY_CLOSE_SESSION, "close_session.session",
     N_("close it anew once everybody has had time to send again")},
    {COMITY__V1__COMMAND__BODY_CHECK_IN, "check_in.session", N_("check in again once it is open again")},
    {COMITY__V1__COMMAND__BODY_ADD_ITEM, "add_item.session", N_("add the item anew")},
    {COMITY__V1__COMMAND__BODY_MAKE_PROPOSAL, "make_proposal.item", N_("make the proposal anew")},
    {COMITY__V1__COMMAND__BODY_REVISE_PROPOSAL, "revise_proposal.proposal", N_("revise it anew")},
    {COMITY__V1__COMMAND__BODY_OPEN_ROUND, "open_round.proposal", N_("open the round anew")},
    {COMITY__V1__COMMAND__BODY_CAST_BALLOT, "cast_ballot.round", N_("vote again once it is open again")},
    {COMITY__V1__COMMAND__BODY_CLOSE_ROUND, "close_round.round",
     N_("close it anew once everybody has had time to send again")},
    /* Charter and bodies. */
    {COMITY__V1__COMMAND__BODY_ADOPT_CHARTER, NULL, N_("adopt the charter anew")},
    {COMITY__V1__COMMAND__BODY_RECUSE, "recuse.proposal", N_("recuse yourself anew")},
    {COMITY__V1__COMMAND__BODY_NAME_ALTERNATES, "name_alternates.body", N_("name them anew")},
    {COMITY__V1__COMMAND__BODY_HAND_OVER, "hand_over.session", N_("hand the seat over anew")},
    {COMITY__V1__COMMAND__BODY_TAKE_BACK, "take_back.session", N_("take the seat back anew")},
    /* Sessions. */
    {COMITY__V1__COMMAND__BODY_DRAFT_SESSION, "draft_session.body", N_("draft the session anew")},
    {COMITY__V1__COMMAND__BODY_GIVE_NOTICE, "give_notice.session",
     N_("give notice of the session that is drafted in its place")},
    {COMITY__V1__COMMAND__BODY_ORDER_AGENDA, "order_agenda.session", N_("put the agenda in order anew")},
    {COMITY__V1__COMMAND__BODY_SET_GROUND_RULES, "set_ground_rules.session", N_("set the ground rules anew")},
    {COMITY__V1__COMMAND__BODY_NAME_FACILITATORS, "name_facilitators.session", N_("name them anew")},
    {COMITY__V1__COMMAND__BODY_ROLL_CALL, "roll_call.session", N_("call the roll again")},
    {COMITY__V1__COMMAND__BODY_CHECK_OUT, "check_out.session", N_("check out anew")},
    {COMITY__V1__COMMAND__BODY_PROPOSE_SIDEBAR, "propose_sidebar.session", N_("propose the sidebar anew")},
    {COMITY__V1__COMMAND__BODY_AGREE_SIDEBAR, "agree_sidebar.sidebar", N_("agree once it is proposed anew")},
    {COMITY__V1__COMMAND__BODY_DECLINE_SIDEBAR, "decline_sidebar.sidebar",
     N_("decline once it is proposed anew")},
    {COMITY__V1__COMMAND__BODY_END_SIDEBAR, "end_sidebar.sidebar", N_("end the one in its place")},
    {COMITY__V1__COMMAND__BODY_NOTE_PLUS_DELTA, "note_plus_delta.session", N_("say it anew")},
    /* Problem solving. */
    {COMITY__V1__COMMAND__BODY_MOVE_PHASE, "move_phase.item", N_("look where it is, and move it anew")},
    {COMITY__V1__COMMAND__BODY_HOLD_PHASE, "hold_phase.item", N_("hold it anew")},
    {COMITY__V1__COMMAND__BODY_RELEASE_PHASE, "release_phase.item", N_("look whether it is held")},
    {COMITY__V1__COMMAND__BODY_FLAG_BARGAINING, "flag_bargaining.item", N_("flag the item that is in its place")},
    {COMITY__V1__COMMAND__BODY_SET_ASIDE_ITEM, "set_aside_item.item", N_("set it aside anew")},
    {COMITY__V1__COMMAND__BODY_WITHDRAW_ITEM, "withdraw_item.item", N_("withdraw it anew")},
    {COMITY__V1__COMMAND__BODY_CONTRIBUTE, "contribute.item", N_("give it anew")},
    {COMITY__V1__COMMAND__BODY_AMEND_CONTRIBUTION, "amend_contribution.contribution", N_("amend it anew")},
    {COMITY__V1__COMMAND__BODY_WITHDRAW_CONTRIBUTION, "withdraw_contribution.contribution",
     N_("withdraw it anew")},
    {COMITY__V1__COMMAND__BODY_LINK_PROPOSAL, "link_proposal.proposal", N_("link it anew")},
    {COMITY__V1__COMMAND__BODY_RAISE_CONCERN, "raise_concern.proposal", N_("raise the concern anew")},
    {COMITY__V1__COMMAND__BODY_SECOND_CONCERN, "second_concern.concern", N_("share it anew")},
    {COMITY__V1__COMMAND__BODY_SETTLE_CONCERN, "settle_concern.concern", N_("settle it anew")},
    {COMITY__V1__COMMAND__BODY_REQUEST_DATA, "request_data.item", N_("ask anew")},
    {COMITY__V1__COMMAND__BODY_ANSWER_DATA, "answer_data.request", N_("answer anew once it is asked again")},
    {COMITY__V1__COMMAND__BODY_REFUSE_DATA, "refuse_data.request", N_("refuse anew if it is asked again")},
    {COMITY__V1__COMMAND__BODY_STATE_FACT, "state_fact.item", N_("state the fact anew")},
    {COMITY__V1__COMMAND__BODY_JUDGE_FACT, "judge_fact.fact", N_("say it anew")},
    {COMITY__V1__COMMAND__BODY_WITHDRAW_FACT, "withdraw_fact.fact", N_("withdraw it anew")},
    {COMITY__V1__COMMAND__BODY_OPEN_STRAW_POLL, "open_straw_poll.item", N_("open it anew")},
    {COMITY__V1__COMMAND__BODY_ANSWER_STRAW_POLL, "answer_straw_poll.poll",
     N_("answer again once it is open again")},
    {COMITY__V1__COMMAND__BODY_CLOSE_STRAW_POLL, "close_straw_poll.poll",
     N_("close it anew once everybody has had time to send again")},
    /* Decisions and minutes. */
    {COMITY__V1__COMMAND__BODY_REVIEW_DECISION, "review_decision.decision",
     N_("put the review on record anew")},
    {COMITY__V1__COMMAND__BODY_SIGN_CLAUSE, "sign_clause.decision",
     N_("sign it anew once it is decided again")},
    {COMITY__V1__COMMAND__BODY_REOPEN_DECISION, "reopen_decision.decision", N_("reopen it anew")},
    {COMITY__V1__COMMAND__BODY_DECLARE_OUTCOME, "declare_outcome.round", N_("declare it anew")},
    {COMITY__V1__COMMAND__BODY_ADD_ACTION, NULL, N_("add the action anew")},
    {COMITY__V1__COMMAND__BODY_UPDATE_ACTION, "update_action.action", N_("say anew how the action stands")},
    {COMITY__V1__COMMAND__BODY_DRAFT_MINUTES, "draft_minutes.session", N_("draft the minutes anew")},
    {COMITY__V1__COMMAND__BODY_CORRECT_MINUTES, "correct_minutes.session", N_("correct the minutes anew")},
    {COMITY__V1__COMMAND__BODY_APPROVE_MINUTES, "approve_minutes.session", N_("approve the minutes anew")},
    {COMITY__V1__COMMAND__BODY_DISSENT_MINUTES, "dissent_minutes.session", N_("dissent anew")},
    {COMITY__V1__COMMAND__BODY_GIVE_MANDATE, "give_mandate.decision", N_("give the mandate anew")},
    {COMITY__V1__COMMAND__BODY_REPORT_MANDATE, "report_mandate.mandate", N_("report anew")},
    {COMITY__V1__COMMAND__BODY_RECALL_MANDATE, "recall_mandate.mandate",
     N_("recall it anew, if it was given again")},
    /* Rules and stages. */
    {COMITY__V1__COMMAND__BODY_SECOND_BLOCK, "second_block.stage", N_("second it once the round has closed again")},
    {COMITY__V1__COMMAND__BODY_NOTE_CONFERENCE, "note_conference.stage", N_("note it at the stage in its place")},
    {COMITY__V1__COMMAND__BODY_GIVE_CASTING_VOTE, "give_casting_vote.stage", N_("say it at the stage in its place")},
    {COMITY__V1__COMMAND__BODY_ENTER_ANSWER, "enter_answer.stage", N_("enter it at the stage in its place")},
    {COMITY__V1__COMMAND__BODY_SIGN_OFF, "sign_off.stage", N_("sign at the stage in its place")},
    {COMITY__V1__COMMAND__BODY_SET_LIST, NULL, N_("set the list anew")},
    {COMITY__V1__COMMAND__BODY_ACKNOWLEDGE_ROUND, "acknowledge_round.round",
     N_("say it again once it is open again")},
    /* Keys and witnesses. */
    {COMITY__V1__COMMAND__BODY_ADD_KEY, NULL, N_("add the key anew")},
    {COMITY__V1__COMMAND__BODY_RECOVER_CO_CHAIR, "recover_co_chair.member", N_("recover the key anew")},
    {COMITY__V1__COMMAND__BODY_SET_RECOVERY_KEY, NULL, N_("set it anew, if it is still the one that is meant")},
    {COMITY__V1__COMMAND__BODY_APPOINT_WITNESS, NULL, N_("appoint it anew")},
    {COMITY__V1__COMMAND__BODY_DISMISS_WITNESS, "dismiss_witness.witness", N_("dismiss it anew")},
};

static const struct again *again_find(const Comity__V1__Command *command)
{
    static const struct again NOTHING = {.field = NULL,
                                         .what_to_do = N_("do it anew, if it is still wanted")};

    for (size_t i = 0; i < ARRAY_COUNT(AGAIN); i++)
        if (AGAIN[i].body == command->body_case)
            return &AGAIN[i];
    return &NOTHING;
}

/* What a field of a command is called; its own name, as in the contract, where there is no other. */
static const char *noun_of(const char *field)
{
    static const struct {
        const char *field, *noun;
    } NOUNS[] = {
        {"bodies", N_("body")}, {"body", N_("body")},       {"session", N_("session")},
        {"item", N_("item")},   {"round", N_("round")},     {"proposal", N_("proposal")},
        {"seat", N_("seat")},   {"site", N_("site")},       {"member", N_("member")},
        {"rule", N_("rule")},   {"sidebar", N_("sidebar")},
        {"stage", N_("stage")}, {"witness", N_("witness")},
    };

    for (size_t i = 0; i < ARRAY_COUNT(NOUNS); i++)
        if (strcmp(NOUNS[i].field, field) == 0)
            return _(NOUNS[i].noun);
    return field;
}

/* What a field of the command names: "round" and 12 of "cast_ballot.round". False where it names no number.
 */
static bool named_read(struct cli *cli, const Comity__V1__Command *command, const char *field,
                       const char **ret_noun, uint32_t *ret_number)
{
    const char *dot = field == NULL ? NULL : strchr(field, '.');
    if (dot == NULL)
        return false;
    const ProtobufCFieldDescriptor *outer = protobuf_c_message_descriptor_get_field_by_name(
        command->base.descriptor, arena_printf(cli->arena, "%.*s", (int) (dot - field), field));
    const char *name = arena_printf(cli->arena, "%.*s", (int) strcspn(dot + 1, "["), dot + 1);
    const char *bracket = strchr(dot, '[');
    if (outer == NULL || outer->id != (uint32_t) command->body_case)
        return false;
    const char *body = *(const char *const *) ((const char *) command + outer->offset);
    const ProtobufCFieldDescriptor *inner =
        protobuf_c_message_descriptor_get_field_by_name(((const ProtobufCMessage *) body)->descriptor, name);
    if (inner == NULL || inner->type != PROTOBUF_C_TYPE_UINT32)
        return false;
    const uint32_t *numbers = (const uint32_t *) (body + inner->offset);
    size_t count = 1, at = bracket == NULL ? 0 : strtoul(bracket + 1, NULL, 10);
    if (inner->label == PROTOBUF_C_LABEL_REPEATED) {
        count = *(const size_t *) (body + inner->quantifier_offset);
        numbers = *(const uint32_t *const *) (body + inner->offset);
    }
    if (at >= count)
        return false;
    *ret_noun = noun_of(name);
    *ret_number = numbers[at];
    return true;
}

const char *shown_act(struct cli *cli, const struct comity_draft *draft)
{
    const Comity__V1__Command *command = comity_draft_command(draft);
    const char *noun;
    uint32_t number;

    if (!named_read(cli, command, again_find(command)->field, &noun, &number))
        return comity_draft_name(draft);
    return phrase(cli, "%s on %s %" PRIu32, comity_draft_name(draft), noun, number);
}

const char *spoken_act(struct cli *cli, const struct comity_draft *draft)
{
    const Comity__V1__Command *command = comity_draft_command(draft);

    return command->body_case == COMITY__V1__COMMAND__BODY_CAST_BALLOT
               ? phrase(cli, "your answer to round %" PRIu32, command->cast_ballot->round)
               : shown_act(cli, draft);
}

/* Was it signed in an epoch that the record does not have at all? */
static bool is_given_up(const Comity__V1__Command *command, const Comity__V1__Partnership *partnership)
{
    /* How one came in: of no epoch; before one is in, none is known. */
    bool is_known = command->epoch == 0 || partnership == NULL;

    for (size_t i = 0; !is_known && i < partnership->n_epochs; i++)
        is_known = partnership->epochs[i]->number == command->epoch;
    return !is_known;
}

/* STALE of what builds on a version of a proposal: there may be a newer one; or the record does not have that
 * one, which somebody has yet to send again. NULL: the first, or nobody can tell. */
static const char *shown_base(struct cli *cli, const Comity__V1__Command *command)
{
    const ProtobufCBinaryData *base;
    const ProtobufCMessage *row;
    struct failure before = cli->failure;
    uint32_t number;

    if (command->body_case == COMITY__V1__COMMAND__BODY_REVISE_PROPOSAL) {
        base = &command->revise_proposal->base_hash;
        number = command->revise_proposal->proposal;
    } else if (command->body_case == COMITY__V1__COMMAND__BODY_OPEN_ROUND) {
        base = &command->open_round->text_hash;
        number = command->open_round->proposal;
    } else {
        return NULL;
    }
    if (desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_PROPOSALS, number, &row) != 0) {
        cli->failure = before;
        return NULL;
    }
    const Comity__V1__Proposal *proposal = (const Comity__V1__Proposal *) row;
    for (size_t i = 0; i < proposal->n_versions; i++) {
        const ProtobufCBinaryData *hash = &proposal->versions[i]->text->hash;
        if (bytes_equal(BYTES(hash->data, hash->len), BYTES(base->data, base->len)))
            return i + 1 < proposal->n_versions
                       ? NULL
                       : _("what it builds on was not in the record when it was sent "
                           "again, and is now: give it anew");
    }
    return _("what it builds on is not in the record yet: once whoever wrote that has said comity resubmit, "
             "give "
             "it anew");
}

/* EPOCH: which of the things that it names is lost, and what to do. @field: empty where it is not known any
 * more. */
static const char *shown_lost(struct cli *cli, const Comity__V1__Command *command,
                              const Comity__V1__Partnership *partnership, const char *field)
{
    const struct again *again = again_find(command);
    const char *noun = _("thing");
    uint32_t number;

    if (is_given_up(command, partnership))
        return _(
            "it was signed in a record that was given up by a later restore; give it anew, if it is still "
            "wanted");
    if (!command_is_carried_over(command))
        return phrase(
            cli,
            "what ends something, or is of the moment, is not carried over a restore; look at how it "
            "stands now, and %s",
            _(again->what_to_do));
    if (strcmp(field, "assign_seat.seat") == 0)
        return _("the seat was given or vacated since the restore");
    if (field[0] != '\0' && again->field != NULL && strcmp(field, again->field) != 0 &&
        named_read(cli, command, field, &noun, &number))
        return phrase(cli, "the restored record does not have that %s, number %" PRIu32 "; %s", noun, number,
                      _(again->what_to_do));
    named_read(cli, command, again->field, &noun, &number);
    return phrase(cli, "the restored record does not have that %s; %s", noun, _(again->what_to_do));
}

const char *act_why(struct cli *cli, const struct comity_draft *draft, const Comity__V1__Partnership *partnership, int code,
                    const char *field)
{
    const Comity__V1__Command *command = comity_draft_command(draft);
    const char *base;

    if (code == ERR_EPOCH)
        return shown_lost(cli, command, partnership, field);
    if (code == ERR_STALE && command->body_case == COMITY__V1__COMMAND__BODY_CAST_BALLOT)
        return _("a later answer of yours counts");
    if (code == ERR_STALE && strcmp(field, "open_round.rule") != 0 &&
        (base = shown_base(cli, command)) != NULL)
        return base;
    if (code == ERR_CLOSED && command->body_case == COMITY__V1__COMMAND__BODY_CAST_BALLOT)
        return _("the round has closed since the restore; tell whoever closed it that you had answered");
    if (code == ERR_INVITATION)
        return _("the restored record does not have the invitation, or it has expired: whoever invited you "
                 "says "
                 "comity resubmit first, or invites you anew");
    if (code == ERR_KEY_REVOKED && strcmp(field, "add_key.key") == 0)
        return _("a co-chair of your constituency has revoked the new key: make another one, if it is still wanted");
    if (code == ERR_KEY_REVOKED)
        return _("the key that signed it is revoked by now: give it anew, if it is still wanted");
    if (code == ERR_TEXT)
        return _("the parties have purged its text: give it anew in other words, if it is still wanted");
    const char *sentence = language_error(code); /* whoever shows it ends it */
    return arena_printf(cli->arena, "%.*s", (int) strlen(sentence) - 1, sentence);
}
