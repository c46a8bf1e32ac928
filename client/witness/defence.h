/* Defences that a test can take away. In the program as it is built for use DEFENCE(x) is true and costs nothing. The
 * control build of tests/e2e/witness leaves out those that COMITY_WITHOUT names, to show what each of them is for. */
#ifndef COMITY_CLIENT_WITNESS_DEFENCE_H
#define COMITY_CLIENT_WITNESS_DEFENCE_H

#ifdef COMITY_CONTROL_BUILD
#include <stdbool.h>
bool defence_is_kept(const char *name);
#define DEFENCE(name) defence_is_kept(#name)
#else
#define DEFENCE(name) 1
#endif

#endif
