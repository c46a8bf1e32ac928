/* Where published counts are, and a file of them read line by line.
 *
 * The directory is $COMITY_CASES, else ../shared/cases beside the source tree. Where there is none the tests
 * say so and are skipped: nothing counts as passed. */
#ifndef COMITY_TESTS_CASES_PUBLISHED_H
#define COMITY_TESTS_CASES_PUBLISHED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_SIZE = 8192 };

/* Call @run for every file that matches below the directory of cases, its path without the end that the
 * pattern names after its star; skips the test where there is none. */
typedef void published_fn(const char *stem);
static inline size_t published_each(const char *folder, const char *end, published_fn *run)
{
    char pattern[1024];
    const char *cases = getenv("COMITY_CASES");
    glob_t found;

    if (cases && *cases)
        snprintf(pattern, sizeof(pattern), "%s/%s/*%s", cases, folder, end);
    else
        snprintf(pattern, sizeof(pattern), "%s/../shared/cases/%s/*%s", SOURCE_DIR, folder, end);
    if (glob(pattern, 0, NULL, &found) != 0) {
        print_message("CASES SKIPPED: there is no %s (set COMITY_CASES to the directory of cases)\n",
                      pattern);
        skip();
    }
    size_t count = found.gl_pathc;
    for (size_t i = 0; i < count; i++) {
        char stem[1024];
        snprintf(stem, sizeof(stem), "%.*s", (int) (strlen(found.gl_pathv[i]) - strlen(end)),
                 found.gl_pathv[i]);
        run(stem);
    }
    globfree(&found);
    return count;
}

static inline FILE *published_open(const char *stem, const char *end)
{
    char path[1100];
    snprintf(path, sizeof(path), "%s%s", stem, end);
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("%s cannot be read", path);
    return file;
}

#endif
