#include "client/cli/sites.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "client/cli/language.h"
#include "core/error.h"

/* What a member may keep, and how many entries it keeps in memory besides 5,000: with the 100,000 that are
 * usual it takes 1.1 GB. */
enum {
    QUOTA_MIB = 2048,
    SNAPSHOT_COUNT = 1000,
    HEALTH_MS = 2000,
    HEALTH_BYTES = 2048,
    LINE_BYTES = 256,
    CLUSTER_ROW_BYTES = 64
};

/* Ten years, in days. */
#define VALID_DAYS "3650"

/* The configuration. */

void sites_put_log(const struct installation *installation, size_t site, const struct site_ports *ports,
                   FILE *file)
{
    const char *at = installation->directory;
    size_t count = installation->site_count;

    fprintf(file, "\n[log]\nkind = etcd\nname = site-%zu\n", site + 1);
    for (size_t i = site; i < site + count; i++)
        fprintf(file, "endpoint = https://127.0.0.1:%u\n", ports[i % count].client);
    fprintf(file,
            "ca = %s/certificates/ca.pem\ncertificate = %s/certificates/worker-%zu.pem\nkey = "
            "%s/certificates/worker-%zu.key\n"
            "quota_mib = %d\n",
            at, at, site + 1, at, site + 1, QUOTA_MIB);
}

/* The member's, but for the folder: paths stand between single quotes. Members show one another, and to
 * workers, the same certificate; who connects shows one of the same authority. */
static const char MEMBER[] =
    "# Made by `comity up`; yours to edit. The members have agreed on their addresses (peer), which cannot "
    "be changed here.\n"
    "name: site-%1$zu\ndata-dir: '%2$s/site-%1$zu/etcd'\n"
    "listen-client-urls: https://127.0.0.1:%3$u\nadvertise-client-urls: https://127.0.0.1:%3$u\n"
    "listen-peer-urls: https://127.0.0.1:%4$u\ninitial-advertise-peer-urls: https://127.0.0.1:%4$u\n"
    "# How it is: /health and /metrics, without what is kept.\nlisten-metrics-urls: http://127.0.0.1:%5$u\n"
    "initial-cluster-state: new\ninitial-cluster-token: comity-%6$s\ninitial-cluster: %7$s\n"
    "snapshot-count: %8$d\npre-vote: true\nquota-backend-bytes: %9$lld\nauto-compaction-retention: '0'\n"
    "logger: zap\nlog-outputs: [stderr]\n"
    "client-transport-security: &security\n  client-cert-auth: true\n  trusted-ca-file: "
    "'%2$s/certificates/ca.pem'\n"
    "  cert-file: '%2$s/certificates/etcd-%1$zu.pem'\n  key-file: '%2$s/certificates/etcd-%1$zu.key'\n"
    "peer-transport-security: *security\n";

/* With each single quote twice. */
static void quote(const char *text, char ret_text[2 * PATH_BYTES])
{
    size_t size = 0;

    for (; *text != '\0' && size + 2 < (size_t) 2 * PATH_BYTES; text++) {
        if (*text == '\'')
            ret_text[size++] = '\'';
        ret_text[size++] = *text;
    }
    ret_text[size] = '\0';
}

static void put_member(const struct installation *installation, size_t site, const struct site_ports *ports,
                       FILE *file)
{
    char at[2 * PATH_BYTES], hex[2 * GROUP_ID_SIZE + 1], cluster[SITES_MAX * CLUSTER_ROW_BYTES] = "";
    uint8_t group[GROUP_ID_SIZE];

    quote(installation->directory, at);
    group_id(installation->group_key, group);
    hex_encode(BYTES(group, GROUP_ID_SIZE), hex);
    for (size_t i = 0; i < installation->site_count; i++) {
        size_t length = strlen(cluster);
        snprintf(cluster + length, sizeof(cluster) - length, "%ssite-%zu=https://127.0.0.1:%u",
                 i == 0 ? "" : ",", i + 1, ports[i].peer);
    }
    fprintf(file, MEMBER, site + 1, at, ports[site].client, ports[site].peer, ports[site].health, hex,
            cluster, SNAPSHOT_COUNT, QUOTA_MIB * 1024LL * 1024);
}

static int write_member(const struct installation *installation, size_t site, const struct site_ports *ports,
                        char reason[INSTALLATION_REASON_MAX])
{
    char path[PATH_BYTES], *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);

    installation_site_path(installation, site, "etcd.yaml", path);
    if (file == NULL)
        return installation_fail(reason, ERR_MEMORY, path, language_error(ERR_MEMORY));
    put_member(installation, site, ports, file);
    int code = fclose(file) == 0 ? installation_write(path, BYTES(text, size), 0600, reason)
                                 : installation_fail(reason, ERR_MEMORY, path, language_error(ERR_MEMORY));
    free(text);
    return code;
}

int sites_write(const struct installation *installation, const struct site_ports *ports,
                char reason[INSTALLATION_REASON_MAX])
{
    char path[PATH_BYTES], line[16];
    int code = 0;

    for (size_t i = 0; code == 0 && i < installation->site_count; i++)
        code = write_member(installation, i, ports, reason);
    if (code != 0)
        return code;
    installation_path(installation, "sites", path);
    snprintf(line, sizeof(line), "%zu\n", installation->site_count);
    return installation_write(path, BYTES(line, strlen(line)), 0600, reason);
}

/* Certificates. */

enum { FILE_BYTES = 80, SUBJECT_BYTES = 40, ARGUMENTS_MAX = 32 };

struct request {
    const char *arguments[ARGUMENTS_MAX];
    size_t count;
    char certificate[PATH_BYTES], key[PATH_BYTES], subject[SUBJECT_BYTES];
};

static void put(struct request *request, ...)
{
    va_list list;
    const char *argument;

    va_start(list, request);
    while ((argument = va_arg(list, const char *)) != NULL && request->count + 1 < ARGUMENTS_MAX)
        request->arguments[request->count++] = argument;
    va_end(list);
    request->arguments[request->count] = NULL;
}

/* A key and its certificate, into NAME.key and NAME.pem. No CN: with its role-based access on, etcd would
 * take that of a client's for the name of a user. */
static void begin_request(const struct installation *installation, const char *name, const char *config,
                          struct request *request)
{
    char file[FILE_BYTES];

    request->count = 0;
    snprintf(file, sizeof(file), "certificates.new/%.32s.pem", name);
    installation_path(installation, file, request->certificate);
    snprintf(file, sizeof(file), "certificates.new/%.32s.key", name);
    installation_path(installation, file, request->key);
    snprintf(request->subject, sizeof(request->subject), "/O=Comity %.24s", name);
    put(request, "openssl", "req", "-x509", "-config", config, "-newkey", "ec", "-pkeyopt",
        "ec_paramgen_curve:prime256v1", "-nodes", "-days", VALID_DAYS, "-subj", request->subject, "-keyout",
        request->key, "-out", request->certificate, NULL);
}

static int make_authority(const struct installation *installation, const char *config, sites_run *run,
                          void *context)
{
    struct request request;

    begin_request(installation, "ca", config, &request);
    put(&request, "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign",
        NULL);
    return run(context, request.arguments);
}

/* @what: etcd or worker. etcd's members are clients of one another, and of themselves. */
static int make_one(const struct installation *installation, const char *what, size_t site,
                    const char *config, sites_run *run, void *context)
{
    char name[32], ca[PATH_BYTES], ca_key[PATH_BYTES];
    struct request request;
    bool is_member = strcmp(what, "etcd") == 0;

    snprintf(name, sizeof(name), "%.8s-%zu", what, site + 1);
    installation_path(installation, "certificates.new/ca.pem", ca);
    installation_path(installation, "certificates.new/ca.key", ca_key);
    begin_request(installation, name, config, &request);
    put(&request, "-CA", ca, "-CAkey", ca_key, "-addext", "basicConstraints=critical,CA:FALSE", "-addext",
        is_member ? "extendedKeyUsage=serverAuth,clientAuth" : "extendedKeyUsage=clientAuth", NULL);
    if (is_member)
        put(&request, "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", NULL);
    return run(context, request.arguments);
}

/* In a folder of their own, which gets its name once all are there. */
int sites_make_certificates(const struct installation *installation, sites_run *run, void *context,
                            char reason[INSTALLATION_REASON_MAX])
{
    /* Of ours alone: what a machine's own configuration adds to a certificate is another everywhere. */
    static const char CONFIG[] = "[req]\ndistinguished_name = dn\n[dn]\n";
    char made[PATH_BYTES], making[PATH_BYTES], config[PATH_BYTES];

    installation_path(installation, "certificates", made);
    installation_path(installation, "certificates.new", making);
    installation_path(installation, "certificates.new/openssl.cnf", config);
    if (access(made, F_OK) == 0)
        return 0;
    if (mkdir(making, 0700) != 0 && errno != EEXIST)
        return installation_fail(reason, ERR_FILE, making, strerror(errno));
    int code = installation_write(config, BYTES(CONFIG, sizeof(CONFIG) - 1), 0600, reason);
    if (code == 0)
        code = make_authority(installation, config, run, context);
    for (size_t i = 0; code == 0 && i < installation->site_count; i++) {
        code = make_one(installation, "etcd", i, config, run, context);
        if (code == 0)
            code = make_one(installation, "worker", i, config, run, context);
    }
    if (code == 0 && rename(making, made) != 0)
        code = installation_fail(reason, ERR_FILE, made, strerror(errno));
    return code;
}

/* How a member is. */

/* The port of listen-metrics-urls; 0: it has none. */
static unsigned health_port(const struct installation *installation, size_t site)
{
    static const char KEY[] = "listen-metrics-urls:";
    char path[PATH_BYTES], line[LINE_BYTES];
    unsigned long port = 0;

    installation_site_path(installation, site, "etcd.yaml", path);
    FILE *file = fopen(path, "re");
    while (file != NULL && port == 0 && fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, KEY, sizeof(KEY) - 1) == 0)
            port = strtoul(strrchr(line, ':') + 1, NULL, 10);
    if (file != NULL)
        fclose(file);
    return port <= UINT16_MAX ? (unsigned) port : 0;
}

/* What the member says, until it has said all. */
static size_t ask(unsigned port, char ret_answer[HEALTH_BYTES])
{
    static const char QUESTION[] = "GET /health HTTP/1.0\r\n\r\n";
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t) port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval limit = {.tv_sec = HEALTH_MS / 1000};
    int line = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ssize_t got = 0;
    size_t size = 0;

    if (line >= 0 && setsockopt(line, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0 &&
        connect(line, (struct sockaddr *) &address, sizeof(address)) == 0 &&
        send(line, QUESTION, sizeof(QUESTION) - 1, MSG_NOSIGNAL) == (ssize_t) sizeof(QUESTION) - 1)
        while (size + 1 < HEALTH_BYTES &&
               (got = recv(line, ret_answer + size, HEALTH_BYTES - 1 - size, 0)) > 0)
            size += (size_t) got;
    if (line >= 0)
        close(line);
    ret_answer[size] = '\0';
    return size;
}

bool site_member_is_healthy(const struct installation *installation, size_t site)
{
    unsigned port = health_port(installation, site);
    char answer[HEALTH_BYTES];

    return port != 0 && ask(port, answer) > 0 && strstr(answer, "\"health\":\"true\"") != NULL;
}

bool site_has_store(const struct installation *installation, size_t site)
{
    char path[PATH_BYTES];

    installation_site_path(installation, site, "store/data.mdb", path);
    return access(path, F_OK) == 0;
}
