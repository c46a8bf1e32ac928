#include "worker/roll_names.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/machine/row.h"
#include "core/unicode/characters.h"

enum {
    ROLLS_MAX = 64,       /* histories whose names are in memory; */
    LOOKS_MAX = 1 << 18,  /* and how many looks in all, where there are several: beyond, all are read anew */
    BUCKETS_LEAST = 64,
};

/* One likeness of one name, and by which key its person is, or is to be, on the roll. */
struct look {
    uint8_t hash[LIKENESS_SIZE];
    uint8_t key[KEY_SIZE];
    bool is_invitation; /* the key of one; else a member's */
    uint32_t next;      /* in the bucket: index + 1 */
};

struct roll {
    uint8_t history[HISTORY_ID_SIZE];
    struct look *looks;
    uint32_t *buckets; /* index + 1; 0: none */
    size_t count, room, bucket_count;
};

struct roll_names {
    struct roll rolls[ROLLS_MAX];
    size_t count;
};

/* A name that a command brings. */
struct brought {
    struct characters_likeness likeness;
    const uint8_t *key; /* NULL: it is on record already */
    bool is_invitation;
    uint32_t constituency; /* 0: one that is admitted */
    uint32_t member;       /* who has it, and is let back; 0: somebody new */
    char field[FIELD_PATH_MAX];
};

struct roll_names *roll_names_new(void)
{
    return calloc(1, sizeof(struct roll_names));
}

static void forget(struct roll_names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        free(names->rolls[i].looks);
        free(names->rolls[i].buckets);
    }
    names->count = 0;
}

void roll_names_destroy(struct roll_names **names)
{
    if (names == NULL || *names == NULL)
        return;
    forget(*names);
    free(*names);
    *names = NULL;
}

void roll_names_forget(struct roll_names *names, const uint8_t history[HISTORY_ID_SIZE])
{
    for (size_t i = 0; i < names->count; i++) {
        if (memcmp(names->rolls[i].history, history, HISTORY_ID_SIZE) != 0)
            continue;
        free(names->rolls[i].looks);
        free(names->rolls[i].buckets);
        names->rolls[i] = names->rolls[--names->count];
        return;
    }
}

/* The table of looks. */

static uint32_t *bucket_of(struct roll *roll, const uint8_t *hash)
{
    return &roll->buckets[get_u64(hash) % roll->bucket_count];
}

static int roll_grow(struct roll *roll)
{
    size_t room = roll->room == 0 ? BUCKETS_LEAST : 2 * roll->room;
    struct look *looks = realloc(roll->looks, room * sizeof(*looks));

    if (looks == NULL)
        return ERR_MEMORY;
    roll->looks = looks;
    uint32_t *buckets = calloc(room, sizeof(*buckets));
    if (buckets == NULL)
        return ERR_MEMORY;
    free(roll->buckets);
    roll->buckets = buckets;
    roll->bucket_count = roll->room = room;
    for (size_t i = 0; i < roll->count; i++) {
        uint32_t *bucket = bucket_of(roll, looks[i].hash);
        looks[i].next = *bucket;
        *bucket = (uint32_t) (i + 1);
    }
    return 0;
}

static int roll_add(struct roll *roll, const struct characters_likeness *likeness, const uint8_t *key,
                    bool is_invitation)
{
    for (size_t i = 0; i < LIKENESSES; i++) {
        int code = roll->count == roll->room ? roll_grow(roll) : 0;
        if (code != 0)
            return code;
        uint32_t *bucket = bucket_of(roll, likeness->hashes[i]);
        struct look *look = &roll->looks[roll->count++];
        *look = (struct look){.is_invitation = is_invitation, .next = *bucket};
        memcpy(look->hash, likeness->hashes[i], LIKENESS_SIZE);
        memcpy(look->key, key, KEY_SIZE);
        *bucket = (uint32_t) roll->count;
    }
    return 0;
}

/* Who is on the roll. */

struct key_search {
    struct arena *rows; /* of one row */
    uint32_t member;
    bool is_found;
};

static int key_visit(void *context, const ProtobufCMessage *row, struct bytes key)
{
    struct key_search *search = context;
    const Comity__V1__Key *known = (const Comity__V1__Key *) row;

    (void) key;
    search->is_found = known->member == search->member && known->revoked == 0;
    arena_reset(search->rows);
    return search->is_found ? 1 : 0;
}

/* Has the member a valid key? Looked for only where a name looks like the member's. */
static int has_key(const struct roll_names_place *place, uint32_t member, bool *ret_has)
{
    struct row_key keys = row_key_all(TABLE_KEY);
    struct key_search search = {.rows = arena_new(ARENA_LIMIT_DEFAULT), .member = member};
    int code = search.rows == NULL
                   ? ERR_MEMORY
                   : row_each(place->view, search.rows, TABLE_KEY, &keys, key_visit, &search);

    arena_destroy(&search.rows);
    *ret_has = search.is_found;
    return code < 0 ? code : 0;
}

static int is_open(const struct roll_names_place *place, const Comity__V1__Invitation *invitation, bool *ret_is)
{
    return state_invitation_is_open(place->view, place->arena, invitation, place->now_ms, ret_is);
}

struct way_back_search {
    const struct roll_names_place *place;
    struct arena *rows; /* of one row */
    uint32_t member;
    bool is_found;
};

static int way_back_visit(void *context, const ProtobufCMessage *row, struct bytes key)
{
    struct way_back_search *search = context;
    const Comity__V1__Invitation *invitation = (const Comity__V1__Invitation *) row;
    int code = 0;

    (void) key;
    if (invitation->recovers == search->member)
        code = is_open(search->place, invitation, &search->is_found);
    arena_reset(search->rows);
    return code != 0 ? code : search->is_found;
}

/* Is there an invitation that lets the member back? Looked for only where the member has no key. */
static int has_way_back(const struct roll_names_place *place, uint32_t member, bool *ret_has)
{
    struct row_key invitations = row_key_all(TABLE_INVITATION);
    struct way_back_search search = {
        .place = place, .rows = arena_new(ARENA_LIMIT_DEFAULT), .member = member};
    int code = search.rows == NULL ? ERR_MEMORY
                                   : row_each(place->view, search.rows, TABLE_INVITATION, &invitations,
                                              way_back_visit, &search);

    arena_destroy(&search.rows);
    *ret_has = search.is_found;
    return code < 0 ? code : 0;
}

/* Does the member's name stand against this one? */
static int member_stands(const struct roll_names_place *place, uint32_t number, const struct brought *brought,
                         bool *ret_stands)
{
    ProtobufCMessage *row;
    int code = state_get(place->view, place->arena, TABLE_MEMBER, number, 0, &row);

    if (code != 0)
        return code == ERR_NOT_FOUND ? ERR_CORRUPT : code;
    if (((const Comity__V1__Member *) row)->constituency != brought->constituency) {
        *ret_stands = brought->member == 0;
        return 0;
    }
    if (number == brought->member)
        return 0;
    code = has_key(place, number, ret_stands);
    return code != 0 || *ret_stands ? code : has_way_back(place, number, ret_stands);
}

static int invitation_stands(const struct roll_names_place *place, const Comity__V1__Invitation *invitation,
                             const struct brought *brought, bool *ret_stands)
{
    if (invitation->member != 0)
        return member_stands(place, invitation->member, brought, ret_stands);
    if (brought->member != 0 && invitation->constituency != brought->constituency)
        return 0;
    return is_open(place, invitation, ret_stands);
}

/* Does this look stand against the name, as the view has it? Not where the batch that brought it has failed. */
static int look_stands(const struct roll_names_place *place, const struct look *look, const struct brought *brought,
                       bool *ret_stands)
{
    ProtobufCMessage *row;
    int code = state_get_by_key(place->view, place->arena, look->is_invitation ? TABLE_INVITATION : TABLE_KEY,
                                look->key, &row);

    *ret_stands = false;
    if (code != 0)
        return code == ERR_NOT_FOUND ? 0 : code;
    if (look->is_invitation)
        return invitation_stands(place, (const Comity__V1__Invitation *) row, brought, ret_stands);
    return member_stands(place, ((const Comity__V1__Key *) row)->member, brought, ret_stands);
}

/* Reading a roll from the store. */

struct reading {
    const struct roll_names_place *place;
    struct roll *roll;
    struct arena *visited; /* of one row, */
    struct arena *rows;    /* and of what it leads to */
};

/* What a name on record looks like. A text that was erased looks like nothing: ERR_NOT_FOUND. */
static int name_look(const struct roll_names_place *place, const Comity__V1__TextRef *name, struct arena *arena,
                     struct characters_likeness *ret_likeness)
{
    uint8_t salt[SALT_SIZE];
    struct bytes content;

    if (name == NULL || name->hash.len != HASH_SIZE)
        return ERR_NOT_FOUND;
    int code = store_text_get(place->txn, place->history, name->hash.data, arena, salt, &content);
    return code == 0 ? characters_likeness(content, arena, ret_likeness) : code;
}

static int add_name(struct reading *reading, const Comity__V1__TextRef *name, const uint8_t *key,
                    bool is_invitation)
{
    struct characters_likeness likeness;
    int code = name_look(reading->place, name, reading->rows, &likeness);

    if (code != 0)
        return code == ERR_NOT_FOUND ? 0 : code;
    return roll_add(reading->roll, &likeness, key, is_invitation);
}

static int read_key(void *context, const ProtobufCMessage *row, struct bytes key)
{
    struct reading *reading = context;
    const Comity__V1__Key *known = (const Comity__V1__Key *) row;
    ProtobufCMessage *member;

    (void) key;
    int code = state_get(reading->place->view, reading->rows, TABLE_MEMBER, known->member, 0, &member);
    if (code == 0)
        code = add_name(reading, ((const Comity__V1__Member *) member)->name, known->key.data, false);
    arena_reset(reading->rows);
    arena_reset(reading->visited);
    return code == ERR_NOT_FOUND ? 0 : code;
}

static int read_invitation(void *context, const ProtobufCMessage *row, struct bytes key)
{
    struct reading *reading = context;
    const Comity__V1__Invitation *invitation = (const Comity__V1__Invitation *) row;

    (void) key;
    int code = invitation->member == 0 ? add_name(reading, invitation->name, invitation->key.data, true) : 0;
    arena_reset(reading->rows);
    arena_reset(reading->visited);
    return code;
}

static int roll_read(struct roll *roll, const struct roll_names_place *place)
{
    struct reading reading = {
        .place = place,
        .roll = roll,
        .visited = arena_new(ARENA_LIMIT_DEFAULT),
        .rows = arena_new(ARENA_LIMIT_DEFAULT),
    };
    struct row_key keys = row_key_all(TABLE_KEY), invitations = row_key_all(TABLE_INVITATION);
    int code = reading.rows == NULL || reading.visited == NULL ? ERR_MEMORY : 0;

    if (code == 0)
        code = row_each(place->view, reading.visited, TABLE_KEY, &keys, read_key, &reading);
    if (code == 0)
        code = row_each(place->view, reading.visited, TABLE_INVITATION, &invitations, read_invitation, &reading);
    arena_destroy(&reading.visited);
    arena_destroy(&reading.rows);
    return code;
}

static size_t looks_in_all(const struct roll_names *names)
{
    size_t count = 0;

    for (size_t i = 0; i < names->count; i++)
        count += names->rolls[i].count;
    return count;
}

static int roll_find(struct roll_names *names, const struct roll_names_place *place, struct roll **ret_roll)
{
    for (size_t i = 0; i < names->count; i++) {
        if (memcmp(names->rolls[i].history, place->history->id, HISTORY_ID_SIZE) == 0) {
            *ret_roll = &names->rolls[i];
            return 0;
        }
    }
    if (names->count == ROLLS_MAX || looks_in_all(names) > LOOKS_MAX)
        forget(names);
    struct roll *roll = &names->rolls[names->count];
    *roll = (struct roll){.count = 0};
    memcpy(roll->history, place->history->id, HISTORY_ID_SIZE);
    int code = roll_grow(roll);
    if (code == 0)
        code = roll_read(roll, place);
    if (code != 0) {
        free(roll->looks);
        free(roll->buckets);
        return code;
    }
    names->count++;
    *ret_roll = roll;
    return 0;
}

/* What a command brings. */

struct bringing {
    const struct roll_names_place *place;
    const struct command *command;
    struct brought *list;
    size_t count;
};

static struct bytes text_of(const struct command *command, const Comity__V1__TextRef *reference)
{
    for (size_t i = 0; i < command->text_count; i++)
        if (memcmp(command->texts[i].hash, reference->hash.data, HASH_SIZE) == 0)
            return command->texts[i].content;
    return BYTES(NULL, 0);
}

static int bring(struct bringing *bringing, const Comity__V1__TextRef *name, const struct brought *as)
{
    if (name == NULL || bringing->count == bringing->command->text_count)
        return name == NULL ? 0 : ERR_INTERNAL;
    struct brought *brought = &bringing->list[bringing->count++];
    *brought = *as;
    return characters_likeness(text_of(bringing->command, name), bringing->place->arena, &brought->likeness);
}

static int bring_founders(struct bringing *bringing, const Comity__V1__NewConstituency *constituency,
                          const char *path)
{
    int code = 0;

    for (size_t i = 0; i < constituency->n_founders && code == 0; i++) {
        struct brought as = {.key = constituency->founders[i]->key.data};
        snprintf(as.field, sizeof(as.field), "%s.founders[%zu].name", path, i);
        code = bring(bringing, constituency->founders[i]->name, &as);
    }
    return code;
}

static int bring_all_founders(struct bringing *bringing, const Comity__V1__Found *found)
{
    int code = 0;

    for (size_t i = 0; i < found->n_constituencies && code == 0; i++) {
        char path[FIELD_PATH_MAX / 2];
        snprintf(path, sizeof(path), "found.constituencies[%zu]", i);
        code = bring_founders(bringing, found->constituencies[i], path);
    }
    return code;
}

/* Who was on the roll, and comes back. */
static int bring_back(struct bringing *bringing, uint32_t number, const char *field)
{
    const struct roll_names_place *place = bringing->place;
    struct brought *brought = &bringing->list[0];
    ProtobufCMessage *row;
    int code = state_get(place->view, place->arena, TABLE_MEMBER, number, 0, &row);

    if (code != 0)
        return code;
    const Comity__V1__Member *member = (const Comity__V1__Member *) row;
    *brought = (struct brought){.constituency = member->constituency, .member = number};
    snprintf(brought->field, sizeof(brought->field), "%s", field);
    code = name_look(place, member->name, place->arena, &brought->likeness);
    bringing->count = code == 0;
    return code == ERR_NOT_FOUND ? 0 : code;
}

static int bring_invited(struct bringing *bringing, const Comity__V1__Invite *invite)
{
    const struct roll_names_place *place = bringing->place;
    struct brought as = {.key = invite->key.data, .is_invitation = true, .field = "invite.name"};
    Comity__V1__Member *signer;

    if (invite->member != 0)
        return bring_back(bringing, invite->member, "invite.member");
    int code = state_member_of_key(place->view, place->arena, bringing->command->body->key.data, &signer);
    if (code != 0)
        return code;
    as.constituency = signer->constituency;
    return bring(bringing, invite->name, &as);
}

static int bring_all(struct bringing *bringing)
{
    const Comity__V1__Command *body = bringing->command->body;

    switch (body->body_case) {
    case COMITY__V1__COMMAND__BODY_INVITE:
        return bring_invited(bringing, body->invite);
    case COMITY__V1__COMMAND__BODY_RECOVER_CO_CHAIR:
        return bring_back(bringing, body->recover_co_chair->member, "recover_co_chair.member");
    case COMITY__V1__COMMAND__BODY_ADMIT_CONSTITUENCY:
        return bring_founders(bringing, body->admit_constituency->constituency,
                              "admit_constituency.constituency");
    case COMITY__V1__COMMAND__BODY_FOUND:
        return bring_all_founders(bringing, body->found);
    default:
        return 0;
    }
}

static bool brings_names(const Comity__V1__Command *body)
{
    return body->body_case == COMITY__V1__COMMAND__BODY_INVITE ||
           body->body_case == COMITY__V1__COMMAND__BODY_RECOVER_CO_CHAIR ||
           body->body_case == COMITY__V1__COMMAND__BODY_ADMIT_CONSTITUENCY ||
           body->body_case == COMITY__V1__COMMAND__BODY_FOUND;
}

static bool looks_like(const struct characters_likeness *a, const struct characters_likeness *b)
{
    for (size_t i = 0; i < LIKENESSES; i++)
        for (size_t k = 0; k < LIKENESSES; k++)
            if (memcmp(a->hashes[i], b->hashes[k], LIKENESS_SIZE) == 0)
                return true;
    return false;
}

/* Among themselves: a few, by the machine's limits on founders. */
static int check_each_other(const struct bringing *bringing, struct refusal *refusal)
{
    for (size_t i = 0; i < bringing->count; i++)
        for (size_t k = 0; k < i; k++)
            if (looks_like(&bringing->list[i].likeness, &bringing->list[k].likeness))
                return refuse(refusal, ERR_CONFUSABLE, bringing->list[i].field);
    return 0;
}

static int check_roll(struct roll *roll, const struct roll_names_place *place, const struct brought *brought,
                      struct refusal *refusal)
{
    for (size_t i = 0; i < LIKENESSES; i++) {
        const uint8_t *hash = brought->likeness.hashes[i];
        for (uint32_t at = *bucket_of(roll, hash); at != 0; at = roll->looks[at - 1].next) {
            const struct look *look = &roll->looks[at - 1];
            bool stands = false;
            if (memcmp(look->hash, hash, LIKENESS_SIZE) != 0)
                continue;
            int code = look_stands(place, look, brought, &stands);
            if (code != 0)
                return code;
            if (stands)
                return refuse(refusal, ERR_CONFUSABLE, brought->field);
        }
    }
    return 0;
}

int roll_names_check(struct roll_names *names, const struct roll_names_place *place,
                     const struct command *command, struct refusal *refusal)
{
    if (!brings_names(command->body))
        return 0;
    struct bringing bringing = {
        .place = place,
        .command = command,
        .list = arena_alloc(place->arena, (command->text_count + 1) * sizeof(*bringing.list)),
    };
    struct roll *roll = NULL;
    int code = bringing.list == NULL ? ERR_MEMORY : bring_all(&bringing);

    if (code != 0 || bringing.count == 0)
        return code;
    code = check_each_other(&bringing, refusal);
    if (code != 0 || place->history == NULL)
        return code;
    code = roll_find(names, place, &roll);
    for (size_t i = 0; i < bringing.count && code == 0; i++)
        code = check_roll(roll, place, &bringing.list[i], refusal);
    for (size_t i = 0; i < bringing.count && code == 0; i++)
        code = bringing.list[i].key == NULL
                   ? 0
                   : roll_add(roll, &bringing.list[i].likeness, bringing.list[i].key,
                              bringing.list[i].is_invitation);
    return code;
}
