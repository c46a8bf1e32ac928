#include "export_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/error.h"

int fixture_setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    scene_begin(&fixture->scene, 11);
    scratch_join(fixture->scene.directory, "export", fixture->file);
    scratch_join(fixture->scene.directory, "target", fixture->target);
    signing_key_generate(&fixture->new_key);
    *state = fixture;
    return 0;
}

int fixture_teardown(void **state)
{
    struct fixture *fixture = *state;

    scene_end(&fixture->scene);
    free(fixture);
    return 0;
}

void run_and_remember(struct fixture *fixture)
{
    struct scene *scene = &fixture->scene;

    assert_int_equal(scene_run(scene), 0);
    for (size_t i = 0; i < scene->count; i++) {
        assert_true(fixture->count < FIXTURE_COMMANDS_MAX);
        fixture->codes[fixture->count] = scene->items[i].code;
        fixture->commands[fixture->count] = scene->items[i].command;
        fixture->replies[fixture->count++] = arena_bytes(scene->arena, scene->items[i].reply);
    }
    scene_next(scene);
}

void replies_are_the_same(struct fixture *fixture)
{
    struct scene *scene = &fixture->scene;

    for (size_t i = 0; i < fixture->count; i++) {
        scene_add_again(scene, fixture->commands[i]);
        assert_int_equal(scene_run(scene), 0);
        assert_true(bytes_equal(scene->items[0].reply, fixture->replies[i]));
        scene_next(scene);
    }
}

int export_to(struct fixture *fixture, const uint8_t *history, const char *file)
{
    struct export_options options = {
        .store = fixture->scene.store,
        .history = history,
        .log_key = &fixture->scene.log_key,
        .time_ms = fixture->scene.now_ms,
    };

    fixture->reason[0] = '\0';
    return export_write_file(&options, file, &fixture->totals, fixture->reason);
}

struct restore_options restore_options(struct fixture *fixture)
{
    return (struct restore_options){
        .directory = fixture->target,
        .map_limit_bytes = SCENE_MAP_BYTES,
        .group = SCRATCH_GROUP,
        .log_key = &fixture->new_key,
        .time_ms = fixture->scene.now_ms + 5000,
    };
}

int restore_from(struct fixture *fixture, const char *file)
{
    struct restore_options options = restore_options(fixture);
    int code;

    fixture->reason[0] = '\0';
    code = restore_read_file(&options, file, &fixture->totals, fixture->reason);
    if (code != 0)
        assert_true(strlen(fixture->reason) > 10 && fixture->reason[strlen(fixture->reason) - 1] == '.');
    return code;
}

void nothing_is_left(struct fixture *fixture)
{
    DIR *directory = opendir(fixture->target);
    struct dirent *entry;
    unsigned marks = 0;

    if (directory == NULL)
        return;
    while ((entry = readdir(directory)) != NULL) {
        char mark[SCRATCH_PATH_MAX];

        if (entry->d_name[0] == '.')
            continue;
        scratch_join(fixture->target, entry->d_name, mark);
        if (strncmp(entry->d_name, "restoring-", 10) != 0 || rmdir(mark) != 0)
            fail_msg("%s is left", entry->d_name);
        marks++;
    }
    assert_int_equal(marks, 1);
    closedir(directory);
}

void move_to_target(struct fixture *fixture)
{
    struct scene *scene = &fixture->scene;
    char source[SCRATCH_PATH_MAX];

    memcpy(source, scene->directory, sizeof(source));
    memcpy(scene->directory, fixture->target, sizeof(scene->directory));
    scene->log_key = fixture->new_key;
    scene_start(scene);
    memcpy(scene->directory, source, sizeof(source));
}

/* Rewriting. */

static void end_make(struct rewriting *rewriting, const struct signing_key *signer,
                     Comity__V1__ExportEnd *end)
{
    uint8_t *digest = arena_alloc(rewriting->arena, HASH_SIZE);
    uint8_t *signature = arena_alloc(rewriting->arena, SIGNATURE_SIZE);

    assert_true(digest != NULL && signature != NULL);
    sink_digest(&rewriting->sink, digest);
    signature_make(signer, TAG_EXPORT, BYTES(digest, HASH_SIZE), signature);
    end->digest = (ProtobufCBinaryData){HASH_SIZE, digest};
    end->signature = (ProtobufCBinaryData){SIGNATURE_SIZE, signature};
}

static int records_copy(struct rewriting *rewriting, const struct signing_key *signer, rewrite_fn *edit,
                        void *context)
{
    Comity__V1__ExportRecord *record;
    int code;

    while ((code = source_take(&rewriting->source, rewriting->arena, &record)) == 0) {
        if (record->kind_case == COMITY__V1__EXPORT_RECORD__KIND_END)
            end_make(rewriting, signer, record->end);
        if (edit(rewriting, record, context))
            assert_int_equal(sink_put(&rewriting->sink, record, rewriting->arena), 0);
        arena_reset(rewriting->arena);
    }
    return code;
}

void rewrite(struct fixture *fixture, const struct signing_key *signer, rewrite_fn *edit, void *context)
{
    struct rewriting *rewriting = calloc(1, sizeof(*rewriting));
    char path[SCRATCH_PATH_MAX];
    int from = open(fixture->file, O_RDONLY | O_CLOEXEC);
    int to;

    scratch_join(fixture->scene.directory, "rewritten", path);
    to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(rewriting != NULL && from >= 0 && to >= 0);
    rewriting->fixture = fixture;
    rewriting->arena = arena_new(ARENA_LIMIT_DEFAULT);
    assert_non_null(rewriting->arena);
    source_init(&rewriting->source, from);
    sink_init(&rewriting->sink, to);
    assert_int_equal(records_copy(rewriting, signer, edit, context), ERR_NOT_FOUND);
    assert_int_equal(sink_flush(&rewriting->sink), 0);
    close(from);
    close(to);
    assert_int_equal(rename(path, fixture->file), 0);
    arena_destroy(&rewriting->arena);
    free(rewriting);
}

void restore_is_refused(struct fixture *fixture, int code, const char *words)
{
    assert_int_equal(restore_from(fixture, fixture->file), code);
    if (strstr(fixture->reason, words) == NULL)
        fail_msg("not \"%s\": %s", words, fixture->reason);
    nothing_is_left(fixture);
}
