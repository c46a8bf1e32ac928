"""Keys of members as they change: further machines, a new key in place of one, revocation, and what an older key has signed."""

import json
import os
import shutil
import signal
import subprocess
import unittest

from cli_case import DONE, TIMEOUT_S, USAGE, CliCase

STOPS = os.environ.get("COMITY_STOPS")
GOOD = "correct horse battery"


class Keys(CliCase):
    has_seats = False

    def keys(self, who, *options):
        return self.ask(who, "key", "list", *options)["keys"]

    def own(self, who, *options):
        return next(row for row in self.keys(who, *options) if row["is_this_machine"])

    def join(self, who, name):
        """A member of the union of this test's own."""
        self.ask("ada", "invite", name, "--out", f"{who}.invitation")
        return self.ask(who, "join", f"{who}.invitation")

    def add(self, new, old, *options):
        self.ask(new, "key", "request", f"{new}.request", *options)
        self.ask(old, "key", "add", f"{new}.request", "--out", f"{new}.answer")
        return self.ask(new, "key", "accept", f"{new}.answer")


class Devices(Keys):
    def test_a_further_machine(self):
        """Both sign; both show the same fingerprint; each knows which key is its own; the lost one is revoked by the other."""
        self.join("gil", "Gil Moss")
        shown = self.ask("gil2", "key", "request", "gil2.request")["fingerprint"]
        text = (self.world.directory / "gil2.request").read_text()
        self.assertNotIn((self.world.home("gil2") / "keys" / "signing.key").read_text().split("secret ")[1].strip(), text)
        answer = self.ask("gil", "key", "add", "gil2.request", "--out", "gil2.answer")
        self.assertEqual(answer["fingerprint"], shown)
        self.assertEqual(len(self.keys("gil")), 1, "the key is added before the new machine has sent the answer")
        accepted = self.ask("gil2", "key", "accept", "gil2.answer")
        self.assertEqual(accepted["fingerprint"], shown)
        self.assertEqual(self.ask("gil2", "whoami")["member"], self.ask("gil", "whoami")["member"])
        rows = self.keys("gil2")
        self.assertEqual([row["revoked"] for row in rows], ["0", "0"] if isinstance(rows[0]["revoked"], str) else [0, 0])
        self.assertEqual([row["fingerprint"] for row in rows if row["is_this_machine"]], [shown])
        self.assertTrue(all(row["since_ms"] for row in rows))
        self.assertEqual([row["came_by"] for row in rows], ["JOINING", "ADDED"])
        code, output, errors = self.world.comity("gil2", "history")
        self.assertIn(f"Gil Moss added the key {shown}\n", output)
        members = self.ask("ada", "member", "list")["members"]
        self.assertEqual(len(next(row for row in members if row["name"]["text"] == "Gil Moss")["fingerprints"]), 2)
        context = self.ask("gil2", "context", "show")["context"]
        self.assertEqual(context["log_keys"], self.ask("gil", "context", "show")["context"]["log_keys"])
        lost = self.own("gil")["fingerprint"]
        self.ask("gil2", "key", "revoke", lost, "--yes")
        error = self.refuse("gil", "key", "list", name="KEY_REVOKED")
        self.assertIn("co-chair", error["next"])
        self.ask("gil2", "key", "list")

    def test_the_answer_is_for_one_key(self):
        self.join("hana", "Hana Moss")
        self.ask("hana2", "key", "request", "hana2.request")
        self.ask("hana", "key", "add", "hana2.request", "--out", "hana2.answer")
        self.ask("thief", "key", "request", "thief.request")
        self.refuse("thief", "key", "accept", "hana2.answer", name="COSIGNERS", exit=USAGE)
        self.assertFalse((self.world.home("thief") / "contexts").exists())
        self.refuse("hana", "key", "accept", "hana2.answer", name="COSIGNERS", exit=USAGE)
        self.ask("hana2", "key", "accept", "hana2.answer")

    def test_requests_that_are_none(self):
        key = "11" * 32
        for text in ("", "{}", "[]", '{"comity_key_request": 1}', '{"comity_key_request": 2, "key": "%s"}' % key,
                     '{"comity_key_request": 1, "key": "%s", "more": 1}' % key, '{"comity_key_request": 1, "key": "11"}', "x" * 5000):
            self.world.file("bad.request", text)
            error = self.ask("ada", "key", "add", "bad.request", "--out", "bad.answer", exit=USAGE)["error"]
            self.assertTrue(error["next"])
            self.assertFalse((self.world.directory / "bad.answer").exists())

    def test_a_key_that_is_there_already(self):
        """Somebody else's key, or one's own, cannot be added."""
        self.join("ivo", "Ivo Moss")
        self.ask("ben", "key", "request", "ben.request")
        self.ask("ivo", "key", "add", "ben.request", "--out", "ben.answer")
        self.refuse("ben", "key", "accept", "ben.answer", name="EXISTS", exit=None)


class Rotation(Keys):
    def rotated(self, who, before, *options):
        document = self.ask(who, "key", "rotate", *options)
        after = self.own(who)
        self.assertNotEqual(after["fingerprint"], before["fingerprint"])
        self.assertEqual(after["fingerprint"], document["fingerprint"])
        old = next(row for row in self.keys(who) if row["fingerprint"] == before["fingerprint"])
        self.assertNotIn(old["revoked"], (0, "0"))
        self.assertEqual(after["came_by"], "REPLACING")
        self.assertIn(f"in place of {before['fingerprint']}\n", self.world.comity(who, "key", "list")[1])
        self.assertFalse(list((self.world.home(who) / "keys").glob("*.next")))
        return document

    def test_a_new_key_in_its_place(self):
        self.join("jo", "Jo Moss")
        path = self.world.home("jo") / "keys" / "signing.key"
        copy = self.world.directory / "jo.copy"
        shutil.copy2(path, copy)
        before = self.own("jo")
        document = self.rotated("jo", before)
        self.assertEqual(document["file"], str(path))
        self.assertNotEqual(path.read_bytes(), copy.read_bytes())
        # A thief's copy of the old key is of no use, on any machine.
        shutil.copy2(copy, path)
        self.refuse("jo", "whoami", name="KEY_REVOKED")

    def test_what_the_older_key_signed(self):
        """Receipts, the history and resubmit know it, after two changes."""
        self.join("kai", "Kai Moss")
        first = self.ask("kai", "receipt", "list")["receipts"][0]["command_id"]
        self.rotated("kai", self.own("kai"))
        self.rotated("kai", self.own("kai"))
        shown = self.ask("kai", "receipt", "show", first)
        self.assertTrue(shown["is_own"] and shown["is_verified"])
        self.assertEqual(len(self.ask("kai", "receipt", "list")["receipts"]), 3)
        document = self.ask("kai", "resubmit")
        self.assertEqual(document["verb"], "resubmit")
        self.assertEqual(len(self.keys("kai")), 3)

    def test_under_a_passphrase(self):
        self.join("lea", "Lea Moss")
        good = self.world.file("good", GOOD + "\n")
        good.chmod(0o600)
        self.ask("lea", "key", "protect", "--new-passphrase-file", good)
        before = self.ask("lea", "key", "show")
        self.refuse("lea", "key", "rotate", "--passphrase-file", good, name="USAGE", exit=USAGE)  # the new one has one as well
        self.ask("lea", "key", "rotate", "--passphrase-file", good, "--new-passphrase-file", good)
        after = self.ask("lea", "key", "show")
        self.assertTrue(after["has_passphrase"])
        self.assertNotEqual(after["key"], before["key"])
        self.ask("lea", "whoami", "--passphrase-file", good)

    def test_a_key_that_another_partnership_uses(self):
        """It stays for that one; this context has a file of its own from then on."""
        self.join("max", "Max Moss")
        home = self.world.home("max")
        contexts = list((home / "contexts").glob("*.ini"))
        (home / "contexts" / "other.ini").write_text(contexts[0].read_text().replace("connection-", "connection-other-"))
        old = (home / "keys" / "signing.key").read_bytes()
        before = self.own("max")
        document = self.rotated("max", before)
        self.assertEqual((home / "keys" / "signing.key").read_bytes(), old)
        self.assertNotEqual(document["file"], str(home / "keys" / "signing.key"))
        self.rotated("max", self.own("max"))

    def test_refused_and_nothing_changes(self):
        self.join("nia", "Nia Moss")
        path = self.world.home("nia") / "keys" / "signing.key"
        before = path.read_bytes()
        self.ask("ada", "key", "revoke", "Nia Moss", "--yes")
        self.assertNotEqual(self.ask("nia", "key", "rotate", exit=None)["exit"], DONE)
        self.assertEqual(path.read_bytes(), before)
        self.assertFalse(list(path.parent.glob("*.next")))
        self.ask("ada", "key", "rotate", "--dry-run")
        self.assertFalse(list((self.world.home("ada") / "keys").glob("*.next")))


@unittest.skipUnless(STOPS, "needs the build that stops")
class Killed(Keys):
    """At every step: one of the two keys works, the next command says what to do, and `key rotate` goes on from there."""

    STEPS = {"made": False, "recorded": True, "tried": True, "installed": True}  # is the new key on record by then?

    def kill_at(self, who, step):
        done = subprocess.run([STOPS, "key", "rotate", "--yes", "--home", self.world.home(who)], capture_output=True, text=True,
                              timeout=TIMEOUT_S, env={**os.environ, "COMITY_CONTROL_STOP": step}, cwd=self.world.directory)
        self.assertEqual(done.returncode, -signal.SIGKILL, done)

    def check_goes_on(self, who, before, is_recorded, is_installed):
        code, output, errors = self.world.comity(who, "whoami")
        if is_recorded and not is_installed:
            self.assertNotEqual(code, DONE)
            self.assertIn("comity key rotate", errors)
        else:
            self.assertEqual(code, DONE, errors)
        if not is_installed:
            output = self.world.comity(who, "key", "rotate", "--yes")
            self.assertEqual(output[0], DONE, output)
            self.assertIn("The record has the new key" if is_recorded else "The record has the old key", output[1])
        keys = self.keys(who)
        self.assertEqual(len(keys), 2, "a key too many, or none was added")
        self.assertNotEqual(self.own(who)["key"], before)
        self.assertFalse(list((self.world.home(who) / "keys").glob("*.next")))

    def test_at_every_step(self):
        for number, (step, is_recorded) in enumerate(self.STEPS.items()):
            with self.subTest(step):
                who = f"k{number}"
                self.join(who, f"Kill {number}")
                before = self.own(who)["key"]
                self.kill_at(who, step)
                self.check_goes_on(who, before, is_recorded, step == "installed")

    def test_at_every_step_where_the_file_is_shared(self):
        for number, step in enumerate(("linked", "changed")):
            with self.subTest(step):
                who = f"s{number}"
                self.join(who, f"Shared {number}")
                home = self.world.home(who)
                context = next((home / "contexts").glob("*.ini"))
                (home / "contexts" / "other.ini").write_text(context.read_text())
                before = self.own(who)["key"]
                self.kill_at(who, step)
                if step == "linked":
                    self.check_goes_on(who, before, True, False)
                else:
                    self.assertNotEqual(self.own(who)["key"], before)
                    self.assertEqual(self.world.comity(who, "key", "rotate", "--yes")[0], DONE)
                self.assertFalse(list((home / "keys").glob("*.next")))

    def test_what_may_be_on_its_way_is_not_thrown_away(self):
        """A broker can hold back what the first run sent, until the second one's is refused because of it."""
        self.join("late", "Late Post")
        self.kill_at("late", "made")
        waiting = next((self.world.home("late") / "keys").glob("*.next"))
        before = waiting.read_bytes()
        self.ask("ada", "key", "revoke", "Late Post", "--yes")
        self.assertNotEqual(self.world.comity("late", "key", "rotate", "--yes")[0], DONE)
        self.assertEqual(waiting.read_bytes(), before)

    def test_the_control_stops_nowhere_else(self):
        self.join("nowhere", "No Where")
        done = subprocess.run([STOPS, "key", "rotate", "--json", "--home", self.world.home("nowhere")], capture_output=True, text=True,
                              timeout=TIMEOUT_S, env={**os.environ, "COMITY_CONTROL_STOP": "another"})
        self.assertEqual(json.loads(done.stdout)["exit"], DONE)


class Back(Keys):
    def test_join_by_a_new_key_though_the_passphrase_is_forgotten(self):
        self.join("pat", "Pat Moss")
        good = self.world.file("good", GOOD + "\n")
        good.chmod(0o600)
        self.ask("pat", "key", "protect", "--new-passphrase-file", good)
        self.ask("ada", "key", "revoke", "Pat Moss", "--yes")
        self.ask("ada", "invite", "Pat Moss", "--out", "pat2.invitation")
        self.refuse("pat", "join", "pat2.invitation", name="PASSPHRASE", exit=USAGE)
        self.refuse("pat", "join", "pat2.invitation", "--new-key", name="USAGE", exit=USAGE)  # the new one has one as well
        document = self.ask("pat", "join", "pat2.invitation", "--new-key", "--new-passphrase-file", good)
        self.assertTrue(self.ask("pat", "key", "show")["has_passphrase"])
        self.assertEqual(self.own("pat", "--passphrase-file", good)["fingerprint"], document["fingerprint"])


if __name__ == "__main__":
    unittest.main()
