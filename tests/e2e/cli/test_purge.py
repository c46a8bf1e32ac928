"""Texts that the parties purge are gone from every answer and every export, and the record is proven as before: also once it
was exported and restored."""

import json
import shutil
import subprocess
import unittest

from cli_case import BUILD, CliCase, UNCOUNTED, USAGE, until


class Purge(CliCase):
    def worker(self, *words):
        return subprocess.run([BUILD / "comity-worker", *map(str, words), "--config", self.world.data / "worker.ini"],
                              check=True, capture_output=True, text=True, timeout=120)

    def talk(self):
        """One proposal that is adopted, and one that is not, with reasons; the session is closed."""
        for text, answer in (("Swaps within a day.", "agree"), ("Swaps within an hour.", "block")):
            number = self.world.open_round(self.world.propose(text))
            for who in ("ada", "ben", "carla", "dev"):
                self.ask(who, "vote", number, answer, "--reason", f"{who} has a reason")
            self.ask("eli", "round", "close", number)
        self.ask("eli", "session", "close", 1)

    def check_gone(self):
        rows = {row["number"]: row for row in self.ask("dev", "proposal", "list")["proposals"]}
        self.assertEqual(rows[1]["versions"][0]["text"]["text"], "Swaps within a day.")  # was decided
        self.assertIsNone(rows[2]["versions"][0]["text"]["text"])
        for ballot in self.ask("dev", "ballots", 1)["ballots"] + self.ask("dev", "ballots", 2)["ballots"]:
            self.assertIsNone(ballot["reason"]["text"])
            self.assertEqual(len(ballot["reason"]["hash"]), 64)
        code, output, _ = self.world.comity("dev", "proposal", "show", 2)
        self.assertEqual(code, 0)
        self.assertIn("    (purged)", output)
        code, output, errors = self.world.comity("dev", "events", "--json")
        self.assertEqual(code, 0)
        self.assertNotIn("within an hour", output)
        self.assertNotIn("has a reason", output)
        self.assertIn("Swaps within a day.", output)

    def is_kept_by(self, who, words):
        """Does any file of this home have the words, as those that were read are kept for when no broker answers?"""
        return any(words.encode() in file.read_bytes() for file in self.world.home(who).rglob("*") if file.is_file())

    def check_export(self, name):
        said = self.ask("dev", "export", name)
        self.assertEqual(said["purged"], 9)  # 8 reasons, and the text that was not adopted
        exported = self.world.file(name).read_bytes()
        self.assertNotIn(b"within an hour", exported)
        self.assertIn(b"Swaps within a day.", exported)

    def test_purge(self):
        self.talk()
        purge = ["purge", 1, "--yes", *self.world.with_key("carla")]
        self.refuse("ada", "purge", 1, *self.world.with_key("carla"), name="USAGE", exit=USAGE)  # for good: say so
        self.refuse("ada", "purge", 1, "--yes", name="COSIGNERS")
        look = self.ask("ada", "purge", 1, "--dry-run", *self.world.with_key("carla"))
        self.assertEqual(look["dry_run"]["act"], "purge_texts")

        # A hold of either side stands against both.
        hold = self.ask("ben", "hold", "place", 1, "--reason", "A grievance is pending.")["number"]
        error = self.refuse("ada", *purge, name="LEGAL_HOLD")
        self.assertIn(f"Legal hold {hold} of union", error["what"])
        self.assertIn(f"comity hold lift {hold}", error["next"])
        self.refuse("carla", "hold", "lift", hold, name="FORBIDDEN")
        self.ask("ada", "hold", "lift", hold)
        self.assertNotEqual(self.ask("dev", "hold", "list")["holds"][0]["lifted_ms"], 0)

        # What was agreed beforehand.
        self.ask("ada", "retention", "set", 1, "candid", "--until", "+30d", *self.world.with_key("carla"))
        error = self.refuse("ada", *purge, name="KEPT")
        self.assertIn("comity retention list", error["next"])
        self.assertEqual(self.ask("dev", "retention", "list")["retentions"][0]["class"], "candid")
        self.ask("ada", "retention", "set", 1, "candid", "--until", "+1s", *self.world.with_key("carla"))

        self.ask("ben", "proposal", "list")
        self.assertTrue(self.is_kept_by("ben", "within an hour"))  # the control
        before = self.ask("dev", "outcome", 2)
        receipts = [row["command_id"] for row in self.ask("dev", "receipt", "list")["receipts"]]
        purged = until(lambda: self.try_purge(purge), "the retention is over")
        self.assertEqual(purged, 9)
        self.refuse("ada", *purge, name="NOT_FOUND")  # nothing is left
        self.check_gone()
        self.ask("ben", "proposal", "list")  # the first answer that says so
        self.assertFalse(self.is_kept_by("ben", "within an hour"))
        self.assertTrue(self.is_kept_by("ben", "Swaps within a day."))
        self.check_export("after.export")
        after = self.ask("dev", "outcome", 2)
        self.assertEqual((before["outcome"], before["working"]), (after["outcome"], after["working"]))
        for command in receipts:  # what was signed is proven as before
            self.assertTrue(self.ask("dev", "receipt", "show", command)["is_verified"])

        # Out and in again: the same, with what is gone still gone, and nothing else missing.
        self.worker("export", "--to", self.world.directory / "backup")
        self.assertNotIn(b"within an hour", self.world.file("backup").read_bytes())
        self.world.down()
        shutil.rmtree(self.world.data / "store")
        self.worker("restore", "--from", self.world.directory / "backup")
        self.world.up()
        self.check_gone()
        self.check_export("restored.export")
        self.check_audit()

    def check_audit(self):
        """Across purge, export, restore and new epoch: nothing is wrong, and what was erased is named and not called verified."""
        for document in self.world.audit("dev"):
            history = document["histories"][0]
            self.assertEqual(document["exit"], UNCOUNTED)
            self.assertIn("every other copy lacks them too", document["error"]["next"])
            self.assertEqual((history["decided"], len(history["epochs"])), (history["events"], 2))
            self.assertEqual((history["erased"]["count"], document["unverified"]), (9, 9))
            self.assertEqual((history["withheld"]["count"], history["texts_withheld"]["count"]), (0, 0))

    def try_purge(self, purge):
        code, output, _ = self.world.comity("ada", *purge, "--json")
        said = json.loads(output)
        return said["purged"] if code == 0 else None


if __name__ == "__main__":
    unittest.main()
