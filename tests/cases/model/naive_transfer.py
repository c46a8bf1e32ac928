"""Counts by stages: instant run-off, Scottish and Meek's single transferable vote. R-53 to R-56

Every ballot is kept by itself, with what it is worth now and the option that has it.
"""

from comity_wire import pb
from naive_rule import eligible


class Tied(Exception):
    """Between these, and nothing breaks it."""

    def __init__(self, options):
        super().__init__(options)
        self.options = options


class Ballot:
    def __init__(self, ranks, value):
        ranked = sorted((rank, option) for option, rank in enumerate(ranks, start=1) if rank)
        self.order = [option for _, option in ranked]
        self.value, self.holder = value, None


class Count:
    """What all methods share."""

    UNIT = 1

    def __init__(self, round):
        self.rule = round.rule
        self.options = list(range(1, len(round.options) + 1))
        self.seats = max(1, round.rule.ranking.seats)
        self.stated_order = round.tie_order or self.options
        ranked = [line.ranks for line in eligible(round) if line.answered and any(line.ranks or ())]
        self.ballots = [Ballot(ranks, self.UNIT) for ranks in ranked]
        self.hopeful, self.elected = list(self.options), []
        self.votes = {option: 0 for option in self.options}
        self.lost = self.residual = self.quota = 0
        self.stages = []

    # Stages

    def stage(self, act, options=(), ties=()):
        self.stages.append(pb.CountStage(act=act, options=sorted(options), ties=ties))

    def end_stage(self):
        stage = self.stages[-1]
        stage.votes.extend(self.votes[option] for option in self.options)
        stage.non_transferable, stage.residual, stage.quota = self.lost, self.residual, self.quota

    def elect(self, options):
        """Those with more votes first, and of such by the stated order."""
        for option in sorted(options, key=lambda o: (-self.votes[o], self.stated_order.index(o))):
            self.hopeful.remove(option)
            self.elected.append(option)
            self.stages[-1].elected.append(option)

    def elect_after_exclusion(self):
        """Where no more are left than seats, they fill them."""
        if not self.is_complete():
            self.elect_by_quota()

    def elect_by_quota(self):
        self.elect([option for option in self.hopeful if self.votes[option] >= self.quota])

    def is_complete(self):
        return len(self.elected) >= self.seats or len(self.hopeful) + len(self.elected) <= self.seats

    def fill(self):
        if len(self.elected) < self.seats and self.hopeful:
            self.stage(pb.COUNT_ACT_FILL, self.hopeful)
            self.elect(list(self.hopeful))
            self.end_stage()

    # Ballots

    def move(self, ballot):
        """To the next option that is still hopeful."""
        after = ballot.order.index(ballot.holder) + 1 if ballot.holder else 0
        ballot.holder = next((option for option in ballot.order[after:] if option in self.hopeful), None)
        if ballot.holder:
            self.votes[ballot.holder] += ballot.value
        else:
            self.lost += ballot.value

    def first(self):
        for ballot in self.ballots:
            self.move(ballot)

    def exclude(self, options, ties=()):
        self.stage(pb.COUNT_ACT_EXCLUDE, options, ties)
        for option in options:
            self.hopeful.remove(option)
        for option in options:
            self.votes[option] = 0
            for ballot in self.ballots:
                if ballot.holder == option:
                    self.move(ballot)

    # Ties

    def settle(self, tied, want_most):
        """([one of @tied], or several that can only drop out together; what it took). R-56"""
        equal, tied, took = list(tied), list(tied), []
        for tie_break in self.rule.ties:
            if len(tied) == 1:
                break
            left = self.by_earlier_stages(tied, want_most) if tie_break == pb.TIE_BREAK_EARLIER_STAGES else \
                self.by_stated_order(tied)
            if left != tied:
                took.append(tie_break)
            tied = left
        if len(tied) > 1 and not want_most and all(self.votes[option] == 0 for option in tied) \
                and len(self.hopeful) - len(tied) >= self.seats - len(self.elected):
            return tied, took
        if len(tied) > 1:
            raise Tied(equal)   # all that are equal at this stage, though some may be out of the question by an earlier one
        return tied, took

    def by_earlier_stages(self, tied, want_most):
        for stage in reversed(self.stages[:-1]):
            votes = {option: stage.votes[option - 1] for option in tied}
            wanted = (max if want_most else min)(votes.values())
            left = [option for option in tied if votes[option] == wanted]
            if len(left) < len(tied):
                return left if len(left) == 1 else self.by_earlier_stages(left, want_most)
        return tied

    def by_stated_order(self, tied):
        order = [option for option in self.stated_order if option in tied]
        return [order[-1]]   # who is preferred least gives way

    def least(self):
        fewest = min(self.votes[option] for option in self.hopeful)
        return [option for option in self.hopeful if self.votes[option] == fewest]


class Runoff(Count):
    """The weakest drops out until one has more than half of the ballots that still count. R-53"""

    def set_quota(self):
        self.quota = sum(self.votes[option] for option in self.hopeful) // 2 + 1

    def run(self):
        self.first()
        self.stage(pb.COUNT_ACT_FIRST)
        self.set_quota()
        self.elect_by_quota()
        self.end_stage()
        while not self.is_complete():
            self.exclude(*self.settle(self.least(), want_most=False))
            self.set_quota()
            self.elect_by_quota()
            self.end_stage()
        self.fill()


class Scottish(Count):
    """Weighted inclusive Gregory, five decimals. R-54"""

    UNIT = 100_000

    def run(self):
        self.first()
        self.quota = (len(self.ballots) // (self.seats + 1) + 1) * self.UNIT
        self.stage(pb.COUNT_ACT_FIRST)
        self.elect_by_quota()
        self.end_stage()
        moved = set()
        while not self.is_complete():
            pending = [option for option in self.elected if option not in moved and self.votes[option] > self.quota]
            if pending:
                most = max(self.votes[option] for option in pending)
                [option], took = self.settle([o for o in pending if self.votes[o] == most], want_most=True)
                moved.add(option)
                self.stage(pb.COUNT_ACT_SURPLUS, [option], took)
                self.move_surplus(option)
            else:
                self.exclude(*self.settle(self.least(), want_most=False))
            (self.elect_by_quota if pending else self.elect_after_exclusion)()
            self.end_stage()
        self.fill()

    def move_surplus(self, option):
        surplus, votes = self.votes[option] - self.quota, self.votes[option]
        self.votes[option] = self.quota
        self.residual += surplus
        for ballot in self.ballots:
            if ballot.holder == option:
                ballot.value = ballot.value * surplus // votes
                self.residual -= ballot.value
                self.move(ballot)


def up(number, divisor):
    return -(-number // divisor)


class Meek(Count):
    """Every elected option keeps a part of each ballot, so that it has the quota; nine decimals. R-55"""

    UNIT = 1_000_000_000
    LEAST = 1000          # a smaller surplus, and a smaller difference, is none
    STEPS_MOST = 1000

    def run(self):
        self.factor = {option: self.UNIT for option in self.options}
        self.stage(pb.COUNT_ACT_FIRST)
        self.distribute()
        self.elect_by_quota()
        self.end_stage()
        while not self.is_complete():
            before = len(self.elected)
            surplus = self.iterate()
            if len(self.elected) > before:
                continue
            fewest = min(self.votes[option] for option in self.hopeful)
            tied = [option for option in self.hopeful if self.votes[option] <= fewest + max(surplus, self.LEAST)]
            dropping, took = self.settle(tied, want_most=False)
            self.stage(pb.COUNT_ACT_EXCLUDE, dropping, took)
            for option in dropping:
                self.hopeful.remove(option)
                self.factor[option] = 0
            self.distribute()
            self.elect_after_exclusion()
            self.end_stage()
        self.fill()

    def distribute(self):
        self.votes, self.lost = {option: 0 for option in self.options}, 0
        for ballot in self.ballots:
            weight = self.UNIT
            for option in ballot.order:
                taken = up(weight * self.factor[option], self.UNIT)
                self.votes[option] += taken
                weight -= taken
            self.lost += weight
        self.quota = sum(self.votes.values()) // (self.seats + 1) + 1

    def surplus(self):
        return sum(max(0, self.votes[option] - self.quota) for option in self.elected)

    def iterate(self):
        """The surplus that is left."""
        surplus, before = self.surplus(), len(self.elected)
        if surplus < self.LEAST:
            return surplus
        self.stage(pb.COUNT_ACT_ITERATE, self.elected)
        for _ in range(self.STEPS_MOST):
            for option in self.elected:
                kept = up(up(self.factor[option] * self.quota, self.UNIT) * self.UNIT, self.votes[option])
                self.factor[option] = min(self.UNIT, kept)
            self.distribute()
            self.elect_by_quota()
            last, surplus = surplus, self.surplus()
            if len(self.elected) > before or surplus < self.LEAST or surplus >= last:
                break
        self.end_stage()
        return surplus
