#include "worker/log/term.h"

#include "core/error.h"
#include "worker/log/sealed.h"

static int64_t earlier(int64_t a_ms, int64_t b_ms)
{
    return a_ms < b_ms ? a_ms : b_ms;
}

static int64_t later(int64_t a_ms, int64_t b_ms)
{
    return a_ms > b_ms ? a_ms : b_ms;
}

static bool has_term(const struct term *term)
{
    return term->state == TERM_READS || term->state == TERM_LEADS;
}

void term_init(struct term *term, const struct order_place *applied, int64_t now_ms)
{
    *term = (struct term){
        .may_stand = true, .applied = *applied, .taken = *applied, .poll_ms = now_ms, .retry_ms = now_ms};
}

/* What to do. */

static bool wants_entries(const struct term *term, bool has_room)
{
    uint64_t wanted = term->state == TERM_READS ? (term->has_end ? term->end.number : 0) : term->head;
    return has_room && term->taken.number < wanted;
}

static struct term_step follow_next(const struct term *term, int64_t now_ms, bool has_room)
{
    if (term->must_depose)
        return (struct term_step){.call = TERM_DEPOSE, .leader_changed = term->silent_changed};
    if (term->poll_ms <= now_ms || (wants_entries(term, has_room) && term->retry_ms <= now_ms))
        return (struct term_step){.call = TERM_POLL};
    return (struct term_step){.call = TERM_WAIT, .until_ms = term->poll_ms};
}

static struct term_step lead_next(const struct term *term, int64_t now_ms, bool has_room)
{
    bool has_to_go = !term->may_stand || (term->state == TERM_READS && term->is_stuck);
    if (has_to_go && !term->is_open && term->retry_ms <= now_ms)
        return (struct term_step){.call = TERM_RESIGN, .term = term->term};
    if (term->beat_ms <= now_ms)
        return (struct term_step){.call = TERM_BEAT, .term = term->term};
    if (term->renew_ms <= now_ms)
        return (struct term_step){.call = TERM_RENEW};
    if (term->state == TERM_READS && wants_entries(term, has_room) && term->retry_ms <= now_ms)
        return (struct term_step){.call = TERM_POLL};
    return (struct term_step){.call = TERM_WAIT, .until_ms = earlier(term->beat_ms, term->renew_ms)};
}

struct term_step term_next(const struct term *term, int64_t now_ms, bool has_room)
{
    if (has_term(term))
        return lead_next(term, now_ms, has_room);
    if (term->state == TERM_FOLLOWS)
        return follow_next(term, now_ms, has_room && term->fault == 0);
    if (!term->may_stand)
        return (struct term_step){.call = TERM_POLL};
    if (term->stand_ms > now_ms)
        return (struct term_step){.call = TERM_WAIT, .until_ms = term->stand_ms};
    return (struct term_step){.call = term->is_granted ? TERM_STAND : TERM_GRANT};
}

/* From state to state. */

static void follow(struct term *term, int64_t poll_ms)
{
    term->state = TERM_FOLLOWS;
    term->silent_term = 0;
    term->must_depose = false;
    term->poll_ms = poll_ms;
}

/* There is no leader. */
static void stand(struct term *term, int64_t now_ms, uint32_t random)
{
    if (!term->may_stand || term->fault)
        return;
    term->state = TERM_STANDS;
    term->is_granted = false;
    term->must_depose = false;
    term->stand_ms = now_ms + random % (TERM_STAND_MOST_MS + 1);
    if (term->applied.number < term->head) /* those who have all go first */
        term->stand_ms += TERM_LAGS_MS;
}

static void read_to_end(struct term *term)
{
    if (term->state != TERM_READS || !term->has_end)
        return;
    if (term->applied.number > term->end.number ||
        (term->applied.number == term->end.number && !place_equal(&term->applied, &term->end)))
        term_fail(term, ERR_CORRUPT);
    else if (term->applied.number == term->end.number)
        term->state = TERM_LEADS;
}

/* An entry that its store cannot take, say. */
static void progress_watch(struct term *term, int64_t now_ms)
{
    if (term->state != TERM_READS || term->applied.number != term->read_number) {
        term->read_number = term->applied.number;
        term->read_ms = now_ms;
    }
    term->is_stuck = now_ms - term->read_ms >= TERM_STUCK_MS;
}

/* My key is the leader's: by this answer, or by one that was lost. */
static void elected(struct term *term, uint64_t in_term, int64_t now_ms)
{
    if (has_term(term) && term->term == in_term)
        return;
    term->state = TERM_READS;
    term->term = in_term;
    term->has_end = false;
    term->read_number = term->applied.number;
    term->read_ms = now_ms;
    term->is_stuck = false;
    term->beat_ms = now_ms;
    term->renew_ms = now_ms + TERM_RENEW_MS;
    term->confirmed_ms = now_ms - TERM_UNCONFIRMED_MS;
}

/* What nobody can change any more but me: by an answer that went through Raft in my term. */
static void confirmed(struct term *term, const struct term_seen *seen, int64_t sent_ms)
{
    term->confirmed_ms = later(term->confirmed_ms, sent_ms);
    if (!seen->has_head) {
        term_fail(term, ERR_CORRUPT);
    } else if (term->state == TERM_READS && !term->has_end) {
        term->has_end = true;
        term->end = seen->head;
        read_to_end(term);
    }
}

/* What answers say. */

static void silence_watch(struct term *term, const struct term_seen *seen, int64_t sent_ms, int64_t now_ms)
{
    bool is_same = term->silent_term == seen->leader_term && term->silent_changed == seen->leader_changed;
    if (!is_same || sent_ms - term->polled_ms > TERM_GAP_MS) {
        term->silent_term = seen->leader_term;
        term->silent_changed = seen->leader_changed;
        term->silent_since_ms = now_ms;
    }
    term->polled_ms = now_ms;
    term->must_depose = term->may_stand && !term->fault && sent_ms - term->silent_since_ms >= TERM_SILENT_MS;
}

static void leader_seen(struct term *term, const struct term_seen *seen, int64_t sent_ms, int64_t now_ms,
                        uint32_t random)
{
    if (seen->has_leader && seen->is_me) {
        elected(term, seen->leader_term, now_ms);
        return;
    }
    if (seen->has_leader) {
        if (term->state != TERM_FOLLOWS)
            follow(term, now_ms);
        silence_watch(term, seen, sent_ms, now_ms);
        return;
    }
    if (term->state != TERM_FOLLOWS)
        follow(term, now_ms);
    stand(term, now_ms, random);
}

static void poll_answered(struct term *term, const struct term_seen *seen, int64_t sent_ms, int64_t now_ms,
                          uint32_t random)
{
    if (!seen->is_answered) {
        term->silent_term = 0;
        term->retry_ms = now_ms + TERM_RETRY_MS;
        if (!has_term(term))
            follow(term, now_ms + TERM_RETRY_MS);
        return;
    }
    term->head = seen->head.number;
    if (!seen->has_head || (term->head == term->taken.number && !place_equal(&seen->head, &term->taken)))
        term_fail(term, ERR_CORRUPT);
    /* A plain read may be of a moment ago: that a term of mine is over, only a comparison says. */
    if (has_term(term))
        return;
    term->poll_ms = now_ms + TERM_POLL_LEAST_MS + random % (TERM_POLL_MOST_MS - TERM_POLL_LEAST_MS + 1);
    leader_seen(term, seen, sent_ms, now_ms, random >> 16);
}

static void stand_answered(struct term *term, const struct term_seen *seen, int64_t sent_ms, int64_t now_ms,
                           uint32_t random)
{
    term->is_granted = false;
    if (!seen->is_answered) {
        follow(term, now_ms + TERM_RETRY_MS);
    } else if (seen->is_done) {
        elected(term, seen->leader_term, now_ms);
        confirmed(term, seen, sent_ms);
        term->beat_ms = sent_ms + TERM_BEAT_MS;
    } else {
        leader_seen(term, seen, sent_ms, now_ms, random);
    }
}

static void beat_answered(struct term *term, const struct term_seen *seen, int64_t sent_ms, int64_t now_ms)
{
    if (!seen->is_answered || sent_ms - term->confirmed_ms > TERM_GAP_MS)
        term->read_ms = now_ms; /* nothing could be read meanwhile, or it was stopped */
    if (!seen->is_answered) {
        term->beat_ms = now_ms + TERM_RETRY_MS;
    } else if (seen->is_done) {
        term->beat_ms = sent_ms + TERM_BEAT_MS;
        confirmed(term, seen, sent_ms);
        progress_watch(term, now_ms);
    } else {
        follow(term, now_ms);
    }
}

void term_answered(struct term *term, const struct term_step *step, const struct term_seen *seen,
                   int64_t sent_ms, int64_t now_ms, uint32_t random)
{
    bool is_mine = has_term(term) && term->term == step->term;
    switch (step->call) {
    case TERM_WAIT:
        break;
    case TERM_POLL:
        poll_answered(term, seen, sent_ms, now_ms, random);
        break;
    case TERM_GRANT:
        term->is_granted = seen->is_answered && seen->is_done;
        if (!term->is_granted)
            follow(term, now_ms + TERM_RETRY_MS);
        break;
    case TERM_STAND:
        stand_answered(term, seen, sent_ms, now_ms, random);
        break;
    case TERM_BEAT:
        if (is_mine)
            beat_answered(term, seen, sent_ms, now_ms);
        break;
    case TERM_RENEW:
        term->renew_ms = now_ms + (seen->is_answered && seen->is_done ? TERM_RENEW_MS : TERM_RETRY_MS);
        break;
    case TERM_DEPOSE:
        follow(term, now_ms);
        if (seen->is_answered && seen->is_done)
            stand(term, now_ms, random);
        break;
    case TERM_RESIGN:
        if (is_mine && seen->is_answered)
            follow(term, now_ms + TERM_POLL_MOST_MS);
        term->retry_ms = now_ms + TERM_RETRY_MS;
        break;
    }
}

void term_take(struct term *term, const struct order_place *place)
{
    term->taken = *place;
}

void term_fail(struct term *term, int fault)
{
    term->fault = fault;
    term->may_stand = false; /* and gives up what it has */
}

void term_hint(struct term *term)
{
    term->poll_ms = 0;
}

/* What the writer does. */

void term_applied(struct term *term, const struct order_place *place)
{
    term->applied = *place;
    read_to_end(term);
}

int term_append(struct term *term, uint64_t number, int64_t now_ms)
{
    if (term->state != TERM_LEADS || number != term->applied.number + 1)
        return ERR_NOT_LEADER;
    if (!term_leads(term, now_ms))
        return ERR_BUSY;
    term->is_open = true;
    return 0;
}

void term_appended(struct term *term, uint64_t in_term, const struct order_place *place, int64_t sent_ms)
{
    term->is_open = false;
    term->applied = *place;
    if (term->taken.number < place->number)
        term->taken = *place;
    if (term->head < place->number)
        term->head = place->number;
    if (term->state == TERM_LEADS && term->term == in_term)
        term->confirmed_ms = later(term->confirmed_ms, sent_ms);
    read_to_end(term);
}

void term_lost(struct term *term, uint64_t in_term, bool is_over)
{
    term->is_open = false;
    if (is_over && has_term(term) && term->term == in_term)
        follow(term, 0);
}

bool term_leads(const struct term *term, int64_t now_ms)
{
    return term->state == TERM_LEADS && term->may_stand && now_ms - term->confirmed_ms < TERM_UNCONFIRMED_MS;
}
