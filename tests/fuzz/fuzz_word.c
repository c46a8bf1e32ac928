/* What a witness's daemon said last of a history, for `comity-witness status`. Input: the file. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/witness/word.h"
#include "core/text.h"
#include "tests/fuzz/fuzz.h"

enum { PATH_ROOM = 1024 };

static const uint8_t HISTORY[HISTORY_ID_SIZE] = {9};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char directory[PATH_ROOM], path[2 * PATH_ROOM], hex[2 * HISTORY_ID_SIZE + 1];
    struct word word, again, none = {.time_s = 0};

    snprintf(directory, sizeof(directory), "%s", fuzz_path("state"));
    FUZZ_NEED(mkdir(directory, 0700) == 0);
    hex_encode(BYTES(HISTORY, sizeof(HISTORY)), hex);
    snprintf(path, sizeof(path), "%s/%s.word", directory, hex);
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FUZZ_NEED(file >= 0 && write(file, data, size) == (ssize_t) size);
    close(file);
    word_read(directory, HISTORY, &word);
    FUZZ_NEED(word.time_s >= 0 && memchr(word.what, '\0', sizeof(word.what)) != NULL);
    for (const char *at = word.what; *at != '\0'; at++) /* it goes to a terminal */
        FUZZ_NEED((unsigned char) *at >= 0x20 && *at != 0x7f);
    FUZZ_NEED(utf8_is_valid(BYTES(word.what, strlen(word.what))));
    if (word.time_s > 0) {
        fuzz_accept();
        word_say(directory, HISTORY, word.what, word.time_s, &none);
        word_read(directory, HISTORY, &again);
        FUZZ_NEED(again.time_s == word.time_s);
    } else {
        FUZZ_NEED(word.what[0] == '\0');
    }
    fuzz_remove(directory);
    return 0;
}
