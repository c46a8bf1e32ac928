/* In what two rules differ, in words. */
#ifndef COMITY_CLI_RULE_COMPARE_H
#define COMITY_CLI_RULE_COMPARE_H

#include "client/cli/cli.h"
#include "core/rule/rule.h"

struct rule_difference {
    const char *what;   /* "test floor", "silence" */
    const char *first;  /* what the one says; NULL: nothing of that sort */
    const char *second; /* what the other says */
};

/* Escaped, in the arena; in the order of the first rule, and then what the second has besides. *ret_is_same:
 * of one hash. 0, ERR_MEMORY. */
int rule_compare(struct cli *cli, const Comity__V1__Rule *first, const Comity__V1__Rule *second,
                 struct rule_difference **ret_list, size_t *ret_count, bool *ret_is_same);

#endif
