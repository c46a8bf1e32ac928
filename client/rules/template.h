/* Rules that are shipped, as files: client/rules/templates. docs/rules.md R-35 */
#ifndef COMITY_RULES_TEMPLATE_H
#define COMITY_RULES_TEMPLATE_H

#include "core/rule/rule.h"

struct rule_template {
    const char *name;
    const char *summary; /* one sentence, marked for the catalogue */
};
const struct rule_template *rule_template_at(unsigned index); /* NULL past the end */
const struct rule_template *rule_template_find(const char *name);

/* The file as it is shipped, with its comments. */
const char *rule_template_text(const struct rule_template *template);
/* The rule in it, in the arena. NULL where memory is out. */
Comity__V1__Rule *rule_template_rule(const struct rule_template *template, struct arena *arena);

/* What CMake makes of the files, by name; the last has none. */
struct rule_template_text {
    const char *name, *text;
};
extern const struct rule_template_text RULE_TEMPLATE_TEXTS[];

#endif
