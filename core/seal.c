#include "core/seal.h"

#include <sodium.h>

#include "core/error.h"

_Static_assert(SEAL_NONCE_SIZE == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce");
_Static_assert(SEAL_TAG_SIZE == crypto_aead_xchacha20poly1305_ietf_ABYTES, "tag");
_Static_assert(sizeof(((struct seal_session *) NULL)->send_key) == crypto_kx_SESSIONKEYBYTES, "session key");

int seal_session_client(const struct connection_key *client, const uint8_t group_key[KEY_SIZE],
                        struct seal_session *ret_session)
{
    struct seal_session session;
    if (crypto_kx_client_session_keys(session.receive_key, session.send_key, client->public_key,
                                      client->secret, group_key) != 0)
        return ERR_SEAL;
    memcpy(session.client_key, client->public_key, KEY_SIZE);
    *ret_session = session;
    sodium_memzero(&session, sizeof(session));
    return 0;
}

int seal_session_group(const struct connection_key *group, const uint8_t client_key[KEY_SIZE],
                       struct seal_session *ret_session)
{
    struct seal_session session;
    if (crypto_kx_server_session_keys(session.receive_key, session.send_key, group->public_key, group->secret,
                                      client_key) != 0)
        return ERR_SEAL;
    memcpy(session.client_key, client_key, KEY_SIZE);
    *ret_session = session;
    sodium_memzero(&session, sizeof(session));
    return 0;
}

int seal_client_key(struct bytes sealed, uint8_t ret_client_key[KEY_SIZE])
{
    if (sealed.size < SEAL_OVERHEAD)
        return ERR_SEAL;
    memcpy(ret_client_key, sealed.data, KEY_SIZE);
    return 0;
}

void seal_frame(const struct seal_session *session, const struct frame_header *header, struct bytes plain,
                uint8_t *frame)
{
    frame_header_write(header, frame);
    uint8_t *client_key = frame + FRAME_HEADER_SIZE;
    uint8_t *nonce = client_key + KEY_SIZE;
    memcpy(client_key, session->client_key, KEY_SIZE);
    randombytes_buf(nonce, SEAL_NONCE_SIZE);
    crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + SEAL_NONCE_SIZE, NULL, plain.data, plain.size, frame,
                                               FRAME_SEALED_HEADER_SIZE, NULL, nonce, session->send_key);
}

int seal_open(const struct seal_session *session, struct bytes frame, uint8_t *plain, size_t *ret_size)
{
    if (frame.size < FRAME_HEADER_SIZE + SEAL_OVERHEAD)
        return ERR_SEAL;
    const uint8_t *client_key = frame.data + FRAME_HEADER_SIZE;
    const uint8_t *nonce = client_key + KEY_SIZE;
    const uint8_t *cipher = nonce + SEAL_NONCE_SIZE;
    if (memcmp(client_key, session->client_key, KEY_SIZE) != 0)
        return ERR_SEAL;
    unsigned long long size;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            plain, &size, NULL, cipher, frame.size - (size_t) (cipher - frame.data), frame.data,
            FRAME_SEALED_HEADER_SIZE, nonce, session->receive_key) != 0)
        return ERR_SEAL;
    *ret_size = (size_t) size;
    return 0;
}
