#include "client/cli/page.h"

#include <cmark.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/file.h"
#include "client/cli/output.h"

enum { MARKDOWN_WIDTH = 100 };

struct page {
    struct cli *cli;
    cmark_node *root;
    cmark_node *list; /* that the next point belongs to; NULL: it begins one */
    bool is_broken;   /* memory was out */
};

struct page *page_new(struct cli *cli)
{
    struct page *page = calloc(1, sizeof(*page));

    if (page == NULL)
        return NULL;
    page->cli = cli;
    page->root = cmark_node_new(CMARK_NODE_DOCUMENT);
    if (page->root == NULL)
        page_destroy(&page);
    return page;
}

void page_destroy(struct page **page)
{
    if (page == NULL || *page == NULL)
        return;
    if ((*page)->root != NULL)
        cmark_node_free((*page)->root);
    free(*page);
    *page = NULL;
}

/* A node at the end of @parent; NULL where memory is out. */
static cmark_node *add(struct page *page, cmark_node *parent, cmark_node_type type)
{
    cmark_node *node = parent == NULL ? NULL : cmark_node_new(type);

    if (node != NULL && cmark_node_append_child(parent, node) == 0) {
        cmark_node_free(node);
        node = NULL;
    }
    page->is_broken |= node == NULL;
    return node;
}

static void add_text(struct page *page, cmark_node *parent, const char *text)
{
    cmark_node *node = add(page, parent, CMARK_NODE_TEXT);

    if (node != NULL && cmark_node_set_literal(node, text) == 0)
        page->is_broken = true;
}

static void add_formatted(struct page *page, cmark_node *parent, const char *format, va_list arguments)
{
    char *text = NULL;

    if (vasprintf(&text, _(format), arguments) < 0) {
        page->is_broken = true;
        return;
    }
    add_text(page, parent, text);
    free(text);
}

void page_heading(struct page *page, int level, const char *format, ...)
{
    cmark_node *heading = add(page, page->root, CMARK_NODE_HEADING);
    va_list arguments;

    page->list = NULL;
    if (heading != NULL)
        cmark_node_set_heading_level(heading, level);
    va_start(arguments, format);
    add_formatted(page, heading, format, arguments);
    va_end(arguments);
}

void page_paragraph(struct page *page, const char *format, ...)
{
    cmark_node *paragraph = add(page, page->root, CMARK_NODE_PARAGRAPH);
    va_list arguments;

    page->list = NULL;
    va_start(arguments, format);
    add_formatted(page, paragraph, format, arguments);
    va_end(arguments);
}

void page_point(struct page *page, const char *format, ...)
{
    va_list arguments;

    if (page->list == NULL) {
        page->list = add(page, page->root, CMARK_NODE_LIST);
        if (page->list != NULL) {
            cmark_node_set_list_type(page->list, CMARK_BULLET_LIST);
            cmark_node_set_list_tight(page->list, 1);
        }
    }
    cmark_node *item = add(page, page->list, CMARK_NODE_ITEM);
    cmark_node *paragraph = add(page, item, CMARK_NODE_PARAGRAPH);
    va_start(arguments, format);
    add_formatted(page, paragraph, format, arguments);
    va_end(arguments);
}

/* One paragraph of prose, its lines kept. */
static void add_lines(struct page *page, cmark_node *quote, char *lines)
{
    cmark_node *paragraph = add(page, quote, CMARK_NODE_PARAGRAPH);
    bool is_first = true;

    for (char *rest = NULL, *line = strtok_r(lines, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        if (!is_first)
            add(page, paragraph, CMARK_NODE_LINEBREAK);
        is_first = false;
        add_text(page, paragraph, line);
    }
}

void page_quote(struct page *page, const char *prose)
{
    cmark_node *quote = add(page, page->root, CMARK_NODE_BLOCK_QUOTE);
    const char *safe = prose == NULL ? _("(withheld)") : shown_lines(page->cli, BYTES(prose, strlen(prose)), "");
    char *copy = strdup(safe);

    page->list = NULL;
    if (copy == NULL) {
        page->is_broken = true;
        return;
    }
    for (char *at = copy, *end; at != NULL; at = end) {
        end = strstr(at, "\n\n");
        if (end != NULL) {
            *end = '\0';
            end += 2;
        }
        if (at[strspn(at, "\n ")] != '\0')
            add_lines(page, quote, at);
    }
    free(copy);
}

static const char HTML_HEAD[] =
    "<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n<title>%s</title>\n<style>\n"
    "body { font: 12pt/1.4 serif; max-width: 42em; margin: 2em auto; padding: 0 1em; }\n"
    "h1, h2, h3 { font-family: sans-serif; line-height: 1.2; break-after: avoid; }\n"
    "blockquote { border-left: 3px solid; margin-left: 0; padding-left: 1em; }\n"
    "@media print { body { margin: 0; max-width: none; } }\n"
    "</style>\n</head>\n<body>\n%s</body>\n</html>\n";

/* A title as HTML: what a paragraph of it alone becomes, without the paragraph. */
static char *html_title(const char *title)
{
    char *html = NULL;
    cmark_node *paragraph = cmark_node_new(CMARK_NODE_PARAGRAPH);
    cmark_node *text = cmark_node_new(CMARK_NODE_TEXT);

    if (paragraph != NULL && text != NULL && cmark_node_set_literal(text, title) &&
        cmark_node_append_child(paragraph, text)) {
        text = NULL;
        html = cmark_render_html(paragraph, CMARK_OPT_DEFAULT);
    }
    if (text != NULL)
        cmark_node_free(text);
    if (paragraph != NULL)
        cmark_node_free(paragraph);
    const size_t length = html == NULL ? 0 : strlen(html);
    if (length < strlen("<p></p>\n")) {
        free(html);
        return NULL;
    }
    html[length - strlen("</p>\n")] = '\0';
    memmove(html, html + strlen("<p>"), length - strlen("<p></p>\n") + 1);
    return html;
}

int page_text(struct page *page, enum page_form form, const char *title, const char **ret_text)
{
    char *head = form == PAGE_HTML ? html_title(title) : strdup("");
    char *body = form == PAGE_HTML ? cmark_render_html(page->root, CMARK_OPT_DEFAULT)
                                   : cmark_render_commonmark(page->root, CMARK_OPT_DEFAULT, MARKDOWN_WIDTH);
    const char *text = NULL;

    if (!page->is_broken && head != NULL && body != NULL)
        text = form == PAGE_HTML ? arena_printf(page->cli->arena, HTML_HEAD, head, body)
                                 : arena_printf(page->cli->arena, "%s", body);
    free(head);
    free(body);
    if (text == NULL)
        return ERR_MEMORY;
    *ret_text = text;
    return 0;
}

static bool ends_with(const char *text, const char *ending)
{
    const size_t size = strlen(text), part = strlen(ending);

    return size > part && strcmp(text + size - part, ending) == 0;
}

int page_deliver(struct cli *cli, struct page *page, const char *title)
{
    const char *out = cli_option(cli, "out");
    const bool is_html = cli_has(cli, "html") || (out != NULL && ends_with(out, ".html"));
    char reason[FILE_REASON_MAX];
    const char *text;

    if (out != NULL && !is_html && !ends_with(out, ".md"))
        return cli_fail(cli, ERR_USAGE, "--out FILE.html, or --out FILE.md",
                        "The name of the file says what it is to be: .html or .md.");
    int code = page_text(page, is_html ? PAGE_HTML : PAGE_MARKDOWN, title, &text);
    if (code != 0)
        return code;
    cli_put_text(cli, "form", is_html ? "html" : "markdown");
    if (out == NULL) {
        cli_put_text(cli, "page", text);
        if (!cli->is_json)
            fputs(text, stdout);
        return 0;
    }
    code = file_write(out, BYTES(text, strlen(text)), 0644, false, reason);
    if (code != 0)
        return cli_fail_write(cli, code, "Choose another name for --out, or remove the file.", reason);
    cli_put_text(cli, "file", out);
    say(cli, "Written to %s.", shown_string(cli, out));
    return 0;
}
