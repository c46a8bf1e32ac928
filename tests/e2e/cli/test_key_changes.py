"""A new key in place of a lost one, or on a new machine: killed at every step, on a disk that gets full at every write, and with
everything that a person can answer. What was there before works until the record has the new key, and the same command goes on."""

import os
import shutil
import signal
import subprocess
import unittest

from cli_case import COMITY, DONE, REFUSED, TIMEOUT_S, USAGE, CliCase
from terminal import run_on_terminal

STOPS, FULL_DISK = os.environ["COMITY_STOPS"], os.environ["COMITY_FULL_DISK"]
GOOD = "correct horse battery"
DEV = 4
WRITES_MOST = 40


class Changes(CliCase):
    has_seats = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.world.ask("dev", "key", "new", "--out", "recovery.key")
        cls.world.ask("dev", "recovery-key", "set", "recovery.key")

    def run_at(self, who, *words, stop=None, full_at=None):
        """(exit code, what was said): killed at this step, or with no room from this write on."""
        environment = dict(os.environ)
        if stop is not None:
            environment["COMITY_CONTROL_STOP"] = stop
        else:
            environment |= {"LD_PRELOAD": FULL_DISK, "COMITY_FULL_AT": str(full_at), "COMITY_FULL_UNDER": str(self.world.home(who)),
                            # A sanitizer's library wants to be the first one otherwise.
                            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
        done = subprocess.run([COMITY if stop is None else STOPS, *map(str, words), "--home", self.world.home(who)], capture_output=True,
                              text=True, timeout=TIMEOUT_S, env=environment, cwd=self.world.directory)
        return done.returncode, done.stdout + done.stderr

    def joined(self, who, name):
        self.ask("ada", "invite", name, "--out", f"{who}.invitation")
        return self.ask(who, "join", f"{who}.invitation")["number"]

    def way_back(self, who, number):
        (self.world.directory / f"{who}.back").unlink(missing_ok=True)
        self.ask("ada", "member", "recover", number, "--out", f"{who}.back")
        return ["join", f"{who}.back"]

    def valid_keys(self, member):
        return [row["key"] for row in self.ask("ben", "key", "list", "--all")["keys"]
                if row["member"] == member and row["revoked"] == 0]

    def waiting(self, who):
        return [path.name for path in (self.world.home(who) / "keys").iterdir() if path.suffix not in (".key",)]

    def check_changed(self, who, number):
        self.assertEqual(self.ask(who, "whoami")["member"]["number"], number)
        self.assertEqual(len(self.valid_keys(number)), 1)
        self.assertEqual(self.waiting(who), [])


RECOVER = ["key", "recover", DEV, "--recovery", "recovery.key", "--yes"]


class Killed(Changes):
    STEPS = {"made": False, "recorded": True, "tried": True, "linked": True, "changed": True, "installed": True}  # is it on record by then?

    def killed_at_every_step(self, who, number, words_of):
        for step, is_recorded in self.STEPS.items():
            with self.subTest(step):
                words = words_of()
                before = self.valid_keys(number)
                self.assertEqual(self.run_at(who, *words, stop=step)[0], -signal.SIGKILL)
                self.assertEqual(self.valid_keys(number) != before, is_recorded)
                code, _, errors = self.world.comity(who, "whoami")
                if step in ("recorded", "tried", "linked"):
                    self.assertEqual(code, REFUSED)
                    self.assertIn("the command that began the change: comity key rotate, comity key recover or comity join", errors)
                else:
                    self.assertEqual(code, DONE, errors)  # the old key, or the new one
                if step != "installed":
                    code, output, errors = self.world.comity(who, *words)
                    self.assertEqual(code, DONE, errors)
                    self.assertEqual("The record has the new key: it is put in its place." in output, is_recorded, output)
                self.check_changed(who, number)

    def test_recovered(self):
        self.killed_at_every_step("dev", DEV, lambda: RECOVER)

    def test_joined_back(self):
        number = self.joined("fay", "Fay Lind")
        self.killed_at_every_step("fay", number, lambda: self.way_back("fay", number))

    def test_ended_by_a_rotation(self):
        """Whoever takes the first command that is named."""
        number = self.joined("ida", "Ida Lund")
        self.assertEqual(self.run_at("ida", *self.way_back("ida", number), stop="recorded")[0], -signal.SIGKILL)
        self.ask("ida", "key", "rotate")
        self.check_changed("ida", number)

    def test_a_further_machine(self):
        number = self.joined("gil", "Gil Moss")
        for index, step in enumerate(("accepted", "sent")):
            with self.subTest(step):
                new = f"gil-{index}"
                self.ask(new, "key", "request", f"{new}.request")
                self.ask("gil", "key", "add", f"{new}.request", "--out", f"{new}.answer")
                self.assertEqual(self.run_at(new, "key", "accept", f"{new}.answer", stop=step)[0], -signal.SIGKILL)
                self.ask("gil", "whoami")
                self.ask(new, "key", "accept", f"{new}.answer")
                self.assertEqual(self.ask(new, "whoami")["member"]["number"], number)
                self.assertEqual(len(self.valid_keys(number)), index + 2)


class Full(Changes):
    """From each write on."""

    def full_at_every_write(self, who, number, words_of):
        outcomes = []
        for write in range(WRITES_MOST):
            words = words_of()
            before = self.valid_keys(number)
            code, shown = self.run_at(who, *words, full_at=write)
            if code == DONE and "Warning" not in shown:
                break
            is_recorded = self.valid_keys(number) != before
            outcomes.append(is_recorded)
            self.assertRegex(shown, "No space left on device|The disk is full", f"write {write}")
            if not is_recorded:
                self.assertEqual(self.waiting(who), [])
                self.ask(who, "whoami")  # the old key
            if code != DONE:
                self.assertIn("Make room on the disk and give the same command again.", shown)
                code, _, errors = self.world.comity(who, *words)
                self.assertEqual(code, DONE, errors)
            self.check_changed(who, number)
        else:
            self.fail("it ends nowhere")
        self.check_changed(who, number)
        self.assertEqual(set(outcomes), {False, True}, "the disk was never full before, or never after the record had it")

    def test_rotated(self):
        self.full_at_every_write("ben", 2, lambda: ["key", "rotate", "--yes"])

    def test_recovered(self):
        self.full_at_every_write("dev", DEV, lambda: RECOVER)

    def test_joined_back(self):
        number = self.joined("fay", "Fay Lind")
        self.full_at_every_write("fay", number, lambda: self.way_back("fay", number))

    def test_a_further_machine(self):
        number = self.joined("gil", "Gil Moss")
        for write in range(WRITES_MOST):
            new = f"gil-{write}"
            self.ask(new, "key", "request", f"{new}.request")
            self.ask("gil", "key", "add", f"{new}.request", "--out", f"{new}.answer")
            code, shown = self.run_at(new, "key", "accept", f"{new}.answer", full_at=write)
            self.ask("gil", "whoami")
            if code == DONE and "Warning" not in shown:
                break
            self.assertRegex(shown, "No space left on device|The disk is full", f"write {write}")
            self.ask(new, "key", "accept", f"{new}.answer")
            self.assertEqual(self.ask(new, "whoami")["member"]["number"], number)
            self.ask("gil", "key", "revoke", self.ask(new, "key", "show")["fingerprint"])
        self.assertTrue(0 < write < WRITES_MOST - 1)

    def test_a_key_file(self):
        for words, file in ((["key", "new"], "keys/signing.key"), (["key", "request", "hal.request"], "keys/signing.key"),
                            (["key", "new", "--out", self.world.home("hal") / "other.key"], "other.key")):
            code, shown = self.run_at("hal", *words, full_at=0)
            self.assertNotEqual(code, DONE)
            self.assertIn("cannot be written: No space left on device. Nothing was changed.", shown)
            self.assertFalse((self.world.home("hal") / file).exists())
            self.assertEqual(list((self.world.home("hal") / "keys").iterdir()), [])
        self.ask("hal", "key", "new")
        before = (self.world.home("hal") / "keys" / "signing.key").read_bytes()
        secret = self.world.file("secret", GOOD + "\n")
        secret.chmod(0o600)
        code, shown = self.run_at("hal", "key", "protect", "--new-passphrase-file", secret, full_at=0)
        self.assertIn("cannot be written: No space left on device. Nothing was changed.", shown)
        self.assertEqual((self.world.home("hal") / "keys" / "signing.key").read_bytes(), before)
        self.assertEqual(self.run_at("hal", "key", "protect", "--new-passphrase-file", secret, full_at=WRITES_MOST)[0], DONE)


class Asked(Changes):
    """Who does not say yes has changed nothing, and nothing is left of it."""

    def check_nothing(self, who, *words):
        before = sorted(path.name for path in (self.world.home(who) / "keys").iterdir())
        for typed in ("n", "", "\x03", "\x04"):
            code, shown = run_on_terminal(self.world, who, *words, typed=[("[y/N] ", typed)])
            self.assertNotEqual(code, DONE)
            self.assertEqual(sorted(path.name for path in (self.world.home(who) / "keys").iterdir()), before, shown)
        self.ask(who, "whoami")
        self.ask(who, *words, "--dry-run")
        self.assertEqual(sorted(path.name for path in (self.world.home(who) / "keys").iterdir()), before)
        code, shown = run_on_terminal(self.world, who, *words, answer="y\n")
        self.assertEqual(code, DONE, shown)
        self.assertEqual(self.waiting(who), [])
        self.ask(who, "whoami")

    def test_a_rotation(self):
        self.check_nothing("ben", "key", "rotate")

    def test_a_recovery(self):
        self.check_nothing("dev", *RECOVER[:-1])


class Passphrases(Changes):
    def setUp(self):
        self.good = self.world.file("good", GOOD + "\n")
        self.good.chmod(0o600)

    def test_a_recovery_keeps_to_one(self):
        self.assertFalse(self.ask("dev", *RECOVER)["has_passphrase"])
        self.assertIn("It has no passphrase: comity key protect puts one on it.", self.world.comity("dev", *RECOVER)[1])
        self.ask("dev", "key", "protect", "--new-passphrase-file", self.good)
        keys = self.valid_keys(DEV)
        self.refuse("dev", *RECOVER, name="USAGE", exit=USAGE)
        self.assertEqual(self.valid_keys(DEV), keys)
        self.assertTrue(self.ask("dev", *RECOVER, "--new-passphrase-file", self.good)["has_passphrase"])
        self.ask("dev", "whoami", "--passphrase-file", self.good)
        self.ask("dev", "key", "protect", "--remove", "--passphrase-file", self.good)

    def test_a_way_back_keeps_to_one(self):
        number = self.joined("jan", "Jan Berg")
        self.assertFalse(self.ask("jan", *self.way_back("jan", number))["has_passphrase"])
        self.assertEqual([row["came_by"] for row in self.ask("jan", "key", "list")["keys"]], ["JOINING", "WAY_BACK"])
        self.assertNotIn("came_by", [name for row in self.ask("jan", "key", "list", "--all")["keys"] for name in row if row[name]])
        self.ask("jan", "key", "protect", "--new-passphrase-file", self.good)
        back = self.way_back("jan", number)
        self.refuse("jan", *back, name="USAGE", exit=USAGE)
        self.assertTrue(self.ask("jan", *back, "--new-passphrase-file", self.good)["has_passphrase"])

    def test_one_that_is_asked_for(self):
        self.assertTrue(self.ask("dev", *RECOVER, "--new-passphrase-file", self.good)["has_passphrase"])
        self.ask("dev", "key", "protect", "--remove", "--passphrase-file", self.good)

    def test_a_key_that_is_there_is_taken_as_it_is(self):
        """And that is said, to who has asked for another one."""
        self.ask("kim", "key", "new")
        self.ask("ada", "invite", "Kim Roth", "--out", "kim.invitation")
        for words in (["key", "request", "kim.request"], ["join", "kim.invitation"]):
            code, _, errors = self.world.comity("kim", *words, "--new-passphrase-file", self.good)
            self.assertEqual(code, DONE, errors)
            self.assertIn("was there already, and has no passphrase: comity key protect puts one on it.", errors)
        self.ask("kim", "key", "protect", "--new-passphrase-file", self.good)
        errors = self.world.comity("kim", "key", "request", "kim-2.request", "--protect")[2]
        self.assertEqual(errors, "")

    def test_by_name(self):
        """Whoever lost the key cannot have a name looked up, and is told how it goes."""
        history = self.ask("ada", "partnership", "show")["history"]
        self.ask("dev-new", "context", "add", "lakeside", "--place", self.world.data / "place.json", "--history", history)
        for at_hand in (False, True):
            if at_hand:
                self.ask("dev-new", "key", "new")
            error = self.refuse("dev-new", "key", "recover", "Dev Patel", *RECOVER[3:-1], name="GRANT" if at_hand else "FILE", exit=None)
            self.assertIn("with your number in place of the name", error["next"])
        self.ask("dev-new", *RECOVER[:-1])


class Watching(CliCase):
    """What somebody sees whose command goes on while the key that it reads with ends."""

    def watch(self, who):
        process = subprocess.Popen([COMITY, "watch", "1", "--home", self.world.home(who)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   text=True, cwd=self.world.directory)
        self.addCleanup(lambda: (process.kill(), process.wait(), process.stdout.close()))
        for line in process.stdout:
            if line.startswith("Round:"):
                return process
        self.fail("it shows nothing")

    def end_of(self, process):
        shown = process.stdout.read()
        self.assertEqual(process.wait(TIMEOUT_S), REFUSED, shown)
        return shown

    def revoked(self, who, *, before=lambda old: None):
        """Its key is revoked by another machine; @before is given the file of the old key before that."""
        new = f"{who}-2"
        self.ask(new, "key", "request", f"{who}.request")
        self.ask(who, "key", "add", f"{who}.request", "--out", f"{who}.answer")
        self.ask(new, "key", "accept", f"{who}.answer")
        process = self.watch(who)
        fingerprint = self.ask(who, "key", "show")["fingerprint"]
        before(self.world.home(who) / "keys" / "signing.key")
        self.ask(new, "key", "revoke", fingerprint)
        return self.end_of(process)

    def test_revoked_by_another_machine(self):
        shown = self.revoked("ben")
        self.assertIn("Refused: This key was revoked.", shown)
        self.assertIn("comity key request FILE here, comity key add there", shown)
        self.assertIn("comity member recover", shown)

    def test_changed_on_this_machine(self):
        shown = self.revoked("dev", before=lambda old: shutil.copy2(self.world.home("dev-2") / "keys" / "signing.key", old))
        self.assertIn("The key of this machine was changed while this command ran.", shown)
        self.assertIn("Next: The same command again: it goes by the new key.", shown)
        self.ask("dev", "session", "show", 1)

    def test_while_it_is_changed(self):
        shown = self.revoked("ada", before=lambda old: shutil.copy2(old, old.parent / "lakeside.next"))
        self.assertIn("change of this machine's key is on its way", shown)


if __name__ == "__main__":
    unittest.main()
