/* The outbox: kept while no broker answers, sent in order when one does, by whichever process; taken back before that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/lib/journal.h"
#include "core/error.h"
#include "core/text.h"
#include "fake_scene.h"

enum { SHORT_MS = 500, LONG_MS = 60000, KEPT_MAX = 64 };

static const char *journal;
static char folder[192];

static int set_up(void **state)
{
    struct scene *scene = scene_new(1);
    char hex[2 * COMITY_HISTORY_SIZE + 1];
    journal = scene_keep_journal(scene);
    hex_encode(BYTES(scene->group->history, COMITY_HISTORY_SIZE), hex);
    snprintf(folder, sizeof(folder), "%s/%s", journal, hex);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    scene_destroy((struct scene **) state);
    return 0;
}

static struct comity_draft *ballot_on(const struct scene *scene, uint32_t round, int64_t valid_for_ms)
{
    struct comity_draft *draft = NULL;
    uint8_t hash[HASH_SIZE] = {7};
    Comity__V1__Command command = COMITY__V1__COMMAND__INIT;
    Comity__V1__CastBallot body = COMITY__V1__CAST_BALLOT__INIT;
    body.round = round;
    body.answer = 2;
    body.text_hash = (ProtobufCBinaryData){sizeof(hash), hash};
    command.body_case = COMITY__V1__COMMAND__BODY_CAST_BALLOT;
    command.cast_ballot = &body;
    command.epoch = 1;
    assert_int_equal(
        comity_draft_new(&command, scene->group->history, NULL, scene->seed, valid_for_ms, &draft, NULL), 0);
    return draft;
}

/* Put one, and keep its id. */
static void put(const struct scene *scene, uint32_t round, uint8_t ret_id[COMITY_ID_SIZE], bool is_replacing)
{
    struct comity_draft *draft = ballot_on(scene, round, 0);
    bool is_replaced = !is_replacing;
    assert_int_equal(comity_outbox_put(journal, draft, &is_replaced), 0);
    assert_int_equal(is_replaced, is_replacing);
    if (ret_id != NULL)
        memcpy(ret_id, comity_draft_id(draft), COMITY_ID_SIZE);
    comity_draft_destroy(&draft);
}

struct look {
    size_t count, waiting, unsent, recorded, refused;
    uint8_t ids[KEPT_MAX][COMITY_ID_SIZE]; /* of those that wait */
    uint64_t sequences[KEPT_MAX]; /* of those that are recorded, in the order in which they were given */
};

static int look_at(const struct comity_journal_entry *entry, void *context)
{
    struct look *look = context;
    if (comity_is_waiting(entry))
        memcpy(look->ids[look->waiting++], entry->command_id, COMITY_ID_SIZE);
    if (entry->has_receipt)
        look->sequences[look->recorded++] = entry->sequence;
    look->count++;
    look->unsent += comity_is_waiting(entry) && entry->waits == COMITY_WAITS_UNSENT;
    look->refused += entry->refused != 0;
    return 0;
}

static struct look look(const struct scene *scene, size_t damaged)
{
    struct look seen = {0};
    size_t found;
    assert_int_equal(comity_journal_each(journal, scene->group->history, look_at, &seen, &found), 0);
    assert_int_equal(found, damaged);
    return seen;
}

struct tally {
    size_t recorded, refused, others, held;
    int last;
    uint32_t round; /* that is held back; 0: none */
};

static void tell(const struct comity_journal_entry *entry, struct comity_result *result, void *context)
{
    struct tally *tally = context;
    assert_memory_equal(entry->command_id, result->command_id, COMITY_ID_SIZE);
    tally->recorded += result->verdict == COMITY_RECORDED;
    tally->refused += result->verdict == COMITY_REFUSED;
    tally->others += result->verdict == COMITY_UNKNOWN || result->verdict == COMITY_NOT_SENT;
    tally->last = result->fault.code;
}

static int hold_back(const struct comity_journal_entry *entry, void *context)
{
    struct tally *tally = context;
    bool is_held = comity_draft_command(entry->draft)->cast_ballot->round == tally->round;
    tally->held += is_held;
    return is_held;
}

static struct tally send_all(struct scene *scene, uint32_t held_round, int64_t deadline_ms)
{
    struct tally tally = {.round = held_round};
    assert_int_equal(
        comity_outbox_send(scene->client, scene->group->history, deadline_ms, hold_back, tell, &tally), 0);
    return tally;
}

static void what_waits_is_sent_once_in_its_order(void **state)
{
    struct scene *scene = *state;
    size_t unconfirmed = 9, waiting = 9;
    for (uint32_t round = 1; round <= 5; round++)
        put(scene, round, NULL, false);
    struct look before = look(scene, 0);
    assert_int_equal(before.waiting, 5);
    assert_int_equal(before.unsent, 5);
    /* Nobody is told to find out what became of them. */
    assert_int_equal(comity_journal_unconfirmed(journal, scene->group->history, &unconfirmed), 0);
    assert_int_equal(unconfirmed, 0);
    assert_int_equal(comity_outbox_count(journal, scene->group->history, &waiting), 0);
    assert_int_equal(waiting, 5);
    scene_start(scene);
    struct tally tally = send_all(scene, 3, 0);
    assert_int_equal(tally.recorded, 4);
    assert_int_equal(tally.held, 1);
    assert_int_equal(look(scene, 0).waiting, 1);
    assert_int_equal(send_all(scene, 0, 0).recorded, 1);
    assert_int_equal(send_all(scene, 0, 0).recorded, 0);
    struct look after = look(scene, 0);
    assert_int_equal(after.waiting, 0);
    assert_int_equal(after.recorded, 5);
    for (size_t i = 1; i < 5; i++) /* but for the third, which was held back */
        assert_true(i == 3 || after.sequences[i - 1] < after.sequences[i]);
    assert_true(after.sequences[2] > after.sequences[4]);
    assert_int_equal(comity_outbox_count(journal, scene->group->history, &waiting), 0);
    assert_int_equal(waiting, 0);
    assert_int_equal(SEEN(scene, command_count), 5);
    assert_int_equal(SEEN(scene, duplicates), 0);
}

static void a_later_ballot_takes_the_place_of_one_that_was_not_sent(void **state)
{
    struct scene *scene = *state;
    uint8_t later[COMITY_ID_SIZE];
    put(scene, 1, NULL, false);
    put(scene, 2, NULL, false); /* the control: another round */
    put(scene, 1, later, true);
    struct look seen = look(scene, 0);
    assert_int_equal(seen.waiting, 2);
    assert_memory_equal(seen.ids[1], later, COMITY_ID_SIZE);
    scene_start(scene);
    assert_int_equal(send_all(scene, 0, 0).recorded, 2);
    assert_int_equal(SEEN(scene, command_count), 2);
}

/* Ended before the earlier one was removed: of two on one round the later goes out. */
static void of_two_on_a_round_the_later_is_sent(void **state)
{
    struct scene *scene = *state;
    uint8_t earlier[COMITY_ID_SIZE], later[COMITY_ID_SIZE];
    char from[512], to[512], mark_from[512], mark_to[512], hex[2 * COMITY_ID_SIZE + 1];
    put(scene, 1, earlier, false);
    hex_encode(BYTES(earlier, COMITY_ID_SIZE), hex);
    snprintf(from, sizeof(from), "%s/%s.command", folder, hex);
    snprintf(mark_from, sizeof(mark_from), "%s/%s.waiting", folder, hex);
    snprintf(to, sizeof(to), "%s/held", scene->directory);
    snprintf(mark_to, sizeof(mark_to), "%s/held-mark", scene->directory);
    assert_int_equal(rename(from, to) + rename(mark_from, mark_to), 0);
    put(scene, 1, later, false);
    assert_int_equal(rename(to, from) + rename(mark_to, mark_from), 0);
    assert_int_equal(look(scene, 0).waiting, 2);
    scene_start(scene);
    assert_int_equal(send_all(scene, 0, 0).recorded, 1);
    struct look seen = look(scene, 0);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.recorded, 1);
    assert_int_equal(SEEN(scene, command_count), 1);
}

static void what_was_not_sent_can_be_taken_back(void **state)
{
    struct scene *scene = *state;
    uint8_t first[COMITY_ID_SIZE], second[COMITY_ID_SIZE], none[COMITY_ID_SIZE] = {1};
    put(scene, 1, first, false);
    put(scene, 2, second, false);
    assert_int_equal(comity_outbox_take_back(journal, scene->group->history, none), ERR_NOT_FOUND);
    assert_int_equal(comity_outbox_take_back(journal, scene->group->history, first), 0);
    assert_int_equal(comity_outbox_take_back(journal, scene->group->history, first), ERR_NOT_FOUND);
    scene_start_ready(scene);
    SCRIPT(scene, script.drop_replies, 1000);
    struct tally tally = send_all(scene, 0, SHORT_MS); /* it is recorded, and nobody knows here */
    assert_int_equal(tally.others, 1);
    assert_int_equal(comity_outbox_take_back(journal, scene->group->history, second), ERR_STATE);
    struct comity_draft *other = ballot_on(scene, 2, 0); /* nor is another put in its place */
    assert_int_equal(comity_outbox_put(journal, other, NULL), ERR_STATE);
    comity_draft_destroy(&other);
    SCRIPT(scene, script.drop_replies, 0);
    assert_int_equal(send_all(scene, 0, 0).recorded, 1);
    assert_int_equal(comity_outbox_take_back(journal, scene->group->history, second), ERR_STATE);
    assert_int_equal(SEEN(scene, command_count), 1);
}

/* The line was not there after all: what did not leave this machine can be taken back still. */
static void a_sending_that_did_not_leave_is_none(void **state)
{
    struct scene *scene = *state;
    uint8_t first[COMITY_ID_SIZE];
    put(scene, 1, first, false);
    put(scene, 2, NULL, false);
    SCRIPT(scene, script.hint_hellos, 1000);
    SCRIPT(scene, script.hint_code, ERR_NO_ROUTE);
    scene_start(scene);
    struct tally tally = send_all(scene, 0, SHORT_MS);
    assert_int_equal(tally.others, 1); /* and the one behind it waits */
    assert_int_equal(tally.last, ERR_NO_ROUTE);
    assert_int_equal(look(scene, 0).unsent, 2);
    assert_int_equal(comity_outbox_take_back(journal, scene->group->history, first), 0);
}

/* Whoever waits is left: it ends as where the time for it is over, and what waits goes on waiting. */
static bool is_there(void *context)
{
    struct scene *scene = context;
    return SEEN(scene, submits) > 0;
}

static bool is_left(void *context)
{
    (void) context;
    return true;
}

static void who_is_left_waits_no_longer(void **state)
{
    struct scene *scene = *state;
    put(scene, 1, NULL, false);
    put(scene, 2, NULL, false);
    scene->options.leaves = is_there;
    scene_start_ready(scene);
    SCRIPT(scene, script.drop_replies, 1000);
    int64_t begin_ms = scene_now_ms();
    struct tally tally = send_all(scene, 0, LONG_MS);
    assert_true(scene_now_ms() - begin_ms < LONG_MS / 2);
    assert_int_equal(tally.others, 1);
    assert_int_equal(tally.last, ERR_TIMEOUT);
    struct look seen = look(scene, 0);
    assert_int_equal(seen.waiting, 2);
    assert_int_equal(seen.unsent, 1); /* the other one may be recorded */
    assert_int_equal(SEEN(scene, command_count), 1);
}

static void who_is_left_before_it_was_sent_has_sent_nothing(void **state)
{
    struct scene *scene = *state;
    put(scene, 1, NULL, false);
    put(scene, 2, NULL, false);
    SCRIPT(scene, script.hint_hellos, 1000);
    SCRIPT(scene, script.hint_code, ERR_NO_ROUTE);
    scene->options.leaves = is_left;
    scene_start(scene);
    int64_t begin_ms = scene_now_ms();
    assert_int_equal(send_all(scene, 0, LONG_MS).others, 1);
    assert_true(scene_now_ms() - begin_ms < LONG_MS / 2);
    assert_int_equal(look(scene, 0).unsent, 2);
}

/* Another who sends the same, between this one's look at the outbox and its own try. */
struct meanwhile {
    struct scene *scene;
    struct comity *other;
    struct tally tally;
};

static int another_sends(const struct comity_journal_entry *entry, void *context)
{
    struct meanwhile *meanwhile = context;
    struct scene *scene = meanwhile->scene;
    assert_int_equal(entry->waits, COMITY_WAITS_UNSENT);
    assert_int_equal(comity_outbox_send(meanwhile->other, scene->group->history, SHORT_MS, NULL, tell, &meanwhile->tally), 0);
    return 0;
}

static void tell_meanwhile(const struct comity_journal_entry *entry, struct comity_result *result, void *context)
{
    tell(entry, result, &((struct meanwhile *) context)->tally);
}

/* What the other sent may be on record, though this one's try did not leave this machine. */
static void what_another_has_sent_is_not_unsent_again(void **state)
{
    struct scene *scene = *state;
    uint8_t id[COMITY_ID_SIZE];
    struct meanwhile meanwhile = {.scene = scene};
    put(scene, 1, id, false);
    scene_start_ready(scene);
    meanwhile.other = scene->client;
    SCRIPT(scene, script.drop_replies, 1000); /* it is recorded, and nobody knows here */
    SCRIPT(scene, script.hint_hellos, 1000);
    SCRIPT(scene, script.hint_code, ERR_NO_ROUTE);
    scene_start(scene);
    assert_int_equal(comity_outbox_send(scene->client, scene->group->history, SHORT_MS, another_sends, tell_meanwhile, &meanwhile), 0);
    comity_destroy(&meanwhile.other);
    assert_int_equal(SEEN(scene, command_count), 1);
    assert_int_equal(meanwhile.tally.others, 2);
    assert_int_equal(meanwhile.tally.last, ERR_NO_ROUTE);
    assert_int_equal(look(scene, 0).unsent, 0);
    assert_int_equal(comity_outbox_take_back(journal, scene->group->history, id), ERR_STATE);
}

/* And what was given as any act, and never sent, is not kept: its giver is told that nothing was done. */
static void an_act_that_was_never_sent_is_not_kept(void **state)
{
    struct scene *scene = *state;
    struct comity_draft *draft = ballot_on(scene, 1, 0);
    struct comity_result result;
    SCRIPT(scene, script.hint_hellos, 1000);
    SCRIPT(scene, script.hint_code, ERR_NO_ROUTE);
    scene_start(scene);
    comity_submit_wait(scene->client, draft, SHORT_MS, &result);
    assert_int_equal(result.verdict, COMITY_NOT_SENT);
    comity_result_release(&result);
    assert_int_equal(look(scene, 0).count, 0);
    comity_destroy(&scene->client);
    SCRIPT(scene, script.hint_hellos, 0);
    scene_start_ready(scene);
    SCRIPT(scene, script.drop_requests, 1000); /* the control: it has left */
    comity_submit_wait(scene->client, draft, SHORT_MS, &result);
    assert_int_equal(result.verdict, COMITY_UNKNOWN);
    comity_result_release(&result);
    assert_int_equal(look(scene, 0).count, 1);
    comity_draft_destroy(&draft);
}

static void the_record_says_what_became_of_it(void **state)
{
    struct scene *scene = *state;
    put(scene, 1, NULL, false);
    put(scene, 2, NULL, false);
    scene_start_ready(scene);
    SCRIPT(scene, script.refuse_requests, 1);
    SCRIPT(scene, script.refuse_code, ERR_CLOSED);
    struct tally tally = send_all(scene, 0, 0);
    assert_int_equal(tally.refused, 1);
    assert_int_equal(tally.recorded, 1); /* a refusal holds up nothing */
    struct look seen = look(scene, 0);
    assert_int_equal(seen.refused, 1);
    assert_int_equal(seen.waiting, 0);
}

static void only_its_owner_can_read_it_and_it_is_bounded(void **state)
{
    struct scene *scene = *state;
    for (uint32_t round = 1; round <= COMITY_OUTBOX_MAX; round++) {
        struct comity_draft *draft = ballot_on(scene, round, 0);
        /* As put by many runs, but without reading all of them at each. */
        char name[512], hex[2 * COMITY_ID_SIZE + 1];
        bool is_new;
        assert_int_equal(journal_keep_command(journal, draft, &is_new), 0);
        hex_encode(BYTES(comity_draft_id(draft), COMITY_ID_SIZE), hex);
        snprintf(name, sizeof(name), "%s/%s.waiting", folder, hex);
        int fd = open(name, O_WRONLY | O_CREAT, 0600);
        assert_int_equal(write(fd, "waiting\n", 8), 8);
        close(fd);
        comity_draft_destroy(&draft);
    }
    struct comity_draft *more = ballot_on(scene, COMITY_OUTBOX_MAX + 1, 0), *again = ballot_on(scene, 1, 0);
    assert_int_equal(comity_outbox_put(journal, more, NULL), ERR_LIMIT);
    assert_int_equal(comity_outbox_put(journal, again, NULL), 0); /* in the place of one */
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *file = readdir(dir); file != NULL; file = readdir(dir)) {
        struct stat status;
        assert_int_equal(fstatat(dirfd(dir), file->d_name, &status, AT_SYMLINK_NOFOLLOW), 0);
        assert_true(!S_ISREG(status.st_mode) || (status.st_mode & 0777) == 0600);
    }
    closedir(dir);
    comity_draft_destroy(&more);
    comity_draft_destroy(&again);
}

static void damage(const char *suffix, off_t at)
{
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *file = readdir(dir); file != NULL; file = readdir(dir)) {
        char path[512], byte;
        if (strstr(file->d_name, suffix) == NULL)
            continue;
        snprintf(path, sizeof(path), "%s/%.64s", folder, file->d_name);
        int fd = open(path, O_RDWR);
        assert_int_equal(pread(fd, &byte, 1, at), 1);
        byte ^= 4;
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
        close(fd);
    }
    closedir(dir);
}

/* A mark that cannot be read: it may have been sent, and is sent again. A command that cannot: never. */
static void what_is_damaged_is_told(void **state)
{
    struct scene *scene = *state;
    uint8_t id[COMITY_ID_SIZE];
    put(scene, 1, id, false);
    damage(".waiting", 2);
    assert_int_equal(look(scene, 1).waiting, 1);
    assert_int_equal(comity_outbox_take_back(journal, scene->group->history, id), ERR_STATE);
    scene_start(scene);
    assert_int_equal(send_all(scene, 0, 0).recorded, 1);
    put(scene, 2, NULL, false);
    damage(".command", 60);
    assert_int_equal(look(scene, 2).count, 0); /* those of both acts */
    assert_int_equal(send_all(scene, 0, 0).recorded, 0);
    assert_int_equal(SEEN(scene, command_count), 1);
}

/* ---- Beside one another, and ended at any point ---- */

/* Puts further ballots on rounds of its own until it is killed, and says each that is kept. */
static void put_for_ever(const struct scene *scene, uint32_t first, int out)
{
    for (uint32_t round = first;; round++) {
        struct comity_draft *draft = ballot_on(scene, round, 0);
        if (comity_outbox_put(journal, draft, NULL) == 0 &&
            write(out, comity_draft_id(draft), COMITY_ID_SIZE) != COMITY_ID_SIZE)
            _exit(1);
        comity_draft_destroy(&draft);
    }
}

static void killed_at_any_point_nothing_that_was_kept_is_lost(void **state)
{
    enum { KILLS = 10, EACH = 3 };
    struct scene *scene = *state;
    uint8_t told[KILLS * EACH][COMITY_ID_SIZE];
    size_t count = 0;
    for (uint32_t kill_number = 0; kill_number < KILLS; kill_number++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0)
            put_for_ever(scene, 1 + 1000 * kill_number, ends[1]);
        close(ends[1]);
        for (size_t i = 0; i < EACH; i++, count++)
            assert_int_equal(read(ends[0], told[count], COMITY_ID_SIZE), COMITY_ID_SIZE);
        usleep(kill_number * 700); /* somewhere in the midst of the next */
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        close(ends[0]);
    }
    struct look seen = look(scene, 0);
    for (size_t i = 0; i < count; i++) {
        bool is_there = false;
        for (size_t j = 0; j < seen.waiting; j++)
            is_there |= memcmp(seen.ids[j], told[i], COMITY_ID_SIZE) == 0;
        assert_true(is_there);
    }
    assert_int_equal(seen.count, seen.waiting); /* none is there without its mark */
    scene_start(scene);
    assert_int_equal(send_all(scene, 0, 0).recorded, seen.waiting);
    assert_int_equal(SEEN(scene, command_count), seen.waiting);
}

/* What was sent otherwise and not confirmed: it goes out again, once, and in the meantime it is neither taken back nor replaced. */
static void what_was_sent_and_not_confirmed_waits(void **state)
{
    struct scene *scene = *state;
    struct comity_draft *draft = ballot_on(scene, 1, 0), *other = ballot_on(scene, 1, 0);
    bool is_new = false;
    assert_int_equal(journal_open(journal), 0);
    assert_int_equal(comity_outbox_put_sent(journal, draft), ERR_NOT_FOUND);
    assert_int_equal(journal_keep_command(journal, draft, &is_new), 0);
    assert_int_equal(look(scene, 0).waiting, 0); /* the control */
    assert_int_equal(comity_outbox_put_sent(journal, draft), 0);
    struct look seen = look(scene, 0);
    assert_int_equal(seen.waiting, 1);
    assert_int_equal(seen.unsent, 0);
    assert_int_equal(comity_outbox_take_back(journal, scene->group->history, comity_draft_id(draft)), ERR_STATE);
    assert_int_equal(comity_outbox_put(journal, other, NULL), ERR_STATE);
    scene_start(scene);
    assert_int_equal(send_all(scene, 0, 0).recorded, 1);
    assert_int_equal(look(scene, 0).waiting, 0);
    comity_draft_destroy(&draft);
    comity_draft_destroy(&other);
}

/* Until the process waits for a lock, as the kernel tells, or has ended. */
static bool waits_for_lock(pid_t pid)
{
    char line[256];
    for (siginfo_t ended = {0}; ended.si_pid != pid;) {
        FILE *file = fopen("/proc/locks", "r");
        long waiter = 0;
        assert_non_null(file);
        while (waiter != pid && fgets(line, sizeof(line), file) != NULL)
            if (sscanf(line, "%*d: -> FLOCK %*s %*s %ld", &waiter) != 1)
                waiter = 0;
        fclose(file);
        if (waiter == pid)
            return true;
        waitid(P_PID, (id_t) pid, &ended, WEXITED | WNOHANG | WNOWAIT);
    }
    return false;
}

/* Whoever decides holds the lock: taking back waits for it. */
static void who_decides_holds_the_lock(void **state)
{
    struct scene *scene = *state;
    uint8_t id[COMITY_ID_SIZE];
    int status;
    put(scene, 1, id, false);
    int fd = open(folder, O_RDONLY | O_DIRECTORY);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    pid_t child = fork();
    if (child == 0) {
        close(fd);
        _exit(comity_outbox_take_back(journal, scene->group->history, id) == 0 ? 0 : 1);
    }
    bool has_waited = waits_for_lock(child);
    size_t waiting = look(scene, 0).waiting;
    assert_int_equal(flock(fd, LOCK_UN), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(has_waited);
    assert_int_equal(waiting, 1);
    assert_int_equal(status, 0);
    assert_int_equal(look(scene, 0).count, 0);
    close(fd);
}

int main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ONE(what_waits_is_sent_once_in_its_order),
        ONE(a_later_ballot_takes_the_place_of_one_that_was_not_sent),
        ONE(of_two_on_a_round_the_later_is_sent),
        ONE(what_was_not_sent_can_be_taken_back),
        ONE(a_sending_that_did_not_leave_is_none),
        ONE(who_is_left_waits_no_longer),
        ONE(who_is_left_before_it_was_sent_has_sent_nothing),
        ONE(what_another_has_sent_is_not_unsent_again),
        ONE(an_act_that_was_never_sent_is_not_kept),
        ONE(the_record_says_what_became_of_it),
        ONE(only_its_owner_can_read_it_and_it_is_bounded),
        ONE(what_is_damaged_is_told),
        ONE(killed_at_any_point_nothing_that_was_kept_is_lost),
        ONE(what_was_sent_and_not_confirmed_waits),
        ONE(who_decides_holds_the_lock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
