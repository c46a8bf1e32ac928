/* Bodies sealed end to end, between a client's connection key and the group's key.
 *
 * Keys of a connection: libsodium's crypto_kx (X25519, then BLAKE2b-512 over the shared secret and both public
 * keys), the group being the server: rx and tx keys of 32 bytes, one for each direction. A sealed body is
 *
 *   client's public key 32 | nonce 24 | XChaCha20-Poly1305 ciphertext with its tag of 16
 *
 * with the frame header's first FRAME_SEALED_HEADER_SIZE bytes as associated data and a random nonce. The
 * client's key stands in bodies of both directions, so that either end finds its session by it. */
#ifndef COMITY_CORE_SEAL_H
#define COMITY_CORE_SEAL_H

#include "core/frame.h"
#include "core/key.h"

enum { SEAL_NONCE_SIZE = 24, SEAL_TAG_SIZE = 16, SEAL_OVERHEAD = KEY_SIZE + SEAL_NONCE_SIZE + SEAL_TAG_SIZE };

struct seal_session {
    uint8_t client_key[KEY_SIZE];
    uint8_t send_key[32];
    uint8_t receive_key[32];
};

/* The client's end; the group's end. 0 or ERR_SEAL (a public key of small order). About 50 us: keep the
 * session. */
int seal_session_client(const struct connection_key *client, const uint8_t group_key[KEY_SIZE],
                        struct seal_session *ret_session);
int seal_session_group(const struct connection_key *group, const uint8_t client_key[KEY_SIZE],
                       struct seal_session *ret_session);

/* Which client a sealed body is of. 0 or ERR_SEAL where it is too short. */
int seal_client_key(struct bytes sealed, uint8_t ret_client_key[KEY_SIZE]);

/* Write header and sealed body to @frame, which has room for FRAME_HEADER_SIZE + SEAL_OVERHEAD + plain.size. */
void seal_frame(const struct seal_session *session, const struct frame_header *header, struct bytes plain,
                uint8_t *frame);

/* Open the body of a whole frame into @plain, which has room for sealed.size - SEAL_OVERHEAD.
 * 0 or ERR_SEAL. */
int seal_open(const struct seal_session *session, struct bytes frame, uint8_t *plain, size_t *ret_size);

#endif
