/* Streams that were written anew by somebody who has the log key: what a worker says of a record that is
 * good, changed in one thing that only one check can notice. */
#include "export_fixture.h"

#include <stdio.h>

#include "core/error.h"
#include "core/note.h"

/* What a checkpoint says that it is not of; at its place in the stream or at the history's end. */
struct wrong_note {
    bool is_end;
    unsigned size_more, epoch_more;
    uint8_t root_flip;
    unsigned record_more;            /* not the note, but the record's own size */
    const struct signing_key *other; /* signs it; NULL: the log key */
    unsigned count;                  /* of those that were changed */
};

static void note_make(struct rewriting *rewriting, const struct wrong_note *wrong, ProtobufCBinaryData *note)
{
    struct scene *scene = &rewriting->fixture->scene;
    char *buffer = arena_alloc(rewriting->arena, CHECKPOINT_MAX_BYTES);
    struct checkpoint checkpoint;

    assert_non_null(buffer);
    assert_int_equal(checkpoint_open(BYTES(note->data, note->len), scene->log_key.public_key, &checkpoint),
                     0);
    checkpoint.size += wrong->size_more;
    checkpoint.root[HASH_SIZE - 1] ^= wrong->root_flip;
    checkpoint_origin(scene->history, 1 + wrong->epoch_more, checkpoint.origin);
    note->len = checkpoint_sign(&checkpoint, wrong->other != NULL ? wrong->other : &scene->log_key, buffer);
    note->data = (uint8_t *) buffer;
}

static bool checkpoint_edit(struct rewriting *rewriting, Comity__V1__ExportRecord *record, void *context)
{
    struct wrong_note *wrong = context;
    bool is_end = record->kind_case == COMITY__V1__EXPORT_RECORD__KIND_HISTORY_END;

    if (is_end && wrong->is_end) {
        note_make(rewriting, wrong, &record->history_end->checkpoint);
        wrong->count++;
    } else if (record->kind_case == COMITY__V1__EXPORT_RECORD__KIND_CHECKPOINT && !wrong->is_end &&
               wrong->count == 0) {
        note_make(rewriting, wrong, &record->checkpoint->note);
        record->checkpoint->size += wrong->record_more;
        wrong->count++;
    }
    return true;
}

static void a_checkpoint_of_another_tree_is_found(void **state)
{
    struct signing_key other;
    const struct {
        struct wrong_note note;
        int code;
        const char *words;
    } rows[] = {
        {{.size_more = 1}, ERR_RECEIPT, "of another tree"},
        {{.root_flip = 1}, ERR_RECEIPT, "of another tree"},
        {{.epoch_more = 1}, ERR_RECEIPT, "of another tree"},
        {{.record_more = 1}, ERR_MALFORMED, "that no receipt needs"},
        {{.is_end = true, .size_more = 1}, ERR_RECEIPT, "of another tree"},
        {{.is_end = true, .root_flip = 1}, ERR_RECEIPT, "of another tree"},
        {{.is_end = true, .epoch_more = 1}, ERR_RECEIPT, "of another tree"},
        {{.other = &other}, ERR_SIGNATURE, "not signed by the log key on record"},
        {{.is_end = true, .other = &other}, ERR_SIGNATURE, "not signed by the log key on record"},
    };
    struct fixture *fixture = *state;

    signing_key_generate(&other);
    scene_found(&fixture->scene);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct wrong_note note = rows[i].note;

        assert_int_equal(export_to(fixture, NULL, fixture->file), 0);
        rewrite(fixture, &fixture->scene.log_key, checkpoint_edit, &note);
        assert_int_equal(note.count, 1);
        restore_is_refused(fixture, rows[i].code, rows[i].words);
        remove(fixture->file);
    }
}

/* Texts that are said to be purged. */

struct omission {
    Comity__V1__PartKind kind;
    bool is_purged; /* as the stream says */
    int code;
    const char *words;
    size_t count;
};

/* The first part of the kind, left out; its hash stays, so that the event fits its commitment. */
static bool omission_edit(struct rewriting *rewriting, Comity__V1__ExportRecord *record, void *context)
{
    struct omission *omission = context;

    (void) rewriting;
    if (record->kind_case != COMITY__V1__EXPORT_RECORD__KIND_EVENT)
        return true;
    for (size_t i = 0; i < record->event->record->n_parts && omission->count == 0; i++) {
        Comity__V1__Part *part = record->event->record->parts[i];

        if (part->kind != omission->kind)
            continue;
        part->is_withheld = true;
        part->is_purged = omission->is_purged;
        part->salt.len = 0;
        part->content.len = 0;
        omission->count++;
    }
    return true;
}

static void a_text_that_nobody_purged_is_missed(void **state)
{
    static const struct omission ROWS[] = {
        {COMITY__V1__PART_KIND__PART_KIND_TEXT, true, ERR_TEXT, "that nobody purged", 0},
        {COMITY__V1__PART_KIND__PART_KIND_TEXT, false, ERR_MALFORMED, "is withheld", 0},
        {COMITY__V1__PART_KIND__PART_KIND_COMMAND, true, ERR_MALFORMED, "is withheld", 0},
    };
    struct fixture *fixture = *state;

    scene_found(&fixture->scene);
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        struct omission omission = ROWS[i];

        assert_int_equal(export_to(fixture, NULL, fixture->file), 0);
        rewrite(fixture, &fixture->scene.log_key, omission_edit, &omission);
        assert_int_equal(omission.count, 1);
        restore_is_refused(fixture, omission.code, omission.words);
        remove(fixture->file);
    }
}

/* Refusals that are kept. */

enum misplaced { IN_PLACE, TWICE, AMONG_EVENTS };

struct wrong_refusal {
    size_t id_size;
    const char *field;
    int64_t valid_until_ms;
    int32_t code;
    bool is_empty; /* no refusal in it */
    const uint8_t *id;
    enum misplaced place;
    int restored; /* what is expected of the restore, and which words */
    const char *words;
};

static void refusal_put(struct rewriting *rewriting, const struct wrong_refusal *wrong)
{
    Comity__V1__ExportRecord record = COMITY__V1__EXPORT_RECORD__INIT;
    Comity__V1__ExportRefusal refusal = COMITY__V1__EXPORT_REFUSAL__INIT;
    Comity__V1__Refusal inside = COMITY__V1__REFUSAL__INIT;
    static const uint8_t nobodys[COMMAND_ID_SIZE] = {1, 2, 3};

    refusal.command_id.data = (uint8_t *) (uintptr_t) (wrong->id != NULL ? wrong->id : nobodys);
    refusal.command_id.len = wrong->id_size;
    refusal.valid_until_ms = wrong->valid_until_ms;
    refusal.refusal = wrong->is_empty ? NULL : &inside;
    inside.code = wrong->code;
    inside.field = (char *) (uintptr_t) wrong->field;
    record.kind_case = COMITY__V1__EXPORT_RECORD__KIND_REFUSAL;
    record.refusal = &refusal;
    for (unsigned i = 0; i < (wrong->place == TWICE ? 2 : 1); i++)
        assert_int_equal(sink_put(&rewriting->sink, &record, rewriting->arena), 0);
}

static bool refusal_edit(struct rewriting *rewriting, Comity__V1__ExportRecord *record, void *context)
{
    const struct wrong_refusal *wrong = context;

    if (record->kind_case == (wrong->place == AMONG_EVENTS ? COMITY__V1__EXPORT_RECORD__KIND_EVENT
                                                           : COMITY__V1__EXPORT_RECORD__KIND_HISTORY_END))
        refusal_put(rewriting, wrong);
    return true;
}

/* One that is good, but for what the row says. */
static void refusals_restore(struct fixture *fixture, struct wrong_refusal wrong)
{
    struct restore_options options = restore_options(fixture);

    if (wrong.id_size == 0)
        wrong.id_size = COMMAND_ID_SIZE;
    if (wrong.code == 0)
        wrong.code = ERR_STALE;
    wrong.valid_until_ms += options.time_ms;
    assert_int_equal(export_to(fixture, NULL, fixture->file), 0);
    rewrite(fixture, &fixture->scene.log_key, refusal_edit, &wrong);
    if (wrong.restored != 0)
        restore_is_refused(fixture, wrong.restored, wrong.words);
    else if (restore_from(fixture, fixture->file) != 0)
        fail_msg("%s", fixture->reason);
    scratch_remove(fixture->target);
    remove(fixture->file);
}

static void a_refusal_that_cannot_be_is_found(void **state)
{
    const int64_t days_31_ms = INT64_C(31) * 24 * 3600 * 1000;
    char longest[FIELD_PATH_MAX] = "", longer[FIELD_PATH_MAX + 1] = "";
    struct fixture *fixture = *state;
    struct scene *scene = &fixture->scene;
    const struct wrong_refusal rows[] = {
        {.restored = 0},
        {.field = longest, .valid_until_ms = days_31_ms, .code = ERR_BEHIND},
        {.code = ERR_EPOCH},
        {.id_size = COMMAND_ID_SIZE - 1, .restored = ERR_MALFORMED, .words = "is malformed"},
        {.is_empty = true, .restored = ERR_MALFORMED, .words = "is malformed"},
        {.field = longer, .restored = ERR_MALFORMED, .words = "is malformed"},
        {.valid_until_ms = INT64_MIN / 2, .restored = ERR_MALFORMED, .words = "is malformed"},
        {.code = ERR_BUSY, .restored = ERR_MALFORMED, .words = "not kept (BUSY)"},
        {.code = ERR_STORE, .restored = ERR_MALFORMED, .words = "not kept (STORE)"},
        {.code = ERR_RECEIPT, .restored = ERR_MALFORMED, .words = "not kept (RECEIPT)"},
        {.code = -49, .restored = ERR_MALFORMED, .words = "not kept (UNKNOWN_ERROR)"},
        {.code = 1, .restored = ERR_MALFORMED, .words = "not kept (UNKNOWN_ERROR)"},
        {.valid_until_ms = days_31_ms + 1, .restored = ERR_CORRUPT, .words = "for longer"},
        {.id = scene->history, .restored = ERR_CORRUPT, .words = "its answer already"},
        {.place = TWICE, .restored = ERR_CORRUPT, .words = "its answer already"},
        {.place = AMONG_EVENTS, .restored = ERR_MALFORMED, .words = "among the events"},
    };

    memset(longest, 'x', sizeof(longest) - 1);
    memset(longer, 'x', sizeof(longer) - 1);
    /* The founding's id begins the history's. */
    scene_found(scene);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        refusals_restore(fixture, rows[i]);
}

/* Records that are missing, or say another thing of a receipt. */

struct wrong_record {
    Comity__V1__ExportRecord__KindCase kind;
    unsigned which; /* of this kind: events back from the last; checkpoints from 1, 0 is the last */
    unsigned epoch_more;
    unsigned count; /* so many came */
};

static bool record_edit(struct rewriting *rewriting, Comity__V1__ExportRecord *record, void *context)
{
    struct wrong_record *wrong = context;

    (void) rewriting;
    if (record->kind_case != wrong->kind || ++wrong->count != wrong->which)
        return true;
    if (wrong->epoch_more == 0)
        return false;
    record->event->receipt_epoch += wrong->epoch_more;
    return true;
}

#define EVENT COMITY__V1__EXPORT_RECORD__KIND_EVENT
#define NOTE COMITY__V1__EXPORT_RECORD__KIND_CHECKPOINT

static void a_record_that_does_not_fit_is_found(void **state)
{
    static const struct {
        struct wrong_record record;
        int code;
        const char *words;
    } rows[] = {
        {{.kind = EVENT, .which = 1}, ERR_CORRUPT, "another event stands in its place"},
        {{.kind = EVENT}, ERR_MALFORMED, "that no receipt needs"},
        {{.kind = NOTE, .which = 1}, ERR_MALFORMED, "event 2: the checkpoint before it is missing"},
        {{.kind = NOTE, .which = 0}, ERR_MALFORMED, "the checkpoint before it is missing"},
        {{.kind = EVENT, .epoch_more = 1}, ERR_CORRUPT, "its receipt has a tree of"},
    };
    struct fixture *fixture = *state;
    struct scene *scene = &fixture->scene;

    /* One event a command; of the last batch, two. */
    scene_found(scene);
    scene_open_round(scene, 0);
    scene_add(scene, scene_add_item(scene, "One"), 2, NULL, 0);
    scene_add(scene, scene_add_item(scene, "Two"), 2, NULL, 0);
    assert_int_equal(scene_run(scene), 0);
    scene_next(scene);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct wrong_record record = rows[i].record;

        /* There is one checkpoint less than there are events. */
        if (record.kind == EVENT || record.which == 0)
            record.which = (unsigned) scene_head(scene) - record.which - (record.kind == NOTE);
        assert_int_equal(export_to(fixture, NULL, fixture->file), 0);
        rewrite(fixture, &scene->log_key, record_edit, &record);
        restore_is_refused(fixture, rows[i].code, rows[i].words);
        remove(fixture->file);
    }
}

/* The stream as a whole. */

static bool epoch_edit(struct rewriting *rewriting, Comity__V1__ExportRecord *record, void *context)
{
    (void) rewriting;
    (void) context;
    if (record->kind_case == COMITY__V1__EXPORT_RECORD__KIND_HISTORY)
        record->history->epoch++;
    return true;
}

static void another_epoch_than_was_announced_is_found(void **state)
{
    struct fixture *fixture = *state;

    scene_found(&fixture->scene);
    assert_int_equal(export_to(fixture, NULL, fixture->file), 0);
    rewrite(fixture, &fixture->scene.log_key, epoch_edit, NULL);
    restore_is_refused(fixture, ERR_CORRUPT, "in epoch 1, not in 2 as announced");
}

static bool log_key_edit(struct rewriting *rewriting, Comity__V1__ExportRecord *record, void *context)
{
    struct signing_key *other = context;

    (void) rewriting;
    if (record->kind_case == COMITY__V1__EXPORT_RECORD__KIND_HEADER)
        record->header->log_key = (ProtobufCBinaryData){KEY_SIZE, other->public_key};
    return true;
}

/* Whoever has a key, but not that of the history. */
static void a_stream_of_another_log_key_is_found(void **state)
{
    struct fixture *fixture = *state;
    struct signing_key other;

    signing_key_generate(&other);
    scene_found(&fixture->scene);
    assert_int_equal(export_to(fixture, NULL, fixture->file), 0);
    rewrite(fixture, &other, log_key_edit, &other);
    restore_is_refused(fixture, ERR_SIGNATURE, "another log key than its history has on record");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_checkpoint_of_another_tree_is_found),     TEST(a_refusal_that_cannot_be_is_found),
        TEST(a_text_that_nobody_purged_is_missed),       TEST(a_record_that_does_not_fit_is_found),
        TEST(another_epoch_than_was_announced_is_found), TEST(a_stream_of_another_log_key_is_found),
    };

    scratch_use_memory();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
