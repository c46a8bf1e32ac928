#include "worker/log/members.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    LOOK_MS = 1000,
    CAUGHT_UP_MOST = 5000, /* so many of the latest entries of its order etcd keeps for members that lack them */
};

/* Who there is. */

/* What can be shown as it is. */
static bool is_plain(const char *name)
{
    static const char PLAIN[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:";
    size_t size = strlen(name);
    return size > 0 && size <= MEMBER_NAME_MAX && strspn(name, PLAIN) == size;
}

static struct member *row_find(struct members *members, uint64_t id)
{
    for (size_t i = 0; i < members->count; i++)
        if (id != 0 && members->rows[i].id == id)
            return &members->rows[i];
    return NULL;
}

static void urls_take(const Etcdserverpb__Member *told, char ret_urls[MEMBER_URLS_MAX])
{
    size_t used = 0, count = 0;
    ret_urls[0] = '\0';
    for (size_t i = 0; i < told->n_clienturls && count < ETCD_ENDPOINTS_MAX; i++) {
        const char *url = told->clienturls[i];
        if (!etcd_endpoint_is_valid(url) || used + strlen(url) + 2 > MEMBER_URLS_MAX)
            continue;
        used +=
            (size_t) snprintf(ret_urls + used, MEMBER_URLS_MAX - used, "%s%s", count++ > 0 ? " " : "", url);
    }
}

static bool has_url(const char *urls, const char *url)
{
    size_t size = strlen(url);
    for (const char *at = strstr(urls, url); at; at = strstr(at + size, url))
        if ((at == urls || at[-1] == ' ') && (at[size] == ' ' || at[size] == '\0'))
            return true;
    return false;
}

/* By whoever answered there; where nobody has, by its address. */
static bool endpoint_is_of(const struct members *members, size_t endpoint, const struct member *row)
{
    return members->ids[endpoint] != 0 ? members->ids[endpoint] == row->id
                                       : has_url(row->urls, members->options->endpoints[endpoint]);
}

/* Of several one that answers. */
static size_t endpoint_find(const struct members *members, const struct member *row)
{
    size_t found = MEMBER_NO_ENDPOINT;
    for (size_t i = 0; i < members->options->endpoint_count; i++) {
        bool is_it = endpoint_is_of(members, i, row);
        if (is_it && (found == MEMBER_NO_ENDPOINT || (members->answers[i] && !members->answers[found])))
            found = i;
    }
    return found;
}

static void row_ask(struct member *row, const struct members_seen *seen)
{
    row->answers = row->leads = false;
    if (row->endpoint == MEMBER_NO_ENDPOINT || !seen->endpoints[row->endpoint].answers)
        return;
    row->answers = true;
    row->leads = seen->endpoints[row->endpoint].leads;
    row->used_bytes = seen->endpoints[row->endpoint].used_bytes;
    row->carried_out = seen->endpoints[row->endpoint].carried_out;
}

/* What was noted of it before goes on, and its client as long as its addresses are the same. */
static void row_take(struct member *row, const Etcdserverpb__Member *told, struct member *known)
{
    char urls[MEMBER_URLS_MAX];
    urls_take(told, urls);
    if (known) {
        *row = *known;
        known->own = NULL;
    }
    row->id = told->id;
    if (is_plain(told->name))
        snprintf(row->name, sizeof(row->name), "%s", told->name);
    else
        snprintf(row->name, sizeof(row->name), "%016" PRIx64, told->id);
    if (strcmp(row->urls, urls) != 0)
        etcd_destroy(&row->own);
    memcpy(row->urls, urls, sizeof(row->urls));
}

static void list_take(struct members *members, const Etcdserverpb__MemberListResponse *list)
{
    struct members before = *members;
    size_t count = list->n_members < MEMBERS_MAX ? list->n_members : MEMBERS_MAX;
    members->is_listed = true;
    memset(members->rows, 0, sizeof(members->rows));
    for (size_t i = 0; i < count; i++)
        row_take(&members->rows[i], list->members[i], row_find(&before, list->members[i]->id));
    members->count = count;
    members->more = list->n_members - count;
    members_release(&before);
}

/* Nobody has told the list yet. */
static void endpoints_take(struct members *members)
{
    members->count = members->options->endpoint_count;
    for (size_t i = 0; i < members->count; i++) {
        members->rows[i].id = members->ids[i];
        members->rows[i].endpoint = i;
        snprintf(members->rows[i].name, sizeof(members->rows[i].name), "%s", members->options->endpoints[i]);
    }
}

void members_take(struct members *members, const struct members_seen *seen)
{
    for (size_t i = 0; i < members->options->endpoint_count; i++) {
        members->answers[i] = seen->endpoints[i].answers;
        if (members->answers[i])
            members->ids[i] = seen->endpoints[i].id;
    }
    if (seen->list)
        list_take(members, seen->list);
    else if (!members->is_listed)
        endpoints_take(members);
    for (size_t i = 0; members->is_listed && i < members->options->endpoint_count; i++)
        if (!members->answers[i] && !row_find(members, members->ids[i]))
            members->ids[i] = 0; /* it may be another's by now */
    for (size_t i = 0; i < members->count; i++) {
        if (members->is_listed)
            members->rows[i].endpoint = endpoint_find(members, &members->rows[i]);
        row_ask(&members->rows[i], seen);
    }
}

/* Asking. */

static struct member_seen ask_one(struct etcd *etcd, size_t at, struct arena *arena)
{
    Etcdserverpb__StatusResponse *status = NULL;
    arena_reset(arena);
    if (etcd_status(etcd, at, LOOK_MS, arena, &status).fate != ETCD_ANSWERED)
        return (struct member_seen){.answers = false};
    return (struct member_seen){
        .answers = true,
        .leads = status->leader == status->header->member_id,
        .id = status->header->member_id,
        .used_bytes = status->dbsize > 0 ? (uint64_t) status->dbsize : 0,
        .carried_out = status->raftappliedindex,
    };
}

static void between(const struct members *members)
{
    if (members->between)
        members->between(members->context);
}

static void own_open(const struct members *members, struct member *row)
{
    struct etcd_options options = *members->options;
    char urls[MEMBER_URLS_MAX], reason[ETCD_REASON_MAX], *rest = urls, *url;
    memcpy(urls, row->urls, sizeof(urls));
    options.endpoint_count = 0;
    while (options.endpoint_count < ETCD_ENDPOINTS_MAX && (url = strsep(&rest, " ")) != NULL &&
           url[0] != '\0')
        options.endpoints[options.endpoint_count++] = url;
    row->own_at = 0;
    row->own_count = options.endpoint_count;
    if (options.endpoint_count > 0 && etcd_new(&options, &row->own, reason) != 0)
        row->own = NULL;
}

/* Over an address that etcd's list has, and only if it is that member: "localhost" is another one here. */
static void own_ask(const struct members *members, struct member *row, struct arena *arena)
{
    if (!row->own)
        own_open(members, row);
    for (size_t turn = 0; row->own && !row->answers && turn < row->own_count; turn++) {
        size_t at = (row->own_at + turn) % row->own_count;
        struct member_seen seen = ask_one(row->own, at, arena);
        between(members);
        if (!seen.answers || seen.id != row->id)
            continue;
        row->own_at = at;
        row->answers = true;
        row->leads = seen.leads;
        row->used_bytes = seen.used_bytes;
        row->carried_out = seen.carried_out;
        return;
    }
}

void members_look(struct members *members, struct etcd *etcd, struct arena *arena)
{
    struct members_seen seen = {.list = NULL};
    Etcdserverpb__MemberListResponse *list = NULL;
    for (size_t i = 0; i < members->options->endpoint_count; i++) {
        seen.endpoints[i] = ask_one(etcd, i, arena);
        between(members);
    }
    arena_reset(arena);
    if (etcd_member_list(etcd, LOOK_MS, arena, &list).fate == ETCD_ANSWERED)
        seen.list = list;
    members_take(members, &seen);
    for (size_t i = 0; i < members->count; i++) {
        struct member *row = &members->rows[i];
        if (!row->answers && members->is_listed)
            own_ask(members, row, arena);
        row->missed = row->answers ? 0 : row->missed < MEMBER_MISSED_MOST ? row->missed + 1 : row->missed;
    }
}

void members_release(struct members *members)
{
    for (size_t i = 0; i < members->count; i++)
        etcd_destroy(&members->rows[i].own);
    members->count = 0;
}

/* Upkeep. */

static struct etcd *way_to(const struct members *members, const struct member *row, struct etcd *etcd,
                           size_t *ret_at)
{
    bool is_by_endpoint = row->endpoint != MEMBER_NO_ENDPOINT && members->answers[row->endpoint];
    bool is_own = row->own && !is_by_endpoint;
    *ret_at = is_own ? row->own_at : row->endpoint;
    return is_own ? row->own : etcd;
}

struct etcd_result members_compact_at(const struct members *members, size_t member, struct etcd *etcd,
                                      int64_t revision, int timeout_ms)
{
    size_t at;
    struct etcd *way = way_to(members, &members->rows[member], etcd, &at);
    return etcd_compact_at(way, at, revision, timeout_ms);
}

struct etcd_result members_defragment(const struct members *members, size_t member, struct etcd *etcd,
                                      int timeout_ms)
{
    size_t at;
    struct etcd *way = way_to(members, &members->rows[member], etcd, &at);
    return etcd_defragment(way, at, timeout_ms);
}

/* What can be told of them. */

uint64_t members_used_bytes(const struct members *members)
{
    uint64_t most = 0;
    for (size_t i = 0; i < members->count; i++)
        if (members->rows[i].answers && members->rows[i].used_bytes > most)
            most = members->rows[i].used_bytes;
    return most;
}

bool members_catch_up(const struct members *members)
{
    uint64_t least = UINT64_MAX, most = 0;
    for (size_t i = 0; i < members->count; i++) {
        const struct member *row = &members->rows[i];
        if (row->answers && row->carried_out < least)
            least = row->carried_out;
        if (row->answers && row->carried_out > most)
            most = row->carried_out;
    }
    return most > least && most - least > CAUGHT_UP_MOST;
}

uint64_t members_forgotten(const struct members *members)
{
    uint64_t least = members->count > 0 && members->more == 0 ? members->rows[0].forgotten : 0;
    for (size_t i = 0; i < members->count; i++)
        if (members->rows[i].forgotten < least)
            least = members->rows[i].forgotten;
    return least;
}

static void text_add(char text[LOG_MEMBERS_TEXT], const char *name)
{
    size_t used = strlen(text);
    snprintf(text + used, LOG_MEMBERS_TEXT - used, "%s%s", used > 0 ? ", " : "", name);
}

void members_name(const struct members *members, bool (*is_meant)(const struct member *member, uint64_t what),
                  uint64_t what, char ret_names[LOG_MEMBERS_TEXT])
{
    ret_names[0] = '\0';
    for (size_t i = 0; i < members->count; i++)
        if (is_meant(&members->rows[i], what))
            text_add(ret_names, members->rows[i].name);
    if (members->more > 0)
        text_add(ret_names, "...");
}

/* Whose endpoint nobody knows yet may be one that no endpoint leads to, as far as is known. */
void members_differ(const struct members *members, char ret_unnamed[LOG_MEMBERS_TEXT],
                    char ret_strays[LOG_MEMBERS_TEXT])
{
    bool is_used[ETCD_ENDPOINTS_MAX] = {false}, has_unknown = false, has_lost = false;
    ret_unnamed[0] = ret_strays[0] = '\0';
    if (!members->is_listed)
        return;
    for (size_t i = 0; i < members->count; i++) {
        const struct member *row = &members->rows[i];
        for (size_t j = 0; j < members->options->endpoint_count; j++)
            is_used[j] = is_used[j] || endpoint_is_of(members, j, row);
        has_lost = has_lost || (row->endpoint == MEMBER_NO_ENDPOINT && !row->answers);
    }
    for (size_t j = 0; j < members->options->endpoint_count; j++) {
        has_unknown = has_unknown || (!is_used[j] && members->ids[j] == 0);
        if (!is_used[j] && (members->ids[j] != 0 || !has_lost))
            text_add(ret_strays, members->options->endpoints[j]);
    }
    for (size_t i = 0; i < members->count; i++)
        if (members->rows[i].endpoint == MEMBER_NO_ENDPOINT && (members->rows[i].answers || !has_unknown))
            text_add(ret_unnamed, members->rows[i].name);
}
