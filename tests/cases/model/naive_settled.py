"""Can nothing change any more? By trying everything that can still happen. R-48"""

import copy
import itertools

from comity_wire import pb
from naive_outcome import verdict
from naive_rule import eligible

TRIED_MOST = 150


class SettledUnknown(Exception):
    """There is too much that can still happen to try it all."""


def answers_to_come(round):
    """What a member can still answer, as fields of a Line: nothing, an answer of the scale, or what the form asks for."""
    rule, count = round.rule, len(round.options)
    yield {}
    for answer in {entry.stance: entry.answer for entry in rule.scale}.values():
        yield {"answer": answer}
    if rule.form == pb.FORM_CHOICE:
        yield from ({"choice": option} for option in range(1, count + 1))
    if rule.form == pb.FORM_SCORE:
        yield from ({"score": score} for score in range(rule.scores.least, rule.scores.most + 1))
    if rule.form == pb.FORM_RANKING:
        for ranks in itertools.product(range(count + 1), repeat=count):
            given = [rank for rank in ranks if rank]
            if rule.ranking.method == pb.RANKING_METHOD_SCHULZE or len(set(given)) == len(given):
                yield {"ranks": list(ranks)}


def futures(round):
    """[(line, [fields that it may come to])] of everybody with whom something can still happen."""
    rule = round.rule
    looks_at_present = rule.present != pb.PRESENT_ANSWERED and rule.present != pb.PRESENT_AT_OPEN and any(
        test.count.kind == pb.COUNT_KIND_PRESENT or test.against.kind == pb.BASE_KIND_PRESENT for test in rule.tests)
    to_come = [{"answered": bool(fields), **fields} for fields in answers_to_come(round)]
    for line in eligible(round):
        choices = [{}] if line.answered else list(to_come)
        if rule.silence == pb.SILENCE_CONSENT_IF_NOTIFIED and not line.answered and not line.notified:
            choices.append({"notified": True})
        if looks_at_present:
            here = [True] if rule.present == pb.PRESENT_EVER and line.present else [True, False]
            choices = [{**fields, "present": present} for fields in choices for present in here]
        if len(choices) > 1:
            yield line, choices


def is_settled(round):
    """Do the kind of the outcome, and what is chosen, stay the same whatever comes?"""
    open_lines = list(futures(round))
    tried = 1
    for _, choices in open_lines:
        tried *= len(choices)
    if tried > TRIED_MOST:
        raise SettledUnknown
    seen = set()
    for chosen in itertools.product(*(choices for _, choices in open_lines)):
        future = copy.copy(round)
        fields_of = {line.member: fields for (line, _), fields in zip(open_lines, chosen)}
        future.lines = [with_fields(line, fields_of.get(line.member)) for line in round.lines]
        seen.add(verdict(future))
        if len(seen) > 1:
            return False
    return True


def with_fields(line, fields):
    if not fields:
        return line
    line = copy.copy(line)
    for name, value in fields.items():
        setattr(line, name, value)
    return line
