"""Five-point polls (strongly for, for, neutral, against, strongly against), ballot by ballot through a real broker and worker.

A column chair_outcome is shown beside what the counts say, and judged by nobody: the chair decided without a number.
"""

import time

from comity_wire import pb
from . import rules
from .common import NotACase, csv_cases, csv_lines, kind_name, number_in
from .meeting import meeting_of

LAYOUT = "five-point polls"
COLUMNS = ("SF", "F", "N", "A", "SA")
BALLOTS_MAX = 2000


def recognise(path):
    if path.suffix != ".csv":
        return None
    header, rows = csv_lines(path)
    return len(rows) if set(COLUMNS) <= set(header) else None


def rule_of(report):
    """More for than against, of those who take a side: the template. A poll has one round."""
    rule = rules.rule(report.build, "five-point-poll", rounds=1)
    if report.alter == "threshold":
        rule.tests[0].bound = pb.BOUND_LESS_THAN
    return rule


def read(cells):
    votes = [number_in(cells, column, most=BALLOTS_MAX) for column in COLUMNS]
    if sum(votes) > BALLOTS_MAX:
        raise NotACase(f"more than {BALLOTS_MAX} ballots")
    return votes, cells.get("chair_outcome", "")


def expected_outcome(votes):
    support, against = votes[0] + votes[1], votes[3] + votes[4]
    if support + against == 0:
        return pb.OUTCOME_KIND_NO_DECISION
    if support > against:
        return pb.OUTCOME_KIND_ADOPTED
    return pb.OUTCOME_KIND_TIE if support == against else pb.OUTCOME_KIND_REJECTED


def play(meeting, rule, votes, title, alter):
    """One poll as one round: (what differs, the outcome)."""
    answers = [answer for answer, count in enumerate(votes, start=1) for _ in range(count)]
    cast = [answers[0] % 5 + 1, *answers[1:]] if alter == "ballot" and answers else answers
    number, outcome = meeting.round(rule, title, [{"answer": answer} for answer in cast])
    return list(problems(votes, answers, outcome, meeting.scene.ballots(number))), outcome


def problems(votes, answers, outcome, ballots):
    whole = outcome.tallies[0]
    counted = [count.ballots for count in sorted(whole.answers, key=lambda c: c.answer)]
    kept = sorted(ballot.answer for ballot in ballots)
    if counted != votes:
        yield f"counted {counted}, published {votes}"
    if kept != answers:
        yield f"the ballots on record are {kept}"
    if whole.answered != len(answers) or len(outcome.ballots) != len(answers):
        yield f"{whole.answered} answered, {len(outcome.ballots)} ballots listed, {len(answers)} cast"
    if outcome.kind != expected_outcome(votes):
        yield f"outcome {kind_name(outcome.kind)} does not follow from {votes}"


def run(files, report):
    before, polls, advisory = report.so_far, [], {}
    for path in files:
        for name, cells in csv_cases(path):
            try:
                polls.append((name, *read(cells)))
            except NotACase as problem:
                report.unreadable(name, problem)
    seats = max((sum(votes) for _, votes, _ in polls), default=0)
    with meeting_of(seats, report.build) as meeting:
        rule = meeting.scene.adopt(rule_of(report))
        started = time.monotonic()
        for name, votes, chair in polls:
            found, outcome = play(meeting, rule, votes, f"Poll {name}", report.alter)
            kind = kind_name(outcome.kind)
            if chair:
                advisory[f"{chair} / {kind}"] = advisory.get(f"{chair} / {kind}", 0) + 1
            report.case(name, found, f"{votes}: {kind}" + (f" (the chair: {chair})" if chair else ""))
        seconds = time.monotonic() - started
    report.summary(LAYOUT, before, f"; {sum(sum(votes) for _, votes, _ in polls)} ballots by {seats} keys in {seconds:.1f} s, "
                   "through a broker and a worker")
    for pair, count in sorted(advisory.items()):
        report.note(f"the chair said / the sum says: {pair}: {count} (shown, not judged)")
