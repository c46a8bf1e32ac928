#include "tests/support/etcd_members.h"

#include <setjmp.h>
#include <stdarg.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    STARTS_MAX = 5,
    ARGUMENT_MAX = 512,
    TURN_MS = 20,
    SERVES_MS = 30000,
    LOG_TAIL = 2000,
    PORT_LEAST = 10240,
    PORT_MOST = 32000
};

static int64_t steady_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* Ports: below those that the kernel gives to who connects. */

static int listener(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t) port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd >= 0 && bind(fd, (struct sockaddr *) &address, sizeof(address)) == 0 && listen(fd, 1) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

int free_port(void)
{
    static unsigned seed;

    if (seed == 0)
        seed = (unsigned) getpid() * 2654435761u ^ (unsigned) steady_ms();
    for (;;) {
        int port = PORT_LEAST + rand_r(&seed) % (PORT_MOST - PORT_LEAST);
        int fd = listener(port);
        if (fd >= 0) {
            close(fd);
            return port;
        }
    }
}

/* Programs. */

static void need_program(const char *name, const char *package)
{
    char command[64];

    snprintf(command, sizeof(command), "command -v %s >/dev/null", name);
    if (system(command) != 0)
        fail_msg("There is no program `%s`, which this test needs: install the package %s "
                 "(deploy/install-packages --test).",
                 name, package);
}

static pid_t run(const char *const arguments[], const char *output)
{
    pid_t parent = getpid(), pid = fork();

    assert_true(pid >= 0);
    if (pid > 0)
        return pid;
    /* Where the test's process has ended in between, there is nobody to die with. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
        _exit(126);
    int fd = open(output, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
        _exit(126);
    execvp(arguments[0], (char *const *) arguments);
    _exit(127);
}

static const char *path_of(const struct etcd_members *members, const char *name, char ret_path[ETCD_PATH_MAX])
{
    snprintf(ret_path, ETCD_PATH_MAX, "%.200s/%.50s", members->directory, name);
    return ret_path;
}

static void certificates_make(struct etcd_members *members)
{
    static const char *const NAMES[CERTIFICATES] = {
        [CERTIFICATE_MEMBER] = "member",
        [CERTIFICATE_CLIENT] = "client",
        [CERTIFICATE_AUTHORITY] = "ca",
        [CERTIFICATE_ELSEWHERE] = "elsewhere",
        [CERTIFICATE_EXPIRED_MEMBER] = "expired-member",
        [CERTIFICATE_EXPIRED_CLIENT] = "expired-client",
        [CERTIFICATE_OTHER_AUTHORITY] = "other-ca",
        [CERTIFICATE_OTHER_CLIENT] = "other-client",
    };
    const char *arguments[] = {SUPPORT_DIR "/etcd_certificates", members->directory, NULL};
    char path[ETCD_PATH_MAX];
    int status = 0;

    for (size_t i = 0; i < CERTIFICATES; i++) {
        snprintf(members->certificates[i].pem, ETCD_PATH_MAX, "%.200s/%s.pem", members->directory, NAMES[i]);
        snprintf(members->certificates[i].key, ETCD_PATH_MAX, "%.200s/%s.key", members->directory, NAMES[i]);
    }
    pid_t pid = run(arguments, path_of(members, "certificates.log", path));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (status != 0)
        fail_msg("%s could make none", arguments[0]);
}

/* Members. */

static void log_tail_print(const struct etcd_members *members, size_t which)
{
    char name[32], path[ETCD_PATH_MAX], tail[LOG_TAIL + 1];

    snprintf(name, sizeof(name), "member-%zu.log", which);
    FILE *file = fopen(path_of(members, name, path), "r");
    if (file == NULL)
        return;
    if (fseek(file, -LOG_TAIL, SEEK_END) != 0)
        rewind(file);
    tail[fread(tail, 1, LOG_TAIL, file)] = '\0';
    fclose(file);
    print_error("%s\n", tail);
}

static void member_spawn(struct etcd_members *members, size_t which)
{
    enum { FLAGS = 24 };
    static char text[FLAGS][ARGUMENT_MAX];
    const struct etcd_member *it = &members->members[which];
    enum etcd_certificate shown = members->options.certificate;
    const char *arguments[FLAGS + 2] = {"etcd"};
    char name[32], path[ETCD_PATH_MAX], cluster[ARGUMENT_MAX - 32] = "";
    size_t count = 0, used = 0;

    for (size_t i = 0; i < members->options.count; i++)
        used += (size_t) snprintf(cluster + used, sizeof(cluster) - used, "%sm%zu=https://127.0.0.1:%d",
                                  i == 0 ? "" : ",", i, members->members[i].peer_port);
#define FLAG(...) snprintf(text[count++], ARGUMENT_MAX, __VA_ARGS__)
    FLAG("--name=m%zu", which);
    FLAG("--data-dir=%s/member-%zu", members->directory, which);
    FLAG("--listen-client-urls=https://127.0.0.1:%d", it->client_port);
    FLAG("--advertise-client-urls=https://127.0.0.1:%d", it->client_port);
    FLAG("--listen-peer-urls=https://127.0.0.1:%d", it->peer_port);
    FLAG("--initial-advertise-peer-urls=https://127.0.0.1:%d", it->peer_port);
    FLAG("--listen-metrics-urls=http://127.0.0.1:%d", it->health_port);
    FLAG("--initial-cluster=%s", cluster);
    FLAG("--initial-cluster-token=%s", members->directory);
    FLAG("--client-cert-auth");
    FLAG("--trusted-ca-file=%s", members->certificates[CERTIFICATE_AUTHORITY].pem);
    FLAG("--cert-file=%s", members->certificates[shown].pem);
    FLAG("--key-file=%s", members->certificates[shown].key);
    FLAG("--peer-client-cert-auth");
    FLAG("--peer-trusted-ca-file=%s", members->certificates[CERTIFICATE_AUTHORITY].pem);
    FLAG("--peer-cert-file=%s", members->certificates[CERTIFICATE_MEMBER].pem);
    FLAG("--peer-key-file=%s", members->certificates[CERTIFICATE_MEMBER].key);
    FLAG("--snapshot-count=1000");
    FLAG("--pre-vote=true");
    FLAG("--logger=zap");
    FLAG("--quota-backend-bytes=%llu",
         (unsigned long long) (members->options.quota_bytes == 0 ? UINT64_C(2) << 30
                                                                 : members->options.quota_bytes));
#undef FLAG
    for (size_t i = 0; i < count; i++)
        arguments[i + 1] = text[i];
    snprintf(name, sizeof(name), "member-%zu.log", which);
    members->members[which].pid = run(arguments, path_of(members, name, path));
}

/* What it says of itself over plain HTTP: that it knows a leader and can read. */
static bool member_serves(const struct etcd_member *member)
{
    static const char ASK[] = "GET /health HTTP/1.0\r\n\r\n";
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t) member->health_port)};
    struct timeval patience = {.tv_sec = 2};
    char answer[1024];
    size_t size = 0;
    ssize_t got = 0;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (connect(fd, (struct sockaddr *) &address, sizeof(address)) == 0 &&
        send(fd, ASK, sizeof(ASK) - 1, MSG_NOSIGNAL) > 0)
        while (size < sizeof(answer) - 1 && (got = read(fd, answer + size, sizeof(answer) - 1 - size)) > 0)
            size += (size_t) got;
    close(fd);
    answer[size] = '\0';
    return strstr(answer, "\"health\":\"true\"") != NULL;
}

/* False: it has ended. */
static bool member_wait(struct etcd_members *members, size_t which)
{
    struct etcd_member *member = &members->members[which];
    int64_t until_ms = steady_ms() + SERVES_MS;

    while (!member_serves(member)) {
        if (waitpid(member->pid, NULL, WNOHANG) == member->pid) {
            member->pid = 0;
            return false;
        }
        if (steady_ms() > until_ms) {
            log_tail_print(members, which);
            fail_msg("etcd does not serve after %d ms", SERVES_MS);
        }
        nanosleep(&(struct timespec){.tv_nsec = TURN_MS * 1000000L}, NULL);
    }
    return true;
}

static void member_end(struct etcd_member *member)
{
    if (member->pid <= 0)
        return;
    kill(member->pid, SIGKILL);
    waitpid(member->pid, NULL, 0);
    member->pid = 0;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void) status;
    (void) kind;
    (void) walk;
    return remove(path);
}

static void data_remove(const struct etcd_members *members)
{
    char name[32], path[ETCD_PATH_MAX];

    for (size_t i = 0; i < members->options.count; i++) {
        snprintf(name, sizeof(name), "member-%zu", i);
        nftw(path_of(members, name, path), remove_one, 16, FTW_DEPTH | FTW_PHYS);
    }
}

/* With other ports, where somebody was faster. */
static bool members_try(struct etcd_members *members)
{
    bool serve = true;

    for (size_t i = 0; i < members->options.count; i++) {
        struct etcd_member *member = &members->members[i];
        member->client_port = free_port();
        member->peer_port = free_port();
        member->health_port = free_port();
        snprintf(member->endpoint, sizeof(member->endpoint), "https://127.0.0.1:%d", member->client_port);
    }
    for (size_t i = 0; i < members->options.count; i++)
        member_spawn(members, i);
    for (size_t i = 0; serve && i < members->options.count; i++)
        serve = member_wait(members, i);
    return serve;
}

void etcd_members_start(struct etcd_members *members, const struct etcd_members_options *options)
{
    const char *folder = getenv("TMPDIR");

    need_program("etcd", "etcd-server");
    need_program("openssl", "openssl");
    members->options = *options;
    assert_true(options->count >= 1 && options->count <= ETCD_MEMBERS_MAX);
    snprintf(members->directory, sizeof(members->directory), "%.150s/comity-etcd-XXXXXX",
             folder == NULL ? "/tmp" : folder);
    assert_non_null(mkdtemp(members->directory));
    certificates_make(members);
    for (int starts = 0; !members_try(members); starts++) {
        for (size_t i = 0; i < options->count; i++)
            member_end(&members->members[i]);
        if (starts == STARTS_MAX) {
            log_tail_print(members, 0);
            fail_msg("etcd ends as soon as it is started");
        }
        data_remove(members);
    }
}

void etcd_members_end(struct etcd_members *members)
{
    for (size_t i = 0; i < ETCD_MEMBERS_MAX; i++)
        member_end(&members->members[i]);
    if (members->directory[0] != '\0')
        nftw(members->directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    members->directory[0] = '\0';
}

void etcd_member_kill(struct etcd_members *members, size_t which)
{
    assert_true(members->members[which].pid > 0);
    member_end(&members->members[which]);
}

void etcd_member_start(struct etcd_members *members, size_t which)
{
    assert_int_equal(members->members[which].pid, 0);
    member_spawn(members, which);
    if (!member_wait(members, which)) {
        log_tail_print(members, which);
        fail_msg("etcd ends as soon as it is started");
    }
}

void etcd_member_stop(struct etcd_members *members, size_t which)
{
    assert_int_equal(kill(members->members[which].pid, SIGSTOP), 0);
}

void etcd_member_continue(struct etcd_members *members, size_t which)
{
    assert_int_equal(kill(members->members[which].pid, SIGCONT), 0);
}
