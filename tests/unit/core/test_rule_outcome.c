/* Rounds counted and concluded, from tables: twenty small cases of practice, and each rule of docs/rules.md.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "test_rule_rows.h"

#define FOR_EACH "S each AV > 1/2 of AVCB"

/* What practitioners expect: twenty cases, by their numbers. Those that go on to a stage (15 to 18) and the one that is refused
 * (19) are below. */
static const struct round_row CASES[] = {
    {"1, last round",
     "S each AV >= 2/3 of AVCB",
     "labour 5X | management 5A",
     false,
     "REJECTED",
     {"labour: nobody took a side, at least 2/3 needed: fails",
      "management: 5 of 5 who took a side support, at least 2/3 needed: holds"}},
    {"1", "S each AV >= 2/3 of AVCB", "labour 5X | management 5A", true, "NOT_YET", {NULL}},
    {"2, last round", FOR_EACH, "labour 5X | management 5A", false, "REJECTED", {NULL}},
    {"2", FOR_EACH, "labour 5X | management 5A", true, "NOT_YET", {NULL}},
    {"3",
     "S whole AV > 1/2 of cast seats=an",
     "labour 3A | management 3C",
     false,
     "DEADLOCK",
     {"whole: 3 of 6 ballots cast by seats support (labour casts 3 seats for, management casts 3 seats against), more "
      "than 1/2 needed: short by 1"}},
    {"4, last round",
     FOR_EACH,
     "union-a 2A | union-b 2A | union-c 1A 1C | management 6A",
     false,
     "REJECTED",
     {"management: 6 of 6 who took a side support, more than 1/2 needed: holds",
      "union-a: 2 of 2 who took a side support, more than 1/2 needed: holds",
      "union-b: 2 of 2 who took a side support, more than 1/2 needed: holds",
      "union-c: 1 of 2 who took a side support, more than 1/2 needed: short by 1"}},
    {"4", FOR_EACH, "union-a 2A | union-b 2A | union-c 1A 1C | management 6A", true, "NOT_YET", {NULL}},
    {"5",
     "S whole AV >= 2/3 of cast",
     "labour 6A | management 6C",
     false,
     "REJECTED",
     {"whole: 6 of 12 ballots cast support, at least 2/3 needed: short by 2"}},
    {"6",
     "S whole AV > 1/2 of present",
     "labour 5A | management 5C",
     false,
     "TIE",
     {"whole: 5 of 10 present support, more than 1/2 needed: short by 1"}},
    {"6, with 2X",
     "S whole AV > 1/2 of present",
     "labour 5A 1X | management 5C 1X",
     false,
     "TIE",
     {"whole: 5 of 12 present support, more than 1/2 needed: short by 2"}},
    {"7, silence NOTHING", "@consent", "labour 6- | management 6-", false, "NO_DECISION", {NULL}},
    {"7, silence CONSENT", "@consent; consent", "labour 6- | management 6-", false, "ADOPTED", {NULL}},
    {"8, silence NOTHING", "@consent", "labour 1A 5- | management 6-", false, "ADOPTED", {NULL}},
    {"8, silence CONSENT", "@consent; consent", "labour 1A 5- | management 6-", false, "ADOPTED", {NULL}},
    {"8, quorum",
     "@consent; Q whole answered >= 1/2 of eligible",
     "labour 1A 5- | management 6-",
     false,
     "NO_QUORUM",
     {"whole: 0 of 12 block, at most 0 allowed: holds",
      "whole: 0 of 12 have a concern, at most 0 allowed: holds",
      "whole: 1 of 12 answered, at least 1/2 needed: short by 5"}},
    {"8, quorum and CONSENT",
     "@consent; consent; Q whole answered >= 1/2 of eligible",
     "labour 1A 5- | management 6-",
     false,
     "NO_QUORUM",
     {NULL}},
    {"9",
     "@consensus",
     "labour 5A | management 5S",
     true,
     "NOT_YET",
     {"labour: 5 of 5 present, at least 1/2 needed: holds",
      "management: 5 of 5 present, at least 1/2 needed: holds",
      "whole: 0 of 10 block, at most 0 allowed: holds",
      "whole: 0 of 10 have a concern, at most 0 allowed: holds",
      "labour: 5 of 5 who answered support, at least 1/2 needed: holds",
      "management: 0 of 5 who answered support, at least 1/2 needed: short by 3",
      "whole: 5 of 10 who answered stand aside, at most 1/3 allowed: over by 2"}},
    {"10", "@consensus", "labour 4A 1C | management 4A 1C", true, "NOT_YET", {NULL}},
    {"11",
     "S each AV >= 2/3 of eligible",
     "labour 3A 2X | management 5A",
     false,
     "REJECTED",
     {"labour: 3 of 5 support, at least 2/3 needed: short by 1",
      "management: 5 of 5 support, at least 2/3 needed: holds"}},
    {"12",
     "S each AV >= 2/3 of eligible",
     "labour 3A 1C 1R | management 5A",
     false,
     "ADOPTED",
     {"labour: 3 of 4 support, at least 2/3 needed: holds"}},
    {"13",
     "S whole AV > 1/2 of cast",
     "labour 5A 1C | management 6X",
     false,
     "ADOPTED",
     {"whole: 5 of 6 ballots cast support, more than 1/2 needed: holds"}},
    {"14",
     "S each AV >= 1",
     "labour 5A | management 5A | convener* 1X",
     false,
     "ADOPTED",
     {"labour: 5 of 5 support, at least 1 needed: holds",
      "management: 5 of 5 support, at least 1 needed: holds"}},
    {"15", "@consensus", "labour 5A | management 4A 1B", false, "BLOCKED", {NULL}},
    {"16, contract", "@simple-majority", "members 40A 60C", false, "REJECTED", {NULL}},
    {"16, strike", "@two-thirds", "members 67A 33C", false, "ADOPTED", {NULL}},
    {"16, strike short",
     "@two-thirds",
     "members 66A 34C",
     false,
     "REJECTED",
     {"whole: 66 of 100 ballots cast support, at least 2/3 needed: short by 1"}},
    {"17", "@simple-majority", "members 50A 50C", false, "TIE", {NULL}},
    {"18, of CAST", "S whole AV >= 2/3 of cast", "members 67A 33C 3X", false, "ADOPTED", {NULL}},
    {"18, of PRESENT",
     "S whole AV >= 2/3 of present",
     "members 67A 33C 3X",
     false,
     "REJECTED",
     {"whole: 67 of 103 present support, at least 2/3 needed: short by 2"}},
    {"20",
     "O each-side CB <= 1",
     "union-a(labour) 2A | union-b(labour) 2A 1C | management 3A 1C",
     false,
     "ADOPTED",
     {"labour: 1 of 5 object, at most 1 allowed: holds", "management: 1 of 4 object, at most 1 allowed: holds"}},
    {"20, two on one side",
     "O each-side CB <= 1",
     "union-a(labour) 2A 1C | union-b(labour) 2A 1C | management 3A",
     false,
     "BLOCKED",
     {"labour: 2 of 6 object, at most 1 allowed: over by 1", "management: 0 of 3 object, at most 1 allowed: holds"}},
};

/* The numbered rules of docs/rules.md. */
static const struct round_row RULES[] = {
    {"R-11: V is for, S and X take no side",
     FOR_EACH,
     "labour 1V 2S 3X | management 1A",
     false,
     "ADOPTED",
     {"labour: 1 of 1 who took a side support, more than 1/2 needed: holds"}},
    {"R-11: C and B are against",
     FOR_EACH,
     "labour 2V 1C 1B | management 1A",
     false,
     "REJECTED",
     {"labour: 2 of 4 who took a side support, more than 1/2 needed: short by 1"}},
    {"R-12: no base holds the recused",
     "S whole A >= 1/1 of eligible; Q whole present >= 1/1 of eligible",
     "labour 2A 3R | management 1A",
     false,
     "ADOPTED",
     {"whole: 3 of 3 agree, at least 3 needed: holds", "whole: 3 of 3 present, at least 3 needed: holds"}},
    {"R-12: nor does a quorum in numbers",
     "S whole A >= 1; Q whole present >= 4",
     "labour 2A 3R | management 1A",
     false,
     "NO_QUORUM",
     {"whole: 3 of 3 agree, at least 1 needed: holds",
      "whole: 3 of 3 present, at least 4 needed: short by 1"}},
    {"R-13: a neutral block is heard",
     "O whole B <= 0",
     "labour 1A | management 1A | chair* 1B",
     false,
     "ADOPTED",
     {"whole: 0 of 2 block, at most 0 allowed: holds"}},
    {"R-13: a neutral vote tips nothing",
     "S whole AV > 1/2 of cast",
     "labour 3A | management 3C | chair* 1A",
     false,
     "TIE",
     {"whole: 3 of 6 ballots cast support, more than 1/2 needed: short by 1"}},
    {"R-13: a neutral makes no quorum",
     "S whole A >= 1; Q whole present >= 3",
     "labour 1A | management 1A | chair* 1A",
     false,
     "NO_QUORUM",
     {NULL}},
    {"R-14: EACH is by name, whatever the order given",
     "S each A >= 1",
     "zeta 1A | alpha 1A | mid 1A",
     false,
     "ADOPTED",
     {"alpha: 1 of 1 agree, at least 1 needed: holds", "mid: 1 of 1 agree, at least 1 needed: holds",
      "zeta: 1 of 1 agree, at least 1 needed: holds"}},
    {"R-14: a party that is recused to the last is still asked",
     "S each AV > 1/2 of cast",
     "labour 2A | management 2R",
     false,
     "REJECTED",
     {"labour: 2 of 2 ballots cast support, more than 1/2 needed: holds",
      "management: no ballots cast, abstentions apart, more than 1/2 needed: fails"}},
    {"R-14: one that has no seat is not", FOR_EACH, "labour 2A | management", false, "ADOPTED", {NULL}},
    {"R-15: checked in",
     "S whole A >= 1; Q whole present >= 3; ever",
     "labour 2A | management 2a",
     false,
     "NO_QUORUM",
     {"whole: 4 of 4 agree, at least 1 needed: holds",
      "whole: 2 of 4 present, at least 3 needed: short by 1"}},
    {"R-15: ANSWERED",
     "S whole A >= 1; Q whole present >= 3; present-answered",
     "labour 2A | management 2a",
     false,
     "ADOPTED",
     {NULL}},
    {"R-15: ANSWERED, not by sitting there",
     "S whole A >= 1; Q whole present >= 3; present-answered",
     "labour 2A | management 2-",
     false,
     "NO_QUORUM",
     {NULL}},
    {"R-16: what is counted",
     "S whole SX >= 1; S whole present >= 1; S whole answered >= 1; S whole AVSXCB >= 1",
     "labour 1A 1s 2_ 1-",
     false,
     "ADOPTED",
     {"whole: 1 of 5 stand aside or abstain, at least 1 needed: holds",
      "whole: 2 of 5 present, at least 1 needed: holds", "whole: 2 of 5 answered, at least 1 needed: holds",
      "whole: 2 of 5 agree, agree with a reservation, stand aside, abstain, have a concern or block, at "
      "least 1 "
      "needed: holds"}},
    {"R-17: every base",
     "S whole A > 0/1 of eligible; S whole A > 0/1 of present; S whole A > 0/1 of answered; S whole A > 0/1 "
     "of "
     "cast; S whole A > 0/1 of AC; S whole A > 0",
     "labour 1A 1V 1S 1X 1C 2_ 2- 1a",
     false,
     "ADOPTED",
     {"whole: 2 of 10 agree, more than 0 needed: holds",
      "whole: 2 of 7 present agree, more than 0 needed: holds",
      "whole: 2 of 6 who answered agree, more than 0 needed: holds",
      "whole: 2 of 5 ballots cast agree, more than 0 needed: holds",
      "whole: 2 of 3 who agree or have a concern agree, more than 0 needed: holds",
      "whole: 2 of 10 agree, more than 0 needed: holds"}},
    {"R-18: the silent did not answer and took no side",
     "S whole A >= 1/2 of eligible; S whole A >= 1/2 of present; S whole A >= 1/2 of answered",
     "labour 1A 2- 1_",
     false,
     "REJECTED",
     {"whole: 1 of 4 agree, at least 1/2 needed: short by 1",
      "whole: 1 of 3 present agree, at least 1/2 needed: short by 1",
      "whole: 1 of 1 who answered agree, at least 1/2 needed: holds"}},
    {"R-19: every base holds the consents that are counted, once",
     "S whole A > 0/1 of eligible; S whole A > 0/1 of present; S whole A > 0/1 of answered; S whole A > 0/1 "
     "of "
     "cast; S whole A > 0/1 of AC; S whole A > 0; consent",
     "labour 1A 1X 1c 2_ 2-",
     false,
     "ADOPTED",
     {"whole: 5 of 7 agree (4 by silence), more than 0 needed: holds",
      "whole: 5 of 6 present or silent agree (4 by silence), more than 0 needed: holds",
      "whole: 5 of 7 who answered or were silent agree (4 by silence), more than 0 needed: holds",
      "whole: 5 of 6 ballots cast or silences agree (4 by silence), more than 0 needed: holds",
      "whole: 5 of 6 who agree or have a concern agree (4 by silence), more than 0 needed: holds",
      "whole: 5 of 7 agree (4 by silence), more than 0 needed: holds"}},
    {"R-19: the base grows under what silence is not",
     "S whole C <= 1/4 of answered; consent",
     "labour 1C 3-",
     false,
     "ADOPTED",
     {"whole: 1 of 4 who answered or were silent have a concern, at most 1/4 allowed: holds"}},
    {"R-19: consent is in no set without AGREE",
     "S whole V >= 1; S whole C <= 0/1 of VC empty; consent",
     "labour 9- 1V",
     false,
     "ADOPTED",
     {"whole: 1 of 10 agree with a reservation, at least 1 needed: holds"}},
    {"R-19: consent is not presence, nor an answer",
     "S whole A >= 1; Q whole answered >= 1 of eligible; Q whole present >= 2; consent",
     "labour 1A 8_",
     false,
     "NO_QUORUM",
     {"whole: 9 of 9 agree (8 by silence), at least 1 needed: holds",
      "whole: 1 of 9 answered, at least 9 needed: short by 8",
      "whole: 1 of 9 present, at least 2 needed: short by 1"}},
    {"R-19: the recused consent to nothing",
     "S whole A >= 2; consent",
     "labour 1A 5R",
     false,
     "REJECTED",
     {NULL}},
    {"R-19: the neutral consent to nothing",
     "S whole A >= 2; consent",
     "labour 1A | chair* 5-",
     false,
     "REJECTED",
     {NULL}},
    {"R-20: AT_LEAST has equality", "S whole A >= 2/3 of cast", "labour 2A 1C", false, "ADOPTED", {NULL}},
    {"R-20: MORE_THAN has not", "S whole A > 2/3 of cast", "labour 2A 1C", false, "REJECTED", {NULL}},
    {"R-20: AT_MOST has equality", "S whole C <= 1/3 of cast", "labour 2A 1C", false, "ADOPTED", {NULL}},
    {"R-20: LESS_THAN has not",
     "S whole C < 1/3 of cast",
     "labour 2A 1C",
     false,
     "REJECTED",
     {"whole: 1 of 3 ballots cast have a concern, less than 1/3 allowed: over by 1"}},
    {"R-20: numbers, the same",
     "S whole A >= 2; S whole A > 1; S whole C <= 1; S whole C < 2",
     "labour 2A 1C",
     false,
     "ADOPTED",
     {NULL}},
    {"R-20: a hair above two thirds",
     "S whole A >= 666666666667/1000000000000 of cast",
     "labour 2A 1C",
     false,
     "REJECTED",
     {NULL}},
    {"R-20: a hair below",
     "S whole A >= 666666666666/1000000000000 of cast",
     "labour 2A 1C",
     false,
     "ADOPTED",
     {NULL}},
    {"R-21: an empty base fails AT_MOST too",
     "O whole B <= 1/4 of answered",
     "labour 3-",
     false,
     "BLOCKED",
     {"whole: nobody answered, at most 1/4 allowed: fails"}},
    {"R-21: unless it may be empty",
     "O whole B <= 1/4 of answered empty; S whole A >= 1/2 of C empty",
     "labour 1A",
     false,
     "ADOPTED",
     {"whole: 0 of 1 who answered block, at most 1/4 allowed: holds",
      "whole: nobody to have a concern, at least 1/2 needed: holds"}},
    {"R-21: which does not help where the base is not empty",
     "S whole A >= 1/2 of answered empty",
     "labour 1C",
     false,
     "REJECTED",
     {NULL}},
    {"R-22: short by, of the base as it stands",
     "S whole A >= 2/3 of cast; S whole A > 2/3 of cast; S whole A >= 9/10 of cast; S whole A >= 3; S whole "
     "A > 3",
     "labour 1A 5C",
     false,
     "REJECTED",
     {"whole: 1 of 6 ballots cast agree, at least 2/3 needed: short by 3",
      "whole: 1 of 6 ballots cast agree, more than 2/3 needed: short by 4",
      "whole: 1 of 6 ballots cast agree, at least 9/10 needed: short by 5",
      "whole: 1 of 6 agree, at least 3 needed: short by 2",
      "whole: 1 of 6 agree, more than 3 needed: short by 3"}},
    {"R-22: over by",
     "S whole C <= 1/3 of cast; S whole C < 1/3 of cast; S whole C <= 1/4 of cast; S whole C < 1/4 of cast; "
     "S whole "
     "C <= 1; S whole C < 1",
     "labour 1A 5C",
     false,
     "REJECTED",
     {"whole: 5 of 6 ballots cast have a concern, at most 1/3 allowed: over by 3",
      "whole: 5 of 6 ballots cast have a concern, less than 1/3 allowed: over by 4",
      "whole: 5 of 6 ballots cast have a concern, at most 1/4 allowed: over by 4",
      "whole: 5 of 6 ballots cast have a concern, less than 1/4 allowed: over by 4",
      "whole: 5 of 6 have a concern, at most 1 allowed: over by 4",
      "whole: 5 of 6 have a concern, fewer than 1 allowed: over by 5"}},
    {"R-23 before R-24", "Q whole present >= 9; O whole B <= 0", "labour 1B", true, "NO_QUORUM", {NULL}},
    {"R-23: one party short is short",
     "Q each present >= 3; S whole A >= 1",
     "labour 4A | management 2A 1a",
     true,
     "NO_QUORUM",
     {"labour: 4 of 4 present, at least 3 needed: holds",
      "management: 2 of 3 present, at least 3 needed: short by 1"}},
    {"R-24 before R-25", "O whole S <= 0", "labour 1S", true, "BLOCKED", {NULL}},
    {"R-24: an objection in one party",
     "O each CB <= 1; S whole A >= 1",
     "labour 9A 2C | management 9A",
     true,
     "BLOCKED",
     {"labour: 2 of 11 object, at most 1 allowed: over by 1",
      "management: 0 of 9 object, at most 1 allowed: holds"}},
    {"R-24: split over both it passes",
     "O each CB <= 1; S whole A >= 1",
     "labour 9A 1C | management 9A 1C",
     true,
     "ADOPTED",
     {NULL}},
    {"R-25 before R-26", "S whole present >= 1", "labour 2X 1S 1-", true, "NO_DECISION", {NULL}},
    {"R-25: a neutral who takes a side is none",
     "S whole present >= 1",
     "labour 2X | chair* 1A",
     true,
     "NO_DECISION",
     {NULL}},
    {"R-25: a recused who does neither", "S whole present >= 1", "labour 2X 2R", true, "NO_DECISION", {NULL}},
    {"R-25: consent says something",
     "S whole present >= 1; consent",
     "labour 2X 1-",
     true,
     "ADOPTED",
     {NULL}},
    {"R-25: consent with nobody silent says nothing",
     "S whole present >= 1; consent",
     "labour 2X",
     true,
     "NO_DECISION",
     {NULL}},
    {"R-25: one against is a side", "S whole A >= 1", "labour 2X 1C", false, "REJECTED", {NULL}},
    {"R-26: all tests",
     "S whole A >= 1; S whole C <= 1; S each AV >= 1/2 of cast",
     "labour 1A 1C | management 2V",
     false,
     "ADOPTED",
     {NULL}},
    {"R-26: not all",
     "S whole A >= 1; S whole C <= 0; S each AV >= 1/2 of cast",
     "labour 1A 1C | management 2V",
     false,
     "REJECTED",
     {NULL}},
    {"R-27",
     FOR_EACH,
     "labour 3A | management 1A 2C",
     true,
     "DEADLOCK",
     {"labour: 3 of 3 who took a side support, more than 1/2 needed: holds",
      "management: 1 of 3 who took a side support, more than 1/2 needed: short by 1"}},
    {"R-27: even is not against", FOR_EACH, "labour 3A | management 1A 1B", true, "NOT_YET", {NULL}},
    {"R-27: both against is no deadlock", FOR_EACH, "labour 3C | management 3C", false, "REJECTED", {NULL}},
    {"R-27: the neutral has no part",
     FOR_EACH,
     "labour 3C | management 3C | chair* 3A",
     false,
     "REJECTED",
     {NULL}},
    {"R-27: two tests do not make one",
     "S each A >= 1; S each S >= 1",
     "labour 1A 2C | management 1A 2C 1S",
     false,
     "DEADLOCK",
     {NULL}},
    {"R-27: fails here, holds there, in different tests",
     "S whole A >= 1; S each S >= 1; ",
     "labour 1A 2C | management 2C",
     false,
     "REJECTED",
     {NULL}},
    {"R-27: whatever is counted", "S each C <= 1", "labour 3A | management 1A 2C", true, "DEADLOCK", {NULL}},
    {"R-27: consents are for",
     FOR_EACH "; S each V >= 1; consent",
     "labour 1V 1A | management 2C 3-",
     true,
     "NOT_YET",
     {NULL}},
    {"R-27 before R-28", "S each AV > 1/2 of cast", "labour 3A | management 3C", false, "DEADLOCK", {NULL}},
    {"R-28", "S whole AV > 1/2 of cast", "labour 3A 9X | management 3B", true, "TIE", {NULL}},
    {"R-28: with 2/4", "S whole AV > 2/4 of cast", "labour 3V | management 3B", true, "TIE", {NULL}},
    {"R-28: at least a half",
     "S whole AV >= 1/2 of eligible",
     "labour 3A 2- | management 3C",
     true,
     "TIE",
     {NULL}},
    {"R-28: against less than a half",
     "S whole CB < 1/2 of AVCB",
     "labour 3A | management 3C",
     true,
     "TIE",
     {NULL}},
    {"R-28: not of two thirds",
     "S whole AV > 2/3 of cast",
     "labour 3A | management 3C",
     false,
     "REJECTED",
     {NULL}},
    {"R-28: not of two failing",
     "S whole AV > 1/2 of cast; S whole AV > 1/2 of eligible",
     "labour 3A | management 3C",
     false,
     "REJECTED",
     {NULL}},
    {"R-28: another that holds is no matter",
     "S whole AV > 1/2 of cast; S each C <= 3",
     "labour 3A | management 3C",
     false,
     "TIE",
     {NULL}},
    {"R-28: not of EACH",
     "S each AV > 1/2 of cast",
     "labour 3A 3C | management 3A 3C",
     false,
     "REJECTED",
     {NULL}},
    {"R-28: not uneven",
     "S whole AV > 1/2 of eligible",
     "labour 3A 2X | management 2C",
     false,
     "REJECTED",
     {NULL}},
    {"R-28: consents are for", "S whole V > 1/2 of AVC; consent", "labour 2C 2-", false, "TIE", {NULL}},
    {"R-28: nor of numbers", "S whole AV > 3", "labour 3A | management 3C", false, "REJECTED", {NULL}},
    {"R-29", "S whole A >= 2/3 of cast", "labour 1A 1C", true, "NOT_YET", {NULL}},
    {"R-30", "S whole A >= 2/3 of cast", "labour 1A 1C", false, "REJECTED", {NULL}},
};

static void outcomes_are_as_expected(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(CASES); i++)
        row_check(&CASES[i]);
    for (size_t i = 0; i < ARRAY_COUNT(RULES); i++)
        row_check(&RULES[i]);
    print_message("%zu cases of practice, %zu of the numbered rules\n", ARRAY_COUNT(CASES),
                  ARRAY_COUNT(RULES));
}

/* A rule with one stage of rounds, by tests of its own: on @on; STRIKE where it is adopted, else adopted by default. */
static void ladder_init(struct scene *scene, const char *rule, const char *own, Comity__V1__OutcomeKind on)
{
    scene_init(scene, rule, "members");
    struct arena *arena = scene->arena;
    Comity__V1__Rule *rounds = rule_parse(arena, own);
    Comity__V1__Stage *stage = scene_need(arena_alloc(arena, sizeof(*stage)), "memory");
    Comity__V1__StageOutcome *map = scene_need(arena_alloc(arena, 2 * sizeof(*map)), "memory");
    comity__v1__stage__init(stage);
    stage->kind = COMITY__V1__STAGE_KIND__STAGE_KIND_ROUNDS;
    stage->name = arena_string(arena, "strike");
    stage->on = arena_copy(arena, &on, sizeof(on));
    stage->n_on = 1;
    stage->rule = scene_need(arena_alloc(arena, sizeof(*stage->rule)), "memory");
    comity__v1__stage_rule__init(stage->rule);
    stage->rule->tests = rounds->tests;
    stage->rule->n_tests = rounds->n_tests;
    comity__v1__stage_outcome__init(&map[0]);
    comity__v1__stage_outcome__init(&map[1]);
    map[0].from = COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED;
    map[0].to = COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_STRIKE;
    map[1].to = COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED_BY_DEFAULT;
    stage->map = scene_need(arena_alloc(arena, 2 * sizeof(*stage->map)), "memory");
    stage->map[stage->n_map++] = &map[0];
    stage->map[stage->n_map++] = &map[1];
    scene->rule->stages = scene_need(arena_alloc(arena, sizeof(*scene->rule->stages)), "memory");
    scene->rule->stages[scene->rule->n_stages++] = stage;
    assert_int_equal(rule_check(scene->rule, "rule", NULL), 0);
}

static Comity__V1__OutcomeKind round_of(struct scene *scene, const Comity__V1__Rule *rule, const char *roll)
{
    Comity__V1__Outcome *outcome = NULL;
    roll_parse(scene, roll);
    struct rule_input input = scene_input(scene, false);
    input.rule = rule;
    assert_int_equal(rule_count(&input, scene->arena, &outcome), 0);
    return outcome->kind;
}

/* Cases 15 to 18: what the last round comes to, whether it leads on, and what stands in the end. */
static void ladders_come_to_what_is_expected(void **state)
{
    static const struct {
        const char *title, *rule, *strike;
        Comity__V1__OutcomeKind on;
        const char *first, *second, *outcome; /* second: NULL where no stage follows */
    } LADDERS[] = {
        {"15", "@consensus", "S whole AV >= 2/3 of cast", COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NO_DECISION,
         "labour 5A | management 4A 1B", NULL, "BLOCKED"},
        {"16", "@simple-majority", "S whole AV >= 2/3 of cast", COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REJECTED,
         "members 40A 60C", "members 67A 33C", "STRIKE"},
        {"16, short", "@simple-majority", "S whole AV >= 2/3 of cast",
         COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REJECTED, "members 40A 60C", "members 66A 34C",
         "ADOPTED_BY_DEFAULT"},
        {"17", "@simple-majority", "S whole AV >= 2/3 of cast", COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REJECTED,
         "members 50A 50C", NULL, "TIE"},
        {"18, of CAST", "@simple-majority", "S whole AV >= 2/3 of cast",
         COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REJECTED, "members 40A 60C", "members 67A 33C 3X", "STRIKE"},
        {"18, of PRESENT", "@simple-majority", "S whole AV >= 2/3 of present",
         COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REJECTED, "members 40A 60C", "members 67A 33C 3X",
         "ADOPTED_BY_DEFAULT"},
    };
    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(LADDERS); i++) {
        struct scene scene;
        ladder_init(&scene, LADDERS[i].rule, LADDERS[i].strike, LADDERS[i].on);
        Comity__V1__OutcomeKind kind = round_of(&scene, scene.rule, LADDERS[i].first);
        uint32_t stage = rule_next_stage(scene.rule, 0, kind);
        assert_int_equal(stage, LADDERS[i].second ? 1 : 0);
        if (stage > 0) {
            const Comity__V1__Rule *own = scene_need(rule_of_stage(scene.rule, stage, scene.arena), "memory");
            kind = stage_outcome(scene.rule->stages[0], round_of(&scene, own, LADDERS[i].second));
        }
        if (strcmp(outcome_name(kind), LADDERS[i].outcome) != 0)
            fail_msg("%s: %s", LADDERS[i].title, outcome_name(kind));
        scene_release(&scene);
    }
}

/* R-47, and case 17: the check of the rule warns that TIE has no continuation. */
static void what_nothing_follows_is_listed(void **state)
{
    static const Comity__V1__OutcomeKind EXPECTED[] = {COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NO_DECISION,
                                                       COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_TIE};
    struct scene scene;
    struct rule_warning *list;
    size_t count;
    (void) state;

    ladder_init(&scene, "@simple-majority", "S whole AV >= 2/3 of cast",
                COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REJECTED);
    assert_int_equal(rule_warnings(scene.rule, scene.arena, &list, &count), 0);
    assert_int_equal(count, ARRAY_COUNT(EXPECTED));
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(list[i].stage, 0);
        assert_int_equal(list[i].outcome, EXPECTED[i]);
    }
    /* What a stage comes to without its map is listed as its own. */
    scene.rule->stages[0]->n_map = 1;
    assert_int_equal(rule_warnings(scene.rule, scene.arena, &list, &count), 0);
    assert_int_equal(count, 3);
    assert_int_equal(list[2].stage, 1);
    assert_int_equal(list[2].outcome, COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NO_DECISION);
    scene_release(&scene);
}

/* Case 19: ballots that can be replaced can always change. */
static void closing_early_with_ballots_that_change_is_refused(void **state)
{
    struct scene scene;
    struct refusal refusal = {0};
    (void) state;

    scene_init(&scene, "S whole AV > 1/2 of cast; once", "labour 1A");
    assert_int_equal(rule_check(scene.rule, "rule", &refusal), 0);
    scene.rule->change = COMITY__V1__CHANGE__CHANGE_UNTIL_CLOSE;
    assert_int_equal(rule_check(scene.rule, "rule", &refusal), ERR_RULE);
    assert_string_equal(refusal.field, "rule.close.nothing_can_change");
    scene_release(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outcomes_are_as_expected),
        cmocka_unit_test(ladders_come_to_what_is_expected),
        cmocka_unit_test(what_nothing_follows_is_listed),
        cmocka_unit_test(closing_early_with_ballots_that_change_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
