/* A command in place of one that is withheld, made of what its event says in the open: so that all but the answer
 * can be decided again. The answer is any that the rule takes. */
#include "core/command_form.h"
#include "core/replay/replaying.h"

#define BODY(name) COMITY__V1__COMMAND__BODY_##name

static void *make(struct replay *r, const ProtobufCMessageDescriptor *type)
{
    ProtobufCMessage *message = arena_alloc(r->arena, type->sizeof_message);

    if (message != NULL)
        protobuf_c_message_init(type, message);
    return message;
}

#define MAKE(r, type) make((r), &comity__v1__##type##__descriptor)

/* Of a part that is withheld the hash is known; that it is not empty is not. */
static Comity__V1__TextRef *text_of(struct replay *r, const struct replay_event *in, size_t text)
{
    Comity__V1__TextRef *made = 2 + text < in->part_count ? MAKE(r, text_ref) : NULL;

    if (made == NULL)
        return NULL;
    made->hash = (ProtobufCBinaryData){HASH_SIZE, in->parts[2 + text].hash};
    made->size = 1;
    return made;
}

/* One that the round's rule takes. */
struct answer {
    uint32_t answer, choice;
    uint32_t *ranks;
    size_t n_ranks;
    Comity__V1__Score *score;
};

static struct answer answer_of(struct replay *r, const Comity__V1__Round *round)
{
    struct answer answer = {0};

    switch (round->rule->form) {
    case COMITY__V1__FORM__FORM_CHOICE:
        answer.choice = 1;
        break;
    case COMITY__V1__FORM__FORM_RANKING:
        answer.ranks = arena_alloc(r->arena, (round->n_options + 1) * sizeof(*answer.ranks));
        answer.n_ranks = answer.ranks != NULL ? round->n_options : 0;
        if (answer.n_ranks > 0)
            answer.ranks[0] = 1;
        break;
    case COMITY__V1__FORM__FORM_SCORE:
        answer.score = MAKE(r, score);
        if (answer.score != NULL && round->rule->scores != NULL)
            answer.score->value = round->rule->scores->least;
        break;
    default:
        answer.answer = round->rule->n_scale > 0 ? round->rule->scale[0]->answer : 0;
    }
    return answer;
}

/* Of CastBallot and EnteredBallot, which name the parts of an answer alike. */
#define ANSWER(ballot, given, r, in, first)                                                                  \
    do {                                                                                                     \
        (ballot)->answer = (given).answer;                                                                   \
        (ballot)->choice = (given).choice;                                                                   \
        (ballot)->ranks = (given).ranks;                                                                     \
        (ballot)->n_ranks = (given).n_ranks;                                                                 \
        (ballot)->score = (given).score;                                                                     \
        (ballot)->reason = text_of((r), (in), (first));                                                      \
        (ballot)->alternative = text_of((r), (in), (first) + 1);                                             \
    } while (0)

static void cast(struct replay *r, const struct replay_event *in, const Comity__V1__Round *round,
                 Comity__V1__Command *command)
{
    Comity__V1__CastBallot *ballot = MAKE(r, cast_ballot);

    command->body_case = BODY(CAST_BALLOT);
    command->cast_ballot = ballot;
    if (ballot == NULL)
        return;
    struct answer given = answer_of(r, round);
    ballot->round = round->number;
    ballot->text_hash = round->text_hash;
    ballot->replaces = in->open->ballot_cast->replaces;
    ANSWER(ballot, given, r, in, 0);
}

static void enter(struct replay *r, const struct replay_event *in, const Comity__V1__Round *round,
                  Comity__V1__Command *command)
{
    const Comity__V1__BallotsEntered *entered = in->open->ballots_entered;
    Comity__V1__EnterBallots *all = MAKE(r, enter_ballots);

    command->body_case = BODY(ENTER_BALLOTS);
    command->enter_ballots = all;
    if (all == NULL)
        return;
    all->round = round->number;
    all->text_hash = round->text_hash;
    all->ballots = arena_alloc(r->arena, (entered->n_ballots + 1) * sizeof(*all->ballots));
    for (size_t i = 0; all->ballots != NULL && i < entered->n_ballots; i++) {
        Comity__V1__EnteredBallot *ballot = MAKE(r, entered_ballot);
        if (ballot == NULL)
            return;
        struct answer given = answer_of(r, round);
        ballot->member = entered->ballots[i]->member;
        ballot->replaces = entered->ballots[i]->replaces;
        ballot->medium = entered->ballots[i]->medium;
        ANSWER(ballot, given, r, in, 2 * i);
        all->ballots[all->n_ballots++] = ballot;
    }
}

static void dispute(struct replay *r, const struct replay_event *in, const Comity__V1__Round *round,
                    Comity__V1__Command *command)
{
    Comity__V1__DisputeBallot *disputed = MAKE(r, dispute_ballot);

    command->body_case = BODY(DISPUTE_BALLOT);
    command->dispute_ballot = disputed;
    if (disputed == NULL)
        return;
    disputed->round = round->number;
    disputed->ballot = in->open->ballot_disputed->ballot;
    disputed->reason = text_of(r, in, 0);
}

static void request(struct replay *r, const struct replay_event *in, Comity__V1__Command *command)
{
    const Comity__V1__DataRequest *row = in->open->data_requested->request;
    const Comity__V1__Constituency *asked =
        (const Comity__V1__Constituency *) replay_row(r, TABLE_CONSTITUENCY, row->constituency);
    Comity__V1__RequestData *ask = MAKE(r, request_data);

    command->body_case = BODY(REQUEST_DATA);
    command->request_data = ask;
    if (ask == NULL)
        return;
    ask->item = row->item;
    if (asked != NULL)
        ask->constituency = asked->name;
    ask->text = row->text;
    ask->due_ms = row->due_ms;
    ask->confidentiality = COMITY__V1__CONFIDENTIALITY__CONFIDENTIALITY_BODY;
}

static void answer(struct replay *r, const struct replay_event *in, Comity__V1__Command *command)
{
    const Comity__V1__DataAnswered *answered = in->open->data_answered;

    if (answered->state == COMITY__V1__DATA_REQUEST_STATE__DATA_REQUEST_STATE_ANSWERED) {
        command->body_case = BODY(ANSWER_DATA);
        command->answer_data = MAKE(r, answer_data);
        if (command->answer_data == NULL)
            return;
        command->answer_data->request = answered->request;
        command->answer_data->text = answered->answer;
    } else {
        command->body_case = BODY(REFUSE_DATA);
        command->refuse_data = MAKE(r, refuse_data);
        if (command->refuse_data == NULL)
            return;
        command->refuse_data->request = answered->request;
        command->refuse_data->reason = answered->answer;
    }
}

static void state(struct replay *r, const struct replay_event *in, Comity__V1__Command *command)
{
    const Comity__V1__Fact *row = in->open->fact_stated->fact;
    Comity__V1__StateFact *fact = MAKE(r, state_fact);

    command->body_case = BODY(STATE_FACT);
    command->state_fact = fact;
    if (fact == NULL)
        return;
    fact->item = row->item;
    fact->text = row->text;
    fact->request = row->request;
    fact->confidentiality = COMITY__V1__CONFIDENTIALITY__CONFIDENTIALITY_BODY;
}

static void judge(struct replay *r, const struct replay_event *in, Comity__V1__Command *command)
{
    const Comity__V1__FactJudged *judged = in->open->fact_judged;
    Comity__V1__JudgeFact *fact = MAKE(r, judge_fact);

    command->body_case = BODY(JUDGE_FACT);
    command->judge_fact = fact;
    if (fact == NULL || judged->judgement == NULL)
        return;
    fact->fact = judged->fact;
    fact->position = judged->judgement->position;
    fact->reason = judged->judgement->reason;
}

/* replay_hidden.c has looked whether the row that the event is about is there. */
static void body_make(struct replay *r, const struct replay_event *in, const Comity__V1__Round *round,
                      Comity__V1__Command *command)
{
    switch (in->open->kind_case) {
    case COMITY__V1__EVENT__KIND_BALLOT_CAST:
        cast(r, in, round, command);
        break;
    case COMITY__V1__EVENT__KIND_BALLOTS_ENTERED:
        enter(r, in, round, command);
        break;
    case COMITY__V1__EVENT__KIND_BALLOT_DISPUTED:
        dispute(r, in, round, command);
        break;
    case COMITY__V1__EVENT__KIND_DATA_REQUESTED:
        request(r, in, command);
        break;
    case COMITY__V1__EVENT__KIND_DATA_ANSWERED:
        answer(r, in, command);
        break;
    case COMITY__V1__EVENT__KIND_FACT_STATED:
        state(r, in, command);
        break;
    case COMITY__V1__EVENT__KIND_FACT_JUDGED:
        judge(r, in, command);
        break;
    default:
        break;
    }
}

/* Who signed as well is named by number: with which of that member's keys is withheld. */
static void cosigner_add(struct replay *r, uint32_t member, Comity__V1__Command *command)
{
    ProtobufCBinaryData *key = arena_alloc(r->arena, sizeof(*key));

    if (key == NULL)
        return;
    *key = replay_key_of(r, member);
    command->cosigners = key;
    command->n_cosigners = key->len > 0;
}

struct listing {
    struct command *command;
    size_t room;
};

static int text_add(const ProtobufCMessage *found, const char *path, void *context)
{
    struct listing *listing = context;

    (void) path;
    if (listing->command->text_count == listing->room)
        return ERR_TOO_LARGE;
    listing->command->texts[listing->command->text_count++].hash = ((const Comity__V1__TextRef *) found)->hash.data;
    return 0;
}

/* Its texts are those of the parts. The form's check has looked at the size of each hash. */
static int texts_check(struct replay *r, const struct replay_event *in)
{
    struct listing listing = {&r->command, in->part_count - 2};

    r->command.texts = arena_alloc(r->arena, (listing.room + 1) * sizeof(*r->command.texts));
    if (r->command.texts == NULL)
        return ERR_MEMORY;
    if (message_visit(&r->command.body->base, &comity__v1__text_ref__descriptor, text_add, &listing) != 0 ||
        r->command.text_count != listing.room)
        return ERR_TEXT;
    for (size_t i = 0; i < listing.room; i++)
        if (memcmp(r->command.texts[i].hash, in->parts[2 + i].hash, HASH_SIZE) != 0)
            return ERR_TEXT;
    return 0;
}

int replay_stand_in(struct replay *r, const struct replay_event *in, const Comity__V1__Round *round)
{
    static uint8_t nonce[16];
    Comity__V1__Command *command = MAKE(r, command);
    struct refusal refusal = {0};

    memset(&r->command, 0, sizeof(r->command));
    if (command == NULL)
        return ERR_MEMORY;
    command->history = (ProtobufCBinaryData){HISTORY_ID_SIZE, r->history};
    command->key = in->open->actor_key;
    command->valid_until_ms = in->header.time_ms;
    command->nonce = (ProtobufCBinaryData){sizeof(nonce), nonce};
    command->epoch = r->epoch;
    command->undoes = in->open->undoes;
    body_make(r, in, round, command);
    if (in->open->kind_case == COMITY__V1__EVENT__KIND_BALLOTS_ENTERED)
        cosigner_add(r, in->open->ballots_entered->countersigned_by, command);
    if (arena_is_exhausted(r->arena))
        return ERR_MEMORY;
    r->command.body = command;
    memcpy(r->command.history, r->history, HISTORY_ID_SIZE);
    if (in->open->command_id.len == COMMAND_ID_SIZE)
        memcpy(r->command.id, in->open->command_id.data, COMMAND_ID_SIZE);
    if (command_form_check(command, &refusal) != 0)
        return refusal.code;
    return texts_check(r, in);
}
