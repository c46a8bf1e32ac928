"""How ranked ballots are counted, by the definitions of docs/rules.md R-50 to R-56."""

import itertools

from comity_wire import pb
from naive_rule import eligible, holds_exactly
from naive_transfer import Meek, Runoff, Scottish, Tied


def rankings(round):
    """The ballots that are counted: {option: rank} of the options that are ranked, at least one."""
    lists = [line.ranks for line in eligible(round) if line.answered and line.ranks]
    ballots = [{option: rank for option, rank in enumerate(ranks, start=1) if rank} for ranks in lists]
    return [ballot for ballot in ballots if ballot]


def preferred(round, options):
    order = round.tie_order or range(1, len(round.options) + 1)
    return next(option for option in order if option in options)


# Schulze -----------------------------------------------------------------------------------------------------

def prefers(ballot, one, other):
    """A rank is better the lower it is; what has none is below all that have one."""
    return one in ballot and (other not in ballot or ballot[one] < ballot[other])


def paths(options, start, end):
    between = [option for option in options if option not in (start, end)]
    for length in range(len(between) + 1):
        for middle in itertools.permutations(between, length):
            yield [start, *middle, end]


def schwartz_set(options, over):
    """Options that no other one beats by a stronger path. A path is as strong as its weakest defeat; of two defeats that one is
    stronger which more ballots are for, and of such the one that fewer are against."""
    def link(one, other):
        return (over[one, other], -over[other, one]) if over[one, other] > over[other, one] else (0, 0)

    strength = {(start, end): max(min(link(a, b) for a, b in itertools.pairwise(path))
                                  for path in paths(options, start, end))
                for start in options for end in options if start != end}
    return [one for one in options
            if all(strength[one, other] >= strength[other, one] for other in options if other != one)]


def option_results(round, over, default):
    """Every other option against the default one: what it lacks."""
    ranking = round.rule.ranking
    results = []
    for option in range(1, len(round.options) + 1):
        if option == default:
            continue
        result = pb.OptionResult(option=option, over_default=over[option, default], under_default=over[default, option])
        if ranking.HasField("quorum"):
            quorum = ranking.quorum
            whole = len(eligible(round)) if quorum.of == pb.BASE_KIND_ELIGIBLE else 1
            result.lacks_quorum = not holds_exactly(
                quorum.bound, result.over_default * quorum.denominator, quorum.numerator * whole)
        name = round.options[option - 1][1]
        for majority in ranking.majorities:
            if majority.name == name:
                result.lacks_majority = not holds_exactly(
                    majority.bound, result.over_default * majority.denominator,
                    majority.numerator * result.under_default)
        results.append(result)
    return results


def count_schulze(round, outcome, undecided):
    options = range(1, len(round.options) + 1)
    ballots = rankings(round)
    over = {(a, b): sum(prefers(ballot, a, b) for ballot in ballots) for a in options for b in options}
    outcome.ranking.pairs.extend(over[a, b] for a in options for b in options)
    default = next((number for number in options if round.options[number - 1][2]), None)
    dropped = set()
    if default:
        results = option_results(round, over, default)
        outcome.ranking.against_default.extend(results)
        dropped = {result.option for result in results if result.lacks_quorum or result.lacks_majority}
    winners = schwartz_set([option for option in options if option not in dropped], over)
    outcome.ranking.schwartz.extend(winners)
    if len(winners) > 1 and pb.TIE_BREAK_STATED_ORDER in round.rule.ties:
        winners = [preferred(round, winners)]
        outcome.ties.append(pb.TIE_BREAK_STATED_ORDER)
    if len(winners) > 1:
        outcome.chosen.extend(winners)
        return pb.OUTCOME_KIND_TIE
    outcome.chosen.extend(winners)
    if winners == [default]:
        return undecided
    return pb.OUTCOME_KIND_ADOPTED


def count_ranking(round, outcome, undecided):
    """The kind of the outcome; chosen, ties and the working are put into @outcome."""
    outcome.ranking.method = round.rule.ranking.method
    if round.rule.ranking.method == pb.RANKING_METHOD_SCHULZE:
        return count_schulze(round, outcome, undecided)
    count = {pb.RANKING_METHOD_INSTANT_RUNOFF: Runoff, pb.RANKING_METHOD_STV_SCOTTISH: Scottish,
             pb.RANKING_METHOD_STV_MEEK: Meek}[round.rule.ranking.method](round)
    try:
        count.run()
        outcome.chosen.extend(count.elected)
        kind = pb.OUTCOME_KIND_ADOPTED
    except Tied as tied:
        outcome.chosen.extend(sorted(tied.options))
        kind = pb.OUTCOME_KIND_TIE
    outcome.ranking.stages.extend(count.stages)
    return kind
