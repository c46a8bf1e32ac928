/* Key files under a passphrase: what opens them, what does not, and how one takes another's place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/keyfile.h"
#include "core/text.h"

enum { TEXT_SIZE = 1024 };

static char directory[256], path[300], next[300];

#define PHRASE(text) BYTES(text, strlen(text))
#define GOOD "correct horse battery"

static int setup(void **state)
{
    (void) state;
    const char *parent = getenv("TMPDIR");
    snprintf(directory, sizeof(directory), "%s/comity-locked-XXXXXX", parent ? parent : "/tmp");
    if (!mkdtemp(directory) || key_init() != 0)
        return -1;
    snprintf(path, sizeof(path), "%s/key", directory);
    snprintf(next, sizeof(next), "%s/next", directory);
    return 0;
}

static int each_teardown(void **state)
{
    (void) state;
    unlink(path);
    unlink(next);
    return 0;
}

/* Nothing else may be left in it. */
static int teardown(void **state)
{
    (void) state;
    return rmdir(directory);
}

static struct key_lock lock_of(const char *phrase)
{
    return (struct key_lock){PHRASE(phrase), LOCK_COST_LEAST};
}

static void make_locked(struct signing_key *ret_key)
{
    struct key_lock lock = lock_of(GOOD);

    signing_key_generate(ret_key);
    assert_int_equal(signing_key_save_locked(path, ret_key, &lock), 0);
}

static size_t file_text(const char *name, char ret_text[TEXT_SIZE])
{
    FILE *file = fopen(name, "re");
    assert_non_null(file);
    size_t size = fread(ret_text, 1, TEXT_SIZE - 1, file);
    fclose(file);
    ret_text[size] = '\0';
    return size;
}

static void put_text(const char *text, size_t size)
{
    unlink(path);
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, size), size);
    close(file);
}

static void test_the_passphrase_opens_it(void **state)
{
    (void) state;
    struct signing_key key, back = {.seed = {77}};
    struct connection_key connection;
    struct key_view view;
    struct stat status;
    char text[TEXT_SIZE], hex[2 * SEED_SIZE + 1];

    make_locked(&key);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(signing_key_load(path, &back), ERR_PASSPHRASE);
    assert_int_equal(connection_key_load(path, &connection), ERR_MALFORMED);
    static const char *const WRONG[] = {"", "x", "correct horse batterz", "correct horse battery ", "Correct horse battery"};
    for (size_t i = 0; i < ARRAY_COUNT(WRONG); i++)
        assert_int_equal(signing_key_open(path, PHRASE(WRONG[i]), &back), ERR_PASSPHRASE);
    assert_int_equal(back.seed[0], 77);
    assert_int_equal(signing_key_open(path, PHRASE(GOOD), &back), 0);
    assert_memory_equal(&back, &key, sizeof(key));
    assert_int_equal(signing_key_peek(path, &view), 0);
    assert_true(view.is_locked);
    assert_memory_equal(view.public_key, key.public_key, KEY_SIZE);

    hex_encode(BYTES(key.seed, SEED_SIZE), hex);
    file_text(path, text);
    assert_null(strstr(text, hex));
    assert_null(strstr(text, GOOD));
    /* A control: the same seed as it lies without a passphrase. */
    assert_int_equal(signing_key_save(next, &key), 0);
    file_text(next, text);
    assert_non_null(strstr(text, hex));
    assert_int_equal(signing_key_open(next, PHRASE("whatever"), &back), 0);
    assert_int_equal(signing_key_peek(next, &view), 0);
    assert_false(view.is_locked);
}

/* Made by PyNaCl, from what core/keyfile.h says of the form. The seed is 00 01 02 to 1f. */
static const char KNOWN[] =
    "comity signing seed 2\n"
    "public 03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8\n"
    "argon2id 1 8192\n"
    "salt 6465666768696a6b6c6d6e6f70717273\n"
    "nonce c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf\n"
    "sealed dc3cb545c6353b7b976e17778492cfa641a9c228b4c370e1da0fbc75978cbab5fad3e14f183971a25ee99025fc6aaae3\n";

static void test_a_file_that_another_program_made(void **state)
{
    (void) state;
    struct signing_key key;

    put_text(KNOWN, strlen(KNOWN));
    assert_int_equal(signing_key_open(path, PHRASE(GOOD), &key), 0);
    for (size_t i = 0; i < SEED_SIZE; i++)
        assert_int_equal(key.seed[i], i);
}

static void test_the_passphrase_has_bounds(void **state)
{
    (void) state;
    struct signing_key key;
    char *longest = malloc(PASSPHRASE_MOST_BYTES + 2);

    signing_key_generate(&key);
    memset(longest, 'x', PASSPHRASE_MOST_BYTES + 1);
    longest[PASSPHRASE_MOST_BYTES + 1] = '\0';
    struct key_lock short_one = lock_of("1234567"), long_one = lock_of(longest);
    assert_int_equal(signing_key_save_locked(path, &key, &short_one), ERR_RANGE);
    assert_int_equal(signing_key_save_locked(path, &key, &long_one), ERR_RANGE);
    assert_int_not_equal(access(path, F_OK), 0);
    long_one.passphrase.size = PASSPHRASE_MOST_BYTES;
    assert_int_equal(signing_key_save_locked(path, &key, &long_one), 0);
    assert_int_equal(signing_key_open(path, long_one.passphrase, &key), 0);
    assert_int_equal(signing_key_open(path, PHRASE(longest), &key), ERR_PASSPHRASE);
    free(longest);
}

/* Whatever byte is another one: the same key as before, or no key. Never another key. */
static void test_no_byte_can_be_altered(void **state)
{
    (void) state;
    struct signing_key key, back;
    char text[TEXT_SIZE], altered[TEXT_SIZE];
    unsigned refused = 0;

    make_locked(&key);
    size_t size = file_text(path, text);
    for (size_t i = 0; i < size; i++) {
        struct key_view view;
        memcpy(altered, text, size);
        altered[i] = (char) (altered[i] ^ 1);
        put_text(altered, size);
        if (signing_key_peek(path, &view) == 0 && view.cost.memory_kib > 16 * LOCK_COST_LEAST.memory_kib)
            continue; /* a cost that is taken, and that a test need not pay: another key comes of it */
        int code = signing_key_open(path, PHRASE(GOOD), &back);
        assert_true(code == ERR_PASSPHRASE || code == ERR_MALFORMED || code == ERR_VERSION || code == ERR_RANGE);
        refused++;
    }
    assert_true(refused > size - 8);
    put_text(text, size);
    assert_int_equal(signing_key_open(path, PHRASE(GOOD), &back), 0);
}

static void test_it_cannot_be_cut(void **state)
{
    (void) state;
    struct signing_key key, back;
    char text[TEXT_SIZE];

    make_locked(&key);
    size_t size = file_text(path, text);
    for (size_t i = 0; i < size; i++) {
        put_text(text, i);
        int code = signing_key_open(path, PHRASE(GOOD), &back);
        assert_true(code == ERR_MALFORMED || code == ERR_VERSION);
    }
}

/* The public half belongs to what is closed: a file of two keys' halves opens for nobody. */
static void test_halves_cannot_be_mixed(void **state)
{
    (void) state;
    struct signing_key key, other;
    char text[TEXT_SIZE], hex[2 * KEY_SIZE + 1];

    make_locked(&key);
    size_t size = file_text(path, text);
    signing_key_generate(&other);
    hex_encode(BYTES(other.public_key, KEY_SIZE), hex);
    memcpy(strstr(text, "public ") + strlen("public "), hex, 2 * KEY_SIZE);
    put_text(text, size);
    assert_int_equal(signing_key_open(path, PHRASE(GOOD), &key), ERR_PASSPHRASE);
}

/* Who writes the file must not be able to eat memory or time of who reads it: nothing is tried. */
static void test_absurd_costs(void **state)
{
    (void) state;
    static const struct {
        const char *line;
        int code;
    } ROWS[] = {
        {"argon2id 1 8192", 0},
        {"argon2id 9 8192", ERR_RANGE},
        {"argon2id 1 8191", ERR_RANGE},
        {"argon2id 1 262145", ERR_RANGE},
        {"argon2id 999999999999 999999999999", ERR_RANGE},
        {"argon2id 1 9999999999999", ERR_MALFORMED},
        {"argon2id 18446744073709551617 8192", ERR_MALFORMED},
        {"argon2id 0 8192", ERR_MALFORMED},
        {"argon2id 1 0", ERR_MALFORMED},
        {"argon2id -1 8192", ERR_MALFORMED},
        {"argon2id 01 8192", ERR_MALFORMED},
        {"argon2id 1", ERR_MALFORMED},
        {"argon2id 1  8192", ERR_MALFORMED},
        {"argon2id 1 8192 ", ERR_MALFORMED},
        {"argon2id 1 0x2000", ERR_MALFORMED},
        {"argon2i 1 8192", ERR_MALFORMED},
        {"scrypt 1 8192", ERR_MALFORMED},
        {"", ERR_MALFORMED},
    };
    struct signing_key key, back;
    char text[TEXT_SIZE], altered[2 * TEXT_SIZE];

    make_locked(&key);
    file_text(path, text);
    char *line = strstr(text, "argon2id"), *rest = strchr(line, '\n');
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        int length = snprintf(altered, sizeof(altered), "%.*s%s%s", (int) (line - text), text, ROWS[i].line, rest);
        put_text(altered, (size_t) length);
        assert_int_equal(signing_key_open(path, PHRASE(GOOD), &back), ROWS[i].code);
    }
}

static void test_set_change_remove(void **state)
{
    (void) state;
    struct signing_key key, back;
    struct key_lock one = lock_of("the first one"), two = lock_of("the second one");

    signing_key_generate(&key);
    assert_int_equal(signing_key_replace(path, &key, &one), ERR_FILE); /* there is none */
    assert_int_equal(signing_key_save(path, &key), 0);
    assert_int_equal(signing_key_replace(path, &key, &one), 0);
    assert_int_equal(signing_key_open(path, one.passphrase, &back), 0);
    assert_int_equal(signing_key_replace(path, &key, &two), 0);
    assert_int_equal(signing_key_open(path, one.passphrase, &back), ERR_PASSPHRASE);
    assert_int_equal(signing_key_open(path, two.passphrase, &back), 0);
    assert_int_equal(signing_key_replace(path, &key, NULL), 0);
    assert_int_equal(signing_key_load(path, &back), 0);
    assert_memory_equal(&back, &key, sizeof(key));
    struct key_lock bad = lock_of("short");
    assert_int_equal(signing_key_replace(path, &key, &bad), ERR_RANGE);
    assert_int_equal(signing_key_load(path, &back), 0);
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(signing_key_replace(path, &key, &one), ERR_FILE_MODE);
}

/* The old file's bytes, as whoever holds it open sees them. */
static void test_what_was_there_is_overwritten(void **state)
{
    (void) state;
    struct signing_key key;
    struct key_lock lock = lock_of(GOOD);
    char hex[2 * SEED_SIZE + 1], left[TEXT_SIZE] = "";

    signing_key_generate(&key);
    hex_encode(BYTES(key.seed, SEED_SIZE), hex);
    assert_int_equal(signing_key_save(path, &key), 0);
    int before = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(pread(before, left, sizeof(left) - 1, 0) > 0);
    assert_non_null(strstr(left, hex));
    assert_int_equal(signing_key_replace(path, &key, &lock), 0);
    ssize_t size = pread(before, left, sizeof(left) - 1, 0);
    close(before);
    assert_true(size > 0);
    for (ssize_t i = 0; i < size; i++)
        assert_int_equal(left[i], 0);

    /* But for another name of it, which somebody has made: a copy. */
    unlink(path);
    assert_int_equal(signing_key_save(path, &key), 0);
    assert_int_equal(link(path, next), 0);
    assert_int_equal(signing_key_replace(path, &key, &lock), 0);
    assert_int_equal(signing_key_load(next, &key), 0);
}

static void test_another_key_takes_its_place(void **state)
{
    (void) state;
    struct signing_key old, new, back;

    make_locked(&old);
    signing_key_generate(&new);
    assert_int_equal(signing_key_move(next, path), ERR_FILE); /* there is none: nothing is lost */
    assert_int_equal(signing_key_open(path, PHRASE(GOOD), &back), 0);
    assert_int_equal(signing_key_save(next, &new), 0);
    assert_int_equal(signing_key_move(next, path), 0);
    assert_int_equal(signing_key_load(path, &back), 0);
    assert_memory_equal(&back, &new, sizeof(new));
    assert_int_not_equal(access(next, F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_the_passphrase_opens_it, each_teardown),
        cmocka_unit_test_teardown(test_a_file_that_another_program_made, each_teardown),
        cmocka_unit_test_teardown(test_the_passphrase_has_bounds, each_teardown),
        cmocka_unit_test_teardown(test_no_byte_can_be_altered, each_teardown),
        cmocka_unit_test_teardown(test_it_cannot_be_cut, each_teardown),
        cmocka_unit_test_teardown(test_halves_cannot_be_mixed, each_teardown),
        cmocka_unit_test_teardown(test_absurd_costs, each_teardown),
        cmocka_unit_test_teardown(test_set_change_remove, each_teardown),
        cmocka_unit_test_teardown(test_what_was_there_is_overwritten, each_teardown),
        cmocka_unit_test_teardown(test_another_key_takes_its_place, each_teardown),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
