/* How long texts are kept: agreed, held as evidence, purged. docs/decisions.md, "Retention". */
#include "core/machine/decide.h"
#include "core/machine/phase.h"

enum { PURGE_MAX = 1000 };
#define DAY_MS ((int64_t) 24 * 3600 * 1000)

/* How long: as agreed now; or as the charter's class says, where the charter in force names classes. */
static int retention_until(struct decide *d, const Comity__V1__SetRetention *set,
                           const Comity__V1__Session *session, int64_t *ret_until_ms)
{
    int64_t from_ms = session->closed_ms != 0 ? session->closed_ms : d->context->time_ms;
    const Comity__V1__CharterVersion *held = NULL;
    const Comity__V1__RetentionClass *class = NULL;
    size_t i;

    *ret_until_ms = set->keep_until_ms;
    if (decide_charter_in_force(d, &held) != 0 || !held || held->charter->n_retention == 0)
        return d->code;
    for (i = 0; i < held->charter->n_retention; i++)
        if (strcmp(held->charter->retention[i]->name, set->class_) == 0)
            class = held->charter->retention[i];
    if (!class)
        return decide_refuse(d, ERR_CHARTER, "set_retention.class");
    if (set->keep_until_ms != 0)
        return decide_refuse(d, ERR_CHARTER, "set_retention.keep_until_ms");
    *ret_until_ms = class->days == 0 ? 0 : from_ms + class->days * DAY_MS;
    return 0;
}

int decide_set_retention(struct decide *d)
{
    const Comity__V1__SetRetention *body = d->body->set_retention;
    Comity__V1__RetentionSet *set;
    const Comity__V1__Session *session;
    Comity__V1__Retention *retention;
    Comity__V1__Event *event;
    int64_t until_ms;

    session = decide_find(d, TABLE_SESSION, body->session, 0, "set_retention.session");
    if (!session || retention_until(d, body, session, &until_ms) != 0)
        return d->code;
    set = decide_new(d, &comity__v1__retention_set__descriptor);
    retention = decide_new(d, &comity__v1__retention__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_RETENTION_SET);
    if (!set || !retention || !event)
        return d->code;
    retention->session = body->session;
    retention->class_ = body->class_;
    retention->keep_until_ms = until_ms;
    retention->set_ms = d->context->time_ms;
    set->retention = retention;
    event->retention_set = set;
    return 0;
}

int concern_held(struct decide *d)
{
    d->of_constituency = d->actor->constituency;
    return decide_find(d, TABLE_SESSION, d->body->hold_texts->session, 0, "hold_texts.session") ? 0 : d->code;
}

int decide_hold_texts(struct decide *d)
{
    Comity__V1__TextsHeld *held;
    Comity__V1__Event *event;
    Comity__V1__Hold *hold;

    held = decide_new(d, &comity__v1__texts_held__descriptor);
    hold = decide_new(d, &comity__v1__hold__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_TEXTS_HELD);
    if (!held || !hold || !event || decide_next_number(d, TABLE_HOLD, &hold->number) != 0)
        return d->code;
    hold->session = d->body->hold_texts->session;
    hold->constituency = d->actor->constituency;
    hold->member = d->actor->number;
    hold->reason = d->body->hold_texts->reason;
    hold->held_ms = d->context->time_ms;
    held->hold = hold;
    event->texts_held = held;
    return 0;
}

int concern_hold(struct decide *d)
{
    d->hold = decide_find(d, TABLE_HOLD, d->body->lift_hold->hold, 0, "lift_hold.hold");
    if (!d->hold)
        return d->code;
    d->of_constituency = d->hold->constituency;
    return 0;
}

int decide_lift_hold(struct decide *d)
{
    Comity__V1__HoldLifted *lifted;
    Comity__V1__Event *event;

    if (d->hold->lifted_ms != 0)
        return decide_refuse(d, ERR_STATE, "lift_hold.hold");
    lifted = decide_new(d, &comity__v1__hold_lifted__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_HOLD_LIFTED);
    if (!lifted || !event)
        return d->code;
    lifted->hold = d->hold->number;
    lifted->member = d->actor->number;
    event->hold_lifted = lifted;
    return 0;
}

static int check_retention(struct decide *d)
{
    ProtobufCMessage *row = NULL;
    const Comity__V1__Retention *retention;
    int code = state_get(d->view, d->arena, TABLE_RETENTION, d->session->number, 0, &row);

    if (code == ERR_NOT_FOUND)
        return 0;
    if (code != 0)
        return decide_fail(d, code);
    retention = (const Comity__V1__Retention *) row;
    if (retention->keep_until_ms == 0 || retention->keep_until_ms > d->context->time_ms)
        return decide_refuse(d, ERR_KEPT, "purge_texts.session");
    return 0;
}

static int check_purge(struct decide *d)
{
    struct row_key key = row_key(TABLE_HOLDS, d->session->number, 0);
    uint32_t holds;
    int code;

    if (d->session->state != COMITY__V1__SESSION_STATE__SESSION_STATE_CLOSED &&
        d->session->state != COMITY__V1__SESSION_STATE__SESSION_STATE_MINUTED)
        return decide_refuse(d, ERR_STATE, "purge_texts.session");
    code = row_number(d->view, &key, &holds);
    if (code != 0)
        return decide_fail(d, code);
    if (holds > 0)
        return decide_refuse_limit(d, ERR_LEGAL_HOLD, "purge_texts.session", holds);
    return check_retention(d);
}

struct erasable {
    struct decide *d;
    struct arena *scratch; /* of one row */
    Comity__V1__TextsPurged *purged;
    bool is_more;
};

/* Does the text's item go on in another session, whose people still work with it? */
static int is_worked_with(struct erasable *found, uint32_t number, bool *ret_is)
{
    const struct view *view = found->d->view;
    const Comity__V1__Item *item;
    ProtobufCMessage *row;
    int code;

    *ret_is = false;
    arena_reset(found->scratch);
    code = number != 0 ? state_get(view, found->scratch, TABLE_ITEM, number, 0, &row) : 0;
    if (number == 0 || code != 0)
        return code == ERR_NOT_FOUND ? ERR_CORRUPT : code;
    item = (const Comity__V1__Item *) row;
    if (item->session == found->d->session->number || phase_is_over(item_phase(item)))
        return 0;
    code = state_get(view, found->scratch, TABLE_SESSION, item->session, 0, &row);
    if (code == 0)
        *ret_is = session_takes_work((const Comity__V1__Session *) row);
    return code == ERR_NOT_FOUND ? ERR_CORRUPT : code;
}

static int erasable_visit(void *context, struct bytes key, struct bytes value)
{
    struct erasable *found = context;
    Comity__V1__TextsPurged *purged = found->purged;

    struct row_key text;
    uint32_t times = 0;
    bool is_needed;
    int code;

    if (key.size != 1 + 4 + HASH_SIZE || value.size != 4)
        return ERR_CORRUPT;
    text = row_key_bytes(TABLE_TEXT, key.data + 5);
    code = row_number(found->d->view, &text, &times);
    if (code != 0 || times > 1) /* it is somebody else's as well, or a decision's */
        return code;
    code = is_worked_with(found, get_u32(value.data), &is_needed);
    if (code != 0 || is_needed)
        return code;
    if (purged->n_hashes == PURGE_MAX) {
        found->is_more = true;
        return 1;
    }
    purged->hashes[purged->n_hashes] = decide_bytes(found->d, key.data + 5, HASH_SIZE);
    return purged->hashes[purged->n_hashes++].data ? 0 : ERR_MEMORY;
}

int decide_purge_texts(struct decide *d)
{
    struct row_key prefix = row_key_first(TABLE_ERASABLE, d->session->number);
    struct erasable found = {.d = d};
    Comity__V1__Event *event;
    int code;

    if (check_purge(d) != 0)
        return d->code;
    found.purged = decide_new(d, &comity__v1__texts_purged__descriptor);
    if (found.purged)
        found.purged->hashes = decide_alloc(d, PURGE_MAX, sizeof(*found.purged->hashes));
    if (!found.purged || !found.purged->hashes)
        return d->code;
    found.scratch = arena_new(ARENA_LIMIT_DEFAULT);
    code = found.scratch
               ? view_range(d->view, row_key_view(&prefix), BYTES(NULL, 0), erasable_visit, &found)
               : ERR_MEMORY;
    arena_destroy(&found.scratch);
    if (code != 0)
        return decide_fail(d, code);
    if (found.purged->n_hashes == 0)
        return decide_refuse(d, ERR_NOT_FOUND, "purge_texts.session");
    event = decide_event(d, COMITY__V1__EVENT__KIND_TEXTS_PURGED);
    if (!event)
        return d->code;
    found.purged->session = d->session->number;
    found.purged->is_last = !found.is_more;
    event->texts_purged = found.purged;
    return 0;
}
