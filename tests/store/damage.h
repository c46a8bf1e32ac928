/* What the tests of damage share: a store with something in every table, reads of all of it, and trials, each in a process of
 * its own, that compare what a damaged copy gives with what was there. */
#ifndef COMITY_TESTS_STORE_DAMAGE_H
#define COMITY_TESTS_STORE_DAMAGE_H

#include "scratch.h"

#include "core/key.h"

#ifdef COMITY_CONTROL_NO_CHECKSUM
enum { DAMAGE_IS_CONTROL = 1 };
#else
enum { DAMAGE_IS_CONTROL = 0 };
#endif

enum { DAMAGE_MAP_BYTES = 64 * 1024 * 1024, DAMAGE_EVENTS = 60, DAMAGE_COMMANDS = 120, DAMAGE_ROWS = 150 };
enum { DAMAGE_PROBES = 3 + DAMAGE_EVENTS + DAMAGE_EVENTS + DAMAGE_COMMANDS + DAMAGE_ROWS };

/* What one read gives: its code, and a hash of all that it gave. */
struct answer {
    int code;
    uint8_t hash[HASH_SIZE];
};

/* How many reads of a damaged file came out in which way. */
struct tally {
    unsigned right;
    unsigned detected; /* an error */
    unsigned absent;   /* said not to be there */
    unsigned wrong;
    unsigned unnoticed; /* files in which something was absent and store_verify found nothing */
    unsigned died;      /* the reading process did: LMDB itself ran into the damage */
};

void damage_fill(struct store *store);
/* Change every row of the machine's state, and add an event: most pages move. */
void damage_change(struct store *store, unsigned round);
void damage_probe(struct store *store, unsigned probe, struct arena *arena, struct answer *answer);

/* All probes of the store in @directory, once; what a child counted before it died is known, for @shared is mapped. */
struct tally *damage_tally_new(void);
void damage_trial(const char *directory, const struct answer *truths, struct tally *shared);

/* Copies of data.mdb and keys, or of the one of them. */
void damage_copy(const char *from, const char *to, const char *name);

void damage_report(const char *what, const struct tally *tally);
/* What the control has to show, and the store not. */
void damage_verdict(const struct tally *tally);

#endif
