/* A cosignature, kept by the runner: what was acknowledged to a witness is at every site. */
#include "core/error.h"
#include "worker/batch_internal.h"
#include "worker/cosign.h"

/* An entry with this cosignature alone. As with a batch, refusals are purged by the time of entries. */
static int entry_commit(struct batch_runner *runner, const Comity__V1__Cosign *cosign)
{
    enum { ONLY = 0 };
    int code = store_refusals_purge(runner->txn, runner->now_ms, BATCH_PURGE_AT_ONCE);

    if (code == 0)
        code = entry_take_room(runner->entry, ONLY, ENTRY_COSIGNATURE_BYTES);
    if (code == 0)
        code = entry_add_cosignature(runner->entry, ONLY, cosign->cosignature);
    if (code != 0)
        return code;
    entry_name(runner->entry, ONLY, cosign->history.data, (struct bytes){0});
    code = batch_commit_entry(runner);
    if (code == 0)
        runner->last_ms = runner->now_ms;
    return code;
}

static int attempt(struct batch_runner *runner, const Comity__V1__Cosign *cosign, struct refusal *refusal)
{
    bool is_new = false;
    int code;

    batch_attempt_begin(runner);
    arena_reset(runner->scratch);
    *refusal = (struct refusal){.code = 0};
    code = store_begin_write(runner->options.store, &runner->txn);
    if (code != 0)
        return refuse(refusal, code, "");
    code = cosign_keep(runner->txn, cosign, runner->scratch, &is_new, refusal);
    if (code == 0 && is_new) {
        code = runner->entry != NULL ? entry_commit(runner, cosign) : store_commit(&runner->txn);
        if (code != 0)
            refuse(refusal, code, "");
    }
    store_abort(&runner->txn);
    return code;
}

int batch_cosign(struct batch_runner *runner, const Comity__V1__Cosign *cosign, struct refusal *refusal)
{
    int code;

    do {
        code = attempt(runner, cosign, refusal);
    } while (code == ERR_STORE_FULL && store_grow(runner->options.store) == 0);
    return code;
}
