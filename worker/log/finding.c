#include "worker/log/finding.h"

#include <stdio.h>

#include "core/bytes.h"
#include "core/error.h"

#define START_ETCD                                                                                           \
    "See that more than half of etcd's members run and reach one another, and that [log] endpoint names "    \
    "them; then give the same command again."

enum { ANY = 0 };

/* The first row that fits. Empty, or no row: what was found says it. */
static const struct {
    enum finding_while doing;
    int code;
    const char *next;
} NEXT[] = {
    {FINDING_RUNNING, ERR_BEHIND,
     "Move the data directory away and take a copy of another worker's: comity-worker join."},
    {FINDING_RUNNING, ERR_VERSION, ""},
    {FINDING_RUNNING, ERR_CONFIG, ""},
    {FINDING_RUNNING, ERR_MEMORY, ""},
    {FINDING_RUNNING, ERR_STORE, ""},
    {FINDING_RUNNING, ANY, /* an entry that it cannot apply, for whatever reason, as well */
     "Look at the other workers. Where they go on, put this one's data directory aside for whoever looks "
     "into it, and take a copy of another worker's: comity-worker join. Where none does, see "
     "docs/operations.md, \"When something fails\"."},
    {FINDING_BEGINNING, ERR_UNREACHABLE, START_ETCD},
    {FINDING_JOINING, ERR_UNREACHABLE, START_ETCD},
    {FINDING_JOINING, ERR_BEHIND, "Take a new one: over a broker, or an export of today."},
    {FINDING_JOINING, ERR_CORRUPT,
     "Take a new copy: over a broker, or an export of today. Where that is refused too, look at the workers "
     "that run: docs/operations.md, \"When something fails\"."},
    {FINDING_LEAVING, ERR_UNREACHABLE, START_ETCD},
};

static const char *next_of(enum finding_while doing, int code)
{
    for (size_t i = 0; i < ARRAY_COUNT(NEXT); i++)
        if (NEXT[i].doing == doing && (NEXT[i].code == code || NEXT[i].code == ANY))
            return NEXT[i].next;
    return "";
}

void finding_say(enum finding_while doing, int code, const char *found, char *reason, size_t size)
{
    const char *next = next_of(doing, code);
    bool has_words = found[0] != '\0', is_bare = has_words && code == ERR_UNREACHABLE;
    snprintf(reason, size, "%s%s%s%s%s", is_bare ? "etcd does not answer: " : "",
             has_words ? found : error_sentence(code), is_bare ? "." : "", next[0] != '\0' ? " " : "", next);
}
