"""Workers of several sites, each with its broker and its member of etcd: who answers what, and who takes over."""

import os
import shutil
import signal
import tempfile
import time
import unittest
from pathlib import Path

from worker_case import BUILD, Scene, main, pb, until  # first: sets the path
from comity_sites import Loopback, Sites
from comity_wire import ERR, RETRY_S, Failed, NoAnswer, Refused, now_ms, seal_up

NAMES = ["north", "south", "east"]
FAULTS = os.environ.get("COMITY_WORKER_FAULTS", "")


class SitesCase(unittest.TestCase):
    log, workers, start = {}, {}, True

    def setUp(self):
        self.directory = Path(tempfile.mkdtemp(prefix="comity-sites-"))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.net = Loopback(self.directory, NAMES)
        self.sites = Sites(BUILD, self.net, log=self.log, start=self.start)
        self.sites.workers.update({name: BUILD / "tests" / program for name, program in self.workers.items()})
        self.sites.__enter__()
        self.addCleanup(self.sites.__exit__)

    def wire(self, name):
        wire = self.sites.wire(name)
        self.addCleanup(wire.close)
        return wire

    def found(self, name="north"):
        scene = Scene(self.wire(name), self.sites.token, retry_s=RETRY_S)
        scene.found({"labour": "WORKER", "management": "EMPLOYER"})
        return scene

    def site(self, scene):
        """A command that is only to be sent: signed, and its texts."""
        self.number = getattr(self, "number", 0) + 1
        command = scene.command(add_site=pb.AddSite(site=pb.NewSite(
            name=f"site-{self.number}", title=scene.prose.ref("A site"), time_zone="UTC")))
        return seal_up(command, scene.parties)[0], scene.prose.of(command)

    def act(self, scene, count=1):
        for _ in range(count):
            self.number = getattr(self, "number", 0) + 1
            scene.body(f"body-{self.number}", {"labour": 1, "management": 1})

    def read(self, scene, name, wire=None, fresh=True):
        wire = wire or self.wire(name)
        wire.patiently(lambda: wire.hello([wire.grant(scene.history, scene.founder)]))
        return wire.query(scene.history, whoami=pb.Whoami(), fresh=fresh)

    def follower(self, besides=()):
        return next(name for name in NAMES if name != self.sites.leader() and name not in besides)

    def alone(self, name):
        """The site's broker hears its own worker alone from now on."""
        self.sites.known_to[name] = [name]
        self.sites.stop("broker", name)
        self.sites.start("broker", name)


class Sharing(SitesCase):
    def test_a_follower_leaves_commands_to_the_leader_and_reads_what_is_recorded(self):
        scene = self.found()
        follower = self.follower()
        self.alone(follower)
        self.act(scene)
        wire = self.wire(follower)
        answer = self.read(scene, follower, wire)
        self.assertTrue(answer.is_fresh)
        self.assertEqual(answer.as_of, self.read(scene, self.sites.leader()).as_of)
        own, scene.wire, scene.retry_s = scene.wire, wire, 0
        with self.assertRaises(Failed) as caught:
            self.act(scene)
        self.assertEqual(caught.exception.name, "NOT_LEADER")
        scene.wire, scene.retry_s = own, RETRY_S
        self.act(scene)
        self.assertEqual(self.read(scene, follower, wire).as_of, answer.as_of + 1)

    def test_another_takes_over_and_nothing_is_lost(self):
        scene = self.found(self.follower())
        for number in (signal.SIGKILL, signal.SIGTERM):
            self.act(scene, 3)
            before = self.read(scene, "east").as_of
            leader = self.sites.leader()
            began = time.monotonic()
            self.sites.kill("worker", leader, number)
            self.act(scene)
            print(f"{signal.Signals(number).name}: acknowledged again after {time.monotonic() - began:.2f} s")
            self.assertNotEqual(self.sites.leader(besides=[leader]), leader)
            self.sites.start("worker", leader)
            self.assertEqual(self.read(scene, "south").as_of, before + 1)

    def test_without_a_majority_members_read_on_and_nothing_is_taken(self):
        scene = self.found()
        self.act(scene)
        recorded = self.read(scene, "north").as_of
        for name in ("south", "east"):
            self.sites.members.kill(name)
        wire = self.wire("south")
        until(lambda: not self.read(scene, "south", wire).is_fresh, "an answer that is not fresh")
        self.assertEqual(self.read(scene, "south", wire).as_of, recorded)
        scene.retry_s = 0
        with self.assertRaises(Failed) as caught:
            self.act(scene)
        self.assertIn(caught.exception.name, ("NOT_LEADER", "BUSY"))
        for name in NAMES:
            until(lambda: self.sites.says_that_etcd_is_silent(name), "it says that it does not hear from etcd")
            self.assertIn("https://", self.sites.said(name, "etcd_silent")[-1]["reason"])  # whom it asked, and what came of it
        for name in ("south", "east"):
            self.sites.members.start(name)
        scene.retry_s = RETRY_S
        self.act(scene)
        self.assertTrue(self.read(scene, "south", wire).is_fresh)
        for name in NAMES:
            until(lambda: not self.sites.says_that_etcd_is_silent(name), "it says that it hears from etcd again")

    def append_that_stays(self, wire, scene, others):
        """Members of etcd stand still while the leader appends: of what was sent it cannot be known what becomes of it."""
        for _ in range(5):
            for name in others:
                self.sites.members.processes[name].send_signal(signal.SIGSTOP)
            signed, texts = self.site(scene)
            request = wire.submit_start(signed, texts)
            try:
                wire.finish(request, timeout_s=1)
            except NoAnswer:
                return signed, texts
            for name in others:   # it was slow, and has been refused
                self.sites.members.processes[name].send_signal(signal.SIGCONT)
            self.act(scene)
        self.fail("whatever is sent is answered")

    def test_a_leader_that_is_cut_off_with_an_append_in_hand(self):
        """What its site is asked is answered: that another leads, and what it has, at once and not after a wait for each."""
        scene = self.found()
        leader = self.sites.leader()
        others = [name for name in NAMES if name != leader]
        self.alone(leader)
        wire, second = self.wire(leader), self.wire(leader)
        recorded = self.read(scene, leader, wire).as_of
        signed, texts = self.append_that_stays(wire, scene, others)

        def refusal():
            try:
                return second.finish(second.submit_start(*self.site(scene)), timeout_s=1).error
            except NoAnswer:   # until it knows that it is cut off, it is taken
                return None
        self.read(scene, leader, second)
        until(lambda: refusal() == ERR.NOT_LEADER, "others are told to ask another")
        until(lambda: not self.read(scene, leader, second).is_fresh, "an answer that is not fresh")
        began = time.monotonic()
        for _ in range(10):
            answer = second.query(scene.history, whoami=pb.Whoami(), fresh=True)
            self.assertEqual((answer.is_fresh, answer.as_of), (False, recorded))
        self.assertLess(time.monotonic() - began, 10)   # 2 s each where it is asked for each time
        for name in others:
            self.sites.members.processes[name].send_signal(signal.SIGCONT)
        receipt = wire.submit_signed(signed, texts, retry_s=RETRY_S)
        self.assertEqual(receipt.first_sequence, recorded + 1)

    def start_with_disk(self, name):
        """It is full as long as the file is there that this returns."""
        full = self.directory / f"full-{name}"
        self.sites.start("worker", name, {
            "LD_PRELOAD": FAULTS, "COMITY_FAULT_NO_ROOM": str(full),
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"})
        return full

    def start_with_disks(self):
        self.assertTrue(os.path.exists(FAULTS), "COMITY_WORKER_FAULTS names the library to preload")
        for name in NAMES:
            self.sites.stop("worker", name)
        return {name: self.start_with_disk(name) for name in NAMES}

    def test_who_has_no_room_for_what_is_recorded_leaves_leading_to_others(self):
        """The others lead in turn, one of which has to read first what was recorded meanwhile."""
        full, scene = self.start_with_disks(), self.found()
        first = self.sites.leader()
        lags, other = (name for name in NAMES if name != first)
        log = self.sites.log("worker", lags)
        before = len(log.read_text())

        def said(event):
            return f"event={event}" in log.read_text()[before:]
        full[lags].touch()
        self.act(scene)
        until(lambda: said("lags") and said("may_not_lead"), "its disk is full")
        self.sites.kill("worker", first)
        self.assertEqual(self.sites.leader(besides=[first]), other)
        self.act(scene)
        self.sites.kill("worker", other)
        self.start_with_disk(first)
        self.assertEqual(self.sites.leader(besides=[other]), first)
        self.act(scene)
        self.assertFalse(said("takes_over"))
        full[lags].unlink()
        until(lambda: said("may_lead"), "it has room again")
        self.sites.kill("worker", first)
        self.assertEqual(self.sites.leader(besides=[first, other]), lags)
        self.act(scene)

    def test_a_leader_without_room_leaves_what_falls_due_to_others(self):
        """Nobody sends a command that would be refused."""
        full, scene = self.start_with_disks(), self.found()
        number, proposal, text_hash = scene.timed_proposal()
        leader = self.sites.leader()
        opened = scene.open_round(proposal, text_hash, number, closes_ms=now_ms() + 4000)
        full[leader].touch()

        def is_closed():
            try:
                scene.wire.patiently(scene.hello)
                return scene.wire.patiently(lambda: scene.round(opened)).state == pb.ROUND_STATE_CLOSED
            except Refused:   # by another, who does not know the session
                return False
        until(is_closed, "it closes")
        self.assertIn("event=may_not_lead", self.sites.log("worker", leader).read_text())
        self.assertNotEqual(self.sites.leader(besides=[leader]), leader)

    def test_two_workers_under_one_name(self):
        scene = self.found()
        follower = self.follower()
        self.sites.stop("worker", follower)
        twin = self.directory / "twin"
        shutil.copytree(self.sites.data(follower), twin)
        self.sites.start("worker", follower)
        config = self.sites.config("worker", follower)
        other = config.with_name("twin.ini")
        at = self.sites.directory / follower
        other.write_text(config.read_text().replace(f"data = {self.sites.data(follower)}", f"data = {twin}")
                         .replace(f"{at}/worker.ready", f"{at}/twin.ready"))
        process = self.net.hosts[follower].start([self.sites.program(follower), "--config", other], at / "twin.log")
        self.addCleanup(self.net.hosts[follower].end, process)
        running = [process, self.sites.processes["worker", follower]]
        until(lambda: any(one.poll() is not None for one in running), "one of the two has ended")
        self.assertEqual(next(one for one in running if one.poll() is not None).returncode, 2)
        self.assertIn("runs under the same name",
                      (at / "twin.log").read_text() + self.sites.log("worker", follower).read_text())
        self.act(scene)


class Comparing(SitesCase):
    log, workers = {"compare_entries": 5}, {"east": "comity-worker-tells-another-state"}

    def test_who_has_another_state_than_the_others_takes_no_part(self):
        scene = self.found()
        self.act(scene, 6)
        self.assertEqual(self.sites.wait_for_end("worker", "east"), 2)
        words = self.sites.last_words("worker", "east")
        self.assertIn("entry 5", words)
        self.assertIn("Where they go on, put this one's data directory aside", words)
        self.act(scene, 6)
        self.assertTrue(self.read(scene, "north").is_fresh)


class Agreeing(SitesCase):
    log = {"compare_entries": 5}

    def damage(self, name, piece):
        """A bit of it is another in a site's store, wherever it stands."""
        file = self.sites.data(name) / "data.mdb"
        data = file.read_bytes()
        self.assertIn(piece, data)
        file.write_bytes(data.replace(piece, bytes([piece[0] ^ 1]) + piece[1:]))

    def test_equal_states_go_on_and_a_damaged_one_does_not(self):
        scene = self.found()
        signed, texts = self.site(scene)
        scene.wire.submit_signed(signed, texts, retry_s=RETRY_S)
        self.act(scene, 12)
        for name in NAMES:
            self.assertEqual(self.sites.stop("worker", name), 0)
            self.assertIn("event=compared number=10", self.sites.log("worker", name).read_text())
        self.damage("east", pb.SignedCommand.FromString(signed).signature)   # which nobody reads but who compares
        for name in NAMES:
            self.sites.start("worker", name)
        self.act(scene, 6)
        self.assertEqual(self.sites.wait_for_end("worker", "east"), 2)
        words = self.sites.last_words("worker", "east")
        self.assertIn("A row of this worker's store is damaged. Look at the other workers", words)
        self.assertIn("comity-worker join", words)
        self.act(scene, 6)
        for name in ("north", "south"):
            self.assertEqual(self.sites.stop("worker", name), 0)


if __name__ == "__main__":
    os.environ.setdefault("COMITY_BUILD", str(BUILD))
    main()
