"""The outcome of a round, of what naive_rule.py counts: R-23 to R-30, in their order."""


from comity_wire import pb
from naive_ranking import count_ranking
from naive_rule import (EACH, Tested, consents, counts_by_weight, eligible, is_against, is_for, leading, rule_hash, tallies,
                        took_a_side, weight_of)


def is_half(test):
    return 2 * test.numerator == test.denominator and \
        test.against.kind != pb.BASE_KIND_NONE


def for_and_against(round, tested, index):
    """Of one line of a test, in what the line counts in."""
    test, line = tested.test, tested.lines[index]
    if test.weighting == pb.WEIGHTING_SEATS:
        return (sum(bloc.seats for bloc in line.blocs if bloc.cast == pb.BLOC_CAST_FOR),
                sum(bloc.seats for bloc in line.blocs if bloc.cast == pb.BLOC_CAST_AGAINST))
    weight = weight_of(round, test)
    members = tested.members[index]
    return (sum(weight(member) for member in members if is_for(round, member)),
            sum(weight(member) for member in members if is_against(round, member)))


def is_deadlock(round, tested):
    """R-27"""
    if round.rule.form != pb.FORM_STANCE or tested.holds:
        return False
    sides = [for_and_against(round, tested, index) for index in range(len(tested.lines))]
    if tested.test.scope.kind in EACH:
        return any(line.holds for line in tested.lines) and any(
            not line.holds and against > for_count for line, (for_count, against) in zip(tested.lines, sides))
    return (tested.test.weighting == pb.WEIGHTING_SEATS and tested.test.scope.kind == pb.SCOPE_KIND_WHOLE
            and sides[0][0] == sides[0][1] > 0)


def is_tie(round, tests):
    """R-28"""
    failing = [tested for tested in tests if not tested.holds]
    if round.rule.form != pb.FORM_STANCE or len(failing) != 1:
        return False
    test = failing[0].test
    if test.scope.kind != pb.SCOPE_KIND_WHOLE or not is_half(test):
        return False
    for_count, against = for_and_against(round, failing[0], 0)
    return for_count == against > 0


def conclude(round):
    """The whole outcome. Raises NobodyInScope."""
    rule = round.rule
    outcome = pb.Outcome(rule_hash=rule_hash(rule), tallies=tallies(round), ballots=sorted(
        {line.sequence for line in round.lines if line.answered and not line.recused}))
    tests = [Tested(round, test) for test in rule.tests]
    for tested in tests:
        outcome.tests.extend(tested.lines)
        if tested.quantifier:
            outcome.quantifiers.append(tested.quantifier)
    outcome.kind = kind_of(round, tests, outcome)
    return outcome


def verdict(round):
    """(kind, what is chosen) alone."""
    chosen = pb.Outcome()
    return kind_of(round, [Tested(round, test) for test in round.rule.tests], chosen), tuple(chosen.chosen)


def kind_of(round, tests, outcome):
    """The kind; what is chosen, and how, is put into @outcome."""
    rule = round.rule
    undecided = pb.OUTCOME_KIND_NOT_YET if round.rounds_remain else pb.OUTCOME_KIND_REJECTED
    if not all(tested.holds for tested in tests if tested.group == pb.TEST_CLASS_QUORUM):
        return pb.OUTCOME_KIND_NO_QUORUM
    if not all(tested.holds for tested in tests if tested.group == pb.TEST_CLASS_OBJECTION):
        return pb.OUTCOME_KIND_BLOCKED
    if not any(took_a_side(round, line) or consents(round, line) for line in eligible(round)):
        return pb.OUTCOME_KIND_NO_DECISION
    if rule.form == pb.FORM_CHOICE:
        best, ties = leading(round)
        if len(best) > 1:
            outcome.chosen.extend(best)
            return pb.OUTCOME_KIND_TIE
    if all(tested.holds for tested in tests):
        if rule.form == pb.FORM_RANKING:
            return count_ranking(round, outcome, undecided)
        if rule.form == pb.FORM_CHOICE:
            outcome.chosen.extend(best)
            outcome.ties.extend(ties)
        return pb.OUTCOME_KIND_ADOPTED
    if any(is_deadlock(round, tested) for tested in tests):
        return pb.OUTCOME_KIND_DEADLOCK
    if is_tie(round, tests):
        return pb.OUTCOME_KIND_TIE
    return undecided


# Before and at the close -------------------------------------------------------------------------------------

def opening(round):
    """May it open? R-31. Raises NobodyInScope."""
    for tested in [Tested(round, test) for test in round.rule.tests]:
        test = tested.test
        if (tested.group == pb.TEST_CLASS_QUORUM and test.count.kind == pb.COUNT_KIND_PRESENT
                and test.against.kind in (pb.BASE_KIND_ELIGIBLE, pb.BASE_KIND_NONE)
                and round.rule.present != pb.PRESENT_ANSWERED and not tested.holds):
            return "QUORUM"
    return "OK"


def no_quorum(round):
    """Where a QUORUM test fails: those tests, and the outcome; else None. R-49"""
    outcome = pb.Outcome(kind=pb.OUTCOME_KIND_NO_QUORUM, rule_hash=rule_hash(round.rule))
    tests = [Tested(round, test) for test in round.rule.tests if getattr(test, "class") == pb.TEST_CLASS_QUORUM]
    for tested in tests:
        outcome.tests.extend(tested.lines)
        if tested.quantifier:
            outcome.quantifiers.append(tested.quantifier)
    return outcome if not all(tested.holds for tested in tests) else None
