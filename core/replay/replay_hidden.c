/* Events whose command is withheld from the reader of a member's copy: what can be checked of them, and what
 * follows from it for others. */
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

static const ProtobufCMessage *row_of(struct replay *r, enum table table, uint32_t number)
{
    struct view view = r->place.view(r->place.self);
    ProtobufCMessage *row = NULL;

    return state_get(&view, r->arena, table, number, 0, &row) == 0 ? row : NULL;
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
            (const Comity__V1__DataRequest *) row_of(r, TABLE_DATA_REQUEST, open->data_answered->request);
    else if (open->kind_case == COMITY__V1__EVENT__KIND_FACT_STATED)
        fact = open->fact_stated->fact;
    else if (open->kind_case == COMITY__V1__EVENT__KIND_FACT_JUDGED)
        fact = (const Comity__V1__Fact *) row_of(r, TABLE_FACT, open->fact_judged->fact);
    return request != NULL ? request->confined_to : fact != NULL ? fact->confined_to : 0;
}

static bool round_is_hidden(struct replay *r, uint32_t round)
{
    const Comity__V1__Round *found = (const Comity__V1__Round *) row_of(r, TABLE_ROUND, round);

    return found != NULL && found->rule != NULL &&
           found->rule->visibility == COMITY__V1__VISIBILITY__VISIBILITY_UNTIL_CLOSE;
}

/* Is it of a kind that a worker withholds? */
static int kind_check(struct replay *r, struct replay_event *in)
{
    uint32_t round = ballot_round(in->open);
    bool is_ballot = round != 0 && in->parts[1].round == round && round_is_hidden(r, round) &&
                     in->parts[1].audience == COMITY__V1__AUDIENCE__AUDIENCE_VOTER_UNTIL_CLOSE;
    uint32_t body = body_of(r, in->open);
    bool is_body = body != 0 && in->parts[1].round == body &&
                   in->parts[1].audience == COMITY__V1__AUDIENCE__AUDIENCE_BODY;

    in->hidden = round != 0 ? REPLAY_HIDDEN_BALLOT : REPLAY_HIDDEN_BODY;
    if (!is_ballot && !is_body)
        return replay_wrong(r, REPLAY_RECORD, ERR_MALFORMED, N_("its command is withheld, and is for all"));
    for (size_t i = 2; i < in->part_count; i++)
        if (in->parts[i].audience != in->parts[1].audience || in->parts[i].round != in->parts[1].round)
            return replay_wrong(r, REPLAY_RECORD, ERR_MALFORMED,
                                N_("parts of its command are for different audiences"));
    return 0;
}

/* The open part names the key that signed. That it did nobody can check who lacks the command. */
static int key_check(struct replay *r, const struct replay_event *in)
{
    struct view view = r->place.view(r->place.self);
    Comity__V1__Member *member = NULL;
    int code = ERR_KEY_UNKNOWN;

    if (in->open->actor_key.len == KEY_SIZE)
        code = state_member_of_key(&view, r->arena, in->open->actor_key.data, &member);
    if (code == 0 && member->number != in->open->actor)
        code = ERR_KEY_UNKNOWN;
    if (code == 0)
        return 0;
    return replay_wrong(r, code == ERR_MEMORY ? REPLAY_MACHINE : REPLAY_RIGHT, code,
                        N_("the key that is said to have signed it was not valid at that point (%s)"),
                        error_name(code));
}

static int id_check(struct replay *r, const struct replay_event *in)
{
    if (in->open->command_id.len != COMMAND_ID_SIZE)
        return replay_wrong(r, REPLAY_RECORD, ERR_MALFORMED, N_("it does not say which command caused it"));
    if (r->place.find_command(r->place.self, in->open->command_id.data) != ERR_NOT_FOUND)
        return replay_wrong(r, REPLAY_COMMAND, ERR_CORRUPT, N_("its command came before"));
    return 0;
}

/* A command in place of the one that is withheld: it says that somebody answered, and not how. */
static Comity__V1__Command *stand_in(struct replay *r, const Comity__V1__Event *open)
{
    Comity__V1__Command *command = arena_alloc(r->arena, sizeof(*command));
    size_t count =
        open->kind_case == COMITY__V1__EVENT__KIND_BALLOTS_ENTERED ? open->ballots_entered->n_ballots : 1;
    struct {
        Comity__V1__CastBallot cast;
        Comity__V1__EnterBallots enter;
        Comity__V1__DisputeBallot dispute;
        Comity__V1__EnteredBallot entered;
        Comity__V1__EnteredBallot *list[];
    } *all = arena_alloc(r->arena, sizeof(*all) + (count + 1) * sizeof(all->list[0]));

    if (command == NULL || all == NULL)
        return NULL;
    comity__v1__command__init(command);
    comity__v1__cast_ballot__init(&all->cast);
    comity__v1__enter_ballots__init(&all->enter);
    comity__v1__dispute_ballot__init(&all->dispute);
    comity__v1__entered_ballot__init(&all->entered);
    command->epoch = r->epoch;
    for (size_t i = 0; i < count; i++)
        all->list[i] = &all->entered;
    if (open->kind_case == COMITY__V1__EVENT__KIND_BALLOT_CAST) {
        command->body_case = COMITY__V1__COMMAND__BODY_CAST_BALLOT;
        command->cast_ballot = &all->cast;
        all->cast.replaces = open->ballot_cast->replaces;
    } else if (open->kind_case == COMITY__V1__EVENT__KIND_BALLOTS_ENTERED) {
        command->body_case = COMITY__V1__COMMAND__BODY_ENTER_BALLOTS;
        command->enter_ballots = &all->enter;
        all->enter.n_ballots = count;
        all->enter.ballots = all->list;
    } else {
        command->body_case = COMITY__V1__COMMAND__BODY_DISPUTE_BALLOT;
        command->dispute_ballot = &all->dispute;
    }
    return command;
}

static int hide_round(struct replay *r, uint32_t round)
{
    struct view view = view_memory_view(r->hidden);
    uint8_t key[4];

    put_u32(key, round);
    return view_put(&view, BYTES(key, sizeof(key)), BYTES(NULL, 0));
}

int replay_take_hidden(struct replay *r, struct replay_event *in)
{
    uint32_t round = ballot_round(in->open);
    int code = kind_check(r, in), first = code;

    in->is_undecided = true;
    code = code == 0 ? key_check(r, in) : code;
    if (code == 0)
        code = id_check(r, in);
    first = first != 0 ? first : code;
    if (replay_stops(r, first))
        return first;
    if (round == 0) {
        r->hidden_texts += in->part_count - 2;
        return first;
    }
    in->machine.command = stand_in(r, in->open);
    if (in->machine.command == NULL || hide_round(r, round) != 0)
        return replay_wrong(r, REPLAY_MACHINE, ERR_MEMORY, N_("not enough memory"));
    return first;
}

bool replay_hides_round(const struct replay *r, uint32_t round)
{
    struct view view = view_memory_view(r->hidden);
    struct bytes value;
    uint8_t key[4];

    put_u32(key, round);
    return view_get(&view, BYTES(key, sizeof(key)), &value) == 0;
}

static uint32_t counted_round(const Comity__V1__Event *open)
{
    switch (open->kind_case) {
    case COMITY__V1__EVENT__KIND_ROUND_CLOSED:
        return open->round_closed->round;
    case COMITY__V1__EVENT__KIND_ROUND_EXTENDED:
        return open->round_extended->round;
    default:
        return ballot_round(open);
    }
}

bool replay_rests_on_hidden(const struct replay *r, const Comity__V1__Event *open)
{
    uint32_t round = counted_round(open);

    return round != 0 && replay_hides_round(r, round);
}

bool replay_comes_of_count(const Comity__V1__Event *open)
{
    switch (open->kind_case) {
    case COMITY__V1__EVENT__KIND_ROUND_CLOSED:
    case COMITY__V1__EVENT__KIND_ROUND_EXTENDED:
    case COMITY__V1__EVENT__KIND_STAGE_ENTERED:
    case COMITY__V1__EVENT__KIND_STAGE_ENDED:
    case COMITY__V1__EVENT__KIND_DECISION_MADE:
    case COMITY__V1__EVENT__KIND_DECISION_TOOK_EFFECT:
        return true;
    default:
        return false;
    }
}

bool replay_may_differ(const struct replay *r, const Comity__V1__Event *recorded,
                       const Comity__V1__Event *expected)
{
    uint32_t round = counted_round(recorded);

    if (r->hidden_texts > 0 && recorded->kind_case == COMITY__V1__EVENT__KIND_TEXTS_PURGED)
        return expected->kind_case == recorded->kind_case;
    return round != 0 && counted_round(expected) == round && replay_hides_round(r, round);
}
