#include "client/cli/screen.h"

#include <curses.h>
#include <string.h>

#include "client/cli/language.h"

enum { LABEL_COLUMNS = 12 };

static SCREEN *screen;

int screen_open(void)
{
    screen = newterm(NULL, stdout, stdin);
    if (screen == NULL)
        return ERR_UNSUPPORTED;
    cbreak();
    noecho();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    curs_set(0);
    return 0;
}

void screen_close(void)
{
    if (screen == NULL)
        return;
    flushinp(); /* what was pressed while it went is not for the shell */
    endwin();
    delscreen(screen);
    screen = NULL;
}

/* Where a piece of @text ends that fits into so many columns: at a blank, if there is one. */
static size_t piece_of(const char *text, int columns)
{
    size_t at = 0, last_blank = 0;
    int used = 0;

    while (text[at] != '\0' && used < columns) {
        if (text[at] == ' ')
            last_blank = at;
        at++;
        while (((unsigned char) text[at] & 0xc0) == 0x80)
            at++;
        used++;
    }
    if (text[at] == '\0')
        return at;
    return last_blank > 0 ? last_blank : at;
}

/* False where there is no row left. */
static bool draw_line(const struct watch_line *line, int *row, int rows, int columns)
{
    const char *text = line->text;
    bool is_first = true;

    do {
        if (*row >= rows)
            return false;
        if (is_first && line->label[0] != '\0') {
            attron(A_BOLD);
            mvaddnstr(*row, 0, line->label, LABEL_COLUMNS - 1);
            attroff(A_BOLD);
        }
        const size_t size = piece_of(text, columns - LABEL_COLUMNS - 1);
        mvaddnstr(*row, LABEL_COLUMNS, text, (int) size);
        text += size;
        text += strspn(text, " ");
        is_first = false;
        ++*row;
    } while (*text != '\0');
    return true;
}

void screen_draw(const struct watch_text *text, const char *notice)
{
    int rows, columns, row = 0;
    bool is_whole = true;

    getmaxyx(stdscr, rows, columns);
    erase();
    is_whole = columns > 2 * LABEL_COLUMNS;
    if (is_whole)
        for (size_t i = 0; is_whole && i < text->count; i++)
            is_whole = draw_line(&text->lines[i], &row, rows - 1, columns);
    attron(A_REVERSE);
    mvhline(rows - 1, 0, ' ', columns);
    mvaddnstr(rows - 1, 0, is_whole ? notice : _("q: leave; the window is too small for all"), columns - 1);
    attroff(A_REVERSE);
    refresh();
}

bool screen_is_left(void)
{
    for (int key = getch(); key != ERR; key = getch())
        if (key == 'q' || key == 'Q')
            return true;
    return false;
}
