#include "core/rule/rule.h"

#include "core/error.h"
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
unsigned rule_duties(const Comity__V1__Rule *rule, const struct ballot_answer *given)
{
    Comity__V1__Stance stance = rule_stance(rule, given->answer);
    unsigned duties = 0;

    for (size_t i = 0; i < rule->n_duties; i++) {
        const Comity__V1__Duty *duty = rule->duties[i];
        bool is_of_choice = duty->choice != 0 && duty->choice == given->choice;
        bool is_of_stance = duty->choice == 0 && given->answer != 0 && duty->stance == stance;
        if (is_of_choice || is_of_stance)
            duties |= 1U << duty->kind;
    }
    return duties;
}

/* Every option has a rank, or none; no two share one where an order is asked for. */
static int check_ranks(const Comity__V1__Rule *rule, size_t option_count, const struct ballot_answer *given)
{
    uint64_t seen = 0;

    if (given->rank_count != option_count)
        return ERR_OPTION;
    for (size_t i = 0; i < given->rank_count; i++) {
        uint32_t rank = given->ranks[i];
        if (rank > option_count)
            return ERR_ANSWER;
        if (rank == 0 || rule->ranking->method == COMITY__V1__RANKING_METHOD__RANKING_METHOD_SCHULZE)
            continue;
        if (seen & UINT64_C(1) << (rank - 1))
            return ERR_DUPLICATE;
        seen |= UINT64_C(1) << (rank - 1);
    }
    return 0;
}

static int check_form(const Comity__V1__Rule *rule, size_t option_count, const struct ballot_answer *given,
                      const char **ret_field)
{
    switch (rule->form) {
    case COMITY__V1__FORM__FORM_CHOICE:
        *ret_field = "choice";
        return given->choice == 0 ? ERR_ANSWER : given->choice > option_count ? ERR_OPTION : 0;
    case COMITY__V1__FORM__FORM_RANKING:
        *ret_field = "ranks";
        return check_ranks(rule, option_count, given);
    case COMITY__V1__FORM__FORM_SCORE:
        *ret_field = "score";
        return !given->has_score || given->score < rule->scores->least || given->score > rule->scores->most
                   ? ERR_ANSWER
                   : 0;
    default:
        *ret_field = "answer";
        return ERR_ANSWER; /* a stance is an answer of the scale */
    }
}

/* docs/rules.md */
int rule_check_answer(const Comity__V1__Rule *rule, size_t option_count, const struct ballot_answer *given,
                      const char **ret_field)
{
    bool is_choice = rule->form == COMITY__V1__FORM__FORM_CHOICE;
    bool is_ranking = rule->form == COMITY__V1__FORM__FORM_RANKING;
    bool is_score = rule->form == COMITY__V1__FORM__FORM_SCORE;
    bool is_of_scale = given->answer != 0;

    *ret_field = "choice";
    if (given->choice != 0 && (!is_choice || is_of_scale))
        return ERR_ANSWER;
    *ret_field = "ranks";
    if (given->rank_count > 0 && (!is_ranking || is_of_scale))
        return ERR_ANSWER;
    *ret_field = "score";
    if (given->has_score && (!is_score || is_of_scale))
        return ERR_ANSWER;
    if (!is_of_scale)
        return check_form(rule, option_count, given, ret_field);
    *ret_field = "answer";
    return rule_stance(rule, given->answer) == COMITY__V1__STANCE__STANCE_UNSPECIFIED ? ERR_ANSWER : 0;
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
