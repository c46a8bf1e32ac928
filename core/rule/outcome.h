/* What an outcome depends on. Inside core/rule alone. */
#ifndef COMITY_CORE_RULE_OUTCOME_H
#define COMITY_CORE_RULE_OUTCOME_H

#include "core/rule/counted.h"

/* What a scope looks at, one or each of them: SIDE of EACH_SIDE. subject.c */
Comity__V1__ScopeKind scope_subjects(Comity__V1__ScopeKind kind);
bool test_is_each(const Comity__V1__Test *test);
bool test_is_whole(const Comity__V1__Test *test);
bool test_is_half(const Comity__V1__Test *test); /* of the whole, with a threshold of one half */

#endif
