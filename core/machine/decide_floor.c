/* Hands, and the floor. */
#include "core/machine/decide.h"
#include "core/machine/queue.h"

static Comity__V1__Hand *hand_find(struct decide *d, uint32_t member)
{
    Comity__V1__Hand *hand = decide_seek(d, TABLE_HAND, d->session->number, member);

    return hand && hand->raised != 0 ? hand : NULL;
}

int decide_raise_hand(struct decide *d)
{
    Comity__V1__HandRaised *raised;
    Comity__V1__Hand *hand;
    Comity__V1__Event *event;

    if (decide_check_open(d, "raise_hand.session") != 0 ||
        decide_check_in_room(d, d->actor->number, "raise_hand.session") != 0)
        return d->code;
    hand = hand_find(d, d->actor->number);
    if (hand || d->code != 0)
        return hand ? decide_refuse(d, ERR_EXISTS, "raise_hand.session") : d->code;
    raised = decide_new(d, &comity__v1__hand_raised__descriptor);
    hand = decide_new(d, &comity__v1__hand__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_HAND_RAISED);
    if (!raised || !hand || !event)
        return d->code;
    hand->session = d->session->number;
    hand->member = d->actor->number;
    hand->raised = d->context->next_sequence;
    hand->raised_ms = d->context->time_ms;
    raised->hand = hand;
    event->hand_raised = raised;
    return 0;
}

int decide_lower_hand(struct decide *d)
{
    uint32_t given = d->body->lower_hand->member;
    uint32_t member = given != 0 ? given : d->actor->number;
    Comity__V1__HandLowered *lowered;
    Comity__V1__Event *event;

    if (given != 0 && !decide_find(d, TABLE_MEMBER, member, 0, "lower_hand.member"))
        return d->code;
    if (member != d->actor->number && !facilitates(d))
        return decide_refuse(d, ERR_FORBIDDEN, "lower_hand.member");
    if (!hand_find(d, member))
        return d->code != 0 ? d->code : decide_refuse(d, ERR_STATE, "lower_hand.member");
    lowered = decide_new(d, &comity__v1__hand_lowered__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_HAND_LOWERED);
    if (!lowered || !event)
        return d->code;
    lowered->session = d->session->number;
    lowered->member = member;
    event->hand_lowered = lowered;
    return 0;
}

/* The queue: what the visitor fills. */
struct queue {
    struct decide *d;
    struct queue_hand *hands;
    size_t count, room;
};

static const char *side_of(struct decide *d, uint32_t number)
{
    const Comity__V1__Member *member = decide_get(d, TABLE_MEMBER, number, 0);
    const Comity__V1__Constituency *constituency =
        member ? decide_get(d, TABLE_CONSTITUENCY, member->constituency, 0) : NULL;

    return constituency ? constituency->side : NULL;
}

static int queue_visit(void *context, const ProtobufCMessage *row, struct bytes key)
{
    const Comity__V1__Hand *hand = (const Comity__V1__Hand *) row;
    struct queue *queue = context;

    (void) key;
    if (hand->raised == 0)
        return 0;
    queue->hands = arena_room(queue->d->arena, queue->hands, queue->count, &queue->room, sizeof(*queue->hands));
    if (!queue->hands)
        return ERR_MEMORY;
    queue->hands[queue->count++] = (struct queue_hand){hand->member, hand->raised, NULL};
    return 0;
}

/* The next in the queue; 0 with d->code. */
static uint32_t next_speaker(struct decide *d)
{
    const Comity__V1__GroundRules *rules = d->session->ground_rules;
    struct row_key prefix = row_key_first(TABLE_HAND, d->session->number);
    struct queue queue = {.d = d};
    const char *last = NULL;
    size_t i;
    int code = row_each(d->view, d->arena, TABLE_HAND, &prefix, queue_visit, &queue);

    if (code != 0)
        decide_fail(d, code);
    for (i = 0; i < queue.count && d->code == 0; i++)
        queue.hands[i].side = side_of(d, queue.hands[i].member);
    if (d->code == 0 && d->session->floor && d->session->floor->last != 0)
        last = side_of(d, d->session->floor->last);
    if (d->code != 0)
        return 0;
    i = queue_next(queue.hands, queue.count,
                   rules ? rules->queue : COMITY__V1__QUEUE_ORDER__QUEUE_ORDER_RAISED, last);
    if (i == queue.count)
        decide_refuse(d, ERR_NOT_FOUND, "give_floor.member");
    return i < queue.count ? queue.hands[i].member : 0;
}

/* Observers and programs do not speak, whatever else they may do; whoever holds a seat, or another office,
 * may. */
static int check_speaks(struct decide *d, uint32_t number)
{
    const Comity__V1__Member *member = decide_find(d, TABLE_MEMBER, number, 0, "give_floor.member");
    bool speaks = false;
    size_t i;

    if (!member)
        return d->code;
    for (i = 0; i < member->n_offices; i++)
        speaks |= member->offices[i] != COMITY__V1__OFFICE__OFFICE_OBSERVER &&
                  member->offices[i] != COMITY__V1__OFFICE__OFFICE_INTEGRATION;
    if (!speaks && decide_has_seat(d, number, &speaks) != 0)
        return d->code;
    return speaks ? 0 : decide_refuse(d, ERR_FORBIDDEN, "give_floor.member");
}

int decide_give_floor(struct decide *d)
{
    uint32_t member = d->body->give_floor->member;
    Comity__V1__FloorGiven *given;
    Comity__V1__Event *event;

    if (decide_check_running(d, "give_floor.session") != 0)
        return d->code;
    if (member == 0)
        member = next_speaker(d);
    else if (check_speaks(d, member) != 0 || decide_check_in_room(d, member, "give_floor.member") != 0)
        return d->code;
    if (d->code != 0)
        return d->code;
    given = decide_new(d, &comity__v1__floor_given__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_FLOOR_GIVEN);
    if (!given || !event)
        return d->code;
    given->session = d->session->number;
    given->member = member;
    event->floor_given = given;
    return 0;
}

int decide_yield_floor(struct decide *d)
{
    const Comity__V1__Floor *floor = d->session->floor;
    Comity__V1__FloorYielded *yielded;
    Comity__V1__Event *event;

    if (!floor || floor->member == 0)
        return decide_refuse(d, ERR_STATE, "yield_floor.session");
    if (floor->member != d->actor->number && !facilitates(d))
        return decide_refuse(d, ERR_FORBIDDEN, "yield_floor.session");
    yielded = decide_new(d, &comity__v1__floor_yielded__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_FLOOR_YIELDED);
    if (!yielded || !event)
        return d->code;
    yielded->session = d->session->number;
    event->floor_yielded = yielded;
    return 0;
}
