"""Votes of people and cantons: one rule with two tests, as one line of the roll for each canton and answer.

The people: of the valid votes in the whole more than half are yes. The cantons: those in which more than half of the votes are
yes have more than half of the weight of all. A canton's votes are the weight of its lines, so that the counts are the published
ones to the last vote.
"""

from naive_rule import Constituency, Line, Round

from comity_wire import pb
from . import rules
from .common import NotACase, csv_cases, csv_lines, kind_name, number_in

LAYOUT = "votes of people and cantons"
PEOPLE_ALONE = 3   # cantons_result: no majority of cantons was required


def recognise(path):
    if path.suffix != ".csv":
        return None
    header, rows = csv_lines(path)
    if {"people_result", "cantons_result"} <= set(header):
        return len(rows)
    return 0 if {"canton", "weight_halves"} <= set(header) else None


def cantons_of(files):
    """{number of the vote: [(name of the row, cells)]} of every file of cantons."""
    found = {}
    for path in files:
        if {"canton", "weight_halves"} <= set(csv_lines(path)[0]):
            for name, cells in csv_cases(path):
                found.setdefault((cells or {}).get("anr"), []).append((name, cells))
    return found


def rule_of(build, weights):
    """@weights: {site: weight}; none: the people alone."""
    rule = rules.rule(build, "double-majority")
    if not weights:
        del rule.tests[1]
    for site, weight in weights.items():
        rule.weights.add(kind=pb.SCOPE_KIND_SITE, name=site, weight=weight)
    return rule


def site_name(canton):
    name = canton.strip().lower().replace(" ", "-")
    if not name.isascii() or not name[:1].isalpha():
        raise NotACase(f"canton {canton!r} cannot be a NAME")
    return name


def lines_of(votes):
    """@votes: [(site, answer, how many)]. Who voted nothing has no line: a weight is 1 at least."""
    return [Line(member=number, constituency=1, present=True, answered=True, sequence=number, site=site, answer=answer,
                 weight=count) for number, (site, answer, count) in enumerate(((s, a, c) for s, a, c in votes if c), start=1)]


class Vote:
    """One vote as published, and the rounds that it is."""

    def __init__(self, cells, cantons, build):
        self.build = build
        self.people = number_in(cells, "people_yes"), number_in(cells, "people_no")
        self.people_hold = number_in(cells, "people_result", most=1)
        self.cantons_hold = number_in(cells, "cantons_result", most=PEOPLE_ALONE)
        self.adopted = number_in(cells, "adopted", most=1)
        if self.cantons_hold == 2:
            raise NotACase("cantons_result is 2")
        self.halves = tuple(self.halves_in(cells, column) for column in ("cantons_yes", "cantons_no"))
        self.cantons = []
        for name, each in cantons:
            try:
                self.cantons.append((site_name(each["canton"] if each else ""), number_in(each, "weight_halves", 1, 2),
                                     number_in(each, "yes"), number_in(each, "no"), number_in(each, "canton_accepts", most=1)))
            except NotACase as problem:
                raise NotACase(f"{name}: {problem}") from problem
        if not self.cantons:
            raise NotACase("no cantons of it are given")
        if len({canton[0] for canton in self.cantons}) != len(self.cantons):
            raise NotACase("a canton is given twice")

    @staticmethod
    def halves_in(cells, column):
        whole, _, half = (cells.get(column) or "").partition(".")
        if not whole.isdigit() or half not in ("", "0", "5"):
            raise NotACase(f"{column} is {cells.get(column)!r}, and no number of cantons")
        return 2 * int(whole) + (half == "5")

    def round(self, with_people=True):
        """People and cantons. What the people's total has more than the cantons' counts together belongs to no canton."""
        votes = [(site, answer, count) for site, (_, _, yes, no, _) in enumerate(self.cantons, start=1)
                 for answer, count in ((rules.YES, yes), (rules.NO, no))]
        if with_people:
            votes += [(0, rules.YES, self.people[0] - sum(canton[2] for canton in self.cantons)),
                      (0, rules.NO, self.people[1] - sum(canton[3] for canton in self.cantons))]
        weights = {canton[0]: canton[1] for canton in self.cantons}
        return Round(rule_of(self.build, weights), lines_of(votes), [Constituency(1, "citizens", "citizens")],
                     [(number, canton[0]) for number, canton in enumerate(self.cantons, start=1)])

    def people_round(self):
        return Round(rule_of(self.build, {}), lines_of([(0, rules.YES, self.people[0]), (0, rules.NO, self.people[1])]),
                     [Constituency(1, "citizens", "citizens")])

    @property
    def is_apart(self):
        """The cantons together have more votes than the people: the two can only be counted one by one."""
        return any(sum(canton[2 + side] for canton in self.cantons) > self.people[side] for side in (0, 1))

    def problems(self, people, cantons):
        """@people, @cantons: the outcomes that have the two tests, the same one where one round has both."""
        line = next(line for line in people.tests if line.test == "people")
        found = []
        if (line.count, line.base_size - line.count) != self.people:
            found.append(f"the people: counted {line.count} and {line.base_size - line.count}, published {self.people}")
        if line.holds != bool(self.people_hold):
            found.append(f"the people {'accept' if line.holds else 'reject'}, by the count")
        counted = cantons.quantifiers[0]
        if (counted.count, counted.of - counted.count) != self.halves:
            found.append(f"cantons in halves: counted {counted.count} of {counted.of}, published {self.halves}")
        lines = {line.subject: line for line in cantons.tests if line.test == "cantons"}
        for name, _, yes, no, accepts in self.cantons:
            if not yes and not no:
                continue
            got = lines[name]
            if (got.count, got.base_size - got.count, got.holds) != (yes, no, bool(accepts)):
                found.append(f"{name}: counted {got.count} of {got.base_size}, {'holds' if got.holds else 'fails'}; "
                             f"published {yes}, {no}, {'accepts' if accepts else 'rejects'}")
        if self.cantons_hold != PEOPLE_ALONE and counted.holds != bool(self.cantons_hold):
            found.append(f"the cantons {'accept' if counted.holds else 'reject'}, by the count")
        decided = people.kind == pb.OUTCOME_KIND_ADOPTED
        if self.cantons_hold != PEOPLE_ALONE and people is not cantons:
            decided = decided and counted.holds
        if decided != bool(self.adopted):
            found.append(f"{kind_name(people.kind)}, published {'adopted' if self.adopted else 'rejected'}")
        return found


def run(files, report):
    before, apart = report.so_far, 0
    cantons = cantons_of(files)
    for path in files:
        if {"people_result", "cantons_result"} <= set(csv_lines(path)[0]):
            for name, cells in csv_cases(path):
                try:
                    vote = Vote(cells, cantons.get((cells or {}).get("anr"), []), report.build)
                    if vote.is_apart or vote.cantons_hold == PEOPLE_ALONE:
                        apart += vote.is_apart
                        people, of_cantons = report.count([vote.people_round(), vote.round(with_people=False)])
                    else:
                        people = of_cantons = report.count([vote.round()])[0]
                    report.case(name, vote.problems(people, of_cantons), kind_name(people.kind))
                except NotACase as problem:
                    report.unreadable(name, problem)
    report.summary(LAYOUT, before, f"; {apart} counted apart, as the cantons have more votes than the people" if apart else "")
