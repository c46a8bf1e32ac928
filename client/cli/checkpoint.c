/* `comity checkpoint`: what this machine has verified, to be compared with what others have. */
#include "client/cli/checkpoint.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>

#include "client/cli/output.h"
#include "client/cli/verbs.h"
#include "core/note.h"
#include "core/text.h"
#include "core/tree.h"

enum { COMPARED_MAX_BYTES = 1024 * 1024 };

/* ---- Pure ---- */

void checkpoint_fingerprint(const uint8_t history[HISTORY_ID_SIZE],
                            const struct comity_checkpoint *checkpoint,
                            char ret_text[CHECKPOINT_FINGERPRINT_SIZE])
{
    static const char TAG[] = "comity/v1/fingerprint";
    char origin[ORIGIN_MAX_BYTES + 1];
    uint8_t size[8], hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_state state;

    checkpoint_origin(history, checkpoint->epoch, origin);
    put_u64(size, checkpoint->size);
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, (const uint8_t *) TAG, sizeof(TAG)); /* with their NUL */
    crypto_hash_sha256_update(&state, (const uint8_t *) origin, strlen(origin) + 1);
    crypto_hash_sha256_update(&state, size, sizeof(size));
    crypto_hash_sha256_update(&state, checkpoint->root, HASH_SIZE);
    crypto_hash_sha256_final(&state, hash);
    for (size_t i = 0; i < CHECKPOINT_FINGERPRINT_GROUPS; i++)
        snprintf(ret_text + 6 * i, CHECKPOINT_FINGERPRINT_SIZE - 6 * i, "%05" PRIu32 "%s",
                 get_u32(hash + 4 * i) % 100000, i + 1 < CHECKPOINT_FINGERPRINT_GROUPS ? " " : "");
}

static const uint8_t *line_end(const uint8_t *at, const uint8_t *end)
{
    const uint8_t *found = at < end ? memchr(at, '\n', (size_t) (end - at)) : NULL;

    return found == NULL ? end : found + 1;
}

int checkpoint_find(struct bytes text, const uint8_t history[HISTORY_ID_SIZE], struct bytes *ret_note)
{
    static const char DASH[] = "\xe2\x80\x94 ";
    char origin[ORIGIN_MAX_BYTES + 1];

    if (text.size == 0) /* there is no data to point into */
        return ERR_NOT_FOUND;
    const uint8_t *end = text.data + text.size;
    checkpoint_origin(history, 0, origin);
    size_t length = strlen(origin) - 1; /* without the epoch */
    for (const uint8_t *at = text.data; at < end; at = line_end(at, end)) {
        if ((size_t) (end - at) <= length || memcmp(at, origin, length) != 0)
            continue;
        const uint8_t *blank = at;
        while (blank < end && *blank != '\n')
            blank = line_end(blank, end);
        const uint8_t *last = line_end(blank, end);
        while ((size_t) (end - last) > strlen(DASH) && memcmp(last, DASH, strlen(DASH)) == 0)
            last = line_end(last, end);
        *ret_note = BYTES(at, (size_t) (last - at));
        return 0;
    }
    return ERR_NOT_FOUND;
}

int checkpoint_joined(const struct comity_checkpoint *earlier, const struct comity_checkpoint *later,
                      const ProtobufCBinaryData *proof, size_t count)
{
    struct bytes hashes[PROOF_MAX];

    if (count > PROOF_MAX)
        return ERR_FORKED;
    for (size_t i = 0; i < count; i++)
        hashes[i] = BYTES(proof[i].data, proof[i].len);
    int code = tree_consistency_check(earlier->size, later->size, hashes, count,
                                      BYTES(earlier->root, HASH_SIZE), BYTES(later->root, HASH_SIZE));
    return code == 0 ? 0 : ERR_FORKED;
}

/* ---- Asking ---- */

struct comity_pin *checkpoint_pins(struct cli *cli, size_t *ret_count)
{
    const uint8_t(*keys)[KEY_SIZE];
    size_t count;

    desk_pins(cli, &keys, &count);
    struct comity_pin *pins = arena_alloc(cli->arena, (count + 1) * sizeof(*pins));
    for (size_t i = 0; pins != NULL && i < count; i++) {
        memcpy(pins[i].history, cli->context.history, HISTORY_ID_SIZE);
        memcpy(pins[i].log_key, keys[i], KEY_SIZE);
    }
    *ret_count = pins == NULL ? 0 : count;
    return pins;
}

int checkpoint_own(struct cli *cli, struct comity_checkpoint *ret_checkpoint)
{
    int code = desk_open(cli);

    if (code == 0)
        code = comity_checkpoint(desk_client(cli), cli->context.history, ret_checkpoint);
    if (code == ERR_NOT_FOUND)
        return cli_fail(cli, code, NULL, "This machine has verified no checkpoint of the record yet.");
    return code;
}

int checkpoint_ask(struct cli *cli, uint64_t from, uint64_t size, struct comity_checkpoint *ret_checkpoint,
                   const Comity__V1__Answer **ret_answer)
{
    Comity__V1__GetCheckpoint get = COMITY__V1__GET_CHECKPOINT__INIT;
    Comity__V1__Query query = COMITY__V1__QUERY__INIT;
    const Comity__V1__Answer *answer;
    size_t pin_count;

    get.from = from;
    get.size = size;
    query.kind_case = COMITY__V1__QUERY__KIND_CHECKPOINT;
    query.checkpoint = &get;
    int code = desk_ask(cli, &query, &answer);
    if (code != 0)
        return code;
    const struct comity_pin *pins = checkpoint_pins(cli, &pin_count);
    code = comity_checkpoint_read(answer->checkpoint.data, answer->checkpoint.len, cli->context.history, pins,
                                  pin_count, ret_checkpoint);
    if (code != 0 || (size != 0 && ret_checkpoint->size != size))
        return cli_fail(cli, ERR_RECEIPT, NULL,
                        "The server gives a checkpoint that is not what was asked for.");
    if (ret_answer != NULL)
        *ret_answer = answer;
    return 0;
}

int checkpoint_join(struct cli *cli, const struct comity_checkpoint *earlier,
                    const struct comity_checkpoint *later, const Comity__V1__Answer **ret_answer)
{
    struct comity_checkpoint shown;
    const Comity__V1__Answer *answer;
    int code = checkpoint_ask(cli, earlier->size, later->size, &shown, &answer);

    if (code != 0)
        return code;
    if (ret_answer != NULL)
        *ret_answer = answer;
    if (memcmp(shown.root, later->root, HASH_SIZE) != 0)
        return ERR_FORKED;
    return checkpoint_joined(earlier, later, answer->proof, answer->n_proof);
}

/* ---- Verbs ---- */

static struct json_object *to_json(struct cli *cli, const struct comity_checkpoint *checkpoint)
{
    struct json_object *value = json_object_new_object();
    char fingerprint[CHECKPOINT_FINGERPRINT_SIZE];

    checkpoint_fingerprint(cli->context.history, checkpoint, fingerprint);
    json_object_object_add(value, "epoch", json_object_new_uint64(checkpoint->epoch));
    json_object_object_add(value, "size", json_object_new_uint64(checkpoint->size));
    json_object_object_add(value, "root", json_hex(BYTES(checkpoint->root, HASH_SIZE)));
    json_object_object_add(value, "fingerprint", json_object_new_string(fingerprint));
    json_object_object_add(
        value, "note",
        json_object_new_string_len((const char *) checkpoint->note, (int) checkpoint->note_size));
    return value;
}

int checkpoint_kept(struct cli *cli, struct comity_checkpoint *ret_checkpoint)
{
    char journal[PATH_BYTES];
    size_t pin_count;
    const struct comity_pin *pins = checkpoint_pins(cli, &pin_count);
    int code = journal_path(cli, journal);

    if (code == 0)
        code = comity_checkpoint_kept(journal, cli->context.history, pins, pin_count, ret_checkpoint);
    if (code == ERR_NOT_FOUND)
        return cli_fail(cli, code, "comity checkpoint",
                        "This machine has verified no checkpoint of the record yet.");
    if (code == ERR_CORRUPT)
        return cli_fail(cli, code, "comity checkpoint",
                        "The checkpoint that this machine keeps is damaged. The next that the server shows is taken as "
                        "the first: compare it with others.");
    return code;
}

/* The one of an earlier size: what was signed of it has to be a part of what was verified. */
static int read_at(struct cli *cli, const char *typed, struct comity_checkpoint *checkpoint)
{
    struct comity_checkpoint wanted, own = *checkpoint;
    uint64_t size;
    int code = cli_number(cli, "--at", typed, 1, own.size, &size);

    if (code == 0)
        code = checkpoint_ask(cli, 0, size, &wanted, NULL);
    if (code == 0)
        code = checkpoint_join(cli, &wanted, &own, NULL);
    if (code == ERR_FORKED)
        return cli_fail(cli, code, NULL,
                        "What the server signs for number %" PRIu64
                        " is no part of what this machine has verified.",
                        size);
    if (code == 0)
        *checkpoint = wanted;
    return code;
}

int checkpoint_run(struct cli *cli)
{
    struct comity_checkpoint checkpoint;
    const char *at = cli_option(cli, "at");
    bool is_kept = cli_has(cli, "kept");
    char fingerprint[CHECKPOINT_FINGERPRINT_SIZE];

    if (at != NULL && is_kept)
        return cli_fail(cli, ERR_USAGE, NULL,
                        "Give --at or --kept: only the server knows earlier checkpoints.");
    int code = is_kept ? checkpoint_kept(cli, &checkpoint) : checkpoint_own(cli, &checkpoint);
    if (code == 0 && at != NULL)
        code = read_at(cli, at, &checkpoint);
    if (code != 0)
        return code;
    cli_put(cli, "checkpoint", to_json(cli, &checkpoint));
    checkpoint_fingerprint(cli->context.history, &checkpoint, fingerprint);
    say(cli, "Verified up to number %" PRIu64 " of epoch %" PRIu32 ".", checkpoint.size, checkpoint.epoch);
    say(cli, "Fingerprint: %s", fingerprint);
    say(cli, "Another member who has verified the same number has the same fingerprint; comity checkpoint "
             "--at N shows "
             "that of an earlier number. Or send this, for comity checkpoint compare:");
    /* As it is, however wide the terminal: a note whose lines are broken is none. */
    if (!cli->is_json)
        printf("\n%.*s\n", (int) checkpoint.note_size, (const char *) checkpoint.note);
    return 0;
}

static int tell_forked(struct cli *cli, const struct comity_checkpoint *own,
                       const struct comity_checkpoint *other, const char *sentence)
{
    char journal[PATH_BYTES], path[PATH_BYTES];
    int code = journal_path(cli, journal);

    if (code == 0)
        code = comity_fork_keep(journal, cli->context.history, sentence, own, other, path, sizeof(path));
    cli_put_text(cli, "verdict", "forked");
    return cli_fail(cli, ERR_FORKED, NULL, "%s Both are signed by the record's own key. The evidence: %s",
                    _(sentence), code == 0 ? shown_string(cli, path) : _("it could not be written"));
}

/* Where a restore opened an epoch later than @epoch, and went back to the least number: the record up to
 * there is what both hold. */
static int common_of(struct cli *cli, uint32_t epoch, uint64_t *ret_common)
{
    const Comity__V1__WhoamiAnswer *whoami;
    uint64_t common = UINT64_MAX;
    int code = desk_whoami(cli, &whoami);

    for (size_t i = 0; code == 0 && i < whoami->partnership->n_epochs; i++) {
        const Comity__V1__Epoch *row = whoami->partnership->epochs[i];
        if (row->number > epoch && row->restored_to < common)
            common = row->restored_to;
    }
    *ret_common = common;
    return code;
}

static int compare(struct cli *cli, const struct comity_checkpoint *own,
                   const struct comity_checkpoint *other)
{
    uint64_t common;
    int code = common_of(cli, other->epoch, &common);

    if (code != 0)
        return code;
    if (other->epoch > own->epoch || (other->epoch == own->epoch && other->size > own->size))
        return tell_forked(
            cli, own, other,
            N_("The other reader was shown a later checkpoint than the server has for you: it withholds "
               "a part of the record, or it was put back."));
    if (other->size > common) {
        cli_put_text(cli, "verdict", "restored");
        return cli_fail(cli, ERR_UNCOUNTED, "Let the other reader connect, and compare anew.",
                        "The other reader's is of before a restore from a backup, which went back to number %" PRIu64
                        ": the two cannot be compared any more.",
                        common);
    }
    code = checkpoint_join(cli, other, own, NULL);
    if (code == ERR_FORKED)
        return tell_forked(
            cli, own, other,
            N_("You and the other reader were shown two different records: one does not go on from the "
               "other."));
    if (code != 0)
        return code;
    bool is_same = other->size == own->size;
    cli_put_text(cli, "verdict", is_same ? "same" : "behind");
    if (is_same)
        say(cli, "The same record: both have verified it up to number %" PRIu64 ".", own->size);
    else
        say(cli,
            "The same record. The other reader is behind, at number %" PRIu64
            ", and yours, at number %" PRIu64 ", is proved to go on from there.",
            other->size, own->size);
    return 0;
}

int checkpoint_compare_run(struct cli *cli)
{
    struct comity_checkpoint own, other;
    struct bytes text, note;
    char why[FILE_REASON_MAX];
    const char *path = cli_argument(cli, "FILE");
    size_t pin_count;
    int code =
        file_read(strcmp(path, "-") == 0 ? "/dev/stdin" : path, COMPARED_MAX_BYTES, cli->arena, &text, why);

    if (code != 0)
        return cli_fail(cli, code, NULL, "%s", why);
    if (checkpoint_find(text, cli->context.history, &note) != 0) {
        cli_fail(cli, ERR_MALFORMED, "Ask the other member for what comity checkpoint prints.",
                 "%s has no checkpoint of this record.", shown_string(cli, path));
        return cli_unusable(cli, ERR_MALFORMED);
    }
    code = checkpoint_own(cli, &own);
    if (code != 0)
        return code;
    const struct comity_pin *pins = checkpoint_pins(cli, &pin_count);
    code = comity_checkpoint_read(note.data, note.size, cli->context.history, pins, pin_count, &other);
    if (code != 0) {
        cli_fail(cli, code, "Ask the other member to send it again, as it was printed.",
                 code == ERR_SIGNATURE ? N_("The checkpoint in %s is not signed by a key of this record.")
                                       : N_("The checkpoint in %s cannot be read."),
                 shown_string(cli, path));
        return cli_unusable(cli, code);
    }
    cli_put(cli, "own", to_json(cli, &own));
    cli_put(cli, "other", to_json(cli, &other));
    return compare(cli, &own, &other);
}
