/* Forgeries: each kind is one row, made from one honest command that has not come in yet, so that a worker
 * without the defence in question would take it.
 *
 * OUTSIDE: by who has seen the traffic and holds no key of the history. INSIDE: by a member, a former member
 * or a stranger, with keys of their own, against what is not theirs. */
#ifndef COMITY_TESTS_ADVERSARY_FORGE_H
#define COMITY_TESTS_ADVERSARY_FORGE_H

#include "traffic.h"

/* A member as of now, for who may not. */
struct insider {
    const struct signing_key *key;
    uint32_t member, constituency;
    unsigned offices; /* a bit each */
    bool is_revoked;
    bool has_seat; /* holds one in some body, or stands in, or may */
};

enum { INSIDERS_MAX = 1024 };

struct forge {
    struct path *path;
    const struct traffic *traffic;
    size_t at;               /* the honest command that comes next */
    const struct sent *base; /* the one that is forged: it, in most kinds */
    uint64_t random;
    struct arena *arena;            /* of one forgery */
    const struct signing_key *once; /* signs for the cosigners, whoever they are; NULL: they do */
    struct insider insiders[INSIDERS_MAX];
    size_t insider_count;
    bool is_stale; /* insiders are to be read anew */
};

/* What is sent: a frame; or a packed body, which is then sealed. */
struct forged {
    struct bytes frame;       /* where it is given, all that is below is not used */
    struct bytes plain;       /* a packed Request */
    struct bytes command;     /* the signed bytes: their hash is the id in the header */
    const uint8_t *id;        /* another one; NULL */
    const uint8_t *history;   /* in the header; NULL: the base's */
    const struct sent *again; /* a replay: it has to get this one's answer */
};

struct forge_kind {
    const char *name;
    /* False: there is nothing of this kind to forge here. */
    bool (*make)(struct forge *forge, struct forged *out);
    unsigned times; /* a honest command */
};

extern const struct forge_kind FORGE_OUTSIDE[], FORGE_INSIDE[];
extern const size_t FORGE_OUTSIDE_COUNT, FORGE_INSIDE_COUNT;

/* A second answer of the same voter in place of the same ballot, after the first came in: it has to be
 * refused. */
bool forge_equivocation(struct forge *forge, struct forged *out);
/* A stranger's, to this history or to one that there is not: what comes back has to be the same. False: not of this kind. */
bool forge_stranger(struct forge *forge, uint64_t draw, bool is_here, struct forged *out);
/* One HELLO with a grant forged in each way there is, sent under this tag; how many. */
unsigned forge_grants(struct forge *forge, void *tag);

uint64_t forge_random(struct forge *forge);
size_t forge_below(struct forge *forge, size_t limit);
uint8_t *forge_copy(struct forge *forge, struct bytes bytes, size_t room); /* writable, with room behind it */

/* An earlier command that was accepted; NULL: none was. */
const struct sent *forge_earlier(struct forge *forge);
/* The base's command, to be changed. */
Comity__V1__Command *forge_body(struct forge *forge, const struct sent *base);
/* Sign anew, as it now is: by @signer, and by those of its cosigners whose keys there are. The body's texts
 * stay. */
bool forge_sign(struct forge *forge, Comity__V1__Command *body, const struct signing_key *signer,
                struct forged *out);
/* An envelope as it is given, without any check. */
void forge_envelope(struct forge *forge, Comity__V1__SignedCommand *envelope, struct forged *out);
/* Packed envelope bytes, with the base's texts. */
void forge_packed(struct forge *forge, struct bytes signed_command, struct bytes command, struct forged *out);

/* One of those for whom @fits holds; NULL. */
typedef bool insider_fits_fn(const struct insider *insider, const void *context);
const struct insider *forge_insider(struct forge *forge, insider_fits_fn *fits, const void *context);
const struct insider *forge_insider_of(struct forge *forge, ProtobufCBinaryData key);

#endif
