#include "client/cli/passphrase.h"

#include <bsd/readpassphrase.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/cli/output.h"
#include "core/passphrase.h"
#include "core/text.h"
#include "core/unicode/characters.h"

enum { LINE_SIZE = PASSPHRASE_MOST_BYTES + 2, TRIES = 3, COMPOSE_BYTES = 64 * 1024 };

void passphrase_release(struct passphrase *passphrase)
{
    sodium_free(passphrase->text);
    *passphrase = (struct passphrase){0};
}

struct bytes passphrase_bytes(const struct passphrase *passphrase)
{
    return BYTES(passphrase->text, passphrase->size);
}

static int passphrase_room(struct passphrase *ret_passphrase)
{
    *ret_passphrase = (struct passphrase){sodium_malloc(LINE_SIZE), 0};
    return ret_passphrase->text == NULL ? ERR_MEMORY : 0;
}

/* In Normalization Form C: one keyboard sends an accented letter as one character, and another one as two. What is no
 * UTF-8 is taken as it is. */
static int passphrase_compose(struct passphrase *passphrase)
{
    struct bytes typed = passphrase_bytes(passphrase), composed;

    if (!utf8_is_valid(typed))
        return 0;
    struct arena *arena = arena_new(COMPOSE_BYTES);
    int code = arena == NULL ? ERR_MEMORY : characters_compose(typed, arena, &composed);
    if (code == 0 && composed.data != typed.data && composed.size < LINE_SIZE) {
        memcpy(passphrase->text, composed.data, composed.size);
        passphrase->text[composed.size] = '\0';
        passphrase->size = composed.size;
    }
    if (arena != NULL)
        arena_wipe(arena);
    arena_destroy(&arena);
    return code;
}

/* Byte by byte: what comes behind the line is somebody else's. */
static int line_take(struct cli *cli, int file, const char *path, char *buffer, size_t size, size_t *ret_size)
{
    size_t length = 0;

    for (;;) {
        ssize_t got = read(file, buffer + length, 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return cli_fail(cli, ERR_FILE, NULL, "%s cannot be read: %s.", shown_string(cli, path), strerror(errno));
        if (got == 0 || buffer[length] == '\n')
            break;
        if (++length == size)
            return cli_fail(cli, ERR_TOO_LARGE, "Give a file with one line.", "The line in %s is too long.",
                            shown_string(cli, path));
    }
    if (length > 0 && buffer[length - 1] == '\r')
        length--;
    buffer[length] = '\0';
    *ret_size = length;
    return 0;
}

/* A secret's file is its owner's alone; a pipe is whoever's gave it. */
static int file_check(struct cli *cli, int file, const char *path)
{
    struct stat status;

    if (fstat(file, &status) != 0)
        return cli_fail(cli, ERR_FILE, NULL, "%s cannot be read: %s.", shown_string(cli, path), strerror(errno));
    if (S_ISREG(status.st_mode) && ((status.st_mode & 077) != 0 || status.st_uid != geteuid()))
        return cli_fail_key(cli, ERR_FILE_MODE, NULL, path);
    return 0;
}

int secret_line_read(struct cli *cli, const char *path, char *buffer, size_t size, size_t *ret_size)
{
    bool is_input = strcmp(path, "-") == 0;
    int file = is_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    const char *why = strerror(errno);

    if (file < 0) {
        cli_fail(cli, ERR_FILE, "Give the file that holds the passphrase, in one line.", "%s cannot be opened: %s.",
                 shown_string(cli, path), why);
        return cli_unusable(cli, ERR_FILE);
    }
    int code = is_input ? 0 : file_check(cli, file, path);
    if (code == 0)
        code = line_take(cli, file, path, buffer, size, ret_size);
    if (!is_input)
        close(file);
    return code != 0 ? cli_unusable(cli, code) : 0;
}

/* On the terminal that this run belongs to, whatever its input and output are. False where there is none, or where
 * nothing was typed. */
static bool ask(const char *prompt, struct passphrase *passphrase)
{
    fflush(stdout);
    if (readpassphrase(prompt, passphrase->text, LINE_SIZE, RPP_REQUIRE_TTY) == NULL)
        return false;
    passphrase->size = strlen(passphrase->text);
    return passphrase->size > 0;
}

static bool has_terminal(void)
{
    int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

    if (terminal < 0)
        return false;
    close(terminal);
    return true;
}

int passphrase_read(struct cli *cli, const char *path, struct passphrase *ret_passphrase, bool *ret_is_asked)
{
    const char *file = cli_option(cli, "passphrase-file");
    int code = passphrase_room(ret_passphrase);

    if (code != 0)
        return code;
    *ret_is_asked = file == NULL;
    if (file != NULL)
        code = secret_line_read(cli, file, ret_passphrase->text, LINE_SIZE, &ret_passphrase->size);
    else if (!has_terminal())
        code = cli_fail(cli, ERR_PASSPHRASE, "Give the file that holds it: --passphrase-file FILE",
                        "The key %s is kept under a passphrase, and there is no terminal to ask for it.",
                        shown_string(cli, path));
    else if (!ask(phrase(cli, "Passphrase of %s: ", shown_string(cli, path)), ret_passphrase))
        code = cli_fail(cli, ERR_PASSPHRASE, "Give the same command again.",
                        "No passphrase was given: the key %s stays closed.", shown_string(cli, path));
    if (code == 0)
        code = passphrase_compose(ret_passphrase);
    if (code == 0)
        return 0;
    passphrase_release(ret_passphrase);
    return cli_unusable(cli, code);
}

/* As UTF-8 has them. */
static size_t count_characters(const struct passphrase *passphrase)
{
    size_t count = 0;

    for (size_t i = 0; i < passphrase->size; i++)
        count += ((unsigned char) passphrase->text[i] & 0xC0) != 0x80;
    return count;
}

/* A sentence says what is wrong with a new one. */
static int passphrase_judge(struct cli *cli, const struct passphrase *passphrase)
{
    if (passphrase->size < PASSPHRASE_LEAST_BYTES || count_characters(passphrase) < PASSPHRASE_LEAST_BYTES)
        return cli_fail(cli, ERR_PASSPHRASE, "Several words that you can remember are better than one that is hard.",
                        "A passphrase is at least %d characters long.", PASSPHRASE_LEAST_BYTES);
    if (passphrase->size > PASSPHRASE_MOST_BYTES)
        return cli_fail(cli, ERR_PASSPHRASE, "Choose a shorter one.", "A passphrase is at most %d bytes long.",
                        PASSPHRASE_MOST_BYTES);
    return 0;
}

/* One try: typed twice, alike. */
static int ask_twice(struct cli *cli, const char *what, struct passphrase *passphrase)
{
    struct passphrase again;
    int code = passphrase_room(&again);

    if (code != 0)
        return code;
    if (!ask(phrase(cli, "New passphrase of %s: ", what), passphrase)) {
        passphrase_release(&again);
        return cli_fail(cli, ERR_USAGE, "Give the same command again.", "No passphrase was given: nothing was done.");
    }
    code = passphrase_judge(cli, passphrase);
    if (code == 0 && (!ask(_("The same once more: "), &again) || again.size != passphrase->size ||
                      sodium_memcmp(again.text, passphrase->text, again.size) != 0))
        code = cli_fail(cli, ERR_PASSPHRASE, "Give the same command again.", "The two are not the same.");
    passphrase_release(&again);
    return code;
}

int passphrase_choose(struct cli *cli, const char *what, struct passphrase *ret_passphrase)
{
    const char *file = cli_option(cli, "new-passphrase-file");
    int code = passphrase_room(ret_passphrase);

    if (code == 0 && file != NULL) {
        code = secret_line_read(cli, file, ret_passphrase->text, LINE_SIZE, &ret_passphrase->size);
        if (code == 0)
            code = passphrase_judge(cli, ret_passphrase);
    } else if (code == 0 && !has_terminal()) {
        code = cli_fail(cli, ERR_USAGE, "Give the file that holds it: --new-passphrase-file FILE",
                        "There is no terminal to ask for a new passphrase.");
    } else if (code == 0) {
        for (unsigned i = 0; i < TRIES; i++) {
            code = ask_twice(cli, what, ret_passphrase);
            if (code != ERR_PASSPHRASE || i + 1 == TRIES)
                break;
            say_aside("%s", cli->failure.what);
        }
    }
    if (code == 0)
        code = passphrase_compose(ret_passphrase);
    if (code != 0) {
        passphrase_release(ret_passphrase);
        return cli_unusable(cli, code);
    }
    cli->failure = (struct failure){0};
    return 0;
}
