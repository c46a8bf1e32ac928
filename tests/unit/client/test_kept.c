/* Answers that were read, on disk: found again as they were, for the same reader and query alone; bounded; damaged ones are
 * none; of what the parties have purged nothing is left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "client/lib/client.h"
#include "client/lib/journal.h"
#include "client/lib/kept.h"
#include "core/error.h"
#include "core/text.h"
#include "fake_scene.h"

static const char WORDS[] = "Swaps are approved within a day.";
static const uint8_t READER[KEY_SIZE] = {1}, OTHER[KEY_SIZE] = {2};
static const char *journal;
static char folder[192];

static int set_up(void **state)
{
    struct scene *scene = scene_new(1);
    char hex[2 * COMITY_HISTORY_SIZE + 1];
    journal = scene_keep_journal(scene);
    hex_encode(BYTES(scene->group->history, COMITY_HISTORY_SIZE), hex);
    snprintf(folder, sizeof(folder), "%s/%s", journal, hex);
    assert_int_equal(journal_open(journal), 0);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    scene_destroy((struct scene **) state);
    return 0;
}

/* The list of rounds, of one number. */
struct asked {
    Comity__V1__List list;
    Comity__V1__Query query;
};

static const Comity__V1__Query *ask_for(struct asked *asked, uint32_t number)
{
    comity__v1__list__init(&asked->list);
    comity__v1__query__init(&asked->query);
    asked->list.kind = COMITY__V1__LIST_KIND__LIST_KIND_ROUNDS;
    asked->list.number = number;
    asked->query.kind_case = COMITY__V1__QUERY__KIND_LIST;
    asked->query.list = &asked->list;
    return &asked->query;
}

/* With a text whose salt is all of @mark. */
static struct comity_answer *answer_of(uint64_t as_of, uint8_t mark, uint8_t ret_hash[HASH_SIZE])
{
    struct arena *arena = arena_new(1024 * 1024);
    Comity__V1__Answer *body = arena_alloc(arena, sizeof(*body));
    Comity__V1__TextShown *shown = arena_alloc(arena, sizeof(*shown));
    struct comity_answer *answer = NULL;
    uint8_t *salt = arena_alloc(arena, SALT_SIZE);
    comity__v1__answer__init(body);
    comity__v1__text_shown__init(shown);
    memset(salt, mark, SALT_SIZE);
    text_hash(salt, BYTES((const uint8_t *) WORDS, strlen(WORDS)), ret_hash);
    shown->hash = (ProtobufCBinaryData){HASH_SIZE, ret_hash};
    shown->salt = (ProtobufCBinaryData){SALT_SIZE, salt};
    shown->content = (ProtobufCBinaryData){strlen(WORDS), (uint8_t *) (uintptr_t) WORDS};
    body->texts = arena_alloc(arena, sizeof(*body->texts));
    body->texts[0] = shown;
    body->n_texts = 1;
    body->as_of = as_of;
    body->epoch = 1;
    assert_int_equal(answer_new(&arena, body, &answer), 0);
    return answer;
}

static void keep(struct scene *scene, uint32_t number, uint64_t as_of, uint8_t mark, uint8_t ret_hash[HASH_SIZE])
{
    struct asked asked;
    struct comity_answer *answer = answer_of(as_of, mark, ret_hash);
    assert_int_equal(
        comity_answer_keep(journal, scene->group->history, READER, ask_for(&asked, number), answer), 0);
    comity_answer_destroy(&answer);
}

/* Its as_of; 0 where the code is this. */
static uint64_t find(struct scene *scene, const uint8_t *reader, uint32_t number, int code)
{
    struct asked asked;
    struct comity_answer *answer = NULL;
    int64_t read_ms = 0, now_ms = client_unix_ms();
    assert_int_equal(comity_answer_kept(journal, scene->group->history, reader, ask_for(&asked, number), &answer, &read_ms),
                     code);
    if (code != 0)
        return 0;
    const Comity__V1__Answer *body = comity_answer_body(answer);
    Comity__V1__TextRef reference = COMITY__V1__TEXT_REF__INIT;
    reference.hash = body->texts[0]->hash;
    assert_string_equal(comity_answer_text(answer, &reference), WORDS);
    assert_true(read_ms <= now_ms && read_ms > now_ms - 100000);
    uint64_t as_of = body->as_of;
    comity_answer_destroy(&answer);
    return as_of;
}

static size_t files(char *ret_last, size_t size)
{
    size_t count = 0;
    DIR *dir = opendir(folder);
    for (struct dirent *file = dir == NULL ? NULL : readdir(dir); file != NULL; file = readdir(dir))
        if (kept_is_name(file->d_name)) {
            count++;
            if (ret_last != NULL)
                snprintf(ret_last, size, "%s/%.64s", folder, file->d_name);
        }
    if (dir != NULL)
        closedir(dir);
    return count;
}

static void the_latest_answer_is_found_by_its_reader_alone(void **state)
{
    struct scene *scene = *state;
    uint8_t hash[HASH_SIZE];
    struct stat status;
    char path[512];
    assert_int_equal(find(scene, READER, 1, ERR_NOT_FOUND), 0);
    keep(scene, 1, 5, 1, hash);
    keep(scene, 1, 7, 1, hash);
    keep(scene, 2, 9, 1, hash);
    assert_int_equal(find(scene, READER, 1, 0), 7);
    assert_int_equal(find(scene, READER, 2, 0), 9);
    find(scene, READER, 3, ERR_NOT_FOUND);
    find(scene, OTHER, 1, ERR_NOT_FOUND);
    assert_int_equal(files(path, sizeof(path)), 2);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

/* Whatever byte of it is another, cut off or added: it is none, and goes. */
static void a_damaged_one_is_none(void **state)
{
    struct scene *scene = *state;
    uint8_t hash[HASH_SIZE];
    char path[512];
    struct stat status;
    keep(scene, 1, 5, 1, hash);
    assert_int_equal(files(path, sizeof(path)), 1);
    assert_int_equal(stat(path, &status), 0);
    for (off_t at = 0; at <= status.st_size; at++) {
        uint8_t byte = 0;
        int fd = open(path, O_RDWR);
        assert_true(fd >= 0);
        if (at == status.st_size) {
            assert_int_equal(ftruncate(fd, at - 1), 0);
        } else {
            assert_int_equal(pread(fd, &byte, 1, at), 1);
            byte ^= 1;
            assert_int_equal(pwrite(fd, &byte, 1, at), 1);
        }
        close(fd);
        find(scene, READER, 1, ERR_CORRUPT);
        find(scene, READER, 1, ERR_NOT_FOUND);
        keep(scene, 1, 5, 1, hash);
    }
    assert_int_equal(find(scene, READER, 1, 0), 5); /* the control */
}

static void so_many_are_kept_and_the_oldest_go(void **state)
{
    struct scene *scene = *state;
    uint8_t hash[HASH_SIZE];
    char path[512];
    keep(scene, 1, 1, 1, hash);
    assert_int_equal(files(path, sizeof(path)), 1);
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = time(NULL) - 31 * 24 * 3600}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    for (uint32_t number = 2; number <= KEPT_FILES_MAX + 10; number++)
        keep(scene, number, number, 1, hash);
    assert_int_equal(files(NULL, 0), KEPT_FILES_MAX);
    find(scene, READER, 1, ERR_NOT_FOUND);
    find(scene, READER, 10, ERR_NOT_FOUND);
    assert_int_equal(find(scene, READER, 11, 0), 11);
    assert_int_equal(find(scene, READER, KEPT_FILES_MAX + 10, 0), KEPT_FILES_MAX + 10);
}

/* After 30 days by this machine's clock it goes with the next that is kept. */
static void an_old_one_goes(void **state)
{
    struct scene *scene = *state;
    uint8_t hash[HASH_SIZE];
    char path[512];
    keep(scene, 1, 1, 1, hash);
    assert_int_equal(files(path, sizeof(path)), 1);
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = time(NULL) - 29 * 24 * 3600}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    keep(scene, 2, 2, 1, hash);
    assert_int_equal(files(NULL, 0), 2);
    times[1].tv_sec -= 2 * 24 * 3600;
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    keep(scene, 2, 2, 1, hash);
    assert_int_equal(files(NULL, 0), 1);
}

/* Where the words stand, through a descriptor that was opened before the file went. */
static bool has_words(int fd)
{
    char content[4096];
    ssize_t size = pread(fd, content, sizeof(content), 0);
    return size > 0 && memmem(content, (size_t) size, WORDS, strlen(WORDS)) != NULL;
}

static void what_was_purged_is_in_none_of_them(void **state)
{
    struct scene *scene = *state;
    uint8_t first[HASH_SIZE], second[HASH_SIZE];
    char path[512], beside[600];
    keep(scene, 1, 1, 1, first);
    assert_int_equal(files(path, sizeof(path)), 1);
    int fd = open(path, O_RDONLY);
    assert_true(has_words(fd));
    snprintf(beside, sizeof(beside), "%s/.read-00.77", folder); /* that was being written when its process was killed */
    assert_int_equal(link(path, beside), 0);
    keep(scene, 2, 2, 2, second);
    ProtobufCBinaryData other = {HASH_SIZE, (uint8_t *) (uintptr_t) "a hash of nothing that is there."};
    ProtobufCBinaryData purged = {HASH_SIZE, first};
    journal_forget_texts(journal, scene->group->history, &other, 1);
    assert_int_equal(find(scene, READER, 2, 0), 2);
    journal_forget_texts(journal, scene->group->history, &purged, 1);
    assert_false(has_words(fd));
    find(scene, READER, 1, ERR_NOT_FOUND);
    assert_int_equal(find(scene, READER, 2, 0), 2); /* the control: its text is another */
    assert_int_equal(files(NULL, 0), 1);
    close(fd);
}

int main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ONE(the_latest_answer_is_found_by_its_reader_alone),
        ONE(a_damaged_one_is_none),
        ONE(so_many_are_kept_and_the_oldest_go),
        ONE(an_old_one_goes),
        ONE(what_was_purged_is_in_none_of_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
