/* The list of a group's brokers as its workers' configuration has it, signed by the group's log key:
 * docs/protocol.md section 4. Pure. */
#ifndef COMITY_CORE_BROKER_LIST_H
#define COMITY_CORE_BROKER_LIST_H

#include "core/arena.h"
#include "core/endpoint.h"
#include "core/key.h"

enum { BROKER_LIST_MAX = 16, BROKER_LIST_BYTES = 16 * 1024, BROKER_SITE_MAX = 40 };

struct broker_at {
    char site[BROKER_SITE_MAX + 1]; /* NAME; may be empty */
    char endpoint[ENDPOINT_MAX];    /* of its front, to connect */
    uint8_t key[KEY_SIZE];          /* its public connection key */
};

struct broker_list {
    uint8_t group[GROUP_ID_SIZE];
    uint64_t number; /* a later list has a higher one, from 1 */
    struct broker_at brokers[BROKER_LIST_MAX];
    size_t count; /* at least 1 */
};

/* 0; ERR_RANGE (the count, the number, a site's name), ERR_ADDRESS (an endpoint), ERR_DUPLICATE (one is in it
 * twice). */
int broker_list_check(const struct broker_list *list);

/* Equal lists and keys give equal bytes. As broker_list_check; ERR_TOO_LARGE, ERR_MEMORY. The bytes live in
 * the arena. */
int broker_list_sign(const struct broker_list *list, const struct signing_key *log_key, struct arena *arena,
                     struct bytes *ret_packed, uint8_t ret_signature[SIGNATURE_SIZE]);

/* Signature, form, and that it is of this group. 0, ERR_SIGNATURE (or it is another group's), as
 * broker_list_check, or a form's code. */
int broker_list_open(struct bytes packed, struct bytes signature, const uint8_t group[GROUP_ID_SIZE],
                     const uint8_t log_key[KEY_SIZE], struct arena *arena, struct broker_list *ret_list);

#endif
