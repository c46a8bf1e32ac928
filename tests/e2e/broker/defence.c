/* In the control build: the defences that COMITY_WITHOUT names (words, with spaces between them) are left
 * out. */
#include "broker/defence.h"

#include <stdlib.h>
#include <string.h>

bool defence_is_kept(const char *name)
{
    const char *without = getenv("COMITY_WITHOUT");
    const size_t length = strlen(name);
    for (const char *at = without; at && *at != '\0';) {
        const size_t word = strcspn(at, " ");
        if (word == length && strncmp(at, name, length) == 0)
            return false;
        at += word + (at[word] == ' ');
    }
    return true;
}
