"""A partnership is moved between two groups of several sites, both over etcd, while workers that lead die: nothing is lost, members
follow, and so does a ballot that waited meanwhile."""

import json
import os
import signal
import subprocess
import unittest

from cli_case import BUILD, WAITING
from sites_case import SitesWorld

from comity_sites import Loopback, Sites

STOPS = os.environ["COMITY_STOPS"]
FOLLOWED = "The partnership was moved to another group of workers: this machine goes there from now on."


class Moving(unittest.TestCase):
    def setUp(self):
        self.world = SitesWorld(brokers=2, names=["north", "south"])
        self.addCleanup(self.world.close)
        self.old = self.world.sites
        self.world.found()
        self.world.seat_everybody()
        directory = self.world.directory / "new"
        directory.mkdir()
        self.new = self.enterContext(Sites(BUILD, Loopback(directory, ["west", "lake"]), beside=self.old))
        self.place = {"group_key": self.new.group_key.hex(),
                      "brokers": [{"endpoint": endpoint, "key": key.hex()} for endpoint, key in self.new.brokers("west")]}
        self.world.file("second.json", json.dumps(self.place))
        self.ask("operator", "context", "add", "second", "--place", "second.json")
        self.history = self.ask("ada", "context", "show")["context"]["history"]

    def ask(self, who, *words, **options):
        return self.world.ask(who, *words, **options)

    def words(self):
        return ["move", self.history, "--to", "second", "--context", "local", "--log-key", str(self.old.directory / "log.seed")]

    def move_until(self, step):
        """Killed right after it."""
        done = subprocess.run([STOPS, *self.words(), "--home", self.world.home("operator")], capture_output=True, text=True, timeout=120,
                              cwd=self.world.directory, env={**os.environ, "COMITY_CONTROL_STOP": step})
        self.assertEqual(done.returncode, -signal.SIGKILL, done)

    def another_leads(self, sites, number=signal.SIGKILL):
        """The one that leads is ended, and is back once the other one leads."""
        leader = sites.leader()
        sites.kill("worker", leader, number)
        sites.leader(besides=(leader,))
        sites.start("worker", leader)

    def test_nothing_is_lost_whoever_dies_and_members_follow(self):
        round_ = self.world.open_round(self.world.propose())
        self.ask("ada", "vote", round_, "agree")
        self.world.home_at("ben", "south")
        self.ask("ben", "round", "show", round_)
        self.ask("ben", "proposal", "show", 1)
        self.old.kill("broker", "south")
        self.ask("ben", "vote", round_, "agree", "--timeout", 1, exit=WAITING)
        self.move_until("frozen")
        self.another_leads(self.old)
        self.move_until("taken")
        self.another_leads(self.new)
        self.assertEqual(self.ask("operator", *self.words())["stage"], "MOVED")
        for sites in (self.old, self.new):
            self.another_leads(sites, signal.SIGTERM)
        code, _, errors = self.world.comity("carla", "vote", round_, "agree")
        self.assertEqual(code, 0, errors)
        self.assertIn(FOLLOWED, errors)
        self.assertEqual(self.ask("carla", "context", "show")["context"]["place"], self.place)
        self.old.start("broker", "south")
        delivered = self.ask("ben", "whoami")["delivered"]   # by the way that it knew to the group where it is now
        self.assertEqual([(row["verdict"], row["error"]) for row in delivered], [("RECORDED", "OK")])
        self.assertEqual(self.ask("ben", "context", "show")["context"]["place"], self.place)
        self.ask("dev", "vote", round_, "agree")
        self.ask("eli", "round", "close", round_)
        self.assertEqual(self.ask("ada", "outcome", round_)["outcome"], "ADOPTED")   # all four have answered
        self.assertEqual(self.ask("ada", "resubmit")["recorded"], 0)
        self.ask("eve", "export", "copy")
        audited = self.ask("auditor", "audit", "copy", exit=None)
        self.assertEqual((audited["wrong"], audited["differing"]), (0, 0), audited["findings"][:5])
        for sites, has in ((self.old, False), (self.new, True)):
            places = {sites.run(name, "place") for name in sites.names}
            self.assertEqual(["history" in place for place in places], [has] * len(places), places)


if __name__ == "__main__":
    unittest.main(verbosity=2)
