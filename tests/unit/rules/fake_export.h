/* The export of a world's history, as a member's copy or a worker's backup has it; with changes that a
 * hostile hand might make. */
#ifndef COMITY_TEST_FAKE_EXPORT_H
#define COMITY_TEST_FAKE_EXPORT_H

#include "tests/support/world.h"

/* What becomes of the events; each may be NULL or 0. */
struct fake_edit {
    /* Change an event or its command (NULL: it has none) in place. */
    void (*change)(struct world *world, uint64_t sequence, Comity__V1__Event *event,
                   Comity__V1__Command *command, void *context);
    void *context;
    bool covers_up; /* hashes, commitments and checkpoint are made anew of what was changed: only a count can
                       tell */
    uint64_t dropped;        /* the event of this number is left out */
    uint32_t withheld_round; /* commands of ballots of this round are withheld */
    size_t cut;              /* so many bytes are taken off the end */
};

/* A descriptor of the stream, at its start; the caller closes it. */
int fake_export(struct world *world, const struct fake_edit *edit);

#endif
