"""The rules of the published cases, as messages."""

from comity_wire import pb

FOR = [pb.STANCE_AGREE, pb.STANCE_RESERVED]
AGAINST = [pb.STANCE_CONCERN, pb.STANCE_BLOCK]


def stance_test(name, scope, stances, bound, numerator, denominator=1, base=pb.BASE_KIND_NONE, group=pb.TEST_CLASS_SUPPORT,
                **more):
    return pb.Test(name=name, scope=scope if isinstance(scope, pb.Scope) else pb.Scope(kind=scope),
                   count=pb.Count(kind=pb.COUNT_KIND_STANCES, stances=stances), bound=bound, numerator=numerator,
                   denominator=denominator, against=base if isinstance(base, pb.Base) else pb.Base(kind=base),
                   **{"class": group}, **more)


def member_test(name, scope, count, bound, numerator, denominator=1, base=pb.BASE_KIND_NONE, group=pb.TEST_CLASS_QUORUM):
    """Of members who are present, or answered."""
    return pb.Test(name=name, scope=scope if isinstance(scope, pb.Scope) else pb.Scope(kind=scope),
                   count=pb.Count(kind=count), bound=bound, numerator=numerator, denominator=denominator,
                   against=pb.Base(kind=base), **{"class": group})


def scale(**stances):
    """label=stance, numbered from 1."""
    return [pb.ScaleEntry(answer=number, label=label.replace("_", "-"), stance=stance)
            for number, (label, stance) in enumerate(stances.items(), start=1)]


YES_NO = scale(yes=pb.STANCE_AGREE, no=pb.STANCE_CONCERN, abstain=pb.STANCE_ABSTAIN)
YES, NO, ABSTAIN = 1, 2, 3


def stance_rule(name, tests, answers=None, **more):
    return pb.Rule(name=name, form=pb.FORM_STANCE, roll=pb.ROLL_KIND_SEATS, frozen=pb.FROZEN_ROUND, rounds=1, tests=tests,
                   scale=answers or YES_NO, **more)


def of_cast(name, numerator, denominator, bound, scope=pb.SCOPE_KIND_WHOLE, **more):
    return stance_test(name, scope, FOR, bound, numerator, denominator, pb.BASE_KIND_CAST, **more)
