/* What `comity doctor` finds: a line for each thing that was looked at. */
#ifndef COMITY_CLI_DOCTOR_H
#define COMITY_CLI_DOCTOR_H

#include "client/cli/cli.h"
#include "comity/v1/query.pb-c.h"

enum finding { FINDING_OK, FINDING_WARNING, FINDING_PROBLEM };

struct doctor {
    struct cli *cli;
    const char *check;         /* name of the one under way */
    struct json_object *array; /* {check, finding, what, next} */
    size_t warnings, problems;
    bool reads_only; /* what answers takes no acts now */
    int code;        /* of the first problem */
    const char *next;
};

/* Say what was found. @code: of a problem, an error of core/error.h that its exit follows from; else 0.
 * @next: a command or an advice; NULL with FINDING_OK. */
void doctor_tell(struct doctor *doctor, enum finding finding, int code, const char *next, const char *format,
                 ...) __attribute__((format(printf, 5, 6)));

/* The same for what has just failed in the run; the failure is taken back. */
void doctor_tell_failure(struct doctor *doctor, int code);

/* The way to the worker, step by step; true where one answers. In doctor_line.c. */
bool doctor_check_brokers(struct doctor *doctor);
/* What the worker says of itself: its clock, its version, and to its operator its figures. */
void doctor_check_worker(struct doctor *doctor);
void doctor_check_broker_figures(struct doctor *doctor);
void doctor_check_member(struct doctor *doctor);

/* Of an installation of several sites on this machine, which the context belongs to: etcd's members, certificates; nothing else. And
 * the log that its worker takes part in. In doctor_sites.c. */
void doctor_check_sites(struct doctor *doctor);
void doctor_check_log(struct doctor *doctor, const Comity__V1__LogStatus *log);
/* Has etcd not answered that worker for 3 s, or never? What it says of the log is old then. In doctor_sites.c. */
bool log_is_silent(const Comity__V1__LogStatus *log);

#endif
