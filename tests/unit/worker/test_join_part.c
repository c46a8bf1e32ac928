/* What has come of a copy, over interruptions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/error.h"
#include "worker/join_part.h"
#include "worker/leftovers.h"
#include "worker/log/sealed.h"

enum { SIZE = 1000 };

struct fixture {
    char parent[64], directory[96], path[128], state[128];
    struct join_part part;
    uint8_t id[COPY_ID_SIZE], hash[HASH_SIZE], content[SIZE];
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    snprintf(fixture->parent, sizeof(fixture->parent), "/tmp/comity-join-XXXXXX");
    if (!fixture || !mkdtemp(fixture->parent))
        return -1;
    snprintf(fixture->directory, sizeof(fixture->directory), "%s/data", fixture->parent);
    snprintf(fixture->path, sizeof(fixture->path), "%s/" JOIN_PART, fixture->directory);
    snprintf(fixture->state, sizeof(fixture->state), "%s/" JOIN_STATE, fixture->directory);
    memset(fixture->id, 7, sizeof(fixture->id));
    memset(fixture->hash, 9, sizeof(fixture->hash));
    for (unsigned i = 0; i < SIZE; i++)
        fixture->content[i] = (uint8_t) (i * 7);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    join_part_close(&fixture->part);
    unlink(fixture->path);
    unlink(fixture->state);
    rmdir(fixture->directory);
    rmdir(fixture->parent);
    free(fixture);
    return 0;
}

static Comity__V1__CopyPiece piece_at(struct fixture *fixture, uint64_t offset, size_t size)
{
    Comity__V1__CopyPiece piece = COMITY__V1__COPY_PIECE__INIT;
    piece.copy = (ProtobufCBinaryData){.len = COPY_ID_SIZE, .data = fixture->id};
    piece.hash = (ProtobufCBinaryData){.len = HASH_SIZE, .data = fixture->hash};
    piece.size = SIZE;
    piece.number = 12;
    piece.total = 345;
    piece.level = 2;
    piece.offset = offset;
    piece.content = (ProtobufCBinaryData){.len = size, .data = fixture->content + offset};
    return piece;
}

static void begin(struct fixture *fixture)
{
    Comity__V1__CopyPiece piece = piece_at(fixture, 0, 100);
    assert_int_equal(join_part_open(&fixture->part, fixture->directory), 0);
    assert_int_equal(fixture->part.descriptor, -1);
    assert_int_not_equal(access(fixture->directory, F_OK), 0); /* nothing was made yet */
    assert_int_equal(join_part_begin(&fixture->part, &piece), 0);
}

static int append(struct fixture *fixture, uint64_t offset, size_t size)
{
    Comity__V1__CopyPiece piece = piece_at(fixture, offset, size);
    return join_part_append(&fixture->part, &piece);
}

/* As the next process finds it. */
static void open_again(struct fixture *fixture)
{
    join_part_close(&fixture->part);
    assert_int_equal(join_part_open(&fixture->part, fixture->directory), 0);
}

static void it_goes_on_where_it_was(void **state)
{
    struct fixture *fixture = *state;
    const struct join_part *part = &fixture->part;
    uint8_t read[SIZE + 1];
    struct stat status;
    begin(fixture);
    assert_int_equal(append(fixture, 0, 100), 0);
    assert_int_equal(append(fixture, 100, 33), 0);
    assert_int_equal(stat(fixture->path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    open_again(fixture);
    assert_true(part->descriptor >= 0);
    assert_int_equal(part->have, 133);
    assert_int_equal(part->size, SIZE);
    assert_memory_equal(part->copy, fixture->id, COPY_ID_SIZE);
    assert_int_equal(part->place.number, 12);
    assert_int_equal(part->place.total, 345);
    assert_int_equal(part->place.level, 2);
    assert_memory_equal(part->place.hash, fixture->hash, HASH_SIZE);
    assert_int_equal(append(fixture, 133, SIZE - 133), 0);
    assert_int_equal(join_part_sync(&fixture->part), 0);
    FILE *file = fopen(fixture->path, "rb");
    assert_non_null(file);
    assert_int_equal(fread(read, 1, sizeof(read), file), SIZE);
    fclose(file);
    assert_memory_equal(read, fixture->content, SIZE);
    join_part_remove(&fixture->part);
    assert_int_not_equal(access(fixture->path, F_OK), 0);
    assert_int_not_equal(access(fixture->state, F_OK), 0);
}

static void what_is_no_piece_of_it_is_refused(void **state)
{
    struct fixture *fixture = *state;
    begin(fixture);
    assert_int_equal(append(fixture, 0, 100), 0);
    assert_int_equal(append(fixture, 0, 100), ERR_MALFORMED);    /* once more */
    assert_int_equal(append(fixture, 101, 10), ERR_MALFORMED);   /* a gap */
    assert_int_equal(append(fixture, 100, 0), ERR_MALFORMED);    /* nothing */
    assert_int_equal(append(fixture, 100, SIZE), ERR_MALFORMED); /* past the end */
    Comity__V1__CopyPiece piece = piece_at(fixture, 100, 10);
    piece.size++;
    assert_int_equal(join_part_append(&fixture->part, &piece), ERR_MALFORMED);
    assert_int_equal(append(fixture, 100, SIZE - 100), 0);
}

/* Another text in the place of the state; whether it is taken up. */
static bool is_taken_up(struct fixture *fixture, const char *text)
{
    FILE *file = fopen(fixture->state, "wb");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    open_again(fixture);
    return fixture->part.descriptor >= 0;
}

static void a_state_that_is_none_is_not_gone_on_with(void **state)
{
    struct fixture *fixture = *state;
    char text[512] = "", changed[600];
    begin(fixture);
    assert_int_equal(append(fixture, 0, 100), 0);
    FILE *file = fopen(fixture->state, "rb");
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof(text) - 1, file) > 100);
    fclose(file);
    assert_true(is_taken_up(fixture, text)); /* control */
    snprintf(changed, sizeof(changed), "%sx", text);
    assert_false(is_taken_up(fixture, changed));
    assert_false(is_taken_up(fixture, ""));
    assert_false(is_taken_up(fixture, "comity join 2\n"));
    snprintf(changed, sizeof(changed), "%.*s", (int) strlen(text) - 5, text);
    assert_false(is_taken_up(fixture, changed));
    snprintf(changed, sizeof(changed), "%s", text);
    strstr(changed, "number 12")[7] = '-';
    assert_false(is_taken_up(fixture, changed));
    unlink(fixture->state);
    open_again(fixture);
    assert_int_equal(fixture->part.descriptor, -1);
    /* More than there is of the copy. */
    assert_true(is_taken_up(fixture, text));
    assert_int_equal(ftruncate(fixture->part.descriptor, SIZE + 1), 0);
    open_again(fixture);
    assert_int_equal(fixture->part.descriptor, -1);
    /* It is begun anew all the same. */
    Comity__V1__CopyPiece piece = piece_at(fixture, 0, 10);
    assert_int_equal(join_part_begin(&fixture->part, &piece), 0);
    assert_int_equal(fixture->part.have, 0);
    assert_int_equal(append(fixture, 0, SIZE), 0);
}

static void one_process_at_a_time(void **state)
{
    struct fixture *fixture = *state;
    struct join_part other;
    Comity__V1__CopyPiece piece = piece_at(fixture, 0, 10);
    begin(fixture);
    assert_int_equal(join_part_open(&other, fixture->directory), ERR_STORE_IN_USE);
    assert_int_equal(append(fixture, 0, 10), 0);
    join_part_close(&other);
    join_part_close(&fixture->part);
    assert_int_equal(join_part_open(&other, fixture->directory), 0);
    assert_int_equal(join_part_begin(&fixture->part, &piece), ERR_STORE_IN_USE);
    join_part_close(&other);
}

/* A worker that is started in between makes no empty store. */
static void a_start_waits_for_it(void **state)
{
    struct fixture *fixture = *state;
    char reason[LEFTOVERS_REASON_MAX] = "", store[128];
    begin(fixture);
    assert_int_equal(leftovers_check(fixture->directory, reason), ERR_CONFIG);
    assert_non_null(strstr(reason, "join again"));
    snprintf(store, sizeof(store), "%s/data.mdb", fixture->directory);
    FILE *file = fopen(store, "wb");
    assert_non_null(file);
    fclose(file);
    assert_int_equal(leftovers_check(fixture->directory, reason), 0); /* it is done: what is left goes */
    assert_int_not_equal(access(fixture->path, F_OK), 0);
    assert_int_not_equal(access(fixture->state, F_OK), 0);
    unlink(store);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_goes_on_where_it_was),
        TEST(what_is_no_piece_of_it_is_refused),
        TEST(a_state_that_is_none_is_not_gone_on_with),
        TEST(one_process_at_a_time),
        TEST(a_start_waits_for_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
