#include "client/cli/outbox.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/act_text.h"
#include "client/cli/cut_off.h"
#include "client/cli/desk.h"
#include "client/cli/failure.h"
#include "client/cli/output.h"
#include "client/cli/receipts.h"
#include "client/cli/verbs.h"
#include "core/text.h"

enum { LOOK_MS = 3000 };

static const char *const VERDICTS[] = {"", "RECORDED", "ANSWERED", "REFUSED", "UNKNOWN", "NOT_SENT"};

static bool is_ballot_on(const struct comity_draft *draft, uint32_t round)
{
    const Comity__V1__Command *command = comity_draft_command(draft);

    return command->body_case == COMITY__V1__COMMAND__BODY_CAST_BALLOT &&
           command->cast_ballot->round == round;
}

/* ---- Sending ---- */

struct sending {
    struct cli *cli;
    struct outbox_watch *watch; /* NULL: a run that ends */
    uint32_t round;             /* on which a ballot is being given: one that waits is left alone; 0: none */
    const struct comity_draft
        *own; /* that is being given, and of which the rest of the run tells; NULL: none */
    struct comity_result own_result; /* verdict 0: it was not tried */
    struct json_object *array;
};

static int hold_back(const struct comity_journal_entry *entry, void *context)
{
    const struct sending *sending = context;

    return desk_is_left(sending->cli) || (sending->round != 0 && entry->waits == COMITY_WAITS_UNSENT &&
                                          is_ballot_on(entry->draft, sending->round));
}

static void put_sent(struct sending *sending, const struct comity_journal_entry *entry,
                     const struct comity_result *result)
{
    struct json_object *value = json_object_new_object();

    json_object_object_add(value, "command_id", json_hex(BYTES(entry->command_id, COMMAND_ID_SIZE)));
    json_object_object_add(value, "act", json_object_new_string(shown_act(sending->cli, entry->draft)));
    json_object_object_add(value, "given_ms", json_object_new_int64(entry->kept_ms));
    json_object_object_add(value, "verdict", json_object_new_string(VERDICTS[result->verdict]));
    json_object_object_add(value, "sequence", json_object_new_uint64(result->sequence));
    json_object_object_add(value, "error", json_object_new_string(error_name(result->fault.code)));
    json_object_array_add(sending->array, value);
}

/* Each is told of once that it is not confirmed, however often it is sent again. */
static bool was_told(struct outbox_watch *watch, const struct comity_journal_entry *entry, bool is_doubtful)
{
    if (watch == NULL || !is_doubtful)
        return false;
    bool is_same = memcmp(watch->doubtful, entry->command_id, COMMAND_ID_SIZE) == 0;
    memcpy(watch->doubtful, entry->command_id, COMMAND_ID_SIZE);
    return is_same;
}

/* What waited was given as things were then. */
static const char *after_refusal(struct cli *cli, const struct comity_journal_entry *entry, int code)
{
    const Comity__V1__Command *command = comity_draft_command(entry->draft);

    if (code == ERR_STALE && command->body_case == COMITY__V1__COMMAND__BODY_CAST_BALLOT)
        return phrase(cli,
                      "comity round show %" PRIu32 " shows how it stands; if this is still what you want, give it again "
                      "with --replace",
                      command->cast_ballot->round);
    return failure_advice(code);
}

static void tell_sent(struct sending *sending, const struct comity_journal_entry *entry,
                      const struct comity_result *result)
{
    struct cli *cli = sending->cli;
    struct outbox_watch *watch = sending->watch;
    bool is_doubtful = result->verdict == COMITY_UNKNOWN ||
                       (result->verdict == COMITY_REFUSED && !comity_is_final(result->fault.code));
    const char *act = spoken_act(cli, entry->draft), *what;
    const char *name = error_name(result->fault.code), *sentence = cut_off_sentence(result->fault.code);

    if (result->verdict == COMITY_RECORDED)
        what = phrase(cli, "%s: recorded as number %" PRIu64 ".", act, result->sequence);
    else if (result->verdict == COMITY_REFUSED && comity_is_final(result->fault.code))
        what = phrase(cli, "%s Next: %s",
                      phrase(cli, "%s: refused: %s: %s.", act, name,
                             arena_printf(cli->arena, "%.*s", (int) strlen(sentence) - 1, sentence)),
                      after_refusal(cli, entry, result->fault.code));
    else
        what = phrase(cli, "%s: not confirmed: %s: %s", act, name, sentence);
    if ((is_doubtful && desk_is_left(cli)) || was_told(watch, entry, is_doubtful))
        return; /* outbox_tell_rest says it */
    if (watch != NULL && watch->tell != NULL)
        watch->tell(phrase(cli, "Sent now, given %s: %s", shown_time(cli, entry->kept_ms), what),
                    watch->context);
    else
        say_aside("Sent now, given %s: %s", shown_time(cli, entry->kept_ms), what);
}

static void take_sent(const struct comity_journal_entry *entry, struct comity_result *result, void *context)
{
    struct sending *sending = context;

    if (sending->own != NULL &&
        memcmp(entry->command_id, comity_draft_id(sending->own), COMMAND_ID_SIZE) == 0) {
        sending->own_result = *result;
        memset(result, 0, sizeof(*result));
        return;
    }
    put_sent(sending, entry, result);
    if (result->verdict != COMITY_NOT_SENT)
        tell_sent(sending, entry, result);
    else if (sending->watch == NULL && !desk_is_left(sending->cli))
        say_aside("%s: not sent yet: it waits here, see comity outbox list",
                  spoken_act(sending->cli, entry->draft));
}

static int send_waiting(struct sending *sending)
{
    struct cli *cli = sending->cli;

    sending->array = json_object_new_array();
    progress_begin(&cli->progress, _("Sending again"));
    int code = comity_outbox_send(desk_client(cli), cli->context.history, 0, hold_back, take_sent, sending);
    progress_end(&cli->progress);
    if (json_object_array_length(sending->array) > 0)
        cli_put(cli, "delivered", sending->array);
    else
        json_object_put(sending->array);
    return code;
}

/* How many wait here; 0 where that cannot be told. */
static size_t count_waiting(struct cli *cli)
{
    char journal[PATH_BYTES];
    size_t count = 0;

    if (!cli->context.has_history || path_join(journal, cli->home, "journal") != 0 ||
        access(journal, F_OK) != 0 || comity_outbox_count(journal, cli->context.history, &count) != 0)
        return 0;
    return count;
}

static bool is_sender(struct cli *cli)
{
    const struct verb *verb = cli->arguments.verb;

    return verb != NULL && verb->needs == NEEDS_MEMBER && cli->context.signing_key[0] != '\0' &&
           !cli_has(cli, "dry-run");
}

static void send_all(struct cli *cli, struct outbox_watch *watch)
{
    struct sending sending = {.cli = cli, .watch = watch};

    if (!is_sender(cli) || count_waiting(cli) == 0 || cut_off_is_apart(cli))
        return;
    if (cli->arguments.verb->cut_off == CUT_OFF_KEEPS)
        sending.round = (uint32_t) strtoul(cli_argument(cli, "ROUND"), NULL, 10);
    int code = send_waiting(&sending);
    if (code != 0 && watch != NULL && watch->warned == code)
        return;
    if (watch != NULL)
        watch->warned = code;
    if (code != 0 && watch != NULL && watch->tell != NULL)
        watch->tell(phrase(cli, "Warning: %s", language_error(code)), watch->context);
    else if (code != 0)
        say_aside("Warning: %s", language_error(code));
}

void outbox_send(struct cli *cli)
{
    send_all(cli, NULL);
}

/* Where nobody confirms it, a try takes long, and who watches waits for it: half of the time at most. */
void outbox_look(struct cli *cli, struct outbox_watch *watch)
{
    int64_t begin_ms = time_now_ms();

    if (begin_ms < watch->due_ms)
        return;
    send_all(cli, watch);
    int64_t end_ms = time_now_ms();
    watch->due_ms = end_ms + (end_ms - begin_ms > LOOK_MS ? end_ms - begin_ms : LOOK_MS);
}

struct rest {
    uint64_t unsent, unconfirmed;
};

static int count_rest(const struct comity_journal_entry *entry, void *context)
{
    struct rest *rest = context;

    if (comity_is_waiting(entry))
        ++*(entry->waits == COMITY_WAITS_UNSENT ? &rest->unsent : &rest->unconfirmed);
    return 0;
}

void outbox_tell_rest(struct cli *cli)
{
    char journal[PATH_BYTES];
    struct rest rest = {0};

    if (journal_path(cli, journal) != 0)
        return;
    comity_journal_each(journal, cli->context.history, count_rest, &rest, NULL);
    if (rest.unsent > 0)
        say_aside("%s", counted(cli, rest.unsent,
                                "%" PRIu64
                                " answer of yours is kept on this machine and was not sent yet: the next "
                                "command that gets through sends it.",
                                "%" PRIu64
                                " answers of yours are kept on this machine and were not sent yet: the next "
                                "command that gets through sends them."));
    if (rest.unconfirmed > 0)
        say_aside(
            "%s",
            counted(cli, rest.unconfirmed,
                    "%" PRIu64 " answer of yours was sent, and it is not confirmed that it was recorded: the "
                    "next command that gets through sends the same again, which counts once, and says what "
                    "became of it.",
                    "%" PRIu64
                    " answers of yours were sent, and it is not confirmed that they were recorded: "
                    "the next command that gets through sends the same again, which counts once, and says "
                    "what became of them."));
}

/* ---- Keeping ---- */

static int fail_sent_before(struct cli *cli)
{
    return cli_fail(cli, ERR_STATE, "comity resubmit",
                    "An earlier answer of yours to this round was sent and is not confirmed: first it has to "
                    "be known what "
                    "became of it.");
}

/* It waits: the rest of the failure says so. */
static int tell_kept(struct cli *cli, const struct comity_draft *draft, bool is_replaced, int failure,
                     const char *why)
{
    int64_t until_ms = comity_draft_command(draft)->valid_until_ms;
    struct json_object *value = json_object_new_object();

    json_object_object_add(value, "command_id", json_hex(BYTES(comity_draft_id(draft), COMMAND_ID_SIZE)));
    json_object_object_add(value, "act", json_object_new_string(shown_act(cli, draft)));
    json_object_object_add(value, "valid_until_ms", json_object_new_int64(until_ms));
    json_object_object_add(value, "is_replaced", json_object_new_boolean(is_replaced));
    cli_put(cli, "waiting", value);
    hex_encode(BYTES(comity_draft_id(draft), COMMAND_ID_SIZE), cli->failure.command_id);
    return cli_fail(cli, failure, "comity outbox list",
                    "%s Your answer is signed and kept on this machine. The next command that gets through "
                    "sends it, up to %s; "
                    "whether it counts, the record says then.",
                    why, shown_time(cli, until_ms));
}

/* Keep the draft to be sent later, and fill in the failure that says so. */
static int keep(struct cli *cli, const struct comity_draft *draft, bool *ret_is_replaced)
{
    char journal[PATH_BYTES];
    bool is_replaced = false;
    int code = journal_path(cli, journal);

    if (code == 0)
        code = comity_outbox_put(journal, draft, &is_replaced);
    if (code == ERR_STATE)
        return fail_sent_before(cli);
    if (code != 0)
        return code;
    *ret_is_replaced |= is_replaced;
    cli->failure = cli->unreached;
    cli->failure.is_waiting = true;
    return tell_kept(cli, draft, is_replaced, cli->unreached.code, cut_off_why(cli));
}

/* Why sending failed. A ballot that was sent and may have been done waits from now on: what became of it the
 * next command finds out, by sending it again. */
static int keep_sent(struct cli *cli, const char *journal, const struct comity_draft *draft, int code)
{
    struct failure *failure = &cli->failure;
    const char *why = failure->what[0] != '\0' ? arena_string(cli->arena, failure->what) : cut_off_sentence(failure->code);

    if (!failure->is_unconfirmed || comity_is_final(code) || comity_outbox_put_sent(journal, draft) != 0)
        return code;
    return tell_kept(cli, draft, false, code, why);
}

/* It takes the place of the one that waits, in one step, and goes out from there. */
static int send_in_place(struct cli *cli, const char *journal, const struct comity_draft *draft,
                         const Comity__V1__Event **ret_event, bool *ret_is_replaced)
{
    struct sending sending = {.cli = cli, .own = draft};
    int code = comity_outbox_put(journal, draft, ret_is_replaced);

    if (code == ERR_STATE)
        return fail_sent_before(cli);
    if (code == 0)
        code = send_waiting(&sending);
    if (code == 0 && sending.own_result.verdict == 0) { /* one before it was not answered: it waits on */
        cli->failure.is_unsent = true;
        return cli_fail(cli, ERR_TIMEOUT, NULL, "%s", language_error(ERR_TIMEOUT));
    }
    if (code == 0)
        code = desk_judge(cli, &sending.own_result);
    code = desk_take(cli, code, &sending.own_result, ret_event);
    comity_result_release(&sending.own_result);
    return code;
}

/* What the journal has of the same person's earlier answers to the round. */
struct earlier {
    const struct comity_draft *draft; /* that is being given */
    bool is_waiting;
    bool is_sent; /* it may yet be recorded, and then this one, which does not replace it, would be refused:
                     the last word would not count */
};

static int look_for_earlier(const struct comity_journal_entry *entry, void *context)
{
    struct earlier *earlier = context;
    const Comity__V1__Command *given = comity_draft_command(earlier->draft),
                              *command = comity_draft_command(entry->draft);

    if (!is_ballot_on(entry->draft, given->cast_ballot->round))
        return 0;
    earlier->is_waiting |= comity_is_waiting(entry);
    earlier->is_sent =
        entry->waits != COMITY_WAITS_UNSENT && !entry->has_receipt && entry->refused == 0 &&
        bytes_equal(BYTES(command->key.data, command->key.len), BYTES(given->key.data, given->key.len));
    return earlier->is_sent ? 1 : 0;
}

int outbox_send_ballot(struct cli *cli, const struct comity_draft *draft, const Comity__V1__Event **ret_event,
                       bool *ret_is_replaced)
{
    struct earlier earlier = {.draft = draft};
    char journal[PATH_BYTES];
    int code = cli->unreached.code != 0 ? cli->unreached.code : journal_path(cli, journal);

    if (code == 0)
        comity_journal_each(journal, cli->context.history, look_for_earlier, &earlier, NULL);
    if (code == 0 && earlier.is_sent)
        code = fail_sent_before(cli);
    if (code == 0)
        code = cut_off_stays_apart(cli) ? cli->unreached.code
               : earlier.is_waiting     ? send_in_place(cli, journal, draft, ret_event, ret_is_replaced)
                                        : desk_send(cli, draft, ret_event);
    if (code != 0 && cut_off_is(cli))
        return keep(cli, draft, ret_is_replaced);
    return code != 0 ? keep_sent(cli, journal, draft, code) : 0;
}

struct own_ballot {
    struct cli *cli;
    uint32_t round;
    uint64_t sequence;
};

static int look_for_own(const struct comity_journal_entry *entry, void *context)
{
    struct own_ballot *own = context;
    const Comity__V1__Command *command = comity_draft_command(entry->draft);

    if (entry->has_receipt && entry->epoch == own->cli->context.epoch &&
        is_ballot_on(entry->draft, own->round) &&
        bytes_equal(BYTES(command->key.data, command->key.len), BYTES(desk_reader(own->cli), KEY_SIZE)) &&
        entry->sequence > own->sequence)
        own->sequence = entry->sequence;
    return 0;
}

int outbox_own_ballot(struct cli *cli, uint32_t round, uint64_t *ret_sequence)
{
    struct own_ballot own = {.cli = cli, .round = round};
    char journal[PATH_BYTES];
    int code = journal_path(cli, journal);

    if (code == 0)
        code = comity_journal_each(journal, cli->context.history, look_for_own, &own, NULL);
    if (code == 0)
        *ret_sequence = own.sequence;
    return code;
}

/* ---- Verbs ---- */

struct listing {
    struct cli *cli;
    struct sheet sheet;
    struct json_object *array;
};

static const char *shown_state(struct cli *cli, const struct comity_journal_entry *entry)
{
    if (entry->has_receipt)
        return phrase(cli, "number %" PRIu64, entry->sequence);
    if (entry->refused != 0)
        return phrase(cli, "refused: %s", error_name(entry->refused));
    return entry->waits == COMITY_WAITS_UNSENT ? _("not sent yet") : _("not confirmed");
}

static int list_entry(const struct comity_journal_entry *entry, void *context)
{
    static const char *const WAITS[] = {"", "unsent", "sent"};
    struct listing *listing = context;
    struct cli *cli = listing->cli;
    int64_t until_ms = comity_draft_command(entry->draft)->valid_until_ms;
    char id[2 * COMMAND_ID_SIZE + 1];

    if (entry->waits == COMITY_WAITS_NOT)
        return 0;
    struct json_object *value = json_object_new_object();
    hex_encode(BYTES(entry->command_id, COMMAND_ID_SIZE), id);
    json_object_object_add(value, "command_id", json_object_new_string(id));
    json_object_object_add(value, "act", json_object_new_string(shown_act(cli, entry->draft)));
    json_object_object_add(value, "given_ms", json_object_new_int64(entry->kept_ms));
    json_object_object_add(value, "valid_until_ms", json_object_new_int64(until_ms));
    json_object_object_add(value, "state",
                           json_object_new_string(entry->has_receipt    ? "recorded"
                                                  : entry->refused != 0 ? "refused"
                                                                        : WAITS[entry->waits]));
    json_object_object_add(value, "sequence", json_object_new_uint64(entry->sequence));
    json_object_object_add(value, "refused",
                           json_object_new_string(entry->refused == 0 ? "" : error_name(entry->refused)));
    json_object_array_add(listing->array, value);
    const char *cells[] = {arena_string(cli->arena, id), spoken_act(cli, entry->draft),
                           shown_state(cli, entry), shown_time(cli, entry->kept_ms),
                           comity_is_waiting(entry) ? shown_time(cli, until_ms) : ""};
    sheet_row(&listing->sheet, cells);
    return 0;
}

int outbox_list_run(struct cli *cli)
{
    static const char *const TITLES[] = {N_("command"), N_("act"), N_("recorded as"), N_("signed"),
                                         N_("until")};
    struct listing listing = {.cli = cli, .array = json_object_new_array()};
    char path[PATH_BYTES];
    size_t damaged = 0;
    int code = journal_path(cli, path);

    sheet_init(&listing.sheet, cli, ARRAY_COUNT(TITLES), TITLES);
    if (code == 0)
        code = comity_journal_each(path, cli->context.history, list_entry, &listing, &damaged);
    cli_put(cli, "outbox", listing.array);
    cli_put_number(cli, "waiting", count_waiting(cli));
    cli_put_number(cli, "damaged", damaged);
    if (code != 0)
        return code;
    sheet_print(&listing.sheet, "Nothing that was given here while no broker answered is kept.");
    if (damaged > 0)
        say(cli, "%s",
            counted(cli, damaged, "%" PRIu64 " file of the journal is damaged and was passed over.",
                    "%" PRIu64 " files of the journal are damaged and were passed over."));
    return 0;
}

int outbox_takeback_run(struct cli *cli)
{
    uint8_t id[COMMAND_ID_SIZE];
    char path[PATH_BYTES];
    int code = receipt_argument(cli, id);

    if (code == 0)
        code = journal_path(cli, path);
    if (code == 0)
        code = comity_outbox_take_back(path, cli->context.history, id);
    if (code == ERR_NOT_FOUND)
        return cli_fail(cli, code, "comity outbox list", "No such act waits here.");
    if (code == ERR_STATE)
        return cli_fail(
            cli, code, "comity outbox list",
            "A sending of it was begun: it may be in the record, and cannot be taken back here any more.");
    if (code == 0) {
        cli_put_hex(cli, "command_id", BYTES(id, COMMAND_ID_SIZE));
        say(cli, "It is taken back: it was not sent, and is not kept any more.");
    }
    return code;
}
