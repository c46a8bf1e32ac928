"""Small cases in a table, with the outcome that practitioners expect: each row is read, made into rounds, and counted.

A row says who answers what, by which rule, whether it is the last round, and what is expected; where one of them has several
variants (`yes / no`, `consent; silence NOTHING / CONSENT`) the expected outcomes are in the same order. What the words of a row
are read as is in small_words.py.
"""

import re

from naive_rule import Constituency, Line, Round

from comity_counting import question
from comity_wire import pb
from .common import NotACase, kind_name, text_of
from .ladder import climb
from .small_words import OUTCOMES, read_answers, read_rules

LAYOUT = "small cases in a table"
ROW = re.compile(r"^\|\s*(\d+)\s*\|(.*)\|\s*$")


def rows_of(path):
    """[(number, answers, rule, last, expected)]; cells None where a row has another number of them."""
    found = []
    for line in text_of(path).splitlines():
        row = ROW.match(line)
        if row:
            cells = [cell.strip() for cell in row[2].split("|")]
            found.append((row[1], cells if len(cells) == 4 else None))
    return found


def recognise(path):
    if path.suffix != ".md":
        return None
    head = re.search(r"^\|\s*#\s*\|\s*answers\s*\|\s*rule\s*\|.*\|\s*outcome\s*\|", text_of(path), re.M)
    return len(rows_of(path)) if head else 0


def expected_of(text):
    """Outcomes, one for each variant; "" among them for a rule that is refused."""
    if "refused" in text:
        return [""]
    plain = re.sub(r"\(.*?\)", "", text).split(";")[0]
    names = [part.strip() for part in plain.split("/")]
    for name in names:
        if name not in OUTCOMES:
            raise NotACase(f"an outcome that there is not: {name!r}")
    return names


def lines_of(group_list):
    """Members of groups (constituency, answer, how many, present), numbered as they come."""
    lines = []
    for constituency, answer, count, is_recused in group_list:
        for _ in range(count):
            number = len(lines) + 1
            lines.append(Line(member=number, constituency=constituency, recused=is_recused, present=True,
                              answered=bool(answer), sequence=number if answer else 0, answer=answer))
    return lines


def rounds_of(ballot, rule, is_last):
    """The rounds of one variant: one, or one for each ballot that is taken."""
    rounds = []
    for groups, parties in ballot:
        round = Round(rule, lines_of(groups), [Constituency(number, *party) for number, party in enumerate(parties, start=1)],
                      rounds_remain=not is_last)
        rounds.append(round)
    return rounds


def variants(cells):
    """[(rounds, expected)] of a row."""
    answers, rule_text, last, outcome = cells
    expected = expected_of(outcome)
    rules = read_rules(rule_text)
    ballots = read_answers(answers)
    lasts = [part.strip() != "no" for part in last.split("/")]
    choices = [(ballot, rule, is_last) for ballot in ballots for rule in rules for is_last in lasts]
    if len(expected) == 1:
        expected = expected * len(choices)
    if len(expected) != len(choices):
        raise NotACase(f"{len(choices)} variants, {len(expected)} outcomes")
    return [(rounds_of(ballot, rule, is_last), name) for (ballot, rule, is_last), name in zip(choices, expected)]


def play(rounds, expected, report):
    """(words for what came out, problems)."""
    if not expected:
        code = report.counter.ask([question(rounds[0], "check")])[0]["check"]
        return f"refused: {code}", [] if code == "RULE" else [f"the rule is not refused: {code}"]
    kind, counted = climb(rounds, report)
    name = kind_name(kind)
    problems = [] if name == expected else [f"{name}, expected {expected}"]
    for round, outcome in zip(rounds, counted):
        given = sum(line.answered and not line.recused for line in round.lines)
        if outcome.tallies[0].answered != given:
            problems.append(f"{outcome.tallies[0].answered} answered, and {given} did")
        for entry in outcome.tallies[0].answers:
            wanted = sum(line.answer == entry.answer and not line.recused for line in round.lines)
            if entry.ballots != wanted:
                problems.append(f"answer {entry.answer}: counted {entry.ballots}, given {wanted}")
    return name, problems


def run(files, report):
    before = report.so_far
    for path in files:
        for number, cells in rows_of(path):
            name = f"{path.name}: {number}"
            try:
                if cells is None:
                    raise NotACase("it has another number of cells than the table")
                told, problems = [], []
                for rounds, expected in variants(cells):
                    words, wrong = play(rounds, expected, report)
                    told.append(words)
                    problems += wrong
                report.case(name, problems, " / ".join(told))
            except NotACase as problem:
                report.unreadable(name, problem)
    report.summary(LAYOUT, before)
