/* Rules that people write as YAML. */
#include "client/rules/rule_file.h"
#include "core/error.h"
#include "core/message.h"
#include "tests/fuzz/fuzz.h"

/* Written and read again it is the same rule, of the same hash, and written once more the same bytes. */
static void check_again(const Comity__V1__Rule *rule, struct arena *arena)
{
    struct rule_faults faults = {.arena = arena, .words = words_in_english};
    struct rule_file again;
    struct bytes first, second;
    uint8_t before[HASH_SIZE], after[HASH_SIZE];

    int code = rule_file_write(rule, arena, &first);
    if (code == ERR_TOO_LARGE)
        return; /* what is short in brackets is long in lines */
    FUZZ_NEED(code == 0);
    FUZZ_NEED(rule_file_read(first, &faults, &again) == 0);
    FUZZ_NEED(rule_file_write(again.rule, arena, &second) == 0);
    FUZZ_NEED(bytes_equal(first, second));
    FUZZ_NEED(rule_hash(rule, arena, before) == 0 && rule_hash(again.rule, arena, after) == 0);
    FUZZ_NEED(memcmp(before, after, HASH_SIZE) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena(ARENA_LIMIT_DEFAULT);
    struct rule_faults faults = {.arena = arena, .words = words_in_english};
    struct rule_file file;
    int code = rule_file_read(BYTES(data, size), &faults, &file);

    FUZZ_NEED(code == ERR_MEMORY || (code == 0) == (faults.count == 0));
    if (code == 0)
        code = rule_file_check(&file, &faults);
    FUZZ_NEED(faults.count <= RULE_FAULTS_MAX);
    for (size_t i = 0; i < faults.count; i++)
        FUZZ_NEED(faults.list[i].text[0] != '\0' && faults.list[i].line <= size + 2);
    if (code == 0) {
        fuzz_accept();
        check_again(file.rule, arena);
    }
    return 0;
}
