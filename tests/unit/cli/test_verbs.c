/* The table of verbs: what every row has to be like, and that the documents say what it says. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "client/cli/exit.h"
#include "client/cli/help.h"
#include "client/cli/verb.h"
#include "core/error.h"
#include "core/machine/machine.h"

static void test_rows(void **state)
{
    (void) state;
    for (unsigned i = 0; verb_at(i) != NULL; i++) {
        const struct verb *verb = verb_at(i);
        assert_non_null(verb->run);
        assert_non_null(verb->group);
        assert_non_null(verb->json);
        assert_true(islower((unsigned char) verb->summary[0]));
        assert_ptr_equal(verb_by_name(verb->name), verb);
        for (const char *c = verb->name; *c != '\0'; c++)
            assert_true(islower((unsigned char) *c) || *c == ' ' || *c == '-');
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(verb_at(j)->name, verb->name);
        bool may_be_left_out = false;
        for (const struct verb_argument *row = verb->arguments; row->name != NULL; row++) {
            assert_false(may_be_left_out && !row->is_optional);
            may_be_left_out |= row->is_optional;
        }
        if (verb->is_joint)
            assert_true(verb->needs >= NEEDS_MEMBER);
        if (verb->cut_off == CUT_OFF_SHOWS)
            assert_false(verb->is_joint || verb->is_final);
    }
}

/* Of two verbs the longer name is meant, and an option has one meaning. */
static void test_names_do_not_overlap(void **state)
{
    (void) state;
    for (unsigned i = 0; verb_at(i) != NULL; i++) {
        size_t length = strlen(verb_at(i)->name);
        for (unsigned j = 0; verb_at(j) != NULL; j++)
            if (strncmp(verb_at(j)->name, verb_at(i)->name, length) == 0 && verb_at(j)->name[length] == ' ') {
                char first[32], *words[] = {first, (char *) verb_at(j)->name + length + 1};
                size_t used;

                snprintf(first, sizeof(first), "%s", verb_at(i)->name);
                assert_ptr_equal(verb_find(words, 2, &used), verb_at(j));
                assert_int_equal(used, 2);
                assert_ptr_equal(verb_find(words, 1, &used), verb_at(i));
            }
        for (size_t a = 0; verb_option_at(verb_at(i), a) != NULL; a++)
            for (size_t b = 0; b < a; b++)
                assert_string_not_equal(verb_option_at(verb_at(i), a)->name,
                                        verb_option_at(verb_at(i), b)->name);
    }
}

static void test_usage_fits(void **state)
{
    (void) state;
    for (unsigned i = 0; verb_at(i) != NULL; i++) {
        char usage[VERB_USAGE_MAX];
        verb_usage(verb_at(i), usage);
        assert_true(strlen(usage) + 1 < VERB_USAGE_MAX);
        assert_non_null(strstr(usage, verb_at(i)->name));
    }
    char usage[VERB_USAGE_MAX];
    verb_usage(verb_by_name("round open"), usage);
    assert_string_equal(usage, "comity round open PROPOSAL [--rule RULE] [--closes TIME] [--question TEXT] "
                               "[--option LABEL[=TEXT]]... [--default LABEL] [--majority LABEL=MAJORITY]... "
                               "[--tie-order LABELS]");
}

/* Which verb gives which command of the machine. A new command without a verb fails here. */
static const struct {
    const char *command, *verb;
} GIVES[] = {
    {"found", "found prepare"},
    {"admit_constituency", "constituency admit"},
    {"add_site", "site add"},
    {"invite", "invite"},
    {"redeem", "join"},
    {"revoke_key", "key revoke"},
    {"create_body", "body create"},
    {"assign_seat", "seat assign"},
    {"adopt_rule", "rule adopt"},
    {"convene_session", "session convene"},
    {"open_session", "session open"},
    {"close_session", "session close"},
    {"check_in", "checkin"},
    {"add_item", "item add"},
    {"make_proposal", "proposal make"},
    {"revise_proposal", "proposal revise"},
    {"open_round", "round open"},
    {"cast_ballot", "vote"},
    {"close_round", "round close"},
    {"enter_ballots", "ballots import"},
    {"confirm_ballot", "ballots confirm"},
    {"dispute_ballot", "ballots dispute"},
    /* Charter and bodies. */
    {"adopt_charter", "charter adopt"},
    {"recuse", "recuse"},
    {"name_alternates", "seat alternates"},
    {"hand_over", "seat handover"},
    {"take_back", "seat takeback"},
    /* Sessions. */
    {"draft_session", "session draft"},
    {"give_notice", "session notice"},
    {"order_agenda", "session order"},
    {"set_ground_rules", "session rules"},
    {"name_facilitators", "session facilitators"},
    {"roll_call", "rollcall"},
    {"check_out", "checkout"},
    {"step_away", "away"},
    {"recess_session", "session recess"},
    {"resume_session", "session resume"},
    {"call_caucus", "caucus call"},
    {"end_caucus", "caucus end"},
    {"raise_hand", "hand raise"},
    {"lower_hand", "hand lower"},
    {"give_floor", "floor give"},
    {"yield_floor", "floor yield"},
    {"set_time_box", "timebox set"},
    {"extend_time_box", "timebox extend"},
    {"propose_sidebar", "sidebar propose"},
    {"agree_sidebar", "sidebar agree"},
    {"decline_sidebar", "sidebar decline"},
    {"end_sidebar", "sidebar end"},
    {"note_plus_delta", "plus"},
    /* Problem solving. */
    {"move_phase", "item move"},
    {"hold_phase", "item hold"},
    {"release_phase", "item release"},
    {"flag_bargaining", "item bargaining"},
    {"set_aside_item", "item defer"},
    {"withdraw_item", "item withdraw"},
    {"contribute", "contribution add"},
    {"amend_contribution", "contribution amend"},
    {"withdraw_contribution", "contribution withdraw"},
    {"approve_contributions", "contribution approve"},
    {"link_proposal", "proposal link"},
    {"raise_concern", "concern raise"},
    {"second_concern", "concern second"},
    {"settle_concern", "concern resolve"},
    {"request_data", "data ask"},
    {"answer_data", "data answer"},
    {"refuse_data", "data refuse"},
    {"state_fact", "fact state"},
    {"judge_fact", "fact agree"},
    {"withdraw_fact", "fact withdraw"},
    {"open_straw_poll", "straw open"},
    {"answer_straw_poll", "straw answer"},
    {"close_straw_poll", "straw close"},
    /* Decisions and minutes. */
    /* Decisions and minutes. */
    {"review_decision", "decision review"},
    {"sign_clause", "decision sign"},
    {"reopen_decision", "decision reopen"},
    {"declare_outcome", "decision declare"},
    {"add_action", "action add"},
    {"update_action", "action done"},
    {"draft_minutes", "minutes draft"},
    {"correct_minutes", "minutes correct"},
    {"approve_minutes", "minutes approve"},
    {"dissent_minutes", "minutes dissent"},
    {"give_mandate", "mandate give"},
    {"report_mandate", "mandate report"},
    {"recall_mandate", "mandate recall"},
    /* Rules and stages. */
    {"set_list", "list set"},
    {"acknowledge_round", "round acknowledge"},
    {"second_block", "stage second"},
    {"note_conference", "stage confer"},
    {"give_casting_vote", "stage cast"},
    {"enter_answer", "stage answer"},
    {"sign_off", "stage sign"},
    {"set_retention", "retention set"},
    {"hold_texts", "hold place"},
    {"lift_hold", "hold lift"},
    {"purge_texts", "purge"},
    /* Keys and witnesses. */
    {"add_key", "key add"},
    {"recover_co_chair", "key recover"},
    {"set_recovery_key", "recovery-key set"},
    {"appoint_witness", "witness appoint"},
    {"dismiss_witness", "witness dismiss"},
};

static void test_every_command_has_a_verb(void **state)
{
    unsigned rows = 0;

    (void) state;
    for (; command_row_at(rows) != NULL; rows++) {
        const struct command_row *row = command_row_at(rows);
        const struct verb *verb = NULL;
        for (size_t i = 0; i < ARRAY_COUNT(GIVES); i++)
            if (strcmp(GIVES[i].command, row->name) == 0)
                verb = verb_by_name(GIVES[i].verb);
        if (verb == NULL)
            fail_msg("no verb gives %s", row->name);
        /* Where the charter asks for several co-chairs. */
        bool may_be_joint = row->right == MAY_OWN_CO_CHAIR || row->right == MAY_SELF_OR_CO_CHAIR ||
                            row->right == MAY_CO_CHAIR_NEW_KEY;
        assert_int_equal(verb->is_joint, row->right == MAY_EACH_PARTY || row->right == MAY_RECORDER_COUNTERSIGNED ||
                                             row->right == MAY_RECORD_COUNTERSIGNED || may_be_joint);
        assert_int_equal(verb->is_own_often, may_be_joint);
    }
    assert_int_equal(rows, ARRAY_COUNT(GIVES));
}

static void test_distance(void **state)
{
    static const struct {
        const char *a, *b;
        unsigned distance;
    } ROWS[] = {
        {"", "", 0},         {"vote", "vote", 0},  {"vote", "", 4},
        {"", "vote", 4},     {"vote", "vot", 1},   {"vote", "votes", 1},
        {"vote", "vtoe", 1}, {"round", "rond", 1}, {"status", "staus", 1},
        {"abc", "xyz", 3},
    };

    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++)
        assert_int_equal(word_distance(ROWS[i].a, ROWS[i].b), ROWS[i].distance);
    char longer[300];
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    assert_int_equal(word_distance(longer, longer), 0);
}

static void test_exit_codes(void **state)
{
    struct exit_row row;

    (void) state;
    for (unsigned i = 0; exit_row_at(i, &row); i++)
        assert_int_equal(row.code, i);
    assert_int_equal(exit_of_error(0), EXIT_DONE);
    for (unsigned i = 0; error_at(i) != 0; i++) {
        enum exit_code exit = exit_of_error(error_at(i));
        assert_int_not_equal(exit, EXIT_DONE);
        /* Who is told that nothing was changed may rely on it. */
        if (exit == EXIT_REFUSED || exit == EXIT_UNREACHABLE || exit == EXIT_USAGE)
            assert_int_equal(error_execution(error_at(i)), NOT_EXECUTED);
    }
    assert_int_equal(exit_of_error(ERR_STALE), EXIT_REFUSED);
    assert_int_equal(exit_of_error(ERR_UNREACHABLE), EXIT_UNREACHABLE);
    assert_int_equal(exit_of_error(ERR_FILE), EXIT_USAGE);
    assert_int_equal(exit_of_error(ERR_TIMEOUT), EXIT_UNCONFIRMED);
    assert_int_equal(exit_of_error(ERR_RECEIPT), EXIT_UNCONFIRMED);
    assert_int_equal(exit_of_error(-9999), EXIT_UNCONFIRMED);
}

static char *read_document(const char *path)
{
    char *content = calloc(1, 1 << 20);
    FILE *file = fopen(path, "r");

    assert_non_null(content);
    assert_non_null(file);
    assert_true(fread(content, 1, (1 << 20) - 1, file) > 0);
    fclose(file);
    return content;
}

static void test_the_document_is_the_table(void **state)
{
    static const char BEGIN[] = "<!-- verbs: comity help --markdown -->\n", END[] = "<!-- end of verbs -->";
    char *document = read_document(SOURCE_DIR "/docs/cli.md"), *made = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&made, &size);

    (void) state;
    assert_non_null(file);
    help_print_markdown(file);
    fclose(file);
    char *begin = strstr(document, BEGIN);
    assert_non_null(begin);
    begin += strlen(BEGIN);
    char *end = strstr(begin, END);
    assert_non_null(end);
    *end = '\0';
    assert_string_equal(begin, made);
    free(made);
    free(document);
}

static void test_the_document_has_all_exit_codes(void **state)
{
    char *document = read_document(SOURCE_DIR "/docs/cli.md");
    struct exit_row row;

    (void) state;
    for (unsigned i = 0; exit_row_at(i, &row); i++) {
        char line[300];
        snprintf(line, sizeof(line), "| %d | %s |", row.code, row.meaning);
        if (strstr(document, line) == NULL)
            fail_msg("docs/cli.md lacks: %s", line);
    }
    free(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_names_do_not_overlap),
        cmocka_unit_test(test_usage_fits),
        cmocka_unit_test(test_every_command_has_a_verb),
        cmocka_unit_test(test_distance),
        cmocka_unit_test(test_exit_codes),
        cmocka_unit_test(test_the_document_is_the_table),
        cmocka_unit_test(test_the_document_has_all_exit_codes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
