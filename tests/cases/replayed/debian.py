"""Ranked ballots with a default option, the last one: matrix, quorum, majorities, defeats, Schwartz set and winner.

Quorum and majorities are read from what the secretary published; where a file of the quorum is given it has to be the same.
"""

import re

from naive_rule import Constituency, Line, Round

from comity_wire import pb
from . import rules
from .common import ROLL_MOST, NotACase, altered, kind_name, text_of
from .meeting import meeting_of

LAYOUT = "ranked ballots with a default option"
SIGN = {">": pb.BOUND_MORE_THAN, "<=": pb.BOUND_MORE_THAN, ">=": pb.BOUND_AT_LEAST, "<": pb.BOUND_AT_LEAST}
SEATS_MOST = 2000    # larger elections are counted alone
OPTIONS_MOST = 62   # a digit or a letter each
CHARACTERS = "123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def recognise(path):
    if re.search(r"^V:", text_of(path), re.M) and path.suffix == ".txt":
        return 1
    is_beside = path.suffix == ".txt" and re.search(r"tally\[row|^\s*Quorum\b.*=", text_of(path), re.M)
    return 0 if is_beside else None


def beside(path, what):
    """The file that belongs to the ballots: of the same name up to the last part."""
    other = path.with_name(re.sub(r"_?ballots(?=\.txt$)|\.txt$", f"_{what}" if "ballots" in path.name else f"_{what}.txt",
                                  path.name, count=1))
    return text_of(other) if other.exists() else None


class Election:
    """What was published of one."""

    def __init__(self, path):
        self.ballots = self.read_ballots(text_of(path))
        expected = beside(path, "expected")
        if expected is None:
            raise NotACase("no expected result beside it")
        self.count = max((int(row) for row in re.findall(r"^Option (\d+)(?:\s+\d+)+\s*$", expected, re.M)), default=0)
        if self.count < 2 or len(self.ballots[0]) > self.count:
            raise NotACase(f"{self.count} options in the matrix, and {len(self.ballots[0])} on a ballot")
        self.ballots = [ranks + [0] * (self.count - len(ranks)) for ranks in self.ballots]
        self.matrix = self.read_matrix(expected, self.count)
        self.quorum = self.read_quorum(expected, beside(path, "quorum"))
        self.majorities = {int(option): (SIGN[sign], int(number)) for option, sign, number in re.findall(
            r"Option (\d+) (?:passes|because of) Majority\..*?(>=|<=|>|<) (\d+)\s*$", expected, re.M)}
        self.lack_quorum = self.dropped(expected, "Quorum")
        self.lack_majority = self.dropped(expected, "Majority")
        self.defeats = {(int(a), int(b)): int(margin) for a, b, margin in re.findall(
            r"Option (\d+) defeats Option (\d+) by (?:\([^)]*\) =\s*)?(\d+)", expected)}
        self.schwartz = self.options_after(expected, r"Schwartz Set contains:")
        self.winners = self.options_after(expected, r"winners are:|winner is:")
        if not self.winners:
            raise NotACase("no winner is given")

    @staticmethod
    def read_ballots(text):
        ballots = []
        for number, line in enumerate(text.splitlines(), start=1):
            if not line.strip() or line.startswith("#"):
                continue
            found = re.fullmatch(r"V:\s*(\S+)\s*", line)
            if not found or not all(character == "-" or character in CHARACTERS for character in found[1]):
                raise NotACase(f"line {number} is no ballot: {line[:60]!r}")
            ballots.append([0 if character == "-" else CHARACTERS.index(character) + 1 for character in found[1]])
        if not ballots:
            raise NotACase("no ballots")
        width = max(map(len, ballots))   # what stands after the last mark is unranked
        if width > OPTIONS_MOST or len(ballots) > ROLL_MOST:
            raise NotACase("too many options or ballots")
        return [ranks + [0] * (width - len(ranks)) for ranks in ballots]

    @staticmethod
    def read_matrix(expected, count):
        """{(row, column): ballots that prefer the row}."""
        found = {}
        for row, cells in re.findall(r"^Option (\d+)((?:\s+\d+)+)\s*$", expected, re.M):
            others = [column for column in range(1, count + 1) if column != int(row)]
            values = cells.split()
            if len(values) != len(others):
                raise NotACase(f"row {row} of the matrix has {len(values)} numbers")
            found.update({(int(row), column): int(value) for column, value in zip(others, values)})
        if len(found) != count * (count - 1):
            raise NotACase("the matrix is not complete")
        return found

    @staticmethod
    def read_quorum(expected, beside_it):
        """(bound, whole number): more than 45.27 are more than 45."""
        found = re.findall(r"(?:Reached quorum|because of Quorum)\S*\s.*?(>=|<=|>|<) ([\d.]+)\s*$", expected, re.M)
        if not found:
            return None
        sign, number = found[0]
        whole, _, rest = number.partition(".")
        told = re.search(r"Quorum.*=\s*([\d.]+)", beside_it.split("K min", 1)[-1]) if beside_it else None
        if told and not told[1].startswith(number[:-1]):
            raise NotACase(f"a quorum of {told[1]} beside it, and {number} in what was published")
        if SIGN[sign] == pb.BOUND_MORE_THAN:
            return pb.BOUND_MORE_THAN, int(whole)
        return pb.BOUND_AT_LEAST, int(whole) + bool(rest.strip("0"))

    @staticmethod
    def dropped(expected, why):
        return {int(option) for option in re.findall(rf"Dropping Option (\d+) because of {why}", expected)}

    @staticmethod
    def options_after(expected, heading):
        block = re.search(rf"(?:{heading})\s*\n((?:\s*Option \d+ .*\n)+)", expected)
        return {int(option) for option in re.findall(r"Option (\d+) ", block[1])} if block else set()

    # As a round

    def majority_name(self, option):
        if option not in self.majorities:
            return ""
        bound, number = self.majorities[option]
        return f"{'over' if bound == pb.BOUND_MORE_THAN else 'at-least'}-{number}"

    def rule(self, build):
        """The template, with majorities and a quorum; what is tied stays so."""
        rule = rules.rule(build, "ranked-choice")
        del rule.ties[:]
        for bound, number in sorted(set(self.majorities.values())):
            name = f"{'over' if bound == pb.BOUND_MORE_THAN else 'at-least'}-{number}"
            rule.ranking.majorities.add(name=name, bound=bound, numerator=number, denominator=1)
        if self.quorum:
            bound, number = self.quorum
            rule.ranking.quorum.CopyFrom(pb.OptionQuorum(of=pb.BASE_KIND_NONE, bound=bound, numerator=number, denominator=1))
        return rule

    def options(self):
        """(label, majority, is_default) of each: labels are NAMEs, so that they are numbered."""
        last = self.count
        return [(f"option-{number}", "" if number == last else self.majority_name(number), number == last)
                for number in range(1, last + 1)]

    def round(self, build):
        lines = [Line(member=number, constituency=1, present=True, answered=True, sequence=number, ranks=ranks)
                 for number, ranks in enumerate(self.ballots, start=1)]
        return Round(self.rule(build), lines, [Constituency(1, "developers", "developers")], options=self.options())

    def problems(self, outcome):
        """What of the outcome is not as published."""
        count, result, found = self.count, outcome.ranking, []
        over = {(row, column): result.pairs[(row - 1) * count + column - 1]
                for row in range(1, count + 1) for column in range(1, count + 1) if row != column}
        for pair, ballots in sorted(self.matrix.items()):
            if over[pair] != ballots:
                found.append(f"{pair[0]} over {pair[1]}: counted {over[pair]}, published {ballots}")
        against = {line.option: line for line in result.against_default}
        for option, line in against.items():
            if (line.over_default, line.under_default) != (over[option, count], over[count, option]):
                found.append(f"{option} against the default option is not as in the matrix")
        lack_quorum = {option for option, line in against.items() if line.lacks_quorum}
        lack_majority = {option for option, line in against.items() if line.lacks_majority}
        if lack_quorum != self.lack_quorum:
            found.append(f"without quorum: {sorted(lack_quorum)}, published {sorted(self.lack_quorum)}")
        if lack_majority - lack_quorum != self.lack_majority - lack_quorum:
            found.append(f"without majority: {sorted(lack_majority)}, published {sorted(self.lack_majority)}")
        left = [option for option in range(1, count + 1) if option not in lack_quorum | lack_majority]
        defeats = {(a, b) for a in left for b in left if a != b and over[a, b] > over[b, a]}
        if not defeats <= set(self.defeats):   # some lists have those of options that dropped out as well
            found.append(f"defeats: {sorted(defeats - set(self.defeats))} are not among those published")
        for (a, b), margin in self.defeats.items():
            if over[a, b] - over[b, a] != margin:
                found.append(f"{a} defeats {b} by {over[a, b] - over[b, a]}, published {margin}")
        if unbeaten(left, defeats) != self.schwartz:
            found.append(f"Schwartz set: published {sorted(self.schwartz)}")
        if set(outcome.chosen) != self.winners or set(result.schwartz) != self.winners:
            found.append(f"chosen: {list(outcome.chosen)}, published {sorted(self.winners)}")
        wanted = pb.OUTCOME_KIND_TIE if len(self.winners) > 1 else \
            pb.OUTCOME_KIND_REJECTED if self.winners == {count} else pb.OUTCOME_KIND_ADOPTED
        if outcome.kind != wanted:
            found.append(f"{kind_name(outcome.kind)}, and the winners are {sorted(self.winners)}")
        return found


def unbeaten(options, defeats):
    """The Schwartz set: options that defeat, at some remove, every option that so defeats them."""
    reach = {option: {b for a, b in defeats if a == option} for option in options}
    for _ in options:
        reach = {option: seen.union(*(reach[other] for other in seen)) for option, seen in reach.items()}
    return {option for option in options
            if all(other in reach[option] for other in options if option in reach[other])}


def in_session(meeting, round, name):
    """What the round comes to in a meeting: the rule is adopted for it, the options are put, everybody ranks them."""
    rule = meeting.scene.adopt(round.rule)
    options = [pb.NewOption(label=label, majority=majority, is_default=is_default)
               for label, majority, is_default in round.options]
    number, outcome = meeting.round(rule, f"Resolution {name}", [{"ranks": line.ranks} for line in round.lines], options)
    kept = sorted(list(ballot.ranks) for ballot in meeting.scene.ballots(number))
    return outcome, [] if kept == sorted(line.ranks for line in round.lines) else ["other ballots are on record"]


def run(files, report):
    before, elections = report.so_far, []
    for path in files:
        if recognise(path):
            try:
                elections.append((path.name, Election(path)))
            except NotACase as problem:
                report.unreadable(path.name, problem)
    if not elections:
        return
    with meeting_of(min(SEATS_MOST, max(len(election.ballots) for _, election in elections)), report.build) as meeting:
        for name, election in elections:
            try:
                round = election.round(report.build)
                outcome, found = report.count([round])[0], []
                if len(round.lines) <= SEATS_MOST:
                    recorded, found = in_session(meeting, altered(round, report.alter), name)
                    if (recorded.kind, recorded.ranking, list(recorded.chosen)) != (
                            outcome.kind, outcome.ranking, list(outcome.chosen)):
                        found.append("the machine comes to something else than the count alone")
                report.case(name, found + election.problems(outcome), f"{kind_name(outcome.kind)} {list(outcome.chosen)}")
            except NotACase as problem:
                report.unreadable(name, problem)
    report.summary(LAYOUT, before, f"; {sum(len(election.ballots) for _, election in elections)} ballots, through a broker and a "
                   "worker")
