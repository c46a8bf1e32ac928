"""What the words of a row of small cases are read as: answers, and rules."""

import copy
import re

from comity_wire import pb
from .common import NotACase

FOR, AGAINST = [pb.STANCE_AGREE, pb.STANCE_RESERVED], [pb.STANCE_CONCERN, pb.STANCE_BLOCK]
OUTCOMES = {name[len("OUTCOME_KIND_"):]: kind for name, kind in pb.OutcomeKind.items()}
LETTERS = "ARSXCB"   # in the order of Stance: the answer of a letter is its stance's number
STANCES = {"A": pb.STANCE_AGREE, "S": pb.STANCE_STAND_ASIDE, "X": pb.STANCE_ABSTAIN, "C": pb.STANCE_CONCERN,
           "B": pb.STANCE_BLOCK}
SCALE = [pb.ScaleEntry(answer=number, label=pb.Stance.Name(number)[len("STANCE_"):].lower().replace("_", "-"), stance=number)
         for number in range(1, 7)]
WORDS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
GROUP = re.compile(r"(\d+)\s*([ASXCBR-])(?![a-z])")
LABOUR, MANAGEMENT = ("labour", "workers", True), ("management", "employers", True)


# Answers -----------------------------------------------------------------------------------------------------

def groups(text, constituency):
    """[(constituency, answer, how many, recused)] of "3A 1C 1R"."""
    found = [(constituency, STANCES.get(letter, 0), int(count), letter == "R") for count, letter in GROUP.findall(text)]
    if not found:
        raise NotACase(f"no answers: {text!r}")
    return found


def in_parties(text):
    """Parts with a name in front of each: "L 5A, M 5S", "unions 2A, 2A, 1A 1C; M 6A"."""
    found, parties, who = [], [], ""
    for part in re.split(r"[;,]\s*", text):
        named = re.match(r"(L|M|unions|convener)\b(.*)", part.strip())
        who, rest = (named[1], named[2]) if named else (who, part)   # without a name it is another one of the last kind
        parties.append({"L": LABOUR, "M": MANAGEMENT, "convener": ("convener", "convener", False)}.get(
            who, (f"union-{len(parties) + 1}", "workers", True)))
        found += groups(rest, len(parties))
    return [(found, parties)]


def bloc_answers(text):
    """"L yes, M no, 3 seats each, bloc"."""
    seats = int(re.search(r"(\d+) seats each", text)[1])
    found = []
    for number, (_, word) in enumerate(re.findall(r"\b([LM]) (yes|no)\b", text), start=1):
        found.append((number, STANCES["A" if word == "yes" else "C"], seats, False))
    return [(found, [LABOUR, MANAGEMENT])]


def yes_no(text, present=0):
    """"67 yes 33 no", and who is there besides."""
    for_count, against = re.match(r"(\d+) yes (\d+) no", text.strip()).groups()
    found = [(1, STANCES["A"], int(for_count), False), (1, STANCES["C"], int(against), False)]
    if present:
        found.append((1, 0, present, False))
    return found, [LABOUR]


def contract_and_strike(text):
    """"contract 40 yes 60 no; strike 67 yes 33 no / 66 yes 34 no": a ballot, then another, in its variants."""
    contract, _, strike = text.partition(";")
    first = yes_no(contract.replace("contract", ""))
    if not strike:
        return [[first]]
    return [[first, yes_no(variant)] for variant in strike.replace("strike", "").split("/")]


def strike_alone(text):
    """"strike 67 of 100 cast, 103 present"."""
    for_count, cast, present = map(int, re.search(r"(\d+) of (\d+) cast, (\d+) present", text).groups())
    return [[yes_no(f"{for_count} yes {cast - for_count} no", present - cast)]]


def on_sides(text):
    """"one C a side / two C on one side": two constituencies a side, and everybody else agrees."""
    parties = [("union-1", "workers", True), ("union-2", "workers", True), ("plant", "employers", True),
               ("office", "employers", True)]
    ballots = []
    for variant in text.split("/"):
        count, letter = re.search(r"(\w+) ([CB])\b", variant).groups()
        objecting = [0, 2] if "a side" in variant else [0, 1]
        if WORDS[count] != (1 if "a side" in variant else 2):
            raise NotACase(f"{variant!r} is not understood")
        found = [(number + 1, STANCES["A"], 2, False) for number in range(4)]
        found += [(number + 1, STANCES[letter], 1, False) for number in objecting]
        ballots.append([(found, parties)])
    return ballots


def read_answers(text):
    """The variants of a row's answers: [[(groups, parties) for each ballot that is taken]]."""
    if text == "any":
        return [[([(1, STANCES["A"], 1, False)], [LABOUR])]]
    if text.startswith("contract"):
        return contract_and_strike(text)
    if text.startswith("strike"):
        return strike_alone(text)
    if "bloc" in text:
        return [bloc_answers(text)]
    if "side" in text:
        return on_sides(text)
    more = re.search(r", with and without (\d+[ASXCB]) more present", text)
    if more:
        text = text[:more.start()]
        return [whole(text), whole(f"{text}, {more[1]}")]
    if re.match(r"(L|M|unions|convener)\b", text):
        return [in_parties(text)]
    return [whole(text)]


def whole(text):
    """Answers of nobody in particular: by turns labour's and management's."""
    shared = []
    for _, answer, count, is_recused in groups(text, 0):
        shared += [(1, answer, count - count // 2, is_recused), (2, answer, count // 2, is_recused)]
    return [(shared, [LABOUR, MANAGEMENT])]


# Rules -------------------------------------------------------------------------------------------------------

TEST = re.compile(r"(?:(QUORUM|SUPPORT|OBJECTION):\s*)?(?:(EACH SIDE|EACH|WHOLE)\s+)?(?:(for|against|ANSWERED|PRESENT|[ASXCB])\s+)?"
                  r"(at least|more than|at most|less than)\s+(\d+)(?:/(\d+))?(?:\s+of\s+(\{for, against\}|[A-Z]+))?(,\s*SEATS)?")
BOUNDS = {"at least": pb.BOUND_AT_LEAST, "more than": pb.BOUND_MORE_THAN, "at most": pb.BOUND_AT_MOST,
          "less than": pb.BOUND_LESS_THAN}
SCOPES = {"EACH": pb.SCOPE_KIND_EACH_CONSTITUENCY, "EACH SIDE": pb.SCOPE_KIND_EACH_SIDE, "WHOLE": pb.SCOPE_KIND_WHOLE}


def read_test(found, number):
    group, scope, what, bound, numerator, denominator, base, seats = found
    if base == "{for, against}":
        against = pb.Base(kind=pb.BASE_KIND_STANCES, stances=FOR + AGAINST)
    else:
        against = pb.Base(kind=pb.BaseKind.Value(f"BASE_KIND_{base or ('ELIGIBLE' if denominator else 'NONE')}"))
    test = pb.Test(name=f"test-{number}", scope=pb.Scope(kind=SCOPES[scope or "WHOLE"]), bound=BOUNDS[bound],
                   numerator=int(numerator), denominator=int(denominator or 1), against=against,
                   **{"class": pb.TestClass.Value(f"TEST_CLASS_{group or 'SUPPORT'}")})
    if what in ("ANSWERED", "PRESENT"):
        test.count.kind = pb.CountKind.Value(f"COUNT_KIND_{what}")
    else:
        test.count.kind = pb.COUNT_KIND_STANCES
        test.count.stances.extend({"for": FOR, "against": AGAINST, "": FOR}.get(what) or [STANCES[what]])
    if seats:
        test.weighting = pb.WEIGHTING_SEATS
        test.bloc.tied, test.bloc.absent = pb.BLOC_CAST_ABSTAIN, pb.BLOC_CAST_NOTHING
    return test


def read_tests(text):
    return [read_test(found, number) for number, found in enumerate(TEST.findall(text), start=1)]


CONSENSUS = "OBJECTION: B at most 0; SUPPORT: C at most 0; SUPPORT: EACH for at least 1/2 of ANSWERED"
CONSENT = "OBJECTION: B at most 0; SUPPORT: C at most 0"


def rule_of(tests, **more):
    if not tests:
        raise NotACase("no test is understood")
    return pb.Rule(name="small-case", form=pb.FORM_STANCE, roll=pb.ROLL_KIND_SEATS, frozen=pb.FROZEN_ROUND, rounds=2,
                   tests=tests, scale=SCALE, **more)


def with_stage(rule, text):
    """"on {REJECTED}: strike at least 2/3 of CAST, map ADOPTED to STRIKE, else ...", "stage DEFAULT ADOPTED on {NO_DECISION}"."""
    default = re.search(r"stage DEFAULT (\w+) on \{(.*?)\}", text)
    if default:
        rule.stages.add(kind=pb.STAGE_KIND_DEFAULT, name="default", outcome=OUTCOMES[default[1]],
                        on=[OUTCOMES[name.strip()] for name in default[2].split(",")])
    ballot = re.search(r"on \{(.*?)\}: (\w+) (.*?), map (\w+) to (\w+), else (\w+)", text)
    if ballot:
        stage = rule.stages.add(kind=pb.STAGE_KIND_ROUNDS, name=ballot[2],
                                on=[OUTCOMES[name.strip()] for name in ballot[1].split(",")],
                                rule=pb.StageRule(rounds=1, tests=read_tests(ballot[3])))
        stage.map.add(**{"from": OUTCOMES[ballot[4]], "to": OUTCOMES[ballot[5]]})
        stage.map.add(to=OUTCOMES[ballot[6]])
    return rule


last_rule = {}   # "the same" means the rule of the row before


def read_rules(text):
    """The variants of a row's rule."""
    found = variants_of(text)
    last_rule["rules"] = found
    return [copy.deepcopy(rule) for rule in found]


def variants_of(text):
    if "close" in text and "nothing can change" in text:
        return [rule_of(read_tests(CONSENT), change=pb.CHANGE_UNTIL_CLOSE, close=pb.Close(nothing_can_change=True))]
    if text.startswith("the same"):
        if "rules" not in last_rule:
            raise NotACase("the same as what?")
        return last_rule["rules"]
    if re.match(r"at least \S+ of \w+ / of ", text):
        return strike_variants(text)
    silence = re.search(r"silence (\w+) / (\w+)", text)
    if silence:
        plain = variants_of(text[:silence.start()].rstrip("; "))[0]
        found = []
        for name in silence.groups():
            rule = copy.deepcopy(plain)
            rule.silence = pb.Silence.Value(f"SILENCE_{name}")
            found.append(rule)
        return found
    extra = re.search(r" / the same with (.*)$", text)
    if extra:
        rule = variants_of(text[:extra.start()])[0]
        wider = copy.deepcopy(rule)
        for number, test in enumerate(read_tests(extra[1]), start=1):
            test.name = f"more-{number}"
            wider.tests.append(test)
        return [rule, wider]
    tests = text.split(" on {")[0]
    named = {"consensus": CONSENSUS, "consent": CONSENT}.get(re.split(r"[\s;(]", text)[0])
    if named and not TEST.search(tests):
        tests = named
    return [with_stage(rule_of(read_tests(tests)), text)]


def strike_variants(text):
    """"at least 2/3 of CAST / of PRESENT": the strike's ballot alone, what it comes to called as on a ladder."""
    threshold, _, others = text.partition(" of ")
    found = []
    for base in others.replace(" of ", " ").split("/"):
        rule = rule_of(read_tests(f"{threshold} of {base.strip()}"))
        rule.rounds = 1
        found.append(with_outer_names(rule))
    return found


def with_outer_names(rule):
    """What is adopted is a strike, and what is not is adopted by default: by stages that ask nothing more."""
    rule.stages.add(kind=pb.STAGE_KIND_DEFAULT, name="strike", on=[pb.OUTCOME_KIND_ADOPTED], outcome=pb.OUTCOME_KIND_STRIKE)
    rule.stages.add(kind=pb.STAGE_KIND_DEFAULT, name="default", on=[pb.OUTCOME_KIND_REJECTED], outcome=pb.OUTCOME_KIND_ADOPTED)
    return rule
