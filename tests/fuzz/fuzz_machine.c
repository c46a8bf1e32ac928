/* A history driven by commands that anybody may have written, in the order in which they come.
 *
 * Input: again and again u8: hours that pass (up to 127; and 128: after them a restore opens an epoch) |
 * piece: a packed Command, whose history is filled in. What its form refuses is passed over. */
#include "core/error.h"
#include "core/machine/machine.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/machine_drive.h"

#define HOUR_MS ((int64_t) 3600 * 1000)

enum { COMMANDS_MAX = 200 };

struct run {
    struct view_memory *memory, *replayed;
    struct view view, replay;
    struct machine_context context;
    uint8_t history[HISTORY_ID_SIZE];
    bool is_founded;
    struct arena *arena;
};

/* Each event alone, applied elsewhere, has to give the same state. */
static int replay_event(void *context, const struct machine_event *event)
{
    struct run *run = context;

    return machine_apply(&run->replay, event, run->arena);
}

static bool command_take(struct run *run, struct bytes packed, struct command *ret_command)
{
    static uint8_t zeroes[SIGNATURE_SIZE];
    Comity__V1__SignedCommand envelope = COMITY__V1__SIGNED_COMMAND__INIT;
    ProtobufCMessage *message;
    struct bytes bytes, whole;

    if (packed.size > COMMAND_LARGE_MAX_BYTES ||
        message_unpack(&comity__v1__command__descriptor, packed, COMMAND_LARGE_MAX_BYTES, run->arena, NULL,
                       &message) != 0)
        return false;
    Comity__V1__Command *command = (Comity__V1__Command *) message;
    if (command->body_case != COMITY__V1__COMMAND__BODY_FOUND)
        command->history = (ProtobufCBinaryData){HISTORY_ID_SIZE, run->history};
    FUZZ_NEED(message_pack(&command->base, run->arena, &bytes) == 0);
    envelope.command = (ProtobufCBinaryData){bytes.size, (uint8_t *) (uintptr_t) bytes.data};
    envelope.signature = (ProtobufCBinaryData){SIGNATURE_SIZE, zeroes};
    FUZZ_NEED(message_pack(&envelope.base, run->arena, &whole) == 0);
    return command_open(whole, run->arena, NULL, ret_command) == 0;
}

static void restore(struct run *run)
{
    struct machine_events events = {.count = 0};

    FUZZ_NEED(machine_open_epoch(&run->view, &run->context, run->arena, &events) == 0 && events.count == 1);
    events.list[0].sequence = run->context.next_sequence++;
    FUZZ_NEED(machine_apply(&run->view, &events.list[0], run->arena) == 0);
    FUZZ_NEED(machine_apply(&run->replay, &events.list[0], run->arena) == 0);
}

static void drive(struct run *run, const struct command *command)
{
    struct refusal refusal = {0};
    uint8_t before[HASH_SIZE], after[HASH_SIZE];
    uint64_t next = run->context.next_sequence;

    FUZZ_NEED(view_hash(&run->view, before) == 0);
    int code = machine_drive(&run->view, command, &run->context, run->arena, &refusal, replay_event, run);
    FUZZ_NEED(view_hash(&run->view, after) == 0);
    if (code == 0) {
        fuzz_accept();
        FUZZ_NEED(run->context.next_sequence > next);
        if (command->body->body_case == COMITY__V1__COMMAND__BODY_FOUND) {
            memcpy(run->history, command->history, HISTORY_ID_SIZE);
            run->is_founded = true;
        }
        return;
    }
    FUZZ_NEED(code == refusal.code && error_execution(code) == NOT_EXECUTED && code != ERR_MEMORY);
    FUZZ_NEED(memchr(refusal.field, '\0', sizeof(refusal.field)) != NULL);
    /* A deadline may have been due; else nothing has changed. */
    if (run->context.next_sequence == next)
        FUZZ_NEED(memcmp(before, after, HASH_SIZE) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t LOG_KEY[KEY_SIZE] = {5};
    struct arena *arena = fuzz_arena(64 * 1024 * 1024);
    struct fuzz_input input = {.at = data, .left = size, .arena = arena};
    struct run run = {.context = {.time_ms = INT64_C(1700000000000),
                                  .next_sequence = 1,
                                  .log_key = LOG_KEY,
                                  .level = FORMAT_LEVEL},
                      .memory = view_memory_new(),
                      .replayed = view_memory_new(),
                      .arena = arena};
    uint8_t state[HASH_SIZE], replayed[HASH_SIZE];
    struct command command;

    FUZZ_NEED(key_init() == 0 && run.memory != NULL && run.replayed != NULL);
    run.view = view_memory_view(run.memory);
    run.replay = view_memory_view(run.replayed);
    for (unsigned i = 0; i < COMMANDS_MAX && input.left > 0; i++) {
        run.arena = input.arena = fuzz_arena(64 * 1024 * 1024);
        uint64_t step = fuzz_number(&input, 1);
        run.context.time_ms += (int64_t) (step & 0x7f) * HOUR_MS;
        if ((step & 0x80) != 0 && run.is_founded)
            restore(&run);
        if (!command_take(&run, fuzz_piece(&input), &command))
            continue;
        if (run.is_founded != (command.body->body_case == COMITY__V1__COMMAND__BODY_FOUND))
            drive(&run, &command);
    }
    FUZZ_NEED(view_hash(&run.view, state) == 0 && view_hash(&run.replay, replayed) == 0);
    FUZZ_NEED(memcmp(state, replayed, HASH_SIZE) == 0);
    view_memory_destroy(&run.memory);
    view_memory_destroy(&run.replayed);
    return 0;
}
