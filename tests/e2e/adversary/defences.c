#include "defences.h"

#include <string.h>

#include "core/error.h"
#include "core/grant.h"
#include "core/machine/decide.h"
#include "core/seal.h"
#include "core/text.h"
#include "worker/clock.h"
#include "worker/store/store.h"

static struct {
    bool signatures, rights, identity, roll, texts, sameness;
} gone;

bool defence_take_away(const char *name)
{
    const struct {
        const char *name;
        bool *is_gone;
    } DEFENCES[] = {
        {"signatures", &gone.signatures}, {"rights", &gone.rights},
        {"identity", &gone.identity},     {"roll", &gone.roll},
        {"texts", &gone.texts},           {"sameness", &gone.sameness},
    };
    for (size_t i = 0; i < ARRAY_COUNT(DEFENCES); i++)
        if (strcmp(DEFENCES[i].name, name) == 0)
            return *DEFENCES[i].is_gone = true;
    return false;
}

void defence_give_back(void)
{
    memset(&gone, 0, sizeof(gone));
}

/* A signature is one, whoever made it. */
int __real_signature_check(const uint8_t key[KEY_SIZE], const char *tag, struct bytes bytes,
                           const uint8_t *signature);
int __wrap_signature_check(const uint8_t key[KEY_SIZE], const char *tag, struct bytes bytes,
                           const uint8_t *signature);
int __wrap_signature_check(const uint8_t key[KEY_SIZE], const char *tag, struct bytes bytes,
                           const uint8_t *signature)
{
    return gone.signatures ? 0 : __real_signature_check(key, tag, bytes, signature);
}

/* Whoever is a member may do anything. */
int __real_right_check(struct decide *d, enum right right);
int __wrap_right_check(struct decide *d, enum right right);
int __wrap_right_check(struct decide *d, enum right right)
{
    return gone.rights ? 0 : __real_right_check(d, right);
}

/* What came before is not known any more. */
int __real_store_command_get(struct store_txn *txn, const struct store_history *history, const uint8_t *id,
                             struct store_command *ret_command);
int __wrap_store_command_get(struct store_txn *txn, const struct store_history *history, const uint8_t *id,
                             struct store_command *ret_command);
int __wrap_store_command_get(struct store_txn *txn, const struct store_history *history, const uint8_t *id,
                             struct store_command *ret_command)
{
    return gone.identity ? ERR_NOT_FOUND : __real_store_command_get(txn, history, id, ret_command);
}

/* Every key is a member's for ever: one that was revoked is taken as if it were not. */
int __real_state_member_of_key(const struct view *view, struct arena *arena, const uint8_t key[KEY_SIZE],
                               Comity__V1__Member **ret_member);
int __wrap_state_member_of_key(const struct view *view, struct arena *arena, const uint8_t key[KEY_SIZE],
                               Comity__V1__Member **ret_member);
int __wrap_state_member_of_key(const struct view *view, struct arena *arena, const uint8_t key[KEY_SIZE],
                               Comity__V1__Member **ret_member)
{
    ProtobufCMessage *row;
    int code = __real_state_member_of_key(view, arena, key, ret_member);

    if (gone.sameness && code == ERR_KEY_UNKNOWN)
        return ERR_NOT_FOUND;
    if (!gone.roll || code != ERR_KEY_REVOKED || state_get_by_key(view, arena, TABLE_KEY, key, &row) != 0)
        return code;
    code = state_get(view, arena, TABLE_MEMBER, ((const Comity__V1__Key *) row)->member, 0, &row);
    *ret_member = (Comity__V1__Member *) row;
    return code;
}

/* What there is not in a history is told as such: there is such a history. */
int __real_state_get_by_key(const struct view *view, struct arena *arena, enum table table,
                            const uint8_t key[KEY_SIZE], ProtobufCMessage **ret_row);
int __wrap_state_get_by_key(const struct view *view, struct arena *arena, enum table table,
                            const uint8_t key[KEY_SIZE], ProtobufCMessage **ret_row);
int __wrap_state_get_by_key(const struct view *view, struct arena *arena, enum table table,
                            const uint8_t key[KEY_SIZE], ProtobufCMessage **ret_row)
{
    int code = __real_state_get_by_key(view, arena, table, key, ret_row);

    return gone.sameness && code == ERR_NOT_FOUND && table == TABLE_INVITATION ? ERR_KEY_UNKNOWN : code;
}

static struct command_text NOTHING[COMMAND_TEXTS_MAX];

/* A text is taken for what was signed, whatever it is. */
int __real_command_take_texts(struct command *command, Comity__V1__Text *const *texts, size_t count,
                              struct arena *arena, struct refusal *refusal);
int __wrap_command_take_texts(struct command *command, Comity__V1__Text *const *texts, size_t count,
                              struct arena *arena, struct refusal *refusal);
int __wrap_command_take_texts(struct command *command, Comity__V1__Text *const *texts, size_t count,
                              struct arena *arena, struct refusal *refusal)
{
    int code = __real_command_take_texts(command, texts, count, arena, refusal);

    if (!gone.texts || code == 0)
        return code;
    command->texts = NOTHING; /* whoever looks at what each says finds it empty */
    command->text_count = 0;
    return 0;
}
