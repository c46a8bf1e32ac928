/* Verbs about ballots. */
#include <inttypes.h>

#include "client/cli/ballot_text.h"
#include "client/cli/desk.h"
#include "client/cli/given.h"
#include "client/cli/names.h"
#include "client/cli/outbox.h"
#include "client/cli/output.h"
#include "client/cli/rule_text.h"
#include "client/cli/terms.h"
#include "client/cli/verbs.h"

static int find_round(struct cli *cli, const Comity__V1__Round **ret_round)
{
    const ProtobufCMessage *row;
    uint32_t number;
    int code = number_argument(cli, "ROUND", &number);

    if (code == 0)
        code = desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_ROUNDS, number, &row);
    if (code == 0 && ((const Comity__V1__Round *) row)->rule == NULL)
        code = cli_fail(cli, ERR_MALFORMED, NULL, "The worker's answer has a round without a rule.");
    if (code == 0)
        *ret_round = (const Comity__V1__Round *) row;
    return code;
}

/* The member's own ballot that counts at the moment; NULL where there is none. */
static int find_own_ballot(struct cli *cli, uint32_t round, uint32_t member,
                           const Comity__V1__Ballot **ret_ballot)
{
    struct rows rows;
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_BALLOTS, round, &rows);

    *ret_ballot = NULL;
    for (size_t i = 0; code == 0 && i < rows.count; i++)
        if (((const Comity__V1__Ballot *) rows.list[i])->member == member)
            *ret_ballot = (const Comity__V1__Ballot *) rows.list[i];
    return code;
}

/* Who may not answer need not read the text first. */
static int check_roll(struct cli *cli, uint32_t round, uint32_t member)
{
    struct rows rows;
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_ROLL, round, &rows);

    for (size_t i = 0; code == 0 && i < rows.count; i++)
        if (((const Comity__V1__RollEntry *) rows.list[i])->member == member)
            return 0;
    return code != 0 ? code
                     : cli_fail(cli, ERR_NOT_ON_ROLL,
                                phrase(cli, "comity round show %" PRIu32 " lists who may answer.", round),
                                "You are not on the roll of round %" PRIu32 ".", round);
}

/* Whether one is on the roll, and what one has answered before. */
static int find_standing(struct cli *cli, uint32_t round, const Comity__V1__Ballot **ret_ballot)
{
    const Comity__V1__WhoamiAnswer *whoami;
    int code = desk_whoami(cli, &whoami);

    if (code == 0)
        code = check_roll(cli, round, whoami->member->number);
    return code == 0 ? find_own_ballot(cli, round, whoami->member->number, ret_ballot) : code;
}

/* Where no broker answers, what was not read before is left to the worker, which judges when the ballot comes. */
static int pass_over_unread(struct cli *cli, int code)
{
    if (code == 0 || code != cli->unreached.code)
        return code;
    cli->failure = (struct failure){0};
    return 0;
}

/* The ballot that this one replaces, by its number in the record. Where no broker answers, or one of a site
 * that is cut off, or of a group that the record is moved away from, what was read may be older than what
 * this machine has recorded since. */
static int find_replaced(struct cli *cli, const Comity__V1__Round *round, const Comity__V1__Ballot *before,
                         uint64_t *ret_sequence)
{
    uint64_t read = before == NULL ? 0 : before->sequence, own = 0;
    bool is_latest = cli->unreached.code == 0 && !cli->is_apart_now && !cli->is_moving_now;
    int code = is_latest ? 0 : outbox_own_ballot(cli, round->number, &own);

    if (code == 0 && own > read && !cli_has(cli, "replace"))
        return cli_fail(cli, ERR_EXISTS,
                        arena_printf(cli->arena, "comity vote %" PRIu32 " \"%s\" --replace", round->number,
                                     shown_string(cli, cli_argument(cli, "ANSWER"))),
                        "You have answered round %" PRIu32 " already, as number %" PRIu64 " in the record.", round->number, own);
    *ret_sequence = own > read ? own : read;
    return code;
}

/* Exactly what is being answered, before it is answered. */
static int show_question(struct cli *cli, const Comity__V1__Round *round)
{
    const ProtobufCMessage *row;
    const Comity__V1__TextRef *text = NULL;
    const Comity__V1__Terms *terms = NULL;
    int code = desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_PROPOSALS, round->proposal, &row);

    if (code != 0)
        return code;
    const Comity__V1__Proposal *proposal = (const Comity__V1__Proposal *) row;
    for (size_t i = 0; i < proposal->n_versions; i++)
        if (proposal->versions[i]->version == round->version) {
            text = proposal->versions[i]->text;
            terms = proposal->versions[i]->terms;
        }
    if (text == NULL || text->hash.len != round->text_hash.len ||
        memcmp(text->hash.data, round->text_hash.data, text->hash.len) != 0)
        return cli_fail(cli, ERR_MALFORMED, NULL, "The round does not test the text that its proposal has.");
    const char *prose = desk_prose(cli, text);
    cli_put_text(cli, "text", prose);
    cli_put_hex(cli, "text_hash", BYTES(round->text_hash.data, round->text_hash.len));
    say(cli, "You answer round %" PRIu32 " on %s, version %" PRIu32 ":", round->number,
        desk_shown(cli, proposal->title), round->version);
    say(cli, "%s",
        prose == NULL ? _("    (the text is withheld)")
                      : shown_lines(cli, BYTES(prose, strlen(prose)), "    "));
    cli_put(cli, "terms", terms == NULL ? NULL : desk_json(cli, &terms->base));
    terms_say(cli, terms, "  ");
    round_say_question(cli, round);
    say(cli, "It closes %s.", rule_closing(cli, round->rule, round->closes_ms));
    if (round->rule->change == COMITY__V1__CHANGE__CHANGE_ONCE)
        say(cli, "What you answer is final: by this rule a ballot is cast once.");
    if (prose == NULL && !cli_has(cli, "unseen"))
        return cli_fail(
            cli, ERR_TEXT, "Ask whoever runs the worker why. To answer all the same: --unseen",
            "The worker does not show the text, and nobody should answer what they have not read.");
    return 0;
}

/* Say it here rather than send what must be refused; what is missed here the worker refuses. */
static int check_ballot(struct cli *cli, const Comity__V1__Round *round, const Comity__V1__Ballot *before,
                        const struct ballot *ballot)
{
    if (round->state != COMITY__V1__ROUND_STATE__ROUND_STATE_OPEN)
        return cli_fail(cli, ERR_CLOSED, arena_printf(cli->arena, "comity outcome %" PRIu32, round->number),
                        "Round %" PRIu32 " has closed.", round->number);
    int code = ballot_check_duties_here(cli, round, ballot);
    if (code == 0 && before != NULL && !cli_has(cli, "replace")) {
        struct ballot earlier = ballot_of_row(before);
        return cli_fail(cli, ERR_EXISTS,
                        arena_printf(cli->arena, "comity vote %" PRIu32 " \"%s\" --replace", round->number,
                                     ballot_said(cli, round, &ballot->given)),
                        "You have answered `%s` already.", ballot_said(cli, round, &earlier.given));
    }
    return code;
}

static bool is_hidden(const Comity__V1__Rule *rule)
{
    return rule->visibility == COMITY__V1__VISIBILITY__VISIBILITY_UNTIL_CLOSE;
}

/* A text of the ballot. In a hidden round there always is one, so that nobody can tell from outside who gave it. */
static int read_text(struct cli *cli, const Comity__V1__Round *round, const char *option,
                     Comity__V1__TextRef **ret_text)
{
    const char *text = cli_option(cli, option);

    if (text == NULL && is_hidden(round->rule))
        text = "";
    return text == NULL ? 0
                        : desk_text(cli, PROSE_REASON, arena_printf(cli->arena, "--%s", option),
                                    BYTES(text, strlen(text)), ret_text);
}

/* What was typed, all of it. */
static int read_ballot(struct cli *cli, const Comity__V1__Round *round, struct ballot *ret_ballot)
{
    const char *const *given;
    size_t given_count = given_list(cli, "interest", &given);
    uint32_t *interests = NULL;

    *ret_ballot = (struct ballot){0};
    int code = ballot_read(cli, round, cli_argument(cli, "ANSWER"), &ret_ballot->given);
    for (size_t i = 0; i < given_count && code == 0; i++)
        code = ballot_read_interests(cli, "--interest", given[i], &interests, &ret_ballot->interest_count);
    ret_ballot->interests = interests;
    if (code == 0)
        code = read_text(cli, round, "reason", &ret_ballot->reason);
    if (code == 0)
        code = read_text(cli, round, "alternative", &ret_ballot->alternative);
    return code;
}

static void vote_fill(const struct ballot *ballot, Comity__V1__Score *score, Comity__V1__CastBallot *body)
{
    body->answer = ballot->given.answer;
    body->choice = ballot->given.choice;
    body->n_ranks = ballot->given.rank_count;
    body->ranks = (uint32_t *) ballot->given.ranks;
    score->value = ballot->given.score;
    body->score = ballot->given.has_score ? score : NULL;
    body->reason = ballot->reason;
    body->alternative = ballot->alternative;
    body->n_interests = ballot->interest_count;
    body->interests = (uint32_t *) ballot->interests;
}

static void vote_tell(struct cli *cli, const Comity__V1__Round *round, const struct ballot *ballot,
                      const Comity__V1__CastBallot *body, bool is_replacing)
{
    Comity__V1__Stance stance = rule_stance(round->rule, body->answer);
    const char *said = ballot_said(cli, round, &ballot->given);

    cli_put_text(cli, "said", said);
    cli_put_number(cli, "answer", body->answer);
    cli_put_text(cli, "stance", body->answer == 0 ? NULL : stance_name(stance));
    cli_put_number(cli, "replaces", body->replaces);
    if (!is_replacing)
        say(cli, "Your answer is `%s`.", said);
    else
        say(cli, "Your answer is `%s`, in place of your earlier one.", said);
}

static int vote_send(struct cli *cli, const Comity__V1__Command *command, const Comity__V1__Event **ret_event,
                     bool *ret_is_replaced)
{
    struct comity_draft *draft = NULL;
    int code = desk_sign(cli, command, cli->context.history, &draft);

    if (code == 0)
        code = outbox_send_ballot(cli, draft, ret_event, ret_is_replaced);
    comity_draft_destroy(&draft);
    return code;
}

int vote_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__CastBallot body = COMITY__V1__CAST_BALLOT__INIT;
    Comity__V1__Score score = COMITY__V1__SCORE__INIT;
    const Comity__V1__Round *round;
    const Comity__V1__Ballot *before = NULL;
    const Comity__V1__Event *event;
    struct ballot ballot;
    uint64_t replaced = 0;
    bool is_replacing = false;
    int code = find_round(cli, &round);

    if (code == 0)
        code = read_ballot(cli, round, &ballot);
    if (code == 0)
        code = pass_over_unread(cli, find_standing(cli, round->number, &before));
    if (code == 0)
        code = check_ballot(cli, round, before, &ballot);
    if (code == 0)
        code = find_replaced(cli, round, before, &replaced);
    if (code == 0)
        code = show_question(cli, round);
    if (code != 0)
        return code;
    body.round = round->number;
    body.text_hash = round->text_hash;
    body.replaces = replaced;
    vote_fill(&ballot, &score, &body);
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_CAST_BALLOT);
    command.cast_ballot = &body;
    code = vote_send(cli, &command, &event, &is_replacing);
    if (code == 0 || cli->failure.is_waiting)
        vote_tell(cli, round, &ballot, &body, is_replacing || replaced != 0);
    return code;
}

/* How it came, and what its voter says of it; empty for one that was cast. */
static const char *medium_word(const Comity__V1__Ballot *ballot)
{
    static const char *const WORDS[3][4] = {
        {"", "", "", ""},
        {"", N_("paper"), N_("paper, confirmed"), N_("paper, disputed")},
        {"", N_("phone"), N_("phone, confirmed"), N_("phone, disputed")},
    };

    const char *word = (size_t) ballot->medium < 3 && (size_t) ballot->standing < 4
                           ? WORDS[ballot->medium][ballot->standing]
                           : "?";
    return word[0] == '\0' ? "" : _(word); /* the empty one is the catalogue's own heading */
}

static const char *text_cell(struct cli *cli, const Comity__V1__TextRef *text)
{
    return text == NULL || text->size == 0 ? "" : desk_shown(cli, text);
}

/* Interests that the proposal would harm, by their numbers. */
static const char *interests_cell(struct cli *cli, const Comity__V1__Ballot *ballot)
{
    const char *text = "";

    for (size_t i = 0; i < ballot->n_interests && text != NULL; i++)
        text = arena_printf(cli->arena, "%s%s%" PRIu32, text, i == 0 ? "" : ", ", ballot->interests[i]);
    return text == NULL ? "" : text;
}

static bool have_more(const struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        const Comity__V1__Ballot *ballot = (const Comity__V1__Ballot *) rows->list[i];
        if (ballot->n_interests > 0 || (ballot->alternative != NULL && ballot->alternative->size > 0))
            return true;
    }
    return false;
}

int ballots_run(struct cli *cli)
{
    static const char *const TITLES[] = {N_("record"), N_("member"), N_("name"),   N_("answer"),      N_("stance"),
                                         N_("cast"),   N_("how"),    N_("reason"), N_("another way"), N_("harms")};
    const Comity__V1__Round *round;
    struct rows rows, disputed;
    struct sheet sheet;
    int code = find_round(cli, &round);

    if (code == 0)
        code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_BALLOTS, round->number, &rows);
    if (code == 0)
        code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_DISPUTED, round->number, &disputed);
    if (code != 0)
        return code;
    cli_put(cli, "ballots", desk_json_rows(cli, &rows));
    cli_put(cli, "disputed", desk_json_rows(cli, &disputed));
    cli_put_number(cli, "answered", round->answered);
    cli_put_number(cli, "eligible", round->eligible);
    /* The last two only where somebody gave them. */
    sheet_init(&sheet, cli, have_more(&rows) ? ARRAY_COUNT(TITLES) : ARRAY_COUNT(TITLES) - 2, TITLES);
    for (size_t i = 0; i < rows.count; i++) {
        const Comity__V1__Ballot *ballot = (const Comity__V1__Ballot *) rows.list[i];
        struct ballot said = ballot_of_row(ballot);
        const char *cells[] = {
            arena_printf(cli->arena, "%" PRIu64, ballot->sequence),
            arena_printf(cli->arena, "%" PRIu32, ballot->member),
            name_of_member(cli, ballot->member),
            ballot_said(cli, round, &said.given),
            ballot->answer == 0 ? "" : stance_word(ballot->stance),
            shown_time(cli, ballot->cast_ms),
            medium_word(ballot),
            text_cell(cli, ballot->reason),
            text_cell(cli, ballot->alternative),
            interests_cell(cli, ballot)};
        sheet_row(&sheet, cells);
    }
    sheet_print(&sheet, "There are no ballots that you may see.");
    for (size_t i = 0; i < disputed.count; i++)
        say(cli, "%s has disputed a ballot that was entered: it does not count.",
            name_of_member(cli, ((const Comity__V1__Ballot *) disputed.list[i])->member));
    say(cli, "%" PRIu32 " of %" PRIu32 " have answered.", round->answered, round->eligible);
    return 0;
}
