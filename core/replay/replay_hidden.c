/* Events whose command is withheld from the reader of a member's copy: what can be checked of them, and what
 * follows from it for others. */
#include "core/machine/count.h"
#include "core/machine/row.h"
#include "core/machine/state.h"
#include "core/replay/replaying.h"

/* In which round somebody answered; 0: it is of another kind. */
static uint32_t ballot_round(const Comity__V1__Event *open)
{
    switch (open->kind_case) {
    case COMITY__V1__EVENT__KIND_BALLOT_CAST:
        return open->ballot_cast->round;
    case COMITY__V1__EVENT__KIND_BALLOTS_ENTERED:
        return open->ballots_entered->round;
    case COMITY__V1__EVENT__KIND_BALLOT_DISPUTED:
        return open->ballot_disputed->round;
    default:
        return 0;
    }
}

ProtobufCMessage *replay_row(struct replay *r, enum table table, uint32_t number)
{
    struct view view = r->place.view(r->place.self);
    ProtobufCMessage *row = NULL;

    return state_get(&view, r->arena, table, number, 0, &row) == 0 ? row : NULL;
}

struct search {
    uint32_t member;
    ProtobufCBinaryData key;
};

static int key_visit(void *context, const ProtobufCMessage *row, struct bytes at)
{
    const Comity__V1__Key *key = (const Comity__V1__Key *) row;
    struct search *search = context;

    (void) at;
    if (key->member != search->member || key->revoked != 0)
        return 0;
    search->key = key->key;
    return 1;
}

ProtobufCBinaryData replay_key_of(struct replay *r, uint32_t member)
{
    struct view view = r->place.view(r->place.self);
    struct row_key all = row_key_all(TABLE_KEY);
    struct search search = {.member = member};

    row_each(&view, r->arena, TABLE_KEY, &all, key_visit, &search);
    return search.key;
}

/* The body for which alone it is; 0: it is for all, or of another kind. */
static uint32_t body_of(struct replay *r, const Comity__V1__Event *open)
{
    const Comity__V1__DataRequest *request = NULL;
    const Comity__V1__Fact *fact = NULL;

    if (open->kind_case == COMITY__V1__EVENT__KIND_DATA_REQUESTED)
        request = open->data_requested->request;
    else if (open->kind_case == COMITY__V1__EVENT__KIND_DATA_ANSWERED)
        request =
            (const Comity__V1__DataRequest *) replay_row(r, TABLE_DATA_REQUEST, open->data_answered->request);
    else if (open->kind_case == COMITY__V1__EVENT__KIND_FACT_STATED)
        fact = open->fact_stated->fact;
    else if (open->kind_case == COMITY__V1__EVENT__KIND_FACT_JUDGED)
        fact = (const Comity__V1__Fact *) replay_row(r, TABLE_FACT, open->fact_judged->fact);
    return request != NULL ? request->confined_to : fact != NULL ? fact->confined_to : 0;
}

/* Of a ballot; NULL: it is none. */
static const Comity__V1__Round *round_of(struct replay *r, const Comity__V1__Event *open)
{
    const Comity__V1__Round *round = (const Comity__V1__Round *) replay_row(r, TABLE_ROUND, ballot_round(open));

    return round != NULL && round->rule != NULL ? round : NULL;
}

/* Is it of a kind that a worker withholds? */
static int kind_check(struct replay *r, const struct replay_event *in, const Comity__V1__Round *round)
{
    const struct event_part *part = &in->parts[1];
    uint32_t body = body_of(r, in->open);
    bool is_ballot = round != NULL && part->round == round->number &&
                     round->rule->visibility == COMITY__V1__VISIBILITY__VISIBILITY_UNTIL_CLOSE &&
                     part->audience == COMITY__V1__AUDIENCE__AUDIENCE_VOTER_UNTIL_CLOSE;
    bool is_body = body != 0 && part->round == body && part->audience == COMITY__V1__AUDIENCE__AUDIENCE_BODY;

    if (!is_ballot && !is_body)
        return replay_wrong(r, REPLAY_RECORD, ERR_MALFORMED, N_("its command is withheld, and is for all"));
    for (size_t i = 2; i < in->part_count; i++)
        if (in->parts[i].audience != part->audience || in->parts[i].round != part->round)
            return replay_wrong(r, REPLAY_RECORD, ERR_MALFORMED,
                                N_("parts of its command are for different audiences"));
    return 0;
}

static int id_check(struct replay *r, const struct replay_event *in)
{
    if (in->open->command_id.len != COMMAND_ID_SIZE)
        return replay_wrong(r, REPLAY_RECORD, ERR_MALFORMED, N_("it does not say which command caused it"));
    if (r->place.find_command(r->place.self, in->open->command_id.data) != ERR_NOT_FOUND)
        return replay_wrong(r, REPLAY_COMMAND, ERR_CORRUPT, N_("its command came before"));
    return 0;
}

static int mark(struct view_memory *set, struct bytes key)
{
    struct view view = view_memory_view(set);

    return view_put(&view, key, BYTES(NULL, 0));
}

static bool is_marked(struct view_memory *set, struct bytes key)
{
    struct view view = view_memory_view(set);
    struct bytes value;

    return view_get(&view, key, &value) == 0;
}

/* The round has a ballot that is withheld, and these are texts of such a ballot. */
static int hide(struct replay *r, const struct replay_event *in, uint32_t round)
{
    uint8_t key[4];
    int code;

    put_u32(key, round);
    code = mark(r->hidden, BYTES(key, sizeof(key)));
    for (size_t i = 2; i < in->part_count && code == 0; i++)
        code = mark(r->hidden_texts, BYTES(in->parts[i].hash, HASH_SIZE));
    return code;
}

int replay_take_hidden(struct replay *r, struct replay_event *in)
{
    const Comity__V1__Round *round = round_of(r, in->open);
    int first = kind_check(r, in, round), code;

    in->is_hidden = in->is_undecided = true;
    code = first == 0 ? id_check(r, in) : 0;
    first = first != 0 ? first : code;
    if (replay_stops(r, first) || (round == NULL && first != 0))
        return first;
    code = replay_stand_in(r, in, round);
    in->machine.command = r->command.body;
    if (code == ERR_MEMORY || (round != NULL && hide(r, in, round->number) != 0))
        return replay_wrong(r, REPLAY_MACHINE, ERR_MEMORY, N_("not enough memory"));
    if (code != 0 && first == 0)
        return replay_wrong(r, REPLAY_RECORD, code, N_("no command that is withheld can have caused it (%s)"),
                            error_name(code));
    return first;
}

bool replay_hides_round(const struct replay *r, uint32_t round)
{
    uint8_t key[4];

    put_u32(key, round);
    return is_marked(r->hidden, BYTES(key, sizeof(key)));
}

/* Counts. */

const Comity__V1__Outcome *replay_counted(const struct replay *r, const Comity__V1__Event *open)
{
    switch (open->kind_case) {
    case COMITY__V1__EVENT__KIND_ROUND_CLOSED:
        return replay_hides_round(r, open->round_closed->round) ? open->round_closed->outcome : NULL;
    case COMITY__V1__EVENT__KIND_ROUND_EXTENDED:
        return replay_hides_round(r, open->round_extended->round) ? open->round_extended->outcome : NULL;
    default:
        return NULL;
    }
}

static bool tallies_fit(const Comity__V1__Tally *a, const Comity__V1__Tally *b)
{
    return strcmp(a->constituency, b->constituency) == 0 && a->eligible == b->eligible &&
           a->present == b->present && a->answered == b->answered && a->recused == b->recused &&
           a->silent == b->silent && a->weight == b->weight;
}

/* In all that does not rest on how somebody answered. */
static bool outcomes_fit(const Comity__V1__Outcome *a, const Comity__V1__Outcome *b)
{
    if (!bytes_equal(replay_bytes(a->rule_hash), replay_bytes(b->rule_hash)) ||
        a->n_ballots != b->n_ballots || a->n_tallies != b->n_tallies)
        return false;
    for (size_t i = 0; i < a->n_ballots; i++)
        if (a->ballots[i] != b->ballots[i])
            return false;
    for (size_t i = 0; i < a->n_tallies; i++)
        if (!tallies_fit(a->tallies[i], b->tallies[i]))
            return false;
    return true;
}

bool replay_count_fits(struct replay *r, const Comity__V1__Event *open)
{
    struct view view = r->place.view(r->place.self);
    const Comity__V1__RoundClosed *closed = open->round_closed;
    Comity__V1__Outcome *own;
    Comity__V1__Round *round;

    if (open->kind_case != COMITY__V1__EVENT__KIND_ROUND_CLOSED)
        return true;
    round = (Comity__V1__Round *) replay_row(r, TABLE_ROUND, closed->round);
    return round != NULL && round->rule != NULL &&
           round_outcome(&view, r->arena, round, open->actor, closed->cause, &own) == 0 &&
           outcomes_fit(own, closed->outcome);
}

uint32_t replay_hidden_stage(struct replay *r, const Comity__V1__Event *open)
{
    const Comity__V1__StageRun *run = NULL;

    if (open->kind_case == COMITY__V1__EVENT__KIND_STAGE_ENTERED)
        run = open->stage_entered->stage;
    else if (open->kind_case == COMITY__V1__EVENT__KIND_STAGE_ENDED)
        run = (const Comity__V1__StageRun *) replay_row(r, TABLE_STAGE, open->stage_ended->stage);
    return run != NULL && run->kind == COMITY__V1__STAGE_KIND__STAGE_KIND_SECONDING &&
                   replay_hides_round(r, run->round)
               ? run->round
               : 0;
}

/* Who blocks is said by the record: somebody who answered. All else of the stage is decided. */
static bool entry_may_differ(struct replay *r, const Comity__V1__StageRun *recorded,
                             const Comity__V1__StageRun *expected)
{
    struct view view = r->place.view(r->place.self);
    Comity__V1__StageRun same = *expected;
    struct bytes a, b;
    ProtobufCMessage *ballot;

    for (size_t i = 0; i < recorded->n_blockers; i++)
        if ((i > 0 && recorded->blockers[i] <= recorded->blockers[i - 1]) ||
            state_get(&view, r->arena, TABLE_BALLOT, expected->round, recorded->blockers[i], &ballot) != 0)
            return false;
    same.blockers = recorded->blockers;
    same.n_blockers = recorded->n_blockers;
    return message_pack(&same.base, r->arena, &a) == 0 && message_pack(&recorded->base, r->arena, &b) == 0 &&
           bytes_equal(a, b);
}

/* A ballot brings both its texts, if only empty ones, which no purge takes: of those that are withheld the purge
 * itself says which they are. */
static bool purge_may_differ(const struct replay *r, const Comity__V1__TextsPurged *recorded,
                             const Comity__V1__TextsPurged *expected)
{
    size_t at = 0;

    if (recorded->session != expected->session || (expected->is_last && !recorded->is_last))
        return false;
    for (size_t i = 0; i < expected->n_hashes; i++) {
        struct bytes hash = replay_bytes(expected->hashes[i]);
        if (at < recorded->n_hashes && bytes_equal(hash, replay_bytes(recorded->hashes[at])))
            at++;
        else if (!is_marked(r->hidden_texts, hash))
            return false;
    }
    return at == recorded->n_hashes || !expected->is_last; /* further ones, in place of those */
}

static bool stages_may_differ(struct replay *r, const Comity__V1__Event *recorded, const Comity__V1__Event *expected)
{
    if (expected->kind_case == COMITY__V1__EVENT__KIND_STAGE_ENDED)
        return recorded->stage_ended->stage == expected->stage_ended->stage;
    return recorded->stage_entered->stage != NULL &&
           entry_may_differ(r, recorded->stage_entered->stage, expected->stage_entered->stage);
}

bool replay_may_differ(struct replay *r, const Comity__V1__Event *recorded, const Comity__V1__Event *expected)
{
    uint32_t round = replay_hidden_stage(r, expected);

    if (recorded->kind_case != expected->kind_case)
        return false;
    if (recorded->kind_case == COMITY__V1__EVENT__KIND_TEXTS_PURGED)
        return purge_may_differ(r, recorded->texts_purged, expected->texts_purged);
    if (round == 0 || !stages_may_differ(r, recorded, expected))
        return false;
    r->ladder_of = round;
    return true;
}

static bool is_of_ladder(struct replay *r, const Comity__V1__Event *open, const Comity__V1__Proposal *proposal)
{
    const Comity__V1__StageRun *run;
    const Comity__V1__Decision *decision;

    switch (open->kind_case) {
    case COMITY__V1__EVENT__KIND_STAGE_ENTERED:
        run = open->stage_entered->stage;
        return run != NULL && run->round == r->ladder_of && run->proposal == proposal->number &&
               proposal->stage == 0;
    case COMITY__V1__EVENT__KIND_STAGE_ENDED:
        return open->stage_ended->stage != 0 && open->stage_ended->stage == proposal->stage;
    case COMITY__V1__EVENT__KIND_DECISION_MADE:
        decision = open->decision_made->decision;
        return decision != NULL && decision->round == r->ladder_of && proposal->stage == 0 &&
               proposal->decision == 0;
    case COMITY__V1__EVENT__KIND_DECISION_TOOK_EFFECT:
        return open->decision_took_effect->decision != 0 &&
               open->decision_took_effect->decision == proposal->decision;
    default:
        return false;
    }
}

bool replay_climbs_on(struct replay *r, const Comity__V1__Event *open)
{
    const Comity__V1__Round *round =
        r->ladder_of != 0 ? (const Comity__V1__Round *) replay_row(r, TABLE_ROUND, r->ladder_of) : NULL;
    const Comity__V1__Proposal *proposal =
        round != NULL ? (const Comity__V1__Proposal *) replay_row(r, TABLE_PROPOSAL, round->proposal) : NULL;

    return proposal != NULL && is_of_ladder(r, open, proposal);
}
