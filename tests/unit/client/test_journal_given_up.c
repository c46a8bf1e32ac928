/* A record that is given up for another: its receipts count no longer, are never sent again, and stay as evidence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/lib/journal.h"
#include "comity/v1/link.pb-c.h"
#include "core/error.h"
#include "fake_scene.h"

enum { EVENTS = 40 };

static int set_up(void **state)
{
    *state = scene_new_pinned(EVENTS);
    return 0;
}

static int tear_down(void **state)
{
    scene_destroy((struct scene **) state);
    return 0;
}

/* What one walk of the journal does to the one entry, and sees of it. */
struct walk {
    struct scene *scene;
    enum { LOOK, GIVE_UP, TAKE } what;
    const struct comity_pin *pins;
    uint8_t *receipt; /* as it was handed out, or to be taken */
    size_t size;
    int code, refused;
    bool is_given_up, has_receipt;
};

static int visit(const struct comity_journal_entry *entry, void *context)
{
    struct walk *walk = context;
    const char *journal = walk->scene->journal;
    walk->refused = entry->refused;
    walk->has_receipt = entry->has_receipt;
    if (walk->what == GIVE_UP)
        return comity_journal_give_up(journal, entry, 1);
    if (walk->what == TAKE)
        return comity_journal_take_receipt(journal, entry, walk->receipt, walk->size);
    walk->code = comity_journal_get_receipt(journal, entry, walk->pins, 1, &walk->receipt, &walk->size, &walk->is_given_up);
    return 0;
}

static void walk_once(struct walk *walk)
{
    assert_int_equal(comity_journal_each(walk->scene->journal, walk->scene->group->history, visit, walk, NULL), 0);
}

static struct walk look(struct scene *scene)
{
    struct walk walk = {.scene = scene, .what = LOOK, .pins = scene->pins};
    walk_once(&walk);
    return walk;
}

static size_t files(struct scene *scene, const char *suffix)
{
    char pattern[160];
    glob_t found;
    snprintf(pattern, sizeof(pattern), "%s/*/*%s*", scene->journal, suffix);
    size_t count = glob(pattern, 0, NULL, &found) == 0 ? found.gl_pathc : 0;
    globfree(&found);
    return count;
}

static void a_receipt_is_handed_out_with_its_command(void **state)
{
    struct scene *scene = *state;
    scene_record(scene);
    struct walk kept = look(scene);
    assert_int_equal(kept.code, 0);
    assert_false(kept.is_given_up);
    Comity__V1__Receipt *receipt = comity__v1__receipt__unpack(NULL, kept.size, kept.receipt);
    assert_non_null(receipt);
    for (size_t i = 0; i < receipt->event->n_parts; i++)
        assert_false(receipt->event->parts[i]->is_withheld);
    comity__v1__receipt__free_unpacked(receipt, NULL);
    free(kept.receipt);
    /* Under another key it is none. */
    struct comity_pin other = scene->pins[0];
    other.log_key[0] ^= 1;
    struct walk strange = {.scene = scene, .what = LOOK, .pins = &other};
    walk_once(&strange);
    assert_int_equal(strange.code, ERR_RECEIPT);
}

static void what_is_given_up_counts_no_longer_and_stays(void **state)
{
    struct scene *scene = *state;
    size_t unconfirmed = 1;
    scene_record(scene);
    struct walk before = look(scene), give_up = {.scene = scene, .what = GIVE_UP};
    assert_true(before.has_receipt);
    walk_once(&give_up);
    struct walk after = look(scene);
    assert_false(after.has_receipt);
    assert_int_equal(after.refused, ERR_FORKED);
    assert_int_equal(comity_journal_unconfirmed(scene->journal, scene->group->history, &unconfirmed), 0);
    assert_int_equal(unconfirmed, 0);
    assert_true(files(scene, ".receipt-") == 0 && files(scene, ".given-up-") == 1);
    assert_int_equal(after.code, 0);
    assert_true(after.is_given_up);
    assert_int_equal(after.size, before.size);
    assert_memory_equal(after.receipt, before.receipt, before.size);
    /* The record that is followed has it after all. */
    struct walk take = {.scene = scene, .what = TAKE, .receipt = before.receipt, .size = before.size};
    walk_once(&take);
    free(after.receipt);
    after = look(scene);
    assert_true(after.has_receipt && after.refused == 0 && !after.is_given_up);
    assert_int_equal(files(scene, ".given-up-"), 1);
    free(before.receipt);
    free(after.receipt);
}

static void a_head_is_replaced_where_it_is_what_was_seen(void **state)
{
    struct scene *scene = *state;
    struct comity_checkpoint kept, other, now;
    scene_record(scene);
    assert_int_equal(comity_checkpoint_kept(scene->journal, scene->group->history, scene->pins, 1, &kept), 0);
    other = kept;
    other.size--;
    assert_int_equal(comity_checkpoint_replace(scene->journal, scene->group->history, &other, &other), ERR_STALE);
    assert_int_equal(comity_checkpoint_kept(scene->journal, scene->group->history, scene->pins, 1, &now), 0);
    assert_memory_equal(now.note, kept.note, kept.note_size);
    assert_int_equal(comity_checkpoint_replace(scene->journal, scene->group->history, &kept, &kept), 0);
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ONE(a_receipt_is_handed_out_with_its_command),
        ONE(what_is_given_up_counts_no_longer_and_stays),
        ONE(a_head_is_replaced_where_it_is_what_was_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
