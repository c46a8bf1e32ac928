/* Verbs about a constituency's recovery key. */
#include <inttypes.h>

#include "client/cli/draft_file.h"
#include "client/cli/made.h"
#include "client/cli/names.h"
#include "client/cli/next_key.h"
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
static int send(struct cli *cli, uint32_t member, const struct signing_key *recovery, struct signing_key *next,
                uint32_t epoch, const Comity__V1__Event **ret_event)
{
    Comity__V1__Command command;
    Comity__V1__RecoverCoChair body = COMITY__V1__RECOVER_CO_CHAIR__INIT;
    ProtobufCBinaryData cosigner = {KEY_SIZE, next->public_key};
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
        code = comity_draft_cosign(draft, next->seed);
    if (code == 0)
        code = desk_send(cli, draft, ret_event);
    comity_draft_destroy(&draft);
    return code;
}

/* Whoever has lost a key may not know in which epoch the record is by now: the refusal says it. */
static int send_in_epoch(struct cli *cli, uint32_t member, const struct signing_key *recovery, struct next_key *next,
                         const Comity__V1__Event **ret_event)
{
    uint32_t known = cli->context.epoch;
    int code = send(cli, member, recovery, &next->key, known != 0 ? known : 1, ret_event);

    if (known != 0 || code != ERR_EPOCH || cli->failure.latest == 0 || cli->failure.latest > UINT32_MAX)
        return code;
    uint32_t epoch = (uint32_t) cli->failure.latest;
    cli->failure = (struct failure){0};
    return send(cli, member, recovery, &next->key, epoch, ret_event);
}

int key_recover_run(struct cli *cli)
{
    const Comity__V1__Event *event;
    struct signing_key recovery;
    struct next_key next = {0};
    char fingerprint[FINGERPRINT_SIZE];
    uint32_t member;
    int code = signer_open(cli, cli_option(cli, "recovery"),
                           _("--recovery FILE: the file that `comity recovery-key set` was given"), &recovery);

    if (code != 0)
        return code;
    code = find_member(cli, cli_argument(cli, "MEMBER"), &member);
    if (code == 0)
        code = next_key_make(cli, &next);
    if (code == 0) {
        key_fingerprint(next.key.public_key, fingerprint);
        code = send_in_epoch(cli, member, &recovery, &next, &event);
        next_key_end(cli, &next, code);
    }
    signing_key_wipe(&recovery);
    if (code != 0)
        return code;
    cli_put_text(cli, "file", next.path);
    cli_put_text(cli, "fingerprint", fingerprint);
    say(cli, "You sign with a new key again, %s (%s); keep a copy in a safe place. %s", shown_string(cli, next.path),
        fingerprint,
        counted(cli, event->key_added->n_revoked, "%" PRIu64 " other key of yours is revoked.",
                "%" PRIu64 " other keys of yours are revoked."));
    return 0;
}
