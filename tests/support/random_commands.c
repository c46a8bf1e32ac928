#include "tests/support/random_commands.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/machine/row.h"
#include "core/text.h"
#include "tests/support/random_bodies.h"

#define HOUR_MS ((int64_t) 3600 * 1000)

void *random_need(void *pointer, const char *what)
{
    if (!pointer) {
        fprintf(stderr, "random commands: %s\n", what);
        abort();
    }
    return pointer;
}

void *random_alloc(struct random_commands *r, size_t size)
{
    return random_need(arena_alloc(r->arena, size), "no memory");
}

/* splitmix64 */
uint64_t random_u64(struct random_commands *r)
{
    uint64_t z = r->random += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint32_t random_below(struct random_commands *r, uint32_t limit)
{
    return limit == 0 ? 0 : (uint32_t) (random_u64(r) % limit);
}

bool random_chance(struct random_commands *r, uint32_t percent)
{
    return random_below(r, 100) < percent;
}

void random_key_make(struct random_commands *r, struct person *person)
{
    uint8_t seed[SEED_SIZE] = {0};

    put_u64(seed, ++r->keys_made);
    *person = (struct person){.drawn = r->made};
    signing_key_from_seed(seed, &person->key);
}

/* Whose place a new key can take: that of somebody who did not become a member after all, or whose key is
 * revoked. */
static struct person *free_place(struct random_commands *r)
{
    for (size_t i = 0; i < r->person_count; i++)
        if (r->people[i].member == 0 && r->people[i].drawn != r->made)
            return &r->people[i];
    if (r->person_count < PEOPLE_MAX)
        return &r->people[r->person_count++];
    for (size_t i = 0; i < r->person_count; i++)
        if (r->people[i].is_revoked)
            return &r->people[i];
    return NULL;
}

bool random_has_room(const struct random_commands *r, size_t people)
{
    size_t room = PEOPLE_MAX - r->person_count;

    for (size_t i = 0; i < r->person_count; i++)
        room += r->people[i].is_revoked;
    return room >= people;
}

struct person *random_person_new(struct random_commands *r)
{
    struct person *person = random_need(free_place(r), "too many people");

    random_key_make(r, person);
    return person;
}

struct person *random_invitation_new(struct random_commands *r)
{
    struct person *once = &r->invitations[r->invitation_count++ % INVITATIONS_MAX];

    random_key_make(r, once);
    return once;
}

struct person *random_invitation(struct random_commands *r)
{
    uint64_t span = r->invitation_count < 10 ? r->invitation_count : 10;

    if (span == 0)
        return NULL;
    return &r->invitations[(r->invitation_count - 1 - random_below(r, (uint32_t) span)) % INVITATIONS_MAX];
}

struct person *random_member(struct random_commands *r, Comity__V1__Office office, uint32_t constituency)
{
    uint32_t start = random_below(r, (uint32_t) r->person_count);

    for (size_t i = 0; i < r->person_count; i++) {
        struct person *person = &r->people[(start + i) % r->person_count];

        if (person->member != 0 && !person->is_revoked && (office == 0 || person->offices & (1u << office)) &&
            (constituency == ANYBODY || person->constituency == constituency))
            return person;
    }
    return NULL;
}

struct person *random_person_of(struct random_commands *r, uint32_t member)
{
    struct person *found = NULL;

    /* By a key that holds, where there is one. */
    for (size_t i = 0; i < r->person_count; i++)
        if (r->people[i].member == member && (!found || found->is_revoked))
            found = &r->people[i];
    return found;
}

ProtobufCBinaryData random_key(struct random_commands *r, const struct person *person)
{
    ProtobufCBinaryData key = {KEY_SIZE, random_alloc(r, KEY_SIZE)};

    memcpy(key.data, person->key.public_key, KEY_SIZE);
    return key;
}

/* Under a salt of its own. */
static Comity__V1__TextRef *text_new(struct random_commands *r, const char *words)
{
    Comity__V1__TextRef *reference = random_alloc(r, sizeof(*reference));
    Comity__V1__Text *text = random_alloc(r, sizeof(*text));
    uint8_t *hash =
        r->text_count < TEXTS_MAX ? r->text_hashes[r->text_count] : random_need(NULL, "too many texts");

    comity__v1__text_ref__init(reference);
    comity__v1__text__init(text);
    text->salt.len = SALT_SIZE;
    text->salt.data = random_alloc(r, SALT_SIZE);
    put_u64(text->salt.data, ++r->texts_made);
    text->content.data = random_need(arena_string(r->arena, words), "no memory");
    text->content.len = strlen(words);
    text_hash(text->salt.data, BYTES(text->content.data, text->content.len), hash);
    reference->hash.len = HASH_SIZE;
    reference->hash.data = random_need(arena_copy(r->arena, hash, HASH_SIZE), "no memory");
    reference->size = (uint32_t) text->content.len;
    r->texts[r->text_count++] = text;
    return reference;
}

Comity__V1__TextRef *random_text(struct random_commands *r)
{
    return text_new(r, random_name(r, "text", r->texts_made + 1));
}

Comity__V1__TextRef *random_empty_text(struct random_commands *r)
{
    return text_new(r, "");
}

struct random_commands *random_commands_new(uint64_t seed, bool is_signed)
{
    struct random_commands *r = random_need(calloc(1, sizeof(*r)), "no memory");

    if (key_init() != 0)
        random_need(NULL, "no cryptography");
    r->random = seed;
    r->is_signed = is_signed;
    r->time_ms = INT64_C(1700000000000);
    for (size_t i = 0; i < STRANGERS; i++)
        random_key_make(r, &r->strangers[i]);
    return r;
}

void random_commands_destroy(struct random_commands **commands)
{
    if (!commands || !*commands)
        return;
    free(*commands);
    *commands = NULL;
}

bool random_commands_was_valid(const struct random_commands *commands)
{
    return commands->was_valid;
}

/* What became of the people: asked only after commands that change it. */
static void people_refresh(struct random_commands *r)
{
    for (size_t i = 0; i < r->person_count; i++) {
        struct person *person = &r->people[i];
        ProtobufCMessage *row = NULL;

        if (state_get_by_key(r->view, r->arena, TABLE_KEY, person->key.public_key, &row) != 0)
            continue;
        const Comity__V1__Key *key = (const Comity__V1__Key *) row;
        person->is_revoked = key->revoked != 0;
        if (person->member == 0) {
            if (state_get(r->view, r->arena, TABLE_MEMBER, key->member, 0, &row) != 0)
                random_need(NULL, "a member is missing");
            const Comity__V1__Member *member = (const Comity__V1__Member *) row;
            person->member = member->number;
            person->constituency = member->constituency;
            for (size_t k = 0; k < member->n_offices; k++)
                person->offices |= 1u << member->offices[k];
        }
    }
}

static void refresh_if_needed(struct random_commands *r)
{
    switch (r->last_body) {
    case COMITY__V1__COMMAND__BODY_FOUND:
    case COMITY__V1__COMMAND__BODY_ADMIT_CONSTITUENCY:
    case COMITY__V1__COMMAND__BODY_REDEEM:
    case COMITY__V1__COMMAND__BODY_REVOKE_KEY:
    case COMITY__V1__COMMAND__BODY_ADD_KEY:
    case COMITY__V1__COMMAND__BODY_RECOVER_CO_CHAIR:
        people_refresh(r);
        break;
    default:
        break;
    }
}

static const Comity__V1__Partnership *partnership_now(struct random_commands *r)
{
    ProtobufCMessage *row = NULL;
    int code = state_get(r->view, r->arena, TABLE_PARTNERSHIP, 0, 0, &row);

    if (code != 0 && code != ERR_NOT_FOUND)
        random_need(NULL, "the state cannot be read");
    return (const Comity__V1__Partnership *) row;
}

static bool is_founded(struct random_commands *r)
{
    return partnership_now(r) != NULL;
}

/* How often each kind is drawn, against the others. */
static Comity__V1__Command__BodyCase kind_draw(struct random_commands *r)
{
    static const struct {
        Comity__V1__Command__BodyCase kind;
        uint32_t weight;
    } KINDS[] = {
        {COMITY__V1__COMMAND__BODY_ADMIT_CONSTITUENCY, 2},
        {COMITY__V1__COMMAND__BODY_ADD_SITE, 5},
        {COMITY__V1__COMMAND__BODY_INVITE, 15},
        {COMITY__V1__COMMAND__BODY_REDEEM, 15},
        {COMITY__V1__COMMAND__BODY_REVOKE_KEY, 30},
        {COMITY__V1__COMMAND__BODY_CREATE_BODY, 5},
        {COMITY__V1__COMMAND__BODY_ASSIGN_SEAT, 60},
        {COMITY__V1__COMMAND__BODY_ADOPT_RULE, 10},
        {COMITY__V1__COMMAND__BODY_CONVENE_SESSION, 12},
        {COMITY__V1__COMMAND__BODY_OPEN_SESSION, 14},
        {COMITY__V1__COMMAND__BODY_CLOSE_SESSION, 10},
        {COMITY__V1__COMMAND__BODY_CHECK_IN, 120},
        {COMITY__V1__COMMAND__BODY_ADD_ITEM, 50},
        {COMITY__V1__COMMAND__BODY_MAKE_PROPOSAL, 70},
        {COMITY__V1__COMMAND__BODY_REVISE_PROPOSAL, 40},
        {COMITY__V1__COMMAND__BODY_OPEN_ROUND, 90},
        {COMITY__V1__COMMAND__BODY_CAST_BALLOT, 430},
        {COMITY__V1__COMMAND__BODY_CLOSE_ROUND, 42},
        {COMITY__V1__COMMAND__BODY_ENTER_BALLOTS, 60},
        {COMITY__V1__COMMAND__BODY_CONFIRM_BALLOT, 30},
        {COMITY__V1__COMMAND__BODY_DISPUTE_BALLOT, 60},
        /* Charter and bodies. */
        {COMITY__V1__COMMAND__BODY_ADOPT_CHARTER, 2},
        {COMITY__V1__COMMAND__BODY_RECUSE, 8},
        {COMITY__V1__COMMAND__BODY_NAME_ALTERNATES, 30},
        {COMITY__V1__COMMAND__BODY_HAND_OVER, 60},
        {COMITY__V1__COMMAND__BODY_TAKE_BACK, 10},
        /* Sessions. */
        {COMITY__V1__COMMAND__BODY_DRAFT_SESSION, 3},
        {COMITY__V1__COMMAND__BODY_GIVE_NOTICE, 5},
        {COMITY__V1__COMMAND__BODY_ORDER_AGENDA, 6},
        {COMITY__V1__COMMAND__BODY_SET_GROUND_RULES, 5},
        {COMITY__V1__COMMAND__BODY_NAME_FACILITATORS, 5},
        {COMITY__V1__COMMAND__BODY_ROLL_CALL, 15},
        {COMITY__V1__COMMAND__BODY_CHECK_OUT, 15},
        {COMITY__V1__COMMAND__BODY_STEP_AWAY, 12},
        {COMITY__V1__COMMAND__BODY_RECESS_SESSION, 3},
        {COMITY__V1__COMMAND__BODY_RESUME_SESSION, 20},
        {COMITY__V1__COMMAND__BODY_CALL_CAUCUS, 5},
        {COMITY__V1__COMMAND__BODY_END_CAUCUS, 8},
        {COMITY__V1__COMMAND__BODY_RAISE_HAND, 25},
        {COMITY__V1__COMMAND__BODY_LOWER_HAND, 8},
        {COMITY__V1__COMMAND__BODY_GIVE_FLOOR, 20},
        {COMITY__V1__COMMAND__BODY_YIELD_FLOOR, 8},
        {COMITY__V1__COMMAND__BODY_SET_TIME_BOX, 12},
        {COMITY__V1__COMMAND__BODY_EXTEND_TIME_BOX, 8},
        {COMITY__V1__COMMAND__BODY_PROPOSE_SIDEBAR, 6},
        {COMITY__V1__COMMAND__BODY_AGREE_SIDEBAR, 12},
        {COMITY__V1__COMMAND__BODY_DECLINE_SIDEBAR, 2},
        {COMITY__V1__COMMAND__BODY_END_SIDEBAR, 6},
        {COMITY__V1__COMMAND__BODY_NOTE_PLUS_DELTA, 8},
        /* Problem solving. */
        {COMITY__V1__COMMAND__BODY_MOVE_PHASE, 30},
        {COMITY__V1__COMMAND__BODY_HOLD_PHASE, 8},
        {COMITY__V1__COMMAND__BODY_RELEASE_PHASE, 12},
        {COMITY__V1__COMMAND__BODY_FLAG_BARGAINING, 3},
        {COMITY__V1__COMMAND__BODY_SET_ASIDE_ITEM, 3},
        {COMITY__V1__COMMAND__BODY_WITHDRAW_ITEM, 2},
        {COMITY__V1__COMMAND__BODY_CONTRIBUTE, 30},
        {COMITY__V1__COMMAND__BODY_AMEND_CONTRIBUTION, 8},
        {COMITY__V1__COMMAND__BODY_WITHDRAW_CONTRIBUTION, 3},
        {COMITY__V1__COMMAND__BODY_APPROVE_CONTRIBUTIONS, 25},
        {COMITY__V1__COMMAND__BODY_LINK_PROPOSAL, 10},
        {COMITY__V1__COMMAND__BODY_RAISE_CONCERN, 10},
        {COMITY__V1__COMMAND__BODY_SECOND_CONCERN, 10},
        {COMITY__V1__COMMAND__BODY_SETTLE_CONCERN, 6},
        {COMITY__V1__COMMAND__BODY_REQUEST_DATA, 8},
        {COMITY__V1__COMMAND__BODY_ANSWER_DATA, 6},
        {COMITY__V1__COMMAND__BODY_REFUSE_DATA, 3},
        {COMITY__V1__COMMAND__BODY_STATE_FACT, 8},
        {COMITY__V1__COMMAND__BODY_JUDGE_FACT, 12},
        {COMITY__V1__COMMAND__BODY_WITHDRAW_FACT, 2},
        {COMITY__V1__COMMAND__BODY_OPEN_STRAW_POLL, 2},
        /* Decisions and minutes. */
        {COMITY__V1__COMMAND__BODY_REVIEW_DECISION, 8},
        {COMITY__V1__COMMAND__BODY_SIGN_CLAUSE, 10},
        {COMITY__V1__COMMAND__BODY_REOPEN_DECISION, 6},
        {COMITY__V1__COMMAND__BODY_DECLARE_OUTCOME, 4},
        {COMITY__V1__COMMAND__BODY_ADD_ACTION, 10},
        {COMITY__V1__COMMAND__BODY_UPDATE_ACTION, 10},
        {COMITY__V1__COMMAND__BODY_DRAFT_MINUTES, 10},
        {COMITY__V1__COMMAND__BODY_CORRECT_MINUTES, 5},
        {COMITY__V1__COMMAND__BODY_APPROVE_MINUTES, 12},
        {COMITY__V1__COMMAND__BODY_DISSENT_MINUTES, 4},
        {COMITY__V1__COMMAND__BODY_GIVE_MANDATE, 6},
        {COMITY__V1__COMMAND__BODY_REPORT_MANDATE, 6},
        {COMITY__V1__COMMAND__BODY_RECALL_MANDATE, 2},
        {COMITY__V1__COMMAND__BODY_SET_RETENTION, 2},
        {COMITY__V1__COMMAND__BODY_HOLD_TEXTS, 3},
        {COMITY__V1__COMMAND__BODY_LIFT_HOLD, 4},
        {COMITY__V1__COMMAND__BODY_PURGE_TEXTS, 6},
        /* Rules and stages. */
        {COMITY__V1__COMMAND__BODY_SET_LIST, 10},
        {COMITY__V1__COMMAND__BODY_ACKNOWLEDGE_ROUND, 20},
        {COMITY__V1__COMMAND__BODY_SECOND_BLOCK, 40},
        {COMITY__V1__COMMAND__BODY_NOTE_CONFERENCE, 15},
        {COMITY__V1__COMMAND__BODY_GIVE_CASTING_VOTE, 30},
        {COMITY__V1__COMMAND__BODY_ENTER_ANSWER, 12},
        {COMITY__V1__COMMAND__BODY_SIGN_OFF, 40},
        /* Keys and witnesses. */
        {COMITY__V1__COMMAND__BODY_ADD_KEY, 12},
        {COMITY__V1__COMMAND__BODY_RECOVER_CO_CHAIR, 4},
        {COMITY__V1__COMMAND__BODY_SET_RECOVERY_KEY, 3},
        {COMITY__V1__COMMAND__BODY_APPOINT_WITNESS, 5},
        {COMITY__V1__COMMAND__BODY_DISMISS_WITNESS, 4},
    };
    uint32_t all = 0;

    if (!is_founded(r))
        return COMITY__V1__COMMAND__BODY_FOUND;
    for (size_t i = 0; i < ARRAY_COUNT(KINDS); i++)
        all += KINDS[i].weight;
    uint32_t at = random_below(r, all);
    size_t i = 0;
    while (at >= KINDS[i].weight)
        at -= KINDS[i++].weight;
    return KINDS[i].kind;
}

/* An empty command of a kind, valid for about an hour, under a nonce of its own. */
static void command_start(struct random_commands *r, Comity__V1__Command__BodyCase kind)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(&comity__v1__command__descriptor, (unsigned) kind);
    const ProtobufCMessageDescriptor *type = field->descriptor;
    ProtobufCMessage *inner = random_alloc(r, type->sizeof_message);

    r->text_count = 0;
    r->body = random_alloc(r, sizeof(*r->body));
    comity__v1__command__init(r->body);
    r->body->history.len = HISTORY_ID_SIZE;
    r->body->history.data = random_need(arena_copy(r->arena, r->history, HISTORY_ID_SIZE), "no memory");
    r->body->valid_until_ms = r->time_ms + HOUR_MS + (int64_t) r->made;
    r->body->nonce.len = NONCE_SIZE;
    r->body->nonce.data = random_alloc(r, NONCE_SIZE);
    put_u64(r->body->nonce.data, random_u64(r));
    put_u64(r->body->nonce.data + 8, random_u64(r));
    r->body->cosigners = random_alloc(r, (COSIGNERS_MAX + 8) * sizeof(*r->body->cosigners));
    if (kind != COMITY__V1__COMMAND__BODY_FOUND && kind != COMITY__V1__COMMAND__BODY_REDEEM)
        r->body->epoch = partnership_now(r)->epoch;
    r->body->body_case = kind;
    protobuf_c_message_init(type, inner);
    memcpy((uint8_t *) r->body + field->offset, &inner, sizeof(inner));
}

static void valid_command(struct random_commands *r)
{
    for (unsigned tries = 0; tries < 1000; tries++) {
        Comity__V1__Command__BodyCase kind = kind_draw(r);

        command_start(r, kind);
        if (random_body(r, kind)) {
            random_sign_together(r);
            return;
        }
    }
    random_need(NULL, "no command is possible");
}

static int by_bytes(const void *a, const void *b)
{
    return memcmp(((const ProtobufCBinaryData *) a)->data, ((const ProtobufCBinaryData *) b)->data, KEY_SIZE);
}

static const struct person *anybody(struct random_commands *r)
{
    if (random_chance(r, 15))
        return &r->strangers[random_below(r, STRANGERS)];
    if (random_chance(r, 10) && r->invitation_count > 0)
        return random_invitation(r);
    if (random_chance(r, 5) && r->recovery_count > 0)
        return &r->recovery[random_below(r, r->recovery_count < RECOVERY_MAX ? (uint32_t) r->recovery_count : RECOVERY_MAX)];
    return r->person_count > 0 ? &r->people[random_below(r, (uint32_t) r->person_count)] : &r->strangers[0];
}

static void spoil_number(struct random_commands *r, ProtobufCMessage *message,
                         const ProtobufCFieldDescriptor *field)
{
    void *at = (uint8_t *) message + field->offset;
    uint64_t value = 0;

    if (field->label == PROTOBUF_C_LABEL_REPEATED) /* the first of a list */
        memcpy(&at, at, sizeof(at));
    if (!at)
        return;
    size_t size = field->type == PROTOBUF_C_TYPE_UINT32 ? 4 : 8;

    memcpy(&value, at, size);
    switch (random_below(r, 4)) {
    case 0:
        value++;
        break;
    case 1:
        value--;
        break;
    case 2:
        value = random_u64(r) >> random_below(r, 64);
        break;
    default:
        value = random_below(r, 10);
    }
    memcpy(at, &value, size);
}

/* Another number, hash or key in the command's own body; a reason left out. */
static void spoil_field(struct random_commands *r)
{
    const ProtobufCFieldDescriptor *outer = protobuf_c_message_descriptor_get_field(
        &comity__v1__command__descriptor, (unsigned) r->body->body_case);
    ProtobufCMessage *message;
    const ProtobufCFieldDescriptor *field;

    memcpy(&message, (uint8_t *) r->body + outer->offset, sizeof(message));
    field = &message->descriptor->fields[random_below(r, message->descriptor->n_fields)];
    if (field->type == PROTOBUF_C_TYPE_UINT32 || field->type == PROTOBUF_C_TYPE_UINT64 ||
        field->type == PROTOBUF_C_TYPE_INT64) {
        spoil_number(r, message, field);
    } else if (field->type == PROTOBUF_C_TYPE_BYTES) {
        ProtobufCBinaryData *bytes = (ProtobufCBinaryData *) (void *) ((uint8_t *) message + field->offset);

        if (bytes->len == KEY_SIZE && random_chance(r, 50))
            *bytes = random_key(r, anybody(r));
        else if (bytes->len > 0)
            bytes->data[random_below(r, (uint32_t) bytes->len)] ^= (uint8_t) (1u << random_below(r, 8));
    } else if (strcmp(field->name, "reason") == 0) {
        memset((uint8_t *) message + field->offset, 0, sizeof(void *));
    }
}

static void spoil_cosigners(struct random_commands *r)
{
    if (r->body->n_cosigners > 0 && random_chance(r, 60)) {
        size_t at = random_below(r, (uint32_t) r->body->n_cosigners);

        r->body->cosigners[at] = r->body->cosigners[--r->body->n_cosigners];
        return;
    }
    r->body->cosigners[r->body->n_cosigners++] = random_key(r, anybody(r));
}

/* Of an earlier epoch, or of one that there was not: neither before nor yet. */
static void spoil_epoch(struct random_commands *r)
{
    const Comity__V1__Partnership *partnership = partnership_now(r);
    uint32_t epoch = partnership->epoch;

    if (r->body->epoch == 0)
        return;
    if (partnership->n_epochs > 1 && random_chance(r, 80))
        epoch = partnership->epochs[random_below(r, (uint32_t) partnership->n_epochs - 1)]->number;
    else
        epoch = random_chance(r, 50) ? epoch + 1 : epoch - 1;
    if (epoch != 0)
        r->body->epoch = epoch;
}

static void spoil(struct random_commands *r)
{
    switch (random_below(r, 12)) {
    case 0:
        r->body->valid_until_ms = r->time_ms - 1 - (int64_t) r->made;
        break;
    case 1:
        r->body->valid_until_ms = r->time_ms + VALIDITY_MAX_MS + 1 + (int64_t) r->made;
        break;
    case 2:
        spoil_cosigners(r);
        break;
    case 3:
    case 4:
    case 5:
        r->body->key = random_key(r, anybody(r));
        break;
    case 6:
    case 7:
        spoil_epoch(r);
        break;
    default:
        spoil_field(r);
    }
}

static const struct person *owner_of(struct random_commands *r, ProtobufCBinaryData key)
{
    const struct {
        const struct person *people;
        size_t count;
    } LISTS[] = {{r->people, r->person_count}, {r->invitations, INVITATIONS_MAX}, {r->strangers, STRANGERS}, {r->recovery, RECOVERY_MAX}};

    for (size_t k = 0; k < ARRAY_COUNT(LISTS); k++)
        for (size_t i = 0; i < LISTS[k].count; i++)
            if (memcmp(LISTS[k].people[i].key.public_key, key.data, KEY_SIZE) == 0)
                return &LISTS[k].people[i];
    return NULL;
}

/* NULL: somebody's key is nobody's of ours, so that nobody can sign. */
static struct bytes seal_signed(struct random_commands *r)
{
    const struct person *signer = owner_of(r, r->body->key);
    struct bytes sealed = {0};
    uint8_t id[COMMAND_ID_SIZE];

    if (!signer || command_seal_up(r->body, &signer->key, r->arena, &sealed, id) != 0)
        return BYTES(NULL, 0);
    for (size_t i = 0; i < r->body->n_cosigners; i++) {
        const struct person *cosigner = owner_of(r, r->body->cosigners[i]);

        if (!cosigner || command_cosign(sealed, &cosigner->key, r->arena, &sealed) != 0)
            return BYTES(NULL, 0);
    }
    return sealed;
}

static struct bytes seal_unsigned(struct random_commands *r)
{
    static uint8_t zeroes[SIGNATURE_SIZE];
    const ProtobufCBinaryData signature = {SIGNATURE_SIZE, zeroes};
    Comity__V1__SignedCommand envelope = COMITY__V1__SIGNED_COMMAND__INIT;
    struct bytes packed;
    struct bytes sealed;

    if (message_pack(&r->body->base, r->arena, &packed) != 0)
        random_need(NULL, "no memory");
    envelope.command = (ProtobufCBinaryData){packed.size, (uint8_t *) (uintptr_t) packed.data};
    envelope.signature = signature;
    envelope.n_cosignatures = r->body->n_cosigners;
    envelope.cosignatures = random_alloc(r, (r->body->n_cosigners + 1) * sizeof(*envelope.cosignatures));
    for (size_t i = 0; i < r->body->n_cosigners; i++) {
        envelope.cosignatures[i] = random_alloc(r, sizeof(*envelope.cosignatures[i]));
        comity__v1__co_signature__init(envelope.cosignatures[i]);
        envelope.cosignatures[i]->key = r->body->cosigners[i];
        envelope.cosignatures[i]->signature = signature;
    }
    if (message_pack(&envelope.base, r->arena, &sealed) != 0)
        random_need(NULL, "no memory");
    return sealed;
}

struct texts_taken {
    struct random_commands *r;
    Comity__V1__Text *texts[TEXTS_MAX];
    size_t count;
};

static int text_visit(const ProtobufCMessage *found, const char *path, void *context)
{
    const Comity__V1__TextRef *reference = (const Comity__V1__TextRef *) found;
    struct texts_taken *taken = context;

    (void) path;
    for (size_t i = 0; i < taken->r->text_count; i++)
        if (memcmp(taken->r->text_hashes[i], reference->hash.data, HASH_SIZE) == 0) {
            taken->texts[taken->count++] = taken->r->texts[i];
            return 0;
        }
    random_need(NULL, "a text is nobody's");
    return 0;
}

/* By the way that every command takes. False: its form is wrong, or it cannot be signed. */
static bool open_command(struct random_commands *r, struct command *ret_command, struct refusal *refusal)
{
    struct texts_taken taken = {.r = r};
    struct bytes sealed;

    if (r->body->n_cosigners > 1)
        qsort(r->body->cosigners, r->body->n_cosigners, sizeof(*r->body->cosigners), by_bytes);
    sealed = r->is_signed ? seal_signed(r) : seal_unsigned(r);
    if (!sealed.data || command_open(sealed, r->arena, refusal, ret_command) != 0)
        return false;
    message_visit(&ret_command->body->base, &comity__v1__text_ref__descriptor, text_visit, &taken);
    if (command_take_texts(ret_command, taken.texts, taken.count, r->arena, refusal) != 0)
        random_need(NULL, "a text does not fit");
    return true;
}

static void time_passes(struct random_commands *r)
{
    uint32_t kind = random_below(r, 1000);

    if (kind < 600)
        r->time_ms += (int64_t) random_below(r, 2000);
    else if (kind < 605)
        r->time_ms += (int64_t) random_below(r, 900 * 1000);
}

void random_commands_next(struct random_commands *r, const struct view *view, struct arena *arena,
                          struct command *ret_command, int64_t *ret_time_ms)
{
    bool is_founding;
    struct refusal refusal = {0};

    r->view = view;
    r->arena = arena;
    r->made++;
    refresh_if_needed(r);
    time_passes(r);
    is_founding = !is_founded(r);
    r->was_valid = is_founding || random_chance(r, 70);
    for (unsigned tries = 0;; tries++) {
        valid_command(r);
        if (!r->was_valid)
            spoil(r);
        if (open_command(r, ret_command, &refusal))
            break;
        if (r->was_valid || tries > 100) {
            fprintf(stderr, "%s %s\n", error_name(refusal.code), refusal.field);
            random_need(NULL, "a command of the wrong form");
        }
    }
    if (is_founding)
        memcpy(r->history, ret_command->history, HISTORY_ID_SIZE);
    r->last_body = ret_command->body->body_case;
    *ret_time_ms = r->time_ms;
}
