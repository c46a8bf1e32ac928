/* Recovery words: a key's seed as 24 words, and back. */
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

#include "client/cli/key_file.h"
#include "client/cli/output.h"
#include "client/cli/passphrase.h"
#include "client/cli/signer.h"
#include "client/cli/verbs.h"
#include "core/mnemonic.h"

enum { WORDS_A_LINE = 4, NEAREST = 3, LINE_COLUMNS = 16 };

/* The list of --list; else of the language that is spoken, where there is one; else English. */
static int find_list(struct cli *cli, const struct word_list **ret_list)
{
    const char *given = cli_option(cli, "list");

    *ret_list = word_list_of(given != NULL ? given : language_spoken());
    if (*ret_list != NULL)
        return 0;
    if (given == NULL) {
        *ret_list = WORD_LISTS;
        return 0;
    }
    const char *names[8];
    size_t count = 0;
    for (; count < WORD_LIST_COUNT && count < ARRAY_COUNT(names); count++)
        names[count] = WORD_LISTS[count].language;
    return cli_fail(cli, ERR_USAGE, NULL, "--list is %s, not `%s`.", shown_choice(cli, names, count),
                    shown_string(cli, given));
}

/* Straight to standard output: the run's memory keeps no copy. */
static void print_words(const struct word_list *list, const uint8_t seed[SEED_SIZE], bool is_accessible)
{
    const char *words[MNEMONIC_WORDS];
    size_t columns = is_accessible ? 1 : WORDS_A_LINE;

    mnemonic_write(list, seed, words);
    for (size_t i = 0; i < MNEMONIC_WORDS; i++) {
        bool is_last = (i + 1) % columns == 0;
        int blanks = is_last ? 0 : LINE_COLUMNS - (int) text_width(words[i]);
        printf("%2zu %s%*s%s", i + 1, words[i], blanks, "", is_last ? "\n" : "");
    }
    fflush(stdout);
    sodium_memzero(words, sizeof(words));
}

int key_words_run(struct cli *cli)
{
    char path[PATH_BYTES], fingerprint[FINGERPRINT_SIZE];
    const struct word_list *list;
    struct signing_key key;
    int code = find_list(cli, &list);

    if (code == 0)
        code = key_path(cli, cli_argument(cli, "FILE"), path);
    if (code != 0)
        return code;
    if (cli->is_json)
        return cli_fail(cli, ERR_USAGE, "The same command without --json, on a terminal.",
                        "Recovery words are a secret: they go into no document.");
    if (!isatty(STDOUT_FILENO) && !cli_has(cli, "even-here"))
        return cli_fail(cli, ERR_USAGE, "The same command on a terminal; or --even-here, if it is meant.",
                        "Recovery words are shown on a terminal alone: they would lie in a file, or be read by another program.");
    if ((code = signer_open(cli, path, "comity key new", &key)) != 0)
        return code;
    key_fingerprint(key.public_key, fingerprint);
    say(cli, "Recovery words of the key %s:\n", fingerprint);
    print_words(list, key.seed, cli->terminal.is_accessible);
    signing_key_wipe(&key);
    say(cli,
        "\nWrite them on paper, in this order, and keep it where you keep what must not be lost. Whoever reads them can sign "
        "for you, without a passphrase. Back to a key: comity key from-words");
    return 0;
}

/* ---- Back ---- */

static int fail_words(struct cli *cli, const struct mnemonic_fault *fault)
{
    static const char NEXT[] = N_("Look at your paper, and give the same command again.");
    const char *words[NEAREST], *shown_words[NEAREST];

    if (fault->kind == MNEMONIC_COUNT && fault->count > MNEMONIC_WORDS)
        return cli_fail(cli, ERR_WORDS, NEXT, "There are more than %d words.", MNEMONIC_WORDS);
    if (fault->kind == MNEMONIC_COUNT)
        return cli_fail(cli, ERR_WORDS, NEXT, "There are not %d words but %zu: some are missing.", MNEMONIC_WORDS,
                        fault->count);
    if (fault->kind == MNEMONIC_CHECKSUM)
        return cli_fail(cli, ERR_WORDS, NEXT,
                        "All are words of the list, but they do not belong together: one is another word than it was, or "
                        "two have changed places.");
    size_t near = word_list_nearest(fault->list, fault->word, words, NEAREST);
    if (near == 0)
        return cli_fail(cli, ERR_WORDS, NEXT, "Word %zu, `%s`, is not on the list.", fault->index + 1,
                        shown_string(cli, fault->word));
    for (size_t i = 0; i < near; i++)
        shown_words[i] = arena_printf(cli->arena, "`%s`", words[i]);
    return cli_fail(cli, ERR_WORDS, NEXT, "Word %zu, `%s`, is not on the list. Was it %s?", fault->index + 1,
                    shown_string(cli, fault->word), shown_choice(cli, shown_words, near));
}

/* Lines of standard input, until 24 words have come, or an empty line, or the end. */
static int read_words(struct cli *cli, char *buffer)
{
    size_t size = 0, length, count = 0;

    if (cli->terminal.may_ask) {
        fputs(_("The 24 recovery words, with blanks between them, in one line or several: "), stderr);
        fflush(stderr);
    }
    do {
        int code = secret_line_read(cli, "-", buffer + size, MNEMONIC_TEXT_MAX - size - 1, &length);
        if (code != 0)
            return code;
        size += length;
        if (length > 0)
            buffer[size++] = '\n';
        buffer[size] = '\0';
        count = mnemonic_count(BYTES(buffer, size));
        if (cli->terminal.may_ask && length > 0 && count < MNEMONIC_WORDS)
            say_aside("%zu of %d words so far: type the others, or only Enter to stop.", count, MNEMONIC_WORDS);
    } while (length > 0 && count < MNEMONIC_WORDS && size < MNEMONIC_TEXT_MAX - 2);
    return 0;
}

static int read_seed(struct cli *cli, uint8_t ret_seed[SEED_SIZE])
{
    const struct word_list *list;
    struct mnemonic_fault fault;
    int code = find_list(cli, &list);
    char *typed = code == 0 ? sodium_malloc(MNEMONIC_TEXT_MAX) : NULL;

    if (code == 0 && typed == NULL)
        code = ERR_MEMORY;
    if (code == 0)
        code = read_words(cli, typed);
    if (code == 0 && mnemonic_read(BYTES(typed, strlen(typed)), list, ret_seed, &fault) != 0) {
        fail_words(cli, &fault);
        code = cli_unusable(cli, ERR_WORDS);
    }
    sodium_memzero(&fault, sizeof(fault));
    sodium_free(typed);
    return code;
}

int key_from_words_run(struct cli *cli)
{
    const char *given = cli_option(cli, "out");
    char path[PATH_BYTES];
    uint8_t seed[SEED_SIZE];
    struct signing_key key;

    if ((given != NULL ? path_join(path, ".", given) : path_join(path, cli->home, "keys/signing.key")) != 0)
        return cli_fail(cli, ERR_USAGE, NULL, "The path of the key file is too long.");
    /* Before anybody has typed 24 words. */
    if (access(path, F_OK) == 0)
        return key_file_refuse(cli, path);
    signer_forbid_dumps();
    int code = read_seed(cli, seed);
    if (code != 0)
        return code;
    signing_key_from_seed(seed, &key);
    sodium_memzero(seed, sizeof(seed));
    code = key_file_make(cli, path, &key);
    signing_key_wipe(&key);
    if (code == 0)
        say(cli, "Compare the fingerprint with the one that you have written down, or that others see: comity key list");
    return code;
}
