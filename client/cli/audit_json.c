/* What an audit found, for programs. */
#include "client/cli/audit.h"
#include "client/cli/checkpoint.h"
#include "core/rule/rule.h"
#include "core/text.h"

static void put(struct json_object *row, const char *name, struct json_object *value)
{
    json_object_object_add(row, name, value);
}

static void put_count(struct json_object *row, const char *name, uint64_t value)
{
    put(row, name, json_object_new_uint64(value));
}

static struct json_object *ranges_json(const struct audit_numbers *numbers)
{
    struct json_object *list = json_object_new_array();

    for (size_t i = 0; i < numbers->ranges; i++) {
        struct json_object *range = json_object_new_object();
        put_count(range, "first", numbers->list[i].first);
        put_count(range, "last", numbers->list[i].last);
        json_object_array_add(list, range);
    }
    return list;
}

static void put_numbers(struct json_object *row, const char *name, const struct audit_numbers *numbers)
{
    struct json_object *value = json_object_new_object();

    put_count(value, "count", numbers->count);
    put(value, "numbers", ranges_json(numbers));
    put(row, name, value);
}

void audit_json_finding(struct audit_run *r, const struct audit_finding *finding)
{
    struct json_object *row = json_object_new_object();

    put(row, "history", finding->history == NULL ? NULL : json_hex(BYTES(finding->history, HISTORY_ID_SIZE)));
    put(row, "sequence", finding->sequence == 0 ? NULL : json_object_new_uint64(finding->sequence));
    put(row, "is_after", json_object_new_boolean(finding->is_after));
    put(row, "check", json_object_new_string(audit_check_name(finding->check)));
    put(row, "sentence", json_object_new_string(finding->sentence));
    json_object_array_add(r->findings, row);
}

static struct json_object *epochs_json(const Comity__V1__Partnership *partnership)
{
    struct json_object *list = json_object_new_array();

    for (size_t i = 0; partnership != NULL && i < partnership->n_epochs; i++) {
        const Comity__V1__Epoch *epoch = partnership->epochs[i];
        struct json_object *row = json_object_new_object();
        put_count(row, "number", epoch->number);
        put_count(row, "restored_to", epoch->restored_to);
        put(row, "log_key", json_hex(BYTES(epoch->log_key.data, epoch->log_key.len)));
        json_object_array_add(list, row);
    }
    return list;
}

static struct json_object *cosigners_json(const struct audit_run *r, const struct audit_history *history)
{
    struct json_object *list = json_object_new_array();

    for (size_t i = 0; i < history->cosigner_count; i++) {
        const struct audit_cosigner *cosigner = &history->cosigners[i];
        struct json_object *row = json_object_new_object();
        put(row, "key", json_hex(BYTES(cosigner->key, KEY_SIZE)));
        put(row, "witness",
            cosigner->witness == NULL ? NULL : json_object_new_string(cosigner->witness->name));
        put(row, "constituency",
            cosigner->witness == NULL ? NULL : json_object_new_int64(cosigner->witness->constituency));
        put_count(row, "size", cosigner->size);
        put(row, "time_s", cosigner->time_s == 0 ? NULL : json_object_new_int64(cosigner->time_s));
        put(row, "is_good", json_object_new_boolean(cosigner->is_good));
        put(row, "is_known", r->options.witness_key_count == 0 ? NULL : json_object_new_boolean(cosigner->is_known));
        json_object_array_add(list, row);
    }
    return list;
}

static struct json_object *parties_json(const struct finality *finality)
{
    struct json_object *list = json_object_new_array();

    for (size_t i = 0; i < finality->count; i++) {
        struct json_object *row = json_object_new_object();
        put_count(row, "constituency", finality->parties[i].constituency);
        put(row, "has_witness", json_object_new_boolean(finality->parties[i].has_witness));
        put_count(row, "covered", finality->parties[i].covered);
        put(row, "awaits_accept", json_object_new_boolean(finality->parties[i].awaits_accept));
        json_object_array_add(list, row);
    }
    return list;
}

void audit_json_history(struct audit_run *r, const struct audit_history *history)
{
    struct json_object *row = json_object_new_object();
    char fingerprint[CHECKPOINT_FINGERPRINT_SIZE];

    audit_fingerprint(history, fingerprint);
    put(row, "history", json_hex(BYTES(history->history, HISTORY_ID_SIZE)));
    put_count(row, "events", history->events);
    put_count(row, "head", history->head);
    put(row, "root", json_hex(BYTES(history->root, HASH_SIZE)));
    put(row, "fingerprint", json_object_new_string(fingerprint));
    put_count(row, "decided", history->decided);
    put_count(row, "commands", history->commands);
    put_count(row, "signatures", history->signatures);
    put_count(row, "checkpoints", history->checkpoints);
    put(row, "is_whole", json_object_new_boolean(history->is_whole));
    put(row, "is_signed", json_object_new_boolean(history->is_signed));
    put(row, "is_pinned", json_object_new_boolean(history->is_pinned));
    put_count(row, "known", history->known);
    put_numbers(row, "withheld", &history->withheld);
    put_numbers(row, "undecided", &history->undecided);
    put_numbers(row, "texts_withheld", &history->texts_withheld);
    put_numbers(row, "erased", &history->erased);
    put(row, "epochs", epochs_json(history->partnership));
    put(row, "cosignatures", cosigners_json(r, history));
    put_count(row, "final", history->finality.final);
    put(row, "parties", parties_json(&history->finality));
    json_object_array_add(r->histories, row);
}

void audit_json_count(struct audit_run *r, const struct recounted *recounted, const struct audit_seen *seen)
{
    static const char *const WHATS[] = {"closed", "extended", "stage_ended"};
    static const char *const VERDICTS[] = {"same", "differs", "impossible"};
    struct json_object *row = json_object_new_object();
    uint32_t decision = audit_decision_of(seen, recounted->round->number);

    put(row, "history", json_hex(BYTES(recounted->history, HISTORY_ID_SIZE)));
    put_count(row, "round", recounted->round->number);
    put(row, "stage", recounted->stage == 0 ? NULL : json_object_new_int64(recounted->stage));
    put_count(row, "sequence", recounted->sequence);
    put(row, "what", json_object_new_string(WHATS[recounted->what]));
    put(row, "outcome", json_object_new_string(outcome_name(recounted->outcome)));
    put(row, "decision", decision == 0 ? NULL : json_object_new_int64(decision));
    put(row, "is_final", json_object_new_boolean(audit_is_final(seen, recounted)));
    put(row, "verdict", json_object_new_string(VERDICTS[recounted->verdict]));
    json_object_array_add(r->json_counts, row);
}

void audit_json_summary(struct audit_run *r, const char *path)
{
    const struct audit_summary *summary = &r->summary;
    struct cli *cli = r->cli;

    cli_put_text(cli, "file", path);
    cli_put_text(cli, "kind", summary->is_backup ? "export" : "copy");
    cli_put_text(cli, "software", summary->software);
    cli_put(cli, "made_ms", json_object_new_int64(summary->made_ms));
    cli_put(cli, "is_whole", json_object_new_boolean(summary->is_whole));
    cli_put(cli, "is_sealed", json_object_new_boolean(summary->is_sealed));
    cli_put_number(cli, "events", summary->events);
    cli_put_number(cli, "wrong", summary->findings);
    cli_put_number(cli, "unverified", summary->unverified);
    cli_put_number(cli, "same", summary->counts[RECOUNT_SAME]);
    cli_put_number(cli, "differing", summary->counts[RECOUNT_DIFFERS]);
    cli_put_number(cli, "impossible", summary->counts[RECOUNT_IMPOSSIBLE]);
    cli_put(cli, "findings", r->findings);
    cli_put(cli, "histories", r->histories);
    cli_put(cli, "counts", r->json_counts);
    cli_put(cli, "declared", r->json_declared);
}
