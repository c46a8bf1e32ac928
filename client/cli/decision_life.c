/* Verbs about what becomes of a decision. */
#include <inttypes.h>

#include "client/cli/draft_file.h"
#include "client/cli/given.h"
#include "client/cli/made.h"
#include "client/cli/finality.h"
#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/terms.h"
#include "client/cli/verbs.h"
#include "core/rule/rule.h"

static int find_decision(struct cli *cli, const Comity__V1__Decision **ret_decision)
{
    const ProtobufCMessage *row;
    uint32_t number;
    int code = number_argument(cli, "DECISION", &number);

    if (code == 0)
        code = desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_DECISIONS, number, &row);
    if (code == 0)
        *ret_decision = (const Comity__V1__Decision *) row;
    return code;
}

/* What was signed under the clauses, and by whom not. */
static void say_signatures(struct cli *cli, const Comity__V1__Decision *decision)
{
    size_t asked = 0;

    for (size_t i = 0; decision->terms != NULL && i < decision->terms->n_clauses; i++)
        asked += decision->terms->clauses[i]->n_signatories;
    for (size_t i = 0; i < decision->n_signatures; i++) {
        const Comity__V1__ClauseSignature *row = decision->signatures[i];
        say(cli, "  Clause %" PRIu32 " signed for %s by %s, %s.", row->clause,
            name_of_constituency(cli, row->constituency), name_of_member(cli, row->member),
            shown_time(cli, row->signed_ms));
    }
    if (asked > decision->n_signatures &&
        decision->state == COMITY__V1__DECISION_STATE__DECISION_STATE_PENDING)
        say(cli, "  Missing under its clauses: %s. comity decision sign %" PRIu32 " CLAUSE",
            counted(cli, asked - decision->n_signatures, "%" PRIu64 " signature", "%" PRIu64 " signatures"),
            decision->number);
}

static void say_end(struct cli *cli, const Comity__V1__Decision *decision)
{
    switch (decision->end) {
    case COMITY__V1__DECISION_END__DECISION_END_SUNSET:
        say(cli, "  Ended %s: its sunset had come.", shown_time(cli, decision->ended_ms));
        break;
    case COMITY__V1__DECISION_END__DECISION_END_TRIAL:
        say(cli, "  Ended %s: the trial was over, and no decision had confirmed it.",
            shown_time(cli, decision->ended_ms));
        break;
    case COMITY__V1__DECISION_END__DECISION_END_DECISION:
        say(cli, "  %s by decision %" PRIu32 ".",
            decision->state == COMITY__V1__DECISION_STATE__DECISION_STATE_SUSPENDED    ? _("Suspended")
            : decision->state == COMITY__V1__DECISION_STATE__DECISION_STATE_SUPERSEDED ? _("Superseded")
                                                                                       : _("Ended"),
            decision->changed_by);
        break;
    case COMITY__V1__DECISION_END__DECISION_END_DECLARED:
        say(cli, "  Ended %s: its outcome was declared otherwise. comity outcome %" PRIu32,
            shown_time(cli, decision->ended_ms), decision->round);
        break;
    default:
        break;
    }
}

static void say_reviews(struct cli *cli, const Comity__V1__Decision *decision)
{
    if (decision->review_due_ms != 0)
        say(cli, "  A review is due since %s: comity decision review %" PRIu32,
            shown_time(cli, decision->review_due_ms), decision->number);
    for (size_t i = 0; i < decision->n_reviews; i++) {
        const Comity__V1__Review *review = decision->reviews[i];
        say(cli, "  Reviewed %s, put on record by %s%s%s", shown_time(cli, review->reviewed_ms),
            name_of_member(cli, review->member), review->note == NULL || review->note->size == 0 ? "." : ": ",
            review->note == NULL || review->note->size == 0 ? "" : desk_shown(cli, review->note));
    }
    for (size_t i = 0; i < decision->n_reopenings; i++) {
        const Comity__V1__Reopening *row = decision->reopenings[i];
        say(cli, "  Reopened %s by %s as item %" PRIu32 ": %s", shown_time(cli, row->reopened_ms),
            name_of_member(cli, row->member), row->item, desk_shown(cli, row->fact));
    }
}

int decision_show_run(struct cli *cli)
{
    const Comity__V1__Decision *decision;
    const ProtobufCMessage *row;
    int code = find_decision(cli, &decision);

    if (code == 0)
        code = desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_PROPOSALS, decision->proposal, &row);
    if (code != 0)
        return code;
    const Comity__V1__Proposal *proposal = (const Comity__V1__Proposal *) row;
    cli_put(cli, "decision", desk_json(cli, &decision->base));
    cli_put(cli, "proposal", desk_json(cli, row));
    say(cli, "Decision %" PRIu32 " of %s, %s: %s", decision->number, name_of_body(cli, decision->body),
        decision_state_word(decision->state), desk_shown(cli, proposal->title));
    for (size_t i = 0; i < proposal->n_versions; i++) {
        const char *text = proposal->versions[i]->version == decision->version
                               ? desk_prose(cli, proposal->versions[i]->text)
                               : NULL;
        if (text != NULL)
            say(cli, "%s", shown_lines(cli, BYTES(text, strlen(text)), "    "));
    }
    say(cli, "  Decided %s by round %" PRIu32 "%s. How: comity outcome %" PRIu32,
        shown_time(cli, decision->decided_ms), decision->round,
        decision->is_declared ? _(", declared otherwise than computed") : "", decision->round);
    terms_say(cli, decision->terms, "  ");
    if (decision->terms != NULL && decision->terms->trial_until_ms != 0 && !decision->is_on_trial)
        say(cli, "  Its trial was confirmed.");
    say_signatures(cli, decision);
    say_reviews(cli, decision);
    say_end(cli, decision);
    return finality_say(cli);
}

int decision_sign_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__SignClause body = COMITY__V1__SIGN_CLAUSE__INIT;
    const Comity__V1__Decision *decision;
    const Comity__V1__Event *event;
    int code = find_decision(cli, &decision);

    if (code == 0)
        code = number_argument(cli, "CLAUSE", &body.clause);
    if (code != 0)
        return code;
    body.decision = decision->number;
    body.text_hash = decision->text_hash;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_SIGN_CLAUSE);
    command.sign_clause = &body;
    code = joint_submit(cli, &command, &event);
    if (code == 0 && event != NULL)
        say(cli, "Clause %" PRIu32 " of decision %" PRIu32 " is signed for %s. comity decision show %" PRIu32,
            body.clause, body.decision,
            name_of_constituency(cli, event->clause_signed->signature->constituency), body.decision);
    return code;
}

int decision_review_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__ReviewDecision body = COMITY__V1__REVIEW_DECISION__INIT;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "DECISION", &body.decision);

    if (code == 0)
        code = given_time(cli, "next", &body.next_ms);
    if (code == 0)
        code = given_note(cli, "note", &body.note);
    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_REVIEW_DECISION);
    command.review_decision = &body;
    code = desk_submit(cli, &command, &event);
    if (code == 0)
        say(cli, "The review of decision %" PRIu32 " is on record. %s", body.decision,
            body.next_ms == 0 ? _("No other one is planned: --next TIME plans one.")
                              : phrase(cli, "The next one: %s.", shown_time(cli, body.next_ms)));
    return code;
}

int decision_reopen_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__ReopenDecision body = COMITY__V1__REOPEN_DECISION__INIT;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "DECISION", &body.decision);

    if (code == 0)
        code = number_argument(cli, "SESSION", &body.session);
    if (code == 0)
        code = desk_line(cli, "TITLE", cli_argument(cli, "TITLE"), &body.title);
    if (code == 0)
        code = given_note(cli, "fact", &body.fact);
    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_REOPEN_DECISION);
    command.reopen_decision = &body;
    code = desk_submit(cli, &command, &event);
    if (code == 0) {
        uint32_t item = event->decision_reopened->reopening->item;
        cli_put_number(cli, "number", item);
        say(cli,
            "Decision %" PRIu32 " is on the agenda again, as item %" PRIu32
            ". It holds until another supersedes it: comity proposal make %" PRIu32
            " TITLE --effect supersedes=%" PRIu32,
            body.decision, item, item, body.decision);
    }
    return code;
}

static int read_outcome(struct cli *cli, Comity__V1__OutcomeKind *ret_outcome)
{
    static const struct {
        const char *word;
        Comity__V1__OutcomeKind outcome;
    } WORDS[] = {
        {"adopted", COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED},
        {"rejected", COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REJECTED},
        {"referred", COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REFERRED},
        {"withdrawn", COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_WITHDRAWN},
        {"tabled", COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_TABLED},
    };
    const char *typed = cli_argument(cli, "OUTCOME");

    for (size_t i = 0; i < ARRAY_COUNT(WORDS); i++)
        if (strcmp(WORDS[i].word, typed) == 0) {
            *ret_outcome = WORDS[i].outcome;
            return 0;
        }
    return cli_fail(cli, ERR_USAGE, NULL,
                    "The outcome is adopted, rejected, referred, withdrawn or tabled; not `%s`.",
                    shown_string(cli, typed));
}

int decision_declare_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__DeclareOutcome body = COMITY__V1__DECLARE_OUTCOME__INIT;
    const Comity__V1__Event *event;
    int code = number_argument(cli, "ROUND", &body.round);

    if (code == 0)
        code = read_outcome(cli, &body.outcome);
    if (code == 0)
        code = given_note(cli, "reason", &body.reason);
    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_DECLARE_OUTCOME);
    command.declare_outcome = &body;
    code = joint_submit(cli, &command, &event);
    if (code == 0 && event != NULL)
        made_tell(cli, event);
    return code;
}
