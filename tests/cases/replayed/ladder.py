"""Rounds up a ladder: what the engine says comes next, and by which rule it is counted."""

import copy

from comity_counting import question
from comity_wire import pb
from .common import NotACase


def climb(rounds, report):
    """@rounds: one for each ballot that is taken, all with the rule of the first. (what it comes to, [outcomes of the rounds]).
    Only ladders whose stages are ROUNDS and DEFAULT."""
    rule, outcomes = rounds[0].rule, []
    outcome = report.count(rounds[:1])[0]
    outcomes.append(outcome)
    kind, stage = outcome.kind, 0
    while True:
        answer = ask(rounds[0], report, stage, kind)
        if not answer["next"]:
            return kind, outcomes
        stage = answer["next"]
        entered = rule.stages[stage - 1]
        if entered.kind == pb.STAGE_KIND_DEFAULT:
            kind = entered.outcome
            if kind == pb.OUTCOME_KIND_ADOPTED:
                kind = pb.OUTCOME_KIND_ADOPTED_BY_DEFAULT
            kind = ask(rounds[0], report, stage, kind)["called"]
            continue
        if entered.kind != pb.STAGE_KIND_ROUNDS:
            raise NotACase("a stage of another kind")
        if len(outcomes) == len(rounds):
            raise NotACase(f"a further ballot follows, {entered.name}, and none is given")
        of_stage = copy.copy(rounds[len(outcomes)])
        of_stage.rule = answer["stage_rule"]
        outcomes.append(report.count([of_stage])[0])
        kind = ask(rounds[0], report, stage, outcomes[-1].kind)["called"]


def ask(round, report, after, outcome):
    return report.counter.ask([question(round, "ladder", after=after, outcome=outcome)])[0]
