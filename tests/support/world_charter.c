#include "tests/support/world_charter.h"

enum { LIST_MAX = 8 };

Comity__V1__Charter *world_charter(struct world *world)
{
    Comity__V1__Charter *charter = world_alloc(world, sizeof(*charter));

    comity__v1__charter__init(charter);
    charter->text = world_text(world);
    charter->facilitation = COMITY__V1__FACILITATION__FACILITATION_PAIR;
    charter->straw_polls = COMITY__V1__RECORD_LEVEL__RECORD_LEVEL_NONE;
    charter->sidebars = COMITY__V1__RECORD_LEVEL__RECORD_LEVEL_NONE;
    return charter;
}

Comity__V1__VitalFunction *world_add_function(struct world *world, Comity__V1__Charter *charter, const char *name,
                                              Comity__V1__Share share, const char *body, const char *rule)
{
    Comity__V1__VitalFunction *function = world_alloc(world, sizeof(*function));

    comity__v1__vital_function__init(function);
    function->name = arena_string(world->arena, name);
    function->title = world_text(world);
    function->share = share;
    function->body = arena_string(world->arena, body);
    function->rule = arena_string(world->arena, rule);
    if (!charter->functions)
        charter->functions = world_alloc(world, LIST_MAX * sizeof(*charter->functions));
    charter->functions[charter->n_functions++] = function;
    return function;
}

void world_add_standing(struct world *world, Comity__V1__VitalFunction *function, const char *constituency,
                        Comity__V1__Standing standing)
{
    Comity__V1__StandingGiven *given = world_alloc(world, sizeof(*given));

    comity__v1__standing_given__init(given);
    given->constituency = arena_string(world->arena, constituency);
    given->standing = standing;
    if (!function->standings)
        function->standings = world_alloc(world, LIST_MAX * sizeof(*function->standings));
    function->standings[function->n_standings++] = given;
}

Comity__V1__Command *world_charter_command(struct world *world, Comity__V1__Charter *charter, uint32_t replaces)
{
    Comity__V1__Command *command = world_command(world, "mara", COMITY__V1__COMMAND__BODY_ADOPT_CHARTER);

    command->adopt_charter->charter = charter;
    command->adopt_charter->replaces = replaces;
    world_cosign(world, command, "lena", NULL);
    return command;
}
