/* A receipt as a file, as somebody sends it: what `comity receipt verify` believes of it.
 *
 * Input: 32 bytes: the record's log key | the rest: the file. */
#include "client/cli/receipt_file.h"
#include "core/error.h"
#include "core/note.h"
#include "tests/fuzz/fuzz.h"

struct verdict {
    int code;
    enum receipt_check check;
    struct receipt_report report;
};

static void verify(struct bytes file, const uint8_t *key, size_t keys, struct arena *arena, struct verdict *verdict)
{
    *verdict = (struct verdict){.code = 0};
    verdict->code = receipt_file_verify(file, (const uint8_t(*)[KEY_SIZE]) key, keys, arena, &verdict->report,
                                        &verdict->check);
    FUZZ_NEED(verdict->code == 0 || verdict->check != 0 || verdict->code == ERR_MEMORY);
    if (verdict->check != 0)
        FUZZ_NEED(verdict->check <= RECEIPT_CHECK_COSIGNED && receipt_check_sentence(verdict->check) != NULL);
}

/* What it says it has proved is in the file, and the file has no other form. */
static void check_report(const struct receipt_report *report, struct bytes file, struct arena *arena)
{
    const Comity__V1__Receipt *receipt = report->file->receipt;
    struct bytes again;
    size_t cosigners = 0;

    FUZZ_NEED(receipt_file_pack(report->file, arena, &again) == 0 && bytes_equal(again, file));
    FUZZ_NEED(memcmp(receipt->history.data, report->header.history, HISTORY_ID_SIZE) == 0);
    FUZZ_NEED(memcmp(report->event->command_id.data, report->command_id, COMMAND_ID_SIZE) == 0);
    FUZZ_NEED(receipt->first_sequence == report->header.sequence && report->header.sequence > 0);
    if (report->has_command)
        FUZZ_NEED(memcmp(report->command.id, report->command_id, COMMAND_ID_SIZE) == 0);
    FUZZ_NEED(report->cosigner_count <= RECEIPT_COSIGNERS_MAX);
    for (size_t i = 0; i < report->cosigner_count; i++)
        FUZZ_NEED(report->cosigners[i].size >= report->header.sequence);
    for (size_t i = 0; i < report->file->n_cosigned; i++)
        cosigners += report->file->cosigned[i]->n_cosignatures;
    FUZZ_NEED(cosigners == report->cosigner_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct verdict verdict;
    struct arena *arena = fuzz_arena(ARENA_LIMIT_DEFAULT);
    struct fuzz_input input = {.at = data, .left = size, .arena = arena};
    uint8_t key[KEY_SIZE] = {0};
    struct bytes given = fuzz_bytes(&input, KEY_SIZE), file = fuzz_rest(&input);

    FUZZ_NEED(key_init() == 0);
    if (given.size > 0)
        memcpy(key, given.data, given.size);
    verify(file, key, 1, arena, &verdict);
    if (verdict.code != 0)
        return 0;
    fuzz_accept();
    FUZZ_NEED(memcmp(verdict.report.log_key, key, KEY_SIZE) == 0);
    check_report(&verdict.report, file, arena);
    key[0] ^= 1;
    verify(file, key, 1, arena, &verdict);
    FUZZ_NEED(verdict.code == ERR_SIGNATURE && verdict.check == RECEIPT_CHECK_CHECKPOINT);
    verify(file, key, 0, arena, &verdict);
    FUZZ_NEED(verdict.code == ERR_SIGNATURE && verdict.check == RECEIPT_CHECK_CHECKPOINT);
    return 0;
}
