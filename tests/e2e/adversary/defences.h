/* Defences that a control takes away from the worker's path, one at a time, by the linker's --wrap: what is
 * called is the real function until its defence is gone. */
#ifndef COMITY_TESTS_ADVERSARY_DEFENCES_H
#define COMITY_TESTS_ADVERSARY_DEFENCES_H

#include <stdbool.h>

/* "signatures", "rights", "identity", "roll", "texts", "sameness"; false for another word. */
bool defence_take_away(const char *name);
void defence_give_back(void);

#endif
