#include "core/daemon/progress.h"

#include <inttypes.h>
#include <time.h>

enum { FIRST_MS = 1000, REDRAW_MS = 200, LINE_MS = 10000 };

static int64_t machine_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void progress_init(struct progress *progress, enum progress_style style, FILE *file)
{
    *progress = (struct progress){.style = style, .file = file, .now_ms = machine_ms};
}

void progress_begin(struct progress *progress, const char *what)
{
    if (progress->style == PROGRESS_NONE || progress->depth++ > 0)
        return;
    progress->what = what;
    progress->done = progress->total = 0;
    progress->begin_ms = progress->now_ms();
    progress->shown_ms = -1;
}

static bool is_due(const struct progress *progress, int64_t now_ms)
{
    int64_t pause_ms = progress->style == PROGRESS_LINES ? LINE_MS : REDRAW_MS;

    if (progress->shown_ms < 0)
        return now_ms - progress->begin_ms >= FIRST_MS;
    return now_ms - progress->shown_ms >= pause_ms;
}

static void show(struct progress *progress, int64_t seconds)
{
    const char *end = progress->style == PROGRESS_LINES ? "\n" : "";

    progress_clear(progress);
    if (progress->total != 0)
        fprintf(progress->file, "%s: %" PRIu64 " of %" PRIu64 " (%" PRId64 " s)%s", progress->what, progress->done,
                progress->total, seconds, end);
    else if (progress->done != 0)
        fprintf(progress->file, "%s: %" PRIu64 " (%" PRId64 " s)%s", progress->what, progress->done, seconds, end);
    else
        fprintf(progress->file, "%s (%" PRId64 " s)%s", progress->what, seconds, end);
    fflush(progress->file);
    progress->is_drawn = progress->style == PROGRESS_REDRAWN;
}

void progress_tick(struct progress *progress)
{
    if (progress->style == PROGRESS_NONE || progress->depth == 0)
        return;
    int64_t now_ms = progress->now_ms();
    if (!is_due(progress, now_ms))
        return;
    progress->shown_ms = now_ms;
    show(progress, (now_ms - progress->begin_ms) / 1000);
}

void progress_count(struct progress *progress, uint64_t done, uint64_t total)
{
    progress->done = done;
    progress->total = total;
    progress_tick(progress);
}

void progress_clear(struct progress *progress)
{
    if (!progress->is_drawn)
        return;
    fputs("\r\033[K", progress->file);
    fflush(progress->file);
    progress->is_drawn = false;
}

void progress_end(struct progress *progress)
{
    if (progress->style == PROGRESS_NONE || progress->depth == 0 || --progress->depth > 0)
        return;
    progress_clear(progress);
}
