/* What things are called: numbers to names for people, and what people type to numbers. Lists are asked for
 * once a run. */
#ifndef COMITY_CLI_NAMES_H
#define COMITY_CLI_NAMES_H

#include "client/cli/desk.h"

/* A list, asked for once a run. */
int names_list(struct cli *cli, Comity__V1__ListKind kind, const struct rows **ret_rows);

/* For people, escaped: "Ada Okafor", "union", "north", "steering". A number that is not there: "#7". Never
 * NULL. */
const char *name_of_member(struct cli *cli, uint32_t number);
/* "Ada Okafor, Ben Ruiz and Carla Weiss"; "nobody". */
const char *names_of_members(struct cli *cli, const uint32_t *numbers, size_t count);
const char *name_of_constituency(struct cli *cli, uint32_t number);
const char *name_of_site(struct cli *cli, uint32_t number);
const char *name_of_body(struct cli *cli, uint32_t number);

/* NAME of the side of the member's constituency; "" where it is not known. */
const char *side_of_member(struct cli *cli, uint32_t number);

/* "co-chair, facilitator"; "-" for none. */
const char *shown_offices(struct cli *cli, const Comity__V1__Office *offices, size_t count);

/* Numbers may mean something else from here on: after a restore. Lists are asked for again. */
void names_forget(struct cli *cli);

/* NULL where there is none. Who came in after the list was read is asked for. */
const Comity__V1__Member *member_of(struct cli *cli, uint32_t number);
const Comity__V1__Member *member_of_key(struct cli *cli, struct bytes key);

/* Of KeyAdded: was the command signed by the recovery key, and so by no key of the member's own? */
bool is_by_recovery_key(struct cli *cli, const Comity__V1__Event *event);

/* Whether any key of the member's is valid; true where the keys cannot be read. A member without one has
 * left, for all that is told of them. */
bool member_has_key(struct cli *cli, uint32_t number);
/* A member's key that was revoked; what cannot be read is taken for valid. */
bool key_is_revoked(struct cli *cli, struct bytes key);
/* "no valid key"; "" of everybody else, and of 0. */
const char *state_of_member(struct cli *cli, uint32_t number);
/* Who is to come by it, or to come back. */
const char *name_of_invited(struct cli *cli, const Comity__V1__Invitation *invitation);
/* Whether somebody can still join with it: "open", "member 7", "withdrawn", "expired", "void: ...". */
bool invitation_is_open(struct cli *cli, const Comity__V1__Invitation *invitation);
const char *state_of_invitation(struct cli *cli, const Comity__V1__Invitation *invitation);
/* Of the member's valid keys: "a1b2 c3d4 e5f6 0718, ..."; for programs: add "fingerprints" to each row of a list of members. */
const char *fingerprints_of_member(struct cli *cli, uint32_t number);
void json_add_fingerprints(struct cli *cli, struct json_object *members);
/* The same for programs: add "has_valid_key" to each row of @rows whose member @field is; null for 0. */
void json_add_key_state(struct cli *cli, struct json_object *rows, const char *field);

/* What a person typed: a number, a NAME where there is one, or a member's full name. Fails with a sentence.
 * Of several members of one name the one with a valid key is meant; where that does not tell, the sentence
 * lists them. */
int find_member(struct cli *cli, const char *typed, uint32_t *ret_number);
int find_site(struct cli *cli, const char *typed, uint32_t *ret_number);
int find_body(struct cli *cli, const char *typed, uint32_t *ret_number);
/* The latest version of an adopted rule. */
int find_rule(struct cli *cli, const char *typed, const Comity__V1__RuleVersion **ret_rule);

/* A member's valid key; the first there is. ERR_NOT_FOUND with a sentence. @ret_count (may be NULL): how many
 * there are. */
int find_key_of_member(struct cli *cli, uint32_t member, uint8_t ret_key[KEY_SIZE], size_t *ret_count);

/* The argument of this name as the number of a thing. */
int number_argument(struct cli *cli, const char *name, uint32_t *ret_number);

#endif
