"""A clock that is wrong: one that is years ahead closes no round and stops no partnership. The control is a worker that believes it."""

import os
import signal
import subprocess

from worker_case import BUILD, FakeInstallation, WorkerCase, main, pb, until  # sets the path
from comity_installation import NotStarted
from comity_scene import DAY_MS
from comity_wire import EventHeader, now_ms, seal_up

FAULTS = os.environ.get("COMITY_WORKER_FAULTS", "")
HOUR_S, YEAR_S = 3600, 365 * 24 * 3600
HOUR_MS = HOUR_S * 1000


class ClockCase(WorkerCase):
    kind = FakeInstallation
    options = {"start": False}

    def setUp(self):
        self.assertTrue(os.path.exists(FAULTS), "COMITY_WORKER_FAULTS names the library to preload")
        super().setUp()
        self.ahead = self.installation.directory / "ahead"
        self.environment = {
            "LD_PRELOAD": FAULTS, "COMITY_FAULT_CLOCK": str(self.ahead),
            # A sanitizer's library wants to be the first one otherwise.
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0",
        }
        self.set_ahead(0)
        self.start()

    def set_ahead(self, seconds):
        """At once, as a clock is set: the worker never reads half of it."""
        beside = self.ahead.with_suffix(".new")
        beside.write_text(str(seconds))
        beside.rename(self.ahead)

    def start(self, *arguments):
        self.installation.start("worker", self.environment, arguments)
        self.wire.patiently(self.wire.hello)

    def timed_round(self):
        """A partnership with a round that closes by itself in ten days; its number."""
        self.scene = scene = self.found()
        number, proposal, text_hash = scene.timed_proposal()
        return scene.open_round(proposal, text_hash, number, closes_ms=now_ms() + 10 * DAY_MS)

    def state(self, number):
        self.wire.patiently(self.scene.hello)
        return self.scene.round(number).state

    def add_site(self, name, valid_for_ms=DAY_MS):
        """The stamp of what was recorded."""
        scene = self.scene
        command = scene.command(add_site=pb.AddSite(site=pb.NewSite(
            name=name, title=scene.prose.ref("A site"), time_zone="UTC")))
        command.valid_until_ms = now_ms() + valid_for_ms
        signed, _ = seal_up(command, scene.parties)
        return EventHeader(self.wire.submit_signed(signed, scene.prose.of(command), retry_s=60).event.header).time_ms

    def reload(self):
        count = self.log().count("event=reload")
        self.installation.processes["worker"].send_signal(signal.SIGHUP)
        until(lambda: self.log().count("event=reload") > count, "the reload")


class Clock(ClockCase):
    def test_years_ahead_at_a_start(self):
        number = self.timed_round()
        self.assertEqual(self.installation.stop("worker"), 0)
        self.set_ahead(3 * YEAR_S)
        with self.assertRaises(NotStarted) as caught:
            self.start()
        words = str(caught.exception).splitlines()[-1]
        self.assertIn("ended with 2", words)
        self.assertRegex(words, r"The clock says 20\d\d-.* UTC, more than clock_ahead_days = 400 after the newest event "
                                r"in the store, of 20\d\d-.* UTC: set the clock, or")
        self.set_ahead(0)
        self.start()
        self.assertEqual(self.state(number), pb.ROUND_STATE_OPEN)
        self.assertLess(abs(self.add_site("south") - now_ms()), HOUR_MS)
        # Whoever says that it is right is believed.
        self.assertEqual(self.installation.stop("worker"), 0)
        self.set_ahead(3 * YEAR_S)
        self.start("--accept-clock")
        self.assertIn("event=clock_accepted", self.log())
        until(lambda: self.log().count("event=registered") >= 3, "it runs")

    def test_a_jump_while_it_runs(self):
        number = self.timed_round()
        self.set_ahead(3 * YEAR_S)
        self.wait_for_log("event=clock_jumped")
        self.assertEqual(self.state(number), pb.ROUND_STATE_OPEN)
        self.assertLess(abs(self.add_site("south") - now_ms()), HOUR_MS)
        self.reload()   # not even then: it is further than clock_ahead_days
        self.assertIn("event=reload_refused", self.log())
        self.assertLess(abs(self.wire.hello().time_ms - now_ms()), HOUR_MS)
        self.set_ahead(HOUR_S)
        self.assertLess(abs(self.wire.hello().time_ms - now_ms()), HOUR_MS / 2)
        self.reload()
        self.assertIn("event=reloaded", self.log())
        self.assertLess(abs(self.wire.hello().time_ms - now_ms() - HOUR_MS), HOUR_MS / 2)
        self.assertGreater(self.add_site("east"), now_ms() + HOUR_MS / 2)
        self.assertEqual(self.log().count("event=clock_jumped"), 1)

    def test_behind_the_newest_event(self):
        self.timed_round()
        self.set_ahead(HOUR_S)
        self.reload()
        stamp_ms = self.add_site("south")
        self.set_ahead(0)
        self.wait_for_log("event=clock_set_back")
        self.assertEqual(self.add_site("east") // HOUR_MS, stamp_ms // HOUR_MS)   # stamps do not go back
        self.assertEqual(self.installation.stop("worker"), 0)
        with self.assertRaises(NotStarted) as caught:
            self.start()
        self.assertRegex(str(caught.exception), r"ended with 2: .*The clock says .* UTC, which is before the newest event "
                                                r"in the store, of .* UTC: set the clock, or.*--accept-clock")
        self.start("--accept-clock")
        self.wire.patiently(self.scene.hello)   # leave to read is judged by the clock
        # Commands are judged by the time of their stamp: the newest one.
        self.assertRefused("VALIDITY", "valid_until_ms", lambda: self.add_site("west", HOUR_MS // 2))
        self.assertRefused("VALIDITY", "valid_until_ms", lambda: self.add_site("west", 32 * DAY_MS))
        self.assertGreaterEqual(self.add_site("west", 30 * DAY_MS + HOUR_MS // 2), stamp_ms)

    def test_restore(self):
        self.timed_round()
        directory = self.installation.directory

        def verb(name, *arguments):
            return subprocess.run([BUILD / "comity-worker", name, "--config", directory / "worker.ini", *arguments],
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
                                  env={**os.environ, **self.environment})

        self.assertEqual(verb("export", "--to", directory / "stream").returncode, 0)
        self.assertEqual(self.installation.stop("worker"), 0)
        (directory / "data").rename(directory / "before")
        self.set_ahead(3 * YEAR_S)
        result = verb("restore", "--from", directory / "stream")
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertIn("The clock says", result.stderr)
        self.assertFalse((directory / "data" / "data.mdb").exists())
        self.set_ahead(0)
        self.assertEqual(verb("restore", "--from", directory / "stream").returncode, 0)
        self.start()
        self.wire.patiently(self.scene.hello)
        self.add_site("south")


class Control(ClockCase):
    """Without the defence the round is closed, and nothing can be decided once the clock is right."""

    options = {"start": False, "worker": BUILD / "tests" / "comity-worker-trusts-the-clock"}

    def assertSpoiled(self, number):
        until(lambda: self.state(number) == pb.ROUND_STATE_CLOSED, "the close")
        self.assertEqual(self.scene.round(number).cause, pb.CLOSE_CAUSE_TIME)
        self.installation.kill("worker")
        self.set_ahead(0)
        self.start()
        self.wire.patiently(self.scene.hello)
        self.assertRefused("VALIDITY", "valid_until_ms", lambda: self.add_site("south"))

    def state(self, number):
        """Grants are judged by the same clock."""
        ahead_ms = int(self.ahead.read_text()) * 1000
        self.wire.patiently(lambda: self.wire.hello(
            [self.wire.grant(self.scene.history, self.scene.founder, until_ms=now_ms() + ahead_ms + HOUR_MS)]))
        return self.scene.round(number).state

    def test_years_ahead_at_a_start(self):
        number = self.timed_round()
        self.installation.kill("worker")
        self.set_ahead(3 * YEAR_S)
        self.start()
        self.assertSpoiled(number)

    def test_a_jump_while_it_runs(self):
        number = self.timed_round()
        self.set_ahead(3 * YEAR_S)
        self.assertSpoiled(number)


if __name__ == "__main__":
    main()
