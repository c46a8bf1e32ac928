#include "client/cli/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { WIDTH_PRESET = 80, WIDTH_LEAST = 20 };

static size_t width_of(int descriptor)
{
    struct winsize size = {0};

    if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return WIDTH_PRESET;
    return size.ws_col < WIDTH_LEAST ? WIDTH_LEAST : size.ws_col;
}

static bool is_clever(int descriptor)
{
    const char *kind = getenv("TERM");

    return isatty(descriptor) && (kind == NULL || strcmp(kind, "dumb") != 0);
}

static bool may_color(int descriptor, enum color_when when)
{
    return when == COLOR_AUTO ? is_clever(descriptor) : when == COLOR_ALWAYS;
}

void terminal_init(struct terminal *terminal, enum color_when when, bool is_accessible)
{
    *terminal = (struct terminal){
        .width = isatty(STDOUT_FILENO) && !is_accessible ? width_of(STDOUT_FILENO) : 0,
        .is_accessible = is_accessible,
        .has_color = may_color(STDOUT_FILENO, when),
        .has_error_color = may_color(STDERR_FILENO, when),
        .may_redraw = is_clever(STDERR_FILENO) && !is_accessible,
        .is_watched = isatty(STDERR_FILENO),
        .may_ask = isatty(STDIN_FILENO) && isatty(STDERR_FILENO),
    };
}

const char *color_begin(bool has_color, enum color color)
{
    static const char *const SEQUENCES[] = {
        [COLOR_NONE] = "",        [COLOR_GOOD] = "\033[32m",   [COLOR_CAREFUL] = "\033[33m",
        [COLOR_BAD] = "\033[31m", [COLOR_HEADING] = "\033[1m",
    };

    return has_color ? SEQUENCES[color] : "";
}

const char *color_end(bool has_color, enum color color)
{
    return has_color && color != COLOR_NONE ? "\033[0m" : "";
}
