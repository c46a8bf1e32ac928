/* One command through the machine, as a worker takes it. */
#ifndef COMITY_TEST_MACHINE_DRIVE_H
#define COMITY_TEST_MACHINE_DRIVE_H

#include "core/machine/machine.h"

/* Carry out one command as a worker does: what is due, the command, what is due then. @visit (may be NULL)
 * sees every event, numbered, before it is applied. @context->next_sequence moves on. Gives the command's
 * code, with refusals in
 * @refusal; a failure of machine_due, machine_apply or the visitor is given as such. */
typedef int machine_drive_fn(void *visit_context, const struct machine_event *event);
int machine_drive(const struct view *view, const struct command *command, struct machine_context *context,
                  struct arena *arena, struct refusal *refusal, machine_drive_fn *visit, void *visit_context);

#endif
