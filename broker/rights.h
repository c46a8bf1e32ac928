/* Who may do what, for the log: at the start and after each reload, in full. */
#ifndef COMITY_BROKER_RIGHTS_H
#define COMITY_BROKER_RIGHTS_H

#include "broker/admission.h"

/* A line a worker with its groups (more lines where there are many groups), a line an operator. */
void rights_log(const struct admission *admission);

#endif
