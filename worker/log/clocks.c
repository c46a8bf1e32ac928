#include "worker/log/clocks.h"

#include <stdio.h>

#define UNIX_MOST_MS (INT64_MAX / 8) /* no clock says more */

enum finding { FINDING_NONE, FINDING_AGREES, FINDING_OTHER_BEHIND, FINDING_OTHER_AHEAD, FINDINGS };

static const struct clocks_row *row_of(const struct clocks *clocks, const char *worker)
{
    for (size_t i = 0; i < clocks->count; i++)
        if (strcmp(clocks->rows[i].worker, worker) == 0)
            return &clocks->rows[i];
    return NULL;
}

/* It was put since the reading before. */
static void row_heard(struct clocks_row *row, int64_t unix_ms, int64_t before_ms, int64_t now_ms)
{
    row->least_ms[1] = row->least_ms[0];
    row->most_ms[1] = row->most_ms[0];
    row->least_ms[0] = unix_ms - now_ms;
    row->most_ms[0] = unix_ms - before_ms;
    row->heard++;
}

void clocks_saw(struct clocks *clocks, const struct clocks_seat *seats, size_t count, int64_t asked_ms, int64_t now_ms)
{
    const struct clocks before = *clocks;
    clocks->count = 0;
    clocks->asked_ms = asked_ms;
    clocks->read_ms = now_ms;
    bool has_gap = now_ms - before.read_ms > CLOCKS_GAP_MS;
    for (size_t i = 0; i < count && clocks->count < SEATS_MAX; i++) {
        const struct clocks_row *known = row_of(&before, seats[i].worker);
        struct clocks_row *row = &clocks->rows[clocks->count++];
        bool is_put = before.asked_ms != 0 && (!known || known->changed != seats[i].changed);
        *row = known ? *known : (struct clocks_row){.heard = 0};
        snprintf(row->worker, sizeof(row->worker), "%s", seats[i].worker);
        if (!known || is_put || has_gap)
            row->seen_ms = now_ms;
        row->changed = seats[i].changed;
        row->tells = seats[i].unix_ms > 0 && seats[i].unix_ms <= UNIX_MOST_MS;
        if (is_put && row->tells)
            row_heard(row, seats[i].unix_ms, before.asked_ms, now_ms);
    }
}

static enum finding find(const struct clocks_row *row, int64_t own_ms, int64_t now_ms)
{
    int64_t least_ms = row->least_ms[0] - own_ms, most_ms = row->most_ms[0] - own_ms;
    if (!row->tells || row->heard == 0 || now_ms - row->seen_ms > CLOCKS_LIVE_MS)
        return FINDING_NONE;
    if (least_ms > CLOCKS_OFF_MS)
        return FINDING_OTHER_AHEAD;
    if (most_ms < -CLOCKS_OFF_MS)
        return row->heard > 1 && row->most_ms[1] - own_ms < -CLOCKS_OFF_MS ? FINDING_OTHER_BEHIND : FINDING_NONE;
    return least_ms >= -CLOCKS_OFF_MS && most_ms <= CLOCKS_OFF_MS ? FINDING_AGREES : FINDING_NONE;
}

const char *clocks_unheard(const struct clocks *clocks, int64_t own_ms, int64_t now_ms)
{
#ifdef COMITY_CONTROL_TRUSTS_ITS_CLOCK
    return NULL;
#endif
    if (clocks->asked_ms == 0)
        return "";
    for (size_t i = 0; i < clocks->count; i++) {
        const struct clocks_row *row = &clocks->rows[i];
        bool is_still = now_ms - row->seen_ms >= CLOCKS_STILL_MS;
        if (row->tells && !is_still && row->heard < 2 && find(row, own_ms, now_ms) == FINDING_NONE)
            return row->worker;
    }
    return NULL;
}

bool clocks_are_heard(const struct clocks *clocks, int64_t own_ms, int64_t now_ms)
{
    return clocks_unheard(clocks, own_ms, now_ms) == NULL;
}

void clocks_judge(const struct clocks *clocks, int64_t own_ms, int64_t now_ms, const char *leader, bool leads,
                  struct clocks_judgement *ret_judgement)
{
    size_t count[FINDINGS] = {0};
    const struct clocks_row *last[FINDINGS] = {NULL};
    enum finding of_leader = FINDING_NONE;
    *ret_judgement = (struct clocks_judgement){.is_off = false};
#ifdef COMITY_CONTROL_TRUSTS_ITS_CLOCK
    return;
#endif
    for (size_t i = 0; i < clocks->count; i++) {
        enum finding finding = find(&clocks->rows[i], own_ms, now_ms);
        count[finding]++;
        last[finding] = &clocks->rows[i];
        if (!leads && strcmp(clocks->rows[i].worker, leader) == 0)
            of_leader = finding;
    }
    size_t agree = count[FINDING_AGREES] + 1, differ = count[FINDING_OTHER_BEHIND] + count[FINDING_OTHER_AHEAD];
    ret_judgement->is_agreed = agree > 1 && agree > differ;
    enum finding side = count[FINDING_OTHER_AHEAD] > count[FINDING_OTHER_BEHIND] ? FINDING_OTHER_AHEAD : FINDING_OTHER_BEHIND;
    if (count[FINDING_OTHER_AHEAD] == count[FINDING_OTHER_BEHIND] && of_leader == FINDING_OTHER_AHEAD)
        side = of_leader;
    if (count[side] < agree || (count[side] == agree && of_leader != side))
        return;
    ret_judgement->is_off = true;
    ret_judgement->ahead_ms = own_ms - (last[side]->least_ms[0] + last[side]->most_ms[0]) / 2;
    ret_judgement->more = count[side] - 1;
    snprintf(ret_judgement->worker, sizeof(ret_judgement->worker), "%s", last[side]->worker);
}
