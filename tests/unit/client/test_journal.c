/* The journal: kept before it is sent, receipts once verified, 30 days; submitted again after a restore. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "client/lib/journal.h"
#include "core/error.h"
#include "core/text.h"
#include "fake_scene.h"

static const char *journal;

static int set_up(void **state)
{
    struct scene *scene = scene_new(1);
    journal = scene_keep_journal(scene);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    scene_destroy((struct scene **) state);
    return 0;
}

struct seen {
    size_t entries, receipts, refused, unconfirmed;
    int last_refused;
    uint64_t sequences[64];
    uint8_t ids[64][COMITY_ID_SIZE];
};

static int look(const struct comity_journal_entry *entry, void *context)
{
    struct seen *seen = context;
    assert_memory_equal(entry->command_id, comity_draft_id(entry->draft), COMITY_ID_SIZE);
    assert_memory_equal(entry->history, comity_draft_history(entry->draft), COMITY_HISTORY_SIZE);
    memcpy(seen->ids[seen->entries], entry->command_id, COMITY_ID_SIZE);
    seen->sequences[seen->entries++] = entry->sequence;
    seen->receipts += entry->has_receipt;
    seen->refused += entry->refused != 0;
    seen->unconfirmed += !entry->has_receipt && entry->refused == 0;
    seen->last_refused = entry->refused;
    return 0;
}

static struct seen read_all(struct scene *scene, size_t *ret_damaged)
{
    struct seen seen = {0};
    size_t damaged = 0, unconfirmed = 77;
    assert_int_equal(comity_journal_each(journal, scene->group->history, look, &seen, &damaged), 0);
    /* By names alone it comes to the same, but for files that are damaged. */
    assert_int_equal(comity_journal_unconfirmed(journal, scene->group->history, &unconfirmed), 0);
    if (damaged == 0)
        assert_int_equal(unconfirmed, seen.unconfirmed);
    if (ret_damaged != NULL)
        *ret_damaged = damaged;
    return seen;
}

static void recorded(struct scene *scene)
{
    struct comity_result result = scene_submit(scene, 0);
    assert_int_equal(result.verdict, COMITY_RECORDED);
    comity_result_release(&result);
}

/* The path of one file with this suffix, of the scene's history. */
static void file_of(struct scene *scene, const char *suffix, char *ret_path, size_t size)
{
    char hex[2 * COMITY_HISTORY_SIZE + 1], folder[192];
    hex_encode(BYTES(scene->group->history, COMITY_HISTORY_SIZE), hex);
    snprintf(folder, sizeof(folder), "%s/%s", journal, hex);
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    ret_path[0] = '\0';
    for (struct dirent *file = readdir(dir); file != NULL; file = readdir(dir))
        if (strstr(file->d_name, suffix) != NULL)
            snprintf(ret_path, size, "%s/%.64s", folder, file->d_name);
    closedir(dir);
    assert_true(ret_path[0] != '\0');
}

static void commands_and_receipts_are_kept(void **state)
{
    struct scene *scene = *state;
    scene_start(scene);
    for (int i = 0; i < 5; i++)
        recorded(scene);
    struct seen seen = read_all(scene, NULL);
    assert_int_equal(seen.entries, 5);
    assert_int_equal(seen.receipts, 5);
    for (size_t i = 1; i < seen.entries; i++)
        assert_true(seen.sequences[i - 1] < seen.sequences[i]);
    struct seen all = {0};
    assert_int_equal(comity_journal_each(journal, NULL, look, &all, NULL), 0);
    assert_int_equal(all.entries, 5);
}

static void nobody_else_can_read_it(void **state)
{
    struct scene *scene = *state;
    char path[384];
    struct stat status;
    umask(0);
    scene_start(scene);
    recorded(scene);
    assert_int_equal(stat(journal, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    file_of(scene, ".command", path, sizeof(path));
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    file_of(scene, ".receipt-1", path, sizeof(path));
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    comity_destroy(&scene->client);
    assert_int_equal(chmod(journal, 0750), 0);
    struct comity *client = NULL;
    assert_int_equal(comity_new(&scene->options, &client), ERR_FILE_MODE);
    assert_int_equal(comity_journal_each(journal, NULL, look, NULL, NULL), ERR_FILE_MODE);
    scene->options.journal = "/nowhere/at/all";
    assert_int_equal(comity_new(&scene->options, &client), ERR_FILE);
}

/* What was sent and not answered is there, so that it can be sent again; what was never answered has no
 * receipt. */
static void unanswered_commands_are_kept_without_a_receipt(void **state)
{
    struct scene *scene = *state;
    scene_start_ready(scene);
    SCRIPT(scene, script.drop_replies, 1000);
    struct comity_result result = scene_submit(scene, 600);
    assert_int_equal(result.verdict, COMITY_UNKNOWN);
    comity_result_release(&result);
    SCRIPT(scene, script.drop_replies, 0);
    SCRIPT(scene, script.lie, LIE_PROOF);
    result = scene_submit(scene, 0);
    assert_int_equal(result.fault.code, ERR_RECEIPT);
    comity_result_release(&result);
    struct seen seen = read_all(scene, NULL);
    assert_int_equal(seen.entries, 2);
    assert_int_equal(seen.receipts, 0);
}

static int submit_kept(const struct comity_journal_entry *entry, void *context)
{
    struct scene *scene = context;
    struct comity_result result;
    assert_int_equal(comity_submit_wait(scene->client, entry->draft, 0, &result), 0);
    assert_int_equal(result.verdict, COMITY_RECORDED);
    comity_result_release(&result);
    return 0;
}

static void a_kept_command_can_be_sent_again_by_a_later_client(void **state)
{
    struct scene *scene = *state;
    scene_start_ready(scene);
    SCRIPT(scene, script.drop_replies, 1000);
    struct comity_result result = scene_submit(scene, 600);
    assert_int_equal(result.verdict, COMITY_UNKNOWN);
    comity_result_release(&result);
    comity_destroy(&scene->client);
    SCRIPT(scene, script.drop_replies, 0);
    scene_start(scene);
    assert_int_equal(comity_journal_each(journal, scene->group->history, submit_kept, scene, NULL), 0);
    struct seen seen = read_all(scene, NULL);
    assert_int_equal(seen.entries, 1);
    assert_int_equal(seen.receipts, 1);
    assert_int_equal(SEEN(scene, command_count), 1); /* it had been done, and was not done again */
}

static void what_cannot_be_kept_is_not_sent(void **state)
{
    struct scene *scene = *state;
    struct comity_result result;
    scene_start(scene);
    recorded(scene);
    struct comity_draft *draft = scene_ballot(scene);
    char moved[96];
    snprintf(moved, sizeof(moved), "%s.away", journal);
    assert_int_equal(rename(journal, moved), 0);
    int fd = open(journal, O_CREAT | O_WRONLY, 0600); /* a file where the directory should be */
    close(fd);
    assert_int_equal(comity_submit_wait(scene->client, draft, 0, &result), ERR_FILE);
    assert_int_equal(result.verdict, 0);
    assert_int_equal(SEEN(scene, submits), 1);
    assert_int_equal(unlink(journal), 0);
    assert_int_equal(rename(moved, journal), 0);
    assert_int_equal(comity_submit_wait(scene->client, draft, 0, &result), 0);
    comity_result_release(&result);
    comity_draft_destroy(&draft);
}

static void a_receipt_that_cannot_be_kept_is_told(void **state)
{
    struct scene *scene = *state;
    char path[384];

    scene_start(scene);
    recorded(scene);
    file_of(scene, ".receipt-1", path, sizeof(path));

    /* The command fits under the limit on a file's size, the larger receipt does not. */
    struct stat command, receipt;
    assert_int_equal(stat(path, &receipt), 0);
    file_of(scene, ".command", path, sizeof(path));
    assert_int_equal(stat(path, &command), 0);
    assert_true(command.st_size < receipt.st_size);
    struct rlimit before, limit = {.rlim_cur = (rlim_t) receipt.st_size - 1};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit.rlim_max = before.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    recorded(scene); /* it is recorded all the same */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(scene_count(scene, COMITY_EVENT_JOURNAL, ERR_FILE), 1);
    struct seen seen = read_all(scene, NULL);
    assert_int_equal(seen.entries, 2);
    assert_int_equal(seen.receipts, 1);
}

static void damaged_files_are_passed_over(void **state)
{
    struct scene *scene = *state;
    char path[384];
    size_t damaged = 99;
    scene_start(scene);
    for (int i = 0; i < 3; i++)
        recorded(scene);
    file_of(scene, ".command", path, sizeof(path));
    int fd = open(path, O_WRONLY);
    assert_int_equal(pwrite(fd, "X", 1, 60), 1);
    close(fd);
    struct seen seen = read_all(scene, &damaged);
    assert_int_equal(seen.entries, 2);
    assert_int_equal(damaged, 1);
}

static void refuse_with(struct scene *scene, int code)
{
    SCRIPT(scene, script.refuse_code, code);
    SCRIPT(scene, script.refuse_requests, 1000);
}

static void submit_one(struct scene *scene, const struct comity_draft *draft, int64_t deadline_ms,
                       enum comity_verdict verdict)
{
    struct comity_result result;
    comity_submit_wait(scene->client, draft, deadline_ms, &result);
    assert_int_equal(result.verdict, verdict);
    comity_result_release(&result);
}

static void a_final_refusal_is_kept_and_a_receipt_outweighs_it(void **state)
{
    struct scene *scene = *state;
    scene_start_ready(scene);
    struct comity_draft *draft = scene_ballot(scene);
    refuse_with(scene, ERR_ROUNDS);
    submit_one(scene, draft, 0, COMITY_REFUSED);
    struct seen seen = read_all(scene, NULL);
    assert_int_equal(seen.entries, 1);
    assert_int_equal(seen.refused, 1);
    assert_int_equal(seen.last_refused, ERR_ROUNDS);
    comity_destroy(&scene->client); /* it is on disk */
    scene_start_ready(scene);
    assert_int_equal(read_all(scene, NULL).last_refused, ERR_ROUNDS);
    SCRIPT(scene, script.refuse_requests, 0);
    submit_one(scene, draft, 0, COMITY_RECORDED);
    seen = read_all(scene, NULL);
    assert_int_equal(seen.refused, 0);
    assert_int_equal(seen.receipts, 1);
    comity_draft_destroy(&draft);
}

/* BUSY says nothing of another delivery of the same command: it stays open. */
static void a_passing_refusal_closes_nothing(void **state)
{
    struct scene *scene = *state;
    scene_start_ready(scene);
    struct comity_draft *draft = scene_ballot(scene);
    SCRIPT(scene, script.drop_replies, 1000);
    submit_one(scene, draft, 600, COMITY_UNKNOWN);
    SCRIPT(scene, script.drop_replies, 0);
    refuse_with(scene, ERR_BUSY);
    submit_one(scene, draft, 600, COMITY_UNKNOWN);
    struct comity_draft *fresh = scene_ballot(scene);
    submit_one(scene, fresh, 600, COMITY_UNKNOWN);
    assert_int_equal(read_all(scene, NULL).refused, 0);
    comity_draft_destroy(&fresh);
    comity_draft_destroy(&draft);
}

static void ignore(struct comity_result *result, void *context)
{
    (void) result;
    (void) context;
}

static void what_is_refused_before_it_is_sent_is_not_kept(void **state)
{
    struct scene *scene = *state;
    SCRIPT(scene, script.is_silent, true);
    scene_start(scene);
    struct comity_draft *first = scene_ballot(scene);
    for (int i = 0; i < COMITY_REQUESTS_MAX; i++)
        assert_int_equal(comity_submit(scene->client, first, 0, ignore, NULL, NULL), 0);
    struct comity_draft *draft = scene_ballot(scene);
    assert_int_equal(comity_submit(scene->client, draft, 0, ignore, NULL, NULL), ERR_BUSY);
    assert_int_equal(comity_submit(scene->client, first, 0, ignore, NULL, NULL), ERR_BUSY);
    struct seen seen = read_all(scene, NULL);
    assert_int_equal(seen.entries, 1); /* that which waits */
    assert_memory_equal(seen.ids[0], comity_draft_id(first), COMITY_ID_SIZE);
    comity_draft_destroy(&draft);
    comity_draft_destroy(&first);
}

#define DAY_MS (24 * 3600 * INT64_C(1000))

static void stamp_later(struct scene *scene, int64_t by_ms)
{
    fake_lock(scene->group);
    scene->group->ledger->time_ms += by_ms;
    fake_unlock(scene->group);
}

static void thirty_days_are_counted_by_the_log(void **state)
{
    struct scene *scene = *state;
    fake_lock(scene->group);
    scene->group->ledger->time_ms = (int64_t) time(NULL) * 1000;
    scene->group->ledger->epoch = 1790000000; /* as after a restore: no number to count down from */
    fake_unlock(scene->group);
    scene_start_ready(scene);
    recorded(scene);
    SCRIPT(scene, script.drop_requests, 1000);
    struct comity_result result = scene_submit(scene, 600);
    assert_int_equal(result.verdict, COMITY_UNKNOWN);
    comity_result_release(&result);
    SCRIPT(scene, script.drop_requests, 0);
    refuse_with(scene, ERR_ROUNDS);
    result = scene_submit(scene, 0);
    assert_int_equal(result.verdict, COMITY_REFUSED);
    comity_result_release(&result);
    SCRIPT(scene, script.refuse_requests, 0);
    stamp_later(scene, 29 * DAY_MS);
    recorded(scene);
    assert_int_equal(read_all(scene, NULL).entries, 4);
    stamp_later(scene, 2 * DAY_MS); /* the first receipt goes; the unanswered are valid for 29 days */
    recorded(scene);
    struct seen seen = read_all(scene, NULL);
    assert_int_equal(seen.entries, 4);
    assert_int_equal(seen.receipts, 2);
    stamp_later(scene, 29 * DAY_MS); /* 60 days: 29 of validity and 30 */
    recorded(scene);
    seen = read_all(scene, NULL);
    assert_int_equal(seen.entries, 2);
    assert_int_equal(seen.receipts, 2);
}

/* However old the files look to this machine: opening, asking and recording leave them. */
static void this_machines_clock_removes_nothing(void **state)
{
    struct scene *scene = *state;
    char path[384];
    scene_start(scene);
    recorded(scene);
    struct timespec times[2] = {{.tv_sec = time(NULL) - 400 * 24 * 3600},
                                {.tv_sec = time(NULL) - 400 * 24 * 3600}};
    static const char *const SUFFIXES[] = {".command", ".receipt-1"};
    for (size_t i = 0; i < 2; i++) {
        file_of(scene, SUFFIXES[i], path, sizeof(path));
        assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    }
    comity_destroy(&scene->client);
    scene_start_ready(scene);
    struct comity_result result;
    assert_int_equal(comity_status_wait(scene->client, 0, &result), 0);
    comity_result_release(&result);
    assert_int_equal(read_all(scene, NULL).receipts, 1);
    recorded(scene);
    assert_int_equal(read_all(scene, NULL).receipts, 2);
}

struct again {
    size_t recorded;
    uint64_t sequences[64];
};

static void note(struct comity_result *result, void *context)
{
    struct again *again = context;
    assert_int_equal(result->verdict, COMITY_RECORDED);
    again->sequences[again->recorded++] = result->sequence;
}

/* What a history with these epochs says of itself: each but the first restored to a sequence. */
static const Comity__V1__Partnership *with_epochs(size_t count, const uint32_t *numbers,
                                                  const uint64_t *restored_to)
{
    static Comity__V1__Partnership partnership;
    static Comity__V1__Epoch epochs[4], *list[4];
    comity__v1__partnership__init(&partnership);
    for (size_t i = 0; i < count; i++) {
        comity__v1__epoch__init(&epochs[i]);
        epochs[i].number = partnership.epoch = numbers[i];
        epochs[i].restored_to = restored_to[i];
        list[i] = &epochs[i];
    }
    partnership.n_epochs = count;
    partnership.epochs = list;
    return &partnership;
}

enum { SECOND = 1790000000, THIRD = 1790000100 };

static const Comity__V1__Partnership *restored(uint32_t number, uint64_t restored_to)
{
    return with_epochs(2, (const uint32_t[]){1, number}, (const uint64_t[]){0, restored_to});
}

/* The history went back to the state after the second of five commands, in a new epoch. */
static void what_a_restore_lost_is_submitted_again_in_order(void **state)
{
    struct scene *scene = *state;
    struct again again = {0};
    scene_start(scene);
    for (int i = 0; i < 5; i++)
        recorded(scene);
    struct seen before = read_all(scene, NULL);
    fake_lock(scene->group);
    scene->group->ledger->epoch = SECOND;
    scene->group->ledger->head = before.sequences[1];
    for (size_t i = 2; i < 5; i++) /* the fake keeps commands in the order of their coming */
        free(scene->group->commands[i].receipt);
    scene->group->command_count = 2;
    fake_unlock(scene->group);
    assert_int_equal(comity_resubmit(scene->client, scene->group->history,
                                     restored(SECOND, before.sequences[1]), 0, note, &again),
                     3);
    assert_int_equal(again.recorded, 3);
    assert_int_equal(SEEN(scene, command_count), 5);
    fake_lock(scene->group);
    for (size_t i = 0; i < 5; i++)
        assert_memory_equal(scene->group->commands[i].id, before.ids[i], COMITY_ID_SIZE);
    fake_unlock(scene->group);
    /* Done once: the receipts of the new epoch say so. */
    assert_int_equal(comity_resubmit(scene->client, scene->group->history,
                                     restored(SECOND, before.sequences[1]), 0, note, &again),
                     0);
    assert_int_equal(read_all(scene, NULL).receipts, 5);
}

static void note_refused(struct comity_result *result, void *context)
{
    size_t *refused = context;
    assert_int_equal(result->verdict, COMITY_REFUSED);
    (*refused)++;
}

static void what_was_refused_after_a_restore_is_not_submitted_again(void **state)
{
    struct scene *scene = *state;
    size_t refused = 0;
    scene_start(scene);
    recorded(scene);
    SCRIPT(scene, ledger->epoch, SECOND);
    struct comity_result result; /* so that the client knows which epoch it is in */
    Comity__V1__Whoami whoami = COMITY__V1__WHOAMI__INIT;
    Comity__V1__Query query = COMITY__V1__QUERY__INIT;
    query.kind_case = COMITY__V1__QUERY__KIND_WHOAMI;
    query.whoami = &whoami;
    assert_int_equal(comity_query_wait(scene->client, scene->group->history, &query, 0, &result), 0);
    comity_result_release(&result);
    refuse_with(scene, ERR_EPOCH);
    assert_int_equal(
        comity_resubmit(scene->client, scene->group->history, restored(SECOND, 0), 0, note_refused, &refused),
        1);
    assert_int_equal(refused, 1);
    assert_int_equal(
        comity_resubmit(scene->client, scene->group->history, restored(SECOND, 0), 0, note_refused, &refused),
        0);
    assert_int_equal(read_all(scene, NULL).receipts, 1); /* what it proves, it still proves */
    /* A later restore, of a later backup perhaps, may have what that one had not. */
    refuse_with(scene, ERR_EPOCH);
    assert_int_equal(
        comity_resubmit(scene->client, scene->group->history, restored(THIRD, 0), 0, note_refused, &refused),
        1);
}

/* A receipt stands where its epoch is one of the record's, and the next one was not restored to before it. */
static void what_is_lost_follows_from_the_epochs(void **state)
{
    (void) state;
    static const struct {
        struct comity_journal_receipt receipts[2];
        size_t receipt_count;
        uint32_t epochs[3];
        uint64_t restored_to[3];
        size_t epoch_count;
        bool is_lost;
    } ROWS[] = {
        {{{0}}, 0, {1, SECOND}, {0, 10}, 2, false}, /* never recorded */
        {{{1, 10}}, 1, {1}, {0}, 1, false},
        {{{1, 10}}, 1, {1, SECOND}, {0, 10}, 2, false},
        {{{1, 11}}, 1, {1, SECOND}, {0, 10}, 2, true},
        {{{1, 11}, {SECOND, 12}}, 2, {1, SECOND}, {0, 10}, 2, false}, /* sent again */
        {{{1, 11}, {SECOND, 12}}, 2, {1, SECOND, THIRD}, {0, 10, 11}, 3, true},
        {{{1, 11}, {SECOND, 12}}, 2, {1, SECOND, THIRD}, {0, 10, 12}, 3, false},
        /* The second epoch was given up: the third comes from a backup of the first. */
        {{{SECOND, 12}}, 1, {1, THIRD}, {0, 20}, 2, true},
        {{{1, 11}, {SECOND, 12}}, 2, {1, THIRD}, {0, 20}, 2, false},
        {{{1, 11}, {SECOND, 12}}, 2, {1, THIRD}, {0, 10}, 2, true},
    };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct comity_journal_entry entry = {.receipts = ROWS[i].receipts,
                                             .receipt_count = ROWS[i].receipt_count};
        if (comity_is_lost(&entry, with_epochs(ROWS[i].epoch_count, ROWS[i].epochs, ROWS[i].restored_to)) !=
            ROWS[i].is_lost)
            fail_msg("row %zu", i);
    }
}

/* ---- The order, and acts on the same thing ---- */

static struct comity_draft *sign(struct scene *scene, Comity__V1__Command *command, const uint8_t *seed)
{
    struct comity_draft *draft = NULL;
    command->epoch = 1;
    assert_int_equal(comity_draft_new(command, scene->group->history, NULL, seed, 0, &draft, NULL), 0);
    return draft;
}

static struct comity_draft *seat_of(struct scene *scene, uint32_t body, uint32_t seat, uint32_t member)
{
    Comity__V1__Command command = COMITY__V1__COMMAND__INIT;
    Comity__V1__AssignSeat assign = COMITY__V1__ASSIGN_SEAT__INIT;
    assign.body = body;
    assign.seat = seat;
    assign.member = member;
    command.body_case = COMITY__V1__COMMAND__BODY_ASSIGN_SEAT;
    command.assign_seat = &assign;
    return sign(scene, &command, scene->seed);
}

static struct comity_draft *presence_of(struct scene *scene, uint32_t session, const uint8_t *seed)
{
    Comity__V1__Command command = COMITY__V1__COMMAND__INIT;
    Comity__V1__CheckIn check_in = COMITY__V1__CHECK_IN__INIT;
    check_in.session = session;
    check_in.site = 1;
    command.body_case = COMITY__V1__COMMAND__BODY_CHECK_IN;
    command.check_in = &check_in;
    return sign(scene, &command, seed);
}

/* UNKNOWN: it never arrives. */
static void give(struct scene *scene, struct comity_draft *draft, enum comity_verdict verdict)
{
    SCRIPT(scene, script.drop_requests, verdict == COMITY_UNKNOWN ? 1000 : 0);
    submit_one(scene, draft, verdict == COMITY_UNKNOWN ? 600 : 0, verdict);
    SCRIPT(scene, script.drop_requests, 0);
}

/* An epoch that was given up has a receipt of the older one alone; one of them was never answered at all. */
static void the_order_is_that_in_which_they_were_given(void **state)
{
    struct scene *scene = *state;
    scene_start_ready(scene);
    struct comity_draft *first = scene_ballot(scene), *second = scene_ballot(scene);
    struct comity_draft *third = scene_ballot(scene);
    give(scene, first, COMITY_RECORDED);
    give(scene, second, COMITY_UNKNOWN);
    give(scene, third, COMITY_RECORDED);
    fake_lock(scene->group);
    scene->group->ledger->epoch = SECOND;
    free(scene->group->commands[0].receipt); /* of the first: it is recorded anew, in the second epoch */
    free(scene->group->commands[1].receipt);
    scene->group->command_count = 0;
    fake_unlock(scene->group);
    give(scene, first, COMITY_RECORDED);
    struct seen seen = read_all(scene, NULL);
    assert_int_equal(seen.entries, 3);
    assert_memory_equal(seen.ids[0], comity_draft_id(first), COMITY_ID_SIZE);
    assert_memory_equal(seen.ids[1], comity_draft_id(second), COMITY_ID_SIZE);
    assert_memory_equal(seen.ids[2], comity_draft_id(third), COMITY_ID_SIZE);
    comity_draft_destroy(&first);
    comity_draft_destroy(&second);
    comity_draft_destroy(&third);
}

/* Two within one tick of a file system's clock: by the name of the file it would be either. */
static void acts_within_a_moment_keep_their_order(void **state)
{
    enum { COUNT = 24 };
    struct scene *scene = *state;
    uint8_t ids[COUNT][COMITY_ID_SIZE];
    bool is_new;
    assert_int_equal(journal_open(journal), 0);
    for (size_t i = 0; i < COUNT; i++) {
        struct comity_draft *draft = scene_ballot(scene);
        memcpy(ids[i], comity_draft_id(draft), COMITY_ID_SIZE);
        assert_int_equal(journal_keep_command(journal, draft, &is_new), 0);
        comity_draft_destroy(&draft);
    }
    struct seen seen = read_all(scene, NULL);
    assert_int_equal(seen.entries, COUNT);
    for (size_t i = 0; i < COUNT; i++)
        assert_memory_equal(seen.ids[i], ids[i], COMITY_ID_SIZE);
}

static void move_to(const char *file, int64_t ns)
{
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
                                {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000}};
    assert_int_equal(utimensat(AT_FDCWD, file, times, 0), 0);
}

/* All of the same nanosecond, as after a copy that lost the times: the receipts of the earliest epoch decide.
 */
static void the_same_moment_is_told_apart_by_the_first_receipt(void **state)
{
    struct scene *scene = *state;
    char hex[2 * COMITY_ID_SIZE + 1], history[2 * COMITY_HISTORY_SIZE + 1], path[384];
    scene_start(scene);
    for (int i = 0; i < 8; i++)
        recorded(scene);
    struct seen before = read_all(scene, NULL);
    hex_encode(BYTES(scene->group->history, COMITY_HISTORY_SIZE), history);
    for (size_t i = 0; i < before.entries; i++) {
        hex_encode(BYTES(before.ids[i], COMITY_ID_SIZE), hex);
        snprintf(path, sizeof(path), "%s/%s/%s.command", journal, history, hex);
        move_to(path, INT64_C(1790000000123456789));
    }
    struct seen seen = read_all(scene, NULL);
    assert_memory_equal(seen.ids, before.ids, sizeof(seen.ids));
    for (size_t i = 1; i < seen.entries; i++)
        assert_true(seen.sequences[i - 1] < seen.sequences[i]);
}

struct overtaking {
    const Comity__V1__Partnership *partnership;
    size_t entries;
    uint64_t by[16]; /* sequence of what overtook it; 0: nothing */
};

static int overtake(const struct comity_journal_entry *entry, void *context)
{
    struct overtaking *overtaking = context;
    const struct comity_journal_entry *later = comity_overtaken(entry, overtaking->partnership);
    overtaking->by[overtaking->entries++] = later == NULL ? 0 : later->sequence;
    return 0;
}

static void an_act_is_overtaken_by_a_later_one_on_the_same_thing(void **state)
{
    struct scene *scene = *state;
    uint8_t other_seed[COMITY_KEY_SIZE] = {7};
    struct overtaking overtaking = {.partnership =
                                        with_epochs(1, (const uint32_t[]){1}, (const uint64_t[]){0})};
    scene_start_ready(scene);
    struct comity_draft *drafts[] = {
        seat_of(scene, 1, 2, 4),            /* 0: by the 3rd */
        seat_of(scene, 1, 3, 4),            /* 1: another seat */
        seat_of(scene, 2, 2, 4),            /* 2: another body */
        seat_of(scene, 1, 2, 5),            /* 3: the last that is recorded */
        seat_of(scene, 1, 2, 6),            /* 4: never answered */
        presence_of(scene, 1, other_seed),  /* 5: another person's */
        presence_of(scene, 1, scene->seed), /* 6: by the 8th */
        presence_of(scene, 2, scene->seed), /* 7: another session */
        presence_of(scene, 1, scene->seed), /* 8 */
    };
    static const bool IS_ANSWERED[] = {false, true, true, true, false, false, false, true, true};
    for (size_t i = 0; i < 9; i++) {
        give(scene, drafts[i], IS_ANSWERED[i] ? COMITY_RECORDED : COMITY_UNKNOWN);
        comity_draft_destroy(&drafts[i]);
    }
    struct seen seen = read_all(scene, NULL);
    assert_int_equal(comity_journal_each(journal, scene->group->history, overtake, &overtaking, NULL), 0);
    assert_int_equal(overtaking.entries, 9);
    for (size_t i = 0; i < 9; i++) {
        uint64_t by = i == 0 ? seen.sequences[3] : i == 6 ? seen.sequences[8] : 0;
        if (overtaking.by[i] != by)
            fail_msg("%zu is overtaken by %" PRIu64, i, overtaking.by[i]);
    }
    /* What a restore has lost overtakes nothing. */
    overtaking = (struct overtaking){.partnership = restored(SECOND, 0)};
    assert_int_equal(comity_journal_each(journal, scene->group->history, overtake, &overtaking, NULL), 0);
    for (size_t i = 0; i < 9; i++)
        assert_int_equal(overtaking.by[i], 0);
}

/* The library's own resubmission leaves it, too. */
static void what_was_overtaken_is_not_submitted_again(void **state)
{
    struct scene *scene = *state;
    struct again again = {0};
    scene_start_ready(scene);
    struct comity_draft *older = seat_of(scene, 1, 2, 4), *younger = seat_of(scene, 1, 2, 5);
    give(scene, older, COMITY_RECORDED);
    SCRIPT(scene, ledger->epoch, SECOND);
    give(scene, younger, COMITY_RECORDED);
    assert_int_equal(
        comity_resubmit(scene->client, scene->group->history, restored(SECOND, 0), 0, note, &again), 0);
    assert_int_equal(
        comity_resubmit(scene->client, scene->group->history, restored(THIRD, 0), 0, note, &again), 2);
    comity_draft_destroy(&older);
    comity_draft_destroy(&younger);
}

static int settle(const struct comity_journal_entry *entry, void *context)
{
    (void) context;
    return comity_journal_settle(journal, entry, ERR_STALE, SECOND);
}

static void what_is_settled_is_not_open_any_more(void **state)
{
    struct scene *scene = *state;
    scene_start_ready(scene);
    struct comity_draft *draft = seat_of(scene, 1, 2, 4);
    give(scene, draft, COMITY_UNKNOWN);
    assert_int_equal(comity_journal_each(journal, scene->group->history, settle, NULL, NULL), 0);
    struct seen seen = read_all(scene, NULL);
    assert_int_equal(seen.refused, 1);
    assert_int_equal(seen.last_refused, ERR_STALE);
    comity_draft_destroy(&draft);
}

static void without_a_journal_there_is_nothing_to_submit(void **state)
{
    struct scene *scene = *state;
    uint8_t other[COMITY_HISTORY_SIZE] = {1};
    struct seen seen = {0};
    scene_start(scene);
    assert_int_equal(comity_journal_each(journal, other, look, &seen, NULL), 0);
    assert_int_equal(seen.entries, 0);
    comity_destroy(&scene->client);
    scene->options.journal = NULL;
    scene_start(scene);
    assert_int_equal(
        comity_resubmit(scene->client, scene->group->history, restored(SECOND, 0), 0, note, NULL),
        ERR_MISSING);
}

int main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ONE(commands_and_receipts_are_kept),
        ONE(nobody_else_can_read_it),
        ONE(unanswered_commands_are_kept_without_a_receipt),
        ONE(a_kept_command_can_be_sent_again_by_a_later_client),
        ONE(what_cannot_be_kept_is_not_sent),
        ONE(a_receipt_that_cannot_be_kept_is_told),
        ONE(damaged_files_are_passed_over),
        ONE(a_final_refusal_is_kept_and_a_receipt_outweighs_it),
        ONE(a_passing_refusal_closes_nothing),
        ONE(what_is_refused_before_it_is_sent_is_not_kept),
        ONE(thirty_days_are_counted_by_the_log),
        ONE(this_machines_clock_removes_nothing),
        ONE(what_a_restore_lost_is_submitted_again_in_order),
        ONE(what_was_refused_after_a_restore_is_not_submitted_again),
        ONE(what_is_lost_follows_from_the_epochs),
        ONE(the_order_is_that_in_which_they_were_given),
        ONE(acts_within_a_moment_keep_their_order),
        ONE(the_same_moment_is_told_apart_by_the_first_receipt),
        ONE(an_act_is_overtaken_by_a_later_one_on_the_same_thing),
        ONE(what_was_overtaken_is_not_submitted_again),
        ONE(what_is_settled_is_not_open_any_more),
        ONE(without_a_journal_there_is_nothing_to_submit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
