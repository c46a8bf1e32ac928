"""Random rules and rounds for them. Most rules are sound; naive_check.py says which are."""

from comity_wire import pb
from naive_check import faults
from naive_rule import AGAINST, EACH, FOR, STANCES, Constituency, Line, Round

NAMES = ("labour", "management", "guild", "clerks", "convener", "a", "zz-9")
SIDES = ("workers", "employers")
SITES = ("north", "south", "depot")
MAJORITIES = ("simple", "three-to-one")
LARGE = 10 ** 12
TIES_OF_METHOD = {pb.RANKING_METHOD_SCHULZE: (pb.TIE_BREAK_STATED_ORDER,)}
METHODS = (pb.RANKING_METHOD_SCHULZE, pb.RANKING_METHOD_INSTANT_RUNOFF, pb.RANKING_METHOD_STV_SCOTTISH,
           pb.RANKING_METHOD_STV_MEEK)
ALL_TIES = (pb.TIE_BREAK_EARLIER_STAGES, pb.TIE_BREAK_STATED_ORDER)


class Rounds:
    """Everything that is drawn comes from @random."""

    def __init__(self, random):
        self.random = random

    def chance(self, share):
        return self.random.random() < share

    def some(self, values, least=1):
        values = list(values)
        return self.random.sample(values, self.random.randint(min(least, len(values)), len(values)))

    def sound_rule(self):
        while True:
            rule = self.rule()
            if not faults(rule):
                return rule

    # A rule -----------------------------------------------------------------------------------------------------

    def rule(self):
        random = self.random
        form = random.choices((pb.FORM_STANCE, pb.FORM_CHOICE, pb.FORM_SCORE, pb.FORM_RANKING), (10, 4, 3, 5))[0]
        rule = pb.Rule(name="random", form=form, roll=pb.ROLL_KIND_SEATS, frozen=pb.FROZEN_ROUND,
                       rounds=random.randint(1, 3), present=random.choice(range(5)))
        self.scale(rule)
        if form == pb.FORM_STANCE:
            rule.silence = random.choice((0, 0, pb.SILENCE_NOTHING, pb.SILENCE_CONSENT, pb.SILENCE_CONSENT_IF_NOTIFIED))
        if form == pb.FORM_SCORE:
            rule.scores.least = random.choice((0, 0, 1, 990))
            rule.scores.most = rule.scores.least + random.choice((1, 4, 10))
        if form == pb.FORM_RANKING:
            self.ranking(rule)
        if form in (pb.FORM_CHOICE, pb.FORM_RANKING) and self.chance(0.5):
            self.options(rule)
        if form == pb.FORM_CHOICE and self.chance(0.5):
            rule.ties.append(pb.TIE_BREAK_STATED_ORDER)
        if self.chance(0.3):
            rule.change = pb.CHANGE_ONCE
            rule.close.nothing_can_change = True
        elif self.chance(0.4):
            rule.visibility = random.choice((pb.VISIBILITY_OPEN, pb.VISIBILITY_UNTIL_CLOSE))
            rule.no_quorum, rule.extend_ms, rule.close.at_time = pb.NO_QUORUM_EXTEND, 60000, True
        least = 0 if form == pb.FORM_RANKING else 1
        for number in range(random.randint(least, 4)):
            rule.tests.append(self.test(rule, f"test-{number}"))
        if form != pb.FORM_RANKING and all(getattr(t, "class") == pb.TEST_CLASS_QUORUM for t in rule.tests):
            setattr(rule.tests[0], "class", pb.TEST_CLASS_SUPPORT)
        return rule

    def scale(self, rule):
        random = self.random
        if rule.form == pb.FORM_STANCE:
            stances = [random.choice(FOR + AGAINST)] + [random.choice(STANCES) for _ in range(random.randint(0, 5))]
            random.shuffle(stances)
        else:
            stances = [pb.STANCE_ABSTAIN] * random.choice((0, 0, 1, 2))
        answers = random.sample(range(1, 12), len(stances))
        for answer, stance in zip(answers, stances):
            rule.scale.add(answer=answer, label=f"answer-{answer}", stance=stance)

    def options(self, rule):
        for number in range(1, self.random.randint(2, 5) + 1):
            rule.options.add(number=number, label=f"option-{number}")
        if rule.ranking.method == pb.RANKING_METHOD_SCHULZE:
            self.mark_options(rule, rule.options)

    def mark_options(self, rule, options):
        """A default option, and who needs which majority over it."""
        if rule.ranking.needs_default or self.chance(0.3):
            self.random.choice(options).is_default = True
            for option in options:
                if rule.ranking.majorities and not option.is_default and self.chance(0.7):
                    option.majority = self.random.choice(rule.ranking.majorities).name

    def ranking(self, rule):
        random = self.random
        rule.ranking.method = random.choice(METHODS)
        if rule.ranking.method in (pb.RANKING_METHOD_STV_SCOTTISH, pb.RANKING_METHOD_STV_MEEK):
            rule.ranking.seats = random.randint(1, 3)
        elif self.chance(0.3):
            rule.ranking.seats = 1
        if rule.ranking.method == pb.RANKING_METHOD_SCHULZE and self.chance(0.7):
            rule.ranking.needs_default = True
            for name in self.some(MAJORITIES, 0):
                rule.ranking.majorities.add(name=name, bound=random.choice((pb.BOUND_AT_LEAST, pb.BOUND_MORE_THAN)),
                                            numerator=random.randint(1, 3), denominator=random.randint(1, 2))
            if self.chance(0.5):
                quorum = rule.ranking.quorum
                quorum.of = random.choice((pb.BASE_KIND_NONE, pb.BASE_KIND_ELIGIBLE))
                quorum.bound = random.choice((pb.BOUND_AT_LEAST, pb.BOUND_MORE_THAN))
                quorum.numerator = random.randint(1, 3)
                quorum.denominator = 1 if quorum.of == pb.BASE_KIND_NONE else random.randint(4, 6)
        rule.ties.extend(self.some(TIES_OF_METHOD.get(rule.ranking.method, ALL_TIES), 0))

    # A test -----------------------------------------------------------------------------------------------------

    def test(self, rule, name):
        random = self.random
        test = pb.Test(name=name, bound=random.choice(range(1, 5)), holds_when_empty=self.chance(0.1),
                       **{"class": random.choice((1, 2, 2, 2, 3, 3))})
        self.count(rule, test)
        self.base(rule, test)
        self.scope(rule, test)
        test.weighting = random.choice((0, 0, pb.WEIGHTING_HEADS, pb.WEIGHTING_WEIGHT, pb.WEIGHTING_PARITY,
                                        pb.WEIGHTING_SEATS))
        if test.weighting == pb.WEIGHTING_PARITY and test.scope.kind != pb.SCOPE_KIND_WHOLE:
            test.weighting = 0
        if test.weighting == pb.WEIGHTING_SEATS:
            self.as_blocs(rule, test)
        self.threshold(test)
        return test

    def count(self, rule, test):
        random = self.random
        kinds = {pb.FORM_STANCE: [pb.COUNT_KIND_STANCES] * 4,
                 pb.FORM_CHOICE: [pb.COUNT_KIND_CHOICES, pb.COUNT_KIND_LEADING, pb.COUNT_KIND_LEADING],
                 pb.FORM_SCORE: [pb.COUNT_KIND_SCORE_AT_LEAST] * 3, pb.FORM_RANKING: []}[rule.form]
        if rule.form == pb.FORM_CHOICE and not rule.options:
            kinds.remove(pb.COUNT_KIND_CHOICES)
        test.count.kind = random.choice([*kinds, pb.COUNT_KIND_PRESENT, pb.COUNT_KIND_ANSWERED])
        if test.count.kind == pb.COUNT_KIND_STANCES:
            test.count.stances.extend(self.some(STANCES))
        if test.count.kind == pb.COUNT_KIND_CHOICES:
            test.count.choices.extend(self.some(option.number for option in rule.options))
        if test.count.kind == pb.COUNT_KIND_SCORE_AT_LEAST:
            test.count.score = random.randint(rule.scores.least, rule.scores.most)

    def base(self, rule, test):
        kinds = [pb.BASE_KIND_NONE, pb.BASE_KIND_ELIGIBLE, pb.BASE_KIND_PRESENT, pb.BASE_KIND_ANSWERED, pb.BASE_KIND_CAST]
        if rule.form == pb.FORM_STANCE:
            kinds += [pb.BASE_KIND_STANCES, pb.BASE_KIND_STANCES]
        if rule.form == pb.FORM_CHOICE and rule.options:
            kinds.append(pb.BASE_KIND_CHOICES)
        test.against.kind = self.random.choice(kinds)
        if test.against.kind == pb.BASE_KIND_STANCES:
            test.against.stances.extend(self.some(STANCES))
        if test.against.kind == pb.BASE_KIND_CHOICES:
            test.against.choices.extend(self.some(option.number for option in rule.options))

    def scope(self, rule, test):
        random = self.random
        kind = random.choice((pb.SCOPE_KIND_WHOLE,) * 6 + (pb.SCOPE_KIND_CONSTITUENCY, pb.SCOPE_KIND_SIDE, pb.SCOPE_KIND_SITE)
                             + EACH * 3)
        test.scope.kind = kind
        names = {pb.SCOPE_KIND_CONSTITUENCY: NAMES[:2], pb.SCOPE_KIND_SIDE: SIDES, pb.SCOPE_KIND_SITE: SITES[:2]}
        if kind in names:
            test.scope.of = random.choice(names[kind])
        if kind in EACH and self.chance(0.6):
            self.quantifier(rule, test.scope)
        if self.chance(0.05):
            test.scope.office = random.choice((pb.OFFICE_CO_CHAIR, pb.OFFICE_RECORDER))

    def quantifier(self, rule, scope):
        random = self.random
        quantifier = scope.quantifier
        quantifier.kind = random.choice((pb.QUANTIFIER_KIND_ALL, pb.QUANTIFIER_KIND_COUNT, pb.QUANTIFIER_KIND_SHARE))
        if quantifier.kind == pb.QUANTIFIER_KIND_ALL:
            return
        quantifier.bound = random.choice((0, pb.BOUND_AT_LEAST, pb.BOUND_MORE_THAN))
        if quantifier.kind == pb.QUANTIFIER_KIND_COUNT:
            quantifier.numerator = random.randint(1, 3)
        else:
            quantifier.denominator = random.randint(2, 4)
            quantifier.numerator = random.randint(1, quantifier.denominator - 1)
        if self.chance(0.5):
            quantifier.by_weight = True
            kind, names = {pb.SCOPE_KIND_EACH_CONSTITUENCY: (pb.SCOPE_KIND_CONSTITUENCY, NAMES),
                           pb.SCOPE_KIND_EACH_SIDE: (pb.SCOPE_KIND_SIDE, SIDES + NAMES),
                           pb.SCOPE_KIND_EACH_SITE: (pb.SCOPE_KIND_SITE, SITES)}[scope.kind]
            if not any(entry.kind == kind for entry in rule.weights):
                for name in names:
                    rule.weights.add(kind=kind, name=name, weight=random.choice((0, 1, 1, 2, 3, LARGE)))

    def as_blocs(self, rule, test):
        """A bloc has two directions: sets take whole ones, and nobody stands aside."""
        random = self.random
        whole = [FOR, AGAINST, (pb.STANCE_ABSTAIN,)]
        if (rule.form != pb.FORM_STANCE or test.scope.kind in (pb.SCOPE_KIND_SITE, pb.SCOPE_KIND_EACH_SITE)
                or test.scope.office):
            test.weighting = 0
            return
        test.count.kind = random.choice((pb.COUNT_KIND_STANCES,) * 4 + (pb.COUNT_KIND_ANSWERED,))
        del test.count.stances[:]
        if test.count.kind == pb.COUNT_KIND_STANCES:
            test.count.stances.extend(stance for group in self.some(whole) for stance in group)
        del test.against.stances[:]
        if test.against.kind == pb.BASE_KIND_PRESENT:
            test.against.kind = pb.BASE_KIND_ELIGIBLE
        if test.against.kind == pb.BASE_KIND_STANCES:
            test.against.stances.extend(stance for group in self.some(whole) for stance in group)
        test.bloc.tied = random.randint(1, 4)
        test.bloc.absent = random.randint(1, 4)

    def threshold(self, test):
        random = self.random
        if test.against.kind == pb.BASE_KIND_NONE:
            test.numerator, test.denominator = random.choice((0, 1, 1, 2, 3, 5)), 1
        elif self.chance(0.4):
            test.numerator, test.denominator = random.choice(((1, 2), (2, 4), (0, 1), (1, 1), (2, 3), (10 ** 11, 2 * 10 ** 11)))
        else:
            test.denominator = random.choice((2, 3, 4, 5, 7, LARGE))
            test.numerator = random.randint(0, test.denominator)

    # A round by it ----------------------------------------------------------------------------------------------

    def constituencies(self):
        random = self.random
        names = NAMES[:2] + tuple(self.some(NAMES[2:], 0)) if self.chance(0.9) else self.some(NAMES)
        names = list(names)[:random.randint(2, 5)]
        random.shuffle(names)
        return [Constituency(number=number, name=name, side=random.choice(SIDES + (name,)), is_party=name != "convener",
                             vacant=random.choice((0, 0, 0, 1, 2))) for number, name in enumerate(names, start=1)]

    def round(self, rule, members=12):
        random = self.random
        options = [(option.label, option.majority, option.is_default) for option in rule.options]
        if not options and rule.form in (pb.FORM_CHOICE, pb.FORM_RANKING):
            own = [pb.Option(label=f"own-{number}") for number in range(random.randint(2, 5))]
            if rule.ranking.needs_default:
                self.mark_options(rule, own)
            options = [(option.label, option.majority, option.is_default) for option in own]
        round = Round(rule, [], self.constituencies(), list(enumerate(self.some(SITES, 0), start=1)), options,
                      rounds_remain=self.chance(0.3))
        if options and self.chance(0.3):
            round.tie_order = random.sample(range(1, len(options) + 1), len(options))
        answering, large = random.choice((0.3, 0.8, 1)), self.chance(0.1)
        if self.chance(0.0005):
            members = 150
        for member in range(1, random.randint(0, members) + 1):
            line = Line(member=member, constituency=random.choice(round.constituencies).number, recused=self.chance(0.05),
                        present=self.chance(0.7), notified=self.chance(0.5),
                        site=random.randint(0, len(round.sites)),
                        offices=sum(1 << office for office in range(1, 7) if self.chance(0.2)),
                        weight=random.randint(1, LARGE) if large else random.choice((1, 1, 2, 3, 10)))
            if self.chance(answering):
                self.answer(round, line)
            round.lines.append(line)
        random.shuffle(round.lines)
        return round

    def answer(self, round, line):
        random, rule = self.random, round.rule
        line.answered, line.sequence = True, random.choice((line.member, line.member, 7))
        if rule.scale and (rule.form == pb.FORM_STANCE or self.chance(0.15)):
            line.answer = random.choice(rule.scale).answer
        elif rule.form == pb.FORM_CHOICE:
            line.choice = random.randint(1, len(round.options))
        elif rule.form == pb.FORM_SCORE:
            line.score = random.randint(rule.scores.least, rule.scores.most)
        else:
            line.ranks = self.ranks(rule, len(round.options))

    def ranks(self, rule, count):
        if rule.ranking.method == pb.RANKING_METHOD_SCHULZE:
            return [self.random.randint(0, count) for _ in range(count)]
        order = self.some(range(count), 0)
        ranks = [0] * count
        for rank, option in enumerate(order, start=1):
            ranks[option] = rank
        return ranks
