/* A copied record that is read from its file alone: what recount and audit share. */
#ifndef COMITY_CLI_COPIED_H
#define COMITY_CLI_COPIED_H

#include "client/cli/output.h"
#include "comity/v1/model.pb-c.h"

/* --history, in @buffer; NULL: of all. 0 or ERR_USAGE. */
int copied_history(struct cli *cli, uint8_t buffer[HISTORY_ID_SIZE], const uint8_t **ret_history);

/* The file, to be closed. 0 or ERR_FILE. */
int copied_open(struct cli *cli, const char *path, int *ret_descriptor);

/* To be called after each record: @events so far. */
void copied_progress(struct cli *cli, uint64_t events);

/* It is no copy at all (ERR_MALFORMED), or could not be read. Returns @code. */
int copied_fail(struct cli *cli, const char *path, int code);

/* A round whose outcome was declared otherwise than computed: what was counted is not what holds. @round has a declaration;
 * @sequence: of its event. A line for people, and a row for programs. */
const char *copied_declared_text(struct cli *cli, const Comity__V1__Round *round, uint64_t sequence);
struct json_object *copied_declared_json(const uint8_t history[HISTORY_ID_SIZE], const Comity__V1__Round *round,
                                         uint64_t sequence);

/* Was there what has to be: all of the file, up to @events, and the histories that were asked for? 0 or ERR_UNCOUNTED. */
int copied_check(struct cli *cli, bool is_whole, uint64_t events, uint32_t histories);

#endif
