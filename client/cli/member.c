/* Verbs about members: inviting, joining, listing. */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "client/cli/charter.h"
#include "client/cli/desk.h"
#include "client/cli/draft_file.h"
#include "client/cli/failure.h"
#include "client/cli/invitation.h"
#include "client/cli/key_file.h"
#include "client/cli/names.h"
#include "client/cli/key_change.h"
#include "client/cli/output.h"
#include "client/cli/signer.h"
#include "client/cli/verbs.h"
#include "core/keyfile.h"

#define DAY_MS ((int64_t) 24 * 3600 * 1000)

enum { INVITATION_DAYS = 14, INVITATION_DAYS_MOST = 89 };

static int read_offices(struct cli *cli, Comity__V1__Invite *body)
{
    char reason[CHARTER_REASON_MAX];
    const char *all = "";

    for (size_t i = 0; i < option_count(&cli->arguments, "office"); i++)
        all = arena_printf(cli->arena, "%s %s", all, option_at(&cli->arguments, "office", i));
    int code = offices_read(all, cli->arena, &body->offices, &body->n_offices, reason);
    return code == 0 ? 0 : cli_fail(cli, ERR_USAGE, "comity help invite", "--office: %s", reason);
}

static void add_log_key(struct invitation *invitation, const ProtobufCBinaryData *key)
{
    bool is_there = key->len != KEY_SIZE || invitation->log_key_count == CONTEXT_PINS_MAX;

    for (size_t i = 0; i < invitation->log_key_count; i++)
        is_there = is_there || memcmp(invitation->log_keys[i], key->data, KEY_SIZE) == 0;
    if (!is_there)
        memcpy(invitation->log_keys[invitation->log_key_count++], key->data, KEY_SIZE);
}

/* Everything that the file says, but for the seed. */
static int fill_invitation(struct cli *cli, const Comity__V1__WhoamiAnswer *whoami, const char *name,
                           struct invitation *invitation)
{
    const char *title = desk_prose(cli, whoami->partnership->title);

    invitation->place = cli->context.reach;
    memcpy(invitation->history, cli->context.history, HISTORY_ID_SIZE);
    snprintf(invitation->partnership, sizeof(invitation->partnership), "%s", title == NULL ? "" : title);
    snprintf(invitation->short_name, sizeof(invitation->short_name), "%s", whoami->partnership->name);
    snprintf(invitation->name, sizeof(invitation->name), "%s", name);
    /* The latest first: they are what the newcomer needs, if there are more than the file takes. */
    for (size_t i = whoami->partnership->n_epochs; i > 0; i--)
        add_log_key(invitation, &whoami->partnership->epochs[i - 1]->log_key);
    return 0;
}

/* How long it can be used, of --days. */
static int given_days(struct cli *cli, uint64_t *ret_days)
{
    const char *days = cli_option(cli, "days");

    *ret_days = INVITATION_DAYS;
    return days == NULL ? 0 : cli_number(cli, "--days", days, 1, INVITATION_DAYS_MOST, ret_days);
}

/* An invitation that was sent. */
struct sent_invitation {
    const Comity__V1__Event *event; /* NULL: a draft was written */
    int64_t expires_ms;
    char fingerprint[FINGERPRINT_SIZE]; /* of its one-time key */
};

/* Whoever has the file sees the same: comity join. */
static void say_fingerprint_of_invitation(struct cli *cli, const char *fingerprint)
{
    say(cli, "The invitation's fingerprint, for both of you to compare: %s", fingerprint);
}

/* Write the file, and give the command. @name: who comes by it. */
static int send_invitation(struct cli *cli, Comity__V1__Invite *body, const char *name, bool recovers, uint64_t days,
                           struct sent_invitation *ret_sent)
{
    struct invitation *invitation = arena_alloc(cli->arena, sizeof(*invitation));
    const Comity__V1__WhoamiAnswer *whoami;
    const char *out = cli_option(cli, "out");
    char reason[INVITATION_REASON_MAX];
    Comity__V1__Command command;
    struct signing_key once;

    int code = invitation == NULL ? ERR_MEMORY : desk_whoami(cli, &whoami);
    if (code == 0)
        code = fill_invitation(cli, whoami, name, invitation);
    if (code != 0)
        return code;
    signing_key_generate(&once);
    memcpy(invitation->seed, once.seed, SEED_SIZE);
    invitation->recovers = recovers;
    ret_sent->expires_ms = invitation->expires_ms = time_now_ms() + (int64_t) days * DAY_MS;
    key_fingerprint(once.public_key, ret_sent->fingerprint);
    body->key = (ProtobufCBinaryData){KEY_SIZE, once.public_key};
    body->expires_ms = invitation->expires_ms;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_INVITE);
    command.invite = body;
    /* The file comes first: an invitation on record whose key is lost would be of no use. */
    code = invitation_write(out, invitation, reason);
    if (code != 0)
        cli_fail_write(cli, code, "Another file: --out FILE", reason);
    else if ((code = joint_submit(cli, &command, &ret_sent->event)) != 0 && !cli->failure.is_unconfirmed)
        unlink(out);
    if (code == 0) {
        cli_put_text(cli, "file", out);
        cli_put_text(cli, "fingerprint", ret_sent->fingerprint);
    }
    if (code == 0 && ret_sent->event == NULL) {
        say(cli, "Keep %s until the draft is submitted: only then it is of use to %s.", shown_string(cli, out),
            shown_string(cli, name));
        say_fingerprint_of_invitation(cli, ret_sent->fingerprint);
    }
    signing_key_wipe(&once);
    explicit_bzero(invitation, sizeof(*invitation));
    return code;
}

int invite_run(struct cli *cli)
{
    Comity__V1__Invite body = COMITY__V1__INVITE__INIT;
    struct sent_invitation sent = {.event = NULL};
    const char *name = cli_argument(cli, "NAME"), *out = shown_string(cli, cli_option(cli, "out"));
    uint64_t days;

    int code = given_days(cli, &days);
    if (code == 0)
        code = read_offices(cli, &body);
    if (code == 0)
        code = desk_text(cli, PROSE_NAME, "NAME", BYTES(name, strlen(name)), &body.name);
    if (code == 0)
        code = send_invitation(cli, &body, name, false, days, &sent);
    if (code == 0 && sent.event != NULL) {
        say(cli,
            "%s is invited until %s. Hand over %s so that nobody else sees it; then: comity join %s\n"
            "Once they have joined, compare the fingerprint that comity join shows there with yours: comity member list",
            shown_string(cli, name), shown_time(cli, sent.expires_ms), out, out);
        say_fingerprint_of_invitation(cli, sent.fingerprint);
    }
    return code;
}

int member_recover_run(struct cli *cli)
{
    Comity__V1__Invite body = COMITY__V1__INVITE__INIT;
    const Comity__V1__Member *member = NULL;
    struct sent_invitation sent = {.event = NULL};
    const char *out = shown_string(cli, cli_option(cli, "out")), *name;
    uint64_t days;

    int code = given_days(cli, &days);
    if (code == 0)
        code = find_member(cli, cli_argument(cli, "MEMBER"), &body.member);
    if (code != 0)
        return code;
    member = member_of(cli, body.member);
    if (member == NULL)
        return cli_fail(cli, ERR_NOT_FOUND, "comity member list", "There is no member %" PRIu32 ".", body.member);
    name = desk_prose(cli, member->name);
    name = name == NULL ? "" : arena_string(cli->arena, name);
    code = send_invitation(cli, &body, name, true, days, &sent);
    if (code == 0 && sent.event != NULL) {
        say(cli,
            "%s can come back until %s. Hand over %s so that nobody else sees it; then: comity join %s. All other keys "
            "of %s end with that. One that is in wrong hands ends now: comity key revoke %" PRIu32 "\n"
            "Afterwards compare the fingerprint that comity join shows there with yours: comity member list",
            shown_string(cli, name), shown_time(cli, sent.expires_ms), out, out, shown_string(cli, name), body.member);
        say_fingerprint_of_invitation(cli, sent.fingerprint);
    }
    return code;
}

int invitation_list_run(struct cli *cli)
{
    static const char *const TITLES[] = {N_("for"),        N_("constituency"), N_("offices"), N_("until"),
                                         N_("invited by"), N_("fingerprint"),  N_("state")};
    struct rows rows;
    struct sheet sheet;
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_INVITATIONS, 0, &rows);

    if (code != 0)
        return code;
    struct json_object *array = desk_json_rows(cli, &rows);
    cli_put(cli, "invitations", array);
    sheet_init(&sheet, cli, ARRAY_COUNT(TITLES), TITLES);
    for (size_t i = 0; i < rows.count; i++) {
        const Comity__V1__Invitation *row = (const Comity__V1__Invitation *) rows.list[i];
        char fingerprint[FINGERPRINT_SIZE] = "";
        if (row->key.len == KEY_SIZE)
            key_fingerprint(row->key.data, fingerprint);
        json_object_object_add(json_object_array_get_idx(array, i), "is_open",
                               json_object_new_boolean(invitation_is_open(cli, row)));
        const char *cells[] = {name_of_invited(cli, row),
                               name_of_constituency(cli, row->constituency),
                               shown_offices(cli, row->offices, row->n_offices),
                               shown_time(cli, row->expires_ms),
                               name_of_member(cli, row->invited_by),
                               arena_string(cli->arena, fingerprint),
                               state_of_invitation(cli, row)};
        sheet_row(&sheet, cells);
    }
    sheet_print(&sheet, "There are no invitations.");
    return 0;
}

static int make_context(struct cli *cli, const struct invitation *invitation)
{
    struct context *context = &cli->context;
    const char *wanted = cli_option(cli, "name");
    char reason[CONTEXT_REASON_MAX];

    if (context_of_history(cli->home, invitation->history, cli->arena, context) == 0)
        return 0;
    if (wanted != NULL && !name_is_valid(wanted))
        return cli_fail(cli, ERR_USAGE, NULL, "--name is 1 to 40 of a-z, 0-9 and -, starting with a letter.");
    *context = (struct context){.place = invitation->place, .has_history = true};
    context_free_name(cli->home, wanted != NULL ? wanted : invitation->short_name, context->name);
    snprintf(context->title, sizeof(context->title), "%s", invitation->partnership);
    snprintf(context->signing_key, sizeof(context->signing_key), "keys/signing.key");
    memcpy(context->history, invitation->history, HISTORY_ID_SIZE);
    memcpy(context->pins, invitation->log_keys, sizeof(context->pins));
    context->pin_count = invitation->log_key_count;
    int code = context_make(cli->home, context, reason);
    return code == 0 ? 0 : cli_fail(cli, code, NULL, "%s", reason);
}

static int draft_redemption(struct cli *cli, const struct signing_key *signer, const struct signing_key *once,
                            struct comity_draft **ret_draft)
{
    Comity__V1__Command command;
    Comity__V1__Redeem body = COMITY__V1__REDEEM__INIT;
    ProtobufCBinaryData cosigner = {KEY_SIZE, (uint8_t *) once->public_key};
    struct comity_fault fault = {0};

    desk_command_init(&command, COMITY__V1__COMMAND__BODY_REDEEM);
    body.invitation = cosigner;
    command.redeem = &body;
    command.cosigners = &cosigner;
    command.n_cosigners = 1;
    int code = comity_draft_new(&command, cli->context.history, NULL, signer->seed, 0, ret_draft, &fault);
    if (code == 0 && (code = comity_draft_cosign(*ret_draft, once->seed)) != 0)
        comity_draft_destroy(ret_draft);
    return code;
}

static int redeem(struct cli *cli, const struct signing_key *signer, const struct signing_key *once,
                  const Comity__V1__Event **ret_event)
{
    struct comity_draft *draft = NULL;
    int code = draft_redemption(cli, signer, once, &draft);

    if (code == 0)
        code = desk_send(cli, draft, ret_event);
    comity_draft_destroy(&draft);
    return code;
}

/* The context's key, where there is one already; else the home's own, made where there is none. */
static int load_joining_key(struct cli *cli, const char *name, char ret_path[PATH_BYTES],
                            struct signing_key *ret_key)
{
    if (path_join(ret_path, cli->home, *name != '\0' ? name : "keys/signing.key") != 0)
        return cli_fail(cli, ERR_CONFIG, NULL, "The path of the signing key is too long.");
    if (access(ret_path, F_OK) == 0 || !key_file_wants_lock(cli)) {
        key_file_tell_taken(cli, ret_path);
        return signer_open_or_make(cli, ret_path, ret_key);
    }
    signing_key_generate(ret_key);
    return key_file_write(cli, ret_path, false, ret_key);
}

/* By a new key, which the context keeps to from then on. No event: an earlier run has joined by it. */
static int redeem_with_new_key(struct cli *cli, char path[PATH_BYTES], struct signing_key *signer,
                               const struct signing_key *once, const Comity__V1__Event **ret_event)
{
    struct key_change *change = arena_alloc(cli->arena, sizeof(*change));
    struct comity_draft *draft = NULL;
    bool is_recorded = false;

    signing_key_wipe(signer);
    if (change == NULL)
        return ERR_MEMORY;
    int code = key_change_begin(cli, change);
    if (code == 0 && change->is_begun)
        code = key_change_ask(cli, change, &is_recorded);
    if (code == 0 && !is_recorded)
        code = draft_redemption(cli, &change->key, once, &draft);
    if (draft != NULL)
        code = key_change_send(cli, change, draft, true, ret_event);
    if (code == 0)
        code = is_recorded ? key_change_go_on(cli, change) : key_change_install(cli, change, true);
    memcpy(path, change->own, PATH_BYTES);
    memcpy(signer->public_key, change->key.public_key, KEY_SIZE);
    key_change_end(cli, change, code);
    comity_draft_destroy(&draft);
    return code;
}

/* The history knows the key. A member needs no second membership; whose key was revoked gets a new one. */
static int redeem_anew(struct cli *cli, char path[PATH_BYTES], struct signing_key *signer,
                       const struct signing_key *once, const Comity__V1__Event **ret_event,
                       bool *ret_is_member)
{
    const Comity__V1__WhoamiAnswer *whoami;
    int code = desk_whoami(cli, &whoami);

    *ret_is_member = code == 0;
    if (code == 0)
        return cli_fail(cli, ERR_EXISTS,
                        arena_printf(cli->arena, "comity whoami --context %s", cli->context.name),
                        "You are a member already: comity whoami");
    if (code != ERR_GRANT && code != ERR_KEY_REVOKED && code != ERR_KEY_UNKNOWN)
        return code;
    return redeem_with_new_key(cli, path, signer, once, ret_event);
}

/* The fingerprint is for others to compare. */
static void welcome(struct cli *cli, const struct invitation *invitation, const Comity__V1__Event *event,
                    const char *path, const struct signing_key *signer, const struct signing_key *once)
{
    char fingerprint[FINGERPRINT_SIZE], of_invitation[FINGERPRINT_SIZE];
    bool is_back = event->kind_case == COMITY__V1__EVENT__KIND_KEY_ADDED;
    uint32_t number = is_back ? event->key_added->key->member : event->invitation_redeemed->member->number;

    cli_put_text(cli, "context", cli->context.name);
    cli_put_number(cli, "number", number);
    cli_put(cli, "is_back", json_object_new_boolean(is_back));
    key_fingerprint(signer->public_key, fingerprint);
    key_fingerprint(once->public_key, of_invitation);
    cli_put_text(cli, "fingerprint", fingerprint);
    cli_put_text(cli, "invitation_fingerprint", of_invitation);
    if (is_back)
        say(cli,
            "Welcome back, %s: you are member %" PRIu32 " of %s as before, with a new key, %s; keep a copy in a safe "
            "place. %s",
            shown_string(cli, invitation->name), number, shown_string(cli, invitation->partnership),
            shown_string(cli, path),
            counted(cli, event->key_added->n_revoked, "%" PRIu64 " other key of yours is revoked.",
                    "%" PRIu64 " other keys of yours are revoked."));
    else
        say(cli,
            "Welcome, %s: you are member %" PRIu32 " of %s. Your key is %s; keep a copy in a safe place.",
            shown_string(cli, invitation->name), number, shown_string(cli, invitation->partnership),
            shown_string(cli, path));
    say(cli, "Your key's fingerprint, for whoever invited you to compare: %s", fingerprint);
    say_fingerprint_of_invitation(cli, of_invitation);
    cli_put_text(cli, "file", path);
    key_file_tell_lock(cli, path, is_back);
}

int join_run(struct cli *cli)
{
    struct invitation *invitation = arena_alloc(cli->arena, sizeof(*invitation));
    struct signing_key signer = {0}, once;
    const Comity__V1__Event *event = NULL;
    char reason[INVITATION_REASON_MAX], path[PATH_BYTES], why[CONTEXT_REASON_MAX];

    if (invitation == NULL)
        return ERR_MEMORY;
    int code = invitation_read(cli_argument(cli, "INVITATION"), cli->arena, invitation, reason);
    if (code != 0) {
        cli_fail(cli, code, "Give the file that whoever invited you has handed over.", "%s", reason);
        return cli_unusable(cli, code);
    }
    signing_key_from_seed(invitation->seed, &once);
    bool is_member = false;
    bool is_new = context_of_history(cli->home, invitation->history, cli->arena, &cli->context) != 0;
    /* Who comes back has lost the key, or its passphrase. What was begun is ended. */
    bool wants_new = cli_has(cli, "new-key") || (!is_new && (invitation->recovers || key_change_is_begun(cli)));
    if (!wants_new)
        code = load_joining_key(cli, is_new ? "" : cli->context.signing_key, path, &signer);
    if (code == 0)
        code = make_context(cli, invitation);
    if (code == 0 && wants_new)
        code = redeem_with_new_key(cli, path, &signer, &once, &event);
    else if (code == 0)
        code = redeem(cli, &signer, &once, &event);
    if (code == ERR_EXISTS && strcmp(cli->failure.field, "key") == 0 && invitation->recovers)
        code = redeem_with_new_key(cli, path, &signer, &once, &event);
    else if (code == ERR_EXISTS && strcmp(cli->failure.field, "key") == 0)
        code = redeem_anew(cli, path, &signer, &once, &event, &is_member);
    if (code != 0 && is_new && !is_member && failure_exit(&cli->failure) == EXIT_REFUSED)
        context_remove(cli->home, cli->context.name);
    if (code == 0 && context_set_current(cli->home, cli->context.name, why) != 0)
        say_aside("Warning: %s", why);
    if (code == 0 && event != NULL)
        welcome(cli, invitation, event, path, &signer, &once);
    else if (code == 0)
        cli_put_text(cli, "context", cli->context.name);
    signing_key_wipe(&signer);
    signing_key_wipe(&once);
    explicit_bzero(invitation, sizeof(*invitation));
    return code;
}

int member_list_run(struct cli *cli)
{
    static const char *const TITLES[] = {N_("no."),     N_("name"),  N_("constituency"),
                                         N_("offices"), N_("fingerprint"), N_("state")};
    struct rows rows;
    struct sheet sheet;
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_MEMBERS, 0, &rows);

    if (code != 0)
        return code;
    struct json_object *array = desk_json_rows(cli, &rows);
    json_add_key_state(cli, array, "number");
    json_add_fingerprints(cli, array);
    cli_put(cli, "members", array);
    sheet_init(&sheet, cli, ARRAY_COUNT(TITLES), TITLES);
    for (size_t i = 0; i < rows.count; i++) {
        const Comity__V1__Member *row = (const Comity__V1__Member *) rows.list[i];
        const char *cells[] = {arena_printf(cli->arena, "%" PRIu32, row->number),
                               desk_shown(cli, row->name),
                               name_of_constituency(cli, row->constituency),
                               shown_offices(cli, row->offices, row->n_offices),
                               fingerprints_of_member(cli, row->number),
                               state_of_member(cli, row->number)};
        sheet_row(&sheet, cells);
    }
    sheet_print(&sheet, "There are no members.");
    return 0;
}
