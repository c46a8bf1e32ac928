#include "client/cli/verbs.h"

#define GROUP N_("Papers")
#define PAGE_OPTIONS                                                                                         \
    {                                                                                                        \
        {"out", "FILE", N_("write to a new file: FILE.html or FILE.md"), 0, 0},                              \
            {"html", NULL, N_("print it as HTML, not as Markdown"), 0, 0},                                   \
    }
#define JSON_PAGE "`form` (\"html\" or \"markdown\"), `page`, or with --out `file`"

const struct verb VERBS_PAPERS[] = {
    {.name = "pack before",
     .group = GROUP,
     .run = pack_before_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("a page to print before a session: agenda, texts, who decides and by which rules"),
     .arguments = {{"SESSION", N_("its number"), 0}},
     .options = PAGE_OPTIONS,
     .json = JSON_PAGE},
    {.name = "pack after",
     .group = GROUP,
     .run = pack_after_run,
     .needs = NEEDS_MEMBER,
     .summary = N_("a page to print after a session: who was there, what came out and how it was counted"),
     .arguments = {{"SESSION", N_("its number"), 0}},
     .options = PAGE_OPTIONS,
     .json = JSON_PAGE},
    {.name = "calendar",
     .group = GROUP,
     .run = calendar_run,
     .needs = NEEDS_MEMBER,
     .summary =
         N_("what has a time, for a calendar program (iCalendar): sessions, closing times, reviews, tasks"),
     .options = {{"out", "FILE", N_("write to a file, over what it had"), 0, 0}},
     .json = "`events` (how many), `calendar`, or with --out `file`"},
    {.name = NULL},
};
