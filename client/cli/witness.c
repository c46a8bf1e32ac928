/* Verbs about witnesses. */
#include <inttypes.h>

#include "client/cli/draft_file.h"
#include "client/cli/made.h"
#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/verbs.h"
#include "core/keyfile.h"
#include "core/text.h"

int witness_appoint_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__AppointWitness body = COMITY__V1__APPOINT_WITNESS__INIT;
    const Comity__V1__Event *event;
    const char *typed = cli_argument(cli, "KEY"), *name = cli_argument(cli, "NAME");
    uint8_t key[KEY_SIZE];

    if (!name_is_valid(name))
        return cli_fail(cli, ERR_USAGE, NULL, "NAME is 1 to 40 of a-z, 0-9 and -, starting with a letter.");
    if (strlen(typed) != 2 * KEY_SIZE || hex_decode(typed, key, KEY_SIZE) != 0)
        return cli_fail(cli, ERR_USAGE, "The witness's operator reads it out.",
                        "KEY is the witness's public key: 64 hexadecimal digits.");
    body.name = (char *) (uintptr_t) name;
    body.key = (ProtobufCBinaryData){KEY_SIZE, key};
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_APPOINT_WITNESS);
    command.appoint_witness = &body;
    int code = joint_submit(cli, &command, &event);
    if (code == 0 && event != NULL)
        made_tell(cli, event);
    return code;
}

/* By number, or by name. */
static int find_witness(struct cli *cli, const char *typed, uint32_t *ret_number)
{
    struct rows rows;

    if (typed[strspn(typed, "0123456789")] == '\0')
        return number_argument(cli, "WITNESS", ret_number);
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_WITNESSES, 0, &rows);
    for (size_t i = 0; code == 0 && i < rows.count; i++) {
        const Comity__V1__Witness *row = (const Comity__V1__Witness *) rows.list[i];
        if (strcmp(row->name, typed) != 0)
            continue;
        *ret_number = row->number;
        return 0;
    }
    return code != 0 ? code
                     : cli_fail(cli, ERR_NOT_FOUND, "comity witness list", "There is no witness `%s`.",
                                shown_string(cli, typed));
}

int witness_dismiss_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__DismissWitness body = COMITY__V1__DISMISS_WITNESS__INIT;
    const Comity__V1__Event *event;
    int code = find_witness(cli, cli_argument(cli, "WITNESS"), &body.witness);

    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_DISMISS_WITNESS);
    command.dismiss_witness = &body;
    code = joint_submit(cli, &command, &event);
    if (code == 0 && event != NULL)
        made_tell(cli, event);
    return code;
}

static bool has_standing(const struct rows *witnesses, uint32_t constituency)
{
    for (size_t i = 0; i < witnesses->count; i++) {
        const Comity__V1__Witness *row = (const Comity__V1__Witness *) witnesses->list[i];
        if (row->constituency == constituency && row->dismissed == 0)
            return true;
    }
    return false;
}

/* Parties that have nobody who watches. */
static void say_without(struct cli *cli, const struct rows *witnesses, const struct rows *constituencies)
{
    struct json_object *without = json_object_new_array();

    for (size_t i = 0; i < constituencies->count; i++) {
        const Comity__V1__Constituency *row = (const Comity__V1__Constituency *) constituencies->list[i];
        if (row->standing != COMITY__V1__STANDING__STANDING_PARTY || has_standing(witnesses, row->number))
            continue;
        json_object_array_add(without, json_object_new_string(row->name));
        say(cli, "%s has no witness: a co-chair of it appoints one with comity witness appoint NAME KEY",
            shown_string(cli, row->name));
    }
    cli_put(cli, "without", without);
}

int witness_list_run(struct cli *cli)
{
    static const char *const TITLES[] = {N_("no."), N_("name"), N_("constituency"), N_("fingerprint"), N_("key"),
                                         N_("state")};
    struct rows rows, constituencies;
    struct sheet sheet;
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_WITNESSES, 0, &rows);

    if (code == 0)
        code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_CONSTITUENCIES, 0, &constituencies);
    if (code != 0)
        return code;
    cli_put(cli, "witnesses", desk_json_rows(cli, &rows));
    sheet_init(&sheet, cli, ARRAY_COUNT(TITLES), TITLES);
    for (size_t i = 0; i < rows.count; i++) {
        const Comity__V1__Witness *row = (const Comity__V1__Witness *) rows.list[i];
        char hex[2 * KEY_SIZE + 1] = "", fingerprint[FINGERPRINT_SIZE] = "";
        if (row->key.len == KEY_SIZE) {
            hex_encode(BYTES(row->key.data, KEY_SIZE), hex);
            key_fingerprint(row->key.data, fingerprint);
        }
        const char *cells[] = {
            arena_printf(cli->arena, "%" PRIu32, row->number),
            shown_string(cli, row->name),
            name_of_constituency(cli, row->constituency),
            arena_string(cli->arena, fingerprint),
            arena_string(cli->arena, hex),
            row->dismissed == 0 ? "" : phrase(cli, "dismissed by number %" PRIu64, row->dismissed)};
        sheet_row(&sheet, cells);
    }
    sheet_print(&sheet, "There are no witnesses.");
    say_without(cli, &rows, &constituencies);
    return 0;
}
