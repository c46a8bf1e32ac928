/* Texts that came along with answers, as they are shown; and those that go along with what is submitted. */
#include "client/cli/desk_state.h"
#include "client/cli/finality.h"
#include "client/cli/output.h"

void desk_keep_text(struct cli *cli, const uint8_t hash[HASH_SIZE], struct bytes content)
{
    struct desk *desk = cli->desk;

    if (desk != NULL)
        prose_keep(desk->page_prose != NULL ? desk->page_prose : desk->prose, hash, content);
}

const char *desk_prose(void *cli, const Comity__V1__TextRef *reference)
{
    const struct desk *desk = ((struct cli *) cli)->desk;
    const char *text =
        desk == NULL || desk->page_prose == NULL ? NULL : prose_find(desk->page_prose, reference);

    return desk == NULL || text != NULL ? text : prose_find(desk->prose, reference);
}

static const char *why_missing(struct cli *cli, const Comity__V1__TextRef *reference)
{
    const struct desk *desk = cli->desk;
    bool is_purged = desk != NULL && desk->prose != NULL && prose_is_purged(desk->prose, reference);

    if (desk != NULL && desk->page_prose != NULL)
        is_purged |= prose_is_purged(desk->page_prose, reference);
    return is_purged ? "(purged)" : "(withheld)";
}

const char *desk_shown(struct cli *cli, const Comity__V1__TextRef *reference)
{
    const char *text = desk_prose(cli, reference);

    return text == NULL ? why_missing(cli, reference) : shown_string(cli, text);
}

const char *desk_shown_lines(struct cli *cli, const Comity__V1__TextRef *reference, const char *indent)
{
    const char *text = desk_prose(cli, reference);

    if (text == NULL)
        return arena_printf(cli->arena, "%s%s", indent, why_missing(cli, reference));
    return shown_lines(cli, BYTES(text, strlen(text)), indent);
}

struct json_object *desk_json(struct cli *cli, const ProtobufCMessage *message)
{
    if (message == NULL)
        return NULL;
    finality_shows(cli, message);
    return message_to_json(message, desk_prose, cli);
}

struct json_object *desk_json_rows(struct cli *cli, const struct rows *rows)
{
    struct json_object *array = json_object_new_array();

    for (size_t i = 0; i < rows->count; i++)
        json_object_array_add(array, desk_json(cli, rows->list[i]));
    return array;
}

int desk_texts(struct cli *cli, struct comity_texts **ret_texts)
{
    if (cli->desk == NULL) {
        int code = desk_make(cli, &cli->desk);
        if (code != 0)
            return code;
    }
    *ret_texts = cli->desk->texts;
    return 0;
}

int desk_text_again(struct cli *cli, const Comity__V1__TextRef *shown, Comity__V1__TextRef **ret_reference)
{
    const char *text = desk_prose(cli, shown);
    const uint8_t *salt = text == NULL ? NULL : prose_salt(cli->desk->prose, shown);

    if (salt == NULL)
        return cli_fail(cli, ERR_TEXT, NULL, "The worker does not show the text.");
    return comity_texts_add_again(cli->desk->texts, text, strlen(text), salt, ret_reference);
}
