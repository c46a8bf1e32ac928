"""Which rules are sound: R-1 to R-9 and what rule.proto says of each field. faults(rule) is empty for one that is."""

import re

from comity_wire import pb
from naive_rule import AGAINST, EACH, FOR

NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
NUMBER_MOST = 10 ** 12
ROLL_MOST = 10000
NAMED = (pb.SCOPE_KIND_CONSTITUENCY, pb.SCOPE_KIND_SIDE, pb.SCOPE_KIND_SITE)
WITH_OPTIONS = (pb.FORM_CHOICE, pb.FORM_RANKING)


def faults(rule):
    """[(field, words)] of everything that is wrong with it."""
    found = []

    def need(field, condition, words):
        if not condition:
            found.append((field, words))

    need("name", NAME.fullmatch(rule.name), "no NAME")
    for field in ("form", "roll", "frozen"):
        need(field, getattr(rule, field), "missing")
    need("rounds", 1 <= rule.rounds <= 100, "1 to 100 rounds")
    need("tests", len(rule.tests) <= 32, "too many tests")
    need("", rule.ByteSize() <= 16384, "too large")
    decides = any(getattr(test, "class") in (pb.TEST_CLASS_SUPPORT, pb.TEST_CLASS_OBJECTION) for test in rule.tests)
    need("tests", decides or rule.form == pb.FORM_RANKING, "nothing is asked")
    need("visibility", rule.visibility != pb.VISIBILITY_SECRET, "reserved")
    need("list", bool(NAME.fullmatch(rule.list)) if rule.roll == pb.ROLL_KIND_LIST else not rule.list, "list")
    form_faults(rule, need)
    scale_faults(rule, need)
    option_faults(rule, need)
    close_faults(rule, need)
    need("tests", len({test.name for test in rule.tests}) == len(rule.tests), "two tests of a name")
    for index, test in enumerate(rule.tests):
        test_faults(rule, test, lambda field, condition, words: need(f"tests[{index}].{field}", condition, words))
    weights = [(entry.kind, entry.name) for entry in rule.weights]
    need("weights", len(set(weights)) == len(weights) <= 256, "a weight twice")
    for entry in rule.weights:
        need("weights", entry.kind in NAMED and NAME.fullmatch(entry.name) and entry.weight <= NUMBER_MOST, "a weight")
    return found


def form_faults(rule, need):
    need("ranking", rule.HasField("ranking") == (rule.form == pb.FORM_RANKING), "ranking goes with RANKING")
    need("scores", rule.HasField("scores") == (rule.form == pb.FORM_SCORE), "scores go with SCORE")
    if rule.HasField("scores"):
        need("scores", rule.scores.least < rule.scores.most <= 1000, "scores")
    need("silence", not rule.silence or rule.form == pb.FORM_STANCE or rule.silence == pb.SILENCE_NOTHING,
         "silence is consent with STANCE alone")
    need("ties", len(set(rule.ties)) == len(rule.ties) and 0 not in rule.ties, "a tie-break twice, or none")
    need("ties", not rule.ties or rule.form in WITH_OPTIONS, "ties between options need options")
    if rule.form == pb.FORM_CHOICE or rule.ranking.method == pb.RANKING_METHOD_SCHULZE:
        need("ties", pb.TIE_BREAK_EARLIER_STAGES not in rule.ties, "there are no stages")
    if rule.HasField("ranking"):
        ranking_faults(rule, need)


def ranking_faults(rule, need):
    ranking = rule.ranking
    need("ranking.method", ranking.method, "missing")
    if ranking.method in (pb.RANKING_METHOD_STV_SCOTTISH, pb.RANKING_METHOD_STV_MEEK):
        need("ranking.seats", 1 <= ranking.seats <= 63, "1 to 63 seats")
    else:
        need("ranking.seats", ranking.seats <= 1, "one seat")
    default = any(option.is_default for option in rule.options)
    has_default = ranking.method == pb.RANKING_METHOD_SCHULZE and (ranking.needs_default or default)
    need("ranking.majorities", has_default or not ranking.majorities, "nothing to have a majority over")
    need("ranking.quorum", has_default or not ranking.HasField("quorum"), "nothing to be preferred to")
    need("ranking.needs_default", not ranking.needs_default or ranking.method == pb.RANKING_METHOD_SCHULZE, "no default")
    need("options", not ranking.needs_default or not rule.options or default, "the default option is missing")
    names = [majority.name for majority in ranking.majorities]
    need("ranking.majorities", len(set(names)) == len(names) <= 16, "a majority twice")
    for majority in ranking.majorities:
        need("ranking.majorities", NAME.fullmatch(majority.name), "no NAME")
        need("ranking.majorities", majority.bound in (pb.BOUND_AT_LEAST, pb.BOUND_MORE_THAN), "bound")
        need("ranking.majorities", 1 <= majority.numerator <= NUMBER_MOST and 1 <= majority.denominator <= NUMBER_MOST, "range")
    if ranking.HasField("quorum"):
        quorum = ranking.quorum
        need("ranking.quorum", quorum.of in (pb.BASE_KIND_NONE, pb.BASE_KIND_ELIGIBLE), "base")
        need("ranking.quorum", quorum.bound in (pb.BOUND_AT_LEAST, pb.BOUND_MORE_THAN), "bound")
        need("ranking.quorum", 1 <= quorum.numerator <= NUMBER_MOST and 1 <= quorum.denominator <= NUMBER_MOST, "range")
        if quorum.of == pb.BASE_KIND_NONE:
            need("ranking.quorum", quorum.denominator == 1 and quorum.numerator <= ROLL_MOST, "a number")
        else:
            need("ranking.quorum", quorum.numerator <= quorum.denominator - (quorum.bound == pb.BOUND_MORE_THAN), "a share")


def scale_faults(rule, need):
    answers = [entry.answer for entry in rule.scale]
    labels = [entry.label for entry in rule.scale]
    need("scale", len(set(answers)) == len(answers) <= 32 and len(set(labels)) == len(labels), "an answer twice")
    for entry in rule.scale:
        need("scale", 1 <= entry.answer <= 1000 and NAME.fullmatch(entry.label) and entry.stance, "an answer")
    if rule.form == pb.FORM_STANCE:
        need("scale", rule.scale, "no answers")
        need("scale", rule.silence in (pb.SILENCE_CONSENT, pb.SILENCE_CONSENT_IF_NOTIFIED) or any(entry.stance in FOR + AGAINST for entry in rule.scale),
             "nobody can take a side")
    else:
        need("scale", all(entry.stance == pb.STANCE_ABSTAIN for entry in rule.scale), "abstentions alone")
    need("duties", len({(d.stance, d.choice, d.kind) for d in rule.duties}) == len(rule.duties) <= 16, "a duty twice")
    for duty in rule.duties:
        need("duties", duty.kind and bool(duty.stance) != bool(duty.choice), "a duty")


def option_faults(rule, need):
    need("options", not rule.options or rule.form in WITH_OPTIONS and 2 <= len(rule.options) <= 64, "2 to 64 options")
    need("options", [option.number for option in rule.options] == list(range(1, len(rule.options) + 1)), "numbers in order")
    labels = [option.label for option in rule.options]
    need("options", len(set(labels)) == len(labels) and all(NAME.fullmatch(label) for label in labels), "a label twice")
    names = {majority.name for majority in rule.ranking.majorities} | {""}
    need("options", all(option.majority in names for option in rule.options), "a majority that there is not")
    marked = [option for option in rule.options if option.is_default]
    need("options", len(marked) <= (1 if rule.ranking.method == pb.RANKING_METHOD_SCHULZE else 0), "one default at most")
    need("options", not any(option.majority for option in marked), "a majority over itself")


def close_faults(rule, need):
    if rule.close.nothing_can_change:
        need("close", rule.change == pb.CHANGE_ONCE and rule.visibility in (0, pb.VISIBILITY_OPEN), "R-9")
    if rule.no_quorum == pb.NO_QUORUM_EXTEND:
        need("extend_ms", 60000 <= rule.extend_ms <= 366 * 86400000 and rule.close.at_time, "extension")
        if rule.visibility == pb.VISIBILITY_UNTIL_CLOSE:
            for test in rule.tests:
                need("tests", getattr(test, "class") != pb.TEST_CLASS_QUORUM or tells_no_answers(test), "R-81")
    else:
        need("extend_ms", not rule.extend_ms, "extension of what?")
    need("notice_ms", 0 <= rule.notice_ms <= 366 * 86400000, "notice")


def tells_no_answers(test):
    members = (pb.BASE_KIND_NONE, pb.BASE_KIND_ELIGIBLE, pb.BASE_KIND_PRESENT, pb.BASE_KIND_ANSWERED)
    return (test.count.kind in (pb.COUNT_KIND_PRESENT, pb.COUNT_KIND_ANSWERED) and test.against.kind in members
            and test.weighting != pb.WEIGHTING_SEATS)


# A ballot ----------------------------------------------------------------------------------------------------

def ballot_faults(round, line):
    """The codes of everything that is wrong with it; none where the rule's form takes it. R-45, R-50"""
    rule, count, found = round.rule, len(round.options), set()
    asked = {pb.FORM_CHOICE: bool(line.choice), pb.FORM_SCORE: line.score is not None, pb.FORM_RANKING: bool(line.ranks),
             pb.FORM_STANCE: bool(line.answer)}[rule.form]
    if sum((bool(line.answer), bool(line.choice), bool(line.ranks), line.score is not None)) != 1:
        found.add("ANSWER")
    if not asked and not line.answer or line.answer and not any(entry.answer == line.answer for entry in rule.scale):
        found.add("ANSWER")
    if line.choice > count:
        found.add("OPTION")
    if line.score is not None and not rule.scores.least <= line.score <= rule.scores.most:
        found.add("ANSWER")
    ranked = [rank for rank in line.ranks or () if rank]
    if len(line.ranks or ()) != count and (line.ranks or rule.form == pb.FORM_RANKING and not line.answer):
        found.add("OPTION")
    if len(set(ranked)) < len(ranked) and rule.ranking.method != pb.RANKING_METHOD_SCHULZE:
        found.add("DUPLICATE")
    return found


# A test ------------------------------------------------------------------------------------------------------

def reachable(rule, stances):
    """Somebody can be counted in this set. R-7"""
    given = {entry.stance for entry in rule.scale}
    if rule.silence in (pb.SILENCE_CONSENT, pb.SILENCE_CONSENT_IF_NOTIFIED):
        given.add(pb.STANCE_AGREE)
    return bool(given & set(stances))


def test_faults(rule, test, need):
    need("name", NAME.fullmatch(test.name), "no NAME")
    for field in ("class", "bound"):
        need(field, getattr(test, field), "missing")
    need("count", test.count.kind, "missing")
    need("against", test.against.kind, "missing")
    count_faults(rule, test, need)
    base_faults(rule, test, need)
    scope_faults(rule, test, need)
    bloc_faults(test, need)
    threshold_faults(rule, test, need)


def set_faults(rule, field, sets, need):
    """@sets: a count or a base, which have stances and choices alike."""
    need(field, len(set(sets.stances)) == len(sets.stances), "a stance twice")
    need(field, len(set(sets.choices)) == len(sets.choices), "a choice twice")
    need(field, all(1 <= choice <= len(rule.options) for choice in sets.choices), "a choice that there is not")


def count_faults(rule, test, need):
    count = test.count
    form_of = {pb.COUNT_KIND_STANCES: pb.FORM_STANCE, pb.COUNT_KIND_CHOICES: pb.FORM_CHOICE,
               pb.COUNT_KIND_LEADING: pb.FORM_CHOICE, pb.COUNT_KIND_SCORE_AT_LEAST: pb.FORM_SCORE}
    need("count", form_of.get(count.kind, rule.form) == rule.form, "of another form")
    need("count", bool(count.stances) == (count.kind == pb.COUNT_KIND_STANCES), "stances")
    need("count", bool(count.choices) == (count.kind == pb.COUNT_KIND_CHOICES), "choices")
    set_faults(rule, "count", count, need)
    if count.kind == pb.COUNT_KIND_SCORE_AT_LEAST:
        need("count", rule.scores.least <= count.score <= rule.scores.most, "a score that nobody can give")
    else:
        need("count", not count.score, "score")


def base_faults(rule, test, need):
    base = test.against
    form_of = {pb.BASE_KIND_STANCES: pb.FORM_STANCE, pb.BASE_KIND_CHOICES: pb.FORM_CHOICE}
    need("against", form_of.get(base.kind, rule.form) == rule.form, "of another form")
    need("against", bool(base.stances) == (base.kind == pb.BASE_KIND_STANCES), "stances")
    need("against", bool(base.choices) == (base.kind == pb.BASE_KIND_CHOICES), "choices")
    set_faults(rule, "against", base, need)
    if base.stances:
        need("against", test.holds_when_empty or reachable(rule, base.stances), "always empty")


def scope_faults(rule, test, need):
    scope, quantifier = test.scope, test.scope.quantifier
    need("scope", scope.kind, "missing")
    need("scope.of", bool(NAME.fullmatch(scope.of)) if scope.kind in NAMED else not scope.of, "whom")
    need("scope", not scope.HasField("quantifier") or scope.kind in EACH, "of one there is no how many")
    numbers = quantifier.numerator, quantifier.denominator
    if quantifier.kind in (0, pb.QUANTIFIER_KIND_ALL):
        need("scope", numbers == (0, 0) and not quantifier.by_weight and not quantifier.bound, "all are all")
        return
    need("scope", quantifier.bound in (0, pb.BOUND_AT_LEAST, pb.BOUND_MORE_THAN), "bound")
    if quantifier.kind == pb.QUANTIFIER_KIND_COUNT:
        need("scope", 1 <= quantifier.numerator <= NUMBER_MOST and not quantifier.denominator, "a number")
        need("scope", quantifier.by_weight or quantifier.numerator <= ROLL_MOST, "more than there can be")
    else:
        need("scope", 1 <= quantifier.numerator <= quantifier.denominator <= NUMBER_MOST, "a share")
        need("scope", quantifier.bound != pb.BOUND_MORE_THAN or quantifier.numerator < quantifier.denominator, "more than all")
    if quantifier.by_weight:
        kind = {pb.SCOPE_KIND_EACH_CONSTITUENCY: pb.SCOPE_KIND_CONSTITUENCY, pb.SCOPE_KIND_EACH_SIDE: pb.SCOPE_KIND_SIDE,
                pb.SCOPE_KIND_EACH_SITE: pb.SCOPE_KIND_SITE}.get(scope.kind)
        total = sum(entry.weight for entry in rule.weights if entry.kind == kind)
        need("scope", total > 0, "no weights are stated")
        if quantifier.kind == pb.QUANTIFIER_KIND_COUNT:
            most = total - (quantifier.bound == pb.BOUND_MORE_THAN)
            need("scope", quantifier.numerator <= most, "more than they weigh together")


def bloc_faults(test, need):
    need("bloc", test.HasField("bloc") == (test.weighting == pb.WEIGHTING_SEATS), "bloc goes with SEATS")
    if test.weighting == pb.WEIGHTING_PARITY:
        need("weighting", test.scope.kind == pb.SCOPE_KIND_WHOLE, "parity is of the whole")
    if test.weighting != pb.WEIGHTING_SEATS:
        return
    need("bloc", test.bloc.tied and test.bloc.absent, "missing")
    for stances in (test.count.stances, test.against.stances):
        for pair in (FOR, AGAINST):
            need("bloc", len(set(pair) & set(stances)) != 1, "a bloc is not split")
        need("bloc", pb.STANCE_STAND_ASIDE not in stances, "a bloc does not stand aside")
    need("scope", not test.scope.office, "a bloc has all its seats")
    need("bloc", test.count.kind in (pb.COUNT_KIND_STANCES, pb.COUNT_KIND_ANSWERED), "seats are not counted so")
    need("bloc", test.against.kind != pb.BASE_KIND_PRESENT, "seats are not present")
    need("bloc", test.scope.kind in (pb.SCOPE_KIND_WHOLE, pb.SCOPE_KIND_SIDE, pb.SCOPE_KIND_EACH_SIDE), "not of a bloc")


def threshold_faults(rule, test, need):
    need("denominator", 1 <= test.denominator <= NUMBER_MOST, "denominator")
    need("numerator", test.numerator <= NUMBER_MOST, "numerator")
    if test.against.kind == pb.BASE_KIND_NONE:
        need("denominator", test.denominator == 1, "a number")
        most = ROLL_MOST if test.weighting in (0, pb.WEIGHTING_HEADS) else NUMBER_MOST
        need("numerator", test.weighting != pb.WEIGHTING_PARITY or test.numerator == 0, "of parts there is no number")
        if test.bound in (pb.BOUND_AT_LEAST, pb.BOUND_MORE_THAN):
            need("numerator", test.numerator <= most - (test.bound == pb.BOUND_MORE_THAN), "more than there can be")
    else:
        need("numerator", test.numerator <= test.denominator, "a share")
        need("numerator", test.bound != pb.BOUND_MORE_THAN or test.numerator < test.denominator, "more than the whole")
    need("bound", test.bound != pb.BOUND_LESS_THAN or test.numerator > 0, "less than none")
    at_least_one = test.bound == pb.BOUND_MORE_THAN or test.bound == pb.BOUND_AT_LEAST and test.numerator > 0
    if test.count.kind == pb.COUNT_KIND_STANCES and at_least_one:
        need("count", reachable(rule, test.count.stances), "nobody can be counted")
