#include "client/cli/cosigners.h"

#include <inttypes.h>
#include <stdio.h>

#include "client/cli/hint.h"
#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/standing_rules.h"
#include "core/command.h"
#include "core/keyfile.h"
#include "core/machine/state.h"

static struct bytes key_bytes(const ProtobufCBinaryData *key)
{
    return BYTES(key->data, key->len);
}

static bool is_co_chair(const Comity__V1__Member *member)
{
    return member_has_office(member, COMITY__V1__OFFICE__OFFICE_CO_CHAIR);
}

/* A key that the command itself brings in: nobody's yet. */
static bool is_brought(const Comity__V1__Command *command, struct bytes key)
{
    if (command->body_case == COMITY__V1__COMMAND__BODY_SET_RECOVERY_KEY)
        return bytes_equal(key_bytes(&command->set_recovery_key->key), key);
    if (command->body_case != COMITY__V1__COMMAND__BODY_ADMIT_CONSTITUENCY)
        return false;
    const Comity__V1__NewConstituency *constituency = command->admit_constituency->constituency;
    for (size_t i = 0; i < constituency->n_founders; i++)
        if (bytes_equal(key_bytes(&constituency->founders[i]->key), key))
            return true;
    return false;
}

/* The file of --with that holds the key; NULL where none does. */
static const char *file_of_key(struct cli *cli, struct bytes key)
{
    const char *found = NULL;

    for (size_t i = 0; found == NULL && i < option_count(&cli->arguments, "with"); i++) {
        const char *path = option_at(&cli->arguments, "with", i);
        struct key_view view;
        if (signing_key_peek(path, &view) == 0 && bytes_equal(BYTES(view.public_key, KEY_SIZE), key))
            found = path;
    }
    return found;
}

bool cosigner_tell(struct cli *cli, const Comity__V1__Command *command, size_t index)
{
    int code = cli->failure.code;
    char fingerprint[FINGERPRINT_SIZE];

    if (index >= command->n_cosigners || command->cosigners[index].len != KEY_SIZE)
        return false;
    struct bytes key = key_bytes(&command->cosigners[index]);
    const char *file = file_of_key(cli, key);
    const Comity__V1__Member *member = member_of_key(cli, key);
    key_fingerprint(key.data, fingerprint);
    const char *of = member == NULL ? "" : phrase(cli, " of %s", name_of_member(cli, member->number));
    const char *from = file == NULL ? "" : arena_printf(cli->arena, " (--with %s)", shown_string(cli, file));
    if (code == ERR_KEY_REVOKED)
        cli_fail(cli, code,
                 "comity member list shows who has a valid key. Whose key was revoked is let back by a co-chair of their "
                 "constituency (comity member recover), and signs with the new one.",
                 "The key %s%s%s is revoked.", fingerprint, of, from);
    else if (code == ERR_KEY_UNKNOWN)
        cli_fail(cli, code, "comity key list --all", "The key %s%s belongs to nobody here.", fingerprint, from);
    else if (member != NULL)
        cli_fail(cli, code, "comity member list shows who is co-chair.",
                 "%s, who is to sign with you%s, is no co-chair.", name_of_member(cli, member->number), from);
    else
        return false;
    return true;
}

const char *cosigners_absent_founders(struct cli *cli, const struct comity_draft *draft)
{
    const Comity__V1__Command *command = comity_draft_command(draft);

    if (command->body_case != COMITY__V1__COMMAND__BODY_ADMIT_CONSTITUENCY)
        return NULL;
    const Comity__V1__NewConstituency *constituency = command->admit_constituency->constituency;
    const char **names = arena_alloc(cli->arena, (constituency->n_founders + 1) * sizeof(*names));
    size_t count = 0;
    for (size_t i = 0; names != NULL && i < constituency->n_founders; i++) {
        const Comity__V1__Founder *founder = constituency->founders[i];
        if (bytes_equal(key_bytes(&founder->key), key_bytes(&command->key)) ||
            file_of_key(cli, key_bytes(&founder->key)) != NULL)
            continue;
        const char *name = comity_draft_text(draft, founder->name);
        names[count++] = name == NULL ? "?" : shown_string(cli, name);
    }
    return count == 0 ? NULL : shown_list(cli, names, count);
}

/* What the check goes through. */
struct check {
    struct cli *cli;
    const struct rows *constituencies;
    const Comity__V1__Member *signers[COSIGNERS_MAX + 1];
    size_t count;
};

/* As the worker would refuse it, and in the same words. */
static int fail_as_worker(struct cli *cli, const Comity__V1__Command *command, int code, const char *field)
{
    cli->failure.code = code;
    snprintf(cli->failure.field, sizeof(cli->failure.field), "%s", field);
    hint_tell(cli, command);
    return code;
}

static int take_cosigner(struct check *check, const Comity__V1__Command *command, size_t i)
{
    struct bytes key = key_bytes(&command->cosigners[i]);
    const Comity__V1__Member *member = member_of_key(check->cli, key);
    int code = 0;

    if (member == NULL && is_brought(command, key))
        return 0;
    if (member == NULL)
        code = ERR_KEY_UNKNOWN;
    else if (key_is_revoked(check->cli, key))
        code = ERR_KEY_REVOKED;
    else if (!is_co_chair(member))
        code = ERR_FORBIDDEN;
    if (code != 0)
        return fail_as_worker(check->cli, command, code,
                              arena_printf(check->cli->arena, "cosigners[%zu]", i));
    check->signers[check->count++] = member;
    return 0;
}

/* How many members sign for the constituency: two keys of one are one signature. */
static size_t signers_of(const struct check *check, uint32_t constituency)
{
    size_t count = 0;

    for (size_t i = 0; i < check->count; i++) {
        bool is_again = false;
        for (size_t k = 0; k < i; k++)
            is_again = is_again || check->signers[k]->number == check->signers[i]->number;
        count += !is_again && check->signers[i]->constituency == constituency;
    }
    return count;
}

/* "Carla Weiss and Dev Patel"; "nobody" where a party has no co-chair with a valid key. */
static const char *co_chairs_of(struct cli *cli, const struct rows *members, uint32_t constituency, size_t *ret_count)
{
    const char **names = arena_alloc(cli->arena, (members->count + 1) * sizeof(*names));
    size_t count = 0;

    for (size_t i = 0; names != NULL && i < members->count; i++) {
        const Comity__V1__Member *member = (const Comity__V1__Member *) members->list[i];
        if (member->constituency == constituency && is_co_chair(member) &&
            member_has_key(cli, member->number))
            names[count++] = name_of_member(cli, member->number);
    }
    *ret_count = count;
    return shown_list(cli, names, count);
}

/* Of a constituency that the charter does not name, one. */
static size_t asked_of(const Comity__V1__CharterVersion *charter, const Comity__V1__Constituency *row)
{
    for (size_t i = 0; charter != NULL && i < charter->charter->n_co_chairs; i++)
        if (strcmp(charter->charter->co_chairs[i]->constituency, row->name) == 0)
            return charter->charter->co_chairs[i]->count;
    return 1;
}

bool cosigners_tell_missing(struct cli *cli, const Comity__V1__Constituency *row, uint64_t needed)
{
    const struct rows *members;
    size_t there;

    if (names_list(cli, COMITY__V1__LIST_KIND__LIST_KIND_MEMBERS, &members) != 0)
        return false;
    const char *name = shown_string(cli, row->name), *names = co_chairs_of(cli, members, row->number, &there);
    const char *next = cli_has(cli, "draft")
                           ? N_("Add --cosigner WHO for each of them.")
                           : N_("Add --with KEYFILE for each co-chair, or --draft FILE --cosigner WHO to let them sign.");
    if (needed > 1)
        cli_fail(cli, ERR_COSIGNERS, next,
                 "By the charter %" PRIu64 " co-chairs of %s sign this together. Its co-chairs: %s.", needed, name, names);
    else
        cli_fail(cli, ERR_COSIGNERS, next,
                 "Of the party %s no co-chair is among those who sign. Its co-chairs: %s.", name, names);
    return true;
}

/* Of every party where it is joint, and of the signer's own constituency. */
static int check_constituencies(struct check *check, const struct rows *members, uint32_t own, bool is_joint)
{
    const Comity__V1__CharterVersion *charter = NULL;
    struct cli *cli = check->cli;
    struct failure before = cli->failure;

    if (standing_rules_in_force(cli, &charter) != 0)
        cli->failure = before; /* the worker says it */
    for (size_t i = 0; i < check->constituencies->count; i++) {
        const Comity__V1__Constituency *row =
            (const Comity__V1__Constituency *) check->constituencies->list[i];
        bool is_party = row->standing == COMITY__V1__STANDING__STANDING_PARTY;
        size_t there, needed = asked_of(charter, row);
        if (row->number != own && !(is_joint && is_party))
            continue;
        co_chairs_of(cli, members, row->number, &there);
        needed = there > 0 && needed > there ? there : needed;
        if (signers_of(check, row->number) >= needed)
            continue;
        snprintf(cli->failure.field, sizeof(cli->failure.field), "%s.%s", "cosigners", row->name);
        cosigners_tell_missing(cli, row, needed);
        return ERR_COSIGNERS;
    }
    return 0;
}

/* What a recorder enters, or puts on record, and a member of another constituency signs as well. */
static bool is_countersigned(const Comity__V1__Command *command)
{
    return command->body_case == COMITY__V1__COMMAND__BODY_ENTER_BALLOTS ||
           command->body_case == COMITY__V1__COMMAND__BODY_ENTER_ANSWER ||
           command->body_case == COMITY__V1__COMMAND__BODY_NOTE_CONFERENCE;
}

/* Of those: one who signs as well, and of another constituency. What else can be wrong the worker says. */
static int check_witness(struct cli *cli, const Comity__V1__Command *command, const Comity__V1__Member *own)
{
    const Comity__V1__Member *witness = NULL;

    if (command->n_cosigners == 1)
        witness = member_of_key(cli, key_bytes(&command->cosigners[0]));
    if (own == NULL ||
        (!member_has_office(own, COMITY__V1__OFFICE__OFFICE_RECORDER) &&
         command->body_case != COMITY__V1__COMMAND__BODY_NOTE_CONFERENCE) ||
        (witness == NULL && command->n_cosigners == 1))
        return 0;
    if (witness != NULL && witness->constituency != own->constituency)
        return 0;
    snprintf(cli->failure.field, sizeof(cli->failure.field), "cosigners");
    return cli_fail(
        cli, ERR_COSIGNERS,
        "Add --with KEYFILE where the key is at hand, or --draft FILE --cosigner WHO to let that "
        "member sign.",
        "One member of another constituency than yours, who has seen what you enter, signs as well.");
}

int cosigners_check(struct cli *cli, const Comity__V1__Command *command, const uint8_t signer[KEY_SIZE],
                    bool is_joint)
{
    struct failure before = cli->failure;
    struct check *check = arena_alloc(cli->arena, sizeof(*check));
    const struct rows *constituencies, *members, *keys;

    if (check == NULL)
        return ERR_MEMORY;
    if (names_list(cli, COMITY__V1__LIST_KIND__LIST_KIND_CONSTITUENCIES, &constituencies) != 0 ||
        names_list(cli, COMITY__V1__LIST_KIND__LIST_KIND_MEMBERS, &members) != 0 ||
        names_list(cli, COMITY__V1__LIST_KIND__LIST_KIND_KEYS, &keys) != 0) {
        cli->failure = before;
        return 0;
    }
    *check = (struct check){.cli = cli, .constituencies = constituencies};
    const Comity__V1__Member *own = member_of_key(cli, BYTES(signer, KEY_SIZE));
    if (is_countersigned(command))
        return check_witness(cli, command, own);
    if (own != NULL && !is_co_chair(own))
        return fail_as_worker(cli, command, ERR_FORBIDDEN, "key");
    if (own == NULL || command->n_cosigners > COSIGNERS_MAX)
        return 0; /* the worker says it */
    check->signers[check->count++] = own;
    for (size_t i = 0; i < command->n_cosigners; i++) {
        int code = take_cosigner(check, command, i);
        if (code != 0)
            return code;
    }
    return check_constituencies(check, members, own->constituency, is_joint);
}
