/* Key files, of both kinds. */
#include <sys/stat.h>

#include "core/error.h"
#include "core/keyfile.h"
#include "tests/fuzz/fuzz.h"

static void check_signing_key(const struct signing_key *key)
{
    struct signing_key again;
    const char *path = fuzz_path("again");

    signing_key_from_seed(key->seed, &again);
    FUZZ_NEED(memcmp(&again, key, sizeof(again)) == 0);
    FUZZ_NEED(signing_key_save(path, key) == 0);
    FUZZ_NEED(signing_key_save(path, key) == ERR_EXISTS);
    memset(&again, 0, sizeof(again));
    FUZZ_NEED(signing_key_load(path, &again) == 0 && memcmp(&again, key, sizeof(again)) == 0);
    FUZZ_NEED(chmod(path, 0640) == 0 && signing_key_load(path, &again) == ERR_FILE_MODE);
}

static void check_connection_key(const struct connection_key *key)
{
    struct connection_key again;
    const char *path = fuzz_path("again");

    connection_key_from_secret(key->secret, &again);
    FUZZ_NEED(memcmp(&again, key, sizeof(again)) == 0);
    FUZZ_NEED(connection_key_save(path, key) == 0);
    memset(&again, 0, sizeof(again));
    FUZZ_NEED(connection_key_load(path, &again) == 0 && memcmp(&again, key, sizeof(again)) == 0);
}

/* Under a passphrase: another one does not open it; and what it costs to try is bounded, so that a test can look first. */
static void check_locked(const char *path)
{
    static const char GOOD[] = "correct horse battery", WRONG[] = "another one";
    struct key_view view;
    struct signing_key key;

    FUZZ_NEED(signing_key_peek(path, &view) == 0 && view.is_locked);
    if (view.cost.memory_kib > 2 * LOCK_COST_LEAST.memory_kib || view.cost.passes > 2)
        return;
    int code = signing_key_open(path, BYTES(GOOD, strlen(GOOD)), &key);
    FUZZ_NEED(code == 0 || code == ERR_PASSPHRASE || code == ERR_RANGE);
    if (code != 0)
        return;
    fuzz_accept();
    FUZZ_NEED(memcmp(key.public_key, view.public_key, KEY_SIZE) == 0);
    FUZZ_NEED(signing_key_open(path, BYTES(WRONG, strlen(WRONG)), &key) == ERR_PASSPHRASE);
    check_signing_key(&key);
}

static void check_refused(int code)
{
    FUZZ_NEED(code == ERR_MALFORMED || code == ERR_VERSION);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file(data, size);
    struct signing_key signing;
    struct connection_key connection;

    FUZZ_NEED(key_init() == 0);
    int signing_code = signing_key_load(path, &signing);
    int connection_code = connection_key_load(path, &connection);
    if (signing_code == 0 || connection_code == 0)
        fuzz_accept();
    FUZZ_NEED(signing_code != 0 || connection_code != 0);
    if (signing_code == 0)
        check_signing_key(&signing);
    else if (signing_code == ERR_PASSPHRASE)
        check_locked(path);
    else
        check_refused(signing_code);
    if (connection_code == 0)
        check_connection_key(&connection);
    else
        check_refused(connection_code);
    return 0;
}
