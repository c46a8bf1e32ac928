/* Sending again what was never confirmed, and what a restore from a backup has lost. */
#include <inttypes.h>

#include "client/cli/act_text.h"
#include "client/cli/cut_off.h"
#include "client/cli/desk.h"
#include "client/cli/output.h"
#include "client/cli/verbs.h"
#include "core/machine/machine.h"
#include "core/text.h"

enum { KEYS_MAX = 32 };

struct resending {
    struct cli *cli;
    const Comity__V1__Partnership *partnership;
    const char *journal;              /* its path */
    uint8_t keys[KEYS_MAX][KEY_SIZE]; /* the context's key, and those before it in whose place it came */
    size_t key_count;
    struct json_object *array, *left; /* sent in this run; lost, and not taken over */
    struct json_object *would_send;   /* with --dry-run */
    int worst;                        /* the first code of what is still open */
    bool is_known;                    /* the record has it that the signer came in */
    unsigned recorded, open, refused, not_taken_over, overtaken;
};

static void count_open(struct resending *resending, int code)
{
    resending->open++;
    if (resending->worst == 0)
        resending->worst = code;
}

static void put_left(struct resending *resending, const struct comity_journal_entry *entry, int code,
                     const char *why)
{
    struct cli *cli = resending->cli;
    struct json_object *value = json_object_new_object();

    json_object_object_add(value, "command_id", json_hex(BYTES(entry->command_id, COMMAND_ID_SIZE)));
    json_object_object_add(value, "act", json_object_new_string(shown_act(cli, entry->draft)));
    json_object_object_add(value, "sequence", json_object_new_uint64(entry->sequence));
    json_object_object_add(value, "epoch", json_object_new_uint64(entry->epoch));
    json_object_object_add(value, "error", json_object_new_string(error_name(code)));
    json_object_object_add(value, "why", json_object_new_string(why));
    json_object_array_add(resending->left, value);
}

static void note_left(struct resending *resending, const struct comity_journal_entry *entry, int code,
                      const char *field)
{
    struct cli *cli = resending->cli;
    const char *why = act_why(cli, entry->draft, resending->partnership, code, field);

    put_left(resending, entry, code, why);
    resending->not_taken_over++;
    say(cli, "%s (number %" PRIu64 " in epoch %" PRIu32 "): not taken over: %s.",
        spoken_act(cli, entry->draft), entry->sequence, entry->epoch, why);
}

static void note_result(struct resending *resending, const struct comity_journal_entry *entry, bool is_lost,
                        const struct comity_result *result)
{
    static const char *const VERDICTS[] = {"", "RECORDED", "ANSWERED", "REFUSED", "UNKNOWN", "NOT_SENT"};
    struct cli *cli = resending->cli;
    struct json_object *value = json_object_new_object();
    const char *act = shown_act(cli, entry->draft), *spoken = spoken_act(cli, entry->draft), *name = error_name(result->fault.code);
    bool is_refused = result->verdict == COMITY_REFUSED && comity_is_final(result->fault.code);

    json_object_object_add(value, "command_id", json_hex(BYTES(result->command_id, COMMAND_ID_SIZE)));
    json_object_object_add(value, "act", json_object_new_string(act));
    json_object_object_add(value, "was_lost", json_object_new_boolean(is_lost));
    json_object_object_add(value, "verdict", json_object_new_string(VERDICTS[result->verdict]));
    json_object_object_add(value, "sequence", json_object_new_uint64(result->sequence));
    json_object_object_add(value, "error", json_object_new_string(name));
    json_object_object_add(value, "field", json_object_new_string(result->fault.field));
    json_object_array_add(resending->array, value);
    if (result->verdict == COMITY_RECORDED) {
        resending->recorded++;
        say(cli, "%s: recorded as number %" PRIu64 ".", spoken, result->sequence);
        return;
    }
    if (is_refused)
        resending->refused++;
    if (is_refused && is_lost) {
        note_left(resending, entry, result->fault.code, result->fault.field);
        return;
    }
    if (is_refused)
        say(cli, "%s: refused: %s: %s.", spoken, name,
            act_why(cli, entry->draft, resending->partnership, result->fault.code, result->fault.field));
    else
        say(cli, "%s: not confirmed: %s: %s", spoken, name, cut_off_sentence(result->fault.code));
    if (!is_refused)
        count_open(resending, desk_judge(cli, result));
}

static bool has_receipt_of(const struct comity_journal_entry *entry, const struct comity_result *result)
{
    for (size_t i = 0; i < entry->receipt_count; i++)
        if (entry->receipts[i].epoch == result->epoch && entry->receipts[i].sequence == result->sequence)
            return true;
    return false;
}

/* *ret_is_known: the record had it, and so had the journal: nothing was done. */
static void send_again(struct resending *resending, const struct comity_journal_entry *entry, bool is_lost,
                       bool *ret_is_known)
{
    struct comity_result result = {0};
    progress_tick(&resending->cli->progress);
    int code = comity_submit_wait(desk_client(resending->cli), entry->draft, 0, &result);
    progress_clear(&resending->cli->progress);

    *ret_is_known = result.verdict == COMITY_RECORDED && has_receipt_of(entry, &result);
    if (*ret_is_known)
        code = 0;
    else if (result.verdict != 0)
        note_result(resending, entry, is_lost, &result);
    else
        count_open(resending, code);
    comity_result_release(&result);
}

/* The key that the record knows by this act; empty where it makes none known. */
static struct bytes key_of_entry(const struct comity_journal_entry *entry)
{
    const Comity__V1__Command *command = comity_draft_command(entry->draft);
    const ProtobufCBinaryData *key = NULL;

    if (command->body_case == COMITY__V1__COMMAND__BODY_REDEEM || command->body_case == COMITY__V1__COMMAND__BODY_FOUND)
        key = &command->key;
    else if (command->body_case == COMITY__V1__COMMAND__BODY_ADD_KEY)
        key = &command->add_key->key;
    else if (command->body_case == COMITY__V1__COMMAND__BODY_RECOVER_CO_CHAIR)
        key = &command->recover_co_chair->key;
    return key == NULL ? BYTES(NULL, 0) : BYTES(key->data, key->len);
}

static bool is_entry(const struct comity_journal_entry *entry)
{
    return key_of_entry(entry).size > 0;
}

/* The key by which an earlier one of the signer's let the latest of @keys in. */
static int take_earlier_key(const struct comity_journal_entry *entry, void *context)
{
    struct resending *resending = context;
    const Comity__V1__Command *command = comity_draft_command(entry->draft);
    const uint8_t *latest = resending->keys[resending->key_count - 1];

    if (command->body_case != COMITY__V1__COMMAND__BODY_ADD_KEY ||
        !bytes_equal(key_of_entry(entry), BYTES(latest, KEY_SIZE)))
        return 0;
    memcpy(resending->keys[resending->key_count++], command->key.data, KEY_SIZE);
    return 1;
}

static int find_earlier_keys(struct resending *resending)
{
    int code = 1;

    while (code == 1 && resending->key_count < KEYS_MAX)
        code = comity_journal_each(resending->journal, resending->cli->context.history, take_earlier_key, resending, NULL);
    return code < 0 ? code : 0;
}

static bool is_of_signer(const struct resending *resending, struct bytes key)
{
    for (size_t i = 0; i < resending->key_count; i++)
        if (bytes_equal(key, BYTES(resending->keys[i], KEY_SIZE)))
            return true;
    return false;
}

/* Of a key in whose place the signer's came. */
static bool is_of_earlier_key(const struct resending *resending, const struct comity_journal_entry *entry)
{
    struct bytes key = key_of_entry(entry);

    return is_of_signer(resending, key) && !bytes_equal(key, BYTES(resending->keys[0], KEY_SIZE));
}

static int confirm_earlier(const struct comity_journal_entry *entry, void *context)
{
    struct resending *resending = context;
    bool is_known;

    if (is_of_earlier_key(resending, entry))
        send_again(resending, entry, entry->has_receipt, &is_known);
    return 0;
}

/* How the signer came in. It is sent again even if it was refused before: a stranger's refusal holds for the
 * moment alone, as before whoever sent the invitation has sent it again. */
static int resend_entry(const struct comity_journal_entry *entry, void *context)
{
    struct resending *resending = context;
    unsigned recorded = resending->recorded;

    if (!is_entry(entry) || !is_of_signer(resending, key_of_entry(entry)))
        return 0;
    if (is_of_earlier_key(resending, entry)) {
        /* What comes of it is told by confirm_earlier: before the last key is in, no receipt can be checked. */
        struct comity_result result = {0};
        comity_submit_wait(desk_client(resending->cli), entry->draft, 0, &result);
        comity_result_release(&result);
        return 0;
    }
    send_again(resending, entry, entry->has_receipt, &resending->is_known);
    return resending->recorded > recorded || resending->is_known ? 1 : 0;
}

/* "you gave seat 2 of body 1 again later (number 122)" */
static const char *shown_overtaken(struct cli *cli, const struct comity_journal_entry *entry,
                                   const struct comity_journal_receipt *by)
{
    const Comity__V1__Command *command = comity_draft_command(entry->draft);

    if (command->body_case == COMITY__V1__COMMAND__BODY_ASSIGN_SEAT)
        return phrase(cli, "you gave seat %" PRIu32 " of body %" PRIu32 " again later (number %" PRIu64 ")",
                      command->assign_seat->seat, command->assign_seat->body, by->sequence);
    if (command->body_case == COMITY__V1__COMMAND__BODY_CHECK_IN)
        return phrase(cli, "you checked in to session %" PRIu32 " again later (number %" PRIu64 ")",
                      command->check_in->session, by->sequence);
    return phrase(cli, "you did the same again later (number %" PRIu64 ")", by->sequence);
}

/* Sent now, it would come after what the signer said later. It is answered by that. 0, or the journal's code.
 */
static int note_overtaken(struct resending *resending, const struct comity_journal_entry *entry,
                          const struct comity_journal_entry *later)
{
    struct cli *cli = resending->cli;
    const char *why = shown_overtaken(cli, entry, comity_standing(later, resending->partnership));

    put_left(resending, entry, ERR_STALE, why);
    resending->overtaken++;
    say(cli, "%s: not sent: %s.", spoken_act(cli, entry->draft), why);
    return comity_journal_settle(resending->journal, entry, ERR_STALE, resending->partnership->epoch);
}

static void note_would_send(struct resending *resending, const struct comity_journal_entry *entry)
{
    struct json_object *row = json_object_new_object();

    json_object_object_add(row, "command_id",
                           json_hex(BYTES(comity_draft_id(entry->draft), COMMAND_ID_SIZE)));
    json_object_object_add(row, "act", json_object_new_string(comity_draft_name(entry->draft)));
    json_object_array_add(resending->would_send, row);
    say(resending->cli, "%s: would be sent.", spoken_act(resending->cli, entry->draft));
}

/* Given up by the signer: its numbers may mean something else in the record that is followed now. */
static void note_given_up(struct resending *resending, const struct comity_journal_entry *entry)
{
    struct cli *cli = resending->cli;
    const char *why = _("it was signed for a record that you gave up; give it anew, if it is still wanted");

    put_left(resending, entry, ERR_FORKED, why);
    resending->overtaken++;
    say(cli, "%s: not sent: %s.", spoken_act(cli, entry->draft), why);
}

static int resend(const struct comity_journal_entry *entry, void *context)
{
    struct resending *resending = context;
    const struct comity_journal_entry *later = comity_overtaken(entry, resending->partnership);
    bool is_lost = comity_is_lost(entry, resending->partnership);
    bool is_refused = entry->refused != 0;
    bool is_refused_here = is_refused && entry->refused_epoch >= resending->partnership->epoch;
    bool is_open = !entry->has_receipt && !is_refused;
    bool is_known;

    if (is_entry(entry) && (is_lost || is_refused))
        return 0; /* who reads this is in */
    if (cli_has(resending->cli, "dry-run")) {
        if ((is_lost && !is_refused_here && later == NULL) || (is_open && later == NULL))
            note_would_send(resending, entry);
        return 0;
    }
    if (comity_is_waiting(entry)) { /* it was tried before this, and waits on */
        if (entry->waits == COMITY_WAITS_UNSENT)
            say(resending->cli, "%s: not sent yet: it waits here, see comity outbox list", spoken_act(resending->cli, entry->draft));
        else
            say(resending->cli, "%s: not confirmed: %s: %s", spoken_act(resending->cli, entry->draft), error_name(ERR_TIMEOUT),
                language_error(ERR_TIMEOUT));
        count_open(resending, ERR_TIMEOUT);
        return 0;
    }
    if ((is_lost || is_open) && later != NULL)
        return note_overtaken(resending, entry, later);
    if (entry->refused == ERR_FORKED && !entry->has_receipt)
        note_given_up(resending, entry);
    else if (is_lost && is_refused_here)
        note_left(resending, entry, entry->refused, "");
    else if (is_lost || is_open || (entry->has_receipt && is_refused))
        send_again(resending, entry, is_lost, &is_known);
    return 0;
}

static int load_signer(struct resending *resending)
{
    struct signing_key signer;
    int code = desk_signer(resending->cli, &signer);

    if (code != 0)
        return code;
    memcpy(resending->keys[0], signer.public_key, KEY_SIZE);
    resending->key_count = 1;
    signing_key_wipe(&signer);
    return find_earlier_keys(resending);
}

/* The record as it is now, whatever was seen of it before. Who is not in it any more goes in again first. */
static int find_record(struct resending *resending)
{
    struct cli *cli = resending->cli;
    const Comity__V1__WhoamiAnswer *whoami;
    int code = load_signer(resending);

    if (code != 0)
        return code;
    desk_ignore_seen(cli);
    code = desk_whoami(cli, &whoami);
    if ((code == ERR_GRANT || code == ERR_KEY_REVOKED) && !cli_has(cli, "dry-run")) {
        unsigned recorded = resending->recorded;
        code = comity_journal_each(resending->journal, cli->context.history, resend_entry, resending, NULL);
        if (code < 0)
            return code;
        if (resending->is_known)
            return cli_fail(
                cli, ERR_KEY_REVOKED,
                "A co-chair of your constituency can let you back (comity member recover MEMBER --out FILE); then "
                "comity join FILE, with a new key.",
                "The record has that you joined, and your key was revoked since: nothing is sent with it "
                "any more.");
        if (resending->recorded == recorded)
            return cli_fail(
                cli, ERR_GRANT,
                "If you joined after the backup was made: whoever invited you says comity resubmit "
                "first, then you again; or comity join with the invitation.",
                "The record, as it is now, does not know you.");
        cli->failure = (struct failure){0};
        code = desk_whoami(cli, &whoami);
        if (code == 0) {
            resending->partnership = whoami->partnership;
            code = comity_journal_each(resending->journal, cli->context.history, confirm_earlier, resending, NULL);
        }
    }
    if (code == 0)
        resending->partnership = whoami->partnership;
    return code;
}

/* Nothing goes into a record that somebody has put in the place of the present one. */
static int check_record(struct resending *resending)
{
    struct cli *cli = resending->cli;
    const Comity__V1__Partnership *partnership = resending->partnership;
    const struct context *context = &cli->context;
    uint64_t head = comity_seen(desk_client(cli), context->history);
    size_t count = partnership->n_epochs;

    if (count == 0 || partnership->epochs[count - 1]->number != partnership->epoch)
        return cli_fail(cli, ERR_MALFORMED, NULL,
                        "The worker's answer does not say which epochs the record has.");
    if (partnership->epoch < context->epoch || (partnership->epoch == context->epoch && head < context->seen))
        return cli_fail(
            cli, ERR_BEHIND,
            "Tell the operator: an old copy of the store may have been put back. Nothing was sent.",
            "The record (epoch %" PRIu32 ", number %" PRIu64
            ") is older than what you have seen (epoch %" PRIu32 ", number %" PRIu64 ").",
            partnership->epoch, head, context->epoch, context->seen);
    if (context->epoch != 0 && partnership->epoch > context->epoch)
        say(cli, "The record was restored from a backup as of number %" PRIu64 " (epoch %" PRIu32 ").",
            partnership->epochs[count - 1]->restored_to, partnership->epoch);
    return 0;
}

static void say_totals(struct resending *resending)
{
    struct cli *cli = resending->cli;

    if (resending->recorded + resending->open + resending->refused > 0)
        say(cli, "%u sent and recorded, %u still not confirmed, %u refused.", resending->recorded,
            resending->open, resending->refused);
    if (resending->not_taken_over > 0)
        say(cli, "%u of what a restore has lost was not taken over: see above, and comity receipt list.",
            resending->not_taken_over);
    else if (resending->recorded + resending->open + resending->refused + resending->overtaken == 0)
        say(cli, "Nothing that was signed here is left unanswered.");
}

int resubmit_run(struct cli *cli)
{
    struct resending resending = {.cli = cli,
                                  .array = json_object_new_array(),
                                  .left = json_object_new_array(),
                                  .would_send = json_object_new_array()};
    char path[PATH_BYTES];
    size_t damaged = 0;
    int code = journal_path(cli, path);

    resending.journal = path;

    if (code == 0)
        code = desk_open(cli);
    if (code == 0)
        code = find_record(&resending);
    if (code == 0)
        code = check_record(&resending);
    progress_begin(&cli->progress, _("Sending again"));
    if (code == 0)
        code = comity_journal_each(path, cli->context.history, resend, &resending, &damaged);
    progress_end(&cli->progress);
    cli_put(cli, "resubmitted", resending.array);
    cli_put(cli, "not_taken_over", resending.left);
    cli_put_number(cli, "recorded", resending.recorded);
    cli_put_number(cli, "unconfirmed", resending.open);
    cli_put_number(cli, "refused", resending.refused);
    cli_put_number(cli, "damaged", damaged);
    if (cli_has(cli, "dry-run")) {
        cli_put(cli, "would_send", json_object_get(resending.would_send));
        if (code == 0 && json_object_array_length(resending.would_send) == 0)
            say(cli, "Nothing would be sent.");
        else if (code == 0)
            say(cli, "Nothing was sent.");
    } else if (code == 0)
        say_totals(&resending);
    json_object_put(resending.would_send);
    if (code == 0 && damaged > 0 && resending.open == 0)
        code = cli_fail(
            cli, ERR_CORRUPT, "See comity receipt list and the record, and do what is missing there anew.",
            "Files of what was signed here that are damaged, and could not be sent again: %zu.", damaged);
    if (code == 0 && resending.open > 0)
        code = cli_fail(cli, resending.worst, "comity resubmit once more, later: nothing is done twice.",
                        "%u of the commands that were signed here are still not confirmed.", resending.open);
    return code;
}
