/* With keys of one's own: commands that are rightly signed, by whoever may not give them; and those of an
 * honest signer that do not hold. */
#include "core/error.h"
#include "core/machine/state.h"
#include "forge.h"

static const Comity__V1__Command *body_of(const struct sent *sent)
{
    return sent->command.body;
}

/* The same command under a nonce of its own, so that it is another one. */
static Comity__V1__Command *body_anew(struct forge *forge)
{
    Comity__V1__Command *body = forge_body(forge, forge->base);

    put_u64(body->nonce.data, forge_random(forge));
    return body;
}

static const struct signing_key *own_key(struct forge *forge)
{
    return traffic_key(forge->traffic, body_of(forge->base)->key);
}

static bool is_kind(const struct forge *forge, Comity__V1__Command__BodyCase kind)
{
    return body_of(forge->base)->body_case == kind;
}

/* Needs neither a member's key nor an epoch. */
static bool is_of_newcomers(const struct forge *forge)
{
    return is_kind(forge, COMITY__V1__COMMAND__BODY_FOUND) ||
           is_kind(forge, COMITY__V1__COMMAND__BODY_REDEEM);
}

/* Keys. */

static bool by_a_stranger(struct forge *forge, struct forged *out)
{
    struct signing_key *key = arena_alloc(forge->arena, sizeof(*key));
    uint8_t seed[SEED_SIZE] = {0x77};

    put_u64(seed + 8, forge_random(forge));
    signing_key_from_seed(seed, key);
    return !is_of_newcomers(forge) && forge_sign(forge, body_anew(forge), key, out);
}

/* The stranger's own invitation, rightly signed; or one that somebody else's key is, with the stranger's signature. */
static void redeem_as_a_stranger(struct forge *forge, Comity__V1__Command *body, uint64_t draw)
{
    struct signing_key *once = arena_alloc(forge->arena, sizeof(*once));
    uint8_t seed[SEED_SIZE] = {0x7a};

    put_u64(seed + 8, draw);
    signing_key_from_seed(seed, once);
    forge->once = once;
    if ((draw & 1) && body->n_cosigners > 0)
        body->redeem->invitation = body->cosigners[0] =
            (ProtobufCBinaryData){KEY_SIZE, (uint8_t *) (uintptr_t) once->public_key};
}

/* To this history, or to one that there is not. */
bool forge_stranger(struct forge *forge, uint64_t draw, bool is_here, struct forged *out)
{
    struct signing_key *key = arena_alloc(forge->arena, sizeof(*key));
    Comity__V1__Command *body = forge_body(forge, forge->base);
    uint8_t seed[SEED_SIZE] = {0x79};

    if (is_kind(forge, COMITY__V1__COMMAND__BODY_FOUND))
        return false;
    put_u64(seed + 8, draw);
    signing_key_from_seed(seed, key);
    if (!is_here) {
        body->history.data[0] ^= 1;
        out->history = body->history.data;
    }
    if (is_kind(forge, COMITY__V1__COMMAND__BODY_REDEEM))
        redeem_as_a_stranger(forge, body, draw);
    bool is_made = forge_sign(forge, body, key, out);
    forge->once = NULL;
    return is_made;
}

static bool is_revoked(const struct insider *insider, const void *context)
{
    (void) context;
    return insider->is_revoked;
}

/* Could do what the other does, if the key were still valid. */
static bool is_revoked_equal(const struct insider *insider, const void *context)
{
    const struct insider *honest = context;

    return insider->is_revoked && insider->constituency == honest->constituency &&
           (insider->offices & honest->offices) == honest->offices && insider->has_seat >= honest->has_seat;
}

static bool by_a_revoked_key(struct forge *forge, struct forged *out)
{
    const struct insider *honest = forge_insider_of(forge, body_of(forge->base)->key);
    const struct insider *insider = honest ? forge_insider(forge, is_revoked_equal, honest) : NULL;

    if (!insider)
        insider = forge_insider(forge, is_revoked, NULL);
    return insider && !is_of_newcomers(forge) && forge_sign(forge, body_anew(forge), insider->key, out);
}

/* Replays. */

static bool replay(struct forge *forge, struct forged *out)
{
    const struct sent *earlier = forge_earlier(forge);

    if (!earlier)
        return false;
    out->frame = traffic_frame(forge->path, earlier, forge->arena);
    out->again = earlier;
    return true;
}

/* A member's that was refused by the machine is refused for good, whatever has changed since. */
static bool replay_refused(struct forge *forge, struct forged *out)
{
    for (unsigned tries = 0; tries < 32 && forge->at > 0; tries++) {
        const struct sent *sent = &forge->traffic->sent[forge_below(forge, forge->at)];
        const Comity__V1__Command *body = body_of(sent);

        if (sent->code == 0 || !sent->was_ordered || sent->code == ERR_KEY_UNKNOWN ||
            body->body_case == COMITY__V1__COMMAND__BODY_FOUND ||
            body->body_case == COMITY__V1__COMMAND__BODY_REDEEM)
            continue;
        out->frame = traffic_frame(forge->path, sent, forge->arena);
        return true;
    }
    return false;
}

/* The text of an earlier command brought again by another's, under the earlier one's id in the header. */
static bool another_body_under_an_id(struct forge *forge, struct forged *out)
{
    const struct sent *earlier = forge_earlier(forge);
    Comity__V1__Command *body = body_anew(forge);

    if (!earlier || !forge_sign(forge, body, own_key(forge), out))
        return false;
    out->id = earlier->command.id;
    return true;
}

/* Time, epoch, history: by the right signer, and wrong. */

static bool expired(struct forge *forge, struct forged *out)
{
    Comity__V1__Command *body = body_anew(forge);

    body->valid_until_ms =
        forge->traffic->sent[forge->at].time_ms - 1 - (int64_t) forge_below(forge, 1u << 20);
    return forge_sign(forge, body, own_key(forge), out);
}

static bool valid_for_too_long(struct forge *forge, struct forged *out)
{
    Comity__V1__Command *body = body_anew(forge);

    body->valid_until_ms = forge->traffic->sent[forge->at].time_ms + VALIDITY_MAX_MS + 1 +
                           (int64_t) forge_below(forge, 1u << 20);
    return forge_sign(forge, body, own_key(forge), out);
}

static bool of_another_epoch(struct forge *forge, struct forged *out)
{
    Comity__V1__Command *body = body_anew(forge);

    if (is_of_newcomers(forge))
        return false;
    body->epoch = forge_below(forge, 3) ? body->epoch + 1 + (uint32_t) forge_below(forge, 1000) : 0;
    return forge_sign(forge, body, own_key(forge), out);
}

static bool of_another_history(struct forge *forge, struct forged *out)
{
    Comity__V1__Command *body = body_anew(forge);

    if (is_kind(forge, COMITY__V1__COMMAND__BODY_FOUND))
        return false;
    body->history.data[forge_below(forge, HISTORY_ID_SIZE)] ^= 1;
    out->history = body->history.data;
    return forge_sign(forge, body, own_key(forge), out);
}

struct refs {
    Comity__V1__TextRef *list[COMMAND_TEXTS_MAX];
    size_t count;
};

static int ref_visit(const ProtobufCMessage *found, const char *path, void *context)
{
    struct refs *refs = context;

    (void) path;
    refs->list[refs->count++] = (Comity__V1__TextRef *) (uintptr_t) found;
    return 0;
}

/* Signed with another size, or another hash, than its text has. */
static bool text_of_another_size(struct forge *forge, struct forged *out)
{
    Comity__V1__Command *body = body_anew(forge);
    struct refs refs = {.count = 0};

    message_visit(&body->base, &comity__v1__text_ref__descriptor, ref_visit, &refs);
    if (refs.count == 0)
        return false;
    Comity__V1__TextRef *ref = refs.list[forge_below(forge, refs.count)];
    if (forge_below(forge, 4))
        ref->size = forge_below(forge, 2) ? ref->size + 1 : (uint32_t) forge_random(forge) | 0x80000000u;
    else
        ref->hash.data[forge_below(forge, HASH_SIZE)] ^= 1;
    return forge_sign(forge, body, own_key(forge), out);
}

/* Duplicates. */

static bool a_cosigner_twice(struct forge *forge, struct forged *out)
{
    Comity__V1__Command *body = body_anew(forge);
    ProtobufCBinaryData *list = arena_alloc(forge->arena, (body->n_cosigners + 2) * sizeof(*list));

    if (body->n_cosigners > 0)
        memcpy(list, body->cosigners, body->n_cosigners * sizeof(*list));
    list[body->n_cosigners] = body->n_cosigners ? list[body->n_cosigners - 1] : body->key;
    body->cosigners = list;
    body->n_cosigners++;
    return forge_sign(forge, body, own_key(forge), out);
}

/* Somebody who signs is named as who signs as well: one person in place of two. */
static bool cosigned_by_the_signer(struct forge *forge, struct forged *out)
{
    Comity__V1__Command *body = body_anew(forge);

    if (body->n_cosigners == 0)
        return false;
    body->cosigners[forge_below(forge, body->n_cosigners)] = body->key;
    return forge_sign(forge, body, own_key(forge), out);
}

static bool a_member_twice(struct forge *forge, struct forged *out)
{
    Comity__V1__Command *body = body_anew(forge);
    uint32_t **members = NULL;
    size_t *count = NULL;

    if (is_kind(forge, COMITY__V1__COMMAND__BODY_SET_LIST)) {
        members = &body->set_list->members, count = &body->set_list->n_members;
        body->set_list->n_weights = 0;
    } else if (is_kind(forge, COMITY__V1__COMMAND__BODY_NAME_ALTERNATES)) {
        members = &body->name_alternates->members, count = &body->name_alternates->n_members;
    } else if (is_kind(forge, COMITY__V1__COMMAND__BODY_ROLL_CALL)) {
        members = &body->roll_call->members, count = &body->roll_call->n_members;
    }
    if (!count || *count == 0)
        return false;
    uint32_t *list = arena_alloc(forge->arena, (*count + 1) * sizeof(*list));
    memcpy(list, *members, *count * sizeof(*list));
    list[*count] = list[*count - 1];
    *members = list;
    (*count)++;
    return forge_sign(forge, body, own_key(forge), out);
}

/* Rights: who must have what, by docs/trust.md. The insider who tries has not. */

enum need {
    NEED_CO_CHAIR,
    NEED_OWN_CO_CHAIR,
    NEED_FACILITATOR,
    NEED_RECORD,
    NEED_RECORDER,
    NEED_SEAT,
    NEED_ALL
};

#define KIND(name, need)                                                                                     \
    {                                                                                                        \
        COMITY__V1__COMMAND__BODY_##name, need                                                               \
    }
static const struct {
    Comity__V1__Command__BodyCase kind;
    enum need need;
} NEEDS[] = {
    KIND(ADMIT_CONSTITUENCY, NEED_ALL),
    KIND(ADD_SITE, NEED_ALL),
    KIND(CREATE_BODY, NEED_ALL),
    KIND(ADOPT_RULE, NEED_ALL),
    KIND(ADOPT_CHARTER, NEED_ALL),
    KIND(DECLARE_OUTCOME, NEED_ALL),
    KIND(GIVE_MANDATE, NEED_ALL),
    KIND(SET_RETENTION, NEED_ALL),
    KIND(PURGE_TEXTS, NEED_ALL),
    KIND(INVITE, NEED_CO_CHAIR),
    KIND(ASSIGN_SEAT, NEED_OWN_CO_CHAIR),
    KIND(NAME_ALTERNATES, NEED_OWN_CO_CHAIR),
    KIND(SET_LIST, NEED_OWN_CO_CHAIR),
    KIND(LIFT_HOLD, NEED_OWN_CO_CHAIR),
    KIND(REVOKE_KEY, NEED_OWN_CO_CHAIR),
    KIND(HAND_OVER, NEED_OWN_CO_CHAIR),
    KIND(TAKE_BACK, NEED_OWN_CO_CHAIR),
    KIND(APPROVE_MINUTES, NEED_CO_CHAIR),
    KIND(DISSENT_MINUTES, NEED_CO_CHAIR),
    KIND(SIGN_CLAUSE, NEED_CO_CHAIR),
    KIND(HOLD_TEXTS, NEED_CO_CHAIR),
    KIND(FLAG_BARGAINING, NEED_CO_CHAIR),
    KIND(APPROVE_CONTRIBUTIONS, NEED_CO_CHAIR),
    KIND(RECALL_MANDATE, NEED_CO_CHAIR),
    KIND(CONVENE_SESSION, NEED_FACILITATOR),
    KIND(OPEN_SESSION, NEED_FACILITATOR),
    KIND(CLOSE_SESSION, NEED_FACILITATOR),
    KIND(OPEN_ROUND, NEED_FACILITATOR),
    KIND(CLOSE_ROUND, NEED_FACILITATOR),
    KIND(DRAFT_SESSION, NEED_FACILITATOR),
    KIND(GIVE_NOTICE, NEED_FACILITATOR),
    KIND(ORDER_AGENDA, NEED_FACILITATOR),
    KIND(SET_GROUND_RULES, NEED_FACILITATOR),
    KIND(NAME_FACILITATORS, NEED_FACILITATOR),
    KIND(RECESS_SESSION, NEED_FACILITATOR),
    KIND(RESUME_SESSION, NEED_FACILITATOR),
    KIND(GIVE_FLOOR, NEED_FACILITATOR),
    KIND(SET_TIME_BOX, NEED_FACILITATOR),
    KIND(EXTEND_TIME_BOX, NEED_FACILITATOR),
    KIND(MOVE_PHASE, NEED_FACILITATOR),
    KIND(HOLD_PHASE, NEED_FACILITATOR),
    KIND(RELEASE_PHASE, NEED_FACILITATOR),
    KIND(SET_ASIDE_ITEM, NEED_FACILITATOR),
    KIND(OPEN_STRAW_POLL, NEED_FACILITATOR),
    KIND(CLOSE_STRAW_POLL, NEED_FACILITATOR),
    KIND(ROLL_CALL, NEED_RECORD),
    KIND(DRAFT_MINUTES, NEED_RECORD),
    KIND(NOTE_CONFERENCE, NEED_RECORD),
    KIND(ENTER_BALLOTS, NEED_RECORDER),
    KIND(ENTER_ANSWER, NEED_RECORDER),
    KIND(ADD_ITEM, NEED_SEAT),
    KIND(MAKE_PROPOSAL, NEED_SEAT),
    KIND(REVISE_PROPOSAL, NEED_SEAT),
    KIND(CHECK_IN, NEED_SEAT),
    KIND(RAISE_HAND, NEED_SEAT),
    KIND(RECUSE, NEED_SEAT),
    KIND(CONTRIBUTE, NEED_SEAT),
    KIND(LINK_PROPOSAL, NEED_SEAT),
    KIND(RAISE_CONCERN, NEED_SEAT),
    KIND(SECOND_CONCERN, NEED_SEAT),
    KIND(REQUEST_DATA, NEED_SEAT),
    KIND(ANSWER_DATA, NEED_SEAT),
    KIND(REFUSE_DATA, NEED_SEAT),
    KIND(STATE_FACT, NEED_SEAT),
    KIND(JUDGE_FACT, NEED_SEAT),
    KIND(REVIEW_DECISION, NEED_SEAT),
    KIND(CORRECT_MINUTES, NEED_SEAT),
    KIND(CALL_CAUCUS, NEED_SEAT),
    KIND(END_CAUCUS, NEED_SEAT),
    KIND(PROPOSE_SIDEBAR, NEED_SEAT),
    KIND(NOTE_PLUS_DELTA, NEED_SEAT),
    KIND(STEP_AWAY, NEED_SEAT),
    KIND(CHECK_OUT, NEED_SEAT),
    KIND(LOWER_HAND, NEED_SEAT),
    KIND(YIELD_FLOOR, NEED_SEAT),
};

#define HAS(insider, office) (((insider)->offices & (1u << COMITY__V1__OFFICE__OFFICE_##office)) != 0)

struct wanted {
    enum need need;
    const struct insider *honest;
};

/* Lacks what the command needs. */
static bool lacks(const struct insider *insider, const void *context)
{
    const struct wanted *wanted = context;

    if (insider->is_revoked || insider->member == wanted->honest->member)
        return false;
    switch (wanted->need) {
    case NEED_CO_CHAIR:
        return !HAS(insider, CO_CHAIR);
    case NEED_OWN_CO_CHAIR: /* without the office, and not the one concerned; or of another side with it */
        return HAS(insider, CO_CHAIR) ? insider->constituency != wanted->honest->constituency
                                      : !insider->has_seat && insider->offices == 0;
    case NEED_FACILITATOR:
        return !HAS(insider, FACILITATOR);
    case NEED_RECORD:
        return !HAS(insider, FACILITATOR) && !HAS(insider, RECORDER);
    case NEED_RECORDER:
        return !HAS(insider, RECORDER);
    case NEED_SEAT:
        return !insider->has_seat && insider->offices == 0;
    case NEED_ALL:
        return true;
    }
    return false;
}

static bool find_need(const struct forge *forge, enum need *ret_need)
{
    for (size_t i = 0; i < ARRAY_COUNT(NEEDS); i++)
        if (NEEDS[i].kind == body_of(forge->base)->body_case) {
            *ret_need = NEEDS[i].need;
            return true;
        }
    return false;
}

/* What an honest signer is about to be given, by whoever lacks the right to it: a co-chair of the other side
 * for a roll that is not theirs, one alone for what both have to sign, a member without the office, who has
 * no seat. The base is one that was accepted: nothing but the right is wrong. A revocation of one's own key
 * needs no office: it is left out by `lacks`, since the insider is not who signed it. */
static bool without_the_right(struct forge *forge, struct forged *out)
{
    const struct insider *honest = forge_insider_of(forge, body_of(forge->base)->key);
    struct wanted wanted = {.honest = honest};
    Comity__V1__Command *body = body_anew(forge);

    if (forge->base->code != 0 || !honest || !find_need(forge, &wanted.need))
        return false;
    const struct insider *insider = forge_insider(forge, lacks, &wanted);
    if (!insider)
        return false;
    if (wanted.need == NEED_OWN_CO_CHAIR && is_kind(forge, COMITY__V1__COMMAND__BODY_REVOKE_KEY)) {
        const struct insider *victim = forge_insider_of(forge, body->revoke_key->key);
        if (!victim || victim->member == insider->member || victim->constituency == insider->constituency)
            return false;
    }
    if (wanted.need == NEED_ALL || wanted.need == NEED_OWN_CO_CHAIR)
        body->n_cosigners = 0; /* nobody else signs with the one who tries */
    for (size_t i = 0; i < body->n_cosigners; i++)
        if (memcmp(body->cosigners[i].data, insider->key->public_key, KEY_SIZE) == 0)
            return false;
    return forge_sign(forge, body, insider->key, out);
}

/* Ballots. */

static bool is_on_roll(struct forge *forge, uint32_t round, uint32_t member)
{
    struct path_read read;
    ProtobufCMessage *row;

    path_read_begin(forge->path, forge->traffic->history, &read);
    int code = state_get(&read.view, forge->arena, TABLE_ROLL, round, member, &row);
    path_read_end(&read);
    return code == 0;
}

static bool is_valid_other(const struct insider *insider, const void *context)
{
    return !insider->is_revoked && insider->member != ((const struct insider *) context)->member;
}

/* By a member who is not on the round's roll. */
static bool ballot_off_the_roll(struct forge *forge, struct forged *out)
{
    const struct insider *honest = forge_insider_of(forge, body_of(forge->base)->key);

    if (!honest || forge->base->code != 0 || !is_kind(forge, COMITY__V1__COMMAND__BODY_CAST_BALLOT))
        return false;
    const struct insider *insider = forge_insider(forge, is_valid_other, honest);
    if (!insider || is_on_roll(forge, body_of(forge->base)->cast_ballot->round, insider->member))
        return false;
    return forge_sign(forge, body_anew(forge), insider->key, out);
}

/* In place of one that the voter did not cast. */
static bool ballot_in_place_of_none(struct forge *forge, struct forged *out)
{
    Comity__V1__Command *body = body_anew(forge);

    if (forge->base->code != 0 || !is_kind(forge, COMITY__V1__COMMAND__BODY_CAST_BALLOT))
        return false;
    body->cast_ballot->replaces += 1 + forge_below(forge, 1000);
    return forge_sign(forge, body, own_key(forge), out);
}

/* On another text than the round tests. */
static bool ballot_on_another_text(struct forge *forge, struct forged *out)
{
    Comity__V1__Command *body = body_anew(forge);

    if (!is_kind(forge, COMITY__V1__COMMAND__BODY_CAST_BALLOT))
        return false;
    body->cast_ballot->text_hash.data[forge_below(forge, HASH_SIZE)] ^= 1;
    return forge_sign(forge, body, own_key(forge), out);
}

/* A recorder and a countersigner of the same side; the recorder's own hand in place of the other. */
static bool entered_by_one_side(struct forge *forge, struct forged *out)
{
    Comity__V1__Command *body = body_anew(forge);

    if (!is_kind(forge, COMITY__V1__COMMAND__BODY_ENTER_BALLOTS))
        return false;
    body->n_cosigners = 0;
    return forge_sign(forge, body, own_key(forge), out);
}

/* An invitation, without the one-time key that it gave. */
static bool joined_without_the_invitation(struct forge *forge, struct forged *out)
{
    const struct traffic *traffic = forge->traffic;
    const struct signing_key *key = &traffic->keys[forge_below(forge, traffic->key_count)];
    Comity__V1__Command *body = body_anew(forge);

    if (!is_kind(forge, COMITY__V1__COMMAND__BODY_REDEEM) || body->n_cosigners != 1 ||
        memcmp(key->public_key, body->cosigners[0].data, KEY_SIZE) == 0)
        return false;
    if (forge_below(forge, 2))
        body->n_cosigners = 0;
    else
        body->cosigners[0] = (ProtobufCBinaryData){KEY_SIZE, (uint8_t *) (uintptr_t) key->public_key};
    return forge_sign(forge, body, own_key(forge), out);
}

/* Two different ballots in place of the same one: the first in order counts. */
bool forge_equivocation(struct forge *forge, struct forged *out)
{
    if (forge->base->code != 0 || !is_kind(forge, COMITY__V1__COMMAND__BODY_CAST_BALLOT))
        return false;
    return forge_sign(forge, body_anew(forge), own_key(forge), out);
}

const struct forge_kind FORGE_INSIDE[] = {
    {"replayed", replay, 6},
    {"replayed: refused before", replay_refused, 2},
    {"another body under the same id", another_body_under_an_id, 3},
    {"by a stranger", by_a_stranger, 3},
    {"by a revoked key", by_a_revoked_key, 4},
    {"expired", expired, 2},
    {"valid for too long", valid_for_too_long, 1},
    {"of another epoch", of_another_epoch, 2},
    {"of another history", of_another_history, 3},
    {"text of another size", text_of_another_size, 3},
    {"a cosigner twice", a_cosigner_twice, 2},
    {"cosigned by the signer", cosigned_by_the_signer, 2},
    {"a member twice", a_member_twice, 4},
    {"without the right", without_the_right, 14},
    {"ballot: off the roll", ballot_off_the_roll, 6},
    {"ballot: in place of another's", ballot_in_place_of_none, 3},
    {"ballot: on another text", ballot_on_another_text, 2},
    {"ballots entered by one alone", entered_by_one_side, 4},
    {"joined without the invitation", joined_without_the_invitation, 6},
};
const size_t FORGE_INSIDE_COUNT = ARRAY_COUNT(FORGE_INSIDE);
