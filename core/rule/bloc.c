/* Blocs: a constituency casts all its seats the way of its own majority. docs/rules.md R-42 */
#include "core/error.h"
#include "core/rule/counted.h"

/* What a bloc's seats say. */
static unsigned cast_cell(Comity__V1__BlocCast cast)
{
    switch (cast) {
    case COMITY__V1__BLOC_CAST__BLOC_CAST_FOR:
        return cell_of(voice_of_stance(COMITY__V1__STANCE__STANCE_AGREE), false);
    case COMITY__V1__BLOC_CAST__BLOC_CAST_AGAINST:
        return cell_of(voice_of_stance(COMITY__V1__STANCE__STANCE_CONCERN), false);
    case COMITY__V1__BLOC_CAST__BLOC_CAST_ABSTAIN:
        return cell_of(voice_of_stance(COMITY__V1__STANCE__STANCE_ABSTAIN), false);
    default:
        return cell_of(VOICE_SILENT, false);
    }
}

static Comity__V1__BlocCast cast_of(const Comity__V1__Bloc *bloc, uint64_t for_, uint64_t against)
{
    if (for_ != against)
        return for_ > against ? COMITY__V1__BLOC_CAST__BLOC_CAST_FOR
                              : COMITY__V1__BLOC_CAST__BLOC_CAST_AGAINST;
    return for_ > 0 ? bloc->tied : bloc->absent;
}

static uint64_t open_of(const struct subject *subject)
{
    uint64_t sum = 0;
    for (size_t i = 0; subject->open && i < OPEN_CLASSES; i++)
        sum += subject->open[i];
    return sum;
}

/* What a bloc can come to cast while @open of its own are still to answer: bits by BlocCast. */
static unsigned casts_of(const Comity__V1__Bloc *bloc, uint64_t for_, uint64_t against, uint64_t open)
{
    unsigned casts = 0;
    if (for_ + open > against)
        casts |= 1U << COMITY__V1__BLOC_CAST__BLOC_CAST_FOR;
    if (against + open > for_)
        casts |= 1U << COMITY__V1__BLOC_CAST__BLOC_CAST_AGAINST;
    if (for_ + open >= against && against + open >= for_)
        casts |= 1U << bloc->tied;
    if (for_ + against == 0)
        casts |= 1U << bloc->absent;
    return casts;
}

static Comity__V1__BlocResult *result_make(const struct counted *counted, const struct subject *own,
                                           uint64_t seats)
{
    Comity__V1__BlocResult *result = arena_alloc(counted->arena, sizeof(*result));
    if (!result)
        return NULL;
    comity__v1__bloc_result__init(result);
    result->constituency = arena_string(counted->arena, own->name);
    result->seats = seats;
    result->for_ = subject_for(counted, own);
    result->against = subject_against(counted, own);
    return result->constituency ? result : NULL;
}

/* The seats of one constituency to a subject. @own: its members, by heads. */
static int bloc_add(const struct counted *counted, const Comity__V1__Bloc *bloc, const struct group *group,
                    const struct subject *own, struct subject *subject)
{
    uint64_t seats = group->eligible + group->constituency->vacant;
    uint64_t open = open_of(own);
    Comity__V1__BlocResult *result = result_make(counted, own, seats);
    if (!result)
        return ERR_MEMORY;
    result->cast = cast_of(bloc, result->for_, result->against);
    subject->blocs[subject->bloc_count++] = result;
    if (seats == 0)
        return 0;
    if (open > 0)
        subject_add_open(subject, casts_of(bloc, result->for_, result->against, open) >> 1, seats);
    else
        subject_add(subject, cast_cell(result->cast), seats);
    return 0;
}

/* A set of casts, without NOTHING's place 0, as a class of what can be said. */
static void openness_fill(struct openness *openness)
{
    for (unsigned set = 0; set < OPEN_CLASSES; set++)
        for (unsigned cast = 1; cast <= COMITY__V1__BLOC_CAST__BLOC_CAST_ABSTAIN; cast++)
            if (set >> (cast - 1) & 1)
                openness->can_be[set][cast_cell((Comity__V1__BlocCast) cast)] = true;
}

int blocs_add(struct counted *counted, struct subjects *subjects)
{
    const struct subjects heads = {.kind = COMITY__V1__SCOPE_KIND__SCOPE_KIND_CONSTITUENCY,
                                   .weighting = COMITY__V1__WEIGHTING__WEIGHTING_HEADS};
    struct openness *openness = arena_alloc(counted->arena, sizeof(*openness));
    struct subjects *own;
    int code = openness ? subjects_make(counted, &heads, &own) : ERR_MEMORY;
    if (code)
        return code;
    openness_fill(openness);
    subjects->openness = openness;
    for (size_t i = 0; i < subjects->count; i++) {
        subjects->list[i].blocs =
            arena_alloc(counted->arena, (counted->group_count + 1) * sizeof(subjects->list[i].blocs[0]));
        if (!subjects->list[i].blocs)
            return ERR_MEMORY;
    }
    for (size_t i = 0; !code && i < counted->group_count; i++) {
        const struct group *group = &counted->groups[i];
        size_t place = subjects->kind == COMITY__V1__SCOPE_KIND__SCOPE_KIND_SIDE ? group->side : 0;
        if (group->constituency->is_party && group->lines > 0)
            code = bloc_add(counted, subjects->bloc, group, &own->list[i], &subjects->list[place]);
    }
    return code;
}
