/* The table of verbs. */
#include "client/cli/verbs.h"

#include <string.h>

#include "client/cli/terms.h"
#include "client/cli/verb.h"
#include "core/bytes.h"
#include "core/words.h"

static const struct verb VERBS_BASE[] = {
    /* Founding */
    {.name = "found charter",
     .group = N_("Founding a partnership, and joining one"),
     .run = found_charter_run,
     .summary = N_("print a charter to start from"),
     .json = "`charter` (the text)"},
    {.name = "found prepare",
     .group = N_("Founding a partnership, and joining one"),
     .run = found_prepare_run,
     .needs = NEEDS_HOME,
     .summary = N_("make a draft of a charter, signed by you, for every founder to sign"),
     .arguments = {{"CHARTER", N_("the charter file"), 0}},
     .options = {{"out", "FILE", N_("where the draft goes"), 1, 0},
                 {"place", "FILE", N_("where workers are reached (else the context's)"), 0, 0}},
     .json = "`draft` as of `draft show`, `context` (made for you)"},
    {.name = "draft show",
     .group = N_("Founding a partnership, and joining one"),
     .run = draft_show_run,
     .needs = NEEDS_HOME,
     .summary = N_("show what a draft does, and who has not signed it yet"),
     .arguments = {{"FILE", N_("the draft"), 0}},
     .json =
         "`draft` {act, command_id, history, signatures [{key, has_signed}], missing, command (Command)}"},
    {.name = "draft sign",
     .group = N_("Founding a partnership, and joining one"),
     .run = draft_sign_run,
     .needs = NEEDS_HOME,
     .summary = N_("sign a draft; read it first with `draft show`"),
     .arguments = {{"FILE", N_("the draft; it is written anew with your signature"), 0}},
     .options = {{"key", "FILE", N_("another signing key than the home's own"), 0, 0}},
     .json = "`draft` as of `draft show`, `context` (made for a founder)"},
    {.name = "draft submit",
     .group = N_("Founding a partnership, and joining one"),
     .run = draft_submit_run,
     .needs = NEEDS_PLACE,
     .is_final = true,
     .summary = N_("send a draft that everybody has signed"),
     .arguments = {{"FILE", N_("the draft"), 0}},
     .options = {{"token-file", "FILE", N_("where the operator's founding token is (else the context's)"), 0,
                  0}},
     .json = JSON_RECEIPT "; `number` of what was made, where it has one"},
    {.name = "invite",
     .group = N_("Founding a partnership, and joining one"),
     .run = invite_run,
     .needs = NEEDS_MEMBER,
     .is_joint = true,
     .is_own_often = true,
     .summary = N_("invite somebody into your constituency, as its co-chair; a facilitator or recorder, with "
                   "the others"),
     .arguments = {{"NAME", N_("the person's name"), 0}},
     .options = {{"out", "FILE", N_("where the invitation goes; it holds a one-time key"), 1, 0},
                 {"office", "OFFICE", N_("co-chair, facilitator, recorder, adviser, observer or integration"),
                  0, 1},
                 {"days", "N", N_("how long it can be used, 1 to 89 days (else 14)"), 0, 0}},
     .json = JSON_RECEIPT ", `file`"},
    {.name = "invitation list",
     .group = N_("Founding a partnership, and joining one"),
     .run = invitation_list_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("list the invitations of all constituencies"),
     .json = "`invitations` [Invitation, and `is_open`]"},
    {.name = "join",
     .group = N_("Founding a partnership, and joining one"),
     .run = join_run,
     .needs = NEEDS_HOME,
     .summary = N_("join a partnership by an invitation: makes your key and your context"),
     .arguments = {{"INVITATION", N_("the file that you were given"), 0}},
     .options = {{"name", "NAME", N_("name of the context (else the partnership's)"), 0, 0}},
     .detail = N_("Whose key was lost or revoked there comes back with a new one: it is made beside the old one, as "
                  "keys/signing-2.key, and the context signs with it from then on."),
     .json = JSON_NUMBER ", `context`, `is_back` (a member who has a new key)"},

    /* The partnership */
    {.name = "partnership show",
     .group = N_("The partnership"),
     .run = partnership_show_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("show the partnership, its constituencies and sites"),
     .json = "`history`, `partnership` (Partnership), `constituencies`, `sites`"},
    {.name = "whoami",
     .group = N_("The partnership"),
     .run = whoami_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("show who you are in it"),
     .json = "`partnership`, `member` (Member), `constituency` (Constituency), " JSON_FINALITY},
    {.name = "constituency list",
     .group = N_("The partnership"),
     .run = constituency_list_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("list the constituencies"),
     .json = "`constituencies` [Constituency]"},
    {.name = "constituency admit",
     .group = N_("The partnership"),
     .run = constituency_admit_run,
     .needs = NEEDS_MEMBER,
     .is_joint = true,
     .is_final = true,
     .summary = N_("admit a constituency; its founders, whose keys the file has, sign as well"),
     .arguments = {{"FILE", N_("like a charter, with one [constituency ...] and its [founder ...] alone"),
                    0}},
     .json = JSON_JOINT "; `number` of what was made"},
    {.name = "site list",
     .group = N_("The partnership"),
     .run = site_list_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("list the sites"),
     .json = "`sites` [Site]"},
    {.name = "site add",
     .group = N_("The partnership"),
     .run = site_add_run,
     .needs = NEEDS_MEMBER,
     .is_joint = true,
     .summary = N_("add a site"),
     .arguments = {{"NAME", N_("its short name"), 0}},
     .options = {{"title", "TEXT", N_("what people call it"), 1, 0},
                 {"time-zone", "ZONE", N_("as America/Chicago"), 1, 0}},
     .json = JSON_JOINT "; `number` of what was made"},
    {.name = "member list",
     .group = N_("The partnership"),
     .run = member_list_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("list the members"),
     .json = "`members` [Member, and `has_valid_key`]"},
    {.name = "body create",
     .group = N_("The partnership"),
     .run = body_create_run,
     .needs = NEEDS_MEMBER,
     .is_joint = true,
     .summary = N_("create a body (a committee) with its seats"),
     .arguments = {{"NAME", N_("its short name"), 0}},
     .options =
         {{"title", "TEXT", N_("what people call it"), 1, 0},
          {"seats", "CONSTITUENCY=N[,office=NAME][,alternates=named|pool]",
           N_("how many seats a constituency has; the outside office that they hang on; who may stand in"), 1,
           1}},
     .json = JSON_JOINT "; `number` of what was made"},
    {.name = "body list",
     .group = N_("The partnership"),
     .run = body_list_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("list the bodies"),
     .json = "`bodies` [Body]"},
    {.name = "body show",
     .group = N_("The partnership"),
     .run = body_show_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("show a body and who holds its seats"),
     .arguments = {{"BODY", N_("name or number"), 0}},
     .json =
         "`body` (Body), `seats` [Seat, and `has_valid_key` of its holder], `alternates` [AlternatesList]"},
    {.name = "seat assign",
     .group = N_("The partnership"),
     .run = seat_assign_run,
     .needs = NEEDS_MEMBER,
     .is_joint = true,
     .is_own_often = true,
     .summary = N_("give a seat of your constituency to a member, as its co-chair"),
     .arguments = {{"BODY", N_("name or number"), 0},
                   {"SEAT", N_("number of the seat"), 0},
                   {"MEMBER", N_("number or name"), 0}},
     .options = {{"until", "TIME",
                  N_("when the term ends, which vacates the seat: \"2027-06-30 17:00\" or +365d"), 0, 0}},
     .json = JSON_JOINT "; `before` (the member who held it; null for nobody)"},
    {.name = "seat vacate",
     .group = N_("The partnership"),
     .run = seat_vacate_run,
     .needs = NEEDS_MEMBER,
     .is_joint = true,
     .is_own_often = true,
     .summary = N_("leave a seat of your constituency empty"),
     .arguments = {{"BODY", N_("name or number"), 0}, {"SEAT", N_("number of the seat"), 0}},
     .json = JSON_JOINT "; `before` (the member who held it)"},

    /* Rules */
    {.name = "rule templates",
     .group = N_("Rules of decision"),
     .run = rule_templates_run,
     .summary = N_("list the rules that are shipped"),
     .json = "`templates` [{name, summary, rule (Rule)}]"},
    {.name = "rule show",
     .group = N_("Rules of decision"),
     .run = rule_show_run,
     .needs = NEEDS_NOTHING,
     .summary = N_("explain a rule: what it tests, and which answers it takes"),
     .arguments = {{"RULE",
                    N_("name or number of an adopted rule, or NAME@VERSION; where there is none, name of a template; or a FILE"),
                    0}},
     .options = {{"adopted", NULL, N_("an adopted rule alone"), 0, 0},
                 {"template", NULL, N_("the template, though a rule of its name is adopted"), 0, 0},
                 {"yaml", NULL, N_("in its canonical form, to be kept in a file and changed"), 0, 0}},
     .json = "`rule` (Rule), `number` and `version` (null for a template or a file), `hash`; with --yaml: `yaml`"},
    {.name = "rule adopt",
     .group = N_("Rules of decision"),
     .run = rule_adopt_run,
     .needs = NEEDS_MEMBER,
     .is_joint = true,
     .summary = N_("adopt a rule, or its next version"),
     .arguments = {{"TEMPLATE", N_("name of a template"), 1}},
     .options = {{"body", "BODY",
                  N_("a body that is to decide by it (where there is one body alone, that one)"), 0, 1},
                 {"file", "FILE", N_("a rule in YAML, as `rule show --yaml` prints it, or in JSON"), 0, 0},
                 {"as", "NAME", N_("under another name"), 0, 0},
                 {"rounds", "N", N_("how many rounds a proposal may have"), 0, 0}},
     .json = JSON_JOINT "; `number` of what was made"},
    {.name = "rule list",
     .group = N_("Rules of decision"),
     .run = rule_list_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("list the adopted rules"),
     .json = "`rules` [RuleVersion]"},

    /* Sessions */
    {.name = "session convene",
     .group = N_("Sessions and proposals"),
     .run = session_convene_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("convene a session of a body, as a facilitator"),
     .arguments = {{"BODY", N_("name or number"), 0}, {"TITLE", N_("what it is about"), 0}},
     .options = {{"starts", "TIME", N_("\"2026-11-30 17:00\" or +2h (else now)"), 0, 0}},
     .json = JSON_NUMBER},
    {.name = "session open",
     .group = N_("Sessions and proposals"),
     .run = session_open_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("open a session, as a facilitator"),
     .arguments = {{"SESSION", N_("its number"), 0}},
     .json = JSON_RECEIPT},
    {.name = "session close",
     .group = N_("Sessions and proposals"),
     .run = session_close_run,
     .needs = NEEDS_MEMBER,
     .is_final = true,
     .summary = N_("close a session, or call off one that was only convened, as a facilitator"),
     .arguments = {{"SESSION", N_("its number"), 0}},
     .json = JSON_RECEIPT},
    {.name = "session list",
     .group = N_("Sessions and proposals"),
     .run = session_list_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("list the sessions"),
     .json = "`sessions` [Session]"},
    {.name = "session show",
     .group = N_("Sessions and proposals"),
     .run = session_show_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("show a session: who is there, from where, whether there is a quorum, and the agenda"),
     .arguments = {{"SESSION", N_("its number"), 0}},
     .json = "`session` (Session), `presences` [Presence], `absent` [member who has a seat], `stand_ins` "
             "[StandIn], `items` "
             "[Item, in the order of the agenda], `attendance` {constituencies [{constituency, seats, held, "
             "present, away}], sites [{site, present, away, guests}]}, `quorum` [{rule, holds, tests}], "
             "`queue` [Hand, in the order in which they speak], `time_boxes` [TimeBox], `sidebars` "
             "[Sidebar], `plus_deltas` [PlusDelta]"},
    {.name = "checkin",
     .group = N_("Sessions and proposals"),
     .run = checkin_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("check in to a session from your site; again from another site: moves"),
     .arguments = {{"SESSION", N_("its number"), 0}, {"SITE", N_("name or number"), 0}},
     .json = JSON_RECEIPT},
    {.name = "item add",
     .group = N_("Sessions and proposals"),
     .run = item_add_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("put an item on the agenda of a session"),
     .arguments = {{"SESSION", N_("its number"), 0}, {"TITLE", N_("what it is about"), 0}},
     .options = {{"function", "NAME", N_("the vital function of the charter that it falls under"), 0, 0},
                 {"solve", NULL, N_("start in phase issue, for a problem to be solved together"), 0, 0},
                 {"phase", "PHASE", N_("start in another phase (else proposal): issue to proposal"), 0, 0}},
     .json = JSON_NUMBER},
    {.name = "item list",
     .group = N_("Sessions and proposals"),
     .run = item_list_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("list the items"),
     .arguments = {{"SESSION", N_("of this session alone"), 1}},
     .json = "`items` [Item]"},
    {.name = "proposal make",
     .group = N_("Sessions and proposals"),
     .run = proposal_make_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("put a text to the body"),
     .arguments = {{"ITEM", N_("number of the item"), 0}, {"TITLE", N_("what it is about"), 0}},
     .options = {{"text", "TEXT", N_("the text"), 0, 0},
                 {"file", "FILE", N_("a file with the text; -: standard input"), 0, 0},
                 {"withdraws", "ITEM", N_("ask for the body's leave to withdraw that item"), 0, 0},
                 TERMS_OPTIONS},
     .json = JSON_NUMBER},
    {.name = "proposal revise",
     .group = N_("Sessions and proposals"),
     .run = proposal_revise_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("write the next version of a proposal's text"),
     .arguments = {{"PROPOSAL", N_("its number"), 0}},
     .options = {{"text", "TEXT", N_("the text"), 0, 0},
                 {"file", "FILE", N_("a file with the text; -: standard input"), 0, 0},
                 TERMS_OPTIONS},
     .json = JSON_RECEIPT ", `version`"},
    {.name = "proposal show",
     .group = N_("Sessions and proposals"),
     .run = proposal_show_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("show a proposal with all its versions"),
     .arguments = {{"PROPOSAL", N_("its number"), 0}},
     .json = "`proposal` (Proposal), `links` (ProposalLinks, or null), `concerns` [Concern], " JSON_LADDER},
    {.name = "proposal list",
     .group = N_("Sessions and proposals"),
     .run = proposal_list_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("list the proposals"),
     .arguments = {{"ITEM", N_("of this item alone"), 1}},
     .json = "`proposals` [Proposal]"},

    /* Rounds */
    {.name = "round open",
     .group = N_("Rounds and ballots"),
     .run = round_open_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("put the latest version of a proposal to the test, as a facilitator"),
     .arguments = {{"PROPOSAL", N_("its number"), 0}},
     .options =
         {{"rule", "RULE",
           N_("name or number of an adopted rule (else that of its vital function, or of its first round)"),
           0, 0},
          {"closes", "TIME", N_("where the rule closes at a time: \"2026-11-30 17:00\" or +3d"), 0, 0},
          {"question", "TEXT", N_("what is asked (else whether the proposal is adopted)"), 0, 0},
          {"option", "LABEL[=TEXT]", N_("one of the options, where the rule states none, and what it is"), 0, 1},
          {"default", "LABEL", N_("the option by which things stay as they are"), 0, 0},
          {"majority", "LABEL=MAJORITY", N_("a majority of the rule that the option needs over the default one"), 0,
           1},
          {"tie-order", "LABELS", N_("as in b,a,c: where options tie, the earlier one is preferred"), 0, 0}},
     .json = JSON_NUMBER},
    {.name = "round acknowledge",
     .group = N_("Rounds and ballots"),
     .run = round_acknowledge_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("say that you know of a round; by some rules your silence is consent from then on"),
     .arguments = {{"ROUND", N_("its number"), 0}},
     .json = JSON_RECEIPT},
    {.name = "round close",
     .group = N_("Rounds and ballots"),
     .run = round_close_run,
     .needs = NEEDS_MEMBER,
     .is_final = true,
     .summary = N_("close a round, as a facilitator; the rule computes what came out"),
     .arguments = {{"ROUND", N_("its number"), 0}},
     .json = JSON_RECEIPT ", `outcome` (\"ADOPTED\", \"BLOCKED\", ...), `is_advice`, " JSON_LADDER},
    {.name = "round show",
     .group = N_("Rounds and ballots"),
     .run = round_show_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("show a round, its rule and its roll"),
     .arguments = {{"ROUND", N_("its number"), 0}},
     .json = "`round` (Round), `roll` [RollEntry, and `has_valid_key`], `recusals` [Recusal], `is_advice`, " JSON_FINALITY},
    {.name = "round list",
     .group = N_("Rounds and ballots"),
     .run = round_list_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("list the rounds"),
     .arguments = {{"PROPOSAL", N_("of this proposal alone"), 1}},
     .json = "`rounds` [Round]"},
    {.name = "vote",
     .group = N_("Rounds and ballots"),
     .run = vote_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("answer a round; shows exactly which text you answer"),
     .arguments = {{"ROUND", N_("its number"), 0},
                   {"ANSWER",
                    N_("one of the rule's answers, or an option, by label or number; a ranking: \"a > b = c\"; a "
                       "score: a number"),
                    0}},
     .options = {{"reason", "TEXT", N_("why; some answers need one"), 0, 0},
                 {"interest", "NUMBER", N_("a contribution: an interest that the proposal would harm"), 0, 1},
                 {"alternative", "TEXT", N_("another way; some answers need one"), 0, 0},
                 {"replace", NULL, N_("in place of the answer that you gave before"), 0, 0},
                 {"unseen", NULL, N_("answer although the worker does not show the text"), 0, 0}},
     .detail = N_("In a ranking the best option comes first; options with = between them are of the same rank, where "
                  "the rule takes that, and those that are left out have none. comity round show ROUND lists the "
                  "answers and options."),
     .json = JSON_RECEIPT ", `said` (as it was understood), `answer` (0 where it is no answer of a scale), `stance`, "
                          "`replaces`, `text`, `text_hash`, `terms` (Terms; null for none)"},
    {.name = "ballots",
     .group = N_("Rounds and ballots"),
     .run = ballots_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("list the ballots of a round that you may see"),
     .arguments = {{"ROUND", N_("its number"), 0}},
     .json = "`ballots` [Ballot], `disputed` [Ballot], `answered`, `eligible`"},
    {.name = "outcome",
     .group = N_("Rounds and ballots"),
     .run = outcome_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("explain what came out of a round, test by test"),
     .arguments = {{"ROUND", N_("its number"), 0}},
     .json = "`outcome`, `sentence`, `is_advice`, `recusals` [Recusal], `working` [line], `round` (Round, "
             "with its Outcome), `ballots` [Ballot], `links` (ProposalLinks, or null), " JSON_LADDER ", " JSON_FINALITY},
    {.name = "decisions",
     .group = N_("Rounds and ballots"),
     .run = decisions_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("list what was decided"),
     .json = "`decisions` [Decision]"},

    /* The record */
    {.name = "events",
     .group = N_("The record"),
     .run = events_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("read the record, event by event; every hash is checked"),
     .options = {{"from", "N", N_("from this number on (else 1)"), 0, 0},
                 {"limit", "N", N_("so many at most"), 0, 0},
                 {"follow", NULL, N_("go on as it grows, until Ctrl-C"), 0, 0}},
     .detail =
         N_("With --follow it notices a restore from a backup: it says so on standard error, and goes on "
            "after the\n"
            "last number that the backup had. It says there, too, when the daemons cannot be reached, and "
            "when they can\n"
            "again."),
     .json = "`events` [{sequence, epoch, time_ms, kind, event (Event)}], `next`; with --follow each event "
             "is a line and "
             "a document of its own, {restored: {epoch, restored_to}} is one after a restore, and nothing "
             "comes at the end"},
    {.name = "receipt list",
     .group = N_("The record"),
     .run = receipt_list_run,
     .needs = NEEDS_HISTORY,
     .summary = N_("list what you signed in the last 30 days, and whether it is confirmed or was refused"),
     .json = "`receipts` [{command_id, act, kept_ms, has_receipt, sequence, epoch, is_lost, refused}], "
             "`damaged`"},
    {.name = "receipt show",
     .group = N_("The record"),
     .run = receipt_show_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("ask for the receipt of a command again, and check it"),
     .arguments = {{"COMMAND", N_("its id, 32 hexadecimal digits"), 0}},
     .json = "`receipt` (Receipt), `is_own`, `is_verified`, " JSON_FINALITY},
    {.name = "resubmit",
     .group = N_("The record"),
     .run = resubmit_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("send again what was never confirmed, or was lost by a restore from a backup"),
     .options = {{"dry-run", NULL, N_("say what would be sent, and send nothing"), 0, 0}},
     .detail =
         N_("The same signed bytes are sent again, so that nothing is done twice. If the record does not "
            "know you any\n"
            "more, that you joined goes first; then what a restore lost and what was never confirmed, in the "
            "order in which\n"
            "you gave it; but not where you gave the same seat, or checked in to the same session, again "
            "later.\n"
            "After a restore co-chairs say it first, then facilitators, then the members. What was done to "
            "a thing\n"
            "that the backup has goes in again. What was done to one that it does not have, and every "
            "close of a\n"
            "round or session, is refused (EPOCH): it is named, with what to do anew, each time, as long "
            "as it is\n"
            "kept here. No round that was open closes by itself for 24 hours after a restore. What was "
            "refused is\n"
            "not sent again in the same epoch. It ends with 0 when nothing is left unanswered."),
     .json = "`resubmitted` [{command_id, act, was_lost, verdict, sequence, error, field}], `not_taken_over` "
             "[{command_id, act, sequence, epoch, error, why}], `recorded`, `unconfirmed`, `refused`, "
             "`damaged`: how many; with --dry-run: `would_send` [{command_id, act}]"},
    {.name = "export",
     .group = N_("The record"),
     .run = export_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("keep a copy of the whole record, as far as you may see it; every hash is checked"),
     .arguments = {{"FILE", N_("a new file"), 0}},
     .json = "`file`, `events`, `bytes`, `withheld`, `purged` (texts, by the parties)"},
    {.name = NULL},
};

/* One table a subject, in the order of help. */
static const struct verb *const TABLES[] = {
    VERBS_MACHINE,
    VERBS_BASE,
    VERBS_RULES,
    VERBS_BALLOTS,
    VERBS_WATCH,
    VERBS_PAPERS,
    VERBS_HISTORY,
    /* Charter and bodies. */
    VERBS_CHARTER,
    /* Sessions. */
    VERBS_SESSIONS,
    /* Problem solving. */
    VERBS_SOLVING,
    /* Decisions and minutes. */
    VERBS_DECISION,
    /* Rules and stages. */
    VERBS_STAGE,
    /* Keys and witnesses. */
    VERBS_TRUST,
    VERBS_HELP,
};

enum { VERBS_MAX = 512 };

/* What is of one group stands together, whichever table it is in: in the order in which groups first come. */
static unsigned sort_by_group(const struct verb *sorted[VERBS_MAX])
{
    unsigned count = 0;

    for (size_t i = 0; i < ARRAY_COUNT(TABLES); i++) {
        for (const struct verb *verb = TABLES[i]; verb->name != NULL && count < VERBS_MAX; verb++) {
            unsigned at = count;
            while (at > 0 && strcmp(sorted[at - 1]->group, verb->group) != 0)
                at--;
            if (at == 0)
                at = count; /* a new group */
            memmove(sorted + at + 1, sorted + at, (count - at) * sizeof(*sorted));
            sorted[at] = verb;
            count++;
        }
    }
    return count;
}

const struct verb *verb_at(unsigned index)
{
    static const struct verb *sorted[VERBS_MAX + 1];
    static unsigned count;

    if (count == 0)
        count = sort_by_group(sorted);
    return index < count ? sorted[index] : NULL;
}
