/* Pages to print or to pass on: headings, paragraphs, lists and quoted prose, written as HTML or as Markdown
 * (CommonMark). Whatever is put in is text: libcmark escapes what would mean something in either form. */
#ifndef COMITY_CLI_PAGE_H
#define COMITY_CLI_PAGE_H

#include "client/cli/cli.h"

enum page_form { PAGE_MARKDOWN, PAGE_HTML };

struct page;

struct page *page_new(struct cli *cli); /* NULL where memory is out */
void page_destroy(struct page **page);

/* Each puts one thing at the end. Where memory runs out the page is of no use, which page_text says. */
void page_heading(struct page *page, int level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void page_paragraph(struct page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Points that follow each other are one list. */
void page_point(struct page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Somebody's words, with their paragraphs and lines; NULL: they are withheld. */
void page_quote(struct page *page, const char *prose);

/* The whole page, in the run's arena. 0 or ERR_MEMORY. */
int page_text(struct page *page, enum page_form form, const char *title, const char **ret_text);

/* Where --out says: its ending, .html or .md, says the form; without it to standard output, as Markdown or,
 * with
 * --html, as HTML. The document gets `form`, and `file` or `page`. */
int page_deliver(struct cli *cli, struct page *page, const char *title);

#endif
