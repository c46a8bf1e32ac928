/* Written from docs/trust.md and docs/charter.md. */
#include "tests/support/book_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/machine/state.h"
#include "core/text.h"

enum { MEMBERS = 4000, KEYS = 12000, WITNESSES = 4000, CONSTITUENCIES = 65, LOSSES = 12000, ROUNDS = 20000, DEVICES = 8,
       WAYS = 4000, BARS = 1000 };

struct held {
    uint8_t key[KEY_SIZE];
    uint32_t member; /* 0: nobody's, but used: an invitation's, a witness's, one for recovery */
    uint32_t namer;  /* the constituency that named it as an invitation's or a witness's: in others it can be used */
    bool holds;
};

/* An invitation that is to let a member back. */
struct way_back {
    uint8_t key[KEY_SIZE], signer[KEY_SIZE];
    uint32_t member;
    int64_t expires_ms;
    bool is_over; /* redeemed, or withdrawn */
};

struct bar {
    uint8_t key[KEY_SIZE];
    uint32_t constituency;
};

struct loss {
    uint32_t member;
    uint64_t sequence;
    bool is_replaced;
};

struct span {
    uint64_t opened, closed; /* 0: not yet */
    uint32_t *roll;
    size_t count;
};

struct book_keys {
    struct held keys[KEYS];
    size_t key_count;
    struct {
        uint32_t constituency;
        bool is_co_chair;
    } members[MEMBERS];
    struct {
        char name[NAME_MAX_BYTES + 1];
        bool is_party;
        uint8_t recovery[KEY_SIZE];
        bool has_recovery;
        uint32_t asked; /* co-chairs, by the charter */
    } constituencies[CONSTITUENCIES];
    uint32_t constituency_count;
    struct {
        uint32_t constituency;
        uint8_t key[KEY_SIZE];
        bool stands;
    } witnesses[WITNESSES];
    uint32_t witness_count;
    struct way_back ways[WAYS];
    size_t way_count;
    struct bar bars[BARS];
    size_t bar_count;
    struct loss losses[LOSSES];
    size_t loss_count;
    struct span rounds[ROUNDS];
    uint32_t round_count;
    struct book_keys_counts counts;
};

struct book_keys *book_keys_new(void)
{
    struct book_keys *book = calloc(1, sizeof(*book));

    assert_non_null(book);
    return book;
}

void book_keys_destroy(struct book_keys **book)
{
    if (!book || !*book)
        return;
    for (uint32_t i = 0; i < ROUNDS; i++)
        free((*book)->rounds[i].roll);
    free(*book);
    *book = NULL;
}

struct book_keys_counts book_keys_counts(const struct book_keys *book)
{
    return book->counts;
}

static struct held *find(const struct book_keys *book, ProtobufCBinaryData key)
{
    assert_int_equal(key.len, KEY_SIZE);
    for (size_t i = 0; i < book->key_count; i++)
        if (memcmp(book->keys[i].key, key.data, KEY_SIZE) == 0)
            return (struct held *) &book->keys[i];
    return NULL;
}

/* What was revoked while nobody had it is never a key of that constituency. */
static void check_not_barred(const struct book_keys *book, ProtobufCBinaryData key, uint32_t constituency)
{
    for (size_t i = 0; i < book->bar_count; i++)
        assert_false(memcmp(book->bars[i].key, key.data, KEY_SIZE) == 0 && book->bars[i].constituency == constituency);
}

/* No key is ever used twice, but one that another constituency has named without its signature. */
static struct held *use(struct book_keys *book, ProtobufCBinaryData key, uint32_t constituency)
{
    struct held *held = find(book, key);

    if (held) {
        assert_int_equal(held->member, 0);
        assert_int_not_equal(held->namer, 0);
        assert_int_not_equal(held->namer, constituency);
    } else {
        assert_true(book->key_count < KEYS);
        held = &book->keys[book->key_count++];
    }
    memcpy(held->key, key.data, KEY_SIZE);
    held->namer = 0;
    return held;
}

static void use_as_members(struct book_keys *book, ProtobufCBinaryData key, uint32_t member)
{
    struct held *held = use(book, key, book->members[member].constituency);

    check_not_barred(book, key, book->members[member].constituency);
    held->member = member;
    held->holds = true;
}

static void use_as_named(struct book_keys *book, ProtobufCBinaryData key, uint32_t constituency)
{
    use(book, key, constituency)->namer = constituency;
}

static size_t devices_of(const struct book_keys *book, uint32_t member)
{
    size_t count = 0;

    for (size_t i = 0; i < book->key_count; i++)
        count += book->keys[i].member == member && book->keys[i].holds;
    return count;
}

static void lose(struct book_keys *book, ProtobufCBinaryData key, uint32_t member)
{
    struct held *held = find(book, key);

    assert_non_null(held);
    assert_int_equal(held->member, member);
    assert_true(held->holds);
    held->holds = false;
}

static void note_loss(struct book_keys *book, const struct machine_event *event, uint32_t member, bool is_replaced)
{
    assert_true(book->loss_count < LOSSES);
    book->losses[book->loss_count++] = (struct loss){member, event->sequence, is_replaced};
}

static void take_member(struct book_keys *book, const Comity__V1__Member *member)
{
    assert_true(member->number < MEMBERS);
    book->members[member->number].constituency = member->constituency;
    for (size_t i = 0; i < member->n_offices; i++)
        book->members[member->number].is_co_chair |= member->offices[i] == COMITY__V1__OFFICE__OFFICE_CO_CHAIR;
}

static void take_constituency(struct book_keys *book, const Comity__V1__Constituency *constituency)
{
    uint32_t number = constituency->number;

    assert_true(number < CONSTITUENCIES);
    snprintf(book->constituencies[number].name, sizeof(book->constituencies[number].name), "%s", constituency->name);
    book->constituencies[number].is_party = constituency->standing == COMITY__V1__STANDING__STANDING_PARTY;
    book->constituencies[number].asked = 1;
    book->constituency_count = number;
    if (constituency->recovery_key.len > 0) {
        use(book, constituency->recovery_key, number);
        memcpy(book->constituencies[number].recovery, constituency->recovery_key.data, KEY_SIZE);
        book->constituencies[number].has_recovery = true;
    }
}

/* Who signs. */

static size_t co_chairs_there(const struct book_keys *book, uint32_t constituency)
{
    size_t count = 0;

    for (uint32_t member = 1; member < MEMBERS; member++)
        count += book->members[member].is_co_chair && book->members[member].constituency == constituency &&
                 devices_of(book, member) > 0;
    return count;
}

static size_t co_chairs_signed(const struct book_keys *book, const Comity__V1__Command *command, uint32_t constituency)
{
    uint32_t seen[1 + COSIGNERS_MAX];
    size_t count = 0;

    for (size_t i = 0; i <= command->n_cosigners; i++) {
        const struct held *held = find(book, i == 0 ? command->key : command->cosigners[i - 1]);
        bool is_again = false;

        if (!held || !held->holds || book->members[held->member].constituency != constituency ||
            !book->members[held->member].is_co_chair)
            continue;
        for (size_t k = 0; k < count; k++)
            is_again |= seen[k] == held->member;
        if (!is_again)
            seen[count++] = held->member;
    }
    return count;
}

static void check_enough(struct book_keys *book, const Comity__V1__Command *command, uint32_t constituency)
{
    size_t asked = book->constituencies[constituency].asked;
    size_t there = asked > 1 ? co_chairs_there(book, constituency) : asked;
    size_t have = co_chairs_signed(book, command, constituency);

    assert_true(have >= (asked < there ? asked : there));
    assert_true(have >= 1);
    book->counts.together += asked > 1 && there > 1;
}

static bool is_joint(const Comity__V1__Command *command)
{
    switch (command->body_case) {
    case COMITY__V1__COMMAND__BODY_ADMIT_CONSTITUENCY:
    case COMITY__V1__COMMAND__BODY_ADD_SITE:
    case COMITY__V1__COMMAND__BODY_CREATE_BODY:
    case COMITY__V1__COMMAND__BODY_ADOPT_RULE:
    case COMITY__V1__COMMAND__BODY_ADOPT_CHARTER:
    case COMITY__V1__COMMAND__BODY_DECLARE_OUTCOME:
    case COMITY__V1__COMMAND__BODY_GIVE_MANDATE:
    case COMITY__V1__COMMAND__BODY_SET_RETENTION:
    case COMITY__V1__COMMAND__BODY_PURGE_TEXTS:
        return true;
    default:
        return false;
    }
}

/* The constituency for whose own a co-chair acts alone; 0: it is another sort of act. */
static uint32_t own_of(const struct book_keys *book, const Comity__V1__Command *command, uint32_t signer)
{
    uint32_t own = book->members[signer].constituency;
    const struct held *held;

    switch (command->body_case) {
    case COMITY__V1__COMMAND__BODY_INVITE:
    case COMITY__V1__COMMAND__BODY_ASSIGN_SEAT:
    case COMITY__V1__COMMAND__BODY_NAME_ALTERNATES:
    case COMITY__V1__COMMAND__BODY_SIGN_CLAUSE:
    case COMITY__V1__COMMAND__BODY_APPROVE_MINUTES:
    case COMITY__V1__COMMAND__BODY_DISSENT_MINUTES:
    case COMITY__V1__COMMAND__BODY_HOLD_TEXTS:
    case COMITY__V1__COMMAND__BODY_LIFT_HOLD:
    case COMITY__V1__COMMAND__BODY_SET_LIST:
    case COMITY__V1__COMMAND__BODY_SET_RECOVERY_KEY:
    case COMITY__V1__COMMAND__BODY_APPOINT_WITNESS:
    case COMITY__V1__COMMAND__BODY_DISMISS_WITNESS:
        return own;
    case COMITY__V1__COMMAND__BODY_REVOKE_KEY:
        held = find(book, command->revoke_key->key);
        return held && held->member == signer ? 0 : own;
    default:
        return 0;
    }
}

static void check_signers(struct book_keys *book, const struct machine_event *event)
{
    const Comity__V1__Command *command = event->command;
    const struct held *signer = find(book, command->key);

    switch (command->body_case) {
    case COMITY__V1__COMMAND__BODY_FOUND:
    case COMITY__V1__COMMAND__BODY_REDEEM:
        assert_true(!signer || signer->namer != 0); /* a new key */
        return;
    case COMITY__V1__COMMAND__BODY_RECOVER_CO_CHAIR:
        assert_non_null(signer);
        assert_int_equal(signer->member, 0);
        return;
    default:
        break;
    }
    assert_non_null(signer);
    assert_true(signer->holds);
    assert_int_equal(event->open->actor, signer->member);
    if (is_joint(command))
        for (uint32_t number = 1; number <= book->constituency_count; number++)
            if (book->constituencies[number].is_party)
                check_enough(book, command, number);
    if (own_of(book, command, signer->member) != 0)
        check_enough(book, command, own_of(book, command, signer->member));
}

/* Events. */

static void way_ends(struct book_keys *book, ProtobufCBinaryData key)
{
    for (size_t i = 0; i < book->way_count; i++)
        if (memcmp(book->ways[i].key, key.data, KEY_SIZE) == 0) {
            assert_false(book->ways[i].is_over);
            book->ways[i].is_over = true;
        }
}

static void invited(struct book_keys *book, const Comity__V1__Invitation *invitation)
{
    struct way_back *way = &book->ways[book->way_count];

    use_as_named(book, invitation->key, invitation->constituency);
    if (invitation->recovers == 0)
        return;
    assert_true(book->way_count++ < WAYS);
    memcpy(way->key, invitation->key.data, KEY_SIZE);
    memcpy(way->signer, invitation->signer.data, KEY_SIZE);
    way->member = invitation->recovers;
    way->expires_ms = invitation->expires_ms;
}

static bool is_open(const struct book_keys *book, const struct way_back *way, int64_t now_ms)
{
    const struct held *signer = find(book, (ProtobufCBinaryData){KEY_SIZE, (uint8_t *) way->signer});

    return !way->is_over && way->expires_ms > now_ms && signer && signer->holds;
}

/* Whoever comes back ends all other ways back, as the event says; a further device ends none. */
static void ways_end(struct book_keys *book, const struct machine_event *event, const Comity__V1__KeyAdded *added)
{
    size_t open = 0;

    if (added->invitation.len > 0)
        way_ends(book, added->invitation);
    for (size_t i = 0; event->command->body_case != COMITY__V1__COMMAND__BODY_ADD_KEY && i < book->way_count; i++)
        open += book->ways[i].member == added->key->member && is_open(book, &book->ways[i], event->time_ms);
    assert_int_equal(added->n_withdrawn, open);
    for (size_t i = 0; i < added->n_withdrawn; i++) {
        if (i > 0)
            assert_true(memcmp(added->withdrawn[i - 1].data, added->withdrawn[i].data, KEY_SIZE) < 0);
        way_ends(book, added->withdrawn[i]);
    }
    book->counts.withdrawn += open;
}

static void revoked(struct book_keys *book, const struct machine_event *event, const Comity__V1__KeyRevoked *revoked)
{
    if (revoked->constituency != 0) {
        const struct held *held = find(book, revoked->key);

        assert_int_equal(revoked->member, 0);
        assert_int_equal(book->members[event->open->actor].constituency, revoked->constituency);
        assert_true(!held || (held->member == 0 && held->namer != 0 && held->namer != revoked->constituency));
        check_not_barred(book, revoked->key, revoked->constituency);
        assert_true(book->bar_count < BARS);
        memcpy(book->bars[book->bar_count].key, revoked->key.data, KEY_SIZE);
        book->bars[book->bar_count++].constituency = revoked->constituency;
        book->counts.barred++;
        return;
    }
    if (revoked->member == 0) {
        way_ends(book, revoked->key);
        return;
    }
    lose(book, revoked->key, revoked->member);
    note_loss(book, event, revoked->member, false);
}

/* Of whom recovers everything else is lost; who adds a key loses what they say. */
static void added(struct book_keys *book, const struct machine_event *event, const Comity__V1__KeyAdded *added)
{
    const Comity__V1__Command *command = event->command;
    uint32_t member = added->key->member;

    assert_int_equal(event->open->actor, member);
    assert_int_equal(added->key->added, event->sequence);
    ways_end(book, event, added);
    for (size_t i = 0; i < added->n_revoked; i++) {
        lose(book, added->revoked[i], member);
        if (i > 0)
            assert_true(memcmp(added->revoked[i - 1].data, added->revoked[i].data, KEY_SIZE) < 0);
    }
    if (command->body_case == COMITY__V1__COMMAND__BODY_ADD_KEY) {
        assert_int_equal(added->n_revoked, command->add_key->replaces.len > 0 ? 1 : 0);
        assert_true(devices_of(book, member) < DEVICES);
        book->counts.added++;
        book->counts.replaced += added->n_revoked;
    } else {
        assert_int_equal(devices_of(book, member), 0);
    }
    if (command->body_case == COMITY__V1__COMMAND__BODY_RECOVER_CO_CHAIR) {
        uint32_t constituency = book->members[member].constituency;
        assert_true(book->members[member].is_co_chair);
        assert_true(book->constituencies[constituency].has_recovery);
        assert_memory_equal(book->constituencies[constituency].recovery, command->key.data, KEY_SIZE);
        book->counts.recovered++;
    }
    book->counts.back += added->invitation.len > 0;
    use_as_members(book, added->key->key, member);
    if (added->n_revoked > 0)
        note_loss(book, event, member, true);
}

static void recovery_set(struct book_keys *book, const Comity__V1__RecoveryKeySet *set)
{
    use(book, set->key, set->constituency);
    memcpy(book->constituencies[set->constituency].recovery, set->key.data, KEY_SIZE);
    book->constituencies[set->constituency].has_recovery = true;
    book->counts.recovery_set++;
}

static void appointed(struct book_keys *book, const Comity__V1__Witness *witness)
{
    size_t standing = 0;
    bool is_shared = false;

    for (uint32_t i = 1; i <= book->witness_count; i++) {
        bool is_own = book->witnesses[i].constituency == witness->constituency;
        bool is_same = memcmp(book->witnesses[i].key, witness->key.data, KEY_SIZE) == 0;

        standing += book->witnesses[i].stands && is_own;
        assert_false(is_own && is_same);
        is_shared |= is_same;
    }
    assert_true(standing < DEVICES);
    assert_int_equal(witness->number, ++book->witness_count);
    if (!is_shared)
        use_as_named(book, witness->key, witness->constituency);
    book->counts.shared += is_shared;
    memcpy(book->witnesses[witness->number].key, witness->key.data, KEY_SIZE);
    book->witnesses[witness->number].constituency = witness->constituency;
    book->witnesses[witness->number].stands = true;
    book->counts.appointed++;
}

static void opened(struct book_keys *book, const struct machine_event *event, const Comity__V1__RoundOpened *opened)
{
    struct span *round = &book->rounds[opened->round->number];

    assert_true(opened->round->number < ROUNDS);
    book->round_count = opened->round->number;
    round->opened = event->sequence;
    round->roll = calloc(opened->n_roll + 1, sizeof(*round->roll));
    for (size_t i = 0; i < opened->n_roll; i++)
        round->roll[round->count++] = opened->roll[i]->member;
}

static void charter_says(struct book_keys *book, const Comity__V1__Charter *charter)
{
    for (uint32_t number = 1; number <= book->constituency_count; number++) {
        book->constituencies[number].asked = 1;
        for (size_t i = 0; i < charter->n_co_chairs; i++)
            if (strcmp(charter->co_chairs[i]->constituency, book->constituencies[number].name) == 0)
                book->constituencies[number].asked = charter->co_chairs[i]->count;
    }
}

void book_keys_event(struct book_keys *book, const struct machine_event *event)
{
    const Comity__V1__Event *open = event->open;

    if (event->command)
        check_signers(book, event);
    switch (open->kind_case) {
    case COMITY__V1__EVENT__KIND_PARTNERSHIP_FOUNDED:
        for (size_t i = 0; i < open->partnership_founded->n_constituencies; i++)
            take_constituency(book, open->partnership_founded->constituencies[i]);
        for (size_t i = 0; i < open->partnership_founded->n_members; i++)
            take_member(book, open->partnership_founded->members[i]);
        for (size_t i = 0; i < open->partnership_founded->n_keys; i++)
            use_as_members(book, open->partnership_founded->keys[i]->key, open->partnership_founded->keys[i]->member);
        break;
    case COMITY__V1__EVENT__KIND_CONSTITUENCY_ADMITTED:
        take_constituency(book, open->constituency_admitted->constituency);
        for (size_t i = 0; i < open->constituency_admitted->n_members; i++)
            take_member(book, open->constituency_admitted->members[i]);
        for (size_t i = 0; i < open->constituency_admitted->n_keys; i++)
            use_as_members(book, open->constituency_admitted->keys[i]->key, open->constituency_admitted->keys[i]->member);
        break;
    case COMITY__V1__EVENT__KIND_MEMBER_INVITED:
        invited(book, open->member_invited->invitation);
        break;
    case COMITY__V1__EVENT__KIND_INVITATION_REDEEMED:
        take_member(book, open->invitation_redeemed->member);
        use_as_members(book, open->invitation_redeemed->key->key, open->invitation_redeemed->member->number);
        break;
    case COMITY__V1__EVENT__KIND_KEY_REVOKED:
        revoked(book, event, open->key_revoked);
        break;
    case COMITY__V1__EVENT__KIND_KEY_ADDED:
        added(book, event, open->key_added);
        break;
    case COMITY__V1__EVENT__KIND_RECOVERY_KEY_SET:
        recovery_set(book, open->recovery_key_set);
        break;
    case COMITY__V1__EVENT__KIND_WITNESS_APPOINTED:
        appointed(book, open->witness_appointed->witness);
        break;
    case COMITY__V1__EVENT__KIND_WITNESS_DISMISSED:
        assert_true(book->witnesses[open->witness_dismissed->witness].stands);
        book->witnesses[open->witness_dismissed->witness].stands = false;
        book->counts.dismissed++;
        break;
    case COMITY__V1__EVENT__KIND_ROUND_OPENED:
        opened(book, event, open->round_opened);
        break;
    case COMITY__V1__EVENT__KIND_ROUND_CLOSED:
        book->rounds[open->round_closed->round].closed = event->sequence;
        break;
    case COMITY__V1__EVENT__KIND_CHARTER_ADOPTED:
        charter_says(book, open->charter_adopted->charter->charter);
        break;
    default:
        break;
    }
}

/* Against the state. */

static void check_round(const struct book_keys *book, const Comity__V1__Round *row)
{
    const struct span *round = &book->rounds[row->number];
    size_t at = 0;

    for (size_t i = 0; i < book->loss_count; i++) {
        const struct loss *loss = &book->losses[i];
        bool is_listed = false;

        if (loss->sequence < round->opened || (round->closed != 0 && loss->sequence > round->closed))
            continue;
        for (size_t k = 0; k < round->count; k++)
            is_listed |= round->roll[k] == loss->member;
        if (!is_listed)
            continue;
        assert_true(at < row->n_lost_keys);
        assert_int_equal(row->lost_keys[at]->member, loss->member);
        assert_int_equal(row->lost_keys[at]->sequence, loss->sequence);
        assert_int_equal(row->lost_keys[at++]->is_replaced, loss->is_replaced);
    }
    assert_int_equal(at, row->n_lost_keys);
}

void book_keys_check(const struct book_keys *book, const struct view *view, struct arena *arena)
{
    struct book_keys_counts *counts = (struct book_keys_counts *) &book->counts;
    ProtobufCMessage *row = NULL;

    for (size_t i = 0; i < book->key_count; i++) {
        int code = state_get_by_key(view, arena, TABLE_KEY, book->keys[i].key, &row);
        if (book->keys[i].member == 0) {
            assert_int_not_equal(code, 0);
            continue;
        }
        assert_int_equal(code, 0);
        assert_int_equal(((Comity__V1__Key *) row)->member, book->keys[i].member);
        assert_int_equal(((Comity__V1__Key *) row)->revoked == 0, book->keys[i].holds);
    }
    for (uint32_t number = 1; number <= book->constituency_count; number++) {
        assert_int_equal(state_get(view, arena, TABLE_CONSTITUENCY, number, 0, &row), 0);
        const ProtobufCBinaryData *key = &((Comity__V1__Constituency *) row)->recovery_key;
        assert_int_equal(key->len, book->constituencies[number].has_recovery ? KEY_SIZE : 0);
        if (key->len > 0)
            assert_memory_equal(key->data, book->constituencies[number].recovery, KEY_SIZE);
    }
    for (uint32_t number = 1; number <= book->witness_count; number++) {
        assert_int_equal(state_get(view, arena, TABLE_WITNESS, number, 0, &row), 0);
        assert_int_equal(((Comity__V1__Witness *) row)->constituency, book->witnesses[number].constituency);
        assert_int_equal(((Comity__V1__Witness *) row)->dismissed == 0, book->witnesses[number].stands);
    }
    for (uint32_t number = 1; number <= book->round_count; number++) {
        assert_int_equal(state_get(view, arena, TABLE_ROUND, number, 0, &row), 0);
        check_round(book, (Comity__V1__Round *) row);
        for (size_t i = 0; i < ((Comity__V1__Round *) row)->n_lost_keys; i++) {
            counts->lost_in_rounds += !((Comity__V1__Round *) row)->lost_keys[i]->is_replaced;
            counts->replaced_in_rounds += ((Comity__V1__Round *) row)->lost_keys[i]->is_replaced ? 1 : 0;
        }
    }
}
