/* Alternates who have a seat for a session. */
#ifndef COMITY_CORE_MACHINE_STAND_IN_H
#define COMITY_CORE_MACHINE_STAND_IN_H

#include "core/machine/state.h"

/* Who has the seat in the session in its holder's place: 0 for nobody. A hand-over holds as long as the seat
 * has the holder who it was done for, and the alternate no seat of the body. */
int stand_in_of_seat(const struct view *view, struct arena *arena, uint32_t session,
                     const Comity__V1__Seat *seat, uint32_t *ret_member);

/* Does the member stand in for anybody in the session, which is @body's? */
int stand_in_is(const struct view *view, struct arena *arena, uint32_t session, uint32_t body,
                uint32_t member, bool *ret_is);

#endif
