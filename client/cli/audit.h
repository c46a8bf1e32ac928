/* The report of an audit: what was found, gathered while the file is read, and said at the end. */
#ifndef COMITY_CLI_AUDIT_H
#define COMITY_CLI_AUDIT_H

#include "client/audit/audit.h"
#include "client/cli/output.h"

enum { AUDIT_FINDINGS_SHOWN = 20, AUDIT_FINDINGS_KEPT = 1000, AUDIT_COUNTS_SHOWN = 40 };

/* What the counts of a history refer to. */
struct audit_seen {
    uint8_t history[HISTORY_ID_SIZE];
    uint64_t final; /* every event up to this one is FINAL */
    uint32_t *decision_rounds, *decision_numbers;
    size_t decision_count;
    uint32_t *declared_rounds; /* whose outcome was declared otherwise, */
    uint64_t *declared;        /* by the event of this number */
    size_t declared_count;
    const char *lines; /* what is said of the history */
};

struct audit_run {
    struct cli *cli;
    struct audit_options options;
    struct audit_summary summary;
    struct sheet sheet;
    uint64_t counts, counts_hidden; /* rows of the table, and those that it has no room for */
    const char *first;              /* the first finding, as a sentence */
    const char *shown[AUDIT_FINDINGS_SHOWN];
    uint64_t found;
    uint64_t missing; /* witnesses that were named, of each history, that have not signed it */
    struct audit_seen *seen;
    size_t seen_count, seen_room;
    const char *declared; /* the lines on outcomes that were declared otherwise */
    struct json_object *findings, *histories, *json_counts, *json_declared;
};

/* audit_report.c: for people. */
const char *audit_finding_text(struct audit_run *r, const struct audit_finding *finding);
const char *audit_history_text(struct audit_run *r, const struct audit_history *history);
void audit_count_row(struct audit_run *r, const struct recounted *recounted, const struct audit_seen *seen);
void audit_report(struct audit_run *r, const char *path);

/* CHECKPOINT_FINGERPRINT_SIZE of checkpoint.h: of the tree at the head. */
void audit_fingerprint(const struct audit_history *history, char *ret_text);

/* audit_json.c: for programs. */
void audit_json_finding(struct audit_run *r, const struct audit_finding *finding);
void audit_json_history(struct audit_run *r, const struct audit_history *history);
void audit_json_count(struct audit_run *r, const struct recounted *recounted, const struct audit_seen *seen);
void audit_json_summary(struct audit_run *r, const char *path);

/* Is it FINAL, with what was declared otherwise since? Nothing is that is not what the ballots come to. */
bool audit_is_final(const struct audit_seen *seen, const struct recounted *recounted);

/* The decision that the round led to; 0: none. */
uint32_t audit_decision_of(const struct audit_seen *seen, uint32_t round);

#endif
