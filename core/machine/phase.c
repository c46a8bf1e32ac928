#include "core/machine/phase.h"

#include <string.h>

#include "core/bytes.h"
#include "core/error.h"
#include "core/machine/row.h"

#define BIT(name) (1u << PHASE(name))

/* What an item can always go back to: whatever comes before PROPOSAL, and PROPOSAL itself. */
#define FROM_ISSUE BIT(ISSUE)
#define TO_STORY (FROM_ISSUE | BIT(STORY))
#define TO_DATA (TO_STORY | BIT(DATA))
#define TO_INTERESTS (TO_DATA | BIT(INTERESTS))
#define TO_OPTIONS (TO_INTERESTS | BIT(OPTIONS))
#define TO_STANDARDS (TO_OPTIONS | BIT(STANDARDS))
#define TO_EVALUATION (TO_STANDARDS | BIT(EVALUATION))
#define TO_PROPOSAL (TO_EVALUATION | BIT(PROPOSAL))

/* Backwards as far as one likes; forwards one step at a time, for what is passed over is not made up for:
 * interests before options, standards before options are judged. STORY and DATA alone can be left out. The
 * level is that of a history without a charter. */
static const struct phase_row {
    const char *name;
    unsigned next; /* a bit each */
    enum record_level level;
} PHASES[] = {
    [PHASE(UNSPECIFIED)] = {"?", 0, RECORD_NONE},
    [PHASE(ISSUE)] = {"issue", BIT(STORY) | BIT(DATA) | BIT(INTERESTS), RECORD_FULL},
    [PHASE(STORY)] = {"story", FROM_ISSUE | BIT(DATA) | BIT(INTERESTS), RECORD_SUMMARY},
    [PHASE(DATA)] = {"data", TO_STORY | BIT(INTERESTS), RECORD_SUMMARY},
    [PHASE(INTERESTS)] = {"interests", TO_DATA | BIT(OPTIONS), RECORD_SUMMARY},
    [PHASE(OPTIONS)] = {"options", TO_INTERESTS | BIT(STANDARDS), RECORD_SUMMARY},
    [PHASE(STANDARDS)] = {"standards", TO_OPTIONS | BIT(EVALUATION), RECORD_FULL},
    [PHASE(EVALUATION)] = {"evaluation", TO_STANDARDS | BIT(PROPOSAL), RECORD_FULL},
    [PHASE(PROPOSAL)] = {"proposal", TO_EVALUATION, RECORD_FULL},
    [PHASE(TEST)] = {"test", TO_PROPOSAL, RECORD_FULL},
    [PHASE(DECIDED)] = {"decided", TO_PROPOSAL, RECORD_FULL},
    [PHASE(DEFERRED)] = {"deferred", TO_PROPOSAL, RECORD_FULL},
    [PHASE(REFERRED)] = {"referred", 0, RECORD_FULL},
    [PHASE(TABLED)] = {"tabled", TO_PROPOSAL, RECORD_FULL},
    [PHASE(WITHDRAWN)] = {"withdrawn", 0, RECORD_FULL},
};

static const struct phase_row *row_of(int phase)
{
    return &PHASES[phase > 0 && (size_t) phase < ARRAY_COUNT(PHASES) ? phase : PHASE(UNSPECIFIED)];
}

/* What the charter in force says of @subject; UNSPECIFIED where it, or that there is none, leaves it to the
 * preset. */
static Comity__V1__RecordLevel charter_level(const Comity__V1__Charter *charter, int subject)
{
    if (subject == RECORD_STRAW_POLL)
        return charter->straw_polls;
    if (subject == RECORD_SIDEBAR)
        return charter->sidebars;
    for (size_t i = 0; i < charter->n_records; i++)
        if ((int) charter->records[i]->phase == subject)
            return charter->records[i]->level;
    return COMITY__V1__RECORD_LEVEL__RECORD_LEVEL_UNSPECIFIED;
}

int record_level(const struct view *view, struct arena *arena, int subject, enum record_level *ret_level)
{
    struct row_key key = row_key_counter(TABLE_CHARTER);
    Comity__V1__RecordLevel level = COMITY__V1__RECORD_LEVEL__RECORD_LEVEL_UNSPECIFIED;
    ProtobufCMessage *row = NULL;
    uint32_t latest;
    int code = row_number(view, &key, &latest);

    if (code == 0 && latest != 0)
        code = state_get(view, arena, TABLE_CHARTER, latest, 0, &row);
    if (code != 0)
        return code == ERR_NOT_FOUND ? ERR_CORRUPT : code;
    if (row && ((const Comity__V1__CharterVersion *) row)->charter)
        level = charter_level(((const Comity__V1__CharterVersion *) row)->charter, subject);
    if (level != COMITY__V1__RECORD_LEVEL__RECORD_LEVEL_UNSPECIFIED)
        *ret_level = (enum record_level)(level - COMITY__V1__RECORD_LEVEL__RECORD_LEVEL_NONE);
    else
        *ret_level = subject <= RECORD_STRAW_POLL ? RECORD_NONE : row_of(subject)->level;
    return 0;
}

const char *phase_name(phase_t phase)
{
    return row_of((int) phase)->name;
}

phase_t phase_by_name(const char *name)
{
    for (size_t i = PHASE(ISSUE); i < ARRAY_COUNT(PHASES); i++)
        if (strcmp(PHASES[i].name, name) == 0)
            return (phase_t) i;
    return PHASE(UNSPECIFIED);
}

phase_t item_phase(const Comity__V1__Item *item)
{
    return item->phase == PHASE(UNSPECIFIED) ? PHASE(PROPOSAL) : item->phase;
}

bool phase_is_worked_on(phase_t phase)
{
    return phase >= PHASE(ISSUE) && phase <= PHASE(TEST);
}

bool phase_is_over(phase_t phase)
{
    return phase == PHASE(REFERRED) || phase == PHASE(WITHDRAWN);
}

bool phase_takes_proposals(phase_t phase)
{
    return phase == PHASE(PROPOSAL) || phase == PHASE(TEST) || phase == PHASE(DECIDED);
}

bool phase_allows(phase_t from, phase_t to)
{
    return to >= PHASE(ISSUE) && to <= PHASE(PROPOSAL) && (row_of((int) from)->next & 1u << to) != 0;
}

phase_t phase_of_contribution(Comity__V1__ContributionKind kind)
{
    static const phase_t PHASE_OF[] = {
        [COMITY__V1__CONTRIBUTION_KIND__CONTRIBUTION_KIND_STORY] = PHASE(STORY),
        [COMITY__V1__CONTRIBUTION_KIND__CONTRIBUTION_KIND_INTEREST] = PHASE(INTERESTS),
        [COMITY__V1__CONTRIBUTION_KIND__CONTRIBUTION_KIND_SHARED_INTEREST] = PHASE(INTERESTS),
        [COMITY__V1__CONTRIBUTION_KIND__CONTRIBUTION_KIND_OPTION] = PHASE(OPTIONS),
        [COMITY__V1__CONTRIBUTION_KIND__CONTRIBUTION_KIND_STANDARD] = PHASE(STANDARDS),
        [COMITY__V1__CONTRIBUTION_KIND__CONTRIBUTION_KIND_EVALUATION] = PHASE(EVALUATION),
    };

    return (size_t) kind < ARRAY_COUNT(PHASE_OF) ? PHASE_OF[kind] : PHASE(UNSPECIFIED);
}
