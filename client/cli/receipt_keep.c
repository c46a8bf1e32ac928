/* `comity receipt save` and `verify`: a receipt as a file, which proves by itself what was recorded. */
#include <inttypes.h>
#include <stdlib.h>

#include "client/cli/checkpoint.h"
#include "client/cli/finality.h"
#include "client/cli/output.h"
#include "client/cli/receipt_file.h"
#include "client/cli/receipts.h"
#include "client/cli/verbs.h"
#include "core/text.h"

/* ---- Saving ---- */

/* The event with all that this reader may see: a receipt leaves out what its command's signer has. */
static int ask_event(struct cli *cli, uint64_t sequence, Comity__V1__EventRecord **ret_event)
{
    Comity__V1__Events events = COMITY__V1__EVENTS__INIT;
    Comity__V1__Query query = COMITY__V1__QUERY__INIT;
    const Comity__V1__Answer *answer;

    events.from = sequence;
    query.kind_case = COMITY__V1__QUERY__KIND_EVENTS;
    query.events = &events;
    query.limit = 1;
    int code = desk_ask(cli, &query, &answer);
    if (code == 0 && answer->n_events != 1)
        return cli_fail(cli, ERR_RECEIPT, NULL, "The server does not show number %" PRIu64 ".", sequence);
    if (code == 0)
        *ret_event = answer->events[0];
    return code;
}

static Comity__V1__CosignedCheckpoint *new_cosigned(struct cli *cli,
                                                    const struct checked_cosignature *checked, size_t room)
{
    Comity__V1__CosignedCheckpoint *cosigned = arena_alloc(cli->arena, sizeof(*cosigned));

    if (cosigned == NULL)
        return NULL;
    comity__v1__cosigned_checkpoint__init(cosigned);
    cosigned->checkpoint =
        (ProtobufCBinaryData){checked->checkpoint.note_size, (uint8_t *) checked->checkpoint.note};
    cosigned->cosignatures = arena_alloc(cli->arena, room * sizeof(*cosigned->cosignatures));
    return cosigned->cosignatures == NULL ? NULL : cosigned;
}

static int compare_checked(const void *a, const void *b)
{
    const struct checked_cosignature *left = a, *right = b;

    if (left->row->size != right->row->size)
        return left->row->size < right->row->size ? -1 : 1;
    return memcmp(left->row->key.data, right->row->key.data, KEY_SIZE);
}

/* Those that hold the event, by size; with each the proof that it and the receipt's checkpoint are of one
 * record. */
static int add_cosigned(struct cli *cli, Comity__V1__ReceiptFile *file, const struct shown_finality *shown)
{
    const Comity__V1__Receipt *receipt = file->receipt;
    struct comity_checkpoint own;
    size_t pin_count, count = shown->checked_count;
    const struct comity_pin *pins = checkpoint_pins(cli, &pin_count);
    int code = comity_checkpoint_read(receipt->checkpoint.data, receipt->checkpoint.len, cli->context.history,
                                      pins, pin_count, &own);

    if (code != 0 || count == 0)
        return code;
    qsort(shown->checked, count, sizeof(*shown->checked), compare_checked);
    file->cosigned = arena_alloc(cli->arena, count * sizeof(*file->cosigned));
    if (file->cosigned == NULL)
        return ERR_MEMORY;
    Comity__V1__CosignedCheckpoint *last = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct checked_cosignature *checked = &shown->checked[i];
        const struct comity_checkpoint *other = &checked->checkpoint;
        const Comity__V1__Answer *answer;
        if (other->size < receipt->first_sequence)
            continue;
        if (last == NULL || i == 0 || shown->checked[i - 1].row->size != other->size) {
            bool is_earlier = other->size < own.size;
            code = checkpoint_join(cli, is_earlier ? other : &own, is_earlier ? &own : other, &answer);
            if (code == 0 && (last = new_cosigned(cli, checked, count)) == NULL)
                code = ERR_MEMORY;
            if (code != 0)
                return code;
            last->proof = answer->proof;
            last->n_proof = answer->n_proof;
            file->cosigned[file->n_cosigned++] = last;
        }
        last->cosignatures[last->n_cosignatures++] = (Comity__V1__Cosignature *) checked->row;
    }
    return 0;
}

/* What the journal has of it, if anything. */
struct kept_receipt {
    struct cli *cli;
    const uint8_t *id;
    const char *journal;
    struct bytes packed; /* in the arena; empty: there is none that holds */
    bool is_given_up;
};

static int take_kept(const struct comity_journal_entry *entry, void *context)
{
    struct kept_receipt *kept = context;
    struct cli *cli = kept->cli;
    uint8_t *bytes;
    size_t size, pin_count;

    if (memcmp(entry->command_id, kept->id, COMMAND_ID_SIZE) != 0)
        return 0;
    const struct comity_pin *pins = checkpoint_pins(cli, &pin_count);
    if (comity_journal_get_receipt(kept->journal, entry, pins, pin_count, &bytes, &size, &kept->is_given_up) != 0)
        return 0;
    kept->packed = arena_bytes(cli->arena, BYTES(bytes, size));
    free(bytes);
    return 0;
}

static int find_kept(struct cli *cli, const uint8_t id[COMMAND_ID_SIZE], struct kept_receipt *ret_kept)
{
    char path[PATH_BYTES];
    int code = journal_path(cli, path);

    *ret_kept = (struct kept_receipt){.cli = cli, .id = id, .journal = path};
    if (code == 0)
        code = comity_journal_each(path, cli->context.history, take_kept, ret_kept, NULL);
    ret_kept->journal = NULL;
    return code;
}

/* Witnesses' signatures are the server's to give. Without it, or where it shows another record, the file has none. */
static int add_witnesses(struct cli *cli, Comity__V1__ReceiptFile *file, bool is_kept)
{
    const struct shown_finality *shown;
    struct failure before = cli->failure;
    int code = is_kept ? desk_open(cli) : 0;

    if (code == 0)
        code = finality_ask(cli, &shown);
    if (code == 0)
        code = add_cosigned(cli, file, shown);
    if (code == 0 || code == ERR_MEMORY || !is_kept)
        return code;
    const char *why = language_error(code);
    say(cli, "It has no signatures of witnesses: the server did not give any. %s", why);
    file->n_cosigned = 0;
    cli->failure = before;
    return 0;
}

/* What the journal has proves by itself, whatever the server says today. */
static int compose(struct cli *cli, const uint8_t id[COMMAND_ID_SIZE], struct bytes *ret_file, bool *ret_is_given_up)
{
    Comity__V1__ReceiptFile file = COMITY__V1__RECEIPT_FILE__INIT;
    ProtobufCMessage *message;
    struct kept_receipt kept;
    int code = find_kept(cli, id, &kept);
    bool is_kept = code == 0 && kept.packed.size > 0;

    if (code == 0 && !is_kept)
        code = receipt_ask(cli, id, &kept.packed);
    if (code == 0)
        code = message_unpack(&comity__v1__receipt__descriptor, kept.packed, FILE_MAX_BYTES, cli->arena, NULL,
                              &message);
    if (code != 0)
        return code;
    file.receipt = (Comity__V1__Receipt *) message;
    *ret_is_given_up = is_kept && kept.is_given_up;
    if (!is_kept)
        code = ask_event(cli, file.receipt->first_sequence, &file.receipt->event);
    if (code == 0 && !*ret_is_given_up)
        code = add_witnesses(cli, &file, is_kept);
    return code != 0 ? code : receipt_file_pack(&file, cli->arena, ret_file);
}

/* ---- Telling ---- */

static const char *act_name(const struct receipt_report *report)
{
    const char *name = report->has_command ? command_name(report->command.body) : NULL;

    return name == NULL ? "?" : name;
}

static void put_report(struct cli *cli, const struct receipt_report *report)
{
    struct json_object *cosigners = json_object_new_array();
    char fingerprint[FINGERPRINT_SIZE];

    key_fingerprint(report->log_key, fingerprint);
    cli_put_hex(cli, "history", BYTES(report->header.history, HISTORY_ID_SIZE));
    cli_put_number(cli, "epoch", report->header.epoch);
    cli_put_number(cli, "sequence", report->header.sequence);
    cli_put(cli, "time_ms", json_object_new_int64(report->header.time_ms));
    cli_put_hex(cli, "command_id", BYTES(report->command_id, COMMAND_ID_SIZE));
    cli_put_hex(cli, "log_key", BYTES(report->log_key, KEY_SIZE));
    cli_put_text(cli, "log_key_fingerprint", fingerprint);
    cli_put(cli, "command",
            report->has_command ? message_to_json(&report->command.body->base, desk_prose, cli) : NULL);
    cli_put(cli, "event", message_to_json(&report->event->base, desk_prose, cli));
    for (size_t i = 0; i < report->cosigner_count; i++) {
        const struct receipt_cosigner *row = &report->cosigners[i];
        struct json_object *value = json_object_new_object();
        json_object_object_add(value, "key", json_hex(BYTES(row->key, KEY_SIZE)));
        json_object_object_add(value, "size", json_object_new_uint64(row->size));
        json_object_object_add(value, "time_s", json_object_new_int64(row->time_s));
        json_object_array_add(cosigners, value);
    }
    cli_put(cli, "cosigners", cosigners);
}

/* The texts that came along: their hashes were checked. */
static int keep_texts(struct cli *cli, const struct receipt_report *report)
{
    const Comity__V1__EventRecord *event = report->file->receipt->event;
    struct comity_texts *texts;
    int code = desk_texts(cli, &texts); /* makes the desk, which has the place for them */

    for (size_t i = 0; code == 0 && i < event->n_parts; i++) {
        const Comity__V1__Part *part = event->parts[i];
        if (part->kind == COMITY__V1__PART_KIND__PART_KIND_TEXT && !part->is_withheld &&
            utf8_is_valid(BYTES(part->content.data, part->content.len)))
            desk_keep_text(cli, part->hash.data, BYTES(part->content.data, part->content.len));
    }
    return code;
}

static bool has_cosigned(const struct receipt_report *report, const uint8_t key[KEY_SIZE])
{
    for (size_t i = 0; i < report->cosigner_count; i++)
        if (memcmp(report->cosigners[i].key, key, KEY_SIZE) == 0)
            return true;
    return false;
}

/* By the witnesses that whoever verifies it knows: the file's word is nothing. It is FINAL if there is one of every party among
 * them, which a receipt does not tell. */
static int say_witnessed(struct cli *cli, const struct receipt_report *report)
{
    size_t wanted = option_count(&cli->arguments, "witness"), found = 0;

    for (size_t i = 0; i < wanted; i++) {
        uint8_t key[KEY_SIZE];
        int code = cli_key(cli, "--witness", option_at(&cli->arguments, "witness", i), key);
        if (code != 0)
            return code;
        found += has_cosigned(report, key);
        if (!has_cosigned(report, key))
            say(cli, "Missing: witness %s has not signed it in this file.", shown_key(cli, key));
    }
    cli_put(cli, "is_witnessed", wanted == 0 ? NULL : json_object_new_boolean(found == wanted));
    if (found < wanted)
        return cli_fail(cli, ERR_UNCOUNTED,
                        "Have it saved again once that witness has signed: comity receipt save",
                        "The file proves what was recorded, but not that it is FINAL.");
    if (wanted > 0 && found == wanted)
        say(cli, "Every witness that you named has signed a record that holds it.");
    for (size_t i = 0; wanted == 0 && i < report->cosigner_count; i++)
        say(cli, "Signed as well by %s, up to number %" PRIu64 ".", shown_key(cli, report->cosigners[i].key),
            report->cosigners[i].size);
    if (wanted == 0 && report->cosigner_count > 0)
        say(cli, "Is it a witness of each party? Name the keys that you know, one --witness KEY each.");
    return 0;
}

/* What is compared by people stands beside. */
static const char *compared_key(struct cli *cli, const uint8_t key[KEY_SIZE])
{
    char fingerprint[FINGERPRINT_SIZE];

    key_fingerprint(key, fingerprint);
    return phrase(cli, "%s (fingerprint %s)", shown_key(cli, key), fingerprint);
}

static int say_report(struct cli *cli, const struct receipt_report *report)
{
    say(cli, "Number %" PRIu64 " of epoch %" PRIu32 ", recorded %s: %s.", report->header.sequence,
        report->header.epoch, shown_time(cli, report->header.time_ms), act_name(report));
    if (report->has_command)
        say(cli, "Signed by %s.", compared_key(cli, report->command.body->key.data));
    else
        say(cli, "The command itself is not in the file: whoever saved it could not see it, or it is a journal's own.");
    say(cli,
        "Checked: every signature, every hash, and the proof that it is in the record that %s has signed.",
        compared_key(cli, report->log_key));
    return say_witnessed(cli, report);
}

/* ---- Verbs ---- */

static int verify(struct cli *cli, struct bytes content, const uint8_t (*keys)[KEY_SIZE], size_t count,
                  struct receipt_report *report)
{
    enum receipt_check check = RECEIPT_CHECK_FORM;
    int code = receipt_file_verify(content, keys, count, cli->arena, report, &check);

    if (code == 0 || code == ERR_MEMORY)
        return code;
    cli_put(cli, "failed_check", json_object_new_int((int) check));
    cli_fail(cli, code,
             "Ask whoever has the receipt to save it anew (comity receipt save); if that fails as well, tell "
             "every party.",
             "It proves nothing: %s", _(receipt_check_sentence(check)));
    return cli_unusable(cli, code);
}

int receipt_save_run(struct cli *cli)
{
    uint8_t id[COMMAND_ID_SIZE];
    const char *path = cli_argument(cli, "FILE");
    struct receipt_report *report = arena_alloc(cli->arena, sizeof(*report));
    struct bytes content;
    const uint8_t(*pins)[KEY_SIZE];
    size_t pin_count;
    char why[FILE_REASON_MAX];
    bool is_given_up = false;
    int code = report == NULL ? ERR_MEMORY : receipt_argument(cli, id);

    if (code == 0)
        code = compose(cli, id, &content, &is_given_up);
    if (code != 0)
        return code;
    desk_pins(cli, &pins, &pin_count);
    code = verify(cli, content, pins, pin_count, report);
    if (code == 0)
        code = keep_texts(cli, report);
    if (code != 0)
        return code;
    code = file_write(path, content, 0644, false, why);
    if (code != 0)
        return cli_fail_write(cli, code, "Choose another name.", why);
    cli_put_text(cli, "file", path);
    cli_put(cli, "is_given_up", json_object_new_boolean(is_given_up));
    put_report(cli, report);
    if (is_given_up)
        say(cli, "It is of a record that you gave up (comity checkpoint accept).");
    say(cli, "%s proves number %" PRIu64 " by itself: comity receipt verify %s", shown_string(cli, path),
        report->header.sequence, shown_string(cli, path));
    if (!is_given_up)
        say(cli, "%s",
            counted(cli, report->cosigner_count, "%" PRIu64 " cosignature of a witness is in it.",
                    "%" PRIu64 " cosignatures of witnesses are in it."));
    return 0;
}

/* The keys that were given, else those of the context: nobody is asked. */
static int read_log_keys(struct cli *cli, uint8_t (*keys)[KEY_SIZE], size_t room, size_t *ret_count)
{
    size_t given = option_count(&cli->arguments, "log-key");
    int code = given > 0 ? 0 : cli_need(cli, NEEDS_HISTORY);

    if (code == ERR_CONFIG)
        return cli_fail(cli, code,
                        "Add --log-key KEY. Every invitation has it, and comity context show prints it (log_keys): ask a "
                        "member whom you trust.",
                        "No context here says by which key the record is signed.");
    if (code == 0 && given > room)
        return cli_fail(cli, ERR_USAGE, NULL, "Give at most %zu keys.", room);
    for (size_t i = 0; code == 0 && i < given; i++)
        code = cli_key(cli, "--log-key", option_at(&cli->arguments, "log-key", i), keys[i]);
    if (code == 0 && given == 0)
        memcpy(keys, cli->context.pins, cli->context.pin_count * KEY_SIZE);
    *ret_count = given > 0 ? given : cli->context.pin_count;
    return code;
}

int receipt_verify_run(struct cli *cli)
{
    uint8_t keys[CONTEXT_PINS_MAX][KEY_SIZE], witness[KEY_SIZE];
    const char *path = cli_argument(cli, "FILE");
    struct receipt_report *report = arena_alloc(cli->arena, sizeof(*report));
    struct bytes content;
    size_t count = 0;
    char why[FILE_REASON_MAX];
    int code = report == NULL ? ERR_MEMORY : read_log_keys(cli, keys, CONTEXT_PINS_MAX, &count);

    for (size_t i = 0; i < option_count(&cli->arguments, "witness") && code == 0; i++)
        code = cli_key(cli, "--witness", option_at(&cli->arguments, "witness", i), witness);
    if (code != 0)
        return code;
    code = file_read(path, RECEIPT_FILE_MAX_BYTES, cli->arena, &content, why);
    if (code != 0)
        return cli_fail(cli, code, NULL, "%s", why);
    code = verify(cli, content, (const uint8_t(*)[KEY_SIZE]) keys, count, report);
    if (code == 0 && option_count(&cli->arguments, "log-key") == 0 &&
        memcmp(report->header.history, cli->context.history, HISTORY_ID_SIZE) != 0)
        return cli_fail(cli, ERR_HISTORY, NULL, "It is of another record than that of context %s.",
                        cli->context.name);
    if (code == 0)
        code = keep_texts(cli, report);
    if (code != 0)
        return code;
    put_report(cli, report);
    return say_report(cli, report);
}
