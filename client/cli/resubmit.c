/* Sending again what was never confirmed, and what a restore from a backup has lost. */
#include <inttypes.h>

#include "client/cli/desk.h"
#include "client/cli/output.h"
#include "client/cli/verbs.h"
#include "core/machine/machine.h"
#include "core/text.h"

enum { KEYS_MAX = 32 };

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

/* "cast_ballot on round 12" */
static const char *shown_act(struct cli *cli, const struct comity_draft *draft)
{
    const Comity__V1__Command *command = comity_draft_command(draft);
    const char *noun;
    uint32_t number;

    if (!named_read(cli, command, again_find(command)->field, &noun, &number))
        return comity_draft_name(draft);
    return phrase(cli, "%s on %s %" PRIu32, comity_draft_name(draft), noun, number);
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

/* Why an act was not taken over, or refused, and what to do. */
static const char *shown_why(struct cli *cli, const struct comity_draft *draft,
                             const Comity__V1__Partnership *partnership, int code, const char *field)
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

struct resending {
    struct cli *cli;
    const Comity__V1__Partnership *partnership;
    const char *journal;              /* its path */
    uint8_t keys[KEYS_MAX][KEY_SIZE]; /* the context's key, and those before it in whose place it came */
    size_t key_count;
    struct json_object *array, *left; /* sent in this run; lost, and not taken over */
    struct json_object *would_send;   /* with --dry-run */
    int worst;                        /* the first code of what is still open */
    bool is_known;                    /* the record has it that the signer came in */
    unsigned recorded, open, refused, not_taken_over, overtaken;
};

static void count_open(struct resending *resending, int code)
{
    resending->open++;
    if (resending->worst == 0)
        resending->worst = code;
}

static void put_left(struct resending *resending, const struct comity_journal_entry *entry, int code,
                     const char *why)
{
    struct cli *cli = resending->cli;
    struct json_object *value = json_object_new_object();

    json_object_object_add(value, "command_id", json_hex(BYTES(entry->command_id, COMMAND_ID_SIZE)));
    json_object_object_add(value, "act", json_object_new_string(shown_act(cli, entry->draft)));
    json_object_object_add(value, "sequence", json_object_new_uint64(entry->sequence));
    json_object_object_add(value, "epoch", json_object_new_uint64(entry->epoch));
    json_object_object_add(value, "error", json_object_new_string(error_name(code)));
    json_object_object_add(value, "why", json_object_new_string(why));
    json_object_array_add(resending->left, value);
}

static void note_left(struct resending *resending, const struct comity_journal_entry *entry, int code,
                      const char *field)
{
    struct cli *cli = resending->cli;
    const char *why = shown_why(cli, entry->draft, resending->partnership, code, field);

    put_left(resending, entry, code, why);
    resending->not_taken_over++;
    say(cli, "%s (number %" PRIu64 " in epoch %" PRIu32 "): not taken over: %s.",
        shown_act(cli, entry->draft), entry->sequence, entry->epoch, why);
}

static void note_result(struct resending *resending, const struct comity_journal_entry *entry, bool is_lost,
                        const struct comity_result *result)
{
    static const char *const VERDICTS[] = {"", "RECORDED", "ANSWERED", "REFUSED", "UNKNOWN", "NOT_SENT"};
    struct cli *cli = resending->cli;
    struct json_object *value = json_object_new_object();
    const char *act = shown_act(cli, entry->draft), *name = error_name(result->fault.code);
    bool is_refused = result->verdict == COMITY_REFUSED && comity_is_final(result->fault.code);

    json_object_object_add(value, "command_id", json_hex(BYTES(result->command_id, COMMAND_ID_SIZE)));
    json_object_object_add(value, "act", json_object_new_string(act));
    json_object_object_add(value, "was_lost", json_object_new_boolean(is_lost));
    json_object_object_add(value, "verdict", json_object_new_string(VERDICTS[result->verdict]));
    json_object_object_add(value, "sequence", json_object_new_uint64(result->sequence));
    json_object_object_add(value, "error", json_object_new_string(name));
    json_object_object_add(value, "field", json_object_new_string(result->fault.field));
    json_object_array_add(resending->array, value);
    if (result->verdict == COMITY_RECORDED) {
        resending->recorded++;
        say(cli, "%s: recorded as number %" PRIu64 ".", act, result->sequence);
        return;
    }
    if (is_refused)
        resending->refused++;
    if (is_refused && is_lost) {
        note_left(resending, entry, result->fault.code, result->fault.field);
        return;
    }
    if (is_refused)
        say(cli, "%s: refused: %s: %s.", act, name,
            shown_why(cli, entry->draft, resending->partnership, result->fault.code, result->fault.field));
    else
        say(cli, "%s: not confirmed: %s: %s", act, name, language_error(result->fault.code));
    if (!is_refused)
        count_open(resending, desk_judge(cli, result));
}

static bool has_receipt_of(const struct comity_journal_entry *entry, const struct comity_result *result)
{
    for (size_t i = 0; i < entry->receipt_count; i++)
        if (entry->receipts[i].epoch == result->epoch && entry->receipts[i].sequence == result->sequence)
            return true;
    return false;
}

/* *ret_is_known: the record had it, and so had the journal: nothing was done. */
static void send_again(struct resending *resending, const struct comity_journal_entry *entry, bool is_lost,
                       bool *ret_is_known)
{
    struct comity_result result = {0};
    progress_tick(&resending->cli->progress);
    int code = comity_submit_wait(desk_client(resending->cli), entry->draft, 0, &result);
    progress_clear(&resending->cli->progress);

    *ret_is_known = result.verdict == COMITY_RECORDED && has_receipt_of(entry, &result);
    if (*ret_is_known)
        code = 0;
    else if (result.verdict != 0)
        note_result(resending, entry, is_lost, &result);
    else
        count_open(resending, code);
    comity_result_release(&result);
}

/* The key that the record knows by this act; empty where it makes none known. */
static struct bytes key_of_entry(const struct comity_journal_entry *entry)
{
    const Comity__V1__Command *command = comity_draft_command(entry->draft);
    const ProtobufCBinaryData *key = NULL;

    if (command->body_case == COMITY__V1__COMMAND__BODY_REDEEM || command->body_case == COMITY__V1__COMMAND__BODY_FOUND)
        key = &command->key;
    else if (command->body_case == COMITY__V1__COMMAND__BODY_ADD_KEY)
        key = &command->add_key->key;
    else if (command->body_case == COMITY__V1__COMMAND__BODY_RECOVER_CO_CHAIR)
        key = &command->recover_co_chair->key;
    return key == NULL ? BYTES(NULL, 0) : BYTES(key->data, key->len);
}

static bool is_entry(const struct comity_journal_entry *entry)
{
    return key_of_entry(entry).size > 0;
}

/* The key by which an earlier one of the signer's let the latest of @keys in. */
static int take_earlier_key(const struct comity_journal_entry *entry, void *context)
{
    struct resending *resending = context;
    const Comity__V1__Command *command = comity_draft_command(entry->draft);
    const uint8_t *latest = resending->keys[resending->key_count - 1];

    if (command->body_case != COMITY__V1__COMMAND__BODY_ADD_KEY ||
        !bytes_equal(key_of_entry(entry), BYTES(latest, KEY_SIZE)))
        return 0;
    memcpy(resending->keys[resending->key_count++], command->key.data, KEY_SIZE);
    return 1;
}

static int find_earlier_keys(struct resending *resending)
{
    int code = 1;

    while (code == 1 && resending->key_count < KEYS_MAX)
        code = comity_journal_each(resending->journal, resending->cli->context.history, take_earlier_key, resending, NULL);
    return code < 0 ? code : 0;
}

static bool is_of_signer(const struct resending *resending, struct bytes key)
{
    for (size_t i = 0; i < resending->key_count; i++)
        if (bytes_equal(key, BYTES(resending->keys[i], KEY_SIZE)))
            return true;
    return false;
}

/* Of a key in whose place the signer's came. */
static bool is_of_earlier_key(const struct resending *resending, const struct comity_journal_entry *entry)
{
    struct bytes key = key_of_entry(entry);

    return is_of_signer(resending, key) && !bytes_equal(key, BYTES(resending->keys[0], KEY_SIZE));
}

static int confirm_earlier(const struct comity_journal_entry *entry, void *context)
{
    struct resending *resending = context;
    bool is_known;

    if (is_of_earlier_key(resending, entry))
        send_again(resending, entry, entry->has_receipt, &is_known);
    return 0;
}

/* How the signer came in. It is sent again even if it was refused before: a stranger's refusal holds for the
 * moment alone, as before whoever sent the invitation has sent it again. */
static int resend_entry(const struct comity_journal_entry *entry, void *context)
{
    struct resending *resending = context;
    unsigned recorded = resending->recorded;

    if (!is_entry(entry) || !is_of_signer(resending, key_of_entry(entry)))
        return 0;
    if (is_of_earlier_key(resending, entry)) {
        /* What comes of it is told by confirm_earlier: before the last key is in, no receipt can be checked. */
        struct comity_result result = {0};
        comity_submit_wait(desk_client(resending->cli), entry->draft, 0, &result);
        comity_result_release(&result);
        return 0;
    }
    send_again(resending, entry, entry->has_receipt, &resending->is_known);
    return resending->recorded > recorded || resending->is_known ? 1 : 0;
}

/* "you gave seat 2 of body 1 again later (number 122)" */
static const char *shown_overtaken(struct cli *cli, const struct comity_journal_entry *entry,
                                   const struct comity_journal_receipt *by)
{
    const Comity__V1__Command *command = comity_draft_command(entry->draft);

    if (command->body_case == COMITY__V1__COMMAND__BODY_ASSIGN_SEAT)
        return phrase(cli, "you gave seat %" PRIu32 " of body %" PRIu32 " again later (number %" PRIu64 ")",
                      command->assign_seat->seat, command->assign_seat->body, by->sequence);
    if (command->body_case == COMITY__V1__COMMAND__BODY_CHECK_IN)
        return phrase(cli, "you checked in to session %" PRIu32 " again later (number %" PRIu64 ")",
                      command->check_in->session, by->sequence);
    return phrase(cli, "you did the same again later (number %" PRIu64 ")", by->sequence);
}

/* Sent now, it would come after what the signer said later. It is answered by that. 0, or the journal's code.
 */
static int note_overtaken(struct resending *resending, const struct comity_journal_entry *entry,
                          const struct comity_journal_entry *later)
{
    struct cli *cli = resending->cli;
    const char *why = shown_overtaken(cli, entry, comity_standing(later, resending->partnership));

    put_left(resending, entry, ERR_STALE, why);
    resending->overtaken++;
    say(cli, "%s: not sent: %s.", shown_act(cli, entry->draft), why);
    return comity_journal_settle(resending->journal, entry, ERR_STALE, resending->partnership->epoch);
}

static void note_would_send(struct resending *resending, const struct comity_journal_entry *entry)
{
    struct json_object *row = json_object_new_object();

    json_object_object_add(row, "command_id",
                           json_hex(BYTES(comity_draft_id(entry->draft), COMMAND_ID_SIZE)));
    json_object_object_add(row, "act", json_object_new_string(comity_draft_name(entry->draft)));
    json_object_array_add(resending->would_send, row);
    say(resending->cli, "%s: would be sent.", shown_act(resending->cli, entry->draft));
}

static int resend(const struct comity_journal_entry *entry, void *context)
{
    struct resending *resending = context;
    const struct comity_journal_entry *later = comity_overtaken(entry, resending->partnership);
    bool is_lost = comity_is_lost(entry, resending->partnership);
    bool is_refused = entry->refused != 0;
    bool is_refused_here = is_refused && entry->refused_epoch >= resending->partnership->epoch;
    bool is_open = !entry->has_receipt && !is_refused;
    bool is_known;

    if (is_entry(entry) && (is_lost || is_refused))
        return 0; /* who reads this is in */
    if (cli_has(resending->cli, "dry-run")) {
        if ((is_lost && !is_refused_here && later == NULL) || (is_open && later == NULL))
            note_would_send(resending, entry);
        return 0;
    }
    if ((is_lost || is_open) && later != NULL)
        return note_overtaken(resending, entry, later);
    if (is_lost && is_refused_here)
        note_left(resending, entry, entry->refused, "");
    else if (is_lost || is_open || (entry->has_receipt && is_refused))
        send_again(resending, entry, is_lost, &is_known);
    return 0;
}

static int load_signer(struct resending *resending)
{
    struct signing_key signer;
    int code = desk_signer(resending->cli, &signer);

    if (code != 0)
        return code;
    memcpy(resending->keys[0], signer.public_key, KEY_SIZE);
    resending->key_count = 1;
    signing_key_wipe(&signer);
    return find_earlier_keys(resending);
}

/* The record as it is now, whatever was seen of it before. Who is not in it any more goes in again first. */
static int find_record(struct resending *resending)
{
    struct cli *cli = resending->cli;
    const Comity__V1__WhoamiAnswer *whoami;
    int code = load_signer(resending);

    if (code != 0)
        return code;
    desk_ignore_seen(cli);
    code = desk_whoami(cli, &whoami);
    if (code == ERR_GRANT && !cli_has(cli, "dry-run")) {
        unsigned recorded = resending->recorded;
        code = comity_journal_each(resending->journal, cli->context.history, resend_entry, resending, NULL);
        if (code < 0)
            return code;
        if (resending->is_known)
            return cli_fail(
                cli, ERR_KEY_REVOKED,
                "A co-chair of your constituency can let you back (comity member recover MEMBER --out FILE); then "
                "comity join FILE, with a new key.",
                "The record has that you joined, and your key was revoked since: nothing is sent with it "
                "any more.");
        if (resending->recorded == recorded)
            return cli_fail(
                cli, ERR_GRANT,
                "If you joined after the backup was made: whoever invited you says comity resubmit "
                "first, then you again; or comity join with the invitation.",
                "The record, as it is now, does not know you.");
        cli->failure = (struct failure){0};
        code = desk_whoami(cli, &whoami);
        if (code == 0) {
            resending->partnership = whoami->partnership;
            code = comity_journal_each(resending->journal, cli->context.history, confirm_earlier, resending, NULL);
        }
    }
    if (code == 0)
        resending->partnership = whoami->partnership;
    return code;
}

/* Nothing goes into a record that somebody has put in the place of the present one. */
static int check_record(struct resending *resending)
{
    struct cli *cli = resending->cli;
    const Comity__V1__Partnership *partnership = resending->partnership;
    const struct context *context = &cli->context;
    uint64_t head = comity_seen(desk_client(cli), context->history);
    size_t count = partnership->n_epochs;

    if (count == 0 || partnership->epochs[count - 1]->number != partnership->epoch)
        return cli_fail(cli, ERR_MALFORMED, NULL,
                        "The worker's answer does not say which epochs the record has.");
    if (partnership->epoch < context->epoch || (partnership->epoch == context->epoch && head < context->seen))
        return cli_fail(
            cli, ERR_BEHIND,
            "Tell the operator: an old copy of the store may have been put back. Nothing was sent.",
            "The record (epoch %" PRIu32 ", number %" PRIu64
            ") is older than what you have seen (epoch %" PRIu32 ", number %" PRIu64 ").",
            partnership->epoch, head, context->epoch, context->seen);
    if (context->epoch != 0 && partnership->epoch > context->epoch)
        say(cli, "The record was restored from a backup as of number %" PRIu64 " (epoch %" PRIu32 ").",
            partnership->epochs[count - 1]->restored_to, partnership->epoch);
    return 0;
}

static void say_totals(struct resending *resending)
{
    struct cli *cli = resending->cli;

    if (resending->recorded + resending->open + resending->refused > 0)
        say(cli, "%u sent and recorded, %u still not confirmed, %u refused.", resending->recorded,
            resending->open, resending->refused);
    if (resending->not_taken_over > 0)
        say(cli, "%u of what a restore has lost was not taken over: see above, and comity receipt list.",
            resending->not_taken_over);
    else if (resending->recorded + resending->open + resending->refused + resending->overtaken == 0)
        say(cli, "Nothing that was signed here is left unanswered.");
}

int resubmit_run(struct cli *cli)
{
    struct resending resending = {.cli = cli,
                                  .array = json_object_new_array(),
                                  .left = json_object_new_array(),
                                  .would_send = json_object_new_array()};
    char path[PATH_BYTES];
    size_t damaged = 0;
    int code = journal_path(cli, path);

    resending.journal = path;

    if (code == 0)
        code = desk_open(cli);
    if (code == 0)
        code = find_record(&resending);
    if (code == 0)
        code = check_record(&resending);
    progress_begin(&cli->progress, _("Sending again"));
    if (code == 0)
        code = comity_journal_each(path, cli->context.history, resend, &resending, &damaged);
    progress_end(&cli->progress);
    cli_put(cli, "resubmitted", resending.array);
    cli_put(cli, "not_taken_over", resending.left);
    cli_put_number(cli, "recorded", resending.recorded);
    cli_put_number(cli, "unconfirmed", resending.open);
    cli_put_number(cli, "refused", resending.refused);
    cli_put_number(cli, "damaged", damaged);
    if (cli_has(cli, "dry-run")) {
        cli_put(cli, "would_send", json_object_get(resending.would_send));
        if (code == 0 && json_object_array_length(resending.would_send) == 0)
            say(cli, "Nothing would be sent.");
        else if (code == 0)
            say(cli, "Nothing was sent.");
    } else if (code == 0)
        say_totals(&resending);
    json_object_put(resending.would_send);
    if (code == 0 && damaged > 0 && resending.open == 0)
        code = cli_fail(
            cli, ERR_CORRUPT, "See comity receipt list and the record, and do what is missing there anew.",
            "Files of what was signed here that are damaged, and could not be sent again: %zu.", damaged);
    if (code == 0 && resending.open > 0)
        code = cli_fail(cli, resending.worst, "comity resubmit once more, later: nothing is done twice.",
                        "%u of the commands that were signed here are still not confirmed.", resending.open);
    return code;
}
