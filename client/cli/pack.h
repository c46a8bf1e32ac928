/* What the pack of a session is made of. */
#ifndef COMITY_CLI_PACK_H
#define COMITY_CLI_PACK_H

#include "client/cli/page.h"
#include "client/cli/session_text.h"

struct pack {
    struct cli *cli;
    struct page *page;
    struct session_view view;
    struct rows proposals, rounds, rules, decisions, charters, actions, links;
    struct told pauses;
    bool has_record; /* a line of the item's record was put: it stands under its heading */
};

/* Each line as a point of one list. */
void pack_points(struct pack *pack, struct told told);

/* As of when the page was made: whether what stands before it is FINAL, of which @latest was collected (finality.h). Nothing
 * where no party has a witness. */
int pack_put_finality(struct pack *pack, uint64_t latest);

/* What stands on record of an item: stories, interests, options and what they are judged by, data and facts,
 * concerns about its proposals and how they ended. Fails with a sentence. */
int pack_put_record(struct pack *pack, const Comity__V1__Item *item);

/* A decision with its terms, and what it is made of and meets. Fails with a sentence. */
int pack_put_decision(struct pack *pack, const Comity__V1__Proposal *proposal,
                      const Comity__V1__Decision *decision);

/* What is owed on an item, also of its decisions. */
void pack_put_actions(struct pack *pack, const Comity__V1__Item *item);

#endif
