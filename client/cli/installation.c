#include "client/cli/installation.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "client/cli/brokers.h"
#include "client/cli/free_ports.h"
#include "client/cli/language.h"
#include "client/cli/sites.h"
#include "core/daemon/config.h"
#include "core/error.h"
#include "core/keyfile.h"
#include "core/text.h"

enum { TOKEN_BYTES = 20 };

int installation_fail(char reason[INSTALLATION_REASON_MAX], int code, const char *path, const char *what)
{
    char escaped[256];

    text_escape(BYTES(path, strlen(path)), false, escaped, sizeof(escaped));
    snprintf(reason, INSTALLATION_REASON_MAX, "%s: %s", escaped, _(what));
    return code;
}

void installation_path(const struct installation *installation, const char *name, char ret_path[PATH_BYTES])
{
    /* The directory was checked to leave room for every name in it. */
    snprintf(ret_path, PATH_BYTES, "%.*s/%s", PATH_BYTES - 64, installation->directory, name);
}

void installation_site_path(const struct installation *installation, size_t site, const char *name,
                            char ret_path[PATH_BYTES])
{
    char below[PATH_BYTES];

    snprintf(below, sizeof(below), "site-%zu/%s", site + 1, name);
    installation_path(installation, installation->site_count == 1 ? name : below, ret_path);
}

int installation_write(const char *path, struct bytes content, mode_t mode,
                       char reason[INSTALLATION_REASON_MAX])
{
    char why[FILE_REASON_MAX];
    int code = file_write(path, content, mode, true, why);

    if (code != 0)
        snprintf(reason, INSTALLATION_REASON_MAX, "%s", why);
    return code;
}

static int make_directory(const char *path, char reason[INSTALLATION_REASON_MAX])
{
    char why[FILE_REASON_MAX];
    int code = directory_make(path, why);

    if (code != 0)
        snprintf(reason, INSTALLATION_REASON_MAX, "%s", why);
    return code;
}

static int find_directory(const char *directory, struct installation *installation,
                          char reason[INSTALLATION_REASON_MAX])
{
    char *absolute = NULL;
    int code = make_directory(directory, reason);

    if (code != 0)
        return code;
    if ((absolute = realpath(directory, NULL)) == NULL)
        return installation_fail(reason, ERR_FILE, directory, strerror(errno));
    if (strlen(absolute) >= PATH_BYTES - 64)
        code = installation_fail(reason, ERR_CONFIG, directory, "its path is too long.");
    else if (!config_value_is_plain(absolute)) {
        code = installation_fail(reason, ERR_CONFIG, directory, "no such path can be kept.");
        size_t length = strlen(reason);
        snprintf(reason + length, INSTALLATION_REASON_MAX - length, " %s", _(CONTEXT_PLAIN_RULE));
    } else
        snprintf(installation->directory, sizeof(installation->directory), "%s", absolute);
    free(absolute);
    return code;
}

size_t installation_sites(const char *directory)
{
    char path[PATH_BYTES], line[16] = "";

    if (path_join(path, directory, "sites") == 0) {
        FILE *file = fopen(path, "re");
        bool is_read = file != NULL && fgets(line, sizeof(line), file) != NULL;
        if (file != NULL)
            fclose(file);
        unsigned long count = is_read ? strtoul(line, NULL, 10) : 0;
        if (count > 1 && count <= SITES_MAX)
            return count;
    }
    if (path_join(path, directory, "worker.ini") == 0 && access(path, F_OK) == 0)
        return 1;
    return 0;
}

/* How many it is to have; and the folders of that. */
static int find_sites(struct installation *installation, size_t count, char reason[INSTALLATION_REASON_MAX])
{
    static const char *const BELOW[] = {"store", "run"};
    char path[PATH_BYTES];
    size_t made = installation_sites(installation->directory);

    if (made != 0 && count != 0 && made != count)
        return installation_fail(
            reason, ERR_CONFIG, installation->directory,
            "the installation here has another number of sites, and keeps it. Without --sites it is "
            "started as it is; with another --data another one is made.");
    installation->site_count = made != 0 ? made : count != 0 ? count : 1;
    installation_path(installation, "log", path);
    int code = make_directory(path, reason);
    for (size_t i = 0; i < installation->site_count; i++)
        for (size_t j = 0; code == 0 && j < ARRAY_COUNT(BELOW); j++) {
            installation_site_path(installation, i, BELOW[j], path);
            code = make_directory(path, reason);
        }
    return code;
}

static int load_connection_key(const char *path, uint8_t ret_public[KEY_SIZE],
                               char reason[INSTALLATION_REASON_MAX])
{
    struct connection_key key;
    int code = connection_key_load_or_create(path, &key);
    if (code != 0)
        return installation_fail(reason, code, path, language_error(code));
    memcpy(ret_public, key.public_key, KEY_SIZE);
    connection_key_wipe(&key);
    return 0;
}

static int make_token(const char *path, char reason[INSTALLATION_REASON_MAX])
{
    uint8_t random[TOKEN_BYTES];
    char line[2 * TOKEN_BYTES + 2], why[FILE_REASON_MAX];

    randombytes_buf(random, sizeof(random));
    hex_encode(BYTES(random, sizeof(random)), line);
    strcat(line, "\n");
    int code = file_write(path, BYTES(line, strlen(line)), 0600, false, why);
    sodium_memzero(line, sizeof(line));
    if (code != 0)
        snprintf(reason, INSTALLATION_REASON_MAX, "%s", why);
    return code;
}

static int load_token(struct installation *installation, char reason[INSTALLATION_REASON_MAX])
{
    char path[PATH_BYTES];

    installation_path(installation, "founding.token", path);
    if (access(path, F_OK) != 0) {
        int code = make_token(path, reason);
        if (code != 0)
            return code;
    }
    FILE *file = fopen(path, "re");
    bool is_read = file != NULL && fgets(installation->token, sizeof(installation->token), file) != NULL;
    if (file != NULL)
        fclose(file);
    installation->token[strcspn(installation->token, "\n")] = '\0';
    return is_read ? 0 : installation_fail(reason, ERR_FILE, path, "it holds no token.");
}

static int load_keys(struct installation *installation, char reason[INSTALLATION_REASON_MAX])
{
    char path[PATH_BYTES];
    struct signing_key log_key;
    int code = 0;

    for (size_t i = 0; code == 0 && i < installation->site_count; i++) {
        installation_site_path(installation, i, "broker.key", path);
        code = load_connection_key(path, installation->sites[i].broker_key, reason);
        if (code != 0)
            break;
        installation_site_path(installation, i, "worker.key", path);
        code = load_connection_key(path, installation->sites[i].worker_key, reason);
    }
    installation_path(installation, "group.key", path);
    if (code == 0)
        code = load_connection_key(path, installation->group_key, reason);
    installation_path(installation, "operator.key", path);
    if (code == 0)
        code = load_connection_key(path, installation->operator_key, reason);
    if (code != 0)
        return code;
    installation_path(installation, "log.key", path);
    code = signing_key_load_or_create(path, &log_key);
    signing_key_wipe(&log_key);
    return code == 0 ? load_token(installation, reason)
                     : installation_fail(reason, code, path, language_error(code));
}

/* What a file of the text would be; taken down whole. */
static int write_config(const struct installation *installation, size_t site, const char *name, FILE *file,
                        char **text, const size_t *size, char reason[INSTALLATION_REASON_MAX])
{
    char path[PATH_BYTES];
    int code = ERR_MEMORY;

    installation_site_path(installation, site, name, path);
    if (fclose(file) == 0)
        code = installation_write(path, BYTES(*text, *size), 0600, reason);
    else
        installation_fail(reason, code, path, language_error(code));
    free(*text);
    return code;
}

/* What the daemons call a site. */
static const char *name_of(const struct installation *installation, size_t site,
                           char ret_name[SITE_NAME_BYTES])
{
    snprintf(ret_name, SITE_NAME_BYTES, installation->site_count == 1 ? "local" : "site-%zu", site + 1);
    return ret_name;
}

static int write_broker(const struct installation *installation, size_t site, const struct site_ports *ports,
                        char reason[INSTALLATION_REASON_MAX])
{
    char *text = NULL, hex[2 * KEY_SIZE + 1], group_hex[2 * GROUP_ID_SIZE + 1], path[PATH_BYTES],
         name[SITE_NAME_BYTES];
    uint8_t group[GROUP_ID_SIZE];
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);

    if (file == NULL)
        return installation_fail(reason, ERR_MEMORY, installation->directory, language_error(ERR_MEMORY));
    fprintf(file,
            "# Made by `comity up`; yours to edit. comity-broker --help-config explains every key.\n"
            "# Clients connect to front. To let other machines in, give this machine's address instead.\n"
            "[broker]\nfront = tcp://127.0.0.1:%u\nback = tcp://127.0.0.1:%u\n",
            ports[site].front, ports[site].back);
    installation_site_path(installation, site, "broker.key", path);
    fprintf(file, "key_file = %s\n", path);
    installation_site_path(installation, site, "run/broker.ready", path);
    hex_encode(BYTES(installation->operator_key, KEY_SIZE), hex);
    fprintf(file, "ready_file = %s\noperator = %s\n", path, hex);
    group_id(installation->group_key, group);
    hex_encode(BYTES(group, GROUP_ID_SIZE), group_hex);
    for (size_t i = 0; i < installation->site_count; i++) {
        hex_encode(BYTES(installation->sites[i].worker_key, KEY_SIZE), hex);
        fprintf(file, "\n[worker %s]\nkey = %s\n", name_of(installation, i, name), hex);
        if (installation->site_count > 1)
            fprintf(file, "group = %s\n", group_hex);
    }
    return write_config(installation, site, "broker.ini", file, &text, &size, reason);
}

static void put_worker(const struct installation *installation, size_t site, FILE *file)
{
    char path[PATH_BYTES], hex[2 * KEY_SIZE + 1];
    const char *at = installation->directory;

    fputs("# Made by `comity up`; yours to edit. comity-worker --help-config explains every key.\n[worker]\n",
          file);
    installation_site_path(installation, site, "store", path);
    fprintf(file, "data = %s\n", path);
    installation_site_path(installation, site, "worker.key", path);
    fprintf(file, "connection_key = %s\ngroup_key = %s/group.key\nlog_key = %s/log.key\n", path, at, at);
    installation_site_path(installation, site, "run/worker.ready", path);
    hex_encode(BYTES(installation->operator_key, KEY_SIZE), hex);
    fprintf(file,
            "founding = token\nfounding_token_file = %s/founding.token\nready_file = %s\noperator = %s\n", at,
            path, hex);
}

static int write_worker(const struct installation *installation, size_t site, const struct site_ports *ports,
                        char reason[INSTALLATION_REASON_MAX])
{
    char *text = NULL, hex[2 * KEY_SIZE + 1], name[SITE_NAME_BYTES];
    size_t size = 0, count = installation->site_count;
    FILE *file = open_memstream(&text, &size);

    if (file == NULL)
        return installation_fail(reason, ERR_MEMORY, installation->directory, language_error(ERR_MEMORY));
    put_worker(installation, site, file);
    for (size_t i = site; i < site + count; i++) {
        hex_encode(BYTES(installation->sites[i % count].broker_key, KEY_SIZE), hex);
        fprintf(file, "\n[broker %s]\nendpoint = tcp://127.0.0.1:%u\nkey = %s\n",
                name_of(installation, i % count, name), ports[i % count].back, hex);
    }
    if (count > 1)
        sites_put_log(installation, site, ports, file);
    return write_config(installation, site, "worker.ini", file, &text, &size, reason);
}

static int write_configs(const struct installation *installation, char reason[INSTALLATION_REASON_MAX])
{
    unsigned found[SITES_MAX * SITE_PORTS];
    struct site_ports ports[SITES_MAX];
    size_t count = installation->site_count;
    int code = free_ports_find(found, count * SITE_PORTS);

    if (code != 0)
        return installation_fail(reason, code, installation->directory,
                                 "there is no free port on the loopback interface.");
    for (size_t i = 0; i < count; i++)
        ports[i] =
            (struct site_ports){found[SITE_PORTS * i], found[SITE_PORTS * i + 1], found[SITE_PORTS * i + 2],
                                found[SITE_PORTS * i + 3], found[SITE_PORTS * i + 4]};
    for (size_t i = 0; code == 0 && i < count; i++) {
        code = write_broker(installation, i, ports, reason);
        if (code == 0)
            code = write_worker(installation, i, ports, reason);
    }
    return code == 0 && count > 1 ? sites_write(installation, ports, reason) : code;
}

int installation_prepare(const char *directory, size_t site_count, struct installation *ret_installation,
                         char reason[INSTALLATION_REASON_MAX])
{
    struct installation installation = {0};
    char path[PATH_BYTES];
    int code = find_directory(directory, &installation, reason);

    if (code == 0)
        code = find_sites(&installation, site_count, reason);
    if (code == 0)
        code = load_keys(&installation, reason);
    if (code != 0)
        return code;
    /* Of several sites all was made once that is noted: then what is missing is no reason to give the others
     * other ports. */
    bool is_made = installation_sites(installation.directory) != 0;
    installation_path(&installation, "broker.ini", path);
    if (!is_made || (installation.site_count == 1 && access(path, F_OK) != 0))
        code = write_configs(&installation, reason);
    if (code == 0)
        *ret_installation = installation;
    sodium_memzero(&installation, sizeof(installation));
    return code;
}

/* What a wildcard became is an address to listen on, and none to connect to from another machine. */
static bool is_wildcard(const char *endpoint)
{
    return strncmp(endpoint, "tcp://0.0.0.0:", 14) == 0 || strncmp(endpoint, "tcp://[::]:", 11) == 0 ||
           strncmp(endpoint, "tcp://*:", 8) == 0;
}

/* Where the site's broker listens. */
static int read_broker(const struct installation *installation, size_t site, struct place_broker *ret_broker,
                       char reason[INSTALLATION_REASON_MAX])
{
    char path[PATH_BYTES], line[2 * ENDPOINT_MAX];
    bool has_key = false;

    installation_site_path(installation, site, "run/broker.ready", path);
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "front ", 6) == 0)
            snprintf(ret_broker->endpoint, ENDPOINT_MAX, "%.*s", ENDPOINT_MAX - 1, line + 6);
        else if (strncmp(line, "key ", 4) == 0)
            has_key =
                strlen(line + 4) == 2 * KEY_SIZE && hex_decode(line + 4, ret_broker->key, KEY_SIZE) == 0;
    }
    if (file != NULL)
        fclose(file);
    if (ret_broker->endpoint[0] == '\0' || !has_key)
        return installation_fail(reason, ERR_FILE, path, "the broker did not say where it listens.");
    if (!is_wildcard(ret_broker->endpoint))
        return 0;
    installation_site_path(installation, site, "broker.ini", path);
    return installation_fail(
        reason, ERR_CONFIG, path,
        "front stands for every address of this machine, which is none that clients can connect "
        "to: give this machine's own address there, front = tcp://ADDRESS:PORT.");
}

/* The brokers of all, those of @first first. */
static int write_place(const struct place *place, size_t first, const char *path,
                       char reason[INSTALLATION_REASON_MAX])
{
    struct place turned = *place;

    for (size_t i = 0; i < place->broker_count; i++)
        turned.brokers[i] = place->brokers[(first + i) % place->broker_count];
    struct json_object *value = place_to_json(&turned);
    const char *text =
        json_object_to_json_string_ext(value, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
    int code = installation_write(path, BYTES(text, strlen(text)), 0644, reason);
    json_object_put(value);
    return code;
}

int installation_place(const struct installation *installation, struct place *ret_place,
                       char reason[INSTALLATION_REASON_MAX])
{
    char path[PATH_BYTES];
    struct place place = {.broker_count = installation->site_count};
    int code = 0;

    for (size_t i = 0; code == 0 && i < installation->site_count; i++)
        code = read_broker(installation, i, &place.brokers[i], reason);
    memcpy(place.group_key, installation->group_key, KEY_SIZE);
    installation_path(installation, "place.json", path);
    if (code == 0)
        code = write_place(&place, 0, path, reason);
    for (size_t i = 0; code == 0 && installation->site_count > 1 && i < installation->site_count; i++) {
        installation_site_path(installation, i, "place.json", path);
        code = write_place(&place, i, path, reason);
    }
    if (code == 0)
        *ret_place = place;
    return code;
}

int installation_context(const struct installation *installation, const struct place *place, const char *home,
                         struct arena *arena, struct context *ret_context,
                         char reason[INSTALLATION_REASON_MAX])
{
    const char *const *names;
    size_t count;
    char why[CONTEXT_REASON_MAX];
    struct context context = {0};
    bool is_there = false;
    int code = context_names(home, arena, &names, &count, why);

    /* The one that was made for this directory; else one that leads here, of before it said for which. */
    for (int pass = 0; code == 0 && pass < 2 && !is_there; pass++)
        for (size_t i = 0; i < count && !is_there; i++)
            is_there = context_load(home, names[i], &context, why) == 0 && !context.has_history &&
                       memcmp(context.place.group_key, place->group_key, KEY_SIZE) == 0 &&
                       strcmp(context.data, pass == 0 ? installation->directory : "") == 0;
    if (!is_there) {
        memset(&context, 0, sizeof(context));
        context_free_name(home, "local", context.name);
    }
    context.place = *place;
    installation_path(installation, "operator.key", context.connection_key);
    snprintf(context.data, sizeof(context.data), "%s", installation->directory);
    snprintf(context.founding_token, sizeof(context.founding_token), "%s", installation->token);
    if (code == 0)
        code = context_save(home, &context, is_there, why);
    brokers_find(home, &context);
    if (code == 0)
        *ret_context = context;
    else
        snprintf(reason, INSTALLATION_REASON_MAX, "%s", why);
    return code;
}

int installation_lock(const char *directory, int *ret_lock, long *ret_pid,
                      char reason[INSTALLATION_REASON_MAX])
{
    char path[PATH_BYTES], text[32] = "";

    if (path_join(path, directory, "lock") != 0)
        return installation_fail(reason, ERR_CONFIG, directory, "its path is too long.");
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0)
        return installation_fail(reason, ERR_FILE, path, strerror(errno));
    if (flock(lock, LOCK_EX | LOCK_NB) == 0) {
        *ret_lock = lock;
        return 0;
    }
    int error = errno;
    ssize_t size = pread(lock, text, sizeof(text) - 1, 0);
    close(lock);
    if (error != EWOULDBLOCK)
        return installation_fail(reason, ERR_FILE, path, strerror(error));
    *ret_pid = size > 0 ? strtol(text, NULL, 10) : 0;
    return installation_fail(reason, ERR_STATE, directory, "an installation runs in this directory already.");
}
