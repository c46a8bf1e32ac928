#include "client/cli/finality.h"

#include <inttypes.h>

#include "client/cli/checkpoint.h"
#include "client/cli/names.h"
#include "client/cli/output.h"
#include "core/event.h"
#include "core/note.h"

/* ---- Checking cosignatures ---- */

/* Checkpoints that are proved to be of one record with what this machine has verified. */
struct proved {
    struct comity_checkpoint *list;
    size_t count, room;
};

struct checking {
    struct cli *cli;
    struct comity_checkpoint own;
    struct proved proved;
    struct checked_cosignature *checked;
    size_t checked_count;
};

/* What the log signs of this size, proved against our own. */
static int proved_at(struct checking *checking, uint64_t size,
                     const struct comity_checkpoint **ret_checkpoint)
{
    struct comity_checkpoint shown;
    const struct comity_checkpoint *own = &checking->own;
    const Comity__V1__Answer *answer;
    int code = 0;

    *ret_checkpoint = NULL;
    if (size == own->size) {
        *ret_checkpoint = own;
        return 0;
    }
    for (size_t i = 0; i < checking->proved.count; i++)
        if (checking->proved.list[i].size == size) {
            *ret_checkpoint = &checking->proved.list[i];
            return 0;
        }
    if (size > own->size) {
        code = checkpoint_ask(checking->cli, own->size, size, &shown, &answer);
        if (code == 0)
            code = checkpoint_joined(own, &shown, answer->proof, answer->n_proof);
    } else {
        code = checkpoint_ask(checking->cli, 0, size, &shown, NULL);
        if (code == 0)
            code = checkpoint_join(checking->cli, &shown, own, NULL);
    }
    if (code != 0)
        return code;
    struct proved *proved = &checking->proved;
    struct comity_checkpoint *list =
        arena_room(checking->cli->arena, proved->list, proved->count, &proved->room, sizeof(*list));
    if (list == NULL)
        return ERR_MEMORY;
    proved->list = list;
    proved->list[proved->count] = shown;
    *ret_checkpoint = &proved->list[proved->count++];
    return 0;
}

static bool is_signed(const Comity__V1__Witness *witness, const Comity__V1__Cosignature *cosignature,
                      const uint8_t history[HISTORY_ID_SIZE], const struct comity_checkpoint *shown)
{
    struct checkpoint checkpoint = {.size = shown->size};
    char text[CHECKPOINT_MAX_BYTES];

    checkpoint_origin(history, shown->epoch, checkpoint.origin);
    memcpy(checkpoint.root, shown->root, HASH_SIZE);
    size_t size = checkpoint_write(&checkpoint, text);
    return cosignature_check(witness->key.data, BYTES(text, size), cosignature->time_s,
                             BYTES(cosignature->signature.data, cosignature->signature.len)) == 0;
}

/* The one that signs with this key and stands; NULL: nobody whose word counts. */
static const Comity__V1__Witness *witness_of(const struct rows *witnesses, ProtobufCBinaryData key)
{
    for (size_t i = 0; i < witnesses->count; i++) {
        const Comity__V1__Witness *row = (const Comity__V1__Witness *) witnesses->list[i];
        if (row->dismissed == 0 && row->key.len == KEY_SIZE &&
            bytes_equal(BYTES(row->key.data, row->key.len), BYTES(key.data, key.len)))
            return row;
    }
    return NULL;
}

/* Of the epoch in which we are: what was signed before a restore is of another origin, and its witness has to
 * accept the new one first. */
static int check_all(struct checking *checking, const struct rows *witnesses,
                     const Comity__V1__Answer *answer, bool *ret_checked)
{
    for (size_t i = 0; i < answer->n_cosignatures; i++) {
        const Comity__V1__Cosignature *row = answer->cosignatures[i];
        const Comity__V1__Witness *witness = witness_of(witnesses, row->key);
        const struct comity_checkpoint *shown;
        if (witness == NULL || row->epoch != checking->own.epoch || row->size == 0)
            continue;
        int code = proved_at(checking, row->size, &shown);
        if (code == ERR_RANGE) /* past the head that we are shown: a part is withheld from us */
            code = ERR_FORKED;
        if (code != 0)
            return code;
        ret_checked[i] = is_signed(witness, row, checking->cli->context.history, shown);
        if (ret_checked[i])
            checking->checked[checking->checked_count++] = (struct checked_cosignature){row, *shown};
    }
    return 0;
}

/* What has been verified may be older than what is shown beside it: the present goes on from there. A restore in between is
 * another epoch, and the next command's. */
static int ask_present(struct checking *checking, const Comity__V1__Answer **ret_answer)
{
    struct comity_checkpoint present;
    int code = checkpoint_ask(checking->cli, checking->own.size, 0, &present, ret_answer);

    if (code != 0 || present.epoch != checking->own.epoch)
        return code;
    code = checkpoint_joined(&checking->own, &present, (*ret_answer)->proof, (*ret_answer)->n_proof);
    if (code != 0)
        return cli_fail(checking->cli, code, NULL,
                        "What the server signs for number %" PRIu64 " is no part of what this machine has verified.",
                        present.size);
    checking->own = present;
    return 0;
}

static int find(struct cli *cli, struct shown_finality *shown)
{
    struct checking checking = {.cli = cli};
    struct rows witnesses = {0};
    const struct rows *constituencies;
    const Comity__V1__Answer *answer;
    int code = checkpoint_own(cli, &checking.own);

    if (code == 0)
        code = names_list(cli, COMITY__V1__LIST_KIND__LIST_KIND_CONSTITUENCIES, &constituencies);
    if (code == 0)
        code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_WITNESSES, 0, &witnesses);
    if (code == 0)
        code = ask_present(&checking, &answer);
    if (code != 0)
        return code;
    bool *is_checked = arena_alloc(cli->arena, (answer->n_cosignatures + 1) * sizeof(*is_checked));
    checking.checked = arena_alloc(desk_arena(cli), (answer->n_cosignatures + 1) * sizeof(*checking.checked));
    if (is_checked == NULL || checking.checked == NULL)
        return ERR_MEMORY;
    code = check_all(&checking, &witnesses, answer, is_checked);
    if (code != 0)
        return code;
    finality_find(checking.own.epoch, (Comity__V1__Constituency *const *) constituencies->list, constituencies->count,
                  (Comity__V1__Witness *const *) witnesses.list, witnesses.count, answer->cosignatures,
                  is_checked, answer->n_cosignatures, &shown->finality);
    shown->head = checking.own.size;
    shown->checked = checking.checked;
    shown->checked_count = checking.checked_count;
    for (size_t i = 0; i < shown->finality.count; i++)
        shown->has_witness |= shown->finality.parties[i].has_witness;
    return 0;
}

int finality_ask(struct cli *cli, const struct shown_finality **ret_finality)
{
    struct shown_finality *shown;

    if (cli->finality == NULL) {
        int opened = desk_open(cli);
        if (opened != 0)
            return opened;
        shown = arena_alloc(desk_arena(cli), sizeof(*shown));
        int code = shown == NULL ? ERR_MEMORY : find(cli, shown);
        if (code == ERR_FORKED && cli->failure.code != code)
            return cli_fail(cli, code, NULL,
                            "A witness has signed another record than the one that the server shows.");
        if (code != 0)
            return code;
        cli->finality = shown;
    }
    *ret_finality = cli->finality;
    return 0;
}

/* Where it cannot be found out that is no failure of the command; a fork is. */
static int ask_in_passing(struct cli *cli, const struct shown_finality **ret_finality)
{
    struct failure before = cli->failure;
    int code = finality_ask(cli, ret_finality);

    if (code != ERR_FORKED)
        cli->failure = before;
    return code;
}

/* ---- Telling ---- */

uint64_t finality_later(uint64_t latest, const ProtobufCMessage *row)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(row->descriptor, "changed");
    uint64_t changed = 0;

    if (field == NULL)
        return latest;
    memcpy(&changed, (const char *) row + field->offset, sizeof(changed));
    if (changed == 0)
        return FINALITY_UNKNOWN;
    return changed > latest ? changed : latest;
}

uint64_t finality_later_of(uint64_t latest, const struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        latest = finality_later(latest, rows->list[i]);
    return latest;
}

void finality_shows(struct cli *cli, const ProtobufCMessage *row)
{
    cli->latest = finality_later(cli->latest, row);
}

static bool is_final_at(const struct shown_finality *shown, uint64_t latest)
{
    if (!shown->has_witness || shown->finality.final == 0)
        return false;
    return latest == FINALITY_UNKNOWN ? shown->finality.final >= shown->head : latest <= shown->finality.final;
}

static const char *missing_text(struct cli *cli, const struct finality_party *party)
{
    const char *name = name_of_constituency(cli, party->constituency);

    if (!party->has_witness)
        return phrase(cli, "%s has no witness", name);
    if (party->awaits_accept)
        return phrase(cli, "no witness of %s has accepted the restored record yet", name);
    if (party->covered == 0)
        return phrase(cli, "no witness of %s has signed yet", name);
    return phrase(cli, "no witness of %s has signed since number %" PRIu64, name, party->covered);
}

/* The parties that keep @sequence from being FINAL. */
static const char *all_missing(struct cli *cli, const struct finality *finality, uint64_t sequence)
{
    const char *items[FINALITY_PARTIES_MAX];
    size_t count = 0;

    for (size_t i = 0; i < finality->count; i++)
        if (finality_is_missing(&finality->parties[i], sequence))
            items[count++] = missing_text(cli, &finality->parties[i]);
    return shown_list(cli, items, count);
}

/* What is to be done where a restore is the reason: nothing is FINAL then. */
static const char *with_advice(struct cli *cli, const struct finality *finality, const char *line)
{
    for (size_t i = 0; i < finality->count; i++)
        if (finality->parties[i].awaits_accept)
            return phrase(cli, "%s %s", line,
                          _("Whoever runs such a witness has to look at what was restored, and then to say: "
                            "comity-witness accept."));
    return line;
}

static const char *line_of(struct cli *cli, struct shown_finality *shown, uint64_t latest)
{
    const struct finality *finality = &shown->finality;

    if (!shown->has_witness)
        return _("Recorded, and in force. Nothing becomes FINAL here: no party has a witness.");
    if (latest != 0 && is_final_at(shown, latest))
        return _("FINAL: a witness of every party has signed it.");
    const char *missing = all_missing(cli, finality, latest == 0 || latest == FINALITY_UNKNOWN ? shown->head : latest);
    if (latest != 0)
        return with_advice(cli, finality, phrase(cli, "Recorded, and in force; not FINAL yet: %s.", missing));
    if (finality->final >= shown->head)
        return phrase(cli, "FINAL up to number %" PRIu64 ": a witness of every party has signed all of it.",
                      finality->final);
    if (finality->final == 0)
        return with_advice(cli, finality, phrase(cli, "Nothing is FINAL yet; missing: %s.", missing));
    return phrase(cli, "FINAL up to number %" PRIu64 " of %" PRIu64 "; missing: %s.", finality->final,
                  shown->head, missing);
}

static struct json_object *to_json(struct shown_finality *shown, uint64_t latest)
{
    struct json_object *value = json_object_new_object(), *parties = json_object_new_array();

    json_object_object_add(value, "final", json_object_new_uint64(shown->finality.final));
    json_object_object_add(value, "verified", json_object_new_uint64(shown->head));
    bool is_final = latest != 0 && is_final_at(shown, latest);
    json_object_object_add(value, "is_final", latest == 0 ? NULL : json_object_new_boolean(is_final));
    for (size_t i = 0; i < shown->finality.count; i++) {
        const struct finality_party *party = &shown->finality.parties[i];
        struct json_object *row = json_object_new_object();
        json_object_object_add(row, "constituency", json_object_new_uint64(party->constituency));
        json_object_object_add(row, "has_witness", json_object_new_boolean(party->has_witness));
        json_object_object_add(row, "covered", json_object_new_uint64(party->covered));
        json_object_object_add(row, "awaits_accept", json_object_new_boolean(party->awaits_accept));
        json_object_array_add(parties, row);
    }
    json_object_object_add(value, "parties", parties);
    return value;
}

static int say_as_far(struct cli *cli, uint64_t latest, bool is_told_always)
{
    const struct shown_finality *asked;
    int code = ask_in_passing(cli, &asked);

    if (code == ERR_FORKED)
        return code;
    if (code != 0) {
        cli_put(cli, "finality", NULL);
        say(cli, "Whether it is FINAL could not be found out: %s", language_error(code));
        return 0;
    }
    cli_put(cli, "finality", to_json(cli->finality, latest));
    if (is_told_always || asked->has_witness)
        say(cli, "%s", line_of(cli, cli->finality, latest));
    return 0;
}

int finality_say(struct cli *cli)
{
    return say_as_far(cli, cli->latest == 0 ? FINALITY_UNKNOWN : cli->latest, true);
}

int finality_say_beside(struct cli *cli)
{
    return say_as_far(cli, cli->latest == 0 ? FINALITY_UNKNOWN : cli->latest, false);
}

int finality_say_all(struct cli *cli)
{
    return say_as_far(cli, 0, true);
}

int finality_say_none(struct cli *cli)
{
    cli_put(cli, "finality", NULL);
    return 0;
}

int finality_of_one(struct cli *cli, uint64_t latest, struct json_object *row, const char **ret_line, const char **ret_word)
{
    const struct shown_finality *asked;
    int code = ask_in_passing(cli, &asked);

    *ret_line = *ret_word = NULL;
    if (code == ERR_FORKED)
        return code;
    bool is_final = code == 0 && is_final_at(asked, latest);
    if (row != NULL)
        json_object_object_add(row, "is_final", code != 0 ? NULL : json_object_new_boolean(is_final));
    if (code == 0 && asked->has_witness) {
        *ret_line = line_of(cli, cli->finality, latest);
        *ret_word = is_final ? _("FINAL") : _("not FINAL yet");
    }
    return 0;
}

int finality_state(struct cli *cli, const ProtobufCMessage *shown, struct json_object *row, const char **state)
{
    const char *line, *word;
    int code = finality_of_one(cli, finality_later(0, shown), row, &line, &word);

    if (word != NULL)
        *state = arena_printf(cli->arena, "%s, %s", *state, word);
    return code;
}

const char *finality_line(struct cli *cli)
{
    const struct shown_finality *asked;
    struct failure before = cli->failure;
    int code = finality_ask(cli, &asked);

    cli->failure = before;
    return code != 0 ? NULL : line_of(cli, cli->finality, 0);
}

bool finality_has(struct cli *cli, uint64_t sequence)
{
    const struct shown_finality *asked;
    struct failure before = cli->failure;
    int code = finality_ask(cli, &asked);

    cli->failure = before;
    return code == 0 && sequence <= asked->finality.final;
}

int finality_watched(struct cli *cli, const char **ret_line, bool *ret_is_all)
{
    const struct shown_finality *asked;
    struct failure before = cli->failure;

    cli->finality = NULL;
    int code = finality_ask(cli, &asked);
    if (code != ERR_FORKED)
        cli->failure = before;
    if (code == 0) {
        *ret_line = cli->finality->has_witness ? line_of(cli, cli->finality, 0) : NULL;
        *ret_is_all = !cli->finality->has_witness || cli->finality->finality.final >= cli->finality->head;
    }
    return code;
}

struct json_object *finality_json(struct cli *cli)
{
    return cli->finality == NULL ? NULL : to_json(cli->finality, 0);
}
