#include "client/cli/stage_text.h"

#include <inttypes.h>

#include "client/cli/finality.h"
#include "client/cli/names.h"
#include "client/cli/outcome_text.h"
#include "client/cli/output.h"
#include "client/cli/rule_text.h"

/* With its rule, which is asked for. */
static int stage_view_of(struct cli *cli, const Comity__V1__StageRun *run, struct stage_view *ret_view)
{
    const ProtobufCMessage *row;
    int code = desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_RULES, run->rule_number, &row);

    if (code != 0)
        return code;
    const Comity__V1__Rule *rule = ((const Comity__V1__RuleVersion *) row)->rule;
    if (rule == NULL || run->stage < 1 || run->stage > rule->n_stages)
        return cli_fail(cli, ERR_MALFORMED, NULL, "The worker's answer has a stage that its rule has not.");
    *ret_view = (struct stage_view){run, rule, rule->stages[run->stage - 1]};
    return 0;
}

int stage_find(struct cli *cli, uint32_t number, struct stage_view *ret_view)
{
    const ProtobufCMessage *row;
    int code = desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_STAGES, number, &row);

    return code == 0 ? stage_view_of(cli, (const Comity__V1__StageRun *) row, ret_view) : code;
}

const char *stage_kind_word(Comity__V1__StageKind kind)
{
    static const char *const WORDS[] = {
        [COMITY__V1__STAGE_KIND__STAGE_KIND_ROUNDS] = N_("further rounds"),
        [COMITY__V1__STAGE_KIND__STAGE_KIND_SECONDING] = N_("blocks have to be seconded"),
        [COMITY__V1__STAGE_KIND__STAGE_KIND_CONFER] = N_("both sides meet"),
        [COMITY__V1__STAGE_KIND__STAGE_KIND_CASTING] = N_("an office decides"),
        [COMITY__V1__STAGE_KIND__STAGE_KIND_UMPIRE] = N_("a person from outside decides"),
        [COMITY__V1__STAGE_KIND__STAGE_KIND_ESCALATE] = N_("another body decides"),
        [COMITY__V1__STAGE_KIND__STAGE_KIND_SIGN_OFF] = N_("an office signs off"),
        [COMITY__V1__STAGE_KIND__STAGE_KIND_STATUS_QUO] = N_("things stay as they are"),
        [COMITY__V1__STAGE_KIND__STAGE_KIND_DEFAULT] = N_("the rule's own outcome"),
    };

    return (size_t) kind < ARRAY_COUNT(WORDS) && WORDS[kind] != NULL ? _(WORDS[kind]) : "?";
}

/* How a block comes to count. */
static const char *seconds_needed(struct cli *cli, const Comity__V1__Stage *stage)
{
    const char *others = counted(cli, stage->count, "%" PRIu64 " other member of the roll", "%" PRIu64 " other members of the roll");

    if (stage->count == 0)
        return _("one member of another constituency");
    return stage->by_other ? phrase(cli, "%s, or one of another constituency", others) : others;
}

static void say_seconding(struct cli *cli, const struct stage_view *view)
{
    const Comity__V1__StageRun *run = view->run;

    say(cli, "A block counts if it is seconded by %s; else it counts as %s.", seconds_needed(cli, view->stage),
        stance_word(view->stage->counts_as));
    for (size_t i = 0; i < run->n_blockers; i++) {
        uint32_t *by = arena_alloc(cli->arena, (run->n_seconds + 1) * sizeof(*by));
        size_t count = 0;
        for (size_t k = 0; by != NULL && k < run->n_seconds; k++)
            if (run->seconds[k]->voter == run->blockers[i])
                by[count++] = run->seconds[k]->member;
        say(cli, "  %s (member %" PRIu32 ") blocks; seconded by %s", name_of_member(cli, run->blockers[i]),
            run->blockers[i], names_of_members(cli, by, count));
    }
}

static void say_voices(struct cli *cli, const Comity__V1__StageRun *run, bool is_casting)
{
    say(cli, "Asked: %s", names_of_members(cli, run->asked, run->n_asked));
    for (size_t i = 0; i < run->n_voices; i++) {
        const Comity__V1__StageVoice *voice = run->voices[i];
        const char *word = is_casting ? (voice->agrees ? _("for the proposal") : _("against the proposal"))
                                      : (voice->agrees ? _("agrees") : _("refuses"));
        if (voice->reason == NULL || voice->reason->size == 0)
            say(cli, "  %s: %s", name_of_member(cli, voice->member), word);
        else
            say(cli, "  %s: %s, for: %s", name_of_member(cli, voice->member), word, desk_shown(cli, voice->reason));
    }
}

static void say_conferences(struct cli *cli, const struct stage_view *view)
{
    const Comity__V1__StageRun *run = view->run;

    say(cli, "Who objects and who proposes meet: %zu of %" PRIu32 " meetings are on record.", run->n_conferences,
        view->stage->count);
    for (size_t i = 0; i < run->n_conferences; i++) {
        const Comity__V1__Conference *conference = run->conferences[i];
        say(cli, "  %s, by %s and %s%s%s", shown_time(cli, conference->noted_ms),
            name_of_member(cli, conference->member), name_of_member(cli, conference->confirmed_by),
            conference->note == NULL || conference->note->size == 0 ? "" : ": ",
            conference->note == NULL || conference->note->size == 0 ? "" : desk_shown(cli, conference->note));
    }
}

/* The command by which the stage is answered; NULL: by none. */
static const char *answer_command(struct cli *cli, const Comity__V1__StageRun *run)
{
    switch (run->kind) {
    case COMITY__V1__STAGE_KIND__STAGE_KIND_ROUNDS:
        return arena_printf(cli->arena, "comity round open %" PRIu32, run->proposal);
    case COMITY__V1__STAGE_KIND__STAGE_KIND_SECONDING:
        return arena_printf(cli->arena, "comity stage second %" PRIu32 " VOTER", run->number);
    case COMITY__V1__STAGE_KIND__STAGE_KIND_CONFER:
        return arena_printf(cli->arena, "comity stage confer %" PRIu32 " --with KEYFILE", run->number);
    case COMITY__V1__STAGE_KIND__STAGE_KIND_CASTING:
        return arena_printf(cli->arena, "comity stage cast %" PRIu32 " ANSWER", run->number);
    case COMITY__V1__STAGE_KIND__STAGE_KIND_UMPIRE:
    case COMITY__V1__STAGE_KIND__STAGE_KIND_ESCALATE:
        return arena_printf(cli->arena, "comity stage answer %" PRIu32 " OUTCOME --text TEXT --with KEYFILE", run->number);
    case COMITY__V1__STAGE_KIND__STAGE_KIND_SIGN_OFF:
        return arena_printf(cli->arena, "comity stage sign %" PRIu32, run->number);
    default:
        return NULL;
    }
}

void stage_say_asked(struct cli *cli, const struct stage_view *view)
{
    const Comity__V1__StageRun *run = view->run;
    const Comity__V1__Stage *stage = view->stage;
    const char *answer = answer_command(cli, run);

    switch (run->kind) {
    case COMITY__V1__STAGE_KIND__STAGE_KIND_ROUNDS:
        say(cli, "A facilitator opens a round on the same text: %" PRIu32 " of %" PRIu32 " were opened.", run->rounds,
            stage->rule == NULL || stage->rule->rounds == 0 ? 1 : stage->rule->rounds);
        break;
    case COMITY__V1__STAGE_KIND__STAGE_KIND_SECONDING:
        say_seconding(cli, view);
        break;
    case COMITY__V1__STAGE_KIND__STAGE_KIND_CONFER:
        say_conferences(cli, view);
        break;
    case COMITY__V1__STAGE_KIND__STAGE_KIND_UMPIRE:
    case COMITY__V1__STAGE_KIND__STAGE_KIND_ESCALATE:
        say(cli, "%s decides; a recorder enters the answer, with a member of another constituency.",
            shown_string(cli, stage->who));
        if (run->answer != NULL)
            say(cli, "The answer:\n%s", desk_shown_lines(cli, run->answer, "    "));
        break;
    case COMITY__V1__STAGE_KIND__STAGE_KIND_CASTING:
    case COMITY__V1__STAGE_KIND__STAGE_KIND_SIGN_OFF:
        say_voices(cli, run, run->kind == COMITY__V1__STAGE_KIND__STAGE_KIND_CASTING);
        break;
    default:
        break;
    }
    if (run->state != COMITY__V1__STAGE_STATE__STAGE_STATE_OPEN)
        return;
    if (run->due_ms != 0)
        say(cli, "It ends by itself %s.", shown_time(cli, run->due_ms));
    if (answer != NULL)
        say(cli, "Next: %s", answer);
}

/* Outcomes that a stage can come to, before its map; 0 ends them. */
enum { LEADS_MAX = 8 };

static size_t outcomes_of(const struct stage_view *view, Comity__V1__OutcomeKind outcomes[LEADS_MAX])
{
    static const Comity__V1__OutcomeKind COUNTED[] = {
        COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED,     COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REJECTED,
        COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_BLOCKED,     COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_DEADLOCK,
        COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_TIE,         COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NO_DECISION,
        COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NO_QUORUM,
    };
    static const Comity__V1__OutcomeKind ANSWERED[] = {
        COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED, COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REJECTED,
        COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REFERRED, COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_TABLED,
        COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NO_DECISION,
    };

    switch (view->run->kind) {
    case COMITY__V1__STAGE_KIND__STAGE_KIND_ROUNDS:
    case COMITY__V1__STAGE_KIND__STAGE_KIND_SECONDING:
        memcpy(outcomes, COUNTED, sizeof(COUNTED));
        return ARRAY_COUNT(COUNTED);
    case COMITY__V1__STAGE_KIND__STAGE_KIND_UMPIRE:
    case COMITY__V1__STAGE_KIND__STAGE_KIND_ESCALATE:
        memcpy(outcomes, ANSWERED, sizeof(ANSWERED));
        return ARRAY_COUNT(ANSWERED);
    case COMITY__V1__STAGE_KIND__STAGE_KIND_CASTING:
        memcpy(outcomes, ANSWERED, 2 * sizeof(*ANSWERED));
        return 2;
    case COMITY__V1__STAGE_KIND__STAGE_KIND_SIGN_OFF:
        outcomes[0] = view->run->entered_on;
        outcomes[1] = view->stage->otherwise != 0 ? view->stage->otherwise : COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REJECTED;
        return 2;
    default:
        outcomes[0] = view->run->entered_on;
        return 1;
    }
}

/* The outcome of a stage whose time is over, or whose people do not agree; 0 where the list above has it. */
static Comity__V1__OutcomeKind outcome_otherwise(const struct stage_view *view)
{
    switch (view->run->kind) {
    case COMITY__V1__STAGE_KIND__STAGE_KIND_CONFER:
    case COMITY__V1__STAGE_KIND__STAGE_KIND_CASTING:
    case COMITY__V1__STAGE_KIND__STAGE_KIND_UMPIRE:
    case COMITY__V1__STAGE_KIND__STAGE_KIND_ESCALATE:
        return view->stage->otherwise != 0 ? view->stage->otherwise : view->run->entered_on;
    default:
        return COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_UNSPECIFIED;
    }
}

static const char *leads_text(struct cli *cli, const struct stage_view *view, Comity__V1__OutcomeKind from)
{
    Comity__V1__OutcomeKind to = stage_outcome(view->stage, from);
    uint32_t next = rule_next_stage(view->rule, view->run->stage, to);
    const char *called = to == from ? "" : phrase(cli, " is called %s", outcome_word(to));

    if (next == 0)
        return phrase(cli, "%s%s, and stands", outcome_word(from), called);
    return phrase(cli, "%s%s, and leads to the stage %s: %s", outcome_word(from), called,
                  shown_string(cli, view->rule->stages[next - 1]->name),
                  stage_kind_word(view->rule->stages[next - 1]->kind));
}

static struct json_object *leads_json(const struct stage_view *view, Comity__V1__OutcomeKind from)
{
    Comity__V1__OutcomeKind to = stage_outcome(view->stage, from);
    uint32_t next = rule_next_stage(view->rule, view->run->stage, to);
    struct json_object *row = json_object_new_object();

    json_object_object_add(row, "from", json_object_new_string(outcome_name(from)));
    json_object_object_add(row, "to", json_object_new_string(outcome_name(to)));
    json_object_object_add(row, "stage", next == 0 ? NULL : json_object_new_string(view->rule->stages[next - 1]->name));
    return row;
}

struct json_object *stage_say_leads(struct cli *cli, const struct stage_view *view)
{
    Comity__V1__OutcomeKind outcomes[LEADS_MAX];
    Comity__V1__OutcomeKind other = outcome_otherwise(view);
    size_t count = outcomes_of(view, outcomes);
    struct json_object *rows = json_object_new_array();

    say(cli, "What it can come to:");
    for (size_t i = 0; i < count; i++) {
        say(cli, "  %s", leads_text(cli, view, outcomes[i]));
        json_object_array_add(rows, leads_json(view, outcomes[i]));
    }
    if (other == COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_UNSPECIFIED)
        return rows;
    say(cli, "  %s", phrase(cli, "if its time is over, or they do not agree: %s", leads_text(cli, view, other)));
    json_object_array_add(rows, leads_json(view, other));
    return rows;
}

int say_ladder(struct cli *cli, const Comity__V1__Proposal *proposal)
{
    bool is_over = proposal->outcome != COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_UNSPECIFIED;
    struct stage_view view;

    cli_put(cli, "stage", proposal->stage == 0 ? NULL : json_object_new_int64(proposal->stage));
    cli_put(cli, "final_outcome", is_over ? json_object_new_string(outcome_name(proposal->outcome)) : NULL);
    if (is_over || proposal->stage != 0)
        finality_shows(cli, &proposal->base);
    if (is_over)
        say(cli, "What stands after the rule's stages: %s. The way there: comity stage list %" PRIu32,
            painted(cli, outcome_color(proposal->outcome), outcome_word(proposal->outcome)), proposal->number);
    if (proposal->stage == 0)
        return 0;
    int code = stage_find(cli, proposal->stage, &view);
    if (code != 0)
        return code;
    finality_shows(cli, &view.run->base);
    say(cli, "The rule goes on with stage %" PRIu32 ", %s (%s):", view.run->number, shown_string(cli, view.run->name),
        stage_kind_word(view.run->kind));
    stage_say_asked(cli, &view);
    return 0;
}

int say_ladder_of(struct cli *cli, uint32_t number)
{
    const ProtobufCMessage *row;
    int code = desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_PROPOSALS, number, &row);

    return code == 0 ? say_ladder(cli, (const Comity__V1__Proposal *) row) : code;
}
