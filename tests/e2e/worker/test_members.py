"""Sites that come and go while the group is used: a fourth one, one in the place of another that was lost with all that it had, and one
less. The steps are those of docs/operations.md, "Replacing, adding and removing a site"."""

import shutil
import tempfile
import unittest
from pathlib import Path

from worker_case import BUILD, Scene, main, until  # first: sets the path
from comity_etcd import NoMajority
from comity_rolling import Load, are_one, replace, seat
from comity_sites import Loopback, Sites
from comity_wire import RETRY_S

NAMES = ["north", "south", "east"]


class Coming(unittest.TestCase):
    def setUp(self):
        directory = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="comity-members-")))
        net = self.enterContext(Loopback(directory, [*NAMES, "west"]))
        self.sites = self.enterContext(Sites(BUILD, net, names=NAMES))
        wire = self.sites.wire("south")
        self.addCleanup(wire.close)
        self.scene = Scene(wire, self.sites.token, retry_s=RETRY_S)
        self.scene.found({"labour": "WORKER", "management": "EMPLOYER"})
        self.load = Load(self.sites, "south", self.scene, pause_s=0.05)
        self.addCleanup(self.load.end)
        self.load.start()

    def others(self, name):
        return [other for other in self.sites.names if other != name]

    def restart_others(self, name):
        """One after the other, with the files as they are to be now; the one whose worker leads last."""
        for other in sorted(self.others(name), key=lambda other: other == self.sites.leader()):
            replace(self.sites, other, self.sites.program(other))
            until(lambda: seat(self.sites, other) is not None, f"the seat of {other}")

    def prepare(self, name):
        """Its broker, with keys of its own, and its worker known at every broker."""
        self.sites.add_keys(name)
        self.sites.start("broker", name)
        for other in self.others(name):
            self.sites.reload(other, "broker")

    def join(self, name):
        self.assertIn("joined: 1 histories", self.sites.join(name, self.others(name)[-1]))
        self.sites.start("worker", name)
        until(lambda: seat(self.sites, name)[1] >= seat(self.sites, self.sites.leader())[1], f"{name} has all")

    def add(self, name):
        self.sites.members.add(name, by="north")
        self.sites.names.append(name)
        self.prepare(name)
        self.restart_others(name)
        self.join(name)

    def lose(self, name):
        """The machine, for good."""
        for what in ("worker", "broker"):
            self.sites.kill(what, name)
        self.sites.members.lose(name)
        shutil.rmtree(self.sites.directory / name)

    def put_another_in_its_place(self, name):
        by = self.others(name)[0]
        self.sites.members.remove(name, by)
        self.sites.members.add(name, by)
        self.prepare(name)
        for other in self.others(name):
            self.sites.reload(other)
        self.join(name)

    def take_away(self, name):
        self.sites.stop("worker", name)
        self.sites.names.remove(name)
        self.assertIn(f"keeps nothing for {name}", self.sites.run("north", "leave", "--name", name))
        self.sites.members.remove(name, by="north")
        self.sites.stop("broker", name)
        for kept in (self.sites.fronts, self.sites.backs, self.sites.broker_keys, self.sites.worker_keys):
            del kept[name]
        for other in self.sites.names:
            self.sites.reload(other, "broker")
        self.restart_others(name)

    def test_a_site_comes_one_is_lost_and_replaced_and_one_goes(self):
        self.load.goes_on()
        self.add("west")
        self.assertEqual(set(self.sites.members.numbers("west")), {*NAMES, "west"})
        self.load.goes_on()
        self.lose("east")
        self.load.goes_on()
        with self.assertRaisesRegex(NoMajority, "unhealthy cluster"):   # none is added as long as the lost one counts
            self.sites.members.ask("north", "cluster/member/add", peerURLs=["https://127.0.0.1:1"])
        self.put_another_in_its_place("east")
        self.load.goes_on()
        self.take_away("west")
        self.assertEqual(set(self.sites.members.numbers("east")), set(NAMES))
        self.load.goes_on()
        self.load.end()
        self.load.check(self.scene)
        are_one(self.sites)


if __name__ == "__main__":
    main()
