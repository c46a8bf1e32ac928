/* This worker's own certificate for etcd: does its key belong to it, and is it good now? Told from the
 * files, since a member that does not take it says little of why. The only user of OpenSSL by itself; TLS is
 * libcurl's. */
#ifndef COMITY_WORKER_LOG_CERTIFICATE_H
#define COMITY_WORKER_LOG_CERTIFICATE_H

#include <stdbool.h>
#include <stdint.h>

enum { CERTIFICATE_REASON_MAX = 512 };

/* PEM. @ca_file: at least one certificate; whether what is signed by it is taken is for etcd's members to judge. @cert_file: its first
 * certificate counts. @key_file: without a passphrase. @now_ms: Unix time. False: one cannot be read, it is not valid yet or not any more,
 * or the key is another's; @reason gets a sentence with what to do. True: *ret_ends_ms is the Unix time from which on it is not valid any
 * more. No code of core/error.h, which has names of OpenSSL's. */
bool certificate_is_good(const char *ca_file, const char *cert_file, const char *key_file, int64_t now_ms, int64_t *ret_ends_ms,
                         char reason[CERTIFICATE_REASON_MAX]);

#endif
