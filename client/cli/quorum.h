/* Whether a round could open now: by a rule, whatever roll it has. */
#ifndef COMITY_CLI_QUORUM_H
#define COMITY_CLI_QUORUM_H

#include "client/cli/desk.h"
#include "core/machine/attendance.h"

/* attendance_check of the rule's own roll: @rows without what it may need besides, which is asked for. 0, ERR_QUORUM,
 * ERR_SCOPE; or why it cannot be told. */
int quorum_of_rule(struct cli *cli, const struct attendance_rows *rows, const Comity__V1__Rule *rule,
                   Comity__V1__TestResult ***ret_results, size_t *ret_count);

#endif
