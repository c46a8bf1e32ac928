"""The ladder of a rule: which stage an outcome leads to, what its outcome is called, by which rule its rounds are. R-60 to R-62"""

from comity_wire import pb

OF_A_FORM = ("tests", "scale", "duties", "silence", "options", "ranking", "scores", "ties")


def next_stage(rule, after, outcome):
    """The number of the first stage after that one which the outcome leads to; 0: none."""
    for number, stage in enumerate(rule.stages, start=1):
        if number > after and outcome in stage.on:
            return number
    return 0


def called(stage, outcome):
    named = [line.to for line in stage.map if getattr(line, "from") == outcome]
    others = [line.to for line in stage.map if not getattr(line, "from")]
    return (named or others or [outcome])[0]


def rule_of(rule, stage):
    """By which the stage's rounds are held: the rule's, with what the stage says otherwise."""
    own, result = stage.rule, pb.Rule()
    result.CopyFrom(rule)
    result.ClearField("stages")
    if own.form and own.form != rule.form:
        for name in OF_A_FORM:
            result.ClearField(name)
    for field, value in own.ListFields():
        result.ClearField(field.name)
        if field.label == field.LABEL_REPEATED:
            getattr(result, field.name).extend(value)
        elif field.message_type:
            getattr(result, field.name).CopyFrom(value)
        else:
            setattr(result, field.name, value)
    result.rounds = own.rounds or 1
    if result.roll != pb.ROLL_KIND_LIST:
        result.list = ""
    if result.no_quorum != pb.NO_QUORUM_EXTEND:
        result.extend_ms = 0
    return result
