/* The keys of the record: whose, since when, how each came. */
#include <inttypes.h>
#include <stdlib.h>

#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/record.h"
#include "client/cli/verbs.h"

/* Of the columns, those that say whose it is, which one's own do not need; and how it came, which is asked for of one's own
 * alone. */
enum { OF_MEMBER = 2, OF_ORIGIN = 1 };

/* How a key came: what the event says that brought it. Nothing of it where that cannot be had. */
struct coming {
    int64_t time_ms;
    const char *name; /* in the document */
    const char *text; /* for people */
};

/* Those whose place it took. */
static const char *text_of_replaced(struct cli *cli, const Comity__V1__KeyAdded *added)
{
    const char **names = arena_alloc(cli->arena, (added->n_revoked + 1) * sizeof(*names));
    size_t count = 0;

    for (size_t i = 0; names != NULL && i < added->n_revoked; i++) {
        char fingerprint[FINGERPRINT_SIZE];
        if (added->revoked[i].len != KEY_SIZE)
            continue;
        key_fingerprint(added->revoked[i].data, fingerprint);
        names[count++] = arena_string(cli->arena, fingerprint);
    }
    return count == 0 ? "" : phrase(cli, "in place of %s", shown_list(cli, names, count));
}

static void coming_fill(struct cli *cli, const Comity__V1__Event *event, struct coming *coming)
{
    if (event->kind_case == COMITY__V1__EVENT__KIND_PARTNERSHIP_FOUNDED ||
        event->kind_case == COMITY__V1__EVENT__KIND_CONSTITUENCY_ADMITTED) {
        coming->name = "FOUNDING";
        coming->text = _("founding");
    } else if (event->kind_case == COMITY__V1__EVENT__KIND_INVITATION_REDEEMED) {
        coming->name = "JOINING";
        coming->text = _("joining");
    } else if (event->kind_case == COMITY__V1__EVENT__KIND_KEY_ADDED) {
        const Comity__V1__KeyAdded *added = event->key_added;
        bool is_back = added->invitation.len > 0, is_recovered = is_by_recovery_key(cli, event), replaces = added->n_revoked > 0;
        coming->name = is_back ? "WAY_BACK" : is_recovered ? "RECOVERY_KEY" : replaces ? "REPLACING" : "ADDED";
        coming->text = is_back        ? _("a co-chair's way back")
                       : is_recovered ? _("the recovery key")
                       : replaces     ? text_of_replaced(cli, added)
                                      : _("added");
    }
}

static struct coming coming_of(struct cli *cli, uint64_t sequence)
{
    Comity__V1__Events events = COMITY__V1__EVENTS__INIT;
    Comity__V1__Query query = COMITY__V1__QUERY__INIT;
    struct coming coming = {.text = ""};
    const Comity__V1__Answer *answer;
    const Comity__V1__Event *event = NULL;
    struct failure before = cli->failure;
    struct event_header header;

    events.from = sequence;
    query.kind_case = COMITY__V1__QUERY__KIND_EVENTS;
    query.events = &events;
    query.limit = 1;
    if (sequence > 0 && desk_ask(cli, &query, &answer) == 0 && answer->n_events > 0)
        event = record_open(cli, answer->events[0], &header);
    cli->failure = before;
    if (event == NULL || header.sequence != sequence)
        return coming;
    coming.time_ms = header.time_ms;
    coming_fill(cli, event, &coming);
    return coming;
}

static const char *state_of_key(struct cli *cli, const Comity__V1__Key *key)
{
    return key->revoked == 0 ? _("yes") : phrase(cli, "revoked by number %" PRIu64, key->revoked);
}

/* Rows as `keys` of the document has them. */
static void put_key(struct cli *cli, struct json_object *array, const Comity__V1__Key *key, const char *fingerprint,
                    const struct coming *coming, bool is_own)
{
    struct json_object *row = desk_json(cli, &key->base);

    json_object_object_add(row, "fingerprint", json_object_new_string(fingerprint));
    json_object_object_add(row, "since_ms", coming->time_ms == 0 ? NULL : json_object_new_int64(coming->time_ms));
    json_object_object_add(row, "came_by", coming->name == NULL ? NULL : json_object_new_string(coming->name));
    json_object_object_add(row, "is_this_machine", json_object_new_boolean(is_own));
    json_object_array_add(array, row);
}

/* Whose keys are listed, and by which key this machine signs. */
static int find_own(struct cli *cli, uint32_t *ret_member, uint8_t ret_key[KEY_SIZE])
{
    const Comity__V1__WhoamiAnswer *whoami;
    struct signing_key signer;
    int code = desk_whoami(cli, &whoami);

    if (code == 0)
        code = desk_signer(cli, &signer);
    if (code != 0)
        return code;
    *ret_member = cli_has(cli, "all") ? 0 : whoami->member->number;
    memcpy(ret_key, signer.public_key, KEY_SIZE);
    signing_key_wipe(&signer);
    return 0;
}

/* By member, and then as they came. */
static int compare_keys(const void *left, const void *right)
{
    const Comity__V1__Key *a = *(const Comity__V1__Key *const *) left, *b = *(const Comity__V1__Key *const *) right;

    if (a->member != b->member)
        return a->member < b->member ? -1 : 1;
    return a->added < b->added ? -1 : a->added > b->added;
}

static int read_keys(struct cli *cli, const Comity__V1__Key *const **ret_keys, size_t *ret_count)
{
    struct rows rows;
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_KEYS, 0, &rows);

    if (code != 0)
        return code;
    const Comity__V1__Key **keys = arena_alloc(cli->arena, (rows.count + 1) * sizeof(*keys));
    if (keys == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < rows.count; i++)
        keys[i] = (const Comity__V1__Key *) rows.list[i];
    qsort(keys, rows.count, sizeof(*keys), compare_keys);
    *ret_keys = keys;
    *ret_count = rows.count;
    return 0;
}

/* @is_of_all: of all members, whose events are not asked for one by one. */
static void list_key(struct cli *cli, struct json_object *array, struct sheet *sheet, const Comity__V1__Key *key,
                     bool is_own, bool is_of_all)
{
    struct coming coming = {.text = ""};
    char fingerprint[FINGERPRINT_SIZE];

    if (!is_of_all)
        coming = coming_of(cli, key->added);
    key_fingerprint(key->key.data, fingerprint);
    put_key(cli, array, key, fingerprint, &coming, is_own);
    const char *since =
        coming.time_ms == 0 ? phrase(cli, "number %" PRIu64, key->added) : shown_time(cli, coming.time_ms);
    const char *cells[] = {arena_printf(cli->arena, "%" PRIu32, key->member),
                           name_of_member(cli, key->member),
                           arena_string(cli->arena, fingerprint),
                           since,
                           state_of_key(cli, key),
                           is_own ? _("this one") : "",
                           coming.text};
    sheet_row(sheet, is_of_all ? cells : cells + OF_MEMBER);
}

int key_list_run(struct cli *cli)
{
    static const char *const TITLES[] = {N_("member"), N_("name"),    N_("fingerprint"), N_("since"),
                                         N_("valid"),  N_("machine"), N_("came by")};
    struct json_object *array = json_object_new_array();
    uint8_t own[KEY_SIZE];
    uint32_t member;
    const Comity__V1__Key *const *keys;
    size_t count;
    struct sheet sheet;
    int code = find_own(cli, &member, own);

    cli_put(cli, "keys", array);
    if (code == 0)
        code = read_keys(cli, &keys, &count);
    if (code != 0)
        return code;
    bool is_of_all = member == 0;
    if (is_of_all)
        sheet_init(&sheet, cli, ARRAY_COUNT(TITLES) - OF_ORIGIN, TITLES);
    else
        sheet_init(&sheet, cli, ARRAY_COUNT(TITLES) - OF_MEMBER, TITLES + OF_MEMBER);
    for (size_t i = 0; i < count; i++) {
        const Comity__V1__Key *key = keys[i];
        if (key->key.len == KEY_SIZE && (is_of_all || key->member == member))
            list_key(cli, array, &sheet, key, memcmp(key->key.data, own, KEY_SIZE) == 0, is_of_all);
    }
    sheet_print(&sheet, "There are no keys.");
    return 0;
}
