"""What the layouts share: reading a file by its layout, asking the engine, telling how a case came out."""

import copy
import csv

from comity_counting import Counter, question
from comity_wire import pb

ROLL_MOST = 10000


class NotACase(Exception):
    """The file has the layout, and this row cannot be read by it."""


class Report:
    """How the cases came out, told as they do."""

    def __init__(self, build, verbose=False, alter=None):
        self.build, self.verbose, self.alter = build, verbose, alter
        self.counter = Counter(build)
        self.passed = self.failed = 0

    def case(self, name, problems, told=""):
        """@problems: words for each thing that is not as published."""
        if problems:
            self.failed += 1
            print(f"FAILED  {name}: {problems[0]}" + (f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""))
        else:
            self.passed += 1
            if self.verbose:
                print(f"ok      {name}: {told}")

    def unreadable(self, name, problem):
        self.case(name, [f"cannot be read: {problem}"])

    def note(self, words):
        print(f"        {words}")

    def summary(self, layout, before, words=""):
        """@before: (passed, failed) when the layout began."""
        passed, failed = self.passed - before[0], self.failed - before[1]
        print(f"{layout}: {passed} of {passed + failed} came back exactly{words}")

    @property
    def so_far(self):
        return self.passed, self.failed

    def count(self, rounds):
        """What rule_count makes of each of them: [pb.Outcome]. A rule or a ballot that is refused is a NotACase. With
        --alter each round has one ballot, weight or threshold altered first."""
        rounds = [altered(round, self.alter) for round in rounds]
        outcomes = []
        for answer in self.counter.ask([question(round, "check", "ballots", "count") for round in rounds]):
            if answer["check"] != "OK":
                raise NotACase(f"the rule is refused: {answer['check']}: {answer['field']}")
            refused = [code for code in answer["ballots"] if code != "OK"]
            if refused:
                raise NotACase(f"a ballot is refused: {refused[0]}")
            if answer["count"] != "OK":
                raise NotACase(f"the round cannot be counted: {answer['count']}")
            outcomes.append(answer["outcome"])
        return outcomes


# Reading -----------------------------------------------------------------------------------------------------

def text_of(path):
    return path.read_text(encoding="utf-8-sig", errors="replace")


def csv_lines(path):
    """(header, [(number of its last line, row)]) of a CSV, past comment lines; ([], []) if it is none."""
    numbered = [(number, line) for number, line in enumerate(text_of(path).splitlines(), start=1)
                if line.strip() and not line.startswith("#")]
    reader = csv.reader(line + "\n" for _, line in numbered)   # a cell in quotes may have several lines
    rows = [(numbered[reader.line_num - 1][0], [cell.strip() for cell in row]) for row in reader]
    if not rows or len(rows[0][1]) < 2:
        return [], []
    return rows[0][1], rows[1:]


def csv_cases(path):
    """[(name, {column: cell})]; a row of another length has no cells."""
    header, rows = csv_lines(path)
    return [(f"{path.name}:{number}", dict(zip(header, row)) if len(row) == len(header) else None)
            for number, row in rows]


def number_in(cells, column, least=0, most=10 ** 12):
    """A whole number of a row."""
    if cells is None:
        raise NotACase("it has another number of cells than the header")
    cell = (cells.get(column) or "").strip()
    if not cell.isascii() or not cell.isdigit() or not least <= int(cell) <= most:
        raise NotACase(f"{column} is {cell!r}, and no number from {least} to {most}")
    return int(cell)


def kind_name(kind):
    return pb.OutcomeKind.Name(kind)[len("OUTCOME_KIND_"):]


# One thing altered: the control ------------------------------------------------------------------------------

def altered(round, what):
    """The same round with one ballot, weight or threshold altered; what there is none of stays."""
    if what is None:
        return round
    round = copy.deepcopy(round)
    {"ballot": alter_ballot, "weight": alter_weight, "threshold": alter_threshold}[what](round)
    return round


def alter_ballot(round):
    """Somebody answers otherwise, and is absent."""
    line = next(line for line in round.lines if line.answered and not line.recused)
    line.present = False
    if line.ranks:
        line.ranks = line.ranks[1:] + line.ranks[:1]
    else:
        answers = [entry.answer for entry in round.rule.scale]
        line.answer = answers[(answers.index(line.answer) + 1) % len(answers)]


def alter_weight(round):
    if any(test.weighting == pb.WEIGHTING_WEIGHT for test in round.rule.tests):
        round.lines[0].weight += 1
    elif round.rule.weights:
        round.rule.weights[0].weight += 1
    else:
        round.constituencies[0].vacant += 1


def alter_threshold(round):
    if round.rule.HasField("ranking"):
        if round.rule.ranking.HasField("quorum"):
            round.rule.ranking.quorum.numerator += 1
        else:
            round.rule.ranking.seats += 1
        return
    for test in round.rule.tests:
        if test.denominator == 1:
            test.numerator += 1
        else:
            test.numerator, test.denominator = 2 * test.numerator - 1, 2 * test.denominator
