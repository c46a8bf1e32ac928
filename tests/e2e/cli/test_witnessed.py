"""Two constituencies, each with a comity-witness of its own: what is FINAL, and who is named where it is not."""

import json
import signal
import subprocess
import unittest

from cli_case import BUILD, CliCase, DONE, until
from comity_processes import run_beside

TRADES = {"union": "ada", "management": "carla"}


class Witness:
    """comity-witness as an office would run it, by what a member reads to its operator."""

    def __init__(self, case, side):
        self.case, self.side, self.process = case, side, None
        self.directory = case.world.directory / f"{side}-witness"
        self.directory.mkdir(mode=0o700)
        place = json.loads((case.world.data / "place.json").read_text())
        partnership = case.ask("ada", "whoami")["partnership"]
        brokers = "".join(f"broker = {broker['endpoint']} {broker['key']}\n" for broker in place["brokers"])
        self.config.write_text(
            f"[witness]\nname = {side}-box\nkey_file = {self.directory}/key\nstate = {self.directory}/state\n"
            f"interval_s = 1\n[history lakeside]\nhistory = {case.history()}\n"
            f"log_key = {partnership['epochs'][-1]['log_key']}\ngroup_key = {place['group_key']}\n{brokers}")

    @property
    def config(self):
        return self.directory / "witness.ini"

    def verb(self, name, *more):
        return subprocess.run([BUILD / "comity-witness", name, *more, "--config", self.config], capture_output=True, text=True,
                              timeout=60)

    def appoint(self):
        """By the words that `comity-witness key` prints for the co-chair."""
        line = next(line for line in self.verb("key").stdout.splitlines() if "comity witness appoint" in line)
        self.case.ask(TRADES[self.side], *line.split()[1:])

    def start(self):
        self.process = run_beside([BUILD / "comity-witness", "--config", self.config], self.directory / "log")
        self.case.addCleanup(self.stop)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)


class Witnessed(CliCase):
    has_seats = False
    sites = 0

    def history(self):
        return self.ask("ada", "partnership", "show")["history"]

    def act(self):
        type(self).sites += 1
        return self.ask("ada", "site", "add", f"site-{self.sites}", "--title", f"Ward {self.sites}", "--time-zone", "UTC",
                        *self.world.with_key("carla"))["receipt"]["sequence"]

    def finality(self, who="dev"):
        return self.ask(who, "whoami")["finality"]

    def said(self, who="dev"):
        return " ".join(self.world.comity(who, "whoami")[1:])

    def final_up_to(self, sequence):
        until(lambda: self.finality()["final"] >= sequence, f"FINAL up to {sequence}")

    def test_each_side_has_its_own(self):
        self.assertIn("no party has a witness", self.said())
        union, management = Witness(self, "union"), Witness(self, "management")
        union.appoint()
        union.start()
        last = self.act()
        until(lambda: max(row["covered"] for row in self.finality()["parties"]) >= last, "the union's signature")
        self.assertEqual(self.finality()["final"], 0)
        self.assertIn("management has no witness", self.said())

        management.appoint()
        management.start()
        last = self.act()
        self.final_up_to(last)
        self.assertIn("FINAL up to number", self.said())
        code, text, _ = self.world.comity("ada", "history")
        self.assertEqual(code, DONE)
        self.assertIn("=", text)

        # One that is away is named, and holds up nothing.
        management.stop()
        covered = {row["constituency"]: row["covered"] for row in self.finality()["parties"]}
        last = self.act()
        until(lambda: max(row["covered"] for row in self.finality()["parties"]) >= last, "the union's signature")
        state = self.finality()
        self.assertLess(state["final"], last)
        self.assertIn(state["final"], covered.values())
        self.assertIn(f"no witness of management has signed since number {state['final']}", self.said())
        management.start()
        self.final_up_to(last)

        # It was dismissed: its word counts no more from then on.
        self.ask("carla", "witness", "dismiss", "management-box")
        last = self.act()
        until(lambda: max(row["covered"] for row in self.finality()["parties"]) >= last, "the union's signature")
        self.assertLess(self.finality()["final"], last)
        until(lambda: "KEY_REVOKED" in (management.directory / "log").read_text(), "the witness is told")

        # The note that a witness prints is what an audit holds a copy against.
        note = self.world.file("union.note", union.verb("note", "lakeside").stdout)
        self.world.ask("ada", "export", self.world.directory / "copy")
        document = self.world.ask("auditor", "audit", self.world.directory / "copy", "--checkpoint", note, exit=None)
        self.assertFalse(document["wrong"], document["findings"][:3])


if __name__ == "__main__":
    unittest.main()
