/* Every bit of what is kept: a receipt or checkpoint that a disk has altered is passed over and told, never shown; and the
 * server is not blamed for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/lib/head_file.h"
#include "client/lib/journal.h"
#include "core/error.h"
#include "core/text.h"
#include "fake_scene.h"

enum { EVENTS = 40, KEPT_MAX = 65536 };

static const char *journal;
static char folder[192];

static int set_up(void **state)
{
    struct scene *scene = scene_new_pinned(EVENTS);
    char hex[2 * COMITY_HISTORY_SIZE + 1];
    journal = scene->journal;
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

/* The one file whose name holds this. */
struct kept {
    char path[384];
    uint8_t bytes[KEPT_MAX];
    size_t size;
};

static void kept_read(const char *part, struct kept *kept)
{
    kept->path[0] = '\0';
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *file = readdir(dir); file != NULL; file = readdir(dir))
        if (strstr(file->d_name, part) != NULL)
            snprintf(kept->path, sizeof(kept->path), "%s/%.120s", folder, file->d_name);
    closedir(dir);
    FILE *file = fopen(kept->path, "r");
    assert_non_null(file);
    kept->size = fread(kept->bytes, 1, sizeof(kept->bytes), file);
    fclose(file);
    assert_in_range(kept->size, 1, sizeof(kept->bytes) - 1);
}

static void kept_flip(struct kept *kept, size_t bit)
{
    int fd = open(kept->path, O_WRONLY);
    kept->bytes[bit / 8] ^= (uint8_t) (1 << bit % 8);
    assert_true(fd >= 0 && pwrite(fd, &kept->bytes[bit / 8], 1, (off_t) (bit / 8)) == 1);
    close(fd);
}

/* ---- Receipts ---- */

struct shown {
    size_t entries, receipts;
    uint64_t sequence;
    uint32_t epoch;
    int64_t time_ms;
};

static int show(const struct comity_journal_entry *entry, void *context)
{
    struct shown *shown = context;
    shown->entries++;
    shown->receipts += entry->has_receipt;
    shown->sequence = entry->sequence;
    shown->epoch = entry->epoch;
    shown->time_ms = entry->time_ms;
    return 0;
}

static struct shown shown_of(struct scene *scene, size_t *ret_damaged)
{
    struct shown shown = {0};
    *ret_damaged = 0;
    assert_int_equal(comity_journal_each(journal, scene->group->history, show, &shown, ret_damaged), 0);
    assert_int_equal(shown.entries, 1);
    return shown;
}

static bool is_same(const struct shown *a, const struct shown *b)
{
    return a->receipts == b->receipts && a->sequence == b->sequence && a->epoch == b->epoch && a->time_ms == b->time_ms;
}

/* The signature and the hashes of the proof take part in no number; everything else shows. */
static void of_a_damaged_receipt_no_number_is_shown(void **state)
{
    static struct kept kept;
    struct scene *scene = *state;
    size_t damaged, told = 0;
    scene_record(scene);
    kept_read(".receipt-", &kept);
    struct shown whole = shown_of(scene, &damaged);
    assert_int_equal(damaged, 0);
    assert_true(whole.receipts == 1 && whole.sequence > EVENTS);
    for (size_t bit = 0; bit < 8 * kept.size; bit++) {
        kept_flip(&kept, bit);
        struct shown now = shown_of(scene, &damaged);
        if (damaged == 0 ? !is_same(&now, &whole) : now.receipts != 0)
            fail_msg("bit %zu: %zu receipts, number %llu", bit, now.receipts, (unsigned long long) now.sequence);
        told += damaged;
        kept_flip(&kept, bit);
    }
    assert_true(told > 4 * kept.size); /* the greater part */
    struct shown again = shown_of(scene, &damaged);
    assert_true(damaged == 0 && is_same(&again, &whole));
}

static bool is_any(const struct head *head, const void *context)
{
    (void) context;
    return head->size > 0;
}

/* By its checkpoint a restored record is judged. */
static void a_damaged_receipt_stands_for_no_other_tree(void **state)
{
    static struct kept kept;
    struct scene *scene = *state;
    struct head whole, now;
    const struct head_place place = {journal, scene->group->history, (const uint8_t(*)[KEY_SIZE]) scene->pins[0].log_key, 1};
    scene_record(scene);
    kept_read(".receipt-", &kept);
    assert_int_equal(head_of_receipts(&place, is_any, NULL, &whole), 0);
    for (size_t bit = 0; bit < 8 * kept.size; bit++) {
        kept_flip(&kept, bit);
        int code = head_of_receipts(&place, is_any, NULL, &now);
        if (code == 0 ? !head_is_same(&now, &whole) : code != ERR_NOT_FOUND)
            fail_msg("bit %zu: %d, size %llu", bit, code, (unsigned long long) now.size);
        kept_flip(&kept, bit);
    }
}

/* ---- The checkpoint ---- */

static void a_damaged_checkpoint_is_never_the_head(void **state)
{
    static struct kept kept;
    struct scene *scene = *state;
    struct head whole, now;
    const struct head_place place = {journal, scene->group->history, (const uint8_t(*)[KEY_SIZE]) scene->pins[0].log_key, 1};
    scene_record(scene);
    kept_read("checkpoint", &kept);
    assert_int_equal(head_load(&place, &whole), 0);
    for (size_t bit = 0; bit < 8 * kept.size; bit++) {
        kept_flip(&kept, bit);
        int code = head_load(&place, &now);
        if (code == 0 ? !head_is_same(&now, &whole) : code != ERR_CORRUPT)
            fail_msg("bit %zu: %d, size %llu", bit, code, (unsigned long long) now.size);
        kept_flip(&kept, bit);
    }
}

static struct comity_result ask(struct scene *scene)
{
    Comity__V1__List list = COMITY__V1__LIST__INIT;
    Comity__V1__Query wanted = COMITY__V1__QUERY__INIT;
    struct comity_result result;
    list.kind = COMITY__V1__LIST_KIND__LIST_KIND_SITES;
    wanted.kind_case = COMITY__V1__QUERY__KIND_LIST;
    wanted.list = &list;
    comity_query_wait(scene->client, scene->group->history, &wanted, 0, &result);
    return result;
}

/* Where a flipped lowest bit leaves a note of good form: in the size's last digit, in the root. */
static size_t place_in(const struct kept *kept, bool is_root)
{
    const uint8_t *line = memchr(kept->bytes, '\n', kept->size);
    assert_non_null(line);
    const uint8_t *end = memchr(line + 1, '\n', kept->size - (size_t) (line + 1 - kept->bytes));
    assert_non_null(end);
    const uint8_t *at = end - 1;
    if (is_root)
        for (at = end + 1; !isalnum(*at) || !isalnum(*at ^ 1);)
            at++;
    return (size_t) (at - kept->bytes);
}

static void expect_damage(struct scene *scene, struct kept *kept, bool is_root)
{
    struct comity_checkpoint checkpoint;
    kept_read("checkpoint", kept);
    kept_flip(kept, 8 * place_in(kept, is_root));
    assert_int_equal(comity_checkpoint_kept(journal, scene->group->history, NULL, 0, &checkpoint), 0); /* of good form */
    assert_int_equal(comity_checkpoint_kept(journal, scene->group->history, scene->pins, 1, &checkpoint), ERR_CORRUPT);
    scene->event_count = 0;
    scene_start(scene);
    struct comity_result result = ask(scene);
    assert_int_equal(result.verdict, COMITY_ANSWERED);
    comity_result_release(&result);
    comity_destroy(&scene->client);
    assert_int_equal(scene_count(scene, COMITY_EVENT_JOURNAL, ERR_CORRUPT), 1);
    assert_int_equal(scene_count(scene, COMITY_EVENT_FORKED, 0), 0);
    assert_int_equal(comity_checkpoint_kept(journal, scene->group->history, scene->pins, 1, &checkpoint), 0);
    assert_int_equal(checkpoint.size, SEEN(scene, ledger->head));
}

/* A bit that flipped is damage, told and mended, and no server's lie. The control is a server that does lie. */
static void damage_is_no_fork(void **state)
{
    static struct kept kept;
    struct scene *scene = *state;
    scene_record(scene);
    expect_damage(scene, &kept, false);
    expect_damage(scene, &kept, true);
    scene_ledger(scene, ledger_fork, 5);
    scene_start(scene);
    struct comity_result result = ask(scene);
    assert_int_equal(result.fault.code, ERR_FORKED);
    comity_result_release(&result);
}

/* What another process of this home has verified by a key that this one does not know yet is no damage, and is not
 * overwritten. */
static void by_an_unknown_key_is_not_damaged(void **state)
{
    struct scene *scene = *state;
    struct head own, others, kept, none = {0};
    const struct head_place place = {journal, scene->group->history, (const uint8_t(*)[KEY_SIZE]) scene->pins[0].log_key, 1};
    CLEANUP(arena_destroy) struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    scene_record(scene);
    assert_int_equal(head_load(&place, &own), 0);
    fake_lock(scene->group);
    signing_key_generate(&scene->group->ledger->log_key);
    struct bytes note = ledger_checkpoint(scene->group->ledger, EVENTS, arena);
    fake_unlock(scene->group);
    assert_int_equal(head_read(note, scene->group->history, &others), 0);
    assert_int_equal(head_keep(&place, &own, &others, &kept), 0);
    assert_int_equal(head_load(&place, &kept), 0);
    assert_true(head_is_same(&kept, &others));
    assert_int_equal(head_keep(&place, &none, &own, &kept), ERR_STALE);
    assert_true(head_is_same(&kept, &others));
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ONE(of_a_damaged_receipt_no_number_is_shown),
        ONE(a_damaged_receipt_stands_for_no_other_tree),
        ONE(a_damaged_checkpoint_is_never_the_head),
        ONE(damage_is_no_fork),
        ONE(by_an_unknown_key_is_not_damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
