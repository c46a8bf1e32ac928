"""A real server that lies: its data directory was copied, and both copies went on; or an older copy was started again.
Who has verified the other record refuses it. The controls believe it: somebody who saw neither, and a home without what
it had verified."""

import secrets
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "support" / "python"))

from cli_case import BUILD, CliCase, DONE, FORKED, INTERNAL, TIMEOUT_S
from comity_record import Record, seed_of
from terminal import run_on_terminal


class Lies(CliCase):
    has_seats = False
    sites = 0

    def setUp(self):
        CliCase.setUpClass.__func__(type(self))
        self.addCleanup(type(self).doClassCleanups)
        for who in ("ada", "ben", "carla"):
            self.ask(who, "whoami")

    def copy(self, name):
        """Keep the store as it is now; the worker is down meanwhile."""
        self.world.down()
        shutil.copytree(self.world.data / "store", self.world.directory / name)
        self.world.up()

    def put(self, name):
        """The server is started with that copy."""
        self.world.down()
        shutil.rmtree(self.world.data / "store")
        shutil.copytree(self.world.directory / name, self.world.data / "store")
        self.world.up()

    def act(self, who="ada", other="carla"):
        type(self).sites += 1
        return self.ask(who, "site", "add", f"site-{self.sites}", "--title", "Ward", "--time-zone", "UTC",
                        *self.world.with_key(other))["receipt"]["sequence"]

    def head(self, who):
        return self.ask(who, "checkpoint")["checkpoint"]["size"]

    def kept(self, who):
        return self.ask(who, "checkpoint", "--kept")["checkpoint"]

    def journal(self, who):
        return sorted(path.name for path in (self.world.home(who) / "journal").rglob("*.command"))

    def forget(self, who):
        """The control: what was verified is gone."""
        for path in (self.world.home(who) / "journal").glob("*/checkpoint"):
            path.unlink()

    def test_damage_is_no_fork(self):
        """A bit that flipped in what a machine keeps is not laid at the server's door."""
        self.head("ben")
        path, = (self.world.home("ben") / "journal").glob("*/checkpoint")
        lines = path.read_bytes().split(b"\n")
        lines[2] = (b"B" if lines[2][:1] == b"A" else b"A") + lines[2][1:]
        path.write_bytes(b"\n".join(lines))
        error = self.refuse("ben", "checkpoint", "--kept", name="CORRUPT", exit=INTERNAL)
        self.assertIn("this machine keeps is damaged", error["what"])
        self.assertEqual(error["next"], "comity checkpoint")
        self.assertEqual(self.head("ben"), self.head("ada"))
        self.assertEqual(self.kept("ben")["root"], self.kept("ada")["root"])

    def note_of(self, who):
        return self.world.file(f"{who}.checkpoint", self.world.comity(who, "checkpoint")[1])

    def test_what_is_copied_off_a_terminal_can_be_compared(self):
        code, shown = run_on_terminal(self.world, "ada", "checkpoint", width=40)
        self.assertEqual(code, DONE)
        path = self.world.file("ada.pasted", shown.replace("\r\n", "\n"))
        self.assertEqual(self.ask("ben", "checkpoint", "compare", path)["verdict"], "same")

    def assert_refused(self, who):
        """Nothing is shown, nothing is signed, nothing is kept anew; what shows it is, and the person is told."""
        kept, journal = self.kept(who), self.journal(who)
        for words in (["whoami"], ["events"], ["checkpoint"], ["export", self.world.directory / f"{who}.copy"],
                      ["member", "list"]):
            error = self.refuse(who, *words, name="FORKED", exit=FORKED)
            self.assertIn("does not go on from what this machine has verified", error["what"])
            self.assertIn("comity checkpoint", error["next"])
        error = self.refuse(who, "site", "add", "refused", "--title", "Ward", "--time-zone", "UTC",
                            *self.world.with_key("carla" if who != "carla" else "ada"), name="FORKED", exit=FORKED)
        evidence = Path(error["what"].rsplit("The evidence: ", 1)[1]).read_text()
        self.assertIn(kept["note"], evidence)
        self.assertEqual(evidence.count("\u2014 comity/"), 2)   # both notes, each with its signature
        self.assertEqual((self.kept(who), self.journal(who)), (kept, journal))
        code, output, errors = self.world.comity(who, "whoami")
        self.assertEqual((code, output), (FORKED, ""))
        self.assertTrue(errors.startswith("Not believed: "), errors)

    def test_both_copies_go_on(self):
        self.copy("common")
        self.act("ada")
        self.head("ada")
        self.copy("left")
        left = self.note_of("ada")
        self.put("common")
        self.act("ben")                        # as many events as the other has: the other branch
        self.head("carla")
        self.assert_refused("ada")
        self.assertEqual(self.ask("carla", "whoami")["member"]["number"], 3)   # a control: saw the common part alone
        document = self.ask("carla", "checkpoint", "compare", left, exit=FORKED)
        self.assertEqual((document["verdict"], document["error"]["name"]), ("forked", "FORKED"))
        self.assertIn("two different records", document["error"]["what"])
        self.copy("right")
        self.put("left")                       # who lies to both of them is found out by either
        self.assert_refused("carla")
        self.assertEqual(self.head("ada"), self.kept("ada")["size"])
        self.put("right")
        self.assert_refused("ada")
        self.forget("ada")                     # the control
        self.ask("ada", "whoami")

    def test_an_older_copy_is_started_again(self):
        self.copy("older")
        for _ in range(3):
            self.act("ada")
        later = self.note_of("ada")
        self.put("older")
        self.assert_refused("ada")
        self.ask("ben", "whoami")              # a control: has not seen what is missing
        document = self.ask("ben", "checkpoint", "compare", later, exit=FORKED)
        self.assertIn("withholds", document["error"]["what"])
        self.forget("ada")                     # the control: it cannot tell, but for the number that it has seen
        self.assertNotEqual(self.ask("ada", "whoami", exit=None)["exit"], FORKED)

    def worker(self, *words):
        subprocess.run([BUILD / "comity-worker", *map(str, words), "--config", self.world.data / "worker.ini"], check=True,
                       capture_output=True, timeout=TIMEOUT_S)

    def restore(self, backup):
        self.world.down()
        shutil.rmtree(self.world.data / "store")
        self.worker("restore", "--from", backup)
        self.world.up()

    def test_another_record_is_called_restored(self):
        """By whoever has the log key: a restore takes the end of the record, and this one has altered what lies before it."""
        self.act("ben")
        honest, altered = (self.world.directory / name for name in ("honest.backup", "altered.backup"))
        self.worker("export", "--to", honest)
        self.act("ben")                        # which the restore will lose
        record = Record(honest)
        record.event(1).parts[0].salt = secrets.token_bytes(16)
        record.seal(seed_of(self.world.data / "log.key")).write(altered)
        self.restore(altered)
        error = self.refuse("ben", "whoami", name="FORKED", exit=FORKED)
        evidence = Path(error["what"].rsplit("The evidence: ", 1)[1]).read_text()
        self.assertIn("does not hold what a receipt of this reader proves", evidence)
        self.assertEqual(evidence.count("\u2014 comity/"), 2)
        self.restore(honest)                   # the control: a restore that is one
        self.assertEqual(self.ask("ben", "resubmit")["recorded"], 1)

    def test_readers_compare(self):
        self.act("ada")
        early = self.note_of("ada")
        same = self.ask("ben", "checkpoint", "compare", early)
        self.assertEqual((same["verdict"], same["exit"]), ("same", DONE))
        self.assertEqual(same["own"]["fingerprint"], same["other"]["fingerprint"])
        self.act("ada")
        behind = self.ask("ben", "checkpoint", "compare", early)
        self.assertEqual(behind["verdict"], "behind")
        self.assertNotEqual(behind["own"]["fingerprint"], behind["other"]["fingerprint"])
        at = self.ask("ben", "checkpoint", "--at", behind["other"]["size"])["checkpoint"]
        self.assertEqual(at["fingerprint"], behind["other"]["fingerprint"])
        text = early.read_text()
        early.write_text(text.replace(behind["other"]["note"].splitlines()[2], "A" * 43 + "="))
        self.refuse("ben", "checkpoint", "compare", early, name="SIGNATURE", exit=2)
        early.write_text("nothing")
        self.refuse("ben", "checkpoint", "compare", early, name="MALFORMED", exit=2)


if __name__ == "__main__":
    unittest.main()
