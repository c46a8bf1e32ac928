/* etcd for a test: one member or three, with TLS, on free ports, in a directory of their own. They end with the test's process,
 * however that ends (with the thread that starts them: let it be the main one). Without the programs `etcd` and `openssl` the
 * test fails, and says so. */
#ifndef COMITY_TESTS_SUPPORT_ETCD_MEMBERS_H
#define COMITY_TESTS_SUPPORT_ETCD_MEMBERS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { ETCD_MEMBERS_MAX = 3, ETCD_PATH_MAX = 256 };

/* Those that tests/support/etcd_certificates makes. */
enum etcd_certificate {
    CERTIFICATE_MEMBER,
    CERTIFICATE_CLIENT,
    CERTIFICATE_AUTHORITY,
    CERTIFICATE_ELSEWHERE,
    CERTIFICATE_EXPIRED_MEMBER,
    CERTIFICATE_EXPIRED_CLIENT,
    CERTIFICATE_OTHER_AUTHORITY,
    CERTIFICATE_OTHER_CLIENT,
    CERTIFICATES
};

struct etcd_members_options {
    size_t count;                      /* 1 or 3 */
    uint64_t quota_bytes;              /* 0: 2 GiB */
    enum etcd_certificate certificate; /* that the members show to clients */
};

struct etcd_members {
    struct etcd_members_options options;
    char directory[ETCD_PATH_MAX];
    struct {
        char pem[ETCD_PATH_MAX], key[ETCD_PATH_MAX];
    } certificates[CERTIFICATES];
    struct etcd_member {
        pid_t pid;                                    /* 0: it does not run */
        int client_port, peer_port, health_port;
        char endpoint[64];                            /* "https://127.0.0.1:PORT" */
    } members[ETCD_MEMBERS_MAX];
};

/* Start them and wait until all serve. Fails the test. @members is zeroes. */
void etcd_members_start(struct etcd_members *members, const struct etcd_members_options *options);
void etcd_members_end(struct etcd_members *members);

/* One member: kill -9 it, start it again with the data that it has (and wait until it serves), stop it, let it go on. */
void etcd_member_kill(struct etcd_members *members, size_t which);
void etcd_member_start(struct etcd_members *members, size_t which);
void etcd_member_stop(struct etcd_members *members, size_t which);
void etcd_member_continue(struct etcd_members *members, size_t which);

/* A port of 127.0.0.1 where nobody listens at the moment. */
int free_port(void);

#endif
