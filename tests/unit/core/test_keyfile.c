/* Key files: the form, the modes that are refused, and that nothing is ever written over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.h"
#include "core/keyfile.h"
#include "core/text.h"

static char directory[256];
static char path[300];

static int setup(void **state)
{
    (void) state;
    const char *parent = getenv("TMPDIR");
    snprintf(directory, sizeof(directory), "%s/comity-keyfile-XXXXXX", parent ? parent : "/tmp");
    if (!mkdtemp(directory) || key_init() != 0)
        return -1;
    snprintf(path, sizeof(path), "%s/key", directory);
    return 0;
}

static unsigned directory_count(void)
{
    DIR *entries = opendir(directory);
    assert_non_null(entries);
    unsigned count = 0;
    for (struct dirent *entry; (entry = readdir(entries));)
        count += entry->d_name[0] != '.';
    closedir(entries);
    return count;
}

static int teardown(void **state)
{
    (void) state;
    unlink(path);
    return rmdir(directory);
}

static int each_teardown(void **state)
{
    (void) state;
    unlink(path);
    return 0;
}

static void file_write(const char *text, mode_t mode)
{
    unlink(path);
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(file, mode), 0);
    close(file);
}

/* RFC 8032 7.1, test 1; and a pair made by PyNaCl. */
static const char SIGNING[] = "comity signing seed 1\n"
                              "public d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a\n"
                              "secret 9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60\n";
static const char CONNECTION[] = "comity connection key 1\n"
                                 "public 07a37cbc142093c8b755dc1b10e86cb426374ad16aa853ed0bdfc0b2b86d1c7c\n"
                                 "secret 0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20\n";

static void test_saved_keys_come_back(void **state)
{
    (void) state;
    struct signing_key signing, signing_back;
    signing_key_generate(&signing);
    mode_t mask = umask(0);
    assert_int_equal(signing_key_save(path, &signing), 0);
    umask(mask);
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(status.st_nlink, 1);
    assert_int_equal(directory_count(), 1);
    assert_int_equal(signing_key_load(path, &signing_back), 0);
    assert_memory_equal(&signing, &signing_back, sizeof(signing));

    /* The other kind is not taken for it. */
    struct connection_key connection, connection_back;
    assert_int_equal(connection_key_load(path, &connection_back), ERR_MALFORMED);
    unlink(path);
    connection_key_generate(&connection);
    assert_int_equal(connection_key_save(path, &connection), 0);
    assert_int_equal(connection_key_load(path, &connection_back), 0);
    assert_memory_equal(&connection, &connection_back, sizeof(connection));
    assert_int_equal(signing_key_load(path, &signing_back), ERR_MALFORMED);
}

static void test_nothing_is_written_over(void **state)
{
    (void) state;
    struct signing_key key, other;
    signing_key_generate(&key);
    signing_key_generate(&other);
    assert_int_equal(signing_key_save(path, &key), 0);
    assert_int_equal(signing_key_save(path, &other), ERR_EXISTS);
    struct connection_key connection;
    connection_key_generate(&connection);
    assert_int_equal(connection_key_save(path, &connection), ERR_EXISTS);
    assert_int_equal(directory_count(), 1);
    struct signing_key back;
    assert_int_equal(signing_key_load(path, &back), 0);
    assert_memory_equal(&key, &back, sizeof(key));

    /* Not even a dangling link's target. */
    unlink(path);
    char target[320];
    snprintf(target, sizeof(target), "%s/target", directory);
    assert_int_equal(symlink(target, path), 0);
    assert_int_equal(signing_key_save(path, &key), ERR_EXISTS);
    assert_int_not_equal(access(target, F_OK), 0);
}

static void test_load_or_create(void **state)
{
    (void) state;
    struct signing_key first, second;
    assert_int_equal(signing_key_load_or_create(path, &first), 0);
    assert_int_equal(signing_key_load_or_create(path, &second), 0);
    assert_memory_equal(&first, &second, sizeof(first));
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(signing_key_load_or_create(path, &second), ERR_FILE_MODE);
    unlink(path);
    struct connection_key a, b;
    assert_int_equal(connection_key_load_or_create(path, &a), 0);
    assert_int_equal(connection_key_load_or_create(path, &b), 0);
    assert_memory_equal(&a, &b, sizeof(a));
    assert_int_equal(connection_key_load_or_create("/nonexistent/key", &a), ERR_FILE);
    assert_int_equal(signing_key_load_or_create("/nonexistent/key", &first), ERR_FILE);
}

/* Several processes start at once: all end up with one key. */
static void test_a_race_to_create_has_one_winner(void **state)
{
    (void) state;
    enum { PROCESSES = 8 };
    for (int round = 0; round < 20; round++) {
        unlink(path);
        int ends[2], gate[2];
        assert_int_equal(pipe(ends), 0);
        assert_int_equal(pipe(gate), 0);
        for (int i = 0; i < PROCESSES; i++) {
            pid_t child = fork();
            assert_true(child >= 0);
            if (child == 0) {
                struct signing_key key;
                char byte;
                close(gate[1]);
                if (read(gate[0], &byte, 1) != 0)
                    _exit(2);
                int code = signing_key_load_or_create(path, &key);
                _exit(code || write(ends[1], key.public_key, KEY_SIZE) != KEY_SIZE);
            }
        }
        close(gate[1]);
        close(gate[0]);
        close(ends[1]);
        for (int i = 0; i < PROCESSES; i++) {
            int status;
            assert_true(wait(&status) > 0);
            assert_int_equal(status, 0);
        }
        struct signing_key key;
        assert_int_equal(signing_key_load(path, &key), 0);
        uint8_t seen[KEY_SIZE];
        for (int i = 0; i < PROCESSES; i++) {
            assert_int_equal(read(ends[0], seen, KEY_SIZE), KEY_SIZE);
            assert_memory_equal(seen, key.public_key, KEY_SIZE);
        }
        close(ends[0]);
        assert_int_equal(directory_count(), 1);
    }
}

static void test_modes(void **state)
{
    (void) state;
    struct signing_key key;
    static const struct {
        mode_t mode;
        int code;
    } ROWS[] = {
        {0600, 0},
        {0400, 0},
        {0700, 0},
        {0640, ERR_FILE_MODE},
        {0604, ERR_FILE_MODE},
        {0620, ERR_FILE_MODE},
        {0602, ERR_FILE_MODE},
        {0610, ERR_FILE_MODE},
        {0601, ERR_FILE_MODE},
        {0644, ERR_FILE_MODE},
        {0666, ERR_FILE_MODE},
    };
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        file_write(SIGNING, ROWS[i].mode);
        assert_int_equal(signing_key_load(path, &key), ROWS[i].code);
    }
}

static void test_another_users_file(void **state)
{
    (void) state;
    struct signing_key key;
    file_write(SIGNING, 0600);
    if (chown(path, 12345, (gid_t) -1) != 0) {
        print_message("SKIPPED: only root can give a file to another user\n");
        skip();
    }
    assert_int_equal(signing_key_load(path, &key), ERR_FILE_MODE);
}

static void test_what_is_no_regular_file(void **state)
{
    (void) state;
    struct signing_key key;
    errno = 0;
    assert_int_equal(signing_key_load(path, &key), ERR_FILE);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(signing_key_load(directory, &key), ERR_FILE);
    assert_int_equal(errno, EISDIR);

    file_write(SIGNING, 0600);
    char link_path[320];
    snprintf(link_path, sizeof(link_path), "%s/link", directory);
    assert_int_equal(symlink(path, link_path), 0);
    assert_int_equal(signing_key_load(link_path, &key), ERR_FILE);
    assert_int_equal(errno, ELOOP);
    unlink(link_path);

    /* A FIFO with nobody at its other end: an answer, not a wait. */
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(signing_key_load(path, &key), ERR_FILE);
    assert_int_equal(signing_key_load("/dev/null", &key), ERR_FILE);
}

static void test_contents(void **state)
{
    (void) state;
    static const char PUBLIC[] = "public d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a\n";
    static const char SECRET[] = "secret 9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60\n";
    static const struct {
        const char *title;
        const char *second;
        const char *third;
        const char *rest;
        int code;
    } ROWS[] = {
        {"comity signing seed 1\n", PUBLIC, SECRET, "", 0},
        {"comity signing seed 1\n", PUBLIC, SECRET, "kept by the night office\n", 0},
        {"comity signing seed 2\n", PUBLIC, SECRET, "", ERR_MALFORMED},
        {"comity signing seed 3\n", PUBLIC, SECRET, "", ERR_VERSION},
        {"comity signing seed 11\n", PUBLIC, SECRET, "", ERR_VERSION},
        {"comity signing seed \n", PUBLIC, SECRET, "", ERR_VERSION},
        {"comity signing seed\n", PUBLIC, SECRET, "", ERR_MALFORMED},
        {"comity connection key 1\n", PUBLIC, SECRET, "", ERR_MALFORMED},
        {"", "", "", "", ERR_MALFORMED},
        {"\n", PUBLIC, SECRET, "", ERR_MALFORMED},
        {"comity signing seed 1\n", "", "", "", ERR_MALFORMED},
        {"comity signing seed 1\n", PUBLIC, "", "", ERR_MALFORMED},
        {"comity signing seed 1\n", SECRET, PUBLIC, "", ERR_MALFORMED},
        {"comity signing seed 1\n", PUBLIC, "secret 9d61", "\n", ERR_MALFORMED},
        {"comity signing seed 1\r\n", PUBLIC, SECRET, "", ERR_VERSION},
        /* cut before the last newline: not known to be whole */
        {"comity signing seed 1\n", PUBLIC,
         "secret 9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "", ERR_MALFORMED},
        /* a public half that is not the secret's */
        {"comity signing seed 1\n", PUBLIC,
         "secret 9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f61\n", "", ERR_MALFORMED},
        {"comity signing seed 1\n", "public D75A\n", SECRET, "", ERR_MALFORMED},
    };
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        char text[1024];
        struct signing_key key = {.seed = {77}};
        snprintf(text, sizeof(text), "%s%s%s%s", ROWS[i].title, ROWS[i].second, ROWS[i].third, ROWS[i].rest);
        file_write(text, 0600);
        assert_int_equal(signing_key_load(path, &key), ROWS[i].code);
        assert_int_equal(key.seed[0], ROWS[i].code ? 77 : 0x9D);
    }
    char *large = calloc(1, 100001);
    memset(large, 'x', 100000);
    file_write(large, 0600);
    free(large);
    struct signing_key key;
    assert_int_equal(signing_key_load(path, &key), ERR_MALFORMED);
}

static void test_known_connection_key(void **state)
{
    (void) state;
    struct connection_key key;
    file_write(CONNECTION, 0600);
    assert_int_equal(connection_key_load(path, &key), 0);
    uint8_t expected[KEY_SIZE];
    assert_int_equal(
        hex_decode("07a37cbc142093c8b755dc1b10e86cb426374ad16aa853ed0bdfc0b2b86d1c7c", expected, KEY_SIZE),
        0);
    assert_memory_equal(key.public_key, expected, KEY_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_saved_keys_come_back, each_teardown),
        cmocka_unit_test_teardown(test_nothing_is_written_over, each_teardown),
        cmocka_unit_test_teardown(test_load_or_create, each_teardown),
        cmocka_unit_test_teardown(test_a_race_to_create_has_one_winner, each_teardown),
        cmocka_unit_test_teardown(test_modes, each_teardown),
        cmocka_unit_test_teardown(test_another_users_file, each_teardown),
        cmocka_unit_test_teardown(test_what_is_no_regular_file, each_teardown),
        cmocka_unit_test_teardown(test_contents, each_teardown),
        cmocka_unit_test_teardown(test_known_connection_key, each_teardown),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
