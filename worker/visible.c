#include "worker/visible.h"

#include "comity/v1/model.pb-c.h"
#include "core/error.h"
#include "core/machine/state.h"
#include "core/message.h"

enum { NOBODY = 0 };

void visible_init(struct visible *visible, const struct view *view, uint32_t reader)
{
    *visible = (struct visible){.view = view, .reader = reader};
}

void visible_release(struct visible *visible)
{
    arena_destroy(&visible->scratch);
}

/* The scratch arena, empty. NULL where memory is out. */
static struct arena *scratch_of(struct visible *visible)
{
    if (visible->scratch)
        arena_reset(visible->scratch);
    else
        visible->scratch = arena_new(ARENA_LIMIT_DEFAULT);
    return visible->scratch;
}

/* May the reader see how @voter answered? What holds for one of the others holds for all of them. */
static int may_see_answer(struct visible *visible, uint32_t round, uint32_t voter, bool *ret_may)
{
    bool is_own = voter == visible->reader;
    size_t at = round % VISIBLE_ROUNDS;
    if (!is_own && round != 0 && visible->others[at].round == round) {
        *ret_may = visible->others[at].may;
        return 0;
    }
    struct arena *scratch = scratch_of(visible);
    bool may = false;
    if (!scratch)
        return ERR_MEMORY;
    int code =
        state_may_see_ballots(visible->view, scratch, round, is_own ? voter : NOBODY, visible->reader, &may);
    if (code)
        return code;
    if (!is_own) {
        visible->others[at].round = round;
        visible->others[at].may = may;
    }
    *ret_may = may;
    return 0;
}

/* Who acted, as the open part says. */
static int actor_of(struct visible *visible, const Comity__V1__EventRecord *record, uint32_t *ret_actor)
{
    if (record->n_parts == 0 || record->parts[0]->kind != COMITY__V1__PART_KIND__PART_KIND_OPEN)
        return ERR_CORRUPT;
    struct arena *scratch = scratch_of(visible);
    if (!scratch)
        return ERR_MEMORY;
    ProtobufCBinaryData content = record->parts[0]->content;
    ProtobufCMessage *event;
    int code = message_unpack_trusted(&comity__v1__event__descriptor, BYTES(content.data, content.len),
                                      scratch, &event);
    if (code)
        return code;
    *ret_actor = ((Comity__V1__Event *) event)->actor;
    return 0;
}

/* What is for a body alone, and its author. */
static int may_see_of_body(struct visible *visible, uint32_t body, uint32_t actor, bool *ret_may)
{
    struct arena *scratch = scratch_of(visible);

    *ret_may = actor == visible->reader;
    if (!scratch)
        return ERR_MEMORY;
    return *ret_may ? 0 : state_is_of_body(visible->view, scratch, body, visible->reader, ret_may);
}

/* An audience that this software does not know is nobody. */
static int part_is_visible(struct visible *visible, uint32_t actor, const Comity__V1__Part *part,
                           bool *ret_may)
{
    *ret_may = part->audience == COMITY__V1__AUDIENCE__AUDIENCE_ALL;
    if (part->audience == COMITY__V1__AUDIENCE__AUDIENCE_BODY)
        return may_see_of_body(visible, part->round, actor, ret_may);
    if (part->audience != COMITY__V1__AUDIENCE__AUDIENCE_VOTER_UNTIL_CLOSE)
        return 0;
    return may_see_answer(visible, part->round, actor, ret_may);
}

static void withhold(Comity__V1__Part *part)
{
    part->is_withheld = true;
    part->salt = (ProtobufCBinaryData){0};
    part->content = (ProtobufCBinaryData){0};
}

int visible_record(struct visible *visible, Comity__V1__EventRecord *record)
{
    uint32_t actor;
    int code = actor_of(visible, record, &actor);
    for (size_t i = 0; i < record->n_parts && code == 0; i++) {
        bool may = false;
        code = part_is_visible(visible, actor, record->parts[i], &may);
        if (code == 0 && !may)
            withhold(record->parts[i]);
    }
    return code;
}

int visible_row(struct visible *visible, const ProtobufCMessage *row, bool *ret_may)
{
    if (row->descriptor != &comity__v1__ballot__descriptor) {
        *ret_may = true;
        return 0;
    }
    const Comity__V1__Ballot *ballot = (const Comity__V1__Ballot *) row;
    return may_see_answer(visible, ballot->round, ballot->member, ret_may);
}

int visible_texts(struct visible *visible, const ProtobufCMessage *row, bool *ret_may)
{
    struct arena *scratch = scratch_of(visible);

    return scratch ? state_may_see_texts(visible->view, scratch, row, visible->reader, ret_may) : ERR_MEMORY;
}
