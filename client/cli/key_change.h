/* A new signing key for a context: on record first, then on this machine.
 *
 * It is made in memory, and whoever has to be asked is asked. It lies as keys/CONTEXT.next from before it is sent until
 * the context signs with it. A run that ended in between has left it there; the next one asks the record whether it has
 * it, and goes on from there with the same key. Until the record has it, the context and the key before stay as they are. */
#ifndef COMITY_CLI_KEY_CHANGE_H
#define COMITY_CLI_KEY_CHANGE_H

#include "client/cli/desk.h"
#include "core/key.h"

struct key_change {
    char own[PATH_BYTES], own_name[PATH_BYTES];   /* the context's key file; as the context has it */
    char next[PATH_BYTES], next_name[PATH_BYTES]; /* where the new key waits */
    struct signing_key key;                       /* the new one */
    uint8_t old_key[KEY_SIZE];
    bool has_old;    /* there is such a file */
    bool is_locked;  /* and it is under a passphrase: the new one gets one as well */
    bool is_begun;   /* an earlier run has written the new key, and may have sent it */
    bool is_written; /* this run, or an earlier one */
    bool is_asked;
};

/* Was one begun on this machine for the context, and not ended? */
bool key_change_is_begun(const struct cli *cli);

/* A key that may not read or sign, @reader, as @code says: is it because the context's key changes, or was changed by
 * another command since this one has connected? Then the failure says so. */
bool key_change_explains(struct cli *cli, int code, const uint8_t reader[KEY_SIZE]);

/* The new key of an earlier run; else a fresh one, of which nothing is written yet. The caller ends it by
 * key_change_end, also on failure. */
int key_change_begin(struct cli *cli, struct key_change *ret_change);

/* Does the record have the new key? The connection that was open is closed. */
int key_change_ask(struct cli *cli, const struct key_change *change, bool *ret_is_recorded);

/* Ask whoever has to be asked, write the new key where it waits, and send what brings it in, signed by everybody.
 * @is_by_new: over a connection of the new key's, for the old one is lost; else of the old one's. */
int key_change_send(struct cli *cli, struct key_change *change, const struct comity_draft *draft, bool is_by_new,
                    const Comity__V1__Event **ret_event);

/* The record has the new key: from here on the context signs with it. @is_beside: in a file of its own, beside what is
 * there (keys/signing-2.key); else in place of the old one, which is overwritten, but not where another context of this
 * home signs with it. Puts `file` and `fingerprint` into the document. */
int key_change_install(struct cli *cli, struct key_change *change, bool is_beside);
/* Beside, what an earlier run has brought on record; and says so. */
int key_change_go_on(struct cli *cli, struct key_change *change);

/* What came to @code: wipes the key. What was surely not carried out leaves nothing behind; of what may have been, the
 * failure says how to go on. True: the key was sent, and for nothing. */
bool key_change_end(struct cli *cli, struct key_change *change, int code);

#endif
