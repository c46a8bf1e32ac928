/* Charter files: the text that founders write down before they sign. An ini file:
 *
 *   [partnership]            name, title
 *   [constituency NAME]      kind (employer, worker, convener, other), standing (party, neutral), side,
 * title, recovery [site NAME]              title, time_zone [founder LABEL]          constituency, name, key,
 * offices (co-chair facilitator recorder adviser observer)
 *
 * Nothing here judges what the parties agree on: only that the file says it completely. The worker's rules
 * for `found` hold besides. */
#ifndef COMITY_CLI_CHARTER_H
#define COMITY_CLI_CHARTER_H

#include "client/lib/comity.h"
#include "core/arena.h"

enum { CHARTER_REASON_MAX = 640 };

/* What a charter founds; or, of a file with one constituency and nothing else but its founders, whom it
 * admits. The messages live in the arena, the texts in @texts. 0, ERR_CONFIG, ERR_FILE, ERR_MEMORY; @reason
 * has one sentence. */
int charter_read(const char *path, struct arena *arena, struct comity_texts *texts,
                 Comity__V1__Found **ret_found, char reason[CHARTER_REASON_MAX]);
int charter_read_constituency(const char *path, struct arena *arena, struct comity_texts *texts,
                              Comity__V1__NewConstituency **ret_constituency,
                              char reason[CHARTER_REASON_MAX]);

/* Keys of all founders named in a message. Returns how many; fills up to @size. */
size_t charter_founders(Comity__V1__NewConstituency *const *constituencies, size_t count,
                        uint8_t (*ret_keys)[KEY_SIZE], size_t size);

/* "co-chair" and so on; OFFICE_UNSPECIFIED where there is no such office. */
Comity__V1__Office office_read(const char *text);
const char *office_name(Comity__V1__Office office);

/* Offices written with blanks or commas between them. 0, ERR_CONFIG (one is unknown), ERR_MEMORY. */
int offices_read(const char *text, struct arena *arena, Comity__V1__Office **ret_offices, size_t *ret_count,
                 char reason[CHARTER_REASON_MAX]);

/* A commented charter to start from. */
extern const char CHARTER_SAMPLE[];

#endif
