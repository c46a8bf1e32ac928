/* For the control build of comity-witness: COMITY_WITHOUT names, separated by commas, the defences that are left out. */
#include <stdlib.h>
#include <string.h>

#include "client/witness/defence.h"

bool defence_is_kept(const char *name)
{
    const char *without = getenv("COMITY_WITHOUT");
    size_t length = strlen(name);
    while (without != NULL && *without != '\0') {
        size_t size = strcspn(without, ",");
        if (size == length && memcmp(without, name, length) == 0)
            return false;
        without += size + (without[size] == ',');
    }
    return true;
}
