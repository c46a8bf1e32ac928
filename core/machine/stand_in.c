#include "core/machine/stand_in.h"

#include "core/error.h"
#include "core/machine/attendance.h"
#include "core/machine/row.h"

int stand_in_of_seat(const struct view *view, struct arena *arena, uint32_t session,
                     const Comity__V1__Seat *seat, uint32_t *ret_member)
{
    ProtobufCMessage *row;
    int code = state_get(view, arena, TABLE_STAND_IN, session, seat->number, &row);
    const Comity__V1__StandIn *stand_in = code == 0 ? (const Comity__V1__StandIn *) row : NULL;
    struct row_key holder;
    bool holds = false;

    if (code != 0 && code != ERR_NOT_FOUND)
        return code;
    *ret_member = 0;
    if (!stand_in || !stand_in_holds(stand_in, seat))
        return 0;
    holder = row_key(TABLE_HOLDER, seat->body, stand_in->member);
    code = row_exists(view, &holder, &holds);
    if (code == 0 && !holds)
        *ret_member = stand_in->member;
    return code;
}

int stand_in_is(const struct view *view, struct arena *arena, uint32_t session, uint32_t body,
                uint32_t member, bool *ret_is)
{
    struct row_key key = row_key(TABLE_STANDS, session, member);
    uint32_t seat = 0, has = 0;
    ProtobufCMessage *row;
    int code = row_number(view, &key, &seat);

    if (code == 0 && seat != 0)
        code = state_get(view, arena, TABLE_SEAT, body, seat, &row);
    if (code == 0 && seat != 0)
        code = stand_in_of_seat(view, arena, session, (const Comity__V1__Seat *) row, &has);
    if (code == 0)
        *ret_is = has != 0 && has == member;
    return code == ERR_NOT_FOUND ? ERR_CORRUPT : code;
}
