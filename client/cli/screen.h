/* One screen of a terminal, drawn over again: by curses, which knows terminals, their sizes and their keys.
 */
#ifndef COMITY_CLI_SCREEN_H
#define COMITY_CLI_SCREEN_H

#include "client/cli/watch_text.h"

/* 0, or ERR_UNSUPPORTED where the terminal cannot be drawn on: its lines are then printed one by one. */
int screen_open(void);
void screen_close(void);

/* Labels to the left, texts wrapped beside them; @notice at the foot. What does not fit is left out, and said
 * so. */
void screen_draw(const struct watch_text *text, const char *notice);

/* A key that was pressed: does it end the watching? Never waits. */
bool screen_is_left(void);

#endif
