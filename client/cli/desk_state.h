/* What the desk's own files share: desk.c, desk_follow.c, desk_texts.c. Nobody else's. */
#ifndef COMITY_CLI_DESK_STATE_H
#define COMITY_CLI_DESK_STATE_H

#include "client/cli/desk.h"

struct desk {
    struct arena *arena;       /* the run's */
    struct progress *progress; /* the run's */
    struct comity *client;
    struct prose *prose;
    struct arena *page;       /* of desk_page: dropped with each page */
    struct prose *page_prose; /* NULL: no page was asked for */
    struct comity_texts *texts;
    int64_t timeout_ms;
    uint8_t pins[CONTEXT_PINS_MAX][KEY_SIZE]; /* learnt in this run */
    size_t pin_count;
    bool is_apart;        /* desk_open_apart */
    bool has_warned;      /* that a restore was noticed */
    bool has_followed;    /* to another group, where the record is now */
    comity_news_fn *news; /* of whoever subscribed; NULL: nobody */
    void *news_context;
    bool (*is_left)(void *context); /* NULL: it goes on till its end */
    void *left_context;
    bool is_behind;       /* a worker has not seen what this context has */
    bool is_out_of_touch; /* a request, or a connection, has lost the daemons */
    int touch_code;       /* by this */
    bool has_brokers;     /* a list of the group's brokers was learnt in this run */
    char evidence[PATH_BYTES]; /* of a record that is forked; empty: none */
    const Comity__V1__WhoamiAnswer *whoami;
    uint8_t reader[KEY_SIZE]; /* the key that this connection reads with; zeros: none */
    struct rows *lists[DESK_LISTS];
};

/* A desk that is not connected, in the run's arena. ERR_MEMORY. */
int desk_make(struct cli *cli, struct desk **ret_desk);

/* Its client, as the context says, and the wait for a worker's WELCOME. ERR_MOVED: the record is not here. */
int desk_client_open(struct cli *cli);

/* To where the record is now, as its log key says; kept in the context. Once a run: groups that send one another's clients on
 * would do it without end. */
int desk_follow_moved(struct cli *cli);

#endif
