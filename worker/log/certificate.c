#include "worker/log/certificate.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

enum { TIME_MAX = 32, SHOWN_MAX = 200, PAIR_SHOWN_MAX = 120 };

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

/* Those that can be read, up to the first that cannot; NULL: memory is out. */
static STACK_OF(X509) *certificates_read(const char *path)
{
    FILE *file = fopen(path, "re");
    STACK_OF(X509) *certificates = sk_X509_new_null();
    X509 *certificate = NULL;
    while (file && certificates && (certificate = PEM_read_X509(file, NULL, no_passphrase, NULL)) != NULL)
        if (sk_X509_push(certificates, certificate) == 0) {
            X509_free(certificate);
            break;
        }
    if (file)
        fclose(file);
    return certificates;
}

static void certificates_free(STACK_OF(X509) *certificates)
{
    sk_X509_pop_free(certificates, X509_free); /* takes NULL */
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

/* Or is it the same one, which is trusted as it is? */
static bool is_signed_by(X509 *certificate, X509 *issuer)
{
    EVP_PKEY *key = X509_get0_pubkey(issuer);
    if (X509_cmp(certificate, issuer) == 0)
        return true;
    return key && X509_NAME_cmp(X509_get_issuer_name(certificate), X509_get_subject_name(issuer)) == 0 &&
           X509_verify(certificate, key) == 1;
}

/* From the first of @own upwards, over others of @own: those that were reached stand before those that were not. Only the signatures:
 * what else a member looks at is for the member to judge. */
static bool is_signed(STACK_OF(X509) *own, STACK_OF(X509) *authorities)
{
    int reached = 1;
    for (int at = 0; at < reached; at++) {
        X509 *certificate = sk_X509_value(own, at);
        for (int i = 0; i < sk_X509_num(authorities); i++)
            if (is_signed_by(certificate, sk_X509_value(authorities, i)))
                return true;
        for (int i = reached; i < sk_X509_num(own); i++)
            if (is_signed_by(certificate, sk_X509_value(own, i)))
                sk_X509_insert(own, sk_X509_delete(own, i), reached++); /* there is room: one was taken out */
    }
    return false;
}

bool certificate_is_good(const char *ca_file, const char *cert_file, const char *key_file, int64_t now_ms, int64_t *ret_ends_ms,
                         char reason[CERTIFICATE_REASON_MAX])
{
    int64_t ends_ms = 0;
    STACK_OF(X509) *authorities = certificates_read(ca_file), *own = certificates_read(cert_file);
    X509 *certificate = own ? sk_X509_value(own, 0) : NULL;
    EVP_PKEY *key = key_read(key_file);
    bool is_good;
    if (!authorities || sk_X509_num(authorities) == 0)
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
    else if (!times_are_good(cert_file, certificate, now_ms, &ends_ms, reason))
        is_good = false;
    else if (!is_signed(own, authorities))
        is_good = refuse(reason,
                         "[log] certificate: nothing in %.*s ([log] ca) has signed %.*s: give the two that belong together. If etcd's "
                         "members have certificates of another authority than the workers, put both authorities' into the file of ca.",
                         PAIR_SHOWN_MAX, ca_file, PAIR_SHOWN_MAX, cert_file);
    else
        is_good = true;
    ERR_clear_error();
    EVP_PKEY_free(key);
    certificates_free(own);
    certificates_free(authorities);
    if (is_good)
        *ret_ends_ms = ends_ms;
    return is_good;
}
