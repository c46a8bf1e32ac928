/* Of what the parties have purged the journal keeps nothing, in no file; the act and its receipt stay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/lib/journal.h"
#include "client/lib/purged.h"
#include "core/error.h"
#include "core/text.h"
#include "fake_scene.h"

enum { BALLOTS = 4, FILE_MAX = 65536 };

static const char CANARY[] = "Because.";
static const char *journal;
static char folder[192];

static int set_up(void **state)
{
    struct scene *scene = scene_new(1);
    char hex[2 * COMITY_HISTORY_SIZE + 1];
    journal = scene_keep_journal(scene);
    hex_encode(BYTES(scene->group->history, COMITY_HISTORY_SIZE), hex);
    snprintf(folder, sizeof(folder), "%s/%s", journal, hex);
    scene_start(scene);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    scene_destroy((struct scene **) state);
    return 0;
}

struct look {
    uint8_t hashes[BALLOTS][HASH_SIZE];
    int64_t kept_ns[BALLOTS];
    uint64_t sequences[BALLOTS];
    size_t count, with_receipt, with_text;
};

static int look_at(const struct comity_journal_entry *entry, void *context)
{
    struct look *look = context;
    const Comity__V1__TextRef *reason = comity_draft_command(entry->draft)->cast_ballot->reason;
    assert_true(look->count < BALLOTS);
    memcpy(look->hashes[look->count], reason->hash.data, HASH_SIZE);
    look->kept_ns[look->count] = entry->kept_ns;
    look->sequences[look->count++] = entry->sequence;
    look->with_receipt += entry->has_receipt;
    look->with_text += comity_draft_text(entry->draft, reason) != NULL;
    return 0;
}

static struct look look(struct scene *scene)
{
    struct look seen = {0};
    size_t damaged;
    assert_int_equal(comity_journal_each(journal, scene->group->history, look_at, &seen, &damaged), 0);
    assert_int_equal(damaged, 0);
    return seen;
}

/* In how many files of the journal the words stand. */
static unsigned files_with_words(void)
{
    static char content[FILE_MAX];
    unsigned found = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *file = readdir(dir); file != NULL; file = readdir(dir)) {
        char path[512];
        snprintf(path, sizeof(path), "%s/%s", folder, file->d_name);
        FILE *stream = file->d_type == DT_REG ? fopen(path, "rb") : NULL;
        if (stream == NULL)
            continue;
        size_t size = fread(content, 1, sizeof(content), stream);
        fclose(stream);
        found += memmem(content, size, CANARY, strlen(CANARY)) != NULL;
    }
    closedir(dir);
    return found;
}

static void record_all(struct scene *scene)
{
    for (unsigned i = 0; i < BALLOTS; i++) {
        struct comity_draft *draft = scene_ballot(scene);
        struct comity_result result;
        comity_submit_wait(scene->client, draft, 0, &result);
        assert_int_equal(result.verdict, COMITY_RECORDED);
        comity_result_release(&result);
        comity_draft_destroy(&draft);
    }
}

static void answer_says(struct scene *scene, const uint8_t *hash)
{
    Comity__V1__TextShown shown = COMITY__V1__TEXT_SHOWN__INIT;
    Comity__V1__TextShown *texts[] = {&shown};
    Comity__V1__Answer answer = COMITY__V1__ANSWER__INIT;
    shown.hash = (ProtobufCBinaryData){HASH_SIZE, (uint8_t *) (uintptr_t) hash};
    shown.is_purged = true;
    answer.texts = texts;
    answer.n_texts = 1;
    purged_learn_answer(journal, scene->group->history, &answer);
}

static void receipt_says(struct scene *scene, const uint8_t *hash)
{
    Comity__V1__TextsPurged purged = COMITY__V1__TEXTS_PURGED__INIT;
    ProtobufCBinaryData hashes[] = {{HASH_SIZE, (uint8_t *) (uintptr_t) hash}};
    Comity__V1__Event event = COMITY__V1__EVENT__INIT;
    Comity__V1__Part part = COMITY__V1__PART__INIT;
    Comity__V1__Part *parts[] = {&part};
    Comity__V1__EventRecord record = COMITY__V1__EVENT_RECORD__INIT;
    Comity__V1__Receipt receipt = COMITY__V1__RECEIPT__INIT;
    uint8_t packed[256];
    purged.hashes = hashes;
    purged.n_hashes = 1;
    event.kind_case = COMITY__V1__EVENT__KIND_TEXTS_PURGED;
    event.texts_purged = &purged;
    assert_true(comity__v1__event__get_packed_size(&event) <= sizeof(packed));
    part.kind = COMITY__V1__PART_KIND__PART_KIND_OPEN;
    part.content = (ProtobufCBinaryData){comity__v1__event__pack(&event, packed), packed};
    record.parts = parts;
    record.n_parts = 1;
    receipt.event = &record;
    purged_learn_receipt(journal, scene->group->history, &receipt);
}

static void what_was_purged_is_in_no_file(void **state)
{
    struct scene *scene = *state;
    record_all(scene);
    struct look before = look(scene);
    assert_int_equal(before.with_text, BALLOTS);
    assert_int_equal(files_with_words(), BALLOTS);

    answer_says(scene, before.hashes[1]);
    assert_int_equal(files_with_words(), BALLOTS - 1);
    receipt_says(scene, before.hashes[2]);
    assert_int_equal(files_with_words(), BALLOTS - 2);

    struct look after = look(scene);
    assert_int_equal(after.count, BALLOTS);
    assert_int_equal(after.with_receipt, BALLOTS);
    assert_int_equal(after.with_text, BALLOTS - 2);
    for (unsigned i = 0; i < BALLOTS; i++) {
        assert_memory_equal(after.hashes[i], before.hashes[i], HASH_SIZE);
        assert_true(after.kept_ns[i] == before.kept_ns[i]);
        assert_true(after.sequences[i] == before.sequences[i]);
    }

    /* Said again, or of something else: nothing changes. */
    answer_says(scene, before.hashes[1]);
    answer_says(scene, (const uint8_t *) "a hash of nothing that is there.");
    assert_int_equal(files_with_words(), BALLOTS - 2);
}

/* What lay there is overwritten, not only without a name; and what a killed process was writing goes as well.
 */
static void nothing_is_left_beside(void **state)
{
    struct scene *scene = *state;
    record_all(scene);
    struct look before = look(scene);
    char old[512] = "", beside[600], content[FILE_MAX];
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *file = readdir(dir); file != NULL; file = readdir(dir))
        if (strstr(file->d_name, ".command") != NULL)
            snprintf(old, sizeof(old), "%s/%s", folder, file->d_name);
    closedir(dir);
    snprintf(beside, sizeof(beside), "%s/.%s.77", folder, strrchr(old, '/') + 1);
    assert_int_equal(link(old, beside), 0);
    int held = open(old, O_RDONLY);
    assert_true(held >= 0);
    for (unsigned i = 0; i < BALLOTS; i++)
        answer_says(scene, before.hashes[i]);
    ssize_t size = pread(held, content, sizeof(content), 0);
    assert_true(size > 0);
    assert_null(memmem(content, (size_t) size, CANARY, strlen(CANARY)));
    assert_int_equal(files_with_words(), 0);
    close(held);
}

/* In a draft that somebody hands over, a text that is missing stays a mistake. */
static void a_draft_with_a_text_missing_is_refused(void **state)
{
    struct scene *scene = *state;
    record_all(scene);
    struct look before = look(scene);
    for (unsigned i = 0; i < BALLOTS; i++)
        answer_says(scene, before.hashes[i]);
    char path[512] = "";
    static uint8_t content[FILE_MAX];
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *file = readdir(dir); file != NULL; file = readdir(dir))
        if (strstr(file->d_name, ".command") != NULL)
            snprintf(path, sizeof(path), "%s/%s", folder, file->d_name);
    closedir(dir);
    FILE *stream = fopen(path, "rb");
    assert_non_null(stream);
    size_t size = fread(content, 1, sizeof(content), stream);
    fclose(stream);
    struct comity_draft *draft = NULL;
    assert_int_equal(comity_draft_unpack(content, size, &draft, NULL), ERR_TEXT);
    assert_null(draft);
}

int main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ONE(what_was_purged_is_in_no_file),
        ONE(nothing_is_left_beside),
        ONE(a_draft_with_a_text_missing_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
