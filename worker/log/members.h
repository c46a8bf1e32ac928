/* The members of etcd, one by one: who they are by etcd's own list, on which way each is reached, and upkeep that each has to do
 * itself. Where the list was never told, they are the endpoints of the configuration. One thread's. */
#ifndef COMITY_WORKER_LOG_MEMBERS_H
#define COMITY_WORKER_LOG_MEMBERS_H

#include "worker/log/etcd.h"
#include "worker/log/log_etcd.h"

enum {
    MEMBERS_MAX = 16, /* that are reached one by one; those above count as not reached */
    MEMBER_NAME_MAX = 63,
    MEMBER_URLS_MAX = 1024,
    MEMBER_NO_ENDPOINT = ETCD_ENDPOINTS_MAX,
    MEMBER_MISSED_MOST = 2, /* looks; one that is slow once is not called silent */
};

struct member {
    uint64_t id;                    /* etcd's; 0: not known */
    char name[MEMBER_NAME_MAX + 1]; /* for people: its own; its number, where it has none that can be shown; or its endpoint */
    size_t endpoint;                /* of the configuration's, that reaches it; or MEMBER_NO_ENDPOINT */
    char urls[MEMBER_URLS_MAX];     /* what etcd's list says, "https://HOST:PORT https://..." */
    struct etcd *own;               /* a client to those; NULL: there was no need */
    size_t own_count, own_at;       /* so many; which one is it itself */
    bool answers, leads;            /* when it was asked last; it leads etcd */
    unsigned missed;                /* looks in a row at which it did not answer */
    uint64_t used_bytes;            /* of its file */
    uint64_t carried_out;           /* how far it is in etcd's own order */
    uint64_t forgotten;             /* the keeper's: entries up to here are not in its file any more */
    int64_t room_ms;                /* the keeper's: its file is not written anew before */
};

struct members {
    const struct etcd_options *options; /* the caller's */
    void (*between)(void *context);     /* after each member that was asked: one that is silent takes a second. May use the arena. NULL: none */
    void *context;
    uint64_t ids[ETCD_ENDPOINTS_MAX];   /* who answered at each endpoint; 0: not known */
    bool answers[ETCD_ENDPOINTS_MAX];
    bool is_listed;                     /* rows are by etcd's list */
    struct member rows[MEMBERS_MAX];
    size_t count, more; /* more: that there was no room for */
};

/* What one look found. */
struct members_seen {
    struct member_seen {
        bool answers, leads;
        uint64_t id, used_bytes, carried_out;
    } endpoints[ETCD_ENDPOINTS_MAX];
    const Etcdserverpb__MemberListResponse *list; /* NULL: it was not told */
};

/* Starts as zeroes, with options, and between with its context where there is one. */
void members_release(struct members *members);

/* Ask all: the list, and each member how it is, for a second each at most. @etcd: of the same options. */
void members_look(struct members *members, struct etcd *etcd, struct arena *arena);
/* The part of it that asks nobody: who there is now. What was noted of a member stays with it. */
void members_take(struct members *members, const struct members_seen *seen);

uint64_t members_used_bytes(const struct members *members); /* the largest file of those that answer; 0: nobody does */
/* Does one that answers lack so much that it is sent a snapshot? Neither it nor who sends it is to write its file anew meanwhile. */
bool members_catch_up(const struct members *members);
uint64_t members_forgotten(const struct members *members);  /* of all; 0 as long as one is not known */

/* Names, "a, b"; of those of which is_meant says so, and as "..." the ones that there was no room for. */
void members_name(const struct members *members, bool (*is_meant)(const struct member *member, uint64_t what), uint64_t what,
                  char ret_names[LOG_MEMBERS_TEXT]);
/* Members that no endpoint leads to, and endpoints that lead to no member; where it is certain. */
void members_differ(const struct members *members, char ret_unnamed[LOG_MEMBERS_TEXT], char ret_strays[LOG_MEMBERS_TEXT]);

/* As etcd_compact_at and etcd_defragment, of a row. @etcd: as above. */
struct etcd_result members_compact_at(const struct members *members, size_t member, struct etcd *etcd, int64_t revision,
                                      int timeout_ms);
struct etcd_result members_defragment(const struct members *members, size_t member, struct etcd *etcd, int timeout_ms);

#endif
