/* One test over one group of members. Inside core/rule alone. */
#ifndef COMITY_CORE_RULE_TEST_H
#define COMITY_CORE_RULE_TEST_H

#include "core/rule/counted.h"

/* Count, compare, and say how it came out, in the arena of @counted. 0 or ERR_MEMORY. docs/rules.md R-16 to
 * */
int test_run(const struct counted *counted, const Comity__V1__Test *test, const struct group *group,
             Comity__V1__TestResult **ret_result);

#endif
