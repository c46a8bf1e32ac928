"""Random stages for a rule that is sound: it stays so, but that some may be a stage that nothing leads to."""

from comity_wire import pb
from naive_check import faults
from naive_ladder import rule_of

OF_ROUNDS = (pb.OUTCOME_KIND_NO_QUORUM, pb.OUTCOME_KIND_BLOCKED, pb.OUTCOME_KIND_NO_DECISION, pb.OUTCOME_KIND_ADOPTED,
             pb.OUTCOME_KIND_DEADLOCK, pb.OUTCOME_KIND_TIE, pb.OUTCOME_KIND_REJECTED)
OF_STAGES = (pb.OUTCOME_KIND_REFERRED, pb.OUTCOME_KIND_TABLED, pb.OUTCOME_KIND_STRIKE)
WITH_OTHERWISE = (pb.STAGE_KIND_CONFER, pb.STAGE_KIND_CASTING, pb.STAGE_KIND_UMPIRE, pb.STAGE_KIND_ESCALATE,
                  pb.STAGE_KIND_SIGN_OFF)
HOUR_MS = 3600 * 1000


def add_stages(rule, rounds):
    """@rounds: random_rounds.Rounds, which draws."""
    random = rounds.random
    for number in range(1, random.randint(1, 4) + 1):
        stage = pb.Stage(kind=random.randint(1, 9), name=f"stage-{number}", on=random.sample(OF_ROUNDS, random.randint(1, 4)))
        if rounds.chance(0.5):
            stage.on.extend(random.sample(OF_STAGES, 1))
        for outcome in random.sample((0, *OF_ROUNDS), random.randint(0, 2)):
            stage.map.add(**{"from": outcome, "to": random.choice(OF_ROUNDS + OF_STAGES)})
        own_fields(stage, rounds, rule)
        if stage.kind == pb.STAGE_KIND_ROUNDS and faults(rule_of(rule, stage)):
            continue
        rule.stages.append(stage)
    for number, stage in enumerate(rule.stages, start=1):
        stage.name = f"stage-{number}"


def own_fields(stage, rounds, rule):
    random = rounds.random
    if stage.kind not in (pb.STAGE_KIND_ROUNDS, pb.STAGE_KIND_STATUS_QUO, pb.STAGE_KIND_DEFAULT):
        stage.within_ms = HOUR_MS
    if stage.kind in WITH_OTHERWISE and rounds.chance(0.5):
        stage.otherwise = random.choice(OF_ROUNDS + OF_STAGES)
    if stage.kind == pb.STAGE_KIND_ROUNDS:
        other = rounds.rule()
        stage.rule.rounds = random.randint(0, 3)
        if rounds.chance(0.5):
            stage.rule.roll, stage.rule.list = random.choice(((1, ""), (2, "voters"), (3, "")))
        if other.form == rule.form and rounds.chance(0.7):
            stage.rule.tests.extend(other.tests)
            stage.rule.weights.extend(other.weights)
        elif rounds.chance(0.7):
            for field, value in other.ListFields():
                if field.name in ("form", "tests", "scale", "options", "ties", "weights"):
                    getattr(stage.rule, field.name).extend(value) if field.name != "form" else setattr(stage.rule, "form", value)
                elif field.name in ("ranking", "scores"):
                    getattr(stage.rule, field.name).CopyFrom(value)
                elif field.name == "silence":
                    stage.rule.silence = value
    elif stage.kind == pb.STAGE_KIND_SECONDING:
        stage.count, stage.by_other = random.choice(((1, False), (2, True), (0, True)))
        stage.counts_as = random.randint(1, 5)
    elif stage.kind == pb.STAGE_KIND_CONFER:
        stage.count = random.randint(1, 3)
    elif stage.kind in (pb.STAGE_KIND_CASTING, pb.STAGE_KIND_SIGN_OFF):
        stage.office = pb.OFFICE_CO_CHAIR
        stage.each_party = stage.kind == pb.STAGE_KIND_SIGN_OFF and rounds.chance(0.5)
    elif stage.kind in (pb.STAGE_KIND_UMPIRE, pb.STAGE_KIND_ESCALATE):
        stage.who = "arbitrator"
    elif stage.kind == pb.STAGE_KIND_DEFAULT:
        stage.outcome = random.choice(OF_ROUNDS + OF_STAGES)
