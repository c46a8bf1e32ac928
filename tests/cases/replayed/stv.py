"""Counts by a single transferable vote: ballots in a .blt file, and beside it what each stage of the count came to.

Two forms of such results are read: lines for people ("Action: Begin Count", then every option with its votes), and a table with
tabs whose header begins with R and Action. Both have an entry after each step; what a step is, is told by its first word.
"""

import re

from naive_rule import Constituency, Line, Round

from comity_counting import question
from comity_wire import pb
from . import rules
from .common import ROLL_MOST, NotACase, altered, kind_name, text_of

LAYOUT = "single transferable vote"
METHODS = {5: pb.RANKING_METHOD_STV_SCOTTISH, 9: pb.RANKING_METHOD_STV_MEEK}   # by the decimals of the published votes
ACTS = {pb.COUNT_ACT_FIRST: "begin", pb.COUNT_ACT_SURPLUS: "surplus", pb.COUNT_ACT_EXCLUDE: "exclude"}


def recognise(path):
    if path.suffix == ".blt":
        return 1
    if path.suffix == ".txt" and (re.match(r"R\tAction\t", text_of(path)) or re.search(r"^Action: Begin Count", text_of(path), re.M)):
        return 0
    return None


def plain(name):
    """How many blanks a name has is not the same everywhere."""
    return " ".join(name.split())


# Ballots -----------------------------------------------------------------------------------------------------

class Blt:
    """options, seats | [tie ...], [withdrawn ...] or -n | ballots: how many, perhaps a name in (), options, 0 | 0 | names and
    title in quotes. Comments are from # to the end of a line, and between /* and */."""

    def __init__(self, text):
        text = re.sub(r'/\*.*?\*/|#[^"\n]*$', " ", text, flags=re.M | re.S)
        numbers, quotes = text.split('"', 1)[0], re.findall(r'"([^"]*)"', text)
        lists = {word: [int(number) for number in rest.split()]
                 for word, rest in re.findall(r"\[\s*(\w+)\s+([\d\s]+)\]", numbers)}
        words = re.sub(r"\[[^\]]*\]|\([^)]*\)", " ", numbers).split()
        self.withdrawn = lists.get("withdrawn", [])
        try:
            self.read([int(word) for word in words])
        except (ValueError, IndexError) as error:
            raise NotACase(f"it is no .blt ({error})") from error
        # Who gives way stands first, where a round has first who is preferred. A file that says nothing means its options in their order,
        # as the program does whose counts are published.
        self.tie_order = lists.get("tie", list(range(1, self.options + 1)))[::-1]
        if sorted(self.tie_order) != list(range(1, self.options + 1)):
            raise NotACase("[tie] has not every option once")
        self.names = [plain(name) for name in quotes[:self.options]]
        if len(self.names) != self.options or len(set(self.names)) != self.options:
            raise NotACase(f"{self.options} options, and {len(set(self.names))} names")

    def read(self, numbers):
        self.options, self.seats = numbers[0], numbers[1]
        self.ballots, at = [], 2
        while numbers[at] < 0:
            self.withdrawn.append(-numbers[at])
            at += 1
        while numbers[at] != 0:
            end = numbers.index(0, at)
            order = numbers[at + 1:end]
            if len(set(order)) != len(order) or not all(1 <= option <= self.options for option in order):
                raise ValueError(f"a ballot {order}")
            self.ballots.append((numbers[at], order))
            at = end + 1
        if at + 1 != len(numbers):
            raise ValueError("something after the last ballot")

    def ranks(self, order):
        return [order.index(option) + 1 if option in order else 0 for option in range(1, self.options + 1)]


# What was published ------------------------------------------------------------------------------------------

def units(text):
    """"128.00000" as (decimals, units)."""
    whole, _, rest = text.partition(".")
    return len(rest), int(whole + rest)


class Step:
    """One entry of what was published: the votes after it, and who is elected."""

    def __init__(self, kind, who, votes, lost, residual, elected):
        self.kind, self.who, self.votes, self.lost, self.residual, self.elected = kind, who, votes, lost, residual, elected


def kind_of(action):
    """"begin", "surplus", "exclude" where votes were moved; else ""."""
    action = action.lower()
    if action.startswith("begin"):
        return "begin"
    if action.startswith("surplus transferred"):
        return "surplus"
    if action.startswith("transfer defeated"):
        return "exclude"
    return ""


def steps_for_people(text, names):
    """(quota, steps)"""
    quota = units(re.search(r"Quota: ([\d.]+)", text)[1])
    steps = []
    for block in re.split(r"^Action: ", text, flags=re.M)[1:]:
        action = block.splitlines()[0]
        votes, elected = [0] * len(names), set()
        for state, label, number in re.findall(r"^\t(Hopeful|Elected|Pending|Defeated):\s+(.*) \(([\d.]+)\)\s*$", block, re.M):
            for name in map(plain, [label] if plain(label) in names else label.split(", ")):
                votes[names.index(name)] = units(number)[1]
                if state in ("Elected", "Pending"):
                    elected.add(names.index(name) + 1)
        lost = units(re.search(r"Nontransferable votes: ([\d.]+)", block)[1])[1]
        residual = units(re.search(r"Residual: ([\d.]+)", block)[1])[1]
        who = plain(re.sub(r" \([\d.]+\)$", "", action.partition(": ")[2]))
        steps.append(Step(kind_of(action), who, votes, lost, residual, elected))
    return quota, steps


def steps_of_table(text, names):
    """The same of a table: a transfer is of the option that was unpended or defeated just before it."""
    rows = [line.split("\t") for line in text.splitlines()]
    head, steps, quota, moved = rows[0], [], None, ("", "")
    options = [number for number in range(1, len(names) + 1) if f"{number}.name" in head]   # the others have withdrawn
    states = {(number, what): head.index(f"{number}.{what}") for number in options for what in ("name", "state", "vote")}
    for row in rows[1:]:
        if len(row) < len(head):
            continue
        quota, lost = units(row[2]), units(row[3])[1]
        votes = [units(row[states[number, "vote"]])[1] if number in options else 0 for number in range(1, len(names) + 1)]
        elected = {number for number in options if row[states[number, "state"]] in ("e", "E")}
        if row[1] in ("unpend", "defeat"):
            before = steps[-1] if steps else None
            moved = ("surplus" if row[1] == "unpend" else "exclude", changed_state(row, states, names, before))
        kind = {"begin": "begin", "transfer": moved[0]}.get(row[1], "")
        steps.append(Step(kind, moved[1] if kind in ("surplus", "exclude") else "", votes, lost, None, elected))
        steps[-1].quota = quota[1]
        steps[-1].excluded = {number for number in options if row[states[number, "state"]] == "D"}
        steps[-1].states = {number: row[states[number, "state"]] for number in options}
    return quota, steps


def changed_state(row, states, names, before):
    """Whose state is another one than in the step before."""
    for number in before.states if before else ():
        if row[states[number, "state"]] != before.states[number]:
            return names[number - 1]
    return ""


def published(path, names):
    """((decimals, quota), steps) of the result beside the ballots."""
    stem = path.name[:-len(path.suffix)]
    beside = [other for other in sorted(path.parent.iterdir())
              if other.name.startswith(stem + ".") and other.suffix == ".txt" and recognise(other) == 0]
    if not beside:
        raise NotACase("no expected result beside it")
    found = []
    for other in beside:
        text = text_of(other)
        try:
            quota, steps = (steps_of_table if text.startswith("R\t") else steps_for_people)(text, names)
        except (TypeError, ValueError, IndexError, AttributeError) as error:
            raise NotACase(f"{other.name} cannot be read: {error}") from error
        found.append((other, quota, without_empty_surpluses(steps)))
    return found


def without_empty_surpluses(steps):
    """An option that has the quota and no more has no surplus: rule 48 transfers what exceeds it. Some programs print a step."""
    kept, votes = [], None
    for step in steps:
        if step.kind == "surplus" and step.votes == votes:
            continue
        votes = step.votes if step.kind else votes
        kept.append(step)
    return kept


# As a round --------------------------------------------------------------------------------------------------

def round_of(blt, method, build):
    """By the template, with the file's seats."""
    rule = rules.rule(build, "board-election")
    rule.ranking.method, rule.ranking.seats = method, blt.seats
    lines = []
    for count, order in blt.ballots:
        for _ in range(count if blt.small else 1):
            number = len(lines) + 1
            lines.append(Line(member=number, constituency=1, present=True, answered=True, sequence=number,
                              weight=1 if blt.small else count, ranks=blt.ranks(order)))
    return Round(rule, lines, [Constituency(1, "voters", "voters")],
                 options=[(f"option-{number}", "", False) for number in range(1, blt.options + 1)], tie_order=blt.tie_order)


def count(blt, method, report):
    """Ballot by ballot as a round; of more ballots than a roll has members, and where options have withdrawn, the count alone."""
    blt.small = sum(count for count, _ in blt.ballots) <= ROLL_MOST and not blt.withdrawn
    round = round_of(blt, method, report.build)
    if blt.small:
        return report.count([round])[0]
    asked = question(altered(round, report.alter), "check", "ranking", withdrawn=blt.withdrawn)
    answer = report.counter.ask([asked])[0]
    if answer["check"] != "OK" or answer["ranking"] != "OK":
        raise NotACase(f"it cannot be counted: {answer['check']}, {answer.get('ranking')}")
    return answer["outcome"]


def problems_of(blt, quota, steps, outcome):
    stages, found = outcome.ranking.stages, []
    wanted = [step for step in steps if step.kind]
    moved = [stage for stage in stages if stage.act in ACTS]
    if [step.kind for step in wanted] != [ACTS[stage.act] for stage in moved]:
        return [f"stages: counted {[ACTS[stage.act] for stage in moved]}, published {[step.kind for step in wanted]}"]
    if stages and stages[0].quota != quota[1]:
        found.append(f"the quota: counted {stages[0].quota}, published {quota[1]}")
    for number, (step, stage) in enumerate(zip(wanted, moved)):
        who = [blt.names[option - 1] for option in stage.options]
        if step.who and who != [step.who]:
            found.append(f"stage {number}: of {who}, published {step.who}")
        if list(stage.votes) != step.votes:
            found.append(f"stage {number}: votes {list(stage.votes)}, published {step.votes}")
        if stage.non_transferable != step.lost:
            found.append(f"stage {number}: {stage.non_transferable} not transferable, published {step.lost}")
        if step.residual is not None and stage.residual != step.residual:
            found.append(f"stage {number}: residual {stage.residual}, published {step.residual}")
    elected = [option for stage in stages for option in stage.elected]
    if set(elected) != steps[-1].elected or sorted(outcome.chosen) != sorted(steps[-1].elected):
        found.append(f"elected {elected}, published {sorted(steps[-1].elected)}")
    if outcome.kind != pb.OUTCOME_KIND_ADOPTED:
        found.append(kind_name(outcome.kind))
    return found


def problems_of_meek(blt, _quota, steps, outcome):
    """The rows of such a table are what a round of iterations came to, and other things: every stage in which nobody drops out is one of
    them, to the last decimal, in their order. Who drops out is compared by the order in which they do."""
    stages, found, at = outcome.ranking.stages, [], 0
    for number, stage in enumerate(stages):
        if stage.act not in (pb.COUNT_ACT_FIRST, pb.COUNT_ACT_ITERATE):
            continue
        same = [place for place, step in enumerate(steps[at:], at) if step.votes == list(stage.votes) and step.quota == stage.quota]
        if not same:
            return [f"stage {number}: votes {list(stage.votes)} with the quota {stage.quota} are in no row that is left"]
        at = same[0]
    dropped = [blt.names[option - 1] for stage in stages if stage.act == pb.COUNT_ACT_EXCLUDE for option in stage.options]
    order, seen = [], set()
    for step in steps:
        order += [blt.names[option - 1] for option in sorted(step.excluded - seen)]
        seen |= step.excluded
    if dropped != order[:len(dropped)]:
        found.append(f"drop out {dropped}, published {order}")
    if set(outcome.chosen) != steps[-1].elected:
        found.append(f"elected {list(outcome.chosen)}, published {sorted(steps[-1].elected)}")
    if outcome.kind != pb.OUTCOME_KIND_ADOPTED:
        found.append(kind_name(outcome.kind))
    return found


PROBLEMS = {pb.RANKING_METHOD_STV_SCOTTISH: problems_of, pb.RANKING_METHOD_STV_MEEK: problems_of_meek}


def run(files, report):
    before, ballots = report.so_far, 0
    for path in files:
        if path.suffix != ".blt":
            continue
        try:
            blt = Blt(text_of(path))
            for other, quota, steps in published(path, blt.names):
                if quota[0] not in METHODS:
                    raise NotACase(f"{other.name}: votes with {quota[0]} decimals are of no method that there is")
                method = METHODS[quota[0]]
                outcome = count(blt, method, report)
                ballots += sum(count for count, _ in blt.ballots)
                report.case(other.name, PROBLEMS[method](blt, quota, steps, outcome),
                            ", ".join(blt.names[option - 1] for option in outcome.chosen))
        except NotACase as problem:
            report.unreadable(path.name, problem)
    report.summary(LAYOUT, before, f"; {ballots} ballots")
