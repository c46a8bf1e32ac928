/* Verbs about receipts: those that are kept, one shown and checked. */
#include <inttypes.h>

#include "client/cli/desk.h"
#include "client/cli/finality.h"
#include "client/cli/output.h"
#include "client/cli/receipts.h"
#include "client/cli/verbs.h"
#include "core/event.h"
#include "core/note.h"
#include "core/text.h"
#include "core/tree.h"

int journal_path(struct cli *cli, char ret_path[PATH_BYTES])
{
    char why[FILE_REASON_MAX];

    if (path_join(ret_path, cli->home, "journal") != 0)
        return cli_fail(cli, ERR_CONFIG, NULL, "The path of the home directory is too long.");
    int code = directory_make(ret_path, why);
    return code == 0 ? 0 : cli_fail(cli, code, NULL, "%s", why);
}

struct listing {
    struct cli *cli;
    const Comity__V1__Partnership *partnership; /* NULL: the record was not asked */
    struct sheet sheet;
    struct json_object *array;
};

/* The one that says where it is in the record of today; else, or where that is not known, the latest. */
static struct comity_journal_receipt best_receipt(const struct listing *listing,
                                                  const struct comity_journal_entry *entry)
{
    const struct comity_journal_receipt *standing =
        listing->partnership == NULL ? NULL : comity_standing(entry, listing->partnership);

    return standing != NULL ? *standing : (struct comity_journal_receipt){entry->epoch, entry->sequence};
}

/* "number 12 in epoch 1790000000, lost by a restore; refused: EPOCH" */
static const char *shown_standing(const struct listing *listing, const struct comity_journal_entry *entry,
                                  bool is_lost)
{
    struct cli *cli = listing->cli;
    struct comity_journal_receipt receipt = best_receipt(listing, entry);
    const char *number = "", *text;

    if (comity_is_waiting(entry) && entry->waits == COMITY_WAITS_UNSENT)
        return _("not sent yet");
    if (!entry->has_receipt && entry->refused == 0)
        return _("not confirmed");
    bool is_old = receipt.epoch < cli->context.epoch || is_lost;
    if (entry->has_receipt && is_old)
        number = phrase(cli, "number %" PRIu64 " in epoch %" PRIu32, receipt.sequence, receipt.epoch);
    else if (entry->has_receipt)
        number = phrase(cli, "number %" PRIu64, receipt.sequence);
    text = is_lost ? phrase(cli, "%s, lost by a restore", number) : number;
    const char *end = is_lost ? "; " : "";
    /* STALE of what a later act says anew: comity resubmit left it, nobody refused it. */
    if (entry->refused == ERR_STALE && entry->later != NULL)
        return arena_printf(cli->arena, "%s%s%s", text, end, _("not sent again: done anew later"));
    if (entry->refused == ERR_FORKED && !entry->has_receipt)
        return _("not in the record: given up with the one that it was signed for");
    if (entry->refused != 0 && (is_lost || !entry->has_receipt))
        return arena_printf(cli->arena, "%s%s%s", text, end,
                            phrase(cli, "refused: %s", error_name(entry->refused)));
    return text;
}

static int list_entry(const struct comity_journal_entry *entry, void *context)
{
    struct listing *listing = context;
    struct cli *cli = listing->cli;
    char id[2 * COMMAND_ID_SIZE + 1];
    struct json_object *value = json_object_new_object();
    struct comity_journal_receipt receipt = best_receipt(listing, entry);
    bool is_lost = listing->partnership == NULL ? entry->has_receipt && entry->refused != 0
                                                : comity_is_lost(entry, listing->partnership);

    hex_encode(BYTES(entry->command_id, COMMAND_ID_SIZE), id);
    json_object_object_add(value, "command_id", json_object_new_string(id));
    json_object_object_add(value, "act", json_object_new_string(comity_draft_name(entry->draft)));
    json_object_object_add(value, "kept_ms", json_object_new_int64(entry->kept_ms));
    json_object_object_add(value, "has_receipt", json_object_new_boolean(entry->has_receipt));
    json_object_object_add(value, "sequence", json_object_new_uint64(receipt.sequence));
    json_object_object_add(value, "epoch", json_object_new_uint64(receipt.epoch));
    json_object_object_add(value, "is_lost", json_object_new_boolean(is_lost));
    json_object_object_add(value, "refused",
                           json_object_new_string(entry->refused == 0 ? "" : error_name(entry->refused)));
    json_object_array_add(listing->array, value);
    const char *cells[] = {arena_string(cli->arena, id), comity_draft_name(entry->draft),
                           shown_standing(listing, entry, is_lost), shown_time(cli, entry->kept_ms)};
    sheet_row(&listing->sheet, cells);
    return 0;
}

/* One alone: nobody has to ask which of several it is. */
static int find_several(const struct comity_journal_entry *entry, void *context)
{
    (void) context;
    return entry->receipt_count > 1 ? 1 : 0;
}

/* The epochs of the record as it is now; NULL where it cannot be asked: the list does not need it. */
static const Comity__V1__Partnership *ask_partnership(struct cli *cli)
{
    const Comity__V1__WhoamiAnswer *whoami;
    struct failure before = cli->failure;
    int code = desk_open(cli);

    if (code == 0) {
        comity_set_seen(desk_client(cli), cli->context.history, 0, 0);
        code = desk_whoami(cli, &whoami);
    }
    cli->failure = before;
    return code == 0 ? whoami->partnership : NULL;
}

int receipt_list_run(struct cli *cli)
{
    static const char *const TITLES[] = {N_("command"), N_("act"), N_("recorded as"), N_("signed")};
    struct listing listing = {.cli = cli, .array = json_object_new_array()};
    char path[PATH_BYTES];
    size_t damaged = 0;
    int code = journal_path(cli, path);

    sheet_init(&listing.sheet, cli, ARRAY_COUNT(TITLES), TITLES);
    if (code == 0 && (code = comity_journal_each(path, cli->context.history, find_several, NULL, NULL)) > 0) {
        listing.partnership = ask_partnership(cli);
        code = 0;
    }
    if (code == 0)
        code = comity_journal_each(path, cli->context.history, list_entry, &listing, &damaged);
    cli_put(cli, "receipts", listing.array);
    cli_put_number(cli, "damaged", damaged);
    if (code != 0)
        return code;
    sheet_print(&listing.sheet, "Nothing was signed here in the last 30 days.");
    if (damaged > 0)
        say(cli, "%s",
            counted(cli, damaged, "%" PRIu64 " file of the journal is damaged and was passed over.",
                    "%" PRIu64 " files of the journal are damaged and were passed over."));
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

int receipt_argument(struct cli *cli, uint8_t ret_id[COMMAND_ID_SIZE])
{
    const char *typed = cli_argument(cli, "COMMAND");

    if (strlen(typed) != 2 * COMMAND_ID_SIZE || hex_decode(typed, ret_id, COMMAND_ID_SIZE) != 0)
        return cli_fail(cli, ERR_USAGE, "comity receipt list", "COMMAND is %d hexadecimal digits.",
                        2 * COMMAND_ID_SIZE);
    return 0;
}

int receipt_ask(struct cli *cli, const uint8_t id[COMMAND_ID_SIZE], struct bytes *ret_receipt)
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
    uint8_t id[COMMAND_ID_SIZE];
    char path[PATH_BYTES];
    struct search search = {.id = id, .cli = cli};
    ProtobufCMessage *message;

    int code = receipt_argument(cli, id);
    if (code == 0)
        code = journal_path(cli, path);
    if (code == 0)
        code = receipt_ask(cli, id, &search.receipt);
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
        return search.step == 0
                   ? cli_fail(cli, code, NULL, "The receipt does not prove what it claims.")
                   : cli_fail(
                         cli, code, NULL,
                         "The receipt does not prove what it claims (step %u of docs/protocol.md section 6).",
                         search.step);
    const char *events = counted(cli, receipt->events, "%" PRIu64 " event", "%" PRIu64 " events");
    if (search.is_found)
        say(cli,
            "Number %" PRIu64
            " in the record, %s. Checked: the proof leads to the signed checkpoint, and the event "
            "holds what you signed.",
            receipt->first_sequence, events);
    else
        say(cli, "Number %" PRIu64 " in the record, %s. Checked: the proof leads to the signed checkpoint.",
            receipt->first_sequence, events);
    say(cli, "%s", shown_lines(cli, BYTES(receipt->checkpoint.data, receipt->checkpoint.len), "    "));
    cli->latest = receipt->first_sequence + (receipt->events > 0 ? receipt->events - 1 : 0);
    return finality_say(cli);
}
