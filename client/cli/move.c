/* `comity move`: an operator moves a history from the context's group to another one. Each step can be taken again, so that
 * whoever was interrupted gives the same command once more. docs/operations.md, "Moving a history". */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <time.h>

#include "client/cli/brokers.h"
#include "client/cli/cut_off.h"
#include "client/cli/json_file.h"
#include "client/cli/move_try.h"
#include "client/cli/output.h"
#include "client/cli/step.h"
#include "client/cli/verbs.h"
#include "client/lib/comity.h"
#include "core/error.h"
#include "core/keyfile.h"
#include "core/move.h"

enum { COPIES_MAX = 8 }; /* begun anew so often: the old worker was restarted, or another one answers */

/* One of the two groups. */
struct side {
    const struct context *context;
    struct comity *client;
    uint8_t reader[KEY_SIZE]; /* public half of its connection key */
};

struct moving {
    struct cli *cli;
    uint8_t history[HISTORY_ID_SIZE];
    struct context to;
    struct signing_key log_key;
    struct side old, new;
    struct arena *arena; /* of the step in hand */
    Comity__V1__SignedMove *frozen, *taken; /* in the run's arena */
};

static int64_t steady_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- Both groups ---- */

static int side_open(struct moving *moving, const struct context *context, struct side *side)
{
    struct cli *cli = moving->cli;
    struct comity_broker brokers[PLACE_BROKERS_MAX];
    struct comity_options options = {
        .brokers = brokers, .broker_count = context->reach.broker_count, .software = "comity " COMITY_VERSION};
    struct comity_result result = {0};
    struct connection_key connection;
    char path[PATH_BYTES];
    uint8_t log_key[KEY_SIZE];

    side->context = context;
    if (path_join(path, cli->home, context->connection_key) != 0)
        return cli_fail(cli, ERR_CONFIG, NULL, "The path of the home directory is too long.");
    int code = connection_key_load_or_create(path, &connection);
    if (code != 0)
        return cli_fail_key(cli, code, NULL, path);
    brokers_give(context, brokers);
    memcpy(options.group_key, context->place.group_key, KEY_SIZE);
    options.connection_secret = connection.secret;
    memcpy(side->reader, connection.public_key, KEY_SIZE);
    code = comity_new(&options, &side->client);
    connection_key_wipe(&connection);
    if (code == 0)
        code = comity_status_wait(side->client, settings_timeout_ms(&cli->settings), &result);
    comity_result_release(&result);
    if (code == 0)
        code = comity_log_key(side->client, log_key);
    if (code != 0)
        return cli_fail(cli, code, NULL, "Context %s: %s", context->name, language_error(code));
    if (memcmp(log_key, moving->log_key.public_key, KEY_SIZE) != 0)
        return cli_fail(cli, ERR_CONFIG,
                        "Give the workers of the new group the file that is log_key of the old one's, before they have a store.",
                        "The group of context %s has another log key: both groups have to have the same, so that what was "
                        "signed goes on to hold.",
                        context->name);
    return 0;
}

static int log_key_load(struct moving *moving)
{
    struct cli *cli = moving->cli;
    const char *given = cli_option(cli, "log-key");
    char path[PATH_BYTES];

    if (given == NULL && cli->context.data[0] == '\0')
        return cli_fail(cli, ERR_USAGE, "Add --log-key FILE: the file that is log_key in the configuration of the workers.",
                        "It takes the log key of the two groups to move a history.");
    if (snprintf(path, sizeof(path), "%s%s", given != NULL ? given : cli->context.data, given != NULL ? "" : "/log.key") >=
        (int) sizeof(path))
        return cli_fail(cli, ERR_FILE, NULL, "The path of the log key is too long.");
    int code = signing_key_load(path, &moving->log_key);
    return code == 0 ? 0 : cli_fail_key(cli, code, NULL, path);
}

/* ---- Asking ---- */

static ProtobufCBinaryData field_of(const uint8_t *data, size_t size)
{
    return (ProtobufCBinaryData){.data = (uint8_t *) (uintptr_t) data, .len = size};
}

/* Sets until_ms, signs, and gives it to the request; all in the step's arena. */
typedef int sign_fn(struct moving *moving, void *asked, int64_t until_ms, Comity__V1__Request *request);

static int operate_once(struct moving *moving, const struct side *side, const Comity__V1__Request *request,
                        int64_t wait_ms, const Comity__V1__Reply **ret_reply)
{
    struct comity_result result = {0};
    ProtobufCMessage *message = NULL;
    int code = comity_operate_wait(side->client, request, wait_ms, &result);

    if (code == 0)
        code = message_unpack_trusted(&comity__v1__reply__descriptor, BYTES(result.receipt, result.receipt_size),
                                      moving->arena, &message); /* which the library has read strictly */
    comity_result_release(&result);
    *ret_reply = (const Comity__V1__Reply *) message;
    return code;
}

/* The reply to a request of ours, unpacked in the step's arena. */
static int operate(struct moving *moving, const struct side *side, sign_fn *sign, void *asked,
                   const Comity__V1__Reply **ret_reply)
{
    struct move_try try;
    int code;

    move_try_begin(&try, steady_ms());
    do {
        Comity__V1__Request request = COMITY__V1__REQUEST__INIT;
        int64_t wait_ms = move_try_next(&try, steady_ms(), time_now_ms());

        arena_reset(moving->arena);
        code = sign(moving, asked, try.until_ms, &request);
        if (code == 0)
            code = operate_once(moving, side, &request, wait_ms, ret_reply);
    } while (code != 0 && move_try_again(&try, code, steady_ms(), time_now_ms()));
    return code;
}

static int sign_move(struct moving *moving, void *asked, int64_t until_ms, Comity__V1__Request *request)
{
    request->kind_case = COMITY__V1__REQUEST__KIND_MOVE;
    request->move = asked;
    request->move->until_ms = until_ms;
    return move_ask_sign(request->move, &moving->log_key, moving->arena);
}

static int ask(struct moving *moving, const struct side *side, Comity__V1__MoveNote *freeze, Comity__V1__MoveStep *step,
               const Comity__V1__MoveAnswer **ret_answer)
{
    Comity__V1__MoveAsk asked = COMITY__V1__MOVE_ASK__INIT;
    const Comity__V1__Reply *reply;

    asked.reader = field_of(side->reader, KEY_SIZE);
    asked.freeze = freeze;
    asked.step = step;
    int code = operate(moving, side, sign_move, &asked, &reply);
    if (code == 0 && reply->kind_case != COMITY__V1__REPLY__KIND_MOVE)
        code = ERR_MALFORMED;
    if (code == 0)
        *ret_answer = reply->move;
    return code;
}

/* What the answer says, checked and kept for the next step. Its stage; 0: it says nothing. */
static int note_take(struct moving *moving, const Comity__V1__MoveAnswer *answer, Comity__V1__SignedMove **ret_signed,
                     Comity__V1__MoveStage *ret_stage)
{
    Comity__V1__MoveNote *note;
    ProtobufCMessage *copy;

    *ret_stage = COMITY__V1__MOVE_STAGE__MOVE_STAGE_UNSPECIFIED;
    if (answer->note == NULL)
        return 0;
    int code = move_open(answer->note, moving->log_key.public_key, moving->arena, &note);
    if (code == 0)
        code = message_copy(&answer->note->base, moving->cli->arena, &copy);
    if (code != 0)
        return code;
    *ret_signed = (Comity__V1__SignedMove *) copy;
    *ret_stage = note->stage;
    return 0;
}

/* ---- Freezing ---- */

static int freeze(struct moving *moving, Comity__V1__MoveStage *ret_stage)
{
    const struct place *to = &moving->to.place;
    Comity__V1__BrokerPlace places[PLACE_BROKERS_MAX], *list[PLACE_BROKERS_MAX];
    Comity__V1__MoveNote wish = COMITY__V1__MOVE_NOTE__INIT;
    const Comity__V1__MoveAnswer *answer;

    for (size_t i = 0; i < to->broker_count; i++) {
        comity__v1__broker_place__init(&places[i]);
        places[i].endpoint = (char *) (uintptr_t) to->brokers[i].endpoint;
        places[i].key = field_of(to->brokers[i].key, KEY_SIZE);
        list[i] = &places[i];
    }
    wish.history = field_of(moving->history, HISTORY_ID_SIZE);
    wish.to = field_of(to->group_key, KEY_SIZE);
    wish.brokers = list;
    wish.n_brokers = to->broker_count;
    int code = ask(moving, &moving->old, &wish, NULL, &answer);
    if (code == ERR_HISTORY)
        return cli_fail(moving->cli, code, "Look for its number: comity context list. For another group: --context NAME",
                        "The group of context %s has no such partnership.", moving->cli->context.name);
    if (code == ERR_MOVED)
        return cli_fail(moving->cli, code, "Give the context of the group that has it now: --context NAME",
                        "The group of context %s has let it go to another group than that of context %s.",
                        moving->cli->context.name, moving->to.name);
    if (code == ERR_STATE)
        return cli_fail(moving->cli, code, "Take that back first, with --undo and the other group's context.",
                        "It is on its way to another group.");
    return code == 0 ? note_take(moving, answer, &moving->frozen, ret_stage) : code;
}

/* ---- Carrying ---- */

static int sign_copy(struct moving *moving, void *asked, int64_t until_ms, Comity__V1__Request *request)
{
    uint8_t *signature = arena_alloc(moving->arena, SIGNATURE_SIZE);
    struct bytes packed;

    request->kind_case = COMITY__V1__REQUEST__KIND_COPY;
    request->copy = asked;
    request->copy->until_ms = until_ms;
    request->copy->signature = field_of(NULL, 0); /* it is not of what is signed */
    int code = signature == NULL ? ERR_MEMORY : message_pack(&request->copy->base, moving->arena, &packed);
    if (code == 0)
        code = signature_make(&moving->log_key, TAG_COPY, packed, signature);
    request->copy->signature = field_of(signature, SIGNATURE_SIZE);
    return code;
}

static int copy_ask(struct moving *moving, const uint8_t *copy, uint64_t offset, const Comity__V1__CopyPiece **ret_piece)
{
    Comity__V1__CopyAsk asked = COMITY__V1__COPY_ASK__INIT;
    const Comity__V1__Reply *reply;

    asked.copy = field_of(copy, copy == NULL ? 0 : MOVE_ID_SIZE);
    asked.offset = offset;
    asked.reader = field_of(moving->old.reader, KEY_SIZE);
    asked.history = field_of(moving->history, HISTORY_ID_SIZE);
    int code = operate(moving, &moving->old, sign_copy, &asked, &reply);
    if (code == 0 && (reply->kind_case != COMITY__V1__REPLY__KIND_COPY || reply->copy->copy.len != MOVE_ID_SIZE))
        code = ERR_MALFORMED;
    if (code == 0)
        *ret_piece = reply->copy;
    return code;
}

/* How far the new group is: of which copy, up to where. */
struct carried {
    uint8_t copy[MOVE_ID_SIZE];
    bool has_copy;
    uint64_t offset;
    Comity__V1__MoveStage stage;
};

static int give(struct moving *moving, Comity__V1__MoveStep *step, struct carried *ret_carried)
{
    const Comity__V1__MoveAnswer *answer;
    int code;

    step->note = moving->frozen;
    code = ask(moving, &moving->new, NULL, step, &answer);
    if (code == 0)
        code = note_take(moving, answer, &moving->taken, &ret_carried->stage);
    if (code != 0)
        return code;
    ret_carried->has_copy = answer->copy.len == MOVE_ID_SIZE;
    ret_carried->offset = answer->offset;
    if (ret_carried->has_copy)
        memcpy(ret_carried->copy, answer->copy.data, MOVE_ID_SIZE);
    return 0;
}

/* One piece from the old group to the new one: as much of what the old one gives as can be signed at once. */
static int carry_piece(struct moving *moving, struct carried *carried)
{
    Comity__V1__MoveStep step = COMITY__V1__MOVE_STEP__INIT;
    const Comity__V1__CopyPiece *piece;
    uint8_t content[MOVE_PIECE_MAX_BYTES], copy[MOVE_ID_SIZE];
    int code = copy_ask(moving, carried->has_copy ? carried->copy : NULL, carried->offset, &piece);

    if (code != 0)
        return code;
    if (piece->content.len == 0 || piece->offset != carried->offset)
        return ERR_MALFORMED;
    size_t size = piece->content.len < sizeof(content) ? piece->content.len : sizeof(content);
    memcpy(content, piece->content.data, size); /* the step's arena goes with the next step */
    memcpy(copy, piece->copy.data, MOVE_ID_SIZE);
    step.copy = field_of(copy, MOVE_ID_SIZE);
    step.size = piece->size;
    step.offset = piece->offset;
    step.content = field_of(content, size);
    progress_count(&moving->cli->progress, piece->offset, piece->size);
    return give(moving, &step, carried);
}

static int carry(struct moving *moving)
{
    Comity__V1__MoveStep look = COMITY__V1__MOVE_STEP__INIT;
    struct carried carried = {.offset = 0};
    unsigned copies = 0;
    int code = give(moving, &look, &carried);

    while (code == 0 && carried.stage != COMITY__V1__MOVE_STAGE__MOVE_STAGE_TAKEN) {
        code = carry_piece(moving, &carried);
        if (code == ERR_NOT_FOUND && carried.has_copy && copies++ < COPIES_MAX) {
            carried = (struct carried){.offset = 0}; /* that copy is not there any more: another one, from its beginning */
            code = 0;
        }
    }
    return code;
}

/* ---- All of it ---- */

static int say_step(struct moving *moving, const struct side *side, Comity__V1__SignedMove *note, bool gives_up,
                    Comity__V1__SignedMove **ret_note, Comity__V1__MoveStage *ret_stage)
{
    Comity__V1__MoveStep step = COMITY__V1__MOVE_STEP__INIT;
    const Comity__V1__MoveAnswer *answer;
    int code;

    step.note = note;
    step.gives_up = gives_up;
    code = ask(moving, side, NULL, &step, &answer);
    return code == 0 ? note_take(moving, answer, ret_note, ret_stage) : code;
}

static int move_on(struct moving *moving)
{
    struct cli *cli = moving->cli;
    Comity__V1__SignedMove *moved;
    Comity__V1__MoveStage stage;
    int code = freeze(moving, &stage);

    if (code != 0)
        return code;
    if (stage != COMITY__V1__MOVE_STAGE__MOVE_STAGE_MOVED) {
        STEP("frozen");
        say(cli, "It is frozen: reading goes on, and acts are told to try again shortly.");
        progress_begin(&cli->progress, _("Carrying it over"));
        code = carry(moving);
        progress_end(&cli->progress);
        STEP("taken");
        if (code == 0)
            code = say_step(moving, &moving->old, moving->taken, false, &moved, &stage);
        if (code == 0 && stage != COMITY__V1__MOVE_STAGE__MOVE_STAGE_MOVED)
            code = ERR_MALFORMED;
    }
    if (code != 0)
        return code;
    cli_put_text(cli, "stage", "MOVED");
    say(cli, "It is moved: the group of context %s has it. Members' machines follow by themselves.", moving->to.name);
    return 0;
}

static int move_back(struct moving *moving)
{
    struct cli *cli = moving->cli;
    Comity__V1__SignedMove *given_up = NULL, *nothing;
    Comity__V1__MoveStage stage;
    int code = freeze(moving, &stage); /* says which move it is */

    if (code == 0 && stage != COMITY__V1__MOVE_STAGE__MOVE_STAGE_MOVED)
        code = say_step(moving, &moving->new, moving->frozen, true, &given_up, &stage);
    else if (code == 0)
        code = ERR_STATE;
    if (code == ERR_STATE && cli->failure.code == 0)
        return cli_fail(cli, code, "Without --undo the same command goes on; the way back is another move.",
                        "The group of context %s has all of it by now.", moving->to.name);
    if (code == 0 && given_up == NULL)
        code = ERR_MALFORMED;
    if (code == 0)
        code = say_step(moving, &moving->old, given_up, false, &nothing, &stage);
    if (code != 0)
        return code;
    cli_put_text(cli, "stage", "FROZEN");
    say(cli, "It stays where it is, and takes acts again.");
    return 0;
}

/* @has_begun: it is frozen, as far as this run knows. */
static const char *advice(const struct cli *cli, int code, bool has_begun)
{
    if (move_passes(code))
        return N_("Give the same command again: it goes on. The workers' logs say more.");
    if (code == ERR_DISK_FULL || code == ERR_STORE_FULL)
        return N_("Make room there, and give the same command again: it goes on. The workers' logs say more.");
    if (code == ERR_VALIDITY)
        return N_("Set this machine's clock, and give the same command again.");
    if (!has_begun)
        return N_("Nothing was frozen by this. The workers' logs say more.");
    return cli_has(cli, "undo") ? N_("The workers' logs say why.")
                                : N_("The workers' logs say why. To take it back: the same command with --undo");
}

static int fail_step(struct moving *moving, int code)
{
    return cli_fail(moving->cli, code, advice(moving->cli, code, moving->frozen != NULL), "%s",
                    cut_off_sentence(code));
}

static int move_between(struct moving *moving)
{
    struct cli *cli = moving->cli;
    char reason[CONTEXT_REASON_MAX];
    int code = context_load(cli->home, cli_option(cli, "to"), &moving->to, reason);

    if (code != 0)
        return cli_fail(cli, code, "comity context add NAME --place FILE", "%s", reason);
    if (memcmp(moving->to.place.group_key, cli->context.place.group_key, KEY_SIZE) == 0)
        return cli_fail(cli, ERR_CONFIG, "Give the context of another group: --to NAME. Which ones there are: comity context list",
                        "Contexts %s and %s are of one group: a partnership is moved from one group to another.",
                        cli->context.name, moving->to.name);
    code = log_key_load(moving);
    if (code == 0)
        code = side_open(moving, &cli->context, &moving->old);
    if (code == 0)
        code = side_open(moving, &moving->to, &moving->new);
    if (code != 0)
        return code;
    cli_put(cli, "history", json_hex(BYTES(moving->history, HISTORY_ID_SIZE)));
    code = cli_has(cli, "undo") ? move_back(moving) : move_on(moving);
    return code != 0 && cli->failure.code == 0 ? fail_step(moving, code) : code;
}

int move_run(struct cli *cli)
{
    struct moving *moving = sodium_malloc(sizeof(*moving)); /* for its key */
    int code = ERR_MEMORY;

    if (moving == NULL)
        return code;
    memset(moving, 0, sizeof(*moving));
    moving->cli = cli;
    moving->arena = arena_new(ARENA_LIMIT_DEFAULT);
    if (moving->arena != NULL)
        code = cli_key(cli, "HISTORY", cli_argument(cli, "HISTORY"), moving->history);
    if (code == 0)
        code = move_between(moving);
    comity_destroy(&moving->old.client);
    comity_destroy(&moving->new.client);
    arena_destroy(&moving->arena);
    sodium_free(moving);
    return code;
}
