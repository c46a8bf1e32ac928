/* What the machine says of an event: the command that caused it, opened and decided again, and compared. */
#include <inttypes.h>

#include "core/replay/replaying.h"

static int texts_take(struct replay *r, const struct replay_event *in)
{
    size_t count = in->part_count - 2;
    Comity__V1__Text **texts = arena_alloc(r->arena, (count + 1) * sizeof(*texts));
    struct refusal refusal = {0};

    for (size_t i = 0; texts != NULL && i < count; i++) {
        const struct event_part *part = &in->parts[2 + i];

        texts[i] = NULL;
        if (in->record->parts[2 + i]->is_withheld)
            continue;
        texts[i] = arena_alloc(r->arena, sizeof(**texts));
        if (texts[i] == NULL)
            break;
        comity__v1__text__init(texts[i]);
        texts[i]->salt = (ProtobufCBinaryData){SALT_SIZE, (uint8_t *) (uintptr_t) part->salt};
        texts[i]->content =
            (ProtobufCBinaryData){part->content.size, (uint8_t *) (uintptr_t) part->content.data};
    }
    if (arena_is_exhausted(r->arena))
        return replay_wrong(r, REPLAY_MACHINE, ERR_MEMORY, N_("not enough memory"));
    if (command_take_texts(&r->command, texts, count, r->arena, &refusal) != 0)
        return replay_wrong(r, REPLAY_COMMAND, refusal.code,
                            N_("its texts are not those of its command (%s)"), error_name(refusal.code));
    for (size_t i = 0; i < count; i++)
        if (in->record->parts[2 + i]->is_withheld &&
            memcmp(in->parts[2 + i].hash, r->command.texts[i].hash, HASH_SIZE) != 0)
            return replay_wrong(r, REPLAY_COMMAND, ERR_TEXT,
                                N_("its texts are not those of its command (%s)"), error_name(ERR_TEXT));
    return 0;
}

static int signatures_check(struct replay *r)
{
    struct refusal refusal = {0};
    int code = command_check_signatures(&r->command, &refusal);

    if (code != 0)
        return replay_wrong(r, REPLAY_SIGNATURE, code, N_("a signature of its command does not fit"));
    r->signatures += 1 + r->command.envelope->n_cosignatures;
    return 0;
}

/* Was it given before? */
static int command_seek(struct replay *r)
{
    int code = r->head == 0 ? ERR_NOT_FOUND : r->place.find_command(r->place.self, r->command.id);

    if (code == ERR_NOT_FOUND)
        return 0;
    return replay_wrong(r, REPLAY_COMMAND, ERR_CORRUPT, N_("its command came before"));
}

/* Returns 0 where the command can be decided, which a false signature does not hinder whoever goes on. */
static int command_read(struct replay *r, const struct replay_event *in, int *ret_first)
{
    struct refusal refusal = {0};
    int code = command_open(in->parts[1].content, r->arena, &refusal, &r->command);

    if (code != 0)
        return replay_wrong(r, REPLAY_COMMAND, code, N_("its command cannot be read (%s %s)"),
                            error_name(code), refusal.field);
    code = texts_take(r, in);
    if (code != 0)
        return code;
    code = signatures_check(r);
    if (replay_stops(r, code))
        return code;
    *ret_first = code;
    if (memcmp(r->command.history, r->history, HISTORY_ID_SIZE) != 0)
        return replay_wrong(r, REPLAY_COMMAND, ERR_CORRUPT, N_("its command is for another history"));
    return command_seek(r);
}

const uint8_t *replay_log_key(const struct replay *r, const Comity__V1__Event *open)
{
    const Comity__V1__PartnershipFounded *founded;
    ProtobufCBinaryData key = {0};

    switch (open->kind_case) {
    case COMITY__V1__EVENT__KIND_EPOCH_OPENED:
        if (open->epoch_opened->epoch != NULL)
            key = open->epoch_opened->epoch->log_key;
        break;
    case COMITY__V1__EVENT__KIND_PARTNERSHIP_FOUNDED:
        founded = open->partnership_founded;
        if (founded->partnership != NULL && founded->partnership->n_epochs == 1)
            key = founded->partnership->epochs[0]->log_key;
        break;
    default:
        return r->log_key;
    }
    return key.len == KEY_SIZE ? key.data : NULL;
}

static enum replay_check check_of(int code)
{
    bool is_right = code <= ERR_SIGNATURE && code > ERR_HISTORY;

    return is_right ? REPLAY_RIGHT : REPLAY_DECISION;
}

static int command_again(struct replay *r, const struct view *view, const struct machine_context *context)
{
    struct refusal refusal = {0};
    int code = machine_decide(view, &r->command, context, r->arena, &r->expected, &refusal);

    if (code == 0)
        return 0;
    r->expected.count = 0;
    if (code == ERR_MEMORY)
        return replay_wrong(r, REPLAY_MACHINE, code, N_("not enough memory"));
    return replay_wrong(r, check_of(code), ERR_CORRUPT, N_("decided again, its command is refused (%s %s)"),
                        error_name(code), refusal.field);
}

/* A command of its own, in the open or withheld. */
static int command_decide(struct replay *r, struct replay_event *in, const struct view *view,
                          struct machine_context *context, int *ret_first)
{
    bool is_withheld = in->record->parts[1]->is_withheld;
    int code = is_withheld ? replay_take_hidden(r, in) : command_read(r, in, ret_first);

    if (code != 0)
        return code;
    context->lacks_answers = is_withheld;
    r->rests_on_hidden = r->rests_on_hidden || is_withheld;
    return command_again(r, view, context);
}

/* What no command caused. In the order in which the batch did it: what was due comes before any command. A new epoch
 * was opened by a restore, which carries out nothing else. */
static int due_decide(struct replay *r, const struct replay_event *in, const struct view *view,
                      const struct machine_context *context)
{
    bool is_epoch = in->open->kind_case == COMITY__V1__EVENT__KIND_EPOCH_OPENED;
    int code = r->head == 0 ? 0
               : is_epoch   ? machine_open_epoch(view, context, r->arena, &r->expected)
                            : machine_due(view, context, r->arena, &r->expected);

    if (code == 0)
        return 0;
    r->expected.count = 0;
    return replay_wrong(r, REPLAY_DECISION, code, N_("it cannot be decided again (%s)"), error_name(code));
}

static int expect(struct replay *r, struct replay_event *in, int *ret_first)
{
    struct view view = r->place.view(r->place.self);
    struct machine_context context = {
        .time_ms = in->header.time_ms,
        .next_sequence = in->header.sequence,
        .log_key = replay_log_key(r, in->open),
        .level = in->header.level,
        .counted = (Comity__V1__Outcome *) (uintptr_t) replay_counted(r, in->open),
    };
    int code;

    r->expected.count = 0;
    r->expected_next = 0;
    r->rests_on_hidden = context.counted != NULL;
    if (context.log_key == NULL)
        return replay_wrong(r, REPLAY_RECORD, ERR_MALFORMED, N_("it names no log key"));
    in->is_undecided = !in->has_command && replay_climbs_on(r, in->open);
    if (in->is_undecided)
        return 0;
    r->ladder_of = 0;
    code = due_decide(r, in, &view, &context);
    if (code != 0 || r->expected.count > 0)
        return code;
    if (in->has_command)
        return command_decide(r, in, &view, &context, ret_first);
    return replay_wrong(r, REPLAY_DECISION, ERR_CORRUPT,
                        N_("nothing caused it: no command, and no deadline that was due"));
}

static int parts_compare(struct replay *r, const struct replay_event *in,
                         const struct machine_event *expected)
{
    struct bytes open;
    size_t count = expected->command != NULL ? 2 + r->command.text_count : 1;
    bool is_framed, is_same;
    int code = message_pack(&expected->open->base, r->arena, &open);

    if (code != 0)
        return replay_wrong(r, REPLAY_MACHINE, code, N_("not enough memory"));
    is_framed = in->part_count == count && in->parts[0].round == 0 &&
                in->parts[0].audience == COMITY__V1__AUDIENCE__AUDIENCE_ALL;
    is_same = bytes_equal(open, in->parts[0].content);
    if (is_framed && !is_same && replay_may_differ(r, in->open, expected->open))
        return ERR_UNCOUNTED;
    if (!is_framed || !is_same || (r->rests_on_hidden && !replay_count_fits(r, in->open)))
        return replay_wrong(r, REPLAY_DECISION, ERR_CORRUPT, N_("decided again, it comes out differently"));
    for (size_t i = 1; i < count; i++) {
        int kind = i == 1 ? COMITY__V1__PART_KIND__PART_KIND_COMMAND : COMITY__V1__PART_KIND__PART_KIND_TEXT;

        if (in->parts[i].kind != kind || in->parts[i].audience != expected->audience ||
            in->parts[i].round != expected->round)
            return replay_wrong(r, REPLAY_DECISION, ERR_CORRUPT,
                                N_("decided again, a part of it is for another audience"));
    }
    return 0;
}

/* Receipts of one batch prove against one tree: sizes follow one another and cover the command's events. */
static int receipt_check(struct replay *r, const struct replay_event *in,
                         const struct machine_event *expected)
{
    uint64_t size = in->event->receipt_size;
    uint64_t last = in->header.sequence + r->expected.count - 1;

    if (r->announced_head == 0 && size == 0)
        return 0;
    if (expected->command == NULL)
        return size == 0
                   ? 0
                   : replay_wrong(r, REPLAY_RECEIPT, ERR_MALFORMED, N_("it has a receipt and no command"));
    if (size < last || size > r->announced_head || in->event->receipt_epoch != in->header.epoch ||
        (r->receipt_size != 0 && size != r->receipt_size))
        return replay_wrong(r, REPLAY_RECEIPT, ERR_CORRUPT,
                            N_("its receipt has a tree of %" PRIu64 ", which does not fit"), size);
    r->receipt_size = size;
    return 0;
}

/* It does not fit, which has been told: the checkpoint that its receipt calls for is due all the same, and is
 * nothing to tell of as well. */
static void receipt_take(struct replay *r, const struct replay_event *in)
{
    uint64_t size = in->event->receipt_size;

    if (r->receipt_size == 0 && size >= in->header.sequence && size <= r->announced_head)
        r->receipt_size = size;
}

/* What is applied is what was decided again: so that what was altered in one place is told of that place
 * alone. Where the record has another thing there, it is what the record has. */
static void take_expected(struct replay_event *in, const struct machine_event *expected)
{
    if (expected->open->kind_case != in->open->kind_case)
        return;
    in->machine = *expected;
    in->causes = expected->command != NULL;
}

/* It could not be decided, and whoever goes on takes it as the record has it: with its command, if that can
 * be read. */
static void take_recorded(struct replay *r, struct replay_event *in)
{
    struct refusal refusal = {0};

    if (in->machine.open != in->open)
        return;
    r->expected.count = r->expected_next = 0;
    if (in->machine.command != NULL || !in->has_command || in->record->parts[1]->is_withheld ||
        command_open(in->parts[1].content, r->arena, &refusal, &r->command) != 0)
        return;
    in->machine.command = r->command.body;
    in->causes = true;
}

static int compare(struct replay *r, struct replay_event *in, int first)
{
    struct machine_event *expected = &r->expected.list[r->expected_next];
    int code;

    r->rests_on_hidden = r->rests_on_hidden || replay_hidden_stage(r, expected->open) != 0;
    code = parts_compare(r, in, expected);
    if (code == ERR_UNCOUNTED) {
        in->is_undecided = true;
        return first;
    }
    in->is_undecided = r->rests_on_hidden;
    in->is_decided = code == 0 && first == 0 && !in->is_undecided;
    take_expected(in, expected);
    if (code == 0)
        code = receipt_check(r, in, expected);
    return first != 0 ? first : code;
}

int replay_decide(struct replay *r, struct replay_event *in)
{
    int first = 0, code = 0;

    in->machine = (struct machine_event){.open = (Comity__V1__Event *) (uintptr_t) in->open};
    if (replay_is_idle(r))
        code = expect(r, in, &first);
    first = first != 0 ? first : code;
    if (code == 0 && !replay_is_idle(r))
        first = compare(r, in, first);
    if (first != 0)
        receipt_take(r, in);
    if (code != 0 || !in->is_decided)
        take_recorded(r, in);
    return first;
}
