/* Verbs about receipts: those that are kept, one shown and checked, and sending again what was not confirmed.
 */
#include <inttypes.h>

#include "client/cli/desk.h"
#include "client/cli/output.h"
#include "client/cli/verbs.h"
#include "core/event.h"
#include "core/note.h"
#include "core/text.h"
#include "core/tree.h"

static int journal_path(struct cli *cli, char ret_path[PATH_BYTES])
{
    char why[FILE_REASON_MAX];

    if (path_join(ret_path, cli->home, "journal") != 0)
        return cli_fail(cli, ERR_CONFIG, NULL, "The path of the home directory is too long.");
    int code = directory_make(ret_path, why);
    return code == 0 ? 0 : cli_fail(cli, code, NULL, "%s", why);
}

struct listing {
    struct cli *cli;
    struct sheet sheet;
    struct json_object *array;
};

static int list_entry(const struct comity_journal_entry *entry, void *context)
{
    struct listing *listing = context;
    struct cli *cli = listing->cli;
    char id[2 * COMMAND_ID_SIZE + 1];
    struct json_object *value = json_object_new_object();

    hex_encode(BYTES(entry->command_id, COMMAND_ID_SIZE), id);
    json_object_object_add(value, "command_id", json_object_new_string(id));
    json_object_object_add(value, "act", json_object_new_string(comity_draft_name(entry->draft)));
    json_object_object_add(value, "kept_ms", json_object_new_int64(entry->kept_ms));
    json_object_object_add(value, "has_receipt", json_object_new_boolean(entry->has_receipt));
    json_object_object_add(value, "sequence", json_object_new_uint64(entry->sequence));
    json_object_object_add(value, "epoch", json_object_new_uint64(entry->epoch));
    json_object_object_add(value, "refused",
                           json_object_new_string(entry->refused == 0 ? "" : error_name(entry->refused)));
    json_object_array_add(listing->array, value);
    const char *standing = "not confirmed";
    if (entry->has_receipt)
        standing = arena_printf(cli->arena, "number %" PRIu64, entry->sequence);
    else if (entry->refused != 0)
        standing = arena_printf(cli->arena, "refused: %s", error_name(entry->refused));
    const char *cells[] = {arena_string(cli->arena, id), comity_draft_name(entry->draft), standing,
                           shown_time(cli, entry->kept_ms)};
    sheet_row(&listing->sheet, cells);
    return 0;
}

int receipt_list_run(struct cli *cli)
{
    static const char *const TITLES[] = {"command", "act", "recorded as", "signed"};
    struct listing listing = {.cli = cli, .array = json_object_new_array()};
    char path[PATH_BYTES];
    size_t damaged = 0;
    int code = journal_path(cli, path);

    sheet_init(&listing.sheet, cli, ARRAY_COUNT(TITLES), TITLES);
    if (code == 0)
        code = comity_journal_each(path, cli->context.history, list_entry, &listing, &damaged);
    cli_put(cli, "receipts", listing.array);
    cli_put_number(cli, "damaged", damaged);
    if (code != 0)
        return code;
    sheet_print(&listing.sheet, "Nothing was signed here in the last 30 days.");
    if (damaged > 0)
        say(cli, "%zu files of the journal are damaged and were passed over.", damaged);
    return 0;
}

/* Steps 2, 4, 5 and 6 of docs/protocol.md section 6: what can be checked of a command that somebody else
 * signed. */
static int check_inclusion(struct cli *cli, const Comity__V1__Receipt *receipt)
{
    const uint8_t(*pins)[KEY_SIZE];
    size_t pin_count;
    struct event_header header;
    struct checkpoint checkpoint;
    struct bytes proof[PROOF_MAX];
    uint8_t leaf[HASH_SIZE];
    int code = ERR_RECEIPT;

    if (receipt->event == NULL || receipt->n_proof > PROOF_MAX ||
        event_record_check(receipt->event, &header) != 0)
        return ERR_RECEIPT;
    desk_pins(cli, &pins, &pin_count);
    for (size_t i = 0; i < pin_count && code != 0; i++)
        code =
            checkpoint_open(BYTES(receipt->checkpoint.data, receipt->checkpoint.len), pins[i], &checkpoint);
    if (code != 0 || memcmp(header.history, cli->context.history, HISTORY_ID_SIZE) != 0 ||
        header.sequence != receipt->first_sequence)
        return ERR_RECEIPT;
    char origin[ORIGIN_MAX_BYTES + 1];
    checkpoint_origin(header.history, header.epoch, origin);
    if (strcmp(origin, checkpoint.origin) != 0)
        return ERR_RECEIPT;
    for (size_t i = 0; i < receipt->n_proof; i++)
        proof[i] = BYTES(receipt->proof[i].data, receipt->proof[i].len);
    tree_leaf_hash(BYTES(receipt->event->header.data, receipt->event->header.len), leaf);
    return tree_inclusion_check(header.sequence - 1, checkpoint.size, leaf, proof, receipt->n_proof,
                                BYTES(checkpoint.root, HASH_SIZE));
}

struct search {
    const uint8_t *id;
    struct cli *cli;
    struct bytes receipt;
    bool is_found;
    int code;
    unsigned step;
};

/* A command of our own is checked against the very bytes that were signed. */
static int check_entry(const struct comity_journal_entry *entry, void *context)
{
    struct search *search = context;
    struct comity_pin pins[2 * CONTEXT_PINS_MAX];
    const uint8_t(*keys)[KEY_SIZE];
    size_t count;

    if (memcmp(entry->command_id, search->id, COMMAND_ID_SIZE) != 0)
        return 0;
    desk_pins(search->cli, &keys, &count);
    for (size_t i = 0; i < count; i++) {
        memcpy(pins[i].history, search->cli->context.history, HISTORY_ID_SIZE);
        memcpy(pins[i].log_key, keys[i], KEY_SIZE);
    }
    search->is_found = true;
    search->code = comity_receipt_check(entry->draft, search->receipt.data, search->receipt.size, pins, count,
                                        &search->step);
    return 1;
}

static int ask_receipt(struct cli *cli, const uint8_t id[COMMAND_ID_SIZE], struct bytes *ret_receipt)
{
    Comity__V1__GetReceipt get = COMITY__V1__GET_RECEIPT__INIT;
    Comity__V1__Query query = COMITY__V1__QUERY__INIT;
    const Comity__V1__Answer *answer;

    get.command_id = (ProtobufCBinaryData){COMMAND_ID_SIZE, (uint8_t *) id};
    query.kind_case = COMITY__V1__QUERY__KIND_RECEIPT;
    query.receipt = &get;
    int code = desk_ask(cli, &query, &answer);
    if (code == ERR_NOT_FOUND)
        return cli_fail(cli, code, "comity receipt list", "The record has no such command.");
    if (code == 0)
        *ret_receipt = BYTES(answer->receipt.data, answer->receipt.len);
    return code;
}

int receipt_show_run(struct cli *cli)
{
    const char *typed = cli_argument(cli, "COMMAND");
    uint8_t id[COMMAND_ID_SIZE];
    char path[PATH_BYTES];
    struct search search = {.id = id, .cli = cli};
    ProtobufCMessage *message;

    if (strlen(typed) != 2 * COMMAND_ID_SIZE || hex_decode(typed, id, COMMAND_ID_SIZE) != 0)
        return cli_fail(cli, ERR_USAGE, "comity receipt list", "COMMAND is %d hexadecimal digits.",
                        2 * COMMAND_ID_SIZE);
    int code = journal_path(cli, path);
    if (code == 0)
        code = ask_receipt(cli, id, &search.receipt);
    if (code == 0)
        code = message_unpack(&comity__v1__receipt__descriptor, search.receipt, FILE_MAX_BYTES, cli->arena,
                              NULL, &message);
    if (code != 0)
        return code;
    const Comity__V1__Receipt *receipt = (const Comity__V1__Receipt *) message;
    code = comity_journal_each(path, cli->context.history, check_entry, &search, NULL);
    if (search.is_found)
        code = search.code;
    else if (code == 0)
        code = check_inclusion(cli, receipt);
    cli_put(cli, "receipt", message_to_json(message, NULL, NULL));
    cli_put(cli, "is_own", json_object_new_boolean(search.is_found));
    cli_put(cli, "is_verified", json_object_new_boolean(code == 0));
    if (code != 0)
        return cli_fail(
            cli, code, NULL, "The receipt does not prove what it claims%s.",
            search.step == 0
                ? ""
                : arena_printf(cli->arena, " (step %u of docs/protocol.md section 6)", search.step));
    say(cli,
        "Number %" PRIu64 " in the record, %" PRIu32
        " event%s. Checked: the proof leads to the signed checkpoint%s.",
        receipt->first_sequence, receipt->events, receipt->events == 1 ? "" : "s",
        search.is_found ? ", and the event holds what you signed" : "");
    say(cli, "%s", shown_lines(cli, BYTES(receipt->checkpoint.data, receipt->checkpoint.len), "    "));
    return 0;
}

struct resending {
    struct cli *cli;
    struct json_object *array;
    int worst; /* the first code of what is still open */
    unsigned recorded, open, refused;
};

static void count_open(struct resending *resending, int code)
{
    resending->open++;
    if (resending->worst == 0)
        resending->worst = code;
}

static void note_result(struct resending *resending, const struct comity_result *result, const char *act)
{
    static const char *const VERDICTS[] = {"", "RECORDED", "ANSWERED", "REFUSED", "UNKNOWN", "NOT_SENT"};
    struct cli *cli = resending->cli;
    struct json_object *value = json_object_new_object();
    char id[2 * COMMAND_ID_SIZE + 1];

    hex_encode(BYTES(result->command_id, COMMAND_ID_SIZE), id);
    json_object_object_add(value, "command_id", json_object_new_string(id));
    json_object_object_add(value, "verdict", json_object_new_string(VERDICTS[result->verdict]));
    json_object_object_add(value, "sequence", json_object_new_uint64(result->sequence));
    json_object_object_add(value, "error", json_object_new_string(error_name(result->fault.code)));
    json_object_array_add(resending->array, value);
    if (result->verdict == COMITY_RECORDED) {
        resending->recorded++;
        say(cli, "%s %s: recorded as number %" PRIu64 ".", id, act, result->sequence);
        return;
    }
    bool is_refused = result->verdict == COMITY_REFUSED && comity_is_final(result->fault.code);
    say(cli, "%s %s: %s: %s: %s", id, act, is_refused ? "refused" : "not confirmed",
        error_name(result->fault.code), error_sentence(result->fault.code));
    if (is_refused)
        resending->refused++;
    else
        count_open(resending, desk_judge(cli, result));
}

static int resend_entry(const struct comity_journal_entry *entry, void *context)
{
    struct resending *resending = context;
    struct comity_result result = {0};

    if (entry->has_receipt || entry->refused != 0)
        return 0;
    int code = comity_submit_wait(desk_client(resending->cli), entry->draft, 0, &result);
    if (result.verdict != 0)
        note_result(resending, &result, comity_draft_name(entry->draft));
    else
        count_open(resending, code);
    comity_result_release(&result);
    return 0;
}

static void resent(struct comity_result *result, void *context)
{
    note_result(context, result, "(lost by a restore)");
}

/* The event that opened @epoch says how far back the restore went; 0 where none is found. */
static int find_restored_to(struct cli *cli, uint32_t epoch, uint64_t *ret_restored_to)
{
    Comity__V1__Events events = COMITY__V1__EVENTS__INIT;
    Comity__V1__Query query = COMITY__V1__QUERY__INIT;

    events.from = 1;
    query.kind_case = COMITY__V1__QUERY__KIND_EVENTS;
    query.events = &events;
    query.limit = 1000;
    for (;;) {
        const Comity__V1__Answer *answer;
        int code = desk_ask(cli, &query, &answer);
        if (code != 0)
            return code;
        for (size_t i = 0; i < answer->n_events; i++) {
            const Comity__V1__EventRecord *record = answer->events[i];
            ProtobufCMessage *message;
            struct event_header header;
            if (event_record_check(record, &header) != 0 || header.epoch != epoch || record->n_parts == 0 ||
                message_unpack_trusted(&comity__v1__event__descriptor,
                                       BYTES(record->parts[0]->content.data, record->parts[0]->content.len),
                                       cli->arena, &message) != 0)
                continue;
            const Comity__V1__Event *event = (const Comity__V1__Event *) message;
            if (event->kind_case != COMITY__V1__EVENT__KIND_EPOCH_OPENED)
                continue;
            *ret_restored_to = event->epoch_opened->restored_to;
            return 0;
        }
        if (answer->next_cursor.len == 0)
            return cli_fail(cli, ERR_CORRUPT, NULL, "The record does not say where epoch %" PRIu32 " began.",
                            epoch);
        query.cursor = answer->next_cursor;
    }
}

/* After a restore from a backup, what was recorded and is lost goes in again. That the record is shorter than
 * what was seen is believed only of an epoch that is on record. */
static int resubmit_lost(struct cli *cli, struct resending *resending)
{
    const Comity__V1__WhoamiAnswer *whoami;
    char reason[CONTEXT_REASON_MAX];
    uint64_t restored_to = 0;

    desk_ignore_seen(cli);
    int code = desk_whoami(cli, &whoami);
    if (code != 0 || whoami->partnership->epoch <= 1 || whoami->partnership->epoch <= cli->context.epoch)
        return code;
    uint32_t epoch = whoami->partnership->epoch;
    code = find_restored_to(cli, epoch, &restored_to);
    if (code != 0)
        return code;
    say(cli, "The record was restored from a backup as of number %" PRIu64 " (epoch %" PRIu32 ").",
        restored_to, epoch);
    int count =
        comity_resubmit(desk_client(cli), cli->context.history, restored_to, epoch, 0, resent, resending);
    if (count < 0)
        return count;
    if (resending->open > 0)
        return 0;
    code = context_enter_epoch(cli->home, cli->context.name, epoch, restored_to + 1, reason);
    return code == 0 ? 0 : cli_fail(cli, code, NULL, "%s", reason);
}

int resubmit_run(struct cli *cli)
{
    struct resending resending = {.cli = cli, .array = json_object_new_array()};
    char path[PATH_BYTES];
    int code = journal_path(cli, path);

    if (code == 0)
        code = desk_open(cli);
    if (code == 0)
        code = comity_journal_each(path, cli->context.history, resend_entry, &resending, NULL);
    if (code == 0 && resending.open == 0)
        code = resubmit_lost(cli, &resending);
    cli_put(cli, "resubmitted", resending.array);
    cli_put_number(cli, "recorded", resending.recorded);
    cli_put_number(cli, "unconfirmed", resending.open);
    cli_put_number(cli, "refused", resending.refused);
    if (resending.recorded + resending.open + resending.refused > 0)
        say(cli, "%u sent and recorded, %u still not confirmed, %u refused.", resending.recorded,
            resending.open, resending.refused);
    else if (code == 0)
        say(cli, "Nothing that was signed here is left unanswered.");
    if (code == 0 && resending.open > 0)
        code = cli_fail(cli, resending.worst, "comity resubmit once more, later: nothing is done twice.",
                        "%u of the commands that were signed here are still not confirmed.", resending.open);
    return code;
}
