/* The roll of a round, read once: what each line says, the tallies, and the subjects that tests look at.
 * Inside core/rule alone. docs/rules.md. */
#ifndef COMITY_CORE_RULE_COUNTED_H
#define COMITY_CORE_RULE_COUNTED_H

#include "core/rule/rule.h"

enum { STANCE_COUNT = COMITY__V1__STANCE__STANCE_BLOCK + 1 };

/* What a member says, as far as a test can tell the difference. */
enum voice {
    VOICE_SILENT,
    VOICE_CONSENTS, /* is silent, which counts as AGREE where stances do */
    VOICE_STANCE,   /* VOICE_STANCE + stance - 1 */
    VOICE_VALUE = VOICE_STANCE + STANCE_COUNT -
                  1, /* + number of the option, or band of the score; 1: ranks an option */
    VOICE_END = VOICE_VALUE + OPTIONS_MAX + 1,
};

/* A voice of somebody who is present, or not: 2 * voice + present. */
enum { CELLS_MAX = 2 * VOICE_END };

/* What those who are still to answer can come to say: sets of cells, by class. */
enum { OPEN_CLASSES = 16 };
struct openness {
    bool can_be[OPEN_CLASSES][CELLS_MAX];
};

/* One whom a test looks at: the whole, a constituency, a side or a site. Amounts are heads, weights or seats,
 * as the test counts; members of NEUTRAL constituencies are in none. */
struct subject {
    const char *name;  /* empty: the whole */
    uint64_t lines;    /* of the roll, whatever the office, the recused too */
    uint64_t members;  /* those of them that the office leaves */
    uint64_t eligible; /* amount of the members who are not recused */
    uint64_t *cells;   /* amount by what they say */
    uint64_t *open;    /* amount by class of those who are still to answer; NULL: they are among the cells */
    uint64_t *open_least; /* the smallest single amount of a class */
    Comity__V1__BlocResult **blocs;
    size_t bloc_count;
};

/* All subjects of one kind, by name. */
struct subjects {
    Comity__V1__ScopeKind kind; /* WHOLE, CONSTITUENCY, SIDE or SITE */
    Comity__V1__Office office;
    Comity__V1__Weighting weighting; /* HEADS, WEIGHT, PARITY or SEATS */
    const Comity__V1__Bloc *bloc;    /* SEATS */
    struct subject *list;
    size_t count;
    const struct openness *openness;
};

/* The subjects of one test. */
struct scope {
    const struct subjects *subjects;
    const struct subject **list;
    size_t count;
};

/* A line of the roll, worked out. */
struct voiced {
    uint16_t party; /* place of its constituency among the parties, which are by name */
    uint8_t cell;
    uint8_t open_class;
    bool is_counted; /* of a PARTY */
    bool is_open;    /* is still to answer, and is told apart */
    uint32_t site;   /* place of its site + 1; 0: none */
};

struct sum {
    uint64_t ballots;
    uint64_t weight;
};

/* The tally of a constituency, or of the whole. */
struct group {
    const struct roll_constituency *constituency; /* NULL: the whole */
    size_t side;                                  /* place of its side */
    uint64_t lines;
    uint64_t eligible;
    uint64_t weight; /* of the eligible */
    uint64_t present;
    uint64_t answered;
    uint64_t recused;
    struct sum *answers; /* by place in the scale */
    struct sum *values;  /* by option - 1, or score - least */
};

struct counted {
    const struct rule_input *input;
    const Comity__V1__Rule *rule;
    struct arena *arena;
    bool splits_open;                 /* those who are still to answer are told apart: for R-48 */
    bool is_weighted;                 /* a test counts by WEIGHT */
    uint8_t place_of[ANSWER_MAX + 1]; /* answer -> place in the scale + 1; 0: none */
    uint32_t bands[33];               /* least score of each band; what is below the first is band 0 */
    size_t band_count;
    size_t cell_count;
    struct group *groups; /* every constituency, by name */
    size_t group_count;
    struct named *groups_by_number;
    const char **side_names; /* of PARTY constituencies, by name */
    size_t side_count;
    const struct roll_site **sites; /* by name */
    struct named *sites_by_number;
    size_t value_count; /* options, or scores from least to most */
    struct group whole; /* every member: for the tallies */
    struct voiced *lines;
    struct subjects *subjects[36]; /* made for the tests, each once; the first is the whole by heads */
    size_t subjects_count;
    struct scope *scopes; /* by test */
    struct openness openness;
    uint64_t *sequences; /* of the ballots that count, ascending */
    size_t sequence_count;
    uint32_t *leaders; /* CHOICE: the option that leads, or those that share the lead; ascending */
    size_t leader_count;
    bool lead_took_order; /* the stated order broke a tie for it */
};

/* Read the roll. 0, ERR_MEMORY, ERR_SCOPE (scopes_check too), ERR_INTERNAL (a constituency, a site or an answer that
 * there is not).
 * @splits_open: tell those apart who are still to answer. */
int counted_init(struct counted *counted, const struct rule_input *input, struct arena *arena,
                 bool splits_open);

static inline unsigned cell_of(unsigned voice, bool is_present)
{
    return 2 * voice + is_present;
}
static inline enum voice voice_of_stance(Comity__V1__Stance stance)
{
    return (enum voice)(VOICE_STANCE + stance - 1);
}
/* The stance that a voice counts as; UNSPECIFIED: none. R-19 */
Comity__V1__Stance voice_stance(unsigned voice);
static inline bool voice_answered(unsigned voice)
{
    return voice >= VOICE_STANCE;
}
/* "Takes a side": for (a choice, a ranking and a score too), or against. R-11 */
bool voice_is_for(unsigned voice);
bool voice_is_against(unsigned voice);

/* Does the line's ballot count in tests and rankings: of a PARTY, not recused, answered? */
bool counted_has_ballot(const struct counted *counted, size_t line);
uint64_t line_weight(const struct roll_line *line);
/* Does it rank at least one option? R-50 */
bool answer_ranks_any(const struct ballot_answer *given);

/* Amount of a subject that chose the option. */
static inline uint64_t option_amount(const struct subject *subject, uint32_t option)
{
    return subject->cells[cell_of(VOICE_VALUE + option, false)] +
           subject->cells[cell_of(VOICE_VALUE + option, true)];
}
/* Amounts of a subject whose members are for; who are against. */
uint64_t subject_for(const struct counted *counted, const struct subject *subject);
uint64_t subject_against(const struct counted *counted, const struct subject *subject);

/* The subjects of every test of the rule: counted->scopes. 0, ERR_MEMORY, ERR_SCOPE. subject.c */
int counted_scopes(struct counted *counted);
/* The whole, by heads; by weight where a test counts so. */
const struct subject *counted_whole(const struct counted *counted);
const struct subject *counted_whole_weighed(const struct counted *counted);
int subjects_make(struct counted *counted, const struct subjects *like, struct subjects **ret_subjects);
int subject_space(const struct counted *counted, struct subject *subject);
void subject_add(struct subject *subject, unsigned cell, uint64_t amount);
void subject_add_open(struct subject *subject, unsigned class_, uint64_t amount);

/* Blocs: each constituency's seats added to the subjects, the way that it casts them. bloc.c, R-42 */
int blocs_add(struct counted *counted, struct subjects *subjects);

/* What the members of each side weigh with PARITY, by place of the side. 0, ERR_MEMORY, ERR_SCOPE. weigh.c,
 * */
int parity_weights(const struct counted *counted, Comity__V1__Office office, uint64_t **ret_weights);

/* Has the member of the line held the office? UNSPECIFIED: any. R-39 */
bool line_has_office(const struct roll_line *line, Comity__V1__Office office);

/* CHOICE: counted->leaders. 0 or ERR_MEMORY. lead.c, R-46 */
int counted_lead(struct counted *counted);
/* Is @option before @other in the stated order? */
bool option_is_before(const struct rule_input *input, uint32_t option, uint32_t other);

/* The tallies of an outcome: the whole, then each constituency by name. 0 or ERR_MEMORY. tally.c, R-32 */
int counted_tallies(const struct counted *counted, Comity__V1__Outcome *outcome);

#endif
