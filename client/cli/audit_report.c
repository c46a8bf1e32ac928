/* What an audit found, for people: what was checked, what could not be, what is wrong. */
#include <inttypes.h>

#include "client/cli/audit.h"
#include "client/cli/checkpoint.h"
#include "core/rule/rule.h"
#include "core/text.h"

void audit_fingerprint(const struct audit_history *history, char *ret_text)
{
    struct comity_checkpoint checkpoint = {.epoch = history->epoch, .size = history->head};

    memcpy(checkpoint.root, history->root, HASH_SIZE);
    checkpoint_fingerprint(history->history, &checkpoint, ret_text);
}

const char *audit_finding_text(struct audit_run *r, const struct audit_finding *finding)
{
    struct cli *cli = r->cli;
    const char *sentence = shown_string(cli, finding->sentence);

    if (finding->sequence == 0)
        return finding->history == NULL ? phrase(cli, "The file: %s.", sentence)
                                        : phrase(cli, "The record: %s.", sentence);
    return phrase(cli, "Number %" PRIu64 " of the record: %s.", finding->sequence, sentence);
}

/* "3, 7-9, 12 and others" */
static const char *numbers_text(struct cli *cli, const struct audit_numbers *numbers)
{
    const char *text = "";
    uint64_t shown = 0;

    for (size_t i = 0; i < numbers->ranges && i < 12; i++) {
        uint64_t first = numbers->list[i].first, last = numbers->list[i].last;
        text = first == last ? arena_printf(cli->arena, "%s%s%" PRIu64, text, i == 0 ? "" : ", ", first)
                             : arena_printf(cli->arena, "%s%s%" PRIu64 "-%" PRIu64, text, i == 0 ? "" : ", ",
                                            first, last);
        shown += last - first + 1;
    }
    return shown < numbers->count ? phrase(cli, "%s and others", text) : text;
}

static const char *add_line(struct audit_run *r, const char *lines, const char *line)
{
    return arena_printf(r->cli->arena, "%s  %s\n", lines, line);
}

static const char *constituency_name(const struct audit_history *history, uint32_t number)
{
    return number > 0 && number <= history->constituency_count ? history->constituencies[number - 1]->name
                                                               : "?";
}

static const char *add_checked(struct audit_run *r, const char *lines, const struct audit_history *history)
{
    struct cli *cli = r->cli;

    lines =
        add_line(r, lines,
                 phrase(cli, "%" PRIu64 " of %" PRIu64 " events were decided again, and came out the same.",
                        history->decided, history->events));
    lines = add_line(r, lines,
                     counted(cli, history->commands,
                             "%" PRIu64 " command is signed by a key that was valid then.",
                             "%" PRIu64 " commands are signed by keys that were valid then."));
    if (history->checkpoints > 0)
        lines =
            add_line(r, lines,
                     counted(cli, history->checkpoints, "%" PRIu64 " checkpoint that receipts rest on fits.",
                             "%" PRIu64 " checkpoints that receipts rest on fit."));
    return add_line(r, lines,
                    history->is_signed
                        ? _("The checkpoint at its end is over these events, and signed by the "
                            "log key that is on record.")
                        : _("The checkpoint at its end does not vouch for these events."));
}

/* @what: how many, and what of them. */
static const char *add_numbers(struct audit_run *r, const char *lines, const struct audit_numbers *numbers,
                               const char *what)
{
    if (numbers->count == 0)
        return lines;
    return add_line(r, lines,
                    phrase(r->cli, "Not verified: %s Number %s.", what, numbers_text(r->cli, numbers)));
}

static const char *add_unverified(struct audit_run *r, const char *lines, const struct audit_history *history)
{
    struct cli *cli = r->cli;

    lines = add_numbers(
        r, lines, &history->withheld,
        counted(cli, history->withheld.count,
                "%" PRIu64 " event was not decided again, for its command is withheld in this copy.",
                "%" PRIu64 " events were not decided again, for their commands are withheld in this copy."));
    lines = add_numbers(
        r, lines, &history->undecided,
        counted(cli, history->undecided.count,
                "%" PRIu64 " event could not be decided again, for what it rests on is withheld.",
                "%" PRIu64 " events could not be decided again, for what they rest on is withheld."));
    lines = add_numbers(r, lines, &history->texts_withheld,
                        counted(cli, history->texts_withheld.count,
                                "%" PRIu64 " event has a text that is withheld in this copy.",
                                "%" PRIu64 " events have texts that are withheld in this copy."));
    return add_numbers(r, lines, &history->erased,
                       counted(cli, history->erased.count,
                               "%" PRIu64 " event has a text that the parties erased.",
                               "%" PRIu64 " events have texts that the parties erased."));
}

/* The words that comity checkpoint reads out, of the same number. */
static const char *add_fingerprint(struct audit_run *r, const char *lines,
                                   const struct audit_history *history)
{
    char fingerprint[CHECKPOINT_FINGERPRINT_SIZE];

    audit_fingerprint(history, fingerprint);
    return add_line(r, lines,
                    phrase(r->cli,
                           "Fingerprint at number %" PRIu64 ": %s (comity checkpoint --at %" PRIu64 ")",
                           history->head, fingerprint, history->head));
}

/* Who vouches for the record from outside of the file. */
static const char *add_trust(struct audit_run *r, const char *lines, const struct audit_history *history)
{
    const Comity__V1__Partnership *partnership = history->partnership;
    char hex[2 * KEY_SIZE + 1];
    struct cli *cli = r->cli;

    for (size_t i = 0; partnership != NULL && i < partnership->n_epochs; i++) {
        const Comity__V1__Epoch *epoch = partnership->epochs[i];
        if (epoch->log_key.len != KEY_SIZE)
            continue;
        hex_encode(BYTES(epoch->log_key.data, KEY_SIZE), hex);
        lines = add_line(r, lines, phrase(cli, "Log key of epoch %" PRIu32 ": %s", epoch->number, hex));
    }
    if (history->known > 0)
        lines = add_line(r, lines,
                         counted(cli, history->known,
                                 "It goes on from %" PRIu64 " checkpoint or receipt that you gave.",
                                 "It goes on from %" PRIu64 " checkpoints or receipts that you gave."));
    if (!history->is_pinned && r->options.log_key_count == 0)
        lines =
            add_line(r, lines,
                     _("You gave no log key: compare the record's number and the log key with those of your "
                       "invitation, or give --log-key."));
    return lines;
}

static bool has_cosigned(const struct audit_history *history, const uint8_t *key)
{
    for (size_t i = 0; i < history->cosigner_count; i++)
        if (history->cosigners[i].is_good && memcmp(history->cosigners[i].key, key, KEY_SIZE) == 0)
            return true;
    return false;
}

/* On whose word it is FINAL. */
static const char *add_known(struct audit_run *r, const char *lines, const struct audit_history *history)
{
    struct cli *cli = r->cli;

    for (size_t i = 0; i < r->options.witness_key_count; i++) {
        if (has_cosigned(history, r->options.witness_keys[i]))
            continue;
        r->missing++;
        lines = add_line(r, lines, phrase(cli, "Missing: witness %s has not signed it in this file.",
                                          shown_key(cli, r->options.witness_keys[i])));
    }
    if (r->options.witness_key_count == 0 && history->finality.final > 0)
        lines = add_line(r, lines,
                         _("That rests on the keys of witnesses that the record names: give --witness for those that you know."));
    return lines;
}

static const char *add_witnesses(struct audit_run *r, const char *lines, const struct audit_history *history)
{
    const struct finality *finality = &history->finality;
    struct cli *cli = r->cli;

    if (r->options.witness_key_count > 0)
        lines = add_line(r, lines, _("By the witnesses that you named, and no others:"));
    lines =
        add_line(r, lines,
                 finality->final == 0
                     ? _("Nothing in it is FINAL by the cosignatures that are here: it is RECORDED.")
                     : phrase(cli, "FINAL up to number %" PRIu64 ": witnesses of every party have signed.",
                              finality->final));
    for (size_t i = 0; i < finality->count; i++) {
        const struct finality_party *party = &finality->parties[i];
        const char *name = shown_string(cli, constituency_name(history, party->constituency));
        if (!party->has_witness)
            lines = add_line(r, lines, phrase(cli, "%s has no witness.", name));
        else if (party->awaits_accept)
            lines = add_line(r, lines, phrase(cli, "No witness of %s has accepted the restored record in this file yet.", name));
        else if (party->covered == 0)
            lines = add_line(r, lines, phrase(cli, "No witness of %s has signed yet.", name));
        else if (party->covered < history->head)
            lines = add_line(
                r, lines,
                phrase(cli, "No witness of %s has signed since number %" PRIu64 ".", name, party->covered));
    }
    return add_known(r, lines, history);
}

const char *audit_history_text(struct audit_run *r, const struct audit_history *history)
{
    char hex[2 * HISTORY_ID_SIZE + 1];
    struct cli *cli = r->cli;
    const char *name = history->partnership == NULL ? "?" : history->partnership->name, *lines;

    hex_encode(BYTES(history->history, HISTORY_ID_SIZE), hex);
    lines = phrase(cli, "Record of %s, %" PRIu64 " events, %s to %s\n", shown_string(cli, name),
                   history->events, shown_time(cli, history->first_ms), shown_time(cli, history->last_ms));
    lines = add_line(r, lines, hex);
    lines = add_checked(r, lines, history);
    lines = add_unverified(r, lines, history);
    lines = add_fingerprint(r, lines, history);
    lines = add_trust(r, lines, history);
    return add_witnesses(r, lines, history);
}

static const char *verdict_word(enum recount_verdict verdict)
{
    static const char *const WORDS[] = {[RECOUNT_SAME] = N_("the same"),
                                        [RECOUNT_DIFFERS] = N_("differs"),
                                        [RECOUNT_IMPOSSIBLE] = N_("cannot be recounted")};

    return _(WORDS[verdict]);
}

void audit_count_row(struct audit_run *r, const struct recounted *recounted, const struct audit_seen *seen)
{
    static const char *const TITLES[] = {N_("round"),  N_("decision"), N_("title"),
                                         N_("record"), N_("recount"),  N_("state")};
    struct cli *cli = r->cli;
    uint32_t decision = audit_decision_of(seen, recounted->round->number);

    if (r->counts == 0)
        sheet_init(&r->sheet, cli, ARRAY_COUNT(TITLES), TITLES);
    r->counts++;
    if (r->counts > AUDIT_COUNTS_SHOWN && recounted->verdict == RECOUNT_SAME) {
        r->counts_hidden++;
        return;
    }
    const char *cells[] = {
        arena_printf(cli->arena, "%" PRIu32, recounted->round->number),
        decision == 0 ? "" : arena_printf(cli->arena, "%" PRIu32, decision),
        recounted->title.size == 0 ? "" : shown(cli, recounted->title),
        outcome_name(recounted->outcome),
        verdict_word(recounted->verdict),
        audit_is_final(seen, recounted) ? _("FINAL") : _("RECORDED"),
    };
    sheet_row(&r->sheet, cells);
    sheet_color(&r->sheet, 4,
                recounted->verdict == RECOUNT_SAME      ? COLOR_GOOD
                : recounted->verdict == RECOUNT_DIFFERS ? COLOR_BAD
                                                        : COLOR_CAREFUL);
}

static void say_counts(struct audit_run *r)
{
    struct cli *cli = r->cli;

    if (r->counts == 0)
        return;
    say(cli, "\n%s", painted(cli, COLOR_HEADING, _("What was counted anew:")));
    sheet_print(&r->sheet, "");
    if (r->declared[0] != '\0')
        say(cli, "%.*s", (int) strlen(r->declared) - 1, r->declared);
    if (r->counts_hidden > 0)
        say(cli, "%s",
            counted(cli, r->counts_hidden, "And %" PRIu64 " more, the same. --json has all of them.",
                    "And %" PRIu64 " more, all the same. --json has all of them."));
}

static void say_findings(struct audit_run *r)
{
    struct cli *cli = r->cli;

    if (r->found == 0)
        return;
    say(cli, "\n%s", painted(cli, COLOR_BAD, _("What does not fit:")));
    for (size_t i = 0; i < r->found && i < AUDIT_FINDINGS_SHOWN; i++)
        say(cli, "  %s", r->shown[i]);
    if (r->found > AUDIT_FINDINGS_SHOWN)
        say(cli, "And %" PRIu64 " more. What comes after the first may follow from it.",
            r->found - AUDIT_FINDINGS_SHOWN);
}

void audit_report(struct audit_run *r, const char *path)
{
    const struct audit_summary *summary = &r->summary;
    struct cli *cli = r->cli;

    const char *kind = summary->is_backup ? _("a worker's export") : _("a member's copy");

    say(cli, "%s: %s, made %s by %s", shown_string(cli, path), kind, shown_time(cli, summary->made_ms),
        summary->software);
    if (summary->is_backup && summary->is_sealed)
        say(cli, "It is signed as a whole by the log key.");
    for (size_t i = 0; i < r->seen_count; i++)
        say(cli, "\n%.*s", (int) strlen(r->seen[i].lines) - 1, r->seen[i].lines);
    say_counts(r);
    say_findings(r);
}
