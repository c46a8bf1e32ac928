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

/* What the open part says of an event: who acted, in which session, and which constituency is asked for data. */
struct told {
    uint32_t actor, session, asked;
};

static int asked_in(struct visible *visible, struct arena *scratch, const Comity__V1__Event *event,
                    uint32_t *ret_asked)
{
    ProtobufCMessage *row;

    if (event->kind_case == COMITY__V1__EVENT__KIND_DATA_REQUESTED && event->data_requested->request)
        *ret_asked = event->data_requested->request->constituency;
    if (event->kind_case != COMITY__V1__EVENT__KIND_DATA_ANSWERED)
        return 0;
    int code = state_get(visible->view, scratch, TABLE_DATA_REQUEST, event->data_answered->request, 0, &row);
    if (code)
        return code == ERR_NOT_FOUND ? ERR_CORRUPT : code;
    *ret_asked = ((const Comity__V1__DataRequest *) row)->constituency;
    return 0;
}

static int told_by(struct visible *visible, const Comity__V1__EventRecord *record, struct told *ret_told)
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
    const Comity__V1__Event *open = (const Comity__V1__Event *) event;
    *ret_told = (struct told){.actor = open->actor, .session = open->session};
    return asked_in(visible, scratch, open, &ret_told->asked);
}

/* What is for a body alone, and its author. */
static int may_see_of_body(struct visible *visible, uint32_t body, const struct told *told, bool *ret_may)
{
    struct arena *scratch = scratch_of(visible);

    *ret_may = told->actor == visible->reader;
    if (!scratch)
        return ERR_MEMORY;
    return *ret_may ? 0
                    : state_may_see_of_body(visible->view, scratch, body, told->session, told->asked,
                                            visible->reader, ret_may);
}

/* An audience that this software does not know is nobody. */
static int part_is_visible(struct visible *visible, const struct told *told, const Comity__V1__Part *part,
                           bool *ret_may)
{
    *ret_may = part->audience == COMITY__V1__AUDIENCE__AUDIENCE_ALL;
    if (part->audience == COMITY__V1__AUDIENCE__AUDIENCE_BODY)
        return may_see_of_body(visible, part->round, told, ret_may);
    if (part->audience != COMITY__V1__AUDIENCE__AUDIENCE_VOTER_UNTIL_CLOSE)
        return 0;
    return may_see_answer(visible, part->round, told->actor, ret_may);
}

static void withhold(Comity__V1__Part *part)
{
    part->is_withheld = true;
    part->salt = (ProtobufCBinaryData){0};
    part->content = (ProtobufCBinaryData){0};
}

int visible_record(struct visible *visible, Comity__V1__EventRecord *record)
{
    struct told told;
    int code = told_by(visible, record, &told);
    for (size_t i = 0; i < record->n_parts && code == 0; i++) {
        bool may = false;
        code = part_is_visible(visible, &told, record->parts[i], &may);
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
