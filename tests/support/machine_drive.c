#include "tests/support/machine_drive.h"

static int carry_out(const struct view *view, struct machine_context *context, struct machine_events *events,
                     struct arena *arena, machine_drive_fn *visit, void *visit_context)
{
    for (size_t i = 0; i < events->count; i++) {
        struct machine_event *event = &events->list[i];
        int code;

        event->sequence = context->next_sequence++;
        code = visit ? visit(visit_context, event) : 0;
        if (code == 0)
            code = machine_apply(view, event, arena);
        if (code != 0)
            return code;
    }
    return 0;
}

static int carry_out_due(const struct view *view, struct machine_context *context, struct arena *arena,
                         machine_drive_fn *visit, void *visit_context)
{
    struct machine_events events = {.count = 0};
    int code;

    do {
        code = machine_due(view, context, arena, &events);
        if (code == 0)
            code = carry_out(view, context, &events, arena, visit, visit_context);
    } while (code == 0 && events.count > 0);
    return code;
}

int machine_drive(const struct view *view, const struct command *command, struct machine_context *context,
                  struct arena *arena, struct refusal *refusal, machine_drive_fn *visit, void *visit_context)
{
    struct machine_events events = {.count = 0};
    int failure = carry_out_due(view, context, arena, visit, visit_context);
    int code;

    if (failure != 0)
        return failure;
    code = machine_decide(view, command, context, arena, &events, refusal);
    failure = code == 0 ? carry_out(view, context, &events, arena, visit, visit_context) : 0;
    if (failure == 0)
        failure = carry_out_due(view, context, arena, visit, visit_context);
    return failure != 0 ? failure : code;
}
