/* A recount of a world's export, and what it said. */
#ifndef COMITY_TEST_FAKE_SAID_H
#define COMITY_TEST_FAKE_SAID_H

#include "client/rules/recount.h"
#include "tests/unit/rules/fake_export.h"

enum { SAID_TEXT_MAX = 8192 };

/* What a recount said. */
struct said {
    struct recount_summary summary;
    unsigned counts;
    enum recount_verdict verdict; /* of the last one */
    enum recount_what what;
    uint64_t sequence;
    size_t differences;
    bool is_same_outcome; /* both packed the same */
    char faults[SAID_TEXT_MAX], notes[SAID_TEXT_MAX];
};

/* The code of recount_read. */
int recount_of(int descriptor, struct said *ret_said);
/* It must be read. */
struct said recount(struct world *world, const struct fake_edit *edit);
void assert_says(const char *text, const char *part);

#endif
