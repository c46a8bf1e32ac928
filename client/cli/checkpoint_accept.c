/* `comity checkpoint accept`: to give up what this machine has verified, for another record, by the word of people. */
#include <ctype.h>
#include <inttypes.h>

#include "client/cli/checkpoint.h"
#include "client/cli/final.h"
#include "client/cli/output.h"
#include "client/cli/receipts.h"
#include "client/cli/verbs.h"
#include "comity/v1/link.pb-c.h"
#include "core/text.h"

enum { FINGERPRINT_DIGITS = 5 * CHECKPOINT_FINGERPRINT_GROUPS };

struct accepting {
    struct cli *cli;
    char journal[PATH_BYTES];
    struct comity_checkpoint own, other; /* what was verified, and what is followed from now on */
    struct comity_checkpoint head;       /* the server's, which goes on from the other */
    const struct comity_pin *pins;
    size_t pin_count;
    const Comity__V1__Partnership *partnership;
    struct json_object *given_up;
    size_t given_up_count;
};

/* ---- What people have compared ---- */

/* Forty digits, however they are grouped. */
static int read_fingerprint(struct cli *cli, char ret_digits[FINGERPRINT_DIGITS + 1])
{
    size_t count = 0;
    bool is_good = true;

    for (const char *at = cli_argument(cli, "FINGERPRINT"); *at != '\0'; at++) {
        bool is_digit = isdigit((unsigned char) *at) != 0;
        is_good = is_good && (is_digit ? count < FINGERPRINT_DIGITS : *at == ' ' || *at == '-');
        if (is_good && is_digit)
            ret_digits[count++] = *at;
    }
    if (!is_good || count != FINGERPRINT_DIGITS)
        return cli_fail(cli, ERR_USAGE, "Ask a member of every party for it: comity checkpoint --at NUMBER",
                        "FINGERPRINT is %d digits, in quotation marks if there are blanks in it.", FINGERPRINT_DIGITS);
    ret_digits[FINGERPRINT_DIGITS] = '\0';
    return 0;
}

static bool has_fingerprint(const struct cli *cli, const struct comity_checkpoint *checkpoint, const char *digits)
{
    char fingerprint[CHECKPOINT_FINGERPRINT_SIZE];

    checkpoint_fingerprint(cli->context.history, checkpoint, fingerprint);
    for (const char *at = fingerprint; *at != '\0'; at++)
        if (*at != ' ' && *at != *digits++)
            return false;
    return true;
}

/* ---- What the server shows ---- */

/* Judged as by every other verb. */
static int check_forked(struct cli *cli)
{
    int code = desk_open(cli);

    desk_close(cli);
    if (code == 0)
        return cli_fail(cli, ERR_STATE, "comity checkpoint",
                        "The server's record goes on from what this machine has verified: there is nothing to give up.");
    if (code == ERR_FORKED)
        cli->failure = (struct failure){0};
    return code == ERR_FORKED ? 0 : code;
}

/* At a number that both records have in common the same was compared with the same. */
static int check_number(struct accepting *accepting, uint64_t number)
{
    uint64_t own = accepting->own.size, head = accepting->head.size;

    if (head < own && number != head)
        return cli_fail(accepting->cli, ERR_RANGE, NULL,
                        "The server's record ends at number %" PRIu64 ": compare with others what they have of that number.",
                        head);
    if (head >= own && (number < own || number > head))
        return cli_fail(accepting->cli, ERR_RANGE, NULL,
                        "This machine has verified another record up to number %" PRIu64
                        ": compare with others what they have of that number, or of a later one.",
                        own);
    return 0;
}

static int find_other(struct accepting *accepting, uint64_t number, const char *digits)
{
    struct cli *cli = accepting->cli;
    int code = checkpoint_ask(cli, 0, 0, &accepting->head, NULL);

    if (code == 0)
        code = check_number(accepting, number);
    if (code == 0)
        code = checkpoint_ask(cli, 0, number, &accepting->other, NULL);
    if (code != 0)
        return code;
    if (!has_fingerprint(cli, &accepting->other, digits))
        return cli_fail(cli, ERR_DIFFERS,
                        "Compare again, with several members: comity checkpoint --at NUMBER there. Whose record the server "
                        "does not show cannot be followed here.",
                        "The record that the server shows has another fingerprint at number %" PRIu64 ".", number);
    code = checkpoint_join(cli, &accepting->other, &accepting->head, NULL);
    return code != ERR_FORKED ? code
                              : cli_fail(cli, code, NULL, "The server's record does not go on from number %" PRIu64 ".",
                                         number);
}

/* ---- One's own acts ---- */

/* Is it in the record that is followed now, by a proof that holds? 0; ERR_RECEIPT: no; or why it could not be asked. */
static int prove(struct accepting *accepting, const struct comity_journal_entry *entry, struct bytes *ret_receipt)
{
    struct cli *cli = accepting->cli;
    struct comity_checkpoint shown;
    ProtobufCMessage *message;
    int code = receipt_ask(cli, entry->command_id, ret_receipt);

    if (code == ERR_NOT_FOUND) {
        cli->failure = (struct failure){0};
        return ERR_RECEIPT;
    }
    if (code == 0)
        code = comity_receipt_check(entry->draft, ret_receipt->data, ret_receipt->size, accepting->pins,
                                    accepting->pin_count, NULL);
    if (code == 0)
        code = message_unpack(&comity__v1__receipt__descriptor, *ret_receipt, FILE_MAX_BYTES, cli->arena, NULL, &message);
    if (code != 0)
        return code;
    const ProtobufCBinaryData *note = &((const Comity__V1__Receipt *) message)->checkpoint;
    code = comity_checkpoint_read(note->data, note->len, cli->context.history, accepting->pins, accepting->pin_count,
                                  &shown);
    /* Of an earlier epoch the list of epochs says which numbers stand. */
    if (code != 0 || shown.epoch != accepting->head.epoch)
        return code;
    bool is_earlier = shown.size < accepting->head.size;
    code = checkpoint_join(cli, is_earlier ? &shown : &accepting->head, is_earlier ? &accepting->head : &shown, NULL);
    return code == ERR_FORKED ? ERR_RECEIPT : code;
}

static void note_given_up(struct accepting *accepting, const struct comity_journal_entry *entry)
{
    struct cli *cli = accepting->cli;
    struct json_object *value = json_object_new_object();

    json_object_object_add(value, "command_id", json_hex(BYTES(entry->command_id, COMMAND_ID_SIZE)));
    json_object_object_add(value, "act", json_object_new_string(comity_draft_name(entry->draft)));
    json_object_object_add(value, "sequence", json_object_new_uint64(entry->sequence));
    json_object_object_add(value, "epoch", json_object_new_uint64(entry->epoch));
    json_object_array_add(accepting->given_up, value);
    accepting->given_up_count++;
    if (entry->has_receipt)
        say(cli, "%s, there as number %" PRIu64 ": not in the record that is followed now.", comity_draft_name(entry->draft),
            entry->sequence);
    else
        say(cli, "%s, not confirmed: not in the record that is followed now.", comity_draft_name(entry->draft));
}

/* What a restore has lost is lost there as well: it stays as it is. */
static int judge_act(const struct comity_journal_entry *entry, void *context)
{
    struct accepting *accepting = context;
    bool is_open = !entry->has_receipt && (entry->refused == 0 || entry->refused == ERR_FORKED);
    struct bytes receipt;

    if (!is_open && comity_standing(entry, accepting->partnership) == NULL)
        return 0;
    int code = prove(accepting, entry, &receipt);
    if (code == 0)
        return comity_journal_take_receipt(accepting->journal, entry, receipt.data, receipt.size);
    if (code != ERR_RECEIPT)
        return code;
    if (entry->refused != ERR_FORKED)
        note_given_up(accepting, entry);
    return comity_journal_give_up(accepting->journal, entry, accepting->partnership->epoch);
}

/* ---- The verb ---- */

static int follow_contexts(struct accepting *accepting)
{
    struct cli *cli = accepting->cli;
    const uint8_t(*pins)[KEY_SIZE];
    char reason[CONTEXT_REASON_MAX];
    size_t count;

    desk_pins(cli, &pins, &count);
    int code = context_follow(cli->home, cli->context.history, accepting->other.epoch, accepting->other.size, pins, count,
                              cli->arena, reason);
    return code == 0 ? 0 : cli_fail(cli, code, NULL, "%s", reason);
}

/* The head last: until then the record is refused as before, and the same command goes on. */
static int follow(struct accepting *accepting, char ret_evidence[PATH_BYTES])
{
    struct cli *cli = accepting->cli;
    const Comity__V1__WhoamiAnswer *whoami;
    int code = comity_fork_keep(accepting->journal, cli->context.history,
                                N_("You and the other reader were shown two different records: one does not go on from the "
                                   "other."),
                                &accepting->own, &accepting->other, ret_evidence, PATH_BYTES);

    if (code == 0)
        code = desk_whoami(cli, &whoami);
    if (code != 0)
        return code;
    accepting->partnership = whoami->partnership;
    accepting->pins = checkpoint_pins(cli, &accepting->pin_count);
    code = comity_journal_each(accepting->journal, cli->context.history, judge_act, accepting, NULL);
    if (code == 0)
        code = follow_contexts(accepting);
    if (code == 0)
        code = comity_checkpoint_replace(accepting->journal, cli->context.history, &accepting->own, &accepting->other);
    return code;
}

static void say_followed(struct accepting *accepting, const char *evidence)
{
    struct cli *cli = accepting->cli;

    cli_put_text(cli, "evidence", evidence);
    cli_put_number(cli, "epoch", accepting->other.epoch);
    cli_put_number(cli, "size", accepting->other.size);
    if (accepting->given_up_count > 0)
        say(cli, "Nothing of that is sent again by itself: its numbers may mean something else now. Give anew what is still "
                 "wanted. Its receipts are kept, and comity receipt save still saves them.");
    say(cli, "Followed from now on: the record with that fingerprint. Both checkpoints are kept as evidence: %s",
        shown_string(cli, evidence));
}

int checkpoint_accept_run(struct cli *cli)
{
    struct accepting accepting = {.cli = cli};
    char digits[FINGERPRINT_DIGITS + 1], evidence[PATH_BYTES];
    uint64_t number;
    int code = cli_number(cli, "NUMBER", cli_argument(cli, "NUMBER"), 1, UINT64_MAX, &number);

    if (code == 0)
        code = read_fingerprint(cli, digits);
    if (code == 0)
        code = journal_path(cli, accepting.journal);
    if (code == 0)
        code = checkpoint_kept(cli, &accepting.own);
    if (code == 0)
        code = check_forked(cli);
    if (code == 0)
        code = desk_open_apart(cli);
    if (code == 0)
        code = find_other(&accepting, number, digits);
    if (code == 0)
        code = final_check_here(
            cli, phrase(cli,
                        "What this machine has verified up to number %" PRIu64
                        " is given up; the record that the server shows is followed instead, whose fingerprint at number %" PRIu64
                        " you have compared with others.",
                        accepting.own.size, number));
    if (code != 0)
        return code;
    accepting.given_up = json_object_new_array();
    cli_put(cli, "given_up", accepting.given_up);
    code = follow(&accepting, evidence);
    if (code == 0)
        say_followed(&accepting, evidence);
    return code;
}
