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

from cli_case import BUILD, CliCase, DIFFERS, DONE, FORKED, INTERNAL, REFUSED, TIMEOUT_S, USAGE
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

    def fingerprint(self, who, number):
        return self.ask(who, "checkpoint", "--at", number)["checkpoint"]["fingerprint"]

    def files(self, who):
        """Everything that a home keeps, but what a run writes in any case."""
        home = self.world.home(who)
        return {str(path.relative_to(home)): path.read_bytes() for path in home.rglob("*")
                if path.is_file() and ".lock" not in path.name and "fork-" not in path.name}

    def receipt(self, who, command):
        return next(row for row in self.ask(who, "receipt", "list")["receipts"] if row["command_id"] == command)

    def test_the_true_record_is_back(self):
        """Who believed the false one gives it up, by what others have read out, and is told which own acts are not in the true one."""
        before = self.act("ada")
        before = next(row for row in self.ask("ada", "receipt", "list")["receipts"] if row["sequence"] == before)
        self.copy("common")
        lost = self.act("ada")                 # in the false one
        lost = next(row for row in self.ask("ada", "receipt", "list")["receipts"] if row["sequence"] == lost)
        self.head("ada")
        self.copy("false")
        self.put("common")
        self.act("ben")
        self.act("ben")
        self.assert_refused("ada")
        kept = self.kept("ada")
        number, digits = kept["size"], self.fingerprint("carla", kept["size"])
        self.assertNotEqual(digits, kept["fingerprint"])
        error = self.refuse("ada", "whoami", name="FORKED", exit=FORKED)
        self.assertIn("comity checkpoint accept", error["next"])
        # Nothing changes by a number that both have in common, by another fingerprint, or by none.
        files = self.files("ada")
        accept = ["checkpoint", "accept"]
        self.refuse("ada", *accept, number - 1, self.fingerprint("carla", number - 1), name="RANGE", exit=None)
        self.refuse("ada", *accept, number + 9, digits, name="RANGE", exit=None)
        self.refuse("ada", *accept, number, kept["fingerprint"], name="DIFFERS", exit=DIFFERS)
        self.refuse("ada", *accept, number + 1, digits, name="DIFFERS", exit=DIFFERS)
        self.refuse("ada", *accept, number, digits[:-1], name="USAGE", exit=USAGE)
        self.ask("ada", *accept, number, digits, "--dry-run")
        self.refuse("ben", *accept, number, digits, name="STATE", exit=REFUSED)
        self.assertEqual(self.files("ada"), files)
        self.assertEqual(self.receipt("ada", lost["command_id"])["has_receipt"], True)
        # Even now: what the false record had signed can be shown to everybody.
        self.ask("ada", "receipt", "save", lost["command_id"], "false-before.receipt")
        document = self.ask("ada", *accept, number, digits.replace(" ", "-"))
        self.assertEqual([(row["command_id"], row["sequence"]) for row in document["given_up"]], [(lost["command_id"], lost["sequence"])])
        evidence = Path(document["evidence"]).read_text()
        self.assertIn(kept["note"], evidence)
        self.assertEqual(evidence.count("\u2014 comity/"), 2)
        self.assertEqual(self.ask("ada", "whoami")["member"]["number"], 1)
        self.assertEqual(self.fingerprint("ada", number), digits)
        self.assertEqual(self.kept("ada")["root"], self.kept("ben")["root"] if self.head("ben") else None)
        # What was in both stays; what was in the false one alone is not called recorded, nor sent again by itself.
        self.assertEqual(self.receipt("ada", before["command_id"]), before)
        row = self.receipt("ada", lost["command_id"])
        self.assertEqual((row["has_receipt"], row["refused"]), (False, "FORKED"))
        head = self.head("ada")
        document = self.ask("ada", "resubmit")
        self.assertEqual((document["resubmitted"], [row["command_id"] for row in document["not_taken_over"]]), ([], [lost["command_id"]]))
        self.assertEqual(self.head("ada"), head)
        saved = self.ask("ada", "receipt", "save", lost["command_id"], "false-after.receipt")
        self.assertEqual((saved["is_given_up"], saved["sequence"]), (True, lost["sequence"]))
        self.assertEqual(*((self.world.directory / f"false-{when}.receipt").read_bytes() for when in ("before", "after")))
        self.act("ada")
        self.refuse("ada", *accept, number, digits, name="STATE", exit=REFUSED)
        # By mistake? The other way round, of a record that ends before: its last number alone will do.
        self.put("false")
        end = self.ask("eli", "checkpoint")["checkpoint"]
        self.refuse("ada", *accept, end["size"] - 1, self.fingerprint("eli", end["size"] - 1), name="RANGE", exit=None)
        self.ask("ada", *accept, end["size"], end["fingerprint"])
        self.assertEqual({**self.receipt("ada", lost["command_id"]), "kept_ms": 0}, {**lost, "kept_ms": 0})

    def test_a_checkpoint_that_is_removed_says_nothing_of_acts(self):
        """The control: by hand the head alone changes, and the act is still called recorded."""
        self.copy("common")
        self.act("ada")
        self.put("common")
        self.act("ben")
        self.act("ben")
        self.refuse("ada", "whoami", name="FORKED", exit=FORKED)
        self.forget("ada")
        self.ask("ada", "whoami")
        self.assertTrue(self.ask("ada", "receipt", "list")["receipts"][-1]["has_receipt"])

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
