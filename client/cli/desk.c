#include "client/cli/desk_state.h"

#include <inttypes.h>
#include <stdio.h>

#include "client/cli/brokers.h"
#include "client/cli/cut_off.h"
#include "client/cli/outbox.h"
#include "client/cli/output.h"
#include "client/cli/key_change.h"
#include "client/cli/prose.h"
#include "client/cli/reach.h"
#include "client/cli/signer.h"
#include "core/keyfile.h"
#include "core/text.h"

enum { PUMP_MS = 50 };

/* No broker, or no worker behind it. A worker that answers at all, if only with "busy", is there. */
static bool is_lost_touch(const struct desk *desk, const struct comity_event *event)
{
    int state = 0;

    if (event->kind == COMITY_EVENT_RETRYING)
        return event->code != ERR_HELLO && event->code != ERR_BUSY && !comity_is_late(event->code);
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
    else if (event->kind == COMITY_EVENT_RETRYING && comity_is_late(event->code))
        desk->is_behind = true;
    else if (event->kind == COMITY_EVENT_FORKED)
        snprintf(desk->evidence, sizeof(desk->evidence), "%s", event->evidence == NULL ? "" : event->evidence);
    else if (event->kind == COMITY_EVENT_BROKERS)
        desk->has_brokers = true;
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

static bool leaves(void *context)
{
    const struct desk *desk = context;

    return desk->is_left != NULL && desk->is_left(desk->left_context);
}

int desk_leave_by(struct cli *cli, bool (*is_left)(void *context), void *context)
{
    int code = cli->desk == NULL ? desk_make(cli, &cli->desk) : 0;

    if (code != 0)
        return code;
    cli->desk->is_left = is_left;
    cli->desk->left_context = context;
    return 0;
}

bool desk_is_left(const struct cli *cli)
{
    return cli->desk != NULL && leaves(cli->desk);
}

int desk_make(struct cli *cli, struct desk **ret_desk)
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
    brokers_give(context, brokers);
    for (size_t i = 0; i < context->pin_count; i++) {
        memcpy(pins[i].history, context->history, HISTORY_ID_SIZE);
        memcpy(pins[i].log_key, context->pins[i], KEY_SIZE);
    }
    struct comity_options options = {
        .brokers = brokers,
        .broker_count = context->reach.broker_count,
        .broker_list = context->broker_list,
        .connection_secret = connection.secret,
        .pins = pins,
        .pin_count = context->has_history ? context->pin_count : 0,
        .software = "comity " COMITY_VERSION,
        .journal = desk->is_apart ? NULL : journal,
        .deadline_ms = desk->timeout_ms,
        .on_event = hear,
        .leaves = leaves,
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

int desk_client_open(struct cli *cli)
{
    int code = make_client(cli, cli->desk);

    if (code == 0 && cli->context.has_history && !cli->desk->is_apart)
        comity_set_seen(cli->desk->client, cli->context.history, cli->context.epoch, cli->context.seen);
    return code == 0 ? reach_wait(cli, cli->desk->client, cli->desk->timeout_ms) : code;
}

int desk_open(struct cli *cli)
{
    if (cli->desk == NULL) {
        int code = desk_make(cli, &cli->desk);
        if (code != 0)
            return code;
    }
    if (cli->unreached.code != 0) {
        cli->failure = cli->unreached;
        return cli->failure.code;
    }
    if (cli->desk->client != NULL) { /* whoever went on after that, is told again */
        int belief = comity_belief(cli->desk->client, cli->context.history);
        if (belief == ERR_MOVED)
            return desk_follow_moved(cli);
        return belief == ERR_FORKED ? desk_fail_forked(cli) : 0;
    }
    int code = desk_client_open(cli);
    if (code == ERR_MOVED)
        code = desk_follow_moved(cli);
    if (code == 0)
        outbox_send(cli);
    return code;
}

const uint8_t *desk_reader(const struct cli *cli)
{
    static const uint8_t NOBODY[KEY_SIZE];

    return cli->desk == NULL ? NOBODY : cli->desk->reader;
}

int desk_open_apart(struct cli *cli)
{
    int code = desk_make(cli, &cli->desk);

    if (code != 0)
        return code;
    cli->desk->is_apart = true;
    code = desk_client_open(cli);
    return code == ERR_MOVED ? desk_follow_moved(cli) : code;
}

struct comity *desk_client(struct cli *cli)
{
    return cli->desk == NULL ? NULL : cli->desk->client;
}

static void keep_brokers(struct cli *cli)
{
    struct comity_broker_list list;
    char reason[CONTEXT_REASON_MAX];

    if (cli->desk->has_brokers && comity_brokers(cli->desk->client, &list) == 0 &&
        brokers_keep(cli->home, &cli->context, &list, reason) != 0)
        say_aside("Warning: %s", reason);
}

static void keep_learnt(struct cli *cli)
{
    struct desk *desk = cli->desk;
    char reason[CONTEXT_REASON_MAX];
    uint32_t epoch = comity_epoch(desk->client, cli->context.history);
    uint64_t seen = comity_seen(desk->client, cli->context.history);
    bool is_further = epoch > cli->context.epoch || (epoch == cli->context.epoch && seen > cli->context.seen);

    if ((is_further || desk->pin_count > 0) &&
        context_learn(cli->home, cli->context.name, epoch, seen, (const uint8_t(*)[KEY_SIZE]) desk->pins,
                      desk->pin_count, reason) != 0)
        say_aside("Warning: %s", reason);
    keep_brokers(cli);
}

/* What the person has seen stays as it was before the run: what came after that is told. */
static bool reload_context(struct cli *cli)
{
    struct context now;
    char reason[CONTEXT_REASON_MAX];

    if (context_load(cli->home, cli->context.name, &now, reason) != 0 ||
        now.broker_list <= cli->context.broker_list)
        return false;
    now.epoch = cli->context.epoch;
    now.seen = cli->context.seen;
    cli->context = now;
    return true;
}

bool desk_take_up_brokers(struct cli *cli, int *ret_code)
{
    struct desk *desk = cli->desk;

    if (desk == NULL || desk->client == NULL || !desk->has_brokers || !cli->context.has_history || desk->is_apart)
        return false;
    keep_learnt(cli);
    if (!reload_context(cli))
        return false;
    desk->pin_count = 0; /* they are the context's now */
    desk->has_brokers = false;
    comity_destroy(&desk->client);
    int code = desk_client_open(cli);
    *ret_code = code == ERR_MOVED ? desk_follow_moved(cli) : code;
    return true;
}

void desk_close(struct cli *cli)
{
    struct desk *desk = cli->desk;

    if (desk == NULL)
        return;
    if (desk->client != NULL && cli->context.has_history && !desk->is_apart)
        keep_learnt(cli);
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
    failure->is_unsent = result->verdict == COMITY_NOT_SENT ||
                         (result->verdict == COMITY_UNKNOWN && !is_command && !is_of_key) ||
                         (result->verdict == COMITY_REFUSED && !is_command && comity_is_late(failure->code));
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
    query.fresh = true;
    query.floor = 1;
    if (comity_query_wait(cli->desk->client, cli->context.history, &query, 0, &result) == 0) {
        const Comity__V1__WhoamiAnswer *answer = comity_answer_body(result.answer)->whoami;
        const Comity__V1__Partnership *now = answer == NULL ? NULL : answer->partnership;
        const Comity__V1__Epoch *last =
            now == NULL || now->n_epochs == 0 ? NULL : now->epochs[now->n_epochs - 1];
        if (last != NULL && last->number > cli->context.epoch) {
            code = cli_fail(cli, ERR_BEHIND, "comity resubmit", /* which is not to be passed over: cut_off_is */
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
        code = leaves(desk) ? ERR_UNREACHABLE : comity_pump(desk->client, PUMP_MS);
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

/* All that is shown asks to be fresh, and is told where it is not. */
static int ask(struct cli *cli, const Comity__V1__Query *query, struct arena *arena, struct prose *prose,
               const Comity__V1__Answer **ret_answer)
{
    struct comity_result result = {0};
    Comity__V1__Query fresh = *query;
    ProtobufCMessage *copy;

    fresh.fresh = query->kind_case != COMITY__V1__QUERY__KIND_STATUS;
    int code = query_wait(cli, &fresh, &result);

    if (result.verdict != 0 && result.fault.code == ERR_MOVED && desk_open(cli) == 0) { /* which has followed */
        comity_result_release(&result);
        code = query_wait(cli, &fresh, &result);
    }
    if (result.verdict != 0)
        code = desk_judge(cli, &result);
    if (code == 0) {
        const Comity__V1__Answer *body = comity_answer_body(result.answer);
        code = message_copy(&body->base, arena, &copy);
        if (code == 0)
            code = prose_add(prose, body->texts, body->n_texts);
        if (code == 0) {
            cli->desk->is_out_of_touch = false;
            if (!cli->desk->is_apart)
                cut_off_keep(cli, query, result.answer);
            cut_off_took(cli, &fresh, body);
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

    if (code == 0)
        code = ask(cli, query, cli->desk->arena, cli->desk->prose, ret_answer);
    return code != 0 && cut_off_is(cli) ? cut_off_answer(cli, query, cli->desk->arena, cli->desk->prose, ret_answer)
                                        : code;
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
