/* Where the output of a run goes, and what may be done there. Filled in once, from the settings; all zero is
 * a file or a pipe: whole text, no colour, nobody to ask. */
#ifndef COMITY_CLI_TERMINAL_H
#define COMITY_CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

enum color_when { COLOR_AUTO, COLOR_NEVER, COLOR_ALWAYS };

/* What a word is about. Colour only says again what the words say. */
enum color { COLOR_NONE, COLOR_GOOD, COLOR_CAREFUL, COLOR_BAD, COLOR_HEADING };

struct terminal {
    size_t width; /* columns of standard output; 0: no terminal, or the accessible mode: nothing is wrapped */
    bool is_accessible;   /* append only; a line for each value in place of columns */
    bool has_color;       /* on standard output */
    bool has_error_color; /* on standard error */
    bool may_redraw;      /* and takes back what was written there */
    bool is_watched;      /* standard error is a terminal: somebody sees how it goes on */
    bool may_ask;         /* standard input and error are a terminal: somebody can answer */
};

/* Look at the three standard streams. */
void terminal_init(struct terminal *terminal, enum color_when when, bool is_accessible);

/* The sequence that begins a colour, and the one that ends it; "" where there is none. */
const char *color_begin(bool has_color, enum color color);
const char *color_end(bool has_color, enum color color);

#endif
