/* Giving acts: the part of desk.h that writes, signs and sends commands. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#include "client/cli/cut_off.h"
#include "client/cli/desk.h"
#include "client/cli/final.h"
#include "client/cli/hint.h"
#include "client/cli/output.h"
#include "core/text.h"

enum { SUBMIT_PUMP_MS = 50 };

int desk_text(struct cli *cli, enum prose_kind kind, const char *what, struct bytes text,
              Comity__V1__TextRef **ret_reference)
{
    struct comity_texts *texts;
    int code = desk_texts(cli, &texts);

    if (code == 0)
        code = prose_compose(&text, cli->arena);
    if (code != 0)
        return code;
    const char *fault = prose_fault(kind, text, cli->arena);
    if (fault != NULL) {
        cli_fail(cli, ERR_TEXT, "Give the same command with another text.", "%s %s", what, fault);
        return cli_unusable(cli, ERR_TEXT);
    }
    code = comity_texts_add(texts, (const char *) text.data, text.size, ret_reference);
    if (code != 0)
        return code;
    desk_keep_text(cli, (*ret_reference)->hash.data, text);
    return 0;
}

int desk_line(struct cli *cli, const char *what, const char *line, Comity__V1__TextRef **ret_reference)
{
    return desk_text(cli, PROSE_LINE, what, BYTES(line, strlen(line)), ret_reference);
}

int desk_given_text(struct cli *cli, Comity__V1__TextRef **ret_reference)
{
    const char *text = cli_option(cli, "text"), *path = cli_option(cli, "file");
    struct bytes content;
    char why[FILE_REASON_MAX];

    if ((text == NULL) == (path == NULL))
        return cli_fail(cli, ERR_USAGE, NULL,
                        "Give the text by --text TEXT or by --file FILE (\"-\" is standard input).");
    if (text != NULL)
        return desk_text(cli, PROSE_TEXT, "--text", BYTES(text, strlen(text)), ret_reference);
    int code =
        file_read(strcmp(path, "-") == 0 ? "/dev/stdin" : path, FILE_MAX_BYTES, cli->arena, &content, why);
    if (code != 0)
        return cli_fail(cli, code, NULL, "%s", why);
    return desk_text(cli, PROSE_TEXT, strcmp(path, "-") == 0 ? _("Standard input") : shown_string(cli, path),
                     content, ret_reference);
}

void desk_command_init(Comity__V1__Command *command, Comity__V1__Command__BodyCase body)
{
    comity__v1__command__init(command);
    command->body_case = body;
}

ProtobufCMessage *desk_command_new(struct arena *arena, Comity__V1__Command *command,
                                   Comity__V1__Command__BodyCase body)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(&comity__v1__command__descriptor, (unsigned) body);
    const ProtobufCMessageDescriptor *type = field->descriptor;
    ProtobufCMessage *message = arena_alloc(arena, type->sizeof_message);

    if (message == NULL)
        return NULL;
    protobuf_c_message_init(type, message);
    desk_command_init(command, body);
    memcpy((uint8_t *) command + field->offset, &message, sizeof(message));
    return message;
}

/* What a person types is meant as that person last saw it, before this run. Where this run has seen a later
 * epoch, its answers are of that one and the person's mind is not: nothing is signed, or the act would count
 * as one from before the restore, and what is sent again would overturn it. */
static int epoch_of_signer(struct cli *cli, uint32_t *ret_epoch)
{
    const Comity__V1__WhoamiAnswer *whoami;
    uint32_t seen = desk_client(cli) == NULL ? 0 : comity_epoch(desk_client(cli), cli->context.history);
    uint32_t epoch = cli->context.epoch;
    int code = 0;

    if (epoch != 0 && seen > epoch)
        return cli_fail(
            cli, ERR_EPOCH, NULL,
            "The record was restored from a backup since you last saw it: nothing was signed. comity "
            "resubmit sends again what was lost of yours.");
    if (epoch == 0)
        epoch = seen;
    if (epoch == 0 && (code = desk_whoami(cli, &whoami)) == 0)
        epoch = whoami->partnership->epoch;
    *ret_epoch = epoch;
    return code;
}

int desk_sign(struct cli *cli, const Comity__V1__Command *command, const uint8_t *history,
              struct comity_draft **ret_draft)
{
    struct signing_key signer;
    struct comity_texts *texts;
    struct comity_fault fault = {0};
    Comity__V1__Command filled = *command;
    /* Nothing is signed for a server that is not believed. A draft is for others, who ask it themselves. */
    bool is_for_server = history != NULL && !cli_has(cli, "draft");
    int code = is_for_server ? desk_open(cli) : 0;

    /* What is kept to be sent later rests on what a server showed that was believed. */
    if (code != 0 && cut_off_keeps(cli))
        code = 0;
    if (code == 0)
        code = epoch_of_signer(cli, &filled.epoch);
    if (code == 0)
        code = desk_texts(cli, &texts);
    if (code == 0)
        code = desk_signer(cli, &signer);
    if (code != 0)
        return code;
    code = comity_draft_new(&filled, history, texts, signer.seed, 0, ret_draft, &fault);
    signing_key_wipe(&signer);
    if (code != 0) {
        cli->failure.code = code;
        cli->failure.limit = fault.limit;
        snprintf(cli->failure.field, sizeof(cli->failure.field), "%s", fault.field);
        hint_tell(cli, command);
    }
    return code;
}

/* The first event of the command, out of the receipt that libcomity has verified. */
static int read_event(struct cli *cli, const struct comity_result *result,
                      const Comity__V1__Event **ret_event)
{
    ProtobufCMessage *receipt, *event;
    int code = message_unpack_trusted(&comity__v1__receipt__descriptor,
                                      BYTES(result->receipt, result->receipt_size), cli->arena, &receipt);

    if (code != 0)
        return code;
    const Comity__V1__EventRecord *record = ((const Comity__V1__Receipt *) receipt)->event;
    for (size_t i = 0; record != NULL && i < record->n_parts; i++) {
        if (record->parts[i]->kind != COMITY__V1__PART_KIND__PART_KIND_OPEN)
            continue;
        const ProtobufCBinaryData *content = &record->parts[i]->content;
        code = message_unpack_trusted(&comity__v1__event__descriptor, BYTES(content->data, content->len),
                                      cli->arena, &event);
        if (code == 0)
            *ret_event = (const Comity__V1__Event *) event;
        return code;
    }
    return ERR_MALFORMED;
}

static void put_receipt(struct cli *cli, const struct comity_result *result)
{
    struct json_object *receipt = json_object_new_object();

    json_object_object_add(receipt, "command_id", json_hex(BYTES(result->command_id, COMMAND_ID_SIZE)));
    json_object_object_add(receipt, "history", json_hex(BYTES(result->history, HISTORY_ID_SIZE)));
    json_object_object_add(receipt, "sequence", json_object_new_uint64(result->sequence));
    json_object_object_add(receipt, "events", json_object_new_uint64(result->events));
    json_object_object_add(receipt, "epoch", json_object_new_uint64(result->epoch));
    json_object_object_add(receipt, "time_ms", json_object_new_int64(result->time_ms));
    cli_put(cli, "receipt", receipt);
}

static volatile sig_atomic_t is_interrupted;

static void interrupt(int signal)
{
    (void) signal;
    is_interrupted = 1;
}

/* From here to the end of the run the first SIGINT or SIGTERM ends the waiting, so that it can still be told
 * that the act may have been done. The second one ends the run. What is ignored stays so. */
static void heed_interrupts(void)
{
    static const int SIGNALS[] = {SIGINT, SIGTERM};
    struct sigaction action = {.sa_handler = interrupt, .sa_flags = (int) SA_RESETHAND}, before;

    for (size_t i = 0; i < ARRAY_COUNT(SIGNALS); i++)
        if (sigaction(SIGNALS[i], &action, &before) == 0 && before.sa_handler == SIG_IGN)
            sigaction(SIGNALS[i], &before, NULL);
}

struct waiting {
    struct comity_result result;
    bool is_done;
};

static void take_result(struct comity_result *result, void *context)
{
    struct waiting *waiting = context;

    waiting->result = *result;
    memset(result, 0, sizeof(*result));
    waiting->is_done = true;
}

static int fail_interrupted(struct cli *cli, const struct comity_draft *draft)
{
    cli->failure.is_unconfirmed = true;
    hex_encode(BYTES(comity_draft_id(draft), COMMAND_ID_SIZE), cli->failure.command_id);
    return cli_fail(cli, ERR_TIMEOUT, NULL, "It was interrupted before an answer came.");
}

/* 0, or the failure filled in. */
static int submit_once(struct cli *cli, const struct comity_draft *draft, struct comity_result *ret_result)
{
    struct comity *client = desk_client(cli);
    struct waiting waiting = {0};
    uint64_t request = 0;

    heed_interrupts();
    int code = comity_submit(client, draft, 0, take_result, &waiting, &request);
    progress_begin(&cli->progress, _("Sent, and waiting for the receipt"));
    while (code == 0 && !waiting.is_done && !is_interrupted) {
        code = comity_pump(client, SUBMIT_PUMP_MS);
        progress_tick(&cli->progress);
    }
    progress_end(&cli->progress);
    if (code != 0)
        return code;
    if (!waiting.is_done) {
        comity_cancel(client, request);
        return fail_interrupted(cli, draft);
    }
    *ret_result = waiting.result;
    code = desk_judge(cli, ret_result);
    if (ret_result->verdict == COMITY_REFUSED)
        hint_tell(cli, comity_draft_command(draft));
    return code;
}

/* Where the record was moved meanwhile, the same goes there. */
static int submit(struct cli *cli, const struct comity_draft *draft, struct comity_result *ret_result)
{
    int code = submit_once(cli, draft, ret_result);

    if (code != ERR_MOVED || desk_open(cli) != 0)
        return code;
    comity_result_release(ret_result);
    memset(&cli->failure, 0, sizeof(cli->failure));
    return submit_once(cli, draft, ret_result);
}

/* Who gives a further act should know of those whose answer never came. */
static void tell_unconfirmed(struct cli *cli)
{
    char journal[PATH_BYTES];
    size_t count = 0;

    if (path_join(journal, cli->home, "journal") != 0 ||
        comity_journal_unconfirmed(journal, cli->context.history, &count) != 0 || count == 0)
        return;
    say_aside("%s", counted(cli, count, "%" PRIu64 " of your acts is not confirmed: comity resubmit",
                            "%" PRIu64 " of your acts are not confirmed: comity resubmit"));
}

/* Refused, for it was meant as things were before a restore: from here on this person knows of it. */
static void learn_epoch(struct cli *cli)
{
    const Comity__V1__WhoamiAnswer *whoami;
    struct failure failure = cli->failure;

    if (comity_epoch(desk_client(cli), cli->context.history) > cli->context.epoch)
        return;
    comity_set_seen(desk_client(cli), cli->context.history, 0, 0);
    desk_whoami(cli, &whoami);
    cli->failure = failure;
}

int desk_check(struct cli *cli, const struct comity_draft *draft)
{
    tell_unconfirmed(cli);
    return final_check(cli, draft);
}

int desk_take(struct cli *cli, int code, const struct comity_result *result, const Comity__V1__Event **ret_event)
{
    if (code == ERR_EPOCH)
        learn_epoch(cli);
    if (code == 0)
        cli->recorded = result->sequence;
    if (code == 0)
        code = read_event(cli, result, ret_event);
    if (code == 0) {
        put_receipt(cli, result);
        cli_put(cli, "event", desk_json(cli, &(*ret_event)->base));
        char id[2 * COMMAND_ID_SIZE + 1];
        hex_encode(BYTES(result->command_id, COMMAND_ID_SIZE), id);
        say(cli, "Recorded as number %" PRIu64 ", receipt checked (%s).", result->sequence, id);
    }
    return code;
}

int desk_post(struct cli *cli, const struct comity_draft *draft, const Comity__V1__Event **ret_event)
{
    struct comity_result result = {0};
    int code = desk_open(cli);

    cli->recorded = 0;
    if (code != 0)
        return code;
    code = submit(cli, draft, &result);
    code = desk_take(cli, code, &result, ret_event);
    comity_result_release(&result);
    return code;
}

int desk_send(struct cli *cli, const struct comity_draft *draft, const Comity__V1__Event **ret_event)
{
    int code = desk_open(cli);

    cli->recorded = 0;
    if (code == 0)
        code = desk_check(cli, draft);
    return code == 0 ? desk_post(cli, draft, ret_event) : code;
}

int desk_submit(struct cli *cli, const Comity__V1__Command *command, const Comity__V1__Event **ret_event)
{
    struct comity_draft *draft = NULL;
    int code = desk_sign(cli, command, cli->context.history, &draft);

    if (code == 0)
        code = desk_send(cli, draft, ret_event);
    comity_draft_destroy(&draft);
    return code;
}
