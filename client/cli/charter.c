#include "client/cli/charter.h"

#include <stdio.h>
#include <strings.h>

#include "client/cli/output.h"
#include "client/cli/prose.h"
#include "core/daemon/config.h"
#include "core/error.h"
#include "core/text.h"

enum { OFFICES_TEXT_MAX = 200, OFFICES_MAX = 6 };

const char CHARTER_SAMPLE[] = N_(
    "# A charter: what all founders sign. Edit it, then: comity found prepare FILE --out DRAFT\n"
    "[partnership]\n"
    "name = lakeside\n"
    "title = Lakeside Health Partnership\n"
    "\n"
    "# One section a party. kind: employer, worker, convener, other. standing: party (its support counts) "
    "or\n"
    "# neutral (heard, never counted). Two co-chairs, or one and a recovery key.\n"
    "[constituency union]\n"
    "kind = worker\n"
    "standing = party\n"
    "title = Nurses United, Local 12\n"
    "# With one co-chair alone, besides: comity key new --out recovery.key; keep that file apart from hers.\n"
    "# Whoever has it can let her back in when she has lost every key of hers (comity key recover).\n"
    "# recovery = HEX\n"
    "\n"
    "[site north]\n"
    "title = North Hospital\n"
    "time_zone = America/Chicago\n"
    "\n"
    "# One section a founder; what `comity key new` printed goes into key.\n"
    "[founder ada]\n"
    "constituency = union\n"
    "name = Ada Okafor\n"
    "key = 0000000000000000000000000000000000000000000000000000000000000000\n"
    "offices = co-chair\n"
    "\n"
    "[founder ben]\n"
    "constituency = union\n"
    "name = Ben Ruiz\n"
    "key = 1111111111111111111111111111111111111111111111111111111111111111\n"
    "offices = co-chair\n");

static const struct config_key FOUND_KEYS[] = {
    {"partnership", "name", CONFIG_TEXT, NULL, 1, NAME_MAX_BYTES, false, false, false,
     N_("Short name: a-z, 0-9 and -.")},
    {"partnership", "title", CONFIG_TEXT, NULL, 1, TITLE_MAX_BYTES, false, false, false,
     N_("What people call it.")},
    {"constituency", "kind", CONFIG_TEXT, NULL, 1, 40, true, false, false,
     N_("employer, worker, convener or other.")},
    {"constituency", "standing", CONFIG_TEXT, NULL, 1, 40, true, false, false, N_("party or neutral.")},
    {"constituency", "side", CONFIG_TEXT, "", 0, NAME_MAX_BYTES, true, false, false,
     N_("Name of its side; empty for a side of its own.")},
    {"constituency", "title", CONFIG_TEXT, NULL, 1, TITLE_MAX_BYTES, true, false, false,
     N_("What people call it.")},
    {"constituency", "recovery", CONFIG_KEY, "", 0, 0, true, false, false,
     N_("Recovery key, where there is one co-chair only.")},
    {"site", "title", CONFIG_TEXT, NULL, 1, TITLE_MAX_BYTES, true, false, false, N_("What people call it.")},
    {"site", "time_zone", CONFIG_TEXT, NULL, 1, 64, true, false, false, N_("IANA name, as America/Chicago.")},
    {"founder", "constituency", CONFIG_TEXT, NULL, 1, NAME_MAX_BYTES, true, false, false,
     N_("Whom the founder belongs to.")},
    {"founder", "name", CONFIG_TEXT, NULL, 1, TITLE_MAX_BYTES, true, false, false, N_("The founder's name.")},
    {"founder", "key", CONFIG_KEY, NULL, 0, 0, true, false, false,
     N_("The founder's signing key, public half.")},
    {"founder", "offices", CONFIG_TEXT, "", 0, OFFICES_TEXT_MAX, true, false, false,
     N_("Offices, with blanks between.")},
};

/* A file that admits a constituency has no [partnership] and no [site]. */
enum { ADMIT_KEYS_FIRST = 2 };

static const struct {
    const char *name;
    Comity__V1__Office office;
} OFFICES[] = {
    {N_("co-chair"), COMITY__V1__OFFICE__OFFICE_CO_CHAIR},
    {N_("facilitator"), COMITY__V1__OFFICE__OFFICE_FACILITATOR},
    {N_("recorder"), COMITY__V1__OFFICE__OFFICE_RECORDER},
    {N_("adviser"), COMITY__V1__OFFICE__OFFICE_ADVISER},
    {N_("observer"), COMITY__V1__OFFICE__OFFICE_OBSERVER},
    {N_("integration"), COMITY__V1__OFFICE__OFFICE_INTEGRATION},
};

static const struct {
    const char *name;
    Comity__V1__ConstituencyKind kind;
} KINDS[] = {
    {"employer", COMITY__V1__CONSTITUENCY_KIND__CONSTITUENCY_KIND_EMPLOYER},
    {"worker", COMITY__V1__CONSTITUENCY_KIND__CONSTITUENCY_KIND_WORKER},
    {"convener", COMITY__V1__CONSTITUENCY_KIND__CONSTITUENCY_KIND_CONVENER},
    {"other", COMITY__V1__CONSTITUENCY_KIND__CONSTITUENCY_KIND_OTHER},
};

/* What the functions below share. */
struct reading {
    const char *path;
    struct config *config;
    struct arena *arena;
    struct comity_texts *texts;
    char *reason;
};

static int out_of_memory(char reason[CHARTER_REASON_MAX])
{
    snprintf(reason, CHARTER_REASON_MAX, "%s", _("There is not enough memory."));
    return ERR_MEMORY;
}

/* "charter.ini, [founder ada]: what is wrong" */
static int wrong(struct reading *reading, const char *section, const char *name, const char *what)
{
    char path[160], shown_name[80], shown_what[400];

    text_escape(BYTES(reading->path, strlen(reading->path)), false, path, sizeof(path));
    text_escape(BYTES(name, strlen(name)), false, shown_name, sizeof(shown_name));
    what = what == NULL ? _("it cannot be used.") : _(what);
    text_escape(BYTES(what, strlen(what)), false, shown_what, sizeof(shown_what));
    snprintf(reading->reason, CHARTER_REASON_MAX, "%s, [%s%s%s]: %.340s", path, section,
             *name == '\0' ? "" : " ", shown_name, shown_what);
    return ERR_CONFIG;
}

Comity__V1__Office office_read(const char *text)
{
    for (size_t i = 0; i < ARRAY_COUNT(OFFICES); i++)
        if (strcasecmp(OFFICES[i].name, text) == 0)
            return OFFICES[i].office;
    return COMITY__V1__OFFICE__OFFICE_UNSPECIFIED;
}

const char *office_name(Comity__V1__Office office)
{
    for (size_t i = 0; i < ARRAY_COUNT(OFFICES); i++)
        if (OFFICES[i].office == office)
            return OFFICES[i].name;
    return "?";
}

int offices_read(const char *text, struct arena *arena, Comity__V1__Office **ret_offices, size_t *ret_count,
                 char reason[CHARTER_REASON_MAX])
{
    Comity__V1__Office *offices = arena_alloc(arena, OFFICES_MAX * sizeof(*offices));
    char *copy = arena_string(arena, text), *rest = NULL;
    size_t count = 0;

    if (offices == NULL || copy == NULL)
        return out_of_memory(reason);
    for (char *word = strtok_r(copy, " ,", &rest); word != NULL; word = strtok_r(NULL, " ,", &rest)) {
        Comity__V1__Office office = office_read(word);
        bool is_new = true;
        for (size_t i = 0; i < count; i++)
            is_new &= offices[i] != office;
        if (office == COMITY__V1__OFFICE__OFFICE_UNSPECIFIED) {
            char escaped[80];
            text_escape(BYTES(word, strlen(word)), false, escaped, sizeof(escaped));
            snprintf(reason, CHARTER_REASON_MAX,
                     _("there is no office `%s`: co-chair, facilitator, recorder, adviser, observer, "
                       "integration."),
                     escaped);
            return ERR_CONFIG;
        }
        if (is_new)
            offices[count++] = office;
    }
    *ret_offices = offices;
    *ret_count = count;
    return 0;
}

static int add_text(struct reading *reading, const char *section, const char *name, const char *text,
                    Comity__V1__TextRef **ret_reference)
{
    struct bytes line = BYTES(text, strlen(text));
    int code = prose_compose(&line, reading->arena);

    if (code != 0)
        return out_of_memory(reading->reason);
    bool is_name = strcmp(section, "partnership") != 0;
    const char *fault = prose_fault(is_name ? PROSE_NAME : PROSE_LINE, line, reading->arena);
    if (fault != NULL)
        return wrong(reading, section, name, fault);
    code = comity_texts_add(reading->texts, (const char *) line.data, line.size, ret_reference);
    return code == 0 ? 0 : out_of_memory(reading->reason);
}

static const char *value_of(const struct reading *reading, const char *section, const char *name,
                            const char *key)
{
    return config_text(reading->config, section, name, key);
}

static int take_key(struct reading *reading, const char *section, const char *name, const char *key,
                    ProtobufCBinaryData *ret_key)
{
    uint8_t *copy = arena_alloc(reading->arena, KEY_SIZE);

    if (copy == NULL)
        return out_of_memory(reading->reason);
    if (config_key32(reading->config, section, name, key, copy))
        *ret_key = (ProtobufCBinaryData){KEY_SIZE, copy};
    return 0;
}

static int read_founder(struct reading *reading, const char *label, Comity__V1__Founder **ret_founder)
{
    Comity__V1__Founder *founder = arena_alloc(reading->arena, sizeof(*founder));
    char why[CHARTER_REASON_MAX];

    if (founder == NULL)
        return out_of_memory(reading->reason);
    comity__v1__founder__init(founder);
    int code = offices_read(value_of(reading, "founder", label, "offices"), reading->arena, &founder->offices,
                            &founder->n_offices, why);
    if (code != 0)
        return code == ERR_CONFIG ? wrong(reading, "founder", label, why) : out_of_memory(reading->reason);
    code = take_key(reading, "founder", label, "key", &founder->key);
    if (code == 0)
        code =
            add_text(reading, "founder", label, value_of(reading, "founder", label, "name"), &founder->name);
    if (code == 0)
        *ret_founder = founder;
    return code;
}

static int read_founders(struct reading *reading, Comity__V1__NewConstituency *constituency)
{
    size_t sections = config_section_count(reading->config, "founder");
    int code = 0;

    constituency->founders = arena_alloc(reading->arena, (sections + 1) * sizeof(*constituency->founders));
    if (constituency->founders == NULL)
        return out_of_memory(reading->reason);
    for (size_t i = 0; i < sections && code == 0; i++) {
        const char *label = config_section_at(reading->config, "founder", i);
        if (strcmp(value_of(reading, "founder", label, "constituency"), constituency->name) != 0)
            continue;
        code = read_founder(reading, label, &constituency->founders[constituency->n_founders]);
        constituency->n_founders++;
    }
    if (code == 0 && constituency->n_founders == 0)
        return wrong(reading, "constituency", constituency->name, "no [founder ...] belongs to it.");
    return code;
}

/* As the worker has it, said by the sections of the file. */
static int check_co_chairs(struct reading *reading, const Comity__V1__NewConstituency *constituency)
{
    unsigned co_chairs = 0;

    for (size_t i = 0; i < constituency->n_founders; i++)
        for (size_t j = 0; j < constituency->founders[i]->n_offices; j++)
            co_chairs += constituency->founders[i]->offices[j] == COMITY__V1__OFFICE__OFFICE_CO_CHAIR;
    if (co_chairs == 0)
        return wrong(
            reading, "constituency", constituency->name,
            "it has no co-chair: two [founder ...] need offices = co-chair, or one and recovery = KEY.");
    if (co_chairs == 1 && constituency->recovery_key.len == 0)
        return wrong(
            reading, "constituency", constituency->name,
            "it has one co-chair: add a second, or recovery = KEY (comity key new --out recovery.key).");
    return 0;
}

static int read_kind_and_standing(struct reading *reading, const char *name,
                                  Comity__V1__NewConstituency *constituency)
{
    const char *kind = value_of(reading, "constituency", name, "kind");
    const char *standing = value_of(reading, "constituency", name, "standing");

    for (size_t i = 0; i < ARRAY_COUNT(KINDS); i++)
        if (strcasecmp(KINDS[i].name, kind) == 0)
            constituency->kind = KINDS[i].kind;
    if (constituency->kind == COMITY__V1__CONSTITUENCY_KIND__CONSTITUENCY_KIND_UNSPECIFIED)
        return wrong(reading, "constituency", name, "kind is employer, worker, convener or other.");
    if (strcasecmp(standing, "party") == 0)
        constituency->standing = COMITY__V1__STANDING__STANDING_PARTY;
    else if (strcasecmp(standing, "neutral") == 0)
        constituency->standing = COMITY__V1__STANDING__STANDING_NEUTRAL;
    else
        return wrong(reading, "constituency", name, "standing is party or neutral.");
    return 0;
}

static int read_constituency(struct reading *reading, const char *name,
                             Comity__V1__NewConstituency **ret_constituency)
{
    Comity__V1__NewConstituency *constituency = arena_alloc(reading->arena, sizeof(*constituency));

    if (constituency == NULL)
        return out_of_memory(reading->reason);
    comity__v1__new_constituency__init(constituency);
    constituency->name = arena_string(reading->arena, name);
    constituency->side = arena_string(reading->arena, value_of(reading, "constituency", name, "side"));
    if (constituency->name == NULL || constituency->side == NULL)
        return out_of_memory(reading->reason);
    if (!name_is_valid(name))
        return wrong(reading, "constituency", name,
                     "a name is 1 to 40 of a-z, 0-9 and -, starting with a letter.");
    int code = read_kind_and_standing(reading, name, constituency);
    if (code == 0)
        code = add_text(reading, "constituency", name, value_of(reading, "constituency", name, "title"),
                        &constituency->title);
    if (code == 0)
        code = take_key(reading, "constituency", name, "recovery", &constituency->recovery_key);
    if (code == 0)
        code = read_founders(reading, constituency);
    if (code == 0)
        code = check_co_chairs(reading, constituency);
    if (code == 0)
        *ret_constituency = constituency;
    return code;
}

static int read_site(struct reading *reading, const char *name, Comity__V1__NewSite **ret_site)
{
    Comity__V1__NewSite *site = arena_alloc(reading->arena, sizeof(*site));

    if (site == NULL)
        return out_of_memory(reading->reason);
    comity__v1__new_site__init(site);
    site->name = arena_string(reading->arena, name);
    site->time_zone = arena_string(reading->arena, value_of(reading, "site", name, "time_zone"));
    if (site->name == NULL || site->time_zone == NULL)
        return out_of_memory(reading->reason);
    if (!name_is_valid(name))
        return wrong(reading, "site", name, "a name is 1 to 40 of a-z, 0-9 and -, starting with a letter.");
    if (!time_zone_exists(site->time_zone))
        return wrong(reading, "site", name,
                     "there is no such time_zone: it is an IANA name, as America/Chicago.");
    int code = add_text(reading, "site", name, value_of(reading, "site", name, "title"), &site->title);
    if (code == 0)
        *ret_site = site;
    return code;
}

/* A founder of a constituency that the file does not have would silently not sign. */
static int check_founders_belong(struct reading *reading)
{
    size_t founders = config_section_count(reading->config, "founder");
    size_t constituencies = config_section_count(reading->config, "constituency");

    for (size_t i = 0; i < founders; i++) {
        const char *label = config_section_at(reading->config, "founder", i);
        const char *name = value_of(reading, "founder", label, "constituency");
        bool is_found = false;
        for (size_t j = 0; j < constituencies; j++)
            is_found |= strcmp(config_section_at(reading->config, "constituency", j), name) == 0;
        if (!is_found)
            return wrong(reading, "founder", label,
                         arena_printf(reading->arena,
                                      _("constituency = %s: the file has no [constituency %s]."), name,
                                      name));
    }
    return 0;
}

/* A key that the file names. */
struct named_key {
    const char *section, *label;
    uint8_t key[KEY_SIZE];
};

static size_t take_keys(const struct reading *reading, const char *section, const char *key,
                        struct named_key *ret_keys)
{
    size_t sections = config_section_count(reading->config, section), count = 0;

    for (size_t i = 0; i < sections; i++) {
        struct named_key *row = &ret_keys[count];
        row->section = section;
        row->label = config_section_at(reading->config, section, i);
        count += config_key32(reading->config, section, row->label, key, row->key);
    }
    return count;
}

/* Each key is one person's, or a recovery key of one constituency. */
static int check_keys_differ(struct reading *reading)
{
    size_t room = config_section_count(reading->config, "founder") +
                  config_section_count(reading->config, "constituency") + 1;
    struct named_key *keys = arena_alloc(reading->arena, room * sizeof(*keys));

    if (keys == NULL)
        return out_of_memory(reading->reason);
    size_t count = take_keys(reading, "founder", "key", keys);
    count += take_keys(reading, "constituency", "recovery", keys + count);
    for (size_t i = 1; i < count; i++)
        for (size_t j = 0; j < i; j++)
            if (memcmp(keys[i].key, keys[j].key, KEY_SIZE) == 0)
                return wrong(reading, keys[i].section, keys[i].label,
                             arena_printf(reading->arena, _("it has the same key as [%s %s]."),
                                          keys[j].section, keys[j].label));
    return 0;
}

static int read_constituencies(struct reading *reading, Comity__V1__NewConstituency ***ret_list,
                               size_t *ret_count)
{
    size_t count = config_section_count(reading->config, "constituency");
    Comity__V1__NewConstituency **list = arena_alloc(reading->arena, (count + 1) * sizeof(*list));
    int code = list == NULL ? out_of_memory(reading->reason) : check_founders_belong(reading);

    if (code == 0)
        code = check_keys_differ(reading);
    for (size_t i = 0; i < count && code == 0; i++)
        code = read_constituency(reading, config_section_at(reading->config, "constituency", i), &list[i]);
    if (code == 0) {
        *ret_list = list;
        *ret_count = count;
    }
    return code;
}

static int open_charter(struct reading *reading, size_t first_key)
{
    char why[CONFIG_REASON_MAX];
    int code = config_read(reading->path, FOUND_KEYS + first_key, ARRAY_COUNT(FOUND_KEYS) - first_key,
                           &reading->config, why);

    if (code != 0)
        snprintf(reading->reason, CHARTER_REASON_MAX, "%s", why);
    return code;
}

int charter_read(const char *path, struct arena *arena, struct comity_texts *texts,
                 Comity__V1__Found **ret_found, char reason[CHARTER_REASON_MAX])
{
    struct reading reading = {.path = path, .arena = arena, .texts = texts, .reason = reason};
    Comity__V1__Found *found = arena_alloc(arena, sizeof(*found));

    if (found == NULL)
        return out_of_memory(reason);
    comity__v1__found__init(found);
    int code = open_charter(&reading, 0);
    if (code != 0)
        return code;
    CLEANUP(config_destroy) struct config *config = reading.config;
    found->name = arena_string(arena, value_of(&reading, "partnership", NULL, "name"));
    if (found->name == NULL)
        return out_of_memory(reason);
    if (!name_is_valid(found->name))
        return wrong(
            &reading, "partnership", "",
            "name is 1 to 40 of a-z, 0-9 and -, starting with a letter; the rest belongs into title.");
    code = add_text(&reading, "partnership", "", value_of(&reading, "partnership", NULL, "title"),
                    &found->title);
    if (code == 0)
        code = read_constituencies(&reading, &found->constituencies, &found->n_constituencies);
    size_t sites = config_section_count(config, "site");
    if (code == 0 && (found->sites = arena_alloc(arena, (sites + 1) * sizeof(*found->sites))) == NULL)
        code = out_of_memory(reason);
    for (size_t i = 0; i < sites && code == 0; i++)
        code = read_site(&reading, config_section_at(config, "site", i), &found->sites[found->n_sites++]);
    if (code == 0 && found->n_constituencies == 0)
        code = wrong(&reading, "partnership", "", "the file has no [constituency ...].");
    if (code == 0 && found->n_sites == 0)
        code = wrong(&reading, "partnership", "", "the file has no [site ...].");
    if (code == 0)
        *ret_found = found;
    return code;
}

int charter_read_constituency(const char *path, struct arena *arena, struct comity_texts *texts,
                              Comity__V1__NewConstituency **ret_constituency, char reason[CHARTER_REASON_MAX])
{
    /* The table goes on behind the rows of [partnership]; those of [site] are refused below. */
    struct reading reading = {.path = path, .arena = arena, .texts = texts, .reason = reason};
    Comity__V1__NewConstituency **list;
    size_t count;
    int code = open_charter(&reading, ADMIT_KEYS_FIRST);

    if (code != 0)
        return code;
    CLEANUP(config_destroy) struct config *config = reading.config;
    if (config_section_count(config, "site") > 0)
        return wrong(&reading, "site", config_section_at(config, "site", 0),
                     "a site is added by `comity site add`, not by this file.");
    code = read_constituencies(&reading, &list, &count);
    if (code == 0 && count != 1)
        return wrong(&reading, "constituency ...", "", "the file has to have exactly one.");
    if (code == 0)
        *ret_constituency = list[0];
    return code;
}

size_t charter_founders(Comity__V1__NewConstituency *const *constituencies, size_t count,
                        uint8_t (*ret_keys)[KEY_SIZE], size_t size)
{
    size_t found = 0;

    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < constituencies[i]->n_founders; j++) {
            const ProtobufCBinaryData *key = &constituencies[i]->founders[j]->key;
            if (found < size && key->len == KEY_SIZE)
                memcpy(ret_keys[found], key->data, KEY_SIZE);
            found++;
        }
    return found;
}
