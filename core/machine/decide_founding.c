/* Founding a history, and what joins it by a joint act: constituencies and sites. Names within one text, its
 * co-chairs and the like are of the command's form, and were checked with it. */
#include <stdio.h>

#include "core/machine/decide.h"
#include "core/rule/rule.h"

/* Members and keys that come with new constituencies. */
struct roster {
    Comity__V1__Member **members;
    Comity__V1__Key **keys;
    size_t count;
    uint32_t next_member;
};

static int roster_init(struct decide *d, struct roster *roster, size_t room)
{
    *roster = (struct roster){
        .members = decide_alloc(d, room, sizeof(*roster->members)),
        .keys = decide_alloc(d, room, sizeof(*roster->keys)),
    };
    return d->code != 0 ? d->code : decide_next_number(d, TABLE_MEMBER, &roster->next_member);
}

static int roster_add(struct decide *d, struct roster *roster, uint32_t constituency,
                      const Comity__V1__Founder *founder)
{
    Comity__V1__Member *member = decide_new(d, &comity__v1__member__descriptor);
    Comity__V1__Key *key = decide_new(d, &comity__v1__key__descriptor);

    if (!member || !key)
        return d->code;
    member->number = roster->next_member++;
    member->constituency = constituency;
    member->name = founder->name;
    member->n_offices = founder->n_offices;
    member->offices = founder->offices;
    member->since_ms = d->context->time_ms;
    key->key = founder->key;
    key->member = member->number;
    key->added = d->context->next_sequence;
    roster->members[roster->count] = member;
    roster->keys[roster->count++] = key;
    return 0;
}

static Comity__V1__Constituency *constituency_new(struct decide *d, const Comity__V1__NewConstituency *from,
                                                  uint32_t number, struct roster *roster)
{
    Comity__V1__Constituency *constituency = decide_new(d, &comity__v1__constituency__descriptor);
    size_t i;

    if (!constituency)
        return NULL;
    constituency->number = number;
    constituency->name = from->name;
    constituency->kind = from->kind;
    constituency->standing = from->standing;
    constituency->side = from->side[0] != '\0' ? from->side : from->name;
    constituency->title = from->title;
    constituency->recovery_key = from->recovery_key;
    for (i = 0; i < from->n_founders; i++)
        if (roster_add(d, roster, number, from->founders[i]) != 0)
            return NULL;
    return constituency;
}

static Comity__V1__Site *site_new(struct decide *d, const Comity__V1__NewSite *from, uint32_t number)
{
    Comity__V1__Site *site = decide_new(d, &comity__v1__site__descriptor);

    if (!site)
        return NULL;
    site->number = number;
    site->name = from->name;
    site->title = from->title;
    site->time_zone = from->time_zone;
    return site;
}

/* Keys that a founding names, each for one purpose. */
struct key_list {
    ProtobufCBinaryData *keys;
    size_t count;
};

static int key_list_add(struct decide *d, struct key_list *list, ProtobufCBinaryData key, const char *path)
{
    size_t i;

    for (i = 0; i < list->count; i++)
        if (binary_equal(list->keys[i], key))
            return decide_refuse(d, ERR_DUPLICATE, "%s", path);
    list->keys[list->count++] = key;
    return 0;
}

static int key_list_add_all(struct decide *d, struct key_list *list,
                            const Comity__V1__NewConstituency *constituency, const char *path)
{
    char field[FIELD_PATH_MAX];
    size_t i;

    for (i = 0; i < constituency->n_founders; i++) {
        snprintf(field, sizeof(field), "%s.founders[%zu].key", path, i);
        if (key_list_add(d, list, constituency->founders[i]->key, field) != 0)
            return d->code;
    }
    if (constituency->recovery_key.len == 0)
        return 0;
    snprintf(field, sizeof(field), "%s.recovery_key", path);
    return key_list_add(d, list, constituency->recovery_key, field);
}

static int check_found_keys(struct decide *d, const Comity__V1__Found *found)
{
    char path[FIELD_PATH_MAX];
    struct key_list list = {0};
    size_t room = 0;
    size_t i;

    for (i = 0; i < found->n_constituencies; i++)
        room += found->constituencies[i]->n_founders + 1;
    list.keys = decide_alloc(d, room, sizeof(*list.keys));
    for (i = 0; i < found->n_constituencies && d->code == 0; i++) {
        snprintf(path, sizeof(path), "found.constituencies[%zu]", i);
        key_list_add_all(d, &list, found->constituencies[i], path);
    }
    return d->code;
}

static Comity__V1__Partnership *partnership_new(struct decide *d, const Comity__V1__Found *found)
{
    Comity__V1__Partnership *partnership = decide_new(d, &comity__v1__partnership__descriptor);
    Comity__V1__Epoch *epoch = decide_new(d, &comity__v1__epoch__descriptor);
    Comity__V1__Epoch **epochs = decide_alloc(d, 1, sizeof(*epochs));

    if (!partnership || !epoch || !epochs)
        return NULL;
    epoch->number = 1;
    epoch->log_key = decide_bytes(d, d->context->log_key, KEY_SIZE);
    epoch->opened_ms = d->context->time_ms;
    epochs[0] = epoch;
    partnership->name = found->name;
    partnership->title = found->title;
    partnership->founded_ms = d->context->time_ms;
    partnership->epoch = 1;
    partnership->n_epochs = 1;
    partnership->epochs = epochs;
    return d->code == 0 ? partnership : NULL;
}

static int found_fill(struct decide *d, const Comity__V1__Found *found, struct roster *roster,
                      Comity__V1__PartnershipFounded *founded)
{
    size_t i;

    founded->constituencies = decide_alloc(d, found->n_constituencies, sizeof(*founded->constituencies));
    founded->sites = decide_alloc(d, found->n_sites, sizeof(*founded->sites));
    founded->partnership = partnership_new(d, found);
    for (i = 0; i < found->n_constituencies && d->code == 0; i++)
        founded->constituencies[i] = constituency_new(d, found->constituencies[i], (uint32_t) i + 1, roster);
    for (i = 0; i < found->n_sites && d->code == 0; i++)
        founded->sites[i] = site_new(d, found->sites[i], (uint32_t) i + 1);
    founded->n_constituencies = found->n_constituencies;
    founded->n_sites = found->n_sites;
    founded->n_members = founded->n_keys = roster->count;
    founded->members = roster->members;
    founded->keys = roster->keys;
    return d->code;
}

/* The signer is a founder: that is the right to found. */
static uint32_t roster_member_of(const struct roster *roster, ProtobufCBinaryData key)
{
    size_t i;

    for (i = 0; i < roster->count; i++)
        if (binary_equal(roster->keys[i]->key, key))
            return roster->keys[i]->member;
    return 0;
}

int decide_found(struct decide *d)
{
    const Comity__V1__Found *found = d->body->found;
    Comity__V1__PartnershipFounded *founded;
    Comity__V1__Event *event;
    struct roster roster;
    size_t founders = 0;
    size_t i;

    if (check_found_keys(d, found) != 0)
        return d->code;
    for (i = 0; i < found->n_constituencies; i++)
        founders += found->constituencies[i]->n_founders;
    founded = decide_new(d, &comity__v1__partnership_founded__descriptor);
    if (!founded || roster_init(d, &roster, founders) != 0 || found_fill(d, found, &roster, founded) != 0)
        return d->code;
    d->actor_number = roster_member_of(&roster, d->body->key);
    event = decide_event(d, COMITY__V1__EVENT__KIND_PARTNERSHIP_FOUNDED);
    if (event)
        event->partnership_founded = founded;
    return d->code;
}

/* Is the name free? */
static int check_name(struct decide *d, enum table table, const char *name, const char *field)
{
    struct row_key key = row_key_name(table, name);
    bool exists;

    if (decide_exists(d, &key, &exists) != 0)
        return d->code;
    return exists ? decide_refuse(d, ERR_EXISTS, "%s", field) : 0;
}

#define ADMITTED "admit_constituency.constituency"

/* Every founder's key is new and has signed; so is the recovery key new. */
static int check_admitted_keys(struct decide *d, const Comity__V1__NewConstituency *constituency)
{
    struct key_list list = {decide_alloc(d, constituency->n_founders + 1, sizeof(*list.keys)), 0};
    bool taken;
    size_t i;

    if (!list.keys || key_list_add_all(d, &list, constituency, ADMITTED) != 0)
        return d->code;
    for (i = 0; i < list.count; i++) {
        bool is_founder = i < constituency->n_founders;

        if (decide_key_is_taken(d, 0, list.keys[i], &taken) != 0)
            return d->code;
        if (taken && is_founder)
            return decide_refuse(d, ERR_EXISTS, ADMITTED ".founders[%zu].key", i);
        if (taken)
            return decide_refuse(d, ERR_EXISTS, ADMITTED ".recovery_key");
        if (is_founder && !command_is_signed_by(d->body, list.keys[i]))
            return decide_refuse(d, ERR_COSIGNERS, ADMITTED ".founders[%zu].key", i);
    }
    return 0;
}

int decide_admit_constituency(struct decide *d)
{
    const Comity__V1__NewConstituency *from = d->body->admit_constituency->constituency;
    Comity__V1__ConstituencyAdmitted *admitted;
    Comity__V1__Event *event;
    struct roster roster;
    uint32_t number;

    if (check_name(d, TABLE_CONSTITUENCY, from->name, ADMITTED ".name") != 0 ||
        check_admitted_keys(d, from) != 0 || decide_next_number(d, TABLE_CONSTITUENCY, &number) != 0)
        return d->code;
    if (number > CONSTITUENCIES_MAX)
        return decide_refuse_limit(d, ERR_LIMIT, ADMITTED, CONSTITUENCIES_MAX);
    admitted = decide_new(d, &comity__v1__constituency_admitted__descriptor);
    if (!admitted || roster_init(d, &roster, from->n_founders) != 0)
        return d->code;
    admitted->constituency = constituency_new(d, from, number, &roster);
    admitted->n_members = admitted->n_keys = roster.count;
    admitted->members = roster.members;
    admitted->keys = roster.keys;
    event = decide_event(d, COMITY__V1__EVENT__KIND_CONSTITUENCY_ADMITTED);
    if (event)
        event->constituency_admitted = admitted;
    return d->code;
}

int decide_add_site(struct decide *d)
{
    const Comity__V1__NewSite *from = d->body->add_site->site;
    Comity__V1__SiteAdded *added;
    Comity__V1__Event *event;
    uint32_t number;

    if (check_name(d, TABLE_SITE, from->name, "add_site.site.name") != 0 ||
        decide_next_number(d, TABLE_SITE, &number) != 0)
        return d->code;
    added = decide_new(d, &comity__v1__site_added__descriptor);
    event = added ? decide_event(d, COMITY__V1__EVENT__KIND_SITE_ADDED) : NULL;
    if (!event)
        return d->code;
    event->site_added = added;
    added->site = site_new(d, from, number);
    return d->code;
}
