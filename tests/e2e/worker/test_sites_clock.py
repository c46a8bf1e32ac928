"""A worker of several sites that starts an hour ahead: it closes nothing early, and keeps nobody from leading. The control is one that asks no
other's clock. All three are on one member of etcd.

Elsewhere: a start years ahead (test_sites_refused), a clock that is set while the worker runs and starts under faults (tests/e2e/fault), and
whose clock is off by whose (tests/unit/worker/test_clocks.c).
"""

import os
import tempfile
import time
import unittest

from join_case import Some
from worker_case import BUILD, Scene, main, pb, until  # sets the path

from comity_installation import NotStarted
from comity_scene import DAY_MS, simple_rule
from comity_sites import Loopback
from comity_wire import RETRY_S, EventHeader, now_ms, seal_up

FAULTS = os.environ.get("COMITY_WORKER_FAULTS", "")
NAMES = ["north", "south", "east"]
HOUR_S, HOUR_MS, LEADS_S = 3600, 3600 * 1000, 15


class SitesClockCase(unittest.TestCase):
    program = BUILD / "comity-worker"

    def setUp(self):
        self.assertTrue(os.path.exists(FAULTS), "COMITY_WORKER_FAULTS names the library to preload")
        directory = self.enterContext(tempfile.TemporaryDirectory(prefix="comity-test-"))
        self.net = self.enterContext(Loopback(directory, NAMES))
        self.sites = Some(BUILD, self.net, names=NAMES[:1], worker=self.program)
        for name in NAMES[1:]:
            self.sites.add_keys(name)
        for name in NAMES:
            self.set_ahead(name, 0)
        self.enterContext(self.sites)
        self.sites.run("north", "begin")
        self.start("north")
        self.sites.leader()
        self.scene = Scene(self.enterContext(self.sites.wire("north")), self.sites.token, retry_s=RETRY_S)
        self.scene.found({"labour": "WORKER", "management": "EMPLOYER"})
        self.open_session()
        self.round = self.timed_round(now_ms() + HOUR_MS // 2)
        for name in NAMES[1:]:
            self.sites.join(name, "north")
            self.start(name)

    def set_ahead(self, name, seconds):
        """At once, as a clock is set: the worker never reads half of it."""
        ahead = self.net.directory / f"{name}.ahead"
        ahead.with_suffix(".new").write_text(str(seconds))
        ahead.with_suffix(".new").rename(ahead)

    def start(self, name):
        self.sites.log("worker", name).unlink(missing_ok=True)
        self.sites.start("worker", name, {
            "LD_PRELOAD": FAULTS, "COMITY_FAULT_CLOCK": str(self.net.directory / f"{name}.ahead"),
            # A sanitizer's library wants to be the first one otherwise.
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"})

    def said(self, name):
        return self.sites.log("worker", name).read_text()

    def open_session(self):
        self.scene.body("council", {"labour": 2, "management": 2})
        self.scene.seat_all("council")
        rule = simple_rule()
        rule.close.at_time = True
        self.rule = self.scene.adopt(rule)
        self.session = self.scene.open_session("council")

    def timed_round(self, closes_ms):
        """One that closes by itself; its number."""
        proposal, text_hash = self.scene.propose(self.session, "Shifts", "Four days of ten hours.")
        return self.scene.open_round(proposal, text_hash, self.rule, closes_ms=closes_ms)

    def round_state(self, number=None):
        """Leave to read is judged by the clock of who answers."""
        wire, scene = self.scene.wire, self.scene
        wire.patiently(lambda: wire.hello([wire.grant(scene.history, scene.founder, until_ms=now_ms() + 2 * HOUR_MS)]))
        return scene.round(number or self.round).state

    def add_site(self, name):
        """The stamp of what was recorded."""
        command = self.scene.command(add_site=pb.AddSite(site=pb.NewSite(
            name=name, title=self.scene.prose.ref("A site"), time_zone="UTC")))
        command.valid_until_ms = now_ms() + DAY_MS
        signed, _ = seal_up(command, self.scene.parties)
        return EventHeader(self.scene.wire.submit_signed(signed, self.scene.prose.of(command), retry_s=RETRY_S).event.header).time_ms

    def start_ahead(self):
        """A worker that does not lead is started anew, an hour ahead: its name, the leader's, the other's."""
        leader = self.sites.leader()
        wrong, other = (name for name in NAMES if name != leader)
        self.sites.kill("worker", wrong)
        self.set_ahead(wrong, HOUR_S)
        self.start(wrong)
        return wrong, leader, other

    def kill_leader(self, leader):
        self.sites.kill("worker", leader)
        began = time.monotonic()
        found = self.sites.leader(within_s=LEADS_S)
        print(f"{found} leads after {time.monotonic() - began:.2f} s")
        return found


class Starting(SitesClockCase):
    def test_who_is_an_hour_ahead_does_not_lead(self):
        wrong, leader, other = self.start_ahead()
        until(lambda: "event=may_not_lead" in self.said(wrong), "it does not lead")
        self.assertRegex(self.said(wrong), r'event=may_not_lead reason="The clock is 3[56]\d{5} ms ahead of that of \S+ and of 1 more: set ')
        self.assertEqual(self.kill_leader(leader), other)
        self.assertLess(self.add_site("here"), now_ms() + 1000)
        self.assertEqual(self.round_state(), pb.ROUND_STATE_OPEN)
        # It is set right, and need not be started anew.
        self.start(leader)
        self.set_ahead(wrong, 0)
        until(lambda: "event=may_lead" in self.said(wrong), "it may lead again")
        self.sites.stop("worker", leader)
        self.assertEqual(self.kill_leader(other), wrong)
        self.assertLess(self.add_site("there"), now_ms() + 1000)
        self.assertEqual(self.round_state(), pb.ROUND_STATE_OPEN)

    def test_who_led_an_hour_ahead_keeps_nobody_from_leading(self):
        for name in NAMES:
            self.sites.stop("worker", name)
        self.set_ahead("north", HOUR_S)
        self.start("north")
        self.assertEqual(self.sites.leader(), "north")   # alone, it cannot be told apart
        newest_ms = self.add_site("before")
        self.assertGreater(newest_ms, now_ms() + HOUR_MS - 60000)
        for name in NAMES[1:]:
            self.start(name)
        until(lambda: "event=may_not_lead" in self.said("north"), "it gives up leading")
        self.assertIn(self.kill_leader("north"), NAMES[1:])
        self.assertEqual(self.add_site("after"), newest_ms)   # stamps do not go back
        later = self.timed_round(newest_ms + 60000)
        self.assertEqual(self.add_site("and-after"), newest_ms)
        self.assertEqual(self.round_state(later), pb.ROUND_STATE_OPEN)
        self.assertEqual(self.round_state(), pb.ROUND_STATE_CLOSED)   # what the wrong one closed, stays so
        # By itself nobody leads with a clock that is behind, but who is told that it is right.
        left, other = (name for name in NAMES[1:])
        self.sites.stop("worker", other)
        self.sites.stop("worker", left)
        with self.assertRaises(NotStarted) as caught:
            self.start(left)
        self.assertIn("which is before the newest event", str(caught.exception))
        self.sites.log("worker", left).unlink(missing_ok=True)
        self.sites.start("worker", left, arguments=["--accept-clock"])
        self.assertEqual(self.sites.leader(), left)
        self.assertEqual(self.add_site("alone"), newest_ms)


class Control(SitesClockCase):
    program = BUILD / "tests" / "comity-worker-trusts-its-clock"

    def test_who_is_an_hour_ahead_closes_a_round_and_stops_the_others(self):
        wrong, leader, other = self.start_ahead()
        for _ in range(12):   # who is first, leads
            if self.kill_leader(leader) == wrong:
                break
            self.start(leader)
            leader, other = other, leader
        until(lambda: self.round_state() == pb.ROUND_STATE_CLOSED, "the close")
        self.sites.kill("worker", wrong)
        with self.assertRaises(AssertionError):
            self.sites.leader(within_s=5)
        self.assertIn("behind the newest stamp", self.said(other))


if __name__ == "__main__":
    main()
