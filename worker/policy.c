#include "worker/policy.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

#include "core/error.h"

struct policy {
    pthread_mutex_t mutex;
    struct policy_rules rules;
};

static const char *const FOUNDING_NAMES[] = {
    [FOUNDING_NOBODY] = "nobody",
    [FOUNDING_ANYONE] = "anyone",
    [FOUNDING_TOKEN] = "token",
};

int policy_new(const struct policy_rules *rules, struct policy **ret_policy)
{
    struct policy *policy = calloc(1, sizeof(*policy));
    if (!policy)
        return ERR_MEMORY;
    pthread_mutex_init(&policy->mutex, NULL);
    policy->rules = *rules;
    *ret_policy = policy;
    return 0;
}

void policy_destroy(struct policy **policy)
{
    if (!policy || !*policy)
        return;
    pthread_mutex_destroy(&(*policy)->mutex);
    sodium_memzero(*policy, sizeof(**policy));
    free(*policy);
    *policy = NULL;
}

void policy_set(struct policy *policy, const struct policy_rules *rules)
{
    pthread_mutex_lock(&policy->mutex);
    policy->rules = *rules;
    pthread_mutex_unlock(&policy->mutex);
}

/* In constant time in what was given: both are compared as wholes of the greatest length. */
static bool token_fits(const char *expected, const char *given)
{
    char padded[2][FOUNDING_TOKEN_MAX + 1] = {{0}};
    if (!given || strlen(given) > FOUNDING_TOKEN_MAX || expected[0] == '\0')
        return false;
    memcpy(padded[0], expected, strlen(expected));
    memcpy(padded[1], given, strlen(given));
    return sodium_memcmp(padded[0], padded[1], sizeof(padded[0])) == 0;
}

int policy_may_found(struct policy *policy, const char *token)
{
    pthread_mutex_lock(&policy->mutex);
    bool may = policy->rules.founding == FOUNDING_ANYONE ||
               (policy->rules.founding == FOUNDING_TOKEN && token_fits(policy->rules.token, token));
    pthread_mutex_unlock(&policy->mutex);
    return may ? 0 : ERR_FOUNDING;
}

bool policy_is_operator(struct policy *policy, const uint8_t client_key[KEY_SIZE])
{
    bool is_operator = false;
    pthread_mutex_lock(&policy->mutex);
    for (size_t i = 0; i < policy->rules.operator_count && !is_operator; i++)
        is_operator = memcmp(policy->rules.operators[i], client_key, KEY_SIZE) == 0;
    pthread_mutex_unlock(&policy->mutex);
    return is_operator;
}

bool founding_from_name(const char *name, enum founding *ret_founding)
{
    for (size_t i = 0; i < ARRAY_COUNT(FOUNDING_NAMES); i++) {
        if (strcmp(FOUNDING_NAMES[i], name) == 0) {
            *ret_founding = (enum founding) i;
            return true;
        }
    }
    return false;
}

const char *founding_name(enum founding founding)
{
    return FOUNDING_NAMES[founding];
}
