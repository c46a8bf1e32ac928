/* The state directory of a witness as a whole: that it is there and its user's alone, that it is of this key, and that one daemon
 * alone works on it. What is in it of each history: kept.h. */
#ifndef COMITY_CLIENT_WITNESS_STATE_H
#define COMITY_CLIENT_WITNESS_STATE_H

#include "client/witness/settings.h"

enum { STATE_REASON_MAX = 1024 };

/* Make it where there is none (mode 0700), and see that it is ours. ERR_FILE, ERR_FILE_MODE, ERR_DISK_FULL. */
int state_make(const struct witness_settings *settings, char reason[STATE_REASON_MAX]);

/* Whether what is kept of each history was signed with this key. 0, or ERR_CONFIG: it is another's. A history whose file cannot be
 * read is passed over: nothing of it is signed, and that is said of it alone. */
int state_check_key(const struct witness_settings *settings, const uint8_t key[KEY_SIZE],
                    char reason[STATE_REASON_MAX]);

/* For as long as the process lives, or until the descriptor is closed. ERR_STORE_IN_USE (another daemon has it), ERR_FILE,
 * ERR_DISK_FULL. */
int state_lock(const struct witness_settings *settings, int *ret_descriptor, char reason[STATE_REASON_MAX]);

/* Whether a daemon has it; not to be asked by that daemon itself. Takes nothing, so that a start beside it is not in the way. */
bool state_is_in_use(const struct witness_settings *settings);

#endif
