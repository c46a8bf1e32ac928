#include "client/cli/next_key.h"

#include <stdio.h>
#include <unistd.h>

#include "client/cli/failure.h"
#include "client/cli/key_file.h"

enum { KEY_FILES_MOST = 1000 };

/* @ret_name: relative to the home. */
static int make_file(struct cli *cli, char ret_name[PATH_BYTES], struct next_key *next)
{
    for (unsigned i = 2; i <= KEY_FILES_MOST; i++) {
        snprintf(ret_name, PATH_BYTES, "keys/signing-%u.key", i);
        if (path_join(next->path, cli->home, ret_name) != 0)
            return cli_fail(cli, ERR_CONFIG, NULL, "The path of the signing key is too long.");
        if (access(next->path, F_OK) != 0)
            break;
    }
    signing_key_generate(&next->key);
    return key_file_write(cli, next->path, false, &next->key);
}

int next_key_make(struct cli *cli, struct next_key *ret_next)
{
    char name[PATH_BYTES], reason[CONTEXT_REASON_MAX];

    desk_close(cli);
    cli->failure = (struct failure){0};
    int code = context_load(cli->home, cli->context.name, &cli->context, reason);
    if (code != 0)
        return cli_fail(cli, code, NULL, "%s", reason);
    code = make_file(cli, name, ret_next);
    if (code != 0)
        return code;
    memcpy(ret_next->before, cli->context.signing_key, sizeof(ret_next->before));
    memcpy(cli->context.signing_key, name, sizeof(name));
    code = context_change_key(cli->home, cli->context.name, name, reason);
    return code == 0 ? 0 : cli_fail(cli, code, NULL, "%s", reason);
}

void next_key_end(struct cli *cli, struct next_key *next, int code)
{
    char reason[CONTEXT_REASON_MAX];

    signing_key_wipe(&next->key);
    if (code == 0 || cli->failure.is_unconfirmed || cli->recorded != 0)
        return;
    memcpy(cli->context.signing_key, next->before, sizeof(next->before));
    if (context_change_key(cli->home, cli->context.name, next->before, reason) == 0)
        unlink(next->path);
}
