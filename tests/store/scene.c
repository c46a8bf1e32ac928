#include "scene.h"

#include <stdio.h>
#include <stdlib.h>

#include "client/rules/template.h"
#include "core/error.h"
#include "core/note.h"
#include "core/rule/rule.h"
#include "core/text.h"

enum { CHAIRS_MAX = SCENE_PARTIES, ARENA_BYTES = 256 * 1024 * 1024 };

static const unsigned MANAGEMENT_CHAIR[] = {SCENE_MEMBERS / SCENE_PARTIES};

static int64_t scene_clock(void *context)
{
    return ((struct scene *) context)->now_ms;
}

void scene_random(void *context, uint8_t *bytes, size_t size)
{
    struct scene *scene = context;

    for (size_t i = 0; i < size; i++) {
        scene->random = scene->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        bytes[i] = (uint8_t) (scene->random >> 56);
    }
}

static void key_from(struct scene *scene, struct signing_key *key)
{
    uint8_t seed[SEED_SIZE];

    scene_random(scene, seed, sizeof(seed));
    signing_key_from_seed(seed, key);
}

void scene_begin(struct scene *scene, uint64_t seed)
{
    memset(scene, 0, sizeof(*scene));
    assert_int_equal(key_init(), 0);
    scratch_make(scene->directory);
    scene->map_limit_bytes = SCENE_MAP_BYTES;
    scene->random = seed;
    scene->now_ms = SCENE_START_MS;
    key_from(scene, &scene->log_key);
    key_from(scene, &scene->stranger);
    for (unsigned i = 0; i < SCENE_MEMBERS; i++)
        key_from(scene, &scene->members[i]);
    scene->arena = arena_new(ARENA_BYTES);
    assert_non_null(scene->arena);
    scene_start(scene);
}

void scene_start(struct scene *scene)
{
    uint64_t term;
    struct batch_options options = {
        .log_key = &scene->log_key,
        .clock = scene_clock,
        .random = scene_random,
        .context = scene,
    };

    scene->store = scratch_store(scene->directory, scene->map_limit_bytes);
    assert_int_equal(store_take_term(scene->store, &term), 0);
    assert_int_equal(order_log_local_new(term, &scene->log), 0);
    options.store = scene->store;
    options.log = scene->log;
    assert_int_equal(batch_runner_new(&options, &scene->runner), 0);
}

void scene_stop(struct scene *scene)
{
    batch_runner_destroy(&scene->runner);
    if (scene->log != NULL)
        scene->log->ops->destroy(&scene->log);
    store_close(&scene->store);
}

void scene_end(struct scene *scene)
{
    scene_next(scene);
    scene_stop(scene);
    arena_destroy(&scene->arena);
    scratch_remove(scene->directory);
}

void *scene_message(struct scene *scene, const ProtobufCMessageDescriptor *type)
{
    ProtobufCMessage *message = arena_alloc(scene->arena, type->sizeof_message);

    assert_non_null(message);
    type->message_init(message);
    return message;
}

Comity__V1__TextRef *scene_text(struct scene *scene, const char *words)
{
    Comity__V1__Text *text = SCENE_NEW(scene, Text, text);
    Comity__V1__TextRef *reference = SCENE_NEW(scene, TextRef, text_ref);
    uint8_t *hash = scene->text_hashes[scene->text_count % SCENE_TEXTS_MAX];

    text->salt = (ProtobufCBinaryData){SALT_SIZE, arena_alloc(scene->arena, SALT_SIZE)};
    scene_random(scene, text->salt.data, SALT_SIZE);
    text->content = (ProtobufCBinaryData){strlen(words), arena_copy(scene->arena, words, strlen(words))};
    text_hash(text->salt.data, BYTES(text->content.data, text->content.len), hash);
    scene->texts[scene->text_count++ % SCENE_TEXTS_MAX] = text;
    reference->hash = (ProtobufCBinaryData){HASH_SIZE, arena_copy(scene->arena, hash, HASH_SIZE)};
    reference->size = (uint32_t) strlen(words);
    return reference;
}

/* The texts of a command, in its order. */
struct gathered {
    struct scene *scene;
    Comity__V1__Text *list[COMMAND_TEXTS_MAX];
    size_t count;
};

static int gather(const ProtobufCMessage *found, const char *path, void *context)
{
    struct gathered *gathered = context;
    const Comity__V1__TextRef *reference = (const Comity__V1__TextRef *) found;

    (void) path;
    for (size_t i = 0; i < SCENE_TEXTS_MAX; i++) {
        if (memcmp(gathered->scene->text_hashes[i], reference->hash.data, HASH_SIZE) == 0) {
            gathered->list[gathered->count++] = gathered->scene->texts[i];
            return 0;
        }
    }
    return ERR_NOT_FOUND;
}

static const struct signing_key *key_of(const struct scene *scene, unsigned member)
{
    return member == SCENE_NOBODY ? &scene->stranger : &scene->members[member];
}

static int compare_keys(const void *a, const void *b)
{
    return memcmp(((const ProtobufCBinaryData *) a)->data, ((const ProtobufCBinaryData *) b)->data, KEY_SIZE);
}

static void body_finish(struct scene *scene, Comity__V1__Command *body, unsigned signer,
                        const unsigned *cosigners, size_t cosigner_count)
{
    if (body->body_case != COMITY__V1__COMMAND__BODY_FOUND)
        body->history = (ProtobufCBinaryData){HISTORY_ID_SIZE, scene->history};
    body->key = (ProtobufCBinaryData){KEY_SIZE, (uint8_t *) (uintptr_t) key_of(scene, signer)->public_key};
    if (body->valid_until_ms == 0)
        body->valid_until_ms = scene->now_ms + 86400000 + scene->serial++;
    body->nonce = (ProtobufCBinaryData){NONCE_SIZE, arena_alloc(scene->arena, NONCE_SIZE)};
    assert_non_null(body->nonce.data);
    scene_random(scene, body->nonce.data, NONCE_SIZE);
    if (body->body_case != COMITY__V1__COMMAND__BODY_FOUND &&
        body->body_case != COMITY__V1__COMMAND__BODY_REDEEM && body->epoch == 0)
        body->epoch = 1;
    body->n_cosigners = cosigner_count;
    body->cosigners = arena_alloc(scene->arena, (cosigner_count + 1) * sizeof(*body->cosigners));
    for (size_t i = 0; i < cosigner_count; i++)
        body->cosigners[i] =
            (ProtobufCBinaryData){KEY_SIZE, (uint8_t *) (uintptr_t) key_of(scene, cosigners[i])->public_key};
    if (cosigner_count > 1)
        qsort(body->cosigners, cosigner_count, sizeof(*body->cosigners), compare_keys);
}

static size_t item_add(struct scene *scene, struct command *command)
{
    struct batch_item *item = &scene->items[scene->count];

    assert_true(scene->count < BATCH_MAX_COMMANDS);
    *item = (struct batch_item){.command = command, .arena = arena_new(ARENA_LIMIT_DEFAULT)};
    assert_non_null(item->arena);
    return scene->count++;
}

size_t scene_add(struct scene *scene, Comity__V1__Command *body, unsigned signer, const unsigned *cosigners,
                 size_t cosigner_count)
{
    struct gathered texts = {.scene = scene};
    struct command *command = arena_alloc(scene->arena, sizeof(*command));
    struct refusal refusal = {0};
    struct bytes signed_command;
    uint8_t id[COMMAND_ID_SIZE];

    assert_non_null(command);
    body_finish(scene, body, signer, cosigners, cosigner_count);
    assert_int_equal(message_visit(&body->base, &comity__v1__text_ref__descriptor, gather, &texts), 0);
    assert_int_equal(command_seal_up(body, key_of(scene, signer), scene->arena, &signed_command, id), 0);
    for (size_t i = 0; i < cosigner_count; i++)
        assert_int_equal(
            command_cosign(signed_command, key_of(scene, cosigners[i]), scene->arena, &signed_command), 0);
    if (command_open(signed_command, scene->arena, &refusal, command) != 0)
        fail_msg("%s in %s", error_name(refusal.code), refusal.field);
    if (command_take_texts(command, texts.list, texts.count, scene->arena, &refusal) != 0)
        fail_msg("%s in %s", error_name(refusal.code), refusal.field);
    return item_add(scene, command);
}

size_t scene_add_again(struct scene *scene, const struct command *command)
{
    struct command *copy = arena_copy(scene->arena, command, sizeof(*command));

    assert_non_null(copy);
    return item_add(scene, copy);
}

int scene_run(struct scene *scene)
{
    return batch_run(scene->runner, scene->items, scene->count, &scene->result);
}

void scene_next(struct scene *scene)
{
    for (size_t i = 0; i < scene->count; i++)
        arena_destroy(&scene->items[i].arena);
    scene->count = 0;
}

void scene_do(struct scene *scene, Comity__V1__Command *body, unsigned signer, const unsigned *cosigners,
              size_t cosigner_count)
{
    scene_next(scene);
    scene_add(scene, body, signer, cosigners, cosigner_count);
    assert_int_equal(scene_run(scene), 0);
    if (scene->items[0].code != 0)
        fail_msg("%s of %s refused: %s in %s", command_name(body),
                 key_of(scene, signer) ? "a member" : "nobody", error_name(scene->items[0].code),
                 scene_reply(scene, 0)->refusal->field);
    scene_next(scene);
}

/* Bodies. */

static Comity__V1__Command *body_new(struct scene *scene, Comity__V1__Command__BodyCase body_case)
{
    Comity__V1__Command *body = SCENE_NEW(scene, Command, command);

    body->body_case = body_case;
    return body;
}

#define BODY(scene, NAME) body_new((scene), COMITY__V1__COMMAND__BODY_##NAME)

Comity__V1__Command *scene_add_item(struct scene *scene, const char *title)
{
    Comity__V1__Command *body = BODY(scene, ADD_ITEM);

    body->add_item = SCENE_NEW(scene, AddItem, add_item);
    body->add_item->session = 1;
    body->add_item->title = scene_text(scene, title);
    return body;
}

Comity__V1__Command *scene_ballot(struct scene *scene, uint32_t answer, uint64_t replaces, const char *reason)
{
    Comity__V1__Command *body = BODY(scene, CAST_BALLOT);

    body->cast_ballot = SCENE_NEW(scene, CastBallot, cast_ballot);
    body->cast_ballot->round = 1;
    body->cast_ballot->text_hash = (ProtobufCBinaryData){HASH_SIZE, scene->text_hash};
    body->cast_ballot->answer = answer;
    body->cast_ballot->replaces = replaces;
    body->cast_ballot->reason = scene_text(scene, reason != NULL ? reason : "");
    body->cast_ballot->alternative = scene_text(scene, "");
    return body;
}

static Comity__V1__Founder *founder_new(struct scene *scene, unsigned member)
{
    Comity__V1__Founder *founder = SCENE_NEW(scene, Founder, founder);
    char name[32];

    snprintf(name, sizeof(name), "Member %u", member);
    founder->key = (ProtobufCBinaryData){KEY_SIZE, scene->members[member].public_key};
    founder->name = scene_text(scene, name);
    founder->offices = arena_alloc(scene->arena, 2 * sizeof(*founder->offices));
    founder->offices[0] = COMITY__V1__OFFICE__OFFICE_CO_CHAIR;
    founder->offices[1] = COMITY__V1__OFFICE__OFFICE_FACILITATOR;
    founder->n_offices = member == 0 ? 2 : 1;
    return founder;
}

static Comity__V1__NewConstituency *constituency_new(struct scene *scene, unsigned party)
{
    static const char *const names[SCENE_PARTIES] = {"labour", "management"};
    Comity__V1__NewConstituency *constituency = SCENE_NEW(scene, NewConstituency, new_constituency);

    constituency->name = arena_string(scene->arena, names[party]);
    constituency->kind = party == 0 ? COMITY__V1__CONSTITUENCY_KIND__CONSTITUENCY_KIND_WORKER
                                    : COMITY__V1__CONSTITUENCY_KIND__CONSTITUENCY_KIND_EMPLOYER;
    constituency->standing = COMITY__V1__STANDING__STANDING_PARTY;
    constituency->title = scene_text(scene, names[party]);
    constituency->n_founders = SCENE_MEMBERS / SCENE_PARTIES;
    constituency->founders =
        arena_alloc(scene->arena, constituency->n_founders * sizeof(*constituency->founders));
    for (unsigned i = 0; i < constituency->n_founders; i++)
        constituency->founders[i] = founder_new(scene, party * (SCENE_MEMBERS / SCENE_PARTIES) + i);
    return constituency;
}

size_t scene_add_founding(struct scene *scene, unsigned parties)
{
    Comity__V1__Command *body = BODY(scene, FOUND);
    Comity__V1__Found *found = SCENE_NEW(scene, Found, found);
    Comity__V1__NewSite *site = SCENE_NEW(scene, NewSite, new_site);
    unsigned cosigners[SCENE_MEMBERS - 1];
    char name[32];

    for (unsigned i = 1; i < SCENE_MEMBERS; i++)
        cosigners[i - 1] = i;
    snprintf(name, sizeof(name), "partnership-%u", scene->serial++);
    found->name = arena_string(scene->arena, name);
    found->title = scene_text(scene, "A partnership");
    found->n_constituencies = parties;
    found->constituencies = arena_alloc(scene->arena, SCENE_PARTIES * sizeof(*found->constituencies));
    for (unsigned i = 0; i < parties; i++)
        found->constituencies[i] = constituency_new(scene, i);
    site->name = arena_string(scene->arena, "north");
    site->title = scene_text(scene, "North works");
    site->time_zone = arena_string(scene->arena, "Europe/Berlin");
    found->n_sites = 1;
    found->sites = arena_copy(scene->arena, &site, sizeof(site));
    body->found = found;
    return scene_add(scene, body, 0, cosigners, parties * (SCENE_MEMBERS / SCENE_PARTIES) - 1);
}

void scene_found(struct scene *scene)
{
    scene_next(scene);
    scene_add_founding(scene, SCENE_PARTIES);
    memcpy(scene->history, scene->items[0].command->history, HISTORY_ID_SIZE);
    assert_int_equal(scene_run(scene), 0);
    if (scene->items[0].code != 0)
        fail_msg("founding refused: %s", error_name(scene->items[0].code));
    scene_next(scene);
}

static void make_body(struct scene *scene)
{
    Comity__V1__Command *body = BODY(scene, CREATE_BODY);
    Comity__V1__SeatGroup *groups[SCENE_PARTIES];

    body->create_body = SCENE_NEW(scene, CreateBody, create_body);
    body->create_body->name = arena_string(scene->arena, "council");
    body->create_body->title = scene_text(scene, "The council");
    for (unsigned i = 0; i < SCENE_PARTIES; i++) {
        groups[i] = SCENE_NEW(scene, SeatGroup, seat_group);
        groups[i]->constituency = arena_string(scene->arena, i == 0 ? "labour" : "management");
        groups[i]->count = SCENE_MEMBERS / SCENE_PARTIES;
    }
    body->create_body->n_seats = SCENE_PARTIES;
    body->create_body->seats = arena_copy(scene->arena, groups, sizeof(groups));
    scene_do(scene, body, 0, MANAGEMENT_CHAIR, 1);
}

static void take_seats(struct scene *scene)
{
    for (unsigned i = 0; i < SCENE_MEMBERS; i++) {
        Comity__V1__Command *body = BODY(scene, ASSIGN_SEAT);

        body->assign_seat = SCENE_NEW(scene, AssignSeat, assign_seat);
        body->assign_seat->body = 1;
        body->assign_seat->seat = i + 1;
        body->assign_seat->member = i + 1;
        scene_do(scene, body, i < MANAGEMENT_CHAIR[0] ? 0 : MANAGEMENT_CHAIR[0], NULL, 0);
    }
}

static void adopt_rule(struct scene *scene, bool closes)
{
    Comity__V1__Command *body = BODY(scene, ADOPT_RULE);
    Comity__V1__Rule *rule = rule_template_rule(rule_template_find("five-point-poll"), scene->arena);

    assert_non_null(rule);
    body->adopt_rule = SCENE_NEW(scene, AdoptRule, adopt_rule);
    body->adopt_rule->rule = rule;
    body->adopt_rule->n_bodies = 1;
    body->adopt_rule->bodies = arena_copy(scene->arena, &(uint32_t){1}, sizeof(uint32_t));
    if (closes) {
        body->adopt_rule->rule->close = SCENE_NEW(scene, Close, close);
        body->adopt_rule->rule->close->at_time = true;
    }
    scene_do(scene, body, 0, MANAGEMENT_CHAIR, 1);
}

static void open_session(struct scene *scene)
{
    Comity__V1__Command *convene = BODY(scene, CONVENE_SESSION);
    Comity__V1__Command *open = BODY(scene, OPEN_SESSION);

    convene->convene_session = SCENE_NEW(scene, ConveneSession, convene_session);
    convene->convene_session->body = 1;
    convene->convene_session->title = scene_text(scene, "First session");
    convene->convene_session->starts_ms = scene->now_ms + 1;
    scene_do(scene, convene, 0, NULL, 0);
    open->open_session = SCENE_NEW(scene, OpenSession, open_session);
    open->open_session->session = 1;
    scene_do(scene, open, 0, NULL, 0);
    for (unsigned i = 0; i < SCENE_MEMBERS; i++) {
        Comity__V1__Command *check_in = BODY(scene, CHECK_IN);

        check_in->check_in = SCENE_NEW(scene, CheckIn, check_in);
        check_in->check_in->session = 1;
        check_in->check_in->site = 1;
        scene_do(scene, check_in, i, NULL, 0);
    }
}

void scene_open_round(struct scene *scene, int64_t closes_ms)
{
    Comity__V1__Command *proposal = BODY(scene, MAKE_PROPOSAL);
    Comity__V1__Command *round = BODY(scene, OPEN_ROUND);

    make_body(scene);
    take_seats(scene);
    adopt_rule(scene, closes_ms != 0);
    open_session(scene);
    scene_do(scene, scene_add_item(scene, "Shifts"), 0, NULL, 0);
    proposal->make_proposal = SCENE_NEW(scene, MakeProposal, make_proposal);
    proposal->make_proposal->item = 1;
    proposal->make_proposal->title = scene_text(scene, "Shorter shifts");
    proposal->make_proposal->text = scene_text(scene, "Shifts are seven hours from January on.");
    memcpy(scene->text_hash, proposal->make_proposal->text->hash.data, HASH_SIZE);
    scene_do(scene, proposal, 0, NULL, 0);
    round->open_round = SCENE_NEW(scene, OpenRound, open_round);
    round->open_round->proposal = 1;
    round->open_round->text_hash = (ProtobufCBinaryData){HASH_SIZE, scene->text_hash};
    round->open_round->rule = 1;
    round->open_round->closes_ms = closes_ms;
    scene_do(scene, round, 0, NULL, 0);
}

/* Answers. */

const Comity__V1__Reply *scene_reply(struct scene *scene, size_t item)
{
    ProtobufCMessage *reply;

    assert_int_equal(message_unpack(&comity__v1__reply__descriptor, scene->items[item].reply, 1024 * 1024,
                                    scene->arena, NULL, &reply),
                     0);
    return (const Comity__V1__Reply *) reply;
}

static struct bytes bytes_of(ProtobufCBinaryData field)
{
    return BYTES(field.data, field.len);
}

/* The part of the command says nothing but its hash: the client has the bytes. */
static void command_part_check(const Comity__V1__Part *shown, const struct command *command)
{
    struct event_part part = {.kind = COMITY__V1__PART_KIND__PART_KIND_COMMAND,
                              .content = command->signed_command};

    assert_int_equal(shown->kind, COMITY__V1__PART_KIND__PART_KIND_COMMAND);
    assert_int_equal(shown->content.len, 0);
    assert_int_equal(shown->salt.len, SALT_SIZE);
    memcpy(part.salt, shown->salt.data, SALT_SIZE);
    event_part_hash(&part);
    assert_memory_equal(part.hash, shown->hash.data, HASH_SIZE);
}

static void parts_check(const Comity__V1__EventRecord *event, const struct command *command)
{
    assert_int_equal(event->n_parts, 2 + command->text_count);
    assert_int_equal(event->parts[0]->kind, COMITY__V1__PART_KIND__PART_KIND_OPEN);
    assert_true(event->parts[0]->content.len > 0);
    command_part_check(event->parts[1], command);
    for (size_t i = 0; i < command->text_count; i++) {
        assert_int_equal(event->parts[2 + i]->content.len, 0);
        assert_memory_equal(event->parts[2 + i]->hash.data, command->texts[i].hash, HASH_SIZE);
    }
}

void scene_check_receipt(struct scene *scene, size_t item)
{
    const struct command *command = scene->items[item].command;
    const Comity__V1__Reply *reply = scene_reply(scene, item);
    const Comity__V1__Receipt *receipt = reply->receipt;
    struct bytes proof[PROOF_MAX];
    struct event_header header;
    struct checkpoint checkpoint;
    char origin[ORIGIN_MAX_BYTES + 1];
    uint8_t leaf[HASH_SIZE];

    assert_int_equal(reply->kind_case, COMITY__V1__REPLY__KIND_RECEIPT);
    assert_true(bytes_equal(bytes_of(receipt->command_id), BYTES(command->id, COMMAND_ID_SIZE)));
    assert_true(bytes_equal(bytes_of(receipt->history), BYTES(command->history, HISTORY_ID_SIZE)));
    assert_int_equal(event_record_check(receipt->event, &header), 0);
    assert_int_equal(header.sequence, receipt->first_sequence);
    assert_int_equal(header.sequence, scene->items[item].sequence);
    assert_memory_equal(header.history, command->history, HISTORY_ID_SIZE);
    parts_check(receipt->event, command);
    assert_int_equal(checkpoint_open(bytes_of(receipt->checkpoint), scene->log_key.public_key, &checkpoint),
                     0);
    checkpoint_origin(command->history, header.epoch, origin);
    assert_string_equal(checkpoint.origin, origin);
    assert_true(receipt->n_proof <= PROOF_MAX);
    for (size_t i = 0; i < receipt->n_proof; i++)
        proof[i] = bytes_of(receipt->proof[i]);
    tree_leaf_hash(bytes_of(receipt->event->header), leaf);
    assert_int_equal(tree_inclusion_check(header.sequence - 1, checkpoint.size, leaf, proof, receipt->n_proof,
                                          BYTES(checkpoint.root, HASH_SIZE)),
                     0);
}

uint64_t scene_head(struct scene *scene)
{
    struct store_txn *txn;
    struct store_history history;

    assert_int_equal(store_begin_read(scene->store, &txn), 0);
    assert_int_equal(store_history_get(txn, scene->history, &history), 0);
    store_abort(&txn);
    return history.head;
}

void scene_view_hash(struct scene *scene, uint8_t ret_hash[HASH_SIZE])
{
    struct store_txn *txn;
    struct store_history history;
    struct view view;

    assert_int_equal(store_begin_read(scene->store, &txn), 0);
    assert_int_equal(store_history_get(txn, scene->history, &history), 0);
    view = store_view(txn, &history);
    assert_int_equal(view_hash(&view, ret_hash), 0);
    store_abort(&txn);
}
