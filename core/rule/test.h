/* One test over one subject. Inside core/rule alone. */
#ifndef COMITY_CORE_RULE_TEST_H
#define COMITY_CORE_RULE_TEST_H

#include "core/rule/counted.h"

/* What a cell is to a test: bits. */
enum { IN_COUNT = 1, IN_BASE = 2 };
struct meaning {
    uint8_t of_cell[CELLS_MAX];
};

struct meaning test_meaning(const struct counted *counted, const Comity__V1__Test *test, uint32_t leader);

/* Does  count * denominator BOUND numerator * base  hold? */
bool bound_holds(Comity__V1__Bound bound, uint64_t count, uint64_t denominator, uint64_t numerator,
                 uint64_t base);

/* Count, compare, and say how it came out, in the arena of @counted. 0 or ERR_MEMORY. docs/rules.md R-16 to
 * */
int test_run(const struct counted *counted, const Comity__V1__Test *test, const struct subject *subject,
             Comity__V1__TestResult **ret_result);

/* The whole test: a line for each subject of the scope, @results has room for; *ret_quantifier: NULL with
 * ALL. 0 or ERR_MEMORY. R-37 */
int test_run_all(const struct counted *counted, size_t index, Comity__V1__TestResult **results,
                 bool *ret_holds, Comity__V1__QuantifierResult **ret_quantifier);

/* The stated weight of a subject; false: there is none. R-38 */
bool subject_weight(const Comity__V1__Rule *rule, Comity__V1__ScopeKind kind, const char *name,
                    uint64_t *ret_weight);
bool test_is_by_weight(const Comity__V1__Test *test);
bool test_has_quantifier(const Comity__V1__Test *test); /* another than ALL */
bool quantifier_holds(const Comity__V1__Quantifier *quantifier, uint64_t count, uint64_t of);

/* Does every scope name somebody, is every weight stated, and does the working fit an outcome? 0 or ERR_SCOPE. R-14,
 * */
int scopes_check(const struct counted *counted);
/* What the outcome takes, packed, at most: the same when a round opens and when it closes. room.c, R-36 */
uint64_t outcome_bytes_most(const struct counted *counted);

#endif
