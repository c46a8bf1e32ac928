/* The files of the journal: commands, receipts, refusals.
 *
 * Input: piece: the .command | piece: the .receipt-1 | piece: the .refused | piece: the .receipt-2. An empty one is not
 * there. They have the names that go with the draft in the first, if it is one. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/lib/comity.h"
#include "core/error.h"
#include "core/text.h"
#include "tests/fuzz/fuzz.h"

enum { PATH_ROOM = 1024 };

struct place {
    char directory[PATH_ROOM], history[2 * COMITY_HISTORY_SIZE + 1], id[2 * COMITY_ID_SIZE + 1];
};

static void put(const struct place *place, const char *suffix, struct bytes content)
{
    char path[2 * PATH_ROOM];

    if (content.size == 0)
        return;
    snprintf(path, sizeof(path), "%s/%s/%s%s", place->directory, place->history, place->id, suffix);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FUZZ_NEED(file >= 0 && write(file, content.data, content.size) == (ssize_t) content.size);
    close(file);
}

static int check_entry(const struct comity_journal_entry *entry, void *context)
{
    size_t *count = context;

    ++*count;
    FUZZ_NEED(entry->draft != NULL);
    FUZZ_NEED(memcmp(comity_draft_id(entry->draft), entry->command_id, COMITY_ID_SIZE) == 0);
    FUZZ_NEED(memcmp(comity_draft_history(entry->draft), entry->history, COMITY_HISTORY_SIZE) == 0);
    FUZZ_NEED(entry->refused <= 0 && entry->receipt_count <= 2 && entry->has_receipt == (entry->receipt_count > 0));
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena(ARENA_LIMIT_DEFAULT);
    struct fuzz_input input = {.at = data, .left = size, .arena = arena};
    struct bytes command = fuzz_piece(&input);
    static const uint8_t none[COMITY_HISTORY_SIZE];
    struct place place = {.history = ""};
    struct comity_draft *draft = NULL;
    size_t count = 0, damaged = 0, unconfirmed = 0;
    char path[2 * PATH_ROOM];

    bool is_draft = comity_draft_unpack(command.data, command.size, &draft, NULL) == 0;
    hex_encode(BYTES(is_draft ? comity_draft_history(draft) : none, COMITY_HISTORY_SIZE), place.history);
    hex_encode(BYTES(is_draft ? comity_draft_id(draft) : none, COMITY_ID_SIZE), place.id);
    snprintf(place.directory, sizeof(place.directory), "%s", fuzz_path("journal"));
    snprintf(path, sizeof(path), "%s/%s", place.directory, place.history);
    FUZZ_NEED(mkdir(place.directory, 0700) == 0 && mkdir(path, 0700) == 0);
    put(&place, ".command", command);
    put(&place, ".receipt-1", fuzz_piece(&input));
    put(&place, ".refused", fuzz_piece(&input));
    put(&place, ".receipt-2", fuzz_piece(&input));
    FUZZ_NEED(comity_journal_each(place.directory, NULL, check_entry, &count, &damaged) == 0);
    FUZZ_NEED(count == (is_draft ? 1 : 0));
    FUZZ_NEED(is_draft || command.size == 0 || damaged > 0);
    if (is_draft) {
        fuzz_accept();
        FUZZ_NEED(comity_journal_unconfirmed(place.directory, comity_draft_history(draft), &unconfirmed) == 0);
    }
    comity_draft_destroy(&draft);
    return 0;
}
