#include "client/witness/word.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/witness/kept.h"
#include "core/daemon/process.h"
#include "core/text.h"

static void path_of(const char *directory, const uint8_t *history, char path[KEPT_PATH_MAX])
{
    char hex[2 * HISTORY_ID_SIZE + 1];
    hex_encode(BYTES(history, HISTORY_ID_SIZE), hex);
    snprintf(path, KEPT_PATH_MAX, "%s/%s.word", directory, hex);
}

void word_say(const char *directory, const uint8_t history[HISTORY_ID_SIZE], const char *what, int64_t now_s,
              struct word *last)
{
    char path[KEPT_PATH_MAX], text[WORD_MAX + 32];
    int64_t age_s = now_s - last->time_s;
    if (strcmp(last->what, what) == 0 && age_s >= 0 && age_s < WORD_KEEP_S)
        return;
    last->time_s = now_s;
    snprintf(last->what, sizeof(last->what), "%s", what);
    path_of(directory, history, path);
    snprintf(text, sizeof(text), "%" PRId64 " %s\n", now_s, last->what);
    process_file_write(path, text);
}

void word_read(const char *directory, const uint8_t history[HISTORY_ID_SIZE], struct word *ret_word)
{
    char path[KEPT_PATH_MAX], line[WORD_MAX + 32] = "";
    memset(ret_word, 0, sizeof(*ret_word));
    path_of(directory, history, path);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return;
    if (fgets(line, sizeof(line), file) != NULL) {
        char *rest;
        long long time_s = strtoll(line, &rest, 10);
        if (time_s > 0 && *rest == ' ') {
            char escaped[WORD_MAX + 1];
            rest[strcspn(rest, "\n")] = '\0';
            text_escape(BYTES(rest + 1, strlen(rest + 1)), false, escaped, sizeof(escaped));
            ret_word->time_s = time_s;
            snprintf(ret_word->what, sizeof(ret_word->what), "%s", escaped);
        }
    }
    fclose(file);
}
