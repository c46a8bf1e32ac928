#include "client/cli/installation.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/cli/language.h"
#include "core/daemon/config.h"
#include "core/error.h"
#include "core/keyfile.h"
#include "core/text.h"

enum { TOKEN_BYTES = 20, CONFIG_TEXT_MAX = 8 * 1024 };

static int failed_at(char reason[INSTALLATION_REASON_MAX], int code, const char *path, const char *what)
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

static int find_directory(const char *directory, struct installation *installation,
                          char reason[INSTALLATION_REASON_MAX])
{
    static const char *const BELOW[] = {"store", "run", "log"};
    char why[FILE_REASON_MAX], path[PATH_BYTES], *absolute = NULL;
    int code = directory_make(directory, why);

    if (code == 0 && (absolute = realpath(directory, NULL)) == NULL)
        return failed_at(reason, ERR_FILE, directory, strerror(errno));
    if (code == 0 && strlen(absolute) >= PATH_BYTES - 64)
        code = failed_at(reason, ERR_CONFIG, directory, "its path is too long.");
    else if (code == 0 && !config_value_is_plain(absolute)) {
        code = failed_at(reason, ERR_CONFIG, directory, "no such path can be kept.");
        size_t length = strlen(reason);
        snprintf(reason + length, INSTALLATION_REASON_MAX - length, " %s", _(CONTEXT_PLAIN_RULE));
    } else if (code == 0)
        snprintf(installation->directory, sizeof(installation->directory), "%s", absolute);
    else
        snprintf(reason, INSTALLATION_REASON_MAX, "%s", why);
    free(absolute);
    for (size_t i = 0; code == 0 && i < ARRAY_COUNT(BELOW); i++) {
        installation_path(installation, BELOW[i], path);
        code = directory_make(path, why);
        if (code != 0)
            snprintf(reason, INSTALLATION_REASON_MAX, "%s", why);
    }
    return code;
}

static int load_connection_key(struct installation *installation, const char *name,
                               uint8_t ret_public[KEY_SIZE], char reason[INSTALLATION_REASON_MAX])
{
    char path[PATH_BYTES];
    struct connection_key key;

    installation_path(installation, name, path);
    int code = connection_key_load_or_create(path, &key);
    if (code != 0)
        return failed_at(reason, code, path, language_error(code));
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
    return is_read ? 0 : failed_at(reason, ERR_FILE, path, "it holds no token.");
}

static int load_keys(struct installation *installation, char reason[INSTALLATION_REASON_MAX])
{
    char path[PATH_BYTES];
    struct signing_key log_key;
    int code = load_connection_key(installation, "broker.key", installation->broker_key, reason);

    if (code == 0)
        code = load_connection_key(installation, "worker.key", installation->worker_key, reason);
    if (code == 0)
        code = load_connection_key(installation, "group.key", installation->group_key, reason);
    if (code == 0)
        code = load_connection_key(installation, "operator.key", installation->operator_key, reason);
    if (code != 0)
        return code;
    installation_path(installation, "log.key", path);
    code = signing_key_load_or_create(path, &log_key);
    signing_key_wipe(&log_key);
    return code == 0 ? load_token(installation, reason) : failed_at(reason, code, path, language_error(code));
}

/* Two ports that nobody listens on now. Both are held until both are known. */
static int find_ports(unsigned ret_ports[2])
{
    int sockets[2] = {-1, -1};
    int code = 0;

    for (int i = 0; i < 2 && code == 0; i++) {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof(address);
        sockets[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (sockets[i] < 0 || bind(sockets[i], (struct sockaddr *) &address, size) != 0 ||
            getsockname(sockets[i], (struct sockaddr *) &address, &size) != 0)
            code = ERR_ADDRESS;
        else
            ret_ports[i] = ntohs(address.sin_port);
    }
    for (int i = 0; i < 2; i++)
        if (sockets[i] >= 0)
            close(sockets[i]);
    return code;
}

static int write_config(const struct installation *installation, const char *name, const char *text,
                        int length, char reason[INSTALLATION_REASON_MAX])
{
    char path[PATH_BYTES], why[FILE_REASON_MAX];

    installation_path(installation, name, path);
    if (length < 0 || length >= CONFIG_TEXT_MAX)
        return failed_at(reason, ERR_CONFIG, path, "the path of the data directory is too long.");
    int code = file_write(path, BYTES(text, (size_t) length), 0600, true, why);
    if (code != 0)
        snprintf(reason, INSTALLATION_REASON_MAX, "%s", why);
    return code;
}

static int write_configs(const struct installation *installation, const unsigned ports[2],
                         char reason[INSTALLATION_REASON_MAX])
{
    char text[CONFIG_TEXT_MAX], broker[2 * KEY_SIZE + 1],
        worker[2 * KEY_SIZE + 1], operator[2 * KEY_SIZE + 1];
    const char *at = installation->directory;

    hex_encode(BYTES(installation->broker_key, KEY_SIZE), broker);
    hex_encode(BYTES(installation->worker_key, KEY_SIZE), worker);
    hex_encode(BYTES(installation->operator_key, KEY_SIZE), operator);
    int length = snprintf(
        text, sizeof(text),
        "# Made by `comity up`; yours to edit. comity-broker --help-config explains every key.\n"
        "# Clients connect to front. To let other machines in, give this machine's address instead.\n"
        "[broker]\nfront = tcp://127.0.0.1:%u\nback = tcp://127.0.0.1:%u\n"
        "key_file = %s/broker.key\nready_file = %s/run/broker.ready\noperator = %s\n\n"
        "[worker local]\nkey = %s\n",
        ports[0], ports[1], at, at, operator, worker);
    int code = write_config(installation, "broker.ini", text, length, reason);
    if (code != 0)
        return code;
    length =
        snprintf(text, sizeof(text),
                 "# Made by `comity up`; yours to edit. comity-worker --help-config explains every key.\n"
                 "[worker]\ndata = %s/store\nconnection_key = %s/worker.key\ngroup_key = %s/group.key\n"
                 "log_key = %s/log.key\nfounding = token\nfounding_token_file = %s/founding.token\n"
                 "ready_file = %s/run/worker.ready\noperator = %s\n\n"
                 "[broker local]\nendpoint = tcp://127.0.0.1:%u\nkey = %s\n",
                 at, at, at, at, at, at, operator, ports[1], broker);
    return write_config(installation, "worker.ini", text, length, reason);
}

int installation_prepare(const char *directory, struct installation *ret_installation,
                         char reason[INSTALLATION_REASON_MAX])
{
    struct installation installation = {0};
    char broker[PATH_BYTES], worker[PATH_BYTES];
    unsigned ports[2];
    int code = find_directory(directory, &installation, reason);

    if (code == 0)
        code = load_keys(&installation, reason);
    if (code != 0)
        return code;
    installation_path(&installation, "broker.ini", broker);
    installation_path(&installation, "worker.ini", worker);
    if (access(broker, F_OK) != 0 || access(worker, F_OK) != 0) {
        installation.is_new = true;
        code = find_ports(ports);
        code = code == 0
                   ? write_configs(&installation, ports, reason)
                   : failed_at(reason, code, directory, "there is no free port on the loopback interface.");
    }
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

int installation_place(const struct installation *installation, struct place *ret_place,
                       char reason[INSTALLATION_REASON_MAX])
{
    char path[PATH_BYTES], line[2 * ENDPOINT_MAX], why[FILE_REASON_MAX];
    struct place place = {.broker_count = 1};
    bool has_key = false;

    installation_path(installation, "run/broker.ready", path);
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "front ", 6) == 0)
            snprintf(place.brokers[0].endpoint, ENDPOINT_MAX, "%.*s", ENDPOINT_MAX - 1, line + 6);
        else if (strncmp(line, "key ", 4) == 0)
            has_key =
                strlen(line + 4) == 2 * KEY_SIZE && hex_decode(line + 4, place.brokers[0].key, KEY_SIZE) == 0;
    }
    if (file != NULL)
        fclose(file);
    if (place.brokers[0].endpoint[0] == '\0' || !has_key)
        return failed_at(reason, ERR_FILE, path, "the broker did not say where it listens.");
    if (is_wildcard(place.brokers[0].endpoint)) {
        installation_path(installation, "broker.ini", path);
        return failed_at(
            reason, ERR_CONFIG, path,
            "front stands for every address of this machine, which is none that clients can connect "
            "to: give this machine's own address there, front = tcp://ADDRESS:PORT.");
    }
    memcpy(place.group_key, installation->group_key, KEY_SIZE);
    struct json_object *value = place_to_json(&place);
    const char *text =
        json_object_to_json_string_ext(value, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
    installation_path(installation, "place.json", path);
    int code = file_write(path, BYTES(text, strlen(text)), 0644, true, why);
    json_object_put(value);
    if (code != 0)
        snprintf(reason, INSTALLATION_REASON_MAX, "%s", why);
    else
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
        return failed_at(reason, ERR_CONFIG, directory, "its path is too long.");
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0)
        return failed_at(reason, ERR_FILE, path, strerror(errno));
    if (flock(lock, LOCK_EX | LOCK_NB) == 0) {
        *ret_lock = lock;
        return 0;
    }
    int error = errno;
    ssize_t size = pread(lock, text, sizeof(text) - 1, 0);
    close(lock);
    if (error != EWOULDBLOCK)
        return failed_at(reason, ERR_FILE, path, strerror(error));
    *ret_pid = size > 0 ? strtol(text, NULL, 10) : 0;
    return failed_at(reason, ERR_STATE, directory, "an installation runs in this directory already.");
}
