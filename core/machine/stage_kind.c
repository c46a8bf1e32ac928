/* What each kind of stage asks of whom, and what it comes to: a row a kind. docs/rules.md */
#include <stdlib.h>

#include "core/machine/ladder.h"

#define UNSPECIFIED COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_UNSPECIFIED
#define ADOPTED COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED
#define REJECTED COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REJECTED

static Comity__V1__OutcomeKind otherwise(const Comity__V1__Stage *stage, const Comity__V1__StageRun *run)
{
    return stage->otherwise != UNSPECIFIED ? stage->otherwise : run->entered_on;
}

static int by_number(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *) a;
    uint32_t right = *(const uint32_t *) b;

    return left < right ? -1 : left > right;
}

/* SECONDING: a block counts if others second it. R-63 */

static bool is_block(const struct decide *d, const struct roll_line *line)
{
    return line->has_answered && rule_stance(d->round->rule, line->given.answer) == COMITY__V1__STANCE__STANCE_BLOCK;
}

static int ask_seconds(struct decide *d, const Comity__V1__Stage *stage, Comity__V1__StageRun *run)
{
    struct roll roll;

    (void) stage;
    if (roll_of_round(d, &roll) != 0)
        return d->code;
    run->blockers = decide_alloc(d, roll.count, sizeof(*run->blockers));
    for (size_t i = 0; run->blockers && i < roll.count; i++)
        if (is_block(d, &roll.lines[i]))
            run->blockers[run->n_blockers++] = roll.lines[i].member;
    if (run->n_blockers > 0)
        qsort(run->blockers, run->n_blockers, sizeof(*run->blockers), by_number);
    return d->code;
}

static uint32_t constituency_on_roll(struct decide *d, uint32_t member)
{
    const Comity__V1__RollEntry *entry = decide_get(d, TABLE_ROLL, d->round->number, member);

    return entry ? entry->constituency : 0;
}

int stage_is_seconded(struct decide *d, const Comity__V1__Stage *stage, const Comity__V1__StageRun *run,
                      uint32_t voter, bool *ret_is)
{
    uint32_t own = constituency_on_roll(d, voter);
    uint32_t seconds = 0;
    bool by_other = false;

    for (size_t i = 0; d->code == 0 && i < run->n_seconds; i++) {
        if (run->seconds[i]->voter != voter)
            continue;
        seconds++;
        by_other |= constituency_on_roll(d, run->seconds[i]->member) != own;
    }
    *ret_is = (stage->count > 0 && seconds >= stage->count) || (stage->by_other && by_other);
    return d->code;
}

/* In a list that is in order. */
static bool holds(const uint32_t *numbers, size_t count, uint32_t number)
{
    return count > 0 && bsearch(&number, numbers, count, sizeof(*numbers), by_number) != NULL;
}

/* In one that is being made, in whatever order. */
static bool has(const uint32_t *numbers, size_t count, uint32_t number)
{
    for (size_t i = 0; i < count; i++)
        if (numbers[i] == number)
            return true;
    return false;
}

/* An answer that the scale has not: of so many there is always one. */
static uint32_t free_answer(const Comity__V1__Rule *rule)
{
    uint32_t answer = 1;

    while (rule_stance(rule, answer) != COMITY__V1__STANCE__STANCE_UNSPECIFIED)
        answer++;
    return answer;
}

/* The round's rule with an answer that stands for what an unseconded block counts as. *ret_answer: that answer. */
static Comity__V1__Rule *recount_rule(struct decide *d, Comity__V1__Stance counts_as, uint32_t *ret_answer)
{
    Comity__V1__Rule *rule = arena_copy(d->arena, d->round->rule, sizeof(*rule));
    Comity__V1__ScaleEntry *entry = decide_new(d, &comity__v1__scale_entry__descriptor);

    *ret_answer = 0;
    for (size_t i = 0; rule && i < rule->n_scale && *ret_answer == 0; i++)
        if (rule->scale[i]->stance == counts_as)
            *ret_answer = rule->scale[i]->answer;
    if (!rule || !entry || *ret_answer != 0)
        return rule;
    rule->scale = decide_alloc(d, rule->n_scale + 1, sizeof(*rule->scale));
    if (!rule->scale)
        return NULL;
    memcpy(rule->scale, d->round->rule->scale, rule->n_scale * sizeof(*rule->scale));
    entry->answer = *ret_answer = free_answer(d->round->rule);
    entry->label = (char *) (uintptr_t) "unseconded";
    entry->stance = counts_as;
    rule->scale[rule->n_scale++] = entry;
    return rule;
}

/* The same roll, ballots and presence; blocks that nobody seconded count as what the rule says. */
static int recount(struct decide *d, const Comity__V1__Stage *stage, const Comity__V1__StageRun *run,
                   struct stage_result *result)
{
    uint32_t answer;
    Comity__V1__Rule *rule = recount_rule(d, stage->counts_as, &answer);
    struct rule_input input;
    struct roll roll;
    int code;

    if (!rule || roll_of_round(d, &roll) != 0)
        return d->code != 0 ? d->code : decide_fail(d, ERR_MEMORY);
    for (size_t i = 0; i < roll.count; i++) {
        struct roll_line *line = &roll.lines[i];
        bool is_seconded = true;

        line->is_present = holds(run->present, run->n_present, line->member);
        if (is_block(d, line) && stage_is_seconded(d, stage, run, line->member, &is_seconded) != 0)
            return d->code;
        if (!is_seconded)
            line->given.answer = answer;
    }
    input = roll_input(&roll, d->round);
    input.rule = rule;
    input.rounds_remain = false;
    code = rule_count(&input, d->arena, &result->recount);
    if (code != 0)
        return decide_fail(d, code);
    result->recount->rule_hash = d->round->rule_hash;
    result->outcome = result->recount->kind;
    return 0;
}

static int come_to_seconds(struct decide *d, const Comity__V1__Stage *stage, const Comity__V1__StageRun *run,
                           bool is_time_over, struct stage_result *result)
{
    bool are_seconded = true;

    for (size_t i = 0; are_seconded && i < run->n_blockers; i++)
        if (stage_is_seconded(d, stage, run, run->blockers[i], &are_seconded) != 0)
            return d->code;
    return are_seconded || is_time_over ? recount(d, stage, run, result) : 0;
}

/* CONFER: they meet, and the outcome is as it was. R-64 */
static int come_to_conferences(struct decide *d, const Comity__V1__Stage *stage,
                               const Comity__V1__StageRun *run, bool is_time_over, struct stage_result *result)
{
    (void) d;
    if (run->n_conferences >= stage->count)
        result->outcome = run->entered_on;
    else if (is_time_over)
        result->outcome = otherwise(stage, run);
    return 0;
}

/* Every key, valid or not: what is unpacked of one is dropped before the next, for there may be more than memory for all. */
struct key_walk {
    struct decide *d;
    struct arena *row; /* of the key in hand, and of what it leads to */
    int (*visit)(void *context, const Comity__V1__Key *key); /* of a valid one: 0, or a code */
    void *context;
};

static int walk_visit(void *context, const ProtobufCMessage *row, struct bytes at)
{
    const Comity__V1__Key *key = (const Comity__V1__Key *) row;
    const struct key_walk *walk = context;
    int code = key->revoked == 0 ? walk->visit(walk->context, key) : 0;

    (void) at;
    arena_reset(walk->row);
    return code;
}

static int walk_keys(struct key_walk *walk)
{
    struct row_key all = row_key_all(TABLE_KEY);
    int code;

    walk->row = arena_new(ARENA_LIMIT_DEFAULT);
    code = walk->row ? row_each(walk->d->view, walk->row, TABLE_KEY, &all, walk_visit, walk) : ERR_MEMORY;
    arena_destroy(&walk->row);
    return code == 0 ? 0 : decide_fail(walk->d, code);
}

/* The holders of an office, of whom CASTING and SIGN_OFF ask. */
struct holders {
    struct key_walk walk;
    Comity__V1__StageRun *run;
    Comity__V1__Office office;
    bool of_parties; /* alone */
    size_t room;
};

static bool is_party(const struct decide *d, const Comity__V1__Constituency *constituency)
{
    Comity__V1__Standing standing = constituency->standing;

    for (size_t i = 0; i < d->round->n_standings; i++)
        if (d->round->standings[i]->constituency == constituency->number)
            standing = d->round->standings[i]->standing;
    return standing == COMITY__V1__STANDING__STANDING_PARTY;
}

static int holder_add(struct holders *holders, uint32_t member)
{
    Comity__V1__StageRun *run = holders->run;

    run->asked = arena_room(holders->walk.d->arena, run->asked, run->n_asked, &holders->room, sizeof(*run->asked));
    if (!run->asked)
        return ERR_MEMORY;
    run->asked[run->n_asked++] = member;
    return 0;
}

static int get_on_walk(const struct key_walk *walk, enum table table, uint32_t number, ProtobufCMessage **ret_row)
{
    int code = state_get(walk->d->view, walk->row, table, number, 0, ret_row);

    return code == ERR_NOT_FOUND ? ERR_CORRUPT : code;
}

/* A member without a valid key has left. */
static int holder_visit(void *context, const Comity__V1__Key *key)
{
    struct holders *holders = context;
    const struct key_walk *walk = &holders->walk;
    const Comity__V1__Member *member;
    ProtobufCMessage *row;
    int code = get_on_walk(walk, TABLE_MEMBER, key->member, &row);

    if (code != 0)
        return code;
    member = (const Comity__V1__Member *) row;
    if (!member_has_office(member, holders->office) ||
        has(holders->run->asked, holders->run->n_asked, member->number)) /* by another key */
        return 0;
    code = get_on_walk(walk, TABLE_CONSTITUENCY, member->constituency, &row);
    if (code != 0 || (holders->of_parties && !is_party(walk->d, (const Comity__V1__Constituency *) row)))
        return code;
    return holder_add(holders, member->number);
}

static int ask_office(struct decide *d, const Comity__V1__Stage *stage, Comity__V1__StageRun *run)
{
    struct holders holders = {.run = run, .office = stage->office, .of_parties = stage->each_party};

    holders.walk = (struct key_walk){.d = d, .visit = holder_visit, .context = &holders};
    if (walk_keys(&holders.walk) != 0)
        return d->code;
    if (run->n_asked > 0)
        qsort(run->asked, run->n_asked, sizeof(*run->asked), by_number);
    return 0;
}

static uint32_t constituency_of(struct decide *d, uint32_t member)
{
    const Comity__V1__Member *row = decide_get(d, TABLE_MEMBER, member, 0);

    return row ? row->constituency : 0;
}

/* Is a member of the constituency among them? */
static bool any_of(struct decide *d, const uint32_t *members, size_t count, uint32_t constituency)
{
    for (size_t i = 0; d->code == 0 && i < count; i++)
        if (constituency_of(d, members[i]) == constituency)
            return true;
    return false;
}

struct party_search {
    struct decide *d;
    const Comity__V1__StageRun *run;
    bool lacks; /* a PARTY has nobody among those who are asked */
};

static int party_visit(void *context, const ProtobufCMessage *row, struct bytes key)
{
    const Comity__V1__Constituency *constituency = (const Comity__V1__Constituency *) row;
    struct party_search *search = context;

    (void) key;
    if (is_party(search->d, constituency) &&
        !any_of(search->d, search->run->asked, search->run->n_asked, constituency->number))
        search->lacks = true;
    return search->d->code;
}

/* Where a PARTY has nobody who could sign, nobody is asked. R-68 */
static int ask_signatures(struct decide *d, const Comity__V1__Stage *stage, Comity__V1__StageRun *run)
{
    struct party_search search = {d, run, false};
    struct row_key all = row_key_all(TABLE_CONSTITUENCY);
    int code;

    if (ask_office(d, stage, run) != 0 || !stage->each_party)
        return d->code;
    code = row_each(d->view, d->arena, TABLE_CONSTITUENCY, &all, party_visit, &search);
    if (code != 0)
        return d->code != 0 ? d->code : decide_fail(d, code);
    if (search.lacks)
        run->n_asked = 0;
    return 0;
}

/* Those who are asked, have not been heard, and are still there: who is waited for. */
struct waiting {
    struct decide *d;
    const Comity__V1__StageRun *run;
    uint32_t *members;
    size_t count;
};

static bool is_heard(const Comity__V1__StageRun *run, uint32_t member)
{
    for (size_t i = 0; i < run->n_voices; i++)
        if (run->voices[i]->member == member)
            return true;
    return false;
}

static int waiting_visit(void *context, const Comity__V1__Key *key)
{
    struct waiting *waiting = context;
    const Comity__V1__StageRun *run = waiting->run;

    if (key->member != waiting->d->leaving && holds(run->asked, run->n_asked, key->member) &&
        !is_heard(run, key->member) && !has(waiting->members, waiting->count, key->member))
        waiting->members[waiting->count++] = key->member;
    return 0;
}

static int wait_for(struct decide *d, const Comity__V1__StageRun *run, struct waiting *waiting)
{
    struct key_walk walk = {.d = d, .visit = waiting_visit, .context = waiting};

    *waiting = (struct waiting){.d = d, .run = run};
    if (run->n_voices == run->n_asked)
        return d->code;
    waiting->members = decide_alloc(d, run->n_asked, sizeof(*waiting->members));
    if (!waiting->members)
        return d->code;
    return walk_keys(&walk);
}

/* CASTING: the holders of an office decide, if they are of one mind. R-65 */
static int come_to_casting(struct decide *d, const Comity__V1__Stage *stage, const Comity__V1__StageRun *run,
                           bool is_time_over, struct stage_result *result)
{
    struct waiting waiting;
    bool differ = false;

    if (wait_for(d, run, &waiting) != 0)
        return d->code;
    for (size_t i = 1; i < run->n_voices; i++)
        differ |= run->voices[i]->agrees != run->voices[0]->agrees;
    if (!differ && run->n_voices > 0 && waiting.count == 0)
        result->outcome = run->voices[0]->agrees ? ADOPTED : REJECTED;
    else if (differ || waiting.count == 0 || is_time_over)
        result->outcome = otherwise(stage, run);
    return 0;
}

/* Does it wait for somebody, and is there nobody left to speak where somebody has to? Where each party signs, the
 * first who is heard speaks for it. */
static int hear_all(struct decide *d, const Comity__V1__Stage *stage, const Comity__V1__StageRun *run,
                    bool *ret_waits, bool *ret_lacks)
{
    struct waiting waiting;
    uint32_t *heard = decide_alloc(d, run->n_voices + 1, sizeof(*heard));

    if (!heard || wait_for(d, run, &waiting) != 0)
        return d->code;
    for (size_t i = 0; i < run->n_voices; i++)
        heard[i] = run->voices[i]->member;
    *ret_waits = !stage->each_party && waiting.count > 0;
    *ret_lacks = waiting.count == 0 && run->n_voices == 0;
    for (size_t i = 0; stage->each_party && d->code == 0 && i < run->n_asked; i++) {
        uint32_t party = constituency_of(d, run->asked[i]);

        if (any_of(d, heard, run->n_voices, party))
            continue;
        if (any_of(d, waiting.members, waiting.count, party))
            *ret_waits = true;
        else
            *ret_lacks = true;
    }
    return d->code;
}

/* SIGN_OFF: the outcome stands if the holders of an office agree to it. R-68 */
static int come_to_sign_off(struct decide *d, const Comity__V1__Stage *stage, const Comity__V1__StageRun *run,
                            bool is_time_over, struct stage_result *result)
{
    bool is_refused = false, waits = false, lacks = false;

    if (hear_all(d, stage, run, &waits, &lacks) != 0)
        return d->code;
    for (size_t i = 0; i < run->n_voices; i++)
        is_refused |= !run->voices[i]->agrees;
    if (is_refused || lacks || (waits && is_time_over))
        result->outcome = stage->otherwise != UNSPECIFIED ? stage->otherwise : REJECTED;
    else if (!waits)
        result->outcome = run->entered_on;
    return 0;
}

/* UMPIRE, ESCALATE: the answer that is entered ends it. */
static int come_to_answer(struct decide *d, const Comity__V1__Stage *stage, const Comity__V1__StageRun *run,
                          bool is_time_over, struct stage_result *result)
{
    (void) d;
    if (is_time_over)
        result->outcome = otherwise(stage, run);
    return 0;
}

/* */
static int come_to_status_quo(struct decide *d, const Comity__V1__Stage *stage, const Comity__V1__StageRun *run,
                              bool is_time_over, struct stage_result *result)
{
    (void) d, (void) stage, (void) run, (void) is_time_over;
    result->outcome = REJECTED;
    return 0;
}

/* */
static int come_to_default(struct decide *d, const Comity__V1__Stage *stage, const Comity__V1__StageRun *run,
                           bool is_time_over, struct stage_result *result)
{
    (void) d, (void) run, (void) is_time_over;
    result->outcome = stage->outcome == ADOPTED ? COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED_BY_DEFAULT
                                                : stage->outcome;
    return 0;
}

static const struct {
    int (*ask)(struct decide *d, const Comity__V1__Stage *stage, Comity__V1__StageRun *run);
    int (*come_to)(struct decide *d, const Comity__V1__Stage *stage, const Comity__V1__StageRun *run,
                   bool is_time_over, struct stage_result *result);
} KINDS[] = {
    [COMITY__V1__STAGE_KIND__STAGE_KIND_ROUNDS] = {NULL, NULL}, /* its rounds end it */
    [COMITY__V1__STAGE_KIND__STAGE_KIND_SECONDING] = {ask_seconds, come_to_seconds},
    [COMITY__V1__STAGE_KIND__STAGE_KIND_CONFER] = {NULL, come_to_conferences},
    [COMITY__V1__STAGE_KIND__STAGE_KIND_CASTING] = {ask_office, come_to_casting},
    [COMITY__V1__STAGE_KIND__STAGE_KIND_UMPIRE] = {NULL, come_to_answer},
    [COMITY__V1__STAGE_KIND__STAGE_KIND_ESCALATE] = {NULL, come_to_answer},
    [COMITY__V1__STAGE_KIND__STAGE_KIND_SIGN_OFF] = {ask_signatures, come_to_sign_off},
    [COMITY__V1__STAGE_KIND__STAGE_KIND_STATUS_QUO] = {NULL, come_to_status_quo},
    [COMITY__V1__STAGE_KIND__STAGE_KIND_DEFAULT] = {NULL, come_to_default},
};

int stage_ask(struct decide *d, const Comity__V1__Stage *stage, Comity__V1__StageRun *run)
{
    size_t kind = (size_t) stage->kind;

    return kind < ARRAY_COUNT(KINDS) && KINDS[kind].ask ? KINDS[kind].ask(d, stage, run) : d->code;
}

int stage_come_to(struct decide *d, const Comity__V1__Stage *stage, const Comity__V1__StageRun *run,
                  bool is_time_over, struct stage_result *ret_result)
{
    size_t kind = (size_t) stage->kind;

    *ret_result = (struct stage_result){UNSPECIFIED, NULL};
    if (kind >= ARRAY_COUNT(KINDS))
        return decide_fail(d, ERR_CORRUPT);
    return KINDS[kind].come_to ? KINDS[kind].come_to(d, stage, run, is_time_over, ret_result) : 0;
}
