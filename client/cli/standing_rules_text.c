/* The charter in plain words. */
#include <inttypes.h>

#include "client/cli/output.h"
#include "client/cli/standing_rules.h"
#include "core/charter.h"

/* Where the texts are. */
struct telling {
    struct cli *cli;
    message_prose_fn *prose;
    void *context;
};

const char *share_word(Comity__V1__Share share)
{
    static const char *const WORDS[] = {
        [COMITY__V1__SHARE__SHARE_INFORM] = N_("inform"),
        [COMITY__V1__SHARE__SHARE_CONSULT] = N_("consult"),
        [COMITY__V1__SHARE__SHARE_RECOMMEND] = N_("recommend"),
        [COMITY__V1__SHARE__SHARE_JOINT] = N_("joint"),
        [COMITY__V1__SHARE__SHARE_DELEGATED] = N_("delegated"),
    };

    return (size_t) share < ARRAY_COUNT(WORDS) && WORDS[share] != NULL ? _(WORDS[share]) : "?";
}

static const char *facilitation_text(Comity__V1__Facilitation facilitation)
{
    switch (facilitation) {
    case COMITY__V1__FACILITATION__FACILITATION_PAIR:
        return _("one facilitator a side; either may hold a move");
    case COMITY__V1__FACILITATION__FACILITATION_ROTATE:
        return _("the sides take turns");
    case COMITY__V1__FACILITATION__FACILITATION_NEUTRAL:
        return _("by one who is of no side");
    default:
        return "?";
    }
}

static const char *level_text(Comity__V1__RecordLevel level)
{
    switch (level) {
    case COMITY__V1__RECORD_LEVEL__RECORD_LEVEL_NONE:
        return _("nothing");
    case COMITY__V1__RECORD_LEVEL__RECORD_LEVEL_SUMMARY:
        return _("a summary that the group approved");
    case COMITY__V1__RECORD_LEVEL__RECORD_LEVEL_FULL:
        return _("all of it");
    default:
        return "?";
    }
}

static const char *phase_word(Comity__V1__Phase phase)
{
    static const char *const WORDS[] = {
        [COMITY__V1__PHASE__PHASE_ISSUE] = N_("issue"),
        [COMITY__V1__PHASE__PHASE_STORY] = N_("story"),
        [COMITY__V1__PHASE__PHASE_DATA] = N_("data"),
        [COMITY__V1__PHASE__PHASE_INTERESTS] = N_("interests"),
        [COMITY__V1__PHASE__PHASE_OPTIONS] = N_("options"),
        [COMITY__V1__PHASE__PHASE_STANDARDS] = N_("standards"),
        [COMITY__V1__PHASE__PHASE_EVALUATION] = N_("evaluation"),
        [COMITY__V1__PHASE__PHASE_PROPOSAL] = N_("proposal"),
        [COMITY__V1__PHASE__PHASE_TEST] = N_("test"),
    };

    return (size_t) phase < ARRAY_COUNT(WORDS) && WORDS[phase] != NULL ? _(WORDS[phase]) : "?";
}

static const char *text_of(const struct telling *telling, const Comity__V1__TextRef *reference)
{
    const char *text = reference == NULL ? NULL : telling->prose(telling->context, reference);

    return text == NULL ? _("(withheld)") : shown_string(telling->cli, text);
}

static void say_text(const struct telling *telling, const Comity__V1__TextRef *reference)
{
    const char *text = reference == NULL ? NULL : telling->prose(telling->context, reference);

    say(telling->cli, "In words:");
    say(telling->cli, "%s",
        text == NULL ? phrase(telling->cli, "  %s", _("(withheld)"))
                     : shown_lines(telling->cli, BYTES(text, strlen(text)), "  "));
}

static void say_records(struct cli *cli, const Comity__V1__Charter *charter)
{
    say(cli, "What is kept of what is said:");
    for (int level = COMITY__V1__RECORD_LEVEL__RECORD_LEVEL_NONE;
         level <= (int) COMITY__V1__RECORD_LEVEL__RECORD_LEVEL_FULL; level++) {
        const char *names[COMITY__V1__PHASE__PHASE_TEST + 2];
        size_t count = 0;
        for (int phase = COMITY__V1__PHASE__PHASE_ISSUE; phase <= (int) COMITY__V1__PHASE__PHASE_TEST;
             phase++)
            if ((int) charter_record_level(charter, (Comity__V1__Phase) phase) == level)
                names[count++] = phase_word((Comity__V1__Phase) phase);
        if ((int) charter->straw_polls == level)
            names[count++] = _("straw polls");
        if ((int) charter->sidebars == level)
            names[count++] = _("sidebars");
        if (count > 0)
            say(cli, "  %s: %s", level_text((Comity__V1__RecordLevel) level), shown_list(cli, names, count));
    }
}

static const char *standings_text(struct cli *cli, const Comity__V1__VitalFunction *function)
{
    const char *text = "";

    for (size_t i = 0; i < function->n_standings; i++)
        text = arena_printf(cli->arena, "%s%s%s %s", text, i == 0 ? "" : ", ",
                            shown_string(cli, function->standings[i]->constituency),
                            function->standings[i]->standing == COMITY__V1__STANDING__STANDING_PARTY
                                ? _("is counted")
                                : _("is heard alone"));
    return text;
}

static void say_functions(const struct telling *telling, const Comity__V1__Charter *charter)
{
    static const char *const TITLES[] = {N_("function"), N_("share"),    N_("body"),
                                         N_("rule"),     N_("standing"), N_("title")};
    struct cli *cli = telling->cli;
    struct sheet sheet;

    say(cli, "\nDecided together:");
    sheet_init(&sheet, cli, ARRAY_COUNT(TITLES), TITLES);
    for (size_t i = 0; i < charter->n_functions; i++) {
        const Comity__V1__VitalFunction *function = charter->functions[i];
        const char *cells[] = {shown_string(cli, function->name), share_word(function->share),
                               shown_string(cli, function->body), shown_string(cli, function->rule),
                               standings_text(cli, function),     text_of(telling, function->title)};
        sheet_row(&sheet, cells);
    }
    sheet_print(&sheet, "It names no vital function.");
}

static void say_excluded(const struct telling *telling, const Comity__V1__Charter *charter)
{
    static const char *const TITLES[] = {N_("excluded"), N_("title")};
    struct cli *cli = telling->cli;
    struct sheet sheet;

    say(cli, "\nNot dealt with here:");
    sheet_init(&sheet, cli, ARRAY_COUNT(TITLES), TITLES);
    for (size_t i = 0; i < charter->n_excluded; i++) {
        const char *cells[] = {shown_string(cli, charter->excluded[i]->name),
                               text_of(telling, charter->excluded[i]->title)};
        sheet_row(&sheet, cells);
    }
    sheet_print(&sheet, "It excludes no subject.");
}

static void say_retention(struct cli *cli, const Comity__V1__Charter *charter)
{
    for (size_t i = 0; i < charter->n_retention; i++) {
        const char *name = shown_string(cli, charter->retention[i]->name);
        if (charter->retention[i]->days == 0)
            say(cli, "Texts of class %s are kept for ever.", name);
        else
            say(cli, "Texts of class %s are kept for %s.", name,
                counted(cli, charter->retention[i]->days, "%" PRIu64 " day", "%" PRIu64 " days"));
    }
}

static void say_co_chairs(struct cli *cli, const Comity__V1__Charter *charter)
{
    for (size_t i = 0; i < charter->n_co_chairs; i++)
        say(cli, "Who signs for %s: %" PRIu32 " co-chairs together; all of them, where there are fewer.",
            shown_string(cli, charter->co_chairs[i]->constituency), charter->co_chairs[i]->count);
}

void standing_rules_say(struct cli *cli, const Comity__V1__Charter *charter, message_prose_fn *prose,
                        void *context)
{
    const struct telling telling = {cli, prose, context};

    say_text(&telling, charter->text);
    say_functions(&telling, charter);
    say_excluded(&telling, charter);
    say(cli, "\nFacilitation: %s.", facilitation_text(charter->facilitation));
    say_records(cli, charter);
    if (charter->amendment_body[0] != '\0')
        say(cli, "The next charter: by a decision of %s by rule %s, and a co-chair of every party.",
            shown_string(cli, charter->amendment_body), shown_string(cli, charter->amendment_rule));
    else
        say(cli, "The next charter: by a co-chair of every party.");
    say_co_chairs(cli, charter);
    if (charter->notice_hours == 0)
        say(cli, "Notice of a session: none is asked for.");
    else
        say(cli, "Notice of a session: %s.",
            counted(cli, charter->notice_hours, "%" PRIu64 " hour", "%" PRIu64 " hours"));
    if (charter->minutes_by_silence)
        say(cli, "Minutes: approved by each side, or by silence once the next session opens.");
    else
        say(cli, "Minutes: approved by each side.");
    say_retention(cli, charter);
    if (charter->language[0] != '\0')
        say(cli, "Where texts differ, the one in this language prevails: %s.",
            shown_string(cli, charter->language));
}
