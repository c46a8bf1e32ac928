/* Rows of the state and their keys: what is below state.h, for the machine's own files.
 *
 * A row is a packed message of model.proto, a u32, or empty; the table says which. */
#ifndef COMITY_CORE_MACHINE_ROW_H
#define COMITY_CORE_MACHINE_ROW_H

#include "core/machine/state.h"

enum key_form {
    FORM_SINGLE,   /* nothing */
    FORM_TABLE,    /* another table's byte */
    FORM_NUMBER,   /* u32 */
    FORM_PAIR,     /* u32, u32 */
    FORM_KEY,      /* 32 bytes */
    FORM_NAME,     /* another table's byte, then a name */
    FORM_HASHED,   /* u32, 32 bytes */
    FORM_DEADLINE, /* due in ms u64, kind u8, number u32, second number u32 */
};

enum deadline_kind {
    DEADLINE_TIME = 1,         /* a round closes at its time */
    DEADLINE_ALL_ANSWERED = 2, /* a round closes since all have answered */
    /* Charter and bodies. */
    DEADLINE_TERM = 10, /* of a body's seat: its holder's term ends */
    /* Sessions. */
    DEADLINE_AWAY = 20,     /* session, member: nothing was heard of the member */
    DEADLINE_TIME_BOX = 21, /* session, item: the item's time is up */
    DEADLINE_CAUCUS = 22,   /* session: the time of return */
    /* Problem solving. */
    DEADLINE_REFERRED = 30,    /* a round closes since its item was referred to bargaining */
    /* Decisions and minutes. */
    DEADLINE_EFFECT = 40, /* a decision takes effect */
    DEADLINE_TRIAL = 41,  /* a decision on trial ends */
    DEADLINE_REVIEW = 42, /* a decision is to be reviewed */
    DEADLINE_SUNSET = 43, /* a decision ends */
    DEADLINE_REPORT = 44, /* a report under a mandate is due */
    /* Rules and stages. */
    DEADLINE_SETTLED = 50, /* a round closes since no answer can change what it comes to */
    DEADLINE_STAGE = 51,   /* a stage of a ladder ends at its time */
};

struct table_row {
    enum table table;
    const char *name;
    enum key_form form;
    const ProtobufCMessageDescriptor *type; /* of the rows; NULL: a u32, or nothing */
};

/* NULL for a table that there is not. */
const struct table_row *table_find(enum table table);

struct row_key {
    uint8_t bytes[VIEW_KEY_MAX];
    size_t size;
};

struct row_key row_key_all(enum table table);               /* the prefix of a whole table */
struct row_key row_key_first(enum table table, uint32_t a); /* the prefix of all pairs of a */
struct row_key row_key(enum table table, uint32_t a, uint32_t b);
struct row_key row_key_hashed(enum table table, uint32_t a, const uint8_t hash[HASH_SIZE]);
struct row_key row_key_counter(enum table of);
struct row_key row_key_bytes(enum table table, const uint8_t key[KEY_SIZE]);
struct row_key row_key_name(enum table of, const char *name); /* size 0: no name is that long */
struct row_key row_key_deadline(int64_t due_ms, enum deadline_kind kind, uint32_t number, uint32_t second);

static inline struct bytes row_key_view(const struct row_key *key)
{
    return BYTES(key->bytes, key->size);
}

/* Rows that are messages. 0, ERR_NOT_FOUND, ERR_CORRUPT, ERR_MEMORY or the backend's code. */
int row_get(const struct view *view, struct arena *arena, enum table table, const struct row_key *key,
            ProtobufCMessage **ret_row);
int row_put(const struct view *view, struct arena *arena, enum table table, const struct row_key *key,
            const ProtobufCMessage *row);
int row_unpack(enum table table, struct bytes value, struct arena *arena, ProtobufCMessage **ret_row);
int row_exists(const struct view *view, const struct row_key *key, bool *ret_exists);

/* Rows that are a u32: 0 where there is none. */
int row_number(const struct view *view, const struct row_key *key, uint32_t *ret_number);
int row_put_number(const struct view *view, const struct row_key *key, uint32_t number);

/* Fill a Round's `answered` from TABLE_ANSWERED, a RollEntry's `has_answered` from TABLE_BALLOT and
 * `has_acknowledged` from TABLE_ACKNOWLEDGED, with `changed` by what changed one of these last (TABLE_DISPUTED has the
 * ballots that are none any more); of any other table nothing. A Round's `changed` is not that of its `answered`. */
int row_take_answered(const struct view *view, struct arena *arena, enum table table, ProtobufCMessage *row);

/* Every row under a prefix, unpacked in @arena. The visitor returns 0, 1 to stop, or a code; it may reset the
 * arena if nothing else lives there. */
typedef int row_fn(void *context, const ProtobufCMessage *row, struct bytes key);
int row_each(const struct view *view, struct arena *arena, enum table table, const struct row_key *prefix,
             row_fn *visit, void *context);

/* The earliest deadline. 0 or ERR_NOT_FOUND. */
struct deadline {
    int64_t due_ms;
    enum deadline_kind kind;
    uint32_t number;
    uint32_t second; /* of a thing that is named by two numbers; else 0 */
};
int deadline_first(const struct view *view, struct deadline *ret_deadline);
/* The deadlines of thing @number of @table that are due by @until_ms: the first, or ERR_NOT_FOUND. */
int deadline_find(const struct view *view, enum table table, uint32_t number, int64_t until_ms,
                  struct deadline *ret_deadline);
/* Whose deadlines of this kind are. */
enum table deadline_table(enum deadline_kind kind);

#endif
