#include "client/rules/rule_key.h"

#include "comity/v1/rule.pb-c.h"
#include "core/bytes.h"

/* Of a rule, and of the rounds of a stage. */
static const struct rule_key RULE[] = {
    {"name", "name", KEY_PLAIN},           {"form", "form", KEY_PLAIN},
    {"options", "options", KEY_OPTIONS},   {"ranking", "ranking", KEY_PLAIN},
    {"scores", "scores", KEY_SCORES},      {"ties", "ties", KEY_PLAIN},
    {"scale", "scale", KEY_SCALE},         {"duties", "duties", KEY_DUTIES},
    {"roll", "roll", KEY_PLAIN},           {"list", "list", KEY_PLAIN},
    {"frozen", "frozen", KEY_PLAIN},       {"present", "present", KEY_PLAIN},
    {"silence", "silence", KEY_PLAIN},     {"visibility", "visibility", KEY_PLAIN},
    {"change", "change", KEY_PLAIN},       {"notice", "notice_ms", KEY_DURATION},
    {"close", "close", KEY_CLOSE},         {"no_quorum", "no_quorum", KEY_PLAIN},
    {"extend", "extend_ms", KEY_DURATION}, {"rounds", "rounds", KEY_PLAIN},
    {"weights", "weights", KEY_WEIGHTS},   {"tests", "tests", KEY_PLAIN},
    {"stages", "stages", KEY_PLAIN},
};
static const struct rule_key TEST[] = {
    {"name", "name", KEY_PLAIN},         {"class", "class", KEY_PLAIN},
    {"scope", "scope", KEY_SCOPE},       {"office", "scope", KEY_OFFICE},
    {"holds_in", "scope", KEY_HOLDS_IN}, {"count", "count", KEY_COUNT},
    {"at_least", "bound", KEY_BOUND},    {"more_than", "bound", KEY_BOUND},
    {"at_most", "bound", KEY_BOUND},     {"less_than", "bound", KEY_BOUND},
    {"of", "against", KEY_OF},           {"weighting", "weighting", KEY_PLAIN},
    {"bloc", "bloc", KEY_PLAIN},         {"holds_when_empty", "holds_when_empty", KEY_PLAIN},
};
/* `value`: with the bound left out, which means at least. */
static const struct rule_key QUANTIFIER[] = {
    {"at_least", "bound", KEY_BOUND},
    {"more_than", "bound", KEY_BOUND},
    {"value", "bound", KEY_BOUND},
    {"by_weight", "by_weight", KEY_PLAIN},
};
static const struct rule_key BLOC[] = {
    {"tied", "tied", KEY_PLAIN},
    {"absent", "absent", KEY_PLAIN},
};
static const struct rule_key RANKING[] = {
    {"method", "method", KEY_PLAIN},
    {"seats", "seats", KEY_PLAIN},
    {"needs_default", "needs_default", KEY_PLAIN},
    {"quorum", "quorum", KEY_PLAIN},
    {"majorities", "majorities", KEY_PLAIN},
};
static const struct rule_key OPTION[] = {
    {"label", "label", KEY_PLAIN},
    {"majority", "majority", KEY_PLAIN},
    {"is_default", "is_default", KEY_PLAIN},
};
static const struct rule_key MAJORITY[] = {
    {"name", "name", KEY_PLAIN},
    {"at_least", "bound", KEY_BOUND},
    {"more_than", "bound", KEY_BOUND},
};
static const struct rule_key OPTION_QUORUM[] = {
    {"at_least", "bound", KEY_BOUND},
    {"more_than", "bound", KEY_BOUND},
    {"of", "of", KEY_PLAIN},
};
static const struct rule_key STAGE[] = {
    {"name", "name", KEY_PLAIN},
    {"kind", "kind", KEY_PLAIN},
    {"on", "on", KEY_PLAIN},
    {"within", "within_ms", KEY_DURATION},
    {"office", "office", KEY_PLAIN},
    {"each_party", "each_party", KEY_PLAIN},
    {"who", "who", KEY_PLAIN},
    {"count", "count", KEY_PLAIN},
    {"by_other", "by_other", KEY_PLAIN},
    {"counts_as", "counts_as", KEY_PLAIN},
    {"outcome", "outcome", KEY_PLAIN},
    {"rule", "rule", KEY_PLAIN},
    {"otherwise", "otherwise", KEY_PLAIN},
    {"map", "map", KEY_MAP},
};

const struct duration_unit DURATION_UNITS[DURATION_UNIT_COUNT] = {
    {"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};

#define KEYS(type, list)                                                                                     \
    {                                                                                                        \
        &comity__v1__##type##__descriptor, list, ARRAY_COUNT(list)                                           \
    }
static const struct rule_keys TYPES[] = {
    KEYS(rule, RULE),
    KEYS(stage_rule, RULE),
    KEYS(test, TEST),
    KEYS(quantifier, QUANTIFIER),
    KEYS(bloc, BLOC),
    KEYS(option, OPTION),
    KEYS(ranking, RANKING),
    KEYS(majority, MAJORITY),
    KEYS(option_quorum, OPTION_QUORUM),
    KEYS(stage, STAGE),
};

const struct rule_keys *rule_keys_of(const ProtobufCMessageDescriptor *type)
{
    for (size_t i = 0; i < ARRAY_COUNT(TYPES); i++)
        if (TYPES[i].type == type)
            return &TYPES[i];
    return NULL;
}

const ProtobufCFieldDescriptor *rule_key_field(const struct rule_keys *keys, const struct rule_key *key)
{
    return protobuf_c_message_descriptor_get_field_by_name(keys->type, key->field);
}
