/* Where in a message something is: "adopt_rule.rule.tests[2].denominator". Built on the stack while walking down
 * a message, and written out only when it is needed. */
#ifndef COMITY_CORE_PATH_H
#define COMITY_CORE_PATH_H

#include "core/bytes.h"

enum { PATH_NOT_REPEATED = -1 };

struct path {
    const struct path *parent;   /* NULL at the outermost field */
    const char *name;
    int64_t index;               /* of a repeated field's element; else PATH_NOT_REPEATED */
};

/* Cut at @size, NUL-terminated. A NULL path is the message itself: "". Returns @buffer. */
const char *path_write(const struct path *path, char *buffer, size_t size);

#endif
