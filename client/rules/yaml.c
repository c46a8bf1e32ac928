#include "client/rules/yaml.h"

#include <libfyaml.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"

struct reading {
    struct rule_faults *faults;
    struct bytes text;
    struct yaml_node *open[YAML_DEPTH_MAX]; /* lists and maps that have not ended, the outermost first */
    struct yaml_node *last[YAML_DEPTH_MAX]; /* of each the last child */
    struct yaml_node *key[YAML_DEPTH_MAX];  /* of each map: the key whose value is to come */
    size_t depth;
    struct yaml_node *root;
    unsigned line, column; /* of the last event that has a place */
    bool is_over;          /* a document has ended */
};

#define FAIL(reading, code, ...)                                                                             \
    rule_fault((reading)->faults, code, (reading)->line, (reading)->column, __VA_ARGS__)

struct yaml_node *yaml_member(const struct yaml_node *map, const char *key)
{
    for (struct yaml_node *node = map->first; node != NULL; node = node->next)
        if (strcmp(node->key->text, key) == 0)
            return node;
    return NULL;
}

static int append(struct reading *reading, struct yaml_node *node)
{
    const size_t at = reading->depth - 1;
    struct yaml_node *parent = reading->open[at];

    if (parent->kind == YAML_MAP) {
        node->key = reading->key[at];
        reading->key[at] = NULL;
    }
    if (reading->last[at] == NULL)
        parent->first = node;
    else
        reading->last[at]->next = node;
    reading->last[at] = node;
    parent->count++;
    return 0;
}

static int take_key(struct reading *reading, struct yaml_node *node)
{
    const size_t at = reading->depth - 1;

    if (node->kind != YAML_TEXT)
        return FAIL(
            reading, ERR_UNSUPPORTED,
            N_("A key has to be a word, and this one is a list or a block of keys. Put the word, then a "
               "colon, then the value."));
    if (strcmp(node->text, "<<") == 0)
        return FAIL(reading, ERR_UNSUPPORTED,
                    N_("`<<` brings in keys from somewhere else, which is not taken here: who reads the rule "
                       "has to see all of it in its place. Write the keys out."));
    if (yaml_member(reading->open[at], node->text) != NULL)
        return FAIL(reading, ERR_DUPLICATE,
                    N_("`%s` stands here a second time (the first is in line %u). Keep one of the two."),
                    fault_shown(reading->faults, node->text),
                    yaml_member(reading->open[at], node->text)->key->line);
    reading->key[at] = node;
    return 0;
}

/* A node begins: where does it belong? */
static int place(struct reading *reading, struct yaml_node *node)
{
    if (reading->depth == 0) {
        reading->root = node;
        return 0;
    }
    bool is_key =
        reading->open[reading->depth - 1]->kind == YAML_MAP && reading->key[reading->depth - 1] == NULL;
    return is_key ? take_key(reading, node) : append(reading, node);
}

static int take_node(struct reading *reading, enum yaml_kind kind, struct fy_token *value)
{
    struct yaml_node *node = arena_alloc(reading->faults->arena, sizeof(*node));
    size_t size = 0;

    if (node == NULL)
        return ERR_MEMORY;
    *node = (struct yaml_node){.kind = kind, .line = reading->line, .column = reading->column};
    if (kind == YAML_TEXT) {
        const char *text = value == NULL ? NULL : fy_token_get_text(value, &size);
        text = text == NULL ? "" : text;
        node->text = arena_printf(reading->faults->arena, "%.*s", (int) size, text);
        if (node->text == NULL)
            return ERR_MEMORY;
        if (!utf8_is_valid(BYTES(text, size)) || strlen(node->text) != size)
            return FAIL(reading, ERR_UTF8,
                        N_("This text has a character that is not allowed, such as NUL. Write plain text."));
        node->is_quoted = value != NULL && fy_token_scalar_style(value) != FYSS_PLAIN;
        return place(reading, node);
    }
    if (reading->depth == YAML_DEPTH_MAX)
        return FAIL(
            reading, ERR_TOO_LARGE,
            N_("Things stand within one another here more than %d deep. No rule needs that: look for a line "
               "that is indented too far, or for a bracket too many."),
            YAML_DEPTH_MAX);
    int code = place(reading, node);
    if (code != 0)
        return code;
    reading->open[reading->depth] = node;
    reading->last[reading->depth] = reading->key[reading->depth] = NULL;
    reading->depth++;
    return 0;
}

/* What YAML has and a rule does not. */
static int check_plain(struct reading *reading, struct fy_event *event)
{
    if (fy_event_get_anchor_token(event) != NULL || event->type == FYET_ALIAS)
        return FAIL(
            reading, ERR_UNSUPPORTED,
            N_("`&` and `*` at the start of a value name a part of the file and repeat it, which is not "
               "taken here: who reads the rule has to see all of it in its place. Write it out."));
    if (fy_event_get_tag_token(event) != NULL)
        return FAIL(
            reading, ERR_UNSUPPORTED,
            N_("`!` at the start of a value gives it a type, which is not taken here. Leave it out."));
    return 0;
}

static int take_start(struct reading *reading, struct fy_event *event)
{
    struct fy_document_state *state = event->document_start.document_state;

    if (reading->is_over)
        return FAIL(
            reading, ERR_UNSUPPORTED,
            N_("`---` begins a second document. A file has one rule: put the other into a file of its "
               "own."));
    if (fy_document_state_version_explicit(state) || fy_document_state_tags_explicit(state))
        return FAIL(
            reading, ERR_UNSUPPORTED,
            N_("A line that begins with `%%` says how YAML is to be read, which is not taken here. Leave it "
               "out."));
    return 0;
}

static int take_event(struct reading *reading, struct fy_event *event)
{
    const struct fy_mark *mark = fy_event_start_mark(event);

    if (mark != NULL) {
        reading->line = (unsigned) mark->line + 1;
        reading->column = (unsigned) mark->column + 1;
    }
    int code = check_plain(reading, event);
    if (code != 0)
        return code;
    switch (event->type) {
    case FYET_DOCUMENT_START:
        return take_start(reading, event);
    case FYET_DOCUMENT_END:
        reading->is_over = true;
        return 0;
    case FYET_MAPPING_START:
        return take_node(reading, YAML_MAP, NULL);
    case FYET_SEQUENCE_START:
        return take_node(reading, YAML_LIST, NULL);
    case FYET_MAPPING_END:
    case FYET_SEQUENCE_END:
        reading->depth--;
        return 0;
    case FYET_SCALAR:
        return take_node(reading, YAML_TEXT, event->scalar.value);
    default:
        return 0;
    }
}

/* What the library says, and what a person does about it. */
static const struct {
    const char *said;
    const char *advice;
    bool is_below; /* it is about the line below the one that the library names */
} ADVICE[] = {
    {"tab", N_("There is a tab at the start of a line. Indent with blanks."), false},
    {"closing bracket", N_("A bracket `[` is never closed. Put `]` behind the last thing of the list."), false},
    {"closing brace", N_("A brace `{` is never closed. Put `}` behind the last thing in it."), false},
    {"closing quote", N_("A quotation mark is never closed. Put one behind the text."), false},
    {"nested block mapping on the same line", N_("There are two colons in one line. Put what belongs to the "
                                                 "first key on lines of its own, indented further."), false},
    {"multiline plain key", N_("This line is indented further than the one before it, which has its value "
                               "already. Begin it in the same column."), true},
    {"missing document start", N_("A rule begins with keys, each with a colon behind it, as `name: our-rule`. Start from a "
                                  "template: comity rule show consensus --yaml."), false},
    {"in flow", N_("A bracket is opened in this line or above it, and not closed before the next key. Put `]` behind the last "
                   "thing of the list, and commas between them."), false},
    {"find expected ':'", N_("There is no colon with a blank behind it here. A line is a key, a colon, a blank and a value, as "
                             "`form: STANCE`."), false},
    {"invalid value after mapping", N_("There is no colon with a blank behind it here. A line is a key, a colon, a blank and a "
                                       "value, as `form: STANCE`."), false},
    {"invalid indentation", N_("This line does not begin in the same column as those that it belongs to. Begin it in the same "
                               "column."), false},
    {"expected '-' indicator", N_("This line does not begin in the same column as those that it belongs to. Begin it in the "
                                  "same column."), false},
    {"wrongly indented", N_("This line does not begin in the same column as those that it belongs to. Begin "
                            "it in the same column."), false},
};

/* Does the text at the place begin with a quotation mark? What goes on over lines from there is one that was never closed. */
static bool begins_with_quote(const struct reading *reading)
{
    const uint8_t *at = reading->text.data, *end = reading->text.data + reading->text.size;

    for (unsigned line = 1; line < reading->line && at < end; at++)
        line += *at == '\n';
    return at + reading->column <= end && (at[reading->column - 1] == '"' || at[reading->column - 1] == '\'');
}

/* On to where the next line begins that is not empty; as it was where there is none. */
static void place_below(struct reading *reading)
{
    const char *at = (const char *) reading->text.data, *end = at + reading->text.size;

    for (unsigned line = 1; at != NULL && at < end; line++) {
        size_t size = (size_t) (end - at), lead = 0;
        const char *next = memchr(at, '\n', size);
        while (lead < size && (at[lead] == ' ' || at[lead] == '\t' || at[lead] == '\r'))
            lead++;
        if (line > reading->line && lead < size && at[lead] != '\n') {
            reading->line = line;
            reading->column = (unsigned) lead + 1;
            return;
        }
        at = next == NULL ? end : next + 1;
    }
}

static int tell_syntax(struct reading *reading, struct fy_diag *diag)
{
    void *at = NULL;
    const struct fy_diag_error *error = fy_diag_errors_iterate(diag, &at);

    if (error == NULL || error->msg == NULL)
        return FAIL(reading, ERR_MALFORMED, N_("This cannot be read as YAML."));
    reading->line = error->line > 0 ? (unsigned) error->line : 1;
    reading->column = error->column > 0 ? (unsigned) error->column : 1;
    if (begins_with_quote(reading))
        return FAIL(reading, ERR_MALFORMED, N_("A quotation mark is never closed. Put one behind the text."));
    for (size_t i = 0; i < ARRAY_COUNT(ADVICE); i++) {
        if (strstr(error->msg, ADVICE[i].said) == NULL)
            continue;
        if (ADVICE[i].is_below)
            place_below(reading);
        return FAIL(reading, ERR_MALFORMED, "%s", reading->faults->words(ADVICE[i].advice));
    }
    return FAIL(
        reading, ERR_MALFORMED,
        N_("This cannot be read as YAML: %s. Compare the line with one of a template: comity rule show "
           "consensus --yaml."),
        fault_shown(reading->faults, error->msg));
}

static int read_events(struct reading *reading, struct fy_parser *parser, struct fy_diag *diag)
{
    struct fy_event *event;
    int code = 0;

    while (code == 0 && (event = fy_parser_parse(parser)) != NULL) {
        code = take_event(reading, event);
        fy_parser_event_free(parser, event);
    }
    if (code != 0)
        return code;
    if (fy_parser_get_stream_error(parser))
        return tell_syntax(reading, diag);
    reading->line = reading->column = 1;
    return reading->root != NULL ? 0 : FAIL(reading, ERR_MALFORMED, N_("There is nothing in this file."));
}

int yaml_read(struct bytes text, struct rule_faults *faults, struct yaml_node **ret_root)
{
    struct reading reading = {.faults = faults, .text = text};
    struct fy_diag_cfg settings;

    if (text.size > YAML_MAX_BYTES)
        return FAIL(&reading, ERR_TOO_LARGE, N_("The file is larger than %d bytes. No rule needs that much."),
                    YAML_MAX_BYTES);
    if (!utf8_is_valid(text))
        return FAIL(&reading, ERR_UTF8,
                    N_("The file is no plain text in UTF-8. Save it as \"UTF-8\" in the editor."));
    fy_diag_cfg_default(&settings);
    settings.fp = NULL;
    struct fy_diag *diag = fy_diag_create(&settings);
    if (diag == NULL)
        return ERR_MEMORY;
    fy_diag_set_collect_errors(diag, true);
    struct fy_parse_cfg config = {.flags = FYPCF_DEFAULT_VERSION_1_2 | FYPCF_COLLECT_DIAG, .diag = diag};
    struct fy_parser *parser = fy_parser_create(&config);
    int code = ERR_MEMORY;
    if (parser != NULL &&
        fy_parser_set_string(parser, text.size == 0 ? "" : (const char *) text.data, text.size) == 0)
        code = read_events(&reading, parser, diag);
    fy_parser_destroy(parser);
    fy_diag_destroy(diag);
    if (code == 0)
        *ret_root = reading.root;
    return code;
}
