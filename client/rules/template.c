#include "client/rules/template.h"

#include <string.h>

#include "client/rules/rule_file.h"
#include "core/words.h"

/* In the order in which they are shown. docs/rules.md */
static const struct rule_template TEMPLATES[] = {
    {"unanimous", N_("Every eligible member supports.")},
    {"consensus", N_("Nobody blocks, no concern is left, half of those who answered support in each party, "
                     "and at most a third "
                     "stand aside; half of each party has to be present.")},
    {"consensus-minus-one", N_("At most one is against, and half of those who answered support in each "
                               "party; half of each party has to be "
                               "present.")},
    {"consent", N_("Nobody blocks and no concern is left; silence says nothing.")},
    {"thumbs", N_("No thumb is down, and half of those who answered support in each party.")},
    {"fist-to-five",
     N_("No fist, nobody below three, and half of those who answered support in each party.")},
    {"simple-majority", N_("More than half of the ballots cast are for.")},
    {"two-thirds", N_("At least two thirds of the ballots cast are for.")},
    {"absolute-majority", N_("More than half of the roll is for.")},
    {"concurrent-majority", N_("In each party more than half of the ballots cast are for.")},
    {"double-majority", N_("More than half of all ballots cast are for, and those of more than half of the "
                           "sites, by their weights.")},
    {"bloc-vote", N_("Each constituency casts all its seats the way of its own majority, and more than half "
                     "of them are for.")},
    {"posted-decision",
     N_("Nobody blocks and no concern is left within three days; silence is consent of whoever was told.")},
    {"two-ballot-ratification", N_("More than half of the ballots cast accept; if not, two thirds authorise "
                                   "a strike, or it is accepted by "
                                   "default.")},
    {"ranked-choice",
     N_("The option wins that beats every other in pairs, the default among them (Schulze's method).")},
    {"instant-runoff", N_("The weakest option drops out until one has more than half.")},
    {"board-election", N_("Three are elected by a single transferable vote, counted as in Scotland.")},
    {"advisory", N_("The answers are counted and shown, and the matter is referred to those who decide it.")},
    {"five-point-poll", N_("Advisory: more for than against; the counts are what is wanted.")},
};

const struct rule_template *rule_template_at(unsigned index)
{
    return index < ARRAY_COUNT(TEMPLATES) ? &TEMPLATES[index] : NULL;
}

const struct rule_template *rule_template_find(const char *name)
{
    for (size_t i = 0; name != NULL && i < ARRAY_COUNT(TEMPLATES); i++)
        if (strcmp(TEMPLATES[i].name, name) == 0)
            return &TEMPLATES[i];
    return NULL;
}

const char *rule_template_text(const struct rule_template *template)
{
    for (const struct rule_template_text *row = RULE_TEMPLATE_TEXTS; row->name != NULL; row++)
        if (strcmp(row->name, template->name) == 0)
            return row->text;
    return "";
}

Comity__V1__Rule *rule_template_rule(const struct rule_template *template, struct arena *arena)
{
    const char *text = rule_template_text(template);
    struct rule_faults faults = {.arena = arena, .words = words_in_english};
    struct rule_file file;

    return rule_file_read(BYTES(text, strlen(text)), &faults, &file) == 0 ? file.rule : NULL;
}
