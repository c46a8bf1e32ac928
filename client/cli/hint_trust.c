/* Hints for what is refused about keys, recovery and witnesses. */
#include "client/cli/cosigners.h"
#include "client/cli/hint_row.h"
#include "client/cli/names.h"

/* "cosigners.union": as many co-chairs of it as the refusal's limit. */
static bool tell_missing(struct cli *cli, const Comity__V1__Command *command)
{
    const char *name = strchr(cli->failure.field, '.');
    struct failure before = cli->failure;
    const struct rows *rows;

    (void) command;
    if (name == NULL || names_list(cli, COMITY__V1__LIST_KIND__LIST_KIND_CONSTITUENCIES, &rows) != 0) {
        cli->failure = before;
        return false;
    }
    for (size_t i = 0; i < rows->count; i++) {
        const Comity__V1__Constituency *row = (const Comity__V1__Constituency *) rows->list[i];
        if (strcmp(row->name, name + 1) == 0)
            return cosigners_tell_missing(cli, row, before.limit);
    }
    return false;
}

#define KEY_TAKEN N_("This key is somebody's already: a member's, an invitation's, a witness's, or one for recovery.")
#define KEY_BARRED N_("A co-chair of your constituency has revoked this key.")
#define SAME_NAME \
    N_("Another of the same constituency, who is on the roll or invited, has a name that this member's can be mistaken for.")
#define SAME_NAME_NEXT \
    N_("The other one's key, or invitation, is revoked first: comity member list; comity invitation list; comity key revoke KEY")
#define NEW_KEY N_("Make a new one: comity key new --out FILE")

const struct hint HINTS_TRUST[] = {
    {ERR_COSIGNERS, "cosigners.*", NULL, NULL, tell_missing},
    {ERR_DUPLICATE, "cosigners[]", N_("Two of the keys are one member's: that is one signature."),
     N_("comity key list shows whose keys they are."), NULL},
    {ERR_RANGE, "cosigners", N_("More people sign this than it takes."),
     N_("Leave out --with and --draft, or name fewer."), NULL},
    {ERR_FORBIDDEN, "cosigners", N_("Somebody of another constituency is among those who sign."),
     N_("For your constituency its own co-chairs sign alone."), NULL},
    {ERR_EXISTS, "add_key.key", KEY_TAKEN, NEW_KEY, NULL},
    {ERR_KEY_REVOKED, "add_key.key", KEY_BARRED, NEW_KEY, NULL},
    {ERR_LIMIT, "add_key.key", N_("You have as many valid keys as are allowed."),
     N_("Revoke one that you do not use any more: comity key list; comity key revoke FINGERPRINT"), NULL},
    {ERR_NOT_FOUND, "add_key.replaces", N_("The key that is to be replaced is nobody's here."), N_("comity key list"),
     NULL},
    {ERR_FORBIDDEN, "add_key.replaces", N_("The key that is to be replaced is not yours."), N_("comity key list"), NULL},
    {ERR_STATE, "add_key.replaces", N_("The key that is to be replaced is revoked already."), N_("comity key list"),
     NULL},
    {ERR_NOT_FOUND, "revoke_key.key", N_("This key belongs to nobody here."),
     N_("comity key list --all; comity invitation list"), NULL},
    {ERR_LIMIT, "invite.member", N_("As many invitations of this member are open as are allowed."),
     N_("Withdraw one: comity invitation list; comity key revoke FINGERPRINT"), NULL},
    {ERR_CONFUSABLE, "invite.member", SAME_NAME, SAME_NAME_NEXT, NULL},
    {ERR_CONFUSABLE, "recover_co_chair.member", SAME_NAME, SAME_NAME_NEXT, NULL},
    {ERR_NOT_FOUND, "invite.member", N_("There is no member of this number."), N_("comity member list"), NULL},
    {ERR_FORBIDDEN, "invite.member", N_("This member is of another constituency, whose co-chairs alone can help."),
     N_("comity member list shows who is co-chair there."), NULL},
    {ERR_FORBIDDEN, "recover_co_chair.member",
     N_("The recovery key gives co-chairs a new key, and this member is none."),
     N_("A co-chair of the same constituency helps: comity member recover MEMBER --out FILE"), NULL},
    {ERR_NOT_FOUND, "recover_co_chair.member", N_("There is no member of this number."),
     N_("A colleague sees the number: comity member list"), NULL},
    {ERR_EXISTS, "recover_co_chair.key", KEY_TAKEN, NEW_KEY, NULL},
    {ERR_KEY_REVOKED, "recover_co_chair.key", KEY_BARRED, NEW_KEY, NULL},
    {ERR_EXISTS, "set_recovery_key.key", KEY_TAKEN, NEW_KEY, NULL},
    {ERR_EXISTS, "appoint_witness.name", N_("There is a witness of this name, or there was one."),
     N_("Choose another name."), NULL},
    {ERR_EXISTS, "appoint_witness.key", KEY_TAKEN, N_("The witness's operator makes a key for it alone."), NULL},
    {ERR_LIMIT, "appoint_witness.name", N_("Your constituency has as many witnesses as are allowed."),
     N_("comity witness list; comity witness dismiss WITNESS"), NULL},
    {ERR_NOT_FOUND, "dismiss_witness.witness", N_("There is no such witness."), N_("comity witness list"), NULL},
    {ERR_STATE, "dismiss_witness.witness", N_("This witness is dismissed already."), N_("comity witness list"), NULL},
    {ERR_NOT_FOUND, "adopt_charter.charter.co_chairs[].constituency",
     N_("The charter says how many co-chairs sign for a constituency that there is not."), N_("comity constituency list"),
     NULL},
    {ERR_DUPLICATE, "adopt_charter.charter.co_chairs[].constituency",
     N_("The charter says twice how many co-chairs sign for a constituency."), N_("Take one of them out."), NULL},
    {0, NULL, NULL, NULL, NULL},
};
