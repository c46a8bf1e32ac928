/* Charters of a world. */
#ifndef COMITY_TEST_WORLD_CHARTER_H
#define COMITY_TEST_WORLD_CHARTER_H

#include "tests/support/world.h"

/* One that says nothing but what it has to: facilitated in pairs, nothing kept of straw polls and sidebars. */
Comity__V1__Charter *world_charter(struct world *world);
/* At most 8 functions, and as many standings of one. */
Comity__V1__VitalFunction *world_add_function(struct world *world, Comity__V1__Charter *charter, const char *name,
                                              Comity__V1__Share share, const char *body, const char *rule);
void world_add_standing(struct world *world, Comity__V1__VitalFunction *function, const char *constituency,
                        Comity__V1__Standing standing);
/* By mara, with lena. @replaces: the number of the charter in force; 0: there is none. */
Comity__V1__Command *world_charter_command(struct world *world, Comity__V1__Charter *charter, uint32_t replaces);

#endif
