"""Rounds that close by themselves after a worker slept through it: at their time, after their notice, and with more time for want of a
quorum."""

from test_clock import ClockCase
from worker_case import main, pb
from comity_scene import simple_rule
from comity_wire import check_record, now_ms

MINUTE_MS = 60 * 1000


def quorum():
    return pb.Test(name="quorum", bound=pb.BOUND_AT_LEAST, numerator=1, denominator=2, scope=pb.Scope(kind=pb.SCOPE_KIND_WHOLE),
                   count=pb.Count(kind=pb.COUNT_KIND_ANSWERED), **{"class": pb.TEST_CLASS_QUORUM},
                   against=pb.Base(kind=pb.BASE_KIND_ELIGIBLE))


class Closing(ClockCase):
    def setUp(self):
        super().setUp()
        self.scene = scene = self.found()
        scene.body("council", {"labour": 2, "management": 2})
        self.seated = scene.seat_all("council")
        self.session = scene.open_session("council")

    def open(self, rule, **more):
        scene = self.scene
        number = scene.adopt(rule)
        proposal, self.text_hash = scene.propose(self.session, "Shifts", "Four days of ten hours.")
        return scene.open_round(proposal, self.text_hash, number, **more)

    def extending(self):
        rule = simple_rule(no_quorum=pb.NO_QUORUM_EXTEND, extend_ms=10 * MINUTE_MS)
        rule.tests.insert(0, quorum())
        rule.close.at_time = True
        return self.open(rule, closes_ms=now_ms() + 2 * MINUTE_MS)

    def sleep(self, until):
        """The worker is down until so many minutes have gone by."""
        self.installation.stop("worker")
        self.set_ahead(until * 60)
        self.start()

    def events(self, kind):
        self.wire.patiently(self.scene.hello)
        answers = self.wire.query_all(self.scene.history, events=pb.Events(**{"from": 1}))
        found = [check_record(record, self.scene.history) for answer in answers for record in answer.events]
        return [(header.time_ms, getattr(event, kind)) for header, event in found if event.WhichOneof("kind") == kind]

    def round(self, number):
        self.wire.patiently(self.scene.hello)
        return self.scene.round(number)

    def test_slept_through_its_time_and_what_it_would_have_been_extended_by(self):
        number = self.extending()
        self.scene.vote(number, self.text_hash, self.seated[0], 1)
        self.sleep(15)
        (time_ms, extended), = self.events("round_extended")
        self.assertEqual((extended.round, extended.closes_ms), (number, time_ms + 10 * MINUTE_MS))
        self.assertEqual((extended.outcome.kind, [test.test for test in extended.outcome.tests], len(extended.outcome.tallies)),
                         (pb.OUTCOME_KIND_NO_QUORUM, ["quorum"], 0))
        self.assertEqual(self.round(number).state, pb.ROUND_STATE_OPEN)
        self.scene.vote(number, self.text_hash, self.seated[1], 1)
        self.sleep(40)
        closed = self.round(number)
        self.assertEqual((closed.state, closed.cause, closed.outcome.kind),
                         (pb.ROUND_STATE_CLOSED, pb.CLOSE_CAUSE_TIME, pb.OUTCOME_KIND_ADOPTED))
        self.assertEqual(len(self.events("round_extended")), 1)

    def test_without_a_quorum_it_ends_after_its_one_extension(self):
        number = self.extending()
        self.sleep(15)
        self.sleep(40)
        self.assertEqual(self.round(number).outcome.kind, pb.OUTCOME_KIND_NO_QUORUM)
        self.assertEqual(len(self.events("round_extended")), 1)

    def test_what_had_closed_it_within_its_notice_closes_it_then(self):
        rule = simple_rule(notice_ms=10 * MINUTE_MS)
        rule.close.all_answered = True
        number = self.open(rule)
        for member in self.seated:
            self.scene.vote(number, self.text_hash, member, 1)
        self.assertEqual(self.round(number).state, pb.ROUND_STATE_OPEN)
        self.sleep(20)
        closed = self.round(number)
        self.assertEqual((closed.state, closed.cause), (pb.ROUND_STATE_CLOSED, pb.CLOSE_CAUSE_ALL_ANSWERED))
        self.assertGreaterEqual(closed.closed_ms, closed.earliest_ms)


if __name__ == "__main__":
    main()
