/* The charter's file: JSON with comments. */
#include "client/cli/desk.h"
#include "client/cli/json_file.h"
#include "client/cli/output.h"
#include "client/cli/standing_rules.h"

const char STANDING_RULES_SAMPLE[] = N_(
    "// The charter of a partnership: its standing rules. Change what is not as you agreed, take out what "
    "you do not\n"
    "// need, and let a co-chair of every party adopt it: comity charter adopt FILE --draft DRAFT --cosigner "
    "WHO\n"
    "{\n"
    "  // The charter in words, one line here; or leave it out and give --text FILE.\n"
    "  \"text\": \"We decide together on what is listed here, and bargain over wages elsewhere.\",\n"
    "\n"
    "  // What is decided together, and how far: INFORM (one side decides and tells the others), CONSULT "
    "(and hears\n"
    "  // them before), RECOMMEND (on what the body recommends), JOINT (the body decides), DELEGATED (the "
    "body decides\n"
    "  // within a mandate). With INFORM, CONSULT and RECOMMEND a round gives advice and makes no decision.\n"
    "  // body and rule: their short names, as in comity body list and comity rule list.\n"
    "  // standings: where a constituency is heard here and not counted (NEUTRAL), or counted (PARTY).\n"
    "  \"functions\": [\n"
    "    {\"name\": \"schedules\", \"title\": \"Shift schedules\", \"share\": \"JOINT\", \"body\": "
    "\"steering\",\n"
    "     \"rule\": \"consensus\"},\n"
    "    {\"name\": \"training\", \"title\": \"Training plans\", \"share\": \"RECOMMEND\", \"body\": "
    "\"steering\",\n"
    "     \"rule\": \"consensus\", \"standings\": [{\"constituency\": \"management\", \"standing\": "
    "\"NEUTRAL\"}]}\n"
    "  ],\n"
    "\n"
    "  // What is bargained over elsewhere: no item is put under it.\n"
    "  \"excluded\": [\n"
    "    {\"name\": \"wages\", \"title\": \"Wages and benefits\"}\n"
    "  ],\n"
    "\n"
    "  // PAIR (one facilitator a side, either may hold a move), ROTATE (the sides take turns), NEUTRAL.\n"
    "  \"facilitation\": \"PAIR\",\n"
    "\n"
    "  // What is kept of what is said: NONE (nothing), SUMMARY (the text that the group approved), FULL. "
    "Phases are\n"
    "  // ISSUE, STORY, DATA, INTERESTS, OPTIONS, STANDARDS, EVALUATION, PROPOSAL and TEST. Of one that is "
    "not named:\n"
    "  // SUMMARY from STORY to OPTIONS, else FULL. Of straw polls and sidebars: NONE.\n"
    "  \"records\": [\n"
    "    {\"phase\": \"STORY\", \"level\": \"NONE\"}\n"
    "  ],\n"
    "  \"straw_polls\": \"NONE\",\n"
    "  \"sidebars\": \"NONE\",\n"
    "\n"
    "  // Which body decides on the next charter, by which rule, before the co-chairs sign it. Take both out "
    "where the\n"
    "  // signatures of a co-chair of every party are enough.\n"
    "  \"amendment_body\": \"steering\",\n"
    "  \"amendment_rule\": \"consensus\",\n"
    "\n"
    "  // How many co-chairs of a constituency sign together, for it alone and in what all parties do jointly; of "
    "one that\n"
    "  // is not named: one. As here, without the strokes before it:\n"
    "  // \"co_chairs\": [{\"constituency\": \"management\", \"count\": 2}],\n"
    "\n"
    "  // Hours between the notice of a session and its opening; 0: none.\n"
    "  \"notice_hours\": 72,\n"
    "\n"
    "  // Minutes that nobody objects to stand once the body's next session opens.\n"
    "  \"minutes_by_silence\": true,\n"
    "\n"
    "  // For how many days texts of a class are kept; 0: for ever.\n"
    "  \"retention\": [\n"
    "    {\"name\": \"minutes\", \"days\": 0},\n"
    "    {\"name\": \"working-papers\", \"days\": 730}\n"
    "  ],\n"
    "\n"
    "  // The language that prevails where texts differ: en, es, fr-CA.\n"
    "  \"language\": \"en\"\n"
    "}");

static const char START_FROM[] = N_("comity charter sample prints one to start from");

/* A text of the file: the charter's own may have lines, a title is one. */
static int take_text(void *context, const char *field, const char *text, Comity__V1__TextRef **ret_reference)
{
    bool is_whole = strcmp(field, "text") == 0;

    return desk_text(context, is_whole ? PROSE_TEXT : PROSE_LINE, is_whole ? "`text`" : "`title`",
                     BYTES(text, strlen(text)), ret_reference);
}

static int unreadable(struct cli *cli, int code, const char *path, const char *field)
{
    if (cli->failure.what[0] == '\0') {
        if (field[0] == '\0')
            cli_fail(cli, code, START_FROM, "%s is not JSON.", shown_string(cli, path));
        else
            cli_fail(cli, code, START_FROM, "%s, %s: %s", shown_string(cli, path), shown_string(cli, field),
                     language_error(code));
    }
    return cli_unusable(cli, code);
}

int standing_rules_read(struct cli *cli, const char *path, Comity__V1__Charter **ret_charter)
{
    struct bytes content;
    char why[FILE_REASON_MAX], field[JSON_PATH_MAX] = "";
    ProtobufCMessage *message;
    int code = file_read(path, FILE_MAX_BYTES, cli->arena, &content, why);

    if (code != 0)
        return cli_fail(cli, code, START_FROM, "%s", why);
    struct json_object *value = json_read_commented(content), *inner = NULL;
    if (value == NULL)
        return unreadable(cli, ERR_MALFORMED, path, "");
    /* A document as `comity charter show --json` printed it holds the charter inside. */
    if (!json_object_is_type(value, json_type_object) || !json_object_object_get_ex(value, "charter", &inner))
        inner = value;
    code = message_from_json_texts(inner, &comity__v1__charter__descriptor, cli->arena, take_text, cli, field,
                                   &message);
    json_object_put(value);
    if (code != 0)
        return unreadable(cli, code, path, field);
    Comity__V1__Charter *charter = (Comity__V1__Charter *) message;
    if (charter->straw_polls == COMITY__V1__RECORD_LEVEL__RECORD_LEVEL_UNSPECIFIED)
        charter->straw_polls = COMITY__V1__RECORD_LEVEL__RECORD_LEVEL_NONE;
    if (charter->sidebars == COMITY__V1__RECORD_LEVEL__RECORD_LEVEL_UNSPECIFIED)
        charter->sidebars = COMITY__V1__RECORD_LEVEL__RECORD_LEVEL_NONE;
    *ret_charter = charter;
    return 0;
}
