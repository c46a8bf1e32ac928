"""All of etcd is lost, and of the stores one is left that lacks what somebody was told is recorded: a new epoch says so to whoever was."""

import shutil
import subprocess
import unittest

from cli_case import DONE, FORKED
from sites_case import NAMES, SitesCase


class Lost(SitesCase):
    brokers = 3

    def lose_all_but(self, left):
        """The machines of the other sites, and every member of etcd."""
        for name in NAMES:
            self.sites.kill("worker", name)
            self.sites.members.lose(name)
            if name != left:
                self.sites.kill("broker", name)
                shutil.rmtree(self.sites.data(name))
        self.sites.members.start_all()

    def test_one_store_is_left_that_lacks_an_acknowledged_ballot(self):
        sites, ask = self.sites, self.ask
        round = self.world.open_round(self.world.propose())
        left, *others = sorted(NAMES, key=lambda name: name == sites.leader())
        begun = ["begin", "--all-stores-compared"]
        sites.stop("worker", left)
        receipt = ask("ada", "vote", round, "agree")["receipt"]
        self.lose_all_but(left)
        said = sites.run(left, "begin", expect=2)
        self.assertIn("this store was in one, up to entry", said)
        self.assertIn("opens a new epoch", said)
        # The control: who says that all were compared, where they were not, shows people another record than they were told.
        subprocess.run(["cp", "-r", self.world.home("ada"), self.world.home("ada-too")], check=True)
        sites.run(left, *begun)
        sites.start("worker", left)
        sites.leader()
        ask("ada-too", "whoami", exit=FORKED)
        sites.stop("worker", left)
        # With a new epoch.
        export = self.world.directory / "export"
        sites.run(left, "export", "--to", str(export))
        sites.data(left).rename(sites.data(left).with_name("data-before"))
        self.assertIn("restored: 1 histories", sites.run(left, "restore", "--from", str(export)))
        self.assertIn("del --prefix", sites.run(left, "begin", expect=2))
        sites.members.delete_prefix(left, f"comity/{sites.group.hex()}/")
        self.assertIn("The log is begun", sites.run(left, "begin"))
        sites.start("worker", left)
        sites.leader()
        code, _, told = self.world.comity("ada", "whoami")
        self.assertEqual(code, DONE)
        self.assertIn("the record was restored from a backup", told)
        self.assertIn("comity resubmit sends again what was lost of yours", told)
        epoch = ask("ada", "partnership", "show")["partnership"]["epochs"][-1]
        self.assertEqual(epoch["restored_to"], receipt["sequence"] - 1)
        self.assertEqual(ask("ada", "resubmit")["recorded"], 1)
        for name in others:
            sites.start("broker", name)
            sites.join(name, left)
            sites.start("worker", name)
        sites.kill("worker", left)
        for who in ("ada", "dev"):
            self.assertEqual(ask(who, "ballots", round)["answered"], 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
