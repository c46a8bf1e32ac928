#!/usr/bin/python3
"""etcd on the ground of the fault tests: three members on three hosts, cut off from one another whole and in part, stopped and killed.

What is shown is that the lines between members are cut, in either form, and heal: etcd's own promises are its own.
"""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support" / "python"))

from comity_etcd import Members, NoMajority  # noqa: E402
from comity_net import network_or_processes  # noqa: E402
from comity_patience import Patience  # noqa: E402

GROUND, HOSTS, WAIT_S = None, ["north", "south", "east"], 120


class Etcd(unittest.TestCase):
    def setUp(self):
        directory = self.enterContext(tempfile.TemporaryDirectory(prefix="comity-members-"))
        self.net = self.enterContext(GROUND(HOSTS, directory))
        self.members = self.enterContext(Members(self.net, HOSTS))

    def in_time(self, call, wanted=None):
        """call() gives what is wanted before long, whatever it says until then."""
        patience = Patience(WAIT_S)
        while True:
            try:
                value = call()
                if value == wanted:
                    return
            except NoMajority as why:
                value = why
            self.assertFalse(patience.is_over(), value)

    def put_in_time(self, name, value):
        self.in_time(lambda: self.members.put(name, "key", value))

    def everywhere(self, value):
        for name in HOSTS:
            self.in_time(lambda: self.members.get(name, "key"), value)

    def leader_and_others(self):
        leader = self.members.leader("north")
        self.assertIn(leader, HOSTS)
        return leader, [name for name in HOSTS if name != leader]

    def test_cut_off_whole(self):
        """Whoever it is, the leader as well."""
        leader, others = self.leader_and_others()
        for number, name in enumerate((others[0], leader)):
            self.put_in_time(name, f"before {number}")
            self.everywhere(f"before {number}")
            self.net.cut(name)
            rest = [other for other in HOSTS if other != name]
            for other in rest:
                self.put_in_time(other, f"{other} {number}")
            with self.assertRaises(NoMajority):
                self.members.put(name, "key", "lost")
            self.assertEqual(self.members.get(name, "key", is_own_word=True), f"before {number}")
            self.net.heal()
            self.in_time(lambda: self.members.get(name, "other"))
            self.put_in_time(name, f"after {number}")
            self.everywhere(f"after {number}")

    def test_cut_in_part_and_one_way(self):
        """Two cannot hear one another; a third hears both, and so there is a majority, which finds a leader."""
        for name, other, one_way in (("north", "south", False), ("south", "east", True)):
            self.net.cut(name, other, one_way=one_way)
            third = next(host for host in HOSTS if host not in (name, other))
            self.put_in_time(third, f"{name} {other}")
            self.net.heal()
            self.everywhere(f"{name} {other}")

    def test_stopped_and_killed(self):
        leader, others = self.leader_and_others()
        host = self.net.hosts[leader]
        host.stop(self.members.processes[leader])
        self.put_in_time(others[0], "stopped")
        with self.assertRaises(NoMajority):
            self.members.get(leader, "key")
        host.go_on(self.members.processes[leader])
        self.everywhere("stopped")
        self.members.kill(others[0])
        self.put_in_time(others[1], "killed")
        self.members.start(others[0])
        self.everywhere("killed")


if __name__ == "__main__":
    GROUND = network_or_processes()
    print(f"ground: {GROUND.kind}", flush=True)
    unittest.main(verbosity=2)
