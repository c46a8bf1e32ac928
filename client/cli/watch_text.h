/* What a screen says of a session that is being watched, line by line. Pure but for names. */
#ifndef COMITY_CLI_WATCH_TEXT_H
#define COMITY_CLI_WATCH_TEXT_H

#include "client/cli/board.h"

enum { WATCH_LINES_MAX = 64 };

struct watch_line {
    const char *label; /* "Answered"; "" for what goes on from the line before */
    const char *text;
    const char *still; /* the text without what only the clock changes: for those who are told of changes */
};

struct watch_text {
    struct watch_line lines[WATCH_LINES_MAX];
    size_t count;
};

/* As of @now_ms. Everything in the run's arena of the moment, escaped. 0, ERR_MEMORY, ERR_CORRUPT. */
int watch_text_make(const struct board *board, int64_t now_ms, struct watch_text *ret_text);

/* The same for programs: `session`, `present`, `constituencies`, `sites`, `waiting` and others. */
struct json_object *watch_json(const struct board *board);

#endif
