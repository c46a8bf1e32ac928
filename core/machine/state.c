#include "core/machine/state.h"
#include "core/error.h"
#include "core/machine/row.h"
#include "core/machine/stand_in.h"

/* Of a line of a roll that stays as it was: what is known of its member's answer, and by which event. @key: of a ballot. */
static int take_ballot(const struct view *view, struct arena *arena, enum table table, Comity__V1__RollEntry *entry,
                       bool *ret_is_there)
{
    struct row_key key = row_key(table, entry->round, entry->member);
    ProtobufCMessage *row;
    int code = row_get(view, arena, table, &key, &row);

    *ret_is_there = code == 0;
    if (code != 0)
        return code == ERR_NOT_FOUND ? 0 : code;
    uint64_t changed = ((const Comity__V1__Ballot *) row)->changed;
    entry->changed = changed > entry->changed ? changed : entry->changed;
    return 0;
}

static int take_acknowledged(const struct view *view, Comity__V1__RollEntry *entry)
{
    struct row_key key = row_key(TABLE_ACKNOWLEDGED, entry->round, entry->member);
    struct bytes value;
    int code = view_get(view, row_key_view(&key), &value);

    entry->has_acknowledged = code == 0;
    if (code != 0)
        return code == ERR_NOT_FOUND ? 0 : code;
    if (value.size == 8 && get_u64(value.data) > entry->changed) /* a store of before has another number there */
        entry->changed = get_u64(value.data);
    return 0;
}

/* What changes with each ballot is kept apart: a round's row has the rule in it, and a roll's line is written
 * once. */
int row_take_answered(const struct view *view, struct arena *arena, enum table table, ProtobufCMessage *row)
{
    Comity__V1__Round *round = (Comity__V1__Round *) row;
    Comity__V1__RollEntry *entry = (Comity__V1__RollEntry *) row;
    struct row_key key;
    bool has_answered = false, was_disputed;
    int code;

    switch (table) {
    case TABLE_ROUND:
        key = row_key(TABLE_ANSWERED, round->number, 0);
        return row_number(view, &key, &round->answered);
    case TABLE_ROLL:
        code = take_ballot(view, arena, TABLE_BALLOT, entry, &has_answered);
        entry->has_answered = has_answered;
        if (code == 0)
            code = take_ballot(view, arena, TABLE_DISPUTED, entry, &was_disputed);
        return code == 0 ? take_acknowledged(view, entry) : code;
    default:
        return 0;
    }
}

int state_get(const struct view *view, struct arena *arena, enum table table, uint32_t a, uint32_t b,
              ProtobufCMessage **ret_row)
{
    struct row_key key = row_key(table, a, b);
    ProtobufCMessage *row;
    int code = row_get(view, arena, table, &key, &row);

    if (code == 0)
        code = row_take_answered(view, arena, table, row);
    if (code == 0)
        *ret_row = row;
    return code;
}

static int key_of_row(enum table table, uint32_t a, uint32_t b, const ProtobufCMessage *row,
                      struct row_key *ret_key)
{
    ProtobufCBinaryData bytes;

    if (table != TABLE_KEY && table != TABLE_INVITATION) {
        *ret_key = row_key(table, a, b);
        return 0;
    }
    bytes = table == TABLE_KEY ? ((const Comity__V1__Key *) row)->key
                               : ((const Comity__V1__Invitation *) row)->key;
    if (bytes.len != KEY_SIZE)
        return ERR_INTERNAL;
    *ret_key = row_key_bytes(table, bytes.data);
    return 0;
}

int state_put(const struct view *view, struct arena *arena, enum table table, uint32_t a, uint32_t b,
              const ProtobufCMessage *row)
{
    const struct table_row *of = table_find(table);
    Comity__V1__RollEntry entry;
    Comity__V1__Round round;
    struct row_key key;
    int code;

    if (!of || of->type != row->descriptor)
        return ERR_INTERNAL;
    code = key_of_row(table, a, b, row, &key);
    if (code != 0)
        return code;
    if (table == TABLE_ROUND) {
        round = *(const Comity__V1__Round *) row;
        round.answered = 0;
        row = &round.base;
    } else if (table == TABLE_ROLL) {
        entry = *(const Comity__V1__RollEntry *) row;
        entry.has_answered = false;
        entry.has_acknowledged = false;
        row = &entry.base;
    }
    return row_put(view, arena, table, &key, row);
}

int state_get_by_key(const struct view *view, struct arena *arena, enum table table,
                     const uint8_t key[KEY_SIZE], ProtobufCMessage **ret_row)
{
    struct row_key at = row_key_bytes(table, key);

    return row_get(view, arena, table, &at, ret_row);
}

int state_get_by_name(const struct view *view, struct arena *arena, enum table table, const char *name,
                      ProtobufCMessage **ret_row)
{
    struct row_key key = row_key_name(table, name);
    uint32_t number = 0;
    int code = key.size > 0 ? row_number(view, &key, &number) : 0;

    if (code != 0)
        return code;
    return number == 0 ? ERR_NOT_FOUND : state_get(view, arena, table, number, 0, ret_row);
}

int state_log_key(const struct view *view, struct arena *arena, uint8_t ret_key[KEY_SIZE])
{
    const Comity__V1__Partnership *partnership;
    const ProtobufCBinaryData *key;
    ProtobufCMessage *row;
    int code = state_get(view, arena, TABLE_PARTNERSHIP, 0, 0, &row);

    if (code != 0)
        return code == ERR_NOT_FOUND ? ERR_CORRUPT : code;
    partnership = (const Comity__V1__Partnership *) row;
    if (partnership->n_epochs == 0)
        return ERR_CORRUPT;
    key = &partnership->epochs[partnership->n_epochs - 1]->log_key;
    if (key->len != KEY_SIZE)
        return ERR_CORRUPT;
    memcpy(ret_key, key->data, KEY_SIZE);
    return 0;
}

int state_member_of_key(const struct view *view, struct arena *arena, const uint8_t key[KEY_SIZE],
                        Comity__V1__Member **ret_member)
{
    ProtobufCMessage *row;
    const Comity__V1__Key *known;
    int code = state_get_by_key(view, arena, TABLE_KEY, key, &row);

    if (code != 0)
        return code == ERR_NOT_FOUND ? ERR_KEY_UNKNOWN : code;
    known = (const Comity__V1__Key *) row;
    if (known->revoked != 0)
        return ERR_KEY_REVOKED;
    code = state_get(view, arena, TABLE_MEMBER, known->member, 0, &row);
    if (code != 0)
        return code == ERR_NOT_FOUND ? ERR_CORRUPT : code;
    *ret_member = (Comity__V1__Member *) row;
    return 0;
}

int state_invitation_is_open(const struct view *view, struct arena *arena, const Comity__V1__Invitation *invitation,
                             int64_t time_ms, bool *ret_is)
{
    ProtobufCMessage *row;
    int code;

    *ret_is = false;
    if (invitation->member != 0 || invitation->revoked != 0 || invitation->expires_ms <= time_ms)
        return 0;
    if (invitation->signer.len != KEY_SIZE)
        return ERR_CORRUPT;
    code = state_get_by_key(view, arena, TABLE_KEY, invitation->signer.data, &row);
    if (code != 0)
        return code == ERR_NOT_FOUND ? ERR_CORRUPT : code;
    *ret_is = ((const Comity__V1__Key *) row)->revoked == 0;
    return 0;
}

int state_constituency_of_recovery(const struct view *view, struct arena *arena, const uint8_t key[KEY_SIZE],
                                   uint32_t *ret_constituency)
{
    struct row_key at = row_key_bytes(TABLE_RECOVERY_KEY, key);
    const ProtobufCBinaryData *now;
    ProtobufCMessage *row;
    uint32_t number;
    int code = row_number(view, &at, &number);

    if (code != 0 || number == 0)
        return code != 0 ? code : ERR_KEY_UNKNOWN;
    code = state_get(view, arena, TABLE_CONSTITUENCY, number, 0, &row);
    if (code != 0)
        return code == ERR_NOT_FOUND ? ERR_CORRUPT : code;
    now = &((const Comity__V1__Constituency *) row)->recovery_key;
    if (!bytes_equal(BYTES(now->data, now->len), BYTES(key, KEY_SIZE)))
        return ERR_KEY_UNKNOWN;
    *ret_constituency = number;
    return 0;
}

int state_witness_of_key(const struct view *view, struct arena *arena, const uint8_t key[KEY_SIZE],
                         Comity__V1__Witness **ret_witness)
{
    struct row_key counter = row_key_counter(TABLE_CONSTITUENCY);
    uint32_t last = 0, number = 0;
    bool was_one = false;
    int code = row_number(view, &counter, &last);

    for (uint32_t constituency = 1; code == 0 && constituency <= last; constituency++) {
        struct row_key at = row_key_hashed(TABLE_WITNESS_KEY, constituency, key);
        ProtobufCMessage *row;

        code = row_number(view, &at, &number);
        if (code != 0 || number == 0)
            continue;
        code = state_get(view, arena, TABLE_WITNESS, number, 0, &row);
        if (code != 0)
            return code == ERR_NOT_FOUND ? ERR_CORRUPT : code;
        was_one = true;
        if (((Comity__V1__Witness *) row)->dismissed == 0) {
            *ret_witness = (Comity__V1__Witness *) row;
            return 0;
        }
    }
    return code != 0 ? code : was_one ? ERR_KEY_REVOKED : ERR_KEY_UNKNOWN;
}

bool member_has_office(const Comity__V1__Member *member, Comity__V1__Office office)
{
    size_t i;

    for (i = 0; i < member->n_offices; i++)
        if (member->offices[i] == office)
            return true;
    return false;
}

int state_may_see_ballots(const struct view *view, struct arena *arena, uint32_t round, uint32_t voter,
                          uint32_t reader, bool *ret_may)
{
    ProtobufCMessage *row;
    const Comity__V1__Round *at;
    int code = state_get(view, arena, TABLE_ROUND, round, 0, &row);

    if (code != 0)
        return code;
    at = (const Comity__V1__Round *) row;
    if (!at->rule)
        return ERR_CORRUPT;
    *ret_may = voter == reader || at->state == COMITY__V1__ROUND_STATE__ROUND_STATE_CLOSED ||
               at->rule->visibility == COMITY__V1__VISIBILITY__VISIBILITY_UNSPECIFIED ||
               at->rule->visibility == COMITY__V1__VISIBILITY__VISIBILITY_OPEN;
    return 0;
}

int state_is_of_body(const struct view *view, struct arena *arena, uint32_t body, uint32_t member,
                     bool *ret_is)
{
    struct row_key held = row_key(TABLE_HOLDER, body, member);
    const Comity__V1__Member *of;
    ProtobufCMessage *row;
    bool holds;
    int code = row_exists(view, &held, &holds);

    if (code == 0)
        code = state_get(view, arena, TABLE_MEMBER, member, 0, &row);
    if (code != 0)
        return code;
    of = (const Comity__V1__Member *) row;
    *ret_is = holds || member_has_office(of, COMITY__V1__OFFICE__OFFICE_FACILITATOR) ||
              member_has_office(of, COMITY__V1__OFFICE__OFFICE_RECORDER);
    return 0;
}

int state_may_see_of_body(const struct view *view, struct arena *arena, uint32_t body, uint32_t session,
                          uint32_t asked, uint32_t member, bool *ret_may)
{
    const Comity__V1__Member *of;
    ProtobufCMessage *row;
    int code = state_is_of_body(view, arena, body, member, ret_may);

    if (code == 0 && !*ret_may && session != 0)
        code = stand_in_is(view, arena, session, body, member, ret_may);
    if (code != 0 || *ret_may || asked == 0)
        return code;
    code = state_get(view, arena, TABLE_MEMBER, member, 0, &row);
    if (code != 0)
        return code;
    of = (const Comity__V1__Member *) row;
    *ret_may = of->constituency == asked && member_has_office(of, COMITY__V1__OFFICE__OFFICE_CO_CHAIR);
    return 0;
}

/* In which session is the item now? */
static int session_of_item(const struct view *view, struct arena *arena, uint32_t item, uint32_t *ret_session)
{
    ProtobufCMessage *row;
    int code = state_get(view, arena, TABLE_ITEM, item, 0, &row);

    if (code == 0)
        *ret_session = ((const Comity__V1__Item *) row)->session;
    return code == ERR_NOT_FOUND ? ERR_CORRUPT : code;
}

int state_may_see_texts(const struct view *view, struct arena *arena, const ProtobufCMessage *row,
                        uint32_t reader, bool *ret_may)
{
    uint32_t body = 0, author = 0, second = 0, asked = 0, item = 0, session;
    int code;

    if (row->descriptor == &comity__v1__data_request__descriptor) {
        body = ((const Comity__V1__DataRequest *) row)->confined_to;
        asked = ((const Comity__V1__DataRequest *) row)->constituency;
        item = ((const Comity__V1__DataRequest *) row)->item;
        author = ((const Comity__V1__DataRequest *) row)->asked_by;
        second = ((const Comity__V1__DataRequest *) row)->answered_by;
    } else if (row->descriptor == &comity__v1__fact__descriptor) {
        body = ((const Comity__V1__Fact *) row)->confined_to;
        item = ((const Comity__V1__Fact *) row)->item;
        author = ((const Comity__V1__Fact *) row)->stated_by;
    }
    *ret_may = body == 0 || reader == author || reader == second;
    if (*ret_may)
        return 0;
    code = session_of_item(view, arena, item, &session);
    return code == 0 ? state_may_see_of_body(view, arena, body, session, asked, reader, ret_may) : code;
}
