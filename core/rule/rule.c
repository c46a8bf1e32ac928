#include "core/rule/rule.h"

#include "core/key.h"

/* docs/rules.md R-10 */
int rule_hash(const Comity__V1__Rule *rule, struct arena *arena, uint8_t ret_hash[HASH_SIZE])
{
    struct bytes packed;
    int code = message_pack(&rule->base, arena, &packed);
    if (code)
        return code;
    tagged_hash(TAG_RULE, packed, ret_hash);
    return 0;
}

/* docs/rules.md R-11 */
Comity__V1__Stance rule_stance(const Comity__V1__Rule *rule, uint32_t answer)
{
    for (size_t i = 0; i < rule->n_scale; i++) {
        if (rule->scale[i]->answer == answer)
            return rule->scale[i]->stance;
    }
    return COMITY__V1__STANCE__STANCE_UNSPECIFIED;
}

/* docs/rules.md R-34 */
bool rule_requires_reason(const Comity__V1__Rule *rule, Comity__V1__Stance stance)
{
    for (size_t i = 0; i < rule->n_duties; i++) {
        if (rule->duties[i]->stance == stance &&
            rule->duties[i]->kind == COMITY__V1__DUTY_KIND__DUTY_KIND_REASON)
            return true;
    }
    return false;
}

/* The contract's own name of a value, without the part that repeats the type's. */
static const char *value_name(const ProtobufCEnumDescriptor *type, int value, size_t prefix)
{
    const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value(type, value);
    return found ? found->name + prefix : "UNKNOWN";
}

const char *outcome_name(Comity__V1__OutcomeKind kind)
{
    return value_name(&comity__v1__outcome_kind__descriptor, (int) kind, sizeof("OUTCOME_KIND_") - 1);
}

const char *stance_name(Comity__V1__Stance stance)
{
    return value_name(&comity__v1__stance__descriptor, (int) stance, sizeof("STANCE_") - 1);
}
