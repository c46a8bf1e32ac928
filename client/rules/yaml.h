/* YAML as a tree: what people write by hand, and no more of YAML than that takes. The only user of libfyaml.
 *
 * Values are texts, whatever they look like: no is a word and no boolean, 010 is no octal number. Refused:
 * anchors, aliases, merge keys, tags, directives, several documents, keys that are no plain words, the same
 * key twice, and what is deeper or larger than allowed. docs/rules.md R-87 */
#ifndef COMITY_RULES_YAML_H
#define COMITY_RULES_YAML_H

#include "client/rules/fault.h"

enum { YAML_MAX_BYTES = 65536, YAML_DEPTH_MAX = 16 };

enum yaml_kind { YAML_TEXT, YAML_LIST, YAML_MAP };

struct yaml_node {
    enum yaml_kind kind;
    unsigned line, column;   /* from 1 */
    const char *text;        /* of a TEXT; else NULL */
    bool is_quoted;          /* a TEXT in quotation marks, or a block of lines */
    struct yaml_node *key;   /* of a member of a MAP: a TEXT; else NULL */
    struct yaml_node *first; /* of a LIST or a MAP */
    struct yaml_node *next;  /* behind it, in the same LIST or MAP */
    size_t count;            /* of a LIST or a MAP */
};

/* Into the arena of @faults. 0, ERR_MALFORMED, ERR_TOO_LARGE, ERR_UTF8, ERR_DUPLICATE, ERR_UNSUPPORTED,
 * ERR_MEMORY, with one fault. */
int yaml_read(struct bytes text, struct rule_faults *faults, struct yaml_node **ret_root);

/* A member by its key, as it is written; NULL where there is none. */
struct yaml_node *yaml_member(const struct yaml_node *map, const char *key);

#endif
