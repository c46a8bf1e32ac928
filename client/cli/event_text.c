#include "client/cli/event_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "client/cli/names.h"
#include "client/cli/output.h"
#include "core/machine/machine.h"

enum { PATH_MAX_BYTES = 80, LIST_SHOWN = 20 };

/* In the order of event.proto. */
static const struct event_sentence SENTENCES[] = {
    {"partnership_founded", N_("{actor} founded the partnership {partnership.title}")},
    {"constituency_admitted", N_("{actor} admitted {constituency.title} ({constituency.name})")},
    {"site_added", N_("{actor} added the site {site.name}: {site.title}")},
    {"member_invited", N_("{actor} invited {invitation.name} to {invitation.constituency}")},
    {"invitation_redeemed", N_("{actor} joined {member.constituency}")},
    {"key_revoked", N_("{actor} revoked the key {key} of {member}")},
    {"body_created", N_("{actor} created the body {body.name}: {body.title}")},
    {"seat_assigned", N_("{actor} gave seat {seat} of {body} to {member}")},
    {"rule_adopted", N_("{actor} adopted the rule {rule.rule.name}, version {rule.version}")},
    {"session_convened", N_("{actor} convened session {session.number} of {session.body} for "
                            "{session.starts_ms}: {session.title}")},
    {"session_opened", N_("{actor} opened session {session}")},
    {"session_closed", N_("{actor} closed session {session}")},
    {"member_checked_in", N_("{actor} checked in to session {presence.session} from {presence.site}")},
    {"item_added",
     N_("{actor} put item {item.number} on the agenda of session {item.session}: {item.title}")},
    {"proposal_made",
     N_("{actor} made proposal {proposal.number} on item {proposal.item}: {proposal.title}")},
    {"proposal_revised", N_("{actor} gave proposal {proposal} version {version.version}")},
    {"round_opened", N_("{actor} opened round {round.number} on proposal {round.proposal}, version "
                        "{round.version}, by the rule {round.rule.name}")},
    {"ballot_cast", N_("{actor} answered round {round}")},
    {"round_closed", N_("{actor} closed round {round}: {outcome.kind}")},
    {"decision_made",
     N_("decision {decision.number}: proposal {decision.proposal}, version {decision.version}")},
    {"epoch_opened", N_("the record was restored from a backup, as of number {epoch.restored_to}")},
    {"ballots_entered", N_("{actor} entered ballots in round {round}, countersigned by {countersigned_by}")},
    {"ballot_confirmed", N_("{actor} confirmed the ballot that was entered in round {round}")},
    {"ballot_disputed", N_("{actor} disputed the ballot that was entered in round {round}")},
    /* Charter and bodies. */
    {"charter_adopted", N_("{actor} adopted charter {charter.number}")},
    {"member_recused",
     N_("{actor} takes no part in the decision on proposal {recusal.proposal}: {recusal.reason}")},
    {"alternates_named",
     N_("{actor} named who may stand in for the holder of seat {alternates.seat} of {alternates.body}: "
        "{alternates.members}")},
    {"seat_handed_over",
     N_("{actor} handed seat {stand_in.seat} over to {stand_in.member} in session {stand_in.session}")},
    {"seat_taken_back", N_("{actor} took seat {seat} back in session {session}")},
    {"seat_term_ended", N_("the term of {member} in seat {seat} of {body} ended")},
    /* Sessions. */
    {"session_drafted", N_("{actor} drafted session {session.number} of {session.body}: {session.title}")},
    {"notice_given", N_("{actor} gave notice of session {session}")},
    {"agenda_ordered", N_("{actor} ordered the agenda of session {session}: items {items}")},
    {"ground_rules_set", N_("{actor} set the ground rules of session {session}: {rules.text}")},
    {"facilitators_named", N_("{actor} named who facilitates session {session}: {facilitators}")},
    {"roll_called", N_("{actor} called the roll: {presences.member} are there")},
    {"member_checked_out", N_("{member} left session {session} (entered by {actor})")},
    {"member_away", N_("{member} is away from session {session}")},
    {"session_recessed", N_("{actor} called a recess of session {session} until {pause.until_ms}")},
    {"session_resumed", N_("{actor} resumed session {session}")},
    {"caucus_called",
     N_("{actor} called a caucus of {pause.constituency} in session {session}, until {pause.until_ms}")},
    {"caucus_ended", N_("the caucus in session {session} ended")},
    {"hand_raised", N_("{actor} wants to speak")},
    {"hand_lowered", N_("{member} no longer wants to speak (entered by {actor})")},
    {"floor_given", N_("{actor} gave the floor to {member}")},
    {"floor_yielded", N_("{actor} yielded the floor")},
    {"time_box_set", N_("{actor} gave item {box.item} time until {box.ends_ms}")},
    {"time_box_extended", N_("{actor} gave item {box.item} more time, until {box.ends_ms}")},
    {"time_box_over", N_("the time of item {item} is over")},
    {"sidebar_proposed", N_("{actor} proposed a sidebar with {sidebar.members}: {sidebar.topic}")},
    {"sidebar_agreed", N_("{member} agreed to sidebar {sidebar}")},
    {"sidebar_declined", N_("{member} declined sidebar {sidebar}")},
    {"sidebar_ended", N_("sidebar {sidebar} ended: {summary}")},
    {"plus_delta_noted", N_("{actor} noted a {note.kind}: {note.text}")},
    /* Problem solving. */
    {"phase_moved", N_("{actor} moved item {item} to phase {phase}")},
    {"phase_held", N_("{actor} held item {item} for {hold.side}: {hold.reason}")},
    {"phase_released", N_("{actor} let item {item} go")},
    {"item_referred", N_("{actor} referred item {item} to bargaining: {reason}")},
    {"item_set_aside", N_("{actor} set item {item} aside ({phase}): {reason}")},
    {"item_withdrawn", N_("{actor} withdrew item {item}: {reason}")},
    {"contribution_made", N_("{actor} put number {contribution.number} on record about item "
                             "{contribution.item} ({contribution.kind})")},
    {"contribution_amended",
     N_("{actor} gave number {contribution} version {version.version}: {version.text}")},
    {"contribution_withdrawn", N_("{actor} took number {contribution} back")},
    {"contributions_approved",
     N_("{actor} approved numbers {contributions} for the record, for {constituency}")},
    {"proposal_linked", N_("{actor} said what proposal {proposal} meets ({change}): {links.contribution}")},
    {"concern_raised",
     N_("{actor} raised concern {concern.number} about proposal {concern.proposal}: {concern.text}")},
    {"concern_seconded", N_("{actor} shares concern {concern}")},
    {"concern_settled", N_("{actor} settled concern {concern} ({state}): {how}")},
    {"data_requested",
     N_("{actor} asked {request.constituency} for data, request {request.number}: {request.text}")},
    {"data_answered", N_("{actor} settled request {request} ({state}): {answer}")},
    {"fact_stated", N_("{actor} stated fact {fact.number} on item {fact.item}: {fact.text}")},
    {"fact_judged", N_("{actor} said of fact {fact}, for {judgement.constituency}: {judgement.position}")},
    {"fact_withdrawn", N_("{actor} took fact {fact} back")},
    {"straw_poll_opened", N_("{actor} opened straw poll {poll.number} on item {poll.item}: {poll.question}")},
    {"straw_poll_answered", N_("{actor} answered straw poll {answer.poll}")},
    {"straw_poll_closed", N_("{actor} closed straw poll {poll}: {counts}")},
    /* Decisions and minutes. */
    {"decision_took_effect", N_("decision {decision} took effect")},
    {"decision_ended", N_("decision {decision} ended: {cause}")},
    {"review_due", N_("a review of decision {decision} is due")},
    {"decision_reviewed", N_("{actor} put a review of decision {decision} on record: {review.note}")},
    {"clause_signed", N_("{actor} signed clause {signature.clause} of decision {decision} for "
                         "{signature.constituency}")},
    {"decision_reopened",
     N_("{actor} reopened decision {decision} as item {reopening.item}: {reopening.fact}")},
    {"outcome_declared",
     N_("{declaration.members} declared round {round} {declaration.outcome}, which the rule computed as "
        "{declaration.computed}: {declaration.reason}")},
    {"action_added", N_("{actor} added action {action.number} for {action.owners}: {action.title}")},
    {"action_updated", N_("{actor} set action {action} to {change.status}: {change.note}")},
    {"minutes_drafted", N_("{actor} drafted the minutes of session {minutes.session}")},
    {"minutes_corrected",
     N_("{actor} corrected the minutes of session {session}: version {version.version}")},
    {"minutes_approved",
     N_("{actor} approved version {answer.version} of the minutes of session {session} for "
        "{answer.constituency}")},
    {"minutes_dissented",
     N_("{actor} put a dissent of {answer.constituency} beside version {answer.version} of the minutes of "
        "session {session}")},
    {"minutes_stood", N_("silence approved the minutes of session {minutes.session}")},
    {"mandate_given", N_("{actor} and the others gave mandate {mandate.number}")},
    {"mandate_reported", N_("{actor} reported under mandate {mandate}")},
    {"mandate_report_due", N_("a report under mandate {mandate} is due")},
    {"mandate_recalled", N_("{actor} recalled mandate {mandate}: {reason}")},
    {"retention_set", N_("{actor} agreed with the others how long texts of session {retention.session} are "
                         "kept: {retention.class}, until {retention.keep_until_ms}")},
    {"texts_held", N_("{actor} put a hold on the texts of session {hold.session}: {hold.reason}")},
    {"hold_lifted", N_("{actor} lifted hold {hold}")},
    {"texts_purged", N_("{actor} and the others purged texts of session {session}")},
    /* Rules and stages. */
    {"stage_entered", N_("proposal {stage.proposal} came to stage {stage.number}, {stage.name}, after "
                         "{stage.entered_on}")},
    {"block_seconded", N_("{actor} seconded the block of {second.voter} at stage {stage}")},
    {"conference_noted", N_("{actor} noted a meeting at stage {stage}, with {conference.confirmed_by}: "
                            "{conference.note}")},
    {"casting_vote_given",
     N_("{actor} gave a casting vote at stage {stage} (for the proposal: {voice.agrees}): {voice.reason}")},
    {"answer_entered", N_("{actor} entered an answer at stage {stage}, countersigned by {countersigned_by}: "
                          "{outcome}")},
    {"signed_off", N_("{actor} was asked to sign off at stage {stage} (agrees: {voice.agrees}): {voice.reason}")},
    {"stage_ended", N_("stage {stage} ended: {outcome}")},
    {"list_set", N_("{actor} set the part of {list.constituency} of list {list.name}: {list.members}")},
    {"round_acknowledged", N_("{member} knows of round {round}")},
    {"round_extended", N_("round {round} had no quorum, and goes on until {closes_ms}")},
    /* Keys and witnesses. */
    {"key_added", N_("{key.member} got a new key, {key.key}; revoked by it: {revoked}")},
    {"recovery_key_set", N_("{actor} gave {constituency} a new recovery key")},
    {"witness_appointed", N_("{actor} appointed {witness.name}, witness {witness.number} of {witness.constituency}")},
    {"witness_dismissed", N_("{actor} dismissed witness {witness}")},
};

const struct event_sentence *event_sentence_at(unsigned index)
{
    return index < ARRAY_COUNT(SENTENCES) ? &SENTENCES[index] : NULL;
}

static bool has_ending(const char *text, const char *ending)
{
    const size_t size = strlen(text), part = strlen(ending);

    return size >= part && strcmp(text + size - part, ending) == 0;
}

/* What a number under this word is the number of; by its name. */
static const char *number_text(struct cli *cli, const char *word, int64_t number)
{
    static const struct {
        const char *ending;
        const char *(*name)(struct cli *cli, uint32_t number);
    } NAMES[] = {
        {"member", name_of_member},
        {"members", name_of_member},
        {"facilitators", name_of_member},
        {"_by", name_of_member},
        {"voter", name_of_member},
        {"owner", name_of_member},
        {"owners", name_of_member},
        {"site", name_of_site},
        {"constituency", name_of_constituency},
        {"constituencies", name_of_constituency},
        {"body", name_of_body},
        {"recovers", name_of_member},
    };

    if (has_ending(word, "_ms"))
        return shown_time(cli, number);
    for (size_t i = 0; i < ARRAY_COUNT(NAMES); i++)
        if (has_ending(word, NAMES[i].ending))
            return number == 0 ? _("nobody") : NAMES[i].name(cli, (uint32_t) number);
    return arena_printf(cli->arena, "%" PRId64, number);
}

static const char *value_text(struct cli *cli, const char *word, struct json_object *value);

static const char *list_text(struct cli *cli, const char *word, struct json_object *list)
{
    const char *items[LIST_SHOWN];
    const size_t count = json_object_array_length(list);
    const size_t shown_count = count < LIST_SHOWN ? count : LIST_SHOWN;

    for (size_t i = 0; i < shown_count; i++)
        items[i] = value_text(cli, word, json_object_array_get_idx(list, i));
    const char *text = shown_list(cli, items, shown_count);
    return count == shown_count ? text : phrase(cli, "%s and %zu more", text, count - shown_count);
}

/* Choices of the contract that sentences name, as words. */
static const char *const CHOICES[] = {
    N_("plus"),     N_("delta"),     N_("issue"),      N_("story"),     N_("data"),     N_("interests"),
    N_("options"),  N_("standards"), N_("evaluation"), N_("proposal"),  N_("test"),     N_("decided"),
    N_("deferred"), N_("referred"),  N_("tabled"),     N_("withdrawn"), N_("open"),     N_("done"),
    N_("dropped"),  N_("agreed"),    N_("disputed"),   N_("raised"),    N_("seconded"), N_("resolved"),
};

/* A key by its fingerprint, as everywhere; "INTERESTS" is a choice; every other string is what somebody wrote. */
static const char *string_text(struct cli *cli, const char *word, const char *text)
{
    char fingerprint[FINGERPRINT_SIZE];
    uint8_t key[KEY_SIZE];

    if ((strcmp(word, "key") == 0 || strcmp(word, "revoked") == 0) && strlen(text) == 2 * KEY_SIZE &&
        hex_decode(text, key, KEY_SIZE) == 0) {
        key_fingerprint(key, fingerprint);
        return arena_string(cli->arena, fingerprint);
    }
    for (size_t i = 0; i < ARRAY_COUNT(CHOICES); i++)
        if (strcasecmp(CHOICES[i], text) == 0 && text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] == '\0')
            return _(CHOICES[i]);
    return shown_string(cli, text);
}

static const char *value_text(struct cli *cli, const char *word, struct json_object *value)
{
    struct json_object *prose;

    switch (json_object_get_type(value)) {
    case json_type_int:
        return number_text(cli, word, json_object_get_int64(value));
    case json_type_array:
        return list_text(cli, word, value);
    case json_type_object:
        if (json_object_object_get_ex(value, "text", &prose) && json_object_get_string(prose) != NULL)
            return shown_string(cli, json_object_get_string(prose));
        return _("(withheld)");
    case json_type_boolean:
        return json_object_get_boolean(value) ? _("yes") : _("no");
    case json_type_string:
        return string_text(cli, word, json_object_get_string(value));
    default:
        return "-";
    }
}

/* Follow a path of words; in a list, of each of its elements. */
static const char *path_text(struct cli *cli, struct json_object *value, char *path)
{
    char *rest = strchr(path, '.');
    struct json_object *found;

    if (json_object_is_type(value, json_type_array)) {
        struct json_object *all = json_object_new_array();
        for (size_t i = 0; i < json_object_array_length(value); i++)
            if (rest == NULL && json_object_object_get_ex(json_object_array_get_idx(value, i), path, &found))
                json_object_array_add(all, json_object_get(found));
        const char *text = value_text(cli, path, all);
        json_object_put(all);
        return text;
    }
    if (rest != NULL)
        *rest++ = '\0';
    if (!json_object_object_get_ex(value, path, &found))
        return "-";
    return rest == NULL ? value_text(cli, path, found) : path_text(cli, found, rest);
}

static const char *actor_text(struct cli *cli, const Comity__V1__Event *event)
{
    return event->actor == 0 ? _("the software") : name_of_member(cli, event->actor);
}

static const char *fill(struct cli *cli, const char *words, const Comity__V1__Event *event,
                        struct json_object *kind)
{
    const char *text = "";

    while (*words != '\0' && text != NULL) {
        const size_t plain = strcspn(words, "{");
        const char *end = strchr(words + plain, '}');
        char path[PATH_MAX_BYTES];
        if (words[plain] == '\0' || end == NULL || (size_t) (end - words) - plain > sizeof(path))
            return arena_printf(cli->arena, "%s%s", text, words);
        snprintf(path, sizeof(path), "%.*s", (int) ((size_t) (end - words) - plain - 1), words + plain + 1);
        text = arena_printf(cli->arena, "%s%.*s%s", text, (int) plain, words,
                            strcmp(path, "actor") == 0 ? actor_text(cli, event) : path_text(cli, kind, path));
        words = end + 1;
    }
    if (text == NULL)
        return "";
    /* A text at the end that may be left out, and was. */
    return has_ending(text, ": -") ? arena_printf(cli->arena, "%.*s", (int) (strlen(text) - 3), text) : text;
}

/* Of an event that is told otherwise than its kind. */
static const char *other_sentence(struct cli *cli, const Comity__V1__Event *event)
{
    switch (event->kind_case) {
    case COMITY__V1__EVENT__KIND_MEMBER_INVITED: /* who is a member already, and has lost the key */
        return event->member_invited->invitation != NULL && event->member_invited->invitation->recovers != 0
                   ? N_("{actor} invited {invitation.recovers} back, to get a new key")
                   : NULL;
    case COMITY__V1__EVENT__KIND_KEY_ADDED:
        if (is_by_recovery_key(cli, event))
            return N_("{key.member} got a new key, {key.key}, by the recovery key; all others are revoked");
        if (event->key_added->n_revoked > 0)
            return NULL;
        return event->key_added->invitation.len == 0 ? N_("{key.member} added the key {key.key}")
                                                     : N_("{key.member} got a new key, {key.key}");
    case COMITY__V1__EVENT__KIND_KEY_REVOKED:
        if (event->key_revoked->constituency != 0)
            return N_("{actor} barred the key {key}, which is not on record, from {constituency}");
        return event->key_revoked->member == 0 ? N_("{actor} withdrew an invitation, {key}") : NULL;
    default:
        return NULL;
    }
}

const char *event_text(struct cli *cli, const Comity__V1__Event *event, struct json_object *kind)
{
    const char *name = event_name(event);

    const char *other = other_sentence(cli, event);

    if (other != NULL)
        return fill(cli, _(other), event, kind);
    for (size_t i = 0; name != NULL && i < ARRAY_COUNT(SENTENCES); i++)
        if (strcmp(SENTENCES[i].kind, name) == 0)
            return fill(cli, _(SENTENCES[i].words), event, kind);
    return name == NULL ? "?" : name;
}
