/* The journal is durable before it answers: what is synced, and in which order. fsync is ours here: it notes
 * the name and does its work. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "client/lib/journal.h"
#include "core/text.h"
#include "fake_scene.h"

enum { SYNCS_MAX = 32 };

static const char *directory, *journal;
static char synced[SYNCS_MAX][512];
static size_t sync_count;

int fsync(int fd)
{
    char link[64];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    if (sync_count < SYNCS_MAX) {
        ssize_t size = readlink(link, synced[sync_count], sizeof(synced[0]) - 1);
        synced[sync_count++][size > 0 ? size : 0] = '\0';
    }
    return (int) syscall(SYS_fsync, fd);
}

static int set_up(void **state)
{
    struct scene *scene = scene_new(1);
    journal = scene_keep_journal(scene);
    directory = scene->directory;
    *state = scene;
    sync_count = 0;
    return 0;
}

static int tear_down(void **state)
{
    scene_destroy((struct scene **) state);
    return 0;
}

/* The next syncs are of these paths; one that ends with `*` stands for all that begin so. */
static void expect_synced(const char *const *paths, size_t count)
{
    assert_int_equal(sync_count, count);
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(paths[i]);
        bool is_start = paths[i][length - 1] == '*';
        if (strncmp(synced[i], paths[i], is_start ? length - 1 : length + 1) != 0)
            fail_msg("sync %zu is of %s, expected %s", i, synced[i], paths[i]);
    }
    sync_count = 0;
}

static void everything_is_synced(void **state)
{
    struct scene *scene = *state;
    char history[160], command[320], receipt[320], refusal[320], hex[2 * HISTORY_ID_SIZE + 1],
        id[2 * COMMAND_ID_SIZE + 1];
    bool is_new = false;
    struct comity_draft *draft = scene_ballot(scene);
    hex_encode(BYTES(comity_draft_history(draft), HISTORY_ID_SIZE), hex);
    hex_encode(BYTES(comity_draft_id(draft), COMMAND_ID_SIZE), id);
    snprintf(history, sizeof(history), "%s/%s", journal, hex);
    /* Under the temporary name: synced before it has its own. */
    snprintf(command, sizeof(command), "%s/.%s.command.*", history, id);
    snprintf(receipt, sizeof(receipt), "%s/.%s.receipt-1.*", history, id);
    snprintf(refusal, sizeof(refusal), "%s/.%s.refused.*", history, id);

    assert_int_equal(journal_open(journal), 0);
    expect_synced((const char *[]){directory}, 1);
    assert_int_equal(journal_keep_command(journal, draft, &is_new), 0);
    assert_true(is_new);
    expect_synced((const char *[]){journal, command, history}, 3);
    assert_int_equal(journal_keep_refusal(journal, comity_draft_history(draft), comity_draft_id(draft), -1, 1),
                     0);
    expect_synced((const char *[]){refusal, history}, 2);
    assert_int_equal(journal_keep_receipt(journal, comity_draft_history(draft), comity_draft_id(draft), 1,
                                          BYTES("receipt", 7)),
                     0);
    assert_string_equal(synced[1], history);
    receipt[strlen(receipt) - 1] = '\0';
    assert_memory_equal(synced[0], receipt, strlen(receipt));
    comity_draft_destroy(&draft);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(everything_is_synced, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
