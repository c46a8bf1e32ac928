/* Verbs about a constituency's recovery key. */
#include <inttypes.h>

#include "client/cli/draft_file.h"
#include "client/cli/key_change.h"
#include "client/cli/key_file.h"
#include "client/cli/made.h"
#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/signer.h"
#include "client/cli/verbs.h"
#include "core/keyfile.h"

int recovery_key_set_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__SetRecoveryKey body = COMITY__V1__SET_RECOVERY_KEY__INIT;
    const Comity__V1__Event *event;
    struct signing_key key;
    int code = signer_open(cli, cli_argument(cli, "FILE"), "comity key new --out FILE", &key);

    if (code != 0)
        return code;
    body.key = (ProtobufCBinaryData){KEY_SIZE, key.public_key};
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_SET_RECOVERY_KEY);
    command.set_recovery_key = &body;
    code = joint_submit_with(cli, &command, &key, &event);
    signing_key_wipe(&key);
    if (code == 0 && event != NULL)
        made_tell(cli, event);
    return code;
}

/* Signed by the recovery key, cosigned by the new one: by nobody who can read. */
static int send(struct cli *cli, uint32_t member, const struct signing_key *recovery, struct key_change *change,
                uint32_t epoch, const Comity__V1__Event **ret_event)
{
    Comity__V1__Command command;
    Comity__V1__RecoverCoChair body = COMITY__V1__RECOVER_CO_CHAIR__INIT;
    ProtobufCBinaryData cosigner = {KEY_SIZE, change->key.public_key};
    struct comity_draft *draft = NULL;
    struct comity_fault fault = {0};

    body.member = member;
    body.key = cosigner;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_RECOVER_CO_CHAIR);
    command.recover_co_chair = &body;
    command.epoch = epoch;
    command.cosigners = &cosigner;
    command.n_cosigners = 1;
    int code = comity_draft_new(&command, cli->context.history, NULL, recovery->seed, 0, &draft, &fault);
    if (code == 0)
        code = comity_draft_cosign(draft, change->key.seed);
    if (code == 0)
        code = key_change_send(cli, change, draft, true, ret_event);
    comity_draft_destroy(&draft);
    return code;
}

/* Whoever has lost a key may not know in which epoch the record is by now: the refusal says it. */
static int send_in_epoch(struct cli *cli, uint32_t member, const struct signing_key *recovery,
                         struct key_change *change, const Comity__V1__Event **ret_event)
{
    uint32_t known = cli->context.epoch;
    int code = send(cli, member, recovery, change, known != 0 ? known : 1, ret_event);

    if (known != 0 || code != ERR_EPOCH || cli->failure.latest == 0 || cli->failure.latest > UINT32_MAX)
        return code;
    uint32_t epoch = (uint32_t) cli->failure.latest;
    cli->failure = (struct failure){0};
    return send(cli, member, recovery, change, epoch, ret_event);
}

static int recover(struct cli *cli, uint32_t member, const struct signing_key *recovery, struct key_change *change)
{
    const Comity__V1__Event *event;
    bool is_recorded = false;
    int code = change->is_begun ? key_change_ask(cli, change, &is_recorded) : 0;

    if (code == 0 && is_recorded)
        return key_change_go_on(cli, change);
    if (code == 0)
        code = send_in_epoch(cli, member, recovery, change, &event);
    if (code == ERR_KEY_UNKNOWN)
        cli_fail(cli, code, "Take the file that `comity recovery-key set` was given last.",
                 "The key in %s is no constituency's recovery key here, or not any longer.",
                 shown_string(cli, cli_option(cli, "recovery")));
    if (code == 0)
        code = key_change_install(cli, change, true);
    if (code != 0)
        return code;
    char fingerprint[FINGERPRINT_SIZE];
    key_fingerprint(change->key.public_key, fingerprint);
    say(cli, "You sign with a new key again, %s (%s); keep a copy in a safe place. %s", shown_string(cli, change->own),
        fingerprint,
        counted(cli, event->key_added->n_revoked, "%" PRIu64 " other key of yours is revoked.",
                "%" PRIu64 " other keys of yours are revoked."));
    key_file_tell_lock(cli, change->own, true);
    return 0;
}

/* By number without asking; by name only where the old key still reads. */
static int find_recovered(struct cli *cli, uint32_t *ret_member)
{
    static const int UNREAD[] = {ERR_GRANT, ERR_KEY_UNKNOWN, ERR_KEY_REVOKED, ERR_FILE, ERR_FILE_MODE, ERR_PASSPHRASE};
    int code = find_member(cli, cli_argument(cli, "MEMBER"), ret_member);

    for (size_t i = 0; i < ARRAY_COUNT(UNREAD); i++)
        if (code == UNREAD[i])
            return cli_fail(cli, code,
                            "The same command with your number in place of the name; everybody else sees it: comity member list",
                            "Your name cannot be looked up: this machine has no key that may read here.");
    return code;
}

static int open_recovery(struct cli *cli, struct signing_key *ret_key)
{
    const char *path = cli_option(cli, "recovery");
    int code = signer_open(cli, path, _("--recovery FILE: the file that `comity recovery-key set` was given"), ret_key);

    if (code == ERR_MALFORMED) /* who has no copy is not helped by an invitation */
        cli_unusable(cli, cli_fail(cli, code, "Take the file that `comity recovery-key set` was given last.",
                                   "%s is no key file, or was altered.", shown_string(cli, path)));
    return code;
}

int key_recover_run(struct cli *cli)
{
    struct key_change *change = arena_alloc(cli->arena, sizeof(*change));
    struct signing_key recovery;
    uint32_t member;
    int code = change == NULL ? ERR_MEMORY : open_recovery(cli, &recovery);

    if (code != 0)
        return code;
    code = find_recovered(cli, &member);
    if (code == 0) {
        code = key_change_begin(cli, change);
        if (code == 0)
            code = recover(cli, member, &recovery, change);
        key_change_end(cli, change, code);
    }
    signing_key_wipe(&recovery);
    return code;
}
