"""Stages of a ladder end at their time: while nobody acts, after kill -9, and after a restart that slept through it."""

from worker_case import main, pb  # sets the path
from comity_scene import simple_rule
from test_clock import ClockCase

TIME_S = 600   # that a stage lasts; leave to read, which the same clock judges, lasts an hour


def ladder():
    """Who blocks is seconded within ten minutes, or stands for a concern; what is tied then is adopted by default."""
    block = pb.Test(name="no-block", bound=pb.BOUND_AT_MOST, numerator=0, denominator=1,
                    scope=pb.Scope(kind=pb.SCOPE_KIND_WHOLE),
                    count=pb.Count(kind=pb.COUNT_KIND_STANCES, stances=[pb.STANCE_BLOCK]),
                    **{"class": pb.TEST_CLASS_OBJECTION}, against=pb.Base(kind=pb.BASE_KIND_NONE))
    rule = simple_rule("ladder", rounds=1)
    rule.tests.append(block)
    rule.stages.append(pb.Stage(kind=pb.STAGE_KIND_SECONDING, name="seconds", on=[pb.OUTCOME_KIND_BLOCKED],
                                within_ms=TIME_S * 1000, count=2, counts_as=pb.STANCE_CONCERN))
    rule.stages.append(pb.Stage(kind=pb.STAGE_KIND_DEFAULT, name="default", on=[pb.OUTCOME_KIND_TIE],
                                outcome=pb.OUTCOME_KIND_ADOPTED))
    return rule


class Stages(ClockCase):
    def at_stage(self):
        """A partnership whose first proposal is at stage 1: one of management blocks."""
        self.scene = scene = self.found()
        self.members = scene.invite_many("labour", 3) + scene.invite_many("management", 3)
        scene.body("council", {"labour": 2, "management": 2})
        scene.seat_all("council")
        session = scene.open_session("council")
        self.proposal, text_hash = scene.propose(session, "Shifts", "Four days of ten hours.")
        number = scene.open_round(self.proposal, text_hash, scene.adopt(ladder()))
        self.roll = [row.member for row in self.wire.query(
            scene.history, list=pb.List(kind=pb.LIST_KIND_ROLL, parent=number)).roll]
        for member, answer in zip(self.roll, (pb.STANCE_AGREE, pb.STANCE_AGREE, pb.STANCE_BLOCK, pb.STANCE_CONCERN)):
            scene.vote(number, text_hash, member, answer)
        self.assertEqual(scene.close(number).kind, pb.OUTCOME_KIND_BLOCKED)

    def stages(self):
        return self.wire.query(self.scene.history, list=pb.List(kind=pb.LIST_KIND_STAGES, parent=self.proposal)).stages

    def row(self):
        return self.wire.query(self.scene.history, list=pb.List(
            kind=pb.LIST_KIND_PROPOSALS, number=self.proposal)).proposals[0]

    def check_by_default(self):
        first, second = self.stages()
        self.assertEqual((first.state, first.outcome, first.recount.kind),
                         (pb.STAGE_STATE_ENDED, pb.OUTCOME_KIND_TIE, pb.OUTCOME_KIND_TIE))
        self.assertEqual((second.kind, second.outcome),
                         (pb.STAGE_KIND_DEFAULT, pb.OUTCOME_KIND_ADOPTED_BY_DEFAULT))
        self.assertGreaterEqual(first.ended_ms, first.due_ms)
        row = self.row()
        self.assertEqual((row.stage, row.outcome), (0, pb.OUTCOME_KIND_ADOPTED_BY_DEFAULT))
        decision = self.wire.query(self.scene.history, list=pb.List(kind=pb.LIST_KIND_DECISIONS)).decisions[0]
        self.assertEqual((decision.proposal, decision.outcome), (self.proposal, pb.OUTCOME_KIND_ADOPTED_BY_DEFAULT))

    def test_while_nobody_acts(self):
        self.at_stage()
        head = self.head(self.scene)
        self.wire.subscribe(self.scene.history)
        self.set_ahead(TIME_S + 1)
        self.reload()   # the clock is believed
        self.wire.wait_news(self.scene.history, head + 1, timeout_s=20)
        self.check_by_default()

    def test_a_restart_that_slept_through_it(self):
        self.at_stage()
        self.assertEqual(self.row().stage, 1)
        self.installation.kill("worker")
        self.set_ahead(2 * TIME_S)
        self.start()
        self.wire.patiently(self.scene.hello)
        self.check_by_default()

    def test_kill_9_loses_nothing(self):
        self.at_stage()
        scene = self.scene
        blocker = self.stages()[0].blockers[0]
        second = pb.SecondBlock(stage=1, voter=blocker)
        scene.do(scene.keys[self.roll[0]], second_block=second)
        self.installation.kill("worker")
        self.start()
        self.wire.patiently(scene.hello)
        run = self.stages()[0]
        self.assertEqual((run.state, [row.member for row in run.seconds]), (pb.STAGE_STATE_OPEN, self.roll[:1]))
        self.assertRefused("EXISTS", "second_block.voter",
                           lambda: scene.do(scene.keys[self.roll[0]], second_block=second))
        scene.do(scene.keys[self.roll[3]], second_block=second)
        self.assertEqual(self.stages()[0].outcome, pb.OUTCOME_KIND_BLOCKED)
        self.assertEqual(self.row().outcome, pb.OUTCOME_KIND_BLOCKED)
        self.assertRefused("STATE", "second_block.stage",
                           lambda: scene.do(scene.keys[self.roll[1]], second_block=second))


if __name__ == "__main__":
    main()
