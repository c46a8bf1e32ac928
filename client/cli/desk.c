#include "client/cli/desk.h"

#include <inttypes.h>
#include <stdio.h>

#include "client/cli/output.h"
#include "client/cli/prose.h"
#include "client/cli/key_change.h"
#include "client/cli/signer.h"
#include "core/keyfile.h"
#include "core/text.h"

enum {
    OUT_OF_REACH_MS = 2000, /* every broker has said no for so long: enough */
    PUMP_MS = 50,
};

struct desk {
    struct arena *arena;       /* the run's */
    struct progress *progress; /* the run's */
    struct comity *client;
    struct prose *prose;
    struct arena *page;       /* of desk_page: dropped with each page */
    struct prose *page_prose; /* NULL: no page was asked for */
    struct comity_texts *texts;
    int64_t timeout_ms;
    uint8_t pins[CONTEXT_PINS_MAX][KEY_SIZE]; /* learnt in this run */
    size_t pin_count;
    bool has_warned;      /* that a restore was noticed */
    bool is_behind;       /* a worker has not seen what this context has */
    bool is_out_of_touch; /* a request, or a connection, has lost the daemons */
    int touch_code;       /* by this */
    char evidence[PATH_BYTES]; /* of a record that is forked; empty: none */
    const Comity__V1__WhoamiAnswer *whoami;
    uint8_t reader[KEY_SIZE]; /* the key that this connection reads with; zeros: none */
    struct rows *lists[DESK_LISTS];
};

/* No broker, or no worker behind it. A worker that answers at all, if only with "busy", is there. */
static bool is_lost_touch(const struct desk *desk, const struct comity_event *event)
{
    int state = 0;

    if (event->kind == COMITY_EVENT_RETRYING)
        return event->code != ERR_HELLO && event->code != ERR_BUSY && event->code != ERR_BEHIND;
    if (event->kind != COMITY_EVENT_DISCONNECTED)
        return false;
    for (size_t i = 0; desk->client != NULL && state != ERR_NOT_FOUND; i++)
        if ((state = comity_broker_state(desk->client, i)) == 0)
            return false;
    return true;
}

/* What libcomity tells while it works: keys to keep, and what must not pass unseen. */
static void hear(const struct comity_event *event, void *context)
{
    struct desk *desk = context;

    progress_clear(desk->progress);
    if (event->kind == COMITY_EVENT_LOG_KEY && desk->pin_count < CONTEXT_PINS_MAX)
        memcpy(desk->pins[desk->pin_count++], event->log_key, KEY_SIZE);
    else if (event->kind == COMITY_EVENT_LOG_KEY_REFUSED)
        say_aside("Warning: a worker signs with a key that is not on record. Its receipts are not believed.");
    else if (event->kind == COMITY_EVENT_RETRYING && event->code == ERR_BEHIND)
        desk->is_behind = true;
    else if (event->kind == COMITY_EVENT_FORKED)
        snprintf(desk->evidence, sizeof(desk->evidence), "%s", event->evidence == NULL ? "" : event->evidence);
    else if (event->kind == COMITY_EVENT_IN_TOUCH)
        desk->is_out_of_touch = false;
    else if (is_lost_touch(desk, event)) {
        desk->is_out_of_touch = true;
        desk->touch_code = event->code;
    } else if (event->kind == COMITY_EVENT_JOURNAL && event->code == ERR_CORRUPT)
        say_aside("Warning: the checkpoint that was kept of this record is damaged. What is shown now is taken as the "
                  "first: compare it with others (comity checkpoint).");
    else if (event->kind == COMITY_EVENT_JOURNAL)
        say_aside("Warning: the receipt could not be kept: %s", language_error(event->code));
}

static int make_desk(struct cli *cli, struct desk **ret_desk)
{
    struct desk *desk = arena_alloc(cli->arena, sizeof(*desk));

    if (desk == NULL)
        return ERR_MEMORY;
    desk->arena = cli->arena;
    desk->progress = &cli->progress;
    desk->timeout_ms = settings_timeout_ms(&cli->settings);
    desk->prose = prose_new(cli->arena);
    desk->texts = comity_texts_new();
    if (desk->prose == NULL || desk->texts == NULL)
        return ERR_MEMORY;
    *ret_desk = desk;
    return 0;
}

int desk_signer(struct cli *cli, struct signing_key *ret_key)
{
    char path[PATH_BYTES];

    if (cli->context.signing_key[0] == '\0')
        return cli_fail(cli, ERR_CONFIG, "comity context list",
                        "Context %s has no signing key: it is an operator's.", cli->context.name);
    if (path_join(path, cli->home, cli->context.signing_key) != 0)
        return cli_fail(cli, ERR_CONFIG, NULL, "The path of the signing key is too long.");
    return signer_open(cli, path, NULL, ret_key);
}

static int make_client(struct cli *cli, struct desk *desk)
{
    const struct context *context = &cli->context;
    struct comity_broker brokers[PLACE_BROKERS_MAX];
    struct comity_reader reader;
    struct comity_pin pins[CONTEXT_PINS_MAX];
    struct connection_key connection;
    struct signing_key signer;
    char path[PATH_BYTES], journal[PATH_BYTES], why[FILE_REASON_MAX];

    if (path_join(path, cli->home, context->connection_key) != 0 ||
        path_join(journal, cli->home, "journal") != 0)
        return cli_fail(cli, ERR_CONFIG, NULL, "The path of the home directory is too long.");
    if (directory_make(journal, why) != 0)
        return cli_fail(cli, ERR_FILE, NULL, "%s", why);
    int code = connection_key_load_or_create(path, &connection);
    if (code != 0)
        return cli_fail_key(cli, code, NULL, path);
    for (size_t i = 0; i < context->place.broker_count; i++) {
        brokers[i].endpoint = context->place.brokers[i].endpoint;
        memcpy(brokers[i].server_key, context->place.brokers[i].key, KEY_SIZE);
    }
    for (size_t i = 0; i < context->pin_count; i++) {
        memcpy(pins[i].history, context->history, HISTORY_ID_SIZE);
        memcpy(pins[i].log_key, context->pins[i], KEY_SIZE);
    }
    struct comity_options options = {
        .brokers = brokers,
        .broker_count = context->place.broker_count,
        .connection_secret = connection.secret,
        .pins = pins,
        .pin_count = context->has_history ? context->pin_count : 0,
        .software = "comity " COMITY_VERSION,
        .journal = journal,
        .deadline_ms = desk->timeout_ms,
        .on_event = hear,
        .context = desk,
    };
    memcpy(options.group_key, context->place.group_key, KEY_SIZE);
    if (context->has_history && context->signing_key[0] != '\0') {
        code = desk_signer(cli, &signer);
        if (code == 0) {
            memcpy(reader.history, context->history, HISTORY_ID_SIZE);
            memcpy(reader.seed, signer.seed, SEED_SIZE);
            memcpy(desk->reader, signer.public_key, KEY_SIZE);
            signing_key_wipe(&signer);
            options.readers = &reader;
            options.reader_count = 1;
        }
    }
    if (code == 0 && (code = comity_new(&options, &desk->client)) != 0)
        cli_fail(cli, code, "comity context show", "Context %s: %s", context->name, language_error(code));
    connection_key_wipe(&connection);
    explicit_bzero(&reader, sizeof(reader));
    return code;
}

/* Whose home runs the installation starts it again, where it is. Who runs none asks the operator whether the
 * broker has moved. NULL: the table's advice. */
static const char *unreached_advice(struct cli *cli)
{
    const struct context *context = &cli->context;
    char history[2 * HISTORY_ID_SIZE + 1];
    char key[PATH_BYTES], data[PATH_BYTES];
    bool is_usual_key = strcmp(context->signing_key, "keys/signing.key") == 0 ||
                        path_join(key, cli->home, context->signing_key) != 0;

    if (context_data_of_group(cli->home, context->place.group_key, cli->arena, data) == 0)
        return phrase(cli, "comity up --data %s starts your installation again.", shown_string(cli, data));
    if (!context->has_history)
        return NULL;
    hex_encode(BYTES(context->history, HISTORY_ID_SIZE), history);
    return phrase(cli,
                  "Check the address with the operator. If the broker has moved: comity context add NAME "
                  "--place FILE --history %s%s%s",
                  history, is_usual_key ? "" : " --key ", is_usual_key ? "" : shown_string(cli, key));
}

/* A broker can say how a greeting fared on its way. A word on rights, or on the state of a record, is not its to say, and
 * whoever says it lets nothing through. */
static int broker_stands(const struct desk *desk, size_t index)
{
    int state = comity_broker_state(desk->client, index);
    bool is_of_the_way = state > ERR_SIGNATURE || state <= ERR_BUSY || state == ERR_SEAL || state == ERR_LIMIT;

    return is_of_the_way ? state : ERR_NO_ROUTE;
}

/* Which broker stands how, in one sentence. */
static int fail_unreached(struct cli *cli, struct desk *desk)
{
    const char *text = "";
    int code = ERR_TIMEOUT;

    for (size_t i = 0; i < cli->context.place.broker_count; i++) {
        int state = broker_stands(desk, i);
        code = i == 0 || state != ERR_TIMEOUT ? state : code;
        text = arena_printf(cli->arena, "%s%s%s: %s", text, i == 0 ? "" : " ",
                            shown_string(cli, cli->context.place.brokers[i].endpoint), language_error(state));
        if (text == NULL)
            return ERR_MEMORY;
    }
    cli->failure.is_unsent = true;
    return cli_fail(cli, code, code == ERR_UNREACHABLE ? unreached_advice(cli) : NULL, "%s", text);
}

static bool is_definite(const struct cli *cli, struct desk *desk)
{
    for (size_t i = 0; i < cli->context.place.broker_count; i++) {
        int state = comity_broker_state(desk->client, i);
        if (state != ERR_UNREACHABLE && state != ERR_SERVER_KEY && state != ERR_CLIENT_KEY)
            return false;
    }
    return true;
}

static int pump_until_ready(struct cli *cli, struct desk *desk)
{
    int64_t begin_ms = time_now_ms(), no_since_ms = 0;

    for (;;) {
        bool is_ready = false;
        for (size_t i = 0; i < cli->context.place.broker_count; i++)
            is_ready |= comity_broker_state(desk->client, i) == 0;
        int belief = cli->context.has_history ? comity_belief(desk->client, cli->context.history) : 0;
        if (belief == ERR_FORKED)
            return desk_fail_forked(cli);
        if (is_ready && belief == 0)
            return 0;
        int64_t now_ms = time_now_ms();
        if (!is_definite(cli, desk))
            no_since_ms = 0;
        else if (no_since_ms == 0)
            no_since_ms = now_ms;
        if ((no_since_ms != 0 && now_ms - no_since_ms >= OUT_OF_REACH_MS) ||
            now_ms - begin_ms >= desk->timeout_ms)
            return fail_unreached(cli, desk);
        int code = comity_pump(desk->client, PUMP_MS);
        if (code != 0)
            return code;
        progress_tick(desk->progress);
    }
}

static int wait_ready(struct cli *cli, struct desk *desk)
{
    progress_begin(desk->progress, _("Waiting for a broker with a worker behind it"));
    int code = pump_until_ready(cli, desk);
    progress_end(desk->progress);
    return code;
}

int desk_open(struct cli *cli)
{
    if (cli->desk == NULL) {
        int code = make_desk(cli, &cli->desk);
        if (code != 0)
            return code;
    }
    if (cli->desk->client != NULL) /* whoever went on after that, is told again */
        return comity_belief(cli->desk->client, cli->context.history) == ERR_FORKED ? desk_fail_forked(cli) : 0;
    int code = make_client(cli, cli->desk);
    if (code == 0 && cli->context.has_history)
        comity_set_seen(cli->desk->client, cli->context.history, cli->context.epoch, cli->context.seen);
    return code != 0 ? code : wait_ready(cli, cli->desk);
}

struct comity *desk_client(struct cli *cli)
{
    return cli->desk == NULL ? NULL : cli->desk->client;
}

void desk_close(struct cli *cli)
{
    struct desk *desk = cli->desk;
    char reason[CONTEXT_REASON_MAX];

    if (desk == NULL)
        return;
    if (desk->client != NULL && cli->context.has_history) {
        uint32_t epoch = comity_epoch(desk->client, cli->context.history);
        uint64_t seen = comity_seen(desk->client, cli->context.history);
        bool is_further =
            epoch > cli->context.epoch || (epoch == cli->context.epoch && seen > cli->context.seen);
        if ((is_further || desk->pin_count > 0) &&
            context_learn(cli->home, cli->context.name, epoch, seen, (const uint8_t(*)[KEY_SIZE]) desk->pins,
                          desk->pin_count, reason) != 0)
            say_aside("Warning: %s", reason);
    }
    arena_destroy(&desk->page);
    comity_texts_destroy(&desk->texts);
    comity_destroy(&desk->client);
    cli->desk = NULL;
}

void desk_pins(struct cli *cli, const uint8_t (**ret_pins)[KEY_SIZE], size_t *ret_count)
{
    uint8_t(*pins)[KEY_SIZE] = arena_alloc(cli->arena, 2 * CONTEXT_PINS_MAX * KEY_SIZE);
    size_t count = 0;

    for (size_t i = 0; pins != NULL && i < cli->context.pin_count; i++)
        memcpy(pins[count++], cli->context.pins[i], KEY_SIZE);
    for (size_t i = 0; pins != NULL && cli->desk != NULL && i < cli->desk->pin_count; i++)
        memcpy(pins[count++], cli->desk->pins[i], KEY_SIZE);
    *ret_pins = (const uint8_t(*)[KEY_SIZE]) pins;
    *ret_count = count;
}

void desk_keep_text(struct cli *cli, const uint8_t hash[HASH_SIZE], struct bytes content)
{
    struct desk *desk = cli->desk;

    if (desk != NULL)
        prose_keep(desk->page_prose != NULL ? desk->page_prose : desk->prose, hash, content);
}

/* What came before stays as it is: only what the server shows is not believed. */
int desk_fail_forked(struct cli *cli)
{
    struct comity_checkpoint head = {0};

    comity_checkpoint(cli->desk->client, cli->context.history, &head);
    const char *evidence = cli->desk->evidence;
    return cli_fail(cli, ERR_FORKED, NULL,
                    "What the server shows does not go on from what this machine has verified (up to number %" PRIu64
                    "): another record was put in its place, or it was put back. Nothing of it is believed, and "
                    "nothing was signed for it. The evidence: %s",
                    head.size, evidence[0] == '\0' ? _("it could not be written") : shown_string(cli, evidence));
}

int desk_judge(struct cli *cli, const struct comity_result *result)
{
    struct failure *failure = &cli->failure;
    static const uint8_t NO_COMMAND[COMMAND_ID_SIZE];

    if (result->verdict == COMITY_RECORDED || result->verdict == COMITY_ANSWERED)
        return 0;
    bool is_command = memcmp(result->command_id, NO_COMMAND, COMMAND_ID_SIZE) != 0;
    failure->code = result->fault.code != 0 ? result->fault.code : ERR_INTERNAL;
    failure->latest = result->fault.latest;
    failure->limit = result->fault.limit;
    snprintf(failure->field, sizeof(failure->field), "%s", result->fault.field);
    if (is_command)
        hex_encode(BYTES(result->command_id, COMMAND_ID_SIZE), failure->command_id);
    bool is_of_key = failure->code == ERR_GRANT || failure->code == ERR_KEY_REVOKED;
    failure->is_unsent =
        result->verdict == COMITY_NOT_SENT || (result->verdict == COMITY_UNKNOWN && !is_command && !is_of_key);
    failure->is_unconfirmed = result->verdict == COMITY_UNKNOWN && is_command;
    if (failure->code == ERR_FORKED)
        return desk_fail_forked(cli);
    if (is_of_key && key_change_explains(cli, failure->code, cli->desk->reader))
        return failure->code;
    if (failure->code == ERR_GRANT)
        return cli_fail(cli, ERR_GRANT, NULL,
                        "You are not a member here, or this key is not, or not any longer; or the founding draft has not been "
                        "submitted yet; or a restore from a backup has lost that you joined.");
    return failure->code;
}

/* Whatever this run is about: people have to hear of it. */
static void warn_of_restore(struct cli *cli, uint32_t epoch)
{
    if (cli->desk->has_warned || cli->context.epoch == 0 || epoch <= cli->context.epoch)
        return;
    cli->desk->has_warned = true;
    say_aside("Warning: the record was restored from a backup (epoch %" PRIu32
              "). comity resubmit sends again what was lost of yours.",
              epoch);
}

/* A worker that is behind: is it late, or was the record taken back? Only the second is a failure, which is
 * filled in. Whatever else comes of this question, the first one goes on. */
static int ask_epoch(struct cli *cli)
{
    Comity__V1__Whoami whoami = COMITY__V1__WHOAMI__INIT;
    Comity__V1__Query query = COMITY__V1__QUERY__INIT;
    struct comity_result result = {0};
    int code = 0;

    query.kind_case = COMITY__V1__QUERY__KIND_WHOAMI;
    query.whoami = &whoami;
    query.floor = 1;
    if (comity_query_wait(cli->desk->client, cli->context.history, &query, 0, &result) == 0) {
        const Comity__V1__WhoamiAnswer *answer = comity_answer_body(result.answer)->whoami;
        const Comity__V1__Partnership *now = answer == NULL ? NULL : answer->partnership;
        const Comity__V1__Epoch *last =
            now == NULL || now->n_epochs == 0 ? NULL : now->epochs[now->n_epochs - 1];
        if (last != NULL && last->number > cli->context.epoch) {
            cli->failure.is_unsent = true;
            code = cli_fail(cli, ERR_BEHIND, "comity resubmit",
                            "The record was restored from a backup as of number %" PRIu64 " (epoch %" PRIu32
                            "): comity resubmit sends again what was lost of yours.",
                            last->restored_to, last->number);
        }
    }
    comity_result_release(&result);
    return code;
}

struct asking {
    struct comity_result result;
    bool is_done;
};

static void take_result(struct comity_result *result, void *context)
{
    struct asking *asking = context;

    asking->result = *result;
    memset(result, 0, sizeof(*result));
    asking->is_done = true;
}

/* Until it is answered; or, where a worker is behind, until it is known that it will not be: then its code,
 * no verdict, and the failure filled in. */
static int query_wait(struct cli *cli, const Comity__V1__Query *query, struct comity_result *ret_result)
{
    struct desk *desk = cli->desk;
    struct asking asking = {0};
    uint64_t request = 0;
    bool is_status = query->kind_case == COMITY__V1__QUERY__KIND_STATUS, has_asked = is_status;

    desk->is_behind = false;
    int code = comity_query(desk->client, is_status ? NULL : cli->context.history, query, 0, take_result,
                            &asking, &request);
    progress_begin(desk->progress, _("Waiting for an answer"));
    while (code == 0 && !asking.is_done) {
        code = comity_pump(desk->client, PUMP_MS);
        progress_tick(desk->progress);
        if (code == 0 && desk->is_behind && !has_asked && !asking.is_done) {
            has_asked = true;
            code = ask_epoch(cli);
        }
    }
    progress_end(desk->progress);
    if (code != 0) {
        comity_cancel(desk->client, request);
        comity_result_release(&asking.result);
        return code;
    }
    *ret_result = asking.result;
    return asking.result.fault.code;
}

static int ask(struct cli *cli, const Comity__V1__Query *query, struct arena *arena, struct prose *prose,
               const Comity__V1__Answer **ret_answer)
{
    struct comity_result result = {0};
    ProtobufCMessage *copy;
    int code = query_wait(cli, query, &result);

    if (result.verdict != 0)
        code = desk_judge(cli, &result);
    if (code == 0) {
        const Comity__V1__Answer *body = comity_answer_body(result.answer);
        code = message_copy(&body->base, arena, &copy);
        if (code == 0)
            code = prose_add(prose, body->texts, body->n_texts);
        if (code == 0) {
            cli->desk->is_out_of_touch = false;
            *ret_answer = (const Comity__V1__Answer *) copy;
            warn_of_restore(cli, body->epoch);
        }
    }
    comity_result_release(&result);
    return code;
}

int desk_ask(struct cli *cli, const Comity__V1__Query *query, const Comity__V1__Answer **ret_answer)
{
    int code = desk_open(cli);

    return code != 0 ? code : ask(cli, query, cli->desk->arena, cli->desk->prose, ret_answer);
}

int desk_page(struct cli *cli, const Comity__V1__Query *query, const Comity__V1__Answer **ret_answer)
{
    int code = desk_open(cli);

    if (code != 0)
        return code;
    /* The query may point into the page before, to its cursor: that one goes afterwards. */
    struct desk *desk = cli->desk;
    struct arena *page = arena_new(ARENA_LIMIT_DEFAULT);
    struct prose *prose = page == NULL ? NULL : prose_new(page);
    code = prose == NULL ? ERR_MEMORY : ask(cli, query, page, prose, ret_answer);
    arena_destroy(&desk->page);
    desk->page = page;
    desk->page_prose = prose;
    return code;
}

struct arena *desk_page_arena(struct cli *cli)
{
    return cli->desk->page;
}

void desk_ignore_seen(struct cli *cli)
{
    comity_set_seen(cli->desk->client, cli->context.history, 0, 0);
    cli->desk->has_warned = true; /* the verb says it */
}

bool desk_is_in_touch(struct cli *cli, int *ret_code)
{
    if (cli->desk->is_out_of_touch)
        *ret_code = cli->desk->touch_code;
    return !cli->desk->is_out_of_touch;
}

int desk_whoami(struct cli *cli, const Comity__V1__WhoamiAnswer **ret_whoami)
{
    Comity__V1__Whoami whoami = COMITY__V1__WHOAMI__INIT;
    Comity__V1__Query query = COMITY__V1__QUERY__INIT;
    const Comity__V1__Answer *answer;

    if (cli->desk == NULL || cli->desk->whoami == NULL) {
        query.kind_case = COMITY__V1__QUERY__KIND_WHOAMI;
        query.whoami = &whoami;
        int code = desk_ask(cli, &query, &answer);
        if (code != 0)
            return code;
        if (answer->whoami == NULL || answer->whoami->member == NULL || answer->whoami->partnership == NULL)
            return cli_fail(cli, ERR_MALFORMED, NULL, "The worker's answer does not say who you are.");
        cli->desk->whoami = answer->whoami;
    }
    *ret_whoami = cli->desk->whoami;
    return 0;
}

struct arena *desk_arena(struct cli *cli)
{
    return cli->desk->arena;
}

struct rows **desk_list_cache(struct cli *cli, Comity__V1__ListKind kind)
{
    return cli->desk == NULL ? NULL : &cli->desk->lists[kind];
}

const char *desk_prose(void *cli, const Comity__V1__TextRef *reference)
{
    const struct desk *desk = ((struct cli *) cli)->desk;
    const char *text =
        desk == NULL || desk->page_prose == NULL ? NULL : prose_find(desk->page_prose, reference);

    return desk == NULL || text != NULL ? text : prose_find(desk->prose, reference);
}

static const char *why_missing(struct cli *cli, const Comity__V1__TextRef *reference)
{
    const struct desk *desk = cli->desk;
    bool is_purged = desk != NULL && desk->prose != NULL && prose_is_purged(desk->prose, reference);

    if (desk != NULL && desk->page_prose != NULL)
        is_purged |= prose_is_purged(desk->page_prose, reference);
    return is_purged ? "(purged)" : "(withheld)";
}

const char *desk_shown(struct cli *cli, const Comity__V1__TextRef *reference)
{
    const char *text = desk_prose(cli, reference);

    return text == NULL ? why_missing(cli, reference) : shown_string(cli, text);
}

const char *desk_shown_lines(struct cli *cli, const Comity__V1__TextRef *reference, const char *indent)
{
    const char *text = desk_prose(cli, reference);

    if (text == NULL)
        return arena_printf(cli->arena, "%s%s", indent, why_missing(cli, reference));
    return shown_lines(cli, BYTES(text, strlen(text)), indent);
}

struct json_object *desk_json(struct cli *cli, const ProtobufCMessage *message)
{
    return message == NULL ? NULL : message_to_json(message, desk_prose, cli);
}

struct json_object *desk_json_rows(struct cli *cli, const struct rows *rows)
{
    struct json_object *array = json_object_new_array();

    for (size_t i = 0; i < rows->count; i++)
        json_object_array_add(array, desk_json(cli, rows->list[i]));
    return array;
}

int desk_texts(struct cli *cli, struct comity_texts **ret_texts)
{
    if (cli->desk == NULL) {
        int code = make_desk(cli, &cli->desk);
        if (code != 0)
            return code;
    }
    *ret_texts = cli->desk->texts;
    return 0;
}

int desk_text_again(struct cli *cli, const Comity__V1__TextRef *shown, Comity__V1__TextRef **ret_reference)
{
    const char *text = desk_prose(cli, shown);
    const uint8_t *salt = text == NULL ? NULL : prose_salt(cli->desk->prose, shown);

    if (salt == NULL)
        return cli_fail(cli, ERR_TEXT, NULL, "The worker does not show the text.");
    return comity_texts_add_again(cli->desk->texts, text, strlen(text), salt, ret_reference);
}
