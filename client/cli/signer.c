#include "client/cli/signer.h"

#include <errno.h>
#include <sodium.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "client/cli/output.h"
#include "client/cli/passphrase.h"
#include "core/keyfile.h"

enum { KEPT_MAX = 64, TRIES = 3 };

/* Those that were opened by a passphrase. */
struct signers {
    struct signing_key keys[KEPT_MAX];
    size_t count;
};

void signers_destroy(struct signers **signers)
{
    sodium_free(*signers);
    *signers = NULL;
}

void signer_forbid_dumps(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_CORE, &limit) == 0) {
        limit.rlim_cur = 0;
        setrlimit(RLIMIT_CORE, &limit);
    }
    prctl(PR_SET_DUMPABLE, 0); /* the limit alone does not hold back a handler that the kernel pipes dumps to */
}

static const struct signing_key *find_kept(const struct cli *cli, const uint8_t public_key[KEY_SIZE])
{
    for (size_t i = 0; cli->signers != NULL && i < cli->signers->count; i++)
        if (memcmp(cli->signers->keys[i].public_key, public_key, KEY_SIZE) == 0)
            return &cli->signers->keys[i];
    return NULL;
}

void signer_keep(struct cli *cli, const struct signing_key *key)
{
    if (cli->signers == NULL && (cli->signers = sodium_malloc(sizeof(*cli->signers))) != NULL)
        cli->signers->count = 0;
    if (cli->signers != NULL && cli->signers->count < KEPT_MAX)
        cli->signers->keys[cli->signers->count++] = *key;
}

static int fail_passphrase(struct cli *cli, const char *path)
{
    cli_fail(cli, ERR_PASSPHRASE,
                    "Nothing is locked: give the command again. Who has forgotten it takes the recovery words (comity key "
                    "from-words), or asks a co-chair for a new key.",
                    "The passphrase does not open %s; or that file was altered.", shown_string(cli, path));
    return cli_unusable(cli, ERR_PASSPHRASE);
}

/* By the passphrase, which is asked for anew up to three times where somebody can be asked. */
static int unlock(struct cli *cli, const char *path, struct signing_key *ret_key)
{
    int code = ERR_PASSPHRASE;
    bool is_asked = true;

    for (unsigned i = 0; code == ERR_PASSPHRASE && is_asked && i < TRIES; i++) {
        struct passphrase passphrase;
        if (i > 0)
            say_aside("The passphrase does not open %s. Again, or only Enter to give up.", shown_string(cli, path));
        code = passphrase_read(cli, path, &passphrase, &is_asked);
        if (code != 0)
            return code;
        code = signing_key_open(path, passphrase_bytes(&passphrase), ret_key);
        passphrase_release(&passphrase);
    }
    if (code == ERR_PASSPHRASE)
        return fail_passphrase(cli, path);
    return code == 0 ? 0 : cli_fail_key(cli, code, NULL, path);
}

int signer_open(struct cli *cli, const char *path, const char *next, struct signing_key *ret_key)
{
    struct key_view view;
    int code = signing_key_peek(path, &view);

    signer_forbid_dumps();
    if (code != 0)
        return cli_fail_key(cli, code, next, path);
    if (!view.is_locked) {
        code = signing_key_load(path, ret_key);
        return code == 0 ? 0 : cli_fail_key(cli, code, next, path);
    }
    const struct signing_key *kept = find_kept(cli, view.public_key);
    if (kept != NULL) {
        *ret_key = *kept;
        return 0;
    }
    struct signing_key key;
    code = unlock(cli, path, &key);
    if (code == 0) {
        signer_keep(cli, &key);
        *ret_key = key;
    }
    signing_key_wipe(&key);
    return code;
}

int signer_open_or_make(struct cli *cli, const char *path, struct signing_key *ret_key)
{
    if (access(path, F_OK) == 0 || errno != ENOENT)
        return signer_open(cli, path, NULL, ret_key);
    signer_forbid_dumps();
    int code = signing_key_load_or_create(path, ret_key);
    return code == 0 ? 0 : cli_fail_key(cli, code, NULL, path);
}

int signer_public(struct cli *cli, const char *path, const char *next, uint8_t ret_public[KEY_SIZE])
{
    struct key_view view;
    int code = signing_key_peek(path, &view);

    if (code != 0)
        return cli_fail_key(cli, code, next, path);
    memcpy(ret_public, view.public_key, KEY_SIZE);
    return 0;
}
