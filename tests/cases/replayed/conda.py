"""Quorum and threshold examples: a quorum of those who answered, as a share and as a number, and a threshold of the ballots cast.

After a timeout the share is waived and the number is not. An example that expects a quorum although fewer answered than its own
least number contradicts itself: it is known as such, and what the engine says is the rule as written.
"""

from naive_rule import Constituency, Line, Round

from comity_wire import pb
from . import rules
from .common import ROLL_MOST, NotACase, csv_cases, csv_lines, kind_name, number_in

LAYOUT = "quorum and threshold examples"


def recognise(path):
    if path.suffix != ".csv":
        return None
    header, rows = csv_lines(path)
    return len(rows) if {"expect_quorum", "expect_pass"} <= set(header) else None


def flag(cells, column, may_be_empty=False):
    if may_be_empty and cells is not None and not (cells.get(column) or "").strip():
        return None
    return bool(number_in(cells, column, most=1))


class Example:
    def __init__(self, cells):
        self.members = number_in(cells, "active_members", 1, ROLL_MOST)
        self.threshold = number_in(cells, "threshold_num"), number_in(cells, "threshold_den", 1)
        self.is_strict = flag(cells, "threshold_strict")
        self.quorum = number_in(cells, "quorum_num"), number_in(cells, "quorum_den", 1)
        self.least = number_in(cells, "min_quorum", most=ROLL_MOST)
        self.votes = [number_in(cells, column, most=ROLL_MOST) for column in ("yes", "no", "abstain")]
        self.after_timeout = flag(cells, "timeout_invoked")
        self.expect_quorum = flag(cells, "expect_quorum")
        self.expect_pass = flag(cells, "expect_pass", may_be_empty=True)
        if sum(self.votes) > self.members:
            raise NotACase(f"{sum(self.votes)} ballots of {self.members} members")

    @property
    def contradicts_itself(self):
        """There is said to be a quorum, and the least number is not reached."""
        return self.expect_quorum and sum(self.votes) < self.least

    def rule(self, build):
        rule = rules.rule(build, "participation")
        least, share, passes = rule.tests
        least.numerator = self.least
        share.numerator, share.denominator = self.quorum
        passes.numerator, passes.denominator = self.threshold
        passes.bound = pb.BOUND_MORE_THAN if self.is_strict else pb.BOUND_AT_LEAST
        if self.after_timeout:
            del rule.tests[1]
        return rule

    def round(self, build):
        answers = [answer for answer, count in enumerate(self.votes, start=1) for _ in range(count)]
        answers += [0] * (self.members - len(answers))
        lines = [Line(member=number, constituency=1, answered=bool(answer), sequence=number if answer else 0, answer=answer)
                 for number, answer in enumerate(answers, start=1)]
        return Round(self.rule(build), lines, [Constituency(1, "members", "members")])

    def problems(self, outcome):
        counted = [each.ballots for each in outcome.tallies[0].answers]
        if counted != self.votes:
            return [f"counted {counted}, published {self.votes}"]
        has_quorum = outcome.kind != pb.OUTCOME_KIND_NO_QUORUM
        if self.contradicts_itself:
            return [f"{kind_name(outcome.kind)}, although {sum(self.votes)} are fewer than {self.least}"] if has_quorum else []
        if has_quorum != self.expect_quorum:
            return [f"{'a' if has_quorum else 'no'} quorum, published otherwise: {kind_name(outcome.kind)}"]
        passes = outcome.kind == pb.OUTCOME_KIND_ADOPTED
        if self.expect_pass is not None and passes != self.expect_pass:
            return [f"{kind_name(outcome.kind)}, published {'passes' if self.expect_pass else 'does not pass'}"]
        return []


def run(files, report):
    before, contradictions = report.so_far, 0
    for path in files:
        for name, cells in csv_cases(path):
            try:
                example = Example(cells)
                outcome = report.count([example.round(report.build)])[0]
                report.case(name, example.problems(outcome), kind_name(outcome.kind))
                if example.contradicts_itself:
                    contradictions += 1
                    report.note(f"{name} contradicts itself: {sum(example.votes)} answered, its own least number is "
                                f"{example.least}, and it expects a quorum; by the rule it is {kind_name(outcome.kind)}")
            except NotACase as problem:
                report.unreadable(name, problem)
    report.summary(LAYOUT, before, f"; {contradictions} contradict themselves, told above" if contradictions else "")
