#include "client/cli/quorum.h"

#include <string.h>

#include "client/cli/names.h"

/* The parts of the list that the rule names. */
static int take_lists(struct cli *cli, const Comity__V1__Rule *rule, struct attendance_rows *rows)
{
    const Comity__V1__RollList **lists;
    const struct rows *all;
    int code = rule->roll == COMITY__V1__ROLL_KIND__ROLL_KIND_LIST
                   ? names_list(cli, COMITY__V1__LIST_KIND__LIST_KIND_ROLL_LISTS, &all)
                   : 0;

    if (code != 0 || rule->roll != COMITY__V1__ROLL_KIND__ROLL_KIND_LIST)
        return code;
    lists = arena_alloc(desk_arena(cli), (all->count + 1) * sizeof(*lists));
    if (lists == NULL)
        return ERR_MEMORY;
    rows->lists = lists;
    for (size_t i = 0; i < all->count; i++)
        if (strcmp(((const Comity__V1__RollList *) all->list[i])->name, rule->list) == 0)
            lists[rows->list_count++] = (const Comity__V1__RollList *) all->list[i];
    return 0;
}

int quorum_of_rule(struct cli *cli, const struct attendance_rows *rows, const Comity__V1__Rule *rule,
                   Comity__V1__TestResult ***ret_results, size_t *ret_count)
{
    struct attendance_rows all = *rows;
    struct attendance attendance;
    const struct rows *sites, *members;
    int code = names_list(cli, COMITY__V1__LIST_KIND__LIST_KIND_SITES, &sites);

    if (code == 0)
        code = names_list(cli, COMITY__V1__LIST_KIND__LIST_KIND_MEMBERS, &members);
    if (code == 0)
        code = take_lists(cli, rule, &all);
    if (code != 0)
        return code;
    all.sites = (const Comity__V1__Site *const *) sites->list;
    all.site_count = sites->count;
    all.members = (const Comity__V1__Member *const *) members->list;
    all.member_count = members->count;
    code = attendance_of_rule(&all, rule, cli->arena, &attendance);
    return code != 0 ? code : attendance_check(&attendance, rule, cli->arena, ret_results, ret_count);
}
