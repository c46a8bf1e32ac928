"""Truth tables of rule texts: which rule a table is of is told by its columns.

What the text of the rule does not say (UNSPECIFIED_BY_RULE) nobody expects: what the engine makes of it is shown, and neither
passed nor failed.
"""

import re

from naive_rule import Constituency, Line, Round

from comity_wire import pb
from . import rules
from .common import ROLL_MOST, NotACase, csv_cases, csv_lines, kind_name, number_in, text_of
from .ladder import climb

LAYOUT = "truth tables of rule texts"
UNSPECIFIED = "UNSPECIFIED_BY_RULE"


def recognise(path):
    if path.suffix != ".csv" or not text_of(path).startswith("#"):
        return None
    return len(csv_lines(path)[1]) or None


NUMBERS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def number_said(words, pattern, otherwise):
    """A number of the rule's text, in digits or as a word."""
    found = re.search(pattern, words)
    if not found:
        return otherwise
    return int(found[1]) if found[1].isdigit() else NUMBERS.index(found[1]) if found[1] in NUMBERS else otherwise


def member(number, constituency, answer=0, **more):
    return Line(member=number, constituency=constituency, answered=bool(answer), answer=answer,
                sequence=number if answer else 0, **more)


def ballots(*votes):
    """One constituency, whose members answered 1, 2, ... so many times."""
    answers = [answer for answer, count in enumerate(votes, start=1) for _ in range(count)]
    return [member(number, 1, answer, present=True) for number, answer in enumerate(answers, start=1)]


# A contract, and if it is rejected a strike ------------------------------------------------------------------

TWO_BALLOTS = ("accept", "reject", "strike_yes", "strike_no", "expected")
TWO_BALLOT_NAMES = {"RATIFIED": pb.OUTCOME_KIND_ADOPTED, "RATIFIED_BY_DEFAULT": pb.OUTCOME_KIND_ADOPTED_BY_DEFAULT,
                    "STRIKE": pb.OUTCOME_KIND_STRIKE}


def two_ballots(cells, report, words):
    first = [number_in(cells, column, most=ROLL_MOST) for column in ("accept", "reject")]
    second = None
    if cells["strike_yes"].strip() or cells["strike_no"].strip():
        second = [number_in(cells, column, most=ROLL_MOST) for column in ("strike_yes", "strike_no")]
    parties = [Constituency(1, "members", "members")]
    rule = rules.rule(report.build, "two-ballot-ratification")
    rounds = [Round(rule, ballots(*votes), parties) for votes in (first, second) if votes is not None]
    outcome, counted = climb(rounds, report)
    for votes, round in zip((first, second), counted):
        got = [each.ballots for each in round.tallies[0].answers[:2]]
        if got != votes:
            return outcome, [f"counted {got}, published {votes}"]
    if second is not None and len(counted) < 2:
        return outcome, [f"{kind_name(outcome)} after the first ballot, and there was a second"]
    return outcome, expected_kind(cells, outcome, TWO_BALLOT_NAMES)


def expected_kind(cells, outcome, names):
    expected = cells["expected"].strip()
    if expected == UNSPECIFIED:
        return None
    if expected not in names:
        raise NotACase(f"an expected result of another rule: {expected!r}")
    return [] if outcome == names[expected] else [f"{kind_name(outcome)}, published {expected}"]


# A quorum of each side, with both co-chairs ------------------------------------------------------------------

def is_bilateral(header):
    sides = [column[:-len("_present")] for column in header if column.endswith("_present")]
    return len(sides) == 2 and set(header) == {"quorum", *(f"{side}_{what}" for side in sides for what in ("present", "cochair"))}


def bilateral(cells, report, words):
    sides = [column[:-len("_present")] for column in cells if column.endswith("_present")]
    lines, parties = [], []
    for number, side in enumerate(sides, start=1):
        present = number_in(cells, f"{side}_present", most=ROLL_MOST // 4)
        chair_is_here = number_in(cells, f"{side}_cochair", most=1)
        if chair_is_here and not present:
            raise NotACase(f"{side}: a co-chair among nobody")
        parties.append(Constituency(number, re.sub(r"[^a-z0-9-]", "-", side.lower()), side.lower()))
        for index in range(present):
            lines.append(member(len(lines) + 1, number, rules.YES, present=True,
                                offices=(index == 0 and chair_is_here) << pb.OFFICE_CO_CHAIR))
        lines.append(member(len(lines) + 1, number, offices=(not chair_is_here) << pb.OFFICE_CO_CHAIR))
    rule = rules.rule(report.build, "bilateral-quorum")
    rule.tests[0].numerator = number_said(words, r"minimum (\w+) from each", 3)
    outcome = report.count([Round(rule, lines, parties)])[0]
    has_quorum = outcome.kind == pb.OUTCOME_KIND_ADOPTED
    counted = {line.subject: line.count for line in outcome.tests if line.test == "members"}
    for party, side in zip(parties, sides):
        if counted[party.name] != int(cells[f"{side}_present"]):
            return outcome.kind, [f"{side}: {counted[party.name]} present, published {cells[f'{side}_present']}"]
    if cells["quorum"].strip() == UNSPECIFIED:
        return outcome.kind, None
    wanted = bool(number_in(cells, "quorum", most=1))
    return outcome.kind, [] if has_quorum == wanted else [f"{kind_name(outcome.kind)}, published quorum {cells['quorum']}"]


# Each party casts the full vote of its membership ------------------------------------------------------------

def is_unit_vote(header):
    sides = [column[:-len("_vote")] for column in header if column.endswith("_vote")]
    return len(sides) == 2 and set(header) == {"seats_per_side", "expected", *(f"{side}_{what}" for side in sides
                                                                              for what in ("present", "vote"))}


def unit_vote(cells, report, words):
    """Twice: who is not there keeps a seat, or the seat is vacant. It has to come to the same."""
    seats = number_in(cells, "seats_per_side", 1, ROLL_MOST // 4)
    sides = [column[:-len("_vote")] for column in cells if column.endswith("_vote")]
    rounds = []
    for are_vacant in (False, True):
        lines, parties = [], []
        for number, side in enumerate(sides, start=1):
            present = number_in(cells, f"{side}_present", most=seats)
            answer = {"yes": rules.YES, "no": rules.NO, "abstain": rules.ABSTAIN, "": 0}.get(cells[f"{side}_vote"].strip().lower())
            if answer is None:
                raise NotACase(f"{side} votes {cells[f'{side}_vote']!r}")
            parties.append(Constituency(number, re.sub(r"[^a-z0-9-]", "-", side.lower()), side.lower(),
                                        vacant=seats - present if are_vacant else 0))
            lines += [member(len(lines) + index + 1, number, answer, present=True) for index in range(present)]
            if not are_vacant:
                lines += [member(len(lines) + index + 1, number) for index in range(seats - present)]
        rule = rules.rule(report.build, "unit-vote")
        rule.tests[0].numerator = number_said(words, r"(\w+) from each of the parties", 2)
        rounds.append(Round(rule, lines, parties))
    one, other = report.count(rounds)
    if one.kind != other.kind:
        return one.kind, [f"{kind_name(one.kind)} with absent members, {kind_name(other.kind)} with vacant seats"]
    for outcome in (one, other):
        if any(bloc.seats != seats for line in outcome.tests for bloc in line.blocs):
            return one.kind, [f"a side casts {[bloc.seats for line in outcome.tests for bloc in line.blocs]}, and has {seats}"]
    names = {name: kind for name, kind in pb.OutcomeKind.items()}
    return one.kind, expected_kind(cells, one.kind, {name[len("OUTCOME_KIND_"):]: kind for name, kind in names.items()})


TABLES = (
    ("a contract, and if it is rejected a strike", lambda header: set(header) == set(TWO_BALLOTS), two_ballots),
    ("a quorum of each side, with both co-chairs", is_bilateral, bilateral),
    ("each party casts the full vote of its membership", is_unit_vote, unit_vote),
)


def run(files, report):
    before, unspecified = report.so_far, 0
    for path in files:
        header = csv_lines(path)[0]
        words = " ".join(line.lstrip("# ") for line in text_of(path).splitlines() if line.startswith("#"))
        play = next((play for _, is_of, play in TABLES if is_of(header)), None)
        if not play:
            report.unreadable(path.name, f"a table of a rule that this program has not: {', '.join(header)}")
            continue
        for name, cells in csv_cases(path):
            try:
                number_of_cells = len(cells) if cells else 0
                if number_of_cells != len(header):
                    raise NotACase("it has another number of cells than the header")
                outcome, problems = play(cells, report, words)
                if problems is None:
                    unspecified += 1
                    report.note(f"{name}: the rule does not say; by the engine {kind_name(outcome)}")
                else:
                    report.case(name, problems, kind_name(outcome))
            except NotACase as problem:
                report.unreadable(name, problem)
    report.summary(LAYOUT, before, f"; {unspecified} rows of which the rule does not say, shown above" if unspecified else "")
