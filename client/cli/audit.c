/* Auditing a copy of the record: no server, no key. */
#include "client/cli/audit.h"

#include <inttypes.h>
#include <unistd.h>

#include "client/cli/copied.h"
#include "client/cli/verbs.h"
#include "core/text.h"

enum { GIVEN_MAX = 32 };

/* What was given beside the file. */
struct given {
    uint8_t history[HISTORY_ID_SIZE];
    uint8_t log_keys[GIVEN_MAX][KEY_SIZE], witness_keys[GIVEN_MAX][KEY_SIZE];
    struct bytes checkpoints[GIVEN_MAX], receipts[GIVEN_MAX];
};

static int too_many(struct cli *cli, const char *option)
{
    return cli_fail(cli, ERR_USAGE, NULL, "--%s can be given %d times.", option, GIVEN_MAX);
}

/* The keys of one option. @shown: with its dashes. */
static int read_keys(struct audit_run *r, const char *shown, uint8_t (*keys)[KEY_SIZE], size_t *ret_count)
{
    struct cli *cli = r->cli;
    const char *option = shown + strlen("--");
    size_t count = option_count(&cli->arguments, option);

    if (count > GIVEN_MAX)
        return too_many(cli, option);
    for (size_t i = 0; i < count; i++) {
        int code = cli_key(cli, shown, option_at(&cli->arguments, option, i), keys[i]);
        if (code != 0)
            return code;
    }
    *ret_count = count;
    return 0;
}

/* The files of one option. @check: is it what it has to be? @what: it is not. */
static int read_files(struct audit_run *r, const char *option, struct bytes list[GIVEN_MAX],
                      int (*check)(struct bytes), const char *what, size_t *ret_count)
{
    struct cli *cli = r->cli;
    char why[FILE_REASON_MAX];
    size_t count = option_count(&cli->arguments, option);

    if (count > GIVEN_MAX)
        return too_many(cli, option);
    for (size_t i = 0; i < count; i++) {
        const char *path = option_at(&cli->arguments, option, i);
        int code = file_read(path, FILE_MAX_BYTES, cli->arena, &list[i], why);
        if (code != 0)
            return cli_fail(cli, code, NULL, "%s", why);
        code = check(list[i]);
        if (code != 0)
            return cli_unusable(cli, cli_fail(cli, code, NULL, "%s: %s", shown_string(cli, path), _(what)));
    }
    *ret_count = count;
    return 0;
}

static int read_given(struct audit_run *r, struct given *given)
{
    struct cli *cli = r->cli;
    int code = copied_history(cli, given->history, &r->options.history);

    if (code != 0)
        return code;
    r->options.log_keys = given->log_keys;
    r->options.witness_keys = given->witness_keys;
    code = read_keys(r, "--log-key", given->log_keys, &r->options.log_key_count);
    if (code == 0)
        code = read_keys(r, "--witness", given->witness_keys, &r->options.witness_key_count);
    if (code == 0)
        code = read_files(r, "checkpoint", given->checkpoints, audit_checkpoint_check,
                          N_("It is no checkpoint: a signed note, as comity-witness keeps it."),
                          &r->options.checkpoint_count);
    if (code == 0)
        code =
            read_files(r, "receipt", given->receipts, audit_receipt_check,
                       N_("It is no receipt, or does not prove what it claims."), &r->options.receipt_count);
    r->options.checkpoints = given->checkpoints;
    r->options.receipts = given->receipts;
    return code;
}

static void take_finding(void *context, const struct audit_finding *finding)
{
    struct audit_run *r = context;
    const char *text = audit_finding_text(r, finding);

    if (r->found == 0)
        r->first = text;
    if (r->found < AUDIT_FINDINGS_SHOWN)
        r->shown[r->found] = text;
    if (r->found < AUDIT_FINDINGS_KEPT)
        audit_json_finding(r, finding);
    r->found++;
}

uint32_t audit_decision_of(const struct audit_seen *seen, uint32_t round)
{
    for (size_t i = 0; seen != NULL && i < seen->decision_count; i++)
        if (seen->decision_rounds[i] == round)
            return seen->decision_numbers[i];
    return 0;
}

bool audit_is_final(const struct audit_seen *seen, const struct recounted *recounted)
{
    uint64_t latest = recounted->sequence;

    for (size_t i = 0; seen != NULL && i < seen->declared_count; i++)
        if (seen->declared_rounds[i] == recounted->round->number && seen->declared[i] > latest)
            latest = seen->declared[i];
    return seen != NULL && recounted->verdict != RECOUNT_DIFFERS && latest <= seen->final;
}

/* Outcomes that were declared otherwise: nothing changes a round's row afterwards. */
static void take_declared(struct audit_run *r, const struct audit_history *history, struct audit_seen *seen)
{
    struct cli *cli = r->cli;

    seen->declared_rounds = arena_alloc(cli->arena, (history->round_count + 1) * sizeof(*seen->declared_rounds));
    seen->declared = arena_alloc(cli->arena, (history->round_count + 1) * sizeof(*seen->declared));
    if (seen->declared_rounds == NULL || seen->declared == NULL)
        return;
    for (size_t i = 0; i < history->round_count; i++) {
        const Comity__V1__Round *round = history->rounds[i];
        if (round->declaration == NULL)
            continue;
        seen->declared_rounds[seen->declared_count] = round->number;
        seen->declared[seen->declared_count++] = round->changed;
        r->declared = arena_printf(cli->arena, "%s%s\n", r->declared, copied_declared_text(cli, round, round->changed));
        json_object_array_add(r->json_declared, copied_declared_json(history->history, round, round->changed));
    }
}

static const struct audit_seen *find_seen(const struct audit_run *r, const uint8_t *history)
{
    for (size_t i = 0; i < r->seen_count; i++)
        if (memcmp(r->seen[i].history, history, HISTORY_ID_SIZE) == 0)
            return &r->seen[i];
    return NULL;
}

static void take_history(void *context, const struct audit_history *history)
{
    struct audit_run *r = context;
    struct arena *arena = r->cli->arena;
    struct audit_seen seen = {.final = history->finality.final, .decision_count = history->decision_count};

    memcpy(seen.history, history->history, HISTORY_ID_SIZE);
    seen.decision_rounds = arena_alloc(arena, history->decision_count * sizeof(uint32_t));
    seen.decision_numbers = arena_alloc(arena, history->decision_count * sizeof(uint32_t));
    if (seen.decision_rounds == NULL || seen.decision_numbers == NULL)
        return;
    for (size_t i = 0; i < history->decision_count; i++) {
        seen.decision_rounds[i] = history->decisions[i]->round;
        seen.decision_numbers[i] = history->decisions[i]->number;
    }
    take_declared(r, history, &seen);
    seen.lines = audit_history_text(r, history);
    audit_json_history(r, history);
    if (r->seen_count == r->seen_room)
        r->seen = arena_room(arena, r->seen, r->seen_count, &r->seen_room, sizeof(*r->seen));
    if (r->seen != NULL)
        r->seen[r->seen_count++] = seen;
}

static void take_count(void *context, const struct recounted *recounted)
{
    struct audit_run *r = context;
    const struct audit_seen *seen = find_seen(r, recounted->history);

    audit_count_row(r, recounted, seen);
    audit_json_count(r, recounted, seen);
}

static void take_progress(void *context, uint64_t events, uint64_t bytes)
{
    const struct audit_run *r = context;

    (void) bytes;
    copied_progress(r->cli, events);
}

/* What it comes to, as a whole. */
static int judge(struct audit_run *r)
{
    const struct audit_summary *summary = &r->summary;
    uint64_t impossible = summary->counts[RECOUNT_IMPOSSIBLE];
    struct cli *cli = r->cli;
    int code;

    if (summary->findings > 0)
        return cli_fail(cli, ERR_DIFFERS, NULL, "%s %s",
                        counted(cli, summary->findings, "%" PRIu64 " thing in it does not fit. The first:",
                                "%" PRIu64 " things in it do not fit. The first:"),
                        r->first);
    code = copied_check(cli, summary->is_whole, summary->events, summary->histories);
    if (code != 0)
        return code;
    if (summary->unverified > 0)
        return cli_fail(cli, ERR_UNCOUNTED,
                        summary->only_erased < summary->unverified
                            ? NULL
                            : N_("Nothing is to be done: the parties erased these texts together, and every other copy lacks "
                                 "them too. All else was verified."),
                        "%s",
                        counted(cli, summary->unverified,
                                "Nothing in it is wrong, but %" PRIu64 " event could not be verified.",
                                "Nothing in it is wrong, but %" PRIu64 " events could not be verified."));
    if (impossible > 0)
        return cli_fail(cli, ERR_UNCOUNTED, NULL, "%s",
                        counted(cli, impossible,
                                "Nothing in it is wrong, but %" PRIu64 " outcome cannot be recounted.",
                                "Nothing in it is wrong, but %" PRIu64 " outcomes cannot be recounted."));
    if (r->missing > 0)
        return cli_fail(cli, ERR_UNCOUNTED, "Have it copied again once that witness has signed: comity export FILE",
                        "The file proves what was recorded, but not that it is FINAL.");
    say(cli, "\n%s", painted(cli, COLOR_GOOD, _("Everything in it was verified, and everything fits.")));
    if (r->options.log_key_count + r->options.checkpoint_count + r->options.receipt_count == 0)
        say(cli, "Whose record it is rests on the keys that the file itself names.");
    return 0;
}

static int audit_file(struct audit_run *r, const char *path)
{
    struct cli *cli = r->cli;
    int descriptor, code = copied_open(cli, path, &descriptor);

    if (code != 0)
        return code;
    progress_begin(&cli->progress, _("Auditing"));
    code = audit_read(&r->options, descriptor, &r->summary);
    progress_end(&cli->progress);
    close(descriptor);
    if (code == 0 && arena_is_exhausted(cli->arena))
        code = ERR_MEMORY;
    if (code == ERR_FILE)
        return cli_fail(cli, code, NULL, "%s: %s", shown_string(cli, path),
                        _("It cannot be read twice, as an audit does: give a file, not a pipe."));
    return code == 0 ? 0 : copied_fail(cli, path, code);
}

int audit_run(struct cli *cli)
{
    const char *path = cli_argument(cli, "FILE");
    struct audit_run r = {.cli = cli,
                          .options = {.words = language_words,
                                      .now_ms = time_now_ms(),
                                      .finding = take_finding,
                                      .history_end = take_history,
                                      .count = take_count,
                                      .progress = take_progress}};
    struct given given;
    int code = read_given(&r, &given);

    if (code != 0)
        return code;
    r.options.context = &r;
    r.findings = json_object_new_array();
    r.histories = json_object_new_array();
    r.json_counts = json_object_new_array();
    r.json_declared = json_object_new_array();
    r.declared = "";
    code = audit_file(&r, path);
    audit_json_summary(&r, path);
    if (code != 0)
        return code;
    audit_report(&r, path);
    return judge(&r);
}
