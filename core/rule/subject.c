/* Whom tests look at: docs/rules.md */
#include "core/error.h"
#include "core/rule/outcome.h"

int subject_space(const struct counted *counted, struct subject *subject)
{
    subject->cells = arena_alloc(counted->arena, counted->cell_count * sizeof(uint64_t));
    if (!subject->cells)
        return ERR_MEMORY;
    if (!counted->splits_open)
        return 0;
    subject->open = arena_alloc(counted->arena, OPEN_CLASSES * sizeof(uint64_t));
    subject->open_least = arena_alloc(counted->arena, OPEN_CLASSES * sizeof(uint64_t));
    return subject->open && subject->open_least ? 0 : ERR_MEMORY;
}

void subject_add(struct subject *subject, unsigned cell, uint64_t amount)
{
    subject->cells[cell] += amount;
    subject->eligible += amount;
}

void subject_add_open(struct subject *subject, unsigned class_, uint64_t amount)
{
    subject->open[class_] += amount;
    subject->eligible += amount;
    if (subject->open_least[class_] == 0 || amount < subject->open_least[class_])
        subject->open_least[class_] = amount;
}

static size_t kind_count(const struct counted *counted, Comity__V1__ScopeKind kind)
{
    switch (kind) {
    case COMITY__V1__SCOPE_KIND__SCOPE_KIND_CONSTITUENCY:
        return counted->group_count;
    case COMITY__V1__SCOPE_KIND__SCOPE_KIND_SIDE:
        return counted->side_count;
    case COMITY__V1__SCOPE_KIND__SCOPE_KIND_SITE:
        return counted->input->site_count;
    default:
        return 1;
    }
}

static const char *kind_name(const struct counted *counted, Comity__V1__ScopeKind kind, size_t place)
{
    switch (kind) {
    case COMITY__V1__SCOPE_KIND__SCOPE_KIND_CONSTITUENCY:
        return counted->groups[place].constituency->name;
    case COMITY__V1__SCOPE_KIND__SCOPE_KIND_SIDE:
        return counted->side_names[place];
    case COMITY__V1__SCOPE_KIND__SCOPE_KIND_SITE:
        return counted->sites[place]->name;
    default:
        return "";
    }
}

/* Place + 1 of the subject that a line is of; 0: of none. */
static size_t subject_of(const struct counted *counted, Comity__V1__ScopeKind kind,
                         const struct voiced *voiced)
{
    switch (kind) {
    case COMITY__V1__SCOPE_KIND__SCOPE_KIND_CONSTITUENCY:
        return (size_t) voiced->party + 1;
    case COMITY__V1__SCOPE_KIND__SCOPE_KIND_SIDE:
        return counted->groups[voiced->party].side + 1;
    case COMITY__V1__SCOPE_KIND__SCOPE_KIND_SITE:
        return voiced->site;
    default:
        return 1;
    }
}

/* Every member of a PARTY to the subject of its line. @parity: by place of the side. */
static void lines_to_subjects(const struct counted *counted, struct subjects *subjects,
                              const uint64_t *parity)
{
    for (size_t i = 0; i < counted->input->line_count; i++) {
        const struct roll_line *line = &counted->input->lines[i];
        const struct voiced *voiced = &counted->lines[i];
        size_t place = voiced->is_counted ? subject_of(counted, subjects->kind, voiced) : 0;
        if (place == 0)
            continue;
        struct subject *subject = &subjects->list[place - 1];
        subject->lines++;
        if (!line_has_office(line, subjects->office))
            continue;
        subject->members++;
        if (line->is_recused || subjects->weighting == COMITY__V1__WEIGHTING__WEIGHTING_SEATS)
            continue;
        uint64_t amount = parity ? parity[counted->groups[voiced->party].side]
                          : subjects->weighting == COMITY__V1__WEIGHTING__WEIGHTING_WEIGHT ? line_weight(line)
                                                                                           : 1;
        if (voiced->is_open)
            subject_add_open(subject, voiced->open_class, amount);
        else
            subject_add(subject, voiced->cell, amount);
    }
}

static bool blocs_are_same(const Comity__V1__Bloc *a, const Comity__V1__Bloc *b)
{
    return a == b || (a && b && a->tied == b->tied && a->absent == b->absent);
}

int subjects_make(struct counted *counted, const struct subjects *like, struct subjects **ret_subjects)
{
    for (size_t i = 0; i < counted->subjects_count; i++) {
        struct subjects *made = counted->subjects[i];
        if (made->kind == like->kind && made->office == like->office && made->weighting == like->weighting &&
            blocs_are_same(made->bloc, like->bloc)) {
            *ret_subjects = made;
            return 0;
        }
    }
    struct subjects *subjects = arena_copy(counted->arena, like, sizeof(*like));
    uint64_t *parity = NULL;
    if (!subjects)
        return ERR_MEMORY;
    subjects->openness = &counted->openness;
    subjects->count = kind_count(counted, like->kind);
    subjects->list = arena_alloc(counted->arena, (subjects->count + 1) * sizeof(*subjects->list));
    int code = subjects->list ? 0 : ERR_MEMORY;
    for (size_t i = 0; !code && i < subjects->count; i++) {
        subjects->list[i].name = kind_name(counted, like->kind, i);
        code = subject_space(counted, &subjects->list[i]);
    }
    if (!code && like->weighting == COMITY__V1__WEIGHTING__WEIGHTING_PARITY)
        code = parity_weights(counted, like->office, &parity);
    if (code)
        return code;
    lines_to_subjects(counted, subjects, parity);
    *ret_subjects = counted->subjects[counted->subjects_count++] = subjects;
    return like->weighting == COMITY__V1__WEIGHTING__WEIGHTING_SEATS ? blocs_add(counted, subjects) : 0;
}

Comity__V1__ScopeKind scope_subjects(Comity__V1__ScopeKind kind)
{
    switch (kind) {
    case COMITY__V1__SCOPE_KIND__SCOPE_KIND_EACH_CONSTITUENCY:
        return COMITY__V1__SCOPE_KIND__SCOPE_KIND_CONSTITUENCY;
    case COMITY__V1__SCOPE_KIND__SCOPE_KIND_EACH_SIDE:
        return COMITY__V1__SCOPE_KIND__SCOPE_KIND_SIDE;
    case COMITY__V1__SCOPE_KIND__SCOPE_KIND_EACH_SITE:
        return COMITY__V1__SCOPE_KIND__SCOPE_KIND_SITE;
    default:
        return kind;
    }
}

/* Those of the kind that the scope names: with an EACH, all that have a line. docs/rules.md */
static int scope_make(struct counted *counted, const Comity__V1__Test *test, struct scope *scope)
{
    Comity__V1__ScopeKind kind = scope_subjects(test->scope->kind);
    bool is_weighed = test->weighting != COMITY__V1__WEIGHTING__WEIGHTING_UNSPECIFIED;
    struct subjects like = {
        .kind = kind,
        .office = test->scope->office,
        .weighting = is_weighed ? test->weighting : COMITY__V1__WEIGHTING__WEIGHTING_HEADS,
        .bloc = test->weighting == COMITY__V1__WEIGHTING__WEIGHTING_SEATS ? test->bloc : NULL,
    };
    struct subjects *subjects;
    int code = subjects_make(counted, &like, &subjects);
    if (code)
        return code;
    scope->subjects = subjects;
    scope->list = arena_alloc(counted->arena, (subjects->count + 1) * sizeof(struct subject *));
    if (!scope->list)
        return ERR_MEMORY;
    for (size_t i = 0; i < subjects->count; i++) {
        const struct subject *subject = &subjects->list[i];
        bool is_named = kind != test->scope->kind || kind == COMITY__V1__SCOPE_KIND__SCOPE_KIND_WHOLE ||
                        strcmp(subject->name, test->scope->of) == 0;
        if (is_named && (subject->lines > 0 || kind == COMITY__V1__SCOPE_KIND__SCOPE_KIND_WHOLE))
            scope->list[scope->count++] = subject;
    }
    return 0;
}

int counted_scopes(struct counted *counted)
{
    const struct subjects whole = {.kind = COMITY__V1__SCOPE_KIND__SCOPE_KIND_WHOLE,
                                   .weighting = COMITY__V1__WEIGHTING__WEIGHTING_HEADS};
    const struct subjects weighted = {.kind = COMITY__V1__SCOPE_KIND__SCOPE_KIND_WHOLE,
                                      .weighting = COMITY__V1__WEIGHTING__WEIGHTING_WEIGHT};
    struct subjects *made;
    int code = subjects_make(counted, &whole, &made);

    if (!code && counted->is_weighted)
        code = subjects_make(counted, &weighted, &made);
    counted->scopes = arena_alloc(counted->arena, (counted->rule->n_tests + 1) * sizeof(*counted->scopes));
    if (!counted->scopes)
        return ERR_MEMORY;
    for (size_t i = 0; !code && i < counted->rule->n_tests; i++)
        code = scope_make(counted, counted->rule->tests[i], &counted->scopes[i]);
    return code;
}

const struct subject *counted_whole(const struct counted *counted)
{
    return &counted->subjects[0]->list[0];
}

const struct subject *counted_whole_weighed(const struct counted *counted)
{
    return &counted->subjects[counted->is_weighted ? 1 : 0]->list[0];
}

static uint64_t amount_of(const struct counted *counted, const struct subject *subject,
                          bool says(unsigned voice))
{
    uint64_t sum = 0;
    for (size_t cell = 0; cell < counted->cell_count; cell++) {
        if (subject->cells[cell] > 0 && says((unsigned) cell / 2))
            sum += subject->cells[cell];
    }
    return sum;
}

uint64_t subject_for(const struct counted *counted, const struct subject *subject)
{
    return amount_of(counted, subject, voice_is_for);
}

uint64_t subject_against(const struct counted *counted, const struct subject *subject)
{
    return amount_of(counted, subject, voice_is_against);
}
