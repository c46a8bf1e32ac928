/* A worker to whom every key is a member's for ever: what a test of revocations has to notice. Never installed. */
#include "core/error.h"
#include "core/machine/state.h"

int __real_state_member_of_key(const struct view *view, struct arena *arena, const uint8_t key[KEY_SIZE],
                               Comity__V1__Member **ret_member);
int __wrap_state_member_of_key(const struct view *view, struct arena *arena, const uint8_t key[KEY_SIZE],
                               Comity__V1__Member **ret_member);
int __wrap_state_member_of_key(const struct view *view, struct arena *arena, const uint8_t key[KEY_SIZE],
                               Comity__V1__Member **ret_member)
{
    ProtobufCMessage *row;
    int code = __real_state_member_of_key(view, arena, key, ret_member);

    if (code != ERR_KEY_REVOKED || state_get_by_key(view, arena, TABLE_KEY, key, &row) != 0)
        return code;
    code = state_get(view, arena, TABLE_MEMBER, ((const Comity__V1__Key *) row)->member, 0, &row);
    *ret_member = (Comity__V1__Member *) row;
    return code;
}
