/* A control, for LD_PRELOAD: seals that do not bind the frame's header, on both ends. Never installed. */
#include <dlfcn.h>
#include <stddef.h>

typedef int encrypt_fn(unsigned char *c, unsigned long long *c_size, const unsigned char *m, unsigned long long m_size,
                       const unsigned char *ad, unsigned long long ad_size, const unsigned char *secret_nonce,
                       const unsigned char *nonce, const unsigned char *key);
typedef int decrypt_fn(unsigned char *m, unsigned long long *m_size, unsigned char *secret_nonce, const unsigned char *c,
                       unsigned long long c_size, const unsigned char *ad, unsigned long long ad_size,
                       const unsigned char *nonce, const unsigned char *key);
encrypt_fn crypto_aead_xchacha20poly1305_ietf_encrypt;
decrypt_fn crypto_aead_xchacha20poly1305_ietf_decrypt;

int crypto_aead_xchacha20poly1305_ietf_encrypt(unsigned char *c, unsigned long long *c_size, const unsigned char *m,
                                               unsigned long long m_size, const unsigned char *ad,
                                               unsigned long long ad_size, const unsigned char *secret_nonce,
                                               const unsigned char *nonce, const unsigned char *key)
{
    encrypt_fn *real = (encrypt_fn *) dlsym(RTLD_NEXT, "crypto_aead_xchacha20poly1305_ietf_encrypt");

    (void) ad;
    (void) ad_size;
    return real(c, c_size, m, m_size, NULL, 0, secret_nonce, nonce, key);
}

int crypto_aead_xchacha20poly1305_ietf_decrypt(unsigned char *m, unsigned long long *m_size,
                                               unsigned char *secret_nonce, const unsigned char *c,
                                               unsigned long long c_size, const unsigned char *ad,
                                               unsigned long long ad_size, const unsigned char *nonce,
                                               const unsigned char *key)
{
    decrypt_fn *real = (decrypt_fn *) dlsym(RTLD_NEXT, "crypto_aead_xchacha20poly1305_ietf_decrypt");

    (void) ad;
    (void) ad_size;
    return real(m, m_size, secret_nonce, c, c_size, NULL, 0, nonce, key);
}
