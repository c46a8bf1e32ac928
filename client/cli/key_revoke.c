/* The end of a key: a member's, or an invitation's. */
#include <ctype.h>
#include <inttypes.h>
#include <strings.h>

#include "client/cli/draft_file.h"
#include "client/cli/made.h"
#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/verbs.h"
#include "core/machine/state.h"
#include "core/text.h"

enum { FINGERPRINT_BYTES = 8 };

/* The key that is to be revoked: a member's, or an invitation's. */
struct revocation {
    uint8_t key[KEY_SIZE];
    uint32_t member; /* 0: an invitation's, or, after a restore, of nobody on record */
    bool is_own;     /* the key that this command is signed with */
    bool is_last;    /* of the last co-chair: the recovery key alone gives a new one */
};

/* By its digits or its fingerprint. */
static bool is_typed(const char *typed, const ProtobufCBinaryData *key)
{
    char hex[2 * KEY_SIZE + 1], fingerprint[FINGERPRINT_SIZE];

    if (key->len != KEY_SIZE)
        return false;
    hex_encode(BYTES(key->data, KEY_SIZE), hex);
    key_fingerprint(key->data, fingerprint);
    return strcasecmp(hex, typed) == 0 || strcasecmp(fingerprint, typed) == 0;
}

static int find_typed_key(struct cli *cli, const char *typed, struct revocation *ret_revocation,
                          bool *ret_is_found)
{
    struct rows keys, invitations;
    const ProtobufCBinaryData *found = NULL;
    uint32_t member = 0;
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_KEYS, 0, &keys);

    if (code == 0)
        code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_INVITATIONS, 0, &invitations);
    if (code != 0)
        return code;
    for (size_t i = 0; i < invitations.count; i++) {
        const Comity__V1__Invitation *row = (const Comity__V1__Invitation *) invitations.list[i];
        if (is_typed(typed, &row->key))
            found = &row->key;
    }
    for (size_t i = 0; i < keys.count; i++) {
        const Comity__V1__Key *row = (const Comity__V1__Key *) keys.list[i];
        if (!is_typed(typed, &row->key))
            continue;
        found = &row->key;
        member = row->member;
    }
    if (found != NULL) {
        memcpy(ret_revocation->key, found->data, KEY_SIZE);
        ret_revocation->member = member;
    }
    *ret_is_found = found != NULL;
    return 0;
}

/* "a1b2 c3d4 e5f6 0718", also without its blanks: nobody is called so. */
static bool is_fingerprint(const char *typed)
{
    size_t digits = 0;

    for (; *typed != '\0'; typed++) {
        if (*typed != ' ' && !isxdigit((unsigned char) *typed))
            return false;
        digits += *typed != ' ';
    }
    return digits == 2 * FINGERPRINT_BYTES;
}

/* Is somebody of this name invited, and has not joined? */
static bool is_invited(struct cli *cli, const char *name)
{
    struct failure before = cli->failure;
    struct rows rows;
    bool is_found = false;

    if (desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_INVITATIONS, 0, &rows) != 0)
        rows.count = 0;
    for (size_t i = 0; i < rows.count; i++) {
        const Comity__V1__Invitation *row = (const Comity__V1__Invitation *) rows.list[i];
        const char *invited = desk_prose(cli, row->name);
        is_found |= invited != NULL && strcasecmp(invited, name) == 0 && invitation_is_open(cli, row);
    }
    cli->failure = before;
    return is_found;
}

/* A key by itself, or by whose it is. */
static int find_key(struct cli *cli, const char *typed, struct revocation *ret_revocation)
{
    bool is_found = false;
    size_t count = 0;
    int code = find_typed_key(cli, typed, ret_revocation, &is_found);

    if (code != 0 || is_found)
        return code;
    if (strlen(typed) == 2 * KEY_SIZE && hex_decode(typed, ret_revocation->key, KEY_SIZE) == 0)
        return 0; /* the worker knows whether a restore can have lost it */
    code = find_member(cli, typed, &ret_revocation->member);
    if (code == ERR_NOT_FOUND && is_invited(cli, typed))
        return cli_fail(cli, code,
                        "comity invitation list shows its fingerprint: comity key revoke FINGERPRINT",
                        "%s is invited, and no member yet: the invitation has a key of its own.",
                        shown_string(cli, typed));
    if (code == ERR_NOT_FOUND && is_fingerprint(typed))
        return cli_fail(cli, code, "comity key list --all; comity invitation list", "This key belongs to nobody here.");
    if (code == 0)
        code = find_key_of_member(cli, ret_revocation->member, ret_revocation->key, &count);
    if (code == 0 && count > 1)
        return cli_fail(cli, ERR_USAGE, "comity key list --all, then comity key revoke FINGERPRINT",
                        "%s has %zu valid keys: say which.", name_of_member(cli, ret_revocation->member),
                        count);
    return code;
}

/* What a member without a key leaves behind: each is said with what ends it. */
struct remains {
    const char *lines; /* "": nothing */
    struct json_object *seats, *invitations;
};

static void add_line(struct cli *cli, struct remains *remains, const char *line)
{
    remains->lines = arena_printf(cli->arena, "%s\n%s", remains->lines, line);
}

static void collect_seats(struct cli *cli, const struct revocation *revocation, struct remains *remains)
{
    struct rows bodies, seats;

    if (desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_BODIES, 0, &bodies) != 0)
        return;
    for (size_t i = 0; i < bodies.count; i++) {
        const Comity__V1__Body *body = (const Comity__V1__Body *) bodies.list[i];
        if (desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_SEATS, body->number, &seats) != 0)
            return;
        for (size_t j = 0; j < seats.count; j++) {
            const Comity__V1__Seat *seat = (const Comity__V1__Seat *) seats.list[j];
            if (seat->holder != revocation->member)
                continue;
            const char *name = shown_string(cli, body->name);
            struct json_object *row = json_object_new_object();
            json_object_object_add(row, "body", json_object_new_string(name));
            json_object_object_add(row, "seat", json_object_new_int64(seat->number));
            json_object_array_add(remains->seats, row);
            add_line(cli, remains,
                     revocation->is_own
                         ? phrase(cli,
                                  "You still hold seat %" PRIu32
                                  " of %s. A co-chair of your constituency leaves it "
                                  "empty: comity seat vacate %s %" PRIu32,
                                  seat->number, name, name, seat->number)
                         : phrase(cli,
                                  "They still hold seat %" PRIu32 " of %s: comity seat vacate %s %" PRIu32,
                                  seat->number, name, name, seat->number));
        }
    }
}

/* Those in the member's own name, by which they can come back; those that the key has signed end with it. */
static void collect_invitations(struct cli *cli, const struct revocation *revocation, struct remains *remains)
{
    const Comity__V1__Member *member = member_of(cli, revocation->member);
    const char *name = member == NULL ? NULL : desk_prose(cli, member->name);
    struct rows rows;

    if (name == NULL || desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_INVITATIONS, 0, &rows) != 0)
        return;
    for (size_t i = 0; i < rows.count; i++) {
        const Comity__V1__Invitation *row = (const Comity__V1__Invitation *) rows.list[i];
        const char *invited = desk_prose(cli, row->name);
        bool ends = bytes_equal(BYTES(row->signer.data, row->signer.len), BYTES(revocation->key, KEY_SIZE));
        char fingerprint[FINGERPRINT_SIZE];
        if (!invitation_is_open(cli, row) || row->key.len != KEY_SIZE)
            continue;
        key_fingerprint(row->key.data, fingerprint);
        if (ends) {
            add_line(cli, remains,
                     revocation->is_own
                         ? phrase(cli, "Your invitation of %s ends with it.", name_of_invited(cli, row))
                         : phrase(cli, "Their invitation of %s ends with it.", name_of_invited(cli, row)));
        } else if (row->recovers == revocation->member || (invited != NULL && strcasecmp(invited, name) == 0)) {
            json_object_array_add(remains->invitations, desk_json(cli, rows.list[i]));
            add_line(cli, remains,
                     phrase(cli, "An invitation of %s, by %s, is open until %s: %s",
                            name_of_invited(cli, row), name_of_member(cli, row->invited_by),
                            shown_time(cli, row->expires_ms),
                            revocation->is_own
                                ? _("comity join with its file makes you a member anew")
                                : phrase(cli, "comity key revoke \"%s\" withdraws it", fingerprint)));
        }
    }
}

/* Asked before the act: who revokes their own key is answered no more. It is an addition: what cannot be had
 * is left out. */
static void collect_remains(struct cli *cli, const struct revocation *revocation, struct remains *ret_remains)
{
    struct failure before = cli->failure;
    uint32_t member = revocation->member;
    uint8_t key[KEY_SIZE];
    size_t keys = 0;

    *ret_remains = (struct remains){"", json_object_new_array(), json_object_new_array()};
    if (member != 0 && find_key_of_member(cli, member, key, &keys) == 0 && keys == 1) {
        collect_seats(cli, revocation, ret_remains);
        collect_invitations(cli, revocation, ret_remains);
    }
    cli->failure = before;
}

/* Is the own key the only one of the last co-chair, of a constituency that has a recovery key? */
static bool is_last_co_chair(struct cli *cli)
{
    struct failure before = cli->failure;
    const Comity__V1__WhoamiAnswer *whoami;
    const struct rows *members;
    uint8_t key[KEY_SIZE];
    size_t keys = 0;
    bool is_last = desk_whoami(cli, &whoami) == 0 && whoami->constituency != NULL &&
                   whoami->constituency->recovery_key.len > 0 &&
                   member_has_office(whoami->member, COMITY__V1__OFFICE__OFFICE_CO_CHAIR) &&
                   find_key_of_member(cli, whoami->member->number, key, &keys) == 0 && keys == 1 &&
                   names_list(cli, COMITY__V1__LIST_KIND__LIST_KIND_MEMBERS, &members) == 0;

    cli->failure = before;
    for (size_t i = 0; is_last && i < members->count; i++) {
        const Comity__V1__Member *member = (const Comity__V1__Member *) members->list[i];
        if (member->number != whoami->member->number && member->constituency == whoami->constituency->number &&
            member_has_office(member, COMITY__V1__OFFICE__OFFICE_CO_CHAIR) && member_has_key(cli, member->number))
            is_last = false;
    }
    return is_last;
}

/* Who revokes their own key shuts themselves out: that is not done by a name that was mistyped. */
static int check_own(struct cli *cli, struct revocation *revocation)
{
    struct signing_key signer;
    int code = desk_signer(cli, &signer);

    if (code != 0)
        return code;
    revocation->is_own = memcmp(signer.public_key, revocation->key, KEY_SIZE) == 0;
    signing_key_wipe(&signer);
    revocation->is_last = revocation->is_own && is_last_co_chair(cli);
    if (!revocation->is_own || cli_has(cli, "yes") || cli_has(cli, "dry-run"))
        return 0;
    return revocation->is_last
               ? cli_fail(
                     cli, ERR_USAGE, "If it is meant, the same command with --yes.",
                     "This is your own key, and no other co-chair of your constituency has one. Once it is revoked, you "
                     "cannot sign or read here any more, until the recovery key of your constituency gives you a new "
                     "one (comity key recover).")
               : cli_fail(
            cli, ERR_USAGE, "If it is meant, the same command with --yes.",
            "This is your own key. Once it is revoked, you cannot sign or read here any more, until a "
            "co-chair of your constituency lets you back (comity member recover).");
}

static void tell_revoked(struct cli *cli, const struct revocation *revocation, const Comity__V1__Event *event,
                         const char *remains)
{
    if (revocation->member == 0)
        made_tell(cli, event);
    else if (revocation->is_last)
        say(cli,
            "Your key is revoked. What you signed before stands. You cannot sign or read here with it any more; the "
            "recovery key of your constituency gives you a new one (comity key recover).%s",
            remains);
    else if (revocation->is_own)
        say(cli,
            "Your key is revoked. What you signed before stands. You cannot sign or read here with it any more; a "
            "co-chair of your constituency can let you back (comity member recover), and comity join makes a new key.%s",
            remains);
    else
        say(cli, "The key of %s is revoked. What it signed before stands.%s",
            name_of_member(cli, revocation->member), remains);
}

int key_revoke_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__RevokeKey body = COMITY__V1__REVOKE_KEY__INIT;
    const Comity__V1__Event *event;
    struct revocation revocation = {0};
    struct remains remains;
    int code = find_key(cli, cli_argument(cli, "KEY"), &revocation);

    if (code == 0)
        code = check_own(cli, &revocation);
    if (code != 0)
        return code;
    collect_remains(cli, &revocation, &remains);
    cli_put(cli, "seats", remains.seats);
    cli_put(cli, "invitations", remains.invitations);
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_REVOKE_KEY);
    body.key = (ProtobufCBinaryData){KEY_SIZE, revocation.key};
    command.revoke_key = &body;
    code = joint_submit(cli, &command, &event);
    if (code == 0 && event != NULL)
        tell_revoked(cli, &revocation, event, remains.lines);
    return code;
}
