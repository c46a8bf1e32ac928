/* Counting anew what a copy of the record says: no server, no key. */
#include <inttypes.h>
#include <unistd.h>

#include "client/cli/copied.h"
#include "client/cli/message_json.h"
#include "client/cli/outcome_text.h"
#include "client/cli/output.h"
#include "client/cli/rule_text.h"
#include "client/cli/verbs.h"
#include "client/rules/recount.h"
#include "core/text.h"

enum { FINDINGS_SHOWN = 100 };

struct recount_run {
    struct cli *cli;
    struct recount_options options;
    struct recount_summary summary;
    struct sheet sheet;
    const char *findings[FINDINGS_SHOWN]; /* what is wrong with one or the other, to come after the table */
    uint64_t found;
    const char *declared; /* the lines on outcomes that were declared otherwise */
    struct json_object *counts, *altered, *declarations;
};

static const char *what_word(enum recount_what what)
{
    static const char *const WORDS[] = {[RECOUNT_CLOSE] = N_("closed"),
                                        [RECOUNT_EXTENSION] = N_("extended"),
                                        [RECOUNT_STAGE] = N_("stage ended")};

    return _(WORDS[what]);
}

static const char *verdict_word(enum recount_verdict verdict)
{
    static const char *const WORDS[] = {[RECOUNT_SAME] = N_("the same"),
                                        [RECOUNT_DIFFERS] = N_("differs"),
                                        [RECOUNT_IMPOSSIBLE] = N_("cannot be recounted")};

    return _(WORDS[verdict]);
}

static enum color verdict_color(enum recount_verdict verdict)
{
    return verdict == RECOUNT_SAME ? COLOR_GOOD : verdict == RECOUNT_DIFFERS ? COLOR_BAD : COLOR_CAREFUL;
}

/* For programs. */

static struct json_object *notes_json(const struct recount_notes *notes)
{
    struct json_object *list = json_object_new_array();

    for (size_t i = 0; i < notes->count && i < RECOUNT_NOTES_MAX; i++)
        json_object_array_add(list, json_object_new_string(notes->list[i]));
    return list;
}

static struct json_object *differences_json(const struct recounted *recounted)
{
    struct json_object *list = json_object_new_array();

    for (size_t i = 0; i < recounted->difference_count && i < DIFFERENCES_MAX; i++) {
        const struct difference *difference = &recounted->differences[i];
        struct json_object *row = json_object_new_object();
        json_object_object_add(row, "field", json_object_new_string(difference->field));
        json_object_object_add(row, "where", json_object_new_string(difference->where));
        json_object_object_add(row, "recorded", json_object_new_string(difference->recorded));
        json_object_object_add(row, "counted", json_object_new_string(difference->counted));
        json_object_array_add(list, row);
    }
    return list;
}

static struct json_object *outcome_json(const Comity__V1__Outcome *outcome)
{
    return outcome == NULL ? NULL : message_to_json(&outcome->base, NULL, NULL);
}

static void add_json(struct recount_run *r, const struct recounted *recounted)
{
    static const char *const WHATS[] = {"closed", "extended", "stage_ended"};
    static const char *const VERDICTS[] = {"same", "differs", "impossible"};
    char history[2 * HISTORY_ID_SIZE + 1];
    struct json_object *row = json_object_new_object();

    hex_encode(BYTES(recounted->history, HISTORY_ID_SIZE), history);
    json_object_object_add(row, "history", json_object_new_string(history));
    json_object_object_add(row, "round", json_object_new_int64(recounted->round->number));
    json_object_object_add(row, "stage",
                           recounted->stage == 0 ? NULL : json_object_new_int64(recounted->stage));
    json_object_object_add(row, "sequence", json_object_new_uint64(recounted->sequence));
    json_object_object_add(row, "what", json_object_new_string(WHATS[recounted->what]));
    json_object_object_add(row, "outcome", json_object_new_string(outcome_name(recounted->outcome)));
    json_object_object_add(row, "verdict", json_object_new_string(VERDICTS[recounted->verdict]));
    json_object_object_add(row, "differences", differences_json(recounted));
    json_object_object_add(row, "wrong", notes_json(&recounted->wrong));
    json_object_object_add(row, "obstacles", notes_json(&recounted->obstacles));
    json_object_object_add(row, "recorded", outcome_json(recounted->recorded));
    json_object_object_add(row, "counted", outcome_json(recounted->counted));
    json_object_array_add(r->counts, row);
}

/* For people. */

static const char *notes_text(struct cli *cli, const char *so_far, const struct recount_notes *notes)
{
    for (size_t i = 0; i < notes->count && i < RECOUNT_NOTES_MAX; i++)
        so_far = arena_printf(cli->arena, "%s  %s\n", so_far, shown_string(cli, notes->list[i]));
    if (notes->count > RECOUNT_NOTES_MAX)
        so_far = phrase(cli, "%s  and %zu more\n", so_far, notes->count - RECOUNT_NOTES_MAX);
    return so_far;
}

static const char *differences_text(struct cli *cli, const char *so_far, const struct recounted *recounted)
{
    for (size_t i = 0; i < recounted->difference_count && i < DIFFERENCES_MAX; i++) {
        const struct difference *difference = &recounted->differences[i];
        so_far = phrase(cli, "%s  %s: the record says %s, the ballots say %s\n", so_far,
                        shown_string(cli, difference->where), shown_string(cli, difference->recorded),
                        shown_string(cli, difference->counted));
    }
    if (recounted->difference_count > DIFFERENCES_MAX)
        so_far = phrase(cli, "%s  and %zu more\n", so_far, recounted->difference_count - DIFFERENCES_MAX);
    return so_far;
}

/* "Round 3 differs:" and each difference on a line; empty where there is nothing to be said. */
static const char *details_text(struct cli *cli, const struct recounted *recounted)
{
    const char *text = phrase(cli, "Round %" PRIu32 " (%s, number %" PRIu64 " of the record): %s.\n",
                              recounted->round->number, what_word(recounted->what), recounted->sequence,
                              verdict_word(recounted->verdict));

    if (recounted->verdict == RECOUNT_SAME)
        return "";
    text = differences_text(cli, text, recounted);
    text = notes_text(cli, text, &recounted->wrong);
    return notes_text(cli, text, &recounted->obstacles);
}

static void add_finding(struct recount_run *r, const char *text)
{
    if (text == NULL || *text == '\0')
        return;
    if (r->found < FINDINGS_SHOWN)
        r->findings[r->found] = text;
    r->found++;
}

static const char *title_of(struct cli *cli, const struct recounted *recounted)
{
    return recounted->title.size == 0 ? phrase(cli, "proposal %" PRIu32, recounted->round->proposal)
                                      : shown(cli, recounted->title);
}

static const char *member_word(struct cli *cli, uint32_t member)
{
    return phrase(cli, "member %" PRIu32, member);
}

/* Of one round: the whole working, as it was counted anew. */
static void say_working(struct cli *cli, const struct recounted *recounted)
{
    const Comity__V1__Outcome *counted = recounted->counted;
    const Comity__V1__Round *round = recounted->round;

    say(cli,
        "Round %" PRIu32 " on %s, version %" PRIu32 "; its round number %" PRIu32
        ". By the rule %s; %s, number %" PRIu64 " of the record.",
        round->number, title_of(cli, recounted), round->version, round->round_of,
        shown_string(cli, round->rule->name), what_word(recounted->what), recounted->sequence);
    if (counted == NULL)
        return;
    say(cli, "Counted anew: %s. %s", painted(cli, outcome_color(counted->kind), outcome_word(counted->kind)),
        _(outcome_sentence(counted)));
    told_say(cli, "  ", outcome_working(cli, round, counted));
    if (counted->n_tallies > 0) {
        say(cli, "Answers:");
        told_say(cli, "  ", outcome_tallies(cli, round, counted));
        say(cli, "%s", outcome_counted(cli, counted));
    }
    told_say(cli, "", outcome_lost_keys(cli, round, member_word));
}

static void add_row(struct recount_run *r, const struct recounted *recounted)
{
    struct cli *cli = r->cli;
    const char *cells[] = {
        arena_printf(cli->arena, "%" PRIu32, recounted->round->number),
        title_of(cli, recounted),
        what_word(recounted->what),
        outcome_word(recounted->outcome),
        recounted->verdict == RECOUNT_SAME ? outcome_word(recounted->outcome)
        : recounted->counted == NULL       ? "?"
                                           : outcome_word(recounted->counted->kind),
        verdict_word(recounted->verdict),
    };

    sheet_row(&r->sheet, cells);
    sheet_color(&r->sheet, ARRAY_COUNT(cells) - 1, verdict_color(recounted->verdict));
}

static void take_count(void *context, const struct recounted *recounted)
{
    struct recount_run *r = context;
    struct cli *cli = r->cli;

    progress_clear(&cli->progress);
    if (cli->is_json)
        add_json(r, recounted);
    else if (r->options.round == 0)
        add_row(r, recounted);
    else
        say_working(cli, recounted);
    if (!cli->is_json && r->found < FINDINGS_SHOWN)
        add_finding(r, details_text(cli, recounted));
}

static void take_declared(void *context, const uint8_t *history, uint64_t sequence, const Comity__V1__Round *round)
{
    struct recount_run *r = context;

    progress_clear(&r->cli->progress);
    r->declared = arena_printf(r->cli->arena, "%s\n%s", r->declared, copied_declared_text(r->cli, round, sequence));
    json_object_array_add(r->declarations, copied_declared_json(history, round, sequence));
}

static void take_fault(void *context, uint64_t sequence, const char *sentence)
{
    struct recount_run *r = context;
    struct cli *cli = r->cli;

    if (r->found >= FINDINGS_SHOWN) {
        r->found++;
        return;
    }
    const char *line = shown_string(cli, sentence);
    if (cli->is_json) {
        struct json_object *row = json_object_new_object();
        json_object_object_add(row, "sequence", sequence == 0 ? NULL : json_object_new_uint64(sequence));
        json_object_object_add(row, "sentence", json_object_new_string(sentence));
        json_object_array_add(r->altered, row);
    }
    add_finding(r, sequence == 0 ? phrase(cli, "The file: %s.\n", line)
                                 : phrase(cli, "Number %" PRIu64 " of the record: %s.\n", sequence, line));
}

static void take_progress(void *context, uint64_t events, uint64_t bytes)
{
    const struct recount_run *r = context;

    (void) bytes;
    copied_progress(r->cli, events);
}

/* What it comes to, as a whole. */
static int judge(struct recount_run *r)
{
    const struct recount_summary *summary = &r->summary;
    uint64_t same = summary->counts[RECOUNT_SAME], differing = summary->counts[RECOUNT_DIFFERS];
    uint64_t impossible = summary->counts[RECOUNT_IMPOSSIBLE];
    uint64_t altered = summary->faults - !summary->is_whole;
    struct cli *cli = r->cli;
    int code;

    if (differing > 0)
        return cli_fail(cli, ERR_DIFFERS, NULL, "%s",
                        counted(cli, differing, "%" PRIu64 " outcome is not what the ballots come to.",
                                "%" PRIu64 " outcomes are not what the ballots come to."));
    if (altered > 0)
        return cli_fail(cli, ERR_DIFFERS, NULL, "%s",
                        counted(cli, altered, "The file was altered in %" PRIu64 " place.",
                                "The file was altered in %" PRIu64 " places."));
    code = copied_check(cli, summary->is_whole, summary->events, summary->histories);
    if (code != 0)
        return code;
    if (impossible > 0)
        return cli_fail(cli, ERR_UNCOUNTED, NULL, "%s",
                        counted(cli, impossible, "%" PRIu64 " outcome cannot be recounted.",
                                "%" PRIu64 " outcomes cannot be recounted."));
    if (same == 0 && r->options.round != 0)
        return cli_fail(cli, ERR_UNCOUNTED, NULL, "In this file no round %" PRIu32 " has closed.",
                        r->options.round);
    say(cli, "%s Every hash fits, and so does the signed checkpoint, at number %" PRIu64 " of the record.",
        counted(cli, same, "%" PRIu64 " outcome is what the ballots come to.",
                "%" PRIu64 " outcomes are what the ballots come to."),
        summary->events);
    return 0;
}

static int read_options(struct cli *cli, struct recount_run *r, uint8_t history[HISTORY_ID_SIZE])
{
    const char *round = cli_argument(cli, "ROUND");
    uint64_t number = 0;
    const uint8_t *of;
    int code = round == NULL ? 0 : cli_number(cli, "ROUND", round, 1, UINT32_MAX, &number);

    if (code == 0)
        code = copied_history(cli, history, &of);
    if (code != 0)
        return code;
    r->options = (struct recount_options){.round = (uint32_t) number,
                                          .history = of,
                                          .words = language_words,
                                          .count = take_count,
                                          .declared = take_declared,
                                          .fault = take_fault,
                                          .progress = take_progress,
                                          .context = r};
    return 0;
}

static void put_document(struct recount_run *r, const char *path)
{
    struct cli *cli = r->cli;

    cli_put_text(cli, "file", path);
    cli_put_number(cli, "events", r->summary.events);
    cli_put(cli, "is_whole", json_object_new_boolean(r->summary.is_whole));
    cli_put(cli, "is_signed", json_object_new_boolean(r->summary.is_signed));
    cli_put_number(cli, "withheld", r->summary.withheld);
    cli_put_number(cli, "same", r->summary.counts[RECOUNT_SAME]);
    cli_put_number(cli, "differing", r->summary.counts[RECOUNT_DIFFERS]);
    cli_put_number(cli, "impossible", r->summary.counts[RECOUNT_IMPOSSIBLE]);
    cli_put(cli, "altered", r->altered);
    cli_put(cli, "declared", r->declarations);
    cli_put(cli, "counts", r->counts);
}

/* What was found, once all of it was read. */
static void say_findings(struct recount_run *r)
{
    struct cli *cli = r->cli;

    if (r->options.round == 0)
        sheet_print(&r->sheet, "No round in it has closed.");
    if (r->declared[0] != '\0')
        say(cli, "%s", r->declared);
    for (size_t i = 0; i < r->found && i < FINDINGS_SHOWN; i++)
        say(cli, "%s%.*s", i == 0 ? "\n" : "", (int) strlen(r->findings[i]) - 1, r->findings[i]);
    if (r->found > FINDINGS_SHOWN)
        say(cli, "And %" PRIu64 " more.", r->found - FINDINGS_SHOWN);
    if (r->summary.withheld > 0)
        say(cli, "%s",
            counted(cli, r->summary.withheld, "%" PRIu64 " command is withheld in this copy.",
                    "%" PRIu64 " commands are withheld in this copy."));
}

int recount_run(struct cli *cli)
{
    static const char *const TITLES[] = {N_("round"),  N_("title"),   N_("what"),
                                         N_("record"), N_("recount"), N_("verdict")};
    const char *path = cli_argument(cli, "FILE");
    uint8_t history[HISTORY_ID_SIZE];
    struct recount_run r = {.cli = cli, .declared = ""};
    int descriptor, code = read_options(cli, &r, history);

    if (code == 0)
        code = copied_open(cli, path, &descriptor);
    if (code != 0)
        return code;
    sheet_init(&r.sheet, cli, ARRAY_COUNT(TITLES), TITLES);
    r.counts = json_object_new_array();
    r.altered = json_object_new_array();
    r.declarations = json_object_new_array();
    progress_begin(&cli->progress, _("Counting anew"));
    code = recount_read(&r.options, descriptor, &r.summary);
    progress_end(&cli->progress);
    close(descriptor);
    put_document(&r, path);
    if (code != 0)
        return copied_fail(cli, path, code);
    say_findings(&r);
    return judge(&r);
}
