/* Where a rule comes from: a file, what is adopted, or what is shipped. */
#ifndef COMITY_CLI_RULE_SOURCE_H
#define COMITY_CLI_RULE_SOURCE_H

#include "client/cli/cli.h"
#include "client/rules/rule_file.h"
#include "comity/v1/model.pb-c.h"

struct rule_source {
    const Comity__V1__Rule *rule;
    const char *path;                       /* of a file; else NULL */
    const Comity__V1__RuleVersion *version; /* of an adopted rule; else NULL */
    bool is_template;
    bool is_asked;         /* a template; no rule of its name is adopted */
    struct rule_file file; /* of a file in YAML, for the places in it */
};

enum { SOURCE_ADOPTED = 1, SOURCE_TEMPLATE = 2, SOURCE_FILE = 4, SOURCE_ANY = 7 };

/* What @word means, of those that @kinds allow: a FILE (a word with a dot or a slash in it), an adopted rule
 * by its name, its number, or NAME@VERSION, or a template. Fails with sentences; a file that cannot be used,
 * with each fault at its line. */
int rule_source(struct cli *cli, const char *word, unsigned kinds, struct rule_source *ret_source);

/* A file, in YAML or in JSON as `comity rule show --json` prints it; one in YAML is by rule_check sound. */
int rule_source_file(struct cli *cli, const char *path, struct rule_source *ret_source);
/* One that is sound in either form. */
int rule_source_sound(struct cli *cli, const char *path, struct rule_source *ret_source);

/* The hash of the rule, in the document as `hash`; in hexadecimal, in the arena. NULL where memory is out. */
const char *rule_source_hash(struct cli *cli, const Comity__V1__Rule *rule);

#endif
