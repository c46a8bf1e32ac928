/* The body of a REQUEST, as far as a worker goes before it looks at a history: the command opened, its texts
 * taken. */
#include "core/command.h"
#include "core/error.h"
#include "core/text.h"
#include "tests/fuzz/fuzz.h"

enum { BODY_MAX_BYTES = 512 * 1024 };

struct places {
    const struct command *command;
    size_t next;
};

/* Each text is the one that the reference at its place stands for. */
static int check_text(const ProtobufCMessage *found, const char *path, void *context)
{
    const Comity__V1__TextRef *reference = (const Comity__V1__TextRef *) found;
    struct places *places = context;
    const struct command_text *text = &places->command->texts[places->next++];
    uint8_t hash[HASH_SIZE];

    (void) path;
    FUZZ_NEED(places->next <= places->command->text_count);
    text_hash(text->salt, text->content, hash);
    FUZZ_NEED(reference->hash.len == HASH_SIZE && memcmp(reference->hash.data, hash, HASH_SIZE) == 0);
    FUZZ_NEED(reference->size == text->content.size);
    FUZZ_NEED(utf8_is_valid(text->content));
    return 0;
}

static void submit(const Comity__V1__Submit *submit, struct arena *arena)
{
    struct bytes signed_command = BYTES(submit->signed_command.data, submit->signed_command.len);
    struct command command;
    struct refusal refusal = {0};

    if (command_open(signed_command, arena, &refusal, &command) != 0)
        return;
    if (command_take_texts(&command, submit->texts, submit->n_texts, arena, &refusal) != 0)
        return;
    fuzz_accept();
    struct places places = {.command = &command};
    FUZZ_NEED(message_visit(&command.body->base, &comity__v1__text_ref__descriptor, check_text, &places) ==
              0);
    FUZZ_NEED(places.next == command.text_count && command.text_count == submit->n_texts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena(ARENA_LIMIT_DEFAULT);
    ProtobufCMessage *message;

    FUZZ_NEED(key_init() == 0);
    if (message_unpack(&comity__v1__request__descriptor, BYTES(data, size), BODY_MAX_BYTES, arena, NULL,
                       &message) != 0)
        return 0;
    const Comity__V1__Request *request = (const Comity__V1__Request *) message;
    if (request->kind_case == COMITY__V1__REQUEST__KIND_SUBMIT)
        submit(request->submit, arena);
    return 0;
}
