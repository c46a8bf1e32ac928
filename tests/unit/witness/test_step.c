/* One step: what is kept, and what is given out, in this order; and the operator's word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/witness/step.h"
#include "core/error.h"
#include "core/text.h"

static struct signing_key log_key, key;
static const uint8_t HISTORY[HISTORY_ID_SIZE] = {4};

struct fixture {
    char directory[64];
    struct step_place place;
    struct step step;
    unsigned given;
    struct kept last; /* that was given out */
    bool was_on_disk; /* at that moment */
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    const char *temporary = getenv("TMPDIR");
    snprintf(fixture->directory, sizeof(fixture->directory), "%.40s/comity-XXXXXX", temporary ? temporary : "/tmp");
    if (key_init() != 0 || !mkdtemp(fixture->directory))
        return -1;
    signing_key_generate(&log_key);
    signing_key_generate(&key);
    fixture->place = (struct step_place){.directory = fixture->directory, .key = &key, .name = "labour-box"};
    fixture->step = (struct step){
        .history = HISTORY, .log_key = log_key.public_key, .now_s = 1800000000, .refresh_s = 100, .is_known = true};
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    char command[128];
    snprintf(command, sizeof(command), "rm -rf '%s'", fixture->directory);
    int result = system(command);
    free(fixture);
    return result;
}

static void give(const struct kept *kept, void *context)
{
    struct fixture *fixture = context;
    struct kept on_disk;
    fixture->given++;
    fixture->last = *kept;
    fixture->was_on_disk = kept_load(fixture->directory, HISTORY, &on_disk) == 0 && on_disk.size == kept->size &&
                           memcmp(on_disk.signature, kept->signature, SIGNATURE_SIZE) == 0;
}

/* A record of so many events, with this root; and of one. */
static struct seen shown_at(uint64_t record_size, uint32_t epoch, uint8_t root, const struct signing_key *by,
                            char note[CHECKPOINT_MAX_BYTES])
{
    struct checkpoint checkpoint = {.size = record_size};
    checkpoint_origin(HISTORY, epoch, checkpoint.origin);
    memset(checkpoint.root, root, HASH_SIZE);
    return (struct seen){.note = BYTES(note, checkpoint_sign(&checkpoint, by, note)),
                         .epoch = epoch,
                         .server_log_key = by->public_key};
}

static struct seen shown(uint32_t epoch, uint8_t root, const struct signing_key *by, char note[CHECKPOINT_MAX_BYTES])
{
    return shown_at(1, epoch, root, by, note);
}

static enum judgement take(struct fixture *fixture, const struct seen *seen, int due_code)
{
    enum judgement judgement = JUDGEMENTS;
    struct kept kept;
    int code = step_take(&fixture->place, &fixture->step, seen, &judgement, &kept, give, fixture);
    assert_int_equal(code, due_code);
    return judgement;
}

static void test_kept_before_it_is_given(void **state)
{
    struct fixture *fixture = *state;
    char note[CHECKPOINT_MAX_BYTES], text[CHECKPOINT_MAX_BYTES];
    struct checkpoint checkpoint;
    struct seen seen = shown(1, 1, &log_key, note);
    assert_int_equal(take(fixture, &seen, 0), JUDGED_FIRST);
    assert_int_equal(fixture->given, 1);
    assert_true(fixture->was_on_disk);
    assert_int_equal(checkpoint_open(seen.note, log_key.public_key, &checkpoint), 0);
    size_t size = checkpoint_write(&checkpoint, text);
    assert_int_equal(cosignature_check(key.public_key, BYTES(text, size), 1800000000,
                                       BYTES(fixture->last.signature, SIGNATURE_SIZE)),
                     0);
}

/* Where it cannot be kept, nothing leaves. */
static void test_what_cannot_be_kept_is_not_given(void **state)
{
    struct fixture *fixture = *state;
    char note[CHECKPOINT_MAX_BYTES], path[256], hex[2 * HISTORY_ID_SIZE + 1];
    struct seen seen = shown(1, 1, &log_key, note);
    hex_encode(BYTES(HISTORY, HISTORY_ID_SIZE), hex);
    snprintf(path, sizeof(path), "%s/%s.new", fixture->directory, hex); /* in the way of the new file */
    assert_int_equal(mkdir(path, 0700), 0);
    take(fixture, &seen, ERR_FILE);
    assert_int_equal(fixture->given, 0);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(take(fixture, &seen, 0), JUDGED_FIRST);
    assert_int_equal(fixture->given, 1);
}

static void test_a_damaged_state_gives_nothing(void **state)
{
    struct fixture *fixture = *state;
    char note[CHECKPOINT_MAX_BYTES], path[256], hex[2 * HISTORY_ID_SIZE + 1];
    struct seen seen = shown(1, 1, &log_key, note);
    hex_encode(BYTES(HISTORY, HISTORY_ID_SIZE), hex);
    snprintf(path, sizeof(path), "%s/%s", fixture->directory, hex);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("comity witness state 1\n", file);
    fclose(file);
    take(fixture, &seen, ERR_CORRUPT);
    assert_int_equal(fixture->given, 0);
}

static void test_the_same_again(void **state)
{
    struct fixture *fixture = *state;
    char note[CHECKPOINT_MAX_BYTES];
    struct seen seen = shown(1, 1, &log_key, note);
    take(fixture, &seen, 0);
    struct kept first = fixture->last;
    seen.from = 1;
    assert_int_equal(take(fixture, &seen, 0), JUDGED_SAME);
    assert_int_equal(fixture->given, 1); /* the worker has it */
    fixture->step.is_known = false;
    fixture->step.now_s += 99;
    assert_int_equal(take(fixture, &seen, 0), JUDGED_SAME);
    assert_int_equal(fixture->given, 2); /* it has not: the very same */
    assert_memory_equal(fixture->last.signature, first.signature, SIGNATURE_SIZE);
    assert_true(fixture->was_on_disk);
    fixture->step.now_s += 1;
    assert_int_equal(take(fixture, &seen, 0), JUDGED_SAME);
    assert_int_equal(fixture->given, 3); /* old: signed anew */
    assert_int_equal(fixture->last.time_s, 1800000100);
    assert_true(fixture->was_on_disk);
    fixture->step.now_s = 5; /* a clock that went back */
    fixture->step.is_known = false;
    take(fixture, &seen, 0);
    assert_int_equal(fixture->last.time_s, 1800000100);
}

static void test_a_fork_until_the_operator_decides(void **state)
{
    struct fixture *fixture = *state;
    char note[CHECKPOINT_MAX_BYTES], other_note[CHECKPOINT_MAX_BYTES], path[512];
    struct seen seen = shown(1, 1, &log_key, note), other = shown(1, 2, &log_key, other_note);
    struct kept kept;
    take(fixture, &seen, 0);
    seen.from = other.from = 1;
    assert_int_equal(take(fixture, &other, 0), JUDGED_FORK);
    assert_int_equal(step_look(&fixture->place, &fixture->step, &kept), 0);
    snprintf(path, sizeof(path), "%s/evidence/%s/shown.note", fixture->directory, kept.evidence);
    assert_int_equal(access(path, R_OK), 0);
    assert_int_equal(take(fixture, &seen, 0), JUDGED_STOPPED); /* also what it kept itself */
    assert_int_equal(take(fixture, &other, 0), JUDGED_STOPPED);
    assert_int_equal(fixture->given, 1);
    assert_int_equal(step_accept(&fixture->place, HISTORY, 2, NULL, NULL, &kept), ERR_EPOCH);
    assert_int_equal(step_accept(&fixture->place, HISTORY, 1, key.public_key, NULL, &kept), ERR_SERVER_KEY);
    assert_int_equal(step_accept(&fixture->place, HISTORY, 1, NULL, NULL, &kept), 0);
    assert_int_equal(step_accept(&fixture->place, HISTORY, 1, NULL, NULL, &kept), ERR_STATE);
    assert_int_equal(take(fixture, &seen, 0), JUDGED_SAME);
    assert_int_equal(take(fixture, &other, 0), JUDGED_FORK); /* never the other one, whatever was accepted */
    assert_int_equal(fixture->given, 1);
}

/* All of it is signed by the log: what is not proves nothing, and is not among it. */
static void check_evidence_beside(struct fixture *fixture, const struct signing_key *by, bool is_kept)
{
    char note[CHECKPOINT_MAX_BYTES], longer_note[CHECKPOINT_MAX_BYTES], beside_note[CHECKPOINT_MAX_BYTES], path[512];
    struct seen seen = shown(1, 1, &log_key, note), longer = shown_at(2, 1, 2, &log_key, longer_note);
    struct seen beside = shown(1, 3, by, beside_note);
    struct kept kept;
    take(fixture, &seen, 0);
    longer.from = 1;
    longer.beside = beside.note;
    longer.is_beside_asked = true;
    assert_int_equal(take(fixture, &longer, 0), JUDGED_NO_PROOF);
    assert_int_equal(step_look(&fixture->place, &fixture->step, &kept), 0);
    snprintf(path, sizeof(path), "%s/evidence/%s/shown.note", fixture->directory, kept.evidence);
    assert_int_equal(access(path, R_OK), 0);
    snprintf(path, sizeof(path), "%s/evidence/%s/beside.note", fixture->directory, kept.evidence);
    assert_int_equal(access(path, R_OK) == 0, is_kept);
}

static void test_evidence_with_what_is_beside(void **state)
{
    check_evidence_beside(*state, &log_key, true);
}

static void test_evidence_without_what_somebody_else_signed(void **state)
{
    check_evidence_beside(*state, &key, false);
}

static void test_an_epoch_until_the_operator_decides(void **state)
{
    struct fixture *fixture = *state;
    struct signing_key new_key;
    char note[CHECKPOINT_MAX_BYTES], next_note[CHECKPOINT_MAX_BYTES];
    struct kept kept;
    signing_key_generate(&new_key);
    struct seen seen = shown(1, 1, &log_key, note), next = shown(77, 2, &new_key, next_note);
    assert_int_equal(step_accept(&fixture->place, HISTORY, 77, NULL, NULL, &kept), ERR_NOT_FOUND);
    take(fixture, &seen, 0);
    assert_int_equal(take(fixture, &next, 0), JUDGED_EPOCH);
    assert_int_equal(fixture->given, 1);
    /* By the log key that the operator names, and no other, whatever the server says. */
    assert_int_equal(step_accept(&fixture->place, HISTORY, 77, NULL, NULL, &kept), ERR_MISSING);
    assert_memory_equal(kept.next_log_key, new_key.public_key, KEY_SIZE);
    assert_int_equal(step_accept(&fixture->place, HISTORY, 77, log_key.public_key, NULL, &kept), ERR_SERVER_KEY);
    assert_int_equal(take(fixture, &next, 0), JUDGED_EPOCH);
    /* Nothing says that it holds what was cosigned: that it does not, the operator knows. */
    const uint64_t nothing = 0, other = 1;
    assert_int_equal(step_accept(&fixture->place, HISTORY, 77, new_key.public_key, NULL, &kept), ERR_BEHIND);
    assert_int_equal(step_accept(&fixture->place, HISTORY, 77, new_key.public_key, &other, &kept), ERR_BEHIND);
    assert_int_equal(kept.next_holds, 0);
    assert_int_equal(step_accept(&fixture->place, HISTORY, 77, new_key.public_key, &nothing, &kept), 0);
    assert_int_equal(kept.epoch, 77);
    assert_memory_equal(kept.log_key, new_key.public_key, KEY_SIZE);
    assert_int_equal(take(fixture, &next, 0), JUDGED_FIRST);
    assert_int_equal(fixture->given, 2);
    assert_int_equal(take(fixture, &seen, 0), JUDGED_SIGNATURE); /* the old log key is no good any more */
    assert_int_equal(fixture->given, 2);
}

/* As worker and record have it: the restore before this epoch went back to this number. */
static struct seen with_epoch(struct seen seen, uint64_t restored_to)
{
    static Comity__V1__Epoch epoch, *epochs[] = {&epoch};
    comity__v1__epoch__init(&epoch);
    epoch.number = seen.epoch;
    epoch.restored_to = restored_to;
    seen.epochs = epochs;
    seen.epoch_count = 1;
    return seen;
}

/* What is accepted is the checkpoint that was seen, and what was cosigned before stays as a file. */
static void test_what_was_accepted_is_what_was_seen(void **state)
{
    struct fixture *fixture = *state;
    char note[CHECKPOINT_MAX_BYTES], next_note[CHECKPOINT_MAX_BYTES], other_note[CHECKPOINT_MAX_BYTES], path[512];
    char hex[2 * HISTORY_ID_SIZE + 1];
    struct seen seen = shown(1, 1, &log_key, note), next = shown(2, 1, &log_key, next_note);
    struct seen other = shown(2, 3, &log_key, other_note);
    struct kept kept;
    take(fixture, &seen, 0);
    next = with_epoch(next, 1);
    assert_int_equal(take(fixture, &next, 0), JUDGED_EPOCH);
    assert_int_equal(step_accept(&fixture->place, HISTORY, 2, log_key.public_key, NULL, &kept), 0);
    assert_false(kept.is_signed);
    assert_int_equal(kept.size, 1);
    hex_encode(BYTES(HISTORY, HISTORY_ID_SIZE), hex);
    snprintf(path, sizeof(path), "%s/%s-epoch-1.note", fixture->directory, hex);
    assert_int_equal(access(path, R_OK), 0);
    assert_int_equal(take(fixture, &other, 0), JUDGED_FORK);
    assert_int_equal(fixture->given, 1);
    assert_int_equal(step_accept(&fixture->place, HISTORY, 2, NULL, NULL, &kept), 0);
    assert_int_equal(take(fixture, &next, 0), JUDGED_FIRST);
    assert_int_equal(fixture->given, 2);
    assert_int_equal(fixture->last.epoch, 2);
}

/* A restored record that says to hold all that was cosigned, and does not. */
static void test_a_restore_that_rewrites_is_never_followed(void **state)
{
    struct fixture *fixture = *state;
    char note[CHECKPOINT_MAX_BYTES], next_note[CHECKPOINT_MAX_BYTES], good_note[CHECKPOINT_MAX_BYTES], path[512];
    struct seen seen = shown(1, 1, &log_key, note), next = with_epoch(shown(2, 2, &log_key, next_note), 1);
    struct seen good = shown(3, 1, &log_key, good_note);
    struct kept kept;
    take(fixture, &seen, 0);
    assert_int_equal(take(fixture, &next, 0), JUDGED_EPOCH_FORK); /* and what is beside is asked for */
    assert_int_equal(step_accept(&fixture->place, HISTORY, 2, log_key.public_key, NULL, &kept), ERR_EPOCH);
    next.beside = next.note;
    next.is_beside_asked = true;
    assert_int_equal(take(fixture, &next, 0), JUDGED_EPOCH_FORK);
    assert_int_equal(step_look(&fixture->place, &fixture->step, &kept), 0);
    for (size_t i = 0; i < 3; i++) {
        static const char *const NAMES[] = {"kept.note", "shown.note", "beside.note"};
        snprintf(path, sizeof(path), "%s/evidence/%s/%s", fixture->directory, kept.evidence, NAMES[i]);
        assert_int_equal(access(path, R_OK), 0);
    }
    assert_int_equal(take(fixture, &next, 0), JUDGED_STOPPED);
    assert_int_equal(step_accept(&fixture->place, HISTORY, 2, log_key.public_key, NULL, &kept), ERR_FORKED);
    assert_int_equal(fixture->given, 1);
    /* Another restore, of what was cosigned, can be accepted. */
    good = with_epoch(good, 1);
    assert_int_equal(take(fixture, &good, 0), JUDGED_EPOCH);
    assert_int_equal(step_accept(&fixture->place, HISTORY, 3, log_key.public_key, NULL, &kept), 0);
    assert_int_equal(take(fixture, &good, 0), JUDGED_FIRST);
    assert_int_equal(fixture->given, 2);
}

/* The key's own cosignature of a record of this size and root. */
static struct own own_of(const struct seen *seen, int64_t time_s, uint8_t signature[SIGNATURE_SIZE])
{
    struct checkpoint checkpoint;
    char text[CHECKPOINT_MAX_BYTES];
    assert_int_equal(checkpoint_open(seen->note, log_key.public_key, &checkpoint), 0);
    cosignature_make(BYTES(text, checkpoint_write(&checkpoint, text)), time_s, &key, signature);
    return (struct own){.key = key.public_key,
                        .epoch = seen->epoch,
                        .size = checkpoint.size,
                        .time_s = time_s,
                        .signature = BYTES(signature, SIGNATURE_SIZE)};
}

static void check_forgotten(struct fixture *fixture, const struct seen *seen, int64_t time_s)
{
    struct kept kept;
    assert_int_equal(take(fixture, seen, 0), JUDGED_FORGOTTEN);
    assert_int_equal(step_look(&fixture->place, &fixture->step, &kept), 0);
    assert_true(kept.is_forgotten);
    assert_true(kept_is_by(&kept, key.public_key));
    assert_int_equal(kept.time_s, time_s); /* as it was signed, wherever */
    assert_int_equal(kept.epoch, seen->epoch);
    assert_int_equal(take(fixture, seen, 0), JUDGED_FORGOTTEN);
}

static void test_what_was_forgotten_is_kept_until_the_operator_decides(void **state)
{
    struct fixture *fixture = *state;
    char note[CHECKPOINT_MAX_BYTES];
    uint8_t signature[SIGNATURE_SIZE];
    struct kept kept;
    struct seen seen = shown_at(4, 1, 1, &log_key, note);
    struct own own = own_of(&seen, 1799999990, signature);
    seen.own = &own;
    check_forgotten(fixture, &seen, 1799999990); /* nothing was kept */
    seen.own = NULL; /* the worker hides it now: too late */
    seen.from = 4;
    assert_int_equal(take(fixture, &seen, 0), JUDGED_FORGOTTEN);
    assert_int_equal(fixture->given, 0);
    assert_int_equal(step_accept(&fixture->place, HISTORY, 1, NULL, NULL, &kept), 0);
    assert_int_equal(step_accept(&fixture->place, HISTORY, 1, NULL, NULL, &kept), ERR_STATE);
    fixture->step.refresh_s = 0;
    assert_int_equal(take(fixture, &seen, 0), JUDGED_SAME);
    own = own_of(&seen, 1800000007, signature); /* another machine goes on signing */
    seen.own = &own;
    check_forgotten(fixture, &seen, 1800000007);
    assert_int_equal(fixture->given, 0);
}

/* A fork whose other record this very key has cosigned as well: the evidence says so. */
static void test_evidence_of_its_own_second_word(void **state)
{
    struct fixture *fixture = *state;
    char note[CHECKPOINT_MAX_BYTES], other_note[CHECKPOINT_MAX_BYTES], path[512], line[NOTE_LINE_MAX_BYTES + 1];
    char text[2 * CHECKPOINT_MAX_BYTES];
    uint8_t signature[SIGNATURE_SIZE];
    struct seen seen = shown(1, 1, &log_key, note), other = shown(1, 2, &log_key, other_note);
    struct own own = own_of(&other, 1800000007, signature);
    struct kept kept;
    take(fixture, &seen, 0);
    other.from = 1;
    other.own = &own;
    assert_int_equal(take(fixture, &other, 0), JUDGED_FORK);
    assert_int_equal(step_look(&fixture->place, &fixture->step, &kept), 0);
    snprintf(path, sizeof(path), "%s/evidence/%s/shown.note", fixture->directory, kept.evidence);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t size = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[size] = '\0';
    cosignature_line("labour-box", key.public_key, 1800000007, signature, line);
    assert_int_equal(size, other.note.size + strlen(line));
    assert_string_equal(text + other.note.size, line);
}

static void test_whose_it_is(void **state)
{
    struct fixture *fixture = *state;
    char note[CHECKPOINT_MAX_BYTES];
    struct seen seen = shown(1, 1, &log_key, note);
    struct kept kept;
    assert_int_equal(step_look(&fixture->place, &fixture->step, &kept), 0);
    assert_true(kept_is_by(&kept, log_key.public_key)); /* nothing was signed yet */
    take(fixture, &seen, 0);
    assert_int_equal(step_look(&fixture->place, &fixture->step, &kept), 0);
    assert_true(kept_is_by(&kept, key.public_key));
    assert_false(kept_is_by(&kept, log_key.public_key));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_kept_before_it_is_given),        TEST(test_what_cannot_be_kept_is_not_given),
        TEST(test_a_damaged_state_gives_nothing),  TEST(test_the_same_again),
        TEST(test_evidence_with_what_is_beside), TEST(test_evidence_without_what_somebody_else_signed),
        TEST(test_a_fork_until_the_operator_decides), TEST(test_an_epoch_until_the_operator_decides),
        TEST(test_what_was_accepted_is_what_was_seen), TEST(test_a_restore_that_rewrites_is_never_followed),
        TEST(test_what_was_forgotten_is_kept_until_the_operator_decides),
        TEST(test_evidence_of_its_own_second_word), TEST(test_whose_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
