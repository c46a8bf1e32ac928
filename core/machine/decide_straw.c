/* Straw polls, where it was agreed that they are kept. */
#include "core/machine/solving.h"

int decide_open_straw_poll(struct decide *d)
{
    const Comity__V1__OpenStrawPoll *open = d->body->open_straw_poll;
    Comity__V1__StrawPollOpened *opened;
    Comity__V1__StrawPoll *poll;
    Comity__V1__Event *event;
    enum record_level level;
    int code;

    if (solving_check_worked_on(d, "open_straw_poll.item") != 0)
        return d->code;
    if (d->session->state != COMITY__V1__SESSION_STATE__SESSION_STATE_OPEN)
        return decide_refuse(d, ERR_NOT_OPEN, "open_straw_poll.item");
    code = record_level(d->view, d->arena, RECORD_STRAW_POLL, &level);
    if (code != 0)
        return decide_fail(d, code);
    if (level != RECORD_FULL)
        return decide_refuse(d, ERR_RECORD, "open_straw_poll.item");
    opened = decide_new(d, &comity__v1__straw_poll_opened__descriptor);
    poll = decide_new(d, &comity__v1__straw_poll__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_STRAW_POLL_OPENED);
    if (!opened || !poll || !event || decide_next_number(d, TABLE_STRAW_POLL, &poll->number) != 0)
        return d->code;
    poll->item = open->item;
    poll->question = open->question;
    poll->choices = open->choices;
    poll->n_choices = open->n_choices;
    poll->opened_by = d->actor->number;
    poll->opened_ms = d->context->time_ms;
    opened->poll = poll;
    event->straw_poll_opened = opened;
    return 0;
}

static int check_open(struct decide *d, const char *field)
{
    if (solving_check_not_over(d, field) != 0)
        return d->code;
    return d->poll->closed_ms == 0 ? 0 : decide_refuse(d, ERR_NOT_OPEN, "%s", field);
}

int decide_answer_straw_poll(struct decide *d)
{
    const Comity__V1__AnswerStrawPoll *answer = d->body->answer_straw_poll;
    Comity__V1__StrawPollAnswered *answered;
    Comity__V1__Event *event;

    if (check_open(d, "answer_straw_poll.poll") != 0)
        return d->code;
    if (answer->choice > d->poll->n_choices)
        return decide_refuse_limit(d, ERR_RANGE, "answer_straw_poll.choice", d->poll->n_choices);
    answered = decide_new(d, &comity__v1__straw_poll_answered__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_STRAW_POLL_ANSWERED);
    if (!answered || !event)
        return d->code;
    answered->answer = decide_new(d, &comity__v1__straw_answer__descriptor);
    if (!answered->answer)
        return d->code;
    answered->answer->poll = answer->poll;
    answered->answer->member = d->actor->number;
    answered->answer->choice = answer->choice;
    answered->answer->answered_ms = d->context->time_ms;
    event->straw_poll_answered = answered;
    return 0;
}

static int answer_visit(void *context, const ProtobufCMessage *row, struct bytes key)
{
    Comity__V1__StrawPollClosed *closed = context;
    uint32_t choice = ((const Comity__V1__StrawAnswer *) row)->choice;

    (void) key;
    if (choice == 0 || choice > closed->n_counts)
        return ERR_CORRUPT;
    closed->counts[choice - 1]++;
    return 0;
}

int decide_close_straw_poll(struct decide *d)
{
    struct row_key answers = row_key_first(TABLE_STRAW_ANSWER, d->poll->number);
    Comity__V1__StrawPollClosed *closed;
    Comity__V1__Event *event;
    int code;

    if (d->poll->closed_ms != 0)
        return decide_refuse(d, ERR_NOT_OPEN, "close_straw_poll.poll");
    closed = decide_new(d, &comity__v1__straw_poll_closed__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_STRAW_POLL_CLOSED);
    if (!closed || !event)
        return d->code;
    closed->poll = d->poll->number;
    closed->n_counts = d->poll->n_choices;
    closed->counts = decide_alloc(d, closed->n_counts, sizeof(*closed->counts));
    if (!closed->counts)
        return d->code;
    memset(closed->counts, 0, closed->n_counts * sizeof(*closed->counts));
    code = row_each(d->view, d->arena, TABLE_STRAW_ANSWER, &answers, answer_visit, closed);
    if (code != 0)
        return decide_fail(d, code);
    event->straw_poll_closed = closed;
    return 0;
}
