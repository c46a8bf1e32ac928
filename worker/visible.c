#include "worker/visible.h"

#include "comity/v1/model.pb-c.h"
#include "core/error.h"
#include "core/machine/state.h"
#include "core/message.h"

/* Who acted, as the open part says. */
static int actor_of(const Comity__V1__EventRecord *record, struct arena *arena, uint32_t *ret_actor)
{
    if (record->n_parts == 0 || record->parts[0]->kind != COMITY__V1__PART_KIND__PART_KIND_OPEN)
        return ERR_CORRUPT;
    ProtobufCBinaryData content = record->parts[0]->content;
    ProtobufCMessage *event;
    int code = message_unpack_trusted(&comity__v1__event__descriptor, BYTES(content.data, content.len), arena,
                                      &event);
    if (code)
        return code;
    *ret_actor = ((Comity__V1__Event *) event)->actor;
    return 0;
}

/* An audience that this software does not know is nobody. */
static int part_is_visible(const struct view *view, struct arena *arena, uint32_t reader, uint32_t actor,
                           const Comity__V1__Part *part, bool *ret_may)
{
    *ret_may = part->audience == COMITY__V1__AUDIENCE__AUDIENCE_ALL;
    if (part->audience != COMITY__V1__AUDIENCE__AUDIENCE_VOTER_UNTIL_CLOSE)
        return 0;
    return state_may_see_ballots(view, arena, part->round, actor, reader, ret_may);
}

static void withhold(Comity__V1__Part *part)
{
    part->is_withheld = true;
    part->salt = (ProtobufCBinaryData){0};
    part->content = (ProtobufCBinaryData){0};
}

int visible_record(const struct view *view, struct arena *arena, uint32_t reader,
                   Comity__V1__EventRecord *record)
{
    uint32_t actor;
    int code = actor_of(record, arena, &actor);
    for (size_t i = 0; i < record->n_parts && code == 0; i++) {
        bool may = false;
        code = part_is_visible(view, arena, reader, actor, record->parts[i], &may);
        if (code == 0 && !may)
            withhold(record->parts[i]);
    }
    return code;
}

int visible_row(const struct view *view, struct arena *arena, uint32_t reader, const ProtobufCMessage *row,
                bool *ret_may)
{
    if (row->descriptor != &comity__v1__ballot__descriptor) {
        *ret_may = true;
        return 0;
    }
    const Comity__V1__Ballot *ballot = (const Comity__V1__Ballot *) row;
    return state_may_see_ballots(view, arena, ballot->round, ballot->member, reader, ret_may);
}
