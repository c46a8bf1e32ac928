/* Who stands in for the holders of seats, who takes no part, and whose term has ended. */
#include "core/machine/decide.h"
#include "core/machine/stand_in.h"

int concern_alternates(struct decide *d)
{
    const Comity__V1__NameAlternates *name = d->body->name_alternates;

    if (!decide_find(d, TABLE_BODY, name->body, 0, "name_alternates.body"))
        return d->code;
    d->seat = decide_find(d, TABLE_SEAT, name->body, name->seat, "name_alternates.seat");
    if (!d->seat)
        return d->code;
    d->of_constituency = d->seat->constituency;
    return 0;
}

/* Whose row the alternates of a seat are in. */
static uint32_t alternates_seat(const Comity__V1__Seat *seat)
{
    return seat->alternates == COMITY__V1__ALTERNATES__ALTERNATES_POOL ? seat->group : seat->number;
}

/* NULL with d->code 0: nobody was ever named. */
static const Comity__V1__AlternatesList *find_alternates(struct decide *d)
{
    return decide_seek(d, TABLE_ALTERNATES, d->seat->body, alternates_seat(d->seat));
}

static int check_alternates(struct decide *d, const Comity__V1__NameAlternates *name)
{
    bool is_named = d->seat->alternates == COMITY__V1__ALTERNATES__ALTERNATES_NAMED;
    const Comity__V1__Member *member;

    if (!is_named && d->seat->alternates != COMITY__V1__ALTERNATES__ALTERNATES_POOL)
        return decide_refuse(d, ERR_STATE, "name_alternates.seat");
    if (is_named && name->n_members > 1)
        return decide_refuse_limit(d, ERR_RANGE, "name_alternates.members", 1);
    for (size_t i = 0; i < name->n_members; i++) {
        if (decide_check_number(d, TABLE_MEMBER, name->members[i], "name_alternates.members") != 0)
            return d->code;
        member = decide_find(d, TABLE_MEMBER, name->members[i], 0, "name_alternates.members");
        if (!member)
            return d->code;
        if (member->constituency != d->seat->constituency)
            return decide_refuse(d, ERR_FORBIDDEN, "name_alternates.members[%zu]", i);
    }
    return 0;
}

int decide_name_alternates(struct decide *d)
{
    const Comity__V1__NameAlternates *name = d->body->name_alternates;
    const Comity__V1__AlternatesList *held;
    Comity__V1__AlternatesNamed *named;
    Comity__V1__AlternatesList *list;
    Comity__V1__Event *event;

    if (check_alternates(d, name) != 0)
        return d->code;
    held = find_alternates(d);
    if (d->code == 0 && d->since && held && held->epoch > d->body->epoch)
        return decide_refuse_latest(d, ERR_EPOCH, "name_alternates.seat", d->epoch);
    named = decide_new(d, &comity__v1__alternates_named__descriptor);
    list = decide_new(d, &comity__v1__alternates_list__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_ALTERNATES_NAMED);
    if (d->code != 0 || !named || !list || !event)
        return d->code;
    list->body = d->seat->body;
    list->seat = alternates_seat(d->seat);
    list->n_members = name->n_members;
    list->members = name->members;
    list->epoch = d->body->epoch;
    named->alternates = list;
    event->alternates_named = named;
    return 0;
}

int concern_stand_in(struct decide *d)
{
    bool is_back = d->body->body_case == COMITY__V1__COMMAND__BODY_TAKE_BACK;
    uint32_t session = is_back ? d->body->take_back->session : d->body->hand_over->session;
    uint32_t seat = is_back ? d->body->take_back->seat : d->body->hand_over->seat;

    d->session =
        decide_find(d, TABLE_SESSION, session, 0, is_back ? "take_back.session" : "hand_over.session");
    if (!d->session)
        return d->code;
    d->of_body = d->session->body;
    d->seat = decide_find(d, TABLE_SEAT, d->of_body, seat, is_back ? "take_back.seat" : "hand_over.seat");
    if (!d->seat)
        return d->code;
    d->of_constituency = d->seat->constituency;
    d->of_member = d->seat->holder;
    return 0;
}

/* Rolls are frozen: a seat changes hands between rounds. */
static int check_between_rounds(struct decide *d, const char *field)
{
    struct row_key key = row_key(TABLE_OPEN_ROUNDS, d->session->number, 0);
    uint32_t open_rounds;
    int code = row_number(d->view, &key, &open_rounds);

    if (code != 0)
        return decide_fail(d, code);
    if (!session_takes_work(d->session) || open_rounds > 0)
        return decide_refuse(d, ERR_STATE, "%s", field);
    return 0;
}

/* One of before a restore does not undo what was done since. */
static int check_seat_since(struct decide *d, const char *field)
{
    ProtobufCMessage *row = NULL;
    int code = d->since
                   ? state_get(d->view, d->arena, TABLE_STAND_IN, d->session->number, d->seat->number, &row)
                   : ERR_NOT_FOUND;

    if (code == ERR_NOT_FOUND)
        return 0;
    if (code != 0)
        return decide_fail(d, code);
    if (((const Comity__V1__StandIn *) row)->epoch > d->body->epoch)
        return decide_refuse_latest(d, ERR_EPOCH, field, d->epoch);
    return 0;
}

static int find_stand_in(struct decide *d, uint32_t *ret_member)
{
    int code = stand_in_of_seat(d->view, d->arena, d->session->number, d->seat, ret_member);

    return code == 0 ? 0 : decide_fail(d, code);
}

static int check_mandate(struct decide *d, uint32_t member)
{
    const Comity__V1__AlternatesList *list = find_alternates(d);
    bool is_named = false, holds = false, stands = false;
    struct row_key key = row_key(TABLE_STANDS, d->session->number, member);

    if (d->code != 0)
        return d->code;
    for (size_t i = 0; list && i < list->n_members; i++)
        is_named = is_named || list->members[i] == member;
    if (!is_named)
        return decide_refuse(d, ERR_MANDATE, "hand_over.member");
    /* Also where it does not hold any more: it could again, and nobody sits twice. */
    if (decide_holds_seat(d, d->of_body, member, &holds) != 0 || decide_exists(d, &key, &stands) != 0)
        return d->code;
    return holds || stands ? decide_refuse(d, ERR_EXISTS, "hand_over.member") : 0;
}

int decide_hand_over(struct decide *d)
{
    const Comity__V1__HandOver *hand_over = d->body->hand_over;
    Comity__V1__SeatHandedOver *handed;
    Comity__V1__StandIn *stand_in;
    Comity__V1__Event *event;
    uint32_t stands = 0;

    if (check_between_rounds(d, "hand_over.session") != 0 || check_seat_since(d, "hand_over.seat") != 0)
        return d->code;
    if (d->seat->holder == 0)
        return decide_refuse(d, ERR_STATE, "hand_over.seat");
    if (find_stand_in(d, &stands) != 0)
        return d->code;
    if (stands != 0)
        return decide_refuse(d, ERR_EXISTS, "hand_over.seat");
    if (!decide_find(d, TABLE_MEMBER, hand_over->member, 0, "hand_over.member") ||
        check_mandate(d, hand_over->member) != 0)
        return d->code;
    handed = decide_new(d, &comity__v1__seat_handed_over__descriptor);
    stand_in = decide_new(d, &comity__v1__stand_in__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_SEAT_HANDED_OVER);
    if (!handed || !stand_in || !event)
        return d->code;
    stand_in->session = d->session->number;
    stand_in->seat = d->seat->number;
    stand_in->member = hand_over->member;
    stand_in->holder = d->seat->holder;
    stand_in->since_ms = d->context->time_ms;
    stand_in->epoch = d->body->epoch;
    handed->stand_in = stand_in;
    event->seat_handed_over = handed;
    return 0;
}

int decide_take_back(struct decide *d)
{
    const Comity__V1__StandIn *held = decide_seek(d, TABLE_STAND_IN, d->session->number, d->seat->number);
    Comity__V1__SeatTakenBack *taken;
    Comity__V1__Event *event;

    if (d->code != 0)
        return d->code;
    if (check_between_rounds(d, "take_back.session") != 0 || check_seat_since(d, "take_back.seat") != 0)
        return d->code;
    if (!held || held->member == 0)
        return decide_refuse(d, ERR_STATE, "take_back.seat");
    taken = decide_new(d, &comity__v1__seat_taken_back__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_SEAT_TAKEN_BACK);
    if (!taken || !event)
        return d->code;
    taken->session = d->session->number;
    taken->seat = d->seat->number;
    event->seat_taken_back = taken;
    return 0;
}

int decide_recuse(struct decide *d)
{
    const Comity__V1__Recuse *recuse = d->body->recuse;
    struct row_key key = row_key(TABLE_RECUSAL, recuse->proposal, d->actor->number);
    Comity__V1__MemberRecused *recused;
    Comity__V1__Recusal *recusal;
    Comity__V1__Event *event;
    bool exists;

    if (d->proposal->decision != 0)
        return decide_refuse(d, ERR_STATE, "recuse.proposal");
    if (decide_exists(d, &key, &exists) != 0)
        return d->code;
    if (exists)
        return decide_refuse(d, ERR_EXISTS, "recuse.proposal");
    recused = decide_new(d, &comity__v1__member_recused__descriptor);
    recusal = decide_new(d, &comity__v1__recusal__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_MEMBER_RECUSED);
    if (!recused || !recusal || !event)
        return d->code;
    recusal->proposal = recuse->proposal;
    recusal->member = d->actor->number;
    recusal->reason = recuse->reason;
    recusal->since_ms = d->context->time_ms;
    recused->recusal = recusal;
    event->member_recused = recused;
    return 0;
}

int term_is_due(struct decide *d, const struct deadline *due)
{
    const Comity__V1__Seat *seat = decide_get(d, TABLE_SEAT, due->number, due->second);
    Comity__V1__SeatTermEnded *ended = decide_new(d, &comity__v1__seat_term_ended__descriptor);
    Comity__V1__Event *event;

    if (!seat || !ended)
        return d->code;
    event = decide_event(d, COMITY__V1__EVENT__KIND_SEAT_TERM_ENDED);
    if (!event)
        return d->code;
    ended->body = seat->body;
    ended->seat = seat->number;
    ended->member = seat->holder;
    event->seat_term_ended = ended;
    return 0;
}
