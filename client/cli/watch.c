/* Watching a session while it goes on: one screen on a terminal; line by line, what has changed, everywhere
 * else. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "client/cli/board.h"
#include "client/cli/cut_off.h"
#include "client/cli/finality.h"
#include "client/cli/names.h"
#include "client/cli/outbox.h"
#include "client/cli/output.h"
#include "client/cli/screen.h"
#include "client/cli/verbs.h"
#include "client/cli/watch_text.h"

enum { PUMP_MS = 200, CLOCK_MS = 1000, SCRATCH_BYTES = 64 * 1024 * 1024, STILL_MAX = 512 };

/* Between two questions how far the record is FINAL: while something came since, and while something is not
 * FINAL. */
enum { FINALITY_NEWS_MS = 2000, FINALITY_MS = 10000 };

static volatile sig_atomic_t is_interrupted;

static void interrupt(int signal_number)
{
    (void) signal_number;
    is_interrupted = 1;
}

struct watching {
    struct cli *cli;
    struct board board;
    struct arena *scratch; /* of one drawing */
    bool is_screen;
    bool is_out_of_touch;
    bool is_left;  /* nothing is waited for any more */
    bool has_sent; /* something is told of the outbox that is not drawn yet */
    size_t sent_count; /* of what was told so in this turn */
    struct outbox_watch outbox;
    uint64_t heard;
    int64_t drawn_ms;
    char told[WATCH_LINES_MAX][STILL_MAX]; /* lines as they were last told */
    size_t told_count;
};

static bool was_told(const struct watching *watching, const char *line)
{
    for (size_t i = 0; i < watching->told_count; i++)
        if (strncmp(watching->told[i], line, STILL_MAX - 1) == 0)
            return true;
    return false;
}

/* Each line that says something new. */
static void tell_changes(struct watching *watching, const struct watch_text *text)
{
    char lines[WATCH_LINES_MAX][STILL_MAX];
    const char *label = "";

    for (size_t i = 0; i < text->count; i++) {
        label = text->lines[i].label[0] != '\0' ? text->lines[i].label : label;
        snprintf(lines[i], STILL_MAX, "%s: %s", label, text->lines[i].still);
        if (!was_told(watching, lines[i]))
            say(watching->cli, "%s: %s", label, text->lines[i].still);
    }
    memcpy(watching->told, lines, text->count * sizeof(lines[0]));
    watching->told_count = text->count;
    fflush(stdout);
}

static int draw(struct watching *watching)
{
    struct watch_text text;
    int code = watch_text_make(&watching->board, time_now_ms(), &text);

    if (code != 0)
        return code;
    watching->drawn_ms = time_now_ms();
    if (watching->is_screen)
        screen_draw(&text, watching->is_out_of_touch ? _("Out of touch with the daemons, waiting. q: leave")
                           : watching->cli->is_apart_now
                               ? _("Cut off from the other sites: there may be more. q: leave")
                           : watching->cli->is_moving_now
                               ? _("Being moved to another group of workers: there may be more. q: leave")
                               : _("q: leave"));
    else if (!watching->cli->is_json)
        tell_changes(watching, &text);
    return 0;
}

static void print_json(struct watching *watching)
{
    struct json_object *document = watch_json(&watching->board);

    puts(json_object_to_json_string_ext(document, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    fflush(stdout);
    json_object_put(document);
}

/* What is made to be shown lives as long as the drawing. */
static int show(struct watching *watching, bool has_news)
{
    struct arena *run = watching->cli->arena;

    arena_reset(watching->scratch);
    watching->cli->arena = watching->scratch;
    int code = draw(watching);
    if (code == 0 && has_news && watching->cli->is_json)
        print_json(watching);
    watching->cli->arena = run;
    return code;
}

static void hear_news(const uint8_t *history, uint64_t sequence, void *context)
{
    (void) history;
    *(uint64_t *) context = sequence;
}

static void look_at_touch(struct watching *watching)
{
    int code = 0;
    const bool was_out = watching->is_out_of_touch;

    watching->is_out_of_touch = !desk_is_in_touch(watching->cli, &code);
    if (was_out)
        watching->outbox.due_ms = 0;
    if (watching->is_screen || was_out == watching->is_out_of_touch)
        return;
    if (watching->is_out_of_touch)
        say_aside("Out of touch with the daemons, waiting: %s", language_error(code));
    else
        say_aside("In touch again.");
}

/* On the screen; anywhere else it goes to standard error. */
static void take_sent(const char *sentence, void *context)
{
    struct watching *watching = context;
    struct board *board = &watching->board;

    memmove(board->sent[0], board->sent[1], sizeof(board->sent) - sizeof(board->sent[0]));
    snprintf(board->sent[BOARD_SENT_MAX - 1], sizeof(board->sent[0]), "%s", sentence);
    watching->has_sent = true;
    watching->sent_count++;
}

/* What came in the turn in which somebody left was hardly seen, if at all. */
static void tell_last_sent(const struct watching *watching)
{
    const size_t count = watching->sent_count < BOARD_SENT_MAX ? watching->sent_count : BOARD_SENT_MAX;

    for (size_t i = BOARD_SENT_MAX - count; i < BOARD_SENT_MAX; i++)
        say_aside("%s", watching->board.sent[i]);
}

static void look_at_outbox(struct watching *watching)
{
    struct cli *cli = watching->cli;
    struct arena *run = cli->arena;

    if (watching->is_out_of_touch || cli->is_apart_now)
        return;
    arena_reset(watching->scratch);
    cli->arena = watching->scratch;
    outbox_look(cli, &watching->outbox);
    cli->arena = run;
}

/* Witnesses sign in their own time, which is no news: until they have signed all, it is asked for now and
 * then. A worker that does not answer is noticed by the rest: only ERR_FORKED is returned. */
static int ask_finality(struct watching *watching, bool *ret_is_other)
{
    struct board *board = &watching->board;
    const int64_t waited_ms = time_now_ms() - board->finality_ms;
    const char *line = NULL;

    *ret_is_other = false;
    if (board->is_all_final && !board->is_finality_old)
        return 0;
    if (board->finality_ms != 0 && waited_ms < (board->is_finality_old ? FINALITY_NEWS_MS : FINALITY_MS))
        return 0;
    int code = finality_watched(watching->cli, &line, &board->is_all_final);
    if (line == NULL)
        line = "";
    *ret_is_other = strncmp(board->finality, line, sizeof(board->finality) - 1) != 0;
    snprintf(board->finality, sizeof(board->finality), "%s", line);
    board->finality_ms = time_now_ms();
    board->is_finality_old = false;
    return code == ERR_FORKED ? code : 0;
}

/* One turn: wait for news, take them up, draw. */
static int turn(struct watching *watching)
{
    struct cli *cli = watching->cli;
    struct board *board = &watching->board;
    int code = desk_pump(cli, PUMP_MS);
    bool has_news = watching->heard > board->as_of ||
                    comity_epoch(desk_client(cli), cli->context.history) != board->epoch;
    const bool was_apart = cli->is_apart_now;
    bool is_other = false;

    watching->sent_count = 0;
    look_at_touch(watching);
    if (code == 0 && has_news)
        code = board_refresh(board);
    board->is_finality_old |= has_news;
    if (code == 0 && !watching->is_out_of_touch)
        code = cut_off_stream(cli, watching->is_screen);
    if (was_apart)
        watching->outbox.due_ms = 0;
    look_at_outbox(watching);
    if (code == 0 && !watching->is_out_of_touch)
        code = ask_finality(watching, &is_other);
    /* The worker may be away for a while: the news will say when it is back. */
    if (code != 0 && exit_of_error(code) == EXIT_UNREACHABLE) {
        memset(&cli->failure, 0, sizeof(cli->failure));
        return 0;
    }
    is_other |= watching->has_sent;
    watching->has_sent = false;
    if (code == 0 &&
        (has_news || is_other || (watching->is_screen && time_now_ms() - watching->drawn_ms >= CLOCK_MS)))
        code = show(watching, has_news || is_other);
    return code;
}

static bool is_left(void *context)
{
    struct watching *watching = context;

    watching->is_left |= is_interrupted || (watching->is_screen && screen_is_left());
    return watching->is_left;
}

static int watch(struct watching *watching)
{
    struct cli *cli = watching->cli;
    int code = desk_subscribe(cli, watching->board.as_of, hear_news, &watching->heard);

    watching->is_screen =
        code == 0 && !cli->is_json && cli->terminal.width > 0 && isatty(STDIN_FILENO) && screen_open() == 0;
    if (watching->is_screen) { /* what is written beside it would stand in the midst of it */
        cli->progress.style = PROGRESS_NONE;
        watching->outbox = (struct outbox_watch){.tell = take_sent, .context = watching};
    }
    /* What came between the first look and the subscription. */
    if (code == 0)
        code = board_refresh(&watching->board);
    watching->board.is_finality_old = true;
    if (code == 0)
        code = show(watching, true);
    while (code == 0 && !is_left(watching))
        code = turn(watching);
    if (watching->is_screen)
        screen_close();
    tell_last_sent(watching);
    desk_unsubscribe(cli);
    return code;
}

static int look(struct watching *watching)
{
    bool is_other;
    int code = board_refresh(&watching->board);

    return code == 0 ? ask_finality(watching, &is_other) : code;
}

/* From the first question to when somebody has enough. */
static int look_and_watch(struct watching *watching)
{
    struct cli *cli = watching->cli;
    struct sigaction action = {.sa_handler = interrupt};
    int code = desk_leave_by(cli, is_left, watching);

    if (code != 0)
        return code;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    code = look(watching);
    cli->is_streaming = code == 0 || watching->is_left;
    if (code == 0)
        code = watch(watching);
    outbox_tell_rest(cli);
    desk_leave_by(cli, NULL, NULL);
    if (watching->is_left && code != ERR_FORKED) { /* what was under way is not waited for */
        memset(&cli->failure, 0, sizeof(cli->failure));
        code = 0;
    }
    return code;
}

int watch_run(struct cli *cli)
{
    struct watching *watching = arena_alloc(cli->arena, sizeof(*watching));
    uint32_t session;
    int code = number_argument(cli, "SESSION", &session);

    if (watching == NULL)
        return ERR_MEMORY;
    if (code != 0)
        return code;
    *watching = (struct watching){.cli = cli, .scratch = arena_new(SCRATCH_BYTES)};
    code = watching->scratch == NULL ? ERR_MEMORY : board_init(&watching->board, cli, session);
    if (code == 0 && !cli_has(cli, "once")) {
        code = look_and_watch(watching);
    } else if (code == 0) {
        code = look(watching);
        if (code == 0)
            code = show(watching, false);
        if (code == 0)
            cli_put(cli, "watched", watch_json(&watching->board));
    }
    board_release(&watching->board);
    arena_destroy(&watching->scratch);
    return code;
}
