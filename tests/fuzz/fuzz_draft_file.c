/* Draft files, as they go from co-chair to co-chair by mail. */
#include <json-c/json.h>

#include "client/cli/draft_file.h"
#include "core/error.h"
#include "core/text.h"
#include "tests/fuzz/fuzz.h"

/* Written and read again it is the same draft, for the same place. */
static void check_again(struct cli *cli, const struct draft_file *file)
{
    struct draft_file again = {0};
    const char *path = arena_string(cli->arena, fuzz_path("again"));

    FUZZ_NEED(draft_file_write(cli, path, file, true) == 0);
    FUZZ_NEED(draft_file_read(cli, path, &again) == 0);
    FUZZ_NEED(memcmp(comity_draft_id(again.draft), comity_draft_id(file->draft), COMITY_ID_SIZE) == 0);
    FUZZ_NEED(memcmp(again.place.group_key, file->place.group_key, KEY_SIZE) == 0);
    FUZZ_NEED(again.place.broker_count == file->place.broker_count);
    FUZZ_NEED(memcmp(&again.partnership, &file->partnership, sizeof(again.partnership)) == 0);
    draft_file_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena(ARENA_LIMIT_DEFAULT);
    struct cli cli = {.arena = arena, .is_json = true, .document = json_object_new_object()};
    struct draft_file file = {0};

    FUZZ_NEED(key_init() == 0);
    int code = draft_file_read(&cli, arena_string(arena, fuzz_file(data, size)), &file);
    if (code == 0) {
        fuzz_accept();
        check_again(&cli, &file);
    } else {
        FUZZ_NEED(file.draft == NULL && cli.failure.what[0] != '\0');
        FUZZ_NEED(utf8_is_valid(BYTES(cli.failure.what, strlen(cli.failure.what))));
    }
    draft_file_release(&file);
    json_object_put(cli.document);
    return 0;
}
