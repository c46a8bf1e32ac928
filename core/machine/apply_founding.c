/* What founding, and a constituency's own acts, do to the rolls. */
#include "core/machine/apply.h"

static void put_constituency(struct apply *a, const Comity__V1__Constituency *constituency)
{
    apply_create(a, TABLE_CONSTITUENCY, constituency->number, &constituency->base);
    apply_name(a, TABLE_CONSTITUENCY, constituency->name, constituency->number);
    apply_recovery_key(a, constituency->recovery_key, constituency->number);
}

static void put_site(struct apply *a, const Comity__V1__Site *site)
{
    apply_create(a, TABLE_SITE, site->number, &site->base);
    apply_name(a, TABLE_SITE, site->name, site->number);
}

static void put_roster(struct apply *a, Comity__V1__Member *const *members, size_t n_members,
                       Comity__V1__Key *const *keys, size_t n_keys)
{
    size_t i;

    for (i = 0; i < n_members; i++)
        apply_create(a, TABLE_MEMBER, members[i]->number, &members[i]->base);
    for (i = 0; i < n_keys; i++)
        APPLY_PUT_KEYED(a, TABLE_KEY, keys[i]);
}

void apply_founded(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__PartnershipFounded *founded = open->partnership_founded;
    size_t i;

    if (!founded->partnership) {
        apply_fail(a, ERR_INTERNAL);
        return;
    }
    apply_put(a, TABLE_PARTNERSHIP, 0, 0, &founded->partnership->base);
    for (i = 0; i < founded->n_constituencies; i++)
        put_constituency(a, founded->constituencies[i]);
    for (i = 0; i < founded->n_sites; i++)
        put_site(a, founded->sites[i]);
    put_roster(a, founded->members, founded->n_members, founded->keys, founded->n_keys);
}

void apply_admitted(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__ConstituencyAdmitted *admitted = open->constituency_admitted;

    if (!admitted->constituency) {
        apply_fail(a, ERR_INTERNAL);
        return;
    }
    put_constituency(a, admitted->constituency);
    put_roster(a, admitted->members, admitted->n_members, admitted->keys, admitted->n_keys);
}

void apply_site_added(struct apply *a, const Comity__V1__Event *open)
{
    if (!open->site_added->site)
        apply_fail(a, ERR_INTERNAL);
    else
        put_site(a, open->site_added->site);
}

void apply_invited(struct apply *a, const Comity__V1__Event *open)
{
    if (!open->member_invited->invitation)
        apply_fail(a, ERR_INTERNAL);
    else
        APPLY_PUT_KEYED(a, TABLE_INVITATION, open->member_invited->invitation);
}

void apply_redeemed(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__InvitationRedeemed *redeemed = open->invitation_redeemed;
    Comity__V1__Invitation *invitation = apply_get_by_key(a, TABLE_INVITATION, redeemed->invitation);

    if (!redeemed->member || !redeemed->key)
        apply_fail(a, ERR_INTERNAL);
    if (a->code != 0)
        return;
    invitation->member = redeemed->member->number;
    APPLY_PUT_KEYED(a, TABLE_INVITATION, invitation);
    apply_create(a, TABLE_MEMBER, redeemed->member->number, &redeemed->member->base);
    APPLY_PUT_KEYED(a, TABLE_KEY, redeemed->key);
}
