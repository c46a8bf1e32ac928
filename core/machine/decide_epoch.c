/* Epochs: what a restore puts on record, and what commands of an earlier epoch still mean. docs/protocol.md,
 * "After a restore". */
#include <inttypes.h>

#include "core/machine/decide.h"

/* For so long after a restore no round that was open closes by itself: those whose ballots the restore lost
 * hear of it within a day and a night, wherever they are, and send them again. */
#define GRACE_MS ((int64_t) 24 * 3600 * 1000)

/* The kinds that commands name by number, and where an epoch counts them. */
static const struct {
    enum table table;
    size_t count_at;
} KINDS[] = {
#define KIND(table, field)                                                                                   \
    {                                                                                                        \
        table, offsetof(Comity__V1__Epoch, field)                                                            \
    }
    KIND(TABLE_SITE, sites),
    KIND(TABLE_MEMBER, members),
    KIND(TABLE_BODY, bodies),
    KIND(TABLE_RULE, rules),
    KIND(TABLE_SESSION, sessions),
    KIND(TABLE_ITEM, items),
    KIND(TABLE_PROPOSAL, proposals),
    KIND(TABLE_ROUND, rounds),
    /* Charter and bodies. */
    KIND(TABLE_CHARTER, charters),
    KIND(TABLE_DECISION, decisions),
    /* Sessions. */
    KIND(TABLE_SIDEBAR, sidebars),
    /* Problem solving. */
    KIND(TABLE_CONTRIBUTION, contributions),
    KIND(TABLE_CONCERN, concerns),
    KIND(TABLE_DATA_REQUEST, data_requests),
    KIND(TABLE_FACT, facts),
    KIND(TABLE_STRAW_POLL, straw_polls),
    /* Decisions and minutes. */
    KIND(TABLE_CONSTITUENCY, constituencies),
    KIND(TABLE_ACTION, actions),
    KIND(TABLE_MANDATE, mandates),
    KIND(TABLE_HOLD, holds),
    /* Rules and stages. */
    KIND(TABLE_STAGE, stages),
    /* Keys and witnesses. */
    KIND(TABLE_WITNESS, witnesses),
#undef KIND
};

int decide_check_number(struct decide *d, enum table table, uint32_t number, const char *field)
{
    size_t i;

    for (i = 0; d->since && i < ARRAY_COUNT(KINDS); i++) {
        uint32_t count;

        memcpy(&count, (const uint8_t *) d->since + KINDS[i].count_at, sizeof(count));
        if (KINDS[i].table == table && number > count)
            return decide_refuse_latest(d, ERR_EPOCH, field, d->epoch);
    }
    return 0;
}

/* What is not carried over. An end would shut out what others have yet to send again; what is of the moment,
 * as a raised hand, is over. Whoever wants it looks at how things stand now, and does it anew. @name: of the
 * field of its number. */
static const struct {
    Comity__V1__Command__BodyCase body;
    const char *name;
} NOT_CARRIED_OVER[] = {
    {COMITY__V1__COMMAND__BODY_CLOSE_ROUND, "round"},
    {COMITY__V1__COMMAND__BODY_CLOSE_SESSION, "session"},
    /* Charter and bodies. */
    /* Sessions. */
    {COMITY__V1__COMMAND__BODY_STEP_AWAY, "session"},
    {COMITY__V1__COMMAND__BODY_RECESS_SESSION, "session"},
    {COMITY__V1__COMMAND__BODY_RESUME_SESSION, "session"},
    {COMITY__V1__COMMAND__BODY_CALL_CAUCUS, "session"},
    {COMITY__V1__COMMAND__BODY_END_CAUCUS, "session"},
    {COMITY__V1__COMMAND__BODY_RAISE_HAND, "session"},
    {COMITY__V1__COMMAND__BODY_LOWER_HAND, "session"},
    {COMITY__V1__COMMAND__BODY_GIVE_FLOOR, "session"},
    {COMITY__V1__COMMAND__BODY_YIELD_FLOOR, "session"},
    {COMITY__V1__COMMAND__BODY_SET_TIME_BOX, "item"},
    {COMITY__V1__COMMAND__BODY_EXTEND_TIME_BOX, "item"},
    /* Problem solving. */
    {COMITY__V1__COMMAND__BODY_CLOSE_STRAW_POLL, "poll"},
    /* Decisions and minutes. */
    {COMITY__V1__COMMAND__BODY_PURGE_TEXTS, "session"}, /* a hold may have to be put on them again */
    /* Keys and witnesses: of several that were lost an earlier one, sent last, would bring a stolen key back. */
    {COMITY__V1__COMMAND__BODY_RECOVER_CO_CHAIR, "member"},
    {COMITY__V1__COMMAND__BODY_SET_RECOVERY_KEY, "key"},
};

/* The name of the field of its number; NULL: it is carried over. */
static const char *not_carried_over(const Comity__V1__Command *body)
{
    /* An invitation of somebody who is no member yet takes nobody's keys away. */
    if (body->body_case == COMITY__V1__COMMAND__BODY_INVITE && body->invite->member != 0)
        return "member";
    for (size_t i = 0; i < ARRAY_COUNT(NOT_CARRIED_OVER); i++)
        if (NOT_CARRIED_OVER[i].body == body->body_case)
            return NOT_CARRIED_OVER[i].name;
    return NULL;
}

bool command_is_carried_over(const Comity__V1__Command *body)
{
    return not_carried_over(body) == NULL;
}

int decide_check_epoch(struct decide *d, const Comity__V1__Partnership *partnership)
{
    /* An epoch that this record does not have parted from it at a place that the record cannot know: no
     * number of it can be relied on. */
    static const Comity__V1__Epoch NOTHING = COMITY__V1__EPOCH__INIT;
    uint32_t epoch = d->body->epoch;
    size_t i;

    d->epoch = partnership->epoch;
    if (epoch == 0 || epoch == d->epoch) /* 0: it names nothing by number */
        return 0;
    if (epoch > d->epoch)
        return decide_refuse_latest(d, ERR_BEHIND, "epoch", d->epoch);
    d->since = &NOTHING;
    for (i = 0; i + 1 < partnership->n_epochs; i++)
        if (partnership->epochs[i]->number == epoch)
            d->since = partnership->epochs[i + 1];
    if (command_is_carried_over(d->body))
        return 0;
    return decide_refuse_latest(d, ERR_EPOCH, decide_path(d, not_carried_over(d->body)), d->epoch);
}

static int epoch_count(struct decide *d, Comity__V1__Epoch *epoch)
{
    size_t i;

    for (i = 0; i < ARRAY_COUNT(KINDS); i++) {
        struct row_key key = row_key_counter(KINDS[i].table);
        uint32_t count;
        int code = row_number(d->view, &key, &count);

        if (code != 0)
            return decide_fail(d, code);
        memcpy((uint8_t *) epoch + KINDS[i].count_at, &count, sizeof(count));
    }
    return 0;
}

/* The second in which it is opened: another restore of the same backup opens another epoch. */
static uint32_t epoch_number(uint32_t last, int64_t time_ms)
{
    int64_t second = time_ms / 1000;

    return second > last && second <= UINT32_MAX ? (uint32_t) second : last + 1;
}

int machine_open_epoch(const struct view *view, const struct machine_context *context, struct arena *arena,
                       struct machine_events *ret_events)
{
    struct decide d = {.view = view, .context = context, .arena = arena};
    Comity__V1__Partnership *partnership = decide_get(&d, TABLE_PARTNERSHIP, 0, 0);
    Comity__V1__EpochOpened *opened = decide_new(&d, &comity__v1__epoch_opened__descriptor);
    Comity__V1__Epoch *epoch = decide_new(&d, &comity__v1__epoch__descriptor);
    Comity__V1__Event *event;

    if (!partnership || !opened || !epoch)
        return d.code;
    if (partnership->epoch == UINT32_MAX)
        return decide_fail(&d, ERR_LIMIT);
    event = decide_event(&d, COMITY__V1__EVENT__KIND_EPOCH_OPENED);
    if (!event || epoch_count(&d, epoch) != 0)
        return d.code;
    epoch->number = epoch_number(partnership->epoch, context->time_ms);
    epoch->restored_to = context->next_sequence - 1;
    epoch->log_key = decide_bytes(&d, context->log_key, KEY_SIZE);
    epoch->opened_ms = context->time_ms;
    epoch->resume_ms = context->time_ms + GRACE_MS;
    opened->epoch = epoch;
    event->epoch_opened = opened;
    if (d.code != 0)
        return d.code;
    *ret_events = d.events;
    return 0;
}
