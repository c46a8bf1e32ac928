#include "client/cli/solving_text.h"

#include "client/cli/names.h"
#include "client/cli/output.h"

static const char *word_at(const char *const *words, size_t count, int value)
{
    return value > 0 && (size_t) value < count ? _(words[value]) : "?";
}

#define WORD(words, value) word_at(words, ARRAY_COUNT(words), (int) (value))

const char *word_of_kind(Comity__V1__ContributionKind kind)
{
    static const char *const WORDS[] = {"?",          N_("story"),    N_("interest"),  N_("shared interest"),
                                        N_("option"), N_("standard"), N_("evaluation")};

    return WORD(WORDS, kind);
}

const char *word_of_contribution(Comity__V1__ContributionState state)
{
    static const char *const WORDS[] = {"?", N_("proposed"), N_("stands"), N_("withdrawn")};

    return WORD(WORDS, state);
}

const char *word_of_concern(Comity__V1__ConcernState state)
{
    static const char *const WORDS[] = {"?", N_("raised"), N_("seconded"), N_("resolved"), N_("withdrawn")};

    return WORD(WORDS, state);
}

const char *word_of_request(Comity__V1__DataRequestState state)
{
    static const char *const WORDS[] = {"?", N_("asked"), N_("answered"), N_("refused")};

    return WORD(WORDS, state);
}

const char *word_of_position(Comity__V1__FactPosition position)
{
    static const char *const WORDS[] = {"?", N_("agreed"), N_("disputed")};

    return WORD(WORDS, position);
}

const char *shown_moves(struct cli *cli, phase_t from)
{
    const char *names[PHASE(WITHDRAWN)];
    size_t count = 0;

    for (phase_t to = PHASE(ISSUE); to <= PHASE(PROPOSAL); to++)
        if (phase_allows(from, to))
            names[count++] = phase_name(to);
    return count == 0 ? _("nowhere") : shown_list(cli, names, count);
}

const char *shown_judgements(struct cli *cli, const Comity__V1__Fact *fact)
{
    const char *text = "";

    for (size_t i = 0; i < fact->n_judgements; i++)
        text = arena_printf(cli->arena, "%s%s%s", text, i == 0 ? "" : "; ",
                            phrase(cli, "%s by %s", word_of_position(fact->judgements[i]->position),
                                   name_of_constituency(cli, fact->judgements[i]->constituency)));
    return fact->n_judgements == 0 ? _("nobody has said whether it is so") : text;
}

static int take_words(struct cli *cli, const char *what, const char *words, Comity__V1__TextRef **ret_words)
{
    if (words[0] == '\0')
        return cli_fail(cli, ERR_USAGE, NULL, "%s is empty.", what);
    return desk_text(cli, PROSE_REASON, what, BYTES(words, strlen(words)), ret_words);
}

int words_argument(struct cli *cli, const char *name, Comity__V1__TextRef **ret_words)
{
    return take_words(cli, name, cli_argument(cli, name), ret_words);
}

int words_option(struct cli *cli, const char *name, Comity__V1__TextRef **ret_words)
{
    const char *words = cli_option(cli, name);

    *ret_words = NULL;
    return words == NULL ? 0 : take_words(cli, arena_printf(cli->arena, "--%s", name), words, ret_words);
}

int numbers_option(struct cli *cli, const char *name, uint32_t **ret_numbers, size_t *ret_count)
{
    size_t count = option_count(&cli->arguments, name);
    uint32_t *numbers = arena_alloc(cli->arena, (count + 1) * sizeof(*numbers));
    const char *what = arena_printf(cli->arena, "--%s", name);
    int code = numbers == NULL ? ERR_MEMORY : 0;

    for (size_t i = 0; code == 0 && i < count; i++) {
        uint64_t number;
        code = cli_number(cli, what, option_at(&cli->arguments, name, i), 1, UINT32_MAX, &number);
        if (code == 0)
            numbers[i] = (uint32_t) number;
    }
    *ret_numbers = numbers;
    *ret_count = count;
    return code;
}

int time_option(struct cli *cli, const char *name, int64_t *ret_time_ms)
{
    const char *given = cli_option(cli, name);
    int64_t now_ms = time_now_ms();
    const char *example = phrase(cli, "--%s \"2026-11-30 17:00\", or --%s +3d", name, name);

    *ret_time_ms = 0;
    if (given == NULL)
        return 0;
    if (time_read(given, now_ms, ret_time_ms) != 0)
        return cli_fail(cli, ERR_USAGE, example, "--%s `%s` is no time that can be understood.", name,
                        shown_string(cli, given));
    if (*ret_time_ms <= now_ms)
        return cli_fail(cli, ERR_USAGE, example, "--%s is in the past: %s.", name,
                        shown_time(cli, *ret_time_ms));
    return 0;
}

int give(struct cli *cli, Comity__V1__Command__BodyCase kind, void *body, const Comity__V1__Event **ret_event)
{
    Comity__V1__Command command;

    desk_command_init(&command, kind);
    command.found = body; /* the bodies are one union of pointers */
    return desk_submit(cli, &command, ret_event);
}
