/* What the operator allows: who may found a history here, and whose connection keys see the worker's own
 * figures. Can be replaced at any moment; thread-safe. */
#ifndef COMITY_WORKER_POLICY_H
#define COMITY_WORKER_POLICY_H

#include "core/bytes.h"

enum { POLICY_OPERATORS_MAX = 64, FOUNDING_TOKEN_MAX = 128 };

enum founding { FOUNDING_NOBODY, FOUNDING_ANYONE, FOUNDING_TOKEN };

struct policy_rules {
    enum founding founding;
    char token[FOUNDING_TOKEN_MAX + 1];
    uint8_t operators[POLICY_OPERATORS_MAX][KEY_SIZE];
    size_t operator_count;
};

struct policy;

int policy_new(const struct policy_rules *rules, struct policy **ret_policy); /* ERR_MEMORY */
void policy_destroy(struct policy **policy);
void policy_set(struct policy *policy, const struct policy_rules *rules);

/* 0 or ERR_FOUNDING. @token: as it came, NULL or empty for none; compared in constant time. */
int policy_may_found(struct policy *policy, const char *token);
bool policy_is_operator(struct policy *policy, const uint8_t client_key[KEY_SIZE]);

/* "token" and so on, both ways; false for another word. */
bool founding_from_name(const char *name, enum founding *ret_founding);
const char *founding_name(enum founding founding);

#endif
