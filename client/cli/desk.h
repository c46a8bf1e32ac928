/* The desk: one connection of one run, over libcomity. Asks, submits, and remembers what was learnt. Made
 * when a verb first needs it; everything that it hands out lives in the run's arena, but for pages. */
#ifndef COMITY_CLI_DESK_H
#define COMITY_CLI_DESK_H

#include "client/cli/cli.h"
#include "client/cli/message_json.h"
#include "client/cli/prose.h"
#include "client/lib/comity.h"

/* Ready to ask and to submit: keys are read, a worker said WELCOME. Called by the functions below; by itself
 * where a verb wants the client. Fails early where every broker stays out of reach. */
int desk_open(struct cli *cli);

/* Where this run has learnt a later list of the group's brokers than the context has: keep it, and open the desk anew as
 * the list says. True where it was so; @ret_code: 0, or the failure, filled in, that desk_open would have. */
bool desk_take_up_brokers(struct cli *cli, int *ret_code);
struct comity *desk_client(struct cli *cli);

/* News of the history, also where it is moved meanwhile: as comity_subscribe; and comity_pump, which follows it. */
int desk_subscribe(struct cli *cli, uint64_t from, comity_news_fn *news, void *context);
void desk_unsubscribe(struct cli *cli);
int desk_pump(struct cli *cli, int timeout_ms);

/* A run that goes on until somebody leaves it. From then on it waits for no answer any more: what is asked
 * ends with ERR_UNREACHABLE, and what is sent as where the time for it has passed. ERR_MEMORY. */
int desk_leave_by(struct cli *cli, bool (*is_left)(void *context), void *context);
bool desk_is_left(const struct cli *cli);

/* To look at what the server shows, believed or not: nothing is held against it, and nothing is learnt of it. No desk is
 * open. */
int desk_open_apart(struct cli *cli);

/* The key that this run reads with; zeros: none. */
const uint8_t *desk_reader(const struct cli *cli);

/* Ends the connection and writes what was learnt (highest sequence, log keys) to the context. NULL-safe. */
void desk_close(struct cli *cli);

/* Where the signed commands and receipts of this home are; made where it is not there. In receipts.c. */
int journal_path(struct cli *cli, char ret_path[PATH_BYTES]);

/* The signer's key: the context's. ERR_CONFIG where it has none; ERR_FILE, ERR_FILE_MODE, ... of the file. */
int desk_signer(struct cli *cli, struct signing_key *ret_key);

/* Ask once. The texts that came along are found by desk_prose. */
int desk_ask(struct cli *cli, const Comity__V1__Query *query, const Comity__V1__Answer **ret_answer);
int desk_whoami(struct cli *cli, const Comity__V1__WhoamiAnswer **ret_whoami); /* asked once a run */

/* Ask for a page of something that may be longer than the memory of a run. What the page before handed out,
 * the answer and what was kept by desk_keep_text, is gone. */
int desk_page(struct cli *cli, const Comity__V1__Query *query, const Comity__V1__Answer **ret_answer);

/* Memory that lives as long as the page; and as long as the run, for what outlives a page. */
struct arena *desk_page_arena(struct cli *cli);
struct arena *desk_arena(struct cli *cli);

/* From here on ask for the record as it stands now, be it shorter than what was seen: for what has to find
 * out why, and tell. The desk is open. */
void desk_ignore_seen(struct cli *cli);

/* Do the daemons answer, as far as this run has heard? If not, *ret_code says why. For what goes on and on.
 */
bool desk_is_in_touch(struct cli *cli, int *ret_code);

/* Rows of a list, all pages. */
struct rows {
    const ProtobufCMessage *const *list;
    size_t count;
    uint64_t as_of;
};
/* Those of one answer to a list. */
struct rows rows_of_answer(const Comity__V1__Answer *answer, Comity__V1__ListKind kind);
int desk_rows(struct cli *cli, Comity__V1__ListKind kind, uint32_t parent, struct rows *ret_rows);

enum { DESK_LISTS = 128 }; /* more than there are kinds of lists */
/* Where names.c keeps a list that it asked for. NULL where there is no desk yet. */
struct rows **desk_list_cache(struct cli *cli, Comity__V1__ListKind kind);

/* One row by its number. ERR_NOT_FOUND, with a sentence. */
int desk_row(struct cli *cli, Comity__V1__ListKind kind, uint32_t number, const ProtobufCMessage **ret_row);

/* Keys that may sign the history's checkpoints: of the context, and learnt in this run. */
void desk_pins(struct cli *cli, const uint8_t (**ret_pins)[KEY_SIZE], size_t *ret_count);

/* A text of a record whose hash was checked: for the page, where there is one, else for the run. */
void desk_keep_text(struct cli *cli, const uint8_t hash[HASH_SIZE], struct bytes content);

/* Prose, unescaped; NULL where it is withheld. For message_to_json: context is the cli. */
const char *desk_prose(void *cli, const Comity__V1__TextRef *reference);
/* The same for people: escaped; "(withheld)", or "(purged)". With its line breaks, each line indented. */
const char *desk_shown(struct cli *cli, const Comity__V1__TextRef *reference);
const char *desk_shown_lines(struct cli *cli, const Comity__V1__TextRef *reference, const char *indent);

/* A row as JSON with its texts. */
struct json_object *desk_json(struct cli *cli, const ProtobufCMessage *message);
struct json_object *desk_json_rows(struct cli *cli, const struct rows *rows);

/* Where the texts of this run's command go. */
int desk_texts(struct cli *cli, struct comity_texts **ret_texts);

/* Take a text for a command that is being written. @what: where it was given, for the sentence. */
int desk_text(struct cli *cli, enum prose_kind kind, const char *what, struct bytes text,
              Comity__V1__TextRef **ret_reference);
/* One line from the command line: a name or a title. */
int desk_line(struct cli *cli, const char *what, const char *line, Comity__V1__TextRef **ret_reference);

/* The text that was given by --text TEXT, or by --file FILE ("-": standard input). */
int desk_given_text(struct cli *cli, Comity__V1__TextRef **ret_reference);

/* Sign with the context's key, send, wait, and put "receipt" and "event" into the document. @ret_event: the
 * first event of the command, from the verified receipt. */
int desk_submit(struct cli *cli, const Comity__V1__Command *command, const Comity__V1__Event **ret_event);

/* Take a text that an answer of this run brought, so that the command names it by the same hash. */
int desk_text_again(struct cli *cli, const Comity__V1__TextRef *shown, Comity__V1__TextRef **ret_reference);

/* A command of this run's, ready for its body. */
void desk_command_init(Comity__V1__Command *command, Comity__V1__Command__BodyCase body);
/* The same with an empty body in its place, in the arena, for what fills it in by the names of its fields. NULL where
 * memory is out. */
ProtobufCMessage *desk_command_new(struct arena *arena, Comity__V1__Command *command,
                                   Comity__V1__Command__BodyCase body);

/* The two halves, for joint acts: sign; send a draft that is signed by everybody. */
int desk_sign(struct cli *cli, const Comity__V1__Command *command, const uint8_t *history,
              struct comity_draft **ret_draft);
int desk_send(struct cli *cli, const struct comity_draft *draft, const Comity__V1__Event **ret_event);
/* Sending in two halves, for what has to be done between them: ask whoever has to be asked; send without a question. */
int desk_check(struct cli *cli, const struct comity_draft *draft);
int desk_post(struct cli *cli, const struct comity_draft *draft, const Comity__V1__Event **ret_event);
/* What became of a command that was submitted otherwise; @code: of desk_judge. */
int desk_take(struct cli *cli, int code, const struct comity_result *result, const Comity__V1__Event **ret_event);

/* The server's record is forked: the sentence, and where the evidence is. */
int desk_fail_forked(struct cli *cli);

/* What a finished request means for the run: 0, or the failure filled in. */
int desk_judge(struct cli *cli, const struct comity_result *result);

#endif
