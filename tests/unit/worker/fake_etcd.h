/* etcd in memory, as far as the ordered log uses it: transactions and leases over one ordered set of keys, one after the
 * other. No sockets, no clock. What goes in and out is packed, as on the wire. */
#ifndef COMITY_TEST_FAKE_ETCD_H
#define COMITY_TEST_FAKE_ETCD_H

#include "core/arena.h"
#include "etcd/etcd.pb-c.h"

struct fake_etcd;

enum { FAKE_CLUSTER = 77 };

struct fake_etcd *fake_etcd_new(void);
void fake_etcd_destroy(struct fake_etcd **etcd);

struct bytes fake_etcd_pack(const Etcdserverpb__TxnRequest *request, struct arena *arena);
/* Carry out a packed transaction. False: it names a lease that there is not, and nothing was done. */
bool fake_etcd_txn(struct fake_etcd *etcd, struct bytes request, struct arena *arena,
                   Etcdserverpb__TxnResponse **ret_response);

/* True if it is new. */
bool fake_etcd_grant(struct fake_etcd *etcd, int64_t lease, int64_t until_ms);
bool fake_etcd_renew(struct fake_etcd *etcd, int64_t lease, int64_t until_ms);
/* Leases that are over go, with their keys. */
void fake_etcd_pass(struct fake_etcd *etcd, int64_t now_ms);

/* The value of a key; {NULL, 0}: there is none. Until the next change. */
struct bytes fake_etcd_value(const struct fake_etcd *etcd, const char *key);
void fake_etcd_put(struct fake_etcd *etcd, const char *key, struct bytes value);
size_t fake_etcd_count(const struct fake_etcd *etcd);

#endif
