#include "core/charter.h"

#include "core/error.h"
#include "core/key.h"

static int path_refuse(const struct path *path, const char *list, size_t index, const char *name, int code,
                       struct refusal *refusal)
{
    char field[FIELD_PATH_MAX];
    const struct path element = {path, list, (int64_t) index};
    const struct path part = {list ? &element : path, name, PATH_NOT_REPEATED};

    return refuse(refusal, code, path_write(&part, field, sizeof(field)));
}

const Comity__V1__VitalFunction *charter_function(const Comity__V1__Charter *charter, const char *name)
{
    for (size_t i = 0; i < charter->n_functions; i++)
        if (strcmp(charter->functions[i]->name, name) == 0)
            return charter->functions[i];
    return NULL;
}

bool charter_excludes(const Comity__V1__Charter *charter, const char *name)
{
    for (size_t i = 0; i < charter->n_excluded; i++)
        if (strcmp(charter->excluded[i]->name, name) == 0)
            return true;
    return false;
}

/* Functions and excluded subjects have one space of names: an item is put under one of either. */
static int check_names(const Comity__V1__Charter *charter, const struct path *path, struct refusal *refusal)
{
    for (size_t i = 0; i < charter->n_functions; i++)
        if (charter_function(charter, charter->functions[i]->name) != charter->functions[i])
            return path_refuse(path, "functions", i, "name", ERR_DUPLICATE, refusal);
    for (size_t i = 0; i < charter->n_excluded; i++) {
        const char *name = charter->excluded[i]->name;
        bool is_known = charter_function(charter, name) != NULL;

        for (size_t k = 0; k < i; k++)
            is_known = is_known || strcmp(charter->excluded[k]->name, name) == 0;
        if (is_known)
            return path_refuse(path, "excluded", i, "name", ERR_DUPLICATE, refusal);
    }
    return 0;
}

static int check_lists(const Comity__V1__Charter *charter, const struct path *path, struct refusal *refusal)
{
    for (size_t i = 0; i < charter->n_records; i++)
        for (size_t k = 0; k < i; k++)
            if (charter->records[k]->phase == charter->records[i]->phase)
                return path_refuse(path, "records", i, "phase", ERR_DUPLICATE, refusal);
    for (size_t i = 0; i < charter->n_co_chairs; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(charter->co_chairs[k]->constituency, charter->co_chairs[i]->constituency) == 0)
                return path_refuse(path, "co_chairs", i, "constituency", ERR_DUPLICATE, refusal);
    for (size_t i = 0; i < charter->n_retention; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(charter->retention[k]->name, charter->retention[i]->name) == 0)
                return path_refuse(path, "retention", i, "name", ERR_DUPLICATE, refusal);
    return 0;
}

/* A body and a rule go together. 0, or ERR_MISSING of the one that is not given. */
static int check_pair(const char *body, const char *rule, const char *body_field, const char *rule_field,
                      const struct path *path, struct refusal *refusal)
{
    if ((body[0] == '\0') == (rule[0] == '\0'))
        return 0;
    return path_refuse(path, NULL, 0, body[0] == '\0' ? body_field : rule_field, ERR_MISSING, refusal);
}

int charter_check(const ProtobufCMessage *message, const struct path *path, struct refusal *refusal)
{
    const Comity__V1__Charter *charter = (const Comity__V1__Charter *) message;
    int code = check_names(charter, path, refusal);

    if (code == 0)
        code = check_lists(charter, path, refusal);
    if (code == 0)
        code = check_pair(charter->amendment_body, charter->amendment_rule, "amendment_body",
                          "amendment_rule", path, refusal);
    return code;
}

int vital_function_check(const ProtobufCMessage *message, const struct path *path, struct refusal *refusal)
{
    const Comity__V1__VitalFunction *function = (const Comity__V1__VitalFunction *) message;

    for (size_t i = 0; i < function->n_standings; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(function->standings[k]->constituency, function->standings[i]->constituency) == 0)
                return path_refuse(path, "standings", i, "constituency", ERR_DUPLICATE, refusal);
    if (function->share != COMITY__V1__SHARE__SHARE_INFORM && function->body[0] == '\0')
        return path_refuse(path, NULL, 0, "body", ERR_MISSING, refusal);
    return check_pair(function->body, function->rule, "body", "rule", path, refusal);
}

/* What comes after the test is an end: there is nothing to keep of it. */
int phase_record_check(const ProtobufCMessage *message, const struct path *path, struct refusal *refusal)
{
    const Comity__V1__PhaseRecord *record = (const Comity__V1__PhaseRecord *) message;

    if (record->phase <= COMITY__V1__PHASE__PHASE_TEST)
        return 0;
    return path_refuse(path, NULL, 0, "phase", ERR_RANGE, refusal);
}

int charter_hash(const Comity__V1__Charter *charter, struct arena *arena, uint8_t ret_hash[HASH_SIZE])
{
    struct bytes packed;
    int code = message_pack(&charter->base, arena, &packed);

    if (code == 0)
        tagged_hash(TAG_CHARTER, packed, ret_hash);
    return code;
}

Comity__V1__RecordLevel charter_record_level(const Comity__V1__Charter *charter, Comity__V1__Phase phase)
{
    for (size_t i = 0; charter && i < charter->n_records; i++)
        if (charter->records[i]->phase == phase)
            return charter->records[i]->level;
    return phase >= COMITY__V1__PHASE__PHASE_STORY && phase <= COMITY__V1__PHASE__PHASE_OPTIONS
               ? COMITY__V1__RECORD_LEVEL__RECORD_LEVEL_SUMMARY
               : COMITY__V1__RECORD_LEVEL__RECORD_LEVEL_FULL;
}

bool share_is_advice(Comity__V1__Share share)
{
    return share == COMITY__V1__SHARE__SHARE_INFORM || share == COMITY__V1__SHARE__SHARE_CONSULT ||
           share == COMITY__V1__SHARE__SHARE_RECOMMEND;
}
