/* Where a worker's store is, in a few bytes: two processes that find the same are in one directory of one running system, whose lock
 * only one of them can hold. A copy of the directory, and the same one after the system was started anew, are another home. */
#ifndef COMITY_WORKER_HOME_H
#define COMITY_WORKER_HOME_H

#include "worker/log/sealed.h"

/* @data: the directory of a store that is open to be written. Zeros where it cannot be found. */
void home_find(const char *data, uint8_t ret_home[LOG_HOME_SIZE]);

#endif
