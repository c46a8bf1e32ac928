#include "client/witness/status.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <time.h>

#include "client/witness/state.h"
#include "client/witness/step.h"
#include "client/witness/word.h"
#include "core/error.h"

/* How a history stands, in the order of how grave it is. */
enum standing {
    STANDS_WELL,
    STANDS_SILENT,
    STANDS_NEVER,
    STANDS_STILL,
    STANDS_UNAPPOINTED,
    STANDS_DISMISSED,
    STANDS_WAITS,
    STANDS_EPOCH,
    STANDS_FORGOTTEN,
    STANDS_DAMAGED,
    STANDS_FORKED,
    STANDINGS
};

static const struct {
    const char *name, *sentence, *to_do;
    int exit;
} ROWS[STANDINGS] = {
    [STANDS_WELL] = {"COSIGNED", "It is watched, and cosigned as it grows.", "Nothing.", STATUS_WELL},
    [STANDS_SILENT] = {"SILENT", "It was not heard of lately.",
                       "See that comity-witness runs, and that it reaches the broker; its log says more.", STATUS_WAITS},
    [STANDS_NEVER] = {"NEVER", "It was never cosigned.",
                      "See that it runs, and that history, group_key and broker are what comity context show prints; its "
                      "log says more. Then have a co-chair appoint it (comity-witness key says how).",
                      STATUS_WAITS},
    [STANDS_STILL] = {"NOT_RUNNING", "comity-witness does not run: nothing was watched since its last word.",
                      "Start it. The end of its log says why it ended; where it does not, it was killed, or the machine went "
                      "down, and the system's log says more.",
                      STATUS_WAITS},
    [STANDS_UNAPPOINTED] = {"NOT_APPOINTED",
                            "The worker does not take this key: it is not appointed.",
                            "Have a co-chair appoint this witness (comity-witness key says how); or end it.",
                            STATUS_WAITS},
    [STANDS_DISMISSED] = {"DISMISSED", "This witness was dismissed: the worker takes its key no more.",
                          "End it. Neither its key nor its name can be appointed again: if there is to be a witness here, "
                          "give it another name, key_file and state, and have a co-chair appoint that one (comity-witness "
                          "key says how).",
                          STATUS_WAITS},
    [STANDS_WAITS] = {"REFUSED", "What the worker shows is not cosigned.",
                      "If members of every party have another log key (comity context show), put theirs into the "
                      "configuration. Else ask whoever runs the worker: it goes on by itself once it is right.",
                      STATUS_WAITS},
    [STANDS_EPOCH] = {"NEW_EPOCH",
                      "A restore from a backup has opened another epoch, which is not followed yet.",
                      "Ask whoever runs the worker why. If every party knows of the restore, and of what it lost, and "
                      "has the same new log key (comity context show): comity-witness accept.",
                      STATUS_WAITS},
    [STANDS_FORGOTTEN] = {"FORGOTTEN",
                          "This key has cosigned what was not kept here: the state was lost or put back, or another "
                          "machine has the key. Nothing is cosigned.",
                          "Find out which. Begin anew with another key_file and state, which a co-chair appoints, and "
                          "have this witness dismissed. Only if no other machine has the key, and you know why it was "
                          "not kept: comity-witness accept goes on from what is shown here.",
                          STATUS_WAITS},
    [STANDS_DAMAGED] = {"DAMAGED", "What was kept of it cannot be read: nothing is cosigned.",
                        "Do not delete it. Put the disk right; or begin anew with another key, which a co-chair appoints.",
                        STATUS_WAITS},
    [STANDS_FORKED] = {"FORK", "Its record was forked: the server showed two that cannot both be true.",
                       "Show the evidence to every party. Nothing is cosigned until you say comity-witness accept.",
                       STATUS_FORKED},
};

enum { SILENT_S = 240 }; /* besides two intervals */

struct report {
    const struct history_settings *settings;
    struct kept kept;
    struct word word;
    int code; /* of reading what was kept */
    enum standing standing;
    char evidence[CONFIG_VALUE_MAX + KEPT_EVIDENCE_MAX + 16]; /* its path; empty: none */
};

static bool word_is(const struct word *word, enum judgement judgement)
{
    return strcmp(word->what, judgement_name(judgement)) == 0;
}

static enum standing standing_of(const struct report *report, int64_t now_s, int64_t interval_s, bool is_running)
{
    static const enum judgement REFUSED[] = {JUDGED_MALFORMED, JUDGED_SIGNATURE, JUDGED_ORIGIN, JUDGED_OLD_EPOCH,
                                             JUDGED_BEHIND, JUDGED_AHEAD, JUDGED_OWN};
    if (report->code != 0 && report->code != ERR_NOT_FOUND)
        return STANDS_DAMAGED;
    if (report->kept.evidence[0] != '\0')
        return STANDS_FORKED;
    if (report->kept.is_forgotten)
        return STANDS_FORGOTTEN;
    if (report->kept.next_epoch != 0)
        return STANDS_EPOCH;
    if (!is_running && (report->word.time_s != 0 || report->kept.is_signed))
        return STANDS_STILL;
    for (size_t i = 0; i < ARRAY_COUNT(REFUSED); i++)
        if (word_is(&report->word, REFUSED[i]))
            return STANDS_WAITS;
    if (strcmp(report->word.what, error_name(ERR_GRANT)) == 0)
        return STANDS_UNAPPOINTED;
    if (strcmp(report->word.what, error_name(ERR_KEY_REVOKED)) == 0)
        return STANDS_DISMISSED;
    if (!report->kept.is_signed)
        return STANDS_NEVER;
    bool is_heard = report->word.time_s != 0 && now_s - report->word.time_s < SILENT_S + 2 * interval_s &&
                    (word_is(&report->word, JUDGED_EXTENDS) || word_is(&report->word, JUDGED_SAME));
    return is_heard ? STANDS_WELL : STANDS_SILENT;
}

static void report_make(const struct witness_settings *settings, const struct history_settings *history,
                        int64_t now_s, bool is_running, struct report *ret_report)
{
    *ret_report = (struct report){.settings = history};
    ret_report->code = kept_load(settings->state, history->history, &ret_report->kept);
    if (ret_report->code != 0) /* what is configured, then */
        kept_init(&ret_report->kept, history->history, history->log_key);
    word_read(settings->state, history->history, &ret_report->word);
    ret_report->standing = standing_of(ret_report, now_s, settings->interval_s, is_running);
    if (ret_report->kept.evidence[0] != '\0')
        snprintf(ret_report->evidence, sizeof(ret_report->evidence), "%s/evidence/%s", settings->state,
                 ret_report->kept.evidence);
}

/* ---- For people ---- */

static const char *moment(int64_t time_s, char buffer[40])
{
    struct tm parts;
    time_t time = (time_t) time_s;
    if (gmtime_r(&time, &parts) == NULL || strftime(buffer, 40, "%Y-%m-%d %H:%M:%S UTC", &parts) == 0)
        snprintf(buffer, 40, "%" PRId64 " s", time_s);
    return buffer;
}

/* Whole, as members see it, and short, to be read out. */
static void print_key(const char *title, const uint8_t key[KEY_SIZE], FILE *out)
{
    char hex[2 * KEY_SIZE + 1], fingerprint[FINGERPRINT_SIZE];
    hex_encode(BYTES(key, KEY_SIZE), hex);
    key_fingerprint(key, fingerprint);
    fprintf(out, "  %s: %s (%s)\n", title, hex, fingerprint);
}

static void print_lost(const struct kept *kept, FILE *out)
{
    uint64_t first = kept->next_holds + 1;
    if (!kept_loses(kept))
        fprintf(out, "  It holds all that was cosigned.\n");
    else if (first == kept->size)
        fprintf(out, "  It went back to number %" PRIu64 ": of what was cosigned, number %" PRIu64 " is lost.\n",
                kept->next_holds, first);
    else
        fprintf(out,
                "  It went back to number %" PRIu64 ": of what was cosigned, numbers %" PRIu64 " to %" PRIu64 " are lost.\n",
                kept->next_holds, first, kept->size);
}

static void print_report(const struct report *report, FILE *out)
{
    const struct kept *kept = &report->kept;
    char when[40], hex[2 * HISTORY_ID_SIZE + 1];
    hex_encode(BYTES(kept->history, HISTORY_ID_SIZE), hex);
    fprintf(out, "%s  (history %s)\n", report->settings->name, hex);
    fprintf(out, "  %s\n", ROWS[report->standing].sentence);
    if (kept->is_signed)
        fprintf(out, "  Cosigned up to number %" PRIu64 ", epoch %" PRIu32 ", at %s.\n", kept->size, kept->epoch,
                moment(kept->time_s, when));
    print_key("Log key", kept->log_key, out);
    if (report->word.time_s != 0)
        fprintf(out, "  Last word: %s, at %s.\n", report->word.what, moment(report->word.time_s, when));
    if (kept->next_epoch != 0) {
        fprintf(out, "  New epoch: %" PRIu32 "\n", kept->next_epoch);
        print_lost(kept, out);
        print_key("Its log key", kept->next_log_key, out);
    }
    if (report->evidence[0] != '\0')
        fprintf(out, "  Evidence: %s\n", report->evidence);
    fprintf(out, "  What to do: %s\n", ROWS[report->standing].to_do);
}

/* ---- JSON ---- */

static void add_hex(struct json_object *object, const char *name, struct bytes bytes)
{
    char hex[2 * 64 + 1];
    hex_encode(bytes, hex);
    json_object_object_add(object, name, json_object_new_string(hex));
}

static void add_fingerprint(struct json_object *object, const char *name, const uint8_t key[KEY_SIZE])
{
    char fingerprint[FINGERPRINT_SIZE];
    key_fingerprint(key, fingerprint);
    json_object_object_add(object, name, json_object_new_string(fingerprint));
}

static struct json_object *report_json(const struct report *report)
{
    const struct kept *kept = &report->kept;
    struct json_object *object = json_object_new_object();
    json_object_object_add(object, "name", json_object_new_string(report->settings->name));
    add_hex(object, "history", BYTES(kept->history, HISTORY_ID_SIZE));
    json_object_object_add(object, "state", json_object_new_string(ROWS[report->standing].name));
    json_object_object_add(object, "epoch", json_object_new_int64(kept->epoch));
    json_object_object_add(object, "size", json_object_new_uint64(kept->is_signed ? kept->size : 0));
    json_object_object_add(object, "time_s", json_object_new_int64(kept->is_signed ? kept->time_s : 0));
    add_hex(object, "log_key", BYTES(kept->log_key, KEY_SIZE));
    add_fingerprint(object, "log_key_fingerprint", kept->log_key);
    if (kept->next_epoch != 0) {
        json_object_object_add(object, "next_epoch", json_object_new_int64(kept->next_epoch));
        add_hex(object, "next_log_key", BYTES(kept->next_log_key, KEY_SIZE));
        add_fingerprint(object, "next_log_key_fingerprint", kept->next_log_key);
        json_object_object_add(object, "next_holds", json_object_new_uint64(kept->next_holds));
        json_object_object_add(object, "next_holds_all", json_object_new_boolean(!kept_loses(kept)));
    }
    if (report->evidence[0] != '\0')
        json_object_object_add(object, "evidence", json_object_new_string(report->evidence));
    json_object_object_add(object, "last_word", json_object_new_string(report->word.what));
    json_object_object_add(object, "last_word_s", json_object_new_int64(report->word.time_s));
    json_object_object_add(object, "sentence", json_object_new_string(ROWS[report->standing].sentence));
    json_object_object_add(object, "to_do", json_object_new_string(ROWS[report->standing].to_do));
    return object;
}

static void print_json(struct json_object *histories, const struct witness_settings *settings,
                       const uint8_t key[KEY_SIZE], bool is_running, FILE *out)
{
    struct json_object *object = json_object_new_object();
    json_object_object_add(object, "witness", json_object_new_string(settings->name));
    add_hex(object, "key", BYTES(key, KEY_SIZE));
    add_fingerprint(object, "key_fingerprint", key);
    json_object_object_add(object, "is_running", json_object_new_boolean(is_running));
    json_object_object_add(object, "histories", histories);
    fprintf(out, "%s\n", json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(object);
}

int status_print(const struct witness_settings *settings, const uint8_t key[KEY_SIZE], bool is_json, FILE *out)
{
    struct json_object *histories = is_json ? json_object_new_array() : NULL;
    bool is_running = state_is_in_use(settings);
    enum standing gravest = STANDS_WELL;
    for (size_t i = 0; i < settings->history_count; i++) {
        struct report report;
        report_make(settings, &settings->histories[i], (int64_t) time(NULL), is_running, &report);
        if (is_json)
            json_object_array_add(histories, report_json(&report));
        else
            print_report(&report, out);
        gravest = report.standing > gravest ? report.standing : gravest;
    }
    if (is_json)
        print_json(histories, settings, key, is_running, out);
    return ROWS[gravest].exit;
}

/* ---- The note ---- */

int status_note(const struct witness_settings *settings, const uint8_t key[KEY_SIZE],
                const struct history_settings *history, FILE *out, char reason[1024])
{
    struct kept kept;
    char line[NOTE_LINE_MAX_BYTES + 1];
    int code = kept_load(settings->state, history->history, &kept);
    if (code == 0 && !kept.is_signed)
        code = ERR_NOT_FOUND;
    if (code != 0) {
        snprintf(reason, 1024, code == ERR_NOT_FOUND ? "Nothing of %s was cosigned yet." : "What was kept of %s cannot be read.",
                 history->name);
        return code;
    }
    cosignature_line(settings->name, key, kept.time_s, kept.signature, line);
    fprintf(out, "%.*s%s", (int) kept.note_size, kept.note, line);
    return 0;
}

/* ---- The operator's word ---- */

int status_accept(const struct witness_settings *settings, const struct signing_key *key,
                  const struct history_settings *history, uint32_t epoch, const uint8_t *log_key, const uint64_t *back_to,
                  FILE *out, char reason[1024])
{
    struct step_place place = {.directory = settings->state, .key = key, .name = settings->name};
    struct kept kept;
    char fingerprint[FINGERPRINT_SIZE], hex[2 * KEY_SIZE + 1];
    int code = step_accept(&place, history->history, epoch, log_key, back_to, &kept);
    switch (code) {
    case 0:
        key_fingerprint(kept.log_key, fingerprint);
        fprintf(out,
                "%s: epoch %" PRIu32 " is followed from now on, with the log key %s. A comity-witness that runs takes it up "
                "by itself.\n",
                history->name, kept.epoch, fingerprint);
        return 0;
    case ERR_MISSING:
    case ERR_SERVER_KEY:
        hex_encode(BYTES(epoch == kept.epoch ? kept.log_key : kept.next_log_key, KEY_SIZE), hex);
        key_fingerprint(epoch == kept.epoch ? kept.log_key : kept.next_log_key, fingerprint);
        snprintf(reason, 1024,
                 "The server signs epoch %" PRIu32 " of %s with the log key %s (%s)%s Only if members of every party have "
                 "that one in log_keys of comity context show, give it: --log-key KEY.",
                 epoch, history->name, hex, fingerprint, code == ERR_MISSING ? "." : ", not with the one that was given.");
        return ERR_USAGE;
    case ERR_BEHIND:
        if (!kept_loses(&kept)) {
            snprintf(reason, 1024, "Epoch %" PRIu32 " of %s holds all that was cosigned here: leave out --back-to.", epoch,
                     history->name);
            return ERR_USAGE;
        }
        snprintf(reason, 1024,
                 "Epoch %" PRIu32 " of %s went back to number %" PRIu64 ": of what was cosigned here, up to number %" PRIu64
                 ", the rest is lost. Only if members of every party know that it went back so far, say so: --back-to %" PRIu64
                 ".",
                 epoch, history->name, kept.next_holds, kept.size, kept.next_holds);
        return ERR_USAGE;
    case ERR_FORKED:
        snprintf(reason, 1024,
                 "What the server shows as a later epoch of %s does not hold what was cosigned here, though it says to: show "
                 "every party the evidence that comity-witness status names. It is never followed.",
                 history->name);
        return ERR_USAGE;
    case ERR_NOT_FOUND:
        snprintf(reason, 1024, "Nothing was seen of %s yet: its first epoch needs no word.", history->name);
        return ERR_USAGE;
    case ERR_EPOCH:
        snprintf(reason, 1024, "No epoch %" PRIu32 " of %s was seen: comity-witness status shows the one that waits.",
                 epoch, history->name);
        return ERR_USAGE;
    case ERR_STATE:
        snprintf(reason, 1024, "Epoch %" PRIu32 " of %s is followed already.", epoch, history->name);
        return ERR_USAGE;
    default:
        snprintf(reason, 1024, "What was kept of %s cannot be changed: %s", history->name, error_sentence(code));
        return code;
    }
}
