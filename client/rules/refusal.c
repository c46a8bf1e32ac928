/* What rule_check refuses, in sentences for people: why it is wrong, and what would be right; and where it
 * stands. docs/rules.md R-89 */
#include <string.h>

#include "client/rules/rule_file.h"
#include "core/error.h"

/* The first row that fits: the code, and the end of the field's path without the numbers in it. */
static const struct {
    int code; /* 0: any */
    const char *field;
    const char *sentence;
} ROWS[] = {
    {ERR_NAME, "name",
     N_("A name is 1 to 40 of a-z, 0-9 and -, and begins with a letter, as `two-thirds`. It identifies; what "
        "it means can stand in a "
        "comment.")},
    {ERR_NAME, "label",
     N_("The name of an answer or an option is 1 to 40 of a-z, 0-9 and -, and begins with a letter, as "
        "`stand-aside`.")},
    {ERR_NAME, "", N_("A name is 1 to 40 of a-z, 0-9 and -, and begins with a letter.")},
    {ERR_MISSING, "form",
     N_("`form` is missing: what does a ballot say? Add `form: STANCE`, or CHOICE, RANKING or SCORE.")},
    {ERR_MISSING, "roll", N_("`roll` is missing: who may answer? Add `roll: SEATS`, or LIST or CHECKED_IN.")},
    {ERR_MISSING, "frozen",
     N_("`frozen` is missing: how long does the roll stand? Add `frozen: ROUND`, or LADDER.")},
    {ERR_MISSING, "scale",
     N_("`scale` is missing: which answers are there, and what do they stand for? Add lines as `- 1 yes: "
        "AGREE`.")},
    {ERR_MISSING, "tests",
     N_("Nothing is asked for, so whatever is put would be adopted. Add a test of class SUPPORT or "
        "OBJECTION.")},
    {ERR_MISSING, "tests[].class",
     N_("`class` is missing: what does this test lead to when it fails? Add `class: SUPPORT`, or QUORUM or "
        "OBJECTION.")},
    {ERR_MISSING, "tests[].scope",
     N_("`scope` is missing: whom does this test look at? Add `scope: WHOLE`, or EACH_CONSTITUENCY.")},
    {ERR_MISSING, "tests[].scope.kind",
     N_("`scope` is missing: whom does this test look at? Add `scope: WHOLE`, or EACH_CONSTITUENCY.")},
    {ERR_MISSING, "tests[].count",
     N_("`count` is missing: what does this test count? Add `count: [AGREE, RESERVED]`, or PRESENT.")},
    {ERR_MISSING, "tests[].against",
     N_("This test has no threshold. Add `at_least: 1/2` and `of: CAST`, or `at_most: 0` for a number of "
        "people.")},
    {ERR_MISSING, "tests[].bound",
     N_("This test has no threshold. Add one of at_least, more_than, at_most and less_than, as `at_least: "
        "1/2`.")},
    {ERR_MISSING, "tests[].bloc",
     N_("Where a whole constituency casts its seats one way, the rule says what it casts when it is tied, "
        "and when nobody took a side: add "
        "`bloc` with `tied` and `absent` below it.")},
    {ERR_MISSING, "bloc.tied",
     N_("`tied` is missing: what does a constituency cast that is as much for as against? Add `tied: ABSTAIN`, or NOTHING, "
        "FOR or AGAINST.")},
    {ERR_MISSING, "bloc.absent",
     N_("`absent` is missing: what does a constituency cast of which nobody took a side? Add `absent: NOTHING`, or FOR, "
        "AGAINST or ABSTAIN.")},
    {ERR_MISSING, "stances", N_("No stance is named here. Write at least one, as [AGREE, RESERVED].")},
    {ERR_MISSING, "stance", N_("Here it has to be said which stance is meant, as AGREE.")},
    {ERR_MISSING, "ranking",
     N_("`ranking` is missing: how are the ranked ballots counted? Add `ranking` with `method: SCHULZE` "
        "below it.")},
    {ERR_MISSING, "scores",
     N_("`scores` is missing: which scores may a ballot give? Add `scores: 0 to 10`.")},
    {ERR_MISSING, "stages[].kind",
     N_("`kind` is missing: what is done at this stage? Add `kind: ROUNDS`, or another kind of stage.")},
    {ERR_MISSING, "stages[].on",
     N_("`on` is missing: which outcomes lead to this stage? Add `on: [REJECTED]`.")},
    {ERR_MISSING, "stages[].within_ms",
     N_("`within` is missing: how long does this stage last at most? Add `within: 14d`.")},
    {ERR_MISSING, "stages[].office",
     N_("`office` is missing: whose holders are asked? Add `office: CO_CHAIR`.")},
    {ERR_MISSING, "stages[].who",
     N_("`who` is missing: who decides here? Add the name of the body or of the person, as `who: "
        "arbitrator`.")},
    {ERR_MISSING, "stages[].outcome",
     N_("`outcome` is missing: what does this stage come to? Add `outcome: ADOPTED`.")},
    {ERR_MISSING, "stages[].counts_as",
     N_("`counts_as` is missing: what is a block that nobody seconds? Add `counts_as: CONCERN`.")},
    {ERR_MISSING, "stages[].rule",
     N_("`rule` is missing: what differs in the rounds of this stage? Add `rule` with the keys that differ "
        "below it.")},
    {ERR_MISSING, "extend_ms", N_("`no_quorum: EXTEND` needs to know by how much: add `extend: 72h`.")},
    {ERR_MISSING, "list", N_("`roll: LIST` needs the name of the list: add `list: our-list`.")},
    {ERR_MISSING, "method",
     N_("`method` is missing: how are the ranked ballots counted? Add `method: SCHULZE`, or INSTANT_RUNOFF, "
        "STV_SCOTTISH "
        "or STV_MEEK.")},
    {ERR_MISSING, "",
     N_("Something that a rule needs is missing here: `%s`. Compare with a template: comity rule show "
        "consensus --yaml.")},
    {ERR_DUPLICATE, "tests[].name", N_("Two tests have this name. Give one of them another.")},
    {ERR_DUPLICATE, "answer", N_("Two answers have this number. Give one of them another.")},
    {ERR_DUPLICATE, "label", N_("This name stands here twice. Give one of them another.")},
    {ERR_DUPLICATE, "duties[]", N_("This duty stands here twice. Leave one out.")},
    {ERR_DUPLICATE, "", N_("The same thing stands here twice. Leave one out, or give it another name.")},
    {ERR_RULE, "scale",
     N_("No answer takes a side: every round would end without a decision. Let one stand for AGREE, "
        "RESERVED, CONCERN or "
        "BLOCK.")},
    {ERR_RULE, "tests[].numerator",
     N_("This threshold can never be met, or is above the whole. A part of the whole goes from 0/1 to 1/1; "
        "more than all of them, fewer than "
        "0, and more people than a roll can have are never reached.")},
    {ERR_RULE, "tests[].denominator",
     N_("This threshold is no part of a whole. Write it as 2/3, with a number above 0 below the line.")},
    {ERR_RULE, "tests[].count.stances",
     N_("No answer of the scale stands for any of these, so this test can never hold. Add such an answer to "
        "`scale`, or count others. With `weighting: SEATS` AGREE goes with RESERVED, CONCERN with BLOCK, and "
        "STAND_ASIDE is in no set.")},
    {ERR_RULE, "tests[].against.stances",
     N_("No answer of the scale stands for any of these, so there is nothing to measure against. Add such an "
        "answer to `scale`, measure "
        "against others, or say `holds_when_empty: yes`.")},
    {ERR_RULE, "tests[].scope.of",
     N_("This scope has no name of its own: leave the name out, or say CONSTITUENCY, SIDE or SITE.")},
    {ERR_RULE, "tests[].scope.quantifier",
     N_("`holds_in` is for a scope that goes through several: EACH_CONSTITUENCY, EACH_SIDE or EACH_SITE. "
        "Leave it out here.")},
    {ERR_RULE, "tests[].count",
     N_("That a hidden round goes on shows that it had no quorum, so the quorum must not say how anybody "
        "answered: count PRESENT or ANSWERED, `of` ELIGIBLE, PRESENT or ANSWERED, not by SEATS. Or use `visibility: OPEN`, or "
        "`no_quorum: END`.")},
    {ERR_RULE, "tests[].against",
     N_("That a hidden round goes on shows that it had no quorum, so the quorum must not say how anybody "
        "answered: count PRESENT or ANSWERED, `of` ELIGIBLE, PRESENT or ANSWERED, not by SEATS. Or use `visibility: OPEN`, or "
        "`no_quorum: END`.")},
    {ERR_RULE, "by_weight",
     N_("`by_weight` needs to know what each of them weighs: add `weights` with lines as `- SITE north: "
        "120`, and say "
        "how much of that is needed.")},
    {ERR_RULE, "close.nothing_can_change",
     N_("A round can close as soon as nothing can change only where every ballot is seen at once and is "
        "final. Add `visibility: OPEN` and "
        "`change: ONCE`, or leave NOTHING_CAN_CHANGE out.")},
    {ERR_RULE, "choices",
     N_("A test names options only where the rule itself states them: add `options`, or count LEADING.")},
    {ERR_RULE, "tests[].count.kind",
     N_("This count does not go with the rest: stances are counted with `form: STANCE`, options and LEADING "
        "with CHOICE, scores "
        "with SCORE, and with `weighting: SEATS` not who is present.")},
    {ERR_RULE, "tests[].against.kind",
     N_("This base does not go with the rest: stances go with `form: STANCE`, options with CHOICE, and with "
        "`weighting: SEATS` not "
        "PRESENT.")},
    {ERR_RULE, "tests[].weighting",
     N_("This weighting does not go with the rest: PARITY looks at the WHOLE, and SEATS at the WHOLE, one "
        "SIDE or EACH_SIDE, with "
        "`form: STANCE`.")},
    {ERR_RULE, "tests[].scope.office",
     N_("Blocs are of whole constituencies: leave `office` out where `weighting` is SEATS.")},
    {ERR_RULE, "scope.quantifier.bound",
     N_("How many of them is a least number: write at_least or more_than.")},
    {ERR_RULE, "scope.quantifier.numerator",
     N_("So many of them, or so much of their weight, there can never be. Write less.")},
    {ERR_RULE, "scale[].stance",
     N_("Where a ballot chooses, ranks or gives a score, its scale has abstentions alone: ABSTAIN.")},
    {ERR_RULE, "options[].is_default", N_("Only with `method: SCHULZE` one of the options is the default.")},
    {ERR_RULE, "options[].majority",
     N_("`majority` is the name of one of the `majorities` of `ranking`, and the default option has none.")},
    {ERR_RULE, "options",
     N_("Options go with `form: CHOICE` and `form: RANKING`; and where `ranking` compares them with a "
        "default option, one of them says "
        "`is_default: yes`.")},
    {ERR_RULE, "scores", N_("`scores` goes with `form: SCORE`, and with no other. Leave it out here.")},
    {ERR_RULE, "ranking", N_("`ranking` goes with `form: RANKING`, and with no other. Leave it out here.")},
    {ERR_RULE, "ranking.majorities",
     N_("`majorities` goes with `method: SCHULZE`, and with no other. Leave it out here.")},
    {ERR_RULE, "ranking.quorum",
     N_("`quorum` goes with `method: SCHULZE`, and with no other. Leave it out here.")},
    {ERR_RULE, "ranking.quorum.of",
     N_("An option's quorum is a number of people, or a part of the ELIGIBLE.")},
    {ERR_RULE, "ranking.quorum.numerator", N_("So many can never prefer an option. Write less.")},
    {ERR_RULE, "ranking.needs_default",
     N_("A default option goes with `method: SCHULZE`; and where there are `majorities` or a `quorum`, and "
        "each round states its options, it "
        "says `needs_default: yes`.")},
    {ERR_RULE, "ties[]",
     N_("EARLIER_STAGES breaks ties where a count has stages: INSTANT_RUNOFF, STV_SCOTTISH, STV_MEEK. Else "
        "use STATED_ORDER.")},
    {ERR_RULE, "ties",
     N_("Ties between options are broken with `form: CHOICE` and `form: RANKING` alone. Leave `ties` out "
        "here.")},
    {ERR_RULE, "duties[].choice",
     N_("A duty for an option goes with `form: CHOICE`. Name a stance, as `- BLOCK: REASON`.")},
    {ERR_RULE, "silence",
     N_("Silence is consent only where ballots say stances: `form: STANCE`. Leave `silence` out here.")},
    {ERR_RULE, "list", N_("`list` goes with `roll: LIST`, and with no other. Leave it out here.")},
    {ERR_RULE, "no_quorum", N_("`no_quorum: EXTEND` needs a closing time to move: add AT_TIME to `close`.")},
    {ERR_RULE, "weights[].kind",
     N_("CONSTITUENCY, SIDE and SITE have weights, each by name, as `- SITE north: 120`.")},
    {ERR_RULE, "counts_as",
     N_("A block that nobody seconds counts as another stance than BLOCK: write `counts_as: CONCERN`, or "
        "leave it out at other "
        "kinds of stage.")},
    {ERR_RULE, "stages[].kind",
     N_("Nobody can block under this rule, so there is nothing to second. Let an answer stand for BLOCK, or "
        "leave the "
        "stage out.")},
    {ERR_RULE, "bound", N_("Here a least number is meant: write at_least or more_than.")},
    {ERR_RULE, "bloc", N_("`bloc` goes with `weighting: SEATS`, and with no other.")},
    {ERR_RULE, "within_ms",
     N_("`within` goes with the kinds of stage that last for a time: SECONDING, CONFER, CASTING, UMPIRE, "
        "ESCALATE and "
        "SIGN_OFF. Leave it out here.")},
    {ERR_RULE, "stages[].on",
     N_("This stage is never reached: nothing before it comes to one of these outcomes. Name another outcome "
        "in `on`, or "
        "leave the stage out.")},
    {ERR_RULE, "stages[].on[]",
     N_("NOT_YET leads to no stage, for another round is allowed then. Name REJECTED, or what else the last round comes to.")},
    {ERR_RULE, "extend_ms",
     N_("`extend` goes with `no_quorum: EXTEND`, and that needs a closing time: add AT_TIME to `close`.")},
    {ERR_RULE, "",
     N_("`%s` does not go with the rest of the rule here. docs/rules.md says which keys go together.")},
    {ERR_RANGE, "rounds",
     N_("A proposal may have 1 to 100 rounds: add `rounds: 10`, or another such number.")},
    {ERR_RANGE, "answer", N_("Answers have numbers from 1 to 1000.")},
    {ERR_RANGE, "scale", N_("There are at most 32 answers.")},
    {ERR_RANGE, "tests", N_("There are at most 32 tests.")},
    {ERR_RANGE, "duties", N_("There are at most 16 duties.")},
    {ERR_RANGE, "stages", N_("There are at most 16 stages.")},
    {ERR_RANGE, "options", N_("There are 2 to 64 options, or none where each round states its own.")},
    {ERR_RANGE, "within_ms", N_("A stage lasts from one minute, `1m`, to 366 days, `366d`.")},
    {ERR_RANGE, "extend_ms", N_("A round goes on for one minute, `1m`, to 366 days, `366d`.")},
    {ERR_RANGE, "scores.least", N_("Scores go from 0 to 1000, and the most is above the least.")},
    {ERR_RANGE, "scores.most", N_("Scores go from 0 to 1000, and the most is above the least.")},
    {ERR_RANGE, "ranking.seats",
     N_("1 to 63 are elected by a single transferable vote, and one by the other methods.")},
    {ERR_RANGE, "stages[].count",
     N_("Seconders are 1 to 100, or none with `by_other: yes`; meetings are 1 to 20.")},
    {ERR_RANGE, "notice_ms", N_("The time of notice is at most 366 days, `366d`.")},
    {ERR_RANGE, "", N_("`%s` is larger or smaller than allowed here. docs/rules.md says how much is.")},
    {ERR_UNSUPPORTED, "visibility",
     N_("Secret ballots are not built. Use UNTIL_CLOSE, which hides them until the round closes.")},
    {ERR_UNSUPPORTED, "", N_("This is kept for later: `%s` cannot be this yet. Use another.")},
    {ERR_TOO_LARGE, "",
     N_("The rule is larger than 16 KiB. Leave something out: many stages can do with fewer tests of their "
        "own.")},
    {ERR_SCOPE, "", N_("This scope names nobody. Name a constituency, a side or a site that there is.")},
};

/* "tests[2].count" -> "tests[].count" */
static void without_numbers(const char *field, char *plain, size_t size)
{
    size_t at = 0;

    for (const char *c = field; *c != '\0' && at + 1 < size; c++) {
        bool is_number = *c >= '0' && *c <= '9' && at > 0 && plain[at - 1] == '[';
        if (!is_number)
            plain[at++] = *c;
    }
    plain[at] = '\0';
}

static bool ends_with(const char *field, const char *end)
{
    size_t size = strlen(field), tail = strlen(end);

    if (tail > size || strcmp(field + size - tail, end) != 0)
        return false;
    return tail == 0 || tail == size || field[size - tail - 1] == '.';
}

/* The key that a person wrote, of a field's path: its last part, as the file calls it. */
static const char *key_of(const char *plain, struct arena *arena)
{
    static const struct {
        const char *field, *key;
    } KEYS[] = {{"against", "of"},
                {"quantifier", "holds_in"},
                {"within_ms", "within"},
                {"extend_ms", "extend"},
                {"notice_ms", "notice"},
                {"numerator", "threshold"},
                {"denominator", "threshold"},
                {"bound", "threshold"}};
    const char *dot = strrchr(plain, '.'), *last = dot == NULL ? plain : dot + 1;
    char *key = arena_printf(arena, "%.*s", (int) strcspn(last, "["), last);

    for (size_t i = 0; key != NULL && i < ARRAY_COUNT(KEYS); i++)
        if (strcmp(KEYS[i].field, key) == 0)
            return KEYS[i].key;
    return key == NULL ? "?" : key;
}

static const char *sentence_of(int code, const char *field, words_fn *words, struct arena *arena)
{
    char plain[2 * FIELD_PATH_MAX];

    without_numbers(field, plain, sizeof(plain));
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        if (ROWS[i].code != code || !ends_with(plain, ROWS[i].field))
            continue;
        const char *sentence = words(ROWS[i].sentence), *hole = strstr(sentence, "%s");
        const char *said = hole == NULL ? sentence
                                        : arena_printf(arena, "%.*s%s%s", (int) (hole - sentence), sentence,
                                                       key_of(plain, arena), hole + 2);
        return said == NULL ? "" : said;
    }
    return words(error_sentence(code));
}

int rule_check_told(const Comity__V1__Rule *rule, words_fn *words, struct arena *arena,
                    struct rule_refused *ret_refused)
{
    struct refusal refusal = {0};
    int code = rule_check(rule, "", &refusal);

    if (code == 0)
        return 0;
    const char *field = arena_string(arena, refusal.field + (refusal.field[0] == '.'));
    field = field == NULL ? "" : field;
    *ret_refused = (struct rule_refused){field, sentence_of(code, field, words, arena)};
    return code;
}

void rule_file_place(const struct rule_file *file, const char *field, unsigned *ret_line,
                     unsigned *ret_column)
{
    size_t best = 0;

    *ret_line = *ret_column = 1;
    for (const struct rule_mark *mark = file->marks; mark != NULL; mark = mark->next) {
        size_t size = strlen(mark->field);
        bool is_around = strncmp(mark->field, field, size) == 0 &&
                         (field[size] == '\0' || field[size] == '.' || field[size] == '[');
        if (!is_around || size <= best)
            continue;
        best = size;
        *ret_line = mark->line;
        *ret_column = mark->column;
    }
}

int rule_file_check(const struct rule_file *file, struct rule_faults *faults)
{
    struct rule_refused refused;
    unsigned line, column;
    int code = rule_check_told(file->rule, faults->words, faults->arena, &refused);

    if (code == 0)
        return 0;
    rule_file_place(file, refused.field, &line, &column);
    rule_fault(faults, code, line, column, "%s", refused.sentence);
    faults->list[faults->count - 1].field = refused.field;
    return code;
}
