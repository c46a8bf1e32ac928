#include "client/cli/verbs.h"

const struct verb VERBS_WATCH[] = {
    {.name = "watch",
     .group = N_("Sessions and proposals"),
     .run = watch_run,
     .needs = NEEDS_MEMBER,
     .summary = N_(
         "watch a session while it goes on: who is there, who speaks, who has not answered, what came out"),
     .arguments = {{"SESSION", N_("its number"), 0}},
     .options = {{"once", NULL, N_("show how it stands now, and end"), 0, 0}},
     .detail = N_(
         "On a terminal it is one screen, which q leaves. In the accessible mode, and into a file or a pipe, "
         "it "
         "tells line by line what has changed. How somebody answered is never shown before the round "
         "closes. An answer of yours that waits (comity outbox list) is sent from here too, again until it is confirmed, and what "
         "became of it is told. q and Ctrl-C end it at once, also while something is sent, and it says what of "
         "yours waits on."),
     .json = "a line for each change: {as_of, epoch, session (Session), present, eligible, constituencies, "
             "sites, "
             "item (Item), time_boxes [TimeBox], hands [Hand], round (Round), waiting [member], " JSON_FINALITY "}; with "
             "--once: `watched`, "
             "the same"},
    {.name = NULL},
};
