/* The keys of a rule file, as a table: which field each is, in what form it is written, and in which order
 * the canonical form has them. Reader, writer and tests walk the same table. docs/rules.md R-86 */
#ifndef COMITY_RULES_RULE_KEY_H
#define COMITY_RULES_RULE_KEY_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

#include "comity/v1/rule.pb-c.h"

enum key_form {
    KEY_PLAIN,    /* by the field's own type: a word, a number, a list, a block of keys */
    KEY_DURATION, /* milliseconds: 14d, 72h, 30m */
    KEY_BOUND,    /* bound, numerator and denominator: "at_least: 2/3", by the name of the key */
    KEY_OF,       /* Test.against: CAST, [AGREE, RESERVED], or a block "options: [...]"; left out: NONE */
    KEY_SCOPE,    /* Test.scope.kind and .of: WHOLE, "SITE north" */
    KEY_HOLDS_IN, /* Test.scope.quantifier: ALL, or a block "at_least: 1/2" */
    KEY_OFFICE,   /* Test.scope.office */
    KEY_COUNT,   /* Test.count: PRESENT, [AGREE, RESERVED], or a block "options: [...]" or "score_at_least: 7"
                  */
    KEY_SCALE,   /* - 1 agree: AGREE */
    KEY_DUTIES,  /* - BLOCK: REASON, or "- option LABEL: REASON" */
    KEY_OPTIONS, /* - LABEL, or a block with "label" */
    KEY_WEIGHTS, /* - SITE north: 120 */
    KEY_MAP,     /* - REJECTED: ADOPTED, or "- ELSE: TABLED" */
    KEY_CLOSE,   /* [AT_TIME, ALL_ANSWERED] */
    KEY_SCORES,  /* 0 to 10 */
};

/* Units in which KEY_DURATION is written, the longest first. */
enum { DURATION_UNIT_COUNT = 5 };
extern const struct duration_unit {
    const char *name;
    int64_t ms;
} DURATION_UNITS[DURATION_UNIT_COUNT];

struct rule_key {
    const char *key;
    const char *field; /* of the message */
    enum key_form form;
};

/* The keys of a message, of which those count alone whose field it has. */
struct rule_keys {
    const ProtobufCMessageDescriptor *type;
    const struct rule_key *list;
    size_t count;
};

/* NULL: the message has a form of its own, within another's key. */
const struct rule_keys *rule_keys_of(const ProtobufCMessageDescriptor *type);
const ProtobufCFieldDescriptor *rule_key_field(const struct rule_keys *keys, const struct rule_key *key);

/* The word of a scope that names one: "SITE"; NULL of any other. */
const char *named_scope_word(Comity__V1__ScopeKind kind);

#endif
