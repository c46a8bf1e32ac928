/* A stage of a ladder in plain words: what is asked of whom, and what each answer leads to. */
#ifndef COMITY_CLI_STAGE_TEXT_H
#define COMITY_CLI_STAGE_TEXT_H

#include "client/cli/desk.h"
#include "core/rule/rule.h"

/* One run through a stage, with the rule whose ladder it is of. */
struct stage_view {
    const Comity__V1__StageRun *run;
    const Comity__V1__Rule *rule;
    const Comity__V1__Stage *stage;
};

/* The run of this number. Fails with a sentence. */
int stage_find(struct cli *cli, uint32_t number, struct stage_view *ret_view);

/* "a block has to be seconded" */
const char *stage_kind_word(Comity__V1__StageKind kind);
/* The kind and until when, and of whom what is asked, line by line; then the command that answers. */
void stage_say_asked(struct cli *cli, const struct stage_view *view);
/* What the outcomes that it can come to are called, and which stage each leads to. The same for programs. */
struct json_object *stage_say_leads(struct cli *cli, const struct stage_view *view);

/* Where the ladder of a proposal stands, in a line or two; nothing where there is none. Puts "stage" (number, or null)
 * and "final_outcome" (or null) into the document. */
int say_ladder(struct cli *cli, const Comity__V1__Proposal *proposal);
/* The same of a proposal that is asked for now. */
int say_ladder_of(struct cli *cli, uint32_t proposal);

#endif
