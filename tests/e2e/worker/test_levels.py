#!/usr/bin/env python3
"""Format levels in a group of three sites, whose workers are replaced one after the other by those of a version that knows a further
level, and in it one command more. The level is in use once all know it, and not before."""

import hashlib
import tempfile
import unittest
from pathlib import Path

import nacl.signing

from worker_case import BUILD, Scene, main, pb, until  # first: sets the path
import comity_wire
from comity_installation import NotStarted
from comity_rolling import Load, are_one, replace, seat
from comity_sites import Loopback, Sites
from comity_wire import RETRY_S, Refused

NAMES = ["north", "south", "east"]
BEFORE, NEXT, OWN_LEVEL, ALONE = (BUILD / "tests" / f"comity-worker-{name}" for name in ("before", "next", "own-level", "next-alone"))


def setUpModule():
    comity_wire.LEVELS = (1, 2)


class Levels(unittest.TestCase):
    def setUp(self):
        directory = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="comity-levels-")))
        net = self.enterContext(Loopback(directory, NAMES))
        self.sites = Sites(BUILD, net, worker=BEFORE)
        self.enterContext(self.sites)
        self.wire = self.sites.wire("north")
        self.addCleanup(self.wire.close)
        self.scene = Scene(self.wire, self.sites.token, retry_s=RETRY_S)
        self.scene.found({"labour": "WORKER", "management": "EMPLOYER"})
        self.witnesses = 0

    # What is seen of the level

    def appoint(self):
        """The command of the second level: the name of its refusal, None if it is on record."""
        self.witnesses += 1
        key = bytes(nacl.signing.SigningKey.generate().verify_key)
        try:
            self.scene.do(self.scene.founder, appoint_witness=pb.AppointWitness(name=f"witness-{self.witnesses}", key=key))
        except Refused as refused:
            return refused.name
        return None

    def level(self):
        return self.wire.patiently(self.wire.hello).format_level

    def level_of(self, name):
        """That a worker has said that it knows."""
        return (seat(self.sites, name) or (0,))[0]

    def replace(self, name, program):
        replace(self.sites, name, program)
        until(lambda: self.level_of(name) == (1 if program == BEFORE else 2), f"{name} has said what it knows")

    def has_read_on(self, name):
        return (seat(self.sites, name) or (0, 0))[1] >= seat(self.sites, self.sites.leader())[1]

    def test_a_level_is_used_once_all_know_it(self):
        self.assertEqual(self.appoint(), "UNSUPPORTED")
        load = Load(self.sites, "south", self.scene)
        self.addCleanup(load.end)
        load.start()
        for name in ("east", "south", "north"):
            self.assertEqual((self.appoint(), self.level()), ("UNSUPPORTED", 1))
            self.replace(name, NEXT)
            load.goes_on()
        until(lambda: self.level() == 2, "all know it")
        self.assertIsNone(self.appoint())
        for name in NAMES:   # whoever leads then
            self.sites.stop("worker", self.sites.leader())
            self.assertIsNone(self.appoint())
            for other in NAMES:
                if ("worker", other) not in self.sites.processes:
                    self.sites.start("worker", other)
            load.goes_on()
        load.end()
        load.check(self.scene)
        with self.assertRaises(Refused) as refused:   # who could not read what is there
            self.wire.patiently(lambda: self.wire.hello(levels=[1]))
        self.assertEqual((refused.exception.name, refused.exception.field), ("VERSION", "format_levels"))
        are_one(self.sites)

    def store_of(self, name):
        """Of the files those that hold something, and not who has them open."""
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in self.sites.data(name).iterdir()
                if path.name not in ("lock.mdb", "writer.lock")}

    def test_who_does_not_know_it_does_not_start(self):
        """One that was away: its seat holds the level back until it is dropped."""
        self.sites.stop("worker", "east")
        for name in ("south", "north"):
            self.replace(name, NEXT)
        self.assertEqual((self.appoint(), self.level()), ("UNSUPPORTED", 1))
        self.sites.run("north", "leave", "--name", "east")
        until(lambda: self.level() == 2, "all that are left know it")
        self.assertIsNone(self.appoint())
        store = self.store_of("east")
        with self.assertRaises(NotStarted) as refused:
            self.sites.start("worker", "east")
        self.assertIn("The log of this group is at format level 2, and this worker knows levels up to 1", str(refused.exception))
        self.assertEqual((self.store_of("east"), seat(self.sites, "east")), (store, None))
        self.sites.workers["east"] = NEXT
        self.sites.start("worker", "east")
        until(lambda: self.has_read_on("east"), "it has read on")
        # From here on its store has events of that level, and tells so itself.
        self.sites.stop("worker", "east")
        self.sites.workers["east"] = BEFORE
        with self.assertRaises(NotStarted) as refused:
            self.sites.start("worker", "east")
        self.assertIn("has events of format level 2, this worker knows levels up to 1", str(refused.exception))
        self.sites.workers["east"] = NEXT
        self.sites.start("worker", "east")
        are_one(self.sites)

    def test_control_a_leader_that_asks_nobody_is_seen(self):
        """One that goes by its own level: who follows and does not know it stops, and says what to do. Left alone with an entry that more
        have refused than have it, it acknowledges nothing more."""
        self.replace("north", OWN_LEVEL)
        while self.sites.leader() != "north":
            leader = self.sites.leader()
            self.sites.stop("worker", leader)
            self.sites.leader(besides=[leader])
            self.sites.start("worker", leader)
        self.assertIsNone(self.appoint())
        for name in ("south", "east"):
            self.assertEqual(self.sites.wait_for_end("worker", name), 2)
            self.assertIn("format level 2, and this worker knows 1: install the version that the leader has",
                          self.sites.last_words("worker", name))
        words = "which this worker has applied, comes out differently at more workers than have it: east, south."
        self.assertEqual(self.sites.wait_for_end("worker", "north"), 2)
        self.assertIn(words, self.sites.last_words("worker", "north"))
        with self.assertRaises(NotStarted) as refused:
            self.sites.start("worker", "north")
        self.assertIn(words, str(refused.exception))
        # The control's control: one that does not hear the others goes on by itself.
        self.sites.workers["north"] = ALONE
        self.sites.start("worker", "north")
        self.assertIsNone(self.appoint())
        self.sites.stop("worker", "north")
        # Once the others have what they refused, all is well.
        for name in ("south", "east"):
            self.sites.workers[name] = NEXT
            self.sites.start("worker", name)
        until(lambda: all(self.level_of(name) == 2 for name in ("south", "east")), "they know it, and say so")
        self.sites.workers["north"] = OWN_LEVEL
        self.sites.start("worker", "north")
        self.assertIsNone(self.appoint())
        are_one(self.sites)


if __name__ == "__main__":
    main()
