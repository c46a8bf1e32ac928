/* Inputs that come of histories: commands, events, receipts, exports. */
#include <stdio.h>
#include <stdlib.h>

#include "core/note.h"
#include "group.h"
#include "tests/fuzz/corpus.h"
#include "tests/fuzz/scene_of_corpus.h"
#include "tests/support/machine_drive.h"
#include "tests/support/random_commands.h"
#include "worker/export.h"

enum { MACHINE_INPUTS = 4, MACHINE_COMMANDS = 600, KINDS_MAX = 192, TEXTS_MAX = 64 };
enum { EXPORT_MAX_BYTES = 256 * 1024, DRAFT_MAX_BYTES = 64 * 1024, REQUEST_PADDING = 15 };

/* As a client sends it. */
static void put_padded(const ProtobufCMessage *request, struct arena *arena)
{
    struct bytes packed, padded;

    assert_int_equal(message_pack(request, arena, &packed), 0);
    assert_int_equal(message_pad(packed, REQUEST_PADDING, SIZE_MAX, arena, &padded), 0);
    corpus_put("submit", "padded", padded);
}

/* A command with its texts, on its way: the body of a REQUEST, and the file of a draft. */
static void put_submit(const struct command *command, struct arena *arena, struct bytes *ret_draft)
{
    Comity__V1__Submit submit = COMITY__V1__SUBMIT__INIT;
    Comity__V1__Request request = COMITY__V1__REQUEST__INIT;
    Comity__V1__Text texts[TEXTS_MAX], *list[TEXTS_MAX];
    char *draft = arena_alloc(arena, DRAFT_MAX_BYTES);
    struct bytes packed;

    assert_true(draft != NULL && command->text_count <= TEXTS_MAX);
    submit.signed_command = (ProtobufCBinaryData){command->signed_command.size,
                                                  (uint8_t *) (uintptr_t) command->signed_command.data};
    submit.texts = list;
    for (size_t i = 0; i < command->text_count; i++) {
        const struct command_text *text = &command->texts[i];
        comity__v1__text__init(&texts[i]);
        texts[i].salt = (ProtobufCBinaryData){SALT_SIZE, (uint8_t *) (uintptr_t) text->salt};
        texts[i].content =
            (ProtobufCBinaryData){text->content.size, (uint8_t *) (uintptr_t) text->content.data};
        list[submit.n_texts++] = &texts[i];
    }
    request.kind_case = COMITY__V1__REQUEST__KIND_SUBMIT;
    request.submit = &submit;
    corpus_put_message("submit", command_name(command->body), &request.base);
    if (command->body->body_case == COMITY__V1__COMMAND__BODY_CAST_BALLOT)
        put_padded(&request.base, arena);
    assert_int_equal(message_pack(&submit.base, arena, &packed), 0);
    int line = snprintf(draft, DRAFT_MAX_BYTES, "comity draft 1\n");
    assert_true((size_t) line + packed.size <= DRAFT_MAX_BYTES);
    memcpy(draft + line, packed.data, packed.size);
    *ret_draft = BYTES(draft, (size_t) line + packed.size);
    corpus_put("draft", command_name(command->body), *ret_draft);
}

/* What was asked for and what came back. */
static void put_answered(struct scene *scene, size_t item)
{
    const struct command *command = scene->items[item].command;
    const Comity__V1__Reply *reply = scene_reply(scene, item);
    const Comity__V1__Receipt *receipt = reply->receipt;
    struct corpus_pieces pieces = {.size = 0};
    struct bytes draft, packed;

    put_submit(command, scene->arena, &draft);
    corpus_put_typed("reply", &reply->base);
    if (reply->kind_case != COMITY__V1__REPLY__KIND_RECEIPT)
        return;
    pieces_piece(&pieces, draft);
    pieces_add(&pieces, BYTES(scene->log_key.public_key, KEY_SIZE));
    assert_int_equal(message_pack(&receipt->base, scene->arena, &packed), 0);
    pieces_add(&pieces, packed);
    corpus_put("receipt", command_name(command->body), BYTES(pieces.bytes, pieces.size));
    pieces.size = 0;
    pieces_number(&pieces, 0, 2); /* no verifier of its own */
    pieces_add(&pieces, BYTES(receipt->checkpoint.data, receipt->checkpoint.len));
    corpus_put("note", "checkpoint", BYTES(pieces.bytes, pieces.size));
    corpus_put_message("event", command_name(command->body), &receipt->event->base);
    corpus_put_typed("event", &receipt->event->base);
    corpus_of_receipt(scene, command, receipt);
    corpus_of_replies(scene, command, draft, reply);
    corpus_of_checkpoint(scene, receipt);
}

struct bytes corpus_export(struct scene *scene)
{
    char path[SCRATCH_PATH_MAX], reason[EXPORT_REASON_MAX] = "";
    struct export_options options = {
        .store = scene->store, .log_key = &scene->log_key, .time_ms = scene->now_ms};
    struct export_totals totals;
    uint8_t *bytes = arena_alloc(scene->arena, EXPORT_MAX_BYTES);

    assert_non_null(bytes);
    assert_memory_equal(SCRATCH_GROUP, CORPUS_GROUP, GROUP_ID_SIZE);
    assert_true(scene->now_ms <= CORPUS_TIME_MS + 1000000);
    scratch_join(scene->directory, "export", path);
    if (export_write_file(&options, path, &totals, reason) != 0)
        fail_msg("%s", reason);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(bytes, 1, EXPORT_MAX_BYTES, file);
    assert_true(size == totals.bytes && fclose(file) == 0);
    remove(path);
    return BYTES(bytes, size);
}

static void put_export(struct scene *scene, const char *name)
{
    struct bytes copy = corpus_export(scene);

    corpus_put("export", name, copy);
    corpus_put("restore", name, copy);
    corpus_put("recount", name, copy);
    corpus_put("audit", name, copy);
}

/* The same record in another directory, in a new epoch. */
static void restore(struct scene *scene)
{
    char file[SCRATCH_PATH_MAX], target[SCRATCH_PATH_MAX], reason[EXPORT_REASON_MAX] = "";
    struct export_options out = {.store = scene->store, .log_key = &scene->log_key, .time_ms = scene->now_ms};
    struct export_totals totals;

    scratch_join(scene->directory, "backup", file);
    scratch_join(scene->directory, "restored", target);
    struct restore_options in = {.directory = target,
                                 .map_limit_bytes = SCENE_MAP_BYTES,
                                 .group = SCRATCH_GROUP,
                                 .log_key = &scene->log_key,
                                 .time_ms = scene->now_ms};
    if (export_write_file(&out, file, &totals, reason) != 0 ||
        restore_read_file(&in, file, &totals, reason) != 0)
        fail_msg("%s", reason);
    scene_stop(scene);
    char source[SCRATCH_PATH_MAX];
    memcpy(source, scene->directory, sizeof(source));
    memcpy(scene->directory, target, sizeof(target));
    scene_start(scene);
    memcpy(scene->directory, source, sizeof(source));
}

static void batch(struct scene *scene)
{
    assert_int_equal(scene_run(scene), 0);
    for (size_t i = 0; i < scene->count; i++)
        put_answered(scene, i);
    if (scene->count > 0 && scene_reply(scene, 0)->kind_case == COMITY__V1__REPLY__KIND_RECEIPT)
        corpus_of_known(scene, scene->items[0].command, scene_reply(scene, 0)->receipt);
    scene_next(scene);
}

/* A founding alone, then a round with ballots in one batch, one of them refused, until its time is over. */
void corpus_of_scene(void)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    assert_non_null(scene);
    scene_begin(scene, 20);
    scene_found(scene);
    put_export(scene, "founded");
    scene_add(scene, scene_add_item(scene, "Before there is a session"), 0, NULL, 0);
    batch(scene);
    scene_open_round(scene, scene->now_ms + 5000);
    for (unsigned i = 0; i < 3; i++)
        scene_add(scene, scene_ballot(scene, 1 + i, 0, i == 1 ? "Because of the nights." : NULL), i, NULL, 0);
    scene_add(scene, scene_ballot(scene, 1, 7, NULL), 0, NULL, 0);
    scene_add(scene, scene_add_item(scene, "Canteen"), 6, NULL, 0);
    batch(scene);
    scene->now_ms += 5000;
    batch(scene);
    put_export(scene, "decided");
    restore(scene);
    scene_add(scene, scene_add_item(scene, "From the time before"), 0, NULL, 0);
    batch(scene);
    put_export(scene, "restored");
    scene_end(scene);
    free(scene);
}

/* The same in a group of workers: the entries of its log, of the beginning and of all. */
static void put_entries(struct group *group, const char *name, size_t count)
{
    struct corpus_pieces *pieces = calloc(1, sizeof(*pieces));

    assert_non_null(pieces);
    pieces_add(pieces, BYTES(group->scene.log_key.public_key, KEY_SIZE));
    for (size_t i = 0; i < count; i++)
        pieces_piece(pieces, group->entries[i].batch.body);
    corpus_put("follow", name, BYTES(pieces->bytes, pieces->size));
    free(pieces);
}

/* A witness is appointed, and cosigns what its appointment's receipt shows: an entry by itself. */
static void cosign(struct scene *scene)
{
    Comity__V1__Command *body = SCENE_NEW(scene, Command, command);
    Comity__V1__Cosign message = COMITY__V1__COSIGN__INIT;
    struct checkpoint checkpoint;
    struct refusal refusal = {0};
    struct signing_key key;

    corpus_witness(1, &key);
    body->body_case = COMITY__V1__COMMAND__BODY_APPOINT_WITNESS;
    body->appoint_witness = SCENE_NEW(scene, AppointWitness, appoint_witness);
    body->appoint_witness->name = arena_string(scene->arena, "owl");
    body->appoint_witness->key =
        (ProtobufCBinaryData){KEY_SIZE, arena_copy(scene->arena, key.public_key, KEY_SIZE)};
    scene_add(scene, body, 0, NULL, 0);
    assert_int_equal(scene_run(scene), 0);
    const Comity__V1__Receipt *receipt = scene_reply(scene, 0)->receipt;
    struct bytes note = BYTES(receipt->checkpoint.data, receipt->checkpoint.len);
    assert_int_equal(checkpoint_open(note, scene->log_key.public_key, &checkpoint), 0);
    message.history = (ProtobufCBinaryData){HISTORY_ID_SIZE, scene->history};
    message.cosignature = corpus_cosignature(scene, &checkpoint, 1, 1);
    assert_int_equal(batch_cosign(scene->runner, &message, &refusal), 0);
    scene_next(scene);
}

void corpus_of_group(void)
{
    struct group *group = group_new(20);
    struct scene *scene = &group->scene;

    scene_found(scene);
    put_entries(group, "founded", group->count);
    scene_add(scene, scene_add_item(scene, "Before there is a session"), 0, NULL, 0);
    assert_int_equal(scene_run(scene), 0);
    scene_next(scene);
    scene_open_round(scene, scene->now_ms + 5000);
    for (unsigned i = 0; i < 3; i++)
        scene_add(scene, scene_ballot(scene, 1 + i, 0, i == 1 ? "Because of the nights." : NULL), i, NULL, 0);
    scene_add(scene, scene_ballot(scene, 77, 0, NULL), 4, NULL, 0);
    scene_add_founding(scene, 1);
    assert_int_equal(scene_run(scene), 0);
    scene_next(scene);
    scene->now_ms += 5000;
    assert_int_equal(scene_run(scene), 0);
    put_entries(group, "decided", group->count);
    cosign(scene);
    put_entries(group, "cosigned", group->count);
    group_destroy(&group);
}

/* One of each kind of command, true signatures and all. */
static void put_first_of_kind(const struct command *command, struct arena *arena, bool *seen)
{
    unsigned kind = (unsigned) command->body->body_case;
    struct bytes draft;

    assert_true(kind < KINDS_MAX);
    if (seen[kind])
        return;
    seen[kind] = true;
    corpus_put("command", command_name(command->body), command->signed_command);
    put_submit(command, arena, &draft);
    corpus_put_typed("command", &command->body->base);
    corpus_put_typed("signed-command", &command->envelope->base);
}

static int put_event(void *context, const struct machine_event *event)
{
    bool *seen = context;

    assert_true((unsigned) event->open->kind_case < KINDS_MAX);
    if (!seen[event->open->kind_case])
        corpus_put_typed("open", &event->open->base);
    seen[event->open->kind_case] = true;
    return 0;
}

/* Random histories, as the seeds have it; the beginning of each becomes one input of the machine, without
 * texts. */
static void random_history(uint64_t seed, size_t size_max, bool *commands_seen, bool *events_seen)
{
    static const uint8_t LOG_KEY[KEY_SIZE] = {5};
    struct random_commands *commands = random_commands_new(seed, true);
    struct view_memory *memory = view_memory_new();
    struct view view = view_memory_view(memory);
    struct arena *arena = arena_new(64 * 1024 * 1024);
    struct machine_context context = {.next_sequence = 1, .log_key = LOG_KEY, .level = FORMAT_LEVEL};
    struct corpus_pieces *pieces = calloc(1, sizeof(*pieces));
    struct command command;
    struct refusal refusal;
    bool has_restored = false;

    assert_true(arena != NULL && pieces != NULL && memory != NULL);
    for (unsigned i = 0; i < MACHINE_COMMANDS; i++) {
        arena_reset(arena);
        random_commands_next(commands, &view, arena, &command, &context.time_ms);
        int code = machine_drive(&view, &command, &context, arena, &refusal, put_event, events_seen);
        struct bytes packed = BYTES(command.envelope->command.data, command.envelope->command.len);
        if (code == 0)
            put_first_of_kind(&command, arena, commands_seen);
        bool is_left_out = code != 0 && i % 8 != 0;
        if (is_left_out || pieces->size + packed.size + 3 > size_max)
            continue;
        bool is_restored = seed > 1 && !has_restored && i > MACHINE_COMMANDS / 8;
        has_restored = has_restored || is_restored;
        pieces_number(pieces, (i % 16 == 15 ? 2 : 0) | (is_restored ? 0x80 : 0), 1);
        pieces_piece(pieces, packed);
    }
    corpus_put("machine", "history", BYTES(pieces->bytes, pieces->size));
    free(pieces);
    arena_destroy(&arena);
    view_memory_destroy(&memory);
    random_commands_destroy(&commands);
}

void corpus_of_machine(void)
{
    bool commands_seen[KINDS_MAX] = {false}, events_seen[KINDS_MAX] = {false};

    for (uint64_t seed = 1; seed <= MACHINE_INPUTS; seed++)
        random_history(seed, seed == 1 ? 24 * 1024 : 6 * 1024, commands_seen, events_seen);
}
