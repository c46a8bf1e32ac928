#include "worker/log/certificate.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

enum { TIME_MAX = 32, SHOWN_MAX = 200 };

__attribute__((format(printf, 2, 3))) static bool refuse(char *reason, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, CERTIFICATE_REASON_MAX, format, arguments);
    va_end(arguments);
    ERR_clear_error();
    return false;
}

/* Asks nobody at a terminal. */
static int no_passphrase(char *buffer, int size, int is_writing, void *context)
{
    (void) buffer;
    (void) size;
    (void) is_writing;
    (void) context;
    return -1;
}

static X509 *certificate_read(const char *path)
{
    FILE *file = fopen(path, "re");
    X509 *certificate = file ? PEM_read_X509(file, NULL, no_passphrase, NULL) : NULL;
    if (file)
        fclose(file);
    return certificate;
}

static EVP_PKEY *key_read(const char *path)
{
    FILE *file = fopen(path, "re");
    EVP_PKEY *key = file ? PEM_read_PrivateKey(file, NULL, no_passphrase, NULL) : NULL;
    if (file)
        fclose(file);
    return key;
}

static bool time_read(const ASN1_TIME *time, int64_t *ret_ms)
{
    struct tm fields;
    if (ASN1_TIME_to_tm(time, &fields) != 1)
        return false;
    *ret_ms = (int64_t) timegm(&fields) * 1000;
    return true;
}

static const char *show_time(int64_t unix_ms, char shown[TIME_MAX])
{
    time_t seconds = (time_t) (unix_ms / 1000);
    struct tm fields;
    strftime(shown, TIME_MAX, "%Y-%m-%d %H:%M UTC", gmtime_r(&seconds, &fields));
    return shown;
}

static bool times_are_good(const char *cert_file, const X509 *certificate, int64_t now_ms,
                           int64_t *ret_ends_ms, char *reason)
{
    char shown[TIME_MAX], now[TIME_MAX];
    int64_t begins_ms;
    if (!time_read(X509_get0_notBefore(certificate), &begins_ms) ||
        !time_read(X509_get0_notAfter(certificate), ret_ends_ms))
        return refuse(reason, "[log] certificate: %.*s has no dates that can be read: make a new one.",
                      SHOWN_MAX, cert_file);
    if (now_ms < begins_ms)
        return refuse(reason,
                      "[log] certificate: %.*s is not valid before %s, and this machine's clock says %s: set "
                      "the clock, or make a "
                      "new certificate.",
                      SHOWN_MAX, cert_file, show_time(begins_ms, shown), show_time(now_ms, now));
    if (now_ms >= *ret_ends_ms)
        return refuse(
            reason,
            "[log] certificate: %.*s expired on %s, and this machine's clock says %s: make a new one "
            "(docs/operations.md, \"Certificates for etcd\"), or set the clock.",
            SHOWN_MAX, cert_file, show_time(*ret_ends_ms, shown), show_time(now_ms, now));
    return true;
}

bool certificate_is_good(const char *ca_file, const char *cert_file, const char *key_file, int64_t now_ms, int64_t *ret_ends_ms,
                         char reason[CERTIFICATE_REASON_MAX])
{
    int64_t ends_ms = 0;
    X509 *authority = certificate_read(ca_file), *certificate = certificate_read(cert_file);
    EVP_PKEY *key = key_read(key_file);
    bool is_good;
    if (!authority)
        is_good = refuse(reason, "[log] ca: %.*s holds no certificate (PEM): give the file that has the authority's.", SHOWN_MAX, ca_file);
    else if (!certificate)
        is_good =
            refuse(reason, "[log] certificate: %.*s holds no certificate (PEM): give the file that has it.",
                   SHOWN_MAX, cert_file);
    else if (!key)
        is_good = refuse(
            reason,
            "[log] key: %.*s holds no key (PEM) that opens without a passphrase: give the file that has it.",
            SHOWN_MAX, key_file);
    else if (X509_check_private_key(certificate, key) != 1)
        is_good = refuse(
            reason,
            "[log] key: %.*s is not the key of the certificate in %.*s: give the two that belong together.",
            SHOWN_MAX, key_file, SHOWN_MAX, cert_file);
    else
        is_good = times_are_good(cert_file, certificate, now_ms, &ends_ms, reason);
    EVP_PKEY_free(key);
    X509_free(certificate);
    X509_free(authority);
    if (is_good)
        *ret_ends_ms = ends_ms;
    return is_good;
}
