/* Invitation files, which come by mail. */
#include "client/cli/invitation.h"
#include "core/error.h"
#include "core/text.h"
#include "tests/fuzz/fuzz.h"

static void check_again(const struct invitation *invitation, struct arena *arena)
{
    struct invitation again;
    char reason[INVITATION_REASON_MAX];
    const char *path = fuzz_path("again");

    memset(&again, 0, sizeof(again));
    FUZZ_NEED(invitation_write(path, invitation, reason) == 0);
    FUZZ_NEED(invitation_read(path, arena, &again, reason) == 0);
    FUZZ_NEED(memcmp(&again, invitation, sizeof(again)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena(ARENA_LIMIT_DEFAULT);
    struct invitation invitation;
    char reason[INVITATION_REASON_MAX] = "";
    int code;

    FUZZ_NEED(key_init() == 0);
    memset(&invitation, 0, sizeof(invitation));
    code = invitation_read(fuzz_file(data, size), arena, &invitation, reason);
    if (code != 0) {
        FUZZ_NEED(strlen(reason) > 10 && utf8_is_valid(BYTES(reason, strlen(reason))));
        return 0;
    }
    fuzz_accept();
    FUZZ_NEED(name_is_valid(invitation.short_name));
    FUZZ_NEED(invitation.place.broker_count >= 1 && invitation.place.broker_count <= PLACE_BROKERS_MAX);
    FUZZ_NEED(invitation.log_key_count <= CONTEXT_PINS_MAX);
    check_again(&invitation, arena);
    return 0;
}
