/* Rules as files: YAML that people write and read to one another, and the message of the contract.
 * docs/rules.md */
#ifndef COMITY_RULES_RULE_FILE_H
#define COMITY_RULES_RULE_FILE_H

#include "client/rules/fault.h"
#include "client/rules/yaml.h"
#include "core/rule/rule.h"

/* Where a field of the message stands in the file. */
struct rule_mark {
    const char *field; /* "tests[2].against" */
    unsigned line, column;
    const struct rule_mark *next;
};

struct rule_file {
    Comity__V1__Rule *rule;
    const struct rule_mark *marks;
};

/* What the file says, whether it is a good rule or not. In the arena of @faults. 0, or the code of the first
 * of @faults, which are by line: ERR_MALFORMED, ERR_UNKNOWN_FIELD, ERR_ENUM, ERR_RANGE, ERR_DUPLICATE,
 * ERR_MISSING, ERR_UNSUPPORTED, ERR_UTF8, ERR_TOO_LARGE; ERR_MEMORY without a fault. */
int rule_file_read(struct bytes text, struct rule_faults *faults, struct rule_file *ret_file);

/* rule_check of it: 0, or its code with one fault, at the place of the field. */
int rule_file_check(const struct rule_file *file, struct rule_faults *faults);

/* The place of a field, or of the nearest one around it. */
void rule_file_place(const struct rule_file *file, const char *field, unsigned *ret_line,
                     unsigned *ret_column);

/* The canonical form of a rule that passed rule_check: the keys in their order, what is not given left out,
 * so that equal rules give equal bytes, and reading it gives a message of the same hash. In the arena. 0,
 * ERR_MEMORY, ERR_TOO_LARGE. */
int rule_file_write(const Comity__V1__Rule *rule, struct arena *arena, struct bytes *ret_text);

/* The same of a part of one that has keys (rule_key.h): a stage, a ranking. */
int rule_file_write_part(const ProtobufCMessage *message, struct arena *arena, struct bytes *ret_text);

/* What rule_check refuses, in the arena; never NULL. */
struct rule_refused {
    const char *field;    /* below the rule's own path: "tests[2].count"; empty: the rule as a whole */
    const char *sentence; /* or several: why it is wrong, and what would be right */
};
/* rule_check, told. 0, or its code. */
int rule_check_told(const Comity__V1__Rule *rule, words_fn *words, struct arena *arena,
                    struct rule_refused *ret_refused);

#endif
