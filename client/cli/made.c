#include "client/cli/made.h"
#include "client/cli/action.h"

#include <inttypes.h>

#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/rule_text.h"
#include "core/rule/rule.h"

static void tell_founded(struct cli *cli, const Comity__V1__Event *event)
{
    (void) event;
    say(cli, "The partnership is founded. Each founder can go on: comity partnership show");
}

static void tell_admitted(struct cli *cli, const Comity__V1__Event *event)
{
    const Comity__V1__Constituency *row = event->constituency_admitted->constituency;

    cli_put_number(cli, "number", row->number);
    say(cli, "%s is admitted. Its founders who signed with comity draft sign can go on: comity whoami",
        shown_string(cli, row->name));
    if (cli_has(cli, "with")) {
        char history[2 * HISTORY_ID_SIZE + 1];
        hex_encode(BYTES(cli->context.history, HISTORY_ID_SIZE), history);
        say(cli,
            "Those whose keys were given by --with, with the operator's place.json:\n"
            "  comity context add NAME --place FILE --history %s --key KEYFILE",
            history);
    }
}

static void tell_site(struct cli *cli, const Comity__V1__Event *event)
{
    const Comity__V1__Site *row = event->site_added->site;

    cli_put_number(cli, "number", row->number);
    say(cli, "Site %s is number %" PRIu32 ".", shown_string(cli, row->name), row->number);
}

static void tell_invited(struct cli *cli, const Comity__V1__Event *event)
{
    const Comity__V1__Invitation *row = event->member_invited->invitation;

    if (row->recovers != 0)
        say(cli, "%s can come back until %s, with the file that was made with the draft: comity join FILE",
            name_of_invited(cli, row), shown_time(cli, row->expires_ms));
    else
        say(cli, "%s is invited until %s, and joins with the file that was made with the draft: comity join FILE",
        desk_shown(cli, row->name), shown_time(cli, row->expires_ms));
}

static void tell_body(struct cli *cli, const Comity__V1__Event *event)
{
    const Comity__V1__Body *row = event->body_created->body;
    const char *name = shown_string(cli, row->name);

    cli_put_number(cli, "number", row->number);
    say(cli,
        "Body %s is number %" PRIu32
        ", with %s. Next, by each side's co-chair: comity seat assign %s SEAT MEMBER",
        name, row->number, counted(cli, row->seats, "%" PRIu64 " seat", "%" PRIu64 " seats"), name);
}

static void tell_rule(struct cli *cli, const Comity__V1__Event *event)
{
    const Comity__V1__RuleVersion *row = event->rule_adopted->rule;

    cli_put_number(cli, "number", row->number);
    say(cli, "Rule %s, version %" PRIu32 ", is number %" PRIu32 ".", shown_string(cli, row->rule->name),
        row->version, row->number);
}

static void tell_entered(struct cli *cli, const Comity__V1__Event *event)
{
    const Comity__V1__BallotsEntered *entered = event->ballots_entered;

    say(cli,
        "%s Each voter looks at it and says whether it is right: comity ballots confirm %" PRIu32
        ", or comity ballots dispute %" PRIu32 " --reason TEXT",
        counted(cli, entered->n_ballots, "%" PRIu64 " ballot is entered.",
                "%" PRIu64 " ballots are entered."),
        entered->round, entered->round);
}

static void tell_declared(struct cli *cli, const Comity__V1__Event *event)
{
    const Comity__V1__OutcomeDeclared *declared = event->outcome_declared;

    say(cli,
        "The outcome of round %" PRIu32
        " is declared: %s. What the rule computed stays beside it: comity outcome %" PRIu32,
        declared->round, outcome_word(declared->declaration->outcome), declared->round);
}

static void tell_mandate(struct cli *cli, const Comity__V1__Event *event)
{
    const Comity__V1__Mandate *row = event->mandate_given->mandate;

    cli_put_number(cli, "number", row->number);
    say(cli, "Mandate %" PRIu32 " on %s is given. Who has it reports: comity mandate report %" PRIu32,
        row->number, mandate_ground(cli, row), row->number);
}

static void tell_retention(struct cli *cli, const Comity__V1__Event *event)
{
    const Comity__V1__Retention *row = event->retention_set->retention;

    say(cli, "The texts of session %" PRIu32 " are kept %s.", row->session,
        row->keep_until_ms == 0 ? _("for ever")
                                : phrase(cli, "until %s", shown_time(cli, row->keep_until_ms)));
}

static void tell_purged(struct cli *cli, const Comity__V1__Event *event)
{
    const Comity__V1__TextsPurged *purged = event->texts_purged;

    cli_put_number(cli, "purged", purged->n_hashes);
    say(cli, "%s of session %" PRIu32 ": purged. Every hash stays in the record.%s",
        counted(cli, purged->n_hashes, "%" PRIu64 " text", "%" PRIu64 " texts"), purged->session,
        purged->is_last ? "" : _(" There are more: give the same command again."));
}

static void tell_list(struct cli *cli, const Comity__V1__Event *event)
{
    const Comity__V1__RollList *row = event->list_set->list;

    cli_put_number(cli, "number", row->number);
    say(cli, "List %s: of %s there %s. Rounds that are open keep their roll.", shown_string(cli, row->name),
        name_of_constituency(cli, row->constituency),
        counted(cli, row->n_members, "is %" PRIu64 " member on it", "are %" PRIu64 " members on it"));
}

static void tell_charter(struct cli *cli, const Comity__V1__Event *event)
{
    const Comity__V1__CharterVersion *row = event->charter_adopted->charter;

    cli_put_number(cli, "number", row->number);
    say(cli, "Charter %" PRIu32 " is in force: comity charter show", row->number);
}

static void tell_conference(struct cli *cli, const Comity__V1__Event *event)
{
    say(cli, "The meeting is on record, with %s.",
        name_of_member(cli, event->conference_noted->conference->confirmed_by));
}

static void tell_answer(struct cli *cli, const Comity__V1__Event *event)
{
    say(cli, "The answer is on record: %s, countersigned by %s.", outcome_word(event->answer_entered->outcome),
        name_of_member(cli, event->answer_entered->countersigned_by));
}

static void tell_appointed(struct cli *cli, const Comity__V1__Event *event)
{
    const Comity__V1__Witness *row = event->witness_appointed->witness;
    char fingerprint[FINGERPRINT_SIZE];

    key_fingerprint(row->key.data, fingerprint);
    cli_put_number(cli, "number", row->number);
    say(cli, "%s is witness %" PRIu32 " of %s. The fingerprint of its key: %s. Compare it with what its operator reads out.",
        shown_string(cli, row->name), row->number, name_of_constituency(cli, row->constituency), fingerprint);
}

static void tell_dismissed(struct cli *cli, const Comity__V1__Event *event)
{
    say(cli, "Witness %" PRIu32 " is dismissed, and counts no longer, whatever it signed.", event->witness_dismissed->witness);
}

static void tell_recovery_key(struct cli *cli, const Comity__V1__Event *event)
{
    const Comity__V1__RecoveryKeySet *set = event->recovery_key_set;
    char fingerprint[FINGERPRINT_SIZE];

    key_fingerprint(set->key.data, fingerprint);
    cli_put_text(cli, "fingerprint", fingerprint);
    say(cli, "The recovery key of %s is now %s; the one before is of no use any more. Keep its file apart from all others.",
        name_of_constituency(cli, set->constituency), fingerprint);
}

static void tell_key_revoked(struct cli *cli, const Comity__V1__Event *event)
{
    if (event->key_revoked->constituency != 0)
        say(cli, "This key is not on record. It is never to be one of %s: whatever brings it later is refused.",
            name_of_constituency(cli, event->key_revoked->constituency));
    else if (event->key_revoked->member == 0)
        say(cli, "The invitation is withdrawn.");
    else
        say(cli, "The key of %s is revoked. What it signed before stands.",
            name_of_member(cli, event->key_revoked->member));
}

static const struct {
    Comity__V1__Event__KindCase kind;
    void (*tell)(struct cli *cli, const Comity__V1__Event *event);
} ROWS[] = {
    {COMITY__V1__EVENT__KIND_PARTNERSHIP_FOUNDED, tell_founded},
    {COMITY__V1__EVENT__KIND_CONSTITUENCY_ADMITTED, tell_admitted},
    {COMITY__V1__EVENT__KIND_SITE_ADDED, tell_site},
    {COMITY__V1__EVENT__KIND_MEMBER_INVITED, tell_invited},
    {COMITY__V1__EVENT__KIND_BODY_CREATED, tell_body},
    {COMITY__V1__EVENT__KIND_RULE_ADOPTED, tell_rule},
    {COMITY__V1__EVENT__KIND_BALLOTS_ENTERED, tell_entered},
    /* Charter and bodies. */
    {COMITY__V1__EVENT__KIND_CHARTER_ADOPTED, tell_charter},
    /* Sessions. */
    /* Problem solving. */
    /* Decisions and minutes. */
    {COMITY__V1__EVENT__KIND_OUTCOME_DECLARED, tell_declared},
    {COMITY__V1__EVENT__KIND_MANDATE_GIVEN, tell_mandate},
    {COMITY__V1__EVENT__KIND_RETENTION_SET, tell_retention},
    {COMITY__V1__EVENT__KIND_TEXTS_PURGED, tell_purged},
    /* Rules and stages. */
    {COMITY__V1__EVENT__KIND_CONFERENCE_NOTED, tell_conference},
    {COMITY__V1__EVENT__KIND_ANSWER_ENTERED, tell_answer},
    {COMITY__V1__EVENT__KIND_LIST_SET, tell_list},
    /* Keys and witnesses. */
    {COMITY__V1__EVENT__KIND_WITNESS_APPOINTED, tell_appointed},
    {COMITY__V1__EVENT__KIND_WITNESS_DISMISSED, tell_dismissed},
    {COMITY__V1__EVENT__KIND_RECOVERY_KEY_SET, tell_recovery_key},
    {COMITY__V1__EVENT__KIND_KEY_REVOKED, tell_key_revoked},
};

void made_tell(struct cli *cli, const Comity__V1__Event *event)
{
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++)
        if (ROWS[i].kind == event->kind_case)
            ROWS[i].tell(cli, event);
}
