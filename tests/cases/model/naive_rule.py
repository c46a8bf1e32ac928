"""What a round comes to by its rule: the definition of docs/rules.md and of rule.proto, and nothing clever.

It was written from those two texts, without a look at core/rule. Everything is recomputed wherever it is needed, fractions are
fractions, and what a text says in a sentence stands here in a function. It takes a rule that is sound (naive_check.py).

    outcome = conclude(Round(rule, lines, constituencies))     # a pb.Outcome; raises NobodyInScope
"""

import dataclasses
import hashlib
import math
from fractions import Fraction

from comity_wire import pb

FOR = (pb.STANCE_AGREE, pb.STANCE_RESERVED)
AGAINST = (pb.STANCE_CONCERN, pb.STANCE_BLOCK)
STANCES = (pb.STANCE_AGREE, pb.STANCE_RESERVED, pb.STANCE_STAND_ASIDE, pb.STANCE_ABSTAIN, pb.STANCE_CONCERN,
           pb.STANCE_BLOCK)
EACH = (pb.SCOPE_KIND_EACH_CONSTITUENCY, pb.SCOPE_KIND_EACH_SIDE, pb.SCOPE_KIND_EACH_SITE)
PARITY_MOST = 10 ** 12


class NobodyInScope(Exception):
    """A test looks at nobody, or cannot be shared out: ERR_SCOPE."""


@dataclasses.dataclass
class Line:
    """One member of the frozen roll, as struct roll_line of core/rule/rule.h."""
    member: int
    constituency: int
    recused: bool = False
    present: bool = False
    notified: bool = False
    answered: bool = False
    sequence: int = 0
    weight: int = 1
    site: int = 0
    offices: int = 0
    answer: int = 0
    choice: int = 0
    ranks: list = None
    score: int = None
    counts_as: int = 0   # a stance in place of the ballot's: a block that nobody seconded


@dataclasses.dataclass
class Constituency:
    number: int
    name: str
    side: str
    is_party: bool = True
    vacant: int = 0


@dataclasses.dataclass
class Round:
    rule: object
    lines: list
    constituencies: list
    sites: list = dataclasses.field(default_factory=list)      # (number, name)
    options: list = dataclasses.field(default_factory=list)    # (label, majority, is_default)
    tie_order: list = None
    rounds_remain: bool = False

    def constituency(self, line):
        return next(c for c in self.constituencies if c.number == line.constituency)


# Members -----------------------------------------------------------------------------------------------------

def eligible(round):
    """Of PARTY constituencies, and not recused: whom tests look at. R-12, R-13"""
    return [line for line in round.lines if round.constituency(line).is_party and not line.recused]


def stance(round, line):
    """Of a ballot; None where there is none, or where it has no stance. R-11"""
    if not line.answered:
        return None
    if line.counts_as:
        return line.counts_as
    return next((entry.stance for entry in round.rule.scale if entry.answer == line.answer), None)


def is_abstention(round, line):
    return stance(round, line) == pb.STANCE_ABSTAIN


def is_present(round, line):
    """R-15"""
    return line.answered if round.rule.present == pb.PRESENT_ANSWERED else line.present


def consents(round, line):
    """By being silent. R-18, R-19"""
    if line.answered or round.rule.form != pb.FORM_STANCE:
        return False
    return (round.rule.silence == pb.SILENCE_CONSENT
            or round.rule.silence == pb.SILENCE_CONSENT_IF_NOTIFIED and line.notified)


def is_for(round, line):
    return stance(round, line) in FOR or consents(round, line)


def is_against(round, line):
    return stance(round, line) in AGAINST


def took_a_side(round, line):
    """The form says what that is. R-25"""
    if round.rule.form == pb.FORM_STANCE:
        return stance(round, line) in FOR + AGAINST
    if round.rule.form == pb.FORM_CHOICE:
        return line.answered and line.choice != 0
    if round.rule.form == pb.FORM_SCORE:
        return line.answered and line.score is not None
    return line.answered and any(line.ranks or ())


# The leading option ------------------------------------------------------------------------------------------

def counts_by_weight(rule):
    return any(test.weighting == pb.WEIGHTING_WEIGHT for test in rule.tests)


def preferred_by_stated_order(round, options):
    order = round.tie_order or range(1, len(round.options) + 1)
    return next(option for option in order if option in options)


def leading(round):
    """(options that have most ballots in the whole, ties that it took): one option, several that are tied, or none. R-46"""
    votes = {}
    for line in eligible(round):
        if line.answered and line.choice:
            votes[line.choice] = votes.get(line.choice, 0) + (line.weight if counts_by_weight(round.rule) else 1)
    if not votes:
        return [], []
    best = sorted(option for option in votes if votes[option] == max(votes.values()))
    if len(best) > 1 and pb.TIE_BREAK_STATED_ORDER in round.rule.ties:
        return [preferred_by_stated_order(round, best)], [pb.TIE_BREAK_STATED_ORDER]
    return best, []


# Whom a test looks at ----------------------------------------------------------------------------------------

def subjects(round, test):
    """[(name, its lines on the roll)], by name; recused members are among them, so that a subject is found. R-14, R-36"""
    party = [line for line in round.lines if round.constituency(line).is_party]
    site_names = dict(round.sites)
    name_of = {
        pb.SCOPE_KIND_WHOLE: lambda line: "",
        pb.SCOPE_KIND_CONSTITUENCY: lambda line: round.constituency(line).name,
        pb.SCOPE_KIND_EACH_CONSTITUENCY: lambda line: round.constituency(line).name,
        pb.SCOPE_KIND_SIDE: lambda line: round.constituency(line).side,
        pb.SCOPE_KIND_EACH_SIDE: lambda line: round.constituency(line).side,
        pb.SCOPE_KIND_SITE: lambda line: site_names.get(line.site),
        pb.SCOPE_KIND_EACH_SITE: lambda line: site_names.get(line.site),
    }[test.scope.kind]
    groups = {}
    for line in party:
        name = name_of(line)
        if name is not None and (not test.scope.of or name == test.scope.of):
            groups.setdefault(name, []).append(line)
    if test.scope.kind == pb.SCOPE_KIND_WHOLE:
        groups.setdefault("", [])
    held = [line for lines in groups.values() for line in lines if holds_office(test, line)]
    if not groups or test.scope.office and not held:
        raise NobodyInScope(test.name)
    return sorted(groups.items(), key=lambda item: item[0].encode())


def holds_office(test, line):
    return not test.scope.office or line.offices >> test.scope.office & 1


def looked_at(test, lines):
    """Not the recused, and with an office those alone who hold it."""
    return [line for line in lines if not line.recused and holds_office(test, line)]


# What a member weighs ----------------------------------------------------------------------------------------

def parity_weights(round, test):
    """{member: weight}: each side has the same total, shared evenly among its members that the test looks at. R-41"""
    sides = {}
    for line in looked_at(test, eligible(round)):
        sides.setdefault(round.constituency(line).side, []).append(line.member)
    total = math.lcm(*(len(members) for members in sides.values()))
    if total > PARITY_MOST:
        raise NobodyInScope("a total that all sides can share out evenly is too large")
    return {member: total // len(members) for members in sides.values() for member in members}


def weight_of(round, test):
    """A function: what a line weighs in this test."""
    if test.weighting == pb.WEIGHTING_WEIGHT:
        return lambda line: line.weight
    if test.weighting == pb.WEIGHTING_PARITY:
        weights = parity_weights(round, test)
        return lambda line: weights[line.member]
    return lambda line: 1


# Counts and bases --------------------------------------------------------------------------------------------

def is_counted(round, test, line):
    """R-16, R-19"""
    count = test.count
    if count.kind == pb.COUNT_KIND_STANCES:
        return stance(round, line) in count.stances or consents(round, line) and pb.STANCE_AGREE in count.stances
    if count.kind == pb.COUNT_KIND_PRESENT:
        return is_present(round, line)
    if count.kind == pb.COUNT_KIND_ANSWERED:
        return line.answered
    if count.kind == pb.COUNT_KIND_CHOICES:
        return line.answered and line.choice in count.choices
    if count.kind == pb.COUNT_KIND_SCORE_AT_LEAST:
        return line.answered and line.score is not None and line.score >= count.score
    if count.kind == pb.COUNT_KIND_LEADING:
        best, _ = leading(round)
        return line.answered and len(best) == 1 and line.choice == best[0]
    raise AssertionError(count)


def is_in_base(round, test, line):
    """R-17, R-19"""
    base = test.against
    is_silent_consent = consents(round, line) and test.count.kind == pb.COUNT_KIND_STANCES
    if base.kind == pb.BASE_KIND_ELIGIBLE:
        return True
    if base.kind == pb.BASE_KIND_PRESENT:
        return is_present(round, line) or is_silent_consent
    if base.kind == pb.BASE_KIND_ANSWERED:
        return line.answered or is_silent_consent
    if base.kind == pb.BASE_KIND_CAST:
        return line.answered and not is_abstention(round, line) or is_silent_consent
    if base.kind == pb.BASE_KIND_STANCES:
        return stance(round, line) in base.stances or consents(round, line) and pb.STANCE_AGREE in base.stances
    if base.kind == pb.BASE_KIND_CHOICES:
        return line.answered and line.choice in base.choices
    return False


# Blocs -------------------------------------------------------------------------------------------------------

def blocs(round, test, subject):
    """What each constituency of the subject casts, by name; vacant seats are seats. R-42"""
    def is_of(party):
        return test.scope.kind == pb.SCOPE_KIND_WHOLE or subject == party.side

    results = []
    for party in sorted(round.constituencies, key=lambda c: c.name.encode()):
        if not party.is_party or not is_of(party):
            continue
        own = [line for line in round.lines if line.constituency == party.number and not line.recused]
        if not any(line.constituency == party.number for line in round.lines):
            continue
        for_count = sum(is_for(round, line) for line in own)
        against = sum(is_against(round, line) for line in own)
        cast = (pb.BLOC_CAST_FOR if for_count > against else pb.BLOC_CAST_AGAINST if against > for_count
                else test.bloc.tied if for_count else test.bloc.absent)
        results.append(pb.BlocResult(constituency=party.name, seats=len(own) + party.vacant, against=against,
                                     cast=cast, **{"for": for_count}))
    return results


BLOC_STANCE = {pb.BLOC_CAST_FOR: pb.STANCE_AGREE, pb.BLOC_CAST_AGAINST: pb.STANCE_CONCERN,
               pb.BLOC_CAST_ABSTAIN: pb.STANCE_ABSTAIN, pb.BLOC_CAST_NOTHING: None}


def bloc_is_counted(test, bloc):
    cast = BLOC_STANCE[bloc.cast]
    if test.count.kind == pb.COUNT_KIND_STANCES:
        return cast in test.count.stances
    return cast is not None


def bloc_is_in_base(test, bloc):
    cast, base = BLOC_STANCE[bloc.cast], test.against
    return {pb.BASE_KIND_ELIGIBLE: True, pb.BASE_KIND_ANSWERED: cast is not None,
            pb.BASE_KIND_CAST: cast not in (None, pb.STANCE_ABSTAIN), pb.BASE_KIND_STANCES: cast in base.stances,
            pb.BASE_KIND_NONE: False}[base.kind]


# One line of the working -------------------------------------------------------------------------------------

def holds_exactly(bound, count, threshold):
    return {pb.BOUND_AT_LEAST: count >= threshold, pb.BOUND_MORE_THAN: count > threshold,
            pb.BOUND_AT_MOST: count <= threshold, pb.BOUND_LESS_THAN: count < threshold}[bound]


def short_and_over(bound, count, threshold):
    """How many more, or fewer, it would take. R-22"""
    least = {pb.BOUND_AT_LEAST: math.ceil(threshold), pb.BOUND_MORE_THAN: math.floor(threshold) + 1}.get(bound)
    most = {pb.BOUND_AT_MOST: math.floor(threshold), pb.BOUND_LESS_THAN: math.ceil(threshold) - 1}.get(bound)
    return (max(0, least - count), 0) if least is not None else (0, max(0, count - most))


def subject_weight(round, test, name):
    kind = {pb.SCOPE_KIND_EACH_CONSTITUENCY: pb.SCOPE_KIND_CONSTITUENCY, pb.SCOPE_KIND_EACH_SIDE: pb.SCOPE_KIND_SIDE,
            pb.SCOPE_KIND_EACH_SITE: pb.SCOPE_KIND_SITE}[test.scope.kind]
    found = [entry.weight for entry in round.rule.weights if entry.kind == kind and entry.name == name]
    if not found:
        raise NobodyInScope(f"{test.name}: the weight of {name} is not stated")
    return found[0]


def test_line(round, test, name, all_lines):
    """The test for one subject. R-20 to R-22, R-32"""
    lines = looked_at(test, all_lines)
    weight = weight_of(round, test)
    result = pb.TestResult(
        test=test.name, subject=name, base_kind=test.against.kind, count_kind=test.count.kind, bound=test.bound,
        numerator=test.numerator, denominator=test.denominator, stances=test.count.stances,
        base_stances=test.against.stances, weighting=test.weighting, scope=test.scope.kind, office=test.scope.office,
        choices=test.count.choices, base_choices=test.against.choices, score=test.count.score,
        **{"class": getattr(test, "class")})
    if test.weighting == pb.WEIGHTING_SEATS:
        result.blocs.extend(blocs(round, test, name))
        result.count = sum(bloc.seats for bloc in result.blocs if bloc_is_counted(test, bloc))
        base = sum(bloc.seats for bloc in result.blocs if bloc_is_in_base(test, bloc))
        result.eligible = sum(bloc.seats for bloc in result.blocs)
    else:
        result.count = sum(weight(line) for line in lines if is_counted(round, test, line))
        base = sum(weight(line) for line in lines if is_in_base(round, test, line))
        result.eligible = sum(weight(line) for line in lines)
    if test.weighting != pb.WEIGHTING_SEATS and (   # who is silent in a bloc is in what the bloc casts
            test.count.kind == pb.COUNT_KIND_STANCES or test.against.kind == pb.BASE_KIND_STANCES):
        result.silent = sum(weight(line) for line in lines if consents(round, line))
    if test.count.kind == pb.COUNT_KIND_LEADING:
        best, _ = leading(round)
        result.choices.extend(best if len(best) == 1 else [])
    if test.scope.quantifier.by_weight:
        result.subject_weight = subject_weight(round, test, name)
    if test.against.kind == pb.BASE_KIND_NONE:
        threshold = Fraction(test.numerator)
    else:
        result.base_size = base
        result.base_is_empty = base == 0
        threshold = Fraction(test.numerator, test.denominator) * base
    if result.base_is_empty:
        result.holds = test.holds_when_empty
    else:
        result.holds = holds_exactly(test.bound, result.count, threshold)
        if not result.holds:
            result.short_by, result.over_by = short_and_over(test.bound, result.count, threshold)
    if test.count.kind == pb.COUNT_KIND_LEADING and len(leading(round)[0]) > 1:
        result.holds = False   # the lead is tied. R-46
    return result


# A test: its lines, and how many of them must hold -----------------------------------------------------------

def quantified(round, test, lines):
    """The QuantifierResult, None where all must hold. R-37"""
    quantifier = test.scope.quantifier
    if test.scope.kind not in EACH or quantifier.kind not in (pb.QUANTIFIER_KIND_COUNT, pb.QUANTIFIER_KIND_SHARE):
        return None
    share = quantifier.kind == pb.QUANTIFIER_KIND_SHARE
    weigh = [line.subject_weight if quantifier.by_weight else 1 for line in lines]
    result = pb.QuantifierResult(
        test=test.name, count=sum(w for w, line in zip(weigh, lines) if line.holds), of=sum(weigh),
        kind=quantifier.kind, bound=quantifier.bound or pb.BOUND_AT_LEAST, numerator=quantifier.numerator,
        denominator=quantifier.denominator if share else 1, by_weight=quantifier.by_weight, scope=test.scope.kind)
    threshold = Fraction(quantifier.numerator, quantifier.denominator) * result.of if share else quantifier.numerator
    result.holds = result.of > 0 and holds_exactly(result.bound, result.count, threshold)
    return result


class Tested:
    """One test of the rule: whether it holds, with its working."""

    def __init__(self, round, test):
        self.test = test
        self.group = getattr(test, "class")
        self.members = [looked_at(test, lines) for _, lines in subjects(round, test)]
        self.lines = [test_line(round, test, name, lines) for name, lines in subjects(round, test)]
        self.quantifier = quantified(round, test, self.lines)
        self.holds = self.quantifier.holds if self.quantifier else all(line.holds for line in self.lines)


# Tallies -----------------------------------------------------------------------------------------------------

def tally(round, name, lines):
    """R-32. Of all the lines, neutral ones too."""
    by_weight = counts_by_weight(round.rule)
    kept = [line for line in lines if not line.recused]
    answered = [line for line in kept if line.answered]

    def count(chosen):
        return {"ballots": len(chosen), "weight": sum(line.weight for line in chosen) if by_weight else 0}

    result = pb.Tally(constituency=name, eligible=len(kept), present=sum(is_present(round, line) for line in kept),
                      answered=len(answered), recused=len(lines) - len(kept), silent=len(kept) - len(answered),
                      weight=sum(line.weight for line in kept) if by_weight else 0)
    for entry in sorted(round.rule.scale, key=lambda e: e.answer):
        result.answers.add(answer=entry.answer, **count([line for line in answered if line.answer == entry.answer]))
    for each in STANCES:
        result.stances.add(stance=each, **count([line for line in answered if stance(round, line) == each]))
    if round.rule.form == pb.FORM_CHOICE:
        for option in range(1, len(round.options) + 1):
            result.choices.add(choice=option, **count([line for line in answered if line.choice == option]))
    if round.rule.form == pb.FORM_SCORE:
        for score in sorted({line.score for line in answered if line.score is not None}):
            result.scores.add(score=score, **count([line for line in answered if line.score == score]))
    return result


def tallies(round):
    present = [c for c in round.constituencies if any(line.constituency == c.number for line in round.lines)]
    return [tally(round, "", round.lines)] + [
        tally(round, c.name, [line for line in round.lines if line.constituency == c.number])
        for c in sorted(present, key=lambda c: c.name.encode())]


def rule_hash(rule):
    """R-10"""
    return hashlib.sha256(b"comity/v1/rule\0" + rule.SerializeToString(deterministic=True)).digest()
